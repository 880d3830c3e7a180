/*
 * uncoded.h
 *		What is told of a column of codes and has none in its mapping.
 */
#ifndef OSMS_UNCODED_H
#define OSMS_UNCODED_H

#include "osms.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "nodes/bitmapset.h"
#include "utils/rel.h"

extern void check_coded(Bitmapset *triples, Relation view,
						const Trigger *trigger, Datum row,
						SPITupleTable *values);

#endif							/* OSMS_UNCODED_H */

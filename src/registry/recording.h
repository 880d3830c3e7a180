/*
 * recording.h
 *		Whether an identification is what the writer of its channel recorded.
 */
#ifndef OSMS_RECORDING_H
#define OSMS_RECORDING_H

#include "osms.h"

#include "commands/trigger.h"
#include "nodes/bitmapset.h"
#include "utils/rel.h"

extern char *as_written(const Trigger *trigger, Oid source, char event,
						Bitmapset *triples);
extern void check_stored(Oid source);
extern void check_recorded_column(Relation view, const char *canonical,
								  Oid source, const char *column);

#endif							/* OSMS_RECORDING_H */

/*
 * renamed.h
 *		The columns that a mapping writes, by the names they have now.
 */
#ifndef OSMS_RENAMED_H
#define OSMS_RENAMED_H

#include "osms.h"

#include "commands/trigger.h"
#include "nodes/bitmapset.h"

extern bool holds_triples(const Trigger *trigger);
extern const Trigger *with_present_columns(const Trigger *trigger,
										   Bitmapset *triples, Oid view,
										   Oid source);

#endif							/* OSMS_RENAMED_H */

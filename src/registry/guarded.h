/*
 * guarded.h
 *		Whether the guard of a registry stands on a table, and fires.
 */
#ifndef OSMS_GUARDED_H
#define OSMS_GUARDED_H

#include "osms.h"

#include "commands/trigger.h"
#include "utils/rel.h"

extern const Trigger *guard_trigger_on(Relation table, const char *registry,
									   const char *relation);
extern void check_unguarded(Oid source, Oid view);
extern bool is_written_as_owner(Oid source, Oid view);

#endif							/* OSMS_GUARDED_H */

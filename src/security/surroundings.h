/*
 * surroundings.h
 *		What stands around a table that is to be written as a role.
 */
#ifndef OSMS_SURROUNDINGS_H
#define OSMS_SURROUNDINGS_H

#include "osms.h"

#include "utils/rel.h"

extern bool others_may_trigger(Relation rel, Oid role, Oid *who);
extern bool others_may_add(Oid table, Oid role);
extern bool look_around(Oid table, Oid role, bool *others_add);
extern void check_view_written(Oid relation);
extern void check_nothing_deferred(Oid table);

#endif							/* OSMS_SURROUNDINGS_H */

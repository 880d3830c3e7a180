/*
 * map_trigger.h
 *		Reading the trigger that writes a mapped view (map_write.c).
 */
#ifndef OSMS_MAP_TRIGGER_H
#define OSMS_MAP_TRIGGER_H

#include "osms.h"

#include "access/tupdesc.h"
#include "commands/trigger.h"

/*
 * Its arguments: the key, then triples of a canonical column, the column of
 * the source, and the value that is written there.
 */
#define KEY_CANONICAL 0
#define KEY_COLUMN 1
#define KEY_VALUE 2
#define FIRST_TRIPLE 3
#define TRIPLE 3

extern int	view_column(TupleDesc desc, const char *name);
extern bool is_plain(const Trigger *trigger, int t);

#endif							/* OSMS_MAP_TRIGGER_H */

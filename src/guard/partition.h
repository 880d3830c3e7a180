/*
 * partition.h
 *		A guarded table and its partitions.
 */
#ifndef OSMS_PARTITION_H
#define OSMS_PARTITION_H

#include "osms.h"

#include "guard/guard.h"

#include "access/attmap.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

/* How rows of a partition are read as rows of the guarded table. */
typedef struct RootRow
{
	AttrMap    *map;			/* NULL where both have one shape */
	TupleTableSlot *slot;
} RootRow;

extern Oid	tree_root(Relation table);
extern void tree_check(const Guard *guard, Relation table, TriggerEvent event);
extern void begin_root_row(RootRow *row, Relation table, Oid root);
extern TupleTableSlot *as_root_row(RootRow *row, TupleTableSlot *slot);

#endif							/* OSMS_PARTITION_H */

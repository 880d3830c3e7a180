/*
 * partition.c
 *		A guarded table and its partitions.
 *
 * A guard is made for the root of a tree.  Its set triggers stand on every
 * table of the tree, since PostgreSQL fires those of the table a statement
 * names and of no other; its row trigger is cloned by PostgreSQL from the
 * root to every partition.  Rows come in the shape of the table at hand and
 * are read in the shape of the root.
 */
#include "guard/partition.h"

#include "catalog.h"
#include "guard/guard.h"
#include "registry/registry.h"

#include "access/table.h"
#include "access/tupconvert.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* What a session knows of where a table stands. */
typedef struct Lineage
{
	Oid			table;			/* hash key, first */
	bool		valid;			/* cleared by invalidation, set last */
	List	   *tables;			/* the table itself, what it is part of, the
								 * root */
	bool		inherits;		/* is a child, but no partition */
	int			guarded[REL_KINDS]; /* events for which all of them have an
									 * enabled set trigger */
} Lineage;

static HTAB *lineages = NULL;

/* Whether something changed while a line was looked up. */
static bool shaken;

/* Forget where tables stand when one of the line changes; frees nothing. */
static void
invalidate_lineages(pg_attribute_unused() Datum arg, Oid relid)
{
	HASH_SEQ_STATUS scan;
	Lineage    *lineage;

	shaken = true;
	hash_seq_init(&scan, lineages);
	while ((lineage = hash_seq_search(&scan)) != NULL)
		if (lineage->valid && (relid == InvalidOid ||
							   list_member_oid(lineage->tables, relid)))
			lineage->valid = false;
}

/* The events for which a table has enabled set triggers, by relation kind. */
static void
set_trigger_events(Relation table, int *events)
{
	Oid			function = our_function("guard_set", 0, NULL);
	TriggerDesc *triggers = table->trigdesc;

	memset(events, 0, REL_KINDS * sizeof(int));
	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		Trigger    *t = &triggers->triggers[i];
		RelationKind kind;

		if (t->tgfoid == function && t->tgnargs > 1 &&
			relation_kind_of(t->tgargs[1], &kind) &&
			(t->tgenabled == TRIGGER_FIRES_ON_ORIGIN ||
			 t->tgenabled == TRIGGER_FIRES_ALWAYS))
			events[kind] |= t->tgtype & TRIGGER_TYPE_EVENT_MASK;
	}
}

/* Where a table stands, from the session's store or looked up anew. */
static const Lineage *
lineage_of(Relation table)
{
	Oid			key = RelationGetRelid(table);
	Lineage		found = {.table = key};
	Lineage    *kept;
	ListCell   *lc;
	bool		present;
	MemoryContext caller;

	if (lineages == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid),
		.entrysize = sizeof(Lineage)};

		lineages = hash_create("osms lineages", 16, &ctl,
							   HASH_ELEM | HASH_BLOBS);
		CacheRegisterRelcacheCallback(invalidate_lineages, (Datum) 0);
	}
	kept = hash_search(lineages, &key, HASH_FIND, NULL);
	if (kept && kept->valid)
		return kept;

	shaken = false;
	/* the trigger of a partition may run without a lock on what is above it */
	found.tables = lcons_oid(key, table->rd_rel->relispartition ?
							 get_partition_ancestors(key) : NIL);
	found.inherits = !table->rd_rel->relispartition && has_superclass(key);
	memset(found.guarded, 0xFF, sizeof(found.guarded));
	foreach(lc, found.tables)
	{
		Relation	above = table_open(lfirst_oid(lc), AccessShareLock);
		int			events[REL_KINDS];

		set_trigger_events(above, events);
		for (int i = 0; i < REL_KINDS; i++)
			found.guarded[i] &= events[i];
		table_close(above, AccessShareLock);
	}

	caller = MemoryContextSwitchTo(CacheMemoryContext);
	found.tables = list_copy(found.tables);
	kept = hash_search(lineages, &key, HASH_ENTER, &present);
	if (present)
		list_free(kept->tables);
	*kept = found;
	kept->valid = !shaken;
	MemoryContextSwitchTo(caller);
	return kept;
}

/* The root of the tree in which a table stands; of most, the table itself. */
Oid
tree_root(Relation table)
{
	return table->rd_rel->relispartition ?
		llast_oid(lineage_of(table)->tables) : RelationGetRelid(table);
}

/*
 * Refuse a row of a table over which a statement could pass without the set
 * layer seeing it.  Errors: 55000.
 */
void
tree_check(const Guard *guard, Relation table, TriggerEvent event)
{
	const Lineage *lineage = lineage_of(table);
	int			needed = TRIGGER_FIRED_BY_INSERT(event) ? TRIGGER_TYPE_INSERT :
		TRIGGER_FIRED_BY_UPDATE(event) ? TRIGGER_TYPE_UPDATE :
		TRIGGER_TYPE_DELETE;

	if (lineage->inherits)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("guarded table \"%s\" inherits from another table",
						RelationGetRelationName(table)),
				 errdetail("A statement on the parent would pass by the statement triggers of the child."),
				 errhint("Undo it with ALTER TABLE ... NO INHERIT, or make the table a partition.")));
	if (!(lineage->guarded[guard->attachments ? REL_ATTACHMENT : guard->kind] &
		  needed))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" lacks the statement trigger of its guard",
						RelationGetRelationName(table)),
				 table->rd_rel->relispartition ?
				 errdetail("It must stand on the partition and on all it is part of.") : 0,
				 errhint("Enable the triggers zz_osms_*, or run osms.guard() again.")));
}

/* Make ready to read rows of a table as rows of its root. */
void
begin_root_row(RootRow *row, Relation table, Oid root)
{
	Relation	top;
	TupleConversionMap *map;

	row->map = NULL;
	row->slot = NULL;
	if (root == RelationGetRelid(table))
		return;
	top = table_open(root, AccessShareLock);
	map = convert_tuples_by_name(RelationGetDescr(table),
								 RelationGetDescr(top));
	if (map)
	{
		row->map = map->attrMap;
		row->slot =
			MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(top)),
									 &TTSOpsVirtual);
	}
	table_close(top, AccessShareLock);
}

/*
 * A row of the table as a row of its root.  It lives until the next one is
 * asked for, or the one given goes away.
 */
TupleTableSlot *
as_root_row(RootRow *row, TupleTableSlot *slot)
{
	return row->map ? execute_attr_map_slot(row->map, slot, row->slot) : slot;
}

/*
 * key.c
 *		Keys of a partitioned table.
 *
 * No index of PostgreSQL is unique across partitions, unless what tells them
 * apart is in it.  A key alone that comes in two of them would be two rows of
 * one person, or of one attachment, and be paid twice; so the guard does what
 * the index would.
 */
#include "guard/key.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/plan.h"
#include "registry/projection.h"
#include "registry/registry.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "executor/spi.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* Whether an index keeps a column alone unique, at every moment. */
static bool
is_unique_on(Oid index_oid, AttrNumber column)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID,
										ObjectIdGetDatum(index_oid));
	Form_pg_index index;
	bool		unique;

	if (!HeapTupleIsValid(tuple))
		return false;
	index = (Form_pg_index) GETSTRUCT(tuple);
	unique = index->indisunique && index->indimmediate && index->indisvalid &&
		index->indnkeyatts == 1 && index->indkey.values[0] == column &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	ReleaseSysCache(tuple);
	return unique;
}

/* Whether rows of several partitions could have one key. */
static bool
may_recur(const Projection *p)
{
	const char *key = canonical_relations[p->kind].key;
	Relation	table;
	List	   *indexes;
	ListCell   *lc;
	bool		unique = false;

	/* of attachments made of events those tell */
	if (OidIsValid(p->events) ||
		get_rel_relkind(p->source) != RELKIND_PARTITIONED_TABLE ||
		(p->kind != REL_ATTACHMENT_EVENT &&
		 (key == NULL ||
		  strcmp(key, canonical_relations[p->kind].columns[0].name) != 0)))
		return false;
	table = relation_open(p->source, AccessShareLock);
	indexes = RelationGetIndexList(table);
	foreach(lc, indexes)
	{
		unique |= p->attno[0] != 0 &&
			is_unique_on(lfirst_oid(lc), p->attno[0]);
	}
	list_free(indexes);
	relation_close(table, AccessShareLock);
	return !unique;
}

/* Whether a chunk gives rows a key. */
static bool
writes_keys(const Chunk *chunk)
{
	for (int i = 0; i < chunk->nchanges; i++)
		if (chunk->changes[i].event != 'D' &&
			(chunk->changes[i].changed & COLUMN_BIT(0)) != 0)
			return true;
	return false;
}

/*
 * See that no key which a published chunk writes stands in another partition.
 * Errors: 23505, as of an index; the key is the statement's own.
 */
void
check_recurring_keys(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	const char *name = shape->columns[0].name;
	const char *sql;

	if (!writes_keys(chunk) || !may_recur(guard->projection))
		return;
	sql = psprintf("SELECT c.%1$s::text FROM chunk c"
				   " WHERE c.op <> 'D' AND c.bits & %2$d <> 0 AND 1 <"
				   "  (SELECT count(*) FROM {r}.%3$s x WHERE x.%1$s = c.%1$s)"
				   " LIMIT 1", name, COLUMN_BIT(0), shape->name);
	if (guard_execute(guard, PLAN_KEYS, sql, 0, NULL, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("key \"%s\" stands in another row of \"%s\" already",
						name, get_rel_name(guard->source)),
				 errdetail("The key is %s, and no index keeps it unique in all partitions.",
						   SPI_getvalue(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 1)),
				 errhint("Give the row another key.")));
	SPI_freetuptable(SPI_tuptable);
}

/*
 * renew.c
 *		What is there now of the rows that a statement wrote, where triggers
 *		may have written them again before it was judged (nested.c).
 *
 * The statements within were judged and followed first, so neither what the
 * transition tables hold nor the order of the roster's versions is to be
 * trusted.  The rows are read again by their keys.  Nobody else can have
 * changed them: this transaction holds them until it ends.
 */
#include "guard/renew.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/plan.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/owner.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "utils/lsyscache.h"

/* The columns of a relation's key as bits; 0 where none tells its rows. */
static int
key_columns(const Guard *guard)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	const char *key = shape->inner ? shape->columns[0].name : shape->key;
	int			bits = 0;

	while (key && *key)
	{
		int			length = strcspn(key, ",");
		int			i = canonical_column(guard->kind, key, length);

		if (OidIsValid(guard->projection->type[i]))
			bits |= COLUMN_BIT(i);
		key += length;
		key += strspn(key, ", ");
	}
	return bits;
}

/*
 * The query that reads them: ord, the ord of the first change of the same
 * row, whether the row is there, and its columns.
 */
static char *
there_now(const Guard *guard, int key)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	StringInfoData columns;
	StringInfoData keys;
	StringInfoData join;

	initStringInfo(&columns);
	initStringInfo(&keys);
	initStringInfo(&join);
	for (int i = 0; i < shape->ncolumns; i++)
	{
		const char *name = shape->columns[i].name;

		if (OidIsValid(guard->projection->type[i]))
			appendStringInfo(&columns, ", x.%s", name);
		else
			appendStringInfoString(&columns, ", NULL::text");
		if ((key & COLUMN_BIT(i)) == 0)
			continue;
		/* an index serves the first */
		appendStringInfo(&keys, "%sc.%s", keys.len ? ", " : "", name);
		appendStringInfo(&join, keys.len && join.len ?
						 " AND x.%1$s IS NOT DISTINCT FROM c.%1$s" :
						 "x.%1$s = c.%1$s", name);
	}
	return psprintf("SELECT c.ord, min(c.ord) OVER (PARTITION BY %s),"
					" x.%s IS NOT NULL%s FROM chunk c LEFT JOIN {r}.%s x"
					" ON %s ORDER BY c.ord",
					keys.data, shape->columns[0].name, columns.data,
					shape->name, join.data);
}

/* Errors: 27000 where a key does not tell which row was written. */
pg_noreturn static void
report_no_key(const Guard *guard)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger writes to guarded table \"%s\" while a statement does, and no key tells its rows apart",
					get_rel_name(guard->source)),
			 errhint("Give each row a key of its own in the column mapped to \"%s\", or let the trigger set columns of NEW before the row is written.",
					 canonical_relations[guard->kind].columns[0].name)));
}

/* Errors: 27000 where a row goes from person to person in one statement. */
pg_noreturn static void
report_moved_twice(const Guard *guard)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger moves rows of table \"%s\" to another person while a statement does",
					get_rel_name(guard->source)),
			 errhint("Let one of the two move them.")));
}

/* A row out of a larger one, and into it. */
static void
read_row(CanonicalRow *row, const Datum *value, const bool *isnull, int n)
{
	memcpy(row->value, value, n * sizeof(Datum));
	memcpy(row->isnull, isnull, n * sizeof(bool));
}

static void
write_row(const CanonicalRow *row, Datum *value, bool *isnull, int n)
{
	memcpy(value, row->value, n * sizeof(Datum));
	memcpy(isnull, row->isnull, n * sizeof(bool));
}

/*
 * Make a change one from what was to what is there now, which may be NULL.
 * False where that leaves nothing: the row came and went.  A row that is as
 * it was stays a change of no column, for the roster may hold what it was
 * in between.
 */
static bool
renew_change(const Guard *guard, ProjectionState *projection, Change *change,
			 CanonicalRow *now)
{
	int			n = canonical_relations[guard->kind].ncolumns;
	int			first_old = CHANGE_OLD(guard->kind);
	CanonicalRow row;
	CanonicalRow old;

	read_row(&row, change->value + CHANGE_NEW, change->isnull + CHANGE_NEW, n);
	read_row(&old, change->value + first_old, change->isnull + first_old, n);
	if (change->event == 'I')
	{
		if (now == NULL)
			return false;
		if (changed_columns(projection, &row, now) != 0)
			write_row(&row, change->value + first_old,
					  change->isnull + first_old, n);
	}
	else
	{
		if (now && change->event == 'U' &&
			(changed_columns(projection, &old, &row) &
			 changed_columns(projection, &row, now) &
			 person_columns(guard->kind)) != 0)
			report_moved_twice(guard);
		change->renewed = now == NULL || change->event == 'D' ||
			changed_columns(projection, &row, now) != 0;
		change->event = now ? 'U' : 'D';
		change->changed = now ? compare_rows(guard, projection, &old, now) :
			-1;
		change->value[CHANGE_EVENT] = CharGetDatum(change->event);
		change->value[CHANGE_CHANGED] = Int32GetDatum(change->changed);
	}
	write_row(now ? now : &old, change->value + CHANGE_NEW,
			  change->isnull + CHANGE_NEW, n);
	return true;
}

/* Put the changes of a chunk into the order in which they were made. */
static int
compare_sequence(const void *a, const void *b)
{
	const Change *x = a;
	const Change *y = b;

	return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* Bring a chunk up to date, and into its order. */
void
renew_chunk(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	int			ncolumns = canonical_relations[guard->kind].ncolumns;
	int			key = key_columns(guard);
	Oid			read[3 + CANONICAL_MAX] = {INT4OID, INT4OID, BOOLOID};
	ProjectionState *projection;
	SPITupleTable *table;
	uint64		n;
	int			kept = 0;
	int			last = -1;
	Oid			user;
	int			context;

	if (key == 0)
	{
		/* nothing follows from such rows, which stay as they were judged */
		chunk_order(chunk);
		return;
	}
	qsort(chunk->changes, chunk->nchanges, sizeof(Change), compare_sequence);
	for (int i = 0; i < chunk->nchanges; i++)
	{
		if (chunk->changes[i].isnull[CHANGE_NEW])
			report_no_key(guard);
		chunk->changes[i].value[CHANGE_ORD] = Int32GetDatum(i);
	}
	chunk_publish(chunk);
	as_owner_begin(guard->registry.owner, &user, &context);
	n = guard_execute(guard, PLAN_THERE_NOW,
					  guard->plans[PLAN_THERE_NOW] ? "" : there_now(guard, key),
					  0, NULL, NULL);
	as_owner_end(user, context);
	table = SPI_tuptable;
	for (int i = 0; i < ncolumns; i++)
		read[3 + i] = TupleDescAttr(guard->desc, CHANGE_NEW + i)->atttypid;
	check_result(guard, 3 + ncolumns, read);
	projection = begin_projection(guard->projection);
	for (uint64 r = 0; r < n; r++)
	{
		Datum		value[3 + CANONICAL_MAX];
		bool		isnull[3 + CANONICAL_MAX];
		CanonicalRow now;
		int			ord;

		heap_deform_tuple(table->vals[r], table->tupdesc, value, isnull);
		ord = DatumGetInt32(value[0]);
		if (ord == last)
			report_no_key(guard);
		last = ord;
		if (DatumGetInt32(value[1]) != ord)
			continue;			/* a foreign key wrote it a second time */
		read_row(&now, value + 3, isnull + 3, ncolumns);
		ResetExprContext(projection->context);
		if (renew_change(guard, projection, &chunk->changes[ord],
						 DatumGetBool(value[2]) ? &now : NULL))
			chunk->changes[kept++] = chunk->changes[ord];	/* kept <= ord */
	}
	end_projection(projection);
	/* the rows of the table are part of the chunk now, and go with it */
	chunk->nchanges = kept;
	chunk_order(chunk);
}

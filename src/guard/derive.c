/*
 * derive.c
 *		Attachments made of events: registers in which a closing is a new row
 *		that points at the one it closes.
 *
 * An opening points at nothing and is an attachment; its state, end and
 * reason come from the events that point at it.  Events are only added.  The
 * guard derives from the events of a statement the attachments they change,
 * and hands these on as it would the changes of a table of attachments.
 */
#include "guard/derive.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/judge.h"
#include "guard/plan.h"
#include "guard/violation.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "security/owner.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_event_query);

/*
 * Attachments, from a relation of events.  Of the events that point at an
 * opening the one with the greatest key tells the state, unless one annuls
 * or, after which no doubt is told, closes it; one that names another person
 * does not count.
 */
static const char attachments_of[] =
"SELECT o.event AS attachment, o.person, o.organisation, o.site,"
" coalesce(e.state, o.state) AS state, o.day AS since, e.until,"
" o.application, o.order_key, o.restores,"
" CASE WHEN e.state IS NULL THEN o.reason ELSE e.reason END AS reason"
" FROM %1$s o LEFT JOIN LATERAL (SELECT"
"  (array_agg(x.state ORDER BY x.state = 'annulled' DESC,"
"   x.state = 'closed' DESC, x.event DESC))[1] AS state,"
"  (array_agg(x.reason ORDER BY x.state = 'annulled' DESC,"
"   x.state = 'closed' DESC, x.event DESC))[1] AS reason,"
"  (array_agg(x.day ORDER BY x.event DESC)"
"   FILTER (WHERE x.state = 'closed'))[1] AS until"
"  FROM %1$s x WHERE x.closes = o.event AND x.person = o.person"
"   AND x.state IS NOT NULL) e ON true"
" WHERE o.closes IS NULL";

/* The events without what this statement wrote; $2 are its keys. */
static const char events_before[] =
"(SELECT v.event, v.closes, v.person, v.organisation, v.site, v.state, v.day,"
"  v.application, v.order_key, v.restores, v.reason"
"  FROM {r}.attachment_event v"
"  WHERE v.event NOT IN (SELECT unnest($2))"
" UNION ALL SELECT c.old_event, c.old_closes, c.old_person,"
"  c.old_organisation, c.old_site, c.old_state, c.old_day,"
"  c.old_application, c.old_order_key, c.old_restores, c.old_reason"
"  FROM chunk c WHERE $3 AND c.op <> 'I')";

#define ATTACHMENT_COLUMNS(x) \
	x ".attachment, " x ".person, " x ".organisation, " x ".site, " x ".state, " \
	x ".since, " x ".until, " x ".application, " x ".order_key, " \
	x ".restores, " x ".reason"

/*
 * The attachments that $1 opens, as they are and as they were.  A condition
 * reaches the arms of a UNION only from within, where OFFSET 0 holds it.
 */
static const char derive[] =
"SELECT k.opening, " ATTACHMENT_COLUMNS("a") ", " ATTACHMENT_COLUMNS("b")
" FROM (SELECT DISTINCT unnest($1)) k(opening)"
" LEFT JOIN {r}.attachment a ON a.attachment = k.opening"
" LEFT JOIN LATERAL (SELECT * FROM (%s) x WHERE x.attachment = k.opening"
" OFFSET 0) b ON true";

/* event_query(events): the query behind a registry's attachments. */
Datum
osms_event_query(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf(attachments_of,
											  text_to_cstring(PG_GETARG_TEXT_PP(0)))));
}

static bool
same_key(const TypeCacheEntry *type, Oid collation, Datum a, Datum b)
{
	return DatumGetBool(FunctionCall2Coll(unconstify(FmgrInfo *,
													 &type->eq_opr_finfo),
										  collation, a, b));
}

/*
 * Collect the keys of the openings that a chunk of events touches, and those
 * of the events it wrote.  Returns whether it changed or deleted any.
 */
static bool
touched_keys(const Chunk *events, Datum *openings, Datum *written)
{
	const int	old = CHANGE_OLD(REL_ATTACHMENT_EVENT);
	Oid			type = events->guard->projection->type[CHAIN_EVENT];
	ArrayBuildState *opened = initArrayResult(type, CurrentMemoryContext,
											  false);
	ArrayBuildState *wrote = initArrayResult(type, CurrentMemoryContext,
											 false);
	bool		rewrites = false;

	for (int i = 0; i < events->nchanges; i++)
	{
		const Change *change = &events->changes[i];

		rewrites |= change->event != 'I';
		if (change->event != 'D' && !change->isnull[CHANGE_NEW])
			wrote = accumArrayResult(wrote, change->value[CHANGE_NEW], false,
									 type, CurrentMemoryContext);
		for (int row = CHANGE_NEW; row <= old; row += old - CHANGE_NEW)
		{
			int			key = row + (change->isnull[row + CHAIN_CLOSES] ?
									 CHAIN_EVENT : CHAIN_CLOSES);

			if (!change->isnull[key])
				opened = accumArrayResult(opened, change->value[key], false,
										  type, CurrentMemoryContext);
		}
	}
	*openings = makeArrayResult(opened, CurrentMemoryContext);
	*written = makeArrayResult(wrote, CurrentMemoryContext);
	return rewrites;
}

/* New events that point at an opening and change nothing about it. */
static void
find_idle(const Chunk *events, Datum opening, Findings *findings)
{
	const Guard *guard = events->guard;
	const TypeCacheEntry *type =
		lookup_type_cache(guard->projection->type[CHAIN_EVENT],
						  TYPECACHE_EQ_OPR_FINFO);
	const int	closes = CHANGE_NEW + CHAIN_CLOSES;

	if (guard->modes[RULE_TRANSITION] <= MODE_AUDIT)
		return;
	for (int i = 0; i < events->nchanges; i++)
	{
		const Change *change = &events->changes[i];

		if (change->event == 'I' && !change->isnull[closes] &&
			same_key(type, guard->projection->collation[CHAIN_CLOSES],
					 change->value[closes], opening))
			report_violation(guard, RULE_TRANSITION, CHAIN_STATE,
							 "no_such_step", 'I', change->value + CHANGE_NEW,
							 change->isnull + CHANGE_NEW, findings);
	}
}

/* Add to a chunk the change of an attachment from one row to another. */
static void
add_change(Chunk *chunk, char event, int changed, const CanonicalRow *old,
		   const CanonicalRow *new)
{
	int			n = canonical_relations[REL_ATTACHMENT].ncolumns;
	const CanonicalRow *subject = new ? new : old;
	Change	   *change = &chunk->changes[chunk->nchanges++];

	change->event = event;
	change->shown = SHOWN_PERSON;
	change->changed = changed;
	change->renewed = chunk->stale;
	change->value = palloc0(CHANGE_COLUMNS(REL_ATTACHMENT) * sizeof(Datum));
	change->isnull = palloc(CHANGE_COLUMNS(REL_ATTACHMENT) * sizeof(bool));
	memset(change->isnull, true,
		   CHANGE_COLUMNS(REL_ATTACHMENT) * sizeof(bool));
	change->value[CHANGE_EVENT] = CharGetDatum(event);
	change->value[CHANGE_CHANGED] = Int32GetDatum(changed);
	memset(change->isnull, false, CHANGE_NEW * sizeof(bool));
	memcpy(change->value + CHANGE_NEW, subject->value, n * sizeof(Datum));
	memcpy(change->isnull + CHANGE_NEW, subject->isnull, n * sizeof(bool));
	if (old)
	{
		memcpy(change->value + CHANGE_OLD(REL_ATTACHMENT), old->value,
			   n * sizeof(Datum));
		memcpy(change->isnull + CHANGE_OLD(REL_ATTACHMENT), old->isnull,
			   n * sizeof(bool));
	}
}

/*
 * Of an attachment that was opened and went on before it was judged: the
 * state in which it was opened, which is what it begins in.
 */
static void
note_opening(const Chunk *events, Change *change)
{
	const Guard *guard = events->guard;
	const TypeCacheEntry *type =
		lookup_type_cache(guard->projection->type[CHAIN_EVENT],
						  TYPECACHE_EQ_OPR_FINFO);
	int			state = CHANGE_OLD(REL_ATTACHMENT) + ATTACHMENT_STATE;

	for (int i = 0; i < events->nchanges; i++)
	{
		const Change *event = &events->changes[i];

		if (!event->isnull[CHANGE_NEW + CHAIN_CLOSES] ||
			!same_key(type, guard->projection->collation[CHAIN_EVENT],
					  event->value[CHANGE_NEW], change->value[CHANGE_NEW]))
			continue;
		change->value[state] = event->value[CHANGE_NEW + CHAIN_STATE];
		change->isnull[state] = event->isnull[CHANGE_NEW + CHAIN_STATE];
	}
}

/*
 * Derive from a chunk of events the changes of attachments they make.  Their
 * values live in the table that is returned.
 */
static SPITupleTable *
derive_changes(Chunk *events, Chunk *chunk, Findings *findings)
{
	Guard	   *guard = chunk->guard;
	int			ncolumns = canonical_relations[REL_ATTACHMENT].ncolumns;
	Oid			keys =
		get_array_type(guard->projection->type[ATTACHMENT_ATTACHMENT]);
	Oid			types[] = {keys, keys, BOOLOID};
	Datum		arguments[3];
	ProjectionState *projection = begin_projection(guard->projection);
	Oid			read[1 + 2 * CANONICAL_MAX];
	const char *sql = "";
	SPITupleTable *table;
	uint64		n;
	Oid			user;
	int			context;

	read[0] = guard->projection->type[ATTACHMENT_ATTACHMENT];
	memcpy(read + 1, guard->projection->type, ncolumns * sizeof(Oid));
	memcpy(read + 1 + ncolumns, guard->projection->type,
		   ncolumns * sizeof(Oid));
	arguments[2] = BoolGetDatum(touched_keys(events, &arguments[0],
											 &arguments[1]));
	if (events->guard->plans[PLAN_DERIVE] == NULL)
		sql = psprintf(derive, psprintf(attachments_of, events_before));
	as_owner_begin(guard->registry.owner, &user, &context);
	n = guard_execute(events->guard, PLAN_DERIVE, sql, 3, types, arguments);
	as_owner_end(user, context);
	table = SPI_tuptable;
	check_result(guard, 1 + 2 * ncolumns, read);
	chunk->changes = palloc0(n * sizeof(Change));
	for (uint64 r = 0; r < n; r++)
	{
		Datum		value[1 + 2 * CANONICAL_MAX];
		bool		isnull[1 + 2 * CANONICAL_MAX];
		CanonicalRow old;
		CanonicalRow new;
		RowChange	change = {.projection = guard->projection};
		char		event;

		heap_deform_tuple(table->vals[r], table->tupdesc, value, isnull);
		memcpy(new.value, value + 1, ncolumns * sizeof(Datum));
		memcpy(new.isnull, isnull + 1, ncolumns * sizeof(bool));
		memcpy(old.value, value + 1 + ncolumns, ncolumns * sizeof(Datum));
		memcpy(old.isnull, isnull + 1 + ncolumns, ncolumns * sizeof(bool));
		change.new = new.isnull[ATTACHMENT_ATTACHMENT] ? NULL : &new;
		change.old = old.isnull[ATTACHMENT_ATTACHMENT] ? NULL : &old;
		if (change.new == NULL && change.old == NULL)
			continue;
		event = change.old == NULL ? 'I' : change.new == NULL ? 'D' : 'U';
		ResetExprContext(projection->context);
		if (weigh_change(guard, projection, &change, event, findings))
		{
			add_change(chunk, event, change.changed, change.old, change.new);
			if (chunk->stale && event == 'I')
				note_opening(events, &chunk->changes[chunk->nchanges - 1]);
		}
		else if (chunk->stale)
			add_change(chunk, event, 0, change.old, change.new);
		else
			find_idle(events, value[0], findings);
	}
	end_projection(projection);
	return table;
}

/* Hand on what a chunk of events makes, changes of attachments, to work. */
void
follow_events(Chunk *events, Findings *findings,
			  void (*work) (Chunk *chunk, Findings *findings))
{
	Chunk		chunk = {.guard = events->guard->attachments,
	.order = events->order,.stale = events->stale};
	SPITupleTable *table = derive_changes(events, &chunk, findings);

	if (chunk.nchanges > 0)
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		chunk.offered = offer_relation("chunk", chunk.guard->desc, NULL);
		chunk_order(&chunk);
		work(&chunk, findings);
		chunk_forget(&chunk);
		withdraw_relation("chunk");
		SPI_finish();
	}
	SPI_freetuptable(table);
}

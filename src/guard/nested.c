/*
 * nested.c
 *		Statements on a guarded table that are under way in this session.
 *
 * A trigger may write to the table whose statement fired it.  What it writes
 * is judged before the statement around it is, for that one's statement
 * trigger waits until all its rows are written; by then its transition tables
 * may hold rows that have been written again, or are gone.  So each statement
 * is noted with its first row, and learns of any that begins within it.
 *
 * A statement is known by the memory context of its query, which its row
 * triggers and its statement triggers share.
 */
#include "guard/nested.h"

#include "catalog.h"
#include "guard/guard.h"
#include "registry/registry.h"
#include "security/writer.h"

#include "commands/trigger.h"
#include "utils/rel.h"

struct Running
{
	MemoryContext query;
	Oid			source;
	RelationKind kind;
	Writer		writer;
	bool		disturbed;		/* another has begun within it */
	int			judged;			/* events whose rows were judged */
	/* rows of partitions as row triggers see them, a moved row as both */
	int64		updated;
	int64		deleted;
	Running    *next;
};

static Running *running = NULL;

static Running *
find_running(MemoryContext query, const Guard *guard)
{
	Running    *r = running;

	while (r && (r->query != query || r->kind != guard->kind ||
				 r->source != guard->source))
		r = r->next;
	return r;
}

/* The query is over, whatever became of it. */
static void
forget_running(void *arg)
{
	Running   **link = &running;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
}

/* Note that a query is about to write rows of a guarded table. */
Running *
note_running(MemoryContext query, const Guard *guard)
{
	Running    *r = find_running(query, guard);
	MemoryContextCallback *callback;

	if (r)
		return r;
	for (r = running; r; r = r->next)
		if (r->source == guard->source)
			r->disturbed = true;
	callback = MemoryContextAlloc(query, sizeof(MemoryContextCallback));
	r = MemoryContextAllocZero(query, sizeof(Running));
	r->query = query;
	r->source = guard->source;
	r->kind = guard->kind;
	r->writer = written_by(guard->source);
	r->next = running;
	callback->func = forget_running;
	callback->arg = r;
	MemoryContextRegisterResetCallback(query, callback);
	running = r;
	return r;
}

/*
 * Who wrote the rows of a statement: the role as which its row triggers ran.
 * The role as which its statement triggers run will not do: after a foreign
 * key's cascade it is whoever fired that, and from PostgreSQL 18 on the owner
 * of the table.  Of a cascade we saw the rows in another query; it is the
 * owner's, as whom RI writes.  A relation that is only traced has no row
 * triggers; who fired a cascade is told there.
 */
Writer
writer_of_statement(MemoryContext query, const Guard *guard)
{
	const Running *r = find_running(query, guard);
	Writer		owner = {0};

	if (r)
		return r->writer;
	if (canonical_relations[guard->kind].traced)
		return written_by(guard->source);
	owner.role = relation_owner(guard->source);
	return owner;
}

/* Whether a statement on the guarded table is under way around this query. */
bool
runs_within_another(MemoryContext query, const Guard *guard)
{
	for (const Running *r = running; r; r = r->next)
		if (r->source == guard->source && r->query != query &&
			r->judged == 0)
			return true;
	return false;
}

/* Note that a query is about to update or delete a row of a partition. */
void
count_running(Running *r, bool update)
{
	if (update)
		r->updated++;
	else
		r->deleted++;
}

/*
 * Whether rows in the transition tables of a statement may have been written
 * again: by a statement within it, or because it deleted what it inserts.
 * Of a statement that a foreign key fired we saw the beginning in another
 * query, if at all, so there it is always so.  Where nothing is judged the
 * journal tells what each statement did, whatever came within.
 */
bool
rows_may_be_stale(MemoryContext query, const Guard *guard, TriggerEvent event)
{
	const Running *r = find_running(query, guard);

	if (canonical_relations[guard->kind].traced)
		return false;
	return r == NULL || r->disturbed ||
		(TRIGGER_FIRED_BY_DELETE(event) &&
		 (r->judged & (1 << TRIGGER_EVENT_INSERT)) != 0);
}

/* Note that the rows of one event of a statement were judged. */
void
note_judged(MemoryContext query, const Guard *guard, TriggerEvent event)
{
	Running    *r = find_running(query, guard);

	if (r)
		r->judged |= 1 << (event & TRIGGER_EVENT_OPMASK);
}

/*
 * Refuse what a MERGE moved into other partitions: PostgreSQL shows such
 * rows to no statement trigger for UPDATE, so fewer are seen than were
 * updated.  Errors: 0A000.
 */
void
check_moves(MemoryContext query, const Guard *guard, Relation table,
			int64 seen)
{
	const Running *r = find_running(query, guard);

	if (r && r->deleted > 0 && seen < r->updated)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("MERGE into \"%s\" moves rows between partitions, which hides them from its guard",
						RelationGetRelationName(table)),
				 errhint("Let an UPDATE move them, and MERGE do the rest.")));
}

/*
 * changes.c
 *		The changes of a statement, sorted by person and cut into chunks.
 *
 * Transition tables are read in step (the n-th old row became the n-th new
 * one), projected to canonical rows, and put through a sort that spills, so
 * memory does not grow with the statement.
 */
#include "guard/changes.h"

#include "guard/chunk.h"
#include "guard/conceal.h"
#include "guard/guard.h"
#include "guard/judge.h"
#include "guard/key_set.h"
#include "guard/lock.h"
#include "guard/nested.h"
#include "guard/partition.h"
#include "guard/plan.h"
#include "guard/renew.h"
#include "guard/violation.h"
#include "guard/written_row.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "security/writer.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplesort.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

/* One transition table being read, beside whoever else reads it. */
typedef struct TransitionTable
{
	Tuplestorestate *store;
	TupleTableSlot *slot;
	RootRow		root;
} TransitionTable;

static void
open_transition(TransitionTable *t, Tuplestorestate *store, Relation table,
				const Guard *guard)
{
	t->store = store;
	t->slot = NULL;
	if (store)
	{
		tuplestore_select_read_pointer(store, 0);
		tuplestore_rescan(store);
		t->slot = MakeSingleTupleTableSlot(RelationGetDescr(table),
										   &TTSOpsMinimalTuple);
		begin_root_row(&t->root, table, guard->source);
	}
}

static bool
next_transition(TransitionTable *t)
{
	return tuplestore_gettupleslot(t->store, true, false, t->slot);
}

static void
close_transition(TransitionTable *t)
{
	if (t->slot)
		ExecDropSingleTupleTableSlot(t->slot);
}

/*
 * The days that a column of the new rows of a statement spans, to before
 * *until; false where no row has one.
 */
bool
days_of_new_rows(Guard *guard, TriggerData *trigdata, int column,
				 DateADT *since, DateADT *until)
{
	ProjectionState *projection = begin_projection(guard->projection);
	TransitionTable rows;
	CanonicalRow row;
	bool		dated = false;

	open_transition(&rows, trigdata->tg_newtable, trigdata->tg_relation,
					guard);
	while (next_transition(&rows))
	{
		DateADT		day;

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(projection->context);
		project_row(projection, as_root_row(&rows.root, rows.slot), &row);
		day = row.isnull[column] ? DATEVAL_NOEND :
			DatumGetDateADT(row.value[column]);
		if (DATE_NOT_FINITE(day))
			continue;
		*since = dated ? Min(*since, day) : day;
		*until = dated ? Max(*until, day + 1) : day + 1;
		dated = true;
	}
	close_transition(&rows);
	end_projection(projection);
	return dated;
}

/* Put the canonical rows of a change into the sort. */
static void
sort_change(Tuplesortstate *sort, TupleTableSlot *slot, RelationKind kind,
			int sequence, char event, int changed, const CanonicalRow *old,
			const CanonicalRow *new)
{
	int			n = canonical_relations[kind].ncolumns;
	const CanonicalRow *subject = new ? new : old;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, CHANGE_COLUMNS(kind) * sizeof(bool));
	slot->tts_values[CHANGE_ORD] = Int32GetDatum(sequence);
	slot->tts_isnull[CHANGE_ORD] = false;
	slot->tts_values[CHANGE_EVENT] = CharGetDatum(event);
	slot->tts_isnull[CHANGE_EVENT] = false;
	slot->tts_values[CHANGE_CHANGED] = Int32GetDatum(changed);
	slot->tts_isnull[CHANGE_CHANGED] = false;
	memcpy(slot->tts_values + CHANGE_NEW, subject->value, n * sizeof(Datum));
	memcpy(slot->tts_isnull + CHANGE_NEW, subject->isnull, n * sizeof(bool));
	if (old)
	{
		memcpy(slot->tts_values + CHANGE_OLD(kind), old->value,
			   n * sizeof(Datum));
		memcpy(slot->tts_isnull + CHANGE_OLD(kind), old->isnull,
			   n * sizeof(bool));
	}
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(sort, slot);
}

/*
 * Read the statement's rows, judge each by what a row alone decides, and
 * sort those that changed something we know of.  Returns their number, and
 * the organisations to which they attach, unless that is NULL.
 */
static int64
collect(Guard *guard, TriggerData *trigdata, MemoryContext query,
		Tuplesortstate *sort, TupleTableSlot *slot, KeySet *organisations,
		Findings *findings)
{
	RelationKind kind = guard->kind;
	ProjectionState *projection = begin_projection(guard->projection);
	TransitionTable before;
	TransitionTable after;
	CanonicalRow old;
	CanonicalRow new;
	RowChange	change = {.projection = guard->projection};
	int64		count = 0;
	int64		seen = 0;
	char		event = trigdata->tg_newtable == NULL ? 'D' :
		trigdata->tg_oldtable == NULL ? 'I' : 'U';

	open_transition(&before, trigdata->tg_oldtable, trigdata->tg_relation,
					guard);
	open_transition(&after, trigdata->tg_newtable, trigdata->tg_relation,
					guard);
	change.old = event == 'I' ? NULL : &old;
	change.new = event == 'D' ? NULL : &new;
	for (;;)
	{
		bool		old_row = event != 'I' && next_transition(&before);
		bool		new_row = event != 'D' && next_transition(&after);

		if (event == 'U' && old_row != new_row)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("an update of \"%s\" lost rows between its partitions",
							RelationGetRelationName(trigdata->tg_relation)),
					 errhint("Let no trigger of the table return NULL for a row that moves to another partition.")));
		if (!old_row && !new_row)
			break;
		CHECK_FOR_INTERRUPTS();
		seen++;
		ResetExprContext(projection->context);
		if (old_row)
			project_stored_row(guard, projection,
							   as_root_row(&before.root, before.slot), &old);
		if (new_row)
			project_written_row(guard, projection,
								as_root_row(&after.root, after.slot), &new,
								event);
		if (!weigh_change(guard, projection, &change, event, findings))
			continue;
		if (organisations)
			note_given(guard, &change, organisations);
		sort_change(sort, slot, kind, (int) seen, event, change.changed,
					change.old, change.new);
		count++;
	}
	close_transition(&before);
	close_transition(&after);
	end_projection(projection);
	if (seen > 0)
		note_judged_write(query);
	if (event == 'U')
		check_moves(query, guard, trigdata->tg_relation, seen);
	return count;
}

/* Take a sorted change into the chunk's memory. */
static void
chunk_add(Chunk *chunk, int *allocated, TupleTableSlot *slot)
{
	int			columns = CHANGE_COLUMNS(chunk->guard->kind);
	HeapTuple	tuple = ExecCopySlotHeapTuple(slot);
	Change	   *change;

	if (chunk->nchanges == *allocated)
	{
		*allocated = *allocated ? *allocated * 2 : 64;
		chunk->changes = chunk->changes ?
			repalloc(chunk->changes, *allocated * sizeof(Change)) :
			palloc(*allocated * sizeof(Change));
	}
	change = &chunk->changes[chunk->nchanges];
	change->value = palloc(columns * sizeof(Datum));
	change->isnull = palloc(columns * sizeof(bool));
	heap_deform_tuple(tuple, chunk->guard->desc, change->value,
					  change->isnull);
	change->event = DatumGetChar(change->value[CHANGE_EVENT]);
	change->shown = SHOWN_PERSON;
	change->changed = DatumGetInt32(change->value[CHANGE_CHANGED]);
	change->sequence = DatumGetInt32(change->value[CHANGE_ORD]);
	change->renewed = false;
	change->value[CHANGE_ORD] = Int32GetDatum(chunk->nchanges);
	chunk->nchanges++;
}

/*
 * Whether the changes of one person may come in several chunks.  Rows that
 * were there before tell what the roster has to know of the person, together;
 * and so do events of what they make.
 */
static bool
may_part(const Guard *guard, TriggerEvent event)
{
	return guard->kind != REL_ATTACHMENT_EVENT &&
		(guard->kind != REL_ATTACHMENT || TRIGGER_FIRED_BY_INSERT(event));
}

/* Whether the row in a slot has the person of the chunk's last change. */
static bool
goes_on(const Chunk *chunk, TupleTableSlot *slot)
{
	int			subject = CHANGE_NEW +
		canonical_relations[chunk->guard->kind].subject;
	const Change *last = &chunk->changes[chunk->nchanges - 1];
	bool		isnull;
	Datum		person = slot_getattr(slot, subject + 1, &isnull);

	return !isnull && !last->isnull[subject] &&
		compare_subjects(&last->value[subject], &person, chunk->order) == 0;
}

/* The changes of a statement, as they come out of the sort. */
typedef struct Changes
{
	Guard	   *guard;
	TriggerEvent event;
	SubjectOrder order;
	Tuplesortstate *sort;
	TupleTableSlot *slot;		/* the one that comes next */
	bool		more;			/* there is one */
	bool		looks_ahead;
	MemoryContext memory;		/* in which they are sorted */
} Changes;

/* Read and sort the changes of a statement, up to the first. */
static void
sort_changes(Changes *changes, TriggerData *trigdata, MemoryContext query,
			 Findings *findings)
{
	Guard	   *guard = changes->guard;
	Guard	   *judge = guard->kind == REL_ATTACHMENT_EVENT ?
		guard->attachments : guard;
	int			subject = canonical_relations[guard->kind].subject;
	TypeCacheEntry *type = lookup_type_cache(subject_type(guard),
											 TYPECACHE_LT_OPR);
	AttrNumber	key = CHANGE_NEW + subject + 1;
	bool		nulls_first = false;
	bool		holds = judge->kind == REL_ATTACHMENT &&
		needs_contracts(judge);
	KeySet		organisations;
	TupleTableSlot *slot;

	if (holds)
		begin_keys(&organisations,
				   judge->projection->type[ATTACHMENT_ORGANISATION],
				   judge->projection->collation[ATTACHMENT_ORGANISATION]);
	changes->sort = tuplesort_begin_heap(guard->desc, 1, &key, &type->lt_opr,
										 &changes->order.collation,
										 &nulls_first, work_mem, NULL,
										 changes->looks_ahead ?
										 TUPLESORT_RANDOMACCESS :
										 TUPLESORT_NONE);
	slot = MakeSingleTupleTableSlot(guard->desc, &TTSOpsVirtual);
	changes->more = collect(guard, trigdata, query, changes->sort, slot,
							holds ? &organisations : NULL, findings) > 0;
	ExecDropSingleTupleTableSlot(slot);
	if (holds)
		hold_as_owner(judge, &organisations);
	changes->slot = MakeSingleTupleTableSlot(guard->desc, &TTSOpsMinimalTuple);
	if (changes->more)
	{
		tuplesort_performsort(changes->sort);
		changes->more = tuplesort_gettupleslot(changes->sort, true, false,
											   changes->slot, NULL);
	}
}

/* Go to the next change, in the memory in which they are sorted. */
static bool
next_change(Changes *changes)
{
	MemoryContext caller = MemoryContextSwitchTo(changes->memory);
	bool		more = tuplesort_gettupleslot(changes->sort, true, false,
											  changes->slot, NULL);

	MemoryContextSwitchTo(caller);
	return more;
}

/*
 * Note the keys of the rows that follow of the chunk's last person: they were
 * not there before the statement either.  The sort is left where it was.
 */
static void
note_later(Chunk *chunk, Changes *changes)
{
	MinimalTuple next;
	Form_pg_attribute key = TupleDescAttr(chunk->guard->desc, CHANGE_NEW);
	int			allocated = 0;
	bool		more = true;

	MemoryContextSwitchTo(changes->memory);
	next = ExecCopySlotMinimalTuple(changes->slot);
	MemoryContextSwitchTo(chunk->memory);
	tuplesort_markpos(changes->sort);
	while (more && goes_on(chunk, changes->slot))
	{
		bool		isnull;
		Datum		value;

		CHECK_FOR_INTERRUPTS();
		value = slot_getattr(changes->slot, CHANGE_NEW + 1, &isnull);

		if (chunk->nlater == allocated)
		{
			allocated = Max(64, 2 * allocated);
			chunk->later = chunk->later ?
				repalloc_huge(chunk->later, allocated * sizeof(Datum)) :
				palloc(allocated * sizeof(Datum));
		}
		if (!isnull)
			chunk->later[chunk->nlater++] = datumCopy(value, key->attbyval,
													  key->attlen);
		more = next_change(changes);
	}
	tuplesort_restorepos(changes->sort);
	ExecForceStoreMinimalTuple(next, changes->slot, true);
}

/* Take the next changes into a chunk, in whose memory this runs. */
static void
fill_chunk(Chunk *chunk, Changes *changes)
{
	bool		parts = may_part(chunk->guard, changes->event) &&
		!chunk->stale;
	int			allocated = 0;
	int			persons = 0;

	while (changes->more)
	{
		bool		same = chunk->nchanges > 0 &&
			goes_on(chunk, changes->slot);

		if ((persons == CHUNK_PERSONS && !same) ||
			(parts && chunk->nchanges >= CHUNK_ROWS))
		{
			chunk->goes_on = same;
			break;
		}
		persons += !same;
		chunk_add(chunk, &allocated, changes->slot);
		changes->more = next_change(changes);
	}
	if (changes->looks_ahead && chunk->goes_on)
		note_later(chunk, changes);
	if (chunk->stale)
		renew_chunk(chunk);
	else
		chunk_persons(chunk);
}

/*
 * Collect the changes of the statement and hand them out in chunks of
 * CHUNK_PERSONS persons and CHUNK_ROWS rows, in the order in which persons
 * are locked.
 */
void
for_each_chunk(Guard *guard, TriggerData *trigdata, MemoryContext query,
			   Findings *findings,
			   void (*work) (Chunk *chunk, Findings *findings))
{
	Changes		changes = {.guard = guard,.event = trigdata->tg_event,
		.looks_ahead = guard->kind == REL_ATTACHMENT &&
		may_part(guard, trigdata->tg_event),
	.memory = CurrentMemoryContext};
	EphemeralNamedRelation offered;
	MemoryContext memory;
	bool		went_on = false;

	begin_subject_order(&changes.order, guard);
	sort_changes(&changes, trigdata, query, findings);
	offered = offer_relation("chunk", guard->desc, NULL);
	memory = AllocSetContextCreate(CurrentMemoryContext, "osms chunk",
								   ALLOCSET_DEFAULT_SIZES);
	while (changes.more)
	{
		MemoryContext caller = MemoryContextSwitchTo(memory);
		Chunk		chunk = {.guard = guard,.order = &changes.order,
		.offered = offered,.query = query,.memory = memory,.went_on = went_on};

		chunk.stale = rows_may_be_stale(query, guard, trigdata->tg_event);
		fill_chunk(&chunk, &changes);
		went_on = chunk.goes_on;
		if (chunk.nchanges > 0)
			work(&chunk, findings);
		chunk_forget(&chunk);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(memory);
	}
	withdraw_relation("chunk");
	ExecDropSingleTupleTableSlot(changes.slot);
	tuplesort_end(changes.sort);
	MemoryContextDelete(memory);
}

/*
 * chunk.c
 *		The changes of a statement, sorted by person and cut into chunks.
 *
 * Transition tables are read in step (the n-th old row became the n-th new
 * one), projected to canonical rows, and put through a sort that spills, so
 * memory does not grow with the statement.
 */
#include "guard/guard.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

/* One transition table being read, beside whoever else reads it. */
typedef struct Transition
{
	Tuplestorestate *store;
	TupleTableSlot *slot;
	RootRow		root;
} Transition;

static void
open_transition(Transition *t, Tuplestorestate *store, Relation table,
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
next_transition(Transition *t)
{
	return tuplestore_gettupleslot(t->store, true, false, t->slot);
}

static void
close_transition(Transition *t)
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
	Transition	rows;
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

/* An attachment that now ends later, or no more. */
static bool
reaches_further(const CanonicalRow *old, const CanonicalRow *new)
{
	const int	u = ATTACHMENT_UNTIL;

	if (old->isnull[u])
		return false;
	return new->isnull[u] ||
		DatumGetDateADT(new->value[u]) > DatumGetDateADT(old->value[u]);
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

/* Bits of the columns in which two rows differ. */
int
compare_rows(const Guard *guard, ProjectionState *projection,
			 CanonicalRow *old, CanonicalRow *new)
{
	int			changed = changed_columns(projection, old, new);

	if (changed != 0 && guard->kind == REL_ATTACHMENT &&
		reaches_further(old, new))
		changed |= EXTENDED_BIT;
	return changed;
}

/*
 * See what a change changed, judge it by what a row alone decides, and tell
 * whether there is anything to it.
 */
bool
weigh_change(const Guard *guard, ProjectionState *projection,
			 RowChange *change, char event, Findings *findings)
{
	MemoryContext caller;

	change->changed = -1;
	if (event == 'U')
	{
		change->changed = compare_rows(guard, projection, change->old,
									   change->new);
		if (change->changed == 0)
			return false;
	}
	caller = MemoryContextSwitchTo(projection->context->ecxt_per_tuple_memory);
	judge_row(guard, change, false, findings, event);
	MemoryContextSwitchTo(caller);
	return true;
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
	Transition	before;
	Transition	after;
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
			project_row(projection, as_root_row(&after.root, after.slot),
						&new);
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

/* Write changes of the chunk where queries read them, replacing what was. */
void
chunk_publish_rows(Chunk *chunk, int first, int n)
{
	if (chunk->store)
		tuplestore_end(chunk->store);
	chunk->store = tuplestore_begin_heap(false, false, work_mem);
	for (int i = first; i < first + n; i++)
		tuplestore_putvalues(chunk->store, chunk->guard->desc,
							 chunk->changes[i].value,
							 chunk->changes[i].isnull);
	chunk->offered->reldata = chunk->store;
}

/* All of them. */
void
chunk_publish(Chunk *chunk)
{
	chunk_publish_rows(chunk, 0, chunk->nchanges);
}

/* Let go of what was published. */
void
chunk_forget(Chunk *chunk)
{
	tuplestore_end(chunk->store);
	chunk->store = NULL;
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

void
report_unordered(Oid type)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("key type %s has no default order", format_type_be(type)),
			 errhint("Map the key with a cast to a type that has one, such as text.")));
}

/* The order of a guard's subjects.  Errors: 42883 where the type has none. */
void
begin_subject_order(SubjectOrder *order, const Guard *guard)
{
	TypeCacheEntry *type = lookup_type_cache(subject_type(guard),
											 TYPECACHE_LT_OPR |
											 TYPECACHE_CMP_PROC_FINFO);

	if (!OidIsValid(type->lt_opr) || !OidIsValid(type->cmp_proc_finfo.fn_oid))
		report_unordered(type->type_id);
	fmgr_info_copy(&order->cmp, &type->cmp_proc_finfo, CurrentMemoryContext);
	order->collation = guard->collation;
}

int
compare_subjects(const void *a, const void *b, void *arg)
{
	SubjectOrder *order = arg;

	return DatumGetInt32(FunctionCall2Coll(&order->cmp, order->collation,
										   *(const Datum *) a,
										   *(const Datum *) b));
}

/*
 * The distinct subjects of a chunk in lock order, those of the old rows
 * among them, for a row may have changed its person.
 */
void
chunk_persons(Chunk *chunk)
{
	SubjectOrder *order = chunk->order;
	RelationKind kind = chunk->guard->kind;
	int			subject = canonical_relations[kind].subject;
	int			n = 0;
	int			distinct = 0;

	chunk->persons = palloc(3 * chunk->nchanges * sizeof(Datum));
	for (int i = 0; i < chunk->nchanges; i++)
	{
		Change	   *change = &chunk->changes[i];
		int			new = CHANGE_NEW + subject;
		int			old = CHANGE_OLD(kind) + subject;

		if (!change->isnull[new])
			chunk->persons[n++] = change->value[new];
		/* a merge is about both persons; its keys do not change */
		if (kind == REL_PERSON_ALIAS &&
			!change->isnull[CHANGE_NEW + ALIAS_NEW])
			chunk->persons[n++] = change->value[CHANGE_NEW + ALIAS_NEW];
		if ((chunk->stale || (change->event == 'U' &&
							  (change->changed & COLUMN_BIT(subject)))) &&
			!change->isnull[old])
			chunk->persons[n++] = change->value[old];
	}
	qsort_arg(chunk->persons, n, sizeof(Datum), compare_subjects, order);
	for (int i = 0; i < n; i++)
		if (distinct == 0 ||
			compare_subjects(&chunk->persons[distinct - 1],
							 &chunk->persons[i], order) != 0)
			chunk->persons[distinct++] = chunk->persons[i];
	chunk->npersons = distinct;
}

/* Compare two changes by subject; one without comes last. */
static int
compare_changes(const void *a, const void *b, void *arg)
{
	const Chunk *chunk = arg;
	const Change *x = a;
	const Change *y = b;
	int			s = CHANGE_NEW + canonical_relations[chunk->guard->kind].subject;

	if (x->isnull[s] || y->isnull[s])
		return x->isnull[s] - y->isnull[s];
	return compare_subjects(&x->value[s], &y->value[s], chunk->order);
}

/* Bring changes that were derived into the order of a chunk. */
void
chunk_order(Chunk *chunk)
{
	qsort_arg(chunk->changes, chunk->nchanges, sizeof(Change),
			  compare_changes, chunk);
	for (int i = 0; i < chunk->nchanges; i++)
		chunk->changes[i].value[CHANGE_ORD] = Int32GetDatum(i);
	chunk_persons(chunk);
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

/*
 * Note the keys of the rows that follow of the chunk's last person: they were
 * not there before the statement either.  The sort is left where it was.
 */
static void
note_later(Chunk *chunk, Tuplesortstate *sort, TupleTableSlot *slot,
		   MemoryContext caller)
{
	MinimalTuple next;
	Form_pg_attribute key = TupleDescAttr(chunk->guard->desc, CHANGE_NEW);
	int			allocated = 0;
	bool		more = true;

	MemoryContextSwitchTo(caller);
	next = ExecCopySlotMinimalTuple(slot);
	MemoryContextSwitchTo(chunk->memory);
	tuplesort_markpos(sort);
	while (more && goes_on(chunk, slot))
	{
		bool		isnull;
		Datum		value;

		CHECK_FOR_INTERRUPTS();
		value = slot_getattr(slot, CHANGE_NEW + 1, &isnull);

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
		MemoryContextSwitchTo(caller);
		more = tuplesort_gettupleslot(sort, true, false, slot, NULL);
		MemoryContextSwitchTo(chunk->memory);
	}
	tuplesort_restorepos(sort);
	ExecForceStoreMinimalTuple(next, slot, true);
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
	int			subject = canonical_relations[guard->kind].subject;
	TypeCacheEntry *type = lookup_type_cache(subject_type(guard),
											 TYPECACHE_LT_OPR);
	AttrNumber	key = CHANGE_NEW + subject + 1;
	bool		nulls_first = false;
	SubjectOrder order;
	Guard	   *judge;
	KeySet		organisations;
	bool		holds;
	Tuplesortstate *sort;
	TupleTableSlot *slot;
	EphemeralNamedRelation offered;
	MemoryContext memory;
	bool		more;
	bool		went_on = false;
	bool		looks_ahead = guard->kind == REL_ATTACHMENT &&
		may_part(guard, trigdata->tg_event);

	begin_subject_order(&order, guard);
	judge = guard->kind == REL_ATTACHMENT_EVENT ? guard->attachments : guard;
	holds = judge->kind == REL_ATTACHMENT && needs_contracts(judge);
	if (holds)
		begin_keys(&organisations,
				   judge->projection->type[ATTACHMENT_ORGANISATION],
				   judge->projection->collation[ATTACHMENT_ORGANISATION]);
	sort = tuplesort_begin_heap(guard->desc, 1, &key, &type->lt_opr,
								&order.collation, &nulls_first, work_mem, NULL,
								looks_ahead ? TUPLESORT_RANDOMACCESS :
								TUPLESORT_NONE);
	slot = MakeSingleTupleTableSlot(guard->desc, &TTSOpsVirtual);
	more = collect(guard, trigdata, query, sort, slot,
				   holds ? &organisations : NULL, findings) > 0;
	ExecDropSingleTupleTableSlot(slot);
	if (holds)
		hold_as_owner(judge, &organisations);
	if (more)
		tuplesort_performsort(sort);

	offered = offer_relation("chunk", guard->desc, NULL);
	memory = AllocSetContextCreate(CurrentMemoryContext, "osms chunk",
								   ALLOCSET_DEFAULT_SIZES);
	slot = MakeSingleTupleTableSlot(guard->desc, &TTSOpsMinimalTuple);
	more = more && tuplesort_gettupleslot(sort, true, false, slot, NULL);
	while (more)
	{
		MemoryContext caller = MemoryContextSwitchTo(memory);
		Chunk		chunk = {.guard = guard,.order = &order,.offered = offered,
		.query = query,.memory = memory,.went_on = went_on};
		int			allocated = 0;
		int			persons = 0;
		bool		parts;

		chunk.stale = rows_may_be_stale(query, guard, trigdata->tg_event);
		parts = may_part(guard, trigdata->tg_event) && !chunk.stale;
		while (more)
		{
			bool		same = chunk.nchanges > 0 && goes_on(&chunk, slot);

			if ((persons == CHUNK_PERSONS && !same) ||
				(parts && chunk.nchanges >= CHUNK_ROWS))
			{
				chunk.goes_on = same;
				break;
			}
			persons += !same;
			chunk_add(&chunk, &allocated, slot);
			MemoryContextSwitchTo(caller);
			more = tuplesort_gettupleslot(sort, true, false, slot, NULL);
			MemoryContextSwitchTo(memory);
		}
		went_on = chunk.goes_on;
		if (looks_ahead && went_on)
			note_later(&chunk, sort, slot, caller);
		if (chunk.stale)
			renew_chunk(&chunk);
		else
			chunk_persons(&chunk);
		if (chunk.nchanges > 0)
			work(&chunk, findings);
		chunk_forget(&chunk);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(memory);
	}
	withdraw_relation("chunk");
	ExecDropSingleTupleTableSlot(slot);
	tuplesort_end(sort);
	MemoryContextDelete(memory);
}

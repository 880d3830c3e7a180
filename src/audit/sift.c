/*
 * sift.c
 *		Judging candidate rows before they are inserted.
 *
 * Candidates are read as canonical rows, whatever table they wait in, and put
 * through the clauses of the guard as if they were inserted one by one, in
 * the order of their persons, first days and keys, with each refused one left
 * out.  Candidates of one person are judged in rounds: the second of each
 * person when it is known whether the first was accepted.  Nothing is
 * written or locked.
 */
#include "osms.h"

#include "audit/staging.h"
#include "guard/cache.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/import.h"
#include "guard/judge.h"
#include "guard/key_set.h"
#include "guard/lock.h"
#include "guard/payee.h"
#include "guard/plan.h"
#include "guard/roster.h"
#include "guard/violation.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(osms_sift_candidates);

typedef struct Refusal
{
	RuleId		rule;
	const char *finding;
} Refusal;

typedef struct Candidate
{
	Change		change;
	Datum		label[LABELS];
	bool		label_null[LABELS];
	int			person;			/* position among the chunk's; -1: none */
	int			rank;			/* among the person's candidates */
	List	   *refusals;		/* of a rule each, in the order of the guard */
} Candidate;

/* A time in which a person is attached. */
typedef struct Span
{
	DateADT		since;
	DateADT		until;
	int			next;			/* of the same person, -1 at the end */
} Span;

typedef struct Sift
{
	Chunk	   *chunk;
	ReturnSetInfo *result;
	Candidate  *candidates;
	int		   *round;			/* the candidates being judged, by ord */
	int		   *first_span;		/* of each person */
	Span	   *spans;
	int			nspans;
	int			spans_allocated;
	EphemeralNamedRelation accepted;
} Sift;

/* The candidates as they come from the query. */
typedef struct Reader
{
	Portal		portal;
	SPITupleTable *table;
	uint64		n;
	uint64		next;
} Reader;

/* The next candidate, without taking it; NULL at the end. */
static HeapTuple
peek(Reader *reader)
{
	if (reader->next == reader->n)
	{
		if (reader->table)
			SPI_freetuptable(reader->table);
		SPI_cursor_fetch(reader->portal, true, CHUNK_PERSONS);
		reader->table = SPI_tuptable;
		reader->n = SPI_processed;
		reader->next = 0;
	}
	return reader->n == 0 ? NULL : reader->table->vals[reader->next];
}

/* Take a candidate into the chunk's memory. */
static void
take_candidate(Candidate *candidate, const Guard *guard, HeapTuple tuple,
			   TupleDesc desc)
{
	int			ncolumns = canonical_relations[guard->kind].ncolumns;
	int			columns = CHANGE_COLUMNS(guard->kind);
	Datum		values[CANONICAL_MAX + LABELS];
	bool		nulls[CANONICAL_MAX + LABELS];
	Change	   *change = &candidate->change;

	memset(candidate, 0, sizeof(Candidate));
	heap_deform_tuple(heap_copytuple(tuple), desc, values, nulls);
	change->event = 'I';
	change->shown = SHOWN_PERSON;
	change->changed = -1;
	change->value = palloc0(columns * sizeof(Datum));
	change->isnull = palloc(columns * sizeof(bool));
	memset(change->isnull, true, columns * sizeof(bool));
	change->value[CHANGE_EVENT] = CharGetDatum('I');
	change->value[CHANGE_CHANGED] = Int32GetDatum(-1);
	memset(change->isnull, false, CHANGE_NEW * sizeof(bool));
	memcpy(change->value + CHANGE_NEW, values, ncolumns * sizeof(Datum));
	memcpy(change->isnull + CHANGE_NEW, nulls, ncolumns * sizeof(bool));
	memcpy(candidate->label, values + ncolumns, sizeof(candidate->label));
	memcpy(candidate->label_null, nulls + ncolumns,
		   sizeof(candidate->label_null));
}

/* A rule refuses a candidate of this round. */
static void
note_refusal(void *arg, int ord, RuleId rule, const char *finding)
{
	Sift	   *sift = arg;
	Candidate  *candidate = &sift->candidates[sift->round[ord]];
	Refusal    *refusal;
	ListCell   *cell;

	/* a rule with a clause in each layer says it once */
	foreach(cell, candidate->refusals)
	{
		if (((const Refusal *) lfirst(cell))->rule == rule)
			return;
	}
	refusal = palloc(sizeof(Refusal));
	refusal->rule = rule;
	refusal->finding = finding;
	candidate->refusals = lappend(candidate->refusals, refusal);
}

/* Tell what refuses a candidate, a row for each rule. */
static void
tell_refusals(const Candidate *candidate, const RuleSet *rules,
			  ReturnSetInfo *result)
{
	Datum		values[LABELS + 2];
	bool		nulls[LABELS + 2] = {0};
	ListCell   *lc;

	memcpy(values, candidate->label, sizeof(candidate->label));
	memcpy(nulls, candidate->label_null, sizeof(candidate->label_null));
	foreach(lc, candidate->refusals)
	{
		const Refusal *refusal = lfirst(lc);

		values[LABELS] = CStringGetTextDatum(rules->rule[refusal->rule].id);
		values[LABELS + 1] = CStringGetTextDatum(refusal->finding);
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
}

/* Position of a person in the chunk; -1 for none. */
static int
place_of(const Chunk *chunk, Datum person)
{
	Datum	   *found = bsearch_arg(&person, chunk->persons, chunk->npersons,
									sizeof(Datum), compare_subjects,
									chunk->order);

	return found ? found - chunk->persons : -1;
}

static void
add_span(Sift *sift, int person, DateADT since, DateADT until)
{
	if (sift->nspans == sift->spans_allocated)
	{
		sift->spans_allocated = Max(64, 2 * sift->spans_allocated);
		sift->spans = sift->spans ?
			repalloc(sift->spans, sift->spans_allocated * sizeof(Span)) :
			palloc(sift->spans_allocated * sizeof(Span));
	}
	sift->spans[sift->nspans].since = since;
	sift->spans[sift->nspans].until = until;
	sift->spans[sift->nspans].next = sift->first_span[person];
	sift->first_span[person] = sift->nspans++;
}

/* A version of a person that counts already. */
static void
note_counted(void *arg, Datum person, DateADT since, DateADT until)
{
	Sift	   *sift = arg;
	int			place = place_of(sift->chunk, person);

	if (place >= 0)
		add_span(sift, place, since, until);
}

/* The time in which a candidate would count; false where it would not. */
static bool
span_of(const Candidate *candidate, DateADT *since, DateADT *until)
{
	const Change *change = &candidate->change;
	int			extra = CHANGE_EXTRA(REL_ATTACHMENT);

	if (candidate->person < 0 || change->isnull[extra + VERSION_MARK])
		return false;
	*since = DatumGetDateADT(change->value[CHANGE_NEW + ATTACHMENT_SINCE]);
	*until = DatumGetDateADT(change->value[extra + VERSION_UNTIL]);
	return true;
}

/* Rule one_attachment, which the guard judges on the roster. */
static void
judge_span(Sift *sift, int ord, Findings *findings)
{
	const Guard *guard = sift->chunk->guard;
	const Candidate *candidate = &sift->candidates[sift->round[ord]];
	DateADT		since;
	DateADT		until;

	if (guard->modes[RULE_ONE_ATTACHMENT] != MODE_ENFORCE ||
		!span_of(candidate, &since, &until))
		return;
	for (int s = sift->first_span[candidate->person]; s >= 0;
		 s = sift->spans[s].next)
		if (sift->spans[s].since < until && since < sift->spans[s].until)
		{
			findings->ord = ord;
			report_violation(guard, RULE_ONE_ATTACHMENT, ATTACHMENT_SINCE,
							 "overlap", 'I', NULL, NULL, findings);
			return;
		}
}

/* Judge what the row alone decides, as the row layer does. */
static void
judge_alone(const Guard *guard, const Change *change, Findings *findings)
{
	int			ncolumns = canonical_relations[guard->kind].ncolumns;
	CanonicalRow row;
	RowChange	alone = {.projection = guard->projection,.new = &row,
	.changed = -1};

	memcpy(row.value, change->value + CHANGE_NEW, ncolumns * sizeof(Datum));
	memcpy(row.isnull, change->isnull + CHANGE_NEW, ncolumns * sizeof(bool));
	judge_row(guard, &alone, true, findings, 'I');
}

/* Judge one candidate of each person, and accept those without a finding. */
static void
sift_round(Sift *sift, Chunk *round, Findings *findings)
{
	const Guard *guard = round->guard;

	for (int i = 0; i < round->nchanges; i++)
	{
		round->changes[i].value[CHANGE_ORD] = Int32GetDatum(i);
		findings->ord = i;
		judge_alone(guard, &round->changes[i], findings);
	}
	chunk_publish(round);
	judge_chunk(round, findings);
	chunk_forget(round);
	for (int i = 0; i < round->nchanges; i++)
	{
		Candidate  *candidate = &sift->candidates[sift->round[i]];
		DateADT		since;
		DateADT		until;

		if (guard->kind == REL_ATTACHMENT)
			judge_span(sift, i, findings);
		if (candidate->refusals != NIL)
			continue;
		tuplestore_putvalues(sift->accepted->reldata, guard->desc,
							 candidate->change.value,
							 candidate->change.isnull);
		if (guard->kind == REL_ATTACHMENT &&
			span_of(candidate, &since, &until))
			add_span(sift, candidate->person, since, until);
	}
}

/* What is stored about the persons of a chunk, as far as clauses need it. */
static void
read_present(Sift *sift, Chunk *chunk, Findings *findings)
{
	Guard	   *guard = chunk->guard;
	bool		complete;
	bool		imports;
	bool	   *known;

	if (guard->kind == REL_PAYMENT)
		findings->imports = read_payees(chunk, false) && may_import(guard);
	if (!canonical_relations[guard->kind].of_person)
		return;
	known = read_persons(chunk, false, &complete, &imports);
	findings->imports = imports && may_import(guard);
	if (guard->kind != REL_ATTACHMENT)
		return;
	roster_note_versions(chunk, known);
	chunk_publish(chunk);
	roster_counted(chunk, complete, note_counted, sift);
	chunk_forget(chunk);
}

/* Judge the candidates of some persons, round by round. */
static void
sift_chunk(Sift *sift, Chunk *chunk, int n)
{
	Candidate  *candidates = sift->candidates;
	int			subject = CHANGE_NEW +
		canonical_relations[chunk->guard->kind].subject;
	Findings	findings = {.context = CurrentMemoryContext,
		.collect = note_refusal,
	.collector = sift};
	Chunk		round;

	chunk->nchanges = n;
	chunk->changes = palloc(n * sizeof(Change));
	for (int i = 0; i < n; i++)
		chunk->changes[i] = candidates[i].change;
	chunk_persons(chunk);
	sift->chunk = chunk;
	sift->first_span = palloc(chunk->npersons * sizeof(int));
	for (int i = 0; i < chunk->npersons; i++)
		sift->first_span[i] = -1;
	sift->spans = NULL;
	sift->nspans = sift->spans_allocated = 0;
	for (int i = 0; i < n; i++)
	{
		candidates[i].person = candidates[i].change.isnull[subject] ? -1 :
			place_of(chunk, candidates[i].change.value[subject]);
		candidates[i].rank = i == 0 || candidates[i].person < 0 ||
			candidates[i].person != candidates[i - 1].person ? 0 :
			candidates[i - 1].rank + 1;
	}
	read_present(sift, chunk, &findings);

	round = *chunk;
	sift->round = palloc(n * sizeof(int));
	sift->accepted->reldata = tuplestore_begin_heap(false, false, work_mem);
	round.changes = palloc(n * sizeof(Change));
	for (int rank = 0; rank == 0 || round.nchanges > 0; rank++)
	{
		round.nchanges = 0;
		for (int i = 0; i < n; i++)
			if (candidates[i].rank == rank)
			{
				sift->round[round.nchanges] = i;
				round.changes[round.nchanges++] = candidates[i].change;
			}
		if (round.nchanges > 0)
			sift_round(sift, &round, &findings);
	}
	tuplestore_end(sift->accepted->reldata);
	for (int i = 0; i < n; i++)
		tell_refusals(&candidates[i], chunk->guard->rules, sift->result);
}

/* Go through the candidates, some persons at a time. */
static void
sift_all(Guard *guard, Reader *reader, ReturnSetInfo *result)
{
	int			subject = canonical_relations[guard->kind].subject;
	EphemeralNamedRelation offered = offer_relation("chunk", guard->desc, NULL);
	Sift		sift = {.result = result,
	.accepted = offer_relation("accepted", guard->desc, NULL)};
	SubjectOrder order;
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext,
												 "osms sift",
												 ALLOCSET_DEFAULT_SIZES);

	begin_subject_order(&order, guard);
	while (peek(reader))
	{
		MemoryContext caller = MemoryContextSwitchTo(memory);
		Chunk		chunk = {.guard = guard,.order = &order,
		.offered = offered};
		int			allocated = CHUNK_PERSONS;
		int			persons = 0;
		int			n = 0;
		HeapTuple	tuple;

		sift.candidates = palloc(allocated * sizeof(Candidate));
		while ((tuple = peek(reader)) != NULL)
		{
			const Change *last = n ? &sift.candidates[n - 1].change : NULL;
			bool		isnull;
			Datum		person = heap_getattr(tuple, subject + 1,
											  reader->table->tupdesc, &isnull);

			if (last == NULL || isnull || last->isnull[CHANGE_NEW + subject] ||
				compare_subjects(&last->value[CHANGE_NEW + subject], &person,
								 &order) != 0)
			{
				if (persons == CHUNK_PERSONS)
					break;
				persons++;
			}
			if (n == allocated)
				sift.candidates = repalloc(sift.candidates, (allocated *= 2) *
										   sizeof(Candidate));
			take_candidate(&sift.candidates[n++], guard, tuple,
						   reader->table->tupdesc);
			reader->next++;
			CHECK_FOR_INTERRUPTS();
		}
		sift_chunk(&sift, &chunk, n);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(memory);
	}
	withdraw_relation("accepted");
	withdraw_relation("chunk");
	MemoryContextDelete(memory);
}

/* The guard by which sift judges, as its caller, who may read the registry. */
static Guard *
sifting_guard(const char *registry, const char *relation, const char *modes)
{
	RelationKind kind;
	Guard	   *guard;

	if (!relation_kind_of(relation, &kind) ||
		!canonical_relations[kind].guarded)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a relation with rules", relation)));
	guard = guard_of_registry(registry, kind, false);
	read_modes(guard->rules, modes, guard->modes);
	guard->registry.owner = GetUserId();
	guard->purpose = TO_SIFT;
	return guard;
}

/* sift_candidates(registry, relation, staging regclass, modes) */
Datum
osms_sift_candidates(PG_FUNCTION_ARGS)
{
	Oid			staging = PG_GETARG_OID(2);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Guard	   *guard;
	Reader		reader = {0};
	SPIPlanPtr	plan;

	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard = sifting_guard(text_to_cstring(PG_GETARG_TEXT_PP(0)),
						  text_to_cstring(PG_GETARG_TEXT_PP(1)),
						  text_to_cstring(PG_GETARG_TEXT_PP(3)));
	plan = SPI_prepare(candidate_query(guard, staging), 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s",
			 SPI_result_code_string(SPI_result));
	reader.portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	sift_all(guard, &reader, result);
	SPI_cursor_close(reader.portal);
	SPI_finish();
	return (Datum) 0;
}

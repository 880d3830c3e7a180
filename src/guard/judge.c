/*
 * judge.c
 *		Judging changes by the clauses of the rules.
 *
 * The SQL clauses of a relation are put into one query over "c", the rows to
 * judge, joined to what the clauses look at.  In a guard c is the chunk, in
 * audit (audit.c) the relation itself; the clauses are the same.
 *
 * Sift judges candidates as if they had just been inserted: to its clauses
 * the relation holds the candidates that were accepted before.
 *
 * What clauses may say is in rule/template.c.
 */
#include "guard/judge.h"

#include "catalog.h"
#include "guard/cache.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/identification.h"
#include "guard/plan.h"
#include "guard/violation.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "rule/template.h"
#include "security/owner.h"
#include "security/writer.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/*
 * What sift judges by as "present": the stored rows of the relation and the
 * candidates accepted so far.
 */
static char *
present_relation(const Guard *guard)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < shape->ncolumns; i++)
		if (OidIsValid(guard->projection->type[i]))
			appendStringInfo(&columns, "%s%s", i ? ", " : "",
							 shape->columns[i].name);
	return psprintf("WITH present AS NOT MATERIALIZED (SELECT %1$s FROM {r}.%2$s"
					" UNION ALL SELECT %1$s FROM accepted) ",
					columns.data, shape->name);
}

/*
 * The query that judges the rows of a chunk by every enabled SQL clause:
 * columns ord and one finding a clause, in the order of guard->judges, for
 * rows with a finding.  NULL where no clause is enabled.
 *
 * At a glance, long clauses only tell by an asterisk where they must be read:
 * to make them ready costs more than to judge a few rows by the rest.
 * guard->watched are bits of the columns whose change makes a clause look:
 * those it asks after, all of them where it asks after none.
 */
static char *
judge_query(Guard *guard, bool glance)
{
	const RuleSet *rules = guard->rules;
	Template	template = template_of(guard);
	StringInfoData findings;
	StringInfoData listed;
	int			n = 0;

	if (guard->judges == NULL)
		guard->judges = MemoryContextAlloc(guard->context, rules->nclauses *
										   sizeof(int));
	initStringInfo(&findings);
	initStringInfo(&listed);
	for (int i = 0; i < rules->nclauses; i++)
	{
		const Clause *clause = &rules->clause[i];
		bool		glances = glance && clause->plain;
		char	   *sql;

		template.touched = 0;
		if (clause->predicate == NULL ||
			!clause_enabled(guard, clause, false) ||
			(sql = write_text(&template, glances ? clause->plain :
							  clause->predicate)) == NULL)
			continue;
		guard->watched |= template.touched ? template.touched : -1;
		appendStringInfo(&findings, glances ?
						 ", (CASE WHEN (%s) IS NOT TRUE THEN '*' END) AS f%d" :
						 ", (%s) AS f%d", sql, n);
		appendStringInfo(&listed, "%sj.f%d", n ? ", " : "", n);
		guard->judges[n++] = i;
	}
	if (n == 0)
		return NULL;
	return psprintf("%sSELECT * FROM (SELECT c.ord%s FROM"
					" (SELECT *, false AS stored FROM chunk WHERE op <> 'D') c"
					"%s) j WHERE num_nonnulls(%s) > 0 ORDER BY 1",
					guard->purpose == TO_SIFT ? present_relation(guard) : "",
					findings.data, write_joins(&template), listed.data);
}

/* The first judgement, written once a guard. */
static char *
glance_query(Guard *guard)
{
	if (!guard->glanced)
	{
		char	   *query = judge_query(guard, true);

		guard->glance = query ? MemoryContextStrdup(guard->context, query) :
			NULL;
		guard->glanced = true;
	}
	return guard->glance;
}

static char *
closer_query(Guard *guard)
{
	return judge_query(guard, false);
}

/* Whether a clause of the guard has something to look at in a chunk. */
static bool
has_to_judge(const Chunk *chunk)
{
	Guard	   *guard = chunk->guard;

	if (glance_query(guard) == NULL)
		return false;
	for (int i = 0; i < chunk->nchanges; i++)
		if (chunk->changes[i].event != 'D' &&
			(chunk->changes[i].changed & guard->watched) != 0)
			return true;
	return false;
}

/* Judge one row by the C clauses that apply in a layer. */
void
judge_row(const Guard *guard, const RowChange *change, bool row_layer,
		  Findings *findings, char event)
{
	const CanonicalRow *row = change->new ? change->new : change->old;
	const RuleSet *rules = guard->rules;

	for (int i = 0; i < rules->nclauses; i++)
	{
		const Clause *clause = &rules->clause[i];
		const char *finding;

		/* the set layer judges by SQL what may need a look */
		if (clause->relation != guard->kind || clause->row == NULL ||
			(!row_layer && clause->predicate != NULL) ||
			!clause_enabled(guard, clause, false) ||
			(row_layer && guard->modes[clause->rule] != MODE_ENFORCE))
			continue;
		/* whether an import is under way is known in the set layer alone */
		Assert(!rules->rule[clause->rule].import);
		finding = clause->row(change);
		if (finding)
			report_violation(guard, clause->rule, clause->column, finding,
							 event, row->value, row->isnull, findings);
	}
}

/* Run a query over a published chunk; false where no clause is enabled. */
bool
run_judge(Chunk *chunk, GuardPlan plan, char *(*query) (Guard *guard),
		  SPITupleTable **table)
{
	Guard	   *guard = chunk->guard;
	Oid			types[] = {NAMEOID, get_array_type(subject_type(guard)),
	TEXTOID, NAMEOID};
	Datum		values[4];
	Oid			user;
	int			context;
	NameData	writer;
	NameData	owner;
	char	   *sql = "";

	if (guard->plans[plan] == NULL &&
		(sql = query(guard)) == NULL)
		return false;
	namestrcpy(&writer, GetUserNameFromId(writer_of(guard->source), false));
	namestrcpy(&owner, GetUserNameFromId(relation_owner(guard->source),
										 false));
	values[0] = NameGetDatum(&writer);
	values[1] = person_array(guard, chunk->persons, chunk->npersons);
	values[2] = CStringGetTextDatum(recording_fault(chunk));
	values[3] = NameGetDatum(&owner);
	as_owner_begin(guard->registry.owner, &user, &context);
	guard_execute(guard, plan, sql, lengthof(types), types, values);
	*table = SPI_tuptable;
	as_owner_end(user, context);
	return true;
}

/* Whether a glance left clauses to be read. */
static bool
look_closer(SPITupleTable *table)
{
	for (uint64 r = 0; r < table->numvals; r++)
		for (int a = 2; a <= table->tupdesc->natts; a++)
		{
			char	   *finding = SPI_getvalue(table->vals[r], table->tupdesc,
											   a);

			if (finding && finding[0] == '*')
				return true;
		}
	return false;
}

/*
 * Judge the published rows of a chunk, which begin with the one at first, by
 * the SQL clauses.  False where no clause is enabled.
 */
static bool
judge_published(Chunk *chunk, Findings *findings)
{
	Guard	   *guard = chunk->guard;
	SPITupleTable *table;

	if (!run_judge(chunk, PLAN_GLANCE, glance_query, &table))
		return false;
	if (look_closer(table))
	{
		SPI_freetuptable(table);
		run_judge(chunk, PLAN_JUDGE, closer_query, &table);
	}
	for (uint64 r = 0; r < table->numvals; r++)
	{
		TupleDesc	desc = table->tupdesc;
		bool		isnull;
		int			ord = DatumGetInt32(SPI_getbinval(table->vals[r], desc, 1,
													  &isnull));
		const Change *change = &chunk->changes[ord];

		for (int a = 2; a <= desc->natts; a++)
		{
			char	   *finding = SPI_getvalue(table->vals[r], desc, a);
			const Clause *clause =
				&guard->rules->clause[guard->judges[a - 2]];

			if (finding == NULL)
				continue;
			findings->ord = ord;
			findings->shown = change->shown;
			report_violation(guard, clause->rule, clause->column,
							 finding, change->event,
							 change->value + CHANGE_NEW,
							 change->isnull + CHANGE_NEW, findings);
		}
	}
	findings->shown = SHOWN_PERSON;
	SPI_freetuptable(table);
	return true;
}

/*
 * Judge a published chunk by the SQL clauses.  Where a few persons have many
 * rows the first of them are judged first: a refusal need not wait for the
 * rest.
 */
void
judge_chunk(Chunk *chunk, Findings *findings)
{
	int			n = chunk->nchanges;
	bool		slices = n > 2 * CHUNK_PERSONS;
	int			size = slices ? CHUNK_PERSONS / 10 : n;

	if (!has_to_judge(chunk))
		return;
	for (int first = 0; first < n; first += size, size *= 8)
	{
		if (slices)
			chunk_publish_rows(chunk, first, Min(n - first, size));
		if (!judge_published(chunk, findings))
			break;
	}
	if (slices)
		chunk_publish(chunk);
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

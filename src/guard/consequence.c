/*
 * consequence.c
 *		What follows from a change to an application or a person.
 *
 * Consequences for other relations are written through the registry, so that
 * a mapped source is written in its own terms and its own guard judges and
 * follows them.
 */
#include "guard/consequence.h"

#include "catalog.h"
#include "core/lifecycle.h"
#include "guard/cache.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/plan.h"
#include "guard/roster.h"
#include "guard/version.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "security/owner.h"
#include "security/told.h"
#include "security/writer.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

/* A newly identified application replaces those only submitted. */
static const char replaced[] =
"SELECT x.application AS key, 'replaced'::osms.application_state AS state"
" FROM (SELECT DISTINCT c.person, c.ground IS NOT DISTINCT FROM 'campaign'"
"   FROM chunk c WHERE c.state = 'identified' AND c.bits & %d <> 0)"
"  c(person, campaign)"
" CROSS JOIN LATERAL (SELECT x.application, x.ground FROM {r}.application x"
"  WHERE x.person = c.person AND x.state = 'submitted' OFFSET 0) x"
" WHERE (x.ground IS NOT DISTINCT FROM 'campaign') = c.campaign";
static const char replace[] =
"UPDATE {r}.application a SET state = e.state FROM consequence e"
" WHERE a.application %s e.key";

/* A death ends what reaches beyond it and voids what began after it. */
static const char ended_by_death[] =
"SELECT a.attachment AS key,"
" CASE WHEN a.since > c.death_date THEN a.until ELSE c.death_date + 1 END"
"  AS until,"
" CASE WHEN a.since > c.death_date THEN 'annulled'::osms.attachment_state"
"  ELSE 'closed' END AS state"
" FROM chunk c JOIN {r}.attachment a ON a.person = c.person"
" WHERE c.op <> 'D' AND c.bits & %d <> 0"
" AND a.state IN {attaching_states}"
" AND (a.since > c.death_date"
"  OR coalesce(a.until, 'infinity') > c.death_date + 1)";
static const char end_by_death[] =
"UPDATE {r}.attachment a SET until = e.until, state = e.state%s"
" FROM consequence e WHERE a.attachment %s e.key";

/* An UPDATE that writes consequences, on its way to a relation. */
typedef struct Following
{
	Guard	   *guard;
	const char *update;
	Oid			target;
	Oid			writer;			/* of what this follows from */
} Following;

static void
run_update(void *arg)
{
	const Following *f = arg;

	guard_execute(f->guard, PLAN_FOLLOW, f->update, 0, NULL, NULL);
}

/*
 * In a PG_CATCH: what the table behind a relation cannot hold is no word to
 * who wrote something else.  What a rule, a trigger or a lock says is.
 */
pg_noreturn static void
report_unkept(const Following *f, MemoryContext caller)
{
	ErrorData  *error;
	RuleId		rule;
	const char *constraint;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	FlushErrorState();
	constraint = error->constraint_name;
	if ((ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_DATA_EXCEPTION ||
		 ERRCODE_TO_CATEGORY(error->sqlerrcode) ==
		 ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) &&
		!(constraint && rule_of(f->guard->rules, constraint,
								strlen(constraint), &rule)))
	{
		error->message =
			psprintf("what follows from the statement cannot be written to relation \"%s\" of registry \"%s\": %s",
					 get_rel_name(f->target),
					 f->guard->registry.unquoted, error->message);
		if (error->hint == NULL)
			error->hint = "osms.check_registry() tells what its table refuses of what guards write: let the table hold it, or map the relation to what it holds.";
	}
	ReThrowError(error);
}

static void
follow(void *arg)
{
	const Following *f = arg;
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		write_told(run_update, arg, f->target, f->writer);
	}
	PG_CATCH();
	{
		report_unkept(f, caller);
	}
	PG_END_TRY();
}

/*
 * Write the consequences of a chunk through the registry, so that the guard
 * of the relation judges and follows them; as its owner, as RI does.
 */
static void
write_consequences(Guard *guard, RelationKind kind, const char *query,
				   const char *update)
{
	Oid			relation = guard->registry.relation[kind];
	Oid			owner = relation_owner(relation);
	Writer		as_owner = {.role = owner,.keeper = owner};
	Following	f = {.guard = guard,.update = update,.target = relation,
	.writer = writer_of(guard->source)};
	Tuplestorestate *store;
	SPITupleTable *table;
	uint64		n = guard_execute(guard, PLAN_CONSEQUENCES, query, 0, NULL,
								  NULL);

	table = SPI_tuptable;
	if (n == 0)
	{
		SPI_freetuptable(table);
		return;
	}
	store = tuplestore_begin_heap(false, false, work_mem);
	for (uint64 r = 0; r < n; r++)
		tuplestore_puttuple(store, table->vals[r]);
	offer_relation("consequence", table->tupdesc, store);
	(void) write_as(owner, relation, as_owner, follow, &f);
	withdraw_relation("consequence");
	tuplestore_end(store);
	SPI_freetuptable(table);
	if (guard_execute(guard, PLAN_CONSEQUENCES, query, 0, NULL, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("relation \"%s\" of registry \"%s\" has not kept what follows from the statement",
						canonical_relations[kind].name,
						guard->registry.unquoted),
				 errhint("Let no trigger of the table behind it skip rows that guards write, or set their columns back.")));
	SPI_freetuptable(SPI_tuptable);
}

/* Applications: those only submitted give way to one that is identified. */
void
follow_applications(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	int			state = CHANGE_NEW + APPLICATION_STATE;
	bool		identified = false;

	for (int i = 0; i < chunk->nchanges && !identified; i++)
	{
		const Change *change = &chunk->changes[i];

		identified = change->event != 'D' &&
			(change->changed & COLUMN_BIT(APPLICATION_STATE)) != 0 &&
			!change->isnull[state] &&
			DatumGetChar(change->value[state]) == APPLICATION_IDENTIFIED;
	}
	if (identified && guard->modes[RULE_ONE_OPEN_APPLICATION] != MODE_OFF)
		write_consequences(guard, REL_APPLICATION,
						   psprintf(replaced, COLUMN_BIT(APPLICATION_STATE)),
						   psprintf(replace,
									equality_of(guard->projection->type[APPLICATION_APPLICATION])));
}

/* Corrected birth dates and sexes: the versions of the persons follow. */
static void
correct_persons(Chunk *chunk)
{
	static const char correct_person[] =
		"WITH ended AS (UPDATE {r}.roster r SET known_to = " ENDED_NOW
		"  FROM " VERSIONS_OF("true", "x.person = c.person") " c"
		"  WHERE r.ctid = c.version AND (r.birth_date IS DISTINCT FROM c.birth_date"
		"    OR r.sex IS DISTINCT FROM c.sex)"
		"  RETURNING r.*, c.birth_date AS new_birth_date, c.sex AS new_sex)"
		" INSERT INTO {r}.roster (" ROSTER_COLUMNS ")"
		" SELECT attachment, person, organisation, site, since, until,"
		"  new_birth_date, new_sex, basis, mark, known_to, 'infinity' FROM ended";

	guard_execute(chunk->guard, PLAN_CORRECT_PERSON, correct_person, 0, NULL,
				  NULL);
}

/* Whether an UPDATE among the changes touched a column. */
static bool
updated(const Chunk *chunk, int bits)
{
	for (int i = 0; i < chunk->nchanges; i++)
		if (chunk->changes[i].event == 'U' &&
			(chunk->changes[i].changed & bits) != 0)
			return true;
	return false;
}

/* Enter persons, who are locked, anew into the roster. */
static void
enter_from_source(Guard *guard, Datum *persons, int n)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	roster_enter_persons(guard_of_registry(guard->registry.unquoted,
										   REL_ATTACHMENT, false),
						 persons, n);
	SPI_finish();
}

/*
 * A death that is taken back, or comes later, opens no attachment that was
 * closed; but what the source never closed counts again.
 */
static void
revive(Chunk *chunk)
{
	const int	new = CHANGE_NEW + PERSON_DEATH_DATE;
	const int	old = CHANGE_OLD(REL_PERSON) + PERSON_DEATH_DATE;
	Datum	   *persons = palloc(chunk->nchanges * sizeof(Datum));
	int			n = 0;

	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];

		if (change->event == 'U' && !change->isnull[old] &&
			(change->isnull[new] || DatumGetDateADT(change->value[new]) >
			 DatumGetDateADT(change->value[old])))
			persons[n++] = change->value[CHANGE_NEW + PERSON_PERSON];
	}
	if (n > 0)
		enter_from_source(chunk->guard, persons, n);
}

/*
 * Persons whom attachments named before anybody knew them now count where
 * they are attached.
 */
static void
enter_new_persons(Chunk *chunk)
{
	static const char held[] =
		"SELECT 1 FROM chunk c WHERE c.op = 'I' AND EXISTS"
		" (SELECT FROM {r}.attachment a WHERE a.person = c.person) LIMIT 1";
	uint64		n = guard_execute(chunk->guard, PLAN_HELD, held, 0, NULL,
								  NULL);

	SPI_freetuptable(SPI_tuptable);
	if (n > 0)
		enter_from_source(chunk->guard, chunk->persons, chunk->npersons);
}

/* Whether persons of the chunk are now recorded as dead. */
static bool
records_death(const Chunk *chunk)
{
	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];

		if (change->event != 'D' &&
			(change->changed & COLUMN_BIT(PERSON_DEATH_DATE)) != 0 &&
			!change->isnull[CHANGE_NEW + PERSON_DEATH_DATE])
			return true;
	}
	return false;
}

/*
 * Persons: a death closes attachments, corrected data add roster versions.
 */
void
follow_persons(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	Oid			attachment = guard->registry.relation[REL_ATTACHMENT];
	Projection *p;

	if (updated(chunk, COLUMN_BIT(PERSON_BIRTH_DATE) | COLUMN_BIT(PERSON_SEX)))
		correct_persons(chunk);
	if (!OidIsValid(attachment))
		return;
	enter_new_persons(chunk);
	if (updated(chunk, COLUMN_BIT(PERSON_DEATH_DATE)))
		revive(chunk);
	if (!records_death(chunk))
		return;
	p = make_projection(REL_ATTACHMENT, attachment);
	write_consequences(guard, REL_ATTACHMENT,
					   psprintf(ended_by_death, COLUMN_BIT(PERSON_DEATH_DATE)),
					   psprintf(end_by_death,
								p->mapped & COLUMN_BIT(ATTACHMENT_REASON) ?
								", reason = 'death'" : "",
								equality_of(p->type[ATTACHMENT_ATTACHMENT])));
}

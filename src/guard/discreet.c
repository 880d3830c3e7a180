/*
 * discreet.c
 *		What a writer is told who may not read whom the registry knows.
 *
 * A stranger is a role that may read neither the persons nor the roster.
 * What the rules find about a person is nothing to him until he has shown
 * that he deals with that person: an attachment by its basis, an application
 * by its identification, an identification by the channel whose writer he is.
 * So his rows are asked for that first, before anybody is locked: a row that
 * shows nothing is refused by that alone, and the same whether its person is
 * unknown, dead, attached elsewhere or none of it.  A filing, which anybody
 * may send, is taken as it is, and its person looked at when it is
 * identified.
 *
 * That a row lies before the cut-over day shows nothing; the past is loaded
 * by who may read it, as the owner of a guarded table may.
 */
#include "guard/guard.h"

#include "rule/law_application.h"
#include "rule/law_order.h"

#include "utils/builtins.h"

/* An order shows something of the persons whom its scope tells apart. */
#define NAMED_BY_ORDER \
	IN_SCOPE_BY("(SELECT y.region FROM {r}.person y" \
				" WHERE y.person = c.person)", \
				"num_nonnulls(z.person, z.from_organisation, z.region) > 0")

#define ATTACHMENT_SHOWN(order) \
	"CASE WHEN c.op = 'U'" \
	"  AND NOT {touched:application,order_key,restores,organisation}" \
	"  AND (NOT {touched:person} OR {merged:person}) THEN NULL" \
	" WHEN num_nonnulls(c.application, c.order_key, c.restores) > 1" \
	"  THEN 'several_bases'" \
	BASIS_APPLICATION(APPLICATION_USED, MOVED) \
	" WHEN c.order_key IS NOT NULL THEN CASE" \
	"  WHEN (" order ") IS NOT TRUE THEN 'no_basis' END" \
	BASIS_RESTORES(RESTORED) \
	" ELSE 'no_basis' END"

#define APPLICATION_SHOWN \
	"CASE WHEN c.op = 'U' AND NOT {touched:state,person} THEN NULL" \
	" WHEN NOT " HAD_TO_BE_IDENTIFIED " THEN 'filed'" \
	" WHEN NOT EXISTS (SELECT" COUNTING_EVENTS ")" \
	"  THEN 'not_identified' END"
/* Where nothing identifies anybody, what goes beyond a filing shows enough. */
#define APPLICATION_FILED \
	"CASE WHEN (c.op <> 'U' OR {touched:state,person})" \
	" AND NOT " HAD_TO_BE_IDENTIFIED " THEN 'filed' END"

/* Where a channel has no writer, who may write it shows nothing. */
#define IDENTIFICATION_SHOWN \
	"CASE WHEN c.op = 'U' AND NOT {touched:person} THEN NULL" \
	" ELSE nullif(coalesce((SELECT CASE WHEN h.writer IS NULL THEN 'filed'" \
	"   WHEN pg_has_role($1, h.writer, 'USAGE') THEN ''" \
	"   ELSE 'writer_without_channel' END FROM osms.channel h" \
	"   WHERE h.channel = c.channel" \
	"    AND h.valid_from <= (now() AT TIME ZONE s.time_zone)::date" \
	"   ORDER BY h.valid_from DESC, h.known_from DESC LIMIT 1), 'filed')," \
	"  '') END"

/* By which rule a row of each relation shows its person, and what it lacks. */
static const struct
{
	RuleId		rule;
	int			column;
	const char *finding;
}			shown_by[REL_KINDS] =
{
	[REL_ATTACHMENT] = {RULE_BASIS, ATTACHMENT_APPLICATION, "no_basis"},
	[REL_APPLICATION] = {RULE_IDENTIFIED, APPLICATION_STATE, "not_identified"},
	[REL_IDENTITY_EVENT] = {RULE_IDENTIFIED, EVENT_EVENT,
	"writer_without_channel"},
};

/* Whether a role may read all rows of a relation, or of the table behind it. */
static bool
may_see(Oid user, Oid relation)
{
	Oid			source;

	if (!OidIsValid(relation))
		return false;
	if (may_read(relation, user))
		return true;
	source = mapped_source(relation);
	return OidIsValid(source) && may_read(source, user);
}

/* Whether who writes a guarded table may not read whom the registry knows. */
bool
is_stranger(const Guard *guard)
{
	Oid			user = writer_of(guard->source);
	const Registry *registry = &guard->registry;

	return !may_see(user, registry->relation[REL_PERSON]) ||
		!(may_read(registry->roster, user) ||
		  may_see(user, registry->relation[REL_ATTACHMENT]));
}

/* Whether a stranger may read what a basis rests on. */
static bool
reads_bases(const Guard *guard)
{
	Oid			user = writer_of(guard->source);

	return may_see(user, guard->registry.relation[REL_APPLICATION]) &&
		may_see(user, guard->registry.relation[REL_ATTACHMENT]);
}

/*
 * A finding as a stranger is told it: which application, attachment or event
 * of whom exists is not to be tried out.
 */
const char *
discreet_finding(const Guard *guard, RuleId rule, const char *finding)
{
	if (rule == RULE_BASIS && strcmp(finding, "several_bases") != 0 &&
		!reads_bases(guard))
		return shown_by[REL_ATTACHMENT].finding;
	if (guard->kind == REL_ATTACHMENT_EVENT &&
		(strcmp(finding, "opening_of_another_person") == 0 ||
		 strcmp(finding, "not_an_opening") == 0) &&
		!may_see(writer_of(guard->source), guard->source))
		return "unknown_opening";
	return finding;
}

/*
 * What is told in place of a finding about a row that shows nothing: true
 * where it is another rule, in the arguments; false where nothing is.
 */
bool
veil_finding(const Guard *guard, Shown shown, bool refuses, RuleId *rule,
			 int *column, const char **finding)
{
	if (!refuses || shown == SHOWN_FILED)
		return false;
	*rule = shown_by[guard->kind].rule;
	*column = shown_by[guard->kind].column;
	*finding = shown_by[guard->kind].finding;
	return true;
}

/* Whether the rule by which rows show their person judges here. */
static bool
shows(const Guard *guard)
{
	for (int i = 0; i < nclauses; i++)
		if (clauses[i].rule == shown_by[guard->kind].rule &&
			clauses[i].relation == guard->kind)
			return clause_applies(&clauses[i], guard->projection->mapped,
								  &guard->registry);
	return false;
}

/* Whether strangers' rows without what they must show are refused at once. */
bool
refuses_unshown(const Guard *guard)
{
	return shows(guard) &&
		guard->modes[shown_by[guard->kind].rule] == MODE_ENFORCE;
}

/* The query that tells which rows of a chunk show nothing, and why. */
static char *
shown_query(const Guard *guard)
{
	const int	orders = RELATION_BIT(REL_AUTHORITY_ORDER) |
		RELATION_BIT(REL_ORDER_SCOPE);
	const char *sql;

	if (guard->kind == REL_IDENTITY_EVENT)
		sql = IDENTIFICATION_SHOWN;
	else if (guard->kind == REL_APPLICATION)
		sql = shows(guard) ? APPLICATION_SHOWN : APPLICATION_FILED;
	else if ((guard->registry.relations & orders) == orders)
		sql = ATTACHMENT_SHOWN(NAMED_BY_ORDER);
	else
		sql = ATTACHMENT_SHOWN("false");
	return psprintf("SELECT * FROM (SELECT c.ord, %s FROM (SELECT *,"
					" false AS stored FROM chunk WHERE op <> 'D') c%s)"
					" j(ord, finding) WHERE finding IS NOT NULL ORDER BY 1",
					write_clause(guard, sql),
					write_joins(guard, joins_needed(sql)));
}

/* Note of a change that it shows nothing, and tell the rule that misses it. */
static void
note_unshown(const Guard *guard, Change *change, const char *finding,
			 Findings *findings)
{
	if (strcmp(finding, "filed") == 0)
	{
		change->shown = SHOWN_FILED;
		return;
	}
	change->shown = SHOWN_NOTHING;
	if (shows(guard) && guard->modes[shown_by[guard->kind].rule] > MODE_AUDIT)
		found(guard, shown_by[guard->kind].rule, shown_by[guard->kind].column,
			  finding, change->event, change->value + CHANGE_NEW,
			  change->isnull + CHANGE_NEW, findings);
}

/* Errors: 42501 for a merge, which would tell of two persons. */
static void
refuse_merge(const Guard *guard)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to merge persons of registry \"%s\"",
					guard->registry.unquoted),
			 errhint("Who merges persons must be able to read the registry's relations \"person\" and \"roster\".")));
}

/*
 * See which rows of a stranger's chunk show that he deals with their person,
 * before the persons are read; those that have to and do not are refused.
 * Runs as the user of the statement.
 */
void
see_what_is_shown(Chunk *chunk, Findings *findings)
{
	Guard	   *guard = chunk->guard;
	SPITupleTable *table;

	if (guard->kind == REL_PERSON_ALIAS)
		refuse_merge(guard);
	if (guard->kind != REL_ATTACHMENT && guard->kind != REL_APPLICATION &&
		guard->kind != REL_IDENTITY_EVENT)
		return;
	if (guard->kind == REL_ATTACHMENT && !shows(guard))
	{
		for (int i = 0; i < chunk->nchanges; i++)
			if (chunk->changes[i].event == 'I')
				chunk->changes[i].shown = SHOWN_NOTHING;
		return;
	}
	for (int first = 0, n = CHUNK_PERSONS / 10; first < chunk->nchanges;
		 first += n, n *= 8)
	{
		chunk_publish_rows(chunk, first, Min(n, chunk->nchanges - first));
		run_judge(chunk, PLAN_SHOWN, shown_query, &table);
		for (uint64 r = 0; r < table->numvals; r++)
		{
			bool		isnull;
			int			ord = DatumGetInt32(SPI_getbinval(table->vals[r],
														  table->tupdesc, 1,
														  &isnull));

			note_unshown(guard, &chunk->changes[ord],
						 SPI_getvalue(table->vals[r], table->tupdesc, 2),
						 findings);
		}
		SPI_freetuptable(table);
	}
}

/* Whether a chunk is nothing but filings, which touch nobody. */
bool
only_files(const Chunk *chunk)
{
	for (int i = 0; i < chunk->nchanges; i++)
		if (chunk->changes[i].event != 'I' ||
			chunk->changes[i].shown != SHOWN_FILED)
			return false;
	return true;
}

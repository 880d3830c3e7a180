/*
 * shown.c
 *		Which rows of a stranger show that he deals with their person.
 *
 * See discreet.c.
 */
#include "guard/shown.h"

#include "guard/chunk.h"
#include "guard/discreet.h"
#include "guard/guard.h"
#include "guard/judge.h"
#include "guard/violation.h"
#include "registry/registry.h"
#include "rule/law_application.h"
#include "rule/law_order.h"
#include "rule/rule.h"

#include "executor/spi.h"

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
		report_violation(guard, shown_by[guard->kind].rule,
						 shown_by[guard->kind].column, finding, change->event,
						 change->value + CHANGE_NEW,
						 change->isnull + CHANGE_NEW, findings);
}

/* Errors: 42501 for a merge, which would tell of two persons. */
pg_noreturn static void
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

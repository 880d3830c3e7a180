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
#include "guard/plan.h"
#include "guard/violation.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "rule/template.h"

#include "executor/spi.h"

/*
 * The query that tells which rows of a chunk show nothing, and why, by
 * definitions of the rules.
 */
static char *
shown_query(Guard *guard)
{
	const int	orders = RELATION_BIT(REL_AUTHORITY_ORDER) |
		RELATION_BIT(REL_ORDER_SCOPE);
	Template	template = template_of(guard);
	const char *shown;
	char	   *sql;

	if (guard->kind == REL_IDENTITY_EVENT)
		shown = "{identification_shown}";
	else if (guard->kind == REL_APPLICATION)
		shown = shows(guard) ? "{application_shown}" : "{application_filed}";
	else if ((guard->registry.relations & orders) == orders)
		shown = "{attachment_shown: {named_by_order}}";
	else
		shown = "{attachment_shown: false}";
	sql = write_text(&template, shown);
	return psprintf("SELECT * FROM (SELECT c.ord, %s FROM (SELECT *,"
					" false AS stored FROM chunk WHERE op <> 'D') c%s)"
					" j(ord, finding) WHERE finding IS NOT NULL ORDER BY 1",
					sql, write_joins(&template));
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

/*
 * site_norm.c
 *		Sites with more persons than their norm: rule site_norm.
 *
 * A site is counted once a statement, when the roster has followed all of it,
 * and not for each of its rows.  It is not locked: the rule is not there to
 * refuse, and two sessions at the last place may both go unwarned.
 */
#include "guard/site_norm.h"

#include "guard/cache.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/plan.h"
#include "guard/violation.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "security/owner.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

/* What is noted of a row: the columns of the attachment, in this order. */
static const int noted[] = {
	ATTACHMENT_ORGANISATION, ATTACHMENT_SITE, ATTACHMENT_SINCE,
	ATTACHMENT_ATTACHMENT
};

static const char full_sites[] =
"SELECT g.rows, g.attachment FROM (SELECT w.organisation, w.site,"
"   max(w.since) AS day, count(*) AS rows,"
"   (array_agg(w.attachment))[1] AS attachment FROM sited w GROUP BY 1, 2) g"
" CROSS JOIN LATERAL (SELECT x.norm FROM {r}.site x"
"  WHERE x.organisation = g.organisation AND x.site = g.site"
"   AND x.valid_from <= g.day"
"  ORDER BY x.valid_from DESC, x.known_from DESC NULLS LAST LIMIT 1) n"
" WHERE n.norm < (SELECT count(*) FROM {r}.roster h"
"  WHERE h.organisation = g.organisation AND h.site = g.site"
"   AND h.known_to = 'infinity' AND h.mark <> 'excused'"
"   AND h.since <= g.day AND h.until > g.day)";

/* Note the sites to which a chunk attaches persons. */
void
note_sites(Chunk *chunk, Findings *findings)
{
	const int	touched = COLUMN_BIT(ATTACHMENT_ORGANISATION) |
		COLUMN_BIT(ATTACHMENT_SITE);
	const int	mark = CHANGE_EXTRA(REL_ATTACHMENT) + VERSION_MARK;
	Guard	   *guard = chunk->guard;
	MemoryContext caller;

	if (!judges_by(guard, RULE_SITE_NORM))
		return;
	caller = MemoryContextSwitchTo(findings->context);
	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];
		Datum		values[lengthof(noted)];
		bool		nulls[lengthof(noted)];

		if ((change->changed & touched) == 0 || change->isnull[mark] ||
			change->isnull[CHANGE_NEW + ATTACHMENT_SITE])
			continue;
		if (findings->sites == NULL)
		{
			findings->sites = tuplestore_begin_heap(false, false, work_mem);
			findings->site_desc = CreateTemplateTupleDesc(lengthof(noted));
			for (int c = 0; c < (int) lengthof(noted); c++)
			{
				TupleDescInitEntry(findings->site_desc, c + 1,
								   canonical_relations[REL_ATTACHMENT].columns[noted[c]].name,
								   guard->projection->type[noted[c]], -1, 0);
				TupleDescInitEntryCollation(findings->site_desc, c + 1,
											guard->projection->collation[noted[c]]);
			}
		}
		for (int c = 0; c < (int) lengthof(noted); c++)
		{
			values[c] = change->value[CHANGE_NEW + noted[c]];
			nulls[c] = change->isnull[CHANGE_NEW + noted[c]];
		}
		tuplestore_putvalues(findings->sites, findings->site_desc, values,
							 nulls);
	}
	MemoryContextSwitchTo(caller);
}

/* Judge the sites that the statement has filled. */
void
judge_sites(Guard *guard, Findings *findings)
{
	Oid			user;
	int			context;
	uint64		n;
	SPITupleTable *table;

	if (findings->sites == NULL)
		return;
	if (guard->kind == REL_ATTACHMENT_EVENT)
		guard = guard->attachments;
	offer_relation("sited", findings->site_desc, findings->sites);
	as_owner_begin(guard->registry.owner, &user, &context);
	n = guard_execute(guard, PLAN_FULL_SITES, full_sites, 0, NULL, NULL);
	table = SPI_tuptable;
	as_owner_end(user, context);
	withdraw_relation("sited");
	for (uint64 r = 0; r < n; r++)
	{
		bool		isnull;
		int64		rows = DatumGetInt64(SPI_getbinval(table->vals[r],
													   table->tupdesc, 1,
													   &isnull));
		Datum		key = SPI_getbinval(table->vals[r], table->tupdesc, 2,
										&isnull);

		report_violation(guard, RULE_SITE_NORM, ATTACHMENT_SITE, "over_norm",
						 'U', &key, &isnull, findings);
		count_more(findings, RULE_SITE_NORM, rows - 1);
	}
	SPI_freetuptable(table);
	tuplestore_end(findings->sites);
}

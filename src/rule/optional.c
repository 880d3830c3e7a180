/*
 * optional.c
 *		Parts of clauses that hang on a relation a registry may lack.
 *
 * With the relation the part looks into it, without it makes do.
 */
#include "rule/optional.h"

#include "registry/open.h"
#include "registry/registry.h"
#include "rule/law_application.h"

static const struct
{
	const char *name;			/* {name}, or {name:x}, which puts x for %1$s */
	RelationKind relation;
	const char *with;
	const char *without;
}			optional_parts[] =
{
	/* the clerk of event e is known on its day */
	{"clerk_known", REL_CLERK,
		"EXISTS (SELECT FROM {r}.clerk k WHERE k.clerk = e.clerk"
		" AND (h.clerk_role IS NULL OR k.role = h.clerk_role)"
		" AND (k.valid_from IS NULL OR k.valid_from"
		"  <= (e.at AT TIME ZONE s.time_zone)::date))",
	"true"},
	{"order_known", REL_AUTHORITY_ORDER, "ao.order_key IS NOT NULL", "false"},
	/* person column x follows recorded merges, or goes back when undone */
	{"merged", REL_PERSON_ALIAS,
		"(c.%1$s IN {heirs:c.old_%1$s} OR EXISTS"
		" (SELECT FROM {r}.person_alias y"
		"  WHERE y.old = c.%1$s AND y.new = c.old_%1$s"
		"   AND y.undone_at IS NOT NULL))",
	"false"},
	/* whom x is now, as far as merges stand */
	{"heirs", REL_PERSON_ALIAS,
		"(WITH RECURSIVE heir AS (SELECT y.new FROM {r}.person_alias y"
		"  WHERE y.old = %1$s AND y.undone_at IS NULL"
		" UNION SELECT y.new FROM heir JOIN {r}.person_alias y"
		"  ON y.old = heir.new AND y.undone_at IS NULL)"
		" SELECT heir.new FROM heir)",
	"(%1$s)"},
	/* where identifications of application ap have moved, one still counts */
	{"identified_still", REL_IDENTITY_EVENT,
		"(NOT EXISTS (SELECT FROM {r}.moved m"
		"  WHERE m.relation = 'identity_event' AND m.application = "
		KEY_OF("ap.application") ") OR EXISTS (SELECT" ADMITTED_EVENTS
		"  AND e.application = ap.application AND " IDENTIFIES("e", "ap") "))",
	"true"},
	{"merged_away", REL_PERSON_ALIAS,
		"EXISTS (SELECT FROM {r}.person_alias y"
		" WHERE y.old = c.person AND y.undone_at IS NULL)",
	"false"},
	{"not_merged", REL_PERSON_ALIAS, "gone.person IS NULL", "true"},
	/* numbers that several persons have, of whom none is another */
	{"shared", REL_PERSON_ALIAS,
		" LEFT JOIN (SELECT x.iin FROM {r}.person x WHERE x.iin IS NOT NULL"
		"  AND NOT EXISTS (SELECT FROM {r}.person_alias y"
		"   WHERE y.old = x.person AND y.undone_at IS NULL)"
		"  GROUP BY x.iin HAVING count(*) > 1) shared ON shared.iin = c.iin",
		" LEFT JOIN (SELECT x.iin FROM {r}.person x WHERE x.iin IS NOT NULL"
	"  GROUP BY x.iin HAVING count(*) > 1) shared ON shared.iin = c.iin"},
	/* since when residences of the person are known, and where if all in one */
	{"home", REL_RESIDENCE,
		" LEFT JOIN (SELECT x.person, min(x.valid_from) AS since, CASE"
		"  WHEN count(*) = count(x.region) AND min(x.region) = max(x.region)"
		"  THEN min(x.region) END AS region FROM {r}.residence x"
		"  GROUP BY x.person) home ON home.person = c.person",
	" CROSS JOIN (SELECT NULL::date AS since, NULL::text AS region) home"},
	{"channel", REL_APPLICATION, "ap.channel", "NULL::text"},
	{"ground", REL_APPLICATION, "ap.ground", "NULL::text"},
	{"applicant", REL_APPLICATION, "ap.applicant", "c.person"},
	/* the row's organisation is x, or has succeeded it by the first day */
	{"follows", REL_ORGANISATION_SUCCESSION,
		"(c.organisation = %1$s OR c.organisation IN (WITH RECURSIVE heir AS"
		" (SELECT y.new, y.day FROM {r}.organisation_succession y"
		"   WHERE y.old = %1$s AND y.day <= c.since"
		"  UNION SELECT y.new, y.day FROM heir"
		"   JOIN {r}.organisation_succession y"
		"   ON y.old = heir.new AND y.day BETWEEN heir.day AND c.since)"
		" SELECT heir.new FROM heir))",
	"c.organisation = %1$s"},
	{"residence", REL_RESIDENCE, "{r}.residence",
		"(SELECT c.person, NULL::text AS region, NULL::text AS kind,"
	" NULL::date AS valid_from WHERE false)"},
	{"region_succession", REL_REGION_SUCCESSION, "{r}.region_succession",
		"(SELECT NULL::text AS old, NULL::text AS new, NULL::date AS day"
	" WHERE false)"},
};

/* Write an optional part for this registry; NULL where there is none. */
char *
write_optional(const Registry *registry, const char *part, int length)
{
	for (int i = 0; i < (int) lengthof(optional_parts); i++)
	{
		int			n = strlen(optional_parts[i].name);
		const char *sql;

		if (length < n || strncmp(part, optional_parts[i].name, n) != 0 ||
			!(length == n || part[n] == ':'))
			continue;
		sql = OidIsValid(registry->relation[optional_parts[i].relation]) ?
			optional_parts[i].with : optional_parts[i].without;
		return psprintf(sql, length > n ?
						pnstrdup(part + n + 1, length - n - 1) : "");
	}
	return NULL;
}

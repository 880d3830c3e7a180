/*
 * law_place.h
 *		The law about places: contracts of organisations, territories, stays.
 *
 * Predicates in SQL for the table in clause.c; judge.c tells what they may
 * refer to.
 */
#ifndef OSMS_LAW_PLACE_H
#define OSMS_LAW_PLACE_H

#include "rule/law_attachment.h"

/* Nothing that is known later says something else of contract x. */
#define SAID_LAST(x) \
	"NOT EXISTS (SELECT FROM {r}.contract l" \
	" WHERE l.organisation = " x ".organisation" \
	"  AND l.valid_from = " x ".valid_from" \
	"  AND coalesce(l.known_from > " x ".known_from," \
	"   l.known_from IS NOT NULL))"

/*
 * The contract that holds on the first day; set_trigger.c has locked the
 * contracts of these organisations, so that none ends meanwhile.
 */
#define CONTRACTED \
	"CASE WHEN {touched:organisation,since} AND c.since IS NOT NULL" \
	" AND c.state IS DISTINCT FROM 'annulled'" \
	" AND NOT EXISTS (SELECT FROM {r}.contract k" \
	"  WHERE k.organisation = c.organisation AND k.valid_from <= c.since" \
	"   AND (k.valid_to IS NULL OR k.valid_to > c.since)" \
	"   AND " SAID_LAST("k") ")" \
	" THEN 'no_contract' END"

/* In audit: the days on which each organisation has a contract. */
#define CONTRACTS \
	"(SELECT k.organisation," \
	"  range_agg(daterange(k.valid_from, k.valid_to)) AS days" \
	" FROM {r}.contract k WHERE " SAID_LAST("k") \
	"  AND k.valid_from < coalesce(k.valid_to, 'infinity')" \
	" GROUP BY k.organisation)"
#define CONTRACTED_AT_ONCE "c.since <@ contracts.days"

/*
 * Where a person lives on a day: of each kind the newest residence, and where
 * there is none the region in the person's own row, which has no date.
 */
#define RESIDENCES(who, whose_region, day) \
	"(SELECT x.region, x.kind, x.valid_from FROM (SELECT DISTINCT ON (x.kind)" \
	"   x.region, x.kind, x.valid_from FROM {residence} x" \
	"   WHERE x.person = " who " AND x.valid_from <= " day \
	"   ORDER BY x.kind, x.valid_from DESC) x" \
	"  UNION ALL SELECT " whose_region ", NULL, '-infinity' WHERE NOT EXISTS" \
	"  (SELECT FROM {residence} x WHERE x.person = " who \
	"   AND x.valid_from <= " day "))"

/* Somebody who lives there lives in the territory of organisation st. */
#define LIVES_IN(residences, st) \
	"EXISTS (SELECT FROM " residences " d WHERE d.region = " st ".region" \
	"  OR d.region = ANY (" st ".neighbours))"

/*
 * What a region was renamed to or split into since somebody wrote it down is
 * still the same place.
 */
#define RENAMED(residences, day, st) \
	"(WITH RECURSIVE home(region, known) AS (" \
	"  SELECT d.region, d.valid_from FROM " residences " d" \
	"  UNION SELECT z.new, home.known FROM home JOIN {region_succession} z" \
	"   ON z.old = home.region AND z.day <= " day " AND z.day > home.known)," \
	" served(region) AS (" \
	"  SELECT unnest(" st ".region || " st ".neighbours)" \
	"  UNION SELECT z.new FROM served JOIN {region_succession} z" \
	"   ON z.old = served.region AND z.day <= " day \
	"   AND z.day > " st ".valid_from)" \
	" SELECT EXISTS (SELECT FROM home JOIN served" \
	"  ON served.region = home.region))"

/*
 * age() lets those born on 29 February be six on 1 March; before 17 it fails
 * on what is no day, as a date reads that nobody can read.
 */
#define SMALL_CHILD(day) \
	"CASE WHEN isfinite(p.birth_date) AND isfinite(" day ")" \
	" THEN extract(year FROM age(" day ", p.birth_date))" \
	"  < osms.parameter_on('actual_residence_age', " day ")::int END"

/*
 * Whether the person lives in the territory of the organisation on a day, by
 * its status st.  The pregnant and small children go where they actually
 * live, and a newborn where the parent who applies lives; where the registry
 * does not know that, it is a doubt.
 */
#define TERRITORY(day, st) \
	TERRITORY_OF(RESIDENCES("c.person", "p.region", day), day, st)
#define TERRITORY_OF(residences, day, st) \
	"CASE WHEN " st ".region IS NULL" \
	"  THEN '?unknown_region_of_organisation'" \
	" WHEN " LIVES_IN(residences, st) " THEN NULL" \
	" WHEN NOT EXISTS (SELECT FROM " residences " d" \
	"  WHERE d.region IS NOT NULL) THEN CASE" \
	"  WHEN {channel} = 'maternity' AND " \
	LIVES_IN(RESIDENCES("{applicant}", "(SELECT y.region FROM {r}.person y" \
						" WHERE y.person = {applicant})", day), st) \
	"   THEN NULL ELSE '?unknown_residence' END" \
	" WHEN " RENAMED(residences, day, st) " THEN NULL" \
	" WHEN ({ground} = 'pregnancy' OR " SMALL_CHILD(day) ")" \
	"  AND NOT EXISTS (SELECT FROM " residences " d WHERE d.kind = 'actual')" \
	"  THEN '?unknown_actual_residence'" \
	" ELSE 'other_territory' END"

#define SAME_TERRITORY_PLAIN \
	"NOT {touched:organisation,since} OR " \
	LIVES_IN(RESIDENCES("c.person", "p.region", "c.since"), "st")

/* Who is moved by an order, or given back what he had, has not chosen. */
#define SAME_TERRITORY \
	"CASE WHEN NOT {touched:organisation,since} OR c.since IS NULL" \
	"  OR p.person IS NULL OR c.state = 'annulled'" \
	"  OR c.order_key IS NOT NULL" \
	"  OR c.restores IS NOT NULL" \
	"  OR {ground} IN ('order', 'institution') THEN NULL" \
	" ELSE " TERRITORY("c.since", "st") " END"

/*
 * In audit: who lives in the territory of status st by the region where all
 * residences of the person lie.
 */
#define HOME(day) \
	"CASE WHEN home.since <= " day " THEN home.region ELSE p.region END"
#define AT_HOME(day, st) \
	"(" HOME(day) " = " st ".region OR " HOME(day) " = ANY (" st ".neighbours))"
#define SAME_TERRITORY_AT_ONCE AT_HOME("c.since", "st")

/* In audit: the status of the organisation of c on a day. */
#define STATUS_ON(day, st) \
	" LEFT JOIN (SELECT x.organisation, x.region, x.neighbours, x.valid_from," \
	"  lead(x.valid_from) OVER (PARTITION BY x.organisation" \
	"   ORDER BY x.valid_from, x.known_from NULLS FIRST) AS next" \
	"  FROM {r}.organisation_status x WHERE x.valid_from IS NOT NULL) " st \
	" ON " st ".organisation = c.organisation AND " st ".valid_from <= " day \
	"  AND (" st ".next > " day ") IS NOT FALSE"

/* Of those still attached, who lived in the territory and does no more. */
#define LOST_TERRITORY \
	"CASE WHEN c.state IN ('active', 'suspect') AND c.since <= " TODAY \
	" AND (c.until IS NULL OR c.until > " TODAY ")" \
	" AND (" TERRITORY(TODAY, "lt") ") = 'other_territory'" \
	" AND (" TERRITORY("c.since", "st") ") IS NULL THEN 'moved_away' END"
#define LOST_TERRITORY_AT_ONCE AT_HOME(TODAY, "lt")

/* The last day of the stay is the last day of the attachment. */
#define STAY \
	"CASE WHEN ({touched:since} OR {extended})" \
	" AND c.state IS DISTINCT FROM 'annulled'" \
	" AND coalesce(c.until, 'infinity') > p.stay_until + 1" \
	" THEN 'beyond_stay' END"

/* Since when it is under suspicion the roster knows. */
#define SUSPECT_TERM \
	"CASE WHEN c.state = 'suspect' THEN (SELECT CASE WHEN" \
	"  d.day + osms.parameter_on('suspect_term_days', d.day)::int < " TODAY \
	"  THEN 'suspect_too_long' END FROM" \
	"  (SELECT (min(x.known_from) AT TIME ZONE s.time_zone)::date" \
	"   FROM {r}.roster x WHERE x.person = c.person" \
	"    AND x.attachment = c.attachment AND x.mark = 'suspect'" \
	"    AND NOT EXISTS (SELECT FROM {r}.roster y" \
	"     WHERE y.person = c.person AND y.attachment = c.attachment" \
	"      AND y.mark = 'counted' AND y.known_from > x.known_from)" \
	"  ) d(day) WHERE d.day IS NOT NULL) END"

/*
 * In audit: the attachments beyond the norm of their site.  On its first day
 * each comes after those already there and those of that day with a lesser
 * key; who leaves on a day leaves before anybody comes.  One sort tells it of
 * all, where the guard counts a site on the roster (site_norm.c).
 */
#define CROWD \
	"(SELECT DISTINCT e.attachment FROM (SELECT d.*, sum(d.step) OVER" \
	"   (PARTITION BY d.organisation, d.site" \
	"    ORDER BY d.day, d.step, d.attachment ROWS UNBOUNDED PRECEDING)" \
	"   AS heads FROM (SELECT x.attachment, x.organisation, x.site, m.*" \
	"    FROM {r}.attachment x CROSS JOIN LATERAL" \
	"     (VALUES (x.since, 1), (x.until, -1)) m(day, step)" \
	"    WHERE x.site IS NOT NULL AND " MEMBER("x") \
	"     AND m.day IS NOT NULL) d) e" \
	"  WHERE e.step = 1 AND e.heads > (SELECT y.norm FROM {r}.site y" \
	"   WHERE y.organisation = e.organisation AND y.site = e.site" \
	"    AND y.valid_from <= e.day" \
	"   ORDER BY y.valid_from DESC, y.known_from DESC NULLS LAST LIMIT 1))"
#define OVER_NORM \
	"CASE WHEN crowd.attachment IS NOT NULL THEN 'over_norm' END"

/* For information: a number need not agree with what is known of a person. */
#define IDENTITY_DATA \
	"(SELECT CASE WHEN osms.birth_date(n.iin) <> c.birth_date" \
	"  THEN 'birth_date_differs'" \
	" WHEN osms.sex(n.iin) <> c.sex THEN 'sex_differs' END" \
	" FROM (SELECT CASE WHEN osms.iin_fault({any_number:iin}) IS NULL" \
	"  THEN {any_number:iin}::osms.iin END) n(iin))"

#endif							/* OSMS_LAW_PLACE_H */

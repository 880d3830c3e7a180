/*
 * law_application.h
 *		The law about applications and identification.
 *
 * Predicates in SQL for the table in clause.c; judge.c tells what they may
 * refer to.
 */
#ifndef OSMS_LAW_APPLICATION_H
#define OSMS_LAW_APPLICATION_H

#include "rule/law_time.h"

/* An application counts from the registry's cut-over day when stored. */
#define SINCE_CUT_OVER \
	"(NOT c.stored OR c.submitted_at IS NULL OR" \
	" (c.submitted_at AT TIME ZONE s.time_zone)::date >= s.cut_over)"

#define OPEN_STATES "('identified', 'approved', 'deferred')"

#define APPLICATION_INITIAL_STATE \
	"CASE WHEN c.op <> 'I' OR c.state IS NULL" \
	"  OR c.state IN ('draft', 'submitted')" \
	"  OR NOT " SINCE_CUT_OVER " THEN NULL" \
	" WHEN c.submitted_at IS NULL THEN 'submitted_at_missing'" \
	" WHEN c.state NOT IN ('approved', 'deferred', 'attached', 'refused'," \
	"  'lapsed', 'cancelled') THEN NULL" \
	" WHEN c.decided_at IS NULL THEN 'decided_at_missing' END"

/*
 * A row that a merge has moved is still about whom it was about first
 * (moved.c).  It speaks for whom it names now only as far as merges that
 * stand lead there; what an undone merge left behind speaks for nobody.
 */
#define KEY_OF(value) "(" value ")::text COLLATE \"C\""
#define LEFT_BEHIND(relation, key, person, applicant) \
	"EXISTS (SELECT FROM {r}.moved m WHERE m.relation = '" relation "'" \
	" AND m.key = " KEY_OF(key) " AND (CASE m.role WHEN 'person'" \
	"  THEN " person " ELSE " applicant " END = m.person OR CASE m.role" \
	"  WHEN 'person' THEN " person " ELSE " applicant " END" \
	"  IN {heirs:m.person}) IS NOT TRUE)"
/* In audit: few rows have moved, and those are hashed. */
#define LIES_BEHIND(relation, key, person, applicant) \
	"(" KEY_OF(key) " IN (SELECT m.key FROM {r}.moved m" \
	"  WHERE m.relation = '" relation "') AND " \
	LEFT_BEHIND(relation, key, person, applicant) ")"

/*
 * Who was identified is the person, or the applicant who acts for the
 * person.  The channel's row in force on the day of the event tells which
 * methods count, and which of them only when a known clerk has seen it.
 */
#define COUNTING_EVENTS \
	ADMITTED_EVENTS " AND e.application = c.application AND " \
	IDENTIFIES("e", "c")
#define IDENTIFIES(e, a) \
	e ".channel = " a ".channel AND (" e ".person = " a ".person" \
	" AND (" e ".applicant IS NULL OR " e ".applicant = " e ".person" \
	"  OR " e ".applicant = " a ".applicant)" \
	" OR " e ".person = " a ".applicant)"
#define ADMITTED_EVENTS \
	" FROM {r}.identity_event e" \
	"   JOIN osms.channel_period h ON h.channel = e.channel" \
	"    AND h.valid_from <= (e.at AT TIME ZONE s.time_zone)::date" \
	"    AND (e.at AT TIME ZONE s.time_zone)::date < h.valid_to" \
	"   WHERE (e.method = ANY (h.methods) AND e.clerk IS NULL" \
	"    OR e.method = ANY (h.methods || h.clerk_methods)" \
	"     AND {clerk_known})" \
	"   AND NOT " LEFT_BEHIND("identity_event", "e.event", "e.person", \
						  "e.applicant")

/* In audit: of each application an event that its channel admits. */
#define ADMITTED \
	"(SELECT DISTINCT ON (e.application) e.application, e.person," \
	"  e.applicant, e.channel, e.at FROM {r}.setting s CROSS JOIN LATERAL" \
	"  (SELECT e.*" ADMITTED_EVENTS ") e ORDER BY e.application)"

#define HAD_TO_BE_IDENTIFIED \
	"(c.state IN " OPEN_STATES \
	"  OR c.op = 'I' AND c.state IN ('attached', 'lapsed', 'cancelled'))"

#define IDENTIFIED \
	"CASE WHEN {touched:state} AND " HAD_TO_BE_IDENTIFIED \
	" AND " SINCE_CUT_OVER \
	" AND NOT EXISTS (SELECT" COUNTING_EVENTS ")" \
	" THEN 'not_identified' END"
#define IDENTIFIED_STORED \
	"CASE WHEN " LIES_BEHIND("application", "c.application", "c.person", \
							 "c.applicant") \
	" THEN 'application_of_another_person' ELSE " IDENTIFIED " END"
#define IDENTIFIED_AT_ONCE \
	IDENTIFIES("admitted", "c") " AND " KEY_OF("c.application") \
	" NOT IN (SELECT m.key FROM {r}.moved m WHERE m.relation = 'application')"

#define IDENTIFIED_ANOTHER \
	"CASE WHEN " LIES_BEHIND("identity_event", "c.event", "c.person", \
							 "c.applicant") \
	" THEN 'identified_another_person' END"

/*
 * A code without a meaning is a question mark and the code (osms.map): no
 * rule about channels or grounds applies to it.
 */
#define UNMAPPED_CHANNEL \
	"CASE WHEN {touched:channel} AND c.channel LIKE '?%'" \
	" THEN '?unmapped_channel' END"
#define UNMAPPED_GROUND \
	"CASE WHEN {touched:ground} AND c.ground LIKE '?%'" \
	" THEN '?unmapped_ground' END"

/* Who identified should not decide alone. */
#define FOUR_EYES \
	"CASE WHEN {touched:state,decided_by}" \
	" AND c.state IN ('approved', 'deferred', 'attached')" \
	" AND (c.state <> 'attached' OR c.op = 'I')" \
	" AND " SINCE_CUT_OVER \
	" AND EXISTS (SELECT FROM {r}.identity_event e" \
	"  WHERE e.application = c.application AND e.clerk = c.decided_by)" \
	" THEN 'same_clerk' END"

/*
 * Who may apply in person at a clinic; any opens it to all.  The category is
 * the last one known of the person on that day.  It is asked again when the
 * person is identified, for who only files is not told it.
 */
#define CLINIC_CATEGORY \
	"CASE WHEN c.channel = 'clinic' AND {touched:channel,state}" \
	" AND (c.state IN ('submitted', 'identified')" \
	"  OR c.op = 'I' AND c.state <> 'draft')" \
	" AND " SINCE_CUT_OVER \
	" THEN (SELECT CASE WHEN l.listed = ARRAY['any']" \
	"   OR i.category = ANY (l.listed) THEN NULL" \
	"  WHEN i.category IS NULL THEN '?category_unknown'" \
	"  ELSE 'category_not_listed' END" \
	" FROM (SELECT " DAY_OF("coalesce(c.submitted_at, now())") ") d (day)" \
	" CROSS JOIN LATERAL (SELECT string_to_array(" \
	"  osms.parameter_on('clinic_categories', d.day), ',')) l (listed)" \
	" LEFT JOIN LATERAL (SELECT i.category FROM {r}.insurance i" \
	"  WHERE i.person = c.person AND i.month <= d.day" \
	"  ORDER BY i.month DESC, i.known_from DESC NULLS LAST LIMIT 1) i" \
	" ON true) END"

/* Campaign applications, which wait for 1 January, are counted apart. */
#define OF_CAMPAIGN(x) x ".ground IS NOT DISTINCT FROM 'campaign'"
#define ONE_OPEN_APPLICATION \
	"CASE WHEN {touched:state,person,ground} AND c.state IN " OPEN_STATES \
	" AND (c.person, " OF_CAMPAIGN("c") ") IN (SELECT x.person, " \
	OF_CAMPAIGN("x") " FROM {r}.application x WHERE x.person = ANY ($2)" \
	"  AND x.state IN " OPEN_STATES " GROUP BY 1, 2 " MORE_THAN_ITSELF ")" \
	" THEN 'open_application' END"
#define ONE_OPEN_APPLICATION_STORED \
	"CASE WHEN c.state IN " OPEN_STATES " AND {others}" \
	" AND EXISTS (SELECT FROM {r}.application x WHERE x.person = c.person" \
	"  AND x.application < c.application AND x.state IN " OPEN_STATES \
	"  AND (" OF_CAMPAIGN("x") ") = (" OF_CAMPAIGN("c") "))" \
	" THEN 'open_application' END"

/*
 * Written by the roles of the channel alone; $1 is the writer.  What counts
 * is who may write today, not on the day that the writer gives.  $3 is what
 * recording.c finds about the statement, $4 owns the table: one who may
 * record for the channel forges nothing.
 */
#define GRANTED_WRITER \
	"(SELECT CASE WHEN h.writer IS NULL THEN NULL" \
	"  WHEN NOT pg_has_role($1, h.writer, 'USAGE')" \
	"   THEN 'writer_without_channel'" \
	"  WHEN $3 = 'table_rewrites' AND pg_has_role($4, h.writer, 'USAGE')" \
	"   THEN NULL" \
	"  ELSE nullif($3, '') END FROM osms.channel h" \
	"  WHERE h.channel = c.channel" \
	"   AND h.valid_from <= (now() AT TIME ZONE s.time_zone)::date" \
	"  ORDER BY h.valid_from DESC, h.known_from DESC LIMIT 1)"

#endif							/* OSMS_LAW_APPLICATION_H */

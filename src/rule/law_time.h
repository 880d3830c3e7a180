/*
 * law_time.h
 *		The law about time: the order of an application's steps, days, terms,
 *		and how often in a year or in an hour.
 *
 * Predicates in SQL for the table in clause.c; judge.c tells what they may
 * refer to.  Days are those of the registry's time zone, never the session's.
 * Numbers are rows of osms.parameter, and a lawful row seldom needs to look
 * one up: the strict comparison comes first.
 */
#ifndef OSMS_LAW_TIME_H
#define OSMS_LAW_TIME_H

#define DAY_OF(moment) "(" moment " AT TIME ZONE s.time_zone)::date"
#define TODAY "s.today"

#define CLOCK_TOLERANCE(day) \
	"osms.parameter_on('clock_tolerance_minutes', " day ")::int" \
	" * interval '1 minute'"

/* A long transaction writes what happened after it began. */
#define IN_FUTURE(moment) \
	"(" moment " > now()" \
	" AND " moment " > clock_timestamp() + " CLOCK_TOLERANCE(TODAY) ")"

/* The first moment lies before the second by more than clocks differ. */
#define BEFORE(first, second) \
	"(" first " < " second " AND " first " < " second " - " \
	CLOCK_TOLERANCE(DAY_OF(second)) ")"

/*
 * A death is never refused, and what the register holds is not judged by its
 * neighbours' clocks: lives that nobody can have led are doubts, and told.
 */
#define POSSIBLE_LIFE \
	"CASE WHEN NOT {touched:birth_date,death_date} THEN NULL" \
	" WHEN c.death_date < c.birth_date AND c.death_date <> '-infinity'" \
	"  THEN '?death_before_birth'" \
	" WHEN c.death_date > " TODAY " + 1 THEN '?death_in_future'" \
	" WHEN c.birth_date > " TODAY " + 1 THEN '?birth_in_future' END"

#define COUNTED_IN_ORDER(tolerance) \
	"(SELECT" COUNTING_EVENTS \
	" AND e.at >= coalesce(c.submitted_at, '-infinity') - " tolerance \
	" AND e.at <= coalesce(c.decided_at, 'infinity') + " tolerance ")"

/*
 * submitted_at <= identification <= decided_at.  Of a new application
 * initial_state tells what is missing.
 */
#define DECISION_ORDER \
	"CASE WHEN NOT {touched:state,submitted_at,decided_at}" \
	"  OR NOT " SINCE_CUT_OVER " THEN NULL" \
	" WHEN {touched:submitted_at} AND " IN_FUTURE("c.submitted_at") \
	"  THEN 'submitted_in_future'" \
	" WHEN {touched:decided_at} AND " IN_FUTURE("c.decided_at") \
	"  THEN 'decided_in_future'" \
	" WHEN {touched:state} AND c.op = 'U' AND c.state IN " OPEN_STATES \
	"  AND c.submitted_at IS NULL THEN 'submitted_at_missing'" \
	" WHEN {touched:state} AND c.op = 'U'" \
	"  AND c.state IN ('approved', 'deferred', 'refused')" \
	"  AND c.decided_at IS NULL THEN 'decided_at_missing'" \
	" WHEN ({touched:submitted_at,decided_at} OR c.state IN " OPEN_STATES ")" \
	"  AND " BEFORE("c.decided_at", "c.submitted_at") \
	"  THEN 'decided_before_submitted'" \
	" WHEN " HAD_TO_BE_IDENTIFIED \
	"  AND NOT EXISTS " COUNTED_IN_ORDER("interval '0'") \
	"  AND EXISTS (SELECT" COUNTING_EVENTS ")" \
	"  AND NOT EXISTS " COUNTED_IN_ORDER(CLOCK_TOLERANCE(TODAY)) \
	"  THEN 'identified_out_of_order' END"

#define DECISION_ORDER_AT_ONCE \
	IDENTIFIES("admitted", "c") " AND c.submitted_at <= admitted.at" \
	" AND admitted.at <= coalesce(c.decided_at, now())" \
	" AND coalesce(c.decided_at, now()) <= now()"

/* A draft may still become an application of another person. */
#define IDENTIFICATION_ORDER \
	"CASE WHEN c.stored AND " DAY_OF("c.at") " < s.cut_over THEN NULL" \
	" WHEN " IN_FUTURE("c.at") " THEN 'identified_in_future'" \
	" WHEN NOT c.stored AND ap.state = 'draft'" \
	"  OR " BEFORE("c.at", "ap.submitted_at") \
	"  THEN 'identified_before_submitted' END"

/*
 * Without an application the decision is the moment of writing, which is not
 * known of a stored row.  A newborn counts from the day of birth, and orders
 * and restorations have days of their own.
 */
#define BACKDATED(day) \
	"CASE WHEN c.since < " day " AND c.since < " day \
	" - osms.parameter_on('backdating_days', " day ")::int" \
	" THEN 'backdated' END"
/* At the age at which a maternity files no more. */
#define NO_NEWBORN(day) \
	"(p.birth_date + osms.parameter_on('newborn_months', " day ")::int" \
	" * interval '1 month' <= " day ")"
#define DECISION_DAY \
	DAY_OF("coalesce(ap.decided_at, CASE WHEN NOT c.stored THEN now() END)")

#define NO_BACKDATING \
	"CASE WHEN NOT {touched:since,application} OR c.state = 'annulled'" \
	"  OR num_nonnulls(c.order_key, c.restores) > 0 THEN NULL" \
	" WHEN c.application IS NULL" \
	"  THEN CASE WHEN NOT c.stored THEN " BACKDATED(TODAY) " END" \
	" WHEN ap.application IS NULL" \
	"  OR c.stored AND " DECISION_DAY " < s.cut_over THEN NULL" \
	" WHEN ap.channel = 'maternity'" \
	"  AND " NO_NEWBORN(DECISION_DAY) " IS NOT TRUE" \
	"  THEN CASE WHEN c.since < p.birth_date THEN 'backdated' END" \
	" ELSE " BACKDATED(DECISION_DAY) " END"

/*
 * First and last day are MM-DD; where a campaign was abolished they are a
 * word such as none, which no day is.  What is closed is never in its way.
 * Decided late, an application takes effect a year later.
 */
#define CAMPAIGN_DAY(name) \
	"(osms.parameter_on('" name "', " DAY_OF("c.submitted_at") ")" \
	" COLLATE \"C\")"
#define NEW_YEAR_AFTER(moment) \
	"(date_trunc('year', " DAY_OF(moment) "::timestamp)" \
	" + interval '1 year')::date"

#define CAMPAIGN_WINDOW \
	"CASE WHEN c.ground IS DISTINCT FROM 'campaign'" \
	"  OR NOT {touched:state,ground,submitted_at,effective_on}" \
	"  OR (c.state IN ('submitted', 'identified', 'approved', 'deferred')" \
	"   OR c.op = 'I' AND c.state = 'attached') IS NOT TRUE" \
	"  OR NOT " SINCE_CUT_OVER " THEN NULL" \
	" WHEN to_char(" DAY_OF("c.submitted_at") ", 'MM-DD') NOT BETWEEN " \
	CAMPAIGN_DAY("campaign_first_day") " AND " CAMPAIGN_DAY("campaign_last_day") \
	"  THEN 'outside_campaign'" \
	" WHEN c.state = 'approved' THEN 'not_deferred'" \
	" WHEN c.effective_on NOT IN (" NEW_YEAR_AFTER("c.submitted_at") "," \
	NEW_YEAR_AFTER("coalesce(c.decided_at, c.submitted_at)") ")" \
	"  OR c.state = 'deferred' AND c.effective_on IS NULL" \
	"  THEN 'not_next_year' END"

/* To stay where one was, at another site, is no choice. */
#define STAYS(x) \
	"EXISTS (SELECT FROM {r}.attachment y WHERE y.person = " x ".person" \
	" AND y.attachment <> " x ".attachment AND y.state <> 'annulled'" \
	" AND y.organisation = " x ".organisation AND y.since < " x ".since" \
	" AND coalesce(y.until, 'infinity') >= " x ".since)"

/* The last day before the year in which a choice of this day is counted. */
#define EVE_OF_CHOICE_YEAR(day) \
	"CASE osms.parameter_on('free_choice_year', " day ")" \
	" WHEN 'rolling' THEN " day " - interval '1 year'" \
	" ELSE date_trunc('year', " day "::timestamp) - interval '1 day' END"

/* The free choices of the person: this one, and others not annulled. */
#define FREE_CHOICES \
	"SELECT x.attachment, x.since FROM {r}.attachment x" \
	" JOIN {r}.application a ON a.application = x.application" \
	" WHERE x.person = c.person AND x.attachment <> c.attachment" \
	"  AND x.state <> 'annulled' AND a.ground = 'free_choice'" \
	"  AND NOT " STAYS("x") " UNION ALL SELECT c.attachment, c.since"

/*
 * A choice has its rank among those of the year that ends with it, and the
 * limit of its own day.  A new one must leave every rank within its limit,
 * its own and those after it, so the order of writing does not matter.
 */
#define FREE_CHOICE_LIMIT_STORED \
	"CASE WHEN c.state <> 'annulled' AND ap.ground = 'free_choice'" \
	"  AND c.since >= s.cut_over AND {others}" \
	"  AND EXISTS (SELECT FROM {r}.attachment x WHERE x.person = c.person" \
	"   AND x.attachment <> c.attachment AND x.application IS NOT NULL" \
	"   AND x.state <> 'annulled')" \
	"  AND NOT " STAYS("c") \
	"  AND (SELECT count(*) FROM (" FREE_CHOICES ") v" \
	"   WHERE v.since > " EVE_OF_CHOICE_YEAR("c.since") \
	"    AND (v.since, v.attachment) <= (c.since, c.attachment))" \
	"   > osms.parameter_on('free_choice_limit', c.since)::int" \
	" THEN 'limit_used' END"

/*
 * A guard asks it of all persons of the chunk at once: what they hold, and
 * until when others held them in one organisation before; which of it they
 * chose, and how many choices the year that ends with each has; and to which
 * of those years beyond its limit a choice belongs.
 */
#define HELD \
	"SELECT x.attachment, x.person, x.since, x.application," \
	"  count(x.application) OVER (PARTITION BY x.person) AS applied," \
	"  max(coalesce(x.until, 'infinity')) OVER (PARTITION BY x.person," \
	"   x.organisation ORDER BY x.since" \
	"   GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach" \
	" FROM (SELECT y.attachment, y.person, y.organisation, y.since, y.until," \
	"   y.state, y.application" \
	"   FROM {r}.attachment y WHERE y.person = ANY ($2)" \
	"  UNION ALL SELECT y.attachment, y.person, y.organisation, y.since," \
	"   y.until, y.state, y.application FROM chunk y WHERE {candidate}) x" \
	" WHERE x.state <> 'annulled' AND isfinite(x.since)"
#define CHOSEN \
	"SELECT h.attachment, h.person, h.since, " \
	EVE_OF_CHOICE_YEAR("h.since") " AS eve," \
	"  CASE osms.parameter_on('free_choice_year', h.since)" \
	"   WHEN 'rolling' THEN count(*) OVER (PARTITION BY h.person" \
	"    ORDER BY h.since RANGE BETWEEN interval '1 year -1 day' PRECEDING" \
	"    AND CURRENT ROW)" \
	"   ELSE count(*) OVER (PARTITION BY h.person," \
	"    extract(year FROM h.since) ORDER BY h.since) END" \
	"   > osms.parameter_on('free_choice_limit', h.since)::int AS too_many" \
	" FROM (" HELD ") h JOIN {r}.application a ON a.application = h.application" \
	" WHERE h.applied > 1 AND a.ground = 'free_choice'" \
	"  AND (h.reach >= h.since) IS NOT TRUE"
#define FREE_CHOICE_LIMIT \
	"CASE WHEN {touched:person,since,application}" \
	"  AND c.state <> 'annulled' AND ap.ground = 'free_choice'" \
	"  AND c.attachment IN (SELECT l.attachment FROM (SELECT k.attachment," \
	"    k.since, min(k.eve) FILTER (WHERE k.too_many)" \
	"     OVER (PARTITION BY k.person ORDER BY k.since DESC) AS eve" \
	"    FROM (" CHOSEN ") k) l WHERE l.eve < l.since)" \
	" THEN 'limit_used' END"
#define FREE_CHOICE_LIMIT_PLAIN \
	"NOT {touched:person,since,application}" \
	" OR ap.ground IS DISTINCT FROM 'free_choice'" \
	" OR NOT EXISTS (SELECT FROM {r}.attachment x WHERE x.person = c.person" \
	"  AND x.attachment <> c.attachment AND x.application IS NOT NULL)"

/* A maternity files on the day of discharge. */
#define NEWBORN_TERM \
	"CASE WHEN ap.channel IS DISTINCT FROM 'maternity'" \
	"  OR NOT {touched:application,since} OR c.state = 'annulled'" \
	"  OR c.stored AND " DAY_OF("ap.submitted_at") " < s.cut_over THEN NULL" \
	" WHEN " NO_NEWBORN(DAY_OF("ap.submitted_at")) " THEN 'not_newborn'" \
	" WHEN CASE WHEN c.stored THEN " DECIDED_ON " ELSE " TODAY " END >" \
	DAY_OF("ap.submitted_at") " + osms.parameter_on('newborn_term_days'," \
	DAY_OF("ap.submitted_at") ")::int THEN 'late' END"

/*
 * Decisions of a clerk in one hour or day of civil time, of stored ones those
 * beyond the number.  A guard asks one row for all of a clerk's in an hour,
 * and nobody counts further than the limit, and only with an index: see
 * DECISIONS_INDEXED_BIT.
 */
#define MORE_DECISIONS_THAN(unit, name) \
	"EXISTS (SELECT FROM {r}.application x WHERE x.decided_by = c.decided_by" \
	" AND x.decided_at >= date_trunc('" unit "', c.decided_at, s.time_zone)" \
	" AND x.decided_at < date_trunc('" unit "', c.decided_at, s.time_zone)" \
	"  + interval '1 " unit "' AND (NOT c.stored" \
	"  OR (x.decided_at, x.application) <= (c.decided_at, c.application))" \
	" OFFSET osms.parameter_on('" name "', " DAY_OF("c.decided_at") ")::int)"

#define BURST \
	"CASE WHEN NOT {touched:decided_at,decided_by}" \
	"  OR c.decided_by IS NULL OR c.decided_at IS NULL" \
	"  OR c.stored AND " DAY_OF("c.decided_at") " < s.cut_over" \
	"  OR NOT {last_decision} THEN NULL" \
	" WHEN " MORE_DECISIONS_THAN("hour", "burst_hour") " THEN 'burst_hour'" \
	" WHEN " MORE_DECISIONS_THAN("day", "burst_day") " THEN 'burst_day' END"

/* Nothing is approved by silence, so this is only told. */
#define OVERDUE \
	"CASE WHEN c.state IN ('submitted', 'identified') AND " SINCE_CUT_OVER \
	" AND osms.add_working_days(osms.filed_on(c.submitted_at, s.time_zone)," \
	"  osms.parameter_on('decision_working_days', " \
	DAY_OF("c.submitted_at") ")::int) < " TODAY \
	" THEN 'undecided' END"

#endif							/* OSMS_LAW_TIME_H */

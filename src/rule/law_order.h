/*
 * law_order.h
 *		The law about authorities' orders: whom they move, when and why.
 *
 * Predicates in SQL for the table in clause.c; judge.c tells what they may
 * refer to.
 */
#ifndef OSMS_LAW_ORDER_H
#define OSMS_LAW_ORDER_H

#include "rule/law_place.h"

/*
 * Where the person was on the day before; a gap means nowhere.  A stored row
 * is judged by what was known with it, too: what was annulled later was there.
 */
#define ORGANISATION_BEFORE \
	"LEFT JOIN LATERAL (SELECT x.organisation, x.site" \
	"  FROM {r}.attachment x WHERE x.person = c.person" \
	"   AND x.attachment <> c.attachment AND x.since < c.since" \
	"   AND (x.until IS NULL OR x.until >= c.since)" \
	"   AND (x.state <> 'annulled' OR c.stored AND EXISTS" \
	"    (SELECT FROM {r}.roster v WHERE v.person = x.person" \
	"     AND v.attachment = x.attachment AND v.known_to >" \
	"     (SELECT min(w.known_from) FROM {r}.roster w" \
	"      WHERE w.person = c.person AND w.attachment = c.attachment)))" \
	"  ORDER BY x.state = 'annulled', x.since DESC, x.attachment DESC" \
	"  LIMIT 1) b ON true"

/*
 * A part of the scope that names the row: nothing it says differs.  A site
 * is the one the person leaves or the one the person comes to.
 */
#define IN_SCOPE IN_SCOPE_BY("p.region", "true")
#define IN_SCOPE_BY(whose_region, condition) \
	"EXISTS (SELECT FROM {r}.order_scope z " ORGANISATION_BEFORE \
	"  WHERE z.order_key = c.order_key" \
	"   AND {follows:z.to_organisation}" \
	"   AND (z.from_organisation IS NULL" \
	"    OR z.from_organisation = b.organisation)" \
	"   AND (z.person IS NULL OR z.person = c.person)" \
	"   AND (z.site IS NULL OR z.site = c.site OR z.site = b.site)" \
	"   AND (z.region IS NULL OR z.region IN" \
	"    (SELECT d.region FROM " \
	RESIDENCES("c.person", whose_region, "c.since") " d)) AND " condition ")"

/* A day of the year lies in a stretch that may reach over the new year. */
#define WITHIN(day, first, last) \
	"CASE WHEN " first " <= " last \
	" THEN " day " BETWEEN " first " AND " last \
	" ELSE " day " >= " first " OR " day " <= " last " END"

#define ORDER_PARAMETER(name) \
	"osms.parameter_on('" name "', coalesce(ao.issued_on, ao.valid_from))"

#define ORDER_SCOPE_PLAIN \
	"c.order_key IS NULL AND {channel} IS DISTINCT FROM 'authority_order'" \
	" AND {ground} IS DISTINCT FROM 'order'" \
	" OR NOT {touched:order_key,application,organisation,since}"

/*
 * An order moves within its cause, its dates and its scope.  What the
 * registry does not know of the order is a doubt.
 */
#define ORDER_SCOPE \
	"CASE WHEN NOT {touched:order_key,application,organisation,since}" \
	"  OR c.state = 'annulled' THEN NULL" \
	" WHEN c.order_key IS NULL THEN CASE" \
	"  WHEN {channel} = 'authority_order' OR {ground} = 'order'" \
	"   THEN 'move_without_order' END" \
	" WHEN ao.order_key IS NULL THEN NULL" \
	" WHEN ao.cause <> ALL (" ORDER_PARAMETER("order_causes") "::text[])" \
	"  THEN 'cause_not_allowed'" \
	" WHEN ao.issued_on > ao.valid_from THEN 'issued_after_in_force'" \
	" WHEN c.since < ao.valid_from THEN 'before_order'" \
	" WHEN ao.cause = 'new_facility' AND (SELECT " \
	WITHIN("d.day", "d.first", "d.last") \
	"  FROM (SELECT to_char(coalesce(ao.issued_on, ao.valid_from), 'MM-DD')," \
	"   " ORDER_PARAMETER("order_blackout_first_day") "," \
	"   " ORDER_PARAMETER("order_blackout_last_day") \
	"   ) d(day, first, last)) THEN 'black_out'" \
	" WHEN ao.cause = 'yearly' AND to_char(ao.issued_on, 'MM-DD')" \
	"  > " ORDER_PARAMETER("order_yearly_last_day") " THEN 'yearly_too_late'" \
	" WHEN NOT " IN_SCOPE " THEN 'out_of_scope'" \
	" WHEN ao.cause IS NULL THEN '?unknown_cause'" \
	" WHEN ao.issued_on IS NULL THEN '?unknown_day_of_issue' END"

#endif							/* OSMS_LAW_ORDER_H */

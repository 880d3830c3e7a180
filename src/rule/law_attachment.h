/*
 * law_attachment.h
 *		The law about attachments: their basis and their end.
 *
 * Predicates in SQL for the table in clause.c; judge.c tells what they may
 * refer to.
 */
#ifndef OSMS_LAW_ATTACHMENT_H
#define OSMS_LAW_ATTACHMENT_H

#include "rule/law_application.h"

/* An attachment that attaches anybody to anything. */
#define MEMBER(row) \
	"(" row ".state IN ('active', 'suspect', 'closed')" \
	" AND " row ".since < coalesce(" row ".until, 'infinity'))"

/*
 * In audit: the persons who have several rows in the relation it judges.
 * Sorted, for a hash with as many groups as rows takes several times longer.
 */
#define SEVERAL \
	"(SELECT x.{subject} AS subject FROM {r}.{own} x GROUP BY 1" \
	" HAVING count(*) > 1 ORDER BY 1)"

/*
 * In audit: of two of a person that overlap the later one is found, the one
 * that begins before those before it let the person go; and until when.
 */
#define OVERLAPPING \
	"(SELECT x.attachment, max(least(x.until, x.reach)) AS until" \
	"  FROM (SELECT y.attachment, y.since," \
	"    coalesce(y.until, 'infinity') AS until," \
	"    max(coalesce(y.until, 'infinity')) OVER (PARTITION BY y.person" \
	"     ORDER BY y.since, y.attachment" \
	"     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach" \
	"   FROM {r}.attachment y JOIN " SEVERAL " z ON z.subject = y.person" \
	"   WHERE " MEMBER("y") ") x WHERE x.since < x.reach" \
	"  GROUP BY x.attachment)"
#define OVERLAP \
	"CASE WHEN overlapping.attachment IS NOT NULL THEN 'overlap' END"

/*
 * An approval younger than any limit that ever stood, with a day to spare
 * for clocks, needs no look at the limit of its own day.
 */
#define DECIDED_ON DAY_OF("ap.decided_at")
#define SURELY_VALID \
	"ap.decided_at > (SELECT" \
	"  now() - (min(v.value::int) - 1) * interval '1 day'" \
	"  FROM osms.parameter v" \
	"  WHERE v.name = 'approval_valid_days' AND v.known_from <= osms.known_now())"

/*
 * What a guard asks of the other rows of a person it asks of all persons of
 * the chunk, $2, at once: the answer is hashed, so that many rows of one
 * person cost no more than as many of many.  A row that is written is among
 * the rows there, sift's is not yet.
 */
#define MORE_THAN_ITSELF \
	"HAVING count(*) > CASE WHEN {candidate} THEN 0 ELSE 1 END"

/*
 * Of two stored attachments that name one application the later one is
 * found; a new one finds any other.  It is looked for among the person's own:
 * another person's cannot lawfully name this application.
 */
#define APPLICATION_USED \
	"(c.person, c.application) IN (SELECT x.person, x.application" \
	"  FROM {r}.attachment x WHERE x.person = ANY ($2)" \
	"   AND x.application IS NOT NULL GROUP BY 1, 2 " MORE_THAN_ITSELF ")"
#define APPLICATION_USED_BEFORE \
	"{others} AND c.application = ANY (SELECT x.application" \
	"  FROM {r}.attachment x WHERE x.person = c.person" \
	"   AND (x.since, x.attachment) < (c.since, c.attachment))"

/*
 * An application that a merge moved, or whose identification was moved, is
 * good for the person only where that still holds.  MOVED tells in a guard
 * that there is something to look at, MOVED_STORED in audit.
 */
#define MOVED \
	"EXISTS (SELECT FROM {r}.moved m WHERE m.application = " \
	KEY_OF("ap.application") ")"
#define MOVED_STORED \
	KEY_OF("ap.application") " IN (SELECT m.application FROM {r}.moved m" \
	" WHERE m.application IS NOT NULL)"
#define UNPROVEN \
	"(" LEFT_BEHIND("application", "ap.application", "ap.person", \
					"ap.applicant") " OR NOT {identified_still})"

#define BASIS_APPLICATION(used, moved) \
	" WHEN c.application IS NOT NULL THEN CASE" \
	"  WHEN ap.application IS NULL THEN 'unknown_application'" \
	"  WHEN ap.person <> c.person OR " moved " AND " UNPROVEN \
	"   THEN 'application_of_another_person'" \
	"  WHEN NOT {follows:ap.organisation}" \
	"   THEN 'application_of_another_organisation'" \
	"  WHEN " used " THEN 'application_used'" \
	"  WHEN c.stored AND ap.state = 'attached' THEN NULL" \
	"  WHEN ap.state = 'deferred' THEN CASE" \
	"    WHEN ap.effective_on IS NULL OR c.since < ap.effective_on" \
	"     OR ap.effective_on > (now() AT TIME ZONE s.time_zone)::date" \
	"    THEN 'deferred_not_due' END" \
	"  WHEN ap.state IS DISTINCT FROM 'approved'" \
	"   THEN 'application_not_approved'" \
	"  WHEN c.stored OR " SURELY_VALID " THEN NULL" \
	"  WHEN " DECIDED_ON \
	"    + osms.parameter_on('approval_valid_days', " DECIDED_ON ")::int" \
	"    < (now() AT TIME ZONE s.time_zone)::date" \
	"   THEN 'approval_expired' END"

/*
 * Restored is what the person had and lost without leaving: an attachment
 * annulled or closed by mistake or by a death that was recorded wrongly, or
 * one that was closed for a later attachment that has since been annulled.
 * It goes on where that ended, or begins where the annulled one began.
 */
#define RESTORED \
	"(c.person, c.restores) IN (SELECT y.person, y.restores" \
	"  FROM {r}.attachment y WHERE y.person = ANY ($2)" \
	"   AND y.restores IS NOT NULL AND y.state <> 'annulled'" \
	"  GROUP BY 1, 2 " MORE_THAN_ITSELF ")"
#define RESTORED_BEFORE \
	"{others} AND EXISTS (SELECT FROM {r}.attachment y" \
	"  WHERE y.person = c.person AND y.restores = c.restores" \
	"   AND y.state <> 'annulled'" \
	"   AND (y.since, y.attachment) < (c.since, c.attachment))"

#define BASIS_RESTORES(restored) \
	" WHEN c.restores IS NOT NULL THEN (SELECT CASE" \
	"  WHEN x.attachment IS NULL THEN 'unknown_attachment'" \
	"  WHEN x.person <> c.person OR " \
	LEFT_BEHIND("attachment", "x.attachment", "x.person", "NULL") \
	"   THEN 'attachment_of_another_person'" \
	"  WHEN NOT {follows:x.organisation}" \
	"   THEN 'attachment_of_another_organisation'" \
	"  WHEN x.state NOT IN ('closed', 'annulled') THEN 'still_attached'" \
	"  WHEN " restored " THEN 'already_restored'" \
	"  WHEN c.since < CASE x.state WHEN 'closed' THEN x.until" \
	"    ELSE x.since END THEN 'restored_too_early'" \
	"  WHEN x.reason IN ('error', 'death') THEN NULL" \
	"  WHEN x.state = 'closed' AND EXISTS (SELECT FROM {r}.attachment y" \
	"    WHERE y.person = c.person AND y.state = 'annulled'" \
	"     AND y.since >= x.until) THEN NULL" \
	"  ELSE 'nothing_to_restore' END" \
	"  FROM (VALUES (1)) one LEFT JOIN {r}.attachment x" \
	"   ON x.attachment = c.restores)"

/* The bases that nearly every row has. */
#define BASIS_PLAIN \
	"NOT {touched:application,order_key,restores,person,organisation}" \
	" OR c.order_key IS NULL AND c.restores IS NULL AND CASE" \
	"  WHEN c.application IS NULL THEN c.since < s.cut_over" \
	"  ELSE ap.person = c.person AND ap.organisation = c.organisation" \
	"   AND (ap.state = 'approved' AND " SURELY_VALID \
	"    OR ap.state = 'deferred' AND c.since >= ap.effective_on" \
	"     AND ap.effective_on <= (now() AT TIME ZONE s.time_zone)::date)" \
	"   AND (" APPLICATION_USED ") IS NOT TRUE AND NOT " MOVED " END"

/* Also what a merge moved to another person, and left there when undone. */
#define BASIS_STORED \
	"CASE WHEN c.state <> 'annulled' AND " \
	LIES_BEHIND("attachment", "c.attachment", "c.person", "NULL") \
	" THEN 'attachment_of_another_person' ELSE " \
	BASIS(APPLICATION_USED_BEFORE, RESTORED_BEFORE, MOVED_STORED) " END"

#define BASIS(used, restored, moved) \
	"CASE WHEN NOT {touched:application,order_key,restores,organisation}" \
	"  AND (NOT {touched:person} OR {merged:person})" \
	"  OR c.state = 'annulled' THEN NULL" \
	" WHEN num_nonnulls(c.application, c.order_key, c.restores) > 1" \
	"  THEN 'several_bases'" \
	BASIS_APPLICATION(used, moved) \
	" WHEN c.order_key IS NOT NULL THEN CASE" \
	"  WHEN NOT {order_known} THEN 'unknown_order' END" \
	BASIS_RESTORES(restored) \
	" WHEN c.since < s.cut_over THEN NULL" \
	" ELSE 'no_basis' END"

#define ALIVE \
	"CASE WHEN NOT {touched:person,since} AND NOT {extended}" \
	"  OR c.state = 'annulled' THEN NULL" \
	" WHEN c.since > p.death_date THEN 'after_death'" \
	" WHEN coalesce(c.until, 'infinity') > p.death_date + 1" \
	"  THEN 'beyond_death' END"

/*
 * What an event points at; of stored ones also whether an earlier event, by
 * key, has left it nothing to do but to tell that it annulled by an error.  A
 * new one without effect is found where attachments are derived; but a doubt,
 * or its end, below another of those by its key would be read as if it had
 * come before.
 */
#define EVENT_CHAIN_GROWS \
	"  WHEN c.state IN ('active', 'suspect') AND EXISTS" \
	"   (SELECT FROM {r}.attachment_event y WHERE y.closes = c.closes" \
	"    AND y.person = c.person AND y.event > c.event" \
	"    AND y.state IN ('active', 'suspect')" \
	"    AND y.event NOT IN (SELECT k.event FROM chunk k WHERE k.op <> 'D'))" \
	"   THEN 'key_not_growing'"
#define EVENT_CHAIN(grows) \
	"CASE WHEN c.closes IS NULL OR NOT {touched:closes,person,state} THEN NULL" \
	" WHEN c.state IS NULL THEN 'unmapped_state'" \
	" ELSE (SELECT CASE" \
	"  WHEN x.event IS NULL THEN 'unknown_opening'" \
	"  WHEN x.closes IS NOT NULL THEN 'not_an_opening'" \
	"  WHEN x.person <> c.person THEN 'opening_of_another_person'" \
	grows \
	"  WHEN c.stored AND EXISTS (SELECT FROM {r}.attachment_event y" \
	"    WHERE y.closes = c.closes AND y.person = c.person" \
	"     AND y.event < c.event AND (y.state = 'annulled'" \
	"       AND (c.state = 'annulled' AND c.reason = 'error') IS NOT TRUE" \
	"      OR y.state = 'closed' AND c.state <> 'annulled'" \
	"       AND (c.state <> 'closed' OR y.day <= c.day)))" \
	"   THEN 'no_such_step' END" \
	"  FROM (VALUES (1)) one LEFT JOIN {r}.attachment_event x" \
	"   ON x.event = c.closes) END"

#define ATTACHMENT_BASES \
	(COLUMN_BIT(ATTACHMENT_APPLICATION) | COLUMN_BIT(ATTACHMENT_ORDER_KEY) | \
	 COLUMN_BIT(ATTACHMENT_RESTORES))

#endif							/* OSMS_LAW_ATTACHMENT_H */

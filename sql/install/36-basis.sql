
--
-- rules: what an attachment rests on, an application, an order or one before
-- it, and from when
--
INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, lasts, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (90, 'one_attachment', 'set', 'enforce', true, '23P01', 'KR DSM-194/2020 (attachment rules)', 'PRESS',
    'person would be attached twice on the same day',
    osms_internal.from_utf8(E'человек был бы прикреплён дважды в один день'),
    osms_internal.from_utf8(E'адам бір күнде екі рет тіркелген болар еді'),
    'Close the other attachment in the same transaction.');

INSERT INTO osms.clause (relation, place, rule, column_name, stored) VALUES
    ('attachment', 210, 'one_attachment', 'since',
    $$CASE WHEN {overlapping}.attachment IS NOT NULL THEN 'overlap' END$$);

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (110, 'basis', 'set', 'enforce', '23514', 'KR DSM-194/2020 (attachment rules)', 'INF',
    'attachment has no lawful basis',
    osms_internal.from_utf8(E'у прикрепления нет законного основания'),
    osms_internal.from_utf8(E'тіркелудің заңды негізі жоқ'),
    'Name exactly one basis: an approved application of this person to this organisation, an '
    'authority''s order, or the attachment that is restored.');

INSERT INTO osms.definition (name, text) VALUES
    ('application_used_before',
    $${others} AND c.application = ANY (SELECT x.application
  FROM {r}.attachment x WHERE x.person = c.person
   AND (x.since, x.attachment) < (c.since, c.attachment))$$);

INSERT INTO osms.definition (name, text) VALUES
    ('moved_stored',
    $${key_of: {ap}.application} IN (SELECT m.application FROM {r}.moved m
 WHERE m.application IS NOT NULL)$$);

INSERT INTO osms.definition (name, text) VALUES
    ('restored_before',
    $${others} AND EXISTS (SELECT FROM {r}.attachment y
  WHERE y.person = c.person AND y.restores = c.restores
   AND y.state <> 'annulled'
   AND (y.since, y.attachment) < (c.since, c.attachment))$$);

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('basis', '{used,restored,moved}',
    $$CASE WHEN NOT {touched:application,order_key,restores,organisation}
  AND (NOT {touched:person} OR {merged:person})
  OR c.state = 'annulled' THEN NULL
 WHEN num_nonnulls(c.application, c.order_key, c.restores) > 1
  THEN 'several_bases'
{basis_application: {used}; {moved}}
 WHEN c.order_key IS NOT NULL THEN CASE
  WHEN NOT {order_known} THEN 'unknown_order' END
{basis_restores: {restored}}
 WHEN c.since < {s}.cut_over THEN NULL
 ELSE 'no_basis' END$$);

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('order_known', '{ao}.order_key IS NOT NULL', 'authority_order', 'false', 'the authority''s order is there');

INSERT INTO osms.clause (relation, place, rule, column_name, needs_any, relations, predicate, plain, stored, comment) VALUES
    ('attachment', 100, 'basis', 'application', '{application,order_key,restores}', '{application}',
    '{basis: {application_used}; {restored_now}; {moved_now}}',
    $$NOT {touched:application,order_key,restores,person,organisation}
 OR c.order_key IS NULL AND c.restores IS NULL AND CASE
  WHEN c.application IS NULL THEN c.since < {s}.cut_over
  ELSE {ap}.person = c.person AND {ap}.organisation = c.organisation
   AND ({ap}.state = 'approved' AND {surely_valid}
    OR {ap}.state = 'deferred' AND c.since >= {ap}.effective_on
     AND {ap}.effective_on <= (now() AT TIME ZONE {s}.time_zone)::date)
   AND ({application_used}) IS NOT TRUE AND NOT {moved_now} END$$,
    $$CASE WHEN c.state <> 'annulled' AND
 {lies_behind: attachment; c.attachment; c.person; NULL}
 THEN 'attachment_of_another_person' ELSE
 {basis: {application_used_before}; {restored_before}; {moved_stored}} END$$,
    'The bases that nearly every row has. Also what a merge moved to another person, and left there '
    'when undone.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (210, 'order_scope', 'set', 'enforce', '23514', 'KR DSM-194/2020 (attachment rules)', 'INF',
    'authority''s order does not cover this move',
    osms_internal.from_utf8(E'приказ органа не охватывает это перемещение'),
    osms_internal.from_utf8(E'органның бұйрығы бұл ауыстыруды қамтымайды'),
    'Check cause, dates and scope of the order (authority_order, order_scope).');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('in_scope', '{in_scope_by: {p}.region; true}',
    'A part of the scope that names the row: nothing it says differs. A site is the one the person '
    'leaves or the one the person comes to.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('within', '{day,first,last}',
    $$CASE WHEN {first} <= {last}
 THEN {day} BETWEEN {first} AND {last}
 ELSE {day} >= {first} OR {day} <= {last} END$$,
    'A day of the year lies in a stretch that may reach over the new year.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('order_parameter', '{name}',
    $$osms.parameter_on('{name}', coalesce({ao}.issued_on, {ao}.valid_from))$$);

INSERT INTO osms.clause (relation, place, rule, column_name, needs, relations, predicate, plain, comment) VALUES
    ('attachment', 160, 'order_scope', 'order_key', '{order_key}', '{authority_order,order_scope}',
    $$CASE WHEN NOT {touched:order_key,application,organisation,since}
  OR c.state = 'annulled' THEN NULL
 WHEN c.order_key IS NULL THEN CASE
  WHEN {channel} = 'authority_order' OR {ground} = 'order'
   THEN 'move_without_order' END
 WHEN {ao}.order_key IS NULL THEN NULL
 WHEN {ao}.cause <> ALL ({order_parameter: order_causes}::text[])
  THEN 'cause_not_allowed'
 WHEN {ao}.issued_on > {ao}.valid_from THEN 'issued_after_in_force'
 WHEN c.since < {ao}.valid_from THEN 'before_order'
 WHEN {ao}.cause = 'new_facility' AND (SELECT
 {within: d.day; d.first; d.last}
  FROM (SELECT to_char(coalesce({ao}.issued_on, {ao}.valid_from), 'MM-DD'),
   {order_parameter: order_blackout_first_day},
   {order_parameter: order_blackout_last_day}
   ) d(day, first, last)) THEN 'black_out'
 WHEN {ao}.cause = 'yearly' AND to_char({ao}.issued_on, 'MM-DD')
  > {order_parameter: order_yearly_last_day} THEN 'yearly_too_late'
 WHEN NOT {in_scope} THEN 'out_of_scope'
 WHEN {ao}.cause IS NULL THEN '?unknown_cause'
 WHEN {ao}.issued_on IS NULL THEN '?unknown_day_of_issue' END$$,
    $$c.order_key IS NULL AND {channel} IS DISTINCT FROM 'authority_order'
 AND {ground} IS DISTINCT FROM 'order'
 OR NOT {touched:order_key,application,organisation,since}$$,
    'An order moves within its cause, its dates and its scope. What the registry does not know of the'
    ' order is a doubt.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, warns_in_import, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (150, 'no_backdating', 'set', 'enforce', true, '23514', 'KR DSM-194/2020 (attachment rules)', 'CODE',
    'attachment begins before it was decided',
    osms_internal.from_utf8(E'прикрепление начинается раньше решения'),
    osms_internal.from_utf8(E'тіркелу шешімнен бұрын басталады'),
    'Let it begin on the day of the decision. Rows of the past are loaded between osms.import_begin() and osms.import_end().');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('backdated', '{day}',
    $$CASE WHEN c.since < {day} AND c.since < {day}
 - osms.parameter_on('backdating_days', {day})::int
 THEN 'backdated' END$$,
    'Without an application the decision is the moment of writing, which is not known of a stored '
    'row. A newborn counts from the day of birth, and orders and restorations have days of their own.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('no_newborn', '{day}',
    $$({p}.birth_date + osms.parameter_on('newborn_months', {day})::int
 * interval '1 month' <= {day})$$,
    'At the age at which a maternity files no more.');

INSERT INTO osms.definition (name, text) VALUES
    ('decision_day', '{day_of: coalesce({ap}.decided_at, CASE WHEN NOT c.stored THEN now() END)}');

INSERT INTO osms.clause (relation, place, rule, column_name, relations, predicate) VALUES
    ('attachment', 170, 'no_backdating', 'since', '{application}',
    $$CASE WHEN NOT {touched:since,application} OR c.state = 'annulled'
  OR num_nonnulls(c.order_key, c.restores) > 0 THEN NULL
 WHEN c.application IS NULL
  THEN CASE WHEN NOT c.stored THEN {backdated: {today}} END
 WHEN {ap}.application IS NULL
  OR c.stored AND {decision_day} < {s}.cut_over THEN NULL
 WHEN {ap}.channel = 'maternity'
  AND {no_newborn: {decision_day}} IS NOT TRUE
  THEN CASE WHEN c.since < {p}.birth_date THEN 'backdated' END
 ELSE {backdated: {decision_day}} END$$);

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, warns_in_import, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (220, 'newborn_term', 'set', 'warn', true, '23514', 'KR DSM-194/2020 (attachment rules)', 'PRESS',
    'newborn is attached late',
    osms_internal.from_utf8(E'новорождённый прикреплён с опозданием'),
    osms_internal.from_utf8(E'жаңа туған нәресте кешігіп тіркелді'),
    'Attach newborns within the term (osms.parameter: newborn_term_days).');

INSERT INTO osms.clause (relation, place, rule, column_name, needs, relations, predicate, comment) VALUES
    ('attachment', 190, 'newborn_term', 'since', '{application}', '{application}',
    $$CASE WHEN {ap}.channel IS DISTINCT FROM 'maternity'
  OR NOT {touched:application,since} OR c.state = 'annulled'
  OR c.stored AND {day_of: {ap}.submitted_at} < {s}.cut_over THEN NULL
 WHEN {no_newborn: {day_of: {ap}.submitted_at}} THEN 'not_newborn'
 WHEN CASE WHEN c.stored THEN {decided_on} ELSE {today} END >
{day_of: {ap}.submitted_at} + osms.parameter_on('newborn_term_days',
{day_of: {ap}.submitted_at})::int THEN 'late' END$$,
    'A maternity files on the day of discharge.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, fixed, lasts, sqlstate, act, refuses, russian, kazakh, hint) VALUES
    (280, 'suspect_term', 'audit', 'audit', true, true, '23514', 'osms: integrity of the registry',
    'attachment is suspect beyond the term',
    osms_internal.from_utf8(E'прикрепление под сомнением дольше срока'),
    osms_internal.from_utf8(E'тіркелу мерзімнен артық күмәнді'),
    'Clear, close or annul it (osms.parameter: suspect_term_days).');

INSERT INTO osms.clause (relation, place, rule, column_name, predicate, comment) VALUES
    ('attachment', 150, 'suspect_term', 'state',
    $$CASE WHEN c.state = 'suspect' THEN (SELECT CASE WHEN
  d.day + osms.parameter_on('suspect_term_days', d.day)::int < {today}
  THEN 'suspect_too_long' END FROM
  (SELECT (min(x.known_from) AT TIME ZONE {s}.time_zone)::date
   FROM {r}.roster x WHERE x.person = c.person
    AND x.attachment = c.attachment AND x.mark = 'suspect'
    AND NOT EXISTS (SELECT FROM {r}.roster y
     WHERE y.person = c.person AND y.attachment = c.attachment
      AND y.mark = 'counted' AND y.known_from > x.known_from)
  ) d(day) WHERE d.day IS NOT NULL) END$$,
    'Since when it is under suspicion the roster knows.');

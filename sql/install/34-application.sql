
--
-- rules: applications, identification, and who decides
--
INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (70, 'decision_order', 'row + set', 'enforce', '23514', 'KR DSM-194/2020 (attachment rules)', 'UNV',
    'times of the application are out of order',
    osms_internal.from_utf8(E'нарушен порядок времени заявления'),
    osms_internal.from_utf8(E'өтініш уақыттарының реті бұзылған'),
    'An application is submitted, then identified, then decided, and none of it in the future.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('clock_tolerance', '{day}',
    $$osms.parameter_on('clock_tolerance_minutes', {day})::int
 * interval '1 minute'$$);

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('in_future', '{moment}',
    $$({moment} > now()
 AND {moment} > clock_timestamp() + {clock_tolerance: {today}})$$,
    'A long transaction writes what happened after it began.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('clearly_before', '{first,second}',
    $$({first} < {second} AND {first} < {second} -
 {clock_tolerance: {day_of: {second}}})$$,
    'The first moment lies before the second by more than clocks differ.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('counted_in_order', '{tolerance}',
    $$(SELECT {counting_events}
 AND e.at >= coalesce(c.submitted_at, '-infinity') - {tolerance}
 AND e.at <= coalesce(c.decided_at, 'infinity') + {tolerance})$$);

INSERT INTO osms.clause (relation, place, rule, column_name, row_function, needs, relations, predicate, at_once, comment) VALUES
    ('application', 130, 'decision_order', 'decided_at', 'decision_order', '{submitted_at,decided_at,channel}',
    '{identity_event}',
    $$CASE WHEN NOT {touched:state,submitted_at,decided_at}
  OR NOT {since_cut_over} THEN NULL
 WHEN {touched:submitted_at} AND {in_future: c.submitted_at}
  THEN 'submitted_in_future'
 WHEN {touched:decided_at} AND {in_future: c.decided_at}
  THEN 'decided_in_future'
 WHEN {touched:state} AND c.op = 'U' AND c.state IN {open_states}
  AND c.submitted_at IS NULL THEN 'submitted_at_missing'
 WHEN {touched:state} AND c.op = 'U'
  AND c.state IN ('approved', 'deferred', 'refused')
  AND c.decided_at IS NULL THEN 'decided_at_missing'
 WHEN ({touched:submitted_at,decided_at} OR c.state IN {open_states})
  AND {clearly_before: c.decided_at; c.submitted_at}
  THEN 'decided_before_submitted'
 WHEN {had_to_be_identified}
  AND NOT EXISTS {counted_in_order: interval '0'}
  AND EXISTS (SELECT {counting_events})
  AND NOT EXISTS {counted_in_order: {clock_tolerance: {today}}}
  THEN 'identified_out_of_order' END$$,
    $${identifies: {admitted}; c} AND c.submitted_at <= {admitted}.at
 AND {admitted}.at <= coalesce(c.decided_at, now())
 AND coalesce(c.decided_at, now()) <= now()$$,
    'submitted_at <= identification <= decided_at. Of a new application initial_state tells what is '
    'missing.');

INSERT INTO osms.clause (relation, place, rule, column_name, relations, predicate, comment) VALUES
    ('identity_event', 60, 'decision_order', 'at', '{application}',
    $$CASE WHEN c.stored AND {day_of: c.at} < {s}.cut_over THEN NULL
 WHEN {in_future: c.at} THEN 'identified_in_future'
 WHEN NOT c.stored AND {ap}.state = 'draft'
  OR {clearly_before: c.at; {ap}.submitted_at}
  THEN 'identified_before_submitted' END$$,
    'A draft may still become an application of another person.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (80, 'identified', 'set', 'enforce', '23514', 'KR DSM-194/2020 (attachment rules)', 'UNV',
    'application has no identification that counts',
    osms_internal.from_utf8(E'у заявления нет действительной идентификации личности'),
    osms_internal.from_utf8(E'өтініште жарамды жеке басын сәйкестендіру жоқ'),
    'Record the identification by a method that counts for the channel (osms.channel), by a known clerk, and repeat the step.');

INSERT INTO osms.finding (rule, finding, refuses) VALUES
    ('identified', 'unmapped_channel', 'channel is a code that the mapping does not know');

INSERT INTO osms.definition (name, text) VALUES
    ('identified',
    $$CASE WHEN {touched:state} AND {had_to_be_identified}
 AND {since_cut_over}
 AND NOT EXISTS (SELECT {counting_events})
 THEN 'not_identified' END$$);

INSERT INTO osms.clause (relation, place, rule, column_name, needs, relations, predicate, at_once, stored) VALUES
    ('application', 90, 'identified', 'state', '{channel}', '{identity_event}', '{identified}',
    $${identifies: {admitted}; c} AND {key_of: c.application}
 NOT IN (SELECT m.key FROM {r}.moved m WHERE m.relation = 'application')$$,
    $$CASE WHEN {lies_behind: application; c.application; c.person; c.applicant}
 THEN 'application_of_another_person' ELSE {identified} END$$);

INSERT INTO osms.clause (relation, place, rule, column_name, needs, predicate, comment) VALUES
    ('application', 100, 'identified', 'channel', '{channel}',
    $$CASE WHEN {touched:channel} AND c.channel LIKE '?%'
 THEN '?unmapped_channel' END$$,
    'A code without a meaning is a question mark and the code (osms.map): no rule about channels or '
    'grounds applies to it.');

INSERT INTO osms.clause (relation, place, rule, column_name, stored) VALUES
    ('identity_event', 40, 'identified', 'person',
    $$CASE WHEN {lies_behind: identity_event; c.event; c.person; c.applicant}
 THEN 'identified_another_person' END$$);

INSERT INTO osms.clause (relation, place, rule, column_name, audited, predicate, comment) VALUES
    ('identity_event', 50, 'identified', 'event', false,
    $$(SELECT CASE WHEN h.writer IS NULL THEN NULL
  WHEN NOT pg_has_role($1, h.writer, 'USAGE')
   THEN 'writer_without_channel'
  WHEN $3 = 'table_rewrites' AND pg_has_role($4, h.writer, 'USAGE')
   THEN NULL
  ELSE nullif($3, '') END FROM osms.channel h
  WHERE h.channel = c.channel
   AND h.valid_from <= (now() AT TIME ZONE {s}.time_zone)::date
  ORDER BY h.valid_from DESC, h.known_from DESC LIMIT 1)$$,
    'Written by the roles of the channel alone; $1 is the writer. What counts is who may write today,'
    ' not on the day that the writer gives. $3 is what recording.c finds about the statement, $4 owns'
    ' the table: one who may record for the channel forges nothing.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, lasts, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (100, 'one_open_application', 'set', 'enforce', true, '23505', 'KR DSM-194/2020 (attachment rules)', 'CODE',
    'person already has an open application',
    osms_internal.from_utf8(E'у человека уже есть открытое заявление'),
    osms_internal.from_utf8(E'адамның ашық өтініші бар'),
    'Withdraw or finish the other application first.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('of_campaign', '{x}',
    $${x}.ground IS NOT DISTINCT FROM 'campaign'$$,
    'Campaign applications, which wait for 1 January, are counted apart.');

INSERT INTO osms.clause (relation, place, rule, column_name, predicate, stored) VALUES
    ('application', 120, 'one_open_application', 'state',
    $$CASE WHEN {touched:state,person,ground} AND c.state IN {open_states}
 AND (c.person, {of_campaign: c}) IN (SELECT x.person,
 {of_campaign: x} FROM {r}.application x WHERE x.person = ANY ($2)
  AND x.state IN {open_states} GROUP BY 1, 2 {more_than_itself})
 THEN 'open_application' END$$,
    $$CASE WHEN c.state IN {open_states} AND {others}
 AND EXISTS (SELECT FROM {r}.application x WHERE x.person = c.person
  AND x.application < c.application AND x.state IN {open_states}
  AND ({of_campaign: x}) = ({of_campaign: c}))
 THEN 'open_application' END$$);

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, refuses, russian, kazakh, hint) VALUES
    (230, 'four_eyes', 'set', 'warn', '23514', 'osms: integrity of the registry',
    'one clerk identified and decided',
    osms_internal.from_utf8(E'один работник идентифицировал и принял решение'),
    osms_internal.from_utf8(E'бір қызметкер сәйкестендірген әрі шешім қабылдаған'),
    'Let another clerk decide.');

INSERT INTO osms.clause (relation, place, rule, column_name, needs, relations, predicate, at_once, comment) VALUES
    ('application', 150, 'four_eyes', 'decided_by', '{decided_by}', '{identity_event}',
    $$CASE WHEN {touched:state,decided_by}
 AND c.state IN ('approved', 'deferred', 'attached')
 AND (c.state <> 'attached' OR c.op = 'I')
 AND {since_cut_over}
 AND EXISTS (SELECT FROM {r}.identity_event e
  WHERE e.application = c.application AND e.clerk = c.decided_by)
 THEN 'same_clerk' END$$,
    'c.decided_by IS NULL', 'Who identified should not decide alone.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (240, 'clinic_category', 'set', 'warn', '23514', 'KR DSM-194/2020 (attachment rules)', 'UNV',
    'person is not of a category that applies in person',
    osms_internal.from_utf8(E'категория человека не подаёт заявление лично в клинике'),
    osms_internal.from_utf8(E'адамның санаты емханада жеке өтініш бермейді'),
    'Apply through another channel (osms.parameter: clinic_categories).');

INSERT INTO osms.clause (relation, place, rule, column_name, needs, relations, predicate, comment) VALUES
    ('application', 160, 'clinic_category', 'channel', '{channel}', '{insurance}',
    $$CASE WHEN c.channel = 'clinic' AND {touched:channel,state}
 AND (c.state IN ('submitted', 'identified')
  OR c.op = 'I' AND c.state <> 'draft')
 AND {since_cut_over}
 THEN (SELECT CASE WHEN l.listed = ARRAY['any']
   OR i.category = ANY (l.listed) THEN NULL
  WHEN i.category IS NULL THEN '?category_unknown'
  ELSE 'category_not_listed' END
 FROM (SELECT {day_of: coalesce(c.submitted_at, now())}) d (day)
 CROSS JOIN LATERAL (SELECT string_to_array(
  osms.parameter_on('clinic_categories', d.day), ',')) l (listed)
 LEFT JOIN LATERAL (SELECT i.category FROM {r}.insurance i
  WHERE i.person = c.person AND i.month <= d.day
  ORDER BY i.month DESC, i.known_from DESC NULLS LAST LIMIT 1) i
 ON true) END$$,
    'Who may apply in person at a clinic; any opens it to all. The category is the last one known of '
    'the person on that day. It is asked again when the person is identified, for who only files is '
    'not told it.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, refuses, russian, kazakh, hint) VALUES
    (260, 'burst', 'set', 'warn', '23514', 'osms: integrity of the registry',
    'one clerk decides very many applications',
    osms_internal.from_utf8(E'один работник решает очень много заявлений'),
    osms_internal.from_utf8(E'бір қызметкер өте көп өтінішті шешеді'),
    'Look at the clerk''s decisions (osms.parameter: burst_hour, burst_day).');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('more_decisions_than', '{unit,name}',
    $$EXISTS (SELECT FROM {r}.application x WHERE x.decided_by = c.decided_by
 AND x.decided_at >= date_trunc('{unit}', c.decided_at, {s}.time_zone)
 AND x.decided_at < date_trunc('{unit}', c.decided_at, {s}.time_zone)
  + interval '1 {unit}' AND (NOT c.stored
  OR (x.decided_at, x.application) <= (c.decided_at, c.application))
 OFFSET osms.parameter_on('{name}', {day_of: c.decided_at})::int)$$,
    'Decisions of a clerk in one hour or day of civil time, of stored ones those beyond the number. A'
    ' guard asks one row for all of a clerk''s in an hour, and nobody counts further than the limit, '
    'and only with an index: see DECISIONS_INDEXED_BIT.');

INSERT INTO osms.definition (name, text, in_audit, comment) VALUES
    ('last_decision',
    $$c.ord IN (SELECT max(c.ord) FROM chunk c, {r}.setting z
 WHERE c.op <> 'D' AND c.decided_by IS NOT NULL GROUP BY c.decided_by,
  date_trunc('hour', c.decided_at, z.time_zone))$$,
    'true', 'no later row of the chunk decides for the same clerk in the same hour; audit judges each');

INSERT INTO osms.clause (relation, place, rule, column_name, needs, needs_index, predicate) VALUES
    ('application', 170, 'burst', 'decided_by', '{decided_by,decided_at}', true,
    $$CASE WHEN NOT {touched:decided_at,decided_by}
  OR c.decided_by IS NULL OR c.decided_at IS NULL
  OR c.stored AND {day_of: c.decided_at} < {s}.cut_over
  OR NOT {last_decision} THEN NULL
 WHEN {more_decisions_than: hour; burst_hour} THEN 'burst_hour'
 WHEN {more_decisions_than: day; burst_day} THEN 'burst_day' END$$);

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, fixed, lasts, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (270, 'overdue', 'audit', 'audit', true, true, '23514', 'KR DSM-194/2020 (attachment rules)', 'OFFICIAL',
    'application is not decided in time',
    osms_internal.from_utf8(E'заявление не решено в срок'),
    osms_internal.from_utf8(E'өтініш мерзімінде шешілмеген'),
    'Decide it (osms.parameter: decision_working_days).');

INSERT INTO osms.clause (relation, place, rule, column_name, needs, predicate, comment) VALUES
    ('application', 180, 'overdue', 'submitted_at', '{submitted_at}',
    $$CASE WHEN c.state IN ('submitted', 'identified') AND {since_cut_over}
 AND osms.add_working_days(osms.filed_on(c.submitted_at, {s}.time_zone),
  osms.parameter_on('decision_working_days',
 {day_of: c.submitted_at})::int) < {today}
 THEN 'undecided' END$$,
    'Nothing is approved by silence, so this is only told.');

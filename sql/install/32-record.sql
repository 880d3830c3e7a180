
--
-- rules: what a record of any relation may be: dates, states, steps, what stays
-- as it was written
--
INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, refuses, russian, kazakh, hint) VALUES
    (20, 'period', 'row', 'enforce', '23514', 'osms: integrity of the registry',
    'date or period is not possible',
    osms_internal.from_utf8(E'невозможная дата или невозможный период'),
    osms_internal.from_utf8(E'күн немесе кезең мүмкін емес'),
    'Write each date as the register keeps it. An attachment has a first day and, to close, an end '
    'that lies after it, between the years 1900 and 2200.');

INSERT INTO osms.clause (relation, place, rule, column_name, row_function) VALUES
    ('person', 30, 'period', 'birth_date', 'dates'),
    ('contract', 10, 'period', 'valid_from', 'dates'),
    ('attachment', 10, 'period', 'since', 'period'),
    ('application', 10, 'period', 'submitted_at', 'dates'),
    ('identity_event', 10, 'period', 'event', 'dates'),
    ('organisation_status', 10, 'period', 'valid_from', 'dates'),
    ('payment', 10, 'period', 'month', 'dates');

INSERT INTO osms.clause (relation, place, rule, column_name, predicate, comment) VALUES
    ('person', 40, 'period', 'death_date',
    $$CASE WHEN NOT {touched:birth_date,death_date} THEN NULL
 WHEN c.death_date < c.birth_date AND c.death_date <> '-infinity'
  THEN '?death_before_birth'
 WHEN c.death_date > {today} + 1 THEN '?death_in_future'
 WHEN c.birth_date > {today} + 1 THEN '?birth_in_future' END$$,
    'A death is never refused, and what the register holds is not judged by its neighbours'' clocks: '
    'lives that nobody can have led are doubts, and told.');

INSERT INTO osms.clause (relation, place, rule, column_name, row_function, audited, comment) VALUES
    ('attachment_event', 10, 'period', 'day', 'dates', false,
    'What events make is judged as an attachment; here only whether they make anything.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (30, 'transition', 'row + set', 'enforce', '23514', 'KR DSM-194/2020 (attachment rules)', 'UNV',
    'state does not allow this step',
    osms_internal.from_utf8(E'состояние не допускает этого шага'),
    osms_internal.from_utf8(E'күй бұл қадамға жол бермейді'),
    'SELECT * FROM osms.transitions(''application''), or of ''attachment'', lists the steps there are; an'
    ' application is identified before it is approved.');

INSERT INTO osms.finding (rule, finding, refuses, hint) VALUES
    ('transition', 'unmapped_state', 'state is a code that the mapping does not know', NULL),
    ('transition', 'key_not_growing', 'key of the event is lower than that of a later one',
    'Write it again with a greater key: the last event of a chain has the greatest.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('event_chain_grows',
    $$WHEN c.state IN ('active', 'suspect') AND EXISTS
   (SELECT FROM {r}.attachment_event y WHERE y.closes = c.closes
    AND y.person = c.person AND y.event > c.event
    AND y.state IN ('active', 'suspect')
    AND y.event NOT IN (SELECT k.event FROM chunk k WHERE k.op <> 'D'))
   THEN 'key_not_growing'$$,
    'A new event without effect is found where attachments are derived; but a doubt, or its end, '
    'below another of those by its key would be read as if it had come before.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('event_chain', '{grows}',
    $$CASE WHEN c.closes IS NULL OR NOT {touched:closes,person,state} THEN NULL
 WHEN c.state IS NULL THEN 'unmapped_state'
 ELSE (SELECT CASE
  WHEN x.event IS NULL THEN 'unknown_opening'
  WHEN x.closes IS NOT NULL THEN 'not_an_opening'
  WHEN x.person <> c.person THEN 'opening_of_another_person'
{grows}
  WHEN c.stored AND EXISTS (SELECT FROM {r}.attachment_event y
    WHERE y.closes = c.closes AND y.person = c.person
     AND y.event < c.event AND (y.state = 'annulled'
       AND (c.state = 'annulled' AND c.reason = 'error') IS NOT TRUE
      OR y.state = 'closed' AND c.state <> 'annulled'
       AND (c.state <> 'closed' OR y.day <= c.day)))
   THEN 'no_such_step' END
  FROM (VALUES (1)) one LEFT JOIN {r}.attachment_event x
   ON x.event = c.closes) END$$,
    'What an event points at; of stored ones also whether an earlier event, by key, has left it '
    'nothing to do but to tell that it annulled by an error.');

INSERT INTO osms.clause (relation, place, rule, column_name, row_function) VALUES
    ('attachment', 20, 'transition', 'state', 'transition'),
    ('application', 20, 'transition', 'state', 'transition');

INSERT INTO osms.clause (relation, place, rule, column_name, predicate, stored) VALUES
    ('attachment_event', 20, 'transition', 'state', '{event_chain: {event_chain_grows}}', '{event_chain: }');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, warns_in_import, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (40, 'initial_state', 'row + set', 'enforce', true, '23514', 'KR DSM-194/2020 (attachment rules)', 'UNV',
    'row may not begin in this state',
    osms_internal.from_utf8(E'запись не может начинаться с этого состояния'),
    osms_internal.from_utf8(E'жазба бұл күйден басталмайды'),
    'Insert it in its first state and take the steps, or give the times that prove them.');

INSERT INTO osms.clause (relation, place, rule, column_name, audited, predicate) VALUES
    ('attachment', 60, 'initial_state', 'state', false,
    $$CASE WHEN {touched:attachment} AND c.op = 'I' AND NOT c.stored
 AND coalesce(c.old_state, c.state) NOT IN ('active', 'closed')
 THEN 'born_' || coalesce(c.old_state, c.state)::text END$$);

INSERT INTO osms.clause (relation, place, rule, column_name, needs, predicate) VALUES
    ('application', 60, 'initial_state', 'state', '{submitted_at,decided_at}',
    $$CASE WHEN c.op <> 'I' OR c.state IS NULL
  OR c.state IN ('draft', 'submitted')
  OR NOT {since_cut_over} THEN NULL
 WHEN c.submitted_at IS NULL THEN 'submitted_at_missing'
 WHEN c.state NOT IN ('approved', 'deferred', 'attached', 'refused',
  'lapsed', 'cancelled') THEN NULL
 WHEN c.decided_at IS NULL THEN 'decided_at_missing' END$$);

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (50, 'reason', 'row', 'enforce', '23514', 'KR DSM-194/2020 (attachment rules)', 'INF',
    'this step needs a reason from the code list',
    osms_internal.from_utf8(E'для этого шага нужна причина из справочника'),
    osms_internal.from_utf8(E'бұл қадам үшін анықтамалықтағы себеп қажет'),
    'SELECT * FROM osms.reason_codes(''application''), or of ''attachment'', lists the codes; a code of '
    'the source is one where the mapping knows it.');

INSERT INTO osms.finding (rule, finding, refuses) VALUES
    ('reason', 'unmapped_reason', 'reason is a code that the mapping does not know');

INSERT INTO osms.clause (relation, place, rule, column_name, row_function, needs) VALUES
    ('attachment', 30, 'reason', 'reason', 'reason', '{reason}'),
    ('application', 30, 'reason', 'reason', 'reason', '{reason}');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, refuses, russian, kazakh, hint) VALUES
    (60, 'immutable', 'row + set', 'enforce', '23001', 'osms: integrity of the registry',
    'this part of the record cannot be changed',
    osms_internal.from_utf8(E'эту часть записи изменить нельзя'),
    osms_internal.from_utf8(E'жазбаның бұл бөлігін өзгертуге болмайды'),
    'Close or annul the row with its reason and write a new one; of a payment, correct the amount.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('same_person', '{column}',
    $$CASE WHEN {touched:{column}} AND c.op = 'U'
 AND c.old_{column} IS NOT NULL AND NOT {merged:{column}}
 THEN 'changed_{column}' END$$,
    'A person is changed for another only where a merge says they are one.');

INSERT INTO osms.clause (relation, place, rule, column_name, row_function, audited) VALUES
    ('person', 70, 'immutable', 'person', 'immutable', false),
    ('organisation', 20, 'immutable', 'organisation', 'immutable', false),
    ('attachment', 40, 'immutable', 'attachment', 'immutable', false),
    ('attachment_event', 30, 'immutable', 'event', 'immutable', false),
    ('application', 40, 'immutable', 'application', 'immutable', false),
    ('person_alias', 10, 'immutable', 'old', 'immutable', false),
    ('contract', 20, 'immutable', 'organisation', 'immutable', false),
    ('organisation_status', 20, 'immutable', 'organisation', 'immutable', false),
    ('authority_order', 10, 'immutable', 'order_key', 'immutable', false),
    ('order_scope', 10, 'immutable', 'order_key', 'immutable', false),
    ('identity_event', 20, 'immutable', 'event', 'immutable', false),
    ('payment', 20, 'immutable', 'organisation', 'immutable', false);

INSERT INTO osms.clause (relation, place, rule, column_name, audited, predicate) VALUES
    ('attachment', 50, 'immutable', 'attachment', false, '{same_person: person}'),
    ('application', 50, 'immutable', 'application', false,
    $$CASE WHEN c.old_state IS DISTINCT FROM 'draft' THEN coalesce(
{same_person: person}, {same_person: applicant}) END$$),
    ('identity_event', 30, 'immutable', 'event', false, 'coalesce({same_person: person}, {same_person: applicant})');

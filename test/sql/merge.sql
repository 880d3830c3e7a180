-- Merges of persons: what a recorded merge lets pass and nothing else, what is judged of the one who remains, and the way back.
SET search_path = public;
SET client_min_messages = warning;
SELECT * FROM no_plan();
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', '75' FROM generate_series(1, 9) i;
UPDATE fund.person SET region = '10', stay_until = '2020-01-01' WHERE person = 2;
INSERT INTO fund.organisation (organisation) VALUES (1), (2);
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM fund.organisation;
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '1900-01-01'), (2, '1900-01-01');
-- person 1 is found to be 2: an attachment by an application of long ago, an annulled one, and a child's application that 1 filed
INSERT INTO fund.application (application, person, applicant, organisation, channel, ground, state, submitted_at, decided_at) VALUES
    (1, 1, NULL, 1, 'egov', 'moved', 'attached', '2025-01-10', '2025-01-11'),
        (3, 3, 1, 1, 'egov', 'moved', 'attached', '2025-01-10', '2025-01-11'),
    (4, 4, NULL, 1, 'egov', 'moved', 'identified', '2025-01-10', NULL), (5, 5, NULL, 1, 'egov', 'moved', 'identified', '2025-01-10', NULL),
    (6, 6, NULL, 1, 'egov', 'moved', 'draft', NULL, NULL);
INSERT INTO fund.identity_event (event, person, application, channel, method, at) VALUES
    (1, 1, 1, 'egov', 'e_signature', '2025-01-10'), (3, 1, 3, 'egov', 'e_signature', '2025-01-10'),
    (4, 4, 4, 'egov', 'e_signature', '2025-01-10'), (5, 5, 5, 'egov', 'e_signature', '2025-01-10');
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, application, reason) VALUES
    (1, 1, 1, 'active', '2025-01-11', NULL, 1, NULL), (2, 1, 2, 'annulled', '2024-01-01', NULL, NULL, 'error'),
    (3, 3, 1, 'active', '2025-01-11', NULL, 3, NULL), (4, 4, 1, 'active', '2020-01-01', NULL, NULL, NULL),
        (5, 5, 2, 'active', '2021-01-01', NULL, NULL, NULL);
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', NULL);
SELECT is_empty($$SELECT * FROM osms.audit('fund') WHERE rule NOT IN ('decision_order', 'overdue')$$, 'nothing is wrong before');
\ir verdict.psql

-- the record of a merge
SELECT is(pg_temp.verdict(statement), expected, statement) FROM (VALUES
($$INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (1, 2, '2025-06-01', 'court')$$, 'ok'),
($$INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (1, 99, '2025-06-01', 'court')$$,
    '23503 person_known fund.person_alias.new unknown_person in person_alias 1'),
($$INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (99, 1, '2025-06-01', 'court')$$,
    '23503 person_known fund.person_alias.new unknown_person in person_alias 99'),
($$INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (1, 1, '2025-06-01', 'court')$$,
    '23503 person_known fund.person_alias.new same_person in person_alias 1')) c (statement, expected);
CREATE FUNCTION pg_temp.merged(statement text, probe text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict($q$INSERT INTO fund.person_alias (old, new, valid_from, act)
        VALUES (1, 2, '2025-06-01', 'court'), (4, 5, '2025-06-01', 'court');$q$ || statement, 'UTC', probe)
$$;
SELECT is(pg_temp.merged(statement), expected, statement) FROM (VALUES
($$UPDATE fund.person_alias SET undone_at = now() WHERE old = 1$$, 'ok'),
($$UPDATE fund.person_alias SET undone_at = now() WHERE old = 1;
    UPDATE fund.person_alias SET undone_at = NULL WHERE old = 1$$,
    '23001 immutable fund.person_alias.undone_at changed_undone_at in person_alias 1'),
($$UPDATE fund.person_alias SET act = 'other' WHERE old = 1$$, '23001 immutable fund.person_alias.act changed_act in person_alias 1'),
($$UPDATE fund.person_alias SET new = 3 WHERE old = 1$$, '23001 immutable fund.person_alias.new changed_new in person_alias 1'),
($$DELETE FROM fund.person_alias WHERE old = 1$$, '23001 immutable fund.person_alias.old deleted in person_alias 1'),
-- what it lets pass
($$UPDATE fund.identity_event SET person = 2 WHERE person = 1$$, 'ok'),
($$UPDATE fund.identity_event SET person = 3 WHERE event = 1$$,
    '23001 immutable fund.identity_event.person changed_person in identity_event 1'),
($$UPDATE fund.identity_event SET person = 2, method = 'biometric'
    WHERE event = 1$$, '23001 immutable fund.identity_event.method changed_method in identity_event 1'),
($$UPDATE fund.application SET person = 2 WHERE person = 1$$, 'ok'),
($$UPDATE fund.application SET applicant = 2 WHERE applicant = 1$$, 'ok'),
($$UPDATE fund.application SET applicant = 4 WHERE applicant = 1$$,
    '23001 immutable fund.application.applicant changed_applicant in application 3'),
($$UPDATE fund.application SET person = 3
    WHERE person = 1$$, '23001 immutable fund.application.person changed_person in application 1'),
($$UPDATE fund.application SET person = 2, organisation = 2 WHERE person = 1$$,
    '23001 immutable fund.application.application final_state in application 1'),
($$UPDATE fund.application SET person = 3 WHERE application = 6$$, 'ok'),
($$UPDATE fund.attachment SET person = 2 WHERE person = 1$$, 'ok'),
-- who was merged is attached under the number that remains
($$UPDATE fund.attachment SET person = 2 WHERE person = 1; UPDATE fund.attachment SET state = 'closed', until = '2025-06-01',
    reason = 'error' WHERE attachment = 1;
   INSERT INTO fund.attachment (attachment, person, organisation, state, since, restores) VALUES (10, 1, 1, 'active', '2025-06-01', 1)$$,
 '23503 person_known fund.attachment.person merged_person in attachment 10'),
($$UPDATE fund.attachment SET person = 3 WHERE attachment = 1$$,
    '23001 immutable fund.attachment.person changed_person in attachment 1'),
($$UPDATE fund.attachment SET person = 2, since = '2025-01-12'
    WHERE attachment = 1$$, '23001 immutable fund.attachment.since changed_since in attachment 1'),
($$UPDATE fund.attachment SET person = 1 WHERE attachment = 5$$,
    '23001 immutable fund.attachment.person changed_person in attachment 5'),
($$UPDATE fund.person_alias SET undone_at = now() WHERE old = 1;
    UPDATE fund.attachment SET person = 2 WHERE attachment = 1$$,
    '23001 immutable fund.attachment.person changed_person in attachment 1'),
-- of the one who remains one attachment, one open application
($$UPDATE fund.attachment SET person = 5 WHERE person = 4$$, '23P01 one_attachment fund.attachment.since overlap'),
($$UPDATE fund.attachment SET state = 'closed', until = '2021-01-01', reason = 'duplicate' WHERE attachment = 4;
    UPDATE fund.attachment SET person = 5 WHERE person = 4$$, 'ok'),
($$UPDATE fund.attachment SET person = 5 WHERE person = 4; UPDATE fund.attachment SET state = 'closed', until = '2021-01-01',
    reason = 'duplicate' WHERE attachment = 4$$, 'ok'),
($$UPDATE fund.application SET person = 5
    WHERE person = 4$$, '23505 one_open_application fund.application.state open_application in application 4'),
($$UPDATE fund.application SET state = 'withdrawn' WHERE application = 4; UPDATE fund.application SET person = 5 WHERE person = 4$$, 'ok'))
    c (statement, expected);
SELECT is(pg_temp.verdict($$UPDATE fund.attachment SET person = 2
    WHERE attachment = 1$$), '23001 immutable fund.attachment.person changed_person in attachment 1', 'and nothing without a merge');

-- the whole of it, and back
INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (1, 2, '2025-06-01', 'court');
UPDATE fund.identity_event SET person = 2 WHERE person = 1;
UPDATE fund.application SET person = 2 WHERE person = 1;
UPDATE fund.application SET applicant = 2 WHERE applicant = 1;
UPDATE fund.attachment SET person = 2 WHERE person = 1;
SELECT results_eq($$SELECT attachment, person, organisation, since, until, mark FROM fund.roster WHERE known_to = 'infinity' ORDER BY 1$$,
    $$VALUES (1::bigint, 2::bigint, 1::bigint, date '2025-01-11', date 'infinity', 'counted'),
        (3, 3, 1, '2025-01-11', 'infinity', 'counted'),
             (4, 4, 1, '2020-01-01', 'infinity', 'counted'), (5, 5, 2, '2021-01-01', 'infinity', 'counted')$$, 'the roster follows');
SELECT results_eq($$SELECT known_to < 'infinity' FROM fund.roster WHERE person = 1$$, $$VALUES (true)$$, 'and keeps what was known');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'it agrees with the source');
SELECT results_eq($$SELECT relation, key, rule, finding FROM osms.audit('fund') WHERE rule NOT IN ('decision_order', 'overdue')$$,
    $$VALUES ('attachment', '1', 'same_territory', 'other_territory'),
        ('attachment', '1', 'stay', 'beyond_stay')$$, 'audit tells where the one who remains does not live');
SELECT results_eq($$SELECT relation, key, person, changed FROM fund.journal WHERE event = 'U' AND relation <> 'setting' ORDER BY entry$$,
    $$VALUES ('identity_event', '1', 2::bigint, '{person}'::text[]), ('identity_event', '3', 2, '{person}'),
        ('application', '1', 2, '{person}'),
             ('application', '3', 3, '{applicant}'), ('attachment', '1', 2, '{person}'), ('attachment', '2', 2, '{person}')$$,
                 'the journal has each');
UPDATE fund.person_alias SET undone_at = now() WHERE old = 1;
UPDATE fund.identity_event SET person = 1 WHERE person = 2;
UPDATE fund.application SET person = 1 WHERE person = 2;
UPDATE fund.application SET applicant = 1 WHERE applicant = 2;
UPDATE fund.attachment SET person = 1 WHERE person = 2;
SELECT results_eq($$SELECT attachment, person, organisation, since, until, mark FROM fund.roster
    WHERE known_to = 'infinity' AND attachment = 1$$,
    $$VALUES (1::bigint, 1::bigint, 1::bigint, date '2025-01-11', date 'infinity', 'counted')$$, 'undone, the roster follows again');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'it agrees with the source again');
SELECT is_empty($$SELECT * FROM osms.audit('fund') WHERE rule NOT IN ('decision_order', 'overdue')$$, 'and nothing is wrong as before');
SELECT is(pg_temp.verdict($$UPDATE fund.attachment SET person = 2 WHERE attachment = 1$$),
    '23001 immutable fund.attachment.person changed_person in attachment 1', 'a merge that was undone moves nobody');
SELECT * FROM finish();

-- Warn mode tells the truth: what a later statement of the transaction heals is no warning; and counters that outlive a rollback tell how
-- often was refused, and would have been, to whoever may read the journal.
SELECT * FROM no_plan();
SET client_min_messages = error;
CREATE ROLE refusals_vendor;
CREATE ROLE refusals_other;
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', '75' FROM generate_series(1, 3000) i;
INSERT INTO fund.organisation (organisation) VALUES (10), (20);
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM fund.organisation;
INSERT INTO fund.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM fund.organisation;
INSERT INTO fund.attachment (person, organisation, state, since) SELECT i, 10, 'active', '2020-01-01' FROM generate_series(1, 3000) i;
SELECT osms.guard('fund', '{"no_backdating": "off", "one_attachment": "warn", "reason": "warn"}');
CALL osms.fill_roster('fund');
GRANT USAGE ON SCHEMA fund TO refusals_vendor, refusals_other;
GRANT SELECT, INSERT, UPDATE ON fund.attachment TO refusals_vendor;
GRANT SELECT ON fund.person, fund.roster TO refusals_vendor;
SELECT is_empty($$SELECT * FROM osms.refusals('fund')$$, 'nothing was refused yet');

CREATE FUNCTION attach(bigint) RETURNS void LANGUAGE sql BEGIN ATOMIC
    INSERT INTO fund.attachment (person, organisation, state, since) VALUES ($1, 20, 'active', '2024-01-01');
END;
CREATE FUNCTION close(bigint) RETURNS void LANGUAGE sql BEGIN ATOMIC
    UPDATE fund.attachment SET state = 'closed', until = '2024-01-01', reason = 'moved_to_other' WHERE person = $1 AND organisation = 10;
END;
CREATE VIEW told AS
    SELECT told, rule, finding, relation, role, application, statements, rows FROM osms.refusals('fund') WHERE day >= current_date - 1;

-- an overlap
SET application_name = 'mis';
SET ROLE refusals_vendor;
BEGIN;
SELECT attach(1), close(1);
SELECT close(2), attach(2);
COMMIT;
RESET ROLE;
SELECT is_empty('SELECT * FROM told', 'an overlap that the transaction heals is no warning');
SELECT results_eq($$SELECT person, organisation, mark FROM fund.roster WHERE person IN (1, 2) AND known_to = 'infinity'
    ORDER BY person, organisation$$,
    $$VALUES (1::bigint, 10::bigint, 'counted'), (1, 20, 'counted'), (2, 10, 'counted'),
        (2, 20, 'counted')$$, 'and both of its attachments count');
SET ROLE refusals_vendor;
BEGIN;
SELECT attach(3);
SAVEPOINT before;
SELECT attach(4);
ROLLBACK TO before;
SELECT attach(5);
COMMIT;
RESET ROLE;
SELECT results_eq('SELECT * FROM told',
    $$VALUES ('would refuse', 'one_attachment', 'overlap', 'attachment', 'refusals_vendor', 'mis', 1::bigint, 2::bigint)$$,
    'one that stays is one, once for the transaction, with its rows; what a savepoint takes back is none');
SELECT results_eq($$SELECT person, organisation, mark FROM fund.roster WHERE person IN (3, 5) AND known_to = 'infinity'
    ORDER BY person, organisation$$,
    $$VALUES (3::bigint, 10::bigint, 'excused'), (3, 20, 'counted'), (5, 10, 'excused'), (5, 20, 'counted')$$, 'and the newest counts');
SELECT is_empty('SELECT FROM fund.pending', 'nobody is pending');
UPDATE fund.attachment SET site = '7' WHERE person = 3;
SELECT results_eq('SELECT statements FROM told', 'VALUES (1::bigint)', 'what overlapped before is no news');
SET ROLE refusals_vendor;
INSERT INTO fund.attachment (person, organisation, state, since) SELECT i, 20, 'active', '2024-01-01' FROM generate_series(500, 2999) i;
RESET ROLE;
SELECT results_eq('SELECT * FROM told',
    $$VALUES ('would refuse', 'one_attachment', 'overlap', 'attachment', 'refusals_vendor', 'mis', 2::bigint, 2502::bigint)$$,
    'a statement of many is one warning');

-- when the mode changes in the transaction
BEGIN;
SELECT osms.guard('fund', '{"one_attachment": "enforce"}');
SELECT attach(6);
SELECT osms.guard('fund', '{"one_attachment": "warn"}');
COMMIT;
SELECT results_eq($$SELECT organisation, mark FROM fund.roster WHERE person = 6 AND known_to = 'infinity' ORDER BY organisation$$,
    $$VALUES (10::bigint, 'excused'), (20, 'counted')$$, 'nobody counts twice where the rule warns when the transaction ends');
SELECT results_eq($$SELECT statements, rows FROM told WHERE role = current_user$$, 'VALUES (1::bigint, 1::bigint)', 'which tells it once');

-- other rules, refusals
SET ROLE refusals_vendor;
INSERT INTO fund.attachment (person, organisation, state, since, until) SELECT i, 10, 'closed', '2010-01-01', '2012-01-01'
    FROM generate_series(10, 14) i;
SELECT throws_ok($$INSERT INTO fund.attachment (person, organisation, state, since) VALUES (9999, 10, 'active', '2024-01-01')$$, '23503',
    NULL, 'a refusal');
BEGIN;
SELECT throws_ok($$UPDATE fund.attachment SET person = 8 WHERE person = 7$$, '23001', NULL,
    'another, in a transaction that is rolled back');
ROLLBACK;
RESET ROLE;
SELECT results_eq($$SELECT told, rule, finding, role, statements, rows FROM told WHERE rule <> 'one_attachment' ORDER BY 1, 2$$,
    $$VALUES ('refused', 'immutable', 'changed_person', 'refusals_vendor', 1::bigint, 1::bigint),
             ('refused', 'person_known', 'unknown_person', 'refusals_vendor', 1, 1),
             ('would refuse', 'reason', 'reason_missing', 'refusals_vendor', 1, 5)$$, 'refusals are counted, warnings by their rows');

-- who may know
SET ROLE refusals_other;
SELECT throws_ok($$SELECT * FROM osms.refusals('fund')$$, '42501', 'permission denied for the refusals of registry "fund"',
    'who may not read the journal');
RESET ROLE;
GRANT SELECT ON fund.journal TO refusals_other;
SET ROLE refusals_other;
SELECT lives_ok($$SELECT * FROM osms.refusals('fund')$$, 'who may');
RESET ROLE;
SELECT throws_ok($$SELECT * FROM osms.refusals('nothing')$$, '3F000', NULL, 'of a registry that is none');
SELECT osms.create_registry('other');
SELECT is_empty($$SELECT * FROM osms.refusals('other')$$, 'registries are told apart');

-- no role fills the file: of a day so many are told apart, of a role fewer
CREATE FUNCTION flood(first int, last int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN first .. last LOOP
        PERFORM set_config('application_name', 'flood ' || i, false);
        BEGIN
            INSERT INTO fund.attachment (person, organisation, state, since, until) VALUES (9, 10, 'closed', '2024-01-01', '2023-01-01');
        EXCEPTION WHEN check_violation THEN NULL;
        END;
    END LOOP;
END $$;
SELECT flood(1, 300);
SELECT results_eq($$SELECT count(*) < 110, sum(statements) FROM told WHERE rule = 'period'$$, $$VALUES (true, 300::numeric)$$,
    'all are counted');
SELECT results_eq($$SELECT role IS NOT NULL, statements > 150 FROM told WHERE rule = 'period' AND application = ''$$,
    $$VALUES (true, true)$$,
    'the last of a role without the names of applications');
SET ROLE refusals_vendor;
SELECT flood(1, 1);
RESET ROLE;
SELECT results_eq($$SELECT application, statements FROM told WHERE rule = 'period' AND role = 'refusals_vendor' AND application ~ 'flood'$$,
    $$VALUES ('flood 1', 1::bigint)$$,
    'those of another are told apart still');

DROP OWNED BY refusals_vendor, refusals_other;
DROP ROLE refusals_vendor, refusals_other;
SELECT * FROM finish();

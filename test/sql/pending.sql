-- What is judged when the transaction ends: an overlap that a later statement may heal, also where the transaction is prepared, where
-- the table was analysed in between, and where a savepoint takes the statement back.
SELECT * FROM no_plan();
SET client_min_messages = warning;

SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', '75' FROM generate_series(1, 100) i;
INSERT INTO fund.organisation (organisation) VALUES (10), (20);
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM fund.organisation;
INSERT INTO fund.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM fund.organisation;
INSERT INTO fund.attachment (person, organisation, state, since) SELECT i, 10, 'active', '2020-01-01' FROM generate_series(1, 100) i;
SELECT osms.guard('fund', '{"no_backdating": "off"}');
CALL osms.fill_roster('fund');

CREATE FUNCTION attach(bigint) RETURNS void LANGUAGE sql BEGIN ATOMIC
    INSERT INTO fund.attachment (person, organisation, state, since) VALUES ($1, 20, 'active', '2024-01-01');
END;
CREATE FUNCTION close(bigint) RETURNS void LANGUAGE sql BEGIN ATOMIC
    UPDATE fund.attachment SET state = 'closed', until = '2024-01-01', reason = 'moved_to_other' WHERE person = $1 AND organisation = 10;
END;

BEGIN;
SELECT attach(1);
SELECT results_eq('SELECT person FROM fund.pending', 'VALUES (1::bigint)', 'an overlap is noted');
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23P01', 'person would be attached twice on the same day', 'and judged');
SELECT close(1);
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'unless it was healed');
SELECT is_empty('SELECT FROM fund.pending', 'nothing is noted any more');
SELECT throws_ok('SELECT attach(2)', '23P01', NULL, 'where constraints are immediate the statement is judged');
COMMIT;

BEGIN;
SAVEPOINT before;
SELECT attach(3);
ROLLBACK TO before;
SELECT is_empty('SELECT FROM fund.pending', 'what is taken back is not judged');
COMMIT;

\set ON_ERROR_STOP 0
BEGIN;
SELECT attach(4);
PREPARE TRANSACTION 'twice';
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23P01', 'a transaction that attaches twice is not prepared');
BEGIN;
SELECT attach(5);
COMMIT;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23P01', 'nor committed');
\set ON_ERROR_STOP 1
BEGIN;
SELECT attach(6), close(6);
PREPARE TRANSACTION 'moved';
COMMIT PREPARED 'moved';
SELECT results_eq('SELECT organisation FROM fund.attachment WHERE person = 6 AND until IS NULL', 'VALUES (20::bigint)',
    'a transaction that moves is prepared and committed');

-- The session forgets what it knew of the guard when the table is analysed; what it makes for the judgement is freed.
CREATE FUNCTION move(first int, last int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    FOR person IN first .. last LOOP
        SET CONSTRAINTS ALL DEFERRED;
        PERFORM attach(person), close(person);
        ANALYZE fund.attachment;
        SET CONSTRAINTS ALL IMMEDIATE;
    END LOOP;
    RETURN (SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource');
END $$;
SELECT move(11, 12) AS plans \gset
SELECT is(move(13, 30), :plans::bigint, 'no plan is left behind');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'the roster agrees');
SELECT is_empty('SELECT FROM fund.pending', 'nobody is pending');
SELECT * FROM finish();

-- Since when a row is known: the moment its writer held the lock, one for a transaction; what is known now; what a cut waits for.
\ir verdict.psql
SELECT no_plan();
SET search_path = osms, public;
INSERT INTO act (act, title) VALUES ('known', 'known');

-- every table of the tariff, every question
SELECT is_empty($$SELECT a.attrelid::regclass, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'osms'::regnamespace AND c.relkind = 'r' AND a.attname = 'known_from'
        AND (d.adbin IS NULL OR pg_get_expr(d.adbin, d.adrelid) <> format('osms_internal.known_moment(''%s''::regclass)', d.adrelid::regclass))$$,
    'rows are known since the moment of their transaction');
SELECT ok(count(*) > 10, 'tables with known_from') FROM unnest(osms_internal.known_relations('none')) r;
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace)
    AND pg_get_function_arguments(oid) ~ 'known_at timestamp with time zone DEFAULT (now|statement_timestamp|clock_timestamp|CURRENT)'$$,
        'and asked for as known now');

-- One moment for a transaction: later than its start and than the lock, and than what was committed before.
BEGIN;
SELECT clock_timestamp() AS before \gset
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, act) SELECT 'edition', 0, 18, s, 1, '2026-01-01', 'known'
    FROM unnest('{male,female}'::sex[]) s;
INSERT INTO scheme_weight (scheme, age_from, sex, weight, valid_from, act) VALUES ('edition', 18, 'male', 2, '2026-01-01', 'known');
COPY scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, act) FROM STDIN (FORMAT csv);
edition,18,,female,2,2026-01-01,known
\.
DO $$ BEGIN INSERT INTO osms.base_rate (scheme, class, rate, valid_from, act) VALUES ('edition', 'urban', 1, '2026-01-01', 'known');
    EXCEPTION WHEN division_by_zero THEN NULL; END $$;
SAVEPOINT s;
INSERT INTO parameter (name, value, valid_from, act) VALUES ('burst_day', '1', '2026-01-01', 'known');
ROLLBACK TO s;
INSERT INTO parameter (name, value, valid_from, act) VALUES ('burst_day', '2', '2026-01-01', 'known');
SELECT results_eq($$SELECT count(*), count(DISTINCT known_from), bool_and(known_from > now()) FROM (
    SELECT known_from FROM scheme_weight WHERE scheme = 'edition' UNION ALL SELECT known_from FROM base_rate WHERE scheme = 'edition'
        UNION ALL SELECT known_from FROM parameter WHERE name = 'burst_day' AND act = 'known') k$$,
    'VALUES (6::bigint, 1::bigint, true)', 'an edition by several statements, over savepoints');
SELECT ok(known_from > :'before', 'after what came before') FROM base_rate WHERE scheme = 'edition';
SELECT results_eq($$SELECT count(*) FROM weights_on('edition', '2026-01-01')$$, 'VALUES (4::bigint)', 'holds whole');
SELECT is(parameter_on('burst_day', '2026-01-01'), '2', 'and is known in the transaction');
COMMIT;
BEGIN;
SELECT osms_internal.known_moment('base_rate') AS asked \gset
INSERT INTO parameter (name, value, valid_from, act) VALUES ('decision_working_days', '1', '2026-01-01', 'known');
SELECT ok(known_from > :'asked', 'a moment asked for before anything is written is not kept') FROM parameter WHERE name = 'decision_working_days' AND act = 'known';
ROLLBACK;
SELECT isnt(osms_internal.known_moment('base_rate'), known_from, 'another transaction, another moment') FROM base_rate WHERE scheme = 'edition';

-- A savepoint takes its lock back, and its moment with it.
BEGIN;
SAVEPOINT outside;
SAVEPOINT s;
INSERT INTO parameter (name, value, valid_from, act) VALUES ('newborn_months', '1', '2026-01-01', 'known');
RELEASE s;
SELECT known_from AS dropped FROM parameter WHERE name = 'newborn_months' AND act = 'known' \gset
SELECT is(osms_internal.known_moment('base_rate'), :'dropped', 'a savepoint that is released keeps it');
ROLLBACK TO outside;
SELECT clock_timestamp() AS since \gset
INSERT INTO parameter (name, value, valid_from, act) VALUES ('newborn_months', '2', '2026-01-01', 'known');
SELECT ok(known_from > :'since', 'one that is rolled back does not, even with it released inside') FROM parameter WHERE name = 'newborn_months' AND act = 'known';
COMMIT;
BEGIN;
DO $$ BEGIN INSERT INTO osms.parameter (name, value, valid_from, act) VALUES ('burst_day', '1', '2026-01-01', 'known'); PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN NULL; END $$;
SELECT clock_timestamp() AS since \gset
SELECT ok(osms_internal.known_moment('parameter') > :'since', 'nor an error that is caught');
ROLLBACK;

-- What one message adds it can ask for, in whatever transaction.
SELECT is(pg_temp.verdict($$INSERT INTO osms.parameter (name, value, valid_from, act) VALUES ('burst_hour', '1', '2026-01-01', 'known')$$,
    probe => $$SELECT osms.parameter_on('burst_hour', '2026-01-01')$$), 'ok 1', 'a parameter');
SELECT is(pg_temp.verdict($$INSERT INTO osms.base_rate (scheme, class, rate, valid_from, act)
    VALUES ('illustrative', 'urban', 1234, '2026-01-01', 'known')$$,
    probe => $$SELECT (osms.base_rate_on('illustrative', 'r', 'urban', '2026-01-01')).rate$$), 'ok 1234', 'a rate');
SELECT is(pg_temp.verdict($$INSERT INTO osms.holiday (day, works, name, act) VALUES ('2026-01-14', false, 'day', 'known')$$,
    probe => $$SELECT osms.working_day('2026-01-14')$$), 'ok false', 'a holiday');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) >= 0 AS looked FROM parameter \gset
INSERT INTO parameter (name, value, valid_from, act) VALUES ('clock_tolerance_minutes', '1', '2026-01-01', 'known');
SELECT is(parameter_on('clock_tolerance_minutes', '2026-01-01'), '1', 'at another level');
COMMIT;

-- What a cut waits for: tables, partitions and what is behind a mapped view.
SELECT create_registry('fund', cut_over => '2026-01-01');
SELECT set_eq($$SELECT r::text FROM unnest(osms_internal.known_relations('fund')) r WHERE r::text LIKE 'fund.%'$$,
    $$SELECT format('fund.%I', relation) FROM registry_columns() WHERE "column" = 'known_from' UNION VALUES ('fund.roster')$$,
        'of a registry of tables');
CREATE SCHEMA vendor;
CREATE TABLE vendor.paid (person int, month date, paid bool, loaded timestamptz DEFAULT clock_timestamp()) PARTITION BY RANGE (month);
CREATE TABLE vendor.paid_2025 PARTITION OF vendor.paid FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE vendor.place (organisation int, region text, class text, valid_from date);
SELECT create_registry('mapped', tables => false, cut_over => '2026-01-01');
SELECT map('mapped', 'insurance', 'vendor.paid', '{"person": "person", "month": "month", "paid": "paid", "known_from": "loaded"}');
SELECT map('mapped', 'organisation_status', 'vendor.place',
    '{"organisation": "organisation", "region": "region", "class": "class", "valid_from": "valid_from"}');
SELECT set_eq($$SELECT r::text FROM unnest(osms_internal.known_relations('mapped')) r WHERE r::text ~ '^(mapped|vendor)[.]'$$,
    '{mapped.insurance,vendor.paid,vendor.paid_2025}'::text[], 'behind a view; nothing that does not say since when it is known');

BEGIN;
INSERT INTO fund.insurance (person, month, paid) VALUES (1, '2026-01-01', true);
SELECT lives_ok($$SELECT osms_internal.await_writers('{fund.insurance}')$$, 'nobody waits for himself');
COMMIT;
SELECT lives_ok($$SELECT osms_internal.await_writers('{}')$$, 'nor for nothing');
SELECT is(pg_temp.verdict($$SELECT osms_internal.await_writers('{fund.insurance,NULL}')$$), '22004 relations to wait for must not be null',
    'null among them');
CREATE ROLE known_nobody;
SELECT is(pg_temp.verdict($$GRANT EXECUTE ON FUNCTION osms_internal.await_writers TO known_nobody; SET LOCAL ROLE known_nobody;
    SELECT osms_internal.await_writers(osms_internal.known_relations('none'))$$), 'ok', 'without a right on them');
DROP ROLE known_nobody;
SELECT * FROM finish();

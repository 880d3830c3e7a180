-- Audit by some rules, with progress, over keys of any type, and of attachments of persons nobody knows.
SELECT * FROM no_plan();
SET client_min_messages = warning;
CREATE SCHEMA legacy;
CREATE FUNCTION pg_temp.key(kind text, i int) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE kind WHEN 'text' THEN 'Ә-' || i WHEN 'uuid' THEN md5(i::text)::uuid::text ELSE i::text END $$;
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY '{bigint,text,uuid}'::text[] LOOP
        EXECUTE format('CREATE TABLE legacy.people_%1$s (id %1$s PRIMARY KEY, died date)', kind);
        EXECUTE format('CREATE TABLE legacy.att_%1$s (id %1$s PRIMARY KEY, pers %1$s, mo %1$s, st text, d1 date, d2 date, why text)', kind);
        EXECUTE format('CREATE INDEX ON legacy.att_%1$s (pers)', kind);
        EXECUTE format(
            'INSERT INTO legacy.people_%1$s SELECT pg_temp.key(%1$L, i)::%1$s, CASE i WHEN 3 THEN date ''2020-05-05'' END FROM '
            'generate_series(1, 5) i', kind);
        EXECUTE format(
            'INSERT INTO legacy.att_%1$s SELECT pg_temp.key(%1$L, 100 + i)::%1$s, pg_temp.key(%1$L, p)::%1$s, pg_temp.key(%1$L, '
            '1)::%1$s, ''active'', d1, d2, NULL
            FROM (VALUES (1, 1, ''2019-01-01''::date, NULL::date), (2, 2, ''2018-01-01'', ''2020-01-01''), (3, 2, ''2019-06-01'', NULL), '
                '(4, 3, ''2010-01-01'', NULL),
                         (5, 99, ''2010-01-01'', NULL), (6, 99, ''2011-01-01'', NULL), (7, NULL, ''2011-01-01'', NULL), (8, '
                             'NULL, ''2011-01-01'', NULL), (9, 4, ''1811-01-01'', NULL)) v (i, p, d1, d2)', kind);
        PERFORM osms.create_registry('fund_' || kind, tables => false, cut_over => '2025-01-01');
        PERFORM osms.map('fund_' || kind, 'person', ('legacy.people_' || kind)::regclass, '{"person": "id", "death_date": "died"}');
        PERFORM osms.map('fund_' || kind, 'attachment', ('legacy.att_' || kind)::regclass,
            '{"attachment": "id", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2", "reason": "why"}');
    END LOOP;
END $$;
SELECT bag_eq(format('SELECT key, person, rule, finding FROM osms.audit(%L)', 'fund_' || kind),
    format($$SELECT pg_temp.key(%1$L, 100 + i) AS key, pg_temp.key(%1$L, p) AS person, rule, finding
        FROM (VALUES (3, 2, 'one_attachment', 'overlap'), (4, 3, 'alive', 'beyond_death'),
        (5, 99, 'person_known', 'unknown_person'), (6, 99, 'person_known', 'unknown_person'), (6, 99, 'one_attachment', 'overlap'),
            (9, 4, 'period', 'out_of_range'),
        (7, NULL, 'person_known', 'unknown_person'), (8, NULL, 'person_known', 'unknown_person')) v (i, p, rule, finding)$$, kind),
            'keys of type ' || kind)
FROM unnest('{bigint,text,uuid}'::text[]) kind;

-- some rules: of SQL, of C, of the sort by person
SELECT bag_eq(format('SELECT key, rule FROM osms.audit(%L, %L)', 'fund_bigint', rules),
    format('SELECT key, rule FROM osms.audit(%L) WHERE rule = ANY (%L)', 'fund_bigint', rules), rules || ' alone')
FROM unnest('{"{alive}","{period}","{one_attachment}","{period,person_known}","{}","{four_eyes}"}'::text[]) rules;
SELECT results_eq($$SELECT rule, finding, rows FROM osms.audit_summary('fund_bigint', '{alive,one_attachment}')$$,
    $$VALUES ('alive', 'beyond_death', 1::bigint), ('one_attachment', 'overlap', 2)$$, 'counted');
SELECT throws_ok($$SELECT * FROM osms.audit('fund_bigint', '{alive,alife}')$$, '22023', 'there is no rule "alife"', 'an unknown rule');
SELECT throws_ok($$SELECT * FROM osms.audit('fund_bigint', ARRAY[NULL])$$, '22023', 'there is no rule ""', 'no rule');
SELECT throws_ok($$SELECT * FROM osms_internal.audit_relation('fund_bigint', 'setting', NULL, false)$$, '22023',
    '"setting" is not a relation with rules', 'a relation without rules');
SELECT is_empty($$SELECT * FROM osms_internal.audit_relation('fund_bigint', 'contract', NULL, false)$$, 'a relation that is absent has no faults');

-- serial and parallel plans find the same
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT is((SELECT count(*)::int FROM osms.audit('fund_text')), 8, 'a parallel plan');
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
-- audit needs no temporary table and no right to write
BEGIN;
SET TRANSACTION READ ONLY;
SELECT is((SELECT count(*)::int FROM osms.audit('fund_uuid', progress => true)), 8, 'a transaction that only reads');
COMMIT;
SELECT * FROM finish();

-- Sift against the guard itself: what it finds in random candidates is what a row-by-row load meets.
SET client_min_messages = error; -- organisation_known only warns here
SELECT * FROM no_plan();
SELECT setseed(0.1517);
CREATE FUNCTION pg_temp.any_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
    $$ SELECT choices[1 + floor(random() * array_length(choices, 1))::int] $$;
CREATE FUNCTION pg_temp.one_in(n int) RETURNS boolean LANGUAGE sql VOLATILE AS $$ SELECT random() * n < 1 $$;

-- A legacy database with its own columns, codes and inclusive ends, and a generated column among them.
CREATE SCHEMA legacy;
CREATE TABLE legacy.people (id text COLLATE "C" PRIMARY KEY, iin text, died date);
CREATE TABLE legacy.clinic (id int PRIMARY KEY);
CREATE TABLE legacy.request (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pers text NOT NULL, clinic int, way text DEFAULT 'egov',
    ground text,
    st text, made timestamptz DEFAULT now(), decided timestamptz, eff date, why text);
CREATE INDEX ON legacy.request (pers);
CREATE TABLE legacy.seen (id int PRIMARY KEY, pers text, request int, way text, how text, at timestamptz);
CREATE INDEX ON legacy.seen (request);
CREATE TABLE legacy.att (id int PRIMARY KEY, gone int, pers text COLLATE "C", clinic int, st text DEFAULT '1', d1 date,
    d2 date DEFAULT '2999-12-31', why text,
    request int, prev int, code text GENERATED ALWAYS AS (rtrim(st)) STORED);
ALTER TABLE legacy.att DROP COLUMN gone;
CREATE INDEX ON legacy.att (pers);

INSERT INTO legacy.clinic SELECT generate_series(1, 9);
INSERT INTO legacy.people SELECT 'p' || i, NULL, CASE WHEN i % 6 = 0 THEN date '2024-01-01' + i * 3 END FROM generate_series(1, 300) i;
INSERT INTO legacy.request (pers, clinic, way, ground, st, made, decided, eff)
    SELECT 'p' || 1 + floor(random() * 305)::int, 1 + floor(random() * 9)::int, 'egov', pg_temp.any_of('free_choice', 'campaign', NULL),
           pg_temp.any_of('submitted', 'identified', 'approved', 'approved', 'approved', 'deferred', 'attached', 'refused'),
               now() - interval '3 days',
           now() - pg_temp.any_of('1 day', '2 days', '100 days')::interval, CASE
               WHEN pg_temp.one_in(2) THEN current_date - 10 + floor(random() * 20)::int END
    FROM generate_series(1, 500);
INSERT INTO legacy.seen SELECT i, pers, i, way, 'e_signature', made FROM legacy.request r, LATERAL (SELECT r.id) x (i) WHERE i % 4 <> 0;
INSERT INTO legacy.att (id, pers, clinic, st, d1, d2, why)
    SELECT i, 'p' || i, 1 + i % 9, CASE WHEN i % 3 = 0 THEN '2' WHEN i % 31 = 0 THEN '3' ELSE '1' END, date '2015-01-01' + i,
           CASE WHEN i % 3 = 0 THEN date '2019-12-31' + i ELSE '2999-12-31' END, CASE
               WHEN i % 3 = 0 THEN pg_temp.any_of('error', 'moved_to_other') WHEN i % 31 = 0 THEN 'error' END
    FROM generate_series(1, 200) i;
-- overlaps from before the guard
INSERT INTO legacy.att (id, pers, clinic, st, d1) SELECT 1000 + i, 'p' || i * 7, 3, '1', '2021-01-01' FROM generate_series(1, 20) i;

SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "id", "iin": "iin", "death_date": "died"}');
SELECT osms.map('fund', 'organisation', 'legacy.clinic', '{"organisation": "id"}');
SELECT osms.map('fund', 'application', 'legacy.request',
    '{"application": "id", "person": "pers", "organisation": "clinic", "channel": "way", "ground": "ground", "state": "st",
    "submitted_at": "made", "decided_at": "decided", "effective_on": "eff", "reason": "why"}',
    states => (SELECT jsonb_object_agg(s, jsonb_build_array(s)) FROM (SELECT DISTINCT unnest(ARRAY[from_state, to_state])
        FROM osms.transitions('application')) x (s)));
SELECT osms.map('fund', 'identity_event', 'legacy.seen',
    '{"event": "id", "person": "pers", "application": "request", "channel": "way", "method": "how", "at": "at"}');
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": {"expression": "CASE code '
    'WHEN ''1'' THEN ''active'' WHEN ''2'' THEN ''closed'' WHEN ''3'' THEN ''suspect'' WHEN ''4'' THEN ''annulled'' END",
    "column": "st", "write": "CASE new.state::text '
        'WHEN ''active'' THEN ''1'' WHEN ''closed'' THEN ''2'' WHEN ''suspect'' THEN ''3'' ELSE ''4'' END"},
    "since": "d1", "until": "d2", "reason": "why", "application": "request", "restores": "prev"}', until_inclusive => true,
        open_end => '2999-12-31');
SELECT osms.guard('fund', '{"organisation_known": "warn", "no_backdating": "off"}');

-- Candidates as the nightly file has them: no ends for most, the columns in another order, one more.
CREATE TABLE legacy.att_in (line int GENERATED ALWAYS AS IDENTITY, why text, d1 date, clinic int, pers text COLLATE "C", st text,
    request bigint, d2 date, id int, prev int);
INSERT INTO legacy.att_in (id, pers, clinic, st, d1, d2, why)
    SELECT 5000 + i, 'p' || 1 + floor(random() * 310)::int, 1 + floor(random() * 10)::int,
        pg_temp.any_of('1', '1', '1', '2', '2 ', '3', '4', 'x'),
           date '2012-01-01' + floor(random() * 5200)::int, '2999-12-31', pg_temp.any_of('error', 'moved_to_other', NULL, 'why not')
    FROM generate_series(1, 1500) i;
UPDATE legacy.att_in SET d2 = d1 + floor(random() * 400 - 10)::int WHERE rtrim(st) = '2' OR pg_temp.one_in(3);
UPDATE legacy.att_in SET d1 = NULL WHERE pg_temp.one_in(60);
UPDATE legacy.att_in SET d1 = '1812-01-01' WHERE pg_temp.one_in(60);
UPDATE legacy.att_in c SET request = r.id, clinic = CASE WHEN line % 9 = 0 THEN c.clinic ELSE r.clinic END, st = '1', d2 = '2999-12-31',
    d1 = current_date - 1
    FROM legacy.request r WHERE r.pers = c.pers AND line % 2 = 0;
UPDATE legacy.att_in SET request = 1 + floor(random() * 520)::int WHERE pg_temp.one_in(20);
UPDATE legacy.att_in c SET prev = a.id, clinic = a.clinic, request = NULL, d1 = '2025-02-01' FROM legacy.att a
    WHERE a.pers = c.pers AND line % 5 = 0;
INSERT INTO legacy.att_in (id, clinic, st, d1) VALUES (9001, 1, '1', '2020-01-01'), (9002, 1, '1', '2020-01-01');

-- The oracle: each candidate inserted alone, in the same order, those refused left out; what waits for the commit is judged at once.
CREATE TABLE legacy.verdict (id int, place bigint, rule text, finding text);
CREATE FUNCTION pg_temp.load() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    c record; broken text; detail text;
BEGIN
    FOR c IN SELECT * FROM legacy.att_in ORDER BY pers, d1, id LOOP
        BEGIN
            INSERT INTO legacy.att (id, pers, clinic, st, d1, d2, why, request, prev)
                VALUES (c.id, c.pers, c.clinic, c.st, c.d1, c.d2, c.why, c.request, c.prev);
            SET CONSTRAINTS ALL IMMEDIATE;
            SET CONSTRAINTS ALL DEFERRED;
        EXCEPTION WHEN integrity_constraint_violation OR unique_violation OR foreign_key_violation OR check_violation OR restrict_violation
            OR exclusion_violation THEN
            GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME, detail = PG_EXCEPTION_DETAIL;
            INSERT INTO legacy.verdict (id, rule, finding) VALUES (c.id, broken, (regexp_match(detail, '" finds (\S+?)(?: in |\.$)'))[1]);
        END;
    END LOOP;
END $$;
CREATE TABLE legacy.sifted AS SELECT * FROM osms.sift('fund', 'attachment', 'legacy.att_in') WITH ORDINALITY s (candidate, key, person,
    rule, finding, place);
SELECT is((SELECT count(*)::int FROM legacy.att WHERE id >= 5000), 0, 'sift writes nothing');
SELECT is((SELECT count(*)::int FROM fund.roster), 0, 'nor does it fill the roster');

-- The nightly load: one statement takes what sift lets through.
BEGIN;
SELECT lives_ok($$INSERT INTO legacy.att (id, pers, clinic, st, d1, d2, why, request, prev) SELECT id, pers, clinic, st, d1, d2, why,
    request, prev FROM legacy.att_in
    WHERE ctid NOT IN (SELECT candidate FROM osms.sift('fund', 'attachment', 'legacy.att_in'))$$, 'the rest is loaded by one statement');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'and nothing is left to be refused at commit');
SELECT is((SELECT count(*)::int FROM legacy.att WHERE id >= 5000),
    (SELECT count(*)::int FROM legacy.att_in) - (SELECT count(DISTINCT key)::int FROM legacy.sifted), 'all of the rest');
ROLLBACK;
SELECT results_eq('SELECT key, rule, finding FROM osms.sift(''fund'', ''attachment'', ''legacy.att_in'')',
    'SELECT key, rule, finding FROM legacy.sifted ORDER BY place',
    'sift says the same again');
CREATE VIEW legacy.att_view AS SELECT id, pers, clinic, st, d1, d2, why, request, prev FROM legacy.att_in;
SELECT results_eq('SELECT candidate, key, rule, finding FROM osms.sift(''fund'', ''attachment'', ''legacy.att_view'')',
    'SELECT NULL::tid, key, rule, finding FROM legacy.sifted ORDER BY place',
    'and of a view');
CALL osms.fill_roster('fund');
SELECT results_eq('SELECT key, rule, finding FROM osms.sift(''fund'', ''attachment'', ''legacy.att_in'')',
    'SELECT key, rule, finding FROM legacy.sifted ORDER BY place',
    'and once the roster is filled');
-- the canonical shape says the same
CREATE TABLE legacy.canonical_in AS SELECT id AS attachment, pers AS person, clinic AS organisation,
    CASE rtrim(st) WHEN '1' THEN 'active' WHEN '2' THEN 'closed' WHEN '3' THEN 'suspect' WHEN '4' THEN 'annulled' END AS state,
    d1 AS since, CASE WHEN d2 < '2999-12-31' THEN d2 + 1 END AS until, why AS reason, request AS application, prev AS restores
        FROM legacy.att_in;
SELECT results_eq('SELECT key, rule, finding FROM osms.sift(''fund'', ''attachment'', ''legacy.canonical_in'')',
    'SELECT key, rule, finding FROM legacy.sifted ORDER BY place',
    'and of candidates in canonical shape');

SELECT pg_temp.load();
SELECT bag_eq('SELECT DISTINCT ON (key) key, rule, finding FROM legacy.sifted ORDER BY key, place',
    'SELECT id::text, rule, finding FROM legacy.verdict',
    'sift refuses what the guard refuses row by row, by the same rule and finding');
SELECT cmp_ok((SELECT count(DISTINCT finding)::int FROM legacy.sifted), '>=', 20, 'and the candidates have many faults');
SELECT cmp_ok((SELECT count(*)::int FROM legacy.att WHERE id >= 5000), '>=', 120, 'and many have none');
SELECT is_empty('SELECT * FROM osms.verify(''fund'')', 'the roster agrees with what was loaded');

-- Applications whose keys, channels and days the table supplies itself.
CREATE TABLE legacy.request_in (pers text, clinic int, ground text, st text, decided timestamptz, remark text);
INSERT INTO legacy.request_in SELECT 'p' || 1 + floor(random() * 305)::int, 1 + floor(random() * 9)::int,
    pg_temp.any_of('free_choice', 'campaign', NULL),
    pg_temp.any_of('submitted', 'submitted', 'draft', 'withdrawn', 'identified', 'approved', 'refused', 'odd', NULL), CASE
        WHEN pg_temp.one_in(2) THEN now() + interval '1 day' END
    FROM generate_series(1, 400);
-- identified, and so able to stand beside each other or not
INSERT INTO legacy.seen SELECT 20000 + i, 'p' || i, 100000 + i, 'egov', 'e_signature', now() FROM generate_series(1, 300) i;
CREATE TABLE legacy.request_sifted AS SELECT * FROM osms.sift('fund', 'application', 'legacy.request_in') WITH ORDINALITY s (candidate, key,
    person, rule, finding, place);
CREATE TABLE legacy.request_verdict (candidate tid, rule text);
DO $$
DECLARE
    c record; broken text;
BEGIN
    FOR c IN SELECT ctid, * FROM legacy.request_in ORDER BY pers COLLATE "C", ctid LOOP
        BEGIN
            INSERT INTO legacy.request (pers, clinic, ground, st, decided) VALUES (c.pers, c.clinic, c.ground, c.st, c.decided);
        EXCEPTION WHEN integrity_constraint_violation OR unique_violation OR foreign_key_violation OR check_violation THEN
            GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
            INSERT INTO legacy.request_verdict VALUES (c.ctid, broken);
        END;
    END LOOP;
END $$;
SELECT bag_eq('SELECT DISTINCT ON (candidate) candidate, rule FROM legacy.request_sifted ORDER BY candidate, place',
    'SELECT * FROM legacy.request_verdict',
    'the same of applications without keys');
SELECT cmp_ok((SELECT count(DISTINCT rule)::int FROM legacy.request_verdict), '>=', 4, 'by several rules');
SELECT is((SELECT count(*)::int FROM legacy.request_sifted WHERE key IS NOT NULL), 0, 'who has no key is named by its place alone');

-- Applications of one person beside each other: the first that is accepted counts.
CREATE TABLE legacy.rival (application int, person text, organisation int, channel text, ground text, state text, submitted_at timestamptz,
    decided_at timestamptz);
INSERT INTO legacy.seen VALUES (30001, 'p1', 90001, 'egov', 'e_signature', now()), (30002, 'p1', 90002, 'egov', 'e_signature', now()),
    (30003, 'p1', 90003, 'egov', 'e_signature', now());
UPDATE legacy.request SET st = 'withdrawn' WHERE pers = 'p1' AND st IN ('identified', 'approved', 'deferred');
INSERT INTO legacy.rival VALUES (90001, 'p1', 1, 'egov', 'moved', 'approved', now(), NULL),
    (90002, 'p1', 1, 'egov', 'moved', 'identified', now(), NULL),
    (90003, 'p1', 2, 'egov', 'moved', 'identified', now(), NULL), (90004, 'p1', 2, 'egov', 'moved', 'submitted', now(), NULL);
SELECT results_eq('SELECT key, rule, finding FROM osms.sift(''fund'', ''application'', ''legacy.rival'')',
    $$VALUES ('90001', 'initial_state', 'decided_at_missing'), ('90003', 'one_open_application', 'open_application')$$,
        'a refused candidate stands in nobody''s way, an accepted one does');

-- Persons and numbers.
CREATE TABLE legacy.people_in (id text, iin text);
INSERT INTO legacy.people_in VALUES ('q1', '850101100001'), ('q2', '12'), ('q3', NULL),
    ('q4', osms.make_iin('1990-01-01', 'male', 1)::text);
SELECT results_eq('SELECT key, person, rule, finding FROM osms.sift(''fund'', ''person'', ''legacy.people_in'')',
    $$VALUES ('q1', 'q1', 'identifier', 'check_digit'), ('q2', 'q2', 'identifier', 'length')$$,
        'persons by their numbers, each fault once');
INSERT INTO fund.attested_number (number) VALUES ('850101100001');
SELECT results_eq('SELECT key FROM osms.sift(''fund'', ''person'', ''legacy.people_in'')', $$VALUES ('q2')$$, 'an attested number passes');

-- Who asks, and for what.
CREATE TABLE legacy.odd (id int, note text);
SELECT throws_ok('SELECT * FROM osms.sift(''fund'', ''attachment'', ''legacy.odd'')', '42703',
    '"odd" is shaped neither like table "att" nor like canonical relation "attachment"', 'a table of another shape');
CREATE TABLE legacy.keyless (iin text);
SELECT throws_ok('SELECT * FROM osms.sift(''fund'', ''person'', ''legacy.keyless'')', '42703', '"keyless" lacks the key "person"',
    'a key of text must be given');
SELECT throws_ok('SELECT * FROM osms.sift(''fund'', ''coefficient'', ''legacy.odd'')', '22023',
    '"coefficient" is not a relation with rules', 'a relation without rules');
SELECT throws_ok('SELECT * FROM osms.sift(''nowhere'', ''attachment'', ''legacy.odd'')', '3F000', NULL, 'an unknown registry');
CREATE ROLE reader_sift;
GRANT USAGE ON SCHEMA legacy TO reader_sift;
GRANT SELECT ON legacy.att_in TO reader_sift;
SET ROLE reader_sift;
SELECT throws_ok('SELECT * FROM osms.sift(''fund'', ''attachment'', ''legacy.att_in'')', '42501', 'permission denied for registry "fund"',
    'who may not read the registry');
SELECT throws_ok('SELECT * FROM osms_internal.sift_candidates(''fund'', ''attachment'', ''legacy.att_in'', '''')', '42501', NULL,
    'nor by the inner door');
RESET ROLE;
GRANT USAGE ON SCHEMA fund TO reader_sift;
GRANT SELECT ON ALL TABLES IN SCHEMA fund TO reader_sift;
GRANT SELECT ON legacy.att TO reader_sift;
SET ROLE reader_sift;
SELECT lives_ok('SELECT * FROM osms.sift(''fund'', ''attachment'', ''legacy.att_in'')', 'who may read it and the candidates');
SELECT throws_ok('SELECT * FROM osms.sift(''fund'', ''person'', ''legacy.people_in'')', '42501', NULL, 'who may not read the candidates');
RESET ROLE;
REVOKE ALL ON ALL TABLES IN SCHEMA fund, legacy FROM reader_sift;
REVOKE ALL ON SCHEMA fund, legacy FROM reader_sift;
DROP ROLE reader_sift;
SELECT osms.unguard('fund');
SELECT cmp_ok((SELECT count(*)::int FROM osms.sift('fund', 'attachment', 'legacy.att_in') WHERE rule = 'organisation_known'), '>', 10,
    'without a guard the default modes hold');
SELECT * FROM finish();

-- The plan of a guard: it writes nothing, its statements run as they are printed, and each is taken back by its undo.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE ROLE plan_owner;
CREATE ROLE plan_vendor;
GRANT CREATE ON DATABASE :DBNAME TO plan_owner;
GRANT USAGE ON SCHEMA osms TO plan_owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA osms, osms_internal TO plan_owner;
CREATE SCHEMA legacy;
GRANT USAGE, CREATE ON SCHEMA legacy TO plan_owner, plan_vendor;
CREATE TABLE legacy.people (id bigint NOT NULL, born date, died date);
CREATE TABLE legacy.att (id bigint NOT NULL, pers text, clinic text, st text, d1 date, d2 date, why text) PARTITION BY LIST (st);
CREATE TABLE legacy.att_live PARTITION OF legacy.att FOR VALUES IN ('1');
CREATE TABLE legacy.att_past (why text, st text, d2 date, d1 date, clinic text, pers text, id bigint NOT NULL) PARTITION BY RANGE (d1);
ALTER TABLE legacy.att ATTACH PARTITION legacy.att_past DEFAULT;
CREATE TABLE legacy."att Old" PARTITION OF legacy.att_past DEFAULT;
CREATE UNIQUE INDEX att_id ON legacy.att_live (id);
INSERT INTO legacy.people SELECT i, '1980-01-01' FROM generate_series(1, 100) i;
INSERT INTO legacy.att SELECT i, i, 'A', '1', '2020-01-01' FROM generate_series(1, 100) i;
ANALYZE;
ALTER TABLE legacy.people OWNER TO plan_vendor;
SET ROLE plan_owner;
SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01');
RESET ROLE;
GRANT SELECT ON legacy.people TO plan_owner;
GRANT SELECT, INSERT, UPDATE ON legacy.att TO plan_owner;
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "(pers::bigint)", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": '
    '"why"}',
    states => '{"active": ["1"], "closed": ["9"]}');
SELECT is(pg_temp.verdict('SELECT osms.plan(''fund'')'),
    '55000 registry "fund" cannot be guarded: "annulled" cannot be written to column "state"',
    'what no statement mends is an error');
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "(pers::bigint)", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": '
    '"why"}',
    states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}');
ALTER TABLE fund.roster OWNER TO plan_owner;

CREATE FUNCTION pg_temp.everything() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(indexrelid::regclass::text, ', ' ORDER BY 1) FROM pg_index
        WHERE indrelid::regclass::text LIKE 'legacy.%'),
        (SELECT string_agg(concat_ws(' ', c.relname, r.rolname, x.privilege_type), ', ' ORDER BY c.relname, r.rolname, x.privilege_type)
         FROM pg_class c, aclexplode(c.relacl) x, pg_roles r
         WHERE c.relnamespace = 'fund'::regnamespace AND r.oid = x.grantee AND x.grantee <> c.relowner AND NOT r.rolsuper),
        (SELECT string_agg(tgname, ', ' ORDER BY 1) FROM pg_trigger WHERE tgname LIKE 'zz%'), (SELECT roster_complete FROM fund.setting))
$$;
SELECT is(pg_temp.everything(), 'legacy.att_id | f', 'at first there is one index');
CREATE TABLE script AS SELECT * FROM osms.plan('fund', '{"alive": "warn"}');
SELECT is(pg_temp.everything(), 'legacy.att_id | f', 'a plan writes nothing');
SELECT results_eq('SELECT step, statement, lock, undo FROM script ORDER BY step', $$VALUES
(1, 'CREATE UNIQUE INDEX CONCURRENTLY "att Old_attachment_osms" ON legacy."att Old" (id)',
    'SHARE UPDATE EXCLUSIVE on legacy."att Old": nobody who reads or writes waits',
 'DROP INDEX CONCURRENTLY IF EXISTS legacy."att Old_attachment_osms"'),
(2, 'CREATE INDEX CONCURRENTLY "att Old_person_osms" ON legacy."att Old" (((pers)::bigint))',
    'SHARE UPDATE EXCLUSIVE on legacy."att Old": nobody who reads or writes waits',
 'DROP INDEX CONCURRENTLY IF EXISTS legacy."att Old_person_osms"'),
(3, 'CREATE INDEX CONCURRENTLY att_live_person_osms ON legacy.att_live (((pers)::bigint))',
    'SHARE UPDATE EXCLUSIVE on legacy.att_live: nobody who reads or writes waits',
 'DROP INDEX CONCURRENTLY IF EXISTS legacy.att_live_person_osms'),
(4, 'CREATE UNIQUE INDEX CONCURRENTLY people_person_osms ON legacy.people (id)',
    'SHARE UPDATE EXCLUSIVE on legacy.people: nobody who reads or writes waits',
 'DROP INDEX CONCURRENTLY IF EXISTS legacy.people_person_osms'),
(5, 'GRANT SELECT ON fund.person, fund.roster TO plan_vendor', 'none', 'REVOKE SELECT ON fund.person, fund.roster FROM plan_vendor'),
(6, 'SELECT osms.guard(''fund'', ''{"alive": "warn"}'')',
    'SHARE ROW EXCLUSIVE on fund.attested_number, fund.identity_event, legacy."att Old", legacy.att, legacy.att_live, legacy.att_past, '
    'legacy.people: readers pass, writers wait up to 0.1 s at a time until all locks are had',
 'SELECT osms.unguard(''fund'')'),
(7, 'CALL osms.fill_roster(''fund'')', '10,000 rows of person at a time: who writes about those persons waits for the batch', NULL),
(8, 'SELECT * FROM osms.verify(''fund'')', 'none', NULL)
$$, 'the script, step by step');
SELECT is(sum(estimate) FILTER (WHERE statement ~ 'guard|roster|verify'), '3 s', 'what is small takes a second each') FROM script
    WHERE step >= 6;
SELECT is(osms_internal.duration('fill_roster', 25000000), '417 s', 'what is large is worked out from the pace');

-- as printed
SELECT statement FROM script ORDER BY step \gexec
SELECT results_eq($$SELECT problem FROM osms.check_registry('fund') WHERE severity <> 'info'$$,
    $$VALUES ('table legacy.people belongs to role plan_vendor, whom the owner of the registry, plan_owner, has no reason to trust')$$,
        'the script leaves nothing to be mended');
SELECT results_eq('SELECT relation, triggers, modes FROM osms.guards ORDER BY relation', $$VALUES
    ('attachment', 20::bigint, '{"alive": "warn"}'::jsonb), ('attested_number', 4, '{"alive": "warn"}'),
        ('identity_event', 5, '{"alive": "warn"}'), ('person', 5, '{"alive": "warn"}')$$, 'it guards');
SELECT is(count(*), 100::bigint, 'it fills the roster') FROM fund.roster;
SELECT results_eq('SELECT statement FROM osms.plan(''fund'')', $$VALUES ('SELECT * FROM osms.verify(''fund'')')$$, 'nothing is left to do');
SELECT results_eq($$SELECT statement, undo FROM osms.plan('fund', '{"alive": "enforce", "basis": "off"}') WHERE undo IS NOT NULL$$,
    $$VALUES ('SELECT osms.guard(''fund'', ''{"alive": "enforce", "basis": "off"}'')',
        'SELECT osms.guard(''fund'', ''{"alive": "warn", "basis": "enforce"}'')')$$,
    'another mode is taken back to the one before');
SELECT is(pg_temp.verdict('SELECT osms.plan(''fund'', ''{"alive": "maybe"}'')'), '22023 rule "alive" has no mode "maybe"',
    'modes are looked at');
SELECT is(pg_temp.verdict('SELECT osms.plan(''none'')'), '3F000 registry "none" does not exist', 'so is the registry');
-- a partition without a guard is planned alone
CREATE TABLE legacy.att_more PARTITION OF legacy.att FOR VALUES IN ('7');
SELECT results_eq('SELECT statement, split_part(lock, '':'', 1), undo FROM osms.plan(''fund'') WHERE statement LIKE ''%guard%''', $$VALUES
    ('SELECT osms.guard(''fund'')', 'SHARE ROW EXCLUSIVE on legacy.att_more', NULL)$$, 'a new partition is locked alone');
DROP TABLE legacy.att_more;

-- and back
SELECT undo FROM script WHERE undo IS NOT NULL ORDER BY step DESC \gexec
SELECT is(pg_temp.everything(), 'legacy.att_id | f', 'every step is taken back');

-- an index that was not built to the end
CREATE INDEX people_person_osms ON legacy.people (born);
SELECT results_eq('SELECT statement FROM osms.plan(''fund'') WHERE statement LIKE ''%people%'' AND statement LIKE ''%INDEX%''', $$VALUES
    ('DROP INDEX CONCURRENTLY IF EXISTS legacy.people_person_osms'),
        ('CREATE UNIQUE INDEX CONCURRENTLY people_person_osms ON legacy.people (id)')$$, 'is made again');
-- an expression that no index can have
SELECT osms.map('fund', 'person', 'legacy.people',
    '{"person": "osms.read_value(id::text, NULL::bigint)", "birth_date": "born", "death_date": "died"}');
SELECT is(pg_temp.verdict('SELECT osms.plan(''fund'')'), '55000 relation "person" cannot be indexed by "person"',
    'a look-up that no index can have is refused');
SET client_min_messages = error;
DROP SCHEMA fund, legacy CASCADE;
DROP TABLE script;
DROP OWNED BY plan_owner, plan_vendor;
DROP ROLE plan_owner, plan_vendor;
SELECT * FROM finish();

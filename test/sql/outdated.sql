-- What was told of a mapping when it was made may mean another table, another zone or another function now: nothing is paid by it until that is seen to.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE SCHEMA v;
CREATE FUNCTION v.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE TABLE v.p (id int PRIMARY KEY, born timestamptz, died date, sx text);
CREATE TABLE v.a (id int PRIMARY KEY, p int, c int, b date, e date, st int, why text);
CREATE INDEX ON v.a (p);
INSERT INTO v.p SELECT i, '1980-01-01 00:00+05', NULL, 'f' FROM generate_series(1, 3) i;
INSERT INTO v.a SELECT i, i, 10, '2020-01-01', NULL, 1 FROM generate_series(1, 3) i;
SELECT osms.create_registry('z', tables => false, cut_over => '2027-01-01');
SELECT osms.map('z', 'person', 'v.p', '{"person": "id", "birth_date": "born", "death_date": "died", "sex": "osms.read_sex(sx)"}');
SELECT osms.map('z', 'attachment', 'v.a', '{"attachment": "id", "person": "p", "organisation": "v.f(c)", "state": "st", "since": "b", "until": "e", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["2"], "annulled": ["3"]}');
SELECT osms.guard('z');
CALL osms.fill_roster('z', batch => NULL);
SELECT ok(osms_internal.is_filled('z'), 'the roster is complete');
SELECT is_empty($$SELECT * FROM osms_internal.outdated_mappings('z')$$, 'and nothing has changed');
CREATE FUNCTION pg_temp.told() RETURNS TABLE (told text) LANGUAGE sql AS $$
    SELECT concat_ws(' ', relation, severity, problem) FROM osms.check_registry('z') WHERE severity <> 'info' AND problem ~ '^(it reads|the roster)'
$$;

-- a table is rebuilt, and takes the name of the one that is mapped
ALTER TABLE v.p RENAME TO p_old;
SELECT ok(osms_internal.is_filled('z'), 'a table that is renamed is read on');
CREATE TABLE v.p (LIKE v.p_old INCLUDING ALL);
INSERT INTO v.p SELECT * FROM v.p_old;
SELECT results_eq('SELECT * FROM pg_temp.told()', $$VALUES ('person error it reads v.p_old, but another table is called v.p now, as that was'),
    ('roster warning the roster was filled under another mapping, other tables or another guard than stand now')$$, 'another takes its name');
SELECT is(pg_temp.verdict($$SELECT osms.guard('z')$$), '55000 registry "z" cannot be guarded: it reads v.p_old, but another table is called v.p now, as that was', 'no guard on it');
SELECT is(pg_temp.verdict($$SELECT osms_internal.check_complete('z')$$), '55000 the roster of registry "z" is not complete', 'and no closing');
SELECT osms.map('z', 'person', 'v.p', '{"person": "id", "birth_date": "born", "death_date": "died", "sex": "osms.read_sex(sx)"}');
SELECT is_empty($$SELECT * FROM osms_internal.outdated_mappings('z')$$, 'until it is mapped again');
SELECT osms.guard('z');
CALL osms.fill_roster('z', batch => NULL);
ALTER SCHEMA v RENAME TO w;
SELECT is_empty($$SELECT * FROM osms_internal.outdated_mappings('z')$$, 'a schema that is renamed');
CREATE SCHEMA v;
CREATE VIEW v.a AS SELECT 1 AS x;
SELECT results_eq($$SELECT relation, problem FROM osms_internal.outdated_mappings('z')$$, $$VALUES ('attachment', 'it reads w.a, but another table is called v.a now, as that was')$$, 'a view in its place');
DROP SCHEMA v CASCADE;
ALTER SCHEMA w RENAME TO v;
SELECT ok(osms_internal.is_filled('z'), 'all as it was');

-- the time zone of the registry
UPDATE z.setting SET time_zone = 'America/New_York';
SELECT results_eq('SELECT * FROM pg_temp.told()', $$VALUES ('person error it reads instants in time zone Asia/Almaty, but the registry is in America/New_York'),
    ('roster warning the roster was filled under another mapping, other tables or another guard than stand now')$$, 'another zone');
SELECT is(pg_temp.verdict($$SELECT osms_internal.check_complete('z')$$), '55000 the roster of registry "z" is not complete', 'no closing');
SELECT osms.map('z', 'person', 'v.p', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT is_empty($$SELECT * FROM osms_internal.outdated_mappings('z')$$, 'until it is mapped again');
SELECT is((SELECT min(birth_date) FROM z.person), '1979-12-31', 'in the zone that the registry has');

-- a function of the mapping
SELECT osms.guard('z');
CALL osms.fill_roster('z', batch => NULL);
SELECT ok(osms_internal.is_filled('z'), 'the roster is filled');
CREATE OR REPLACE FUNCTION v.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
SELECT ok(NOT osms_internal.is_filled('z'), 'a function that is replaced reads otherwise');
SELECT is(pg_temp.verdict($$SELECT osms_internal.check_complete('z')$$), '55000 the roster of registry "z" is not complete', 'no closing');
CALL osms.fill_roster('z', batch => NULL);
SELECT ok(osms_internal.is_filled('z'), 'until the roster is filled again');
SELECT is((SELECT string_agg(DISTINCT organisation::text, ',') FROM z.roster WHERE known_to = 'infinity'), '11', 'as the function reads');

SELECT * FROM finish();

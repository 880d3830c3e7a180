-- What a mapping cannot be, or a row cannot be read as, is told in words, and of the relation, column or rule that it is about.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE DOMAIN moment AS timestamptz;
CREATE TABLE pat (id int PRIMARY KEY, born moment, died date, sx text, n text, k int, y int, m int);
CREATE TABLE reg (no int PRIMARY KEY, pat int, clinic int, d1 date, d2 date, st text, why text);
CREATE INDEX ON reg (pat);
SELECT osms.create_registry('z', tables => false, cut_over => '2030-01-01');
CREATE FUNCTION pg_temp.person(columns text, format text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(format('SELECT osms.map(''z'', ''person'', ''pat'', %L, date_format => %L)', '{"person": "id"' || columns || '}', format))
$$;
CREATE FUNCTION pg_temp.states(states text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(format('SELECT osms.map(''z'', ''attachment'', ''reg'', %L, states => %L)',
        '{"attachment": "no", "person": "pat", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}', states))
$$;
-- codes
SELECT is(pg_temp.person(', "sex": {"column": "sx", "codes": {}}'), '22023 codes of column "sex" name no code', 'none');
SELECT is(pg_temp.person(', "sex": {"column": "sx", "codes": {"male": []}}'), '22023 codes of column "sex" name no code', 'none of any value');
SELECT is(pg_temp.person(', "sex": {"column": "sx", "codes": {"male": [null]}}'), '22023 codes of "male" in column "sex" are not all words or numbers', 'null');
SELECT is(pg_temp.states('{"active": [["A"]], "closed": ["C"]}'), '22023 codes of "active" in column "state" are not all words or numbers', 'a list in a list');
SELECT is(pg_temp.states('{"active": ["A"], "closed": [{"a": 1}]}'), '22023 codes of "closed" in column "state" are not all words or numbers', 'an object');
SELECT is(pg_temp.states('{"active": ["A", 1], "closed": ["C"], "annulled": [false]}'), 'ok', 'words and numbers');
-- formats of dates
SELECT is(pg_temp.person(', "birth_date": "n"', f), format('22023 format "%s" does not keep a date', f), f)
FROM unnest('{DD.MM.YY,DD.MM.Y,MM.YYYY,DD.MM.HH}'::text[]) f;
SELECT is(pg_temp.person(', "birth_date": "n"', f), 'ok', f) FROM unnest('{DD.MM.YYYY,YYYYMMDD,DD Mon YYYY}'::text[]) f;
-- an expression is not worked out over nothing
SELECT is(pg_temp.person(', "birth_date": "make_date(1980, coalesce(k, 13), 1)"'), 'ok', 'one that fails where a column is NULL');
-- a domain of instants is an instant
SELECT osms.map('z', 'person', 'pat', '{"person": "id", "birth_date": "born"}');
INSERT INTO pat VALUES (1, '1980-01-01 00:00+05');
SELECT is((SELECT birth_date FROM z.person), '1980-01-01', 'read in the time zone of the registry');
UPDATE z.person SET birth_date = '1981-01-01';
SELECT is((SELECT born AT TIME ZONE 'Asia/Almaty' FROM pat), '1981-01-01 00:00', 'and written');
SELECT osms.map('z', 'person', 'pat', '{"person": "id", "birth_date": "born::date"}');
SELECT is((SELECT birth_date FROM z.person), '1981-01-01', 'read so with a cast, too');

-- what PostgreSQL has no room for is no reason to stop looking
SELECT osms.map('z', 'person', 'pat', '{"person": "id", "region": "chr(k)", "death_date": "died"}');
SELECT osms.map('z', 'attachment', 'reg', '{"attachment": "no", "person": "pat", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');
INSERT INTO pat (id, k) VALUES (2, 0);
SELECT is((SELECT string_agg(problem, ', ') FROM osms.check_registry('z') WHERE severity = 'error' AND relation = 'person'), 'expression of column "region" fails on stored rows', 'check_registry tells of it');
SELECT is((SELECT string_agg(key || ' ' || finding, ', ') FROM osms.audit('z') WHERE finding LIKE 'unreadable%'), '2 unreadable_region', 'audit names the row');

-- an expression that fails on a row which is written under a guard: its rule finds what cannot be read
CREATE TABLE pers (id int PRIMARY KEY, y int, m int, died date, k int);
CREATE TABLE att (no int PRIMARY KEY, pers int, clinic int, y int, m int, d2 date, st text, why text, k int);
CREATE INDEX ON att (pers);
INSERT INTO pers VALUES (1, 1980, 1, NULL, 65), (2, 1980, 12, NULL, 66);
INSERT INTO att VALUES (1, 1, 10, 2020, 1, NULL, 'A');
SELECT osms.create_registry('y', tables => false, cut_over => '2030-01-01');
SELECT osms.map('y', 'person', 'pers', '{"person": "id", "birth_date": "make_date(y, m, 1)", "death_date": "died", "region": "chr(k)"}');
SELECT osms.map('y', 'attachment', 'att', '{"attachment": "no", "person": "pers", "organisation": "clinic", "state": "st", "since": "make_date(y, m, 1)", "until": "d2", "reason": "why", "site": "(1000 / k)::text"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('y', '{"no_backdating": "off"}');
SELECT is(pg_temp.verdict(statement), verdict, statement) FROM (VALUES
('UPDATE pers SET m = 13 WHERE id = 1', '23514 period public.pers.m unreadable_birth_date'),
('INSERT INTO pers VALUES (3, 1980, 13)', '23514 period public.pers.m unreadable_birth_date'),
('UPDATE pers SET k = 0 WHERE id = 1', '23514 period public.pers.k unreadable_region'),
('UPDATE att SET m = 0 WHERE no = 1', '23514 period public.att.m unreadable_since'),
('INSERT INTO att VALUES (2, 2, 10, 2019, 1, NULL, ''A'', NULL, 0)', '23514 period public.att.k unreadable_site'),
('UPDATE pers SET m = 12, k = 67 WHERE id = 1', 'ok'),
('UPDATE pers SET died = ''2025-05-05'' WHERE id = 1', 'ok')) c (statement, verdict);
SELECT osms.guard('y', '{"period": "off"}');
SELECT is(pg_temp.verdict('UPDATE pers SET m = 13 WHERE id = 1'), '22008 column "birth_date" of relation "person" cannot be read from the row of table "pers"', 'where its rule is off nobody can judge it either');
SELECT * FROM finish();

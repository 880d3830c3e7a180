-- A mapping that would count wrongly is refused where it is made, or found by check_registry before there is a guard: expressions that do
-- not
-- read the same for everybody and always, rows on which they fail, keys that do not tell one row from another.
SET client_min_messages = error;
SELECT * FROM no_plan();
\ir verdict.psql
CREATE SCHEMA a;
CREATE TYPE a.kind AS ENUM ('one', 'two');
CREATE TABLE a.people (id int PRIMARY KEY, iin char(12), born date, died timestamptz, y int, m int, txt text, kind a.kind, doc jsonb,
    at timestamp);
CREATE TABLE a.death (id int PRIMARY KEY, died date);
CREATE TABLE a.att (id int PRIMARY KEY, pers int, clinic int, st text, d1 date, d2 date, why text);
CREATE INDEX ON a.att (pers);
INSERT INTO a.people (id, iin, born, y, m, txt, kind, at) VALUES (1, '580302300070', '1958-03-02', 1958, 3, 'x', 'one', '2020-01-01'),
    (2, '850101100009', '1985-01-01', 1985, 1, 'y', 'two', '2020-01-01');
INSERT INTO a.att VALUES (1, 1, 10, '1', '2019-02-01'), (2, 2, 10, '1', '2019-02-01');
CREATE FUNCTION a.drifting(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION a.looking(int) RETURNS date LANGUAGE sql STABLE AS 'SELECT died FROM a.death WHERE id = $1';
CREATE FUNCTION a.pure(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
SELECT osms.create_registry('r', tables => false, cut_over => '2020-01-01');

CREATE FUNCTION pg_temp.mapped("column" text, spec jsonb) RETURNS text LANGUAGE sql AS
    $$SELECT pg_temp.verdict(format('SELECT osms.map(''r'', ''person'', ''a.people'', %L)',
        jsonb_build_object('person', 'id', "column", spec)))$$;
-- what reads more than the row, or another thing another time
SELECT is(pg_temp.mapped("column", to_jsonb(expression)), '42P17 expression of column "' || "column" || '" ' || problem, expression)
    FROM (VALUES
('death_date', '(SELECT d.died FROM a.death d WHERE d.id = s.id)', 'has a subquery'),
('death_date', 'CASE WHEN EXISTS (SELECT FROM a.death d WHERE d.id = s.id) THEN died END', 'has a subquery'),
('region', 'tableoid::bigint', 'reads a system column'), ('region', 's.ctid::text', 'reads a system column'),
    ('region', '(xmin::text)', 'reads a system column'),
('surname', 'max(txt)', 'has an aggregate or a window function'), ('surname', 'lag(txt) OVER ()', 'has an aggregate or a window function'),
('surname', 'unnest(ARRAY[txt])', 'returns a set'), ('surname', 'regexp_split_to_table(txt, '','')', 'returns a set'),
('surname', '(random()::text)', 'calls random(), which is volatile'),
    ('surname', 'a.drifting(txt)', 'calls a.drifting(text), which is volatile'),
('death_date', 'a.looking(id)', 'depends on more than the row, such as settings of the session: a.looking(integer)'),
('death_date', 'now()', 'depends on more than the row, such as settings of the session: now()'),
('death_date', 'current_date', 'depends on more than the row, such as settings of the session: date'),
('surname', '(current_user::text)', 'depends on more than the row, such as settings of the session: name'),
('surname', 'current_setting(''TimeZone'')', 'depends on more than the row, such as settings of the session: current_setting(text)'),
('surname', '(born::text)', 'depends on more than the row, such as settings of the session: date_out(date)'),
('surname', '(y::float8::text)', 'depends on more than the row, such as settings of the session: float8out(double precision)'),
('surname', 'concat(txt, y::float4)', 'depends on more than the row, such as settings of the session: concat("any")'),
('surname', '(decode(txt, ''hex'')::text)', 'depends on more than the row, such as settings of the session: byteaout(bytea)'),
('surname', 'quote_ident(txt)', 'depends on more than the row, such as settings of the session: quote_ident(text)'),
('surname', 'to_tsvector(''simple'', txt)::text', 'depends on more than the row, such as settings of the session: '
    'to_tsvector(regconfig,text)'),
('death_date', '(died AT TIME ZONE ''EST'')::date', 'depends on more than the row, such as settings of the session: '
    'timezone(text,timestamp with time zone)'),
('surname', 'concat(txt, born)', 'depends on more than the row, such as settings of the session: concat("any")'),
('surname', 'to_char(died, ''YYYY'')',
    'depends on more than the row, such as settings of the session: to_char(timestamp with time zone,text)'),
('surname', 'to_char(at, ''TMMonth'')',
    'depends on more than the row, such as settings of the session: to_char(timestamp without time zone,text)'),
('death_date', 'coalesce(died::date, born)',
    'depends on more than the row, such as settings of the session: date(timestamp with time zone)'),
('death_date', 'date_trunc(''month'', born)',
    'depends on more than the row, such as settings of the session: date_trunc(text,timestamp with time zone)'),
('death_date', 'CASE WHEN born > died THEN born END',
    'depends on more than the row, such as settings of the session: date_gt_timestamptz(date,timestamp with time zone)'),
('surname', 'to_jsonb(s) ->> ''txt''', 'depends on more than the row, such as settings of the session: to_jsonb(anyelement)'),
('death_date', '''today''::date', 'holds the moment at which it is mapped: date'),
    ('death_date', 'E''\ttoday''::date', 'holds the moment at which it is mapped: date'),
    ('death_date', '$x$tomorrow$x$::date', 'holds the moment at which it is mapped: date'),
('death_date', 'U&''\006eow''::date', 'holds the moment at which it is mapped: date'),
    ('death_date', 'least(born, '' Now '')', 'holds the moment at which it is mapped: date'),
('death_date', 'to_date(txt, ''DD.MM.YYYY'')', 'fails on a text that tells no date'),
('death_date', 'nullif(txt, '''')::date', 'fails on a text that tells no date'),
('birth_date', 'make_date(txt::int, 1, 1)', 'fails on a text that tells no integer'),
    ('iin', 'btrim(txt)::osms.iin', 'fails on a text that tells no osms.iin'),
('region', '((doc ->> ''obl'')::int)::text', 'fails on a text that tells no integer')) e ("column", expression, problem);
SELECT is(pg_temp.mapped('surname', '"txt), (txt"'),
    '42601 column "surname" cannot be read from a.people: a mapping takes one expression for a column', 'two expressions');
-- the same in what is written
SELECT is(pg_temp.mapped('surname', jsonb_build_object('expression', 'txt', 'column', 'txt', 'write', written)),
    '42P17 "write" of column "surname" ' || problem, written) FROM (VALUES
('(SELECT new.surname FROM a.death)', 'has a subquery'), ('a.drifting(new.surname)', 'calls a.drifting(text), which is volatile'),
    ('new.surname || now()::text',
    'depends on more than the row, such as settings of the session: timestamptz_out(timestamp with time zone)'),
('new.birth_date::text', 'depends on more than the row, such as settings of the session: date_out(date)'),
    ('max(new.surname)', 'has an aggregate or a window function')) w (written, problem);
-- and what reads the same for everybody
SELECT is(pg_temp.mapped("column", to_jsonb(expression)), 'ok', expression) FROM (VALUES
('death_date', '(died AT TIME ZONE ''Asia/Almaty'')::date'), ('death_date', 'died::date'), ('birth_date', 'make_date(y, m, 1)'),
    ('birth_date', '(born + interval ''1 day'')::date'),
('birth_date', 'osms.read_time(txt, ''DD.MM.YYYY'')::date'), ('birth_date', 'osms.read_value(txt, NULL::date)'), ('iin', 'iin::osms.iin'),
    ('iin', 'osms.read_value(txt, NULL::osms.iin)'),
('surname', 'upper(txt) || y'), ('surname', 'concat(txt, '' '', y)'), ('surname', 'a.pure(txt)'), ('surname', 'to_char(at, ''YYYY'')'),
    ('surname', 'kind::text'), ('surname', 'CASE kind WHEN ''one'' THEN ''now'' END'),
('region', '''75'''), ('sex', 'osms.read_sex(txt)'), ('death_date', 'CASE WHEN txt = ''now'' THEN ''2020-01-01''::date END')) e ("column",
    expression);
SELECT is(osms.read_value('01.02.2020', '-infinity'::date), '-infinity', 'a day of no fixed order is none')
    FROM set_config('datestyle', 'SQL, DMY', true);

-- a view made by hand is found by the check, and stops the guard
SELECT osms.map('r', 'person', 'a.people', '{"person": "id", "iin": "iin", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('r', 'attachment', 'a.att',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["2"], "annulled": ["3"]}');
CREATE FUNCTION pg_temp.errors(registry text, setup text DEFAULT 'SELECT') RETURNS text LANGUAGE sql AS
    $$SELECT pg_temp.verdict(setup,
        probe => format(
        'SELECT string_agg(concat_ws('' '', relation, problem), ''; '' ORDER BY relation, problem) FROM osms.check_registry(%L) WHERE '
        'severity = ''error''', registry))$$;
SELECT is(pg_temp.errors('r'), 'ok', 'nothing stands in the way');
SELECT is(pg_temp.errors('r', format('CREATE OR REPLACE VIEW r.person AS %s',
    replace(pg_get_viewdef('r.person'), 'NULL::text AS region', expression || ' AS region'))),
    'ok person expression of column "region" ' || problem, 'by hand: ' || expression)
FROM (VALUES ('s.tableoid::text', 'reads a system column'), ('(SELECT max(d.id) FROM a.death d)::text', 'has a subquery'),
    ('current_setting(''TimeZone'')', 'depends on more than the row, such as settings of the session: current_setting(text)'),
    ('(s.txt::integer)::text', 'fails on a text that tells no integer')) v (expression, problem);
SELECT is(pg_temp.verdict(format('CREATE OR REPLACE VIEW r.person AS %s; SELECT osms.guard(''r'')',
    replace(pg_get_viewdef('r.person'), 'NULL::text AS region', 'current_user::text COLLATE "default" AS region'))),
    '55000 registry "r" cannot be guarded: expression of column "region" depends on more than the row, such as settings of the session: '
    'name', 'and no guard stands on it');

SELECT is(pg_temp.verdict(format('CREATE OR REPLACE VIEW r.person AS %s', rtrim(pg_get_viewdef('r.person'), ';') || ' ' || clause),
    probe => $$SELECT string_agg(problem, '; ') FROM osms.check_registry('r') WHERE severity = 'error'$$),
    'ok view "person" does not map one table', 'by hand: ' || clause)
FROM unnest('{WHERE s.id > 1,LIMIT 1,OFFSET 1}'::text[]) c (clause);
SELECT is(pg_temp.verdict(format('CREATE OR REPLACE VIEW r.person AS %s', regexp_replace(pg_get_viewdef('r.person'), a, b)),
    probe => $$SELECT string_agg(problem, '; ') FROM osms.check_registry('r') WHERE severity = 'error'$$),
    'ok view "person" does not map one table', 'by hand: ' || b)
FROM (VALUES ('SELECT', 'SELECT DISTINCT'), ('FROM a', 'FROM ONLY a'), (' s;', ' s TABLESAMPLE SYSTEM (50);')) c (a, b);

-- rows that an expression fails on: no guard, and audit names them
SELECT osms.map('r', 'person', 'a.people', '{"person": "id", "iin": "iin", "birth_date": "make_date(y, m, 1)"}');
SELECT is(pg_temp.errors('r'), 'ok', 'no row fails');
INSERT INTO a.people (id, y, m) SELECT i, 1980, 1 + i % 12 FROM generate_series(3, 3000) i;
UPDATE a.people SET m = 13 WHERE id IN (7, 2900);
SELECT is(pg_temp.errors('r'), 'ok person expression of column "birth_date" fails on stored rows', 'two do');
SELECT results_eq($$SELECT * FROM osms.audit('r') ORDER BY key$$, $$VALUES ('person', '2900', '2900', 'period', 'unreadable_birth_date'),
    ('person', '7', '7', 'period', 'unreadable_birth_date')$$, 'audit names them');
SELECT is(pg_temp.verdict('SELECT osms.guard(''r'')'),
    '55000 registry "r" cannot be guarded: expression of column "birth_date" fails on stored rows', 'and no guard stands on them');
DELETE FROM a.people WHERE m = 13;
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT string_agg(concat_ws(' ', relation, key, finding), '; ' ORDER BY relation, key) AS found FROM osms.audit('r') \gset
SELECT is(:'found'::text, 'person 1 birth_date_differs; person 2 check_digit', 'a parallel query audits as well');
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
-- a cast that could fail is read safely where it is of a column alone (cast_number)
SELECT osms.map('r', 'person', 'a.people', '{"person": "id", "iin": "iin::osms.iin", "birth_date": "born", "death_date": "died"}');
SELECT results_eq($$SELECT relation, key, rule, finding FROM osms.audit('r')
    WHERE key IN ('1', '2')$$, $$VALUES ('person', '2', 'identifier', 'unreadable_iin')$$, 'a number that is none is named');
SELECT osms.guard('r');
SELECT lives_ok($$UPDATE a.people SET died = '2025-02-01' WHERE id = 2$$, 'a death is recorded');
SELECT is((SELECT concat_ws(' ', st, d2, why) FROM a.att WHERE id = 2), '2 2025-02-02 death', 'and has its consequence');
SELECT osms.unguard('r');

-- keys; an index that is made within a transaction may have to wait for older ones before it finds rows
SELECT is(replace(pg_temp.errors('r', setup), '; person rows cannot be found by "person" through an index', ''), 'ok ' || found, setup)
FROM (VALUES
('ALTER TABLE a.people DROP CONSTRAINT people_pkey, ALTER id DROP NOT NULL; CREATE UNIQUE INDEX ON a.people (id)',
    'person key "person" may be NULL in a.people'),
('ALTER TABLE a.people DROP CONSTRAINT people_pkey; CREATE INDEX ON a.people (id)',
    'person key "person" is not unique: no unique index of a.people is on id alone'),
('ALTER TABLE a.people DROP CONSTRAINT people_pkey; CREATE UNIQUE INDEX ON a.people (id) WHERE id > 0; CREATE INDEX ON a.people (id)',
    'person key "person" is not unique: no unique index of a.people is on id alone')) k (setup, found);
-- several rows of one person (twoversions), part of a key, a key that is an expression
CREATE TABLE a.version (id int, born date, died date, vfrom date, PRIMARY KEY (id, vfrom));
CREATE TABLE a.old (mo int, nom int, pers int, st text, d1 date, d2 date, why text, PRIMARY KEY (mo, nom));
CREATE INDEX ON a.old (pers);
CREATE INDEX ON a.old (nom);
SELECT osms.create_registry('u', tables => false, cut_over => '2020-01-01');
SELECT osms.map('u', 'person', 'a.version', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('u', 'attachment', 'a.old',
    '{"attachment": "nom", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}');
SELECT results_eq($$SELECT relation, problem, hint FROM osms.check_registry('u') WHERE severity = 'error' ORDER BY 1$$, $$VALUES
    ('attachment', 'key "attachment" is not unique: no unique index of a.old is on nom alone',
        'It is a part of the key (mo, nom). Map one column that tells rows apart; where there is none: ALTER TABLE a.old ADD '
        'attachment_key bigint GENERATED ALWAYS AS IDENTITY UNIQUE, and map "attachment" to it.'),
    ('person', 'key "person" is not unique: no unique index of a.version is on id alone',
        'It is a part of the key (id, vfrom): map a table with one row for each person.')$$, 'parts of keys, and what to do');
SELECT is(pg_temp.verdict('SELECT osms.guard(''u'')'),
    '55000 registry "u" cannot be guarded: key "attachment" is not unique: no unique index of a.old is on nom alone',
    'no guard stands on them');
SELECT osms.map('u', 'attachment', 'a.old',
    '{"attachment": "mo || ''/'' || nom", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2", "reason": '
    '"why"}', states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}');
SELECT results_eq($$SELECT problem FROM osms.check_registry('u')
    WHERE severity = 'error' AND relation = 'attachment' AND problem !~ 'index'$$,
    $$VALUES ('key "attachment" is an expression, by which no row can be written')$$,
        'a key that is an expression is named, and nothing else is blamed');
-- a key that the source computes: rows are found by it, new ones need the rest
ALTER TABLE a.old ADD k text NOT NULL GENERATED ALWAYS AS (mo::text || '/' || nom::text) STORED UNIQUE;
SELECT osms.map('u', 'person', 'a.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('u', 'attachment', 'a.old',
    '{"attachment": "k", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}');
DROP SCHEMA u CASCADE;
SELECT osms.create_registry('u', tables => false, cut_over => '2030-01-01');
SELECT osms.map('u', 'person', 'a.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('u', 'attachment', 'a.old',
    '{"attachment": "k", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}');
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('u') WHERE severity <> 'info' AND relation = 'attachment'$$,
    $$VALUES ('attachment', 'warning', 'a new row cannot be written: the mapping gives column nom of a.old no value')$$,
        'a column that nobody fills is told of');
INSERT INTO a.old (mo, nom, pers, st, d1) VALUES (10, 1, 3, '1', '2019-01-01'), (20, 1, 3, '1', '2020-01-01'),
    (10, 2, 4, '1', '2019-01-01');
SELECT osms.guard('u', '{"no_backdating": "off"}');
CALL osms.fill_roster('u', NULL);
SELECT results_eq($$SELECT attachment, action FROM osms.repair_overlaps('u', dry_run => false)$$, $$VALUES ('10/1', 'close')$$,
    'an overlap is repaired by a computed key');
UPDATE a.people SET died = '2025-05-05' WHERE id = 4;
SELECT results_eq('SELECT k, st, d2 FROM a.old ORDER BY k', $$VALUES ('10/1', '9', date '2020-01-01'), ('10/2', '9', '2025-05-06'),
    ('20/1', '1', NULL)$$, 'and a death ends its attachment');
SELECT is_empty($$SELECT * FROM osms.verify('u')$$, 'as the roster knows');
SELECT osms.unguard('u');

-- partitions, across which no index is unique
CREATE TABLE a.parted (id int NOT NULL, pers int, clinic int, st text, d1 date, d2 date, why text, UNIQUE (id, d1)) PARTITION BY RANGE (d1);
CREATE TABLE a.parted_old PARTITION OF a.parted FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE a.parted_new PARTITION OF a.parted FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
CREATE INDEX ON a.parted (pers);
SELECT osms.create_registry('p', tables => false, cut_over => '2020-01-01');
SELECT osms.map('p', 'person', 'a.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('p', 'attachment', 'a.parted',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}');
SELECT is(pg_temp.errors('p'), 'ok', 'a key beside what tells partitions apart');
SELECT is(pg_temp.errors('p', 'INSERT INTO a.parted VALUES (1, 1, 10, ''1'', ''2019-01-01''), (1, 2, 10, ''1'', ''2021-01-01'')'),
    'ok attachment key "attachment" is unique in each partition of a.parted, but not in all of it', 'a key twice');
-- plan makes the index of a key a unique one
SELECT is(pg_temp.verdict('ALTER TABLE a.people DROP CONSTRAINT people_pkey', probe => $$SELECT statement FROM osms.plan('p')
    WHERE step = 1$$),
    'ok CREATE UNIQUE INDEX CONCURRENTLY people_person_osms ON a.people (id)', 'plan');
-- citext and its like: their equality would not be found
SELECT count(*) > 0 AS citext FROM pg_available_extensions WHERE name = 'citext' \gset
\if :citext
CREATE EXTENSION citext;
CREATE TABLE a.ci (code citext PRIMARY KEY, born date, died date);
CREATE TABLE a.ca (no int PRIMARY KEY, code citext, clinic int, d1 date, d2 date, st text, why text);
CREATE INDEX ON a.ca (code);
SELECT osms.create_registry('c', tables => false, cut_over => '2030-01-01');
SELECT osms.map('c', 'person', 'a.ci', '{"person": "code", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('c', 'attachment', 'a.ca',
    '{"attachment": "no", "person": "code", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}');
SELECT is(pg_temp.verdict('SELECT osms.guard(''c'')'),
    '55000 registry "c" cannot be guarded: key "person" has type public.citext, whose equality is not PostgreSQL''s', 'citext is no key');
\else
SELECT skip('citext is not installed');
\endif

-- what is written is read again as it was told
SELECT osms.create_registry('w', tables => false, cut_over => '2020-01-01');
SELECT osms.map('w', 'person', 'a.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
CREATE TABLE a.wr (id int PRIMARY KEY, pers int, clinic int, st text, d1 date, d2 date, why text, void int, n int);
CREATE INDEX ON a.wr (pers);
CREATE FUNCTION pg_temp.rewritten(over jsonb, until_inclusive boolean DEFAULT false, open_end date DEFAULT NULL, states jsonb DEFAULT NULL)
    RETURNS text LANGUAGE sql AS
    $$SELECT pg_temp.verdict(
        format('SELECT osms.map(''w'', ''attachment'', ''a.wr'', %L, until_inclusive => %L, open_end => %L, states => %L)',
        '{"attachment": "id", "person": "pers", "organisation": "clinic", "since": "d1", "until": "d2", "state": "st", "reason": '
        '"why"}'::jsonb || over, until_inclusive, open_end, states),
        probe => $q$SELECT string_agg(severity || ' ' || problem, '; ' ORDER BY problem) FROM osms.check_registry('w')
            WHERE severity <> 'info' AND relation = 'attachment' AND problem LIKE '%reads as%'$q$)$$;
SELECT is(pg_temp.rewritten(over), expected, over::text) FROM (VALUES
('{}'::jsonb, 'ok'),
('{"state": {"expression": "CASE st WHEN ''1'' THEN ''active'' WHEN ''2'' THEN ''closed'' WHEN ''3'' THEN ''annulled'' END", "column": '
    '"st", "write": "CASE new.state::text WHEN ''active'' THEN ''1'' WHEN ''closed'' THEN ''2'' WHEN ''annulled'' THEN ''3'' END"}}', 'ok'),
('{"state": {"expression": "CASE st WHEN ''1'' THEN ''active'' WHEN ''2'' THEN ''closed'' WHEN ''3'' THEN ''annulled'' END", "column": '
    '"st", "write": "CASE new.state::text WHEN ''active'' THEN ''1'' WHEN ''closed'' THEN ''1'' WHEN ''annulled'' THEN ''3'' END"}}',
    '42P17 column "state" written as "closed" reads as "active"'),
('{"state": {"expression": "CASE WHEN void = 1 THEN ''annulled'' WHEN d2 IS NULL THEN ''active'' ELSE ''closed'' END", "column": "void", '
    '"write": "CASE new.state::text WHEN ''annulled'' THEN 1 ELSE 0 END"}}',
    'ok warning column "state" written as "suspect" reads as "active"'),
('{"until": {"expression": "d2 + 1", "column": "d2", "write": "new.until"}}',
    '42P17 column "until" written as "2021-01-01" reads as "2021-01-02" where state is "closed"'),
('{"until": {"expression": "nullif(d2, ''2999-12-31'')", "column": "d2", "write": "coalesce(new.until, ''2099-12-31'')"}}',
    '42P17 column "until" written as NULL reads as "2099-12-31" where state is "active"'),
('{"until": {"expression": "d2 + 1", "column": "d2", "write": "new.until - 1"}}', 'ok'),
('{"until": {"expression": "d2", "column": "n", "write": "0"}}', '42P17 column "until" is written to "n", but read from "d2"'),
('{"reason": {"expression": "upper(why)", "column": "why", "write": "new.reason"}}',
    '42P17 column "reason" written as "death" reads as "DEATH" where state is "closed"')) w (over, expected);
SELECT is(pg_temp.rewritten('{}', true, '2999-12-31', '{"active": ["1"], "closed": ["2"], "annulled": ["3"]}'), 'ok',
    'inclusive ends and sentinels come back');
SELECT * FROM finish();

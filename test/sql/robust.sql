-- What is not as osms made it, by slip or by malice, is an error that says so: never a crash, a hang or an internal error.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT current_setting('server_version_num')::integer < 160000 AS v15 \gset

-- Calls that any role may make.
CREATE ROLE robust_nobody;
GRANT USAGE ON SCHEMA osms TO robust_nobody;
GRANT CREATE ON DATABASE :DBNAME TO robust_nobody;
CREATE TABLE public.other (a integer);
CREATE INDEX other_a ON public.other (a);
CREATE MATERIALIZED VIEW public.residence AS SELECT 1 AS person;
CREATE TYPE public.contract AS (organisation integer);
SET ROLE robust_nobody;
SELECT is(pg_temp.verdict('SELECT ' || call), expected, call) FROM (VALUES
('osms_internal.row_findings(999999::regclass, ROW(1))', '42P01 relation with OID 999999 does not exist'),
('osms_internal.row_findings(0::regclass, ROW(1))', '42P01 relation with OID 0 does not exist'),
('osms_internal.row_findings(''public.other'', ROW(1))', '22023 "other" is not a canonical relation'),
('osms_internal.row_findings(''public.residence'', ROW(1))', '42809 "residence" is neither a table nor a mapped view'),
('osms_internal.row_findings(''public.contract'', ROW(1))', '42809 "contract" is neither a table nor a mapped view'),
('osms_internal.mapped_reading(0::regclass, ''x'')', '42P01 relation with OID 0 does not exist'),
('osms_internal.mapped_reading(999999::regclass, ''x'')', '42P01 relation with OID 999999 does not exist'),
('osms_internal.mapped_reading(''public.other'', ''a'')', '22023 "other" is not a canonical relation'),
('osms.mapped_source(0)', '42P01 relation with OID 0 does not exist'),
('osms.mapped_source(999999)', '42P01 relation with OID 999999 does not exist'),
('osms.mapped_source(''public.other_a'')', '42809 "other_a" is neither a table nor a mapped view'),
('osms.mapped_source(''public.residence'')', '42809 "residence" is neither a table nor a mapped view'),
('osms_internal.finds_by_index(0, ''x'')', '42703 relation "-" has no column "x"'),
('osms_internal.finds_by_index(''public.other'', ''x'')', '42703 relation "public.other" has no column "x"'),
('osms_internal.equality(''json'')', '42883 type json has no equality operator'),
('osms_internal.equality(0)', '42704 type with OID 0 does not exist'),
('osms_internal.trigger_arguments(0)', 'ok'),
('count(*) FROM osms_internal.audit_relation(NULL, NULL, NULL, NULL)', 'ok'),
('count(*) FROM osms_internal.audit_relation(''fund'', NULL, NULL, NULL)', 'ok'),
('osms_internal.audit_relation(''fund'', ''person'', NULL, NULL)', '3F000 registry "fund" does not exist'),
('osms_internal.sift_candidates(''fund'', ''person'', 0, '''')', '3F000 registry "fund" does not exist')) c (call, expected);

-- Views that read each other, in any order.
CREATE SCHEMA robust_a;
CREATE SCHEMA robust_b;
CREATE VIEW robust_a.attachment_event AS SELECT 1 AS event;
CREATE VIEW robust_b.attachment_event AS SELECT * FROM robust_a.attachment_event;
CREATE OR REPLACE VIEW robust_a.attachment_event AS SELECT * FROM robust_b.attachment_event;
CREATE VIEW robust_a.attachment AS SELECT e.event AS attachment FROM robust_a.attachment_event e LEFT JOIN public.other ON true;
CREATE VIEW robust_b.attachment AS SELECT * FROM robust_a.attachment;
CREATE VIEW robust_b.person AS SELECT e.event AS person FROM robust_a.attachment_event e LEFT JOIN public.other ON true;
CREATE VIEW robust_a.person AS SELECT a AS person FROM public.other WHERE NULL;
SET statement_timeout = '10s';
SELECT is(pg_temp.verdict('SELECT ' || call), expected, call) FROM (VALUES
('osms.mapped_source(''robust_a.attachment_event'')', '55000 view "attachment_event" does not map one table'),
('osms.mapped_source(''robust_b.attachment_event'')', '55000 view "attachment_event" does not map one table'),
('osms.mapped_source(''robust_a.attachment'')', '55000 view "attachment_event" does not map one table'),
('osms.mapped_source(''robust_b.attachment'')', '55000 view "attachment" does not map one table'),
('osms.mapped_source(''robust_a.person'')', '55000 view "person" does not map one table'),
('osms_internal.mapped_reading(''robust_a.attachment'', ''person'')', '55000 view "attachment_event" does not map one table'),
('osms_internal.mapped_reading(''robust_b.person'', ''region'')', '55000 view "person" does not map one table'),
('osms_internal.row_findings(''robust_a.attachment'', ROW(1))', '55000 view "attachment_event" does not map one table')) c (call, expected);
RESET statement_timeout;

-- Look-alikes: the types of their columns are not believed, nor those of a row.
CREATE TABLE robust_a.attachment_of_numbers (attachment bigint, person bigint, organisation bigint, site text, state osms.attachment_state,
    since date, until date,
    application bigint, order_key text, restores bigint, reason bigint);
CREATE SCHEMA robust_c;
ALTER TABLE robust_a.attachment_of_numbers SET SCHEMA robust_c;
ALTER TABLE robust_c.attachment_of_numbers RENAME TO attachment;
SELECT is(pg_temp.verdict($$SELECT osms_internal.row_findings('robust_c.attachment',
    ROW(1, 2, 3, NULL, 'closed', '2026-01-01', '2026-02-01', NULL, NULL, NULL, 4096)::robust_c.attachment)$$),
    '42804 column "reason" of canonical relation "attachment" has type bigint', 'a number is no address');
SELECT is(pg_temp.verdict(
    format('ALTER TABLE robust_c.attachment ALTER reason TYPE text, ALTER %I TYPE %s USING NULL; SELECT '
    'osms_internal.row_findings(''robust_c.attachment'', ROW(1))', "column", type)),
    expected, concat_ws(' ', "column", type)) FROM (VALUES
('site', 'bytea', '42804 column "site" of canonical relation "attachment" has type bytea'),
('site', 'varchar', '42804 column "site" of canonical relation "attachment" has type character varying'),
('state', '"char"', '42804 column "state" of canonical relation "attachment" has type "char"'),
('state', 'osms.application_state', '42804 column "state" of canonical relation "attachment" has type osms.application_state'),
('since', 'timestamptz', '42804 column "since" of canonical relation "attachment" has type timestamp with time zone'),
('restores', 'text', '42804 column "restores" of canonical relation "attachment" has type text'),
('application', 'text', 'ok'),
('person', 'text', 'ok')) t ("column", type, expected);
SELECT is(pg_temp.verdict($$ALTER TABLE robust_c.attachment ALTER reason TYPE text;
    SELECT osms_internal.row_findings('robust_c.attachment', ROW(1, 2)); $$), 'ok', 'a row without canonical columns');
SELECT is(pg_temp.verdict($$ALTER TABLE robust_c.attachment ALTER reason TYPE text;
    SELECT osms_internal.row_findings('robust_c.attachment', x) FROM (SELECT 4096::bigint AS reason) x$$),
    '42804 row is not of relation "attachment"', 'a row with another column of the name');
-- the table is altered between two rows of a statement
CREATE FUNCTION robust_c.row(step integer) RETURNS robust_c.attachment LANGUAGE plpgsql AS $$
DECLARE
    result robust_c.attachment;
BEGIN
    IF step = 2 THEN
        ALTER TABLE robust_c.attachment ALTER reason TYPE bigint USING 4096;
    END IF;
    EXECUTE 'SELECT * FROM robust_c.attachment' INTO result;
    RETURN result;
END $$;
SELECT is(pg_temp.verdict($$ALTER TABLE robust_c.attachment ALTER reason TYPE text;
    INSERT INTO robust_c.attachment VALUES (1, 2, 3, NULL, 'closed', '2026-01-01', '2026-02-01', NULL, NULL, NULL, 'x');
    SELECT osms_internal.row_findings('robust_c.attachment', robust_c.row(i)) FROM generate_series(1, 3) i$$),
        '42804 row is not of relation "attachment"', 'altered between two rows');
SELECT is(pg_temp.verdict($$SELECT osms_internal.row_findings(r, NULL) FROM unnest('{robust_a.person,robust_c.attachment}'::regclass[]) r$$), 'ok',
    'a strict function');

-- A registry in a temporary schema.
CREATE TEMP TABLE setting (one boolean, cut_over date, time_zone text, roster_complete boolean);
CREATE TEMP TABLE roster (attachment bigint);
CREATE TEMP TABLE person (person bigint, region bigint);
CREATE TEMP TABLE attachment (attachment bigint);
SELECT nspname AS temporary FROM pg_namespace WHERE oid = pg_my_temp_schema() \gset
SELECT is(pg_temp.verdict(format(call, :'temporary')), '22023 temporary schema "' || :'temporary' || '" is no registry', call) FROM (VALUES
('SELECT osms_internal.sift_candidates(%L, ''attachment'', ''pg_temp.attachment'', '''')'),
    ('SELECT osms_internal.audit_relation(%L, ''attachment'', NULL, NULL)'), ('SELECT osms.clauses(%L)'),
('SELECT osms.lock_persons(%L, ''{1}'')'), ('SELECT osms.import_begin(%L, ''why'')'), ('SELECT osms.import_end(%L)')) c (call);
DROP TABLE setting, roster, person, attachment;
DROP SCHEMA robust_a, robust_b, robust_c CASCADE;
RESET ROLE;

-- A slip of an honest DBA: what was made as a registry is altered later.
SELECT osms.create_registry('fund', cut_over => '2020-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) VALUES (1, '1990-01-01', 'male', '750000000'),
    (2, '1990-01-01', 'male', '750000000');
INSERT INTO fund.organisation (organisation) VALUES (1), (2);
SELECT osms.guard('fund', '{"basis": "off", "contracted": "off", "same_territory": "off", "no_backdating": "off", "initial_state": "off"}');
CALL osms.fill_roster('fund');
SELECT is(pg_temp.verdict($$INSERT INTO fund.attachment (person, organisation, state, since) VALUES (1, 1, 'active', '2020-01-01');
    $$ || alteration || $$;
    INSERT INTO fund.application (application, person, organisation, state) VALUES (1, 1, 1, 'draft');
    INSERT INTO fund.attachment (person, organisation, state, since) VALUES (2, 1, 'active', '2020-01-01');
    UPDATE fund.attachment SET state = 'closed', until = '2021-01-01', reason = 'error';
        UPDATE fund.person SET birth_date = '1991-01-01', death_date = '2021-06-01'$$), expected, alteration)
FROM (VALUES
('ALTER TABLE fund.person RENAME COLUMN region TO oblast', '42703 canonical relation "person" has no column "region"'),
('ALTER TABLE fund.person ALTER region TYPE bigint USING region::bigint',
    '42804 column "region" of canonical relation "person" has type bigint'),
('ALTER TABLE fund.person ALTER sex TYPE text', '42804 column "sex" of canonical relation "person" has type text'),
('ALTER TABLE fund.person ALTER person TYPE text', '42804 column "person" of canonical relation "application" has type bigint'),
('ALTER TABLE fund.person ALTER person TYPE numeric', '42804 column "person" of canonical relation "application" has type bigint'),
('ALTER TABLE fund.attachment ALTER reason TYPE bytea USING NULL',
    '42804 column "reason" of canonical relation "attachment" has type bytea'),
('ALTER TABLE fund.attachment ALTER restores TYPE text', '42804 column "restores" of canonical relation "attachment" has type text'),
('ALTER TABLE fund.attachment RENAME site TO uchastok', '42703 canonical relation "attachment" has no column "site"'),
('ALTER TABLE fund.setting ALTER roster_complete TYPE text', '42804 column "roster_complete" in registry "fund" has type text'),
('ALTER TABLE fund.roster ALTER since TYPE timestamptz', '42804 column "since" in registry "fund" has type timestamp with time zone'),
('ALTER TABLE fund.roster ALTER until TYPE numeric USING 4096', '42804 column "until" is of type numeric but expression is of type date'),
('ALTER TABLE fund.roster ALTER person TYPE numeric', '42804 column "person" in registry "fund" has type numeric'),
('ALTER TABLE fund.roster ALTER attachment TYPE numeric', '42804 column "attachment" in registry "fund" has type numeric'),
('ALTER TABLE fund.roster ALTER mark TYPE bytea USING mark::bytea', '42883 operator does not exist: bytea = text'),
('ALTER TABLE fund.roster RENAME mark TO marked', '42703 column "mark" of relation "roster" does not exist'),
('DROP TABLE fund.setting', '42P01 registry "fund" has lost its table "setting"'),
('DROP TABLE fund.roster', '42P01 registry "fund" has no roster'),
('DROP TABLE fund.person CASCADE', '42P01 registry "fund" lacks relation "person"')) a (alteration, expected);

-- What was noted for the end of the transaction, and its registry is no longer what it was.
SELECT is(pg_temp.verdict($$INSERT INTO fund.attachment (person, organisation, state, since)
    VALUES (1, 1, 'active', '2020-01-01'), (1, 2, 'active', '2021-01-01'); $$ || alteration), expected, alteration)
FROM (VALUES
('SELECT', '23P01 one_attachment fund.attachment.since overlap'),
('DROP TABLE fund.attachment CASCADE', '42P01 registry "fund" lacks relation "attachment"'),
('ALTER TABLE fund.attachment RENAME TO prikreplenie', '42P01 registry "fund" lacks relation "attachment"'),
('ALTER TABLE fund.roster RENAME TO spisok', '42P01 registry "fund" has no roster'),
('ALTER TABLE fund.person ALTER person TYPE text', '42804 column "person" of canonical relation "attachment" has type bigint'),
('ALTER SCHEMA fund RENAME TO fonds',
    '39P01 function "osms_internal.judge_pending" must be fired by INSERT into relation "pending" of the registry it names')) a (alteration,
    expected);
SELECT is(pg_temp.verdict($$SELECT osms.import_begin('fund', 'why'); $$ || alteration), expected, alteration)
FROM (VALUES
('SELECT', '55000 the import into registry "fund" was not ended'),
('ALTER TABLE fund.import RENAME TO load',
    '39P01 function "osms_internal.judge_import" must be fired by INSERT into relation "import" of the registry it names'),
('ALTER TABLE fund.roster RENAME TO spisok', '42P01 registry "fund" has no roster')) a (alteration, expected);
SELECT is(pg_temp.verdict($$INSERT INTO fund.attachment (person, organisation, state, since)
    VALUES (1, 1, 'active', '2020-01-01'), (1, 2, 'active', '2021-01-01'); $$ || alteration), expected, alteration)
FROM (VALUES
('ALTER TABLE fund.pending RENAME person TO who', '42804 relation "pending" keeps no persons of registry "fund"'),
('ALTER TABLE fund.pending RENAME TO waiting',
    '39P01 function "osms_internal.judge_pending" must be fired by INSERT into relation "pending" of the registry it names')) a (alteration,
    expected);
SELECT is(pg_temp.verdict(statement), expected, statement) FROM (VALUES
('ALTER TABLE fund.pending ALTER person TYPE text; ALTER TABLE fund.pending DISABLE TRIGGER keep_added; INSERT INTO fund.pending VALUES '
    '(4096)', '42804 relation "pending" keeps no persons of registry "fund"'),
('ALTER TABLE fund.pending ALTER person DROP NOT NULL; ALTER TABLE fund.pending DISABLE TRIGGER keep_added; INSERT INTO fund.pending '
    'VALUES (NULL)', 'ok'),
('ALTER TABLE fund.import ALTER entry DROP IDENTITY; ALTER TABLE fund.import ALTER entry TYPE text; ALTER TABLE fund.import DISABLE '
    'TRIGGER keep_added; INSERT INTO fund.import (entry, actor, why) VALUES (1, ''a'', ''b'')',
    '42804 relation "import" keeps no imports of registry "fund"')) s (statement, expected);
ALTER TABLE fund.import ALTER entry DROP IDENTITY;
ALTER TABLE fund.import ALTER entry TYPE text;
SELECT is(pg_temp.verdict($$ALTER TABLE fund.import ALTER entry SET DEFAULT 'x'; SELECT osms.import_begin('fund', 'why')$$),
    '42804 column "entry" of relation "import" of registry "fund" is no bigint', 'an address is no number');

-- A mapped registry.
CREATE TABLE public.people (iin char(12) PRIMARY KEY, born date, sex text);
CREATE TABLE public.attached (no serial PRIMARY KEY, iin char(12), clinic integer, d_beg date, d_end date, st integer);
CREATE INDEX ON public.attached (iin);
INSERT INTO public.people VALUES ('580302300070', '1958-03-02', 'm'), ('880715400075', '1988-07-15', 'f');
INSERT INTO public.attached (iin, clinic, d_beg, st) VALUES ('580302300070', 10, '2019-02-01', 1);
SELECT osms.create_registry('mapped', tables => false, cut_over => '2025-01-01');
SELECT osms.map('mapped', 'person', 'people', '{"person": "iin", "iin": "iin", "birth_date": "born", "sex": "osms.read_sex(sex)"}');
SELECT osms.map('mapped', 'attachment', 'attached',
    '{"attachment": "no", "person": "iin", "organisation": "clinic", "state": "st", "since": "d_beg", "until": "d_end"}',
    states => '{"active": ["1"], "closed": ["9"], "annulled": ["7"]}');
SELECT osms.guard('mapped', '{"basis": "off", "no_backdating": "off", "initial_state": "off"}');
SELECT is(pg_temp.verdict(alteration || $$; UPDATE mapped.attachment SET state = 'closed',
    until = '2020-01-01'$$), expected, alteration) FROM (VALUES
('SELECT', 'ok'),
('ALTER VIEW mapped.attachment RENAME attachment TO id', '42703 mapped relation "attachment" has no column "attachment"'),
('ALTER VIEW mapped.attachment RENAME person TO who', '42703 mapped relation "attachment" has no column "person"'),
('ALTER VIEW mapped.attachment RENAME restores TO again', '42703 canonical relation "attachment" has no column "restores"'),
('ALTER TABLE public.attached RENAME clinic TO mo', 'ok'),
('DROP VIEW mapped.person', '42P01 registry "mapped" lacks relation "person"'),
('ALTER VIEW mapped.person RENAME TO people', '42P01 registry "mapped" lacks relation "person"')) a (alteration, expected);
SELECT is(pg_temp.verdict($$INSERT INTO public.attached (iin, clinic, d_beg, st) VALUES ('580302300070', 20, '2020-02-01', 1);
    DROP VIEW mapped.attachment CASCADE$$),
    '42P01 registry "mapped" lacks relation "attachment"', 'the mapping goes before the transaction ends');
SELECT is(pg_temp.verdict(format($$DROP VIEW mapped.person; CREATE VIEW mapped.person AS SELECT (%s)::char(12) AS person, iin::text AS iin,
    ''::text AS surname, ''::text AS given_name, ''::text AS patronymic,
    born AS birth_date, osms.read_sex(sex) AS sex, NULL::date AS death_date, ''::text AS region, NULL::date AS stay_until FROM people%s;
        INSERT INTO public.people VALUES ('210520600071')$$, person, rest)), expected, person)
FROM (VALUES
('iin', '', 'ok'),
('SELECT iin', '', '55000 column "person" of canonical relation "person" cannot be read from a row alone'),
('max(iin)', ' GROUP BY iin, born, sex', '55000 view "person" does not map one table'),
('lead(iin) OVER ()', '', '55000 column "person" of canonical relation "person" cannot be read from a row alone'),
('unnest(ARRAY[iin])', '', '55000 column "person" of canonical relation "person" cannot be read from a row alone'),
('tableoid::bigint', '', '55000 column "person" of canonical relation "person" cannot be read from a row alone')) m (person, rest,
    expected);
-- a view where a table was
CREATE VIEW public.people_view AS SELECT * FROM public.people;
SELECT is(pg_temp.verdict($$DROP VIEW mapped.person; CREATE VIEW mapped.person AS SELECT p.* FROM public.people_view p; $$ || call),
    expected, call)
FROM (VALUES
('SELECT osms.mapped_source(''mapped.person'')', '55000 view "person" does not map one table'),
('SELECT osms_internal.audit_relation(''mapped'', ''attachment'', NULL, NULL)', '55000 view "person" does not map one table'),
('INSERT INTO public.attached (iin, clinic, d_beg, st) VALUES (''580302300070'', 20, ''2020-02-01'', 1)',
    '55000 view "person" does not map one table')) c (call, expected);
BEGIN;
DROP VIEW mapped.person;
CREATE VIEW mapped.person AS SELECT p.* FROM public.people_view p;
SELECT results_eq($$SELECT * FROM osms.check_registry('mapped')$$,
    $$VALUES ('person', 'error', 'view "person" does not map one table', 'Map the relation again with osms.map().')$$,
        'check_registry says so, too');
ROLLBACK;

-- A register of events.
CREATE TABLE public.event (id serial PRIMARY KEY, kind char(1), closes integer, person char(12), clinic integer, day date, why text);
CREATE INDEX ON public.event (person);
CREATE INDEX ON public.event (closes);
CREATE SCHEMA elsewhere;
SELECT osms.unguard('mapped');
SELECT osms.map('mapped', 'attachment', 'event',
    '{"attachment": "id", "closes": "closes", "person": "person", "organisation": "clinic", "state": "kind", "since": "day", "reason": '
    '"why"}',
    shape => 'events', states => '{"active": ["A"], "suspect": ["S"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('mapped', '{"basis": "off", "no_backdating": "off", "initial_state": "off"}');
SELECT is(pg_temp.verdict(alteration || $$; INSERT INTO mapped.attachment (person, organisation, state, since)
    VALUES ('580302300070', 2, 'active', '2025-04-01');
    UPDATE mapped.attachment SET state = 'suspect', reason = 'error'$$), expected, alteration) FROM (VALUES
('SELECT', 'ok'),
('ALTER VIEW mapped.attachment_event RENAME TO event', '55000 view "attachment" does not map one table'),
('ALTER VIEW mapped.attachment_event SET SCHEMA elsewhere', '55000 mapped relation "attachment" is not made of the events of its registry'),
('ALTER VIEW mapped.attachment_event RENAME closes TO shuts', '42703 canonical relation "attachment_event" has no column "closes"'),
('ALTER VIEW mapped.attachment_event RENAME site TO place', '42703 canonical relation "attachment_event" has no column "site"'),
('ALTER VIEW mapped.attachment RENAME attachment TO id', '42703 canonical relation "attachment" has no column "attachment"'),
('ALTER VIEW mapped.attachment RENAME reason TO why', '42703 canonical relation "attachment" has no column "reason"'),
('ALTER VIEW mapped.attachment RENAME since TO u; ALTER VIEW mapped.attachment RENAME until TO since; ALTER VIEW mapped.attachment RENAME '
    'u TO until', '23514 period public.event.day since_missing in attachment 3'),
('ALTER SCHEMA mapped RENAME TO renamed; CREATE SCHEMA mapped; ALTER VIEW renamed.attachment SET SCHEMA mapped',
    '55000 mapped relation "attachment" is not made of the events of its registry')) a (alteration, expected);
SELECT is(pg_temp.verdict(alteration || $$; INSERT INTO public.event (kind, person, clinic, day)
    VALUES ('A', '580302300070', 2, '2025-04-01')$$), expected, alteration) FROM (VALUES
('SELECT', 'ok'),
('ALTER VIEW mapped.attachment_event RENAME TO event', '55000 view "attachment" does not map one table'),
('ALTER VIEW mapped.attachment_event SET SCHEMA elsewhere', '42P01 registry "mapped" lacks relation "attachment_event"'),
('ALTER VIEW mapped.attachment_event SET SCHEMA elsewhere; CREATE VIEW mapped.attachment_event AS SELECT * FROM elsewhere.attachment_event',
    '55000 view "attachment_event" does not map one table'),
('ALTER VIEW mapped.attachment_event RENAME event TO id', '42703 canonical relation "attachment_event" has no column "event"')) a
    (alteration, expected);
SELECT is(pg_temp.verdict(format($$SELECT set_config('osms_test.v', pg_get_viewdef('mapped.attachment'), true);
    ALTER VIEW mapped.attachment_event SET SCHEMA elsewhere;
    CREATE VIEW mapped.attachment_event AS %s; INSERT INTO public.event (kind, person, clinic, day)
        VALUES ('A', '580302300070', 2, '2025-04-01')$$, pg_get_viewdef('mapped.attachment_event'))),
    '55000 attachments of registry "mapped" are not made of its own events', 'events of another schema');
\if :v15
-- before 16 a table becomes a view by a rule
CREATE TABLE public.clerks (login text, role text);
SELECT osms.map('mapped', 'clerk', 'clerks', '{"clerk": "login", "role": "role"}');
CREATE RULE "_RETURN" AS ON SELECT TO public.clerks DO INSTEAD SELECT 'clerk7'::text AS login, NULL::text AS role;
SELECT is(pg_temp.verdict($$SELECT osms.mapped_source('mapped.clerk')$$), '55000 view "clerk" does not map one table',
    'a table that became a view');
SELECT results_eq($$SELECT * FROM osms.check_registry('mapped')$$,
    $$VALUES ('clerk', 'error', 'view "clerk" does not map one table', 'Map the relation again with osms.map().')$$,
        'check_registry says so');
\endif

DROP OWNED BY robust_nobody;
DROP ROLE robust_nobody;
SELECT * FROM finish();

-- Who has something called, by a condition, a domain, a view, a type or a cast, gains nothing by who runs it: not what is called, but who
-- says so, is distrusted.
\ir trapped.psql
SELECT plan(156);
SET client_min_messages = error;
CREATE ROLE authors_vendor;	-- owns functions, types and relations of his own
CREATE ROLE authors_app;	-- may put triggers on a table of the DBA's, or could once
CREATE ROLE authors_clerk;	-- writes through the registry
CREATE ROLE authors_keeper;
CREATE ROLE authors_boss;	-- no superuser, owns a table
CREATE SCHEMA own;
GRANT USAGE, CREATE ON SCHEMA own, legacy TO authors_vendor, authors_app;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
GRANT SELECT, INSERT, UPDATE, DELETE ON legacy.prik TO authors_app;
GRANT USAGE ON SCHEMA fund TO authors_app, authors_clerk, authors_vendor;
GRANT SELECT ON fund.person, fund.roster TO authors_vendor, authors_app;
GRANT SELECT, INSERT, UPDATE ON fund.application, fund.attachment, fund.organisation TO authors_clerk;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);
\set attach 'INSERT INTO fund.attachment (person, organisation, state, since) VALUES (''900101300017'', 1, ''active'', ''2026-02-01'')'

-- a table to which others may add is not written for anybody: what stands there tells not who made it
\set others '42501 table "prik" is not written as role "postgres" while others may add to it'
SELECT is(pg_temp.verdict(format('%s; SET LOCAL ROLE authors_clerk; %s; RESET ROLE', setup, :'attach')), expected, setup)
FROM (VALUES ('GRANT TRIGGER ON legacy.prik TO authors_app', :'others'), ('GRANT TRIGGER ON legacy.prik TO PUBLIC', :'others'),
    ('GRANT ALL ON legacy.prik TO authors_app WITH GRANT OPTION', :'others'),
             ('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES ON legacy.prik TO authors_app', 'ok'),
                 ('GRANT TRIGGER (iin) ON legacy.prik TO authors_app', '0LP01 invalid privilege type TRIGGER for column'),
             ('CREATE TABLE own.below (x integer) INHERITS (legacy.prik); ALTER TABLE own.below OWNER TO authors_vendor', :'others'),
                 ('CREATE TABLE own.below (x integer) INHERITS (legacy.prik)', 'ok'),
             ('CREATE TABLE own.below () INHERITS (legacy.prik); GRANT TRIGGER ON own.below TO authors_app', :'others'),
             ('CREATE TYPE own.kind AS ENUM (''a''); ALTER TYPE own.kind OWNER TO authors_vendor; ALTER TABLE legacy.prik ADD kind '
                 'own.kind', :'others'),
             ('CREATE TYPE own.kind AS ENUM (''a''); ALTER TYPE own.kind OWNER TO authors_vendor; ALTER TABLE legacy.prik ADD kind '
                 'own.kind[]', :'others'),
             ('CREATE TYPE own.kind AS (a text); ALTER TYPE own.kind OWNER TO authors_vendor; ALTER TABLE legacy.prik ADD kind own.kind',
                 :'others'),
             ('CREATE TYPE own.kind AS ENUM (''a''); ALTER TABLE legacy.prik ADD kind own.kind', 'ok')) t (setup, expected);
SELECT is(pg_temp.verdict(
    'GRANT TRIGGER ON legacy.prik TO authors_app; UPDATE legacy.people SET died = ''2026-01-01'' WHERE iin = ''880715400075'''), :'others',
    'nor by a consequence');
SELECT is(pg_temp.verdict(
    'GRANT TRIGGER ON legacy.prik TO authors_app; INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES (''900101300017'', '
    '1, ''2026-02-01'', ''active'')'), 'ok', 'what is written there by oneself is one''s own affair');
SELECT is(pg_temp.verdict('GRANT TRIGGER ON fund.attachment TO authors_app; SET LOCAL ROLE authors_clerk; ' || :'attach' || '; RESET ROLE'),
    '42501 mapped relation "attachment" is not written while others may put triggers on it', 'nor is a mapped view written');
BEGIN;
GRANT TRIGGER ON legacy.prik, legacy.mo, fund.person TO authors_app;
GRANT TRIGGER ON legacy.zay TO PUBLIC;
CREATE TABLE own.below () INHERITS (legacy.prik);
ALTER TABLE own.below OWNER TO authors_vendor;
CREATE DOMAIN own.d AS text;
ALTER DOMAIN own.d OWNER TO authors_vendor;
ALTER TABLE legacy.zay ADD note own.d[];
SELECT results_eq($$SELECT relation, severity, problem, hint FROM osms.check_registry('fund')
    WHERE problem ~ 'triggers on|stands own|of type own' AND problem !~ 'no reason to trust' ORDER BY problem$$, $$VALUES
    ('application', 'error', 'column "note" of legacy.zay is of type own.d[] of role authors_vendor: so it is not written as its owner',
        'Let role postgres own the type.'),
    ('application', 'error', 'everybody may put triggers on legacy.zay: so it is not written as its owner',
        'REVOKE TRIGGER ON legacy.zay FROM PUBLIC.'),
    ('person', 'warning', 'role authors_app may put triggers on fund.person: so nothing is written through it',
        'REVOKE TRIGGER ON fund.person FROM authors_app.'),
    ('organisation', 'warning', 'role authors_app may put triggers on legacy.mo: so it is not written as its owner',
        'REVOKE TRIGGER ON legacy.mo FROM authors_app.'),
    ('attachment', 'error', 'role authors_app may put triggers on legacy.prik: so it is not written as its owner',
        'REVOKE TRIGGER ON legacy.prik FROM authors_app.'),
    ('attachment', 'error', 'under table legacy.prik stands own.below of role authors_vendor: so it is not written as its owner',
        'ALTER TABLE own.below OWNER TO postgres.')$$, 'check_registry names them');
ROLLBACK;

CREATE SCHEMA shop AUTHORIZATION authors_vendor;
CREATE TABLE shop.payment (organisation integer, month date, amount numeric);
ALTER TABLE shop.payment OWNER TO authors_vendor;
\set pay 'SELECT osms_internal.run_write(''shop'', ''payment'', ''insert'', ''SELECT 1 AS organisation, date ''''2026-01-01'''' AS month, 1::numeric AS amount'', ''{}'')'
BEGIN;
CREATE TABLE own.child (login text);
ALTER TABLE legacy.clerks ADD UNIQUE (login);
ALTER TABLE own.child ADD FOREIGN KEY (login) REFERENCES legacy.clerks (login) ON UPDATE CASCADE;
ALTER TABLE own.child OWNER TO authors_vendor;
GRANT SELECT, INSERT ON fund.clerk TO authors_clerk;
SELECT is(pg_temp.verdict('SET LOCAL ROLE authors_clerk; INSERT INTO fund.clerk (clerk) VALUES (''x''); RESET ROLE'),
    '42501 table "clerks" is not written as role "postgres" while others may add to it', 'nor one that a table of others follows');
SELECT is(pg_temp.verdict(
    'ALTER TABLE own.child DROP CONSTRAINT child_login_fkey, ADD FOREIGN KEY (login) REFERENCES legacy.clerks (login); SET LOCAL ROLE '
    'authors_clerk; INSERT INTO fund.clerk (clerk) VALUES (''x''); RESET ROLE'), 'ok', 'unless it does nothing then');
ROLLBACK;

-- what somebody has put there while he might does not call what writes or sets up either; what the owner puts there is his affair
CREATE FUNCTION legacy.pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION legacy.numbered() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('osms_test.numbered', 'x', true),
    osms.working_day(current_date); RETURN 'x'; END $$;
-- a message names the schema of a function where the path does not
CREATE FUNCTION pg_temp.plain(text) RETURNS text LANGUAGE sql AS $$SELECT regexp_replace($1, 'function (osms|osms_internal|legacy)\.', 'function ')$$;
CREATE TABLE pg_temp.condition (condition text, verdict text);
INSERT INTO pg_temp.condition VALUES
    ('osms_internal.grant_to_keeper(''fund'', ''person'') IS NULL', 'grant_to_keeper(text,text)'),
        ('osms.set_keeper(''fund'', ''authors_app'') IS NULL', 'set_keeper(text,name)'),
    ('osms_internal.under_lock(''{}'', '''', ''{}'', 1)', 'under_lock(regclass[],text,text[],integer)'),
        ('osms.unguard(''fund'') IS NULL', 'unguard(text)'), ('osms.annul(''fund'', ''1'', ''error'') IS NULL', 'annul(text,text,text)'),
    ('osms_internal.run_write(''fund'', ''clerk'', ''insert'', ''SELECT 1'', ''{}'') IS NULL', 'run_write(text,text,text,text,text[])'),
    ('osms_internal.find_row(''fund'', ''application'', ''1'') IS NULL', 'find_row(text,text,text)'),
        ('osms_internal.check_keeper(''x'') IS NULL', 'check_keeper(name)'), ('pg_read_file(''x'') IS NULL', 'pg_read_file(text)'),
    ('osms.iin_fault(''x'') IS NOT NULL', NULL), ('legacy.numbered() = ''x''', NULL);
SELECT is(pg_temp.plain(pg_temp.trapped('authors_app',
    format('CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW WHEN (%s) EXECUTE FUNCTION legacy.pass()', condition),
    'authors_clerk', :'attach')),
          CASE WHEN verdict IS NULL THEN 'ok' ELSE format('42501 function %s refused', verdict) END,
              'a trigger''s condition: ' || condition)
FROM pg_temp.condition;
SELECT is(pg_temp.plain(pg_temp.trapped('postgres',
    format('CREATE DOMAIN own.d AS text; ALTER TABLE legacy.prik ADD note own.d[] DEFAULT string_to_array(''x'', '',''); ALTER DOMAIN '
    'own.d ADD CHECK (%s) NOT VALID', condition), 'authors_clerk', :'attach')),
          CASE WHEN verdict IS NULL THEN 'ok' ELSE format('42501 function %s refused', verdict) END, 'a domain, in an array: ' || condition)
FROM pg_temp.condition;

-- who writes another's table as himself gives it nothing that he could make use of
CREATE FUNCTION legacy.known(text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';	-- the DBA's
CREATE FUNCTION legacy.always(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION legacy.kept() RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
REVOKE EXECUTE ON FUNCTION legacy.kept() FROM PUBLIC;
CREATE SEQUENCE legacy.numbers;
DELETE FROM pg_temp.condition WHERE condition ~ 'iin_fault|numbered';
INSERT INTO pg_temp.condition VALUES
    ('set_config(''session_replication_role'', ''replica'', true) IS NULL', 'set_config(text,text,boolean)'),
        ('setval(''legacy.numbers'', 1) = 0', 'setval(regclass,bigint)'),
    ('lo_create(0) = 0', 'lo_create(oid)'), ('pg_notify(''x'', ''y'') IS NULL', 'pg_notify(text,text)'),
        ('pg_terminate_backend(0)', 'pg_terminate_backend(integer,bigint)'), ('pg_advisory_lock(1) IS NULL', 'pg_advisory_lock(bigint)'),
    ('osms.report(''fund'', ''2026-01-01'') IS NULL', 'report(text,date,text,integer)'),
        ('osms_internal.civil_date(''fund'', now()) > ''2020-01-01''', 'civil_date(text,timestamp with time zone)'),
    ('legacy.kept()', 'kept()'), ('legacy.known(''x'')', 'known(text)'), ('legacy.always(''x'')', NULL),
        ('nextval(''legacy.numbers'') > 0', NULL), ('now() > ''2020-01-01''', NULL), ('osms.iin_fault(''x'') IS NOT NULL', NULL);
SELECT is(pg_temp.plain(pg_temp.trapped('authors_vendor', format(trap, condition), 'postgres', :'pay')), CASE WHEN verdict IS NULL
    AND trap !~ 'pass' THEN 'ok' ELSE format('42501 function %s refused', coalesce(verdict, 'pass()')) END, format(trap, condition))
FROM pg_temp.condition, (VALUES ('CREATE TRIGGER a BEFORE INSERT ON shop.payment FOR EACH ROW WHEN (%s) EXECUTE FUNCTION legacy.pass()'),
    ('ALTER TABLE shop.payment ADD CHECK (%s) NOT VALID')) t (trap);
SELECT is(pg_temp.plain(pg_temp.trapped('authors_vendor',
    'CREATE TRIGGER a BEFORE INSERT ON shop.payment FOR EACH ROW EXECUTE FUNCTION legacy.pass()', 'postgres', :'pay')),
    '42501 function pass() refused', 'nor a trigger function that was made for other tables');
SELECT is(pg_temp.trapped('authors_vendor',
    'CREATE DOMAIN own.d AS text; ALTER TABLE shop.payment ADD note own.d[] DEFAULT string_to_array(''x'', '','')', 'postgres', :'pay'),
    '42501 values of type own.d must not be made as role "postgres" while osms acts for others', 'nor a domain of his');
SELECT is(pg_temp.plain(pg_temp.trapped('authors_vendor', 'ALTER TABLE shop.payment ADD note text DEFAULT pg_stat_get_backend_activity(1)',
    'postgres', :'pay')), '42501 function pg_stat_get_backend_activity(integer) refused', 'nor what the server tells only some');

-- what the owner's triggers do in turn: a table of others is written with the same care, and read without views or policies of theirs
CREATE TABLE own.log (note text, at timestamptz DEFAULT now(), who name DEFAULT current_user);
CREATE FUNCTION legacy.log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO own.log (note) SELECT 'x'
    WHERE EXISTS (SELECT FROM legacy.codes) OR true; RETURN NEW; END $$;
CREATE TABLE legacy.codes (code text);
CREATE TRIGGER log BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.log();
ALTER TABLE own.log OWNER TO authors_vendor;
ALTER TABLE legacy.codes OWNER TO authors_vendor;
GRANT USAGE ON SCHEMA legacy TO authors_vendor;
SELECT is(pg_temp.plain(pg_temp.trapped('authors_vendor', trap, 'authors_clerk', :'attach')), expected, trap)
FROM (VALUES ('SELECT', 'ok'), ('ALTER TABLE own.log ALTER at SET DEFAULT clock_timestamp(), ADD CHECK (length(note) < 10)', 'ok'),
             ('ALTER TABLE own.log ADD CHECK (set_config(''session_replication_role'', ''replica'', true) IS NOT NULL) NOT VALID',
                 '42501 function set_config(text,text,boolean) refused'),
             ('CREATE TRIGGER a BEFORE INSERT ON own.log FOR EACH ROW EXECUTE FUNCTION legacy.pass()', '42501 function pass() refused'),
             ('DROP TABLE own.log; CREATE VIEW own.log AS SELECT ''x''::text AS note', '55000 cannot insert into view "log"'),
             ('DROP TABLE legacy.codes; CREATE VIEW legacy.codes AS SELECT set_config(''session_replication_role'', ''replica'', true)',
                 '42501 view "codes" must not be read as role "postgres" while osms acts for others')) t (trap, expected);
GRANT USAGE ON SCHEMA legacy, own, fund TO authors_boss;
GRANT SELECT, INSERT ON own.log, legacy.codes TO authors_boss;
GRANT SELECT ON fund.person, fund.roster TO authors_boss;
ALTER TABLE legacy.prik OWNER TO authors_boss;
SELECT is(pg_temp.verdict(
    'SET LOCAL ROLE authors_vendor; ALTER TABLE legacy.codes ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON legacy.codes USING (EXISTS '
    '(SELECT FROM legacy.people)); SET LOCAL ROLE authors_clerk; ' || :'attach' || '; RESET ROLE'),
          '42501 policies of table "codes" must not run as role "authors_boss" while osms acts for others',
              'a policy on what a trigger reads');
ALTER TABLE legacy.prik OWNER TO postgres;
CREATE OR REPLACE FUNCTION legacy.log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN TRUNCATE own.log; RETURN NEW; END $$;
SELECT is(pg_temp.verdict('SET LOCAL ROLE authors_clerk; ' || :'attach' || '; RESET ROLE'),
    '42501 table "log" is not written as role "postgres" while others may add to it', 'nor is such a table emptied');
DROP TRIGGER log ON legacy.prik;
-- chains of foreign keys
BEGIN;
ALTER TABLE legacy.clerks ADD UNIQUE (login);
CREATE TABLE legacy.child (login text UNIQUE REFERENCES legacy.clerks (login) ON UPDATE CASCADE);
CREATE TABLE own.grandchild (login text REFERENCES legacy.child (login) ON UPDATE CASCADE);
GRANT SELECT, INSERT ON fund.clerk TO authors_clerk;
SELECT is(pg_temp.verdict(format('%s; SET LOCAL ROLE authors_clerk; INSERT INTO fund.clerk (clerk) VALUES (''x''); RESET ROLE', setup)),
    expected, setup)
FROM (VALUES ('SELECT', 'ok'), ('ALTER TABLE own.grandchild OWNER TO authors_vendor',
    '42501 table "clerks" is not written as role "postgres" while others may add to it'),
             ('GRANT TRIGGER ON legacy.child TO authors_app',
                 '42501 table "clerks" is not written as role "postgres" while others may add to it'),
             ('ALTER TABLE legacy.clerks ADD up text REFERENCES legacy.clerks (login) ON UPDATE CASCADE', 'ok')) t (setup, expected);
ROLLBACK;
-- a mapping's text is tried without effects
SELECT is(pg_temp.verdict(
    'CREATE TABLE own.people (iin text PRIMARY KEY, born date); SELECT osms.create_registry(''tried'', tables => false); SELECT '
    'osms.map(''tried'', ''person'', ''own.people'', ''{"person": "iin", "birth_date": "born"}''); SELECT '
    'osms.map(''tried'', ''attachment'', ''legacy.prik'', '
    'jsonb_build_object(''attachment'', ''id'', ''person'', ''iin'', ''organisation'', ''mo'', ''since'', ''d_beg'', ''until'', ''d_end'',
    ''state'', ''st'')); SELECT set_config(''own.trigger'', (SELECT replace(pg_get_triggerdef(oid), $w$''new.state::text''$w$, $w$''CASE '
    'WHEN osms_internal.run_write(''''own'''', ''''person'''', ''''insert'''', ''''SELECT 1'''', ''''{}'''') IS NULL THEN new.state::text END''$w$)
        FROM pg_trigger WHERE tgrelid = ''tried.attachment''::regclass), true); DROP TRIGGER osms_map_write ON tried.attachment; DO $w$ '
            'BEGIN EXECUTE current_setting(''own.trigger''); END $w$; SELECT osms_internal.can_write(''tried.attachment'', ''state'', ''closed'')'),
    '42501 function osms_internal.run_write(text,text,text,text,text[]) must not run as role "postgres" while osms acts for others',
        'what a mapping writes is tried, not run');

-- nor does a guard go unseen, whoever switched it off for the write
CREATE FUNCTION legacy.switch_off() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM set_config('session_replication_role', 'replica', true); RETURN NEW; END $$;
SELECT is(pg_temp.trapped('postgres', 'CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.switch_off()',
    'authors_clerk', :'attach'), '55000 the guard of table "prik" did not see what was written', 'the owner himself switches it off');

-- a view that stands where the registry reads; only the executor meets what its domain calls
CREATE FUNCTION pg_temp.shown(trap text, reader name, statement text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.plain(replace(pg_temp.verdict(format('SET LOCAL ROLE authors_vendor; %s; SET LOCAL ROLE %I; %s; RESET ROLE', trap,
        reader, statement), probe => 'SELECT string_agg(DISTINCT ran_as::text, '','') FROM trap.caught'),
                   ' while osms acts for others', ''))
$$;
GRANT authors_keeper TO authors_vendor;
GRANT USAGE ON SCHEMA own, legacy TO authors_keeper;
SELECT osms.set_keeper('fund', 'authors_keeper');
\set setting '; SET LOCAL ROLE authors_keeper; ALTER TABLE fund.setting RENAME TO setting_1; '
SELECT is(pg_temp.shown('CREATE DOMAIN own.d AS text CHECK (' || call || ' IS NOT NULL)' || :'setting'
    || 'CREATE VIEW fund.setting AS SELECT s.one, s.cut_over, (''{'' || s.time_zone || ''}'')::own.d[]::text AS time_zone, '
    's.roster_complete FROM fund.setting_1 s',
                        'postgres', statement), pg_temp.plain('42501 values of type own.d[] must not be made as role "postgres"'),
                            function || ' in a domain in a view: ' || statement)
FROM (VALUES ($$osms_internal.run_write('fund', 'clerk', 'insert', 'SELECT ''x''::text AS clerk', '{}')$$,
    'osms_internal.run_write(text,text,text,text,text[])'),
             ($$osms.transfer('fund', '900101300017', '2026-01-01', '1', 'moved')$$,
                 'osms.transfer(text,text,date,text,text)')) c (call, function),
     (VALUES ('SELECT osms_internal.civil_date(''fund'', now())'), ('SELECT osms.history(''fund'', ''880715400075'')')) s (statement);
-- one that reads as who invokes it does not read for who looks, nor is it written
SELECT is(pg_temp.shown('SELECT' || :'setting'
    || 'CREATE VIEW fund.setting WITH (security_invoker) AS SELECT true AS one, date ''2026-01-01'' AS cut_over, ''UTC''::text AS '
    'time_zone, a.rolsuper AS roster_complete FROM pg_catalog.pg_authid a WHERE a.rolname = ''authors_vendor''',
                        'postgres', statement), verdict, 'a view as who invokes it: ' || statement)
FROM (VALUES ('SELECT osms_internal.civil_date(''fund'', now())', '42501 view "setting" must not be read as role "postgres"'),
    ('CALL osms.fill_roster(''fund'', NULL)', '42501 view "setting" must not be read as role "postgres"'),
             ('SELECT osms.unguard(''fund'')', '42501 view "setting" must not be read as role "postgres"')) s (statement, verdict);
SELECT is(pg_temp.shown(
    'SET LOCAL ROLE authors_keeper; ALTER TABLE fund.setting RENAME TO setting_1; CREATE VIEW fund.setting WITH (security_invoker) AS '
    'SELECT * FROM fund.setting_1',
                        'authors_keeper', 'SELECT osms_internal.civil_date(''fund'', now())'), 'ok', 'but for who has its owner''s rights');
REVOKE authors_keeper FROM authors_vendor;
GRANT CREATE ON SCHEMA fund TO authors_vendor;
SELECT is(pg_temp.shown(
    'CREATE VIEW fund.residence WITH (security_invoker) AS SELECT ''x''::text AS person, ''y''::text AS region, ''z''::text AS kind, '
    'now()::date AS valid_from', 'postgres', 'UPDATE legacy.people SET obl = ''alm'' WHERE iin = ''880715400075'''),
          '42501 relation "residence" of registry "fund" belongs to role "authors_vendor", who does not have the rights of the roster''s '
          'owner', 'nor does a guard read what somebody adds to the registry''s schema');
REVOKE CREATE ON SCHEMA fund FROM authors_vendor;
CREATE SCHEMA app;
GRANT USAGE, CREATE ON SCHEMA app TO authors_vendor;
CREATE TABLE app.roster (person text, until date);	-- the DBA's, of another trade
SELECT format('CREATE TABLE app.%I ()', t) FROM unnest('{import,journal,moved,pending,setting}'::text[]) t \gexec
SELECT is(pg_temp.shown(
    'CREATE VIEW app.person AS SELECT ''x''::text AS person; CREATE TABLE app.attachment AS SELECT 1 AS attachment, ''x''::text AS '
    'person, ''y''::text AS organisation, date ''2026-01-01'' AS since', 'authors_vendor', 'SELECT osms.lock_persons(''app'', ''{x}'')'),
          '42501 relation "person" of registry "app" belongs to role "authors_vendor", who does not have the rights of the roster''s owner',
              'a table called roster makes no registry of a schema');
-- before 16 a table may become a view
\set place 'CREATE RULE "_RETURN" AS ON SELECT TO legacy.mo DO INSTEAD SELECT 1 AS mo, NULL::text AS bin, (SELECT h::text FROM osms.history(''fund'', ''880715400075'') h LIMIT 1) AS name'
SELECT osms.unguard('fund');
GRANT SELECT ON fund.roster TO authors_vendor;
ALTER TABLE legacy.mo OWNER TO authors_vendor;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
SET ROLE authors_vendor;
DO $$ DECLARE t name; BEGIN FOR t IN SELECT tgname FROM pg_trigger
    WHERE tgrelid = 'legacy.mo'::regclass AND NOT tgisinternal LOOP EXECUTE format('DROP TRIGGER %I ON legacy.mo', t); END LOOP; END $$;
DELETE FROM legacy.mo;
ALTER TABLE legacy.mo DROP CONSTRAINT mo_pkey, ALTER mo DROP NOT NULL;
RESET ROLE;
VACUUM legacy.mo;
SELECT CASE WHEN current_setting('server_version_num')::integer < 160000
       THEN is(replace(pg_temp.verdict('SET LOCAL ROLE authors_vendor; ' || :'place'
           || '; RESET ROLE; INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES (''900101300017'', 1, ''2026-02-01'', ''active'')'),
           ' while osms acts for others', ''),
               '42501 view "mo" must not be read as role "authors_keeper"', 'a view in a table''s place is not looked at')
       ELSE pass('a table cannot become a view') END;

INSERT INTO legacy.mo VALUES (1, NULL, 'A'), (2, NULL, 'B');
ALTER TABLE legacy.mo ADD PRIMARY KEY (mo);
SELECT is(pg_temp.verdict('ALTER TABLE legacy.mo ENABLE ROW LEVEL SECURITY', probe => $$SELECT problem FROM osms.check_registry('fund')
    WHERE problem ~ 'row security' AND severity = 'error'$$),
          'ok table legacy.mo of role authors_vendor has row security, whose policies read as role authors_keeper',
              'policies on what is mapped are an error');

-- what the session keeps for its types
SELECT osms.unguard('fund');
CREATE TABLE legacy.split (mo integer, name text, PRIMARY KEY (mo)) PARTITION BY LIST (mo);
CREATE TABLE own.split_1 PARTITION OF legacy.split DEFAULT;
ALTER TABLE own.split_1 OWNER TO authors_vendor;
SELECT osms.create_registry('split', tables => false);
SELECT osms.map('split', 'organisation', 'legacy.split', '{"organisation": "mo", "name": "name"}');
GRANT USAGE ON SCHEMA split TO authors_clerk;
GRANT INSERT, SELECT ON split.organisation TO authors_clerk;
SET ROLE authors_vendor;
CREATE FUNCTION own.diff(float8, float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 - $2; END $$;
CREATE TYPE own.span AS RANGE (subtype = float8, subtype_diff = own.diff);
CREATE OR REPLACE FUNCTION own.diff(float8, float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'as %', current_user;
    END $$;
CREATE INDEX ON own.split_1 USING gist ((own.span(length(name), length(name) + 1)));
SELECT '[1,2)'::own.span && '[1,3)'::own.span;
RESET ROLE;
ALTER TABLE own.split_1 OWNER TO postgres;
SELECT is(pg_temp.verdict(
    'SET LOCAL ROLE authors_clerk; INSERT INTO split.organisation (organisation, name) SELECT i, repeat(''x'', i) FROM generate_series(3, '
    '2000) i; RESET ROLE'),
          '42501 function own.diff(double precision,double precision) must not run as role "postgres" while osms acts for others',
              'the difference of a range, which an index asks for');
-- no arguments of a trigger, no relation, and no type of a key, bring the server down
SELECT is(pg_temp.verdict(format('SELECT osms_internal.run_writes(%L, %L, %L, %L, %L, %L)', schema, relation, event, '{relname}',
    'SELECT ''x''::name AS relname', '{}')), format('42P01 registry lacks relation "%s"', relation),
    format('%s of %s.%s', event, schema, relation))
FROM (VALUES ('pg_catalog', 'pg_class', 'update'), ('pg_catalog', 'pg_class', 'insert')) r (schema, relation, event);
CREATE TABLE own.source (id bigint PRIMARY KEY, iin text);
INSERT INTO own.source VALUES (1, 'x');
CREATE SCHEMA odd;
CREATE VIEW odd.person AS SELECT id AS person, iin FROM own.source;
SELECT is(pg_temp.verdict(
    'CREATE TRIGGER w AFTER INSERT ON own.source REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION '
    'osms_internal.guard_set(''fund'', ''attachment_event'', ''''); INSERT INTO own.source VALUES (2, ''x'')'),
          '39P01 "attachment_event" is not a relation that is guarded', 'events are guarded as what they make');
SELECT is(pg_temp.verdict(
    format('CREATE TRIGGER w INSTEAD OF INSERT OR UPDATE OR DELETE ON odd.person FOR EACH ROW EXECUTE FUNCTION osms_internal.map_write(%s); %s',
    arguments, statement)), verdict, format('%s: %s', arguments, statement))
FROM (VALUES ($$'person', 'id', 'old.person FROM (SELECT ($2).*) old WHERE false --', 'iin', 'iin',
    'new.iin'$$, 'DELETE FROM odd.person',
    '39P01 function "osms_internal.map_write" must be fired INSTEAD OF, with the arguments osms.map() writes'),
             ($$'person', 'id', 'old.person FROM (SELECT ($2).*) old, generate_series(1, 2) --', 'iin', 'iin',
                 'new.iin'$$, 'DELETE FROM odd.person',
                 '39P01 function "osms_internal.map_write" must be fired INSTEAD OF, with the arguments osms.map() writes'),
             ($$'person', 'id', '($2).person; SET LOCAL a.b = ''1'' --', 'iin', 'iin',
                 'new.iin'$$, 'DELETE FROM odd.person',
                 '39P01 function "osms_internal.map_write" must be fired INSTEAD OF, with the arguments osms.map() writes'),
             ($$'person', 'id', 'old.person, old.iin', 'iin', 'iin', 'new.iin'$$, 'DELETE FROM odd.person',
                 '39P01 function "osms_internal.map_write" must be fired INSTEAD OF, with the arguments osms.map() writes'),
             ($$'person', 'id', 'old.person, old.iin', 'iin', 'iin', 'new.iin'$$, 'UPDATE odd.person SET iin = ''y''',
                 '39P01 function "osms_internal.map_write" must be fired INSTEAD OF, with the arguments osms.map() writes'),
             ($$'person', 'id', 'old.person', 'iin', 'iin', 'new.iin), (new.iin'$$, 'UPDATE odd.person SET iin = ''y''',
                 '39P01 function "osms_internal.map_write" must be fired INSTEAD OF, with the arguments osms.map() writes'),
             ($$'person', 'id', 'old.person', 'iin', 'iin', 'new.iin'$$, 'UPDATE odd.person SET iin = ''y''', 'ok'),
             ($$'', 'id', 'old.person', 'iin', 'iin', 'new.iin'$$, 'UPDATE odd.person SET iin = ''y''',
                 '42703 mapped relation "person" has no column ""'),
             ($$'', 'id', 'old.person', 'iin', 'iin', 'new.iin'$$, 'DELETE FROM odd.person',
                 '42703 mapped relation "person" has no column ""')) a (arguments, statement, verdict);
CREATE DOMAIN own.dd AS text;
CREATE FUNCTION public.look_alike(key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind text;
BEGIN
    CREATE SCHEMA keyless;
    FOREACH kind IN ARRAY '{person,attachment}'::text[] LOOP
        EXECUTE (SELECT format('CREATE TABLE keyless.%I (%s)', kind,
            string_agg(format('%I %s', c."column", CASE WHEN c.type = '@number' THEN 'text' WHEN c.type LIKE '@%' THEN key ELSE c.type END),
            ', '))
                 FROM osms.registry_columns() c WHERE c.relation = kind);
    END LOOP;
    EXECUTE format('CREATE TABLE keyless.roster (person %s)', key);
    FOREACH kind IN ARRAY '{import,journal,moved,pending,setting}'::text[] LOOP
        EXECUTE format('CREATE TABLE keyless.%I ()', kind);
    END LOOP;
END $$;
SELECT is(pg_temp.verdict(format('SELECT public.look_alike(%L); SELECT osms.lock_persons(''keyless'', ''{"%s", "%s"}'')', type, one, two)),
    verdict, 'a key of type ' || type)
FROM (VALUES ('own.dd[]', '{a}', '{b}', '42804 column "person" of canonical relation "person" has type own.dd[]'),
    ('point', '(1,2)', '(3,4)', '42883 key type point has no default order'),
    ('json', '1', '2', '42883 key type json has no default order'), ('xid', '1', '2', '42883 key type xid has no default order')) t (type,
    one, two, verdict);

-- a foreign table below one that is written
GRANT USAGE ON SCHEMA fund TO authors_clerk;
GRANT INSERT ON fund.clerk TO authors_clerk;
CREATE FOREIGN DATA WRAPPER authors_wrapper;
CREATE SERVER authors_server FOREIGN DATA WRAPPER authors_wrapper;
SELECT is(pg_temp.verdict(
    'CREATE FOREIGN TABLE own.far () INHERITS (legacy.clerks) SERVER authors_server; SET LOCAL ROLE authors_clerk; INSERT INTO fund.clerk '
    '(clerk) VALUES (''x''); RESET ROLE'), '55000 "far" is a foreign table', 'a foreign table is not written');

-- nor read as somebody else
SELECT CASE WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'file_fdw')
       THEN is(pg_temp.verdict(
           'CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE TABLE own.near (mo integer, name text) '
           'PARTITION BY LIST (mo); CREATE FOREIGN TABLE own.far PARTITION OF own.near DEFAULT SERVER files OPTIONS '
           '(filename ''/dev/null'');
                        ALTER FOREIGN TABLE own.far OWNER TO authors_vendor; ALTER TABLE own.near OWNER TO authors_vendor; SELECT '
                            'osms.map(''split'', ''organisation'', ''own.near'', ''{"organisation": "mo", "name": "name"}''); EXPLAIN '
                            'SELECT * FROM own.near; SELECT osms_internal.find_row(''split'', ''organisation'', ''1'')'),
               '42501 foreign table "far" must not be read as role "postgres" while osms acts for others', 'nor does who looks read one')
       ELSE skip('no file_fdw here') END;

-- setting is written as the registry's owner, whose deferred triggers run as nobody else
GRANT authors_keeper TO authors_vendor;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
\set late 'CREATE FUNCTION own.spring() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN PERFORM trap.spring(TG_NAME); RETURN NEW; END''; SET LOCAL ROLE authors_keeper; CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON fund.setting DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.spring()'
SELECT is(pg_temp.shown(:'late', 'postgres', 'CALL osms.fill_roster(''fund'', NULL)'),
    '42501 cannot fire deferred trigger within security-restricted operation', 'a deferred trigger on setting, where the roster is filled');
CALL osms.fill_roster('fund', NULL);
SELECT is(pg_temp.shown(:'late', 'postgres', 'SELECT osms.unguard(''fund'')'),
    '42501 cannot fire deferred trigger within security-restricted operation', 'and where the guard goes');
REVOKE authors_keeper FROM authors_vendor;

GRANT USAGE ON SCHEMA fund TO authors_app, authors_clerk, authors_vendor;
GRANT SELECT, INSERT, UPDATE ON fund.attachment TO authors_clerk;
-- what looks does not call what locks or writes out of somebody's view, nor his operators
CREATE VIEW own.staging AS SELECT 5::bigint AS id, '900101300017'::text AS iin, NULL::text AS applicant, 1 AS mo, 'egov'::text AS kanal,
    'moved'::text AS osn, 'submitted'::text AS st, now() AS sub,
    NULL::timestamptz AS dec, NULL::text AS who, NULL::date AS eff, NULL::text AS prich FROM (VALUES (1)) v (x)
        WHERE osms.lock_persons('fund', '{x}') IS NOT NULL OR true;
ALTER VIEW own.staging OWNER TO authors_vendor;
SELECT is(pg_temp.verdict('SELECT count(*) FROM osms.sift(''fund'', ''application'', ''own.staging'')'),
    '42501 function lock_persons(text,text[],text[]) must not run as role "postgres" while osms acts for others',
    'a lock in what is sifted');
SELECT is(pg_temp.verdict('SELECT count(*) FROM osms.sift(''fund'', ''application'', ''legacy.zay'')'), 'ok',
    'who looks sifts in the registry of a keeper');
CREATE FUNCTION own.same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
ALTER FUNCTION own.same(text, text) OWNER TO authors_vendor;
CREATE OPERATOR own.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq, RESTRICT = eqsel);
ALTER OPERATOR own.=== (text, text) OWNER TO authors_vendor;
CREATE OR REPLACE VIEW own.staging AS SELECT 5::bigint AS id, '900101300017'::text AS iin, NULL::text AS applicant, 1 AS mo,
    'egov'::text AS kanal, 'moved'::text AS osn, 'submitted'::text AS st, now() AS sub,
    NULL::timestamptz AS dec, NULL::text AS who, NULL::date AS eff, NULL::text AS prich FROM (VALUES ('x'::text)) v (x)
        WHERE v.x OPERATOR(own.===) 'x';
SELECT is(pg_temp.plain(
    pg_temp.verdict(
    'CREATE OR REPLACE VIEW own.staging AS SELECT 5::bigint AS id, ''900101300017''::text AS iin, NULL::text AS applicant, 1 AS '
    'mo, ''egov''::text AS kanal, ''moved''::text AS osn, ''submitted''::text AS st, now() AS sub,
    NULL::timestamptz AS dec, NULL::text AS who, NULL::date AS eff, NULL::text AS prich FROM (VALUES (''x''::text)) v (x) WHERE EXISTS '
        '(SELECT FROM osms_internal.unreadable_values(''fund'', ''person'')) OR true; SELECT count(*) FROM '
        'osms.sift(''fund'', ''application'', ''own.staging'')')),
    '42501 function unreadable_values(text,text) must not run as role "postgres" while osms acts for others',
        'what is sifted reads no registry as who sifts');
SELECT is(pg_temp.verdict('SELECT count(*) FROM osms.sift(''fund'', ''application'', ''own.staging'')'),
    '42501 operator own.===(text,text) must not be used as role "postgres" while osms acts for others',
    'an operator of somebody in what is sifted');

-- what a writer left to the end of the transaction is not done as the owner
ALTER TABLE legacy.prik OWNER TO authors_vendor;
GRANT SELECT, INSERT ON legacy.prik TO authors_clerk;
GRANT USAGE ON SCHEMA legacy TO authors_clerk;
CREATE FUNCTION legacy.four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.d_beg = '2019-03-01'
    AND current_user <> 'authors_vendor' THEN RAISE 'only the vendor approves, not %', current_user; END IF; RETURN NULL; END $$;
ALTER FUNCTION legacy.four_eyes() OWNER TO authors_vendor;
CREATE CONSTRAINT TRIGGER four_eyes AFTER INSERT ON legacy.prik DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION legacy.four_eyes();
\set approve 'INSERT INTO legacy.prik (iin, mo, d_beg, d_end, st, prich) VALUES (''880715400075'', 1, ''2019-03-01'', ''2019-03-05'', ''closed'', ''left_country''); '
SELECT is(pg_temp.trapped('postgres', 'SELECT', 'authors_clerk', :'approve' || :'attach'),
    '55006 checks of table "prik" were left to the end of the transaction', 'nor what was deferred before');
SELECT is(pg_temp.trapped('postgres', 'SELECT', 'authors_clerk', :'approve' || 'SET CONSTRAINTS ALL IMMEDIATE; ' || :'attach'),
    'P0001 only the vendor approves, not authors_clerk', 'it is settled by who did it');
SELECT is(pg_temp.trapped('postgres', 'SELECT', 'authors_clerk', :'attach' || '; ' || replace(:'attach', '2026-02-01', '2026-01-15')),
    '23P01 one_attachment legacy.prik.d_beg overlap', 'and two writes through the registry leave nothing');

-- a column may be of a domain of who owns the table
SELECT is(pg_temp.verdict(
    'CREATE DOMAIN own.name AS varchar(20) CHECK (length(VALUE) > 1); ALTER DOMAIN own.name OWNER TO authors_vendor; ALTER TABLE legacy.mo '
    'ADD title own.name DEFAULT ''two''; SELECT osms.map(''fund'', ''organisation'', ''legacy.mo'', ''{"organisation": "mo", "bin": "bin", '
    '"name": "title"}'');
          GRANT SELECT, INSERT, UPDATE ON fund.organisation TO authors_clerk; SELECT osms.guard(''fund'', ''{"basis": "off"}''); SET LOCAL '
              'ROLE authors_clerk; UPDATE fund.organisation SET name = ''Clinic'' WHERE organisation = 2; RESET ROLE',
              probe => 'SELECT title::text FROM legacy.mo WHERE mo = 2'), 'ok Clinic', 'his own domain is checked as he');
-- the owner's trigger reads the registry as he may
SELECT is(pg_temp.verdict(
    'CREATE FUNCTION legacy.reads() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN PERFORM FROM fund.person; RETURN NEW; END''; ALTER '
    'FUNCTION legacy.reads() OWNER TO authors_vendor;
          CREATE TRIGGER reads BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.reads(); SET LOCAL ROLE authors_clerk; '
              || :'attach' || '; RESET ROLE'), 'ok', 'what was granted him of the registry');
-- nor is it left to the end where the session itself will have other rights then
SELECT matches(
    pg_temp.verdict(
    'CREATE FUNCTION legacy.late() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RAISE ''''as %'''', current_user; END''; ALTER FUNCTION '
    'legacy.late() OWNER TO authors_vendor; DROP TRIGGER four_eyes ON legacy.prik;
          CREATE CONSTRAINT TRIGGER late AFTER INSERT ON legacy.prik DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION '
              'legacy.late(); GRANT authors_clerk TO authors_vendor; SET LOCAL ROLE authors_clerk; ' || :'attach' || '; RESET ROLE'),
          '^(P0001 as authors_vendor)$', 'whoever the role was set to');

-- a schema that has tables of these names is no registry whose owner is written as
CREATE SCHEMA trade AUTHORIZATION authors_vendor;
CREATE TABLE trade.roster (person text);
CREATE TABLE trade.payment (organisation integer, month date, amount numeric, who name DEFAULT current_user);
ALTER TABLE trade.roster OWNER TO authors_vendor;
ALTER TABLE trade.payment OWNER TO authors_vendor;
GRANT USAGE ON SCHEMA trade TO authors_clerk;
GRANT SELECT, INSERT, UPDATE ON trade.payment TO authors_clerk;
CREATE TRIGGER g AFTER DELETE ON trade.roster REFERENCING OLD TABLE AS o FOR EACH STATEMENT
    EXECUTE FUNCTION osms_internal.guard_set('fund', 'clerk', '');
SELECT is(pg_temp.verdict('SET LOCAL ROLE authors_clerk; ' || replace(:'pay', 'shop', 'trade') || '; RESET ROLE',
    probe => 'SELECT who::text FROM trade.payment'), 'ok authors_clerk', 'a table called roster does not make one');
DROP SCHEMA trade CASCADE;

-- a guard goes whatever somebody has put into the registry's schema
GRANT CREATE ON SCHEMA fund TO authors_vendor;
SELECT is(pg_temp.verdict(
    'SET LOCAL ROLE authors_vendor; CREATE VIEW fund.residence AS SELECT 1 AS x; RESET ROLE; SELECT osms.unguard(''fund'')'), 'ok',
    'unguard works beside a view of others');
SELECT is(pg_temp.verdict('SET LOCAL ROLE authors_clerk; SELECT osms_internal.set_complete(''fund'', 1, '''')'),
    '42501 permission denied for function set_complete', 'set_complete is not for everybody');
SELECT is(pg_temp.verdict(
    'GRANT EXECUTE ON FUNCTION osms_internal.set_complete TO authors_clerk; SET LOCAL ROLE authors_clerk; SELECT osms_internal.set_complete(''fund'', '
    '1, '''')'), '42501 permission denied for table setting', 'nor for who may not write setting');
SELECT is(pg_temp.verdict('SELECT osms_internal.set_complete(''own'', 1, '''')'), '42P01 registry "own" has no relation "setting"',
    'nor for what is no registry');

-- a table is written as its owner where he has a part in it
CREATE ROLE authors_mapper;
GRANT CREATE ON DATABASE :DBNAME TO authors_mapper;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA osms, osms_internal TO authors_mapper;
CREATE SCHEMA trade;
GRANT USAGE ON SCHEMA trade TO authors_mapper;
CREATE TABLE trade.payout (id integer PRIMARY KEY, iban text, entered_by name DEFAULT current_user);
CREATE FUNCTION trade.checked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF current_user <> 'postgres'
    THEN RAISE 'only the DBA pays, not %', current_user; END IF; RETURN NEW; END $$;
GRANT SELECT, INSERT, UPDATE ON trade.payout TO authors_mapper;
SET ROLE authors_mapper;
SELECT osms.create_registry('mine', tables => false);
SELECT osms.map('mine', 'organisation', 'trade.payout', '{"organisation": "id", "name": "iban"}');
INSERT INTO mine.organisation (organisation, name) VALUES (1, 'x');
SELECT osms_internal.run_write('mine', 'organisation', 'insert', 'SELECT 2 AS organisation, ''y''::text AS name', '{}');
SELECT osms_internal.run_writes('mine', 'organisation', 'insert', '{organisation,name}', 'SELECT 3 AS organisation, ''z''::text AS name', '{}');
RESET ROLE;
SELECT results_eq('SELECT id, entered_by FROM trade.payout ORDER BY id', $$VALUES (1, 'authors_mapper'::name), (2, 'authors_mapper'),
    (3, 'authors_mapper')$$, 'what somebody maps for himself is written as he writes');
CREATE TRIGGER checked BEFORE INSERT ON trade.payout FOR EACH ROW EXECUTE FUNCTION trade.checked();
SELECT is(pg_temp.verdict('SET LOCAL ROLE authors_mapper; INSERT INTO mine.organisation (organisation, name) VALUES (4, ''x'')'),
    'P0001 only the DBA pays, not authors_mapper', 'and is checked as he');
SELECT is(pg_temp.verdict(
    'GRANT TRIGGER ON trade.payout TO authors_mapper; SET LOCAL ROLE authors_mapper; CREATE TRIGGER g AFTER DELETE ON trade.payout '
    'REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION osms_internal.guard_set(''mine'', ''organisation'', ''''); INSERT INTO '
    'mine.organisation (organisation, name) VALUES (4, ''x'')'),
          'P0001 only the DBA pays, not authors_mapper', 'also with a guard that he put there himself');

-- how the session quotes is nothing to a mapping
SET quote_all_identifiers = on;
SELECT is(pg_temp.verdict(
    'INSERT INTO fund.application (person, organisation, channel, ground, state, submitted_at) VALUES (''900101300017'', '
    '1, ''service_centre'', ''moved'', ''draft'', now())'), 'ok', 'a default stands where nothing was written, however names are quoted');
SELECT osms.map('fund', 'clerk', 'legacy.clerks', '{"clerk": "login", "role": "role"}');
RESET quote_all_identifiers;
SELECT is_empty($$SELECT tgargs FROM pg_trigger WHERE tgfoid = 'osms_internal.map_write'::regproc
    AND encode(tgargs, 'escape') ~ 'new\."'$$, 'nor is it mapped otherwise');

DROP SERVER authors_server CASCADE;
DROP FOREIGN DATA WRAPPER authors_wrapper;
DROP FUNCTION public.look_alike(text);
DROP SCHEMA fund, split, app, odd, legacy, own, trap, mine, trade, shop CASCADE;
DROP OWNED BY authors_vendor, authors_app, authors_clerk, authors_keeper, authors_mapper, authors_boss;
DROP ROLE authors_vendor, authors_app, authors_clerk, authors_keeper, authors_mapper, authors_boss;
SELECT finish();

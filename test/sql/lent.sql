-- Rights that a write through the registry lends: nobody whose objects the owner of a table, the session or who looks happens to name gains
-- by them.
\ir hostile.psql
\ir verdict.psql
SELECT plan(69);
SET client_min_messages = error;
CREATE ROLE lent_vendor;	-- owns relations, types and rules of his own
CREATE ROLE lent_clerk;	-- writes through the registry
CREATE ROLE lent_keeper;
CREATE ROLE lent_mapper;	-- keeps a registry of his own
CREATE SCHEMA own AUTHORIZATION lent_vendor;
GRANT USAGE ON SCHEMA own TO PUBLIC;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
SELECT osms.set_keeper('fund', 'lent_keeper');
GRANT USAGE ON SCHEMA fund, legacy TO lent_keeper, lent_clerk, lent_vendor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO lent_keeper;
GRANT SELECT, INSERT, UPDATE ON fund.application, fund.organisation, fund.attachment TO lent_clerk, lent_vendor;
GRANT SELECT ON fund.person, fund.roster TO lent_vendor;
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', NULL);
CREATE SEQUENCE legacy.private;
SELECT setval('legacy.private', 1);
\set file 'INSERT INTO fund.application (person, organisation, channel, ground, state) VALUES (''900101300017'', 1, ''egov'', ''choice'', ''submitted'')'

-- what a trigger of the DBA's does with objects of somebody else, where a clerk has it run; \touch is the body, \trap what the vendor has
-- put there
CREATE FUNCTION pg_temp.lent(trap text, touch text, write text DEFAULT NULL, writer name DEFAULT 'lent_clerk') RETURNS text LANGUAGE sql
    AS $$
    SELECT pg_temp.verdict(format('SET LOCAL ROLE lent_vendor; %s; RESET ROLE;
        CREATE FUNCTION legacy.touch() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, legacy, pg_temp AS %L;
        CREATE TRIGGER touch BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.touch();
        SET LOCAL ROLE %I; %s; RESET ROLE', trap, touch, writer, coalesce(write,
            'INSERT INTO fund.application (person, organisation, channel, ground, state) VALUES (''900101300017'', '
            '1, ''egov'', ''choice'', ''submitted'')')))
$$;
\set evil 'CASE WHEN current_user = ''postgres'' THEN setval(''legacy.private'', 777) IS NOT NULL ELSE true END'
\set refused '42501 function setval(regclass,bigint) must not run as role "postgres" while osms acts for others'
SELECT is(pg_temp.lent('SELECT',
    'BEGIN PERFORM nextval(''legacy.private''), pg_notify(''x'', ''y''), set_config(''x.y'', ''z'', true), pg_advisory_xact_lock(1), '
    'clock_timestamp(), random(); RETURN NEW; END'), 'ok', 'what any trigger calls it calls');
SELECT is(pg_temp.lent('SELECT', 'BEGIN PERFORM setval(''legacy.private'', 777); RETURN NEW; END'), :'refused',
    'and nothing else with effects');
-- a function that the session has kept since it was free to call it
CREATE FUNCTION legacy.kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog,
    pg_temp AS 'DECLARE n bigint := setval(''legacy.private'', 1); BEGIN RETURN NEW; END';
CREATE TRIGGER kept BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.kept();
SELECT lives_ok(:'file', 'who has the rights calls what he likes');
SELECT is(pg_temp.verdict('SET LOCAL ROLE lent_clerk; ' || :'file' || '; RESET ROLE'), :'refused',
    'who has not does not, though it was called before');
DROP TRIGGER kept ON legacy.zay;
DROP FUNCTION legacy.kept();

-- the checks of somebody else's domain would say what is called: no value of it is made, however the trigger comes by one
\set made '42501 values of type %s must not be made as role "postgres" while osms acts for others'
CREATE TABLE legacy.codes (name text);
CREATE FUNCTION pg_temp.touched(touch text, trap text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.lent(
        'CREATE DOMAIN own.code AS text; CREATE TABLE own.codes (code own.code, name text); GRANT SELECT ON own.codes TO PUBLIC; INSERT '
        'INTO own.codes VALUES (''egov'', ''x'')' || trap, touch)
$$;
SELECT is(pg_temp.touched(touch), format(:'made', coalesce(type, 'own.code')), touch)
FROM (VALUES ('DECLARE c own.code; BEGIN RETURN NEW; END', NULL), ('DECLARE c own.code := NEW.kanal; BEGIN RETURN NEW; END', NULL),
    ('DECLARE c own.codes.code%TYPE; BEGIN RETURN NEW; END', NULL),
    ('DECLARE c own.code[]; BEGIN RETURN NEW; END', 'own.code[]'),
        ('DECLARE r own.codes; BEGIN SELECT NEW.kanal, ''x'' INTO r; RETURN NEW; END', 'own.codes'),
        ('DECLARE r own.codes%ROWTYPE; BEGIN RETURN NEW; END', 'own.codes'),
    ('DECLARE r record; BEGIN SELECT * INTO r FROM own.codes; r.code := NEW.kanal; RETURN NEW; END', NULL),
        ('DECLARE r record; BEGIN FOR r IN TABLE own.codes LOOP SELECT ''x'' INTO r.code; END LOOP; RETURN NEW; END', NULL),
    ('BEGIN PERFORM NEW.kanal::own.code; RETURN NEW; END', NULL), ('BEGIN PERFORM ROW(NEW.kanal, ''x'')::own.codes; RETURN NEW; END', NULL),
        ('BEGIN PERFORM (''{'' || NEW.kanal || ''}'')::own.code[]; RETURN NEW; END', 'own.code[]'),
    ('BEGIN PERFORM FROM jsonb_to_record(''{"code": "x"}'') AS (code own.code); RETURN NEW; END', NULL),
        ('BEGIN PERFORM jsonb_populate_record(NULL::own.codes, jsonb_build_object(''code'', NEW.kanal)); RETURN NEW; END', 'own.codes'),
    ('BEGIN PERFORM jsonb_populate_record(c, jsonb_build_object(''code'', NEW.kanal)) FROM own.codes c; RETURN NEW; END', 'own.codes'),
    ('BEGIN EXECUTE ''SELECT $1::own.codes'' USING format(''(%s,b)'', NEW.kanal); RETURN NEW; END', 'own.codes')) t (touch, type);
SELECT is(pg_temp.touched('DECLARE r legacy.codes; BEGIN RETURN NEW; END', '; RESET ROLE; ALTER TABLE legacy.codes ADD code own.code'),
    format(:'made', 'codes'), 'nor a row of his own table with one');
SELECT is(pg_temp.touched('BEGIN PERFORM legacy.helper(NEW.kanal); RETURN NEW; END', '; RESET ROLE; ' || helper),
    format(:'made', 'own.code'), helper)
FROM (VALUES ('CREATE FUNCTION legacy.helper(c own.code) RETURNS text LANGUAGE plpgsql AS $f$BEGIN RETURN c; END$f$'),
    ('CREATE FUNCTION legacy.helper(c own.code) RETURNS text LANGUAGE sql AS $f$SELECT c::text$f$'),
    ('CREATE FUNCTION legacy.helper(c text) RETURNS own.code LANGUAGE plpgsql AS $f$BEGIN RETURN c; END$f$'),
        ('CREATE FUNCTION legacy.helper(c text) RETURNS text LANGUAGE plpgsql AS $f$DECLARE d own.code; BEGIN RETURN d; END$f$')) h
        (helper);
SELECT is(pg_temp.touched('BEGIN EXECUTE ''SELECT (''''(a,b)'''')::own.codes''; RETURN NEW; END',
    format('; ALTER DOMAIN own.code ADD CHECK (CASE WHEN current_user = ''postgres'' THEN %s ELSE true END) NOT VALID', call)),
    format('42501 function %s must not run as role "postgres" while osms acts for others', named), 'a literal: ' || call)
FROM (VALUES ('set_config(''search_path'', ''own'', true) IS NOT NULL', 'set_config(text,text,boolean)'),
    ('osms.unguard(''fund'')::text IS NOT NULL', 'osms.unguard(text)')) t (call, named);
SELECT is(pg_temp.touched(touch), 'ok', touch)
FROM (VALUES ('DECLARE c text; BEGIN SELECT code INTO c FROM own.codes WHERE code = NEW.kanal; RETURN NEW; END'),
    ('DECLARE r record; BEGIN FOR r IN SELECT code::text, name FROM own.codes LOOP r.code := ''x''; END LOOP; RETURN NEW; END'),
    ('BEGIN PERFORM count(c.code), min(c.name) FROM own.codes c; RETURN NEW; END'),
        ('DECLARE r legacy.codes; BEGIN RETURN NEW; END')) t (touch);
SELECT is(pg_temp.lent('CREATE TYPE own.mood AS ENUM (''egov''); CREATE TABLE own.codes (code own.mood)',
    'DECLARE m own.mood := NEW.kanal; r own.codes; BEGIN RETURN NEW; END'), 'ok', 'types without checks are nobody''s door');
\set log 'BEGIN INSERT INTO own.log VALUES (NEW.kanal); RETURN NEW; END'
\set table 'CREATE TABLE own.log (t text); GRANT INSERT, SELECT ON own.log TO PUBLIC'
SELECT is(pg_temp.lent(:'table', :'log'), 'ok', 'a log of somebody else');
SELECT is(pg_temp.lent(:'table' || format('; CREATE RULE r AS ON INSERT TO own.log DO %s SELECT %s', kind, :'evil'), :'log'),
    '42501 rules of table "log" must not run as role "postgres" while osms acts for others', 'with a rule, ' || kind)
FROM (VALUES ('ALSO'), ('INSTEAD')) k (kind);
SELECT is(pg_temp.lent(:'table' || '; CREATE FUNCTION own.late() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END'';
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON own.log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.late()', :'log'),
        '42501 cannot fire deferred trigger within security-restricted operation', 'with a deferred trigger');
SELECT is(pg_temp.lent(:'table' || format('; ALTER TABLE own.log ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON own.log USING (%s)',
    :'evil'), 'BEGIN PERFORM FROM own.log; RETURN NEW; END'),
    '42501 policies of table "log" must not run as role "postgres" while osms acts for others', 'with a policy');
SELECT is(pg_temp.lent('CREATE TEMPORARY TABLE log (t text); GRANT ALL ON log TO PUBLIC',
    'BEGIN INSERT INTO log VALUES (NEW.kanal); RETURN NEW; END'),
    '42501 expressions of table "log" must not run as role "postgres" while osms acts for others', 'or a temporary one in its place');
SELECT is(pg_temp.lent('CREATE VIEW own.log AS SELECT 1; GRANT SELECT ON own.log TO PUBLIC', 'BEGIN PERFORM FROM own.log; RETURN NEW; END'),
    '42501 view "log" must not be read as role "postgres" while osms acts for others', 'or a view');
CREATE TABLE legacy.scratch (id integer PRIMARY KEY);
GRANT REFERENCES ON legacy.scratch TO lent_vendor;
SELECT is(pg_temp.lent('CREATE TABLE own.fk (id integer REFERENCES legacy.scratch)',
    'BEGIN TRUNCATE legacy.scratch CASCADE; RETURN NEW; END'),
    '42501 table "fk" is not written as role "postgres" while others may add to it', 'TRUNCATE goes no further');
SELECT is(pg_temp.lent('SELECT', 'BEGIN TRUNCATE legacy.scratch CASCADE; RETURN NEW; END'), 'ok', 'than to what is the owner''s');
-- by whatever ways tables follow, each is looked at once
SELECT lives_ok($f$SET LOCAL ROLE lent_vendor;
    CREATE TABLE own.clerk (clerk text PRIMARY KEY, role text);
    DO $$ BEGIN FOR i IN 1 .. 40 LOOP
        EXECUTE format('CREATE TABLE own.f%s (k text PRIMARY KEY REFERENCES own.%s ON UPDATE CASCADE ON DELETE CASCADE)', i, CASE i
        WHEN 1 THEN 'clerk' ELSE 'f' || i - 1 END); END LOOP; END $$;
    SELECT osms_internal.run_write('own', 'clerk', 'insert', 'SELECT ''x''::text AS clerk', '{}');
    DROP TABLE own.clerk CASCADE;
    DO $$ BEGIN FOR i IN 1 .. 40 LOOP EXECUTE format('DROP TABLE own.f%s CASCADE', i); END LOOP; END $$$f$,
        'a chain of tables that follow is gone through once');
RESET ROLE;
SELECT is((SELECT last_value FROM legacy.private) < 777, true, 'nothing of it ran');
-- who is a keeper of nothing gives nobody leave to read his views
SELECT is(pg_temp.lent(
    'CREATE VIEW own.log AS SELECT 1; GRANT SELECT ON own.log TO PUBLIC; CREATE TABLE own.clerk (clerk text PRIMARY KEY, role text);
    CREATE FUNCTION own.t() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO fund.application (person, organisation, channel, '
        'ground, state) VALUES (''900101300017'', 1, ''egov'', ''choice'', ''submitted''); RETURN NEW; END $f$;
    CREATE TRIGGER t BEFORE INSERT ON own.clerk FOR EACH ROW EXECUTE FUNCTION own.t()',
    'BEGIN PERFORM FROM own.log; RETURN NEW; END', $$SELECT osms_internal.run_write('own', 'clerk', 'insert', 'SELECT ''x''::text AS clerk', '{}')$$,
        'lent_vendor'),
    '42501 view "application" must not be read as role "lent_vendor" while osms acts for others',
        'nor his trigger those of a registry through which it is not called');

-- the settings of who writes do not say how the owner's triggers read the texts that they build
CREATE TABLE legacy.log (t text);
CREATE FUNCTION legacy.quoting() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
    EXECUTE 'INSERT INTO legacy.log VALUES (''' || replace(NEW.kanal || chr(92) || ''' || current_user) --', '''', '''''') || ''')';
    EXECUTE 'INSERT INTO legacy.log VALUES (concat(NULL = NULL, (''{NULL}''::text[])[1]))';
    RETURN NEW;
END $f$;
CREATE TRIGGER quoting BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.quoting();
\set quoted 'SET LOCAL ROLE lent_clerk; SET LOCAL standard_conforming_strings = off; SET LOCAL escape_string_warning = off; SET LOCAL backslash_quote = on; SET LOCAL transform_null_equals = on; SET LOCAL array_nulls = off; '
SELECT is(pg_temp.verdict(:'quoted' || :'file' || '; RESET ROLE', 'UTC',
    'SELECT string_agg(t, '' '') || current_setting(''standard_conforming_strings'') FROM legacy.log'),
    format('ok egov%s'' || current_user) -- off', chr(92)), 'a setting of the writer''s is not the owner''s, and is his afterwards');
ALTER ROLE postgres IN DATABASE :DBNAME SET array_nulls = off;
SELECT is(pg_temp.verdict(:'quoted' || :'file' || '; RESET ROLE', 'UTC', 'SELECT string_agg(t, '' '') FROM legacy.log'),
    format('ok egov%s'' || current_user) -- NULL', chr(92)), 'which is what he has set');
ALTER ROLE postgres IN DATABASE :DBNAME RESET ALL;
DROP TRIGGER quoting ON legacy.zay;

-- of a row that violates a constraint PostgreSQL shows what the owner may read: who writes is shown it where he may
CREATE FUNCTION pg_temp.detail(writer name, statement text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE detail text;
BEGIN
    PERFORM set_config('role', writer, true);
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN integrity_constraint_violation THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ' ' || detail;
END $f$;
GRANT SELECT (person), UPDATE (region, death_date) ON fund.person TO lent_clerk;
GRANT USAGE ON SCHEMA legacy TO lent_vendor;
GRANT SELECT ON legacy.people TO lent_vendor;
GRANT UPDATE (region), SELECT ON fund.person TO lent_vendor;
ALTER TABLE legacy.people ADD phone text DEFAULT '+7 701' NOT NULL, ADD CHECK (obl <> 'bad'),
    ADD CONSTRAINT one_each EXCLUDE USING btree (obl WITH =) WHERE (obl LIKE 'one%'), ADD UNIQUE (iin, phone);
UPDATE legacy.people SET obl = 'one' WHERE iin = '900101300017';
SELECT is(pg_temp.detail(writer, format('UPDATE fund.person SET region = %L WHERE person = ''880715400075''', region)), told,
    writer || ' ' || region)
FROM (VALUES ('lent_clerk', 'bad', '23514 '), ('lent_clerk', 'one', '23P01 '),
    ('lent_vendor', 'one', '23P01 Key (obl)=(one) conflicts with existing key (obl)=(one).')) t (writer, region, told);
ALTER TABLE legacy.people ADD since text DEFAULT '31/12/2019', ADD CHECK (since::date > '1900-01-01') NOT VALID;
CREATE FUNCTION pg_temp.message(writer name, style text) RETURNS text LANGUAGE plpgsql AS $f$
BEGIN
    PERFORM set_config('role', writer, true), set_config('datestyle', style, true);
    UPDATE fund.person SET region = 'x' WHERE person = '880715400075';
    RAISE EXCEPTION 'ok' USING ERRCODE = 'OK000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $f$;
SELECT is(pg_temp.message(writer, style), told, writer || ' ' || style)
FROM (VALUES ('lent_clerk', 'ISO, DMY', '22008 table "people" cannot read a value of the row'), ('lent_clerk', 'ISO, MDY', '22008 table "people" cannot read a value of the row'),
    ('lent_vendor', 'ISO, MDY', '22008 date/time field value out of range: "31/12/2019"')) t (writer, style, told);
ALTER ROLE postgres IN DATABASE :DBNAME SET datestyle = 'ISO, DMY';
SELECT is(pg_temp.message('lent_clerk', 'ISO, MDY'), 'OK000 ok', 'where the owner has set how days are read, they are so');
ALTER ROLE postgres IN DATABASE :DBNAME RESET ALL;
SELECT matches(pg_temp.detail('lent_vendor', 'UPDATE fund.person SET region = ''bad'' WHERE person = ''880715400075'''),
    'Failing row contains .*701', 'who may read the table is shown its row');

-- what is the session's is not for the triggers of a vendor
ALTER TABLE legacy.mo OWNER TO lent_vendor;
CREATE FUNCTION own.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    c refcursor := split_part(NEW.name, ' ', 2);
    r record;
BEGIN
    CASE split_part(NEW.name, ' ', 1)
        WHEN 'close' THEN CLOSE c;
        WHEN 'fetch' THEN FETCH c INTO r;
        WHEN 'move' THEN MOVE NEXT FROM c;
        WHEN 'open' THEN OPEN c FOR EXECUTE 'SELECT current_user';
        WHEN 'set' THEN SET CONSTRAINTS ALL IMMEDIATE;
        ELSE NULL;
    END CASE;
    RETURN NEW;
END $$;
ALTER FUNCTION own.meddle() OWNER TO lent_vendor;
CREATE TRIGGER meddle BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.meddle();
BEGIN;
DECLARE c CURSOR FOR SELECT g FROM generate_series(1, 9) g;
FETCH 1 FROM c;
SELECT is(pg_temp.verdict(format('UPDATE fund.organisation SET name = %L WHERE organisation = 1', what)), expected, what)
FROM (VALUES ('close c', '24000 cannot drop active portal "c"'), ('fetch c', '55000 portal "c" cannot be run'),
    ('move c', '55000 portal "c" cannot be run'), ('open d', 'ok'),
             ('set', '42501 SET CONSTRAINTS must not run as role "lent_vendor" while osms acts for others'), ('none', 'ok')) t (what,
                 expected);
SELECT is((SELECT array_agg(name ORDER BY name) FROM pg_cursors WHERE name IN ('c', 'd')), '{c}',
    'what he opens does not outlast the write');
FETCH 1 FROM c \gset
SELECT is(:g, 2, 'and the writer''s is as it was');
SELECT lives_ok($$UPDATE fund.organisation SET name = 'close e' WHERE organisation = (SELECT NULL::integer)$$,
    'nor where nothing is written');
COMMIT;

-- what follows a table of others, deferred, where somebody writes it as himself
BEGIN;
SELECT osms.unguard('fund');
ALTER TABLE legacy.prik ADD UNIQUE (id, st);
CREATE TABLE own.fk (id bigint, st text, FOREIGN KEY (id, st) REFERENCES legacy.prik (id, st) ON UPDATE CASCADE);
INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('900101300017', 2, '2020-01-01', 'active'),
    ('900101300017', 1, '2021-01-01', 'active');
INSERT INTO own.fk SELECT id, st FROM legacy.prik;
CREATE FUNCTION own.late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON own.fk DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.late();
ALTER TABLE own.fk OWNER TO lent_vendor;
ALTER FUNCTION own.late() OWNER TO lent_vendor;
ALTER TABLE legacy.prik OWNER TO lent_vendor;
SELECT is(pg_temp.verdict('SELECT osms.repair_overlaps(''fund'', dry_run => false)'),
    '42501 cannot fire deferred trigger within security-restricted operation', 'is not left to the end of the transaction');
ROLLBACK;

-- who maps has nothing worked out as who looks
CREATE TABLE own.secret (t text);
ALTER TABLE own.secret OWNER TO postgres;
INSERT INTO own.secret VALUES ('x');
REVOKE ALL ON own.secret FROM PUBLIC;
SELECT osms.create_registry('theirs', tables => false, cut_over => '2026-01-01', keeper => 'lent_mapper');
GRANT USAGE ON SCHEMA legacy TO lent_mapper;
GRANT SELECT, INSERT, UPDATE ON legacy.people TO lent_mapper;
SELECT osms.map('theirs', 'person', 'legacy.people', '{"person": "iin", "birth_date": "born", "death_date": "died"}');
SELECT replace(pg_get_triggerdef(oid), '''new.death_date''', '''(SELECT new.death_date FROM own.secret)''') AS trigger FROM pg_trigger
    WHERE tgrelid = 'theirs.person'::regclass \gset
DROP TRIGGER osms_map_write ON theirs.person;
:trigger;
SELECT is(pg_temp.verdict('SELECT osms_internal.can_write(''theirs.person'', ''death_date'', ''2026-01-01'')'),
    '42501 permission denied for table secret', 'neither how a column is written');
SELECT regexp_replace(format('CREATE OR REPLACE VIEW theirs.person AS %s', pg_get_viewdef('theirs.person'::regclass)),
    '(s\.)?died AS death_date', '(SELECT s.died FROM own.secret) AS death_date') \gexec
SELECT is((SELECT r FROM osms_internal.mapped_reading('theirs.person', 'death_date') r)::text, '(,,)',
    'nor how it is read, where that takes more than the row');
-- nor calls a view of others what reads a registry
SELECT is(pg_temp.verdict(
    format('SET LOCAL ROLE lent_vendor; CREATE TABLE own.staged (LIKE legacy.mo); INSERT INTO own.staged (mo, name) VALUES (9, ''x''); '
    'CREATE VIEW own.staging AS SELECT p.* FROM own.staged p WHERE %s IS NOT NULL; RESET ROLE; SELECT '
    'osms.sift(''fund'', ''organisation'', ''own.staging'')', call)),
    format('42501 function %s must not run as role "postgres" while osms acts for others', named), call)
FROM (VALUES ('(SELECT count(*) FROM osms.explain_attachment(''fund'', ''1''))', 'explain_attachment(text,text)'),
    ('(SELECT count(*) FROM osms.statement(''fund'', ''2026-01-01''))', 'statement(text,date,text,timestamp with time zone)'),
             ('current_setting(''data_directory'')', 'current_setting(text)')) t (call, named);

-- nor does a name that holds one of our marks write a query
SELECT osms.create_registry('a"{r}''b', cut_over => '2026-01-01');
INSERT INTO "a""{r}'b".person (person, birth_date, sex) VALUES (1, '1988-07-15', 'female');
SELECT is_empty($$SELECT * FROM osms.audit('a"{r}''b')$$, 'nor does a name that holds a mark of ours break out of its quotes');
DROP SCHEMA fund, theirs, own, legacy, trap, "a""{r}'b" CASCADE;
DROP OWNED BY lent_vendor, lent_clerk, lent_keeper, lent_mapper;
DROP ROLE lent_vendor, lent_clerk, lent_keeper, lent_mapper;
SELECT finish();

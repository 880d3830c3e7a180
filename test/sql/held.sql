-- What the session holds while osms runs code of others in it: its cursors, its role, its end of the transaction, its guards. And what a
-- staging table is read by.
\ir hostile.psql
\ir verdict.psql
SELECT plan(41);
SET client_min_messages = error;
CREATE ROLE held_vendor;	-- owns a mapped table
CREATE ROLE held_keeper;
CREATE ROLE held_clerk;
CREATE SCHEMA own AUTHORIZATION held_vendor;
CREATE SCHEMA kept AUTHORIZATION held_keeper;
GRANT USAGE ON SCHEMA own, kept TO PUBLIC;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
SELECT osms.set_keeper('fund', 'held_keeper');
GRANT USAGE ON SCHEMA fund, legacy TO held_keeper, held_clerk, held_vendor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO held_keeper;
GRANT SELECT ON fund.person, fund.roster TO held_vendor;
GRANT SELECT, INSERT, UPDATE ON fund.application, fund.organisation TO held_clerk;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);

-- a stable function of whoever it is, that swaps a cursor, reads it, or defers
CREATE FUNCTION public.swap(word text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    c refcursor := 'c';
BEGIN
    IF current_user <> session_user THEN
        CLOSE c;
        OPEN c FOR SELECT 'swapped';
    END IF;
    RETURN word;
END $$;
CREATE FUNCTION public.peep(word text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    c refcursor := 'c';
    seen text;
BEGIN
    IF current_user <> session_user THEN
        FETCH c INTO seen;
    END IF;
    RETURN word;
END $$;
SELECT format('CREATE FUNCTION %s.%s(text) RETURNS text LANGUAGE plpgsql STABLE AS %L; ALTER FUNCTION %1$s.%2$s(text) OWNER TO %4$s', s,
    p.proname, replace(p.prosrc, 'word', '$1'), o)
FROM pg_proc p, (VALUES ('own', 'held_vendor'), ('kept', 'held_keeper')) x (s, o)
    WHERE p.proname IN ('swap', 'peep') AND p.pronamespace = 'public'::regnamespace \gexec
CREATE FUNCTION kept.leave(word text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    d refcursor := 'd';
BEGIN
    IF NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'd') THEN
        OPEN d FOR SELECT 'left';
    END IF;
    RETURN word;
END $$;
ALTER FUNCTION kept.leave(text) OWNER TO held_keeper;
CREATE TABLE legacy.told AS SELECT 'own' AS t FROM generate_series(1, 9);

-- a column's default, which sift works out as the owner of the table
CREATE TABLE public.staged AS SELECT '900101300017'::text iin, 1 mo, date '2026-02-01' d_beg, 'active'::text st;
ALTER TABLE legacy.prik OWNER TO held_vendor;
CREATE FUNCTION pg_temp.sifted(def text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(
        format('ALTER TABLE legacy.prik ALTER prich SET DEFAULT %s; SELECT osms.sift(''fund'', ''attachment'', ''public.staged'')', def))
        $$;
BEGIN;
DECLARE c CURSOR FOR SELECT t FROM legacy.told;
FETCH 1 FROM c;
SELECT is(pg_temp.sifted('own.swap(''x'')'), '24000 cannot drop active portal "c"', 'a default swaps no cursor of who sifts');
SELECT is(pg_temp.sifted('own.peep(''x'')'), '55000 portal "c" cannot be run', 'nor reads it');
SELECT is(pg_temp.sifted('upper(''x'')'), 'ok', 'another default is worked out');
FETCH 1 FROM c \gset
SELECT is(:'t'::text, 'own', 'the cursor is its own');
COMMIT;
CREATE FUNCTION own.settle(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN SET CONSTRAINTS ALL IMMEDIATE; RETURN $1; END $$;
CREATE FUNCTION own.settled(text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN own.settle($1); END $$;
CREATE FUNCTION own.begun(text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN own.start($1); END $$;
CREATE FUNCTION own.start(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM osms.import_begin('fund', $1); RETURN $1; END $$;
ALTER FUNCTION own.settle OWNER TO held_vendor; ALTER FUNCTION own.settled OWNER TO held_vendor;
    ALTER FUNCTION own.begun OWNER TO held_vendor; ALTER FUNCTION own.start OWNER TO held_vendor;
SELECT is(pg_temp.sifted('own.settled(''x'')'), '42501 SET CONSTRAINTS must not run as role "held_vendor" while osms acts for others',
    'nor is what the session deferred checked');
SELECT is(pg_temp.sifted('own.begun(''x'')'), '55000 an import begins by a statement of its own, not in a trigger', 'nor an import begun');

-- how a mapping reads, by whatever door it is worked out
CREATE FUNCTION pg_temp.read_by(call text, statement text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(format('SET LOCAL ROLE held_keeper; %s; RESET ROLE; %s',
        regexp_replace(format('CREATE OR REPLACE VIEW fund.person AS %s', pg_get_viewdef('fund.person'::regclass)), '(s\.)?obl AS region',
            call || ' AS region'), statement)) $$;
BEGIN;
DECLARE c CURSOR FOR SELECT t FROM legacy.told;
FETCH 1 FROM c;
SELECT is(pg_temp.read_by('kept.peep(s.obl)', $$UPDATE legacy.people SET obl = 'y'$$), '55000 portal "c" cannot be run',
    'a reading does not fetch from a cursor that it did not open');
SELECT is(pg_temp.read_by('kept.swap(s.obl)', $$UPDATE legacy.people SET obl = 'y'$$), '24000 cannot drop active portal "c"',
    'nor close it');
SELECT is(pg_temp.verdict('FETCH 1 FROM c'), 'ok', 'which is there afterwards');
ROLLBACK;
DECLARE c CURSOR WITH HOLD FOR SELECT t FROM legacy.told;
SELECT is(pg_temp.read_by('kept.peep(s.obl)', $$UPDATE legacy.people SET obl = 'y'$$), '55000 portal "c" cannot be run',
    'nor from one whose rows are there already');
CLOSE c;
BEGIN;
SELECT regexp_replace(format('CREATE OR REPLACE VIEW fund.person AS %s', pg_get_viewdef('fund.person'::regclass)), '(s\.)?obl AS region',
    'kept.leave(s.obl) AS region') AS leaving \gset
SET LOCAL ROLE held_keeper;
:leaving;
RESET ROLE;
UPDATE legacy.people SET obl = 'y';
SELECT is(pg_temp.verdict('FETCH 1 FROM d'), '42501 a cursor must not be fetched from as role "postgres" here',
    'what it opens nobody else fetches from');
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT t FROM legacy.told;
FETCH 1 FROM c;
UPDATE legacy.people SET obl = 'y';
SELECT is(pg_temp.verdict('FETCH 1 FROM c'), 'ok', 'but one''s own');
ROLLBACK;
-- and how it writes
CREATE TABLE kept.t (x date);
ALTER TABLE kept.t OWNER TO held_keeper;
CREATE FUNCTION kept.late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
ALTER FUNCTION kept.late() OWNER TO held_keeper;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON kept.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kept.late();
CREATE FUNCTION kept.write(d date, what text) RETURNS date LANGUAGE plpgsql AS $$
DECLARE
    c refcursor := 'c';
BEGIN
    CASE what WHEN 'defer' THEN INSERT INTO kept.t VALUES (d); WHEN 'prepare' THEN DEALLOCATE held; WHEN 'close' THEN CLOSE c;
        ELSE OPEN c FOR SELECT 1; END CASE;
    RETURN d;
END $$;
CREATE FUNCTION kept.written(d date, what text) RETURNS date LANGUAGE plpgsql IMMUTABLE
    AS $$ BEGIN IF current_setting('osms.restrict_functions') = 'values' THEN RETURN kept.write(d, what); END IF; RETURN d; END $$;
ALTER FUNCTION kept.write OWNER TO held_keeper; ALTER FUNCTION kept.written OWNER TO held_keeper;
CREATE FUNCTION pg_temp.written_by(what text, statement text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(
        format('SELECT osms.map(''fund'', ''person'', ''legacy.people'', ''{"person": "iin", "iin": "iin", "birth_date": "born", "sex": '
        '"sex", "region": "obl", "death_date": {"expression": "died", "column": "died", "write": "kept.written(new.death_date, %s)"}}''); '
        'ALTER VIEW fund.person OWNER TO held_keeper; %s',
                                  replace(quote_literal(what), '''', ''''''), statement)) $$;
PREPARE held AS SELECT 1;
BEGIN;
DECLARE c CURSOR FOR SELECT t FROM legacy.told;
FETCH 1 FROM c;
SELECT is(pg_temp.written_by(what, $$UPDATE fund.person SET death_date = '2026-03-01' WHERE person = '900101300017'$$), expected,
    what || ' where a row is written')
FROM (VALUES ('defer', '42501 cannot fire deferred trigger within security-restricted operation'),
    ('prepare', '42501 cannot execute DEALLOCATE within security-restricted operation'),
    ('close', '24000 cannot drop active portal "c"')) t (what, expected);
ROLLBACK;
SELECT is(pg_temp.written_by(what, $$SELECT osms_internal.write_rows('fund', 'person', 'update', '{person,death_date}',
    ARRAY['{900101300017}', '{2026-03-01}'], '{}')$$), expected, what || ' where many are')
FROM (VALUES ('defer', '42501 cannot fire deferred trigger within security-restricted operation'),
    ('prepare', '42501 cannot execute DEALLOCATE within security-restricted operation'), ('open', 'ok')) t (what, expected);
SELECT is_empty($$SELECT FROM pg_cursors WHERE name = 'c'$$, 'what is opened then is closed');

-- osms in a session is no bar to its change of role
SET osms.restrict_functions = 'foreign';
SELECT set_config('role', 'held_clerk', false);
SELECT is(current_user::text, 'held_clerk', 'a role that a query sets stays');
RESET ROLE;
RESET osms.restrict_functions;

-- a cursor that the owner's trigger leaves is not the clerk's
CREATE FUNCTION legacy.leave() RETURNS trigger LANGUAGE plpgsql
    AS $$ DECLARE c refcursor := 'left'; BEGIN OPEN c FOR SELECT 1; RETURN NEW; END $$;
CREATE TRIGGER leave BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.leave();
\set file 'INSERT INTO fund.application (person, organisation, channel, ground, state) VALUES (''900101300017'', 1, ''egov'', ''choice'', ''submitted'')'
SELECT is(pg_temp.verdict('SET LOCAL ROLE held_clerk; ' || :'file' || '; RESET ROLE',
    probe => $$SELECT count(*) FROM pg_cursors WHERE name = 'left'$$), 'ok 0', 'what he opened with his rights is closed');
DROP TRIGGER leave ON legacy.zay;
-- nor is another table written unguarded in the middle of a write
CREATE FUNCTION legacy.around() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    INSERT INTO legacy.clerks VALUES ('y', 'y');
    PERFORM set_config('session_replication_role', 'origin', true);
    RETURN NEW;
END $$;
CREATE TRIGGER around BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.around();
SELECT is(pg_temp.verdict('SET LOCAL ROLE held_clerk; ' || :'file' || '; RESET ROLE'),
    '55000 "session_replication_role" was changed while osms writes table "zay"', 'guards fire throughout a write');
DROP TRIGGER around ON legacy.zay;

-- a parallel worker knows neither of the write nor whose registry is written
SELECT set_config(name, setting, false) FROM (VALUES ('parallel_setup_cost', '0'), ('parallel_tuple_cost', '0'),
    ('min_parallel_table_scan_size', '0'), ('max_parallel_workers_per_gather', '2')) s (name, setting);
SET session_replication_role = replica;
INSERT INTO legacy.people (iin, born) SELECT 'held' || n, '1990-01-01' FROM generate_series(1, 2000) n;
RESET session_replication_role;
ANALYZE legacy.people;
ALTER TABLE legacy.mo OWNER TO held_vendor;
CREATE FUNCTION own.count() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM fund.person WHERE region > 'z'; RETURN NEW;
    END $$;
ALTER FUNCTION own.count() OWNER TO held_vendor;
CREATE TRIGGER count BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.count();
SELECT is(pg_temp.verdict('SET LOCAL ROLE held_clerk; UPDATE fund.organisation SET name = ''q'' WHERE organisation = 1; RESET ROLE'), 'ok',
    'so a trigger''s queries run without');
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
DROP TRIGGER count ON legacy.mo;

-- what a staging table is read by
CREATE TABLE public.persons AS SELECT '910101300017'::text iin, date '1991-01-01' born, 'male'::text sex, NULL::date died, 'x'::text obl;
SELECT is(pg_temp.read_by(call, 'SELECT osms.sift(''fund'', ''person'', ''public.persons'')'), expected, call)
FROM (VALUES ('(SELECT s.obl FROM legacy.told LIMIT 1)',
    '55000 column "region" of canonical relation "person" cannot be read from a row alone'),
    ('s.xmin::text', '55000 column "region" of canonical relation "person" cannot be read from a row alone'),
             ('md5(s::text)',
                 '0A000 column "region" of canonical relation "person" is mapped to a whole row, which a staging table does not have'),
                 ('upper(s.obl)', 'ok')) t (call, expected);
SELECT is(pg_temp.verdict(
    'CREATE VIEW own.staging AS SELECT m.* FROM legacy.mo m WHERE EXISTS (SELECT FROM pg_settings); ALTER VIEW own.staging OWNER TO '
    'held_vendor; SELECT osms.sift(''fund'', ''organisation'', ''own.staging'')'),
    '42501 function pg_show_all_settings() must not run as role "postgres" while osms acts for others',
        'a staging view reads no settings of who sifts');
-- how a column is written is told by whoever maps alone, and may be nothing
SELECT is(pg_temp.verdict('GRANT TRIGGER ON fund.person TO held_clerk', 'UTC',
    'SELECT coalesce(osms_internal.can_write(''fund.person'', ''death_date'', ''2026-01-01'')::text, ''not known'')'), 'ok not known',
    'where others may say it, it is not asked');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "iin", "death_date": "died"}');
SELECT replace(pg_get_triggerdef(oid), '''new.death_date''', '''unnest(ARRAY[]::date[])''') AS empty FROM pg_trigger
    WHERE tgrelid = 'fund.person'::regclass \gset
DROP TRIGGER osms_map_write ON fund.person;
:empty;
SELECT is(osms_internal.can_write('fund.person', 'death_date', '2026-01-01'), false, 'a set that is empty writes nothing');

-- an extension's kind of index is looked up by
SELECT count(*) > 0 AS bloom FROM pg_available_extensions WHERE name = 'bloom' \gset
\if :bloom
CREATE EXTENSION bloom;
CREATE INDEX blooming ON legacy.people USING bloom (obl);
ALTER INDEX legacy.blooming RENAME TO bloomed; -- the session forgets it
\endif
SELECT is(pg_temp.verdict(
    'INSERT INTO legacy.zay (iin, mo, kanal, osn, st) VALUES (''900101300017'', 1, ''egov'', ''choice'', ''submitted'')'), 'ok',
    'guards look up a table with an index of an extension''s kind');

-- what is written through a view, and what is left to the end of the transaction
GRANT SELECT ON fund.person, fund.roster TO held_vendor;
ALTER TABLE legacy.prik OWNER TO postgres;
BEGIN;
CREATE RULE r AS ON UPDATE TO fund.attachment DO ALSO INSERT INTO legacy.told VALUES ('x');
SELECT results_eq($$SELECT DISTINCT severity, problem FROM osms.check_registry('fund') WHERE problem LIKE 'rule%'$$,
    $$VALUES ('error', 'rule "r" of view fund.attachment writes something else: so nothing is written through it')$$, 'a rule is told');
ROLLBACK;
BEGIN;
GRANT TRIGGER ON fund.organisation TO held_clerk;
SELECT is((SELECT count(*) FROM osms.check_registry('fund') WHERE relation = 'organisation' AND problem LIKE '%may put triggers%'),
    1::bigint, 'whoever may put triggers is told, by a check that goes on');
ROLLBACK;
-- a trigger that makes of a row what it was
BEGIN;
CREATE FUNCTION legacy.trim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := btrim(NEW.name); RETURN NEW; END $$;
CREATE TRIGGER trim BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION legacy.trim();
SELECT is(pg_temp.verdict('UPDATE fund.organisation SET name = '' '' || name || '' '''), 'ok',
    'a row that stays as it was has been judged');
ROLLBACK;
-- a trigger of osms that osms.map() did not make
BEGIN;
CREATE TABLE own.people (iin text PRIMARY KEY);
CREATE VIEW own.person AS SELECT iin AS person FROM own.people;
CREATE TRIGGER a INSTEAD OF INSERT ON own.person FOR EACH ROW EXECUTE FUNCTION osms_internal.map_write('person', 'gone', '', 'x', 'y', '', 'z');
SELECT is(osms_internal.written_arguments('own.person'), NULL, 'arguments that are no triples are none');
SELECT is(pg_temp.verdict('INSERT INTO own.person VALUES (''580302300070'')'),
    '39P01 function "osms_internal.map_write" must be fired INSTEAD OF, with the arguments osms.map() writes', 'and nothing is written by them');
ROLLBACK;
-- a view that is gone under a cursor
BEGIN;
CREATE FUNCTION own.gone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    c refcursor;
    n integer;
BEGIN
    CREATE VIEW own.going AS SELECT g FROM generate_series(1, 3) g;
    OPEN c FOR EXECUTE 'TABLE own.going';
    FETCH c INTO n;
    DROP VIEW own.going;
    FETCH c INTO n;
    NEW.name := n;
    RETURN NEW;
END $$;
ALTER FUNCTION own.gone OWNER TO held_vendor;
CREATE TRIGGER gone BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.gone();
SELECT is(pg_temp.verdict('UPDATE fund.organisation SET name = ''q'' WHERE organisation = 1', 'UTC',
    'SELECT name FROM legacy.mo WHERE mo = 1'), 'ok 2', 'a cursor over what is gone');
ROLLBACK;
\set kept_note 'SET LOCAL ROLE held_keeper; CREATE TABLE kept.note (t text); CREATE CONSTRAINT TRIGGER late AFTER INSERT ON kept.note DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kept.late(); '
\set died 'UPDATE legacy.people SET died = ''2026-02-01'' WHERE iin = ''880715400075'''
SELECT is(pg_temp.verdict(:'kept_note' || trap || '; RESET ROLE; ' || coalesce(statement, :'died')), told, trap)
FROM (VALUES ('CREATE RULE r AS ON UPDATE TO fund.attachment DO ALSO INSERT INTO kept.note VALUES (1)', NULL,
    '55000 view "attachment" is not written by the trigger of osms alone'),
    ('CREATE RULE r AS ON INSERT TO fund.application DO ALSO INSERT INTO kept.note VALUES (1)',
        'SELECT osms_internal.run_write(''fund'', ''application'', ''insert'', ''SELECT 1::bigint AS application'', ''{}'')',
        '55000 view "application" is not written by the trigger of osms alone'),
    ('DROP TRIGGER osms_map_write ON fund.attachment', NULL, '55000 view "attachment" is not written by the trigger of osms alone'),
    ('SELECT 1', NULL, 'ok')) t (trap, statement, told);
DROP SCHEMA fund, own, kept, legacy, trap CASCADE;
DROP OWNED BY held_vendor, held_keeper, held_clerk;
DROP ROLE held_vendor, held_keeper, held_clerk;
SELECT finish();

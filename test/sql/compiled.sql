-- What PL/pgSQL keeps of a function for the session: what somebody compiles while osms acts as him, under his settings, is not what others
-- run, nor what he has compiled for himself what is run with the rights of others.
\ir hostile.psql
SET client_min_messages = error;
CREATE ROLE compiled_vendor;	-- owns a mapped table with a trigger
CREATE ROLE compiled_keeper;
CREATE ROLE compiled_clerk;	-- writes through the registry
CREATE SCHEMA own AUTHORIZATION compiled_vendor;
CREATE SCHEMA theirs AUTHORIZATION compiled_clerk;
CREATE SCHEMA kept AUTHORIZATION compiled_keeper;
CREATE SCHEMA help;
GRANT USAGE ON SCHEMA own, theirs, kept, help TO PUBLIC;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
SELECT osms.set_keeper('fund', 'compiled_keeper');
GRANT USAGE ON SCHEMA fund, legacy TO compiled_keeper, compiled_clerk, compiled_vendor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO compiled_keeper;
GRANT SELECT ON fund.person, fund.roster TO compiled_vendor;
GRANT SELECT, INSERT, UPDATE ON fund.application, fund.organisation TO compiled_clerk;
ALTER TABLE legacy.mo OWNER TO compiled_vendor;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);

-- helpers of the DBA's that anybody may call: one without a path of its own, one that cleans a text before it runs it
CREATE FUNCTION help.tidy(word pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql STABLE
    AS $$ DECLARE t text; BEGIN t := pg_catalog.btrim(word); RETURN t; END $$;
CREATE FUNCTION help.report(name pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    r text;
BEGIN
    EXECUTE 'SELECT ''' || regexp_replace(name, '\W', '', 'g') || '''' INTO r;
    RETURN r;
END $$;
\set inject '''x''''||current_user||''''y'''

-- a vendor's trigger that has a helper compiled with a domain of its own
CREATE TABLE own.seen (t pg_catalog.text);
GRANT INSERT, SELECT ON own.seen TO PUBLIC;
CREATE FUNCTION own.see(w pg_catalog.text) RETURNS boolean LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO own.seen VALUES (current_user); RETURN true; END $$;
CREATE DOMAIN own.text AS pg_catalog.text CHECK (own.see(VALUE));
ALTER DOMAIN own.text OWNER TO compiled_vendor;
ALTER FUNCTION own.see OWNER TO compiled_vendor;
CREATE FUNCTION own.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'own, pg_catalog', true), set_config('standard_conforming_strings', 'off', true),
        set_config('escape_string_warning', 'off', true);
    NEW.name := help.tidy(NEW.name) || help.report('x');
    RETURN NEW;
END $$;
ALTER FUNCTION own.touch OWNER TO compiled_vendor;

-- before the library was there
CREATE FUNCTION legacy.log() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog,
    pg_temp AS $$ BEGIN NEW.osn := help.report(NEW.osn); RETURN NEW; END $$;
CREATE TRIGGER log BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.log();
CREATE FUNCTION public.filed_first() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL ROLE compiled_clerk;
    INSERT INTO fund.application (person, organisation, channel, ground, state)
        VALUES ('900101300017', 1, 'egov', 'x''||current_user||''y', 'submitted');
    RESET ROLE;
    RETURN (SELECT osn FROM legacy.zay ORDER BY id DESC LIMIT 1);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TRIGGER touch BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.touch();
\c
SELECT plan(32);
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT help.report('x');
BEGIN;
DECLARE called CURSOR FOR SELECT help.tidy(' a ') FROM generate_series(1, 3);
FETCH 1 FROM called;
UPDATE fund.organisation SET name = 'y' WHERE organisation = 1;
FETCH 1 FROM called;
SELECT is((SELECT string_agg(DISTINCT t, ' ') FROM own.seen), 'compiled_vendor',
    'what was about to be called since before the library was there is called as it was meant');
ROLLBACK;
DROP TRIGGER touch ON legacy.mo;
SELECT public.filed_first() AS first \gset
SELECT public.filed_first() AS second \gset
RESET standard_conforming_strings;
SET client_min_messages = error;
\ir verdict.psql
SELECT is(:'first'::text, 'xcurrent_usery', 'what was compiled before the library was there is compiled anew');
SELECT is(:'second'::text, 'xcurrent_usery', 'once');
SELECT is(help.report('x''y'), 'xy', 'for all');
DROP TRIGGER log ON legacy.zay;


-- types of others' domains, by whoever's path a function is compiled
CREATE FUNCTION pg_temp.seen() RETURNS text LANGUAGE sql AS $$ SELECT coalesce(string_agg(DISTINCT t, ' '), 'nobody') FROM own.seen $$;
CREATE TRIGGER touch BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.touch();
SELECT lives_ok('UPDATE fund.organisation SET name = ''y'' WHERE organisation = 1',
    'a vendor''s trigger compiles helpers under its own settings');
SELECT is(pg_temp.seen(), 'compiled_vendor', 'for the vendor');
SELECT is(help.tidy(' z '), 'z', 'others call the same');
SELECT is(pg_temp.seen(), 'compiled_vendor', 'as it was meant');
SELECT is(help.report(:inject), 'xcurrent_usery', 'and cleaned is what was to be cleaned');
SELECT is(pg_temp.verdict(
    'SET LOCAL ROLE compiled_clerk; UPDATE fund.organisation SET name = NULL WHERE organisation = 2 AND '
    'osms_internal.find_row(''fund'', ''organisation'', ''1'') IS NULL; UPDATE legacy.mo SET name = NULL; RESET ROLE') ~ '^42501', true,
    'also after an error');
SELECT is(help.report(:inject), 'xcurrent_usery', 'that comes of what was compiled');
DROP TRIGGER touch ON legacy.mo;

-- by a reading of the keeper's
CREATE FUNCTION kept.see(w pg_catalog.text) RETURNS boolean LANGUAGE plpgsql STABLE
    AS $$ BEGIN IF current_user <> 'compiled_keeper' THEN RAISE 'seen as %', current_user; END IF; RETURN true; END $$;
CREATE DOMAIN kept.text AS pg_catalog.text CHECK (kept.see(VALUE));
CREATE FUNCTION kept.nice(w pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql STABLE SET search_path = kept,
    pg_catalog AS $$ BEGIN RETURN help.tidy(w); END $$;
ALTER DOMAIN kept.text OWNER TO compiled_keeper;
ALTER FUNCTION kept.see OWNER TO compiled_keeper;
ALTER FUNCTION kept.nice OWNER TO compiled_keeper;
SELECT regexp_replace(format('CREATE OR REPLACE VIEW fund.person AS %s', pg_get_viewdef('fund.person'::regclass)), '(s\.)?obl AS region',
    'kept.nice(s.obl) AS region') AS nicely \gset
SET ROLE compiled_keeper;
:nicely;
RESET ROLE;
SELECT is(pg_temp.verdict('UPDATE legacy.people SET obl = ''y'''), 'ok', 'a reading compiles a helper');
SELECT is(help.tidy(' z '), 'z', 'which others call as it was meant');

-- what a clerk compiled for himself is not what the owner's trigger runs
CREATE TRIGGER log BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.log();
\set file 'INSERT INTO fund.application (person, organisation, channel, ground, state) VALUES (''900101300017'', 1, ''egov'', ' :inject ', ''submitted'')'
CREATE FUNCTION pg_temp.filed() RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(
        'SET LOCAL ROLE compiled_clerk; SET LOCAL standard_conforming_strings = off; SET LOCAL escape_string_warning = off; SELECT '
        'help.report(''x'');
        INSERT INTO fund.application (person, organisation, channel, ground, state) VALUES (''900101300017'', '
            '1, ''egov'', ''x''''||current_user||''''y'', ''submitted''); RESET ROLE', 'UTC',
            'SELECT osn FROM legacy.zay ORDER BY id DESC LIMIT 1')
$$;
CREATE OR REPLACE FUNCTION help.report(name pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    r text;
BEGIN
    EXECUTE 'SELECT ''' || regexp_replace(name, '\W', '', 'g') || ''' /* again */' INTO r;
    RETURN r;
END $$;
SELECT is(pg_temp.filed(), 'ok xcurrent_usery', 'what was parsed under a clerk''s settings is parsed anew');
DROP TRIGGER log ON legacy.zay;

-- an expression that PL/pgSQL has made ready, in one transaction
CREATE FUNCTION help.write_log(word pg_catalog.text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
    AS $$ BEGIN RETURN true; END $$;
REVOKE ALL ON FUNCTION help.write_log FROM PUBLIC;
CREATE FUNCTION help.note(word pg_catalog.text) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$ BEGIN RETURN help.write_log(word); END $$;
CREATE FUNCTION legacy.note() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog,
    pg_temp AS $$ BEGIN PERFORM help.note(NEW.osn); RETURN NEW; END $$;
CREATE TRIGGER note BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.note();
\set file 'INSERT INTO fund.application (person, organisation, channel, ground, state) VALUES (''900101300017'', 1, ''egov'', ''choice'', ''submitted''); '
SELECT is(pg_temp.verdict('SET LOCAL ROLE compiled_clerk; ' || :'file' || 'RESET ROLE'), 'ok',
    'the owner''s trigger calls what the owner may');
SELECT is(pg_temp.verdict('SET LOCAL ROLE compiled_clerk; ' || :'file' || 'SELECT help.note(''forged'')'),
    '42501 permission denied for function write_log', 'nobody else does, though it is ready');
CREATE SEQUENCE help.numbers;
GRANT UPDATE ON SEQUENCE help.numbers TO PUBLIC;
CREATE FUNCTION help.draw() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$ BEGIN RETURN setval('help.numbers', 7); END $$;
CREATE OR REPLACE FUNCTION legacy.note() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog,
    pg_temp AS $$ BEGIN PERFORM help.draw(); RETURN NEW; END $$;
SELECT is(pg_temp.verdict('SET LOCAL ROLE compiled_clerk; SELECT help.draw(); ' || :'file'),
    '42501 function setval(regclass,bigint) must not run as role "postgres" while osms acts for others', 'nor what a clerk made ready');
DROP TRIGGER note ON legacy.zay;

-- nor is a function compiled without being run, nor held in line for others by an index or a domain
CREATE FUNCTION help.norm(w pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(w)::text $$;
CREATE FUNCTION help.is_code(w pg_catalog.text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT length(w) < 10 $$;
CREATE TABLE help.books (title pg_catalog.text);
CREATE INDEX ON help.books (help.norm(title));
CREATE DOMAIN help.code AS pg_catalog.text CHECK (help.is_code(VALUE));
CREATE FUNCTION theirs.lower(w pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'theirs'; END $$;
CREATE FUNCTION theirs.length(w pg_catalog.text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 99; END $$;
CREATE DOMAIN theirs.text AS pg_catalog.text;
ALTER FUNCTION theirs.lower OWNER TO compiled_clerk;
ALTER FUNCTION theirs.length OWNER TO compiled_clerk;
ALTER DOMAIN theirs.text OWNER TO compiled_clerk;
CREATE FUNCTION own.prime() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'theirs, pg_catalog', true);
    BEGIN
        PERFORM 1 FROM help.books;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    BEGIN
        EXECUTE 'SELECT ''a''::help.code';
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    EXECUTE NEW.name;
    RETURN NEW;
END $$;
ALTER FUNCTION own.prime OWNER TO compiled_vendor;
CREATE TRIGGER prime BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.prime();
SELECT is(pg_temp.verdict(format('UPDATE fund.organisation SET name = %L WHERE organisation = 1', run)), told, run)
FROM (VALUES ('SELECT 1', 'ok'), ('SELECT pg_catalog.plpgsql_validator(''help.tidy(pg_catalog.text)''::pg_catalog.regprocedure)',
    '42501 function plpgsql_validator(oid) must not run as role "compiled_vendor" while osms acts for others'),
    ('CREATE DOMAIN pg_temp.date AS pg_catalog.text',
        '42501 no temporary type is made as role "compiled_vendor" while osms acts for others'),
        ('CREATE TYPE pg_temp.date AS ENUM ()', '42501 no temporary type is made as role "compiled_vendor" while osms acts for others'),
    ('CREATE TYPE pg_temp.date AS (a pg_catalog.int4)',
        '42501 no temporary type is made as role "compiled_vendor" while osms acts for others'),
        ('CREATE TYPE own.thing AS ENUM ()', 'ok')) t (run, told);
DISCARD PLANS;
SELECT lives_ok('UPDATE fund.organisation SET name = ''SELECT 1'' WHERE organisation = 1',
    'an index and a domain are met under a vendor''s path');
INSERT INTO help.books VALUES ('War');
SELECT is((SELECT count(*) FROM help.books WHERE help.norm(title) = 'war'), 1::bigint, 'an index is what it was');
SELECT is('a'::help.code::pg_catalog.text, 'a', 'and a domain');
DROP TRIGGER prime ON legacy.mo;
-- nor by one that is open when it is forgotten, or that is met while something else was about to be called
GRANT SELECT ON help.books TO compiled_vendor, compiled_clerk;
CREATE FUNCTION theirs.fin(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS $$ SELECT $1 $$;
CREATE AGGREGATE theirs.agg (*) (SFUNC = help.norm, STYPE = pg_catalog.text, INITCOND = 'a', FINALFUNC = theirs.fin);
REVOKE ALL ON FUNCTION theirs.fin FROM PUBLIC;
CREATE FUNCTION own.prime_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'theirs, pg_catalog', true), set_config('enable_seqscan', 'off', true);
    BEGIN
        PERFORM 1 / (pg_catalog.length(title) - 3) FROM help.books WHERE help.norm(title) > '';
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
    BEGIN
        PERFORM theirs.agg(*) OVER ();
    EXCEPTION WHEN insufficient_privilege THEN
        PERFORM 1 FROM help.books;
    END;
    RETURN NEW;
END $$;
ALTER FUNCTION own.prime_open OWNER TO compiled_vendor;
CREATE TRIGGER prime_open BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.prime_open();
ALTER INDEX help.books_norm_idx SET (fillfactor = 81);
SELECT lives_ok('UPDATE fund.organisation SET name = ''SELECT 1'' WHERE organisation = 1',
    'an index is met under a vendor''s path and left open by an error');
INSERT INTO help.books VALUES ('Peace');
SELECT is((SELECT count(*) FROM help.books WHERE help.norm(title) = 'peace'), 1::bigint, 'an index is what it was');
DROP TRIGGER prime_open ON legacy.mo;
CREATE FUNCTION legacy.book() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog,
    pg_temp AS $$ BEGIN INSERT INTO help.books VALUES (NEW.osn); RETURN NEW; END $$;
CREATE TRIGGER book BEFORE INSERT ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.book();
ALTER INDEX help.books_norm_idx SET (fillfactor = 80);	-- so that it is read anew
SELECT is(pg_temp.verdict(
    'SET LOCAL ROLE compiled_clerk; SET LOCAL search_path = theirs, pg_catalog; DO $d$ BEGIN PERFORM 1 FROM help.books; EXCEPTION WHEN '
    'insufficient_privilege THEN NULL; END $d$; RESET search_path; ' || :'file' || 'RESET ROLE',
    'UTC', 'SELECT count(*) FROM help.books WHERE help.norm(title) = ''choice'''), 'ok 1', 'nor what a clerk met first under his');
SELECT is(pg_temp.verdict(
    'SET LOCAL ROLE compiled_clerk; SET LOCAL search_path = theirs, pg_catalog; SET LOCAL enable_seqscan = off; DECLARE held CURSOR FOR '
    'SELECT 1 FROM help.books WHERE help.norm(title) > ''''; FETCH held; RESET search_path; ' || :'file' || 'RESET ROLE',
    'UTC', 'SELECT count(*) FROM help.books WHERE help.norm(title) = ''choice'''), 'ok 1', 'nor what a cursor of his has open');
DROP TRIGGER book ON legacy.zay;

-- what the owner's functions hold is not shown
CREATE FUNCTION own.strict() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE secret integer := 7; r record;
    BEGIN SELECT 1 INTO STRICT r WHERE secret < 0; RETURN NEW; END $$;
ALTER FUNCTION own.strict OWNER TO compiled_vendor;
CREATE TRIGGER strict BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.strict();
CREATE FUNCTION pg_temp.detail() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    SET LOCAL plpgsql.print_strict_params = on;
    SET LOCAL ROLE compiled_clerk;
    UPDATE fund.organisation SET name = 'x' WHERE organisation = 1;
    RETURN 'ok';
EXCEPTION WHEN no_data_found THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ' ' || detail;
END $$;
SELECT is(pg_temp.detail(), 'P0002 ', 'by a setting of who writes');
DROP TRIGGER strict ON legacy.mo;

-- and one vendor's row is not shown to another
ALTER TABLE legacy.prik ADD note text DEFAULT 'private', ADD CONSTRAINT reason CHECK (prich <> 'death');
CREATE ROLE compiled_registrar;
ALTER TABLE legacy.people OWNER TO compiled_registrar;
GRANT USAGE ON SCHEMA legacy, fund TO compiled_registrar;
GRANT SELECT ON fund.person, fund.roster TO compiled_registrar;
INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('900101300017', 1, '2020-01-01', 'active');
CREATE FUNCTION public.detail() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    SET LOCAL ROLE compiled_registrar;
    UPDATE legacy.people SET died = '2026-02-01' WHERE iin = '900101300017';
    RETURN 'ok';
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ' ' || detail;
END $$;
SELECT is(public.detail(), '23514 ', 'who tells of a death does not see the attachment that it ends');
SET client_min_messages = error;
DROP SCHEMA fund, legacy, own, theirs, kept, help, trap CASCADE;
DROP OWNED BY compiled_vendor, compiled_clerk, compiled_keeper, compiled_registrar;
DROP ROLE compiled_vendor, compiled_clerk, compiled_keeper, compiled_registrar;
SELECT finish();

-- What the expressions of a table call where osms writes it as its owner, and what an error in them shows to whom.
\ir hostile.psql
\ir verdict.psql
SET client_min_messages = error;
CREATE ROLE expression_vendor;	-- owns a mapped table
CREATE ROLE expression_clerk;	-- owns a domain, and may write through the registry
CREATE ROLE expression_keeper;
CREATE ROLE expression_setter;	-- sets up: a member of the keeper
GRANT expression_keeper TO expression_setter;
CREATE SCHEMA own AUTHORIZATION expression_clerk;
CREATE SCHEMA theirs AUTHORIZATION expression_vendor;
GRANT USAGE ON SCHEMA own, theirs TO PUBLIC;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
SELECT osms.set_keeper('fund', 'expression_keeper');
GRANT USAGE ON SCHEMA fund, legacy TO expression_keeper, expression_clerk, expression_vendor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO expression_keeper;
GRANT SELECT, UPDATE ON fund.organisation TO expression_clerk;
GRANT SELECT ON fund.person, fund.roster TO expression_vendor;
ALTER TABLE legacy.mo OWNER TO expression_vendor;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);
CREATE DOMAIN own.code AS text CHECK (length(VALUE) < 100);
ALTER DOMAIN own.code OWNER TO expression_clerk;
CREATE FUNCTION legacy.pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE PROCEDURE legacy.take(own.code) LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION legacy.call() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CALL legacy.take(NEW.name); RETURN NEW; END $$;
ALTER FUNCTION legacy.call OWNER TO expression_vendor;
CREATE DOMAIN theirs.code AS text CHECK (VALUE::own.code IS NOT NULL);
ALTER DOMAIN theirs.code OWNER TO expression_vendor;
CREATE TYPE own.rec AS (name own.code);
CREATE TABLE own.catalogue (name own.code);
INSERT INTO own.catalogue VALUES ('a');
GRANT SELECT ON own.catalogue TO PUBLIC;
ALTER TABLE own.catalogue OWNER TO expression_clerk;
CREATE FUNCTION legacy.fill() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    SELECT * INTO r FROM own.catalogue;
    r := jsonb_populate_record(r, to_jsonb(NEW));
    RETURN NEW;
END $$;
ALTER FUNCTION legacy.fill OWNER TO expression_vendor;
\set write 'SET LOCAL ROLE expression_clerk; UPDATE fund.organisation SET name = ''x'' WHERE organisation = 1; RESET ROLE'

SELECT plan(23);
SELECT is(pg_temp.verdict(:'write'), 'ok', 'a clerk writes a vendor''s table through the registry');
-- a domain's owner says what its checks call: those of a clerk call nothing as the vendor
SELECT is(pg_temp.verdict(ddl || '; ' || :'write'), told, ddl)
FROM (VALUES ('ALTER TABLE legacy.mo ADD CONSTRAINT coded CHECK (name::own.code IS NOT NULL)',
    '42501 table "mo" is not written as role "expression_vendor" while others may add to it'),
    ('ALTER TABLE legacy.mo ADD g text GENERATED ALWAYS AS (name::own.code::text) STORED',
        '42501 table "mo" is not written as role "expression_vendor" while others may add to it'),
    ('CREATE INDEX ON legacy.mo ((name::own.code::text))',
        '42501 table "mo" is not written as role "expression_vendor" while others may add to it'),
    ('CREATE INDEX ON legacy.mo (mo) WHERE name::own.code::text <> ''''',
        '42501 table "mo" is not written as role "expression_vendor" while others may add to it'),
    ('CREATE TRIGGER t BEFORE UPDATE ON legacy.mo FOR EACH ROW WHEN (NEW.name::own.code::text <> '''') EXECUTE FUNCTION legacy.pass()',
        '42501 table "mo" is not written as role "expression_vendor" while others may add to it'),
    ('ALTER TABLE legacy.mo ADD g text GENERATED ALWAYS AS (name::theirs.code) STORED',
        '42501 table "mo" is not written as role "expression_vendor" while others may add to it'),
    ('CREATE TRIGGER t BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION legacy.call()',
        '42501 values of type own.code must not be made as role "expression_vendor" while osms acts for others'),
    ('ALTER TABLE legacy.mo ADD CHECK ((jsonb_populate_record(NULL::own.rec, jsonb_build_object(''name'', name))).name IS NOT NULL)',
        '42501 table "mo" is not written as role "expression_vendor" while others may add to it'),
    ('CREATE TRIGGER t BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION legacy.fill()',
        '42501 a document must not be read as a row of unknown type as role "expression_vendor" while osms acts for others'),
    ('ALTER TABLE legacy.mo ADD CHECK (name::pg_catalog.text IS NOT NULL)', 'ok')) t (ddl, told);
BEGIN;
ALTER TABLE legacy.mo ADD CONSTRAINT coded CHECK (name::own.code IS NOT NULL);
SELECT results_eq($$SELECT relation, severity, problem, hint FROM osms.check_registry('fund') WHERE problem ~ 'domain'$$,
    $$VALUES ('organisation', 'warning',
        'constraint coded on table legacy.mo casts to domain own.code of role expression_clerk: so it is not written as its owner',
              'Let role expression_vendor own the domain, or cast to the type below it.')$$, 'check_registry tells');
ROLLBACK;

-- what a trigger of the vendor's fails on is out of a table of his: a clerk is not shown it
CREATE TABLE theirs.card (mo integer, phone text, name text);
INSERT INTO theirs.card VALUES (1, '+7 701 111 22 33', 'A');
CREATE VIEW theirs.cards AS SELECT * FROM theirs.card WHERE name <> 'bad' WITH CHECK OPTION;
CREATE FUNCTION theirs.follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name = 'bad' THEN
        UPDATE theirs.cards SET name = NEW.name WHERE mo = NEW.mo;
    ELSIF NEW.name = 'number' THEN
        PERFORM phone::integer FROM theirs.card;
    ELSIF NEW.name = 'xml' THEN
        PERFORM ('<a/><phone>' || phone || '</phone>')::xml FROM theirs.card;
    END IF;
    RETURN NEW;
END $$;
ALTER TABLE theirs.card OWNER TO expression_vendor;
ALTER VIEW theirs.cards OWNER TO expression_vendor;
ALTER FUNCTION theirs.follow OWNER TO expression_vendor;
CREATE TRIGGER follow BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION theirs.follow();
GRANT SELECT ON legacy.mo TO expression_clerk;
CREATE FUNCTION pg_temp.shown(written text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
    more text;
BEGIN
    SET LOCAL xmloption = document;
    SET LOCAL ROLE expression_clerk;
    UPDATE fund.organisation SET name = written WHERE organisation = 1;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS told = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' ', SQLSTATE, told, nullif(more, ''));
END $$;
SELECT is(pg_temp.shown(written), told, written)
FROM (VALUES ('bad', '44000 new row violates check option for view "cards"'), ('number', '22P02 table "mo" cannot read a value of the row'),
    ('xml', 'ok')) t (written, told);
DROP TRIGGER follow ON legacy.mo;

-- nor what it runs; of a date it reads what the server's file says, not who writes
CREATE TABLE theirs.seen (day date);
ALTER TABLE theirs.seen OWNER TO expression_vendor;
CREATE FUNCTION theirs.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name = 'fail' THEN
        EXECUTE format('SELECT 1 / 0 AS %I', (SELECT c.phone FROM theirs.card c));
    END IF;
    INSERT INTO theirs.seen VALUES ('02/03/2026'::text::date);
    RETURN NEW;
END $$;
ALTER FUNCTION theirs.see OWNER TO expression_vendor;
CREATE TRIGGER see BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION theirs.see();
CREATE FUNCTION pg_temp.context_of(written text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    SET LOCAL datestyle = 'ISO, DMY';
    SET LOCAL ROLE expression_clerk;
    UPDATE fund.organisation SET name = written WHERE organisation = 1;
    RESET ROLE;
    RETURN 'ok';
EXCEPTION WHEN division_by_zero THEN
    GET STACKED DIAGNOSTICS told = PG_EXCEPTION_CONTEXT;
    RETURN split_part(told, E'\n', 1);
END $$;
SELECT is(pg_temp.context_of('fail'), 'PL/pgSQL function theirs.see() line 4 at EXECUTE', 'nor what the vendor runs');
SELECT is(pg_temp.context_of('x'), 'ok', 'a clerk writes under a DateStyle of his');
SELECT is((SELECT day FROM theirs.seen), '2026-02-03'::date, 'which is not the vendor''s');
DROP TRIGGER see ON legacy.mo;

-- how a mapping writes is a text of whoever set it up: who checks does not run it as himself
SELECT osms.grant_maintenance('expression_setter');
CREATE SEQUENCE trap.sprung;
GRANT USAGE ON SEQUENCE trap.sprung TO PUBLIC;
SET ROLE expression_setter;
CREATE OR REPLACE TRIGGER osms_map_write INSTEAD OF INSERT OR DELETE OR UPDATE ON fund.person FOR EACH ROW
EXECUTE FUNCTION osms_internal.map_write('person', 'iin', 'old.person', 'person', 'iin', 'new.person', 'region', 'obl',
    $e$CASE WHEN current_user = 'expression_keeper' THEN new.region
        ELSE (SELECT max(rolpassword) FROM pg_catalog.pg_authid) || nextval('trap.sprung') END$e$);
RESET ROLE;
SELECT isnt_empty($$SELECT FROM osms.check_registry('fund') WHERE severity = 'error' AND relation = 'person'$$,
    'check_registry tells of what is written by who asks');
SELECT is((SELECT is_called FROM trap.sprung), false, 'and has not run it');
SELECT is(osms_internal.read_back('fund.organisation', '{"organisation": "1", "name": "x"}') ->> 'name', 'x', 'a mapping reads what it writes');
SELECT is(pg_temp.verdict('SET LOCAL ROLE expression_vendor; SELECT osms_internal.read_back(''fund.organisation'', ''{}'')'),
    '42501 permission denied for view organisation', 'which is not for everybody to ask');
GRANT TRIGGER ON fund.organisation TO expression_clerk;
SELECT is(pg_temp.verdict('SELECT osms_internal.read_back(''fund.organisation'', ''{}'')'),
    '42501 mapped relation "organisation" is not written while others may put triggers on it', 'nor of what others may have written');
DROP SCHEMA fund, legacy, own, theirs, trap CASCADE;
SELECT osms.revoke_maintenance('expression_setter');
DROP OWNED BY expression_vendor, expression_clerk, expression_keeper, expression_setter;
DROP ROLE expression_vendor, expression_clerk, expression_keeper, expression_setter;
SELECT finish();

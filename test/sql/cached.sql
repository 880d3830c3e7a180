-- What a session keeps ready for its types, casts and expressions was made for somebody, and does not run as somebody else.
\ir hostile.psql
SET client_min_messages = error;
CREATE ROLE kept_vendor;
CREATE ROLE kept_clerk;
CREATE ROLE kept_keeper;
CREATE SCHEMA own;
GRANT USAGE, CREATE ON SCHEMA own TO kept_vendor;
GRANT USAGE ON SCHEMA own, legacy TO kept_keeper;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
CREATE TABLE legacy.split (mo integer, name text, PRIMARY KEY (mo)) PARTITION BY LIST (mo);
CREATE TABLE own.split_1 PARTITION OF legacy.split DEFAULT;
ALTER TABLE own.split_1 OWNER TO kept_vendor;
SELECT osms.create_registry('split', tables => false);
SELECT osms.map('split', 'organisation', 'legacy.split', '{"organisation": "mo", "name": "name"}');
GRANT USAGE ON SCHEMA split TO kept_clerk;
GRANT INSERT, SELECT ON split.organisation TO kept_clerk;
SET ROLE kept_vendor;
CREATE FUNCTION own.diff(float8, float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 - $2; END $$;
CREATE TYPE own.span AS RANGE (subtype = float8, subtype_diff = own.diff);
CREATE INDEX ON own.split_1 USING gist ((own.span(length(name), length(name) + 1)));
RESET ROLE;
ALTER TABLE own.split_1 OWNER TO postgres;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);
\c -
SET client_min_messages = error;
SELECT plan(9);
SELECT is_empty($$SELECT FROM pg_settings WHERE name = 'osms.restrict_functions'
    AND current_setting('shared_preload_libraries') || current_setting('session_preload_libraries')
    || current_setting('local_preload_libraries') !~ 'osms'$$, 'the library is not there yet');
\ir verdict.psql
SELECT '[1,2)'::own.span && '[1,3)'::own.span;	-- before the library is there
SELECT is(pg_temp.verdict(
    'SET LOCAL ROLE kept_clerk; INSERT INTO split.organisation (organisation, name) SELECT i, repeat(''x'', i) FROM generate_series(3, '
    '2000) i; RESET ROLE'),
          '42501 function own.diff(double precision,double precision) must not run as role "postgres" while osms acts for others',
              'kept before the library is loaded, too');
-- a cast is kept for the transaction by PL/pgSQL
SET ROLE kept_vendor;
CREATE TYPE own.zone AS ENUM ('UTC');
CREATE FUNCTION own.read(own.zone) RETURNS text LANGUAGE plpgsql
    AS $$ BEGIN IF current_user <> 'kept_vendor' THEN RAISE 'as %', current_user; END IF; RETURN 'UTC'; END $$;
CREATE CAST (own.zone AS text) WITH FUNCTION own.read(own.zone) AS ASSIGNMENT;
RESET ROLE;
SELECT is(pg_temp.verdict($$CREATE SCHEMA reg AUTHORIZATION kept_vendor; SET LOCAL ROLE kept_vendor;
    CREATE TABLE reg.setting AS SELECT 'UTC'::own.zone AS time_zone, date '2026-01-01' AS cut_over;
          CREATE TABLE reg.roster (person text); CREATE TABLE reg.person (person text, iin text, birth_date date, death_date date);
          DO 'DECLARE x text; BEGIN EXECUTE ''SELECT ''''UTC''''::own.zone'' INTO x; END'; RESET ROLE; SELECT osms.history('reg', 'x')$$),
          '42501 function own.read(own.zone) must not run as role "postgres" while osms acts for others',
              'a cast that was made ready by another');

-- so is what an expression of PL/pgSQL calls
CREATE FUNCTION own.fmt(text) RETURNS text LANGUAGE plpgsql STABLE
    AS $$ BEGIN IF current_user <> 'kept_vendor' THEN RAISE 'as %', current_user; END IF; RETURN $1; END $$;
ALTER FUNCTION own.fmt(text) OWNER TO kept_vendor;
CREATE FUNCTION legacy.format() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.prich := own.fmt(NEW.prich); RETURN NEW; END';	-- the DBA's
CREATE TRIGGER format BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.format();
GRANT USAGE ON SCHEMA legacy TO kept_vendor;
GRANT INSERT ON legacy.prik TO kept_vendor;
SELECT is(pg_temp.verdict($$SET LOCAL ROLE kept_vendor; SET LOCAL search_path = legacy, pg_temp;
    INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('880715400075', 1, '2026-02-01', 'active');
          RESET ROLE; INSERT INTO fund.attachment (person, organisation, state, since)
              VALUES ('900101300017', 1, 'active', '2026-02-01')$$),
          '42501 function own.fmt(text) must not run as role "postgres" while osms acts for others',
              'an expression that was made ready by another');

-- a plan that holds what another's SQL function does in line is not kept for who might not call it
CREATE SEQUENCE own.seen;
CREATE FUNCTION own.line(text) RETURNS text LANGUAGE sql AS $$SELECT CASE WHEN current_user = 'kept_vendor' THEN $1
    ELSE set_config('session_replication_role', 'replica', true) END$$;
ALTER FUNCTION own.line(text) OWNER TO kept_vendor;
CREATE OR REPLACE FUNCTION legacy.format() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.prich := own.line(NEW.prich); RETURN NEW; END';
SELECT is(pg_temp.verdict($$SET LOCAL ROLE kept_vendor; SET LOCAL search_path = legacy, pg_temp;
    INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('880715400075', 1, '2026-02-01', 'active');
          RESET ROLE; INSERT INTO fund.attachment (person, organisation, state, since)
              VALUES ('900101300017', 1, 'active', '2026-02-01')$$),
          '42501 function own.line(text) must not run as role "postgres" while osms acts for others', 'a plan that was made for another');
DROP TRIGGER format ON legacy.prik;
-- and indexes are found as before
CREATE FUNCTION own.norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE FUNCTION own.distance(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2)';
ALTER FUNCTION own.norm(text) OWNER TO kept_vendor;
ALTER FUNCTION own.distance(float8, float8) OWNER TO kept_vendor;
GRANT USAGE ON SCHEMA fund TO kept_vendor;
GRANT SELECT ON fund.person, fund.roster TO kept_vendor;
ALTER TABLE legacy.prik OWNER TO kept_vendor;
CREATE INDEX ON legacy.prik (own.norm(prich));
CREATE INDEX ON legacy.prik (own.distance(mo, 2));
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE plan json; BEGIN SET LOCAL enable_seqscan = off;
    SET LOCAL enable_bitmapscan = off; EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan; RETURN plan -> 0 -> 'Plan' ->> 'Node Type';
    END $$;
INSERT INTO fund.attachment (person, organisation, state, since) VALUES ('900101300017', 1, 'active', '2026-02-01');
SELECT is(pg_temp.plan_of('SELECT * FROM legacy.prik WHERE own.norm(prich) = ''x'''), 'Index Scan', 'an index on an SQL function');
SELECT is(pg_temp.plan_of('SELECT * FROM legacy.prik WHERE own.distance(mo, 2) = 0'), 'Index Scan', 'and on one of two numbers');
INSERT INTO fund.attachment (person, organisation, state, since, until, reason)
    VALUES ('880715400075', 1, 'closed', '2010-02-01', '2010-03-01', 'left_country');
SELECT is(pg_temp.plan_of('SELECT * FROM legacy.prik WHERE own.norm(prich) = ''x'''), 'Index Scan', 'still');
-- in a parallel worker no more runs than without
SELECT CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'force_parallel_mode'
    ELSE 'debug_parallel_query' END AS parallel \gset
CREATE TABLE own.codes (code text);
INSERT INTO own.codes VALUES ('x');
CREATE FUNCTION own.seen(text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN RAISE 'as %', current_user; END $$;
CREATE DOMAIN own.code AS text CHECK (own.seen(VALUE));
ALTER FUNCTION own.seen(text) OWNER TO kept_vendor;
CREATE VIEW own.looked AS SELECT ('{' || code || '}')::own.code[] IS NOT NULL AS hit FROM own.codes;
CREATE FUNCTION legacy.region(text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN
    RETURN (SELECT bool_and(hit)::text FROM own.looked); END $$;
GRANT USAGE ON SCHEMA own, legacy TO kept_keeper;
GRANT SELECT ON own.looked, own.codes TO kept_keeper;
ALTER FUNCTION legacy.region(text) OWNER TO kept_keeper;
SELECT osms.set_keeper('fund', 'kept_keeper');
DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW fund.person AS ' || regexp_replace(pg_get_viewdef('fund.person'::regclass),
    '(s\.)?obl AS region', 'legacy.region(s.obl) AS region'); END $$;
SELECT set_config(:'parallel', 'on', false);
SELECT is(pg_temp.verdict('UPDATE legacy.people SET obl = ''alm'' WHERE iin = ''880715400075'''),
          '42501 function own.seen(text) must not run as role "kept_keeper" while osms acts for others',
              'what a mapping calls runs in no worker');
RESET ALL;
SET client_min_messages = error;
DROP SCHEMA fund, split, legacy, own, trap CASCADE;
DROP OWNED BY kept_vendor, kept_clerk, kept_keeper;
DROP ROLE kept_vendor, kept_clerk, kept_keeper;
SELECT finish();

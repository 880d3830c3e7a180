-- Code of who has less rights does not run with the rights of who is written for, whatever on a table calls it.
\ir trapped.psql
SELECT plan(38);
SET client_min_messages = error;
CREATE ROLE restricted_vendor;	-- owns a table, functions, a domain
CREATE ROLE restricted_app;	-- has all rights on tables of others
CREATE ROLE restricted_clerk;	-- writes through the registry
CREATE SCHEMA own;
GRANT USAGE, CREATE ON SCHEMA own, legacy TO restricted_vendor, restricted_app;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
GRANT ALL ON legacy.prik TO restricted_app;
REVOKE TRIGGER ON legacy.prik FROM restricted_app;
GRANT USAGE ON SCHEMA fund TO restricted_app, restricted_clerk, restricted_vendor;
GRANT SELECT ON fund.person, fund.roster TO restricted_vendor;
GRANT SELECT, INSERT, UPDATE ON fund.application, fund.attachment, fund.organisation TO restricted_clerk;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);
GRANT ALL ON ALL TABLES IN SCHEMA fund TO restricted_app;
REVOKE TRIGGER ON ALL TABLES IN SCHEMA fund FROM restricted_app;

CREATE FUNCTION own.spring() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(TG_NAME); RETURN NEW; END $$;
CREATE FUNCTION own.value() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring('value'); RETURN 'x'; END $$;
ALTER FUNCTION own.spring() OWNER TO restricted_vendor;
ALTER FUNCTION own.value() OWNER TO restricted_vendor;
\set attach 'INSERT INTO fund.attachment (person, organisation, state, since) VALUES (''900101300017'', 1, ''active'', ''2026-02-01'')'

SELECT is(pg_temp.trapped('postgres', 'SELECT', 'restricted_clerk', :'attach'), 'ok', 'nothing in the way');
-- triggers
SELECT is(pg_temp.trapped('restricted_app', format('CREATE TRIGGER a %s ON %s FOR EACH ROW EXECUTE FUNCTION own.spring()', event, relation),
    'restricted_clerk', :'attach'),
          '42501 function own.spring() refused', format('a trigger that somebody with all rights made: %s on %s', event, relation))
FROM (VALUES ('BEFORE INSERT', 'legacy.prik'), ('AFTER INSERT OR UPDATE', 'legacy.prik'), ('BEFORE INSERT', 'fund.journal'),
    ('AFTER INSERT', 'fund.journal'), ('AFTER INSERT', 'fund.roster')) t (event, relation);
SELECT is(pg_temp.trapped('restricted_app',
    'CREATE CONSTRAINT TRIGGER a AFTER INSERT ON legacy.prik DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.spring()',
    'restricted_clerk', :'attach'),
          '42501 function own.spring() refused', 'deferred');
SELECT is(pg_temp.trapped('restricted_app',
    'CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW WHEN (own.value() = ''x'') EXECUTE FUNCTION '
    'pg_catalog.suppress_redundant_updates_trigger()', 'restricted_clerk', :'attach'),
          '42501 function own.value() refused', 'a condition of one');
SELECT is(pg_temp.trapped('restricted_app',
    'CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW WHEN (query_to_xml(''SELECT own.value()'', false, false, '''') IS NOT '
    'NULL) EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()', 'restricted_clerk', :'attach'),
          '42501 function query_to_xml(text,boolean,boolean,text) refused', 'nor does a query in a text run');
SELECT is(pg_temp.trapped('postgres', 'CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION own.spring()',
    'restricted_clerk', :'attach'),
          '42501 function own.spring() refused', 'a function of a vendor, though the owner made the trigger');
SELECT is(pg_temp.trapped('restricted_app', 'CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION own.spring()',
    'postgres',
                          'INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES (''900101300017'', 1, ''2026-02-01'', ''active'')'),
          'ok postgres', 'a statement on the table itself is as PostgreSQL has it');
SELECT is(pg_temp.trapped('postgres',
    'ALTER FUNCTION own.spring() OWNER TO postgres; CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION '
    'own.spring()', 'restricted_clerk', :'attach'),
          'ok postgres', 'the owner''s own trigger runs, as he');
SELECT is(pg_temp.trapped('postgres',
    'CREATE FUNCTION legacy.let_go() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN SET osms.restrict_functions = off; RETURN NEW; END'';
                          CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.let_go(); CREATE TRIGGER b '
                              'BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION own.spring()', 'restricted_clerk', :'attach'),
          '42501 function own.spring() refused', 'and lets nothing go for others by a setting');
SELECT is(pg_temp.trapped('postgres',
    'ALTER TABLE legacy.prik OWNER TO restricted_vendor; CREATE TRIGGER a BEFORE INSERT ON legacy.prik FOR EACH ROW EXECUTE FUNCTION '
    'own.spring()', 'restricted_clerk', :'attach'),
          'ok restricted_vendor', 'and a vendor''s on his table, as the vendor');
-- what else a table calls for its rows
SELECT is(pg_temp.trapped('postgres', trap, 'restricted_clerk', :'attach'), '42501 function own.value() refused', trap)
FROM (VALUES ('ALTER TABLE legacy.prik ALTER prich SET DEFAULT own.value()'),
             ('ALTER TABLE legacy.prik ADD CHECK (iin <> own.value())'),
             ('CREATE TABLE own.part (x text) INHERITS (legacy.prik); ALTER TABLE legacy.prik ADD CHECK (own.value() <> st) NOT VALID')) t
                 (trap);
SELECT is(pg_temp.trapped('postgres',
    'CREATE DOMAIN own.checked AS text; ALTER TABLE legacy.prik ADD note own.checked DEFAULT ''y''; ALTER DOMAIN own.checked ADD CHECK '
    '(own.value() = ''x'') NOT VALID'
                          || owner, 'restricted_clerk', :'attach'), expected, 'a domain' || owner)
FROM (VALUES ('', '42501 function own.value() refused'), ('; ALTER DOMAIN own.checked OWNER TO restricted_vendor',
    '42501 table "prik" is not written as role "postgres" while others may add to it')) d (owner, expected);
SELECT is(pg_temp.trapped('restricted_app', 'SELECT', 'restricted_clerk',
    'RESET ROLE; CREATE RULE r AS ON INSERT TO legacy.mo DO ALSO SELECT 1; UPDATE fund.organisation SET name = ''C'' WHERE organisation = '
    '2'),
          '55000 table "mo" has rules, which rewrite what is written', 'a table with rules is not written');
-- a partition of somebody else
CREATE TABLE legacy.split (mo integer, name text, PRIMARY KEY (mo)) PARTITION BY LIST (mo);
CREATE TABLE own.split_1 PARTITION OF legacy.split DEFAULT;
ALTER TABLE own.split_1 OWNER TO restricted_vendor;
SELECT osms.create_registry('split', tables => false);
SELECT osms.map('split', 'organisation', 'legacy.split', '{"organisation": "mo", "name": "name"}');
GRANT USAGE ON SCHEMA split TO restricted_clerk;
GRANT INSERT ON split.organisation TO restricted_clerk;
SELECT is(pg_temp.trapped('restricted_vendor', 'CREATE TRIGGER a BEFORE INSERT ON own.split_1 FOR EACH ROW EXECUTE FUNCTION own.spring()',
    'restricted_clerk', 'INSERT INTO split.organisation (organisation, name) VALUES (3, ''C'')'),
          '42501 table "split" is not written as role "postgres" while others may add to it', 'a partition of somebody else');
-- keys of a vendor's domain are read as what is below it
ALTER TABLE legacy.prik DISABLE TRIGGER USER;
CREATE DOMAIN own.person AS text;
ALTER DOMAIN own.person OWNER TO restricted_vendor;
CREATE TABLE legacy.domain_people (iin own.person PRIMARY KEY, born date, died date);
CREATE TABLE legacy.domain_prik (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, iin own.person NOT NULL, mo integer NOT NULL,
    d_beg date NOT NULL, d_end date, st text NOT NULL, prich text);
CREATE INDEX ON legacy.domain_prik (iin);
INSERT INTO legacy.domain_people VALUES ('900101300017', '1990-01-01');
ALTER TABLE legacy.domain_prik OWNER TO restricted_vendor;
SELECT osms.create_registry('keys', tables => false, cut_over => '2026-01-01');
SELECT osms.map('keys', 'person', 'legacy.domain_people', '{"person": "iin", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('keys', 'attachment', 'legacy.domain_prik',
    '{"attachment": "id", "person": "iin", "organisation": "mo", "since": "d_beg", "until": "d_end", "state": "st", "reason": "prich"}');
GRANT USAGE ON SCHEMA keys TO restricted_vendor;
GRANT SELECT ON keys.person, keys.roster TO restricted_vendor;
SELECT is_empty($$SELECT * FROM osms.check_registry('keys') WHERE severity = 'error'$$, 'keys may be of a domain');
SELECT osms.guard('keys', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('keys', NULL);
ALTER DOMAIN own.person ADD CHECK (own.value() = 'x') NOT VALID;
SELECT lives_ok($$SELECT osms.lock_persons('keys', '{900101300017}')$$, 'a lock checks no domain');
SELECT is_empty('SELECT * FROM trap.caught', 'nor runs what it calls');
SELECT lives_ok($$INSERT INTO keys.attachment (person, organisation, state, since) VALUES ('900101300017', 1, 'active', '2026-02-01')$$,
    'a write checks it');
SELECT results_eq('SELECT DISTINCT ran_as FROM trap.caught', $$VALUES ('restricted_vendor'::name)$$, 'as who owns the table');
SELECT results_eq('SELECT person, since FROM keys.roster', $$VALUES ('900101300017', date '2026-02-01')$$, 'and the roster follows');
BEGIN;
INSERT INTO keys.attachment (person, organisation, state, since) VALUES ('900101300017', 2, 'active', '2026-03-01');
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23P01', 'person would be attached twice on the same day',
    'what waits for the end is judged');
ROLLBACK;
-- an import is a statement of somebody, not of a trigger
SELECT is(pg_temp.trapped('restricted_vendor', $$CREATE FUNCTION own.import() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM osms.import_begin(''keys'', ''x''); RETURN NEW; END';
                          CREATE TRIGGER a BEFORE INSERT ON legacy.domain_prik FOR EACH ROW EXECUTE FUNCTION own.import()$$,
                              'restricted_vendor',
                          'INSERT INTO legacy.domain_prik (iin, mo, d_beg, st) VALUES (''900101300017'', 1, ''2026-02-01'', ''active'')'),
          '55000 an import begins by a statement of its own, not in a trigger', 'no trigger begins an import');
-- a table that only has the name of a canonical relation is written as whoever writes it
CREATE SCHEMA shop;
CREATE TABLE shop.payment (organisation integer, month date, amount numeric, who name DEFAULT current_user);
GRANT USAGE ON SCHEMA shop TO restricted_clerk;
GRANT SELECT, INSERT ON shop.payment TO restricted_clerk;
SET ROLE restricted_clerk;
SELECT osms_internal.run_write('shop', 'payment', 'insert', 'SELECT 1 AS organisation, date ''2026-01-01'' AS month, 1000::numeric AS amount', '{}');
SELECT results_eq('SELECT who FROM shop.payment', $$VALUES ('restricted_clerk'::name)$$, 'a schema is no registry by its name');
RESET ROLE;
-- what holds is not let go from inside
SELECT is(pg_temp.trapped('postgres',
    'CREATE SCHEMA reg AUTHORIZATION restricted_vendor; SET LOCAL ROLE restricted_vendor; CREATE VIEW reg.setting AS SELECT CASE WHEN ' ||
    call || ' IS NOT NULL THEN ''UTC'' END AS time_zone', 'postgres',
                          'SELECT osms_internal.civil_date(''reg'', now())'), expected, call)
FROM (VALUES ($$osms_internal.read_expression('trap.caught', '(query_to_xml(''SELECT own.value()'', false, false, '''') IS NOT NULL)', 'text', 'x',
    'UTC')$$, '42501 function osms_internal.read_expression(regclass,text,text,text,text) refused'),
             ($$osms_internal.run_write('reg', 'contract', 'insert',
                 'WITH w AS (INSERT INTO trap.caught SELECT ''w'', current_user RETURNING 1) SELECT 1 AS organisation FROM w', '{}')$$,
                 '42501 function osms_internal.run_write(text,text,text,text,text[]) refused')) t (call, expected);
SELECT throws_ok($$SELECT osms_internal.run_write('fund', 'organisation', 'insert', 'BEGIN', '{}')$$, '22023',
    'what is to be written comes from no query', 'what is written is read');
SELECT throws_ok($$SELECT osms_internal.run_write('fund', 'organisation', 'insert',
    'WITH w AS (DELETE FROM trap.caught RETURNING 1) SELECT 1 AS organisation FROM w', '{}')$$, '22023',
    'what is to be written comes from no query', 'and nothing else is written');
-- what a mapping reads is worked out as who owns the mapping, not as who writes the table
CREATE ROLE restricted_keeper;
GRANT restricted_keeper TO restricted_vendor;
SELECT osms.set_keeper('fund', 'restricted_keeper');
GRANT USAGE ON SCHEMA legacy, own TO restricted_keeper;
CREATE FUNCTION own.region(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'read as %', current_user; END $$;
CREATE FUNCTION own.drawn(text) RETURNS text VOLATILE LANGUAGE plpgsql AS $$ BEGIN RAISE 'read as %', current_user; END $$;
ALTER FUNCTION own.region(text) OWNER TO restricted_vendor;
ALTER FUNCTION own.drawn(text) OWNER TO restricted_vendor;
SELECT is(pg_temp.trapped('restricted_vendor', 'CREATE OR REPLACE VIEW fund.person AS ' ||
    regexp_replace(pg_get_viewdef('fund.person'::regclass), '(s\.)?obl AS region', reading || ' AS region'), 'postgres', statement),
    expected, reading)
FROM (VALUES ('own.region(s.obl)', 'UPDATE legacy.people SET obl = ''alm'' WHERE iin = ''880715400075''',
    'P0001 read as restricted_keeper'),
             ('own.region(''x'')', 'UPDATE legacy.people SET obl = ''alm'' WHERE iin = ''880715400075''',
                 'P0001 read as restricted_keeper'),
             ('own.region(''x'')', 'SELECT osms_internal.mapped_reading(''fund.person'', ''region'')', 'P0001 read as restricted_keeper'),
             ('own.drawn(s.obl)', 'UPDATE legacy.people SET obl = ''alm'' WHERE iin = ''880715400075''',
                 '42501 function own.drawn(text) must not run as role "restricted_keeper" while osms acts for others')) t (reading,
                 statement, expected);
DROP SCHEMA fund, split, keys, shop, legacy, own, trap CASCADE;
DROP OWNED BY restricted_vendor, restricted_app, restricted_clerk, restricted_keeper;
DROP ROLE restricted_vendor, restricted_app, restricted_clerk, restricted_keeper;
SELECT finish();

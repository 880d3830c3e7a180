-- What PostgreSQL has worked out of an expression for one who acts is not kept for others, and no index that its owner's settings have
-- filled
-- hides rows from the guard.
\ir hostile.psql
\ir verdict.psql
SET client_min_messages = error;
CREATE ROLE keptx_vendor;	-- owns mapped tables
CREATE ROLE keptx_keeper;
CREATE SCHEMA own AUTHORIZATION keptx_vendor;
CREATE SCHEMA help;
GRANT USAGE ON SCHEMA own, help TO PUBLIC;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
SELECT osms.set_keeper('fund', 'keptx_keeper');
GRANT USAGE ON SCHEMA fund, legacy TO keptx_keeper, keptx_vendor;
GRANT CREATE ON SCHEMA legacy TO keptx_vendor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO keptx_keeper;
GRANT SELECT ON fund.person, fund.roster TO keptx_vendor;
ALTER TABLE legacy.mo OWNER TO keptx_vendor;
ALTER TABLE legacy.zay OWNER TO keptx_vendor;
ALTER TABLE legacy.prik OWNER TO keptx_vendor;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off", "identified": "off", "decision_order": "off"}');
CALL osms.fill_roster('fund', NULL);

-- the DBA's: limits that domains ask for, one by a function without a path, one by a pinned one
CREATE FUNCTION help.most() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN length('12345'); END $$;
CREATE FUNCTION help.bad() RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$ BEGIN RETURN '\W'; END $$;
CREATE DOMAIN help.code AS text CHECK (length(VALUE) <= help.most());
CREATE DOMAIN help.ident AS text CHECK (VALUE !~ help.bad());
CREATE FUNCTION own.length(text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 99 $$;
ALTER FUNCTION own.length OWNER TO keptx_vendor;
CREATE FUNCTION own.prime() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'own, pg_catalog', true), set_config('standard_conforming_strings', 'off', true),
        set_config('escape_string_warning', 'off', true);
    EXECUTE 'SELECT ''a''::help.code, ''a''::help.ident';
    RETURN NEW;
END $$;
ALTER FUNCTION own.prime OWNER TO keptx_vendor;
CREATE TRIGGER prime BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.prime();

SELECT plan(18);
SELECT lives_ok('UPDATE fund.organisation SET name = ''x'' WHERE organisation = 1', 'domains are met under a vendor''s settings');
SELECT is(pg_temp.verdict('SELECT ''123456''::help.code'), '23514 value for domain help.code violates check constraint "code_check"',
    'whose path is not kept for a limit');
SELECT is(pg_temp.verdict('SELECT ''a b''::help.ident'), '23514 value for domain help.ident violates check constraint "ident_check"',
    'nor his reading of texts');
DROP TRIGGER prime ON legacy.mo;
-- the session's prepared statements are not the vendor's to run
PREPARE keptx AS SELECT help.bad();
CREATE FUNCTION own.execute() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE NEW.name; RETURN NEW; END $$;
ALTER FUNCTION own.execute OWNER TO keptx_vendor;
CREATE TRIGGER execute BEFORE UPDATE ON legacy.mo FOR EACH ROW EXECUTE FUNCTION own.execute();
SELECT is(pg_temp.verdict(format('UPDATE fund.organisation SET name = %L WHERE organisation = 1', run)),
    '42501 EXECUTE must not run as role "keptx_vendor" while osms acts for others', run)
FROM (VALUES ('EXECUTE keptx'), ('EXPLAIN ANALYZE EXECUTE keptx'), ('CREATE TABLE own.t AS EXECUTE keptx')) t (run);
DROP TRIGGER execute ON legacy.mo;

-- an index that is empty as its owner has it, and full as others have it
SET ROLE keptx_vendor;
SET extra_float_digits = 0;
CREATE INDEX hollow ON legacy.prik (iin) WHERE iin IS NOT NULL AND (float8 '0.1' + float8 '0.2')::text = '0.30000000000000004';
CREATE INDEX hollow_too ON legacy.zay (iin) WHERE iin IS NOT NULL AND (float8 '0.1' + float8 '0.2')::text = '0.30000000000000004';
RESET extra_float_digits;
-- nor by what the owner of an object, or another setting, says
CREATE TEXT SEARCH CONFIGURATION own.words (COPY = pg_catalog.simple);
CREATE INDEX hollow_words ON legacy.zay (iin) WHERE iin IS NOT NULL AND to_tsvector('own.words', 'x') = ''::tsvector;
ALTER TEXT SEARCH CONFIGURATION own.words DROP MAPPING FOR asciiword;
SET timezone_abbreviations = 'Australia';
CREATE INDEX hollow_zone ON legacy.prik (iin) WHERE iin IS NOT NULL AND timezone('EST', timestamp '2000-01-01') = timestamptz
    '2000-01-01 05:00+00';
RESET timezone_abbreviations;
-- one that tells of the row alone is used
CREATE INDEX open_ones ON legacy.zay (iin) WHERE st IN ('submitted', 'identified') AND lower(iin) <> '';
RESET ROLE;
INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) OVERRIDING SYSTEM VALUE VALUES (101, '880715400075', 1, 'egov', 'choice',
    'submitted', now());
UPDATE legacy.zay SET st = 'identified' WHERE id = 101;
INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) OVERRIDING SYSTEM VALUE VALUES (102, '880715400075', 2, 'egov', 'choice',
    'submitted', now());
SELECT is(pg_temp.verdict('UPDATE legacy.zay SET st = ''identified'' WHERE id = 102'),
    '23505 one_open_application legacy.zay.st open_application in application 102', 'does not hide an open application');
-- nor a CHECK that holds as its owner has it, and proves to others that there is nothing
SELECT format('ALTER TABLE legacy.prik ADD CHECK (((%s) OPERATOR(osms.=) ANY (''{active,suspect,closed}''::osms.attachment_state[])) IS NOT TRUE OR (float8 ''0.1'' + float8 '
    '''0.2'')::text = ''0.3'')',
    r.expression) AS blind FROM osms_internal.mapped_reading('fund.attachment', 'state') r \gset
SET ROLE keptx_vendor;
SET extra_float_digits = 0;
:blind;
RESET extra_float_digits;
RESET ROLE;
SET constraint_exclusion = on;
SELECT is(pg_temp.verdict('UPDATE legacy.people SET died = ''2026-03-01'' WHERE iin = ''880715400075'''),
    '23514 what follows from the statement cannot be written to relation "attachment" of registry "fund": '
    'new row for relation "prik" violates check constraint "prik_st_check"', 'nor does a CHECK hide an attachment');
ALTER TABLE legacy.prik DROP CONSTRAINT prik_st_check;
UPDATE legacy.people SET died = '2026-03-01' WHERE iin = '880715400075';
RESET constraint_exclusion;
SELECT is((SELECT st || ' ' || d_end FROM legacy.prik WHERE iin = '880715400075'), 'closed 2026-03-02', 'nor an attachment from a death');

-- an index over a function whose text names another without its schema stops nobody
SET search_path = help, public, pg_catalog;
CREATE FUNCTION help.fold(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT translate($1, 'x', 'y') $$;
CREATE FUNCTION help.plain(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT fold(lower($1)) $$;
CREATE INDEX ON legacy.people (help.plain(obl));
CREATE INDEX ON legacy.prik (help.plain(prich));
RESET search_path;
SELECT is(pg_temp.verdict(call), 'ok', call) FROM (VALUES ('SELECT count(*) FROM osms.audit(''fund'')'), ('SELECT osms.guard(''fund'')'),
    ('SELECT count(*) FROM osms.check_registry(''fund'')'), ('SELECT count(*) FROM osms.verify(''fund'')')) t (call);
DROP INDEX legacy.people_plain_idx, legacy.prik_plain_idx;

-- who files an application of a person holds up no other
INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) OVERRIDING SYSTEM VALUE
VALUES (201, '900101300017', 1, 'egov', 'choice', 'submitted', now()), (202, '900101300017', 2, 'egov', 'choice', 'submitted', now());
SELECT is(pg_temp.verdict(w, 'UTC', 'SELECT st FROM legacy.zay WHERE id = 202'), 'ok replaced', w)
FROM (VALUES ('UPDATE legacy.zay SET st = ''identified'' WHERE id = 201'), ('UPDATE fund.application SET state = ''identified'' WHERE application = 201'),
    ('SET LOCAL ROLE keptx_vendor; UPDATE legacy.zay SET st = ''identified'' WHERE id = 201')) t (w);

-- nor does a trigger of his undo what a death does
CREATE FUNCTION own.skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
ALTER FUNCTION own.skip OWNER TO keptx_vendor;
INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('900101300017', 1, '2026-03-01', 'active');
CREATE TRIGGER skip BEFORE UPDATE ON legacy.prik FOR EACH ROW WHEN (NEW.prich = 'death') EXECUTE FUNCTION own.skip();
SELECT is(pg_temp.verdict('UPDATE legacy.people SET died = ''2026-05-01'' WHERE iin = ''900101300017'''),
    '27000 relation "attachment" of registry "fund" has not kept what follows from the statement', 'without being told');
-- a row without a key that somebody holds: test/specs/keyless.spec
SELECT is(pg_temp.verdict('SELECT osms_internal.known_moment(''own.none'')'), '42P01 relation "own.none" does not exist',
    'a moment is asked of a table');
DROP SCHEMA fund, legacy, own, help, trap CASCADE;
DROP OWNED BY keptx_vendor, keptx_keeper;
DROP ROLE keptx_vendor, keptx_keeper;
SELECT finish();

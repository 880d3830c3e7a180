-- Whoever owns a mapped table cannot have his code run by who looks at it: the guard, as the roster's owner, or a superuser who audits.
\ir hostile.psql
SELECT plan(48);
CREATE ROLE looking_vendor LOGIN;
CREATE ROLE looking_owner LOGIN;
CREATE ROLE looking_analyst LOGIN;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
CREATE FUNCTION legacy.catch(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.spring($1); RETURN true; END $$;
CREATE FUNCTION legacy.catch_text(text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM trap.spring($1); RETURN NULL; END $$;
ALTER FUNCTION trap.spring(text) VOLATILE;
ALTER FUNCTION legacy.catch(text) OWNER TO looking_vendor;
ALTER FUNCTION legacy.catch_text(text) OWNER TO looking_vendor;
GRANT USAGE, CREATE ON SCHEMA legacy TO looking_vendor;
GRANT USAGE ON SCHEMA fund TO looking_vendor;
GRANT SELECT ON fund.person, fund.roster TO looking_vendor;
-- what the attacker learns from running, in a way that a failing statement does not undo
CREATE SEQUENCE trap.sprung;
GRANT ALL ON SEQUENCE trap.sprung TO PUBLIC;
CREATE OR REPLACE FUNCTION trap.spring(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'looking_vendor' THEN PERFORM nextval('trap.sprung'); END IF;
END $$;
SELECT nextval('trap.sprung');

-- the vendor keeps the list of clerks, and everything else is the DBA's
ALTER TABLE legacy.clerks OWNER TO looking_vendor;
GRANT INSERT, UPDATE, SELECT ON legacy.zay TO looking_vendor;
SELECT osms.guard('fund', '{"same_territory": "off"}');
CALL osms.fill_roster('fund', NULL);
INSERT INTO legacy.zay (iin, mo, kanal, osn, st, sub) VALUES ('900101300017', 1, 'service_centre', 'moved', 'submitted',
    now() - interval '1 hour');
INSERT INTO fund.identity_event (person, application, channel, method, clerk, at)
    VALUES ('900101300017', 1, 'service_centre', 'document', 'clerk7', now());
CREATE FUNCTION pg_temp.calls() RETURNS TABLE (statement text) LANGUAGE sql AS $$ VALUES
    ('UPDATE legacy.zay SET st = ''identified'' WHERE id = 1'), ('SELECT count(*) FROM osms.audit(''fund'')'),
    ('SELECT count(*) FROM osms.verify(''fund'')'), ('SELECT count(*) FROM osms.check_registry(''fund'')'),
    ('SELECT count(*) FROM osms.statement(''fund'', ''2026-01-01'')'), ('SELECT osms.report(''fund'', ''2026-01-01'')'),
    ('SELECT count(*) FROM osms.history(''fund'', ''880715400075'')'),
        ('SELECT count(*) FROM osms.sift(''fund'', ''clerk'', ''legacy.mo'')'),
    ('SELECT osms.detach(''fund'', ''880715400075'', current_date, ''left_country'')') $$;
-- each call in a transaction that is undone, whether it fails or not; has anything of the vendor's run?
CREATE FUNCTION pg_temp.sprung(attack text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c record;
    before bigint := (SELECT last_value FROM trap.sprung);
BEGIN
    FOR c IN SELECT * FROM pg_temp.calls() LOOP
        BEGIN
            SET LOCAL ROLE looking_vendor;
            EXECUTE attack;
            SET LOCAL ROLE NONE;
            EXECUTE c.statement;
            RAISE EXCEPTION 'undo';
        EXCEPTION WHEN OTHERS THEN
            IF (SELECT last_value FROM trap.sprung) <> before THEN
                RETURN NEXT c.statement;
                before := (SELECT last_value FROM trap.sprung);
            END IF;
        END;
    END LOOP;
END $$;
SELECT is_empty(format('SELECT pg_temp.sprung(%L)', attack), what) FROM (VALUES
    ('CREATE INDEX ON legacy.clerks (login) WHERE legacy.catch(''predicate'')', 'the predicate of an index'),
    ('CREATE INDEX ON legacy.clerks ((login || legacy.catch(''expression'')::text))', 'the expression of an index'),
    ('CREATE STATISTICS legacy.s ON (login || legacy.catch(''s'')::text), role FROM legacy.clerks', 'extended statistics'),
    ('ALTER TABLE legacy.clerks ADD CHECK (legacy.catch(''check''))', 'a check constraint'),
    ('ALTER TABLE legacy.clerks ALTER COLUMN role SET DEFAULT legacy.catch_text(''default'')', 'a default'),
    ('ALTER TABLE legacy.clerks ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON legacy.clerks USING (legacy.catch(''policy''))', 'a policy'),
    ('ALTER TABLE legacy.clerks ENABLE ROW LEVEL SECURITY; ALTER TABLE legacy.clerks FORCE ROW LEVEL SECURITY; CREATE POLICY p ON '
        'legacy.clerks USING (legacy.catch(''policy''))',
        'a policy that is forced')) a (attack, what);
SELECT CASE WHEN current_setting('server_version_num')::integer < 160000
       THEN is_empty($$SELECT pg_temp.sprung('DELETE FROM legacy.clerks; CREATE RULE "_RETURN" AS ON SELECT TO legacy.clerks DO INSTEAD
                SELECT legacy.catch_text(''view'') AS login, NULL::text AS role')$$, 'a view in the place of the table')
       ELSE pass('a table cannot become a view') END;
SELECT CASE WHEN current_setting('server_version_num')::integer < 160000
       THEN is_empty(
           $$SELECT pg_temp.sprung(
           'CREATE FUNCTION legacy.eq(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS ''BEGIN PERFORM legacy.catch_text($1); '
           'RETURN true; END'';
                CREATE OPERATOR legacy.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = legacy.eq, RESTRICT = eqsel);
                CREATE TABLE legacy.shadow AS SELECT ''clerk7''::text AS login FROM generate_series(1, 1000); ANALYZE legacy.shadow;
                DELETE FROM legacy.clerks; CREATE RULE "_RETURN" AS ON SELECT TO legacy.clerks DO INSTEAD
                SELECT s.login, NULL::text AS role FROM legacy.shadow s WHERE s.login OPERATOR(legacy.===) ''clerk7''')$$,
                    'nor does the planner call an operator of it to estimate')
       ELSE pass('a table cannot become a view') END;

-- the guarded table itself is the vendor's
ALTER TABLE legacy.prik OWNER TO looking_vendor;
ALTER TABLE legacy.people OWNER TO looking_vendor;
SELECT osms.guard('fund');
CREATE OR REPLACE FUNCTION pg_temp.calls() RETURNS TABLE (statement text) LANGUAGE sql AS $$ VALUES
    ('INSERT INTO fund.attachment (person, organisation, state, since) VALUES (''900101300017'', 1, ''active'', ''2020-01-01'')'),
    ('SELECT count(*) FROM osms.audit(''fund'')'), ('SELECT count(*) FROM osms.verify(''fund'')'),
    ('CALL osms.fill_roster(''fund'', NULL)'), ('SELECT count(*) FROM osms.plan(''fund'')'),
    ('CREATE TEMP TABLE staging AS SELECT ''900101300017''::text iin, 1 mo, date ''2026-02-01'' d_beg, ''active''::text st; SELECT '
        'count(*) FROM osms.sift(''fund'', ''attachment'', ''staging'')'),
    ('SELECT osms.register_death(''fund'', ''900101300017'', current_date)'), ('SELECT osms.close_month(''fund'', ''2026-01-01'')'),
    ('SELECT count(*) FROM osms.unattached(''fund'', current_date)'), ('SELECT osms.explain_attachment(''fund'', ''1'')'),
        ('SELECT osms.repair_overlaps(''fund'')') $$;
SELECT is_empty(format('SELECT pg_temp.sprung(%L)', attack), what) FROM (VALUES
    ('CREATE INDEX ON legacy.prik (iin) WHERE legacy.catch(''predicate'')', 'guarded table: the predicate of an index'),
    ('CREATE INDEX ON legacy.people (iin) WHERE legacy.catch(''predicate'')', 'persons: the predicate of an index'),
    ('ALTER TABLE legacy.prik ALTER COLUMN prich SET DEFAULT legacy.catch_text(''default'')', 'guarded table: a default that sift reads'),
    ('ALTER TABLE legacy.prik ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON legacy.prik USING (legacy.catch(''policy''))',
        'guarded table: a policy'),
    ('ALTER TABLE legacy.prik ADD CHECK (legacy.catch(''check''))', 'guarded table: a check constraint'),
    ('CREATE DOMAIN legacy.word AS text CHECK (legacy.catch(VALUE)); ALTER TABLE legacy.prik ADD extra legacy.word DEFAULT ''x''',
        'guarded table: a domain'),
    ('CREATE FUNCTION legacy.t() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN PERFORM legacy.catch_text(TG_NAME); RETURN NULL; END'';
      CREATE TRIGGER t AFTER UPDATE ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.t();
      CREATE CONSTRAINT TRIGGER u AFTER UPDATE ON legacy.prik DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION legacy.t()',
          'guarded table: triggers')) a (attack, what);
-- a default is worked out as the owner of the table, and known to sift
ALTER TABLE legacy.prik ALTER COLUMN prich SET DEFAULT legacy.catch_text('default');
CREATE TEMP TABLE staging AS SELECT '900101300017'::text iin, 1 mo, date '2026-02-01' d_beg, 'active'::text st;
SELECT results_eq($$SELECT rule, finding FROM osms.sift('fund', 'attachment', 'staging')$$,
    $$VALUES ('basis', 'no_basis'), ('no_backdating', 'backdated')$$, 'sift judges');
ALTER TABLE legacy.prik ALTER COLUMN prich DROP DEFAULT;

-- keys of a domain of the vendor's, whose check would be evaluated wherever a key is cast
CREATE SCHEMA keyed;
GRANT USAGE, CREATE ON SCHEMA keyed TO looking_vendor;
SET ROLE looking_vendor;
CREATE DOMAIN keyed.number AS text;
CREATE TABLE keyed.people (id keyed.number PRIMARY KEY, born date, died date);
CREATE TABLE keyed.att (id bigint PRIMARY KEY, pers keyed.number, mo integer, st text, d1 date, d2 date, why text);
CREATE INDEX ON keyed.att (pers);
INSERT INTO keyed.people VALUES ('a', '1980-01-01'), ('b', '1990-01-01');
INSERT INTO keyed.att VALUES (1, 'a', 1, '1', '2020-01-01');
RESET ROLE;
SELECT osms.create_registry('keys', tables => false, cut_over => '2026-01-01');
SELECT osms.map('keys', 'person', 'keyed.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('keys', 'attachment', 'keyed.att',
    '{"attachment": "id", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["2"], "annulled": ["0"]}');
GRANT USAGE ON SCHEMA keys TO looking_vendor;
GRANT SELECT ON keys.person, keys.roster TO looking_vendor;
SELECT osms.guard('keys');
CREATE OR REPLACE FUNCTION pg_temp.calls() RETURNS TABLE (statement text) LANGUAGE sql AS $$ VALUES
    ('CALL osms.fill_roster(''keys'', NULL)'), ('SELECT count(*) FROM osms.audit(''keys'')'),
        ('SELECT count(*) FROM osms.verify(''keys'')'), ('SELECT osms.detach(''keys'', ''a'', current_date, ''left_country'')'),
    ('SELECT count(*) FROM osms.history(''keys'', ''a'')'), ('SELECT osms.register_death(''keys'', ''b'', current_date)') $$;
SELECT is_empty($$SELECT pg_temp.sprung('ALTER DOMAIN keyed.number ADD CHECK (legacy.catch(VALUE)) NOT VALID')$$, 'keys of a domain');

-- the owner of a registry, no superuser, whose view means ill, or whose vendor does; a superuser and an analyst look
CREATE SCHEMA own AUTHORIZATION looking_owner;
GRANT CREATE ON DATABASE :DBNAME TO looking_owner;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA osms, osms_internal TO looking_owner;
SET ROLE looking_owner;
CREATE TABLE own.people (id bigint PRIMARY KEY, born date, sex text, died date);
CREATE TABLE own.att (id bigint PRIMARY KEY, pers bigint, mo integer, st text, d1 date, d2 date, why text);
CREATE INDEX ON own.att (pers);
INSERT INTO own.people VALUES (1, '1980-01-01', 'male');
INSERT INTO own.att VALUES (1, 1, 1, '1', '2020-01-01');
CREATE FUNCTION own.kind(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
SELECT osms.create_registry('third', tables => false, cut_over => '2026-01-01');
SELECT osms.map('third', 'person', 'own.people',
    '{"person": "id", "birth_date": "born", "death_date": "died", "sex": "osms.read_sex(own.kind(sex))"}');
SELECT osms.map('third', 'attachment', 'own.att',
    '{"attachment": "id", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["2"], "annulled": ["0"]}');
SELECT osms.guard('third');
CALL osms.fill_roster('third', NULL);
SELECT lives_ok($$SELECT osms.audit('third')$$, 'the owner''s own functions run for him');
RESET ROLE;
GRANT USAGE ON SCHEMA third TO looking_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA third TO looking_analyst;
SELECT throws_ok($$SELECT * FROM osms.verify('third')$$, '42501', NULL, 'for a superuser they do not, even where they would be inlined');
SET ROLE looking_owner;
CREATE OR REPLACE FUNCTION own.kind(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN IF current_user NOT IN ('looking_owner', 'looking_vendor') THEN PERFORM nextval('trap.sprung'); END IF; RETURN $1; END $$;
RESET ROLE;
SELECT setval('trap.sprung', 1);
SELECT throws_ok('SELECT * FROM osms.verify(''third'')', '42501', NULL, 'but not by the owner''s function');
SELECT throws_ok('SELECT * FROM osms.audit(''third'')', '42501', NULL, 'nor audit');
SET ROLE looking_analyst;
SELECT throws_ok('SELECT * FROM osms.verify(''third'')', '42501', NULL, 'nor does it run for an analyst');
RESET ROLE;
SELECT is((SELECT last_value FROM trap.sprung), 1::bigint, 'none of it ran');
-- functions of PostgreSQL's own with effects, which a view of the owner would have a superuser call
SELECT pg_temp.sprung('SELECT');
SELECT throws_ok(format('SET osms.restrict_functions = ''all''; SELECT %s', call), '42501', NULL, call) FROM (VALUES
    ('set_config(''osms.restrict_functions'', ''off'', false)'), ('pg_read_file(''postgresql.conf'')'), ('lo_create(0)'),
        ('nextval(''trap.sprung'')'),
    ('pg_terminate_backend(0)'), ('pg_notify(''a'', ''b'')'), ('pg_advisory_lock(1)'),
        ('query_to_xml(''SELECT 1'', true, true, '''')')) c (call);
RESET osms.restrict_functions;
SELECT lives_ok(
    'SET osms.restrict_functions = ''all''; SELECT clock_timestamp(), now(), upper(''a''), lower(int4range(1, 2)); RESET '
    'osms.restrict_functions', 'what has none runs');
SELECT throws_ok('SET osms.restrict_functions = ''some''', '22023', NULL, 'it has three values');

-- what check_registry tells of it
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('fund') WHERE problem ~ 'trust|superuser|deferred|belongs'
    ORDER BY 1, 3$$, $$VALUES
    ('attachment', 'warning',
        'table legacy.prik belongs to role looking_vendor, whom the owner of the registry, postgres, has no reason to trust'),
    ('clerk', 'warning',
        'table legacy.clerks belongs to role looking_vendor, whom the owner of the registry, postgres, has no reason to trust'),
    ('person', 'warning',
        'table legacy.people belongs to role looking_vendor, whom the owner of the registry, postgres, has no reason to trust'),
    ('roster', 'warning', 'role postgres, who owns the registry, is a superuser')$$, 'sources of others and a superuser are told of');
SELECT is((SELECT string_agg(problem, '; ') FROM osms.check_registry('third') WHERE relation = 'roster' AND severity = 'warning'),
    'role looking_owner, who owns the registry, may log in, owns more than the registry; '
    'the roster was filled under another mapping, other tables or another guard than stand now',
    'so is an owner with more than the registry, and that a function of his mapping is another');
SELECT osms.create_registry('other', tables => false);
GRANT USAGE ON SCHEMA other TO looking_owner;
SELECT throws_ok($$SELECT osms.map('other', 'person', 'own.people',
    '{"person": "id", "birth_date": "born", "death_date": "died", "sex": "osms.read_sex(own.kind(sex))"}')$$,
    '42501', 'function own.kind(text) must not run as role "postgres" while osms acts for others',
        'a mapping by somebody else''s function is refused');
SELECT osms.map('other', 'person', 'own.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('other', 'attachment', 'own.att',
    '{"attachment": "id", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["2"], "annulled": ["0"]}');

-- every function that reads a registry is restricted, and those that only look see all rows or none
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace) AND l.lanname = 'plpgsql' AND p.prokind = 'f'
        AND p.proargnames[1] = 'registry'
      AND 'osms.restrict_functions=all' <> ALL (coalesce(p.proconfig, '{}'))
      AND p.proname NOT IN ('create_registry', 'add_relation', 'add_own_relation', 'add_derived_relations', 'add_money_relations',
          'index_sites', 'close_to_others',
          'map', 'map_relation', 'map_events', 'mapped_key_type', 'check_reader', 'hand_over', 'grant_to_keeper', 'set_keeper',
              'put_keep_triggers',
          'guard', 'guard_payment', 'unguard', 'put_triggers', 'mend_mappings', 'check_one_guard')$$, 'only set-up is not restricted');

SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace) AND l.lanname = 'plpgsql' AND p.prosrc ~ 'EXECUTE'
        AND has_function_privilege('public', p.oid, 'EXECUTE')
      AND NOT coalesce(p.proconfig, '{}') && '{osms.restrict_functions=all,osms.restrict_functions=strict}'$$,
          'whatever runs statements that it makes, and everybody may call, is restricted');

-- a keeper
CREATE ROLE looking_keeper;
SELECT throws_ok(format('SELECT osms.create_registry(''kept'', keeper => %L)', keeper), state, message, coalesce(keeper, 'no keeper'))
    FROM (VALUES
    ('looking_nobody', '42704', 'role "looking_nobody" does not exist'), ('postgres', '22023', 'role "postgres" cannot keep a registry'),
    ('looking_owner', '22023', 'role "looking_owner" cannot keep a registry')) k (keeper, state, message);
SET ROLE looking_owner;
SELECT throws_ok('SELECT osms.create_registry(''kept'', keeper => ''looking_keeper'')', '42501',
    'permission denied to give a registry to role "looking_keeper"', 'only who is a member gives to it');
RESET ROLE;
SELECT osms.create_registry('kept', cut_over => '2026-01-01', keeper => 'looking_keeper');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'kept'::regnamespace
    AND c.relowner <> 'looking_keeper'::regrole$$, 'everything is the keeper''s');
SELECT is_empty($$SELECT problem FROM osms.check_registry('kept') WHERE severity <> 'info'$$, 'and nothing is to be mended');
SELECT osms.set_keeper('other', 'looking_keeper');
SELECT results_eq($$SELECT actor, event::text, state_before, state_after FROM other.journal WHERE relation = 'registry' AND event = 'U'$$,
    $$VALUES ('postgres', 'U', 'postgres', 'looking_keeper')$$, 'the journal tells who gave it away');
SELECT results_eq($$SELECT r.privilege_type FROM pg_class c, aclexplode(c.relacl) r
    WHERE c.oid = 'own.people'::regclass AND r.grantee = 'looking_keeper'::regrole ORDER BY 1$$,
    $$VALUES ('DELETE'), ('INSERT'), ('SELECT'), ('UPDATE')$$, 'a keeper is given what the mapping needs');
SELECT results_eq($$SELECT DISTINCT c.relowner::regrole::text FROM pg_class c
    WHERE c.relnamespace = 'other'::regnamespace$$, $$VALUES ('looking_keeper')$$, 'and all of a registry that was another''s');
SET client_min_messages = error;
DROP SCHEMA kept, other, third, own, keys, keyed, fund CASCADE;
REASSIGN OWNED BY looking_vendor TO postgres;
DROP OWNED BY looking_vendor, looking_owner, looking_analyst, looking_keeper;
DROP ROLE looking_vendor, looking_owner, looking_analyst, looking_keeper;
SELECT finish();

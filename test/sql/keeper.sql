-- What is told of a keeper who lacks rights, of a mapper who may not give them, and of a guard whose registry is gone.
\ir hostile.psql
SELECT plan(14);
SET client_min_messages = error;
CREATE ROLE keeper_keeper;
CREATE ROLE keeper_dba;
CREATE ROLE keeper_vendor;
CREATE ROLE keeper_friend;
GRANT keeper_keeper TO keeper_dba;
GRANT CREATE ON DATABASE :DBNAME TO keeper_dba;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA osms, osms_internal TO keeper_dba;
GRANT USAGE ON SCHEMA legacy TO keeper_dba, keeper_vendor;
ALTER TABLE legacy.people OWNER TO keeper_vendor;
ALTER TABLE legacy.prik OWNER TO keeper_vendor;
SET ROLE keeper_dba;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01', keeper => 'keeper_keeper');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "iin", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('fund', 'attachment', 'legacy.prik',
    '{"attachment": "id", "person": "iin", "organisation": "mo", "since": "d_beg", "until": "d_end", "state": "st", "reason": "prich"}');
SELECT results_eq($$SELECT relation, severity, problem, hint FROM osms.check_registry('fund') WHERE problem LIKE 'role keeper_keeper%'
    ORDER BY severity, relation, problem$$, $$VALUES
    ('attachment', 'error', 'role keeper_keeper, who owns the mapped relation "attachment", may not SELECT table legacy.prik',
        'GRANT SELECT ON legacy.prik TO keeper_keeper.'),
    ('attachment', 'error', 'role keeper_keeper, who owns the mapped relation "attachment", may not UPDATE table legacy.prik',
        'GRANT UPDATE ON legacy.prik TO keeper_keeper.'),
    ('person', 'error', 'role keeper_keeper, who owns the mapped relation "person", may not SELECT table legacy.people',
        'GRANT SELECT ON legacy.people TO keeper_keeper.'),
    ('person', 'error', 'role keeper_keeper, who owns the mapped relation "person", may not UPDATE table legacy.people',
        'GRANT UPDATE ON legacy.people TO keeper_keeper.'),
    ('attachment', 'warning', 'role keeper_keeper, who owns the mapped relation "attachment", may not INSERT table legacy.prik',
        'GRANT INSERT ON legacy.prik TO keeper_keeper: nothing is written through the registry otherwise.'),
    ('person', 'warning', 'role keeper_keeper, who owns the mapped relation "person", may not INSERT table legacy.people',
        'GRANT INSERT ON legacy.people TO keeper_keeper: nothing is written through the registry otherwise.')$$,
    'what the keeper lacks is named');
RESET ROLE;
SELECT results_eq($$SELECT statement FROM osms.plan('fund') WHERE statement LIKE 'GRANT%keeper_keeper' ORDER BY 1$$, $$VALUES
    ('GRANT SELECT ON legacy.people TO keeper_keeper'), ('GRANT SELECT ON legacy.prik TO keeper_keeper'),
        ('GRANT UPDATE ON legacy.people TO keeper_keeper'), ('GRANT UPDATE ON legacy.prik TO keeper_keeper')$$,
    'and plan prints it');
SELECT statement FROM osms.plan('fund') WHERE statement LIKE 'GRANT%' \gexec
SELECT is_empty($$SELECT * FROM osms.check_registry('fund') WHERE severity = 'error'$$, 'as printed it is enough');
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);
SELECT throws_ok($$INSERT INTO fund.attachment (person, organisation, state, since) VALUES ('900101300017', 1, 'active', '2026-02-01')$$,
    '42501', 'permission denied for table prik', 'what he may not write is refused');
UPDATE legacy.people SET died = '2026-05-05' WHERE iin = '880715400075';
SELECT results_eq('SELECT st, d_end FROM legacy.prik', $$VALUES ('closed', date '2026-05-06')$$, 'a death has its consequences');
REVOKE ALL ON legacy.people FROM keeper_keeper;
SELECT is((SELECT count(*) FROM osms.check_registry('fund') WHERE severity = 'error' AND relation = 'person'), 2::bigint,
    'a right that is taken back is told of');
SELECT throws_ok($$SELECT osms.guard('fund')$$, '55000', NULL, 'and stops the guard');

-- the schema is renamed or dropped, and the guard stays
ALTER SCHEMA fund RENAME TO fonds;
SELECT throws_ok($$INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('900101300017', 1, '2026-02-01', 'active')$$, '3F000',
    'registry "fund" does not exist', 'a guard without its registry refuses');
SELECT lives_ok($$SELECT osms.unguard('fund')$$, 'and is removed by its name');
SELECT is_empty('SELECT * FROM osms.guards', 'nothing is left of it');
DROP SCHEMA fonds, legacy CASCADE;

-- who kept a registry before leaves nobody rights on what osms writes there, on no column either
RESET ROLE;
SET ROLE keeper_dba;
SELECT osms.create_registry('left', keeper => 'keeper_dba');
GRANT USAGE ON SCHEMA "left" TO keeper_friend;
GRANT SELECT ON "left".roster, "left".person TO keeper_friend;
GRANT SELECT (person), INSERT (person), REFERENCES (attachment) ON "left".roster TO keeper_friend;
GRANT SELECT (key), UPDATE (key) ON "left".journal TO keeper_friend;
GRANT SELECT (person) ON "left".person TO keeper_friend;
SELECT is((SELECT count(*) FROM pg_attribute a, aclexplode(a.attacl)
    WHERE attrelid::regclass::text ~ '^"left"' AND grantee = 'keeper_friend'::regrole), 6::bigint, 'a friend has rights on columns');
RESET ROLE;
SELECT throws_ok('SELECT osms.create_registry(''none'', tables => NULL)', '22004',
    'argument "tables" of osms.create_registry must not be null', 'tables or none is to be said');
SELECT throws_ok('SELECT osms.set_keeper(''left'', NULL)', '22004', 'argument "keeper" of osms.set_keeper must not be null',
    'a registry needs somebody who keeps it');
SELECT osms.set_keeper('left', 'keeper_keeper');
SELECT set_eq($$SELECT c.relname::text, acl.privilege_type FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.relnamespace = '"left"'::regnamespace AND acl.grantee = 'keeper_friend'::regrole
    UNION ALL SELECT c.relname, acl.privilege_type FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) acl
        WHERE c.relnamespace = '"left"'::regnamespace AND acl.grantee = 'keeper_friend'::regrole$$, $$VALUES ('person', 'SELECT')$$,
        'and under a new keeper none but on what an application writes');
DROP SCHEMA "left" CASCADE;
DROP OWNED BY keeper_dba, keeper_keeper, keeper_vendor, keeper_friend;
DROP ROLE keeper_dba, keeper_keeper, keeper_vendor, keeper_friend;
SELECT finish();

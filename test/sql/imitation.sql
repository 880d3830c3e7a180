-- What only looks like something of osms is not taken for it.
\ir hostile.psql
SELECT plan(8);
CREATE ROLE imitation_vendor;
CREATE ROLE imitation_setter;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);
ALTER TABLE legacy.prik OWNER TO imitation_vendor;
GRANT USAGE, CREATE ON SCHEMA legacy TO imitation_vendor;
GRANT USAGE ON SCHEMA fund TO imitation_vendor;
GRANT SELECT ON fund.person, fund.roster TO imitation_vendor;

-- a trigger function of the same name, with modes of its own
SET ROLE imitation_vendor;
CREATE FUNCTION legacy.guard_set() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER aaa AFTER INSERT ON legacy.prik FOR EACH STATEMENT
    EXECUTE FUNCTION legacy.guard_set('fund', 'attachment', 'one_attachment=off');
BEGIN;
INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('900101300017', 1, '2026-02-01', 'active'),
    ('900101300017', 2, '2026-02-01', 'active');
ALTER TABLE legacy.prik ALTER COLUMN st SET STATISTICS 99;	-- the session forgets the guard
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23P01', 'person would be attached twice on the same day',
    'modes are read from the guard''s own triggers');
ROLLBACK;
RESET ROLE;

-- a registry that is renamed takes its guard's registry away
ALTER SCHEMA fund RENAME TO fonds;
SELECT throws_ok($$INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('900101300017', 1, '2026-02-01', 'active')$$, '3F000',
    'registry "fund" does not exist', 'a registry is the name of a schema');
CREATE SCHEMA fund;
CREATE TABLE fund.roster (attachment bigint, person text);
SELECT throws_ok($$INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('900101300017', 1, '2026-02-01', 'active')$$, '42P01', NULL,
    'and not whatever has that name');
DROP SCHEMA fund CASCADE;
ALTER SCHEMA fonds RENAME TO fund;

-- types whose input is somebody's code
CREATE DOMAIN legacy.odd AS text CHECK (VALUE::integer > 0);
CREATE TYPE legacy.pair AS (a legacy.odd);
SELECT throws_ok(format('SELECT osms.read_value(%L, NULL::%s)', value, type), '42804', 'a text is not read as type ' || type, type)
FROM (VALUES ('x', 'legacy.odd'), ('{x}', 'legacy.odd[]'), ('(x)', 'legacy.pair'), ('[1,x)', 'int4range')) t (value, type);

-- the journal tells of acts of those who may act
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA osms, osms_internal TO imitation_setter;
SET ROLE imitation_setter;
SELECT throws_ok($$SELECT osms_internal.note_act('fund', 'guard', 'D', 'attachment', reason => 'forged')$$, '42501',
    'permission denied for the journal of registry "fund"', 'nobody else writes there');
RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA fund, legacy CASCADE;
DROP OWNED BY imitation_vendor, imitation_setter;
DROP ROLE imitation_vendor, imitation_setter;
SELECT finish();

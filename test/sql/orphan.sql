-- What is gone or renamed under a guard: osms.guards tells, the way out works, and no write dies without a word of what to do.
SET client_min_messages = error;
SELECT * FROM no_plan();
\ir verdict.psql
CREATE SCHEMA vendor;
CREATE TABLE vendor.pat (id int PRIMARY KEY, born date, died date);
CREATE TABLE vendor.reg (no int PRIMARY KEY, pat int, clinic int, d1 date, d2 date, st text, why text, note text);
CREATE INDEX ON vendor.reg (pat);
INSERT INTO vendor.pat SELECT i, '1980-01-01' FROM generate_series(1, 5) i;
INSERT INTO vendor.reg SELECT i, i, 10, '2020-01-01', NULL, 'A' FROM generate_series(1, 5) i;
SELECT osms.create_registry('orphan', tables => false, cut_over => '2030-01-01');
SELECT osms.map('orphan', 'person', 'vendor.pat', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('orphan', 'attachment', 'vendor.reg', '{"attachment": "no", "person": "pat", "organisation": "clinic", "since": "d1", "until": "d2", "state": "st", "reason": "why"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('orphan');
CALL osms.fill_roster('orphan', NULL);
-- a verdict with its hint
CREATE FUNCTION pg_temp.told(setup text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    hint text;
BEGIN
    BEGIN
        EXECUTE setup;
        EXECUTE statement;
        RAISE SQLSTATE 'ZZZZZ';
    EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
        RETURN 'ok';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
        RETURN concat_ws(' ', SQLSTATE, message, hint);
    END;
END $$;
\set death 'UPDATE vendor.pat SET died = $q$2025-03-01$q$ WHERE id = 1'
\set attach 'INSERT INTO vendor.reg (no, pat, clinic, d1, st) VALUES (9, 5, 20, $q$2026-01-01$q$, $q$A$q$)'

-- schemas and relations: told by guards, refused in words, and taken off
SELECT is(pg_temp.told(setup, :'death'), expected, 'a death after ' || setup) FROM (VALUES
    ('DROP SCHEMA orphan CASCADE', '3F000 registry "orphan" does not exist Make it with osms.create_registry(), or rename its schema back; osms.unguard(''orphan'') removes a guard that it left behind.'),
    ('ALTER SCHEMA orphan RENAME TO adopted', '3F000 registry "orphan" does not exist Make it with osms.create_registry(), or rename its schema back; osms.unguard(''orphan'') removes a guard that it left behind.'),
    ('DROP VIEW orphan.person', '42P01 registry "orphan" lacks relation "person" Map it with osms.map(). Until then osms.unguard(''orphan'') lets the tables be written without a guard.'),
    ('DROP TABLE orphan.setting', '42P01 registry "orphan" has lost its table "setting" Put it back, with what it held. Until then osms.unguard(''orphan'') lets the tables be written without a guard.'),
    ('ALTER TABLE orphan.journal RENAME TO diary', '42P01 registry "orphan" has lost its table "journal" Put it back, with what it held. Until then osms.unguard(''orphan'') lets the tables be written without a guard.'),
    ('DROP TABLE orphan.pending', '42P01 registry "orphan" has lost its table "pending" Put it back, with what it held. Until then osms.unguard(''orphan'') lets the tables be written without a guard.'),
    ('DROP TABLE orphan.import', '42P01 registry "orphan" has lost its table "import" Put it back, with what it held. Until then osms.unguard(''orphan'') lets the tables be written without a guard.'),
    ('DROP TABLE orphan.roster', '42P01 registry "orphan" has no roster Map the relation "attachment" with osms.map(); osms.unguard(''orphan'') removes a guard that is left.'),
    ('DROP TABLE orphan.attested_number', 'ok'), ('ALTER SCHEMA vendor RENAME TO supplier; CREATE SCHEMA vendor; CREATE VIEW vendor.pat AS SELECT * FROM supplier.pat', 'ok')) v (setup, expected);
SELECT is(pg_temp.told('DROP VIEW orphan.attachment', :'attach'), '42P01 registry "orphan" lacks relation "attachment" Map it with osms.map(). Until then osms.unguard(''orphan'') lets the tables be written without a guard.', 'an attachment without its view');
\set problems 'SELECT string_agg(DISTINCT problem, $q$; $q$) FROM osms.guards WHERE source::text LIKE $q$vendor%$q$'
SELECT is(pg_temp.verdict(setup, probe => :'problems'), 'ok ' || expected, 'guards tell: ' || setup) FROM (VALUES
    ('DROP SCHEMA orphan CASCADE', 'there is no schema "orphan"'), ('ALTER SCHEMA orphan RENAME TO adopted', 'there is no schema "orphan"'),
    ('DROP VIEW orphan.person', 'the registry has lost "person"'), ('DROP VIEW orphan.attachment', 'the registry has lost "attachment"'),
    ('DROP TABLE orphan.journal, orphan.pending', 'the registry has lost "journal", "pending"'), ('DROP TABLE orphan.setting', 'the registry has lost "setting"')) v (setup, expected);
SELECT is(pg_temp.verdict(setup || '; SELECT osms.unguard(''orphan''); ' || :'death' || '; ' || :'attach', probe => 'SELECT count(*) FROM osms.guards'), 'ok 0', 'unguard: ' || setup) FROM unnest(ARRAY['DROP SCHEMA orphan CASCADE',
    'ALTER SCHEMA orphan RENAME TO adopted', 'DROP VIEW orphan.person', 'DROP VIEW orphan.attachment', 'DROP TABLE orphan.setting', 'DROP TABLE orphan.roster',
    'DROP TABLE orphan.journal', 'DROP TABLE orphan.pending', 'ALTER TABLE orphan.journal RENAME actor TO who', 'ALTER TABLE orphan.setting RENAME roster_complete TO complete']) setup;
SELECT is(pg_temp.verdict('ALTER SCHEMA orphan RENAME TO adopted; SELECT osms.guard(''adopted'')'), '55000 table vendor.reg is guarded for registry "orphan"', 'the guard of the old name goes first');
SELECT is(pg_temp.verdict('ALTER SCHEMA orphan RENAME TO adopted; SELECT osms.unguard(''orphan''), osms.guard(''adopted''); ' || :'death', probe => 'SELECT until FROM adopted.roster WHERE person = 1 AND known_to = ''infinity'''), 'ok 2025-03-02',
    'a registry that was renamed is guarded under its new name');
SELECT is(pg_temp.verdict('DROP TABLE orphan.pending', probe => $$SELECT string_agg(problem, '; ') FROM osms.check_registry('orphan') WHERE severity = 'error'$$), 'ok the registry has lost its table "pending"', 'check_registry tells');

-- columns of the vendor: a mapping follows them
SELECT is(pg_temp.verdict('ALTER TABLE vendor.reg RENAME ' || renamed || '; ' || :'death', probe => 'SELECT concat_ws('' '', state, until, reason) FROM orphan.attachment WHERE attachment = 1'), 'ok closed 2025-03-02 death', 'a death after ' || renamed)
FROM unnest('{no TO number,d2 TO d_end,st TO status,why TO reason}'::text[]) renamed;
SELECT is(pg_temp.verdict('ALTER TABLE vendor.pat RENAME died TO dead; SELECT osms.register_death(''orphan'', ''1'', ''2025-03-01'')', probe => 'SELECT dead FROM vendor.pat WHERE id = 1'), 'ok 2025-03-01', 'a call after died TO dead');
SELECT is(pg_temp.verdict('ALTER TABLE vendor.reg RENAME st TO status; SELECT osms.write_rows(''orphan'', ''attachment'', ''update'', ''{attachment,state,reason}'', ''{"{1,2}","{annulled,annulled}","{error,error}"}'', ''{}'')',
    probe => 'SELECT count(*) FROM vendor.reg WHERE status = ''X'''), 'ok 2', 'many rows after st TO status');
SELECT is(pg_temp.verdict('ALTER TABLE vendor.reg DROP why CASCADE; ' || :'attach'), '42P01 registry "orphan" lacks relation "attachment"', 'a column that is dropped takes the view with it');
-- one that is written only
SELECT osms.map('orphan', 'attachment', 'vendor.reg', '{"attachment": "no", "person": "pat", "organisation": "clinic", "since": "d1", "until": "d2", "state": "st", "reason": "why"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}', defaults => '{"note": "''ours''"}');
SELECT is(pg_temp.told('ALTER TABLE vendor.reg DROP note', 'INSERT INTO orphan.attachment (attachment, person, organisation, state, since) VALUES (9, 5, 20, ''active'', ''2026-01-01'')'),
    '42703 mapped relation "attachment" writes column "note", which table "reg" no longer has Map the relation again with osms.map().', 'what cannot be followed is told in words');
SELECT is(pg_temp.verdict('ALTER TABLE vendor.reg DROP note; ' || :'death', probe => 'SELECT concat_ws('' '', state, until, reason) FROM orphan.attachment WHERE attachment = 1'), 'ok closed 2025-03-02 death', 'a death does not write it');
SELECT osms.unguard('orphan');
SELECT * FROM finish();

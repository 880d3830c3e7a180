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
SELECT osms.map('orphan', 'attachment', 'vendor.reg',
    '{"attachment": "no", "person": "pat", "organisation": "clinic", "since": "d1", "until": "d2", "state": "st", "reason": "why"}',
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
    ('DROP SCHEMA orphan CASCADE',
        '3F000 registry "orphan" does not exist Make it with osms.create_registry(), or rename its schema back; osms.unguard(''orphan'') '
        'removes a guard that it left behind.'),
    ('ALTER SCHEMA orphan RENAME TO adopted',
        '3F000 registry "orphan" does not exist Make it with osms.create_registry(), or rename its schema back; osms.unguard(''orphan'') '
        'removes a guard that it left behind.'),
    ('DROP VIEW orphan.person',
        '42P01 registry "orphan" lacks relation "person" Map it with osms.map(). Until then osms.unguard(''orphan'') lets the tables be '
        'written without a guard.'),
    ('DROP TABLE orphan.setting',
        '42P01 registry "orphan" has lost its table "setting" Put it back, with what it held. Until then osms.unguard(''orphan'') lets the '
        'tables be written without a guard.'),
    ('ALTER TABLE orphan.journal RENAME TO diary',
        '42P01 registry "orphan" has lost its table "journal" Put it back, with what it held. Until then osms.unguard(''orphan'') lets the '
        'tables be written without a guard.'),
    ('DROP TABLE orphan.pending',
        '42P01 registry "orphan" has lost its table "pending" Put it back, with what it held. Until then osms.unguard(''orphan'') lets the '
        'tables be written without a guard.'),
    ('DROP TABLE orphan.import',
        '42P01 registry "orphan" has lost its table "import" Put it back, with what it held. Until then osms.unguard(''orphan'') lets the '
        'tables be written without a guard.'),
    ('DROP TABLE orphan.roster',
        '42P01 registry "orphan" has no roster Map the relation "attachment" with osms.map(); osms.unguard(''orphan'') removes a guard '
        'that is left.'),
    ('DROP TABLE orphan.attested_number', 'ok'),
        ('ALTER SCHEMA vendor RENAME TO supplier; CREATE SCHEMA vendor; CREATE VIEW vendor.pat AS SELECT * FROM supplier.pat', 'ok')) v
        (setup, expected);
SELECT is(pg_temp.told('DROP VIEW orphan.attachment', :'attach'),
    '42P01 registry "orphan" lacks relation "attachment" Map it with osms.map(). Until then osms.unguard(''orphan'') lets the tables be '
    'written without a guard.', 'an attachment without its view');
\set problems 'SELECT string_agg(DISTINCT problem, $q$; $q$) FROM osms.guards WHERE source::text LIKE $q$vendor%$q$'
SELECT is(pg_temp.verdict(setup, probe => :'problems'), 'ok ' || expected, 'guards tell: ' || setup) FROM (VALUES
    ('DROP SCHEMA orphan CASCADE', 'there is no schema "orphan"'), ('ALTER SCHEMA orphan RENAME TO adopted', 'there is no schema "orphan"'),
    ('DROP VIEW orphan.person', 'the registry has lost "person"'), ('DROP VIEW orphan.attachment', 'the registry has lost "attachment"'),
    ('DROP TABLE orphan.journal, orphan.pending', 'the registry has lost "journal", "pending"'),
        ('DROP TABLE orphan.setting', 'the registry has lost "setting"')) v (setup, expected);
SELECT is(pg_temp.verdict(setup || '; SELECT osms.unguard(''orphan''); ' || :'death' || '; ' || :'attach',
    probe => 'SELECT count(*) FROM osms.guards'), 'ok 0', 'unguard: ' || setup) FROM unnest(ARRAY['DROP SCHEMA orphan CASCADE',
    'ALTER SCHEMA orphan RENAME TO adopted', 'DROP VIEW orphan.person', 'DROP VIEW orphan.attachment', 'DROP TABLE orphan.setting',
        'DROP TABLE orphan.roster',
    'DROP TABLE orphan.journal', 'DROP TABLE orphan.pending', 'ALTER TABLE orphan.journal RENAME actor TO who',
        'ALTER TABLE orphan.setting RENAME roster_complete TO complete']) setup;
SELECT is(pg_temp.verdict('ALTER SCHEMA orphan RENAME TO adopted; SELECT osms.guard(''adopted'')'),
    '55000 table vendor.reg is guarded for registry "orphan"', 'the guard of the old name goes first');
SELECT is(pg_temp.verdict('ALTER SCHEMA orphan RENAME TO adopted; SELECT osms.unguard(''orphan''), osms.guard(''adopted''); ' || :'death',
    probe => 'SELECT until FROM adopted.roster WHERE person = 1 AND known_to = ''infinity'''), 'ok 2025-03-02',
    'a registry that was renamed is guarded under its new name');
SELECT is(pg_temp.verdict('DROP TABLE orphan.pending', probe => $$SELECT string_agg(problem, '; ') FROM osms.check_registry('orphan')
    WHERE severity = 'error'$$), 'ok the registry has lost its table "pending"', 'check_registry tells');

-- columns of the vendor: a mapping follows them
SELECT is(pg_temp.verdict('ALTER TABLE vendor.reg RENAME ' || renamed || '; ' || :'death',
    probe => 'SELECT concat_ws('' '', state, until, reason) FROM orphan.attachment WHERE attachment = 1'), 'ok closed 2025-03-02 death',
    'a death after ' || renamed)
FROM unnest('{no TO number,d2 TO d_end,st TO status,why TO reason}'::text[]) renamed;
SELECT is(pg_temp.verdict('ALTER TABLE vendor.pat RENAME died TO dead; SELECT osms.register_death(''orphan'', ''1'', ''2025-03-01'')',
    probe => 'SELECT dead FROM vendor.pat WHERE id = 1'), 'ok 2025-03-01', 'a call after died TO dead');
SELECT is(pg_temp.verdict(
    'ALTER TABLE vendor.reg RENAME st TO status; SELECT '
    'osms_internal.write_rows(''orphan'', ''attachment'', ''update'', ''{attachment,state,reason}'', ''{"{1,2}","{annulled,annulled}","{error,'
    'error}"}'', ''{}'')',
    probe => 'SELECT count(*) FROM vendor.reg WHERE status = ''X'''), 'ok 2', 'many rows after st TO status');
SELECT is(pg_temp.verdict('ALTER TABLE vendor.reg DROP why CASCADE; ' || :'attach'), '42P01 registry "orphan" lacks relation "attachment"',
    'a column that is dropped takes the view with it');
-- and whatever else bears the old name since
CREATE FUNCTION pg_temp.warnings() RETURNS text LANGUAGE sql AS
    $$SELECT string_agg(concat_ws(' ', severity, problem, hint), '; ' ORDER BY problem) FROM osms.check_registry('orphan')
    WHERE problem ~ 'writes column|was made as'$$;
\set taken ' is another one of vendor.reg now Run osms.guard() again, which notes its new name, '
SELECT is(pg_temp.verdict(setup || '; ' || :'death',
    probe => 'SELECT concat_ws('' '', a.state, a.until, a.reason) || '' '' || to_jsonb(r)::text FROM orphan.attachment a, vendor.reg r '
    'WHERE (a.attachment, r.pat) = (1, 1)'), 'ok closed 2025-03-02 death ' || (stored::jsonb)::text, 'a death after ' || setup) FROM (VALUES
('ALTER TABLE vendor.reg RENAME st TO status; ALTER TABLE vendor.reg ADD st text',
    '{"no": 1, "pat": 1, "clinic": 10, "d1": "2020-01-01", "d2": "2025-03-02", "status": "C", "why": "death", "note": null, "st": null}'),
('ALTER TABLE vendor.reg RENAME why TO reason; ALTER TABLE vendor.reg RENAME note TO why',
    '{"no": 1, "pat": 1, "clinic": 10, "d1": "2020-01-01", "d2": "2025-03-02", "st": "C", "reason": "death", "why": null}'),
('ALTER TABLE vendor.reg RENAME d1 TO x; ALTER TABLE vendor.reg RENAME d2 TO d1; ALTER TABLE vendor.reg RENAME x TO d2',
    '{"no": 1, "pat": 1, "clinic": 10, "d2": "2020-01-01", "d1": "2025-03-02", "st": "C", "why": "death", "note": null}'),
('ALTER TABLE vendor.reg RENAME st TO x; ALTER TABLE vendor.reg RENAME why TO st; ALTER TABLE vendor.reg RENAME x TO why',
    '{"no": 1, "pat": 1, "clinic": 10, "d1": "2020-01-01", "d2": "2025-03-02", "why": "C", "st": "death", "note": null}'),
('ALTER TABLE vendor.reg RENAME no TO x; ALTER TABLE vendor.reg RENAME clinic TO no; ALTER TABLE vendor.reg RENAME x TO clinic',
    '{"clinic": 1, "pat": 1, "no": 10, "d1": "2020-01-01", "d2": "2025-03-02", "st": "C", "why": "death", "note": null}')) c (setup,
    stored);
SELECT is(pg_temp.verdict(setup, probe => 'SELECT pg_temp.warnings()'), 'ok ' || told, 'check_registry tells: ' || setup) FROM (VALUES
('ALTER TABLE vendor.reg RENAME st TO status; ALTER TABLE vendor.reg ADD st text',
    'warning the mapping writes column "st", which' || :'taken' || '"status": writing follows it.'),
('ALTER TABLE vendor.reg RENAME d1 TO x; ALTER TABLE vendor.reg RENAME d2 TO d1; ALTER TABLE vendor.reg RENAME x TO d2',
    'warning the mapping writes column "d1", which' || :'taken' ||
    '"d2": writing follows it.; warning the mapping writes column "d2", which' || :'taken' || '"d1": writing follows it.')) c (setup, told);
SELECT is(pg_temp.verdict(
    'ALTER TABLE vendor.reg RENAME d1 TO x; ALTER TABLE vendor.reg RENAME d2 TO d1; ALTER TABLE vendor.reg RENAME x TO d2; SELECT '
    'osms.guard(''orphan'')', probe => 'SELECT pg_temp.warnings()'), 'ok', 'and guard mends it');
SELECT is(pg_temp.verdict(
    'ALTER TABLE vendor.reg RENAME d1 TO x; ALTER TABLE vendor.reg RENAME d2 TO d1; ALTER TABLE vendor.reg RENAME x TO d2;
    SELECT '
        'osms_internal.write_rows(''orphan'', ''attachment'', ''update'', ''{attachment,state,until,reason}'', ''{"{1,2}","{closed,closed}",'
        '"{2025-01-01,2025-01-01}","{error,error}"}'', ''{}'')',
    probe => 'SELECT count(*) FROM vendor.reg WHERE d1 = ''2025-01-01'' AND d2 = ''2020-01-01'''), 'ok 2', 'many rows after a swap');
SELECT is(pg_temp.verdict(
    'ALTER TABLE vendor.pat RENAME died TO x; ALTER TABLE vendor.pat RENAME born TO died; ALTER TABLE vendor.pat RENAME x TO born; SELECT '
    'osms.register_death(''orphan'', ''1'', ''2025-03-01'')', probe => 'SELECT concat_ws('' '', died, born) FROM vendor.pat WHERE id = 1'),
    'ok 1980-01-01 2025-03-01', 'a call after a swap');
-- the view of a relation: what its columns were made as
SELECT is(pg_temp.told(
    'ALTER VIEW orphan.attachment RENAME since TO x; ALTER VIEW orphan.attachment RENAME until TO since; ALTER VIEW orphan.attachment '
    'RENAME x TO until', :'attach'),
    '55000 column "until" of canonical relation "attachment" was made as "since" Give the columns their canonical names again, or map the '
    'relation with osms.map().', 'columns of a view, swapped');
SELECT is(pg_temp.verdict(
    'ALTER VIEW orphan.attachment RENAME since TO x; ALTER VIEW orphan.attachment RENAME until TO since; ALTER VIEW orphan.attachment '
    'RENAME x TO until',
    probe => 'SELECT string_agg(concat_ws('' '', severity, problem), ''; '') FROM osms.check_registry(''orphan'') WHERE relation '
    '= ''attachment'' AND severity = ''error'''),
    'ok error column "until" of canonical relation "attachment" was made as "since"', 'check_registry tells');
SELECT is(pg_temp.verdict('ALTER VIEW orphan.attachment RENAME since TO x; ALTER VIEW orphan.attachment RENAME x TO since; ' || :'death'),
    'ok', 'and given their names again');
-- an expression over several columns cannot be followed
SELECT is(pg_temp.verdict($$SELECT osms.map('orphan', 'attachment', 'vendor.reg',
    '{"attachment": "no", "person": "pat", "organisation": "clinic", "since": "d1", "until": "d2", "state": "st", "reason": "why", "site": '
    '{"expression": "clinic::text", "column": "note", "write": "new.site"}}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}')$$),
    '42P17 column "site" is written to "note", but read from "clinic"', 'what is written is read');
SELECT osms.map('orphan', 'attachment', 'vendor.reg',
    '{"attachment": "no", "person": "pat", "organisation": "clinic", "since": "d1", "until": "d2", "state": "st", "reason": {"expression": '
    '"coalesce(why, note)", "column": "why", "write": "new.reason"}}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('orphan');
SELECT is(pg_temp.told('ALTER TABLE vendor.reg RENAME why TO reason; ALTER TABLE vendor.reg ADD why text', :'death'),
    '42703 mapped relation "attachment" writes column "why", which is another one of table "reg" now Map the relation again with '
    'osms.map().', 'nor is another one written');
SELECT is(pg_temp.verdict('ALTER TABLE vendor.reg RENAME why TO reason; ALTER TABLE vendor.reg ADD why text',
    probe => 'SELECT pg_temp.warnings()'),
    'ok error the mapping writes column "why", which is another one of vendor.reg now Map the relation again with osms.map(): it cannot be '
    'told what the column is called now.', 'check_registry tells');
SELECT is(pg_temp.verdict(
    'ALTER TABLE vendor.reg RENAME why TO reason; ALTER TABLE vendor.reg ADD why text; SELECT osms.guard(''orphan'')'),
    '55000 registry "orphan" cannot be guarded: the mapping writes column "why", which is another one of vendor.reg now',
    'and no guard stands on it');
-- columns of partitions, which follow their table, and one that is computed
CREATE TABLE vendor.part (no int, pat int, clinic int, d1 date, d2 date, st text, why text, months int,
    fin date GENERATED ALWAYS AS (date '2000-01-01' + months) STORED, UNIQUE (no, d1)) PARTITION BY RANGE (d1);
ALTER TABLE vendor.part ALTER no SET NOT NULL;
CREATE TABLE vendor.part_old (why text, st text, months int, d2 date, d1 date, clinic int, pat int, no int NOT NULL,
    fin date GENERATED ALWAYS AS (date '2000-01-01' + months) STORED);
ALTER TABLE vendor.part ATTACH PARTITION vendor.part_old FOR VALUES FROM (MINVALUE) TO ('2021-01-01');
CREATE INDEX ON vendor.part (pat);
INSERT INTO vendor.part (no, pat, clinic, d1, st) VALUES (1, 2, 10, '2020-01-01', 'A');
SELECT osms.unguard('orphan');
SELECT osms.map('orphan', 'attachment', 'vendor.part',
    '{"attachment": "no", "person": "pat", "organisation": "clinic", "since": "d1", "until": {"expression": "fin", "column": "months", '
    '"write": "(new.until - date ''2000-01-01'')"}, "state": "st", "reason": "why"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('orphan');
CALL osms.fill_roster('orphan', NULL);
SELECT is(pg_temp.verdict(setup || '; UPDATE vendor.pat SET died = ''2025-03-01'' WHERE id = 2',
    probe => 'SELECT concat_ws('' '', a.state, a.until, a.reason, r.until) FROM orphan.attachment a, orphan.roster r WHERE a.attachment = '
    '1 AND r.person = 2 AND r.known_to = ''infinity'''), 'ok closed 2025-03-02 death 2025-03-02', 'of partitions: ' || setup)
FROM unnest(ARRAY['SELECT', 'ALTER TABLE vendor.part RENAME st TO status; ALTER TABLE vendor.part ADD st text',
    'ALTER TABLE vendor.part RENAME st TO x; ALTER TABLE vendor.part RENAME why TO st; ALTER TABLE vendor.part RENAME x TO why',
    'ALTER TABLE vendor.part RENAME months TO days; ALTER TABLE vendor.part ADD months int']) setup;
SELECT osms.unguard('orphan');
SELECT osms.map('orphan', 'attachment', 'vendor.reg',
    '{"attachment": "no", "person": "pat", "organisation": "clinic", "since": "d1", "until": "d2", "state": "st", "reason": "why"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('orphan');
CALL osms.fill_roster('orphan', NULL);
-- one that is written only
SELECT osms.map('orphan', 'attachment', 'vendor.reg',
    '{"attachment": "no", "person": "pat", "organisation": "clinic", "since": "d1", "until": "d2", "state": "st", "reason": "why"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}', defaults => '{"note": "''ours''"}');
SELECT is(pg_temp.told('ALTER TABLE vendor.reg DROP note',
    'INSERT INTO orphan.attachment (attachment, person, organisation, state, since) VALUES (9, 5, 20, ''active'', ''2026-01-01'')'),
    '42703 mapped relation "attachment" writes column "note", which table "reg" no longer has Map the relation again with osms.map().',
        'what cannot be followed is told in words');
SELECT is(pg_temp.verdict('ALTER TABLE vendor.reg DROP note; ' || :'death',
    probe => 'SELECT concat_ws('' '', state, until, reason) FROM orphan.attachment WHERE attachment = 1'), 'ok closed 2025-03-02 death',
    'a death does not write it');
SELECT osms.unguard('orphan');
SELECT * FROM finish();

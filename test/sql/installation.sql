-- A guard is put on, changed and taken off beside long transactions: without waiting for them, and saying so. A prepared transaction
-- stands for a session that does not end.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE SCHEMA legacy;
CREATE TABLE legacy.people (id bigint PRIMARY KEY, died date);
CREATE TABLE legacy.att (id bigint PRIMARY KEY, pers bigint, org bigint, st text, d1 date, d2 date, why text);
CREATE INDEX ON legacy.att (pers);
INSERT INTO legacy.people SELECT i FROM generate_series(1, 10) i;
INSERT INTO legacy.att SELECT i, i, 1, 'active', '2020-01-01' FROM generate_series(1, 10) i;
SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "id", "death_date": "died"}');
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "pers", "organisation": "org", "state": "st", "since": "d1", "until": "d2", "reason": "why"}');
CREATE FUNCTION pg_temp.triggers() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', relation, modes, triggers, problem), '; ' ORDER BY relation) FROM osms.guards
        WHERE source::text LIKE 'legacy.%'
$$;
CREATE FUNCTION pg_temp.is_locked() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN ('legacy.att'::regclass, 'legacy.people'::regclass)
        AND mode IN ('ShareRowExclusiveLock', 'AccessExclusiveLock')
$$;

-- a writer who does not end
BEGIN;
UPDATE legacy.att SET why = 'error' WHERE id = 1;
PREPARE TRANSACTION 'installation writer';
BEGIN;
SELECT is(osms_internal.under_lock('{legacy.people,legacy.att}'::regclass[], 'SHARE ROW EXCLUSIVE', '{COMMENT ON TABLE legacy.att IS ''touched''}',
    2), false,
    'locks that are not to be had are given up');
SELECT is(pg_temp.is_locked(), 0::bigint, 'also those that were');
SELECT is(obj_description('legacy.att'::regclass), NULL, 'and nothing is run');
SELECT is(current_setting('lock_timeout') || ' ' || current_setting('deadlock_timeout'), '0 1s', 'nothing is left set');
COMMIT;
SELECT is(osms_internal.holders('{legacy.people,legacy.att}', false), 'They are held by a prepared transaction.', 'who holds them is told');
SELECT is(osms_internal.holders('{legacy.people}', false), 'Who held them has let go of them since.', 'or that nobody does any more');
COMMIT PREPARED 'installation writer';
SELECT is(osms_internal.under_lock('{legacy.people,legacy.att}'::regclass[], 'SHARE ROW EXCLUSIVE', '{COMMENT ON TABLE legacy.att IS ''touched''}',
    1), true, 'locks that are to be had');
SELECT is(obj_description('legacy.att'::regclass), 'touched', 'are used');
SELECT throws_ok($$SELECT osms_internal.under_lock('{legacy.att}'::regclass[], 'SHARE ROW EXCLUSIVE', '{DROP TRIGGER none ON legacy.att}', 3)$$,
    '42704', NULL,
    'what else goes wrong is an error at once');

-- a reader who does not end does not hinder a guard
BEGIN;
SELECT FROM legacy.att WHERE id = 1;
PREPARE TRANSACTION 'installation reader';
SELECT osms.guard('fund');
SELECT is(pg_temp.triggers(), 'attachment {} 5; person {} 5', 'a guard beside a reader');
SELECT osms.guard('fund', '{"basis": "warn"}');
SELECT is(pg_temp.triggers(), 'attachment {"basis": "warn"} 5; person {"basis": "warn"} 5', 'another mode beside a reader');
-- but the triggers cannot be dropped: they are switched off
SET client_min_messages = error;
SELECT osms.unguard('fund');
SELECT matches(pg_temp.triggers(), '^attachment .*disabled: zz_osms_attachment_delete, .*; person .*disabled', 'they are disabled');
SELECT is(pg_temp.verdict('UPDATE legacy.att SET org = 2 WHERE id = 1'), 'ok', 'nothing is judged');
SELECT osms.guard('fund');
SELECT is(pg_temp.triggers(), 'attachment {"basis": "warn"} 5; person {"basis": "warn"} 5', 'guard puts them on again');
COMMIT PREPARED 'installation reader';
SELECT osms.unguard('fund');
SELECT is(pg_temp.triggers(), NULL, 'unguard without a reader');
SET client_min_messages = warning;

-- what stands as it should is left alone
SELECT osms.guard('fund', '{"alive": "warn"}');
CALL osms.fill_roster('fund', NULL);
CREATE TABLE before AS SELECT xmin::text AS written, oid, tgname FROM pg_trigger WHERE tgname LIKE 'zz%';
SELECT osms.guard('fund');
SELECT bag_eq('SELECT xmin::text AS written, oid, tgname FROM pg_trigger WHERE tgname LIKE ''zz%''', 'SELECT * FROM before',
    'a guard that stands is not touched');
SELECT is(roster_complete, true, 'and its roster is complete') FROM fund.setting;
ALTER TABLE legacy.att DISABLE TRIGGER zz_osms_attachment_row;
SELECT osms.guard('fund');
SELECT is(string_agg(tgname, ', '), 'zz_osms_attachment_row', 'only the trigger that was off is put on')
FROM pg_trigger WHERE tgname LIKE 'zz%' AND (oid, xmin::text) NOT IN (SELECT oid, written FROM before);
SELECT is(roster_complete, false, 'and the roster may lack what it did not see') FROM fund.setting;
-- a trigger that fires on a replica too goes on doing so
ALTER TABLE legacy.att ENABLE ALWAYS TRIGGER zz_osms_attachment_update;
SELECT osms.guard('fund', '{"alive": "off"}');
SELECT is(string_agg(concat_ws(' ', tgname, tgenabled), ', ' ORDER BY tgname), 'zz_osms_attachment_insert O, zz_osms_attachment_update A',
    'another mode leaves it so')
FROM pg_trigger WHERE tgrelid = 'legacy.att'::regclass AND tgname ~ 'insert|update';
SELECT * FROM finish();

-- Where osms writes a table for somebody else, its triggers run as its owner, under a path that he chose.
\ir hostile.psql
SELECT plan(22);
CREATE ROLE write_as_owner_writer LOGIN;
CREATE ROLE write_as_owner_vendor LOGIN;

-- An ordinary old trigger, which names its log table without schema.
CREATE TABLE legacy.prik_log (id bigint);
CREATE TABLE legacy.zay_log (id bigint);
CREATE FUNCTION legacy.log_prik() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO prik_log VALUES (NEW.id); RETURN NEW; END $$;
CREATE FUNCTION legacy.log_zay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO zay_log VALUES (NEW.id); RETURN NEW; END $$;
CREATE TRIGGER log AFTER UPDATE ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.log_prik();
CREATE TRIGGER log AFTER INSERT OR UPDATE ON legacy.zay FOR EACH ROW EXECUTE FUNCTION legacy.log_zay();
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
SELECT osms.guard('fund', '{"same_territory": "off"}');
SELECT lives_ok($$CALL osms.fill_roster('fund', NULL)$$);
GRANT USAGE ON SCHEMA legacy TO write_as_owner_writer;
GRANT UPDATE (died), SELECT ON legacy.people TO write_as_owner_writer;
GRANT SELECT, INSERT, UPDATE ON legacy.zay TO write_as_owner_writer;

-- the writer records a death, and has tables of the same names
SET SESSION AUTHORIZATION write_as_owner_writer;
CREATE TEMP TABLE prik_log (id bigint);
CREATE TEMP TABLE zay_log (id bigint);
GRANT ALL ON prik_log, zay_log TO PUBLIC;
CREATE FUNCTION pg_temp.catch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(TG_TABLE_NAME); RETURN NEW; END $$;
CREATE TRIGGER catch BEFORE INSERT ON prik_log FOR EACH ROW EXECUTE FUNCTION pg_temp.catch();
CREATE TRIGGER catch BEFORE INSERT ON zay_log FOR EACH ROW EXECUTE FUNCTION pg_temp.catch();
UPDATE legacy.people SET died = '2026-05-05' WHERE iin = '880715400075';
-- two applications of one person; when one is identified the guard replaces the other
INSERT INTO legacy.zay (iin, mo, kanal, osn, st, sub)
SELECT '900101300017', mo, 'egov', 'moved', 'submitted', now() FROM generate_series(1, 2) mo;
RESET SESSION AUTHORIZATION;
DELETE FROM trap.caught WHERE ran_as = 'write_as_owner_writer';	-- his own writes find his own tables
INSERT INTO fund.identity_event (person, application, channel, method, at) VALUES ('900101300017', 2, 'egov', 'e_signature', now());
SET SESSION AUTHORIZATION write_as_owner_writer;
UPDATE legacy.zay SET st = 'identified' WHERE id = 2;
RESET SESSION AUTHORIZATION;
DELETE FROM trap.caught WHERE ran_as = 'write_as_owner_writer';
SELECT is_empty('SELECT * FROM trap.caught', 'no temporary table of the writer was found by the owner''s trigger');
SELECT results_eq('SELECT st, d_end FROM legacy.prik', $$VALUES ('closed', date '2026-05-06')$$, 'the death closed the attachment');
SELECT results_eq('SELECT id FROM legacy.prik_log', 'VALUES (1::bigint)', 'the trigger found the table in its own schema');
SELECT results_eq('SELECT id FROM legacy.zay_log', 'VALUES (1::bigint)', 'that of the application which was replaced, too');
SELECT results_eq('SELECT id, st FROM legacy.zay ORDER BY id', $$VALUES (1::bigint, 'replaced'), (2, 'identified')$$, 'one was replaced');

-- a path that the owner chose, by his role or by the database
CREATE SCHEMA chosen;
CREATE TABLE chosen.prik_log (id bigint);
CREATE TABLE public.prik_log (id bigint);
CREATE FUNCTION pg_temp.die(name text, day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE legacy.people SET died = NULL WHERE iin = '880715400075';
    INSERT INTO legacy.prik (iin, mo, d_beg, st) VALUES ('880715400075', 1, day - 1, 'active');
    SET search_path = public;
    UPDATE legacy.people SET died = day WHERE iin = '880715400075';
END $$;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
SELECT format('ALTER DATABASE %I SET search_path = chosen, pg_temp_1, public', current_database()) \gexec
SELECT pg_temp.die('database', '2026-06-06');
SELECT is((SELECT count(*) FROM chosen.prik_log), 1::bigint, 'the database''s setting is the path');
SELECT format('ALTER ROLE postgres IN DATABASE %I SET search_path = legacy', current_database()) \gexec
SELECT pg_temp.die('role', '2026-07-07');
SELECT results_eq('SELECT (SELECT count(*) FROM legacy.prik_log), (SELECT count(*) FROM chosen.prik_log)', 'VALUES (2::bigint, 1::bigint)',
                  'a setting of the role in the database comes first');
SELECT is_empty('SELECT * FROM public.prik_log', 'the writer''s path never counts');
SELECT is(current_setting('search_path'), 'public', 'and is his again afterwards');
SELECT format('ALTER ROLE postgres IN DATABASE %I RESET search_path', current_database()) \gexec
SELECT format('ALTER DATABASE %I RESET search_path', current_database()) \gexec
RESET search_path;

-- what the owner's trigger sets does not outlast it
CREATE OR REPLACE FUNCTION legacy.log_prik() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN SET search_path = chosen; SET work_mem = '1234kB'; RETURN NEW; END $$;
SELECT pg_temp.die('leak', '2026-08-08');
SELECT results_ne('SHOW work_mem', $$VALUES ('1234kB')$$, 'a setting of the trigger does not leak');
RESET search_path;

-- a wrapper with the rights of its owner and a pinned path stays pinned
CREATE OR REPLACE FUNCTION legacy.log_prik() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM write_log(NEW.id); RETURN NEW; END $$;
CREATE FUNCTION legacy.write_log(bigint) RETURNS void LANGUAGE sql AS 'INSERT INTO legacy.prik_log VALUES (-$1)';
CREATE SCHEMA api;
CREATE FUNCTION api.left_country(person text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN RETURN (osms.detach('fund', person, current_date, 'left_country')).outcome; END $$;
GRANT USAGE ON SCHEMA api TO write_as_owner_writer;
GRANT CREATE, USAGE ON SCHEMA public TO write_as_owner_writer;
UPDATE legacy.people SET died = NULL WHERE iin = '880715400075';
INSERT INTO legacy.prik (id, iin, mo, d_beg, st) VALUES (100, '880715400075', 1, current_date - 10, 'active');
SET SESSION AUTHORIZATION write_as_owner_writer;
CREATE FUNCTION public.write_log(bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring('write_log'); END $$;
SET search_path = public;
SELECT is(api.left_country('880715400075'), 'changed', 'the wrapper works');
RESET SESSION AUTHORIZATION;
RESET search_path;
SELECT is_empty('SELECT * FROM trap.caught', 'the caller''s function was not found through the wrapper');
SELECT is((SELECT count(*) FROM legacy.prik_log WHERE id = -100), 1::bigint, 'the table''s was');

-- the table of a vendor: neither his triggers nor what they defer runs as whoever records a death, or moves many
DROP TRIGGER log ON legacy.prik;
DROP TRIGGER log ON legacy.zay;
GRANT USAGE, CREATE ON SCHEMA legacy TO write_as_owner_vendor;
GRANT USAGE ON SCHEMA fund TO write_as_owner_vendor;
GRANT SELECT ON fund.person, fund.roster TO write_as_owner_vendor;
ALTER TABLE legacy.prik OWNER TO write_as_owner_vendor;
SELECT osms.guard('fund');
SET SESSION AUTHORIZATION write_as_owner_vendor;
CREATE FUNCTION legacy.catch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.spring(TG_NAME); RETURN NULL; END $$;
CREATE TRIGGER at_once AFTER INSERT OR UPDATE ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.catch();
CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON legacy.prik DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION legacy.catch();
RESET SESSION AUTHORIZATION;
INSERT INTO fund.attachment (person, organisation, state, since) VALUES ('900101300017', 1, 'active', current_date - 20);
UPDATE legacy.people SET died = current_date - 5 WHERE iin = '900101300017';
SELECT results_eq('SELECT DISTINCT what, ran_as FROM trap.caught ORDER BY 1',
    $$VALUES ('at_once', 'write_as_owner_vendor'::name), ('late', 'write_as_owner_vendor')$$,
                  'immediate or deferred, the vendor''s triggers run as the vendor');
-- what is not deferred by the table itself cannot be prevented otherwise
SET SESSION AUTHORIZATION write_as_owner_vendor;
CREATE TABLE legacy.other (id bigint);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON legacy.other DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION legacy.catch();
CREATE FUNCTION legacy.pass_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO legacy.other VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER pass_on AFTER UPDATE ON legacy.prik FOR EACH ROW EXECUTE FUNCTION legacy.pass_on();
RESET SESSION AUTHORIZATION;
TRUNCATE trap.caught;
SELECT throws_ok('UPDATE legacy.people SET died = current_date - 6 WHERE iin = ''900101300017''', '42501',
                 'cannot fire deferred trigger within security-restricted operation',
                     'a trigger that another table would defer is refused');
SELECT is_empty($$SELECT * FROM trap.caught WHERE ran_as <> 'write_as_owner_vendor'$$, 'and never runs as somebody else');
ALTER TABLE legacy.prik DISABLE TRIGGER pass_on;

-- bulk calls write the table itself
TRUNCATE trap.caught;
SELECT osms.guard('fund',
    '{"identified": "off", "initial_state": "off", "campaign_window": "off", "decision_order": "off", "transition": "off", "basis": "off", '
    '"reason": "off"}');
INSERT INTO legacy.people VALUES ('760101300016', '1976-01-01', 'male', NULL, 'ast');
INSERT INTO legacy.zay (iin, mo, kanal, osn, st, sub, eff) VALUES ('760101300016', 2, 'egov', 'campaign', 'submitted', now(), current_date);
UPDATE legacy.zay SET st = 'deferred' WHERE iin = '760101300016';
SELECT results_eq($$SELECT * FROM osms.take_effect('fund', current_date)$$, $$VALUES ('attached', 1::bigint, 1::bigint)$$,
    'a deferred application takes effect');
SELECT results_eq('SELECT DISTINCT what, ran_as FROM trap.caught ORDER BY 1',
    $$VALUES ('at_once', 'write_as_owner_vendor'::name), ('late', 'write_as_owner_vendor')$$,
                  'the table is written as its owner by bulk calls, too');
SELECT results_eq($$SELECT actor FROM fund.journal WHERE relation = 'attachment' AND person = '760101300016'$$, $$VALUES ('postgres')$$,
                  'the journal names who called');
-- who is attached twice for a moment, while a vendor's table defers nothing, is judged when the transaction ends
ALTER TABLE legacy.prik DISABLE TRIGGER USER;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
BEGIN;
INSERT INTO fund.attachment (person, organisation, state, since) VALUES ('760101300016', 1, 'active', current_date + 1);
UPDATE fund.attachment SET state = 'closed', until = current_date + 1, reason = 'moved_to_other'
    WHERE person = '760101300016' AND organisation = 2;
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'the new row may come before the old one is closed');
COMMIT;
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'and the roster follows');
DROP OWNED BY write_as_owner_vendor, write_as_owner_writer CASCADE;
DROP ROLE write_as_owner_writer, write_as_owner_vendor;
SELECT finish();

-- The first thing a session asks of osms, before its library is loaded, runs nobody else's code either.
\ir hostile.psql
CREATE ROLE first_call_vendor;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT pg_temp.map_all('fund');
CREATE TABLE legacy.prikaz (id text PRIMARY KEY, no text, d date, who text, why text);
SELECT osms.map('fund', 'authority_order', 'legacy.prikaz',
    '{"order_key": "id", "number": "no", "issued_on": "d", "issuer": "who", "cause": "why", "valid_from": "d"}');
SELECT osms.add_relation('fund', 'order_scope');
CREATE SEQUENCE trap.sprung;
GRANT ALL ON SEQUENCE trap.sprung TO PUBLIC;
GRANT USAGE, CREATE ON SCHEMA legacy TO first_call_vendor;
ALTER TABLE legacy.prikaz OWNER TO first_call_vendor;
SET ROLE first_call_vendor;
CREATE FUNCTION legacy.catch(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_user <> 'first_call_vendor' THEN PERFORM nextval('trap.sprung'); END IF;
    RETURN true;
END $$;
CREATE INDEX ON legacy.prikaz (no) WHERE legacy.catch(1);
RESET ROLE;
CREATE FUNCTION trap.try(call text) RETURNS text LANGUAGE plpgsql
    AS $$ BEGIN EXECUTE call; RETURN 'ran'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
CREATE TABLE trap.answer (call text, answer text);
\c -
INSERT INTO trap.answer SELECT 'move_by_order', trap.try($$SELECT osms.move_by_order('fund', 'x')$$);
\c -
INSERT INTO trap.answer SELECT 'civil_date', trap.try($$SELECT osms_internal.civil_date('fund', now())$$);
\c -
INSERT INTO trap.answer SELECT 'audit', trap.try($$SELECT osms.audit('fund')$$);
\c -
INSERT INTO trap.answer SELECT 'check_registry', trap.try($$SELECT osms.check_registry('fund')$$);
\c -
INSERT INTO trap.answer SELECT 'finds_by_index', trap.try($$SELECT osms_internal.finds_by_index('legacy.prikaz', 'no')$$);
\c -
SELECT plan(2);
SELECT results_eq('SELECT * FROM trap.answer ORDER BY call', $$VALUES ('audit', '42501'), ('check_registry', 'ran'), ('civil_date', 'ran'),
    ('finds_by_index', 'ran'), ('move_by_order', '42501')$$,
                  'the owner''s function is refused in the first call already, or what it may tell is left out');
SELECT is((SELECT is_called FROM trap.sprung), false, 'and has never run');
SET client_min_messages = error;
DROP SCHEMA fund, legacy CASCADE;
DROP OWNED BY first_call_vendor;
DROP ROLE first_call_vendor;
SELECT finish();

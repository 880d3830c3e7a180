-- What errors say: no line of ours in CONTEXT, those of others stay; all that keeps a registry from its guard at once; a code that no
-- mapping knows as what it is.
SELECT * FROM no_plan();
SET client_min_messages = error;
\ir verdict.psql
CREATE SCHEMA legacy;
CREATE TABLE legacy.people (id int PRIMARY KEY, born date, died date);
CREATE TABLE legacy.attached (no int PRIMARY KEY, person int, clinic int, d_beg date, d_end date, st text, why text);
CREATE INDEX ON legacy.attached (person);
INSERT INTO legacy.people VALUES (1, '1980-01-01'), (2, '1980-01-01');
INSERT INTO legacy.attached VALUES (1, 1, 10, '2020-01-01', NULL, 'A', NULL);
SELECT osms.create_registry('fund', tables => false, cut_over => '2030-01-01');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('fund', 'attachment', 'legacy.attached',
    '{"attachment": "no", "person": "person", "organisation": "clinic", "since": "d_beg", "until": "d_end", "state": "st",
    "reason": {"column": "why", "codes": {"death": ["9"]}}}', states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');

-- state, message and CONTEXT of an error, without the lines of this function
CREATE FUNCTION told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; context text;
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, context = PG_EXCEPTION_CONTEXT;
    context := regexp_replace(context, '\n?(SQL statement "[^"]*(""[^"]*)*"\n)?PL/pgSQL function told\(text\) line \d+ at EXECUTE$', '');
    RETURN concat_ws(' | ', state, message, nullif(context, ''));
END $$;
CREATE TABLE said AS SELECT q, told(q) AS told FROM unnest(ARRAY[
    $$SELECT * FROM osms.history('fund', 'abc')$$, $$SELECT osms.guard('fund', '{"bases": "warn"}')$$,
        $$SELECT osms.detach('fund', '77', '2025-01-01', 'left_country')$$,
    $$SELECT osms.explain_attachment('fund', '99')$$, $$SELECT * FROM osms.audit('fund', '{alife}')$$,
        $$SELECT osms.close_month('fund', '2026-01-02')$$, $$SELECT * FROM osms.plan('nothing')$$,
    $$SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "id", "born": "born"}')$$, $$SELECT osms.create_registry('fund')$$,
        $$SELECT osms.set_keeper('fund', 'nobody_at_all')$$]) q;
SELECT is_empty($$SELECT * FROM said WHERE told ~ 'PL/pgSQL|osms(_internal)?\.[a-z_]+\(.* line|pg_catalog' OR told = 'ok'$$, 'no line of ours');
SELECT is_empty($$SELECT * FROM said WHERE length(told) > 300$$, 'nor a statement of ours');
SELECT is((SELECT told FROM said WHERE q ~ 'history'), '22P02 | invalid input syntax for type integer: "abc"',
    'a wrong key is said to be one');

-- what others say stays, and where in it; so does what is around
CREATE FUNCTION legacy.judge() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'P0077'; END$$;
CREATE TRIGGER judge BEFORE UPDATE ON legacy.people FOR EACH ROW WHEN (NEW.id = 2) EXECUTE FUNCTION legacy.judge();
CREATE FUNCTION around() RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM osms.register_death('fund', '2', '2025-01-01'); END$$;
SELECT is(told('SELECT around()'), 'P0077 | not today | PL/pgSQL function judge() line 1 at RAISE
SQL statement "SELECT osms.register_death(''fund'', ''2'', ''2025-01-01'')"
PL/pgSQL function around() line 1 at PERFORM', 'the trigger of somebody else, and who called us');

-- all errors at once
DROP INDEX legacy.attached_person_idx;
SELECT osms.map('fund', 'attachment', 'legacy.attached',
    '{"attachment": "no", "person": "person", "organisation": "clinic", "since": "d_beg", "until": "d_end + 1", "state": "st",
    "reason": "why"}', states => '{"active": ["A"], "annulled": ["X"]}');
CREATE FUNCTION advice(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text; hint text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN detail || ' | ' || hint;
END $$;
SELECT cmp_ok((SELECT count(*) FROM osms.check_registry('fund') WHERE severity = 'error'), '>=', 3::bigint, 'there are several errors');
SELECT is((SELECT count(*) FROM osms.check_registry('fund') c WHERE c.severity = 'error'
    AND position(format('%s: %s', c.relation, c.problem) IN advice('SELECT osms.guard(''fund'')')) = 0), 0::bigint,
    'guard names all of them');
SELECT is((SELECT count(*) FROM osms.check_registry('fund') c WHERE c.severity = 'error' AND c.problem !~ 'index'
    AND position(format('%s: %s', c.relation, c.problem) IN advice('SELECT osms.plan(''fund'')')) = 0), 0::bigint,
    'plan names all that it cannot mend');
SELECT matches(advice('SELECT osms.plan(''fund'')'),
    $$\| SELECT \* FROM osms.check_registry\('fund'\) WHERE severity = 'error' tells what to do about each.$$,
    'and where to read what to do');
SELECT * FROM finish();

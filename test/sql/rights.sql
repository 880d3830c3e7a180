-- Who may do what with what the extension and a registry have, whatever default privileges say.
SELECT * FROM no_plan();
SET client_min_messages = warning;
\ir verdict.psql
CREATE ROLE rights_app;
CREATE ROLE rights_officer;

-- What everybody may execute, beside what stands behind types, operators, casts and aggregates. A function that is added here on purpose
-- does nothing that its caller could not do without it.
CREATE TEMPORARY VIEW own_function AS
SELECT p.oid, p.proname, p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), '') AS body, has_function_privilege('public', p.oid, 'EXECUTE') AS open,
       p.prokind = 'a' OR EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
           AND d.classid IN ('pg_type'::regclass, 'pg_operator'::regclass, 'pg_amproc'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_cast'::regclass))
       OR EXISTS (SELECT FROM pg_aggregate g WHERE p.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn)) AS behind
FROM pg_proc p WHERE p.pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace);
SELECT set_eq('SELECT proname::text FROM own_function WHERE open AND NOT behind',
$$SELECT regexp_split_to_table('act_told add_working_days age_on annul as_known audit audit_days audit_relation audit_summary band_label bar base_rate_on bin_attested bin_fault
birth_date can_write cells changed_columns changes check_codes_of check_inputs check_kept check_known_at check_month check_order check_reader check_registry check_scheme chosen distrusted
civil civil_date clauses clean_number close_attachments closed_terms column_type contract_execution contract_query
counted_days counted_in_spans decide detach difference disabled_since division draw due due_applications due_lines earned_lines enforced equality explain_amount
explain_attachment explain_basis explain_cap explain_coefficient explain_groups explain_heads explain_month explain_months
explain_payment explain_rate explain_terms expression_fault factor_query failing_columns failing_rows filed_on find_row finds_by_index flows foreign_rights give_back_days grouped
had_statement heads history history_query html html_bar html_table identify iin_attested iin_fault import_begin import_end
inactive_cut inactive_query insured_among insured_query merged_query invoice is_keyed keep_definitions event_key_faults key_faults key_reading key_sequences key_stands key_type known_codes known_moment known_now known_relations known_then keep_changes latest_lines
legal_form line_expression line_of load_check lock_person_of lock_persons lost_of make_iin mapped_reading mapped_source mapped_writing mapping_faults mapping_grants mask
member_query missing_grants missing_indexes modes_of month_lines month_rates monthly_form move_by_order moves_query
need_arguments need_organisation need_possible_day need_relation need_row next_state norm_query norm_steps_on on_roster ordered_moves organisation_names
overlap_repairs paid_before paid_months parameter_on parameter_row parameter_source person_days placed plain plain_type possible_inputs rate_sources
read_sex read_time read_value reading_fault reason_codes reduces refusals register_birth register_death registered_month
registry_columns relation_of remaining_person read_back reopen
repair_overlaps report report_changes report_ledger report_missing report_rates report_regions report_style restate restatement
restored_counts restored_in_time roster_of round_quotient round_trip_faults round_trip_query row_findings rule_parameters run_write run_writes source_rows sanctions scheme_on scheme_property
service_query sex share_columns shares_join sift sift_candidates storing_fault storing_faults storing_query small_pyramid split_pool state_diagram statement
statement_by_region statement_days statement_persons statement_query statement_terms status_query submit suspect_query svg
tables_of take_effect tally_query terms_of tie_breaker transfer told_rows transitions trial_rows tried trigger_arguments trigger_since unattached uncoded
uncovered unfilled_columns unmapped_columns unpaid unpaid_query unreadable_rule unreadable_values unrounded_amount unsure untold_modes verify verify_query warn_of
weighted_heads weights_on working_day write_row write_rows writing_query
check_complete filling_terms is_filled outdated_mappings this_database known_clock roster_moment written_here written_arguments written_column written_elsewhere', '\s+')$$, 'everybody may execute these');
SELECT is_empty('SELECT proname FROM own_function WHERE behind AND NOT open', 'and what stands behind types and operators');

-- Functions run with their caller's rights, so what an open one calls is open; in C, what stands in queries and not in hints.
\set called `grep -h '"' src/*/*.[ch] | grep -v 'hint' | grep -oP 'osms(_internal)?\.\K[a-z_]+(?=\((?!\)))' | sort -u | tr '\n' ' '`
SELECT is_empty($$
    SELECT DISTINCT f.proname, g.proname FROM own_function f, regexp_matches(f.body, 'osms(?:_internal)?\.(\w+)\(', 'g') AS called (names)
    JOIN own_function g ON g.proname = called.names[1]
    -- a hint names what somebody else may call
    WHERE f.open AND NOT EXISTS (SELECT FROM own_function o WHERE o.proname = g.proname AND o.open)
      AND f.body ~ ('(?n)^(?!.*(HINT|CALL )).*osms(_internal)?\.' || g.proname || '\([^)]')
$$, 'so is what they call: name it in sql/install/99-rights.sql, and above');
SELECT ok(cardinality(string_to_array(:'called', ' ')) > 8, 'queries in C call functions');
SELECT is_empty(format('SELECT name FROM unnest(string_to_array(%L, '' '')) AS name WHERE EXISTS (SELECT FROM own_function WHERE proname = name AND NOT open)', :'called'),
    'so is what queries of the library call, for they run as owners of tables and registries');
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class c
    WHERE c.relnamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace) AND c.relkind IN ('r', 'v') AND has_table_privilege('public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES')
$$, 'nobody writes a table of the extension');

-- Default privileges of whoever installs reach nothing of it.
CREATE TEMPORARY TABLE entry AS SELECT 'before' AS moment, * FROM (VALUES ('', '', '')) v (object, acl, grantee) WHERE false;
CREATE FUNCTION pg_temp.note(moment text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO entry
    SELECT moment, o.object, a.privilege_type, a.grantee::text || a.is_grantable FROM (
        SELECT oid::regclass::text, relacl FROM pg_class WHERE relnamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace)
        UNION ALL SELECT attrelid::regclass || '.' || attname, attacl FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace)
        UNION ALL SELECT oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc WHERE pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace)
        UNION ALL SELECT oid::regtype::text, coalesce(typacl, acldefault('T', typowner)) FROM pg_type WHERE typnamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace)
        UNION ALL SELECT nspname, nspacl FROM pg_namespace WHERE nspname IN ('osms', 'osms_internal')) AS o (object, acl), aclexplode(o.acl) a;
$$;
SELECT pg_temp.note('before');
SELECT set_config('search_path', 'public', false);
DROP EXTENSION osms CASCADE;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO rights_app WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO rights_app, PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON ROUTINES TO rights_app;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO rights_app;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO rights_app;
CREATE EXTENSION osms;
SELECT is(current_setting('search_path'), 'public', 'the path of the script ends with it');
SELECT pg_temp.note('granted');
DROP EXTENSION osms;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON ROUTINES FROM rights_app, PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM rights_app, PUBLIC;
CREATE EXTENSION osms;
SELECT pg_temp.note('revoked');
SELECT ok(count(*) > 500, 'there are rights') FROM entry WHERE moment = 'before';
SELECT is_empty($$SELECT object, acl, grantee FROM entry WHERE moment = 'granted' EXCEPT SELECT object, acl, grantee FROM entry WHERE moment = 'before'$$,
    'what default privileges grant is taken back');
SELECT is_empty($$SELECT object, acl, grantee FROM entry WHERE moment = 'before' EXCEPT SELECT object, acl, grantee FROM entry WHERE moment = 'revoked'$$,
    'what they deny is granted');

-- They reach of a registry what applications write, not what is written by guards and closings, nor what opens other people's tables.
CREATE TEMPORARY VIEW reached AS
SELECT n.nspname, c.relname::text, has_table_privilege('rights_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES') AS reached
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('fund', 'mapped') AND c.relkind IN ('r', 'v');
SELECT osms.create_registry('fund', cut_over => '2020-01-01');
SELECT set_eq($$SELECT relname FROM reached WHERE nspname = 'fund' AND NOT reached$$,
$$SELECT unnest('{attested_number,identity_event,import,journal,ledger,moved,pending,restatement,restatement_line,roster,setting,statement,statement_line}'::text[])$$,
    'nothing derived, no proof');
SELECT is_empty($$SELECT s.oid::regclass FROM pg_class s WHERE s.relnamespace = 'fund'::regnamespace AND s.relname ~ '^(journal|import|ledger|identity)'
    AND CASE WHEN s.relkind = 'S' THEN has_sequence_privilege('rights_app', s.oid, 'USAGE, SELECT, UPDATE') END$$, 'and none of its sequences');
SELECT ok(NOT has_schema_privilege('rights_app', 'fund', 'USAGE, CREATE'), 'nor the schema');
CREATE TABLE people (iin text PRIMARY KEY, born date);
CREATE TABLE attached (id bigint PRIMARY KEY, iin text, mo int, st text, d date);
CREATE INDEX ON attached (iin);
CREATE TABLE event (id bigint PRIMARY KEY, of bigint, iin text, mo int, st text, d date);
SELECT osms.create_registry('mapped', tables => false, cut_over => '2020-01-01');
SELECT osms.map('mapped', 'person', 'people', '{"person": "iin", "birth_date": "born"}');
SELECT osms.map('mapped', 'attachment', 'attached', '{"attachment": "id", "person": "iin", "organisation": "mo", "state": "st", "since": "d"}', states => '{"active": ["1"]}');
SELECT is_empty($$SELECT relname FROM reached WHERE nspname = 'mapped' AND reached$$, 'nor what is mapped');
SELECT osms.map('mapped', 'attachment', 'event', '{"attachment": "id", "closes": "of", "person": "iin", "organisation": "mo", "state": "st", "since": "d"}',
    states => '{"active": ["1"]}', shape => 'events');
SELECT is_empty($$SELECT relname FROM reached WHERE nspname = 'mapped' AND reached$$, 'as events either');
SELECT osms.add_relation('mapped', 'authority_order');
SELECT set_eq($$SELECT relname FROM reached WHERE nspname = 'mapped' AND reached$$, ARRAY['authority_order'], 'what is added is as the rest');
DROP SCHEMA mapped CASCADE;

-- Rights of others on what is derived, however they came, are told of and stop the guard.
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1990-01-01', 'male', 'ast' FROM generate_series(1, 9) i;
INSERT INTO fund.organisation (organisation, name) VALUES (10, 'A'), (11, 'B');
INSERT INTO fund.organisation_status VALUES (10, 'ast', 'urban', '{}', '2020-01-01'), (11, 'ast', 'urban', '{}', '2020-01-01');
INSERT INTO fund.contract VALUES (10, '2020-01-01', NULL, NULL), (11, '2020-01-01', NULL, NULL);
CREATE FUNCTION pg_temp.told() RETURNS TABLE (relation text, severity text, problem text, hint text) LANGUAGE sql AS $$
    SELECT * FROM osms.check_registry('fund') c WHERE c.hint ~ '^(REVOKE|ALTER TABLE|DROP)' AND c.problem !~ 'schema' ORDER BY 1, 2, 3
$$;
SELECT is_empty('SELECT * FROM pg_temp.told()', 'nobody may write what is derived');
GRANT SELECT ON fund.roster TO PUBLIC;
SELECT is_empty('SELECT * FROM pg_temp.told()', 'to read it is another thing');
GRANT DELETE, INSERT ON fund.pending TO rights_app;
GRANT TRUNCATE ON fund.journal TO PUBLIC;
GRANT UPDATE (amount, kind) ON fund.ledger TO rights_officer;
GRANT USAGE ON SEQUENCE fund.journal_entry_seq TO rights_officer;
GRANT TRIGGER, REFERENCES ON fund.setting TO rights_officer;
GRANT pg_write_all_data TO rights_officer;
GRANT SET ON PARAMETER session_replication_role TO rights_app;
SELECT results_eq('SELECT * FROM pg_temp.told()', $$VALUES
    ('journal', 'error', 'everybody has TRUNCATE on fund.journal', 'REVOKE TRUNCATE ON fund.journal FROM PUBLIC CASCADE.'),
    ('journal', 'error', 'role rights_officer has USAGE on SEQUENCE fund.journal_entry_seq', 'REVOKE USAGE ON SEQUENCE fund.journal_entry_seq FROM rights_officer CASCADE.'),
    ('ledger', 'error', 'role rights_officer has UPDATE (amount), UPDATE (kind) on fund.ledger', 'REVOKE UPDATE (amount), UPDATE (kind) ON fund.ledger FROM rights_officer CASCADE.'),
    ('pending', 'error', 'role rights_app has DELETE, INSERT on fund.pending', 'REVOKE DELETE, INSERT ON fund.pending FROM rights_app CASCADE.'),
    ('roster', 'warning', 'role rights_app may switch triggers off in its session',
     'REVOKE SET ON PARAMETER session_replication_role FROM it, or from the role through which it has that.'),
    ('roster', 'warning', 'role rights_officer may write every table: it is a member of pg_write_all_data',
     'REVOKE pg_write_all_data FROM rights_officer, or from the role through which it has that.'),
    ('setting', 'error', 'role rights_officer has REFERENCES, TRIGGER on fund.setting', 'REVOKE REFERENCES, TRIGGER ON fund.setting FROM rights_officer CASCADE.')$$,
    'each is told with what takes it back');
SELECT is(pg_temp.verdict($$SELECT osms.guard('fund')$$), '55000 registry "fund" cannot be guarded: everybody has TRUNCATE on fund.journal', 'and stops the guard');
SELECT format('%s;', rtrim(hint, '.')) FROM pg_temp.told() WHERE severity = 'error' \gexec
REVOKE pg_write_all_data FROM rights_officer;
REVOKE SET ON PARAMETER session_replication_role FROM rights_app;
SELECT is_empty('SELECT * FROM pg_temp.told()', 'that cures it');
CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER spy AFTER INSERT ON fund.roster EXECUTE FUNCTION spy();
SELECT is_empty('SELECT * FROM pg_temp.told()', 'a trigger of the owner''s own is his affair');
ALTER FUNCTION public.spy() OWNER TO rights_officer;
ALTER TABLE fund.pending OWNER TO rights_app;
SELECT results_eq('SELECT * FROM pg_temp.told()', $$VALUES
    ('pending', 'error', 'fund.pending belongs to role rights_app, and the roster to role postgres', 'ALTER TABLE fund.pending OWNER TO postgres.'),
    ('roster', 'error', 'trigger "spy" of fund.roster runs a function of role rights_officer whenever the registry is written', 'DROP TRIGGER spy ON fund.roster.')$$,
    'but neither one of others, nor another''s table');
SELECT format('%s;', rtrim(hint, '.')) FROM pg_temp.told() \gexec
SELECT is_empty('SELECT * FROM pg_temp.told()', 'that is cured, too');
GRANT CREATE ON SCHEMA osms TO rights_app;
SET ROLE rights_app;
CREATE FUNCTION osms.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE DOMAIN osms.text AS pg_catalog.text;
RESET ROLE;
SELECT results_eq($$SELECT problem, hint FROM osms.check_registry('fund') WHERE problem ~ 'schema osms' ORDER BY 1$$, $$VALUES
    ('function osms.format(text,text) is in schema osms and does not belong to the extension', 'Find out who made it, and drop it.'),
    ('role rights_app, who is no superuser, may make functions and operators in schema osms', 'REVOKE CREATE ON SCHEMA osms FROM rights_app, or from PUBLIC.'),
    ('type osms.text is in schema osms and does not belong to the extension', 'Find out who made it, and drop it.')$$, 'what was let into schema osms');
REVOKE CREATE ON SCHEMA osms FROM rights_app;
DROP FUNCTION osms.format;
DROP DOMAIN osms.text;
ALTER SCHEMA osms OWNER TO rights_officer;
SELECT results_eq($$SELECT problem, hint FROM osms.check_registry('fund') WHERE problem ~ 'schema osms' ORDER BY 1$$,
    $$VALUES ('role rights_officer, who is no superuser, may make functions and operators in schema osms', 'Let a superuser own it: ALTER SCHEMA ... OWNER TO.')$$, 'and whose it is');
ALTER SCHEMA osms OWNER TO CURRENT_USER;
GRANT CREATE ON SCHEMA osms_internal TO rights_app;
SET ROLE rights_app;
CREATE FUNCTION osms_internal.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE DOMAIN osms_internal.text AS pg_catalog.text;
RESET ROLE;
SELECT results_eq($$SELECT problem, hint FROM osms.check_registry('fund') WHERE problem ~ 'schema osms_internal' ORDER BY 1$$, $$VALUES
    ('function osms_internal.format(text,text) is in schema osms_internal and does not belong to the extension', 'Find out who made it, and drop it.'),
    ('role rights_app, who is no superuser, may make functions and operators in schema osms_internal', 'REVOKE CREATE ON SCHEMA osms_internal FROM rights_app, or from PUBLIC.'),
    ('type osms_internal.text is in schema osms_internal and does not belong to the extension', 'Find out who made it, and drop it.')$$, 'and into the other');
REVOKE CREATE ON SCHEMA osms_internal FROM rights_app;
DROP FUNCTION osms_internal.format;
DROP DOMAIN osms_internal.text;
ALTER SCHEMA osms_internal OWNER TO rights_officer;
SELECT results_eq($$SELECT problem, hint FROM osms.check_registry('fund') WHERE problem ~ 'schema osms_internal' ORDER BY 1$$,
    $$VALUES ('role rights_officer, who is no superuser, may make functions and operators in schema osms_internal', 'Let a superuser own it: ALTER SCHEMA ... OWNER TO.')$$, 'and whose it is');
ALTER SCHEMA osms_internal OWNER TO CURRENT_USER;

-- The judgement at the end of the transaction does not rest on the row of pending.
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund');
GRANT USAGE ON SCHEMA fund TO rights_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON fund.pending TO rights_app;
-- what keeps it is tested in traces.sql; here nothing does
ALTER TABLE fund.pending DISABLE TRIGGER keep, DISABLE TRIGGER keep_added;
ALTER TABLE fund.import DISABLE TRIGGER keep;
INSERT INTO fund.attachment (person, organisation, state, since) SELECT i, 10, 'active', '2026-01-01' FROM generate_series(1, 9) i;
CREATE FUNCTION pg_temp.twice(bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO fund.attachment (person, organisation, state, since) VALUES ($1, 11, 'active', '2026-01-01');
$$;
GRANT EXECUTE ON FUNCTION pg_temp.twice TO rights_app;
\set ON_ERROR_STOP 0
BEGIN;
SET LOCAL ROLE rights_app;
SELECT pg_temp.twice(1);
DELETE FROM fund.pending;
COMMIT;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23P01', 'a row of pending that is deleted');
BEGIN;
SET LOCAL ROLE rights_app;
SELECT pg_temp.twice(2);
UPDATE fund.pending SET person = 3;
COMMIT;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23P01', 'or is made another person''s');
BEGIN;
SET LOCAL ROLE rights_app;
SELECT pg_temp.twice(4);
SAVEPOINT s;
DELETE FROM fund.pending;
RELEASE s;
INSERT INTO fund.pending VALUES (5), (5);
COMMIT;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23P01', 'or is deleted by a subtransaction, where there are others');
BEGIN;
SET LOCAL ROLE rights_app;
SELECT pg_temp.twice(6), pg_temp.twice(6);
DELETE FROM fund.pending;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23P01', 'is judged when constraints are made immediate');
BEGIN;
SET LOCAL ROLE rights_app;
SELECT pg_temp.twice(7);
DELETE FROM fund.pending;
PREPARE TRANSACTION 'rights';
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23P01', 'or the transaction prepared');
BEGIN;
SELECT pg_temp.twice(8);
TRUNCATE fund.pending;
ROLLBACK;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '55006', 'the owner himself cannot truncate it meanwhile');
BEGIN;
SELECT pg_temp.twice(8);
ALTER TABLE fund.pending DISABLE TRIGGER judge;
ROLLBACK;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '55006', 'nor disable its trigger');
GRANT SELECT, DELETE ON fund.import TO rights_app;
BEGIN;
SELECT osms.import_begin('fund', 'a load that nobody shall see');
SET LOCAL ROLE rights_app;
DELETE FROM fund.import;
COMMIT;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '55000', 'an import whose entry is deleted was not ended');
\set ON_ERROR_STOP 1
SELECT is_empty('SELECT * FROM fund.roster WHERE organisation = 11', 'nobody counts twice');
SELECT lives_ok('INSERT INTO fund.pending VALUES (1), (2), (99)', 'rows that somebody else wrote are judged, too, and go');
SELECT is_empty('SELECT * FROM fund.pending', 'they are gone');

-- An analyst who may read, and nothing more, calls what analysts call; an application what applications call.
SELECT osms.close_month('fund', '2026-02-01');
REVOKE ALL ON ALL TABLES IN SCHEMA fund FROM rights_app;
GRANT SELECT ON ALL TABLES IN SCHEMA fund TO rights_app;
GRANT EXECUTE ON FUNCTION pg_temp.verdict TO rights_app;
SET ROLE rights_app;
SELECT is(pg_temp.verdict('SELECT count(*) FROM ' || call), 'ok', call) FROM unnest(ARRAY[
    'osms.audit(''fund'')', 'osms.audit_summary(''fund'')', 'osms.verify(''fund'')', 'osms.history(''fund'', ''1'')', 'osms.check_registry(''fund'')', 'osms.guards',
    'osms.sift(''fund'', ''attachment'', ''fund.attachment'')', 'osms.clauses(''fund'')', 'osms.statement(''fund'', ''2026-03-01'')',
    'osms.statement_by_region(''fund'', ''2026-03-01'')', 'osms.statement_persons(''fund'', ''2026-03-01'')', 'osms.person_days(''fund'', ''2026-03-01'', ''2026-03-31'')',
    'osms.unpaid(''fund'', ''2026-03-01'')', 'osms.unattached(''fund'', ''2026-03-01'')', 'osms.roster_of(''fund'', ''10'', ''2026-02-01'')',
    'osms.invoice(''fund'', ''10'', ''2026-02-01'')', 'osms.monthly_form(''fund'', ''10'', ''2026-02-01'')', 'osms.restate(''fund'', ''2026-02-01'')',
    'osms.changes(''fund'', ''2026-02-01'', ''2026-03-01'')', 'osms.flows(''fund'', ''2026-02-01'', ''2026-03-01'')', 'osms.contract_execution(''fund'', 2026)',
    'osms.explain_payment(''fund'', ''10'', ''2026-02-01'')', 'osms.explain_attachment(''fund'', ''1'')', 'osms.report(''fund'', ''2026-02-01'')',
    'osms.due(''fund'', ''2026-02-01'')', 'osms.repair_overlaps(''fund'')', 'osms.check_scheme(''illustrative'')', 'osms.load_check(''illustrative'')',
    'osms.rule', 'osms.law', 'osms.unsure()', 'osms_internal.channel_period', 'osms.working_day(''2026-03-02'')', 'osms.filed_on(''2026-03-02'', ''UTC'')']) AS call;
SELECT alike(pg_temp.verdict('SELECT ' || call), '42501 permission denied %' || denied || '%', call) FROM (VALUES
    ('osms.create_registry(''mine'')', 'function create_registry'), ('osms.map(''fund'', ''person'', ''public.people'', ''{}'')', 'function map'),
    ('osms.add_relation(''fund'', ''site'')', 'function add_relation'), ('osms.guard(''fund'')', 'function guard'), ('osms.unguard(''fund'')', 'function unguard'),
    ('osms.plan(''fund'')', 'function plan'), ('osms.close_month(''fund'', ''2026-03-01'')', 'function close_month'), ('osms_internal.index_sites(''fund'')', 'function index_sites'),
    ('osms_internal.close_to_others(''fund'')', 'function close_to_others'), ('osms_internal.enter_persons(''fund'', ''{1}''::bigint[])', 'function enter_persons'),
    ('osms.post_restatement(''fund'', ''2026-02-01'')', 'function post_restatement'), ('osms_internal.add_own_relation(''fund'', ''site'', ''{}'')', 'function add_own_relation'),
    ('osms_internal.write_row(''fund'', ''person'', ''1'', ''{"region": "x"}'')', 'table person'),
    ('osms.submit(''fund'', ''1'', ''10'', ''clinic'', ''free_choice'')', 'lock persons'), ('osms.import_begin(''fund'', ''x'')', 'import')) AS v (call, denied);
RESET ROLE;

-- What a workflow writes into a table of somebody else it may write as him: rows, and nothing that runs.
CREATE ROLE rights_vendor;
CREATE SCHEMA theirs AUTHORIZATION rights_vendor;
SET ROLE rights_vendor;
CREATE TABLE theirs.clerk (clerk int PRIMARY KEY, name text);
CREATE TABLE theirs.secret (id int, name text);
INSERT INTO theirs.clerk VALUES (1, 'one');
GRANT USAGE ON SCHEMA theirs TO rights_app;
GRANT SELECT, INSERT, UPDATE ON theirs.clerk TO rights_app;
RESET ROLE;
CREATE SCHEMA trap AUTHORIZATION rights_app;
SET ROLE rights_app;
CREATE TYPE trap.name AS ENUM ('x');
CREATE FUNCTION trap.spring(trap.name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'ran as ' || current_user; END $$;
CREATE CAST (trap.name AS text) WITH FUNCTION trap.spring(trap.name) AS ASSIGNMENT;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
SELECT is(pg_temp.verdict(format('SELECT osms_internal.run_write(''theirs'', ''clerk'', %L, %L, %L)', event, row, '{two}')), expected, row)
FROM (VALUES ('insert', 'SELECT 2 AS clerk, $1 AS name', 'ok'), ('update', 'SELECT 1 AS clerk, $1 AS name', 'ok'),
    ('insert', 'DELETE FROM theirs.secret RETURNING *', '22023 what is to be written comes from no query'),
    ('insert', 'GRANT SELECT ON theirs.secret TO rights_app', '22023 what is to be written comes from no query'),
    ('insert', 'SELECT 3 AS clerk, ''x''::trap.name AS name', '42804 column "name" of relation "clerk" has type text and not trap.name'),
    ('insert', 'SELECT 3 AS clerk, current_user AS name', '42804 column "name" of relation "clerk" has type text and not name'),
    ('insert', 'SELECT 3 AS "id) SELECT trap.spring(''x'') --"', '42703 relation theirs.clerk has no column "id) SELECT trap.spring(''x'') --"'),
    ('update', 'SELECT $1 AS name', '42703 a row to be updated is given without its key "clerk"'),
    ('delete', 'SELECT 1 AS clerk', '22023 rows are written by "insert" or "update", not by "delete"')) v (event, row, expected);
SELECT is(pg_temp.verdict($$SELECT osms_internal.run_writes('theirs', 'clerk', 'insert', '{clerk,name}', 'SELECT i AS clerk, ''x''::trap.name AS name FROM generate_series(5, 6) i', '{}')$$),
    '42804 column "name" of relation "clerk" has type text and not trap.name', 'nor many rows at once');
SELECT is(pg_temp.verdict($$SELECT osms_internal.run_writes('theirs', 'clerk', 'insert', '{clerk,name}', 'SELECT i AS clerk, $1 AS name FROM generate_series(5, 6) i', '{x}')$$), 'ok', 'which are written');
RESET ROLE;
SELECT * FROM finish();

DROP OWNED BY rights_app, rights_officer, rights_vendor CASCADE;
DROP ROLE rights_app, rights_officer, rights_vendor;

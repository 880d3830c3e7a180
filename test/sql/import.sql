-- Imports: who may, into what, under which rules, and what is kept of it.
SELECT * FROM no_plan();
SET client_min_messages = error;
\ir verdict.psql
CREATE ROLE importer_import;
CREATE ROLE clerk_import;
CREATE ROLE vendor_import;
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person, birth_date, sex) SELECT i, '1980-01-01', 'male' FROM generate_series(1, 9) i;
INSERT INTO fund.organisation (organisation, name) VALUES (1, 'A');
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '2000-01-01');
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', NULL);
SELECT bag_eq('SELECT rule FROM osms.rule WHERE warns_in_import',
    $$VALUES ('no_backdating'), ('campaign_window'), ('free_choice_limit'), ('newborn_term'), ('initial_state'), ('payment_due'),
    ('payment_contract')$$,
    'the rules of time, and those of payments');

CREATE FUNCTION pg_temp.import_of(statement text) RETURNS text LANGUAGE sql AS
    $$ SELECT format('SELECT osms.import_begin(%L, %L); %s; SELECT osms.import_end(%L)', 'fund', 'archive', statement, 'fund') $$;
\set load 'INSERT INTO fund.attachment (attachment, person, organisation, state, since, reason) VALUES (1, 1, 1, ''suspect'', ''2019-01-01'', ''error'')'
SELECT is(pg_temp.verdict(:'load'), '23514 initial_state fund.attachment.state born_suspect in attachment 1', 'outside an import');
SELECT is(pg_temp.verdict(pg_temp.import_of(:'load')), 'ok', 'in one');
SELECT is(pg_temp.verdict(pg_temp.import_of(:'load') || ';' || replace(:'load', '(1, 1', '(2, 2')),
    '23514 initial_state fund.attachment.state born_suspect in attachment 2', 'after it');
SELECT is(pg_temp.verdict('SELECT osms.import_begin(''fund'', ''archive'');' || :'load'),
    '55000 the import into registry "fund" was not ended', 'one that is not ended');
SELECT is(pg_temp.verdict(pg_temp.import_of(s)), r, 'other rules hold in an import: ' || r)
FROM (VALUES ($$INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (1, 1, 1, 'active', '2025-06-01')$$,
    '23514 basis fund.attachment.application no_basis in attachment 1'),
             ($$INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (1, 99, 1, 'active', '2019-06-01')$$,
                 '23503 person_known fund.attachment.person unknown_person in attachment 1'),
             ($$INSERT INTO fund.attachment (attachment, person, organisation, state, since)
                 VALUES (1, 1, 1, 'active', '2019-06-01'), (2, 1, 1, 'active', '2019-06-01')$$,
                 '23P01 one_attachment fund.attachment.since overlap')) v (s, r);
-- sift judges as the import would
CREATE TABLE staging (attachment bigint, person bigint, organisation bigint, state text, since date, reason text);
INSERT INTO staging VALUES (1, 1, 1, 'suspect', '2019-01-01', 'error'), (2, 99, 1, 'active', '2019-01-01', NULL);
SELECT results_eq($$SELECT key, rule FROM osms.sift('fund', 'attachment', 'staging')$$,
    $$VALUES ('1', 'initial_state'), ('1', 'no_backdating'), ('2', 'person_known'), ('2', 'no_backdating')$$, 'sift outside an import');
SELECT is(pg_temp.verdict($$SELECT osms.import_begin('fund', 'archive'); SELECT osms.import_end('fund')$$, 'UTC',
    $$SELECT string_agg(DISTINCT key, ',') FROM osms.sift('fund', 'attachment', 'staging')$$), 'ok 1,2', 'and after one');
SELECT is(pg_temp.verdict($$SELECT osms.import_begin('fund', 'archive');
    CREATE TEMP TABLE said AS SELECT * FROM osms.sift('fund', 'attachment', 'staging'); SELECT osms.import_end('fund')$$, 'UTC',
          'SELECT string_agg(key, '','') FROM said'), 'ok 2', 'sift in an import');

-- what is refused
SELECT throws_ok($$SELECT osms.import_begin('fund', ' ')$$, '22023', 'an import needs a reason', 'a reason is given');
SELECT throws_ok($$SELECT osms.import_end('fund')$$, '55000', 'no import into registry "fund" is under way in this transaction',
    'what did not begin does not end');
SELECT throws_ok($$SELECT osms.import_begin('nowhere', 'archive')$$, '3F000', 'registry "nowhere" does not exist', 'an unknown registry');
SELECT throws_ok($$SELECT osms.import_begin('fund', 'a'), osms.import_begin('fund', 'b')$$, '55000',
    'an import into registry "fund" has begun already', 'one at a time');
SELECT throws_ok($$SELECT osms.import_begin('fund', NULL)$$, '22023', 'an import needs a reason', 'NULL is none');

-- whoever owns a guarded table imports into it, and into no other
ALTER TABLE fund.attachment OWNER TO importer_import;
GRANT USAGE ON SCHEMA fund TO importer_import, clerk_import, vendor_import;
GRANT SELECT ON ALL TABLES IN SCHEMA fund TO importer_import;
GRANT INSERT ON fund.attachment, fund.application TO importer_import, clerk_import;
SELECT osms.guard('fund');
SET ROLE clerk_import;
SELECT throws_ok($$SELECT osms.import_begin('fund', 'mine')$$, '42501', 'permission denied to import into registry "fund"',
    'a writer who owns nothing');
SELECT throws_ok($$SELECT osms.import_end('fund')$$, '42501', 'permission denied to import into registry "fund"',
    'nor does such a one end it');
SELECT throws_ok($$INSERT INTO fund.import (actor, why) VALUES ('me', 'mine')$$, '42501', NULL, 'nor write its row');
RESET ROLE;
CREATE FUNCTION pg_temp.as_role(role name, statement text) RETURNS text LANGUAGE sql
    AS $$ SELECT format('SET LOCAL ROLE %I; %s; RESET ROLE', role, statement) $$;
SELECT is(pg_temp.verdict(pg_temp.as_role('importer_import', $$SELECT osms.import_begin('fund', 'mine');
    INSERT INTO fund.attachment (attachment, person, organisation, state, since, reason) VALUES (1, 1, 1, 'suspect', '2019-01-01', 'error');
        SELECT osms.import_end('fund')$$)), 'ok', 'the owner of the table imports');
SELECT is(pg_temp.verdict(pg_temp.as_role('importer_import', $$SELECT osms.import_begin('fund', 'mine');
    INSERT INTO fund.application (application, person, organisation, channel, ground, state, submitted_at)
        VALUES (1, 1, 1, 'egov', 'moved', 'approved', '2026-01-01'); SELECT osms.import_end('fund')$$)),
    '23514 initial_state fund.application.decided_at decided_at_missing in application 1', 'not into the table of another');
SELECT is(pg_temp.verdict($$SELECT osms.import_begin('fund', 'mine'); SET LOCAL ROLE clerk_import;
    INSERT INTO fund.attachment (attachment, person, organisation, state, since, reason) VALUES (1, 1, 1, 'suspect', '2019-01-01', 'error');
        RESET ROLE; SELECT osms.import_end('fund')$$),
    '23514 basis fund.attachment.application no_basis in attachment 1', 'nobody else writes under cover of an import');

-- what is kept of it: the commit happens as another role than the one that imported
BEGIN;
SET LOCAL ROLE importer_import;
SELECT osms.import_begin('fund', 'archive of 2019') AS entry \gset
INSERT INTO fund.attachment (attachment, person, organisation, state, since, reason) VALUES (1, 1, 1, 'suspect', '2019-01-01', 'error');
SELECT is(osms.import_end('fund'), :entry::bigint, 'begin and end name the entry');
SET LOCAL ROLE vendor_import;
COMMIT;
SELECT osms.guard('fund', '{"no_backdating": "off"}');
INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (2, 2, 1, 'active', '2019-01-01');
SELECT results_eq($$SELECT i.actor::text COLLATE "default", i.why, i.ended > i.began, i.transaction = j.transaction, j.key
    FROM fund.journal j JOIN fund.import i ON i.entry = j.import WHERE relation = 'attachment'$$,
    $$VALUES ('importer_import', 'archive of 2019', true, true, '1')$$, 'the journal tells the import, and the import who and why');
SELECT is((SELECT count(*)::int FROM fund.journal WHERE import IS NULL AND key = '2'), 1, 'other entries belong to none');
SELECT is((SELECT count(*)::int FROM fund.import WHERE ended IS NULL), 0, 'none is left open');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'the roster followed');
-- dropping the registry leaves the roles free
DROP SCHEMA fund CASCADE;
DROP ROLE importer_import, clerk_import, vendor_import;
SELECT * FROM finish();

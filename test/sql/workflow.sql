-- What happens to a person, one call each: on a registry of tables, on tables of vendors, without a guard, and for a role that has the
-- documented rights and no others. Every call is made twice, as whoever lost the connection does, and comes to the same.
SELECT * FROM no_plan();
SET client_min_messages = warning;
\ir verdict.psql

CREATE ROLE workflow_clerk;
CREATE ROLE workflow_reader;

SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.organisation (organisation, name) VALUES (1, 'A'), (2, 'B'), (3, 'C');
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) SELECT i, '75', 'urban', '2000-01-01'
    FROM generate_series(1, 3) i;
INSERT INTO fund.contract (organisation, valid_from) SELECT i, '2000-01-01' FROM generate_series(1, 3) i;
INSERT INTO fund.clerk (clerk, organisation, role, valid_from) VALUES ('ward', 2, 'maternity', '2020-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, date '1980-01-01' + i, 'female', '75' FROM generate_series(1, 20) i;
INSERT INTO fund.attachment (attachment, person, organisation, state, since) SELECT i, i, 1, 'active', '2020-01-01'
    FROM generate_series(1, 10) i;
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', batch => NULL);

GRANT USAGE ON SCHEMA fund TO workflow_clerk, workflow_reader;
GRANT SELECT ON fund.setting, fund.application, fund.identity_event, fund.attachment, fund.person TO workflow_clerk, workflow_reader;
GRANT INSERT, UPDATE ON fund.application, fund.attachment TO workflow_clerk;
GRANT INSERT ON fund.identity_event, fund.person TO workflow_clerk;
GRANT UPDATE (death_date) ON fund.person TO workflow_clerk;

-- Makes a call twice and shows both results, without what is NULL; "today" and "tomorrow" stand for these days in the registry.
CREATE FUNCTION pg_temp.twice(call text, OUT first text, OUT second text) LANGUAGE plpgsql AS $$
DECLARE
    today CONSTANT date := osms_internal.civil_date('fund', now());
BEGIN
    EXECUTE format('SELECT concat_ws('' '', r.key, r.state, r.outcome, r.related, r.note) FROM osms.%s r', call) INTO first;
    EXECUTE format('SELECT concat_ws('' '', r.key, r.state, r.outcome, r.related, r.note) FROM osms.%s r', call) INTO second;
    first := replace(replace(first, today::text, 'today'), (today + 1)::text, 'tomorrow');
    second := replace(replace(second, today::text, 'today'), (today + 1)::text, 'tomorrow');
END $$;
CREATE FUNCTION pg_temp.attached(of_person text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(replace(replace(concat_ws(' ', attachment, 'at', organisation, state, since, '-', until, reason,
        'restores ' || restores),
        osms_internal.civil_date('fund', now())::text, 'today'), (osms_internal.civil_date('fund', now()) + 1)::text, 'tomorrow'), ', '
            ORDER BY since, attachment)
    FROM fund.attachment WHERE person::text = of_person
$$;

SET ROLE workflow_clerk;
SELECT results_eq(format('SELECT * FROM pg_temp.twice(%L)', call), format('VALUES (%L, %L)', first, second), call) FROM (VALUES
-- one who moves
($$submit('fund', '1', '2', 'egov', 'free_choice', application => '101')$$, '101 submitted created', '101 submitted unchanged'),
($$identify('fund', '101', 'e_signature', evidence_hash => 'e101')$$, '101 identified changed', '101 identified unchanged'),
($$decide('fund', '101', true)$$, '101 approved changed takes effect by osms.transfer()', '101 approved unchanged'),
($$transfer('fund', '101', attachment => '201')$$, '201 active created 1 attached since today', '201 active unchanged'),
($$submit('fund', '1', '2', 'egov', 'free_choice', application => '101')$$, '101 attached unchanged', '101 attached unchanged'),
($$identify('fund', '101', 'e_signature', evidence_hash => 'e101')$$, '101 attached unchanged', '101 attached unchanged'),
($$decide('fund', '101', true)$$, '101 attached unchanged', '101 attached unchanged'),
-- and moves on the same day
($$submit('fund', '1', '3', 'egov', 'moved', application => '102')$$, '102 submitted created', '102 submitted unchanged'),
($$identify('fund', '102', 'e_signature')$$, '102 identified changed', '102 identified unchanged'),
($$decide('fund', '102', true)$$, '102 approved changed takes effect by osms.transfer()', '102 approved unchanged'),
($$transfer('fund', '102', attachment => '202')$$, '202 active created 201 attached since tomorrow', '202 active unchanged'),
-- whose new clinic never saw her
($$annul('fund', '202', 'unlawful')$$, '202 annulled changed 201 osms.reopen() restores attachment "201"',
    '202 annulled unchanged 201 osms.reopen() restores attachment "201"'),
($$reopen('fund', '201', '203')$$, '203 active created 201 attached since tomorrow', '203 active unchanged 201'),
-- refused
($$submit('fund', '2', '2', 'egov', 'free_choice', application => '103')$$, '103 submitted created', '103 submitted unchanged'),
($$decide('fund', '103', false, reason => 'limit_used')$$, '103 refused changed', '103 refused unchanged'),
-- leaves the country
($$detach('fund', '3', osms_internal.civil_date('fund', now()), 'left_country')$$, '3 closed changed', '3 closed unchanged'),
-- dies, and did not
($$register_death('fund', '4', '2026-02-02')$$, '4 dead changed', '4 dead unchanged'),
($$register_death('fund', '4', '2026-01-31')$$, '4 dead changed', '4 dead unchanged'),
($$register_death('fund', '4', NULL)$$, '4 alive changed', '4 alive unchanged'),
($$reopen('fund', '4', '204')$$, '204 active created 4 attached since 2026-02-01', '204 active unchanged 4'),
-- is born
($$register_birth('fund', '50', osms_internal.civil_date('fund', now()), 'male', '2', 'ward', applicant => '5', region => '75', application => '104',
    attachment => '205')$$,
    '205 active created 104 attached since today', '205 active unchanged 104')
) c (call, first, second);
-- the application gets its key where none is given
SELECT is((SELECT (osms.submit('fund', '6', '2', 'egov', 'free_choice')).key),
    (SELECT (osms.submit('fund', '6', '2', 'egov', 'free_choice')).key),
    'an open application is found by person, organisation, channel and ground');
SELECT isnt((SELECT (osms.submit('fund', '6', '2', 'egov', 'free_choice')).key),
    (SELECT (osms.submit('fund', '6', '2', 'clinic', 'free_choice')).key),
    'one by another channel is another one');
RESET ROLE;

SELECT is(pg_temp.attached('1'), '1 at 1 closed 2020-01-01 - today moved_to_other, 201 at 2 closed today - tomorrow moved_to_other, '
    '202 at 3 annulled tomorrow - unlawful, 203 at 2 active tomorrow - restores 201', 'who moved twice and was restored');
SELECT is(pg_temp.attached('3'), '3 at 1 closed 2020-01-01 - today left_country', 'who left');
SELECT is(pg_temp.attached('4'), '4 at 1 closed 2020-01-01 - 2026-02-01 death, 204 at 1 active 2026-02-01 - restores 4',
    'who lives after all');
SELECT is(pg_temp.attached('50'), '205 at 2 active today -', 'who was born');
SELECT results_eq($$SELECT application, channel, ground, state::text, applicant FROM fund.application WHERE application IN (102, 104)$$,
    $$VALUES (102::bigint, 'egov', 'moved', 'attached', NULL::bigint), (104, 'maternity', 'birth', 'attached', 5)$$,
        'and their applications');
SELECT is((SELECT count(*) FROM fund.identity_event), 3::bigint, 'each identified once');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'the roster agrees');

-- a campaign waits for 1 January next, in the registry's time
SELECT results_eq(format('SELECT * FROM pg_temp.twice(%L)', call), format('VALUES (%L, %L)', first, second), call) FROM (VALUES
($$submit('fund', '7', '2', 'egov', 'campaign', application => '105', submitted_at => '2025-10-01 10:00+05')$$, '105 submitted created',
    '105 submitted unchanged'),
($$identify('fund', '105', 'e_signature', at => '2025-10-01 11:00+05')$$, '105 identified changed', '105 identified unchanged'),
($$decide('fund', '105', true, decided_at => '2025-12-31 19:30+00')$$,
    '105 deferred changed takes effect on 2027-01-01 by osms.take_effect()', '105 deferred unchanged')
) c (call, first, second);

-- what was asked wrongly
SELECT is(pg_temp.verdict('SELECT osms.' || call), expected, call || ': ' || expected) FROM (VALUES
($$submit('fund', NULL, '2', 'egov', 'moved')$$, '22004 argument "person" of osms.submit must not be null'),
($$submit(NULL, '8', '2', 'egov', 'moved')$$, '22004 argument "registry" of osms.submit must not be null'),
($$decide('fund', '101', NULL)$$, '22004 argument "approve" of osms.decide must not be null'),
($$detach('fund', '8', NULL, 'left_country')$$, '22004 argument "day" of osms.detach must not be null'),
($$submit('none', '8', '2', 'egov', 'moved')$$, '3F000 registry "none" does not exist'),
($$submit('fund', 'eight', '2', 'egov', 'moved')$$, '22P02 invalid input syntax for type bigint: "eight"'),
($$submit('fund', '999', '2', 'egov', 'moved', application => '900')$$,
    '23503 person_known fund.application.person unknown_person in application 900'),
($$submit('fund', '8', '9', 'egov', 'moved', application => '900')$$,
    '23503 organisation_known fund.application.organisation unknown_organisation in application 900'),
($$submit('fund', '8', '2', 'egov', 'moved', application => '101')$$, '23505 application "101" of registry "fund" is another one'),
($$identify('fund', '900', 'e_signature')$$, 'P0002 application "900" does not exist in registry "fund"'),
($$identify('fund', '105', 'e_signature', evidence_hash => 'e101')$$, '23505 evidence is used for another application already'),
($$identify('fund', '103', 'e_signature')$$, '23514 transition fund.application.state no_such_step in application 103'),
($$decide('fund', '103', true)$$, '23514 transition fund.application.state no_such_step in application 103'),
($$decide('fund', '105', false)$$, '23514 transition fund.application.state no_such_step in application 105'),
($$transfer('fund', '105', attachment => '900')$$, '23514 basis fund.attachment.application deferred_not_due in attachment 900'),
($$detach('fund', '12', current_date, 'left_country')$$, format('P0002 person "12" is not attached on %s in registry "fund"',
    current_date)),
($$detach('fund', '8', current_date, 'holiday')$$, '23514 reason fund.attachment.reason reason_unknown in attachment 8'),
($$detach('fund', '8', '2019-01-01', 'left_country')$$, '23514 period fund.attachment.since reversed in attachment 8'),
($$annul('fund', '900', 'error')$$, 'P0002 attachment "900" does not exist in registry "fund"'),
($$reopen('fund', '8', '900')$$, '23514 attachment "8" is not lost: it is active'),
($$reopen('fund', '1', '900')$$, '23P01 one_attachment fund.attachment.since overlap'),
($$reopen('fund', '3', '900')$$, '23514 basis fund.attachment.application nothing_to_restore in attachment 900'),
($$register_death('fund', '999', '2026-01-01')$$, 'P0002 person "999" does not exist in registry "fund"'),
($$register_birth('fund', '50', '2026-11-02', 'male', '2', 'ward')$$, '23505 person "50" of registry "fund" is another one')
) c (call, expected);

-- who may not write may not lock either
SET ROLE workflow_reader;
SELECT throws_ok($$SELECT osms.lock_persons('fund', '{1}')$$, '42501', 'permission denied to lock persons of registry fund',
    'nor lock persons');
SELECT throws_ok($$SELECT osms.submit('fund', '9', '2', 'egov', 'moved')$$, '42501', NULL, 'nor file for them');
RESET ROLE;

-- without a guard nothing is judged, and the calls work
SELECT osms.unguard('fund');
SELECT results_eq(format('SELECT * FROM pg_temp.twice(%L)', call), format('VALUES (%L, %L)', first, second), call || ' without a guard')
    FROM (VALUES
($$submit('fund', '9', '2', 'egov', 'free_choice', application => '106')$$, '106 submitted created', '106 submitted unchanged'),
($$identify('fund', '106', 'e_signature')$$, '106 identified changed', '106 identified unchanged'),
($$decide('fund', '106', true)$$, '106 approved changed takes effect by osms.transfer()', '106 approved unchanged'),
($$transfer('fund', '106', attachment => '206')$$, '206 active created 9 attached since today', '206 active unchanged'),
($$annul('fund', '206', 'error')$$, '206 annulled changed 9 osms.reopen() restores attachment "9"',
    '206 annulled unchanged 9 osms.reopen() restores attachment "9"'),
($$reopen('fund', '9', '207')$$, '207 active created 9 attached since today', '207 active unchanged 9'),
($$detach('fund', '10', '2026-01-01', 'left_country')$$, '10 closed changed', '10 closed unchanged'),
($$register_death('fund', '11', '2026-01-01')$$, '11 dead changed', '11 dead unchanged')
) c (call, first, second);
DROP SCHEMA fund CASCADE;

-- The same on tables of vendors.
BEGIN;
\set PERSONS 1000
\ir ../demo/legacy.sql
COMMIT;
\ir ../demo/map.sql
SELECT a.iin, a.nomer, a.mo, f.region INTO TEMPORARY chosen
FROM legacy.prikreplenie a JOIN legacy.fizlico f USING (iin)
WHERE osms.iin_fault(a.iin::text) IS NULL AND a.d_end = '2999-12-31' AND a.st = 1 AND f.d_smerti IS NULL AND f.srok_preb IS NULL
    AND f.d_rozhd < '2005-01-01' AND (SELECT count(*) FROM legacy.prikreplenie b WHERE b.iin = a.iin) = 1
    AND NOT EXISTS (SELECT FROM legacy.zayavlenie z WHERE z.iin = a.iin) AND a.nomer::text NOT IN (SELECT key FROM demo.planted_row)
ORDER BY a.nomer LIMIT 2;
SELECT min(iin) AS one, max(iin) AS two FROM chosen \gset
SELECT nomer AS old, region FROM chosen WHERE iin = :'one' \gset
SELECT d.mo AS new FROM legacy.dogovor d JOIN legacy.medorg_region m USING (mo)
WHERE m.region = :'region' AND d.d_konca = '2999-12-31' AND d.mo <> (SELECT mo FROM chosen WHERE iin = :'one') ORDER BY d.mo LIMIT 1 \gset
SELECT osms.make_iin(osms_internal.civil_date('fund', now()), 'female', 9876) AS born \gset
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', batch => NULL);
GRANT USAGE ON SCHEMA fund TO workflow_clerk;
GRANT SELECT ON fund.setting, fund.application, fund.identity_event, fund.attachment, fund.person TO workflow_clerk;
GRANT INSERT, UPDATE ON fund.application, fund.attachment TO workflow_clerk;
GRANT INSERT ON fund.identity_event, fund.person TO workflow_clerk;
GRANT UPDATE (death_date) ON fund.person TO workflow_clerk;

SET ROLE workflow_clerk;
SELECT results_eq(format('SELECT * FROM pg_temp.twice(%L)', format(call, :'one', :'new', :'two', :'region', :'born')),
    format('VALUES (%L, %L)', replace(replace(first, 'old', :'old'), 'two', :'two'),
        replace(replace(second, 'old', :'old'), 'two', :'two')), replace(call, '%', '%%')) FROM (VALUES
($$submit('fund', '%1$s', '%2$s', 'egov', 'free_choice', applicant => '%1$s')$$, '90000001 submitted created',
    '90000001 submitted unchanged'),
($$identify('fund', '90000001', 'e_signature', 'mo1001-1', 'eGov', evidence_hash => 'e1')$$, '90000001 identified changed',
    '90000001 identified unchanged'),
($$decide('fund', '90000001', true)$$, '90000001 approved changed takes effect by osms.transfer()', '90000001 approved unchanged'),
($$transfer('fund', '90000001')$$, '20000001 active created old attached since today', '20000001 active unchanged'),
($$detach('fund', '%1$s', osms_internal.civil_date('fund', now()) + 7, 'left_country')$$, '20000001 closed changed', '20000001 closed unchanged'),
($$annul('fund', '20000001', 'unlawful')$$, '20000001 annulled changed old osms.reopen() restores attachment "old"',
    '20000001 annulled unchanged old osms.reopen() restores attachment "old"'),
($$register_death('fund', '%3$s', '2026-02-02')$$, 'two dead changed', 'two dead unchanged'),
($$register_birth('fund', '%5$s', osms_internal.civil_date('fund', now()), 'female', '%2$s', 'rod71', '%1$s', surname => 'a', given_name => 'b',
    region => '%4$s',
    provider => 'MIS', evidence_hash => 'e2')$$, '20000002 active created 90000002 attached since today',
        '20000002 active unchanged 90000002')
) c (call, first, second);
RESET ROLE;
SELECT results_eq($$SELECT d_end::text, st::int, prichina::int FROM legacy.prikreplenie WHERE nomer IN ($$ || :'old' || $$, 20000001)
    ORDER BY d_beg$$,
    format($$VALUES (%L, 2, 700), (%L, 7, 1700)$$, osms_internal.civil_date('fund', now()) - 1, osms_internal.civil_date('fund', now()) + 6),
        'written as the vendor writes');
SELECT is(pg_temp.verdict(format('SELECT osms.reopen(%L, %L)', 'fund', :'old')),
    format('55000 registry "fund" cannot keep restores "%s" of relation "attachment"', :'old'),
        'a table without the column keeps no restoration');
SELECT is(pg_temp.verdict(format('SELECT osms.submit(%L, %L, %L, %L, %L)', 'fund', :'two', :'new', 'egov', 'pregnancy')),
    '55000 registry "fund" cannot keep ground "pregnancy" of relation "application"', 'nor a code that the mapping lacks');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'the roster agrees');

DROP OWNED BY workflow_clerk, workflow_reader;
DROP ROLE workflow_clerk, workflow_reader;
SELECT * FROM finish();

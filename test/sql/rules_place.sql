-- The rules of place, organisation and order: contracts, territories, stays, orders and their scope, merges of persons, successions.
SET search_path = public;
SELECT * FROM no_plan();

-- "fund" is guarded, "bare" never; audit reads the second.
CREATE PROCEDURE pg_temp.furnish(registry text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osms.create_registry(registry, cut_over => '2025-01-01');
    EXECUTE format('SET LOCAL search_path = %I, public', registry);
    INSERT INTO person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', 'A' FROM generate_series(1, 60) i;
    INSERT INTO organisation (organisation) SELECT generate_series(1, 9);
    INSERT INTO organisation_status (organisation, region, neighbours, valid_from)
        SELECT i, CASE WHEN i = 3 THEN 'B' ELSE 'A' END, CASE WHEN i = 3 THEN '{C}'::text[] END, '1900-01-01' FROM generate_series(1, 9) i;
    -- 1 to 3 open for ever; 4 for the year 2024, 5 again after a gap, 6 never
    INSERT INTO contract (organisation, valid_from, valid_to) VALUES (1, '1900-01-01', NULL), (2, '1900-01-01', NULL),
        (3, '1900-01-01', NULL),
        (4, '2024-01-01', '2025-01-01'), (5, '2023-01-01', '2024-01-01'), (5, '2024-03-01', NULL), (7, '1900-01-01', NULL),
            (8, '1900-01-01', NULL), (9, '1900-01-01', NULL);
    -- persons 11 to 20 are at organisation 1, 11 to 15 at its site s1
    INSERT INTO attachment (attachment, person, organisation, site, state, since)
        SELECT i, i, 1, CASE WHEN i <= 15 THEN 's1' ELSE 's2' END, 'active', '2020-01-01' FROM generate_series(11, 20) i;
    -- person 21 left organisation 1 before, 22's attachment there is void
    INSERT INTO attachment (attachment, person, organisation, state, since, until, reason)
    VALUES (21, 21, 1, 'closed', '2020-01-01', '2025-03-01', 'person_refused'), (22, 22, 1, 'annulled', '2020-01-01', NULL, 'error');
    INSERT INTO authority_order (order_key, issued_on, cause, valid_from) VALUES
        ('any', '2025-03-01', 'new_facility', '2025-03-10'), ('from', '2025-03-01', 'reorganisation', '2025-03-10'),
            ('person', '2025-03-01', 'contract_ended', '2025-03-10'),
        ('site', '2025-03-01', 'reorganisation', '2025-03-10'), ('region', '2025-03-01', 'reorganisation', '2025-03-10'),
            ('nobody', '2025-03-01', 'reorganisation', '2025-03-10'),
        ('odd', '2025-03-01', 'whim', '2025-03-10'), ('late', '2025-03-11', 'reorganisation', '2025-03-10'),
            ('no cause', '2025-03-01', NULL, '2025-03-10'),
        ('no day', NULL, 'reorganisation', '2025-03-10'), ('no day, new', NULL, 'new_facility', '2025-01-10'),
        ('Oct 31', '2024-10-31', 'new_facility', '2024-12-01'), ('Nov 1', '2024-11-01', 'new_facility', '2024-12-01'),
            ('Dec 31', '2024-12-31', 'new_facility', '2025-03-01'),
        ('Jan 1', '2025-01-01', 'new_facility', '2025-03-01'), ('Feb 1', '2025-02-01', 'new_facility', '2025-03-01'),
            ('Feb 2', '2025-02-02', 'new_facility', '2025-03-01'),
        ('in winter', '2024-12-31', 'contract_ended', '2025-01-01'), ('Nov 10', '2024-11-10', 'yearly', '2025-01-01'),
            ('Nov 11', '2024-11-11', 'yearly', '2025-01-01');
    INSERT INTO order_scope (order_key, to_organisation)
        SELECT order_key, 2 FROM authority_order WHERE order_key NOT IN ('from', 'person', 'site', 'region', 'nobody');
    INSERT INTO order_scope (order_key, from_organisation, to_organisation, region, site, person) VALUES
        ('from', 1, 2, NULL, NULL, NULL), ('from', 7, 8, NULL, NULL, NULL), ('person', NULL, 2, NULL, NULL, 11),
            ('person', NULL, 2, NULL, NULL, 12), ('site', 1, 2, NULL, 's1', NULL),
        ('site', 1, 2, NULL, 'n1', NULL), ('region', 1, 2, 'A', NULL, NULL), ('region', 1, 3, 'B', NULL, NULL);
    INSERT INTO application (application, person, organisation, channel, ground, state, submitted_at, decided_at)
    VALUES (31, 31, 2, 'authority_order', NULL, 'approved', now(), now()), (32, 32, 2, 'clinic', 'order', 'approved', now(), now()),
           (33, 33, 2, 'clinic', 'moved', 'approved', now(), now()), (34, 34, 2, 'clinic', 'institution', 'approved', now(), now()),
           (35, 35, 2, 'clinic', 'pregnancy', 'approved', now(), now());
    INSERT INTO application (application, person, applicant, organisation, channel, ground, state, submitted_at, decided_at)
    VALUES (36, 36, 37, 2, 'maternity', 'birth', 'approved', now(), now());
END $$;

BEGIN;
CALL pg_temp.furnish('fund');
CALL pg_temp.furnish('bare');
SELECT osms.guard('fund', '{"no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);
COMMIT;

\ir verdict.psql
-- What audit finds in attachment 900 once the statement has written it unguarded, but for the rules of time, which rules_time.sql proves.
CREATE FUNCTION pg_temp.audited(statement text) RETURNS text LANGUAGE sql AS $$
    SELECT substr(pg_temp.verdict(replace(statement, 'fund.', 'bare.'), 'UTC',
        'SELECT coalesce(string_agg(rule || '' '' || finding, '', '' ORDER BY rule, finding), ''nothing'') FROM osms.audit(''bare'') WHERE '
        'relation = ''attachment'' AND key = ''900'' AND rule NOT IN (''no_backdating'', ''newborn_term'')'), 4)
$$;

-- New attachments, key 900; the person's attachment 11 to 20 ends on the day. found: rule, column and finding; audit where it differs.
CREATE TEMP TABLE place_case (place serial, what text, before text, row text, rule text, col text, found text, audit text);
INSERT INTO place_case (what, before, row, rule, col, found, audit) VALUES
--                              before, (person, organisation, site, state, since, until, application, order_key, restores, reason)
('contract, first day',         '', $$ 1, 4, NULL, 'active', '2024-01-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('contract, the day before',    '', $$ 1, 4, NULL, 'active', '2023-12-31', NULL, NULL, NULL, NULL, NULL $$, 'contracted', 'organisation',
    'no_contract', NULL),
('contract, last day',          '', $$ 1, 4, NULL, 'active', '2024-12-31', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('contract, the day after',     'UPDATE fund.setting SET cut_over = ''2026-01-01''',
    $$ 1, 4, NULL, 'active', '2025-01-01', NULL, NULL, NULL, NULL, NULL $$, 'contracted', 'organisation', 'no_contract', NULL),
('contract, in the gap',        '', $$ 1, 5, NULL, 'active', '2024-02-29', NULL, NULL, NULL, NULL, NULL $$, 'contracted', 'organisation',
    'no_contract', NULL),
('contract, after the gap',     '', $$ 1, 5, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('contract, none',              '', $$ 1, 6, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'contracted', 'organisation',
    'no_contract', NULL),
('contract, closed row',        '', $$ 1, 6, NULL, 'closed', '2020-01-01', '2020-02-01', NULL, NULL, NULL, 'error' $$, 'contracted',
    'organisation', 'no_contract', NULL),
-- territory: organisations 1 and 2 in A, 3 in B with the neighbour C; persons live in A by their own row, without a date
('territory, the same',         '', $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('territory, another',          '', $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory',
    'organisation', 'other_territory', NULL),
('territory, the neighbour',    'UPDATE fund.person SET region = ''C'' WHERE person = 1',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('territory, not its neighbour', 'UPDATE fund.person SET region = ''C'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('territory, lives nowhere',    'UPDATE fund.person SET region = NULL WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'same_territory unknown_residence'),
('territory, stands nowhere',   '', $$ 1, 2, NULL, 'active', '1899-12-31', NULL, NULL, NULL, NULL, NULL $$, 'period', 'since',
    'out_of_range', 'contracted no_contract, period out_of_range, same_territory unknown_region_of_organisation'),
('territory, moves on the day', 'INSERT INTO fund.residence VALUES (1, ''B'', ''permanent'', ''2024-03-01'')',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('territory, moves the day after', 'INSERT INTO fund.residence VALUES (1, ''B'', ''permanent'', ''2024-03-02'')',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('territory, dated counts',     'INSERT INTO fund.residence VALUES (1, ''B'', ''permanent'', ''2024-01-01'')',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('territory, any kind counts',
    'INSERT INTO fund.residence VALUES (1, ''B'', ''permanent'', ''2024-01-01''), (1, ''A'', ''temporary'', ''2020-01-01'')',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('territory, actual too',
    'INSERT INTO fund.residence VALUES (1, ''B'', ''permanent'', ''2024-01-01''), (1, ''A'', ''actual'', ''2020-01-01'')',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('territory, newest of a kind',
    'INSERT INTO fund.residence VALUES (1, ''B'', ''permanent'', ''2024-01-01''), (1, ''A'', ''permanent'', ''2020-01-01'')',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('territory, clinic moves',     'INSERT INTO fund.organisation_status (organisation, region, valid_from) VALUES (3, ''A'', ''2024-03-01'')',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('territory, clinic moves later',
    'INSERT INTO fund.organisation_status (organisation, region, valid_from) VALUES (3, ''A'', ''2024-03-02'')',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
-- a region is renamed or split: A became B and D on the day
('region split on the day',
    'INSERT INTO fund.region_succession VALUES (''A'', ''B'', ''2024-03-01'', ''act''), (''A'', ''D'', ''2024-03-01'', ''act'')',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('region split the day after',
    'INSERT INTO fund.region_succession VALUES (''A'', ''B'', ''2024-03-02'', ''act''), (''A'', ''D'', ''2024-03-02'', ''act'')',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('region of the clinic split',
    'INSERT INTO fund.region_succession VALUES (''A'', ''D'', ''2024-03-01'', ''act''); INSERT INTO fund.residence VALUES '
    '(1, ''D'', ''permanent'', ''2024-03-01'')', $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('written after the split',
    'INSERT INTO fund.region_succession VALUES (''A'', ''B'', ''2023-01-01'', ''act''); INSERT INTO fund.residence VALUES '
    '(1, ''A'', ''permanent'', ''2023-01-01'')', $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory',
    'organisation', 'other_territory', NULL),
('renamed twice',
    'INSERT INTO fund.region_succession VALUES (''A'', ''D'', ''2022-01-01'', ''act''), (''D'', ''B'', ''2023-01-01'', ''act'')',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('renamed and back',
    'INSERT INTO fund.region_succession VALUES (''A'', ''D'', ''2022-01-01'', ''act''), (''D'', ''A'', ''2023-01-01'', ''act'')',
    $$ 1, 3, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
-- exceptions by ground, and small children by where they actually live
('ground moved',                'UPDATE fund.person SET region = ''Z'' WHERE person = 33',
    $$ 33, 2, NULL, 'active', '2025-03-10', NULL, 33, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('ground institution',          'UPDATE fund.person SET region = ''Z'' WHERE person = 34',
    $$ 34, 2, NULL, 'active', '2025-03-10', NULL, 34, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('ground pregnancy',            'UPDATE fund.person SET region = ''Z'' WHERE person = 35',
    $$ 35, 2, NULL, 'active', '2025-03-10', NULL, 35, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'same_territory unknown_actual_residence'),
('pregnant, actually elsewhere', 'INSERT INTO fund.residence VALUES (35, ''Z'', ''actual'', ''2025-03-10'')',
    $$ 35, 2, NULL, 'active', '2025-03-10', NULL, 35, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('an order',                    'UPDATE fund.person SET region = ''Z'' WHERE person = 1',
    $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'any', NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('restored',                    'UPDATE fund.person SET region = ''Z'' WHERE person = 22',
    $$ 22, 1, NULL, 'active', '2025-03-10', NULL, NULL, NULL, 22, NULL $$, 'ok', NULL, NULL, 'nothing'),
('child, the day before six',   'UPDATE fund.person SET region = ''Z'', birth_date = ''2018-03-02'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'same_territory unknown_actual_residence'),
('child, six on the day',       'UPDATE fund.person SET region = ''Z'', birth_date = ''2018-03-01'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('child of 29 February, on the 28th', 'UPDATE fund.person SET region = ''Z'', birth_date = ''2016-02-29'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2022-02-28', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'same_territory unknown_actual_residence'),
('child of 29 February, on 1 March', 'UPDATE fund.person SET region = ''Z'', birth_date = ''2016-02-29'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2022-03-01', NULL, NULL, NULL, NULL, NULL $$, 'same_territory', 'organisation', 'other_territory', NULL),
('child of 29 February, 28th before six', 'UPDATE fund.person SET region = ''Z'', birth_date = ''2016-02-29'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2021-02-28', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'same_territory unknown_actual_residence'),
('newborn, the parent''s region', 'UPDATE fund.person SET region = NULL, birth_date = ''2025-03-08'' WHERE person = 36',
    $$ 36, 2, NULL, 'active', '2025-03-10', NULL, 36, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('newborn, parent elsewhere',
    'UPDATE fund.person SET region = NULL, birth_date = ''2025-03-08'' WHERE person = 36; UPDATE fund.person SET region = ''Z'' WHERE '
    'person = 37', $$ 36, 2, NULL, 'active', '2025-03-10', NULL, 36, NULL, NULL, NULL $$, 'ok', NULL, NULL,
    'same_territory unknown_residence'),
-- stay
('stay, no limit',              '', $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('stay, open end',              'UPDATE fund.person SET stay_until = ''2026-05-31'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2024-03-01', NULL, NULL, NULL, NULL, NULL $$, 'stay', 'until', 'beyond_stay', NULL),
('stay, to the last day',       'UPDATE fund.person SET stay_until = ''2026-05-31'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2024-03-01', '2026-06-01', NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('stay, a day more',            'UPDATE fund.person SET stay_until = ''2026-05-31'' WHERE person = 1',
    $$ 1, 1, NULL, 'active', '2024-03-01', '2026-06-02', NULL, NULL, NULL, NULL $$, 'stay', 'until', 'beyond_stay', NULL),
-- orders: cause and dates
('order to anybody',            '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'any', NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('order, unknown',              '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'none', NULL, NULL $$, 'basis', 'application',
    'unknown_order', NULL),
('order, the day before',       '', $$ 1, 2, NULL, 'active', '2025-03-09', NULL, NULL, 'any', NULL, NULL $$, 'order_scope', 'order_key',
    'before_order', NULL),
('order, later',                '', $$ 1, 2, NULL, 'active', '2025-12-31', NULL, NULL, 'any', NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('order, odd cause',            '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'odd', NULL, NULL $$, 'order_scope', 'order_key',
    'cause_not_allowed', NULL),
('order, cause made lawful',
    'INSERT INTO osms.act VALUES (''whim'', ''whim''); INSERT INTO osms.parameter (name, value, valid_from, act) VALUES '
    '(''order_causes'', ''{whim}'', ''2025-03-01'', ''whim'')',
                                    $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'odd', NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('order, cause lawful later',
    'INSERT INTO osms.act VALUES (''whim'', ''whim''); INSERT INTO osms.parameter (name, value, valid_from, act) VALUES '
    '(''order_causes'', ''{whim}'', ''2025-03-02'', ''whim'')',
                                    $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'odd', NULL, NULL $$, 'order_scope', 'order_key',
                                        'cause_not_allowed', NULL),
('order, no cause',             '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'no cause', NULL, NULL $$, 'ok', NULL, NULL,
    'order_scope unknown_cause'),
('order, no day of issue',      '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'no day', NULL, NULL $$, 'ok', NULL, NULL,
    'order_scope unknown_day_of_issue'),
('order, no day, in winter',    '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'no day, new', NULL, NULL $$, 'order_scope',
    'order_key', 'black_out', NULL),
('order, issued after',         '', $$ 1, 2, NULL, 'active', '2025-03-11', NULL, NULL, 'late', NULL, NULL $$, 'order_scope', 'order_key',
    'issued_after_in_force', NULL),
('order of 31 October',         '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'Oct 31', NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('order of 1 November',         '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'Nov 1', NULL, NULL $$, 'order_scope', 'order_key',
    'black_out', NULL),
('order of 31 December',        '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'Dec 31', NULL, NULL $$, 'order_scope', 'order_key',
    'black_out', NULL),
('order of 1 January',          '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'Jan 1', NULL, NULL $$, 'order_scope', 'order_key',
    'black_out', NULL),
('order of 1 February',         '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'Feb 1', NULL, NULL $$, 'order_scope', 'order_key',
    'black_out', NULL),
('order of 2 February',         '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'Feb 2', NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('order of winter, other cause', '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'in winter', NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('yearly order of 10 November', '', $$ 1, 2, NULL, 'active', '2025-01-01', NULL, NULL, 'Nov 10', NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('yearly order of 11 November', '', $$ 1, 2, NULL, 'active', '2025-01-01', NULL, NULL, 'Nov 11', NULL, NULL $$, 'order_scope', 'order_key',
    'yearly_too_late', NULL),
('order and application',       '', $$ 33, 2, NULL, 'active', '2025-03-10', NULL, 33, 'any', NULL, NULL $$, 'basis', 'application',
    'several_bases', NULL),
-- its scope
('scope, no row',               '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'nobody', NULL, NULL $$, 'order_scope', 'order_key',
    'out_of_scope', NULL),
('scope, elsewhere',            '', $$ 1, 1, NULL, 'active', '2025-03-10', NULL, NULL, 'any', NULL, NULL $$, 'order_scope', 'order_key',
    'out_of_scope', NULL),
('scope, from there',           'end', $$ 11, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'from', NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('scope, from nowhere',         '', $$ 1, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'from', NULL, NULL $$, 'order_scope', 'order_key',
    'out_of_scope', NULL),
('scope, left before',          '', $$ 21, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'from', NULL, NULL $$, 'order_scope', 'order_key',
    'out_of_scope', NULL),
('scope, annulled before',      '', $$ 22, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'from', NULL, NULL $$, 'order_scope', 'order_key',
    'out_of_scope', NULL),
('scope, from one, to another''s', 'end', $$ 11, 8, NULL, 'active', '2025-03-10', NULL, NULL, 'from', NULL, NULL $$, 'order_scope',
    'order_key', 'out_of_scope', NULL),
('scope, the person',           'end', $$ 12, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'person', NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('scope, another person',       'end', $$ 13, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'person', NULL, NULL $$, 'order_scope',
    'order_key', 'out_of_scope', NULL),
('scope, the site left',        'end', $$ 15, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'site', NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('scope, another site left',    'end', $$ 16, 2, 'x', 'active', '2025-03-10', NULL, NULL, 'site', NULL, NULL $$, 'order_scope', 'order_key',
    'out_of_scope', NULL),
('scope, the site come to',     'end', $$ 16, 2, 'n1', 'active', '2025-03-10', NULL, NULL, 'site', NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('scope, the region',           'end', $$ 11, 2, NULL, 'active', '2025-03-10', NULL, NULL, 'region', NULL, NULL $$, 'ok', NULL, NULL,
    'nothing'),
('scope, another region',       'end', $$ 11, 3, NULL, 'active', '2025-03-10', NULL, NULL, 'region', NULL, NULL $$, 'order_scope',
    'order_key', 'out_of_scope', NULL),
('scope, the region then',      'end; INSERT INTO fund.residence VALUES (11, ''B'', ''actual'', ''2025-03-10'')',
    $$ 11, 3, NULL, 'active', '2025-03-10', NULL, NULL, 'region', NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('scope, the region later',     'end; INSERT INTO fund.residence VALUES (11, ''B'', ''actual'', ''2025-03-11'')',
    $$ 11, 3, NULL, 'active', '2025-03-10', NULL, NULL, 'region', NULL, NULL $$, 'order_scope', 'order_key', 'out_of_scope', NULL),
-- a move without an order
('by the channel, no order',    '', $$ 31, 2, NULL, 'active', '2025-03-10', NULL, 31, NULL, NULL, NULL $$, 'order_scope', 'order_key',
    'move_without_order', NULL),
('on the ground, no order',     '', $$ 32, 2, NULL, 'active', '2025-03-10', NULL, 32, NULL, NULL, NULL $$, 'order_scope', 'order_key',
    'move_without_order', NULL),
('another ground, no order',    '', $$ 33, 2, NULL, 'active', '2025-03-10', NULL, 33, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
-- successions: what was promised by the old one is kept by the new one
('application to the old one',  'INSERT INTO fund.organisation_succession VALUES (2, 8, ''2025-03-10'', 1)',
    $$ 33, 8, NULL, 'active', '2025-03-10', NULL, 33, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('application, not yet old',    'INSERT INTO fund.organisation_succession VALUES (2, 8, ''2025-03-11'', 1)',
    $$ 33, 8, NULL, 'active', '2025-03-10', NULL, 33, NULL, NULL, NULL $$, 'basis', 'application', 'application_of_another_organisation',
    NULL),
('application, split',          'INSERT INTO fund.organisation_succession VALUES (2, 8, ''2025-03-10'', 0.5), (2, 9, ''2025-03-10'', 0.5)',
    $$ 33, 9, NULL, 'active', '2025-03-10', NULL, 33, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('application, heir of an heir', 'INSERT INTO fund.organisation_succession VALUES (2, 8, ''2025-03-01'', 1), (8, 9, ''2025-03-10'', 1)',
    $$ 33, 9, NULL, 'active', '2025-03-10', NULL, 33, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('application, heir of what was', 'INSERT INTO fund.organisation_succession VALUES (2, 8, ''2025-03-10'', 1), (8, 9, ''2025-03-01'', 1)',
    $$ 33, 9, NULL, 'active', '2025-03-10', NULL, 33, NULL, NULL, NULL $$, 'basis', 'application', 'application_of_another_organisation',
    NULL),
('heir without a contract',     'INSERT INTO fund.organisation_succession VALUES (2, 6, ''2025-03-10'', 1)',
    $$ 33, 6, NULL, 'active', '2025-03-10', NULL, 33, NULL, NULL, NULL $$, 'contracted', 'organisation', 'no_contract', NULL),
('order to the old one',        'INSERT INTO fund.organisation_succession VALUES (2, 8, ''2025-03-10'', 1)',
    $$ 1, 8, NULL, 'active', '2025-03-10', NULL, NULL, 'any', NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('restored at the heir',        'INSERT INTO fund.organisation_succession VALUES (1, 8, ''2025-03-10'', 1)',
    $$ 22, 8, NULL, 'active', '2025-03-10', NULL, NULL, NULL, 22, NULL $$, 'ok', NULL, NULL, 'nothing'),
('restored elsewhere',          'INSERT INTO fund.organisation_succession VALUES (1, 8, ''2025-03-10'', 1)',
    $$ 22, 9, NULL, 'active', '2025-03-10', NULL, NULL, NULL, 22, NULL $$, 'basis', 'application', 'attachment_of_another_organisation',
    NULL);
CREATE TEMP VIEW place_statement AS
SELECT *, replace(before, 'end',
    'UPDATE fund.attachment SET state = ''closed'', until = ''2025-03-10'', reason = ''moved_to_other'' WHERE person = ' || split_part(row,
    ',', 1)) || ';'
       || 'INSERT INTO fund.attachment (attachment, person, organisation, site, state, since, until, application, order_key, restores, '
           'reason) VALUES (900,' || row || ')' AS statement
FROM place_case;
SELECT is(pg_temp.verdict(statement, zone),
          CASE WHEN rule = 'ok' THEN 'ok'
               ELSE (SELECT sqlstate FROM osms.rule r WHERE r.rule = c.rule) || format(' %s fund.attachment.%s %s in attachment 900', rule,
                   col, found) END,
          format('%s (%s)', what, zone))
FROM place_statement c, unnest('{UTC,Pacific/Kiritimati,Etc/GMT+12}'::text[]) zone ORDER BY place, zone;
SELECT is(pg_temp.audited(statement), coalesce(audit, rule || ' ' || found), format('%s: audit', what)) FROM place_statement ORDER BY place;

-- What is written of contracts, statuses and orders stays; what changes them is in the journal; facts are never refused.
SELECT is(pg_temp.verdict(statement, 'UTC', $$SELECT concat_ws(' ', relation, event, key, person, organisation, since, until, changed)
    FROM fund.journal WHERE transaction = pg_current_xact_id() ORDER BY entry DESC LIMIT 1$$),
          expected, statement)
FROM (VALUES
($$UPDATE fund.contract SET valid_to = '2020-01-01' WHERE organisation = 1$$, 'ok contract U 1 1 1900-01-01 2020-01-01 {valid_to}'),
($$UPDATE fund.contract SET valid_to = NULL WHERE organisation = 4$$, 'ok contract U 4 4 2024-01-01 {valid_to}'),
($$UPDATE fund.contract SET yearly_amount = 5 WHERE organisation = 4$$, 'ok contract U 4 4 2024-01-01 2025-01-01 {yearly_amount}'),
($$INSERT INTO fund.contract (organisation, valid_from) VALUES (6, '2025-01-01')$$, 'ok contract I 6 6 2025-01-01'),
($$UPDATE fund.contract SET organisation = 6 WHERE organisation = 4$$,
    '23001 immutable fund.contract.organisation changed_organisation in contract 6'),
($$UPDATE fund.contract SET valid_from = '2023-01-01' WHERE organisation = 4$$,
    '23001 immutable fund.contract.valid_from changed_valid_from in contract 4'),
($$DELETE FROM fund.contract WHERE organisation = 4$$, '23001 immutable fund.contract.organisation deleted in contract 4'),
($$TRUNCATE fund.contract$$, '23001 immutable fund.contract.organisation truncated'),
($$INSERT INTO fund.organisation_status (organisation, region, valid_from) VALUES (1, 'D', '2025-01-01')$$,
    'ok organisation_status I 1 1 2025-01-01'),
($$UPDATE fund.organisation_status SET region = 'D' WHERE organisation = 1$$, 'ok organisation_status U 1 1 1900-01-01 {region}'),
($$UPDATE fund.organisation_status SET neighbours = '{D}' WHERE organisation = 3$$, 'ok organisation_status U 3 3 1900-01-01 {neighbours}'),
($$UPDATE fund.organisation_status SET valid_from = '2000-01-01'
    WHERE organisation = 3$$, '23001 immutable fund.organisation_status.valid_from changed_valid_from in organisation_status 3'),
($$DELETE FROM fund.organisation_status WHERE organisation = 3$$,
    '23001 immutable fund.organisation_status.organisation deleted in organisation_status 3'),
($$INSERT INTO fund.authority_order (order_key, valid_from) VALUES ('new', '2025-05-01')$$, 'ok authority_order I new 2025-05-01'),
($$UPDATE fund.authority_order SET issuer = 'akimat' WHERE order_key = 'any'$$, 'ok authority_order U any 2025-03-10 {issuer}'),
($$UPDATE fund.authority_order SET cause = 'yearly' WHERE order_key = 'any'$$,
    '23001 immutable fund.authority_order.cause changed_cause in authority_order any'),
($$UPDATE fund.authority_order SET valid_from = '2025-01-01' WHERE order_key = 'any'$$,
    '23001 immutable fund.authority_order.valid_from changed_valid_from in authority_order any'),
($$DELETE FROM fund.authority_order WHERE order_key = 'any'$$,
    '23001 immutable fund.authority_order.order_key deleted in authority_order any'),
($$INSERT INTO fund.order_scope (order_key, to_organisation, person) VALUES ('any', 3, 5)$$, 'ok order_scope I any 5 3'),
($$UPDATE fund.order_scope SET person = 5 WHERE order_key = 'any'$$,
    '23001 immutable fund.order_scope.order_key changed_scope in order_scope any'),
($$DELETE FROM fund.order_scope WHERE order_key = 'any'$$, '23001 immutable fund.order_scope.order_key deleted in order_scope any')) c
    (statement, expected);
SELECT is(pg_temp.verdict($$UPDATE fund.contract SET valid_to = '2020-01-01'
    WHERE organisation = 1$$, 'UTC', $$SELECT string_agg(rule || ' ' || finding || ' ' || key, ', ') FROM osms.audit('fund')
    WHERE key IN ('11', '22')$$),
          'ok contracted no_contract 11', 'an ended contract shows in audit, but not where the attachment is void');
SELECT is(pg_temp.verdict($$UPDATE fund.contract SET valid_to = '2020-01-01';
    UPDATE fund.attachment SET state = 'closed', until = '2025-05-01', reason = 'left_region' WHERE attachment = 11$$), 'ok',
          'nor does it stop a closing');

-- What only audit tells.
CREATE FUNCTION pg_temp.told(statement text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(statement, 'UTC',
        'SELECT string_agg(concat_ws('' '', relation, key, rule, finding), '', '' ORDER BY relation, rule, finding, key) FROM '
        'osms.audit(''fund'')
        WHERE relation IN (''attachment'', ''person'')')
$$;
SELECT is(pg_temp.told(statement), expected, what) FROM (VALUES
('nobody has moved', 'SELECT', 'ok'),
('moved away today', $$INSERT INTO fund.residence VALUES (11, 'B', 'permanent', (now() AT TIME ZONE 'Asia/Almaty')::date)$$,
    'ok attachment 11 lost_territory moved_away'),
('moves away tomorrow', $$INSERT INTO fund.residence VALUES (11, 'B', 'permanent', (now() AT TIME ZONE 'Asia/Almaty')::date + 1)$$, 'ok'),
('moved away before, no history', $$UPDATE fund.person SET region = 'B'
    WHERE person = 11$$, 'ok attachment 11 same_territory other_territory'),
('the clinic moved away', $$INSERT INTO fund.organisation_status (organisation, region, valid_from) VALUES (1, 'B', '2025-01-01')$$,
 (SELECT 'ok ' || string_agg(format('attachment %s lost_territory moved_away', i), ', ') FROM generate_series(11, 20) i)),
('the region was renamed', $$INSERT INTO fund.region_succession VALUES ('A', 'B', '2025-01-01', 'act');
    INSERT INTO fund.organisation_status (organisation, region, valid_from) VALUES (1, 'B', '2025-01-01')$$, 'ok'),
('left before he moved', $$UPDATE fund.attachment SET state = 'closed', until = '2025-01-01', reason = 'left_region' WHERE attachment = 11;
    INSERT INTO fund.residence VALUES (11, 'B', 'permanent', '2025-01-01')$$, 'ok'),
('a stay that was cut', $$UPDATE fund.person SET stay_until = '2025-01-01' WHERE person = 11$$, 'ok attachment 11 stay beyond_stay'),
('suspect today', $$UPDATE fund.attachment SET state = 'suspect', reason = 'unlawful' WHERE attachment = 11$$, 'ok'),
('suspect as long as may be', $$UPDATE fund.attachment SET state = 'suspect', reason = 'unlawful' WHERE attachment = 11;
    ALTER TABLE fund.roster DISABLE TRIGGER keep; UPDATE fund.roster SET known_from = known_from - interval '30 days'
        WHERE attachment = 11$$, 'ok'),
('suspect a day longer', $$UPDATE fund.attachment SET state = 'suspect', reason = 'unlawful' WHERE attachment = 11;
    ALTER TABLE fund.roster DISABLE TRIGGER keep; UPDATE fund.roster SET known_from = known_from - interval '31 days'
        WHERE attachment = 11$$, 'ok attachment 11 suspect_term suspect_too_long'),
('suspect again', $$UPDATE fund.attachment SET state = 'suspect', reason = 'unlawful' WHERE attachment = 11;
    UPDATE fund.attachment SET state = 'active' WHERE attachment = 11;
    ALTER TABLE fund.roster DISABLE TRIGGER keep; UPDATE fund.roster SET known_from = known_from - interval '31 days' WHERE attachment = 11;
        ALTER TABLE fund.roster ENABLE TRIGGER keep; UPDATE fund.attachment SET state = 'suspect', reason = 'unlawful'
        WHERE attachment = 11$$, 'ok'),
('the number agrees', $$UPDATE fund.person SET iin = osms.make_iin('1980-01-01', 'female', 11) WHERE person = 11$$, 'ok'),
('the number is of another day', $$UPDATE fund.person SET iin = osms.make_iin('1980-01-02', 'female', 11)
    WHERE person = 11$$, 'ok person 11 identity_data birth_date_differs'),
('the number is of another sex', $$UPDATE fund.person SET iin = osms.make_iin('1980-01-01', 'male', 11)
    WHERE person = 11$$, 'ok person 11 identity_data sex_differs'),
('no birth date to compare', $$UPDATE fund.person SET iin = osms.make_iin('1980-01-02', 'female', 11), birth_date = NULL
    WHERE person = 11$$, 'ok')) c (what, statement, expected);
SELECT is(pg_temp.verdict(format('ALTER TABLE fund.person ALTER iin TYPE text; UPDATE fund.person SET iin = %L WHERE person = 11', number),
    'UTC',
        $$SELECT string_agg(rule || ' ' || finding, ', ' ORDER BY rule) FROM osms.audit('fund') WHERE relation = 'person'$$), expected,
            'a number kept as text: ' || number)
FROM (VALUES (osms.make_iin('1980-01-02', 'female', 11)::text, 'ok identity_data birth_date_differs'),
    (osms.make_iin('1980-01-01', 'female', 11)::text, 'ok')) c (number, expected);

-- site_norm, enforced to be seen: site s1 of organisation 1 has five persons, s2 has five. Audit tells who came beyond the norm of that
-- day, by first day and key.
CREATE TEMP TABLE site_case (place serial, norms text, statement text, expected text, audit text);
INSERT INTO site_case (norms, statement, expected, audit) VALUES
($$(1, 's1', 6, '2020-01-01')$$, $$INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
    VALUES (900, 1, 1, 's1', 'active', '2024-01-01')$$, 'ok', NULL),
($$(1, 's1', 5, '2020-01-01')$$, $$INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
    VALUES (900, 1, 1, 's1', 'active', '2024-01-01')$$, '23514 site_norm fund.attachment.site over_norm in attachment 900', '900'),
($$(1, 's1', 6, '2020-01-01')$$, $$INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
    VALUES (900, 1, 1, 's1', 'active', '2024-01-01'), (901, 2, 1, 's1', 'active', '2024-01-01')$$,
    '23514 site_norm fund.attachment.site over_norm in attachment 900', '901'),
($$(1, 's1', 5, '2020-01-01')$$, $$INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
    VALUES (900, 1, 1, 's2', 'active', '2024-01-01'), (901, 2, 1, NULL, 'active', '2024-01-01'),
    (902, 3, 2, 's1', 'active', '2024-01-01')$$, 'ok', NULL),
($$(1, 's1', 5, '2020-01-01'), (1, 's1', NULL, '2023-01-01')$$,
    $$INSERT INTO fund.attachment (attachment, person, organisation, site, state, since) VALUES (900, 1, 1, 's1', 'active', '2024-01-01')$$,
    'ok', NULL),
($$(1, 's1', 5, '2020-01-01'), (1, 's1', 6, '2024-01-02')$$, $$INSERT
    INTO fund.attachment (attachment, person, organisation, site, state, since) VALUES (900, 1, 1, 's1', 'active', '2024-01-01')$$,
    '23514 site_norm fund.attachment.site over_norm in attachment 900', '900'),
($$(1, 's1', 5, '2020-01-01'), (1, 's1', 6, '2024-01-01')$$, $$INSERT
    INTO fund.attachment (attachment, person, organisation, site, state, since) VALUES (900, 1, 1, 's1', 'active', '2024-01-01')$$, 'ok',
    NULL),
($$(1, 's1', 5, '2020-01-01')$$, $$UPDATE fund.attachment SET site = 's1'
    WHERE attachment = 16$$, '23514 site_norm fund.attachment.site over_norm in attachment 16', '16'),
($$(1, 's1', 4, '2020-01-01')$$, $$UPDATE fund.attachment SET state = 'closed', until = '2025-06-01', reason = 'left_region'
    WHERE attachment = 11$$, 'ok', '15'),
($$(1, 's1', 5, '2020-01-01')$$, $$INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
    VALUES (900, 1, 1, 's1', 'active', '2019-01-01')$$, 'ok', '15'),
($$(1, 's1', 5, '2020-01-01')$$, $$UPDATE fund.attachment SET state = 'closed', until = '2023-01-01', reason = 'left_region'
    WHERE attachment = 11; INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
    VALUES (900, 1, 1, 's1', 'active', '2024-01-01')$$, 'ok', NULL),
($$(1, 's1', 3, '2019-01-01'), (1, 's1', 2, '2020-01-02')$$, $$SELECT$$, 'ok', '14 15'),
($$(1, 's1', 3, '2019-01-01'), (1, 's2', 5, '2020-01-01'), (2, 's1', 0, '2020-01-01')$$, $$UPDATE fund.attachment SET state = 'annulled',
    reason = 'error' WHERE attachment = 12; UPDATE fund.attachment SET state = 'suspect', reason = 'unlawful'
    WHERE attachment = 13$$, 'ok', '15'),
($$(1, 's1', 5, '2020-01-01')$$, $$UPDATE fund.attachment SET state = 'closed', until = '2024-01-01', reason = 'left_region'
    WHERE attachment = 11; INSERT INTO fund.attachment (attachment, person, organisation, site, state, since, until, reason)
    VALUES (900, 1, 1, 's1', 'active', '2024-01-01', NULL, NULL)$$, 'ok', NULL),
($$(1, 's1', 5, '2020-01-01')$$, $$UPDATE fund.attachment SET state = 'closed', until = '2024-01-02', reason = 'left_region'
    WHERE attachment = 11; INSERT INTO fund.attachment (attachment, person, organisation, site, state, since, until, reason)
    VALUES (900, 1, 1, 's1', 'active', '2024-01-01', NULL, NULL)$$, '23514 site_norm fund.attachment.site over_norm in attachment 900',
    '900'),
($$(2, 'n', 0, '2020-01-01')$$, $$INSERT INTO fund.attachment (attachment, person, organisation, site, state, since, until, reason)
    VALUES (901, 2, 2, 'n', 'closed', '2020-01-01', '2020-01-02', 'error')$$,
    '23514 site_norm fund.attachment.site over_norm in attachment 901', '901');
SELECT is(pg_temp.verdict(
    format('INSERT INTO fund.site (organisation, site, norm, valid_from) VALUES %s; SELECT osms.guard(''fund'', ''{"site_norm": '
    '"enforce"}''); ', norms) || statement), expected, format('%s, %s', norms, statement))
FROM site_case ORDER BY place;
SELECT is(pg_temp.verdict(replace(format('INSERT INTO fund.site (organisation, site, norm, valid_from) VALUES %s; ', norms) || statement,
    'fund.', 'bare.'), 'UTC',
        $$SELECT string_agg(key, ' ' ORDER BY key) FROM osms.audit('bare', '{site_norm}')
            WHERE (relation, person, finding) = ('attachment', (SELECT x.person::text FROM bare.attachment x
            WHERE x.attachment::text = key), 'over_norm')$$),
    concat_ws(' ', 'ok', audit), format('%s, %s: audit', norms, statement)) FROM site_case ORDER BY place;
SELECT is((SELECT pg_get_indexdef('fund.roster_site'::regclass)),
    'CREATE INDEX roster_site ON fund.roster USING btree (organisation, site) WHERE (site IS NOT NULL)', 'heads are counted by an index');
SELECT is(pg_temp.verdict('DROP INDEX fund.roster_site', 'UTC',
    $$SELECT problem FROM osms.check_registry('fund') WHERE severity <> 'info' AND relation = 'site'$$),
    'ok heads at a site cannot be counted through an index', 'and check_registry misses it');
SELECT is(pg_temp.verdict('DROP TABLE fund.site', 'UTC', $$SELECT string_agg(rule, ' ') FROM osms.clauses('fund')
    WHERE NOT judged$$), 'ok site_norm', 'without sites the rule is idle');

-- Doubts warn whatever the mode; modes warn and off.
SELECT is(pg_temp.verdict(
    format('SELECT osms.guard(''fund'', ''{"%s": "%s"}''); INSERT INTO fund.attachment (attachment, person, organisation, state, since, '
    'order_key) VALUES (900, %s)', rule, mode, row), 'UTC',
        'SELECT count(*)::text FROM fund.roster WHERE attachment = 900'), 'ok 1', format('%s in mode %s', rule, mode))
FROM (VALUES ('contracted', $$1, 6, 'active', '2024-01-01', NULL$$),
    ('same_territory', $$1, 3, 'active', '2024-01-01', NULL$$), ('order_scope', $$1, 1, 'active', '2025-03-10', 'any'$$)) c (rule, row),
     unnest('{warn,off}'::text[]) mode;
SELECT * FROM finish();

-- Every rule: what it lets pass, what it refuses and how it says so, at the edges, in every mode, and what audit finds in the same row.
SET search_path = public;
SELECT * FROM no_plan();

-- Two registries with the same rows: "fund" is guarded, "bare" never; audit reads the second. Stored rows may lack what a mapped source
-- lacks.
CREATE PROCEDURE pg_temp.furnish(registry text) LANGUAGE plpgsql AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Asia/Almaty')::date;
BEGIN
    PERFORM osms.create_registry(registry, cut_over => '2025-01-01');
    EXECUTE format('SET LOCAL search_path = %I, public', registry);
    ALTER TABLE attachment ALTER since DROP NOT NULL, ALTER state DROP NOT NULL;
    ALTER TABLE application ALTER state DROP NOT NULL;
    INSERT INTO person (person, iin, birth_date, sex, region)
        SELECT i, osms.make_iin('1980-01-01', 'male', i), '1980-01-01', 'male', '75' FROM generate_series(1, 99) i;
    UPDATE person SET death_date = '2024-06-30' WHERE person = 9;
    INSERT INTO organisation (organisation, bin, name) VALUES (1, NULL, 'A'), (2, NULL, 'B'), (3, NULL, 'C');
    INSERT INTO organisation_status (organisation, region, valid_from) SELECT i, '75', '-infinity' FROM unnest('{1,2,3,77,999}'::int[]) i;
    INSERT INTO contract (organisation, valid_from) SELECT i, '-infinity' FROM unnest('{1,2,3,77,999}'::int[]) i;
    INSERT INTO osms.act (act, title) VALUES ('test', 'test') ON CONFLICT DO NOTHING;
    INSERT INTO clerk VALUES ('c1', 1, 'operator', '2020-01-01'), ('later', 1, 'operator', today + 1), ('today', 1, 'operator', today);
    -- attachments to take steps with, a person each
    INSERT INTO attachment (attachment, person, organisation, state, since, until, reason)
    VALUES (1, 1, 1, 'active', '2020-01-01', NULL, 'error'), (2, 2, 1, 'suspect', '2020-01-01', NULL, 'error'),
           (3, 3, 1, 'closed', '2020-01-01', '2021-01-01', 'error'), (4, 4, 1, 'annulled', '2020-01-01', '2021-01-01', 'error'),
           (5, 5, 1, 'active', '2020-01-01', NULL, NULL), (6, 6, 1, 'closed', '2020-01-01', '2021-01-01', 'moved_to_other'),
           (7, 7, 1, 'closed', '2020-01-01', '2021-01-01', 'moved_to_other'), (8, 7, 2, 'annulled', '2021-01-01', NULL, 'error'),
           (9, 8, 1, 'closed', '2020-01-01', '2021-01-01', 'death'), (10, 9, 1, 'closed', '2020-01-01', '2024-07-01', 'death'),
           (11, 10, 1, 'closed', '2020-01-01', '2021-01-01', 'error'), (12, 11, 1, 'closed', '2020-01-01', '2021-01-01', 'error');
    INSERT INTO attachment (attachment, person, organisation, state, since, restores) VALUES (13, 11, 1, 'active', '2021-01-01', 12);
    -- applications: 1 to 12 in every state, of the persons 21 to 32
    INSERT INTO application (application, person, organisation, channel, ground, state, submitted_at, decided_at, effective_on, reason)
        SELECT s.place, 20 + s.place, 1, 'service_centre', 'free_choice', s.state::osms.application_state, now(), now(), today,
            'untrue_data'
        FROM unnest('{draft,submitted,identified,approved,deferred,attached,refused,withdrawn,expired,lapsed,replaced,cancelled}'::text[])
             WITH ORDINALITY s (state, place);
    INSERT INTO application (application, person, organisation, channel, ground, state, submitted_at, decided_at, effective_on)
    VALUES (40, 40, 1, 'service_centre', 'free_choice', 'approved', now() - interval '40 days',
        (today - 30)::timestamp AT TIME ZONE 'Asia/Almaty', NULL),
           (41, 41, 1, 'service_centre', 'free_choice', 'approved', now() - interval '40 days',
            (today - 30)::timestamp AT TIME ZONE 'Asia/Almaty' - interval '1 second', NULL),
           (42, 42, 1, 'service_centre', 'free_choice', 'deferred', now(), now(), today),
           (43, 43, 1, 'service_centre', 'free_choice', 'deferred', now(), now(), today + 1),
           (44, 44, 1, 'service_centre', 'free_choice', 'deferred', now(), now(), NULL),
           (45, 45, 1, 'service_centre', 'free_choice', 'attached', now(), now(), NULL),
           (46, 46, 1, 'service_centre', 'free_choice', 'identified', now(), NULL, NULL),
           (47, 47, 1, 'service_centre', 'free_choice', 'approved', now(), now(), NULL),
           (48, 48, 1, 'service_centre', 'free_choice', 'submitted', now(), NULL, NULL),
           (49, 49, 1, 'service_centre', 'campaign', 'identified', now(), NULL, NULL),
           (50, 50, 1, 'clinic', 'free_choice', 'submitted', now() - interval '2 days', NULL, NULL),
           (51, 51, 1, 'egov', 'free_choice', 'submitted', now(), NULL, NULL),
           (52, 50, 1, 'service_centre', 'free_choice', 'draft', NULL, NULL, NULL);
    INSERT INTO attachment (attachment, person, organisation, state, since, application) VALUES (45, 45, 1, 'active', today, 45);
    INSERT INTO identity_event (event, person, application, channel, method, at)
        SELECT application, person, application, channel, 'biometric', now() FROM application WHERE application NOT IN (48, 50, 51, 52);
    PERFORM setval(pg_get_serial_sequence('identity_event', 'event'), 1000);
END $$;
CREATE FUNCTION pg_temp.today() RETURNS date LANGUAGE sql AS $$ SELECT (now() AT TIME ZONE 'Asia/Almaty')::date $$;

INSERT INTO osms.act (act, title) VALUES ('campaign', 'a campaign all the year round');
INSERT INTO osms.parameter (name, value, valid_from, act) VALUES ('campaign_first_day', '01-01', '2026-01-01', 'campaign'),
    ('campaign_last_day', '12-31', '2026-01-01', 'campaign');
BEGIN;
CALL pg_temp.furnish('fund');
CALL pg_temp.furnish('bare');
SELECT osms.guard('fund', '{"no_backdating": "off"}');
CALL osms.fill_roster('fund', NULL);
COMMIT;
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'the roster is filled');

\ir verdict.psql
-- What audit finds in the row once the statement has written it unguarded, but for no_backdating, which rules_time.sql proves.
CREATE FUNCTION pg_temp.audited(statement text, relation text, key text) RETURNS text LANGUAGE sql AS $$
    SELECT substr(pg_temp.verdict(replace(statement, 'fund.', 'bare.'), 'UTC', format(
        'SELECT coalesce(string_agg(rule || '' '' || finding, '', '' ORDER BY rule, finding), ''nothing'') FROM osms.audit(''bare'')
         WHERE relation = %L AND key = %L AND rule <> ''no_backdating''', relation, key)), 4)
$$;

-- New attachments, key 900. found: the finding; rule "ok" = it is written; audit: what audit finds, where it is not the same.
CREATE TEMP TABLE attachment_case (place serial, what text, row text, rule text, found text, col text, audit text);
INSERT INTO attachment_case (what, row, rule, found, col, audit) VALUES
--  what                           person, organisation, state, since, until, application, order_key, restores, reason
('inherited',                      $$ 20, 1, 'active', '2024-12-31', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('inherited and closed',           $$ 20, 1, 'closed', '2024-01-01', '2024-02-01', NULL, NULL, NULL, 'moved_to_other' $$, 'ok', NULL, NULL,
    'nothing'),
-- period
('no since',                       $$ 20, 1, 'active', NULL, NULL, NULL, NULL, NULL, NULL $$, 'period', 'since_missing', 'since',
    'basis no_basis, period since_missing'),
('since 1899',                     $$ 20, 1, 'active', '1899-12-31', NULL, NULL, NULL, NULL, NULL $$, 'period', 'out_of_range', 'since',
    NULL),
('since 1900',                     $$ 20, 1, 'active', '1900-01-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('since after 2200',               $$ 47, 1, 'active', '2200-01-02', NULL, 47, NULL, NULL, NULL $$, 'period', 'out_of_range', 'since',
    NULL),
('since -infinity',                $$ 20, 1, 'active', '-infinity', NULL, NULL, NULL, NULL, NULL $$, 'period', 'out_of_range', 'since',
    NULL),
('until = since',                  $$ 20, 1, 'closed', '2020-01-01', '2020-01-01', NULL, NULL, NULL, 'error' $$, 'period', 'reversed',
    'since', NULL),
('until before since',             $$ 20, 1, 'closed', '2020-01-01', '2019-12-31', NULL, NULL, NULL, 'error' $$, 'period', 'reversed',
    'since', NULL),
('until = since + 1',              $$ 20, 1, 'closed', '2020-01-01', '2020-01-02', NULL, NULL, NULL, 'error' $$, 'ok', NULL, NULL,
    'nothing'),
('until 2200',                     $$ 20, 1, 'closed', '2020-01-01', '2200-01-01', NULL, NULL, NULL, 'error' $$, 'ok', NULL, NULL,
    'nothing'),
('until after 2200',               $$ 20, 1, 'closed', '2020-01-01', '2200-01-02', NULL, NULL, NULL, 'error' $$, 'period', 'out_of_range',
    'since', NULL),
('until infinity',                 $$ 20, 1, 'closed', '2020-01-01', 'infinity', NULL, NULL, NULL, 'error' $$, 'period', 'out_of_range',
    'since', NULL),
('closed without until',           $$ 20, 1, 'closed', '2020-01-01', NULL, NULL, NULL, NULL, 'error' $$, 'period', 'until_missing', 'until',
    NULL),
-- transition, initial_state, reason
('no state',                       $$ 20, 1, NULL, '2020-01-01', NULL, NULL, NULL, NULL, NULL $$, 'transition', 'unmapped_state', 'state',
    NULL),
('born suspect',                   $$ 20, 1, 'suspect', '2020-01-01', NULL, NULL, NULL, NULL, 'error' $$, 'initial_state', 'born_suspect',
    'state', 'nothing'),
('born annulled',                  $$ 20, 1, 'annulled', '2020-01-01', NULL, NULL, NULL, NULL, 'error' $$, 'initial_state', 'born_annulled',
    'state', 'nothing'),
('closed without reason',          $$ 20, 1, 'closed', '2020-01-01', '2021-01-01', NULL, NULL, NULL, NULL $$, 'reason', 'reason_missing',
    'reason', NULL),
('closed for an unknown reason',   $$ 20, 1, 'closed', '2020-01-01', '2021-01-01', NULL, NULL, NULL, 'untrue_data' $$, 'reason',
    'reason_unknown', 'reason', NULL),
-- who and where
('unknown person',                 $$ 999, 1, 'active', '2020-01-01', NULL, NULL, NULL, NULL, NULL $$, 'person_known', 'unknown_person',
    'person', NULL),
('unknown organisation',           $$ 20, 999, 'active', '2020-01-01', NULL, NULL, NULL, NULL, NULL $$, 'organisation_known',
    'unknown_organisation', 'organisation', NULL),
-- alive: person 9 died on 2024-06-30
('since the day of death',         $$ 9, 2, 'closed', '2024-06-30', '2024-07-01', NULL, NULL, NULL, 'death' $$, 'one_attachment', 'overlap',
    'since', 'one_attachment overlap'),
('since the day after death',      $$ 9, 2, 'active', '2024-07-01', NULL, NULL, NULL, NULL, NULL $$, 'alive', 'after_death', 'since', NULL),
('beyond death',                   $$ 9, 2, 'closed', '2019-01-01', '2024-07-02', NULL, NULL, NULL, 'error' $$, 'alive', 'beyond_death',
    'since', NULL),
('open beyond death',              $$ 9, 2, 'active', '2019-01-01', NULL, NULL, NULL, NULL, NULL $$, 'alive', 'beyond_death', 'since',
    NULL),
('ended before death',             $$ 9, 2, 'closed', '2019-01-01', '2020-01-01', NULL, NULL, NULL, 'error' $$, 'ok', NULL, NULL,
    'nothing'),
-- one_attachment: attachment 5 of person 5 since 2020, open
('twice',                          $$ 5, 2, 'active', '2021-01-01', NULL, NULL, NULL, NULL, NULL $$, 'one_attachment', 'overlap', 'since',
    NULL),
('twice on the last day',          $$ 5, 2, 'closed', '2019-01-01', '2020-01-02', NULL, NULL, NULL, 'error' $$, 'one_attachment', 'overlap',
    'since', 'nothing'),
('until the day the other begins', $$ 5, 2, 'closed', '2019-01-01', '2020-01-01', NULL, NULL, NULL, 'error' $$, 'ok', NULL, NULL,
    'nothing'),
('since the day the other ended',  $$ 6, 2, 'active', '2021-01-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('beside an annulled one',         $$ 4, 2, 'active', '2020-01-01', NULL, NULL, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
-- basis
('since the cut-over day',         $$ 20, 1, 'active', '2025-01-01', NULL, NULL, NULL, NULL, NULL $$, 'basis', 'no_basis', 'application',
    NULL),
('several bases',                  $$ 47, 1, 'active', '2025-06-01', NULL, 47, NULL, 3, NULL $$, 'basis', 'several_bases', 'application',
    NULL),
('inherited needs no second',      $$ 47, 1, 'active', '2024-06-01', NULL, 47, 'N 1', NULL, NULL $$, 'basis', 'several_bases',
    'application', NULL),
('unknown application',            $$ 20, 1, 'active', '2025-06-01', NULL, 999, NULL, NULL, NULL $$, 'basis', 'unknown_application',
    'application', NULL),
('of another person',              $$ 20, 1, 'active', '2025-06-01', NULL, 47, NULL, NULL, NULL $$, 'basis',
    'application_of_another_person', 'application', NULL),
('of another organisation',        $$ 47, 2, 'active', '2025-06-01', NULL, 47, NULL, NULL, NULL $$, 'basis',
    'application_of_another_organisation', 'application', NULL),
('application used',               $$ 45, 1, 'closed', '2025-06-01', '2025-07-01', 45, NULL, NULL, 'error' $$, 'basis', 'application_used',
    'application', 'nothing'),
('application identified',         $$ 46, 1, 'active', '2025-06-01', NULL, 46, NULL, NULL, NULL $$, 'basis', 'application_not_approved',
    'application', NULL),
('application attached',           $$ 26, 1, 'active', '2025-06-01', NULL, 6, NULL, NULL, NULL $$, 'basis', 'application_not_approved',
    'application', 'nothing'),
('application approved',           $$ 47, 1, 'active', '2025-06-01', NULL, 47, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('approved as long ago as may be', $$ 40, 1, 'active', '2025-06-01', NULL, 40, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('approved a day too long ago',    $$ 41, 1, 'active', '2025-06-01', NULL, 41, NULL, NULL, NULL $$, 'basis', 'approval_expired',
    'application', 'nothing'),
('deferred to today',              $$ 42, 1, 'active', pg_temp.today(), NULL, 42, NULL, NULL, NULL $$, 'ok', NULL, NULL, 'nothing'),
('deferred to today, since before', $$ 42, 1, 'active', pg_temp.today() - 1, NULL, 42, NULL, NULL, NULL $$, 'basis', 'deferred_not_due',
    'application', NULL),
('deferred to tomorrow',           $$ 43, 1, 'active', pg_temp.today() + 1, NULL, 43, NULL, NULL, NULL $$, 'basis', 'deferred_not_due',
    'application', NULL),
('deferred without a day',         $$ 44, 1, 'active', pg_temp.today(), NULL, 44, NULL, NULL, NULL $$, 'basis', 'deferred_not_due',
    'application', NULL),
('unknown order',                  $$ 20, 1, 'active', '2025-06-01', NULL, NULL, 'N 1', NULL, NULL $$, 'basis', 'unknown_order',
    'application', NULL),
('unknown attachment',             $$ 20, 1, 'active', '2025-06-01', NULL, NULL, NULL, 999, NULL $$, 'basis', 'unknown_attachment',
    'application', NULL),
('attachment of another person',   $$ 20, 1, 'active', '2025-06-01', NULL, NULL, NULL, 3, NULL $$, 'basis', 'attachment_of_another_person',
    'application', NULL),
('attachment elsewhere',           $$ 3, 2, 'active', '2025-06-01', NULL, NULL, NULL, 3, NULL $$, 'basis',
    'attachment_of_another_organisation', 'application', NULL),
('still attached',                 $$ 5, 1, 'active', '2025-06-01', NULL, NULL, NULL, 5, NULL $$, 'basis', 'still_attached', 'application',
    'basis still_attached, one_attachment overlap'),
('already restored',               $$ 11, 1, 'active', '2025-06-01', NULL, NULL, NULL, 12, NULL $$, 'basis', 'already_restored',
    'application', 'basis already_restored, one_attachment overlap'),
('left, nothing to restore',       $$ 6, 1, 'active', '2025-06-01', NULL, NULL, NULL, 6, NULL $$, 'basis', 'nothing_to_restore',
    'application', NULL),
('restores an error',              $$ 3, 1, 'active', '2025-06-01', NULL, NULL, NULL, 3, NULL $$, 'ok', NULL, NULL, 'nothing'),
('restores an annulled one',       $$ 4, 1, 'active', '2025-06-01', NULL, NULL, NULL, 4, NULL $$, 'ok', NULL, NULL, 'nothing'),
('restores after a wrong death',   $$ 8, 1, 'active', '2025-06-01', NULL, NULL, NULL, 9, NULL $$, 'ok', NULL, NULL, 'nothing'),
('restores what an annulled move closed', $$ 7, 1, 'active', '2025-06-01', NULL, NULL, NULL, 7, NULL $$, 'ok', NULL, NULL, 'nothing');

CREATE TEMP VIEW attachment_statement AS
SELECT *, 'INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, application, order_key, restores, reason) '
    'VALUES (900,'
       || row || ')' AS statement FROM attachment_case;
-- The deferred judge at commit names no row; the others name the one that was given.
SELECT is(pg_temp.verdict(statement, zone),
          CASE WHEN rule = 'ok' THEN 'ok'
               ELSE (SELECT sqlstate FROM osms.rule r WHERE r.rule = c.rule) || format(' %s fund.attachment.%s %s', rule, col, found)
                    || CASE WHEN rule <> 'one_attachment' THEN ' in attachment 900' ELSE '' END END,
          format('attachment, %s (%s)', what, zone))
FROM attachment_statement c, unnest('{UTC,Pacific/Kiritimati,Etc/GMT+12}'::text[]) zone ORDER BY place, zone;
SELECT is(pg_temp.audited(statement, 'attachment', '900'), coalesce(audit, rule || ' ' || found), format('attachment, %s: audit', what))
FROM attachment_statement ORDER BY place;
SELECT is((SELECT count(*)::int FROM fund.attachment WHERE attachment = 900), 0, 'nothing of it is written');

-- New applications, key 900; event: the identification recorded before.
CREATE TEMP TABLE application_case (place serial, what text, row text, event text, rule text, found text, col text, audit text);
INSERT INTO application_case (what, row, event, rule, found, col, audit) VALUES
--                      person, applicant, organisation, channel, ground, state, submitted_at, decided_at, reason
('draft',               $$ 60, NULL, 1, 'egov', 'moved', 'draft', NULL, NULL, NULL $$, NULL, 'ok', NULL, NULL, 'nothing'),
('submitted',           $$ 60, NULL, 1, 'egov', 'moved', 'submitted', now(), NULL, NULL $$, NULL, 'ok', NULL, NULL, 'nothing'),
('withdrawn',           $$ 60, NULL, 1, 'egov', 'moved', 'withdrawn', now(), NULL, NULL $$, NULL, 'ok', NULL, NULL, 'nothing'),
('withdrawn, never submitted', $$ 60, NULL, 1, 'egov', 'moved', 'withdrawn', NULL, NULL, NULL $$, NULL, 'initial_state',
    'submitted_at_missing', 'submitted_at', NULL),
('approved, undecided', $$ 60, NULL, 1, 'egov', 'moved', 'approved', now(), NULL, NULL $$, 'e_signature', 'initial_state',
    'decided_at_missing', 'decided_at', NULL),
('approved too early',  $$ 60, NULL, 1, 'egov', 'moved', 'approved', now(), now() - interval '1 hour', NULL $$, 'e_signature',
    'decision_order', 'decided_before_submitted', 'decided_at', NULL),
('approved at once',    $$ 60, NULL, 1, 'egov', 'moved', 'approved', now(), now(), NULL $$, 'e_signature', 'ok', NULL, NULL, 'nothing'),
('approved, inherited', $$ 60, NULL, 1, 'egov', 'moved', 'approved', timestamp '2024-12-31 23:59:59' AT TIME ZONE 'Asia/Almaty', now(),
    NULL $$, NULL, 'identified', 'not_identified', 'state', 'nothing'),
('refused',             $$ 60, NULL, 1, 'egov', 'moved', 'refused', now(), now(), 'untrue_data' $$, NULL, 'ok', NULL, NULL, 'nothing'),
('refused, no reason',  $$ 60, NULL, 1, 'egov', 'moved', 'refused', now(), now(), NULL $$, NULL, 'reason', 'reason_missing', 'reason',
    NULL),
('refused, odd reason', $$ 60, NULL, 1, 'egov', 'moved', 'refused', now(), now(), 'death' $$, NULL, 'reason', 'reason_unknown', 'reason',
    NULL),
('no state',            $$ 60, NULL, 1, 'egov', 'moved', NULL, now(), NULL, NULL $$, NULL, 'transition', 'unmapped_state', 'state', NULL),
('unknown person',      $$ 999, NULL, 1, 'egov', 'moved', 'submitted', now(), NULL, NULL $$, NULL, 'person_known', 'unknown_person',
    'person', NULL),
('unknown organisation', $$ 60, NULL, 999, 'egov', 'moved', 'submitted', now(), NULL, NULL $$, NULL, 'organisation_known',
    'unknown_organisation', 'organisation', NULL),
('not identified',      $$ 60, NULL, 1, 'egov', 'moved', 'identified', now(), NULL, NULL $$, NULL, 'identified', 'not_identified', 'state',
    NULL),
('identified',          $$ 60, NULL, 1, 'egov', 'moved', 'identified', now(), NULL, NULL $$, 'e_signature', 'ok', NULL, NULL, 'nothing'),
('attached, not identified', $$ 60, NULL, 1, 'egov', 'moved', 'attached', now(), now(), NULL $$, NULL, 'identified', 'not_identified',
    'state', NULL),
('cancelled, not identified', $$ 60, NULL, 1, 'egov', 'moved', 'cancelled', now(), now(), NULL $$, NULL, 'identified', 'not_identified',
    'state', NULL),
('lapsed, not identified', $$ 60, NULL, 1, 'egov', 'moved', 'lapsed', now(), now(), NULL $$, NULL, 'identified', 'not_identified', 'state',
    NULL),
-- one_open_application: 46 is identified, 47 approved, 5 deferred; 49 is a campaign's
('second open one',     $$ 46, NULL, 2, 'egov', 'moved', 'identified', now(), NULL, NULL $$, 'e_signature', 'one_open_application',
    'open_application', 'state', NULL),
('second, one approved', $$ 47, NULL, 2, 'egov', NULL, 'identified', now(), NULL, NULL $$, 'e_signature', 'one_open_application',
    'open_application', 'state', NULL),
('second, one deferred', $$ 25, NULL, 2, 'egov', 'moved', 'identified', now(), NULL, NULL $$, 'e_signature', 'one_open_application',
    'open_application', 'state', NULL),
('second, submitted',   $$ 46, NULL, 2, 'egov', 'moved', 'submitted', now(), NULL, NULL $$, NULL, 'ok', NULL, NULL, 'nothing'),
('campaign beside it',  $$ 46, NULL, 2, 'egov', 'campaign', 'identified', now(), NULL, NULL $$, 'e_signature', 'ok', NULL, NULL, 'nothing'),
('beside a campaign',   $$ 49, NULL, 2, 'egov', 'moved', 'identified', now(), NULL, NULL $$, 'e_signature', 'ok', NULL, NULL, 'nothing'),
('second campaign',     $$ 49, NULL, 2, 'egov', 'campaign', 'identified', now(), NULL, NULL $$, 'e_signature', 'one_open_application',
    'open_application', 'state', NULL);
CREATE TEMP VIEW application_statement AS
SELECT *, CASE WHEN event IS NULL THEN ''
    ELSE format('INSERT INTO fund.identity_event (event, person, application, channel, method, at) VALUES (900, %s, 900, %L, %L, now());',
                          split_part(row, ',', 1), 'egov', event) END
       || 'INSERT INTO fund.application (application, person, applicant, organisation, channel, ground, state, submitted_at, decided_at, '
           'reason) VALUES (900,'
       || row || ')' AS statement FROM application_case;
SELECT is(pg_temp.verdict(statement, zone),
          CASE WHEN rule = 'ok' THEN 'ok'
               ELSE (SELECT sqlstate FROM osms.rule r WHERE r.rule = c.rule) || format(' %s fund.application.%s %s in application 900',
                   rule, col, found) END,
          format('application, %s (%s)', what, zone))
FROM application_statement c, unnest('{UTC,Pacific/Kiritimati,Etc/GMT+12}'::text[]) zone ORDER BY place, zone;
SELECT is(pg_temp.audited(statement, 'application', '900'), coalesce(audit, rule || ' ' || found), format('application, %s: audit', what))
FROM application_statement ORDER BY place;

-- Every pair of states, both machines.
SELECT is(pg_temp.verdict(format('UPDATE fund.attachment SET state = %L%s WHERE attachment = %s', b.state,
                                 CASE b.state WHEN 'closed' THEN ', until = coalesce(until, ''2030-01-01'')' END, a.key)),
          CASE WHEN a.state = b.state OR EXISTS (SELECT FROM osms.transitions('attachment') t
              WHERE (t.from_state, t.to_state) = (a.state, b.state))
               THEN 'ok' ELSE format('23514 transition fund.attachment.state no_such_step in attachment %s', a.key) END,
          format('attachment: %s to %s', a.state, b.state))
FROM (SELECT attachment AS key, state::text FROM fund.attachment WHERE attachment <= 4) a,
    (SELECT state::text FROM fund.attachment WHERE attachment <= 4) b;
SELECT is(pg_temp.verdict(format('UPDATE fund.application SET state = %L WHERE application = %s', b.state, a.key)),
          CASE WHEN a.state = b.state OR EXISTS (SELECT FROM osms.transitions('application') t
              WHERE (t.from_state, t.to_state) = (a.state, b.state))
               THEN 'ok' ELSE format('23514 transition fund.application.state no_such_step in application %s', a.key) END,
          format('application: %s to %s', a.state, b.state))
FROM (SELECT application AS key, state::text FROM fund.application WHERE application <= 12) a,
     (SELECT state::text FROM fund.application WHERE application <= 12) b;
-- and a birth in every state, with times and identification that prove it
SELECT is(pg_temp.verdict(format($$INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, reason)
              VALUES (900, 20, 1, %L, '2020-01-01', '2021-01-01', 'error')$$, state)),
          CASE WHEN state IN ('active', 'closed') THEN 'ok'
               ELSE format('23514 initial_state fund.attachment.state born_%s in attachment 900', state) END,
                   format('attachment born %s', state))
FROM (SELECT DISTINCT from_state AS state FROM osms.transitions('attachment') UNION SELECT to_state FROM osms.transitions('attachment')) s;
SELECT is(pg_temp.verdict(format($$INSERT INTO fund.identity_event (event, person, application, channel, method, at)
    VALUES (900, 60, 900, 'egov', 'e_signature', now());
              INSERT INTO fund.application (application, person, organisation, channel, ground, state, submitted_at, decided_at, reason)
              VALUES (900, 60, 1, 'egov', 'moved', %L, now(), now(), 'untrue_data')$$, state)), 'ok', format('application born %s', state))
FROM (SELECT DISTINCT from_state AS state FROM osms.transitions('application') UNION SELECT to_state
    FROM osms.transitions('application')) s;

-- What cannot be changed, and what can.
SELECT is(pg_temp.verdict(statement), expected, what) FROM (VALUES
('close',                      $$UPDATE fund.attachment SET state = 'closed', until = '2025-02-01', reason = 'left_region'
    WHERE attachment = 5$$, 'ok'),
('close without reason',       $$UPDATE fund.attachment SET state = 'closed', until = '2025-02-01'
    WHERE attachment = 5$$, '23514 reason fund.attachment.reason reason_missing in attachment 5'),
('close, odd reason',          $$UPDATE fund.attachment SET state = 'closed', until = '2025-02-01', reason = 'because'
    WHERE attachment = 5$$, '23514 reason fund.attachment.reason reason_unknown in attachment 5'),
('close before it began',      $$UPDATE fund.attachment SET state = 'closed', until = '2020-01-01', reason = 'error'
    WHERE attachment = 5$$, '23514 period fund.attachment.since reversed in attachment 5'),
('suspect, then an odd reason', $$UPDATE fund.attachment SET state = 'suspect', reason = 'error' WHERE attachment = 5;
    UPDATE fund.attachment SET reason = 'because' WHERE attachment = 5$$,
    '23514 reason fund.attachment.reason reason_unknown in attachment 5'),
('suspect, then no reason',    $$UPDATE fund.attachment SET state = 'suspect', reason = 'error' WHERE attachment = 5;
    UPDATE fund.attachment SET reason = NULL WHERE attachment = 5$$, '23514 reason fund.attachment.reason reason_missing in attachment 5'),
('suspect without reason',     $$UPDATE fund.attachment SET state = 'suspect'
    WHERE attachment = 5$$, '23514 reason fund.attachment.reason reason_missing in attachment 5'),
('until without reason',       $$UPDATE fund.attachment SET until = '2026-01-01'
    WHERE attachment = 5$$, '23001 immutable fund.attachment.attachment until_without_reason in attachment 5'),
('until with reason',          $$UPDATE fund.attachment SET until = '2026-01-01', reason = 'contract_expired' WHERE attachment = 5$$, 'ok'),
('until earlier',              $$UPDATE fund.attachment SET until = '2020-06-01' WHERE attachment = 6$$, 'ok'),
('until later',                $$UPDATE fund.attachment SET until = '2021-01-02'
    WHERE attachment = 6$$, '23001 immutable fund.attachment.until until_later in attachment 6'),
('until taken away',           $$UPDATE fund.attachment SET until = NULL
    WHERE attachment = 6$$, '23514 period fund.attachment.until until_missing in attachment 6'),
('closed without an end',      $$UPDATE fund.attachment SET state = 'closed', reason = 'error'
    WHERE attachment = 1$$, '23514 period fund.attachment.until until_missing in attachment 1'),
('since',                      $$UPDATE fund.attachment SET since = '2020-01-02'
    WHERE attachment = 5$$, '23001 immutable fund.attachment.since changed_since in attachment 5'),
('organisation',               $$UPDATE fund.attachment SET organisation = 2
    WHERE attachment = 5$$, '23001 immutable fund.attachment.organisation changed_organisation in attachment 5'),
('person',                     $$UPDATE fund.attachment SET person = 20
    WHERE attachment = 5$$, '23001 immutable fund.attachment.person changed_person in attachment 5'),
('key',                        $$UPDATE fund.attachment SET attachment = 905
    WHERE attachment = 5$$, '23001 immutable fund.attachment.attachment changed_attachment in attachment 905'),
('application taken away',     $$UPDATE fund.attachment SET application = NULL
    WHERE attachment = 45$$, '23001 immutable fund.attachment.application changed_application in attachment 45'),
('restores changed',           $$UPDATE fund.attachment SET restores = 3
    WHERE attachment = 13$$, '23001 immutable fund.attachment.restores changed_restores in attachment 13'),
('basis supplied wrongly',     $$UPDATE fund.attachment SET application = 47
    WHERE attachment = 5$$, '23514 basis fund.attachment.application application_of_another_person in attachment 5'),
('site',                       $$UPDATE fund.attachment SET site = 'S7' WHERE attachment = 5$$, 'ok'),
('annulled stays',             $$UPDATE fund.attachment SET site = 'S7'
    WHERE attachment = 4$$, '23001 immutable fund.attachment.attachment final_state in attachment 4'),
('annulled for another reason', $$UPDATE fund.attachment SET reason = 'unlawful'
    WHERE attachment = 4$$, '23001 immutable fund.attachment.attachment final_state in attachment 4'),
('annul what is closed',       $$UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment = 6$$, 'ok'),
('delete',                     $$DELETE FROM fund.attachment WHERE attachment = 5$$,
    '23001 immutable fund.attachment.attachment deleted in attachment 5'),
('delete a draft',             $$DELETE FROM fund.application WHERE application = 1$$, 'ok'),
('delete an application',      $$DELETE FROM fund.application WHERE application = 2$$,
    '23001 immutable fund.application.application deleted in application 2'),
('delete a person',            $$DELETE FROM fund.person WHERE person = 99$$, '23001 immutable fund.person.person deleted'),
('delete an organisation',     $$DELETE FROM fund.organisation
    WHERE organisation = 3$$, '23001 immutable fund.organisation.organisation deleted in organisation 3'),
('a person''s key',            $$UPDATE fund.person SET person = 900
    WHERE person = 99$$, '23001 immutable fund.person.person changed_person'),
('an organisation''s key',     $$UPDATE fund.organisation SET organisation = 900
    WHERE organisation = 3$$, '23001 immutable fund.organisation.organisation changed_organisation in organisation 900'),
('an organisation''s name',    $$UPDATE fund.organisation SET name = 'D' WHERE organisation = 3$$, 'ok'),
('truncate attachments',       $$TRUNCATE fund.attachment$$, '23001 immutable fund.attachment.attachment truncated'),
('truncate applications',      $$TRUNCATE fund.application$$, '23001 immutable fund.application.application truncated'),
('truncate persons',           $$TRUNCATE fund.person$$, '23001 immutable fund.person.person truncated'),
('truncate organisations',     $$TRUNCATE fund.organisation$$, '23001 immutable fund.organisation.organisation truncated'),
('truncate identifications',   $$TRUNCATE fund.identity_event$$, '23001 immutable fund.identity_event.event truncated'),
('change an identification',   $$UPDATE fund.identity_event SET method = 'document'
    WHERE event = 47$$, '23001 immutable fund.identity_event.method changed_method in identity_event 47'),
('delete an identification',   $$DELETE FROM fund.identity_event
    WHERE event = 47$$, '23001 immutable fund.identity_event.event deleted in identity_event 47'),
('identify an unknown person', $$INSERT INTO fund.identity_event (event, person, application, channel, method, at)
    VALUES (900, 999, 47, 'egov', 'e_signature', now())$$,
                               '23503 person_known fund.identity_event.person unknown_person in identity_event 900'),
('application''s person',      $$UPDATE fund.application SET person = 60
    WHERE application = 2$$, '23001 immutable fund.application.person changed_person in application 2'),
('application''s channel',     $$UPDATE fund.application SET channel = 'egov'
    WHERE application = 2$$, '23001 immutable fund.application.channel changed_channel in application 2'),
('application''s ground',      $$UPDATE fund.application SET ground = 'campaign'
    WHERE application = 2$$, '23001 immutable fund.application.ground changed_ground in application 2'),
('application''s decision',    $$UPDATE fund.application SET decided_at = now() - interval '1 day'
    WHERE application = 4$$, '23001 immutable fund.application.decided_at changed_decided_at in application 4'),
('a draft is free',            $$UPDATE fund.application SET person = 60, channel = 'egov', ground = 'moved' WHERE application = 1$$, 'ok'),
('a draft''s key is not',      $$UPDATE fund.application SET application = 901
    WHERE application = 1$$, '23001 immutable fund.application.application changed_application in application 901'),
('a finished one stays',       $$UPDATE fund.application SET reason = 'limit_used'
    WHERE application = 7$$, '23001 immutable fund.application.application final_state in application 7'),
('a missing value is supplied', $$UPDATE fund.application SET decided_at = now() WHERE application = 46$$, 'ok'),
('refuse without reason',      $$UPDATE fund.application SET state = 'refused'
    WHERE application = 48$$, '23514 reason fund.application.reason reason_missing in application 48'),
('refuse the unidentified',    $$UPDATE fund.application SET state = 'refused', decided_at = now(), reason = 'not_identified'
    WHERE application = 48$$, 'ok')
) c (what, statement, expected);

-- identified: 48 by service centre, 50 by clinic, 51 by egov, all submitted; $E is an event of the application
SELECT is(pg_temp.verdict(before || format(';UPDATE fund.application SET state = ''identified'' WHERE application = %s', key), zone),
          CASE WHEN counts THEN 'ok' ELSE format('23514 identified fund.application.state not_identified in application %s', key) END,
          format('identified: %s (%s)', what, zone))
FROM (VALUES
('by nothing',                     48, false, $$SELECT$$),
('by a method of the channel',     48, true,  $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (48, 48, 'service_centre', 'biometric', now())$$),
('by a method of no channel',      48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (48, 48, 'service_centre', 'sms_code', now())$$),
('by another channel',             48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (48, 48, 'egov', 'e_signature', now())$$),
('by a channel nobody knows',      48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (48, 48, 'market', 'biometric', now())$$),
('by a document nobody saw',       48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (48, 48, 'service_centre', 'document', now())$$),
('by a document a clerk saw',      48, true,  $$INSERT INTO fund.identity_event (person, application, channel, method, clerk, at)
    VALUES (48, 48, 'service_centre', 'document', 'c1', now())$$),
('by a clerk known from today',    48, true,  $$INSERT INTO fund.identity_event (person, application, channel, method, clerk, at)
    VALUES (48, 48, 'service_centre', 'document', 'today', now())$$),
('by an unknown clerk',            48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, clerk, at)
    VALUES (48, 48, 'service_centre', 'document', 'nobody', now())$$),
('biometric, by an unknown clerk', 48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, clerk, at)
    VALUES (48, 48, 'service_centre', 'biometric', 'nobody', now())$$),
('by a clerk known tomorrow',      48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, clerk, at)
    VALUES (48, 48, 'service_centre', 'document', 'later', now())$$),
('by the event of another',        48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (47, 48, 'service_centre', 'biometric', now())$$),
('by another application''s',      48, false, $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (48, 47, 'service_centre', 'biometric', now())$$),
('by an applicant not named',      48, false, $$INSERT INTO fund.identity_event (person, applicant, application, channel, method, at)
    VALUES (48, 47, 48, 'service_centre', 'biometric', now())$$),
('by the applicant named',         48, true,  $$UPDATE fund.application SET applicant = 47 WHERE application = 48;
                                                INSERT INTO fund.identity_event (person, applicant, application, channel, method, at)
                                                    VALUES (48, 47, 48, 'service_centre', 'biometric', now())$$),
('by the applicant''s own event',  48, true,  $$UPDATE fund.application SET applicant = 47 WHERE application = 48;
                                                INSERT INTO fund.identity_event (person, application, channel, method, at)
                                                    VALUES (47, 48, 'service_centre', 'biometric', now())$$),
('in a clinic',                    50, true,  $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (50, 50, 'clinic', 'sms_code', now())$$),
('in a clinic that is closed',     50, false, $$INSERT INTO osms.channel (channel, methods, valid_from, act) SELECT 'clinic', '{}',
    pg_temp.today(), act FROM osms.act WHERE act = 'test';
                                                INSERT INTO fund.identity_event (person, application, channel, method, at)
                                                    VALUES (50, 50, 'clinic', 'sms_code', now())$$),
('in a clinic, closed tomorrow',   50, true,  $$INSERT INTO osms.channel (channel, methods, valid_from, act) SELECT 'clinic', '{}',
    pg_temp.today() + 1, act FROM osms.act WHERE act = 'test';
                                                INSERT INTO fund.identity_event (person, application, channel, method, at)
                                                    VALUES (50, 50, 'clinic', 'sms_code', now())$$),
('before the clinic was closed',   50, true,  $$INSERT INTO osms.channel (channel, methods, valid_from, act) SELECT 'clinic', '{}',
    pg_temp.today(), act FROM osms.act WHERE act = 'test';
                                                INSERT INTO fund.identity_event (person, application, channel, method, at)
                                                VALUES (50, 50, 'clinic', 'sms_code', pg_temp.today()::timestamp AT TIME ZONE 'Asia/Almaty'
                                                    - interval '1 microsecond')$$),
('by a clerk of another role',     48, false, $$INSERT INTO osms.channel (channel, methods, clerk_methods, clerk_role, valid_from, act)
    SELECT 'service_centre', '{}', '{document}', 'head', pg_temp.today(), act FROM osms.act WHERE act = 'test';
                                                INSERT INTO fund.identity_event (person, application, channel, method, clerk, at)
                                                    VALUES (48, 48, 'service_centre', 'document', 'c1', now())$$),
('by a clerk of the role',         48, true,  $$INSERT INTO osms.channel (channel, methods, clerk_methods, clerk_role, valid_from, act)
    SELECT 'service_centre', '{}', '{document}', 'operator', pg_temp.today(), act FROM osms.act WHERE act = 'test';
                                                INSERT INTO fund.identity_event (person, application, channel, method, clerk, at)
                                                    VALUES (48, 48, 'service_centre', 'document', 'c1', now())$$),
('by e-signature',                 51, true,  $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (51, 51, 'egov', 'e_signature', now())$$)
) c (what, key, counts, before), unnest('{UTC,Pacific/Kiritimati,Etc/GMT+12}'::text[]) zone;

-- what is identified replaces what was merely submitted, of the same kind
SELECT is(pg_temp.verdict($$INSERT INTO fund.application (application, person, organisation, channel, ground, state, submitted_at)
              VALUES (901, 48, 2, 'egov', 'moved', 'submitted', now()), (902, 48, 2, 'egov', 'campaign', 'submitted', now()),
                  (903, 48, 2, 'egov', NULL, 'draft', now());
              INSERT INTO fund.identity_event (person, application, channel, method, at)
                  VALUES (48, 48, 'service_centre', 'biometric', now());
              UPDATE fund.application SET state = 'identified' WHERE application = 48$$, 'UTC',
              $$SELECT string_agg(application || ' ' || state::text, ', ' ORDER BY application) FROM fund.application WHERE person = 48$$),
          'ok 48 identified, 901 replaced, 902 submitted, 903 draft', 'an identified application replaces those only submitted');

-- a channel's writer: only its members record
CREATE FUNCTION pg_temp.by_role(who text, statement text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(format('CREATE ROLE rules_centre; CREATE ROLE rules_clerk IN ROLE rules_centre; CREATE ROLE rules_other;
        GRANT USAGE ON SCHEMA fund TO rules_clerk, rules_other;
        GRANT INSERT ON fund.identity_event TO rules_clerk, rules_other;
        INSERT INTO osms.channel (channel, methods, writer, valid_from, act) VALUES '
            '(''service_centre'', ''{biometric}'', ''rules_centre'', pg_temp.today(), ''test'');
        SET LOCAL ROLE %I; ', who) || statement)
$$;
SELECT is(pg_temp.by_role(who, format('INSERT INTO fund.identity_event (event, person, application, channel, method, at)
              VALUES (900, 48, 48, %L, ''biometric'', now())', channel)), expected,
                  format('%s records an identification by %s', who, channel))
FROM (VALUES
('rules_clerk', 'service_centre', 'ok'), ('rules_other', 'egov', 'ok'),
('rules_other', 'service_centre', '23514 identified fund.identity_event.event writer_without_channel in identity_event 900')) c (who,
    channel, expected);
SELECT is(pg_temp.by_role('rules_clerk', statement), '42501 permission denied for table identity_event',
    'identity_event is append-only for its writers')
FROM (VALUES ('DELETE FROM fund.identity_event'), ('UPDATE fund.identity_event SET method = NULL')) c (statement);

-- identifier: numbers kept as text, as bigint, as char; the osms types judge their own
CREATE FUNCTION pg_temp.number_registry(type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text := 'kept_as_' || type;
BEGIN
    PERFORM osms.create_registry(name, cut_over => '2025-01-01');
    EXECUTE format('ALTER TABLE %1$I.person ALTER iin TYPE %2$s USING NULL; ALTER TABLE %1$I.organisation ALTER bin TYPE %2$s USING NULL;
        INSERT INTO %1$I.attested_number (number) VALUES (''850101100009!''), (''850101100010''), (''000000000000''), (''980540000050''), '
            '(''12345'')', name, type);
    PERFORM osms.guard(name);
    RETURN name;
END $$;
SELECT is(pg_temp.verdict(
    format('SELECT pg_temp.number_registry(%1$L); INSERT INTO kept_as_%1$s.%2$I (%2$I, %3$I) VALUES (1, %4$s); INSERT INTO '
    'kept_as_%1$s.%2$I (%2$I) VALUES (2)',
                                 type, relation, number, value)),
          CASE WHEN finding IS NULL THEN 'ok' ELSE format('23514 identifier kept_as_%s.%s.%s %s%s', type, relation, number, finding,
               CASE WHEN relation = 'organisation' THEN ' in organisation 1' END) END,
          format('%s %s as %s', number, value, type))
FROM (VALUES
('person', 'iin', $$osms.make_iin('1980-01-01', 'male', 7)::bigint$$, '{text,bigint,varchar}', NULL),
('person', 'iin', $$850101100008$$, '{text,bigint,varchar}', 'check_digit'),
('person', 'iin', $$850101100009$$, '{text,bigint,varchar}', NULL),
('person', 'iin', $$851301100009$$, '{text,bigint,varchar}', 'month'),
('person', 'iin', $$850132100009$$, '{text,bigint,varchar}', 'day'),
('person', 'iin', $$850101900009$$, '{text,bigint,varchar}', 'century'),
('person', 'iin', $$12345$$, '{text,varchar}', 'length'),
('person', 'iin', $$'000000000000'$$, '{text,bigint,varchar}', 'zero'),
('person', 'iin', $$'85010110000a'$$, '{text,varchar}', 'character'),
('person', 'iin', $$'8501011000090'$$, '{text}', 'length'),
('organisation', 'bin', $$980540000051$$, '{text,bigint,varchar}', (SELECT osms.bin_fault('980540000051'))),
('organisation', 'bin', $$980540000050$$, '{text,bigint,varchar}', NULL),
('organisation', 'bin', $$981340000050$$, '{text,bigint,varchar}', 'month')
) c (relation, number, value, types, finding), unnest(types::text[]) type;
SELECT is(osms.iin_fault('850101100009'), 'check_digit', 'an attested number has a fault by itself');

-- Modes. Warnings can be read only by a client: another psql runs each statement under the rule's mode, and what it prints is compared.
CREATE TABLE mode_case (place serial, what text, rule text, statement text, finding text, found int, written text);
INSERT INTO mode_case (what, rule, statement, finding, found, written) VALUES
('period',          'period',       $$INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, reason)
    VALUES (900, 60, 1, 'closed', '2020-01-02', '2020-01-01', 'error'), (901, 61, 1, 'closed', '2020-01-02', '2020-01-01', 'error')$$,
    'reversed', 2, '900,901'),
('transition',      'transition',   $$UPDATE fund.attachment SET state = 'active' WHERE attachment = 3$$, 'no_such_step', 1, ''),
('initial_state',   'initial_state', $$INSERT INTO fund.attachment (attachment, person, organisation, state, since, reason) SELECT 900 + i,
    60 + i, 1, 'suspect', '2020-01-01', 'error' FROM generate_series(0, 2) i$$, 'born_suspect', 3, '900,901,902'),
('reason',          'reason',       $$INSERT INTO fund.attachment (attachment, person, organisation, state, since, until)
    VALUES (900, 60, 1, 'closed', '2020-01-01', '2021-01-01')$$, 'reason_missing', 1, '900'),
('immutable',       'immutable',    $$UPDATE fund.attachment SET organisation = 2 WHERE attachment IN (1, 5)$$, 'changed_organisation', 2,
    ''),
('immutable: delete', 'immutable',  $$DELETE FROM fund.attachment WHERE attachment IN (1, 5)$$, 'deleted', 2, ''),
('immutable: truncate', 'immutable', $$TRUNCATE fund.identity_event$$, 'truncated', 1, ''),
('identified',      'identified',   $$UPDATE fund.application SET state = 'identified'
    WHERE application IN (48, 50)$$, 'not_identified', 2, ''),
('one_attachment',  'one_attachment', $$INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (900, 1, 2, 'active', '2021-01-01'), (901, 5, 2, 'active', '2021-01-01')$$, 'overlap', 2, '900,901'),
('one_open_application', 'one_open_application', $$INSERT INTO fund.identity_event (person, application, channel, method, at)
    VALUES (46, 900, 'egov', 'e_signature', now());
    INSERT INTO fund.application (application, person, organisation, channel, state, submitted_at)
        VALUES (900, 46, 2, 'egov', 'identified', now())$$, 'open_application', 1, ''),
('basis',           'basis',        $$INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (900, 60, 1, 'active', '2025-01-01'), (901, 61, 1, 'active', '2024-12-31')$$, 'no_basis', 1, '900,901'),
('organisation_known', 'organisation_known', $$INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (900, 60, 77, 'active', '2020-01-01')$$, 'unknown_organisation', 1, '900'),
('alive',           'alive',        $$INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (900, 9, 1, 'active', '2024-07-01')$$, 'after_death', 1, '900');
SELECT string_agg(format('BEGIN; SELECT osms.guard(''fund'', ''{"%s":"%s"}'');
\echo case %s %s
%s;
SET CONSTRAINTS ALL IMMEDIATE; -- one_attachment is judged when the transaction ends
\echo written
SELECT coalesce(string_agg(attachment::text, '','' ORDER BY attachment), ''none'') FROM fund.attachment WHERE attachment >= 900;
ROLLBACK;', rule, mode, place, mode, statement), E'\n' ORDER BY place, mode)
FROM mode_case, unnest('{warn,off}'::text[]) mode \gset
\setenv script :string_agg
\set output `printf '%s\n' "$script" | psql -XAtq -v VERBOSITY=default -d :DBNAME 2>&1`
CREATE TEMP TABLE outcome AS
SELECT split_part(head, ' ', 1)::int AS place, split_part(head, ' ', 2) AS mode,
    array_length(string_to_array(body, 'WARNING:'), 1) - 1 AS warnings,
       (regexp_match(body, 'DETAIL:  ([^\n]*)'))[1] AS detail, body ~ 'ERROR' AS refused,
       btrim(split_part(body, E'\nwritten\n', 2), E'\n') AS written
FROM regexp_split_to_table(E'\n' || :'output', E'\ncase ') part,
     LATERAL (SELECT split_part(part, E'\n', 1) AS head, E'\n' || substr(part, strpos(part, E'\n') + 1) AS body) p
WHERE head ~ '^\d+ ';
SELECT is((o.warnings, o.detail, o.refused, o.written)::text,
          (1, format('Rule "%s" finds %s ', rule, finding) || CASE WHEN found = 1 THEN 'in 1 row'
              ELSE format('and the like in %s rows', found) END
              || CASE rule WHEN 'one_attachment' THEN ' of this transaction.' ELSE ' of this statement.' END, false,
                  coalesce(nullif(c.written, ''), 'none'))::text, format('%s in mode warn: one WARNING, and it is written', what))
FROM mode_case c LEFT JOIN outcome o ON (o.place, o.mode) = (c.place, 'warn') ORDER BY c.place;
SELECT is((o.warnings, o.detail, o.refused, o.written)::text, (0, NULL::text, false, coalesce(nullif(c.written, ''), 'none'))::text,
          format('%s in mode off: it is written', what))
FROM mode_case c LEFT JOIN outcome o ON (o.place, o.mode) = (c.place, 'off') ORDER BY c.place;
SELECT * FROM finish();

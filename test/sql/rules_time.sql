-- The rules of time: days and hours of civil time, the order of an application's steps, back-dating, the campaign, the free choices of a
-- year, newborns, clerks.
-- Takes long: make test-all.
SET search_path = public;
SET client_min_messages = error;
SELECT * FROM no_plan();
\ir verdict.psql
CREATE FUNCTION pg_temp.today() RETURNS date LANGUAGE sql AS $$ SELECT (now() AT TIME ZONE 'Asia/Almaty')::date $$;

-- Working days, and the day from which a filing counts, whatever the session's time zone.
SELECT is(osms.working_day(d::date), works, d || ' ' || what) FROM (VALUES
('2024-02-29', true, 'a leap day'), ('2024-03-01', true, 'the day the clock changed'), ('2024-03-02', false, 'a Saturday'),
    ('2024-03-08', false, 'a holiday'),
('2021-12-01', false, 'a holiday while it was one'), ('2022-12-01', true, 'one no more'), ('2024-12-01', false, 'one no more, a Sunday'),
('2021-10-25', true, 'before it was a holiday'), ('2022-10-25', false, 'since it is one'),
    ('2021-12-17', false, 'two days of independence'), ('2022-12-17', false, 'one day, a Saturday'),
('2025-12-31', true, 'the last day of the year'), ('2026-01-01', false, 'New Year'), ('2026-01-02', false, 'its second day')) d (d, works,
    what);
SELECT is(osms.add_working_days(d::date, n), e::date, format('%s and %s working days', d, n)) FROM (VALUES
('2025-12-31', 1, '2026-01-05'), ('2026-01-05', -1, '2025-12-31'), ('2026-01-01', 0, '2026-01-01'), ('2024-02-28', 1, '2024-02-29'),
    ('2024-02-29', 1, '2024-03-01'),
('2024-03-07', 1, '2024-03-11'), ('2024-03-20', 1, '2024-03-25'), ('infinity', 1, 'infinity')) d (d, n, e);
CREATE FUNCTION pg_temp.filed(zone text, at timestamptz) RETURNS date LANGUAGE sql SET timezone = 'UTC' AS
    $$ SELECT set_config('timezone', zone, true); SELECT osms.filed_on(at, 'Asia/Almaty') $$;
SELECT is(pg_temp.filed(zone, at::timestamptz), e::date, format('%s counts from %s (%s)', what, e, zone)) FROM (VALUES
('2024-02-29 11:59:59.999999+00', '2024-02-29', 'the last moment of work at UTC+6'),
    ('2024-02-29 12:00+00', '2024-03-01', 'the end of work at UTC+6'),
('2024-03-01 12:59:59.999999+00', '2024-03-01', 'the last moment of work at UTC+5'),
    ('2024-03-01 13:00+00', '2024-03-04', 'the end of work on a Friday'),
('2024-03-01 03:00+00', '2024-03-01', 'before work'), ('2025-12-31 13:00+00', '2026-01-05', 'the last evening of a year'),
    ('2025-12-31 19:00+00', '2026-01-05', 'New Year'),
('2023-11-15 19:30+00', '2023-11-16', '19:30 UTC')) f (at, e, what),
    unnest('{UTC,Asia/Almaty,America/New_York,Pacific/Kiritimati}'::text[]) zone;
SELECT throws_ok($$SELECT osms.filed_on(now(), 'Asia/Nowhere')$$, '22023', NULL, 'no such time zone');

-- A DBA's rows: a day, a holiday that ends, a parameter older than the extension's newest row of its name.
INSERT INTO osms.act (act, title) VALUES ('dba', 'a decree');
SELECT is(pg_temp.verdict(format('INSERT INTO osms.holiday (day, yearly, works, name, act) VALUES (%s, ''x'', ''dba'')', row), 'UTC',
    format('SELECT osms.working_day(%L)', day)), 'ok ' || works::text, row)
FROM (VALUES ('''2026-05-27'', false, false', '2026-05-27', false), ('''2026-05-30'', false, true', '2026-05-30', true),
    ('''2026-03-09'', false, true', '2026-03-09', true),
             ('''2026-05-07'', true, true', '2027-05-07', true), ('''2026-05-07'', true, true', '2025-05-07', false),
                 ('''2024-02-29'', true, false', '2028-02-29', false)) h (row, day, works);
SELECT throws_ok($$UPDATE osms.holiday SET works = true$$, '55000', NULL, 'holidays are only added');
SELECT throws_ok($$INSERT INTO osms.holiday (day, works, name, act)
    VALUES ('2026-05-27', false, 'x', 'osms:holidays')$$, '23514', NULL, 'the extension''s act is its own');
SELECT is(osms.parameter_on('campaign_first_day', day) || ' ' || osms.parameter_on('free_choice_limit', day), expected,
    'the law on ' || day) FROM (VALUES
(date '2024-12-31', '09-15 1'), ('2025-01-01', '09-01 1'), ('2025-08-31', '09-01 1'), ('2025-09-01', '09-01 2')) p (day, expected);
SELECT is(pg_temp.verdict($$INSERT INTO osms.parameter (name, value, valid_from, act)
    VALUES ('free_choice_limit', '7', '2025-03-01', 'dba')$$, 'UTC',
    $$SELECT string_agg(osms.parameter_on('free_choice_limit', day), ' ' ORDER BY day)
        FROM unnest('{2025-02-28,2025-03-01,2026-01-01}'::date[]) day$$), 'ok 1 7 7', 'a user''s row wins from its day on');

-- Two registries with the same rows: "fund" is guarded, "bare" never; audit reads the second.
CREATE PROCEDURE pg_temp.furnish(registry text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osms.create_registry(registry, cut_over => '2020-01-01');
    EXECUTE format('SET LOCAL search_path = %I, public', registry);
    INSERT INTO person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', 'A' FROM generate_series(1, 60) i;
    UPDATE person SET birth_date = pg_temp.today() - 5 WHERE person = 50;
    INSERT INTO organisation (organisation) VALUES (1), (2), (3);
    INSERT INTO organisation_status (organisation, region, valid_from) SELECT i, 'A', '2000-01-01' FROM generate_series(1, 3) i;
    INSERT INTO contract (organisation, valid_from) SELECT i, '2000-01-01' FROM generate_series(1, 3) i;
    INSERT INTO clerk VALUES ('c1', 1, 'operator', '2000-01-01'), ('c2', 1, 'operator', '2000-01-01');
    INSERT INTO insurance (person, month, category) VALUES (1, '2020-01-01', 'pensioner'), (1, '2024-06-01', 'worker'),
        (2, '2020-01-01', 'worker');
END $$;
BEGIN;
CALL pg_temp.furnish('fund');
CALL pg_temp.furnish('bare');
-- approvals of any age may be used here
INSERT INTO osms.parameter (name, value, valid_from, act) VALUES ('approval_valid_days', '36500', '2000-01-01', 'dba');
SELECT osms.guard('fund', '{"newborn_term": "enforce", "four_eyes": "enforce", "clinic_category": "enforce", "burst": "enforce"}');
CALL osms.fill_roster('fund', NULL);
COMMIT;

-- An application with its identification; text of a statement.
CREATE FUNCTION pg_temp.application(state text, submitted text, decided text DEFAULT 'NULL', identified text DEFAULT NULL,
    ground text DEFAULT 'moved', channel text DEFAULT 'egov',
                                    effective text DEFAULT 'NULL', decided_by text DEFAULT NULL, person int DEFAULT 1, key int DEFAULT 900,
                                        organisation int DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN state NOT IN ('draft', 'submitted', 'refused')
        THEN format('INSERT INTO fund.identity_event (event, person, application, channel, method, clerk, at) VALUES (%1$s, %2$s, %1$s, '
        '%3$L, %4$L, %5$L, %6$s); ',
               key, person, channel, CASE channel WHEN 'egov' THEN 'e_signature' ELSE 'document' END, CASE
                   WHEN channel <> 'egov' THEN 'c1' END, coalesce(identified, submitted)) ELSE '' END
        || format('INSERT INTO fund.application (application, person, organisation, channel, ground, state, submitted_at, decided_at, '
            'decided_by, effective_on, reason) VALUES (%s, %s, %s, %L, %L, %L, %s, %s, %L, %s, %L); ',
                  key, person, organisation, channel, ground, state, submitted, decided, decided_by, effective, CASE state
                      WHEN 'refused' THEN 'untrue_data' END) $$;
-- An attachment by an application decided on the day it begins.
CREATE FUNCTION pg_temp.choice(key int, organisation int, day date, ground text DEFAULT 'free_choice', until date DEFAULT NULL,
    state text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.application('approved', format('%L', day - 1 || ' 10:00+05'), format('%L', day || ' 10:00+05'), ground => ground,
        key => key, organisation => organisation)
        || format('INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, application, reason) VALUES (%1$s, '
            '1, %2$s, %3$L, %4$L, %5$L, %1$s, %6$L);
                   UPDATE fund.application SET state = ''attached'' WHERE application = %1$s; ',
                  key, organisation, CASE WHEN until IS NULL THEN 'active' ELSE 'closed' END, day, until, CASE
                      WHEN until IS NOT NULL THEN 'moved_to_other' END)
        || CASE WHEN state = 'annulled'
            THEN format('UPDATE fund.attachment SET state = ''annulled'', reason = ''unlawful'' WHERE attachment = %s; ', key)
            ELSE '' END $$;
CREATE FUNCTION pg_temp.audited(statement text) RETURNS text LANGUAGE sql AS $$
    SELECT substr(pg_temp.verdict(replace(statement, 'fund.', 'bare.'), 'UTC',
        'SELECT coalesce(string_agg(relation || '' '' || rule || '' '' || finding, '', '' ORDER BY relation, rule, finding), ''nothing'')
        FROM osms.audit(''bare'', ''{decision_order,no_backdating,campaign_window,free_choice_limit,newborn_term,four_eyes,clinic_category,'
            'burst}'') WHERE key = ''900'''), 4) $$;

CREATE TEMP TABLE time_case (place serial, rule text, what text, statement text, relation text, col text, found text, audit text);
-- decision_order: 5 minutes of tolerance
INSERT INTO time_case (rule, what, statement, relation, col, found)
SELECT 'decision_order', what, pg_temp.application(state, submitted, decided, identified), coalesce(relation, 'application'),
    CASE coalesce(relation, 'application') WHEN 'application' THEN CASE found WHEN 'submitted_in_future' THEN 'submitted_at' ELSE 'decided_at' END ELSE 'at' END, found
FROM (VALUES
('all at once',                'approved', 'now()', 'now()', 'now()', NULL, NULL),
('in order',                   'approved', 'now() - interval ''3 hours''', 'now() - interval ''1 hour''', 'now() - interval ''2 hours''',
    NULL, NULL),
('submitted in 4 minutes',     'submitted', 'now() + interval ''4 minutes''', 'NULL', NULL, NULL, NULL),
('submitted in an hour',       'submitted', 'now() + interval ''1 hour''', 'NULL', NULL, NULL, 'submitted_in_future'),
('submitted at no time',       'submitted', '''infinity''', 'NULL', NULL, NULL, 'submitted_in_future'),
('decided in an hour',         'approved', 'now()', 'now() + interval ''1 hour''', 'now()', NULL, 'decided_in_future'),
('identified in an hour',      'identified', 'now()', 'NULL', 'now() + interval ''1 hour''', 'identity_event', 'identified_in_future'),
('decided 5 minutes before',   'refused', '''2025-06-02 10:05+05''', '''2025-06-02 10:00+05''', NULL, NULL, NULL),
('decided longer before',      'refused', '''2025-06-02 10:05:00.000001+05''', '''2025-06-02 10:00+05''', NULL, NULL,
    'decided_before_submitted'),
('identified 5 minutes before', 'identified', '''2025-06-02 10:05+05''', 'NULL', '''2025-06-02 10:00+05''', NULL, NULL),
('identified longer before',   'identified', '''2025-06-02 10:05+05''', 'NULL', '''2025-06-02 09:59:59+05''', NULL,
    'identified_out_of_order'),
('identified 5 minutes after', 'approved', '''2025-06-02 10:00+05''', '''2025-06-02 11:00+05''', '''2025-06-02 11:05+05''', NULL, NULL),
('identified after it',        'approved', '''2025-06-02 10:00+05''', '''2025-06-02 11:00+05''', '''2025-06-02 11:05:01+05''', NULL,
    'identified_out_of_order'),
('refused, identified by nobody', 'refused', '''2025-06-02 10:00+05''', '''2025-06-02 11:00+05''', NULL, NULL, NULL)) c (what, state,
    submitted, decided, identified, relation, found);
UPDATE time_case SET audit = CASE what WHEN 'identified in an hour' THEN 'identity_event decision_order identified_in_future'
    WHEN 'identified longer before' THEN
    'application decision_order identified_out_of_order, identity_event decision_order identified_before_submitted' END;
INSERT INTO time_case (rule, what, statement, relation, col, found, audit) VALUES
('decision_order', 'identified without filing', pg_temp.application('submitted',
    'NULL') || $$INSERT INTO fund.identity_event (person, application, channel, method, at) VALUES (1, 900, 'egov', 'e_signature', now());
    UPDATE fund.application SET state = 'identified' WHERE application = 900$$, 'application', 'submitted_at', 'submitted_at_missing',
        'nothing'),
('decision_order', 'refused without its time', pg_temp.application('submitted', 'now()') || $$UPDATE fund.application SET state = 'refused',
    reason = 'untrue_data' WHERE application = 900$$, 'application', 'decided_at', 'decided_at_missing', 'nothing'),
('decision_order', 'approved without its time', pg_temp.application('identified',
    'now()') || $$UPDATE fund.application SET state = 'approved' WHERE application = 900$$, 'application', 'decided_at',
    'decided_at_missing', 'nothing'),
('decision_order', 'identified before it was filed', pg_temp.application('submitted', 'now()') || $$INSERT
    INTO fund.identity_event (event, person, application, channel, method, at)
    VALUES (900, 1, 900, 'egov', 'e_signature', now() - interval '6 minutes')$$, 'identity_event', 'at', 'identified_before_submitted',
        NULL);

-- campaign_window: 15 September to 15 November, in 2025 from 1 September to 1 November; both days in civil time, on both sides of the
-- change of the clock
INSERT INTO time_case (rule, what, statement, relation, col, found)
SELECT 'campaign_window', what, pg_temp.application(state, format('%L', submitted), CASE
    WHEN state IN ('approved', 'deferred', 'refused') THEN format('timestamptz %L', submitted) || ' + interval ''1 minute'''
    ELSE 'NULL' END,
    ground => 'campaign', effective => coalesce(format('%L', effective), 'NULL')), 'application', 'submitted_at', found
FROM (VALUES
('first moment of 2023',   'submitted', '2023-09-14 18:00+00', NULL, NULL),
    ('before it', 'submitted', '2023-09-14 17:59:59+00', NULL, 'outside_campaign'),
('last moment of 2023',    'submitted', '2023-11-15 17:59:59+00', NULL, NULL),
    ('19:30 UTC on 15 November 2023', 'submitted', '2023-11-15 19:30+00', NULL, 'outside_campaign'),
('last moment of 2024',    'submitted', '2024-11-15 18:59:59+00', NULL, NULL),
    ('19:30 UTC on 15 November 2024', 'submitted', '2024-11-15 19:30+00', NULL, 'outside_campaign'),
('first moment of 2025',   'submitted', '2025-08-31 19:00+00', NULL, NULL),
    ('last moment of 2025', 'submitted', '2025-11-01 18:59:59+00', NULL, NULL),
('2 November 2025',        'submitted', '2025-11-01 19:00+00', NULL, 'outside_campaign'),
('29 February',            'submitted', '2024-02-29 10:00+06', NULL, 'outside_campaign'),
('1 March 2024',           'submitted', '2024-03-01 10:00+05', NULL, 'outside_campaign'),
('a draft has no date',    'draft', '2024-03-01 10:00+05', NULL, NULL),
('refused as it was late', 'refused', '2024-03-01 10:00+05', NULL, NULL),
('deferred to New Year',   'deferred', '2025-10-01 10:00+05', '2026-01-01', NULL),
('deferred to the next',   'deferred', '2025-10-01 10:00+05', '2027-01-01', 'not_next_year'),
('deferred to the day before', 'deferred', '2025-10-01 10:00+05', '2025-12-31', 'not_next_year'),
('deferred to no day',     'deferred', '2025-10-01 10:00+05', NULL, 'not_next_year'),
('approved at once',       'approved', '2025-10-01 10:00+05', NULL, 'not_deferred')) c (what, state, submitted, effective, found);
INSERT INTO time_case (rule, what, statement, relation, col, found)
SELECT 'campaign_window', 'abolished',
    format('INSERT INTO osms.parameter (name, value, valid_from, act) VALUES (''campaign_first_day'', ''none'', ''2025-01-01'', ''dba''); ')
    || pg_temp.application('submitted', '''2025-10-01 10:00+05''', ground => 'campaign'), 'application', 'submitted_at', 'outside_campaign';

-- no_backdating: an attachment begins on the day of its decision
INSERT INTO time_case (rule, what, statement, relation, col, found, audit)
SELECT 'no_backdating', what,
    before || format(
    'INSERT INTO fund.attachment (attachment, person, organisation, state, since, application, restores) VALUES (900, 1, 1, ''active'', '
    '%s, %s)', since, basis),
    'attachment', 'since', found, audit
FROM (VALUES
('on the day of the decision', pg_temp.application('approved', 'now() - interval ''9 days''',
    'pg_temp.today()::timestamp AT TIME ZONE ''Asia/Almaty'' - interval ''4 days'''), 'pg_temp.today() - 4', '900, NULL', NULL, NULL),
('the day before',             pg_temp.application('approved', 'now() - interval ''9 days''',
    'pg_temp.today()::timestamp AT TIME ZONE ''Asia/Almaty'' - interval ''4 days'''), 'pg_temp.today() - 5', '900, NULL', 'backdated',
    NULL),
('decided in the last second', pg_temp.application('approved', 'now() - interval ''9 days''',
    'pg_temp.today()::timestamp AT TIME ZONE ''Asia/Almaty'' - interval ''4 days 1 second'''), 'pg_temp.today() - 5', '900, NULL', NULL,
    NULL),
('a birth counts from the day of birth', pg_temp.application('approved', 'now()', 'now()', channel => 'maternity', person => 50),
    'pg_temp.today() - 5', '900, NULL', NULL, NULL),
('a day allowed',              $$INSERT INTO osms.parameter (name, value, valid_from, act)
    VALUES ('backdating_days', '1', '2020-01-01', 'dba');$$
    || pg_temp.application('approved', 'now()', 'now()'), 'pg_temp.today() - 1', '900, NULL', NULL, NULL),
('inherited, written today',   '', '''2019-12-31''', 'NULL, NULL', 'backdated', 'nothing')) c (what, before, since, basis, found, audit);
UPDATE time_case SET statement = replace(statement, 'VALUES (900, 1, 1, ''active''', 'VALUES (900, 50, 1, ''active''')
    WHERE what LIKE 'a birth counts%';
-- free_choice_limit: 1 a year, 2 from September 2025; the year ends on 31 December in civil time
INSERT INTO time_case (rule, what, statement, relation, col, found)
SELECT 'free_choice_limit', what, statement, 'attachment', 'application', found FROM (VALUES
('the first of a year',        pg_temp.choice(900, 1, '2024-03-01'), NULL),
('the second of a year',       pg_temp.choice(901, 1, '2024-02-29', until => '2024-12-31') || pg_temp.choice(900, 2, '2024-12-31'),
    'limit_used'),
('on New Year',                pg_temp.choice(901, 1, '2024-02-29', until => '2025-01-01') || pg_temp.choice(900, 2, '2025-01-01'), NULL),
('two, from September 2025',   pg_temp.choice(901, 1, '2025-02-01', until => '2025-09-01') || pg_temp.choice(900, 2, '2025-09-01'), NULL),
('two, the day before',        pg_temp.choice(901, 1, '2025-02-01', until => '2025-08-31') || pg_temp.choice(900, 2, '2025-08-31'),
    'limit_used'),
('three',                      pg_temp.choice(901, 1, '2025-02-01', until => '2025-09-01') || pg_temp.choice(902, 2, '2025-09-01',
    until => '2025-10-01') || pg_temp.choice(900, 1, '2025-10-01'), 'limit_used'),
('another ground',             pg_temp.choice(901, 1, '2024-02-29', until => '2024-06-01') || pg_temp.choice(900, 2, '2024-06-01', 'moved'),
    NULL),
('after another ground',       pg_temp.choice(901, 1, '2024-02-29', 'moved', until => '2024-06-01') || pg_temp.choice(900, 2, '2024-06-01'),
    NULL),
('after an annulled one',      pg_temp.choice(901, 1, '2024-02-29', state => 'annulled') || pg_temp.choice(900, 2, '2024-06-01'), NULL),
('another site of the same',   pg_temp.choice(901, 1, '2024-02-29', until => '2024-06-01') || pg_temp.choice(900, 1, '2024-06-01'), NULL),
('back after a gap',           pg_temp.choice(901, 1, '2024-02-29', until => '2024-06-01') || pg_temp.choice(900, 1, '2024-06-02'),
    'limit_used'),
('rolling, a year and a day',  $$INSERT INTO osms.parameter (name, value, valid_from, act)
    VALUES ('free_choice_year', 'rolling', '2020-01-01', 'dba');$$
    || pg_temp.choice(901, 1, '2023-02-28', until => '2024-02-29') || pg_temp.choice(900, 2, '2024-02-29'), NULL),
('rolling, less than a year',  $$INSERT INTO osms.parameter (name, value, valid_from, act)
    VALUES ('free_choice_year', 'rolling', '2020-01-01', 'dba');$$
    || pg_temp.choice(901, 1, '2023-03-01', until => '2024-02-29') || pg_temp.choice(900, 2, '2024-02-29'),
        'limit_used')) c (what, statement, found);

-- newborn_term: 3 days from filing, under a year; four_eyes; clinic_category: anyone from 2025; burst: 60 an hour
INSERT INTO time_case (rule, what, statement, relation, col, found, audit) VALUES
('newborn_term', 'on the last day', pg_temp.application('approved',
    'pg_temp.today()::timestamp AT TIME ZONE ''Asia/Almaty'' - interval ''3 days''', 'now()', channel => 'maternity', ground => 'birth',
    person => 50)
    || $$INSERT INTO fund.attachment (attachment, person, organisation, state, since, application)
        VALUES (900, 50, 1, 'active', pg_temp.today(), 900)$$, 'attachment', 'since', NULL, NULL),
('newborn_term', 'a second too late', pg_temp.application('approved',
    'pg_temp.today()::timestamp AT TIME ZONE ''Asia/Almaty'' - interval ''3 days 1 second''', 'now()', channel => 'maternity',
    ground => 'birth', person => 50)
    || $$INSERT INTO fund.attachment (attachment, person, organisation, state, since, application)
        VALUES (900, 50, 1, 'active', pg_temp.today(), 900)$$, 'attachment', 'since', 'late', NULL),
('newborn_term', 'no newborn', pg_temp.application('approved', 'now()', 'now()', channel => 'maternity', ground => 'birth')
    || $$INSERT INTO fund.attachment (attachment, person, organisation, state, since, application)
        VALUES (900, 1, 1, 'active', pg_temp.today(), 900)$$, 'attachment', 'since', 'not_newborn', NULL),
('four_eyes', 'another clerk', pg_temp.application('approved', 'now()', 'now()', channel => 'service_centre', decided_by => 'c2'),
    'application', 'decided_by', NULL, NULL),
('four_eyes', 'the same clerk', pg_temp.application('approved', 'now()', 'now()', channel => 'service_centre', decided_by => 'c1'),
    'application', 'decided_by', 'same_clerk', NULL),
('four_eyes', 'nobody is named', pg_temp.application('approved', 'now()', 'now()', channel => 'service_centre'), 'application',
    'decided_by', NULL, NULL),
('clinic_category', 'of a category', pg_temp.application('submitted', '''2024-05-31 10:00+05''', channel => 'clinic'), 'application',
    'channel', NULL, NULL),
('clinic_category', 'no longer', pg_temp.application('submitted', '''2024-06-01 10:00+05''', channel => 'clinic'), 'application', 'channel',
    'category_not_listed', NULL),
('clinic_category', 'unknown only warns', pg_temp.application('submitted', '''2024-06-01 10:00+05''', channel => 'clinic', person => 3),
    'application', 'channel', NULL, 'application clinic_category category_unknown'),
('clinic_category', 'by another channel', pg_temp.application('submitted', '''2024-06-01 10:00+05'''), 'application', 'channel', NULL,
    NULL),
('clinic_category', 'anyone', pg_temp.application('submitted', '''2025-01-01 00:00+05''', channel => 'clinic'), 'application', 'channel',
    NULL, NULL),
('burst', '60 in an hour', (SELECT string_agg(pg_temp.application('refused', '''2025-06-02 09:00+05''',
    format('''2025-06-02 10:%s:59+05''', lpad((i - 1)::text, 2, '0')), decided_by => 'c1', key => 840 + i), '' ORDER BY i)
    FROM generate_series(1, 60) i),
    'application', 'decided_by', NULL, NULL),
('burst', '61 in an hour', (SELECT string_agg(pg_temp.application('refused', '''2025-06-02 09:00+05''',
    format('''2025-06-02 10:%s:59+05''', lpad(least(i, 59)::text, 2, '0')), decided_by => 'c1', key => 840 + i), '' ORDER BY i)
    FROM generate_series(0, 60) i),
    'application', 'decided_by', 'burst_hour', NULL),
('burst', '61 in one statement', $$INSERT INTO fund.application (application, person, organisation, channel, ground, state, submitted_at,
    decided_at, decided_by, reason)
    SELECT 840 + i, 1, 1, 'egov', 'moved', 'refused', '2025-06-02 09:00+05', '2025-06-02 10:00+05', 'c1', 'untrue_data'
        FROM generate_series(0, 60) i$$, 'application', 'decided_by', 'burst_hour', NULL),
('burst', '61 in two hours', (SELECT string_agg(pg_temp.application('refused', '''2025-06-02 09:00+05''',
    format('timestamptz ''2025-06-02 10:30+05'' + %s * interval ''30 seconds''', i), decided_by => 'c1', key => 840 + i), '' ORDER BY i)
    FROM generate_series(0, 60) i),
    'application', 'decided_by', NULL, NULL),
('burst', 'of two clerks', (SELECT string_agg(pg_temp.application('refused', '''2025-06-02 09:00+05''', '''2025-06-02 10:00+05''',
    decided_by => 'c' || 1 + i % 2, key => 840 + i), '' ORDER BY i) FROM generate_series(0, 60) i),
    'application', 'decided_by', NULL, NULL);

SELECT is(pg_temp.verdict(statement, zone), CASE WHEN found IS NULL THEN 'ok'
    ELSE format('23514 %s fund.%s.%s %s in %2$s 900', rule, relation, col, found) END, format('%s, %s (%s)', rule, what, zone))
FROM time_case, unnest('{UTC,Asia/Almaty,America/New_York,Pacific/Kiritimati}'::text[]) zone ORDER BY place, zone;
SELECT is(pg_temp.audited(statement), coalesce(audit, relation || ' ' || rule || ' ' || found, 'nothing'),
    format('%s, %s: audit', rule, what)) FROM time_case ORDER BY place;
-- the same statements where the rule warns or is off
SELECT is(pg_temp.verdict(format('SELECT osms.guard(''fund'', ''{"%s":"%s"}''); ', rule, mode) || statement), 'ok',
    format('%s, %s: mode %s', rule, what, mode))
FROM time_case, unnest('{warn,off}'::text[]) mode WHERE found IS NOT NULL ORDER BY place, mode;
SELECT is_empty('SELECT FROM fund.attachment', 'nothing of it is written');

-- overdue: one working day after the day from which it counts
SELECT is(pg_temp.verdict(replace(pg_temp.application(state, format('%L', at), CASE WHEN state = 'refused' THEN format('%L', at)
    ELSE 'NULL' END), 'fund.', 'bare.'), 'UTC',
    'SELECT count(*) FROM osms.audit(''bare'', ''{overdue}'') WHERE key = ''900'''), 'ok ' || late, format('%s %s', state, what))
FROM (SELECT *, (day::date + time '17:59') AT TIME ZONE 'Asia/Almaty' AS at FROM (VALUES
    ('submitted', osms.add_working_days(pg_temp.today(), -1), 0, 'on the last working day'),
        ('submitted', osms.add_working_days(pg_temp.today(), -3), 1, 'three working days ago'),
    ('identified', osms.add_working_days(pg_temp.today(), -3), 1, 'three working days ago'),
        ('refused', osms.add_working_days(pg_temp.today(), -3), 0, 'three working days ago'),
    ('submitted', date '2019-12-30', 0, 'before the cut-over')) d (state, day, late, what)) d;

-- What peers published as their failures.
SELECT is(pg_temp.verdict(statement), expected, what) FROM (VALUES
('a first-time person without identification', pg_temp.application('submitted',
    'now()') || $$UPDATE fund.application SET state = 'identified' WHERE application = 900$$,
    '23514 identified fund.application.state not_identified in application 900'),
('two choices in one statement', $$SELECT osms.guard('fund', '{"one_open_application": "off"}');
    $$ || pg_temp.application('approved', '''2024-03-01 10:00+05''', '''2024-03-01 11:00+05''', ground => 'free_choice')
    || pg_temp.application('approved', '''2024-03-01 10:00+05''', '''2024-03-01 11:00+05''', ground => 'free_choice', key => 901,
        organisation => 2)
    || $$INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, application, reason)
         VALUES (900, 1, 1, 'closed', '2024-03-01', '2024-04-01', 900, 'moved_to_other'),
             (901, 1, 2, 'active', '2024-04-01', NULL, 901, NULL)$$,
    '23514 free_choice_limit fund.attachment.application limit_used in attachment 900'),
('revived by UPDATE', pg_temp.choice(900, 1, '2025-09-01', until => '2025-10-01') || $$UPDATE fund.attachment SET state = 'active',
    until = NULL WHERE attachment = 900$$,
    '23514 transition fund.attachment.state no_such_step in attachment 900'),
('until moved later', pg_temp.choice(900, 1, '2025-09-01', until => '2025-10-01') || $$UPDATE fund.attachment SET until = '2025-10-02'
    WHERE attachment = 900$$,
    '23001 immutable fund.attachment.until until_later in attachment 900'),
('a second one while the first is suspect', pg_temp.choice(901, 1, '2024-02-29') || $$UPDATE fund.attachment SET state = 'suspect',
    reason = 'error' WHERE attachment = 901; $$ || pg_temp.choice(900, 2, '2025-09-01'),
    '23P01 one_attachment fund.attachment.since overlap'),
('restored before its end', pg_temp.choice(901, 1, '2024-02-29', until => '2024-06-01') || $$INSERT
    INTO fund.attachment (attachment, person, organisation, state, since, restores) VALUES (900, 1, 1, 'active', '2024-05-31', 901)$$,
    '23514 basis fund.attachment.application restored_too_early in attachment 900')) c (what, statement, expected);

-- Without an index on decided_by and decided_at burst is idle, and says so.
SELECT is(pg_temp.verdict('DROP INDEX fund.application_decided', 'UTC', $$SELECT string_agg(problem, ', ') FROM osms.check_registry('fund')
    WHERE problem ~ 'burst'$$),
    'ok no index finds the decisions of a clerk: rule "burst" is idle', 'check_registry tells the missing index');
SELECT is(pg_temp.verdict('DROP INDEX fund.application_decided; ' || statement), 'ok', 'and nobody scans for ' || what) FROM time_case
    WHERE rule = 'burst' AND found IS NOT NULL;
SELECT is(pg_temp.verdict('DROP INDEX fund.application_decided; CREATE INDEX ON fund.application (decided_by, decided_at, state); '
    || statement), '23514 burst fund.application.decided_by burst_hour in application 900', 'an index made later serves')
FROM time_case WHERE rule = 'burst' AND found IS NOT NULL;
SELECT * FROM finish();

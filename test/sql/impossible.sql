-- Days of death that cannot be, corrected ones, and merges that lead to nobody: what users of other registers met.
SET client_min_messages = error;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT osms.create_registry('d', cut_over => '2030-01-01');
INSERT INTO d.organisation VALUES (1), (2);
INSERT INTO d.contract (organisation, valid_from) SELECT organisation, '2015-01-01' FROM d.organisation;
INSERT INTO d.organisation_status (organisation, region, class, valid_from) SELECT organisation, '71', 'urban', '2015-01-01'
    FROM d.organisation;
INSERT INTO d.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'male', '71' FROM generate_series(1, 49) i;
INSERT INTO d.attachment (attachment, person, organisation, state, since) OVERRIDING SYSTEM VALUE SELECT i, i, 1, 'active', '2020-01-01'
    FROM generate_series(1, 19) i;
SELECT setval(pg_get_serial_sequence('d.attachment', 'attachment'), 100);
SELECT osms.guard('d', '{"no_backdating": "off"}');
CALL osms.fill_roster('d', NULL);

-- a register may hold such a day; the writer is told, and audit finds it
SELECT is(pg_temp.verdict(format($$UPDATE d.person SET death_date = %s WHERE person = 1$$, day)), 'ok', 'a death is never refused: ' || day)
FROM unnest(ARRAY[$$'1970-01-01'$$, 'current_date + 400', $$'infinity'$$]) day;
SELECT current_database() AS db \gset
\setenv PGDATABASE :db
\set told `psql -XAtqc "UPDATE d.person SET death_date = '1970-01-01' WHERE person = 1" -c "UPDATE d.person SET death_date = current_date + 400 WHERE person = 2" -c "UPDATE d.person SET death_date = 'infinity' WHERE person = 3" -c "UPDATE d.person SET birth_date = current_date + 9 WHERE person = 20" -c "UPDATE d.person SET death_date = current_date WHERE person = 19" 2>&1 | grep -oE 'WARNING|ERROR|Rule [^.]*'`
SELECT is(:'told'::text,
    E'WARNING\nRule "period" finds death_before_birth in 1 row of this statement\nWARNING\nRule "period" finds death_in_future in 1 row of '
    'this statement\nWARNING\nRule "period" finds death_in_future in 1 row of this statement\nWARNING\nRule "period" finds birth_in_future '
    'in 1 row of this statement',
    'the writer is warned, and nobody of a death today');
SELECT results_eq($$SELECT relation, key, rule, finding FROM osms.audit('d', '{period}') ORDER BY key$$,
    $$VALUES ('person', '1', 'period', 'death_before_birth'), ('person', '2', 'period', 'death_in_future'),
        ('person', '20', 'period', 'birth_in_future'), ('person', '3', 'period', 'death_in_future')$$, 'audit finds each');

-- who types one in is refused
SELECT throws_ok(format($$SELECT osms.register_death('d', '4', %s)$$, day), '23514', 'day of death is not possible', 'refused: ' || day)
FROM unnest(ARRAY[$$'1970-01-01'$$, $$'1979-12-31'$$, 'current_date + 400', 'current_date + 3', $$'infinity'$$, $$'-infinity'$$]) day;
SELECT lives_ok($$SELECT osms.register_death('d', '18', '1980-01-01')$$, 'who is born may die that day');
SELECT throws_ok($$SELECT osms.register_birth('d', '77', current_date + 3, 'male', '1', 'ward')$$, '23514', 'day of birth is not possible',
    'nobody is born in the future');
SELECT results_eq($$SELECT state::text, until FROM d.attachment
    WHERE person = 4$$, $$VALUES ('active', NULL::date)$$, 'and nothing is written');

-- a later day gives the days back: what counts is as if it had been told at first
PREPARE counted AS SELECT person, min(since)::text, max(until)::text, sum(until - since)::int FROM d.roster
    WHERE known_to = 'infinity' AND mark = 'counted' AND person BETWEEN 5 AND 9 GROUP BY person ORDER BY person;
SELECT osms.register_death('d', '5', '2026-10-20');
UPDATE d.person SET death_date = '1926-11-20' WHERE person = 6;
SELECT results_eq($$SELECT state::text, until FROM d.attachment
    WHERE person = 6$$, $$VALUES ('annulled', NULL::date)$$, 'a slip of the pen annuls');
SELECT results_eq($$SELECT key, state, outcome, note FROM osms.register_death('d', '6', '2026-10-20')$$,
    $$VALUES ('6', 'dead', 'changed', 'attachment "101" gives back the days of "6"')$$,
    'the call says what it gave back');
SELECT osms.register_death('d', '7', '2022-03-01'), osms.register_death('d', '7', '2024-03-01'),
    osms.register_death('d', '7', '2026-10-20');
SELECT osms.register_death('d', '8', '2026-10-20'), osms.register_death('d', '8', '2021-03-01'),
    osms.register_death('d', '8', '2026-10-20');
UPDATE d.person SET death_date = '1926-11-20' WHERE person = 9;
UPDATE d.person SET death_date = '2026-10-20' WHERE person = 9;
SELECT results_eq('counted', $$SELECT i::bigint, '2020-01-01', '2026-10-21', date '2026-10-21' - '2020-01-01'
    FROM generate_series(5, 8) i$$, 'each day once');
SELECT results_eq($$SELECT state, outcome FROM osms.reopen('d', '9')$$, $$VALUES ('closed', 'created')$$,
    'after a table''s own UPDATE reopen repairs it');
SELECT results_eq('counted', $$SELECT i::bigint, '2020-01-01', '2026-10-21', date '2026-10-21' - '2020-01-01'
    FROM generate_series(5, 9) i$$, 'as well');
SELECT results_eq($$SELECT DISTINCT reason FROM d.attachment WHERE person IN (6, 7, 8, 9)$$, $$VALUES ('death')$$,
    'all closed by the death');
SELECT results_eq($$SELECT outcome, note FROM osms.register_death('d', '6', '2026-10-20')$$, $$VALUES ('unchanged', NULL)$$,
    'told again it is the same');

-- a clinic chosen later, annulled by the same slip, and what was closed for it
UPDATE d.attachment SET state = 'closed', until = '2023-05-01', reason = 'moved_to_other' WHERE person = 10;
INSERT INTO d.attachment (person, organisation, state, since) VALUES (10, 2, 'active', '2023-05-01');
UPDATE d.person SET death_date = '2019-01-01' WHERE person = 10;
SELECT osms.register_death('d', '10', '2026-10-20');
SELECT results_eq($$SELECT organisation, since, until FROM d.roster WHERE known_to = 'infinity' AND mark = 'counted' AND person = 10
    ORDER BY since$$,
    $$VALUES (1::bigint, date '2020-01-01', date '2023-05-01'), (2, '2023-05-01', '2026-10-21')$$,
        'two attachments come back as they were');
SELECT is_empty($$SELECT * FROM osms.audit('d', '{one_attachment,basis,alive}')$$, 'nothing is wrong with it');
SELECT is_empty($$SELECT * FROM osms.verify('d')$$, 'and the roster agrees with its source');

-- money: a month that was closed is restated to nothing when the slip of the pen is corrected, and to what is due when the day is a new one
SELECT osms.close_month('d', '2026-09-01');
UPDATE d.person SET death_date = '1926-09-20' WHERE person = 13;
SELECT osms.register_death('d', '14', '2026-09-10');
SELECT ok((SELECT sum(amount) < 0 FROM osms.restate('d', '2026-09-01', clock_timestamp())), 'both deaths cost the clinic something');
SELECT osms.register_death('d', '13', '2026-10-20');
SELECT osms.register_death('d', '14', '2026-10-20');
SELECT is_empty($$SELECT * FROM osms.restate('d', '2026-09-01', clock_timestamp())$$, 'and nothing when the days are given back');
SELECT results_eq($$SELECT DISTINCT count(*) FROM osms.statement_persons('d', '2026-09-01') WHERE person::int IN (5, 6, 7, 8, 9, 13, 14)
    GROUP BY person$$,
    $$VALUES (1::bigint)$$, 'each is paid for once');

-- an overlap is not excused by a death that is corrected in the same transaction
\set overlap 'INSERT INTO d.attachment (person, organisation, state, since, until, reason) VALUES (21, 1, $s$closed$s$, $s$2024-01-01$s$, $s$2024-12-31$s$, $s$moved_to_other$s$); INSERT INTO d.attachment (person, organisation, state, since, until, reason) VALUES (21, 2, $s$closed$s$, $s$2024-06-01$s$, $s$2025-01-01$s$, $s$moved_to_other$s$);'
UPDATE d.person SET death_date = '2026-06-01' WHERE person = 21;
SELECT is(pg_temp.verdict(:'overlap' || death), '23P01 one_attachment d.attachment.since overlap', 'overlap' || death)
FROM unnest(ARRAY['', 'UPDATE d.person SET death_date = $$2026-06-02$$ WHERE person = 21',
    'UPDATE d.person SET death_date = NULL WHERE person = 21',
    'UPDATE d.person SET death_date = $$2026-06-02$$ WHERE person = 21; UPDATE d.person SET death_date = $$2026-06-03$$ WHERE person = 21'])
        death;
SELECT is(pg_temp.verdict(:'overlap' || 'UPDATE d.person SET death_date = $$2026-06-02$$ WHERE person = 21;
    UPDATE d.attachment SET until = $$2024-06-01$$, reason = $$error$$ WHERE person = 21 AND organisation = 1'), 'ok',
        'one that is healed is none');

-- merges lead from everybody to one who remains
INSERT INTO d.person_alias (old, new, valid_from, act) VALUES (11, 31, current_date, 'letter 1'), (31, 32, current_date, 'letter 2');
SELECT is(pg_temp.verdict('UPDATE d.attachment SET person = 32 WHERE person = 11'), 'ok', 'a chain is followed to its end');
SELECT is(pg_temp.verdict('UPDATE d.attachment SET person = 33 WHERE person = 11'),
    '23001 immutable d.attachment.person changed_person in attachment 11', 'and no further');
SELECT is(pg_temp.verdict(format('INSERT INTO d.person_alias (old, new, valid_from, act) VALUES %s', rows)), expected, rows) FROM (VALUES
    ('(32, 11, current_date, $$x$$)', '23503 person_known d.person_alias.new merged_in_a_ring in person_alias 32'),
    ('(34, 35, current_date, $$x$$), (35, 34, current_date, $$x$$)',
        '23503 person_known d.person_alias.new merged_in_a_ring in person_alias 34'),
    ('(31, 36, current_date, $$x$$)', '23503 person_known d.person_alias.new merged_twice in person_alias 31'),
    ('(37, 32, current_date, $$x$$), (38, 37, current_date, $$x$$)', 'ok'),
    ('(37, 38, current_date, $$x$$); UPDATE d.person_alias SET undone_at = now() WHERE old = 37; INSERT INTO d.person_alias (old, new, '
        'valid_from, act) VALUES (38, 37, current_date, $$y$$), (37, 39, current_date, $$y$$)', 'ok')) c (rows, expected);

-- what is told under a number that was given up reaches the person who remains
UPDATE d.attachment SET person = 32 WHERE person = 11;
SELECT results_eq($$SELECT key, state, outcome FROM osms.register_death('d', '11', '2026-08-01')$$, $$VALUES ('32', 'dead', 'changed')$$,
    'the one who remains is dead');
SELECT results_eq($$SELECT person, state::text, until FROM d.attachment
    WHERE attachment = 11$$, $$VALUES (32::bigint, 'closed', date '2026-08-02')$$, 'and no longer attached');
INSERT INTO d.person_alias (old, new, valid_from, act) VALUES (12, 41, current_date, 'letter 3');
SELECT osms.submit('d', '12', '1', 'egov', 'moved');
SELECT results_eq($$SELECT person FROM d.application$$, $$VALUES (41::bigint)$$, 'so does an application');
SELECT is(pg_temp.verdict(
    'INSERT INTO d.application (person, organisation, channel, ground, state, submitted_at) VALUES (12, 1, $$egov$$, $$moved$$, '
    '$$submitted$$, now())'),
    '23503 person_known d.application.person merged_person in application 2', 'nothing is filed for a number that was given up');
-- contributions and services count for the one who remains, as long as the merge stands
INSERT INTO d.attachment (attachment, person, organisation, state, since) OVERRIDING SYSTEM VALUE
    VALUES (80, 41, 1, 'active', '2020-01-01'), (81, 42, 1, 'active', '2020-01-01'), (82, 43, 1, 'active', '2020-01-01');
INSERT INTO d.insurance (person, month, paid, known_from) SELECT p, '2026-08-01', paid, '2026-08-20'
    FROM (VALUES (12, true), (41, false), (42, false), (43, true)) i (p, paid);
PREPARE uninsured AS SELECT person FROM osms.statement_persons('d', '2026-09-01')
    WHERE person IN ('41', '42', '43') AND reason = 'uninsured' ORDER BY person;
SELECT results_eq('uninsured', $$VALUES ('42')$$, 'a contribution told under the number that was given up');
UPDATE d.person_alias SET undone_at = now() WHERE old = 12;
SELECT results_eq('uninsured', $$VALUES ('41'), ('42')$$, 'until the merge is undone');
INSERT INTO d.person_alias (old, new, valid_from, act) VALUES (12, 41, '2026-08-01', 'letter 4'), (44, 12, '2026-08-01', 'letter 5');
UPDATE d.insurance SET person = 44 WHERE person = 12;
SELECT results_eq('uninsured', $$VALUES ('42')$$, 'over a chain');
UPDATE d.person_alias SET undone_at = now() WHERE old = 44;
INSERT INTO d.person_alias (old, new, valid_from, act) VALUES (44, 41, current_date + 5, 'letter 6');
SELECT results_eq('uninsured', $$VALUES ('41'), ('42')$$, 'and not before its day');
INSERT INTO d.service (service, person, organisation, served_on, known_from) SELECT p, p, 1, '2026-03-01', '2026-03-02'
    FROM unnest('{12,42}'::int[]) p;
SELECT osms_internal.service_query(osms_internal.statement_terms('d', '2026-11-01', 'illustrative', now()), 'r', '2026-01-01', '2027-01-01') AS served \gset
SELECT results_eq('SELECT r.person FROM d.roster r WHERE r.known_to = $$infinity$$ AND r.person IN (41, 42, 43) AND EXISTS (' || :'served'
    || ') ORDER BY 1', $$VALUES (41::bigint), (42)$$, 'nor is a service lost');
UPDATE d.person SET death_date = '2026-08-01' WHERE person = 12;
SELECT results_eq($$SELECT key, finding FROM osms.audit('d', '{person_known}') WHERE relation = 'person'$$,
    $$VALUES ('12', 'merged_person')$$,
    'a death that the table tells of the number alone is found');
UPDATE d.person SET death_date = '2026-08-01' WHERE person = 41;
SELECT is_empty($$SELECT * FROM osms.audit('d', '{person_known}') WHERE relation = 'person'$$, 'until it is told of the person');
SELECT is_empty($$SELECT * FROM osms.verify('d')$$, 'the roster agrees with its source');
SELECT * FROM finish();

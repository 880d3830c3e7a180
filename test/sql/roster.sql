-- The roster: two clocks, versions that are only added, and the proof that names every difference.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.organisation (organisation, name) VALUES (1, 'A'), (2, 'B');
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM fund.organisation;
INSERT INTO fund.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM fund.organisation;
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, date '1980-01-01' + i::int, 'male', '75'
    FROM generate_series(1, 3000) i;
-- person 1 alone, person 2 with two overlaps, person 3 twice in turn, person 4 suspect, person 5 annulled, person 6 of no days
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, reason) VALUES
    (1, 1, 1, 'active', '2020-01-01', NULL, NULL),
    (2, 2, 1, 'active', '2019-01-01', NULL, NULL), (3, 2, 2, 'active', '2020-01-01', NULL, NULL),
        (4, 2, 1, 'closed', '2018-01-01', '2019-06-01', 'error'),
    (5, 3, 1, 'closed', '2019-01-01', '2020-01-01', 'error'), (6, 3, 2, 'active', '2020-01-01', NULL, NULL),
    (7, 4, 1, 'suspect', '2020-01-01', NULL, 'duplicate'), (8, 5, 1, 'annulled', '2020-01-01', NULL, 'error'),
    (9, 6, 1, 'closed', '2020-01-01', '2020-01-01', 'error');
SELECT osms.guard('fund', '{"no_backdating": "off"}');
SELECT is((SELECT roster_complete FROM fund.setting), false, 'the roster is not complete before it is filled');
CALL osms.fill_roster('fund', 100);
SELECT is((SELECT roster_complete FROM fund.setting), true, 'it is complete afterwards');
CREATE FUNCTION pg_temp.current(p bigint) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s@%s %s-%s %s', attachment, organisation, since, until, mark), ', ' ORDER BY attachment), 'none')
    FROM fund.roster WHERE person = p AND known_to = 'infinity' $$;
SELECT is(pg_temp.current(p), expected, format('person %s', p)) FROM (VALUES
    (1, '1@1 2020-01-01-infinity counted'),
        (2, '2@1 2019-01-01-infinity excused, 3@2 2020-01-01-infinity counted, 4@1 2018-01-01-2019-06-01 counted'),
    (3, '5@1 2019-01-01-2020-01-01 counted, 6@2 2020-01-01-infinity counted'), (4, '7@1 2020-01-01-infinity suspect'), (5, 'none'),
        (6, 'none')) p (p, expected);
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'verify finds nothing');

-- twice filled is once filled
CREATE TEMP TABLE before_filling AS SELECT * FROM fund.roster;
CALL osms.fill_roster('fund');
SELECT bag_eq('SELECT * FROM fund.roster', 'SELECT * FROM before_filling', 'filling again changes nothing');

-- Two clocks: what was known when.
CREATE TEMP TABLE moment (name text PRIMARY KEY, at timestamptz);
INSERT INTO moment VALUES ('start', clock_timestamp());
UPDATE fund.attachment SET state = 'suspect', reason = 'duplicate' WHERE attachment = 1;
INSERT INTO moment VALUES ('suspect', clock_timestamp());
UPDATE fund.attachment SET state = 'active' WHERE attachment = 1;
INSERT INTO moment VALUES ('cleared', clock_timestamp());
UPDATE fund.attachment SET until = '2025-03-01', reason = 'left_region', state = 'closed' WHERE attachment = 1;
INSERT INTO moment VALUES ('closed', clock_timestamp());
UPDATE fund.person SET birth_date = '1970-02-03', sex = 'female' WHERE person = 1;
INSERT INTO moment VALUES ('corrected', clock_timestamp());
UPDATE fund.attachment SET state = 'annulled', reason = 'error' WHERE attachment = 1;
INSERT INTO moment VALUES ('annulled', clock_timestamp());
INSERT INTO fund.attachment (attachment, person, organisation, state, since, restores) VALUES (10, 1, 1, 'active', '2020-01-01', 1);
INSERT INTO moment VALUES ('end', clock_timestamp());
SELECT is((SELECT coalesce(string_agg(concat_ws(' ', attachment, until, mark, birth_date, sex, basis), ', '), 'none') FROM fund.roster
           WHERE person = 1 AND known_from <= at AND at < known_to), expected, format('as known at "%s"', m.name))
FROM moment m JOIN (VALUES
    ('start', '1 infinity counted 1980-01-02 male inherited'), ('suspect', '1 infinity suspect 1980-01-02 male inherited'),
    ('cleared', '1 infinity counted 1980-01-02 male inherited'), ('closed', '1 2025-03-01 counted 1980-01-02 male inherited'),
    ('corrected', '1 2025-03-01 counted 1970-02-03 female inherited'), ('annulled', 'none'),
        ('end', '10 infinity counted 1970-02-03 female restores')) e (name, expected) USING (name) ORDER BY m.at;
SELECT is_empty($$SELECT * FROM (SELECT known_to, lead(known_from) OVER (PARTITION BY attachment ORDER BY known_from) AS next
    FROM fund.roster WHERE attachment = 1) v
                  WHERE next <> known_to OR next IS NULL AND known_to = 'infinity'$$, 'a version ends the moment its successor is known');
SELECT is_empty($$SELECT * FROM fund.roster WHERE known_from >= known_to$$, 'no version is empty');
SELECT is((SELECT string_agg(concat_ws(' ', relation, event, key, state_before, state_after, until, reason, changed), '; ' ORDER BY entry)
    FROM fund.journal WHERE person = 1),
    'attachment U 1 active suspect duplicate {state,reason}; attachment U 1 suspect active duplicate {state}; attachment U 1 active closed '
    '2025-03-01 left_region {state,until,reason}; person U 1 {birth_date,sex}; attachment U 1 closed annulled 2025-03-01 error '
    '{state,reason}; attachment I 10 active',
    'the journal tells the same story');

-- Every change within one transaction has its own version and its own moment.
BEGIN;
UPDATE fund.attachment SET state = 'suspect', reason = 'duplicate' WHERE attachment = 6;
UPDATE fund.attachment SET state = 'active' WHERE attachment = 6;
UPDATE fund.attachment SET state = 'suspect' WHERE attachment = 6;
COMMIT;
SELECT is((SELECT count(*)::int FROM fund.roster WHERE attachment = 6), 4, 'three changes add three versions');
SELECT is((SELECT count(DISTINCT known_from)::int FROM fund.roster WHERE attachment = 6), 4, 'each with its own moment');

-- Repair of an overlap: what was excused counts again.
SELECT is(pg_temp.verdict($$UPDATE fund.attachment SET state = 'closed', until = '2020-01-01', reason = 'error'
    WHERE attachment = 2$$, 'UTC', 'SELECT pg_temp.current(2)'),
    'ok 2@1 2019-01-01-2020-01-01 counted, 3@2 2020-01-01-infinity counted, 4@1 2018-01-01-2019-06-01 excused',
        'of the two that still overlap the newer counts');
SELECT is(pg_temp.verdict($$UPDATE fund.attachment SET state = 'closed', until = '2020-01-01', reason = 'error' WHERE attachment = 2;
                            UPDATE fund.attachment SET state = 'annulled', reason = 'error'
                                WHERE attachment = 4$$, 'UTC', 'SELECT pg_temp.current(2)'),
    'ok 2@1 2019-01-01-2020-01-01 counted, 3@2 2020-01-01-infinity counted', 'counted when it overlaps no more');
SELECT is(pg_temp.verdict($$UPDATE fund.attachment SET state = 'annulled', reason = 'error'
    WHERE attachment = 3$$, 'UTC', 'SELECT pg_temp.current(2) || (SELECT count(*) FROM osms.verify(''fund''))'),
    'ok 2@1 2019-01-01-infinity counted, 4@1 2018-01-01-2019-06-01 excused0', 'the newest decision is paid, whichever was excused before');

-- Death.
SELECT is(pg_temp.verdict(statement, 'UTC',
    format('SELECT pg_temp.current(%s) || '' / '' || (SELECT string_agg(concat_ws('' '', attachment, state, until, reason), '', '' ORDER '
    'BY attachment) FROM fund.attachment WHERE person = %1$s)
              || '' '' || (SELECT count(*) FROM osms.verify(''fund''))', person)), expected, statement) FROM (VALUES
    ('UPDATE fund.person SET death_date = ''2021-06-30'' WHERE person = 3', 3,
        'ok 5@1 2019-01-01-2020-01-01 counted, 6@2 2020-01-01-2021-07-01 counted / 5 closed 2020-01-01 error, 6 closed 2021-07-01 death 0'),
    ('UPDATE fund.person SET death_date = ''2019-12-31'' WHERE person = 3', 3,
        'ok 5@1 2019-01-01-2020-01-01 counted / 5 closed 2020-01-01 error, 6 annulled death 0'),
    ('UPDATE fund.person SET death_date = ''2020-01-01'' WHERE person = 3', 3,
        'ok 5@1 2019-01-01-2020-01-01 counted, 6@2 2020-01-01-2020-01-02 counted / 5 closed 2020-01-01 error, 6 closed 2020-01-02 death 0'),
    ('UPDATE fund.person SET death_date = ''2018-06-01'' WHERE person = 3', 3, 'ok none / 5 annulled 2020-01-01 death, 6 annulled death 0'),
    ('UPDATE fund.person SET death_date = ''2021-06-30'' WHERE person = 3; UPDATE fund.person SET death_date = NULL WHERE person = 3', 3,
        'ok 5@1 2019-01-01-2020-01-01 counted, 6@2 2020-01-01-2021-07-01 counted / 5 closed 2020-01-01 error, 6 closed 2021-07-01 death 0'),
    ('UPDATE fund.person SET death_date = ''2021-06-30'' WHERE person = 3; UPDATE fund.person SET death_date = ''2021-01-31'' WHERE person '
        '= 3', 3,
        'ok 5@1 2019-01-01-2020-01-01 counted, 6@2 2020-01-01-2021-02-01 counted / 5 closed 2020-01-01 error, 6 closed 2021-02-01 death 0'),
    ('UPDATE fund.person SET death_date = ''2021-06-30'', birth_date = NULL WHERE person = 4', 4,
        'ok 7@1 2020-01-01-2021-07-01 counted / 7 closed 2021-07-01 death 0')) d (statement, person, expected);

-- Many persons in one statement, more than a chunk holds.
INSERT INTO fund.attachment (attachment, person, organisation, state, since) SELECT 1000 + i, i, 1 + i % 2, 'active', '2021-01-01'
    FROM generate_series(101, 2600) i ORDER BY i * 7919 % 2500;
SELECT is((SELECT count(*)::int FROM fund.roster WHERE since = '2021-01-01' AND known_to = 'infinity'), 2500, '2500 persons in one INSERT');
UPDATE fund.attachment SET state = 'closed', until = '2022-01-01', reason = 'contract_expired'
    WHERE person BETWEEN 101 AND 2600 AND organisation = 1;
SELECT is((SELECT count(*)::int FROM fund.roster WHERE since = '2021-01-01' AND until = '2022-01-01' AND known_to = 'infinity'), 1250,
    'and 1250 in one UPDATE');
UPDATE fund.person SET death_date = '2023-01-01' WHERE person BETWEEN 101 AND 2600;
SELECT is((SELECT count(*)::int FROM fund.roster WHERE since = '2021-01-01' AND until = '2023-01-02' AND known_to = 'infinity'), 1250,
    'and 2500 deaths');
UPDATE fund.person SET sex = 'female' WHERE person BETWEEN 101 AND 2600;
SELECT is((SELECT count(*)::int FROM fund.roster WHERE since = '2021-01-01' AND sex = 'female' AND known_to = 'infinity'), 2500,
    'and 2500 corrections');
SELECT is((SELECT count(*)::int FROM fund.journal WHERE person BETWEEN 101 AND 2600 AND relation = 'attachment'), 2500 + 1250 + 1250,
    'all of it is in the journal');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'verify finds nothing after all this');
SELECT is(pg_temp.verdict($$INSERT INTO fund.attachment (attachment, person, organisation, state, since) SELECT 9000 + i, i, 1, 'active',
    CASE i WHEN 2900 THEN date '2025-01-01' ELSE '2020-01-01' END FROM generate_series(2601, 3000) i$$,
    'UTC'), '23514 basis fund.attachment.application no_basis in attachment 11900', 'one among many is found');

-- A person's key that changes where nobody forbids it: both persons follow.
SELECT is(pg_temp.verdict($$SELECT osms.guard('fund', '{"immutable": "off"}');
    UPDATE fund.attachment SET person = 20 WHERE attachment = 6$$, 'UTC',
              'SELECT concat_ws('' / '', pg_temp.current(3), pg_temp.current(20), (SELECT count(*) FROM osms.verify(''fund'')))'),
          'ok 5@1 2019-01-01-2020-01-01 counted / 6@2 2020-01-01-infinity suspect / 0', 'a changed person moves the version');
SELECT is(pg_temp.verdict($$SELECT osms.guard('fund', '{"immutable": "off"}'); DELETE FROM fund.attachment WHERE attachment = 6$$, 'UTC',
              'SELECT concat_ws('' / '', pg_temp.current(3), (SELECT count(*) FROM osms.verify(''fund'')))'),
          'ok 5@1 2019-01-01-2020-01-01 counted / 0', 'a deleted row leaves the current roster');
SELECT is(pg_temp.verdict($$SELECT osms.guard('fund', '{"one_attachment": "off"}');
    INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (900, 6, 1, 'active', '2020-01-01'), (901, 6, 2, 'active', '2021-01-01')$$,
              'UTC', 'SELECT pg_temp.current(6)'), 'ok 900@1 2020-01-01-infinity excused, 901@2 2021-01-01-infinity counted',
                  'without the rule the newest counts');

-- verify names every kind of difference
SELECT is(pg_temp.verdict('ALTER TABLE fund.roster DISABLE TRIGGER keep, DISABLE TRIGGER keep_added; ' || tamper, 'UTC',
    'SELECT string_agg(DISTINCT concat_ws('' '', attachment, difference), '', '') FROM osms.verify(''fund'')'), 'ok ' || found,
    'verify: ' || found)
FROM (VALUES
    ('DELETE FROM fund.roster WHERE attachment = 5', '5 missing in the roster'),
    ('INSERT INTO fund.roster SELECT 999, 40, organisation, site, since, until, birth_date, sex, basis, mark, known_from, known_to FROM '
        'fund.roster WHERE attachment = 5', '999 not in the source'),
    ('INSERT INTO fund.roster SELECT * FROM fund.roster WHERE attachment = 5', '5 current twice'),
    ('UPDATE fund.roster SET person = 40 WHERE attachment = 5', '5 person differs'),
    ('UPDATE fund.roster SET organisation = 2 WHERE attachment = 5', '5 organisation differs'),
    ('UPDATE fund.roster SET site = ''x'' WHERE attachment = 5', '5 site differs'),
    ('UPDATE fund.roster SET since = since - 1 WHERE attachment = 5', '5 since differs'),
    ('UPDATE fund.roster SET until = until - 1 WHERE attachment = 5', '5 until differs'),
    ('UPDATE fund.roster SET birth_date = NULL WHERE attachment = 5', '5 birth date differs'),
    ('UPDATE fund.roster SET sex = ''female'' WHERE attachment = 5', '5 sex differs'),
    ('UPDATE fund.roster SET basis = ''restores'' WHERE attachment = 5', '5 basis differs'),
    ('UPDATE fund.roster SET mark = ''suspect'' WHERE attachment = 5', '5 mark differs'),
    ('UPDATE fund.roster SET mark = ''counted'' WHERE attachment = 7', '7 mark differs'),
    ('UPDATE fund.roster SET mark = ''excused'' WHERE attachment = 5', '5 excused without an overlap'),
    ('UPDATE fund.roster SET mark = ''counted'' WHERE attachment = 2', '2 counts twice, 3 counts twice')) t (tamper, found);
-- Written while no guard stood: filling puts it right, and only that.
SELECT osms.unguard('fund');
SELECT is(pg_temp.verdict('CALL osms.fill_roster(''fund'', NULL)'), '55000 registry "fund" is not guarded',
    'an unguarded registry is not filled');
UPDATE fund.attachment SET until = '2022-02-02', state = 'closed', reason = 'error' WHERE attachment = 6;
DELETE FROM fund.attachment WHERE attachment = 5;
INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (11, 5, 2, 'active', '2020-01-01');
UPDATE fund.person SET birth_date = '1999-09-09' WHERE person = 4;
SELECT is((SELECT string_agg(attachment || ' ' || difference, ', ' ORDER BY attachment) FROM osms.verify('fund')),
          '11 missing in the roster, 5 not in the source, 6 until differs, 7 birth date differs', 'what was written unguarded is found');
SELECT osms.guard('fund', '{"no_backdating": "off"}');
CREATE TEMP TABLE before_repair AS SELECT * FROM fund.roster;
CALL osms.fill_roster('fund', 700);
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'and put right');
SELECT is_empty($$SELECT * FROM fund.roster WHERE person NOT IN (3, 4, 5) EXCEPT SELECT *
    FROM before_repair$$, 'nobody else''s versions changed');
SELECT is_empty($$SELECT attachment, person, organisation, since, until, birth_date, mark, known_from FROM before_repair
                  EXCEPT SELECT attachment, person, organisation, since, until, birth_date, mark, known_from
                      FROM fund.roster$$, 'and no version was lost');
SELECT is(pg_temp.verdict('CALL osms.fill_roster(''fund'', 0)'), '22023 a batch needs at least one person', 'a batch of nobody');
SELECT is(pg_temp.verdict('SELECT * FROM osms.verify(''none'')'), '3F000 registry "none" does not exist', 'verify of no registry');
SELECT * FROM finish();

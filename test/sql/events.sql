-- A register of events, partitioned by year: a closing is a new row that points at the one it closes. Persons by their own number, dates as
-- text.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql
CREATE SCHEMA vendor;
CREATE TABLE vendor.person (id integer PRIMARY KEY, birth text NOT NULL, death text);
CREATE TABLE vendor.clinic (id integer PRIMARY KEY);
CREATE TABLE vendor.request (id integer PRIMARY KEY, person integer, clinic integer, st text);
CREATE SEQUENCE vendor.event_id_seq START 101;
CREATE TABLE vendor.event (id bigint DEFAULT nextval('vendor.event_id_seq'), kind char(1) NOT NULL, closes bigint, person integer NOT NULL,
    clinic integer NOT NULL,
    day text NOT NULL, request integer, restores bigint, why text, note text, year integer NOT NULL DEFAULT 2025,
        PRIMARY KEY (id, year)) PARTITION BY LIST (year);
CREATE TABLE vendor.event_2020 PARTITION OF vendor.event FOR VALUES IN (2020);
-- of another shape
CREATE TABLE vendor.event_2025 (year integer NOT NULL DEFAULT 2025, note text, gone text, why text, day text NOT NULL,
    clinic integer NOT NULL, person integer NOT NULL,
    restores bigint, request integer, closes bigint, kind char(1) NOT NULL, id bigint NOT NULL DEFAULT nextval('vendor.event_id_seq'));
ALTER TABLE vendor.event_2025 DROP COLUMN gone;
ALTER TABLE vendor.event ATTACH PARTITION vendor.event_2025 FOR VALUES IN (2025);
CREATE INDEX ON vendor.event (person);
CREATE INDEX ON vendor.request (person);
INSERT INTO vendor.clinic VALUES (1), (2);
INSERT INTO vendor.person SELECT i, '01.02.1980', CASE i WHEN 9 THEN '31.12.2019' END FROM generate_series(1, 20) i;
INSERT INTO vendor.request VALUES (1, 1, 2, 'approved'), (2, 2, 2, 'approved'), (3, 5, 2, 'approved');
INSERT INTO vendor.event (id, kind, closes, person, clinic, day, why, year) SELECT e.*, CASE WHEN id < 20 THEN 2020 ELSE 2025 END
    FROM (VALUES
    (1, 'A', NULL, 1, 1, '01.03.2020', NULL),
    (2, 'A', NULL, 2, 1, '01.03.2020', NULL), (3, 'C', 2, 2, 1, '31.12.2020', 'moved_to_other'), (4, 'A', NULL, 2, 2, '01.01.2021', NULL),
    (5, 'A', NULL, 3, 1, '01.03.2020', NULL), (6, 'A', NULL, 3, 2, '01.06.2020', NULL),
    (7, 'A', NULL, 4, 1, '01.03.2020', NULL), (8, 'S', 7, 4, 1, '01.04.2020', 'unlawful'),
    (9, 'A', NULL, 5, 1, '01.03.2020', NULL), (10, 'C', 9, 5, 1, '31.12.2020', 'error'), (11, 'X', 9, 5, 1, '05.01.2021', 'error'),
    (12, 'A', NULL, 6, 1, '01.03.2020', NULL), (13, 'S', 12, 6, 1, '01.04.2020', 'unlawful'), (14, 'A', 12, 6, 1, '01.05.2020', NULL),
    (15, 'A', NULL, 7, 1, '01.03.2020', NULL), (16, 'C', 15, 7, 1, '31.12.2020', 'error'), (17, 'C', 15, 7, 1, '30.11.2020', 'error'),
    -- what is wrong: points at nothing, at another person's, at a closing, says what cannot be said
    (20, 'C', 99, 10, 1, '31.12.2020', 'error'), (21, 'C', 1, 10, 1, '31.12.2020', 'error'), (22, 'X', 3, 2, 1, '31.12.2020', 'error'),
    (23, 'A', NULL, 11, 1, '01.03.2020', NULL), (24, 'C', 23, 11, 1, '32.12.2020', 'error'),
    (25, 'A', NULL, 12, 1, '01.03.2020', NULL), (26, '?', 25, 12, 1, '31.12.2020', NULL),
    (27, 'A', NULL, 13, 1, '01.03.2020', NULL), (28, 'C', 27, 13, 1, '31.12.2020', 'error'), (29, 'C', 27, 13, 1, '31.12.2020', 'error'),
    (30, 'A', NULL, 14, 1, '01.03.2020', NULL), (31, 'X', 30, 14, 1, '31.12.2020', 'error'),
        (32, 'C', 30, 14, 1, '31.12.2020', 'error')) e (id, kind, closes, person, clinic, day, why);

-- What map refuses.
SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01');
SELECT osms.map('fund', 'person', 'vendor.person', '{"person": "id", "birth_date": "birth", "death_date": "death"}',
    date_format => 'DD.MM.YYYY');
SELECT osms.map('fund', 'organisation', 'vendor.clinic', '{"organisation": "id"}');
SELECT osms.map('fund', 'application', 'vendor.request',
    '{"application": "id", "person": "person", "organisation": "clinic", "state": "st"}');
SELECT is(pg_temp.verdict('SELECT osms.map(''fund'', ' || arguments || ')'), expected, expected) FROM (VALUES
($$'person', 'vendor.person', '{}', shape => 'events'$$, '22023 relation "person" has no shape "events"'),
($$'attachment', 'vendor.event', '{}', shape => 'chain'$$, '22023 relation "attachment" has no shape "chain"'),
($$'attachment_event', 'vendor.event', '{}'$$, '22023 "attachment_event" is not a canonical relation'),
($$'attachment', 'vendor.event', '{"attachment": "id", "closes": "closes"}'$$,
    '42703 canonical relation "attachment" has no column "closes"'),
($$'attachment', 'vendor.event', '{"attachment": "id", "until": "day"}', shape => 'events'$$,
    '42703 canonical relation "attachment" has no column "until"'),
($$'attachment', 'vendor.event', '{"attachment": "id", "person": "person", "organisation": "clinic", "since": "day", "state": "note"}',
    shape => 'events'$$,
    '42703 column "closes" of canonical relation "attachment" must be mapped')) m (arguments, expected);
SELECT osms.map('fund', 'attachment', 'vendor.event',
    '{"attachment": "id", "closes": "closes", "person": "person", "organisation": "clinic", "state": "kind", "since": "day",
        "application": "request", "restores": "restores", "reason": "why"}', shape => 'events',
    states => '{"active": ["A"], "suspect": ["S"], "closed": ["C"], "annulled": ["X"]}', until_inclusive => true,
        date_format => 'DD.MM.YYYY');
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('fund') WHERE severity <> 'info'$$,
    $$VALUES ('attachment_event', 'error', 'rows cannot be found by "closes" through an index'),
             ('attachment_event', 'warning', '1 rows hold values without a meaning for column "state": "?"'),
             ('roster', 'warning', 'role postgres, who owns the registry, is a superuser')$$, 'an index is asked for');
CREATE INDEX ON vendor.event (closes);
SELECT results_eq($$SELECT relation FROM osms.check_registry('fund') WHERE severity <> 'info'$$,
    $$VALUES ('attachment_event'), ('roster')$$, 'and that is all, but a code without a meaning and a keeper');
SELECT is(osms.mapped_source('fund.attachment')::text, 'vendor.event', 'the table behind');

-- What it reads.
SELECT results_eq('SELECT attachment, person, organisation, state::text, since, until, reason FROM fund.attachment ORDER BY 1', $$VALUES
    (1::bigint, 1, 1, 'active', date '2020-03-01', NULL::date, NULL::text),
    (2, 2, 1, 'closed', '2020-03-01', '2021-01-01', 'moved_to_other'), (4, 2, 2, 'active', '2021-01-01', NULL, NULL),
    (5, 3, 1, 'active', '2020-03-01', NULL, NULL), (6, 3, 2, 'active', '2020-06-01', NULL, NULL),
    (7, 4, 1, 'suspect', '2020-03-01', NULL, 'unlawful'), (9, 5, 1, 'annulled', '2020-03-01', '2021-01-01', 'error'),
    (12, 6, 1, 'active', '2020-03-01', NULL, NULL), (15, 7, 1, 'closed', '2020-03-01', '2020-12-01', 'error'),
    (23, 11, 1, 'closed', '2020-03-01', '-infinity', 'error'), (25, 12, 1, 'active', '2020-03-01', NULL, NULL),
    (27, 13, 1, 'closed', '2020-03-01', '2021-01-01', 'error'), (30, 14, 1, 'annulled', '2020-03-01', '2021-01-01', 'error')$$,
        'attachments, made of events');
SELECT results_eq($$SELECT relation, key, person, rule, finding FROM osms.audit('fund') WHERE relation LIKE 'attachment%'
    ORDER BY relation, key::int$$, $$VALUES
    ('attachment', '6', '3', 'one_attachment', 'overlap'),
    ('attachment', '23', '11', 'period', 'unreadable_until'),
    ('attachment_event', '20', '10', 'transition', 'unknown_opening'),
    ('attachment_event', '21', '10', 'transition', 'opening_of_another_person'),
    ('attachment_event', '22', '2', 'transition', 'not_an_opening'),
    ('attachment_event', '26', '12', 'transition', 'unmapped_state'),
    ('attachment_event', '29', '13', 'transition', 'no_such_step'),
    ('attachment_event', '32', '14', 'transition', 'no_such_step')$$, 'audit');
SELECT osms.guard('fund', '{"no_backdating": "off"}');
SELECT results_eq('SELECT relation, source::text, triggers, problem FROM osms.guards WHERE relation LIKE ''attachment%''', $$VALUES
    ('attachment', 'vendor.event', 15::bigint, NULL)$$, 'the guard stands on the events');
CALL osms.fill_roster('fund', batch => NULL);
SELECT results_eq('SELECT attachment, person, organisation, since, until, mark FROM fund.roster ORDER BY 1', $$VALUES
    (1::bigint, 1, 1, date '2020-03-01', date 'infinity', 'counted'), (2, 2, 1, '2020-03-01', '2021-01-01', 'counted'),
        (4, 2, 2, '2021-01-01', 'infinity', 'counted'),
    (5, 3, 1, '2020-03-01', 'infinity', 'excused'), (6, 3, 2, '2020-06-01', 'infinity', 'counted'),
        (7, 4, 1, '2020-03-01', 'infinity', 'suspect'),
    (12, 6, 1, '2020-03-01', 'infinity', 'counted'), (15, 7, 1, '2020-03-01', '2020-12-01', 'counted'),
        (25, 12, 1, '2020-03-01', 'infinity', 'counted'), (27, 13, 1, '2020-03-01', '2021-01-01', 'counted')$$, 'the roster');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'verify agrees');

-- What a vendor may write, who may read the registry, and what not; the roster follows. What others are told is in discretion.sql.
CREATE ROLE events_vendor;
GRANT USAGE ON SCHEMA vendor TO events_vendor;
GRANT SELECT, INSERT, UPDATE, DELETE ON vendor.event, vendor.event_2025 TO events_vendor;
GRANT USAGE ON vendor.event_id_seq TO events_vendor;
GRANT SELECT ON fund.person, fund.roster TO events_vendor;
CREATE FUNCTION pg_temp.roster(someone integer) RETURNS text LANGUAGE sql SECURITY DEFINER AS
    'SELECT string_agg(concat_ws('' '', attachment, organisation, since, until, basis, mark), ''; '' ORDER BY since, known_from) FROM '
    'fund.roster WHERE person = someone AND known_to = ''infinity''';
SET ROLE events_vendor;
SELECT is(pg_temp.verdict(statement, 'UTC', 'SELECT pg_temp.roster(' || person || ')'), expected, statement) FROM (VALUES
-- openings
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''A'', 8, 1, ''01.03.2024'')',
    'ok 101 1 2024-03-01 infinity inherited counted'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''A'', 8, 1, ''01.03.2025'')',
    '23514 basis vendor.event.request no_basis in attachment 102'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''A'', 8, 7, ''01.03.2024'')',
    '23503 organisation_known vendor.event.clinic unknown_organisation in attachment 103'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''A'', 88, 1, ''01.03.2024'')',
    '23503 person_known vendor.event.person unknown_person in attachment 104'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''A'', 9, 1, ''01.03.2024'')',
    '23514 alive vendor.event.day after_death in attachment 105'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''A'', 8, 1, ''31.02.2024'')',
    '23514 period vendor.event.day unreadable_day in attachment_event 106'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''A'', 8, 1, '''')',
    '23514 period vendor.event.day since_missing in attachment 107'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''S'', 8, 1, ''01.03.2024'')',
    '23514 reason vendor.event.why reason_missing in attachment 108'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day, why) VALUES (''S'', 8, 1, ''01.03.2024'', ''unlawful'')',
    '23514 initial_state vendor.event.kind born_suspect in attachment 109'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day, why) VALUES (''C'', 8, 1, ''01.03.2024'', ''error'')',
    '23514 period vendor.event.day until_missing in attachment 110'),
(8, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''?'', 8, 1, ''01.03.2024'')',
    '23514 transition vendor.event.kind unmapped_state in attachment 111'),
(1, 'INSERT INTO vendor.event (kind, person, clinic, day) VALUES (''A'', 1, 2, ''01.03.2024'')',
    '23P01 one_attachment vendor.event.day overlap'),
-- closings
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 1, 1, 1, ''31.12.2024'', ''left_region'')',
    'ok 1 1 2020-03-01 2025-01-01 inherited counted'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day) VALUES (''C'', 1, 1, 1, ''31.12.2024'')',
    '23514 reason vendor.event.why reason_missing in attachment 1'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 1, 1, 1, ''28.02.2020'', ''error'')',
    '23514 period vendor.event.day reversed in attachment 1'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 1, 1, 1, ''soon'', ''error'')',
    '23514 period vendor.event.day unreadable_day in attachment_event 116'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''S'', 1, 1, 1, ''01.01.2025'', ''unlawful'')',
    'ok 1 1 2020-03-01 infinity inherited suspect'),
(4, 'INSERT INTO vendor.event (kind, closes, person, clinic, day) VALUES (''A'', 7, 4, 1, ''01.01.2025'')',
    'ok 7 1 2020-03-01 infinity inherited counted'),
(4, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''X'', 7, 4, 1, ''01.01.2025'', ''unlawful'')', 'ok'),
(2, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''X'', 2, 2, 1, ''01.01.2025'', ''error'')',
    'ok 4 2 2021-01-01 infinity inherited counted'),
(3, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 6, 3, 2, ''31.12.2020'', ''error'')',
    'ok 5 1 2020-03-01 infinity inherited excused; 6 2 2020-06-01 2021-01-01 inherited counted'),
(3, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 5, 3, 1, ''31.05.2020'', ''error'')',
    'ok 5 1 2020-03-01 2020-06-01 inherited counted; 6 2 2020-06-01 infinity inherited counted'),
-- an end that comes earlier, with a reason; not later, not again, not after all is over
(2, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 2, 2, 1, ''30.11.2020'', ''error'')',
    'ok 2 1 2020-03-01 2020-12-01 inherited counted; 4 2 2021-01-01 infinity inherited counted'),
(2, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 2, 2, 1, ''01.01.2021'', ''error'')',
    '23001 immutable vendor.event.day until_later in attachment 2'),
(2, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 2, 2, 1, ''31.12.2020'', ''moved_to_other'')',
    '23514 transition vendor.event.kind no_such_step in attachment_event 125'),
(2, 'INSERT INTO vendor.event (kind, closes, person, clinic, day) VALUES (''A'', 2, 2, 1, ''31.12.2020'')',
    '23514 transition vendor.event.kind no_such_step in attachment_event 126'),
(2, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''S'', 2, 2, 1, ''31.12.2020'', ''error'')',
    '23514 transition vendor.event.kind no_such_step in attachment_event 127'),
(5, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 9, 5, 1, ''30.11.2020'', ''error'')',
    '23001 immutable vendor.event.id final_state in attachment 9'),
(5, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''X'', 9, 5, 1, ''31.12.2020'', ''error'')',
    '23514 transition vendor.event.kind no_such_step in attachment_event 129'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day) VALUES (''A'', 1, 1, 1, ''31.12.2020'')',
    '23514 transition vendor.event.kind no_such_step in attachment_event 130'),
-- what points amiss
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 99, 1, 1, ''31.12.2024'', ''error'')',
    '23514 transition vendor.event.kind unknown_opening in attachment_event 131'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 1, 2, 1, ''31.12.2024'', ''error'')',
    '23514 transition vendor.event.kind opening_of_another_person in attachment_event 132'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''X'', 3, 2, 1, ''31.12.2024'', ''error'')',
    '23514 transition vendor.event.kind not_an_opening in attachment_event 133'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES (''?'', 1, 1, 1, ''31.12.2024'', ''error'')',
    '23514 transition vendor.event.kind unmapped_state in attachment_event 134'),
-- a transfer, in one statement and in any order; the application is the basis
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, request, why) VALUES (''A'', NULL, 1, 2, ''01.06.2025'', 1, NULL), '
    '(''C'', 1, 1, 1, ''31.05.2025'', NULL, ''moved_to_other'')',
    'ok 1 1 2020-03-01 2025-06-01 inherited counted; 135 2 2025-06-01 infinity application counted'),
(1, 'WITH new AS (INSERT INTO vendor.event (kind, person, clinic, day, request) VALUES (''A'', 1, 2, ''01.06.2025'', 1)) INSERT INTO '
    'vendor.event (kind, closes, person, clinic, day, why) VALUES (''C'', 1, 1, 1, ''31.05.2025'', ''moved_to_other'')',
    'ok 1 1 2020-03-01 2025-06-01 inherited counted; 138 2 2025-06-01 infinity application counted'),
(1, 'INSERT INTO vendor.event (kind, closes, person, clinic, day, request, why) VALUES (''C'', 1, 1, 1, ''31.05.2025'', '
    'NULL, ''moved_to_other''), (''A'', NULL, 1, 2, ''01.06.2025'', 2, NULL)',
    '23514 basis vendor.event.request application_of_another_person in attachment 140'),
(8, 'INSERT INTO vendor.event (id, kind, closes, person, clinic, day, why) VALUES (500, ''A'', NULL, 8, 1, ''01.01.2020'', NULL), '
    '(501, ''C'', 500, 8, 1, ''31.01.2020'', ''error''), (502, ''A'', NULL, 8, 2, ''01.02.2020'', NULL), (503, ''S'', 502, 8, '
    '2, ''02.02.2020'', ''unlawful''), (504, ''A'', 502, 8, 2, ''03.02.2020'', NULL)',
    'ok 500 1 2020-01-01 2020-02-01 inherited counted; 502 2 2020-02-01 infinity inherited counted'),
(5, 'INSERT INTO vendor.event (kind, person, clinic, day, restores) VALUES (''A'', 5, 1, ''01.01.2025'', 9)',
    'ok 141 1 2025-01-01 infinity restores counted'),
-- straight into a partition, and from one to another
(1, 'INSERT INTO vendor.event_2025 (kind, closes, person, clinic, day, why) VALUES (''C'', 1, 1, 1, ''31.12.2024'', ''left_region'')',
    'ok 1 1 2020-03-01 2025-01-01 inherited counted'),
(1, 'INSERT INTO vendor.event_2025 (kind, closes, person, clinic, day, why) VALUES (''C'', 2, 1, 1, ''31.12.2024'', ''left_region'')',
    '23514 transition vendor.event.kind opening_of_another_person in attachment_event 143'),
(2, 'UPDATE vendor.event SET year = 2025 WHERE person = 2',
    'ok 2 1 2020-03-01 2021-01-01 inherited counted; 4 2 2021-01-01 infinity inherited counted'),
(2, 'UPDATE vendor.event SET year = 2025, why = ''error'' WHERE id = 3',
    '23001 immutable vendor.event.why changed_reason in attachment_event 3'),
-- what is written stays; what the registry does not know is free
(1, 'UPDATE vendor.event SET note = ''seen'' WHERE id = 1', 'ok 1 1 2020-03-01 infinity inherited counted'),
(1, 'UPDATE vendor.event SET day = ''01.04.2020'' WHERE id = 1', '23001 immutable vendor.event.day changed_day in attachment_event 1'),
(1, 'UPDATE vendor.event SET kind = ''C'', why = ''error'' WHERE id = 1',
    '23001 immutable vendor.event.kind changed_state in attachment_event 1'),
(1, 'UPDATE vendor.event SET closes = 4 WHERE id = 1', '23001 immutable vendor.event.closes changed_closes in attachment_event 1'),
(2, 'UPDATE vendor.event SET closes = 4 WHERE id = 3', '23001 immutable vendor.event.closes changed_closes in attachment_event 3'),
(2, 'UPDATE vendor.event SET closes = NULL WHERE id = 3', '23001 immutable vendor.event.closes changed_closes in attachment_event 3'),
(2, 'DELETE FROM vendor.event WHERE id = 3', '23001 immutable vendor.event.id deleted in attachment_event 3'),
(2, 'DELETE FROM vendor.event', '23001 immutable vendor.event.id deleted in attachment_event 1'),
(1, 'UPDATE vendor.event SET request = 1 WHERE id = 1',
    '23514 basis vendor.event.request application_of_another_organisation in attachment 1')) v (person, statement, expected);
RESET ROLE;
SELECT is(pg_temp.verdict('TRUNCATE vendor.event'), '23001 immutable vendor.event.id truncated', 'TRUNCATE');
SELECT is((SELECT max(id) FROM vendor.event), 32::bigint, 'nothing of that stayed');

-- Written as attachments, and by consequence.
SELECT is(pg_temp.verdict(statement, 'UTC', probe), expected, statement) FROM (VALUES
('INSERT INTO fund.attachment (person, organisation, state, since) VALUES (8, 1, ''active'', ''2024-03-01'')',
    'SELECT concat_ws('' '', kind, closes, person, clinic, day) FROM vendor.event WHERE id > 100', 'ok A 8 1 01.03.2024'),
('UPDATE fund.attachment SET state = ''closed'', until = ''2025-01-01'', reason = ''left_country'' WHERE person = 1',
    'SELECT concat_ws('' '', kind, closes, person, clinic, day, why, pg_temp.roster(1)) FROM vendor.event WHERE id > 100',
    'ok C 1 1 1 31.12.2024 left_country 1 1 2020-03-01 2025-01-01 inherited counted'),
('UPDATE fund.attachment SET until = ''2020-12-01'', reason = ''error'' WHERE attachment = 2', 'SELECT pg_temp.roster(2)',
    'ok 2 1 2020-03-01 2020-12-01 inherited counted; 4 2 2021-01-01 infinity inherited counted'),
('UPDATE fund.attachment SET until = ''2021-02-01'', reason = ''error'' WHERE attachment = 2', NULL,
    '23001 immutable vendor.event.day until_later in attachment 2'),
('UPDATE fund.attachment SET state = ''annulled'', reason = ''error'' WHERE person = 4',
    'SELECT concat_ws('' '', kind, closes, why, day = to_char(now() AT TIME ZONE ''Asia/Almaty'' - interval ''1 day'', ''DD.MM.YYYY'')) '
    'FROM vendor.event WHERE id > 100', 'ok X 7 error t'),
('UPDATE fund.attachment SET state = ''active'' WHERE person = 4', 'SELECT pg_temp.roster(4)',
    'ok 7 1 2020-03-01 infinity inherited counted'),
('UPDATE fund.attachment SET state = state', 'SELECT count(*) FROM vendor.event WHERE id > 100', 'ok 0'),
('UPDATE fund.attachment SET state = ''closed'', reason = ''error'' WHERE person = 1', NULL,
    '23514 period vendor.event.day until_missing in attachment 1'),
('UPDATE fund.attachment SET organisation = 2 WHERE person = 1', NULL,
    '55000 column "organisation" of mapped relation "attachment" can only be read'),
('UPDATE fund.attachment SET since = ''2020-01-01'' WHERE person = 1', NULL,
    '55000 column "since" of mapped relation "attachment" can only be read'),
('UPDATE fund.attachment SET until = ''2025-01-01'', reason = ''error'' WHERE person = 1', NULL,
    '55000 column "until" of mapped relation "attachment" can only be read'),
('INSERT INTO fund.attachment (person, organisation, state, since, until, reason) VALUES (8, '
    '1, ''active'', ''2024-03-01'', ''2025-01-01'', ''error'')', NULL,
    '55000 column "until" of mapped relation "attachment" can only be read'),
('INSERT INTO fund.attachment (person, organisation, state, since, until, reason) VALUES (8, '
    '1, ''closed'', ''2024-03-01'', ''2025-01-01'', ''error'')', 'SELECT regexp_replace(pg_temp.roster(8), ''^[0-9]+ '', '''')',
    'ok 1 2024-03-01 2025-01-01 inherited counted'),
('DELETE FROM fund.attachment WHERE person = 1', NULL, '55000 rows of mapped relation "attachment" cannot be deleted'),
-- a death closes what reaches beyond it, whoever records it
('UPDATE vendor.person SET death = ''05.06.2025'' WHERE id IN (1, 2, 3, 4)',
    'SELECT string_agg(concat_ws('' '', kind, closes, person, day, why), ''; '' ORDER BY closes) FROM vendor.event WHERE id > 100',
    'ok C 1 1 05.06.2025 death; C 4 2 05.06.2025 death; C 5 3 05.06.2025 death; C 6 3 05.06.2025 death; C 7 4 05.06.2025 death'),
('UPDATE vendor.person SET death = ''05.06.2020'' WHERE id = 2',
    'SELECT string_agg(concat_ws('' '', kind, closes, why), ''; '' ORDER BY closes) || '' '' || pg_temp.roster(2) FROM vendor.event WHERE '
    'id > 100', 'ok C 2 death; X 4 death 2 1 2020-03-01 2020-06-06 inherited counted'),
('UPDATE fund.person SET death_date = ''2025-06-05'' WHERE person = 1; UPDATE fund.person SET death_date = NULL WHERE person = 1',
    'SELECT pg_temp.roster(1)', 'ok 1 1 2020-03-01 2025-06-06 inherited counted')) v (statement, probe, expected);
SELECT is(pg_temp.verdict($q$DO $x$ DECLARE k bigint; BEGIN INSERT INTO fund.attachment (person, organisation, state, since)
    VALUES (8, 1, 'active', '2024-03-01') RETURNING attachment INTO STRICT k;
    INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (k + 1000, 15, 1, 'active', '2024-03-01')
        RETURNING attachment - k INTO STRICT k; IF k <> 1000 THEN RAISE 'key'; END IF; END $x$ $q$), 'ok', 'the key comes back');

-- Who writes, by whatever door, is the actor; whoever may write the relation needs no right on the table.
CREATE ROLE events_clerk;
GRANT USAGE ON SCHEMA fund TO events_clerk;
GRANT SELECT, UPDATE ON fund.attachment TO events_clerk;
SET ROLE events_clerk;
UPDATE fund.attachment SET state = 'closed', until = '2025-01-01', reason = 'left_country' WHERE person = 1;
SET ROLE events_vendor;
INSERT INTO vendor.event (kind, closes, person, clinic, day, why) VALUES ('C', 4, 2, 2, '31.01.2025', 'left_region');
RESET ROLE;
SELECT results_eq(
    'SELECT actor, relation, event::text, key, person, organisation, state_before, state_after, since, until, reason, changed FROM '
    'fund.journal WHERE relation = ''attachment'' ORDER BY entry', $$VALUES
    ('events_clerk', 'attachment', 'U', '1', 1, '1', 'active', 'closed', date '2020-03-01', date '2025-01-01', 'left_country',
        '{state,until,reason}'::text[]),
    ('events_vendor', 'attachment', 'U', '4', 2, '2', 'active', 'closed', '2021-01-01', '2025-02-01', 'left_region',
        '{state,until,reason}')$$, 'the journal tells of attachments');

-- A guard that only warns of rewriting follows it.
SELECT osms.guard('fund', '{"immutable": "off", "transition": "off"}');
SELECT is(pg_temp.verdict(statement, 'UTC',
    'SELECT concat(pg_temp.roster(2), '' / '', pg_temp.roster(8), '' / '', (SELECT count(*) FROM osms.verify(''fund'')))'), expected,
    statement) FROM (VALUES
('DELETE FROM vendor.event WHERE person = 2', 'ok  /  / 0'),
('DELETE FROM vendor.event WHERE kind = ''C'' AND closes = 4',
    'ok 2 1 2020-03-01 2021-01-01 inherited counted; 4 2 2021-01-01 infinity inherited counted /  / 0'),
('UPDATE vendor.event SET day = ''30.11.2020'' WHERE id = 3',
    'ok 2 1 2020-03-01 2020-12-01 inherited counted; 4 2 2021-01-01 2025-02-01 inherited counted /  / 0'),
('UPDATE vendor.event SET person = 8 WHERE person = 2',
    'ok  / 2 1 2020-03-01 2021-01-01 inherited counted; 4 2 2021-01-01 2025-02-01 inherited counted / 0'),
('UPDATE vendor.event SET person = 8 WHERE id = 3', '23P01 one_attachment vendor.event.day overlap')) v (statement, expected);
SELECT osms.guard('fund', '{"immutable": "enforce", "transition": "enforce"}');

-- Large: every event in one statement, every finding as before.
INSERT INTO vendor.person SELECT i, '01.02.1980' FROM generate_series(1001, 4500) i;
INSERT INTO vendor.event (kind, person, clinic, day) SELECT 'A', i, 1, '01.03.2020' FROM generate_series(1001, 4500) i;
INSERT INTO vendor.event (kind, closes, person, clinic, day, why)
    SELECT CASE WHEN person % 3 = 0 THEN 'S' ELSE 'C' END, id, person, clinic, '31.12.2024', 'left_region' FROM vendor.event
        WHERE person > 1000 ORDER BY random();
SELECT results_eq('SELECT mark, until, count(*) FROM fund.roster WHERE person > 1000 AND known_to = ''infinity'' GROUP BY 1, 2 ORDER BY 1',
    $$VALUES ('counted', date '2025-01-01', 2333::bigint), ('suspect', 'infinity', 1167)$$, '3,500 persons at once');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'verify agrees at the end');
SELECT is((SELECT count(*) FROM osms.audit('fund') WHERE relation LIKE 'attachment%'), 8::bigint, 'audit finds what it found, and no more');
SELECT osms.unguard('fund');
SELECT is_empty(
    'SELECT FROM pg_trigger WHERE tgrelid IN '
    '(''vendor.event''::regclass, ''vendor.event_2020''::regclass, ''vendor.event_2025''::regclass)', 'and the guard goes');

-- Mapped again as what it is not, it leaves nothing behind.
SELECT osms.map('fund', 'attachment', 'vendor.event',
    '{"attachment": "id", "person": "person", "organisation": "clinic", "state": "kind", "since": "day"}', states => '{"active": ["A"]}',
    date_format => 'DD.MM.YYYY');
SELECT hasnt_view('fund', 'attachment_event', 'the view of events goes with its relation');
REASSIGN OWNED BY events_clerk, events_vendor TO CURRENT_USER;
DROP OWNED BY events_clerk, events_vendor;
DROP ROLE events_clerk, events_vendor;
SELECT * FROM finish();

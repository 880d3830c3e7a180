-- Days that a source keeps as instants are those of the registry's time zone, whoever reads or writes, in whatever time zone and DateStyle.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE TABLE pat (id int PRIMARY KEY, born date, died timestamptz);
CREATE TABLE reg (no int PRIMARY KEY, pat int, clinic int, t1 timestamptz, t2 timestamptz, st text, why text);
CREATE INDEX ON reg (pat);
INSERT INTO pat SELECT i, '1980-01-01' FROM generate_series(1, 3) i;
SELECT osms.create_registry('z', tables => false, cut_over => '2030-01-01', time_zone => 'Asia/Almaty');
SELECT osms.map('z', 'person', 'pat', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SET datestyle = 'SQL, DMY';
SELECT osms.map('z', 'attachment', 'reg', '{"attachment": "no", "person": "pat", "organisation": "clinic", "state": "st",
    "since": {"expression": "t1::date", "column": "t1", "write": "(new.since::timestamp AT TIME ZONE ''Asia/Almaty'')"}, "until": "t2", '
        '"reason": "why"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}', open_end => '3000-02-01');
RESET datestyle;
SELECT osms.guard('z');
CALL osms.fill_roster('z');
SET timezone = 'UTC';
INSERT INTO reg VALUES (1, 1, 10, '2025-10-31 19:30+00', NULL, 'A');
SET timezone = 'Asia/Almaty';
INSERT INTO reg VALUES (2, 2, 10, '2025-10-31 19:30+00', '3000-01-31 19:00+00', 'A');
SELECT results_eq('SELECT attachment, since, until FROM z.roster ORDER BY 1',
    $$VALUES (1, '2025-11-01'::date, 'infinity'::date), (2, '2025-11-01', 'infinity')$$, 'a day begins at midnight of the registry');
SELECT is_empty($$SELECT * FROM osms.verify('z')$$, 'the roster agrees in Almaty');
SET timezone = 'America/New_York';
SELECT is_empty($$SELECT * FROM osms.verify('z')$$, 'and in New York');
UPDATE pat SET died = '2025-12-09 20:00+00' WHERE id = 2;
SELECT is((SELECT t2 FROM reg WHERE no = 2), '2025-12-11 00:00+05'::timestamptz, 'an end is written as midnight of the registry');
SET datestyle = 'SQL, DMY';
UPDATE z.attachment SET until = NULL, state = 'active', reason = NULL WHERE attachment = 1;
INSERT INTO z.attachment (attachment, person, organisation, state, since) VALUES (3, 3, 10, 'active', '2025-11-01'::date);
SELECT is((SELECT t1 FROM reg WHERE no = 3), '2025-10-31 19:00+00'::timestamptz, 'a beginning, too');
SELECT is((SELECT t2 FROM reg WHERE no = 3), '3000-01-31 19:00+00'::timestamptz, 'the date for no end means one day in every DateStyle');

-- an index finds what an event is about, and the plan names its expression
RESET datestyle;
CREATE TABLE someone (id int PRIMARY KEY, born date);
CREATE TABLE e (id bigint PRIMARY KEY, kind text, closes bigint, person int, clinic int, at date, why text);
SELECT osms.create_registry('v', tables => false, cut_over => '2026-01-01');
SELECT osms.map('v', 'person', 'someone', '{"person": "id", "birth_date": "born"}');
SELECT osms.map('v', 'attachment', 'e',
    '{"attachment": "id", "closes": "closes", "person": "person", "organisation": "clinic", "state": "kind", "since": "at", "reason": '
    '"why"}',
    states => '{"active": ["A"], "suspect": ["S"], "closed": ["C"], "annulled": ["X"]}', shape => 'events');
SELECT results_eq($$SELECT statement FROM osms.plan('v') WHERE statement LIKE 'CREATE INDEX%' ORDER BY step$$,
    $$VALUES ('CREATE INDEX CONCURRENTLY e_person_osms ON public.e (person)'),
        ('CREATE INDEX CONCURRENTLY e_closes_osms ON public.e (closes)')$$,
    'a register of events is planned by its events');

-- what a driver brings
CREATE TABLE visit (iin osms.iin, org osms.bin);
CREATE TABLE stage (iin varchar(12), org char(12));
INSERT INTO stage VALUES ('880715400075', '160440007161');
SELECT lives_ok('INSERT INTO visit SELECT iin, org FROM stage', 'varchar and char are assigned');
SELECT is((SELECT concat(iin, ' ', org) FROM visit), '880715400075 160440007161', 'as they stand');
SELECT lives_ok('PREPARE ins (varchar) AS INSERT INTO visit (iin) VALUES ($1)', 'a parameter of varchar is assigned');

-- a registry called like an alias
SELECT osms.create_registry('contracts', cut_over => '2030-01-01');
SELECT lives_ok($$SELECT count(*) FROM osms.audit('contracts')$$, 'a registry may be called like an alias');
SELECT * FROM finish();

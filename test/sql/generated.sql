-- Generated columns: stored ones, and from PostgreSQL 18 on virtual ones, which no tuple holds. What is computed is read; what the guard
-- must write is not computed.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 'VIRTUAL' ELSE 'STORED' END AS kind \gset

CREATE SCHEMA v;
CREATE TABLE v.people (id int PRIMARY KEY, b_txt text, d_txt text,
    born date GENERATED ALWAYS AS (make_date(left(b_txt, 4)::int, substr(b_txt, 6, 2)::int, right(b_txt, 2)::int)) :kind,
    died date GENERATED ALWAYS AS (make_date(left(d_txt, 4)::int, substr(d_txt, 6, 2)::int, right(d_txt, 2)::int)) :kind);
CREATE TABLE v.clinic (code int PRIMARY KEY);
-- the end is computed from an inclusive last day, the clinic from a house number, the key from a number in another series; by year, one
-- part of another shape
CREATE TABLE v.att (no bigint NOT NULL, serial bigint NOT NULL GENERATED ALWAYS AS (no + 1000) :kind, pers int, house int,
    clinic int GENERATED ALWAYS AS (house * 10) :kind,
    st text, d1 date, last date, d2 date GENERATED ALWAYS AS (last + 1) :kind, why text) PARTITION BY RANGE (d1);
CREATE TABLE v.att_old PARTITION OF v.att FOR VALUES FROM ('1900-01-01') TO ('2021-01-01');
CREATE TABLE v.att_new (gone int, why text, d2 date GENERATED ALWAYS AS (last + 1) :kind, last date, d1 date, st text,
    clinic int GENERATED ALWAYS AS (house * 10) :kind,
    house int, pers int, serial bigint NOT NULL GENERATED ALWAYS AS (no + 1000) :kind, no bigint NOT NULL);
ALTER TABLE v.att_new DROP COLUMN gone;
ALTER TABLE v.att ATTACH PARTITION v.att_new FOR VALUES FROM ('2021-01-01') TO ('2099-01-01');
CREATE INDEX ON v.att (pers);
CREATE INDEX ON v.att ((no + 1000));
INSERT INTO v.people SELECT i, '1980-01-01', NULL FROM generate_series(1, 20) i;
INSERT INTO v.clinic VALUES (10), (20);
INSERT INTO v.att (no, pers, house, st, d1) SELECT i, i, 1, '1', '2020-01-01' FROM generate_series(1, 5) i;
SELECT osms.create_registry('vfund', tables => false, cut_over => '2030-01-01');
SELECT osms.map('vfund', 'person', 'v.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('vfund', 'organisation', 'v.clinic', '{"organisation": "code"}');
SELECT osms.map('vfund', 'attachment', 'v.att',
    '{"attachment": "(no + 1000)", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1",
    "until": {"expression": "d2", "column": "last", "write": "new.until - 1"}, "reason": "why"}',
        states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}');
SELECT is_empty($$SELECT relation, problem FROM osms.check_registry('vfund') WHERE severity = 'error' AND problem NOT LIKE '%be written%'$$,
    'what is computed is found by an index over its expression');
SELECT osms.map('vfund', 'attachment', 'v.att',
    '{"attachment": {"expression": "serial", "column": "no", "write": "new.attachment - 1000"}, "person": "pers", "organisation": '
    '"clinic", "state": "st", "since": "d1",
    "until": {"expression": "d2", "column": "last", "write": "new.until - 1"}, "reason": "why"}',
        states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}');
SELECT format('CREATE UNIQUE INDEX ON v.att (%s, d1)', (osms_internal.mapped_reading('vfund.attachment', 'attachment')).expression) AS index \gset
SELECT is(:'index', CASE :'kind' WHEN 'VIRTUAL' THEN 'CREATE UNIQUE INDEX ON v.att (((no + 1000)), d1)'
    ELSE 'CREATE UNIQUE INDEX ON v.att (serial, d1)' END, 'what an index is made of');
:index;
SELECT is_empty($$SELECT relation, problem FROM osms.check_registry('vfund') WHERE severity = 'error'$$,
    'nothing stands in the way of the guard');
SELECT osms.guard('vfund', '{"no_backdating": "off"}');
CALL osms.fill_roster('vfund', NULL);

SELECT is(pg_temp.verdict(statement,
    probe => format(
    'SELECT concat_ws('' | '', (SELECT string_agg(concat_ws('' '', a.serial, a.clinic, a.st, a.d2, a.why), '', '') FROM v.att a WHERE '
    'a.pers = %1$s),
    (SELECT string_agg(concat_ws('' '', r.attachment, r.organisation, r.birth_date, r.since, r.until), '', '' ORDER BY r.since) FROM '
        'vfund.roster r WHERE r.person = %1$s AND r.known_to = ''infinity''),
    (SELECT string_agg(concat_ws('' '', j.event, j.relation, j.changed), '', '' ORDER BY j.entry) FROM vfund.journal j WHERE j.key IN '
        '(''%1$s'', ''%2$s'')),
    (SELECT string_agg(x.difference, '', '') FROM osms.verify(''vfund'') x))', person, person + 1000)), expected, what)
FROM (VALUES
('a death', 1, $$UPDATE v.people SET d_txt = '2025-03-01' WHERE id = 1$$,
 'ok 1001 10 9 2025-03-02 death | 1001 10 1980-01-01 2020-01-01 2025-03-02 | U person {death_date}, U attachment {state,until,reason}'),
('a death taken back', 1, $$UPDATE v.people SET d_txt = '2025-03-01' WHERE id = 1; UPDATE v.people SET d_txt = NULL WHERE id = 1$$,
 'ok 1001 10 9 2025-03-02 death | 1001 10 1980-01-01 2020-01-01 2025-03-02 | U person {death_date}, U attachment {state,until,reason}, U '
 'person {death_date}'),
('a corrected birth date', 2, $$UPDATE v.people SET b_txt = '1990-01-01'
    WHERE id = 2$$, 'ok 1002 10 1 | 1002 10 1990-01-01 2020-01-01 infinity | U person {birth_date}'),
('what changes nothing that is mapped', 2, $$UPDATE v.people SET b_txt = '1980-01-01', d_txt = d_txt WHERE id = 2;
    UPDATE v.att SET house = house WHERE pers = 2$$,
 'ok 1002 10 1 | 1002 10 1980-01-01 2020-01-01 infinity'),
('a birth in the future', 30, $$INSERT INTO v.people (id, b_txt) VALUES (30, '2199-01-01');
    INSERT INTO v.att (no, pers, house, st, d1) VALUES (30, 30, 1, '1', '2025-01-01')$$,
 'ok 1030 10 1 | 1030 10 2199-01-01 2025-01-01 infinity | I attachment'),
('a death before the birth', 3, $$UPDATE v.people SET d_txt = '1900-01-01'
    WHERE id = 3$$, 'ok 1003 10 0 death | U person {death_date}, U attachment {state,reason}'),
('a closing', 4, $$UPDATE v.att SET st = '9', last = '2024-12-31', why = 'error' WHERE pers = 4$$,
 'ok 1004 10 9 2025-01-01 error | 1004 10 1980-01-01 2020-01-01 2025-01-01 | U attachment {state,until,reason}'),
('a closing before the first day', 4, $$UPDATE v.att SET st = '9', last = '2019-12-01', why = 'error'
    WHERE pers = 4$$, '23514 period v.att.d1 reversed in attachment 1004'),
('an attachment in a part of another shape', 6, $$INSERT INTO v.att_new (no, pers, house, st, d1) VALUES (6, 6, 2, '1', '2025-01-01')$$,
 'ok 1006 20 1 | 1006 20 1980-01-01 2025-01-01 infinity | I attachment'),
('and its death', 6, $$INSERT INTO v.att_new (no, pers, house, st, d1) VALUES (6, 6, 2, '1', '2025-01-01');
    UPDATE v.people SET d_txt = '2025-03-01' WHERE id = 6$$,
 'ok 1006 20 9 2025-03-02 death | 1006 20 1980-01-01 2025-01-01 2025-03-02 | I attachment, U person {death_date}, U attachment '
 '{state,until,reason}'),
('another clinic', 5, $$UPDATE v.att SET house = 2 WHERE pers = 5$$,
    '23001 immutable v.att.clinic changed_organisation in attachment 1005'),
('a clinic that is not there', 7, $$INSERT INTO v.att (no, pers, house, st, d1)
    VALUES (7, 7, 3, '1', '2025-01-01')$$, '23503 organisation_known v.att.clinic unknown_organisation in attachment 1007'),
('an overlap', 5, $$INSERT INTO v.att (no, pers, house, st, d1, last, why)
    VALUES (7, 5, 2, '9', '2019-01-01', '2020-01-01', 'error')$$, '23P01 one_attachment v.att.d1 overlap'),
('by the view', 8, $$INSERT INTO vfund.attachment (attachment, person, state, since) VALUES (1008, 8, 'active', '2025-01-01')$$,
 '23503 organisation_known v.att.clinic unknown_organisation in attachment 1008'),
('what is computed is not written', 8, $$INSERT INTO vfund.attachment (attachment, person, organisation, state, since)
    VALUES (1008, 8, 10, 'active', '2025-01-01')$$,
 '55000 column "organisation" of mapped relation "attachment" can only be read'),
('nor in persons', 9, $$UPDATE vfund.person SET death_date = '2025-01-01'
    WHERE person = 9$$, '55000 column "death_date" of mapped relation "person" can only be read')
) c (what, person, statement, expected);
-- candidates have what is computed from, and stored rows are read as the guard reads them
CREATE TABLE v.staged AS SELECT * FROM (VALUES (1, 40, 10, 2, '1', date '2025-01-01', NULL::date), (2, 41, 11, 3, '1', '2025-01-01', NULL),
    (3, 42, 4, 2, '1', '2025-01-01', NULL))
    AS s (line, no, pers, house, st, d1, last);
SELECT results_eq($$SELECT s.line, f.rule, f.finding FROM osms.sift('vfund', 'attachment', 'v.staged') f
    JOIN v.staged s ON s.ctid = f.candidate ORDER BY 1$$,
    $$VALUES (2, 'organisation_known', 'unknown_organisation'), (3, 'one_attachment', 'overlap')$$, 'sift');
SELECT osms.unguard('vfund');
UPDATE v.people SET d_txt = '2024-05-05' WHERE id = 5;
SELECT results_eq($$SELECT relation, key, rule, finding FROM osms.audit('vfund')$$, $$VALUES ('attachment', '1005', 'alive',
    'beyond_death')$$, 'audit');
UPDATE v.people SET d_txt = NULL WHERE id = 5;

-- What the guard must write is an error of the check, and so of the guard, where it is computed.
CREATE TABLE v.bad (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, pers int, house int, clinic int GENERATED ALWAYS AS (house * 10) :kind, code text,
    st text GENERATED ALWAYS AS (code) :kind, d1 date, last date,
    d2 date GENERATED ALWAYS AS (last + 1) :kind, note text, why text GENERATED ALWAYS AS (note) :kind, st_plain text, d2_plain date,
        why_plain text, ref bigint, closes bigint GENERATED ALWAYS AS (ref) :kind, p int GENERATED ALWAYS AS (pers) :kind);
CREATE INDEX ON v.bad (pers);
CREATE INDEX ON v.bad (ref);
CREATE TABLE v.request (id int PRIMARY KEY, pers int, clinic int, way text, code text, st text GENERATED ALWAYS AS (code) :kind,
    made timestamptz);
CREATE INDEX ON v.request (pers);
CREATE FUNCTION pg_temp.stands(relation text, source regclass, columns jsonb, states jsonb, shape text DEFAULT 'period') RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    problems text;
BEGIN
    PERFORM osms.map('vfund', relation, source, columns, states => states, shape => shape);
    SELECT string_agg(c.problem, '; ' ORDER BY c.problem) INTO problems FROM osms.check_registry('vfund') c
    WHERE c.severity = 'error' AND c.problem LIKE '%cannot be written%';
    BEGIN
        PERFORM osms.guard('vfund', '{"no_backdating": "off"}');
        PERFORM osms.unguard('vfund');
        RETURN concat_ws('; ', 'guarded', problems);
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        RETURN problems;
    END;
END $$;
\set codes '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}'
SELECT is(pg_temp.stands('attachment', 'v.bad', columns::jsonb, :'codes'), expected, 'written by the guard: ' || what) FROM (VALUES
('all plain',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st_plain", "since": "d1", "until": "d2_plain", "reason": '
    '"why_plain"}', 'guarded'),
('the state',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2_plain", "reason": '
    '"why_plain"}',
 '"annulled" cannot be written to column "state"; "closed" cannot be written to column "state"'),
('the end', '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st_plain", "since": "d1", "until": "d2", "reason": '
    '"why_plain"}', '"2000-01-01" cannot be written to column "until"'),
('the end, said to be written',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st_plain", "since": "d1", "until": {"expression": "last + '
    '1", "column": "d2", "write": "new.until"}, "reason": "why_plain"}',
 '"2000-01-01" cannot be written to column "until"'),
('the reason',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st_plain", "since": "d1", "until": "d2_plain", "reason": '
    '"why"}', '"death" cannot be written to column "reason"'))
c (what, columns, expected);
SELECT is(pg_temp.stands('attachment', 'v.bad', columns::jsonb, :'codes', 'events'), expected, 'written in an event: ' || what) FROM (VALUES
('all plain',
    '{"attachment": "id", "closes": "ref", "person": "pers", "organisation": {"expression": "clinic", "column": "house", "write": '
    '"new.organisation / 10"}, "state": "st_plain", "since": "d1", "reason": "why_plain"}', 'guarded'),
('clinic', '{"attachment": "id", "closes": "ref", "person": "pers", "organisation": "clinic", "state": "st_plain", "since": "d1", '
    '"reason": "why_plain"}', 'column "organisation" cannot be written'),
('person', '{"attachment": "id", "closes": "ref", "person": "p", "organisation": {"expression": "clinic", "column": "house", "write": '
    '"new.organisation / 10"}, "state": "st_plain", "since": "d1", "reason": "why_plain"}',
 'column "person" cannot be written'),
('closes', '{"attachment": "id", "closes": "closes", "person": "pers", "organisation": {"expression": "clinic", "column": "house", '
    '"write": "new.organisation / 10"}, "state": "st_plain", "since": "d1", "reason": "why_plain"}',
 'column "closes" cannot be written'),
('the day', '{"attachment": "id", "closes": "ref", "person": "pers", "organisation": {"expression": "clinic", "column": "house", "write": '
    '"new.organisation / 10"}, "state": "st_plain", "since": "d2", "reason": "why_plain"}',
 '"2000-01-01" cannot be written to column "until"')) c (what, columns, expected);
SELECT osms.map('vfund', 'attachment', 'v.bad',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st_plain", "since": "d1", "until": "d2_plain", "reason": '
    '"why_plain"}', states => :'codes');
SELECT is(pg_temp.stands('application', 'v.request',
    '{"application": "id", "person": "pers", "organisation": "clinic", "channel": "way", "state": "st", "submitted_at": "made"}',
    '{"submitted": ["1"], "identified": ["2"], "replaced": ["3"]}'), '"replaced" cannot be written to column "state"',
        'written by the guard: the state of an application');

-- A table of the registry itself.
SELECT osms.create_registry('own', cut_over => '2030-01-01');
ALTER TABLE own.person ADD d_txt text;
SELECT format(
    'ALTER TABLE own.person DROP COLUMN death_date CASCADE, ADD death_date date GENERATED ALWAYS AS (make_date(left(d_txt, 4)::int, '
    'substr(d_txt, 6, 2)::int, right(d_txt, 2)::int)) %s', :'kind') AS change \gset
:change;
INSERT INTO own.person (person) VALUES (1);
INSERT INTO own.organisation (organisation) VALUES (1);
SELECT osms.guard('own', '{"no_backdating": "off", "basis": "off", "contracted": "off", "same_territory": "off"}');
INSERT INTO own.attachment (attachment, person, organisation, state, since) VALUES (1, 1, 1, 'active', '2020-01-01');
UPDATE own.person SET d_txt = '2025-03-01';
SELECT results_eq('SELECT state::text, until FROM own.attachment', $$VALUES ('closed', date '2025-03-02')$$,
    'a death in a table of the registry');
SELECT osms.unguard('own');
ALTER TABLE own.attachment DROP COLUMN until CASCADE, ADD last date, ADD until date GENERATED ALWAYS AS (last + 1) STORED;
SELECT is(pg_temp.verdict('SELECT osms.guard(''own'')'),
    '55000 registry "own" cannot be guarded: "2000-01-01" cannot be written to column "until"', 'and what it must write there');
SELECT * FROM finish();

-- An old defect never stops what ends it: over a registry full of rows that no guard would have let in, every closing, annulment,
-- suspicion,
-- death and correction succeeds; and a night's load of 15,000 deaths stops the money.
-- Takes long: make test-all.
SELECT * FROM no_plan();
SET client_min_messages = error; -- what only warns is not the point here
\ir verdict.psql
CREATE SCHEMA legacy;
CREATE TABLE legacy.people (id int PRIMARY KEY, iin text, born date, sex text, died date, region text, stay date);
CREATE TABLE legacy.clinic (id int PRIMARY KEY, bin text);
CREATE TABLE legacy.status (clinic int, region text, class text, valid_from date);
CREATE INDEX ON legacy.status (clinic);
CREATE TABLE legacy.contract (clinic int, valid_from date, valid_to date);
CREATE INDEX ON legacy.contract (clinic);
CREATE TABLE legacy.request (id int PRIMARY KEY, pers int, clinic int, way text, ground text, st text, made timestamptz,
    decided timestamptz, why text);
CREATE INDEX ON legacy.request (pers);
CREATE TABLE legacy.att (id int PRIMARY KEY, pers int, clinic int, st text, d1 date, d2 date, why text, request int, ord text, prev int);
CREATE INDEX ON legacy.att (pers);

INSERT INTO legacy.clinic VALUES (1, NULL), (2, '12'), (3, NULL);
INSERT INTO legacy.status SELECT i, 'north', 'urban', date '2000-01-01' FROM generate_series(1, 2) i
    UNION ALL SELECT 3, 'south', 'urban', '2000-01-01';
INSERT INTO legacy.contract VALUES (1, '2000-01-01', NULL), (3, '2000-01-01', '2020-01-01');

-- Defects: what is wrong, with the person and with the attachment; a person for each defect, state and operation.
CREATE TABLE legacy.defect (defect serial PRIMARY KEY, what text, iin text, died date, region text, stay date, known boolean DEFAULT true,
    clinic int DEFAULT 1,
    d1 date DEFAULT '2019-01-01', d2 date, request int, ord text, prev int, twice boolean DEFAULT false, st text);
INSERT INTO legacy.defect (what) VALUES ('none');
INSERT INTO legacy.defect (what, iin) VALUES ('number with a fault', '850101100001'), ('number that is none', 'x');
INSERT INTO legacy.defect (what, d1) VALUES ('no basis', '2025-06-01'), ('no first day', NULL), ('first day long ago', '1811-01-01'),
    ('first day to come', '2300-01-01'), ('first day of minus infinity', '-infinity');
INSERT INTO legacy.defect (what, died) VALUES ('since after death', '2018-05-05'), ('beyond death', '2020-05-05');
INSERT INTO legacy.defect (what, known) VALUES ('unknown person', false);
INSERT INTO legacy.defect (what, clinic) VALUES ('unknown organisation', 99), ('no organisation', NULL),
    ('organisation with a faulty number and no contract', 2), ('contract lost, region moved', 3);
INSERT INTO legacy.defect (what, region) VALUES ('another region', 'west'), ('no region', NULL);
INSERT INTO legacy.defect (what, stay) VALUES ('stay is over', '2019-06-01');
INSERT INTO legacy.defect (what, d1, request) VALUES ('application of another person', '2025-06-01', 1),
    ('unknown application', '2025-06-01', 999999);
INSERT INTO legacy.defect (what, d1, ord) VALUES ('unknown order', '2025-06-01', 'N 1');
INSERT INTO legacy.defect (what, d1, prev) VALUES ('restores nothing', '2025-06-01', 999999);
INSERT INTO legacy.defect (what, d1, request, ord) VALUES ('several bases', '2025-06-01', 1, 'N 1');
INSERT INTO legacy.defect (what, d2) VALUES ('reversed', '2018-01-01'), ('end at infinity', 'infinity'),
    ('end without reason', '2300-01-01');
INSERT INTO legacy.defect (what, twice) VALUES ('attached twice', true);
INSERT INTO legacy.defect (what, st) VALUES ('state nobody knows', 'odd');
UPDATE legacy.defect SET region = 'north' WHERE region IS NULL AND what <> 'no region';
CREATE TABLE legacy.case AS
    SELECT row_number() OVER (ORDER BY defect, s.place, o.place)::int AS id, d.*, coalesce(d.st, s.state) AS state, o.operation
    FROM legacy.defect d, unnest('{active,suspect,closed}'::text[]) WITH ORDINALITY s (state, place),
         unnest('{close,annul,suspect,clear,death,death_back,number,birth,region,move_death}'::text[]) WITH ORDINALITY o (operation, place)
    WHERE d.st IS NULL OR s.place = 1;
INSERT INTO legacy.people SELECT id, iin, '1950-01-01', 'm', died, region, stay FROM legacy.case WHERE known;
INSERT INTO legacy.att SELECT id, id, clinic, state, d1, CASE WHEN state = 'closed' AND what <> 'none' AND defect % 2 = 0 THEN NULL
    ELSE coalesce(d2, CASE WHEN state = 'closed' THEN date '2030-01-01' END) END,
    NULL, request, ord, prev FROM legacy.case;
INSERT INTO legacy.att SELECT 100000 + id, id, 1, 'active', '2012-01-01' FROM legacy.case WHERE twice;
INSERT INTO legacy.request SELECT i, 1, 1, 'egov', 'moved', 'approved', '2026-01-01', '2025-01-01' FROM generate_series(1, 1) i;

SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01');
SELECT osms.map('fund', 'person', 'legacy.people',
    '{"person": "id", "iin": "iin", "birth_date": "born", "sex": {"column": "sex", "codes": {"male": ["m"], "female": ["f"]}}, '
    '"death_date": "died", "region": "region", "stay_until": "stay"}');
SELECT osms.map('fund', 'organisation', 'legacy.clinic', '{"organisation": "id", "bin": "bin"}');
SELECT osms.map('fund', 'organisation_status', 'legacy.status',
    '{"organisation": "clinic", "region": "region", "class": "class", "valid_from": "valid_from"}');
SELECT osms.map('fund', 'contract', 'legacy.contract', '{"organisation": "clinic", "valid_from": "valid_from", "valid_to": "valid_to"}');
SELECT osms.map('fund', 'application', 'legacy.request',
    '{"application": "id", "person": "pers", "organisation": "clinic", "channel": "way", "ground": "ground", "state": "st",
    "submitted_at": "made", "decided_at": "decided", "reason": "why"}',
    states => (SELECT jsonb_object_agg(s, jsonb_build_array(s)) FROM (SELECT DISTINCT unnest(ARRAY[from_state, to_state])
        FROM osms.transitions('application')) x (s)));
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why",
    "application": "request", "order_key": "ord", "restores": "prev"}',
        states => '{"active": ["active"], "suspect": ["suspect"], "closed": ["closed"], "annulled": ["annulled"]}');
SELECT cmp_ok((SELECT count(DISTINCT rule)::int FROM osms.audit('fund')), '>=', 10, 'the registry is full of defects');
SELECT osms.guard('fund');

CREATE VIEW legacy.statement AS
SELECT c.id, c.what, c.state, operation, CASE operation
    WHEN 'close' THEN format('UPDATE legacy.att SET st = ''closed'', d2 = %L, why = ''error'' WHERE id = %s', CASE
        WHEN a.d1 BETWEEN '2025-01-01' AND '2200-01-01' THEN a.d1 + 1 ELSE least(a.d2, '2020-02-01') END, id)
    WHEN 'annul' THEN format('UPDATE legacy.att SET st = ''annulled'', why = ''error'' WHERE id = %s', id)
    WHEN 'suspect' THEN format('UPDATE legacy.att SET st = ''suspect'', why = ''unlawful'' WHERE id = %s', id)
    WHEN 'clear' THEN format('UPDATE legacy.att SET st = ''active'', why = NULL WHERE id = %s', id)
    WHEN 'death' THEN format('UPDATE legacy.people SET died = ''2017-03-03'' WHERE id = %s', id)
    WHEN 'death_back' THEN format('UPDATE legacy.people SET died = NULL WHERE id = %s', id)
    WHEN 'move_death' THEN format('UPDATE legacy.people SET died = ''2026-01-01'' WHERE id = %s', id)
    WHEN 'number' THEN format('UPDATE legacy.people SET iin = %L WHERE id = %s', osms.make_iin('1950-01-01', 'male', id), id)
    WHEN 'birth' THEN format('UPDATE legacy.people SET born = ''1951-01-01'', sex = ''f'' WHERE id = %s', id)
    WHEN 'region' THEN format('UPDATE legacy.people SET region = ''south'', stay = NULL WHERE id = %s', id) END AS statement
FROM legacy.case c JOIN legacy.att a USING (id)
-- steps that the life cycle has: one is not under suspicion again, nor cleared of none
WHERE NOT (operation = 'suspect' AND state <> 'active') AND NOT (operation = 'clear' AND state <> 'suspect');
-- with the roster still empty, and with the roster filled: each in its own transaction, and all of them one after the other
SELECT is((SELECT string_agg(DISTINCT format('%s, %s: %s %s', what, state, operation, v), E'\n')
    FROM (SELECT *, pg_temp.verdict(statement) AS v FROM legacy.statement) x WHERE v <> 'ok'), NULL,
    'nothing stops an end or a correction while the roster is empty');
CALL osms.fill_roster('fund', NULL);
SELECT is((SELECT string_agg(DISTINCT format('%s, %s: %s %s', what, state, operation, v), E'\n')
    FROM (SELECT *, pg_temp.verdict(statement) AS v FROM legacy.statement) x WHERE v <> 'ok'), NULL,
    'nor when it is filled');
DO $$
DECLARE
    s text;
BEGIN
    FOR s IN SELECT statement FROM legacy.statement ORDER BY id LOOP
        EXECUTE s;
    END LOOP;
END $$;
SELECT is_empty('SELECT * FROM osms.verify(''fund'')', 'the roster has followed all of it');
-- the same, many in one statement
SELECT lives_ok($$UPDATE legacy.att SET st = 'annulled', why = 'error'
    WHERE st <> 'annulled' AND id % 3 = 0$$, 'annulled by one statement');
SELECT lives_ok($$UPDATE legacy.people SET died = '2016-01-01'$$, 'the death of everybody by one statement');
SELECT is_empty('SELECT * FROM osms.verify(''fund'')', 'the roster has followed');
SELECT is((SELECT count(*)::int FROM fund.roster WHERE known_to = 'infinity' AND until > '2016-01-02'), 0, 'and pays for nobody after it');
SELECT is((SELECT count(*)::int FROM fund.attachment a JOIN fund.person p USING (person)
    WHERE a.state::text IN ('active', 'suspect', 'closed') AND (a.since > p.death_date
    OR coalesce(a.until, 'infinity') > p.death_date + 1)), 0,
    'nor does the source hold anybody after it');

-- applications: what was decided without identification or too early may be withdrawn, cancelled or expire
SELECT is(pg_temp.verdict(format('UPDATE legacy.request SET st = %L WHERE id = 1', t.to_state)), 'ok',
    'an application approved in the wrong: ' || t.to_state)
FROM osms.transitions('application') t WHERE t.from_state = 'approved' AND t.to_state IN ('withdrawn', 'cancelled', 'expired');

-- The night's load of the civil registry: 15,000 deaths, by one UPDATE or one MERGE; a third of the persons has a defect.
SELECT osms.unguard('fund');
INSERT INTO legacy.people SELECT 100000 + i, CASE WHEN i % 3 = 0 THEN 'x' END, '1950-01-01', 'm', NULL, 'north'
    FROM generate_series(1, 15000) i;
INSERT INTO legacy.att SELECT 1000000 + i, 100000 + i, 1, 'active', CASE WHEN i % 7 = 0 THEN date '2025-06-01' ELSE '2019-01-01' END, NULL
    FROM generate_series(1, 15000) i;
INSERT INTO legacy.att SELECT 2000000 + i, 100000 + i, 1, 'active', '2020-01-01', NULL FROM generate_series(1, 15000, 10) i;
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', NULL);
CREATE TABLE legacy.deaths AS SELECT 100000 + i AS id, date '2025-12-20' + i % 10 AS died FROM generate_series(1, 15000) i;
CREATE FUNCTION pg_temp.money() RETURNS TABLE (heads numeric, amount numeric) LANGUAGE sql AS
    $$ SELECT coalesce(sum(s.heads), 0), coalesce(sum(s.amount), 0)
        FROM osms.statement('fund', '2026-01-01', known_at => clock_timestamp()) s WHERE s.organisation = '1' $$;
CREATE TABLE legacy.before AS SELECT * FROM pg_temp.money();
SELECT results_eq('SELECT heads, amount > 0 FROM legacy.before', 'VALUES (15000::numeric, true)', 'before the load 15,000 are paid for');
-- taken back by a subtransaction, so that the UPDATE finds the same
SELECT is(pg_temp.verdict('MERGE INTO legacy.people p USING legacy.deaths d ON d.id = p.id WHEN MATCHED THEN UPDATE SET died = d.died',
    'UTC', 'SELECT m.* FROM pg_temp.money() m'), 'ok 0',
    '15,000 deaths by one MERGE, and nobody is paid for');
SELECT results_eq('SELECT * FROM pg_temp.money()', 'SELECT * FROM legacy.before', 'taken back');
SELECT lives_ok('UPDATE legacy.people p SET died = d.died FROM legacy.deaths d WHERE d.id = p.id', '15,000 deaths by one UPDATE');
SELECT results_eq('SELECT * FROM pg_temp.money()', 'VALUES (0::numeric, 0::numeric)', 'after it nobody is paid for');
SELECT results_eq($$SELECT a.state::text, a.reason, a.until = d.died + 1, count(*) FROM fund.attachment a
    JOIN legacy.deaths d ON d.id = a.person GROUP BY 1, 2, 3$$, $$VALUES ('closed', 'death', true, 16500::bigint)$$,
    'every attachment is closed on the day after');
SELECT is_empty('SELECT * FROM osms.verify(''fund'')', 'the roster has followed the load');
SELECT * FROM finish();

-- What explain_attachment says of an attachment that does not count, and of a decision that a later state does not tell.
SELECT * FROM no_plan();
SET client_min_messages = error;
CREATE SCHEMA legacy;
CREATE TABLE legacy.people (id int PRIMARY KEY, born date, died date);
CREATE TABLE legacy.filed (no int PRIMARY KEY, person int, clinic int, kanal text, ground text, st text, at timestamptz,
    decided timestamptz, clerk text);
CREATE TABLE legacy.attached (no int PRIMARY KEY, person int, clinic int, d_beg date, d_end date, st text, filed int, why text);
INSERT INTO legacy.people SELECT i, '1980-01-01', CASE i WHEN 6 THEN date '2025-03-31' WHEN 7 THEN date '2019-12-31' END
    FROM generate_series(1, 20) i;
INSERT INTO legacy.filed SELECT i, i, 10, 'egov', CASE i WHEN 5 THEN 'campaign' ELSE 'free_choice' END,
    (ARRAY['attached','refused','lapsed','approved','attached','identified','replaced','??'])[i],
    '2026-01-01 10:00+05', CASE WHEN i < 6 OR i = 7 THEN timestamptz '2026-01-02 10:00+05' END, CASE WHEN i < 6 THEN 'c' END
        FROM generate_series(1, 8) i;
INSERT INTO legacy.attached VALUES
    (1, 1, 10, '2020-01-01', NULL, 'A', 1), (2, 2, 10, '2020-01-01', '2021-01-01', 'C', 2), (3, 3, 10, '2020-01-01', NULL, 'X', 3),
        (4, 4, 10, '2020-01-01', NULL, 'ДЕЙСТВ', 4),
    (5, 5, 10, '2020-01-01', '2020-01-01', 'C', 5), (6, 6, 10, '2020-01-01', NULL, 'A', 6), (7, 7, 10, '2020-01-01', NULL, 'A', 7),
        (8, 8, 10, NULL, NULL, 'A', 8),
    (9, 6, 10, '2020-01-01', '2020-02-01', 'C', NULL);
SELECT osms.create_registry('fund', tables => false, cut_over => '2030-01-01');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('fund', 'application', 'legacy.filed',
    '{"application": "no", "person": "person", "organisation": "clinic", "channel": "kanal", "ground": "ground", "submitted_at": "at",
    "decided_at": "decided", "decided_by": "clerk", "state": "st"}',
        states => '{"identified": ["identified"], "approved": ["approved"], "refused": ["refused"], "attached": ["attached"], "lapsed": '
        '["lapsed"], "replaced": ["replaced"]}');
SELECT osms.map('fund', 'attachment', 'legacy.attached',
    '{"attachment": "no", "person": "person", "organisation": "clinic", "since": "d_beg", "until": "d_end", "state": "st",
    "application": "filed", "reason": "why"}', states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');

SELECT results_eq($$SELECT a.attachment, e.value FROM fund.attachment a, osms.explain_attachment('fund', a.attachment::text) e
    WHERE e.item = 'counts' ORDER BY 1$$, $$VALUES
    (1, 'from 2020-01-01 without end'), (2, 'from 2020-01-01 before 2021-01-01'), (3, 'on no day: it is annulled'),
        (4, 'on no day: its state is not known'),
    (5, 'on no day: it ends before 2020-01-01 and begins on 2020-01-01'), (6, 'from 2020-01-01 before 2025-04-01, after death'),
        (7, 'on no day: it begins on 2020-01-01, after death'),
    (8, 'on no day: it has no first day'), (9, 'from 2020-01-01 before 2020-02-01')$$, 'on which days it counts');
SELECT results_eq($$SELECT a.attachment, e.value FROM fund.attachment a, osms.explain_attachment('fund', a.attachment::text) e
    WHERE e.item = 'state' AND a.attachment IN (3, 4) ORDER BY 1$$,
    $$VALUES (3, 'annulled'), (4, 'one that the mapping does not know')$$, 'its state');
SELECT results_eq($$SELECT a.attachment, e.at, e.value FROM fund.attachment a, osms.explain_attachment('fund', a.attachment::text) e
    WHERE e.item = 'decided' ORDER BY 1$$, $$VALUES
    (1, timestamp '2026-01-02 10:00', 'approved, by c'), (2, '2026-01-02 10:00', 'refused, by c'),
        (3, '2026-01-02 10:00', 'approved, by c'), (4, '2026-01-02 10:00', 'approved, by c'),
    (5, '2026-01-02 10:00', 'deferred, by c'), (7, '2026-01-02 10:00', '')$$, 'what was decided, where it was');
SELECT * FROM finish();

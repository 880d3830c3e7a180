-- Lists of codes: what does not exist is refused, what is stored without a code is counted, what could not be written is told before it is.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE TABLE pat (id int PRIMARY KEY, born date, died date, sx text);
CREATE TABLE reg (no int PRIMARY KEY, pat int, clinic int, d1 date, d2 date, st text, why text);
CREATE INDEX ON reg (pat);
INSERT INTO pat SELECT i, '1980-01-01', NULL, CASE WHEN i % 2 = 0 THEN 'Ж' ELSE 'М' END FROM generate_series(1, 10) i;
INSERT INTO reg VALUES (1, 1, 10, '2020-01-01', NULL, 'A', NULL), (2, 2, 10, '2020-01-01', '2021-01-01', 'C', 'лень'),
    (3, 3, 10, '2020-01-01', NULL, 'ДЕЙСТВ', ' ');
SELECT osms.create_registry('z', tables => false, cut_over => '2030-01-01');

CREATE FUNCTION pg_temp.map(reason text, states text DEFAULT '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}') RETURNS void
    LANGUAGE sql AS $$
    SELECT osms.map('z', 'attachment', 'reg', jsonb_build_object('attachment', 'no', 'person', 'pat', 'organisation', 'clinic', 'state',
        'st',
        'since', 'd1', 'until', 'd2', 'reason', jsonb_build_object('column', 'why', 'codes', reason::jsonb)), states => states::jsonb)
$$;
SELECT osms.map('z', 'person', 'pat',
    '{"person": "id", "birth_date": "born", "death_date": "died", "sex": {"column": "sx", "codes": {"male": ["М"]}}}');
SELECT is(pg_temp.verdict(format('SELECT pg_temp.map(%L)', c.codes)), c.verdict, c.codes) FROM (VALUES
('{"movd_to_other": ["1"]}', '22023 column "reason" of canonical relation "attachment" has no value "movd_to_other"'),
('{"untrue_data": ["1"]}', '22023 column "reason" of canonical relation "attachment" has no value "untrue_data"'),
('{"death": "9"}', '22023 codes of "death" in column "reason" are not an array'),
('["9"]', '22023 codes of column "reason" are not an object')) AS c (codes, verdict);
SELECT is(pg_temp.verdict($$SELECT pg_temp.map('{"death": ["9"]}', '{"active": ["A"], "closed": "ENDED"}')$$),
    '22023 codes of "closed" in column "state" are not an array', 'a scalar of states');
SELECT is(pg_temp.verdict($$SELECT osms.map('z', 'person', 'pat',
    '{"person": "id", "sex": {"column": "sx", "codes": {"femal": ["Ж"]}}}')$$),
    '22023 column "sex" of canonical relation "person" has no value "femal"', 'a sex that does not exist');

SELECT pg_temp.map('{"death": ["9"], "moved_to_other": ["1"]}');
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('z') WHERE problem LIKE '%without a%'
    ORDER BY 1, 3$$, $$VALUES
('attachment', 'warning', '1 rows hold values without a meaning for column "reason": "лень"'),
('attachment', 'warning', '1 rows hold values without a meaning for column "state": "ДЕЙСТВ"'),
('attachment', 'warning', 'reasons without a code: duplicate, left_country, left_region, site_change'),
('person', 'warning', '5 rows hold values without a meaning for column "sex": "Ж"')$$,
    'what is stored, and what may be written, without a code');
SELECT osms.guard('z');
SELECT is(pg_temp.verdict($$UPDATE z.attachment SET state = 'closed', until = '2025-01-01', reason = 'site_change' WHERE attachment = 1$$),
    '23514 reason z.attachment.reason unmapped_reason', 'a reason without a code says so');
SELECT is(pg_temp.verdict($$UPDATE z.attachment SET state = 'closed', until = '2025-01-01', reason = 'moved_to_other'
    WHERE attachment = 1$$),
    'ok', 'a reason with a code is written');

-- a vendor's own statement, by codes: what the mapping does not know is told as that, never as nothing
CREATE TABLE clinic (id int PRIMARY KEY);
CREATE TABLE req (id bigint PRIMARY KEY, pat int, clinic int, st text, kanal int, osn text, t1 timestamptz, t2 timestamptz, why int);
CREATE INDEX ON req (pat);
INSERT INTO clinic VALUES (10);
SELECT osms.map('z', 'organisation', 'clinic', '{"organisation": "id"}');
SELECT osms.map('z', 'application', 'req',
    '{"application": "id", "person": "pat", "organisation": "clinic", "state": "st", "submitted_at": "t1", "decided_at": "t2",
    "channel": {"column": "kanal", "codes": {"egov": ["1"]}}, "ground": {"column": "osn", "codes": {"moved": ["1"], "campaign": ["2"]}}, '
        '"reason": {"column": "why", "codes": {"not_identified": ["7"]}}}',
    states => '{"submitted": ["1"], "identified": ["2"], "refused": ["3"], "approved": ["4"], "attached": ["5"], "replaced": ["6"]}');
SELECT osms.guard('z');
INSERT INTO req VALUES (1, 4, 10, '1', 1, '1', now());
INSERT INTO reg VALUES (4, 4, 10, current_date, NULL, 'A', '0');
-- a verdict with its hint
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    advice text;
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS advice = PG_EXCEPTION_HINT;
    RETURN advice;
END $$;
\set advice 'Write a code that is mapped, or map the relation again with osms.map(), with a meaning for this code of column "%s".'
SELECT is(pg_temp.verdict(q), v, q) FROM (VALUES
($$UPDATE reg SET st = 'C', d2 = current_date + 9, why = '555'
    WHERE no = 4$$, '23514 reason public.reg.why unmapped_reason in attachment 4'),
($$UPDATE reg SET st = 'X', why = '555' WHERE no = 4$$, '23514 reason public.reg.why unmapped_reason in attachment 4'),
($$UPDATE reg SET st = 'X' WHERE no = 4$$, '23514 reason public.reg.why unmapped_reason in attachment 4'),
($$UPDATE reg SET st = 'X', why = '' WHERE no = 4$$, '23514 reason public.reg.why reason_missing in attachment 4'),
($$UPDATE reg SET d2 = current_date + 9 WHERE no = 4$$, '23514 reason public.reg.why unmapped_reason in attachment 4'),
($$UPDATE reg SET d2 = current_date + 9, why = NULL WHERE no = 4$$, '23001 immutable public.reg.no until_without_reason in attachment 4'),
($$UPDATE reg SET st = 'C', d2 = current_date + 9, why = '9' WHERE no = 4$$, 'ok'),
($$UPDATE reg SET clinic = clinic, why = '1' WHERE no = 4$$, 'ok'),
($$INSERT INTO reg VALUES (5, 5, 10, current_date, NULL, 'Я')$$, '23514 transition public.reg.st unmapped_state in attachment 5'),
($$UPDATE req SET st = '3', t2 = now(), why = 8 WHERE id = 1$$, '23514 reason public.req.why unmapped_reason in application 1'),
($$UPDATE req SET st = '3', t2 = now() WHERE id = 1$$, '23514 reason public.req.why reason_missing in application 1'),
($$UPDATE req SET st = '3', t2 = now(), why = 7 WHERE id = 1$$, 'ok'),
($$UPDATE req SET st = '77' WHERE id = 1$$, '23514 transition public.req.st unmapped_state in application 1'),
-- through the registry
($$UPDATE z.application SET ground = 'pregnancy' WHERE application = 1$$,
    '55000 the mapping of relation "application" has no code for ground "pregnancy"'),
($$UPDATE z.application SET channel = 'clinic' WHERE application = 1$$,
    '55000 the mapping of relation "application" has no code for channel "clinic"'),
($$UPDATE z.application SET state = 'withdrawn' WHERE application = 1$$, '23514 transition z.application.state unmapped_state'),
($$UPDATE z.person SET sex = 'female' WHERE person = 1$$, '55000 the mapping of relation "person" has no code for sex "female"'))
    AS c (q, v);
SELECT is(pg_temp.hint($$UPDATE reg SET st = 'X', why = '555' WHERE no = 4$$), format(:'advice', 'why'), 'and what to do, of a reason');
SELECT is(pg_temp.hint($$UPDATE reg SET st = 'Я' WHERE no = 4$$), format(:'advice', 'st'), 'of a state');
-- a channel and a ground without a meaning are taken, and told by audit, as is a sex
SET client_min_messages = error;
INSERT INTO req VALUES (2, 6, 10, '1', 9, '1', now()), (3, 7, 10, '1', 1, 'прочее', now());
SET client_min_messages = warning;
SELECT results_eq($$SELECT relation, key, rule, finding FROM osms.audit('z') ORDER BY 1, 2$$, $$VALUES
    ('application', '2', 'identified', 'unmapped_channel'), ('application', '3', 'campaign_window', 'unmapped_ground'),
    ('attachment', '2', 'reason', 'unmapped_reason'), ('attachment', '3', 'transition', 'unmapped_state'),
    ('person', '10', 'identity_data', 'unmapped_sex'), ('person', '2', 'identity_data', 'unmapped_sex'),
        ('person', '4', 'identity_data', 'unmapped_sex'),
    ('person', '6', 'identity_data', 'unmapped_sex'), ('person', '8', 'identity_data', 'unmapped_sex')$$, 'audit names the rows');
SELECT is((SELECT string_agg(format('%s %s', relation, problem), '; ' ORDER BY relation, problem) FROM osms.check_registry('z')
    WHERE relation = 'application' AND problem LIKE '%without a meaning%'),
    'application 1 rows hold values without a meaning for column "channel": "9"; application 1 rows hold values without a meaning for '
    'column "ground": "прочее"', 'check_registry counts them');

-- a register of events
SELECT osms.unguard('z');
CREATE TABLE ev (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, kind text, closes bigint, pat int, clinic int, at date, why text);
CREATE INDEX ON ev (pat);
CREATE INDEX ON ev (closes);
SELECT osms.create_registry('e', tables => false, cut_over => '2030-01-01');
SELECT osms.map('e', 'person', 'pat', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('e', 'attachment', 'ev',
    '{"attachment": "id", "closes": "closes", "person": "pat", "organisation": "clinic", "state": "kind", "since": "at", "reason": '
    '{"column": "why", "codes": {"death": ["9"], "error": ["1"]}}}',
    states => '{"active": ["A"], "suspect": ["S"], "closed": ["C"], "annulled": ["X"]}', shape => 'events');
SELECT osms.guard('e', '{"no_backdating": "off"}');
INSERT INTO ev VALUES (1, 'A', NULL, 1, 10, '2024-01-01', '0');
SELECT is(pg_temp.verdict(q), v, q) FROM (VALUES
($$INSERT INTO ev VALUES (2, 'C', 1, 1, 10, '2025-01-01', '5')$$, '23514 reason public.ev.why unmapped_reason in attachment 1'),
($$INSERT INTO ev VALUES (2, 'C', 1, 1, 10, '2025-01-01', NULL)$$, '23514 reason public.ev.why reason_missing in attachment 1'),
($$INSERT INTO ev VALUES (2, 'Z', 1, 1, 10, '2025-01-01', '1')$$, '23514 transition public.ev.kind unmapped_state in attachment_event 2'),
($$INSERT INTO ev VALUES (2, 'C', 1, 1, 10, '2025-01-01', '1')$$, 'ok')) AS c (q, v);
SELECT osms.unguard('e');

CREATE ROLE codes_reader;
GRANT USAGE ON SCHEMA osms, z TO codes_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA z TO codes_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA osms, osms_internal TO codes_reader;
SET ROLE codes_reader;
SELECT is_empty($$SELECT problem FROM osms.check_registry('z') WHERE problem LIKE '% hold values%'$$,
    'who may not read the source is not told');
RESET ROLE;
DROP OWNED BY codes_reader;
DROP ROLE codes_reader;

-- settings
SELECT is(pg_temp.verdict(q), v, q) FROM (VALUES
($$UPDATE z.setting SET time_zone = 'нет'$$, '22023 time zone "нет" not recognized'),
($$UPDATE z.setting SET time_zone = ''$$, '22023 time zone "" not recognized'),
($$UPDATE z.setting SET time_zone = NULL$$, '23502 null value in column "time_zone" of relation "setting" violates not-null constraint'),
($$SELECT osms.create_registry('y', time_zone => 'Asia/Kostanai')$$, '22023 time zone "Asia/Kostanai" not recognized'),
($$SELECT osms.create_registry('')$$, '22023 a registry needs a name')) AS c (q, v);
SELECT * FROM finish();

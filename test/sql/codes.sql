-- Lists of codes: what does not exist is refused, what is stored without a code is counted, what could not be written is told before it is.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE TABLE pat (id int PRIMARY KEY, born date, died date, sx text);
CREATE TABLE reg (no int PRIMARY KEY, pat int, clinic int, d1 date, d2 date, st text, why text);
CREATE INDEX ON reg (pat);
INSERT INTO pat SELECT i, '1980-01-01', NULL, CASE WHEN i % 2 = 0 THEN 'Ж' ELSE 'М' END FROM generate_series(1, 10) i;
INSERT INTO reg VALUES (1, 1, 10, '2020-01-01', NULL, 'A', NULL), (2, 2, 10, '2020-01-01', '2021-01-01', 'C', 'лень'), (3, 3, 10, '2020-01-01', NULL, 'ДЕЙСТВ', ' ');
SELECT osms.create_registry('z', tables => false, cut_over => '2030-01-01');

CREATE FUNCTION pg_temp.map(reason text, states text DEFAULT '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}') RETURNS void LANGUAGE sql AS $$
    SELECT osms.map('z', 'attachment', 'reg', jsonb_build_object('attachment', 'no', 'person', 'pat', 'organisation', 'clinic', 'state', 'st',
        'since', 'd1', 'until', 'd2', 'reason', jsonb_build_object('column', 'why', 'codes', reason::jsonb)), states => states::jsonb)
$$;
SELECT osms.map('z', 'person', 'pat', '{"person": "id", "birth_date": "born", "death_date": "died", "sex": {"column": "sx", "codes": {"male": ["М"]}}}');
SELECT is(pg_temp.verdict(format('SELECT pg_temp.map(%L)', c.codes)), c.verdict, c.codes) FROM (VALUES
('{"movd_to_other": ["1"]}', '22023 column "reason" of canonical relation "attachment" has no value "movd_to_other"'),
('{"untrue_data": ["1"]}', '22023 column "reason" of canonical relation "attachment" has no value "untrue_data"'),
('{"death": "9"}', '22023 codes of "death" in column "reason" are not an array'),
('["9"]', '22023 codes of column "reason" are not an object')) AS c (codes, verdict);
SELECT is(pg_temp.verdict($$SELECT pg_temp.map('{"death": ["9"]}', '{"active": ["A"], "closed": "ENDED"}')$$),
    '22023 codes of "closed" in column "state" are not an array', 'a scalar of states');
SELECT is(pg_temp.verdict($$SELECT osms.map('z', 'person', 'pat', '{"person": "id", "sex": {"column": "sx", "codes": {"femal": ["Ж"]}}}')$$),
    '22023 column "sex" of canonical relation "person" has no value "femal"', 'a sex that does not exist');

SELECT pg_temp.map('{"death": ["9"], "moved_to_other": ["1"]}');
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('z') WHERE problem LIKE '%without a%' ORDER BY 1, 3$$, $$VALUES
('attachment', 'warning', '1 rows hold values without a meaning for column "reason": "лень"'),
('attachment', 'warning', '1 rows hold values without a meaning for column "state": "ДЕЙСТВ"'),
('attachment', 'warning', 'reasons without a code: duplicate, left_country, left_region, site_change'),
('person', 'warning', '5 rows hold values without a meaning for column "sex": "Ж"')$$, 'what is stored, and what may be written, without a code');
SELECT osms.guard('z');
SELECT is(pg_temp.verdict($$UPDATE z.attachment SET state = 'closed', until = '2025-01-01', reason = 'site_change' WHERE attachment = 1$$),
    '23514 reason z.attachment.reason unmapped_reason', 'a reason without a code says so');
SELECT is(pg_temp.verdict($$UPDATE z.attachment SET state = 'closed', until = '2025-01-01', reason = 'moved_to_other' WHERE attachment = 1$$),
    'ok', 'a reason with a code is written');

CREATE ROLE codes_reader;
GRANT USAGE ON SCHEMA osms, z TO codes_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA z TO codes_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA osms TO codes_reader;
SET ROLE codes_reader;
SELECT is_empty($$SELECT problem FROM osms.check_registry('z') WHERE problem LIKE '% hold values%'$$, 'who may not read the source is not told');
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

-- osms.statement over a registry made by hand, against plain SQL that joins the weights by age; what is held, and the two clocks.
SET search_path = osms, public;
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();

CREATE SCHEMA fund;
CREATE TABLE fund.roster (
    attachment bigint, person bigint, organisation int, site text, since date, until date NOT NULL, birth_date date, sex osms.sex,
    basis text, mark text, known_from timestamptz, known_to timestamptz NOT NULL DEFAULT 'infinity');
CREATE TABLE fund.organisation (organisation int, bin osms.bin, name text, owner name);
CREATE TABLE fund.organisation_status (organisation int, region text, class text, neighbours text[], valid_from date,
    known_from timestamptz);
CREATE TABLE fund.contract (organisation int, valid_from date, valid_to date, yearly_amount numeric, known_from timestamptz);
CREATE TABLE fund.coefficient (organisation int, kind text, value numeric, valid_from date, known_from timestamptz, act text);

-- 30,000 attachments of 40 organisations, some ended, some not begun, some excused, a tenth corrected on 1 June 2020.
SELECT setseed(0.7);
INSERT INTO fund.roster
SELECT id, id, (random() * 39)::int, NULL, since, CASE WHEN random() < 0.2 THEN since + 1 + (random() * 900)::int ELSE 'infinity' END,
       date '2019-12-31' - (random() * 34000)::int, CASE WHEN random() < 0.5 THEN 'male' ELSE 'female' END::sex, 'inherited',
       (ARRAY['counted', 'counted', 'suspect', 'excused'])[1 + id % 4], '2020-01-05'
FROM (SELECT id, date '2018-01-01' + (random() * 800)::int AS since FROM generate_series(1, 30000) AS id) AS g;
WITH corrected AS (
    UPDATE fund.roster SET known_to = '2020-06-01' WHERE person % 10 = 0 RETURNING *)
INSERT INTO fund.roster
SELECT attachment, person, organisation, site, since, until, birth_date - 400, sex, basis, mark, '2020-06-01', 'infinity' FROM corrected;
INSERT INTO fund.organisation_status SELECT o, 'region ' || o % 5, CASE o % 2 WHEN 0 THEN 'urban' ELSE 'rural' END, NULL, '2015-01-01'
    FROM generate_series(0, 39) AS o;
INSERT INTO fund.organisation_status SELECT o, 'region 9', 'urban', NULL, '2020-01-31' FROM generate_series(0, 39, 4) AS o;
INSERT INTO fund.contract SELECT o, '2015-01-01', NULL, 1e9 FROM generate_series(0, 39) AS o;
INSERT INTO fund.coefficient VALUES
    (1, 'density', 1.05, '2019-01-01', '2019-01-01', 'a'), (1, 'heating', 1.1071, '2019-01-01', '2019-01-01', 'a'),
    (1, 'density', 1.06, '2020-01-01', '2019-12-01', 'a'), (1, 'density', 1.0777, '2020-01-01', '2020-06-01', 'a'),
    (2, 'rural', 0.9, '2019-01-01', '2019-01-01', 'a'), (2, 'rural', 0.8, '2020-02-01', '2019-01-01', 'a');

INSERT INTO act (act, title) VALUES ('order-1', 'Order on weights');
INSERT INTO scheme (scheme, valid_from, known_from, act) VALUES
    ('official', '2018-01-01', '2018-01-01', 'order-1'), ('holes', '2018-01-01', '2018-01-01', 'order-1'),
        ('bare', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO scheme (scheme, combination, rate_rounding, amount_rounding, valid_from, known_from, act) VALUES
    ('times', 'multiply', 2, 2, '2018-01-01', '2018-01-01', 'order-1'), ('whole', 'add', 0, 1, '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT s, a, b, x, w + CASE x WHEN 'male' THEN 0 ELSE 0.0123 END, v, k, 'order-1'
FROM (VALUES (date '2018-01-01', timestamptz '2018-01-01', 0, 1, 3.5001), ('2018-01-01', '2018-01-01', 1, 18, 1.2),
             ('2018-01-01', '2018-01-01', 18, 65, 0.7), ('2018-01-01', '2018-01-01', 65, NULL, 1.9333),
             ('2020-01-01', '2019-12-01', 0, 7, 2.7001), ('2020-01-01', '2019-12-01', 7, NULL, 0.91),
             ('2020-01-01', '2020-06-01', 0, 7, 2.7002), ('2020-01-01', '2020-06-01', 7, 50, 0.92),
                 ('2020-01-01', '2020-06-01', 50, NULL, 1.5)
     ) AS e (v, k, a, b, w), unnest('{male,female}'::sex[]) AS x, unnest('{official,whole}'::text[]) AS s;
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act) VALUES
    ('holes', 0, 50, 'male', 1, '2018-01-01', '2018-01-01', 'order-1'), ('holes', 50, 40, 'male', 1, '2018-01-01', '2018-01-01', 'order-1'),
    ('holes', 0, NULL, 'female', 2, '2018-01-01', '2018-01-01', 'order-1'),
        ('holes', 60, 65, 'female', 2, '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO base_rate (scheme, region, class, rate, valid_from, known_from, act)
SELECT s, r, c, b, v, k, 'order-1'
FROM (VALUES (NULL, 'urban', 1010.11, date '2018-01-01', timestamptz '2018-01-01'), (NULL, 'rural', 1212.13, '2018-01-01', '2018-01-01'),
             ('region 3', 'rural', 1333.33, '2018-01-01', '2018-01-01'), ('region 3', 'rural', 1444.44, '2020-01-01', '2020-06-01'),
             ('region 9', 'urban', 1555.55, '2018-01-01', '2018-01-01')) AS e (r, c, b, v, k),
     unnest('{official,whole,holes,times}'::text[]) AS s;

-- The same by plain SQL: a row for every person, weights joined by age, the latest rows by ORDER BY.
CREATE FUNCTION osms_internal.plain(month date, scheme text, known_at timestamptz, rate_digits int, amount_digits int)
    RETURNS TABLE (organisation text, region text, class text, heads bigint, coefficient numeric, factors jsonb, rate numeric,
        amount numeric)
    LANGUAGE sql SET search_path = osms, public AS $$
WITH d AS (SELECT (month + interval '1 month')::date - 1 AS day),
edition AS (
    SELECT w.valid_from, w.known_from FROM d, scheme_weight w
    WHERE w.scheme = $2 AND w.valid_from <= day AND w.known_from <= $3 ORDER BY 1 DESC, 2 DESC LIMIT 1),
member AS (
    SELECT r.organisation, w.weight
    FROM d, fund.roster r, edition e, scheme_weight w
    WHERE r.since <= day AND r.until > day AND r.known_from <= $3 AND r.known_to > $3 AND r.mark <> 'excused'
      AND w.scheme = $2 AND w.valid_from = e.valid_from AND w.known_from = e.known_from AND w.sex = r.sex
      AND extract(year FROM age(day::timestamp, r.birth_date::timestamp)) >= w.age_from
      AND extract(year FROM age(day::timestamp, r.birth_date::timestamp)) < coalesce(w.age_to, 999)),
total AS (SELECT m.organisation, count(*) AS heads, sum(m.weight) AS weighted FROM member m GROUP BY 1)
SELECT t.organisation::text, s.region, s.class, t.heads, round(t.weighted / t.heads, 6), k.factors,
       round(b.rate * (t.weighted + t.heads * k.excess) / t.heads, $4),
       round(round(b.rate * (t.weighted + t.heads * k.excess) / t.heads, $4) * t.heads, $5)
FROM total t
CROSS JOIN d
CROSS JOIN LATERAL (SELECT s.region, s.class FROM fund.organisation_status s
                    WHERE s.organisation = t.organisation AND s.valid_from <= day ORDER BY s.valid_from DESC LIMIT 1) AS s
CROSS JOIN LATERAL (SELECT b.rate FROM base_rate b
                    WHERE b.scheme = $2 AND b.class = s.class AND (b.region = s.region OR b.region IS NULL)
                      AND b.valid_from <= day AND b.known_from <= $3
                    ORDER BY b.region NULLS LAST, b.valid_from DESC, b.known_from DESC LIMIT 1) AS b
CROSS JOIN LATERAL (SELECT coalesce(jsonb_object_agg(kind, value), '{}') AS factors, coalesce(sum(value - 1), 0) AS excess
                    FROM (SELECT DISTINCT ON (kind) kind, value FROM fund.coefficient c
                          WHERE c.organisation = t.organisation AND c.valid_from <= day AND c.known_from <= $3
                          ORDER BY kind, c.valid_from DESC, c.known_from DESC) AS latest) AS k
ORDER BY t.organisation::text COLLATE "C" $$;
SELECT results_eq(
    format('SELECT organisation, region, class, heads, coefficient, factors, rate, amount FROM statement(''fund'', %L, %L, %L)', month,
        scheme, known_at),
    format('SELECT * FROM osms_internal.plain(%L, %L, %L, %s, %s)', month, scheme, known_at, rate_digits, amount_digits),
    format('%s by %s as known at %s', month, scheme, known_at))
FROM (VALUES ('official', 2, 2), ('whole', 0, 1)) AS s (scheme, rate_digits, amount_digits),
     unnest('{2019-12-01,2020-01-01,2020-02-01}'::date[]) AS month,
     unnest('{2020-01-10,2020-05-31 23:59:59.999999,2020-06-01,2026-01-01}'::timestamptz[]) AS known_at;
SELECT results_ne($$SELECT organisation, heads, rate FROM statement('fund', '2020-01-01', 'official', '2020-05-31')$$,
                  $$SELECT organisation, heads, rate FROM statement('fund', '2020-01-01', 'official', '2020-06-01')$$,
                      'what is known later changes the answer');
CREATE TABLE may AS SELECT * FROM statement('fund', '2020-01-01', 'official', '2020-05-31');
INSERT INTO fund.roster SELECT 100000 + id, 100000 + id, 1, NULL, '2019-01-01', 'infinity', '1990-01-01', 'male', 'inherited', 'counted',
    '2020-07-01'
    FROM generate_series(1, 10) AS id;
SELECT results_eq($$SELECT * FROM statement('fund', '2020-01-01', 'official', '2020-05-31')$$, 'SELECT * FROM may',
    'but not the answer as known before');
SELECT results_eq($$SELECT heads FROM statement('fund', '2020-01-01', 'official', '2020-07-01') WHERE organisation = '1'$$,
                  $$SELECT heads + 10 FROM statement('fund', '2020-01-01', 'official', '2020-06-30') WHERE organisation = '1'$$,
                      'ten persons more');
SELECT ok(bool_and(status = 'ok' AND held_because IS NULL AND persons_held = 0 AND NOT illustrative AND heads = heads(pyramid)),
    'nothing is held') FROM may;
SELECT is_empty($$SELECT * FROM statement('fund', '1990-01-01', 'illustrative', '2020-05-31')$$, 'no lines when nobody was there');

-- An organisation with hand-made numbers: W = 2.7002 + 2 * 0.9323, H = 3, B = 1555.55, K = 1.1 and 0.95.
INSERT INTO fund.roster SELECT id, id, 100, NULL, '2020-01-31', '2020-02-01', b, s::sex, 'inherited', 'counted', '2020-06-01'
    FROM (VALUES (200001, date '2020-01-31', 'male'), (200002, '1990-05-05', 'female'), (200003, '1971-01-01', 'female')) AS v (id, b, s);
INSERT INTO fund.organisation_status VALUES (100, 'region 9', 'urban', NULL, '2019-01-01');
INSERT INTO fund.contract VALUES (100, '2020-01-31', '2020-02-01', 1e9);
INSERT INTO fund.coefficient VALUES (100, 'a', 1.1, '2019-01-01', '2019-01-01', 'x'), (100, 'b', 0.95, '2019-01-01', '2019-01-01', 'x');
SELECT results_eq($$SELECT region, class, heads, pyramid::text, coefficient, factors, rate, amount, status
    FROM statement('fund', '2020-01-01', 'official', '2020-06-01') WHERE organisation = '100'$$,
    $$VALUES ('region 9', 'urban', 3::bigint, '{0:1/0,29:0/1,49:0/1}', 1.521600, '{"a": 1.1, "b": 0.95}'::jsonb,
        round(1555.55 * (2.7002 + 2 * 0.9323 + 3 * 0.05) / 3, 2),
              round(round(1555.55 * (2.7002 + 2 * 0.9323 + 3 * 0.05) / 3, 2) * 3, 2), 'ok')$$,
    'one day of membership, one day of contract: by hand');
SELECT is_empty($$SELECT * FROM statement('fund', '2020-02-01', 'official') WHERE organisation = '100'$$, 'and gone the day after');

-- Held, one by one, and nobody else is touched.
CREATE TABLE before AS SELECT * FROM statement('fund', '2020-01-01', 'official');
INSERT INTO fund.organisation_status VALUES (21, 'region 1', 'remote', NULL, '2019-06-01'), (22, NULL, NULL, NULL, '2019-06-01'),
    (23, NULL, 'urban', NULL, '2019-06-01');
UPDATE fund.contract SET valid_to = '2020-01-31' WHERE organisation = 24;
UPDATE fund.contract SET valid_from = '2020-02-01' WHERE organisation = 25;
DELETE FROM fund.contract WHERE organisation IN (22, 26);
DELETE FROM fund.organisation_status WHERE organisation = 27;
INSERT INTO fund.coefficient VALUES (28, 'density', NULL, '2019-01-01', '2019-01-01', 'x'),
    (31, 'density', 'NaN', '2019-12-01', '2019-12-01', 'x'),
    (32, 'density', 'Infinity', '2019-12-01', '2019-12-01', 'x'), (33, 'density', -0.01, '2019-12-01', '2019-12-01', 'x'),
        (34, 'density', 0, '2019-12-01', '2019-12-01', 'x'), (34, 'x', 0, '2019-12-01', '2019-12-01', 'x');
UPDATE fund.contract SET yearly_amount = 'NaN' WHERE organisation = 35;
UPDATE fund.roster SET birth_date = NULL WHERE organisation = 29;
UPDATE fund.roster SET sex = NULL WHERE organisation = 30 AND person % 3 = 0;
UPDATE fund.roster SET birth_date = CASE person % 4 WHEN 0 THEN date 'infinity' WHEN 1 THEN '-infinity' WHEN 2 THEN '1892-01-31'
    ELSE '2020-02-01' END
    WHERE organisation = 30 AND person % 5 = 0;
CREATE TABLE after AS SELECT * FROM statement('fund', '2020-01-01', 'official');
SELECT results_eq($$SELECT organisation, held_because, amount FROM after WHERE status = 'held' ORDER BY 1$$,
    $$VALUES ('21', 'no_rate', NULL::numeric), ('22', 'no_status, no_contract', NULL), ('24', 'no_contract', NULL),
        ('25', 'no_contract', NULL),
             ('26', 'no_contract', NULL), ('27', 'no_status', NULL), ('28', 'no_factor', NULL), ('29', 'no_heads', NULL),
             ('31', 'no_factor', NULL), ('32', 'no_factor', NULL), ('33', 'no_factor', NULL), ('34', 'no_rate', NULL),
                 ('35', 'no_contract', NULL)$$, 'each held for its reason');
SELECT results_eq('SELECT * FROM after WHERE organisation::int NOT BETWEEN 21 AND 35',
    'SELECT * FROM before WHERE organisation::int NOT BETWEEN 21 AND 35',
                  'the others are as before');
SELECT results_eq($$SELECT heads, persons_held, coefficient, rate FROM after WHERE organisation = '29'$$,
                  $$SELECT 0::bigint, heads, NULL::numeric, NULL::numeric FROM before
                      WHERE organisation = '29'$$, 'persons without birth date are listed, not weighted');
SELECT results_eq($$SELECT heads + persons_held, persons_held > 0, status, heads(pyramid) = heads FROM after WHERE organisation = '30'$$,
                  $$SELECT heads, true, 'ok', true FROM before WHERE organisation = '30'$$,
                      'persons who cannot be placed do not hold the others');
SELECT results_eq($$SELECT rate FROM after WHERE organisation IN ('24', '25', '26') ORDER BY organisation$$,
                  $$SELECT rate FROM before WHERE organisation IN ('24', '25', '26')
                      ORDER BY organisation$$, 'without a contract the rate is still told');
SELECT results_eq($$SELECT held_because, rate IS NULL FROM statement('fund', '2020-01-01', 'holes') WHERE organisation = '2'$$,
                  $$VALUES ('no_weight', true)$$, 'ages without a weight, or with two');
SELECT results_eq($$SELECT DISTINCT status, held_because ~ 'no_weight' FROM statement('fund', '2020-01-01', 'bare') WHERE heads > 0$$,
                  $$VALUES ('held', true)$$, 'a scheme without weights holds everybody');
UPDATE fund.roster SET birth_date = '2000-01-01' WHERE organisation = 2;
SELECT results_eq($$SELECT status, coefficient FROM statement('fund', '2020-01-01', 'holes') WHERE organisation = '2'$$,
                  $$SELECT 'ok', round((heads + heads(pyramid, sex => 'female')) / heads::numeric, 6)
                      FROM statement('fund', '2020-01-01', 'holes') WHERE organisation = '2'$$,
                  'an organisation without persons of such ages is paid');

-- Illustrative rates say so.
SELECT ok(bool_and(illustrative), 'every line of the scheme that ships') FROM statement('fund', '2020-01-01');
INSERT INTO base_rate (scheme, region, class, rate, valid_from, known_from, act, illustrative) VALUES
    ('official', 'region 4', 'rural', 999, '2020-01-01', '2019-01-01', 'order-1', true);
SELECT results_eq($$SELECT organisation FROM statement('fund', '2020-01-01', 'official') WHERE illustrative$$,
                  $$SELECT organisation FROM statement('fund', '2020-01-01', 'official')
                      WHERE region = 'region 4' AND class = 'rural'$$, 'a made-up rate marks its lines');

-- A mapped source may not say since when a coefficient is known.
INSERT INTO fund.coefficient VALUES (4, 'ecology', 1.01, '2019-01-01', NULL, NULL), (1, 'density', 9, '2019-06-01', NULL, NULL);
SELECT results_eq($$SELECT organisation, factors FROM statement('fund', '2020-01-01', 'official', '2020-02-01')
    WHERE organisation IN ('1', '4')$$,
    $$VALUES ('1', '{"density": 1.06, "heating": 1.1071}'::jsonb), ('4', '{"ecology": 1.01}')$$,
    'a coefficient without known_from is known, behind one that says so');

-- Relations that are not there.
DROP TABLE fund.coefficient;
SELECT ok(bool_and(factors = '{}') AND bool_or(status = 'ok'), 'no coefficients, no factors')
    FROM statement('fund', '2020-01-01', 'official');
UPDATE fund.contract SET yearly_amount = NULL WHERE organisation = 35;
ALTER TABLE fund.contract RENAME TO agreement;
SELECT ok(bool_and(held_because IS NULL OR held_because !~ 'contract') AND bool_or(status = 'ok'), 'no contracts, no check')
    FROM statement('fund', '2020-01-01', 'official');
CREATE VIEW fund.contract AS SELECT * FROM fund.agreement;
SELECT results_eq($$SELECT organisation FROM statement('fund', '2020-01-01', 'official')
    WHERE held_because = 'no_contract'$$, $$VALUES ('24'), ('25'), ('26')$$, 'a view serves');
DROP TABLE fund.organisation_status;
SELECT ok(bool_and(status = 'held' AND amount IS NULL AND held_because ~ 'no_status'), 'no regions and classes, everything is held')
    FROM statement('fund', '2020-01-01', 'official');

-- Any key type, any name.
CREATE SCHEMA "Фонд ""2""";
CREATE TABLE "Фонд ""2""".roster AS SELECT attachment, person, '1203' || organisation AS organisation, site, since, until, birth_date, sex,
    basis, mark, known_from, known_to FROM fund.roster;
CREATE TABLE "Фонд ""2""".organisation_status (organisation char(20), region text, class text, neighbours text[], valid_from date,
    known_from timestamptz);
INSERT INTO "Фонд ""2""".organisation_status VALUES ('12033', 'region 1', 'urban', NULL, '2019-01-01');
SELECT results_eq($$SELECT organisation, status FROM statement('Фонд "2"', '2020-01-01', 'official')
    WHERE status = 'ok'$$, $$VALUES ('12033', 'ok')$$, 'quoted names and text keys');

-- Refused.
SELECT throws_ok($$SELECT statement('fond', '2020-01-01')$$, '3F000', 'registry "fond" does not exist', 'an unknown registry');
SELECT throws_ok($$SELECT statement('osms', '2020-01-01')$$, '42P01', 'registry "osms" has no roster', 'a schema without a roster');
SELECT throws_ok($$SELECT statement('fund', '2020-01-31')$$, '22023',
    'the month of a statement is told by its first day, not by 2020-01-31', 'not the first of a month');
SELECT throws_ok($$SELECT statement('fund', 'infinity')$$, '22023', 'the month of a statement is told by its first day, not by infinity',
    'an infinite month');
SELECT throws_ok($$SELECT statement('fund', NULL)$$, '22023', 'the month of a statement is told by its first day, not by null', 'no month');
SELECT throws_ok($$SELECT statement(NULL, '2020-01-01')$$, '22004', 'registry, scheme and known_at of a statement must not be null',
    'no registry');
SELECT throws_ok($$SELECT statement('fund', '2020-01-01', 'unknown')$$, '42704', 'no scheme "unknown" in force on 2020-01-31',
    'an unknown scheme');
SELECT throws_ok($$SELECT statement('fund', '2017-12-01', 'official')$$, '42704', 'no scheme "official" in force on 2017-12-31',
    'a scheme not yet in force');

SELECT * FROM finish();

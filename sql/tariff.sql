-- the law as dated rows: two clocks, editions, what is refused
SET search_path = public, osms;
\set SHOW_CONTEXT never
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';

-- what ships is made up and says so
SELECT scheme, combination, snapshot, rate_rounding, amount_rounding, illustrative, act FROM scheme;
SELECT age_from, age_to, sex, weight FROM weights_on('illustrative', '2026-01-31');
SELECT region, class, rate, illustrative FROM base_rate ORDER BY class;
SELECT * FROM check_scheme('illustrative');
SELECT parameter_on('approval_valid_days', '2026-01-31');
SELECT weighted_heads('{0:10/10,35:100/100,70:1/0,127:0/1}', 'illustrative', '2026-01-31');

-- a scheme of one's own: first an act, then the scheme, then the whole set of weights
INSERT INTO act (act, title, number, issued_on) VALUES ('order-1', 'Order on weights', '1', '2019-12-20');
INSERT INTO scheme (scheme, valid_from, known_from, act) VALUES ('mine', '2026-01-01', '2020-01-01', 'order-1');
SELECT * FROM check_scheme('mine');
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT 'mine', a, b, s, w, '2026-01-01', '2020-01-01', 'order-1'
FROM (VALUES (0, 18, 1.5), (18, NULL, 0.75)) AS v (a, b, w), unnest('{male,female}'::sex[]) AS s;
SELECT * FROM check_scheme('mine');
SELECT weighted_heads('{3:2/0,40:0/2}', 'mine', '2026-01-31');

-- a correction of the same day, known later: another cut of the bands, whole and never mixed
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT 'mine', a, b, s, w, '2026-01-01', '2020-02-10', 'order-1'
FROM (VALUES (0, 5, 3), (5, NULL, 1)) AS v (a, b, w), unnest('{male,female}'::sex[]) AS s;
SELECT weighted_heads('{3:2/0,40:0/2}', 'mine', '2026-01-31', '2020-02-09') AS then,
       weighted_heads('{3:2/0,40:0/2}', 'mine', '2026-01-31') AS now;

-- a later day with faults: found in that edition only
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act) VALUES
    ('mine', 0, 10, 'male', 1, '2026-03-01', '2020-02-20', 'order-1'), ('mine', 5, 12, 'male', 1, '2026-03-01', '2020-02-20', 'order-1'),
    ('mine', 20, 15, 'male', 1, '2026-03-01', '2020-02-20', 'order-1'), ('mine', 14, NULL, 'male', 1, '2026-03-01', '2020-02-20', 'order-1'),
    ('mine', 0, 127, 'female', 1, '2026-03-01', '2020-02-20', 'order-1');
SELECT valid_from, age_from, age_to, sex, finding FROM check_scheme('mine');
SELECT * FROM check_scheme('mine', '2026-02-28');
SELECT * FROM check_scheme('mine', '2026-03-01', '2020-02-19');
SELECT age_from, age_to, sex, finding FROM check_scheme('mine', '2026-03-01');
SELECT * FROM osms_internal.uncovered('mine', '2026-03-01') WHERE age > 11;
SELECT weighted_heads('{3:1/0}', 'mine', '2026-03-01');
SELECT weighted_heads('{13:1/0}', 'mine', '2026-03-01');
SELECT weighted_heads('{7:1/0}', 'mine', '2026-03-01');
SELECT weighted_heads('{127:0/1}', 'mine', '2026-03-01');

-- unknown names, days before the beginning
SELECT weighted_heads('{}', 'yours', '2026-01-31');
SELECT weighted_heads('{}', 'mine', '2025-12-31');
SELECT check_scheme('yours');
SELECT scheme_on('mine', '2026-01-31', '2019-12-24');
SELECT parameter_on('approval_days', '2026-01-31');

-- base rates: the region's own row wins over the one for any region, the latest over earlier ones
INSERT INTO base_rate (scheme, region, class, rate, valid_from, known_from, act) VALUES
    ('mine', NULL, 'urban', 1000, '2026-01-01', '2020-01-01', 'order-1'),
    ('mine', NULL, 'urban', 1010, '2026-02-01', '2020-01-01', 'order-1'),
    ('mine', 'east', 'urban', 1100, '2026-01-01', '2020-01-01', 'order-1'),
    ('mine', 'east', 'urban', 1150, '2026-01-01', '2020-03-25', 'order-1');
SELECT region, day, known_at, (base_rate_on('mine', region, 'urban', day, known_at)).rate
FROM (VALUES ('east'), ('west'), (NULL)) AS r (region), (VALUES (date '2026-01-31'), ('2026-02-28')) AS d (day),
     (VALUES (timestamptz '2020-01-02 00:00+05'), ('2020-04-01 00:00+05')) AS k (known_at)
ORDER BY region, day, known_at;
SELECT base_rate_on('mine', 'east', 'rural', '2026-01-31');

-- rows are only added, the reserved names stay reserved
UPDATE act SET title = 'another' WHERE act = 'order-1';
DELETE FROM scheme_weight;
TRUNCATE base_rate;
INSERT INTO act (act, title) VALUES ('osms:mine', 'reserved');
INSERT INTO parameter (name, value, valid_from, act) VALUES ('approval_valid_days', '60', '2026-01-01', 'order-1');
SELECT parameter_on('approval_valid_days', '2025-12-31'), parameter_on('approval_valid_days', '2026-01-31');
SELECT osms_internal.append_only();

-- a row that could not be used says what could
INSERT INTO scheme (scheme, snapshot, valid_from, act) VALUES ('mine', 'mid_month', '2026-06-01', 'order-1');
INSERT INTO scheme (scheme, rate_rounding, valid_from, act) VALUES ('mine', 13, '2026-06-01', 'order-1');
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, act) VALUES ('mine', 0, 0.5, 'male', 1, '2026-06-01', 'order-1');
SELECT * FROM load_check('mine');

-- quotients are divided and rounded in one step
SELECT round_quotient(2, 3, 2), round_quotient(-2, 3, 2), round_quotient(1, 8, 2), round_quotient(-1, 8, 2), round_quotient(5, 2, 0),
       round_quotient(12345678901234567890123, 10, 0), round_quotient(0.01, 3, 6);
SELECT round(n / d, 2) AS twice, round_quotient(n, d, 2) AS once
FROM (VALUES (15 * 1e24 - 1, 1e27)) AS v (n, d);

-- anybody may read the law and use it; nobody but the owner adds to it
CREATE ROLE regress_analyst;
SET ROLE regress_analyst;
SELECT weighted_heads(pyramid('1990-01-01', 'female', '2026-01-31'), 'illustrative', '2026-01-31');
INSERT INTO act (act, title) VALUES ('mine', 'not mine to add');
DELETE FROM base_rate;
RESET ROLE;
DROP ROLE regress_analyst;

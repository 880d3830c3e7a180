-- The month's money by hand: one clinic in every rounding, reductions, December, the contract, person-days, and what does not change.
SET search_path = osms, public;
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();

-- One clinic of 26,000, everybody of weight 1.03456, B = 1700, two coefficients, 3,200 without contributions; 6,800 not served in 2026.
SELECT create_registry('clinic', cut_over => '2025-01-01');
ALTER TABLE clinic.roster DISABLE TRIGGER keep; -- written by hand below
INSERT INTO clinic.roster SELECT i, i, 1, NULL, '2025-01-01', 'infinity', '1980-01-01', CASE i % 2 WHEN 0 THEN 'male'
    ELSE 'female' END::sex, 'inherited', 'counted', '2025-01-01', 'infinity'
FROM generate_series(1, 26000) AS i;
INSERT INTO clinic.person (person, birth_date, sex) SELECT person, birth_date, sex FROM clinic.roster;
ANALYZE clinic.roster, clinic.person;
INSERT INTO clinic.organisation_status (organisation, region, class, valid_from) VALUES (1, 'Turkistan', 'rural', '2020-01-01');
INSERT INTO clinic.contract (organisation, valid_from) VALUES (1, '2020-01-01');
UPDATE clinic.setting SET roster_complete = true;
INSERT INTO act (act, title) VALUES ('order', 'An order');
INSERT INTO scheme (scheme, combination, coefficient_rounding, rate_rounding, valid_from, known_from, act)
SELECT s, c, k, r, '2018-01-01', '2018-01-01', 'order'
FROM (VALUES ('add', 'add', NULL::int, 2), ('add once', 'add', NULL, NULL), ('add 4', 'add', 4, 2), ('times', 'multiply', NULL, 2),
    ('times once', 'multiply', NULL, NULL), ('flat', 'add', NULL, 2)) AS v (s, c, k, r);
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT scheme, 0, NULL, x, CASE scheme WHEN 'flat' THEN 1 ELSE 1.03456 END, '2018-01-01', '2018-01-01', 'order'
    FROM scheme, unnest('{male,female}'::sex[]) AS x WHERE act = 'order';
INSERT INTO base_rate (scheme, class, rate, valid_from, known_from, act) SELECT scheme, 'rural', 1700, '2018-01-01', '2018-01-01', 'order'
    FROM scheme WHERE act = 'order';

-- nothing corrected: B times heads; a press example: contributions, then December
SELECT results_eq($$SELECT heads, coefficient, rate, insurance_unknown, reduced, amount FROM statement('clinic', '2026-03-01', 'flat')$$,
                  $$VALUES (26000::bigint, 1.000000, 1700.00, 26000::bigint, '{}'::jsonb, 44200000.00)$$,
                      'all coefficients 1 give B times heads; nobody''s contributions are known');
INSERT INTO clinic.insurance (person, month, category, paid) SELECT i, m, '1', i > 3200
    FROM generate_series(1, 26000) AS i, unnest('{2026-02-01,2026-11-01}'::date[]) AS m WHERE i <= 25000;
ANALYZE clinic.insurance;
SELECT results_eq($$SELECT rate, insurance_unknown, reduced, shares, amount, 44200000 - amount
    FROM statement('clinic', '2026-03-01', 'flat')$$,
                  $$VALUES (1700.00, 1000::bigint, '{"uninsured": 3200}'::jsonb, 25680.00, 43656000.00, 544000.00)$$,
                      '3,200 uninsured: 544,000.00 less');
INSERT INTO clinic.coefficient (organisation, kind, value, valid_from, known_from, act)
    VALUES (1, 'rural', 1.1298, '2020-01-01', '2020-01-01', 'order'), (1, 'heating', 1.0016, '2020-01-01', '2020-01-01', NULL);
SELECT results_eq(format('SELECT coefficient, rate, amount FROM statement(''clinic'', ''2026-03-01'', %L)', scheme),
    format('VALUES (%s, %s, %s)', coefficient, rate, amount), scheme || ': ' || amount)
FROM (VALUES ('add', '1.034560', '1982.13', '50901098.40'), ('add once', '1.034560', '1982.132000000000', '50901149.76'),
    ('add 4', '1.0346', '1982.20', '50902896.00'),
             ('times', '1.034560', '1990.22', '51108849.60'), ('times once', '1.034560', '1990.217270415360', '51108779.50'))
                 AS v (scheme, coefficient, rate, amount);
SELECT is(marks, '{"factors": {"heating": "no_act"}}', 'a coefficient without an act is marked')
    FROM statement('clinic', '2026-03-01', 'add');
SELECT throws_ok(statement, '55000', 'rows of table "coefficient" are only added', statement)
FROM unnest('{UPDATE clinic.coefficient SET value = 2,DELETE FROM clinic.coefficient,TRUNCATE clinic.coefficient}'::text[]) statement;
ALTER TABLE clinic.coefficient DISABLE TRIGGER append_only;
UPDATE clinic.coefficient SET act = CASE kind WHEN 'rural' THEN 'osms:illustrative' ELSE 'lost order' END;
SELECT results_eq($$SELECT marks, illustrative FROM statement('clinic', '2026-03-01', 'add')$$,
    $$VALUES ('{"factors": {"rural": "illustrative", "heating": "unknown_act"}}'::jsonb, true)$$,
    'so is one that is made up, or whose act nobody knows');
DELETE FROM clinic.coefficient;
SELECT results_eq($$SELECT earned, inactive, inactive_cut FROM statement('clinic', '2026-12-01', 'flat')$$,
    'VALUES (43656000.00, 0::bigint, 0::numeric)', 'without any service of the year nobody is reduced for want of one');
INSERT INTO clinic.service (service, person, organisation, served_on) SELECT i, i, 1, date '2026-01-01' + (i % 365)::int
    FROM generate_series(6801, 26000) AS i;
ANALYZE clinic.service;
DELETE FROM clinic.insurance;
SELECT results_eq($$SELECT earned, inactive, inactive_cut, inactive_rest, amount FROM statement('clinic', '2026-12-01', 'flat')$$,
                  'VALUES (44200000.00, 6800::bigint, 27744000.00, 0.00, 16456000.00)', '6,800 not served: 27,744,000.00 less in December');
SELECT results_eq($$SELECT DISTINCT heads, rate, shares, cut FROM osms_internal.inactive_cut(osms_internal.statement_terms('clinic', '2026-12-01', 'flat', now()))$$,
    'VALUES (6800::bigint, 1700.00, 1360.00, 2312000.00)', 'in every month of the year as much');
SELECT is(sum(inactive_cut), 0.00::numeric, 'not in November') FROM statement('clinic', '2026-11-01', 'flat');
INSERT INTO clinic.service (service, person, organisation, served_on, denied_at)
    VALUES (1, 1, 1, '2026-05-05', NULL), (2, 2, 2, '2026-05-05', NULL), (3, 3, 1, '2026-05-05', now()), (4, 4, 1, '2025-12-31', NULL),
    (5, 5, 1, '2027-01-01', NULL);
SELECT is(inactive, 6799::bigint, 'only a service here, in the year, that was not denied') FROM statement('clinic', '2026-12-01', 'flat');
UPDATE clinic.roster SET since = '2026-02-01' WHERE person IN (10, 11);
SELECT is(inactive, 6797::bigint, 'only who was here at all twelve snapshots') FROM statement('clinic', '2026-12-01', 'flat');
SELECT results_eq($$SELECT month, cut FROM osms_internal.inactive_cut(osms_internal.statement_terms('clinic', '2025-12-01', 'flat', now())) ORDER BY 1$$,
    $$VALUES (date '2025-10-01', 8838980.00), ('2025-11-01', 8838980.00),
        ('2025-12-01', 8838980.00)$$, 'months before the rule do not count');
-- both reductions of a month: the lower share, or their product
INSERT INTO clinic.insurance (person, month, category, paid) SELECT 100, m::date, '1', false
    FROM generate_series('2025-12-01'::date, '2026-11-01', '1 month') AS m;
INSERT INTO scheme (scheme, both_reductions, valid_from, known_from, act)
    VALUES ('flat product', 'product', '2018-01-01', '2018-01-01', 'order');
INSERT INTO scheme_weight SELECT 'flat product', age_from, age_to, sex, weight, valid_from, known_from, act FROM scheme_weight
    WHERE scheme = 'flat';
INSERT INTO base_rate (scheme, class, rate, valid_from, known_from, act)
    VALUES ('flat product', 'rural', 1700, '2018-01-01', '2018-01-01', 'order');
SELECT is((SELECT inactive_cut FROM statement('clinic', '2026-12-01', s)), want, s)
    FROM (VALUES ('flat', 6797 * 1700 * 12 * 0.2 - 1700 * 12 * 0.1), ('flat product', 6797 * 1700 * 12 * 0.2 - 1700 * 12 * 0.02))
    AS v (s, want);

-- Contributions: the month before, grace of three months, military never, unknown in full.
SELECT create_registry('small', cut_over => '2025-01-01');
ALTER TABLE small.roster DISABLE TRIGGER keep;
UPDATE small.setting SET roster_complete = true;
INSERT INTO small.organisation_status (organisation, region, class, valid_from) SELECT o, 'Almaty', 'rural', '2020-01-01'
    FROM generate_series(1, 3) AS o;
INSERT INTO small.contract (organisation, valid_from, yearly_amount)
    VALUES (1, '2026-01-01', NULL), (2, '2026-01-01', 50000), (3, '2026-01-01', NULL);
INSERT INTO small.roster SELECT i, i, 1, 'a', date '2026-01-01' + i, 'infinity', '1980-01-01', 'male', 'inherited', 'counted', '2025-01-01',
    'infinity' FROM generate_series(1, 8) AS i;
INSERT INTO small.insurance (person, month, category, paid) VALUES
    (1, '2026-05-01', '1', true), (2, '2026-05-01', '1', false), (3, '2026-05-01', 'M2', false), (4, '2026-05-01', '1', false),
        (4, '2026-02-01', '1', true),
    (5, '2026-05-01', '1', false), (5, '2026-01-01', '1', true), (6, '2026-06-01', '1', false), (7, '2026-05-01', '1', NULL);
SELECT results_eq($$SELECT person, insurance, share, reason FROM statement_persons('small', '2026-06-01', 'flat') ORDER BY 1$$,
    $$VALUES ('1', 'paid', 1::numeric, NULL), ('2', 'unpaid', 0.90, 'uninsured'), ('3', 'paid', 1, NULL), ('4', 'paid', 1, NULL),
        ('5', 'unpaid', 0.90, 'uninsured'),
             ('6', NULL, 1, NULL), ('7', NULL, 1, NULL), ('8', NULL, 1, NULL)$$, 'who is reduced and who is not known');
SELECT results_eq($$SELECT insurance_unknown, reduced, amount FROM statement('small', '2026-06-01', 'flat')$$,
    $$VALUES (3::bigint, '{"uninsured": 2}'::jsonb, 1700 * 7.80)$$, 'and the clinic');
SELECT results_eq($$SELECT insurance_unknown, reduced, amount FROM statement('small', '2025-09-01', 'flat')$$,
    $$SELECT NULL::bigint, NULL::jsonb, NULL::numeric WHERE false$$, 'nobody in 2025');

-- A list over the norm of its site: the steps are data, the last attached stand above it, the key decides among equals.
INSERT INTO small.site (organisation, site, norm, valid_from) VALUES (1, 'a', 5, '2026-01-01'), (1, 'b', 1, '2026-01-01');
SELECT is(reduced, '{"uninsured": 2}', 'without steps nobody is reduced') FROM statement('small', '2026-06-01', 'flat');
INSERT INTO norm_step (scheme, above, share, valid_from, known_from, act)
    VALUES ('flat', 100, 0.8, '2026-01-01', '2026-01-01', 'order'), ('flat', 130, 0.5, '2026-01-01', '2026-01-01', 'order');
UPDATE small.roster SET since = '2026-01-20' WHERE person IN (3, 5, 7, 8);
SELECT results_eq($$SELECT person, share, reason FROM statement_persons('small', '2026-06-01', 'flat') WHERE share < 1 ORDER BY 1$$,
    $$VALUES ('2', 0.90, 'uninsured'), ('5', 0.8, 'uninsured, over_norm'), ('7', 0.5, 'over_norm'), ('8', 0.5, 'over_norm')$$,
        'the lower of both, by place on the list');
SELECT results_eq($$SELECT reduced, shares FROM statement('small', '2026-06-01', 'flat')$$,
    $$VALUES ('{"uninsured": 1, "over_norm": 2, "uninsured, over_norm": 1}'::jsonb, 4 + 0.9 + 0.8 + 0.5 + 0.5)$$, 'heads by reason');
INSERT INTO small.roster VALUES (9, 9, 1, 'a', '2026-01-05', 'infinity', NULL, 'male', 'inherited', 'counted', '2025-01-01', 'infinity');
SELECT is(persons_held, 1::bigint, 'who cannot be placed takes no place on the list') FROM statement('small', '2026-06-01', 'flat')
    WHERE shares = 4 + 0.9 + 0.8 + 0.5 + 0.5;
DELETE FROM small.site;

-- The contract caps what is paid in the year; what it cut is carried on, and paid when the contract grows.
INSERT INTO small.roster SELECT 100 + i, 100 + i, 2, NULL, '2026-01-01', 'infinity', '1980-01-01', 'male', 'inherited', 'counted',
    '2025-01-01', 'infinity' FROM generate_series(1, 10) AS i;
SELECT results_eq($$SELECT contract_amount, earned, carried_in, cap_cut, amount FROM statement('small', '2026-02-01', 'flat')
    WHERE organisation = '2'$$, 'VALUES (50000::numeric, 17000.00, 0::numeric, 0.00, 17000.00)', 'enough left');
INSERT INTO small.payment (organisation, month, amount) VALUES (2, '2025-12-01', 49999), (2, '2026-01-01', 17000), (2, '2026-02-01', 17000),
    (2, '2026-04-01', 1);
SELECT results_eq($$SELECT earned, cap_cut, amount FROM statement('small', '2026-03-01', 'flat') WHERE organisation = '2'$$,
    'VALUES (17000.00, 1000.00, 16000.00)', 'after 34,000 of 50,000; other years and later months do not count');
DROP TABLE small.statement_line;
CREATE TABLE small.statement_line (month date, organisation bigint, rate numeric, amount numeric, cap_cut numeric, status text,
    earned numeric);
INSERT INTO small.statement_line VALUES ('2026-03-01', 2, 1700, 16000, 1000, 'ok'), ('2026-04-01', 2, 1700, NULL, NULL, 'held');
SELECT results_eq($$SELECT earned, carried_in, cap_cut, amount FROM statement('small', '2026-05-01', 'flat') WHERE organisation = '2'$$,
    'VALUES (17000.00, 1000::numeric, 18000.00, 0::numeric)', 'exhausted, carried on');
INSERT INTO small.contract (organisation, valid_from, yearly_amount) VALUES (2, '2026-05-15', 60000);
SELECT results_eq($$SELECT carried_in, cap_cut, amount FROM statement('small', '2026-05-01', 'flat') WHERE organisation = '2'$$,
    'VALUES (1000::numeric, 8001.00, 9999::numeric)', 'a larger contract pays what was cut, up to the last tenge');
SELECT results_eq($$SELECT carried_in, cap_cut, amount FROM statement('small', '2027-01-01', 'flat') WHERE organisation = '2'$$,
    'VALUES (0::numeric, 0.00, 17000.00)', 'a new year begins anew');

-- The invoice: capitation, what was entered, sanctions in multiples of the rate of the month of the defect.
INSERT INTO small.adjustment (organisation, month, line, amount, act)
    VALUES (2, '2026-05-01', 'SCHOOL', 1234.56, 'pupils 7'), (2, '2026-05-01', 'SK', 500, 'quarter 1'),
    (2, '2026-04-01', 'SK', 9, 'another month'), (1, '2026-05-01', 'SK', 9, 'another clinic');
INSERT INTO base_rate (scheme, class, rate, valid_from, known_from, act)
    VALUES ('flat', 'rural', 1600, '2026-01-01', '2026-01-01', 'order'), ('flat', 'rural', 1700, '2026-04-01', '2026-01-01', 'order');
INSERT INTO small.defect (organisation, month, defect_month, code, cases, act)
    VALUES (2, '2026-05-01', '2026-02-01', '5.2', 2, 'act 7'), (2, '2026-05-01', '2026-03-01', '5.2', 1, 'act 8');
SELECT results_eq($$SELECT line, amount, detail FROM invoice('small', '2', '2026-05-01', 'flat')$$,
    $$VALUES ('PMSP', 17000.00, '1700.00 x 10'), ('PMSP', 1000, 'the contract did not allow it'),
        ('PMSP', -8001.00, 'contract of 60000 a year'), ('SCHOOL', 1234.56, 'pupils 7'), ('SK', 500, 'quarter 1'),
             ('sanction 5.2', -170000.00, '1 x 100 x 1700 of 2026-03'), ('sanction 5.2', NULL, '2 x no multiple x 1600.00 of 2026-02'),
                 ('BANK', NULL, NULL)$$, 'a sum with an unknown part is not known');
DELETE FROM small.defect WHERE defect_month = '2026-02-01';
SELECT is((SELECT amount FROM invoice('small', '2', '2026-05-01', 'flat') WHERE line = 'BANK'), 9999 + 1234.56 + 500 - 170000.00,
    'the bank sum');
INSERT INTO scheme (scheme, sanction_rate, valid_from, known_from, act)
    VALUES ('flat', 'invoice_month', '2026-05-01', '2026-06-01', 'order');
DELETE FROM small.statement_line;
SELECT is((SELECT sum(amount) FROM osms_internal.sanctions(osms_internal.statement_terms('small', '2026-05-01', 'flat', now()), '2')), 170000.00,
    'or of the month of the act, by the scheme') FROM scheme LIMIT 1;
DELETE FROM small.contract WHERE organisation = 2;
DELETE FROM small.defect;
SELECT results_eq($$SELECT line, amount, detail FROM invoice('small', '2', '2026-05-01', 'flat') WHERE line IN ('PMSP', 'BANK')$$,
    $$VALUES ('PMSP', 0::numeric, 'held: no_contract'), ('BANK', 1734.56, NULL)$$, 'a held organisation is still paid the rest');

-- Person-days: a month split at any day sums to the whole, and the statement is what they make.
INSERT INTO scheme (scheme, snapshot, list_limit, valid_from, known_from, act)
    VALUES ('days', 'person_days', 'none', '2018-01-01', '2018-01-01', 'order');
INSERT INTO scheme_weight SELECT 'days', age_from, age_to, sex, CASE sex WHEN 'male' THEN 1.25 ELSE 0.75 END, valid_from, known_from, act
    FROM scheme_weight WHERE scheme = 'flat';
INSERT INTO base_rate (scheme, class, rate, valid_from, known_from, act)
    VALUES ('days', 'rural', 3100, '2018-01-01', '2018-01-01', 'order');
INSERT INTO small.roster SELECT 1000 + i, 1000 + i, 3, NULL, date '2026-05-20' + i % 25, date '2026-06-01' + i % 50, date '2000-05-01' + i,
    CASE i % 3 WHEN 0 THEN 'male' ELSE 'female' END::sex, 'inherited', 'counted', '2025-01-01', 'infinity'
FROM generate_series(1, 60) AS i WHERE i % 50 > 0;
CREATE TEMPORARY TABLE whole AS SELECT * FROM person_days('small', '2026-05-01', '2026-06-01', 'days');
SELECT ok(w.pyramid = a.pyramid + coalesce(b.pyramid, '{}') AND w.listed = a.listed + coalesce(b.listed, 0), 'split on ' || d::date)
FROM generate_series('2026-05-22'::date, '2026-05-30', '1 day') AS d, whole w, person_days('small', '2026-05-01', d::date + 1, 'days') AS a,
    person_days('small', d::date + 1, '2026-06-01', 'days') AS b
WHERE w.organisation = '3' AND a.organisation = '3' AND b.organisation = '3';
SELECT is((SELECT sum(p.listed) FROM generate_series('2026-05-01'::date, '2026-05-31', '1 day') AS d,
    person_days('small', d::date, d::date + 1, 'days') AS p), sum(listed), 'or into days') FROM whole;
SELECT results_eq($$SELECT s.heads, s.pyramid::text, s.rate, s.amount FROM statement('small', '2026-05-01', 'days') AS s
    WHERE organisation = '3'$$,
    $$SELECT heads(pyramid), pyramid::text, round(3100 * (heads(pyramid, sex => 'male') * 1.25 + heads(pyramid, sex => 'female') * 0.75)
        / heads(pyramid), 2),
             round(round(3100 * (heads(pyramid, sex => 'male') * 1.25 + heads(pyramid, sex => 'female') * 0.75) / heads(pyramid),
                 2) * heads(pyramid) / 31, 2) FROM whole WHERE organisation = '3'$$, 'the statement of person-days');
SELECT is((SELECT pyramid FROM whole WHERE organisation = '3'),
    (SELECT sum(p) FROM (SELECT pyramid(birth_date, sex, day) AS p FROM statement_persons('small', '2026-05-01', 'days')
    WHERE organisation = '3' GROUP BY day) AS x), 'each day has its own age');
SELECT throws_ok($$SELECT person_days('small', '2026-05-01', '2026-05-01')$$, '22023', 'days from 2026-05-01 up to 2026-05-01 are none',
    'no days');

-- A snapshot: born and died on the day count, a mover counts at the new clinic.
INSERT INTO small.roster VALUES (5001, 5001, 3, NULL, '2026-09-30', 'infinity', '2026-09-30', 'male', 'inherited', 'counted', '2025-01-01',
    'infinity'),
    (5002, 5002, 3, NULL, '2026-01-01', '2026-10-01', '1950-01-01', 'male', 'inherited', 'counted', '2025-01-01', 'infinity'),
    (5003, 5003, 1, NULL, '2026-01-01', '2026-09-30', '1950-01-01', 'male', 'inherited', 'counted', '2025-01-01', 'infinity'),
    (5004, 5003, 3, NULL, '2026-09-30', 'infinity', '1950-01-01', 'male', 'inherited', 'counted', '2025-01-01', 'infinity');
SELECT results_eq($$SELECT person, organisation FROM statement_persons('small', '2026-09-01', 'flat') WHERE person LIKE '500_'
    ORDER BY 1$$, $$VALUES ('5001', '3'), ('5002', '3'), ('5003', '3')$$, 'on the last day');

-- With one rate for all and no rounding, a person who moves takes exactly his share along; the total stays.
CREATE TEMPORARY TABLE at_first AS SELECT * FROM statement('clinic', '2026-03-01', 'flat') UNION ALL SELECT *
    FROM statement('small', '2026-03-01', 'flat') WHERE organisation = '3';
UPDATE small.roster SET organisation = 1 WHERE person = 5002;
SELECT results_eq($$SELECT organisation, amount - (SELECT coalesce(sum(amount), 0) FROM statement('small', '2026-02-01', 'flat') AS b
    WHERE b.organisation = a.organisation) FROM statement('small', '2026-03-01', 'flat') AS a WHERE organisation = '1'$$,
                  $$VALUES ('1', 0.00)$$, 'the same two months in a row');
CREATE TEMPORARY TABLE moved AS SELECT organisation, rate, amount FROM statement('small', '2026-03-01', 'flat');
UPDATE small.roster SET organisation = 3 WHERE person = 5002;
SELECT results_eq($$SELECT a.organisation, coalesce(a.amount, 0) - coalesce(m.amount, 0)
    FROM statement('small', '2026-03-01', 'flat') AS a FULL JOIN moved m USING (organisation) WHERE organisation <> '2' ORDER BY 1$$,
                  $$VALUES ('1', -1600.00), ('3', 1600.00)$$, 'moving one person moves one share');

-- Paid and unpaid are everybody, whatever is wrong with whom.
INSERT INTO small.person (person, birth_date, sex) SELECT DISTINCT ON (person) person, birth_date, sex FROM small.roster ORDER BY person;
INSERT INTO small.person (person, birth_date, sex, death_date, stay_until, region)
    VALUES (9001, '1990-01-01', 'male', NULL, NULL, 'Almaty'), (9002, '2026-12-01', 'male', NULL, NULL, NULL),
    (9003, '1990-01-01', 'male', '2026-06-29', NULL, NULL), (9004, '1990-01-01', 'male', '2026-06-30', NULL, NULL),
        (9005, '1990-01-01', 'male', NULL, '2026-06-29', NULL);
INSERT INTO small.roster VALUES (6001, 9101, 1, NULL, '2026-01-01', 'infinity', '1980-01-01', NULL, 'inherited', 'counted', '2025-01-01',
    'infinity'), (6002, 9102, 1, NULL, '2026-01-01', 'infinity', '1980-01-01', 'male', 'inherited', 'excused', '2025-01-01', 'infinity'),
    (6003, 9103, 77, NULL, '2026-01-01', 'infinity', '1980-01-01', 'male', 'inherited', 'counted', '2025-01-01', 'infinity'),
        (6004, 9104, 1, NULL, '2026-01-01', 'infinity', '2030-01-01', 'male', 'inherited', 'suspect', '2025-01-01', 'infinity'),
    (6005, 9105, 1, NULL, '2026-01-01', 'infinity', '1980-01-01', 'male', 'inherited', 'suspect', '2025-01-01', 'infinity');
INSERT INTO small.person (person, birth_date, sex) SELECT p, '1980-01-01', NULL FROM generate_series(9101, 9105) AS p;
SELECT results_eq($$SELECT person, organisation, reason FROM unpaid('small', '2026-06-01', 'flat') WHERE person ~ '^9(0|1)' OR person = '9'
    ORDER BY person COLLATE "C"$$,
    $$VALUES ('9', '1', 'no_birth_date'), ('9001', NULL, 'not_attached'), ('9002', NULL, 'unborn'), ('9003', NULL, 'dead'),
        ('9004', NULL, 'not_attached'), ('9005', NULL, 'stay_ended'),
             ('9101', '1', 'no_sex'), ('9102', '1', 'excused'), ('9103', '77', 'organisation_held: no_status, no_contract'),
                 ('9104', '1', 'birth_date')$$, 'one reason each');
INSERT INTO scheme SELECT (jsonb_populate_record(s, '{"scheme": "flat unpaid", "suspect": "unpaid"}')).* FROM scheme s
    WHERE scheme = 'flat' AND known_from = '2018-01-01';
INSERT INTO scheme_weight SELECT 'flat unpaid', age_from, age_to, sex, weight, valid_from, known_from, act FROM scheme_weight
    WHERE scheme = 'flat';
SELECT is((SELECT reason FROM unpaid('small', '2026-06-01', 'flat unpaid') WHERE person = '9105'), 'suspect',
    'suspects, where the scheme does not pay them');
SELECT ok(count(*) > 80 AND count(*) = count(DISTINCT person) AND bool_and(reason IS NOT NULL)
    AND (SELECT count(*) FROM small.person) = count(*), s || ': paid and unpaid are everybody, once')
FROM unnest('{flat,days,add}'::text[]) AS s,
     LATERAL (SELECT person, reason FROM unpaid('small', '2026-06-01', s) UNION ALL
              SELECT DISTINCT p.person, 'paid' FROM statement_persons('small', '2026-06-01', s) AS p
                  JOIN statement('small', '2026-06-01', s) AS l USING (organisation) WHERE p.placed AND p.share > 0 AND l.status = 'ok')
                  AS u
GROUP BY s;
SELECT results_eq($$SELECT person, region FROM unattached('small', '2026-06-30') WHERE person ~ '^9'
    ORDER BY 1$$, $$VALUES ('9001', 'Almaty'), ('9004', NULL)$$, 'residents no clinic has');
INSERT INTO small.residence (person, region, kind, valid_from)
    VALUES (9001, 'Astana', 'permanent', '2026-02-01'), (9001, 'Semey', 'permanent', '2026-07-01');
SELECT is((SELECT region FROM unattached('small', '2026-06-30') WHERE person = '9001'), 'Astana', 'where they live on that day');

-- The monthly form: opening and attached less detached are closing, and the bands sum to it.
INSERT INTO small.roster VALUES (7001, 7001, 3, 'a', '2026-01-01', '2026-05-25', '1980-01-01', 'female', 'inherited', 'counted',
    '2025-01-01', 'infinity'), (7002, 7001, 3, 'b', '2026-05-25', 'infinity', '1980-01-01', 'female', 'inherited', 'counted', '2025-01-01',
    'infinity'),
    (7003, 7003, 3, NULL, '2026-05-10', '2026-05-12', '1980-01-01', 'female', 'inherited', 'counted', '2025-01-01', 'infinity'),
        (7004, 7004, 3, NULL, '2026-05-01', '2026-05-31', '1980-01-01', NULL, 'inherited', 'suspect', '2025-01-01', 'infinity'),
    (7005, 7005, 3, NULL, '2026-05-31', '2026-06-01', NULL, 'male', 'inherited', 'suspect', '2025-01-01', 'infinity');
SELECT ok(bool_and(o.male + a.male - d.male = c.male AND o.female + a.female - d.female = c.female
    AND o.unknown + a.unknown - d.unknown = c.unknown AND c.total = b.total AND c.male = b.male AND c.female = b.female)
          AND count(*) = 36 AND sum(a.total) > 50 AND sum(d.total) > 20, 'in every month and organisation')
FROM generate_series('2026-01-01'::date, '2026-12-01', '1 month') AS m, generate_series(1, 3) AS org,
     LATERAL (SELECT * FROM monthly_form('small', org::text, m::date) WHERE line = 'opening') AS o,
         LATERAL (SELECT * FROM monthly_form('small', org::text, m::date) WHERE line = 'attached') AS a,
     LATERAL (SELECT * FROM monthly_form('small', org::text, m::date) WHERE line = 'detached') AS d,
         LATERAL (SELECT * FROM monthly_form('small', org::text, m::date) WHERE line = 'closing') AS c,
     LATERAL (SELECT sum(total) AS total, sum(male) AS male, sum(female) AS female FROM monthly_form('small', org::text, m::date)
         WHERE part = 'age') AS b;
SELECT results_eq($$SELECT line, male, female, unknown, total FROM monthly_form('small', '3', '2026-05-01') WHERE part = 'movement'$$,
    $$SELECT * FROM (VALUES ('opening', 1::bigint, 1::bigint, 0::bigint, 2::bigint)) AS v UNION ALL
      SELECT 'attached', count(*) FILTER (WHERE sex = 'male'), count(*) FILTER (WHERE sex = 'female'), count(*) FILTER (WHERE sex IS NULL),
          count(*) FROM small.roster WHERE organisation = 3 AND since BETWEEN '2026-05-01' AND '2026-05-31' AND attachment <> 7002 UNION ALL
      SELECT * FROM (VALUES ('detached', 0::bigint, 1::bigint, 1::bigint, 2::bigint)) AS v UNION ALL
      SELECT 'closing', count(*) FILTER (WHERE sex = 'male'), count(*) FILTER (WHERE sex = 'female'), count(*) FILTER (WHERE sex IS NULL),
          count(*) FROM small.roster WHERE organisation = 3 AND since <= '2026-05-31'
          AND until > '2026-05-31'$$, 'spells that touch are one, a spell within the month comes and goes');
SELECT is((SELECT sum(heads + persons_held) FROM statement('small', '2026-05-01', 'flat')),
    (SELECT sum(total)::numeric FROM generate_series(1, 3) AS o, monthly_form('small', o::text, '2026-05-01') WHERE line = 'closing') + 1,
    'closing is what the statement lists');
SELECT is(count(*), 12::bigint, 'eleven bands and the rest') FROM monthly_form('small', '3', '2026-05-01') WHERE part = 'age';
SELECT results_eq($$SELECT region, total, organisations, held, heads, amount FROM statement_by_region('small', '2026-06-01', 'flat')$$,
    $$(SELECT region, false, count(*), count(*) FILTER (WHERE status = 'held'), sum(heads)::bigint, sum(amount)
        FROM statement('small', '2026-06-01', 'flat') GROUP BY region ORDER BY region COLLATE "C") UNION ALL
      SELECT NULL, true, count(*), count(*) FILTER (WHERE status = 'held'), sum(heads)::bigint, sum(amount)
          FROM statement('small', '2026-06-01', 'flat')$$, 'regions and their total');

SELECT * FROM finish();

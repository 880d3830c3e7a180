-- A registry of made-up persons for test/oracle/statement.py, the same in every run: everything that a statement can ask of it, with
-- gaps; and a scheme for every property beside the default.
SELECT osms.create_registry('fund', cut_over => '2020-01-01');
ALTER TABLE fund.organisation_status ALTER known_from SET DEFAULT '-infinity';
ALTER TABLE fund.contract ALTER known_from SET DEFAULT '-infinity';
ALTER TABLE fund.insurance ALTER known_from SET DEFAULT '-infinity';
ALTER TABLE fund.service ALTER known_from SET DEFAULT '-infinity';
ALTER TABLE fund.site ALTER known_from SET DEFAULT '-infinity';
CREATE FUNCTION pick(what text, id bigint, upto int) RETURNS int LANGUAGE sql IMMUTABLE
    RETURN ((hashtextextended(what, id) % upto) + upto) % upto;

-- 1,200 persons; some moved in the year, some were corrected on 1 June 2026, some are suspect, excused or cannot be placed
INSERT INTO fund.roster
SELECT id * 10 + part, id, 1 + pick('organisation' || part, id, 30), nullif(pick('site', id, 4), 0)::text, since, until,
       CASE WHEN pick('unborn', id, 60) = 0 THEN NULL WHEN pick('old', id, 300) = 0 THEN date '1890-01-01' + pick('birth', id, 3650)
            ELSE date '2026-12-20' - (pick('birth', id, 36000)) END,
       CASE WHEN pick('sexless', id, 70) > 0 THEN CASE pick('sex', id, 2) WHEN 0 THEN 'male' ELSE 'female' END::osms.sex END, 'inherited',
       CASE pick('mark', id, 15) WHEN 0 THEN 'suspect' WHEN 1 THEN 'excused' ELSE 'counted' END, '2025-01-01', 'infinity'
FROM (SELECT id, part, CASE part WHEN 1 THEN date '2024-06-01' + pick('since', id, 400) ELSE moved END AS since,
             CASE WHEN part = 1 AND moves THEN moved WHEN pick('left', id, 12) = 0 THEN moved + 60 ELSE 'infinity' END AS until
      FROM (SELECT id, pick('moves', id, 5) = 0 AS moves, date '2025-08-01' + pick('moved', id, 480) AS moved
          FROM generate_series(1, 1200) AS id) AS p,
           generate_series(1, 2) AS part
      WHERE part = 1 OR moves) AS a
WHERE since < until;
ALTER TABLE fund.roster DISABLE TRIGGER keep; -- written by hand
WITH corrected AS (
    UPDATE fund.roster SET known_to = '2026-06-01' WHERE person % 10 = 0 RETURNING *)
INSERT INTO fund.roster
SELECT attachment, person, organisation, site, since, until, birth_date - 400, sex, basis, mark, '2026-06-01', 'infinity' FROM corrected;
-- persons who were restored on 1 June 2026: to where they had been all the time, or to another organisation
WITH annulled AS (
    UPDATE fund.roster SET known_to = '2026-06-01' WHERE person % 10 = 4 AND until = 'infinity' AND known_to = 'infinity' RETURNING *)
INSERT INTO fund.roster
SELECT attachment + 5, person, CASE person % 3 WHEN 0 THEN organisation ELSE 1 + organisation % 30 END, site, since - (person % 40)::int,
    until, birth_date, sex, 'restores', mark, '2026-06-01', 'infinity' FROM annulled;
ALTER TABLE fund.roster ENABLE TRIGGER keep;
UPDATE fund.setting SET roster_complete = true;

INSERT INTO fund.organisation_status (organisation, region, class, valid_from)
SELECT o, 'region ' || o % 5, CASE o % 3 WHEN 0 THEN 'rural' WHEN 1 THEN 'urban' ELSE CASE WHEN o = 20 THEN 'remote' ELSE 'urban' END END,
    CASE o WHEN 30 THEN date '2026-06-15' ELSE '2020-01-01' END
FROM generate_series(1, 39) AS o;
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) SELECT o, 'region 9', 'rural', '2026-03-15'
    FROM generate_series(1, 39, 6) AS o;
INSERT INTO fund.contract (organisation, valid_from, valid_to, yearly_amount)
SELECT o, '2025-01-01', CASE WHEN o % 11 = 0 THEN date '2026-03-15' END, CASE WHEN o % 3 > 0 THEN 60000 + o * 30000 END
    FROM generate_series(1, 38) AS o;
INSERT INTO fund.contract (organisation, valid_from, yearly_amount) SELECT o, '2026-07-01', 900000 + o FROM generate_series(1, 38, 5) AS o;
INSERT INTO fund.coefficient (organisation, kind, value, valid_from, known_from, act)
SELECT o, kind, round(0.9 + pick(kind, o, 3000) / 10000.0, 4), '2025-01-01', '2025-01-01', 'x'
    FROM generate_series(1, 40) AS o, unnest('{rural,density,heating}'::text[]) AS kind WHERE pick(kind, o, 3) > 0;
INSERT INTO fund.coefficient (organisation, kind, value, valid_from, known_from, act) VALUES
    (1, 'rural', 1.5, '2026-03-15', '2025-01-01', 'x'), (2, 'density', 1.0777, '2025-06-01', '2026-06-01', 'x');
INSERT INTO fund.insurance (person, month, category, paid)
SELECT id, month::date, (ARRAY['1', '7', 'M1', NULL])[1 + pick('category', id, 4)],
    (ARRAY[true, true, false, NULL])[1 + pick('paid' || month, id, 4)]
FROM generate_series(1, 1200) AS id, generate_series('2025-05-01'::date, '2026-12-01', '1 month') AS month
    WHERE pick('known' || month, id, 5) > 0 AND id % 9 > 0;
INSERT INTO fund.service (service, person, organisation, served_on, denied_at)
SELECT r.attachment * 10 + year, r.person, r.organisation, make_date(2025 + year, 1, 1) + pick('served', r.person, 365), CASE
    WHEN pick('denied', r.person, 20) = 0 THEN timestamptz '2026-01-01' END
FROM fund.roster r, generate_series(0, 1) AS year WHERE r.known_to = 'infinity' AND pick('seen' || year, r.person, 9) > 0;
INSERT INTO fund.site (organisation, site, norm, valid_from)
SELECT o, s::text, CASE WHEN o % 4 > 0 THEN 5 + pick('norm', o * 10 + s, 12) END, '2025-01-01'
    FROM generate_series(1, 38) AS o, generate_series(1, 3) AS s;
INSERT INTO fund.site (organisation, site, norm, valid_from) SELECT o, '2', 8, '2026-03-15' FROM generate_series(1, 38, 3) AS o;
INSERT INTO fund.payment (organisation, month, amount) SELECT o, month::date, round(1000 + pick('payment', o, 900000) / 37.0, 2)
FROM generate_series(1, 36, 2) AS o, generate_series('2026-01-01'::date, '2026-05-01', '1 month') AS month;
-- what months that are closed leave behind, free to be written by hand
DROP TABLE fund.ledger, fund.restatement_line, fund.restatement, fund.statement_line, fund.statement;
CREATE TABLE fund.statement (month date, scheme text, known_at timestamptz);
CREATE TABLE fund.statement_line (month date, organisation bigint, rate numeric, amount numeric, cap_cut numeric, status text,
    earned numeric);

INSERT INTO osms.act (act, title) VALUES ('x', 'Made up for the oracle');
INSERT INTO osms.scheme (scheme, valid_from, known_from, act) VALUES ('default', '2020-01-01', '2020-01-01', 'x');
INSERT INTO osms.scheme (scheme, rate_rounding, valid_from, known_from, act)
    VALUES ('rate_rounding', NULL, '2020-01-01', '2020-01-01', 'x');
INSERT INTO osms.scheme (scheme, coefficient_rounding, rate_rounding, amount_rounding, insurance_lag, valid_from, known_from, act)
    VALUES ('digits', 4, 3, 0, 2, '2020-01-01', '2020-01-01', 'x');
INSERT INTO osms.scheme (scheme, snapshot, rate_rounding, both_reductions, combination, valid_from, known_from, act)
    VALUES ('days_times', 'person_days', NULL, 'product', 'multiply', '2020-01-01', '2020-01-01', 'x');
INSERT INTO osms.scheme (scheme, snapshot, age_on, rate_on, coefficient_over, inactive, cap, valid_from, known_from, act)
    VALUES ('mixed', 'first_day', 'year_start', 'month_start', 'full', 'any_month', 'cut', '2020-01-01', '2020-01-01', 'x');
SELECT format(
    'INSERT INTO osms.scheme (scheme, %1$I, valid_from, known_from, act) VALUES (%2$L, %3$L, ''2020-01-01'', ''2020-01-01'', ''x'')',
    property, property || ' ' || choice, choice)
FROM osms.scheme_property(), unnest(choices[2:]) AS choice WHERE property <> 'sanction_rate'
\gexec
-- and schemes in which everything is asked for together
INSERT INTO osms.scheme
SELECT (jsonb_populate_record(d, jsonb_build_object('scheme', 'random ' || n) || (
    SELECT jsonb_object_agg(p.property, CASE WHEN p.choices IS NOT NULL
        THEN to_jsonb(p.choices[1 + pick(p.property, n, cardinality(p.choices))])
        WHEN p.property IN ('coefficient_rounding', 'rate_rounding') AND pick(p.property || '?', n, 3) = 0 THEN NULL
        ELSE to_jsonb(pick(p.property, n, CASE p.property WHEN 'coefficient_rounding' THEN 7 ELSE 4 END)) END)
            FROM osms.scheme_property() AS p))).*
FROM generate_series(1, 60) AS n, osms.scheme AS d WHERE d.scheme = 'default';
INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT s.scheme, a, b, x, w + CASE x WHEN 'male' THEN 0 ELSE 0.0137 END, v, k, 'x'
FROM osms.scheme s, (VALUES (date '2020-01-01', timestamptz '2020-01-01', 0, 1, 3.5001), ('2020-01-01', '2020-01-01', 1, 18, 1.2),
    ('2020-01-01', '2020-01-01', 18, 65, 0.7),
    ('2020-01-01', '2020-01-01', 65, NULL, 1.9333), ('2026-03-15', '2026-06-01', 0, 7, 2.7002), ('2026-03-15', '2026-06-01', 7, 50, 0.92),
        ('2026-03-15', '2026-06-01', 50, NULL, 1.5)
    ) AS e (v, k, a, b, w), unnest('{male,female}'::osms.sex[]) AS x WHERE s.act = 'x' AND (a < 65 OR s.scheme NOT LIKE 'random %9');
INSERT INTO osms.base_rate (scheme, region, class, rate, valid_from, known_from, act)
SELECT s.scheme, r, c, b, v, k, 'x'
FROM osms.scheme s, (VALUES (NULL, 'urban', 1010.11, date '2020-01-01', timestamptz '2020-01-01'),
    (NULL, 'rural', 1212.13, '2020-01-01', '2020-01-01'),
    ('region 3', 'rural', 1333.33, '2020-01-01', '2020-01-01'), ('region 3', 'rural', 1444.44, '2026-01-01', '2026-06-01'),
    ('region 9', 'rural', 1555.55, '2020-01-01', '2020-01-01')) AS e (r, c, b, v, k) WHERE s.act = 'x';
INSERT INTO osms.norm_step (scheme, above, share, valid_from, known_from, act)
SELECT s.scheme, a, w, v, k, 'x' FROM osms.scheme s, (VALUES (100, 0.8, date '2020-01-01', timestamptz '2020-01-01'),
    (130.5, 0.5, '2020-01-01', '2020-01-01'), (100, 1, '2026-01-01', '2026-06-01'),
    (110, 0.85, '2026-01-01', '2026-06-01'), (150, 0, '2026-01-01', '2026-06-01')) AS e (a, w, v, k)
        WHERE s.act = 'x' AND s.scheme NOT LIKE 'inactive%';
-- What became known on 1 June 2026: of one fact the row known last counts.
INSERT INTO fund.insurance (person, month, category, paid, known_from)
SELECT person, month, CASE WHEN person % 4 = 0 THEN 'M1' ELSE category END, (ARRAY[true, false, NULL])[1 + pick('corrected', person, 3)],
    '2026-06-01' FROM fund.insurance WHERE pick('told otherwise' || month, person, 6) = 0;
INSERT INTO fund.contract (organisation, valid_from, valid_to, yearly_amount, known_from)
SELECT organisation, valid_from, CASE WHEN organisation % 4 = 0 THEN date '2026-03-20' END, yearly_amount * 1.25, '2026-06-01'
    FROM fund.contract WHERE organisation % 4 < 2;
INSERT INTO fund.organisation_status (organisation, region, class, valid_from, known_from)
SELECT organisation, 'region 3', 'rural', valid_from, '2026-06-01' FROM fund.organisation_status WHERE organisation % 7 = 2;
INSERT INTO fund.site (organisation, site, norm, valid_from, known_from)
SELECT organisation, site, CASE WHEN organisation % 2 = 0 THEN norm + 2 END, valid_from, '2026-06-01' FROM fund.site
    WHERE organisation % 5 = 1;
INSERT INTO fund.service (service, person, organisation, served_on, known_from, denied_at)
SELECT r.attachment * 10 + 5, r.person, r.organisation, '2026-02-02', '2026-06-01', CASE
    WHEN r.person % 3 = 0 THEN timestamptz '2026-09-01' END FROM fund.roster AS r WHERE r.known_to = 'infinity' AND r.person % 17 = 0;
-- a mapped table may hold what that of osms refuses
ALTER TABLE fund.coefficient DROP CONSTRAINT coefficient_value;
INSERT INTO fund.coefficient (organisation, kind, value, valid_from, known_from, act) VALUES
    (7, 'density', -0.5, '2026-03-15', '2025-01-01', 'x'), (9, 'rural', 0, '2026-03-15', '2025-01-01', 'x'),
        (9, 'density', 0, '2026-03-15', '2025-01-01', 'x');
INSERT INTO osms.parameter (name, value, valid_from, known_from, act) VALUES
    ('uninsured_share', '0.85', '2026-04-01', '2026-06-01', 'x'), ('insurance_grace_months', '2', '2026-02-01', '2026-01-01', 'x'),
    ('insurance_exempt_categories', '{M1,7}', '2026-05-01', '2026-01-01', 'x'), ('inactive_share', '0.7', '2026-05-01', '2026-06-01', 'x'),
        ('inactive_share', '1', '2025-09-01', '2026-11-01', 'x');
ANALYZE;

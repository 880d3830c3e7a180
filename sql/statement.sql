-- the month's money, as an analyst reads it
SET search_path = public, osms;
\set SHOW_CONTEXT never
CREATE SCHEMA fund;
CREATE TABLE fund.roster (
    attachment int, person int, organisation int, site text, since date, until date NOT NULL, birth_date date, sex osms.sex,
    basis text, mark text, known_from timestamptz, known_to timestamptz NOT NULL);
INSERT INTO fund.roster
SELECT n, n, organisation, NULL, '2025-03-01', 'infinity', birth_date, sex::sex, 'inherited', 'counted', '2020-03-01', 'infinity'
FROM (VALUES (1, 1, date '2025-07-01', 'male'), (2, 1, '1990-02-02', 'female'), (3, 1, '1950-02-02', 'female'), (4, 1, NULL, 'female'),
             (5, 2, '1985-01-01', 'male'), (6, 3, '1985-01-01', NULL)) AS v (n, organisation, birth_date, sex);
CREATE TABLE fund.organisation_status AS
SELECT organisation, region, class, NULL::text[] AS neighbours, date '2025-01-01' AS valid_from, NULL::timestamptz AS known_from
FROM (VALUES (1, 'Almaty', 'urban'), (3, 'Almaty', 'rural')) AS v (organisation, region, class);
CREATE TABLE fund.coefficient AS
SELECT 1 AS organisation, 'heating' AS kind, 1.04 AS value, date '2025-01-01' AS valid_from, timestamptz '2020-01-01' AS known_from, 'act' AS act;

-- one warning for the whole statement; what cannot be paid is held and says why
SELECT organisation, region, class, heads, pyramid, coefficient, factors, rate, amount, status, held_because, persons_held, illustrative
FROM statement('fund', '2026-01-01') \gx
SELECT status, count(*), sum(heads) AS heads, sum(amount) AS amount, sum(pyramid) AS pyramid FROM statement('fund', '2026-01-01') GROUP BY status ORDER BY status DESC;
SELECT d.* FROM statement('fund', '2026-01-01') AS s, draw(s.pyramid) AS d WHERE organisation = '1';

-- refused
SELECT * FROM statement('fond', '2026-01-01');
SELECT * FROM statement('fund', '2026-01-15');

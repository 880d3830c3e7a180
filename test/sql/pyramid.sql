-- osms.pyramid against calendar arithmetic, cell by cell; serial, parallel, spilled and put together by hand.
SET search_path = osms, public;
SET client_min_messages = warning;
SELECT * FROM no_plan();

-- 200,000 persons, with more than their share of leap days and of birthdays on the days used below.
SELECT setseed(0.2026);
CREATE TABLE person AS
SELECT id,
       CASE WHEN k < 0.1 THEN make_date(1904 + 4 * (random() * 30)::int, 2, 29)
            WHEN k < 0.2 THEN (day - make_interval(years => (random() * 126)::int))::date
            WHEN k < 0.3 THEN (day - make_interval(years => (random() * 126)::int))::date - 1
            WHEN k < 0.4 THEN (day - make_interval(years => (random() * 126)::int))::date + 1
            ELSE date '2024-02-28' - (random() * 45000)::int END AS birth_date,
       CASE WHEN random() < 0.48 THEN 'male' ELSE 'female' END::sex AS sex,
       (random() * 500)::int AS organisation
FROM (SELECT id, random() AS k, (ARRAY['2024-02-29', '2026-02-28', '2026-03-01']::date[])[1 + id % 3] AS day
      FROM generate_series(1, 200000) AS id) AS g;
DELETE FROM person WHERE birth_date > '2024-02-29' OR birth_date < '1900-01-01';
ANALYZE person;
SELECT cmp_ok(count(*), '>', 190000::bigint, 'persons to count') FROM person;

CREATE FUNCTION oracle(day date) RETURNS TABLE (age int, sex sex, heads bigint) LANGUAGE sql
    SET search_path = osms, public
    AS $$ SELECT extract(year FROM age($1::timestamp, p.birth_date::timestamp))::int, p.sex, count(*) FROM person p GROUP BY 1, 2 $$;
SELECT results_eq(
    format('SELECT c.* FROM cells((SELECT pyramid(birth_date, sex, %L) FROM person)) c', day),
    format('SELECT * FROM oracle(%L) ORDER BY 1, 2', day),
    'every cell as of ' || day)
FROM unnest('{2024-02-29,2026-01-31,2026-02-28,2026-03-01,2026-12-31}'::date[]) AS day;
SELECT is(pyramid(birth_date, sex, day), (SELECT sum(p) FROM (
    SELECT pyramid(birth_date, sex, '2026-02-28') AS p FROM person WHERE id % 2 = 0
    UNION ALL SELECT pyramid(birth_date, sex, '2026-03-01') FROM person WHERE id % 2 = 1) AS half),
    'the day may change from row to row')
FROM (SELECT *, CASE id % 2 WHEN 0 THEN date '2026-02-28' ELSE '2026-03-01' END AS day FROM person) AS p;

-- The edges, told by hand.
SELECT is(pyramid(birth, 'male', day)::text, cell, format('born %s, on %s', birth, day))
FROM (VALUES (date '2024-02-29', date '2026-02-28', '{1:1/0}'),
             ('2024-02-29', '2026-03-01', '{2:1/0}'),
             ('2024-02-29', '2028-02-28', '{3:1/0}'),
             ('2024-02-29', '2028-02-29', '{4:1/0}'),
             ('2026-01-31', '2026-01-31', '{0:1/0}'),
             ('2025-02-01', '2026-01-31', '{0:1/0}'),
             ('2025-01-31', '2026-01-31', '{1:1/0}'),
             ('1898-02-01', '2026-01-31', '{127:1/0}'),
             ('4713-01-01 BC', '4700-01-01 BC', '{13:1/0}'),
             ('5874897-01-01', '5874897-12-31', '{0:1/0}')) AS edge (birth, day, cell)
GROUP BY birth, day, cell;
SELECT throws_ok(format('SELECT pyramid(%L, %L, %L)', birth, sex, day), '22023', message, what)
FROM (VALUES (NULL, 'male', '2026-01-31', 'a person cannot be counted in a pyramid: the birth date is missing', 'no birth date'),
             ('2000-01-01', NULL, '2026-01-31', 'a person cannot be counted in a pyramid: the sex is missing', 'no sex'),
             ('infinity', 'male', '2026-01-31', 'a person cannot be counted in a pyramid: the birth date is infinite',
                 'born in the infinite'),
             ('-infinity', 'male', '2026-01-31', 'a person cannot be counted in a pyramid: the birth date is infinite', 'born long since'),
             ('2026-02-01', 'male', '2026-01-31',
                 'a person cannot be counted in a pyramid: the birth date is after the day on which age is taken', 'not born yet'),
             ('1898-01-31', 'male', '2026-01-31', 'a person cannot be counted in a pyramid: the age is over 127 years', '128 years'),
             ('2000-01-01', 'male', NULL, 'the day on which age is taken must not be null', 'no day'),
             ('2000-01-01', 'male', 'infinity', 'the day on which age is taken must be finite', 'no end'),
             ('2000-01-01', 'male', '-infinity', 'the day on which age is taken must be finite', 'no beginning')
     ) AS refusal (birth, sex, day, message, what);
SELECT is(pyramid(birth_date, sex, NULL)::text, '{}', 'nobody is the empty pyramid, whatever the day') FROM person WHERE false;
SELECT is(sum(NULL::pyramid)::text, '{}', 'the sum of nothing is the empty pyramid');

-- However it is executed.
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ' || query LOOP
        plan := plan || line || E'\n';
    END LOOP;
    RETURN plan;
END $$;
\set by_organisation 'SELECT organisation, pyramid(birth_date, sex, ''2026-01-31'') AS p FROM person GROUP BY organisation'
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS :by_organisation;
SELECT is((SELECT sum(p) FROM serial), pyramid(birth_date, sex, '2026-01-31'), 'organisations sum up to everybody') FROM person;
SELECT is((SELECT sum(heads(p)) FROM serial), count(*)::numeric, 'nobody is lost') FROM person;

SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SELECT matches(plan_of('SELECT organisation, pyramid(birth_date, sex, ''2026-01-31'') AS p FROM person GROUP BY organisation'),
               'Finalize.*Gather.*Partial', 'a parallel plan with partial aggregates');
SELECT results_eq(
    'SELECT * FROM (SELECT organisation, pyramid(birth_date, sex, ''2026-01-31'') AS p FROM person GROUP BY organisation) AS q ORDER BY 1',
                  'SELECT * FROM serial ORDER BY 1', 'parallel is serial');
SELECT matches(plan_of('SELECT sum(p) FROM serial'), 'Finalize.*Gather.*Partial', 'sum is computed in parts as well');
SELECT is(sum(p), (SELECT pyramid(birth_date, sex, '2026-01-31') FROM person), 'and is the same') FROM serial;

SET max_parallel_workers_per_gather = 0;
SET enable_sort = off;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT matches(plan_of('SELECT organisation, pyramid(birth_date, sex, ''2026-01-31'') AS p FROM person GROUP BY organisation'),
               'HashAggregate.*Disk Usage', 'a hash aggregate that spills');
CREATE TABLE spilled AS :by_organisation;
SELECT is_empty('SELECT * FROM spilled EXCEPT SELECT * FROM serial', 'spilling changes nothing');
SELECT is(count(*), (SELECT count(*) FROM serial), 'nor loses anybody') FROM spilled;
RESET work_mem;
RESET hash_mem_multiplier;
RESET enable_sort;

SELECT is(array_agg(n = heads(p)), array_agg(true), 'as a window function, each row has its own pyramid')
FROM (SELECT row_number() OVER w AS n, pyramid(birth_date, sex, '2026-01-31') OVER w AS p
      FROM person WHERE id <= 50 WINDOW w AS (ORDER BY id)) AS running;

-- Aggregates of one's own may begin with somebody, or with nothing, and need no final function.
CREATE AGGREGATE pyramid_from(date, sex, date) (SFUNC = osms_internal.pyramid_accumulate, STYPE = pyramid, INITCOND = '{0:9223372036854775805/1,99:2/2}');
CREATE AGGREGATE pyramid_from_null(date, sex, date) (SFUNC = osms_internal.pyramid_accumulate, STYPE = pyramid, COMBINEFUNC = osms_internal.pyramid_plus);
SELECT is(pyramid_from('2026-01-01', 'male', '2026-01-31'), '{0:9223372036854775807/1,99:2/2}', 'beginning with somebody')
    FROM generate_series(1, 2);
SELECT throws_ok($$SELECT pyramid_from('2026-01-01', 'male', '2026-01-31') FROM generate_series(1, 3)$$, '22003', 'head count out of range',
    'up to the last number');
SELECT is(pyramid_from_null('2026-01-01', 'male', '2026-01-31'), '{0:1000/0}', 'beginning with nothing') FROM generate_series(1, 1000);
CREATE TABLE unfinished AS SELECT pyramid_from_null('2026-01-01', 'male', '2026-01-31') AS p FROM generate_series(1, 1000);
SELECT is(sum(p + p), '{0:2000/0}', 'a state that was kept is read as a pyramid') FROM unfinished;
SELECT ok(p = '{0:1000/0}' AND osms_internal.pyramid_counted(p) = p AND p::text = '{0:1000/0}' AND osms_internal.pyramid_send(p) = osms_internal.pyramid_send(p + '{}'),
    'and everywhere else') FROM unfinished;

-- Called outside an aggregate, the arguments stay what they are.
CREATE TABLE kept (p pyramid, q pyramid);
INSERT INTO kept VALUES ('{0:1/2}', '{0:3/4,127:9/9}');
SELECT unnest(ARRAY[
       is(p + q, '{0:4/6,127:9/9}', 'plus'), is(p - q, '{0:-2/-2,127:-9/-9}', 'minus'), is(p + q - q, p, 'back again'),
       is(osms_internal.pyramid_accumulate(p, '2026-01-01', 'male', '2026-01-31'), '{0:2/2}', 'the transition on a copy'),
       is(osms_internal.pyramid_accumulate(NULL, '2026-01-01', 'male', '2026-01-31'), '{0:1/0}', 'the transition from nothing')])
FROM kept;
SELECT results_eq('SELECT p::text, q::text FROM kept', $$VALUES ('{0:1/2}', '{0:3/4,127:9/9}')$$, 'stored values are not touched');
SELECT throws_ok($$SELECT '{0:9223372036854775807/0}'::pyramid + '{0:1/0}'$$, '22003', 'head count out of range', 'plus overflows');
SELECT throws_ok($$SELECT '{0:-9223372036854775808/0}'::pyramid - '{0:1/0}'$$, '22003', 'head count out of range', 'minus overflows');
SELECT throws_ok($$SELECT sum(p) FROM unnest('{"{1:1/0}","{1:9223372036854775807/0}"}'::pyramid[]) p$$, '22003', 'head count out of range',
    'sum overflows');
SELECT throws_ok($$SELECT osms_internal.pyramid_accumulate('{0:9223372036854775807/0}', '2026-01-01', 'male', '2026-01-31')$$, '22003',
    'head count out of range', 'counting overflows');
SELECT throws_ok($$SELECT heads('{0:9223372036854775807/1}')$$, '22003', 'head count out of range', 'heads overflow');

-- Heads.
SELECT results_eq($$SELECT heads(p), heads(p, 1), heads(p, NULL, 5), heads(p, 5, 127), heads(p, 5, 5), heads(p, 0, 1, 'female'),
                           heads(p, sex => 'male'), heads(p, -10, 1000), heads(p, 500), heads(NULL)
                    FROM (VALUES ('{0:1/2,5:10/20,127:100/200}'::pyramid)) AS v (p)$$,
                  'VALUES (333::bigint, 330::bigint, 3::bigint, 30::bigint, 0::bigint, 2::bigint, 111::bigint, 333::bigint, 0::bigint, '
                  'NULL::bigint)',
                  'heads of ranges and sexes');
SELECT throws_ok($$SELECT heads('{}', 5, 4)$$, '22023', 'age range from 5 to 4 ends before it begins', 'a reversed range');
SELECT is(sum(heads(p, a, a + 1, s)), heads(p)::numeric, 'single cells sum up')
FROM (SELECT sum(p) AS p FROM serial) AS v, generate_series(0, 127) AS a, unnest('{male,female}'::sex[]) AS s GROUP BY p;

-- More heads of one age and sex than the state that counts can hold: it goes on as a pyramid.
SELECT is(pyramid(CASE WHEN a = 7 AND b < 3 THEN date '2020-01-01' ELSE '2000-01-01' END, 'male', '2026-01-01'), '{6:2/0,26:16781310/0}',
    'more than 16,777,216 heads in one cell')
FROM generate_series(1, 4097) AS a, generate_series(1, 4096) AS b;

-- Days of persons are those that counting day by day gives: over birthdays, 29 February, births and the age of 128 within the span.
CREATE TABLE span AS
SELECT p.id, p.birth_date, p.sex, s.from_day, s.from_day + (p.id % 400)::int AS to_day
FROM (SELECT id, birth_date - CASE WHEN id % 50 = 0 THEN 4 ELSE 0 END * 365 AS birth_date, sex FROM person
    WHERE id % 40 = 0 AND birth_date <> '1900-02-28'
      UNION ALL SELECT 1000000 + i, date '1897-10-01' + i, 'male' FROM generate_series(1, 500) AS i) AS p,
     LATERAL (SELECT (ARRAY['2024-01-15', '2025-06-01', '2026-02-20']::date[])[1 + p.id % 3] AS from_day) AS s;
SELECT cmp_ok(count(*), '>', 100000::bigint, 'days to count') FROM span, generate_series(from_day, to_day - 1, '1 day');
SELECT is(osms_internal.pyramid_days(birth_date, sex, from_day, to_day, NULL), (
    SELECT pyramid(birth_date, sex, day::date) FROM span, generate_series(from_day, to_day - 1, '1 day') AS day
    WHERE birth_date <= day AND birth_date > day - interval '128 years'), 'days of persons, at the age of each') FROM span;
SELECT is(osms_internal.pyramid_days(birth_date, sex, from_day, to_day, age_day), (
    SELECT pyramid(birth_date, sex, greatest(age_day, birth_date)) FROM span, generate_series(from_day, to_day - 1, '1 day') AS day
    WHERE birth_date <= day AND birth_date > (greatest(age_day, birth_date) - interval '128 years')::date),
        'days of persons, at the age of ' || age_day)
FROM span, unnest('{2024-01-01,2026-03-01}'::date[]) AS age_day GROUP BY age_day;
SELECT results_eq($$SELECT osms_internal.pyramid_days(b::date, 'female', f::date, t::date, NULL)::text
    FROM (VALUES (1, '2024-02-29', '2025-02-27', '2025-03-03'), (2, '2026-01-30', '2026-01-01', '2026-02-01'),
        (3, '2026-03-01', '2026-01-01', '2026-02-01'),
                 (4, '1898-01-11', '2026-01-01', '2026-02-01'), (5, '2000-01-01', '2026-02-01', '2026-02-01')) AS v (n, b, f, t) GROUP BY n
                     ORDER BY n$$,
    $$VALUES ('{0:0/2,1:0/2}'), ('{0:0/2}'), ('{}'), ('{127:0/10}'), ('{}')$$, 'a birthday, a birth, nobody yet, nobody any more, no day');
SELECT throws_ok(format('SELECT osms_internal.pyramid_days(%s, NULL)', args), '22023', NULL, args || ' cannot be counted')
FROM unnest(ARRAY[$$NULL, 'male', '2026-01-01', '2026-02-01'$$, $$'infinity', 'male', '2026-01-01', '2026-02-01'$$,
    $$'2000-01-01', NULL, '2026-01-01', '2026-02-01'$$,
                  $$'2000-01-01', 'male', NULL, '2026-02-01'$$, $$'2000-01-01', 'male', '2026-01-01', 'infinity'$$]) AS args;
SELECT throws_ok($$SELECT osms_internal.pyramid_accumulate_days('{26:9223372036854775807/0}', '2000-01-01', 'male', '2026-01-31', '2026-02-01', NULL)$$,
    '22003', 'head count out of range', 'counting days overflows');

-- Equality is that of the counts.
SELECT unnest(ARRAY[
       ok('{0:1/2}'::pyramid = '{0:1/2,5:0/0}', 'equal'), ok('{0:1/2}'::pyramid <> '{0:2/1}', 'not equal'),
       ok(NOT '{0:1/2}'::pyramid = '{1:1/2}', 'nor here'), ok(NOT '{0:1/2}'::pyramid <> '{0:1/2}', 'not unequal')]);
SELECT is(count(DISTINCT p::text), (SELECT count(*) FROM (SELECT p FROM serial UNION SELECT p FROM spilled) AS u),
          'a hash finds the same pyramids equal') FROM serial;

-- Text, storage and binary.
SELECT is_empty('SELECT * FROM serial WHERE p::text::pyramid <> p', 'text round trip');
CREATE TABLE copied (organisation int, p pyramid);
\set file `mktemp`
\set copy_out '\\copy serial TO ' :file ' (FORMAT binary)'
:copy_out
\set copy_in '\\copy copied FROM ' :file ' (FORMAT binary)'
:copy_in
\setenv file :file
\! rm -f "$file"
SELECT results_eq('SELECT * FROM copied ORDER BY 1', 'SELECT * FROM serial ORDER BY 1', 'binary COPY round trip');
SELECT is(osms_internal.pyramid_send('{}'), '\x0100', 'binary form of nobody');
SELECT is(osms_internal.pyramid_send('{1:2/-1}'), '\x01010100000000000000' || '\x02ffffffffffffffff'::bytea, 'binary form');
CREATE TABLE wide AS SELECT p, p AS b, p AS c, p AS d, p AS e, p AS f FROM serial;
SELECT cmp_ok(max(pg_column_size(p)), '<', 2000, 'stored pyramids are compressed') FROM wide;
SELECT is(sum(f), (SELECT sum(p) FROM serial), 'and summed from there') FROM wide;

SELECT cmp_ok(max(length(line)), '<=', 78, 'a drawing fits in 78 columns')
FROM (SELECT draw(p) FROM unnest('{"{}","{0:1/0}","{0:123456789/5,99:-1000/7,127:1/1}"}'::pyramid[]) AS p) AS d (line);

SELECT * FROM finish();

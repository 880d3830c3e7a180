-- osms.pyramid: how it reads, what it refuses, what it shows
SET search_path = public, osms;
\getenv abs_srcdir PG_ABS_SRCDIR
\cd :abs_srcdir

CREATE TABLE visitor (birth_date date, sex sex);
INSERT INTO visitor VALUES ('2024-02-29', 'male'), ('1990-05-05', 'female'), ('1990-06-07', 'female'), ('1951-01-31', 'male');
SELECT pyramid(birth_date, sex, '2026-02-28') FROM visitor;
SELECT pyramid(birth_date, sex, '2026-03-01') FROM visitor;
SELECT c.* FROM (SELECT pyramid(birth_date, sex, '2026-03-01') AS p FROM visitor) AS v, cells(p) AS c;
SELECT heads(p), heads(p, 18), heads(p, 0, 18), heads(p, sex => 'female')
FROM (SELECT pyramid(birth_date, sex, '2026-03-01') AS p FROM visitor) AS v;

-- sums and differences
SELECT '{0:1/2,30:5/5}'::pyramid + '{0:1/0,99:0/1}', '{0:1/2,30:5/5}'::pyramid - '{0:1/5,30:5/5}';
SELECT sum(p) FROM (VALUES ('{0:1/2}'::pyramid), (NULL), ('{1:3/4}')) AS v (p);

-- refused
INSERT INTO visitor VALUES (NULL, 'male');
SELECT pyramid(birth_date, sex, '2026-02-28') FROM visitor;
SELECT pyramid(birth_date, sex, '2026-02-28') FILTER (WHERE birth_date IS NOT NULL) FROM visitor;
SELECT '{1:2}'::pyramid;
SELECT '{2:1/1,1:1/1}'::pyramid;
SELECT '{128:1/1}'::pyramid;
SELECT '{0:9223372036854775808/0}'::pyramid;
SELECT heads('{}', 7, 3);

-- binary: what send would not have written is refused
CREATE TABLE received_pyramid (p pyramid);
\copy (SELECT '\x0101050000000000000001ffffffffffffffff'::bytea) TO 'results/pyramid.copy' (FORMAT binary)
\copy received_pyramid FROM 'results/pyramid.copy' (FORMAT binary)
SELECT * FROM received_pyramid;
-- another format, ages that do not ascend, an age over 127, an age without heads, too short, too long
\copy (SELECT '\x0200'::bytea) TO 'results/pyramid.copy' (FORMAT binary)
\copy received_pyramid FROM 'results/pyramid.copy' (FORMAT binary)
\copy (SELECT '\x0102050000000000000001ffffffffffffffff050000000000000001ffffffffffffffff'::bytea) TO 'results/pyramid.copy' (FORMAT binary)
\copy received_pyramid FROM 'results/pyramid.copy' (FORMAT binary)
\copy (SELECT '\x0101800000000000000001ffffffffffffffff'::bytea) TO 'results/pyramid.copy' (FORMAT binary)
\copy received_pyramid FROM 'results/pyramid.copy' (FORMAT binary)
\copy (SELECT '\x01010500000000000000000000000000000000'::bytea) TO 'results/pyramid.copy' (FORMAT binary)
\copy received_pyramid FROM 'results/pyramid.copy' (FORMAT binary)
\copy (SELECT '\x010105000000000000'::bytea) TO 'results/pyramid.copy' (FORMAT binary)
\copy received_pyramid FROM 'results/pyramid.copy' (FORMAT binary)
\copy (SELECT '\x010000'::bytea) TO 'results/pyramid.copy' (FORMAT binary)
\copy received_pyramid FROM 'results/pyramid.copy' (FORMAT binary)

-- the bytes of something else, taken for a pyramid, are refused wherever they are read; 126 corners make the right length
CREATE CAST (polygon AS pyramid) WITHOUT FUNCTION;
CREATE TABLE shape AS
SELECT n, ('(' || repeat('(1,2),', n - 1) || '(3,4))')::polygon AS p FROM (VALUES (2), (126), (1000)) AS v (n);
SELECT heads(p::pyramid) FROM shape WHERE n = 2;
SELECT heads(p::pyramid) FROM shape WHERE n = 126;
SELECT p::pyramid FROM shape WHERE n = 1000;
SELECT osms_internal.pyramid_accumulate(p::pyramid, '2000-01-01', 'male', '2026-01-31') FROM shape WHERE n = 126;
SELECT sum(p::pyramid) FROM shape;
DROP CAST (polygon AS pyramid);

-- drawn
SELECT draw(('{' || string_agg(format('%s:%s/%s', age, 200 * (120 - age), 150 * (150 - age)), ',') || '}')::pyramid)
FROM generate_series(0, 104) AS age;
SELECT draw('{0:3/1,7:-2/0}');
SELECT draw('{}');

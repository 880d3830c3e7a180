-- osms.iin: every door in and out, and everything a key has to do
SET search_path = public, osms;
\getenv abs_srcdir PG_ABS_SRCDIR
\cd :abs_srcdir

-- the vectors: NUL cannot be in a text, every other row is judged
CREATE TABLE vector (input text, fault text, birth_date date, sex sex, note text);
\copy vector FROM 'test/data/iin.csv' (FORMAT csv, HEADER)
DELETE FROM vector WHERE input LIKE '%\\u0000' RETURNING input;
UPDATE vector SET input = unistr(input);
SELECT count(*) AS rows,
       count(*) FILTER (WHERE iin_fault(input) IS NOT DISTINCT FROM fault) AS agree
FROM vector;
SELECT input, fault, iin_fault(input) FROM vector WHERE iin_fault(input) IS DISTINCT FROM fault;
SELECT input, v.birth_date, v.sex, birth_date(input::iin), sex(input::iin)
FROM vector v
WHERE fault IS NULL
  AND (v.birth_date, v.sex) IS DISTINCT FROM (birth_date(input::iin), sex(input::iin));

-- input refuses exactly what iin_fault names, as does the cast from bigint
CREATE FUNCTION verdict(statement text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE statement INTO result;
    RETURN result;
EXCEPTION
    WHEN invalid_text_representation OR numeric_value_out_of_range OR invalid_parameter_value THEN
        RETURN sqlstate;
END $$;
SELECT fault, verdict(format('SELECT %L::osms.iin', input)) AS text, count(*)
FROM vector WHERE fault IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS valid, count(*) FILTER (WHERE input = verdict(format('SELECT %L::osms.iin', input))) AS unchanged
FROM vector WHERE fault IS NULL;
SELECT fault, verdict(format('SELECT %s::bigint::osms.iin', input)) = '22P02' AS bigint_refused,
       verdict(format('SELECT %L::osms.iin', input || '!')) AS attested_text,
       verdict(format('SELECT osms.iin_attested(%s)', input)) AS attested_bigint
FROM vector
WHERE input ~ '^[0-9]{12}$' AND fault IS NOT NULL
ORDER BY fault COLLATE "C", input COLLATE "C";

-- what a user reads
SELECT '10523597010'::iin;
SELECT '229597318'::iin;
SELECT '10523597010'::char(12)::iin;
SELECT '780 315 397 0'::iin;
SELECT '78031539701'::iin;
SELECT '780315397016 '::iin;
SELECT '780-315-397-016'::iin;
SELECT '78О315397016'::iin;
SELECT '000000000000'::iin;
SELECT '780315797016'::iin;
SELECT '781315397016'::iin;
SELECT '780230397016'::iin;
SELECT '720411397825'::iin;
SELECT '780315397017'::iin;
SELECT ''::iin;
SELECT '!'::iin;
SELECT '780315397016!!'::iin;
SELECT '7803153970!'::iin;
SELECT 780315397017::bigint::iin;
SELECT 0::bigint::iin, 1;
SELECT (-780315397016)::bigint::iin;
SELECT 1000000000000::bigint::iin;
SELECT iin_attested(0);
SELECT iin_attested(1000000000000);
SELECT make_iin('1799-12-31', 'male', 1);
SELECT make_iin('infinity', 'male', 1);
SELECT make_iin('1978-03-15', 'male', 10000);

SELECT code, verdict(statement)
FROM (VALUES ('malformed', $$SELECT ''::iin$$), ('malformed', 'SELECT iin_attested(0)'),
             ('out of range', 'SELECT 1000000000000::bigint::iin'), ('out of range', 'SELECT iin_attested(-1)'),
             ('argument', $$SELECT make_iin('1799-12-31', 'male', 1)$$), ('argument', $$SELECT make_iin('1978-03-15', 'male', -1)$$)
     ) AS s (code, statement);

-- attested: nothing is stored, the mark follows from the number
SELECT '850101100009!'::iin, '850101100009!'::iin = iin_attested(850101100009) AS equal,
       '780315397016!'::iin AS no_need, '850101100009!'::iin::bigint,
       birth_date('850231397015!'::iin), sex('000229797013!'::iin);
SELECT iin_fault('850101100009!');

-- binary: an attested number is negative, and receive refuses what input refuses
SELECT osms_internal.iin_send('780315397016'), osms_internal.iin_send('780315397017!'), int8send(-780315397017);
CREATE TABLE received (n iin);
\copy (SELECT bigint '780315397016') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '-780315397016') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '780315397017') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '-780315397017') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '10523597010') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '0') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '1000000000000') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '-1000000000000') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '9223372036854775807') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT bigint '-9223372036854775808') TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
\copy (SELECT 780315) TO 'results/number.copy' (FORMAT binary)
\copy received FROM 'results/number.copy' (FORMAT binary)
TABLE received;

-- text and binary COPY give back what was there
CREATE TABLE person (iin iin PRIMARY KEY, attested bool);
INSERT INTO person SELECT input::iin, false FROM vector WHERE fault IS NULL;
INSERT INTO person SELECT (input || '!')::iin, true FROM vector WHERE input ~ '^[0-9]{12}$' AND fault <> 'zero';
CREATE TABLE copied (LIKE person);
\copy person TO 'results/person.copy' (FORMAT text)
\copy copied FROM 'results/person.copy' (FORMAT text)
SELECT count(*) AS rows, (SELECT count(*) FROM (TABLE person EXCEPT TABLE copied) AS d) AS differ FROM copied;
TRUNCATE copied;
\copy person TO 'results/person.copy' (FORMAT csv)
\copy copied FROM 'results/person.copy' (FORMAT csv)
SELECT count(*) AS rows, (SELECT count(*) FROM (TABLE person EXCEPT TABLE copied) AS d) AS differ FROM copied;
TRUNCATE copied;
\copy person TO 'results/person.copy' (FORMAT binary)
\copy copied FROM 'results/person.copy' (FORMAT binary)
SELECT count(*) AS rows, (SELECT count(*) FROM (TABLE person EXCEPT TABLE copied) AS d) AS differ FROM copied;
TRUNCATE copied;
SELECT count(*) FILTER (WHERE iin::text LIKE '%!') AS marked, count(*) FILTER (WHERE attested) AS attested FROM person;

-- parts, repair and composition
SELECT mask('780315397016'), mask('780315397017!');
SELECT clean_number(n) = '780315397016' AS repaired
FROM unnest(ARRAY['780 315 397 016', ' 780315397016 ', '780-315-397-016', '780315/397016', E'\t780315397016\n',
                  '''780315397016', unistr('７８０３１５３９７０１６'), unistr('780315\00A0397016'),
                  unistr('\FEFF780315397016\200B'), unistr('7803\20131539\20147016')]) AS n;
SELECT clean_number('7803153970.0'), clean_number('78O315397016'), clean_number('٧٨'), clean_number('');
SELECT make_iin('1978-03-15', 'male', 9701), make_iin('1978-03-15', 'female', 9701), make_iin('2000-02-29', 'male', 9701),
       make_iin('1972-04-11', 'male', 9782) AS unissuable;
SELECT count(*) AS made, bool_and(birth_date(i) = d) AS dates, bool_and(sex(i) = s) AS sexes, count(*) FILTER (WHERE iin_fault(i::text) IS NOT NULL) AS faults
FROM generate_series(date '1800-01-01', date '2099-12-31', interval '97 days') AS g(t),
     LATERAL (SELECT t::date) AS x(d), unnest(enum_range(NULL::sex)) AS s, LATERAL (SELECT make_iin(d, s, 42)) AS m(i)
WHERE i IS NOT NULL;

-- the hash of a number is fixed for ever
SELECT i, osms_internal.iin_hash(i), osms_internal.iin_hash_extended(i, 0), osms_internal.iin_hash_extended(i, 42)
FROM unnest(ARRAY['000101497018', '000101597014', '000229597010', '001231697010', '040229197012',
                  '040229397015', '070328598018', '140523597017', '191117698700', '240229697016',
                  '700707390600', '751225097611', '780315397016', '780315497012', '850101097019',
                  '890101395099', '900506498707', '990228599998', '850101100009!', '999999999999!']::iin[]) AS i;

-- a key in a hash-partitioned table
CREATE TABLE parted (iin iin PRIMARY KEY) PARTITION BY HASH (iin);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO parted SELECT iin FROM person;
SELECT tableoid::regclass, count(*), min(iin) FROM parted GROUP BY 1 ORDER BY 1;
EXPLAIN (COSTS OFF) SELECT FROM parted WHERE iin = '780315397016';

-- joins, sorts, index-only scans, BRIN
CREATE TABLE big AS
    SELECT make_iin(date '1950-01-01' + n % 25000, (ARRAY['male', 'female'])[1 + n % 2]::sex, n / 25000) AS iin, n
    FROM generate_series(0, 49999) AS n;
DELETE FROM big WHERE iin IS NULL;
CREATE UNIQUE INDEX big_iin ON big (iin);
CREATE INDEX big_brin ON big USING brin (iin);
CREATE INDEX big_hash ON big USING hash (iin);
VACUUM ANALYZE big;
SELECT count(*), count(DISTINCT iin), min(iin), max(iin) FROM big;
SELECT string_agg(iin::text, ',' ORDER BY iin) = string_agg(iin::text, ',' ORDER BY iin::bigint) AS ordered_as_numbers FROM big;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET max_parallel_workers_per_gather = 0;
-- The lines of a plan that say which index is read; what stands around them has other names in other versions.
CREATE FUNCTION index_lines(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        IF line ~ 'Index' THEN
            RETURN NEXT ltrim(line, ' ->');
        END IF;
    END LOOP;
END $$;
SELECT index_lines('SELECT min(iin), max(iin) FROM big');
EXPLAIN (COSTS OFF) SELECT iin FROM big WHERE iin > '000101497018' ORDER BY iin;
SET enable_hashjoin = off; SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM big a FULL JOIN big b USING (iin);
SELECT count(*) FROM big a FULL JOIN big b USING (iin);
SET enable_hashjoin = on; SET enable_mergejoin = off;
SET enable_indexonlyscan = off; SET enable_indexscan = off; SET enable_seqscan = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM big a FULL JOIN big b USING (iin);
SELECT count(*) FROM big a FULL JOIN big b USING (iin);
RESET ALL;
SET search_path = public, osms;
DROP INDEX big_brin;
EXPLAIN (COSTS OFF) SELECT n FROM person JOIN big USING (iin) WHERE person.iin = '780315397016';
DROP INDEX big_iin, big_hash;
CREATE INDEX big_brin ON big USING brin (iin) WITH (pages_per_range = 1);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT n FROM big WHERE iin < '500201300000!';
SELECT count(*) FROM big WHERE iin < '500201300000!';
SET enable_bitmapscan = off; SET enable_seqscan = on;
SELECT count(*) FROM big WHERE iin < '500201300000!';
RESET ALL;
SET search_path = public, osms;

-- comparison is leakproof: under a row security policy the index is still used
CREATE ROLE regress_osms_reader;
GRANT USAGE ON SCHEMA osms TO regress_osms_reader;
GRANT SELECT ON person TO regress_osms_reader;
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON person USING (NOT attested);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET ROLE regress_osms_reader;
EXPLAIN (COSTS OFF) SELECT FROM person WHERE iin = '780315397016';
RESET ROLE;
RESET ALL;
SET search_path = public, osms;
DROP OWNED BY regress_osms_reader;
DROP ROLE regress_osms_reader;
ALTER TABLE person DISABLE ROW LEVEL SECURITY;

-- min and max in a parallel plan
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT min(iin), max(iin) FROM big WHERE n >= 0;
SELECT min(iin), max(iin) FROM big WHERE n >= 0;
RESET ALL;
SET search_path = public, osms;

-- ON CONFLICT, foreign key
INSERT INTO person VALUES ('780315397016', true)
ON CONFLICT (iin) DO UPDATE SET attested = excluded.attested RETURNING *;
CREATE TABLE child (iin iin REFERENCES person);
INSERT INTO child VALUES ('780315397016');
INSERT INTO child VALUES ('780315497012'), ('970101300009!');

-- a column becomes an iin from whatever it was
CREATE TABLE legacy (t text, v varchar, c char(12), b bigint);
INSERT INTO legacy VALUES ('780315397016', '780315397016', '780315397016', 780315397016),
                          ('010523597010', '010523597010', '010523597010', 10523597010);
ALTER TABLE legacy
    ALTER t TYPE osms.iin USING t::osms.iin,
    ALTER v TYPE osms.iin USING v::osms.iin,
    ALTER c TYPE osms.iin USING c::osms.iin,
    ALTER b TYPE osms.iin USING b::osms.iin;
SELECT * FROM legacy WHERE t = v AND v = c AND c = b ORDER BY t;
ALTER TABLE legacy ALTER t TYPE text, ALTER v TYPE varchar(12), ALTER c TYPE char(12), ALTER b TYPE bigint;
SELECT * FROM legacy ORDER BY t;
INSERT INTO legacy (t) VALUES ('10523597010');
ALTER TABLE legacy ALTER t TYPE osms.iin USING t::osms.iin;
SELECT '780315397016'::iin(12);

-- no implicit cast: a number is not compared with a bigint or a text by accident
SELECT '780315397016'::iin = 780315397016::bigint;
SELECT '780315397016'::iin = '780315397016'::text;

-- Tariffs of other countries and of vectors: tables loaded as a DBA loads an annex, exact weighted heads, pools, pictures.
SET search_path = osms, public;
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();

-- An annex as a file of one row for a band, a weight for each sex; then what a proof-reader is shown.
INSERT INTO act (act, title, source) VALUES ('gms', 'General Medical Services, global sum',
    'summary of the Statement of Financial Entitlements'),
    ('cabinet-2018', 'Cabinet decision of 25.04.2018', 'press');
INSERT INTO scheme (scheme, valid_from, known_from, act) VALUES ('england', '2020-04-01', '2020-04-01', 'gms'),
    ('ukraine', '2018-07-01', '2018-07-01', 'cabinet-2018');
CREATE TEMPORARY TABLE annex (band text, from_year int, to_year int, male numeric, female numeric, source text, url text, tag text);
\copy annex FROM 'test/data/eng-age-sex.csv' (FORMAT csv, HEADER)
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, act)
SELECT 'england', a.from_year, a.to_year + 1, w.sex::sex, w.weight, '2020-04-01', 'gms'
FROM annex a, LATERAL (VALUES ('male', a.male), ('female', a.female)) AS w (sex, weight);
SELECT is_empty($$SELECT * FROM check_scheme('england')$$, 'England has a weight for every age and sex');
SELECT results_eq($$SELECT item, male, female FROM load_check('england')$$,
    $$VALUES ('0-4', 3.97, 3.64), ('5-14', 1, 1.04), ('15-44', 1.02, 2.19), ('45-64', 2.15, 3.36), ('65-74', 4.19, 4.9),
        ('75-84', 5.81, 6.56), ('85+', 6.27, 6.72),
             ('bands', 7, 7), ('sum', 24.41, 28.41), ('smallest', 1, 1.04), ('largest', 6.27, 6.72), ('faults', 0, 0)$$,
                 'what the proof-reader compares');

-- The same by COPY straight into the table, one edition for one COPY.
COPY scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, act) FROM STDIN (FORMAT csv);
ukraine,0,6,male,4,2018-07-01,cabinet-2018
ukraine,0,6,female,4,2018-07-01,cabinet-2018
ukraine,6,18,male,2.2,2018-07-01,cabinet-2018
ukraine,6,18,female,2.2,2018-07-01,cabinet-2018
ukraine,18,40,male,1,2018-07-01,cabinet-2018
ukraine,18,40,female,1,2018-07-01,cabinet-2018
ukraine,40,65,male,1.2,2018-07-01,cabinet-2018
ukraine,40,65,female,1.2,2018-07-01,cabinet-2018
ukraine,65,,male,2,2018-07-01,cabinet-2018
ukraine,65,,female,2,2018-07-01,cabinet-2018
\.
SELECT is_empty($$SELECT * FROM check_scheme('ukraine', '2018-08-01')$$, 'so has Ukraine');
CREATE TEMPORARY TABLE ukr_age (year text, band text, from_year int, to_year int, weight text, base text, amount text, source text,
    url text, tag text);
\copy ukr_age FROM 'test/data/ukr-age.csv' (FORMAT csv, HEADER)
SELECT results_eq($$SELECT age_from, age_to, weight, weight * 370 FROM weights_on('ukraine', '2018-08-01') WHERE sex = 'male'$$,
    $$SELECT from_year, to_year + 1, weight::numeric, amount::numeric FROM ukr_age WHERE year = '2018' ORDER BY 1$$, 'as published');

-- Editions: the newest, the one of a day, the one known then; faults are counted.
INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act) VALUES
    ('ukraine', 0, 5, 'male', 1, '2030-01-01', '2019-01-01', 'gms'), ('ukraine', 7, NULL, 'male', 2, '2030-01-01', '2019-01-01', 'gms'),
    ('ukraine', 0, 1, 'female', 3, '2030-01-01', '2019-01-01', 'gms');
SELECT results_eq($$SELECT item, male, female, act FROM load_check('ukraine')$$,
    $$VALUES ('0', NULL::numeric, 3::numeric, 'gms'), ('0-4', 1, NULL, 'gms'), ('7+', 2, NULL, 'gms'), ('bands', 2, 1, NULL),
        ('sum', 3, 3, NULL),
             ('smallest', 1, 3, NULL), ('largest', 2, 3, NULL), ('faults', 1, 1, NULL)$$, 'the newest edition, with holes');
SELECT is(count(*), 10::bigint, 'the edition of a day') FROM load_check('ukraine', '2029-12-31');
SELECT is(count(*), 5::bigint, 'nothing known then') FROM load_check('ukraine', known_at => '2018-01-01');
SELECT throws_ok($$SELECT load_check('nowhere')$$, '42704', 'no scheme "nowhere"', 'an unknown scheme');

-- Bands are whole years; nothing is rounded in silence.
SELECT throws_ok(format($$INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, act)
    VALUES ('england', %s, %s, 'male', 1, '2027-01-01', 'gms')$$, a, b),
                 '23514', format('band edge %s of scheme "england" is not a whole year', e), format('a band %s to %s', a, b))
FROM (VALUES ('0', '0.0833', '0.0833'), ('0.5', 'NULL', '0.5'), ('1', '4.999', '4.999'), ('0', '''NaN''', 'NaN')) AS v (a, b, e);
SELECT lives_ok($$INSERT INTO scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, act)
    VALUES ('england', 1.0, 5.00, 'male', 1, '2027-01-01', 'gms')$$, 'whole years however written');
SELECT results_eq($$SELECT age_from, age_to FROM weights_on('england', '2027-01-01')$$, $$VALUES (1, 5)$$, 'and read as whole numbers');

-- Every property takes its choices and nothing else, says what they are, and has its default first.
SELECT throws_ok(format('INSERT INTO scheme (scheme, %I, valid_from, act) VALUES (''new'', %L, ''2020-01-01'', ''gms'')', property, wrong),
    '23514',
                 format('property "%s" of scheme "new" cannot be "%s"', property, wrong), property || ' is no ' || wrong)
FROM scheme_property(), unnest(CASE WHEN choices IS NULL THEN ARRAY[minimum - 1, maximum + 1]::text[] ELSE '{"",LAST_DAY,osms}' END)
    AS wrong;
SELECT lives_ok(format('INSERT INTO scheme (scheme, %I, valid_from, act) VALUES (%L, %L, ''2020-01-01'', ''gms'')', property,
    property || '=' || choice, choice), property || ' is ' || choice)
FROM scheme_property(), unnest(coalesce(choices, ARRAY[minimum, maximum]::text[])) AS choice;
SELECT lives_ok(format('INSERT INTO scheme (scheme, %I, valid_from, act) VALUES (''unrounded'', NULL, ''2020-01-01'', ''gms'')',
    'rate_rounding'), 'a rate need not be rounded');
SELECT ok(bool_and(to_jsonb(s) ->> property = choices[1]), 'the default is the first choice') FROM scheme_property(), scheme s
    WHERE s.scheme = 'illustrative' AND choices IS NOT NULL;
SELECT results_eq($$SELECT rate_rounding, amount_rounding, coefficient_rounding, insurance_lag FROM scheme
    WHERE scheme = 'illustrative'$$, 'VALUES (2, 2, NULL::integer, 1)', 'rate and amount to the tiyn, Kav as it is, the month before');
SELECT is_empty($$SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'scheme'::regclass AND a.attnum > 0
    AND a.attname NOT IN ('scheme', 'illustrative', 'valid_from', 'known_from', 'act', 'point', 'tag') EXCEPT SELECT property
        FROM scheme_property()$$, 'every column is a listed property');

-- What ships of the law, on its days.
SELECT is(parameter_on(name, day), value, name || ' on ' || day)
FROM (VALUES ('uninsured_share', date '2025-09-30', '1'), ('uninsured_share', '2025-10-01', '0.90'), ('inactive_share', '2025-09-30', '1'),
    ('inactive_share', '2025-10-01', '0.80'),
             ('insurance_grace_months', '2019-12-31', '0'), ('insurance_grace_months', '2026-01-01', '3'),
                 ('insurance_exempt_categories', '2026-01-01', '{M1,M2,M3}')) AS v (name, day, value);

-- Ages in Ukraine on 1 August 2018, and a clinic there.
SELECT is(pyramid(born, 'male', '2018-08-01')::text, want, 'born ' || born)
FROM (VALUES (date '2012-08-02', '{5:1/0}'), ('2012-08-01', '{6:1/0}'), ('1953-08-02', '{64:1/0}'), ('1953-08-01', '{65:1/0}'))
    AS v (born, want) GROUP BY born, want;
SELECT unnest(ARRAY[
    is(weighted_heads(p, 'ukraine', '2018-08-01'), 2880.0, 'weighted heads'),
    is(round_quotient(weighted_heads(p, 'ukraine', '2018-08-01') * 370, 1, 2), 1065600.00, 'a year'),
    is(round_quotient(weighted_heads(p, 'ukraine', '2018-08-01') * 370, 12, 2), 88800.00, 'a month'),
    is(round_quotient(weighted_heads(p, 'ukraine', '2018-08-01') * 370 * 1.25, 1, 2), 1332000.00, 'in the mountains'),
    isnt((SELECT sum(round(370 * w.weight / 12, 2) * heads(p, w.age_from, w.age_to, w.sex)) FROM weights_on('ukraine', '2018-08-01') w),
         88800.00, 'rounding per person and month would give something else')])
FROM (VALUES ('{5:100/0,17:0/200,20:400/0,64:300/400,80:200/200}'::pyramid)) AS v (p);
SELECT is((SELECT sum(round(370 * w.weight / 12, 2) * heads(p, w.age_from, w.age_to, w.sex)) FROM weights_on('ukraine', '2018-08-01') w),
    88799.00, 'namely 88,799.00')
FROM (VALUES ('{5:100/0,17:0/200,20:400/0,64:300/400,80:200/200}'::pyramid)) AS v (p);

-- England: weighted heads, and lists normalised to the crude list.
SELECT is(weighted_heads('{2:150/140,9:350/340,30:900/950,50:700/720,70:250/280,80:120/170,90:30/70}', 'england', '2026-04-01'), 13621.80,
    'a practice of 5,170');
CREATE TEMPORARY TABLE practice AS SELECT n, pyramid(date '2026-04-01' - (n * 37 + i * 13) % 33000,
    (CASE i % 2 WHEN 0 THEN 'male' ELSE 'female' END)::sex, '2026-04-01') AS p
FROM generate_series(1, 40) AS n, generate_series(1, 1000) AS i WHERE i <= 200 + n * 17 GROUP BY n;
CREATE TEMPORARY TABLE normalised AS
SELECT split_pool(sum(heads(p)), array_agg(weighted_heads(p, 'england', '2026-04-01') ORDER BY n)) AS lists, sum(heads(p)) AS crude
    FROM practice;
SELECT ok((SELECT sum(l) FROM unnest(lists) l) = crude AND cardinality(lists) = 40, 'normalised lists sum to the crude list')
    FROM normalised;

-- Pools: largest remainder, ties by position, exact.
SELECT is(split_pool(total, weights), want, format('%s over %s', total, weights))
FROM (VALUES (1000000.00, '{482.31,1500.77,99.99,2500.01,100.01}'::numeric[],
    '{102989.69,320465.76,21351.29,533837.70,21355.56}'::numeric[]),
             (1000000.00, '{1,1,1}', '{333333.34,333333.33,333333.33}'), (0.02, '{1,1,1}', '{0.01,0.01,0.00}'),
                 (0, '{3,0,1}', '{0.00,0.00,0.00}'),
             (-10, '{1,1,1}', '{-3.34,-3.33,-3.33}'), (1, '{0,5}', '{0.00,1.00}'),
                 (123456789012345678901234567890.12, '{1,1}', '{61728394506172839450617283945.06,61728394506172839450617283945.06}'),
             (100, '{0.1,0.2,0.7}', '{10.00,20.00,70.00}')) AS v (total, weights, want);
SELECT is(split_pool(10, '{1,1,1}', 0), '{4,3,3}', 'whole units');
SELECT is(split_pool(1, '{1,2}', 4), '{0.3333,0.6667}', 'finer units');
SELECT ok(bool_and((SELECT sum(x) FROM unnest(s) x) = total AND cardinality(s) = n), 'parts sum to the total, whatever the weights')
FROM (SELECT n, total, split_pool(total, weights) AS s
      FROM (SELECT n, round((n * 7919.37)::numeric, 2) AS total, array_agg(hashint4(n * 100 + i)::bigint::numeric ^ 2 / 7 ORDER BY i)
          AS weights
            FROM generate_series(1, 60) n, generate_series(1, 60) i WHERE i <= n GROUP BY n) AS w) AS v;
SELECT throws_ok(format('SELECT split_pool(%s, %L)', total, weights), '22023', message, message)
FROM (VALUES ('1.001', '{1}', 'the total of a pool has more than 2 decimal digits'), ('1', '{}', 'the weights of a pool sum to zero'),
             ('1', '{0,0}', 'the weights of a pool sum to zero'), ('1', '{1,-1}', 'weight 2 of a pool is not a number from zero up'),
             ('1', '{NULL}', 'weight 1 of a pool is not a number from zero up'),
                 ('1', '{1,NaN}', 'weight 2 of a pool is not a number from zero up'),
             ('1', '{Infinity}', 'weight 1 of a pool is not a number from zero up'),
                 ('''NaN''', '{1}', 'the total of a pool is not a number')) AS v (total, weights, message);
SELECT throws_ok('SELECT split_pool(1, ''{1}'', 13)', '22023', 'a pool is split to 0 to 12 decimal digits, not to 13', 'too many digits');

-- A pool by six criteria, each with its own part: facilities A, B and C.
CREATE TEMPORARY TABLE criterion AS
SELECT c, (split_pool(1000000 * 0.80, '{20,10,40,10,10,10}'))[c] AS part, values
    FROM (VALUES (1, '{6000,3000,1000}'::numeric[]), (2, '{1500,800,200}'),
    (3, '{3000,1500,500}'), (4, '{800,400,100}'), (5, '{900,600,0}'), (6, '{450000,300000,0}')) AS v (c, values);
SELECT results_eq($$SELECT f, sum(s) FROM criterion, unnest(split_pool(part, values)) WITH ORDINALITY AS u (s, f) GROUP BY f ORDER BY f$$,
                  $$VALUES (1::bigint, 481230.77), (2, 258215.38), (3, 60553.85)$$, 'six criteria, three facilities');

-- The picture: one element, closed, nothing from outside, the same twice, and proportions that can be read back.
CREATE TEMPORARY TABLE picture AS SELECT name, svg(p::pyramid) AS svg FROM (VALUES
    ('nobody', '{}'), ('both', '{0:100/50,1:100/50,99:0/1,127:1/0}'), ('difference', '{3:-4/4}'),
        ('huge', '{0:9223372036854775807/0,1:0/-9223372036854775807}')) AS v (name, p);
SELECT ok(xml_is_well_formed_document(svg) AND svg !~ '(href|url\(|<script|@import)', name || ' is one element that needs nothing else')
    FROM picture;
SELECT ok(svg LIKE '%<path class="m" d="M300 432H16V424H300V32H297V28H300Z"/><path class="f" d="M340 432H482V424H340V36H343V32H340Z"/>%',
    'bars to scale') FROM picture WHERE name = 'both';
SELECT ok(svg LIKE '%<title>302 persons: 201 males, 101 females, by age</title>%>100</text>%', 'with its figures') FROM picture
    WHERE name = 'both';
SELECT ok(svg LIKE '%<path class="m less" d="M300 432V420H16V416H300Z"/><path class="f" d="M340 432V420H624V416H340Z"/>%',
    'less than before is pale') FROM picture WHERE name = 'difference';
SELECT is((SELECT svg FROM picture WHERE name = 'both'), svg('{0:100/50,1:100/50,99:0/1}'::pyramid + '{127:1/0}'),
    'the same for the same pyramid');

SELECT * FROM finish();

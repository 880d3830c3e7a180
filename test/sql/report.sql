-- The page of a month: well-formed, with its figures, nothing from outside, nothing that a name could inject.
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();
SELECT osms.create_registry('fund', cut_over => '2024-01-01');
INSERT INTO osms.act (act, title, number, issued_on) VALUES ('order-1', 'Order on <rates> & more', '7', '2020-02-02');
INSERT INTO osms.scheme (scheme, inactive, valid_from, known_from, act) VALUES ('plain', 'none', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight (scheme, age_from, sex, weight, valid_from, known_from, act)
SELECT 'plain', 0, s, 1, '2018-01-01', '2018-01-01', 'order-1' FROM unnest('{male,female}'::osms.sex[]) s;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act)
    VALUES ('plain', 'urban', 1234.5, '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', 'r' FROM generate_series(1, 20) i;
INSERT INTO fund.organisation (organisation) SELECT generate_series(1, 3);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from)
    VALUES (1, '<b>"north" & co', 'urban', '2020-01-01'), (2, 'south', 'urban', '2020-01-01'), (3, 'south', 'urban', '2020-01-01');
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '2020-01-01'), (2, '2020-01-01');
INSERT INTO fund.coefficient VALUES (2, 'rural', 1.1, '2020-01-01', '2020-01-01', NULL);
INSERT INTO fund.roster SELECT i, i, 1 + i % 3, NULL, CASE WHEN i > 18 THEN date '2024-02-10' ELSE '2020-01-01' END, 'infinity',
    '1980-01-01', 'female', 'inherited', 'counted', '2024-01-01', 'infinity' FROM generate_series(1, 20) i;
UPDATE fund.setting SET roster_complete = true;
SELECT osms.close_month('fund', '2024-01-01', 'plain');
INSERT INTO fund.roster VALUES (99, 99, 1, NULL, '2024-01-01', 'infinity', '1990-01-01', 'male', 'inherited', 'counted', clock_timestamp(),
    'infinity');
SELECT osms.post_restatement('fund', '2024-01-01');

-- south has a tile, where Shymkent stands too; 80 moves to a tile that is taken
INSERT INTO fund.organisation (organisation, name) VALUES (4, 'Clinic <4> & sons'), (5, NULL);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) VALUES (4, '79', 'urban', '2024-02-01');
INSERT INTO fund.contract (organisation, valid_from) VALUES (4, '2020-01-01'), (5, '2020-01-01');
INSERT INTO fund.roster SELECT i, i, 4 + i % 2, NULL, '2024-02-15', 'infinity', '1970-01-01', 'male', 'inherited', 'counted', '2024-01-01',
    'infinity' FROM generate_series(201, 203) i;
INSERT INTO osms.region_tile (region, name, tile_column, tile_row, valid_from, act)
    VALUES ('south', 'The "South"', 4, 5, '2024-01-01', 'order-1'), ('south', 'too late', 1, 1, '2024-03-01', 'order-1');

CREATE TABLE page AS SELECT osms.report('fund', '2024-02-01', 'plain') AS html;
SELECT ok(position(figure IN html) > 0, figure) FROM page, unnest(ARRAY[
    'Payment for 2024-02, registry fund', '<b>19,381.65</b>', '<b>+3,826.95</b>', '<b>1,234.50</b>', '<b>24</b>', '<b>5</b>', '<b>2</b>',
        '&lt;b&gt;&quot;north&quot; &amp; co',
    '<tr><td>new</td><td>3</td><td>3,826.95</td><td class="track"><i style="margin-left:0.0%;width:100.0%"></i></td></tr>',
    '<tr><td>restoration of 2024-01, membership</td><td>1</td><td>1</td><td>1,234.50</td><td class="track"><i '
    'style="margin-left:0.0%;width:100.0%"></i></td></tr>',
    '<tr><td>held: no contract</td><td>1</td><td>7</td></tr>', '<tr><td>coefficient rural: no act</td>',
    '<tr><td>base rate, any region, urban</td><td>1234.5</td><td>2018-01-01</td><td>order-1</td><td></td><td>UNV</td></tr>',
        '<tr><td>weight, ages 0+</td><td>male 1, female 1</td><td></td><td>order-1</td><td></td><td>UNV</td></tr>',
    '<tr><td>coefficient rural, 1 organisations</td><td>1.1</td><td>2020-01-01</td><td>no act</td><td></td><td>UNV</td></tr>',
        '<td>combination add, snapshot last day, age on snapshot,',
    '<tr><td>order-1</td><td>Order on &lt;rates&gt; &amp; more</td><td>2020-02-02</td><td>7</td></tr>',
    '<td>held: no contract</td>', '<td>4 Clinic &lt;4&gt; &amp; sons</td><td>79</td>', 'prefers-color-scheme', '@page{size:A4',
        'break-after:avoid', 'print-color-adjust:exact']) AS figure;
SELECT is(substring(html FROM 'Who is paid for</h2><figure class="all">.*?<title>(\d+ persons).*?</figure>(?=<p)') || substring(html
    FROM 'Without \d+ persons of organisations that are held'),
    '15 personsWithout 9 persons of organisations that are held', 'whose organisation is held is not paid for') FROM page;
SELECT ok(html !~ '<script|https?://(?!www\.w3\.org/2000/svg)|<b>"north|url\(|@import|<link|<img',
    'no script, nothing from outside, nothing injected') FROM page;
CREATE FUNCTION parsed(html text) RETURNS xml LANGUAGE sql RETURN xmlparse(DOCUMENT replace(html, '<!DOCTYPE html>', ''));
-- tiles of one place are taken by one region, and every region is told once
SELECT results_eq($$SELECT (xpath('/div/span[1]/text()', t))[1]::text, (xpath('/div/b/text()', t))[1]::text,
    (xpath('/div/@style', t))[1]::text
    FROM page, unnest(xpath('//div[@class="tile"]', parsed(html))) WITH ORDINALITY AS u (t, n) ORDER BY n$$, $$VALUES
    ('Shymkent', '1,234.50'::text, 'grid-area:1/1'),('&lt;b&gt;"north" &amp; co', '8,641.50', NULL), ('The "South"', '9,505.65', NULL),
        ('no region', '0.00', NULL)$$, 'regions');
SELECT is(osms.report('fund', '2024-02-01', 'plain') ~ 'as known at', true, 'an open month as known now');
SELECT results_eq($$SELECT clinics, (SELECT count(*) FROM regexp_matches(osms.report('fund', '2024-01-01', 'plain', clinics),
    'class="osms-pyramid"', 'g')) FROM unnest('{0,2,NULL}'::int[]) clinics$$,
    'VALUES (0, 1::bigint), (2, 3), (NULL, 4)', 'a closed month: all, and as many clinics as are wanted');
SELECT is((SELECT count(*) FROM regexp_matches(html, 'class="small"', 'g')), 5::bigint, 'and each of them as a small one') FROM page;
SELECT is(osms_internal.bar(v, lo, hi)::text, told, told) FROM (VALUES (50, 0, 100, '[0.0, 50.0, false]'), (-25, -25, 75, '[0.0, 25.0, true]'),
    (75, -25, 75, '[25.0, 75.0, false]'), (-10, -25, -5, '[60.0, 40.0, true]'),
    (0, 0, 0, '[0, 0, false]'), (NULL, 1, 2, '[0.0, 0, false]')) b (v, lo, hi, told);

-- Months that have no month before, nobody, nothing but what is held; keys that are no good words.
SELECT osms.create_registry('odd', cut_over => '2024-01-01');
ALTER TABLE odd.roster ALTER organisation TYPE text;
INSERT INTO odd.roster VALUES (1, 1, '<&">''', NULL, '2020-01-01', 'infinity', '1980-01-01', 'male', 'inherited', 'counted', '2018-01-01',
    'infinity'), (2, 2, '%s $1 \1', NULL, '2020-01-01', 'infinity', '1980-01-01', 'male', 'inherited', 'counted', '2018-01-01', 'infinity');
ALTER TABLE odd.organisation DROP CONSTRAINT organisation_pkey, ALTER organisation DROP NOT NULL;
INSERT INTO odd.organisation (organisation, name) VALUES (NULL, 'nobody'), (7, 'somebody');
SELECT is(osms_internal.organisation_names('odd'), '{"7": "somebody"}', 'a name without a key');
CREATE TABLE odd_page AS
SELECT what, osms.report(registry, month, scheme) AS html FROM (VALUES
    ('a month in which nobody was there', 'fund', date '1990-01-01', 'illustrative'),
        ('the first month of a scheme', 'fund', '2018-01-01', 'plain'), ('nobody the month before', 'fund', '2020-01-01', 'plain'),
    ('everything held', 'odd', '2024-01-01', 'plain'), ('the month before, too', 'odd', '2024-02-01', 'plain')) v (what, registry, month,
        scheme);
SELECT ok(parsed(html) IS NOT NULL, 'well-formed: ' || what) FROM (TABLE odd_page UNION ALL SELECT 'the page', html FROM page) x;
SELECT results_eq('SELECT what, html LIKE ''%no statement of%'' FROM odd_page ORDER BY what COLLATE "C"',
    $$VALUES ('a month in which nobody was there', true), ('everything held', false), ('nobody the month before', true),
    ('the first month of a scheme', true), ('the month before, too', false)$$, 'a month before is not made up');
SELECT ok(html LIKE '%<td>&lt;&amp;&quot;&gt;''</td>%' AND html LIKE '%<td>\%s $1 \\1</td>%' AND html LIKE '%to be paid, tenge<b>0.00</b>%'
    AND html LIKE '%of them held<b>2</b>%' AND html LIKE '%<span>no region</span><b>0.00</b>%', what)
FROM odd_page WHERE what = 'everything held';
SELECT throws_ok(format('SELECT osms.report(%L, %L, %L)', r, m, s), state)
    FROM (VALUES (NULL, '2024-01-01', 'plain', '22004'), ('fund', '2024-01-01', NULL, '22004'), ('fund', NULL, 'plain', '22023'),
    ('fund', '2024-01-02', 'plain', '22023'),
    ('nowhere', '2024-01-01', 'plain', '3F000')) v (r, m, s, state);
-- The table of tiles is a picture of twenty places, all different.
SELECT results_eq(
    'SELECT count(*), count(DISTINCT region), count(DISTINCT (tile_column, tile_row)), max(tile_column), max(tile_row) FROM '
    'osms.region_tile WHERE act = ''osms:geography''', 'VALUES (20::bigint, 20::bigint, 20::bigint, 7, 5)', 'twenty tiles');
SELECT throws_ok($$UPDATE osms.region_tile SET name = 'x'$$, '55000');
SELECT throws_ok($$INSERT INTO osms.region_tile (region, name, tile_column, tile_row, valid_from, act)
    VALUES ('x', 'x', 1, 1, '2024-01-01', 'osms:geography')$$, '23514');
SELECT * FROM finish();

-- The page of a month: well-formed, with its figures, nothing from outside, nothing that a name could inject.
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();
SELECT osms.create_registry('fund', cut_over => '2024-01-01');
INSERT INTO osms.act (act, title, number, issued_on) VALUES ('order-1', 'Order on <rates> & more', '7', '2020-02-02');
INSERT INTO osms.scheme (scheme, inactive, valid_from, known_from, act) VALUES ('plain', 'none', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight (scheme, age_from, sex, weight, valid_from, known_from, act)
SELECT 'plain', 0, s, 1, '2018-01-01', '2018-01-01', 'order-1' FROM unnest('{male,female}'::osms.sex[]) s;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act) VALUES ('plain', 'urban', 1234.5, '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', 'r' FROM generate_series(1, 20) i;
INSERT INTO fund.organisation (organisation) SELECT generate_series(1, 3);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) VALUES (1, '<b>"north" & co', 'urban', '2020-01-01'), (2, 'south', 'urban', '2020-01-01'), (3, 'south', 'urban', '2020-01-01');
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '2020-01-01'), (2, '2020-01-01');
INSERT INTO fund.coefficient VALUES (2, 'rural', 1.1, '2020-01-01', '2020-01-01', NULL);
INSERT INTO fund.roster SELECT i, i, 1 + i % 3, NULL, CASE WHEN i > 18 THEN date '2024-02-10' ELSE '2020-01-01' END, 'infinity', '1980-01-01', 'female', 'inherited', 'counted', '2024-01-01', 'infinity' FROM generate_series(1, 20) i;
UPDATE fund.setting SET roster_complete = true;
SELECT osms.close_month('fund', '2024-01-01', 'plain');
INSERT INTO fund.roster VALUES (99, 99, 1, NULL, '2024-01-01', 'infinity', '1990-01-01', 'male', 'inherited', 'counted', clock_timestamp(), 'infinity');
SELECT osms.post_restatement('fund', '2024-01-01');

CREATE TABLE page AS SELECT osms.report('fund', '2024-02-01', 'plain') AS html;
SELECT ok(position(figure IN html) > 0, figure) FROM page, unnest(ARRAY[
    'Payment for 2024-02, registry fund', '<b>18,147.15</b>', '+2,592.45', '<b>21</b>', '<b>3</b>', '<b>1</b>', '&lt;b&gt;&quot;north&quot; &amp; co',
    '<tr><td>new</td><td>2</td><td>2,592.45</td></tr>', '<tr><td>restoration of 2024-01, membership</td><td>1</td><td>1</td><td>1,234.50</td></tr>', 'held: no contract', 'factor rural: no act',
    '<tr><td>base rate south, urban</td><td>1234.5</td><td>2018-01-01</td><td>Order on &lt;rates&gt; &amp; more, 7, 2020-02-02</td></tr>',
    '<td>held: no_contract</td>', 'prefers-color-scheme', '@page{size:A4', 'break-after:avoid']) AS figure;
SELECT ok(html !~ '<script|https?://(?!www\.w3\.org/2000/svg)|<b>"north', 'no script, nothing from outside, nothing injected') FROM page;
SELECT ok(xmlparse(DOCUMENT replace(html, '<!DOCTYPE html>', '')) IS NOT NULL, 'well-formed') FROM page;
SELECT is(osms.report('fund', '2024-02-01', 'plain') ~ 'as known at', true, 'an open month as known now');
SELECT is((SELECT count(*) FROM regexp_matches(osms.report('fund', '2024-01-01', 'plain'), 'class="osms-pyramid"', 'g')), 4::bigint, 'a closed month: all and three clinics');
SELECT ok(osms.report('fund', '1990-01-01') ~ '<p class="none">none</p></body></html>$', 'a month in which nobody was there');
SELECT * FROM finish();

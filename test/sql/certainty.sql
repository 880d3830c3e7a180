-- How sure the law is: every shipped row against a table written from RULES.md and the tables it names; confirming a row; what a payment or a refusal
-- rests on that nobody has read; and that a tag decides nothing.
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();

-- Every table whose rows name an act says point and tag, in one way.
CREATE TEMPORARY TABLE of_law AS
SELECT c.conrelid::regclass AS relation FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid = 'osms.act'::regclass AND c.connamespace = 'osms'::regnamespace;
SELECT cmp_ok(count(*), '=', 11::bigint, 'tables of dated law') FROM of_law;
SELECT is(string_agg(format('%s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), concat_ws(' ', CASE WHEN a.attnotnull THEN 'not null' END, pg_get_expr(d.adbin, d.adrelid))), ', ' ORDER BY a.attname),
          'point text , tag osms.certainty not null ''UNV''::text', relation || ' says point and tag')
FROM of_law LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname IN ('point', 'tag') LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum GROUP BY relation;
SELECT lives_ok(format('SELECT %L::osms.certainty', tag), tag) FROM unnest('{TEXT,OFFICIAL,PRESS,NOTES,CODE,INF,UNV}'::text[]) AS tag;
SELECT throws_ok(format('SELECT %L::osms.certainty', tag), '23514', NULL, tag || ' is no tag') FROM unnest('{"",text,SURE,illustrative}'::text[]) AS tag;

-- Every shipped row: the relation, what it is about, from when, and its act, point and tag. What is made up is marked so, and is the only row that is.
CREATE TEMPORARY TABLE expected (relation text, topic text, valid_from date, act text, point text, tag text);
\copy expected FROM STDIN (FORMAT csv)
parameter,actual_residence_age,-infinity,osms:attachment,,UNV
parameter,backdating_days,-infinity,osms:attachment,,CODE
parameter,campaign_first_day,-infinity,osms:attachment,,OFFICIAL
parameter,campaign_first_day,2025-01-01,osms:attachment,,PRESS
parameter,campaign_last_day,-infinity,osms:attachment,,OFFICIAL
parameter,campaign_last_day,2025-01-01,osms:attachment,,PRESS
parameter,decision_working_days,-infinity,osms:attachment,,OFFICIAL
parameter,free_choice_limit,-infinity,osms:attachment,,OFFICIAL
parameter,newborn_months,-infinity,osms:attachment,,UNV
parameter,newborn_term_days,-infinity,osms:attachment,,PRESS
parameter,order_blackout_first_day,-infinity,osms:attachment,,TEXT
parameter,order_blackout_last_day,-infinity,osms:attachment,,TEXT
parameter,order_causes,-infinity,osms:attachment,,INF
parameter,order_yearly_last_day,-infinity,osms:attachment,,TEXT
parameter,uninsured_share,-infinity,osms:payment,,INF
parameter,uninsured_share,2025-10-01,osms:payment,"47-1, part 2",TEXT
parameter,inactive_share,-infinity,osms:payment,,INF
parameter,inactive_share,2025-10-01,osms:payment,"47-1, part 1",TEXT
parameter,insurance_grace_months,-infinity,osms:insurance,,INF
parameter,insurance_grace_months,2020-01-01,osms:insurance,article 5(2),TEXT
parameter,insurance_exempt_categories,-infinity,osms:insurance,"articles 27(3), 28(7)",TEXT
channel,service_centre,-infinity,osms:attachment,,UNV
channel,egov,-infinity,osms:attachment,,OFFICIAL
channel,clinic,-infinity,osms:attachment,,OFFICIAL
channel,insurer,-infinity,osms:attachment,,PRESS
channel,maternity,-infinity,osms:attachment,,PRESS
channel,authority_order,-infinity,osms:attachment,,TEXT
payment_line,PMSP,-infinity,osms:payment,"41(1), 42",TEXT
payment_line,NMP4,-infinity,osms:payment,"41(2), 43",TEXT
payment_line,PKU,-infinity,osms:payment,"41(3), 44, 49",TEXT
payment_line,SPLIT,-infinity,osms:payment,"41(4), 45",TEXT
payment_line,AMB_DRV,-infinity,osms:payment,41(5),TEXT
payment_line,AMB_STAFF,-infinity,osms:payment,41(6),TEXT
payment_line,SCHOOL,-infinity,osms:payment,"41(7), 48",TEXT
payment_line,SK,-infinity,osms:payment,"41(8), 54-59",TEXT
form_band,0,-infinity,osms:invoice,annex 1,NOTES
form_band,1,-infinity,osms:invoice,annex 1,INF
form_band,5,-infinity,osms:invoice,annex 1,INF
form_band,10,-infinity,osms:invoice,annex 1,INF
form_band,15,-infinity,osms:invoice,annex 1,INF
form_band,20,-infinity,osms:invoice,annex 1,INF
form_band,30,-infinity,osms:invoice,annex 1,NOTES
form_band,40,-infinity,osms:invoice,annex 1,INF
form_band,50,-infinity,osms:invoice,annex 1,INF
form_band,60,-infinity,osms:invoice,annex 1,INF
form_band,70,-infinity,osms:invoice,annex 1,NOTES
\.
INSERT INTO expected SELECT 'sanction', c, '2026-03-01', 'osms:monitoring', 'annex 1', 'TEXT' FROM unnest('{1.0,2.0,3.0,5.0,6.0,7.0,8.0,9.0,10.0,11.0,12.0}'::text[]) AS c;
INSERT INTO expected SELECT 'sanction', c, '2026-03-01', 'osms:monitoring', 'annex 1', 'INF' FROM unnest('{1.2,3.1,3.2,5.1,5.2,6.1,6.2,6.3,6.4,12.1,12.2,12.3}'::text[]) AS c;
INSERT INTO expected SELECT 'holiday', d, d::date, 'osms:holidays', NULL, 'UNV'
FROM unnest('{2002-01-01,2002-01-02,2006-01-07,2002-03-08,2010-03-21,2002-03-22,2010-03-23,2002-05-01,2013-05-07,2002-05-09,2009-07-06,2002-08-30,2022-10-25,2012-12-01,2022-12-01,2002-12-16,2002-12-17,2022-12-17}'::text[]) AS d;
INSERT INTO expected SELECT 'region_tile', r, '-infinity', 'osms:geography', NULL, 'UNV' FROM unnest('{59,55,27,15,39,11,71,10,63,23,62,35,33,47,43,61,31,19,79,75}'::text[]) AS r;
CREATE TEMPORARY TABLE made_up (relation text, topic text, valid_from date);
INSERT INTO made_up VALUES ('parameter', 'approval_valid_days', '-infinity'), ('parameter', 'burst_day', '-infinity'), ('parameter', 'burst_hour', '-infinity'), ('parameter', 'clinic_categories', '-infinity'),
    ('parameter', 'clinic_categories', '2025-01-01'), ('parameter', 'clock_tolerance_minutes', '-infinity'), ('parameter', 'free_choice_limit', '2025-09-01'), ('parameter', 'free_choice_year', '-infinity'),
    ('parameter', 'suspect_term_days', '-infinity'), ('parameter', 'working_hours_end', '-infinity'), ('scheme', 'illustrative', '-infinity'), ('base_rate', 'rural', '-infinity'), ('base_rate', 'urban', '-infinity');
INSERT INTO made_up SELECT 'scheme_weight', concat_ws(' ', a, s), '-infinity' FROM unnest('{0,1,5,10,15,20,30,40,50,60,70}'::int[]) AS a, unnest('{male,female}'::text[]) AS s;
CREATE TEMPORARY VIEW shipped AS
SELECT 'parameter' AS relation, name AS topic, valid_from, act, point, tag::text, illustrative FROM osms.parameter UNION ALL SELECT 'channel', channel, valid_from, act, point, tag, false FROM osms.channel
UNION ALL SELECT 'payment_line', line, valid_from, act, point, tag, false FROM osms.payment_line UNION ALL SELECT 'sanction', code, valid_from, act, point, tag, false FROM osms.sanction
UNION ALL SELECT 'form_band', age_from::text, valid_from, act, point, tag, false FROM osms.form_band UNION ALL SELECT 'holiday', day::text, day, act, point, tag, false FROM osms.holiday
UNION ALL SELECT 'region_tile', region, valid_from, act, point, tag, false FROM osms.region_tile UNION ALL SELECT 'scheme', scheme, valid_from, act, point, tag, illustrative FROM osms.scheme
UNION ALL SELECT 'base_rate', class, valid_from, act, point, tag, illustrative FROM osms.base_rate UNION ALL SELECT 'norm_step', above::text, valid_from, act, point, tag, illustrative FROM osms.norm_step
UNION ALL SELECT 'scheme_weight', concat_ws(' ', age_from, sex), valid_from, act, point, tag, act = 'osms:illustrative' FROM osms.scheme_weight;
SELECT bag_eq('SELECT relation, topic, valid_from, act, point, tag FROM shipped WHERE NOT illustrative', 'TABLE expected', 'every row that is law');
SELECT bag_eq('SELECT relation, topic, valid_from, act, point, tag FROM shipped WHERE illustrative', $$SELECT relation, topic, valid_from, 'osms:illustrative' AS act, NULL::text AS point, 'UNV' AS tag FROM made_up$$, 'every row that is made up');
SELECT bag_eq($$SELECT relation, valid_from, act, point, tag::text, illustrative FROM osms.law$$, $$SELECT relation, valid_from, act, point, tag, illustrative FROM shipped WHERE relation <> 'region_tile'$$, 'osms.law lists them all');
SELECT is(parameter_on, value, name || ' on ' || day) FROM (VALUES ('campaign_first_day', date '2024-12-31', '09-15'), ('campaign_first_day', '2025-01-01', '09-01'), ('suspect_term_days', '2026-01-01', '30'),
    ('free_choice_limit', '2025-08-31', '1'), ('free_choice_limit', '2025-09-01', '2'), ('uninsured_share', '2025-10-01', '0.90'), ('order_causes', '2025-01-01', '{new_facility,reorganisation,contract_ended,yearly}'),
    ('working_hours_end', '2025-01-01', '18:00')) AS v (name, day, value), osms.parameter_on(name, day);

-- The rules: what the refusal itself rests on. What only keeps a registry whole is no law.
SELECT bag_eq('SELECT rule, point, tag FROM osms.rule', $$VALUES
    ('identifier', NULL, 'UNV'), ('period', NULL, NULL), ('transition', NULL, 'UNV'), ('initial_state', NULL, 'UNV'), ('reason', NULL, 'INF'), ('immutable', NULL, NULL), ('decision_order', NULL, 'UNV'),
    ('identified', NULL, 'UNV'), ('one_attachment', NULL, 'PRESS'), ('one_open_application', NULL, 'CODE'), ('basis', NULL, 'INF'), ('person_known', NULL, NULL), ('organisation_known', NULL, NULL),
    ('alive', NULL, 'UNV'), ('no_backdating', NULL, 'CODE'), ('contracted', NULL, 'PRESS'), ('same_territory', NULL, 'OFFICIAL'), ('stay', NULL, 'PRESS'), ('campaign_window', NULL, 'PRESS'),
    ('free_choice_limit', NULL, 'INF'), ('order_scope', NULL, 'INF'), ('newborn_term', NULL, 'PRESS'), ('four_eyes', NULL, NULL), ('clinic_category', NULL, 'UNV'), ('site_norm', '52', 'TEXT'), ('burst', NULL, NULL),
    ('overdue', NULL, 'OFFICIAL'), ('suspect_term', NULL, NULL), ('lost_territory', NULL, 'UNV'), ('identity_data', NULL, 'UNV'), ('payment_due', NULL, 'UNV'), ('payment_contract', NULL, 'TEXT')$$, 'every rule');
SELECT is_empty($$SELECT rule, tag FROM osms.rule WHERE (tag IS NULL) <> (act LIKE 'osms: %')$$, 'a rule without tag is one of integrity');
SELECT is_empty($$SELECT DISTINCT p FROM osms.rule, unnest(parameters) p EXCEPT SELECT name FROM osms.parameter$$, 'rules ask for parameters that are there');
SELECT set_eq($$SELECT name FROM osms.parameter EXCEPT SELECT p FROM osms.rule, unnest(parameters) p$$, '{uninsured_share,inactive_share,insurance_grace_months,insurance_exempt_categories}'::text[], 'all other parameters are of money');
SELECT is(parameters, '{order_causes,order_blackout_first_day,order_blackout_last_day,order_yearly_last_day}', 'all that a rule asks for') FROM osms.rule WHERE rule = 'order_scope';

-- What nobody has read: all rows below OFFICIAL that hold on some day, and nothing else.
SELECT is_empty($$SELECT * FROM osms.unsure() WHERE tag IN ('TEXT', 'OFFICIAL') OR tag IS NULL$$, 'what is sure is not listed');
SELECT bag_eq($$SELECT act, point, tag, illustrative, valid_from FROM osms.unsure() WHERE valid_from IS NOT NULL$$,
    $$SELECT act, point, tag, illustrative, valid_from FROM shipped WHERE tag NOT IN ('TEXT', 'OFFICIAL') AND relation NOT IN ('form_band', 'region_tile')$$, 'all else that a payment or a refusal rests on');
SELECT bag_eq($$SELECT rests, act, tag FROM osms.unsure() WHERE valid_from IS NULL$$, $$SELECT 'rule ' || rule AS rests, act, tag FROM osms.rule WHERE tag NOT IN ('TEXT', 'OFFICIAL')$$, 'and the rules themselves');
SELECT results_eq($$SELECT rests, what, value, valid_from, act, point, tag, illustrative FROM osms.unsure() WHERE what LIKE '%campaign_first_day'$$,
    $$VALUES ('rule campaign_window', 'parameter campaign_first_day', '09-01', date '2025-01-01', 'osms:attachment', NULL::text, 'PRESS', false)$$, 'the campaign of 2025 is from the press');
SELECT is_empty($$SELECT * FROM osms.unsure(day => '2024-12-31') WHERE what LIKE '%campaign_first_day'$$, 'that of the year before is not');
SELECT results_eq($$SELECT value FROM osms.unsure(day => '2025-06-01') WHERE what = 'parameter clinic_categories'$$, $$VALUES ('any')$$, 'a day has one row');
SELECT throws_ok($$SELECT osms.unsure('nowhere')$$, '42704', 'no scheme "nowhere"', 'an unknown scheme');

-- Whoever has the act at hand confirms a value by a row of the same day; it holds since it is known, and what was asked before is answered as before.
INSERT INTO osms.act (act, title, number, issued_on) VALUES ('order-44', 'Order that amends the rules of attachment', '44', '2025-05-12');
CREATE TEMPORARY TABLE before AS SELECT clock_timestamp() AS at;
INSERT INTO osms.parameter (name, value, valid_from, act, point, tag) VALUES ('campaign_first_day', '09-01', '2025-01-01', 'order-44', '12', 'TEXT');
SELECT is_empty($$SELECT * FROM osms.unsure() WHERE what LIKE '%campaign_first_day'$$, 'confirmed');
SELECT is(count(*), 1::bigint, 'the other day is not') FROM osms.unsure() WHERE what LIKE '%campaign_last_day';
SELECT is((p).value || (p).tag || (p).act, '09-01TEXTorder-44', 'the confirmed row holds') FROM osms_internal.parameter_row('campaign_first_day', '2025-10-01', osms_internal.known_now()) AS p;
SELECT is(count(*), 1::bigint, 'as known before it is still from the press') FROM before, osms.unsure(known_at => at) WHERE what LIKE '%campaign_first_day';
SELECT is(osms_internal.parameter_source('campaign_first_day', '2025-10-01', at), 'parameter campaign_first_day of 2025-01-01, act osms:attachment, PRESS', 'and told so') FROM before;
SELECT is(osms_internal.parameter_source('campaign_first_day', '2025-10-01', osms_internal.known_now()), 'parameter campaign_first_day of 2025-01-01, act order-44, point 12, TEXT', 'now with its point');
SELECT is(osms.parameter_on('campaign_first_day', '2024-10-01'), '09-15', 'the years before are as they were');

-- Two rows of one day: the one known last holds, however sure the other is. A tag says how sure, never which.
INSERT INTO osms.parameter (name, value, valid_from, act, tag) VALUES ('campaign_first_day', '09-03', '2025-01-01', 'order-44', 'PRESS');
SELECT is(osms.parameter_on('campaign_first_day', '2025-10-01'), '09-03', 'known last, though only from the press');
SELECT is(string_agg(value || ' ' || tag, ', '), '09-03 PRESS', 'and listed again') FROM osms.unsure() WHERE what LIKE '%campaign_first_day';
INSERT INTO osms.parameter (name, value, valid_from, act, point, tag) VALUES ('campaign_first_day', '09-01', '2025-01-01', 'order-44', '12', 'TEXT');
SELECT is(osms.parameter_on('campaign_first_day', '2025-10-01'), '09-01', 'until it is confirmed');
SELECT throws_ok($$INSERT INTO osms.parameter (name, value, valid_from, known_from, act, tag)
    SELECT name, '09-02', valid_from, known_from, act, 'OFFICIAL' FROM osms.parameter WHERE name = 'campaign_first_day' AND act = 'order-44' ORDER BY known_from DESC LIMIT 1$$, '23505', NULL, 'two rows of one day and moment cannot be');

-- A row that says nothing of its certainty is unverified; what is made up cannot be more.
SELECT lives_ok($$INSERT INTO osms.parameter (name, value, valid_from, act) VALUES ('newborn_term_days', '3', '2026-01-01', 'order-44')$$, 'a row without a tag');
SELECT results_eq($$SELECT valid_from, tag FROM osms.unsure() WHERE what = 'parameter newborn_term_days'$$, $$VALUES (date '-infinity', 'PRESS'), ('2026-01-01', 'UNV')$$, 'is unverified');
SELECT throws_ok($$INSERT INTO osms.parameter (name, value, valid_from, act, tag, illustrative) VALUES ('burst_day', '1', '2026-01-01', 'order-44', 'TEXT', true)$$, '23514', NULL, 'made up and read is no row');
INSERT INTO osms.sanction (code, title, multiple, valid_from, act, point, tag) VALUES ('5.2', 'attached without consent', 100, '2026-03-01', 'order-44', 'annex 1', 'TEXT');
INSERT INTO osms.channel (channel, methods, clerk_methods, valid_from, act, tag) VALUES ('insurer', '{}', '{document}', '2026-01-01', 'order-44', 'TEXT');
INSERT INTO osms.holiday (day, yearly, works, name, act, tag) VALUES ('2010-03-21', true, false, 'Nauryz meiramy', 'order-44', 'TEXT');
SELECT is_empty($$SELECT * FROM osms.unsure() WHERE what LIKE 'defect 5.2,%' OR valid_from = '2010-03-21'$$, 'other tables are confirmed in the same way');
SELECT results_eq($$SELECT valid_from FROM osms.unsure() WHERE what = 'channel insurer'$$, $$VALUES (date '-infinity')$$, 'from the day of the row on');
SELECT results_eq($$SELECT what, tag::text FROM osms.unsure() WHERE what LIKE 'channel %' AND valid_from = '-infinity' ORDER BY 1$$, $$VALUES ('channel insurer', 'PRESS'), ('channel maternity', 'PRESS'), ('channel service_centre', 'UNV')$$,
    'how sure a channel is; which methods count there, rule identified tells');
SELECT is_empty($$SELECT * FROM osms.unsure(day => '2026-01-01') WHERE what = 'channel insurer'$$, 'on which nothing is unsure');

-- A scheme of one's own: editions are confirmed whole; payment and report tell how sure each number is.
INSERT INTO osms.scheme (scheme, valid_from, act, point, tag) VALUES ('kpn', '2020-01-01', 'order-44', '2', 'TEXT');
INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, act, tag)
SELECT 'kpn', a, b, s, 1, '2020-01-01', 'order-44', CASE WHEN a = 0 THEN 'PRESS' ELSE 'TEXT' END FROM (VALUES (0, 18), (18, NULL)) AS v (a, b), unnest('{male,female}'::osms.sex[]) AS s;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, act, point, tag) VALUES ('kpn', 'urban', 1000, '2020-01-01', 'order-44', 'annex 8', 'NOTES');
INSERT INTO osms.norm_step (scheme, above, share, valid_from, act) VALUES ('kpn', 110, 0.8, '2020-01-01', 'order-44');
SELECT results_eq($$SELECT what, value, point, tag FROM osms.unsure('kpn', '2026-01-01') WHERE rests = 'payment' AND act = 'order-44'$$, $$VALUES ('base rate, any region, urban', '1000', 'annex 8', 'NOTES'),
    ('share above 110 % of the norm of a site', '0.8', NULL, 'UNV'), ('weight, female, ages 0-17', '1', NULL, 'PRESS'), ('weight, male, ages 0-17', '1', NULL, 'PRESS')$$, 'one scheme');
SELECT is_empty($$SELECT * FROM osms.unsure('kpn') WHERE rests = 'payment' AND illustrative$$, 'and none of another');
SELECT osms.create_registry('certainty', cut_over => '2025-01-01');
INSERT INTO certainty.person (person, birth_date, sex) SELECT i, CASE WHEN i < 4 THEN date '2020-01-01' ELSE '1990-01-01' END, 'male' FROM generate_series(1, 10) i;
INSERT INTO certainty.organisation (organisation) VALUES (1);
INSERT INTO certainty.organisation_status (organisation, region, class, valid_from, known_from) VALUES (1, '75', 'urban', '2020-01-01', '2020-01-01');
INSERT INTO certainty.contract (organisation, valid_from, known_from) VALUES (1, '2020-01-01', '2020-01-01');
INSERT INTO certainty.coefficient (organisation, kind, value, valid_from, act, point, tag) VALUES (1, 'rural', 1.1, '2020-01-01', 'order-44', 'annex 9', 'TEXT');
INSERT INTO certainty.coefficient (organisation, kind, value, valid_from, act) VALUES (1, 'heating', 1.01, '2020-01-01', 'order-44');
INSERT INTO certainty.insurance (person, month, category, paid) SELECT i, '2026-01-01', 'self', i <> 10 FROM generate_series(1, 10) i;
INSERT INTO certainty.attachment (attachment, person, organisation, state, since) SELECT i, i, 1, 'active', '2021-01-01' FROM generate_series(1, 10) i;
SELECT osms.guard('certainty', '{"basis": "off"}');
CALL osms.fill_roster('certainty', batch => NULL);
SELECT results_eq($$SELECT item, value, source FROM osms.explain_payment('certainty', '1', '2026-02-01', 'kpn') WHERE source LIKE '%act %'$$, $$VALUES
    ('uninsured', 0.9, 'parameter uninsured_share of 2025-10-01, act osms:payment, point 47-1, part 2, TEXT, contributions of 2026-01'),
    ('ages 0-17', 3, 'males, act order-44, PRESS'), ('ages 18+', 7, 'males, act order-44, TEXT'),
    ('base rate B', 1000, 'any region, urban: osms.base_rate of 2020-01-01, act order-44, annex 8, NOTES'),
    ('K heating', 1.01, 'coefficient of 2020-01-01, act order-44, UNV'), ('K rural', 1.1, 'coefficient of 2020-01-01, act order-44, annex 9, TEXT'),
    ('rate', 1110.00, 'scheme kpn, act order-44, point 2, TEXT: B * (Kav + sum of (K - 1)), rounded to 2 digits')$$, 'a payment tells');
SELECT is((SELECT amount FROM osms.statement('certainty', '2026-02-01', 'kpn')), 1110 * 9.9, 'a tag changes no digit');
SELECT ok(osms.report('certainty', '2026-02-01', 'kpn') LIKE '%' || cell || '%', 'the report tells ' || cell) FROM unnest(ARRAY[
    '<th>act</th><th>point</th><th>how sure</th>', '<td>order-44</td><td>annex 8</td><td>NOTES</td>', '<td>osms:payment</td><td>47-1, part 2</td><td>TEXT</td>', '<td>order-44</td><td></td><td>UNV</td>']) AS cell;
SELECT ok(osms.report('certainty', '2026-02-01') LIKE '%<td>osms:illustrative</td><td></td><td>illustrative</td>%', 'and what is made up');

SELECT * FROM finish();

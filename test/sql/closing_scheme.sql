-- By which scheme a month is closed where none is named: that of the month closed last.
SELECT * FROM no_plan();
SET client_min_messages = error;
INSERT INTO osms.act (act, title) VALUES ('order-1', 'Order on rates');
INSERT INTO osms.scheme (scheme, inactive, valid_from, known_from, act)
    VALUES ('plain', 'none', '2018-01-01', '2018-01-01', 'order-1'), ('other', 'none', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight (scheme, age_from, sex, weight, valid_from, known_from, act)
SELECT c, 0, s, 1, '2018-01-01', '2018-01-01', 'order-1' FROM unnest('{male,female}'::osms.sex[]) s, unnest('{plain,other}'::text[]) c;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act)
    VALUES ('plain', 'urban', 1234.5, '2018-01-01', '2018-01-01', 'order-1'),
    ('other', 'urban', 777, '2018-01-01', '2018-01-01', 'order-1');
SELECT osms.create_registry('fund', cut_over => '2030-01-01'), osms.create_registry('first', cut_over => '2030-01-01');
INSERT INTO fund.person (person, birth_date, sex) VALUES (1, '1980-01-01', 'male');
INSERT INTO fund.organisation (organisation) VALUES (1);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) VALUES (1, 'r', 'urban', '2020-01-01');
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '2020-01-01');
INSERT INTO fund.attachment (person, organisation, state, since) VALUES (1, 1, 'active', '2020-01-01');
SELECT osms.guard('fund'), osms.guard('first');
CALL osms.fill_roster('fund');
CALL osms.fill_roster('first');

SELECT is((osms.close_month('fund', '2025-01-01', 'plain')).amount, 1234.50, 'a scheme that is named');
SELECT is((osms.close_month('fund', '2025-02-01')).amount, 1234.50, 'none is that of the month before');
SELECT is((osms.close_month('fund', '2025-03-01', scheme => 'other')).amount, 777.00, 'another from a month on');
SELECT is((osms.close_month('fund', '2025-04-01', NULL)).amount, 777.00, 'NULL is none');
SELECT results_eq('SELECT month, scheme FROM fund.statement ORDER BY 1',
    $$VALUES (date '2025-01-01', 'plain'), ('2025-02-01', 'plain'), ('2025-03-01', 'other'), ('2025-04-01', 'other')$$,
        'the statements tell');
SELECT results_eq($$SELECT reason FROM fund.journal WHERE relation = 'statement' ORDER BY entry$$, $$VALUES ('plain'), ('plain'), ('other'),
    ('other')$$, 'and the journal');
SELECT lives_ok($$SELECT osms.close_month('first', '2025-01-01')$$, 'the first month');
SELECT results_eq('SELECT scheme FROM first.statement', $$VALUES ('illustrative')$$, 'is that which every call takes');
SELECT throws_ok($$SELECT osms.close_month('fund', '2025-05-01', 'none')$$, '42704', NULL, 'a scheme that is none');
SELECT * FROM finish();

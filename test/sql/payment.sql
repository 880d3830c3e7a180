-- What a Fund pays from its own table: rule x case x verdict, on a table of ours and on a mapped one in partitions; modes, imports, sift,
-- audit.
-- All weights are 1 and the rate is 1,000, so a line is its heads in thousands.
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();
\ir verdict.psql
CREATE ROLE vendor_payment;
CREATE ROLE accounts_payment;
INSERT INTO osms.act (act, title) VALUES ('order-1', 'Order on rates');
INSERT INTO osms.scheme (scheme, inactive, uninsured, rate_on, valid_from, known_from, act)
VALUES ('plain', 'none', 'full', DEFAULT, '2018-01-01', '2018-01-01', 'order-1'),
    ('early', 'none', 'full', 'month_start', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight (scheme, age_from, sex, weight, valid_from, known_from, act)
SELECT c, 0, s, 1, '2018-01-01', '2018-01-01', 'order-1' FROM unnest('{male,female}'::osms.sex[]) s, unnest('{plain,early}'::text[]) c;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act) SELECT c, 'urban', 1000, '2018-01-01', '2018-01-01', 'order-1'
    FROM unnest('{plain,early}'::text[]) c;

SELECT osms.create_registry('fund', cut_over => '2023-01-01');
INSERT INTO fund.person (person, birth_date, sex) SELECT i, '1980-01-01', 'female' FROM generate_series(1, 20) i;
INSERT INTO fund.organisation (organisation) SELECT generate_series(1, 6);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) SELECT o, 'r', 'urban', '2020-01-01'
    FROM generate_series(1, 6) o;
-- 1 without a limit, 2 with one, 3 without a contract yet, 4 without persons
INSERT INTO fund.contract (organisation, valid_from, yearly_amount)
    VALUES (1, '2020-01-01', NULL), (2, '2020-01-01', 12000), (4, '2020-01-01', NULL), (5, '2020-01-01', 100000);
INSERT INTO fund.attachment (attachment, person, organisation, state, since)
SELECT i, i, CASE WHEN i <= 5 THEN 1 WHEN i <= 10 THEN 2 WHEN i <= 13 THEN 3 ELSE 5 END, 'active', '2020-01-01'
    FROM generate_series(1, 15) i;
SELECT osms.guard('fund', '{"basis": "off", "contracted": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', batch => NULL);
-- December and January are closed; then person 1 is known to have died, 16 to have come to 6, which had nobody, and 3 has a contract since
-- January
SELECT osms.close_month('fund', '2023-12-01', 'plain'), osms.close_month('fund', '2024-01-01', 'plain');
UPDATE fund.person SET death_date = '2023-12-15' WHERE person = 1;
INSERT INTO fund.contract (organisation, valid_from) VALUES (3, '2024-01-01'), (6, '2024-01-01');
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, reason)
    VALUES (16, 16, 6, 'closed', '2024-01-10', '2024-02-05', 'error');
SELECT osms.post_restatement('fund', '2023-12-01'), osms.post_restatement('fund', '2024-01-01');
SELECT osms.close_month('fund', '2024-02-01', 'plain'), osms.close_month('fund', '2024-03-01', 'plain');

-- what is due
SELECT results_eq($$SELECT * FROM osms.due('fund', '2024-01-01')$$, $$VALUES
    ('1', 5000.00, NULL::numeric, 5000.00, NULL::numeric, 'ok'), ('2', 5000.00, NULL, 5000.00, NULL, 'ok'),
        ('3', NULL, NULL, 0, NULL, 'held'), ('5', 2000.00, NULL, 2000.00, NULL, 'ok')$$, 'January as it was closed');
SELECT results_eq($$SELECT * FROM osms.due('fund', '2024-02-01')$$, $$VALUES
    ('1', 4000.00, -2000.00, 2000.00, NULL::numeric, 'ok'), ('2', 5000.00, NULL, 5000.00, NULL, 'ok'),
        ('3', 3000.00, 3000.00, 6000.00, NULL, 'ok'),
    ('5', 2000.00, NULL, 2000.00, NULL, 'ok'), ('6', NULL, 1000.00, 1000.00, NULL, 'no_line')$$,
        'February with what was corrected of other months');
SELECT is((SELECT amount FROM osms.invoice('fund', '1', '2024-02-01', 'plain') WHERE line = 'BANK'), 2000.00, 'the invoice says the same');
SELECT is(pg_temp.verdict(format('SELECT osms.due(%s)', args)), expected, expected) FROM (VALUES
    ('''fund'', ''2024-04-01''', '55000 2024-04 of registry "fund" is not closed'),
        ('''fund'', ''2024-01-02''', '22023 the month of a statement is told by its first day, not by 2024-01-02'),
    ('''none'', ''2024-01-01''', '42P01 registry "none" does not exist or keeps no statements')) v (args, expected);

-- payment_due: what is written, on top of what
CREATE FUNCTION pg_temp.judged(before text, statement text) RETURNS text LANGUAGE sql AS
    $$ SELECT pg_temp.verdict(concat_ws('; ', nullif(before, ''), statement)) $$;
\set paid 'INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 5000), (2, ''2024-01-01'', 5000)'
CREATE TABLE due_case (nth int GENERATED ALWAYS AS IDENTITY, what text, before text, statement text, found text);
INSERT INTO due_case (what, before, statement, found) VALUES
('what is due', '', $$ (1, '2024-01-01', 5000) $$, 'ok'),
('written otherwise', '', $$ (1, '2024-01-01', 5000.0000) $$, 'ok'),
('a tiyn more', '', $$ (1, '2024-01-01', 5000.01) $$, 'more_than_due in payment 1, 2024-01-01'),
('a tiyn less', '', $$ (1, '2024-01-01', 4999.99) $$, 'less_than_due in payment 1, 2024-01-01'),
('no number', '', $$ (1, '2024-01-01', 'NaN') $$, 'more_than_due in payment 1, 2024-01-01'),
('on another day of the month', '', $$ (1, '2024-01-31', 5000) $$, 'ok'),
('twice', :'paid', $$ (1, '2024-01-31', 5000) $$, 'more_than_due in payment 1, 2024-01-31'),
('in two parts', '', $$ (1, '2024-01-01', 4000), (1, '2024-01-02', 1000) $$, 'ok'),
('more, and some of it back', '', $$ (1, '2024-01-01', 6000), (1, '2024-01-02', -1000) $$, 'ok'),
('nothing more', :'paid', $$ (1, '2024-01-31', 0) $$, 'ok'),
('held', '', $$ (3, '2024-01-01', 3000) $$, 'held in payment 3, 2024-01-01'),
('nothing, held', '', $$ (3, '2024-01-01', 0) $$, 'ok'),
('held, in the wrong direction', '', $$ (3, '2024-01-01', -1) $$, 'less_than_due in payment 3, 2024-01-01'),
('no line', '', $$ (4, '2024-01-01', 1) $$, 'no_line in payment 4, 2024-01-01'),
('nothing, without a line', '', $$ (4, '2024-01-01', 0) $$, 'ok'),
('unknown organisation', '', $$ (77, '2024-01-01', 1) $$, 'unknown_organisation in payment 77, 2024-01-01'),
('not closed', '', $$ (1, '2024-04-01', 4000) $$, 'not_closed in payment 1, 2024-04-01'),
('nothing, not closed', '', $$ (1, '2024-04-01', 0) $$, 'ok'),
('before the first closed month', '', $$ (1, '2023-11-01', 5000) $$, 'not_closed in payment 1, 2023-11-01'),
('claw-backs taken off', '', $$ (1, '2024-02-01', 2000) $$, 'ok'),
('not taken off', '', $$ (1, '2024-02-01', 4000) $$, 'more_than_due in payment 1, 2024-02-01'),
('released', '', $$ (3, '2024-02-01', 6000) $$, 'ok'),
('without what was released', '', $$ (3, '2024-02-01', 3000) $$, 'less_than_due in payment 3, 2024-02-01'),
('ledger without a line', '', $$ (6, '2024-02-01', 1000) $$, 'ok'),
('more than that', '', $$ (6, '2024-02-01', 1001) $$, 'no_line in payment 6, 2024-02-01'),
('what a correction adds is not of its month', '', $$ (3, '2024-01-01', 3000) $$, 'held in payment 3, 2024-01-01'),
('one of many is wrong', '', $$ (1, '2024-01-01', 5000), (2, '2024-01-01', 5000), (5, '2024-01-01', 2001) $$,
    'more_than_due in payment 5, 2024-01-01');
SELECT is(pg_temp.judged(before, 'INSERT INTO fund.payment VALUES' || statement), CASE found WHEN 'ok' THEN found
    ELSE '23514 payment_due fund.payment.amount ' || found END, what) FROM due_case ORDER BY nth;
-- what was written wrongly before is put right, and else stays
SELECT is(pg_temp.judged(before, statement), expected, what) FROM (VALUES
    ('raised', :'paid', 'UPDATE fund.payment SET amount = amount + 1 WHERE organisation = 2',
        '23514 payment_due fund.payment.amount more_than_due in payment 2, 2024-01-01'),
    ('lowered', :'paid', 'UPDATE fund.payment SET amount = amount - 1',
        '23514 payment_due fund.payment.amount less_than_due in payment 1, 2024-01-01'),
    ('shifted', 'INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 4000), (1, ''2024-01-02'', 1000)',
        'UPDATE fund.payment SET amount = 5000 - amount', 'ok'),
    ('untouched', :'paid', 'UPDATE fund.payment SET amount = amount', 'ok'),
    ('known earlier', :'paid', 'UPDATE fund.payment SET known_from = ''2020-01-01''',
        '23001 immutable fund.payment.known_from changed_known_from in payment 1, 2024-01-01'),
    ('known when it is over', '',
        'INSERT INTO fund.payment (organisation, month, amount, known_from) VALUES (1, ''2024-01-01'', 1, ''2199-01-01'')',
        '23514 period fund.payment.month known_in_future in payment 1, 2024-01-01'),
    ('a contract for later', '',
        'INSERT INTO fund.contract (organisation, valid_from, known_from) VALUES (1, ''2024-01-01'', ''2199-01-01'')',
        '23514 period fund.contract.valid_from known_in_future in contract 1'),
    ('a status for later', '',
        'INSERT INTO fund.organisation_status (organisation, region, class, valid_from, known_from) VALUES '
        '(1, ''75'', ''urban'', ''2024-01-01'', ''2199-01-01'')',
        '23514 period fund.organisation_status.valid_from known_in_future in organisation_status 1'),
    ('another organisation', :'paid', 'UPDATE fund.payment SET organisation = 5',
        '23001 immutable fund.payment.organisation changed_organisation in payment 5, 2024-01-01'),
    ('another month', :'paid', 'UPDATE fund.payment SET month = ''2024-01-02''',
        '23001 immutable fund.payment.month changed_month in payment 1, 2024-01-02'),
    ('deleted', :'paid', 'DELETE FROM fund.payment', '23001 immutable fund.payment.organisation deleted in payment 1, 2024-01-01'),
    ('truncated', '', 'TRUNCATE fund.payment', '23001 immutable fund.payment.organisation truncated')) v (what, before, statement,
        expected);
SELECT osms.guard('fund', '{"payment_due": "off"}');
INSERT INTO fund.payment VALUES (1, '2024-01-01', 4999), (4, '2024-01-01', 7), (5, '2024-05-01', 7);
SELECT osms.guard('fund', '{"payment_due": "enforce"}');
SELECT is(pg_temp.verdict('UPDATE fund.payment SET amount = ' || amount || ' WHERE organisation = ' || o), expected,
    'an old defect: ' || expected) FROM (VALUES
    (1, 5000, 'ok'), (1, 4998, '23514 payment_due fund.payment.amount less_than_due in payment 1, 2024-01-01'), (4, 0, 'ok'), (5, 0, 'ok'),
    (4, 6, '23514 payment_due fund.payment.amount no_line in payment 4, 2024-01-01')) v (o, amount, expected);
SELECT is(pg_temp.verdict('INSERT INTO fund.payment VALUES (2, ''2024-01-01'', 5000)'), 'ok', 'stops nobody else');

-- payment_contract, while nothing else is compared
SELECT osms.guard('fund', '{"payment_due": "off", "immutable": "off"}');
DELETE FROM fund.payment;
SELECT is(pg_temp.judged(before, 'INSERT INTO fund.payment VALUES' || statement), CASE found WHEN 'ok' THEN found
    ELSE '23514 payment_contract fund.payment.amount ' || found END, what) FROM (VALUES
('up to the contract', '', $$ (2, '2024-01-01', 12000) $$, 'ok'),
('a tiyn beyond', '', $$ (2, '2024-01-01', 12000.01) $$, 'over_contract in payment 2, 2024-01-01'),
('in the year', 'INSERT INTO fund.payment VALUES (2, ''2024-01-01'', 5000), (2, ''2024-02-29'', 5000)', $$ (2, '2024-12-31', 2000) $$,
    'ok'),
('beyond in the year', 'INSERT INTO fund.payment VALUES (2, ''2024-01-01'', 5000), (2, ''2024-02-29'', 5000)',
    $$ (2, '2024-12-31', 2001) $$, 'over_contract in payment 2, 2024-12-31'),
('in another year', 'INSERT INTO fund.payment VALUES (2, ''2023-12-31'', 12000), (2, ''2025-01-01'', 12000)',
    $$ (2, '2024-06-01', 12000) $$, 'ok'),
('late, between others', 'INSERT INTO fund.payment VALUES (2, ''2024-01-01'', 5000), (2, ''2024-03-01'', 5000)',
    $$ (2, '2024-02-01', 2000) $$, 'ok'),
('late, and too much for those', 'INSERT INTO fund.payment VALUES (2, ''2024-01-01'', 5000), (2, ''2024-03-01'', 5000)',
    $$ (2, '2024-02-01', 2001) $$, 'over_contract in payment 2, 2024-02-01'),
('of another organisation', 'INSERT INTO fund.payment VALUES (5, ''2024-01-01'', 12000)', $$ (2, '2024-02-01', 12000) $$, 'ok'),
('in one statement', '', $$ (2, '2024-01-01', 6000), (2, '2024-02-01', 6000), (2, '2024-03-01', 1) $$,
    'over_contract in payment 2, 2024-01-01'),
('nothing more',
    'INSERT INTO fund.payment VALUES (2, ''2024-01-01'', 12000); UPDATE fund.contract SET yearly_amount = 9000 WHERE organisation = 2',
    $$ (2, '2024-02-01', 0) $$, 'ok'),
('some back',
    'INSERT INTO fund.payment VALUES (2, ''2024-01-01'', 12000); UPDATE fund.contract SET yearly_amount = 9000 WHERE organisation = 2',
    $$ (2, '2024-02-01', -1) $$, 'ok'),
('no limit', '', $$ (1, '2024-01-01', 99999999) $$, 'ok'),
('no contract', '', $$ (3, '2023-12-01', 1) $$, 'no_contract in payment 3, 2023-12-01'),
('not yet', '', $$ (3, '2023-12-31', 1) $$, 'no_contract in payment 3, 2023-12-31'),
('no more', 'UPDATE fund.contract SET valid_to = ''2024-02-01'' WHERE organisation = 2', $$ (2, '2024-05-01', 12000) $$, 'ok'),
('no more, and too much', 'UPDATE fund.contract SET valid_to = ''2024-02-01'' WHERE organisation = 2', $$ (2, '2024-05-01', 12001) $$,
    'over_contract in payment 2, 2024-05-01'),
('no more since last year', 'UPDATE fund.contract SET valid_to = ''2024-01-01'' WHERE organisation = 2', $$ (2, '2024-05-01', 1) $$,
    'no_contract in payment 2, 2024-05-01'),
('more from March', 'INSERT INTO fund.contract VALUES (2, ''2024-03-01'', NULL, 20000)',
    $$ (2, '2024-02-01', 12000), (2, '2024-03-01', 8000) $$, 'ok'),
('more from March, taken in February', 'INSERT INTO fund.contract VALUES (2, ''2024-03-01'', NULL, 20000)', $$ (2, '2024-02-01', 12001) $$,
    'over_contract in payment 2, 2024-02-01'),
('more from the last day of March', 'INSERT INTO fund.contract VALUES (2, ''2024-03-31'', NULL, 20000)', $$ (2, '2024-03-01', 20000) $$,
    'ok'),
('more was agreed later', 'INSERT INTO fund.contract VALUES (2, ''2020-01-01'', NULL, 20000)', $$ (2, '2024-01-01', 20000) $$, 'ok'),
('less was agreed later', 'INSERT INTO fund.contract VALUES (2, ''2020-01-01'', NULL, 9000)', $$ (2, '2024-01-01', 9001) $$,
    'over_contract in payment 2, 2024-01-01'),
('an end was agreed later', 'INSERT INTO fund.contract VALUES (2, ''2020-01-01'', ''2024-01-01'', 20000)', $$ (2, '2024-01-01', 1) $$,
    'no_contract in payment 2, 2024-01-01'),
('more for a while', 'INSERT INTO fund.contract VALUES (2, ''2024-03-01'', ''2024-06-01'', 20000)', $$ (2, '2024-06-01', 12001) $$,
    'over_contract in payment 2, 2024-06-01'),
('where the statement looked on the first day',
    'SELECT osms.close_month(''fund'', ''2024-04-01'', ''early''); INSERT INTO fund.contract VALUES (2, ''2024-04-30'', NULL, 20000)',
    $$ (2, '2024-04-01', 20000) $$, 'over_contract in payment 2, 2024-04-01'),
-- 2,000 paid in February are 3,000 of this year and 1,000 taken back of December
('last year''s claw-back counts in neither',
    'UPDATE fund.contract SET yearly_amount = 8000 WHERE organisation = 1; INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 5000)',
    $$ (1, '2024-02-01', 2000) $$, 'ok'),
('nor does it make room',
    'UPDATE fund.contract SET yearly_amount = 7999 WHERE organisation = 1; INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 5000)',
    $$ (1, '2024-02-01', 2000) $$, 'over_contract in payment 1, 2024-02-01')
) v (what, before, statement, found);
SELECT is(pg_temp.judged(
    'INSERT INTO fund.payment VALUES (2, ''2024-01-01'', 12000); UPDATE fund.contract SET yearly_amount = 9000 WHERE organisation = 2',
    'UPDATE fund.payment SET amount = ' || amount), expected, 'changed to ' || amount)
FROM (VALUES (11999, 'ok'), (12001, '23514 payment_contract fund.payment.amount over_contract in payment 2, 2024-01-01'),
    (9000, 'ok')) v (amount, expected);

-- audit finds the same in what is stored, each row for itself; months before the first closed one are history
SELECT osms.guard('fund', '{"payment_contract": "off"}');
INSERT INTO fund.payment VALUES (1, '2023-11-01', 5000), (1, '2024-01-01', 5000), (2, '2024-01-01', 5000), (2, '2024-02-01', 7001),
    (2, '2024-03-01', 1), (3, '2024-01-01', 3000), (3, '2023-11-01', 1),
    (4, '2024-01-01', 1), (5, '2024-01-01', 1999), (5, '2024-07-01', 2000), (6, '2024-02-01', 1000), (77, '2023-11-01', 0);
SELECT results_eq($$SELECT key, person, rule, finding FROM osms.audit('fund', '{payment_due,payment_contract}')
    ORDER BY key, rule$$, $$VALUES
    ('2, 2024-02-01', NULL::text, 'payment_contract', 'over_contract'), ('2, 2024-02-01', NULL, 'payment_due', 'more_than_due'),
    ('2, 2024-03-01', NULL, 'payment_contract', 'over_contract'), ('2, 2024-03-01', NULL, 'payment_due', 'less_than_due'),
    ('3, 2023-11-01', NULL, 'payment_contract', 'no_contract'), ('3, 2024-01-01', NULL, 'payment_due', 'held'),
        ('4, 2024-01-01', NULL, 'payment_due', 'no_line'),
    ('5, 2024-01-01', NULL, 'payment_due', 'less_than_due'), ('5, 2024-07-01', NULL, 'payment_due', 'not_closed'),
        ('77, 2023-11-01', NULL, 'payment_due', 'unknown_organisation')$$, 'audit');
SELECT results_eq($$SELECT rule, finding, rows FROM osms.audit_summary('fund', '{payment_due}') WHERE relation = 'payment'$$,
    $$VALUES ('payment_due', 'held', 1::bigint), ('payment_due', 'less_than_due', 2), ('payment_due', 'more_than_due', 1),
        ('payment_due', 'no_line', 1), ('payment_due', 'not_closed', 1), ('payment_due', 'unknown_organisation', 1)$$, 'in short');
DELETE FROM fund.payment;
SELECT osms.guard('fund', '{"payment_contract": "enforce", "payment_due": "enforce", "immutable": "enforce"}');

-- what is paid for months of the year, and what the cap of the next statement counts: a held month whose invoice corrects others
SELECT is(pg_temp.verdict($$INSERT INTO fund.payment SELECT organisation::bigint, '2024-02-01', due
    FROM osms.due('fund', '2024-02-01')$$, 'UTC',
    $$SELECT string_agg(concat(organisation, ' ', amount), ', ' ORDER BY organisation)
        FROM osms_internal.paid_before('fund', '2024-04-01', now())$$),
    'ok 1 12000.00, 2 12000.00, 3 9000.00, 5 6000.00, 6 1000.00', 'a payment with corrections is not counted with them and again without');
SELECT is(pg_temp.verdict($$INSERT INTO fund.payment SELECT organisation::bigint, m, due
    FROM unnest('{2023-12-01,2024-01-01,2024-02-01,2024-03-01}'::date[]) m, osms.due('fund', m) WHERE due <> 0$$, 'UTC',
    $$SELECT string_agg(rule || ' ' || finding, ', ') FROM osms.audit('fund', '{payment_due,payment_contract}')$$), 'ok',
        'everything due is paid');

-- imports: what was paid before osms kept statements
\set load 'INSERT INTO fund.payment VALUES (2, ''2022-01-01'', 99999), (77, ''2022-01-01'', 1)'
SELECT is(pg_temp.verdict('SELECT osms.import_begin(''fund'', ''archive'');' || :'load' || ';SELECT osms.import_end(''fund'')', 'UTC',
    'SELECT string_agg(import::text || key, '' '' ORDER BY key) FROM fund.journal WHERE relation = ''payment'''),
    'ok 12, 2022-01-01 177, 2022-01-01', 'in an import the rules warn, and the journal knows');
SELECT is(pg_temp.verdict(:'load'), '23514 payment_due fund.payment.amount not_closed in payment 2, 2022-01-01', 'outside they refuse');
SELECT is(pg_temp.verdict('SELECT osms.import_begin(''fund'', ''archive''); TRUNCATE fund.payment'),
    '23001 immutable fund.payment.organisation truncated', 'other rules refuse in an import too');

-- sift takes the good ones of a nightly load, judged one by one
CREATE TABLE night (organisation bigint, month date, amount numeric);
INSERT INTO night VALUES (1, '2024-01-01', 5000), (1, '2024-01-31', 5000), (2, '2024-01-01', 5000), (2, '2024-02-01', 5000),
    (2, '2024-03-01', 2000), (3, '2024-01-01', 3000), (5, '2024-01-01', 1999), (77, '2024-01-01', 1), (NULL, '2024-01-01', 1), (5, NULL, 1);
SELECT results_eq($$SELECT key, rule, finding FROM osms.sift('fund', 'payment', 'night')$$,
    $$VALUES ('1, 2024-01-31', 'payment_due', 'more_than_due'), ('3, 2024-01-01', 'payment_due', 'held'),
    ('5, 2024-01-01', 'payment_due', 'less_than_due'), ('5', 'payment_due', 'no_month'),
        ('77, 2024-01-01', 'payment_due', 'unknown_organisation'), ('77, 2024-01-01', 'payment_contract', 'no_contract'),
    ('2024-01-01', 'payment_due', 'unknown_organisation'), ('2024-01-01', 'payment_contract', 'no_contract')$$, 'sift');
SELECT is(pg_temp.verdict($$INSERT INTO fund.payment SELECT * FROM night
    WHERE ctid NOT IN (SELECT candidate FROM osms.sift('fund', 'payment', 'night'))$$, 'UTC', 'SELECT count(*)::text FROM fund.payment'),
    'ok 4', 'and the rest is loaded');
SELECT is(pg_temp.verdict(
    'SELECT osms.import_begin(''fund'', ''archive''); CREATE TABLE sifted AS SELECT * FROM osms.sift(''fund'', ''payment'', ''night''); '
    'SELECT osms.import_end(''fund'')', 'UTC', 'SELECT count(*)::text FROM sifted'),
    'ok 0', 'sift judges as an import would');
SELECT osms.guard('fund', '{"payment_due": "off"}');
UPDATE night SET amount = 7000 WHERE organisation = 2;
SELECT results_eq($$SELECT key, rule, finding FROM osms.sift('fund', 'payment', 'night') WHERE key LIKE '2, %'$$,
    $$VALUES ('2, 2024-02-01', 'payment_contract', 'over_contract'), ('2, 2024-03-01', 'payment_contract', 'over_contract')$$,
        'in the order of their months');
SELECT osms.guard('fund', '{"payment_due": "enforce"}');
SELECT throws_ok($$SELECT * FROM osms.sift('fund', 'payment', 'osms.holiday')$$, '42703',
    '"holiday" is shaped neither like table "payment" nor like canonical relation "payment"', 'half a key is none');

-- modes: one WARNING for all rows of a statement
SELECT osms.guard('fund', '{"payment_due": "warn"}');
SELECT is(pg_temp.verdict('INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 1), (5, ''2024-01-01'', 1)'), 'ok', 'warns');
SELECT osms.guard('fund', '{"payment_due": "enforce"}');

-- rights: who writes needs none on the registry, who owns the table must be able to read what a verdict tells, and keys are for those who
-- may see them
GRANT INSERT, UPDATE ON fund.payment TO vendor_payment;
GRANT USAGE ON SCHEMA fund TO vendor_payment, accounts_payment;
SELECT is(pg_temp.verdict('SET LOCAL ROLE vendor_payment; INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 5000)'), 'ok',
    'a vendor pays what is due');
SELECT is(pg_temp.judged(:'paid', 'SET LOCAL ROLE vendor_payment; UPDATE fund.payment SET amount = 1'),
    '23514 payment_due fund.payment.amount less_than_due', 'and sees no key that it did not write');
ALTER TABLE fund.payment OWNER TO accounts_payment;
SELECT is(pg_temp.verdict('INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 5000)'),
    '42501 owner of guarded table "payment" may not read registry "fund"', 'an owner who may not read what is due');
SELECT results_eq($$SELECT statement, undo FROM osms_internal.missing_grants('fund')$$, $$VALUES
    ('GRANT SELECT ON fund.statement_line, fund.ledger, fund.contract TO accounts_payment',
        'REVOKE SELECT ON fund.statement_line, fund.ledger, fund.contract FROM accounts_payment')$$, 'is told what is missing');
GRANT SELECT ON fund.statement_line, fund.ledger TO accounts_payment;
SELECT is(pg_temp.verdict('INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 5000)'),
    '42501 owner of guarded table "payment" may not read registry "fund"', 'nor one who may not read contracts');
SELECT results_eq($$SELECT statement FROM osms_internal.missing_grants('fund')$$, $$VALUES ('GRANT SELECT ON fund.contract TO accounts_payment')$$,
    'only what is missing');
GRANT SELECT ON fund.contract TO accounts_payment;
SELECT is(pg_temp.verdict('INSERT INTO fund.payment VALUES (1, ''2024-01-01'', 5000)'), 'ok', 'and needs no right on persons');
ALTER TABLE fund.payment OWNER TO CURRENT_USER;

-- A table of the Fund's own: other names, months as text, in partitions of another shape, a row per bank order, paid or not.
CREATE SCHEMA legacy;
CREATE TABLE legacy.man (id int PRIMARY KEY, born date, sex text, died date);
CREATE TABLE legacy.clinic (code text COLLATE "C" PRIMARY KEY);
CREATE TABLE legacy.place (code text, region text, kind text, since date);
CREATE TABLE legacy.deal (code text, d1 date, d2 date, total numeric);
CREATE INDEX ON legacy.deal (code);
CREATE TABLE legacy.att (id int PRIMARY KEY, man int, clinic text, st text, d1 date, d2 date, why text);
CREATE INDEX ON legacy.att (man);
CREATE TABLE legacy.payout (id int GENERATED ALWAYS AS IDENTITY, period text, clinic text, st text DEFAULT 'paid',
    tenge numeric(18,2)) PARTITION BY LIST (substr(period, 4));
CREATE TABLE legacy.payout_2023 PARTITION OF legacy.payout FOR VALUES IN ('2023');
CREATE TABLE legacy.payout_2024 (tenge numeric(18,2), gone int, st text DEFAULT 'paid', clinic text, period text, id int NOT NULL);
ALTER TABLE legacy.payout_2024 DROP COLUMN gone;
ALTER TABLE legacy.payout ATTACH PARTITION legacy.payout_2024 FOR VALUES IN ('2024');
CREATE TABLE legacy.payout_odd PARTITION OF legacy.payout DEFAULT;
CREATE INDEX ON legacy.payout (clinic);
INSERT INTO legacy.man SELECT i, '1980-01-01', 'f', NULL FROM generate_series(1, 9) i;
INSERT INTO legacy.clinic VALUES ('A'), ('b');
INSERT INTO legacy.place VALUES ('A', 'r', 'urban', '2020-01-01'), ('b', 'r', 'urban', '2020-01-01');
INSERT INTO legacy.deal VALUES ('A', '2020-01-01', NULL, 9000), ('b', '2020-01-01', NULL, NULL);
INSERT INTO legacy.att SELECT i, i, CASE WHEN i <= 5 THEN 'A' ELSE 'b' END, '1', '2020-01-01' FROM generate_series(1, 9) i;
SELECT osms.create_registry('old', tables => false, cut_over => '2023-01-01');
SELECT osms.map('old', 'person', 'legacy.man',
    '{"person": "id", "birth_date": "born", "sex": {"column": "sex", "codes": {"female": ["f"], "male": ["m"]}}, "death_date": "died"}');
SELECT osms.map('old', 'organisation', 'legacy.clinic', '{"organisation": "code"}');
SELECT osms.map('old', 'organisation_status', 'legacy.place',
    '{"organisation": "code", "region": "region", "class": "kind", "valid_from": "since"}');
SELECT osms.map('old', 'contract', 'legacy.deal',
    '{"organisation": "code", "valid_from": "d1", "valid_to": "d2", "yearly_amount": "total"}');
SELECT is(pg_temp.verdict('SELECT osms.guard_payment(''old'')'), '42P01 registry "old" has no relation "payment"', 'nothing is mapped yet');
SELECT osms.map('old', 'payment', 'legacy.payout',
    '{"organisation": "clinic", "month": {"expression": "osms.read_time(''01.'' || period, ''DD.MM.YYYY'')::date", "column": "period", '
    '"write": "pg_catalog.to_char(new.month::timestamp, ''MM.YYYY'')"}, "amount": "CASE WHEN st = ''paid'' THEN tenge END"}');
SELECT is(pg_temp.verdict('SELECT osms.guard_payment(''old'')'), '42P01 registry "old" keeps no statements', 'nor does it keep statements');
SELECT osms.map('old', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "man", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["2"], "annulled": ["3"]}');
SELECT is(pg_temp.verdict(format('SELECT osms.guard_payment(%s)', args)), expected, expected) FROM (VALUES
    ('''old'', ''maybe''', '22023 rule "payment_due" has no mode "maybe"'), ('''none''', '3F000 registry "none" does not exist')) v (args,
        expected);
DROP VIEW old.organisation;
SELECT is(pg_temp.verdict('SELECT osms.guard_payment(''old'')'), '42P01 registry "old" has no relation "organisation"',
    'whose rows are the lock');
SELECT osms.map('old', 'organisation', 'legacy.clinic', '{"organisation": "code"}');
DROP INDEX legacy.att_man_idx;
SELECT is(pg_temp.verdict('SELECT osms.guard(''old'')'),
    '55000 registry "old" cannot be guarded: rows cannot be found by "person" through an index', 'the guard needs more');
SELECT osms.guard_payment('old', 'warn');
SELECT results_eq('SELECT relation, source::text, modes, triggers, problem FROM osms.guards WHERE registry = ''old''',
    $$VALUES ('payment', 'legacy.payout', '{"payment_due": "warn", "payment_contract": "warn"}'::jsonb, 20::bigint, NULL::text)$$,
        'than that of payments alone');
SELECT osms.guard_payment('old');
SELECT results_eq('SELECT modes FROM osms.guards WHERE registry = ''old''', $$VALUES ('{}'::jsonb)$$, 'in another mode');
CREATE INDEX ON legacy.att (man);
SELECT results_eq($$SELECT undo FROM osms.plan('old') WHERE statement LIKE '%guard%'$$,
    $$VALUES ('SELECT osms.unguard(''old''), osms.guard_payment(''old'', ''enforce'')')$$, 'a plan of the whole guard leads back to it');
SELECT osms.guard('old', '{"basis": "off", "contracted": "off", "no_backdating": "off", "same_territory": "off"}');
SELECT results_eq('SELECT relation, triggers, problem FROM osms.guards WHERE registry = ''old'' ORDER BY relation',
    $$VALUES ('attachment', 5::bigint, NULL::text), ('attested_number', 4, NULL), ('contract', 5, NULL), ('identity_event', 5, NULL),
    ('organisation', 5, NULL), ('organisation_status', 5, NULL), ('payment', 20, NULL), ('person', 5, NULL)$$, 'all of it');
CALL osms.fill_roster('old', batch => NULL);
SELECT osms.close_month('old', '2023-12-01', 'plain'), osms.close_month('old', '2024-01-01', 'plain');
UPDATE legacy.man SET died = '2023-12-15' WHERE id = 9;
SELECT osms.post_restatement('old', '2023-12-01'), osms.post_restatement('old', '2024-01-01');
SELECT osms.close_month('old', '2024-02-01', 'plain');
SELECT is(pg_temp.judged(before, statement), expected, what) FROM (VALUES
('what is due', '', $$INSERT INTO legacy.payout (period, clinic, tenge)
    VALUES ('01.2024', 'A', 5000), ('01.2024', 'b', 4000), ('02.2024', 'b', 1000)$$, 'ok'),
('as the registry calls it', '', $$INSERT INTO legacy.payout (period, clinic, st, tenge) SELECT to_char(m, 'MM.YYYY'), organisation, 'paid',
    due FROM unnest('{2024-01-01,2024-02-01}'::date[]) m, osms.due('old', m)$$, 'ok'),
('by bank orders', '', $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('01.2024', 'A', 4000), ('01.2024', 'A', 1000)$$, 'ok'),
('straight into a partition', '', $$INSERT INTO legacy.payout_2024 (id, period, clinic, tenge) OVERRIDING SYSTEM VALUE
    VALUES (1, '01.2024', 'A', 4000)$$, '23514 payment_due legacy.payout.tenge less_than_due in payment A, 2024-01-01'),
('twice', $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('01.2024', 'A', 5000)$$,
    $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('01.2024', 'A', 5000)$$,
    '23514 payment_due legacy.payout.tenge more_than_due in payment A, 2024-01-01'),
('prepared', '', $$INSERT INTO legacy.payout (period, clinic, st, tenge)
    VALUES ('01.2024', 'A', 'draft', 7), ('07.2024', 'b', 'draft', 7), ('01.2024', 'X', 'draft', 7)$$, 'ok'),
('prepared beside what is paid', $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('01.2024', 'A', 5000)$$,
    $$INSERT INTO legacy.payout (period, clinic, st, tenge) VALUES ('01.2024', 'A', 'draft', 7)$$, 'ok'),
('prepared, then paid', $$INSERT INTO legacy.payout (period, clinic, st, tenge) VALUES ('01.2024', 'A', 'draft', 5000)$$,
    $$UPDATE legacy.payout SET st = 'paid'$$, 'ok'),
('prepared wrongly, then paid', $$INSERT INTO legacy.payout (period, clinic, st, tenge) VALUES ('01.2024', 'A', 'draft', 7)$$,
    $$UPDATE legacy.payout SET st = 'paid'$$, '23514 payment_due legacy.payout.tenge less_than_due in payment A, 2024-01-01'),
('taken back', $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('01.2024', 'A', 5000)$$,
    $$UPDATE legacy.payout SET st = 'returned'$$, 'ok'),
('taken back in part', $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('01.2024', 'A', 4000), ('01.2024', 'A', 1000)$$,
    $$UPDATE legacy.payout SET st = 'returned' WHERE tenge = 1000$$,
    '23514 payment_due legacy.payout.tenge less_than_due in payment A, 2024-01-01'),
('paid again', $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('01.2024', 'A', 5000);
    UPDATE legacy.payout SET st = 'returned'$$, $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('01.2024', 'A', 5000)$$, 'ok'),
('no month', '', $$INSERT INTO legacy.payout (period, clinic, tenge)
    VALUES (NULL, 'A', 5000)$$, '23514 payment_due legacy.payout.tenge no_month in payment A'),
('no such month', '', $$INSERT INTO legacy.payout (period, clinic, tenge)
    VALUES ('13.2024', 'A', 5000)$$, '23514 period legacy.payout.period unreadable_month in payment A'),
('no organisation', '', $$INSERT INTO legacy.payout (period, tenge)
    VALUES ('01.2024', 1)$$, '23514 payment_due legacy.payout.tenge unknown_organisation'),
('into another year', $$INSERT INTO legacy.payout (period, clinic, tenge)
    VALUES ('12.2023', 'A', 5000)$$, $$UPDATE legacy.payout SET period = '01.2024'$$,
    '23001 immutable legacy.payout.period changed_month in payment A, 2024-01-01'),
('deleted', $$INSERT INTO legacy.payout (period, clinic, tenge)
    VALUES ('12.2023', 'A', 5000)$$, 'DELETE FROM legacy.payout_2023',
    '23001 immutable legacy.payout.clinic deleted in payment A, 2023-12-01'),
('a partition emptied', '', 'TRUNCATE legacy.payout_2024', '23001 immutable legacy.payout.clinic truncated'),
('through the registry', '', $$INSERT INTO old.payment (organisation, month)
    VALUES ('A', '2024-01-01')$$, 'ok')) v (what, before, statement, expected);
-- beyond the contract: the cap left 4,000 for February
SELECT results_eq($$SELECT organisation, due FROM osms.due('old', '2024-02-01')$$, $$VALUES ('A', 4000.00),
    ('b', 1000.00)$$, 'the statement was capped');
SELECT osms.guard('old', '{"payment_due": "warn"}');
SELECT is(pg_temp.judged($$INSERT INTO legacy.payout (period, clinic, tenge)
    VALUES ('01.2024', 'A', 5000)$$, $$INSERT INTO legacy.payout (period, clinic, tenge) VALUES ('02.2024', 'A', 5000)$$),
    '23514 payment_contract legacy.payout.tenge over_contract in payment A, 2024-02-01', 'and its contract holds, whatever is due');
SELECT osms.unguard('old');
SELECT is((SELECT count(*)::int FROM pg_trigger WHERE tgname LIKE 'zz\_osms%'
    AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'legacy'::regnamespace)), 0, 'unguarded');
-- unguarded again, what was paid is as the roster left it
UPDATE old.setting SET roster_complete = true;
SELECT osms.guard_payment('old'), osms.unguard('old');
SELECT ok(roster_complete, 'taking away the guard of payments leaves the roster what it is') FROM old.setting;

-- the guard of payments leaves another one that is disabled alone; what it lacks is made, and the roster counts as incomplete
SELECT osms.guard('old',
    '{"basis": "off", "contracted": "off", "no_backdating": "off", "same_territory": "off", "payment_due": "enforce"}');
UPDATE old.setting SET roster_complete = true;
SELECT is(pg_temp.verdict($$ALTER TABLE legacy.att DISABLE TRIGGER USER; SELECT osms.guard_payment('old')$$, 'UTC',
    $$SELECT g.problem LIKE 'disabled: %' AND s.roster_complete FROM osms.guards g, old.setting s
        WHERE g.registry = 'old' AND g.relation = 'attachment'$$), 'ok true', 'disabled as it was');
SELECT is(pg_temp.verdict($$DROP TRIGGER zz_osms_attachment_insert ON legacy.att; SELECT osms.guard_payment('old')$$, 'UTC',
    $$SELECT concat(g.problem IS NULL, s.roster_complete) FROM osms.guards g, old.setting s
        WHERE g.registry = 'old' AND g.relation = 'attachment'$$), 'ok tf', 'a gap that is closed is told');
SELECT osms.unguard('old');
-- a partition that was detached is a guarded table of its own, which a plan passes over
SELECT osms.guard_payment('old', 'warn');
ALTER TABLE legacy.payout DETACH PARTITION legacy.payout_2023;
SELECT results_eq($$SELECT undo FROM osms.plan('old') WHERE statement LIKE '%guard%'$$,
    $$VALUES ('SELECT osms.unguard(''old''), osms.guard_payment(''old'', ''warn'')')$$, 'a plan beside a detached partition');
SELECT osms.unguard('old');

-- the lock needs a right on organisations, where there are payments
ALTER TABLE old.roster OWNER TO vendor_payment;
SELECT results_eq($$SELECT statement, undo FROM osms_internal.missing_grants('old') WHERE statement LIKE '% ON old.organisation %'$$, $$VALUES
    ('GRANT SELECT ON old.organisation TO vendor_payment', 'REVOKE SELECT ON old.organisation FROM vendor_payment'),
    ('GRANT UPDATE ON old.organisation TO vendor_payment', 'REVOKE UPDATE ON old.organisation FROM vendor_payment')$$,
        'UPDATE on organisations');
DROP VIEW old.payment;
SELECT results_eq($$SELECT statement FROM osms_internal.missing_grants('old') WHERE statement LIKE '% ON old.organisation %'$$,
    $$VALUES ('GRANT SELECT ON old.organisation TO vendor_payment')$$, 'not where there are none');
SELECT results_eq($$SELECT * FROM osms.due('old', '2024-01-01')$$, $$VALUES ('A', 5000.00, NULL::numeric, 5000.00, NULL::numeric, 'ok'),
    ('b', 4000.00, NULL, 4000.00, NULL, 'ok')$$, 'what is due is told all the same');
ALTER TABLE old.roster OWNER TO CURRENT_USER;

SELECT osms.unguard('fund');
DROP OWNED BY vendor_payment, accounts_payment;
DROP ROLE vendor_payment, accounts_payment;
SELECT * FROM finish();

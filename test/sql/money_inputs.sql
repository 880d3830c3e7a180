-- Money by mistake: what a row of the registry's own tables cannot be is refused, what a mapped one is is told, and whom nobody knows is no
-- empty answer.
SELECT * FROM no_plan();
SET client_min_messages = error;
\ir verdict.psql
SELECT osms.create_registry('fund', cut_over => '2030-01-01');
INSERT INTO fund.person (person, birth_date, sex) VALUES (1, '1980-01-01', 'male');
INSERT INTO fund.organisation (organisation) VALUES (1), (2);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) VALUES (1, 'r', 'urban', '2020-01-01');
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '2020-01-01');
INSERT INTO fund.attachment (person, organisation, state, since) VALUES (1, 1, 'active', '2020-01-01');
SELECT osms.guard('fund');
CALL osms.fill_roster('fund');
SELECT osms.close_month('fund', '2025-01-01'), osms.close_month('fund', '2025-02-01');
SELECT is(pg_temp.verdict(q), v, q) FROM (VALUES
($$INSERT INTO fund.coefficient (organisation, kind, value, valid_from) VALUES (1, 'rural', 1.1, '2020-01-01')$$, 'ok'),
($$INSERT INTO fund.defect (organisation, month, defect_month, code, cases) VALUES (1, '2025-01-01', '2025-01-01', '1', -4)$$,
    '23514 new row for relation "defect" violates check constraint "defect_cases"'),
($$INSERT INTO fund.contract (organisation, valid_from, yearly_amount) VALUES (1, '2020-01-01', -5)$$,
    '23514 new row for relation "contract" violates check constraint "contract_amount"'),
($$INSERT INTO fund.adjustment (organisation, month, line, amount) VALUES (1, '2025-01-01', '4', -5)$$, 'ok'),
-- whom nobody knows, and months the wrong way round
($$SELECT * FROM osms.invoice('fund', '77', '2025-01-01')$$, 'P0002 registry "fund" knows no organisation "77"'),
($$SELECT * FROM osms.monthly_form('fund', '77', '2025-01-01')$$, 'P0002 registry "fund" knows no organisation "77"'),
($$SELECT * FROM osms.roster_of('fund', '77', '2025-01-01')$$, 'P0002 registry "fund" knows no organisation "77"'),
($$SELECT * FROM osms.roster_of('fund', 'x', '2025-01-01')$$, '22P02 invalid input syntax for type bigint: "x"'),
($$SELECT * FROM osms.invoice('fund', '2', '2025-01-01')$$, 'ok'), ($$SELECT * FROM osms.roster_of('fund', '2', '2025-01-01')$$, 'ok'),
    ($$SELECT * FROM osms.monthly_form('fund', '1', '2025-01-01')$$, 'ok'),
($$SELECT * FROM osms.changes('fund', '2025-02-01', '2025-01-01')$$, '22023 2025-01 is not later than 2025-02'),
($$SELECT * FROM osms.flows('fund', '2025-02-01', '2025-01-01')$$, '22023 2025-01 is not later than 2025-02'),
($$SELECT * FROM osms.changes('fund', '2025-01-01', '2025-02-01')$$, 'ok')) c (q, v);

-- what sources hold
CREATE TABLE source AS SELECT * FROM (VALUES (1, date '2020-01-01', date '2019-01-01', -5::numeric), (77, '2020-01-01', NULL, 5),
    (1, '2021-01-01', NULL, NULL)) v (org, b, e, amount);
CREATE TABLE ki AS SELECT * FROM (VALUES (1, 'rural', -3::numeric, date '2020-01-01'), (99, 'rural', 1, '2020-01-01'),
    (1, 'other', NULL, '2020-01-01')) v (org, kind, value, b);
CREATE TABLE clinic AS SELECT 1 AS id;
CREATE TABLE people (id int PRIMARY KEY, born date);
CREATE TABLE attached (no int PRIMARY KEY, person int, clinic int, d_beg date, st text);
SELECT osms.create_registry('mapped', tables => false, cut_over => '2030-01-01');
SELECT osms.map('mapped', 'person', 'people', '{"person": "id", "birth_date": "born"}'),
    osms.map('mapped', 'organisation', 'clinic', '{"organisation": "id"}'),
    osms.map('mapped', 'contract', 'source', '{"organisation": "org", "valid_from": "b", "valid_to": "e", "yearly_amount": "amount"}'),
    osms.map('mapped', 'coefficient', 'ki', '{"organisation": "org", "kind": "kind", "value": "value", "valid_from": "b"}'),
    osms.map('mapped', 'attachment', 'attached',
        '{"attachment": "no", "person": "person", "organisation": "clinic", "since": "d_beg", "state": "st"}');
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('mapped') WHERE problem ~ '^\d+ rows have'
    ORDER BY 1, 3$$, $$VALUES
    ('coefficient', 'warning', '1 rows have a coefficient below zero, or one that is no number'),
        ('coefficient', 'warning', '1 rows have an unknown organisation in column "organisation"'),
    ('contract', 'warning', '1 rows have a yearly amount below zero, or one that is no number'),
        ('contract', 'warning', '1 rows have an end that does not lie after the first day'),
    ('contract', 'warning', '1 rows have an unknown organisation in column "organisation"')$$, 'what makes no sense is counted');
SELECT is_empty($$SELECT * FROM osms.check_registry('fund') WHERE problem ~ '^\d+ rows have'$$, 'nothing of it where all is well');
SELECT * FROM finish();

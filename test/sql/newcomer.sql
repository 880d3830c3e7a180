-- What somebody new gets wrong is refused or told, in words: mappings, keys that change their type, arguments that are NULL, rows that
-- cannot be,
-- and mistakes that must have a way back.
SELECT * FROM no_plan();
SET client_min_messages = error;
\ir verdict.psql
-- as verdict, with what else an application sees
CREATE FUNCTION pg_temp.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; advice text; context text;
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
    RETURN concat_ws(' | ', state || ' ' || message, nullif(detail, ''), nullif(advice, ''), CASE
        WHEN context LIKE '%SELECT f.problem%' THEN 'SQL of ours' END);
END $$;

CREATE TABLE people (id int PRIMARY KEY, born date, died date, region text, day text);
CREATE TABLE register (no int PRIMARY KEY, code text UNIQUE NOT NULL, person int, clinic int, d_beg date, d_end date, st text, why text);
CREATE INDEX ON register (person);
INSERT INTO people SELECT i, '1980-01-01', NULL, '75', '01.05.80' FROM generate_series(1, 4) i;
INSERT INTO register VALUES (1, 'a', 1, 10, '2020-01-01', '2021-01-01', 'C', NULL), (2, 'b', 2, 10, '2020-06-01', NULL, 'A', NULL);
SELECT osms.create_registry('m', tables => false, cut_over => '2025-01-01');
CREATE FUNCTION pg_temp.map(key text, person text DEFAULT 'person',
    states text DEFAULT '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}') RETURNS void LANGUAGE sql AS $$
    SELECT osms.map('m', 'attachment', 'register', jsonb_build_object('attachment', key, 'person', person, 'organisation', 'clinic',
        'state', 'st',
        'since', 'd_beg', 'until', 'd_end', 'reason', 'why'), states => states::jsonb)
$$;

-- a mapping that is none: the column, and no SQL of ours
SELECT is(pg_temp.told(format('SELECT osms.map(''m'', ''person'', ''people'', %L)', c.columns)), c.told, c.columns) FROM (VALUES
('{"person": "id", "birth_date": "туған + 1"}',
    '42703 column "birth_date" cannot be read from public.people: column "туған" does not exist | It would be read as туған + 1 | Write '
    'columns as they are called, in double quotes where small letters are not all that they have.'),
('{"person": "idd + 1"}',
    '42703 column "person" cannot be read from public.people: column "idd" does not exist | It would be read as idd + 1 | Perhaps you '
    'meant to reference the column "s.id".'),
('{"person": "id", "birth_date": "born +"}',
    '42601 column "birth_date" cannot be read from public.people: syntax error at or near ")" | It would be read as born + | Write columns '
    'as they are called, in double quotes where small letters are not all that they have.'),
('{"person": "id", "birth_date": "id + 1"}',
    '42846 column "birth_date" cannot be read from public.people: cannot cast type integer to date | It would be read as (id + 1)::date | '
    'Write columns as they are called, in double quotes where small letters are not all that they have.'),
('{"person": "id", "sex": {"column": "born", "codes": {"male": ["m"]}}}',
    '22007 column "sex" cannot be read from public.people: invalid input syntax for type date: "m" | It would be read as CASE s.born '
    'WHEN ''m'' THEN ''male''::osms.sex END | Write columns as they are called, in double quotes where small letters are not all that they '
    'have.'),
('{"person": "id", "birth_date": "no_such"}',
    '42703 table "public.people" has no column "no_such" | It is mapped to the canonical column "birth_date".')) AS c (columns, told);
SELECT osms.map('m', 'person', 'people', '{"person": "id", "birth_date": "born", "death_date": "died", "region": "region"}');
SELECT is(pg_temp.told($$SELECT pg_temp.map('no', states => '{"aktive": ["A"]}')$$),
    '22023 column "state" of canonical relation "attachment" has no value "aktive" | Its values are active, annulled, closed, suspect.',
        'a state that does not exist');
SELECT is(pg_temp.told('SELECT osms.create_registry(''m'')'),
    '42P06 schema "m" already exists | A registry is a schema of its own: give it another name.', 'a schema that exists');
SELECT is(pg_temp.told(format('SELECT osms.map(''m'', ''person'', ''people'', %L, date_format => %L)',
    '{"person": "id", "birth_date": "day"}', c.format)), c.told, c.format)
FROM (VALUES ('DD.MM.YYYY', 'ok'), ('DD.MM.YY', 'x'), ('YYYY', 'x'), ('', 'x'), ('ГГГГ', 'x')) f (format, told),
     LATERAL (SELECT f.format,
         replace(f.told, 'x',
         format('22023 format "%s" does not keep a date | Write it like DD.MM.YYYY, in the letters of to_char, with all digits of the '
         'year.', f.format))) AS c (format, told);
SELECT results_eq($$SELECT relation, problem FROM osms.check_registry('m') WHERE severity = 'error'
    ORDER BY 2$$, $$VALUES ('attachment', 'relation "attachment" is absent')$$, 'a check before attachments are mapped');
SELECT osms.map('m', 'person', 'people', '{"person": "id", "birth_date": "born", "death_date": "died", "region": "region"}');

-- keys of another type: followed while nothing is on the roster, refused afterwards
SELECT pg_temp.map('no');
SELECT pg_temp.map('code', 'person::bigint');
SELECT is((SELECT string_agg(concat_ws(' ', a.attrelid::regclass, a.attname, format_type(a.atttypid, NULL)), ', '
    ORDER BY a.attrelid::regclass::text, a.attname) FROM pg_attribute a
    WHERE a.attrelid IN ('m.roster'::regclass, 'm.journal'::regclass, 'm.pending'::regclass, 'm.moved'::regclass,
        'm.identity_event'::regclass) AND a.attname IN ('attachment', 'person', 'applicant')),
    'm.identity_event applicant bigint, m.identity_event person bigint, m.journal person bigint, m.moved person bigint, m.pending person '
    'bigint, m.roster attachment text, m.roster person bigint', 'tables of ours follow the keys');
SELECT pg_temp.map('code');
SELECT is_empty($$SELECT relation, problem FROM osms.check_registry('m') WHERE severity = 'error'$$, 'back again');
SELECT lives_ok($$SELECT * FROM osms.audit('m')$$, 'audit');
SELECT osms.guard('m');
SELECT is(pg_temp.told('SELECT pg_temp.map(''no'')'), '42804 key "attachment" has type integer, but text on the roster of registry "m" | '
    'Map it with a cast to text; keys of another type take a registry of their own.', 'not under a guard');
CALL osms.fill_roster('m');
SELECT osms.unguard('m');
SELECT is(pg_temp.verdict('SELECT pg_temp.map(''no'')'), '42804 key "attachment" has type integer, but text on the roster of registry "m"',
    'nor over a roster');
SELECT is(pg_temp.verdict('SELECT pg_temp.map(''code'', ''person::text'')'),
    '42804 key "person" has type text, but integer on the roster of registry "m"', 'of persons');
SELECT is(pg_temp.verdict($$SELECT osms.map('m', 'person', 'people', '{"person": "id::text"}')$$),
    '42804 key "person" has type text, but integer on the roster of registry "m"', 'in their own relation');
SELECT lives_ok('SELECT pg_temp.map(''no::text'')', 'with a cast it is the same type');
SELECT pg_temp.map('code');
SELECT osms.map('m', 'person', 'people', '{"person": "id", "birth_date": "region", "stay_until": "day"}', date_format => 'DD.MM.YYYY');
UPDATE people SET day = CASE id WHEN 1 THEN '01.05.2030' WHEN 2 THEN ' ' WHEN 3 THEN NULL ELSE '01.05.80' END;
SELECT results_eq($$SELECT relation, severity, problem, hint FROM osms.check_registry('m') WHERE problem LIKE '%without a meaning%'
    ORDER BY 3$$, $$VALUES
    ('person', 'warning', '1 rows hold values without a meaning for column "stay_until": "01.05.80"',
        'Map the relation again with osms.map(), with a date_format for them, or correct the rows: they are read as unknown.'),
    ('person', 'warning', '4 rows hold values without a meaning for column "birth_date": "75"',
        'Map the relation again with osms.map(), with a date_format for them, or correct the rows: they are read as unknown.')$$,
        'texts that are no dates');
SELECT osms.map('m', 'person', 'people', '{"person": "id", "birth_date": "born", "death_date": "died", "region": "region"}');

-- what is not mapped
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('m') WHERE problem LIKE 'columns not mapped%' ORDER BY 1$$,
    $$VALUES ('attachment', 'info', 'columns not mapped: site, application, order_key, restores'),
        ('person', 'info', 'columns not mapped: iin, surname, given_name, patronymic, sex, stay_until')$$, 'columns that are not there');

SELECT osms.create_registry('f', cut_over => '2025-01-01');
INSERT INTO f.organisation (organisation) VALUES (10), (20);
INSERT INTO f.organisation_status (organisation, region, class, valid_from)
    VALUES (10, '75', 'urban', '2015-01-01'), (20, '75', 'urban', '2015-01-01');
INSERT INTO f.contract (organisation, valid_from) VALUES (10, '2015-01-01'), (20, '2015-01-01');
INSERT INTO f.person (person, birth_date, sex, region) SELECT i, '1958-03-02', 'male', '75' FROM generate_series(1, 9) i;
INSERT INTO f.attachment (attachment, person, organisation, state, since, until, reason)
SELECT i, i, 10, CASE WHEN i = 7 THEN 'closed' ELSE 'active' END::osms.attachment_state, '2019-01-01', CASE
    WHEN i = 7 THEN date '2022-01-01' END, CASE WHEN i = 7 THEN 'left_country' END
FROM generate_series(1, 8) i;
ALTER SEQUENCE f.attachment_attachment_seq RESTART WITH 101;

-- without a guard a restoration still needs something lost
SELECT is(pg_temp.told('SELECT osms.reopen(''f'', ''1'')'),
    '23514 attachment "1" is not lost: it is active | Only what was closed or annulled can be restored.', 'nothing is lost');
SELECT is((osms.register_death('f', '1', '2025-11-20')).note, 'attachment "1" goes on: no guard ended it',
    'and a death says what it leaves open');
SELECT is((osms.register_death('f', '1', NULL)).note, NULL, 'taken back it leaves nothing');
SELECT osms.guard('f');
CALL osms.fill_roster('f');
SELECT is((osms.register_death('f', '9', '2025-11-20')).note, NULL, 'who is attached nowhere');
SELECT osms.close_month('f', '2025-08-01');

-- NULL, and whom nobody knows, is no empty answer
SELECT is(pg_temp.verdict(format('SELECT * FROM osms.%s', c.call)), c.verdict, c.call) FROM (VALUES
($$history('f', NULL)$$, '22004 argument "person" of osms.history must not be null'),
($$history('f', '999')$$, 'P0002 person "999" does not exist in registry "f"'),
($$history('f', 'x')$$, '22P02 invalid input syntax for type bigint: "x"'),
($$history('f', '1')$$, 'ok'),
($$explain_attachment('f', NULL)$$, '22004 argument "attachment" of osms.explain_attachment must not be null'),
($$explain_payment('f', NULL, '2025-08-01')$$, '22004 argument "organisation" of osms.explain_payment must not be null'),
($$explain_payment('f', '10', NULL)$$, '22004 argument "month" of osms.explain_payment must not be null'),
($$roster_of('f', NULL, '2025-08-01')$$, '22004 argument "organisation" of osms.roster_of must not be null'),
($$roster_of('f', '10', NULL)$$, '22004 argument "month" of osms.roster_of must not be null'),
($$invoice('f', NULL, '2025-08-01')$$, '22004 argument "organisation" of osms.invoice must not be null'),
($$monthly_form('f', NULL, '2025-08-01')$$, '22004 argument "organisation" of osms.monthly_form must not be null'),
($$changes('f', NULL, '2025-08-01')$$, '22004 argument "month" of osms.changes must not be null'),
($$flows('f', '2025-08-01', NULL)$$, '22004 argument "later" of osms.flows must not be null'),
($$contract_execution('f', NULL)$$, '22004 argument "year" of osms.contract_execution must not be null'),
($$due('f', NULL)$$, '22004 argument "month" of osms.due must not be null'),
($$restate('f', NULL)$$, '22004 argument "month" of osms.restate must not be null'),
($$unattached('f', NULL)$$, '22004 argument "day" of osms.unattached must not be null'),
($$sift('f', 'attachment', NULL)$$, '22004 argument "staging" of osms.sift must not be null')) AS c (call, verdict);
SELECT unalike(pg_temp.told($$SELECT * FROM osms.history('f', 'x')$$), '%SELECT%', 'a key that is none shows no SQL');

-- rows that cannot be are refused by our tables
SELECT is(pg_temp.verdict(c.statement), c.verdict, c.statement) FROM (VALUES
($$INSERT INTO f.coefficient (organisation, kind, value, valid_from)
    VALUES (10, 'x', -3, '2020-01-01')$$, '23514 new row for relation "coefficient" violates check constraint "coefficient_value"'),
($$INSERT INTO f.coefficient (organisation, kind, value, valid_from)
    VALUES (10, 'x', 'NaN', '2020-01-01')$$, '23514 new row for relation "coefficient" violates check constraint "coefficient_value"'),
($$INSERT INTO f.coefficient (organisation, kind, value, valid_from)
    VALUES (10, 'x', 1, 'infinity')$$, '23514 new row for relation "coefficient" violates check constraint "coefficient_valid_from"'),
($$INSERT INTO f.adjustment (organisation, month, line, amount)
    VALUES (10, '2025-09-01', '5', 'NaN')$$, '23514 new row for relation "adjustment" violates check constraint "adjustment_amount"'),
($$INSERT INTO f.defect (organisation, month, defect_month, code, cases)
    VALUES (10, '2025-09-01', '2025-10-01', '1', 4)$$, '23514 new row for relation "defect" violates check constraint "defect_month"'),
($$INSERT INTO f.defect (organisation, month, defect_month, code, cases) VALUES (10, '2025-09-01', '2025-09-30', '1', 4)$$, 'ok'),
($$UPDATE f.setting SET cut_over = 'infinity'$$, '23514 new row for relation "setting" violates check constraint "setting_cut_over_check"'))
    AS c (statement, verdict);
-- and counted where they would count for nobody
INSERT INTO f.authority_order (order_key, valid_from) VALUES ('o', '2025-01-01');
INSERT INTO f.order_scope (order_key, from_organisation, to_organisation) VALUES ('o', 99, 98), ('nope', 10, 20);
INSERT INTO f.service (person, organisation, served_on) VALUES (999, 10, '2025-01-01'), (1, 999, '2025-01-01');
INSERT INTO f.insurance (person, month, paid) VALUES (999, '2025-09-01', true), (1, '2190-09-01', true);
INSERT INTO f.residence (person, region, kind, valid_from) VALUES (999, '75', 'actual', '2020-01-01');
INSERT INTO f.organisation_succession VALUES (99, 10, '2020-01-01');
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('f') WHERE problem ~ '^\d+ rows have'
    ORDER BY 1, 3$$, $$VALUES
('insurance', 'warning', '1 rows have a month in more than a year, or before 1990'),
    ('insurance', 'warning', '1 rows have an unknown person in column "person"'),
('order_scope', 'warning', '1 rows have an unknown order in column "order_key"'),
    ('order_scope', 'warning', '1 rows have an unknown organisation in column "from_organisation"'),
('order_scope', 'warning', '1 rows have an unknown organisation in column "to_organisation"'),
('organisation_succession', 'warning', '1 rows have an unknown organisation in column "old"'),
    ('residence', 'warning', '1 rows have an unknown person in column "person"'),
('service', 'warning', '1 rows have an unknown organisation in column "organisation"'),
    ('service', 'warning', '1 rows have an unknown person in column "person"')$$, 'what counts for nobody');

-- an annulment that was a mistake is told as one, and reopened
SELECT osms.annul('f', '6', 'unlawful');
SELECT is(pg_temp.verdict('SELECT osms.reopen(''f'', ''6'')'), '23514 basis f.attachment.application nothing_to_restore in attachment 101',
    'what was unlawful is not restored');
SELECT is((osms.annul('f', '6', 'error')).outcome, 'changed', 'unless the annulment is said to be the error');
SELECT is((osms.reopen('f', '6')).state, 'active', 'then it is');
-- with the end that it had
SELECT osms.annul('f', '7', 'error');
SELECT is((osms.reopen('f', '7')).state, 'closed', 'what had ended has');
SELECT osms.register_death('f', '4', '2025-11-20');
SELECT osms.annul('f', '4', 'error');
SELECT is((osms.reopen('f', '4')).state, 'closed', 'of the dead, too');
SELECT osms.annul('f', '5', 'error');
SELECT osms.register_death('f', '5', '2025-11-20');
SELECT is((osms.reopen('f', '5')).state, 'closed', 'who died meanwhile');
SELECT results_eq('SELECT person, state::text, since, until, restores, reason FROM f.attachment WHERE restores IS NOT NULL ORDER BY person',
    $$VALUES
    (4::bigint, 'closed', date '2019-01-01', date '2025-11-21', 4::bigint, 'death'), (5, 'closed', '2019-01-01', '2025-11-21', 5, 'death'),
    (6, 'active', '2019-01-01', NULL, 6, NULL), (7, 'closed', '2019-01-01', '2022-01-01', 7, 'error')$$, 'as it was');
SELECT is_empty($$SELECT * FROM osms.verify('f')$$, 'the roster agrees');
SELECT is_empty($$SELECT * FROM osms.restate('f', '2025-08-01')$$, 'and money');
SELECT * FROM finish();

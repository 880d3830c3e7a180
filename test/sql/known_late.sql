-- What becomes known late: contributions, services, contracts, statuses, norms. A closed month stays what it was as known then, to the
-- byte, and what it would be now is told by cause. All weights are 1, so a line is its shares times the rate.
SET client_min_messages = error;
SET timezone = 'UTC';
SET search_path = public, osms;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT osms.create_registry('fund', cut_over => '2024-01-01');
INSERT INTO osms.act (act, title) VALUES ('order-1', 'Order on rates');
INSERT INTO osms.scheme (scheme, valid_from, known_from, act) VALUES ('plain', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight (scheme, age_from, sex, weight, valid_from, known_from, act)
SELECT 'plain', 0, s, 1, '2018-01-01', '2018-01-01', 'order-1' FROM unnest('{male,female}'::osms.sex[]) s;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act) VALUES
    ('plain', 'urban', 1000, '2018-01-01', '2018-01-01', 'order-1'), ('plain', 'rural', 1200, '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.norm_step (scheme, above, share, valid_from, known_from, act)
    VALUES ('plain', 100, 0.5, '2018-01-01', '2018-01-01', 'order-1');
-- four persons each at 1 to 5
INSERT INTO fund.person (person, birth_date, sex) SELECT i, '1980-01-01', 'female' FROM generate_series(1, 20) i;
INSERT INTO fund.organisation (organisation) SELECT generate_series(1, 6);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) SELECT o, 'r', 'urban', '2025-01-01'
    FROM generate_series(1, 5) o;
INSERT INTO fund.contract (organisation, valid_from, yearly_amount) SELECT o, '2025-01-01', CASE o WHEN 2 THEN 10000 END
    FROM generate_series(1, 5) o;
INSERT INTO fund.site (organisation, site, norm, valid_from) VALUES (4, 'a', 4, '2025-01-01');
INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
SELECT i, i, 1 + (i - 1) / 4, CASE (i - 1) / 4 WHEN 3 THEN 'a' END, 'active', '2024-12-01' FROM generate_series(1, 20) i;
INSERT INTO fund.insurance (person, month, category, paid) VALUES (1, '2025-09-01', 'self', false), (2, '2025-09-01', 'self', true),
    (3, '2025-09-01', 'self', false), (3, '2025-08-01', 'self', false);
INSERT INTO fund.service (service, person, organisation, served_on) SELECT i, i, 1 + (i - 1) / 4, '2025-02-02'
    FROM generate_series(1, 19) i;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off", "same_territory": "off"}');
CALL osms.fill_roster('fund', batch => NULL);

-- as closed, for ever
CREATE FUNCTION pg_temp.as_closed(what text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT results_eq(
        format('SELECT l::text FROM fund.statement h, osms.statement(''fund'', h.month, h.scheme, h.known_at) l WHERE h.month = %L', m),
        format('SELECT (%s)::text FROM fund.statement_line l WHERE month = %L ORDER BY organisation COLLATE "C"', osms_internal.line_expression('l'),
            m), to_char(m, 'YYYY-MM') || ' as known then: ' || what)
    FROM (SELECT month FROM fund.statement) s (m) ORDER BY m $$;
CREATE FUNCTION pg_temp.restated(month date) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', organisation, cause, kind, persons, amount), ', ')
        FROM osms.restate('fund', month, clock_timestamp()) $$;
SELECT is(amount, 19800.00, 'two are not insured in October') FROM osms.close_month('fund', '2025-10-01', 'plain');
SELECT pg_temp.as_closed('nothing is late yet');
SELECT is(pg_temp.restated('2025-10-01'), NULL, 'so nothing is different');

-- contributions: of the month looked at, of a month of grace, and one that was recorded wrongly
INSERT INTO fund.insurance (person, month, category, paid) VALUES (1, '2025-09-01', 'self', true);
SELECT pg_temp.as_closed('a contribution');
SELECT is(pg_temp.restated('2025-10-01'), '1 insurance restoration 0 100.00', 'a late contribution is paid for');
INSERT INTO fund.insurance (person, month, category, paid) VALUES (3, '2025-08-01', 'self', true);
SELECT is(pg_temp.restated('2025-10-01'), '1 insurance restoration 0 200.00', 'so is one that covers the month by grace');
INSERT INTO fund.insurance (person, month, category, paid) VALUES (2, '2025-09-01', 'self', false), (1, '2025-09-01', 'self', NULL);
SELECT is(pg_temp.restated('2025-10-01'), '1 insurance restoration 0 100.00',
    'the row known last counts: one is unpaid, of one nothing is known any more, which is paid in full');
INSERT INTO fund.insurance (person, month, category, paid, known_from) VALUES (2, '2025-09-01', 'self', true, '2025-01-01');
SELECT is(pg_temp.restated('2025-10-01'), '1 insurance restoration 0 100.00', 'a row known earlier than another does not undo it');
SELECT results_eq($$SELECT person, insurance, share FROM osms.statement_persons('fund', '2025-10-01', 'plain') WHERE organisation = '1'
    ORDER BY person$$,
    $$VALUES ('1', NULL, 1.0), ('2', 'unpaid', 0.9), ('3', 'paid', 1), ('4', NULL, 1)$$, 'person by person');
SELECT results_eq($$SELECT organisation, cause, amount FROM osms.post_restatement('fund', '2025-10-01')$$, $$VALUES ('1', 'insurance',
    100.00)$$, 'posted');

-- a contract, a status, a norm
INSERT INTO fund.contract (organisation, valid_from, yearly_amount) VALUES (2, '2025-01-01', 3000);
SELECT pg_temp.as_closed('a contract');
SELECT is(pg_temp.restated('2025-10-01'), '2 cap claw_back 0 -1000.00', 'a contract amended late is a cap');
SELECT is(pg_temp.verdict($$INSERT INTO fund.payment (organisation, month, amount)
    VALUES (2, '2025-10-01', 4000)$$), '23514 payment_contract fund.payment.amount over_contract in payment 2, 2025-10-01',
    'which payments may not exceed');
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) VALUES (3, 'r', 'rural', '2025-01-01');
SELECT pg_temp.as_closed('a status');
SELECT is(pg_temp.restated('2025-10-01'), '2 cap claw_back 0 -1000.00, 3 rate restoration 0 800.00', 'a status is a rate');
INSERT INTO fund.site (organisation, site, norm, valid_from) VALUES (4, 'a', 3, '2025-01-01');
SELECT pg_temp.as_closed('a norm');
SELECT is(pg_temp.restated('2025-10-01'), '2 cap claw_back 0 -1000.00, 3 rate restoration 0 800.00, 4 insurance claw_back 0 -500.00',
    'a norm is a share');
SELECT is(sum(amount), -700.00, 'posted') FROM osms.post_restatement('fund', '2025-10-01');
SELECT pg_temp.as_closed('all of it posted');
SELECT is(pg_temp.restated('2025-10-01'), NULL, 'nothing is left');
INSERT INTO fund.contract (organisation, valid_from, valid_to) VALUES (2, '2025-01-01', '2025-10-01');
SELECT is(pg_temp.restated('2025-10-01'), '2 held held 4', 'a contract ended late holds');
SELECT is(pg_temp.verdict($$INSERT INTO fund.person (person) VALUES (99);
    INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (99, 99, 2, 'active', '2025-10-01')$$),
    '23514 contracted fund.attachment.organisation no_contract in attachment 99', 'and the guard knows, though the row before was open');
SELECT is(pg_temp.verdict($$UPDATE fund.contract SET known_from = now() WHERE organisation = 2$$),
    '23001 immutable fund.contract.known_from changed_known_from in contract 2', 'since when it is known stays');
SELECT is(pg_temp.verdict($$UPDATE fund.organisation_status SET known_from = now()$$),
    '23001 immutable fund.organisation_status.known_from changed_known_from in organisation_status 1', 'of a status too');
INSERT INTO fund.contract (organisation, valid_from) VALUES (2, '2025-01-01');
SELECT is(pg_temp.restated('2025-10-01'), '2 cap restoration 0 1000.00', 'one without a limit pays what was cut');
SELECT is(contract_amount, NULL, 'contract_execution reads what holds now') FROM osms.contract_execution('fund', 2025)
    WHERE organisation = '2';

-- services: one that comes late counts from then on, and so does a denial
SELECT lives_ok($$SELECT osms.close_month('fund', '2025-11-01', 'plain')$$, 'November');
SELECT is(inactive, 1::bigint, 'person 20 was not served in the year') FROM osms.statement('fund', '2025-12-01', 'plain')
    WHERE organisation = '5';
SELECT lives_ok($$SELECT osms.close_month('fund', '2025-12-01', 'plain')$$, 'December');
SELECT results_eq($$SELECT inactive, inactive_cut FROM fund.statement_line WHERE (month, organisation) = ('2025-12-01', '5')$$,
    'VALUES (1::bigint, 600.00)', 'three months at 0.80');
INSERT INTO fund.service (service, person, organisation, served_on) VALUES (120, 20, 5, '2025-03-03');
SELECT pg_temp.as_closed('a service');
SELECT is(pg_temp.restated('2025-12-01'), '5 inactive restoration 0 600.00', 'a service that is told late restores');
UPDATE fund.service SET denied_at = clock_timestamp() WHERE service IN (120, 19);
SELECT pg_temp.as_closed('a denial');
SELECT is(pg_temp.restated('2025-12-01'), '5 inactive claw_back 0 -600.00', 'one that is denied late claws back');

-- any late rows of every relation, in any order
SELECT setseed(0.4);
CREATE FUNCTION pg_temp.late(what int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    somewhere int := 1 + (random() * 4)::int;
    someone int := 1 + (random() * 19)::int;
BEGIN
    CASE what % 6
        WHEN 0 THEN INSERT INTO fund.insurance (person, month, category, paid)
            VALUES (someone, date '2025-06-01' + make_interval(months => (random() * 5)::int), 'self', random() < 0.5);
        WHEN 1 THEN INSERT INTO fund.contract (organisation, valid_from, valid_to, yearly_amount)
            VALUES (somewhere, (ARRAY['2025-01-01', '2025-11-05'])[1 + what % 2]::date, CASE WHEN random() < 0.2 THEN date '2025-11-15' END,
                (random() * 20000)::int);
        WHEN 2 THEN INSERT INTO fund.organisation_status (organisation, region, class, valid_from)
            VALUES (somewhere, 'r', (ARRAY['urban', 'rural'])[1 + (random())::int], date '2025-01-01' + (random() * 350)::int);
        WHEN 3 THEN INSERT INTO fund.site (organisation, site, norm, valid_from)
            VALUES (4, 'a', 1 + (random() * 5)::int, date '2025-01-01' + (random() * 350)::int);
        WHEN 4 THEN INSERT INTO fund.service (service, person, organisation, served_on)
            VALUES (1000 + what, someone, somewhere, date '2025-01-01' + (random() * 360)::int);
        ELSE UPDATE fund.service SET denied_at = clock_timestamp() WHERE person = someone AND denied_at IS NULL;
    END CASE;
END $$;
SELECT pg_temp.late(n) FROM generate_series(0, 35) n;
SELECT pg_temp.as_closed('any late rows');
SELECT lives_ok(format('SELECT osms.post_restatement(''fund'', %L)', m), 'posted ' || m)
    FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT pg_temp.late(n) FROM generate_series(36, 71) n;
SELECT lives_ok(format('SELECT osms.post_restatement(''fund'', %L)', m), 'posted ' || m)
    FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT pg_temp.as_closed('more late rows');
SELECT is_empty(format($$SELECT s.organisation, s.amount, l.amount, g.amount FROM osms.statement('fund', %1$L, 'plain') s
    JOIN fund.statement_line l ON (l.month, l.organisation) = (%1$L, s.organisation)
    LEFT JOIN (SELECT organisation, sum(amount) AS amount FROM fund.ledger WHERE month = %1$L GROUP BY 1) g
        ON g.organisation = s.organisation
    WHERE s.status = 'ok' AND s.amount - s.inactive_rest <> coalesce(l.amount, 0) + coalesce(g.amount, 0)$$, m),
        'closed and ledger are what it is now: ' || m) FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT ok(array_agg(DISTINCT cause) @> '{insurance,rate,inactive,cap}', 'told apart') FROM fund.ledger;

-- what is not mapped costs nothing
CREATE SCHEMA vendor;
CREATE TABLE vendor.paid (p bigint, m date, ok boolean);
CREATE TABLE vendor.deal (o bigint, d date, amount numeric);
SELECT osms.map('fund2', 'insurance', 'vendor.paid', '{"person": "p", "month": "m", "paid": "ok"}'),
    osms.map('fund2', 'contract', 'vendor.deal', '{"organisation": "o", "valid_from": "d", "yearly_amount": "amount"}')
FROM osms.create_registry('fund2', tables => false, cut_over => '2024-01-01');
CREATE FUNCTION pg_temp.terms() RETURNS osms_internal.statement_terms LANGUAGE sql AS $$
    SELECT jsonb_populate_record(NULL::osms_internal.statement_terms, jsonb_build_object('registry', 'fund2', 'known_at', now(), 'insured_month',
        '2025-09-01', 'insured_from', '2025-08-01', 'exempt_categories', '{}'::text[])) $$;
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    whole text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        whole := whole || line || E'\n';
    END LOOP;
    RETURN whole;
END $$;
SELECT unalike(pg_temp.plan(osms_internal.insured_query(pg_temp.terms())), '%known%', 'no clock, no filter by it');
SELECT unalike(pg_temp.plan(replace(replace(osms_internal.contract_query('fund2'), '$1', 'current_date'), '$3', 'now()')), '%now()%',
    'nor for contracts');
INSERT INTO vendor.paid VALUES (1, '2025-09-01', true), (1, '2025-09-15', false), (2, '2025-09-01', false), (2, '2025-08-01', true),
    (3, '2025-08-01', false), (4, '2025-09-01', NULL);
SELECT results_eq(osms_internal.insured_query(pg_temp.terms()) || ' ORDER BY 1',
    $$VALUES (1::bigint, 'paid'), (2, 'paid'), (3, NULL), (4, NULL)$$, 'where nothing tells which was known last one that is paid counts');

-- the number that orders what is known
SELECT results_eq($$SELECT osms_internal.as_known(k, s) & 3, osms_internal.as_known(k, s) < osms_internal.as_known('2026-01-01', 0)
    FROM (VALUES (NULL::timestamptz, 0), ('-infinity', 3), ('4000-01-01 BC', 1), ('1999-12-31 23:59:59.999999', 2),
    ('2025-12-31 23:59:59.999999+00', 3),
        ('2026-01-01 00:00:00.000001+00', 0), ('infinity', 1)) v (k, s)$$,
    'VALUES (0::bigint, true), (3, true), (1, true), (2, true), (3, true), (0, false), (1, false)',
        'the later moment is greater, and the state is kept');
SELECT ok(osms_internal.as_known(NULL, 1) = osms_internal.as_known('-infinity', 1) AND osms_internal.as_known('-infinity', 2) > osms_internal.as_known('-infinity', 1),
    'what was always known, too');
SELECT is(osms_internal.as_known(now(), NULL), NULL, 'no state');
SELECT is(pg_temp.verdict(format('SELECT osms_internal.as_known(now(), %s)', s)), format('22023 state %s is not from 0 to 3', s), 'another state')
    FROM unnest('{-1,4}'::int[]) s;
SELECT * FROM finish();

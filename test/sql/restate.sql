-- Closing and restating by hand: what may not be done, and amounts anybody can check. All weights are 1, so a line is its heads times the
-- rate.
-- Takes long: make test-all.
SET client_min_messages = error;
SET timezone = 'UTC';
SET search_path = public, osms;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT osms.create_registry('fund', cut_over => '2024-01-01');
INSERT INTO osms.act (act, title) VALUES ('order-1', 'Order on rates');
INSERT INTO osms.scheme (scheme, inactive, uninsured, valid_from, known_from, act)
    VALUES ('plain', 'none', 'full', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight (scheme, age_from, sex, weight, valid_from, known_from, act)
SELECT 'plain', 0, s, 1, '2018-01-01', '2018-01-01', 'order-1' FROM unnest('{male,female}'::osms.sex[]) s;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act) SELECT 'plain', c, r, '2018-01-01', '2018-01-01', 'order-1'
FROM (VALUES ('one', 5101.10), ('two', 8086.53), ('three', 5258.86), ('thousand', 1000)) AS v (c, r);
INSERT INTO fund.person (person, birth_date, sex) SELECT i, '1980-01-01', 'female' FROM generate_series(1, 20) i;
INSERT INTO fund.organisation (organisation) SELECT generate_series(1, 6);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from)
SELECT o, 'r', (ARRAY['one', 'two', 'three', 'thousand', 'thousand', 'thousand'])[o], '2020-01-01' FROM generate_series(1, 6) o;
INSERT INTO fund.contract (organisation, valid_from) SELECT o, '2020-01-01' FROM generate_series(1, 6) o;
INSERT INTO fund.attachment (attachment, person, organisation, state, since)
SELECT i, i, CASE WHEN i <= 3 THEN i ELSE 4 + i % 2 END, 'active', '2020-01-01' FROM generate_series(1, 13) i;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off", "immutable": "off", "contracted": "off"}');
SELECT is(pg_temp.verdict($$SELECT osms.close_month('fund', '2024-01-01', 'plain')$$),
    '55000 the roster of registry "fund" is not complete', 'not before the roster is filled');
CALL osms.fill_roster('fund', batch => NULL);

-- what cannot be closed
SELECT is(pg_temp.verdict(format('SELECT %s', call)), expected, expected) FROM (VALUES
('osms.close_month(''fund'', ''2024-01-02'')', '22023 the month of a statement is told by its first day, not by 2024-01-02'),
('osms.close_month(''fund'', NULL)', '22023 the month of a statement is told by its first day, not by null'),
('osms.close_month(''fund'', ''2190-01-01'', ''plain'')', '55000 2190-01 is not over'),
('osms.close_month(''fund'', ''2024-01-01'', ''none'')', '42704 no scheme "none" in force on 2024-01-31'),
('osms.close_month(''nowhere'', ''2024-01-01'')', '42P01 registry "nowhere" does not exist or keeps no statements'),
('osms.post_restatement(''fund'', ''2024-01-01'')', '55000 2024-01 of registry "fund" is not closed'),
('osms.restate(''fund'', ''2024-01-01'')', '55000 2024-01 of registry "fund" is not closed'),
('osms.roster_of(''fund'', ''1'', ''2024-01-01'')', '55000 2024-01 of registry "fund" is not closed')) c (call, expected);
CREATE ROLE restate_reader;
SELECT is(pg_temp.verdict($$SET LOCAL ROLE restate_reader; SELECT osms.close_month('fund', '2024-01-01')$$),
    '42501 permission denied for function close_month', 'not by everybody');
SELECT is(pg_temp.verdict($$INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (99, 5, 4, 'active', '2024-01-10'); SELECT osms.close_month('fund', '2024-01-01', 'plain')$$),
    '55000 this transaction attached persons of registry "fund" who are not judged yet',
        'not between a new attachment and the end of the old one');
SELECT is(pg_temp.verdict($$INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (99, 5, 4, 'active', '2024-01-10');
    UPDATE fund.attachment SET state = 'closed', until = '2024-01-10', reason = 'moved_to_other' WHERE attachment = 5;
        SET CONSTRAINTS ALL IMMEDIATE; SELECT osms.close_month('fund', '2024-01-01', 'plain')$$), 'ok', 'but when both are judged');
GRANT USAGE ON SCHEMA fund TO restate_reader;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA fund TO restate_reader;
GRANT EXECUTE ON FUNCTION osms_internal.await_writers, osms_internal.clean_cut, osms_internal.begin_closing, osms.close_month, osms.post_restatement TO restate_reader;
SELECT is(pg_temp.verdict($$SET LOCAL ROLE restate_reader; SELECT osms.close_month('fund', '2024-01-01', 'plain')$$), 'ok',
    'but by whom the owner trusts');
SELECT is(pg_temp.verdict(format($$ALTER TABLE fund.%1$I ENABLE ROW LEVEL SECURITY;
    CREATE POLICY one ON fund.%1$I TO restate_reader USING (organisation = 1);
    SET LOCAL ROLE restate_reader; SELECT osms.close_month('fund', '2024-01-01', 'plain')$$, t)),
    format('42501 query would be affected by row-level security policy for table "%s"', t), 'who sees all of ' || t)
        FROM unnest('{roster,contract}'::text[]) t;
SELECT is(pg_temp.verdict($$SELECT osms.close_month('fund', '2024-01-01', 'plain'); ALTER TABLE fund.roster ENABLE ROW LEVEL SECURITY;
    CREATE POLICY one ON fund.roster TO restate_reader USING (organisation = 1);
    SET LOCAL ROLE restate_reader; SELECT osms.post_restatement('fund', '2024-01-01')$$),
        '42501 query would be affected by row-level security policy for table "roster"', 'to restate it, too');
REVOKE ALL ON FUNCTION osms_internal.await_writers, osms_internal.clean_cut, osms_internal.begin_closing, osms.close_month, osms.post_restatement FROM restate_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA fund FROM restate_reader;
REVOKE ALL ON SCHEMA fund FROM restate_reader;
SELECT results_eq($$SELECT organisations, held, heads, amount FROM osms.close_month('fund', '2024-01-01', 'plain')$$,
    'VALUES (5::bigint, 0::bigint, 13::bigint, 28446.49)', 'closed');
SELECT is(pg_temp.verdict($$SELECT osms.close_month('fund', '2024-01-01', 'plain')$$), '55000 2024-01 of registry "fund" is closed',
    'once');
SELECT is(pg_temp.verdict($$SELECT osms.close_month('fund', '2024-03-01', 'plain')$$),
    '55000 2024-03 of registry "fund" cannot be closed after 2024-01', 'without a gap');
SELECT is(pg_temp.verdict($$SELECT osms.close_month('fund', '2023-12-01', 'plain')$$),
    '55000 2023-12 of registry "fund" cannot be closed after 2024-01', 'nor backwards');

-- Retroactive: a tariff signed later for the year.
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act) SELECT 'plain', c, r, '2024-01-01', clock_timestamp(),
    'order-1'
FROM (VALUES ('one', 5555.82), ('two', 8488.25), ('three', 5727.65)) AS v (c, r);
SELECT results_eq($$SELECT * FROM osms.restate('fund', '2024-01-01', clock_timestamp())$$,
    $$VALUES ('1', 'rate', 'restoration', 0::bigint, 454.72), ('2', 'rate', 'restoration', 0, 401.72),
        ('3', 'rate', 'restoration', 0, 468.79)$$, 'what the new rate adds');
SELECT is_empty($$SELECT * FROM osms.restate('fund', '2024-01-01', (SELECT known_at FROM fund.statement))$$,
    'nothing as known at the closing');
SELECT results_eq($$SELECT l.* FROM fund.statement h, osms.statement('fund', h.month, h.scheme, h.known_at) l$$,
    'SELECT ' || (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = 'osms.statement_line'::regclass) || ' FROM fund.statement_line ORDER BY organisation',
        'whose statement is the same');
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$,
    $$VALUES ('1', 'rate', 'restoration', 0::bigint, 454.72), ('2', 'rate', 'restoration', 0, 401.72),
        ('3', 'rate', 'restoration', 0, 468.79)$$, 'posted');

-- Two lines that tell one story: person 4 should never have left 5 for 4.
UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment = 4;
INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (104, 4, 5, 'active', '2020-01-01');
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$,
    $$VALUES ('4', 'membership', 'claw_back', -1::bigint, -1000.00),
        ('5', 'membership', 'restoration', 1, 1000.00)$$, 'clawed back here, restored there');
-- Two persons exchanged: the heads are the same, the persons are not.
UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment IN (6, 7);
INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (106, 6, 5, 'active', '2020-01-01'), (107, 7, 4, 'active', '2020-01-01');
SELECT results_eq($$SELECT * FROM osms.restate('fund', '2024-01-01')$$,
    $$VALUES ('4', 'membership', 'claw_back', -1::bigint, -1000.00), ('4', 'membership', 'restoration', 1, 1000.00),
             ('5', 'membership', 'claw_back', -1, -1000.00), ('5', 'membership', 'restoration', 1, 1000.00)$$, 'an exchange is told');
-- A death and a corrected sex; the row of a corrected person is neither a coming nor a going.
UPDATE fund.person SET death_date = '2024-01-31' WHERE person = 8;
UPDATE fund.person SET death_date = '2024-01-30' WHERE person = 10;
UPDATE fund.person SET sex = 'male' WHERE person = 12;
UPDATE fund.person SET birth_date = NULL WHERE person = 9;
SELECT results_eq($$SELECT organisation, cause, kind, persons, amount FROM osms.post_restatement('fund', '2024-01-01')
    WHERE (organisation, kind) <> ('4', 'restoration')$$,
    $$VALUES ('4', 'membership', 'claw_back', -2::bigint, -2000.00), ('5', 'membership', 'claw_back', -1, -1000.00),
             ('5', 'membership', 'restoration', 1, 1000.00), ('5', 'age_or_sex', 'claw_back', -1, -1000.00)$$,
                 'who died on the last day still counts');
UPDATE fund.person SET birth_date = '1990-01-01' WHERE person = 9;
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$, $$VALUES ('5', 'age_or_sex', 'restoration', 1::bigint,
    1000.00)$$, 'and who has a birth date again');

-- At the end of time every version of the roster has ended: that is no moment to know anything at.
SELECT is(pg_temp.verdict(format('SELECT * FROM osms.%s', call)), '22023 nothing is known at ' || at, call)
FROM unnest('{infinity,-infinity}'::text[]) at, unnest(ARRAY[format('statement(''fund'', ''2024-01-01'', ''plain'', %L)', at),
    format('restate(''fund'', ''2024-01-01'', %L)', at),
    format('unattached(''fund'', ''2024-01-01'', %L)', at), format('monthly_form(''fund'', ''1'', ''2024-01-01'', %L)', at),
        format('invoice(''fund'', ''1'', ''2024-02-01'', ''plain'', %L)', at)]) call;

-- Nobody left, and somebody again.
UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment = 1;
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$, $$VALUES ('1', 'membership', 'claw_back', -1::bigint,
    -5555.82)$$, 'an organisation without persons returns all');
SELECT is_empty($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$, 'once');
SELECT is_empty($$SELECT * FROM osms.roster_of('fund', '1', '2024-01-01', (SELECT max(revision) FROM fund.restatement))$$, 'nobody');
INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (101, 1, 6, 'active', '2020-01-01'), (102, 14, 1, 'active', '2020-01-01');
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$,
    $$VALUES ('1', 'membership', 'restoration', 1::bigint, 5555.82),
        ('6', 'membership', 'restoration', 1, 1000.00)$$, 'one that was not there gains');

-- Held now: nothing is taken back before somebody decides.
DELETE FROM fund.contract WHERE organisation = 6;
SELECT results_eq($$SELECT * FROM osms.restate('fund', '2024-01-01')$$, $$VALUES ('6', 'held', 'held', 1::bigint, NULL::numeric)$$,
    'a line that is held now is told');
SELECT is_empty($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$, 'and not posted');
INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (115, 15, 6, 'active', '2020-01-01');
SELECT results_eq($$SELECT organisations, held, heads, amount FROM osms.close_month('fund', '2024-02-01', 'plain')$$, $$VALUES (6::bigint,
    1::bigint, 13::bigint, 27771.72)$$, 'February, 6 held');
INSERT INTO fund.contract VALUES (6, '2024-01-01', NULL, NULL);
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$, $$VALUES ('6', 'membership', 'restoration', 1::bigint,
    1000.00)$$, 'January knows the person who came meanwhile');
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2024-02-01')$$, $$VALUES ('6', 'held', 'release', 0::bigint, 2000.00)$$,
    'February is released');
SELECT results_eq($$SELECT month, organisation, invoice_month, sum(amount) FROM fund.ledger WHERE organisation = '6' GROUP BY 1, 2, 3
    ORDER BY 1, 3$$,
    $$VALUES (date '2024-01-01', '6', date '2024-02-01', 1000.00), ('2024-01-01', '6', '2024-03-01', 1000.00),
        ('2024-02-01', '6', '2024-03-01', 2000.00)$$, 'each with the invoice of its day');
SELECT results_eq($$SELECT l.organisation, coalesce(l.amount, 0)
    + coalesce((SELECT sum(amount) FROM fund.ledger g WHERE (g.month, g.organisation) = (l.month, l.organisation)), 0)
                     FROM fund.statement_line l WHERE month = '2024-02-01' ORDER BY 1$$, $$SELECT organisation, amount
                         FROM osms.statement('fund', '2024-02-01', 'plain')$$, 'settled');

-- The invoice carries the ledger.
SELECT results_eq($$SELECT line, title, amount, detail FROM osms.invoice('fund', '6', '2024-03-01', 'plain')$$, $$VALUES
    ('PMSP', (SELECT title FROM osms.payment_line WHERE line = 'PMSP'), 2000.00, '1000.00 x 2'),
        ('PMSP', 'restoration, membership', 1000.00, 'ledger of 2024-01'),
    ('PMSP', 'release, held', 2000.00, 'ledger of 2024-02'), ('BANK', 'to be paid', 5000.00, NULL)$$,
        'released and restored with the invoice of March');
SELECT results_eq($$SELECT title, amount FROM osms.invoice('fund', '4', '2024-02-01', 'plain') WHERE detail ~ '^ledger' OR line = 'BANK'$$,
    $$VALUES ('claw back, membership', -3000.00), ('restoration, membership', 1000.00),
        ('to be paid', 0.00)$$, 'taken back with the invoice of February');
SELECT is((SELECT sum(amount) FROM osms.invoice('fund', '1', '2024-01-01', 'plain') WHERE line = 'BANK'), 5101.10,
    'a closed month is invoiced as it was closed');

-- Closed is closed, for the owner too.
SELECT is(pg_temp.verdict(format(statement, t)), '55000 rows of table "' || t || '" do not change', format(statement, t))
FROM unnest('{statement,statement_line,restatement,restatement_line,ledger}'::text[]) t,
     unnest('{UPDATE fund.%1$s SET month = month,DELETE FROM fund.%1$s,TRUNCATE fund.%1$s CASCADE}'::text[]) statement
WHERE t <> 'statement' OR statement !~ 'DELETE|TRUNCATE';
SELECT is(pg_temp.verdict('DELETE FROM fund.statement'), '55000 rows of table "statement" do not change', 'headers are not deleted');
SELECT is(pg_temp.verdict('TRUNCATE fund.statement CASCADE'), '55000 rows of table "statement" do not change', 'nor truncated');
SELECT is(pg_temp.verdict(
    format('CREATE TEMPORARY TABLE copy AS SELECT * FROM fund.%1$s; ALTER TABLE copy %2$s; INSERT INTO fund.%1$s %3$s SELECT * FROM copy '
    'LIMIT 1', t, change, overriding)),
          format('55000 table "%s" takes only rows that osms writes', t), 'nothing is added to ' || t)
FROM (VALUES ('statement_line', 'ALTER organisation TYPE text USING organisation || 9', ''),
    ('restatement_line', 'ALTER organisation TYPE text USING organisation || 9', ''),
             ('ledger', 'ALTER entry TYPE bigint USING entry + 1000', 'OVERRIDING SYSTEM VALUE'),
             ('restatement', 'ALTER revision TYPE int USING revision + 1000', ''),
             ('statement', 'ALTER month TYPE date USING month + 91', '')) v (t, change, overriding);

-- Not in the transaction that closes, either.
SELECT is(pg_temp.verdict($$SELECT osms.close_month('fund', '2024-03-01', 'plain');
    INSERT INTO fund.statement_line (month, organisation) VALUES ('2024-03-01', 'more')$$),
    '55000 table "statement_line" takes only rows that osms writes', 'who closes a month writes what osms finds');
ALTER TABLE fund.statement DISABLE TRIGGER keep;
SELECT results_eq($$SELECT severity, regexp_replace(problem, '[(][^)]*[)]|[0-9]+', 'N', 'g') FROM osms.check_registry('fund')
    WHERE relation = 'statement'$$, $$VALUES
    ('warning', 'nothing keeps table fund.statement: trigger "keep" is disabled, since a transaction that began after entry N of the '
        'journal N')$$, 'a keeper who sleeps is told of');
ALTER TABLE fund.statement ENABLE TRIGGER keep;
SELECT is_empty($$SELECT * FROM osms.check_registry('fund') WHERE problem ~ 'nothing keeps'$$, 'all are awake');
SELECT is(pg_temp.verdict($$DO
    'BEGIN PERFORM osms.close_month(''fund'', ''2024-03-01'', ''plain''); EXCEPTION WHEN division_by_zero THEN NULL; END'$$), 'ok',
    'a savepoint is no other transaction');

-- Why February costs more than January, as they were closed, and where everybody went.
SELECT results_eq($$SELECT * FROM osms.changes('fund', '2024-01-01', '2024-02-01')$$,
    $$VALUES ('1', 'moved_out', -1::bigint, -5101.10), ('1', 'new', 1, 5101.10), ('1', 'rate', 0, 454.72), ('2', 'rate', 0, 401.72),
        ('3', 'rate', 0, 468.79),
             ('4', 'died', -2, -2000.00), ('4', 'moved_out', -2, -2000.00), ('4', 'moved_in', 1, 1000.00),
             ('5', 'moved_out', -1, -1000.00), ('5', 'moved_in', 2, 2000.00), ('6', 'held', 2, 0.00)$$, 'changes');
SELECT results_eq($$SELECT * FROM osms.flows('fund', '2024-01-01', '2024-02-01')$$,
    $$VALUES ('1', '6', 'inherited', 1::bigint), ('4', '5', 'inherited', 2), ('5', '4', 'inherited', 1)$$, 'flows');

-- Contracts: 5 earns 6,000 a month, so that 17,000 last for February and three months more.
UPDATE fund.contract SET yearly_amount = CASE organisation WHEN 5 THEN 29000 WHEN 4 THEN 5000 WHEN 3 THEN 1000000 END;
SELECT results_eq($$SELECT organisation, contract_amount, paid, available, monthly, forecast, exhausted_in
    FROM osms.contract_execution('fund', 2024) WHERE organisation IN ('2', '3', '4', '5')$$,
    $$VALUES ('2', NULL::numeric, 16976.50, NULL::numeric, 8488.25, 101859.00, NULL::date),
        ('3', 1000000, 11455.30, 988544.70, 5727.65, 68731.80, NULL),
             ('4', 5000, 5000.00, 0.00, 2000.00, 25000.00, '2024-02-01'),
                 ('5', 29000, 12000.00, 17000.00, 6000.00, 72000.00, '2024-05-01')$$, 'contracts');
SELECT is(pg_temp.verdict($$SELECT osms.contract_execution('fund', 2023)$$), '55000 no month of 2023 is closed in registry "fund"',
    'nothing closed, nothing told');

-- Explained: by hand, with the rows it comes from.
SELECT results_eq($$SELECT item, computation, value, source FROM osms.explain_payment('fund', '4', '2024-01-01')$$, $$VALUES
    ('heads', NULL, 5::numeric, 'on the roster on 2024-01-31: osms.roster_of(''fund'', ''4'', ''2024-01-01'')'),
    ('ages 0+', '5 * 1', 5, 'females, act order-1, UNV'),
    ('weighted heads', '5', 5, 'heads by age and sex'),
    ('Kav', '5 / 5', 1, 'weighted heads / heads, shown to 6 digits'),
    ('base rate B', NULL, 1000, 'any region, thousand: osms.base_rate of 2018-01-01, act order-1, UNV'),
    ('rate', '1000 * 5 / 5', 1000, 'scheme plain, act order-1, UNV: B * (Kav + sum of (K - 1)), rounded to 2 digits'),
    ('earned', '1000 * 5', 5000, 'rate * heads, rounded to 2 digits'),
    ('amount', '5000', 5000, 'to be paid'),
    ('claw back, membership', NULL, -1000, format('-1 persons, ledger by restatement 2 of %s, invoice of 2024-02',
        (SELECT (posted_at AT TIME ZONE 'Asia/Almaty')::date FROM fund.restatement WHERE (month, revision) = ('2024-01-01', 2)))),
    ('claw back, membership', NULL, -2000, format('-2 persons, ledger by restatement 3 of %s, invoice of 2024-02',
        (SELECT (posted_at AT TIME ZONE 'Asia/Almaty')::date FROM fund.restatement WHERE (month, revision) = ('2024-01-01', 3)))),
    ('restoration, membership', NULL, 1000, format('1 persons, ledger by restatement 3 of %s, invoice of 2024-02',
        (SELECT (posted_at AT TIME ZONE 'Asia/Almaty')::date FROM fund.restatement WHERE (month, revision) = ('2024-01-01', 3)))),
    ('paid', '5000 - 1000 - 2000 + 1000', 3000, format('closed on %s by scheme plain',
        (SELECT (closed_at AT TIME ZONE 'Asia/Almaty')::date FROM fund.statement WHERE month = '2024-01-01')))$$,
        'a payment with its ledger');
SELECT is((SELECT value FROM osms.explain_payment('fund', '1', '2024-03-01', 'plain') WHERE item = 'rate'), 5555.82,
    'an open month as known now');
SELECT results_eq($$SELECT item, value FROM osms.explain_payment('fund', '6', '2024-02-01')
    WHERE item IN ('amount', 'release, held', 'paid')$$,
    $$VALUES ('amount', NULL::numeric), ('release, held', 2000), ('paid', 2000)$$, 'a line that was held');
SELECT results_eq($$SELECT item, computation, value FROM osms.explain_payment('fund', '6', '2024-01-01')
    WHERE item IN ('heads', 'amount', 'restoration, membership', 'paid')$$,
    $$VALUES ('heads', NULL, 2::numeric), ('amount', '2000', 2000), ('restoration, membership', NULL, 1000),
        ('restoration, membership', NULL, 1000), ('paid', '0 + 1000 + 1000', 2000)$$, 'one that came by restatements alone');
SELECT is(pg_temp.verdict($$SELECT osms.explain_payment('fund', '9', '2024-01-01')$$), 'P0002 organisation "9" has no line in 2024-01',
    'no line');
SELECT results_eq($$SELECT item, value, source FROM osms.explain_attachment('fund', '4')$$, $$VALUES
    ('person', '4', 'attachment'), ('organisation', '4', 'attachment'), ('counts', 'on no day: it is annulled', 'attachment'),
    ('state', 'annulled, unlawful', 'attachment'), ('basis', 'inherited', 'attachment'),
    ('known as counted', 'from 2020-01-01 without end', 'roster'),
    ('paid for 2024-01', '1 of 5 heads of organisation 4 at 1000.00', 'statement'),
    ('no more on the roster', NULL, 'roster'),
    ('restated for 2024-01', 'counts no more', 'restatement 2')$$, 'an attachment that was annulled');
-- what an attachment stands on
SELECT osms.create_registry('story', cut_over => '2024-01-01');
INSERT INTO story.person (person) VALUES (1), (2);
INSERT INTO story.organisation (organisation) VALUES (1);
INSERT INTO story.application (application, person, organisation, channel, ground, state, submitted_at, decided_at, decided_by)
VALUES (7, 1, 1, 'service_centre', 'moved', 'attached', '2024-02-01 10:00+00', '2024-02-02 11:00+00', 'clerk 5');
INSERT INTO story.identity_event (event, person, application, channel, method, provider, clerk, at)
    VALUES (3, 1, 7, 'service_centre', 'biometric', 'p', 'c', '2024-02-01 10:05+00');
INSERT INTO story.authority_order (order_key, number, issued_on, issuer, cause, valid_from)
    VALUES ('A-1', '17', '2024-01-10', 'akimat', 'reorganisation', '2024-02-01');
INSERT INTO story.attachment (attachment, person, organisation, site, state, since, until, application, order_key, reason)
VALUES (1, 1, 1, '4', 'closed', '2024-02-02', '2024-03-01', 7, NULL, 'moved_to_other'),
    (2, 2, 1, NULL, 'active', '2024-02-01', NULL, NULL, 'A-1', NULL);
SELECT results_eq($$SELECT * FROM osms.explain_attachment('story', '1')$$, $$VALUES (NULL::timestamp, 'person', '1', 'attachment'),
    (NULL, 'organisation', '1, site 4', 'attachment'),
    (NULL, 'counts', 'from 2024-02-02 before 2024-03-01', 'attachment'), (NULL, 'state', 'closed, moved_to_other', 'attachment'),
        (NULL, 'basis', 'application 7', 'attachment'),
    ('2024-02-01 16:00', 'submitted', 'service_centre, moved', 'application 7'),
        ('2024-02-01 16:05', 'identified', 'service_centre, biometric, p, clerk c', 'identity event 3'),
    ('2024-02-02 17:00', 'decided', 'approved, by clerk 5', 'application 7')$$,
        'by an application, in order, by the clock of the registry');
SELECT results_eq($$SELECT item, value, source FROM osms.explain_attachment('story', '2')$$, $$VALUES ('person', '2', 'attachment'),
    ('organisation', '1', 'attachment'),
    ('counts', 'from 2024-02-01 without end', 'attachment'), ('state', 'active', 'attachment'), ('basis', 'order A-1', 'attachment'),
    ('ordered', '17, issued 2024-01-10, akimat, reorganisation, from 2024-02-01', 'order A-1')$$, 'by an order');
SELECT is(pg_temp.verdict($$SELECT osms.explain_attachment('fund', '999')$$), 'P0002 no attachment "999" in registry "fund"',
    'no attachment');
SELECT is(pg_temp.verdict($$SET LOCAL ROLE restate_reader; SELECT osms.explain_attachment('fund', '4')$$),
    '42501 permission denied for registry "fund"', 'nor a story for everybody');
SELECT is_empty($$SELECT * FROM osms.explain_payment('fund', '4', '2024-01-01') WHERE value IS NULL$$, 'every number is there');
DROP ROLE restate_reader;

-- As known before it was closed or restated: the way back.
SELECT results_eq($$SELECT organisation, cause, kind, persons, amount
    FROM osms.restate('fund', '2024-01-01', (SELECT known_at FROM fund.statement WHERE month = '2024-01-01'))
    WHERE organisation IN ('1', '4', '6') AND cause <> 'cap'$$,
    $$VALUES ('1', 'membership', 'claw_back', -1::bigint, -5555.82), ('1', 'membership', 'restoration', 1, 5555.82),
        ('1', 'rate', 'claw_back', 0, -454.72),
             ('4', 'membership', 'claw_back', -1, -1000.00), ('4', 'membership', 'restoration', 3, 3000.00),
                 ('6', 'membership', 'claw_back', -2, -2000.00)$$, 'those who came since go, those who went come back');

-- One goes, another of the same age and sex comes: no line is different, and the story is told once.
UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment = 107;
INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (116, 16, 4, 'active', '2020-01-01');
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2024-01-01') WHERE organisation = '4'$$,
    $$VALUES ('4', 'membership', 'claw_back', -1::bigint, -1000.00), ('4', 'membership', 'restoration', 1, 1000.00)$$,
        'an exchange that no line shows is posted');
SELECT is_empty($$SELECT * FROM osms.restate('fund', '2024-01-01')$$, 'and told no more');
SELECT is_empty($$SELECT * FROM osms.post_restatement('fund', '2024-01-01')$$, 'once');
SELECT results_eq($$SELECT person FROM osms.roster_of('fund', '4', '2024-01-01',
    (SELECT max(revision) FROM fund.restatement WHERE month = '2024-01-01')) WHERE person IN ('7', '16')$$, $$VALUES ('16')$$,
    'who came is on the list of the payment');

-- Months of another length, or counted otherwise: a day that only one of them has brings nobody and takes nobody away.
INSERT INTO osms.scheme (scheme, inactive, uninsured, snapshot, valid_from, known_from, act)
    VALUES ('days', 'none', 'full', 'person_days', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight SELECT 'days', age_from, age_to, sex, weight, valid_from, known_from, act FROM osms.scheme_weight
    WHERE scheme = 'plain';
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, act)
    VALUES ('days', 'two', 3100, '2018-01-01', 'order-1'), ('days', 'three', 3100, '2018-01-01', 'order-1');
INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (117, 17, 2, 'active', '2024-05-11');
SELECT results_eq($$SELECT * FROM osms.changes('fund', '2024-04-01', '2024-05-01', 'days') WHERE organisation IN ('2', '3')$$,
    $$VALUES ('2', 'new', 20::bigint, 2066.67), ('2', 'aged', 2, 33.33), ('3', 'aged', 1, 0.00)$$, 'from 30 days to 31');
SELECT results_eq($$SELECT * FROM osms.changes('fund', '2024-02-01', '2024-03-01', 'days') WHERE organisation = '3'$$,
    $$VALUES ('3', 'aged', 30::bigint, 0.00), ('3', 'rate', 0, -2627.65)$$, 'from one day to 31');

-- How the session writes dates, and where it is, changes nothing: elsewhere CST, IST and EST are other zones.
CREATE FUNCTION pg_temp.everything(style text, zone text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('datestyle', style, true), set_config('timezone', zone, true);
    RETURN (SELECT jsonb_build_array(
        (SELECT jsonb_agg(s) FROM known k, osms.statement('fund', '2024-01-01', 'plain', k.at) s),
        (SELECT jsonb_agg(s) FROM known k, osms.statement_persons('fund', '2024-01-01', 'plain', k.at) s),
        (SELECT jsonb_agg(u ORDER BY u.person) FROM known k, osms.unpaid('fund', '2024-01-01', 'plain', k.at) u),
        (SELECT jsonb_agg(r) FROM known k, osms.restate('fund', '2024-01-01', k.at) r),
        (SELECT jsonb_agg(p) FROM fund.restatement r, osms.roster_of('fund', '4', r.month, r.revision) p),
        (SELECT jsonb_agg(p) FROM osms.roster_of('fund', '4', '2024-01-01') p),
            (SELECT jsonb_agg(c) FROM osms.changes('fund', '2024-01-01', '2024-02-01') c),
        (SELECT jsonb_agg(f) FROM osms.flows('fund', '2024-01-01', '2024-02-01') f),
            (SELECT jsonb_agg(e) FROM osms.explain_payment('fund', '1', '2024-02-01') e WHERE item NOT IN ('paid')),
        (SELECT jsonb_agg(e.item || e.value) FROM osms.explain_attachment('fund', '4') e WHERE source <> 'roster'),
            osms.report('fund', '2024-02-01')));
END $$;
CREATE TABLE known AS SELECT known_at AS at FROM fund.statement UNION ALL SELECT known_at FROM fund.restatement;
SELECT ok(bool_and(pg_temp.everything(style, zone) = pg_temp.everything('ISO, YMD', 'UTC')), format('the same in %s, %s', style, zone))
FROM (VALUES ('SQL, DMY', 'Asia/Shanghai'), ('Postgres, MDY', 'Asia/Kolkata'), ('German', 'America/New_York'),
    ('SQL, MDY', 'Australia/Sydney'), ('ISO, DMY', 'Asia/Almaty')) AS v (style, zone) GROUP BY style, zone;
SELECT * FROM finish();

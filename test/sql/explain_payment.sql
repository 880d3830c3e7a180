-- Payments explained: every computation gives its value, out of figures that stand on the lines before it, and the lines end in the
-- statement's
-- own numbers. One registry by seven schemes, with everything that may reduce, cap, hold or correct a payment.
-- Takes long: make test-all.
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();
\ir verdict.psql
INSERT INTO osms.act (act, title) VALUES ('order-1', 'Order on weights'), ('order-2', 'Order on <norms>');
INSERT INTO osms.scheme (scheme, valid_from, known_from, act) VALUES ('base', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme (scheme, combination, coefficient_over, coefficient_rounding, rate_rounding, snapshot, both_reductions,
    amount_rounding, cap, inactive, valid_from, known_from, act)
SELECT v.*, '2018-01-01', '2018-01-01', 'order-1' FROM (VALUES
 ('times', 'multiply', 'all', NULL::int, 2, 'last_day', 'product', 2, 'carried', 'whole_year'),
 ('full', 'add', 'full', NULL, 2, 'last_day', 'lower', 2, 'carried', 'none'),
 ('days', 'add', 'all', NULL, 2, 'person_days', 'lower', 2, 'carried', 'whole_year'),
 ('once', 'add', 'all', NULL, NULL, 'last_day', 'lower', 2, 'cut', 'any_month'),
 ('oncedays', 'multiply', 'full', NULL, NULL, 'person_days', 'product', 1, 'none', 'any_month'),
 ('four', 'multiply', 'all', 4, 0, 'first_day', 'product', 0, 'carried', 'any_month')) v;
INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT s, a, b, x, w + CASE x WHEN 'male' THEN 0 ELSE 0.0123 END, '2018-01-01', '2018-01-01', 'order-1'
FROM (VALUES (0, 1, 3.5001), (1, 18, 1.2), (18, 65, 0.7), (65, NULL, 1.9333)) AS w (a, b, w), unnest('{male,female}'::osms.sex[]) x,
    unnest('{base,times,full,days,once,oncedays,four}'::text[]) s;
INSERT INTO osms.base_rate (scheme, region, class, rate, valid_from, known_from, act)
SELECT s, r, c, b, '2018-01-01', '2018-01-01', 'order-1' FROM (VALUES (NULL, 'urban', 1010.11), ('75', 'urban', 1111.11),
    (NULL, 'rural', 1212.13)) v (r, c, b), unnest('{base,times,full,days,once,oncedays,four}'::text[]) s;
INSERT INTO osms.norm_step (scheme, above, share, valid_from, known_from, act)
SELECT s, a, h, '2018-01-01', '2018-01-01', 'order-2' FROM (VALUES (100, 0.95), (150, 0.5)) v (a, h),
    unnest('{base,times,full,days,once,oncedays,four}'::text[]) s;
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person, birth_date, sex)
SELECT i, CASE WHEN i % 50 = 0 THEN NULL ELSE date '2024-12-30' - i * 7919 % 34000 END, CASE WHEN i * 31 % 7 < 3 THEN 'male'
    ELSE 'female' END::osms.sex
FROM generate_series(1, 700) i;
INSERT INTO fund.organisation (organisation) SELECT generate_series(1, 8);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) SELECT o, (ARRAY['75','71','59','x'])[1 + o % 4], CASE o % 2
    WHEN 0 THEN 'urban' ELSE 'rural' END, '2020-01-01' FROM generate_series(1, 8) o WHERE o <> 8;
INSERT INTO fund.contract (organisation, valid_from, yearly_amount) SELECT o, '2020-01-01', CASE o WHEN 6 THEN 1000000 WHEN 5 THEN 100000
    WHEN 4 THEN 1200000 END FROM generate_series(1, 8) o WHERE o <> 7;
INSERT INTO fund.coefficient SELECT o, 'rural', 1 + o / 100.0, '2020-01-01', '2020-01-01', 'order-1' FROM generate_series(1, 8, 2) o;
INSERT INTO fund.coefficient SELECT o, 'heating', 1.0016, '2020-01-01', '2020-01-01', NULL FROM generate_series(1, 3) o;
INSERT INTO fund.site (organisation, site, norm, valid_from) SELECT 2, 's1', 40, '2020-01-01';
INSERT INTO fund.attachment (attachment, person, organisation, site, state, since) SELECT i, i, 1 + i % 8, CASE
    WHEN 1 + i % 8 = 2 THEN 's1' END, 'active', '2020-01-01' FROM generate_series(1, 640) i;
INSERT INTO fund.insurance SELECT i, date '2024-05-01' + make_interval(months => m), 'self', i % 5 <> 0
    FROM generate_series(1, 700) i, generate_series(0, 20) m WHERE i % 9 <> 0;
INSERT INTO fund.service (service, person, organisation, served_on) SELECT i, i, 1 + i % 8, date '2025-03-03' FROM generate_series(1, 640) i
    WHERE i % 3 <> 0;
SELECT osms.guard('fund',
    '{"basis": "off", "no_backdating": "off", "contracted": "off", "same_territory": "off", "free_choice_limit": "off"}');
CALL osms.fill_roster('fund', batch => NULL);
DO $$ BEGIN FOR m IN 0..10 LOOP PERFORM osms.close_month('fund', (date '2025-01-01' + make_interval(months => m))::date, 'base'); END LOOP;
    END $$;
UPDATE fund.person SET death_date = '2025-03-09' WHERE person = 11;
UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment = 16;
DO $$ BEGIN FOR m IN 0..10 LOOP PERFORM osms.post_restatement('fund', (date '2025-01-01' + make_interval(months => m))::date); END LOOP;
    END $$;
INSERT INTO fund.coefficient VALUES (1, 'density', 1.05, '2025-06-01', clock_timestamp(), 'order-1'),
    (7, 'density', 1.05, '2025-06-01', clock_timestamp(), 'order-1');
INSERT INTO fund.contract (organisation, valid_from) VALUES (7, '2020-01-01');
UPDATE fund.attachment SET state = 'suspect', reason = 'unlawful' WHERE attachment = 24;
DO $$ BEGIN FOR m IN 0..10 LOOP PERFORM osms.post_restatement('fund', (date '2025-01-01' + make_interval(months => m))::date); END LOOP;
    END $$;

-- what December, the first month and one without reductions are told to be, by every scheme
CREATE TABLE told AS
SELECT s.scheme, m.month, l.organisation, e.*
FROM (SELECT DISTINCT scheme FROM osms.scheme WHERE scheme <> 'illustrative') s,
    unnest('{2025-01-01,2025-02-01,2025-11-01,2025-12-01}'::date[]) m (month),
     generate_series(1, 8) AS l (organisation), osms.explain_payment('fund', l.organisation::text, m.month, s.scheme) WITH ORDINALITY
         AS e (item, computation, value, source, nth)
WHERE m.month = '2025-12-01' OR s.scheme = 'base';
CREATE TABLE line AS
SELECT s.scheme, m.month, l.*
FROM (SELECT DISTINCT scheme FROM osms.scheme WHERE scheme <> 'illustrative') s, unnest('{2025-12-01}'::date[]) m (month),
    osms.statement('fund', m.month, s.scheme) l
UNION ALL SELECT 'base', l.* FROM fund.statement_line l WHERE l.month IN ('2025-01-01', '2025-02-01', '2025-11-01');

-- A pocket calculator: numbers, + - * / and brackets, nothing else.
SELECT is_empty($$SELECT * FROM told WHERE computation !~ '^[-+*/() 0-9.]+$'$$, 'a computation is arithmetic');
CREATE FUNCTION worth(expression text) RETURNS numeric LANGUAGE plpgsql STRICT AS $$
DECLARE
    result numeric;
BEGIN
    EXECUTE 'SELECT ' || regexp_replace(expression, '\d+(\.\d+)?', '\&::numeric(60,25)', 'g') INTO result;
    RETURN result;
END $$;
SELECT is_empty($$SELECT *, worth(computation) FROM told WHERE round(worth(computation), scale(value)) <> value OR computation IS NOT NULL
    AND value IS NULL$$, 'and gives its value, to the digits shown');
SELECT is_empty($$
    SELECT t.*, f.figure
    FROM told t, LATERAL (SELECT (regexp_matches(t.computation, '\d+(?:\.\d+)?', 'g'))[1]::numeric) f (figure)
    WHERE item !~ '^(ages |uninsured|over_norm|not served, )' AND NOT (f.figure = 1 AND item IN ('rate', 'earned'))
        AND NOT (f.figure = 0 AND item = 'paid')
      AND NOT EXISTS (SELECT FROM told b WHERE (b.scheme, b.month, b.organisation) = (t.scheme, t.month, t.organisation) AND b.nth < t.nth
                      AND (abs(b.value) = f.figure OR t.item = 'paid in full' AND b.computation LIKE f.figure || ' * %'))$$,
                          'out of figures of the lines before it');
SELECT is_empty($$SELECT * FROM told WHERE computation IS NULL
    AND item IN ('weighted heads', 'Kav', 'earned', 'not served in the year', 'owed', 'cap', 'paid', 'shares', 'paid in full')$$,
    'nothing that is computed hides how');
SELECT is_empty($$SELECT * FROM told WHERE source IS NULL OR source = '' OR value IS NULL
    AND NOT (source LIKE 'held: %' OR source LIKE 'none for %' OR item = 'rate')$$, 'every number has its source');
SELECT is_empty($$SELECT * FROM told WHERE item ~ '^(base rate|ages|uninsured|rate|not served in the year)'
    AND source !~ ' act (order-[12]|osms:payment)' AND source !~ '^(none for|the (lower|product) of)' $$, 'the law its act');

-- The lines end in the numbers of the statement.
SELECT is_empty(format($$
    SELECT l.scheme, l.month, l.organisation, l.%2$I, t.value FROM line l
        LEFT JOIN told t ON (t.scheme, t.month, t.organisation::text, t.item) = (l.scheme, l.month, l.organisation, %1$L)
    WHERE %3$s$$, item, attribute, condition), item || ' is that of the statement')
FROM (VALUES ('heads', 'heads', 't.value IS DISTINCT FROM l.heads'), ('Kav', 'coefficient', 't.value IS DISTINCT FROM l.coefficient'),
    ('rate', 'rate', 't.value IS DISTINCT FROM l.rate'),
             ('shares', 'shares', 'coalesce(t.value, l.heads) <> l.shares'), ('earned', 'earned', 't.value IS DISTINCT FROM l.earned'),
                 ('amount', 'amount', 't.value IS DISTINCT FROM l.amount'),
             ('cap', 'cap_cut', 'coalesce(t.value, 0) <> -coalesce(l.cap_cut, 0)'),
                 ('carried in', 'carried_in', 'coalesce(t.value, 0) <> coalesce(l.carried_in, 0) AND l.status = ''ok'''),
             ('not served in the year', 'inactive_cut', 'coalesce(t.value, 0) <> -coalesce(l.inactive_cut, 0)'),
                 ('of them, suspect', 'suspect', 'coalesce(t.value, 0) <> l.suspect')) AS v (item, attribute, condition);
SELECT is_empty($$SELECT t.* FROM told t JOIN fund.statement_line l ON l.month = t.month AND l.organisation = t.organisation::text
    WHERE t.item = 'paid' AND t.value <> coalesce(l.amount, 0)
    + coalesce((SELECT sum(g.amount) FROM fund.ledger g WHERE (g.month, g.organisation) = (l.month, l.organisation)), 0)$$,
        'paid is amount and ledger');
SELECT is((SELECT count(*) FROM told WHERE item ~ ', (membership|coefficient|held)$'),
    (SELECT count(*) FROM fund.ledger WHERE month IN ('2025-01-01', '2025-02-01', '2025-11-01')
    AND cause IN ('membership', 'coefficient', 'held')), 'every entry of the ledger');
-- nothing of the above is true of an empty table
SELECT set_has('SELECT item FROM told', $$VALUES ('uninsured'), ('over_norm'), ('uninsured, over_norm'), ('not served, 2025-10'),
    ('carried in'), ('owed'), ('days'), ('of them, suspect'), ('claw back, membership'),
    ('restoration, coefficient'), ('release, held')$$, 'all that may happen did');
SELECT set_has('SELECT DISTINCT source FROM told WHERE item = ''amount''',
    $$VALUES ('to be paid'), ('held: no_contract'), ('held: no_status')$$, 'some are held');

-- One of them by eye, and the screen it has to fit on.
SELECT results_eq($$SELECT item, computation, value FROM told WHERE (scheme, month, organisation) = ('base', '2025-12-01', 2)$$, $$VALUES
    ('heads', NULL::text, 80),
    ('of them, insurance unknown', NULL, 9),
    ('uninsured', '7 * 0.9', 6.3),
    ('over_norm', '16 * 0.95', 15.2),
    ('over_norm', '17 * 0.5', 8.5),
    ('uninsured, over_norm', '4 * 0.9', 3.6),
    ('uninsured, over_norm', '3 * 0.5', 1.5),
    ('paid in full', '80 - 7 - 16 - 17 - 4 - 3', 33),
    ('shares', '33 + 6.3 + 15.2 + 8.5 + 3.6 + 1.5', 68.1),
    ('ages 1-17', '8 * 1.2 + 7 * 1.2123', 18.0861),
    ('ages 18-64', '14 * 0.7 + 26 * 0.7123', 28.3198),
    ('ages 65+', '12 * 1.9333 + 13 * 1.9456', 48.4924),
    ('weighted heads', '18.0861 + 28.3198 + 48.4924', 94.8983),
    ('Kav', '94.8983 / 80', 1.186229),
    ('base rate B', NULL, 1010.11),
    ('K heating', NULL, 1.0016),
    ('rate', '1010.11 * (94.8983 / 80 + (1.0016 - 1))', 1199.84),
    ('earned', '1199.84 * 68.1', 81709.10),
    ('not served, 2025-10', '-1199.84 * 3.45', -4139.45),
    ('not served, 2025-11', '-1199.84 * 3.45', -4139.45),
    ('not served, 2025-12', '-1199.84 * 3.45', -4139.45),
    ('not served in the year', '-4139.45 - 4139.45 - 4139.45', -12418.35),
    ('amount', '81709.1 - 12418.35', 69290.75)$$, 'one by eye');
SELECT cmp_ok(max(c), '<=', 30::bigint, 'on one screen') FROM (SELECT count(*) AS c FROM told GROUP BY scheme, month, organisation) x;

-- Attachments: what is told of a year, in order; their shares are those of the statement.
INSERT INTO fund.attachment (attachment, person, organisation, state, since, restores) VALUES (1016, 16, 1, 'active', '2020-01-01', 16);
SELECT lives_ok($$SELECT osms.post_restatement('fund', '2025-11-01')$$, 'one is restored');
CREATE FUNCTION story(attachment text) RETURNS TABLE (item text, value text, source text) LANGUAGE sql AS $$
    SELECT e.item, e.value, e.source FROM osms.explain_attachment('fund', $1) WITH ORDINALITY AS e (at, item, value, source, nth)
        WHERE at IS NOT NULL OR item = 'restored' ORDER BY nth $$;
SELECT results_eq($$SELECT * FROM story('16')$$, $$VALUES ('restored', 'by attachment 1016', 'attachment'),
    ('known as counted', 'from 2020-01-01 without end', 'roster'),
    ('paid for 2025-01 to 2025-11', (SELECT format('each month a head of organisation 1 at %s', min(rate)) FROM fund.statement_line
        WHERE organisation = '1'), 'statement'),
    ('no more on the roster', NULL, 'roster'), ('restated for 2025-01 to 2025-11', 'counts no more', 'restatement 1')$$,
        'annulled and restored');
SELECT results_eq($$SELECT * FROM story('1016')$$, $$VALUES ('known as counted', 'from 2020-01-01 without end', 'roster'),
    ('restated for 2025-11',
    (SELECT format('1 of %s heads of organisation 1 at %s', heads, rate) FROM fund.restatement_line
        WHERE organisation = '1' AND month = '2025-11-01' ORDER BY revision DESC LIMIT 1), 'restatement 3')$$, 'what restores it');
SELECT results_eq($$SELECT * FROM story('24')$$, $$VALUES ('known as counted', 'from 2020-01-01 without end', 'roster'),
    ('paid for 2025-01 to 2025-11', (SELECT format('each month a head of organisation 1 at %s to %s', min(rate), max(rate))
        FROM (SELECT DISTINCT ON (month) rate FROM fund.restatement_line
        WHERE organisation = '1' ORDER BY month, revision DESC) x), 'statement, rate as restated last'),
            ('known as suspect', 'from 2020-01-01 without end', 'roster')$$, 'suspect');
SELECT results_eq($$SELECT * FROM story('11')$$, $$VALUES ('known as counted', 'from 2020-01-01 without end', 'roster'),
    ('paid for 2025-01 to 2025-11', (SELECT format('each month a head of organisation 4 at %s to %s', min(rate), max(rate))
        FROM fund.statement_line WHERE organisation = '4'), 'statement'),
    ('known as counted', 'from 2020-01-01 before 2025-03-10', 'roster'),
        ('restated for 2025-03 to 2025-11', 'counts no more', 'restatement 1')$$, 'a death that was told late');
SELECT results_eq($$SELECT item, value FROM story('14')$$, $$VALUES ('known as counted', 'from 2020-01-01 without end'),
    ('paid for 2025-01 to 2025-11', 'held: no_contract'),
    ('restated for 2025-01 to 2025-11', (SELECT format('each month a head of organisation 7 at %s to %s', min(rate), max(rate))
        FROM fund.restatement_line WHERE organisation = '7'))$$, 'held and released');
SELECT results_eq($$SELECT item, regexp_replace(value, ' at .* x', ' x') FROM story('625') WHERE item LIKE 'paid%'$$,
    $$VALUES ('paid for 2025-01 to 2025-09', 'each month a head of organisation 2 x 0.5, over_norm'),
    ('paid for 2025-10 to 2025-11', 'each month a head of organisation 2 x 0.5, uninsured, over_norm')$$, 'at a share');
SELECT results_eq($$SELECT value FROM story('50') WHERE item LIKE 'paid%'$$, $$VALUES ('no head, without sex or usable birth date')$$,
    'without a birth date');
SELECT is_empty($$
    SELECT p.attachment, p.share, p.reason, e.share
    FROM fund.statement s, osms.statement_persons('fund', s.month, s.scheme, s.known_at) p,
         osms_internal.explain_month('fund', format('m.person = %s AND m.attachment = %s', p.person, p.attachment), true, s.month, 0) e
    WHERE s.month = '2025-11-01' AND p.attachment::int % 7 = 1 AND p.placed AND e.share <> CASE WHEN p.share = 1 THEN ''
        ELSE format(' x %s, %s', osms_internal.plain(p.share), p.reason) END$$, 'as the statement says');
SELECT cmp_ok(max((SELECT count(*) FROM osms.explain_attachment('fund', a.attachment::text))), '<=', 24::bigint, 'on one screen')
    FROM fund.attachment a WHERE a.attachment IN (11, 14, 16, 24, 50, 625, 1016);
SELECT is_empty($$SELECT a.attachment, e.* FROM fund.attachment a, osms.explain_attachment('fund', a.attachment::text) e
    WHERE a.attachment IN (11, 14, 16, 24, 50, 625, 1016) AND e.at <> date_trunc('second', e.at)$$, 'to the second');

-- What was stored and can no longer be counted again is told as stored.
SELECT lives_ok($$SELECT osms.close_month('fund', '2025-12-01', 'base')$$, 'December is closed');
TRUNCATE fund.service;
UPDATE fund.site SET norm = 1000;
SELECT results_eq($$SELECT item, computation, value, source FROM osms.explain_payment('fund', '2', '2025-12-01')
    WHERE source LIKE 'as stored%'$$, $$
    SELECT item, NULL::text, value, CASE item WHEN 'shares' THEN 'as stored; who is reduced has changed since'
        ELSE 'as stored; services have changed since' END
    FROM told WHERE (scheme, month, organisation) = ('base', '2025-12-01', 2) AND item IN ('shares', 'not served in the year')
        ORDER BY nth$$, 'what has changed since');
SELECT * FROM finish();

-- Law: an attachment is annulled, and the person goes back to the previous organisation, which is paid for months that were over by then
-- only if it served the person. All weights are 1, the rate is 1,000.
SET client_min_messages = error;
SET timezone = 'UTC';
SET search_path = public, osms;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT osms.create_registry('fund', cut_over => '2024-01-01');
INSERT INTO osms.act (act, title) VALUES ('order-1', 'Order on rates');
INSERT INTO osms.scheme (scheme, uninsured, restored, valid_from, known_from, act) SELECT s, 'full', s, '2018-01-01', '2018-01-01',
    'order-1' FROM unnest('{served,paid,unpaid}'::text[]) s;
INSERT INTO osms.scheme (scheme, uninsured, snapshot, valid_from, known_from, act)
    VALUES ('days', 'full', 'person_days', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight (scheme, age_from, sex, weight, valid_from, known_from, act)
SELECT s, 0, x, 1, '2018-01-01', '2018-01-01', 'order-1' FROM unnest('{male,female}'::osms.sex[]) x,
    unnest('{served,paid,unpaid,days}'::text[]) s;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act) SELECT s, 'urban', 1000, '2018-01-01', '2018-01-01', 'order-1'
    FROM unnest('{served,paid,unpaid,days}'::text[]) s;
INSERT INTO fund.person (person, birth_date, sex) SELECT i, '1980-01-01', 'female' FROM generate_series(1, 20) i;
INSERT INTO fund.organisation (organisation) VALUES (1), (2);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from, known_from) SELECT o, 'r', 'urban', '2020-01-01',
    '2020-01-01' FROM generate_series(1, 2) o;
INSERT INTO fund.contract (organisation, valid_from, known_from) SELECT o, '2020-01-01', '2020-01-01' FROM generate_series(1, 2) o;
-- 1 to 6 were at 1 and, since 10 May 2025, at 2; all of that known in time. 7 and 8 stand there for company.
UPDATE fund.setting SET roster_complete = true;
ALTER TABLE fund.roster DISABLE TRIGGER keep; -- written by hand below
INSERT INTO fund.roster (attachment, person, organisation, site, since, until, birth_date, sex, basis, mark, known_from, known_to)
SELECT a, p, o, NULL, s, u, date '1980-01-01', 'female'::osms.sex, 'inherited', 'counted', k, t
FROM generate_series(1, 6) p, LATERAL (VALUES (p, 1, date '2024-01-01', date 'infinity', timestamptz '2024-01-01',
    timestamptz '2025-05-10 05:00+00'),
    (p, 1, '2024-01-01', '2025-05-10', '2025-05-10 05:00+00', 'infinity'),
        (100 + p, 2, '2025-05-10', 'infinity', '2025-05-10 05:00+00', 'infinity')) v (a, o, s, u, k, t)
UNION ALL SELECT p, p, p - 6, NULL, '2024-01-01', 'infinity', '1980-01-01', 'female'::osms.sex, 'inherited', 'counted', '2024-01-01',
    'infinity' FROM generate_series(7, 8) p;
CREATE FUNCTION pg_temp.heads(month date, scheme text, known_at timestamptz DEFAULT '2025-12-31') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s: %s', organisation, amount), ', ' ORDER BY organisation)
        FROM osms.statement('fund', month, scheme, known_at) $$;
SELECT is(pg_temp.heads(m, s), '1: 1000.00, 2: 7000.00', format('before, %s %s', m, s))
    FROM unnest('{2025-06-01,2025-07-01}'::date[]) m, unnest('{served,paid,unpaid,days}'::text[]) s;

-- Annulled on 1 August at three in the morning of Almaty, which is still July in Greenwich: May, June and July are over. 6 stays.
CREATE FUNCTION pg_temp.restore(persons int[], at timestamptz) RETURNS void LANGUAGE sql AS $$
    UPDATE fund.roster SET known_to = at WHERE attachment - 100 = ANY (persons);
    INSERT INTO fund.roster (attachment, person, organisation, site, since, until, birth_date, sex, basis, mark, known_from, known_to)
    SELECT 200 + p, p, 1, NULL, '2025-05-10', 'infinity', '1980-01-01', 'female', 'restores', 'counted', at, 'infinity'
        FROM unnest(persons) p $$;
SELECT pg_temp.restore('{1,2,3,4}', '2025-07-31 22:00+00');
-- 5 is restored an hour and more earlier, on the last day of July
SELECT pg_temp.restore('{5}', '2025-07-31 18:59:59.999999+00');
SELECT is((osms_internal.statement_terms('fund', m, 'served', k)).restored_late, late, format('%s as known %s', m, k))
FROM (VALUES (date '2025-07-01', timestamptz '2025-07-31 21:59+00', NULL::boolean), ('2025-07-01', '2025-08-01+00', true),
    ('2025-06-01', '2025-07-31 19:00+00', true), ('2025-08-01', '2025-12-31', false), ('2025-04-01', '2025-12-31', false)) v (m, k, l),
    LATERAL (SELECT coalesce(l, false)) x (late);
SELECT is(pg_temp.heads('2025-07-01', 'served', '2025-07-31 18:00+00'), '1: 1000.00, 2: 7000.00', 'as known before');
-- without a service nothing is proven: of July 5 alone counts, known before the month was over
SELECT is(pg_temp.heads(m, s), want, format('%s %s', m, s)) FROM (VALUES
    (date '2025-07-01', 'served', '1: 2000.00, 2: 2000.00'), ('2025-07-01', 'unpaid', '1: 2000.00, 2: 2000.00'),
        ('2025-07-01', 'paid', '1: 6000.00, 2: 2000.00'), ('2025-07-01', 'days', '1: 2000.00, 2: 2000.00'),
    ('2025-06-01', 'served', '1: 1000.00, 2: 2000.00'), ('2025-06-01', 'unpaid', '1: 1000.00, 2: 2000.00'),
        ('2025-06-01', 'paid', '1: 6000.00, 2: 2000.00'),
    ('2025-08-01', 'served', '1: 6000.00, 2: 2000.00'), ('2025-08-01', 'unpaid', '1: 6000.00, 2: 2000.00'),
        ('2025-08-01', 'paid', '1: 6000.00, 2: 2000.00'),
    -- in May they were there for nine days
    ('2025-05-01', 'days', format('1: %s, 2: %s', round(1000 + 6 * 9 * 1000 / 31.0, 2), round(1000 + 22 * 1000 / 31.0, 2)))) v (m, s, want);
-- services of July: 1 was served; 2 later denied; 3 by another, 4 in another month; one of 2 is told late
INSERT INTO fund.service (service, person, organisation, served_on, denied_at, known_from) VALUES
    (1, 1, 1, '2025-07-31', NULL, '2025-08-01'), (2, 2, 1, '2025-07-01', '2025-10-01', '2025-08-01'),
        (3, 3, 2, '2025-07-05', NULL, '2025-08-01'), (4, 4, 1, '2025-08-01', NULL, '2025-08-01'),
        (5, 4, 1, '2025-06-30', NULL, '2025-09-01');
SELECT is(pg_temp.heads(m, s, k), want, format('%s %s as known %s', m, s, k)) FROM (VALUES
    (date '2025-07-01', 'served', timestamptz '2025-08-02', '1: 4000.00, 2: 2000.00'),
        ('2025-07-01', 'served', '2025-10-02', '1: 3000.00, 2: 2000.00'),
    ('2025-07-01', 'unpaid', '2025-10-02', '1: 2000.00, 2: 2000.00'), ('2025-07-01', 'days', '2025-10-02', '1: 3000.00, 2: 2000.00'),
    ('2025-06-01', 'served', '2025-08-02', '1: 1000.00, 2: 2000.00'),
        ('2025-06-01', 'served', '2025-09-02', '1: 2000.00, 2: 2000.00')) v (m, s, k, want);
SELECT results_eq($$SELECT person FROM osms.statement_persons('fund', '2025-07-01', 'served', '2025-12-31') WHERE organisation = '1'
    ORDER BY person$$, $$VALUES ('1'), ('5'), ('7')$$, 'who stands behind July');
SELECT results_eq($$SELECT person, organisation, reason FROM osms.unpaid('fund', '2025-07-01', 'served', '2025-12-31')
    WHERE reason <> 'not_attached' ORDER BY person$$,
    $$VALUES ('2', '1', 'restored_not_served'), ('3', '1', 'restored_not_served'), ('4', '1', 'restored_not_served')$$,
        'who is not paid, and why');
SELECT results_eq($$SELECT person, reason FROM osms.unpaid('fund', '2025-07-01', 'days', '2025-12-31') WHERE reason <> 'not_attached'
    ORDER BY person$$,
    $$VALUES ('2', 'restored_not_served'), ('3', 'restored_not_served'), ('4', 'restored_not_served')$$, 'by days, too');
SELECT is_empty($$SELECT person FROM osms.unpaid('fund', '2025-07-01', 'paid', '2025-12-31')
    WHERE reason <> 'not_attached'$$, 'nobody where all are paid');
-- the list of the attached is another matter
SELECT is(total, 6::bigint, 'the form counts all') FROM osms.monthly_form('fund', '1', '2025-07-01', '2025-12-31') WHERE line = 'closing';
-- a second version of a row is not a second restoration, nor is it an earlier one
UPDATE fund.roster SET known_to = '2025-11-01' WHERE attachment IN (205, 203);
INSERT INTO fund.roster SELECT attachment, person, organisation, site, since, until, '1981-02-02', sex, basis, mark, known_to, 'infinity'
    FROM fund.roster WHERE attachment IN (205, 203);
SELECT is(pg_temp.heads('2025-07-01', 'served'), '1: 3000.00, 2: 2000.00',
    'a birth date corrected in November does not make it late, or early');
-- what basis it has may be supplied later: it was known in time
UPDATE fund.roster SET known_to = '2025-11-02' WHERE attachment = 206 OR attachment = 7;
INSERT INTO fund.roster SELECT attachment, person, organisation, site, since, until, birth_date, sex, 'restores', mark, known_to, 'infinity'
    FROM fund.roster WHERE attachment = 7;
SELECT is(pg_temp.heads('2025-07-01', 'served'), '1: 3000.00, 2: 2000.00', 'one whose basis is told later was there');
-- an annulment that is taken back: the organisation had the person all the time
UPDATE fund.roster SET known_to = '2025-11-03' WHERE attachment = 8;
INSERT INTO fund.roster SELECT 208, person, organisation, site, since, until, birth_date, sex, 'restores', mark, '2025-11-04', 'infinity'
    FROM fund.roster WHERE attachment = 8;
SELECT is(pg_temp.heads('2025-07-01', s), want, 'an annulment taken back: ' || s)
    FROM (VALUES ('served', '1: 3000.00, 2: 2000.00'), ('unpaid', '1: 2000.00, 2: 2000.00')) v (s, want);
SELECT is(pg_temp.heads('2025-07-01', 'served', '2025-11-03 12:00+00'), '1: 3000.00, 2: 1000.00', 'and was clawed back meanwhile');
-- without services nothing proves that anybody was served
ALTER TABLE fund.service RENAME TO served;
SELECT is(pg_temp.heads('2025-07-01', s), want, s || ' without services')
    FROM (VALUES ('served', '1: 2000.00, 2: 2000.00'), ('paid', '1: 6000.00, 2: 2000.00'), ('unpaid', '1: 2000.00, 2: 2000.00')) v (s,
    want);
ALTER TABLE fund.served RENAME TO service;
-- suspects are shown as far as they count
UPDATE fund.roster SET mark = 'suspect' WHERE attachment IN (201, 202);
SELECT is(suspect, 1::bigint, 'one suspect') FROM osms.statement('fund', '2025-07-01', 'served', '2025-12-31') WHERE organisation = '1';
-- December: who was not here for want of a restoration known in time was not here all year
INSERT INTO fund.service (service, person, organisation, served_on, known_from) VALUES (6, 7, 1, '2025-02-02', '2025-03-03');
SELECT results_eq(
    format('SELECT inactive, heads FROM osms.statement(''fund'', ''2025-12-01'', %L, ''2025-12-31'') WHERE organisation = ''1''', s),
    format('VALUES (%s::bigint, 6::bigint)', want), 'December, ' || s)
FROM (VALUES ('served', 0), ('unpaid', 0), ('paid', 3)) v (s, want);

-- Closed, annulled, restored, posted: two lines of the ledger tell one story, and a service that is told late adds to it.
SELECT osms.create_registry('live', cut_over => '2024-01-01');
INSERT INTO live.person (person, birth_date, sex) SELECT i, '1980-01-01', 'female' FROM generate_series(1, 4) i;
INSERT INTO live.organisation (organisation) VALUES (1), (2);
INSERT INTO live.organisation_status (organisation, region, class, valid_from) SELECT o, 'r', 'urban', '2020-01-01'
    FROM generate_series(1, 2) o;
INSERT INTO live.contract (organisation, valid_from) SELECT o, '2020-01-01' FROM generate_series(1, 2) o;
INSERT INTO live.attachment (attachment, person, organisation, state, since, until, reason)
SELECT i, i, 1, 'closed'::osms.attachment_state, date '2024-01-01', date '2025-03-05', 'moved_to_other' FROM generate_series(1, 3) i
    UNION ALL SELECT 100 + i, i, 2, 'active', '2025-03-05', NULL, NULL FROM generate_series(1, 3) i;
INSERT INTO live.attachment (attachment, person, organisation, state, since) VALUES (4, 4, 1, 'active', '2024-01-01');
SELECT osms.guard('live', '{"basis": "off", "no_backdating": "off", "same_territory": "off", "contracted": "off"}');
CALL osms.fill_roster('live', batch => NULL);
SELECT is(amount, 4000.00, 'March is closed') FROM osms.close_month('live', '2025-03-01', 'served');
SELECT osms.annul('live', '101', 'unlawful'), osms.annul('live', '102', 'unlawful');
INSERT INTO live.service (service, person, organisation, served_on) VALUES (1, 1, 1, '2025-03-20');
SELECT is((osms.reopen('live', r.key, r.new)).outcome, 'created', 'restored ' || r.key)
    FROM (VALUES ('1', '201'), ('2', '202')) r (key, new);
SELECT results_eq($$SELECT organisation, cause, kind, persons, amount FROM osms.post_restatement('live', '2025-03-01')$$,
    $$VALUES ('1', 'membership', 'restoration', 1::bigint, 1000.00),
        ('2', 'membership', 'claw_back', -2, -2000.00)$$, 'two are clawed back, the one who was served is paid for');
SELECT results_eq($$SELECT person, attachment FROM osms.roster_of('live', '1', '2025-03-01', 1)
    ORDER BY 1$$, $$VALUES ('1', '201'), ('4', '4')$$, 'whom that paid for');
SELECT results_eq($$SELECT item, value FROM osms.explain_attachment('live', '202') WHERE source ~ 'restatement'$$,
    $$VALUES ('restated for 2025-03', 'restored after the month, not served in it')$$, 'the other is told why not');
SELECT results_eq($$SELECT item, value FROM osms.explain_attachment('live', '201') WHERE source ~ 'restatement'$$,
    $$VALUES ('restated for 2025-03', '1 of 2 heads of organisation 1 at 1000.00')$$, 'and the one what was paid');
SELECT results_eq($$SELECT person, reason FROM osms.unpaid('live', '2025-03-01', 'served')$$, $$VALUES ('2', 'restored_not_served')$$,
    'listed as not paid');
SELECT is_empty($$SELECT * FROM osms.post_restatement('live', '2025-03-01')$$, 'once');
-- a service changes nobody's row
INSERT INTO live.service (service, person, organisation, served_on) VALUES (2, 2, 1, '2025-03-01');
SELECT results_eq($$SELECT organisation, cause, kind, persons, amount FROM osms.post_restatement('live', '2025-03-01')$$,
    $$VALUES ('1', 'membership', 'restoration', 1::bigint, 1000.00)$$, 'a service told late restores');
UPDATE live.service SET denied_at = clock_timestamp() WHERE service = 1;
SELECT results_eq($$SELECT organisation, cause, kind, persons, amount FROM osms.post_restatement('live', '2025-03-01')$$,
    $$VALUES ('1', 'membership', 'claw_back', -1::bigint, -1000.00)$$, 'one denied late claws back');
UPDATE live.person SET birth_date = '1990-01-01' WHERE person IN (1, 2);
SELECT is_empty($$SELECT * FROM osms.restate('live', '2025-03-01')$$, 'a corrected birth date is no restoration');
-- annulled in error: the same organisation has the person again, served or not
SELECT osms.annul('live', '103', 'unlawful');
SELECT results_eq($$SELECT organisation, cause, persons, amount FROM osms.restate('live', '2025-03-01')$$,
    $$VALUES ('2', 'membership', -1::bigint, -1000.00)$$, 'annulled');
SELECT is((osms.reopen('live', '103', '203')).outcome, 'created', 'in error');
SELECT is_empty($$SELECT * FROM osms.restate('live', '2025-03-01')$$, 'nothing has changed');
SELECT results_eq($$SELECT organisation, sum(amount), sum(persons)::bigint FROM live.ledger GROUP BY 1
    ORDER BY 1$$, $$VALUES ('1', 1000.00, 1::bigint), ('2', -2000.00, -2)$$, 'what the ledger comes to');
SELECT is_empty($$SELECT s.organisation FROM osms.statement('live', '2025-03-01', 'served') s
    JOIN live.statement_line l ON l.month = '2025-03-01' AND l.organisation = s.organisation
    WHERE s.amount <> l.amount + (SELECT coalesce(sum(g.amount), 0) FROM live.ledger g
        WHERE g.organisation = s.organisation)$$, 'closed and ledger are what it is now');
SELECT results_eq($$SELECT (x).l::text FROM (SELECT ROW(l.*)::text AS l
    FROM live.statement h, osms.statement('live', h.month, h.scheme, h.known_at) l) x$$,
    format($$SELECT ROW((%s).*)::text FROM live.statement_line l ORDER BY organisation$$, osms_internal.line_expression('l')),
        'and as known then it is what was closed');

-- nobody restored: the question is not asked
SELECT unalike(osms_internal.member_query(osms_internal.statement_terms('fund', '2025-04-01', 'served', '2025-07-31')), '%restores%',
    'a month without restorations');
SELECT is(count(*), 1::bigint, 'few rows are looked at') FROM pg_indexes
    WHERE schemaname = 'fund' AND indexname = 'roster_restored' AND indexdef ~ 'WHERE';
SELECT * FROM finish();

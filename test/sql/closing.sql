-- Closed months, restated and posted, after random events: closed and ledger are what the month is now, to the tiyn, and nothing that was
-- closed changes. Then by hand: what may not be done, releases, claw-backs and restorations.
SET client_min_messages = error;
SET timezone = 'UTC';
SET search_path = public, osms;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT osms.create_registry('fund', cut_over => '2025-10-01');
INSERT INTO osms.act (act, title) VALUES ('order-1', 'Order on weights');
INSERT INTO osms.scheme (scheme, inactive, valid_from, known_from, act)
VALUES ('official', 'none', '2018-01-01', '2018-01-01', 'order-1');
INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT 'official', a, b, s, w + CASE s WHEN 'male' THEN 0 ELSE 0.0123 END, '2018-01-01', '2018-01-01', 'order-1'
FROM (VALUES (0, 1, 3.5001), (1, 18, 1.2), (18, 65, 0.7), (65, NULL, 1.9333)) AS w (a, b, w), unnest('{male,female}'::osms.sex[]) s;
INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act)
VALUES ('official', 'urban', 1010.11, '2018-01-01', '2018-01-01', 'order-1'), ('official', 'rural', 1212.13, '2018-01-01', '2018-01-01', 'order-1');

SELECT setseed(0.25);
INSERT INTO fund.person (person, birth_date, sex)
SELECT i, CASE WHEN i % 50 = 0 THEN NULL ELSE date '2025-09-30' - (random() * 34000)::int END, CASE WHEN random() < 0.5 THEN 'male' ELSE 'female' END::osms.sex
FROM generate_series(1, 500) i;
INSERT INTO fund.organisation (organisation) SELECT generate_series(1, 8);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) SELECT o, 'r', CASE o % 2 WHEN 0 THEN 'urban' ELSE 'rural' END, '2020-01-01' FROM generate_series(1, 8) o;
-- 7 has no contract before it is found in November, 8 nobody before it is restored
INSERT INTO fund.contract (organisation, valid_from, yearly_amount) SELECT o, '2020-01-01', CASE o WHEN 6 THEN 100000 END FROM generate_series(1, 8) o WHERE o <> 7;
INSERT INTO fund.coefficient SELECT o, 'rural', 1 + o / 100.0, '2020-01-01', '2020-01-01', 'order-1' FROM generate_series(1, 8, 2) o;
INSERT INTO fund.attachment (attachment, person, organisation, state, since) SELECT i, i, 1 + i % 7, 'active', '2020-01-01' FROM generate_series(1, 450) i;
INSERT INTO fund.insurance SELECT i, date '2025-05-01' + make_interval(months => m), 'self', i % 5 <> 0 FROM generate_series(1, 500) i, generate_series(0, 8) m WHERE i % 9 <> 0;
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off", "contracted": "off", "same_territory": "off", "free_choice_limit": "off"}');
CALL osms.fill_roster('fund', batch => NULL);

-- A random event in the life of the registry. What a rule refuses has not happened.
CREATE FUNCTION pg_temp.event(nth int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    someone int := 1 + (random() * 499)::int;
    somewhere int := 1 + (random() * 7)::int;
    a fund.attachment;
    day date := date '2025-09-01' + (random() * 150)::int;
    what int := (random() * 12)::int;
    now_known timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO a FROM fund.attachment WHERE person = someone AND state <> 'annulled' ORDER BY since DESC LIMIT 1;
    CASE
        WHEN what <= 2 THEN UPDATE fund.person SET death_date = day WHERE person = someone;
        WHEN what = 3 THEN UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment = a.attachment;
        WHEN what <= 6 THEN
            UPDATE fund.attachment SET state = 'closed', until = day, reason = 'moved_to_other' WHERE attachment = a.attachment AND state = 'active';
            INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (1000 + nth, someone, somewhere, 'active', day);
        WHEN what = 7 THEN UPDATE fund.person SET birth_date = date '2025-08-31' - (random() * 34000)::int WHERE person = someone;
        WHEN what = 8 THEN UPDATE fund.person SET sex = CASE sex WHEN 'male' THEN 'female' ELSE 'male' END::osms.sex, birth_date = NULL WHERE person = someone;
        WHEN what = 9 THEN INSERT INTO fund.coefficient VALUES (somewhere, 'density', round(0.8 + random()::numeric / 2, 4), '2024-06-01', clock_timestamp(), 'order-1');
        WHEN what = 10 THEN UPDATE fund.insurance SET paid = NOT paid WHERE person = someone;
        WHEN what = 11 THEN UPDATE fund.attachment SET state = CASE state WHEN 'active' THEN 'suspect' ELSE 'active' END::osms.attachment_state, reason = 'unlawful' WHERE attachment = a.attachment AND state IN ('active', 'suspect');
        ELSE
            IF nth % 4 = 0 THEN
                INSERT INTO osms.base_rate (scheme, class, rate, valid_from, known_from, act)
                VALUES ('official', 'rural', 1200 + (random() * 100)::int, date '2025-10-01', clock_timestamp(), 'order-1');
            ELSIF nth % 4 = 2 THEN
                INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
                SELECT 'official', x, y, s, round(0.5 + random()::numeric, 4), '2025-10-01', now_known, 'order-1'
                FROM (VALUES (0, 7), (7, 50), (50, NULL)) AS w (x, y), unnest('{male,female}'::osms.sex[]) s;
            END IF;
    END CASE;
    RETURN 'happened';
EXCEPTION WHEN integrity_constraint_violation THEN
    RETURN 'refused';
END $$;
CREATE TEMPORARY TABLE told (nth int, what text);

CREATE VIEW paid AS
SELECT month, organisation, sum(amount) AS amount, sum(heads)::bigint AS heads
FROM (SELECT month, organisation, coalesce(amount, 0) AS amount, heads FROM fund.statement_line
      UNION ALL SELECT month, organisation, amount, persons FROM fund.ledger) AS x GROUP BY 1, 2;
CREATE FUNCTION pg_temp.settled(month date) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT is_empty(format($q$
        SELECT organisation, p.amount, s.amount, p.heads, s.heads
        FROM osms.statement('fund', %1$L, 'official', clock_timestamp()) s FULL JOIN (SELECT * FROM paid WHERE month = %1$L) p USING (organisation)
        WHERE s.status IS DISTINCT FROM 'held' AND (coalesce(s.amount, 0), coalesce(s.heads, 0)) <> (coalesce(p.amount, 0), coalesce(p.heads, 0))$q$, $1),
        format('closed and ledger of %s are what it is now', $1)) $$;

CREATE TABLE closing AS SELECT * FROM osms.close_month('fund', '2025-10-01', 'official');
SELECT results_eq('SELECT organisations, held, heads, amount FROM closing',
    $$SELECT count(*), count(*) FILTER (WHERE organisation = '7'), sum(heads)::bigint, sum(amount) FROM fund.statement_line WHERE month = '2025-10-01'$$, 'October is closed');
CREATE TABLE october AS SELECT * FROM fund.statement_line;
SELECT results_eq($$SELECT l.* FROM fund.statement h, osms.statement('fund', h.month, h.scheme, h.known_at) l$$,
    'SELECT ' || (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'osms.statement_line'::regclass) || ' FROM october ORDER BY organisation COLLATE "C"',
    'its lines are the statement as known then');
CREATE TABLE october_persons AS SELECT l.organisation, p.* FROM october l, osms.roster_of('fund', l.organisation, '2025-10-01') p;
SELECT results_eq('SELECT organisation, heads FROM october WHERE heads > 0 ORDER BY 1', 'SELECT organisation, count(*) FROM october_persons GROUP BY 1 ORDER BY 1', 'roster_of has as many persons as were paid for');
SELECT is(osms.pyramid(birth_date, sex, '2025-10-31')::text, (SELECT osms.sum(pyramid)::text FROM october), 'of these ages') FROM october_persons;
SELECT is_empty($$SELECT * FROM osms.post_restatement('fund', '2025-10-01')$$, 'nothing is different yet');
SELECT is((SELECT count(*)::int FROM fund.restatement), 0, 'so nothing was posted');

INSERT INTO told SELECT n, pg_temp.event(n) FROM generate_series(1, 60) n;
INSERT INTO fund.contract VALUES (7, '2020-01-01', NULL, NULL);
CREATE TABLE expected AS SELECT * FROM osms.restate('fund', '2025-10-01');
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2025-10-01')$$, 'SELECT * FROM expected', 'what is posted is what restate showed');
SELECT pg_temp.settled('2025-10-01');
SELECT is_empty($$SELECT * FROM osms.post_restatement('fund', '2025-10-01')$$, 'twice posts nothing the second time');
SELECT results_eq($$SELECT cause, kind, amount FROM fund.ledger WHERE organisation = '7'$$,
    $$SELECT 'held', 'release', amount FROM osms.statement('fund', '2025-10-01', 'official') WHERE organisation = '7'$$, 'the held organisation is released');
SELECT is(DISTINCT_invoice, '2025-11-01', 'with the invoice of the month that is open') FROM (SELECT string_agg(DISTINCT invoice_month::text, ' ') FROM fund.ledger) x (DISTINCT_invoice);

SELECT lives_ok($$SELECT osms.close_month('fund', '2025-11-01', 'official')$$, 'November is closed');
INSERT INTO told SELECT n, pg_temp.event(n) FROM generate_series(61, 120) n;
SELECT lives_ok(format('SELECT osms.post_restatement(''fund'', %L)', m), 'restated ' || m) FROM unnest('{2025-11-01,2025-10-01}'::date[]) m;
SELECT pg_temp.settled(m) FROM unnest('{2025-10-01,2025-11-01}'::date[]) m;
INSERT INTO told SELECT n, pg_temp.event(n) FROM generate_series(121, 200) n;
SELECT lives_ok($$SELECT osms.close_month('fund', '2025-12-01', 'official')$$, 'December is closed');
SELECT lives_ok(format('SELECT osms.post_restatement(''fund'', %L)', m), 'restated ' || m) FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT pg_temp.settled(m) FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT is_empty(format('SELECT * FROM osms.restate(''fund'', %L) WHERE kind <> ''held''', m), 'nothing is left of ' || m) FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT ok(count(*) FILTER (WHERE what = 'happened') > 120, 'most events happened') FROM told;
SELECT ok(array_agg(DISTINCT cause) @> '{age_or_sex,cap,coefficient,held,insurance,membership,rate,rounding}' AND count(*) > 50, 'and were told apart') FROM fund.ledger;
-- nothing that was closed changed
SELECT results_eq('SELECT * FROM fund.statement_line WHERE month = ''2025-10-01'' ORDER BY organisation', 'SELECT * FROM october ORDER BY organisation', 'the closed lines are the same');
SELECT results_eq($$SELECT l.organisation, p.* FROM october l, osms.roster_of('fund', l.organisation, '2025-10-01') p ORDER BY 1, 2, 3$$, 'SELECT * FROM october_persons ORDER BY 1, 2, 3', 'and the persons paid for');
SELECT is_empty($$SELECT l.organisation FROM fund.restatement_line l JOIN fund.restatement r USING (month, revision)
    WHERE l.heads <> (SELECT count(*) FROM osms.roster_of('fund', l.organisation, l.month, l.revision))$$, 'each restatement has its persons too');
-- one statement, other days
SELECT results_eq($$SELECT organisation, sum(persons)::bigint, sum(amount) FROM osms.changes('fund', '2025-10-01', '2025-12-01') GROUP BY 1 HAVING sum(amount) <> 0 OR sum(persons) <> 0 ORDER BY 1$$,
    $$SELECT organisation, coalesce(b.heads, 0) - coalesce(a.heads, 0), coalesce(b.amount, 0) - coalesce(a.amount, 0)
      FROM (SELECT * FROM fund.statement_line WHERE month = '2025-10-01') a FULL JOIN (SELECT * FROM fund.statement_line WHERE month = '2025-12-01') b USING (organisation)
      WHERE coalesce(a.heads, 0) <> coalesce(b.heads, 0) OR coalesce(a.amount, 0) <> coalesce(b.amount, 0) ORDER BY 1$$, 'changes sum exactly');
SELECT * FROM finish();

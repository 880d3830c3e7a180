-- Closed months, restated and posted, after random events: closed and ledger are what the month is now, to the tiyn, and nothing that was
-- closed changes. Then by hand: what may not be done, releases, claw-backs and restorations.
SET client_min_messages = error;
SET timezone = 'UTC';
SET search_path = public, osms;
SELECT * FROM no_plan();
\ir verdict.psql
\set persons 500
\ir events.psql
CREATE TEMPORARY TABLE told (nth int, what text);

CREATE VIEW paid AS
SELECT month, organisation, sum(amount) AS amount, sum(heads)::bigint AS heads
FROM (SELECT month, organisation, coalesce(amount, 0) AS amount, heads FROM fund.statement_line
      UNION ALL SELECT month, organisation, amount, persons FROM fund.ledger) AS x GROUP BY 1, 2;
CREATE FUNCTION pg_temp.settled(month date) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT is_empty(format($q$
        SELECT organisation, p.amount, s.amount, p.heads, s.heads
        FROM osms.statement('fund', %1$L, 'official', clock_timestamp()) s FULL
            JOIN (SELECT * FROM paid WHERE month = %1$L) p USING (organisation)
        WHERE s.status IS DISTINCT FROM 'held' AND (coalesce(s.amount, 0), coalesce(s.heads, 0)) <> (coalesce(p.amount, 0),
            coalesce(p.heads, 0))$q$, $1),
        format('closed and ledger of %s are what it is now', $1)) $$;

CREATE TABLE closing AS SELECT * FROM osms.close_month('fund', '2025-10-01', 'official');
SELECT results_eq('SELECT organisations, held, heads, amount FROM closing',
    $$SELECT count(*), count(*) FILTER (WHERE organisation = '7'), sum(heads)::bigint, sum(amount) FROM fund.statement_line
        WHERE month = '2025-10-01'$$, 'October is closed');
CREATE TABLE october AS SELECT * FROM fund.statement_line;
SELECT results_eq($$SELECT l.* FROM fund.statement h, osms.statement('fund', h.month, h.scheme, h.known_at) l$$,
    'SELECT ' || (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = 'osms.statement_line'::regclass) || ' FROM october ORDER BY organisation COLLATE "C"',
    'its lines are the statement as known then');
CREATE TABLE october_persons AS SELECT l.organisation, p.* FROM october l, osms.roster_of('fund', l.organisation, '2025-10-01') p;
SELECT results_eq('SELECT organisation, heads FROM october WHERE heads > 0 ORDER BY 1',
    'SELECT organisation, count(*) FROM october_persons GROUP BY 1 ORDER BY 1', 'roster_of has as many persons as were paid for');
SELECT is(osms.pyramid(birth_date, sex, '2025-10-31')::text, (SELECT osms.sum(pyramid)::text FROM october), 'of these ages')
    FROM october_persons;
SELECT is_empty($$SELECT * FROM osms.post_restatement('fund', '2025-10-01')$$, 'nothing is different yet');
SELECT is((SELECT count(*)::int FROM fund.restatement), 0, 'so nothing was posted');

INSERT INTO told SELECT n, event(n) FROM generate_series(1, 60) n;
INSERT INTO fund.contract VALUES (7, '2020-01-01', NULL, NULL);
CREATE TABLE expected AS SELECT * FROM osms.restate('fund', '2025-10-01');
SELECT results_eq($$SELECT * FROM osms.post_restatement('fund', '2025-10-01')$$, 'SELECT * FROM expected',
    'what is posted is what restate showed');
SELECT pg_temp.settled('2025-10-01');
SELECT is_empty($$SELECT * FROM osms.post_restatement('fund', '2025-10-01')$$, 'twice posts nothing the second time');
SELECT results_eq($$SELECT cause, kind, amount FROM fund.ledger WHERE organisation = '7'$$,
    $$SELECT 'held', 'release', amount FROM osms.statement('fund', '2025-10-01', 'official')
        WHERE organisation = '7'$$, 'the held organisation is released');
SELECT is(DISTINCT_invoice, '2025-11-01', 'with the invoice of the month that is open')
    FROM (SELECT string_agg(DISTINCT invoice_month::text, ' ') FROM fund.ledger) x (DISTINCT_invoice);

SELECT lives_ok($$SELECT osms.close_month('fund', '2025-11-01', 'official')$$, 'November is closed');
INSERT INTO told SELECT n, event(n) FROM generate_series(61, 120) n;
SELECT lives_ok(format('SELECT osms.post_restatement(''fund'', %L)', m), 'restated ' || m) FROM unnest('{2025-10-01,2025-11-01}'::date[]) m;
SELECT pg_temp.settled(m) FROM unnest('{2025-10-01,2025-11-01}'::date[]) m;
INSERT INTO told SELECT n, event(n) FROM generate_series(121, 200) n;
SELECT lives_ok($$SELECT osms.close_month('fund', '2025-12-01', 'official')$$, 'December is closed');
SELECT lives_ok(format('SELECT osms.post_restatement(''fund'', %L)', m), 'restated ' || m)
    FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT pg_temp.settled(m) FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT is_empty(format('SELECT * FROM osms.restate(''fund'', %L) WHERE kind <> ''held''', m), 'nothing is left of ' || m)
    FROM unnest('{2025-10-01,2025-11-01,2025-12-01}'::date[]) m;
SELECT ok(count(*) FILTER (WHERE what = 'happened') > 120, 'most events happened') FROM told;
SELECT ok(array_agg(DISTINCT cause) @> '{age_or_sex,cap,coefficient,held,insurance,membership,rate,rounding}' AND count(*) > 50,
    'and were told apart') FROM fund.ledger;
SELECT is(sum(amount), 100000.00, 'the contract of the year is used up and not exceeded') FROM paid WHERE organisation = '6';
-- nothing that was closed changed
SELECT results_eq('SELECT * FROM fund.statement_line WHERE month = ''2025-10-01'' ORDER BY organisation',
    'SELECT * FROM october ORDER BY organisation', 'the closed lines are the same');
SELECT results_eq($$SELECT l.organisation, p.* FROM october l, osms.roster_of('fund', l.organisation, '2025-10-01') p
    ORDER BY 1, 2, 3$$, 'SELECT * FROM october_persons ORDER BY 1, 2, 3', 'and the persons paid for');
SELECT is_empty($$SELECT l.organisation FROM fund.restatement_line l JOIN fund.restatement r USING (month, revision)
    WHERE l.heads <> (SELECT count(*) FROM osms.roster_of('fund', l.organisation, l.month, l.revision))$$,
        'each restatement has its persons too');
-- one statement, other days
SELECT results_eq($$SELECT organisation, sum(persons)::bigint, sum(amount) FROM osms.changes('fund', '2025-10-01', '2025-12-01') GROUP BY 1
    HAVING sum(amount) <> 0 OR sum(persons) <> 0 ORDER BY 1$$,
    $$SELECT organisation, coalesce(b.heads, 0) - coalesce(a.heads, 0), coalesce(b.amount, 0) - coalesce(a.amount, 0)
      FROM (SELECT * FROM fund.statement_line WHERE month = '2025-10-01') a FULL
          JOIN (SELECT * FROM fund.statement_line WHERE month = '2025-12-01') b USING (organisation)
      WHERE coalesce(a.heads, 0) <> coalesce(b.heads, 0) OR coalesce(a.amount, 0) <> coalesce(b.amount, 0)
          ORDER BY 1$$, 'changes sum exactly');
-- what was paid before the first closing counts, and a closed month by its line
CREATE TABLE executed AS SELECT * FROM osms.contract_execution('fund', 2025);
SELECT results_eq('SELECT organisation, paid FROM executed WHERE paid <> 0 ORDER BY 1',
    $$SELECT organisation, sum(amount) FROM paid GROUP BY 1 HAVING sum(amount) <> 0
    ORDER BY 1$$, 'contracts are used up by closed lines and ledger');
BEGIN;
SELECT osms.import_begin('fund', 'payments of the past');
INSERT INTO fund.payment (organisation, month, amount) VALUES (1, '2025-08-01', 4000), (1, '2025-09-30', 3000), (1, '2025-10-01', 20),
    (1, '2024-12-01', 9), (1, '2026-01-01', 8);
SELECT osms.import_end('fund');
COMMIT;
SELECT results_eq($$SELECT n.paid - o.paid, o.available - n.available, n.forecast - o.forecast FROM osms.contract_execution('fund', 2025) n
    JOIN executed o USING (organisation) WHERE n.organisation = '1'$$,
    $$SELECT 7000.00, CASE WHEN contract_amount IS NOT NULL THEN 7000.00 END, 7000.00 FROM executed
        WHERE organisation = '1'$$, 'and by what was paid before them');
SELECT * FROM finish();

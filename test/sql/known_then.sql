-- As known then: a closed month is the same for ever, whatever is written later, by a clock that was set back, by a transaction that began
-- before the closing, or about months that were over; and a moment within a transaction that writes shows nothing of it.
SELECT * FROM no_plan();
SET client_min_messages = error;
\ir verdict.psql
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', '75' FROM generate_series(1, 12) i;
INSERT INTO fund.organisation (organisation) VALUES (10), (20);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) SELECT organisation, '75', 'urban', '1900-01-01'
    FROM fund.organisation;
INSERT INTO fund.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM fund.organisation;
INSERT INTO fund.attachment (person, organisation, state, since) SELECT i, 10, 'active', '2020-01-01' FROM generate_series(1, 10) i;
INSERT INTO fund.service (service, person, organisation, served_on) SELECT i, i, 10, '2025-05-05' FROM generate_series(1, 10) i;
INSERT INTO osms.act (act, title) VALUES ('k', 'k');
INSERT INTO osms.parameter (name, value, valid_from, act) VALUES ('inactive_share', '0.80', '2020-01-01', 'k');
SELECT osms.guard('fund', '{"no_backdating": "off", "basis": "off"}');
CALL osms.fill_roster('fund', batch => NULL);
-- closed lines that are another statement as known then
CREATE VIEW otherwise AS
    SELECT s.month, x.organisation, l.heads, x.heads AS heads_then, l.amount, x.amount AS amount_then, l.cap_cut, x.cap_cut AS cap_cut_then
    FROM fund.statement s CROSS JOIN LATERAL osms.statement('fund', s.month, s.scheme, s.known_at) x
    LEFT JOIN fund.statement_line l ON l.month = s.month AND l.organisation = x.organisation
    WHERE (l.heads, l.amount, l.cap_cut) IS DISTINCT FROM (x.heads, x.amount, x.cap_cut);

-- a moment within a transaction
BEGIN;
UPDATE fund.attachment SET state = 'closed', until = '2025-06-01', reason = 'moved_to_other' WHERE person = 9;
SELECT clock_timestamp() AS within \gset
SELECT pg_sleep(0.01);
INSERT INTO fund.attachment (person, organisation, state, since) VALUES (9, 20, 'active', '2025-06-01');
UPDATE fund.person SET birth_date = '1990-01-01' WHERE person = 10;
COMMIT;
CREATE FUNCTION pg_temp.at(moment timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', person, organisation, since, until, birth_date), ', ' ORDER BY person, since) FROM fund.roster
    WHERE person IN (9, 10) AND known_from <= moment AND moment < known_to $$;
\set before '9 10 2020-01-01 infinity 1980-01-01, 10 10 2020-01-01 infinity 1980-01-01'
\set after '9 10 2020-01-01 2025-06-01 1980-01-01, 9 20 2025-06-01 infinity 1980-01-01, 10 10 2020-01-01 infinity 1990-01-01'
SELECT is(pg_temp.at(:'within'), :'after', 'a moment within a transaction shows all of it');
SELECT is_empty(format('SELECT * FROM (SELECT DISTINCT known_from FROM fund.roster) m WHERE pg_temp.at(m.known_from) NOT IN (%L, %L)',
    :'before', :'after'), 'or nothing, at every moment');
-- rolled back to a savepoint, and begun again
BEGIN;
SAVEPOINT a;
UPDATE fund.attachment SET site = 'north' WHERE person = 8;
ROLLBACK TO a;
SELECT clock_timestamp() AS within \gset
UPDATE fund.attachment SET site = 'north' WHERE person = 8;
COMMIT;
SELECT is((SELECT count(*) FROM fund.roster WHERE person = 8 AND site = 'north' AND known_from > :'within'), 1::bigint,
    'what is rolled back holds no lock that covers a moment');
-- whom another transaction wrote about meanwhile cannot be shown here: test/specs/moment.spec

-- the clock is an hour behind the last cut
SELECT clock_timestamp() + interval '1 hour' AS ahead \gset
SELECT setval('osms_internal.last_cut', (extract(epoch FROM :'ahead'::timestamptz - '2000-01-01 00:00Z') * 1000000)::bigint);
SELECT is((SELECT heads FROM osms.close_month('fund', '2025-12-01')), 10::bigint, 'a month is closed');
SELECT ok((SELECT known_at > :'ahead' FROM fund.statement), 'at a moment after the last cut');
SELECT osms_internal.known_now() AS once \gset
INSERT INTO fund.attachment (person, organisation, state, since) VALUES (11, 10, 'active', '2024-01-01');
UPDATE fund.person SET sex = 'male' WHERE person = 1;
UPDATE fund.person SET death_date = '2025-11-11' WHERE person = 7;
UPDATE fund.attachment SET state = 'closed', until = '2025-09-01', reason = 'moved_to_other' WHERE person = 2;
UPDATE fund.attachment SET state = 'annulled', reason = 'error' WHERE person = 3;
INSERT INTO fund.insurance (person, month, paid) VALUES (4, '2025-11-01', false);
INSERT INTO fund.coefficient (organisation, kind, value, valid_from, act) VALUES (10, 'rural', 1.5, '2020-01-01', 'k');
INSERT INTO fund.contract (organisation, valid_from, yearly_amount) VALUES (10, '1900-01-01', 5000);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) VALUES (10, '75', 'rural', '2020-01-01');
INSERT INTO fund.service (service, person, organisation, served_on) VALUES (20, 5, 10, '2025-06-06');
INSERT INTO osms.parameter (name, value, valid_from, act) VALUES ('inactive_share', '0.10', '2021-01-01', 'k');
SELECT is_empty('SELECT * FROM otherwise', 'whatever is written later is known later');
SELECT is((SELECT count(*) FROM osms.roster_of('fund', '10', '2025-12-01')), 9::bigint, 'the persons paid are the persons paid');
SELECT isnt_empty($$SELECT * FROM osms.restate('fund', '2025-12-01') WHERE cause = 'membership'$$, 'and what is known now is known now');
SELECT isnt_empty($$SELECT * FROM osms.restate('fund', '2025-12-01') WHERE cause = 'coefficient'$$, 'of the coefficient, too');
SELECT is((SELECT organisations FROM osms.close_month('fund', '2026-01-01')), 2::bigint, 'the next month');
SELECT ok((SELECT known_at > lag FROM (SELECT known_at, lag(known_at) OVER (ORDER BY month) FROM fund.statement) s WHERE lag IS NOT NULL),
    'is closed later');
UPDATE fund.person SET sex = 'male' WHERE person = 4;
SELECT isnt_empty($$SELECT * FROM osms.post_restatement('fund', '2026-01-01')$$, 'a correction');
SELECT is_empty($$SELECT * FROM osms.post_restatement('fund', '2026-01-01')$$, 'is posted once');
SELECT is_empty('SELECT * FROM otherwise', 'and changes nothing that was closed');
SELECT is_empty($$SELECT a.attachment FROM fund.roster a JOIN fund.roster b ON b.attachment = a.attachment AND a.ctid < b.ctid
    WHERE tstzrange(a.known_from, a.known_to) && tstzrange(b.known_from, b.known_to) OR a.known_from >= a.known_to$$,
        'versions follow each other');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'the roster agrees');

-- a closing and a write in one transaction
BEGIN;
UPDATE fund.attachment SET state = 'closed', until = '2026-02-05', reason = 'left_country' WHERE person = 5;
SELECT osms.close_month('fund', '2026-02-01');
UPDATE fund.attachment SET state = 'closed', until = '2026-02-06', reason = 'left_country' WHERE person = 6;
COMMIT;
SELECT is_empty('SELECT * FROM otherwise', 'before and after a closing of the same transaction');

-- a merge that is recorded, or undone, when a month is over, whatever day it is valid from
SELECT osms.create_registry('two', cut_over => '2025-01-01');
INSERT INTO two.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', '75' FROM generate_series(1, 5) i;
INSERT INTO two.organisation (organisation) VALUES (10);
INSERT INTO two.organisation_status (organisation, region, class, valid_from) VALUES (10, '75', 'urban', '1900-01-01');
INSERT INTO two.contract (organisation, valid_from) VALUES (10, '1900-01-01');
INSERT INTO two.attachment (person, organisation, state, since)
    VALUES (2, 10, 'active', '2020-01-01'), (4, 10, 'active', '2020-01-01'), (5, 10, 'active', '2020-01-01');
INSERT INTO two.insurance (person, month, paid)
    VALUES (1, '2026-05-01', true), (2, '2026-05-01', false), (3, '2026-05-01', true), (4, '2026-05-01', false), (5, '2026-05-01', true);
SELECT osms.guard('two', '{"no_backdating": "off"}');
CALL osms.fill_roster('two', batch => NULL);
INSERT INTO two.person_alias (old, new, valid_from) VALUES (3, 4, '2024-01-01');
SELECT osms.close_month('two', '2026-06-01');
SELECT is((SELECT reduced::text FROM two.statement_line), '{"uninsured": 1}', 'one of two merges is known');
INSERT INTO two.person_alias (old, new, valid_from) VALUES (1, 2, '2024-01-01');
SELECT is((SELECT x.reduced::text FROM two.statement s, osms.statement('two', s.month, s.scheme, s.known_at) x),
    '{"uninsured": 1}', 'the other was not');
SELECT results_eq($$SELECT cause FROM osms.restate('two', '2026-06-01')$$, $$VALUES ('insurance')$$, 'it is a correction');
SELECT is(pg_temp.verdict($$UPDATE two.person_alias SET undone_at = '2026-01-01' WHERE old = 3$$),
    '22023 a merge is undone as of a moment that was closed over', 'a merge is undone as of before');
UPDATE two.person_alias SET undone_at = osms_internal.known_clock() WHERE old = 3;
SELECT is((SELECT x.reduced::text FROM two.statement s, osms.statement('two', s.month, s.scheme, s.known_at) x),
    '{"uninsured": 1}', 'one that is undone since stood then');
SELECT is((SELECT x.reduced::text FROM osms.statement('two', '2026-06-01') x), '{"uninsured": 1}', 'and now the other does');

-- two registries, written in turns by one transaction, which closes a month of the one
BEGIN;
UPDATE two.attachment SET state = 'closed', until = '2026-06-05', reason = 'left_country' WHERE person = 2;
UPDATE fund.attachment SET site = 'south' WHERE person = 8;
UPDATE two.attachment SET state = 'closed', until = '2026-06-06', reason = 'left_country' WHERE person = 4;
SELECT osms.close_month('fund', '2026-03-01');
UPDATE two.attachment SET state = 'closed', until = '2026-06-07', reason = 'left_country' WHERE person = 5;
UPDATE fund.attachment SET site = 'west' WHERE person = 8;
COMMIT;
SELECT is((SELECT count(DISTINCT known_from) FROM two.roster WHERE until < 'infinity'), 1::bigint, 'each is known from one moment');
SELECT is((SELECT string_agg(r.site || ' ' || (r.known_from > s.known_at), ', ' ORDER BY r.known_from)
    FROM fund.roster r, fund.statement s WHERE r.person = 8 AND r.site IN ('south', 'west') AND s.month = '2026-03-01'),
    'south false, west true', 'before the closing and after it');
SELECT is_empty('SELECT * FROM otherwise', 'and nothing that was closed is another');

-- without a clock of ours: a payment of the past, a denial as of the beginning of a transaction
SELECT osms.create_registry('old', cut_over => '2025-01-01');
INSERT INTO old.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', '75' FROM generate_series(1, 4) i;
INSERT INTO old.organisation (organisation) VALUES (10);
INSERT INTO old.organisation_status (organisation, region, class, valid_from) VALUES (10, '75', 'urban', '1900-01-01');
INSERT INTO old.contract (organisation, valid_from, yearly_amount) VALUES (10, '1900-01-01', 5000);
INSERT INTO old.attachment (person, organisation, state, since) SELECT i, 10, 'active', '2020-01-01' FROM generate_series(1, 4) i;
INSERT INTO old.payment (organisation, month, amount) VALUES (10, '2026-02-01', 100);
SELECT osms.guard('old', '{"no_backdating": "off"}');
CALL osms.fill_roster('old', batch => NULL);
SELECT osms.close_month('old', '2026-05-01');
SELECT is((SELECT (amount, cap_cut)::text FROM old.statement_line), '(3600.00,0.00)',
    'a month is closed after payments that osms did not make');
BEGIN;
SELECT osms.import_begin('old', 'history');
INSERT INTO old.payment (organisation, month, amount) VALUES (10, '2026-03-01', 4000);
SELECT osms.import_end('old');
COMMIT;
SELECT is((SELECT (x.amount, x.cap_cut)::text FROM old.statement s, osms.statement('old', s.month, s.scheme, s.known_at) x),
    '(3600.00,0.00)', 'one that is entered later was not known');
SELECT results_eq($$SELECT cause, amount FROM osms.restate('old', '2026-05-01')$$, $$VALUES ('cap', -2700.00)$$, 'it is a correction');
SELECT is(pg_temp.verdict($$UPDATE fund.service SET denied_at = (SELECT known_at FROM fund.statement ORDER BY 1 LIMIT 1)
    WHERE service = 1$$), '22023 a service is denied as of a moment that was closed over', 'a service is denied as of before');
SELECT is(pg_temp.verdict($$UPDATE fund.service SET denied_at = osms_internal.known_clock() WHERE service = 1$$), 'ok', 'or as known now');
SELECT is(pg_temp.verdict($$UPDATE fund.service SET confirmed_at = now() WHERE service = 1$$), 'ok', 'a confirmation changes nothing');
SELECT * FROM finish();

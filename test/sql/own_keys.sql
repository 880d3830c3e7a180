-- Keys of the extension's own types: every call finds its rows by them. And one number of two persons.
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();
CREATE FUNCTION pg_temp.done(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    SET CONSTRAINTS ALL IMMEDIATE;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION n(i integer) RETURNS osms.iin LANGUAGE sql IMMUTABLE
    RETURN coalesce(osms.make_iin('1990-01-01'::date + i, 'female', 1), osms.make_iin('1990-01-01'::date + i, 'female', 2),
    osms.make_iin('1990-01-01'::date + i, 'female', 3));
CREATE SCHEMA legacy;
CREATE TABLE legacy.person (iin osms.iin PRIMARY KEY, born date, sex text, died date, region text);
CREATE TABLE legacy.clinic (id osms.iin PRIMARY KEY);
CREATE TABLE legacy.request (id osms.iin PRIMARY KEY, person osms.iin, clinic osms.iin, channel text, ground text, st text,
    filed timestamptz, decided timestamptz, clerk text, why text, start date);
CREATE INDEX ON legacy.request (person);
CREATE INDEX ON legacy.request (clerk, decided);
CREATE SEQUENCE legacy.next START 201;
CREATE TABLE legacy.att (id osms.iin DEFAULT n(nextval('legacy.next')::integer) PRIMARY KEY, person osms.iin, clinic osms.iin, site text,
    st text, b date, e date, why text, request osms.iin, ord text, restores osms.iin);
CREATE INDEX ON legacy.att (person);
CREATE INDEX ON legacy.att (request);
INSERT INTO legacy.person SELECT n(i), '1990-01-01'::date + i, 'female', NULL, 'A' FROM generate_series(1, 20) i;
INSERT INTO legacy.clinic SELECT n(i) FROM generate_series(101, 102) i;
INSERT INTO legacy.att SELECT n(i), n(i), n(101), 's', 'active', '2020-01-01' FROM generate_series(1, 12) i;
SELECT osms.create_registry('own', tables => false, cut_over => '2025-01-01');
SELECT osms.map('own', 'person', 'legacy.person',
    '{"person": "iin", "iin": "iin", "birth_date": "born", "sex": "sex", "death_date": "died", "region": "region"}');
SELECT osms.map('own', 'organisation', 'legacy.clinic', '{"organisation": "id"}');
SELECT osms.map('own', 'application', 'legacy.request',
    '{"application": "id", "person": "person", "organisation": "clinic", "channel": "channel", "ground": "ground", "state": "st", '
    '"submitted_at": "filed",
    "decided_at": "decided", "decided_by": "clerk", "reason": "why", "effective_on": "start"}');
SELECT osms.map('own', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "person", "organisation": "clinic", "site": "site", "state": "st", "since": "b", "until": "e", '
    '"reason": "why", "application": "request",
    "order_key": "ord", "restores": "restores"}');
SELECT osms.add_relation('own', r)
    FROM unnest('{organisation_status,contract,site,clerk,residence,insurance,service,coefficient,person_alias,authority_order,order_scope,'
        'organisation_succession,adjustment,defect,payment}'::text[]) r;
INSERT INTO own.organisation_status (organisation, region, class, valid_from, known_from) SELECT id, 'A', 'urban', '2015-01-01',
    '2015-01-01' FROM legacy.clinic;
INSERT INTO own.contract (organisation, valid_from, yearly_amount, known_from) SELECT id, '2015-01-01', 1000000, '2015-01-01'
    FROM legacy.clinic;
INSERT INTO own.site (organisation, site, norm, valid_from, known_from) SELECT id, 's', 4, '2015-01-01', '2015-01-01' FROM legacy.clinic;
INSERT INTO own.residence (person, region, kind, valid_from) SELECT iin, 'A', 'permanent', '2015-01-01' FROM legacy.person;
INSERT INTO own.insurance (person, month, category, paid, known_from) SELECT n(i), m, 'self', i % 3 > 0, '2025-01-01'
    FROM generate_series(1, 12) i, generate_series(date '2024-12-01', '2026-01-01', interval '1 month') m;
INSERT INTO own.service (service, person, organisation, served_on, known_from) SELECT i, n(i), n(101), '2025-02-03', '2025-03-01'
    FROM generate_series(1, 6) i;
INSERT INTO own.coefficient (organisation, kind, value, valid_from, known_from) SELECT id, 'rural', 1.1, '2015-01-01', '2015-01-01'
    FROM legacy.clinic;
INSERT INTO own.authority_order (order_key, number, issued_on, issuer, cause, valid_from)
    VALUES ('o1', '1', current_date - 10, 'region', 'reorganisation', current_date - 5);
INSERT INTO own.order_scope (order_key, from_organisation, to_organisation, person) VALUES ('o1', n(101), n(102), n(9));
INSERT INTO osms.act (act, title) VALUES ('norms', 'norms');
INSERT INTO osms.norm_step (scheme, above, share, valid_from, known_from, act)
    VALUES ('illustrative', 100, 0.5, '2015-01-01', '2015-01-01', 'norms');
SELECT is(pg_temp.done(call), 'ok', call) FROM unnest(ARRAY[
    $$SELECT osms.audit('own')$$, $$SELECT osms.audit_summary('own')$$, $$SELECT osms.check_registry('own')$$, $$SELECT osms.plan('own')$$,
        $$SELECT osms.sift('own', 'attachment', 'legacy.att')$$,
    $$SELECT osms.sift('own', 'person', 'legacy.person')$$, $$SELECT osms.guard('own', '{"identified": "warn", "site_norm": "off"}')$$,
        $$CALL osms.fill_roster('own', batch => NULL)$$]) AS call;
SELECT is_empty($$SELECT * FROM osms.verify('own')$$, 'the roster agrees');
SELECT is_empty($$SELECT problem FROM osms.check_registry('own') WHERE severity = 'error'$$, 'nothing is wrong');
SELECT is(roster_complete, true, 'and it is complete') FROM own.setting;
SELECT is(pg_temp.done(call), 'ok', call) FROM unnest(ARRAY[
    format($$SELECT osms.submit('own', %1$L, %2$L, 'egov', 'moved', application => %1$L)$$, n(13), n(102)),
        format($$SELECT osms.identify('own', %L, 'e_signature')$$, n(13)),
    format($$SELECT osms.decide('own', %L, true, 'clerk')$$, n(13)),
        format($$SELECT osms.transfer('own', %1$L, attachment => %1$L)$$, n(13)),
    format($$SELECT osms.submit('own', %1$L, %2$L, 'egov', 'moved', application => %1$L)$$, n(2), n(102)),
        format($$SELECT osms.identify('own', %L, 'e_signature')$$, n(2)),
    format($$SELECT osms.decide('own', %L, true, 'clerk')$$, n(2)),
        format($$SELECT osms.transfer('own', %L, attachment => %L)$$, n(2), n(52)),
    format($$SELECT osms.detach('own', %L, current_date, 'error')$$, n(3)),
        format($$SELECT osms.register_death('own', %L, current_date)$$, n(4)),
    format($$SELECT osms.annul('own', %L, 'error')$$, n(5)), format($$SELECT osms.reopen('own', %L, %L)$$, n(5), n(55)),
    format($$INSERT INTO own.person_alias (old, new, valid_from, act) VALUES (%L, %L, current_date, 'letter 1')$$, n(12), n(14)),
        format($$UPDATE legacy.att SET person = %L WHERE id OPERATOR(osms.=) %L::osms.iin$$, n(14), n(12)),
    format($$SELECT osms.register_death('own', %L, current_date)$$, n(12)),
    $$SELECT osms.take_effect('own', '2026-01-01')$$, format($$SELECT osms.history('own', %L)$$, n(2)),
    $$SELECT osms.close_month('own', (date '2025-01-01' + make_interval(months => m))::date)
        FROM generate_series(0, 11) m$$, $$SELECT osms.statement('own', '2025-12-01')$$,
        $$SELECT osms.statement_persons('own', '2025-12-01')$$,
    format($$SELECT osms.explain_attachment('own', %L)$$, n(1)), format($$SELECT osms.explain_payment('own', %L, '2025-12-01')$$, n(101)),
        format($$SELECT osms.roster_of('own', %L, '2025-12-01')$$, n(101)),
    $$SELECT osms.report('own', '2025-12-01')$$, $$SELECT osms.unpaid('own', '2025-12-01')$$,
        $$SELECT osms.unattached('own', '2025-12-01')$$, format($$SELECT osms.invoice('own', %L, '2025-12-01')$$, n(101)),
    format($$SELECT osms.monthly_form('own', %L, '2025-12-01')$$, n(101)), $$SELECT osms.restate('own', '2025-12-01')$$,
        $$SELECT osms.post_restatement('own', '2025-12-01')$$, $$SELECT osms.changes('own', '2025-11-01', '2025-12-01')$$,
    $$SELECT osms.flows('own', '2025-11-01', '2025-12-01')$$, $$SELECT osms.person_days('own', '2025-11-01', '2025-12-01')$$,
        $$SELECT osms.due('own', '2025-12-01')$$, $$SELECT osms.contract_execution('own', 2025)$$,
    $$SELECT osms.repair_overlaps('own')$$, $$SELECT osms.audit('own')$$, $$SELECT osms.check_registry('own')$$]) AS call;
SELECT is_empty($$SELECT * FROM osms.verify('own')$$, 'the roster still agrees');
SELECT is(string_agg(heads || ' ' || inactive || ' ' || reduced::text, ', ' ORDER BY organisation),
    '12 6 {"over_norm": 5, "uninsured": 1, "uninsured, over_norm": 3}', 'everybody counts once, by contributions, norm and services')
FROM own.statement_line WHERE month = '2025-12-01'; -- 5 was restored where it had been, 12 has become 14, who answers for the contributions
SELECT is(pg_temp.done($$SELECT osms.move_by_order('own', 'o1')$$), 'ok', 'an order');
SELECT is(count(*), 1::bigint, 'an order moved its person') FROM own.attachment
    WHERE order_key = 'o1' AND person::text = n(9)::text AND state::text = 'active';

-- Two persons with one number: audit tells of both, until one is found to be the other; a number that is none is told as such.
SELECT osms.create_registry('twice', cut_over => '2030-01-01');
INSERT INTO twice.person (person, iin, birth_date, sex) VALUES (1, '880715400075', '1988-07-15', 'female'),
    (2, '880715400075', '1988-07-15', 'female'), (3, n(3), '1990-01-04', 'female'), (4, NULL, NULL, NULL), (5, NULL, NULL, NULL);
SELECT results_eq($$SELECT key, rule, finding FROM osms.audit('twice')$$,
    $$VALUES ('1', 'identifier', 'shared_number'), ('2', 'identifier', 'shared_number')$$, 'one number of two persons');
SELECT osms.guard('twice');
CALL osms.fill_roster('twice', batch => NULL);
INSERT INTO twice.person_alias (old, new, valid_from, act) VALUES (2, 1, current_date, 'letter 2');
SELECT is_empty($$SELECT * FROM osms.audit('twice')$$, 'of whom one is the other');
UPDATE twice.person_alias SET undone_at = now();
SELECT is(count(*), 2::bigint, 'and again when that was undone') FROM osms.audit('twice', '{identifier}');
SELECT lives_ok($$INSERT INTO twice.person (person, iin, birth_date, sex) VALUES (6, n(3), '1990-01-04', 'female')$$,
    'it does not stop a writer');
SELECT osms.create_registry('texts', cut_over => '2030-01-01');
ALTER TABLE texts.person ALTER iin TYPE text;
INSERT INTO texts.person (person, iin) VALUES (1, ''), (2, ''), (3, '0'), (4, '0'), (5, '850101100009'), (6, '850101100009'),
    (7, n(7)::text), (8, n(7)::text);
SELECT results_eq($$SELECT key, finding FROM osms.audit('texts', '{identifier}') WHERE finding LIKE 'shared%'$$,
    $$VALUES ('7', 'shared_number'), ('8', 'shared_number')$$, 'blanks and numbers with a fault are shared by nobody');

SELECT * FROM finish();

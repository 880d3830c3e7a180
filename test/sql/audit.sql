-- Audit of some thousand random rows against an oracle in plain SQL that knows nothing of the rules' own clauses.
SET client_min_messages = warning;
SELECT * FROM no_plan();
SELECT setseed(0.4711);

CREATE SCHEMA legacy;
CREATE TABLE legacy.people (id int PRIMARY KEY, iin text, died date);
CREATE TABLE legacy.clinic (id int PRIMARY KEY, bin bigint);
CREATE TABLE legacy.request (id int PRIMARY KEY, pers int, clinic int, way text, ground text, st text, made timestamptz,
    decided timestamptz, eff date, why text);
CREATE INDEX ON legacy.request (pers);
CREATE TABLE legacy.seen (id int PRIMARY KEY, pers int, request int, way text, how text, clerk text, at timestamptz);
CREATE INDEX ON legacy.seen (request);
CREATE TABLE legacy.clerk (id text PRIMARY KEY, valid_from date);
CREATE TABLE legacy.att (id int PRIMARY KEY, pers int, clinic int, st text, d1 date, d2 date, why text, request int, ord text, prev int);
CREATE INDEX ON legacy.att (pers);
CREATE INDEX ON legacy.att (request);

CREATE FUNCTION pg_temp.any_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
    $$ SELECT choices[1 + floor(random() * array_length(choices, 1))::int] $$;
-- one in n
CREATE FUNCTION pg_temp.one_in(n int) RETURNS boolean LANGUAGE sql VOLATILE AS $$ SELECT random() * n < 1 $$;
INSERT INTO legacy.clerk VALUES ('c1', '2020-01-01'), ('c2', '2025-07-01'), ('c3', NULL);
INSERT INTO legacy.clinic SELECT i, CASE WHEN i > 3 THEN 980540000050 + i END FROM generate_series(1, 20) i;
INSERT INTO legacy.people
    SELECT i, CASE WHEN pg_temp.one_in(20) THEN pg_temp.any_of('1', '85010110000x', '000000000000', '859901100001', '850101100001', '',
        '850101100008', '8501011000011')
                   WHEN pg_temp.one_in(20) THEN NULL ELSE osms.make_iin(date '1950-01-01' + i * 5, CASE WHEN i % 2 = 0 THEN 'male'
                       ELSE 'female' END::osms.sex, i)::text END,
           CASE WHEN pg_temp.one_in(5) THEN date '2018-01-01' + floor(random() * 2800)::int END FROM generate_series(1, 1500) i;
INSERT INTO legacy.request
    SELECT i, 1 + floor(random() * 1510)::int, 1 + floor(random() * 20.3)::int,
        pg_temp.any_of('service_centre', 'clinic', 'egov', 'insurer', 'unheard_of', NULL),
           pg_temp.any_of('free_choice', 'moved', 'campaign', NULL),
           pg_temp.any_of('draft', 'submitted', 'identified', 'approved', 'approved', 'deferred', 'attached', 'attached', 'refused',
               'withdrawn', 'expired', 'lapsed', 'replaced', 'cancelled', 'odd'),
           CASE WHEN NOT pg_temp.one_in(15) THEN timestamptz '2024-06-01 00:00+00' + random() * interval '500 days' END, NULL,
           CASE WHEN pg_temp.one_in(2) THEN date '2025-01-01' + floor(random() * 1000)::int END,
               pg_temp.any_of('untrue_data', 'death', NULL, 'limit_used') FROM generate_series(1, 3000) i;
UPDATE legacy.request SET decided = made + (random() * 40 - 3) * interval '1 day' WHERE NOT pg_temp.one_in(6);
INSERT INTO legacy.seen
    SELECT i, CASE WHEN pg_temp.one_in(8) THEN 1 + i % 1500 ELSE r.pers END, r.id, CASE WHEN pg_temp.one_in(8) THEN 'egov'
        ELSE coalesce(r.way, 'egov') END,
           pg_temp.any_of('biometric', 'document', 'document', 'e_signature', 'sms_code', 'digital_document'),
               pg_temp.any_of('c1', 'c2', 'c3', 'nobody', NULL, NULL, NULL),
           coalesce(r.made, '2025-01-01') + random() * interval '100 hours' FROM generate_series(1, 4000) i
               JOIN legacy.request r ON r.id = 1 + i * 7 % 2600;
INSERT INTO legacy.att
    SELECT i, 1 + floor(random() * 1510)::int, 1 + floor(random() * 20.3)::int,
        pg_temp.any_of('active', 'active', 'closed', 'closed', 'suspect', 'annulled', 'odd'),
           date '2017-01-01' + floor(random() * 3200)::int, NULL, NULL, NULL, NULL, NULL FROM generate_series(1, 4000) i;
UPDATE legacy.att SET d2 = d1 + floor(random() * 900 - 30)::int WHERE st <> 'active' OR pg_temp.one_in(4);
UPDATE legacy.att SET d1 = pg_temp.any_of('1899-12-31', '1900-01-01', '2200-01-01', '2200-01-02', NULL, 'infinity')::date
    WHERE pg_temp.one_in(50);
UPDATE legacy.att SET d2 = pg_temp.any_of('2200-01-01', '2200-01-02', 'infinity')::date WHERE pg_temp.one_in(50);
UPDATE legacy.att SET why = pg_temp.any_of('error', 'death', 'moved_to_other', 'untrue_data', 'x') WHERE NOT pg_temp.one_in(3);
UPDATE legacy.att a SET request = r.id FROM legacy.request r WHERE r.pers = a.pers AND a.id % 2 = 0;
UPDATE legacy.att a SET clinic = r.clinic FROM legacy.request r WHERE r.id = a.request AND a.id % 8 <> 0;
UPDATE legacy.att SET request = 1 + floor(random() * 3100)::int WHERE pg_temp.one_in(20);
UPDATE legacy.att a SET prev = b.id, clinic = CASE WHEN a.id % 9 <> 1 THEN b.clinic ELSE a.clinic END FROM legacy.att b
    WHERE b.pers = a.pers AND b.id < a.id AND a.id % 5 = 1;
UPDATE legacy.att SET prev = 1 + floor(random() * 4100)::int WHERE pg_temp.one_in(40);
UPDATE legacy.att SET ord = 'N 1' WHERE pg_temp.one_in(60);

SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "id", "iin": "iin", "death_date": "died"}');
SELECT osms.map('fund', 'organisation', 'legacy.clinic', '{"organisation": "id", "bin": "bin"}');
SELECT osms.map('fund', 'clerk', 'legacy.clerk', '{"clerk": "id", "valid_from": "valid_from"}');
SELECT osms.map('fund', 'application', 'legacy.request',
    '{"application": "id", "person": "pers", "organisation": "clinic", "channel": "way", "ground": "ground", "state": "st",
    "submitted_at": "made", "decided_at": "decided", "effective_on": "eff", "reason": "why"}',
    states => (SELECT jsonb_object_agg(s, jsonb_build_array(s)) FROM (SELECT DISTINCT unnest(ARRAY[from_state, to_state])
        FROM osms.transitions('application')) x (s)));
SELECT osms.map('fund', 'identity_event', 'legacy.seen',
    '{"event": "id", "person": "pers", "application": "request", "channel": "way", "method": "how", "clerk": "clerk", "at": "at"}');
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why",
    "application": "request", "order_key": "ord", "restores": "prev"}',
    states => '{"active": ["active"], "suspect": ["suspect"], "closed": ["closed"], "annulled": ["annulled"]}');
INSERT INTO fund.attested_number (number) VALUES ('850101100001'), ('000000000000');

-- The oracle: sets of rows, rule by rule.
CREATE TABLE legacy.expected (relation text, key text, rule text, finding text);
CREATE VIEW legacy.a AS SELECT *, CASE WHEN st <> 'odd' THEN st END AS state, coalesce(d2, 'infinity') AS ends FROM legacy.att;
CREATE VIEW legacy.r AS SELECT *, CASE WHEN st <> 'odd' THEN st END AS state, made AT TIME ZONE 'Asia/Almaty' < '2025-01-01' AS old
    FROM legacy.request;
CREATE VIEW legacy.counts AS
    SELECT e.request, e.at FROM legacy.seen e JOIN legacy.request r ON r.id = e.request AND r.pers = e.pers AND r.way = e.way
    LEFT JOIN legacy.clerk c ON c.id = e.clerk AND coalesce(c.valid_from, '2000-01-01') <= (e.at AT TIME ZONE 'Asia/Almaty')::date
    WHERE (e.clerk IS NULL OR c.id IS NOT NULL)
    AND ((e.way, e.how) IN (('service_centre', 'biometric'), ('service_centre', 'digital_document'), ('egov', 'e_signature'),
        ('clinic', 'e_signature'), ('clinic', 'biometric'),
                            ('clinic', 'digital_document'), ('clinic', 'sms_code'))
         OR c.id IS NOT NULL AND e.how = 'document' AND e.way IN ('service_centre', 'clinic', 'insurer'));
CREATE VIEW legacy.chosen AS
    SELECT a.id, a.pers, a.d1 FROM legacy.a JOIN legacy.request r ON r.id = a.request
    WHERE a.state <> 'annulled' AND r.ground = 'free_choice'
      AND NOT EXISTS (SELECT FROM legacy.a y WHERE y.pers = a.pers AND y.clinic = a.clinic AND y.id <> a.id AND y.state <> 'annulled'
          AND y.d1 < a.d1 AND y.ends >= a.d1);
INSERT INTO legacy.expected
SELECT 'attachment', id::text, 'period', 'since_missing' FROM legacy.a WHERE d1 IS NULL UNION ALL
SELECT 'attachment', id::text, 'period', CASE d1 WHEN 'infinity' THEN 'unreadable_since' ELSE 'out_of_range' END FROM legacy.a
    WHERE d1 NOT BETWEEN '1900-01-01' AND '2200-01-01' OR d1 BETWEEN '1900-01-01' AND '2200-01-01' AND d2 > d1 AND d2 > '2200-01-01'
        UNION ALL
SELECT 'attachment', id::text, 'period', 'reversed' FROM legacy.a WHERE d1 BETWEEN '1900-01-01' AND '2200-01-01' AND d2 <= d1 UNION ALL
SELECT 'attachment', id::text, 'transition', 'unmapped_state' FROM legacy.a WHERE state IS NULL UNION ALL
SELECT 'attachment', id::text, 'reason', CASE WHEN why IS NULL THEN 'reason_missing' ELSE 'reason_unknown' END FROM legacy.a
    WHERE state IN ('suspect', 'closed', 'annulled') AND NOT (why IS NOT NULL AND why IN (SELECT code FROM osms.reason_codes('attachment')))
        UNION ALL
SELECT 'attachment', id::text, 'person_known', 'unknown_person' FROM legacy.a WHERE pers > 1500 UNION ALL
SELECT 'attachment', id::text, 'organisation_known', 'unknown_organisation' FROM legacy.a WHERE clinic > 20 UNION ALL
SELECT 'attachment', a.id::text, 'alive', CASE WHEN d1 > died THEN 'after_death' ELSE 'beyond_death' END FROM legacy.a
    JOIN legacy.people p ON p.id = a.pers
    WHERE state IS DISTINCT FROM 'annulled' AND (d1 > died OR ends > died + 1) UNION ALL
SELECT 'attachment', id::text, 'one_attachment', 'overlap' FROM legacy.a x WHERE state <> 'annulled' AND d1 < ends
    AND EXISTS (SELECT FROM legacy.a y WHERE y.pers = x.pers AND y.state <> 'annulled' AND y.d1 < y.ends AND (y.d1, y.id) < (x.d1, x.id)
        AND y.ends > x.d1) UNION ALL
SELECT 'application', id::text, 'transition', 'unmapped_state' FROM legacy.r WHERE state IS NULL UNION ALL
SELECT 'application', id::text, 'reason', CASE WHEN why IS NULL THEN 'reason_missing' ELSE 'reason_unknown' END FROM legacy.r
    WHERE state = 'refused' AND NOT (why IS NOT NULL AND why IN (SELECT code FROM osms.reason_codes('application'))) UNION ALL
SELECT 'application', id::text, 'person_known', 'unknown_person' FROM legacy.r WHERE pers > 1500 UNION ALL
SELECT 'application', id::text, 'organisation_known', 'unknown_organisation' FROM legacy.r WHERE clinic > 20 UNION ALL
SELECT 'application', id::text, 'initial_state', 'submitted_at_missing' FROM legacy.r
    WHERE state NOT IN ('draft', 'submitted') AND made IS NULL UNION ALL
SELECT 'application', id::text, 'initial_state', 'decided_at_missing' FROM legacy.r
    WHERE state IN ('approved', 'deferred', 'attached', 'refused', 'lapsed', 'cancelled') AND NOT old AND decided IS NULL UNION ALL
SELECT 'application', id::text, 'one_open_application', 'open_application' FROM legacy.r x
    WHERE state IN ('identified', 'approved', 'deferred')
    AND EXISTS (SELECT FROM legacy.r y WHERE y.pers = x.pers AND y.id < x.id AND y.state IN ('identified', 'approved', 'deferred')
                AND coalesce(y.ground = 'campaign', false) = coalesce(x.ground = 'campaign', false)) UNION ALL
SELECT 'application', id::text, 'identified', 'not_identified' FROM legacy.r
    WHERE state IN ('identified', 'approved', 'deferred', 'attached', 'lapsed', 'cancelled') AND old IS NOT TRUE
    AND id NOT IN (SELECT request FROM legacy.counts) UNION ALL
SELECT 'application', id::text, 'decision_order', CASE WHEN decided < made - interval '5 minutes' THEN 'decided_before_submitted'
    ELSE 'identified_out_of_order' END FROM legacy.r
    WHERE old IS NOT TRUE AND (decided < made - interval '5 minutes'
        OR state IN ('identified', 'approved', 'deferred', 'attached', 'lapsed', 'cancelled') AND id IN (SELECT request FROM legacy.counts)
           AND id NOT IN (SELECT c.request FROM legacy.counts c JOIN legacy.request x ON x.id = c.request
                          WHERE c.at >= coalesce(x.made, '-infinity') - interval '5 minutes'
                              AND c.at <= coalesce(x.decided, 'infinity') + interval '5 minutes')) UNION ALL
SELECT 'application', id::text, 'campaign_window', CASE WHEN (made AT TIME ZONE 'Asia/Almaty')::date NOT BETWEEN '2025-09-01'
    AND '2025-11-01' THEN 'outside_campaign'
                                                       WHEN state = 'approved' THEN 'not_deferred' ELSE 'not_next_year' END FROM legacy.r
    WHERE ground = 'campaign' AND old IS NOT TRUE AND state IN ('submitted', 'identified', 'approved', 'deferred', 'attached')
        AND ((made AT TIME ZONE 'Asia/Almaty')::date NOT BETWEEN '2025-09-01' AND '2025-11-01' OR state = 'approved'
             OR made IS NOT NULL AND eff <> '2026-01-01' AND (coalesce(decided, made) AT TIME ZONE 'Asia/Almaty' < '2026-01-01'
                 OR eff <> '2027-01-01') OR state = 'deferred' AND eff IS NULL) UNION ALL
SELECT 'application', id::text, 'overdue', 'undecided' FROM legacy.r WHERE NOT old AND state IN ('submitted', 'identified') UNION ALL
SELECT 'attachment', a.id::text, 'no_backdating', 'backdated' FROM legacy.a JOIN legacy.r ON r.id = a.request
    WHERE a.state IS DISTINCT FROM 'annulled' AND a.ord IS NULL AND a.prev IS NULL
        AND (decided AT TIME ZONE 'Asia/Almaty')::date >= '2025-01-01'
        AND d1 < (decided AT TIME ZONE 'Asia/Almaty')::date UNION ALL
SELECT 'attachment', id::text, 'free_choice_limit', 'limit_used' FROM legacy.chosen x
    WHERE d1 >= '2025-01-01' AND (SELECT count(*) FROM legacy.chosen y WHERE y.pers = x.pers AND (y.d1, y.id) <= (x.d1, x.id)
                                  AND extract(year FROM y.d1) = extract(year FROM x.d1)) > CASE WHEN d1 < '2025-09-01' THEN 1 ELSE 2 END
                                      UNION ALL
SELECT 'identity_event', id::text, 'person_known', 'unknown_person' FROM legacy.seen WHERE pers > 1500 UNION ALL
SELECT 'organisation', id::text, 'identifier', osms.bin_fault(bin::text) FROM legacy.clinic WHERE osms.bin_fault(bin::text) IS NOT NULL
    UNION ALL
SELECT 'person', id::text, 'identifier', osms.iin_fault(iin) FROM legacy.people
    WHERE osms.iin_fault(iin) IS NOT NULL AND iin <> '850101100001';
-- basis, finding by finding, the first that applies
INSERT INTO legacy.expected
SELECT 'attachment', id::text, 'basis', finding FROM (
    SELECT a.id, CASE
        WHEN (a.request IS NOT NULL)::int + (a.ord IS NOT NULL)::int + (a.prev IS NOT NULL)::int > 1 THEN 'several_bases'
        WHEN a.request IS NOT NULL AND r.id IS NULL THEN 'unknown_application'
        WHEN a.request IS NOT NULL AND r.pers <> a.pers THEN 'application_of_another_person'
        WHEN a.request IS NOT NULL AND r.clinic <> a.clinic THEN 'application_of_another_organisation'
        WHEN a.request IS NOT NULL AND EXISTS (SELECT FROM legacy.a y
            WHERE y.request = a.request AND y.pers = a.pers AND (y.d1, y.id) < (a.d1, a.id)) THEN 'application_used'
        WHEN a.request IS NOT NULL AND r.state = 'attached' THEN NULL
        WHEN a.request IS NOT NULL AND r.state = 'deferred' THEN CASE WHEN r.eff <= a.d1
            AND r.eff <= (now() AT TIME ZONE 'Asia/Almaty')::date THEN NULL
                                                                     WHEN r.eff <= (now() AT TIME ZONE 'Asia/Almaty')::date
                                                                         AND a.d1 IS NULL THEN NULL ELSE 'deferred_not_due' END
        WHEN a.request IS NOT NULL AND r.state IS DISTINCT FROM 'approved' THEN 'application_not_approved'
        WHEN a.request IS NOT NULL THEN NULL
        WHEN a.ord IS NOT NULL THEN 'unknown_order'
        WHEN a.prev IS NOT NULL THEN CASE
            WHEN b.id IS NULL THEN 'unknown_attachment'
            WHEN b.pers <> a.pers THEN 'attachment_of_another_person'
            WHEN b.clinic <> a.clinic THEN 'attachment_of_another_organisation'
            WHEN b.state IN ('active', 'suspect') THEN 'still_attached'
            WHEN EXISTS (SELECT FROM legacy.a y WHERE y.pers = a.pers AND y.prev = a.prev AND y.id <> a.id AND y.state <> 'annulled'
                AND (y.d1, y.id) < (a.d1, a.id)) THEN 'already_restored'
            WHEN a.d1 < CASE b.state WHEN 'closed' THEN b.d2 ELSE b.d1 END THEN 'restored_too_early'
            WHEN b.why IN ('error', 'death') THEN NULL
            WHEN b.state = 'closed' AND EXISTS (SELECT FROM legacy.a y WHERE y.pers = a.pers AND y.state = 'annulled' AND y.d1 >= b.d2)
                THEN NULL
            ELSE 'nothing_to_restore' END
        WHEN a.d1 < '2025-01-01' THEN NULL
        ELSE 'no_basis' END AS finding
    FROM legacy.a LEFT JOIN legacy.r ON r.id = a.request LEFT JOIN legacy.a b ON b.id = a.prev
    WHERE a.state IS DISTINCT FROM 'annulled') x WHERE finding IS NOT NULL;

SELECT bag_eq('SELECT relation, key, rule, finding FROM osms.audit(''fund'')', 'SELECT * FROM legacy.expected',
    'audit and oracle find the same in 14,000 rows');
SELECT cmp_ok((SELECT count(DISTINCT (relation, rule, finding))::int FROM legacy.expected), '>=', 40,
    'and the rows hold nearly everything that can be found');
SELECT bag_eq('SELECT relation, rule, finding, rows FROM osms.audit_summary(''fund'')',
    'SELECT relation, rule, finding, count(*) FROM legacy.expected GROUP BY 1, 2, 3', 'audit_summary counts it');
-- the verdict does not hang on the session
SET timezone = 'Pacific/Kiritimati';
SET search_path = legacy, public;
SELECT bag_eq('SELECT relation, key, rule, finding FROM osms.audit(''fund'')', 'SELECT * FROM legacy.expected',
    'nor on the session''s time zone or search_path');
-- nor on the guard
SELECT osms.guard('fund', '{"basis": "warn", "alive": "off"}');
SELECT bag_eq('SELECT relation, key, rule, finding FROM osms.audit(''fund'')', 'SELECT * FROM legacy.expected',
    'nor on a guard and its modes');
-- the roster that is filled from all this pays nobody twice, and agrees with the source
CALL osms.fill_roster('fund', NULL);
SELECT is_empty('SELECT * FROM osms.verify(''fund'')', 'the roster is filled from it');
SELECT is_empty($$SELECT x.person FROM fund.roster x JOIN fund.roster y ON y.person = x.person AND y.attachment > x.attachment
    AND x.since < y.until AND y.since < x.until
                  WHERE x.mark <> 'excused' AND y.mark <> 'excused'$$, 'nobody counts twice');
SELECT bag_eq($$SELECT attachment, person, organisation, since, until FROM fund.roster$$,
              $$SELECT id, a.pers, clinic, d1, least(ends, died + 1) FROM legacy.a
                  JOIN (SELECT id AS pers, died FROM legacy.people) p USING (pers)
                WHERE state <> 'annulled' AND d1 < least(ends, died + 1)$$, 'every membership is on it');
SELECT throws_ok('SELECT * FROM osms.audit(''none'')', '3F000', 'registry "none" does not exist', 'audit of no registry');
SELECT * FROM finish();

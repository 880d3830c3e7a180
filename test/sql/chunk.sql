-- Many rows in one statement: judged and followed in chunks of a thousand persons.
BEGIN;
SELECT plan(7);
SELECT osms.create_registry('bulk', cut_over => '2025-01-01');
INSERT INTO bulk.organisation (organisation, name) SELECT i, 'organisation ' || i FROM generate_series(1, 10) i;
INSERT INTO bulk.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM bulk.organisation;
INSERT INTO bulk.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM bulk.organisation;
INSERT INTO bulk.person (person, birth_date, sex, region)
SELECT i, date '1950-01-01' + i, CASE WHEN i % 2 = 0 THEN 'female' ELSE 'male' END::osms.sex, '75' FROM generate_series(1, 12345) i;
INSERT INTO bulk.application (application, person, organisation, channel, ground, state, submitted_at, decided_at)
SELECT person + 50000, person, person % 10 + 1, 'service_centre', 'free_choice', 'approved', now() - interval '2 days',
    now() - interval '1 day'
FROM bulk.person;
SELECT osms.guard('bulk', '{"no_backdating": "off"}');

SELECT lives_ok($$INSERT INTO bulk.attachment (attachment, person, organisation, state, since)
    SELECT person, person, person % 10 + 1, 'active', date '2024-06-01' FROM bulk.person ORDER BY hashint8(person)$$,
    'many rows without application, in any order');
SELECT is((SELECT count(*) FROM osms.verify('bulk')), 0::bigint, 'the roster holds what the source holds');
SELECT lives_ok($$UPDATE bulk.attachment SET state = 'closed', until = '2025-06-01', reason = 'moved_to_other'$$, 'all closed at once');
SELECT lives_ok($$INSERT INTO bulk.attachment (attachment, person, organisation, state, since, application)
    SELECT application, person, organisation, 'active', date '2025-06-01', application FROM bulk.application ORDER BY hashint8(person)$$,
    'all attached again, each by its application');
SELECT is((SELECT count(*) FROM osms.verify('bulk')), 0::bigint, 'the roster followed');
SELECT results_eq($$SELECT event::text, changed::text, count(*) FROM bulk.journal WHERE relation IN ('application', 'attachment')
    GROUP BY 1, 2 ORDER BY 1, 2$$,
    $$VALUES ('I', NULL, 24690::bigint), ('U', '{state,until,reason}', 12345)$$, 'the journal has a row for each');
SELECT throws_ok($$INSERT INTO bulk.attachment (attachment, person, organisation, state, since)
    SELECT person + 100000, person, 1, 'active', CASE person WHEN 9876 THEN date '2025-06-01' ELSE '2020-01-01' END
        FROM bulk.person$$, '23514', NULL,
    'one row without a basis refuses the statement');
SELECT * FROM finish();
ROLLBACK;

-- An audit of a register whose contracts begin late: what was over before a day is left out, and audit_summary tells it apart by the
-- cut-over day.
SELECT * FROM no_plan();
SET client_min_messages = warning;
SELECT osms.create_registry('fund', cut_over => '2026-01-01');
INSERT INTO fund.organisation (organisation) VALUES (1), (2);
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM fund.organisation;
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '2026-01-01'), (2, '2026-02-01');
INSERT INTO fund.person (person, birth_date, death_date, region) SELECT i, '1980-01-01', CASE WHEN i IN (41, 42) THEN date '2024-05-01' END,
    '75' FROM generate_series(1, 60) i;
INSERT INTO fund.person (person, iin, region) VALUES (99, NULL, '75');
-- before any contract
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, reason) SELECT i, i, 1, 'closed', '2024-01-01',
    '2024-02-01', 'moved_to_other' FROM generate_series(1, 30) i;
-- with none when it began, after the cut-over day too
INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (31, 31, 2, 'active', '2026-01-15');
-- overlaps: over long ago though one goes on, going on, of after the cut-over day
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, reason) VALUES
    (32, 32, 1, 'closed', '2020-01-01', '2021-06-01', 'moved_to_other'), (33, 32, 2, 'active', '2021-05-01', NULL, NULL),
    (34, 34, 1, 'active', '2020-01-01', NULL, NULL), (35, 34, 2, 'active', '2021-05-01', NULL, NULL),
    (36, 36, 1, 'active', '2026-02-01', NULL, NULL), (37, 36, 2, 'closed', '2026-03-01', '2026-03-05', 'error');
-- after death: ended before the cut-over day, and not
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, reason) VALUES
    (41, 41, 1, 'closed', '2020-01-01', '2024-09-01', 'error'), (42, 42, 1, 'active', '2020-01-01', NULL, NULL);
-- days that are none, or at the end of the calendar
ALTER TABLE fund.attachment ALTER since DROP NOT NULL;
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until)
    VALUES (51, 51, 1, 'active', NULL, NULL), (52, 52, 1, 'closed', '4713-01-01 BC', '4713-01-01 BC'),
    (53, 53, 1, 'active', '-infinity', NULL);
INSERT INTO fund.application (application, person, organisation, channel, state, submitted_at) VALUES
    (1, 1, 77, 'egov', 'submitted', '2025-12-31 18:59:59+00'), (2, 2, 77, 'egov', 'submitted', '2025-12-31 19:00:00+00'),
        (3, 3, 77, 'egov', 'submitted', '-infinity'),
    (4, 4, 77, 'egov', 'submitted', '9999-12-31 23:59:59+00'), (5, 5, 77, 'egov', 'submitted', NULL);

CREATE VIEW found AS SELECT * FROM osms.audit_summary('fund', '{contracted,one_attachment,alive,period,organisation_known}');
SELECT results_eq('SELECT relation, rule, finding, rows, before_cut_over, from_cut_over FROM found', $$VALUES
    ('application', 'organisation_known', 'unknown_organisation', 5::bigint, 1::bigint, 4::bigint),
    ('application', 'period', 'out_of_range', 1, 0, 1),
    ('application', 'period', 'unreadable_submitted_at', 1, 0, 1), ('attachment', 'alive', 'beyond_death', 2, 1, 1),
        ('attachment', 'contracted', 'no_contract', 39, 37, 2),
    ('attachment', 'one_attachment', 'overlap', 3, 1, 2), ('attachment', 'period', 'out_of_range', 2, 1, 1),
        ('attachment', 'period', 'since_missing', 1, 0, 1)$$,
    'what was before is told apart');
SELECT is_empty($$SELECT * FROM found WHERE rows <> before_cut_over + from_cut_over$$, 'and all of it is one of both');
SELECT bag_eq($$SELECT key, rule FROM osms.audit('fund', '{contracted,one_attachment,alive}', since => '2026-01-01')$$,
    $$VALUES ('31', 'contracted'), ('53', 'contracted'), ('35', 'one_attachment'), ('37', 'one_attachment'),
        ('42', 'alive')$$, 'since a day: what begins or still holds then');
SELECT bag_eq($$SELECT key, rule FROM osms.audit('fund', '{contracted,one_attachment,alive}', since => '2026-03-05')$$,
    $$VALUES ('53', 'contracted'), ('35', 'one_attachment'), ('42', 'alive')$$, 'a later one');
SELECT bag_eq($$SELECT key FROM osms.audit('fund', '{organisation_known}', since => '2026-01-01')$$, $$VALUES ('2'), ('3'), ('4'), ('5')$$,
    'instants in the registry''s time zone; what has no day stays');
SELECT bag_eq($$SELECT relation, key, rule, finding FROM osms.audit('fund')$$, $$SELECT relation, key, rule, finding
    FROM osms.audit('fund', since => NULL)$$, 'NULL is no day');
SELECT results_eq($$SELECT sum(rows) FROM osms.audit_summary('fund', since => '2026-01-01')$$,
    $$SELECT sum(from_cut_over) FROM osms.audit_summary('fund')$$, 'both are one notion');
SELECT throws_ok($$SELECT * FROM osms.audit_summary('none')$$, '3F000', 'registry "none" does not exist', 'of no registry');
SELECT * FROM finish();

-- A person's story, on a registry of tables, on a mapped one and for those who may not read it.
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();
\ir verdict.psql
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person, birth_date, sex) VALUES (1, '1980-01-01', 'female'), (2, '1980-01-01', 'male');
INSERT INTO fund.organisation VALUES (1), (2);
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '2020-01-01'), (2, '2020-01-01');
INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    VALUES (1, 1, 1, 'active', '2020-03-01'), (2, 2, 1, 'active', '2020-03-01');
SELECT osms.guard('fund', '{"no_backdating": "off"}');
CALL osms.fill_roster('fund', batch => NULL);
INSERT INTO osms.act (act, title) VALUES ('t', 'test');
INSERT INTO fund.application (application, person, applicant, organisation, channel, ground, state, submitted_at)
    VALUES (10, 1, 1, 2, 'egov', 'free_choice', 'submitted', now() - interval '3 hours');
INSERT INTO fund.identity_event (event, person, application, channel, method, provider, at)
    VALUES (20, 1, 10, 'egov', 'e_signature', 'nca', now() - interval '2 hours');
UPDATE fund.application SET state = 'identified' WHERE application = 10;
UPDATE fund.application SET state = 'approved', decided_at = now() - interval '1 hour', decided_by = 'clerk' WHERE application = 10;
BEGIN;
INSERT INTO fund.attachment (attachment, person, organisation, state, since, application, site)
    VALUES (3, 1, 2, 'active', '2026-01-01', 10, '7');
UPDATE fund.attachment SET state = 'closed', until = '2026-01-01', reason = 'moved_to_other' WHERE attachment = 1;
COMMIT;
SELECT results_eq($$SELECT what, key, organisation, regexp_replace(detail, 'until [0-9: -]+$', 'until then'), actor
    FROM osms.history('fund', '1') WHERE what NOT IN ('inserted', 'updated')$$, $$VALUES
    ('attached', '1', '1', 'inherited', NULL::text),
    ('left', '1', '1', 'now closed, reason moved_to_other', NULL),
    ('attached', '3', '2', 'site 7, application 10, now active', NULL),
    ('applied', '10', '2', 'channel egov, ground free_choice', '1'),
    ('identified', '20', NULL, 'application 10, channel egov, method e_signature, provider nca', NULL),
    ('decided', '10', '2', 'now approved', 'clerk'),
    ('counted', '1', '1', 'from 2020-03-01 to further notice, inherited, so known until then', NULL),
    ('counted', '1', '1', 'from 2020-03-01 to 2026-01-01, inherited', NULL),
    ('counted', '3', '2', 'from 2026-01-01 to further notice, application', NULL)$$, 'what happened, in order');
SELECT results_eq($$SELECT what, key, organisation, detail FROM osms.history('fund', '1') WHERE actor = current_user$$, $$VALUES
    ('inserted', '10', '2', 'application, submitted'),
    ('inserted', '20', NULL, 'identity_event'),
    ('updated', '10', '2', 'application, submitted to identified, changed state'),
    ('updated', '10', '2', 'application, identified to approved, changed state decided_at decided_by'),
    ('inserted', '3', '2', 'attachment, active'),
    ('updated', '1', '1', 'attachment, active to closed, changed state until reason')$$, 'and who wrote it');
SELECT is((SELECT array_agg(at) FROM osms.history('fund', '1')), (SELECT array_agg(at ORDER BY at) FROM osms.history('fund', '1')),
    'by time');
SELECT is((SELECT array_agg(at) FROM osms.history('fund', '2')),
    ARRAY['2020-02-29 18:00Z', (SELECT known_from FROM fund.roster WHERE person = 2)], 'days begin at the registry''s midnight');
SELECT is(pg_temp.verdict($$SELECT osms.history('fund', '3')$$), 'P0002 person "3" does not exist in registry "fund"', 'nobody');
SELECT is(pg_temp.verdict($$SELECT osms.history('fund', 'x')$$), '22P02 invalid input syntax for type bigint: "x"', 'no key');
SELECT is(pg_temp.verdict($$SELECT osms.history('none', '1')$$), '3F000 registry "none" does not exist', 'no registry');
CREATE ROLE history_reader;
SET ROLE history_reader;
SELECT is(pg_temp.verdict($$SELECT osms.history('fund', '1')$$), '42501 permission denied for registry "fund"', 'who may not enter');
RESET ROLE;
GRANT USAGE ON SCHEMA fund TO history_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA fund TO history_reader;
REVOKE SELECT ON fund.journal FROM history_reader;
SET ROLE history_reader;
SELECT is(pg_temp.verdict($$SELECT osms.history('fund', '1')$$), '42501 permission denied for table journal',
    'who may not read the journal');
RESET ROLE;
GRANT SELECT ON fund.journal TO history_reader;
SET ROLE history_reader;
SELECT is((SELECT count(*) FROM osms.history('fund', '1')), 15::bigint, 'who may read');
RESET ROLE;

-- A mapped registry with keys of text, which keeps no more than it must.
CREATE SCHEMA legacy;
CREATE TABLE legacy.people (code char(4) PRIMARY KEY, died date);
CREATE TABLE legacy.att (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), code char(4), org text, st int, b date, e date);
INSERT INTO legacy.people VALUES ('a''b', '2021-05-05');
INSERT INTO legacy.att VALUES ('00000000-0000-0000-0000-000000000001', 'a''b', 'x%s', 1, '2020-01-01', '2021-01-01');
SELECT osms.create_registry('Old "fund"', tables => false, cut_over => '2025-01-01', time_zone => 'UTC');
SELECT osms.map('Old "fund"', 'person', 'legacy.people', '{"person": "code", "death_date": "died"}');
SELECT osms.map('Old "fund"', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "code", "organisation": "org", "state": "st", "since": "b", "until": "e"}',
    states => '{"closed": ["1"]}');
SET datestyle = 'German';
SELECT results_eq($$SELECT to_char(at, 'YYYY-MM-DD'), what, key, organisation, detail FROM osms.history('Old "fund"', 'a''b')$$, $$VALUES
    ('2020-01-01', 'attached', '00000000-0000-0000-0000-000000000001', 'x%s', 'inherited'),
    ('2021-01-01', 'left', '00000000-0000-0000-0000-000000000001', 'x%s', 'now closed'),
    ('2021-05-05', 'died', 'a''b', NULL, NULL)$$, 'any key, any name, any date style');
REVOKE ALL ON SCHEMA fund FROM history_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA fund FROM history_reader;
DROP ROLE history_reader;
SELECT * FROM finish();

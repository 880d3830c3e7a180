-- A publication of all tables does not stop a guard from keeping its roster; what is said of a registry that does not exist.
SET client_min_messages = error;
BEGIN;
SELECT plan(8);

SELECT osms.create_registry('pub', cut_over => '2025-01-01');
INSERT INTO pub.person (person, birth_date, sex, region) VALUES (1, '1980-01-01', 'male', '75');
INSERT INTO pub.organisation (organisation) VALUES (1), (2);
INSERT INTO pub.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM pub.organisation;
INSERT INTO pub.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM pub.organisation;
SELECT osms.guard('pub', '{"no_backdating": "off"}');
CALL osms.fill_roster('pub', NULL);
CREATE PUBLICATION everything FOR ALL TABLES;

INSERT INTO pub.attachment (attachment, person, organisation, state, since) VALUES (1, 1, 1, 'active', '2020-01-01');
SELECT lives_ok($$UPDATE pub.person SET birth_date = '1981-01-01'$$, 'a new version of the roster');
SELECT lives_ok($$INSERT INTO pub.attachment (attachment, person, organisation, state, since) VALUES (2, 1, 2, 'active', '2024-01-01')$$,
    'an overlap is put aside');
SELECT lives_ok($$UPDATE pub.attachment SET state = 'closed', until = '2024-01-01', reason = 'moved_to_other' WHERE attachment = 1$$,
    'and healed');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'and judged');
SELECT is_empty($$SELECT * FROM osms.verify('pub')$$, 'the roster agrees');

SELECT throws_ok($$SELECT osms.unguard('nowhere')$$, '3F000', 'registry "nowhere" does not exist', 'unguard');
SELECT throws_ok($$SELECT osms.guard('nowhere')$$, '3F000', 'registry "nowhere" does not exist', 'guard');
SELECT throws_ok($$SELECT * FROM osms.audit('nowhere')$$, '3F000', 'registry "nowhere" does not exist', 'audit');

SELECT * FROM finish();
ROLLBACK;

-- Nobody counts after the day of death, whatever the source says; what a wrongly recorded death never closed counts again.
SELECT * FROM no_plan();
SET client_min_messages = warning;

SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person, birth_date, sex, death_date)
SELECT i, date '1980-01-01' + i, 'male', CASE WHEN i <= 3 THEN date '2023-01-01' END FROM generate_series(1, 6) i;
INSERT INTO fund.organisation (organisation, name) VALUES (1, 'A'), (2, 'B');
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM fund.organisation;
INSERT INTO fund.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM fund.organisation;
UPDATE fund.person SET region = '75';
-- 1: open beyond the death, 2: began after it, 3: closed on the day after it, 4: alive
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, reason) VALUES
    (1, 1, 1, 'active', '2020-01-01', NULL, NULL), (2, 2, 1, 'active', '2023-06-01', NULL, NULL),
    (3, 3, 1, 'closed', '2020-01-01', '2023-01-02', 'death'), (4, 4, 1, 'active', '2020-01-01', NULL, NULL);
SELECT osms.guard('fund', '{"no_backdating": "off"}');
CALL osms.fill_roster('fund', batch => NULL);

PREPARE counted AS
    SELECT attachment, since::text, until::text, basis FROM fund.roster
    WHERE known_to = 'infinity' AND mark = 'counted' ORDER BY attachment, since;

SELECT results_eq('counted', $$VALUES (1::bigint, '2020-01-01', '2023-01-02', 'inherited'),
    (3, '2020-01-01', '2023-01-02', 'inherited'), (4, '2020-01-01', 'infinity', 'inherited')$$,
    'deaths known before the guard cut the roster when it is filled');
SELECT results_eq($$SELECT key, finding FROM osms.audit('fund') WHERE rule = 'alive' ORDER BY key$$,
    $$VALUES ('1', 'beyond_death'), ('2', 'after_death')$$, 'and audit tells what the source still says');

UPDATE fund.person SET death_date = NULL WHERE person IN (1, 2, 3);
SELECT results_eq('counted', $$VALUES (1::bigint, '2020-01-01', 'infinity', 'inherited'), (2, '2023-06-01', 'infinity', 'inherited'),
    (3, '2020-01-01', '2023-01-02', 'inherited'), (4, '2020-01-01', 'infinity', 'inherited')$$,
    'a death taken back opens nothing that was closed; what the source never closed counts again');

UPDATE fund.person SET death_date = '2024-05-05' WHERE person = 4;
SELECT results_eq($$SELECT state::text, until::text, reason FROM fund.attachment WHERE attachment = 4$$,
    $$VALUES ('closed', '2024-05-06', 'death')$$, 'a death closes the attachment on the day after it');
UPDATE fund.person SET death_date = '2024-07-07' WHERE person = 4;
SELECT results_eq($$SELECT until::text FROM fund.attachment WHERE attachment = 4$$, $$VALUES ('2024-05-06')$$,
    'a later day of death does not lengthen what is closed');
UPDATE fund.person SET death_date = '2024-03-03' WHERE person = 4;
SELECT results_eq($$SELECT until::text FROM fund.attachment WHERE attachment = 4$$, $$VALUES ('2024-03-04')$$,
    'an earlier one shortens it');
UPDATE fund.person SET death_date = NULL WHERE person = 4;
INSERT INTO fund.attachment (attachment, person, organisation, state, since, restores) VALUES (5, 4, 1, 'active', '2024-03-04', 4);
SELECT results_eq($$SELECT since::text, until::text, basis FROM fund.roster WHERE person = 4 AND known_to = 'infinity' ORDER BY since$$,
    $$VALUES ('2020-01-01', '2024-03-04', 'inherited'), ('2024-03-04', 'infinity', 'restores')$$,
    'whoever lives after all is restored by a new attachment');

-- closing and annulling what reaches beyond a death is a repair
UPDATE fund.person SET death_date = '2024-01-01' WHERE person = 5;
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'the roster agrees with its source');
SELECT is_empty($$
    SELECT attachment, known_from FROM (
        SELECT attachment, known_from, known_to, lead(known_from) OVER (PARTITION BY attachment ORDER BY known_from) AS next
            FROM fund.roster) v
    WHERE known_to <= known_from OR known_to > next$$, 'versions follow each other');
SELECT * FROM finish();

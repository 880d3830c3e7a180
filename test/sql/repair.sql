-- Old overlaps repaired, on a registry of tables and on a mapped one with inclusive ends: what is done is what was shown, the roster and
-- the audit agree.
SELECT * FROM no_plan();
SET client_min_messages = warning;
CREATE SCHEMA legacy;
CREATE TABLE legacy.att (id text PRIMARY KEY, pers int, mo int, st text, d1 date, d2 date NOT NULL DEFAULT '2999-12-31', why int);
CREATE INDEX ON legacy.att (pers);
CREATE TABLE legacy.people (id int PRIMARY KEY, died date);
INSERT INTO legacy.people SELECT i, CASE i WHEN 6 THEN date '2020-01-01' END FROM generate_series(1, 8) i;
CREATE TEMP TABLE old (attachment int, person int, state text, since date, until date, reason text);
INSERT INTO old VALUES
    -- one after the other
    (11, 1, 'active', '2010-01-01', NULL, NULL), (12, 1, 'active', '2012-01-01', NULL, NULL), (13, 1, 'active', '2015-01-01', NULL, NULL),
    -- a later one within
    (21, 2, 'active', '2010-01-01', NULL, NULL), (22, 2, 'closed', '2015-01-01', '2016-01-01', 'moved_to_other'),
    -- closed too late
    (31, 3, 'closed', '2010-01-01', '2018-01-01', 'moved_to_other'), (32, 3, 'suspect', '2017-01-01', NULL, 'error'),
    -- both on one day
    (41, 4, 'active', '2010-01-01', NULL, NULL), (42, 4, 'active', '2010-01-01', NULL, NULL),
    -- no overlap
    (51, 5, 'closed', '2010-01-01', '2012-01-01', 'moved_to_other'), (52, 5, 'active', '2012-01-01', NULL, NULL),
    -- only after death
    (61, 6, 'active', '2010-01-01', NULL, NULL), (62, 6, 'active', '2021-01-01', NULL, NULL),
    -- one counts for nothing
    (71, 7, 'annulled', '2010-01-01', NULL, 'error'), (72, 7, 'active', '2011-01-01', NULL, NULL);
INSERT INTO legacy.att SELECT attachment, person, 1, left(state, 2), since, coalesce(until - 1, '2999-12-31'), CASE reason
    WHEN 'moved_to_other' THEN 700 WHEN 'error' THEN 1 END FROM old;
SELECT osms.create_registry('tables', cut_over => '2025-01-01');
INSERT INTO tables.organisation (organisation) VALUES (1);
INSERT INTO tables.person (person, birth_date, sex, death_date) SELECT id, '1980-01-01', 'male', died FROM legacy.people;
INSERT INTO tables.attachment (attachment, person, organisation, state, since, until, reason) SELECT attachment, person, 1,
    state::osms.attachment_state, since, until, reason FROM old;
SELECT osms.create_registry('mapped', tables => false, cut_over => '2025-01-01');
SELECT osms.map('mapped', 'person', 'legacy.people', '{"person": "id", "death_date": "died"}');
SELECT osms.map('mapped', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2",
    "reason": {"column": "why", "codes": {"moved_to_other": ["700"], "error": ["1"], "duplicate": ["2"], "death": ["900"]}}}',
    states => '{"active": ["ac"], "suspect": ["su"], "closed": ["cl"], "annulled": ["an"]}', until_inclusive => true,
        open_end => '2999-12-31');

CREATE TEMP TABLE expected (attachment text, person text, since date, until date, action text, ends date, kept text);
INSERT INTO expected VALUES ('11', '1', '2010-01-01', NULL, 'close', '2012-01-01', '12'),
    ('12', '1', '2012-01-01', NULL, 'close', '2015-01-01', '13'),
    ('21', '2', '2010-01-01', NULL, 'close', '2015-01-01', '22'), ('31', '3', '2010-01-01', '2018-01-01', 'close', '2017-01-01', '32'),
    ('41', '4', '2010-01-01', NULL, 'annul', NULL, '42');
SELECT results_eq(format('SELECT * FROM osms.repair_overlaps(%L)', r), 'SELECT * FROM expected', r || ': shown')
    FROM unnest('{tables,mapped}'::text[]) r;
SELECT is((SELECT count(*)::int FROM mapped.attachment WHERE reason = 'duplicate'), 0, 'a dry run writes nothing');
-- one behind a filled roster, the other before
SELECT osms.guard('tables');
CALL osms.fill_roster('tables', NULL);
SELECT osms.guard('mapped');
SELECT bag_eq(format('SELECT key FROM osms.audit(%L) WHERE rule = %L', r, 'one_attachment'),
    $$VALUES ('12'), ('13'), ('22'), ('32'), ('42'), ('62')$$, r || ': what audit finds before') FROM unnest('{tables,mapped}'::text[]) r;
SELECT results_eq(format('SELECT * FROM osms.repair_overlaps(%L, dry_run => false)', r), 'SELECT * FROM expected', r || ': done as shown')
    FROM unnest('{tables,mapped}'::text[]) r;
SELECT is_empty(format('SELECT * FROM osms.repair_overlaps(%L, dry_run => false)', r), r || ': and not again')
    FROM unnest('{tables,mapped}'::text[]) r;
SELECT bag_eq(format('SELECT attachment::int, state::text, until, reason FROM %I.attachment', r), $$
    SELECT o.attachment, CASE e.action WHEN 'close' THEN 'closed' WHEN 'annul' THEN 'annulled' ELSE o.state END, CASE e.action
        WHEN 'close' THEN e.ends ELSE o.until END,
           CASE WHEN e.action IS NULL THEN o.reason ELSE 'duplicate' END FROM old o
               LEFT JOIN expected e ON e.attachment = o.attachment::text$$, r || ': in the source')
               FROM unnest('{tables,mapped}'::text[]) r;
SELECT is((SELECT d2 FROM legacy.att WHERE id = '11'), '2011-12-31'::date, 'the source has its last day');
SELECT bag_eq(format('SELECT key FROM osms.audit(%L) WHERE rule = %L', r, 'one_attachment'), $$VALUES ('62')$$,
    r || ': audit is left with what death overtook') FROM unnest('{tables,mapped}'::text[]) r;
CALL osms.fill_roster('mapped', NULL);
SELECT is_empty(format('SELECT * FROM osms.verify(%L)', r), r || ': the roster agrees') FROM unnest('{tables,mapped}'::text[]) r;
SELECT is_empty(format('SELECT * FROM %I.roster WHERE known_to = ''infinity'' AND mark = ''excused''', r), r || ': and excuses nobody')
    FROM unnest('{tables,mapped}'::text[]) r;
SELECT is((SELECT count(*)::int FROM tables.journal WHERE reason = 'duplicate'), 5, 'the journal has it');
SELECT throws_ok($$SELECT * FROM osms.repair_overlaps('nowhere')$$, '3F000', NULL, 'an unknown registry');
SELECT throws_ok($$SELECT * FROM osms.repair_overlaps('tables', NULL)$$, '22004', NULL, 'to do or not to do');
-- a source that cannot say why
CREATE TABLE legacy.mute (LIKE legacy.att INCLUDING ALL);
INSERT INTO legacy.mute (id, pers, mo, st, d1) VALUES ('1', 1, 1, 'ac', '2010-01-01'), ('2', 1, 1, 'ac', '2011-01-01');
SELECT osms.create_registry('mute', tables => false, cut_over => '2025-01-01');
SELECT osms.map('mute', 'person', 'legacy.people', '{"person": "id", "death_date": "died"}');
SELECT osms.map('mute', 'attachment', 'legacy.mute',
    '{"attachment": "id", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2",
    "reason": {"column": "why", "codes": {"death": ["900"]}}}', states => '{"active": ["ac"], "closed": ["cl"], "annulled": ["an"]}',
        until_inclusive => true, open_end => '2999-12-31');
SELECT throws_ok($$SELECT * FROM osms.repair_overlaps('mute', false)$$, '55000',
    'registry "mute" cannot keep reason "duplicate" of relation "attachment"', 'a reason without a code');
SELECT osms.map('mute', 'attachment', 'legacy.mute',
    '{"attachment": "id", "person": "pers", "organisation": "mo", "state": "st", "since": "d1", "until": "d2"}',
    states => '{"active": ["ac"], "closed": ["cl"], "annulled": ["an"]}', until_inclusive => true, open_end => '2999-12-31');
SELECT is((SELECT count(*)::int FROM osms.repair_overlaps('mute', false)), 1, 'without reasons it needs none');
SELECT is((SELECT d2 FROM legacy.mute WHERE id = '1'), '2010-12-31'::date, 'and is written');
SELECT * FROM finish();

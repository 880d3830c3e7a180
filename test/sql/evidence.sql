-- What a merge moved speaks for the other person only while the merge stands (security/24 and its kind).
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT osms.create_registry('fund', cut_over => '2020-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1990-01-01', 'male', 'ast' FROM generate_series(1, 9) i;
INSERT INTO fund.organisation (organisation) VALUES (10), (11);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from)
    VALUES (10, 'ast', 'urban', '2020-01-01'), (11, 'ast', 'urban', '2020-01-01');
INSERT INTO fund.contract (organisation, valid_from) VALUES (10, '2020-01-01'), (11, '2020-01-01');
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until)
    VALUES (90, 9, 10, 'active', '2019-01-01', NULL), (80, 8, 10, 'closed', '2019-01-01', '2019-06-01');
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', batch => NULL);
-- applications of 1, of 2 themselves, and of the child 5 by 1; persons 1 and 2 were identified
INSERT INTO fund.application (application, person, applicant, organisation, channel, ground, state, submitted_at) VALUES
    (1, 1, NULL, 10, 'egov', 'moved', 'submitted', now() - interval '1 hour'),
        (2, 2, NULL, 10, 'egov', 'moved', 'submitted', now() - interval '1 hour'),
    (5, 5, 1, 10, 'egov', 'moved', 'submitted', now() - interval '1 hour'),
        (6, 2, NULL, 11, 'egov', 'moved', 'submitted', now() - interval '1 hour');
INSERT INTO fund.identity_event (event, person, application, channel, method, at) VALUES
    (1, 1, 1, 'egov', 'e_signature', now()), (2, 2, 2, 'egov', 'e_signature', now()), (5, 1, 5, 'egov', 'e_signature', now()),
    (6, 1, 6, 'egov', 'e_signature', now()); -- 1 is identified for what 2 applied for: counts for nobody
CREATE FUNCTION pg_temp.today() RETURNS date LANGUAGE sql AS $$ SELECT (now() AT TIME ZONE 'Asia/Almaty')::date $$;
\set merge 'INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (1, 2, current_date, ''typo''); '
\set undo 'UPDATE fund.person_alias SET undone_at = now() WHERE old = 1 AND undone_at IS NULL; '
\set events 'UPDATE fund.identity_event SET person = 2 WHERE person = 1; '
\set applications 'UPDATE fund.application SET person = 2 WHERE person = 1; UPDATE fund.application SET applicant = 2 WHERE applicant = 1; '
CREATE FUNCTION pg_temp.decided(application int) RETURNS text LANGUAGE sql AS $$
    SELECT format(
        'UPDATE fund.application SET state = ''identified'' WHERE application = %1$s; UPDATE fund.application SET state = ''approved'', '
        'decided_at = now() WHERE application = %1$s; ', application)
$$;
CREATE FUNCTION pg_temp.attached(person int, application int, organisation int DEFAULT 10) RETURNS text LANGUAGE sql AS $$
    SELECT format(
        'INSERT INTO fund.attachment (attachment, person, organisation, state, since, application) VALUES (1, %s, %s, ''active'', '
        'pg_temp.today(), %s); UPDATE fund.application SET state = ''attached'' WHERE application = %3$s; ', person, organisation,
        application)
$$;
\set no_identity '23514 identified fund.application.state not_identified in application '
\set no_basis '23514 basis fund.attachment.application application_of_another_person in attachment 1'
\set found 'SELECT string_agg(concat_ws('' '', relation, key, finding), '', '' ORDER BY relation, key, finding) FROM osms.audit(''fund'') WHERE rule IN (''identified'', ''basis'')'
SELECT is_empty($$SELECT * FROM osms.audit('fund') WHERE rule IN ('identified', 'basis')$$, 'nothing is wrong before');

-- while the merge stands
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || pg_temp.decided(1) || pg_temp.attached(2, 1), probe => :'found'),
    'ok', 'the order of a merge is lawful');
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || pg_temp.decided(5) || pg_temp.attached(5, 5), probe => :'found'),
    'ok', 'an applicant''s too');
SELECT is(pg_temp.verdict(:'merge' || :'events' || pg_temp.decided(6) || pg_temp.attached(2, 6, 11), probe => :'found'), 'ok',
    'two who are one were identified by either number');
-- once it is undone
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || :'undo' || pg_temp.decided(1)), :'no_identity' || '1',
    'who was merged by mistake was not identified');
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || :'undo' || pg_temp.decided(5)), :'no_identity' || '5',
    'nor for a child');
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'undo' || pg_temp.decided(6)), :'no_identity' || '6',
    'nor for an application that stayed where it was');
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || $$UPDATE fund.application SET state = 'identified'
    WHERE application = 1; $$ || :'undo'
    || $$UPDATE fund.application SET state = 'deferred', decided_at = now(), effective_on = pg_temp.today()
        WHERE application = 1$$), :'no_identity' || '1', 'an application that got on before goes no further');
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || pg_temp.decided(1) || :'undo' || pg_temp.attached(2, 1)), :'no_basis',
    'nor is it a basis');
SELECT is(pg_temp.verdict(:'merge' || :'events' || pg_temp.decided(6) || :'undo' || pg_temp.attached(2, 6, 11)), :'no_basis',
    'nor one that stayed where it was, whose evidence was moved');
SELECT is(pg_temp.verdict(:'merge' || :'events' || pg_temp.decided(6) || :'undo'
    || 'UPDATE fund.identity_event SET person = 1 WHERE event = 6; ' || pg_temp.attached(2, 6, 11)), :'no_basis',
    'nor after that has gone back');
SELECT is(pg_temp.verdict(pg_temp.decided(1) || :'merge' || :'applications' || :'undo' || pg_temp.attached(2, 1)), :'no_basis',
    'nor one that was moved when it was approved');
SELECT is(pg_temp.verdict(pg_temp.decided(1) || :'merge' || :'applications' || :'undo'
    || 'UPDATE fund.application SET person = 1 WHERE application = 1; UPDATE fund.application SET applicant = 1 WHERE applicant = 2; '
    || pg_temp.attached(1, 1), probe => :'found'), 'ok', 'which is one again when it has gone back');
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || :'undo'
    || 'UPDATE fund.identity_event SET person = 1 WHERE event IN (1, 5, 6); UPDATE fund.application SET person = 1 WHERE application = 1; '
    'UPDATE fund.application SET applicant = 1 WHERE applicant = 2; '
    || pg_temp.decided(1) || pg_temp.attached(1, 1), probe => :'found'), 'ok', 'all goes back');
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || :'undo' || :'merge' || pg_temp.decided(1) || pg_temp.attached(2, 1),
    probe => :'found'), '23505 duplicate key value violates unique constraint "person_alias_pkey"',
    'a merge is recorded again under another day');
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || :'undo' || replace(:'merge', 'current_date',
    'current_date + 1') || pg_temp.decided(1) || pg_temp.attached(2, 1), probe => :'found'), 'ok', 'and holds again');
-- what stays behind is found
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || pg_temp.decided(1) || pg_temp.attached(2, 1) || :'undo',
    probe => :'found'),
    'ok application 1 application_of_another_person, application 5 application_of_another_person, attachment 1 '
    'application_of_another_person, identity_event 1 identified_another_person, '
    'identity_event 5 identified_another_person, identity_event 6 identified_another_person', 'audit finds all that stays behind');
SELECT is(pg_temp.verdict($$INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (9, 4, current_date, 'typo');
    UPDATE fund.attachment SET person = 4 WHERE person = 9;
    UPDATE fund.person_alias SET undone_at = now() WHERE old = 9$$, probe => :'found'), 'ok attachment 90 attachment_of_another_person',
        'an attachment of old, too');
-- by a chain, of which any part is undone
SELECT is(pg_temp.verdict(:'merge' || :'events' || :'applications' || $$INSERT INTO fund.person_alias (old, new, valid_from, act)
    VALUES (2, 3, current_date, 'typo');
    UPDATE fund.identity_event SET person = 3 WHERE event = 1; UPDATE fund.application SET person = 3 WHERE application = 1;
        $$ || undone || pg_temp.decided(1) || pg_temp.attached(3, 1)), expected, expected || undone)
FROM (VALUES ('', 'ok'), (:'undo', :'no_identity' || '1'), ('UPDATE fund.person_alias SET undone_at = now() WHERE old = 2; ',
    :'no_identity' || '1')) c (undone, expected);
-- what was never moved does not go back to who it never was about
SELECT is(pg_temp.verdict(:'merge' || :'undo'
    || 'UPDATE fund.identity_event SET person = 1 WHERE event = 2; UPDATE fund.application SET person = 1 WHERE application = 2; '
    || pg_temp.decided(2)), :'no_identity' || '2', 'the other way round');
SELECT is(pg_temp.verdict(pg_temp.decided(2) || :'merge' || :'undo' || 'UPDATE fund.application SET person = 1 WHERE application = 2; '
    || pg_temp.attached(1, 2)), :'no_basis', 'nor as a basis');
-- restored is what the person had
SELECT is(pg_temp.verdict($$INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (9, 4, current_date, 'typo');
    UPDATE fund.attachment SET person = 4 WHERE person = 9;
    UPDATE fund.attachment SET state = 'closed', until = pg_temp.today(), reason = 'error' WHERE attachment = 90;
        UPDATE fund.person_alias SET undone_at = now() WHERE old = 9;
    INSERT INTO fund.attachment (attachment, person, organisation, state, since, restores)
        VALUES (1, 4, 10, 'active', pg_temp.today(), 90)$$),
    '23514 basis fund.attachment.application attachment_of_another_person in attachment 1', 'not what another had');
-- a draft is about nobody yet
SELECT is(pg_temp.verdict($$INSERT INTO fund.application (application, person, organisation, channel, ground, state)
    VALUES (7, 1, 10, 'egov', 'moved', 'draft'); UPDATE fund.application SET person = 3 WHERE application = 7;
    UPDATE fund.application SET state = 'submitted', submitted_at = now() WHERE application = 7;
        INSERT INTO fund.identity_event (event, person, application, channel, method, at) VALUES (7, 3, 7, 'egov', 'e_signature', now()); $$
    || pg_temp.decided(7) || pg_temp.attached(3, 7), probe => :'found'), 'ok', 'a draft may change its person');
-- by triggers
CREATE FUNCTION pg_temp.onward() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN UPDATE fund.identity_event SET person = 3 WHERE event = NEW.event AND person = 2; RETURN NULL; END $$;
SELECT is(pg_temp.verdict(:'merge' || $$INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (2, 3, current_date, 'typo');
    CREATE TRIGGER aa AFTER UPDATE ON fund.identity_event FOR EACH ROW EXECUTE FUNCTION pg_temp.onward(); $$ || :'events'),
        '27000 a trigger moves rows of table "identity_event" to another person while a statement does',
        'nothing moves twice in one statement');

-- as somebody who may move evidence, and nothing else about it
CREATE ROLE evidence_oper;
GRANT USAGE ON SCHEMA fund TO evidence_oper;
GRANT SELECT, INSERT, UPDATE ON fund.application, fund.attachment, fund.person_alias TO evidence_oper;
GRANT SELECT, UPDATE (person, applicant) ON fund.identity_event TO evidence_oper;
GRANT SELECT ON fund.person, fund.organisation TO evidence_oper;
SELECT is(pg_temp.verdict('SET LOCAL ROLE evidence_oper; ' || :'merge' || :'events' || :'applications' || :'undo' || pg_temp.decided(1)),
    :'no_identity' || '1', 'an operator cannot');
SELECT is(pg_temp.verdict('SET LOCAL ROLE evidence_oper; ' || statement), expected, statement) FROM (VALUES
    ('DELETE FROM fund.moved', '42501 permission denied for table moved'),
        ('UPDATE fund.moved SET person = 2', '42501 permission denied for table moved'),
        ('TABLE fund.moved', '42501 permission denied for table moved')) c (statement, expected);

INSERT INTO fund.person_alias (old, new, valid_from) VALUES (8, 7, '2026-01-01');
UPDATE fund.attachment SET person = 7 WHERE person = 8;
SELECT results_eq('SELECT relation, key, role, person, application FROM fund.moved',
    $$VALUES ('attachment' COLLATE "C", '80' COLLATE "C", 'person' COLLATE "C", 8::bigint, NULL::text COLLATE "C")$$, 'what moved is kept');
SELECT matches(pg_temp.verdict(statement), '^55000 ', statement)
    FROM unnest(ARRAY['DELETE FROM fund.moved', 'UPDATE fund.moved SET person = 7', 'TRUNCATE fund.moved']) statement;

-- keys of another type and collation, and no applicants
CREATE SCHEMA legacy;
CREATE TABLE legacy.people (iin char(12) PRIMARY KEY, born date);
CREATE TABLE legacy.mo (mo integer PRIMARY KEY);
CREATE TABLE legacy.zay (id varchar(20) COLLATE "C" PRIMARY KEY, iin char(12), mo integer, kanal text, osn text, st text, sub timestamptz,
    dec timestamptz);
CREATE TABLE legacy.prik (id bigint PRIMARY KEY, iin char(12), mo integer, d_beg date, d_end date, st text, zid varchar(20) COLLATE "C");
CREATE TABLE legacy.ident (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), iin char(12), zid varchar(20) COLLATE "C", kanal text, met text,
    at timestamptz);
CREATE TABLE legacy.alias (o char(12), n char(12), undone timestamptz);
CREATE INDEX ON legacy.zay (iin); CREATE INDEX ON legacy.prik (iin); CREATE INDEX ON legacy.ident (zid);
INSERT INTO legacy.people VALUES ('1', '1990-01-01'), ('2', '1990-01-01');
INSERT INTO legacy.mo VALUES (1);
SELECT osms.create_registry('city', tables => false, cut_over => '2020-01-01');
SELECT osms.map('city', 'person', 'legacy.people', '{"person": "iin", "birth_date": "born"}');
SELECT osms.map('city', 'organisation', 'legacy.mo', '{"organisation": "mo"}');
SELECT osms.map('city', 'application', 'legacy.zay',
    '{"application": "id", "person": "iin", "organisation": "mo", "channel": "kanal", "ground": "osn", "state": "st", "submitted_at": '
    '"sub", "decided_at": "dec"}');
SELECT osms.map('city', 'attachment', 'legacy.prik',
    '{"attachment": "id", "person": "iin", "organisation": "mo", "since": "d_beg", "until": "d_end", "state": "st", "application": "zid"}');
DROP TABLE city.identity_event;
SELECT osms.map('city', 'identity_event', 'legacy.ident',
    '{"event": "id", "person": "iin", "application": "zid", "channel": "kanal", "method": "met", "at": "at"}');
SELECT osms.map('city', 'person_alias', 'legacy.alias', '{"old": "o", "new": "n", "undone_at": "undone"}');
SELECT osms.guard('city');
CALL osms.fill_roster('city', batch => NULL);
INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) VALUES ('z1', '1', 1, 'egov', 'moved', 'submitted', now() - interval '1 hour');
INSERT INTO legacy.ident (iin, zid, kanal, met, at) VALUES ('1', 'z1', 'egov', 'e_signature', now());
SELECT is(pg_temp.verdict($$INSERT INTO legacy.alias VALUES ('1', '2'); UPDATE legacy.ident SET iin = '2'; UPDATE legacy.zay SET iin = '2';
    $$ || statement), expected, expected) FROM (VALUES
    ($$UPDATE legacy.zay SET st = 'identified'$$, 'ok'),
    ($$UPDATE legacy.alias SET undone = now(); UPDATE legacy.zay SET st = 'identified'$$,
        '23514 identified legacy.zay.st not_identified in application z1'),
    ($$UPDATE legacy.zay SET st = 'identified'; UPDATE legacy.zay SET st = 'approved', dec = now(); UPDATE legacy.alias SET undone = now();
        INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (1, '2', 1, pg_temp.today(), 'active', 'z1')$$,
     '23514 basis legacy.prik.zid application_of_another_person in attachment 1')) c (statement, expected);
SELECT * FROM finish();
DROP OWNED BY evidence_oper;
DROP ROLE evidence_oper;

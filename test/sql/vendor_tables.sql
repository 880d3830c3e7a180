-- The guard on tables as vendors keep them: domains, generated and dropped columns, renamed ones, cascades, policies, triggers of others.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE ROLE tables_vendor;
CREATE SCHEMA legacy;
GRANT USAGE ON SCHEMA legacy TO tables_vendor;
CREATE DOMAIN legacy.code AS text CHECK (VALUE <> '');
CREATE DOMAIN legacy.day AS date CHECK (VALUE > '1900-01-01');
CREATE DOMAIN legacy.person_key AS bigint CHECK (VALUE > 0);
CREATE TABLE legacy.people (gone int, id legacy.person_key PRIMARY KEY, surname text, name text,
    full_name text GENERATED ALWAYS AS (surname || ' ' || name) STORED,
                            born legacy.day, died legacy.day, family int);
ALTER TABLE legacy.people DROP COLUMN gone;
CREATE TABLE legacy.clinic (code legacy.code PRIMARY KEY);
CREATE TABLE legacy.batch (id int PRIMARY KEY);
CREATE TABLE legacy.ward (code text PRIMARY KEY);
CREATE TABLE legacy.reason (code text PRIMARY KEY);
INSERT INTO legacy.batch VALUES (1);
INSERT INTO legacy.ward VALUES ('x'), ('B'), (''), ('skip');
INSERT INTO legacy.reason VALUES ('error'), ('moved_to_other'), ('death'), ('site_change'), ('duplicate'), ('left_region'), ('left_country');
CREATE TABLE legacy.att (id bigint PRIMARY KEY, pers legacy.person_key REFERENCES legacy.people ON DELETE CASCADE ON UPDATE CASCADE,
                         clinic legacy.code REFERENCES legacy.clinic ON UPDATE CASCADE ON DELETE SET NULL, st text, d1 legacy.day,
                             months int,
                         d2 date GENERATED ALWAYS AS (CASE WHEN months IS NOT NULL THEN (d1 + months * interval '1 month')::date
                             END) STORED,
                         end_reason text REFERENCES legacy.reason ON UPDATE CASCADE,
                             note text REFERENCES legacy.ward ON UPDATE CASCADE ON DELETE SET NULL,
                         stamp timestamptz, batch int REFERENCES legacy.batch ON DELETE CASCADE);
CREATE INDEX ON legacy.att (pers);
INSERT INTO legacy.people (id, surname, name, born, family) SELECT i, 'S' || i, 'N', '1980-01-01', i / 10 FROM generate_series(1, 30) i;
INSERT INTO legacy.clinic VALUES ('A'), ('B'), ('C');
INSERT INTO legacy.att (id, pers, clinic, st, d1) SELECT i, i, 'A', '1', '2020-01-01' FROM generate_series(1, 10) i;
UPDATE legacy.att SET note = 'x', batch = 1 WHERE id = 1;
INSERT INTO legacy.att (id, pers, clinic, st, d1, months, end_reason) VALUES (11, 11, 'A', '9', '2020-01-01', 12, 'error');
CREATE FUNCTION legacy.months_between(a date, b date) RETURNS int LANGUAGE sql IMMUTABLE
    RETURN extract(year FROM age(b, a)) * 12 + extract(month FROM age(b, a));
SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01');
SELECT osms.map('fund', 'person', 'legacy.people',
    '{"person": "id", "surname": "full_name", "birth_date": "(born::date)", "death_date": {"expression": "died::date", "column": "died", '
    '"write": "new.death_date"}}');
SELECT osms.map('fund', 'organisation', 'legacy.clinic', '{"organisation": "code"}');
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1::date",
      "until": {"expression": "d2", "column": "months", "write": "legacy.months_between(coalesce(new.since, new.until), new.until)"},
      "reason": "end_reason"}',
    states => '{"active": ["1"], "suspect": ["5"], "closed": ["9"], "annulled": ["0"]}', defaults => '{"stamp": "now()"}');
SELECT is_empty($$SELECT relation, problem FROM osms.check_registry('fund') WHERE severity = 'error'$$,
    'nothing stands in the way of the guard');
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', NULL);

CREATE FUNCTION pg_temp.story(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(concat_ws(' ', a.pers, a.clinic, a.st, a.d1, a.d2), ', ') FROM legacy.att a
        WHERE a.id = story.id),
        (SELECT string_agg(concat_ws(' ', event, relation, key, state_before, state_after, changed::text), ', ' ORDER BY entry)
            FROM fund.journal
         WHERE key = story.id::text OR relation = 'person'),
        (SELECT string_agg(concat_ws(' ', person, organisation, since, until), ', ') FROM fund.roster r
            WHERE r.attachment = story.id AND known_to = 'infinity'),
        (SELECT 'versions ' || count(*) FROM fund.roster r WHERE r.attachment = story.id),
        (SELECT string_agg(difference, ', ') FROM osms.verify('fund')))
$$;
CREATE FUNCTION pg_temp.told(what text, statement text, expected text, id bigint DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT is(pg_temp.verdict(statement, 'UTC', format('SELECT pg_temp.story(%s)', id)), expected, what)
$$;
\set at_rest '1 A 1 2020-01-01 | 1 A 2020-01-01 infinity | versions 1'

-- Domains and generated columns.
SELECT pg_temp.told(what, statement, expected, id) FROM (VALUES
('a closing by a generated end', 1, $$UPDATE legacy.att SET st = '9', months = 3, end_reason = 'error' WHERE id = 1$$,
 'ok 1 A 9 2020-01-01 2020-04-01 | U attachment 1 active closed {state,until,reason} | 1 A 2020-01-01 2020-04-01 | versions 2'),
('a generated end before the first day', 1, $$UPDATE legacy.att SET st = '9', months = -3, end_reason = 'error'
    WHERE id = 1$$, '23514 period legacy.att.d1 reversed in attachment 1'),
('by the view, through the inverse', 1, $$UPDATE fund.attachment SET state = 'closed', until = '2021-03-01', reason = 'error'
    WHERE attachment = 1$$,
 'ok 1 A 9 2020-01-01 2021-03-01 | U attachment 1 active closed {state,until,reason} | 1 A 2020-01-01 2021-03-01 | versions 2'),
('a domain refuses first', 1, $$INSERT INTO legacy.att (id, pers, clinic, st, d1) VALUES (50, -1, 'A', '1', '2024-01-01')$$,
 '23514 value for domain legacy.person_key violates check constraint "person_key_check"'),
('a key of a domain', 50, $$INSERT INTO legacy.att (id, pers, clinic, st, d1) VALUES (50, 20, 'B', '1', '2024-01-01')$$,
 'ok 20 B 1 2024-01-01 | I attachment 50 active | 20 B 2024-01-01 infinity | versions 1'),
('overlap', 50, $$INSERT INTO legacy.att (id, pers, clinic, st, d1)
    VALUES (50, 1, 'B', '1', '2024-01-01')$$, '23P01 one_attachment legacy.att.d1 overlap'),
('a death', 1, $$UPDATE legacy.people SET died = '2021-01-31' WHERE id = 1$$,
 'ok 1 A 9 2020-01-01 2021-02-01 | U person 1 {death_date}, U attachment 1 active closed {state,until,reason} | 1 A 2020-01-01 2021-02-01 '
 '| versions 2'),
('a generated name', 1, $$UPDATE legacy.people SET name = 'M' WHERE id = 1$$,
    'ok 1 A 1 2020-01-01 | U person 1 {surname} | 1 A 2020-01-01 infinity | versions 1')
) c (what, id, statement, expected);

-- What changes nothing leaves no version and no entry.
SELECT pg_temp.told('no trace: ' || statement, statement, 'ok ' || :'at_rest') FROM (VALUES
('UPDATE legacy.att SET id = id, pers = pers, clinic = clinic, st = st, d1 = d1, months = months'),
    ('UPDATE legacy.att SET note = ''x'', stamp = now()'),
('UPDATE fund.attachment SET state = state, until = until, reason = reason'), ('UPDATE legacy.people SET family = 5'),
    ('UPDATE fund.person SET death_date = death_date'),
('INSERT INTO legacy.att SELECT 1, 1, ''A'', ''1'', ''2024-01-01'' ON CONFLICT DO NOTHING'),
('INSERT INTO legacy.att VALUES (1, 1, ''A'', ''1'', ''2020-01-01'') ON CONFLICT (id) DO UPDATE SET note = ''x'''),
('INSERT INTO legacy.att VALUES (1, 1, ''A'', ''1'', ''2020-01-01'') ON CONFLICT (id) DO UPDATE SET st = ''9'' WHERE false'),
('MERGE INTO legacy.att a USING legacy.people p ON a.pers = p.id WHEN MATCHED THEN UPDATE SET st = a.st WHEN NOT MATCHED THEN DO NOTHING'),
('COPY legacy.att FROM PROGRAM ''true''')) s (statement);

-- Cascades of foreign keys into a guarded table, and out of one.
SELECT pg_temp.told(what, statement, expected, id) FROM (VALUES
('a deleted batch', 1, 'DELETE FROM legacy.batch', '23001 immutable legacy.att.id deleted in attachment 1'),
('a ward with another code', 1, 'UPDATE legacy.ward SET code = ''y'' WHERE code = ''x''', 'ok ' || :'at_rest'),
('a deleted ward', 1, 'DELETE FROM legacy.ward WHERE code = ''x''', 'ok ' || :'at_rest'),
('a reason with another code', 11, 'UPDATE legacy.reason SET code = ''penal_institution'' WHERE code = ''error''',
 'ok 11 A 9 2020-01-01 2021-01-01 | U attachment 11 closed closed {reason} | 11 A 2020-01-01 2021-01-01 | versions 1'),
('a reason with a code of no meaning', 11, 'UPDATE legacy.reason SET code = ''whatever'' WHERE code = ''error''',
    '23514 reason legacy.att.end_reason reason_unknown in attachment 11'),
('a deleted person', 1, 'DELETE FROM legacy.people WHERE id = 1', '23001 immutable legacy.people.id deleted'),
('a clinic with another code', 1, 'UPDATE legacy.clinic SET code = ''Z'' WHERE code = ''A''',
    '23001 immutable legacy.clinic.code changed_organisation in organisation Z'),
('where no rule stops it', 1,
    'SELECT osms.guard(''fund'', ''{"immutable": "off"}''); UPDATE legacy.clinic SET code = ''Z'' WHERE code = ''A''',
 'ok 1 Z 1 2020-01-01 | U attachment 1 active active {organisation} | 1 Z 2020-01-01 infinity | versions 2')) c (what, id, statement,
     expected);

-- Renamed columns: the guard reads on; so does the mapping; check_registry says which name is stale, guard mends it.
SELECT is(pg_temp.verdict('ALTER TABLE legacy.att RENAME end_reason TO why; ALTER TABLE legacy.att RENAME id TO number; ' || statement,
    probe => probe), expected, 'renamed: ' || what) FROM (VALUES
('the guard reads on', $$UPDATE legacy.att SET st = '9', months = -1, why = 'error'
    WHERE number = 1$$, NULL, '23514 period legacy.att.d1 reversed in attachment 1'),
('it is told', 'SELECT', $$SELECT string_agg(problem || ' ' || hint, '; ' ORDER BY problem) FROM osms.check_registry('fund')
    WHERE severity = 'warning' AND relation <> 'roster'$$,
 'ok the mapping writes column "end_reason", which legacy.att no longer has Run osms.guard() again, which notes its new name, "why": '
 'writing follows it.; ' ||
 'the mapping writes column "id", which legacy.att no longer has Run osms.guard() again, which notes its new name, "number": writing '
 'follows it.'),
('the view writes on', $$UPDATE fund.attachment SET state = 'closed', until = '2021-03-01', reason = 'error' WHERE attachment = 1$$,
 'SELECT concat_ws('' '', st, d2, why) FROM legacy.att WHERE number = 1', 'ok 9 2021-03-01 error'),
('guard mends it', $$SELECT osms.guard('fund')$$, $$SELECT string_agg(problem, '; ') FROM osms.check_registry('fund')
    WHERE severity = 'warning' AND relation <> 'roster'$$, 'ok'),
('and the view writes', $$SELECT osms.guard('fund'); UPDATE fund.attachment SET state = 'closed', until = '2021-03-01', reason = 'error'
    WHERE attachment = 1$$,
 'SELECT concat_ws('' '', st, d2, why) FROM legacy.att WHERE number = 1', 'ok 9 2021-03-01 error'),
('a death too', $$SELECT osms.guard('fund'); UPDATE legacy.people SET died = '2021-01-31' WHERE id = 1$$,
 'SELECT concat_ws('' '', st, d2, why) FROM legacy.att WHERE number = 1', 'ok 9 2021-02-01 death'),
('a default is mapped anew', 'ALTER TABLE legacy.att RENAME stamp TO at',
 $$SELECT hint FROM osms.check_registry('fund') WHERE problem = 'the mapping writes column "stamp", which legacy.att no longer has'$$,
 'ok Map the relation again with osms.map(); it is named in defaults.'),
('map and guard again', $$SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "number", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1::date",
     "until": {"expression": "d2", "column": "months", "write": "0"}, "reason": "why"}',
         states => '{"active": ["1"], "closed": ["9"], "annulled": ["0"]}'); SELECT osms.guard('fund');
   UPDATE legacy.att SET clinic = 'B' WHERE number = 1$$, NULL, '23001 immutable legacy.att.clinic changed_organisation in attachment 1')) c
       (what, statement, probe, expected);

-- Policies on what is guarded and what is looked up.
GRANT SELECT, INSERT, UPDATE ON legacy.att TO tables_vendor;
CREATE POLICY own ON legacy.att TO tables_vendor USING (clinic = 'B') WITH CHECK (clinic = 'B');
ALTER TABLE legacy.att ENABLE ROW LEVEL SECURITY;
ALTER TABLE legacy.people ENABLE ROW LEVEL SECURITY;
ALTER TABLE legacy.clinic ENABLE ROW LEVEL SECURITY;
SELECT pg_temp.told(what, 'SET LOCAL ROLE tables_vendor; ' || statement || '; RESET ROLE', expected, 50) FROM (VALUES
('a policy hides no overlap', $$INSERT INTO legacy.att (id, pers, clinic, st, d1) VALUES (50, 1, 'B', '1', '2024-01-01')$$,
    '23P01 one_attachment legacy.att.d1 overlap'),
('a policy hides no person', $$INSERT INTO legacy.att (id, pers, clinic, st, d1) VALUES (50, 20, 'B', '1', '2024-01-01')$$,
 'ok 20 B 1 2024-01-01 | I attachment 50 active | 20 B 2024-01-01 infinity | versions 1'),
('a policy refuses what it refuses', $$INSERT INTO legacy.att (id, pers, clinic, st, d1) VALUES (50, 20, 'A', '1', '2024-01-01')$$,
 '42501 new row violates row-level security policy for table "att"'),
('a row that a policy hides is not updated', $$UPDATE legacy.att SET clinic = 'B'
    WHERE id = 1$$, 'ok versions 0')) c (what, statement, expected);
SELECT pg_temp.told('a death reaches a row that policies hide', $$UPDATE legacy.people SET died = '2021-01-31' WHERE id = 1$$,
    'ok 1 A 9 2020-01-01 2021-02-01 | U person 1 {death_date}, U attachment 1 active closed {state,until,reason} | 1 A 2020-01-01 '
    '2021-02-01 | versions 2');

-- Triggers of others: before ours and after, by name; one that skips rows, one that writes on.
CREATE FUNCTION legacy.stamped() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN NEW.stamp := now(); IF NEW.note = 'B' THEN NEW.clinic := 'B'; END IF; RETURN NEW; END $$;
CREATE FUNCTION legacy.skipped() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN IF NEW.note = 'skip' THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE FUNCTION legacy.closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- one attachment after the other: the vendor's program relies on it
    UPDATE legacy.att SET st = '9', months = 48, end_reason = 'moved_to_other' WHERE pers = NEW.pers AND id <> NEW.id AND st = '1';
    RETURN NULL;
END $$;
SELECT pg_temp.told(what || ', ' || name,
    format('CREATE TRIGGER %s BEFORE INSERT OR UPDATE ON legacy.att FOR EACH ROW EXECUTE FUNCTION legacy.%s(); %s', name, f, statement),
    expected, 50)
FROM (VALUES
('a row changed for good', 'stamped', $$INSERT INTO legacy.att (id, pers, clinic, st, d1, note)
    VALUES (50, 20, 'A', '1', '2024-01-01', 'B')$$,
 'ok 20 B 1 2024-01-01 | I attachment 50 active | 20 B 2024-01-01 infinity | versions 1'),
('a row changed for bad', 'stamped', $$UPDATE legacy.att SET note = 'B'
    WHERE id = 1$$, '23001 immutable legacy.att.clinic changed_organisation in attachment 1'),
('a row skipped', 'skipped', $$INSERT INTO legacy.att (id, pers, clinic, st, d1, note)
    VALUES (50, 20, 'A', '1', '2024-01-01', 'skip')$$, 'ok versions 0'),
('one skipped of two', 'skipped', $$INSERT INTO legacy.att (id, pers, clinic, st, d1, note)
    VALUES (50, 20, 'A', '1', '2024-01-01', ''), (51, 21, 'A', '1', '2024-01-01', 'skip')$$,
 'ok 20 A 1 2024-01-01 | I attachment 50 active | 20 A 2024-01-01 infinity | versions 1')) c (what, f, statement, expected),
     unnest('{aa_first,zzzz_last}'::text[]) name;
SELECT pg_temp.told('a vendor''s trigger closes the one before, ' || name, format($$CREATE TRIGGER %s AFTER INSERT
    ON legacy.att FOR EACH ROW EXECUTE FUNCTION legacy.closing();
    INSERT INTO legacy.att (id, pers, clinic, st, d1) VALUES (50, 1, 'B', '1', '2024-01-01')$$, name),
    'ok 1 B 1 2024-01-01 | I attachment 50 active | 1 B 2024-01-01 infinity | versions 1', 50)
FROM unnest('{aa_first,zzzz_last}'::text[]) name;

SET client_min_messages = error;
DROP SCHEMA fund, legacy CASCADE;
DROP ROLE tables_vendor;
SELECT * FROM finish();

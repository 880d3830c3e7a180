-- The guard on partitioned tables: attachments by state, the closed ones by year, in leaves of other shapes; persons by hash.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE SCHEMA legacy;
CREATE TABLE legacy.people (code text PRIMARY KEY, born date, died date) PARTITION BY HASH (code);
CREATE TABLE legacy.people_0 PARTITION OF legacy.people FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE legacy.people_1 (died date, gone int, born date, code text NOT NULL);
ALTER TABLE legacy.people_1 DROP COLUMN gone;
ALTER TABLE legacy.people ATTACH PARTITION legacy.people_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE legacy.clinic (code text PRIMARY KEY);
CREATE TABLE legacy.att (gone int, id bigint NOT NULL, pers text, clinic text, st text, d1 date, d2 date, why text, note text,
                         long int GENERATED ALWAYS AS (d2 - d1) STORED) PARTITION BY LIST (st);
ALTER TABLE legacy.att DROP COLUMN gone;
CREATE TABLE legacy.att_live PARTITION OF legacy.att FOR VALUES IN ('1', '5');
CREATE TABLE legacy.att_past (why text, note text, d2 date, d1 date, gone int, st text, clinic text, pers text, id bigint NOT NULL,
                              long int GENERATED ALWAYS AS (d2 - d1) STORED) PARTITION BY RANGE (d1);
ALTER TABLE legacy.att_past DROP COLUMN gone;
ALTER TABLE legacy.att ATTACH PARTITION legacy.att_past FOR VALUES IN ('9', '0', '8');
CREATE TABLE legacy.att_old (id bigint NOT NULL, pers text, odd int, clinic text, d1 date, d2 date, st text, why text, note text,
                             long int GENERATED ALWAYS AS (d2 - d1) STORED);
ALTER TABLE legacy.att_old DROP COLUMN odd;
ALTER TABLE legacy.att_past ATTACH PARTITION legacy.att_old FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE legacy.att_new PARTITION OF legacy.att_past FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
CREATE UNIQUE INDEX ON legacy.att (id, st, d1);
CREATE INDEX ON legacy.att (pers);
CREATE TABLE legacy.state (code text PRIMARY KEY);
INSERT INTO legacy.state VALUES ('0'), ('1'), ('5'), ('7'), ('9');
ALTER TABLE legacy.att ADD FOREIGN KEY (st) REFERENCES legacy.state ON UPDATE CASCADE ON DELETE CASCADE;
INSERT INTO legacy.people SELECT 'p' || i, '1980-01-01' FROM generate_series(1, 30) i;
INSERT INTO legacy.clinic VALUES ('A'), ('B'), ('C');
INSERT INTO legacy.att (id, pers, clinic, st, d1) SELECT i, 'p' || i, 'A', '1', '2020-01-01' FROM generate_series(1, 10) i;
INSERT INTO legacy.att (id, pers, clinic, st, d1, d2, why)
VALUES (11, 'p11', 'A', '9', '2020-01-01', '2021-01-01', 'error'), (12, 'p12', 'B', '9', '2024-03-01', '2024-06-01', 'error'),
       (13, 'p13', 'A', '1', '2021-01-01', '2020-01-01', NULL);		-- reversed, as it was found
SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "code", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('fund', 'organisation', 'legacy.clinic', '{"organisation": "code"}');
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "suspect": ["5"], "closed": ["9", "8"], "annulled": ["0"]}');
SELECT is_empty($$SELECT relation, problem FROM osms.check_registry('fund') WHERE severity = 'error'$$,
    'nothing stands in the way of the guard');
SELECT is(pg_temp.verdict('DROP INDEX legacy.att_pers_idx; CREATE INDEX ON legacy.att_live (pers); CREATE INDEX ON legacy.att_old (pers)',
    probe =>
    $$SELECT problem FROM osms.check_registry('fund') WHERE severity = 'error'$$), 'ok rows cannot be found by "person" through an index',
    'an index that one leaf lacks is missed');
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', NULL);
SELECT results_eq($$SELECT relation, source::text, triggers, problem FROM osms.guards WHERE source::text LIKE 'legacy.%'
    ORDER BY relation$$,
    $$VALUES ('attachment', 'legacy.att', 25::bigint, NULL), ('organisation', 'legacy.clinic', 5, NULL),
        ('person', 'legacy.people', 15, NULL)$$,
    'triggers stand on every table of a tree, the guard is shown once');

-- What a statement leaves: the row and where it lies, entries of the journal, current version of the roster.
CREATE FUNCTION pg_temp.story(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', (SELECT string_agg(concat_ws(' ', tableoid::regclass, st, d1, d2), ', ') FROM legacy.att a
        WHERE a.id = story.id),
        (SELECT string_agg(concat_ws(' ', event, relation, state_before, state_after, changed::text), ', ' ORDER BY entry) FROM fund.journal
         WHERE key = story.id::text OR relation = 'person'),
        (SELECT string_agg(concat_ws(' ', organisation, since, until), ', ') FROM fund.roster r
            WHERE r.attachment = story.id AND known_to = 'infinity'),
        (SELECT string_agg(difference, ', ') FROM osms.verify('fund')))
$$;
CREATE TABLE legacy.staged (id bigint, pers text, st text, d1 date, d2 date);
INSERT INTO legacy.staged VALUES (1, 'p1', '9', '2020-01-01', '2025-01-01'), (50, 'p20', '1', '2024-02-01', NULL);

SELECT is(pg_temp.verdict(statement, 'UTC', format('SELECT pg_temp.story(%s)', id)), expected, what) FROM (VALUES
-- moves
('a closing moves the row two levels down', 1, $$UPDATE legacy.att SET st = '9', d2 = '2025-01-01', why = 'error' WHERE id = 1$$,
 'ok legacy.att_old 9 2020-01-01 2025-01-01 | U attachment active closed {state,until,reason} | A 2020-01-01 2025-01-01'),
('by the view', 1, $$UPDATE fund.attachment SET state = 'closed', until = '2025-01-01', reason = 'error' WHERE attachment = 1$$,
 'ok legacy.att_old 9 2020-01-01 2025-01-01 | U attachment active closed {state,until,reason} | A 2020-01-01 2025-01-01'),
('by ON CONFLICT there is no way', 1, $$INSERT INTO legacy.att (id, pers, clinic, st, d1)
    VALUES (1, 'p1', 'A', '1', '2020-01-01') ON CONFLICT (id) DO UPDATE SET st = '9'$$,
 '42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification'),
('a move with an old defect', 13, $$UPDATE legacy.att SET st = '0', why = 'error' WHERE id = 13$$,
 'ok legacy.att_old 0 2021-01-01 2020-01-01 | U attachment active annulled {state,reason}'),
('a move within the intermediate table', 12, $$UPDATE legacy.att SET d1 = '2023-03-01' WHERE id = 12$$,
 '23001 immutable legacy.att.d1 changed_since in attachment 12'),
('a move that is not lawful', 11, $$UPDATE legacy.att SET st = '1', d2 = NULL
    WHERE id = 11$$, '23514 transition legacy.att.st no_such_step in attachment 11'),
('a move of what is not mapped', 1, $$UPDATE legacy.att SET st = '1', note = 'x'
    WHERE id = 1$$, 'ok legacy.att_live 1 2020-01-01 | A 2020-01-01 infinity'),
('many moves', 7, $$UPDATE legacy.att SET st = '9', d2 = '2025-01-01', why = 'error' WHERE id < 10$$,
 'ok legacy.att_old 9 2020-01-01 2025-01-01 | U attachment active closed {state,until,reason} | A 2020-01-01 2025-01-01'),
-- statements that name the root, an intermediate table, a leaf
('insert into the root', 50, $$INSERT INTO legacy.att (id, pers, clinic, st, d1) VALUES (50, 'p20', 'B', '1', '2024-02-01')$$,
 'ok legacy.att_live 1 2024-02-01 | I attachment active | B 2024-02-01 infinity'),
('insert into a leaf', 50, $$INSERT INTO legacy.att_live (id, pers, clinic, st, d1) VALUES (50, 'p20', 'B', '1', '2024-02-01')$$,
 'ok legacy.att_live 1 2024-02-01 | I attachment active | B 2024-02-01 infinity'),
('insert into an intermediate table', 50, $$INSERT INTO legacy.att_past (id, pers, clinic, st, d1, d2, why)
    VALUES (50, 'p20', 'B', '9', '2023-02-01', '2023-05-01', 'error')$$,
 'ok legacy.att_old 9 2023-02-01 2023-05-01 | I attachment closed | B 2023-02-01 2023-05-01'),
('insert into a leaf of another shape', 50, $$INSERT INTO legacy.att_old
    VALUES (50, 'p20', 'B', '2023-02-01', '2023-05-01', '9', 'error', 'x')$$,
 'ok legacy.att_old 9 2023-02-01 2023-05-01 | I attachment closed | B 2023-02-01 2023-05-01'),
('refused by a leaf of another shape', 50, $$INSERT INTO legacy.att_old
    VALUES (50, 'nobody', 'B', '2023-02-01', '2023-05-01', '9', 'error', 'x')$$,
 '23503 person_known legacy.att.pers unknown_person in attachment 50'),
('reversed, in a leaf', 50, $$INSERT INTO legacy.att_old VALUES (50, 'p20', 'B', '2023-02-01', '2022-05-01', '9', 'error', 'x')$$,
 '23514 period legacy.att.d1 reversed in attachment 50'),
('update of a leaf', 1, $$UPDATE legacy.att_live SET st = '5', why = 'error' WHERE id = 1$$,
 'ok legacy.att_live 5 2020-01-01 | U attachment active suspect {state,reason} | A 2020-01-01 infinity'),
('update of a leaf of another shape', 11, $$UPDATE legacy.att_old SET st = '0', why = 'unlawful' WHERE id = 11$$,
 'ok legacy.att_old 0 2020-01-01 2021-01-01 | U attachment closed annulled {state,reason}'),
('refused by an intermediate table', 11, $$UPDATE legacy.att_past SET clinic = 'C' WHERE id = 11$$,
 '23001 immutable legacy.att.clinic changed_organisation in attachment 11'),
('delete from a leaf', 11, 'DELETE FROM legacy.att_old WHERE id = 11', '23001 immutable legacy.att.id deleted in attachment 11'),
('delete from the root', 11, 'DELETE FROM legacy.att WHERE id = 11', '23001 immutable legacy.att.id deleted in attachment 11'),
('truncate a leaf', 11, 'TRUNCATE legacy.att_new', '23001 immutable legacy.att.id truncated'),
('truncate an intermediate table', 11, 'TRUNCATE legacy.att_past', '23001 immutable legacy.att.id truncated'),
('truncate the root', 11, 'TRUNCATE legacy.att', '23001 immutable legacy.att.id truncated'),
('copy into the root', 50, $$COPY legacy.att (id, pers, clinic, st, d1) FROM PROGRAM 'printf "50\tp20\tB\t1\t2024-02-01\n"'$$,
 'ok legacy.att_live 1 2024-02-01 | I attachment active | B 2024-02-01 infinity'),
('copy into a leaf', 50, $$COPY legacy.att_old (pers, id, st, clinic, d1, d2, why)
    FROM PROGRAM 'printf "p20\t50\t9\tB\t2023-02-01\t2023-05-01\terror\n"'$$,
 'ok legacy.att_old 9 2023-02-01 2023-05-01 | I attachment closed | B 2023-02-01 2023-05-01'),
('copy what is not lawful', 50, $$COPY legacy.att_live (id, pers, clinic, st, d1) FROM PROGRAM 'printf "50\tnobody\tB\t1\t2024-02-01\n"'$$,
 '23503 person_known legacy.att.pers unknown_person in attachment 50'),
('on conflict in a leaf', 1, $$CREATE UNIQUE INDEX ON legacy.att_live (id);
  INSERT INTO legacy.att_live (id, pers, clinic, st, d1) VALUES (1, 'p1', 'A', '1', '2020-01-01') ON CONFLICT (id) DO UPDATE SET st = '5',
      why = 'error'$$,
 'ok legacy.att_live 5 2020-01-01 | U attachment active suspect {state,reason} | A 2020-01-01 infinity'),
('on conflict do nothing', 1, $$CREATE UNIQUE INDEX ON legacy.att_live (id);
  INSERT INTO legacy.att_live (id, pers, clinic, st, d1) VALUES (1, 'p1', 'A', '1', '2025-05-01') ON CONFLICT DO NOTHING$$,
 'ok legacy.att_live 1 2020-01-01 | A 2020-01-01 infinity'),
('merge', 50, $$MERGE INTO legacy.att a USING legacy.staged s ON a.id = s.id WHEN MATCHED THEN UPDATE SET st = '5', why = 'error'
  WHEN NOT MATCHED THEN INSERT (id, pers, clinic, st, d1) VALUES (s.id, s.pers, 'B', s.st, s.d1)$$,
 'ok legacy.att_live 1 2024-02-01 | I attachment active | B 2024-02-01 infinity'),
-- PostgreSQL shows no trigger what MERGE moves
('merge moves', 1, $$MERGE INTO legacy.att a USING legacy.staged s ON a.id = s.id WHEN MATCHED THEN UPDATE SET st = s.st, d2 = s.d2,
    why = 'error'$$,
 '0A000 MERGE into "att" moves rows between partitions, which hides them from its guard'),
('merge moves and inserts', 1, $$MERGE INTO legacy.att a USING legacy.staged s ON a.id = s.id WHEN MATCHED THEN UPDATE SET st = s.st,
    d2 = s.d2, why = 'error'
  WHEN NOT MATCHED THEN INSERT (id, pers, clinic, st, d1) VALUES (s.id, s.pers, 'B', s.st, s.d1)$$,
 '0A000 MERGE into "att" moves rows between partitions, which hides them from its guard'),
('a second attachment in another leaf', 51, $$INSERT INTO legacy.att_new (id, pers, clinic, st, d1, d2, why, note)
    VALUES (51, 'p1', 'B', '9', '2024-02-01', '2024-05-01', 'error', 'x')$$,
 '23P01 one_attachment legacy.att.d1 overlap'),
-- cascades of a foreign key
('a cascade deletes rows', 11, $$DELETE FROM legacy.state WHERE code = '9'$$, '23001 immutable legacy.att.id deleted in attachment 11'),
('a cascade moves rows, lawfully', 1, $$UPDATE legacy.att SET d2 = '2025-01-01', why = 'error', st = '5' WHERE id = 1;
  UPDATE legacy.state SET code = '8' WHERE code = '5'$$,
 'ok legacy.att_old 8 2020-01-01 2025-01-01 | U attachment active suspect {state,until,reason}, U attachment suspect closed {state} | A '
 '2020-01-01 2025-01-01'),
-- persons
('a death, through the root', 1, $$UPDATE legacy.people SET died = '2025-03-01' WHERE code = 'p1'$$,
 'ok legacy.att_old 9 2020-01-01 2025-03-02 | U person {death_date}, U attachment active closed {state,until,reason} | A 2020-01-01 '
 '2025-03-02'),
('deaths, through the leaves', 1, $$UPDATE legacy.people_0 SET died = '2025-03-01' WHERE code = 'p1';
    UPDATE legacy.people_1 SET died = '2025-03-01' WHERE code = 'p1'$$,
 'ok legacy.att_old 9 2020-01-01 2025-03-02 | U person {death_date}, U attachment active closed {state,until,reason} | A 2020-01-01 '
 '2025-03-02')
) c (what, id, statement, expected);

-- Trees that change.
CREATE TABLE legacy.att_more (LIKE legacy.att INCLUDING GENERATED);
INSERT INTO legacy.att_more (id, pers, clinic, st, d1) VALUES (60, 'p21', 'A', '7', '2024-01-01');
SELECT is(pg_temp.verdict(change || '; ' || write), expected, change || '; ' || write) FROM (VALUES
($$CREATE TABLE legacy.att_none PARTITION OF legacy.att DEFAULT$$, $$INSERT INTO legacy.att (id, pers, clinic, st, d1)
    VALUES (50, 'p20', 'A', '7', '2024-01-01')$$,
 '55000 table "att_none" lacks the statement trigger of its guard'),
($$CREATE TABLE legacy.att_none PARTITION OF legacy.att DEFAULT$$,
    $$INSERT INTO legacy.att (id, pers, clinic, st, d1) VALUES (50, 'p20', 'A', '1', '2024-01-01')$$, 'ok'),
($$ALTER TABLE legacy.att ATTACH PARTITION legacy.att_more DEFAULT$$, $$INSERT INTO legacy.att_more (id, pers, clinic, st, d1)
    VALUES (50, 'p20', 'A', '7', '2024-01-01')$$,
 '55000 table "att_more" lacks the statement trigger of its guard'),
($$ALTER TABLE legacy.att ATTACH PARTITION legacy.att_more DEFAULT$$, 'UPDATE legacy.att_more SET clinic = ''B''',
    '55000 table "att_more" lacks the statement trigger of its guard'),
($$ALTER TABLE legacy.att ATTACH PARTITION legacy.att_more DEFAULT$$, 'DELETE FROM legacy.att_more',
    '55000 table "att_more" lacks the statement trigger of its guard'),
('ALTER TABLE ONLY legacy.att DISABLE TRIGGER zz_osms_attachment_insert', $$INSERT INTO legacy.att_live (id, pers, clinic, st, d1)
    VALUES (50, 'p20', 'A', '1', '2024-01-01')$$,
 '55000 table "att_live" lacks the statement trigger of its guard'),
('DROP TRIGGER zz_osms_attachment_update ON legacy.att_past', 'UPDATE legacy.att_old SET note = ''x''',
    '55000 table "att_old" lacks the statement trigger of its guard'),
('DROP TRIGGER zz_osms_attachment_update ON legacy.att_past', 'UPDATE legacy.att_live SET note = ''x''', 'ok'),
('DROP TRIGGER zz_osms_attachment_update ON legacy.att_past; SELECT osms.guard(''fund'')', 'UPDATE legacy.att_old SET note = ''x''', 'ok'),
('ALTER TABLE ONLY legacy.att_old DISABLE TRIGGER USER; SELECT osms.guard(''fund'')', 'UPDATE legacy.att_old SET clinic = ''C''',
 '23001 immutable legacy.att.clinic changed_organisation in attachment 11'),
('ALTER TABLE legacy.att DETACH PARTITION legacy.att_live', 'UPDATE legacy.att_live SET note = ''x''',
    '55000 relation "attachment" of registry "fund" does not map table "att_live"'),
('ALTER TABLE legacy.att DETACH PARTITION legacy.att_live; SELECT osms.guard(''fund'')', 'TRUNCATE legacy.att_live', 'ok'),
('ALTER TABLE legacy.att_past DETACH PARTITION legacy.att_old; ALTER TABLE legacy.att_past ATTACH PARTITION legacy.att_old FOR VALUES FROM '
    '(MINVALUE) TO (''2024-01-01'')',
 'UPDATE legacy.att SET clinic = ''C''  WHERE id = 11', '23001 immutable legacy.att.clinic changed_organisation in attachment 11'),
('CREATE TABLE legacy.above (LIKE legacy.people) PARTITION BY LIST (code); ALTER TABLE legacy.above ATTACH PARTITION legacy.people DEFAULT',
 'INSERT INTO legacy.above VALUES (''p40'')', '55000 relation "person" of registry "fund" does not map table "above"'),
('CREATE TABLE legacy.parent (code text); ALTER TABLE legacy.clinic INHERIT legacy.parent', 'UPDATE legacy.parent SET code = ''D''',
 '55000 guarded table "clinic" inherits from another table'),
('CREATE TABLE legacy.parent (code text); ALTER TABLE legacy.clinic INHERIT legacy.parent', 'SELECT osms.guard(''fund'')',
 '55000 registry "fund" cannot be guarded: table legacy.clinic inherits from another table, through which it can be written unseen'),
('CREATE TABLE legacy.above (LIKE legacy.people) PARTITION BY LIST (code); ALTER TABLE legacy.above ATTACH PARTITION legacy.people DEFAULT',
 'SELECT osms.guard(''fund'')', '55000 registry "fund" cannot be guarded: table legacy.people is a partition of legacy.above'),
('ALTER TABLE legacy.att DROP CONSTRAINT att_st_fkey; DROP INDEX legacy.att_id_st_d1_idx; CREATE UNIQUE INDEX ON legacy.att_live (id); '
    'CREATE UNIQUE INDEX ON legacy.att_old (id); CREATE UNIQUE INDEX ON legacy.att_new (id); CREATE EXTENSION postgres_fdw; CREATE SERVER '
    'far FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE legacy.far PARTITION OF legacy.att DEFAULT SERVER far',
 'SELECT osms.guard(''fund'')',
     '55000 registry "fund" cannot be guarded: partition legacy.far of legacy.att is a foreign table, whose rows no guard sees')
) c (change, write, expected);
SELECT is(pg_temp.verdict(change, probe => $$SELECT string_agg(concat_ws(': ', source, problem), '; ' ORDER BY source::text)
    FROM osms.guards
                          WHERE problem IS NOT NULL$$), expected, 'osms.guards: ' || change) FROM (VALUES
('ALTER TABLE legacy.att ATTACH PARTITION legacy.att_more DEFAULT', 'ok legacy.att: 4 triggers are missing on legacy.att_more'),
('DROP TRIGGER zz_osms_attachment_delete ON legacy.att', 'ok legacy.att: 1 triggers are missing on legacy.att'),
('ALTER TABLE legacy.att_old DISABLE TRIGGER zz_osms_attachment_row', 'ok legacy.att: disabled: zz_osms_attachment_row on legacy.att_old'),
('ALTER TABLE legacy.att DETACH PARTITION legacy.att_live',
 'ok legacy.att_live: the registry does not read this table; 1 triggers are missing'),
('ALTER TABLE legacy.att DETACH PARTITION legacy.att_live; SELECT osms.guard(''fund'')', 'ok')) c (change, expected);
-- rows that came with a partition
ALTER TABLE legacy.att ATTACH PARTITION legacy.att_more DEFAULT;
SELECT osms.map('fund', 'attachment', 'legacy.att',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1", "7"], "suspect": ["5"], "closed": ["9", "8"], "annulled": ["0"]}');
SELECT osms.guard('fund');
SELECT is(roster_complete, false, 'what a partition brought is not on the roster') FROM fund.setting;
SELECT is(pg_temp.verdict('UPDATE legacy.att SET st = ''9'', d2 = ''2025-01-01'', why = ''error'' WHERE id = 60', 'UTC',
    'SELECT pg_temp.story(60)'),
    'ok legacy.att_new 9 2024-01-01 2025-01-01 | U attachment active closed {state,until,reason} | A 2024-01-01 2025-01-01',
        'it is entered with the first write');
CALL osms.fill_roster('fund', NULL);
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'or by osms.fill_roster');

-- A vendor who may write a leaf and read nothing; the owner of a leaf must be one who may read the registry.
CREATE ROLE partitions_vendor;
GRANT USAGE ON SCHEMA legacy TO partitions_vendor;
GRANT INSERT ON legacy.att_old TO partitions_vendor;
SET ROLE partitions_vendor;
SELECT is(pg_temp.verdict($$INSERT INTO legacy.att_old VALUES (70, 'p20', 'B', '2023-02-01', '2023-05-01', '9', 'error', 'x')$$), 'ok',
    'a vendor writes a leaf');
SELECT is(pg_temp.verdict($$INSERT INTO legacy.att_old VALUES (70, 'p1', 'B', '2023-02-01', '2023-05-01', '9', 'error', 'x')$$),
    '23514 basis legacy.att. no_basis', 'and is judged, though not told of others');
RESET ROLE;
ALTER TABLE legacy.att_old OWNER TO partitions_vendor;
SELECT is(pg_temp.verdict($$INSERT INTO legacy.att_old VALUES (70, 'p20', 'B', '2023-02-01', '2023-05-01', '9', 'error', 'x')$$),
    '42501 owner of guarded table "att_old" may not read registry "fund"', 'the owner of a leaf counts');
SELECT is(pg_temp.verdict('SELECT osms.guard(''fund'')'),
    '55000 registry "fund" cannot be guarded: the owner of table legacy.att_old may not read the registry',
    'and is looked at beforehand');
SELECT results_eq($$SELECT problem FROM osms.check_registry('fund') WHERE severity = 'info' AND problem LIKE '%switched off%'$$,
    $$VALUES ('the guard of legacy.att could be switched off by partitions_vendor')$$, 'who could switch the guard off is told');
ALTER TABLE legacy.att_old OWNER TO CURRENT_USER;

SELECT osms.unguard('fund');
SELECT is_empty('SELECT FROM osms.guard_trigger', 'unguard takes the triggers from the whole tree');
DROP OWNED BY partitions_vendor;
DROP ROLE partitions_vendor;
SELECT * FROM finish();

-- Who is told as the writer, in the journal and to the rules: the role as which the statement ran that wrote the table, on every version. A
-- foreign key's cascade
-- runs as the owner of the table; its statement triggers run as whoever fired it before PostgreSQL 18, and as the owner since.
SET client_min_messages = error;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE ROLE writer_vend; CREATE ROLE writer_boss;
CREATE SCHEMA l AUTHORIZATION writer_boss;
GRANT USAGE ON SCHEMA l TO writer_vend;
CREATE TABLE l.people (id int PRIMARY KEY, born date, died date);
CREATE TABLE l.state (code text PRIMARY KEY);
INSERT INTO l.state VALUES ('1'), ('5'), ('9'), ('0');
CREATE TABLE l.att (id bigint PRIMARY KEY, pers int, clinic int, st text REFERENCES l.state ON UPDATE CASCADE, d1 date, d2 date, why text,
    note int UNIQUE,
                    before int REFERENCES l.att (note) ON UPDATE CASCADE);
CREATE INDEX ON l.att (pers);
ALTER TABLE l.people OWNER TO writer_boss; ALTER TABLE l.att OWNER TO writer_boss; ALTER TABLE l.state OWNER TO writer_vend;
INSERT INTO l.people SELECT i, '1980-01-01' FROM generate_series(1, 20) i;
INSERT INTO l.att SELECT i, i, 10, '1', '2020-01-01', NULL, NULL, i FROM generate_series(1, 5) i;
UPDATE l.att SET before = 3 WHERE id = 4;
SELECT osms.create_registry('rf', tables => false, cut_over => '2018-01-01');
SELECT osms.map('rf', 'person', 'l.people', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('rf', 'attachment', 'l.att',
    '{"attachment": "id", "person": "pers", "organisation": "clinic", "site": "before::text", "state": "st", "since": "d1", "until": "d2", '
    '"reason": "why"}',
    states => '{"active": ["1", "11"], "suspect": ["5", "6"], "closed": ["9"], "annulled": ["0"]}');
GRANT USAGE ON SCHEMA rf TO writer_boss, writer_vend;
GRANT SELECT ON rf.roster, rf.person TO writer_boss;
SELECT osms.guard('rf', '{"immutable": "off", "basis": "off"}');
CALL osms.fill_roster('rf', NULL);
GRANT INSERT, UPDATE (st, d2, why, note), SELECT (id, pers, note) ON l.att TO writer_vend;
GRANT SELECT, UPDATE, INSERT ON rf.attachment TO writer_vend;
CREATE FUNCTION l.close_one(one bigint) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'UPDATE l.att SET st = ''9'', d2 = (now() AT TIME ZONE ''Asia/Almaty'')::date, why = ''error'' WHERE id = one';
ALTER FUNCTION l.close_one OWNER TO writer_boss;

SELECT is(pg_temp.verdict('SET LOCAL ROLE writer_vend; ' || statement || '; RESET ROLE',
    probe => 'SELECT string_agg(concat_ws('' '', j.actor, j.event, j.key, j.state_before, j.state_after, j.changed), '', '' ORDER BY '
        'j.entry) FROM rf.journal j WHERE j.relation = ''attachment'''), expected, what)
FROM (VALUES
('the table', $$UPDATE l.att SET st = '5', why = 'error' WHERE id = 1$$, 'ok writer_vend U 1 active suspect {state,reason}'),
('the view', $$UPDATE rf.attachment SET state = 'suspect', reason = 'error'
    WHERE attachment = 1$$, 'ok writer_vend U 1 active suspect {state,reason}'),
('a cascade', $$UPDATE l.att SET st = '5', why = 'error' WHERE id IN (1, 2); UPDATE l.state SET code = '11' WHERE code = '5'$$,
 'ok writer_vend U 1 active suspect {state,reason}, writer_vend U 2 active suspect {state,reason}, writer_boss U 1 suspect active {state}, '
 'writer_boss U 2 suspect active {state}'),
('a cascade within the table', $$UPDATE l.att SET note = 30, st = '5', why = 'error'
    WHERE id = 3$$, 'ok writer_vend U 3 active suspect {state,reason}, writer_vend U 4 active active {site}'),
('a function of the owner', $$SELECT l.close_one(1)$$, 'ok writer_boss U 1 active closed {state,until,reason}'),
('a function of the owner, with a cascade beside it', $$SELECT l.close_one(1); UPDATE l.att SET st = '5', why = 'error' WHERE id = 2;
    UPDATE l.state SET code = '7' WHERE code = '0'$$,
 'ok writer_boss U 1 active closed {state,until,reason}, writer_vend U 2 active suspect {state,reason}')) c (what, statement, expected);

-- what a refusal tells: the owner may read the key of the row, who fired the cascade may not
REVOKE SELECT ON l.att FROM writer_vend;
GRANT SELECT (st) ON l.att TO writer_vend;
SELECT is(pg_temp.verdict(format('SET LOCAL ROLE %s; UPDATE l.state SET code = ''8'' WHERE code = ''1''', role)), expected,
    'a refused cascade, told to ' || role)
FROM (VALUES ('writer_vend', '23514 transition l.att.st unmapped_state'),
    ('postgres', '23514 transition l.att.st unmapped_state in attachment 1')) c (role, expected);

-- an import covers what is written as the owner, a cascade too, and nothing else
GRANT SELECT ON l.att TO writer_vend;
SELECT is(pg_temp.verdict($$SET LOCAL ROLE writer_boss; SELECT osms.import_begin('rf', 'letter 1'); $$ || statement || $$;
    SET LOCAL ROLE writer_boss; SELECT osms.import_end('rf'); RESET ROLE$$,
    probe => 'SELECT string_agg(concat_ws('' '', j.actor, j.event, j.key, j.state_before, j.state_after, j.until), '', '' ORDER BY '
        'j.entry) FROM rf.journal j WHERE j.relation = ''attachment'''), expected, 'in an import: ' || what)
FROM (VALUES
('its owner', $$INSERT INTO l.att (id, pers, clinic, st, d1, why) VALUES (9, 9, 10, '5', '2019-01-01', 'error')$$,
    'ok writer_boss I 9 suspect'),
('another', $$SET LOCAL ROLE writer_vend; INSERT INTO l.att (id, pers, clinic, st, d1, why) VALUES (9, 9, 10, '5', '2019-01-01', 'error')$$,
    '23514 basis l.att. no_basis in attachment 9'),
('another by the view', $$SET LOCAL ROLE writer_vend; INSERT INTO rf.attachment (attachment, person, organisation, state, since, reason)
    VALUES (9, 9, 10, 'suspect', '2019-01-01', 'error')$$,
 '23514 basis l.att. no_basis in attachment 9')) c (what, statement, expected);
SET client_min_messages = error;
DROP SCHEMA rf, l CASCADE;
DROP ROLE writer_vend, writer_boss;
SELECT * FROM finish();

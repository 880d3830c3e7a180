-- A trigger of a guarded table, or a foreign key, writes rows of the statement that fired it again before that is judged (security/31 and
-- its kind).
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE FUNCTION pg_temp.make(registry text, legacy text, parted boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', legacy);
    EXECUTE format('CREATE TABLE %I.p (id bigint PRIMARY KEY, born date, sex text, died date)', legacy);
    EXECUTE format('CREATE TABLE %I.o (id bigint PRIMARY KEY)', legacy);
    IF parted THEN
        EXECUTE format(
            'CREATE TABLE %1$I.a (id bigint, p bigint REFERENCES %1$I.p ON DELETE CASCADE, o bigint, site text, st text, d1 date, d2 date, '
            'why text, PRIMARY KEY (id, st)) PARTITION BY LIST (st)', legacy);
        EXECUTE format(
            'CREATE TABLE %1$I.a_open (why text, id bigint NOT NULL, gone int, p bigint, o bigint, site text, st text NOT NULL, d1 date, '
            'd2 date)', legacy);
        EXECUTE format('ALTER TABLE %1$I.a_open DROP COLUMN gone', legacy);
        EXECUTE format('ALTER TABLE %1$I.a ATTACH PARTITION %1$I.a_open FOR VALUES IN (''active'', ''suspect'')', legacy);
        EXECUTE format('CREATE TABLE %1$I.a_over PARTITION OF %1$I.a DEFAULT', legacy);
    ELSE
        EXECUTE format(
            'CREATE TABLE %1$I.a (id bigint PRIMARY KEY, p bigint REFERENCES %1$I.p ON DELETE CASCADE, o bigint REFERENCES %1$I.o, site '
            'text, st text, d1 date, d2 date, why text)', legacy);
    END IF;
    EXECUTE format('CREATE INDEX ON %I.a (p)', legacy);
    EXECUTE format('INSERT INTO %I.o VALUES (1), (2), (3)', legacy);
    EXECUTE format('INSERT INTO %I.p (id, born, sex) SELECT i, ''1980-01-01'', ''male'' FROM generate_series(1, 6) i', legacy);
    EXECUTE format('INSERT INTO %I.a (id, p, o, st, d1) SELECT i, i, 1, ''active'', ''2020-01-01'' FROM generate_series(1, 4) i', legacy);
    PERFORM osms.create_registry(registry, tables => false, cut_over => '2025-01-01');
    PERFORM osms.map(registry, 'person', format('%I.p', legacy)::regclass,
        '{"person": "id", "birth_date": "born", "sex": "sex", "death_date": "died"}');
    PERFORM osms.map(registry, 'organisation', format('%I.o', legacy)::regclass, '{"organisation": "id"}');
    PERFORM osms.map(registry, 'attachment', format('%I.a', legacy)::regclass,
        '{"attachment": "id", "person": "p", "organisation": "o", "site": "site", "state": "st", "since": "d1", "until": "d2", "reason": '
        '"why"}',
        states => '{"active": ["active"], "suspect": ["suspect"], "closed": ["closed"], "annulled": ["annulled"]}');
END $$;
SELECT pg_temp.make('fund', 'legacy', false), pg_temp.make('parted', 'legacy_parted', true);

-- security/31: the trigger annuls what was just inserted
SELECT osms.guard('fund', '{"no_backdating": "off", "transition": "off", "reason": "off", "immutable": "off", "alive": "off"}');
CALL osms.fill_roster('fund', batch => NULL);
CREATE FUNCTION legacy.annul_at_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE legacy.a SET st = 'annulled', why = 'error' WHERE id = NEW.id AND st <> 'annulled';
    RETURN NULL;
END $$;
CREATE TRIGGER aa AFTER INSERT ON legacy.a FOR EACH ROW EXECUTE FUNCTION legacy.annul_at_once();
INSERT INTO legacy.a (id, p, o, st, d1) VALUES (50, 5, 1, 'active', '2025-02-01');
SELECT is_empty($$SELECT * FROM fund.roster WHERE attachment = 50 AND known_to = 'infinity'$$,
    'what is annulled by a trigger does not count');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'and the roster agrees');
SELECT results_eq($$SELECT event, state_before, state_after FROM fund.journal WHERE key = '50' ORDER BY entry$$,
    $$VALUES ('U'::"char", 'active', 'annulled'), ('I', 'active', 'annulled')$$, 'the journal has both, as the row was left');
-- what begins as it may not is refused, whatever a trigger makes of it
SELECT is(pg_temp.verdict($$INSERT INTO legacy.a (id, p, o, st, d1)
    VALUES (51, 6, 1, 'suspect', '2025-02-01')$$), '23514 initial_state legacy.a.st born_suspect in attachment 51',
    'it begins as it was inserted');
DROP TRIGGER aa ON legacy.a;

-- a trigger takes the row away, or puts back what was deleted
CREATE FUNCTION legacy.take_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM legacy.a WHERE id = NEW.id; RETURN NULL; END $$;
CREATE FUNCTION legacy.put_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO legacy.a SELECT OLD.*; RETURN NULL; END $$;
CREATE TRIGGER aa AFTER INSERT OR UPDATE ON legacy.a FOR EACH ROW EXECUTE FUNCTION legacy.take_away();
INSERT INTO legacy.a (id, p, o, st, d1) VALUES (52, 6, 1, 'active', '2025-02-01');
UPDATE legacy.a SET o = 2 WHERE id = 1;
SELECT is_empty($$SELECT * FROM fund.roster WHERE attachment IN (1, 52) AND known_to = 'infinity'$$, 'what is gone does not count');
DROP TRIGGER aa ON legacy.a;
CREATE TRIGGER aa AFTER DELETE ON legacy.a FOR EACH ROW EXECUTE FUNCTION legacy.put_back();
DELETE FROM legacy.a WHERE id IN (2, 3);
SELECT results_eq($$SELECT attachment, mark FROM fund.roster WHERE known_to = 'infinity'
    ORDER BY 1$$, $$VALUES (2::bigint, 'counted'), (3, 'counted'), (4, 'counted')$$, 'what is put back counts once');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'and the roster agrees');
DROP TRIGGER aa ON legacy.a;

-- a death that a trigger corrects ends what reaches beyond the corrected day
CREATE FUNCTION legacy.correct() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN UPDATE legacy.p SET died = '2025-03-03' WHERE id = NEW.id AND died <> '2025-03-03'; RETURN NULL; END $$;
CREATE TRIGGER aa AFTER UPDATE ON legacy.p FOR EACH ROW EXECUTE FUNCTION legacy.correct();
UPDATE legacy.p SET died = '2021-01-01' WHERE id = 2;
SELECT results_eq($$SELECT st, d2 FROM legacy.a WHERE id = 2$$, $$VALUES ('closed', date '2025-03-04')$$,
    'who did not die on the day that the statement said is attached until the day that stands');
-- and one that a trigger takes back ends nothing
CREATE OR REPLACE FUNCTION legacy.correct() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE legacy.p SET died = NULL
    WHERE id = NEW.id AND died IS NOT NULL; RETURN NULL; END $$;
UPDATE legacy.p SET died = '2021-01-01' WHERE id = 3;
SELECT results_eq($$SELECT st, d2 FROM legacy.a WHERE id = 3$$, $$VALUES ('active', NULL::date)$$, 'the living stay attached');
SELECT is_empty($$SELECT * FROM osms.verify('fund')$$, 'and the roster agrees');
DROP TRIGGER aa ON legacy.p;

-- rows that no key tells apart are refused, and only where a trigger wrote
CREATE SCHEMA loose;
CREATE TABLE loose.a (id bigint NOT NULL, p bigint, o bigint, st text, d1 date, d2 date);
CREATE INDEX ON loose.a (id);
CREATE UNIQUE INDEX a_key ON loose.a (id);
CREATE INDEX ON loose.a (p);
SELECT osms.create_registry('loosely', tables => false, cut_over => '2025-01-01');
SELECT osms.map('loosely', 'person', 'legacy.p', '{"person": "id", "birth_date": "born", "sex": "sex", "death_date": "died"}');
SELECT osms.map('loosely', 'attachment', 'loose.a',
    '{"attachment": "id", "person": "p", "organisation": "o", "state": "st", "since": "d1", "until": "d2"}',
    states => '{"active": ["active"], "suspect": ["suspect"], "closed": ["closed"], "annulled": ["annulled"]}');
SELECT osms.unguard('fund');
SELECT osms.guard('loosely', '{"no_backdating": "off"}');
-- without it there would be no guard
DROP INDEX loose.a_key;
ALTER TABLE loose.a ALTER id DROP NOT NULL;
CALL osms.fill_roster('loosely', batch => NULL);
CREATE FUNCTION loose.twice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.st = 'active' AND NEW.o = 9 THEN
        INSERT INTO loose.a VALUES (NEW.id, 6, 1, 'active', '2025-02-01', NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER aa AFTER INSERT ON loose.a FOR EACH ROW EXECUTE FUNCTION loose.twice();
SELECT is(pg_temp.verdict(statement), expected, statement) FROM (VALUES
($$INSERT INTO loose.a VALUES (1, 5, 1, 'active', '2025-02-01')$$, 'ok'),
($$INSERT INTO loose.a VALUES (1, 5, 9, 'active', '2025-02-01')$$,
    '27000 a trigger writes to guarded table "a" while a statement does, and no key tells its rows apart'),
($$INSERT INTO loose.a VALUES (NULL, 5, 9, 'active', '2025-02-01')$$,
    '27000 a trigger writes to guarded table "a" while a statement does, and no key tells its rows apart')) c (statement, expected);
SELECT osms.unguard('loosely');
SELECT osms.guard('fund', '{}');

\set registry fund
\set legacy legacy
\set steps 300
\ir nested.psql
SELECT osms.guard('parted', '{"no_backdating": "off", "transition": "off", "reason": "off", "immutable": "off", "alive": "off"}');
CALL osms.fill_roster('parted', batch => NULL);
\set registry parted
\set legacy legacy_parted
\ir nested.psql

-- a register of events: a trigger that closes or annuls what has just been opened
CREATE SCHEMA legacy_events;
CREATE TABLE legacy_events.p (id bigint PRIMARY KEY, born date, sex text, died date);
CREATE SEQUENCE legacy_events.ids START 1000;
CREATE TABLE legacy_events.a (id bigint PRIMARY KEY DEFAULT nextval('legacy_events.ids'), kind text, closes bigint, p bigint, o bigint,
    d date);
CREATE INDEX ON legacy_events.a (p);
CREATE INDEX ON legacy_events.a (closes);
INSERT INTO legacy_events.p (id, born, sex) SELECT i, '1980-01-01', 'male' FROM generate_series(1, 6) i;
INSERT INTO legacy_events.a SELECT i, 'A', NULL, i, 1, '2020-01-01' FROM generate_series(1, 4) i;
SELECT osms.create_registry('events', tables => false, cut_over => '2025-01-01');
SELECT osms.map('events', 'person', 'legacy_events.p', '{"person": "id", "birth_date": "born", "sex": "sex", "death_date": "died"}');
SELECT osms.map('events', 'attachment', 'legacy_events.a',
    '{"attachment": "id", "closes": "closes", "person": "p", "organisation": "o", "state": "kind", "since": "d"}',
    shape => 'events', states => '{"active": ["A"], "suspect": ["S"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('events', '{"no_backdating": "off", "immutable": "off", "transition": "off", "alive": "off"}');
CALL osms.fill_roster('events', batch => NULL);
CREATE FUNCTION legacy_events.at_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.closes IS NULL AND NEW.id > 90 THEN
        INSERT INTO legacy_events.a VALUES (NEW.id + 1000000, CASE WHEN NEW.id > 95 THEN 'X' ELSE 'C' END, NEW.id, NEW.p, NEW.o,
            NEW.d + 30);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER aa AFTER INSERT ON legacy_events.a FOR EACH ROW EXECUTE FUNCTION legacy_events.at_once();
INSERT INTO legacy_events.a VALUES (91, 'A', NULL, 5, 1, '2025-02-01'), (96, 'A', NULL, 6, 1, '2025-02-01');
SELECT results_eq($$SELECT attachment, until, mark FROM events.roster
    WHERE known_to = 'infinity' AND attachment > 90$$, $$VALUES (91::bigint, date '2025-03-03', 'counted')$$,
    'one that is closed at once counts until then, one that is annulled not at all');
SELECT is(pg_temp.verdict($$INSERT INTO legacy_events.a VALUES (92, 'S', NULL, 5, 1, '2025-05-01')$$),
    '23514 initial_state legacy_events.a.kind born_suspect in attachment 92', 'it begins as it was opened');
DROP TRIGGER aa ON legacy_events.a;
\set registry events
\set legacy legacy_events
\ir nested.psql

-- two foreign keys that write one row twice in one statement
CREATE SCHEMA twice;
CREATE TABLE twice.o (id bigint PRIMARY KEY);
CREATE TABLE twice.a (id bigint PRIMARY KEY, p bigint, o bigint REFERENCES twice.o ON UPDATE CASCADE,
    site bigint REFERENCES twice.o ON UPDATE CASCADE ON DELETE SET NULL, st text, d1 date, d2 date);
CREATE INDEX ON twice.a (p);
CREATE TABLE twice.p (id bigint PRIMARY KEY, born date, died date);
INSERT INTO twice.p VALUES (1, '1980-01-01'), (2, '1980-01-01');
INSERT INTO twice.o VALUES (1), (2);
INSERT INTO twice.a (id, p, o, site, st, d1) VALUES (1, 1, 1, 1, 'active', '2020-01-01'), (2, 2, 1, 2, 'active', '2020-01-01');
SELECT osms.create_registry('twofold', tables => false, cut_over => '2025-01-01');
SELECT osms.map('twofold', 'person', 'twice.p', '{"person": "id", "birth_date": "born", "death_date": "died"}');
SELECT osms.map('twofold', 'attachment', 'twice.a',
    '{"attachment": "id", "person": "p", "organisation": "o", "site": "(site::text)", "state": "st", "since": "d1", "until": "d2"}');
SELECT osms.guard('twofold', '{"immutable": "off"}');
CALL osms.fill_roster('twofold', batch => NULL);
UPDATE twice.o SET id = id + 10;
SELECT results_eq($$SELECT attachment, organisation, site FROM twofold.roster WHERE known_to = 'infinity'
    ORDER BY 1$$, $$VALUES (1::bigint, 11::bigint, '11'), (2, 11, '12')$$, 'each counts once, as it is in the end');
SELECT is_empty($$SELECT * FROM osms.verify('twofold')$$, 'and the roster agrees');

-- other relations of a registry
SELECT osms.create_registry('own', cut_over => '2025-01-01');
INSERT INTO own.person (person, birth_date) SELECT i, '1980-01-01' FROM generate_series(1, 3) i;
INSERT INTO own.organisation (organisation) VALUES (1), (2);
INSERT INTO own.contract (organisation, valid_from) VALUES (1, '2020-01-01');
SELECT osms.guard('own', '{"same_territory": "off", "no_backdating": "off"}');
CALL osms.fill_roster('own', batch => NULL);
INSERT INTO own.application (application, person, organisation, channel, ground, state, submitted_at) SELECT i, 1, 1, 'egov', 'moved',
    'submitted', now() - interval '1 hour' FROM generate_series(1, 3) i;
INSERT INTO own.identity_event (event, person, application, channel, method, at) SELECT i, 1, i, 'egov', 'e_signature', now()
    FROM generate_series(1, 3) i;
CREATE FUNCTION pg_temp.within(relation text, event text, statement text) RETURNS text LANGUAGE sql AS $$
    SELECT format($q$CREATE FUNCTION own.within() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN IF pg_trigger_depth() = 1 THEN %s; END IF; RETURN NULL; END';
        CREATE TRIGGER aa AFTER %s ON own.%I FOR EACH ROW EXECUTE FUNCTION own.within(); $q$, replace(statement, '''', ''''''), event,
            relation)
$$;
\set journal 'SELECT string_agg(concat_ws('' '', relation, event, key, state_before, state_after), '', '' ORDER BY entry) FROM own.journal WHERE transaction = pg_current_xact_id_if_assigned() OR at > now()'
SELECT is(pg_temp.verdict(pg_temp.within(relation, event, within) || statement, probe => probe), expected, within) FROM (VALUES
    -- an application that a trigger withdraws replaces no other
    ('application', 'UPDATE', $$UPDATE own.application SET state = 'withdrawn'
        WHERE application = NEW.application$$, $$UPDATE own.application SET state = 'identified' WHERE application = 1$$,
     $$SELECT string_agg(concat_ws(' ', application, state::text), ', ' ORDER BY application)
         FROM own.application$$, 'ok 1 withdrawn, 2 submitted, 3 submitted'),
    -- one that a trigger makes another's first choice is judged as it is now
    ('application', 'INSERT', $$UPDATE own.application SET state = 'withdrawn' WHERE application = NEW.application$$,
     $$INSERT INTO own.application (application, person, organisation, channel, ground, state, submitted_at)
         VALUES (4, 2, 1, 'egov', 'moved', 'submitted', now())$$, :'journal',
     'ok application U 4 submitted withdrawn, application I 4 submitted withdrawn'),
    ('application', 'UPDATE', $$UPDATE own.application SET state = 'identified' WHERE application = 2$$, $$UPDATE own.application
        SET state = 'identified' WHERE application = 1$$,
     NULL, '23505 one_open_application own.application.state open_application in application 2'),
    ('attachment', 'INSERT', $$UPDATE own.attachment SET application = 1 WHERE attachment = NEW.attachment$$,
     $$UPDATE own.application SET state = 'identified' WHERE application = 1;
         UPDATE own.application SET state = 'approved', decided_at = now() WHERE application = 1;
       INSERT INTO own.attachment (attachment, person, organisation, state, since)
           VALUES (1, 1, 1, 'active', (now() AT TIME ZONE 'Asia/Almaty')::date)$$,
     $$SELECT string_agg(basis, ', ') FROM own.roster WHERE known_to = 'infinity'$$, 'ok application'),
    ('attachment', 'INSERT', $$UPDATE own.attachment SET organisation = 2 WHERE attachment = NEW.attachment$$,
     $$INSERT INTO own.attachment (attachment, person, organisation, state, since) VALUES (1, 1, 1, 'active', '2024-01-01')$$, NULL,
         '23001 immutable own.attachment.organisation changed_organisation in attachment 1'),
    ('person_alias', 'INSERT', $$UPDATE own.person_alias SET undone_at = now() WHERE person_alias.old = NEW.old$$, $$INSERT
        INTO own.person_alias (old, new, valid_from) VALUES (1, 2, '2025-01-01')$$, :'journal',
     'ok person_alias U 1, person_alias I 1'),
    ('contract', 'INSERT', $$UPDATE own.contract SET valid_to = '2026-01-01'
        WHERE organisation = NEW.organisation AND valid_from = NEW.valid_from$$,
     $$INSERT INTO own.contract (organisation, valid_from) VALUES (2, '2025-01-01')$$, :'journal', 'ok contract U 2, contract I 2'),
    ('order_scope', 'INSERT', $$INSERT INTO own.order_scope (order_key, to_organisation) VALUES ('o', 2)$$,
        $$INSERT INTO own.order_scope (order_key, to_organisation) VALUES ('o', 1)$$, :'journal',
     'ok order_scope I o, order_scope I o')) c (relation, event, within, statement, probe, expected);
SELECT is_empty($$SELECT * FROM osms.verify('own')$$, 'and the roster agrees');

SELECT * FROM finish();

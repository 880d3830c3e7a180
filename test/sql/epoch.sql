-- A roster is complete that was filled under the mapping, the tables and the guard that stand: anything else is noticed, and until it is
-- filled again whoever writes about a person brings the person in line first.
SELECT * FROM no_plan();
SET client_min_messages = error;
\ir verdict.psql
CREATE SCHEMA legacy;
CREATE TABLE legacy.people (id int PRIMARY KEY, born date, sex text, died date);
CREATE TABLE legacy.clinic (id int PRIMARY KEY, region text, class text, since date);
CREATE TABLE legacy.att (no serial, p int, c int, b date, e date, st int) PARTITION BY RANGE (b);
CREATE TABLE legacy.att_old PARTITION OF legacy.att FOR VALUES FROM (MINVALUE) TO ('2021-01-01');
CREATE TABLE legacy.att_new PARTITION OF legacy.att FOR VALUES FROM ('2021-01-01') TO (MAXVALUE);
CREATE INDEX ON legacy.att (p);
CREATE UNIQUE INDEX ON legacy.att (no, b);
INSERT INTO legacy.people SELECT i, '1980-01-01', 'f' FROM generate_series(1, 8) i;
INSERT INTO legacy.clinic SELECT i, '75', 'urban', '1900-01-01' FROM generate_series(1, 2) i;
INSERT INTO legacy.att (p, c, b, e, st) SELECT i, 1, '2020-01-01', '2026-09-30', 9 FROM generate_series(1, 5) i;
SELECT osms.create_registry('fund', tables => false, cut_over => '2027-01-01');
SELECT osms.map('fund', 'organisation_status', 'legacy.clinic',
    '{"organisation": "id", "region": "region", "class": "class", "valid_from": "since"}');
CREATE FUNCTION pg_temp.map_people() RETURNS void LANGUAGE sql AS $$
    SELECT osms.map('fund', 'person', 'legacy.people', '{"person": "id", "birth_date": "born", "sex": "sex", "death_date": "died"}') $$;
CREATE FUNCTION pg_temp.map(inclusive boolean) RETURNS void LANGUAGE sql AS $$
    SELECT osms.map('fund', 'attachment', 'legacy.att',
        '{"attachment": "no", "person": "p", "organisation": "c", "since": "b", "until": "e", "state": "st"}',
                    states => '{"active": ["1"], "closed": ["9"], "annulled": ["7"]}', until_inclusive => inclusive) $$;
-- the flag, the truth, how far the roster is from the source, and what a closing says
CREATE FUNCTION pg_temp.stand() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT concat_ws(' ', roster_complete, osms_internal.is_filled('fund'), (SELECT count(*) FROM osms.verify('fund'))) FROM fund.setting)
        || coalesce(' ' || (SELECT c.severity FROM osms.check_registry('fund') c WHERE c.problem LIKE 'the roster was filled under%'), '');
END $$;
CREATE FUNCTION pg_temp.closes() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT heads::text FROM osms.close_month('fund', '2026-09-01'));
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    RETURN SQLERRM;
END $$;
SELECT pg_temp.map_people(), pg_temp.map(false);
SELECT osms.guard('fund', '{"no_backdating": "off"}');
SELECT is(pg_temp.stand(), 'f f 5', 'a guard alone fills nothing');
CALL osms.fill_roster('fund');
SELECT is(pg_temp.stand(), 't t 0', 'filled');

-- another mapping
SELECT pg_temp.map(true);
SELECT is(pg_temp.stand(), 'f f 5', 'attachments read otherwise');
SELECT osms.guard('fund');
SELECT is(pg_temp.stand(), 'f f 5', 'a guard does not mend that');
SELECT is(pg_temp.closes(), 'the roster of registry "fund" is not complete', 'no month is closed');
SELECT is(pg_temp.verdict($$INSERT INTO legacy.att (p, c, b, e, st) VALUES (1, 2, '2026-09-30', NULL, 1)$$),
    '23P01 one_attachment legacy.att.b overlap', 'who writes is judged by what the source holds now');
SELECT is(pg_temp.verdict($$INSERT INTO legacy.att (p, c, b, e, st) VALUES (1, 2, '2026-10-01', NULL, 1)$$), 'ok', 'and let through by it');
CALL osms.fill_roster('fund');
SELECT is(pg_temp.stand(), 't t 0', 'filled again');
SELECT pg_temp.map_people();
SELECT is(pg_temp.stand(), 'f f 0', 'persons mapped again');
CALL osms.fill_roster('fund');

-- the guard in other modes is the same guard
SELECT osms.guard('fund', '{"no_backdating": "warn"}');
SELECT is(pg_temp.stand(), 't t 0', 'other modes');
SELECT osms.guard('fund', '{"no_backdating": "off"}');
SELECT osms.guard('fund');
SELECT is(pg_temp.stand(), 't t 0', 'and back, and nothing to do');

-- a gap in it
ALTER TABLE legacy.att DISABLE TRIGGER USER;
UPDATE legacy.att SET c = 2 WHERE p = 2;
ALTER TABLE legacy.att ENABLE TRIGGER USER;
SELECT is(pg_temp.stand(), 't f 1 warning', 'triggers disabled and enabled by hand');
SELECT is(pg_temp.closes(), 'the roster of registry "fund" is not complete', 'no month is closed');
SELECT osms.guard('fund');
SELECT is(pg_temp.stand(), 'f f 1', 'a guard that finds nothing to do finds that');
CALL osms.fill_roster('fund');
SELECT is(pg_temp.stand(), 't t 0', 'filled again');
ALTER TABLE legacy.people DISABLE TRIGGER USER;
UPDATE legacy.people SET sex = 'm' WHERE id = 3;
ALTER TABLE legacy.people ENABLE TRIGGER USER;
SELECT is(pg_temp.stand(), 't f 1 warning', 'of persons, too');
CALL osms.fill_roster('fund');
SELECT is(pg_temp.stand(), 't t 0', 'filled again');
SELECT osms.unguard('fund');
SELECT is(pg_temp.stand(), 'f f 0', 'no guard');
INSERT INTO legacy.att (p, c, b, e, st) VALUES (6, 1, '2024-01-01', NULL, 1);
UPDATE legacy.att SET e = '2021-12-31' WHERE p = 3;
SELECT osms.guard('fund', '{"no_backdating": "off"}');
SELECT is(pg_temp.verdict($$INSERT INTO legacy.att (p, c, b, e, st) VALUES (6, 2, '2024-06-01', NULL, 1)$$),
    '23P01 one_attachment legacy.att.b overlap', 'attached while no guard stood');
INSERT INTO legacy.att (p, c, b, e, st) VALUES (3, 2, '2024-06-01', NULL, 1);	-- who left while no guard stood
SELECT is((SELECT string_agg(concat_ws(' ', organisation, since, until, mark), ', ' ORDER BY since) FROM fund.roster
    WHERE person = 3 AND known_to = 'infinity'),
    '1 2020-01-01 2022-01-01 counted, 2 2024-06-01 infinity counted', 'the roster tells what the source holds');
-- two overlap from before: the older is excused, and stays so when the person is written about again
INSERT INTO legacy.people VALUES (9, '1980-01-01', 'f');
SELECT osms.unguard('fund');
INSERT INTO legacy.att (p, c, b, e, st) VALUES (9, 1, '2020-01-01', NULL, 1), (9, 2, '2022-01-01', NULL, 1);
SELECT osms.guard('fund', '{"no_backdating": "off"}');
INSERT INTO legacy.att (p, c, b, e, st) VALUES (9, 2, '2015-01-01', '2015-12-31', 9);	-- an old defect does not stop another row
SELECT is((SELECT string_agg(concat_ws(' ', organisation, since, mark), ', ' ORDER BY since) FROM fund.roster
    WHERE person = 9 AND known_to = 'infinity'),
    '2 2015-01-01 counted, 1 2020-01-01 excused, 2 2022-01-01 counted', 'and is excused');
-- what a transaction wrote itself was not there before
SELECT is(pg_temp.verdict($$INSERT INTO legacy.att (p, c, b, e, st) VALUES (7, 1, '2024-01-01', '2024-12-31', 9);
    INSERT INTO legacy.att (p, c, b, e, st) VALUES (7, 2, '2024-06-01', '2025-01-01', 9);
    UPDATE legacy.att SET e = '2024-12-30' WHERE p = 7 AND c = 2$$), '23P01 one_attachment legacy.att.b overlap',
        'an overlap is not excused by its own transaction');
SELECT is(pg_temp.verdict($$INSERT INTO legacy.att (p, c, b, e, st) VALUES (7, 1, '2024-01-01', '2024-12-31', 9);
    INSERT INTO legacy.att (p, c, b, e, st) VALUES (7, 2, '2024-06-01', '2025-01-01', 9);
        CALL osms.fill_roster('fund', NULL)$$), '23P01 one_attachment legacy.att.b overlap', 'nor by a filling in it');
CALL osms.fill_roster('fund');
SELECT is(pg_temp.stand(), 't t 0', 'filled again');

-- parts of the tables
ALTER TABLE legacy.att DETACH PARTITION legacy.att_old;
SELECT is(left(pg_temp.stand(), 4), 't f ', 'a partition is detached');
SELECT is(pg_temp.closes(), 'the roster of registry "fund" is not complete', 'no month is closed');
UPDATE legacy.people SET died = '2026-05-05' WHERE id = 5;
SELECT osms.guard('fund');
SELECT is(left(pg_temp.stand(), 4), 'f f ', 'and the guard knows it');
ALTER TABLE legacy.att ATTACH PARTITION legacy.att_old FOR VALUES FROM (MINVALUE) TO ('2021-01-01');
SELECT osms.guard('fund');
SELECT is(pg_temp.stand(), 'f f 1', 'it is attached again');
CALL osms.fill_roster('fund');
SELECT is(pg_temp.stand(), 't t 0', 'filled again');
ALTER TABLE legacy.att DETACH PARTITION legacy.att_old;
ALTER TABLE legacy.att ATTACH PARTITION legacy.att_old FOR VALUES FROM (MINVALUE) TO ('2021-01-01');
SELECT is(left(pg_temp.stand(), 4), 't f ', 'away and back is not the same');
SELECT osms.guard('fund');
CALL osms.fill_roster('fund');

-- persons who are gone are in no batch
ALTER TABLE legacy.people DISABLE TRIGGER USER;
DELETE FROM legacy.people WHERE id = 4;
ALTER TABLE legacy.people ENABLE TRIGGER USER;
CALL osms.fill_roster('fund');
SELECT is(pg_temp.stand(), 't t 0', 'whom the registry does not know does not count');

-- by hand, of a roster that comes from elsewhere
SELECT osms.unguard('fund');
UPDATE fund.setting SET roster_complete = true;
SELECT is(pg_temp.stand(), 't t 0', 'what is set by hand');
SELECT is(pg_temp.closes(), '5', 'is good for a closing');

-- at another isolation level what stands is seen as it was
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(pg_temp.verdict('SELECT osms.guard(''fund'')'), '25001 osms.guard runs at isolation level READ COMMITTED only', 'guard');
SELECT is(pg_temp.verdict('SELECT osms.unguard(''fund'')'), '25001 osms.unguard runs at isolation level READ COMMITTED only', 'unguard');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT is(pg_temp.verdict('SELECT pg_temp.map_people()'), '25001 osms.map runs at isolation level READ COMMITTED only', 'map');
COMMIT;
SELECT * FROM finish();

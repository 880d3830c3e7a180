-- What guard and workflow write, a table may refuse by its types, domains and constraints: that is told before somebody dies.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE TABLE pat (id int PRIMARY KEY, born date, died date);
INSERT INTO pat SELECT i, '1980-01-01' FROM generate_series(1, 9) i;
CREATE TYPE why AS ENUM ('moved_to_other');
CREATE DOMAIN why_word AS text CHECK (VALUE IN ('moved_to_other', 'site_change'));
CREATE TABLE code (c text PRIMARY KEY);
INSERT INTO code VALUES ('moved_to_other'), ('death');
-- a register whose columns st, d2 and why are declared so
CREATE PROCEDURE make(name text, d2 text DEFAULT 'date', st text DEFAULT 'int', why text DEFAULT 'text', more text DEFAULT '', closed text DEFAULT '2')
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE reg_%s (no int PRIMARY KEY, pat int, clinic int, d1 date, d2 %s, st %s, why %s%s)', name, d2, st, why, more);
    EXECUTE format('CREATE INDEX ON reg_%s (pat)', name);
    PERFORM osms.create_registry(name, tables => false, cut_over => '2030-01-01');
    PERFORM osms.map(name, 'person', 'pat', '{"person": "id", "birth_date": "born", "death_date": "died"}');
    PERFORM osms.map(name, 'attachment', ('reg_' || name)::regclass, '{"attachment": "no", "person": "pat", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
        states => format('{"active": ["1"], "closed": ["%s"], "annulled": ["3"]}', closed)::jsonb);
END $$;
CREATE FUNCTION told(name text) RETURNS TABLE (told text) LANGUAGE sql AS $$
    SELECT severity || ' ' || problem FROM osms.check_registry(name)
    WHERE severity <> 'info' AND relation IN ('attachment', 'application') AND problem LIKE '%written%' OR problem LIKE 'reasons%'
$$;
CALL make('z0');
SELECT is_empty($$SELECT * FROM told('z0')$$, 'what holds everything is not told of');

CALL make('z1', why => 'why');
SELECT results_eq($$SELECT * FROM told('z1')$$, $$VALUES
('error "death" cannot be written to column "reason"'),
('warning reasons without a code: duplicate, left_country, left_region, site_change')$$, 'an enum lacks codes');
SELECT is(pg_temp.verdict($$SELECT osms.guard('z1')$$), '55000 registry "z1" cannot be guarded: "death" cannot be written to column "reason"', 'and no guard is put on it');
SELECT lives_ok($$SELECT * FROM osms.audit('z1')$$, 'while audit goes on');

CALL make('z2', why => $$text CHECK (why IN ('moved_to_other'))$$);
SELECT results_eq($$SELECT * FROM told('z2') WHERE told LIKE 'error%'$$, $$VALUES
('error a closing by death, an annulment by death cannot be written to public.reg_z2: constraint "reg_z2_why_check"')$$, 'a CHECK');
SELECT is(pg_temp.verdict($$SELECT osms.guard('z2')$$),
    '55000 registry "z2" cannot be guarded: a closing by death, an annulment by death cannot be written to public.reg_z2: constraint "reg_z2_why_check"', 'stops the guard');
CALL make('z3', why => 'why_word');
SELECT results_eq($$SELECT * FROM told('z3') WHERE told LIKE 'error%'$$, $$VALUES
('error a closing by death, an annulment by death cannot be written to public.reg_z3: value for domain public.why_word violates check constraint "why_word_check"')$$, 'a domain');
CALL make('z4', why => 'text REFERENCES code');
SELECT results_eq($$SELECT * FROM told('z4')$$, $$VALUES
('warning reason "left_region", reason "left_country", reason "site_change", reason "duplicate", reason "error" cannot be written to public.reg_z4: foreign key "reg_z4_why_fkey"')$$, 'a table of codes that lacks some of the workflow');
DELETE FROM code WHERE c = 'death';
SELECT ok(EXISTS (SELECT FROM told('z4') WHERE told = 'error a closing by death, an annulment by death cannot be written to public.reg_z4: foreign key "reg_z4_why_fkey"'), 'or that of a death');
CALL make('z5', d2 => 'date NOT NULL');
SELECT results_eq($$SELECT * FROM told('z5')$$, $$VALUES ('warning an attachment without an end cannot be written to public.reg_z5: column "d2" may not be NULL')$$, 'no open end');
SELECT is((SELECT hint FROM osms.check_registry('z5') WHERE problem LIKE 'an attachment without%'),
    'What would write it is refused: let the table hold it, or map the relation again with osms.map(), to codes and an open_end that it holds.', 'with what to do');
SELECT osms.map('z5', 'attachment', 'reg_z5', '{"attachment": "no", "person": "pat", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["1"], "closed": ["2"], "annulled": ["3"]}', open_end => '2999-12-31');
SELECT is_empty($$SELECT * FROM told('z5')$$, 'which an open_end cures');
CALL make('z6', why => 'text NOT NULL');
SELECT results_eq($$SELECT * FROM told('z6')$$, $$VALUES ('warning an attachment without an end cannot be written to public.reg_z6: column "why" may not be NULL')$$, 'a reason for what is open');
CALL make('z7', st => 'int CHECK (st IN (1, 2))');
SELECT results_eq($$SELECT * FROM told('z7')$$, $$VALUES ('error an annulment by death cannot be written to public.reg_z7: constraint "reg_z7_st_check"')$$, 'a state');
CALL make('z8', st => 'numeric(1)', closed => '22');
SELECT results_eq($$SELECT * FROM told('z8') WHERE told LIKE 'error%'$$, $$VALUES ('error a closing by death cannot be written to public.reg_z8: numeric field overflow')$$, 'a number too long');
CALL make('z9', st => 'varchar(1)', closed => 'CL');
SELECT results_eq($$SELECT * FROM told('z9') WHERE told LIKE 'error%'$$, $$VALUES ('error a closing by death cannot be written to public.reg_z9: column "st" is of type character varying(1)')$$, 'a code too long');
CALL make('z10', d2 => 'varchar(8)');
SELECT results_eq($$SELECT * FROM told('z10') WHERE told LIKE 'error%'$$, $$VALUES ('error a closing by death cannot be written to public.reg_z10: column "d2" is of type character varying(8)')$$, 'a day too long');
CALL make('z11', more => $$, CHECK (st <> 2 OR d2 > '2025-12-31')$$);
SELECT results_eq($$SELECT * FROM told('z11')$$, $$VALUES ('warning an end of 2021 cannot be written to public.reg_z11: constraint "reg_z11_check"')$$, 'a CHECK of several columns');
CALL make('z12', more => ', CHECK (d2 > d1), CHECK (clinic > 0)');
SELECT is_empty($$SELECT * FROM told('z12')$$, 'what depends on the rest of the row is not told of');

-- a label of the enum is renamed: reading follows, writing does not
CREATE TYPE st AS ENUM ('A', 'C', 'X');
CALL make('z13', st => 'text');
DROP TABLE reg_z13 CASCADE;
CREATE TABLE reg_z13 (no int PRIMARY KEY, pat int, clinic int, d1 date, d2 date, st st, why text);
CREATE INDEX ON reg_z13 (pat);
SELECT osms.map('z13', 'attachment', 'reg_z13', '{"attachment": "no", "person": "pat", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}',
    states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');
SELECT is_empty($$SELECT * FROM told('z13')$$, 'an enum that has all codes');
ALTER TYPE st RENAME VALUE 'A' TO 'OPEN';
SELECT results_eq($$SELECT * FROM told('z13')$$, $$VALUES ('warning an attachment without an end cannot be written to public.reg_z13: invalid input value for enum public.st: "A"')$$, 'one is renamed');
ALTER TYPE st RENAME VALUE 'C' TO 'SHUT';
SELECT ok(EXISTS (SELECT FROM told('z13') WHERE told = 'error "closed" cannot be written to column "state"'), 'another');
SELECT is(pg_temp.verdict($$SELECT osms.guard('z13')$$), '55000 registry "z13" cannot be guarded: "closed" cannot be written to column "state"', 'no guard on it');
SELECT is(pg_temp.verdict($$SELECT count(*) FROM osms.plan('z13')$$), '55000 registry "z13" cannot be guarded: "closed" cannot be written to column "state"', 'nor a plan');

-- applications, which a later one replaces
CREATE TABLE req (id bigint PRIMARY KEY, pat int, clinic int, st varchar(4) CHECK (st IN ('sub', 'idn', 'app', 'att', 'ref')), kanal text, osn text, t1 timestamptz, t2 timestamptz, why varchar(40));
CREATE INDEX ON req (pat);
SELECT osms.map('z0', 'application', 'req', '{"application": "id", "person": "pat", "organisation": "clinic", "state": "st", "channel": "kanal", "ground": "osn", "submitted_at": "t1", "decided_at": "t2", "reason": "why"}',
    states => '{"submitted": ["sub"], "identified": ["idn"], "approved": ["app"], "attached": ["att"], "refused": ["ref"], "replaced": ["rep"], "withdrawn": ["withdrawn"]}');
SELECT results_eq($$SELECT * FROM told('z0')$$, $$VALUES ('error state "replaced" cannot be written to public.req: constraint "req_st_check"'),
('warning state "withdrawn" cannot be written to public.req: column "st" is of type character varying(4)')$$, 'applications');

-- what could not be foreseen is told in words by whoever dies
SELECT osms.guard('z11');
INSERT INTO reg_z11 VALUES (1, 1, 10, '2020-01-01', NULL, 1, NULL);
SELECT is(pg_temp.verdict($$UPDATE pat SET died = '2025-05-05' WHERE id = 1$$),
    '23514 what follows from the statement cannot be written to relation "attachment" of registry "z11": new row for relation "reg_z11" violates check constraint "reg_z11_check"', 'a death');
SELECT is(pg_temp.verdict($$UPDATE pat SET died = '2026-05-05' WHERE id = 1$$), 'ok', 'where it can be written');

-- functions of others are not run for it
CREATE ROLE storing_vendor;
CREATE FUNCTION foreign_check(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'run as %', current_user; END$$;
ALTER FUNCTION foreign_check(text) OWNER TO storing_vendor;
CALL make('z14');
ALTER TABLE reg_z14 ADD CHECK (foreign_check(why));
SELECT is_empty($$SELECT * FROM told('z14')$$, 'what others would compute is not known');

SELECT * FROM finish();
DROP FUNCTION foreign_check(text) CASCADE;
DROP ROLE storing_vendor;

-- Every function of the extension is called with arguments that make no sense, all that PUBLIC may call by a role without rights, all of
-- them by a superuser:
-- no call ends the session or hangs, none fails with an internal error, none puts its arguments together to broken SQL. The same calls each
-- time.
-- Takes long: make test-all.
SET client_min_messages = error;
SELECT * FROM no_plan();
SELECT pg_postmaster_start_time() AS started, pg_backend_pid() AS pid, :'DBNAME' AS database \gset
CREATE ROLE fuzz_nobody;
GRANT CREATE, TEMP ON DATABASE :database TO fuzz_nobody;

-- Registries: of tables, mapped, of events, of views that read each other, and look-alikes. Other relations.
CREATE TABLE public.people (iin char(12) PRIMARY KEY, born date, sex text);
CREATE TABLE public.attached (no bigserial PRIMARY KEY, iin char(12), clinic bigint, d_beg date, d_end date, st integer);
CREATE INDEX ON public.attached (iin);
CREATE TABLE public.event (id bigserial PRIMARY KEY, kind char(1), closes bigint, person char(12), clinic bigint, day date, why text);
INSERT INTO public.people VALUES ('580302300070', '1958-03-02', 'm'), ('880715400075', '1988-07-15', 'f');
INSERT INTO public.attached (iin, clinic, d_beg, st) VALUES ('580302300070', 10, '2019-02-01', 1);
INSERT INTO public.event (kind, person, clinic, day) VALUES ('A', '580302300070', 10, '2019-02-01');
SELECT osms.create_registry('fund', cut_over => '2020-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) VALUES (1, '1990-01-01', 'male', '75'), (2, '2000-01-01', 'female', '75');
INSERT INTO fund.organisation (organisation) VALUES (1), (2);
SELECT osms.guard('fund', '{"basis": "off", "contracted": "off", "same_territory": "off", "no_backdating": "off", "initial_state": "off"}');
INSERT INTO fund.attachment (person, organisation, state, since) VALUES (1, 1, 'active', '2020-01-01');
INSERT INTO fund.application (person, organisation, state, channel, ground) VALUES (2, 1, 'draft', 'service_centre', 'free_choice');
CALL osms.fill_roster('fund');
SELECT osms.create_registry(r, tables => false, cut_over => '2020-01-01') FROM unnest('{mapped,chain}'::text[]) r;
SELECT osms.map(r, 'person', 'people', '{"person": "iin", "iin": "iin", "birth_date": "born", "sex": "osms.read_sex(sex)"}')
    FROM unnest('{mapped,chain}'::text[]) r;
SELECT osms.map('mapped', 'attachment', 'attached',
    '{"attachment": "no", "person": "iin", "organisation": "clinic", "state": "st", "since": "d_beg", "until": "d_end"}',
    states => '{"active": ["1"], "closed": ["9"], "annulled": ["7"]}');
SELECT osms.map('chain', 'attachment', 'event',
    '{"attachment": "id", "closes": "closes", "person": "person", "organisation": "clinic", "state": "kind", "since": "day", "reason": '
    '"why"}',
    shape => 'events', states => '{"active": ["A"], "suspect": ["S"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('mapped');
CREATE SCHEMA loop;
CREATE SCHEMA pool;
CREATE VIEW loop.attachment_event AS SELECT 1 AS event;
CREATE VIEW pool.attachment_event AS SELECT * FROM loop.attachment_event;
CREATE OR REPLACE VIEW loop.attachment_event AS SELECT * FROM pool.attachment_event;
CREATE VIEW loop.attachment AS SELECT e.event AS attachment FROM loop.attachment_event e LEFT JOIN public.people ON true;
CREATE TABLE loop.roster (attachment numeric, person text, since jsonb, known_to bytea);
CREATE TABLE loop.setting (one integer, time_zone bytea, roster_complete text, epoch text, filled_under integer);
CREATE TABLE loop.person (person jsonb, region bigint);
CREATE TABLE loop.journal (LIKE fund.journal);
CREATE TABLE loop.moved (person jsonb);
CREATE TABLE loop.pending (person bytea);
CREATE TABLE loop.import (LIKE fund.import);
CREATE SCHEMA "a""b';";
CREATE TABLE "a""b';".person ("a""b';" integer, person name, sex "char");
CREATE TABLE "a""b';".roster ("a""b';" integer);
CREATE MATERIALIZED VIEW public.residence AS SELECT 1 AS person;
CREATE TYPE public.contract AS (organisation integer);
CREATE TABLE public.parted (a integer) PARTITION BY LIST (a);
CREATE TABLE public.part PARTITION OF public.parted FOR VALUES IN (1);
CREATE TABLE public.bare ();
GRANT USAGE ON SCHEMA fund, mapped, chain, loop, pool, "a""b';" TO fuzz_nobody;
GRANT SELECT ON ALL TABLES IN SCHEMA fund, mapped, chain, loop, pool, "a""b';", public TO fuzz_nobody;

-- What an argument may be, by its type, and by its name where a call would get nowhere without; what makes most sense comes first.
CREATE TABLE public.fuzz_value (type text, name text, literals text[]);
INSERT INTO public.fuzz_value VALUES
('text', 'registry', ARRAY['''fund''', '''mapped''', '''chain''', '''loop''', '''pool''', '''a"b'''';''', '''nowhere''', 'NULL', '''''',
    '(SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema())', '''pg_catalog''', '''{r}''', 'repeat(''x'', 1000)',
    '''fund.person''']),
('text', 'relation', ARRAY['''attachment''', '''person''', '''payment''', '''attachment_event''', '''roster''', '''setting''', 'NULL',
    '''''', '''a"b'''';''', '''{r}''', 'repeat(''x'', 1000)']),
('text', 'audited', ARRAY['''attachment''', '''person''', '''payment''', '''attachment_event''', '''roster''', 'NULL', '''''']),
('text', 'column', ARRAY['''person''', '''iin''', '''state''', '''a''', 'NULL', '''''', '''a"b'''';''', '''ctid''']),
('text', 'machine', ARRAY['''attachment''', '''application''', 'NULL', '''''', '''x''']),
('text', 'modes', ARRAY['''''', '''basis=warn''', '''basis''', '''=''', ''',,''', '''basis=warn,''', '''overdue=off''', 'NULL',
    'repeat(''basis=warn,'', 500)']),
('text', 'scheme', ARRAY['''attachment''', 'NULL', '''''', '''x''']),
('text', 'date_format', ARRAY['NULL', '''DD.MM.YYYY''', '''''', '''HH24''', '''"''', 'repeat(''Y'', 1000)']),
('text', NULL, ARRAY['''1''', 'NULL', '''''', '''580302300070''', '''a"b'''';''', '''{r}''', '''%s%I$1''', 'repeat(''x'', 1000)',
    '''attachment''', '''fund.person''', '''2026-01-01''', '''DD.MM.YYYY''', '''-1''', '''NaN''', 'E''\t\n\\''', '''{"a":1}''',
    '''SELECT 1''']),
('regclass', NULL, ARRAY['''fund.attachment''', 'NULL', '0', '999999', '''mapped.attachment''', '''mapped.person''', '''chain.attachment''',
    '''chain.attachment_event''', '''loop.attachment''', '''loop.attachment_event''', '''loop.person''', '''"a""b'''';".person''',
    '''fund.roster''', '''residence''', '''contract''', '''people_pkey''', '''event_id_seq''', '''parted''', '''part''', '''bare''',
        '''pg_class''', '''information_schema.tables''', '''pg_toast.pg_toast_1262''']),
('regclass[]', NULL, ARRAY['''{fund.person}''::regclass[]', 'NULL', '''{}''::regclass[]', '''{NULL}''::regclass[]', '''{0}''::regclass[]',
    '''{999999,pg_class}''::regclass[]', '''{{people,event},{bare,0}}''::regclass[]']),
('regtype', NULL, ARRAY['''integer''', 'NULL', '0', '999999', '''json''', '''record''', '''osms.sex''', '''anyelement''', '''contract''',
    '''integer[]''', '''xid''', '''cstring''']),
('oid', NULL, ARRAY['(SELECT min(oid) FROM pg_trigger WHERE tgnargs > 0)', 'NULL', '0', '1', '999999', '4294967295',
    '(SELECT min(oid) FROM pg_trigger WHERE tgnargs = 0)']),
('integer', NULL, ARRAY['1', 'NULL', '0', '-1', '2', '12', '128', '2147483647', '(-2147483648)']),
('bigint', NULL, ARRAY['1', 'NULL', '0', '-1', '580302300070', '999999999999', '9223372036854775807', '(-9223372036854775808)']),
('numeric', NULL, ARRAY['1', 'NULL', '0', '-1', '0.005', '''NaN''::numeric', '''Infinity''::numeric', '''-Infinity''::numeric', '1e200',
    '-1e-200']),
('numeric[]', NULL, ARRAY['''{1,2}''::numeric[]', 'NULL', '''{}''::numeric[]', '''{NULL}''::numeric[]', '''{NaN}''::numeric[]',
    '''{0,Infinity}''::numeric[]', '''{-1}''::numeric[]', '''{0}''::numeric[]', '''{{1,2},{3,4}}''::numeric[]',
    'array_fill(1::numeric, ARRAY[500])', '''[5:6]={1,1e200}''::numeric[]']),
('date', 'month', ARRAY['''2025-12-01''::date', 'NULL', '''2025-12-15''::date', '''infinity''::date', '''-infinity''::date',
    '''4713-01-01 BC''::date', '''5874897-12-01''::date', '''0001-01-01''::date']),
('date', NULL, ARRAY['''2025-12-15''::date', 'NULL', '''infinity''::date', '''-infinity''::date', '''4713-01-01 BC''::date',
    '''5874897-12-31''::date', '''1990-01-01''::date', '''2024-02-29''::date']),
('timestamp with time zone', NULL, ARRAY['NULL', 'now()', '''infinity''::timestamptz', '''-infinity''::timestamptz',
    '''4714-11-24 00:00:00+00 BC''::timestamptz', '''294276-12-31 23:59:59+00''::timestamptz']),
('timestamp without time zone', NULL, ARRAY['''-infinity''::timestamp', 'NULL', '''infinity''::timestamp', '''2020-01-01''::timestamp']),
('interval', NULL, ARRAY['''1 day''::interval', 'NULL', '''178000000 years''::interval']),
('boolean', NULL, ARRAY['false', 'true', 'NULL']),
('jsonb', NULL, ARRAY['''{}''', 'NULL', '''[]''', '''null''', '''{"a": 1}''', '''"x"''', '''{"person": "iin", "iin": "iin"}''',
    '''{"person": null}''', '''{"person": {"column": "iin", "codes": [1]}}''', '''{"basis": "warn"}''', '''{"basis": null}''',
    '''{"": [[]]}''',
    '''{"attachment": "no", "person": "iin", "organisation": "clinic", "state": "st", "since": "d_beg"}''', '''{"active": "1"}''',
        '''{"active": ["1", null, 2]}''']),
('text[]', NULL, ARRAY['''{1}''::text[]', 'NULL', '''{}''::text[]', '''{NULL}''::text[]', '''{1,NULL,x}''::text[]',
    '''{{a,b},{c,d}}''::text[]', '''[5:6]={1,2}''::text[]', '''{attachment,person}''::text[]', '''{basis}''::text[]', 'ARRAY[''a"b'''';'']',
    'array_fill(''x''::text, ARRAY[3000])']),
('osms.iin', NULL, ARRAY['''580302300070''::osms.iin', 'NULL', '''850101100009!''::osms.iin']),
('osms.bin', NULL, ARRAY['''990740000683''::osms.bin', 'NULL']),
('osms.sex', NULL, ARRAY['''male''::osms.sex', 'NULL', '''female''::osms.sex']),
('osms.pyramid', NULL, ARRAY['''{0:1/2}''::osms.pyramid', 'NULL', '''{}''::osms.pyramid',
    '''{127:9223372036854775807/-9223372036854775807}''::osms.pyramid', '''{1:9223372036854775807/9223372036854775807}''::osms.pyramid']),
('osms.application_state', NULL, ARRAY['''draft''::osms.application_state', 'NULL', '''lapsed''::osms.application_state']),
('osms.attachment_state', NULL, ARRAY['''active''::osms.attachment_state', 'NULL', '''annulled''::osms.attachment_state']),
('record', NULL, ARRAY['(SELECT a FROM fund.attachment a LIMIT 1)', 'NULL', 'ROW()', 'ROW(1)', 'ROW(1, NULL, ''x'', now())',
    '(SELECT p FROM public.people p LIMIT 1)', '(SELECT x FROM (SELECT 1 AS attachment, 4096 AS reason) x)',
    '(SELECT x FROM (SELECT 4096::bigint AS person, 4096 AS region) x)']),
('anyarray', NULL, ARRAY['''{1}''::bigint[]', 'NULL::bigint[]', '''{}''::bigint[]', '''{1,NULL}''::bigint[]', '''{{1,2},{3,4}}''::bigint[]',
    '''{580302300070}''::bpchar[]', '''{1}''::text[]', '''{}''::json[]', '''{"(1)"}''::contract[]']),
('cstring', NULL, ARRAY['''1''::cstring', 'NULL::cstring', '''''::cstring', '''580302300070''::cstring', '''850101100009!''::cstring',
    '''active''::cstring', '''{0:1/2}''::cstring', '''{0:9223372036854775808/0}''::cstring', '''{128:1/1}''::cstring',
    '''{0:1/1,0:1/1}''::cstring', '''{''::cstring', 'repeat(''9'', 1000)::cstring']);
GRANT SELECT ON public.fuzz_value TO fuzz_nobody;

-- What must not be: internal errors, and SQL of our own that the parser does not take. Some run the statement or expression they are given,
-- or make what osms.map has looked at before.
CREATE TABLE public.fuzz_seen (call text, role name DEFAULT current_user, state text, message text);
GRANT ALL ON public.fuzz_seen TO fuzz_nobody;

-- The arguments of the n-th call: first what makes most sense, then each value of each argument beside that, all NULL, then mixtures.
CREATE FUNCTION public.fuzz_arguments(function oid, limited integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    choices text[][];
    lengths integer[];
    args integer;
    n integer := 0;
    one_by_one integer;
BEGIN
    SELECT array_agg(array_to_string(v.literals, chr(1)) ORDER BY a.place), array_agg(cardinality(v.literals) ORDER BY a.place), count(*),
        sum(cardinality(v.literals))
    INTO choices, lengths, args, one_by_one
    FROM pg_proc p, unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, place),
         LATERAL (SELECT coalesce((SELECT f.literals FROM public.fuzz_value f
             WHERE f.type = format_type(a.type, NULL) AND (f.name = p.proargnames[a.place] OR f.name IS NULL)
             ORDER BY f.name NULLS LAST LIMIT 1),
                                  ARRAY['NULL::' || format_type(a.type, NULL)]) AS literals) v
    WHERE p.oid = function;
    IF args = 0 THEN
        RETURN NEXT '';
        RETURN;
    END IF;
    RETURN NEXT (SELECT string_agg('NULL::' || format_type(CASE a.type WHEN 'anyarray'::regtype THEN 'integer[]'::regtype ELSE a.type END,
        NULL), ', ' ORDER BY a.place)
                 FROM pg_proc p, unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, place) WHERE p.oid = function);
    WHILE n < least(limited, one_by_one + 3 * args * args) LOOP
        RETURN NEXT (SELECT string_agg((string_to_array(choices[j], chr(1)))[1 + chosen], ', ' ORDER BY j)
            FROM (SELECT j, CASE WHEN n >= one_by_one THEN (n * (2 * j + 3) + n / j) % lengths[j]
                                 -- in turn, so that a limit cuts no argument off
                                 WHEN n % args = j - 1 THEN (n / args) % lengths[j]
                                 ELSE 0 END AS chosen
                  FROM generate_series(1, args) j) x);
        n := n + 1;
    END LOOP;
END $$;

CREATE FUNCTION public.fuzz(function oid, limited integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    call text;
    state text;
    seen text;
BEGIN
    FOR call IN SELECT DISTINCT format('%s %s(%s)', CASE p.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, p.oid::regproc, a)
                FROM pg_proc p, public.fuzz_arguments(function, limited) a WHERE p.oid = function LOOP
        BEGIN
            EXECUTE call;
            SET CONSTRAINTS ALL IMMEDIATE;
            RAISE EXCEPTION USING ERRCODE = 'OK000';
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, seen = MESSAGE_TEXT;
        END;
        IF state LIKE 'XX%' OR (state = '42601' OR state = '42703' AND seen LIKE '%does not exist' OR state IN ('42P02', '42P18', '22P04'))
            AND call !~ '^SELECT '
                'osms_internal\.(run_write|under_lock|add_derived_relations|add_money_relations|add_own_relation|'
                'map_relation|map_events|expression_type|read_expression|check_expression|check_default|read_text|expression_fault|key_stands|tried)\(' THEN
            INSERT INTO public.fuzz_seen (call, state, message) VALUES (call, state, left(seen, 200));
        END IF;
    END LOOP;
END $$;

SET search_path = public;
SET statement_timeout = '10s';
SET lock_timeout = '1s';
SET jit = off;
CREATE VIEW public.fuzz_function AS
    SELECT p.oid, l.lanname = 'c' AS c FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'osms'
    WHERE NOT 'internal'::regtype = ANY (p.proargtypes) AND p.prorettype <> 'trigger'::regtype;
GRANT SELECT ON public.fuzz_function TO fuzz_nobody;
SET ROLE fuzz_nobody;
CREATE TEMP TABLE setting (one boolean, cut_over date, time_zone text, roster_complete boolean, epoch bigint, filled_under text);
CREATE TEMP TABLE attachment (attachment bigint, person bigint, organisation bigint, state "char", since date, until date, reason bigint);
CREATE TEMP TABLE person (person bigint, region bigint);
CREATE TEMP TABLE roster (attachment bigint);
SELECT format('SELECT public.fuzz(%s, %s);', oid, CASE WHEN c THEN 200 ELSE 30 END) FROM public.fuzz_function
    WHERE has_function_privilege(oid, 'EXECUTE') ORDER BY oid \gexec
RESET ROLE;
SELECT format('SELECT public.fuzz(%s, %s);', oid, CASE WHEN c THEN 200 ELSE 12 END) FROM public.fuzz_function ORDER BY oid \gexec
-- Triggers made by hand where they do not belong, with too few arguments, too many, or those of another: what is not as osms makes it is
-- 39P01.
CREATE TABLE public.plain (attachment bigint, person bigint, organisation bigint);
INSERT INTO public.plain VALUES (1, 1, 1);
CREATE VIEW public.seen AS SELECT * FROM public.plain;
CREATE FUNCTION public.fuzz_trigger(function regproc, level text, relation regclass, arguments text) RETURNS SETOF text LANGUAGE plpgsql
    AS $$
DECLARE
    statement text;
    state text;
    seen text;
BEGIN
    FOREACH statement IN ARRAY ARRAY['INSERT INTO %s VALUES (2)', 'UPDATE %s SET person = 2', 'DELETE FROM %s', 'TRUNCATE %s'] LOOP
        CONTINUE WHEN (statement LIKE 'TRUNCATE%') AND (level LIKE '%ROW' OR level LIKE 'INSTEAD%');
        BEGIN
            EXECUTE format('CREATE TRIGGER made %s %s ON %s FOR EACH %s EXECUTE FUNCTION %s(%s)', split_part(level, ' FOR ', 1),
                split_part(statement, ' ', 1), relation,
                           split_part(level, ' FOR ', 2), function, arguments);
            EXECUTE format(statement, relation);
            RAISE EXCEPTION USING ERRCODE = 'OK000';
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, seen = MESSAGE_TEXT;
        END;
        RETURN NEXT CASE WHEN state = '39P01' THEN state ELSE concat_ws(' ', state, seen, '<-', function, level, statement, arguments) END;
    END LOOP;
END $$;
CREATE TABLE public.fuzz_verdict AS
    SELECT p.proname, v.verdict FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'c',
        (VALUES ('BEFORE FOR ROW', 'plain'::regclass), ('AFTER FOR ROW', 'plain'), ('BEFORE FOR STATEMENT', 'plain'),
            ('AFTER FOR STATEMENT', 'plain'), ('INSTEAD OF FOR ROW', 'seen')) t (level, relation),
        (VALUES (''), ('1'), ('''nowhere'', ''attachment'', '''', 1'), ('''fund'', ''nothing'', '''''),
            ('''mapped'', ''attachment'', '''''), ('''mapped'', ''attachment'', ''basis'''), ('''loop'', ''person'', ''''')) a (arguments),
        LATERAL public.fuzz_trigger(p.oid, t.level, t.relation, a.arguments) v (verdict)
    WHERE p.prorettype = 'trigger'::regtype AND p.pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace);
-- right in form, but about a table that the registry does not read, or a registry of another shape; append_only, keep and
-- only_scripts may stand anywhere, and keep_setting tells a registry that has a journal
SELECT results_eq($$SELECT DISTINCT proname::text COLLATE "C", substr(verdict, 1, 5) FROM public.fuzz_verdict WHERE verdict <> '39P01'
    ORDER BY 1, 2$$,
    $$VALUES ('append_only' COLLATE "C", '55000'), ('guard_row', '42804'), ('guard_row', '55000'), ('guard_truncate', '42804'),
        ('guard_truncate', '55000'), ('keep', '55000'), ('keep_setting', 'OK000'), ('map_write', '42703'), ('only_scripts', '42501')$$, 'triggers');
RESET statement_timeout;
SELECT is(pg_backend_pid(), :pid, 'the session lives');
SELECT is(pg_postmaster_start_time(), :'started', 'so does the server');
SELECT is_empty('SELECT call, role, state, message FROM public.fuzz_seen', 'no internal error, no broken SQL');
SELECT call, role, state, message FROM public.fuzz_seen;
DROP OWNED BY fuzz_nobody;
DROP ROLE fuzz_nobody;
SELECT * FROM finish();

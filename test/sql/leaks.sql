-- What one call makes goes with it, also when it fails: a pooled session does not grow with the rows it is refused.
SET client_min_messages = error;
SET jit = off;
SELECT * FROM no_plan();
CREATE TABLE public.people (iin char(12) PRIMARY KEY, born date, sex text, died date);
CREATE TABLE public.attached (no serial PRIMARY KEY, iin char(12), clinic integer, d_beg date, d_end date, st integer, x integer DEFAULT 1);
CREATE INDEX ON public.attached (iin);
CREATE TABLE public.event (id serial PRIMARY KEY, kind char(1), closes integer, person char(12), clinic integer, day date,
    x integer DEFAULT 1);
CREATE INDEX ON public.event (person);
CREATE INDEX ON public.event (closes);
INSERT INTO public.people VALUES ('580302300070', '1958-03-02', 'm', '2024-01-01'), ('880715400075', '1988-07-15', 'f', NULL);
INSERT INTO public.attached (iin, clinic, d_beg, st, x) VALUES ('580302300070', 10, '2019-02-01', 1, 1);
INSERT INTO public.event (kind, person, clinic, day, x) VALUES ('A', '580302300070', 10, '2019-02-01', 1);
SELECT osms.create_registry(r, tables => false, cut_over => '2025-01-01') FROM unnest('{mapped,chain}'::text[]) r;
SELECT osms.map(r, 'person', 'people',
    '{"person": "iin", "iin": "iin", "birth_date": "born", "sex": "osms.read_sex(sex)", "death_date": "died"}')
    FROM unnest('{mapped,chain}'::text[]) r;
SELECT osms.map('mapped', 'attachment', 'attached',
    '{"attachment": "no", "person": "iin", "organisation": "clinic", "state": "st", "since": "d_beg", "until": "d_end", "site": '
    '"(1/x)::text"}',
    states => '{"active": ["1"], "closed": ["9"], "annulled": ["7"]}');
SELECT osms.map('chain', 'attachment', 'event',
    '{"attachment": "id", "closes": "closes", "person": "person", "organisation": "clinic", "state": "kind", "since": "day", "site": '
    '{"expression": "(1/x)::text", "column": "x", "write": "coalesce(new.site::integer, 1)"}}',
    shape => 'events', states => '{"active": ["A"], "suspect": ["S"], "closed": ["C"], "annulled": ["X"]}');
SELECT osms.guard('mapped');
-- whoever reads the site of this row divides by zero
SET session_replication_role = replica;
UPDATE public.attached SET x = 0;
RESET session_replication_role;

-- from PostgreSQL 18 on a context has a path in place of its parent's name
SELECT current_setting('server_version_num')::int >= 180000 AS paths \gset
\if :paths
CREATE VIEW public.context AS WITH c AS MATERIALIZED (SELECT * FROM pg_backend_memory_contexts)
SELECT c.name, p.name AS parent, c.used_bytes FROM c LEFT JOIN c p ON p.path = c.path[1:cardinality(c.path) - 1];
\else
CREATE VIEW public.context AS SELECT name, parent, used_bytes FROM pg_backend_memory_contexts;
\endif

-- By how many memory contexts, and kB in use, the caches of the session grow with each call: the median of five times 40 calls, for what
-- goes on in other databases may at any time make the server throw out all that is cached here.
CREATE FUNCTION public.growth(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    contexts bigint[];
    bytes bigint[];
    n bigint;
    b bigint;
    verdict text;
BEGIN
    FOR i IN 1..250 LOOP
        -- by the 50th all that is kept on purpose has been made, for looking at it, too
        IF i = 40 OR i >= 50 AND i % 40 = 10 THEN
            SELECT count(*), sum(used_bytes) INTO n, b FROM public.context
            WHERE name = 'CacheMemoryContext' OR parent IN ('CacheMemoryContext', 'CachedPlanSource', 'CachedPlan', 'SPI Plan',
                'osms guard');
            contexts := contexts || n;
            bytes := bytes || b;
        END IF;
        BEGIN
            EXECUTE call;
            RAISE EXCEPTION USING ERRCODE = 'OK000';
        EXCEPTION WHEN OTHERS THEN
            verdict := SQLSTATE;
        END;
    END LOOP;
    RETURN (SELECT concat_ws(' ', verdict, percentile_disc(0.5) WITHIN GROUP (ORDER BY (contexts[k + 1] - contexts[k]) / 40),
                                           percentile_disc(0.5) WITHIN GROUP (ORDER BY (bytes[k + 1] - bytes[k]) / 40 / 1024))
            FROM generate_series(2, 6) k);
END $$;
SELECT is(public.growth(call), expected || ' 0 0', call) FROM (VALUES
($$SELECT osms_internal.enter_persons('mapped', '{580302300070}'::bpchar[])$$, '22012'),
($$SELECT osms_internal.enter_persons('mapped', '{880715400075}'::bpchar[])$$, 'OK000'),
-- the person counts again, and what the source holds is entered
($$UPDATE people SET died = NULL WHERE iin = '580302300070'$$, '22012'),
($$DELETE FROM people WHERE iin = '580302300070'$$, '23001'),
($$INSERT INTO attached (iin, clinic, d_beg, st) VALUES ('580302300070', 20, '2025-02-01', 1)$$, '22012'),
($$INSERT INTO attached (iin, clinic, d_beg, st) VALUES ('880715400075', 20, '2025-02-01', 1)$$, 'OK000'),
($$INSERT INTO mapped.attachment (person, organisation, since, state) VALUES ('580302300070', 20, '2025-02-01', 'active')$$, '22012'),
($$SELECT osms_internal.audit_relation('mapped', 'attachment', NULL, NULL)$$, '22012'),
($$SELECT osms_internal.sift_candidates('mapped', 'attachment', 'attached', '')$$, '22012'),
($$SELECT osms_internal.sift_candidates('mapped', 'attachment', 'nowhere', '')$$, '42P01'),
($$SELECT osms.lock_persons('mapped', '{580302300070}')$$, 'OK000'),
($$SELECT osms.lock_persons('mapped', ARRAY[repeat('1', 20)])$$, 'OK000'),
($$SELECT osms.import_begin('mapped', '')$$, '22023'),
($$SELECT osms_internal.row_findings('mapped.attachment', a) FROM mapped.attachment a$$, '22012')) c (call, expected);
SELECT osms.unguard('mapped');
SELECT osms.guard('chain');
SET session_replication_role = replica;
UPDATE public.event SET x = 0;
RESET session_replication_role;
SELECT is(public.growth(call), expected || ' 0 0', call) FROM (VALUES
($$INSERT INTO event (kind, person, clinic, day) VALUES ('A', '580302300070', 20, '2025-02-01')$$, '22012'),
($$INSERT INTO chain.attachment (person, organisation, since, state) VALUES ('580302300070', 20, '2025-02-01', 'active')$$, '22012'),
($$UPDATE chain.attachment SET state = 'closed', until = '2025-01-01', reason = 'x' WHERE attachment = 1$$, '22012'),
($$UPDATE people SET died = NULL WHERE iin = '580302300070'$$, '22012')) c (call, expected);
SELECT * FROM finish();

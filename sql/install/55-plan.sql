
--
-- plan: the script that puts a guard on a live database, with what each step
-- locks, about how long it takes, and how it is taken back.
--
CREATE VIEW osms.pace AS
    SELECT * FROM (VALUES
        ('index', 1000000, 'rows of the table', 'CREATE INDEX CONCURRENTLY on one column of an attachment table'),
        ('guard', 500, 'triggers made', 'osms.guard; waiting for locks comes on top'),
        ('fill_roster', 60000, 'persons or attachments, whichever are more',
         'osms.fill_roster in batches of 10,000, one attachment for each person'),
        ('verify', 250000, 'attachments', 'osms.verify')) AS p (work, per_second, unit, measured);
COMMENT ON VIEW osms.pace IS
'what the estimates of osms.plan rest on
work, units of it done in a second, the unit, what was measured (PostgreSQL 15, two cores, tables of 500,000 to 5,000,000 rows
in memory)';

CREATE FUNCTION osms_internal.duration(work text, amount numeric) RETURNS interval
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT make_interval(secs => ceil(amount / p.per_second)::double precision) FROM osms.pace p WHERE p.work = duration.work);
COMMENT ON FUNCTION osms_internal.duration(text, numeric) IS 'about how long an amount of work takes, in whole seconds, by osms.pace';

CREATE FUNCTION osms_internal.row_estimate(source regclass) RETURNS numeric
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT sum(CASE WHEN c.reltuples >= 0 THEN c.reltuples::numeric ELSE pg_relation_size(c.oid) / 100.0 END)
            FROM osms_internal.tables_of(source) t (oid) JOIN pg_catalog.pg_class c ON c.oid = t.oid WHERE c.relkind = 'r');
COMMENT ON FUNCTION osms_internal.row_estimate(regclass) IS
    'rows of a table and its partitions by the server''s statistics; a row of 100 bytes is assumed where there are none';

-- Attachments of events are found by their events.
CREATE FUNCTION osms_internal.indexed_reading(registry text, relation text, "column" text, OUT expression text, OUT fixed boolean)
    RETURNS record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT r.expression, r.fixed
        FROM (SELECT relation = 'attachment' AND osms.relation_of(registry, 'attachment_event') IS NOT NULL AS of_events) e,
             osms_internal.mapped_reading(osms.relation_of(registry, CASE WHEN e.of_events THEN 'attachment_event' ELSE relation END),
                                 CASE WHEN e.of_events AND "column" = 'attachment' THEN 'event' ELSE "column" END) r;
    END;
COMMENT ON FUNCTION osms_internal.indexed_reading(text, text, text) IS
'the expression of the source that an index must hold for a look-up of the guard, and whether it is immutable
called by osms_internal.index_steps';

CREATE FUNCTION osms_internal.index_steps(registry text, OUT statement text, OUT lock text, OUT estimate interval, OUT undo text)
    RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE STRICT ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    missing record;
    leaf record;
    index_name text;
BEGIN
    FOR missing IN
        SELECT i.relation, i."column", i.source, r.expression, r.fixed, bool_or(i.is_key) AS is_key
        FROM (SELECT m.relation, m."column", m.source, false FROM osms_internal.missing_indexes(registry) m
              UNION ALL
              SELECT k.relation, k.unindexed, osms.mapped_source(osms.relation_of(registry, k.relation)), true
              FROM osms_internal.key_faults(registry) k WHERE k.unindexed IS NOT NULL) i (relation, "column", source, is_key),
             osms_internal.indexed_reading(registry, i.relation, i."column") r
        GROUP BY i.relation, i."column", i.source, r.expression, r.fixed
        ORDER BY i.relation, i."column"
    LOOP
        IF missing.fixed IS NOT TRUE THEN
            RAISE EXCEPTION 'relation "%" cannot be indexed by "%"', missing.relation, missing."column"
                USING ERRCODE = 'object_not_in_prerequisite_state',
                    DETAIL = format('It is read from %s as %s, which is not immutable.', missing.source, missing.expression),
                      HINT = 'Map it to a column, or by an immutable expression.';
        END IF;
        -- an index of the whole tree would take over those of its partitions, and drop them with itself
        FOR leaf IN
            SELECT t.source, c.relname, n.nspname FROM osms_internal.tables_of(missing.source) t (source)
            JOIN pg_class c ON c.oid = t.source JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND NOT CASE WHEN missing.is_key THEN osms_internal.is_keyed(t.source, missing.source, missing.expression)
                                          ELSE EXISTS (SELECT FROM pg_index x WHERE x.indrelid = t.source AND x.indisvalid
                                                       AND x.indpred IS NULL
                                                       AND pg_get_indexdef(x.indexrelid, 1, false) = missing.expression) END
            ORDER BY t.source::text
        LOOP
            index_name := left(format('%s_%s', leaf.relname, missing."column"), 58) || '_osms';
            IF to_regclass(format('%I.%I', leaf.nspname, index_name)) IS NOT NULL THEN
                statement := format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', leaf.nspname, index_name);
                lock := format('SHARE UPDATE EXCLUSIVE on %s: it was not built to the end', leaf.source);
                estimate := '1 s';
                undo := NULL;
                RETURN NEXT;
            END IF;
            statement := format('CREATE %sINDEX CONCURRENTLY %I ON %I.%I (%s)', CASE WHEN missing.is_key THEN 'UNIQUE ' END, index_name,
                                leaf.nspname, leaf.relname, missing.expression);
            lock := format('SHARE UPDATE EXCLUSIVE on %s: nobody who reads or writes waits', leaf.source);
            estimate := osms_internal.duration('index', osms_internal.row_estimate(leaf.source));
            undo := format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', leaf.nspname, index_name);
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.index_steps(text) IS
'the steps of osms.plan that make missing indexes, unique ones for keys, of partitioned tables partition by partition
55000 where a look-up is no immutable expression';

CREATE FUNCTION osms.plan(registry text, modes jsonb DEFAULT '{}', OUT step integer, OUT statement text, OUT lock text,
                          OUT estimate interval, OUT undo text) RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE ROWS 10
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    kept jsonb;
    before jsonb;
    guarded boolean;
    payment_mode text;
    filled boolean;
    attachments numeric;
BEGIN
    PERFORM osms_internal.check_modes(modes);
    -- what guard would stop at and no statement of ours can mend
    PERFORM osms_internal.stop_at_errors(registry, 'registry', jsonb_agg(to_jsonb(c))) FROM osms.check_registry(registry) c
    WHERE c.severity = 'error'
      AND (c.relation, c.problem) NOT IN (SELECT i.relation, i.problem FROM osms_internal.missing_indexes(registry) i
                                          UNION ALL SELECT g.relation, g.problem FROM osms_internal.missing_grants(registry) g
                                          UNION ALL SELECT k.relation, k.problem FROM osms_internal.key_faults(registry) k
                                              WHERE k.unindexed IS NOT NULL);
    PERFORM osms_internal.check_one_guard(registry);
    kept := osms_internal.guard_modes(registry, modes);
    guarded := EXISTS (SELECT FROM osms.guards g WHERE g.registry = plan.registry AND g.relation <> 'payment');
    -- a partition that was detached is guarded still, as a table of its own
    payment_mode := (SELECT coalesce(g.modes ->> 'payment_due', r.default_mode) FROM osms.guards g, osms.rule r
                     WHERE g.registry = plan.registry AND g.relation = 'payment' AND r.rule = 'payment_due'
                       AND g.source = osms.mapped_source(osms.relation_of(plan.registry, 'payment')));
    step := 0;
    FOR statement, lock, estimate, undo IN
        SELECT s.statement, s.lock, s.estimate, s.undo
        FROM (SELECT 1 AS part, i.* FROM osms_internal.index_steps(registry) WITH ORDINALITY i (statement, lock, estimate, undo, place)
              UNION ALL
              SELECT 2, g.statement, 'none', interval '0', g.undo, row_number() OVER (ORDER BY g.statement COLLATE "C")
              FROM (SELECT DISTINCT m.statement, m.undo FROM osms_internal.missing_grants(registry) m) g) s
        ORDER BY s.part, s.place
    LOOP
        step := step + 1;
        RETURN NEXT;
    END LOOP;
    IF EXISTS (SELECT FROM osms_internal.guard_changes(registry, kept)) THEN
        step := step + 1;
        statement := format('SELECT osms.guard(%L%s)', registry, CASE WHEN modes <> '{}' THEN format(', %L', modes) END);
        SELECT format('SHARE ROW EXCLUSIVE on %s: readers pass, writers wait up to 0.1 s at a time until all locks are had',
                      string_agg(DISTINCT c.source::text, ', ')), osms_internal.duration('guard', count(*))
        INTO lock, estimate FROM osms_internal.guard_changes(registry, kept) c;
        SELECT jsonb_object_agg(m.key, coalesce(osms_internal.guard_modes(registry, '{}') ->> m.key, r.default_mode)) INTO before
        FROM jsonb_object_keys(modes) m (key) JOIN osms.rule r ON r.rule = m.key;
        undo := CASE WHEN NOT guarded THEN format('SELECT osms.unguard(%L)', registry) || CASE WHEN payment_mode IS NULL THEN ''
            ELSE format(', osms.guard_payment(%L, %L)', registry, payment_mode) END
                     WHEN before IS NOT NULL THEN format('SELECT osms.guard(%L, %L)', registry, before) END;
        RETURN NEXT;
    END IF;
    attachments := osms_internal.row_estimate(osms.mapped_source(osms.relation_of(registry, 'attachment')));
    filled := osms_internal.is_filled(registry);
    IF NOT filled OR EXISTS (SELECT FROM osms_internal.guard_changes(registry, kept) c WHERE c.was_open
                             AND c.relation IN ('attachment', 'person')) THEN
        step := step + 1;
        statement := format('CALL osms.fill_roster(%L)', registry);
        lock := '10,000 rows of person at a time: who writes about those persons waits for the batch';
        estimate := osms_internal.duration('fill_roster',
                                           greatest(attachments, osms_internal.row_estimate(osms.mapped_source(osms.relation_of(registry,
                                               'person')))));
        undo := NULL;
        RETURN NEXT;
    END IF;
    step := step + 1;
    statement := format('SELECT * FROM osms.verify(%L)', registry);
    lock := 'none';
    estimate := osms_internal.duration('verify', attachments);
    undo := NULL;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION osms.plan(text, jsonb) IS
'the script that puts a guard with these modes on a registry
step, statement to be run as it is, each in a transaction of its own, the lock it takes, about how long it takes (osms.pace),
and the statement that takes it back (NULL: nothing to take back; in the opposite order). Writes nothing. 55000 for what no
statement can mend, 22023 for an unknown rule or mode, 3F000 where there is no such registry';

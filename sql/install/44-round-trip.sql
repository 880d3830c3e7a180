
--
-- round trip: what a mapping writes, it must read again as it was told. An
-- expression and its "write" are two texts that nothing else compares.
--
CREATE FUNCTION osms.told_rows(relation text) RETURNS TABLE (told jsonb, needed boolean)
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 5
    BEGIN ATOMIC
        -- an attachment is open, or has its end and why; the guard closes and annuls
        SELECT jsonb_build_object('since', '2020-01-01', 'until', CASE WHEN s = 'closed' THEN '2021-01-01' END, 'state', s,
                                  'reason', CASE WHEN s = 'closed' THEN 'death' END), s <> 'suspect'
        FROM (SELECT DISTINCT to_state FROM osms.transitions('attachment') WHERE to_state IS NOT NULL) t (s) WHERE told_rows.relation = 'attachment'
        UNION ALL
        SELECT jsonb_build_object('state', s), s = 'replaced' FROM (SELECT DISTINCT to_state FROM osms.transitions('application') WHERE to_state IS NOT NULL) t (s) WHERE told_rows.relation = 'application'
        UNION ALL
        SELECT jsonb_build_object('death_date', d), true FROM unnest(ARRAY['2021-01-01', NULL]) d WHERE told_rows.relation = 'person'
        UNION ALL
        SELECT jsonb_build_object('valid_from', '2020-01-01', 'valid_to', d), true FROM unnest(ARRAY['2021-01-01', NULL]) d WHERE told_rows.relation = 'contract';
    END;
COMMENT ON FUNCTION osms.told_rows(text) IS
'rows of a relation that a mapping should read again as they are written, and whether guards write such
called by osms.round_trip_faults';

-- The query that writes a canonical row, told by its columns as texts ($1, an
-- object), and reads it again, as an object of texts; columns: those read by
-- what the mapping writes alone, for of the others nothing can be said.
CREATE FUNCTION osms.round_trip_query(canonical regclass, OUT query text, OUT columns text[]) RETURNS record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    arguments CONSTANT text[] := osms.written_arguments(canonical);
    source CONSTANT regclass := osms.mapped_source(canonical);
    written CONSTANT text[] := ARRAY(SELECT arguments[p + 1] FROM generate_series(4, cardinality(arguments), 3) p WHERE arguments[p] <> '');
    told text;
    stored text;
    reading text;
BEGIN
    SELECT string_agg(format('($1 ->> %L)::%s AS %I', a.attname, osms.column_type(canonical, a.attname), a.attname), ', ') INTO told
    FROM pg_attribute a WHERE a.attrelid = canonical AND a.attnum > 0 AND NOT a.attisdropped;
    SELECT string_agg(format('(%s)::%s AS %I', coalesce(t.write, 'NULL'), osms.column_type(source, a.attname), a.attname), ', ') INTO stored
    FROM pg_attribute a
    LEFT JOIN LATERAL (SELECT arguments[p + 2] AS write FROM generate_series(4, cardinality(arguments), 3) p
                       WHERE arguments[p] <> '' AND arguments[p + 1] = a.attname ORDER BY p LIMIT 1) t ON true
    WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped;
    SELECT string_agg(format('%L, (%s)::text', k."column", r.expression), ', '), array_agg(k."column") INTO reading, columns
    FROM (SELECT arguments[p] AS "column" FROM generate_series(4, cardinality(arguments), 3) p WHERE arguments[p] <> '') k,
         osms.mapped_reading(canonical, k."column") r
    WHERE r.columns <@ written AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = source AND a.attname = ANY (r.columns) AND a.attgenerated <> '');
    query := format('SELECT jsonb_build_object(%s) FROM (SELECT %s FROM (SELECT %s) new) s', reading, stored, told);
END $$;
COMMENT ON FUNCTION osms.round_trip_query(regclass) IS
'query that reads a row, told as an object of texts ($1), as the mapping of a relation would read it once it is written, and the
columns of which it tells
NULL where the relation is not written by a mapping; called by osms.round_trip_faults';

CREATE FUNCTION osms.read_back(canonical regclass, told jsonb) RETURNS jsonb
    LANGUAGE C STABLE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osms_read_back';
COMMENT ON FUNCTION osms.read_back(regclass, jsonb) IS
'a row as its mapping reads it again once it is written as told, worked out with the rights of the owner of the relation
NULL where no mapping writes it. 42501 for who may not read the relation; called by osms.round_trip_faults';

CREATE FUNCTION osms.written_elsewhere(canonical regclass, OUT told text, OUT written text, OUT now text, OUT columns text[], OUT gone boolean) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT w.told, w.written, n.now, r.columns,
               NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = osms.mapped_source(canonical) AND a.attname = w.written AND NOT a.attisdropped)
        FROM (SELECT t.arguments[p] AS told, t.arguments[p + 1] AS written
              FROM pg_catalog.pg_trigger g, LATERAL (SELECT osms.trigger_arguments(g.oid) AS arguments) t, generate_series(4, cardinality(t.arguments), 3) p
              WHERE g.tgrelid = canonical AND g.tgfoid = to_regproc('osms.map_write')) w,
             LATERAL (SELECT osms.written_column(canonical, w.told, w.written) AS now) n,
             osms.mapped_reading(canonical, w.told) r
        WHERE n.now IS DISTINCT FROM w.written
        ORDER BY w.told;
    END;
COMMENT ON FUNCTION osms.written_elsewhere(regclass) IS
'columns that a mapping writes under another name than they are read from: canonical column, the name, the one to write now
NULL for now: it cannot be told; gone: no column has the name; called by osms.map and check_registry';

CREATE FUNCTION osms.round_trip_faults(canonical regclass, relation text, OUT severity text, OUT problem text, OUT hint text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    trip record;
    t record;
    again jsonb;
BEGIN
    SELECT q.* INTO trip FROM osms.round_trip_query(canonical) q;
    hint := 'Let "write" be the inverse of the expression, or map the column by its name.';
    FOR t IN SELECT r.* FROM osms.told_rows(relation) r WHERE trip.query IS NOT NULL ORDER BY r.told ->> 'state' LOOP
        again := osms.read_back(canonical, t.told);
        -- a code that is missing is told of elsewhere
        CONTINUE WHEN again ? 'state' AND again ->> 'state' IS NULL;
        FOR severity, problem IN
            SELECT CASE WHEN t.needed THEN 'error' ELSE 'warning' END,
                   format('column "%s" written as %s reads as %s', v.key, coalesce('"' || v.value || '"', 'NULL'), coalesce('"' || (again ->> v.key) || '"', 'NULL'))
                   || CASE WHEN v.key <> 'state' AND t.told ? 'state' THEN format(' where state is "%s"', t.told ->> 'state') ELSE '' END
            FROM jsonb_each_text(t.told) v
            WHERE v.key = ANY (trip.columns) AND again ->> v.key IS DISTINCT FROM v.value AND (v.key <> 'reason' OR again ->> v.key IS NOT NULL)
            ORDER BY v.key
        LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
EXCEPTION WHEN insufficient_privilege OR data_exception OR integrity_constraint_violation OR raise_exception OR undefined_column
               OR datatype_mismatch OR undefined_function OR object_not_in_prerequisite_state THEN
    -- of what does not fit, or fails on a row of which much is missing, others tell
    RETURN;
END $$;
COMMENT ON FUNCTION osms.round_trip_faults(regclass, text) IS
'columns of a mapped relation that do not read as what was written to them
an error where guards write it, else a warning; called by osms.map and check_registry';

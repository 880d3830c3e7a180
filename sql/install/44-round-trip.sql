
--
-- round trip: what a mapping writes, it must read again as it was told. An
-- expression and its "write" are two texts that nothing else compares.
--
CREATE FUNCTION osms_internal.told_rows(relation text) RETURNS TABLE (told jsonb, needed boolean)
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 5
    BEGIN ATOMIC
        -- an attachment is open, or has its end and why; the guard closes and annuls
        SELECT jsonb_build_object('since', '2020-01-01', 'until', CASE WHEN s = 'closed' THEN '2021-01-01' END, 'state', s,
                                  'reason', CASE WHEN s = 'closed' THEN 'death' END), s <> 'suspect'
        FROM (SELECT DISTINCT to_state FROM osms.transitions('attachment') WHERE to_state IS NOT NULL) t (s)
            WHERE told_rows.relation = 'attachment'
        UNION ALL
        SELECT jsonb_build_object('state', s), s = 'replaced' FROM (SELECT DISTINCT to_state FROM osms.transitions('application')
                                                                    WHERE to_state IS NOT NULL) t (s)
                                                                        WHERE told_rows.relation = 'application'
        UNION ALL
        SELECT jsonb_build_object('death_date', d), true FROM unnest(ARRAY['2021-01-01', NULL]) d WHERE told_rows.relation = 'person'
        UNION ALL
        SELECT jsonb_build_object('valid_from', '2020-01-01', 'valid_to', d), true FROM unnest(ARRAY['2021-01-01', NULL]) d
            WHERE told_rows.relation = 'contract';
    END;
COMMENT ON FUNCTION osms_internal.told_rows(text) IS
'rows of a relation that a mapping should read again as they are written, and whether guards write such
called by osms_internal.round_trip_faults';

-- The query that writes a canonical row, told by its columns as texts ($1, an
-- object), and reads it again, as an object of texts; columns: those read by
-- what the mapping writes alone, for of the others nothing can be said.
CREATE FUNCTION osms_internal.round_trip_query(canonical regclass, OUT query text, OUT columns text[]) RETURNS record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    arguments CONSTANT text[] := osms_internal.written_arguments(canonical);
    source CONSTANT regclass := osms.mapped_source(canonical);
    written CONSTANT text[] := ARRAY(SELECT arguments[p + 1] FROM generate_series(4, cardinality(arguments), 3) p WHERE arguments[p] <> '');
    told text;
    stored text;
    reading text;
BEGIN
    SELECT string_agg(format('($1 ->> %L)::%s AS %I', a.attname, osms_internal.column_type(canonical, a.attname), a.attname), ', ')
        INTO told
    FROM pg_attribute a WHERE a.attrelid = canonical AND a.attnum > 0 AND NOT a.attisdropped;
    SELECT string_agg(format('(%s)::%s AS %I', coalesce(t.write, 'NULL'), osms_internal.column_type(source, a.attname), a.attname), ', ')
        INTO stored
    FROM pg_attribute a
    LEFT JOIN LATERAL (SELECT arguments[p + 2] AS write FROM generate_series(4, cardinality(arguments), 3) p
                       WHERE arguments[p] <> '' AND arguments[p + 1] = a.attname ORDER BY p LIMIT 1) t ON true
    WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped;
    SELECT string_agg(format('%L, (%s)::text', k."column", r.expression), ', '), array_agg(k."column") INTO reading, columns
    FROM (SELECT arguments[p] AS "column" FROM generate_series(4, cardinality(arguments), 3) p WHERE arguments[p] <> '') k,
         osms_internal.mapped_reading(canonical, k."column") r
    WHERE r.columns <@ written AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = source AND a.attname = ANY (r.columns)
                                               AND a.attgenerated <> '');
    query := format('SELECT jsonb_build_object(%s) FROM (SELECT %s FROM (SELECT %s) new) s', reading, stored, told);
END $$;
COMMENT ON FUNCTION osms_internal.round_trip_query(regclass) IS
'query that reads a row, told as an object of texts ($1), as the mapping of a relation would read it once it is written, and the
columns of which it tells
NULL where the relation is not written by a mapping; called by osms_internal.round_trip_faults';

CREATE FUNCTION osms_internal.read_back(canonical regclass, told jsonb) RETURNS jsonb
    LANGUAGE C STABLE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osms_read_back';
COMMENT ON FUNCTION osms_internal.read_back(regclass, jsonb) IS
'a row as its mapping reads it again once it is written as told, worked out with the rights of the owner of the relation
NULL where no mapping writes it. 42501 for who may not read the relation; called by osms_internal.round_trip_faults';

CREATE FUNCTION osms_internal.written_elsewhere(canonical regclass, OUT told text, OUT written text, OUT now text, OUT columns text[],
                                                OUT gone boolean) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT w.told, w.written, n.now, r.columns,
               NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = osms.mapped_source(canonical) AND a.attname = w.written
                           AND NOT a.attisdropped)
        FROM (SELECT t.arguments[p] AS told, t.arguments[p + 1] AS written
              FROM pg_catalog.pg_trigger g, LATERAL (SELECT osms_internal.trigger_arguments(g.oid) AS arguments) t,
                  generate_series(4, cardinality(t.arguments), 3) p
              WHERE g.tgrelid = canonical AND g.tgfoid = to_regproc('osms_internal.map_write')) w,
             LATERAL (SELECT osms_internal.written_column(canonical, w.told, w.written) AS now) n,
             osms_internal.mapped_reading(canonical, w.told) r
        WHERE n.now IS DISTINCT FROM w.written
        ORDER BY w.told;
    END;
COMMENT ON FUNCTION osms_internal.written_elsewhere(regclass) IS
'columns that a mapping writes under another name than they are read from: canonical column, the name, the one to write now
NULL for now: it cannot be told; gone: no column has the name; called by osms.map and check_registry';

CREATE FUNCTION osms_internal.round_trip_faults(canonical regclass, relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
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
    SELECT q.* INTO trip FROM osms_internal.round_trip_query(canonical) q;
    hint := 'Let "write" be the inverse of the expression, or map the column by its name.';
    FOR t IN SELECT r.* FROM osms_internal.told_rows(relation) r WHERE trip.query IS NOT NULL ORDER BY r.told ->> 'state' LOOP
        again := osms_internal.read_back(canonical, t.told);
        -- a code that is missing is told of elsewhere
        CONTINUE WHEN again ? 'state' AND again ->> 'state' IS NULL;
        FOR severity, problem IN
            SELECT CASE WHEN t.needed THEN 'error' ELSE 'warning' END,
                   format('column "%s" written as %s reads as %s', v.key, coalesce('"' || v.value || '"', 'NULL'),
                          coalesce('"' || (again ->> v.key) || '"', 'NULL'))
                   || CASE WHEN v.key <> 'state' AND t.told ? 'state' THEN format(' where state is "%s"', t.told ->> 'state') ELSE '' END
            FROM jsonb_each_text(t.told) v
            WHERE v.key = ANY (trip.columns) AND again ->> v.key IS DISTINCT FROM v.value
                AND (v.key <> 'reason' OR again ->> v.key IS NOT NULL)
            ORDER BY v.key
        LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
EXCEPTION WHEN insufficient_privilege OR data_exception OR program_limit_exceeded OR integrity_constraint_violation OR raise_exception
    OR undefined_column
               OR datatype_mismatch OR undefined_function OR object_not_in_prerequisite_state THEN
    -- of what does not fit, or fails on a row of which much is missing, others tell
    RETURN;
END $$;
COMMENT ON FUNCTION osms_internal.round_trip_faults(regclass, text) IS
'columns of a mapped relation that do not read as what was written to them
an error where guards write it, else a warning; called by osms.map and check_registry';

--
-- what is stored: types, domains and constraints of a table may refuse what
-- the guard or the workflow writes, which is tried before it must be.
--
CREATE FUNCTION osms_internal.trial_rows(relation text, OUT told jsonb, OUT what text, OUT occasion text) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 20
    BEGIN ATOMIC
        SELECT jsonb_build_object('state', t.state, 'reason', 'death') || CASE t.state WHEN 'closed'
            THEN jsonb_build_object('until', current_date) ELSE '{}' END,
               t.what, 'a death is recorded'
        FROM (VALUES ('closed', 'a closing by death'), ('annulled', 'an annulment by death')) t (state, what)
            WHERE trial_rows.relation = 'attachment'
        UNION ALL
        SELECT '{"state": "replaced"}', 'state "replaced"', 'another application is identified' WHERE trial_rows.relation = 'application'
        UNION ALL
        -- what the workflow writes, or a death of the past
        SELECT '{"state": "closed", "reason": "death", "until": "2021-01-01"}', 'an end of 2021', NULL
            WHERE trial_rows.relation = 'attachment'
        UNION ALL
        SELECT '{"state": "active", "reason": null, "until": null}', 'an attachment without an end', NULL
            WHERE trial_rows.relation = 'attachment'
        UNION ALL
        SELECT '{"state": "suspect"}', 'state "suspect"', NULL WHERE trial_rows.relation = 'attachment'
        UNION ALL
        SELECT jsonb_build_object('reason', r.code), format('reason "%s"', r.code), NULL
        FROM osms.reason_codes(trial_rows.relation) r
        WHERE trial_rows.relation IN ('attachment', 'application')
          AND (trial_rows.relation = 'application'
               OR r.code IN ('moved_to_other', 'site_change', 'duplicate', 'left_region', 'left_country', 'error'))
        UNION ALL
        SELECT jsonb_build_object('state', t.to_state), format('state "%s"', t.to_state), NULL
        FROM (SELECT DISTINCT to_state FROM osms.transitions('application') WHERE to_state <> 'replaced') t
            WHERE trial_rows.relation = 'application'
        UNION ALL
        SELECT jsonb_build_object('death_date', d.day), d.what, NULL
        FROM (VALUES (current_date, 'a day of death'), (NULL, 'no day of death')) d (day, what) WHERE trial_rows.relation = 'person';
    END;
COMMENT ON FUNCTION osms_internal.trial_rows(text) IS
'what guard and workflow write to a relation: columns as texts, in words, and when the guard itself must
called by osms_internal.storing_faults';

-- The row as it would be stored, of which nothing else is known: what a
-- constraint finds in it then holds whatever else the row holds.
CREATE FUNCTION osms_internal.storing_query(canonical regclass, told jsonb) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source CONSTANT regclass := osms.mapped_source(canonical);
    arguments text[];
    written jsonb;
    told_row text;
    stored text;
    faults text;
BEGIN
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = canonical AND tgfoid = 'osms_internal.map_event'::regproc) THEN
        canonical := osms.relation_of((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                                       WHERE c.oid = canonical), 'attachment_event');
        told := told - 'until' || CASE WHEN told ->> 'until' IS NULL THEN '{}' ELSE jsonb_build_object('day', told -> 'until') END;
    END IF;
    arguments := osms_internal.written_arguments(canonical);
    SELECT jsonb_object_agg(arguments[p + 1], jsonb_build_object('key', arguments[p], 'write', arguments[p + 2])) INTO written
    FROM generate_series(4, cardinality(arguments), 3) p WHERE told ? arguments[p];
    IF written IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT string_agg(format('%s::%s AS %I', CASE WHEN told ? a.attname THEN format('($1 ->> %L)', a.attname) ELSE 'NULL' END,
                             osms_internal.column_type(canonical, a.attname), a.attname), ', ') INTO told_row
    FROM pg_attribute a WHERE a.attrelid = canonical AND a.attnum > 0 AND NOT a.attisdropped;
    SELECT string_agg(format('(%s)::%s AS %I', coalesce(written -> a.attname ->> 'write', 'NULL'),
                             osms_internal.column_type(source, a.attname), a.attname), ', ')
    INTO stored FROM pg_attribute a WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped;
    WITH c AS (
        SELECT a.attnum, quote_ident(a.attname) AS name, a.attname, a.attnotnull, a.atttypmod, t.typtype,
            format_type(a.atttypid, a.atttypmod) AS type,
               told ->> w.key IS NOT NULL AS given, a.atthasdef AND w.key <> 'until' AS filled
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid, jsonb_to_record(written -> a.attname) w (key text)
        WHERE a.attrelid = source AND written ? a.attname
    )
    SELECT string_agg(f.clause, ' ' ORDER BY f.place, f.clause) INTO faults
    FROM (
        -- without a code, which is told elsewhere
        SELECT 1, format('WHEN %s IS NULL THEN NULL', c.name) FROM c WHERE c.given
        UNION ALL
        SELECT 2, format('WHEN %s IS NULL THEN %L', c.name, format('column "%s" may not be NULL', c.attname)) FROM c WHERE c.attnotnull
            AND NOT c.filled
        UNION ALL
        SELECT 3, format('WHEN %1$s::%2$s IS DISTINCT FROM %1$s THEN %3$L', c.name, c.type,
                         format('column "%s" is of type %s', c.attname, c.type))
        FROM c WHERE c.atttypmod >= 0 OR c.typtype = 'd'
        UNION ALL
        SELECT 4, format('WHEN (%s) IS FALSE THEN %L', pg_get_expr(k.conbin, k.conrelid), format('constraint "%s"', k.conname))
        FROM pg_constraint k WHERE k.conrelid = source AND k.contype = 'c' AND k.conkey && (SELECT array_agg(c.attnum) FROM c)
                               AND to_jsonb(k) ->> 'conenforced' IS DISTINCT FROM 'false'
        UNION ALL
        SELECT 5, format('WHEN NOT EXISTS (SELECT FROM %s r WHERE r.%I = w.%s) THEN %L', k.confrelid::regclass, r.attname, c.name,
                         format('foreign key "%s"', k.conname))
        FROM pg_constraint k JOIN c ON k.conkey = ARRAY[c.attnum] AND c.given JOIN pg_attribute r ON r.attrelid = k.confrelid
            AND k.confkey = ARRAY[r.attnum]
        WHERE k.conrelid = source AND k.contype = 'f' AND to_jsonb(k) ->> 'conenforced' IS DISTINCT FROM 'false') f (place, clause);
    RETURN format('SELECT CASE %s END FROM (SELECT %s FROM (SELECT %s) new) w', coalesce(faults, 'WHEN false THEN NULL'), stored, told_row);
END $$;
COMMENT ON FUNCTION osms_internal.storing_query(regclass, jsonb) IS
'query that tells what of a table refuses what a mapping makes of a row, told as an object of texts ($1): a column that may not
be
NULL, a type, a domain, a constraint
NULL where nothing is written; called by osms_internal.storing_fault';

CREATE FUNCTION osms_internal.storing_fault(canonical regclass, told jsonb) RETURNS text
    LANGUAGE C STABLE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    SET row_security = off
    AS 'MODULE_PATHNAME', 'osms_storing_fault';
COMMENT ON FUNCTION osms_internal.storing_fault(regclass, jsonb) IS
'what of the table behind a relation refuses a row told as an object of texts, worked out as the owner of the relation
NULL for nothing, or where others may put triggers on the relation; otherwise the errors of its types. Called by storing_faults';

CREATE FUNCTION osms_internal.storing_faults(canonical regclass, relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    t record;
    fault text;
    found_faults jsonb := '[]';
BEGIN
    FOR t IN SELECT r.* FROM osms_internal.trial_rows(relation) r LOOP
        -- what has no code, or none that the type holds, is told as that
        CONTINUE WHEN EXISTS (SELECT FROM jsonb_each_text(t.told) e (k, v)
                              WHERE e.v IS NOT NULL AND (t.occasion IS NOT NULL OR e.k = 'reason')
                                  AND NOT osms_internal.can_write(canonical, e.k, e.v));
        BEGIN
            fault := osms_internal.storing_fault(canonical, t.told);
        EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
            fault := SQLERRM;
        WHEN insufficient_privilege OR undefined_column OR undefined_function OR datatype_mismatch OR object_not_in_prerequisite_state
             OR raise_exception OR undefined_table OR invalid_schema_name THEN
            -- what others have a say in, and what does not fit, is told of elsewhere
            fault := NULL;
        END;
        IF fault IS NOT NULL THEN
            found_faults := found_faults || jsonb_build_object('what', t.what, 'fault', fault, 'occasion', t.occasion);
        END IF;
    END LOOP;
    RETURN QUERY
    SELECT CASE WHEN f.occasion IS NULL THEN 'warning' ELSE 'error' END,
           format('%s cannot be written to %s: %s', string_agg(f.what, ', ' ORDER BY f.place), osms.mapped_source(canonical), f.fault),
           format('%s: let the table hold it, or map the relation again with osms.map(), to codes%s that it holds.',
                  coalesce('The guard writes it when ' || f.occasion, 'What would write it is refused'), CASE relation WHEN 'attachment'
                      THEN ' and an open_end' ELSE '' END)
    FROM jsonb_array_elements(found_faults) WITH ORDINALITY e (fault, place),
        LATERAL (SELECT e.fault ->> 'what', e.fault ->> 'fault', e.fault ->> 'occasion', e.place) f (what, fault, occasion, place)
    GROUP BY f.fault, f.occasion ORDER BY min(f.place);
END $$;
COMMENT ON FUNCTION osms_internal.storing_faults(regclass, text) IS
'what guard and workflow write and the table behind a relation refuses
an error where the guard must write it, else a warning; called by osms.check_registry';

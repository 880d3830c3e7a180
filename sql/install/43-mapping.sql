
--
-- mapping: how a mapping reads and writes; what would let an expression of it
-- count wrongly, or fail, and keys that do not tell one row from another.
--
CREATE FUNCTION osms_internal.mapped_reading(canonical regclass, "column" text, OUT expression text, OUT columns text[], OUT fixed boolean)
    RETURNS record
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_mapped_reading';
COMMENT ON FUNCTION osms_internal.mapped_reading(regclass, text) IS
'how a canonical column reads its source
expression as an index would have it, columns of the source in it, whether it is immutable; NULL where it is not mapped; 42P01
where there is no such relation, 22023 for one that is not canonical, 42703 for such a column, otherwise the errors of a mapping
that does not fit: 42703, 42804, 42809, 55000';

CREATE FUNCTION osms_internal.mapped_writing(canonical regclass, "column" text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT t.arguments[p.place + 2]
            FROM (SELECT osms_internal.trigger_arguments(g.oid) AS arguments FROM pg_trigger g
                  WHERE g.tgrelid = canonical AND g.tgfoid = 'osms_internal.map_write'::regproc) t,
                 generate_series(4, cardinality(t.arguments), 3) AS p (place)
            WHERE t.arguments[p.place] = "column");
END $$;
COMMENT ON FUNCTION osms_internal.mapped_writing(regclass, text) IS
'how a canonical column is written to its source: expression over new
NULL where it can only be read; called by osms_internal.can_write and osms.check_registry';

CREATE FUNCTION osms_internal.writing_query(canonical regclass, "column" text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    write text;
BEGIN
    IF (SELECT relkind <> 'v' FROM pg_class WHERE oid = canonical) THEN
        RETURN (SELECT 'SELECT true' FROM pg_attribute a
                WHERE a.attrelid = canonical AND a.attname = "column" AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '');
    END IF;
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = canonical AND tgfoid = 'osms_internal.map_event'::regproc) THEN
        canonical := osms.relation_of((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                                       WHERE c.oid = canonical), 'attachment_event');
        "column" := CASE "column" WHEN 'attachment' THEN 'event' WHEN 'since' THEN 'day' WHEN 'until' THEN 'day' ELSE "column" END;
    END IF;
    write := osms_internal.mapped_writing(canonical, "column");
    -- all columns of the row are there, for a mapping may write one by another
    RETURN (SELECT format('SELECT (%s) IS NOT NULL FROM (SELECT %s) new', write,
                          string_agg(format('%s::%s AS %I', CASE a.attname WHEN writing_query."column" THEN '$1' ELSE 'NULL' END,
                                            osms_internal.column_type(canonical, a.attname), a.attname), ', '))
            FROM pg_attribute a WHERE a.attrelid = canonical AND a.attnum > 0 AND NOT a.attisdropped
            HAVING write IS NOT NULL);
END $$;
COMMENT ON FUNCTION osms_internal.writing_query(regclass, text) IS
'the query that tells whether a text ($1) can be written to a column of a canonical relation
NULL where none can; called by osms_internal.can_write';

CREATE FUNCTION osms_internal.can_write(canonical regclass, "column" text, value text) RETURNS boolean
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET row_security = off
    AS 'MODULE_PATHNAME', 'osms_can_write';
COMMENT ON FUNCTION osms_internal.can_write(regclass, text, text) IS
'whether a value can be written to a column of a canonical relation
whether its mapping has a column and a code for it, worked out as the view''s owner; NULL where others may put triggers on the
view';

CREATE FUNCTION osms_internal.expression_fault(relation regclass, expression text, purpose text, OUT problem text, OUT hint text,
                                               OUT fails boolean) RETURNS record
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_expression_fault';
COMMENT ON FUNCTION osms_internal.expression_fault(regclass, text, text) IS
'what is wrong with an expression over a relation for a mapping, to read, to write or as a default
a literal that settings of the session decide and, but in a default, a subquery, an aggregate, a set, a system column, a volatile
function, a moment such as today and, where it is written, what is not immutable; NULL for nothing; fails: whether some row could
make it fail; 42601 for what is no one expression; called by osms.map and check_registry';

CREATE FUNCTION osms_internal.reading_fault(canonical regclass, "column" text, OUT problem text, OUT hint text, OUT fails boolean)
    RETURNS record
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_reading_fault';
COMMENT ON FUNCTION osms_internal.reading_fault(regclass, text) IS
'osms_internal.expression_fault of how a canonical column is read, where whatever is not immutable is one besides and, but in a
key, a
cast of a text that some text would make fail
errors as of osms_internal.mapped_reading';

CREATE FUNCTION osms_internal.check_expression(source regclass, "column" text, expression text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    fault record;
    advice text;
BEGIN
    BEGIN
        SELECT f.problem, f.hint INTO fault FROM osms_internal.expression_fault(source, expression, 'read') f;
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_exception OR program_limit_exceeded OR feature_not_supported THEN
        GET STACKED DIAGNOSTICS advice = PG_EXCEPTION_HINT;
        RAISE EXCEPTION 'column "%" cannot be read from %: %', "column", source, SQLERRM
            USING ERRCODE = SQLSTATE, DETAIL = format('It would be read as %s', expression),
                  HINT = coalesce(nullif(advice, ''),
                                  'Write columns as they are called, in double quotes where small letters are not all that they have.');
    END;
    IF fault.problem IS NOT NULL THEN
        RAISE EXCEPTION 'expression of column "%" %', "column", fault.problem USING ERRCODE = 'invalid_object_definition',
            HINT = fault.hint;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_expression(regclass, text, text) IS
'42P17 for an expression that a mapping cannot be made of
the error of its SQL, with the canonical column, for one that is none; called by osms.map';

CREATE FUNCTION osms_internal.check_default(canonical regclass, source regclass, "column" text, expression text) RETURNS void
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    fault record;
BEGIN
    SELECT f.problem, f.hint INTO fault
    FROM osms_internal.expression_fault(canonical, format('(%s)::%s', expression, osms_internal.column_type(source, "column")),
                                        'default') f;
    IF fault.problem IS NOT NULL THEN
        RAISE EXCEPTION 'default of column "%" %', "column", fault.problem USING ERRCODE = 'invalid_object_definition', HINT = fault.hint;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_default(regclass, regclass, text, text) IS
'42P17 for a default of a source''s column that settings of the session decide; called by osms.map';

-- A mapping whose columns no longer fit is told of elsewhere.
CREATE FUNCTION osms_internal.mapping_faults(canonical regclass, relation text, OUT "column" text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
BEGIN
    IF (SELECT relkind <> 'v' FROM pg_class WHERE oid = canonical) THEN
        RETURN;
    END IF;
    FOR "column" IN SELECT k."column" FROM osms.registry_columns(true) k WHERE k.relation = mapping_faults.relation
        ORDER BY k."position" LOOP
        BEGIN
            SELECT format('expression of column "%s" %s', "column", f.problem), f.hint INTO problem, hint
            FROM osms_internal.reading_fault(canonical, "column") f WHERE f.problem IS NOT NULL;
            IF problem IS NULL THEN
                SELECT format('"write" of column "%s" %s', "column", f.problem), f.hint INTO problem, hint
                FROM pg_trigger g, LATERAL (SELECT osms_internal.trigger_arguments(g.oid) AS told) w,
                    generate_series(4, cardinality(w.told), 3) p,
                     osms_internal.expression_fault(canonical,
                                                    coalesce('(' || w.told[p + 2] || ')::'
                                                             || osms_internal.column_type(osms.mapped_source(canonical), w.told[p + 1]),
                                                                 w.told[p + 2]),
                                           'write') f
                WHERE g.tgrelid = canonical AND g.tgfoid = 'osms_internal.map_write'::regproc AND w.told[p] = "column"
                    AND f.problem IS NOT NULL;
            END IF;
        EXCEPTION WHEN undefined_column OR datatype_mismatch OR undefined_function OR cannot_coerce THEN
            CONTINUE;
        END;
        IF problem IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.mapping_faults(regclass, text) IS
'columns of a mapped relation that are not read or written by the row alone, the same for everybody and always, or that a text
makes fail
called by osms.map and check_registry';

CREATE FUNCTION osms_internal.check_mapped(registry text, relation text) RETURNS void
    LANGUAGE plpgsql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    fault record;
BEGIN
    SELECT f.problem, f.hint INTO fault FROM osms_internal.mapping_faults(osms.relation_of(registry, relation), relation) f LIMIT 1;
    IF NOT FOUND THEN
        SELECT format('column "%s" is written to "%s", but read from "%s"', e.told, e.written,
                      array_to_string(e.columns, '", "')) AS problem,
               'Let "write" be the inverse of the expression, or map the column by its name.' AS hint INTO fault
        FROM osms_internal.written_elsewhere(osms.relation_of(registry, relation)) e LIMIT 1;
    END IF;
    IF NOT FOUND THEN
        SELECT f.problem, f.hint INTO fault FROM osms_internal.round_trip_faults(osms.relation_of(registry, relation), relation) f
            WHERE f.severity = 'error' LIMIT 1;
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION '%', fault.problem USING ERRCODE = 'invalid_object_definition', HINT = fault.hint;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_mapped(text, text) IS
'42P17 for a mapped relation with a fault
one of osms_internal.mapping_faults or written_elsewhere, or an error of osms_internal.round_trip_faults; called by osms.map';

CREATE FUNCTION osms_internal.is_keyed(leaf regclass, root regclass, expression text) RETURNS boolean
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT EXISTS (
            SELECT FROM pg_catalog.pg_index x
            WHERE x.indrelid = leaf AND x.indisunique AND x.indimmediate AND x.indisvalid AND x.indpred IS NULL
              AND EXISTS (SELECT FROM generate_series(1, x.indnkeyatts) n WHERE pg_get_indexdef(x.indexrelid, n, false) = expression)
              AND NOT EXISTS (SELECT FROM generate_series(1, x.indnkeyatts) n
                              WHERE pg_get_indexdef(x.indexrelid, n, false) NOT IN (
                                  SELECT expression UNION ALL
                                  SELECT quote_ident(k.attname)
                                  FROM osms_internal.tables_of(root) u (oid) JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = u.oid
                                  JOIN pg_catalog.pg_attribute k ON k.attrelid = u.oid AND k.attnum = ANY (p.partattrs::int2[]))));
    END;
COMMENT ON FUNCTION osms_internal.is_keyed(regclass, regclass, text) IS
'whether a table has a unique index on an expression alone or, as a partition of root, on it and on what tells partitions apart
one that is DEFERRABLE is not unique within a transaction, and does not count; called by osms_internal.key_reading and index_steps';

-- The key of a row, as its source has it: how it is read, by which column if
-- by one alone, what keeps it unique in each table, and across partitions.
CREATE FUNCTION osms_internal.key_reading(canonical regclass, key text, OUT source regclass, OUT expression text, OUT "column" name,
                                          OUT not_null boolean,
                                          OUT written boolean, OUT indexed boolean, OUT parted boolean, OUT composite text) RETURNS record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT s.oid, r.expression, a.attname, coalesce(a.attnotnull, false),
               c.relkind <> 'v' OR EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid
                                           AND g.tgfoid = to_regproc('osms_internal.map_write')),
               NOT EXISTS (SELECT FROM osms_internal.tables_of(s.oid) t (oid) JOIN pg_catalog.pg_class l ON l.oid = t.oid
                           WHERE l.relkind = 'r' AND NOT osms_internal.is_keyed(t.oid, s.oid, r.expression)),
               NOT EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = s.oid AND x.indisunique AND x.indimmediate AND x.indisvalid
                           AND x.indpred IS NULL
                           AND x.indnkeyatts = 1 AND pg_get_indexdef(x.indexrelid, 1, false) = r.expression),
               (SELECT string_agg(quote_ident(b.attname), ', ' ORDER BY b.n)
                FROM (SELECT x.indexrelid FROM pg_catalog.pg_index x
                      WHERE x.indrelid = s.oid AND x.indisunique AND x.indnkeyatts > 1 AND a.attnum = ANY (x.indkey::int2[])
                      ORDER BY x.indisprimary DESC, x.indexrelid LIMIT 1) i,
                     LATERAL (SELECT ia.attname, ia.attnum AS n FROM pg_catalog.pg_attribute ia WHERE ia.attrelid = i.indexrelid) b)
        FROM pg_catalog.pg_class c, LATERAL (SELECT osms.mapped_source(c.oid) AS oid) s, osms_internal.mapped_reading(c.oid, key) r
        LEFT JOIN LATERAL (SELECT t.* FROM pg_catalog.pg_attribute t
                           WHERE t.attrelid = osms.mapped_source(canonical) AND quote_ident(t.attname) = r.expression AND t.attnum > 0
                               AND NOT t.attisdropped) a ON true
        WHERE c.oid = canonical;
    END;
COMMENT ON FUNCTION osms_internal.key_reading(regclass, text) IS
'how the key of a relation stands in its source
table, expression, column (NULL: an expression of several or of none), whether that may not be NULL, whether the relation can be
written by it, whether each table has a unique index on it (osms_internal.is_keyed), whether it is unique in each partition
only, columns
of a unique index of which it is a part; called by osms_internal.key_faults';

-- What no constraint promises is looked for in the stored rows.
CREATE FUNCTION osms_internal.key_stands(source regclass, expression text, what text) RETURNS boolean
    LANGUAGE plpgsql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    stands boolean;
BEGIN
    EXECUTE format(CASE what WHEN 'unique' THEN 'SELECT NOT EXISTS (SELECT FROM %2$s s GROUP BY %1$s HAVING count(*) > 1)'
                   ELSE 'SELECT NOT EXISTS (SELECT FROM %2$s s WHERE %1$s IS NULL)' END, expression, source) INTO stands;
    RETURN stands;
EXCEPTION WHEN insufficient_privilege OR data_exception OR program_limit_exceeded OR integrity_constraint_violation OR raise_exception THEN
    RETURN NULL;
END $$;
COMMENT ON FUNCTION osms_internal.key_stands(regclass, text, text) IS
'whether the stored rows of a table have a key that is unique, or not NULL
NULL for who may not read them; called by osms_internal.key_faults';

CREATE FUNCTION osms_internal.key_faults(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text,
                                         OUT unindexed text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    key text;
    r record;
    of_events CONSTANT boolean := osms.relation_of(registry, 'attachment_event') IS NOT NULL;
    surrogate text;
BEGIN
    FOR relation, key IN SELECT k.relation, k."column" FROM osms.registry_columns(true) k
                         WHERE k.guarded AND k."position" = 1 AND (k.primary_key = k."column" OR k.relation = 'attachment_event')
                           AND NOT (of_events AND k.relation = 'attachment') AND osms.relation_of(registry, k.relation) IS NOT NULL
                         ORDER BY k.relation LOOP
        BEGIN
            SELECT y.* INTO r FROM osms_internal.key_reading(osms.relation_of(registry, relation), key) y;
        EXCEPTION WHEN undefined_column OR datatype_mismatch OR object_not_in_prerequisite_state THEN
            CONTINUE;
        END;
        CONTINUE WHEN r.expression IS NULL;
        surrogate := format('ALTER TABLE %s ADD %s_key bigint GENERATED ALWAYS AS IDENTITY UNIQUE, and map "%s" to it', r.source, key, key);
        severity := 'error';
        unindexed := NULL;
        IF NOT r.written AND relation IN ('application', 'attachment', 'attachment_event') THEN
            problem := format('key "%s" is an expression, by which no row can be written', key);
            hint := format('Map it to one column that is unique; where there is none: %s.', surrogate);
            RETURN NEXT;
            CONTINUE;
        END IF;
        IF NOT r.indexed THEN
            problem := format('key "%s" is not unique: no unique index of %s is on %s alone', key, r.source, r.expression);
            unindexed := CASE WHEN r.composite IS NULL THEN key END;
            hint := CASE WHEN r.composite IS NULL
                THEN format('CREATE UNIQUE INDEX ON %s (%s), or map a column that has one.', r.source, r.expression)
                         WHEN relation IN ('person', 'organisation', 'authority_order')
                             THEN format('It is a part of the key (%s): map a table with one row for each %s.', r.composite, key)
                         ELSE format('It is a part of the key (%s). Map one column that tells rows apart; where there is none: %s.',
                                     r.composite, surrogate) END;
            RETURN NEXT;
        ELSIF r.parted THEN
            -- no index of PostgreSQL is unique across partitions
            problem := format('key "%s" is unique in each partition of %s, but not in all of it', key, r.source);
            hint := 'Give one of the rows another key.';
            IF NOT osms_internal.key_stands(r.source, r.expression, 'unique') THEN
                RETURN NEXT;
            END IF;
        END IF;
        unindexed := NULL;
        IF NOT r.not_null AND (r."column" IS NOT NULL OR NOT osms_internal.key_stands(r.source, r.expression, 'not null')) THEN
            problem := format('key "%s" may be NULL in %s', key, r.source);
            hint := CASE WHEN r."column" IS NULL THEN 'Let its columns be NOT NULL, and give each row a key.'
                         ELSE format('ALTER TABLE %s ALTER COLUMN %s SET NOT NULL, once each row has one; or map a column that is.',
                                     r.source, r.expression) END;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.key_faults(text) IS
'keys of guarded relations that do not tell one row from another
not unique, NULL, or an expression that cannot be written; unindexed: the key, where a unique index is all that it lacks; called
by osms.check_registry and plan';

-- A column that must be filled and that nobody fills: the workflow, or a
-- guard that writes an event, would find out when it is needed.
CREATE FUNCTION osms_internal.unfilled_columns(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT r.relation, 'warning', format('a new row cannot be written: the mapping gives column %I of %s no value', a.attname,
                                             a.attrelid::regclass),
               'Give it a default, or osms.map() one in defaults, such as {"column": "nextval(...)"}; a trigger may fill it as well.'
        FROM (VALUES ('application'), ('attachment'), ('attachment_event')) r (relation)
        JOIN pg_catalog.pg_trigger g ON g.tgrelid = osms.relation_of(registry, r.relation) AND g.tgname = 'osms_map_write'
        JOIN pg_catalog.pg_attribute a ON a.attrelid = osms.mapped_source(g.tgrelid)
        CROSS JOIN LATERAL (SELECT osms_internal.trigger_arguments(g.oid) AS told) t
        WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
          AND NOT EXISTS (SELECT FROM generate_series(4, cardinality(t.told), 3) p WHERE t.told[p + 1] = a.attname)
          -- one that was renamed is told of as such
          AND NOT EXISTS (SELECT FROM generate_series(4, cardinality(t.told), 3) p
                          WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute w WHERE w.attrelid = a.attrelid
                                            AND w.attname = t.told[p + 1] AND NOT w.attisdropped));
    END;
COMMENT ON FUNCTION osms_internal.unfilled_columns(text) IS
'columns of the tables behind applications and attachments that may not be NULL, have no default, and are not written by the
mapping
called by osms.check_registry';

-- What rules and calls would read or keep there they do without.
CREATE FUNCTION osms_internal.unmapped_columns(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT ROWS 5
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    columns text;
BEGIN
    FOR relation IN SELECT DISTINCT k.relation FROM osms.registry_columns(true) k
        JOIN pg_class c ON c.oid = osms.relation_of(registry, k.relation)
                    WHERE c.relkind = 'v' AND (k.relation <> 'attachment' OR osms.relation_of(registry, 'attachment_event') IS NULL) LOOP
        BEGIN
            SELECT string_agg(k."column", ', ' ORDER BY k."position") INTO columns
            FROM osms.registry_columns(true) k CROSS
                JOIN LATERAL osms_internal.mapped_reading(osms.relation_of(registry, k.relation), k."column") r
            WHERE k.relation = unmapped_columns.relation AND r.expression IS NULL;
        EXCEPTION WHEN undefined_column OR datatype_mismatch THEN
            -- told of elsewhere
            CONTINUE;
        END;
        severity := 'info';
        problem := format('columns not mapped: %s', columns);
        hint := 'They are read as NULL: rules that need them are idle, and calls that would write them are refused (55000).';
        IF columns IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.unmapped_columns(text) IS
    'canonical columns that the mapping of a relation leaves out; called by osms.check_registry';

-- The keys of events: the last of a chain has the greatest, and the guard
-- writes events to which the table gives theirs.
CREATE FUNCTION osms_internal.key_sequences(source regclass, "column" name, written text) RETURNS SETOF regclass
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT s.oid::regclass
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
        JOIN pg_catalog.pg_depend d ON a.attidentity <> '' AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
            AND d.refobjsubid = a.attnum AND d.deptype = 'i'
                                    OR d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
        JOIN pg_catalog.pg_class s ON s.relkind = 'S' AND s.oid = CASE WHEN d.classid = 'pg_attrdef'::regclass THEN d.refobjid
            ELSE d.objid END
        WHERE a.attrelid = source AND a.attname = "column" AND written IS NULL
        UNION
        SELECT s.oid::regclass FROM pg_catalog.pg_class s
        WHERE s.relkind = 'S' AND s.oid = to_regclass(substring(written FROM 'nextval[(]''([^'']+)'''));
    END;
COMMENT ON FUNCTION osms_internal.key_sequences(regclass, name, text) IS
'sequences from which a column takes its default, or, where it is not NULL, what a mapping writes in its place
called by osms_internal.event_key_faults';

CREATE FUNCTION osms_internal.event_key_faults(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    events CONSTANT regclass := osms.relation_of(registry, 'attachment_event');
    written text;
    r record;
    q record;
BEGIN
    relation := 'attachment_event';
    severity := 'error';
    SELECT k.source, a.attname AS key, a.attidentity, a.atthasdef, t.typname, format_type(t.oid, NULL) AS type INTO r
    FROM osms_internal.key_reading(events, 'event') k JOIN pg_attribute a ON a.attrelid = k.source AND a.attname = k."column"
    JOIN pg_type t ON t.oid = osms_internal.column_type(events, 'event')::regtype
    WHERE k.written;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT w.told[p + 2] INTO written FROM (SELECT osms_internal.written_arguments(events) AS told) w,
        generate_series(4, cardinality(w.told), 3) p
    WHERE w.told[p] = '' AND w.told[p + 1] = r.key;
    IF r.typname NOT IN ('int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'oid', 'date', 'timestamp', 'timestamptz') THEN
        problem := format('key "event" has type %s, whose order is not that in which events come', r.type);
        hint := 'The event with the greatest key is the last of its chain: map a key that grows, such as a bigint from a sequence.';
        RETURN NEXT;
    ELSIF NOT (r.atthasdef OR r.attidentity <> '' OR written IS NOT NULL)
        AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = r.source AND NOT g.tgisinternal AND g.tgtype & 7 = 7
                        AND g.tgfoid <> 'osms_internal.guard_row'::regproc) THEN
        IF (osms_internal.mapped_reading(osms.relation_of(registry, 'person'), 'death_date')).expression IS NULL THEN
            severity := 'warning';
        END IF;
        problem := format('an event that the guard or a call writes gets no key: column %I of %s has no default', r.key, r.source);
        hint := format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED BY DEFAULT AS IDENTITY, and let its sequence begin above the keys '
            'there are; '
                       'or let a sequence be its default.', r.source, r.key);
        RETURN NEXT;
    END IF;
    FOR q IN SELECT s.seqrelid::regclass AS name, s.seqincrement, s.seqcache
             FROM osms_internal.key_sequences(r.source, r.key, written) k JOIN pg_sequence s ON s.seqrelid = k LOOP
        IF q.seqincrement < 0 THEN
            problem := format('keys of events go down: sequence %s has increment %s', q.name, q.seqincrement);
            hint := 'The event with the greatest key is the last of its chain: take keys from a sequence that goes up.';
            RETURN NEXT;
        ELSIF q.seqcache > 1 THEN
            problem := format('keys of events come in another order than events: sequence %s gives each session %s at once', q.name,
                              q.seqcache);
            hint := format('ALTER SEQUENCE %s CACHE 1.', q.name);
            RETURN NEXT;
        END IF;
    END LOOP;
EXCEPTION WHEN undefined_column OR datatype_mismatch OR object_not_in_prerequisite_state THEN
    -- a mapping whose columns no longer fit is told of elsewhere
    RETURN;
END $$;
COMMENT ON FUNCTION osms_internal.event_key_faults(text) IS
'what keeps the keys of a register of events from growing with each event
of a type without that order, without a default, or from a sequence that goes down or gives sessions several at once; called by
osms.check_registry';

--
-- rows that a mapping cannot read
--
CREATE FUNCTION osms_internal.tried(source regclass, expression text, condition text, OUT value text, OUT failed boolean) RETURNS record
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    AS 'MODULE_PATHNAME', 'osms_tried';
COMMENT ON FUNCTION osms_internal.tried(regclass, text, text) IS
'an expression over the rows of a table that meet a condition, of the first one as text, and whether it failed on them
NULL for who may not read them; called by osms_internal.failing_rows and failing_columns. In a parallel query a failure is raised';

CREATE FUNCTION osms_internal.failing_columns(registry text, OUT relation text, OUT "column" text, OUT source regclass,
                                              OUT expression text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    canonical regclass;
BEGIN
    FOR relation, "column" IN SELECT k.relation, k."column" FROM osms.registry_columns(true) k ORDER BY k.relation, k."position" LOOP
        canonical := osms.relation_of(registry, relation);
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = canonical AND c.relkind = 'v');
        CONTINUE WHEN NOT (osms_internal.reading_fault(canonical, "column")).fails;
        source := osms.mapped_source(canonical);
        expression := (osms_internal.mapped_reading(canonical, "column")).expression;
        IF (osms_internal.tried(source, format('count(%s)', expression), 'true')).failed THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.failing_columns(text) IS
    'canonical columns whose expression fails on stored rows; called by osms.check_registry and osms_internal.failing_rows';

-- The rows are found by halves of the table.
CREATE FUNCTION osms_internal.failing_rows(registry text, OUT relation text, OUT key text, OUT person text, OUT "column" text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 10
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    f record;
    tells record;
    leaf regclass;
    halves int8range[];
    half int8range;
    middle bigint;
    place tid;
BEGIN
    FOR f IN SELECT c.* FROM osms_internal.failing_columns(registry) c LOOP
        relation := f.relation;
        "column" := f."column";
        SELECT min(r.expression) FILTER (WHERE k."position" = 1) AS key, min(r.expression) FILTER (WHERE k."column" = 'person') AS person
            INTO tells
        FROM osms.registry_columns(true) k, osms_internal.mapped_reading(osms.relation_of(registry, f.relation), k."column") r
            WHERE k.relation = f.relation;
        FOR leaf IN SELECT t.source FROM osms_internal.tables_of(f.source) t (source) JOIN pg_class c ON c.oid = t.source
            WHERE c.relkind = 'r' LOOP
            halves := ARRAY[int8range(0, pg_relation_size(leaf) / current_setting('block_size')::bigint)];
            WHILE cardinality(halves) > 0 LOOP
                half := halves[1];
                halves := halves[2:];
                CONTINUE WHEN isempty(half);
                CONTINUE WHEN (osms_internal.tried(leaf, format('count(%s)', f.expression),
                                          format('ctid >= ''(%s,0)'' AND ctid < ''(%s,0)''', lower(half), upper(half)))).failed IS NOT TRUE;
                IF upper(half) - lower(half) > 1 THEN
                    middle := (lower(half) + upper(half)) / 2;
                    halves := int8range(lower(half), middle) || (int8range(middle, upper(half)) || halves);
                    CONTINUE;
                END IF;
                FOR place IN EXECUTE format('SELECT ctid FROM %s WHERE ctid >= ''(%s,0)'' AND ctid < ''(%s,0)''', leaf, lower(half),
                                            upper(half)) LOOP
                    CONTINUE WHEN NOT (osms_internal.tried(leaf, f.expression, format('ctid = %L', place))).failed;
                    key := (osms_internal.tried(leaf, tells.key, format('ctid = %L', place))).value;
                    person := (osms_internal.tried(leaf, tells.person, format('ctid = %L', place))).value;
                    RETURN NEXT;
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.failing_rows(text) IS
    'stored rows that an expression of a mapping fails on: relation, key, person, canonical column; called by osms.audit';

-- A text is read so that no stored row fails: what tells no value of the type
-- is NULL or, where a time would then be open, an infinity that lets nothing
-- count, and audit names the row.
CREATE FUNCTION osms_internal.read_text(expression text, type text, canonical text, time_zone text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN type = 'text' THEN format('%s::text', expression)
                WHEN type = 'osms.sex' THEN format('osms.read_sex(%s::text)', expression)
                ELSE format('osms.read_value(%s::text, %L::%s%s)', expression,
                            CASE WHEN to_regtype(type) IN ('date'::regtype, 'timestamptz'::regtype) IS NOT TRUE THEN NULL
                                 WHEN canonical IN ('since', 'valid_from', 'effective_on') THEN 'infinity' ELSE '-infinity' END, type,
                            CASE WHEN to_regtype(type) = 'timestamptz'::regtype THEN format(', %L', time_zone) END) END;
COMMENT ON FUNCTION osms_internal.read_text(text, text, text, text) IS
'expression that reads a text as a type for a canonical column
an instant in a time zone, without an error for any text; called by osms.map';

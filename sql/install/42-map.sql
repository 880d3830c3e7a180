
--
-- map: a canonical relation as a view over a table that exists, written back
-- through an INSTEAD OF trigger. The mapping is told here, once.
--
CREATE FUNCTION osms_internal.map_write() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_map_write';
COMMENT ON FUNCTION osms_internal.map_write() IS
'INSTEAD OF trigger of mapped relations: writes the source through the inverse of the mapping
55000 for a column that can only be read';

CREATE FUNCTION osms_internal.written_arguments(view regclass) RETURNS text[]
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_written_arguments';
COMMENT ON FUNCTION osms_internal.written_arguments(regclass) IS
'arguments of the trigger osms_internal.map_write of a mapped view, with the names that the columns of its table have now
NULL where it has none';

CREATE FUNCTION osms_internal.written_column(view regclass, "column" text, written text) RETURNS text
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_written_column';
COMMENT ON FUNCTION osms_internal.written_column(regclass, text, text) IS
'what the column is called now that the mapping of a view writes for one of its own
by the columns that this is read from, whatever else bears the name written; NULL where several come into question';

CREATE FUNCTION osms.read_time(value text, format text, unreadable timestamp DEFAULT '-infinity') RETURNS timestamp
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_read_time';
COMMENT ON FUNCTION osms.read_time(text, text, timestamp) IS
'time that a text tells in a format of to_char such as DD.MM.YYYY
NULL where it is blank, unreadable where it is no such date, which rule period finds; 22007 and 22023 for a format that is not
one of a date';

CREATE FUNCTION osms.read_value(value text, unreadable anyelement, time_zone text DEFAULT NULL) RETURNS anyelement
    LANGUAGE C STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_read_value';
COMMENT ON FUNCTION osms.read_value(text, anyelement, text) IS
'value that a text tells of the type of the second argument
NULL where it is blank, unreadable, which may be NULL, where it tells none: a day is told by year, month and day, an instant with
its zone unless time_zone is given, neither by a word such as today; 22023 for a zone that is none';


-- A day is read from an instant, and an instant from a day, in the registry's
-- time zone, never in that of whoever reads.
CREATE FUNCTION osms_internal.read_instant(expression text, has text, type text, time_zone text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN has = 'timestamp with time zone' AND type IN ('date', 'timestamp')
        THEN format('(%s AT TIME ZONE %L)::%s', expression, time_zone, type)
                WHEN has IN ('date', 'timestamp without time zone') AND type = 'timestamptz'
                    THEN format('(%s::timestamp AT TIME ZONE %L)', expression, time_zone) END;
COMMENT ON FUNCTION osms_internal.read_instant(text, text, text, text) IS
'expression that reads an instant as a day, or a day or civil time as an instant, in a time zone
NULL for other types; called by osms.map';

CREATE FUNCTION osms_internal.expression_type(source regclass, expression text) RETURNS regtype
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    result regtype;
BEGIN
    -- over a row of NULLs it is not worked out, for it might fail
    EXECUTE format('SELECT pg_typeof(CASE WHEN s IS NOT NULL THEN (%s) END) FROM (SELECT) x LEFT JOIN %s s ON false', expression, source)
        INTO result;
    RETURN osms_internal.plain_type(result);
END $$;
COMMENT ON FUNCTION osms_internal.expression_type(regclass, text) IS
    'type, below its domains, of an expression over a source; called by osms_internal.read_expression and mapped_key_type';

-- An expression of a mapping, read as its canonical type. A column with a cast
-- is read like the column; whatever else gives a text is read like a text.
CREATE FUNCTION osms_internal.read_expression(source regclass, expression text, type text, canonical text, time_zone text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    parts CONSTANT text[] := regexp_match(expression,
                                          '^[[:space:]]*(?:s[.])?("[^"]+"|[[:alpha:]_][[:alnum:]_]*)[[:space:]]*::'
                                          '[[:space:]]*([[:alpha:]_][[:alnum:]_. ]*?)[[:space:]]*$');
    result text := format('(%s)', expression);
    result_type regtype;
BEGIN
    -- a cast of a column between days and instants, as in "d::date"
    SELECT coalesce(osms_internal.read_instant('s.' || parts[1], osms_internal.column_type(source, a.attname), t.name, time_zone), result)
        INTO result
    FROM pg_attribute a, (VALUES ('date'), ('timestamp'), ('timestamptz')) t (name)
    WHERE a.attrelid = source AND parts[1] IN (a.attname, quote_ident(a.attname)) AND a.attnum > 0 AND NOT a.attisdropped
      AND t.name::regtype = to_regtype(parts[2]);
    result := coalesce(result, format('(%s)', expression));
    IF to_regtype(parts[2]) <> ALL ('{text,character varying,bpchar,character,name}'::regtype[])
       AND EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                   WHERE a.attrelid = source AND parts[1] IN (a.attname, quote_ident(a.attname)) AND a.attnum > 0
                     AND NOT a.attisdropped AND t.typcategory = 'S') THEN
        result := osms_internal.read_text('s.' || parts[1], parts[2], canonical, time_zone);
    END IF;
    IF type LIKE '@%' THEN
        RETURN result;
    END IF;
    result_type := osms_internal.expression_type(source, result);
    IF (SELECT typcategory = 'S' FROM pg_type WHERE oid = result_type) THEN
        RETURN osms_internal.read_text(result, type, canonical, time_zone);
    END IF;
    RETURN coalesce(osms_internal.read_instant(result, format_type(result_type, NULL), type, time_zone), format('%s::%s', result, type));
END $$;
COMMENT ON FUNCTION osms_internal.read_expression(regclass, text, text, text, text) IS
    'expression of a mapping as its canonical column reads it; called by osms.map';

-- A code without a meaning is not as good as none: it reads as itself behind a
-- question mark, which no canonical code begins with, where a rule asks for it.
CREATE FUNCTION osms_internal.read_uncoded(expression text, has text, canonical text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN canonical IN ('reason', 'channel', 'ground') AND has !~ '^(real|double|date|time|interval|money|bytea)'
                THEN format(' ELSE ''?'' || nullif(btrim(%s::text), '''')', expression) ELSE '' END;
COMMENT ON FUNCTION osms_internal.read_uncoded(text, text, text) IS
'what a canonical column reads of a code that its mapping does not know, as the end of a CASE; called by osms.map';

-- How one canonical column is read from the source (expression over s) and
-- written to it (column and expression over new; NULL = read only). Writing
-- happens in the session of whoever writes, so operators are spelled out.
CREATE TYPE osms_internal.column_mapping AS (read text, source_column text, write text);
COMMENT ON TYPE osms_internal.column_mapping IS 'how a canonical column is read from and written to its source';

-- A mapping as the user may write it, as an object.
CREATE FUNCTION osms_internal.map_spec(source regclass, spec jsonb) RETURNS jsonb
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN jsonb_typeof(spec) = 'null' THEN NULL
                WHEN jsonb_typeof(spec) <> 'string' THEN spec
                WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = source AND attname = spec #>> '{}'
                             AND attnum > 0 AND NOT attisdropped) THEN jsonb_build_object('column', spec)
                -- a bare name is a column that is not there, unless it is one of SQL's own values
                WHEN spec #>> '{}' ~ '^[[:alpha:]_][[:alnum:]_]*$'
                     AND lower(spec #>> '{}') NOT IN ('null', 'true', 'false', 'current_date', 'current_timestamp')
                     THEN jsonb_build_object('column', spec)
                ELSE jsonb_build_object('expression', spec) END;
COMMENT ON FUNCTION osms_internal.map_spec(regclass, jsonb) IS
'a column''s mapping as an object
a string is a column of the source where it has one of that name, or is a bare name, else an expression; called by osms.map';

-- The type of a key: as another column of the same relation has it, else as
-- the registry has it, else bigint.
CREATE FUNCTION osms_internal.mapped_key_type(registry text, relation text, source regclass, columns jsonb, key text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    spec jsonb;
    result text;
BEGIN
    SELECT osms_internal.map_spec(source, columns -> k."column") INTO spec
    FROM osms.registry_columns(true) k
    WHERE k.relation = mapped_key_type.relation AND k.type = key AND columns ? k."column" ORDER BY k."position" LIMIT 1;
    IF spec ? 'column' THEN
        SELECT CASE typtype WHEN 'd' THEN osms_internal.column_type(source, attname) ELSE format_type(atttypid, atttypmod) END INTO result
        FROM pg_attribute JOIN pg_type t ON t.oid = atttypid WHERE attrelid = source AND attname = spec ->> 'column' AND attnum > 0
            AND NOT attisdropped;
    ELSIF spec IS NOT NULL THEN
        result := osms_internal.expression_type(source, spec ->> 'expression');
    ELSE
        SELECT CASE t.typtype WHEN 'd' THEN osms_internal.column_type(a.attrelid, a.attname) ELSE format_type(a.atttypid, a.atttypmod) END
            INTO result
        FROM osms.registry_columns() k
        JOIN pg_attribute a ON a.attrelid = osms.relation_of(registry, k.relation) AND a.attname = k."column"
        JOIN pg_type t ON t.oid = a.atttypid
        WHERE k.type = key AND k.needed ORDER BY k.relation LIMIT 1;
    END IF;
    RETURN coalesce(result, 'bigint');
END $$;
COMMENT ON FUNCTION osms_internal.mapped_key_type(text, text, regclass, jsonb, text) IS
    'type of a key that a relation does not map itself; called by osms.map';

CREATE FUNCTION osms_internal.map_column(source regclass, canonical text, type text, spec jsonb, time_zone text,
                                         inclusive boolean, open_end date, date_format text) RETURNS osms_internal.column_mapping
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    result osms_internal.column_mapping;
    value text := format('new.%I', canonical);
    is_key CONSTANT boolean := type LIKE '@%';
    column_type text;
    base_type text;
    not_null boolean;
    ambiguous text;
BEGIN
    IF jsonb_typeof(spec) <> 'object' OR NOT (spec ? 'column' OR spec ? 'expression')
       OR EXISTS (SELECT FROM jsonb_object_keys(spec) k WHERE k NOT IN ('column', 'codes', 'expression', 'write')) THEN
        RAISE EXCEPTION 'mapping of column "%" is not understood', canonical
            USING ERRCODE = 'invalid_parameter_value', DETAIL = spec::text,
                  HINT = 'Give a column name, an SQL expression, or an object with "column" and "codes", or "expression" and, to write, '
                      '"column" and "write".';
    END IF;

    result.source_column := spec ->> 'column';
    IF result.source_column IS NOT NULL THEN
        -- typmod -1: a cast to "character" would keep one character, to "bpchar" all
        SELECT format_type(atttypid, -1), attnotnull INTO column_type, not_null
        FROM pg_attribute WHERE attrelid = source AND attname = result.source_column AND attnum > 0 AND NOT attisdropped;
        IF column_type IS NULL THEN
            RAISE EXCEPTION 'table "%" has no column "%"', source, result.source_column
                USING ERRCODE = 'undefined_column', HINT = format('It is mapped to the canonical column "%s".', canonical);
        END IF;
        base_type := osms_internal.column_type(source, result.source_column);
    END IF;
    IF spec ? 'expression' THEN
        result.read := CASE WHEN is_key AND type <> '@number' THEN format('(%s)', spec ->> 'expression')
                            ELSE osms_internal.read_expression(source, spec ->> 'expression', type, canonical, time_zone) END;
        result.write := spec ->> 'write';
        RETURN result;
    END IF;

    result.read := format('s.%I', result.source_column);
    IF canonical IN ('until', 'valid_to') THEN
        IF inclusive THEN
            value := format('(%s OPERATOR(pg_catalog.-) 1)', value);
        END IF;
        IF open_end IS NOT NULL THEN
            value := format('coalesce(%s, %L)', value, open_end);
        END IF;
    END IF;
    IF spec ? 'codes' THEN
        SELECT code INTO ambiguous
        FROM jsonb_each(spec -> 'codes') t (state, codes), jsonb_array_elements_text(codes) c (code)
        GROUP BY code HAVING count(*) > 1 ORDER BY code LIMIT 1;
        IF ambiguous IS NOT NULL THEN
            RAISE EXCEPTION 'code "%" of column "%" has more than one meaning', ambiguous, canonical
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Name each code of the source once.';
        END IF;
        SELECT format('CASE %s %s%s END', result.read, string_agg(format('WHEN %L THEN %L::%s', code, state, type), ' '),
                      osms_internal.read_uncoded(result.read, column_type, canonical)),
               format('CASE %s END::%s', string_agg(format('WHEN %s::text OPERATOR(pg_catalog.=) %L THEN %L', value, state, code), ' ')
                      FILTER (WHERE place = 1), osms_internal.column_type(source, result.source_column))
        INTO result.read, result.write
        FROM jsonb_each(spec -> 'codes') t (state, codes),
             jsonb_array_elements_text(codes) WITH ORDINALITY c (code, place);
    ELSIF is_key OR column_type = type THEN
        -- whoever writes the key would check its domain himself
        IF EXISTS (SELECT FROM pg_type t WHERE t.oid = column_type::regtype AND t.typtype = 'd') THEN
            result.read := format('%s::%s', result.read, osms_internal.column_type(source, result.source_column));
        END IF;
        result.write := value;
    ELSIF (type = 'date' OR type = 'timestamptz' AND date_format IS NOT NULL)
          AND (SELECT typcategory = 'S' FROM pg_type WHERE oid = column_type::regtype) THEN
        date_format := coalesce(date_format, 'YYYY-MM-DD');
        -- what begins on no date never begins, and what ends on none has never been
        result.read := format('osms.read_time(%s::text, %L, %L)', result.read, date_format,
            CASE WHEN canonical IN ('since', 'valid_from', 'effective_on') THEN 'infinity' ELSE '-infinity' END);
        result.read := format(CASE type WHEN 'date' THEN '%s::date' ELSE '(%s AT TIME ZONE %L)' END, result.read, time_zone);
        result.write := format(CASE type WHEN 'date' THEN '(%s)::timestamp' ELSE '(%s AT TIME ZONE %L)' END, value, time_zone);
        result.write := format('pg_catalog.to_char(%s, %L)', result.write, date_format);
        IF not_null THEN
            result.write := format('coalesce(%s, '''')', result.write);
        END IF;
    ELSIF osms_internal.read_instant(result.read, base_type, type, time_zone) IS NOT NULL THEN
        result.read := osms_internal.read_instant(result.read, base_type, type, time_zone);
        result.write := CASE WHEN type = 'date' THEN format('(%s::timestamp AT TIME ZONE %L)', value, time_zone)
                             ELSE format('(%s AT TIME ZONE %L)::%s', value, time_zone, base_type) END;
    ELSIF type = 'timestamptz' AND column_type = 'timestamp with time zone' THEN
        result.write := value;
    ELSIF type LIKE 'osms.%' AND (SELECT typcategory FROM pg_type WHERE oid = column_type::regtype) <> 'S' THEN
        RAISE EXCEPTION 'column "%" has type %, whose codes for "%" are not given', result.source_column, column_type, canonical
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = CASE canonical WHEN 'state' THEN 'Give states, such as ''{"active": ["1"], "closed": ["2"]}''.'
                         ELSE 'Give {"column": "...", "codes": {"male": ["1"], "female": ["2"]}}.' END;
    ELSE
        result.read := CASE WHEN (SELECT typcategory = 'S' FROM pg_type WHERE oid = column_type::regtype)
                            THEN osms_internal.read_text(result.read, type, canonical, time_zone)
                                ELSE format('%s::%s', result.read, type) END;
        -- what a domain checks, its table's owner checks when the row is stored
        result.write := format('%s::%s', value, osms_internal.column_type(source, result.source_column));
    END IF;
    IF canonical IN ('until', 'valid_to') THEN
        IF open_end IS NOT NULL THEN
            result.read := format('nullif(%s, %L)', result.read, open_end);
        END IF;
        IF inclusive THEN
            result.read := format('(%s + 1)', result.read);
        END IF;
    END IF;
    RETURN result;
END $$;
COMMENT ON FUNCTION osms_internal.map_column(regclass, text, text, jsonb, text, boolean, date, text) IS
    'the two directions of one column of a mapping; called by osms.map';

-- A day of an event is the first of an attachment where it opens one, and the
-- first after it where it closes one; the source may keep the last instead.
CREATE FUNCTION osms_internal.map_day(source regclass, spec jsonb, closes text, time_zone text,
                                      inclusive boolean, open_end date, date_format text) RETURNS osms_internal.column_mapping
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    opening CONSTANT osms_internal.column_mapping := osms_internal.map_column(source, 'since', 'date', spec, time_zone, inclusive,
                                                                              open_end, date_format);
    closing CONSTANT osms_internal.column_mapping := osms_internal.map_column(source, 'until', 'date', spec, time_zone, inclusive,
                                                                              open_end, date_format);
BEGIN
    RETURN (format('CASE WHEN %s IS NULL THEN %s ELSE %s END', closes, opening.read, closing.read), opening.source_column,
            format('CASE WHEN new.closes IS NULL THEN %s ELSE %s END',
                   replace(opening.write, 'new.since', 'new.day'), replace(closing.write, 'new.until', 'new.day')));
END $$;
COMMENT ON FUNCTION osms_internal.map_day(regclass, jsonb, text, text, boolean, date, text) IS
    'the two directions of the day of an event; called by osms.map';

-- What it was mapped to by name, and in which time zone it reads instants, is
-- nowhere else: a view follows its table, whatever it is called.
CREATE FUNCTION osms_internal.mapping_comment(canonical regclass, source regclass, time_zone text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    RETURN format('maps %s', source)
        || CASE WHEN strpos(pg_get_viewdef(canonical), quote_literal(time_zone)) > 0 THEN format(', instants in %s', time_zone) ELSE '' END;
COMMENT ON FUNCTION osms_internal.mapping_comment(regclass, regclass, text) IS
'what the comment of a mapped relation tells of its mapping: the table, and the time zone where instants are read in it
read by osms.mapped_under; called by osms.map';

CREATE FUNCTION osms_internal.map_relation(registry text, relation text, source regclass, columns jsonb, states jsonb,
                                           until_inclusive boolean, open_end date, date_format text, defaults jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    zone text;
    c record;
    m osms_internal.column_mapping;
    reads text[] := '{}';
    names text[] := '{}';
    key_arguments text[];
    triples text[] := '{}';
BEGIN
    EXECUTE format('SELECT time_zone FROM %I.setting', registry) INTO zone;
    PERFORM osms_internal.check_expression(source, k."column", osms_internal.map_spec(source, columns -> k."column") ->> 'expression')
    FROM osms.registry_columns(true) k WHERE k.relation = map_relation.relation;
    FOR c IN SELECT k."column", k.type, k."position", osms_internal.map_spec(source, columns -> k."column") AS spec
             FROM osms.registry_columns(true) k WHERE k.relation = map_relation.relation ORDER BY k."position" LOOP
        IF c.spec IS NULL THEN
            names := names || c."column";
            reads := reads || format('NULL::%s',
                CASE WHEN c.type = '@number' THEN 'text'
                     WHEN c.type LIKE '@%' THEN osms_internal.mapped_key_type(registry, relation, source, columns, c.type)
                     ELSE c.type END);
            CONTINUE;
        END IF;
        IF c."column" = 'state' AND states IS NOT NULL THEN
            c.spec := c.spec || jsonb_build_object('codes', states);
        END IF;
        PERFORM osms_internal.check_codes(relation, c."column", c.spec -> 'codes');
        IF relation = 'attachment_event' AND c."column" = 'day' THEN
            m := osms_internal.map_day(source, c.spec, reads[2], zone, until_inclusive, open_end, date_format);
        ELSE
            m := osms_internal.map_column(source, c."column", c.type, c.spec, zone, until_inclusive, open_end, date_format);
        END IF;
        -- also what codes and ends became
        PERFORM osms_internal.check_expression(source, c."column", m.read);
        reads := reads || m.read;
        names := names || c."column";
        IF m.write IS NOT NULL AND m.source_column IS NOT NULL THEN
            IF c."position" = 1 THEN
                key_arguments := ARRAY[c."column", m.source_column, replace(m.write, 'new.', 'old.')];
            END IF;
            -- what the source computes nobody writes
            IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = source AND a.attname = m.source_column
                           AND a.attgenerated <> '') THEN
                triples := triples || ARRAY[c."column", m.source_column, m.write];
            END IF;
        END IF;
    END LOOP;
    EXECUTE format('CREATE VIEW %I.%I AS SELECT %s FROM %s s', registry, relation,
        (SELECT string_agg(format('%s AS %I', r, n), ', ' ORDER BY place)
         FROM unnest(reads, names) WITH ORDINALITY u (r, n, place)), source);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', registry, relation, osms_internal.mapping_comment(osms.relation_of(registry, relation),
        source, zone));

    PERFORM osms_internal.check_default(osms.relation_of(registry, relation), source, d.k, d.v) FROM jsonb_each_text(defaults) d (k, v);
    IF key_arguments IS NOT NULL THEN
        SELECT triples || coalesce(array_agg(x ORDER BY k, place), '{}') INTO triples
        FROM jsonb_each_text(defaults) d (k, v), unnest(ARRAY['', k, v]) WITH ORDINALITY u (x, place);
        EXECUTE format('CREATE TRIGGER osms_map_write INSTEAD OF INSERT OR UPDATE OR DELETE ON %I.%I
            FOR EACH ROW EXECUTE FUNCTION osms_internal.map_write(%s)', registry, relation,
            (SELECT string_agg(quote_literal(x), ', ' ORDER BY place) FROM unnest(key_arguments || triples) WITH ORDINALITY u (x, place)));
    END IF;
    PERFORM osms_internal.check_mapped(registry, relation), osms_internal.close_to_others(registry, ARRAY[relation]);
END $$;
COMMENT ON FUNCTION osms_internal.map_relation(text, text, regclass, jsonb, jsonb, boolean, date, text, jsonb) IS
    'makes the view of one relation over one table, and the trigger that writes it back; called by osms.map';

CREATE FUNCTION osms_internal.map_event() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_map_event';
COMMENT ON FUNCTION osms_internal.map_event() IS
'INSTEAD OF trigger of attachments that are made of events
an INSERT opens, an UPDATE of state, end or reason adds an event; 55000 for anything else';

CREATE FUNCTION osms_internal.event_query(events text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_event_query';
COMMENT ON FUNCTION osms_internal.event_query(text) IS
    'query that makes attachments of a relation of events, named as in a statement; called by osms.map';

CREATE FUNCTION osms_internal.map_events(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    events CONSTANT regclass := osms.relation_of(registry, 'attachment_event');
BEGIN
    EXECUTE format('COMMENT ON VIEW %s IS %L', events, obj_description(events, 'pg_class') || ': the events that make attachments');
    EXECUTE format('CREATE VIEW %I.attachment AS %s', registry, osms_internal.event_query(events::text));
    EXECUTE format('COMMENT ON VIEW %I.attachment IS %L', registry, format('maps the events of %s', osms.mapped_source(events)));
    EXECUTE format('CREATE TRIGGER osms_map_event INSTEAD OF INSERT OR UPDATE OR DELETE ON %I.attachment
        FOR EACH ROW EXECUTE FUNCTION osms_internal.map_event()', registry);
    PERFORM osms_internal.close_to_others(registry, '{attachment}');
END $$;
COMMENT ON FUNCTION osms_internal.map_events(text) IS 'makes the relation attachment of the relation attachment_event; called by osms.map';

-- A roster keeps the keys of attachments, persons and organisations. As long as
-- nothing is on it, its keys follow the mapping; afterwards the mapping follows.
CREATE FUNCTION osms_internal.fit_keys(registry text, relation text) RETURNS void
    LANGUAGE plpgsql STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    roster CONSTANT regclass := osms_internal.need_relation(registry, 'roster');
    k record;
    stands boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', roster) INTO stands;
    stands := stands OR EXISTS (SELECT FROM osms.guard_trigger g WHERE g.registry = fit_keys.registry);
    FOR k IN SELECT t.oid::regclass AS kept, a.attname AS name, osms_internal.column_type(t.oid, a.attname) AS has, c."column", m.type
             FROM (VALUES ('roster', 'attachment', 'attachment'), ('roster', 'person', 'person'),
                   ('roster', 'organisation', 'organisation'),
                          ('journal', 'person', 'person'), ('moved', 'person', 'person'), ('pending', 'person', 'person'),
                          ('identity_event', 'person', 'person'), ('identity_event', 'applicant', 'person'),
                          ('identity_event', 'application', 'application')) r (relation, name, key)
             JOIN pg_class t ON t.oid = osms.relation_of(registry, r.relation) AND t.relkind = 'r'
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = r.name AND NOT a.attisdropped
             JOIN osms.registry_columns() c ON c.relation = fit_keys.relation AND c."column" = r.key AND c.type = '@' || r.key
             CROSS JOIN LATERAL (SELECT osms_internal.column_type(osms.relation_of(registry, c.relation), c."column") AS type) m
             ORDER BY r.relation <> 'roster', r.relation, a.attnum LOOP
        IF k.has <> k.type AND stands AND k.kept = roster THEN
            RAISE EXCEPTION 'key "%" has type %, but % on the roster of registry "%"', k."column", k.type, k.has, registry
                USING ERRCODE = 'datatype_mismatch',
                      HINT = format('Map it with a cast to %s; keys of another type take a registry of their own.', k.has);
        ELSIF k.has <> k.type AND NOT stands AND relation = 'attachment' THEN
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %I::text::%s', k.kept, k.name, k.type, k.name, k.type);
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.fit_keys(text, text) IS
'sees that the keys of a relation have the types that the registry''s own tables keep
42804 where the roster holds rows or a guard stands; until then attachments give these tables their types. Called by osms.map';

CREATE FUNCTION osms.map(registry text, relation text, source regclass, columns jsonb, states jsonb DEFAULT NULL,
                         shape text DEFAULT 'period', until_inclusive boolean DEFAULT false, open_end date DEFAULT NULL,
                         date_format text DEFAULT NULL, defaults jsonb DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
    SET client_min_messages = warning
    SET datestyle = 'ISO, YMD'
AS $$
DECLARE
    known text[];
    needed text[];
    unknown text;
    existing regclass := osms.relation_of(registry, relation);
    filled boolean;
    guarded regclass[];
BEGIN
    IF NOT EXISTS (SELECT FROM osms.registry_columns() k WHERE k.relation = map.relation) THEN
        RAISE EXCEPTION '"%" is not a canonical relation', relation
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = (SELECT 'Canonical relations are ' || string_agg(DISTINCT k.relation, ', ') || '.' FROM osms.registry_columns() k);
    END IF;
    IF osms.relation_of(registry, 'setting') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'Make it with osms.create_registry(registry, tables => false).';
    ELSIF (SELECT c.relkind <> 'r' FROM pg_class c WHERE c.oid = osms.relation_of(registry, 'setting')) THEN
        RAISE EXCEPTION 'relation "setting" of registry "%" is no table', registry USING ERRCODE = 'wrong_object_type';
    END IF;
    IF shape NOT IN ('period', 'events') OR shape = 'events' AND relation <> 'attachment' THEN
        RAISE EXCEPTION 'relation "%" has no shape "%"', relation, shape
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A shape is period, one row with its first and last day, or for attachment also events, a row for each opening '
                      'and closing.';
    END IF;
    PERFORM osms_internal.need_arguments('map', jsonb_build_object('source', source, 'shape', shape, 'until_inclusive', until_inclusive,
                                                                   'defaults', defaults));
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = source) THEN
        RAISE EXCEPTION 'there is no table with OID %', source::oid
            USING ERRCODE = 'undefined_table', HINT = 'Name the table, as in ''schema.table''.';
    ELSIF (SELECT relispartition FROM pg_class WHERE oid = source) THEN
        RAISE EXCEPTION '"%" is a partition', source
            USING ERRCODE = 'wrong_object_type', HINT = format('Map %s, of which it is a part.', pg_partition_root(source));
    ELSIF (SELECT relkind NOT IN ('r', 'p') FROM pg_class WHERE oid = source)
          OR EXISTS (SELECT FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid
                     WHERE source IN (i.inhparent, i.inhrelid) AND NOT child.relispartition) THEN
        RAISE EXCEPTION '"%" is not a plain or partitioned table', source
            USING ERRCODE = 'wrong_object_type',
                HINT = 'Views, foreign tables and inheritance cannot be mapped: no guard sees all their rows.';
    END IF;
    IF jsonb_typeof(columns) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'columns are an object of canonical column and mapping'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write them as {"person": "column of the source"}.';
    END IF;
    SELECT array_agg(r."column" ORDER BY r."position"), array_agg(r."column" ORDER BY r."position") FILTER (WHERE r.needed)
    INTO known, needed FROM osms.registry_columns() r WHERE r.relation = map.relation;
    IF shape = 'events' THEN
        -- an end is the day of an event that closes
        known := array_append(array_remove(known, 'until'), 'closes');
        needed := array_append(needed, 'closes');
    END IF;
    SELECT k INTO unknown FROM jsonb_object_keys(columns) k WHERE k <> ALL (known);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'canonical relation "%" has no column "%"', relation, unknown
            USING ERRCODE = 'undefined_column', HINT = format('Its columns are %s.', array_to_string(known, ', '));
    END IF;
    SELECT k INTO unknown FROM unnest(needed) k WHERE coalesce(columns -> k, 'null') = 'null';
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'column "%" of canonical relation "%" must be mapped', unknown, relation
            USING ERRCODE = 'undefined_column', HINT = 'Name the column of the source, or an expression.';
    END IF;
    SELECT k INTO unknown FROM jsonb_object_keys(defaults) k
    WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = source AND attname = k AND attnum > 0 AND NOT attisdropped);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'table "%" has no column "%"', source, unknown
            USING ERRCODE = 'undefined_column', HINT = 'It is named in defaults.';
    END IF;
    PERFORM osms_internal.check_date_format(date_format);
    PERFORM osms_internal.begin_change(registry, 'map');
    IF existing IS NOT NULL THEN
        IF (SELECT relkind = 'r' FROM pg_class WHERE oid = existing) THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', existing) INTO filled;
            IF filled THEN
                RAISE EXCEPTION 'relation "%" of registry "%" is a table with rows', relation, registry
                    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Map it into a registry made with tables => false.';
            END IF;
        END IF;
        -- whoever writes the tables now does so under the mapping that goes
        SELECT array_agg(DISTINCT g.source ORDER BY g.source) INTO guarded
        FROM osms.guard_trigger g WHERE g.registry = map.registry AND g.relation = map.relation;
        IF NOT osms_internal.under_lock(coalesce(guarded, '{}'), 'SHARE ROW EXCLUSIVE',
                ARRAY[format('DROP %s %s', CASE (SELECT relkind FROM pg_class WHERE oid = existing) WHEN 'r' THEN 'TABLE'
                             ELSE 'VIEW' END, existing)]
                || CASE WHEN relation = 'attachment' THEN ARRAY[format('DROP VIEW IF EXISTS %I.attachment_event', registry)]
                    ELSE '{}' END, 100) THEN
            RAISE EXCEPTION 'could not lock relation "%" of registry "%" while others use it', relation, registry
                USING ERRCODE = 'lock_not_available', DETAIL = osms_internal.holders(guarded || existing, true),
                      HINT = 'Nothing is changed. Wait for long transactions on it to end, or end them, and run osms.map() again.';
        END IF;
    END IF;

    IF shape = 'events' THEN
        PERFORM osms_internal.map_relation(registry, 'attachment_event', source,
            (SELECT jsonb_object_agg(CASE k WHEN 'attachment' THEN 'event' WHEN 'since' THEN 'day' ELSE k END, v)
             FROM jsonb_each(columns) t (k, v)),
            states, until_inclusive, open_end, date_format, defaults);
        PERFORM osms_internal.map_events(registry);
    ELSE
        PERFORM osms_internal.map_relation(registry, relation, source, columns, states, until_inclusive, open_end, date_format, defaults);
    END IF;
    PERFORM osms_internal.fit_keys(registry, relation) WHERE osms.relation_of(registry, 'roster') IS NOT NULL;
    IF existing IS NOT NULL AND relation IN ('attachment', 'person') AND osms_internal.new_epoch(registry) THEN
        RAISE WARNING 'roster of "%" was filled under another mapping', registry
            USING HINT = format('CALL osms.fill_roster(%L) brings it in line.', registry);
    END IF;
    IF relation = 'attachment' THEN
        PERFORM osms_internal.add_derived_relations(registry);
    ELSIF relation = 'site' THEN
        PERFORM osms_internal.index_sites(registry);
    END IF;
    PERFORM osms_internal.note_act(registry, 'mapping', CASE WHEN existing IS NULL THEN 'I' ELSE 'U' END::"char", relation,
                                   state_after => source::text, reason => columns::text);
    PERFORM osms_internal.hand_over(registry), osms_internal.grant_to_keeper(registry, relation);
END $$;
COMMENT ON FUNCTION osms.map(text, text, regclass, jsonb, jsonb, text, boolean, date, text, jsonb) IS
'maps a canonical relation to a table that exists
columns: canonical column to column name, to an SQL expression over its columns (read only), or to {"column", "codes": {value:
[codes]}} or {"expression", "column", "write"}, where write is an expression over new whose operators and functions are best
written with their schema; states: codes of the column state, the first is written; shape: period, or for attachment also
events, where a closing is a new row and columns has "closes", the event that this one closes, annuls or suspects, and "since",
its day; until_inclusive: the source keeps the last day; open_end: its date for no end; date_format: of dates kept as text,
YYYY-MM-DD unless it is given, where blank is NULL and what is no such date reads as an infinity that lets nothing count, which
rule period finds; defaults: source column to SQL expression for an INSERT. A relation that is guarded is mapped again under
locks that writers wait for a tenth of a second at a time, as by osms.guard, and its roster has to be filled again. 42703 for
unknown columns, 42P17 for an expression that does not tell of its row alone, the same always and to everybody, 55000 and 42809
for tables it cannot map, 55P03 where the locks were not to be had, 25001 at another isolation level than READ COMMITTED';

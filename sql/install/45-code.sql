
--
-- codes: what a mapping's lists of codes know, what is stored beside them, and
-- what guard and workflow may write that has no code.
--
CREATE FUNCTION osms_internal.known_codes(relation text, "column" text) RETURNS text[]
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE
        WHEN "column" = 'sex' THEN enum_range(NULL::osms.sex)::text[]
        WHEN "column" = 'class' THEN '{urban,rural}'::text[]
        WHEN "column" = 'channel' THEN (SELECT array_agg(DISTINCT c.channel) FROM osms.channel c)
        WHEN "column" = 'reason' AND relation = 'application' THEN (SELECT array_agg(r.code) FROM osms.reason_codes('application') r)
        WHEN "column" = 'reason' AND relation IN ('attachment', 'attachment_event')
            THEN (SELECT array_agg(r.code) FROM osms.reason_codes('attachment') r)
        WHEN "column" = 'state' THEN (SELECT array_agg(DISTINCT s.state) FROM osms.transitions(replace(relation, '_event', '')) t,
                                                                          unnest(ARRAY[t.from_state, t.to_state]) s (state))
        WHEN "column" = 'kind' AND relation = 'residence' THEN '{permanent,temporary,actual}'::text[]
        END;
COMMENT ON FUNCTION osms_internal.known_codes(text, text) IS
    'canonical codes that a column of a relation may hold; NULL where any text is one';

CREATE FUNCTION osms_internal.check_codes(relation text, "column" text, codes jsonb) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong text;
BEGIN
    IF codes IS NULL THEN
        RETURN;
    END IF;
    IF jsonb_typeof(codes) <> 'object' THEN
        RAISE EXCEPTION 'codes of column "%" are not an object', "column"
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write them as {"canonical value": ["code of the source", ...]}.';
    END IF;
    SELECT k INTO wrong FROM jsonb_each(codes) c (k, v) WHERE jsonb_typeof(v) <> 'array' ORDER BY k LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'codes of "%" in column "%" are not an array', wrong, "column"
            USING ERRCODE = 'invalid_parameter_value', DETAIL = (codes -> wrong)::text,
                  HINT = format('Write them as {"%s": ["code of the source", ...]}, also where it is one.', wrong);
    END IF;
    SELECT k INTO wrong FROM jsonb_each(codes) c (k, v), jsonb_array_elements(v) e
        WHERE jsonb_typeof(e) NOT IN ('string', 'number', 'boolean') ORDER BY k LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'codes of "%" in column "%" are not all words or numbers', wrong, "column"
            USING ERRCODE = 'invalid_parameter_value', DETAIL = (codes -> wrong)::text,
                HINT = format('Write them as {"%s": ["code of the source", ...]}.', wrong);
    ELSIF NOT EXISTS (SELECT FROM jsonb_each(codes) c (k, v) WHERE v <> '[]') THEN
        RAISE EXCEPTION 'codes of column "%" name no code', "column"
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Write them as {"canonical value": ["code of the source", ...]}, or leave them out.';
    END IF;
    SELECT k INTO wrong FROM jsonb_object_keys(codes) k WHERE k <> ALL (osms_internal.known_codes(relation, "column")) ORDER BY k LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'column "%" of canonical relation "%" has no value "%"', "column", relation, wrong
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Its values are %s.', array_to_string(osms_internal.known_codes(relation, "column"), ', '));
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_codes(text, text, jsonb) IS
    '22023 for a list of codes that is not one, or names a canonical value that does not exist; called by osms.map';

-- The values are worked out as whoever asks, who runs nobody else's functions:
-- a mapping that cannot be worked out so is not told of.
CREATE FUNCTION osms_internal.uncoded(canonical regclass, relation text, "column" text, OUT heads bigint, OUT codes text) RETURNS record
    LANGUAGE plpgsql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    looked_at CONSTANT integer := 1000000;
    source CONSTANT regclass := osms.mapped_source(canonical);
    of_time CONSTANT boolean := EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = canonical AND a.attname = "column"
                                                                         AND a.atttypid IN ('date'::regtype, 'timestamptz'::regtype));
    reading record;
BEGIN
    SELECT r.* INTO reading FROM osms_internal.mapped_reading(canonical, "column") r;
    IF cardinality(reading.columns) IS DISTINCT FROM 1 OR NOT has_table_privilege(source, 'SELECT') THEN
        RETURN;
    ELSIF of_time AND NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                                  WHERE a.attrelid = source AND a.attname = reading.columns[1] AND t.typcategory = 'S') THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT sum(u.n),
               left(string_agg(format(''"%%s"'', left(u.code, 40)), '', '' ORDER BY u.n DESC, u.code) FILTER (WHERE u.place <= 5), 250)
        FROM (SELECT v.code, count(*) AS n, row_number() OVER (ORDER BY count(*) DESC, v.code) AS place
              FROM (SELECT s.%1$I::text AS code, (%2$s)::text AS value FROM (SELECT * FROM %3$s LIMIT %4$s) s) v
              WHERE btrim(v.code) <> '''' AND %5$s GROUP BY v.code) u',
        reading.columns[1], reading.expression, source, looked_at,
        -- a text that tells no time is read as an infinity
        CASE WHEN of_time THEN 'coalesce(v.value IN (''infinity'', ''-infinity''), true)'
             ELSE '(v.value IS NULL OR v.value LIKE ''?%'' OR v.value <> ALL ($1))' END)
    INTO heads, codes USING osms_internal.known_codes(relation, "column");
EXCEPTION WHEN insufficient_privilege OR data_exception OR program_limit_exceeded OR integrity_constraint_violation OR raise_exception
               OR object_not_in_prerequisite_state OR undefined_column OR datatype_mismatch THEN
    heads := NULL;
    codes := NULL;
END $$;
COMMENT ON FUNCTION osms_internal.uncoded(regclass, text, text) IS
'rows of the first million of a source whose value a canonical column does not know, and the most frequent of those values
NULL for who may not read them; called by osms_internal.check_codes_of';

CREATE FUNCTION osms_internal.check_codes_of(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT ROWS 1
    BEGIN ATOMIC
        SELECT c.relation, 'warning', format('%s rows hold values without a meaning for column "%s": %s', u.heads, c."column", u.codes),
               format('Map the relation again with osms.map(), with %s for them, or correct the rows: they are read as unknown.',
                      CASE WHEN c.type IN ('date', 'timestamptz') THEN 'a date_format' ELSE 'codes' END)
        FROM (SELECT k.relation, k."column", k.type, osms.relation_of(registry, k.relation) AS oid FROM osms.registry_columns(true) k
              WHERE (k."column" IN ('sex', 'class', 'reason', 'channel', 'ground', 'kind', 'state') OR k.type IN ('date', 'timestamptz'))
                AND k.relation NOT IN (SELECT 'attachment' WHERE osms.relation_of(registry, 'attachment_event') IS NOT NULL)) c,
             osms_internal.uncoded(c.oid, c.relation, c."column") u
        WHERE u.heads > 0
        UNION ALL
        SELECT p.relation, 'warning', format('reasons without a code: %s', string_agg(r.reason, ', ' ORDER BY r.reason)),
               'What writes them is refused (unmapped_reason): map the relation again with osms.map(), with codes for them.'
        FROM (SELECT 'attachment' AS relation, osms.relation_of(registry, 'attachment') AS oid) p,
             unnest('{moved_to_other,site_change,duplicate,left_region,left_country}'::text[]) r (reason)
        WHERE p.oid IS NOT NULL AND osms_internal.can_write(p.oid, 'state', 'closed')
          AND EXISTS (SELECT FROM osms.clauses(registry) k WHERE k.rule = 'reason' AND k.relation = 'attachment' AND k.judged)
          AND NOT osms_internal.can_write(p.oid, 'reason', r.reason)
        GROUP BY p.relation;
    END;
COMMENT ON FUNCTION osms_internal.check_codes_of(text) IS
'stored values that a mapping has no code for, and reasons that guard and workflow may write and that have none
called by osms.check_registry';

-- What a row of money must be to make sense, over its own columns.
CREATE FUNCTION osms_internal.possible_inputs(OUT relation text, OUT name text, OUT holds text, OUT enforced boolean, OUT problem text)
    RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
    BEGIN ATOMIC
        SELECT * FROM (VALUES
            ('adjustment', 'amount', 'abs(amount) < ''Infinity''', true, 'an amount that is no number'),
            ('coefficient', 'value', 'value >= 0 AND value < ''Infinity''', true, 'a coefficient below zero, or one that is no number'),
            ('coefficient', 'valid_from', 'valid_from < ''infinity''', true, 'a first day that is none'),
            ('contract', 'amount', 'yearly_amount >= 0 AND yearly_amount < ''Infinity''', true,
             'a yearly amount below zero, or one that is no number'),
            ('contract', 'period', 'valid_to > valid_from', false, 'an end that does not lie after the first day'),
            ('defect', 'cases', 'cases >= 0', true, 'a number of cases below zero'),
            ('defect', 'month', 'defect_month < month + interval ''1 month''', true, 'a defect of a month after that of the act'),
            ('insurance', 'month', 'month BETWEEN ''1990-01-01'' AND current_date + 366', false,
             'a month in more than a year, or before 1990'),
            ('site', 'norm', 'norm >= 0', true, 'a norm below zero'),
            ('service', 'served_on', 'served_on BETWEEN ''1990-01-01'' AND current_date + 1', false,
             'a day of service in the future or before 1990')) v;
    END;
COMMENT ON FUNCTION osms_internal.possible_inputs() IS
'what a row of a relation must hold to make sense (NULL does), whether the table that osms makes enforces it, and what a row that
does not has
called by add_own_relation and check_inputs';

CREATE FUNCTION osms_internal.check_inputs(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT ROWS 1
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    i record;
    n bigint;
BEGIN
    severity := 'warning';
    FOR i IN
        SELECT p.relation, format('(%s) IS FALSE', p.holds) AS wrong, p.problem, 'Correct them: they count as they are.' AS hint
            FROM osms_internal.possible_inputs() p
        UNION ALL
        SELECT r.relation, format('x.%1$s IS NOT NULL AND NOT EXISTS (SELECT FROM %2$I.%3$s o WHERE o.%4$s = x.%1$s)', r."column",
                                  registry, r.known, r.key),
               format('an unknown %s in column "%s"', r.what, r."column"),
                   format('Enter the %s, or correct its key: they count for nobody.', r.what)
        FROM (SELECT t, 'organisation', 'organisation', 'organisation', 'organisation'
              FROM unnest('{adjustment,coefficient,contract,defect,organisation_status,payment,service,site}'::text[]) t
              UNION ALL SELECT t, 'person', 'person', 'person', 'person' FROM unnest('{insurance,order_scope,residence,service}'::text[]) t
              UNION ALL VALUES ('order_scope', 'from_organisation', 'organisation', 'organisation', 'organisation'),
                               ('order_scope', 'to_organisation', 'organisation', 'organisation', 'organisation'),
                               ('order_scope', 'order_key', 'authority_order', 'order_key', 'order'),
                               ('organisation_succession', 'old', 'organisation', 'organisation', 'organisation'),
                               ('organisation_succession', 'new', 'organisation', 'organisation', 'organisation')) r (relation, "column",
                                   known, key, what)
        WHERE osms.relation_of(registry, r.known) IS NOT NULL
        ORDER BY 1, 3
    LOOP
        CONTINUE WHEN osms.relation_of(registry, i.relation) IS NULL;
        EXECUTE format('SELECT count(*) FROM (SELECT * FROM %I.%I LIMIT 1000000) x WHERE %s', registry, i.relation, i.wrong) INTO n;
        IF n > 0 THEN
            relation := i.relation;
            problem := format('%s rows have %s', n, i.problem);
            hint := i.hint;
            RETURN NEXT;
        END IF;
    END LOOP;
EXCEPTION WHEN insufficient_privilege OR undefined_function OR undefined_column OR datatype_mismatch OR object_not_in_prerequisite_state
               OR data_exception OR program_limit_exceeded OR integrity_constraint_violation OR raise_exception THEN
    -- what cannot be read so is told elsewhere
    RETURN;
END $$;
COMMENT ON FUNCTION osms_internal.check_inputs(text) IS
'rows that make no sense
counted among the first million of each relation: amounts, coefficients and cases below zero, reversed contracts, months and days
that cannot be, keys of organisations, persons and orders that nobody knows. Called by osms.check_registry';

CREATE FUNCTION osms_internal.check_date_format(format text) RETURNS void
    LANGUAGE plpgsql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept boolean;
BEGIN
    BEGIN
        -- of the years of the living, two digits tell too little
        SELECT bool_and(osms.read_time(to_char(d, format), format) IS NOT DISTINCT FROM d) INTO kept
        FROM unnest('{1900-01-01,1919-12-31,1958-03-07,2019-12-31,2199-12-31}'::timestamp[]) d;
    EXCEPTION
        WHEN invalid_parameter_value THEN RAISE; -- it says itself what is wrong
        WHEN data_exception THEN kept := false;
    END;
    IF NOT kept THEN
        RAISE EXCEPTION 'format "%" does not keep a date', format
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Write it like DD.MM.YYYY, in the letters of to_char, with all digits of the year.';
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_date_format(text) IS
    '22023 for a format in which a day is not what it was when it is read again; called by osms.map';


--
-- audit: the clauses of the rules over stored rows.
--
CREATE FUNCTION osms_internal.row_findings(canonical regclass, stored record) RETURNS text[]
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_row_findings';
COMMENT ON FUNCTION osms_internal.row_findings(regclass, record) IS
    'what the row rules find in a stored row of a canonical relation, as rule:finding; NULL = nothing. Used by osms.audit';

CREATE FUNCTION osms_internal.audit_relation(registry text, audited text, rules text[], progress boolean, since date DEFAULT NULL,
                                             OUT relation text, OUT key text, OUT person text, OUT rule text, OUT finding text,
                                                 OUT day date) RETURNS SETOF record
    LANGUAGE C STABLE PARALLEL SAFE ROWS 10000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    AS 'MODULE_PATHNAME', 'osms_audit_relation';
COMMENT ON FUNCTION osms_internal.audit_relation(text, text, text[], boolean, date) IS
    'osms_internal.audit_days of one relation, nothing where the registry lacks it; called by osms_internal.audit_days';

CREATE FUNCTION osms_internal.unreadable_rule("column" text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE "column" WHEN 'iin' THEN 'identifier' WHEN 'bin' THEN 'identifier' WHEN 'sex' THEN 'identity_data' WHEN 'state'
        THEN 'transition'
                         WHEN 'amount' THEN 'payment_due' WHEN 'yearly_amount' THEN 'payment_contract' ELSE 'period' END;
COMMENT ON FUNCTION osms_internal.unreadable_rule(text) IS
    'the rule under which a value of a canonical column that cannot be read is found; called by osms_internal.audit_days';

-- Texts that a mapping reads as NULL, because they tell no value of the type,
-- and codes of a sex that it does not know: what the rules cannot see. An infinity they see themselves. A text is the
-- source's, so who may not read that is not told.
CREATE FUNCTION osms_internal.unreadable_values(registry text, relation text, OUT key text, OUT person text, OUT rule text,
                                                OUT finding text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 10
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    canonical CONSTANT regclass := osms.relation_of(registry, relation);
    readings jsonb;
    unread text;
    c record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = canonical AND relkind = 'v')
       OR NOT has_table_privilege(osms.mapped_source(canonical), 'SELECT') THEN
        RETURN;
    END IF;
    -- one that takes more than the row is none
    SELECT jsonb_object_agg(k."column", m.expression) INTO readings
    FROM osms.registry_columns(true) k, osms_internal.mapped_reading(canonical, k."column") m WHERE k.relation = unreadable_values.relation;
    FOR c IN SELECT k."column", m.expression, m.columns[1] AS source_column, cardinality(m.columns) AS n,
        first_value(k."column") OVER (ORDER BY k."position") AS key
             FROM osms.registry_columns(true) k, osms_internal.mapped_reading(canonical, k."column") m
             WHERE k.relation = unreadable_values.relation LOOP
        unread := CASE WHEN c.expression ~ 'read_(value|sex)[(]' THEN 'unreadable_' WHEN c."column" = 'sex'
            AND c.n = 1 THEN 'unmapped_' END;
        CONTINUE WHEN unread IS NULL OR readings ->> c.key IS NULL;
        RETURN QUERY EXECUTE format('SELECT (%s)::text, (%s)::text, %L, %L FROM %s s WHERE btrim(s.%I::text) <> %L AND (%s) IS NULL '
            'ORDER BY 1',
            readings ->> c.key, coalesce(readings ->> 'person', 'NULL'),
            osms_internal.unreadable_rule(c."column"),
            unread || c."column", osms.mapped_source(canonical), c.source_column, '', c.expression);
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.unreadable_values(text, text) IS
'rows of a relation whose source keeps a text where the mapping needs a value of another type, and it tells none
key, person, rule, finding; nothing where the user may not read the source; called by osms_internal.audit_days';

CREATE FUNCTION osms_internal.audit_days(registry text, rules text[] DEFAULT NULL, progress boolean DEFAULT false, since date DEFAULT NULL,
                                         OUT relation text, OUT key text, OUT person text, OUT rule text, OUT finding text, OUT day date)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET jit = off -- the clauses are long: to compile them takes longer than to run them
AS $$
DECLARE
    guarded text;
BEGIN
    PERFORM osms_internal.check_reader(registry);
    -- a row that cannot be read stops every query over it: first things first
    RETURN QUERY SELECT f.relation, f.key, f.person, u.rule, 'unreadable_' || f."column", NULL::date
                 FROM osms_internal.failing_rows(registry) f, LATERAL osms_internal.unreadable_rule(f."column") u (rule);
    IF FOUND THEN
        RAISE WARNING 'nothing else was judged: expressions of the mapping fail on these rows'
            USING HINT = 'Correct them, or map the column by an expression that reads them, and audit again.';
        RETURN;
    END IF;
    FOR guarded IN SELECT DISTINCT k.relation FROM osms.registry_columns(true) k WHERE k.guarded ORDER BY k.relation LOOP
        RETURN QUERY SELECT a.* FROM osms_internal.audit_relation(registry, guarded, rules, progress, since) a;
        RETURN QUERY SELECT guarded, u.*, NULL::date FROM osms_internal.unreadable_values(registry, guarded) u WHERE rules IS NULL
            OR u.rule = ANY (rules);
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.audit_days(text, text[], boolean, date) IS
'osms.audit, with the day that a finding is about
the first of the row or, where it holds as long as the row (overlaps, deaths, stays, suspicion, territory, what is undecided),
the last; NULL where the row has none. Called by audit and audit_summary';

CREATE FUNCTION osms.audit(registry text, rules text[] DEFAULT NULL, progress boolean DEFAULT false, since date DEFAULT NULL,
                           OUT relation text, OUT key text, OUT person text, OUT rule text, OUT finding text)
    RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
    BEGIN ATOMIC
        SELECT a.relation, a.key, a.person, a.rule, a.finding FROM osms_internal.audit_days(registry, rules, progress, since) a;
    END;
COMMENT ON FUNCTION osms.audit(text, text[], boolean, date) IS
'every stored row that a rule would refuse if it were written today: relation, key, person, rule, finding
rules: ids of those to judge by, NULL for all; progress: a NOTICE for each relation and rule with rows found, and seconds;
since: what was over before that day is left out, rows that begin before it, overlaps and the like that end before it; what has
no day stays. Nothing is changed. Runs before and after osms.guard, with the same clauses. Memory is bounded by work_mem. 3F000
where there is no such registry, 42501 where the user may not read it, 22023 for an unknown rule';

CREATE FUNCTION osms.audit_summary(registry text, rules text[] DEFAULT NULL, progress boolean DEFAULT false, since date DEFAULT NULL,
                                   OUT relation text, OUT rule text, OUT finding text, OUT "rows" bigint, OUT before_cut_over bigint,
                                   OUT from_cut_over bigint)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 30
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    cut_over date;
BEGIN
    PERFORM osms_internal.check_reader(registry);
    -- what is no registry, audit_days says
    EXECUTE format('SELECT to_jsonb(s) ->> ''cut_over'' FROM %I.setting s', registry) INTO cut_over;
    RETURN QUERY
        SELECT a.relation, a.rule, a.finding, count(*), count(*) FILTER (WHERE a.day < cut_over),
            count(*) FILTER (WHERE (a.day < cut_over) IS NOT TRUE)
        FROM osms_internal.audit_days(registry, rules, progress, since) a GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
END $$;
COMMENT ON FUNCTION osms.audit_summary(text, text[], boolean, date) IS
'osms.audit counted by relation, rule and finding (stored rows), in all, and of what was over before the registry''s cut-over
day, and of what was not or has no day
the same arguments and errors';

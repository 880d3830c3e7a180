
--
-- audit: the clauses of the rules over stored rows.
--
CREATE FUNCTION osms.row_findings(canonical regclass, stored record) RETURNS text[]
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_row_findings';
COMMENT ON FUNCTION osms.row_findings(regclass, record) IS
    'what the row rules find in a stored row of a canonical relation, as rule:finding; NULL = nothing. Used by osms.audit';

CREATE FUNCTION osms.audit_query(registry text, relation text) RETURNS text
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_audit_query';
COMMENT ON FUNCTION osms.audit_query(text, text) IS
    'query that judges the stored rows of a relation: key, person, rule, finding; NULL where the registry lacks the relation. Used by osms.audit';

CREATE FUNCTION osms.audit(registry text, OUT relation text, OUT key text, OUT person text, OUT rule text, OUT finding text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
    SET search_path = pg_catalog, osms, pg_temp
    SET jit = off -- the clauses are long: to compile them takes longer than to run them
AS $$
DECLARE
    guarded text;
BEGIN
    PERFORM osms.check_reader(registry);
    FOR guarded IN SELECT DISTINCT k.relation FROM osms.registry_columns() k WHERE k.guarded ORDER BY k.relation LOOP
        CONTINUE WHEN osms.audit_query(registry, guarded) IS NULL;
        RETURN QUERY EXECUTE format('SELECT %L::text, a.key, a.person, a.rule, a.finding FROM (%s) a (key, person, rule, finding)',
                                    guarded, osms.audit_query(registry, guarded));
    END LOOP;
    -- of two that overlap the later row is found
    IF osms.relation_of(registry, 'attachment') IS NOT NULL THEN
        RETURN QUERY EXECUTE format($query$
            SELECT 'attachment', x.attachment::text, x.person::text, 'one_attachment', 'overlap'
            FROM (SELECT a.attachment, a.person, a.since, max(coalesce(a.until, 'infinity')) OVER (PARTITION BY a.person
                         ORDER BY a.since, a.attachment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
                  FROM %I.attachment a
                  WHERE a.state IN ('active', 'suspect', 'closed') AND a.since < coalesce(a.until, 'infinity')) x
            WHERE x.since < x.reach $query$, registry);
    END IF;
END $$;
COMMENT ON FUNCTION osms.audit(text) IS
    'every stored row that a rule would refuse if it were written today: relation, key, person, rule, finding. Nothing is changed. Runs before and after osms.guard, with the same clauses. 3F000 where there is no such registry';

CREATE FUNCTION osms.audit_summary(registry text, OUT relation text, OUT rule text, OUT finding text, OUT "rows" bigint)
    RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
    BEGIN ATOMIC
        SELECT a.relation, a.rule, a.finding, count(*) FROM osms.audit(registry) a GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
    END;
COMMENT ON FUNCTION osms.audit_summary(text) IS 'osms.audit counted by relation, rule and finding (stored rows); 3F000 where there is no such registry';

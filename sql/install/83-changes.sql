
--
-- changes: why one month costs more than another, and who went where.
--
CREATE FUNCTION osms_internal.month_lines(registry text, month date, scheme text, OUT terms osms_internal.statement_terms,
                                          OUT lines osms.statement_line[]) RETURNS record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    closed boolean := false;
BEGIN
    IF osms.relation_of(registry, 'statement') IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %I.statement s WHERE s.month = $1)', registry) INTO closed USING month;
    END IF;
    IF closed THEN
        terms := osms_internal.terms_of(registry, month);
        EXECUTE format('SELECT coalesce(array_agg(%s), ''{}'') FROM %I.statement_line l WHERE l.month = $1',
                       osms_internal.line_expression('l'), registry) INTO lines USING month;
    ELSE
        terms := osms_internal.statement_terms(registry, month, scheme, osms_internal.known_now());
        lines := ARRAY(SELECT s FROM osms.statement(registry, month, scheme, terms.known_at) AS s);
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.month_lines(text, date, text) IS
    'terms and lines of a month: as it was closed or, while it is open, its statement by the scheme as known now';

CREATE FUNCTION osms_internal.check_order(month date, later date) RETURNS void
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF later < month THEN
        RAISE EXCEPTION '% is not later than %', to_char(later, 'YYYY-MM'), to_char(month, 'YYYY-MM')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the earlier month first.';
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_order(date, date) IS
    '22023 where the second month is before the first; called by changes and flows';

CREATE FUNCTION osms.changes(registry text, month date, later date, scheme text DEFAULT 'illustrative')
    RETURNS TABLE (organisation text, cause text, persons bigint, amount numeric)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 5000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    a record;
    b record;
BEGIN
    PERFORM osms_internal.need_arguments('changes', jsonb_build_object('registry', registry, 'month', month, 'later', later, 'scheme',
                                                                       scheme));
    PERFORM osms_internal.check_order(month, later);
    SELECT m.* INTO a FROM osms_internal.month_lines(registry, month, scheme) AS m;
    SELECT m.* INTO b FROM osms_internal.month_lines(registry, later, scheme) AS m;
    RETURN QUERY SELECT d.organisation, CASE d.cause WHEN 'age_or_sex' THEN 'aged' ELSE d.cause END, d.persons, d.amount
    FROM osms_internal.difference(a.terms, a.lines, b.terms, b.lines) WITH ORDINALITY
        AS d (organisation, "position", cause, persons, amount, place)
    ORDER BY d.place;
END $$;
COMMENT ON FUNCTION osms.changes(text, date, date, text) IS
'what lies between the statements of two months, closed ones as they were closed, open ones by the scheme as known now
heads (persons) and tenge by organisation and cause: died, left, moved_out, new, moved_in, aged (and corrected birth dates and
sexes), insurance, coefficient, rate, inactive, cap, rounding; held where a line of an organisation is held. They sum to the
difference of the heads and of the amounts. Errors as osms.statement';

CREATE FUNCTION osms.flows(registry text, month date, later date, scheme text DEFAULT 'illustrative')
    RETURNS TABLE (from_organisation text, to_organisation text, ground text, persons bigint)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
    SET enable_nestloop = off
    SET jit = off
AS $$
DECLARE
    known_at timestamptz := osms_internal.known_now();
    a osms_internal.statement_terms := osms_internal.closed_terms(registry, month, scheme, known_at);
    b osms_internal.statement_terms := osms_internal.closed_terms(registry, later, scheme, known_at);
    ground text := CASE WHEN osms.relation_of(registry, 'attachment') IS NULL OR osms.relation_of(registry, 'application') IS NULL
        THEN 'NULL'
        ELSE format('(SELECT p.ground FROM %1$I.attachment x JOIN %1$I.application p ON p.application = x.application '
            'WHERE x.attachment = i.attachment)', registry) END;
BEGIN
    PERFORM osms_internal.need_arguments('flows', jsonb_build_object('registry', registry, 'month', month, 'later', later, 'scheme',
                                                                     scheme));
    PERFORM osms_internal.check_order(month, later);
    a.days := a.days[cardinality(a.days):];
    b.days := b.days[cardinality(b.days):];
    RETURN QUERY EXECUTE format($query$
        WITH %1$s, basis AS (
            SELECT g.organisation::text AS "from", i.organisation::text AS "to", coalesce(%2$s, (SELECT r.basis FROM %3$I.roster r
                       WHERE r.person = i.person AND r.attachment = i.attachment ORDER BY r.known_from DESC LIMIT 1)) AS ground
            FROM moved g JOIN moved i ON i.person = g.person AND i.copy = g.copy
            WHERE g.was AND NOT i.was
        )
        SELECT f."from", f."to", f.ground, count(*) FROM basis f GROUP BY 1, 2, 3
        ORDER BY f."from" COLLATE "C", f."to" COLLATE "C", f.ground COLLATE "C"$query$, osms_internal.moves_query(a, b), ground, registry);
END $$;
COMMENT ON FUNCTION osms.flows(text, date, date, text) IS
'who moved from one organisation to another between two months, seen on the last day that counts of each
persons by organisation left, organisation joined, and ground of the application, or basis of the attachment where it has none.
Errors as osms_internal.statement_terms';


--
-- statement: the month of a registry, by organisation, by region and by person.
--
CREATE FUNCTION osms_internal.warn_of(terms osms_internal.statement_terms, illustrative boolean) RETURNS void
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    complete boolean := true;
BEGIN
    IF osms.relation_of(terms.registry, 'setting') IS NOT NULL THEN
        complete := osms_internal.is_filled(terms.registry);
    END IF;
    IF NOT complete THEN
        RAISE WARNING 'the roster of registry "%" is not complete', terms.registry
            USING HINT = format('CALL osms.fill_roster(%L) first: who is not on the roster is not paid for.', terms.registry);
    END IF;
    IF illustrative THEN
        RAISE WARNING 'the statement of % by scheme "%" uses illustrative rates', to_char(terms.month, 'YYYY-MM'), (terms.scheme).scheme
            USING HINT = 'Load the tables of the order into osms.scheme, osms.scheme_weight and osms.base_rate.';
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.warn_of(osms_internal.statement_terms, boolean) IS
    'one WARNING when the roster is not complete, and one when something a statement was made from is illustrative';

CREATE FUNCTION osms.statement(registry text, month date, scheme text DEFAULT 'illustrative',
                               known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS SETOF osms.statement_line
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
#variable_conflict use_column
DECLARE
    terms osms_internal.statement_terms := osms_internal.statement_terms(registry, month, scheme, known_at);
    lines osms.statement_line[] := osms_internal.earned_lines(terms);
    cap text := (terms.scheme).cap;
BEGIN
    PERFORM osms_internal.warn_of(terms, (SELECT bool_or(l.illustrative) FROM unnest(lines) l));
    RETURN QUERY
    WITH cut AS MATERIALIZED (
        SELECT c.organisation, sum(c.heads) FILTER (WHERE c.month = terms.month)::bigint AS heads, sum(c.cut) AS cut
        FROM osms_internal.inactive_cut(terms) c
        GROUP BY c.organisation
    ), paid AS MATERIALIZED (
        SELECT p.* FROM osms_internal.paid_before(terms.registry, terms.month, terms.known_at) p WHERE cap <> 'none'
    )
    SELECT l.organisation, l.region, l.class, l.heads, l.pyramid, l.coefficient, l.factors, l.rate, l.suspect, l.insurance_unknown,
        l.reduced,
           l.shares, l.earned, coalesce(c.heads, 0), d.cut, CASE WHEN l.status = 'ok' THEN greatest(d.cut - l.earned, 0) END,
               l.contract_amount, o.carried_in, o.owed - a.amount, a.amount,
           l.status, l.held_because, l.persons_held, l.illustrative, l.marks
    FROM unnest(lines) AS l
    LEFT JOIN cut c ON c.organisation = l.organisation
    LEFT JOIN paid p ON p.organisation = l.organisation,
    LATERAL (SELECT CASE WHEN l.status = 'ok' THEN coalesce(c.cut, 0) END AS cut) AS d,
    LATERAL (SELECT CASE WHEN cap = 'carried' THEN coalesce(p.carried, 0) ELSE 0 END AS carried_in) AS i,
    LATERAL (SELECT i.carried_in, CASE WHEN l.status = 'ok' THEN greatest(l.earned - d.cut, 0) + i.carried_in END AS owed) AS o,
    LATERAL (SELECT CASE WHEN l.contract_amount IS NULL OR cap = 'none' OR o.owed IS NULL THEN o.owed
                         ELSE least(o.owed, greatest(l.contract_amount - coalesce(p.amount, 0), 0)) END AS amount) AS a
    ORDER BY l.organisation COLLATE "C";
END $$;
COMMENT ON FUNCTION osms.statement(text, date, text, timestamptz) IS
'a line for every organisation with persons on the roster of the registry when heads are counted, as known at the moment
heads (persons), Kav, rate B*(Kav + sum(Ki - 1)) or B*Kav*product(Ki), reductions, amount (tenge); what lacks something is held
and says why, without harm to the rest. The contract caps what closed lines or the relation payment show as paid in the year, so
months are closed in order. One WARNING when anything used is illustrative, and one when the roster is not complete. Errors as
osms_internal.statement_terms';

CREATE FUNCTION osms.statement_by_region(registry text, month date, scheme text DEFAULT 'illustrative',
                                         known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (region text, total boolean, organisations bigint, held bigint, heads bigint, pyramid osms.pyramid,
                   shares numeric, earned numeric, inactive_cut numeric, cap_cut numeric, amount numeric, persons_held bigint,
                       illustrative boolean)
    LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 20
BEGIN ATOMIC
    SELECT s.region, grouping(s.region) = 1, count(*), count(*) FILTER (WHERE s.status = 'held'), coalesce(sum(s.heads), 0)::bigint,
        osms.sum(s.pyramid),
           sum(s.shares), sum(s.earned), sum(s.inactive_cut), sum(s.cap_cut), sum(s.amount), coalesce(sum(s.persons_held), 0)::bigint,
               bool_or(s.illustrative)
    FROM osms.statement(statement_by_region.registry, statement_by_region.month, statement_by_region.scheme,
                        statement_by_region.known_at) AS s
    GROUP BY GROUPING SETS ((s.region), ())
    ORDER BY grouping(s.region), s.region COLLATE "C";
END;
COMMENT ON FUNCTION osms.statement_by_region(text, date, text, timestamptz) IS
'a statement summed by region, and in its last row over all of them (total)
organisations, held ones, heads, pyramid, shares, money (tenge). Warnings and errors as osms.statement';

CREATE FUNCTION osms.statement_persons(registry text, month date, scheme text DEFAULT 'illustrative',
                                       known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (organisation text, person text, attachment text, site text, since date, birth_date date, sex osms.sex, mark text,
                   day date,
                   placed boolean, insurance text, share numeric, reason text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 1000000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
DECLARE
    terms osms_internal.statement_terms := osms_internal.statement_terms(registry, month, scheme, known_at);
BEGIN
    RETURN QUERY EXECUTE format('SELECT m.organisation::text, m.person::text, m.attachment::text, m.site, m.since, m.birth_date, m.sex, '
        'm.mark, m.day,
        coalesce(m.placed, false), m.insurance, m.share, m.reason FROM (%s) AS m', osms_internal.member_query(terms));
END $$;
COMMENT ON FUNCTION osms.statement_persons(text, date, text, timestamptz) IS
'who stands behind the heads of a statement
a row for every person on the roster on the day counted (by person-days, on every such day), with share of the rate and reason
where it is below 1; placed is false for persons without sex or usable birth date, who are not paid for. Errors as
osms_internal.statement_terms';

CREATE FUNCTION osms.person_days(registry text, from_day date, to_day date, scheme text DEFAULT 'illustrative',
                                 known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (organisation text, listed bigint, pyramid osms.pyramid)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
    SET jit = off
AS $$
DECLARE
    terms osms_internal.statement_terms;
BEGIN
    IF NOT (isfinite(from_day) AND isfinite(to_day)) OR from_day >= to_day THEN
        RAISE EXCEPTION 'days from % up to % are none', from_day, to_day
            USING ERRCODE = 'invalid_parameter_value', HINT = 'The last day is the one before the second date.';
    END IF;
    terms := osms_internal.statement_terms(registry, date_trunc('month', to_day - interval '1 day')::date, scheme, known_at);
    terms.days := (SELECT array_agg(d::date ORDER BY d) FROM generate_series(from_day, to_day - 1, interval '1 day') AS d);
    terms.age_day := NULL;
    terms.insured_month := NULL;
    terms.insurance_known := false;
    terms.norm_above := NULL;
    terms.restored_late := false;
    RETURN QUERY EXECUTE format('SELECT t.organisation, t.listed, t.pyramid FROM (%s) AS t ORDER BY t.organisation COLLATE "C"',
                                osms_internal.tally_query(terms));
END $$;
COMMENT ON FUNCTION osms.person_days(text, date, date, text, timestamptz) IS
'days of persons on the roster of each organisation from a day up to, not with, another
all, and by age on each day and sex those who can be placed; the parts of a span sum to the whole. 22023 for a span without
days, otherwise errors as osms_internal.statement_terms';

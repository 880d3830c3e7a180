
--
-- contract: what of its yearly amount each organisation has had.
--
CREATE FUNCTION osms.contract_execution(registry text, year integer)
    RETURNS TABLE (organisation text, contract_amount numeric, paid numeric, available numeric, monthly numeric, forecast numeric,
                   exhausted_in date)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    last_closed date;
BEGIN
    PERFORM osms_internal.need_arguments('contract_execution', jsonb_build_object('registry', registry, 'year', year));
    PERFORM osms_internal.check_reader(registry);
    EXECUTE format('SELECT max(s.month) FROM %I.statement s WHERE extract(year FROM s.month) = $1', registry) INTO last_closed USING year;
    IF last_closed IS NULL THEN
        RAISE EXCEPTION 'no month of % is closed in registry "%"', year, registry
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'osms.close_month() closes one.';
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH spent AS (
            SELECT p.*, coalesce(sum(p.amount) OVER (PARTITION BY p.organisation ORDER BY p.month), 0) AS so_far
            FROM osms_internal.paid_months(%1$L, make_date($4, 1, 1), ($2 + interval '1 month')::date, $3) AS p
        ), contract AS (%2$s), execution AS (
            SELECT c.organisation, c.yearly_amount AS contract, coalesce(sum(s.amount), 0) AS paid,
                   coalesce(max(s.earned) FILTER (WHERE s.month = $2), 0) AS monthly,
                       min(s.month) FILTER (WHERE s.so_far >= c.yearly_amount) AS reached
            FROM contract c LEFT JOIN spent s USING (organisation)
            GROUP BY c.organisation, c.yearly_amount
        )
        SELECT e.organisation, e.contract, e.paid, e.contract - e.paid, e.monthly, e.paid + e.monthly * m.months,
               coalesce(e.reached, CASE WHEN e.contract - e.paid <= e.monthly * m.months AND e.monthly > 0
                                        THEN ($2 + make_interval(months => ceil((e.contract - e.paid) / e.monthly)::integer))::date END)
        FROM execution e, LATERAL (SELECT 12 - extract(month FROM $2)) AS m (months)
        ORDER BY e.organisation COLLATE "C"$query$, registry, osms_internal.contract_query(registry))
        USING (last_closed + interval '1 month')::date - 1, last_closed, osms_internal.known_now(), year;
END $$;
COMMENT ON FUNCTION osms.contract_execution(text, integer) IS
'how far the months of a year up to the last closed one, with their ledger or, where a month was paid before, by the relation
payment, have used up the contracts in force on its last day, in tenge: yearly amount (NULL = no limit), paid, still available,
what the last month earned before the cap, forecast of the year if every open month earns as much, and the month that exhausts
the contract (NULL = none this year)
55000 when no month of the year is closed; 42501 for who may not read the registry';

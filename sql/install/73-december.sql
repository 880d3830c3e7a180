
--
-- december: months as they were paid, and what December takes back for
-- persons not served in the year.
--
CREATE FUNCTION osms_internal.closed_terms(registry text, month date, scheme text, known_at timestamptz)
    RETURNS osms_internal.statement_terms
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    closed record;
BEGIN
    IF osms.relation_of(registry, 'statement') IS NOT NULL THEN
        EXECUTE format('SELECT s.scheme, s.known_at FROM %I.statement s WHERE s.month = $1', registry) INTO closed USING month;
        IF closed.scheme IS NOT NULL THEN
            RETURN osms_internal.statement_terms(registry, month, closed.scheme, closed.known_at);
        END IF;
    END IF;
    RETURN osms_internal.statement_terms(registry, month, scheme, known_at);
END $$;
COMMENT ON FUNCTION osms_internal.closed_terms(text, date, text, timestamptz) IS
    'terms by which a month was closed or, while it is open, those of the scheme as known at the moment';

CREATE FUNCTION osms_internal.month_rates(terms osms_internal.statement_terms) RETURNS TABLE (organisation text, rate numeric)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    IF osms.relation_of(terms.registry, 'statement_line') IS NOT NULL THEN
        RETURN QUERY EXECUTE format('SELECT l.organisation::text, l.rate FROM %I.statement_line l WHERE l.month = $1 '
            'AND l.status = ''ok''', terms.registry)
            USING terms.month;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    RETURN QUERY SELECT l.organisation, l.rate FROM unnest(osms_internal.earned_lines(terms)) AS l WHERE l.status = 'ok';
END $$;
COMMENT ON FUNCTION osms_internal.month_rates(osms_internal.statement_terms) IS
'rate (tenge per person) at which each organisation is paid for a month: the stored one where the month is closed
held organisations have none';

-- Whoever was on the roster of an organisation at enough snapshots of the
-- year, and had no service there that was not denied. Snapshots a row covers
-- are counted by searching its ends among them; one restored too late, for
-- whom the month was not paid, was not there.
CREATE FUNCTION osms_internal.inactive_query(terms osms_internal.statement_terms) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT format($query$
        SELECT h.organisation, h.person
        FROM (SELECT r.organisation, r.person
              FROM %1$I.roster r
              WHERE r.since <= %2$L::date AND %3$L::date < r.until AND r.known_from <= %4$L::timestamptz AND %4$L::timestamptz < r.known_to
                AND r.mark IN ('counted', 'suspect')
              GROUP BY r.organisation, r.person
              HAVING sum(%8$s width_bucket(r.until - 1, %5$L::date[]) - width_bucket(r.since - 1, %5$L::date[]) END) >= %6$s) AS h
        WHERE NOT EXISTS (%7$s)$query$,
            (terms).registry, max(d.day), min(d.day), (terms).known_at, array_agg(d.day ORDER BY d.day),
            CASE ((terms).scheme).inactive WHEN 'whole_year' THEN 12 ELSE 1 END,
            osms_internal.service_query(terms, 'h', date_trunc('year', (terms).month::timestamp)::date,
                                        (date_trunc('year', (terms).month::timestamp) + interval '1 year')::date),
            CASE WHEN ((terms).scheme).restored = 'paid' OR osms.relation_of((terms).registry, 'setting') IS NULL
                THEN 'CASE WHEN true THEN' ELSE
                format('CASE WHEN r.basis = ''restores'' THEN (SELECT count(*) FROM unnest(%L::date[]) AS d (day) WHERE r.since <= d.day '
                    'AND d.day < r.until AND %s) ELSE',
                       array_agg(d.day ORDER BY d.day), osms_internal.restored_in_time((terms).registry, 'r', 'd.day')) END)
        FROM (SELECT (osms_internal.statement_days(m::date, CASE ((terms).scheme).snapshot WHEN 'first_day' THEN 'first_day'
                                                   ELSE 'last_day' END))[1]
              FROM generate_series(date_trunc('year', (terms).month::timestamp),
                                   date_trunc('year', (terms).month::timestamp) + interval '11 months', '1 month') AS m) AS d (day));
COMMENT ON FUNCTION osms_internal.inactive_query(osms_internal.statement_terms) IS
'query for organisation and person
on the roster there at every snapshot of the year (or at any, as the scheme says; by person-days at ends of months) and without
a service there in the year, as known, denied ones aside';

CREATE FUNCTION osms_internal.inactive_cut(terms osms_internal.statement_terms, only_organisation text DEFAULT NULL)
    RETURNS TABLE (organisation text, month date, heads bigint, rate numeric, shares numeric, days integer, cut numeric)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    year date := date_trunc('year', terms.month::timestamp);
    each osms_internal.statement_terms;
    served boolean := false;
    parts text[] := '{}';
    rates record;
    months date[] := '{}';
    organisations text[] := '{}';
    amounts numeric[] := '{}';
BEGIN
    IF extract(month FROM terms.month) <> 12 OR terms.inactive_share = 1 OR osms.relation_of(terms.registry, 'service') IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.service s WHERE s.served_on >= $1 AND s.served_on < $1 + interval ''1 year'' AND %s)',
                   terms.registry, osms_internal.known_then('s', '$2'))
        INTO served USING year, terms.known_at;
    IF NOT served THEN
        RAISE WARNING 'registry "%" holds no services of %, so nobody is reduced for want of one', terms.registry, to_char(year, 'YYYY')
            USING HINT = 'Load the services of the year, or choose a scheme whose property inactive is none.';
        RETURN;
    END IF;
    FOR each IN SELECT t.* FROM generate_series(0, 11) AS m,
                LATERAL osms_internal.closed_terms(terms.registry, (year + make_interval(months => m))::date, (terms.scheme).scheme,
                                                   terms.known_at) AS t
    LOOP
        CONTINUE WHEN each.inactive_share = 1;
        SELECT array_agg(each.month) AS months, array_agg(r.organisation) AS organisations, array_agg(r.rate) AS amounts INTO rates
            FROM osms_internal.month_rates(each) r;
        months := months || rates.months;
        organisations := organisations || rates.organisations;
        amounts := amounts || rates.amounts;
        parts := parts || format($query$
            SELECT %1$L::date AS month, m.organisation::text AS organisation, count(*) AS heads,
                   sum(m.share - CASE %2$L WHEN 'lower' THEN least(m.share, %3$s) ELSE m.share * %3$s END) AS shares, %4$s AS days
            FROM inactive i JOIN (%5$s) AS m ON m.organisation = i.organisation AND m.person = i.person
            WHERE m.placed
            GROUP BY m.organisation$query$, each.month, (each.scheme).both_reductions, each.inactive_share, cardinality(each.days),
                osms_internal.member_query(each));
    END LOOP;
    RETURN QUERY EXECUTE format($query$
        WITH inactive AS MATERIALIZED (SELECT i.* FROM (%s) AS i%s), part AS (%s)
        SELECT p.organisation, p.month, p.heads, r.rate, p.shares, p.days, osms.round_quotient(r.rate * p.shares, p.days, $4)
        FROM part p JOIN unnest($1, $2, $3) AS r (month, organisation, rate) ON r.month = p.month
            AND r.organisation = p.organisation$query$, osms_internal.inactive_query(terms),
        ' WHERE i.organisation = ' || quote_literal(only_organisation), array_to_string(parts, ' UNION ALL '))
        USING months, organisations, amounts, (terms.scheme).amount_rounding;
END $$;
COMMENT ON FUNCTION osms_internal.inactive_cut(osms_internal.statement_terms, text) IS
'what December takes back, a row for each organisation (or the only one, by its key as text) and month of the year in which the
share was in force: heads not served here in the year, rate of that month (tenge), shares they lose (to the parameter
inactive_share, beside their other reductions as the scheme says), days counted, and the cut (tenge, rounded as an amount)
no rows in other months, where the registry has no relation service, and, with a WARNING, where it holds no service of the year';

CREATE FUNCTION osms_internal.paid_months(registry text, from_month date, to_month date, known_at timestamptz)
    RETURNS TABLE (organisation text, month date, amount numeric, earned numeric, cap_cut numeric)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
#variable_conflict use_column
DECLARE
    -- a payment is statement plus ledger; what its invoice corrects is in the lines of the months it corrects
    corrections text := '';
BEGIN
    IF osms.relation_of(registry, 'ledger') IS NOT NULL THEN
        corrections := format(' - (SELECT coalesce(sum(g.amount), 0) FROM %I.ledger g WHERE g.organisation = y.organisation '
            'AND g.invoice_month = y.month) AS amount', registry);
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH line AS (%s), payment AS (%s)
        SELECT organisation, month, coalesce(l.amount, p.amount), l.earned, l.cap_cut
        FROM line l FULL JOIN payment p USING (organisation, month)
        WHERE month >= $1 AND month < $2$query$,
        CASE WHEN osms.relation_of(registry, 'statement_line') IS NULL
             THEN 'SELECT NULL::text AS organisation, NULL::date AS month, NULL::numeric AS amount, NULL::numeric AS earned, '
                 'NULL::numeric AS cap_cut WHERE false'
             ELSE format('SELECT DISTINCT ON (x.organisation, x.month) x.* FROM (
                     SELECT s.organisation::text AS organisation, s.month, s.amount, s.earned, s.cap_cut, 0 AS revision
                     FROM %1$I.statement_line s%2$s) AS x
                     ORDER BY x.organisation, x.month, x.revision DESC', registry,
                     CASE WHEN osms.relation_of(registry, 'restatement_line') IS NOT NULL THEN
                         format(' UNION ALL SELECT l.organisation, l.month, l.amount, l.earned, l.cap_cut, l.revision
                             FROM %1$I.restatement_line l JOIN %1$I.restatement r USING (month, revision) WHERE r.known_at <= $3',
                                 registry) END) END,
        CASE WHEN osms.relation_of(registry, 'payment') IS NULL
             THEN 'SELECT NULL::text AS organisation, NULL::date AS month, NULL::numeric AS amount WHERE false'
             ELSE format('SELECT y.organisation, y.month, y.amount%s FROM (
                     SELECT s.organisation::text AS organisation, date_trunc(''month'', s.month::timestamp)::date AS month,
                             sum(s.amount) AS amount
                     FROM %I.payment s WHERE %s GROUP BY 1, 2) AS y', corrections, registry, osms_internal.known_then('s', '$3')) END)
        USING from_month, to_month, known_at;
END $$;
COMMENT ON FUNCTION osms_internal.paid_months(text, date, date, timestamptz) IS
'tenge paid to each organisation for each month from one up to, not with, another
by its closed line, as restated until the moment, or, where there is none, by what was known then of the relation payment, less
the corrections of other months on that invoice; of a closed line also what it earned and what the contract cut';

CREATE FUNCTION osms_internal.paid_before(registry text, month date, known_at timestamptz)
    RETURNS TABLE (organisation text, amount numeric, carried numeric)
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000
BEGIN ATOMIC
    SELECT p.organisation, sum(p.amount), coalesce((array_agg(p.cap_cut ORDER BY p.month DESC) FILTER (WHERE p.cap_cut IS NOT NULL))[1], 0)
    FROM osms_internal.paid_months(paid_before.registry, date_trunc('year', paid_before.month::timestamp)::date, paid_before.month,
                                   paid_before.known_at) AS p
    GROUP BY p.organisation;
END;
COMMENT ON FUNCTION osms_internal.paid_before(text, date, timestamptz) IS
'tenge paid to each organisation for the earlier months of the year, as osms_internal.paid_months tells
and what the cap of its contract carried on';

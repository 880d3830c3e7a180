
--
-- invoice: all lines of the act of a month for one organisation, and the
-- monthly form of its attached persons.
--
CREATE FUNCTION osms_internal.sanctions(terms osms_internal.statement_terms, organisation text)
    RETURNS TABLE (code text, title text, defect_month date, cases integer, multiple numeric, rate numeric, amount numeric, act text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 10
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    IF osms.relation_of(terms.registry, 'defect') IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH defect AS (
            SELECT d.code, date_trunc('month', d.defect_month::timestamp)::date AS defect_month, d.cases, d.act
            FROM %I.defect d
            WHERE d.organisation::text = $2 AND d.month >= ($1).month AND d.month < ($1).month + interval '1 month'
        ), rate AS MATERIALIZED (
            SELECT m.rate_month, r.rate
            FROM (SELECT DISTINCT CASE (($1).scheme).sanction_rate WHEN 'invoice_month' THEN ($1).month ELSE d.defect_month END
                  FROM defect d) AS m (rate_month),
                 LATERAL osms_internal.month_rates(osms_internal.closed_terms(($1).registry, m.rate_month, (($1).scheme).scheme,
                                                                              ($1).known_at)) AS r
            WHERE r.organisation = $2
        )
        SELECT d.code, s.title, d.defect_month, d.cases, s.multiple, r.rate,
               round(d.cases * s.multiple * r.rate, (($1).scheme).amount_rounding), d.act
        FROM defect d
        LEFT JOIN rate r ON r.rate_month = CASE (($1).scheme).sanction_rate WHEN 'invoice_month' THEN ($1).month ELSE d.defect_month END
        LEFT JOIN LATERAL (SELECT x.title, x.multiple FROM osms.sanction x
                           WHERE x.code = d.code AND x.valid_from <= d.defect_month + interval '1 month' - interval '1 day'
                               AND x.known_from <= ($1).known_at
                           ORDER BY isfinite(x.known_from) DESC, x.valid_from DESC, x.known_from DESC LIMIT 1) AS s ON true
        ORDER BY d.defect_month, d.code, d.act$query$, terms.registry) USING terms, organisation;
END $$;
COMMENT ON FUNCTION osms_internal.sanctions(osms_internal.statement_terms, text) IS
'what the defects on the act of a month cost an organisation
cases times multiple times the rate (tenge) of the organisation in the month of the defect, or of the act, as the scheme says;
amount is NULL where the multiple or the rate is not known';

CREATE FUNCTION osms.invoice(registry text, organisation text, month date, scheme text DEFAULT 'illustrative',
                             known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (place integer, line text, title text, amount numeric, detail text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 10
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
#variable_conflict use_column
DECLARE
    made record;
    terms osms_internal.statement_terms;
    month_end date;
    statement_line osms.statement_line;
    adjustments text := 'SELECT NULL::text, NULL::numeric, NULL::text WHERE false';
    corrections text := 'SELECT NULL::date, NULL::text, NULL::text, NULL::numeric WHERE false';
BEGIN
    PERFORM osms_internal.need_arguments('invoice', jsonb_build_object('registry', registry, 'organisation', organisation, 'month', month));
    SELECT l.* INTO made FROM osms_internal.line_of(registry, organisation, month, scheme, known_at) AS l;
    terms := made.terms;
    statement_line := made.line;
    IF statement_line.organisation IS NULL THEN
        PERFORM osms_internal.need_organisation(registry, organisation);
    END IF;
    month_end := terms.month + interval '1 month' - interval '1 day';
    IF osms.relation_of(registry, 'ledger') IS NOT NULL THEN
        corrections := format('SELECT g.month, g.cause, g.kind, sum(g.amount) FROM %1$I.ledger g JOIN %1$I.restatement r '
            'USING (month, revision)
            WHERE g.organisation = $1 AND g.invoice_month = $2 AND r.known_at <= $5 GROUP BY g.month, g.cause, g.kind', registry);
    END IF;
    IF osms.relation_of(registry, 'adjustment') IS NOT NULL THEN
        adjustments := format('SELECT a.line, a.amount, a.act FROM %I.adjustment a
            WHERE a.organisation::text = $1 AND a.month >= $2 AND a.month < $2 + interval ''1 month''', registry);
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH title AS (
            SELECT DISTINCT ON (t.line) t.line, t.title, t.place
            FROM osms.payment_line t
            WHERE t.valid_from <= $4 AND t.known_from <= $5
            ORDER BY t.line, t.valid_from DESC, t.known_from DESC
        ), capitation AS (
            SELECT p.sub, p.title, p.amount, p.detail
            FROM (VALUES (0, NULL, coalesce(($3).earned, 0),
                          CASE ($3).status WHEN 'ok' THEN format('%%s x %%s', ($3).rate, ($3).shares) WHEN 'held' THEN 'held: '
                              || ($3).held_because ELSE 'nobody on the roster' END),
                         (1, 'not served in the year', ($3).inactive_rest - ($3).inactive_cut, format('%%s heads', ($3).inactive)),
                         (2, 'carried from earlier months', ($3).carried_in, 'the contract did not allow it'),
                         (3, 'above the contract', -($3).cap_cut, format('contract of %%s a year', ($3).contract_amount)))
                             AS p (sub, title, amount, detail)
            WHERE p.sub = 0 OR ($3).status = 'ok' AND p.amount <> 0
        ), entry AS (
            SELECT t.place, c.sub, 'PMSP' AS line, coalesce(c.title, t.title) AS title, c.amount, c.detail
            FROM capitation c LEFT JOIN title t ON t.line = 'PMSP'
            UNION ALL
            SELECT coalesce(t.place, 900), 0, a.line, t.title, a.amount, a.act
            FROM (%s) AS a (line, amount, act) LEFT JOIN title t ON t.line = a.line
            UNION ALL
            SELECT t.place, 4, 'PMSP', format('%%s, %%s', replace(g.kind, '_', ' '), g.cause), g.amount,
                format('ledger of %%s', to_char(g.month, 'YYYY-MM'))
            FROM (%s) AS g (month, cause, kind, amount) LEFT JOIN title t ON t.line = 'PMSP'
            UNION ALL
            SELECT 950, 0, 'sanction ' || s.code, s.title, -s.amount,
                   format('%%s x %%s x %%s of %%s', s.cases, coalesce(s.multiple::text, 'no multiple'), coalesce(s.rate::text, 'no rate'),
                          to_char(s.defect_month, 'YYYY-MM'))
            FROM osms_internal.sanctions($6, $1) s
        )
        SELECT e.place, e.line, e.title, e.amount, e.detail
        FROM (SELECT e.*, 0 AS last FROM entry e
              UNION ALL
              SELECT 1000, 0, 'BANK', 'to be paid', CASE WHEN bool_and(e.amount IS NOT NULL) THEN sum(e.amount) END, NULL, 1
                  FROM entry e) AS e
        ORDER BY e.last, e.place, e.sub, e.line COLLATE "C", e.detail COLLATE "C", e.amount$query$, adjustments, corrections)
        USING invoice.organisation, terms.month, statement_line, month_end, known_at, terms;
END $$;
COMMENT ON FUNCTION osms.invoice(text, text, date, text, timestamptz) IS
'the act of a month for one organisation
capitation (tenge; what December takes back, the contract allows and the ledger of earlier months corrects on lines of their
own; a closed month as it was closed), the lines entered in the relation adjustment, sanctions, and as the last line BANK their
sum, which is NULL while an amount is not known. Warnings and errors as osms.statement';

CREATE FUNCTION osms.monthly_form(registry text, organisation text, month date, known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (part text, line text, male bigint, female bigint, unknown bigint, total bigint)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 16
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM osms_internal.need_arguments('monthly_form', jsonb_build_object('registry', registry, 'organisation', organisation, 'month',
                                                                            month, 'known_at', known_at));
    PERFORM osms_internal.check_month(month);
    PERFORM osms_internal.check_known_at(known_at);
    PERFORM osms_internal.check_reader(registry);
    PERFORM osms_internal.need_organisation(registry, organisation);
    RETURN QUERY EXECUTE format($query$
        WITH span AS (
            SELECT $2 - 1 AS before, ($2 + interval '1 month')::date - 1 AS day
        ), listed AS (
            -- two spells of one person here that touch are one: neither detached nor attached
            SELECT r.sex, r.birth_date, r.since, r.until, s.before, s.day,
                   coalesce(r.sex IS NOT NULL AND r.birth_date > s.day - interval '128 years' AND r.birth_date <= s.day, false) AS placed,
                   lag(r.until) OVER spell IS NOT DISTINCT FROM r.since AS goes_on,
                       lead(r.since) OVER spell IS NOT DISTINCT FROM r.until AS stays
            FROM %I.roster r, span s
            WHERE r.organisation::text = $1 AND r.known_from <= $3 AND $3 < r.known_to AND r.mark <> 'excused' AND r.since <= s.day
                AND r.until >= s.before
            WINDOW spell AS (PARTITION BY r.person ORDER BY r.since)
        ), flagged AS (
            SELECT l.*, l.since <= l.before AND l.before < l.until AS opening, l.since > l.before AND NOT l.goes_on AS attached,
                   l.until > l.before AND l.until <= l.day AND NOT l.stays AS detached, l.day < l.until AS closing
            FROM listed l
        ), movement AS (
            SELECT v.place, v.line, count(*) FILTER (WHERE v.counts AND f.sex = 'male') AS male,
                   count(*) FILTER (WHERE v.counts AND f.sex = 'female') AS female,
                       count(*) FILTER (WHERE v.counts AND f.sex IS NULL) AS unknown
            FROM (VALUES (1, 'opening'), (2, 'attached'), (3, 'detached'), (4, 'closing')) AS n (place, line)
            LEFT JOIN flagged f ON true,
            LATERAL (SELECT n.place, n.line, CASE n.place WHEN 1 THEN f.opening WHEN 2 THEN f.attached WHEN 3 THEN f.detached
                     ELSE f.closing END AS counts) AS v
            GROUP BY v.place, v.line
        ), counted AS (
            SELECT osms.pyramid(f.birth_date, f.sex, f.day) FILTER (WHERE f.placed) AS pyramid,
                   count(*) FILTER (WHERE NOT f.placed AND f.sex = 'male') AS male,
                       count(*) FILTER (WHERE NOT f.placed AND f.sex = 'female') AS female,
                   count(*) FILTER (WHERE f.sex IS NULL) AS unknown
            FROM flagged f WHERE f.closing
        ), band AS (
            SELECT b.* FROM osms.form_band b, span s
            WHERE (b.valid_from, b.known_from) = (SELECT e.valid_from, e.known_from FROM osms.form_band e WHERE e.valid_from <= s.day
                                                  AND e.known_from <= $3
                                                  ORDER BY e.valid_from DESC, e.known_from DESC LIMIT 1)
        )
        SELECT f.part, f.line, f.male, f.female, f.unknown, f.male + f.female + f.unknown
        FROM (SELECT 1 AS section, m.place, 'movement' AS part, m.line, m.male, m.female, m.unknown FROM movement m
              UNION ALL
              SELECT 2, b.age_from, 'age', b.title, osms.heads(c.pyramid, b.age_from, b.age_to, 'male'),
                  osms.heads(c.pyramid, b.age_from, b.age_to, 'female'), 0
              FROM band b, counted c
              UNION ALL
              SELECT 3, 0, 'age', 'not known', c.male, c.female, c.unknown FROM counted c) AS f
        ORDER BY f.section, f.place$query$, registry) USING organisation, month, known_at;
END $$;
COMMENT ON FUNCTION osms.monthly_form(text, text, date, timestamptz) IS
'the monthly form of one organisation, as known at the moment, in persons by sex
opening + attached - detached = closing, and the bands of osms.form_band on the last day of the month with those who cannot be
placed, which sum to closing. Spells that touch are one. 22023 for a day that is not the first of a month, 3F000 for an unknown
registry, 42501 for one that may not be read';

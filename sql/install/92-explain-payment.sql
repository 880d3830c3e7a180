
--
-- explain: every number of a payment with the row or act it comes from, and
-- the story of one attachment, to be checked with a pocket calculator. A
-- computation is arithmetic over numbers of the lines before it, and nothing
-- else; words stand in the source.
--
-- Lines over the norm have one share for each step, which a line of a
-- statement does not tell apart: the persons of the sites are asked again.
CREATE FUNCTION osms_internal.explain_groups(terms osms_internal.statement_terms, line osms.statement_line)
    RETURNS TABLE (reason text, heads bigint, share numeric, list_share numeric)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 3
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    IF line.reduced ? 'uninsured' THEN
        RETURN QUERY SELECT 'uninsured', (line.reduced ->> 'uninsured')::bigint, terms.uninsured_share, 1::numeric;
    END IF;
    IF line.reduced ?| '{over_norm,"uninsured, over_norm"}' THEN
        RETURN QUERY EXECUTE format('SELECT m.reason, count(*), m.share, m.list_share FROM (%s) AS m
            WHERE m.organisation = $1::%s AND m.site IS NOT NULL AND m.placed AND m.list_share < 1 GROUP BY 1, 3, 4 ORDER BY 1, 3 DESC',
            osms_internal.member_query(terms), osms_internal.key_type(terms.registry, 'organisation')) USING line.organisation;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.explain_groups(osms_internal.statement_terms, osms.statement_line) IS
'heads of a line of a statement that are paid at a share below 1, by reason and share
list_share: what the norm of the site leaves';

CREATE FUNCTION osms_internal.explain_heads(terms osms_internal.statement_terms, line osms.statement_line, closed boolean)
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 10
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reduced numeric := (SELECT coalesce(sum(r.value::numeric), 0) FROM jsonb_each_text(line.reduced) AS r);
    asked text := coalesce(', contributions of ' || to_char(terms.insured_month, 'YYYY-MM'), '');
    full_heads numeric := line.heads - reduced;
BEGIN
    RETURN QUERY
    SELECT v.item, NULL::text, v.value::numeric, v.source
    FROM (VALUES
        (1, 'heads', line.heads, format('%s: osms.%s', CASE cardinality(terms.days) WHEN 1 THEN 'on the roster on ' || terms.days[1]
                                        ELSE 'days of persons' END,
             CASE WHEN closed THEN format('roster_of(%L, %L, %L)', terms.registry, line.organisation, terms.month)
                  ELSE format('statement_persons(%L, %L, %L)', terms.registry, terms.month, (terms.scheme).scheme) END)),
        (2, 'days', nullif(cardinality(terms.days), 1), 'of the month, whose heads are summed'),
        (3, 'of them, suspect', nullif(line.suspect, 0), 'mark of the roster; paid until decided'),
        (4, 'of them, insurance unknown', nullif(line.insurance_unknown, 0), 'no contributions either way: '
         || (terms.scheme).insurance_unknown || asked),
        (5, 'not among them', nullif(line.persons_held, 0), 'without sex or usable birth date: osms.unpaid'))
            AS v (nth, item, value, source)
    WHERE v.value IS NOT NULL ORDER BY v.nth;
    IF line.reduced = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH part AS MATERIALIZED (
        SELECT g.*, row_number() OVER () AS nth, osms_internal.plain(g.heads * g.share) AS counts
            FROM osms_internal.explain_groups(terms, line) g
    ), summed AS (
        SELECT coalesce(sum(p.heads * p.share), 0) = line.shares - full_heads AS agrees,
            string_agg(' - ' || p.heads, '' ORDER BY p.nth) AS less,
               string_agg(' + ' || p.counts, '' ORDER BY p.nth) AS plus FROM part p
    )
    SELECT x.item, x.computation, x.value, x.source
    FROM (SELECT 1, p.nth, p.reason, format('%s * %s', p.heads, osms_internal.plain(p.share)), p.counts::numeric,
                 CASE p.reason
                     WHEN 'uninsured' THEN osms_internal.parameter_source('uninsured_share', (terms.month + interval '1 month')::date - 1,
                                                                          terms.known_at) || asked
                     WHEN 'over_norm' THEN (SELECT format('osms.norm_step above %s %%, %s', string_agg(osms_internal.plain(s.above), ', '),
                                                          string_agg(DISTINCT osms_internal.act_told(s.act, s.point, s.tag,
                                                              s.illustrative), '; '))
                                            FROM osms.norm_steps_on((terms.scheme).scheme, terms.rate_day, terms.known_at) s
                                                WHERE s.share = p.list_share)
                     ELSE format('the %s of %s and %s', (terms.scheme).both_reductions, osms_internal.plain(terms.uninsured_share),
                                 osms_internal.plain(p.list_share)) END
          FROM part p, summed s WHERE s.agrees
          UNION ALL
          SELECT 1, 0, r.key, NULL, r.value::numeric, 'heads paid at a share below 1' FROM jsonb_each_text(line.reduced) AS r, summed s
              WHERE NOT s.agrees
          UNION ALL
          SELECT 2, 0, 'paid in full', CASE WHEN s.agrees THEN line.heads || s.less END, full_heads, 'the other heads' FROM summed s
          UNION ALL
          SELECT 3, 0, 'shares', CASE WHEN s.agrees THEN full_heads || s.plus END, trim_scale(line.shares),
                 CASE WHEN s.agrees THEN 'of all heads' ELSE 'as stored; who is reduced has changed since' END
                     FROM summed s) AS x (part, nth, item, computation, value, source)
    ORDER BY x.part, x.nth, x.item COLLATE "C";
END $$;
COMMENT ON FUNCTION osms_internal.explain_heads(osms_internal.statement_terms, osms.statement_line, boolean) IS
    'the heads of a line of a statement, and the shares at which they are paid';

-- Bands of both sexes share a line, so that a payment fits on a screen.
CREATE FUNCTION osms_internal.explain_coefficient(terms osms_internal.statement_terms, line osms.statement_line)
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 15
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    scheme osms.scheme := terms.scheme;
    basis osms.pyramid := line.pyramid;
    bands jsonb;
    weighted numeric;
BEGIN
    IF scheme.coefficient_over = 'full' AND line.reduced <> '{}' THEN
        EXECUTE format('SELECT osms.sum(t.pyramid) FROM (%s) AS t WHERE t.organisation = $1 AND t.share = 1',
                       osms_internal.tally_query(terms)) INTO basis USING line.organisation;
    END IF;
    SELECT jsonb_agg(to_jsonb(b) ORDER BY b.age_from, b.age_to), sum(b.weighted) INTO bands, weighted
    FROM (SELECT w.age_from, w.age_to, string_agg(format('%s * %s', h.heads, osms_internal.plain(w.weight)), ' + '
                                                  ORDER BY w.sex) AS computation,
                 sum(h.heads * w.weight) AS weighted,
                     format('%s, %s', string_agg(w.sex || 's', ', ' ORDER BY w.sex),
                            string_agg(DISTINCT osms_internal.act_told(w.act, w.point, w.tag, w.act = 'osms:illustrative'), '; ')) AS source
          FROM osms.weights_on(scheme.scheme, terms.rate_day, terms.known_at) w,
              LATERAL (SELECT osms.heads(basis, w.age_from, w.age_to, w.sex)) AS h (heads)
          WHERE (w.age_to > w.age_from OR w.age_to IS NULL) AND h.heads <> 0
          GROUP BY w.age_from, w.age_to) AS b;
    IF line.coefficient IS DISTINCT FROM osms.round_quotient(weighted, nullif(osms.heads(basis), 0),
                                                             coalesce(scheme.coefficient_rounding, 6)) THEN
        RETURN QUERY VALUES ('Kav', NULL::text, line.coefficient, CASE WHEN line.coefficient IS NOT NULL
                             THEN 'as stored; who is reduced has changed since'
            ELSE format('ages without exactly one weight: osms.check_scheme(%L)', scheme.scheme) END);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT 'ages ' || osms_internal.band_label((b ->> 'age_from')::integer, (b ->> 'age_to')::integer), b ->> 'computation',
        trim_scale((b ->> 'weighted')::numeric), b ->> 'source'
    FROM jsonb_array_elements(bands) WITH ORDINALITY AS e (b, nth) ORDER BY e.nth;
    RETURN QUERY VALUES
        ('weighted heads', (SELECT string_agg(osms_internal.plain((b ->> 'weighted')::numeric), ' + ' ORDER BY e.nth)
                            FROM jsonb_array_elements(bands) WITH ORDINALITY AS e (b, nth)),
         trim_scale(weighted), format('heads%s by age and sex', CASE scheme.coefficient_over WHEN 'full' THEN ' paid in full' ELSE '' END)),
        ('Kav', format('%s / %s', osms_internal.plain(weighted), osms.heads(basis)), line.coefficient,
         format('weighted heads / heads%s, %s to %s digits', CASE scheme.coefficient_over WHEN 'full' THEN ' paid in full'
                ELSE '' END, CASE WHEN scheme.coefficient_rounding IS NULL THEN 'shown' ELSE 'rounded' END, scale(line.coefficient)));
END $$;
COMMENT ON FUNCTION osms_internal.explain_coefficient(osms_internal.statement_terms, osms.statement_line) IS
'how the coefficient Kav of a line of a statement comes about
heads times weight for each band of ages (years), their sum, and the quotient';

CREATE FUNCTION osms_internal.explain_rate(terms osms_internal.statement_terms, line osms.statement_line, quotient text)
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000 ROWS 5
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    scheme osms.scheme := terms.scheme;
    base osms.base_rate := osms.base_rate_on(scheme.scheme, line.region, line.class, terms.rate_day, terms.known_at);
    factors text;
    expression text;
BEGIN
    IF terms.registry IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY VALUES ('base rate B', NULL::text, base.rate, CASE WHEN base.rate IS NULL
                         THEN format('none for %s, %s', coalesce(line.region, 'no region'), coalesce(line.class, 'no class'))
        ELSE format('%s, %s: osms.base_rate%s, %s', coalesce(base.region, 'any region'), base.class, ' of '
                    || nullif(base.valid_from, '-infinity'),
                    osms_internal.act_told(base.act, base.point, base.tag, base.illustrative)) END);
    RETURN QUERY EXECUTE format($query$
        SELECT 'K ' || f.key, NULL::text, trim_scale(f.value::numeric),
            coalesce(format('coefficient of %%s, %%s', k.valid_from, CASE WHEN k.act IS NULL THEN 'without act'
                            ELSE osms_internal.act_told(k.act, k.point, k.tag, k.act = 'osms:illustrative') END), 'coefficient without row')
        FROM jsonb_each_text($4) AS f LEFT JOIN (%s) AS k ON k.organisation = $2 AND k.kind = f.key ORDER BY f.key$query$,
            osms_internal.factor_query(terms.registry))
        USING terms.rate_day, line.organisation, terms.known_at, line.factors;
    SELECT string_agg(format(CASE scheme.combination WHEN 'add' THEN ' + (%s - 1)'
                             ELSE ' * %s' END, osms_internal.plain(f.value::numeric)), '' ORDER BY f.key)
    INTO factors FROM jsonb_each_text(line.factors) AS f;
    expression := format(CASE WHEN scheme.combination = 'add' AND factors IS NOT NULL THEN '%s * (%s%s)'
                         ELSE '%s * %s%s' END, osms_internal.plain(base.rate), quotient, factors);
    RETURN QUERY VALUES ('rate', CASE WHEN line.rate IS NOT NULL AND quotient IS NOT NULL THEN expression END, line.rate,
        format('scheme %s, %s: %s, %s', scheme.scheme, osms_internal.act_told(scheme.act, scheme.point, scheme.tag, scheme.illustrative),
               CASE scheme.combination WHEN 'add' THEN 'B * (Kav + sum of (K - 1))' ELSE 'B * Kav * K' END,
               coalesce('rounded to ' || scheme.rate_rounding || ' digits', 'not rounded')));
    IF line.earned IS NOT NULL THEN
        RETURN QUERY VALUES ('earned', CASE WHEN scheme.rate_rounding IS NOT NULL THEN osms_internal.plain(line.rate)
                             WHEN quotient IS NOT NULL THEN expression END || ' * ' || osms_internal.plain(line.shares) ||
            CASE WHEN cardinality(terms.days) = 1 THEN '' ELSE ' / ' || cardinality(terms.days) END, line.earned,
            format('rate * %s%s, rounded to %s digits', CASE line.reduced WHEN '{}' THEN 'heads' ELSE 'shares' END, CASE
                   WHEN cardinality(terms.days) = 1 THEN '' ELSE ' / days' END, scheme.amount_rounding));
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.explain_rate(osms_internal.statement_terms, osms.statement_line, text) IS
'how the rate of a line of a statement, and what was earned by it, come about
base rate, coefficients Ki, and both computations, with Kav as an expression (NULL = not known)';

CREATE FUNCTION osms_internal.explain_cap(terms osms_internal.statement_terms, line osms.statement_line, owed numeric)
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 4
BEGIN ATOMIC
    SELECT v.item, v.computation, v.value, v.source
    FROM (SELECT coalesce((SELECT b.amount FROM osms_internal.paid_before((terms).registry, (terms).month, (terms).known_at) b
                           WHERE b.organisation = (line).organisation), 0) AS amount) AS p,
         LATERAL (VALUES
             (0, 'owed', concat(osms_internal.plain((line).earned), ' - ' || osms_internal.plain(nullif((line).inactive_cut, 0)), ' + '
                                || osms_internal.plain(nullif((line).inactive_rest, 0)),
                 ' + ' || osms_internal.plain(nullif((line).carried_in, 0))), owed, 'before the contract'),
             (1, 'contract', NULL, (line).contract_amount, 'of the year, relation contract on ' || (terms).rate_day),
             (2, 'paid before', NULL, p.amount, 'in the year, with the ledger as known then'),
             (3, 'left', CASE WHEN p.amount <= (line).contract_amount
              THEN format('%s - %s', osms_internal.plain((line).contract_amount), osms_internal.plain(p.amount)) END,
              greatest((line).contract_amount - p.amount, 0), 'of the contract, not below 0'),
             (4, 'cap', CASE WHEN owed - greatest((line).contract_amount - p.amount, 0) = (line).cap_cut
                             THEN format('%s - %s', osms_internal.plain(greatest((line).contract_amount - p.amount, 0)),
                                         osms_internal.plain(owed)) END, -(line).cap_cut,
              CASE ((terms).scheme).cap WHEN 'carried' THEN 'above the contract, carried to the next month'
                  ELSE 'above the contract, cut' END)) AS v (nth, item, computation, value, source)
    ORDER BY v.nth;
END;
COMMENT ON FUNCTION osms_internal.explain_cap(osms_internal.statement_terms, osms.statement_line, numeric) IS
    'what the contract of the year cuts from what is owed (tenge) by a line of a statement: contract, paid before, left, cap';

CREATE FUNCTION osms_internal.explain_amount(terms osms_internal.statement_terms, line osms.statement_line)
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 8
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owed numeric := line.earned - line.inactive_cut + line.inactive_rest + line.carried_in;
BEGIN
    IF line.status = 'held' THEN
        RETURN QUERY VALUES ('amount', NULL::text, NULL::numeric, 'held: ' || line.held_because);
        RETURN;
    END IF;
    IF line.inactive_cut <> 0 THEN
        RETURN QUERY
        WITH cut AS MATERIALIZED (
            SELECT c.* FROM osms_internal.inactive_cut(terms, line.organisation) c
        ), summed AS (
            SELECT coalesce(sum(c.cut), 0) = line.inactive_cut AS agrees, '-'
                || string_agg(osms_internal.plain(c.cut), ' - ' ORDER BY c.month) AS parts FROM cut c
        )
        SELECT x.item, x.computation, x.value, x.source
        FROM (SELECT c.month, 'not served, ' || to_char(c.month, 'YYYY-MM'),
              format('-%s * %s%s', osms_internal.plain(c.rate), osms_internal.plain(c.shares), ' / ' || nullif(c.days, 1)), -c.cut,
                     format('%s heads: rate of the month, shares they lose', c.heads)
              FROM cut c, summed s WHERE s.agrees
              UNION ALL
              SELECT 'infinity', 'not served in the year', CASE WHEN s.agrees THEN s.parts END, -line.inactive_cut,
                     CASE WHEN s.agrees THEN format('%s heads, %s', line.inactive,
                                                    osms_internal.parameter_source('inactive_share',
                                                                                   (terms.month + interval '1 month')::date - 1,
                                                                                       terms.known_at))
                          ELSE 'as stored; services have changed since' END
              FROM summed s) AS x (month, item, computation, value, source)
        ORDER BY x.month;
    END IF;
    RETURN QUERY
    SELECT v.item, v.computation, v.value, v.source
    FROM (VALUES
        (1, 'left for the ledger', format('%s - %s', osms_internal.plain(line.inactive_cut), osms_internal.plain(line.earned)),
         line.inactive_rest, 'the month does not bear more; claimed by the first restatement'),
        (2, 'carried in', NULL, line.carried_in, 'cap of the month before')) AS v (nth, item, computation, value, source)
    WHERE v.value <> 0 ORDER BY v.nth;
    IF line.cap_cut <> 0 THEN
        RETURN QUERY SELECT c.* FROM osms_internal.explain_cap(terms, line, owed) AS c;
    END IF;
    RETURN QUERY VALUES ('amount', concat(osms_internal.plain(line.earned), ' - ' || osms_internal.plain(nullif(line.inactive_cut, 0)),
                                          ' + ' || osms_internal.plain(nullif(line.inactive_rest, 0)),
        ' + ' || osms_internal.plain(nullif(line.carried_in, 0)), ' - ' || osms_internal.plain(nullif(line.cap_cut, 0))), line.amount,
            'to be paid');
END $$;
COMMENT ON FUNCTION osms_internal.explain_amount(osms_internal.statement_terms, osms.statement_line) IS
'how the amount of a line of a statement comes about from what was earned
what December takes back for persons not served, by month, what is carried in, what the contract cuts; why it is held';

CREATE FUNCTION osms_internal.explain_terms(terms osms_internal.statement_terms, line osms.statement_line, closed boolean)
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 40
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    each record;
    quotient text;
BEGIN
    RETURN QUERY SELECT h.* FROM osms_internal.explain_heads(terms, line, closed) AS h;
    FOR each IN SELECT c.* FROM osms_internal.explain_coefficient(terms, line) AS c LOOP
        RETURN QUERY VALUES (each.item, each.computation, each.value, each.source);
        quotient := CASE WHEN (terms.scheme).coefficient_rounding IS NULL THEN each.computation ELSE osms_internal.plain(each.value) END;
    END LOOP;
    RETURN QUERY SELECT r.* FROM osms_internal.explain_rate(terms, line, quotient) AS r;
    RETURN QUERY SELECT a.* FROM osms_internal.explain_amount(terms, line) AS a;
END $$;
COMMENT ON FUNCTION osms_internal.explain_terms(osms_internal.statement_terms, osms.statement_line, boolean) IS
'a line of a statement, of a closed month or not, told number by number
what it is, how it is computed from those before it, its value, and the row or act it comes from';

CREATE FUNCTION osms.explain_payment(registry text, organisation text, month date, scheme text DEFAULT 'illustrative')
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000 ROWS 40
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    made record;
    terms osms_internal.statement_terms;
    line osms.statement_line;
    restated record;
    by_ledger boolean := false;
BEGIN
    PERFORM osms_internal.need_arguments('explain_payment', jsonb_build_object('registry', registry, 'organisation', organisation, 'month',
                                                                               month, 'scheme', scheme));
    SELECT l.* INTO made FROM osms_internal.line_of(registry, organisation, month, scheme, osms_internal.known_now()) AS l;
    terms := made.terms;
    line := made.line;
    IF line.organisation IS NULL AND made.closed_at IS NOT NULL THEN
        -- one that was not there when the month was closed has its line from a restatement
        SELECT r.revision, l AS line INTO restated FROM osms_internal.latest_lines(registry, month) AS r, unnest(r.lines) AS l
            WHERE l.organisation = explain_payment.organisation;
        by_ledger := FOUND;
        line := restated.line;
        terms := osms_internal.terms_of(registry, month, coalesce(restated.revision, 0));
    END IF;
    IF line.organisation IS NULL THEN
        RAISE EXCEPTION 'organisation "%" has no line in %', organisation, to_char(month, 'YYYY-MM')
            USING ERRCODE = 'no_data_found', HINT = 'It has a line when somebody is on its roster on the day that counts.';
    END IF;
    RETURN QUERY SELECT e.* FROM osms_internal.explain_terms(terms, line, made.closed_at IS NOT NULL AND NOT by_ledger) AS e;
    IF made.closed_at IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH entry AS (
            SELECT g.*, r.posted_at FROM %1$I.ledger g JOIN %1$I.restatement r USING (month, revision) WHERE g.month = $2
                AND g.organisation = $3
        )
        SELECT p.item, p.computation, p.value, p.source
        FROM (SELECT 1, g.entry, replace(format('%%s, %%s', g.kind, g.cause), '_', ' '), NULL::text, g.amount,
                     format('%%s persons, ledger by restatement %%s of %%s, invoice of %%s', g.persons, g.revision,
                            osms_internal.civil($1, g.posted_at)::date, to_char(g.invoice_month, 'YYYY-MM'))
              FROM entry g
              UNION ALL
              SELECT 2, 0, 'paid', coalesce(osms_internal.plain($4), '0')
                  || coalesce(string_agg(CASE WHEN g.amount < 0 THEN ' - ' ELSE ' + ' END || osms_internal.plain(abs(g.amount)), ''
                                         ORDER BY g.entry), ''),
                     coalesce($4, 0) + coalesce(sum(g.amount), 0), format('closed on %%s by scheme %%s', osms_internal.civil($1, $5)::date,
                                                                          $6)
              FROM entry g) AS p (part, nth, item, computation, value, source)
        ORDER BY p.part, p.nth$query$, registry) USING registry, month, organisation, (made.line).amount, made.closed_at,
            ((made.terms).scheme).scheme;
END $$;
COMMENT ON FUNCTION osms.explain_payment(text, text, date, text) IS
'one payment, number by number (tenge, persons)
heads and the shares they are paid at, weights by ages, Kav, base rate, coefficients, rate, what is taken back, carried and
capped, amount and, of a closed month, its ledger; where the organisation was not there at the closing, as last restated.
computation is arithmetic over the numbers of the lines before it, NULL for what is read from a row; value is its result,
rounded to the digits shown; source is the row or act, or what rounds. Of an open month its statement by the scheme as known
now. P0002 for an organisation without a line; errors as osms.statement';

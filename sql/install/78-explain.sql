
--
-- explain: every number of a payment with the row or act it comes from, and
-- the story of one attachment, to be checked with a pocket calculator. A
-- computation is arithmetic over numbers of the lines before it, and nothing
-- else; words stand in the source.
--
CREATE FUNCTION osms.plain(value numeric) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN trim_scale(value)::text;
COMMENT ON FUNCTION osms.plain(numeric) IS 'a number without zeros at its end';

CREATE FUNCTION osms.civil(registry text, at timestamptz) RETURNS timestamp
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    civil timestamp;
BEGIN
    EXECUTE format('SELECT date_trunc(''second'', $1 AT TIME ZONE s.time_zone) FROM %s s', osms.need_relation(registry, 'setting')) INTO civil USING at;
    RETURN civil;
END $$;
COMMENT ON FUNCTION osms.civil(text, timestamptz) IS 'a moment in the civil time zone of a registry, to the second';

CREATE FUNCTION osms.parameter_row(name text, day date, known_at timestamptz) RETURNS osms.parameter
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT p
    FROM osms.parameter p
    WHERE p.name = parameter_row.name AND p.valid_from <= day AND p.known_from <= known_at
      AND p.value = osms.parameter_on(parameter_row.name, day, known_at)
    ORDER BY isfinite(p.known_from) DESC, p.valid_from DESC, p.known_from DESC
    LIMIT 1;
END;
COMMENT ON FUNCTION osms.parameter_row(text, date, timestamptz) IS 'the row whose value osms.parameter_on gives; errors as there';

CREATE FUNCTION osms.parameter_source(name text, day date, known_at timestamptz) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT format('parameter %s%s, %s', p.name, ' of ' || nullif(p.valid_from, '-infinity'), osms.act_told(p.act, p.point, p.tag, p.illustrative))
    FROM osms.parameter_row(parameter_source.name, day, known_at) AS p;
END;
COMMENT ON FUNCTION osms.parameter_source(text, date, timestamptz) IS 'a parameter with its day, act, point and certainty, as a source is told; errors as osms.parameter_on';

-- Lines over the norm have one share for each step, which a line of a
-- statement does not tell apart: the persons of the sites are asked again.
CREATE FUNCTION osms.explain_groups(terms osms.statement_terms, line osms.statement_line) RETURNS TABLE (reason text, heads bigint, share numeric, list_share numeric)
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
            osms.member_query(terms), osms.key_type(terms.registry, 'organisation')) USING line.organisation;
    END IF;
END $$;
COMMENT ON FUNCTION osms.explain_groups(osms.statement_terms, osms.statement_line) IS
    'heads of a line of a statement that are paid at a share below 1, by reason and share; list_share: what the norm of the site leaves';

CREATE FUNCTION osms.explain_heads(terms osms.statement_terms, line osms.statement_line, closed boolean)
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
        (1, 'heads', line.heads, format('%s: osms.%s', CASE cardinality(terms.days) WHEN 1 THEN 'on the roster on ' || terms.days[1] ELSE 'days of persons' END,
             CASE WHEN closed THEN format('roster_of(%L, %L, %L)', terms.registry, line.organisation, terms.month)
                  ELSE format('statement_persons(%L, %L, %L)', terms.registry, terms.month, (terms.scheme).scheme) END)),
        (2, 'days', nullif(cardinality(terms.days), 1), 'of the month, whose heads are summed'),
        (3, 'of them, suspect', nullif(line.suspect, 0), 'mark of the roster; paid until decided'),
        (4, 'of them, insurance unknown', nullif(line.insurance_unknown, 0), 'no contributions either way: ' || (terms.scheme).insurance_unknown || asked),
        (5, 'not among them', nullif(line.persons_held, 0), 'without sex or usable birth date: osms.unpaid')) AS v (nth, item, value, source)
    WHERE v.value IS NOT NULL ORDER BY v.nth;
    IF line.reduced = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH part AS MATERIALIZED (
        SELECT g.*, row_number() OVER () AS nth, osms.plain(g.heads * g.share) AS counts FROM osms.explain_groups(terms, line) g
    ), summed AS (
        SELECT coalesce(sum(p.heads * p.share), 0) = line.shares - full_heads AS agrees, string_agg(' - ' || p.heads, '' ORDER BY p.nth) AS less,
               string_agg(' + ' || p.counts, '' ORDER BY p.nth) AS plus FROM part p
    )
    SELECT x.item, x.computation, x.value, x.source
    FROM (SELECT 1, p.nth, p.reason, format('%s * %s', p.heads, osms.plain(p.share)), p.counts::numeric,
                 CASE p.reason
                     WHEN 'uninsured' THEN osms.parameter_source('uninsured_share', (terms.month + interval '1 month')::date - 1, terms.known_at) || asked
                     WHEN 'over_norm' THEN (SELECT format('osms.norm_step above %s %%, %s', string_agg(osms.plain(s.above), ', '), string_agg(DISTINCT osms.act_told(s.act, s.point, s.tag, s.illustrative), '; '))
                                            FROM osms.norm_steps_on((terms.scheme).scheme, terms.rate_day, terms.known_at) s WHERE s.share = p.list_share)
                     ELSE format('the %s of %s and %s', (terms.scheme).both_reductions, osms.plain(terms.uninsured_share), osms.plain(p.list_share)) END
          FROM part p, summed s WHERE s.agrees
          UNION ALL
          SELECT 1, 0, r.key, NULL, r.value::numeric, 'heads paid at a share below 1' FROM jsonb_each_text(line.reduced) AS r, summed s WHERE NOT s.agrees
          UNION ALL
          SELECT 2, 0, 'paid in full', CASE WHEN s.agrees THEN line.heads || s.less END, full_heads, 'the other heads' FROM summed s
          UNION ALL
          SELECT 3, 0, 'shares', CASE WHEN s.agrees THEN full_heads || s.plus END, trim_scale(line.shares),
                 CASE WHEN s.agrees THEN 'of all heads' ELSE 'as stored; who is reduced has changed since' END FROM summed s) AS x (part, nth, item, computation, value, source)
    ORDER BY x.part, x.nth, x.item COLLATE "C";
END $$;
COMMENT ON FUNCTION osms.explain_heads(osms.statement_terms, osms.statement_line, boolean) IS 'the heads of a line of a statement, and the shares at which they are paid';

-- Bands of both sexes share a line, so that a payment fits on a screen.
CREATE FUNCTION osms.explain_coefficient(terms osms.statement_terms, line osms.statement_line)
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
        EXECUTE format('SELECT osms.sum(t.pyramid) FROM (%s) AS t WHERE t.organisation = $1 AND t.share = 1', osms.tally_query(terms)) INTO basis USING line.organisation;
    END IF;
    SELECT jsonb_agg(to_jsonb(b) ORDER BY b.age_from, b.age_to), sum(b.weighted) INTO bands, weighted
    FROM (SELECT w.age_from, w.age_to, string_agg(format('%s * %s', h.heads, osms.plain(w.weight)), ' + ' ORDER BY w.sex) AS computation,
                 sum(h.heads * w.weight) AS weighted, format('%s, %s', string_agg(w.sex || 's', ', ' ORDER BY w.sex), string_agg(DISTINCT osms.act_told(w.act, w.point, w.tag, w.act = 'osms:illustrative'), '; ')) AS source
          FROM osms.weights_on(scheme.scheme, terms.rate_day, terms.known_at) w, LATERAL (SELECT osms.heads(basis, w.age_from, w.age_to, w.sex)) AS h (heads)
          WHERE (w.age_to > w.age_from OR w.age_to IS NULL) AND h.heads <> 0
          GROUP BY w.age_from, w.age_to) AS b;
    IF line.coefficient IS DISTINCT FROM osms.round_quotient(weighted, nullif(osms.heads(basis), 0), coalesce(scheme.coefficient_rounding, 6)) THEN
        RETURN QUERY VALUES ('Kav', NULL::text, line.coefficient, CASE WHEN line.coefficient IS NOT NULL THEN 'as stored; who is reduced has changed since'
            ELSE format('ages without exactly one weight: osms.check_scheme(%L)', scheme.scheme) END);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT 'ages ' || osms.band_label((b ->> 'age_from')::integer, (b ->> 'age_to')::integer), b ->> 'computation', trim_scale((b ->> 'weighted')::numeric), b ->> 'source'
    FROM jsonb_array_elements(bands) WITH ORDINALITY AS e (b, nth) ORDER BY e.nth;
    RETURN QUERY VALUES
        ('weighted heads', (SELECT string_agg(osms.plain((b ->> 'weighted')::numeric), ' + ' ORDER BY e.nth) FROM jsonb_array_elements(bands) WITH ORDINALITY AS e (b, nth)),
         trim_scale(weighted), format('heads%s by age and sex', CASE scheme.coefficient_over WHEN 'full' THEN ' paid in full' ELSE '' END)),
        ('Kav', format('%s / %s', osms.plain(weighted), osms.heads(basis)), line.coefficient,
         format('weighted heads / heads%s, %s to %s digits', CASE scheme.coefficient_over WHEN 'full' THEN ' paid in full' ELSE '' END, CASE WHEN scheme.coefficient_rounding IS NULL THEN 'shown' ELSE 'rounded' END, scale(line.coefficient)));
END $$;
COMMENT ON FUNCTION osms.explain_coefficient(osms.statement_terms, osms.statement_line) IS
    'how the coefficient Kav of a line of a statement comes about: heads times weight for each band of ages (years), their sum, and the quotient';

CREATE FUNCTION osms.explain_rate(terms osms.statement_terms, line osms.statement_line, quotient text)
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
    RETURN QUERY VALUES ('base rate B', NULL::text, base.rate, CASE WHEN base.rate IS NULL THEN format('none for %s, %s', coalesce(line.region, 'no region'), coalesce(line.class, 'no class'))
        ELSE format('%s, %s: osms.base_rate%s, %s', coalesce(base.region, 'any region'), base.class, ' of ' || nullif(base.valid_from, '-infinity'),
                    osms.act_told(base.act, base.point, base.tag, base.illustrative)) END);
    RETURN QUERY EXECUTE format($query$
        SELECT 'K ' || f.key, NULL::text, trim_scale(f.value::numeric), coalesce(format('coefficient of %%s, %%s', k.valid_from, CASE WHEN k.act IS NULL THEN 'without act' ELSE osms.act_told(k.act, k.point, k.tag, k.act = 'osms:illustrative') END), 'coefficient without row')
        FROM jsonb_each_text($4) AS f LEFT JOIN (%s) AS k ON k.organisation = $2 AND k.kind = f.key ORDER BY f.key$query$, osms.factor_query(terms.registry))
        USING terms.rate_day, line.organisation, terms.known_at, line.factors;
    SELECT string_agg(format(CASE scheme.combination WHEN 'add' THEN ' + (%s - 1)' ELSE ' * %s' END, osms.plain(f.value::numeric)), '' ORDER BY f.key)
    INTO factors FROM jsonb_each_text(line.factors) AS f;
    expression := format(CASE WHEN scheme.combination = 'add' AND factors IS NOT NULL THEN '%s * (%s%s)' ELSE '%s * %s%s' END, osms.plain(base.rate), quotient, factors);
    RETURN QUERY VALUES ('rate', CASE WHEN line.rate IS NOT NULL AND quotient IS NOT NULL THEN expression END, line.rate,
        format('scheme %s, %s: %s, %s', scheme.scheme, osms.act_told(scheme.act, scheme.point, scheme.tag, scheme.illustrative), CASE scheme.combination WHEN 'add' THEN 'B * (Kav + sum of (K - 1))' ELSE 'B * Kav * K' END,
               coalesce('rounded to ' || scheme.rate_rounding || ' digits', 'not rounded')));
    IF line.earned IS NOT NULL THEN
        RETURN QUERY VALUES ('earned', CASE WHEN scheme.rate_rounding IS NOT NULL THEN osms.plain(line.rate) WHEN quotient IS NOT NULL THEN expression END || ' * ' || osms.plain(line.shares) ||
            CASE WHEN cardinality(terms.days) = 1 THEN '' ELSE ' / ' || cardinality(terms.days) END, line.earned,
            format('rate * %s%s, rounded to %s digits', CASE line.reduced WHEN '{}' THEN 'heads' ELSE 'shares' END, CASE WHEN cardinality(terms.days) = 1 THEN '' ELSE ' / days' END, scheme.amount_rounding));
    END IF;
END $$;
COMMENT ON FUNCTION osms.explain_rate(osms.statement_terms, osms.statement_line, text) IS
    'how the rate of a line of a statement, and what was earned by it, come about: base rate, coefficients Ki, and both computations, with Kav as an expression (NULL = not known)';

CREATE FUNCTION osms.explain_cap(terms osms.statement_terms, line osms.statement_line, owed numeric)
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 4
BEGIN ATOMIC
    SELECT v.item, v.computation, v.value, v.source
    FROM (SELECT coalesce((SELECT b.amount FROM osms.paid_before((terms).registry, (terms).month, (terms).known_at) b WHERE b.organisation = (line).organisation), 0) AS amount) AS p,
         LATERAL (VALUES
             (0, 'owed', concat(osms.plain((line).earned), ' - ' || osms.plain(nullif((line).inactive_cut, 0)), ' + ' || osms.plain(nullif((line).inactive_rest, 0)),
                 ' + ' || osms.plain(nullif((line).carried_in, 0))), owed, 'before the contract'),
             (1, 'contract', NULL, (line).contract_amount, 'of the year, relation contract on ' || (terms).rate_day),
             (2, 'paid before', NULL, p.amount, 'in the year, with the ledger as known then'),
             (3, 'left', CASE WHEN p.amount <= (line).contract_amount THEN format('%s - %s', osms.plain((line).contract_amount), osms.plain(p.amount)) END,
              greatest((line).contract_amount - p.amount, 0), 'of the contract, not below 0'),
             (4, 'cap', CASE WHEN owed - greatest((line).contract_amount - p.amount, 0) = (line).cap_cut
                             THEN format('%s - %s', osms.plain(greatest((line).contract_amount - p.amount, 0)), osms.plain(owed)) END, -(line).cap_cut,
              CASE ((terms).scheme).cap WHEN 'carried' THEN 'above the contract, carried to the next month' ELSE 'above the contract, cut' END)) AS v (nth, item, computation, value, source)
    ORDER BY v.nth;
END;
COMMENT ON FUNCTION osms.explain_cap(osms.statement_terms, osms.statement_line, numeric) IS
    'what the contract of the year cuts from what is owed (tenge) by a line of a statement: contract, paid before, left, cap';

CREATE FUNCTION osms.explain_amount(terms osms.statement_terms, line osms.statement_line)
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
            SELECT c.* FROM osms.inactive_cut(terms, line.organisation) c
        ), summed AS (
            SELECT coalesce(sum(c.cut), 0) = line.inactive_cut AS agrees, '-' || string_agg(osms.plain(c.cut), ' - ' ORDER BY c.month) AS parts FROM cut c
        )
        SELECT x.item, x.computation, x.value, x.source
        FROM (SELECT c.month, 'not served, ' || to_char(c.month, 'YYYY-MM'), format('-%s * %s%s', osms.plain(c.rate), osms.plain(c.shares), ' / ' || nullif(c.days, 1)), -c.cut,
                     format('%s heads: rate of the month, shares they lose', c.heads)
              FROM cut c, summed s WHERE s.agrees
              UNION ALL
              SELECT 'infinity', 'not served in the year', CASE WHEN s.agrees THEN s.parts END, -line.inactive_cut,
                     CASE WHEN s.agrees THEN format('%s heads, %s', line.inactive, osms.parameter_source('inactive_share', (terms.month + interval '1 month')::date - 1, terms.known_at))
                          ELSE 'as stored; services have changed since' END
              FROM summed s) AS x (month, item, computation, value, source)
        ORDER BY x.month;
    END IF;
    RETURN QUERY
    SELECT v.item, v.computation, v.value, v.source
    FROM (VALUES
        (1, 'left for the ledger', format('%s - %s', osms.plain(line.inactive_cut), osms.plain(line.earned)), line.inactive_rest, 'the month does not bear more; claimed by the first restatement'),
        (2, 'carried in', NULL, line.carried_in, 'cap of the month before')) AS v (nth, item, computation, value, source)
    WHERE v.value <> 0 ORDER BY v.nth;
    IF line.cap_cut <> 0 THEN
        RETURN QUERY SELECT c.* FROM osms.explain_cap(terms, line, owed) AS c;
    END IF;
    RETURN QUERY VALUES ('amount', concat(osms.plain(line.earned), ' - ' || osms.plain(nullif(line.inactive_cut, 0)), ' + ' || osms.plain(nullif(line.inactive_rest, 0)),
        ' + ' || osms.plain(nullif(line.carried_in, 0)), ' - ' || osms.plain(nullif(line.cap_cut, 0))), line.amount, 'to be paid');
END $$;
COMMENT ON FUNCTION osms.explain_amount(osms.statement_terms, osms.statement_line) IS
    'how the amount of a line of a statement comes about from what was earned: what December takes back for persons not served, by month, what is carried in, what the contract cuts; why it is held';

CREATE FUNCTION osms.explain_terms(terms osms.statement_terms, line osms.statement_line, closed boolean)
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
    RETURN QUERY SELECT h.* FROM osms.explain_heads(terms, line, closed) AS h;
    FOR each IN SELECT c.* FROM osms.explain_coefficient(terms, line) AS c LOOP
        RETURN QUERY VALUES (each.item, each.computation, each.value, each.source);
        quotient := CASE WHEN (terms.scheme).coefficient_rounding IS NULL THEN each.computation ELSE osms.plain(each.value) END;
    END LOOP;
    RETURN QUERY SELECT r.* FROM osms.explain_rate(terms, line, quotient) AS r;
    RETURN QUERY SELECT a.* FROM osms.explain_amount(terms, line) AS a;
END $$;
COMMENT ON FUNCTION osms.explain_terms(osms.statement_terms, osms.statement_line, boolean) IS
    'a line of a statement, of a closed month or not, told number by number: what it is, how it is computed from those before it, its value, and the row or act it comes from';

CREATE FUNCTION osms.explain_payment(registry text, organisation text, month date, scheme text DEFAULT 'illustrative')
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 40
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    made record;
    terms osms.statement_terms;
    line osms.statement_line;
    restated record;
    by_ledger boolean := false;
BEGIN
    SELECT l.* INTO made FROM osms.line_of(registry, organisation, month, scheme, osms.known_now()) AS l;
    terms := made.terms;
    line := made.line;
    IF line.organisation IS NULL AND made.closed_at IS NOT NULL THEN
        -- one that was not there when the month was closed has its line from a restatement
        SELECT r.revision, l AS line INTO restated FROM osms.latest_lines(registry, month) AS r, unnest(r.lines) AS l WHERE l.organisation = explain_payment.organisation;
        by_ledger := FOUND;
        line := restated.line;
        terms := osms.terms_of(registry, month, coalesce(restated.revision, 0));
    END IF;
    IF line.organisation IS NULL THEN
        RAISE EXCEPTION 'organisation "%" has no line in %', organisation, to_char(month, 'YYYY-MM')
            USING ERRCODE = 'no_data_found', HINT = 'It has a line when somebody is on its roster on the day that counts.';
    END IF;
    RETURN QUERY SELECT e.* FROM osms.explain_terms(terms, line, made.closed_at IS NOT NULL AND NOT by_ledger) AS e;
    IF made.closed_at IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH entry AS (
            SELECT g.*, r.posted_at FROM %1$I.ledger g JOIN %1$I.restatement r USING (month, revision) WHERE g.month = $2 AND g.organisation = $3
        )
        SELECT p.item, p.computation, p.value, p.source
        FROM (SELECT 1, g.entry, replace(format('%%s, %%s', g.kind, g.cause), '_', ' '), NULL::text, g.amount,
                     format('%%s persons, ledger by restatement %%s of %%s, invoice of %%s', g.persons, g.revision, osms.civil($1, g.posted_at)::date, to_char(g.invoice_month, 'YYYY-MM'))
              FROM entry g
              UNION ALL
              SELECT 2, 0, 'paid', coalesce(osms.plain($4), '0') || coalesce(string_agg(CASE WHEN g.amount < 0 THEN ' - ' ELSE ' + ' END || osms.plain(abs(g.amount)), '' ORDER BY g.entry), ''),
                     coalesce($4, 0) + coalesce(sum(g.amount), 0), format('closed on %%s by scheme %%s', osms.civil($1, $5)::date, $6)
              FROM entry g) AS p (part, nth, item, computation, value, source)
        ORDER BY p.part, p.nth$query$, registry) USING registry, month, organisation, (made.line).amount, made.closed_at, ((made.terms).scheme).scheme;
END $$;
COMMENT ON FUNCTION osms.explain_payment(text, text, date, text) IS
    'one payment, number by number (tenge, persons): heads and the shares they are paid at, weights by ages, Kav, base rate, coefficients, rate, what is taken back, carried and capped, amount and, of a closed month, its ledger; where the organisation was not there at the closing, as last restated. computation is arithmetic over the numbers of the lines before it, NULL for what is read from a row; value is its result, rounded to the digits shown; source is the row or act, or what rounds. Of an open month its statement by the scheme as known now. P0002 for an organisation without a line; errors as osms.statement';

CREATE FUNCTION osms.explain_basis(registry text, attachment jsonb) RETURNS TABLE (at timestamptz, item text, value text, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 5
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
BEGIN
    IF attachment ->> 'application' IS NOT NULL AND osms.relation_of(registry, 'application') IS NOT NULL THEN
        RETURN QUERY EXECUTE format($query$
            SELECT v.at, v.item, v.value, 'application ' || ($1 ->> 'application')
            FROM (SELECT to_jsonb(x) AS a FROM %1$I.application x WHERE x.application = ($1 ->> 'application')::%2$s) AS f,
                 -- the decision, which a later state does not tell by itself
                 LATERAL (SELECT CASE WHEN f.a ->> 'state' IN ('approved', 'deferred', 'refused') THEN f.a ->> 'state'
                                      WHEN f.a ->> 'state' IN ('attached', 'lapsed', 'cancelled') THEN CASE f.a ->> 'ground' WHEN 'campaign' THEN 'deferred' ELSE 'approved' END
                                 END AS decision) AS d,
                 LATERAL (VALUES ((f.a ->> 'submitted_at')::timestamptz, 'submitted', concat_ws(', ', f.a ->> 'channel', f.a ->> 'ground')),
                                 ((f.a ->> 'decided_at')::timestamptz, 'decided', concat_ws(', ', d.decision, 'by ' || (f.a ->> 'decided_by')))) AS v (at, item, value)
            WHERE v.item <> 'decided' OR coalesce(d.decision, f.a ->> 'decided_at') IS NOT NULL
            $query$, registry, osms.key_type(registry, 'application')) USING attachment;
        IF osms.relation_of(registry, 'identity_event') IS NOT NULL THEN
            RETURN QUERY EXECUTE format($query$
                SELECT e.at, 'identified', concat_ws(', ', e.channel, e.method, e.provider, 'clerk ' || e.clerk), 'identity event ' || e.event
                FROM %1$I.identity_event e WHERE e.application = ($1 ->> 'application')::%2$s ORDER BY e.at$query$,
                registry, osms.key_type(registry, 'application')) USING attachment;
        END IF;
    END IF;
    IF attachment ->> 'order_key' IS NOT NULL AND osms.relation_of(registry, 'authority_order') IS NOT NULL THEN
        RETURN QUERY EXECUTE format($query$
            SELECT NULL::timestamptz, 'ordered', concat_ws(', ', o.number, 'issued ' || o.issued_on, o.issuer, o.cause, 'from ' || o.valid_from), 'order ' || o.order_key
            FROM %I.authority_order o WHERE o.order_key = $1 ->> 'order_key'$query$, registry) USING attachment;
    END IF;
END $$;
COMMENT ON FUNCTION osms.explain_basis(text, jsonb) IS
    'what an attachment, told as JSON, stands on: its application with decision and identifications, or its order';

-- The list of a site is counted without contributions, which would be asked of
-- everybody on it.
CREATE FUNCTION osms.explain_month(registry text, mine text, sited boolean, month date, revision integer)
    RETURNS TABLE (outcome text, heads text, organisation text, rate numeric, share text, instead text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 1
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    terms osms.statement_terms := osms.terms_of(registry, month, revision);
    lists osms.statement_terms := terms;
    restored osms.statement_terms := terms;
    list text := 'SELECT NULL::date AS day, 1::numeric AS list_share WHERE false';
BEGIN
    terms.norm_above := NULL;
    restored.restored_late := false;
    IF lists.norm_above IS NOT NULL AND sited THEN
        lists.insured_month := NULL;
        lists.insurance_known := false;
        list := format('SELECT m.day, m.list_share FROM (%1$s) AS m WHERE %3$s AND m.organisation = ANY (ARRAY(SELECT m.organisation FROM %2$I.roster m WHERE %3$s))
            AND m.site = ANY (ARRAY(SELECT m.site FROM %2$I.roster m WHERE %3$s))', osms.member_query(lists), registry, mine);
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT concat_ws(' ', m.organisation, l.status, l.held_because, m.heads, m.shares, m.reason), format('%%s of %%s heads', m.heads, l.heads), m.organisation,
               CASE WHEN m.heads > 0 AND l.status = 'ok' THEN l.rate END,
               CASE WHEN m.shares <> m.heads THEN format(' x %%s, %%s', osms.plain(round(m.shares / m.heads, 4)), m.reason) ELSE '' END,
               CASE WHEN m.reason = 'restored_not_served' THEN %8$L WHEN m.heads = 0 THEN 'no head, without sex or usable birth date' WHEN l.status = 'held' THEN 'held: ' || l.held_because END
        FROM (SELECT d.organisation::text AS organisation, count(*) AS heads, sum(CASE %4$L WHEN 'lower' THEN least(d.share, n.list_share) ELSE d.share * coalesce(n.list_share, 1) END) AS shares,
                     nullif(concat_ws(', ', max(d.reason), CASE WHEN min(n.list_share) < 1 THEN 'over_norm' END), '') AS reason
              FROM (SELECT m.* FROM (%2$s) AS m WHERE %5$s AND m.placed) AS d LEFT JOIN (%3$s) AS n USING (day) GROUP BY d.organisation
              UNION ALL
              SELECT m.organisation::text, 0, 0, NULL FROM (%2$s) AS m WHERE %5$s AND m.placed IS DISTINCT FROM true
              UNION ALL
              SELECT m.organisation::text, 0, 0, 'restored_not_served' FROM %1$I.roster m, unnest($3) AS d (day) WHERE %5$s AND %6$s AND NOT %7$s) AS m
        LEFT JOIN LATERAL (
            SELECT x.status, x.held_because, x.heads, x.rate
            FROM (SELECT 0 AS revision, l.organisation, l.status, l.held_because, l.heads, l.rate FROM %1$I.statement_line l WHERE l.month = $1
                  UNION ALL SELECT l.revision, l.organisation, l.status, l.held_because, l.heads, l.rate FROM %1$I.restatement_line l WHERE l.month = $1 AND l.revision <= $2) AS x
            WHERE x.organisation = m.organisation ORDER BY x.revision DESC LIMIT 1) AS l ON true
        ORDER BY m.heads DESC, m.organisation COLLATE "C" LIMIT 1$query$, registry, osms.member_query(terms), list, (terms.scheme).both_reductions, mine,
        osms.on_roster(restored, 'm', 'd.day'), osms.restored_counts(terms, 'm', 'd.day'),
        'restored after the month' || CASE (terms.scheme).restored WHEN 'served' THEN ', not served in it' ELSE '' END) USING month, revision, terms.days;
END $$;
COMMENT ON FUNCTION osms.explain_month(text, text, boolean, date, integer) IS
    'what a closed month (revision 0) or a restatement paid for an attachment, told by a condition on m and whether it was ever at a site: outcome (all but the rate, to be compared), its heads of those of the organisation, rate (tenge; NULL where nothing was paid), share below 1 with its reason, what there is instead of a payment; no row where the attachment does not count';

-- What only the rate of the organisation changed is told once, as restated
-- last; months in a row of which the same is to be told are told together.
CREATE FUNCTION osms.explain_months(registry text, person text, attachment text) RETURNS TABLE (at timestamptz, item text, value text, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100000 ROWS 15
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET jit = off
AS $$
DECLARE
    mine text := format('m.person = %L::%s AND m.attachment = %L::%s', person, osms.key_type(registry, 'person'), attachment, osms.key_type(registry, 'attachment'));
    headers jsonb;
    months jsonb;
BEGIN
    EXECUTE format($query$
        WITH span AS (
            SELECT min(m.since) AS since, max(m.until) AS until, array_agg(DISTINCT m.organisation::text) AS organisations, bool_or(m.site IS NOT NULL) AS sited, bool_or(m.basis = 'restores') AS restores FROM %1$I.roster m WHERE %2$s
        )
        SELECT jsonb_agg(h)
        FROM (
            -- lists are counted again where the organisation has somebody over the norm
            SELECT h.*, s.sited AND EXISTS (
                       SELECT FROM %1$I.statement_line l WHERE l.month = h.month AND l.organisation = ANY (s.organisations) AND l.reduced ?| $1
                       UNION ALL SELECT FROM %1$I.restatement_line l WHERE l.month = h.month AND l.revision <= h.revision AND l.organisation = ANY (s.organisations) AND l.reduced ?| $1) AS sited
            FROM span s, (SELECT s.month, 0 AS revision, s.known_at FROM %1$I.statement s UNION ALL SELECT r.month, r.revision, r.known_at FROM %1$I.restatement r) AS h
            WHERE s.since < h.month + interval '1 month' AND s.until > h.month
              AND (h.revision = 0 OR s.restores OR EXISTS (SELECT FROM %1$I.restatement_line l WHERE l.month = h.month AND l.revision = h.revision AND l.organisation = ANY (s.organisations)))) AS h$query$, registry, mine)
    INTO headers USING '{over_norm,"uninsured, over_norm"}'::text[];
    months := (SELECT jsonb_agg(to_jsonb(h) || coalesce(to_jsonb(e), '{}'))
               FROM jsonb_to_recordset(coalesce(headers, '[]')) AS h (month date, revision integer, known_at timestamptz, sited boolean)
               LEFT JOIN LATERAL osms.explain_month(registry, mine, h.sited, h.month, h.revision) AS e ON true);
    RETURN QUERY
        WITH told AS (
            SELECT h.*, coalesce(h.outcome, '') AS now, coalesce(lag(h.outcome) OVER (PARTITION BY h.month ORDER BY h.revision), '') AS before
            FROM jsonb_to_recordset(coalesce(months, '[]'))
                AS h (month date, revision integer, known_at timestamptz, outcome text, heads text, organisation text, rate numeric, share text, instead text)
        ), part AS (
            SELECT t.*, count(*) FILTER (WHERE t.now <> t.before) OVER (PARTITION BY t.month ORDER BY t.revision) AS nth FROM told t
        ), outcome AS (
            -- what held from a revision on, until the next that changed more than the rate
            SELECT p.month, p.nth, p.now, min(p.known_at) AS at, min(p.revision) AS first, max(p.revision) AS last, min(p.organisation) AS organisation, min(p.share) AS share,
                   min(p.instead) AS instead, (array_agg(p.heads ORDER BY p.revision DESC))[1] AS heads, (array_agg(p.rate ORDER BY p.revision DESC))[1] AS rate
            FROM part p WHERE p.nth > 0 GROUP BY p.month, p.nth, p.now
        ), run AS (
            SELECT o.*, o.month - make_interval(months => (row_number() OVER (PARTITION BY o.nth, o.now, o.first > 0 ORDER BY o.month))::integer) AS island FROM outcome o
        )
        SELECT min(r.at), CASE WHEN r.restated THEN 'restated for ' ELSE 'paid for ' END || concat_ws(' to ', to_char(min(r.month), 'YYYY-MM'), to_char(nullif(max(r.month), min(r.month)), 'YYYY-MM')),
               CASE WHEN r.now = '' THEN 'counts no more'
                    ELSE coalesce(min(r.instead), format('%s of organisation %s at %s%s', CASE count(*) WHEN 1 THEN min(r.heads) ELSE 'each month a head' END, min(r.organisation),
                                                         concat_ws(' to ', min(r.rate), nullif(max(r.rate), min(r.rate))), min(r.share))) END,
               CASE WHEN r.restated THEN 'restatement ' || concat_ws(' to ', min(r.first), nullif(max(r.first), min(r.first))) ELSE 'statement' END
               || CASE WHEN max(r.last - r.first) > 0 AND r.now <> '' THEN ', rate as restated last' ELSE '' END
        FROM (SELECT x.*, x.first > 0 AS restated FROM run x) AS r
        GROUP BY r.nth, r.now, r.restated, r.island;
END $$;
COMMENT ON FUNCTION osms.explain_months(text, text, text) IS
    'what closed months and their restatements paid for an attachment, with the moment as of which that became known, the first of months in a row that are told together: what each month paid, and each restatement that changed more than the rate';

CREATE FUNCTION osms.counted_days(state text, since date, until date, gone_on date) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN state IS NULL THEN 'on no day: its state is not known'
                WHEN state = 'annulled' THEN 'on no day: it is annulled'
                WHEN since IS NULL OR NOT isfinite(since) THEN 'on no day: it has no first day'
                WHEN since >= until THEN format('on no day: it ends before %s and begins on %s', until, since)
                WHEN since >= gone_on THEN format('on no day: it begins on %s, after death', since)
                ELSE format('from %s %s', since, CASE WHEN gone_on < coalesce(until, 'infinity') THEN format('before %s, after death', gone_on)
                                                      WHEN isfinite(until) THEN format('before %s', until) ELSE 'without end' END) END;
COMMENT ON FUNCTION osms.counted_days(text, date, date, date) IS
    'on which days an attachment counts, in words: state, first day, end, day after death; called by explain_attachment';

CREATE FUNCTION osms.explain_attachment(registry text, attachment text)
    RETURNS TABLE (at timestamp, item text, value text, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100000 ROWS 30
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    found jsonb;
    told jsonb;
    gone_on date;
BEGIN
    PERFORM osms.check_reader(registry);
    EXECUTE format('SELECT to_jsonb(a) FROM %I.attachment a WHERE a.attachment = $1::%s', registry, osms.key_type(registry, 'attachment')) INTO found USING attachment;
    IF found IS NULL THEN
        RAISE EXCEPTION 'no attachment "%" in registry "%"', attachment, registry
            USING ERRCODE = 'no_data_found', HINT = format('SELECT attachment FROM %I.attachment lists them.', registry);
    END IF;
    EXECUTE format('SELECT p.death_date + 1 FROM %I.person p WHERE p.person = $1::%s', registry, osms.key_type(registry, 'person')) INTO gone_on USING found ->> 'person';
    RETURN QUERY VALUES
        (NULL::timestamp, 'person', found ->> 'person', 'attachment'),
        (NULL, 'organisation', concat_ws(', site ', found ->> 'organisation', found ->> 'site'), 'attachment'),
        (NULL, 'counts', osms.counted_days(found ->> 'state', (found ->> 'since')::date, (found ->> 'until')::date, gone_on), 'attachment'),
        (NULL, 'state', concat_ws(', ', coalesce(found ->> 'state', 'one that the mapping does not know'), found ->> 'reason'), 'attachment'),
        (NULL, 'basis', CASE WHEN found ->> 'application' IS NOT NULL THEN 'application ' || (found ->> 'application')
                             WHEN found ->> 'order_key' IS NOT NULL THEN 'order ' || (found ->> 'order_key')
                             WHEN found ->> 'restores' IS NOT NULL THEN 'restores attachment ' || (found ->> 'restores') ELSE 'inherited' END, 'attachment');
    -- before the query that reads relations of the registry, for what calls it there
    -- is not known to be osms
    told := (SELECT jsonb_agg(x)
             FROM (SELECT b.at, 1 AS place, b.item, b.value, b.source FROM osms.explain_basis(registry, found) AS b
                   UNION ALL
                   SELECT m.at, 5, m.item, m.value, m.source FROM osms.explain_months(registry, found ->> 'person', attachment) AS m) AS x);
    RETURN QUERY EXECUTE format($query$
        SELECT date_trunc('second', e.at AT TIME ZONE z.time_zone), e.item, e.value, e.source
        FROM (SELECT x.at, x.place, x.item, x.value, x.source
              FROM jsonb_to_recordset($1) AS x (at timestamptz, place integer, item text, value text, source text)
              UNION ALL
              SELECT r.known_from, 2, 'known as ' || r.mark, format('from %%s %%s', r.since, CASE WHEN isfinite(r.until) THEN 'before ' || r.until ELSE 'without end' END), 'roster'
              FROM %1$I.roster r WHERE r.person = $3::%2$s AND r.attachment::text = $2
              UNION ALL
              SELECT r.known_to, 3, 'no more on the roster', NULL, 'roster'
              FROM %1$I.roster r WHERE r.person = $3::%2$s AND r.attachment::text = $2 AND isfinite(r.known_to)
                AND NOT EXISTS (SELECT FROM %1$I.roster n WHERE n.person = r.person AND n.attachment = r.attachment AND n.known_from = r.known_to)
              UNION ALL
              SELECT NULL, 4, 'restored', 'by attachment ' || a.attachment, 'attachment' FROM %1$I.attachment a WHERE a.person = $3::%2$s AND a.restores::text = $2) AS e, %1$I.setting z
        ORDER BY e.at NULLS FIRST, e.place, e.item COLLATE "C"$query$, registry, osms.key_type(registry, 'person'))
        USING coalesce(told, '[]'), attachment, found ->> 'person';
END $$;
COMMENT ON FUNCTION osms.explain_attachment(text, text) IS
    'one attachment (its key as text), in order: whom and what it is, on which days it counts by what is known now, on what basis, then, at in the civil time zone of the registry, the application, identification or order behind it, what the roster knew from when on, and what closed months and restatements paid for it (tenge); months in a row with the same outcome are one row. P0002 for an unknown key, 42501 for who may not read the registry';

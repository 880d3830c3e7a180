
--
-- member: who counts for whom on a day, with which share and why.
--
-- What the contributions of persons say, and the norm of each site. Of
-- several rows for a month the one known last counts, told without a sort: at
-- one moment paid (2) comes before unpaid (1), and that before not known (0).
CREATE FUNCTION osms_internal.insured_among(terms osms_internal.statement_terms, condition text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT format($query$
        SELECT i.person, CASE WHEN %6$s & 3 = 2%7$s THEN 'paid' WHEN %6$s & 3 = 1 THEN 'unpaid' END AS insurance
        FROM %1$I.insurance i
        WHERE i.month >= %3$L::date AND i.month < %4$L::date AND %5$s
        GROUP BY i.person$query$,
            (terms).registry, (terms).insured_month, (terms).insured_from, ((terms).insured_month + interval '1 month')::date,
            osms_internal.known_then('i', quote_literal((terms).known_at) || '::timestamptz') || condition,
            format('max(osms_internal.as_known(i.known_from, CASE WHEN i.paid OR i.category = ANY (%L::text[]) THEN 2 WHEN NOT i.paid '
                'THEN 1 ELSE 0 END)) FILTER (WHERE i.month >= %L::date)',
                   (terms).exempt_categories, (terms).insured_month),
            string_agg(format(' OR max(osms_internal.as_known(i.known_from, CASE WHEN i.paid THEN 2 ELSE 0 END)) FILTER (WHERE i.month >= '
                '%L::date AND i.month < %L::date) & 3 = 2',
                              m::date, (m + interval '1 month')::date), '' ORDER BY m))
        FROM (SELECT NULL::timestamp UNION ALL
              SELECT generate_series((terms).insured_from::timestamp, (terms).insured_month - interval '1 month', '1 month')) AS grace (m));
COMMENT ON FUNCTION osms_internal.insured_among(osms_internal.statement_terms, text) IS
'osms_internal.insured_query of the numbers that meet a condition on the contribution i, each by itself
called by osms_internal.insured_query';

CREATE FUNCTION osms_internal.insured_query(terms osms_internal.statement_terms, persons text DEFAULT '') RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT CASE WHEN merged.query IS NULL THEN osms_internal.insured_among(terms, osms_internal.chosen(persons, 'i'))
            ELSE format($query$
        SELECT n.person, min(n.insurance) AS insurance
        FROM (SELECT own.person, own.insurance FROM (%1$s) AS own
              UNION ALL SELECT h.person, given.insurance FROM (%2$s) AS h JOIN (%3$s) AS given ON given.person = h.old WHERE true%4$s) AS n
        GROUP BY n.person$query$,
            osms_internal.insured_among(terms, osms_internal.chosen(persons, 'i')), merged.query,
            osms_internal.insured_among(terms, format(' AND i.person IN (SELECT h.old FROM (%s) AS h)', merged.query)),
                osms_internal.chosen(persons, 'h')) END
            FROM osms_internal.merged_query(terms) AS merged (query));
COMMENT ON FUNCTION osms_internal.insured_query(osms_internal.statement_terms, text) IS
'query for person and insurance, of everybody or of the persons in a relation of the query
paid (a contribution in the month looked at or by grace, or an exempt category), unpaid, NULL = not known; of several rows for a
number and month the one known last counts, and of several numbers of a person one that is paid';

CREATE FUNCTION osms_internal.norm_query(terms osms_internal.statement_terms) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$
        SELECT DISTINCT ON (s.organisation, s.site) s.organisation, s.site, s.norm
        FROM %1$I.site s
        WHERE s.valid_from <= %2$L::date AND %3$s
        ORDER BY s.organisation, s.site, s.valid_from DESC, s.known_from DESC NULLS LAST$query$,
        (terms).registry, (terms).rate_day, osms_internal.known_then('s', quote_literal((terms).known_at) || '::timestamptz'));
COMMENT ON FUNCTION osms_internal.norm_query(osms_internal.statement_terms) IS
    'query for organisation, site and norm (persons) in force, as known';

-- A key that is text is ordered by its bytes, so that no collation decides
-- who is paid.
CREATE FUNCTION osms_internal.tie_breaker(registry text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT 'r.attachment' || CASE WHEN a.attcollation <> 0 THEN ' COLLATE "C"' ELSE '' END
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = osms.relation_of(registry, 'roster') AND a.attname = 'attachment' AND NOT a.attisdropped);
COMMENT ON FUNCTION osms_internal.tie_breaker(text) IS 'expression that orders the attachments of a roster of a registry';

CREATE FUNCTION osms_internal.reduces(terms osms_internal.statement_terms) RETURNS boolean
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (terms).norm_above IS NOT NULL OR
           (terms).insured_month IS NOT NULL AND ((terms).insurance_known OR ((terms).scheme).insurance_unknown = 'reduced');
COMMENT ON FUNCTION osms_internal.reduces(osms_internal.statement_terms) IS
    'whether somebody may count with a share below 1 in the month itself';

CREATE FUNCTION osms_internal.share_columns(terms osms_internal.statement_terms, uninsured text, list_share text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$CASE WHEN %1$s THEN CASE %3$L WHEN 'lower' THEN least(%4$s, %2$s) ELSE %4$s * %2$s END ELSE %2$s END AS share,
           nullif(concat_ws(', ', CASE WHEN %1$s THEN 'uninsured' END, CASE WHEN %2$s < 1 THEN 'over_norm' END), '') AS reason$query$,
        uninsured, list_share, ((terms).scheme).both_reductions, coalesce((terms).uninsured_share, 1));
COMMENT ON FUNCTION osms_internal.share_columns(osms_internal.statement_terms, text, text) IS
'columns share and reason of a person, made by the terms from two expressions
whether contributions are wanting, and the share by the norm of the list';

-- What never applies is written as a constant, which the planner takes out.
CREATE FUNCTION osms_internal.member_query(terms osms_internal.statement_terms, spans boolean DEFAULT false, persons text DEFAULT '')
    RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scheme osms.scheme := terms.scheme;
    source text := format('%I.roster r', terms.registry);
    first_day text := format('%L::date', terms.days[1]);
    last_day text := format('%L::date', terms.days[cardinality(terms.days)]);
    day text := first_day;
    too_old text := format('%L::date', (coalesce(terms.age_day, terms.days[1]) - interval '128 years')::date);
    placed text;
    insurance text := 'NULL::text';
    uninsured text := 'false';
    list_share text := '1::numeric';
BEGIN
    IF cardinality(terms.days) > 1 AND NOT spans THEN
        source := format('%s CROSS JOIN unnest(%L::date[], %L::date[]) AS counted (day, too_old)', source, terms.days,
                         (SELECT array_agg((coalesce(terms.age_day, d.day) - interval '128 years')::date ORDER BY d.day)
                          FROM unnest(terms.days) AS d (day)));
        day := 'counted.day';
        first_day := day;
        last_day := day;
        too_old := 'counted.too_old';
    END IF;
    placed := format('(r.sex IS NOT NULL AND r.birth_date > %s AND r.birth_date <= %s)', too_old, day);
    IF terms.insurance_known THEN
        source := format('%s LEFT JOIN (%s) AS insured ON insured.person = r.person', source, osms_internal.insured_query(terms, persons));
        insurance := 'insured.insurance';
    END IF;
    IF terms.insured_month IS NOT NULL THEN
        uninsured := CASE scheme.insurance_unknown WHEN 'full' THEN format('coalesce(%s = ''unpaid'', false)', insurance)
                     ELSE format('coalesce(%s <> ''paid'', true)', insurance) END;
    END IF;
    IF terms.norm_above IS NOT NULL THEN
        source := format('%s LEFT JOIN (%s) AS norm ON norm.organisation = r.organisation AND norm.site = r.site', source,
                         osms_internal.norm_query(terms));
        SELECT format('CASE %s ELSE 1 END', string_agg(
                   format('WHEN %1$s AND norm.norm * %2$s < 100 * row_number() OVER (PARTITION BY r.organisation, r.site, %5$s, %1$s '
                       'ORDER BY r.since, %3$s) THEN %4$s',
                          placed, s.above, osms_internal.tie_breaker(terms.registry), s.share, day), ' ' ORDER BY s.above DESC))
        INTO list_share
        FROM unnest(terms.norm_above, terms.norm_share) AS s (above, share);
    END IF;
    RETURN format($query$
    SELECT m.*, %4$s
    FROM (SELECT r.attachment, r.person, r.organisation, r.site, r.since, r.birth_date, r.sex, r.mark, %1$s, %2$s AS placed,
                 %3$s AS insurance, %5$s AS uninsured, %6$s AS list_share
          FROM %7$s
          WHERE r.since <= %10$s AND %11$s < r.until AND r.known_from <= %8$L::timestamptz AND %8$L::timestamptz < r.known_to
            AND r.mark %9$s AND %12$s%13$s) AS m$query$,
        CASE WHEN spans THEN format('greatest(r.since, %s) AS from_day, least(r.until, %s + 1) AS to_day', first_day, last_day)
            ELSE day || ' AS day' END,
        CASE WHEN spans THEN 'NULL::boolean' ELSE placed END, insurance, osms_internal.share_columns(terms, 'm.uninsured', 'm.list_share'),
            uninsured, list_share, source, terms.known_at,
        CASE scheme.suspect WHEN 'paid' THEN '<> ''excused''' ELSE '= ''counted''' END, last_day, first_day,
            osms_internal.restored_counts(terms, 'r', day),
        -- the norm of a list counts everybody on it
        CASE WHEN terms.norm_above IS NULL THEN osms_internal.chosen(persons, 'r') ELSE '' END);
END $$;
COMMENT ON FUNCTION osms_internal.member_query(osms_internal.statement_terms, boolean, text) IS
'query for the persons who count by the terms of a statement, a row for each day on which they do (in spans: a row for all days,
from_day up to to_day, exclusive, instead of day, and placed is not told; where only the persons in a relation of the query
matter, it may leave out others): attachment, person, organisation, site, since, birth_date, sex, mark, day, placed (whether
birth date and sex give a place in a pyramid, NULL for want of a birth date; who has none is listed and not paid for), insurance
(paid, unpaid, NULL = not known or not asked), uninsured, list_share, share, reason (NULL, uninsured, over_norm, or both with a
comma)';

-- Days are counted in spans, from one row of the roster, unless the norm of a
-- list is another one each day, or somebody may count on some days only.
CREATE FUNCTION osms_internal.counted_in_spans(terms osms_internal.statement_terms) RETURNS boolean
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN cardinality((terms).days) > 1 AND (terms).norm_above IS NULL AND NOT coalesce((terms).restored_late, false);
COMMENT ON FUNCTION osms_internal.counted_in_spans(osms_internal.statement_terms) IS
    'whether osms_internal.tally_query reads a row of the roster once for all days on which it counts';

-- Rows are grouped by what is cheap to compare and whose groups the planner
-- can count, so that they are hashed and never sorted: whether a person is
-- reduced, not by how much and why.
CREATE FUNCTION osms_internal.tally_query(terms osms_internal.statement_terms) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
DECLARE
    spans boolean := osms_internal.counted_in_spans(terms);
    uninsured text := CASE WHEN terms.insured_month IS NOT NULL AND osms_internal.reduces(terms) THEN 'm.uninsured' END;
    list_share text := CASE WHEN terms.norm_above IS NOT NULL THEN 'm.list_share' END;
    placed text := CASE WHEN spans THEN 'm.sex IS NOT NULL AND isfinite(m.birth_date)' ELSE 'm.placed' END;
    counted text := CASE WHEN spans THEN format('osms_internal.pyramid_days(m.birth_date, m.sex, m.from_day, m.to_day, %L::date)',
                                                terms.age_day)
                         WHEN terms.age_day IS NULL THEN 'osms.pyramid(m.birth_date, m.sex, m.day)'
                         ELSE format('osms.pyramid(m.birth_date, m.sex, greatest(%L::date, m.birth_date))', terms.age_day) END;
    pyramid text := format('%s FILTER (WHERE %s)', counted, placed);
BEGIN
    RETURN format($query$
    SELECT m.organisation::text AS organisation, %1$s, %2$s AS unknown, %3$s AS listed, %4$s AS pyramid
    FROM (%5$s) AS m
    GROUP BY %6$s$query$,
        osms_internal.share_columns(terms, coalesce(uninsured, 'false'), coalesce(list_share, '1::numeric')),
        CASE WHEN terms.insured_month IS NULL THEN '0::bigint'
             WHEN NOT terms.insurance_known THEN format('osms.heads(%s)', pyramid)
             WHEN spans THEN format('osms.heads(%s FILTER (WHERE %s AND m.insurance IS NULL))', counted, placed)
             ELSE 'count(*) FILTER (WHERE m.placed AND m.insurance IS NULL)' END,
        CASE WHEN spans THEN 'sum(m.to_day - m.from_day)' ELSE 'count(*)' END,
        pyramid, osms_internal.member_query(terms, spans), concat_ws(', ', 'm.organisation', uninsured, list_share));
END $$;
COMMENT ON FUNCTION osms_internal.tally_query(osms_internal.statement_terms) IS
'query for the heads of each organisation by share and reason, which passes over the roster once
organisation, share, reason, unknown (heads of whom no contribution is known), listed, pyramid of those placed';

CREATE FUNCTION osms_internal.on_roster(terms osms_internal.statement_terms, roster text, day text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format('(%1$s.since <= %2$s AND %2$s < %1$s.until AND %1$s.known_from <= %3$L::timestamptz '
        'AND %3$L::timestamptz < %1$s.known_to AND %1$s.mark %4$s AND %5$s)',
                  roster, day, (terms).known_at, CASE ((terms).scheme).suspect WHEN 'paid' THEN '<> ''excused''' ELSE '= ''counted''' END,
                      osms_internal.restored_counts(terms, roster, day));
COMMENT ON FUNCTION osms_internal.on_roster(osms_internal.statement_terms, text, text) IS
    'condition on a row of the roster, told by its alias: that it counts on the day (an expression) by the terms';

CREATE FUNCTION osms_internal.placed(terms osms_internal.statement_terms, roster text, day text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format('coalesce(%1$s.sex IS NOT NULL AND %1$s.birth_date > (%3$s - interval ''128 years'')::date '
        'AND %1$s.birth_date <= %2$s, false)',
                  roster, day, coalesce(quote_literal((terms).age_day) || '::date', day));
COMMENT ON FUNCTION osms_internal.placed(osms_internal.statement_terms, text, text) IS
'condition on a row of the roster, told by its alias
that birth date and sex give it a place in a pyramid on the day (an expression)';

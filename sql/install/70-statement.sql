
--
-- statement: the terms of a month, and the persons paid by them. Everything
-- about money begins here: terms are all that a payment depends on besides
-- the registry, member_query says who counts with which share and why.
-- Queries carry days and moments as literals, so whoever runs one writes dates
-- as ISO does: other styles name a zone by letters that are read as another's.
--
CREATE TYPE osms.statement_terms AS (
    registry text,
    month date,
    known_at timestamptz,
    scheme osms.scheme,
    days date[],
    age_day date,
    rate_day date,
    uninsured_share numeric,
    insured_month date,
    insured_from date,
    exempt_categories text[],
    insurance_known boolean,
    norm_above numeric[],
    norm_share numeric[],
    inactive_share numeric,
    restored_late boolean
);
COMMENT ON TYPE osms.statement_terms IS 'what a statement of a month is made by: scheme, days and the parameters in force, as known at a moment';
COMMENT ON COLUMN osms.statement_terms.registry IS 'name of the registry';
COMMENT ON COLUMN osms.statement_terms.month IS 'first day of the month';
COMMENT ON COLUMN osms.statement_terms.known_at IS 'moment as of which everything is known';
COMMENT ON COLUMN osms.statement_terms.scheme IS 'properties of the scheme in force';
COMMENT ON COLUMN osms.statement_terms.days IS 'days on which heads are counted: one, or by person-days all of the month';
COMMENT ON COLUMN osms.statement_terms.age_day IS 'day on which the age is taken; NULL = the day on which the head is counted';
COMMENT ON COLUMN osms.statement_terms.rate_day IS 'day on which region, class, contract, coefficients and tables are read';
COMMENT ON COLUMN osms.statement_terms.uninsured_share IS 'share of a person without contributions';
COMMENT ON COLUMN osms.statement_terms.insured_month IS 'month whose contributions are looked at; NULL = nobody is asked';
COMMENT ON COLUMN osms.statement_terms.insured_from IS 'first month in which a contribution still covers the insured_month by grace';
COMMENT ON COLUMN osms.statement_terms.exempt_categories IS 'categories that pay nothing and are never reduced';
COMMENT ON COLUMN osms.statement_terms.insurance_known IS 'whether any contribution of these months was known';
COMMENT ON COLUMN osms.statement_terms.norm_above IS 'steps for lists over the norm of their site: percent of the norm, ascending; NULL = nobody is reduced';
COMMENT ON COLUMN osms.statement_terms.norm_share IS 'share from each step on';
COMMENT ON COLUMN osms.statement_terms.inactive_share IS 'share, for this month, of a person not served in the year; 1 = not reduced';
COMMENT ON COLUMN osms.statement_terms.restored_late IS 'whether an attachment that restores another became known after the month, so that its persons may not count';

-- An attachment that restores another may become known when the months it
-- restores are over: the earlier organisation did not have the person then,
-- unless it is the one that had lost the person. Few rows are asked, which the
-- index roster_restored finds.
CREATE FUNCTION osms.restored_in_time(registry text, roster text, day text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$((SELECT min(k.known_from) AT TIME ZONE min(s.time_zone)
            FROM %1$I.setting s, (SELECT v.known_from FROM %1$I.roster v WHERE v.attachment = %2$s.attachment AND v.basis = 'restores'
                  UNION ALL SELECT v.known_from FROM %1$I.roster v WHERE v.person = %2$s.person AND v.attachment = %2$s.attachment) AS k)
            < date_trunc('month', %3$s::timestamp) + interval '1 month'
        OR %2$s.organisation = (SELECT v.organisation FROM %1$I.roster v
            WHERE v.person = %2$s.person AND v.attachment <> %2$s.attachment AND v.mark <> 'excused' AND v.since <= %3$s AND %3$s < v.until AND v.known_from < %2$s.known_from
            ORDER BY v.known_to DESC, v.known_from DESC LIMIT 1))$query$, registry, roster, day);
COMMENT ON FUNCTION osms.restored_in_time(text, text, text) IS
    'condition on a row of the roster that restores another, told by its alias: that its attachment, whatever was corrected of it since, became known before the month of the day (an expression) was over, or that the same organisation had the person on the day until then';

-- What is told under a number that was given up is of the person who remains,
-- and while a merge was not known, or no more since it was undone, it is not.
CREATE FUNCTION osms.merged_query(terms osms.statement_terms) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    aliases CONSTANT regclass := osms.relation_of(terms.registry, 'person_alias');
    merge text;
    merged boolean;
BEGIN
    IF aliases IS NULL OR NOT has_table_privilege(aliases, 'SELECT') THEN
        RETURN NULL;
    END IF;
    merge := format('SELECT y.old, y.new AS person FROM %s y WHERE (y.valid_from IS NULL OR y.valid_from <= %L::date)
        AND (y.undone_at IS NULL OR y.undone_at > %L::timestamptz)', aliases, osms.civil_date(terms.registry, terms.known_at), terms.known_at);
    EXECUTE format('SELECT EXISTS (%s)', merge) INTO merged;
    RETURN CASE WHEN merged THEN format('WITH RECURSIVE merge AS (%s), heir AS (SELECT m.old, m.person FROM merge m
        UNION SELECT h.old, m.person FROM heir h JOIN merge m ON m.old = h.person) SELECT heir.old, heir.person FROM heir', merge) END;
END $$;
COMMENT ON FUNCTION osms.merged_query(osms.statement_terms) IS
    'query for the merges that stand, as known: old, a number that was given up, and person, each whom it leads to; NULL where there are none';

CREATE FUNCTION osms.service_query(terms osms.statement_terms, roster text, from_day date, to_day date) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT format($query$SELECT FROM %1$s s
        WHERE s.person = %2$s.person AND s.organisation = %2$s.organisation AND s.served_on >= %3$L::date AND s.served_on < %4$L::date
          AND %5$s AND (s.denied_at IS NULL OR s.denied_at > %6$L::timestamptz)$query$,
        CASE WHEN merged.query IS NULL THEN format('%I.service', (terms).registry)
             ELSE format('(SELECT x.person, x.organisation, x.served_on, x.known_from, x.denied_at FROM %1$I.service x UNION ALL
                           SELECT h.person, x.organisation, x.served_on, x.known_from, x.denied_at FROM (%2$s) h JOIN %1$I.service x ON x.person = h.old)',
                         (terms).registry, merged.query) END,
        roster, from_day, to_day, osms.known_then('s', quote_literal((terms).known_at) || '::timestamptz'), (terms).known_at)
            FROM osms.merged_query(terms) AS merged (query));
COMMENT ON FUNCTION osms.service_query(osms.statement_terms, text, date, date) IS
    'query for the services that the organisation of a row, told by its alias, gave its person from a day up to, not with, another, as known, denied ones aside';

-- They are found apart and looked up by a hash, so that the roster is read as
-- if there were none.
CREATE FUNCTION osms.restored_counts(terms osms.statement_terms, roster text, day text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN coalesce((terms).restored_late, false) THEN
        format($query$(%2$s.basis <> 'restores' OR (%2$s.attachment, %3$s) NOT IN (SELECT x.attachment, d.day
            FROM %1$I.roster x, unnest(%4$L::date[]) AS d (day)
            WHERE x.basis = 'restores' AND x.since <= d.day AND d.day < x.until AND x.known_from <= %5$L::timestamptz AND %5$L::timestamptz < x.known_to
              AND (%6$s%7$s) IS NOT TRUE))$query$, (terms).registry, roster, day, (terms).days, (terms).known_at,
               osms.restored_in_time((terms).registry, 'x', 'd.day'),
               CASE WHEN ((terms).scheme).restored = 'served' AND osms.relation_of((terms).registry, 'service') IS NOT NULL
                    THEN format(' OR EXISTS (%s)', osms.service_query(terms, 'x', (terms).month, ((terms).month + interval '1 month')::date)) ELSE '' END)
        ELSE 'true' END;
COMMENT ON FUNCTION osms.restored_counts(osms.statement_terms, text, text) IS
    'condition on a row of the roster, told by its alias, and a day of the statement (an expression): that it was not restored after the month to an organisation that had not had the person or, where the scheme says so, that organisation served the person in it';

CREATE FUNCTION osms.check_month(month date) RETURNS void
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF month IS NULL OR NOT isfinite(month) OR extract(day FROM month) <> 1 THEN
        RAISE EXCEPTION 'the month of a statement is told by its first day, not by %', coalesce(to_char(month, 'YYYY-MM-DD'), month::text, 'null')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = CASE WHEN isfinite(month) THEN to_char(month, '"Write" ''YYYY-MM-01''.') ELSE
                         'Write the first day of a month, such as ''2026-01-01''.' END;
    END IF;
END $$;
COMMENT ON FUNCTION osms.check_month(date) IS '22023 for a day that is not the first of a month';

CREATE FUNCTION osms.check_known_at(known_at timestamptz) RETURNS void
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT isfinite(known_at) THEN
        RAISE EXCEPTION 'nothing is known at %', known_at
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave known_at out for what is known now.';
    END IF;
END $$;
COMMENT ON FUNCTION osms.check_known_at(timestamptz) IS '22023 for an infinite moment, at which every version of the roster has ended, or none has begun';

CREATE FUNCTION osms.statement_days(month date, snapshot text) RETURNS date[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE snapshot
        WHEN 'first_day' THEN ARRAY[month]
        WHEN 'last_day' THEN ARRAY[(month + interval '1 month')::date - 1]
        ELSE (SELECT array_agg(month + d ORDER BY d) FROM generate_series(0, (month + interval '1 month')::date - month - 1) AS d) END;
COMMENT ON FUNCTION osms.statement_days(date, text) IS 'days of a month on which heads are counted: last_day, first_day or, by person_days, all';

CREATE FUNCTION osms.statement_terms(registry text, month date, scheme text, known_at timestamptz) RETURNS osms.statement_terms
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    month_end date := month + interval '1 month' - interval '1 day';
    terms osms.statement_terms;
BEGIN
    IF registry IS NULL OR scheme IS NULL OR known_at IS NULL THEN
        RAISE EXCEPTION 'registry, scheme and known_at of a statement must not be null'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    PERFORM osms.check_month(month);
    PERFORM osms.check_known_at(known_at);
    IF to_regnamespace(quote_ident(registry)) IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'Make it with osms.create_registry().';
    ELSIF osms.relation_of(registry, 'roster') IS NULL THEN
        RAISE EXCEPTION 'registry "%" has no roster', registry
            USING ERRCODE = 'undefined_table',
                  HINT = 'The roster comes with osms.create_registry, or with mapping the relation attachment.';
    END IF;
    terms.registry := registry;
    terms.month := month;
    terms.known_at := known_at;
    terms.scheme := osms.scheme_on(scheme, month_end, known_at);
    terms.days := osms.statement_days(month, (terms.scheme).snapshot);
    terms.age_day := CASE (terms.scheme).age_on WHEN 'month_start' THEN month WHEN 'year_start' THEN date_trunc('year', month::timestamp)::date END;
    terms.rate_day := CASE (terms.scheme).rate_on WHEN 'month_start' THEN month ELSE terms.days[cardinality(terms.days)] END;
    terms.uninsured_share := osms.parameter_on('uninsured_share', month_end, known_at)::numeric;
    terms.inactive_share := CASE WHEN (terms.scheme).inactive = 'none' THEN 1 ELSE osms.parameter_on('inactive_share', month_end, known_at)::numeric END;
    terms.insurance_known := false;
    IF (terms.scheme).uninsured = 'reduced' AND terms.uninsured_share < 1 AND osms.relation_of(registry, 'insurance') IS NOT NULL THEN
        terms.insured_month := month - make_interval(months => (terms.scheme).insurance_lag);
        terms.insured_from := CASE (terms.scheme).grace WHEN 'unpaid' THEN terms.insured_month ELSE
            terms.insured_month - make_interval(months => osms.parameter_on('insurance_grace_months', month_end, known_at)::integer) END;
        terms.exempt_categories := osms.parameter_on('insurance_exempt_categories', month_end, known_at)::text[];
        -- in order of months: years of contributions may lie before the first one
        EXECUTE format('SELECT (SELECT true FROM %I.insurance i WHERE i.month >= $1 AND i.month < $2 AND %s ORDER BY i.month LIMIT 1) IS NOT NULL',
                       registry, osms.known_then('i', '$3'))
            INTO terms.insurance_known USING terms.insured_from, terms.insured_month + interval '1 month', known_at;
    END IF;
    IF (terms.scheme).list_limit <> 'none' AND osms.relation_of(registry, 'site') IS NOT NULL THEN
        SELECT array_agg(s.above ORDER BY s.above), array_agg(s.share ORDER BY s.above) INTO terms.norm_above, terms.norm_share
        FROM osms.norm_steps_on(scheme, terms.rate_day, known_at) s;
    END IF;
    IF (terms.scheme).restored <> 'paid' AND osms.relation_of(registry, 'setting') IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.roster r WHERE r.basis = ''restores'' AND r.since <= $1 AND $2 < r.until AND r.known_from <= $3
            AND r.known_from >= (SELECT $4::timestamp AT TIME ZONE s.time_zone FROM %1$I.setting s))', registry)
            INTO terms.restored_late USING month_end, month, known_at, month + interval '1 month';
    END IF;
    RETURN terms;
END $$;
COMMENT ON FUNCTION osms.statement_terms(text, date, text, timestamptz) IS
    'terms of a month of a registry by a scheme, as known at a moment, all of which belong to a payment. 22004 for a NULL, 22023 for a day that is not the first of a month or an infinite moment, 42704 for an unknown scheme, 3F000 for an unknown registry, 42P01 without a roster';

-- Shares of some persons need not be looked up for everybody.
CREATE FUNCTION osms.chosen(persons text, relation text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE persons WHEN '' THEN '' ELSE format(' AND %s.person IN (SELECT chosen.person FROM %s AS chosen)', relation, persons) END;
COMMENT ON FUNCTION osms.chosen(text, text) IS
    'condition, to be added to others, on a row told by its alias: that its person is in a relation of the query; empty for no relation, an empty string';

-- What the contributions of persons say, and the norm of each site. Of
-- several rows for a month the one known last counts, told without a sort: at
-- one moment paid (2) comes before unpaid (1), and that before not known (0).
CREATE FUNCTION osms.insured_among(terms osms.statement_terms, condition text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT format($query$
        SELECT i.person, CASE WHEN %6$s & 3 = 2%7$s THEN 'paid' WHEN %6$s & 3 = 1 THEN 'unpaid' END AS insurance
        FROM %1$I.insurance i
        WHERE i.month >= %3$L::date AND i.month < %4$L::date AND %5$s
        GROUP BY i.person$query$,
            (terms).registry, (terms).insured_month, (terms).insured_from, ((terms).insured_month + interval '1 month')::date,
            osms.known_then('i', quote_literal((terms).known_at) || '::timestamptz') || condition,
            format('max(osms.as_known(i.known_from, CASE WHEN i.paid OR i.category = ANY (%L::text[]) THEN 2 WHEN NOT i.paid THEN 1 ELSE 0 END)) FILTER (WHERE i.month >= %L::date)',
                   (terms).exempt_categories, (terms).insured_month),
            string_agg(format(' OR max(osms.as_known(i.known_from, CASE WHEN i.paid THEN 2 ELSE 0 END)) FILTER (WHERE i.month >= %L::date AND i.month < %L::date) & 3 = 2',
                              m::date, (m + interval '1 month')::date), '' ORDER BY m))
        FROM (SELECT NULL::timestamp UNION ALL
              SELECT generate_series((terms).insured_from::timestamp, (terms).insured_month - interval '1 month', '1 month')) AS grace (m));
COMMENT ON FUNCTION osms.insured_among(osms.statement_terms, text) IS
    'osms.insured_query of the numbers that meet a condition on the contribution i, each by itself; called by osms.insured_query';

CREATE FUNCTION osms.insured_query(terms osms.statement_terms, persons text DEFAULT '') RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT CASE WHEN merged.query IS NULL THEN osms.insured_among(terms, osms.chosen(persons, 'i')) ELSE format($query$
        SELECT n.person, min(n.insurance) AS insurance
        FROM (SELECT own.person, own.insurance FROM (%1$s) AS own
              UNION ALL SELECT h.person, given.insurance FROM (%2$s) AS h JOIN (%3$s) AS given ON given.person = h.old WHERE true%4$s) AS n
        GROUP BY n.person$query$,
            osms.insured_among(terms, osms.chosen(persons, 'i')), merged.query,
            osms.insured_among(terms, format(' AND i.person IN (SELECT h.old FROM (%s) AS h)', merged.query)), osms.chosen(persons, 'h')) END
            FROM osms.merged_query(terms) AS merged (query));
COMMENT ON FUNCTION osms.insured_query(osms.statement_terms, text) IS
    'query for person and insurance, of everybody or of the persons in a relation of the query: paid (a contribution in the month looked at or by grace, or an exempt category), unpaid, NULL = not known; of several rows for a number and month the one known last counts, and of several numbers of a person one that is paid';

CREATE FUNCTION osms.norm_query(terms osms.statement_terms) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$
        SELECT DISTINCT ON (s.organisation, s.site) s.organisation, s.site, s.norm
        FROM %1$I.site s
        WHERE s.valid_from <= %2$L::date AND %3$s
        ORDER BY s.organisation, s.site, s.valid_from DESC, s.known_from DESC NULLS LAST$query$,
        (terms).registry, (terms).rate_day, osms.known_then('s', quote_literal((terms).known_at) || '::timestamptz'));
COMMENT ON FUNCTION osms.norm_query(osms.statement_terms) IS 'query for organisation, site and norm (persons) in force, as known';

-- A key that is text is ordered by its bytes, so that no collation decides
-- who is paid.
CREATE FUNCTION osms.tie_breaker(registry text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT 'r.attachment' || CASE WHEN a.attcollation <> 0 THEN ' COLLATE "C"' ELSE '' END
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = osms.relation_of(registry, 'roster') AND a.attname = 'attachment' AND NOT a.attisdropped);
COMMENT ON FUNCTION osms.tie_breaker(text) IS 'expression that orders the attachments of a roster of a registry';

CREATE FUNCTION osms.reduces(terms osms.statement_terms) RETURNS boolean
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (terms).norm_above IS NOT NULL OR
           (terms).insured_month IS NOT NULL AND ((terms).insurance_known OR ((terms).scheme).insurance_unknown = 'reduced');
COMMENT ON FUNCTION osms.reduces(osms.statement_terms) IS 'whether somebody may count with a share below 1 in the month itself';

CREATE FUNCTION osms.share_columns(terms osms.statement_terms, uninsured text, list_share text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$CASE WHEN %1$s THEN CASE %3$L WHEN 'lower' THEN least(%4$s, %2$s) ELSE %4$s * %2$s END ELSE %2$s END AS share,
           nullif(concat_ws(', ', CASE WHEN %1$s THEN 'uninsured' END, CASE WHEN %2$s < 1 THEN 'over_norm' END), '') AS reason$query$,
        uninsured, list_share, ((terms).scheme).both_reductions, coalesce((terms).uninsured_share, 1));
COMMENT ON FUNCTION osms.share_columns(osms.statement_terms, text, text) IS
    'columns share and reason of a person, made by the terms from two expressions: whether contributions are wanting, and the share by the norm of the list';

-- What never applies is written as a constant, which the planner takes out.
CREATE FUNCTION osms.member_query(terms osms.statement_terms, spans boolean DEFAULT false, persons text DEFAULT '') RETURNS text
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
                         (SELECT array_agg((coalesce(terms.age_day, d.day) - interval '128 years')::date ORDER BY d.day) FROM unnest(terms.days) AS d (day)));
        day := 'counted.day';
        first_day := day;
        last_day := day;
        too_old := 'counted.too_old';
    END IF;
    placed := format('(r.sex IS NOT NULL AND r.birth_date > %s AND r.birth_date <= %s)', too_old, day);
    IF terms.insurance_known THEN
        source := format('%s LEFT JOIN (%s) AS insured ON insured.person = r.person', source, osms.insured_query(terms, persons));
        insurance := 'insured.insurance';
    END IF;
    IF terms.insured_month IS NOT NULL THEN
        uninsured := CASE scheme.insurance_unknown WHEN 'full' THEN format('coalesce(%s = ''unpaid'', false)', insurance)
                     ELSE format('coalesce(%s <> ''paid'', true)', insurance) END;
    END IF;
    IF terms.norm_above IS NOT NULL THEN
        source := format('%s LEFT JOIN (%s) AS norm ON norm.organisation = r.organisation AND norm.site = r.site', source, osms.norm_query(terms));
        SELECT format('CASE %s ELSE 1 END', string_agg(
                   format('WHEN %1$s AND norm.norm * %2$s < 100 * row_number() OVER (PARTITION BY r.organisation, r.site, %5$s, %1$s ORDER BY r.since, %3$s) THEN %4$s',
                          placed, s.above, osms.tie_breaker(terms.registry), s.share, day), ' ' ORDER BY s.above DESC))
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
        CASE WHEN spans THEN format('greatest(r.since, %s) AS from_day, least(r.until, %s + 1) AS to_day', first_day, last_day) ELSE day || ' AS day' END,
        CASE WHEN spans THEN 'NULL::boolean' ELSE placed END, insurance, osms.share_columns(terms, 'm.uninsured', 'm.list_share'), uninsured, list_share, source, terms.known_at,
        CASE scheme.suspect WHEN 'paid' THEN '<> ''excused''' ELSE '= ''counted''' END, last_day, first_day, osms.restored_counts(terms, 'r', day),
        -- the norm of a list counts everybody on it
        CASE WHEN terms.norm_above IS NULL THEN osms.chosen(persons, 'r') ELSE '' END);
END $$;
COMMENT ON FUNCTION osms.member_query(osms.statement_terms, boolean, text) IS
    'query for the persons who count by the terms of a statement, a row for each day on which they do (in spans: a row for all days, from_day up to to_day, exclusive, instead of day, and placed is not told; where only the persons in a relation of the query matter, it may leave out others): attachment, person, organisation, site, since, birth_date, sex, mark, day, placed (whether birth date and sex give a place in a pyramid, NULL for want of a birth date; who has none is listed and not paid for), insurance (paid, unpaid, NULL = not known or not asked), uninsured, list_share, share, reason (NULL, uninsured, over_norm, or both with a comma)';

-- Days are counted in spans, from one row of the roster, unless the norm of a
-- list is another one each day, or somebody may count on some days only.
CREATE FUNCTION osms.counted_in_spans(terms osms.statement_terms) RETURNS boolean
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN cardinality((terms).days) > 1 AND (terms).norm_above IS NULL AND NOT coalesce((terms).restored_late, false);
COMMENT ON FUNCTION osms.counted_in_spans(osms.statement_terms) IS 'whether osms.tally_query reads a row of the roster once for all days on which it counts';

-- Rows are grouped by what is cheap to compare and whose groups the planner
-- can count, so that they are hashed and never sorted: whether a person is
-- reduced, not by how much and why.
CREATE FUNCTION osms.tally_query(terms osms.statement_terms) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
DECLARE
    spans boolean := osms.counted_in_spans(terms);
    uninsured text := CASE WHEN terms.insured_month IS NOT NULL AND osms.reduces(terms) THEN 'm.uninsured' END;
    list_share text := CASE WHEN terms.norm_above IS NOT NULL THEN 'm.list_share' END;
    placed text := CASE WHEN spans THEN 'm.sex IS NOT NULL AND isfinite(m.birth_date)' ELSE 'm.placed' END;
    counted text := CASE WHEN spans THEN format('osms.pyramid_days(m.birth_date, m.sex, m.from_day, m.to_day, %L::date)', terms.age_day)
                         WHEN terms.age_day IS NULL THEN 'osms.pyramid(m.birth_date, m.sex, m.day)'
                         ELSE format('osms.pyramid(m.birth_date, m.sex, greatest(%L::date, m.birth_date))', terms.age_day) END;
    pyramid text := format('%s FILTER (WHERE %s)', counted, placed);
BEGIN
    RETURN format($query$
    SELECT m.organisation::text AS organisation, %1$s, %2$s AS unknown, %3$s AS listed, %4$s AS pyramid
    FROM (%5$s) AS m
    GROUP BY %6$s$query$,
        osms.share_columns(terms, coalesce(uninsured, 'false'), coalesce(list_share, '1::numeric')),
        CASE WHEN terms.insured_month IS NULL THEN '0::bigint'
             WHEN NOT terms.insurance_known THEN format('osms.heads(%s)', pyramid)
             WHEN spans THEN format('osms.heads(%s FILTER (WHERE %s AND m.insurance IS NULL))', counted, placed)
             ELSE 'count(*) FILTER (WHERE m.placed AND m.insurance IS NULL)' END,
        CASE WHEN spans THEN 'sum(m.to_day - m.from_day)' ELSE 'count(*)' END,
        pyramid, osms.member_query(terms, spans), concat_ws(', ', 'm.organisation', uninsured, list_share));
END $$;
COMMENT ON FUNCTION osms.tally_query(osms.statement_terms) IS
    'query for the heads of each organisation by share and reason, which passes over the roster once: organisation, share, reason, unknown (heads of whom no contribution is known), listed, pyramid of those placed';

CREATE FUNCTION osms.statement_persons(registry text, month date, scheme text DEFAULT 'illustrative', known_at timestamptz DEFAULT osms.known_now())
    RETURNS TABLE (organisation text, person text, attachment text, site text, since date, birth_date date, sex osms.sex, mark text, day date,
                   placed boolean, insurance text, share numeric, reason text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 1000000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
DECLARE
    terms osms.statement_terms := osms.statement_terms(registry, month, scheme, known_at);
BEGIN
    RETURN QUERY EXECUTE format('SELECT m.organisation::text, m.person::text, m.attachment::text, m.site, m.since, m.birth_date, m.sex, m.mark, m.day,
        coalesce(m.placed, false), m.insurance, m.share, m.reason FROM (%s) AS m', osms.member_query(terms));
END $$;
COMMENT ON FUNCTION osms.statement_persons(text, date, text, timestamptz) IS
    'who stands behind the heads of a statement: a row for every person on the roster on the day counted (by person-days, on every such day), with share of the rate and reason where it is below 1; placed is false for persons without sex or usable birth date, who are not paid for. Errors as osms.statement_terms';

CREATE FUNCTION osms.person_days(registry text, from_day date, to_day date, scheme text DEFAULT 'illustrative', known_at timestamptz DEFAULT osms.known_now())
    RETURNS TABLE (organisation text, listed bigint, pyramid osms.pyramid)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
    SET jit = off
AS $$
DECLARE
    terms osms.statement_terms;
BEGIN
    IF NOT (isfinite(from_day) AND isfinite(to_day)) OR from_day >= to_day THEN
        RAISE EXCEPTION 'days from % up to % are none', from_day, to_day
            USING ERRCODE = 'invalid_parameter_value', HINT = 'The last day is the one before the second date.';
    END IF;
    terms := osms.statement_terms(registry, date_trunc('month', to_day - interval '1 day')::date, scheme, known_at);
    terms.days := (SELECT array_agg(d::date ORDER BY d) FROM generate_series(from_day, to_day - 1, interval '1 day') AS d);
    terms.age_day := NULL;
    terms.insured_month := NULL;
    terms.insurance_known := false;
    terms.norm_above := NULL;
    terms.restored_late := false;
    RETURN QUERY EXECUTE format('SELECT t.organisation, t.listed, t.pyramid FROM (%s) AS t ORDER BY t.organisation COLLATE "C"', osms.tally_query(terms));
END $$;
COMMENT ON FUNCTION osms.person_days(text, date, date, text, timestamptz) IS
    'days of persons on the roster of each organisation from a day up to, not with, another: all, and by age on each day and sex those who can be placed; the parts of a span sum to the whole. 22023 for a span without days, otherwise errors as osms.statement_terms';


--
-- terms: all that the payment of a month depends on besides the registry.
-- Everything about money begins here.
-- Queries carry days and moments as literals, so whoever runs one writes dates
-- as ISO does: other styles name a zone by letters that are read as another's.
--
CREATE TYPE osms_internal.statement_terms AS (
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
COMMENT ON TYPE osms_internal.statement_terms IS
    'what a statement of a month is made by: scheme, days and the parameters in force, as known at a moment';
COMMENT ON COLUMN osms_internal.statement_terms.registry IS 'name of the registry';
COMMENT ON COLUMN osms_internal.statement_terms.month IS 'first day of the month';
COMMENT ON COLUMN osms_internal.statement_terms.known_at IS 'moment as of which everything is known';
COMMENT ON COLUMN osms_internal.statement_terms.scheme IS 'properties of the scheme in force';
COMMENT ON COLUMN osms_internal.statement_terms.days IS 'days on which heads are counted: one, or by person-days all of the month';
COMMENT ON COLUMN osms_internal.statement_terms.age_day IS 'day on which the age is taken; NULL = the day on which the head is counted';
COMMENT ON COLUMN osms_internal.statement_terms.rate_day IS 'day on which region, class, contract, coefficients and tables are read';
COMMENT ON COLUMN osms_internal.statement_terms.uninsured_share IS 'share of a person without contributions';
COMMENT ON COLUMN osms_internal.statement_terms.insured_month IS 'month whose contributions are looked at; NULL = nobody is asked';
COMMENT ON COLUMN osms_internal.statement_terms.insured_from IS
    'first month in which a contribution still covers the insured_month by grace';
COMMENT ON COLUMN osms_internal.statement_terms.exempt_categories IS 'categories that pay nothing and are never reduced';
COMMENT ON COLUMN osms_internal.statement_terms.insurance_known IS 'whether any contribution of these months was known';
COMMENT ON COLUMN osms_internal.statement_terms.norm_above IS
    'steps for lists over the norm of their site: percent of the norm, ascending; NULL = nobody is reduced';
COMMENT ON COLUMN osms_internal.statement_terms.norm_share IS 'share from each step on';
COMMENT ON COLUMN osms_internal.statement_terms.inactive_share IS
    'share, for this month, of a person not served in the year; 1 = not reduced';
COMMENT ON COLUMN osms_internal.statement_terms.restored_late IS
    'whether an attachment that restores another became known after the month, so that its persons may not count';

-- An attachment that restores another may become known when the months it
-- restores are over: the earlier organisation did not have the person then,
-- unless it is the one that had lost the person. Few rows are asked, which the
-- index roster_restored finds.
CREATE FUNCTION osms_internal.restored_in_time(registry text, roster text, day text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$((SELECT min(k.known_from) AT TIME ZONE min(s.time_zone)
            FROM %1$I.setting s, (SELECT v.known_from FROM %1$I.roster v WHERE v.attachment = %2$s.attachment AND v.basis = 'restores'
                  UNION ALL SELECT v.known_from FROM %1$I.roster v WHERE v.person = %2$s.person AND v.attachment = %2$s.attachment) AS k)
            < date_trunc('month', %3$s::timestamp) + interval '1 month'
        OR %2$s.organisation = (SELECT v.organisation FROM %1$I.roster v
            WHERE v.person = %2$s.person AND v.attachment <> %2$s.attachment AND v.mark <> 'excused' AND v.since <= %3$s AND %3$s < v.until
                AND v.known_from < %2$s.known_from
            ORDER BY v.known_to DESC, v.known_from DESC LIMIT 1))$query$, registry, roster, day);
COMMENT ON FUNCTION osms_internal.restored_in_time(text, text, text) IS
'condition on a row of the roster that restores another, told by its alias
that its attachment, whatever was corrected of it since, became known before the month of the day (an expression) was over, or
that the same organisation had the person on the day until then';

-- What is told under a number that was given up is of the person who remains,
-- and while a merge was not known, or no more since it was undone, it is not.
CREATE FUNCTION osms_internal.merged_query(terms osms_internal.statement_terms) RETURNS text
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
    merge := format('SELECT y.old, y.new AS person FROM %1$s y WHERE (y.valid_from IS NULL OR y.valid_from <= %2$L::date)
        AND (y.undone_at IS NULL OR y.undone_at > %3$L::timestamptz) AND %4$s', aliases,
            osms_internal.civil_date(terms.registry, terms.known_at), terms.known_at,
        osms_internal.known_then('y', quote_literal(terms.known_at) || '::timestamptz'));
    EXECUTE format('SELECT EXISTS (%s)', merge) INTO merged;
    RETURN CASE WHEN merged THEN format('WITH RECURSIVE merge AS (%s), heir AS (SELECT m.old, m.person FROM merge m
        UNION SELECT h.old, m.person FROM heir h JOIN merge m ON m.old = h.person) SELECT heir.old, heir.person FROM heir', merge) END;
END $$;
COMMENT ON FUNCTION osms_internal.merged_query(osms_internal.statement_terms) IS
'query for the merges that stand, as known: old, a number that was given up, and person, each whom it leads to
NULL where there are none';

CREATE FUNCTION osms_internal.service_query(terms osms_internal.statement_terms, roster text, from_day date, to_day date) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT format($query$SELECT FROM %1$s s
        WHERE s.person = %2$s.person AND s.organisation = %2$s.organisation AND s.served_on >= %3$L::date AND s.served_on < %4$L::date
          AND %5$s AND (s.denied_at IS NULL OR s.denied_at > %6$L::timestamptz)$query$,
        CASE WHEN merged.query IS NULL THEN format('%I.service', (terms).registry)
             ELSE format('(SELECT x.person, x.organisation, x.served_on, x.known_from, x.denied_at FROM %1$I.service x UNION ALL
                           SELECT h.person, x.organisation, x.served_on, x.known_from, x.denied_at FROM (%2$s) h
                           JOIN %1$I.service x ON x.person = h.old)',
                         (terms).registry, merged.query) END,
        roster, from_day, to_day, osms_internal.known_then('s', quote_literal((terms).known_at) || '::timestamptz'), (terms).known_at)
            FROM osms_internal.merged_query(terms) AS merged (query));
COMMENT ON FUNCTION osms_internal.service_query(osms_internal.statement_terms, text, date, date) IS
'query for the services that the organisation of a row, told by its alias, gave its person from a day up to, not with, another,
as known, denied ones aside';

-- They are found apart and looked up by a hash, so that the roster is read as
-- if there were none.
CREATE FUNCTION osms_internal.restored_counts(terms osms_internal.statement_terms, roster text, day text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN coalesce((terms).restored_late, false) THEN
        format($query$(%2$s.basis <> 'restores' OR (%2$s.attachment, %3$s) NOT IN (SELECT x.attachment, d.day
            FROM %1$I.roster x, unnest(%4$L::date[]) AS d (day)
            WHERE x.basis = 'restores' AND x.since <= d.day AND d.day < x.until AND x.known_from <= %5$L::timestamptz
                AND %5$L::timestamptz < x.known_to
              AND (%6$s%7$s) IS NOT TRUE))$query$, (terms).registry, roster, day, (terms).days, (terms).known_at,
               osms_internal.restored_in_time((terms).registry, 'x', 'd.day'),
               CASE WHEN ((terms).scheme).restored = 'served' AND osms.relation_of((terms).registry, 'service') IS NOT NULL
                    THEN format(' OR EXISTS (%s)',
                                osms_internal.service_query(terms, 'x', (terms).month, ((terms).month + interval '1 month')::date))
                                    ELSE '' END)
        ELSE 'true' END;
COMMENT ON FUNCTION osms_internal.restored_counts(osms_internal.statement_terms, text, text) IS
'condition on a row of the roster, told by its alias, and a day of the statement (an expression)
that it was not restored after the month to an organisation that had not had the person or, where the scheme says so, that
organisation served the person in it';

CREATE FUNCTION osms_internal.check_month(month date) RETURNS void
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF month IS NULL OR NOT isfinite(month) OR extract(day FROM month) <> 1 THEN
        RAISE EXCEPTION 'the month of a statement is told by its first day, not by %',
            coalesce(to_char(month, 'YYYY-MM-DD'), month::text, 'null')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = CASE WHEN isfinite(month) THEN to_char(month, '"Write" ''YYYY-MM-01''.') ELSE
                         'Write the first day of a month, such as ''2026-01-01''.' END;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_month(date) IS '22023 for a day that is not the first of a month';

CREATE FUNCTION osms_internal.check_known_at(known_at timestamptz) RETURNS void
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT isfinite(known_at) THEN
        RAISE EXCEPTION 'nothing is known at %', known_at
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave known_at out for what is known now.';
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_known_at(timestamptz) IS
    '22023 for an infinite moment, at which every version of the roster has ended, or none has begun';

CREATE FUNCTION osms_internal.statement_days(month date, snapshot text) RETURNS date[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE snapshot
        WHEN 'first_day' THEN ARRAY[month]
        WHEN 'last_day' THEN ARRAY[(month + interval '1 month')::date - 1]
        ELSE (SELECT array_agg(month + d ORDER BY d) FROM generate_series(0, (month + interval '1 month')::date - month - 1) AS d) END;
COMMENT ON FUNCTION osms_internal.statement_days(date, text) IS
    'days of a month on which heads are counted: last_day, first_day or, by person_days, all';

CREATE FUNCTION osms_internal.statement_terms(registry text, month date, scheme text, known_at timestamptz)
    RETURNS osms_internal.statement_terms
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    month_end date := month + interval '1 month' - interval '1 day';
    terms osms_internal.statement_terms;
BEGIN
    IF registry IS NULL OR scheme IS NULL OR known_at IS NULL THEN
        RAISE EXCEPTION 'registry, scheme and known_at of a statement must not be null'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    PERFORM osms_internal.check_month(month);
    PERFORM osms_internal.check_known_at(known_at);
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
    terms.days := osms_internal.statement_days(month, (terms.scheme).snapshot);
    terms.age_day := CASE (terms.scheme).age_on WHEN 'month_start' THEN month WHEN 'year_start'
        THEN date_trunc('year', month::timestamp)::date END;
    terms.rate_day := CASE (terms.scheme).rate_on WHEN 'month_start' THEN month ELSE terms.days[cardinality(terms.days)] END;
    terms.uninsured_share := osms.parameter_on('uninsured_share', month_end, known_at)::numeric;
    terms.inactive_share := CASE WHEN (terms.scheme).inactive = 'none' THEN 1
        ELSE osms.parameter_on('inactive_share', month_end, known_at)::numeric END;
    terms.insurance_known := false;
    IF (terms.scheme).uninsured = 'reduced' AND terms.uninsured_share < 1 AND osms.relation_of(registry, 'insurance') IS NOT NULL THEN
        terms.insured_month := month - make_interval(months => (terms.scheme).insurance_lag);
        terms.insured_from := CASE (terms.scheme).grace WHEN 'unpaid' THEN terms.insured_month ELSE
            terms.insured_month - make_interval(months => osms.parameter_on('insurance_grace_months', month_end, known_at)::integer) END;
        terms.exempt_categories := osms.parameter_on('insurance_exempt_categories', month_end, known_at)::text[];
        -- in order of months: years of contributions may lie before the first one
        EXECUTE format('SELECT (SELECT true FROM %I.insurance i WHERE i.month >= $1 AND i.month < $2 AND %s '
            'ORDER BY i.month LIMIT 1) IS NOT NULL',
                       registry, osms_internal.known_then('i', '$3'))
            INTO terms.insurance_known USING terms.insured_from, terms.insured_month + interval '1 month', known_at;
    END IF;
    IF (terms.scheme).list_limit <> 'none' AND osms.relation_of(registry, 'site') IS NOT NULL THEN
        SELECT array_agg(s.above ORDER BY s.above), array_agg(s.share ORDER BY s.above) INTO terms.norm_above, terms.norm_share
        FROM osms.norm_steps_on(scheme, terms.rate_day, known_at) s;
    END IF;
    IF (terms.scheme).restored <> 'paid' AND osms.relation_of(registry, 'setting') IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.roster r WHERE r.basis = ''restores'' AND r.since <= $1 AND $2 < r.until '
            'AND r.known_from <= $3
            AND r.known_from >= (SELECT $4::timestamp AT TIME ZONE s.time_zone FROM %1$I.setting s))', registry)
            INTO terms.restored_late USING month_end, month, known_at, month + interval '1 month';
    END IF;
    RETURN terms;
END $$;
COMMENT ON FUNCTION osms_internal.statement_terms(text, date, text, timestamptz) IS
'terms of a month of a registry by a scheme, as known at a moment, all of which belong to a payment
22004 for a NULL, 22023 for a day that is not the first of a month or an infinite moment, 42704 for an unknown scheme, 3F000 for
an unknown registry, 42P01 without a roster';

-- Shares of some persons need not be looked up for everybody.
CREATE FUNCTION osms_internal.chosen(persons text, relation text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE persons WHEN '' THEN '' ELSE format(' AND %s.person IN (SELECT chosen.person FROM %s AS chosen)', relation, persons) END;
COMMENT ON FUNCTION osms_internal.chosen(text, text) IS
'condition, to be added to others, on a row told by its alias: that its person is in a relation of the query
empty for no relation, an empty string';

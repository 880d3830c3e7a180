
--
-- unpaid: everybody a statement does not pay for, and residents no clinic has.
--
CREATE FUNCTION osms_internal.unpaid_query(terms osms_internal.statement_terms) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$
WITH member AS (
    SELECT m.person, min(m.organisation::text) AS organisation, bool_or(m.placed AND m.share > 0 AND h.organisation IS NULL) AS paid,
           min(CASE WHEN m.sex IS NULL THEN 'no_sex'
                    WHEN m.birth_date IS NULL OR NOT isfinite(m.birth_date) THEN 'no_birth_date'
                    WHEN NOT m.placed THEN 'birth_date'
                    WHEN h.organisation IS NOT NULL THEN 'organisation_held: ' || h.held_because
                    WHEN m.share = 0 THEN m.reason END) AS reason
    FROM (%1$s) AS m
    LEFT JOIN (SELECT l.organisation, l.held_because FROM unnest($1) AS l
               WHERE l.status = 'held') AS h ON h.organisation = m.organisation::text
    GROUP BY m.person
), listed AS (
    SELECT r.person, min(r.organisation::text) AS organisation, max(%8$s) AS mark
    FROM %2$I.roster r
    WHERE r.since <= %3$L::date AND %4$L::date < r.until AND r.known_from <= %5$L::timestamptz AND %5$L::timestamptz < r.known_to
      AND EXISTS (SELECT FROM unnest(%6$L::date[]) AS d (day) WHERE r.since <= d.day AND d.day < r.until)
    GROUP BY r.person
), person AS (%7$s)
SELECT person::text, coalesce(m.organisation, l.organisation),
       coalesce(m.reason, l.mark,
                CASE WHEN p.birth_date > %3$L::date THEN 'unborn' WHEN p.death_date < %4$L::date THEN 'dead'
                     WHEN p.stay_until < %4$L::date THEN 'stay_ended' ELSE 'not_attached' END)
FROM person p
FULL JOIN member m USING (person)
LEFT JOIN listed l USING (person)
WHERE m.paid IS DISTINCT FROM true$query$,
        osms_internal.member_query(terms), (terms).registry, (SELECT max(d) FROM unnest((terms).days) d), (terms).days[1],
            (terms).known_at, (terms).days,
        CASE WHEN osms.relation_of((terms).registry, 'person') IS NULL
             THEN format('SELECT NULL::%s AS person, NULL::date AS birth_date, NULL::date AS death_date, NULL::date AS stay_until '
                 'WHERE false',
                         osms_internal.column_type(osms.relation_of((terms).registry, 'roster'), 'person'))
             ELSE format('SELECT p.person, p.birth_date, p.death_date, p.stay_until FROM %I.person p', (terms).registry) END,
        CASE WHEN coalesce((terms).restored_late, false)
             THEN format('CASE WHEN r.mark %s AND NOT EXISTS (SELECT FROM unnest(%L::date[]) AS d (day) WHERE r.since <= d.day '
                 'AND d.day < r.until AND %s) THEN ''restored_not_served'' ELSE r.mark END',
                         CASE ((terms).scheme).suspect WHEN 'paid' THEN '<> ''excused''' ELSE '= ''counted''' END, (terms).days,
                             osms_internal.restored_counts(terms, 'r', 'd.day')) ELSE 'r.mark' END);
COMMENT ON FUNCTION osms_internal.unpaid_query(osms_internal.statement_terms) IS
    'query for person, organisation and reason of everybody a statement does not pay for; $1 its lines';

CREATE FUNCTION osms.unpaid(registry text, month date, scheme text DEFAULT 'illustrative',
                            known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (person text, organisation text, reason text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 100000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
    SET jit = off
AS $$
DECLARE
    terms osms_internal.statement_terms := osms_internal.statement_terms(registry, month, scheme, known_at);
BEGIN
    RETURN QUERY EXECUTE osms_internal.unpaid_query(terms) USING osms_internal.earned_lines(terms);
END $$;
COMMENT ON FUNCTION osms.unpaid(text, date, text, timestamptz) IS
'every person of the registry for whom the statement of a month pays nothing, with the first of these reasons that holds
no_sex, no_birth_date, birth_date (in the future or over 127 years ago), organisation_held and why, over_norm (where that leaves
no share), suspect or excused (the attachment is, and is not paid), restored_not_served (the attachment restores another, became
known after the month and, by the scheme, is not paid for it), unborn, dead, stay_ended, not_attached. With the persons of
osms.statement_persons who are placed, have a share and whose organisation is not held, these are all. Errors as
osms_internal.statement_terms';

CREATE FUNCTION osms.unattached(registry text, day date, known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (person text, region text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 10000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    residence text := 'NULL';
BEGIN
    PERFORM osms_internal.need_arguments('unattached', jsonb_build_object('registry', registry, 'day', day, 'known_at', known_at));
    PERFORM osms_internal.check_reader(registry);
    PERFORM osms_internal.check_known_at(known_at);
    IF osms.relation_of(registry, 'person') IS NULL OR osms.relation_of(registry, 'roster') IS NULL THEN
        RAISE EXCEPTION 'registry "%" has no relation "%"', registry,
                CASE WHEN osms.relation_of(registry, 'person') IS NULL THEN 'person' ELSE 'roster' END
            USING ERRCODE = 'undefined_table', HINT = 'Who is attached nowhere is told by comparing the relation person with the roster.';
    END IF;
    IF osms.relation_of(registry, 'residence') IS NOT NULL THEN
        residence := format('(SELECT s.region FROM %I.residence s WHERE s.person = p.person AND s.valid_from <= $1 '
            'ORDER BY s.valid_from DESC, s.kind, s.region LIMIT 1)', registry);
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT p.person::text, coalesce(%2$s, p.region)
        FROM %1$I.person p
        WHERE (p.birth_date <= $1 OR p.birth_date IS NULL) AND (p.death_date >= $1 OR p.death_date IS NULL)
            AND (p.stay_until >= $1 OR p.stay_until IS NULL)
          AND NOT EXISTS (SELECT FROM %1$I.roster r WHERE r.person = p.person AND r.since <= $1 AND $1 < r.until AND r.known_from <= $2
                          AND $2 < r.known_to)$query$,
        registry, residence) USING day, known_at;
END $$;
COMMENT ON FUNCTION osms.unattached(text, date, timestamptz) IS
'residents no clinic has
persons alive, born and allowed to stay on a day who are on no roster, as known at the moment, with the region of their latest
residence or of the person; 3F000 for an unknown registry, 42501 for one that may not be read, 42P01 without the relation person
or a roster';

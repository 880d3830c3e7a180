
--
-- statement: the month's money, a line for every organisation
--
CREATE TYPE osms.statement_line AS (
    organisation text,
    region text,
    class text,
    heads bigint,
    pyramid osms.pyramid,
    coefficient numeric,
    factors jsonb,
    rate numeric,
    amount numeric,
    status text,
    held_because text,
    persons_held bigint,
    illustrative boolean
);
COMMENT ON TYPE osms.statement_line IS 'a line of a statement, for one organisation';
COMMENT ON COLUMN osms.statement_line.organisation IS 'key of the organisation, as text';
COMMENT ON COLUMN osms.statement_line.region IS 'its region on the day of the snapshot';
COMMENT ON COLUMN osms.statement_line.class IS 'its class on that day, such as urban or rural';
COMMENT ON COLUMN osms.statement_line.heads IS 'persons paid for';
COMMENT ON COLUMN osms.statement_line.pyramid IS 'these persons by age and sex';
COMMENT ON COLUMN osms.statement_line.coefficient IS 'age-sex coefficient Kav, to 6 digits; the rate is not computed from it but from the exact quotient';
COMMENT ON COLUMN osms.statement_line.factors IS 'coefficients Ki of the organisation by kind';
COMMENT ON COLUMN osms.statement_line.rate IS 'tenge per person';
COMMENT ON COLUMN osms.statement_line.amount IS 'tenge; NULL while the line is held';
COMMENT ON COLUMN osms.statement_line.status IS 'ok or held';
COMMENT ON COLUMN osms.statement_line.held_because IS
    'what is missing, with commas between: no_heads, no_weight, no_status (region and class), no_rate, no_contract, no_factor (a coefficient without value)';
COMMENT ON COLUMN osms.statement_line.persons_held IS
    'persons listed but not paid for: without sex, or without a birth date that gives an age from 0 to 127';
COMMENT ON COLUMN osms.statement_line.illustrative IS 'scheme or base rate is made up';

CREATE FUNCTION osms.statement_query(registry text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    has_status boolean := to_regclass(format('%I.organisation_status', registry)) IS NOT NULL;
    has_contract boolean := to_regclass(format('%I.contract', registry)) IS NOT NULL;
    has_coefficient boolean := to_regclass(format('%I.coefficient', registry)) IS NOT NULL;
BEGIN
    IF to_regnamespace(quote_ident(registry)) IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'Make it with osms.create_registry().';
    ELSIF to_regclass(format('%I.roster', registry)) IS NULL THEN
        RAISE EXCEPTION 'registry "%" has no roster', registry
            USING ERRCODE = 'undefined_table',
                  HINT = 'The roster comes with osms.create_registry, or with mapping the relation attachment.';
    END IF;

    RETURN format($query$
WITH tally AS (
    SELECT r.organisation::text AS organisation, count(*) AS listed,
           osms.pyramid(r.birth_date, r.sex, $1)
               FILTER (WHERE r.sex IS NOT NULL AND r.birth_date > $2 AND r.birth_date <= $1) AS pyramid
    FROM %1$I.roster r
    WHERE r.since <= $1 AND $1 < r.until AND r.known_from <= $4 AND $4 < r.known_to
      AND r.mark IN ('counted', 'suspect')
    GROUP BY r.organisation
), status AS (%2$s
), contract AS (%3$s
), factor AS (%4$s
), factors AS (
    SELECT f.organisation, jsonb_object_agg(f.kind, f.value ORDER BY f.kind) AS factors,
           sum(f.value - 1) AS excess, bool_or(f.value IS NULL) AS incomplete
    FROM factor f
    GROUP BY f.organisation
), base AS (
    SELECT d.region, d.class, b.rate, b.illustrative
    FROM (SELECT DISTINCT s.region, s.class FROM status s) AS d,
         LATERAL osms.base_rate_on($3, d.region, d.class, $1, $4) AS b
), weight AS MATERIALIZED (
    SELECT w.* FROM osms.weights_on($3, $1, $4) w WHERE w.age_to > w.age_from OR w.age_to IS NULL
), hole AS MATERIALIZED (
    SELECT u.* FROM osms.uncovered($3, $1, $4) u
), weighed AS MATERIALIZED (
    SELECT t.organisation, t.pyramid, t.listed, h.heads,
           (SELECT sum(w.weight * osms.heads(t.pyramid, w.age_from, w.age_to, w.sex)) FROM weight w) AS weighted,
           EXISTS (SELECT FROM hole u WHERE osms.heads(t.pyramid, u.age, u.age + 1, u.sex) <> 0) AS unweighted
    FROM tally t, LATERAL (SELECT osms.heads(t.pyramid)) AS h (heads)
), line AS (
    SELECT w.organisation, s.region, s.class, w.heads, w.pyramid,
           CASE WHEN NOT w.unweighted THEN osms.round_quotient(w.weighted, nullif(w.heads, 0), 6) END AS coefficient,
           coalesce(f.factors, '{}') AS factors,
           CASE WHEN NOT w.unweighted AND NOT coalesce(f.incomplete, false) THEN
               osms.round_quotient(b.rate * (w.weighted + w.heads * coalesce(f.excess, 0)), nullif(w.heads, 0), $5)
           END AS rate,
           array_to_string(ARRAY[
               CASE WHEN w.heads = 0 THEN 'no_heads' END,
               CASE WHEN w.unweighted THEN 'no_weight' END,
               CASE WHEN s.class IS NULL THEN 'no_status' END,
               CASE WHEN s.class IS NOT NULL AND b.rate IS NULL THEN 'no_rate' END,
               CASE WHEN c.organisation IS NULL AND $7 THEN 'no_contract' END,
               CASE WHEN f.incomplete THEN 'no_factor' END], ', ') AS reasons,
           w.listed - w.heads AS persons_held,
           $8 OR coalesce(b.illustrative, false) AS illustrative
    FROM weighed w
    LEFT JOIN status s ON s.organisation = w.organisation
    LEFT JOIN base b ON b.class = s.class AND b.region IS NOT DISTINCT FROM s.region
    LEFT JOIN contract c ON c.organisation = w.organisation
    LEFT JOIN factors f ON f.organisation = w.organisation
)
SELECT array_agg(ROW(l.organisation, l.region, l.class, l.heads, l.pyramid, l.coefficient, l.factors, l.rate,
                     CASE WHEN l.reasons = '' THEN round(l.rate * l.heads, $6) END,
                     CASE WHEN l.reasons = '' THEN 'ok' ELSE 'held' END,
                     nullif(l.reasons, ''), l.persons_held, l.illustrative)::osms.statement_line
                 ORDER BY l.organisation COLLATE "C"),
       bool_or(l.illustrative)
FROM line l$query$,
        registry,
        CASE WHEN has_status THEN format($part$
    SELECT DISTINCT ON (1) s.organisation::text AS organisation, s.region, s.class
    FROM %I.organisation_status s
    WHERE s.valid_from <= $1
    ORDER BY 1, s.valid_from DESC$part$, registry)
        ELSE $part$
    SELECT NULL::text AS organisation, NULL::text AS region, NULL::text AS class WHERE false$part$ END,
        CASE WHEN has_contract THEN format($part$
    SELECT DISTINCT c.organisation::text AS organisation
    FROM %I.contract c
    WHERE c.valid_from <= $1 AND ($1 < c.valid_to OR c.valid_to IS NULL)$part$, registry)
        ELSE $part$
    SELECT NULL::text AS organisation WHERE false$part$ END,
        CASE WHEN has_coefficient THEN format($part$
    SELECT DISTINCT ON (1, 2) k.organisation::text AS organisation, k.kind, k.value
    FROM %I.coefficient k
    WHERE k.valid_from <= $1 AND (k.known_from <= $4 OR k.known_from IS NULL)
    ORDER BY 1, 2, k.valid_from DESC, k.known_from DESC NULLS LAST$part$, registry)
        ELSE $part$
    SELECT NULL::text AS organisation, NULL::text AS kind, NULL::numeric AS value WHERE false$part$ END);
END $$;
COMMENT ON FUNCTION osms.statement_query(text) IS
    'the query behind osms.statement for a registry, which passes over its roster once: $1 day of the snapshot, $2 last birth date of somebody too old for a pyramid, $3 scheme, $4 known at, $5 and $6 digits of rate and amount, $7 whether contracts are asked for, $8 whether the scheme is illustrative; 3F000 without such a schema, 42P01 without a roster';

CREATE FUNCTION osms.statement(registry text, month date, scheme text DEFAULT 'illustrative', known_at timestamptz DEFAULT statement_timestamp())
    RETURNS SETOF osms.statement_line
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    day date := month + interval '1 month' - interval '1 day';
    properties osms.scheme;
    lines osms.statement_line[];
    made_up boolean;
    complete boolean := true;
BEGIN
    IF registry IS NULL OR scheme IS NULL OR known_at IS NULL THEN
        RAISE EXCEPTION 'registry, scheme and known_at of a statement must not be null'
            USING ERRCODE = 'null_value_not_allowed';
    ELSIF month IS NULL OR NOT isfinite(month) OR extract(day FROM month) <> 1 THEN
        RAISE EXCEPTION 'the month of a statement is told by its first day, not by %', coalesce(to_char(month, 'YYYY-MM-DD'), month::text, 'null')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = CASE WHEN isfinite(month) THEN to_char(month, '"Write" ''YYYY-MM-01''.') ELSE
                         'Write the first day of a month, such as ''2026-01-01''.' END;
    END IF;
    properties := osms.scheme_on(scheme, day, known_at);
    IF properties.combination <> 'add' THEN
        RAISE EXCEPTION 'combination "%" of scheme "%" is not supported by the statement', properties.combination, scheme
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Use a scheme that adds its coefficients.';
    END IF;

    EXECUTE osms.statement_query(registry) INTO lines, made_up
        USING day, (day - interval '128 years')::date, scheme, known_at,
              properties.rate_rounding, properties.amount_rounding,
              to_regclass(format('%I.contract', registry)) IS NOT NULL, properties.illustrative;
    IF to_regclass(format('%I.setting', registry)) IS NOT NULL THEN
        EXECUTE format('SELECT roster_complete FROM %I.setting', registry) INTO complete;
    END IF;
    IF NOT complete THEN
        RAISE WARNING 'the roster of registry "%" is not complete', registry
            USING HINT = format('CALL osms.fill_roster(%L) first: who is not on the roster is not paid for.', registry);
    END IF;
    IF made_up THEN
        RAISE WARNING 'the statement of % by scheme "%" uses illustrative rates', to_char(month, 'YYYY-MM'), scheme
            USING HINT = 'Load the tables of the order into osms.scheme, osms.scheme_weight and osms.base_rate.';
    END IF;
    RETURN QUERY SELECT l.* FROM unnest(lines) AS l;
END $$;
COMMENT ON FUNCTION osms.statement(text, date, text, timestamptz) IS
    'a line for every organisation with persons on the roster of the registry on the last day of the month, as known at the moment: heads (persons), Kav, rate B*(Kav + sum(Ki - 1)) and amount (tenge); what lacks something is held and says why, without harm to the rest; one WARNING when anything used is illustrative, and one when the roster is not complete. A coefficient without known_from counts as always known. 22023 for a day that is not the first of a month, 42704 for an unknown scheme, 0A000 for one that multiplies, 3F000 for an unknown registry, 42P01 without a roster';

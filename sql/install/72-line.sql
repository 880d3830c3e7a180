
--
-- statement line: the month's money, a line for every organisation.
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
    suspect bigint,
    insurance_unknown bigint,
    reduced jsonb,
    shares numeric,
    earned numeric,
    inactive bigint,
    inactive_cut numeric,
    inactive_rest numeric,
    contract_amount numeric,
    carried_in numeric,
    cap_cut numeric,
    amount numeric,
    status text,
    held_because text,
    persons_held bigint,
    illustrative boolean,
    marks jsonb
);
COMMENT ON TYPE osms.statement_line IS
    'a line of a statement, for one organisation; where the scheme counts person-days, a head is a day of a person';
COMMENT ON COLUMN osms.statement_line.organisation IS 'key of the organisation, as text';
COMMENT ON COLUMN osms.statement_line.region IS 'its region on the day on which rates are read';
COMMENT ON COLUMN osms.statement_line.class IS 'its class on that day, such as urban or rural';
COMMENT ON COLUMN osms.statement_line.heads IS 'persons paid for';
COMMENT ON COLUMN osms.statement_line.pyramid IS 'these persons by age and sex';
COMMENT ON COLUMN osms.statement_line.coefficient IS
'age-sex coefficient Kav, to 6 digits
the rate is computed from the exact quotient, unless the scheme has coefficient_rounding';
COMMENT ON COLUMN osms.statement_line.factors IS 'coefficients Ki of the organisation by kind';
COMMENT ON COLUMN osms.statement_line.rate IS 'tenge per person and month; to 12 digits where the scheme does not round it';
COMMENT ON COLUMN osms.statement_line.suspect IS
    'heads under suspicion among those listed; they are paid, unless the scheme says otherwise';
COMMENT ON COLUMN osms.statement_line.insurance_unknown IS 'heads of whom no contribution is known, either way; NULL = nobody was asked';
COMMENT ON COLUMN osms.statement_line.reduced IS 'heads paid at a share below 1, by reason: uninsured, over_norm, or both with a comma';
COMMENT ON COLUMN osms.statement_line.shares IS 'sum of the shares of all heads; heads, where nobody is reduced';
COMMENT ON COLUMN osms.statement_line.earned IS
'tenge: rate times shares (by person-days, divided by the days of the month), before December and cap
NULL while the line is held';
COMMENT ON COLUMN osms.statement_line.inactive IS 'persons not served here in the year, in December';
COMMENT ON COLUMN osms.statement_line.inactive_cut IS 'tenge taken back in December for them, for all months of the year that count';
COMMENT ON COLUMN osms.statement_line.inactive_rest IS 'tenge of it that the month could not bear; for the ledger';
COMMENT ON COLUMN osms.statement_line.contract_amount IS 'tenge: yearly amount of the contract; NULL = no limit';
COMMENT ON COLUMN osms.statement_line.carried_in IS 'tenge that the contract did not allow in earlier months of the year';
COMMENT ON COLUMN osms.statement_line.cap_cut IS
    'tenge that the contract does not allow now, carried_in included; carried on where the scheme says so';
COMMENT ON COLUMN osms.statement_line.amount IS
    'tenge to be paid: earned - inactive_cut + inactive_rest + carried_in - cap_cut; NULL while the line is held';
COMMENT ON COLUMN osms.statement_line.status IS 'ok or held';
COMMENT ON COLUMN osms.statement_line.held_because IS
'what is missing, with commas between
no_heads, no_weight, no_status (region and class), no_rate (none, or coefficients that leave less than nothing), no_contract,
no_factor (a coefficient whose value is missing, infinite or below zero)';
COMMENT ON COLUMN osms.statement_line.persons_held IS
    'persons listed but not paid for: without sex, or without a birth date that gives an age from 0 to 127';
COMMENT ON COLUMN osms.statement_line.illustrative IS 'something the line was computed from is made up';
COMMENT ON COLUMN osms.statement_line.marks IS
'what is illustrative (scheme, weights, rate, norm_steps, factors by kind) and which coefficient names no_act or an unknown_act,
which osms.act does not have
empty when all is well';

-- Each optional relation, or nothing in its place.
CREATE FUNCTION osms_internal.status_query(registry text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN osms.relation_of(registry, 'organisation_status') IS NULL
        THEN 'SELECT NULL::text AS organisation, NULL::text AS region, NULL::text AS class WHERE false'
        ELSE format('SELECT DISTINCT ON (1) s.organisation::text AS organisation, s.region, s.class
            FROM %I.organisation_status s WHERE s.valid_from <= $1 AND %s
            ORDER BY 1, s.valid_from DESC, s.known_from DESC NULLS LAST', registry, osms_internal.known_then('s', '$3')) END;
COMMENT ON FUNCTION osms_internal.status_query(text) IS
    'query for region and class of each organisation in force on the day $1, as known at $3';

-- What is said last of a contract holds, its end too.
CREATE FUNCTION osms_internal.contract_query(registry text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN osms.relation_of(registry, 'contract') IS NULL
        THEN 'SELECT NULL::text AS organisation, NULL::numeric AS yearly_amount WHERE false'
        ELSE format('SELECT DISTINCT ON (1) c.organisation::text AS organisation, c.yearly_amount
            FROM (SELECT DISTINCT ON (k.organisation, k.valid_from) k.* FROM %I.contract k WHERE k.valid_from <= $1 AND %s
                  ORDER BY k.organisation, k.valid_from, k.known_from DESC NULLS LAST) AS c
            WHERE $1 < c.valid_to OR c.valid_to IS NULL ORDER BY 1, c.valid_from DESC', registry, osms_internal.known_then('k', '$3')) END;
COMMENT ON FUNCTION osms_internal.contract_query(text) IS
    'query for the contract of each organisation in force on the day $1, as known at $3';

CREATE FUNCTION osms_internal.factor_query(registry text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN osms.relation_of(registry, 'coefficient') IS NULL
        THEN 'SELECT NULL::text AS organisation, NULL::text AS kind, NULL::numeric AS value, NULL::date AS valid_from, NULL::text AS act, '
            'NULL::text AS point, NULL::text AS tag, NULL::text AS mark WHERE false'
        ELSE format('SELECT DISTINCT ON (1, 2) k.organisation::text AS organisation, k.kind, k.value, k.valid_from, k.act, %3$s,
                CASE WHEN k.act IS NULL THEN ''no_act'' WHEN k.act = ''osms:illustrative'' THEN ''illustrative''
                     WHEN k.act NOT IN (SELECT a.act FROM osms.act a) THEN ''unknown_act'' END AS mark
            FROM %1$I.coefficient k WHERE k.valid_from <= $1 AND %2$s
            ORDER BY 1, 2, k.valid_from DESC, k.known_from DESC NULLS LAST', registry, osms_internal.known_then('k', '$3'),
            (SELECT string_agg(CASE WHEN a.attname IS NULL THEN 'NULL::text AS ' ELSE 'k.' END || c.name, ', ' ORDER BY c.name)
             FROM unnest('{point,tag}'::name[]) AS c (name)
             LEFT JOIN pg_attribute a ON a.attrelid = osms.relation_of(registry, 'coefficient') AND a.attname = c.name)) END;
COMMENT ON FUNCTION osms_internal.factor_query(text) IS
'query for the coefficients of each organisation in force on the day $1, as known at $3
a table made by hand may lack point and tag';

CREATE FUNCTION osms_internal.suspect_query(terms osms_internal.statement_terms) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$
    SELECT r.organisation::text AS organisation, count(*) AS suspect
    FROM unnest(%2$L::date[]) AS d (day) JOIN %1$I.roster r ON r.since <= d.day AND d.day < r.until
    WHERE r.mark = 'suspect' AND r.known_from <= %3$L::timestamptz AND %3$L::timestamptz < r.known_to AND %4$s
    GROUP BY r.organisation$query$,
        (terms).registry, CASE ((terms).scheme).suspect WHEN 'paid' THEN (terms).days ELSE '{}' END, (terms).known_at,
            osms_internal.restored_counts(terms, 'r', 'd.day'));
COMMENT ON FUNCTION osms_internal.suspect_query(osms_internal.statement_terms) IS
'query for the heads under suspicion of each organisation
a few rows, which the index roster_suspect finds, so that all others need not be asked';

CREATE FUNCTION osms_internal.statement_query(terms osms_internal.statement_terms) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$
WITH grouped AS MATERIALIZED (
    SELECT g.*, osms.heads(g.pyramid) AS heads FROM (%1$s) AS g
), tally AS (
    SELECT g.organisation, sum(g.listed)::bigint AS listed, osms.sum(g.pyramid) AS pyramid,
           sum(g.heads)::bigint AS heads, sum(g.share * g.heads) AS shares, sum(g.unknown)::bigint AS unknown, %6$s AS basis
    FROM grouped g
    GROUP BY g.organisation
), reduced AS (
    SELECT r.organisation, jsonb_object_agg(r.reason, r.heads ORDER BY r.reason) AS reduced
    FROM (SELECT g.organisation, g.reason, sum(g.heads) AS heads FROM grouped g WHERE g.reason IS NOT NULL AND g.heads > 0
          GROUP BY 1, 2) AS r
    GROUP BY r.organisation
), suspect AS (%5$s
), status AS (%2$s), contract AS (%3$s), factor AS (%4$s
), factors AS (
    SELECT f.organisation, jsonb_object_agg(f.kind, f.value ORDER BY f.kind) AS factors,
           sum(f.value - 1) AS excess, osms.product(f.value) AS product,
               bool_or(f.value IS NULL OR f.value < 0 OR f.value >= 'Infinity') AS incomplete,
           jsonb_object_agg(f.kind, f.mark ORDER BY f.kind) FILTER (WHERE f.mark IS NOT NULL) AS marks,
               bool_or(f.mark = 'illustrative') AS illustrative
    FROM factor f
    GROUP BY f.organisation
), base AS (
    SELECT d.region, d.class, b.rate, b.illustrative
    FROM (SELECT DISTINCT s.region, s.class FROM status s) AS d,
         LATERAL osms.base_rate_on($2, d.region, d.class, $1, $3) AS b
), weight AS MATERIALIZED (
    SELECT w.* FROM osms.weights_on($2, $1, $3) w WHERE w.age_to > w.age_from OR w.age_to IS NULL
), hole AS MATERIALIZED (
    SELECT u.* FROM osms_internal.uncovered($2, $1, $3) u
), made_up AS MATERIALIZED (
    SELECT ($4).illustrative OR ($4).act = 'osms:illustrative' AS scheme,
        coalesce((SELECT bool_or(w.act = 'osms:illustrative') FROM weight w), false) AS weights,
           $6 AND coalesce((SELECT bool_or(s.illustrative) FROM osms.norm_steps_on($2, $1, $3) s), false) AS norm_steps
), weighed AS MATERIALIZED (
    SELECT t.*, osms.heads(t.basis) AS divisor,
           (SELECT sum(w.weight * osms.heads(t.basis, w.age_from, w.age_to, w.sex)) FROM weight w) AS weighted,
           EXISTS (SELECT FROM hole u WHERE osms.heads(t.basis, u.age, u.age + 1, u.sex) <> 0) AS unweighted
    FROM tally t
), part AS (
    -- the rate is B * (numerator + divisor * excess) / divisor or B * numerator * product / divisor
    SELECT w.*, s.region, s.class, b.rate AS base, b.illustrative AS base_made_up, f.factors, f.marks, f.illustrative AS factor_made_up,
        f.incomplete,
           coalesce(f.excess, 0) AS excess, coalesce(f.product, 1) AS product, r.reduced, coalesce(u.suspect, 0) AS suspect,
               c.yearly_amount, c.organisation IS NULL AS no_contract,
           q.numerator, CASE WHEN ($4).coefficient_rounding IS NULL THEN nullif(w.divisor, 0) ELSE 1 END AS denominator
    FROM weighed w
    LEFT JOIN status s ON s.organisation = w.organisation
    LEFT JOIN base b ON b.class = s.class AND b.region IS NOT DISTINCT FROM s.region
    LEFT JOIN contract c ON c.organisation = w.organisation
    LEFT JOIN factors f ON f.organisation = w.organisation
    LEFT JOIN reduced r ON r.organisation = w.organisation
    LEFT JOIN suspect u ON u.organisation = w.organisation,
    LATERAL (SELECT CASE WHEN w.unweighted THEN NULL WHEN ($4).coefficient_rounding IS NULL THEN w.weighted
                         ELSE osms.round_quotient(w.weighted, nullif(w.divisor, 0), ($4).coefficient_rounding) END) AS q (numerator)
), rated AS (
    SELECT p.*, x.dividend, osms.round_quotient(x.dividend, p.denominator, coalesce(($4).rate_rounding, 12)) AS rate,
           array_to_string(ARRAY[
               CASE WHEN p.divisor = 0 THEN 'no_heads' END,
               CASE WHEN p.unweighted THEN 'no_weight' END,
               CASE WHEN p.class IS NULL THEN 'no_status' END,
               CASE WHEN p.class IS NOT NULL AND p.base IS NULL OR x.dividend < 0 THEN 'no_rate' END,
               CASE WHEN p.no_contract AND $5 OR p.yearly_amount = 'NaN' THEN 'no_contract' END,
               CASE WHEN p.incomplete THEN 'no_factor' END], ', ') AS reasons
    FROM part p,
    LATERAL (SELECT CASE WHEN p.incomplete THEN NULL
                         WHEN ($4).combination = 'add' THEN p.base * (p.numerator + p.denominator * p.excess)
                         ELSE p.base * p.numerator * p.product END) AS x (dividend)
), line AS (
    SELECT r.*, CASE WHEN r.reasons <> '' THEN NULL
                     WHEN ($4).rate_rounding IS NULL
                         THEN osms.round_quotient(r.dividend * r.shares, r.denominator * $7, ($4).amount_rounding)
                     ELSE osms.round_quotient(r.rate * r.shares, $7, ($4).amount_rounding) END AS earned,
           m.scheme OR m.weights OR m.norm_steps OR coalesce(r.base_made_up, false) OR coalesce(r.factor_made_up, false) AS made_up,
           jsonb_strip_nulls(jsonb_build_object('scheme', CASE WHEN m.scheme THEN 'illustrative' END, 'weights', CASE WHEN m.weights
                                                THEN 'illustrative' END,
               'norm_steps', CASE WHEN m.norm_steps THEN 'illustrative' END, 'rate', CASE WHEN r.base_made_up THEN 'illustrative' END,
                   'factors', r.marks)) AS all_marks
    FROM rated r, made_up m
)
SELECT array_agg(ROW(l.organisation, l.region, l.class, l.heads, l.pyramid,
                     CASE WHEN NOT l.unweighted
                         THEN osms.round_quotient(l.weighted, nullif(l.divisor, 0), coalesce(($4).coefficient_rounding, 6)) END,
                     coalesce(l.factors, '{}'), l.rate, l.suspect, CASE WHEN $8 THEN l.unknown END, coalesce(l.reduced, '{}'), l.shares,
                         l.earned,
                     NULL, NULL, NULL, l.yearly_amount, NULL, NULL, NULL, CASE WHEN l.reasons = '' THEN 'ok'
                         ELSE 'held' END, nullif(l.reasons, ''),
                     l.listed - l.heads, l.made_up, l.all_marks)::osms.statement_line
                 ORDER BY l.organisation COLLATE "C")
FROM line l$query$,
        osms_internal.tally_query(terms), osms_internal.status_query((terms).registry), osms_internal.contract_query((terms).registry),
            osms_internal.factor_query((terms).registry),
        osms_internal.suspect_query(terms),
        CASE ((terms).scheme).coefficient_over WHEN 'all' THEN 'osms.sum(g.pyramid)'
            ELSE 'osms.sum(g.pyramid) FILTER (WHERE g.share = 1)' END);
COMMENT ON FUNCTION osms_internal.statement_query(osms_internal.statement_terms) IS
'the query behind osms_internal.earned_lines
$1 day on which rates are read, $2 name of the scheme, $3 known at, $4 the scheme, $5 whether contracts are asked for, $6
whether lists over the norm are, $7 days counted, $8 whether contributions are asked for';

-- Long queries of few rows at the end: compiling them costs more than it gives.
CREATE FUNCTION osms_internal.earned_lines(terms osms_internal.statement_terms) RETURNS osms.statement_line[]
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
    SET jit = off
AS $$
DECLARE
    lines osms.statement_line[];
BEGIN
    EXECUTE osms_internal.statement_query(terms) INTO lines
        USING terms.rate_day, (terms.scheme).scheme, terms.known_at, terms.scheme, osms.relation_of(terms.registry, 'contract') IS NOT NULL,
              terms.norm_above IS NOT NULL, cardinality(terms.days), terms.insured_month IS NOT NULL;
    RETURN coalesce(lines, '{}');
END $$;
COMMENT ON FUNCTION osms_internal.earned_lines(osms_internal.statement_terms) IS
'the lines of a statement as far as one month tells
everything up to earned, before what December takes back and the contract caps';

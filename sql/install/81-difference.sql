
--
-- difference: two statements of a registry compared, of a month as known at
-- two moments or of two months. The way from one amount to the other is taken
-- step by step, always in the same order; each step is a cause, and what
-- rounding leaves over is the last.
--
CREATE TYPE osms_internal.difference AS (
    organisation text,
    "position" integer,
    cause text,
    persons bigint,
    amount numeric
);
COMMENT ON TYPE osms_internal.difference IS 'what one cause makes of the difference between two lines of an organisation';
COMMENT ON COLUMN osms_internal.difference.organisation IS 'key of the organisation, as text';
COMMENT ON COLUMN osms_internal.difference."position" IS 'place of the cause in the fixed order';
COMMENT ON COLUMN osms_internal.difference.cause IS
'died, left, moved_out, new, moved_in, age_or_sex, insurance, coefficient, rate, inactive, cap, rounding
held where one of the two lines is held';
COMMENT ON COLUMN osms_internal.difference.persons IS 'heads more or less';
COMMENT ON COLUMN osms_internal.difference.amount IS 'tenge more or less';

CREATE FUNCTION osms_internal.unrounded_amount(combination text, base numeric, excess numeric, product numeric, weighted numeric,
                                               heads numeric, shares numeric, days integer)
    RETURNS numeric
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN coalesce(div(base * shares * CASE combination WHEN 'add' THEN weighted + heads * excess ELSE weighted * product END * 1e12,
                        nullif(heads, 0) * days) * 1e-12, 0);
COMMENT ON FUNCTION osms_internal.unrounded_amount(text, numeric, numeric, numeric, numeric, numeric, numeric, integer) IS
'tenge for heads (persons, or person-days over so many days) of so many shares, by base rate and coefficients (sum of Ki - 1,
product of Ki), with neither Kav nor rate rounded: cut off after 12 digits
0 without heads';

-- How a person of a statement is read: the day on which the age is taken, and
-- the share, which is only asked for where somebody may be reduced.
CREATE FUNCTION osms_internal.age_on(terms osms_internal.statement_terms, person text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (terms).age_day IS NULL THEN format('%s.day', person)
                ELSE format('least(greatest(%L::date, %2$s.birth_date), %2$s.day)', (terms).age_day, person) END;
COMMENT ON FUNCTION osms_internal.age_on(osms_internal.statement_terms, text) IS
    'expression for the day on which the age of a row, told by its alias, is taken';

CREATE FUNCTION osms_internal.shares_join(terms osms_internal.statement_terms, person text, persons text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN osms_internal.reduces(terms) THEN
        format('LEFT JOIN (%1$s) AS share ON (share.person, share.organisation, share.attachment, share.day) = (%2$s.person, '
            '%2$s.organisation, %2$s.attachment, %2$s.day)',
               osms_internal.member_query(terms, persons => persons), person) ELSE '' END;
COMMENT ON FUNCTION osms_internal.shares_join(osms_internal.statement_terms, text, text) IS
'join that gives the persons of a query, told by its alias, who are all in the relation persons of the query, their share by the
terms
empty where nobody is reduced';

-- Rows of the roster that are in one of the two statements and not in the
-- other. A row that ended because it was corrected in place pairs with its
-- successor: that is neither a coming nor a going.
CREATE FUNCTION osms_internal.moves_query(a osms_internal.statement_terms, b osms_internal.statement_terms) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    registry text := a.registry;
    -- a day that only one of them has is nobody's coming or going
    common integer := least(cardinality(a.days), cardinality(b.days));
    -- of two views of the same days only rows that changed in between can differ
    changed text := CASE WHEN a.days = b.days AND (a.scheme).suspect = (b.scheme).suspect AND (a.scheme).restored = (b.scheme).restored
        THEN format('(r.known_from > %L::timestamptz OR r.known_to <= %L::timestamptz%s) AND', least(a.known_at, b.known_at),
                    greatest(a.known_at, b.known_at),
                    -- and those restored late, of whom a service may tell
                    CASE WHEN a.restored_late OR b.restored_late THEN ' OR r.basis = ''restores''' END) ELSE '' END;
    death text := CASE WHEN osms.relation_of(registry, 'person') IS NULL THEN 'false' ELSE
        format('EXISTS (SELECT FROM %I.person p WHERE p.person = m.person AND p.death_date < m.day_b)', registry) END;
    -- a join with one row of constants is none, and the roster is read from end to end; where a nested loop is left,
    -- the price on nested loops hides that reading it through an index costs more
    days text := CASE WHEN cardinality(a.days) = 1 AND cardinality(b.days) = 1
        THEN format('(SELECT %L::date, %L::date, 1::bigint)', a.days[1], b.days[1])
        ELSE format('unnest(%L::date[], %L::date[]) WITH ORDINALITY', a.days[:common], b.days[:common]) END;
    has_death boolean := EXISTS (SELECT FROM pg_attribute WHERE attrelid = osms.relation_of(registry, 'person') AND attname = 'death_date');
BEGIN
    RETURN format($query$
    side AS MATERIALIZED (
        SELECT r.person, r.organisation, r.attachment, r.birth_date, r.sex, d.a AS day_a, d.b AS day_b, d.n AS nth, i.was,
               row_number() OVER (PARTITION BY r.person, r.organisation, d.n, i.was ORDER BY r.attachment) AS copy
        FROM %1$I.roster r, %2$s AS d (a, b, n),
             LATERAL (SELECT coalesce(%3$s, false), coalesce(%4$s, false)) AS i (was, "is")
        WHERE %5$s i.was <> i."is"
    ), alone AS (
        SELECT s.*, CASE WHEN s.was THEN s.day_a ELSE s.day_b END AS day,
               count(*) OVER (PARTITION BY s.person, s.organisation, s.nth, s.copy) AS twins
        FROM side s
    ), moved AS (
        SELECT l.*, bool_or(l.was) OVER p AND bool_or(NOT l.was) OVER p AS moved
        FROM alone l WHERE l.twins = 1 WINDOW p AS (PARTITION BY l.person, l.nth)
    ), move AS (
        SELECT m.organisation::text AS organisation, CASE WHEN m.moved THEN 3 WHEN %6$s THEN 1 ELSE 2 END AS "position",
               %7$s AS placed, %8$s AS share, m.birth_date, m.sex, %9$s AS age_day
        FROM moved m %10$s WHERE m.was
        UNION ALL
        SELECT m.organisation::text, CASE WHEN m.moved THEN 5 ELSE 4 END, %11$s, %12$s, m.birth_date, m.sex, %13$s
        FROM moved m %14$s WHERE NOT m.was
    )$query$,
        registry, days, osms_internal.on_roster(a, 'r', 'd.a'), osms_internal.on_roster(b, 'r', 'd.b'), changed, CASE WHEN has_death
            THEN death ELSE 'false' END,
        osms_internal.placed(a, 'm', 'm.day'), CASE WHEN osms_internal.reduces(a) THEN 'coalesce(share.share, 1)' ELSE '1::numeric' END,
            osms_internal.age_on(a, 'm'), osms_internal.shares_join(a, 'm', 'side'),
        osms_internal.placed(b, 'm', 'm.day'), CASE WHEN osms_internal.reduces(b) THEN 'coalesce(share.share, 1)' ELSE '1::numeric' END,
            osms_internal.age_on(b, 'm'), osms_internal.shares_join(b, 'm', 'side'));
END $$;
COMMENT ON FUNCTION osms_internal.moves_query(osms_internal.statement_terms, osms_internal.statement_terms) IS
'common table expressions, the last of which is move
who is in the first statement only (position 1 died, 2 left, 3 moved_out) or in the second only (4 new, 5 moved_in), with
organisation, placed, share, birth_date, sex and age_day';

CREATE FUNCTION osms_internal.difference(a osms_internal.statement_terms, lines_a osms.statement_line[], b osms_internal.statement_terms,
                                         lines_b osms.statement_line[])
    RETURNS SETOF osms_internal.difference
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
    SET enable_nestloop = off -- nobody knows how many rows the steps have before they are there
    SET jit = off
AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
    WITH %1$s, weight_a AS MATERIALIZED (
        SELECT w.* FROM osms.weights_on(($1.scheme).scheme, $1.rate_day, $1.known_at) w WHERE w.age_to > w.age_from OR w.age_to IS NULL
    ), weight_b AS MATERIALIZED (
        SELECT w.* FROM osms.weights_on(($3.scheme).scheme, $3.rate_day, $3.known_at) w WHERE w.age_to > w.age_from OR w.age_to IS NULL
    ), step AS (
        SELECT t.organisation, t."position", t.heads, t.shares,
               (SELECT coalesce(sum(w.weight * osms.heads(t.pyramid, w.age_from, w.age_to, w.sex)), 0) FROM weight_a w) AS weighted
        FROM (SELECT m.organisation, m."position", CASE WHEN m."position" > 3 THEN 1 ELSE -1 END * count(*) AS heads,
                     CASE WHEN m."position" > 3 THEN 1 ELSE -1 END * sum(m.share) AS shares,
                     CASE WHEN m."position" > 3 THEN osms.pyramid(m.birth_date, m.sex, m.age_day)
                          ELSE '{}'::osms.pyramid OPERATOR(osms.-) osms.pyramid(m.birth_date, m.sex, m.age_day) END AS pyramid
              FROM move m WHERE m.placed GROUP BY m.organisation, m."position") AS t
    ), pair AS MATERIALIZED (
        SELECT organisation, coalesce(a.heads, 0) AS heads_a, coalesce(b.heads, 0) AS heads_b, coalesce(a.shares, 0) AS shares_a,
            coalesce(b.shares, 0) AS shares_b,
               coalesce(a.excess, b.excess) AS excess_a, coalesce(b.excess, a.excess) AS excess_b,
               coalesce(a.product, b.product) AS product_a, coalesce(b.product, a.product) AS product_b,
               coalesce(a.base, b.base) AS base_a, coalesce(b.base, a.base) AS base_b,
               (SELECT coalesce(sum(w.weight * osms.heads(a.pyramid, w.age_from, w.age_to, w.sex)), 0) FROM weight_a w) AS weighted_a,
               (SELECT coalesce(sum(w.weight * osms.heads(b.pyramid, w.age_from, w.age_to, w.sex)), 0) FROM weight_a w) AS weighted_ab,
               (SELECT coalesce(sum(w.weight * osms.heads(b.pyramid, w.age_from, w.age_to, w.sex)), 0) FROM weight_b w) AS weighted_b,
               coalesce(b.inactive_rest - b.inactive_cut, 0) - coalesce(a.inactive_rest - a.inactive_cut, 0) AS inactive,
               coalesce(b.carried_in - b.cap_cut, 0) - coalesce(a.carried_in - a.cap_cut, 0) AS cap,
               coalesce(b.amount, 0) - coalesce(a.amount, 0) AS amount, coalesce(a.status = 'held', false)
                   OR coalesce(b.status = 'held', false) AS held
        FROM (SELECT l.*, r.rate AS base, f.excess, f.product
              FROM unnest($2) l, LATERAL osms.base_rate_on(($1.scheme).scheme, l.region, l.class, $1.rate_day, $1.known_at) r,
                   LATERAL (SELECT coalesce(sum(f.value::numeric - 1), 0) AS excess, osms.product(f.value::numeric) AS product
                            FROM jsonb_each_text(l.factors) AS f) f) AS a
        FULL JOIN (SELECT l.*, r.rate AS base, f.excess, f.product
                   FROM unnest($4) l, LATERAL osms.base_rate_on(($3.scheme).scheme, l.region, l.class, $3.rate_day, $3.known_at) r,
                   LATERAL (SELECT coalesce(sum(f.value::numeric - 1), 0) AS excess, osms.product(f.value::numeric) AS product
                            FROM jsonb_each_text(l.factors) AS f) f) AS b
        USING (organisation)
    ), walk AS (
        -- those who came and went, one cause after the other, at the first statement's tariff
        SELECT p.organisation, 0 AS "position", 0::numeric AS persons, p.heads_a AS heads, p.shares_a AS shares, p.weighted_a AS weighted
        FROM pair p WHERE NOT p.held
        UNION ALL
        SELECT p.organisation, s."position", s.heads, p.heads_a + sum(s.heads) OVER w, p.shares_a + sum(s.shares) OVER w,
            p.weighted_a + sum(s.weighted) OVER w
        FROM step s JOIN pair p USING (organisation) WHERE NOT p.held WINDOW w AS (PARTITION BY p.organisation ORDER BY s."position")
    ), stayed AS (
        SELECT DISTINCT ON (w.organisation) w.organisation, w.heads, w.shares FROM walk w ORDER BY w.organisation, w."position" DESC
    ), point AS (
        SELECT w.organisation, w."position", w.persons,
               osms_internal.unrounded_amount(($1.scheme).combination, p.base_a, p.excess_a, p.product_a, w.weighted, w.heads, w.shares,
                                              cardinality($1.days)) AS amount
        FROM walk w JOIN pair p USING (organisation)
        UNION ALL
        SELECT p.organisation, n."position", n.persons, n.amount
        FROM pair p JOIN stayed s USING (organisation),
             LATERAL (SELECT s.shares + p.heads_b - s.heads AS shares) AS x,
             LATERAL (VALUES
                 (6, p.heads_b - s.heads, osms_internal.unrounded_amount(($1.scheme).combination, p.base_a, p.excess_a, p.product_a,
                                                                         p.weighted_ab, p.heads_b, x.shares, cardinality($3.days))),
                 (7, 0, osms_internal.unrounded_amount(($1.scheme).combination, p.base_a, p.excess_a, p.product_a, p.weighted_ab,
                                                       p.heads_b, p.shares_b, cardinality($3.days))),
                 (8, 0, osms_internal.unrounded_amount(($1.scheme).combination, p.base_a, p.excess_b, p.product_b, p.weighted_ab,
                                                       p.heads_b, p.shares_b, cardinality($3.days))),
                 (9, 0, osms_internal.unrounded_amount(($3.scheme).combination, p.base_b, p.excess_b, p.product_b, p.weighted_b, p.heads_b,
                                                       p.shares_b, cardinality($3.days))))
                 AS n ("position", persons, amount)
    ), cause AS (
        SELECT p.organisation, p."position", p.persons,
               round(p.amount - lag(p.amount) OVER (PARTITION BY p.organisation ORDER BY p."position"),
                     ($3.scheme).amount_rounding) AS amount
        FROM point p
        UNION ALL
        SELECT p.organisation, n."position", 0, n.amount
        FROM pair p, LATERAL (VALUES (10, p.inactive), (11, p.cap)) AS n ("position", amount) WHERE NOT p.held
    ), rest AS (
        SELECT c.organisation, c."position", c.persons, c.amount FROM cause c WHERE c."position" > 0
        UNION ALL
        SELECT p.organisation, 12, 0, p.amount - sum(c.amount)
        FROM pair p JOIN cause c USING (organisation) WHERE c."position" > 0 GROUP BY p.organisation, p.amount
        UNION ALL
        SELECT p.organisation, 13, p.heads_b - p.heads_a, p.amount FROM pair p WHERE p.held
    )
    SELECT r.organisation, r."position",
           (ARRAY['died', 'left', 'moved_out', 'new', 'moved_in', 'age_or_sex', 'insurance', 'coefficient', 'rate', 'inactive', 'cap',
                  'rounding', 'held'])[r."position"],
           r.persons::bigint, r.amount
    FROM rest r WHERE r.persons <> 0 OR r.amount <> 0
    ORDER BY r.organisation COLLATE "C", r."position"$query$, osms_internal.moves_query(a, b)) USING a, lines_a, b, lines_b;
END $$;
COMMENT ON FUNCTION osms_internal.difference(osms_internal.statement_terms, osms.statement_line[], osms_internal.statement_terms,
                                             osms.statement_line[]) IS
'what lies between two statements of a registry, by organisation and cause
each cause at its place in the fixed order is what the amount changes by when it alone is added to those before it; rounding is
the rest, so that amounts sum to the difference of the amounts and persons to that of the heads. An organisation that one of the
two does not have counts as without heads there, one that is held as without amount, with one cause held';

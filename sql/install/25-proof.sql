
--
-- proof: what a proof-reader compares with the printed order, and what the
-- weights leave out.
--
CREATE FUNCTION osms.check_scheme(scheme text, day date DEFAULT NULL, known_at timestamptz DEFAULT osms.known_now())
    RETURNS TABLE (valid_from date, known_from timestamptz, age_from integer, age_to integer, sex osms.sex, finding text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000 ROWS 10
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM osms.scheme s WHERE s.scheme = check_scheme.scheme) THEN
        RAISE EXCEPTION 'no scheme "%"', check_scheme.scheme
            USING ERRCODE = 'undefined_object',
                  HINT = 'Schemes are rows of osms.scheme; SELECT scheme, valid_from FROM osms.scheme lists them.';
    END IF;
    RETURN QUERY
    WITH known AS (
        SELECT DISTINCT w.valid_from, w.known_from
        FROM osms.scheme_weight w
        WHERE w.scheme = check_scheme.scheme AND w.known_from <= check_scheme.known_at
          AND (w.valid_from <= check_scheme.day OR check_scheme.day IS NULL)
        ORDER BY w.valid_from DESC, w.known_from DESC
        LIMIT CASE WHEN check_scheme.day IS NOT NULL THEN 1 END
    ), edition AS (
        SELECT * FROM known
        UNION ALL
        SELECT NULL, NULL WHERE NOT EXISTS (SELECT FROM known)
    ), band AS (
        SELECT w.valid_from, w.known_from, w.age_from::integer AS age_from, w.age_to::integer AS age_to, w.sex, w.weight
        FROM osms.scheme_weight w
        JOIN known k ON k.valid_from = w.valid_from AND k.known_from = w.known_from
        WHERE w.scheme = check_scheme.scheme
    ), cell AS (
        SELECT e.valid_from, e.known_from, s.sex, a.age, count(b.weight) AS weights
        FROM edition e
        CROSS JOIN unnest(enum_range(NULL::osms.sex)) AS s (sex)
        CROSS JOIN generate_series(0, 127) AS a (age)
        LEFT JOIN band b
            ON b.valid_from = e.valid_from AND b.known_from = e.known_from AND b.sex = s.sex
            AND b.age_from <= a.age AND (a.age < b.age_to OR b.age_to IS NULL)
        GROUP BY e.valid_from, e.known_from, s.sex, a.age
        HAVING count(b.weight) <> 1
    ), fault AS (
        SELECT c.*, c.weights > 1 AS overlap,
               c.age - row_number() OVER (PARTITION BY c.valid_from, c.known_from, c.sex, c.weights > 1
                                          ORDER BY c.age) AS island
        FROM cell c
    )
    SELECT f.valid_from, f.known_from, min(f.age), max(f.age) + 1, f.sex,
           CASE WHEN f.overlap THEN 'overlap' ELSE 'gap' END
    FROM fault f
    GROUP BY f.valid_from, f.known_from, f.sex, f.overlap, f.island
    UNION ALL
    SELECT b.valid_from, b.known_from, b.age_from, b.age_to, b.sex, 'reversed'
    FROM band b
    WHERE b.age_to <= b.age_from
    ORDER BY 1, 2, 3, 5, 6;
END $$;
COMMENT ON FUNCTION osms.check_scheme(text, date, timestamptz) IS
    'what is wrong with the weights of a scheme, in the edition in force on the day or, without a day, in every edition: gap, overlap or reversed, with ages (years, age_to exclusive) and sex; no rows prove that every age from 0 to 127 of both sexes has exactly one weight; 42704 for an unknown scheme';

CREATE FUNCTION osms.band_label(age_from integer, age_to integer) RETURNS text
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN CASE WHEN age_to IS NULL THEN age_from || '+' WHEN age_to = age_from + 1 THEN age_from::text
                ELSE age_from || '-' || age_to - 1 END;
COMMENT ON FUNCTION osms.band_label(integer, integer) IS
    'a band of ages (years, age_to exclusive, NULL = open) as people write it: 0, 1-4, 70+';

CREATE FUNCTION osms.load_check(scheme text, day date DEFAULT 'infinity', known_at timestamptz DEFAULT 'infinity')
    RETURNS TABLE (item text, male numeric, female numeric, act text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- an unknown scheme is refused by check_scheme
    RETURN QUERY
    WITH fault AS (
        SELECT f.sex, count(*) AS faults FROM osms.check_scheme(load_check.scheme, load_check.day, load_check.known_at) f GROUP BY f.sex
    ), edition AS (
        SELECT e.valid_from, e.known_from
        FROM osms.scheme_weight e
        WHERE e.scheme = load_check.scheme AND e.valid_from <= load_check.day AND e.known_from <= load_check.known_at
        ORDER BY e.valid_from DESC, e.known_from DESC
        LIMIT 1
    ), band AS (
        SELECT w.age_from::integer AS age_from, w.age_to::integer AS age_to, w.sex, w.weight, w.act
        FROM edition e JOIN osms.scheme_weight w USING (valid_from, known_from)
        WHERE w.scheme = load_check.scheme
    ), line AS (
        SELECT 1 AS part, b.age_from, b.age_to, osms.band_label(b.age_from, b.age_to) AS item,
               sum(b.weight) FILTER (WHERE b.sex = 'male') AS male, sum(b.weight) FILTER (WHERE b.sex = 'female') AS female,
               string_agg(DISTINCT b.act, ', ') AS act
        FROM band b
        GROUP BY b.age_from, b.age_to
        UNION ALL
        SELECT f.part, NULL, NULL, f.item, f.male, f.female, NULL
        FROM (SELECT count(*) FILTER (WHERE b.sex = 'male') AS bands_male, count(*) FILTER (WHERE b.sex = 'female') AS bands_female,
                     sum(b.weight) FILTER (WHERE b.sex = 'male') AS sum_male, sum(b.weight) FILTER (WHERE b.sex = 'female') AS sum_female,
                     min(b.weight) FILTER (WHERE b.sex = 'male') AS min_male, min(b.weight) FILTER (WHERE b.sex = 'female') AS min_female,
                     max(b.weight) FILTER (WHERE b.sex = 'male') AS max_male, max(b.weight) FILTER (WHERE b.sex = 'female') AS max_female
              FROM band b) AS t,
             LATERAL (VALUES (2, 'bands', t.bands_male, t.bands_female), (3, 'sum', t.sum_male, t.sum_female),
                             (4, 'smallest', t.min_male, t.min_female), (5, 'largest', t.max_male, t.max_female),
                             (6, 'faults', (SELECT coalesce(sum(x.faults), 0) FROM fault x WHERE x.sex = 'male'),
                                           (SELECT coalesce(sum(x.faults), 0) FROM fault x WHERE x.sex = 'female'))) AS f (part, item, male, female)
    )
    SELECT l.item, l.male, l.female, l.act FROM line l ORDER BY l.part, l.age_from, l.age_to;
END $$;
COMMENT ON FUNCTION osms.load_check(text, date, timestamptz) IS
    'the edition of a scheme''s weights in force on the day (by default the newest) for a proof-reader: a row per band (years) with both weights and the act, then how many bands, their sum, the smallest and the largest weight, and how many findings osms.check_scheme has; 42704 for an unknown scheme';


--
-- law: what a proof-reader compares with the printed order, and what the
-- weights leave out; all dated rows as one list, and what of it nobody has read.
--
DROP PROCEDURE osms_internal.keep_as_law;
DROP TABLE osms_internal.made_up_row, osms_internal.dated_row, osms_internal.law_row;

CREATE FUNCTION osms.check_scheme(scheme text, day date DEFAULT NULL, known_at timestamptz DEFAULT osms_internal.known_now())
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
'what is wrong with the weights of a scheme, in the edition in force on the day or, without a day, in every edition
gap, overlap or reversed, with ages (years, age_to exclusive) and sex; no rows prove that every age from 0 to 127 of both sexes
has exactly one weight; 42704 for an unknown scheme';

CREATE FUNCTION osms_internal.band_label(age_from integer, age_to integer) RETURNS text
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN CASE WHEN age_to IS NULL THEN age_from || '+' WHEN age_to = age_from + 1 THEN age_from::text
                ELSE age_from || '-' || age_to - 1 END;
COMMENT ON FUNCTION osms_internal.band_label(integer, integer) IS
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
        SELECT 1 AS part, b.age_from, b.age_to, osms_internal.band_label(b.age_from, b.age_to) AS item,
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
                                           (SELECT coalesce(sum(x.faults), 0) FROM fault x WHERE x.sex = 'female')))
                                               AS f (part, item, male, female)
    )
    SELECT l.item, l.male, l.female, l.act FROM line l ORDER BY l.part, l.age_from, l.age_to;
END $$;
COMMENT ON FUNCTION osms.load_check(text, date, timestamptz) IS
'the edition of a scheme''s weights in force on the day (by default the newest) for a proof-reader
a row per band (years) with both weights and the act, then how many bands, their sum, the smallest and the largest weight, and
how many findings osms.check_scheme has; 42704 for an unknown scheme';

CREATE VIEW osms.law AS
    SELECT 'parameter' AS relation, NULL::text AS scheme, p.name AS topic, 'parameter ' || p.name AS what, p.value,
           p.valid_from, p.known_from, p.act, p.point, p.tag, p.illustrative
    FROM osms.parameter p
    UNION ALL
    SELECT 'channel', NULL, c.channel, 'channel ' || c.channel,
           concat_ws(', ', nullif(array_to_string(c.methods, ', '), ''), 'seen by a clerk: '
                     || nullif(array_to_string(c.clerk_methods, ', '), '')),
           c.valid_from, c.known_from, c.act, c.point, c.tag, c.act = 'osms:illustrative'
    FROM osms.channel c
    UNION ALL
    SELECT 'holiday', NULL, to_char(h.day::timestamp, CASE WHEN h.yearly THEN 'MM-DD' ELSE 'YYYY-MM-DD' END),
           CASE WHEN h.yearly THEN 'every year, ' ELSE '' END || h.name, CASE WHEN h.works THEN 'working day' ELSE 'holiday' END,
           h.day, h.known_from, h.act, h.point, h.tag, h.act = 'osms:illustrative'
    FROM osms.holiday h
    UNION ALL
    SELECT 'scheme', s.scheme, s.scheme, 'scheme ' || s.scheme,
           (SELECT string_agg(replace(p.property, '_', ' ') || ' ' || coalesce(replace(to_jsonb(s) ->> p.property, '_', ' '), 'none'), ', '
                              ORDER BY p.nth)
            FROM osms.scheme_property() WITH ORDINALITY AS p (property, choices, minimum, maximum, nth)),
           s.valid_from, s.known_from, s.act, s.point, s.tag, s.illustrative OR s.act = 'osms:illustrative'
    FROM osms.scheme s
    UNION ALL
    SELECT 'scheme_weight', w.scheme, w.scheme,
        format('weight, %s, ages %s', w.sex, osms_internal.band_label(w.age_from::integer, w.age_to::integer)),
           osms_internal.plain(w.weight), w.valid_from, w.known_from, w.act, w.point, w.tag, w.act = 'osms:illustrative'
    FROM osms.scheme_weight w
    UNION ALL
    SELECT 'base_rate', b.scheme, concat_ws(', ', b.region, b.class),
        format('base rate, %s, %s', coalesce(b.region, 'any region'), b.class),
           osms_internal.plain(b.rate), b.valid_from, b.known_from, b.act, b.point, b.tag, b.illustrative
    FROM osms.base_rate b
    UNION ALL
    SELECT 'norm_step', n.scheme, n.scheme, format('share above %s %% of the norm of a site', osms_internal.plain(n.above)),
        osms_internal.plain(n.share),
           n.valid_from, n.known_from, n.act, n.point, n.tag, n.illustrative
    FROM osms.norm_step n
    UNION ALL
    SELECT 'payment_line', NULL, l.line, 'line ' || l.line, l.title,
           l.valid_from, l.known_from, l.act, l.point, l.tag, l.act = 'osms:illustrative'
    FROM osms.payment_line l
    UNION ALL
    SELECT 'sanction', NULL, s.code, format('defect %s, multiple of the rate', s.code), osms_internal.plain(s.multiple),
           s.valid_from, s.known_from, s.act, s.point, s.tag, s.act = 'osms:illustrative'
    FROM osms.sanction s
    UNION ALL
    SELECT 'form_band', NULL, '', 'band of the monthly form, ages ' || osms_internal.band_label(f.age_from, f.age_to), f.title,
           f.valid_from, f.known_from, f.act, f.point, f.tag, f.act = 'osms:illustrative'
    FROM osms.form_band f;
COMMENT ON VIEW osms.law IS
'every dated row of the law
the table it stands in (relation), its scheme, what it is about (topic: of the rows of one relation, scheme and topic those of
the latest valid_from, then known_from, hold; a user''s row before any the extension brings), what it says and its value, the
two clocks, act, point and how sure it is (tag), and whether it is made up (illustrative). A tag never decides which row holds';

CREATE FUNCTION osms.unsure(scheme text DEFAULT NULL, day date DEFAULT NULL, known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (rests text, what text, value text, valid_from date, act text, point text, tag text, illustrative boolean)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000 ROWS 50
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM osms.scheme s WHERE s.scheme = unsure.scheme) AND unsure.scheme IS NOT NULL THEN
        RAISE EXCEPTION 'no scheme "%"', unsure.scheme
            USING ERRCODE = 'undefined_object',
                  HINT = 'Schemes are rows of osms.scheme; SELECT scheme, valid_from FROM osms.scheme lists them.';
    END IF;
    RETURN QUERY
    WITH known AS MATERIALIZED (
        SELECT l.* FROM osms.law l
        WHERE l.known_from <= unsure.known_at AND l.relation <> 'form_band'
          AND (l.scheme = unsure.scheme OR l.scheme IS NULL OR unsure.scheme IS NULL)
    ), held AS (
        -- a row that does not hold on its first day never does
        SELECT k.* FROM known k
        WHERE (k.valid_from <= unsure.day OR unsure.day IS NULL)
          AND NOT EXISTS (
              SELECT FROM known o
              WHERE o.relation = k.relation AND o.scheme IS NOT DISTINCT FROM k.scheme AND o.topic = k.topic
                AND o.valid_from <= coalesce(unsure.day, k.valid_from)
                AND (isfinite(o.known_from), o.valid_from, o.known_from) > (isfinite(k.known_from), k.valid_from, k.known_from))
    ), user_of AS (
        SELECT p.name, 'rule ' || string_agg(r.rule, ', ' ORDER BY r.rule COLLATE "C") AS rests
        FROM osms.rule r, unnest(r.parameters) AS p (name) GROUP BY p.name
    ), doubt AS (
        SELECT 1 AS place, 'payment' AS rests, h.* FROM held h
        WHERE h.scheme IS NOT NULL OR h.relation IN ('payment_line', 'sanction')
           OR h.relation = 'parameter' AND h.topic IN ('uninsured_share', 'inactive_share', 'insurance_grace_months',
                                                       'insurance_exempt_categories')
        UNION ALL
        SELECT 2, u.rests, h.* FROM held h JOIN user_of u ON u.name = h.topic WHERE h.relation = 'parameter'
        UNION ALL
        SELECT 2, CASE h.relation WHEN 'channel' THEN 'rule identified' ELSE 'rule overdue' END, h.* FROM held h
        WHERE h.relation IN ('channel', 'holiday')
        UNION ALL
        SELECT 2, 'rule ' || r.rule, 'rule', NULL, r.rule, r.refuses, NULL, NULL, NULL, r.act, r.point, r.tag, false
        FROM osms.rule r WHERE r.tag IS NOT NULL
    )
    SELECT d.rests, d.what, d.value, d.valid_from, d.act, d.point, d.tag::text, d.illustrative
    FROM doubt d
    WHERE d.tag NOT IN ('TEXT', 'OFFICIAL')
    ORDER BY d.place, d.rests COLLATE "C", d.relation <> 'rule', d.what COLLATE "C", d.valid_from;
END $$;
COMMENT ON FUNCTION osms.unsure(text, date, timestamptz) IS
'what a payment by the scheme (by default of all schemes), or a refusal by a rule, rests on that nobody has read in the act or on
a page of a state body: rows of the law in force on the day (by default on any day) as known at the moment, and what the rules
themselves say
value, act, point and how sure it is. A row with the same valid_from that is known later takes its place. Coefficients are rows
of a registry and stand in osms.explain_payment and osms.report. 42704 for an unknown scheme';


--
-- law: all dated rows of the law as one list, and what of it nobody has read.
--
CREATE VIEW osms.law AS
    SELECT 'parameter' AS relation, NULL::text AS scheme, p.name AS topic, 'parameter ' || p.name AS what, p.value,
           p.valid_from, p.known_from, p.act, p.point, p.tag, p.illustrative
    FROM osms.parameter p
    UNION ALL
    SELECT 'channel', NULL, c.channel, 'channel ' || c.channel,
           concat_ws(', ', nullif(array_to_string(c.methods, ', '), ''), 'seen by a clerk: ' || nullif(array_to_string(c.clerk_methods, ', '), '')),
           c.valid_from, c.known_from, c.act, c.point, c.tag, c.act = 'osms:illustrative'
    FROM osms.channel c
    UNION ALL
    SELECT 'holiday', NULL, to_char(h.day::timestamp, CASE WHEN h.yearly THEN 'MM-DD' ELSE 'YYYY-MM-DD' END),
           CASE WHEN h.yearly THEN 'every year, ' ELSE '' END || h.name, CASE WHEN h.works THEN 'working day' ELSE 'holiday' END,
           h.day, h.known_from, h.act, h.point, h.tag, h.act = 'osms:illustrative'
    FROM osms.holiday h
    UNION ALL
    SELECT 'scheme', s.scheme, s.scheme, 'scheme ' || s.scheme,
           (SELECT string_agg(replace(p.property, '_', ' ') || ' ' || coalesce(replace(to_jsonb(s) ->> p.property, '_', ' '), 'none'), ', ' ORDER BY p.nth)
            FROM osms.scheme_property() WITH ORDINALITY AS p (property, choices, minimum, maximum, nth)),
           s.valid_from, s.known_from, s.act, s.point, s.tag, s.illustrative OR s.act = 'osms:illustrative'
    FROM osms.scheme s
    UNION ALL
    SELECT 'scheme_weight', w.scheme, w.scheme, format('weight, %s, ages %s', w.sex, osms.band_label(w.age_from::integer, w.age_to::integer)),
           osms.plain(w.weight), w.valid_from, w.known_from, w.act, w.point, w.tag, w.act = 'osms:illustrative'
    FROM osms.scheme_weight w
    UNION ALL
    SELECT 'base_rate', b.scheme, concat_ws(', ', b.region, b.class), format('base rate, %s, %s', coalesce(b.region, 'any region'), b.class),
           osms.plain(b.rate), b.valid_from, b.known_from, b.act, b.point, b.tag, b.illustrative
    FROM osms.base_rate b
    UNION ALL
    SELECT 'norm_step', n.scheme, n.scheme, format('share above %s %% of the norm of a site', osms.plain(n.above)), osms.plain(n.share),
           n.valid_from, n.known_from, n.act, n.point, n.tag, n.illustrative
    FROM osms.norm_step n
    UNION ALL
    SELECT 'payment_line', NULL, l.line, 'line ' || l.line, l.title,
           l.valid_from, l.known_from, l.act, l.point, l.tag, l.act = 'osms:illustrative'
    FROM osms.payment_line l
    UNION ALL
    SELECT 'sanction', NULL, s.code, format('defect %s, multiple of the rate', s.code), osms.plain(s.multiple),
           s.valid_from, s.known_from, s.act, s.point, s.tag, s.act = 'osms:illustrative'
    FROM osms.sanction s
    UNION ALL
    SELECT 'form_band', NULL, '', 'band of the monthly form, ages ' || osms.band_label(f.age_from, f.age_to), f.title,
           f.valid_from, f.known_from, f.act, f.point, f.tag, f.act = 'osms:illustrative'
    FROM osms.form_band f;
COMMENT ON VIEW osms.law IS
    'every dated row of the law: the table it stands in (relation), its scheme, what it is about (topic: of the rows of one relation, scheme and topic those of the latest valid_from, then known_from, hold; a user''s row before any the extension brings), what it says and its value, the two clocks, act, point and how sure it is (tag), and whether it is made up (illustrative). A tag never decides which row holds';

CREATE FUNCTION osms.unsure(scheme text DEFAULT NULL, day date DEFAULT NULL, known_at timestamptz DEFAULT osms.known_now())
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
           OR h.relation = 'parameter' AND h.topic IN ('uninsured_share', 'inactive_share', 'insurance_grace_months', 'insurance_exempt_categories')
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
    'what a payment by the scheme (by default of all schemes), or a refusal by a rule, rests on that nobody has read in the act or on a page of a state body: rows of the law in force on the day (by default on any day) as known at the moment, and what the rules themselves say; value, act, point and how sure it is. A row with the same valid_from that is known later takes its place. Coefficients are rows of a registry and stand in osms.explain_payment and osms.report. 42704 for an unknown scheme';

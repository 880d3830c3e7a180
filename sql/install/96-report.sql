
--
-- report: a month as one page that needs nothing else.
--
-- On the map the regions that have a tile of their own, behind it the others.
CREATE FUNCTION osms_internal.report_regions(lines osms.statement_line[], day date) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000
    RETURN (WITH region AS (
                SELECT l.region, coalesce(sum(l.amount), 0) AS amount, sum(l.heads) AS heads,
                    count(*) FILTER (WHERE l.status = 'held') AS held FROM unnest(lines) l GROUP BY l.region
            ), tile AS (
                SELECT DISTINCT ON (t.region) t.* FROM osms.region_tile t
                WHERE t.valid_from <= day AND t.known_from <= osms_internal.known_now()
                ORDER BY t.region, isfinite(t.known_from) DESC, t.valid_from DESC, t.known_from DESC
            ), placed AS (
                SELECT r.*, t.name, t.tile_column, t.tile_row,
                       t.region IS NOT NULL AND row_number() OVER (PARTITION BY t.tile_column, t.tile_row
                                                                   ORDER BY r.region COLLATE "C") = 1 AS on_map
                FROM region r LEFT JOIN tile t ON t.region = r.region
            ), drawn AS (
                SELECT p.*, format('<span>%s</span><b>%s</b><span class="track">%s</span><small>%s persons%s</small>',
                                   osms_internal.html(coalesce(p.name, p.region, 'no region')), osms_internal.grouped(p.amount, 2),
                                   osms_internal.html_bar(osms_internal.bar(p.amount, 0, max(p.amount) OVER ())),
                                       osms_internal.grouped(p.heads), ', ' || nullif(p.held, 0) || ' held') AS cell,
                       p.tile_column - min(p.tile_column) FILTER (WHERE p.on_map) OVER () + 1 AS x,
                           p.tile_row - min(p.tile_row) FILTER (WHERE p.on_map) OVER () + 1 AS y
                FROM placed p
            )
            SELECT coalesce(format('<div class="map" style="--columns:%s">', max(d.x) FILTER (WHERE d.on_map)) ||
                            string_agg(format('<div class="tile" style="grid-area:%s/%s">%s</div>', d.y, d.x, d.cell), ''
                                       ORDER BY d.y, d.x) FILTER (WHERE d.on_map) || '</div>', '') ||
                   coalesce('<div class="others">' || string_agg('<div class="tile">' || d.cell || '</div>', ''
                                                                 ORDER BY d.region COLLATE "C") FILTER (WHERE NOT d.on_map) || '</div>',
                                                                     '') ||
                   CASE count(*) WHEN 0 THEN '<p class="none">none</p>' ELSE '' END
            FROM drawn d);
COMMENT ON FUNCTION osms_internal.report_regions(osms.statement_line[], date) IS
'the lines of a statement summed by region, as tiles in the places of osms.region_tile on the day, with amount (tenge) as a bar
regions without a tile, or on one that is taken, behind them';

-- Each source gives what, value, day from which it is in force, act, point, how
-- sure it is, whether it is made up, and its place.
CREATE FUNCTION osms_internal.rate_sources(terms osms_internal.statement_terms, lines osms.statement_line[])
    RETURNS TABLE (place numeric, what text, value text, valid_from date, act text, point text, tag text, illustrative boolean)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 60
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    scheme osms.scheme := terms.scheme;
    month_end date := (terms.month + interval '1 month')::date - 1;
BEGIN
    RETURN QUERY
    SELECT DISTINCT 1::numeric, format('base rate, %s, %s', coalesce(b.region, 'any region'), b.class), osms_internal.plain(b.rate),
        b.valid_from, b.act, b.point, b.tag::text, b.illustrative
    FROM (SELECT DISTINCT l.region, l.class FROM unnest(lines) l) AS l,
        LATERAL osms.base_rate_on(scheme.scheme, l.region, l.class, terms.rate_day, terms.known_at) AS b
    WHERE b.rate IS NOT NULL;
    RETURN QUERY
    SELECT 2 + w.age_from / 1000.0, format('weight, ages %s', osms_internal.band_label(w.age_from, w.age_to)),
        string_agg(w.sex || ' ' || osms_internal.plain(w.weight), ', ' ORDER BY w.sex), NULL::date, w.act, w.point, w.tag,
            w.act = 'osms:illustrative'
    FROM osms.weights_on(scheme.scheme, terms.rate_day, terms.known_at) w GROUP BY w.age_from, w.age_to, w.act, w.point, w.tag;
    RETURN QUERY EXECUTE format($query$
        SELECT 3::numeric, format('coefficient %%s, %%s organisations', f.kind, osms_internal.grouped(count(*))),
            concat_ws(' to ', osms_internal.plain(min(f.value)),
                      nullif(osms_internal.plain(max(f.value)), osms_internal.plain(min(f.value)))),
               f.valid_from, f.act, f.point, coalesce(f.tag, 'UNV'), f.act = 'osms:illustrative'
        FROM (%s) AS f JOIN unnest($2) AS l ON l.organisation = f.organisation GROUP BY f.kind, f.valid_from, f.act, f.point, f.tag$query$,
            osms_internal.factor_query(terms.registry))
        USING terms.rate_day, lines, terms.known_at;
    RETURN QUERY
    SELECT 4::numeric, replace(p.name, '_', ' '), translate(p.value, '{}', ''), p.valid_from, p.act, p.point, p.tag::text, p.illustrative
    FROM (VALUES ('uninsured_share', terms.insured_month IS NOT NULL), ('insurance_grace_months', terms.insured_month IS NOT NULL
                                                                        AND scheme.grace = 'paid'),
                 ('insurance_exempt_categories', terms.insured_month IS NOT NULL),
                     ('inactive_share', terms.inactive_share < 1 AND extract(month FROM terms.month) = 12)) AS u (name, used),
         LATERAL osms_internal.parameter_row(u.name, month_end, terms.known_at) AS p
    WHERE u.used;
    RETURN QUERY
    SELECT 5::numeric, format('share above %s %% of the norm of a site', osms_internal.plain(s.above)), osms_internal.plain(s.share),
        NULL::date, s.act, s.point, s.tag, s.illustrative
    FROM osms.norm_steps_on(scheme.scheme, terms.rate_day, terms.known_at) s WHERE terms.norm_above IS NOT NULL;
    RETURN QUERY
    SELECT 6::numeric, 'scheme ' || scheme.scheme,
        (SELECT string_agg(replace(p.property, '_', ' ') || ' ' || coalesce(replace(to_jsonb(scheme) ->> p.property, '_', ' '), 'none'),
                           ', ' ORDER BY p.nth)
                                           FROM osms.scheme_property() WITH ORDINALITY AS p (property, choices, minimum, maximum, nth)),
                                               scheme.valid_from, scheme.act, scheme.point, scheme.tag::text, scheme.illustrative;
END $$;
COMMENT ON FUNCTION osms_internal.rate_sources(osms_internal.statement_terms, osms.statement_line[]) IS
'every number of law behind the rates of a statement
base rates, weights, coefficients by kind, parameters and steps in use, and the properties of the scheme, with the day from
which it is in force (NULL = told by its edition), its act and point, and how sure that is';

CREATE FUNCTION osms_internal.report_rates(terms osms_internal.statement_terms, lines osms.statement_line[]) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000
    RETURN (WITH source AS MATERIALIZED (
                SELECT s.* FROM osms_internal.rate_sources(terms, lines) s
            )
            SELECT '<h2>Where the rates come from</h2>' || osms_internal.html_table('{what,value,"in force from",act,point,"how sure"}', (
                       SELECT jsonb_agg(jsonb_build_array(s.what, s.value, nullif(s.valid_from, '-infinity'), coalesce(s.act, 'no act'),
                                                          coalesce(s.point, ''), CASE WHEN s.illustrative THEN 'illustrative'
                                                              ELSE s.tag END)
                                        ORDER BY s.place, s.what COLLATE "C")
                       FROM source s), 'text')
                   || osms_internal.html_table('{act,title,day,number}', (
                       SELECT jsonb_agg(jsonb_build_array(a.act, a.title, a.issued_on, a.number) ORDER BY a.act COLLATE "C")
                       FROM osms.act a WHERE a.act IN (SELECT s.act FROM source s)), 'text acts'));
COMMENT ON FUNCTION osms_internal.report_rates(osms_internal.statement_terms, osms.statement_line[]) IS
'a part of a page
every number behind the rates of a statement with its act, point and certainty, and what these acts are';

CREATE FUNCTION osms_internal.report_missing(lines osms.statement_line[]) RETURNS jsonb
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000
    RETURN (SELECT jsonb_agg(jsonb_build_array(x.what, osms_internal.grouped(x.organisations), osms_internal.grouped(x.persons))
                             ORDER BY x.what COLLATE "C")
            FROM (SELECT replace(v.what, '_', ' ') AS what, count(*) AS organisations, sum(v.persons) AS persons
                  FROM unnest(lines) l,
                       LATERAL (SELECT m.key || ': ' || (m.value #>> '{}'), l.heads FROM jsonb_each(l.marks) m
                                WHERE jsonb_typeof(m.value) <> 'object'
                                UNION ALL SELECT 'coefficient ' || f.key || ': ' || f.value, l.heads FROM jsonb_each(l.marks) m,
                                    jsonb_each_text(m.value) f WHERE jsonb_typeof(m.value) = 'object'
                                UNION ALL SELECT 'held: ' || l.held_because, l.heads WHERE l.status = 'held'
                                UNION ALL SELECT 'no contributions known, either way', l.insurance_unknown WHERE l.insurance_unknown > 0
                                UNION ALL SELECT 'suspect, paid until decided', l.suspect WHERE l.suspect > 0
                                UNION ALL SELECT 'without sex or usable birth date, not paid for', l.persons_held WHERE l.persons_held > 0)
                                    AS v (what, persons)
                  GROUP BY v.what) AS x);
COMMENT ON FUNCTION osms_internal.report_missing(osms.statement_line[]) IS
'what a statement was made from that is illustrative, unproved or missing, with the organisations and persons it touches
an array for each';

CREATE FUNCTION osms_internal.report_ledger(registry text, month date) RETURNS jsonb
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    entries jsonb;
BEGIN
    IF osms.relation_of(registry, 'ledger') IS NOT NULL THEN
        EXECUTE format($query$
            SELECT jsonb_agg(jsonb_build_array(format('%%s of %%s, %%s', replace(g.kind, '_', ' '), to_char(g.month, 'YYYY-MM'),
                                                      replace(g.cause, '_', ' ')),
                                               osms_internal.grouped(g.organisations), osms_internal.grouped(g.persons),
                                                   osms_internal.grouped(g.amount, 2), g.bar) ORDER BY g.month, g.place)
            FROM (SELECT l.month, l.kind, l.cause, count(DISTINCT l.organisation) AS organisations, sum(l.persons) AS persons,
                  sum(l.amount) AS amount, min(l.entry) AS place,
                         osms_internal.bar(sum(l.amount), min(sum(l.amount)) OVER (), max(sum(l.amount)) OVER ()) AS bar
                  FROM %I.ledger l WHERE l.invoice_month = $1 GROUP BY l.month, l.kind, l.cause) AS g$query$, registry) INTO entries
                      USING month;
    END IF;
    RETURN coalesce(entries, '[]');
END $$;
COMMENT ON FUNCTION osms_internal.report_ledger(text, date) IS
'the ledger that goes with the invoices of a month: what it is, organisations, persons, amount (tenge)
an array for each cause';

CREATE FUNCTION osms_internal.report_style() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ':root{color-scheme:light dark;--bar:#2563b0;--line:#8886}@media(prefers-color-scheme:dark){:root{--bar:#6fa8f5}}'
        '*{box-sizing:border-box}body{font:15px/1.45 sans-serif;max-width:72rem;margin:1.5rem auto;padding:0 '
        '1rem;font-variant-numeric:tabular-nums}'
        'h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2rem 0 '
        '.5rem;break-after:avoid}small,.none,.note{opacity:.75}'
        'table{border-collapse:collapse;width:100%}th,td{padding:.2rem .5rem;text-align:right;border-bottom:1px solid '
        'var(--line);vertical-align:top}td{white-space:nowrap}th{vertical-align:bottom}'
        'th:first-child,td:first-child,.text th,.text td{text-align:left}td:first-child,.text '
        'td,td:last-child{white-space:normal;overflow-wrap:break-word}td:first-child{min-width:8rem}.text '
        'td:nth-child(2){min-width:10rem}.text td:nth-child(3){white-space:nowrap}'
        '.acts{margin-top:.8rem}.organisations td:nth-child(6){white-space:normal;min-width:9rem}.wide{overflow-x:auto}.bars '
        'td.track{width:40%}.cards{display:flex;flex-wrap:wrap;gap:.75rem}.card{flex:1 1 10rem;border:1px solid '
        'var(--line);border-radius:.5rem;padding:.6rem .8rem}.card b{display:block;font-size:1.2rem}'
        '.track i{display:block;height:.7rem;margin-top:.3rem;min-width:1px;background:var(--bar);border:2px solid '
        'var(--bar);-webkit-print-color-adjust:exact;print-color-adjust:exact}.track i.less{background:none}'
        '.map{display:grid;grid-template-columns:repeat(var(--columns),minmax(0,11rem));gap:.3rem}'
        '.others{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.3rem;margin-top:.6rem}'
        '.tile{border:1px solid var(--line);border-radius:.3rem;padding:.25rem '
        '.35rem;font-size:.78rem;overflow-wrap:anywhere;min-width:0;break-inside:avoid}.tile b,.tile small,.tile span{display:block}'
        '.made-up{border:2px solid #c33;padding:.5rem .8rem}.clinics{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,'
        '1fr));gap:1rem}'
        'svg{width:100%;height:auto}svg.small{width:6rem;height:1.6rem;display:block}svg.small '
        'path{fill:var(--bar)}figure{margin:0;break-inside:avoid}.all{max-width:36rem;margin:auto}'
        '@media(max-width:48rem){.map,.others{display:block}.tile{display:grid;grid-template-columns:1fr '
        'auto;column-gap:.5rem;margin-top:.3rem}.tile .track,.tile small{grid-column:1/3}body{padding:0 .6rem}}'
        '@page{size:A4;margin:14mm}@media print{body{max-width:none;margin:0;padding:0;font-size:10px}.wide{overflow:visible}tr,'
        '.card{break-inside:avoid}th,td{padding:.15rem .3rem}.all{max-width:11cm}.card{flex-basis:2.6cm;padding:.3rem .5rem}.tile '
        'small{font-size:1em}'
        '.map{display:grid}.others{display:grid}.tile{display:block;font-size:.75em}.clinics{grid-template-columns:repeat(3,1fr)}'
        'svg.small{width:4.5rem}}';
COMMENT ON FUNCTION osms_internal.report_style() IS 'style of the page of a month: screen, telephone and A4, light and dark';

CREATE FUNCTION osms_internal.organisation_names(registry text) RETURNS jsonb
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    names jsonb;
BEGIN
    IF osms.relation_of(registry, 'organisation') IS NOT NULL THEN
        EXECUTE format('SELECT jsonb_object_agg(o.organisation::text, o.name) FROM %I.organisation o WHERE o.organisation IS NOT NULL '
            'AND o.name IS NOT NULL', registry) INTO names;
    END IF;
    RETURN coalesce(names, '{}');
END $$;
COMMENT ON FUNCTION osms_internal.organisation_names(text) IS 'names of the organisations of a registry by key';

CREATE FUNCTION osms_internal.had_statement(registry text, month date, scheme text) RETURNS boolean
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    had boolean := EXISTS (SELECT FROM osms.scheme s WHERE s.scheme = had_statement.scheme
                           AND s.valid_from <= (month + interval '1 month')::date - 1 AND s.known_from <= osms_internal.known_now());
BEGIN
    IF NOT had AND osms.relation_of(registry, 'statement') IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %I.statement s WHERE s.month = $1)', registry) INTO had USING month;
    END IF;
    RETURN had;
END $$;
COMMENT ON FUNCTION osms_internal.had_statement(text, date, text) IS
    'whether osms_internal.month_lines can tell of a month: it is closed, or the scheme is in force in it';

CREATE FUNCTION osms_internal.report_changes(a osms_internal.statement_terms, lines_a osms.statement_line[],
                                             b osms_internal.statement_terms, lines_b osms.statement_line[], names jsonb) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000000
    RETURN (WITH change AS MATERIALIZED (
                SELECT d.* FROM osms_internal.difference(a, lines_a, b, lines_b) AS d
            ), cause AS (
                SELECT c.cause, c."position", sum(c.persons) AS persons, sum(c.amount) AS amount FROM change c GROUP BY 1, 2
            ), organisation AS (
                SELECT c.organisation, sum(c.persons) AS persons, sum(c.amount) AS amount FROM change c GROUP BY 1
                ORDER BY abs(sum(c.amount)) DESC, c.organisation COLLATE "C" LIMIT 12
            )
            SELECT '<h2>Against the month before</h2>' || osms_internal.html_table('{cause,persons,tenge,""}', (
                       SELECT jsonb_agg(jsonb_build_array(replace(c.cause, '_', ' '), osms_internal.grouped(c.persons),
                                                          osms_internal.grouped(c.amount, 2), c.bar) ORDER BY c."position")
                       FROM (SELECT c.*, osms_internal.bar(c.amount, min(c.amount) OVER (), max(c.amount) OVER ()) AS bar
                             FROM cause c) AS c), 'bars')
                   || '<h2>Largest differences</h2>' || osms_internal.html_table('{organisation,persons,tenge,""}', (
                       SELECT jsonb_agg(jsonb_build_array(concat_ws(' ', c.organisation, names ->> c.organisation),
                                                          osms_internal.grouped(c.persons), osms_internal.grouped(c.amount, 2), c.bar)
                                                              ORDER BY abs(c.amount) DESC, c.organisation COLLATE "C")
                       FROM (SELECT o.*, osms_internal.bar(o.amount, min(o.amount) OVER (), max(o.amount) OVER ()) AS bar
                             FROM organisation o) AS c), 'bars'));
COMMENT ON FUNCTION osms_internal.report_changes(osms_internal.statement_terms, osms.statement_line[], osms_internal.statement_terms,
                                                 osms.statement_line[], jsonb) IS
'two parts of a page
what lies between two statements by cause, and the twelve organisations with the largest differences (tenge)';

CREATE FUNCTION osms.report(registry text, month date, scheme text DEFAULT 'illustrative', clinics integer DEFAULT 12) RETURNS text
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
DECLARE
    now_of record;
    before_of record;
    totals record;
    before date;
    known_at text;
    corrections numeric := 0;
    names jsonb;
    page text;
BEGIN
    IF registry IS NULL OR scheme IS NULL THEN
        RAISE EXCEPTION 'registry and scheme of a report must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    PERFORM osms_internal.check_month(month);
    before := month - interval '1 month';
    SELECT m.* INTO now_of FROM osms_internal.month_lines(registry, month, scheme) AS m;
    SELECT count(*) AS organisations, count(*) FILTER (WHERE l.status = 'held') AS held, coalesce(sum(l.heads), 0) AS heads,
        coalesce(sum(l.amount), 0) AS amount,
           osms.sum(l.pyramid) FILTER (WHERE l.status <> 'held') AS pyramid,
               coalesce(sum(l.heads) FILTER (WHERE l.status = 'held'), 0) AS held_heads,
                   coalesce(bool_or(l.illustrative), false) AS illustrative
    INTO totals FROM unnest(now_of.lines) l;
    -- the scheme of an open month may not have been in force before, or nobody on the roster
    IF osms_internal.had_statement(registry, before, scheme) THEN
        SELECT m.terms, nullif(m.lines, '{}') AS lines, (SELECT coalesce(sum(b.amount), 0) FROM unnest(m.lines) b) AS amount INTO before_of
            FROM osms_internal.month_lines(registry, before, scheme) AS m;
    ELSE
        SELECT NULL::osms_internal.statement_terms AS terms, NULL::osms.statement_line[] AS lines, NULL::numeric AS amount INTO before_of;
    END IF;
    IF osms.relation_of(registry, 'ledger') IS NOT NULL THEN
        EXECUTE format('SELECT coalesce(sum(g.amount), 0) FROM %I.ledger g WHERE g.invoice_month = $1', registry) INTO corrections
            USING month;
    END IF;
    names := osms_internal.organisation_names(registry);
    known_at := CASE WHEN osms.relation_of(registry, 'setting') IS NULL
        THEN to_char((now_of.terms).known_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
                     ELSE osms_internal.civil(registry, (now_of.terms).known_at)::text END;

    page := format('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, '
        'initial-scale=1"/><title>%1$s, %2$s</title><style>%3$s</style></head><body><h1>Payment for %2$s, registry %1$s</h1>',
                   osms_internal.html(registry), to_char(month, 'YYYY-MM'), osms_internal.report_style())
        || format('<p>Scheme %s, as known at %s.</p>', osms_internal.html((now_of.terms).scheme.scheme), known_at)
        || CASE WHEN totals.illustrative
            THEN '<p class="made-up">Some of these rates are illustrative: they are made up and no claim to be official.</p>' ELSE '' END
        || (SELECT '<div class="cards">' || string_agg(format('<div class="card">%s<b>%s</b></div>', c.title, c.value), '' ORDER BY c.nth)
            || '</div>'
            FROM (VALUES (1, 'to be paid, tenge', osms_internal.grouped(totals.amount, 2)),
                         (2, 'against the month before', CASE WHEN before_of.lines IS NULL THEN 'none'
                          WHEN totals.amount > before_of.amount THEN '+' ELSE '' END
                             || CASE WHEN before_of.lines IS NULL THEN ''
                                 ELSE osms_internal.grouped(totals.amount - before_of.amount, 2) END),
                         (3, 'corrections of closed months', osms_internal.grouped(corrections, 2)),
                             (4, 'persons', osms_internal.grouped(totals.heads)),
                         (5, 'organisations', osms_internal.grouped(totals.organisations)),
                             (6, 'of them held', osms_internal.grouped(totals.held))) AS c (nth, title, value));
    page := page || '<h2>Regions, tenge</h2>' || osms_internal.report_regions(now_of.lines, (now_of.terms).rate_day)
        || '<h2>Who is paid for</h2>' || coalesce('<figure class="all">' || osms.svg(totals.pyramid) || '</figure>',
                                                  '<p class="none">nobody</p>')
        || CASE WHEN totals.held_heads > 0
            THEN format('<p class="note">Without %s persons of organisations that are held.</p>', osms_internal.grouped(totals.held_heads))
                ELSE '' END
        || coalesce(osms_internal.report_changes(before_of.terms, before_of.lines, now_of.terms, now_of.lines, names),
                    '<h2>Against the month before</h2><p class="none">no statement of ' || to_char(before, 'YYYY-MM') || '</p>')
        || '<h2>Corrections of closed months on these invoices</h2>'
            || osms_internal.html_table('{correction,organisations,persons,tenge,""}', osms_internal.report_ledger(registry, month), 'bars')
        || '<h2>Illustrative or missing</h2>'
            || osms_internal.html_table('{what,organisations,persons}', osms_internal.report_missing(now_of.lines))
        || osms_internal.report_rates(now_of.terms, now_of.lines)
        || '<h2>The largest clinics</h2><div class="clinics">' || coalesce((
            SELECT string_agg(format('<figure><figcaption>%s: %s persons, Kav %s</figcaption>%s</figure>',
                                     osms_internal.html(concat_ws(' ', c.organisation, names ->> c.organisation)),
                                         osms_internal.grouped(c.heads),
                                     c.coefficient, osms.svg(c.pyramid)), '' ORDER BY c.heads DESC, c.organisation COLLATE "C")
            FROM (SELECT l.* FROM unnest(now_of.lines) l WHERE l.heads > 0 ORDER BY l.heads DESC,
                  l.organisation COLLATE "C" LIMIT clinics) AS c), '') || '</div>';
    RETURN page || '<h2>Organisations</h2><p class="note">Pyramids: males left, females right, five years a step, each as wide as its '
        'longest.</p>'
        || osms_internal.html_table('{organisation,region,pyramid,persons,Kav,coefficients,rate,tenge,status}', (
               SELECT jsonb_agg(jsonb_build_array(concat_ws(' ', l.organisation, names ->> l.organisation), coalesce(l.region, ''),
                                                  jsonb_build_object('html', osms_internal.small_pyramid(l.pyramid)),
                                                      osms_internal.grouped(l.heads), coalesce(l.coefficient::text, ''),
                                                  coalesce((SELECT string_agg(f.key || ' ' || osms_internal.plain(f.value::numeric), ', '
                                                                              ORDER BY f.key) FROM jsonb_each_text(l.factors) f), ''),
                                                  osms_internal.grouped(l.rate, 2), osms_internal.grouped(l.amount, 2),
                                                      replace(concat_ws(': ', l.status, l.held_because), '_', ' '))
                                                          ORDER BY l.organisation COLLATE "C")
               FROM unnest(now_of.lines) l), 'organisations')
        || '</body></html>';
END $$;
COMMENT ON FUNCTION osms.report(text, date, text, integer) IS
'a month as one HTML page without script or outside reference, for a screen, a telephone, light or dark, and for A4
totals and change against the month before, regions on a map of tiles, the pyramid of all, causes and largest differences, the
ledger on its invoices, what is illustrative or missing, the act of every number behind the rates, large pyramids of so many
clinics (the largest; NULL = all), and every organisation with a small one; a closed month as it was closed, an open one by the
scheme as known now. Errors as osms.statement';


--
-- report: a month as one page that needs nothing else.
--
CREATE FUNCTION osms.html(value text) RETURNS text
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN coalesce(replace(replace(replace(replace(value, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '');
COMMENT ON FUNCTION osms.html(text) IS 'text as it is written in a page; NULL is empty';

CREATE FUNCTION osms.grouped(value numeric, digits integer DEFAULT 0) RETURNS text
    LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN coalesce(to_char(value, 'FM999,999,999,999,999,990' || CASE WHEN digits > 0 THEN '.' || repeat('0', digits) ELSE '' END), '');
COMMENT ON FUNCTION osms.grouped(numeric, integer) IS 'a number with thousands apart, to so many decimal digits; NULL is empty';

-- Rows of cells as a table: the first column is text, the others are figures.
CREATE FUNCTION osms.html_table(heading text[], cells jsonb) RETURNS text
    LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN CASE WHEN coalesce(jsonb_array_length(cells), 0) = 0 THEN '<p class="none">none</p>' ELSE
        '<table><thead><tr>' || (SELECT string_agg('<th>' || osms.html(h.word) || '</th>', '' ORDER BY h.nth) FROM unnest(heading) WITH ORDINALITY AS h (word, nth)) ||
        '</tr></thead><tbody>' || (SELECT string_agg('<tr>' || (SELECT string_agg('<td>' || osms.html(c.word) || '</td>', '' ORDER BY c.nth)
                                                                FROM jsonb_array_elements_text(r.words) WITH ORDINALITY AS c (word, nth)) || '</tr>', '' ORDER BY r.nth)
                                   FROM jsonb_array_elements(cells) WITH ORDINALITY AS r (words, nth)) || '</tbody></table>' END;
COMMENT ON FUNCTION osms.html_table(text[], jsonb) IS 'an array of arrays of text as a table of a page';

CREATE FUNCTION osms.report_rates(terms osms.statement_terms, lines osms.statement_line[]) RETURNS jsonb
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000
    RETURN (WITH rate AS (
                SELECT b.act, format('base rate %s, %s', coalesce(l.region, 'no region'), coalesce(l.class, 'no class')) AS what, osms.plain(b.rate) AS value, b.valid_from, b.illustrative, 1 AS place
                FROM (SELECT DISTINCT l.region, l.class FROM unnest(lines) l) AS l,
                     LATERAL osms.base_rate_on(((terms).scheme).scheme, l.region, l.class, (terms).rate_day, (terms).known_at) AS b
                WHERE b.rate IS NOT NULL
                UNION ALL
                SELECT w.act, 'age and sex weights', count(*) || ' bands', NULL, w.act = 'osms:illustrative', 2
                FROM osms.weights_on(((terms).scheme).scheme, (terms).rate_day, (terms).known_at) w GROUP BY w.act
                UNION ALL
                SELECT ((terms).scheme).act, 'scheme ' || ((terms).scheme).scheme, ((terms).scheme).combination, ((terms).scheme).valid_from, ((terms).scheme).illustrative, 3
            )
            SELECT jsonb_agg(jsonb_build_array(r.what, r.value, nullif(r.valid_from, '-infinity'), concat_ws(', ', a.title, a.number, a.issued_on, CASE WHEN r.illustrative THEN 'illustrative' END))
                             ORDER BY r.place, r.what COLLATE "C")
            FROM rate r LEFT JOIN osms.act a ON a.act = r.act);
COMMENT ON FUNCTION osms.report_rates(osms.statement_terms, osms.statement_line[]) IS
    'what the rates of a statement come from: name, value, day from which it is in force, act; an array for each';

CREATE FUNCTION osms.report_ledger(registry text, month date) RETURNS jsonb
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entries jsonb;
BEGIN
    IF osms.relation_of(registry, 'ledger') IS NOT NULL THEN
        EXECUTE format($query$
            SELECT jsonb_agg(jsonb_build_array(format('%%s of %%s, %%s', replace(g.kind, '_', ' '), to_char(g.month, 'YYYY-MM'), replace(g.cause, '_', ' ')),
                                               osms.grouped(g.organisations), osms.grouped(g.persons), osms.grouped(g.amount, 2)) ORDER BY g.month, g.place)
            FROM (SELECT l.month, l.kind, l.cause, count(DISTINCT l.organisation) AS organisations, sum(l.persons) AS persons, sum(l.amount) AS amount, min(l.entry) AS place
                  FROM %I.ledger l WHERE l.invoice_month = $1 GROUP BY l.month, l.kind, l.cause) AS g$query$, registry) INTO entries USING month;
    END IF;
    RETURN coalesce(entries, '[]');
END $$;
COMMENT ON FUNCTION osms.report_ledger(text, date) IS
    'the ledger that goes with the invoices of a month: what it is, organisations, persons, amount (tenge); an array for each cause';

CREATE FUNCTION osms.report(registry text, month date, scheme text DEFAULT 'illustrative') RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
DECLARE
    style CONSTANT text := ':root{color-scheme:light dark}body{font:15px/1.45 sans-serif;max-width:60rem;margin:1.5rem auto;padding:0 1rem}'
        'h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;break-after:avoid}table{border-collapse:collapse;width:100%}th,td{padding:.2rem .5rem;text-align:right;border-bottom:1px solid #8885}'
        'th:first-child,td:first-child{text-align:left}.cards{display:flex;flex-wrap:wrap;gap:1rem}.card{flex:1 1 9rem;border:1px solid #8886;border-radius:.5rem;padding:.6rem .8rem}'
        '.card b{display:block;font-size:1.25rem}.bar{display:grid;grid-template-columns:10rem 1fr 11rem;gap:.6rem;align-items:center}.bar i{background:#3b7dd8;height:.8rem;border-radius:.2rem}'
        '.bar span:last-child{text-align:right}.made-up{border:2px solid #c33;padding:.5rem .8rem}.clinics{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}'
        'svg{width:100%;height:auto}figure{margin:0;break-inside:avoid}h2+figure{max-width:36rem;margin:auto}.none{opacity:.6}@page{size:A4;margin:15mm}@media print{body{max-width:none;margin:0;font-size:11px}tr,.card{break-inside:avoid}h2+figure{max-width:11cm}.clinics{grid-template-columns:repeat(3,1fr)}}';
    now_of record;
    before_of record;
    totals record;
    made_up jsonb;
    page text;
BEGIN
    PERFORM osms.check_month(month);
    SELECT m.* INTO now_of FROM osms.month_lines(registry, month, scheme) AS m;
    SELECT m.* INTO before_of FROM osms.month_lines(registry, (month - interval '1 month')::date, scheme) AS m;
    SELECT count(*) AS organisations, count(*) FILTER (WHERE l.status = 'held') AS held, coalesce(sum(l.heads), 0) AS heads, coalesce(sum(l.amount), 0) AS amount,
           coalesce(sum(l.persons_held), 0) AS persons_held, osms.sum(l.pyramid) AS pyramid, coalesce(bool_or(l.illustrative), false) AS illustrative,
           coalesce(sum(l.amount), 0) - (SELECT coalesce(sum(b.amount), 0) FROM unnest(before_of.lines) b) AS change
    INTO totals FROM unnest(now_of.lines) l;
    SELECT jsonb_agg(jsonb_build_array(x.what, x.organisations) ORDER BY x.what COLLATE "C") INTO made_up
    FROM (SELECT replace(v.what, '_', ' ') AS what, osms.grouped(count(*)) AS organisations
          FROM unnest(now_of.lines) l,
               LATERAL (SELECT m.key || ': ' || (m.value #>> '{}') FROM jsonb_each(l.marks) m WHERE jsonb_typeof(m.value) <> 'object'
                        UNION ALL SELECT 'factor ' || f.key || ': ' || f.value FROM jsonb_each(l.marks) m, jsonb_each_text(m.value) f WHERE jsonb_typeof(m.value) = 'object'
                        UNION ALL SELECT 'held: ' || l.held_because WHERE l.status = 'held'
                        UNION ALL SELECT 'persons without sex or usable birth date' WHERE l.persons_held > 0) AS v (what)
          GROUP BY v.what) AS x;

    page := format('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width"/><title>%1$s, %2$s</title><style>%3$s</style></head><body><h1>Payment for %2$s, registry %1$s</h1>',
                   osms.html(registry), to_char(month, 'YYYY-MM'), style)
        || format('<p>Scheme %s, as known at %s.</p>', osms.html((now_of.terms).scheme.scheme), to_char((now_of.terms).known_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'))
        || CASE WHEN totals.illustrative THEN '<p class="made-up">Some of these rates are illustrative: they are made up and no claim to be official.</p>' ELSE '' END
        || format('<div class="cards"><div class="card">to be paid, tenge<b>%s</b></div><div class="card">against the month before<b>%s</b></div><div class="card">persons<b>%s</b></div><div class="card">organisations<b>%s</b></div><div class="card">of them held<b>%s</b></div></div>',
                  osms.grouped(totals.amount, 2), (CASE WHEN totals.change > 0 THEN '+' ELSE '' END) || osms.grouped(totals.change, 2), osms.grouped(totals.heads), osms.grouped(totals.organisations), osms.grouped(totals.held));
    page := page || '<h2>Regions</h2>' || coalesce((
            SELECT string_agg(format('<div class="bar"><span>%s</span><i style="width:%s%%"></i><span>%s</span></div>', osms.html(coalesce(r.region, 'no region')),
                                     coalesce(round(100 * r.amount / nullif(r.largest, 0), 1), 0), osms.grouped(r.amount, 2)), '' ORDER BY r.region COLLATE "C")
            FROM (SELECT l.region, coalesce(sum(l.amount), 0) AS amount, max(coalesce(sum(l.amount), 0)) OVER () AS largest
                  FROM unnest(now_of.lines) l GROUP BY l.region) AS r), '');
    page := page || '<h2>Who is paid for</h2><figure>' || osms.svg(totals.pyramid) || '</figure><h2>The largest clinics</h2><div class="clinics">' || coalesce((
            SELECT string_agg(format('<figure><figcaption>%s: %s persons, Kav %s</figcaption>%s</figure>', osms.html(c.organisation), osms.grouped(c.heads),
                                     c.coefficient, osms.svg(c.pyramid)), '' ORDER BY c.heads DESC, c.organisation COLLATE "C")
            FROM (SELECT l.* FROM unnest(now_of.lines) l WHERE l.heads > 0 ORDER BY l.heads DESC, l.organisation COLLATE "C" LIMIT 12) AS c), '') || '</div>';
    WITH change AS MATERIALIZED (
        SELECT d.* FROM osms.difference(before_of.terms, before_of.lines, now_of.terms, now_of.lines) AS d
    )
    SELECT page || '<h2>Against the month before</h2>' || osms.html_table('{cause,persons,tenge}', (
               SELECT jsonb_agg(jsonb_build_array(replace(c.cause, '_', ' '), osms.grouped(c.persons), osms.grouped(c.amount, 2)) ORDER BY c."position")
               FROM (SELECT c.cause, c."position", sum(c.persons) AS persons, sum(c.amount) AS amount FROM change c GROUP BY 1, 2) AS c))
           || '<h2>Largest differences</h2>' || osms.html_table('{organisation,persons,tenge}', (
               SELECT jsonb_agg(jsonb_build_array(c.organisation, osms.grouped(c.persons), osms.grouped(c.amount, 2)) ORDER BY abs(c.amount) DESC, c.organisation COLLATE "C")
               FROM (SELECT c.organisation, sum(c.persons) AS persons, sum(c.amount) AS amount FROM change c GROUP BY 1
                     ORDER BY abs(sum(c.amount)) DESC, c.organisation COLLATE "C" LIMIT 10) AS c))
    INTO page;
    RETURN page || '<h2>Corrections of closed months on these invoices</h2>' || osms.html_table('{correction,organisations,persons,tenge}', osms.report_ledger(registry, month))
        || '<h2>Illustrative or missing</h2>' || osms.html_table('{what,organisations}', made_up)
        || '<h2>Where the rates come from</h2>' || osms.html_table('{what,value,"in force from",act}', osms.report_rates(now_of.terms, now_of.lines))
        || '<h2>Organisations</h2>' || osms.html_table('{organisation,region,persons,Kav,rate,tenge,status}', (
               SELECT jsonb_agg(jsonb_build_array(l.organisation, coalesce(l.region, ''), osms.grouped(l.heads), coalesce(l.coefficient::text, ''), osms.grouped(l.rate, 2),
                                                  osms.grouped(l.amount, 2), concat_ws(': ', l.status, l.held_because)) ORDER BY l.organisation COLLATE "C")
               FROM unnest(now_of.lines) l))
        || '</body></html>';
END $$;
COMMENT ON FUNCTION osms.report(text, date, text) IS
    'a month as one HTML page without script or outside reference, for a screen, light or dark, and for A4: totals and change against the month before, regions, pyramids of all and of the twelve largest organisations, causes and largest differences, the ledger on its invoices, what is illustrative or missing, the acts behind the rates, and every organisation; a closed month as it was closed, an open one by the scheme as known now. Errors as osms.statement';

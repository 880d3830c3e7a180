
--
-- html: text, tables, bars and pyramids of a page.
--
CREATE FUNCTION osms_internal.html(value text) RETURNS text
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN coalesce(replace(replace(replace(replace(value, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '');
COMMENT ON FUNCTION osms_internal.html(text) IS 'text as it is written in a page; NULL is empty';

CREATE FUNCTION osms_internal.bar(value numeric, lowest numeric, highest numeric) RETURNS jsonb
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN (SELECT jsonb_build_array(coalesce(round(100 * (least(value, 0) - least(lowest, 0)) / nullif(s.span, 0), 1), 0),
                                     coalesce(round(100 * abs(value) / nullif(s.span, 0), 1), 0), coalesce(value < 0, false))
            FROM (SELECT greatest(highest, 0) - least(lowest, 0)) AS s (span));
COMMENT ON FUNCTION osms_internal.bar(numeric, numeric, numeric) IS
'a figure among others from the lowest to the highest as a cell of osms_internal.html_table
a bar from 0, with its left end and width in percent, and whether it goes to the left';

CREATE FUNCTION osms_internal.html_bar(bar jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (bar ->> 1)::numeric = 0 THEN '' ELSE
        format('<i%s style="margin-left:%s%%;width:%s%%"></i>', CASE WHEN (bar ->> 2)::boolean THEN ' class="less"' ELSE '' END, bar ->> 0,
               bar ->> 1) END;
COMMENT ON FUNCTION osms_internal.html_bar(jsonb) IS
'a bar, made by osms_internal.bar, as it is drawn
filled to the right, hollow to the left, so that no colour tells anything';

-- Rows of cells as a table: the first column is text, the others are figures,
-- an array is a bar, an object with the key html is what it holds.
CREATE FUNCTION osms_internal.html_table(heading text[], cells jsonb, class text DEFAULT '') RETURNS text
    LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN CASE WHEN coalesce(jsonb_array_length(cells), 0) = 0 THEN '<p class="none">none</p>' ELSE
        format('<div class="wide"><table class="%s"><thead><tr>', class) ||
        (SELECT string_agg('<th>' || osms_internal.html(h.word) || '</th>', '' ORDER BY h.nth) FROM unnest(heading) WITH ORDINALITY
         AS h (word, nth)) ||
        '</tr></thead><tbody>' || (SELECT string_agg('<tr>'
                                                     || (SELECT string_agg(CASE jsonb_typeof(c.word) WHEN 'array' THEN '<td class="track">'
                                                                           || osms_internal.html_bar(c.word)
                                                                                     WHEN 'object' THEN '<td>' || (c.word ->> 'html')
                                           ELSE '<td>' || osms_internal.html(c.word #>> '{}') END || '</td>', '' ORDER BY c.nth)
                                                                FROM jsonb_array_elements(r.words) WITH ORDINALITY AS c (word, nth))
                                                                    || '</tr>', '' ORDER BY r.nth)
                                   FROM jsonb_array_elements(cells) WITH ORDINALITY AS r (words, nth)) || '</tbody></table></div>' END;
COMMENT ON FUNCTION osms_internal.html_table(text[], jsonb, text) IS 'an array of arrays of text, bars and pictures as a table of a page';

-- The picture of one clinic among thousands: a fifth of a kilobyte, where
-- osms.svg takes four.
CREATE FUNCTION osms_internal.small_pyramid(pyramid osms.pyramid) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (WITH band AS (
                SELECT b.n, s.side, osms.heads(pyramid, 5 * b.n, CASE WHEN b.n < 19 THEN 5 * b.n + 5 END, s.sex) AS heads
                FROM generate_series(0, 19) AS b (n), (VALUES ('male'::osms.sex, -1), ('female', 1)) AS s (sex, side)
            ), scaled AS (
                SELECT b.n, b.side, b.side * round(b.heads * 50.0 / nullif(max(b.heads) OVER (), 0))::integer AS x FROM band b
            )
            SELECT '<svg class="small" viewBox="-50 0 100 20" aria-hidden="true"><path d="' ||
                   string_agg(p.d, '' ORDER BY p.side) || '"/></svg>'
            FROM (SELECT s.side, 'M0 20' || string_agg('H' || coalesce(s.x, 0) || 'V' || 19 - s.n, '' ORDER BY s.n) || 'H0Z' AS d
                  FROM scaled s GROUP BY s.side) AS p);
COMMENT ON FUNCTION osms_internal.small_pyramid(osms.pyramid) IS
    'a pyramid as a picture of a line of a table: bands of five years, 95 and over together, males left, females right';


--
-- explain attachment: what an attachment was, paid and restated, month by month.
--
CREATE FUNCTION osms_internal.explain_basis(registry text, attachment jsonb)
    RETURNS TABLE (at timestamptz, item text, value text, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 5
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
BEGIN
    IF attachment ->> 'application' IS NOT NULL AND osms.relation_of(registry, 'application') IS NOT NULL THEN
        RETURN QUERY EXECUTE format($query$
            SELECT v.at, v.item, v.value, 'application ' || ($1 ->> 'application')
            FROM (SELECT to_jsonb(x) AS a FROM %1$I.application x WHERE x.application = ($1 ->> 'application')::%2$s) AS f,
                 -- the decision, which a later state does not tell by itself
                 LATERAL (SELECT CASE WHEN f.a ->> 'state' IN ('approved', 'deferred', 'refused') THEN f.a ->> 'state'
                                      WHEN f.a ->> 'state' IN ('attached', 'lapsed', 'cancelled') THEN CASE f.a ->> 'ground'
                                          WHEN 'campaign' THEN 'deferred' ELSE 'approved' END
                                 END AS decision) AS d,
                 LATERAL (VALUES ((f.a ->> 'submitted_at')::timestamptz, 'submitted', concat_ws(', ', f.a ->> 'channel', f.a ->> 'ground')),
                                 ((f.a ->> 'decided_at')::timestamptz, 'decided',
                                  concat_ws(', ', d.decision, 'by ' || (f.a ->> 'decided_by')))) AS v (at, item, value)
            WHERE v.item <> 'decided' OR coalesce(d.decision, f.a ->> 'decided_at') IS NOT NULL
            $query$, registry, osms_internal.key_type(registry, 'application')) USING attachment;
        IF osms.relation_of(registry, 'identity_event') IS NOT NULL THEN
            RETURN QUERY EXECUTE format($query$
                SELECT e.at, 'identified', concat_ws(', ', e.channel, e.method, e.provider, 'clerk ' || e.clerk), 'identity event '
                    || e.event
                FROM %1$I.identity_event e WHERE e.application = ($1 ->> 'application')::%2$s ORDER BY e.at$query$,
                registry, osms_internal.key_type(registry, 'application')) USING attachment;
        END IF;
    END IF;
    IF attachment ->> 'order_key' IS NOT NULL AND osms.relation_of(registry, 'authority_order') IS NOT NULL THEN
        RETURN QUERY EXECUTE format($query$
            SELECT NULL::timestamptz, 'ordered', concat_ws(', ', o.number, 'issued ' || o.issued_on, o.issuer, o.cause, 'from '
                                                           || o.valid_from), 'order ' || o.order_key
            FROM %I.authority_order o WHERE o.order_key = $1 ->> 'order_key'$query$, registry) USING attachment;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.explain_basis(text, jsonb) IS
    'what an attachment, told as JSON, stands on: its application with decision and identifications, or its order';

-- The list of a site is counted without contributions, which would be asked of
-- everybody on it.
CREATE FUNCTION osms_internal.explain_month(registry text, mine text, sited boolean, month date, revision integer)
    RETURNS TABLE (outcome text, heads text, organisation text, rate numeric, share text, instead text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 1
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    terms osms_internal.statement_terms := osms_internal.terms_of(registry, month, revision);
    lists osms_internal.statement_terms := terms;
    restored osms_internal.statement_terms := terms;
    list text := 'SELECT NULL::date AS day, 1::numeric AS list_share WHERE false';
BEGIN
    terms.norm_above := NULL;
    restored.restored_late := false;
    IF lists.norm_above IS NOT NULL AND sited THEN
        lists.insured_month := NULL;
        lists.insurance_known := false;
        list := format('SELECT m.day, m.list_share FROM (%1$s) AS m WHERE %3$s AND m.organisation = ANY (ARRAY(SELECT m.organisation '
            'FROM %2$I.roster m WHERE %3$s))
            AND m.site = ANY (ARRAY(SELECT m.site FROM %2$I.roster m WHERE %3$s))', osms_internal.member_query(lists), registry, mine);
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT concat_ws(' ', m.organisation, l.status, l.held_because, m.heads, m.shares, m.reason),
            format('%%s of %%s heads', m.heads, l.heads), m.organisation,
               CASE WHEN m.heads > 0 AND l.status = 'ok' THEN l.rate END,
               CASE WHEN m.shares <> m.heads THEN format(' x %%s, %%s', osms_internal.plain(round(m.shares / m.heads, 4)), m.reason)
                   ELSE '' END,
               CASE WHEN m.reason = 'restored_not_served' THEN %8$L WHEN m.heads = 0 THEN 'no head, without sex or usable birth date'
                   WHEN l.status = 'held' THEN 'held: ' || l.held_because END
        FROM (SELECT d.organisation::text AS organisation, count(*) AS heads, sum(CASE %4$L WHEN 'lower' THEN least(d.share, n.list_share)
                                                                                  ELSE d.share * coalesce(n.list_share, 1) END) AS shares,
                     nullif(concat_ws(', ', max(d.reason), CASE WHEN min(n.list_share) < 1 THEN 'over_norm' END), '') AS reason
              FROM (SELECT m.* FROM (%2$s) AS m WHERE %5$s AND m.placed) AS d LEFT JOIN (%3$s) AS n USING (day) GROUP BY d.organisation
              UNION ALL
              SELECT m.organisation::text, 0, 0, NULL FROM (%2$s) AS m WHERE %5$s AND m.placed IS DISTINCT FROM true
              UNION ALL
              SELECT m.organisation::text, 0, 0, 'restored_not_served' FROM %1$I.roster m, unnest($3) AS d (day) WHERE %5$s AND %6$s
                  AND NOT %7$s) AS m
        LEFT JOIN LATERAL (
            SELECT x.status, x.held_because, x.heads, x.rate
            FROM (SELECT 0 AS revision, l.organisation, l.status, l.held_because, l.heads, l.rate FROM %1$I.statement_line l
                  WHERE l.month = $1
                  UNION ALL SELECT l.revision, l.organisation, l.status, l.held_because, l.heads, l.rate FROM %1$I.restatement_line l
                      WHERE l.month = $1 AND l.revision <= $2) AS x
            WHERE x.organisation = m.organisation ORDER BY x.revision DESC LIMIT 1) AS l ON true
        ORDER BY m.heads DESC, m.organisation COLLATE "C" LIMIT 1$query$, registry, osms_internal.member_query(terms), list,
            (terms.scheme).both_reductions, mine,
        osms_internal.on_roster(restored, 'm', 'd.day'), osms_internal.restored_counts(terms, 'm', 'd.day'),
        'restored after the month' || CASE (terms.scheme).restored WHEN 'served' THEN ', not served in it' ELSE '' END)
            USING month, revision, terms.days;
END $$;
COMMENT ON FUNCTION osms_internal.explain_month(text, text, boolean, date, integer) IS
'what a closed month (revision 0) or a restatement paid for an attachment, told by a condition on m and whether it was ever at a
site: outcome (all but the rate, to be compared), its heads of those of the organisation, rate (tenge; NULL where nothing was
paid), share below 1 with its reason, what there is instead of a payment
no row where the attachment does not count';

-- What only the rate of the organisation changed is told once, as restated
-- last; months in a row of which the same is to be told are told together.
CREATE FUNCTION osms_internal.explain_months(registry text, person text, attachment text)
    RETURNS TABLE (at timestamptz, item text, value text, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100000 ROWS 15
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET jit = off
AS $$
DECLARE
    mine text := format('m.person = %L::%s AND m.attachment = %L::%s', person, osms_internal.key_type(registry, 'person'), attachment,
                        osms_internal.key_type(registry, 'attachment'));
    headers jsonb;
    months jsonb;
BEGIN
    EXECUTE format($query$
        WITH span AS (
            SELECT min(m.since) AS since, max(m.until) AS until, array_agg(DISTINCT m.organisation::text) AS organisations,
                bool_or(m.site IS NOT NULL) AS sited, bool_or(m.basis = 'restores') AS restores FROM %1$I.roster m WHERE %2$s
        )
        SELECT jsonb_agg(h)
        FROM (
            -- lists are counted again where the organisation has somebody over the norm
            SELECT h.*, s.sited AND EXISTS (
                       SELECT FROM %1$I.statement_line l WHERE l.month = h.month AND l.organisation = ANY (s.organisations)
                           AND l.reduced ?| $1
                       UNION ALL SELECT FROM %1$I.restatement_line l WHERE l.month = h.month AND l.revision <= h.revision
                           AND l.organisation = ANY (s.organisations) AND l.reduced ?| $1) AS sited
            FROM span s, (SELECT s.month, 0 AS revision, s.known_at FROM %1$I.statement s UNION ALL SELECT r.month, r.revision, r.known_at
                          FROM %1$I.restatement r) AS h
            WHERE s.since < h.month + interval '1 month' AND s.until > h.month
              AND (h.revision = 0 OR s.restores OR EXISTS (SELECT FROM %1$I.restatement_line l WHERE l.month = h.month
                                                           AND l.revision = h.revision
                                                               AND l.organisation = ANY (s.organisations)))) AS h$query$, registry, mine)
    INTO headers USING '{over_norm,"uninsured, over_norm"}'::text[];
    months := (SELECT jsonb_agg(to_jsonb(h) || coalesce(to_jsonb(e), '{}'))
               FROM jsonb_to_recordset(coalesce(headers, '[]')) AS h (month date, revision integer, known_at timestamptz, sited boolean)
               LEFT JOIN LATERAL osms_internal.explain_month(registry, mine, h.sited, h.month, h.revision) AS e ON true);
    RETURN QUERY
        WITH told AS (
            SELECT h.*, coalesce(h.outcome, '') AS now, coalesce(lag(h.outcome) OVER (PARTITION BY h.month ORDER BY h.revision),
                                                                 '') AS before
            FROM jsonb_to_recordset(coalesce(months, '[]'))
                AS h (month date, revision integer, known_at timestamptz, outcome text, heads text, organisation text, rate numeric,
                      share text, instead text)
        ), part AS (
            SELECT t.*, count(*) FILTER (WHERE t.now <> t.before) OVER (PARTITION BY t.month ORDER BY t.revision) AS nth FROM told t
        ), outcome AS (
            -- what held from a revision on, until the next that changed more than the rate
            SELECT p.month, p.nth, p.now, min(p.known_at) AS at, min(p.revision) AS first, max(p.revision) AS last,
                min(p.organisation) AS organisation, min(p.share) AS share,
                   min(p.instead) AS instead, (array_agg(p.heads ORDER BY p.revision DESC))[1] AS heads,
                       (array_agg(p.rate ORDER BY p.revision DESC))[1] AS rate
            FROM part p WHERE p.nth > 0 GROUP BY p.month, p.nth, p.now
        ), run AS (
            SELECT o.*, o.month - make_interval(months => (row_number() OVER (PARTITION BY o.nth, o.now, o.first > 0
                                                                              ORDER BY o.month))::integer) AS island FROM outcome o
        )
        SELECT min(r.at), CASE WHEN r.restated THEN 'restated for ' ELSE 'paid for ' END
            || concat_ws(' to ', to_char(min(r.month), 'YYYY-MM'), to_char(nullif(max(r.month), min(r.month)), 'YYYY-MM')),
               CASE WHEN r.now = '' THEN 'counts no more'
                    ELSE coalesce(min(r.instead), format('%s of organisation %s at %s%s', CASE count(*) WHEN 1 THEN min(r.heads)
                                                         ELSE 'each month a head' END, min(r.organisation),
                                                         concat_ws(' to ', min(r.rate), nullif(max(r.rate), min(r.rate))),
                                                             min(r.share))) END,
               CASE WHEN r.restated THEN 'restatement ' || concat_ws(' to ', min(r.first), nullif(max(r.first), min(r.first)))
                   ELSE 'statement' END
               || CASE WHEN max(r.last - r.first) > 0 AND r.now <> '' THEN ', rate as restated last' ELSE '' END
        FROM (SELECT x.*, x.first > 0 AS restated FROM run x) AS r
        GROUP BY r.nth, r.now, r.restated, r.island;
END $$;
COMMENT ON FUNCTION osms_internal.explain_months(text, text, text) IS
'what closed months and their restatements paid for an attachment, with the moment as of which that became known, the first of
months in a row that are told together: what each month paid, and each restatement that changed more than the rate';

CREATE FUNCTION osms_internal.counted_days(state text, since date, until date, gone_on date) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN state IS NULL THEN 'on no day: its state is not known'
                WHEN state = 'annulled' THEN 'on no day: it is annulled'
                WHEN since IS NULL OR NOT isfinite(since) THEN 'on no day: it has no first day'
                WHEN since >= until THEN format('on no day: it ends before %s and begins on %s', until, since)
                WHEN since >= gone_on THEN format('on no day: it begins on %s, after death', since)
                ELSE format('from %s %s', since, CASE WHEN gone_on < coalesce(until, 'infinity')
                            THEN format('before %s, after death', gone_on)
                                                      WHEN isfinite(until) THEN format('before %s', until) ELSE 'without end' END) END;
COMMENT ON FUNCTION osms_internal.counted_days(text, date, date, date) IS
    'on which days an attachment counts, in words: state, first day, end, day after death; called by explain_attachment';

CREATE FUNCTION osms.explain_attachment(registry text, attachment text)
    RETURNS TABLE (at timestamp, item text, value text, source text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100000 ROWS 30
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    found jsonb;
    told jsonb;
    gone_on date;
BEGIN
    PERFORM osms_internal.need_arguments('explain_attachment', jsonb_build_object('registry', registry, 'attachment', attachment));
    PERFORM osms_internal.check_reader(registry);
    EXECUTE format('SELECT to_jsonb(a) FROM %I.attachment a WHERE a.attachment = $1::%s', registry,
                   osms_internal.key_type(registry, 'attachment')) INTO found USING attachment;
    IF found IS NULL THEN
        RAISE EXCEPTION 'no attachment "%" in registry "%"', attachment, registry
            USING ERRCODE = 'no_data_found', HINT = format('SELECT attachment FROM %I.attachment lists them.', registry);
    END IF;
    EXECUTE format('SELECT p.death_date + 1 FROM %I.person p WHERE p.person = $1::%s', registry,
                   osms_internal.key_type(registry, 'person')) INTO gone_on USING found ->> 'person';
    RETURN QUERY VALUES
        (NULL::timestamp, 'person', found ->> 'person', 'attachment'),
        (NULL, 'organisation', concat_ws(', site ', found ->> 'organisation', found ->> 'site'), 'attachment'),
        (NULL, 'counts', osms_internal.counted_days(found ->> 'state', (found ->> 'since')::date, (found ->> 'until')::date, gone_on),
         'attachment'),
        (NULL, 'state', concat_ws(', ', coalesce(found ->> 'state', 'one that the mapping does not know'), found ->> 'reason'),
         'attachment'),
        (NULL, 'basis', CASE WHEN found ->> 'application' IS NOT NULL THEN 'application ' || (found ->> 'application')
                             WHEN found ->> 'order_key' IS NOT NULL THEN 'order ' || (found ->> 'order_key')
                             WHEN found ->> 'restores' IS NOT NULL THEN 'restores attachment ' || (found ->> 'restores')
                                 ELSE 'inherited' END, 'attachment');
    -- before the query that reads relations of the registry, for what calls it there
    -- is not known to be osms
    told := (SELECT jsonb_agg(x)
             FROM (SELECT b.at, 1 AS place, b.item, b.value, b.source FROM osms_internal.explain_basis(registry, found) AS b
                   UNION ALL
                   SELECT m.at, 5, m.item, m.value, m.source
                       FROM osms_internal.explain_months(registry, found ->> 'person', attachment) AS m) AS x);
    RETURN QUERY EXECUTE format($query$
        SELECT date_trunc('second', e.at AT TIME ZONE z.time_zone), e.item, e.value, e.source
        FROM (SELECT x.at, x.place, x.item, x.value, x.source
              FROM jsonb_to_recordset($1) AS x (at timestamptz, place integer, item text, value text, source text)
              UNION ALL
              SELECT r.known_from, 2, 'known as ' || r.mark, format('from %%s %%s', r.since, CASE WHEN isfinite(r.until) THEN 'before '
                                                                    || r.until ELSE 'without end' END), 'roster'
              FROM %1$I.roster r WHERE r.person = $3::%2$s AND r.attachment::text = $2
              UNION ALL
              SELECT r.known_to, 3, 'no more on the roster', NULL, 'roster'
              FROM %1$I.roster r WHERE r.person = $3::%2$s AND r.attachment::text = $2 AND isfinite(r.known_to)
                AND NOT EXISTS (SELECT FROM %1$I.roster n WHERE n.person = r.person AND n.attachment = r.attachment
                                AND n.known_from = r.known_to)
              UNION ALL
              SELECT NULL, 4, 'restored', 'by attachment ' || a.attachment, 'attachment' FROM %1$I.attachment a WHERE a.person = $3::%2$s
                  AND a.restores::text = $2) AS e, %1$I.setting z
        ORDER BY e.at NULLS FIRST, e.place, e.item COLLATE "C"$query$, registry, osms_internal.key_type(registry, 'person'))
        USING coalesce(told, '[]'), attachment, found ->> 'person';
END $$;
COMMENT ON FUNCTION osms.explain_attachment(text, text) IS
'one attachment (its key as text), in order
whom and what it is, on which days it counts by what is known now, on what basis, then, at in the civil time zone of the
registry, the application, identification or order behind it, what the roster knew from when on, and what closed months and
restatements paid for it (tenge); months in a row with the same outcome are one row. P0002 for an unknown key, 42501 for who may
not read the registry';

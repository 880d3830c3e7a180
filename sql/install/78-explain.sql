
--
-- explain: every number of a payment with the row or act it comes from, and
-- the story of one attachment, to be checked with a pocket calculator.
--
CREATE FUNCTION osms.plain(value numeric) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN trim_scale(value)::text;
COMMENT ON FUNCTION osms.plain(numeric) IS 'a number without zeros at its end';

CREATE FUNCTION osms.explain_terms(terms osms.statement_terms, line osms.statement_line)
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 40
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    scheme osms.scheme := terms.scheme;
    base osms.base_rate := osms.base_rate_on(scheme.scheme, line.region, line.class, terms.rate_day, terms.known_at);
    weighted numeric;
    factors text := '';
BEGIN
    RETURN QUERY
    SELECT format('%s %s', w.sex, osms.band_label(w.age_from, w.age_to)), format('%s * %s', h.heads, osms.plain(w.weight)), h.heads * w.weight, 'act ' || w.act
    FROM osms.weights_on(scheme.scheme, terms.rate_day, terms.known_at) w, LATERAL osms.heads(line.pyramid, w.age_from, w.age_to, w.sex) AS h (heads)
    WHERE h.heads <> 0 AND scheme.coefficient_over = 'all';
    SELECT sum(w.weight * osms.heads(line.pyramid, w.age_from, w.age_to, w.sex)) INTO weighted
    FROM osms.weights_on(scheme.scheme, terms.rate_day, terms.known_at) w WHERE scheme.coefficient_over = 'all';
    RETURN QUERY VALUES
        ('heads', CASE cardinality(terms.days) WHEN 1 THEN 'on the roster on ' || terms.days[1] ELSE 'person-days' END, line.heads::numeric,
         format('osms.roster_of(%L, %L, %L)', terms.registry, line.organisation, terms.month)),
        ('Kav', CASE WHEN weighted IS NULL THEN 'over those paid in full' ELSE format('%s / %s', osms.plain(weighted), line.heads) END, line.coefficient,
         format('scheme %s, act %s', scheme.scheme, scheme.act)),
        ('base rate B', format('%s, %s', coalesce(line.region, 'no region'), coalesce(line.class, 'no class')), base.rate,
         format('osms.base_rate of %s, act %s', base.valid_from, base.act));
    IF osms.relation_of(terms.registry, 'coefficient') IS NOT NULL THEN
        RETURN QUERY EXECUTE format($query$
            SELECT 'K ' || f.key, NULL::text, trim_scale(f.value::numeric),
                   (SELECT format('coefficient of %%s, %%s', c.valid_from, coalesce('act ' || (to_jsonb(c) ->> 'act'), 'without act'))
                    FROM %I.coefficient c WHERE c.organisation::text = $1 AND c.kind = f.key AND c.valid_from <= $2
                      AND coalesce((to_jsonb(c) ->> 'known_from')::timestamptz, '-infinity') <= $3
                    ORDER BY c.valid_from DESC, (to_jsonb(c) ->> 'known_from')::timestamptz DESC NULLS LAST LIMIT 1)
            FROM jsonb_each_text($4) AS f ORDER BY f.key$query$, terms.registry) USING line.organisation, terms.rate_day, terms.known_at, line.factors;
    END IF;
    SELECT coalesce(string_agg(CASE scheme.combination WHEN 'add' THEN format(' + (%s - 1)', osms.plain(f.value::numeric)) ELSE format(' * %s', osms.plain(f.value::numeric)) END, '' ORDER BY f.key), '')
    INTO factors FROM jsonb_each_text(line.factors) AS f;
    RETURN QUERY VALUES
        ('rate', format(CASE scheme.combination WHEN 'add' THEN '%s * (%s%s)' ELSE '%s * %s%s' END, osms.plain(base.rate), CASE WHEN weighted IS NULL OR scheme.coefficient_rounding IS NOT NULL THEN 'Kav'
            ELSE format('%s / %s', osms.plain(weighted), line.heads) END, factors), line.rate,
         format('combination %s, %s', scheme.combination, coalesce('to ' || scheme.rate_rounding || ' digits', 'not rounded')));
    RETURN QUERY SELECT r.key || ' heads', 'paid at a share below 1', r.value::numeric, CASE r.key WHEN 'uninsured' THEN 'parameter uninsured_share ' || terms.uninsured_share END
    FROM jsonb_each_text(line.reduced) AS r;
    RETURN QUERY
    SELECT v.item, v.computation, v.value, v.source FROM (VALUES
        (1, 'shares', 'sum over all heads', trim_scale(line.shares), NULL::text, line.shares <> line.heads),
        (2, 'earned', format('%s * %s%s', osms.plain(line.rate), osms.plain(line.shares), CASE cardinality(terms.days) WHEN 1 THEN '' ELSE ' / ' || cardinality(terms.days) END), line.earned,
         format('to %s digits', scheme.amount_rounding), true),
        (3, 'inactive', format('%s persons not served in the year', line.inactive), -line.inactive_cut, 'parameter inactive_share ' || terms.inactive_share, line.inactive_cut <> 0),
        (4, 'inactive, not borne', 'left for the ledger', line.inactive_rest, NULL, line.inactive_rest <> 0),
        (5, 'carried in', 'cut by the contract before', line.carried_in, NULL, line.carried_in <> 0),
        (6, 'cap', 'above the contract of the year', -line.cap_cut, 'contract ' || osms.plain(line.contract_amount), line.cap_cut <> 0),
        (7, 'amount', coalesce('held: ' || line.held_because, 'earned, inactive, carried in and cap'), line.amount, 'scheme ' || scheme.scheme, true))
        AS v (nth, item, computation, value, source, told)
    WHERE v.told ORDER BY v.nth;
END $$;
COMMENT ON FUNCTION osms.explain_terms(osms.statement_terms, osms.statement_line) IS
    'a line of a statement told number by number: what it is, how it is computed, its value, and the row or act it comes from';

CREATE FUNCTION osms.explain_payment(registry text, organisation text, month date, scheme text DEFAULT 'illustrative')
    RETURNS TABLE (item text, computation text, value numeric, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 40
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    made record;
    line osms.statement_line;
BEGIN
    SELECT l.* INTO made FROM osms.line_of(registry, organisation, month, scheme, statement_timestamp()) AS l;
    line := made.line;
    IF line.organisation IS NULL THEN
        RAISE EXCEPTION 'organisation "%" has no line in %', organisation, to_char(month, 'YYYY-MM')
            USING ERRCODE = 'no_data_found', HINT = 'It has a line when somebody is on its roster on the day that counts.';
    END IF;
    RETURN QUERY SELECT e.* FROM osms.explain_terms(made.terms, line) AS e;
    IF made.closed_at IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT 'ledger: ' || g.cause, format('%%s, %%s persons', g.kind, g.persons), g.amount,
               format('restatement %%s of %%s, invoice of %%s', g.revision, r.posted_at::date, to_char(g.invoice_month, 'YYYY-MM'))
        FROM %1$I.ledger g JOIN %1$I.restatement r USING (month, revision)
        WHERE g.month = $1 AND g.organisation = $2
        ORDER BY g.entry$query$, registry) USING month, organisation;
    RETURN QUERY EXECUTE format($query$
        SELECT 'paid', 'amount and ledger', coalesce($3, 0) + coalesce(sum(g.amount), 0), format('closed %%s', $4::date)
        FROM %I.ledger g WHERE g.month = $1 AND g.organisation = $2$query$, registry) USING month, organisation, line.amount, made.closed_at;
END $$;
COMMENT ON FUNCTION osms.explain_payment(text, text, date, text) IS
    'one payment, number by number: heads by band and weight, Kav, base rate, coefficients, rate, reductions, cap, amount and, of a closed month, its ledger, each with its computation (tenge, persons) and the row or act it comes from; of an open month its statement by the scheme as known now. P0002 for an organisation without a line; errors as osms.statement';

CREATE FUNCTION osms.explain_basis(registry text, attachment jsonb) RETURNS TABLE (at timestamptz, item text, value text, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 5
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
BEGIN
    IF attachment ->> 'application' IS NOT NULL AND osms.relation_of(registry, 'application') IS NOT NULL THEN
        RETURN QUERY EXECUTE format($query$
            SELECT v.at, v.item, v.value, 'application ' || ($1 ->> 'application')
            FROM (SELECT to_jsonb(x) AS a FROM %1$I.application x WHERE x.application = ($1 ->> 'application')::%2$s) AS f,
                 LATERAL (VALUES ((f.a ->> 'submitted_at')::timestamptz, 'submitted', concat_ws(', ', f.a ->> 'channel', f.a ->> 'ground')),
                                 ((f.a ->> 'decided_at')::timestamptz, 'decided', concat_ws(', ', f.a ->> 'state', 'by ' || (f.a ->> 'decided_by')))) AS v (at, item, value)
            $query$, registry, osms.key_type(registry, 'application')) USING attachment;
        IF osms.relation_of(registry, 'identity_event') IS NOT NULL THEN
            RETURN QUERY EXECUTE format($query$
                SELECT e.at, 'identified', concat_ws(', ', e.channel, e.method, e.provider, 'clerk ' || e.clerk), 'identity event ' || e.event
                FROM %1$I.identity_event e WHERE e.application = ($1 ->> 'application')::%2$s ORDER BY e.at$query$,
                registry, osms.key_type(registry, 'application')) USING attachment;
        END IF;
    END IF;
    IF attachment ->> 'order_key' IS NOT NULL AND osms.relation_of(registry, 'authority_order') IS NOT NULL THEN
        RETURN QUERY EXECUTE format($query$
            SELECT NULL::timestamptz, 'ordered', concat_ws(', ', o.number, 'issued ' || o.issued_on, o.issuer, o.cause, 'from ' || o.valid_from), 'order ' || o.order_key
            FROM %I.authority_order o WHERE o.order_key = $1 ->> 'order_key'$query$, registry) USING attachment;
    END IF;
END $$;
COMMENT ON FUNCTION osms.explain_basis(text, jsonb) IS
    'what an attachment, told as JSON, stands on: its application with decision and identifications, or its order';

CREATE FUNCTION osms.explain_month(registry text, person text, attachment text, month date, revision integer,
                                   OUT counted boolean, OUT item text, OUT value text, OUT source text) RETURNS record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
DECLARE
    terms osms.statement_terms := osms.terms_of(registry, month, revision);
    relation text := CASE revision WHEN 0 THEN 'statement_line' ELSE 'restatement_line' END;
    on_list record;
    line record;
BEGIN
    EXECUTE format('SELECT min(r.organisation::text) AS organisation, count(*) AS days, count(*) FILTER (WHERE %s) AS heads FROM %I.roster r, unnest($1) AS d (day)
                    WHERE r.person = $2::%s AND r.attachment::text = $3 AND %s',
                   osms.placed(terms, 'r', 'd.day'), registry, osms.key_type(registry, 'person'), osms.on_roster(terms, 'r', 'd.day'))
        INTO on_list USING terms.days, person, attachment;
    EXECUTE format('SELECT l.status, l.held_because, l.heads, l.rate FROM %I.%I l WHERE l.month = $1 AND l.organisation = $2 %s',
                   registry, relation, CASE revision WHEN 0 THEN '' ELSE format('AND l.revision = %s', revision) END)
        INTO line USING month, on_list.organisation;
    counted := on_list.days > 0;
    IF line.status IS NOT NULL THEN
        item := CASE revision WHEN 0 THEN 'paid for ' ELSE 'restated for ' END || to_char(month, 'YYYY-MM');
        value := CASE WHEN on_list.heads = 0 THEN 'no head, without sex or usable birth date'
                      WHEN line.status = 'held' THEN 'held: ' || line.held_because
                      ELSE format('%s of %s heads of organisation %s at %s', on_list.heads, line.heads, on_list.organisation, line.rate) END;
    END IF;
    source := CASE revision WHEN 0 THEN 'statement' ELSE 'restatement ' || revision END;
END $$;
COMMENT ON FUNCTION osms.explain_month(text, text, text, date, integer) IS
    'whether an attachment counted in a closed month (revision 0) or a restatement, and what was paid for it: heads and rate (tenge) of its organisation; item is NULL where a restatement did not change the organisation''s line';

CREATE FUNCTION osms.explain_attachment(registry text, attachment text)
    RETURNS TABLE (at timestamptz, item text, value text, source text)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 30
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    found jsonb;
    month record;
    told record;
    counted boolean;
BEGIN
    PERFORM osms.check_reader(registry);
    EXECUTE format('SELECT to_jsonb(a) FROM %I.attachment a WHERE a.attachment = $1::%s', registry, osms.key_type(registry, 'attachment')) INTO found USING attachment;
    IF found IS NULL THEN
        RAISE EXCEPTION 'no attachment "%" in registry "%"', attachment, registry
            USING ERRCODE = 'no_data_found', HINT = format('SELECT attachment FROM %I.attachment lists them.', registry);
    END IF;
    RETURN QUERY VALUES
        (NULL::timestamptz, 'person', found ->> 'person', 'attachment'),
        (NULL, 'organisation', concat_ws(', site ', found ->> 'organisation', found ->> 'site'), 'attachment'),
        (NULL, 'counts', format('from %s %s', found ->> 'since', coalesce('before ' || (found ->> 'until'), 'without end')), 'attachment'),
        (NULL, 'state', concat_ws(', ', found ->> 'state', found ->> 'reason'), 'attachment'),
        (NULL, 'basis', CASE WHEN found ->> 'application' IS NOT NULL THEN 'application ' || (found ->> 'application')
                             WHEN found ->> 'order_key' IS NOT NULL THEN 'order ' || (found ->> 'order_key')
                             WHEN found ->> 'restores' IS NOT NULL THEN 'restores attachment ' || (found ->> 'restores') ELSE 'inherited' END, 'attachment');
    RETURN QUERY SELECT e.* FROM osms.explain_basis(registry, found) AS e;
    RETURN QUERY EXECUTE format($query$
        SELECT r.known_from, 'known as ' || r.mark, format('%%s to %%s', r.since, r.until) ||
               CASE WHEN r.known_to < 'infinity' THEN format(', until %%s', r.known_to) ELSE '' END, 'roster'
        FROM %1$I.roster r WHERE r.person = $1::%2$s AND r.attachment::text = $2 ORDER BY r.known_from$query$, registry, osms.key_type(registry, 'person')) USING found ->> 'person', attachment;
    FOR month IN EXECUTE format('SELECT s.month, 0 AS revision, s.known_at FROM %1$I.statement s
                                 UNION ALL SELECT r.month, r.revision, r.known_at FROM %1$I.restatement r ORDER BY 1, 2', registry) LOOP
        SELECT e.* INTO told FROM osms.explain_month(registry, found ->> 'person', attachment, month.month, month.revision) AS e;
        IF told.item IS NOT NULL THEN
            RETURN QUERY VALUES (month.known_at, told.item, told.value, told.source);
        ELSIF counted AND month.revision > 0 AND NOT told.counted THEN
            RETURN QUERY VALUES (month.known_at, 'restated for ' || to_char(month.month, 'YYYY-MM'), 'counts no more', told.source);
        END IF;
        counted := told.counted;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms.explain_attachment(text, text) IS
    'one attachment (its key as text): whom and what it is, on what basis, with the application, identification or order behind it, what was written when and by whom, and what each closed month and restatement paid for it (tenge); at tells when that became known. P0002 for an unknown key, 42501 for who may not read the registry';

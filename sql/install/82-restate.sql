
--
-- restate: what a closed month would be as known now and, where that is
-- posted, the difference by cause as lines of the ledger. What was closed and
-- the ledger together are always what the month was last restated to.
--
CREATE FUNCTION osms_internal.latest_lines(registry text, month date) RETURNS TABLE (revision integer, lines osms.statement_line[])
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 10
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    PERFORM osms_internal.need_relation(registry, 'statement_line');
    RETURN QUERY EXECUTE format($query$
        WITH latest AS (
            SELECT DISTINCT ON (x.organisation) x.revision, x.line
            FROM (SELECT l.organisation, 0 AS revision, %2$s AS line FROM %1$I.statement_line l WHERE l.month = $1
                  UNION ALL SELECT l.organisation, l.revision, %2$s FROM %1$I.restatement_line l WHERE l.month = $1) AS x
            ORDER BY x.organisation, x.revision DESC
        )
        SELECT r.revision, coalesce(array_agg(l.line) FILTER (WHERE l.revision IS NOT NULL), '{}')
        FROM (SELECT 0 AS revision UNION SELECT l.revision FROM latest l) AS r LEFT JOIN latest l USING (revision)
        GROUP BY r.revision ORDER BY r.revision$query$, registry, osms_internal.line_expression('l')) USING month;
END $$;
COMMENT ON FUNCTION osms_internal.latest_lines(text, date) IS
    'the lines of a closed month as last restated, by the revision that found them (0 = the closing, always there)';

CREATE FUNCTION osms_internal.due_lines(terms osms_internal.statement_terms) RETURNS osms.statement_line[]
    LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000000
    RETURN ARRAY(SELECT CASE WHEN s.inactive_rest <> 0
                 THEN jsonb_populate_record(s, jsonb_build_object('amount', s.amount - s.inactive_rest, 'inactive_rest', 0)) ELSE s END
                 FROM osms.statement((terms).registry, (terms).month, ((terms).scheme).scheme, (terms).known_at) AS s);
COMMENT ON FUNCTION osms_internal.due_lines(osms_internal.statement_terms) IS
'the lines of a statement with what December could not bear taken off the amount, which may be below zero
a closed month is corrected to that';

CREATE FUNCTION osms_internal.restatement(terms osms_internal.statement_terms, restated osms.statement_line[])
    RETURNS TABLE (organisation text, cause text, kind text, persons bigint, amount numeric)
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    latest record;
    found osms_internal.difference[] := '{}';
    held text[] := ARRAY(SELECT n.organisation FROM unnest(restated) n WHERE n.status = 'held');
    known text[] := ARRAY(SELECT l.organisation FROM osms_internal.latest_lines(terms.registry, terms.month) r, unnest(r.lines) l);
BEGIN
    FOR latest IN SELECT * FROM osms_internal.latest_lines(terms.registry, terms.month) LOOP
        found := found || ARRAY(
            SELECT d
            FROM osms_internal.difference(osms_internal.terms_of(terms.registry, terms.month, latest.revision),
                                 ARRAY(SELECT l FROM unnest(latest.lines) l WHERE l.organisation <> ALL (held)), terms,
                                 ARRAY(SELECT n FROM unnest(restated) n
                                       WHERE n.status <> 'held' AND (n.organisation IN (SELECT l.organisation FROM unnest(latest.lines) l)
                                                                     OR latest.revision = 0 AND n.organisation <> ALL (known)))) AS d);
    END LOOP;
    RETURN QUERY
    SELECT r.organisation, r.cause, r.kind, r.persons, r.amount
    FROM (SELECT d.organisation, c.cause, c.kind, sum(d.persons)::bigint AS persons, sum(d.amount) AS amount, min(d."position") AS place
          FROM unnest(found) AS d,
               LATERAL (SELECT CASE WHEN d."position" <= 5 THEN 'membership' ELSE d.cause END,
                               CASE WHEN d.cause = 'held' THEN 'release' WHEN d."position" <= 3 THEN 'claw_back' WHEN d."position" <= 5
                                   THEN 'restoration'
                                    WHEN d.amount < 0 OR d.amount = 0 AND d.persons < 0 THEN 'claw_back' ELSE 'restoration' END)
                                        AS c (cause, kind)
          GROUP BY d.organisation, c.cause, c.kind
          UNION ALL
          SELECT n.organisation, 'held', 'held', n.heads, NULL, 0 FROM unnest(restated) n WHERE n.status = 'held') AS r
    ORDER BY r.organisation COLLATE "C", r.place;
END $$;
COMMENT ON FUNCTION osms_internal.restatement(osms_internal.statement_terms, osms.statement_line[]) IS
    'the difference between a closed month as last restated and its restated lines, made by the terms; see osms.restate';

CREATE FUNCTION osms.restate(registry text, month date, known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS TABLE (organisation text, cause text, kind text, persons bigint, amount numeric)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    terms osms_internal.statement_terms;
BEGIN
    PERFORM osms_internal.need_arguments('restate', jsonb_build_object('registry', registry, 'month', month, 'known_at', known_at));
    terms := osms_internal.statement_terms(registry, month, ((osms_internal.terms_of(registry, month)).scheme).scheme, known_at);
    RETURN QUERY SELECT r.* FROM osms_internal.restatement(terms, osms_internal.due_lines(terms)) AS r;
END $$;
COMMENT ON FUNCTION osms.restate(text, date, timestamptz) IS
'what a closed month, as last restated, would be different by as known at the moment
heads (persons) and tenge by organisation, cause and kind. Causes in their fixed order: membership (who went is kind claw_back,
who came is restoration), age_or_sex, insurance, coefficient, rate, inactive, cap, rounding; they sum to the difference of the
amounts. An organisation held at closing is paid by cause held, kind release; one that is held now is listed with kind held and
no amount. What December took back and the month could not bear (inactive_rest) is claimed by the first restatement. Errors as
osms_internal.terms_of and osms.statement';

CREATE FUNCTION osms_internal.restatement_due(registry text, month date, OUT terms osms_internal.statement_terms,
                                              OUT changed osms.statement_line[], OUT organisation text[],
                                              OUT cause text[], OUT kind text[], OUT persons bigint[], OUT amount numeric[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
#variable_conflict use_column
DECLARE
    known_at CONSTANT timestamptz := osms_internal.begin_closing(registry, month);
    now CONSTANT osms_internal.statement_terms := osms_internal.statement_terms(registry, month,
                                                                                ((osms_internal.terms_of(registry, month)).scheme).scheme,
                                                                                    known_at);
    restated osms.statement_line[] := osms_internal.due_lines(now);
    nobody CONSTANT jsonb := '{"heads": 0, "pyramid": "{}", "coefficient": null, "rate": null, "suspect": 0, "insurance_unknown": 0, '
        '"reduced": {}, "shares": 0,
        "earned": 0, "inactive": 0, "inactive_cut": 0, "inactive_rest": 0, "carried_in": 0, "cap_cut": 0, "amount": 0, "status": "ok",
        "held_because": null, "persons_held": 0}';
BEGIN
    terms := now;
    SELECT array_agg(r.organisation ORDER BY r.place), array_agg(r.cause ORDER BY r.place), array_agg(r.kind ORDER BY r.place),
           array_agg(r.persons ORDER BY r.place), array_agg(r.amount ORDER BY r.place)
    INTO restatement_due.organisation, restatement_due.cause, restatement_due.kind, restatement_due.persons, restatement_due.amount
    FROM osms_internal.restatement(now, restated) WITH ORDINALITY AS r (organisation, cause, kind, persons, amount, place)
    WHERE r.kind <> 'held';
    -- one who went and one who came may leave the line as it was
    changed := (
        SELECT array_agg(coalesce(n, jsonb_populate_record(l, nobody)))
        FROM (SELECT x AS l FROM osms_internal.latest_lines(registry, month) r, unnest(r.lines) x) AS a
        FULL JOIN (SELECT x AS n FROM unnest(restated) x) AS b ON (a.l).organisation = (b.n).organisation
        WHERE CASE WHEN (b.n).organisation IS NULL THEN (a.l).heads <> 0 OR (a.l).amount <> 0 OR (a.l).persons_held <> 0
                   ELSE (b.n).status <> 'held' AND a.l IS DISTINCT FROM b.n END
           OR coalesce((a.l).organisation, (b.n).organisation) IN (SELECT unnest(restatement_due.organisation)));
END $$;
COMMENT ON FUNCTION osms_internal.restatement_due(text, date) IS
'what osms.post_restatement writes
its terms, the lines that changed (NULL: none), and column by column the entries of the ledger; called by it, whose errors it
raises';

-- In C, for nothing else may be written into the ledger.
CREATE FUNCTION osms.post_restatement(registry text, month date)
    RETURNS TABLE (organisation text, cause text, kind text, persons bigint, amount numeric)
    LANGUAGE C
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    AS 'MODULE_PATHNAME', 'osms_post_restatement';
COMMENT ON FUNCTION osms.post_restatement(text, date) IS
'writes what osms.restate finds now into the ledger, to be paid or withheld with the invoice of the first month that is not
closed, and returns it
nothing, where nothing changed since it was posted last. What was closed and the ledger then sum to what the month is now, for
every organisation that is not held now. Waits for writers as osms.close_month, with its errors; 55000 for a month that is not
closed';

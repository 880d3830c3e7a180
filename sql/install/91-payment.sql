
--
-- payment: what a Fund pays from its own table, compared with what is due.
--
CREATE FUNCTION osms.due(registry text, month date)
    RETURNS TABLE (organisation text, statement numeric, ledger numeric, due numeric, paid numeric, status text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000 ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    payments text := 'SELECT NULL::text, NULL::numeric WHERE false';
BEGIN
    PERFORM osms_internal.need_arguments('due', jsonb_build_object('registry', registry, 'month', month));
    PERFORM osms_internal.terms_of(registry, month);
    IF osms.relation_of(registry, 'payment') IS NOT NULL THEN
        payments := format('SELECT y.organisation::text, sum(y.amount) FROM %I.payment y
            WHERE y.month >= $1 AND y.month < $1 + interval ''1 month'' GROUP BY y.organisation', registry);
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT organisation, l.amount, g.amount, coalesce(l.amount, 0) + coalesce(g.amount, 0), p.amount, coalesce(l.status, 'no_line')
        FROM (SELECT x.organisation, x.amount, x.status FROM %1$I.statement_line x WHERE x.month = $1) AS l
        FULL JOIN (SELECT x.organisation, sum(x.amount) AS amount FROM %1$I.ledger x WHERE x.invoice_month = $1
                   GROUP BY x.organisation) AS g USING (organisation)
        FULL JOIN (%2$s) AS p (organisation, amount) USING (organisation)
        ORDER BY organisation COLLATE "C"$query$, registry, payments) USING month;
END $$;
COMMENT ON FUNCTION osms.due(text, date) IS
'what a Fund owes every organisation for a closed month (tenge)
statement, the amount of its closed line (NULL while held), ledger, what corrections of other months add on the invoice of this
one, due, their sum, paid, the sum of the relation payment (NULL: nothing yet), status of the line (ok, held, no_line). Rule
payment_due compares due and paid. Sanctions and the relation adjustment are on osms.invoice. Errors as osms_internal.terms_of';

CREATE FUNCTION osms.guard_payment(registry text, mode text DEFAULT 'enforce') RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    modes jsonb := jsonb_build_object('payment_due', mode, 'payment_contract', mode);
    guarded text[];
    missing text;
BEGIN
    PERFORM osms_internal.check_modes(modes);
    PERFORM osms_internal.check_reader(registry);
    -- person comes first in every registry, and the rows of organisation are the lock
    SELECT r INTO missing FROM unnest('{payment,statement,person,organisation}'::text[]) WITH ORDINALITY AS n (r, place)
    WHERE osms.relation_of(registry, r) IS NULL ORDER BY n.place LIMIT 1;
    IF missing = 'statement' THEN
        RAISE EXCEPTION 'registry "%" keeps no statements', registry
            USING ERRCODE = 'undefined_table', HINT = 'They come with the roster: map the relation "attachment" with osms.map().';
    ELSIF missing IS NOT NULL THEN
        RAISE EXCEPTION 'registry "%" has no relation "%"', registry, missing
            USING ERRCODE = 'undefined_table', HINT = 'Map it with osms.map().';
    END IF;
    PERFORM osms_internal.begin_change(registry, 'guard_payment');
    PERFORM osms_internal.stop_at_errors(registry, 'payments of registry', jsonb_agg(to_jsonb(c))) FROM osms.check_registry(registry) c
    WHERE c.severity = 'error' AND c.relation IN ('payment', 'organisation', 'contract', 'setting');
    PERFORM osms_internal.check_one_guard(registry, '{payment}');
    IF osms.relation_of(registry, 'contract') IS NULL THEN
        RAISE NOTICE 'rules are idle: the registry lacks what they need' USING DETAIL = 'payment_contract on payment.';
    END IF;
    -- what is guarded already follows, for all triggers of a registry carry the same modes; to replace one that is disabled would enable it
    SELECT array_agg(g.relation) INTO guarded
    FROM (SELECT t.relation FROM osms.guard_trigger t WHERE t.registry = guard_payment.registry GROUP BY t.relation
          HAVING bool_and(t.enabled)) AS g;
    PERFORM osms_internal.put_triggers(registry, osms_internal.guard_modes(registry, modes), guarded || 'payment'::text);
END $$;
COMMENT ON FUNCTION osms.guard_payment(text, text) IS
'puts the guard on the table behind the relation payment alone, for a Fund that does not guard its attachments here
mode: enforce, warn or off for the rules payment_due and payment_contract. Guards of other relations follow in these modes,
unless they are disabled. osms.guard covers payments with everything else, osms.unguard takes all guards of the registry away.
Locks and errors as osms.guard; 42P01 where the relation payment, the statements or what the lock needs is absent';

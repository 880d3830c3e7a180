
--
-- epoch: whether the roster is complete. It is what was filled under one
-- mapping and one guard; whatever may make that untrue begins a new epoch, or
-- shows in what the catalogue says of tables, views and triggers.
--
CREATE FUNCTION osms_internal.begin_change(registry text, call text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'osms.% runs at isolation level READ COMMITTED only', call
            USING ERRCODE = 'active_sql_transaction',
                  DETAIL = 'The snapshot of this transaction may be older than what stands now.',
                  HINT = 'Begin the transaction with BEGIN ISOLATION LEVEL READ COMMITTED.';
    ELSIF osms.relation_of(registry, 'setting') IS NOT NULL THEN
        EXECUTE format('SELECT FROM %I.setting FOR NO KEY UPDATE', registry);
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.begin_change(text, text) IS
'lets calls that change mapping or guard of a registry come one after the other, each seeing what the one before did
locks its row of setting to the end of the transaction. 25001 at another isolation level than READ COMMITTED, 42501 for who may
not UPDATE setting; called by map, guard, guard_payment and unguard';

-- A view reads its table whatever that is called, and its instants in the time
-- zone that the registry had: what was told of them may mean another now.
CREATE FUNCTION osms_internal.outdated_mappings(registry text, OUT relation text, OUT problem text, OUT hint text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    zone text;
    m record;
    taker regclass;
BEGIN
    EXECUTE format('SELECT s.time_zone FROM %s s', osms_internal.need_relation(registry, 'setting')) INTO zone;
    FOR m IN SELECT k.relation, c.oid, t.told[1] AS name, t.told[2] AS zone
             FROM (SELECT DISTINCT r.relation FROM osms.registry_columns(true) r) k
                 JOIN pg_class c ON c.oid = osms.relation_of(registry, k.relation),
                  regexp_match(obj_description(c.oid, 'pg_class'), '^maps ([^:]+?)(?:, instants in ([^:,]+))?(?::.*)?$') t (told)
             WHERE c.relkind = 'v' AND NOT (k.relation = 'attachment' AND osms.relation_of(registry, 'attachment_event') IS NOT NULL)
             ORDER BY k.relation LOOP
        relation := m.relation;
        SELECT t.oid INTO taker FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE format('%I.%I', n.nspname, t.relname) = m.name AND t.oid <> osms.mapped_source(m.oid);
        IF taker IS NOT NULL THEN
            problem := format('it reads %s, but another table is called %s now, as that was', osms.mapped_source(m.oid), m.name);
            hint := 'Where rows are written to the other, map the relation again with osms.map(); else give the other another name.';
            RETURN NEXT;
        END IF;
        IF m.zone <> zone THEN
            problem := format('it reads instants in time zone %s, but the registry is in %s', m.zone, zone);
            hint := 'Map the relation again with osms.map(), or set the time zone back.';
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.outdated_mappings(text) IS
'mapped relations of which what was told when they were mapped is another now: a table of that name, the time zone of the
registry
called by osms_internal.is_filled and check_registry';

CREATE FUNCTION osms_internal.this_database() RETURNS text
    LANGUAGE C STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_this_database';
COMMENT ON FUNCTION osms_internal.this_database() IS
    'server and database, by numbers that no other has, a restored one either; called by osms_internal.filling_terms';

CREATE FUNCTION osms_internal.filling_terms(registry text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH relation AS (
            SELECT r.relation, osms.relation_of(registry, r.relation) AS oid FROM unnest('{attachment,attachment_event,person}'::text[])
                AS r (relation)
        ), part AS (
            SELECT format('view %s %s', w.oid, w.xmin) AS entry, NULL AS definition
            FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid
            UNION
            SELECT format('table %s %s', t.source::oid, i.xmin), t.source::text
            FROM relation r CROSS JOIN LATERAL osms_internal.tables_of(osms.mapped_source(r.oid)) AS t (source) LEFT
                JOIN pg_inherits i ON i.inhrelid = t.source
            WHERE r.oid IS NOT NULL
            UNION
            -- what a mapping calls reads the rows, too
            SELECT format('function %s %s', p.oid, p.xmin), format('%s %s', p.oid::regprocedure, md5(p.prosrc))
            FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid
            JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_proc'::regclass
            JOIN pg_proc p ON p.oid = d.refobjid AND p.pronamespace NOT IN ('osms'::regnamespace, 'osms_internal'::regnamespace)
            UNION
            SELECT format('trigger %s %s', g.oid, g.xmin), format('%s %s %s', g.tgrelid::regclass, g.tgname, g.tgenabled)
            FROM osms.guard_trigger t JOIN pg_trigger g ON (g.tgrelid, g.tgname) = (t.source, t.trigger)
            WHERE t.registry = filling_terms.registry AND t.relation IN (SELECT r.relation FROM relation r)
        )
        SELECT format('%s %s %s', osms_internal.this_database(),
                      md5(string_agg(p.entry, ',' ORDER BY p.entry COLLATE "C")),
                          md5(string_agg(p.definition, ',' ORDER BY p.definition COLLATE "C")))
        FROM part p;
    END;
COMMENT ON FUNCTION osms_internal.filling_terms(text) IS
'what a roster that is filled now is filled under
the database, its catalogue entries of the views, the functions that they call, tables and triggers of attachments and persons, of
which each change is a new one, and their names, by which a restored database is known again';

CREATE FUNCTION osms_internal.is_filled(registry text) RETURNS boolean
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    complete boolean;
    filled_under text;
    then_terms text[];
    now_terms text[];
BEGIN
    EXECUTE format('SELECT s.roster_complete, s.filled_under FROM %s s', osms_internal.need_relation(registry, 'setting'))
        INTO complete, filled_under;
    IF complete IS NOT TRUE OR filled_under IS NULL THEN
        RETURN complete IS TRUE;
    END IF;
    IF EXISTS (SELECT FROM osms_internal.outdated_mappings(registry)) THEN
        RETURN false;
    END IF;
    then_terms := string_to_array(filled_under, ' ');
    now_terms := string_to_array(osms_internal.filling_terms(registry), ' ');
    -- entries of another database say nothing here
    RETURN CASE WHEN then_terms[1] = now_terms[1] THEN then_terms[2] = now_terms[2] ELSE then_terms[3] = now_terms[3] END;
END $$;
COMMENT ON FUNCTION osms_internal.is_filled(text) IS
'whether the roster of a registry is complete
it was filled in this epoch, and under the mapping, tables and triggers that stand now; or setting says so by hand, of a roster
that comes from elsewhere. 3F000 where there is no such registry';

CREATE FUNCTION osms_internal.check_complete(registry text) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    filled_once boolean;
BEGIN
    IF NOT osms_internal.is_filled(registry) THEN
        EXECUTE format('SELECT s.roster_complete FROM %I.setting s', registry) INTO filled_once;
        RAISE EXCEPTION 'the roster of registry "%" is not complete', registry
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = CASE WHEN EXISTS (SELECT FROM osms_internal.outdated_mappings(registry))
                      THEN (SELECT format('Relation "%s": %s.', o.relation, o.problem)
                            FROM osms_internal.outdated_mappings(registry) o LIMIT 1)
                           WHEN filled_once THEN 'Views, functions that they call, tables or triggers of attachments or persons changed '
                               'since it was filled.'
                           ELSE 'It was not filled since its mapping or its guard was made or changed.' END,
                  HINT = coalesce((SELECT o.hint || ' ' FROM osms_internal.outdated_mappings(registry) o LIMIT 1), '')
                      || format('CALL osms.fill_roster(%L) first: who is not on the roster is not paid for.', registry);
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_complete(text) IS
    '55000 where the roster of a registry is not complete (osms_internal.is_filled); called by begin_closing';

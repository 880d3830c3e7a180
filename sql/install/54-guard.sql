
--
-- guard and unguard on a live database: checks first and without locks, then
-- locks for a moment, again and again until all are had.
--
CREATE FUNCTION osms_internal.holders(tables regclass[], readers boolean) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT coalesce('They are held by ' || string_agg(DISTINCT coalesce(
                            'process ' || a.pid || format(' (%s)',
                                                          coalesce(nullif(a.application_name, ''), a.backend_type, 'another user''s')),
                            'a prepared transaction'), ', ') || '.',
                        'Who held them has let go of them since.')
        FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        WHERE l.relation = ANY (tables::oid[]) AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
          AND (readers OR l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database());
    END;
COMMENT ON FUNCTION osms_internal.holders(regclass[], boolean) IS
'sentence that names the sessions that hold locks on tables, readers among them or writers alone
for the message of who could not have the locks';

CREATE FUNCTION osms_internal.mend_mappings(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    stale record;
BEGIN
    FOR stale IN
        SELECT v.relation, v.view, string_agg(quote_literal(a.now), ', ' ORDER BY a.place) AS arguments,
               string_agg(DISTINCT format('"%s", formerly "%s"', a.now, a.written), ', ') FILTER (WHERE a.now <> a.written) AS columns
        FROM (SELECT DISTINCT k.relation, osms.relation_of(registry, k.relation) AS view FROM osms.registry_columns(true) k) v
        JOIN pg_trigger g ON g.tgrelid = v.view AND g.tgfoid = 'osms_internal.map_write'::regproc,
             unnest(osms_internal.trigger_arguments(g.oid), osms_internal.written_arguments(v.view)) WITH ORDINALITY a (written, now, place)
        GROUP BY v.relation, v.view HAVING bool_or(a.now <> a.written)
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER osms_map_write INSTEAD OF INSERT OR UPDATE OR DELETE ON %s
            FOR EACH ROW EXECUTE FUNCTION osms_internal.map_write(%s)', stale.view, stale.arguments);
        PERFORM osms_internal.note_act(registry, 'mapping', 'U', stale.relation, reason => 'writes column ' || stale.columns);
        RAISE NOTICE 'mapping of relation "%" writes column %', stale.relation, stale.columns;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.mend_mappings(text) IS
    'lets the mappings of a registry write the columns that were renamed since, under their new names; called by osms.guard';

-- Told before it is done: what stands now is what it is told of.
CREATE FUNCTION osms_internal.guard_acts(registry text, kept jsonb, relations text[]) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH was AS MATERIALIZED (
            SELECT osms_internal.guard_modes(registry, '{}') AS modes
        ), rule AS MATERIALIZED (
            SELECT r.rule, coalesce(was.modes ->> r.rule, r.default_mode) AS before, coalesce(kept ->> r.rule, r.default_mode) AS after
            FROM osms.rule r, was
        ), guard AS (
            SELECT c.relation, c.root, bool_or(c.was_open) AS was_open, array_agg(DISTINCT c.trigger::text) AS triggers
            FROM osms_internal.guard_changes(registry, kept) c WHERE relations IS NULL OR c.relation = ANY (relations)
                GROUP BY c.relation, c.root
        ), act AS (
            SELECT 1 AS place, 'guard' AS relation, CASE WHEN s.standing THEN 'U' ELSE 'I' END AS event, g.relation AS key,
                   NULL AS state_before, g.root::text AS state_after, CASE WHEN s.standing THEN g.triggers END AS changed
            FROM guard g, LATERAL (SELECT EXISTS (SELECT FROM osms.guard_trigger t WHERE t.registry = guard_acts.registry
                                                  AND t.relation = g.relation) AS standing) s
            -- a change of modes alone is told by the rules
            WHERE g.was_open OR NOT EXISTS (SELECT FROM rule r WHERE r.before <> r.after)
            UNION ALL
            SELECT 2, 'rule', 'U', r.rule, r.before, r.after, NULL FROM rule r WHERE r.before <> r.after
        )
        SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.place, a.key), '[]') FROM act a;
    END;
COMMENT ON FUNCTION osms_internal.guard_acts(text, jsonb, text[]) IS
'what the journal is to tell of a guard with these modes, as arguments of osms_internal.note_act
relations that get one, or triggers that were missing or disabled; rules whose mode changes; called by put_triggers';

-- The triggers of a guard as they should be, on all tables or on those of some relations.
CREATE FUNCTION osms_internal.put_triggers(registry text, kept jsonb, relations text[] DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    sources regclass[];
    statements text[];
    was_open boolean;
    gone record;
    acts jsonb;
    filled record;
    held CONSTANT boolean := osms_internal.is_filled(registry);
BEGIN
    EXECUTE format('SELECT s.roster_complete, s.epoch, s.filled_under FROM %s s', osms_internal.need_relation(registry, 'setting'))
        INTO filled;
    -- triggers left on tables that were detached
    FOR gone IN
        SELECT g.source, array_agg(format('DROP TRIGGER %I ON %s', g.trigger, g.source)) AS statements
        FROM osms.guard_trigger g
        WHERE g.registry = put_triggers.registry AND (relations IS NULL OR g.relation = ANY (relations))
          AND (g.source, g.relation) NOT IN (SELECT d.source, d.relation
                                             FROM osms_internal.guard_definitions(put_triggers.registry, kept) d)
        GROUP BY g.source
    LOOP
        IF NOT osms_internal.under_lock(ARRAY[gone.source], 'ACCESS EXCLUSIVE', gone.statements, 1) THEN
            RAISE WARNING 'table % keeps triggers of a guard it no longer belongs to', gone.source
                USING HINT = 'Run osms.guard() again when nobody uses it.';
        END IF;
    END LOOP;

    -- a row trigger is replaced on the whole tree
    SELECT array_agg(DISTINCT t.source ORDER BY t.source) INTO sources
    FROM osms_internal.guard_changes(registry, kept) c
    CROSS JOIN LATERAL (SELECT c.source UNION SELECT osms_internal.tables_of(c.root) WHERE right(c.trigger::text, 4) = '_row') t (source)
    WHERE relations IS NULL OR c.relation = ANY (relations);
    SELECT array_agg(c.statement), bool_or(c.was_open) FILTER (WHERE c.relation IN ('attachment', 'person')) INTO statements, was_open
    FROM osms_internal.guard_changes(registry, kept) c
    WHERE relations IS NULL OR c.relation = ANY (relations);
    acts := osms_internal.guard_acts(registry, kept, relations);
    IF statements IS NOT NULL AND NOT osms_internal.under_lock(sources, 'SHARE ROW EXCLUSIVE', statements, 100) THEN
        RAISE EXCEPTION 'could not lock the tables of registry "%" while others write', registry
            USING ERRCODE = 'lock_not_available', DETAIL = osms_internal.holders(sources, false),
                  HINT = format('Nothing is changed. Wait for long transactions on the tables to end, or end them, and run osms.%s() '
                      'again.',
                                CASE WHEN relations IS NULL THEN 'guard' ELSE 'guard_payment' END);
    END IF;
    PERFORM osms_internal.note_act(registry, a.relation, a.event, a.key, a.state_before, a.state_after, changed => a.changed)
    FROM jsonb_to_recordset(acts) AS a (relation text, event "char", key text, state_before text, state_after text, changed text[]);
    -- what was written while a trigger was missing may not be on the roster
    IF was_open OR filled.roster_complete AND NOT held THEN
        IF osms_internal.new_epoch(registry) THEN
            RAISE NOTICE 'roster of "%" may lack what was written without a guard', registry
                USING HINT = format('CALL osms.fill_roster(%L) brings it in line.', registry);
        END IF;
    ELSIF statements IS NOT NULL AND held AND filled.filled_under IS NOT NULL THEN
        -- the same guard in other modes
        PERFORM osms_internal.set_complete(registry, filled.epoch, osms_internal.filling_terms(registry));
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.put_triggers(text, jsonb, text[]) IS
'makes the triggers of a guard with these modes, or replaces those that differ, on the tables of these relations or, for NULL, of
all
where attachments or persons could be written without one the roster counts as incomplete. 55P03 where the locks were not to be
had. Called by osms.guard and guard_payment';

CREATE FUNCTION osms_internal.stop_at_errors(registry text, what text, errors jsonb) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    n CONSTANT integer := coalesce(jsonb_array_length(errors), 0);
BEGIN
    IF n > 0 THEN
        RAISE EXCEPTION '% "%" cannot be guarded: %', what, registry, errors #>> '{0,problem}'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = CASE n WHEN 1 THEN errors #>> '{0,hint}'
                              ELSE format('SELECT * FROM osms.check_registry(%L) WHERE severity = ''error'' tells what to do about each.',
                                          registry) END,
                  DETAIL = CASE n WHEN 1 THEN format('Found by osms.check_registry(%L) in relation %s.', registry,
                                                     errors #>> '{0,relation}')
                                ELSE format('Found by osms.check_registry(%L): ', registry)
                                     || (SELECT string_agg(format('(%s) %s: %s', place, e ->> 'relation', e ->> 'problem'), '; '
                                                           ORDER BY place)
                                         FROM jsonb_array_elements(errors) WITH ORDINALITY x (e, place)) || '.' END;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.stop_at_errors(text, text, jsonb) IS
'55000 where there are errors of osms.check_registry (an array of its rows), naming all of them
called by guard, guard_payment and plan';

CREATE FUNCTION osms.guard(registry text, modes jsonb DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    kept jsonb;
    idle text;
BEGIN
    PERFORM osms_internal.check_modes(modes);
    PERFORM osms_internal.begin_change(registry, 'guard');
    PERFORM osms_internal.stop_at_errors(registry, 'registry', jsonb_agg(to_jsonb(c))) FROM osms.check_registry(registry) c
        WHERE c.severity = 'error';
    PERFORM osms_internal.check_one_guard(registry);
    kept := osms_internal.guard_modes(registry, modes);

    SELECT string_agg(format('%s on %s', r.rule, r.relations), ', ' ORDER BY r.rule) INTO idle
    FROM (SELECT c.rule, string_agg(DISTINCT c.relation, ' and ' ORDER BY c.relation) AS relations
          FROM osms.clauses(registry) c WHERE NOT c.judged GROUP BY c.rule) r;
    IF idle IS NOT NULL THEN
        RAISE NOTICE 'rules are idle: the registry lacks what they need' USING DETAIL = idle || '.';
    END IF;
    PERFORM osms_internal.put_keep_triggers(registry);
    PERFORM osms_internal.mend_mappings(registry);
    PERFORM osms_internal.put_triggers(registry, kept);
END $$;
COMMENT ON FUNCTION osms.guard(text, jsonb) IS
'puts the guard on the tables behind a registry and all their partitions, or replaces what differs
modes: object of rule to enforce, warn or off, over what is in force. Checks first, then asks for SHARE ROW EXCLUSIVE locks a
tenth of a second at a time, letting writers pass in between, and keeps them until the transaction ends. Needs ownership of the
tables. 55000 with the errors of osms.check_registry or for a table that another registry guards, 55P03 where the locks were not
to be had within a hundred attempts, 25001 at another isolation level than READ COMMITTED, 22023 for an unknown rule or mode,
3F000 where there is no such registry, 42501 without ownership';

CREATE FUNCTION osms.unguard(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    tables regclass[];
    drops text[];
    disables text[];
    payment_alone boolean;
    guarded jsonb;
    left_over text;
BEGIN
    -- a schema that was dropped or renamed leaves its guard behind
    IF osms.relation_of(registry, 'setting') IS NULL
        AND NOT EXISTS (SELECT FROM osms.guard_trigger g WHERE g.registry = unguard.registry) THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'SELECT DISTINCT registry FROM osms.guards lists the registries with a guard.';
    END IF;
    PERFORM osms_internal.begin_change(registry, 'unguard');
    SELECT array_agg(DISTINCT g.source ORDER BY g.source),
           array_agg(format('DROP TRIGGER IF EXISTS %I ON %s', g.trigger, g.source)) FILTER (WHERE NOT g.cloned),
           array_agg(format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', g.source, g.trigger)), bool_and(g.relation = 'payment')
    INTO tables, drops, disables, payment_alone
    FROM osms.guard_trigger g WHERE g.registry = unguard.registry;
    SELECT jsonb_object_agg(g.relation, g.source) INTO guarded FROM osms.guards g WHERE g.registry = unguard.registry;
    -- readers, a dump among them, may hold up the one for long, but not the other
    IF drops IS NULL OR osms_internal.under_lock(tables, 'ACCESS EXCLUSIVE', drops, 5) THEN
        NULL;
    ELSIF osms_internal.under_lock(tables, 'SHARE ROW EXCLUSIVE', disables, 100) THEN
        left_over := 'disabled';
        RAISE WARNING 'the guard of registry "%" is switched off, but its triggers are still there', registry
            USING DETAIL = osms_internal.holders(tables, true),
                  HINT = 'Run osms.unguard() again when nobody reads the tables.';
    ELSE
        RAISE EXCEPTION 'could not lock the tables of registry "%" while others write', registry
            USING ERRCODE = 'lock_not_available',
                  DETAIL = osms_internal.holders(tables, false),
                  HINT = 'Nothing is changed. Wait for long transactions on the tables to end, or end them, and run osms.unguard() again.';
    END IF;
    IF osms.relation_of(registry, 'setting') IS NULL THEN
        RETURN;
    END IF;
    BEGIN
        PERFORM osms_internal.note_act(registry, 'guard', 'D', g.key, g.value, left_over) FROM jsonb_each_text(guarded) g ORDER BY g.key;
        IF payment_alone IS NOT TRUE THEN
            PERFORM osms_internal.new_epoch(registry);
        END IF;
    EXCEPTION WHEN undefined_column OR datatype_mismatch OR wrong_object_type THEN
        RAISE WARNING 'neither journal nor setting of registry "%" tell that it is no longer guarded', registry USING DETAIL = SQLERRM;
    END;
END $$;
COMMENT ON FUNCTION osms.unguard(text) IS
'removes the triggers of a guard
data, roster and journal stay. Where readers keep the tables, disables them instead with a WARNING. The roster counts as
incomplete afterwards, unless payments alone were guarded. Needs ownership of the tables. 3F000 where there is no such registry,
55P03 where the locks were not to be had, 25001 at another isolation level than READ COMMITTED';


--
-- guard: ordinary triggers on the tables behind a registry. Every rule and its
-- mode travels in their arguments; nothing of it is kept elsewhere.
--
CREATE FUNCTION osms.rules(OUT rule text, OUT layer text, OUT default_mode text, OUT fixed boolean,
                           OUT relations text[], OUT audited boolean, OUT sqlstate text, OUT refuses text,
                           OUT hint text, OUT act text, OUT warns_in_import boolean,
                           OUT russian text, OUT kazakh text) RETURNS SETOF record
    LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 30
    AS 'MODULE_PATHNAME', 'osms_rules';
COMMENT ON FUNCTION osms.rules() IS 'the catalogue of rules, as the view osms.rule shows it; each rule names its act';

CREATE VIEW osms.rule AS SELECT * FROM osms.rules();
COMMENT ON VIEW osms.rule IS
    'rules: id, layer that judges (row, set, or audit alone), default mode, whether it has no other, relations judged, whether audit finds it in stored rows, SQLSTATE, message and hint of a refusal, act, whether it only warns during an import, the message in Russian and in Kazakh (NULL where the database''s encoding cannot hold it)';
GRANT SELECT ON osms.rule TO PUBLIC;

CREATE FUNCTION osms.clauses(registry text, OUT rule text, OUT relation text, OUT judged boolean) RETURNS SETOF record
    LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 25
    AS 'MODULE_PATHNAME', 'osms_clauses';
COMMENT ON FUNCTION osms.clauses(text) IS
    'which rules judge which relations of a registry; judged is false where a relation or column they need is absent; 3F000 where there is no such registry, 42P01 without a roster';

CREATE FUNCTION osms.trigger_arguments(trigger oid) RETURNS text[]
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_trigger_arguments';
COMMENT ON FUNCTION osms.trigger_arguments(oid) IS 'arguments of a trigger, NULL where there are none';

CREATE FUNCTION osms.changed_columns(relation text, bits integer) RETURNS text[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_changed_columns';
COMMENT ON FUNCTION osms.changed_columns(text, integer) IS
    'names of the canonical columns that a guard found changed, NULL for a new row; used for the journal';

CREATE FUNCTION osms.guard_row() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_guard_row';
COMMENT ON FUNCTION osms.guard_row() IS
    'BEFORE ROW trigger of a guard: refuses what OLD and NEW decide alone; class 23 with the rule as constraint name; 55000 without the set trigger';

CREATE FUNCTION osms.guard_set() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_guard_set';
COMMENT ON FUNCTION osms.guard_set() IS
    'AFTER STATEMENT trigger of a guard: locks the persons, judges, keeps roster and journal; class 23 with the rule as constraint name; 42501 where the table''s owner may not read the registry';

CREATE FUNCTION osms.guard_truncate() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_guard_truncate';
COMMENT ON FUNCTION osms.guard_truncate() IS 'BEFORE TRUNCATE trigger of a guard: rule immutable';

CREATE FUNCTION osms.judge_pending() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_judge_pending';
COMMENT ON FUNCTION osms.judge_pending() IS
    'deferred constraint trigger of the relation pending: rule one_attachment at the end of the transaction';

REVOKE EXECUTE ON FUNCTION osms.guard_row(), osms.guard_set(), osms.guard_truncate(), osms.judge_pending() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION osms.guard_row(), osms.guard_set(), osms.guard_truncate(), osms.judge_pending() TO @extowner@;

-- Every trigger that a guard of any registry has, or should have.
CREATE VIEW osms.guard_trigger AS
    SELECT (osms.trigger_arguments(t.oid))[1] AS registry,
           (osms.trigger_arguments(t.oid))[2] AS relation,
           t.tgrelid::regclass AS source,
           t.tgname AS trigger,
           t.tgenabled IN ('O', 'A') AS enabled,
           t.tgparentid <> 0 AS cloned,
           (osms.trigger_arguments(t.oid))[3] AS modes
    FROM pg_catalog.pg_trigger t
    WHERE t.tgfoid IN ('osms.guard_row'::regproc, 'osms.guard_set'::regproc, 'osms.guard_truncate'::regproc);
COMMENT ON VIEW osms.guard_trigger IS 'the triggers of all guards: registry, relation, table, name, whether it fires, whether it came with a partition, modes';
GRANT SELECT ON osms.guard_trigger TO PUBLIC;

CREATE FUNCTION osms.modes_text(modes jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT coalesce(string_agg(m.key || '=' || m.value, ',' ORDER BY m.key), '') FROM jsonb_each_text(modes) m);
COMMENT ON FUNCTION osms.modes_text(jsonb) IS 'modes as the triggers of a guard carry them: rule=mode, comma separated';

CREATE FUNCTION osms.modes_of(modes text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT coalesce(jsonb_object_agg(split_part(m, '=', 1), split_part(m, '=', 2)), '{}')
            FROM string_to_table(modes, ',') m WHERE m <> '');
COMMENT ON FUNCTION osms.modes_of(text) IS 'modes that a trigger of a guard carries, as an object';

CREATE FUNCTION osms.tables_of(source regclass) RETURNS SETOF regclass
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT source UNION SELECT t.relid FROM pg_partition_tree(source) t;
    END;
COMMENT ON FUNCTION osms.tables_of(regclass) IS 'a table and, where it is partitioned, everything below it';

-- One row for a guarded table, however many partitions it has.
CREATE VIEW osms.guards AS
    WITH standing AS (
        SELECT t.*, coalesce(pg_partition_root(t.source), t.source) AS root FROM osms.guard_trigger t
    ), lacking AS (
        SELECT g.registry, g.relation, g.root,
               string_agg(format('%s triggers are missing%s', 5 - t.present, CASE WHEN t.source <> g.root OR g.parted THEN ' on ' || t.source END),
                          '; ' ORDER BY t.source::text) AS missing
        FROM (SELECT DISTINCT s.registry, s.relation, s.root, c.relkind = 'p' AS parted
              FROM standing s JOIN pg_catalog.pg_class c ON c.oid = s.root) g,
             LATERAL (SELECT o.source, (SELECT count(*) FROM standing s
                                        WHERE (s.registry, s.relation, s.source) = (g.registry, g.relation, o.source)) AS present
                      FROM osms.tables_of(g.root) o (source)) t
        WHERE t.present < 5
        GROUP BY g.registry, g.relation, g.root
    )
    SELECT g.registry, g.relation, g.root AS source,
           (SELECT r.rolname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
            WHERE c.oid = g.root) AS owner,
           osms.modes_of(max(g.modes)) AS modes,
           count(*) AS triggers,
           nullif(concat_ws('; ',
               CASE WHEN osms.relation_of(g.registry, g.relation) <> g.root
                         AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                                         WHERE w.ev_class = osms.relation_of(g.registry, g.relation)
                                           AND d.refclassid = 'pg_class'::regclass AND d.refobjid = g.root)
                    THEN 'the registry does not read this table' END,
               l.missing,
               'disabled: ' || string_agg(g.trigger || CASE WHEN g.source <> g.root THEN ' on ' || g.source ELSE '' END,
                                          ', ' ORDER BY g.source::text, g.trigger) FILTER (WHERE NOT g.enabled),
               CASE WHEN count(DISTINCT g.modes) > 1 THEN 'triggers differ in their modes' END), '') AS problem
    FROM standing g
    LEFT JOIN lacking l ON (l.registry, l.relation, l.root) = (g.registry, g.relation, g.root)
    GROUP BY g.registry, g.relation, g.root, l.missing;
COMMENT ON VIEW osms.guards IS
    'guarded tables: registry, relation, table (of partitions the root), its owner (who could disable the guard), modes other than the default, number of triggers, problem (missing or disabled triggers, partitions without, a table detached)';
GRANT SELECT ON osms.guards TO PUBLIC;

CREATE FUNCTION osms.check_modes(modes jsonb) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m record;
BEGIN
    IF jsonb_typeof(modes) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'modes are an object of rule and mode'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write them as {"basis": "warn"}, or {} for no change.';
    END IF;
    FOR m IN SELECT t.key, t.value, r.rule, r.fixed, r.default_mode
             FROM jsonb_each_text(modes) t LEFT JOIN osms.rule r ON r.rule = t.key LOOP
        IF m.rule IS NULL THEN
            RAISE EXCEPTION 'there is no rule "%"', m.key
                USING ERRCODE = 'invalid_parameter_value', HINT = 'The rules are in osms.rule.';
        ELSIF m.value NOT IN ('enforce', 'warn', 'off') THEN
            RAISE EXCEPTION 'rule "%" has no mode "%"', m.key, m.value
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Modes are enforce, warn and off.';
        ELSIF m.fixed AND m.value <> m.default_mode THEN
            RAISE EXCEPTION 'rule "%" has no other mode than %', m.key, m.default_mode
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms.check_modes(jsonb) IS '22023 for a rule or a mode that does not exist, and for what is not an object; called by osms.guard';

-- What a guard consists of, spelled as pg_get_triggerdef spells it.
CREATE FUNCTION osms.guard_definitions(registry text, modes jsonb, OUT relation text, OUT root regclass, OUT source regclass,
                                       OUT trigger name, OUT definition text) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 25
    BEGIN ATOMIC
        SELECT g.relation, g.root, t.source, format('zz_osms_%s_%s', g.relation, p.part)::name,
               format(p.form, format('zz_osms_%s_%s', g.relation, p.part), format('%I.%I', n.nspname, c.relname),
                      format('%L, %L, %L', registry, g.relation, osms.modes_text(modes)))
        FROM (SELECT DISTINCT k.relation, osms.mapped_source(osms.relation_of(registry, k.relation)) AS root
              FROM osms.registry_columns() k WHERE k.guarded) g
        CROSS JOIN LATERAL osms.tables_of(g.root) AS t (source)
        JOIN pg_catalog.pg_class c ON c.oid = t.source
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN (VALUES
            ('insert', 'CREATE TRIGGER %s AFTER INSERT ON %s REFERENCING NEW TABLE AS osms_new FOR EACH STATEMENT EXECUTE FUNCTION osms.guard_set(%s)'),
            ('update', 'CREATE TRIGGER %s AFTER UPDATE ON %s REFERENCING OLD TABLE AS osms_old NEW TABLE AS osms_new FOR EACH STATEMENT EXECUTE FUNCTION osms.guard_set(%s)'),
            ('delete', 'CREATE TRIGGER %s AFTER DELETE ON %s REFERENCING OLD TABLE AS osms_old FOR EACH STATEMENT EXECUTE FUNCTION osms.guard_set(%s)'),
            ('truncate', 'CREATE TRIGGER %s BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION osms.guard_truncate(%s)'),
            ('row', 'CREATE TRIGGER %s BEFORE INSERT OR DELETE OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION osms.guard_row(%s)')) AS p (part, form)
        -- the row trigger of the root is cloned to what is below it
        WHERE p.part <> 'row' OR t.source = g.root;
    END;
COMMENT ON FUNCTION osms.guard_definitions(text, jsonb) IS
    'the triggers that a guard with these modes consists of: relation, table behind it, table of the trigger (a partition or the same), name, definition; called by osms.guard';

CREATE FUNCTION osms.under_lock(tables regclass[], lock text, statements text[], attempts integer) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = 0
    SET client_min_messages = warning
AS $$
DECLARE
    -- how long writers may queue behind an attempt, and how long they are left alone after it
    patience CONSTANT interval := '100 ms';
    pause CONSTANT interval := '200 ms';
    usual CONSTANT text := current_setting('deadlock_timeout');
    done boolean := false;
    deadline timestamptz;
    "left" integer;
    t regclass;
    s text;
BEGIN
    -- a vacuum of the server's own gives way to who waits longer than this
    IF has_parameter_privilege('deadlock_timeout', 'SET') THEN
        PERFORM set_config('deadlock_timeout', '50ms', true);
    END IF;
    FOR attempt IN 1 .. attempts LOOP
        BEGIN
            deadline := clock_timestamp() + patience;
            FOREACH t IN ARRAY tables LOOP
                "left" := extract(milliseconds FROM deadline - clock_timestamp());
                IF "left" < 1 THEN
                    RAISE lock_not_available;
                END IF;
                PERFORM set_config('lock_timeout', "left"::text, true);
                EXECUTE format('LOCK TABLE ONLY %s IN %s MODE', t, lock);
            END LOOP;
            FOREACH s IN ARRAY statements LOOP
                EXECUTE s;
            END LOOP;
            done := true;
            EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_sleep_for(pause * (0.5 + random()));
        END;
    END LOOP;
    IF current_setting('deadlock_timeout') <> usual THEN
        PERFORM set_config('deadlock_timeout', usual, true);
    END IF;
    RETURN done;
END $$;
COMMENT ON FUNCTION osms.under_lock(regclass[], text, text[], integer) IS
    'locks tables in the order given, all within a tenth of a second, and runs statements; where that fails lets go of the locks and tries again, so often; false where no attempt had them all. Called by osms.guard and osms.unguard';

CREATE FUNCTION osms.holders(tables regclass[], readers boolean) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT coalesce(format('They are held by %s.', string_agg(DISTINCT format('process %s (%s)', l.pid,
                            coalesce(nullif(a.application_name, ''), a.backend_type, 'prepared transaction')), ', ')),
                        'Who held them has let go of them since.')
        FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        WHERE l.relation = ANY (tables::oid[]) AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
          AND (readers OR l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database());
    END;
COMMENT ON FUNCTION osms.holders(regclass[], boolean) IS
    'sentence that names the sessions that hold locks on tables, readers among them or writers alone; for the message of who could not have the locks';

CREATE FUNCTION osms.guard(registry text, modes jsonb DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problem record;
    kept jsonb;
    foreign_guard record;
    changes record;
    gone record;
    idle text;
    unfilled boolean;
BEGIN
    -- everything that can be known without a lock comes first
    PERFORM osms.check_modes(modes);
    SELECT * INTO problem FROM osms.check_registry(registry) c WHERE c.severity = 'error' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'registry "%" cannot be guarded: %', registry, problem.problem
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = problem.hint,
                  DETAIL = format('Found by osms.check_registry(%L) in relation %s.', registry, problem.relation);
    END IF;
    SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}') INTO kept
    FROM osms.guards g, jsonb_each_text(g.modes) m WHERE g.registry = guard.registry;
    SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}') INTO kept
    FROM jsonb_each_text(kept || modes) m JOIN osms.rule r ON r.rule = m.key WHERE m.value <> r.default_mode;
    SELECT g.source, g.registry INTO foreign_guard
    FROM osms.guard_trigger g JOIN osms.guard_definitions(guard.registry, kept) d ON (d.source, d.relation) = (g.source, g.relation)
    WHERE g.registry <> guard.registry ORDER BY g.relation LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table % is guarded for registry "%"', foreign_guard.source, foreign_guard.registry
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('A table has one guard; remove the other one with osms.unguard(%L).', foreign_guard.registry);
    END IF;

    -- what differs from what stands; a row trigger is replaced on the whole tree
    SELECT array_agg(DISTINCT d.source) FILTER (WHERE d.trigger NOT LIKE '%\_row') AS sources,
           array_agg(DISTINCT d.root) FILTER (WHERE d.trigger LIKE '%\_row') AS roots,
           array_agg(replace(d.definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER') ORDER BY d.relation, d.source, d.trigger) AS statements,
           bool_or(g.oid IS NULL OR g.tgenabled NOT IN ('O', 'A')) FILTER (WHERE d.relation IN ('attachment', 'person')) AS was_open
    INTO changes
    FROM osms.guard_definitions(guard.registry, kept) d
    LEFT JOIN pg_trigger g ON g.tgrelid = d.source AND g.tgname = d.trigger
    WHERE g.oid IS NULL OR g.tgenabled NOT IN ('O', 'A') OR pg_get_triggerdef(g.oid) <> d.definition
       OR (d.trigger LIKE '%\_row' AND EXISTS (SELECT FROM pg_trigger c WHERE c.tgrelid = ANY (SELECT osms.tables_of(d.root))
                                              AND c.tgname = d.trigger AND c.tgenabled NOT IN ('O', 'A')));
    IF changes.statements IS NOT NULL THEN
        SELECT array_agg(t.source ORDER BY t.source::oid) INTO changes.sources
        FROM (SELECT unnest(changes.sources) UNION SELECT osms.tables_of(r) FROM unnest(changes.roots) r) t (source);
        IF NOT osms.under_lock(changes.sources, 'SHARE ROW EXCLUSIVE', changes.statements, 100) THEN
            RAISE EXCEPTION 'could not lock the tables of registry "%" while others write', registry
                USING ERRCODE = 'lock_not_available',
                      DETAIL = osms.holders(changes.sources, false),
                      HINT = 'Nothing is changed. Wait for long transactions on the tables to end, or end them, and run osms.guard() again.';
        END IF;
    END IF;
    -- what was written while a trigger was missing may not be on the roster
    IF changes.was_open THEN
        EXECUTE format('UPDATE %I.setting SET roster_complete = false WHERE roster_complete RETURNING true', registry) INTO unfilled;
        IF unfilled THEN
            RAISE NOTICE 'roster of "%" may lack what was written without a guard', registry
                USING HINT = format('CALL osms.fill_roster(%L) brings it in line.', registry);
        END IF;
    END IF;
    FOR gone IN
        SELECT g.source, array_agg(format('DROP TRIGGER %I ON %s', g.trigger, g.source)) AS statements
        FROM osms.guard_trigger g
        WHERE g.registry = guard.registry
          AND NOT EXISTS (SELECT FROM osms.guard_definitions(guard.registry, kept) d WHERE (d.source, d.relation) = (g.source, g.relation))
        GROUP BY g.source
    LOOP
        IF NOT osms.under_lock(ARRAY[gone.source], 'ACCESS EXCLUSIVE', gone.statements, 10) THEN
            RAISE WARNING 'table % keeps triggers of a guard it no longer belongs to', gone.source
                USING HINT = 'Run osms.guard() again when nobody uses it.';
        END IF;
    END LOOP;
    FOR idle IN
        SELECT format('%s on %s', c.rule, string_agg(c.relation, ', ' ORDER BY c.relation))
        FROM osms.clauses(registry) c WHERE NOT c.judged GROUP BY c.rule ORDER BY c.rule
    LOOP
        RAISE NOTICE 'rule % is idle: the registry lacks what it needs', idle;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms.guard(text, jsonb) IS
    'puts the guard on the tables behind a registry and all their partitions, or replaces what differs; modes: object of rule to enforce, warn or off, over what is in force. Checks first, then asks for SHARE ROW EXCLUSIVE locks a tenth of a second at a time, letting writers pass in between, and keeps them until the transaction ends. Needs ownership of the tables. 55000 with the first error of osms.check_registry or for a table that another registry guards, 55P03 where the locks were not to be had within a hundred attempts, 22023 for an unknown rule or mode, 3F000 where there is no such registry, 42501 without ownership';

CREATE FUNCTION osms.unguard(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tables regclass[];
    drops text[];
    disables text[];
BEGIN
    IF osms.relation_of(registry, 'setting') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'SELECT DISTINCT registry FROM osms.guards lists the registries with a guard.';
    END IF;
    SELECT array_agg(DISTINCT g.source ORDER BY g.source),
           array_agg(format('DROP TRIGGER IF EXISTS %I ON %s', g.trigger, g.source)) FILTER (WHERE NOT g.cloned),
           array_agg(format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', g.source, g.trigger))
    INTO tables, drops, disables
    FROM osms.guard_trigger g WHERE g.registry = unguard.registry;
    -- readers, a dump among them, may hold up the one for long, but not the other
    IF drops IS NULL OR osms.under_lock(tables, 'ACCESS EXCLUSIVE', drops, 5) THEN
        NULL;
    ELSIF osms.under_lock(tables, 'SHARE ROW EXCLUSIVE', disables, 100) THEN
        RAISE WARNING 'the guard of registry "%" is switched off, but its triggers are still there', registry
            USING DETAIL = osms.holders(tables, true),
                  HINT = 'Run osms.unguard() again when nobody reads the tables.';
    ELSE
        RAISE EXCEPTION 'could not lock the tables of registry "%" while others write', registry
            USING ERRCODE = 'lock_not_available',
                  DETAIL = osms.holders(tables, false),
                  HINT = 'Nothing is changed. Wait for long transactions on the tables to end, or end them, and run osms.unguard() again.';
    END IF;
    EXECUTE format('UPDATE %I.setting SET roster_complete = false', registry);
END $$;
COMMENT ON FUNCTION osms.unguard(text) IS
    'removes the triggers of a guard; data, roster and journal stay. Where readers keep the tables, disables them instead with a WARNING. The roster counts as incomplete afterwards. Needs ownership of the tables. 3F000 where there is no such registry, 55P03 where the locks were not to be had';

REVOKE EXECUTE ON FUNCTION osms.under_lock(regclass[], text, text[], integer), osms.guard(text, jsonb), osms.unguard(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION osms.under_lock(regclass[], text, text[], integer), osms.guard(text, jsonb), osms.unguard(text) TO @extowner@;


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
           (osms.trigger_arguments(t.oid))[3] AS modes
    FROM pg_catalog.pg_trigger t
    WHERE t.tgfoid IN ('osms.guard_row'::regproc, 'osms.guard_set'::regproc, 'osms.guard_truncate'::regproc);
COMMENT ON VIEW osms.guard_trigger IS 'the triggers of all guards with the registry, relation and modes they carry';
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

CREATE VIEW osms.guards AS
    SELECT g.registry, g.relation, g.source,
           (SELECT r.rolname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
            WHERE c.oid = g.source) AS owner,
           osms.modes_of(max(g.modes)) AS modes,
           count(*) AS triggers,
           nullif(concat_ws('; ',
               CASE WHEN count(*) < 5 THEN format('%s triggers are missing', 5 - count(*)) END,
               CASE WHEN NOT bool_and(g.enabled) THEN
                    'disabled: ' || string_agg(g.trigger::text, ', ' ORDER BY g.trigger) FILTER (WHERE NOT g.enabled) END,
               CASE WHEN count(DISTINCT g.modes) > 1 THEN 'triggers differ in their modes' END), '') AS problem
    FROM osms.guard_trigger g
    GROUP BY g.registry, g.relation, g.source;
COMMENT ON VIEW osms.guards IS
    'guarded tables: registry, relation, table, its owner (who could disable the guard), modes other than the default, number of triggers, problem (missing or disabled triggers)';
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

CREATE FUNCTION osms.guard(registry text, modes jsonb DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problem record;
    guarded record;
    kept jsonb;
    prefix text;
    arguments text;
    idle text;
    other text;
BEGIN
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

    FOR guarded IN
        SELECT DISTINCT k.relation, osms.mapped_source(osms.relation_of(registry, k.relation)) AS source
        FROM osms.registry_columns() k
        WHERE k.guarded AND osms.relation_of(registry, k.relation) IS NOT NULL
        ORDER BY k.relation
    LOOP
        SELECT g.registry INTO other FROM osms.guard_trigger g
        WHERE g.source = guarded.source AND g.relation = guarded.relation AND g.registry <> guard.registry LIMIT 1;
        IF other IS NOT NULL THEN
            RAISE EXCEPTION 'table % is guarded for registry "%"', guarded.source, other
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = format('A table has one guard; remove the other one with osms.unguard(%L).', other);
        END IF;
        prefix := 'zz_osms_' || guarded.relation;
        arguments := format('%L, %L, %L', registry, guarded.relation, osms.modes_text(kept));
        EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS osms_new
            FOR EACH STATEMENT EXECUTE FUNCTION osms.guard_set(%s)', prefix || '_insert', guarded.source, arguments);
        EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER UPDATE ON %s REFERENCING OLD TABLE AS osms_old NEW TABLE AS osms_new
            FOR EACH STATEMENT EXECUTE FUNCTION osms.guard_set(%s)', prefix || '_update', guarded.source, arguments);
        EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER DELETE ON %s REFERENCING OLD TABLE AS osms_old
            FOR EACH STATEMENT EXECUTE FUNCTION osms.guard_set(%s)', prefix || '_delete', guarded.source, arguments);
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %s
            FOR EACH STATEMENT EXECUTE FUNCTION osms.guard_truncate(%s)', prefix || '_truncate', guarded.source, arguments);
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE ON %s
            FOR EACH ROW EXECUTE FUNCTION osms.guard_row(%s)', prefix || '_row', guarded.source, arguments);
    END LOOP;
    FOR idle IN
        SELECT format('%s on %s', c.rule, string_agg(c.relation, ', ' ORDER BY c.relation))
        FROM osms.clauses(registry) c WHERE NOT c.judged GROUP BY c.rule ORDER BY c.rule
    LOOP
        RAISE NOTICE 'rule % is idle: the registry lacks what it needs', idle;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms.guard(text, jsonb) IS
    'puts the guard on the tables behind a registry, or replaces it; modes: object of rule to enforce, warn or off, over what is in force. Needs ownership of the tables. 55000 with the first error of osms.check_registry or for a table that another registry guards, 22023 for an unknown rule or mode, 3F000 where there is no such registry, 42501 without ownership';

CREATE FUNCTION osms.unguard(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t record;
BEGIN
    IF osms.relation_of(registry, 'setting') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'SELECT DISTINCT registry FROM osms.guards lists the registries with a guard.';
    END IF;
    FOR t IN SELECT g.trigger, g.source FROM osms.guard_trigger g WHERE g.registry = unguard.registry LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', t.trigger, t.source);
    END LOOP;
    EXECUTE format('UPDATE %I.setting SET roster_complete = false', registry);
END $$;
COMMENT ON FUNCTION osms.unguard(text) IS
    'removes the triggers of a guard; data, roster and journal stay. The roster counts as incomplete afterwards. Needs ownership of the tables. 3F000 where there is no such registry';

REVOKE EXECUTE ON FUNCTION osms.guard(text, jsonb), osms.unguard(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION osms.guard(text, jsonb), osms.unguard(text) TO @extowner@;


--
-- guard: ordinary triggers on the tables behind a registry. Every rule and its
-- mode travels in their arguments; nothing of it is kept elsewhere.
--
CREATE FUNCTION osms_internal.changed_columns(relation text, bits integer) RETURNS text[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_changed_columns';
COMMENT ON FUNCTION osms_internal.changed_columns(text, integer) IS
    'names of the canonical columns that a guard found changed, NULL for a new row; used for the journal';

CREATE FUNCTION osms_internal.guard_row() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_guard_row';
COMMENT ON FUNCTION osms_internal.guard_row() IS
'BEFORE ROW trigger of a guard: refuses what OLD and NEW decide alone
class 23 with the rule as constraint name; 55000 without the set trigger';

CREATE FUNCTION osms_internal.guard_set() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_guard_set';
COMMENT ON FUNCTION osms_internal.guard_set() IS
'AFTER STATEMENT trigger of a guard: locks the persons, judges, keeps roster and journal
class 23 with the rule as constraint name; 42501 where the table''s owner may not read the registry';

CREATE FUNCTION osms_internal.guard_truncate() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_guard_truncate';
COMMENT ON FUNCTION osms_internal.guard_truncate() IS 'BEFORE TRUNCATE trigger of a guard: rule immutable';

CREATE FUNCTION osms_internal.judge_pending() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_judge_pending';
COMMENT ON FUNCTION osms_internal.judge_pending() IS
    'deferred constraint trigger of the relation pending: rule one_attachment at the end of the transaction';

-- Every trigger that a guard of any registry has, or should have.
CREATE VIEW osms.guard_trigger AS
    SELECT (osms_internal.trigger_arguments(t.oid))[1] AS registry,
           (osms_internal.trigger_arguments(t.oid))[2] AS relation,
           t.tgrelid::regclass AS source,
           t.tgname AS trigger,
           t.tgenabled IN ('O', 'A') AS enabled,
           t.tgqual IS NOT NULL OR t.tgattr <> ''::int2vector AS conditional,
           t.tgparentid <> 0 AS cloned,
           (osms_internal.trigger_arguments(t.oid))[3] AS modes
    FROM pg_catalog.pg_trigger t
    WHERE t.tgfoid IN ('osms_internal.guard_row'::regproc, 'osms_internal.guard_set'::regproc, 'osms_internal.guard_truncate'::regproc);
COMMENT ON VIEW osms.guard_trigger IS
'the triggers of all guards
registry, relation, table, name, whether it fires, whether only on a condition or for some columns, whether it came with a
partition, modes';

CREATE FUNCTION osms_internal.modes_text(modes jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT coalesce(string_agg(m.key || '=' || m.value, ',' ORDER BY m.key), '') FROM jsonb_each_text(modes) m);
COMMENT ON FUNCTION osms_internal.modes_text(jsonb) IS 'modes as the triggers of a guard carry them: rule=mode, comma separated';

CREATE FUNCTION osms_internal.modes_of(modes text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT coalesce(jsonb_object_agg(split_part(m, '=', 1), split_part(m, '=', 2)), '{}')
            FROM string_to_table(modes, ',') m WHERE m <> '');
COMMENT ON FUNCTION osms_internal.modes_of(text) IS 'modes that a trigger of a guard carries, as an object';

CREATE FUNCTION osms_internal.lost_of(registry text, relation text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN CASE
        WHEN to_regnamespace(quote_ident(registry)) IS NULL THEN format('there is no schema "%s"', registry)
        ELSE (SELECT 'the registry has lost "' || string_agg(l.name, '", "' ORDER BY l.place) || '"'
              FROM unnest(ARRAY[relation, 'setting', 'roster', 'journal', 'moved', 'pending', 'import']) WITH ORDINALITY l (name, place)
              WHERE osms.relation_of(registry, l.name) IS NULL) END;
COMMENT ON FUNCTION osms_internal.lost_of(text, text) IS
'what a guard of a relation misses: the schema of its registry, or relations there that were dropped or renamed
NULL for nothing; called by the view osms.guards';

-- One row for a guarded table, however many partitions it has.
CREATE VIEW osms.guards AS
    WITH standing AS (
        SELECT t.*, coalesce(pg_partition_root(t.source), t.source) AS root FROM osms.guard_trigger t
    ), present AS (
        SELECT s.registry, s.relation, s.source, count(*) AS triggers FROM standing s GROUP BY s.registry, s.relation, s.source
    ), lacking AS (
        SELECT g.registry, g.relation, g.root,
               string_agg(format('%s triggers are missing%s', g.parts - coalesce(p.triggers, 0), CASE WHEN g.parted THEN ' on '
                                 || t.source END),
                          '; ' ORDER BY t.source::text) AS missing
        FROM (SELECT DISTINCT s.registry, s.relation, s.root, c.relkind = 'p' AS parted,
                     -- a relation that is only traced has no row trigger
                     CASE WHEN s.relation IN (SELECT k.relation FROM osms.registry_columns() k WHERE k.traced) THEN 4 ELSE 5 END AS parts
              FROM standing s JOIN pg_catalog.pg_class c ON c.oid = s.root) g
        CROSS JOIN LATERAL osms_internal.tables_of(g.root) AS t (source)
        LEFT JOIN present p ON (p.registry, p.relation, p.source) = (g.registry, g.relation, t.source)
        WHERE coalesce(p.triggers, 0) < g.parts
        GROUP BY g.registry, g.relation, g.root
    )
    SELECT g.registry, g.relation, g.root AS source,
           (SELECT r.rolname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
            WHERE c.oid = g.root) AS owner,
           osms_internal.modes_of(max(g.modes)) AS modes,
           count(*) AS triggers,
           nullif(concat_ws('; ',
               osms_internal.lost_of(g.registry, g.relation),
               CASE WHEN osms.relation_of(g.registry, g.relation) <> g.root
                         AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w
                                         JOIN pg_catalog.pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                                         WHERE w.ev_class IN (osms.relation_of(g.registry, g.relation),
                                                              CASE g.relation WHEN 'attachment'
                                                                  THEN osms.relation_of(g.registry, 'attachment_event') END)
                                           AND d.refclassid = 'pg_class'::regclass AND d.refobjid = g.root)
                    THEN 'the registry does not read this table' END,
               l.missing,
               'disabled: ' || string_agg(g.trigger || CASE WHEN g.source <> g.root THEN ' on ' || g.source ELSE '' END,
                                          ', ' ORDER BY g.source::text, g.trigger) FILTER (WHERE NOT g.enabled),
               'fires on a condition: ' || string_agg(g.trigger || CASE WHEN g.source <> g.root THEN ' on ' || g.source ELSE '' END,
                                                      ', ' ORDER BY g.source::text, g.trigger) FILTER (WHERE g.conditional),
               CASE WHEN count(DISTINCT g.modes) > 1 THEN 'triggers differ in their modes' END), '') AS problem
    FROM standing g
    LEFT JOIN lacking l ON (l.registry, l.relation, l.root) = (g.registry, g.relation, g.root)
    GROUP BY g.registry, g.relation, g.root, l.missing;
COMMENT ON VIEW osms.guards IS
'guarded tables
registry, relation, table (of partitions the root), its owner (who could disable the guard), modes other than the default,
number of triggers, problem (a schema or relation of the registry that was dropped or renamed, missing, disabled or conditional
triggers, partitions without, a table detached)';

CREATE FUNCTION osms_internal.check_modes(modes jsonb) RETURNS void
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
COMMENT ON FUNCTION osms_internal.check_modes(jsonb) IS
    '22023 for a rule or a mode that does not exist, and for what is not an object; called by osms.guard';

-- What a guard consists of, spelled as pg_get_triggerdef spells it.
CREATE FUNCTION osms_internal.guard_definitions(registry text, modes jsonb, OUT relation text, OUT root regclass, OUT source regclass,
                                                OUT trigger name, OUT definition text) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 25
    BEGIN ATOMIC
        SELECT g.relation, g.root, t.source, format('zz_osms_%s_%s', g.relation, p.part)::name,
               format(p.form, format('zz_osms_%s_%s', g.relation, p.part), format('%I.%I', n.nspname, c.relname),
                      format('%L, %L, %L', registry, g.relation, osms_internal.modes_text(modes)))
        FROM (SELECT DISTINCT k.relation, k.traced, osms.mapped_source(osms.relation_of(registry, k.relation)) AS root
              FROM osms.registry_columns() k WHERE k.guarded OR k.traced) g
        CROSS JOIN LATERAL osms_internal.tables_of(g.root) AS t (source)
        JOIN pg_catalog.pg_class c ON c.oid = t.source
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN (VALUES
            ('insert', 'CREATE TRIGGER %s AFTER INSERT ON %s REFERENCING NEW TABLE AS osms_new FOR EACH STATEMENT EXECUTE FUNCTION '
                'osms_internal.guard_set(%s)'),
            ('update', 'CREATE TRIGGER %s AFTER UPDATE ON %s REFERENCING OLD TABLE AS osms_old NEW TABLE AS osms_new FOR EACH STATEMENT '
                'EXECUTE FUNCTION osms_internal.guard_set(%s)'),
            ('delete', 'CREATE TRIGGER %s AFTER DELETE ON %s REFERENCING OLD TABLE AS osms_old FOR EACH STATEMENT EXECUTE FUNCTION '
                'osms_internal.guard_set(%s)'),
            ('truncate', 'CREATE TRIGGER %s BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION osms_internal.guard_truncate(%s)'),
            ('row', 'CREATE TRIGGER %s BEFORE INSERT OR DELETE OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION osms_internal.guard_row(%s)'))
                AS p (part, form)
        -- the row trigger of the root is cloned to what is below it
        WHERE (p.part <> 'row' OR t.source = g.root AND NOT g.traced)
          -- of two registries over a table the first traces it
          AND NOT (g.traced AND EXISTS (SELECT FROM osms.guard_trigger o WHERE o.registry <> guard_definitions.registry
                                        AND o.relation = g.relation AND o.source = t.source));
    END;
COMMENT ON FUNCTION osms_internal.guard_definitions(text, jsonb) IS
'the triggers that a guard with these modes consists of
relation, table behind it, table of the trigger (a partition or the same), name, definition; called by osms.guard';

CREATE FUNCTION osms_internal.guard_modes(registry text, modes jsonb) RETURNS jsonb
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')
            FROM jsonb_each_text((SELECT coalesce(jsonb_object_agg(k.key, k.value), '{}')
                                  FROM osms.guards g, jsonb_each_text(g.modes) k WHERE g.registry = guard_modes.registry) || modes) m
            JOIN osms.rule r ON r.rule = m.key WHERE m.value <> r.default_mode);
COMMENT ON FUNCTION osms_internal.guard_modes(text, jsonb) IS
    'modes other than the default that a guard has after osms.guard with these: what is in force, and the new ones over it';

CREATE FUNCTION osms_internal.guard_changes(registry text, modes jsonb, OUT relation text, OUT root regclass, OUT source regclass,
                                            OUT trigger name,
                                            OUT statement text, OUT was_open boolean) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 25
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT d.relation, d.root, d.source, d.trigger, replace(d.definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER')
               || CASE WHEN g.tgenabled = 'A' THEN format('; ALTER TABLE %s %s ENABLE ALWAYS TRIGGER %I',
                       CASE WHEN d.trigger LIKE E'%\\_row' THEN '' ELSE 'ONLY' END, d.source, d.trigger) ELSE '' END,
               g.oid IS NULL OR g.tgenabled NOT IN ('O', 'A')
        FROM osms_internal.guard_definitions(registry, modes) d
        LEFT JOIN pg_catalog.pg_trigger g ON g.tgrelid = d.source AND g.tgname = d.trigger
        WHERE g.oid IS NULL OR g.tgenabled NOT IN ('O', 'A') OR pg_get_triggerdef(g.oid) <> d.definition
           OR (d.trigger LIKE E'%\\_row'
               AND EXISTS (SELECT FROM pg_catalog.pg_trigger c WHERE c.tgrelid = ANY (SELECT osms_internal.tables_of(d.root))
                           AND c.tgname = d.trigger AND c.tgenabled NOT IN ('O', 'A')))
        ORDER BY d.relation, d.source, d.trigger;
    END;
COMMENT ON FUNCTION osms_internal.guard_changes(text, jsonb) IS
'the triggers of osms_internal.guard_definitions that are missing, disabled or different, with the statement that puts each right
was_open: it did not fire';

CREATE FUNCTION osms_internal.check_one_guard(registry text, relations text[] DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken record;
BEGIN
    SELECT g.source, g.registry INTO taken
    FROM (SELECT DISTINCT t.source, t.relation, t.registry FROM osms.guard_trigger t WHERE t.registry <> check_one_guard.registry) g
    JOIN (SELECT DISTINCT d.source, d.relation FROM osms_internal.guard_definitions(check_one_guard.registry, '{}') d) d
      ON (d.source, d.relation) = (g.source, g.relation)
    WHERE relations IS NULL OR g.relation = ANY (relations)
    ORDER BY g.relation LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table % is guarded for registry "%"', taken.source, taken.registry
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('A table has one guard; remove the other one with osms.unguard(%L).', taken.registry);
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_one_guard(text, text[]) IS
'55000 for a table that another registry guards, of these relations or, for NULL, of all
called by osms.guard, guard_payment and plan';

CREATE FUNCTION osms.refusals(registry text, OUT day date, OUT told text, OUT rule text, OUT finding text, OUT relation text, OUT role text,
                              OUT application text, OUT statements bigint, OUT "rows" bigint) RETURNS SETOF record
    LANGUAGE C VOLATILE STRICT PARALLEL SAFE ROWS 100
    AS 'MODULE_PATHNAME', 'osms_refusals';
COMMENT ON FUNCTION osms.refusals(text) IS
'how often the rules of a registry refused, or would have, by day (of the server''s log), what the log says of it (refused, would
refuse, doubts), rule, finding, relation, role and application: statements, and rows found in them
Refused statements count too, though they roll back: the counters are a file beside the server''s own statistics, one for each
database, which a restart keeps and a dump, a standby and pg_upgrade do not carry on. Of a day more than 1,000 combinations are
counted without role and application (NULL); of more than 65,536 in all the older half is forgotten. For who may SELECT from the
registry''s journal (42501); 3F000 where there is no such registry';

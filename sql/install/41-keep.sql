
--
-- keep: what osms alone writes is kept by triggers, and the journal tells what
-- was done to a registry.
--
CREATE FUNCTION osms_internal.keep() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_keep';
COMMENT ON FUNCTION osms_internal.keep() IS
'trigger of what osms alone writes (roster, journal, moved, pending, import, statement, statement_line, restatement,
restatement_line, ledger): 55000 for every other statement, whoever runs it
A roster that no guard keeps takes rows from elsewhere, which the journal tells; none of them changes';

CREATE FUNCTION osms_internal.keep_setting() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_keep_setting';
COMMENT ON FUNCTION osms_internal.keep_setting() IS 'trigger of the relation setting: the journal tells of every value that changes';

CREATE FUNCTION osms_internal.new_epoch(registry text) RETURNS boolean
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osms_new_epoch';
COMMENT ON FUNCTION osms_internal.new_epoch(text) IS
'begins a new epoch of a registry, as its owner: its roster is not complete until osms.fill_roster has filled it
whether it was; 42501 for who may not UPDATE setting; called by map, guard, unguard and fill_roster';

CREATE FUNCTION osms_internal.set_complete(registry text, epoch bigint, filled_under text) RETURNS boolean
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osms_set_complete';
COMMENT ON FUNCTION osms_internal.set_complete(text, bigint, text) IS
'notes in setting that the roster of a registry was filled in an epoch, and under what (osms_internal.filling_terms), as the
owner of the
registry
false where another epoch has begun; 42501 for who may not UPDATE setting; called by guard and fill_roster';

CREATE FUNCTION osms_internal.note_act(registry text, relation text, event "char", key text, state_before text DEFAULT NULL,
                                       state_after text DEFAULT NULL,
                                       reason text DEFAULT NULL, changed text[] DEFAULT NULL) RETURNS void
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_note_act';
COMMENT ON FUNCTION osms_internal.note_act(text, text, "char", text, text, text, text, text[]) IS
'writes into the journal what the current user did to a registry (registry, mapping, guard, rule or keep), where it has a journal
already
called by create_registry, set_keeper, map, mend_mappings, put_keep_triggers, add_relation, guard, guard_payment and unguard.
42501 for who owns neither the registry nor a table behind it';

-- Spelled as pg_get_triggerdef spells it.
CREATE FUNCTION osms_internal.keep_definitions(registry text, OUT relation text, OUT kept regclass, OUT trigger name, OUT definition text)
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 20
    BEGIN ATOMIC
        SELECT c.relname::text, c.oid::regclass, d.trigger::name,
            format('CREATE TRIGGER %s %s ON %I.%I FOR EACH %s EXECUTE FUNCTION osms_internal.%s()',
                                                             d.trigger, d.events, registry, c.relname, d.each, d.function)
        FROM (VALUES (false, 'keep', 'BEFORE DELETE OR UPDATE OR TRUNCATE', 'STATEMENT', 'keep'),
                     (false, 'keep_added', 'BEFORE INSERT', 'STATEMENT', 'keep'),
                     (true, 'keep', 'AFTER INSERT OR DELETE OR UPDATE', 'ROW', 'keep_setting'),
                     (true, 'keep_all', 'AFTER TRUNCATE', 'STATEMENT', 'keep_setting')) AS d (of_setting, trigger, events, "each", function)
        JOIN pg_catalog.pg_class c ON (c.relname = 'setting') = d.of_setting
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = registry AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
          AND c.relname IN ('setting', 'roster', 'journal', 'moved', 'pending', 'import', 'statement', 'statement_line', 'restatement',
                            'restatement_line', 'ledger');
    END;
COMMENT ON FUNCTION osms_internal.keep_definitions(text) IS
'the triggers by which osms keeps what it alone writes
relation, its table, or what is in its place, name of the trigger, definition; called by put_keep_triggers and check_kept';

-- What does not stand as defined; problem is what a reader is told.
CREATE FUNCTION osms_internal.keep_changes(registry text, OUT relation text, OUT kept regclass, OUT trigger name, OUT definition text,
                                           OUT standing oid,
                                              OUT problem text) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT d.relation, d.kept, d.trigger, d.definition, t.oid,
               CASE WHEN t.oid IS NULL THEN 'missing' WHEN t.tgenabled NOT IN ('O', 'A') THEN 'disabled' ELSE 'another' END
        FROM osms_internal.keep_definitions(registry) d JOIN pg_catalog.pg_class c ON c.oid = d.kept AND c.relkind = 'r'
        LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = d.kept AND t.tgname = d.trigger
        WHERE t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A') OR pg_get_triggerdef(t.oid) <> d.definition;
    END;
COMMENT ON FUNCTION osms_internal.keep_changes(text) IS
'triggers of osms_internal.keep_definitions that do not stand: missing, disabled, or another of that name
called by put_keep_triggers and check_kept';

CREATE FUNCTION osms_internal.put_keep_triggers(registry text, new boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    k record;
BEGIN
    -- who guards may not own what osms keeps: then check_registry tells
    FOR k IN SELECT l.* FROM osms_internal.keep_changes(registry) l JOIN pg_class c ON c.oid = l.kept
             WHERE pg_has_role(c.relowner, 'USAGE') ORDER BY l.relation, l.trigger LOOP
        EXECUTE replace(k.definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER');
        PERFORM osms_internal.note_act(registry, 'keep', 'U', k.relation, k.problem, 'enabled', changed => ARRAY[k.trigger::text])
            WHERE NOT new;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.put_keep_triggers(text, boolean) IS
'makes or enables the triggers of osms_internal.keep_definitions that do not stand, on tables of the user''s own
unless the registry is new the journal tells. Called by add_derived_relations and guard';
-- The catalogue keeps the transaction that wrote a trigger last, and the journal those that wrote before and after it.
CREATE FUNCTION osms_internal.trigger_since(registry text, trigger oid, relation text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    journal CONSTANT regclass := osms.relation_of(registry, 'journal');
    changed xid;
    at timestamptz;
    between_entries text;
BEGIN
    SELECT t.xmin INTO changed FROM pg_trigger t WHERE t.oid = trigger;
    IF current_setting('track_commit_timestamp')::boolean THEN
        at := pg_xact_commit_timestamp(changed);
    END IF;
    IF at IS NOT NULL THEN
        RETURN format('since %s', at);
    ELSIF journal IS NULL OR NOT has_table_privilege(journal, 'SELECT') THEN
        RETURN NULL;
    ELSIF changed IS NULL THEN
        EXECUTE format('SELECT format(''since some time after entry %%s of the journal (%%s)'', j.entry, j.at) FROM %s j
            WHERE j.relation = ''registry'' OR j.relation = ''keep'' AND j.key = $1 ORDER BY j.entry DESC LIMIT 1', journal)
                INTO between_entries USING relation;
        RETURN between_entries;
    END IF;
    EXECUTE format($query$
        SELECT concat_ws(' and ', CASE WHEN b.last IS NOT NULL THEN 'after entry ' || b.last || ' of the journal ('
                         || (SELECT j.at FROM %1$s j WHERE j.entry = b.last) || ')' END,
                                  CASE WHEN b.next IS NOT NULL THEN 'before entry ' || b.next || ' ('
                                      || (SELECT j.at FROM %1$s j WHERE j.entry = b.next) || ')' END)
        FROM (SELECT max(j.entry) FILTER (WHERE age(j.xmin) > age($1)) AS last, min(j.entry) FILTER (WHERE age(j.xmin) < age($1)) AS next
              FROM %1$s j) b$query$, journal)
    INTO between_entries USING changed;
    RETURN 'since a transaction that began ' || nullif(between_entries, '');
END $$;
COMMENT ON FUNCTION osms_internal.trigger_since(text, oid, text) IS
'since when a trigger is as it is
the moment where the server keeps those of transactions (track_commit_timestamp), else between which entries of the registry''s
journal; for NULL after which the triggers of the relation were last put right; NULL for who may not read the journal. Called by
check_kept and disabled_since';

CREATE FUNCTION osms_internal.disabled_since(registry text, relation text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    RETURN (SELECT string_agg(DISTINCT osms_internal.trigger_since(registry, t.oid), '; ')
            FROM osms_internal.tables_of(osms.mapped_source(osms.relation_of(registry, relation))) s (source)
            JOIN pg_trigger t ON t.tgrelid = s.source AND t.tgenabled NOT IN ('O', 'A')
                AND starts_with(t.tgname, format('zz_osms_%s_', relation)));
END $$;
COMMENT ON FUNCTION osms_internal.disabled_since(text, text) IS
    'since when triggers of the guard of a relation are disabled; NULL where none is. Called by osms.check_registry';

CREATE FUNCTION osms_internal.check_kept(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    RETURN QUERY
    SELECT k.relation, 'warning', concat_ws(', ', format('nothing keeps table %s: trigger "%s" is %s', k.kept, k.trigger,
               CASE k.problem WHEN 'another' THEN 'not the one that osms makes'
                   ELSE k.problem END), osms_internal.trigger_since(registry, k.standing, k.relation)),
           format('Run osms.guard() again as role %I, who owns it, and find out what was changed meanwhile.', r.rolname)
    FROM osms_internal.keep_changes(registry) k JOIN pg_class c ON c.oid = k.kept JOIN pg_roles r ON r.oid = c.relowner
    UNION ALL
    SELECT DISTINCT k.relation, 'error', format('%s is not the table that osms made', k.kept), 'Put that table back in its place.'
    FROM osms_internal.keep_definitions(registry) k JOIN pg_class c ON c.oid = k.kept WHERE c.relkind <> 'r'
    UNION ALL
    -- what no trigger of a table sees
    SELECT DISTINCT k.relation, 'error', format('table %s is part of a table or has parts, through which it can be written unseen', k.kept),
           'Undo it with ALTER TABLE ... NO INHERIT or DETACH PARTITION.'
    FROM osms_internal.keep_definitions(registry) k
    WHERE EXISTS (SELECT FROM pg_inherits i WHERE k.kept IN (i.inhrelid, i.inhparent))
    UNION ALL
    SELECT DISTINCT k.relation, 'error', format('rule "%s" of table %s changes what is written to it', w.rulename, k.kept),
        format('DROP RULE %I ON %s.', w.rulename, k.kept)
    FROM osms_internal.keep_definitions(registry) k JOIN pg_rewrite w ON w.ev_class = k.kept AND w.rulename <> '_RETURN'
    UNION ALL
    SELECT DISTINCT k.relation, 'warning', format('trigger "%s" of table %s, which is not of osms, may change what is written to it',
                                                  t.tgname, k.kept),
           format('DROP TRIGGER %I ON %s, unless you know what it does.', t.tgname, k.kept)
    FROM osms_internal.keep_definitions(registry) k JOIN pg_class c ON c.oid = k.kept JOIN pg_trigger t ON t.tgrelid = k.kept
    JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_roles w ON w.oid = p.proowner
    -- before each row; osms_internal.foreign_rights tells of another role's
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype::integer & 3 = 3
        AND p.pronamespace NOT IN ('osms'::regnamespace, 'osms_internal'::regnamespace) AND (p.proowner = c.relowner OR w.rolsuper);
END $$;
COMMENT ON FUNCTION osms_internal.check_kept(text) IS
'what stands between a registry and what osms alone writes in it
triggers that are missing or disabled, and since when, other ways to write; called by osms.check_registry';


--
-- check_registry: what stands between a registry and its guard.
--
CREATE FUNCTION osms_internal.finds_by_index(relation regclass, "column" text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET enable_seqscan = off
AS $$
DECLARE
    type text;
    plan jsonb;
BEGIN
    SELECT format_type(a.atttypid, a.atttypmod) INTO type FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = "column";
    IF type IS NULL THEN
        RAISE EXCEPTION 'relation "%" has no column "%"', relation, "column" USING ERRCODE = 'undefined_column';
    END IF;
    -- the library, once loaded, sees what runs
    PERFORM osms.mapped_source(relation);
    BEGIN
        EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM %s x WHERE x.%I = (SELECT NULL::%s)', relation, "column", type) INTO plan;
    EXCEPTION WHEN insufficient_privilege THEN
        RETURN NULL;
    END;
    -- of a partitioned table every partition
    RETURN NOT plan @? 'strict $.** ? (exists (@."Relation Name") && !exists (@."Index Cond") && !exists (@."Recheck Cond"))';
END $$;
COMMENT ON FUNCTION osms_internal.finds_by_index(regclass, text) IS
'whether rows of a relation, mapped or not, can be found by a column through an index
NULL for who may not look, 42703 where it has no such column';

CREATE FUNCTION osms_internal.missing_indexes(registry text, OUT relation text, OUT "column" text, OUT few boolean, OUT source regclass,
                                              OUT problem text) RETURNS SETOF record
    LANGUAGE sql VOLATILE STRICT ROWS 1
    BEGIN ATOMIC
        SELECT i.relation, i."column", i.few, osms.mapped_source(c.oid), format('rows cannot be found by "%s" through an index', i."column")
        FROM (VALUES ('person', 'person', false), ('organisation', 'organisation', false), ('application', 'application', false),
                     ('application', 'person', false), ('identity_event', 'application', false), ('attachment', 'attachment', false),
                     ('attachment', 'person', false), ('attachment_event', 'closes', false), ('residence', 'person', false),
                         ('clerk', 'clerk', true),
                     ('contract', 'organisation', true), ('organisation_status', 'organisation', true), ('site', 'organisation', true),
                         ('payment', 'organisation', true),
                     ('authority_order', 'order_key', true), ('order_scope', 'order_key', true)) AS i (relation, "column", few),
             LATERAL (SELECT osms.relation_of(registry, i.relation) AS oid) c
        WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = i."column" AND NOT a.attisdropped)
          AND NOT osms_internal.finds_by_index(c.oid, i."column");
    END;
COMMENT ON FUNCTION osms_internal.missing_indexes(text) IS
'look-ups of the guard that no index serves: relation, canonical column, whether its rows are few, table to be indexed
called by osms.check_registry and osms.plan';

CREATE FUNCTION osms_internal.missing_grants(registry text, OUT relation text, OUT problem text, OUT statement text, OUT undo text)
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        WITH present AS (
            SELECT DISTINCT k.relation, osms.relation_of(registry, k.relation) AS oid, k.guarded FROM osms.registry_columns(true) k
        ), roster AS (
            SELECT c.oid, c.relowner, r.rolname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
            WHERE c.oid = osms.relation_of(registry, 'roster')
        )
        SELECT p.relation, format('role %s, who owns the roster, may not %s relation "%s"', o.rolname, r.privilege, p.relation),
               format('GRANT %s ON %s TO %I', r.privilege, q.name, o.rolname),
                   format('REVOKE %s ON %s FROM %I', r.privilege, q.name, o.rolname)
        FROM present p, roster o, (VALUES ('SELECT'), ('UPDATE')) AS r (privilege),
             LATERAL (SELECT format('%I.%I', registry, p.relation)) AS q (name)
        WHERE p.oid IS NOT NULL AND (r.privilege = 'SELECT' OR p.relation IN ('person', 'application', 'attachment', 'contract')
                                  -- whose rows are the lock of its payments
                                  OR p.relation = 'organisation' AND osms.relation_of(registry, 'payment') IS NOT NULL)
          AND NOT has_table_privilege(o.relowner, p.oid, r.privilege)
        UNION ALL
        SELECT p.relation, format('the owner of table %s may not read the registry', c.oid::regclass),
               format('GRANT SELECT ON %s TO %I', n.hidden, w.rolname), format('REVOKE SELECT ON %s FROM %I', n.hidden, w.rolname)
        FROM present p, roster o, osms_internal.tables_of(osms.mapped_source(p.oid)) t (source)
        JOIN pg_catalog.pg_class c ON c.oid = t.source JOIN pg_catalog.pg_roles w ON w.oid = c.relowner,
        -- what a verdict tells of
        LATERAL (SELECT string_agg(format('%I.%I', registry, x.relation), ', ' ORDER BY x.place)
                 FROM unnest(CASE p.relation WHEN 'payment' THEN '{statement_line,ledger,contract}'::text[]
                             ELSE '{person,roster}' END) WITH ORDINALITY AS x (relation, place)
                 WHERE NOT has_table_privilege(c.relowner, osms.relation_of(registry, x.relation), 'SELECT')) AS n (hidden)
        WHERE p.guarded AND n.hidden IS NOT NULL
        UNION ALL
        -- what reads, locks or writes a table through its mapping
        SELECT m.relation, format('role %s, who owns the mapped relation "%s", may not %s table %s', m.role, m.relation, m.privilege,
                                  m.source),
               format('GRANT %s ON %s TO %I', m.privilege, m.source, m.role),
                   format('REVOKE %s ON %s FROM %I', m.privilege, m.source, m.role)
        FROM osms_internal.mapping_grants(registry) m WHERE m.missing AND m.needed;
    END;
COMMENT ON FUNCTION osms_internal.missing_grants(text) IS
'rights that a guard needs and does not have, with the statements that grant them and take them back
called by osms.check_registry and osms.plan';

CREATE FUNCTION osms_internal.untold_modes(registry text, OUT relation text, OUT rule text, OUT mode text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    told jsonb;
BEGIN
    IF has_table_privilege(osms.relation_of(registry, 'journal'), 'SELECT') IS NOT TRUE THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT coalesce(jsonb_object_agg(a.key, a.state_after), ''{}'')
                    FROM (SELECT DISTINCT ON (j.key) j.key, j.state_after FROM %I.journal j WHERE j.relation = ''rule''
                    ORDER BY j.key, j.entry DESC) a',
                   registry) INTO told;
    RETURN QUERY SELECT g.relation, m.key, m.value
                 FROM osms.guards g, jsonb_each_text(g.modes) m JOIN osms.rule r ON r.rule = m.key
                 WHERE g.registry = untold_modes.registry AND m.value NOT IN (r.default_mode, coalesce(told ->> m.key, r.default_mode));
END $$;
COMMENT ON FUNCTION osms_internal.untold_modes(text) IS
'rules that a guard judges in a mode which is not the one they have by themselves, nor the last that the journal tells of
nothing for who may not read the journal; called by osms.check_registry';

CREATE FUNCTION osms.check_registry(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET quote_all_identifiers = off
AS $$
DECLARE
    roster regclass := osms.relation_of(registry, 'roster');
    roster_owner name;
    judged text[];
    said boolean;
BEGIN
    PERFORM osms_internal.check_reader(registry);
    EXECUTE format('SELECT s.roster_complete FROM %I.setting s', registry) INTO said;
    SELECT r.rolname INTO roster_owner FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE c.oid = roster;
    severity := 'error';
    FOR relation IN SELECT DISTINCT k.relation FROM osms.registry_columns(true) k ORDER BY k.relation LOOP
        BEGIN
            PERFORM osms_internal.mapped_reading(osms.relation_of(registry, check_registry.relation), k."column")
            FROM osms.registry_columns(true) k WHERE k.relation = check_registry.relation AND k."position" = 1;
        EXCEPTION WHEN object_not_in_prerequisite_state OR wrong_object_type THEN
            GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
            RETURN NEXT;
        WHEN undefined_column OR datatype_mismatch THEN
            -- told below, column by column
            CONTINUE;
        END;
    END LOOP;
    FOR relation IN SELECT v.name FROM unnest('{journal,moved,pending,import}'::text[]) v (name) WHERE roster IS NOT NULL
        AND osms.relation_of(registry, v.name) IS NULL LOOP
        problem := format('the registry has lost its table "%s"', relation);
        hint := 'Put it back, with what it held.';
        RETURN NEXT;
    END LOOP;
    -- what else there is cannot be told of a relation that reads no table, nor without what guards keep
    IF problem IS NOT NULL THEN
        RETURN;
    END IF;
    -- nor which rules judge while a column they need is missing or another, or nobody is attached yet
    BEGIN
        SELECT array_agg(c.rule || ' on ' || c.relation) INTO judged FROM osms.clauses(registry) c WHERE c.judged;
    EXCEPTION WHEN undefined_column OR datatype_mismatch OR undefined_table THEN
        NULL;
    END;

    RETURN QUERY
    SELECT f.* FROM (
    WITH canonical AS (
        SELECT k.*, osms.relation_of(registry, k.relation) AS oid FROM osms.registry_columns(true) k
    ), present AS (
        SELECT DISTINCT c.relation, c.oid, c.guarded, osms.mapped_source(c.oid) AS source FROM canonical c WHERE c.oid IS NOT NULL
    ), attribute AS (
        SELECT c.relation, c."column", c.type, c.needed, c.oid, a.atttypid, format_type(a.atttypid, NULL) AS has,
               CASE WHEN a.attname IS NOT NULL THEN osms_internal.column_type(c.oid, c."column") END AS base, l.oid AS collation,
                   l.collisdeterministic
        FROM canonical c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = c."column" AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.oid IS NOT NULL
    ), collated AS (
        -- the default one gives way to any other
        SELECT DISTINCT ON (a.type) a.type, a.relation, a.collation FROM attribute a
        WHERE a.type LIKE '@%' AND a.collation <> '"default"'::regcollation ORDER BY a.type, a.relation <> substr(a.type, 2), a.relation
    )
    -- relations
    SELECT DISTINCT c.relation, CASE WHEN c.relation IN ('person', 'attachment') THEN 'error' ELSE 'info' END,
           format('relation "%s" is absent', c.relation),
           CASE WHEN c.relation IN ('person', 'attachment') THEN 'Map it with osms.map().'
                ELSE 'Rules and reports that need it are idle; map it with osms.map().' END
    FROM canonical c WHERE c.oid IS NULL AND c.relation <> 'attachment_event'
    UNION ALL
    -- columns and their types
    SELECT a.relation, 'error', format('column "%s" is missing', a."column"), 'Add it, or map the relation again with osms.map().'
    FROM attribute a WHERE a.atttypid IS NULL
    UNION ALL
    SELECT a.relation, 'error', format('column "%s" has type %s, which cannot hold a number', a."column", a.has),
           'Numbers are osms.iin, osms.bin, text, varchar, char or bigint.'
    FROM attribute a
    WHERE a.type = '@number' AND a.atttypid NOT IN ('osms.iin'::regtype, 'osms.bin'::regtype, 'text'::regtype,
                                                    'varchar'::regtype, 'bpchar'::regtype, 'bigint'::regtype)
    UNION ALL
    SELECT a.relation, 'error', format('column "%s" has type %s and not %s', a."column", a.has, a.type), 'Map it with a cast.'
    FROM attribute a WHERE a.type NOT LIKE '@%' AND a.atttypid <> a.type::regtype
    UNION ALL
    SELECT a.relation, 'error', format('key "%s" has type %s, but %s in relation "%s"', a."column", a.has, k.has, k.relation),
           'Map both with one type; the one relation first that other relations refer to.'
    FROM attribute a
    JOIN attribute k ON k.type = a.type AND k.relation = CASE a.type WHEN '@event' THEN 'identity_event' ELSE substr(a.type, 2) END
                     AND k."column" = substr(a.type, 2)
    WHERE a.type LIKE '@%' AND a.base <> k.base
    UNION ALL
    SELECT a.relation, 'error', format('key "%s" has type %s, but %s on the roster', a."column", a.has, format_type(k.atttypid, NULL)),
           format('Map it with a cast to %s; keys of another type take a registry of their own.', format_type(k.atttypid, NULL))
    FROM attribute a JOIN pg_attribute k ON k.attrelid = roster AND k.attname = a."column" AND NOT k.attisdropped
    WHERE a.relation = 'attachment' AND a."column" IN ('attachment', 'person', 'organisation')
        AND a.base <> osms_internal.column_type(roster, k.attname)
    UNION ALL
    -- queries find the equality of PostgreSQL and of osms alone
    SELECT a.relation, 'error', format('key "%s" has type %s, whose equality is not PostgreSQL''s', a."column", a.has),
           format('Map it with a cast to a type of PostgreSQL''s own, such as {"%s": "(column::text)"}, in every relation.', a."column")
    FROM attribute a JOIN pg_type t ON t.oid = a.base::regtype
    WHERE a.type LIKE '@%' AND a.type <> '@number' AND t.typtype = 'b'
        AND t.typnamespace NOT IN ('pg_catalog'::regnamespace, 'osms'::regnamespace)
      AND osms_internal.equality(t.oid) !~ '[(]pg_catalog[.]'
    UNION ALL
    SELECT a.relation, 'error', format('key "%s" has type %s, which calls do not take as a text', a."column", a.has),
           format('Map it with a cast, such as {"%s": "(column::text)"}, in every relation.', a."column")
    FROM attribute a JOIN pg_type t ON t.oid = a.base::regtype
    -- arrays, bit strings, and what is read otherwise than it is written or cannot be hashed
    WHERE a.type LIKE '@%' AND (t.typcategory IN ('A', 'V', 'Z') OR t.typnamespace = 'pg_catalog'::regnamespace
                                AND (t.typname IN ('bytea', 'money', 'jsonb', 'tsvector', 'tsquery') OR t.typname LIKE 'reg%'))
    UNION ALL
    SELECT a.relation, 'error', format('key "%s" has collation %s, to which different texts are equal', a."column",
                                       a.collation::regcollation),
           'Let the column have a deterministic collation (ALTER TABLE ... ALTER COLUMN ... TYPE text COLLATE "C"), or map one that has, '
           'in every relation.'
    FROM attribute a WHERE a.type LIKE '@%' AND NOT a.collisdeterministic
    UNION ALL
    SELECT a.relation, 'error', format('key "%s" has collation %s, but %s in relation "%s"', a."column", a.collation::regcollation,
                                       k.collation::regcollation, k.relation),
           'Let the columns have one collation (ALTER TABLE ... ALTER COLUMN ... TYPE text COLLATE ...), or map such that have.'
    FROM attribute a JOIN collated k ON k.type = a.type
    WHERE a.collation NOT IN (k.collation, '"default"'::regcollation) AND a.collisdeterministic
    UNION ALL
    -- look-ups of the guard
    SELECT i.relation, CASE WHEN i.few THEN 'warning' ELSE 'error' END, i.problem,
           format('Create an index on the column of %s that is mapped to "%s".', i.source, i."column")
    FROM osms_internal.missing_indexes(registry) i
    UNION ALL
    SELECT 'application', 'info', 'no index finds the decisions of a clerk: rule "burst" is idle',
           format('Map decided_by and decided_at to columns of %s, and create an index on the two.', p.source)
    FROM present p
    WHERE p.relation = 'application' AND judged IS NOT NULL
      AND EXISTS (SELECT FROM osms.clauses(registry) c WHERE c.rule = 'burst' AND NOT c.judged)
    UNION ALL
    SELECT 'site', 'warning', 'heads at a site cannot be counted through an index',
           format('CREATE INDEX ON %s (organisation, site) WHERE site IS NOT NULL.', roster)
    FROM present p
    WHERE p.relation = 'site' AND roster IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_index x WHERE x.indrelid = roster AND x.indisvalid
                      AND pg_get_indexdef(x.indexrelid, 1, true) = 'organisation' AND pg_get_indexdef(x.indexrelid, 2, true) = 'site')
    UNION ALL
    -- what a guard must be able to write when a fact is recorded
    SELECT w.relation, 'error', format('"%s" cannot be written to column "%s"', w.value, w."column"),
           format('The guard writes it when %s: map it to a column that is not generated, with a code for it that its type holds.',
                  w.occasion)
    FROM (VALUES ('attachment', 'state', 'closed', 'a death is recorded'), ('attachment', 'state', 'annulled', 'a death is recorded'),
                 ('attachment', 'until', '2000-01-01', 'a death is recorded'), ('attachment', 'reason', 'death', 'a death is recorded'),
                 ('application', 'state', 'replaced', 'another application is identified')) AS w (relation, "column", value, occasion)
    JOIN present p ON p.relation = w.relation
    WHERE CASE WHEN judged IS NOT NULL THEN NOT osms_internal.can_write(p.oid, w."column", w.value) END
      -- told as a key by which nothing is written
      AND EXISTS (SELECT FROM pg_class c LEFT JOIN pg_trigger g ON g.tgrelid = c.oid
                  AND g.tgfoid IN ('osms_internal.map_write'::regproc, 'osms_internal.map_event'::regproc)
                  WHERE c.oid = p.oid AND (c.relkind <> 'v' OR g.oid IS NOT NULL))
      AND (w."column" <> 'reason' OR 'reason on ' || w.relation = ANY (judged))
    UNION ALL
    SELECT a.relation, 'error', format('column "%s" cannot be written', a."column"),
           'The guard writes an event when a death is recorded: map it to a column that is not generated, or give its expression a '
           '"column" and "write".'
    FROM attribute a, osms_internal.mapped_reading(a.oid, a."column") r
    WHERE a.relation = 'attachment_event' AND a."column" IN ('closes', 'person', 'organisation', 'site')
      AND r.expression IS NOT NULL AND osms_internal.mapped_writing(a.oid, a."column") IS NULL
    UNION ALL
    SELECT p.relation, 'error', f.problem, f.hint FROM present p, osms_internal.mapping_faults(p.oid, p.relation) f
    UNION ALL
    SELECT p.relation, f.severity, f.problem, f.hint FROM present p, osms_internal.round_trip_faults(p.oid, p.relation) f
    UNION ALL
    SELECT o.relation, 'error', o.problem, o.hint FROM osms_internal.outdated_mappings(registry) o
    UNION ALL
    SELECT p.relation, f.severity, f.problem, f.hint FROM present p, osms_internal.storing_faults(p.oid, p.relation) f
    WHERE judged IS NOT NULL AND p.relation IN ('person', 'application', 'attachment') AND p.source <> p.oid
    UNION ALL
    SELECT k.relation, k.severity, k.problem, k.hint FROM osms_internal.key_faults(registry) k
    UNION ALL
    SELECT u.relation, 'warning', format('rule "%s" is in mode "%s", of which the journal does not tell', u.rule, u.mode),
           'Somebody has put the triggers of the guard there by himself: see who may, and call osms.guard() with the modes that are meant.'
    FROM osms_internal.untold_modes(registry) u
    UNION ALL
    SELECT u.* FROM osms_internal.unfilled_columns(registry) u
    UNION ALL
    SELECT e.* FROM osms_internal.event_key_faults(registry) e
    UNION ALL
    SELECT f.relation, 'error', format('expression of column "%s" fails on stored rows', f."column"),
           format('SELECT * FROM osms.audit(%L) names them: correct them, or map the column by an expression that reads them.', registry)
    FROM osms_internal.failing_columns(registry) f
    UNION ALL
    -- mappings that no longer fit their source
    SELECT p.relation, CASE WHEN e.now IS NULL THEN 'error' ELSE 'warning' END,
           format('the mapping writes column "%s", which %s', e.written,
                  CASE WHEN e.gone THEN format('%s no longer has', p.source) ELSE format('is another one of %s now', p.source) END),
           CASE WHEN e.now IS NULL THEN 'Map the relation again with osms.map(): it cannot be told what the column is called now.'
                ELSE format('Run osms.guard() again, which notes its new name, "%s": writing follows it.', e.now) END
    FROM present p, osms_internal.written_elsewhere(p.oid) e
    UNION ALL
    SELECT p.relation, 'warning', format('the mapping writes column "%s", which %s no longer has', t.argument, p.source),
           'Map the relation again with osms.map()' || CASE (osms_internal.trigger_arguments(g.oid))[t.place - 1] WHEN ''
               THEN '; it is named in defaults.' ELSE '.' END
    FROM present p
    JOIN pg_trigger g ON g.tgrelid = p.oid AND g.tgfoid = 'osms_internal.map_write'::regproc,
         unnest(osms_internal.trigger_arguments(g.oid)) WITH ORDINALITY t (argument, place)
    WHERE t.place > 3 AND t.place % 3 = 2
      AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = p.source AND a.attname = t.argument AND NOT a.attisdropped)
      AND NOT EXISTS (SELECT FROM osms_internal.written_elsewhere(p.oid) e WHERE e.written = t.argument)
    UNION ALL
    -- rights
    SELECT g.relation, 'error', g.problem, g.statement || '.' FROM osms_internal.missing_grants(registry) g
    UNION ALL
    SELECT g.* FROM osms_internal.foreign_rights(registry) g
    UNION ALL
    SELECT d.* FROM osms_internal.distrusted(registry) d
    UNION ALL
    SELECT m.relation, 'warning', format('role %s, who owns the mapped relation "%s", may not %s table %s', m.role, m.relation,
                                         m.privilege, m.source),
           format('GRANT %s ON %s TO %I: nothing is written through the registry otherwise.', m.privilege, m.source, m.role)
    FROM osms_internal.mapping_grants(registry) m
    WHERE m.missing AND NOT m.needed AND m.privilege IN ('INSERT', 'UPDATE')
        AND m.relation IN ('person', 'application', 'identity_event', 'attachment')
    UNION ALL
    -- a view made there would have its functions run by the look-ups of the guard
    SELECT 'setting', 'error', format('role %s may make relations in schema %I, which the guard reads as role %I', r.rolname, registry,
                                      roster_owner),
           format('REVOKE CREATE ON SCHEMA %I FROM %I, or from PUBLIC; a schema and its roster have one owner.', registry, r.rolname)
    FROM pg_roles r
    WHERE roster IS NOT NULL AND NOT r.rolsuper AND has_schema_privilege(r.oid, registry, 'CREATE')
        AND NOT pg_has_role(r.oid, roster_owner, 'MEMBER')
    UNION ALL
    -- rows that no trigger sees, and a verdict that nobody gives
    SELECT p.relation, 'error', format('table %s is a partition of %s', p.source, pg_partition_root(p.source)),
           format('Map the relation to %s with osms.map().', pg_partition_root(p.source))
    FROM present p JOIN pg_class c ON c.oid = p.source
    WHERE p.guarded AND c.relispartition
    UNION ALL
    SELECT p.relation, 'error', format('partition %s of %s is a foreign table, whose rows no guard sees', c.oid::regclass, p.source),
           'Keep its rows in a table of this database, or detach it.'
    FROM present p, osms_internal.tables_of(p.source) t (source) JOIN pg_class c ON c.oid = t.source
    WHERE p.guarded AND c.relkind = 'f'
    UNION ALL
    SELECT p.relation, 'error', format('table %s has inheriting tables, whose rows no guard sees', p.source),
           'Make them partitions, move their rows into the table itself, or undo it with ALTER TABLE ... NO INHERIT.'
    FROM present p
    WHERE p.guarded AND EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                                WHERE i.inhparent = p.source AND NOT c.relispartition)
    UNION ALL
    SELECT p.relation, 'error', format('table %s inherits from another table, through which it can be written unseen', p.source),
           'Make it a partition, or undo it with ALTER TABLE ... NO INHERIT.'
    FROM present p JOIN pg_class c ON c.oid = p.source
    WHERE p.guarded AND NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = p.source)
    UNION ALL
    SELECT 'attachment', 'error', 'nobody judges the relation "pending" when a transaction ends',
           format('Enable the trigger "judge" of %s.', osms.relation_of(registry, 'pending'))
    WHERE roster IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = osms.relation_of(registry, 'pending')
                      AND g.tgfoid = 'osms_internal.judge_pending'::regproc AND g.tgenabled IN ('O', 'A'))
    UNION ALL
    SELECT 'roster', 'warning', 'the roster was filled under another mapping, other tables or another guard than stand now',
        'Run osms.fill_roster().'
    WHERE roster IS NOT NULL AND said AND NOT osms_internal.is_filled(registry)
    UNION ALL
    SELECT k.relation, k.severity, k.problem, k.hint FROM osms_internal.check_kept(registry) k
    UNION ALL
    -- who could change what the writer of a channel records
    SELECT 'identity_event', 'warning', w.problem,
        format('GRANT %I TO %I, if that role may record itself; else let its members write %I.identity_event alone.', w.writer, w.owner,
               registry)
    FROM (
        SELECT h.writer, o.rolname AS owner, f.problem
        FROM present p JOIN pg_class c ON c.oid = p.source JOIN pg_roles o ON o.oid = c.relowner,
             (SELECT DISTINCT h.writer FROM osms_internal.channel_period h WHERE h.writer IS NOT NULL AND h.valid_to > current_date) h
                 JOIN pg_roles r ON r.rolname = h.writer,
             LATERAL (
                 SELECT format('trigger %I of table %s, which belongs to role %I, may change what role %I records', g.tgname, t.source,
                               o.rolname, h.writer)
                 FROM osms_internal.tables_of(p.source) t (source) JOIN pg_trigger g ON g.tgrelid = t.source
                 -- BEFORE ROW
                 WHERE g.tgtype & 3 = 3 AND NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgenabled <> 'D'
                     AND g.tgfoid <> 'osms_internal.guard_row'::regproc
                 UNION ALL
                 SELECT format('members of role %I, who record for a channel, may write table %s of role %I directly, and run what it '
                     'calls for its rows', h.writer, p.source, o.rolname)
                 WHERE has_table_privilege(r.oid, p.source, 'INSERT')
             ) f (problem)
        WHERE p.relation = 'identity_event' AND p.source <> p.oid
          AND NOT pg_has_role(o.oid, roster_owner, 'USAGE') AND NOT pg_has_role(o.oid, r.oid, 'USAGE')
    ) w
    UNION ALL
    SELECT v.* FROM osms_internal.check_codes_of(registry) v
    WHERE judged IS NOT NULL
    UNION ALL
    SELECT i.* FROM osms_internal.check_inputs(registry) i
    WHERE judged IS NOT NULL
    UNION ALL
    SELECT u.* FROM osms_internal.unmapped_columns(registry) u
    WHERE judged IS NOT NULL
    UNION ALL
    -- the guard itself
    SELECT p.relation, 'info', format('table %s is not guarded', p.source), 'Run osms.guard().'
    FROM present p
    WHERE p.guarded AND p.relation <> 'attachment_event'
      AND NOT EXISTS (SELECT FROM osms.guards g WHERE g.registry = check_registry.registry AND g.relation = p.relation)
    UNION ALL
    SELECT g.relation, 'warning',
        concat_ws(', ', format('guard of %s: %s', g.source, g.problem), osms_internal.disabled_since(g.registry, g.relation)),
            'Run osms.guard() again.'
    FROM osms.guards g WHERE g.registry = check_registry.registry AND g.problem IS NOT NULL
    UNION ALL
    SELECT p.relation, 'info', format('the guard of %s could be switched off by %s', p.source, string_agg(DISTINCT r.rolname::text, ', ')),
           format('ALTER TABLE %s OWNER TO %I gives it to the owner of the registry.', p.source, roster_owner)
    FROM present p, osms_internal.tables_of(p.source) t (source) JOIN pg_class c ON c.oid = t.source
         JOIN pg_roles r ON pg_has_role(r.oid, c.relowner, 'MEMBER') AND NOT r.rolsuper
    WHERE p.guarded AND NOT pg_has_role(r.oid, roster_owner, 'MEMBER') GROUP BY p.relation, p.source
    ) AS f (relation, severity, problem, hint)
    ORDER BY array_position('{error,warning,info}', f.severity), f.relation, f.problem;
END $$;
COMMENT ON FUNCTION osms.check_registry(text) IS
'what a registry lacks
absent relations, missing or mistyped columns, look-ups without an index, mappings gone stale, rights, missing or disabled
triggers; severity error, which comes first, stops osms.guard, warning weakens it, info tells; 3F000 where there is no such
registry';

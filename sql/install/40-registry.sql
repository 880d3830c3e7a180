
--
-- registry: a schema of canonical relations. osms.create_registry makes it, as
-- tables or for osms.map to fill with views; the derived relations (roster,
-- journal, moved, pending, import) come with the relation "attachment", with its key types.
--
CREATE FUNCTION osms.registry_columns(with_inner boolean DEFAULT false, OUT relation text, OUT "position" integer, OUT "column" text,
                                      OUT type text, OUT needed boolean, OUT guarded boolean, OUT primary_key text, OUT traced boolean)
                                          RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 130
    AS 'MODULE_PATHNAME', 'osms_registry_columns';
COMMENT ON FUNCTION osms.registry_columns(boolean) IS
'the canonical relations of a registry and their columns
relation, position and name of the column, type (@... is a key of any type, the same throughout a registry; @number an IIN or
BIN), whether it must be mapped, whether the relation is guarded, columns of the primary key of a table that osms makes, whether
the guard judges nothing there but keeps it in the journal; with_inner adds attachment_event, which osms.map makes of a register
of events';

CREATE FUNCTION osms.mapped_source(canonical regclass) RETURNS regclass
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_mapped_source';
COMMENT ON FUNCTION osms.mapped_source(regclass) IS
'table behind a canonical relation: what a mapped view reads, a table itself
42P01 where there is no such relation, 42809 for what is neither table nor view, 55000 for a view of another shape';

-- In C, so that the library, which keeps others' functions from running, is
-- loaded before anything of a registry is looked at.
CREATE FUNCTION osms.relation_of(registry text, relation text) RETURNS regclass
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_relation_of';
COMMENT ON FUNCTION osms.relation_of(text, text) IS 'a relation of a registry, NULL where it is absent; a temporary schema is no registry';

CREATE FUNCTION osms_internal.check_reader(registry text) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hidden text;
BEGIN
    IF to_regnamespace(quote_ident(registry)) IS NULL OR osms.relation_of(registry, 'setting') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'Make it with osms.create_registry().';
    ELSIF NOT has_schema_privilege(registry, 'USAGE') THEN
        RAISE EXCEPTION 'permission denied for registry "%"', registry
            USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT USAGE ON SCHEMA %I lets a role in.', registry);
    END IF;
    SELECT r INTO hidden
    FROM (SELECT 'setting' UNION SELECT 'roster' UNION SELECT relation FROM osms.registry_columns()) v (r)
    WHERE NOT has_table_privilege(osms.relation_of(registry, r), 'SELECT') ORDER BY r LIMIT 1;
    IF hidden IS NOT NULL THEN
        RAISE EXCEPTION 'permission denied for relation "%" of registry "%"', hidden, registry
            USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT SELECT ON %I.%I lets a role read it.', registry, hidden);
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_reader(text) IS
    '42501 where the user may not read a registry, 3F000 where there is none; called by the functions that read all of it';

-- Whoever makes a registry may have default privileges of his own. He means
-- them for what applications write, not for what only guards and closings do,
-- nor for what opens other people's tables or counts as proof.
CREATE FUNCTION osms_internal.close_to_others(registry text, relations text[] DEFAULT NULL, privilege text DEFAULT 'ALL') RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('REVOKE %s ON %s %s FROM %s CASCADE', privilege, o.kind, o.name,
                      string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, ', '))
        FROM (SELECT 'SCHEMA', quote_ident(n.nspname), n.nspacl, n.nspowner FROM pg_namespace n WHERE n.nspname = registry
              AND relations IS NULL
              UNION ALL
              SELECT 'TABLE', c.oid::regclass::text, c.relacl, c.relowner
              FROM unnest(relations) r (relation) JOIN pg_class c ON c.oid = osms.relation_of(registry, r.relation)
              UNION ALL
              SELECT 'TABLE', a.attrelid::regclass::text, a.attacl, c.relowner
              FROM unnest(relations) r (relation) JOIN pg_class c ON c.oid = osms.relation_of(registry, r.relation)
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
              UNION ALL
              SELECT 'SEQUENCE', c.oid::regclass::text, c.relacl, c.relowner
              FROM unnest(relations) r (relation)
              JOIN pg_depend d ON d.refobjid = osms.relation_of(registry, r.relation) AND d.refclassid = 'pg_class'::regclass
                                  AND d.classid = d.refclassid AND d.deptype = 'i'
              JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S') AS o (kind, name, acl, owner),
             aclexplode(o.acl) a
        WHERE a.grantee <> o.owner AND (privilege = 'ALL' OR a.privilege_type = privilege)
        GROUP BY o.kind, o.name
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.close_to_others(text, text[], text) IS
'takes back what anybody but their owner may do with relations of a registry or, for NULL, with its schema
what default privileges gave when it was made. Called by create_registry, add_relation and map';

-- Only heads at a site are looked for by it; known_to stays out of the index,
-- so that ending a version touches no index.
CREATE FUNCTION osms_internal.index_sites(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF osms.relation_of(registry, 'roster') IS NOT NULL AND osms.relation_of(registry, 'site') IS NOT NULL
       AND to_regclass(format('%I.roster_site', registry)) IS NULL THEN
        EXECUTE format('CREATE INDEX roster_site ON %I.roster (organisation, site) WHERE site IS NOT NULL', registry);
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.index_sites(text) IS
'indexes the roster of a registry that has the relation site, so that heads at a site are counted without a scan
called by create_registry, map and add_relation';

CREATE FUNCTION osms_internal.add_derived_relations(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET client_min_messages = warning
AS $$
DECLARE
    attachment_type text;
    person_type text;
    organisation_type text;
    application_type text;
    settings text;
BEGIN
    IF osms.relation_of(registry, 'roster') IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT max(t) FILTER (WHERE attname = 'attachment'), max(t) FILTER (WHERE attname = 'person'),
           max(t) FILTER (WHERE attname = 'organisation'), max(t) FILTER (WHERE attname = 'application')
    INTO attachment_type, person_type, organisation_type, application_type
    FROM (SELECT attname, format_type(atttypid, atttypmod) AS t FROM pg_attribute
          WHERE attrelid = osms.relation_of(registry, 'attachment') AND attnum > 0 AND NOT attisdropped) a;

    EXECUTE format('CREATE TABLE %1$I.roster (attachment %2$s NOT NULL, person %3$s NOT NULL,
        organisation %4$s NOT NULL, site text, since date NOT NULL, until date NOT NULL,
        birth_date date, sex osms.sex, basis text NOT NULL, mark text NOT NULL,
        known_from timestamptz NOT NULL, known_to timestamptz NOT NULL) WITH (fillfactor = 90)',
        registry, attachment_type, person_type, organisation_type);
    EXECUTE format('COMMENT ON TABLE %I.roster IS %L', registry,
        'who counted where, since to until (exclusive, infinity = open), as known from known_from to known_to; written by the guards');
    EXECUTE format('CREATE INDEX roster_person ON %I.roster (person, attachment)', registry);
    EXECUTE format('CREATE INDEX roster_suspect ON %I.roster (organisation) WHERE mark = ''suspect''', registry);
    EXECUTE format('CREATE INDEX roster_restored ON %I.roster (attachment) WHERE basis = ''restores''', registry);
    EXECUTE format('CREATE TABLE %1$I.journal (entry bigint GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL DEFAULT clock_timestamp(), transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
        session_role name NOT NULL DEFAULT session_user, actor text NOT NULL, relation text NOT NULL, event "char" NOT NULL,
        key text NOT NULL, person %2$s, organisation text, state_before text, state_after text, since date, until date,
        reason text, changed text[], import bigint)', registry, person_type);
    EXECUTE format('COMMENT ON TABLE %I.journal IS %L', registry,
        'who wrote what: actor is the role as which the statement ran, of a foreign key''s cascade the owner of the table, and '
        'session_role who logged in; a row for every row of a guarded relation that a statement inserted (I), updated (U) or deleted (D), '
        'persons only where it changed them; and of those that no rule judges (residence, site, clerk, organisation_succession, '
        'region_succession, insurance, service, coefficient, adjustment, defect, attested_number), of which more than 1000 rows inserted '
        'at once are one row, with their number as reason, and TRUNCATE is one (T). state_before and state_after: the state, or the '
        'value, that was and is; import: the entry of the import it belongs to. And what was done to the registry: relations registry, '
        'mapping, guard, rule, keep, setting, statement (closed), restatement (posted), roster (received); key tells which. Written by '
        'osms alone');
    EXECUTE format('CREATE TABLE %1$I.moved (relation text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, role text COLLATE "C" NOT '
        'NULL,
        person %2$s NOT NULL, application text COLLATE "C", at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (relation, key, role))', registry, person_type);
    EXECUTE format('CREATE INDEX moved_application ON %I.moved (application) WHERE application IS NOT NULL', registry);
    EXECUTE format('COMMENT ON TABLE %I.moved IS %L', registry,
        'whom an application, identity_event or attachment (relation, key) was about before it first moved to another person; role: in '
        'the column person or applicant; application: the one it speaks for; written by the guards. What an undone merge left behind '
        'speaks for nobody');
    EXECUTE format('CREATE TABLE %I.pending (person %s NOT NULL)', registry, person_type);
    EXECUTE format('CREATE INDEX pending_person ON %I.pending (person)', registry);
    EXECUTE format('COMMENT ON TABLE %I.pending IS %L', registry,
        'persons to be looked at when the transaction ends; empty between transactions');
    EXECUTE format('CREATE CONSTRAINT TRIGGER judge AFTER INSERT ON %I.pending DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION osms_internal.judge_pending(%L, %L, %L)', registry, registry, 'attachment', '');
    EXECUTE format('CREATE TABLE %I.import (entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, actor name NOT NULL,
        session_role name NOT NULL DEFAULT session_user, why text NOT NULL, began timestamptz NOT NULL DEFAULT clock_timestamp(),
        ended timestamptz, transaction xid8 NOT NULL DEFAULT pg_current_xact_id())', registry);
    EXECUTE format('COMMENT ON TABLE %I.import IS %L', registry,
        'loads of rows of the past, for which rules of time and of payments only warned: who, why, when, in which transaction; written by '
        'osms.import_begin() and import_end()');
    -- at most one in a transaction, and none between transactions
    EXECUTE format('CREATE UNIQUE INDEX import_open ON %I.import (transaction) WHERE ended IS NULL', registry);
    EXECUTE format('CREATE CONSTRAINT TRIGGER judge AFTER INSERT ON %I.import DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION osms_internal.judge_import(%L, %L, %L)', registry, registry, 'import', '');
    -- without it a publication of all tables would refuse what the guards write
    EXECUTE format('ALTER TABLE %I.roster REPLICA IDENTITY FULL', registry);
    EXECUTE format('ALTER TABLE %I.pending REPLICA IDENTITY FULL', registry);
    PERFORM osms_internal.add_own_relation(registry, 'identity_event',
        jsonb_build_object('@person', person_type, '@application', application_type, '@event', 'bigint'));
    PERFORM osms_internal.add_own_relation(registry, 'attested_number', '{}');
    PERFORM osms_internal.index_sites(registry);
    PERFORM osms_internal.add_money_relations(registry);
    PERFORM osms_internal.close_to_others(registry,
                                          '{roster,journal,moved,pending,import,statement,statement_line,restatement,restatement_line,'
                                          'ledger}');
    PERFORM osms_internal.put_keep_triggers(registry, new => true);
    -- the journal begins: what was done before it is told now
    EXECUTE format('SELECT concat_ws('', '', ''cut-over '' || s.cut_over, ''time zone '' || s.time_zone) FROM %I.setting s', registry)
        INTO settings;
    PERFORM osms_internal.note_act(registry, 'registry', 'I', registry, reason => settings);
    PERFORM osms_internal.note_act(registry, 'mapping', 'I', k.relation, state_after => osms.mapped_source(c.oid)::text)
    FROM (SELECT DISTINCT relation FROM osms.registry_columns()) k JOIN pg_class c ON c.oid = osms.relation_of(registry, k.relation)
        AND c.relkind = 'v'
    WHERE k.relation <> 'attachment';
END $$;
COMMENT ON FUNCTION osms_internal.add_derived_relations(text) IS
'makes roster, journal, moved, pending and import with the key types of the relation attachment, identity_event and
attested_number where absent, and what closed months are kept in
called by create_registry and map';

CREATE FUNCTION osms_internal.add_own_relation(registry text, relation text, key_types jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition text;
    primary_key text;
    comment text;
BEGIN
    IF osms.relation_of(registry, relation) IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT string_agg(format('%I %s%s', c."column",
               CASE WHEN c.type LIKE '@%' THEN
                    CASE WHEN c.type = '@number' THEN CASE c."column" WHEN 'iin' THEN 'osms.iin' ELSE 'osms.bin' END
                         ELSE key_types ->> c.type END
                    ELSE c.type END,
               CASE WHEN c."position" = 1 AND key_types ->> c.type = 'bigint'
                         AND c.type IN ('@application', '@attachment', '@event', '@service')
                    THEN ' GENERATED BY DEFAULT AS IDENTITY'
                    WHEN c."column" = 'known_from' THEN ' NOT NULL DEFAULT osms_internal.known_clock()'
                    WHEN c.needed THEN ' NOT NULL' ELSE '' END), ', ' ORDER BY c."position"),
           ', PRIMARY KEY (' || max(c.primary_key) || ')'
    INTO definition, primary_key
    FROM osms.registry_columns() c WHERE c.relation = add_own_relation.relation;
    EXECUTE format('CREATE TABLE %I.%I (%s%s)', registry, relation, definition, primary_key);
    -- money by mistake is refused; none of these rows is about a person
    FOR definition IN SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I CHECK (%s)', registry, i.relation, i.relation || '_'
                                    || i.name, i.holds)
                      FROM osms_internal.possible_inputs() i WHERE i.relation = add_own_relation.relation AND i.enforced LOOP
        EXECUTE definition;
    END LOOP;
    IF relation = 'attachment' THEN
        EXECUTE format('CREATE INDEX attachment_person ON %I.attachment (person)', registry);
    ELSIF relation = 'application' THEN
        EXECUTE format('CREATE INDEX application_person ON %I.application (person)', registry);
        EXECUTE format('CREATE INDEX application_decided ON %I.application (decided_by, decided_at)', registry);
    ELSIF relation = 'order_scope' THEN
        EXECUTE format('CREATE INDEX order_scope_order_key ON %I.order_scope (order_key)', registry);
    ELSIF relation = 'coefficient' THEN
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I.coefficient
            FOR EACH STATEMENT EXECUTE FUNCTION osms_internal.append_only()', registry);
    ELSIF relation IN ('adjustment', 'defect') THEN
        EXECUTE format('CREATE INDEX %2$I ON %1$I.%3$I (organisation, month)', registry, relation || '_organisation', relation);
    ELSIF relation = 'insurance' THEN
        EXECUTE format('CREATE INDEX insurance_month ON %I.insurance (month)', registry);
    ELSIF relation = 'service' THEN
        EXECUTE format('CREATE INDEX service_person ON %I.service (person, served_on)', registry);
    ELSIF relation = 'identity_event' THEN
        EXECUTE format('CREATE INDEX identity_event_application ON %I.identity_event (application)', registry);
        EXECUTE format('CREATE UNIQUE INDEX identity_event_evidence_hash ON %I.identity_event (evidence_hash)', registry);
    END IF;
    SELECT c.comment INTO comment FROM (VALUES
        ('person_alias', 'merges of persons: old is found to be new. While a merge is recorded and not undone the person of attachments, '
            'applications (the applicant too) and identity events may change from old to new; once undone_at is set, back again. First '
            'the events, then the applications, then the attachments: the one who remains may have one attachment at a time and one open '
            'application. A row is written once; only undone_at may be set later'),
        ('residence', 'where a person lives from a day on, by kind (permanent, temporary, actual); of each kind the newest counts; '
            'without a row the region of the person''s own row counts'),
        ('organisation_succession',
         'which organisation follows which from a day on: a merger is several old with one new, a split one old with several new. It '
         'moves nobody: that takes an order. An application, a restoration and an order''s destination that name the old one are good for '
         'the new one; contracts are not inherited, limits and counts of persons are not touched. An order names as from_organisation '
         'where the person was'),
        ('region_succession', 'which region a region was renamed to or split into on a day; a region written down before that day is '
            'still the same place as each of its successors'),
        ('authority_order', 'orders of the regional authority that move persons; a value once written stays, a missing one may be '
            'supplied'),
        ('order_scope', 'whom an order moves: a row says from where, to where, of which region, from or to which site, which person; what '
            'is NULL it leaves open. Rows stay as written. An order may gain rows after it has moved somebody, for long lists are entered '
            'in parts; the journal tells when and by whom'),
        ('payment', 'what the Fund paid, in tenge, by organisation and month (any day of it): statement plus ledger, without sanctions '
            'and adjustments. Several rows of a month are one payment, and one without amount pays nothing. Of months before the first '
            'that was closed it is history, which the cap of later statements counts as far as it was known then'),
        ('contract', 'contracts of organisations with the Fund, valid_to exclusive, NULL = open; an end is never refused. What is agreed '
            'later, an amount or an end, is a new row with the same valid_from: the one known last holds. Rows are added, not changed, '
            'for an UPDATE changes what earlier closings knew'),
        ('organisation_status',
         'region and class of organisations from a day on; of several rows for a day the one known last holds. Rows are added, not '
         'changed, for an UPDATE changes what earlier closings knew'),
        ('site', 'sites and their norms (persons) from a day on; of several rows for a day the one known last holds. Rows are added, not '
            'changed, for an UPDATE changes what earlier closings knew'),
        ('insurance', 'contributions of a person for a month; of several rows for a month the one known last holds, so a late or '
            'corrected contribution is a new row. Rows are added, not changed, for an UPDATE changes what earlier closings knew'),
        ('service', 'services given to persons; one counts since known_from and no more since denied_at. Nothing but denied_at and '
            'confirmed_at is written later'),
        ('coefficient', 'coefficients Ki of organisations from a day on; of several rows for a kind and day the one known last holds; '
            'tag: how sure it is that point of act says so (osms.certainty, NULL = UNV). Rows are only added')
        ) c (relation, comment) WHERE c.relation = add_own_relation.relation;
    IF comment IS NOT NULL THEN
        EXECUTE format('COMMENT ON TABLE %I.%I IS %L', registry, relation, comment);
    END IF;
    -- what others may add triggers to is not written as its owner
    PERFORM osms_internal.close_to_others(registry, ARRAY[relation], CASE WHEN relation IN ('identity_event', 'attested_number') THEN 'ALL'
                                          ELSE 'TRIGGER' END);
END $$;
COMMENT ON FUNCTION osms_internal.add_own_relation(text, text, jsonb) IS
    'makes one canonical relation as a table with its keys and indexes, unless it is there; called by create_registry and map';

CREATE FUNCTION osms.add_relation(registry text, relation text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    key_types jsonb;
BEGIN
    IF relation IS NULL OR relation IN ('person', 'attachment')
       OR NOT EXISTS (SELECT FROM osms.registry_columns() c WHERE c.relation = add_relation.relation) THEN
        RAISE EXCEPTION '"%" is not an optional relation', relation
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'osms.registry_columns() lists the relations; person and attachment are mapped with osms.map().';
    ELSIF osms.relation_of(registry, 'roster') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist, or maps no attachments yet', registry
            USING ERRCODE = 'invalid_schema_name',
                HINT = 'Make it with osms.create_registry(), and map the relation "attachment" with osms.map().';
    ELSIF osms.relation_of(registry, relation) IS NOT NULL THEN
        RAISE EXCEPTION 'registry "%" has a relation "%"', registry, relation USING ERRCODE = 'duplicate_table';
    END IF;
    -- the types of keys that the registry's relations agree on
    SELECT '{"@application": "bigint", "@event": "bigint", "@service": "bigint"}' || jsonb_object_agg(k.type, k.has) INTO key_types
    FROM (SELECT DISTINCT ON (c.type) c.type, format_type(a.atttypid, a.atttypmod) AS has
          FROM osms.registry_columns() c
          JOIN pg_attribute a ON a.attrelid = osms.relation_of(registry, c.relation) AND a.attname = c."column" AND NOT a.attisdropped
          WHERE c.type LIKE '@%' AND c.type <> '@number' ORDER BY c.type, c.relation) k;
    PERFORM osms_internal.add_own_relation(registry, relation, key_types);
    PERFORM osms_internal.note_act(registry, 'mapping', 'I', relation, state_after => osms.relation_of(registry, relation)::text);
    IF relation = 'site' THEN
        PERFORM osms_internal.index_sites(registry);
    END IF;
    PERFORM osms_internal.hand_over(registry);
END $$;
COMMENT ON FUNCTION osms.add_relation(text, text) IS
'makes one of the relations that a registry lacks as a table with the registry''s key types, empty
rules that waited for it judge from the next osms.guard on. 22023 for a relation that is none, or is not optional, 3F000 where
there is no such registry or no attachments, 42P07 where the relation is there';

CREATE FUNCTION osms_internal.check_time_zone(time_zone text) RETURNS void
    LANGUAGE C STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_check_time_zone';
COMMENT ON FUNCTION osms_internal.check_time_zone(text) IS '22023 for a time zone that is none; called by create_registry';

CREATE FUNCTION osms.create_registry(registry text, tables boolean DEFAULT true, cut_over date DEFAULT CURRENT_DATE,
                                     time_zone text DEFAULT 'Asia/Almaty', keeper name DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    key_types CONSTANT jsonb := '{"@person": "bigint", "@organisation": "bigint", "@application": "bigint",
                                  "@attachment": "bigint", "@event": "bigint", "@service": "bigint"}';
    relation text;
BEGIN
    IF coalesce(registry, '') = '' THEN
        RAISE EXCEPTION 'a registry needs a name'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It becomes the name of a new schema.';
    END IF;
    IF cut_over IS NULL OR NOT isfinite(cut_over) THEN
        RAISE EXCEPTION 'a registry needs a cut-over day'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is the first day from which an attachment must have a basis.';
    END IF;
    PERFORM osms_internal.need_arguments('create_registry', jsonb_build_object('tables', tables)), osms_internal.check_time_zone(time_zone);
    IF to_regnamespace(quote_ident(registry)) IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" already exists', registry
            USING ERRCODE = 'duplicate_schema', HINT = 'A registry is a schema of its own: give it another name.';
    END IF;
    IF keeper IS NOT NULL THEN
        PERFORM osms_internal.check_keeper(keeper);
    END IF;
    EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', registry, coalesce(keeper, current_user));
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', registry, 'registry of osms');
    EXECUTE format('CREATE TABLE %I.setting (one boolean PRIMARY KEY DEFAULT true CHECK (one), cut_over date NOT NULL CHECK '
        '(isfinite(cut_over)),
        time_zone text NOT NULL, roster_complete boolean NOT NULL DEFAULT false,
        epoch bigint NOT NULL DEFAULT 1, filled_under text)', registry);
    EXECUTE format('COMMENT ON TABLE %I.setting IS %L', registry,
        'one row: cut-over day, civil time zone, whether the roster holds everybody, the epoch, which another mapping or a gap in the '
        'guard ends, and under what the roster was filled (NULL: by hand)');
    EXECUTE format('INSERT INTO %I.setting (cut_over, time_zone) VALUES ($1, $2)', registry) USING cut_over, time_zone;
    PERFORM osms_internal.close_to_others(registry), osms_internal.close_to_others(registry, '{setting}');
    IF tables THEN
        FOR relation IN SELECT DISTINCT c.relation FROM osms.registry_columns() c ORDER BY 1 LOOP
            PERFORM osms_internal.add_own_relation(registry, relation, key_types);
        END LOOP;
        PERFORM osms_internal.add_derived_relations(registry);
    END IF;
    PERFORM osms_internal.hand_over(registry);
END $$;
COMMENT ON FUNCTION osms.create_registry(text, boolean, date, text, name) IS
'makes a registry: a schema with its setting and, with tables, all canonical relations as tables
without, osms.map fills it. cut_over: first day from which an attachment needs a basis; time_zone: civil time in which days are
judged; keeper: role that cannot log in, which owns the registry and should own nothing else (osms.set_keeper), else whoever
calls owns it. 42P06 when the schema exists, 22023 for a cut-over day or time zone that is none, 42704, 22023 or 42501 for a
role that cannot be a keeper';

CREATE FUNCTION osms_internal.trigger_arguments(trigger oid) RETURNS text[]
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_trigger_arguments';
COMMENT ON FUNCTION osms_internal.trigger_arguments(oid) IS 'arguments of a trigger, NULL where there are none';

CREATE FUNCTION osms_internal.tables_of(source regclass) RETURNS SETOF regclass
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT source UNION SELECT t.relid FROM pg_partition_tree(source) t;
    END;
COMMENT ON FUNCTION osms_internal.tables_of(regclass) IS 'a table and, where it is partitioned, everything below it';

CREATE FUNCTION osms_internal.under_lock(tables regclass[], lock text, statements text[], attempts integer) RETURNS boolean
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
            -- what the statements lock besides
            "left" := greatest(1, extract(milliseconds FROM deadline - clock_timestamp()));
            PERFORM set_config('lock_timeout', "left"::text, true);
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
COMMENT ON FUNCTION osms_internal.under_lock(regclass[], text, text[], integer) IS
'locks tables in the order given, all within a tenth of a second, and runs statements
where that fails lets go of the locks and tries again, so often; false where no attempt had them all. Called by osms.guard and
osms.unguard';

CREATE FUNCTION osms_internal.plain_type(type oid) RETURNS oid
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t record;
BEGIN
    SELECT y.typtype, y.typbasetype, CASE WHEN y.typsubscript = 'array_subscript_handler'::regproc THEN y.typelem ELSE 0 END AS element
        INTO t
    FROM pg_type y WHERE y.oid = plain_type.type;
    IF t.typtype = 'd' THEN
        RETURN osms_internal.plain_type(t.typbasetype);
    ELSIF t.element <> 0 THEN
        RETURN (SELECT y.typarray FROM pg_type y WHERE y.oid = osms_internal.plain_type(t.element));
    ELSIF t.typtype NOT IN ('b', 'e') AND plain_type.type >= 16384 THEN
        RAISE EXCEPTION 'a text is not read as type %', format_type(plain_type.type, NULL)
            USING ERRCODE = 'datatype_mismatch', HINT = 'Map a column of a scalar type.';
    END IF;
    RETURN plain_type.type;
END $$;
COMMENT ON FUNCTION osms_internal.plain_type(oid) IS
'the type below a domain, of an array of domains that of the types below
42804 for a row or a range that is not PostgreSQL''s own, whose parts may be domains; called by osms_internal.column_type';

-- In PL/pgSQL, which keeps its plan: calls ask it for every value they write.
CREATE FUNCTION osms_internal.column_type(relation regclass, "column" text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    type oid := (SELECT a.atttypid FROM pg_attribute a
                 WHERE a.attrelid = relation AND a.attname = "column" AND a.attnum > 0 AND NOT a.attisdropped);
BEGIN
    IF type IS NULL THEN
        RAISE EXCEPTION 'relation "%" has no column "%"', relation, "column" USING ERRCODE = 'undefined_column';
    ELSIF type >= 12000 THEN
        -- what a domain checks is for the owner of the table, who writes it
        type := osms_internal.plain_type(type);
    END IF;
    -- typmod -1: what is too long must differ, not be cut
    RETURN format_type(type, -1);
END $$;
COMMENT ON FUNCTION osms_internal.column_type(regclass, text) IS
    'type of a column, in full and without its modifier, as osms_internal.plain_type has it; 42703 where there is none';

CREATE FUNCTION osms_internal.need_arguments(call text, arguments jsonb) RETURNS void
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing CONSTANT text := (SELECT k FROM jsonb_each_text(arguments) a (k, v) WHERE v IS NULL ORDER BY k LIMIT 1);
BEGIN
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'argument "%" of osms.% must not be null', missing, call
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.need_arguments(text, jsonb) IS
    '22004 where one of the arguments is null; called by create_registry, set_keeper, map and the workflow functions';

CREATE FUNCTION osms_internal.need_relation(registry text, relation text) RETURNS regclass
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    result CONSTANT regclass := osms.relation_of(registry, relation);
BEGIN
    IF result IS NOT NULL THEN
        RETURN result;
    ELSIF registry IS NULL OR relation IS NULL THEN
        RAISE EXCEPTION 'a registry and a relation of it must be named' USING ERRCODE = 'null_value_not_allowed';
    ELSIF osms.relation_of(registry, 'setting') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'Make it with osms.create_registry().';
    END IF;
    RAISE EXCEPTION 'registry "%" lacks relation "%"', registry, relation
        USING ERRCODE = 'undefined_table', HINT = 'Map it with osms.map().';
END $$;
COMMENT ON FUNCTION osms_internal.need_relation(text, text) IS
    'a relation of a registry; 3F000 where there is no such registry, 42P01 where it lacks the relation, 22004 for NULL';

CREATE FUNCTION osms_internal.equality(type regtype) RETURNS text
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_equality';
COMMENT ON FUNCTION osms_internal.equality(regtype) IS 'the equality operator of a type, spelled out; called where statements are made';

CREATE FUNCTION osms_internal.key_type(registry text, key text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN osms_internal.column_type(osms_internal.need_relation(registry, CASE key WHEN 'application' THEN 'application'
                                                                 ELSE 'roster' END), key);
COMMENT ON FUNCTION osms_internal.key_type(text, text) IS
'type of the keys of a registry, in full and without its modifier: person, organisation, attachment or application
3F000, 42P01 and 42703 where it has none';

CREATE FUNCTION osms_internal.civil(registry text, at timestamptz) RETURNS timestamp
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    civil timestamp;
BEGIN
    EXECUTE format('SELECT date_trunc(''second'', $1 AT TIME ZONE s.time_zone) FROM %s s',
                   osms_internal.need_relation(registry, 'setting')) INTO civil USING at;
    RETURN civil;
END $$;
COMMENT ON FUNCTION osms_internal.civil(text, timestamptz) IS 'a moment in the civil time zone of a registry, to the second';

CREATE FUNCTION osms_internal.civil_date(registry text, at timestamptz) RETURNS date
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN osms_internal.civil(registry, at)::date;
COMMENT ON FUNCTION osms_internal.civil_date(text, timestamptz) IS
    'the day that a moment belongs to in the registry''s time zone, whatever the session''s';


--
-- workflow: what happens to a person, one call each. A call locks the person
-- first, looks, and writes through the canonical relations, so that the guard
-- judges it; repeated, it finds what it did and says so.
--
CREATE TYPE osms.workflow_result AS (key text, state text, outcome text, related text, note text);
COMMENT ON TYPE osms.workflow_result IS
    'what a workflow call came to: key and state of the row it is about, outcome (created, changed, unchanged), key of another row concerned, and a note in words';

CREATE FUNCTION osms.lock_persons(registry text, persons text[], organisations text[] DEFAULT '{}') RETURNS void
    LANGUAGE C VOLATILE STRICT
    SET osms.restrict_functions = 'all'
    AS 'MODULE_PATHNAME', 'osms_lock_persons';
COMMENT ON FUNCTION osms.lock_persons(text, text[], text[]) IS
    'locks persons of a registry to the end of the transaction, in the order of their keys, as the guards do, and their attachments and applications: what is read of them afterwards stays as it is. organisations: those to which they are to be attached, whose contracts are held first. Nobody who waits for it is waited for. 42501 for who may write nothing of persons there, 40001 where at a higher isolation level another transaction wrote about them, 3F000 and 42P01 where there is no such registry';

CREATE FUNCTION osms.plain_type(type oid) RETURNS oid
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t record;
BEGIN
    SELECT y.typtype, y.typbasetype, CASE WHEN y.typsubscript = 'array_subscript_handler'::regproc THEN y.typelem ELSE 0 END AS element INTO t
    FROM pg_type y WHERE y.oid = plain_type.type;
    IF t.typtype = 'd' THEN
        RETURN osms.plain_type(t.typbasetype);
    ELSIF t.element <> 0 THEN
        RETURN (SELECT y.typarray FROM pg_type y WHERE y.oid = osms.plain_type(t.element));
    ELSIF t.typtype NOT IN ('b', 'e') AND plain_type.type >= 16384 THEN
        RAISE EXCEPTION 'a text is not read as type %', format_type(plain_type.type, NULL)
            USING ERRCODE = 'datatype_mismatch', HINT = 'Map a column of a scalar type.';
    END IF;
    RETURN plain_type.type;
END $$;
COMMENT ON FUNCTION osms.plain_type(oid) IS
    'the type below a domain, of an array of domains that of the types below; 42804 for a row or a range that is not PostgreSQL''s own, whose parts may be domains; called by osms.column_type';

-- In PL/pgSQL, which keeps its plan: calls ask it for every value they write.
CREATE FUNCTION osms.column_type(relation regclass, "column" text) RETURNS text
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
        type := osms.plain_type(type);
    END IF;
    -- typmod -1: what is too long must differ, not be cut
    RETURN format_type(type, -1);
END $$;
COMMENT ON FUNCTION osms.column_type(regclass, text) IS
    'type of a column, in full and without its modifier, as osms.plain_type has it; 42703 where there is none';

CREATE FUNCTION osms.need_arguments(call text, arguments jsonb) RETURNS void
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
COMMENT ON FUNCTION osms.need_arguments(text, jsonb) IS '22004 where one of the arguments is null; called by create_registry, set_keeper, map and the workflow functions';

CREATE FUNCTION osms.need_relation(registry text, relation text) RETURNS regclass
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
COMMENT ON FUNCTION osms.need_relation(text, text) IS
    'a relation of a registry; 3F000 where there is no such registry, 42P01 where it lacks the relation, 22004 for NULL';

CREATE FUNCTION osms.civil_date(registry text, at timestamptz) RETURNS date
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    result date;
BEGIN
    EXECUTE format('SELECT ($1 AT TIME ZONE s.time_zone)::date FROM %s s', osms.need_relation(registry, 'setting')) INTO result USING at;
    RETURN result;
END $$;
COMMENT ON FUNCTION osms.civil_date(text, timestamptz) IS
    'the day that a moment belongs to in the registry''s time zone, whatever the session''s';

CREATE FUNCTION osms.find_row(registry text, relation text, key text) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    target CONSTANT regclass := osms.need_relation(registry, relation);
    result jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE x.%I = $1::%s', target, relation, osms.column_type(target, relation))
    INTO result USING key;
    RETURN result;
END $$;
COMMENT ON FUNCTION osms.find_row(text, text, text) IS
    'the row of the canonical relation person, application or attachment with a key, as an object; NULL where there is none';

CREATE FUNCTION osms.need_row(registry text, relation text, key text) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    result CONSTANT jsonb := osms.find_row(registry, relation, key);
BEGIN
    IF result IS NULL THEN
        RAISE EXCEPTION '% "%" does not exist in registry "%"', relation, key, registry
            USING ERRCODE = 'no_data_found', HINT = format('Keys are those of relation "%s", written in full.', relation);
    END IF;
    RETURN result;
END $$;
COMMENT ON FUNCTION osms.need_row(text, text, text) IS 'as osms.find_row; P0002 where there is none';

CREATE FUNCTION osms.lock_person_of(registry text, relation text, key text, attaches boolean DEFAULT false) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    found CONSTANT jsonb := osms.need_row(registry, relation, key);
BEGIN
    PERFORM osms.lock_persons(registry, ARRAY[found ->> 'person'], CASE WHEN attaches THEN ARRAY[found ->> 'organisation'] ELSE '{}' END);
    RETURN osms.need_row(registry, relation, key);
END $$;
COMMENT ON FUNCTION osms.lock_person_of(text, text, text, boolean) IS
    'locks the person whom an application or attachment is about, who may be attached to its organisation, and returns its row as it then is; P0002 where there is none';

CREATE FUNCTION osms.equality(type regtype) RETURNS text
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_equality';
COMMENT ON FUNCTION osms.equality(regtype) IS 'the equality operator of a type, spelled out; called where statements are made';

CREATE FUNCTION osms.run_write(registry text, relation text, event text, "row" text, arguments text[]) RETURNS text
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'osms_run_write';
COMMENT ON FUNCTION osms.run_write(text, text, text, text, text[]) IS
    'inserts a row of a canonical relation, or updates the one with a key (event: insert, update). row: a query with parameters that are texts, whose columns have the names and the very types of the relation''s; it runs as the caller. The triggers of a table find the search_path that its owner chose (by a setting of the role or of the database, else the table''s schema), and run as the owner where he has not the rights of the caller. Returns the key. 42P01 for a relation that is not there, 42703 and 42804 for columns that are not the relation''s';

CREATE FUNCTION osms.remaining_person(registry text, person text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    aliases CONSTANT regclass := osms.relation_of(registry, 'person_alias');
    remaining text[];
BEGIN
    IF aliases IS NULL OR NOT has_table_privilege(aliases, 'SELECT') THEN
        RETURN person;
    END IF;
    EXECUTE format('WITH RECURSIVE heir AS (SELECT y.new FROM %1$s y WHERE y.old = $1::%2$s AND y.undone_at IS NULL
            UNION SELECT y.new FROM heir JOIN %1$s y ON y.old = heir.new AND y.undone_at IS NULL)
        SELECT array_agg(h.new::text) FROM heir h WHERE NOT EXISTS (SELECT FROM %1$s y WHERE y.old = h.new AND y.undone_at IS NULL)',
        aliases, osms.column_type(aliases, 'old'))
    INTO remaining USING person;
    RETURN CASE cardinality(remaining) WHEN 1 THEN remaining[1] ELSE person END;
END $$;
COMMENT ON FUNCTION osms.remaining_person(text, text) IS
    'key of the person who remains of the one whose key is given, as far as merges stand and lead to one; the key itself where there are none, or who calls may not read them; called by the workflow functions';

CREATE FUNCTION osms.write_row(registry text, relation text, key text, fields jsonb, details jsonb DEFAULT '{}') RETURNS text
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    target CONSTANT regclass := osms.need_relation(registry, relation);
    key_column CONSTANT text := (SELECT c."column" FROM osms.registry_columns() c
                                 WHERE c.relation = write_row.relation AND c."position" = 1);
    written CONSTANT jsonb := CASE WHEN key IS NULL THEN jsonb_strip_nulls(fields) ELSE fields END
        || coalesce((SELECT jsonb_object_agg(d.k, d.v) FROM jsonb_each_text(details) d (k, v) WHERE osms.can_write(target, d.k, d.v)), '{}');
    lost record;
    columns text;
    arguments text[];
BEGIN
    SELECT f.k, f.v INTO lost FROM jsonb_each_text(fields) f (k, v) WHERE NOT osms.can_write(target, f.k, f.v) ORDER BY f.k LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'registry "%" cannot keep % "%" of relation "%"', registry, lost.k, lost.v, relation
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Its mapping has no column, or no code, for it: map the relation again with osms.map().';
    END IF;
    IF coalesce(written, '{}') = '{}' THEN
        RAISE EXCEPTION 'no field of relation "%" is given', relation USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT string_agg(format('$%s::%s AS %I', w.place, osms.column_type(target, w.k), w.k), ', ' ORDER BY w.place), array_agg(w.v ORDER BY w.place)
    INTO columns, arguments
    FROM (SELECT t.k, t.v, row_number() OVER (ORDER BY t.k) AS place
          FROM (SELECT * FROM jsonb_each_text(written) UNION ALL SELECT key_column, key WHERE key IS NOT NULL) t (k, v)) w;
    RETURN osms.run_write(registry, relation, CASE WHEN key IS NULL THEN 'insert' ELSE 'update' END, 'SELECT ' || columns, arguments);
END $$;
COMMENT ON FUNCTION osms.write_row(text, text, text, jsonb, jsonb) IS
    'inserts a canonical row (key NULL) or updates the one with a key, through the registry, and returns its key; fields must be kept, details are left out where the registry has no column or code for them. 55000 for a field that cannot be kept';

CREATE FUNCTION osms.submit(registry text, person text, organisation text, channel text, ground text,
                            applicant text DEFAULT NULL, application text DEFAULT NULL,
                            submitted_at timestamptz DEFAULT now(), evidence_hash text DEFAULT NULL) RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    target regclass;
    same text;
    found jsonb;
    fields jsonb;
BEGIN
    PERFORM osms.need_arguments('submit', jsonb_build_object('registry', registry, 'person', person, 'organisation', organisation,
                                                             'submitted_at', submitted_at));
    target := osms.need_relation(registry, 'application');
    person := osms.remaining_person(registry, person);
    applicant := osms.remaining_person(registry, applicant);
    fields := jsonb_build_object('application', application, 'person', person, 'applicant', applicant,
        'organisation', organisation, 'channel', channel, 'ground', ground, 'state', 'submitted', 'evidence_hash', evidence_hash);
    PERFORM osms.lock_persons(registry, ARRAY[person]);
    SELECT string_agg(format('x.%I IS NOT DISTINCT FROM ($1 ->> %1$L)::%s', k, osms.column_type(target, k)), ' AND ') INTO same
    FROM unnest(ARRAY['person', 'applicant', 'organisation', 'channel', 'ground']) k;
    IF application IS NULL THEN
        EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE %s AND x.state IN (''submitted'', ''identified'', ''approved'', ''deferred'')
            ORDER BY x.application LIMIT 1', target, same)
        INTO found USING fields;
    ELSE
        EXECUTE format('SELECT to_jsonb(x) || jsonb_build_object(''same'', %s) FROM %s x WHERE x.application = ($1 ->> ''application'')::%s',
                       same, target, osms.column_type(target, 'application'))
        INTO found USING fields;
        IF NOT (found ->> 'same')::boolean THEN
            RAISE EXCEPTION 'application "%" of registry "%" is another one', application, registry
                USING ERRCODE = 'unique_violation', HINT = 'Repeat a call with all its arguments, or give another key.';
        END IF;
    END IF;
    IF found ->> 'state' = 'draft' THEN
        PERFORM osms.write_row(registry, 'application', application, '{"state": "submitted"}',
                               jsonb_build_object('submitted_at', submitted_at));
        RETURN ROW(application, 'submitted', 'changed', NULL, NULL)::osms.workflow_result;
    ELSIF found IS NOT NULL THEN
        RETURN ROW(found ->> 'application', found ->> 'state', 'unchanged', NULL, NULL)::osms.workflow_result;
    END IF;
    RETURN ROW(osms.write_row(registry, 'application', NULL, fields, jsonb_build_object('submitted_at', submitted_at)),
            'submitted', 'created', NULL, NULL)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.submit(text, text, text, text, text, text, text, timestamptz, text) IS
    'files an application of a person to an organisation by a channel, on a ground (both NULL only where the registry does not keep them); applicant: who files for the person; application: its key, where the registry does not give one. Key and state of the application. unchanged: it was filed by that key, or an open one by the same person, applicant, organisation, channel and ground is there. 23505 for the key of another one, 22004 for a missing argument, class 23 as the guard judges';

CREATE FUNCTION osms.identify(registry text, application text, method text, clerk text DEFAULT NULL, provider text DEFAULT NULL,
                              at timestamptz DEFAULT now(), evidence_hash text DEFAULT NULL, applicant text DEFAULT NULL)
    RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    events regclass;
    a jsonb;
    recorded boolean;
    fields jsonb;
BEGIN
    PERFORM osms.need_arguments('identify', jsonb_build_object('registry', registry, 'application', application, 'method', method, 'at', at));
    events := osms.need_relation(registry, 'identity_event');
    a := osms.lock_person_of(registry, 'application', application);
    fields := jsonb_build_object('person', a -> 'person', 'applicant', coalesce(applicant, a ->> 'applicant'), 'application', a -> 'application',
        'channel', a -> 'channel', 'method', method, 'provider', provider, 'clerk', clerk, 'at', at, 'evidence_hash', evidence_hash);
    EXECUTE format('SELECT x.application = ($1 ->> ''application'')::%2$s FROM %1$s x WHERE %3$s ORDER BY 1 DESC LIMIT 1', events,
        osms.column_type(events, 'application'),
        CASE WHEN evidence_hash IS NOT NULL THEN 'x.evidence_hash = $1 ->> ''evidence_hash'''
             ELSE format('x.application = ($1 ->> ''application'')::%s AND x.method = $1 ->> ''method''
                 AND x.clerk IS NOT DISTINCT FROM $1 ->> ''clerk'' AND x.provider IS NOT DISTINCT FROM $1 ->> ''provider''',
                 osms.column_type(events, 'application')) END)
    INTO recorded USING fields;
    IF NOT recorded THEN
        RAISE EXCEPTION 'evidence is used for another application already'
            USING ERRCODE = 'unique_violation', HINT = 'Each identification has evidence of its own, with a hash of its own.';
    END IF;
    IF recorded IS NULL THEN
        PERFORM osms.write_row(registry, 'identity_event', NULL, fields);
    END IF;
    IF a ->> 'state' IN ('identified', 'approved', 'deferred', 'attached') THEN
        RETURN ROW(a ->> 'application', a ->> 'state', CASE WHEN recorded THEN 'unchanged' ELSE 'changed' END, NULL, NULL)::osms.workflow_result;
    END IF;
    PERFORM osms.write_row(registry, 'application', application, '{"state": "identified"}');
    RETURN ROW(a ->> 'application', 'identified', 'changed', NULL, NULL)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.identify(text, text, text, text, text, timestamptz, text, text) IS
    'records that the person, or the applicant, of an application was identified by a method (osms.channel), and moves the application from submitted to identified. Key and state of the application. unchanged: the event is there, by its evidence_hash or else by method, clerk and provider. P0002 for an unknown application, 23505 for the evidence of another one, 22004 for a missing argument, class 23 as the guard judges';

CREATE FUNCTION osms.decide(registry text, application text, approve boolean, decided_by text DEFAULT NULL,
                            decided_at timestamptz DEFAULT now(), reason text DEFAULT NULL, effective_on date DEFAULT NULL)
    RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    a jsonb;
    target text;
    fields jsonb;
BEGIN
    PERFORM osms.need_arguments('decide', jsonb_build_object('registry', registry, 'application', application, 'approve', approve,
                                                             'decided_at', decided_at));
    a := osms.lock_person_of(registry, 'application', application);
    target := CASE WHEN NOT approve THEN 'refused' WHEN a ->> 'ground' = 'campaign' THEN 'deferred' ELSE 'approved' END;
    IF a ->> 'state' IN (target, CASE WHEN approve THEN 'attached' END)
       AND (approve OR a ->> 'reason' IS NOT DISTINCT FROM reason) THEN
        RETURN ROW(a ->> 'application', a ->> 'state', 'unchanged', NULL, NULL)::osms.workflow_result;
    END IF;
    IF target = 'deferred' AND effective_on IS NULL THEN
        effective_on := make_date(extract(year FROM osms.civil_date(registry, decided_at))::integer + 1, 1, 1);
    END IF;
    fields := jsonb_build_object('state', target)
        || jsonb_strip_nulls(jsonb_build_object('decided_by', decided_by, 'reason', reason, 'effective_on', effective_on));
    PERFORM osms.write_row(registry, 'application', application, fields, jsonb_build_object('decided_at', decided_at));
    RETURN ROW(a ->> 'application', target, 'changed', NULL,
            CASE target WHEN 'deferred' THEN format('takes effect on %s by osms.take_effect()', effective_on)
                        WHEN 'approved' THEN 'takes effect by osms.transfer()' END)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.decide(text, text, boolean, text, timestamptz, text, date) IS
    'approves or, with a reason of osms.reason_codes(''application''), refuses an application. A campaign application is deferred to effective_on, by default 1 January of the year after the decision in the registry''s time zone; another is approved. Key and state of the application. unchanged: it was decided so. P0002 for an unknown application, 22004 for a missing argument, class 23 as the guard judges';

CREATE FUNCTION osms.transfer(registry text, application text, since date DEFAULT NULL, site text DEFAULT NULL,
                              attachment text DEFAULT NULL) RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    attachments regclass;
    person_type text;
    a jsonb;
    old jsonb;
    today date;
    day date := since;
    closed text;
    key text;
BEGIN
    PERFORM osms.need_arguments('transfer', jsonb_build_object('registry', registry, 'application', application));
    attachments := osms.need_relation(registry, 'attachment');
    person_type := osms.column_type(attachments, 'person');
    a := osms.lock_person_of(registry, 'application', application, attaches => true);
    -- where the attachment does not name its application, the organisation tells
    EXECUTE format('SELECT to_jsonb(x) FROM %1$s x WHERE x.person = ($1 ->> ''person'')::%2$s
            AND (x.application = ($1 ->> ''application'')::%3$s OR x.application IS NULL AND $1 ->> ''state'' = ''attached''
                AND x.organisation = ($1 ->> ''organisation'')::%4$s)
        ORDER BY x.application IS NULL, x.state = ''annulled'', x.since DESC LIMIT 1',
        attachments, person_type, osms.column_type(attachments, 'application'), osms.column_type(attachments, 'organisation'))
    INTO old USING a;
    IF old IS NOT NULL THEN
        IF a ->> 'state' <> 'attached' AND old ->> 'state' <> 'annulled' THEN
            PERFORM osms.write_row(registry, 'application', application, '{"state": "attached"}');
        END IF;
        RETURN ROW(old ->> 'attachment', old ->> 'state', 'unchanged', NULL, NULL)::osms.workflow_result;
    END IF;
    IF day IS NULL THEN
        today := osms.civil_date(registry, now());
        day := coalesce((a ->> 'effective_on')::date, osms.civil_date(registry, (a ->> 'decided_at')::timestamptz), today);
        -- whoever was attached that day, or since, has been there for a day at least
        EXECUTE format('SELECT greatest($2, max(x.since) + 1) FROM %s x WHERE x.person = ($1 ->> ''person'')::%s
            AND x.state IN (''active'', ''suspect'') AND x.since BETWEEN $2 AND greatest($2, $3)', attachments, person_type)
        INTO day USING a, day, today;
    END IF;
    FOR old IN EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE x.person = ($1 ->> ''person'')::%s AND x.since < $2
        AND x.state IN (''active'', ''suspect'', ''closed'') AND (x.until IS NULL OR x.until > $2) ORDER BY x.since, x.attachment',
        attachments, person_type) USING a, day
    LOOP
        closed := osms.write_row(registry, 'attachment', old ->> 'attachment', jsonb_build_object('state', 'closed', 'until', day),
            jsonb_build_object('reason', CASE WHEN old -> 'organisation' = a -> 'organisation' THEN 'site_change' ELSE 'moved_to_other' END));
    END LOOP;
    key := osms.write_row(registry, 'attachment', NULL, jsonb_build_object('attachment', attachment, 'person', a -> 'person',
        'organisation', a -> 'organisation', 'site', site, 'state', 'active', 'since', day),
        jsonb_build_object('application', a -> 'application'));
    PERFORM osms.write_row(registry, 'application', application, '{"state": "attached"}');
    RETURN ROW(key, 'active', 'created', closed, format('attached since %s', day))::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.transfer(text, text, date, text, text) IS
    'attaches the person of an approved application to its organisation: closes what reaches beyond the day, writes the attachment, and moves the application to attached. since: by default the day the application takes effect or was decided in the registry''s time zone, or the day after an attachment that began meanwhile; attachment: the new key, where the registry does not give one. Key and state of the attachment; related: the one closed for it. unchanged: the application has its attachment. P0002 for an unknown application, 22004 for a missing argument, class 23 as the guard judges';

CREATE FUNCTION osms.detach(registry text, person text, day date, reason text) RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    attachments regclass;
    person_type text;
    old jsonb;
    key text;
BEGIN
    PERFORM osms.need_arguments('detach', jsonb_build_object('registry', registry, 'person', person, 'day', day, 'reason', reason));
    attachments := osms.need_relation(registry, 'attachment');
    person_type := osms.column_type(attachments, 'person');
    PERFORM osms.lock_persons(registry, ARRAY[person]);
    FOR old IN EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE x.person = $1::%s AND x.state IN (''active'', ''suspect'', ''closed'')
        AND (x.until IS NULL OR x.until > $2) ORDER BY x.since, x.attachment', attachments, person_type) USING person, day
    LOOP
        key := osms.write_row(registry, 'attachment', old ->> 'attachment', jsonb_build_object('state', 'closed', 'until', day),
                              jsonb_build_object('reason', reason));
    END LOOP;
    IF key IS NOT NULL THEN
        RETURN ROW(key, 'closed', 'changed', NULL, NULL)::osms.workflow_result;
    END IF;
    EXECUTE format('SELECT x.attachment::text FROM %s x WHERE x.person = $1::%s AND x.state = ''closed'' AND x.until = $2
        AND (x.reason = $3 OR x.reason IS NULL) ORDER BY x.attachment DESC LIMIT 1', attachments, person_type)
    INTO key USING person, day, reason;
    IF key IS NULL THEN
        RAISE EXCEPTION 'person "%" is not attached on % in registry "%"', person, day, registry
            USING ERRCODE = 'no_data_found', HINT = 'Nothing needs to be closed: look at the person''s attachments.';
    END IF;
    RETURN ROW(key, 'closed', 'unchanged', NULL, NULL)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.detach(text, text, date, text) IS
    'closes what a person is attached to from a day on (the first day without attachment), for a reason of osms.reason_codes(''attachment''). Key and state of the attachment. unchanged: it was closed on that day for that reason. P0002 where the person is not attached, 22004 for a missing argument, class 23 as the guard judges';

CREATE FUNCTION osms.annul(registry text, attachment text, reason text) RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    attachments regclass;
    a jsonb;
    previous text;
    outcome text := 'unchanged';
BEGIN
    PERFORM osms.need_arguments('annul', jsonb_build_object('registry', registry, 'attachment', attachment, 'reason', reason));
    attachments := osms.need_relation(registry, 'attachment');
    a := osms.lock_person_of(registry, 'attachment', attachment);
    IF a ->> 'state' <> 'annulled' OR a ->> 'reason' <> reason THEN
        PERFORM osms.write_row(registry, 'attachment', attachment, '{"state": "annulled"}', jsonb_build_object('reason', reason));
        outcome := 'changed';
    END IF;
    -- what was closed for it, and has not been restored
    EXECUTE format('SELECT x.attachment::text FROM %1$s x WHERE x.person = ($1 ->> ''person'')::%2$s AND x.state = ''closed''
            AND x.until <= ($1 ->> ''since'')::date
            AND NOT EXISTS (SELECT FROM %1$s y WHERE y.person = x.person AND y.since >= x.until AND y.state <> ''annulled'')
        ORDER BY x.until DESC, x.since DESC LIMIT 1', attachments, osms.column_type(attachments, 'person'))
    INTO previous USING a;
    RETURN ROW(a ->> 'attachment', 'annulled', outcome, previous,
            CASE WHEN previous IS NOT NULL THEN format('osms.reopen() restores attachment "%s"', previous) END)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.annul(text, text, text) IS
    'annuls an attachment for a reason of osms.reason_codes(''attachment''): it never counted. Key and state of the attachment; related: the attachment of the previous organisation, which osms.reopen can restore. unchanged: it was annulled for that reason. P0002 for an unknown attachment, 22004 for a missing argument, class 23 as the guard judges';

CREATE FUNCTION osms.reopen(registry text, attachment text, new_attachment text DEFAULT NULL) RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    attachments regclass;
    person_type text;
    a jsonb;
    restored jsonb;
    start date;
    until date;
    died date;
    reason text := 'moved_to_other';
    key text;
BEGIN
    PERFORM osms.need_arguments('reopen', jsonb_build_object('registry', registry, 'attachment', attachment));
    attachments := osms.need_relation(registry, 'attachment');
    person_type := osms.column_type(attachments, 'person');
    a := osms.lock_person_of(registry, 'attachment', attachment, attaches => true);
    EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE x.person = ($1 ->> ''person'')::%s AND x.restores = ($1 ->> ''attachment'')::%s
        AND x.state <> ''annulled'' ORDER BY x.attachment DESC LIMIT 1', attachments, person_type, osms.column_type(attachments, 'attachment'))
    INTO restored USING a;
    IF restored IS NOT NULL THEN
        RETURN ROW(restored ->> 'attachment', restored ->> 'state', 'unchanged', a ->> 'attachment', NULL)::osms.workflow_result;
    END IF;
    start := CASE a ->> 'state' WHEN 'annulled' THEN a ->> 'since' ELSE coalesce(a ->> 'until', a ->> 'since') END;
    EXECUTE format('SELECT min(x.since) FROM %s x WHERE x.person = ($1 ->> ''person'')::%s AND x.state <> ''annulled'' AND x.since > $2',
                   attachments, person_type)
    INTO until USING a, start;
    IF a ->> 'reason' = 'death' THEN
        -- annulled by a death, it may have ended before
        until := least(until, CASE a ->> 'state' WHEN 'annulled' THEN (a ->> 'until')::date END);
        died := osms.need_row(registry, 'person', a ->> 'person') ->> 'death_date';
        IF died >= start AND died + 1 < coalesce(until, 'infinity') THEN
            until := died + 1;
            reason := 'death';
        END IF;
    END IF;
    key := osms.write_row(registry, 'attachment', NULL, jsonb_build_object('attachment', new_attachment, 'person', a -> 'person',
        'organisation', a -> 'organisation', 'site', a -> 'site', 'state', CASE WHEN until IS NULL THEN 'active' ELSE 'closed' END,
        'since', start, 'until', until, 'restores', a -> 'attachment'),
        CASE WHEN until IS NULL THEN '{}' ELSE jsonb_build_object('reason', reason) END);
    RETURN ROW(key, CASE WHEN until IS NULL THEN 'active' ELSE 'closed' END, 'created', a ->> 'attachment',
               format('attached since %s', start))::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.reopen(text, text, text) IS
    'restores an attachment that was closed or annulled wrongly, or closed for one that has since been annulled: writes a new one that restores it, from the old end (of an annulled one, from its beginning) to the next attachment of the person, or to the day after the death for which it was closed wrongly early, if there is one; new_attachment: its key, where the registry does not give one. Key and state of the new attachment; related: the restored one. unchanged: it is restored. P0002 for an unknown attachment, 22004 for a missing argument, class 23 as the guard judges';

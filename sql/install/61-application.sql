
--
-- application: submitted, identified, decided.
--
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
    PERFORM osms_internal.need_arguments('submit', jsonb_build_object('registry', registry, 'person', person, 'organisation', organisation,
                                                             'submitted_at', submitted_at));
    target := osms_internal.need_relation(registry, 'application');
    person := osms_internal.remaining_person(registry, person);
    applicant := osms_internal.remaining_person(registry, applicant);
    fields := jsonb_build_object('application', application, 'person', person, 'applicant', applicant,
        'organisation', organisation, 'channel', channel, 'ground', ground, 'state', 'submitted', 'evidence_hash', evidence_hash);
    PERFORM osms.lock_persons(registry, ARRAY[person]);
    SELECT string_agg(format('x.%I IS NOT DISTINCT FROM ($1 ->> %1$L)::%s', k, osms_internal.column_type(target, k)), ' AND ') INTO same
    FROM unnest(ARRAY['person', 'applicant', 'organisation', 'channel', 'ground']) k;
    IF application IS NULL THEN
        EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE %s AND x.state IN (''submitted'', ''identified'', ''approved'', ''deferred'')
            ORDER BY x.application LIMIT 1', target, same)
        INTO found USING fields;
    ELSE
        EXECUTE format('SELECT to_jsonb(x) || jsonb_build_object(''same'', %s) FROM %s x '
            'WHERE x.application = ($1 ->> ''application'')::%s',
                       same, target, osms_internal.column_type(target, 'application'))
        INTO found USING fields;
        IF NOT (found ->> 'same')::boolean THEN
            RAISE EXCEPTION 'application "%" of registry "%" is another one', application, registry
                USING ERRCODE = 'unique_violation', HINT = 'Repeat a call with all its arguments, or give another key.';
        END IF;
    END IF;
    IF found ->> 'state' = 'draft' THEN
        PERFORM osms_internal.write_row(registry, 'application', application, '{"state": "submitted"}',
                               jsonb_build_object('submitted_at', submitted_at));
        RETURN ROW(application, 'submitted', 'changed', NULL, NULL)::osms.workflow_result;
    ELSIF found IS NOT NULL THEN
        RETURN ROW(found ->> 'application', found ->> 'state', 'unchanged', NULL, NULL)::osms.workflow_result;
    END IF;
    RETURN ROW(osms_internal.write_row(registry, 'application', NULL, fields, jsonb_build_object('submitted_at', submitted_at)),
            'submitted', 'created', NULL, NULL)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.submit(text, text, text, text, text, text, text, timestamptz, text) IS
'files an application of a person to an organisation by a channel, on a ground (both NULL only where the registry does not keep
them)
applicant: who files for the person; application: its key, where the registry does not give one. Key and state of the
application. unchanged: it was filed by that key, or an open one by the same person, applicant, organisation, channel and ground
is there. 23505 for the key of another one, 22004 for a missing argument, class 23 as the guard judges';

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
    PERFORM osms_internal.need_arguments('identify', jsonb_build_object('registry', registry, 'application', application, 'method', method,
                                                                        'at', at));
    events := osms_internal.need_relation(registry, 'identity_event');
    a := osms_internal.lock_person_of(registry, 'application', application);
    fields := jsonb_build_object('person', a -> 'person', 'applicant', coalesce(applicant, a ->> 'applicant'), 'application',
                                 a -> 'application',
        'channel', a -> 'channel', 'method', method, 'provider', provider, 'clerk', clerk, 'at', at, 'evidence_hash', evidence_hash);
    EXECUTE format('SELECT x.application = ($1 ->> ''application'')::%2$s FROM %1$s x WHERE %3$s ORDER BY 1 DESC LIMIT 1', events,
        osms_internal.column_type(events, 'application'),
        CASE WHEN evidence_hash IS NOT NULL THEN 'x.evidence_hash = $1 ->> ''evidence_hash'''
             ELSE format('x.application = ($1 ->> ''application'')::%s AND x.method = $1 ->> ''method''
                 AND x.clerk IS NOT DISTINCT FROM $1 ->> ''clerk'' AND x.provider IS NOT DISTINCT FROM $1 ->> ''provider''',
                 osms_internal.column_type(events, 'application')) END)
    INTO recorded USING fields;
    IF NOT recorded THEN
        RAISE EXCEPTION 'evidence is used for another application already'
            USING ERRCODE = 'unique_violation', HINT = 'Each identification has evidence of its own, with a hash of its own.';
    END IF;
    IF recorded IS NULL THEN
        PERFORM osms_internal.write_row(registry, 'identity_event', NULL, fields);
    END IF;
    IF a ->> 'state' IN ('identified', 'approved', 'deferred', 'attached') THEN
        RETURN ROW(a ->> 'application', a ->> 'state', CASE WHEN recorded THEN 'unchanged' ELSE 'changed' END, NULL,
                   NULL)::osms.workflow_result;
    END IF;
    PERFORM osms_internal.write_row(registry, 'application', application, '{"state": "identified"}');
    RETURN ROW(a ->> 'application', 'identified', 'changed', NULL, NULL)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.identify(text, text, text, text, text, timestamptz, text, text) IS
'records that the person, or the applicant, of an application was identified by a method (osms.channel), and moves the
application from submitted to identified
Key and state of the application. unchanged: the event is there, by its evidence_hash or else by method, clerk and provider.
P0002 for an unknown application, 23505 for the evidence of another one, 22004 for a missing argument, class 23 as the guard
judges';

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
    PERFORM osms_internal.need_arguments('decide', jsonb_build_object('registry', registry, 'application', application, 'approve', approve,
                                                             'decided_at', decided_at));
    a := osms_internal.lock_person_of(registry, 'application', application);
    target := CASE WHEN NOT approve THEN 'refused' WHEN a ->> 'ground' = 'campaign' THEN 'deferred' ELSE 'approved' END;
    IF a ->> 'state' IN (target, CASE WHEN approve THEN 'attached' END)
       AND (approve OR a ->> 'reason' IS NOT DISTINCT FROM reason) THEN
        RETURN ROW(a ->> 'application', a ->> 'state', 'unchanged', NULL, NULL)::osms.workflow_result;
    END IF;
    IF target = 'deferred' AND effective_on IS NULL THEN
        effective_on := make_date(extract(year FROM osms_internal.civil_date(registry, decided_at))::integer + 1, 1, 1);
    END IF;
    fields := jsonb_build_object('state', target)
        || jsonb_strip_nulls(jsonb_build_object('decided_by', decided_by, 'reason', reason, 'effective_on', effective_on));
    PERFORM osms_internal.write_row(registry, 'application', application, fields, jsonb_build_object('decided_at', decided_at));
    RETURN ROW(a ->> 'application', target, 'changed', NULL,
            CASE target WHEN 'deferred' THEN format('takes effect on %s by osms.take_effect()', effective_on)
                        WHEN 'approved' THEN 'takes effect by osms.transfer()' END)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.decide(text, text, boolean, text, timestamptz, text, date) IS
'approves or, with a reason of osms.reason_codes(''application''), refuses an application
A campaign application is deferred to effective_on, by default 1 January of the year after the decision in the registry''s time
zone; another is approved. Key and state of the application. unchanged: it was decided so. P0002 for an unknown application,
22004 for a missing argument, class 23 as the guard judges';


--
-- attachment: a person goes elsewhere, and what is corrected afterwards.
--
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
    PERFORM osms_internal.need_arguments('transfer', jsonb_build_object('registry', registry, 'application', application));
    attachments := osms_internal.need_relation(registry, 'attachment');
    person_type := osms_internal.column_type(attachments, 'person');
    a := osms_internal.lock_person_of(registry, 'application', application, attaches => true);
    -- where the attachment does not name its application, the organisation tells
    EXECUTE format('SELECT to_jsonb(x) FROM %1$s x WHERE x.person = ($1 ->> ''person'')::%2$s
            AND (x.application = ($1 ->> ''application'')::%3$s OR x.application IS NULL AND $1 ->> ''state'' = ''attached''
                AND x.organisation = ($1 ->> ''organisation'')::%4$s)
        ORDER BY x.application IS NULL, x.state = ''annulled'', x.since DESC LIMIT 1',
        attachments, person_type, osms_internal.column_type(attachments, 'application'),
            osms_internal.column_type(attachments, 'organisation'))
    INTO old USING a;
    IF old IS NOT NULL THEN
        IF a ->> 'state' <> 'attached' AND old ->> 'state' <> 'annulled' THEN
            PERFORM osms_internal.write_row(registry, 'application', application, '{"state": "attached"}');
        END IF;
        RETURN ROW(old ->> 'attachment', old ->> 'state', 'unchanged', NULL, NULL)::osms.workflow_result;
    END IF;
    IF day IS NULL THEN
        today := osms_internal.civil_date(registry, now());
        day := coalesce((a ->> 'effective_on')::date, osms_internal.civil_date(registry, (a ->> 'decided_at')::timestamptz), today);
        -- whoever was attached that day, or since, has been there for a day at least
        EXECUTE format('SELECT greatest($2, max(x.since) + 1) FROM %s x WHERE x.person = ($1 ->> ''person'')::%s
            AND x.state IN (''active'', ''suspect'') AND x.since BETWEEN $2 AND greatest($2, $3)', attachments, person_type)
        INTO day USING a, day, today;
    END IF;
    FOR old IN EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE x.person = ($1 ->> ''person'')::%s AND x.since < $2
        AND x.state IN (''active'', ''suspect'', ''closed'') AND (x.until IS NULL OR x.until > $2) ORDER BY x.since, x.attachment',
        attachments, person_type) USING a, day
    LOOP
        closed := osms_internal.write_row(registry, 'attachment', old ->> 'attachment', jsonb_build_object('state', 'closed', 'until', day),
            jsonb_build_object('reason', CASE WHEN old -> 'organisation' = a -> 'organisation' THEN 'site_change'
                               ELSE 'moved_to_other' END));
    END LOOP;
    key := osms_internal.write_row(registry, 'attachment', NULL, jsonb_build_object('attachment', attachment, 'person', a -> 'person',
        'organisation', a -> 'organisation', 'site', site, 'state', 'active', 'since', day),
        jsonb_build_object('application', a -> 'application'));
    PERFORM osms_internal.write_row(registry, 'application', application, '{"state": "attached"}');
    RETURN ROW(key, 'active', 'created', closed, format('attached since %s', day))::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.transfer(text, text, date, text, text) IS
'attaches the person of an approved application to its organisation
closes what reaches beyond the day, writes the attachment, and moves the application to attached. since: by default the day the
application takes effect or was decided in the registry''s time zone, or the day after an attachment that began meanwhile;
attachment: the new key, where the registry does not give one. Key and state of the attachment; related: the one closed for it.
unchanged: the application has its attachment. P0002 for an unknown application, 22004 for a missing argument, class 23 as the
guard judges';

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
    PERFORM osms_internal.need_arguments('detach', jsonb_build_object('registry', registry, 'person', person, 'day', day, 'reason',
                                                                      reason));
    attachments := osms_internal.need_relation(registry, 'attachment');
    person_type := osms_internal.column_type(attachments, 'person');
    PERFORM osms.lock_persons(registry, ARRAY[person]);
    FOR old IN EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE x.person = $1::%s AND x.state IN (''active'', ''suspect'', ''closed'')
        AND (x.until IS NULL OR x.until > $2) ORDER BY x.since, x.attachment', attachments, person_type) USING person, day
    LOOP
        key := osms_internal.write_row(registry, 'attachment', old ->> 'attachment', jsonb_build_object('state', 'closed', 'until', day),
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
'closes what a person is attached to from a day on (the first day without attachment), for a reason of
osms.reason_codes(''attachment'')
Key and state of the attachment. unchanged: it was closed on that day for that reason. P0002 where the person is not attached,
22004 for a missing argument, class 23 as the guard judges';

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
    PERFORM osms_internal.need_arguments('annul', jsonb_build_object('registry', registry, 'attachment', attachment, 'reason', reason));
    attachments := osms_internal.need_relation(registry, 'attachment');
    a := osms_internal.lock_person_of(registry, 'attachment', attachment);
    IF a ->> 'state' <> 'annulled' OR a ->> 'reason' <> reason THEN
        PERFORM osms_internal.write_row(registry, 'attachment', attachment, '{"state": "annulled"}', jsonb_build_object('reason', reason));
        outcome := 'changed';
    END IF;
    -- what was closed for it, and has not been restored
    EXECUTE format('SELECT x.attachment::text FROM %1$s x WHERE x.person = ($1 ->> ''person'')::%2$s AND x.state = ''closed''
            AND x.until <= ($1 ->> ''since'')::date
            AND NOT EXISTS (SELECT FROM %1$s y WHERE y.person = x.person AND y.since >= x.until AND y.state <> ''annulled'')
        ORDER BY x.until DESC, x.since DESC LIMIT 1', attachments, osms_internal.column_type(attachments, 'person'))
    INTO previous USING a;
    RETURN ROW(a ->> 'attachment', 'annulled', outcome, previous,
            CASE WHEN previous IS NOT NULL THEN format('osms.reopen() restores attachment "%s"', previous) END)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.annul(text, text, text) IS
'annuls an attachment for a reason of osms.reason_codes(''attachment''): it never counted
Key and state of the attachment; related: the attachment of the previous organisation, which osms.reopen can restore. unchanged:
it was annulled for that reason. P0002 for an unknown attachment, 22004 for a missing argument, class 23 as the guard judges';

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
    PERFORM osms_internal.need_arguments('reopen', jsonb_build_object('registry', registry, 'attachment', attachment));
    attachments := osms_internal.need_relation(registry, 'attachment');
    person_type := osms_internal.column_type(attachments, 'person');
    a := osms_internal.lock_person_of(registry, 'attachment', attachment, attaches => true);
    EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE x.person = ($1 ->> ''person'')::%s AND x.restores = ($1 ->> ''attachment'')::%s
        AND x.state <> ''annulled'' ORDER BY x.attachment DESC LIMIT 1', attachments, person_type,
            osms_internal.column_type(attachments, 'attachment'))
    INTO restored USING a;
    IF restored IS NOT NULL THEN
        RETURN ROW(restored ->> 'attachment', restored ->> 'state', 'unchanged', a ->> 'attachment', NULL)::osms.workflow_result;
    END IF;
    IF a ->> 'state' NOT IN ('closed', 'annulled') THEN
        RAISE EXCEPTION 'attachment "%" is not lost: it is %', attachment, a ->> 'state'
            USING ERRCODE = 'check_violation', HINT = 'Only what was closed or annulled can be restored.';
    END IF;
    start := CASE a ->> 'state' WHEN 'annulled' THEN a ->> 'since' ELSE coalesce(a ->> 'until', a ->> 'since') END;
    EXECUTE format('SELECT min(x.since) FROM %s x WHERE x.person = ($1 ->> ''person'')::%s AND x.state <> ''annulled'' AND x.since > $2',
                   attachments, person_type)
    INTO until USING a, start;
    -- what was annulled may have ended before
    IF a ->> 'state' = 'annulled' AND (a ->> 'until')::date < coalesce(until, 'infinity') THEN
        until := a ->> 'until';
        reason := coalesce(a ->> 'reason', 'error');
    END IF;
    died := osms_internal.need_row(registry, 'person', a ->> 'person') ->> 'death_date';
    IF died >= start AND died + 1 <= coalesce(until, 'infinity') THEN
        until := died + 1;
        reason := 'death';
    END IF;
    key := osms_internal.write_row(registry, 'attachment', NULL, jsonb_build_object('attachment', new_attachment, 'person', a -> 'person',
        'organisation', a -> 'organisation', 'site', a -> 'site', 'state', CASE WHEN until IS NULL THEN 'active' ELSE 'closed' END,
        'since', start, 'until', until, 'restores', a -> 'attachment'),
        CASE WHEN until IS NULL THEN '{}' ELSE jsonb_build_object('reason', reason) END);
    RETURN ROW(key, CASE WHEN until IS NULL THEN 'active' ELSE 'closed' END, 'created', a ->> 'attachment',
               format('attached since %s', start))::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.reopen(text, text, text) IS
'restores an attachment that was closed or annulled wrongly, or closed for one that has since been annulled
writes a new one that restores it, from the old end (of an annulled one, from its beginning) to the next attachment of the
person, or to the day after the death for which it was closed wrongly early, if there is one; new_attachment: its key, where the
registry does not give one. Key and state of the new attachment; related: the restored one. unchanged: it is restored. P0002 for
an unknown attachment, 22004 for a missing argument, class 23 as the guard judges';

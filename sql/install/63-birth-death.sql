
--
-- birth and death: what is told of persons, one call each as in workflow. Who
-- types in a day that cannot be is refused; a register that holds one is told.
--
CREATE FUNCTION osms_internal.need_possible_day(registry text, event text, day date, birth_date date DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
BEGIN
    IF day < birth_date THEN
        RAISE EXCEPTION 'day of % is not possible', event
            USING ERRCODE = 'check_violation', DETAIL = format('The day %s lies before the birth of the person.', day),
                  HINT = 'Correct the day, or first the recorded birth date.';
    ELSIF NOT isfinite(day) OR day > osms_internal.civil_date(registry, now()) + 1 THEN
        RAISE EXCEPTION 'day of % is not possible', event
            USING ERRCODE = 'check_violation', DETAIL = format('The day %s lies in the future.', day),
                  HINT = 'Give the day on which it happened.';
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.need_possible_day(text, text, date, date) IS
'23514 for a day of death before birth, and for a day of birth or death after tomorrow in the registry''s time zone or infinite
called by the workflow functions';

CREATE FUNCTION osms_internal.give_back_days(registry text, person text, was date, day date) RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    attachments CONSTANT regclass := osms.relation_of(registry, 'attachment');
    key text;
    result osms.workflow_result;
BEGIN
    IF attachments IS NULL OR NOT has_table_privilege(attachments, 'SELECT') THEN
        RETURN NULL;
    END IF;
    -- the latest first, so that each goes on to the next
    FOR key IN EXECUTE format('SELECT x.attachment::text FROM %1$s x WHERE x.person = $1::%2$s AND x.reason = ''death''
            AND (x.state = ''closed'' AND x.until = $2 + 1 OR x.state = ''annulled'' AND x.since > $2 AND x.since <= $3)
            AND NOT EXISTS (SELECT FROM %1$s y WHERE y.person = x.person AND y.restores = x.attachment AND y.state <> ''annulled'')
        ORDER BY x.since DESC, x.attachment DESC', attachments, osms_internal.column_type(attachments, 'person')) USING person, was, day
    LOOP
        BEGIN
            result.related := (osms.reopen(registry, key)).key;
            result.note := format('attachment "%s" gives back the days of "%s"', result.related, key);
        EXCEPTION WHEN integrity_constraint_violation OR insufficient_privilege OR object_not_in_prerequisite_state
            OR feature_not_supported THEN
            -- a death is never refused
            RETURN ROW(NULL, NULL, NULL, key, format('osms.reopen() gives back the days of attachment "%s"', key))::osms.workflow_result;
        END;
    END LOOP;
    RETURN result;
END $$;
COMMENT ON FUNCTION osms_internal.give_back_days(text, text, date, date) IS
'reopens what a day of death closed or annulled, now that a later one is known
related and note for the result of osms.register_death, which calls it';

CREATE FUNCTION osms.register_death(registry text, person text, day date) RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    attachments CONSTANT regclass := osms.relation_of(registry, 'attachment');
    organisations text[];
    p jsonb;
    was date;
    given osms.workflow_result;
    outcome text := 'unchanged';
BEGIN
    PERFORM osms_internal.need_arguments('register_death', jsonb_build_object('registry', registry, 'person', person));
    -- a later day gives days back where the person was: those contracts come before the person
    IF attachments IS NOT NULL AND has_table_privilege(attachments, 'SELECT') THEN
        EXECUTE format('SELECT array_agg(DISTINCT x.organisation::text) FROM %s x WHERE x.person = ANY ($1::%s[]) AND x.reason = ''death''',
                       attachments, osms_internal.column_type(attachments, 'person'))
        INTO organisations USING ARRAY[person, osms_internal.remaining_person(registry, person)];
    END IF;
    PERFORM osms.lock_persons(registry, ARRAY[person, osms_internal.remaining_person(registry, person)], coalesce(organisations, '{}'));
    person := osms_internal.remaining_person(registry, person);
    p := osms_internal.need_row(registry, 'person', person);
    was := p ->> 'death_date';
    IF was IS DISTINCT FROM day THEN
        PERFORM osms_internal.need_possible_day(registry, 'death', day, (p ->> 'birth_date')::date);
        PERFORM osms_internal.write_row(registry, 'person', person, jsonb_build_object('death_date', day));
        outcome := 'changed';
        IF day > was THEN
            given := osms_internal.give_back_days(registry, person, was, day);
        END IF;
    END IF;
    IF day IS NOT NULL AND given.note IS NULL AND attachments IS NOT NULL AND has_table_privilege(attachments, 'SELECT') THEN
        EXECUTE format('SELECT x.attachment::text FROM %s x WHERE x.person = $1::%s AND x.state IN (''active'', ''suspect'', ''closed'')
            AND coalesce(x.until, ''infinity'') > greatest(x.since, $2 + 1) ORDER BY x.since DESC, x.attachment DESC LIMIT 1',
                       attachments, osms_internal.column_type(attachments, 'person'))
        INTO given.related USING person, day;
        given.note := CASE WHEN given.related IS NOT NULL THEN format('attachment "%s" goes on: no guard ended it', given.related) END;
    END IF;
    RETURN ROW(p ->> 'person', CASE WHEN day IS NULL THEN 'alive' ELSE 'dead' END, outcome, given.related,
               given.note)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.register_death(text, text, date) IS
'records the day on which a person died, corrects it, or takes it back (NULL)
The guard closes the attachment on the day after and annuls one that began later; a later day gives the days back, by a new
attachment that restores what the earlier one closed or annulled (related), or the note says that osms.reopen does it; what was
closed for a death taken back is restored by osms.reopen. A person merged into another is the one who remains. Key of the
person, and dead or alive. unchanged: it is recorded so. 23514 for a day before birth, after tomorrow or infinite, P0002 for an
unknown person, 22004 for a missing argument';

CREATE FUNCTION osms.register_birth(registry text, person text, birth_date date, sex text, organisation text, clerk text,
                                    applicant text DEFAULT NULL, iin text DEFAULT NULL, surname text DEFAULT NULL,
                                    given_name text DEFAULT NULL, patronymic text DEFAULT NULL, region text DEFAULT NULL,
                                    provider text DEFAULT NULL, decided_by text DEFAULT NULL, site text DEFAULT NULL,
                                    at timestamptz DEFAULT now(), evidence_hash text DEFAULT NULL,
                                    application text DEFAULT NULL, attachment text DEFAULT NULL)
    RETURNS osms.workflow_result
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    persons regclass;
    applications regclass;
    found jsonb;
    key text;
    told_by text;
    tells text;
    another boolean := false;
    result osms.workflow_result;
BEGIN
    PERFORM osms_internal.need_arguments('register_birth', jsonb_build_object('registry', registry, 'person', person, 'birth_date',
                                                                              birth_date,
        'sex', sex, 'organisation', organisation, 'clerk', clerk, 'at', at));
    PERFORM osms_internal.need_possible_day(registry, 'birth', birth_date);
    persons := osms_internal.need_relation(registry, 'person');
    applications := osms_internal.need_relation(registry, 'application');
    -- the applicant is there before the child: two calls for one child wait for each other here, or else at its row
    LOOP
        PERFORM osms.lock_persons(registry, ARRAY[applicant, person], ARRAY[organisation]);
        found := osms_internal.find_row(registry, 'person', person);
        EXIT WHEN found IS NOT NULL;
        BEGIN
            PERFORM osms_internal.write_row(registry, 'person', NULL, jsonb_build_object('person', person, 'iin', iin, 'surname', surname,
                'given_name', given_name, 'patronymic', patronymic, 'birth_date', birth_date, 'sex', sex, 'region', region));
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            IF osms_internal.find_row(registry, 'person', person) IS NULL THEN
                RAISE;
            END IF;
        END;
    END LOOP;
    IF iin IS NOT NULL AND found IS NOT NULL THEN
        EXECUTE format('SELECT ($1 ->> ''iin'')::%1$s IS DISTINCT FROM $2::%1$s', osms_internal.column_type(persons, 'iin')) INTO another
            USING found, iin;
    END IF;
    IF another OR found IS NOT NULL
        AND ((found ->> 'birth_date')::date IS DISTINCT FROM birth_date OR found ->> 'sex' IS DISTINCT FROM sex) THEN
        RAISE EXCEPTION 'person "%" of registry "%" is another one', person, registry
            USING ERRCODE = 'unique_violation', HINT = 'Repeat a call with all its arguments, or give another key.';
    END IF;
    EXECUTE format('SELECT x.application::text, x.organisation <> $2::%2$s, x.applicant::text, $3::%3$s::text
        FROM %1$s x WHERE x.person = $1::%3$s AND x.channel = ''maternity''
        AND x.state IN (''submitted'', ''identified'', ''approved'', ''attached'') ORDER BY x.application LIMIT 1',
        applications, osms_internal.column_type(applications, 'organisation'), osms_internal.column_type(applications, 'person'))
    INTO key, another, told_by, tells USING person, organisation, applicant;
    IF another OR osms_internal.remaining_person(registry, told_by) IS DISTINCT FROM osms_internal.remaining_person(registry, tells) THEN
        RAISE EXCEPTION 'the birth of person "%" was told of another organisation or by another applicant', person
            USING ERRCODE = 'unique_violation', DETAIL = format('It is application "%s" of registry "%s".', key, registry),
                  HINT = 'Repeat a call with all its arguments; who is attached goes elsewhere by an application of its own.';
    END IF;
    IF key IS NULL THEN
        key := (osms.submit(registry, person, organisation, 'maternity', 'birth', applicant, application, at, evidence_hash)).key;
    END IF;
    PERFORM osms.identify(registry, key, 'document', clerk, provider, at, evidence_hash);
    PERFORM osms.decide(registry, key, true, decided_by, at);
    result := osms.transfer(registry, key, birth_date, site, attachment);
    RETURN ROW(result.key, result.state, result.outcome, key, result.note)::osms.workflow_result;
END $$;
COMMENT ON FUNCTION osms.register_birth(text, text, date, text, text, text, text, text, text, text, text, text, text, text, text,
                                        timestamptz, text, text, text) IS
'enters a newborn
the person, an application by channel maternity identified by the applicant''s document that a clerk has seen, its approval, and
an attachment from the day of birth. Key and state of the attachment; related: the application. unchanged: all of it is there.
23514 for a day of birth after tomorrow, 23505 for the key of another person, or a birth told of another organisation, applicant
or number, 22004 for a missing argument, class 23 as the guard judges';

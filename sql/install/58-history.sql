
--
-- history: a person's story, from every relation that tells of it.
--
CREATE FUNCTION osms_internal.history_query(registry text, OUT relation text, OUT query text) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 8
    BEGIN ATOMIC
        -- %1$I is the registry, %2$L the person's key, %3$s its type, %4$L the time zone
        SELECT h.relation, h.query
        FROM (VALUES
            ('person', 1, $q$SELECT p.death_date::timestamp AT TIME ZONE %4$L, 1, 'died', p.person::text, NULL::text, NULL::text, NULL::text
                FROM %1$I.person p WHERE p.person = %2$L::%3$s AND p.death_date IS NOT NULL$q$),
            ('application', 2, $q$SELECT a.submitted_at, 2, 'applied', a.application::text, a.organisation::text,
                    concat_ws(', ', 'channel ' || a.channel, 'ground ' || a.ground, CASE WHEN a.decided_at IS NULL THEN 'now '
                              || a.state::text END), a.applicant::text
                FROM %1$I.application a WHERE a.person = %2$L::%3$s$q$),
            ('application', 3, $q$SELECT a.decided_at, 4, 'decided', a.application::text, a.organisation::text,
                    concat_ws(', ', 'now ' || a.state::text, 'reason ' || a.reason, 'effective ' || a.effective_on), a.decided_by
                FROM %1$I.application a WHERE a.person = %2$L::%3$s AND a.decided_at IS NOT NULL$q$),
            ('identity_event', 4, $q$SELECT e.at, 3, 'identified', e.event::text, NULL,
             concat_ws(', ', 'application ' || e.application, 'channel ' || e.channel, 'method ' || e.method, 'provider ' || e.provider),
                 e.clerk
                FROM %1$I.identity_event e WHERE e.person = %2$L::%3$s$q$),
            ('attachment', 5, $q$SELECT a.since::timestamp AT TIME ZONE %4$L, 5, 'attached', a.attachment::text, a.organisation::text,
                    concat_ws(', ', 'site ' || a.site, coalesce('application ' || a.application, 'order ' || a.order_key, 'restores '
                                                                || a.restores, 'inherited'),
                              CASE WHEN a.until IS NULL THEN 'now ' || a.state::text END, CASE WHEN a.until IS NULL THEN 'reason '
                                  || a.reason END), NULL
                FROM %1$I.attachment a WHERE a.person = %2$L::%3$s$q$),
            ('attachment', 6, $q$SELECT a.until::timestamp AT TIME ZONE %4$L, 0, 'left', a.attachment::text, a.organisation::text,
                    concat_ws(', ', 'now ' || a.state::text, 'reason ' || a.reason), NULL
                FROM %1$I.attachment a WHERE a.person = %2$L::%3$s AND a.until IS NOT NULL$q$),
            ('roster', 7, $q$SELECT r.known_from, 6, r.mark, r.attachment::text, r.organisation::text,
                    concat_ws(', ', format('from %%s to %%s', r.since, CASE WHEN isfinite(r.until) THEN r.until::text
                                           ELSE 'further notice' END), r.basis,
                              CASE WHEN isfinite(r.known_to) THEN 'so known until ' || (r.known_to AT TIME ZONE %4$L)::timestamp(0) END),
                                  NULL
                FROM %1$I.roster r WHERE r.person = %2$L::%3$s$q$),
            ('journal', 8, $q$SELECT j.at, 7, CASE j.event WHEN 'I' THEN 'inserted' WHEN 'U' THEN 'updated' ELSE 'deleted' END, j.key,
             j.organisation,
                    concat_ws(', ', j.relation, CASE WHEN j.state_after IS DISTINCT FROM j.state_before
                              THEN concat_ws(' to ', j.state_before, j.state_after) END,
                              'changed ' || nullif(array_to_string(j.changed, ' '), '')), j.actor
                FROM %1$I.journal j WHERE j.person = %2$L::%3$s$q$)
        ) h (relation, place, query)
        WHERE osms.relation_of(registry, h.relation) IS NOT NULL
        ORDER BY h.place;
    END;
COMMENT ON FUNCTION osms_internal.history_query(text) IS
    'queries behind osms.history, with the places that it fills: for each relation that the registry has';

CREATE FUNCTION osms.history(registry text, person text, OUT at timestamptz, OUT what text, OUT key text, OUT organisation text,
                             OUT detail text, OUT actor text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
DECLARE
    zone text;
    person_type text;
    known boolean;
BEGIN
    PERFORM osms_internal.need_arguments('history', jsonb_build_object('registry', registry, 'person', person)),
        osms_internal.check_reader(registry);
    EXECUTE format('SELECT time_zone FROM %I.setting', registry) INTO zone;
    person_type := osms_internal.column_type(osms_internal.need_relation(registry, 'person'), 'person');
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.person p WHERE p.person = $1::%s)', registry, person_type) INTO known USING person;
    PERFORM osms_internal.column_type(osms.relation_of(registry, 'person'), 'death_date');
    RETURN QUERY EXECUTE (
        SELECT format('SELECT h.at, h.what, h.key, h.organisation, h.detail, h.actor FROM (%s) h (at, place, what, key, organisation, '
            'detail, actor)
                       ORDER BY h.at NULLS FIRST, h.place, h.key, h.detail',
                      string_agg(format(q.query, registry, history.person, person_type, zone), ' UNION ALL '))
        FROM osms_internal.history_query(registry) q);
    -- who is gone may have left traces
    IF NOT FOUND AND NOT known THEN
        RAISE EXCEPTION 'person "%" does not exist in registry "%"', person, registry
            USING ERRCODE = 'no_data_found', HINT = 'Keys are those of relation "person", written in full.';
    END IF;
END $$;
COMMENT ON FUNCTION osms.history(text, text) IS
'what happened to a person (key, as text), in order: at
what: applied, identified, decided, attached, left, died; counted, suspect or excused (a version of the roster, at the moment
from which it was known); inserted, updated or deleted (an entry of the journal); key and organisation of the row; detail;
actor, who applied, identified, decided or wrote. at is NULL, and comes first, where the register keeps no time. No rows for a
person nobody knows; 22P02 for a key that is none, 42501 where the user may not read the registry, 3F000 where there is none,
42P01 without persons';

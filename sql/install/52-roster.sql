
--
-- roster: filled from the rows that exist, and verified against them.
--
CREATE FUNCTION osms_internal.enter_persons(registry text, persons anyarray) RETURNS bigint
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'osms_enter_persons';
COMMENT ON FUNCTION osms_internal.enter_persons(text, anyarray) IS
'brings the roster of persons whom the caller has locked in line with the source
ends their current versions and enters what the source holds; versions entered; called by osms.fill_roster';

-- Differences between the source and the current roster, for the persons a
-- filter lets through.
CREATE FUNCTION osms_internal.verify_query(registry text, filter text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN format($query$
    WITH source AS (
        SELECT a.attachment, a.person, a.organisation, a.site, a.since,
               least(coalesce(a.until, 'infinity'), p.death_date + 1) AS until,
               p.birth_date, p.sex, a.state = 'suspect' AS suspect,
               CASE WHEN a.application IS NOT NULL THEN 'application' WHEN a.order_key IS NOT NULL THEN 'order'
                    WHEN a.restores IS NOT NULL THEN 'restores' ELSE 'inherited' END AS basis
        FROM %1$I.attachment a JOIN %1$I.person p ON p.person = a.person
        WHERE a.state IN ('active', 'suspect', 'closed') AND a.since < least(coalesce(a.until, 'infinity'), p.death_date + 1)
              AND a.attachment IS NOT NULL AND a.organisation IS NOT NULL AND a.%2$s
    ), current AS (
        SELECT r.*, count(*) OVER (PARTITION BY r.attachment) AS versions,
               max(r.until) FILTER (WHERE r.mark <> 'excused') OVER (PARTITION BY r.person ORDER BY r.since, r.attachment
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach,
               min(r.since) FILTER (WHERE r.mark <> 'excused') OVER (PARTITION BY r.person ORDER BY r.since DESC, r.attachment DESC
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later
        FROM %1$I.roster r WHERE r.known_to = 'infinity' AND r.%2$s
    )
    SELECT coalesce(s.attachment, c.attachment)::text AS attachment, coalesce(s.person, c.person) AS person,
           CASE WHEN c.attachment IS NULL THEN 'missing in the roster'
                WHEN s.attachment IS NULL THEN 'not in the source'
                WHEN c.versions > 1 THEN 'current twice'
                WHEN c.person <> s.person THEN 'person differs'
                WHEN c.organisation <> s.organisation THEN 'organisation differs'
                WHEN c.site IS DISTINCT FROM s.site THEN 'site differs'
                WHEN c.since <> s.since THEN 'since differs'
                WHEN c.until <> s.until THEN 'until differs'
                WHEN c.birth_date IS DISTINCT FROM s.birth_date THEN 'birth date differs'
                WHEN c.sex IS DISTINCT FROM s.sex THEN 'sex differs'
                WHEN c.basis <> s.basis THEN 'basis differs'
                WHEN c.mark = 'excused' AND coalesce(c.reach <= c.since, true) AND coalesce(c.until <= c.later, true)
                     THEN 'excused without an overlap'
                WHEN c.mark <> 'excused' AND (c.mark = 'suspect') <> s.suspect THEN 'mark differs'
                WHEN c.mark <> 'excused' AND c.since < c.reach THEN 'counts twice'
           END AS difference
    FROM source s FULL JOIN current c ON c.attachment = s.attachment $query$, registry, filter);
COMMENT ON FUNCTION osms_internal.verify_query(text, text) IS
'query behind osms.verify and osms.fill_roster
attachment, person, difference (NULL = none) of the persons a filter on person lets through';

CREATE FUNCTION osms.verify(registry text, OUT attachment text, OUT difference text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    PERFORM osms_internal.check_reader(registry);
    IF osms.relation_of(registry, 'roster') IS NULL THEN
        RAISE EXCEPTION 'registry "%" has no roster', registry
            USING ERRCODE = 'undefined_table', HINT = 'Make it with osms.create_registry() and map the relation "attachment".';
    END IF;
    -- what cannot be read at all says so itself
    PERFORM FROM osms.clauses(registry);
    RETURN QUERY EXECUTE format('SELECT v.attachment, v.difference FROM (%s) v WHERE v.difference IS NOT NULL',
                                osms_internal.verify_query(registry, 'person IS NOT NULL'));
END $$;
COMMENT ON FUNCTION osms.verify(text) IS
'derives the roster from the attachments again and names every difference: attachment (key) and what differs
no rows = proof. 42P01 without a roster. Rows that were written while no guard stood are put right by osms.fill_roster';

CREATE FUNCTION osms_internal.begin_filling(registry text, OUT epoch bigint, OUT filled_under text) RETURNS record
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    complete boolean;
BEGIN
    IF osms.relation_of(registry, 'roster') IS NULL THEN
        RAISE EXCEPTION 'registry "%" has no roster', registry
            USING ERRCODE = 'undefined_table', HINT = 'Make it with osms.create_registry() and map the relation "attachment".';
    ELSIF NOT EXISTS (SELECT FROM osms.guards g WHERE g.registry = begin_filling.registry AND g.relation = 'attachment'
                      AND g.problem IS NULL) THEN
        RAISE EXCEPTION 'registry "%" is not guarded', registry
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Guard it first with osms.guard(), so that the roster follows what is written while it is filled.';
    END IF;
    -- until it is filled again, whoever writes about a person brings the person in line
    EXECUTE format('SELECT s.roster_complete FROM %I.setting s', registry) INTO complete;
    PERFORM osms_internal.new_epoch(registry) WHERE complete AND NOT osms_internal.is_filled(registry);
    EXECUTE format('SELECT s.epoch FROM %I.setting s', registry) INTO epoch;
    filled_under := osms_internal.filling_terms(registry);
END $$;
COMMENT ON FUNCTION osms_internal.begin_filling(text) IS
'the epoch in which a roster is filled, and under what
a new one where the roster is only said to be complete. 55000 where the registry is not guarded, 42P01 without a roster; called
by osms.fill_roster';

CREATE FUNCTION osms_internal.end_filling(registry text, epoch bigint, filled_under text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    unknown text;
    entered bigint := 0;
BEGIN
    -- whom the registry knows no more is in no batch
    EXECUTE format('SELECT array_agg(DISTINCT r.person)::text FROM %1$I.roster r WHERE r.known_to = ''infinity''
        AND NOT EXISTS (SELECT FROM %1$I.person p WHERE p.person = r.person)', registry) INTO unknown;
    IF unknown IS NOT NULL THEN
        EXECUTE format('SELECT osms_internal.enter_persons(%L, %L::%s[])', registry, unknown,
                       osms_internal.column_type(osms.relation_of(registry, 'roster'), 'person'))
        INTO entered;
    END IF;
    IF filled_under <> osms_internal.filling_terms(registry) OR NOT osms_internal.set_complete(registry, epoch, filled_under) THEN
        RAISE EXCEPTION 'registry "%" changed while its roster was being filled', registry
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'What stands is another mapping, other tables or another guard than when it began.',
                  HINT = format('CALL osms.fill_roster(%L) again.', registry);
    END IF;
    RETURN entered;
END $$;
COMMENT ON FUNCTION osms_internal.end_filling(text, bigint, text) IS
'notes that the roster is complete, after ending versions of persons whom the registry does not know
versions entered. 55000 where mapping, tables or guard are not those under which it was filled; called by osms.fill_roster';

CREATE FUNCTION osms_internal.fill_batch(registry text, after text, batch integer,
                                         OUT last_person text, OUT entered bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET enable_seqscan = off -- a roster that is being filled has no statistics
    SET jit = off
AS $$
DECLARE
    person_type text;
    persons text;
    differing text;
BEGIN
    IF batch < 1 THEN
        RAISE EXCEPTION 'a batch needs at least one person' USING ERRCODE = 'invalid_parameter_value';
    ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a roster is filled at isolation level READ COMMITTED only'
            USING ERRCODE = 'active_sql_transaction',
                  DETAIL = 'The snapshot of this transaction is older than what writers may still commit.',
                  HINT = 'SET default_transaction_isolation = ''read committed'', or begin the transaction with BEGIN ISOLATION LEVEL '
                      'READ COMMITTED.';
    END IF;
    person_type := osms_internal.column_type(osms.relation_of(registry, 'roster'), 'person');
    EXECUTE format('SELECT (array_agg(x.person ORDER BY x.person DESC))[1]::text, array_agg(x.person)::text FROM (SELECT p.person '
        'FROM %1$I.person p
        WHERE %2$L IS NULL OR p.person > %2$L ORDER BY p.person LIMIT %3$s FOR NO KEY UPDATE) x',
        registry, after, coalesce(batch::text, 'NULL'))
    INTO last_person, persons;
    entered := 0;
    IF last_person IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT array_agg(DISTINCT v.person)::text FROM (%s) v WHERE v.difference IS NOT NULL',
        osms_internal.verify_query(registry, format('person = ANY (%L::%s[])', persons, person_type)))
    INTO differing;
    IF differing IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT osms_internal.enter_persons(%L, %L::%s[])', registry, differing, person_type) INTO entered;
END $$;
COMMENT ON FUNCTION osms_internal.fill_batch(text, text, integer) IS
'locks the next persons after one and brings their roster in line with the source
last_person NULL: there were none. 25001 at another isolation level than READ COMMITTED, 22023 for a batch below 1; called by
osms.fill_roster';

-- It commits, so it cannot pin its search_path: it names everything in full.
CREATE PROCEDURE osms.fill_roster(registry text, batch integer DEFAULT 10000)
    LANGUAGE plpgsql
AS $$
DECLARE
    filling pg_catalog.record;
    step pg_catalog.record;
    total pg_catalog.int8 := 0;
    after pg_catalog.text;
BEGIN
    SELECT b.epoch, b.filled_under INTO filling FROM osms_internal.begin_filling(registry) b;
    LOOP
        SELECT b.last_person, b.entered INTO step FROM osms_internal.fill_batch(registry, after, batch) b;
        EXIT WHEN step.last_person IS NULL;
        after := step.last_person;
        total := total OPERATOR(pg_catalog.+) step.entered;
        IF batch IS NOT NULL THEN
            COMMIT;
        END IF;
    END LOOP;
    total := total OPERATOR(pg_catalog.+) osms_internal.end_filling(registry, filling.epoch, filling.filled_under);
    RAISE NOTICE 'roster of "%": % versions entered', registry, total;
END $$;
COMMENT ON PROCEDURE osms.fill_roster(text, integer) IS
'fills the roster from the attachments that exist, beside writers, in batches of so many persons with a commit after each (NULL:
all in the caller''s transaction)
persons whose roster agrees are left alone. 55000 where the registry is not guarded, or where its mapping, tables or guard
changed meanwhile (what was filled stays: call it again), 25001 at another isolation level than READ COMMITTED, 42P01 without a
roster, 22023 for a batch below 1, 2D000 inside a transaction block with a batch';

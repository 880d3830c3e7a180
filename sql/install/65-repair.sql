
--
-- repair: attachments that overlapped before the guard stood.
--
CREATE TYPE osms.overlap_repair AS (attachment text, person text, since date, until date, action text, ends date, kept text);
COMMENT ON TYPE osms.overlap_repair IS
'an attachment that overlaps a later one: its key, person, first day and end
action close (on the day ends) or annul (nothing is left of it); kept: key of the later attachment, which counts';

-- What the roster marks as excused ends where the next decision begins.
CREATE FUNCTION osms_internal.overlap_repairs(registry text, persons text[]) RETURNS SETOF osms.overlap_repair
    LANGUAGE plpgsql VOLATILE ROWS 1000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    attachments CONSTANT regclass := osms_internal.need_relation(registry, 'attachment');
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT x.attachment::text, x.person::text, x.since, x.until, CASE WHEN x.next > x.since THEN 'close' ELSE 'annul' END,
               CASE WHEN x.next > x.since THEN x.next END, x.kept::text
        FROM (SELECT a.attachment, a.person, a.since, a.until, least(coalesce(a.until, 'infinity'), p.death_date + 1) AS ends,
                     lead(a.since) OVER w AS next, lead(a.attachment) OVER w AS kept
              FROM %s a JOIN %s p ON p.person = a.person
              WHERE a.state IN ('active', 'suspect', 'closed') AND a.since < least(coalesce(a.until, 'infinity'), p.death_date + 1)
                    AND a.attachment IS NOT NULL AND a.organisation IS NOT NULL AND ($1 IS NULL OR a.person = ANY ($1::%s[]))
              WINDOW w AS (PARTITION BY a.person ORDER BY a.since, a.attachment)) x
        WHERE x.ends > x.next
        ORDER BY x.person, x.since, x.attachment $query$,
        attachments, osms_internal.need_relation(registry, 'person'), osms_internal.column_type(attachments, 'person'))
    USING persons;
END $$;
COMMENT ON FUNCTION osms_internal.overlap_repairs(text, text[]) IS
    'what osms.repair_overlaps would do, for some persons or (NULL) for all; called by osms.repair_overlaps';

CREATE FUNCTION osms.repair_overlaps(registry text, dry_run boolean DEFAULT true) RETURNS SETOF osms.overlap_repair
    LANGUAGE plpgsql VOLATILE ROWS 1000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    persons text[];
    repairs osms.overlap_repair[];
    reason jsonb := '{}';
    closed record;
    annulled text[];
BEGIN
    PERFORM osms_internal.need_arguments('repair_overlaps', jsonb_build_object('registry', registry, 'dry_run', dry_run));
    PERFORM osms_internal.check_reader(registry);
    IF dry_run THEN
        RETURN QUERY SELECT * FROM osms_internal.overlap_repairs(registry, NULL);
        RETURN;
    END IF;
    SELECT array_agg(DISTINCT r.person) INTO persons FROM osms_internal.overlap_repairs(registry, NULL) r;
    PERFORM osms.lock_persons(registry, persons);
    -- what still overlaps, now that nobody else writes about these persons
    SELECT array_agg(r) INTO repairs FROM osms_internal.overlap_repairs(registry, coalesce(persons, '{}')) r;
    IF EXISTS (SELECT FROM osms.clauses(registry) c WHERE c.rule = 'reason' AND c.relation = 'attachment' AND c.judged) THEN
        reason := '{"reason": "duplicate"}';
    END IF;
    SELECT array_agg(r.attachment)::text AS keys, array_agg(r.ends)::text AS ends INTO closed FROM unnest(repairs) r
        WHERE r.action = 'close';
    PERFORM osms_internal.write_rows(registry, 'attachment', 'update', '{attachment,until}', ARRAY[closed.keys, closed.ends], reason
                                     || '{"state": "closed"}')
    WHERE closed.keys IS NOT NULL;
    SELECT array_agg(r.attachment) INTO annulled FROM unnest(repairs) r WHERE r.action = 'annul';
    PERFORM osms_internal.write_rows(registry, 'attachment', 'update', '{attachment}', ARRAY[annulled::text], reason
                                     || '{"state": "annulled"}')
    WHERE annulled IS NOT NULL;
    RETURN QUERY SELECT * FROM unnest(repairs);
END $$;
COMMENT ON FUNCTION osms.repair_overlaps(text, boolean) IS
'lists old overlaps of attachments and, unless it is a dry run, ends them through the registry
of two that overlap the later decision (first day, then key) counts, the earlier is closed on its first day, or annulled where
both begin on one day, with reason duplicate. Returns what it did or would do. Applied again it finds nothing. 42501 for who may
not read the registry or write attachments, 55000 where the mapping cannot keep an end, state or the reason, 3F000 where there
is no such registry, 22004 for NULL';

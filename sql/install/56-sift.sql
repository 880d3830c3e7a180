
--
-- sift: candidates judged before they are inserted.
--
CREATE FUNCTION osms_internal.sift_candidates(registry text, relation text, staging regclass, modes text,
                                              OUT candidate tid, OUT key text, OUT person text, OUT rule text, OUT finding text)
    RETURNS SETOF record
    LANGUAGE C VOLATILE STRICT ROWS 100
    SET osms.restrict_functions = 'all'
    SET row_security = off
    AS 'MODULE_PATHNAME', 'osms_sift_candidates';
COMMENT ON FUNCTION osms_internal.sift_candidates(text, text, regclass, text) IS
    'osms.sift under the modes of a guard, as its triggers carry them; called by osms.sift';

CREATE FUNCTION osms.sift(registry text, relation text, staging regclass,
                          OUT candidate tid, OUT key text, OUT person text, OUT rule text, OUT finding text)
    RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE ROWS 100
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    PERFORM osms_internal.need_arguments('sift', jsonb_build_object('registry', registry, 'relation', relation, 'staging', staging)),
        osms_internal.check_reader(registry);
    RETURN QUERY SELECT s.* FROM osms_internal.sift_candidates(registry, relation, staging,
        coalesce((SELECT max(g.modes) FROM osms.guard_trigger g WHERE g.registry = sift.registry AND g.relation = sift.relation), '')) s;
END $$;
COMMENT ON FUNCTION osms.sift(text, text, regclass) IS
'candidate rows that the guard would refuse, a row for each rule that refuses one
nothing is written. relation: the guarded relation they are for; staging: a table or view with the columns of the source table,
or with those of the canonical relation (what is missing counts as an INSERT leaves it). candidate: ctid in the staging table,
NULL for a view; key, person; rule, finding. Judged as if inserted one by one, by person, first day and key, each refused one
left out; under the modes in force. 42703 for a staging table of another shape, 55000 and 0A000 for one of the sources where a
column is not read from its row alone, or from the whole of it, 22023 for a relation without rules, 42P01 for one the registry
lacks, 3F000 where there is no such registry, 42501 where the user may not read it';


--
-- maintenance: the functions that set up, guard and close are for whoever
-- created the extension, and for whom a superuser lets in.
--
CREATE FUNCTION osms_internal.maintenance_routines() RETURNS SETOF regprocedure
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
    BEGIN ATOMIC
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace)
          AND p.proname NOT IN ('grant_maintenance', 'revoke_maintenance', 'let_maintain')
          AND NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0
                          AND a.privilege_type = 'EXECUTE')
        ORDER BY p.proname, p.oid;
    END;

CREATE FUNCTION osms_internal.let_maintain(role name, granted boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    routine regprocedure;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
        RAISE EXCEPTION 'role "%" does not exist', role USING ERRCODE = 'undefined_object', HINT = 'Make it with CREATE ROLE.';
    ELSIF NOT (SELECT bool_and(has_function_privilege(r, 'EXECUTE WITH GRANT OPTION')) FROM osms_internal.maintenance_routines() r) THEN
        RAISE EXCEPTION 'permission denied to % maintenance', CASE WHEN granted THEN 'grant' ELSE 'revoke' END
            USING ERRCODE = 'insufficient_privilege', HINT = 'Let a superuser do it, to whom the functions belong.';
    END IF;
    FOR routine IN SELECT r FROM osms_internal.maintenance_routines() r LOOP
        EXECUTE format(CASE WHEN granted THEN 'GRANT EXECUTE ON ROUTINE %s TO %I' ELSE 'REVOKE EXECUTE ON ROUTINE %s FROM %I' END, routine,
                       role);
    END LOOP;
END $$;

CREATE FUNCTION osms.grant_maintenance(role name) RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
        SELECT osms_internal.let_maintain(role, true);
    END;

CREATE FUNCTION osms.revoke_maintenance(role name) RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
        SELECT osms_internal.let_maintain(role, false);
    END;

COMMENT ON FUNCTION osms_internal.let_maintain(name, boolean) IS
'gives a role EXECUTE on osms_internal.maintenance_routines(), or takes it back
called by grant_maintenance and revoke_maintenance';
COMMENT ON FUNCTION osms_internal.maintenance_routines() IS
'the functions and procedures that not everybody may execute: set-up, guards, closings, and what these call
called by grant_maintenance and revoke_maintenance';
COMMENT ON FUNCTION osms.grant_maintenance(name) IS
'lets a role set up, guard, fill and close: EXECUTE on osms_internal.maintenance_routines()
Every function runs with its caller''s rights, so the role still needs the tables and the registry (membership in the keeper,
ownership of what is guarded); it does not write the law. For superusers (42501); 42704 for a role that does not exist. To be
called again after an update of the extension';
COMMENT ON FUNCTION osms.revoke_maintenance(name) IS
    'takes back what osms.grant_maintenance gave; 42501 for who is no superuser, 42704 for a role that does not exist';

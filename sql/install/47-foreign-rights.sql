
--
-- foreign rights: what anybody but its owner could write into what the guards
-- and closings keep.
--
CREATE FUNCTION osms_internal.foreign_rights(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH derived AS (
            SELECT k.relation, c.oid, c.relowner, c.relacl
            FROM unnest('{setting,roster,journal,moved,pending,import}'::text[]
                        || '{statement,statement_line,restatement,restatement_line,ledger}'::text[]) AS k (relation)
            JOIN pg_catalog.pg_class c ON c.oid = osms.relation_of(registry, k.relation)
        ), given AS (
            SELECT d.relation, d.relowner, d.oid::regclass::text AS object, a.grantee,
                   a.privilege_type AS privilege, a.privilege_type AS revoked
            FROM derived d, aclexplode(d.relacl) a
            UNION ALL
            SELECT d.relation, d.relowner, d.oid::regclass::text, a.grantee, a.privilege_type,
                   format('%s (%I)', a.privilege_type, t.attname)
            FROM derived d JOIN pg_catalog.pg_attribute t ON t.attrelid = d.oid AND NOT t.attisdropped, aclexplode(t.attacl) a
            UNION ALL
            SELECT d.relation, d.relowner, 'SEQUENCE ' || s.oid::regclass, a.grantee, a.privilege_type, a.privilege_type
            FROM derived d
            JOIN pg_catalog.pg_depend p ON p.refclassid = 'pg_class'::regclass AND p.refobjid = d.oid
                                           AND p.classid = p.refclassid AND p.deptype = 'i'
            JOIN pg_catalog.pg_class s ON s.oid = p.objid AND s.relkind = 'S', aclexplode(s.relacl) a
        )
        SELECT g.relation, 'error',
               format('%s has %s on %s', CASE g.grantee WHEN 0 THEN 'everybody' ELSE 'role ' || pg_get_userbyid(g.grantee) END,
                      string_agg(DISTINCT g.revoked, ', ' ORDER BY g.revoked), g.object),
               format('REVOKE %s ON %s FROM %s CASCADE.', string_agg(DISTINCT g.revoked, ', ' ORDER BY g.revoked),
                      g.object, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END)
        FROM given g LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
        WHERE g.grantee <> g.relowner AND r.rolsuper IS NOT TRUE
          AND g.privilege = ANY ('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER,USAGE}')
        GROUP BY g.relation, g.grantee, g.object
        UNION ALL
        SELECT d.relation, 'error',
               format('%s belongs to role %s, and the roster to role %s', d.oid::regclass, w.rolname, pg_get_userbyid(r.relowner)),
               format('ALTER TABLE %s OWNER TO %I.', d.oid::regclass, pg_get_userbyid(r.relowner))
        FROM derived r JOIN derived d ON d.relowner <> r.relowner JOIN pg_catalog.pg_roles w ON w.oid = d.relowner
        WHERE r.relation = 'roster' AND NOT w.rolsuper
        UNION ALL
        -- whoever once had the right to make it
        SELECT d.relation, 'error',
               format('trigger "%s" of %s runs a function of role %s whenever the registry is written', t.tgname, d.oid::regclass,
                      w.rolname),
               format('DROP TRIGGER %I ON %s.', t.tgname, d.oid::regclass)
        FROM derived d JOIN pg_catalog.pg_trigger t ON t.tgrelid = d.oid AND NOT t.tgisinternal
        JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_roles w ON w.oid = p.proowner
        WHERE p.proowner <> d.relowner AND NOT w.rolsuper
        UNION ALL
        -- in which functions look for what they call
        SELECT 'setting', 'error', format('role %s, who is no superuser, may make functions and operators in schema %I', w.rolname,
                                          n.nspname),
               CASE n.nspowner WHEN w.oid THEN 'Let a superuser own it: ALTER SCHEMA ... OWNER TO.'
                    ELSE format('REVOKE CREATE ON SCHEMA %I FROM %I, or from PUBLIC.', n.nspname, w.rolname) END
        FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles w
        WHERE n.nspname IN ('osms', 'osms_internal', 'pg_catalog') AND NOT w.rolsuper AND has_schema_privilege(w.oid, n.oid, 'CREATE')
        UNION ALL
        SELECT 'setting', 'error',
            format('%s is in schema %s and does not belong to the extension', pg_describe_object(d.classid, d.objid, 0), n.nspname),
               'Find out who made it, and drop it.'
        FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
        WHERE d.refclassid = 'pg_namespace'::regclass AND n.nspname IN ('osms', 'osms_internal')
          AND d.deptype = 'n'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e')
        UNION ALL
        SELECT 'roster', 'warning', format('role %s may write every table: it is a member of pg_write_all_data', r.rolname),
               format('REVOKE pg_write_all_data FROM %I, or from the role through which it has that.', r.rolname)
        FROM pg_catalog.pg_roles r
        WHERE osms.relation_of(registry, 'roster') IS NOT NULL AND NOT r.rolsuper AND r.rolname <> 'pg_write_all_data'
          AND pg_has_role(r.oid, 'pg_write_all_data', 'MEMBER')
        UNION ALL
        SELECT 'roster', 'warning', format('role %s may switch triggers off in its session', r.rolname),
               'REVOKE SET ON PARAMETER session_replication_role FROM it, or from the role through which it has that.'
        FROM pg_catalog.pg_roles r
        WHERE osms.relation_of(registry, 'roster') IS NOT NULL AND NOT r.rolsuper
          AND has_parameter_privilege(r.oid, 'session_replication_role', 'SET');
    END;
COMMENT ON FUNCTION osms_internal.foreign_rights(text) IS
'who but the owner, or a superuser, may write the derived relations of a registry
an error where a right on one was granted (with the REVOKE that takes it back), where one belongs to another role than the
roster, or has a trigger that runs another role''s function, and where others than superusers may put functions into schema osms
or have; a warning for roles that may write every table or switch triggers off. Called by osms.check_registry';

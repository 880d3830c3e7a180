
--
-- keeper: the role that owns a registry. Guards look at the tables of others
-- as this role, so it should be one that has nothing else.
--
CREATE FUNCTION osms_internal.check_keeper(keeper name) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    r record;
BEGIN
    SELECT * INTO r FROM pg_roles WHERE rolname = keeper;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'role "%" does not exist', keeper
            USING ERRCODE = 'undefined_object', HINT = format('Make it with CREATE ROLE %I NOLOGIN, and give it nothing.', keeper);
    ELSIF r.rolsuper OR r.rolcanlogin THEN
        RAISE EXCEPTION 'role "%" cannot keep a registry', keeper
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN r.rolsuper THEN 'It is a superuser.' ELSE 'It may log in.' END,
                  HINT = 'A keeper owns the registry and nothing else: make a role for it with CREATE ROLE ... NOLOGIN.';
    -- from 16 on it takes an option of the membership
    ELSIF NOT pg_has_role(current_user, r.oid, CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER'
                          ELSE 'SET' END) THEN
        RAISE EXCEPTION 'permission denied to give a registry to role "%"', keeper
            USING ERRCODE = 'insufficient_privilege',
                HINT = format('Let a superuser do it, or GRANT %I TO %I first.', keeper, current_user);
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.check_keeper(name) IS
'whether a role can be the keeper of a registry, by whoever calls
42704 where there is none, 22023 for one that may log in or is a superuser, 42501 for who is not a member of it; called by
create_registry and set_keeper';

CREATE FUNCTION osms_internal.hand_over(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER %s %s OWNER TO %I', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.oid::regclass,
                      pg_get_userbyid(n.nspowner))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = registry AND c.relkind IN ('r', 'p', 'v') AND c.relowner = current_user::regrole AND c.relowner <> n.nspowner
        ORDER BY c.oid
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.hand_over(text) IS
'gives what the caller owns in the schema of a registry to the owner of the schema, its keeper
called by create_registry, map and add_relation';

CREATE FUNCTION osms_internal.mapping_grants(registry text, OUT relation text, OUT source regclass, OUT role name, OUT privilege text,
                                             OUT needed boolean,
                                             OUT missing boolean) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 20
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT v.relation, v.source, w.rolname, p.privilege,
               CASE p.privilege
                   WHEN 'SELECT' THEN true
                   -- a row that is locked, and what follows from deaths and identifications
                   WHEN 'UPDATE' THEN v.relation IN ('person', 'contract', 'application', 'attachment')
                                      OR v.relation = 'organisation' AND osms.relation_of(registry, 'payment') IS NOT NULL
                   WHEN 'INSERT' THEN v.relation = 'attachment_event' ELSE false END,
               NOT has_table_privilege(w.oid, v.source, p.privilege)
        FROM (SELECT DISTINCT k.relation, c.oid, c.relowner, osms.mapped_source(c.oid) AS source FROM osms.registry_columns(true) k
              JOIN pg_class c ON c.oid = osms.relation_of(registry, k.relation) AND c.relkind = 'v'
              -- a view that somebody else has put there maps nothing
              JOIN pg_namespace n ON n.oid = c.relnamespace AND pg_has_role(c.relowner, n.nspowner, 'USAGE')) v
        JOIN pg_roles w ON w.oid = v.relowner,
             unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS p (privilege)
        WHERE p.privilege = 'SELECT'
              OR p.privilege = 'UPDATE' AND v.relation IN ('person', 'contract', 'organisation')
              OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = v.oid AND t.tgname = 'osms_map_write');
    END;
COMMENT ON FUNCTION osms_internal.mapping_grants(text) IS
'rights on the tables behind a registry that the owner of each mapped relation should have
to read it, to lock its rows and to write through it; whether a guard cannot do without (needed), and whether he has not got it
(missing). Called by map, missing_grants and check_registry';

CREATE FUNCTION osms_internal.grant_to_keeper(registry text, relation text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    g record;
BEGIN
    FOR g IN
        SELECT m.source, m.role, string_agg(m.privilege, ', ') AS privileges FROM osms_internal.mapping_grants(registry) m
        WHERE m.relation IN (grant_to_keeper.relation, CASE grant_to_keeper.relation WHEN 'attachment' THEN 'attachment_event' END)
          AND m.missing AND has_table_privilege(m.source, m.privilege || ' WITH GRANT OPTION')
        GROUP BY m.source, m.role
    LOOP
        EXECUTE format('GRANT %s ON %s TO %I', g.privileges, g.source, g.role);
    END LOOP;
    FOR g IN
        SELECT m.source, m.role, string_agg(m.privilege, ', ') AS privileges FROM osms_internal.mapping_grants(registry) m
        WHERE m.relation IN (grant_to_keeper.relation, CASE grant_to_keeper.relation WHEN 'attachment' THEN 'attachment_event' END)
          AND m.missing AND m.needed
        GROUP BY m.source, m.role
    LOOP
        RAISE WARNING 'role % may not % table %', g.role, g.privileges, g.source
            USING DETAIL = 'It owns the mapped relation, and you may not grant it.',
                HINT = format('GRANT %s ON %s TO %I.', g.privileges, g.source, g.role);
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.grant_to_keeper(text, text) IS
'gives the owner of a mapped relation the rights on its table that the mapping needs, as far as the caller may
osms.check_registry names the others. Called by map and set_keeper';

CREATE FUNCTION osms.set_keeper(registry text, keeper name) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET osms.restrict_functions = 'foreign'
AS $$
DECLARE
    former oid;
    statement text;
BEGIN
    IF osms.relation_of(registry, 'setting') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist', registry
            USING ERRCODE = 'invalid_schema_name', HINT = 'Make it with osms.create_registry().';
    END IF;
    PERFORM osms_internal.need_arguments('set_keeper', jsonb_build_object('keeper', keeper));
    PERFORM osms_internal.check_keeper(keeper);
    SELECT n.nspowner INTO former FROM pg_namespace n WHERE n.nspname = registry;
    EXECUTE format('ALTER SCHEMA %I OWNER TO %I', registry, keeper);
    FOR statement IN
        SELECT format('ALTER %s %s OWNER TO %I', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.oid::regclass, keeper)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = registry AND c.relkind IN ('r', 'p', 'v') AND c.relowner = former
          -- nothing else that somebody put there
          AND (c.relname IN (SELECT k.relation FROM osms.registry_columns(true) k)
               OR c.relname IN (SELECT k.relation FROM osms_internal.keep_definitions(registry) k))
        ORDER BY c.oid
    LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM osms_internal.close_to_others(registry), osms_internal.close_to_others(registry, array_agg(DISTINCT k.relation))
        FROM osms_internal.keep_definitions(registry) k;
    PERFORM osms_internal.grant_to_keeper(registry, k.relation) FROM (SELECT DISTINCT relation FROM osms.registry_columns()) k;
    PERFORM osms_internal.note_act(registry, 'registry', 'U', registry, pg_get_userbyid(former)::text, keeper::text);
END $$;
COMMENT ON FUNCTION osms.set_keeper(text, name) IS
'gives a registry, with all that its owner has in it, to a role that cannot log in and should own nothing else, and grants it
what the mappings need of the tables behind, as far as the caller may
3F000 where there is no such registry, 42704, 22023 or 42501 for a role that cannot be a keeper; needs ownership of the registry';

-- Who could have his code run where osms looks at his tables for others, and
-- what keeps that from being worth anything.
CREATE FUNCTION osms_internal.distrusted(registry text, OUT relation text, OUT severity text, OUT problem text, OUT hint text)
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 5
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH owner AS (
            SELECT r.* FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE c.oid = osms.relation_of(registry, 'roster')
        ), mapped AS (
            SELECT DISTINCT k.relation, c.oid, w.oid AS rule
            FROM osms.registry_columns(true) k JOIN pg_class c ON c.oid = osms.relation_of(registry, k.relation)
            LEFT JOIN pg_rewrite w ON w.ev_class = c.oid AND c.relkind = 'v'
        ), source AS (
            -- every relation that a mapping reads, a table of the registry itself, and the partitions below
            SELECT DISTINCT m.relation, s.oid, s.relkind, s.relowner
            FROM mapped m
            LEFT JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = m.rule AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid <> m.oid
            CROSS JOIN LATERAL osms_internal.tables_of(coalesce(d.refobjid, m.oid)) t (source) JOIN pg_class s ON s.oid = t.source
            WHERE NOT EXISTS (SELECT FROM mapped o WHERE o.oid = d.refobjid)
        )
        SELECT 'roster', 'warning', format('role %s, who owns the registry, %s', o.rolname, v.has),
               'Make a role that has nothing else with CREATE ROLE ... NOLOGIN, and give it the registry with osms.set_keeper.'
        FROM owner o,
             LATERAL (SELECT CASE WHEN o.rolsuper THEN 'is a superuser' ELSE
                      nullif(concat_ws(', ', CASE WHEN o.rolcanlogin THEN 'may log in' END, CASE WHEN o.rolcreaterole
                                       THEN 'may create roles' END,
                          CASE WHEN o.rolcreatedb THEN 'may create databases' END, CASE WHEN o.rolreplication THEN 'may replicate' END,
                          CASE WHEN EXISTS (SELECT FROM pg_auth_members a WHERE a.member = o.oid) THEN 'is a member of other roles' END,
                          CASE WHEN EXISTS (SELECT FROM pg_shdepend d
                                            LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
                                            WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = o.oid AND d.deptype = 'o'
                                              AND d.dbid IN (0, (SELECT b.oid FROM pg_database b WHERE b.datname = current_database()))
                                              AND c.relnamespace IS DISTINCT FROM to_regnamespace(quote_ident(registry))
                                              AND NOT (d.classid = 'pg_namespace'::regclass
                                                       AND d.objid = to_regnamespace(quote_ident(registry))))
                               THEN 'owns more than the registry' END), '') END) AS v (has)
        WHERE v.has IS NOT NULL
        UNION ALL
        SELECT s.relation, 'error', format('what relation "%s" reads, %s, is no table', s.relation, s.oid::regclass),
               'A mapping reads a table or its partitions: put the table in its place again, or map the relation with osms.map().'
        -- osms.check_registry tells of foreign partitions
        FROM source s WHERE s.relkind NOT IN ('r', 'p', 'f')
        UNION ALL
        SELECT s.relation, 'warning', format('table %s belongs to role %s, whom the owner of the registry, %s, has no reason to trust',
                                             s.oid::regclass, pg_get_userbyid(s.relowner), o.rolname),
               format('He decides what is in it. ALTER TABLE %s OWNER TO %I takes it from him; GRANT %2$I TO %I trusts him with all of '
                   'the registry.',
                      s.oid::regclass, o.rolname, pg_get_userbyid(s.relowner))
        FROM source s, owner o WHERE s.relkind IN ('r', 'p') AND NOT pg_has_role(s.relowner, o.oid, 'USAGE')
        UNION ALL
        SELECT s.relation, 'warning', format('trigger "%s" of %s is deferred and runs a function of role %s', t.tgname, s.oid::regclass,
                                             pg_get_userbyid(p.proowner)),
               'Make it immediate: before PostgreSQL 18 it runs as whoever ends a transaction that wrote the table.'
        FROM source s, owner o, pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = s.oid AND t.tgdeferrable AND NOT t.tgisinternal AND NOT pg_has_role(p.proowner, o.oid, 'USAGE')
        UNION ALL
        -- PostgreSQL lets them read with the rights of the view's owner
        SELECT s.relation, 'error', format('table %s of role %s has row security, whose policies read as role %s', s.oid::regclass,
                                           pg_get_userbyid(s.relowner), o.rolname),
               format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY.', s.oid::regclass)
        FROM source s JOIN pg_class c ON c.oid = s.oid, owner o
        WHERE c.relrowsecurity AND NOT o.rolbypassrls AND NOT o.rolsuper AND NOT pg_has_role(s.relowner, o.oid, 'USAGE')
        UNION ALL
        -- what others may add to a table keeps it from being written as its owner; guards write attachments and applications
        SELECT a.relation, CASE WHEN a.relation IN ('attachment', 'application') THEN 'error' ELSE 'warning' END,
               a.problem || ': so it is not written as its owner', a.hint
        FROM (SELECT s.relation, format('%s may put triggers on %s', CASE g.grantee WHEN 0 THEN 'everybody' ELSE 'role '
                                        || pg_get_userbyid(g.grantee) END, s.oid::regclass) AS problem,
                     format('REVOKE TRIGGER ON %s FROM %s.', s.oid::regclass, CASE g.grantee WHEN 0 THEN 'PUBLIC'
                            ELSE quote_ident(pg_get_userbyid(g.grantee)) END) AS hint
              FROM source s JOIN pg_class c ON c.oid = s.oid, aclexplode(c.relacl) g
              WHERE s.relkind IN ('r', 'p') AND g.privilege_type = 'TRIGGER'
                AND CASE g.grantee WHEN 0 THEN true ELSE NOT pg_has_role(g.grantee, s.relowner, 'USAGE') END
              UNION ALL
              SELECT p.relation, format('under table %s stands %s of role %s', p.oid::regclass, s.oid::regclass,
                                        pg_get_userbyid(s.relowner)),
                     format('ALTER TABLE %s OWNER TO %I.', s.oid::regclass, pg_get_userbyid(p.relowner))
              FROM source p JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class s ON s.oid = i.inhrelid
              WHERE NOT pg_has_role(s.relowner, p.relowner, 'USAGE')
              UNION ALL
              SELECT s.relation, format('column "%s" of %s is of type %s of role %s', c.attname, s.oid::regclass,
                                        format_type(c.atttypid, NULL), pg_get_userbyid(t.typowner)),
                     format('Let role %I own the type.', pg_get_userbyid(s.relowner))
              FROM source s JOIN pg_attribute c ON c.attrelid = s.oid AND c.attnum > 0 AND NOT c.attisdropped
              JOIN pg_type y ON y.oid = c.atttypid JOIN pg_type t ON t.oid = CASE y.typcategory WHEN 'A' THEN y.typelem ELSE y.oid END
              WHERE s.relkind IN ('r', 'p') AND NOT pg_has_role(t.typowner, s.relowner, 'USAGE')
              UNION ALL
              SELECT s.relation, format('%s casts to domain %s of role %s', pg_describe_object(d.classid, d.objid, 0), t.oid::regtype,
                                        pg_get_userbyid(t.typowner)),
                     format('Let role %I own the domain, or cast to the type below it.', pg_get_userbyid(s.relowner))
              FROM source s CROSS JOIN LATERAL
                  (SELECT 'pg_constraint'::regclass::oid, k.oid FROM pg_constraint k WHERE k.conrelid = s.oid
                   UNION ALL SELECT 'pg_attrdef'::regclass, e.oid FROM pg_attrdef e WHERE e.adrelid = s.oid
                   UNION ALL SELECT 'pg_trigger'::regclass, g.oid FROM pg_trigger g WHERE g.tgrelid = s.oid
                   UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i WHERE i.indrelid = s.oid
                   UNION ALL SELECT 'pg_class'::regclass, s.oid) AS part (classid, objid)
              JOIN pg_depend d ON d.classid = part.classid AND d.objid = part.objid AND d.objsubid = 0
                  AND d.refclassid = 'pg_type'::regclass
              JOIN pg_type t ON t.oid = d.refobjid AND t.typtype = 'd'
              WHERE s.relkind IN ('r', 'p') AND NOT pg_has_role(t.typowner, s.relowner, 'USAGE')
              UNION ALL
              SELECT s.relation, format('table %s of role %s follows %s by a foreign key', f.oid::regclass, pg_get_userbyid(f.relowner),
                                        s.oid::regclass),
                     format('ALTER TABLE %s OWNER TO %I, or let its foreign key do nothing by itself.', f.oid::regclass,
                            pg_get_userbyid(s.relowner))
              FROM source s JOIN pg_constraint k ON k.confrelid = s.oid AND k.contype = 'f'
                  AND (k.confupdtype IN ('c', 'n', 'd') OR k.confdeltype IN ('c', 'n', 'd'))
              JOIN pg_class f ON f.oid = k.conrelid
              WHERE NOT pg_has_role(f.relowner, s.relowner, 'USAGE')) a
        UNION ALL
        SELECT m.relation, 'warning', format('%s may put triggers on %s: so nothing is written through it', CASE g.grantee WHEN 0
                                             THEN 'everybody' ELSE 'role ' || pg_get_userbyid(g.grantee) END, m.oid::regclass),
               format('REVOKE TRIGGER ON %s FROM %s.', m.oid::regclass, CASE g.grantee WHEN 0 THEN 'PUBLIC'
                      ELSE quote_ident(pg_get_userbyid(g.grantee)) END)
        FROM mapped m JOIN pg_class v ON v.oid = m.oid AND v.relkind = 'v', aclexplode(v.relacl) g
        WHERE g.privilege_type = 'TRIGGER' AND CASE g.grantee WHEN 0 THEN true ELSE NOT pg_has_role(g.grantee, v.relowner, 'USAGE') END
        UNION ALL
        SELECT m.relation, 'error', format('rule "%s" of view %s writes something else: so nothing is written through it', w.rulename,
                                           m.oid::regclass),
               format('DROP RULE %I ON %s.', w.rulename, m.oid::regclass)
        FROM mapped m JOIN pg_class v ON v.oid = m.oid AND v.relkind = 'v' JOIN pg_rewrite w ON w.ev_class = m.oid
            AND w.rulename <> '_RETURN'
        UNION ALL
        SELECT m.relation, 'error', format('the mapping of relation "%s" calls %s of role %s, which never runs for role %s',
                                           m.relation, p.oid::regprocedure, pg_get_userbyid(p.proowner), o.rolname),
               format('Let a superuser or a member of %I own the function, or map the relation without it.', o.rolname)
        FROM mapped m JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = m.rule AND d.refclassid = 'pg_proc'::regclass
        JOIN pg_proc p ON p.oid = d.refobjid, owner o
        WHERE NOT pg_has_role(p.proowner, o.oid, 'USAGE');
    END;
COMMENT ON FUNCTION osms_internal.distrusted(text) IS
'whom the owner of a registry need not trust, and where that matters
an owner who has more than the registry, sources of others, what others may add to them, deferred triggers of others, functions
of others in a mapping, a source that is no table any more; called by osms.check_registry';


--
-- workflow: what happens to a person, one call each. A call locks the person
-- first, looks, and writes through the canonical relations, so that the guard
-- judges it; repeated, it finds what it did and says so.
--
CREATE TYPE osms.workflow_result AS (key text, state text, outcome text, related text, note text);
COMMENT ON TYPE osms.workflow_result IS
'what a workflow call came to
key and state of the row it is about, outcome (created, changed, unchanged), key of another row concerned, and a note in words';

CREATE FUNCTION osms.lock_persons(registry text, persons text[], organisations text[] DEFAULT '{}') RETURNS void
    LANGUAGE C VOLATILE STRICT
    SET osms.restrict_functions = 'all'
    AS 'MODULE_PATHNAME', 'osms_lock_persons';
COMMENT ON FUNCTION osms.lock_persons(text, text[], text[]) IS
'locks persons of a registry to the end of the transaction, in the order of their keys, as the guards do, and their attachments
and applications: what is read of them afterwards stays as it is
organisations: those to which they are to be attached, whose contracts are held first. Nobody who waits for it is waited for.
42501 for who may write nothing of persons there, 40001 where at a higher isolation level another transaction wrote about them,
3F000 and 42P01 where there is no such registry';

CREATE FUNCTION osms_internal.find_row(registry text, relation text, key text) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    target CONSTANT regclass := osms_internal.need_relation(registry, relation);
    result jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(x) FROM %s x WHERE x.%I = $1::%s', target, relation, osms_internal.column_type(target, relation))
    INTO result USING key;
    RETURN result;
END $$;
COMMENT ON FUNCTION osms_internal.find_row(text, text, text) IS
    'the row of the canonical relation person, application or attachment with a key, as an object; NULL where there is none';

CREATE FUNCTION osms_internal.need_row(registry text, relation text, key text) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    result CONSTANT jsonb := osms_internal.find_row(registry, relation, key);
BEGIN
    IF result IS NULL THEN
        RAISE EXCEPTION '% "%" does not exist in registry "%"', relation, key, registry
            USING ERRCODE = 'no_data_found', HINT = format('Keys are those of relation "%s", written in full.', relation);
    END IF;
    RETURN result;
END $$;
COMMENT ON FUNCTION osms_internal.need_row(text, text, text) IS 'as osms_internal.find_row; P0002 where there is none';

CREATE FUNCTION osms_internal.lock_person_of(registry text, relation text, key text, attaches boolean DEFAULT false) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    found CONSTANT jsonb := osms_internal.need_row(registry, relation, key);
BEGIN
    PERFORM osms.lock_persons(registry, ARRAY[found ->> 'person'], CASE WHEN attaches THEN ARRAY[found ->> 'organisation'] ELSE '{}' END);
    RETURN osms_internal.need_row(registry, relation, key);
END $$;
COMMENT ON FUNCTION osms_internal.lock_person_of(text, text, text, boolean) IS
'locks the person whom an application or attachment is about, who may be attached to its organisation, and returns its row as it
then is
P0002 where there is none';

CREATE FUNCTION osms_internal.run_write(registry text, relation text, event text, "row" text, arguments text[]) RETURNS text
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'osms_run_write';
COMMENT ON FUNCTION osms_internal.run_write(text, text, text, text, text[]) IS
'inserts a row of a canonical relation, or updates the one with a key (event: insert, update)
row: a query with parameters that are texts, whose columns have the names and the very types of the relation''s; it runs as the
caller. The triggers of a table find the search_path that its owner chose (by a setting of the role or of the database, else the
table''s schema), and run as the owner where he has not the rights of the caller. Returns the key. 42P01 for a relation that is
not there, 42703 and 42804 for columns that are not the relation''s';

CREATE FUNCTION osms_internal.remaining_person(registry text, person text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    aliases CONSTANT regclass := osms.relation_of(registry, 'person_alias');
    remaining text[];
BEGIN
    IF aliases IS NULL OR NOT has_table_privilege(aliases, 'SELECT') THEN
        RETURN person;
    END IF;
    EXECUTE format('WITH RECURSIVE heir AS (SELECT y.new FROM %1$s y WHERE y.old = $1::%2$s AND y.undone_at IS NULL
            UNION SELECT y.new FROM heir JOIN %1$s y ON y.old = heir.new AND y.undone_at IS NULL)
        SELECT array_agg(h.new::text) FROM heir h WHERE NOT EXISTS (SELECT FROM %1$s y WHERE y.old = h.new AND y.undone_at IS NULL)',
        aliases, osms_internal.column_type(aliases, 'old'))
    INTO remaining USING person;
    RETURN CASE cardinality(remaining) WHEN 1 THEN remaining[1] ELSE person END;
END $$;
COMMENT ON FUNCTION osms_internal.remaining_person(text, text) IS
'key of the person who remains of the one whose key is given, as far as merges stand and lead to one
the key itself where there are none, or who calls may not read them; called by the workflow functions';

CREATE FUNCTION osms_internal.write_row(registry text, relation text, key text, fields jsonb, details jsonb DEFAULT '{}') RETURNS text
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    target CONSTANT regclass := osms_internal.need_relation(registry, relation);
    key_column CONSTANT text := (SELECT c."column" FROM osms.registry_columns() c
                                 WHERE c.relation = write_row.relation AND c."position" = 1);
    written CONSTANT jsonb := CASE WHEN key IS NULL THEN jsonb_strip_nulls(fields) ELSE fields END
        || coalesce((SELECT jsonb_object_agg(d.k, d.v) FROM jsonb_each_text(details) d (k, v)
                     WHERE osms_internal.can_write(target, d.k, d.v)), '{}');
    before CONSTANT jsonb := osms_internal.find_row(registry, relation, key);
    after jsonb;
    lost record;
    columns text;
    arguments text[];
    written_key text;
BEGIN
    SELECT f.k, f.v INTO lost FROM jsonb_each_text(fields) f (k, v) WHERE NOT osms_internal.can_write(target, f.k, f.v)
        ORDER BY f.k LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'registry "%" cannot keep % "%" of relation "%"', registry, lost.k, lost.v, relation
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Its mapping has no column, or no code, for it: map the relation again with osms.map().';
    END IF;
    IF coalesce(written, '{}') = '{}' THEN
        RAISE EXCEPTION 'no field of relation "%" is given', relation USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT string_agg(format('$%s::%s AS %I', w.place, osms_internal.column_type(target, w.k), w.k), ', ' ORDER BY w.place),
        array_agg(w.v ORDER BY w.place)
    INTO columns, arguments
    FROM (SELECT t.k, t.v, row_number() OVER (ORDER BY t.k) AS place
          FROM (SELECT * FROM jsonb_each_text(written) UNION ALL SELECT key_column, key WHERE key IS NOT NULL) t (k, v)) w;
    written_key := osms_internal.run_write(registry, relation, CASE WHEN key IS NULL THEN 'insert' ELSE 'update' END, 'SELECT ' || columns,
                                           arguments);
    IF relation IN ('person', 'application', 'attachment') AND has_table_privilege(target, 'SELECT') THEN
        after := osms_internal.find_row(registry, relation, written_key);
        -- a state may have gone on already
        IF after IS NULL OR EXISTS (SELECT FROM jsonb_each_text(fields) f (k, v) WHERE after ->> f.k IS DISTINCT FROM f.v
               AND (f.k IN ('since', 'until', 'death_date') OR f.k = 'state' AND after ->> f.k IS NOT DISTINCT FROM before ->> f.k)) THEN
            RAISE EXCEPTION 'relation "%" of registry "%" has not kept what was written', relation, registry
                USING ERRCODE = 'triggered_data_change_violation',
                      HINT = 'Let no trigger of the table behind it skip rows that calls write, or set their columns back.';
        END IF;
    END IF;
    RETURN written_key;
END $$;
COMMENT ON FUNCTION osms_internal.write_row(text, text, text, jsonb, jsonb) IS
'inserts a canonical row (key NULL) or updates the one with a key, through the registry, and returns its key
fields must be kept, details are left out where the registry has no column or code for them. 55000
for a field that cannot be kept, 27000 where a trigger of the table has skipped the row or set its state or days back';

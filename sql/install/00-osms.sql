\echo Use "CREATE EXTENSION osms" to load this file. \quit

-- Nothing here, and in no later script, is found through a schema in which
-- others may create; CREATE EXTENSION itself takes this path from the control
-- file.
SET LOCAL search_path = pg_catalog, pg_temp;

-- Who owns these schemas could put functions before ours; so they are made
-- here, and belong to whoever runs this script, not to the extension's owner.
DO $do$
DECLARE
    taken pg_catalog.text;
BEGIN
    SELECT n.nspname INTO taken FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('osms', 'osms_internal') ORDER BY n.nspname LIMIT 1;
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" already exists', taken
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'The extension makes it, for nobody else may own what is called by that name.',
                  HINT = pg_catalog.format('See what is in it and whose it is, then drop or rename it: ALTER SCHEMA %s RENAME TO ....',
                                           taken);
    END IF;
END $do$;
CREATE SCHEMA osms;
COMMENT ON SCHEMA osms IS 'what users of the extension osms call and read; nobody else creates anything here';
CREATE SCHEMA osms_internal;
COMMENT ON SCHEMA osms_internal IS
    'what the functions of schema osms call; it may change with any version, and nobody else creates anything here';

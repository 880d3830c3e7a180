\echo Use "CREATE EXTENSION osms" to load this file. \quit

-- Nothing here, and in no later script, is found through a schema in which
-- others may create; CREATE EXTENSION itself takes this path from the control
-- file.
SET LOCAL search_path = pg_catalog, pg_temp;

-- Who owns schema osms could put functions before ours; so it is made here,
-- and belongs to whoever runs this script, not to the extension's owner.
DO $do$
BEGIN
    IF pg_catalog.to_regnamespace('osms') IS NOT NULL THEN
        RAISE EXCEPTION 'schema "osms" already exists'
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'The extension makes it, for nobody else may own what is called by that name.',
                  HINT = 'See what is in it and whose it is, then drop or rename it: ALTER SCHEMA osms RENAME TO ....';
    END IF;
END $do$;
CREATE SCHEMA osms;
COMMENT ON SCHEMA osms IS 'everything that the extension osms has; nobody else creates anything here';

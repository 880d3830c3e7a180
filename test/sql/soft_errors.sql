-- From PostgreSQL 16 on, input may refuse without an error: pg_input_error_info shows what COPY
-- ON_ERROR and pg_input_is_valid see. Before, the same inputs raise the same error.
SELECT plan(9);
SELECT current_setting('server_version_num')::int >= 160000 AS pg16 \gset

\if :pg16
CREATE FUNCTION pg_temp.refusal(value text, type text) RETURNS text
    LANGUAGE sql AS $$ SELECT sql_error_code || ' ' || detail FROM pg_catalog.pg_input_error_info(value, type) $$;
\else
CREATE FUNCTION pg_temp.refusal(value text, type text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    code text;
    reason text;
BEGIN
    EXECUTE format('SELECT %L::%s', value, type);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, reason = PG_EXCEPTION_DETAIL;
    RETURN code || ' ' || reason;
END $$;
\endif

SELECT is(pg_temp.refusal(value, type), expected, format('%s as %s', value, type))
FROM (VALUES
    ('780315397016', 'osms.iin', NULL),
    ('780315397017!', 'osms.iin', NULL),
    ('160940025485', 'osms.bin', NULL),
    ('', 'osms.iin', '22P02 Fault "length" at position 1: the number must have exactly 12 characters, this one has 0.'),
    ('78О315397016', 'osms.iin', '22P02 Fault "character" at position 3: only the digits 0 to 9 are allowed.'),
    ('000000000000!', 'osms.iin', '22P02 Fault "zero" at position 1: all digits are zero.'),
    ('780315397017', 'osms.iin', '22P02 Fault "check_digit" at position 12: the check digit does not agree with the digits before it.'),
    ('160940025485', 'osms.iin', '22P02 Fault "day" at position 5: there is no such day in that month.'),
    ('240745980016', 'osms.bin', '22P02 Fault "division" at position 6: a division is coded by 0 to 3 only.')
) AS vector (value, type, expected);

SELECT * FROM finish();

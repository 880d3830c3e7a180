
--
-- number: exact arithmetic, and how a number is told.
--
CREATE FUNCTION osms.round_quotient(numerator numeric, denominator numeric, digits integer) RETURNS numeric
    LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
    RETURN round(div(2 * numerator * ('1e' || digits::text)::numeric + sign(numerator) * denominator, 2 * denominator)
                 * ('1e' || (-digits)::text)::numeric, digits);
COMMENT ON FUNCTION osms.round_quotient(numeric, numeric, integer) IS
'numerator over denominator (above zero) to so many decimal digits, half away from zero, exactly
division and rounding are one step, where round(a / b, n) rounds twice';

CREATE AGGREGATE osms.product(numeric) (
    SFUNC = pg_catalog.numeric_mul,
    STYPE = numeric,
    COMBINEFUNC = pg_catalog.numeric_mul,
    INITCOND = '1',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osms.product(numeric) IS 'all numbers multiplied, exactly and in any order; 1 without rows, NULL is skipped';

CREATE FUNCTION osms.split_pool(total numeric, weights numeric[], digits integer DEFAULT 2) RETURNS numeric[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_split_pool';
COMMENT ON FUNCTION osms.split_pool(numeric, numeric[], integer) IS
'a total in proportion to weights, in units of so many decimal digits
each gets the whole units of its exact share, the units left over go to the largest remainders, earlier positions first; the
parts sum to the total. 22023 for a total with more digits, a weight that is missing, negative or infinite, or weights that sum
to zero';

CREATE FUNCTION osms_internal.plain(value numeric) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN trim_scale(value)::text;
COMMENT ON FUNCTION osms_internal.plain(numeric) IS 'a number without zeros at its end';

CREATE FUNCTION osms_internal.grouped(value numeric, digits integer DEFAULT 0) RETURNS text
    LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN coalesce(to_char(value, 'FM999,999,999,999,999,990' || CASE WHEN digits > 0 THEN '.' || repeat('0', digits) ELSE '' END), '');
COMMENT ON FUNCTION osms_internal.grouped(numeric, integer) IS 'a number with thousands apart, to so many decimal digits; NULL is empty';


--
-- pyramid: head counts by single year of age and sex
--
CREATE TYPE osms.pyramid;

CREATE FUNCTION osms_internal.pyramid_in(cstring) RETURNS osms.pyramid
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_in';
COMMENT ON FUNCTION osms_internal.pyramid_in(cstring) IS
    'input of osms.pyramid; 22P02 with the place of the fault, 22003 for a count beyond 64 bits';

CREATE FUNCTION osms_internal.pyramid_out(osms.pyramid) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_out';
COMMENT ON FUNCTION osms_internal.pyramid_out(osms.pyramid) IS 'output of osms.pyramid: populated ages, ascending';

CREATE FUNCTION osms_internal.pyramid_recv(internal) RETURNS osms.pyramid
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_recv';
COMMENT ON FUNCTION osms_internal.pyramid_recv(internal) IS
    'binary input of osms.pyramid; 22P03 for bytes that output would not have written';

CREATE FUNCTION osms_internal.pyramid_send(osms.pyramid) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_send';
COMMENT ON FUNCTION osms_internal.pyramid_send(osms.pyramid) IS
    'binary output of osms.pyramid: format, number of populated ages, then age, males and females of each';

CREATE TYPE osms.pyramid (
    INPUT = osms_internal.pyramid_in,
    OUTPUT = osms_internal.pyramid_out,
    RECEIVE = osms_internal.pyramid_recv,
    SEND = osms_internal.pyramid_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE osms.pyramid IS
    'head counts (persons, signed 64 bits, exact) by age in completed years, 0 to 127, and sex; reads {age:males/females,...}';

-- A change of the state in place is safe: inside an aggregate the first
-- argument is the aggregate's own state, everywhere else a copy is changed.
CREATE FUNCTION osms_internal.pyramid_accumulate(state osms.pyramid, birth_date date, sex osms.sex, as_of date)
    RETURNS osms.pyramid
    LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_accumulate';
COMMENT ON FUNCTION osms_internal.pyramid_accumulate(osms.pyramid, date, osms.sex, date) IS
    'transition of the aggregate pyramid: the state (NULL = empty) and one person more; errors as there';

CREATE FUNCTION osms_internal.pyramid_accumulate_days(state osms.pyramid, birth_date date, sex osms.sex, from_day date, to_day date,
                                                      age_day date)
    RETURNS osms.pyramid
    LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_accumulate_days';
COMMENT ON FUNCTION osms_internal.pyramid_accumulate_days(osms.pyramid, date, osms.sex, date, date, date) IS
    'transition of the aggregate pyramid_days: the days of one person more; NULL stands for the empty pyramid';

CREATE FUNCTION osms_internal.pyramid_counted(osms.pyramid) RETURNS osms.pyramid
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_counted';
COMMENT ON FUNCTION osms_internal.pyramid_counted(osms.pyramid) IS
    'final function of the aggregate pyramid: the state as it is stored; any other pyramid as it is';

CREATE FUNCTION osms_internal.pyramid_plus(osms.pyramid, osms.pyramid) RETURNS osms.pyramid
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_plus_pyramid';
COMMENT ON FUNCTION osms_internal.pyramid_plus(osms.pyramid, osms.pyramid) IS
    'both pyramids together, cell by cell; 22003 when a count leaves 64 bits. Behind the operator + and the aggregate sum';

CREATE FUNCTION osms_internal.pyramid_minus(osms.pyramid, osms.pyramid) RETURNS osms.pyramid
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_minus_pyramid';
COMMENT ON FUNCTION osms_internal.pyramid_minus(osms.pyramid, osms.pyramid) IS
'the first pyramid less the second, cell by cell
counts may be negative; 22003 when one leaves 64 bits. Behind the operator -';

CREATE FUNCTION osms_internal.pyramid_eq(osms.pyramid, osms.pyramid) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_eq';
COMMENT ON FUNCTION osms_internal.pyramid_eq(osms.pyramid, osms.pyramid) IS 'the same count in every cell; behind the operator =';

CREATE FUNCTION osms_internal.pyramid_ne(osms.pyramid, osms.pyramid) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_ne';
COMMENT ON FUNCTION osms_internal.pyramid_ne(osms.pyramid, osms.pyramid) IS 'another count in some cell; behind the operator <>';

CREATE FUNCTION osms_internal.pyramid_hash(osms.pyramid) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_hash';
COMMENT ON FUNCTION osms_internal.pyramid_hash(osms.pyramid) IS 'hash of a pyramid, for GROUP BY, DISTINCT and the comparison of rows';

CREATE FUNCTION osms_internal.pyramid_hash_extended(osms.pyramid, bigint) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_hash_extended';
COMMENT ON FUNCTION osms_internal.pyramid_hash_extended(osms.pyramid, bigint) IS 'hash of a pyramid in 64 bits, with a seed';

CREATE OPERATOR osms.+ (
    FUNCTION = osms_internal.pyramid_plus, LEFTARG = osms.pyramid, RIGHTARG = osms.pyramid,
    COMMUTATOR = OPERATOR(osms.+)
);
COMMENT ON OPERATOR osms.+ (osms.pyramid, osms.pyramid) IS 'both pyramids together';

CREATE OPERATOR osms.- (
    FUNCTION = osms_internal.pyramid_minus, LEFTARG = osms.pyramid, RIGHTARG = osms.pyramid
);
COMMENT ON OPERATOR osms.- (osms.pyramid, osms.pyramid) IS 'the first pyramid less the second';

CREATE OPERATOR osms.= (
    FUNCTION = osms_internal.pyramid_eq, LEFTARG = osms.pyramid, RIGHTARG = osms.pyramid,
    COMMUTATOR = OPERATOR(osms.=), NEGATOR = OPERATOR(osms.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES
);
COMMENT ON OPERATOR osms.= (osms.pyramid, osms.pyramid) IS 'the same count in every cell';

CREATE OPERATOR osms.<> (
    FUNCTION = osms_internal.pyramid_ne, LEFTARG = osms.pyramid, RIGHTARG = osms.pyramid,
    COMMUTATOR = OPERATOR(osms.<>), NEGATOR = OPERATOR(osms.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR osms.<> (osms.pyramid, osms.pyramid) IS 'another count in some cell';

CREATE OPERATOR CLASS osms.pyramid_hash_ops DEFAULT FOR TYPE osms.pyramid USING hash AS
    OPERATOR 1 osms.= (osms.pyramid, osms.pyramid),
    FUNCTION 1 osms_internal.pyramid_hash(osms.pyramid),
    FUNCTION 2 osms_internal.pyramid_hash_extended(osms.pyramid, bigint);
COMMENT ON OPERATOR CLASS osms.pyramid_hash_ops USING hash IS 'equality of pyramids';
COMMENT ON OPERATOR FAMILY osms.pyramid_hash_ops USING hash IS 'equality of pyramids';

CREATE AGGREGATE osms.pyramid(birth_date date, sex osms.sex, as_of date) (
    SFUNC = osms_internal.pyramid_accumulate,
    STYPE = osms.pyramid,
    SSPACE = 776,
    FINALFUNC = osms_internal.pyramid_counted,
    COMBINEFUNC = osms_internal.pyramid_plus,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osms.pyramid(date, osms.sex, date) IS
'persons by age in completed years on the day as_of (29 February counts from 1 March) and sex
empty without rows. 22023 for a missing, infinite or future birth date, a missing sex, an age over 127, a missing or infinite day';

CREATE AGGREGATE osms_internal.pyramid_days(birth_date date, sex osms.sex, from_day date, to_day date, age_day date) (
    SFUNC = osms_internal.pyramid_accumulate_days,
    STYPE = osms.pyramid,
    SSPACE = 2056,
    COMBINEFUNC = osms_internal.pyramid_plus,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osms_internal.pyramid_days(date, osms.sex, date, date, date) IS
'days of persons, each from its from_day up to, not with, its to_day, by sex and age on the day or, where age_day is not NULL, on
age_day
days before the birth or over an age of 127 count nobody. 22023 for a missing or infinite birth date, a missing sex, a missing
or infinite from_day or to_day; 22003 when a count leaves 64 bits';

CREATE AGGREGATE osms.sum(osms.pyramid) (
    SFUNC = osms_internal.pyramid_plus,
    STYPE = osms.pyramid,
    SSPACE = 2056,
    COMBINEFUNC = osms_internal.pyramid_plus,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osms.sum(osms.pyramid) IS
    'all pyramids together; empty without rows, NULL is skipped; 22003 when a count leaves 64 bits';

CREATE FUNCTION osms.heads(pyramid osms.pyramid, from_age integer DEFAULT NULL, to_age integer DEFAULT NULL,
                           sex osms.sex DEFAULT NULL)
    RETURNS bigint
    LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_heads_between';
COMMENT ON FUNCTION osms.heads(osms.pyramid, integer, integer, osms.sex) IS
'persons with from_age <= age < to_age (years; NULL leaves the end open) of one sex (NULL = both)
22023 when to_age is below from_age';

CREATE FUNCTION osms.cells(pyramid osms.pyramid)
    RETURNS TABLE (age integer, sex osms.sex, heads bigint)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 200
    AS 'MODULE_PATHNAME', 'osms_pyramid_cells';
COMMENT ON FUNCTION osms.cells(osms.pyramid) IS
    'a row for every populated age (years) and sex, with its heads (persons), in order';

CREATE FUNCTION osms.draw(pyramid osms.pyramid) RETURNS SETOF text
    LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 22
    AS 'MODULE_PATHNAME', 'osms_pyramid_draw';
COMMENT ON FUNCTION osms.draw(osms.pyramid) IS
'the pyramid as lines of text of at most 78 columns, in bands of five years, males left, females right, with totals
stable because bars depend on the encoding of the database';

CREATE FUNCTION osms.svg(pyramid osms.pyramid) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_pyramid_svg';
COMMENT ON FUNCTION osms.svg(osms.pyramid) IS
'the pyramid as one SVG element for a page or a file of its own
single years of age from 0 to 99, 100 and over together, males left, females right; needs no script and nothing from outside,
suits light and dark ground, the same text for the same pyramid';

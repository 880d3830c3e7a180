
--
-- iin: individual identification number
--
CREATE TYPE osms.iin;

CREATE FUNCTION osms.iin_in(cstring) RETURNS osms.iin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_in';
CREATE FUNCTION osms.iin_out(osms.iin) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_out';
CREATE FUNCTION osms.iin_recv(internal) RETURNS osms.iin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_recv';
CREATE FUNCTION osms.iin_send(osms.iin) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_send';
COMMENT ON FUNCTION osms.iin_in(cstring) IS
    'input of iin: twelve ASCII digits without a fault, or with "!" after them an attested number; 22P02 names the fault and its position';
COMMENT ON FUNCTION osms.iin_out(osms.iin) IS 'output of iin: twelve digits, and "!" where the number has a fault';
COMMENT ON FUNCTION osms.iin_recv(internal) IS
    'binary input of iin: the number as int8, negative when attested; 22P02 and 22003 as input';
COMMENT ON FUNCTION osms.iin_send(osms.iin) IS 'binary output of iin: the number as int8, negative where it has a fault';

CREATE TYPE osms.iin (
    INPUT = osms.iin_in,
    OUTPUT = osms.iin_out,
    RECEIVE = osms.iin_recv,
    SEND = osms.iin_send,
    LIKE = pg_catalog.int8
);
COMMENT ON TYPE osms.iin IS
    'individual identification number of a person: twelve digits with a real calendar date and the right check digit; 8 bytes by value; no type modifier. Source: Law 223-III of 2007 on national identification numbers';

CREATE FUNCTION osms.iin_fault(text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_fault';
COMMENT ON FUNCTION osms.iin_fault(text) IS
    'first fault of an IIN written as text, NULL when valid: length, character, zero, century, month, day, unissuable, check_digit';

CREATE FUNCTION osms.birth_date(osms.iin) RETURNS date
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_birth_date';
CREATE FUNCTION osms.sex(osms.iin) RETURNS osms.sex
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_sex';
CREATE FUNCTION osms.mask(osms.iin) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_mask';
CREATE FUNCTION osms.make_iin(birth_date date, sex osms.sex, serial integer) RETURNS osms.iin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'make_iin';
CREATE FUNCTION osms.clean_number(text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clean_number';
COMMENT ON FUNCTION osms.birth_date(osms.iin) IS
    'birth date the number names; nominal, since 2013 it need not be the person''s; NULL where the century is not coded or there is no such day';
COMMENT ON FUNCTION osms.sex(osms.iin) IS
    'sex the number names; nominal; NULL where it is not coded';
COMMENT ON FUNCTION osms.mask(osms.iin) IS 'the number with all but its last four digits hidden';
COMMENT ON FUNCTION osms.make_iin(date, osms.sex, integer) IS
    'IIN for tests from a birth date (1800 to 2099), sex and serial number (0 to 9999); NULL where no check digit exists; 22023 for what cannot be coded';
COMMENT ON FUNCTION osms.clean_number(text) IS
    'repair of a number as people write it: spaces, dashes and other separators dropped, full-width digits in ASCII, all else kept; input never does this by itself';

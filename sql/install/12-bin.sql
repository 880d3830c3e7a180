
--
-- bin: business identification number
--
CREATE TYPE osms.bin;

CREATE FUNCTION osms.bin_in(cstring) RETURNS osms.bin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_in';
CREATE FUNCTION osms.bin_out(osms.bin) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_out';
CREATE FUNCTION osms.bin_recv(internal) RETURNS osms.bin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_recv';
CREATE FUNCTION osms.bin_send(osms.bin) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_send';
COMMENT ON FUNCTION osms.bin_in(cstring) IS
    'input of bin: twelve ASCII digits without a fault, or with "!" after them an attested number; 22P02 names the fault and its position';
COMMENT ON FUNCTION osms.bin_out(osms.bin) IS 'output of bin: twelve digits, and "!" where the number has a fault';
COMMENT ON FUNCTION osms.bin_recv(internal) IS
    'binary input of bin: the number as int8, negative when attested; 22P02 and 22003 as input';
COMMENT ON FUNCTION osms.bin_send(osms.bin) IS 'binary output of bin: the number as int8, negative where it has a fault';

CREATE TYPE osms.bin (
    INPUT = osms.bin_in,
    OUTPUT = osms.bin_out,
    RECEIVE = osms.bin_recv,
    SEND = osms.bin_send,
    LIKE = pg_catalog.int8
);
COMMENT ON TYPE osms.bin IS
    'business identification number of an organisation: twelve digits with valid parts and the right check digit; 8 bytes by value; no type modifier. Source: Law 223-III of 2007 on national identification numbers';

CREATE FUNCTION osms.bin_fault(text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_fault';
COMMENT ON FUNCTION osms.bin_fault(text) IS
    'first fault of a BIN written as text, NULL when valid: length, character, zero, month, legal_form, division, unissuable, check_digit';

CREATE FUNCTION osms.registered_month(osms.bin) RETURNS date
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_registered_month';
CREATE FUNCTION osms.legal_form(osms.bin) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_legal_form';
CREATE FUNCTION osms.division(osms.bin) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_division';
COMMENT ON FUNCTION osms.registered_month(osms.bin) IS
    'first day of the month of registration the number names, the years 90 to 99 in the last century; NULL where it names none';
COMMENT ON FUNCTION osms.legal_form(osms.bin) IS
    'resident legal entity, non-resident legal entity or joint individual enterprise, this with its Cyrillic abbreviation where the database''s encoding has it; NULL where the number names none';
COMMENT ON FUNCTION osms.division(osms.bin) IS
    'head unit, branch, representation or peasant farm; NULL where the number names none';

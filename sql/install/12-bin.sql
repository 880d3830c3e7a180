
--
-- bin: business identification number
--
CREATE TYPE osms.bin;

CREATE FUNCTION osms_internal.bin_in(cstring) RETURNS osms.bin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_in';
CREATE FUNCTION osms_internal.bin_out(osms.bin) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_out';
CREATE FUNCTION osms_internal.bin_recv(internal) RETURNS osms.bin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_recv';
CREATE FUNCTION osms_internal.bin_send(osms.bin) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_send';
COMMENT ON FUNCTION osms_internal.bin_in(cstring) IS
'input of bin: twelve ASCII digits without a fault, or with "!" after them an attested number
22P02 names the fault and its position';
COMMENT ON FUNCTION osms_internal.bin_out(osms.bin) IS 'output of bin: twelve digits, and "!" where the number has a fault';
COMMENT ON FUNCTION osms_internal.bin_recv(internal) IS
    'binary input of bin: the number as int8, negative when attested; 22P02 and 22003 as input';
COMMENT ON FUNCTION osms_internal.bin_send(osms.bin) IS 'binary output of bin: the number as int8, negative where it has a fault';

CREATE TYPE osms.bin (
    INPUT = osms_internal.bin_in,
    OUTPUT = osms_internal.bin_out,
    RECEIVE = osms_internal.bin_recv,
    SEND = osms_internal.bin_send,
    LIKE = pg_catalog.int8
);
COMMENT ON TYPE osms.bin IS
'business identification number of an organisation: twelve digits with valid parts and the right check digit
8 bytes by value; no type modifier. Source: Law 223-III of 2007 on national identification numbers';

CREATE FUNCTION osms.bin_fault(text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_fault';
COMMENT ON FUNCTION osms.bin_fault(text) IS
'first fault of a BIN written as text, NULL when valid
length, character, zero, month, legal_form, division, unissuable, check_digit';

CREATE FUNCTION osms.registered_month(osms.bin) RETURNS date
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_registered_month';
CREATE FUNCTION osms.legal_form(osms.bin) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_legal_form';
CREATE FUNCTION osms.division(osms.bin) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_division';
COMMENT ON FUNCTION osms.registered_month(osms.bin) IS
'first day of the month of registration the number names, the years 90 to 99 in the last century
NULL where it names none';
COMMENT ON FUNCTION osms.legal_form(osms.bin) IS
'resident legal entity, non-resident legal entity or joint individual enterprise, this with its Cyrillic abbreviation where the
database''s encoding has it
NULL where the number names none';
COMMENT ON FUNCTION osms.division(osms.bin) IS
    'head unit, branch, representation or peasant farm; NULL where the number names none';

-- comparison is int8's own: it cannot fail, so it is leakproof
CREATE FUNCTION osms_internal.bin_eq(osms.bin, osms.bin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8eq';
CREATE FUNCTION osms_internal.bin_ne(osms.bin, osms.bin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ne';
CREATE FUNCTION osms_internal.bin_lt(osms.bin, osms.bin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8lt';
CREATE FUNCTION osms_internal.bin_le(osms.bin, osms.bin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8le';
CREATE FUNCTION osms_internal.bin_gt(osms.bin, osms.bin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8gt';
CREATE FUNCTION osms_internal.bin_ge(osms.bin, osms.bin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ge';
CREATE FUNCTION osms_internal.bin_cmp(osms.bin, osms.bin) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btint8cmp';
CREATE FUNCTION osms_internal.bin_sortsupport(internal) RETURNS void
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'btint8sortsupport';
CREATE FUNCTION osms_internal.bin_hash(osms.bin) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashint8';
CREATE FUNCTION osms_internal.bin_hash_extended(osms.bin, bigint) RETURNS bigint
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashint8extended';
COMMENT ON FUNCTION osms_internal.bin_eq(osms.bin, osms.bin) IS 'implementation of the = operator';
COMMENT ON FUNCTION osms_internal.bin_ne(osms.bin, osms.bin) IS 'implementation of the <> operator';
COMMENT ON FUNCTION osms_internal.bin_lt(osms.bin, osms.bin) IS 'implementation of the < operator';
COMMENT ON FUNCTION osms_internal.bin_le(osms.bin, osms.bin) IS 'implementation of the <= operator';
COMMENT ON FUNCTION osms_internal.bin_gt(osms.bin, osms.bin) IS 'implementation of the > operator';
COMMENT ON FUNCTION osms_internal.bin_ge(osms.bin, osms.bin) IS 'implementation of the >= operator';
COMMENT ON FUNCTION osms_internal.bin_cmp(osms.bin, osms.bin) IS 'less-equal-greater comparison for btree';
COMMENT ON FUNCTION osms_internal.bin_sortsupport(internal) IS 'fast sorting for btree';
COMMENT ON FUNCTION osms_internal.bin_hash(osms.bin) IS 'hash; fixed for ever, partitions and shards rely on it';
COMMENT ON FUNCTION osms_internal.bin_hash_extended(osms.bin, bigint) IS
    'hash with a seed; fixed for ever, partitions and shards rely on it';

CREATE OPERATOR osms.= (
    LEFTARG = osms.bin, RIGHTARG = osms.bin, FUNCTION = osms_internal.bin_eq,
    COMMUTATOR = OPERATOR(osms.=), NEGATOR = OPERATOR(osms.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR osms.<> (
    LEFTARG = osms.bin, RIGHTARG = osms.bin, FUNCTION = osms_internal.bin_ne,
    COMMUTATOR = OPERATOR(osms.<>), NEGATOR = OPERATOR(osms.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR osms.< (
    LEFTARG = osms.bin, RIGHTARG = osms.bin, FUNCTION = osms_internal.bin_lt,
    COMMUTATOR = OPERATOR(osms.>), NEGATOR = OPERATOR(osms.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR osms.<= (
    LEFTARG = osms.bin, RIGHTARG = osms.bin, FUNCTION = osms_internal.bin_le,
    COMMUTATOR = OPERATOR(osms.>=), NEGATOR = OPERATOR(osms.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR osms.> (
    LEFTARG = osms.bin, RIGHTARG = osms.bin, FUNCTION = osms_internal.bin_gt,
    COMMUTATOR = OPERATOR(osms.<), NEGATOR = OPERATOR(osms.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR osms.>= (
    LEFTARG = osms.bin, RIGHTARG = osms.bin, FUNCTION = osms_internal.bin_ge,
    COMMUTATOR = OPERATOR(osms.<=), NEGATOR = OPERATOR(osms.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR osms.= (osms.bin, osms.bin) IS 'equal';
COMMENT ON OPERATOR osms.<> (osms.bin, osms.bin) IS 'not equal';
COMMENT ON OPERATOR osms.< (osms.bin, osms.bin) IS 'less than';
COMMENT ON OPERATOR osms.<= (osms.bin, osms.bin) IS 'less than or equal';
COMMENT ON OPERATOR osms.> (osms.bin, osms.bin) IS 'greater than';
COMMENT ON OPERATOR osms.>= (osms.bin, osms.bin) IS 'greater than or equal';

CREATE OPERATOR CLASS osms.bin_ops DEFAULT FOR TYPE osms.bin USING btree AS
    OPERATOR 1 osms.<,
    OPERATOR 2 osms.<=,
    OPERATOR 3 osms.=,
    OPERATOR 4 osms.>=,
    OPERATOR 5 osms.>,
    FUNCTION 1 osms_internal.bin_cmp(osms.bin, osms.bin),
    FUNCTION 2 osms_internal.bin_sortsupport(internal),
    FUNCTION 4 pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS osms.bin_ops DEFAULT FOR TYPE osms.bin USING hash AS
    OPERATOR 1 osms.=,
    FUNCTION 1 osms_internal.bin_hash(osms.bin),
    FUNCTION 2 osms_internal.bin_hash_extended(osms.bin, bigint);
CREATE OPERATOR CLASS osms.bin_minmax_ops DEFAULT FOR TYPE osms.bin USING brin AS
    OPERATOR 1 osms.<,
    OPERATOR 2 osms.<=,
    OPERATOR 3 osms.=,
    OPERATOR 4 osms.>=,
    OPERATOR 5 osms.>,
    FUNCTION 1 pg_catalog.brin_minmax_opcinfo(internal),
    FUNCTION 2 pg_catalog.brin_minmax_add_value(internal, internal, internal, internal),
    FUNCTION 3 pg_catalog.brin_minmax_consistent(internal, internal, internal),
    FUNCTION 4 pg_catalog.brin_minmax_union(internal, internal, internal);
COMMENT ON OPERATOR CLASS osms.bin_ops USING btree IS 'order of bin: that of its digits';
COMMENT ON OPERATOR CLASS osms.bin_ops USING hash IS 'hash of bin, fixed for ever';
COMMENT ON OPERATOR CLASS osms.bin_minmax_ops USING brin IS 'smallest and largest bin of a block range';
COMMENT ON OPERATOR FAMILY osms.bin_ops USING btree IS 'order of bin: that of its digits';
COMMENT ON OPERATOR FAMILY osms.bin_ops USING hash IS 'hash of bin, fixed for ever';
COMMENT ON OPERATOR FAMILY osms.bin_minmax_ops USING brin IS 'smallest and largest bin of a block range';

CREATE FUNCTION osms_internal.bin_smaller(osms.bin, osms.bin) RETURNS osms.bin
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8smaller';
CREATE FUNCTION osms_internal.bin_larger(osms.bin, osms.bin) RETURNS osms.bin
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8larger';
COMMENT ON FUNCTION osms_internal.bin_smaller(osms.bin, osms.bin) IS 'the smaller of two';
COMMENT ON FUNCTION osms_internal.bin_larger(osms.bin, osms.bin) IS 'the larger of two';

CREATE AGGREGATE osms.min(osms.bin) (
    SFUNC = osms_internal.bin_smaller, STYPE = osms.bin, COMBINEFUNC = osms_internal.bin_smaller,
    SORTOP = OPERATOR(osms.<), PARALLEL = SAFE
);
CREATE AGGREGATE osms.max(osms.bin) (
    SFUNC = osms_internal.bin_larger, STYPE = osms.bin, COMBINEFUNC = osms_internal.bin_larger,
    SORTOP = OPERATOR(osms.>), PARALLEL = SAFE
);
COMMENT ON AGGREGATE osms.min(osms.bin) IS 'smallest of all values';
COMMENT ON AGGREGATE osms.max(osms.bin) IS 'largest of all values';

CREATE FUNCTION osms.bin(bigint) RETURNS osms.bin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_from_bigint';
CREATE FUNCTION osms.bin_attested(bigint) RETURNS osms.bin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bin_attested';
COMMENT ON FUNCTION osms.bin(bigint) IS
    'bin from a number, its leading zeros implied; 22P02 names the fault and its position, 22003 outside 0 to 999999999999';
COMMENT ON FUNCTION osms.bin_attested(bigint) IS
    'bin from a number an official document confirms in spite of a fault; zero is 22P02, 22003 outside 0 to 999999999999';

CREATE CAST (osms.bin AS text) WITH INOUT AS ASSIGNMENT;
CREATE CAST (text AS osms.bin) WITH INOUT AS ASSIGNMENT;
CREATE CAST (pg_catalog.varchar AS osms.bin) WITH INOUT AS ASSIGNMENT;
CREATE CAST (pg_catalog.bpchar AS osms.bin) WITH INOUT AS ASSIGNMENT;
CREATE CAST (osms.bin AS bigint) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (bigint AS osms.bin) WITH FUNCTION osms.bin(bigint) AS ASSIGNMENT;
COMMENT ON CAST (osms.bin AS text) IS 'as output: "!" follows a number with a fault';
COMMENT ON CAST (text AS osms.bin) IS 'as input';
COMMENT ON CAST (pg_catalog.varchar AS osms.bin) IS 'as input';
COMMENT ON CAST (pg_catalog.bpchar AS osms.bin) IS 'as input';
COMMENT ON CAST (osms.bin AS bigint) IS 'the number itself, without leading zeros';
COMMENT ON CAST (bigint AS osms.bin) IS 'through the same gate as input; for attested numbers use osms.bin_attested';


--
-- iin: individual identification number
--
CREATE TYPE osms.iin;

CREATE FUNCTION osms_internal.iin_in(cstring) RETURNS osms.iin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_in';
CREATE FUNCTION osms_internal.iin_out(osms.iin) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_out';
CREATE FUNCTION osms_internal.iin_recv(internal) RETURNS osms.iin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_recv';
CREATE FUNCTION osms_internal.iin_send(osms.iin) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_send';
COMMENT ON FUNCTION osms_internal.iin_in(cstring) IS
'input of iin: twelve ASCII digits without a fault, or with "!" after them an attested number
22P02 names the fault and its position';
COMMENT ON FUNCTION osms_internal.iin_out(osms.iin) IS 'output of iin: twelve digits, and "!" where the number has a fault';
COMMENT ON FUNCTION osms_internal.iin_recv(internal) IS
    'binary input of iin: the number as int8, negative when attested; 22P02 and 22003 as input';
COMMENT ON FUNCTION osms_internal.iin_send(osms.iin) IS 'binary output of iin: the number as int8, negative where it has a fault';

CREATE TYPE osms.iin (
    INPUT = osms_internal.iin_in,
    OUTPUT = osms_internal.iin_out,
    RECEIVE = osms_internal.iin_recv,
    SEND = osms_internal.iin_send,
    LIKE = pg_catalog.int8
);
COMMENT ON TYPE osms.iin IS
'individual identification number of a person: twelve digits with a real calendar date and the right check digit
8 bytes by value; no type modifier. Source: Law 223-III of 2007 on national identification numbers';

CREATE FUNCTION osms.iin_fault(text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_fault';
COMMENT ON FUNCTION osms.iin_fault(text) IS
'first fault of an IIN written as text, NULL when valid
length, character, zero, century, month, day, unissuable, check_digit';

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
'birth date the number names
nominal, since 2013 it need not be the person''s; NULL where the century is not coded or there is no such day';
COMMENT ON FUNCTION osms.sex(osms.iin) IS
    'sex the number names; nominal; NULL where it is not coded';
COMMENT ON FUNCTION osms.mask(osms.iin) IS 'the number with all but its last four digits hidden';
COMMENT ON FUNCTION osms.make_iin(date, osms.sex, integer) IS
'IIN for tests from a birth date (1800 to 2099), sex and serial number (0 to 9999)
NULL where no check digit exists; 22023 for what cannot be coded';
COMMENT ON FUNCTION osms.clean_number(text) IS
'repair of a number as people write it
spaces, dashes and other separators dropped, full-width digits in ASCII, all else kept; input never does this by itself';

-- comparison is int8's own: it cannot fail, so it is leakproof
CREATE FUNCTION osms_internal.iin_eq(osms.iin, osms.iin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8eq';
CREATE FUNCTION osms_internal.iin_ne(osms.iin, osms.iin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ne';
CREATE FUNCTION osms_internal.iin_lt(osms.iin, osms.iin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8lt';
CREATE FUNCTION osms_internal.iin_le(osms.iin, osms.iin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8le';
CREATE FUNCTION osms_internal.iin_gt(osms.iin, osms.iin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8gt';
CREATE FUNCTION osms_internal.iin_ge(osms.iin, osms.iin) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ge';
CREATE FUNCTION osms_internal.iin_cmp(osms.iin, osms.iin) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btint8cmp';
CREATE FUNCTION osms_internal.iin_sortsupport(internal) RETURNS void
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'btint8sortsupport';
CREATE FUNCTION osms_internal.iin_hash(osms.iin) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashint8';
CREATE FUNCTION osms_internal.iin_hash_extended(osms.iin, bigint) RETURNS bigint
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashint8extended';
COMMENT ON FUNCTION osms_internal.iin_eq(osms.iin, osms.iin) IS 'implementation of the = operator';
COMMENT ON FUNCTION osms_internal.iin_ne(osms.iin, osms.iin) IS 'implementation of the <> operator';
COMMENT ON FUNCTION osms_internal.iin_lt(osms.iin, osms.iin) IS 'implementation of the < operator';
COMMENT ON FUNCTION osms_internal.iin_le(osms.iin, osms.iin) IS 'implementation of the <= operator';
COMMENT ON FUNCTION osms_internal.iin_gt(osms.iin, osms.iin) IS 'implementation of the > operator';
COMMENT ON FUNCTION osms_internal.iin_ge(osms.iin, osms.iin) IS 'implementation of the >= operator';
COMMENT ON FUNCTION osms_internal.iin_cmp(osms.iin, osms.iin) IS 'less-equal-greater comparison for btree';
COMMENT ON FUNCTION osms_internal.iin_sortsupport(internal) IS 'fast sorting for btree';
COMMENT ON FUNCTION osms_internal.iin_hash(osms.iin) IS 'hash; fixed for ever, partitions and shards rely on it';
COMMENT ON FUNCTION osms_internal.iin_hash_extended(osms.iin, bigint) IS
    'hash with a seed; fixed for ever, partitions and shards rely on it';

CREATE OPERATOR osms.= (
    LEFTARG = osms.iin, RIGHTARG = osms.iin, FUNCTION = osms_internal.iin_eq,
    COMMUTATOR = OPERATOR(osms.=), NEGATOR = OPERATOR(osms.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR osms.<> (
    LEFTARG = osms.iin, RIGHTARG = osms.iin, FUNCTION = osms_internal.iin_ne,
    COMMUTATOR = OPERATOR(osms.<>), NEGATOR = OPERATOR(osms.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR osms.< (
    LEFTARG = osms.iin, RIGHTARG = osms.iin, FUNCTION = osms_internal.iin_lt,
    COMMUTATOR = OPERATOR(osms.>), NEGATOR = OPERATOR(osms.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR osms.<= (
    LEFTARG = osms.iin, RIGHTARG = osms.iin, FUNCTION = osms_internal.iin_le,
    COMMUTATOR = OPERATOR(osms.>=), NEGATOR = OPERATOR(osms.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR osms.> (
    LEFTARG = osms.iin, RIGHTARG = osms.iin, FUNCTION = osms_internal.iin_gt,
    COMMUTATOR = OPERATOR(osms.<), NEGATOR = OPERATOR(osms.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR osms.>= (
    LEFTARG = osms.iin, RIGHTARG = osms.iin, FUNCTION = osms_internal.iin_ge,
    COMMUTATOR = OPERATOR(osms.<=), NEGATOR = OPERATOR(osms.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR osms.= (osms.iin, osms.iin) IS 'equal';
COMMENT ON OPERATOR osms.<> (osms.iin, osms.iin) IS 'not equal';
COMMENT ON OPERATOR osms.< (osms.iin, osms.iin) IS 'less than';
COMMENT ON OPERATOR osms.<= (osms.iin, osms.iin) IS 'less than or equal';
COMMENT ON OPERATOR osms.> (osms.iin, osms.iin) IS 'greater than';
COMMENT ON OPERATOR osms.>= (osms.iin, osms.iin) IS 'greater than or equal';

CREATE OPERATOR CLASS osms.iin_ops DEFAULT FOR TYPE osms.iin USING btree AS
    OPERATOR 1 osms.<,
    OPERATOR 2 osms.<=,
    OPERATOR 3 osms.=,
    OPERATOR 4 osms.>=,
    OPERATOR 5 osms.>,
    FUNCTION 1 osms_internal.iin_cmp(osms.iin, osms.iin),
    FUNCTION 2 osms_internal.iin_sortsupport(internal),
    FUNCTION 4 pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS osms.iin_ops DEFAULT FOR TYPE osms.iin USING hash AS
    OPERATOR 1 osms.=,
    FUNCTION 1 osms_internal.iin_hash(osms.iin),
    FUNCTION 2 osms_internal.iin_hash_extended(osms.iin, bigint);
CREATE OPERATOR CLASS osms.iin_minmax_ops DEFAULT FOR TYPE osms.iin USING brin AS
    OPERATOR 1 osms.<,
    OPERATOR 2 osms.<=,
    OPERATOR 3 osms.=,
    OPERATOR 4 osms.>=,
    OPERATOR 5 osms.>,
    FUNCTION 1 pg_catalog.brin_minmax_opcinfo(internal),
    FUNCTION 2 pg_catalog.brin_minmax_add_value(internal, internal, internal, internal),
    FUNCTION 3 pg_catalog.brin_minmax_consistent(internal, internal, internal),
    FUNCTION 4 pg_catalog.brin_minmax_union(internal, internal, internal);
COMMENT ON OPERATOR CLASS osms.iin_ops USING btree IS 'order of iin: that of its digits';
COMMENT ON OPERATOR CLASS osms.iin_ops USING hash IS 'hash of iin, fixed for ever';
COMMENT ON OPERATOR CLASS osms.iin_minmax_ops USING brin IS 'smallest and largest iin of a block range';
COMMENT ON OPERATOR FAMILY osms.iin_ops USING btree IS 'order of iin: that of its digits';
COMMENT ON OPERATOR FAMILY osms.iin_ops USING hash IS 'hash of iin, fixed for ever';
COMMENT ON OPERATOR FAMILY osms.iin_minmax_ops USING brin IS 'smallest and largest iin of a block range';

CREATE FUNCTION osms_internal.iin_smaller(osms.iin, osms.iin) RETURNS osms.iin
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8smaller';
CREATE FUNCTION osms_internal.iin_larger(osms.iin, osms.iin) RETURNS osms.iin
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8larger';
COMMENT ON FUNCTION osms_internal.iin_smaller(osms.iin, osms.iin) IS 'the smaller of two';
COMMENT ON FUNCTION osms_internal.iin_larger(osms.iin, osms.iin) IS 'the larger of two';

CREATE AGGREGATE osms.min(osms.iin) (
    SFUNC = osms_internal.iin_smaller, STYPE = osms.iin, COMBINEFUNC = osms_internal.iin_smaller,
    SORTOP = OPERATOR(osms.<), PARALLEL = SAFE
);
CREATE AGGREGATE osms.max(osms.iin) (
    SFUNC = osms_internal.iin_larger, STYPE = osms.iin, COMBINEFUNC = osms_internal.iin_larger,
    SORTOP = OPERATOR(osms.>), PARALLEL = SAFE
);
COMMENT ON AGGREGATE osms.min(osms.iin) IS 'smallest of all values';
COMMENT ON AGGREGATE osms.max(osms.iin) IS 'largest of all values';

CREATE FUNCTION osms.iin(bigint) RETURNS osms.iin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_from_bigint';
CREATE FUNCTION osms.iin_attested(bigint) RETURNS osms.iin
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'iin_attested';
COMMENT ON FUNCTION osms.iin(bigint) IS
    'iin from a number, its leading zeros implied; 22P02 names the fault and its position, 22003 outside 0 to 999999999999';
COMMENT ON FUNCTION osms.iin_attested(bigint) IS
    'iin from a number an official document confirms in spite of a fault; zero is 22P02, 22003 outside 0 to 999999999999';

CREATE CAST (osms.iin AS text) WITH INOUT AS ASSIGNMENT;
CREATE CAST (text AS osms.iin) WITH INOUT AS ASSIGNMENT;
CREATE CAST (pg_catalog.varchar AS osms.iin) WITH INOUT AS ASSIGNMENT;
CREATE CAST (pg_catalog.bpchar AS osms.iin) WITH INOUT AS ASSIGNMENT;
CREATE CAST (osms.iin AS bigint) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (bigint AS osms.iin) WITH FUNCTION osms.iin(bigint) AS ASSIGNMENT;
COMMENT ON CAST (osms.iin AS text) IS 'as output: "!" follows a number with a fault';
COMMENT ON CAST (text AS osms.iin) IS 'as input';
COMMENT ON CAST (pg_catalog.varchar AS osms.iin) IS 'as input';
COMMENT ON CAST (pg_catalog.bpchar AS osms.iin) IS 'as input';
COMMENT ON CAST (osms.iin AS bigint) IS 'the number itself, without leading zeros';
COMMENT ON CAST (bigint AS osms.iin) IS 'through the same gate as input; for attested numbers use osms.iin_attested';

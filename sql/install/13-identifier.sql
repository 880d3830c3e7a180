
--
-- identifier: what iin and bin have in common: comparison, operator classes,
-- aggregates and casts, made for both from one text; NUMBER_TYPE stands for
-- the type's name.
--
DO $do$
DECLARE
    number_type pg_catalog.text;
BEGIN
    FOREACH number_type IN ARRAY ARRAY['iin', 'bin']::pg_catalog.text[] LOOP
        EXECUTE pg_catalog.replace($sql$

-- comparison is int8's own: it cannot fail, so it is leakproof
CREATE FUNCTION osms.NUMBER_TYPE_eq(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8eq';
CREATE FUNCTION osms.NUMBER_TYPE_ne(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ne';
CREATE FUNCTION osms.NUMBER_TYPE_lt(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8lt';
CREATE FUNCTION osms.NUMBER_TYPE_le(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8le';
CREATE FUNCTION osms.NUMBER_TYPE_gt(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8gt';
CREATE FUNCTION osms.NUMBER_TYPE_ge(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ge';
CREATE FUNCTION osms.NUMBER_TYPE_cmp(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btint8cmp';
CREATE FUNCTION osms.NUMBER_TYPE_sortsupport(internal) RETURNS void
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'btint8sortsupport';
CREATE FUNCTION osms.NUMBER_TYPE_hash(osms.NUMBER_TYPE) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashint8';
CREATE FUNCTION osms.NUMBER_TYPE_hash_extended(osms.NUMBER_TYPE, bigint) RETURNS bigint
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashint8extended';
COMMENT ON FUNCTION osms.NUMBER_TYPE_eq(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'implementation of the = operator';
COMMENT ON FUNCTION osms.NUMBER_TYPE_ne(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'implementation of the <> operator';
COMMENT ON FUNCTION osms.NUMBER_TYPE_lt(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'implementation of the < operator';
COMMENT ON FUNCTION osms.NUMBER_TYPE_le(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'implementation of the <= operator';
COMMENT ON FUNCTION osms.NUMBER_TYPE_gt(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'implementation of the > operator';
COMMENT ON FUNCTION osms.NUMBER_TYPE_ge(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'implementation of the >= operator';
COMMENT ON FUNCTION osms.NUMBER_TYPE_cmp(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'less-equal-greater comparison for btree';
COMMENT ON FUNCTION osms.NUMBER_TYPE_sortsupport(internal) IS 'fast sorting for btree';
COMMENT ON FUNCTION osms.NUMBER_TYPE_hash(osms.NUMBER_TYPE) IS 'hash; fixed for ever, partitions and shards rely on it';
COMMENT ON FUNCTION osms.NUMBER_TYPE_hash_extended(osms.NUMBER_TYPE, bigint) IS 'hash with a seed; fixed for ever, partitions and shards rely on it';

CREATE OPERATOR osms.= (
    LEFTARG = osms.NUMBER_TYPE, RIGHTARG = osms.NUMBER_TYPE, FUNCTION = osms.NUMBER_TYPE_eq,
    COMMUTATOR = OPERATOR(osms.=), NEGATOR = OPERATOR(osms.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR osms.<> (
    LEFTARG = osms.NUMBER_TYPE, RIGHTARG = osms.NUMBER_TYPE, FUNCTION = osms.NUMBER_TYPE_ne,
    COMMUTATOR = OPERATOR(osms.<>), NEGATOR = OPERATOR(osms.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR osms.< (
    LEFTARG = osms.NUMBER_TYPE, RIGHTARG = osms.NUMBER_TYPE, FUNCTION = osms.NUMBER_TYPE_lt,
    COMMUTATOR = OPERATOR(osms.>), NEGATOR = OPERATOR(osms.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR osms.<= (
    LEFTARG = osms.NUMBER_TYPE, RIGHTARG = osms.NUMBER_TYPE, FUNCTION = osms.NUMBER_TYPE_le,
    COMMUTATOR = OPERATOR(osms.>=), NEGATOR = OPERATOR(osms.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR osms.> (
    LEFTARG = osms.NUMBER_TYPE, RIGHTARG = osms.NUMBER_TYPE, FUNCTION = osms.NUMBER_TYPE_gt,
    COMMUTATOR = OPERATOR(osms.<), NEGATOR = OPERATOR(osms.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR osms.>= (
    LEFTARG = osms.NUMBER_TYPE, RIGHTARG = osms.NUMBER_TYPE, FUNCTION = osms.NUMBER_TYPE_ge,
    COMMUTATOR = OPERATOR(osms.<=), NEGATOR = OPERATOR(osms.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR osms.= (osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'equal';
COMMENT ON OPERATOR osms.<> (osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'not equal';
COMMENT ON OPERATOR osms.< (osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'less than';
COMMENT ON OPERATOR osms.<= (osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'less than or equal';
COMMENT ON OPERATOR osms.> (osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'greater than';
COMMENT ON OPERATOR osms.>= (osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'greater than or equal';

CREATE OPERATOR CLASS osms.NUMBER_TYPE_ops DEFAULT FOR TYPE osms.NUMBER_TYPE USING btree AS
    OPERATOR 1 osms.<,
    OPERATOR 2 osms.<=,
    OPERATOR 3 osms.=,
    OPERATOR 4 osms.>=,
    OPERATOR 5 osms.>,
    FUNCTION 1 osms.NUMBER_TYPE_cmp(osms.NUMBER_TYPE, osms.NUMBER_TYPE),
    FUNCTION 2 osms.NUMBER_TYPE_sortsupport(internal),
    FUNCTION 4 pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS osms.NUMBER_TYPE_ops DEFAULT FOR TYPE osms.NUMBER_TYPE USING hash AS
    OPERATOR 1 osms.=,
    FUNCTION 1 osms.NUMBER_TYPE_hash(osms.NUMBER_TYPE),
    FUNCTION 2 osms.NUMBER_TYPE_hash_extended(osms.NUMBER_TYPE, bigint);
CREATE OPERATOR CLASS osms.NUMBER_TYPE_minmax_ops DEFAULT FOR TYPE osms.NUMBER_TYPE USING brin AS
    OPERATOR 1 osms.<,
    OPERATOR 2 osms.<=,
    OPERATOR 3 osms.=,
    OPERATOR 4 osms.>=,
    OPERATOR 5 osms.>,
    FUNCTION 1 pg_catalog.brin_minmax_opcinfo(internal),
    FUNCTION 2 pg_catalog.brin_minmax_add_value(internal, internal, internal, internal),
    FUNCTION 3 pg_catalog.brin_minmax_consistent(internal, internal, internal),
    FUNCTION 4 pg_catalog.brin_minmax_union(internal, internal, internal);
COMMENT ON OPERATOR CLASS osms.NUMBER_TYPE_ops USING btree IS 'order of NUMBER_TYPE: that of its digits';
COMMENT ON OPERATOR CLASS osms.NUMBER_TYPE_ops USING hash IS 'hash of NUMBER_TYPE, fixed for ever';
COMMENT ON OPERATOR CLASS osms.NUMBER_TYPE_minmax_ops USING brin IS 'smallest and largest NUMBER_TYPE of a block range';
COMMENT ON OPERATOR FAMILY osms.NUMBER_TYPE_ops USING btree IS 'order of NUMBER_TYPE: that of its digits';
COMMENT ON OPERATOR FAMILY osms.NUMBER_TYPE_ops USING hash IS 'hash of NUMBER_TYPE, fixed for ever';
COMMENT ON OPERATOR FAMILY osms.NUMBER_TYPE_minmax_ops USING brin IS 'smallest and largest NUMBER_TYPE of a block range';

CREATE FUNCTION osms.NUMBER_TYPE_smaller(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS osms.NUMBER_TYPE
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8smaller';
CREATE FUNCTION osms.NUMBER_TYPE_larger(osms.NUMBER_TYPE, osms.NUMBER_TYPE) RETURNS osms.NUMBER_TYPE
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8larger';
COMMENT ON FUNCTION osms.NUMBER_TYPE_smaller(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'the smaller of two';
COMMENT ON FUNCTION osms.NUMBER_TYPE_larger(osms.NUMBER_TYPE, osms.NUMBER_TYPE) IS 'the larger of two';

CREATE AGGREGATE osms.min(osms.NUMBER_TYPE) (
    SFUNC = osms.NUMBER_TYPE_smaller, STYPE = osms.NUMBER_TYPE, COMBINEFUNC = osms.NUMBER_TYPE_smaller,
    SORTOP = OPERATOR(osms.<), PARALLEL = SAFE
);
CREATE AGGREGATE osms.max(osms.NUMBER_TYPE) (
    SFUNC = osms.NUMBER_TYPE_larger, STYPE = osms.NUMBER_TYPE, COMBINEFUNC = osms.NUMBER_TYPE_larger,
    SORTOP = OPERATOR(osms.>), PARALLEL = SAFE
);
COMMENT ON AGGREGATE osms.min(osms.NUMBER_TYPE) IS 'smallest of all values';
COMMENT ON AGGREGATE osms.max(osms.NUMBER_TYPE) IS 'largest of all values';

CREATE FUNCTION osms.NUMBER_TYPE(bigint) RETURNS osms.NUMBER_TYPE
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'NUMBER_TYPE_from_bigint';
CREATE FUNCTION osms.NUMBER_TYPE_attested(bigint) RETURNS osms.NUMBER_TYPE
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'NUMBER_TYPE_attested';
COMMENT ON FUNCTION osms.NUMBER_TYPE(bigint) IS
    'NUMBER_TYPE from a number, its leading zeros implied; 22P02 names the fault and its position, 22003 outside 0 to 999999999999';
COMMENT ON FUNCTION osms.NUMBER_TYPE_attested(bigint) IS
    'NUMBER_TYPE from a number an official document confirms in spite of a fault; zero is 22P02, 22003 outside 0 to 999999999999';

CREATE CAST (osms.NUMBER_TYPE AS text) WITH INOUT AS ASSIGNMENT;
CREATE CAST (text AS osms.NUMBER_TYPE) WITH INOUT AS ASSIGNMENT;
CREATE CAST (pg_catalog.varchar AS osms.NUMBER_TYPE) WITH INOUT AS ASSIGNMENT;
CREATE CAST (pg_catalog.bpchar AS osms.NUMBER_TYPE) WITH INOUT AS ASSIGNMENT;
CREATE CAST (osms.NUMBER_TYPE AS bigint) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (bigint AS osms.NUMBER_TYPE) WITH FUNCTION osms.NUMBER_TYPE(bigint) AS ASSIGNMENT;
COMMENT ON CAST (osms.NUMBER_TYPE AS text) IS 'as output: "!" follows a number with a fault';
COMMENT ON CAST (text AS osms.NUMBER_TYPE) IS 'as input';
COMMENT ON CAST (pg_catalog.varchar AS osms.NUMBER_TYPE) IS 'as input';
COMMENT ON CAST (pg_catalog.bpchar AS osms.NUMBER_TYPE) IS 'as input';
COMMENT ON CAST (osms.NUMBER_TYPE AS bigint) IS 'the number itself, without leading zeros';
COMMENT ON CAST (bigint AS osms.NUMBER_TYPE) IS 'through the same gate as input; for attested numbers use osms.NUMBER_TYPE_attested';

$sql$, 'NUMBER_TYPE', number_type);
    END LOOP;
END $do$;

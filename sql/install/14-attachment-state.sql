
--
-- attachment state: one byte by value, its labels, order and steps compiled in.
--
CREATE TYPE osms.attachment_state;

CREATE FUNCTION osms_internal.attachment_state_in(cstring) RETURNS osms.attachment_state
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'attachment_state_in';
CREATE FUNCTION osms_internal.attachment_state_out(osms.attachment_state) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'attachment_state_out';
CREATE FUNCTION osms_internal.attachment_state_recv(internal) RETURNS osms.attachment_state
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'attachment_state_recv';
CREATE FUNCTION osms_internal.attachment_state_send(osms.attachment_state) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'attachment_state_send';
COMMENT ON FUNCTION osms_internal.attachment_state_in(cstring) IS 'input of attachment_state: exactly the label of a state, else 22P02';
COMMENT ON FUNCTION osms_internal.attachment_state_out(osms.attachment_state) IS 'output of attachment_state: the label of the state';
COMMENT ON FUNCTION osms_internal.attachment_state_recv(internal) IS
    'binary input of attachment_state: exactly the label of a state, else 22P02';
COMMENT ON FUNCTION osms_internal.attachment_state_send(osms.attachment_state) IS
    'binary output of attachment_state: the label of the state';

CREATE TYPE osms.attachment_state (
    INPUT = osms_internal.attachment_state_in,
    OUTPUT = osms_internal.attachment_state_out,
    RECEIVE = osms_internal.attachment_state_recv,
    SEND = osms_internal.attachment_state_send,
    LIKE = pg_catalog."char"
);
COMMENT ON TYPE osms.attachment_state IS
    'state of an attachment, in this order: active, suspect, closed, annulled; one byte by value; no type modifier';

-- comparison is that of "char": it cannot fail, so it is leakproof
CREATE FUNCTION osms_internal.attachment_state_eq(osms.attachment_state, osms.attachment_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'chareq';
CREATE FUNCTION osms_internal.attachment_state_ne(osms.attachment_state, osms.attachment_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charne';
CREATE FUNCTION osms_internal.attachment_state_lt(osms.attachment_state, osms.attachment_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charlt';
CREATE FUNCTION osms_internal.attachment_state_le(osms.attachment_state, osms.attachment_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charle';
CREATE FUNCTION osms_internal.attachment_state_gt(osms.attachment_state, osms.attachment_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'chargt';
CREATE FUNCTION osms_internal.attachment_state_ge(osms.attachment_state, osms.attachment_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charge';
CREATE FUNCTION osms_internal.attachment_state_cmp(osms.attachment_state, osms.attachment_state) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btcharcmp';
CREATE FUNCTION osms_internal.attachment_state_hash(osms.attachment_state) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashchar';
CREATE FUNCTION osms_internal.attachment_state_hash_extended(osms.attachment_state, bigint) RETURNS bigint
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashcharextended';
COMMENT ON FUNCTION osms_internal.attachment_state_eq(osms.attachment_state, osms.attachment_state) IS 'implementation of the = operator';
COMMENT ON FUNCTION osms_internal.attachment_state_ne(osms.attachment_state, osms.attachment_state) IS 'implementation of the <> operator';
COMMENT ON FUNCTION osms_internal.attachment_state_lt(osms.attachment_state, osms.attachment_state) IS 'implementation of the < operator';
COMMENT ON FUNCTION osms_internal.attachment_state_le(osms.attachment_state, osms.attachment_state) IS 'implementation of the <= operator';
COMMENT ON FUNCTION osms_internal.attachment_state_gt(osms.attachment_state, osms.attachment_state) IS 'implementation of the > operator';
COMMENT ON FUNCTION osms_internal.attachment_state_ge(osms.attachment_state, osms.attachment_state) IS 'implementation of the >= operator';
COMMENT ON FUNCTION osms_internal.attachment_state_cmp(osms.attachment_state, osms.attachment_state) IS
    'less-equal-greater comparison for btree';
COMMENT ON FUNCTION osms_internal.attachment_state_hash(osms.attachment_state) IS 'hash of the stored number; the same for ever';
COMMENT ON FUNCTION osms_internal.attachment_state_hash_extended(osms.attachment_state, bigint) IS 'hash with a seed; the same for ever';

CREATE OPERATOR osms.= (
    LEFTARG = osms.attachment_state, RIGHTARG = osms.attachment_state, FUNCTION = osms_internal.attachment_state_eq,
    COMMUTATOR = OPERATOR(osms.=), NEGATOR = OPERATOR(osms.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR osms.<> (
    LEFTARG = osms.attachment_state, RIGHTARG = osms.attachment_state, FUNCTION = osms_internal.attachment_state_ne,
    COMMUTATOR = OPERATOR(osms.<>), NEGATOR = OPERATOR(osms.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR osms.< (
    LEFTARG = osms.attachment_state, RIGHTARG = osms.attachment_state, FUNCTION = osms_internal.attachment_state_lt,
    COMMUTATOR = OPERATOR(osms.>), NEGATOR = OPERATOR(osms.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR osms.<= (
    LEFTARG = osms.attachment_state, RIGHTARG = osms.attachment_state, FUNCTION = osms_internal.attachment_state_le,
    COMMUTATOR = OPERATOR(osms.>=), NEGATOR = OPERATOR(osms.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR osms.> (
    LEFTARG = osms.attachment_state, RIGHTARG = osms.attachment_state, FUNCTION = osms_internal.attachment_state_gt,
    COMMUTATOR = OPERATOR(osms.<), NEGATOR = OPERATOR(osms.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR osms.>= (
    LEFTARG = osms.attachment_state, RIGHTARG = osms.attachment_state, FUNCTION = osms_internal.attachment_state_ge,
    COMMUTATOR = OPERATOR(osms.<=), NEGATOR = OPERATOR(osms.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR osms.= (osms.attachment_state, osms.attachment_state) IS 'equal';
COMMENT ON OPERATOR osms.<> (osms.attachment_state, osms.attachment_state) IS 'not equal';
COMMENT ON OPERATOR osms.< (osms.attachment_state, osms.attachment_state) IS 'earlier in the order of the states';
COMMENT ON OPERATOR osms.<= (osms.attachment_state, osms.attachment_state) IS 'not later in the order of the states';
COMMENT ON OPERATOR osms.> (osms.attachment_state, osms.attachment_state) IS 'later in the order of the states';
COMMENT ON OPERATOR osms.>= (osms.attachment_state, osms.attachment_state) IS 'not earlier in the order of the states';

CREATE OPERATOR FAMILY osms.attachment_state_ops USING btree;
CREATE OPERATOR FAMILY osms.attachment_state_ops USING hash;
CREATE OPERATOR CLASS osms.attachment_state_ops DEFAULT FOR TYPE osms.attachment_state USING btree FAMILY osms.attachment_state_ops AS
    OPERATOR 1 osms.<, OPERATOR 2 osms.<=, OPERATOR 3 osms.=, OPERATOR 4 osms.>=, OPERATOR 5 osms.>,
    FUNCTION 1 osms_internal.attachment_state_cmp(osms.attachment_state, osms.attachment_state),
    FUNCTION 4 pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS osms.attachment_state_ops DEFAULT FOR TYPE osms.attachment_state USING hash FAMILY osms.attachment_state_ops AS
    OPERATOR 1 osms.=,
    FUNCTION 1 osms_internal.attachment_state_hash(osms.attachment_state),
    FUNCTION 2 osms_internal.attachment_state_hash_extended(osms.attachment_state, bigint);
COMMENT ON OPERATOR FAMILY osms.attachment_state_ops USING btree IS 'attachment_state by the order of the states';
COMMENT ON OPERATOR FAMILY osms.attachment_state_ops USING hash IS 'attachment_state by its stored number';
COMMENT ON OPERATOR CLASS osms.attachment_state_ops USING btree IS 'attachment_state by the order of the states';
COMMENT ON OPERATOR CLASS osms.attachment_state_ops USING hash IS 'attachment_state by its stored number';

CREATE CAST (osms.attachment_state AS pg_catalog.text) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (osms.attachment_state AS pg_catalog.text) IS 'the label of the state';


--
-- application state: one byte by value, its labels, order and steps compiled in.
--
CREATE TYPE osms.application_state;

CREATE FUNCTION osms_internal.application_state_in(cstring) RETURNS osms.application_state
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'application_state_in';
CREATE FUNCTION osms_internal.application_state_out(osms.application_state) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'application_state_out';
CREATE FUNCTION osms_internal.application_state_recv(internal) RETURNS osms.application_state
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'application_state_recv';
CREATE FUNCTION osms_internal.application_state_send(osms.application_state) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'application_state_send';
COMMENT ON FUNCTION osms_internal.application_state_in(cstring) IS 'input of application_state: exactly the label of a state, else 22P02';
COMMENT ON FUNCTION osms_internal.application_state_out(osms.application_state) IS 'output of application_state: the label of the state';
COMMENT ON FUNCTION osms_internal.application_state_recv(internal) IS
    'binary input of application_state: exactly the label of a state, else 22P02';
COMMENT ON FUNCTION osms_internal.application_state_send(osms.application_state) IS
    'binary output of application_state: the label of the state';

CREATE TYPE osms.application_state (
    INPUT = osms_internal.application_state_in,
    OUTPUT = osms_internal.application_state_out,
    RECEIVE = osms_internal.application_state_recv,
    SEND = osms_internal.application_state_send,
    LIKE = pg_catalog."char"
);
COMMENT ON TYPE osms.application_state IS
'state of an application for attachment, in this order
draft, submitted, identified, approved, deferred, attached, refused, withdrawn, expired, lapsed, replaced, cancelled; one byte
by value; no type modifier';

-- comparison is that of "char": it cannot fail, so it is leakproof
CREATE FUNCTION osms_internal.application_state_eq(osms.application_state, osms.application_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'chareq';
CREATE FUNCTION osms_internal.application_state_ne(osms.application_state, osms.application_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charne';
CREATE FUNCTION osms_internal.application_state_lt(osms.application_state, osms.application_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charlt';
CREATE FUNCTION osms_internal.application_state_le(osms.application_state, osms.application_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charle';
CREATE FUNCTION osms_internal.application_state_gt(osms.application_state, osms.application_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'chargt';
CREATE FUNCTION osms_internal.application_state_ge(osms.application_state, osms.application_state) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charge';
CREATE FUNCTION osms_internal.application_state_cmp(osms.application_state, osms.application_state) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btcharcmp';
CREATE FUNCTION osms_internal.application_state_hash(osms.application_state) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashchar';
CREATE FUNCTION osms_internal.application_state_hash_extended(osms.application_state, bigint) RETURNS bigint
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashcharextended';
COMMENT ON FUNCTION osms_internal.application_state_eq(osms.application_state, osms.application_state) IS
    'implementation of the = operator';
COMMENT ON FUNCTION osms_internal.application_state_ne(osms.application_state, osms.application_state) IS
    'implementation of the <> operator';
COMMENT ON FUNCTION osms_internal.application_state_lt(osms.application_state, osms.application_state) IS
    'implementation of the < operator';
COMMENT ON FUNCTION osms_internal.application_state_le(osms.application_state, osms.application_state) IS
    'implementation of the <= operator';
COMMENT ON FUNCTION osms_internal.application_state_gt(osms.application_state, osms.application_state) IS
    'implementation of the > operator';
COMMENT ON FUNCTION osms_internal.application_state_ge(osms.application_state, osms.application_state) IS
    'implementation of the >= operator';
COMMENT ON FUNCTION osms_internal.application_state_cmp(osms.application_state, osms.application_state) IS
    'less-equal-greater comparison for btree';
COMMENT ON FUNCTION osms_internal.application_state_hash(osms.application_state) IS 'hash of the stored number; the same for ever';
COMMENT ON FUNCTION osms_internal.application_state_hash_extended(osms.application_state, bigint) IS 'hash with a seed; the same for ever';

CREATE OPERATOR osms.= (
    LEFTARG = osms.application_state, RIGHTARG = osms.application_state, FUNCTION = osms_internal.application_state_eq,
    COMMUTATOR = OPERATOR(osms.=), NEGATOR = OPERATOR(osms.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR osms.<> (
    LEFTARG = osms.application_state, RIGHTARG = osms.application_state, FUNCTION = osms_internal.application_state_ne,
    COMMUTATOR = OPERATOR(osms.<>), NEGATOR = OPERATOR(osms.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR osms.< (
    LEFTARG = osms.application_state, RIGHTARG = osms.application_state, FUNCTION = osms_internal.application_state_lt,
    COMMUTATOR = OPERATOR(osms.>), NEGATOR = OPERATOR(osms.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR osms.<= (
    LEFTARG = osms.application_state, RIGHTARG = osms.application_state, FUNCTION = osms_internal.application_state_le,
    COMMUTATOR = OPERATOR(osms.>=), NEGATOR = OPERATOR(osms.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR osms.> (
    LEFTARG = osms.application_state, RIGHTARG = osms.application_state, FUNCTION = osms_internal.application_state_gt,
    COMMUTATOR = OPERATOR(osms.<), NEGATOR = OPERATOR(osms.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR osms.>= (
    LEFTARG = osms.application_state, RIGHTARG = osms.application_state, FUNCTION = osms_internal.application_state_ge,
    COMMUTATOR = OPERATOR(osms.<=), NEGATOR = OPERATOR(osms.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR osms.= (osms.application_state, osms.application_state) IS 'equal';
COMMENT ON OPERATOR osms.<> (osms.application_state, osms.application_state) IS 'not equal';
COMMENT ON OPERATOR osms.< (osms.application_state, osms.application_state) IS 'earlier in the order of the states';
COMMENT ON OPERATOR osms.<= (osms.application_state, osms.application_state) IS 'not later in the order of the states';
COMMENT ON OPERATOR osms.> (osms.application_state, osms.application_state) IS 'later in the order of the states';
COMMENT ON OPERATOR osms.>= (osms.application_state, osms.application_state) IS 'not earlier in the order of the states';

CREATE OPERATOR FAMILY osms.application_state_ops USING btree;
CREATE OPERATOR FAMILY osms.application_state_ops USING hash;
CREATE OPERATOR CLASS osms.application_state_ops DEFAULT FOR TYPE osms.application_state USING btree FAMILY osms.application_state_ops AS
    OPERATOR 1 osms.<, OPERATOR 2 osms.<=, OPERATOR 3 osms.=, OPERATOR 4 osms.>=, OPERATOR 5 osms.>,
    FUNCTION 1 osms_internal.application_state_cmp(osms.application_state, osms.application_state),
    FUNCTION 4 pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS osms.application_state_ops DEFAULT FOR TYPE osms.application_state USING hash FAMILY osms.application_state_ops AS
    OPERATOR 1 osms.=,
    FUNCTION 1 osms_internal.application_state_hash(osms.application_state),
    FUNCTION 2 osms_internal.application_state_hash_extended(osms.application_state, bigint);
COMMENT ON OPERATOR FAMILY osms.application_state_ops USING btree IS 'application_state by the order of the states';
COMMENT ON OPERATOR FAMILY osms.application_state_ops USING hash IS 'application_state by its stored number';
COMMENT ON OPERATOR CLASS osms.application_state_ops USING btree IS 'application_state by the order of the states';
COMMENT ON OPERATOR CLASS osms.application_state_ops USING hash IS 'application_state by its stored number';

CREATE CAST (osms.application_state AS pg_catalog.text) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (osms.application_state AS pg_catalog.text) IS 'the label of the state';

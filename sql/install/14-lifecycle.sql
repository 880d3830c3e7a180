
--
-- lifecycle: the states of an application and of an attachment
--
-- Both types are made from one text; STATE_TYPE stands for the type's name.
--
DO $do$
DECLARE
    state_type pg_catalog.text;
BEGIN
    FOREACH state_type IN ARRAY ARRAY['application_state', 'attachment_state']::pg_catalog.text[] LOOP
        EXECUTE pg_catalog.replace($sql$

CREATE TYPE osms.STATE_TYPE;

CREATE FUNCTION osms.STATE_TYPE_in(cstring) RETURNS osms.STATE_TYPE
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'STATE_TYPE_in';
CREATE FUNCTION osms.STATE_TYPE_out(osms.STATE_TYPE) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'STATE_TYPE_out';
CREATE FUNCTION osms.STATE_TYPE_recv(internal) RETURNS osms.STATE_TYPE
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'STATE_TYPE_recv';
CREATE FUNCTION osms.STATE_TYPE_send(osms.STATE_TYPE) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'STATE_TYPE_send';
COMMENT ON FUNCTION osms.STATE_TYPE_in(cstring) IS 'input of STATE_TYPE: exactly the label of a state, else 22P02';
COMMENT ON FUNCTION osms.STATE_TYPE_out(osms.STATE_TYPE) IS 'output of STATE_TYPE: the label of the state';
COMMENT ON FUNCTION osms.STATE_TYPE_recv(internal) IS 'binary input of STATE_TYPE: exactly the label of a state, else 22P02';
COMMENT ON FUNCTION osms.STATE_TYPE_send(osms.STATE_TYPE) IS 'binary output of STATE_TYPE: the label of the state';

CREATE TYPE osms.STATE_TYPE (
    INPUT = osms.STATE_TYPE_in,
    OUTPUT = osms.STATE_TYPE_out,
    RECEIVE = osms.STATE_TYPE_recv,
    SEND = osms.STATE_TYPE_send,
    LIKE = pg_catalog."char"
);

-- comparison is that of "char": it cannot fail, so it is leakproof
CREATE FUNCTION osms.STATE_TYPE_eq(osms.STATE_TYPE, osms.STATE_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'chareq';
CREATE FUNCTION osms.STATE_TYPE_ne(osms.STATE_TYPE, osms.STATE_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charne';
CREATE FUNCTION osms.STATE_TYPE_lt(osms.STATE_TYPE, osms.STATE_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charlt';
CREATE FUNCTION osms.STATE_TYPE_le(osms.STATE_TYPE, osms.STATE_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charle';
CREATE FUNCTION osms.STATE_TYPE_gt(osms.STATE_TYPE, osms.STATE_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'chargt';
CREATE FUNCTION osms.STATE_TYPE_ge(osms.STATE_TYPE, osms.STATE_TYPE) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'charge';
CREATE FUNCTION osms.STATE_TYPE_cmp(osms.STATE_TYPE, osms.STATE_TYPE) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btcharcmp';
CREATE FUNCTION osms.STATE_TYPE_hash(osms.STATE_TYPE) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashchar';
CREATE FUNCTION osms.STATE_TYPE_hash_extended(osms.STATE_TYPE, bigint) RETURNS bigint
    LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'hashcharextended';
COMMENT ON FUNCTION osms.STATE_TYPE_eq(osms.STATE_TYPE, osms.STATE_TYPE) IS 'implementation of the = operator';
COMMENT ON FUNCTION osms.STATE_TYPE_ne(osms.STATE_TYPE, osms.STATE_TYPE) IS 'implementation of the <> operator';
COMMENT ON FUNCTION osms.STATE_TYPE_lt(osms.STATE_TYPE, osms.STATE_TYPE) IS 'implementation of the < operator';
COMMENT ON FUNCTION osms.STATE_TYPE_le(osms.STATE_TYPE, osms.STATE_TYPE) IS 'implementation of the <= operator';
COMMENT ON FUNCTION osms.STATE_TYPE_gt(osms.STATE_TYPE, osms.STATE_TYPE) IS 'implementation of the > operator';
COMMENT ON FUNCTION osms.STATE_TYPE_ge(osms.STATE_TYPE, osms.STATE_TYPE) IS 'implementation of the >= operator';
COMMENT ON FUNCTION osms.STATE_TYPE_cmp(osms.STATE_TYPE, osms.STATE_TYPE) IS 'less-equal-greater comparison for btree';
COMMENT ON FUNCTION osms.STATE_TYPE_hash(osms.STATE_TYPE) IS 'hash of the stored number; the same for ever';
COMMENT ON FUNCTION osms.STATE_TYPE_hash_extended(osms.STATE_TYPE, bigint) IS 'hash with a seed; the same for ever';

CREATE OPERATOR osms.= (
    LEFTARG = osms.STATE_TYPE, RIGHTARG = osms.STATE_TYPE, FUNCTION = osms.STATE_TYPE_eq,
    COMMUTATOR = OPERATOR(osms.=), NEGATOR = OPERATOR(osms.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR osms.<> (
    LEFTARG = osms.STATE_TYPE, RIGHTARG = osms.STATE_TYPE, FUNCTION = osms.STATE_TYPE_ne,
    COMMUTATOR = OPERATOR(osms.<>), NEGATOR = OPERATOR(osms.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR osms.< (
    LEFTARG = osms.STATE_TYPE, RIGHTARG = osms.STATE_TYPE, FUNCTION = osms.STATE_TYPE_lt,
    COMMUTATOR = OPERATOR(osms.>), NEGATOR = OPERATOR(osms.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR osms.<= (
    LEFTARG = osms.STATE_TYPE, RIGHTARG = osms.STATE_TYPE, FUNCTION = osms.STATE_TYPE_le,
    COMMUTATOR = OPERATOR(osms.>=), NEGATOR = OPERATOR(osms.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR osms.> (
    LEFTARG = osms.STATE_TYPE, RIGHTARG = osms.STATE_TYPE, FUNCTION = osms.STATE_TYPE_gt,
    COMMUTATOR = OPERATOR(osms.<), NEGATOR = OPERATOR(osms.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
CREATE OPERATOR osms.>= (
    LEFTARG = osms.STATE_TYPE, RIGHTARG = osms.STATE_TYPE, FUNCTION = osms.STATE_TYPE_ge,
    COMMUTATOR = OPERATOR(osms.<=), NEGATOR = OPERATOR(osms.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR osms.= (osms.STATE_TYPE, osms.STATE_TYPE) IS 'equal';
COMMENT ON OPERATOR osms.<> (osms.STATE_TYPE, osms.STATE_TYPE) IS 'not equal';
COMMENT ON OPERATOR osms.< (osms.STATE_TYPE, osms.STATE_TYPE) IS 'earlier in the order of the states';
COMMENT ON OPERATOR osms.<= (osms.STATE_TYPE, osms.STATE_TYPE) IS 'not later in the order of the states';
COMMENT ON OPERATOR osms.> (osms.STATE_TYPE, osms.STATE_TYPE) IS 'later in the order of the states';
COMMENT ON OPERATOR osms.>= (osms.STATE_TYPE, osms.STATE_TYPE) IS 'not earlier in the order of the states';

CREATE OPERATOR FAMILY osms.STATE_TYPE_ops USING btree;
CREATE OPERATOR FAMILY osms.STATE_TYPE_ops USING hash;
CREATE OPERATOR CLASS osms.STATE_TYPE_ops DEFAULT FOR TYPE osms.STATE_TYPE USING btree FAMILY osms.STATE_TYPE_ops AS
    OPERATOR 1 osms.<, OPERATOR 2 osms.<=, OPERATOR 3 osms.=, OPERATOR 4 osms.>=, OPERATOR 5 osms.>,
    FUNCTION 1 osms.STATE_TYPE_cmp(osms.STATE_TYPE, osms.STATE_TYPE),
    FUNCTION 4 pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS osms.STATE_TYPE_ops DEFAULT FOR TYPE osms.STATE_TYPE USING hash FAMILY osms.STATE_TYPE_ops AS
    OPERATOR 1 osms.=,
    FUNCTION 1 osms.STATE_TYPE_hash(osms.STATE_TYPE),
    FUNCTION 2 osms.STATE_TYPE_hash_extended(osms.STATE_TYPE, bigint);
COMMENT ON OPERATOR FAMILY osms.STATE_TYPE_ops USING btree IS 'STATE_TYPE by the order of the states';
COMMENT ON OPERATOR FAMILY osms.STATE_TYPE_ops USING hash IS 'STATE_TYPE by its stored number';
COMMENT ON OPERATOR CLASS osms.STATE_TYPE_ops USING btree IS 'STATE_TYPE by the order of the states';
COMMENT ON OPERATOR CLASS osms.STATE_TYPE_ops USING hash IS 'STATE_TYPE by its stored number';

CREATE CAST (osms.STATE_TYPE AS pg_catalog.text) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (osms.STATE_TYPE AS pg_catalog.text) IS 'the label of the state';

$sql$, 'STATE_TYPE', state_type);
    END LOOP;
END
$do$;

COMMENT ON TYPE osms.application_state IS
    'state of an application for attachment, in this order: draft, submitted, identified, approved, deferred, attached, refused, withdrawn, expired, lapsed, replaced, cancelled; one byte by value; no type modifier';
COMMENT ON TYPE osms.attachment_state IS
    'state of an attachment, in this order: active, suspect, closed, annulled; one byte by value; no type modifier';

CREATE FUNCTION osms.transitions(machine text, OUT from_state text, OUT event text, OUT to_state text) RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'lifecycle_transitions';
COMMENT ON FUNCTION osms.transitions(text) IS
    'every lawful step of the life cycle named (application, attachment): in from_state, event leads to to_state; 22023 for another name';

CREATE FUNCTION osms.next_state(machine text, state text, event text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lifecycle_next_state';
COMMENT ON FUNCTION osms.next_state(text, text, text) IS
    'the state the event leads to in the life cycle named (application, attachment), NULL where it is not allowed; 22023 for an unknown life cycle, state or event';

CREATE FUNCTION osms.state_diagram(machine text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lifecycle_state_diagram';
COMMENT ON FUNCTION osms.state_diagram(text) IS
    'the life cycle named (application, attachment) as a Mermaid stateDiagram-v2; arrows from [*] lead to the states a row may begin as by itself; 22023 for another name';

CREATE FUNCTION osms.reason_codes(machine text, OUT code text, OUT register_code text) RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 12 AS 'MODULE_PATHNAME', 'lifecycle_reason_codes';
COMMENT ON FUNCTION osms.reason_codes(text) IS
    'the reasons of a refusal (application) or of a detachment (attachment), with the code of the national register where one is known: seen in its public client (CODE), matched by meaning (INF); the register marks every refusal 1200 or 1300, whatever the reason; 22023 for another name';


--
-- lifecycle: the steps of applications and attachments, and their reasons.
--
CREATE FUNCTION osms.transitions(machine text, OUT from_state text, OUT event text, OUT to_state text) RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'lifecycle_transitions';
COMMENT ON FUNCTION osms.transitions(text) IS
'every lawful step of the life cycle named (application, attachment): in from_state, event leads to to_state
22023 for another name';

CREATE FUNCTION osms.next_state(machine text, state text, event text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lifecycle_next_state';
COMMENT ON FUNCTION osms.next_state(text, text, text) IS
'the state the event leads to in the life cycle named (application, attachment), NULL where it is not allowed
22023 for an unknown life cycle, state or event';

CREATE FUNCTION osms.state_diagram(machine text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lifecycle_state_diagram';
COMMENT ON FUNCTION osms.state_diagram(text) IS
'the life cycle named (application, attachment) as a Mermaid stateDiagram-v2
arrows from [*] lead to the states a row may begin as by itself; 22023 for another name';

CREATE FUNCTION osms.reason_codes(machine text, OUT code text, OUT register_code text) RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 12 AS 'MODULE_PATHNAME', 'lifecycle_reason_codes';
COMMENT ON FUNCTION osms.reason_codes(text) IS
'the reasons of a refusal (application) or of a detachment (attachment), with the code of the national register where one is
known: seen in its public client (CODE), matched by meaning (INF)
the register marks every refusal 1200 or 1300, whatever the reason; 22023 for another name';

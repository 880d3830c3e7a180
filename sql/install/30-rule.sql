
--
-- rule: the catalogue of rules, and which of them judge a registry.
--
CREATE FUNCTION osms.rules(OUT rule text, OUT layer text, OUT default_mode text, OUT fixed boolean,
                           OUT relations text[], OUT audited boolean, OUT sqlstate text, OUT refuses text,
                           OUT hint text, OUT act text, OUT warns_in_import boolean,
                           OUT russian text, OUT kazakh text, OUT point text, OUT tag text, OUT parameters text[]) RETURNS SETOF record
    LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 30
    AS 'MODULE_PATHNAME', 'osms_rules';
COMMENT ON FUNCTION osms.rules() IS 'the catalogue of rules, as the view osms.rule shows it; each rule names its act and how sure that is';

CREATE VIEW osms.rule AS SELECT * FROM osms.rules();
COMMENT ON VIEW osms.rule IS
'rules: id, layer that judges (row, set, or audit alone), default mode, whether it has no other, relations judged, whether audit
finds it in stored rows, SQLSTATE, message and hint of a refusal, act, whether it only warns during an import, the message in
Russian and in Kazakh (NULL where the database''s encoding cannot hold it), point of the act and how sure it is (osms.certainty;
NULL where the rule is no law but keeps a registry whole), parameters it asks for';

CREATE FUNCTION osms.clauses(registry text, OUT rule text, OUT relation text, OUT judged boolean) RETURNS SETOF record
    LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 25
    AS 'MODULE_PATHNAME', 'osms_clauses';
COMMENT ON FUNCTION osms.clauses(text) IS
'which rules judge which relations of a registry
judged is false where a relation or column they need is absent; 3F000 where there is no such registry, 42P01 without a roster';

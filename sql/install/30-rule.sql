
--
-- rule: the rules, one row each, and their clauses, a row for each relation
-- that a rule judges. Nothing of a rule is told elsewhere, but what C decides
-- from the row alone (src/rule/row.c), which its clause names. 31-definition.sql
-- has what several rules say, the others of the chapter the rules, by subject.
--
CREATE FUNCTION osms_internal.only_scripts() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_only_scripts';
COMMENT ON FUNCTION osms_internal.only_scripts() IS
'trigger of the tables of rules: 42501 for whatever is no script of the extension
Predicates run as the owner of a roster. Sessions read the rules anew.';

-- Letters that the encoding of a database may lack: the script tells them as
-- the bytes they have in UTF-8.
CREATE FUNCTION osms_internal.from_utf8(letters bytea) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_from_utf8';
COMMENT ON FUNCTION osms_internal.from_utf8(bytea) IS
    'the text that bytes are in UTF-8; NULL where the database''s encoding lacks a letter of it';

CREATE TABLE osms_internal.told_rule (
    place integer NOT NULL UNIQUE,
    rule text PRIMARY KEY,
    layer text NOT NULL,
    default_mode text NOT NULL,
    fixed boolean NOT NULL DEFAULT false,
    warns_in_import boolean NOT NULL DEFAULT false,
    lasts boolean NOT NULL DEFAULT false,
    sqlstate text NOT NULL,
    act text NOT NULL,
    point text,
    tag text,
    refuses text NOT NULL,
    russian text,
    kazakh text,
    hint text NOT NULL
);
COMMENT ON TABLE osms_internal.told_rule IS 'rules as they are told; osms.rule shows them with what follows from their clauses';
COMMENT ON COLUMN osms_internal.told_rule.place IS 'in which rules are told';
COMMENT ON COLUMN osms_internal.told_rule.rule IS 'id, the constraint name of a refusal';
COMMENT ON COLUMN osms_internal.told_rule.layer IS 'layer that judges: row, set, or audit alone';
COMMENT ON COLUMN osms_internal.told_rule.default_mode IS 'mode unless the guard says otherwise';
COMMENT ON COLUMN osms_internal.told_rule.fixed IS 'it has no other mode';
COMMENT ON COLUMN osms_internal.told_rule.warns_in_import IS 'it only warns during an import';
COMMENT ON COLUMN osms_internal.told_rule.lasts IS 'what it finds of a row holds to the end of the row';
COMMENT ON COLUMN osms_internal.told_rule.sqlstate IS 'of a refusal';
COMMENT ON COLUMN osms_internal.told_rule.act IS 'act that says so';
COMMENT ON COLUMN osms_internal.told_rule.point IS 'point of the act; NULL = not known';
COMMENT ON COLUMN osms_internal.told_rule.tag IS
    'how sure it is (osms.certainty); NULL where the rule is no law but keeps a registry whole';
COMMENT ON COLUMN osms_internal.told_rule.refuses IS 'message of a refusal';
COMMENT ON COLUMN osms_internal.told_rule.russian IS 'the message in Russian; NULL where the database''s encoding cannot hold it';
COMMENT ON COLUMN osms_internal.told_rule.kazakh IS 'the message in Kazakh; NULL where the database''s encoding cannot hold it';
COMMENT ON COLUMN osms_internal.told_rule.hint IS 'what to do about it';

CREATE TABLE osms.finding (
    rule text NOT NULL REFERENCES osms_internal.told_rule,
    finding text NOT NULL,
    refuses text NOT NULL,
    hint text,
    PRIMARY KEY (rule, finding)
);
COMMENT ON TABLE osms.finding IS 'findings of which something else is said than of their rule';
COMMENT ON COLUMN osms.finding.rule IS 'the rule';
COMMENT ON COLUMN osms.finding.finding IS 'what it finds';
COMMENT ON COLUMN osms.finding.refuses IS 'message of a refusal';
COMMENT ON COLUMN osms.finding.hint IS 'what to do about it; NULL = what the rule says, or of a code that it needs a meaning';

CREATE TABLE osms.clause (
    relation text NOT NULL,
    place integer NOT NULL,
    rule text NOT NULL REFERENCES osms_internal.told_rule,
    column_name text NOT NULL,
    row_function text,
    predicate text,
    plain text,
    at_once text,
    stored text,
    needs text[] NOT NULL DEFAULT '{}',
    needs_any text[] NOT NULL DEFAULT '{}',
    needs_index boolean NOT NULL DEFAULT false,
    relations text[] NOT NULL DEFAULT '{}',
    person text[] NOT NULL DEFAULT '{}',
    instead text[] NOT NULL DEFAULT '{}',
    audited boolean NOT NULL DEFAULT true,
    comment text,
    PRIMARY KEY (relation, place),
    CHECK (num_nonnulls(row_function, predicate, stored) > 0)
);
COMMENT ON TABLE osms.clause IS
'what each rule judges of a relation
A predicate is SQL over c, the row, and gives a finding or NULL; a finding with a question mark before it is a doubt, and warns.
Marks in braces stand for rows of osms.definition: {name}, or {name: argument; argument}. Others are {r}, the registry;
{touched:a,b}, one of these columns was changed; {extended}, the attachment reaches further than it did; {number:a} and
{any_number:a}, a number as text; {subject}, the column that tells whom a row is about; {own}, the relation that is judged.';
COMMENT ON COLUMN osms.clause.relation IS 'canonical relation that is judged';
COMMENT ON COLUMN osms.clause.place IS 'in which clauses of a relation judge: the first that refuses is told';
COMMENT ON COLUMN osms.clause.rule IS 'the rule';
COMMENT ON COLUMN osms.clause.column_name IS 'the column that a refusal names';
COMMENT ON COLUMN osms.clause.row_function IS 'what decides from the row as it was and as it is alone: a function of src/rule/row.c';
COMMENT ON COLUMN osms.clause.predicate IS 'what decides with what stands around the row';
COMMENT ON COLUMN osms.clause.plain IS 'true of nearly every row of which predicate finds nothing: looked at first, for it is shorter';
COMMENT ON COLUMN osms.clause.at_once IS 'the same in audit, which sees it by joins';
COMMENT ON COLUMN osms.clause.stored IS 'in place of predicate in audit';
COMMENT ON COLUMN osms.clause.needs IS 'columns that must be mapped';
COMMENT ON COLUMN osms.clause.needs_any IS 'columns of which one must be mapped, if any is named';
COMMENT ON COLUMN osms.clause.needs_index IS 'an index must find the decisions of a clerk by their time';
COMMENT ON COLUMN osms.clause.relations IS 'relations that the registry must have';
COMMENT ON COLUMN osms.clause.person IS 'columns of person that must be mapped';
COMMENT ON COLUMN osms.clause.instead IS 'relations each of which stands for those';
COMMENT ON COLUMN osms.clause.audited IS 'it says something about stored rows';
COMMENT ON COLUMN osms.clause.comment IS 'why it is so';

CREATE TABLE osms.definition (
    name text PRIMARY KEY CHECK (name ~ '^[a-z_]+$'),
    parameters text[] NOT NULL DEFAULT '{}',
    place integer UNIQUE CHECK (place > 0),
    text text NOT NULL,
    relation text,
    otherwise text,
    in_audit text,
    in_sift text,
    comment text,
    CHECK ((relation IS NULL) = (otherwise IS NULL))
);
COMMENT ON TABLE osms.definition IS 'what predicates call by a name: {name}, or {name: argument; argument}';
COMMENT ON COLUMN osms.definition.name IS 'the name';
COMMENT ON COLUMN osms.definition.parameters IS 'names that stand for its arguments in its own text';
COMMENT ON COLUMN osms.definition.place IS 'of what is joined to the rows that are judged, in which order; it is read by its name';
COMMENT ON COLUMN osms.definition.text IS 'what it stands for';
COMMENT ON COLUMN osms.definition.relation IS 'a relation that a registry may lack, of which text speaks';
COMMENT ON COLUMN osms.definition.otherwise IS 'what it stands for where the registry lacks that';
COMMENT ON COLUMN osms.definition.in_audit IS 'what it stands for in audit; NULL = the same';
COMMENT ON COLUMN osms.definition.in_sift IS 'what it stands for to sift; NULL = the same';
COMMENT ON COLUMN osms.definition.comment IS 'what it means, and why';

CREATE TRIGGER only_scripts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON osms_internal.told_rule
    FOR EACH STATEMENT EXECUTE FUNCTION osms_internal.only_scripts();
CREATE TRIGGER only_scripts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON osms.finding
    FOR EACH STATEMENT EXECUTE FUNCTION osms_internal.only_scripts();
CREATE TRIGGER only_scripts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON osms.clause
    FOR EACH STATEMENT EXECUTE FUNCTION osms_internal.only_scripts();
CREATE TRIGGER only_scripts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON osms.definition
    FOR EACH STATEMENT EXECUTE FUNCTION osms_internal.only_scripts();
ALTER TABLE osms_internal.told_rule ENABLE ALWAYS TRIGGER only_scripts;
ALTER TABLE osms.finding ENABLE ALWAYS TRIGGER only_scripts;
ALTER TABLE osms.clause ENABLE ALWAYS TRIGGER only_scripts;
ALTER TABLE osms.definition ENABLE ALWAYS TRIGGER only_scripts;
COMMENT ON TRIGGER only_scripts ON osms_internal.told_rule IS 'only scripts of the extension change it';
COMMENT ON TRIGGER only_scripts ON osms.finding IS 'only scripts of the extension change it';
COMMENT ON TRIGGER only_scripts ON osms.clause IS 'only scripts of the extension change it';
COMMENT ON TRIGGER only_scripts ON osms.definition IS 'only scripts of the extension change it';

CREATE FUNCTION osms_internal.rule_parameters(rule text) RETURNS text[]
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_rule_parameters';
COMMENT ON FUNCTION osms_internal.rule_parameters(text) IS 'parameters of the law that the predicates of a rule ask for';

CREATE VIEW osms.rule AS
    SELECT r.rule, r.layer, r.default_mode, r.fixed, c.relations, c.audited, r.sqlstate, r.refuses, r.hint, r.act, r.warns_in_import,
           r.russian, r.kazakh, r.point, r.tag, osms_internal.rule_parameters(r.rule) AS parameters
    FROM osms_internal.told_rule r
    CROSS JOIN LATERAL (SELECT array_agg(DISTINCT c.relation) AS relations, bool_or(c.audited) AS audited
                        FROM osms.clause c WHERE c.rule = r.rule) c
    ORDER BY r.place;
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

CREATE FUNCTION osms.enforced(registry text, rule text, OUT relation text, OUT predicate text) RETURNS SETOF record
    LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 2
    AS 'MODULE_PATHNAME', 'osms_enforced';
COMMENT ON FUNCTION osms.enforced(text, text) IS
'predicates of a rule as the guard of a registry runs them
They are those of osms.clause with every name written out, for the relations that the rule judges there.
22023 for an unknown rule, 3F000 where there is no such registry, 42P01 without a roster.';

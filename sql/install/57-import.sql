
--
-- import: rows of the past, for which rules of time and of payments only warn.
--
CREATE FUNCTION osms.import_begin(registry text, why text) RETURNS bigint
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_import_begin';
COMMENT ON FUNCTION osms.import_begin(text, text) IS
'begins an import in this transaction and returns its entry in the registry''s relation import
rules of osms.rule with warns_in_import then warn instead of refuse, in tables that belong to the role that writes, until
osms.import_end; without that the transaction cannot commit. why: what is loaded and on whose order, kept with who began it; the
journal names the entry. 42501 for who owns no guarded table, 55000 where one has begun, 22023 without a reason, 3F000 where
there is no such registry';

CREATE FUNCTION osms.import_end(registry text) RETURNS bigint
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'osms_import_end';
COMMENT ON FUNCTION osms.import_end(text) IS
'ends the import of this transaction and returns its entry
55000 where none is under way, 42501 for who owns no guarded table, 3F000 where there is no such registry';

CREATE FUNCTION osms_internal.judge_import() RETURNS trigger
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'osms_judge_import';
COMMENT ON FUNCTION osms_internal.judge_import() IS
    'deferred constraint trigger of the relation import: 55000 at the end of the transaction unless the import was ended';

--
-- refusals: how often rules refused, or would have.
--
CREATE FUNCTION osms.refusals(registry text, OUT day date, OUT told text, OUT rule text, OUT finding text, OUT relation text, OUT role text,
                              OUT application text, OUT statements bigint, OUT "rows" bigint) RETURNS SETOF record
    LANGUAGE C VOLATILE STRICT PARALLEL SAFE ROWS 100
    AS 'MODULE_PATHNAME', 'osms_refusals';
COMMENT ON FUNCTION osms.refusals(text) IS
    'how often the rules of a registry refused, or would have, by day (of the server''s log), what the log says of it (refused, would refuse, doubts), rule, finding, relation, role and application: statements, and rows found in them. Refused statements count too, though they roll back: the counters are a file beside the server''s own statistics, one for each database, which a restart keeps and a dump, a standby and pg_upgrade do not carry on. Of a day more than 1,000 combinations are counted without role and application (NULL); of more than 65,536 in all the older half is forgotten. For who may SELECT from the registry''s journal (42501); 3F000 where there is no such registry';

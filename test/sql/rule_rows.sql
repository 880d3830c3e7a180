-- The rules are rows: anybody reads what is enforced, nobody but a script of the extension changes it, and a session judges by what stands there now.
SELECT * FROM no_plan();
SET client_min_messages = warning;
\ir verdict.psql
CREATE ROLE rule_rows_lawyer;
SET ROLE rule_rows_lawyer;
SELECT matches(predicate, 'ELSE \{territory: c\.since; \{st\}\} END$', 'who reads the law reads the predicate that is enforced')
FROM osms.clause WHERE rule = 'same_territory';
SELECT is(count(*)::int, 1, 'and each definition that it names') FROM osms.definition WHERE name = 'territory';
SELECT is((SELECT count(*)::int FROM osms.rule), (SELECT count(DISTINCT rule)::int FROM osms.clause), 'every rule has a clause');
RESET ROLE;

SELECT is(pg_temp.verdict(format(statement, relation)), format('42501 permission denied to change table "%s"', split_part(relation, '.', 2)), format(statement, relation))
FROM (VALUES ('osms_internal.told_rule'), ('osms.finding'), ('osms.clause'), ('osms.definition')) t (relation),
     (VALUES ('INSERT INTO %1$s SELECT * FROM %1$s'), ('DELETE FROM %s'), ('TRUNCATE %s CASCADE'),
             ('SET session_replication_role = replica; DELETE FROM %s')) s (statement)
WHERE NOT (relation ~ 'told_rule' AND statement ~ 'TRUNCATE');
SELECT is(pg_temp.verdict($$UPDATE osms.clause SET predicate = 'NULL'$$), '42501 permission denied to change table "clause"', 'nor does a superuser change a predicate by accident');
SELECT is(pg_temp.verdict('SET ROLE rule_rows_lawyer; DELETE FROM osms.clause'), '42501 permission denied for table clause', 'who is none may not even try');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_extension e, unnest(e.extconfig) d (config), pg_class c
    WHERE c.oid = d.config AND c.relname IN ('told_rule', 'finding', 'clause', 'definition')$$, 'they come with the extension, not with a dump');
SELECT is_empty($$SELECT d.name, p FROM osms.definition d, unnest(d.parameters) p
    WHERE p IN (SELECT name FROM osms.definition) OR p IN ('r', 'touched', 'extended', 'number', 'any_number', 'subject', 'own')$$, 'no parameter is called like something else');
SELECT is_empty($$SELECT relation, rule FROM osms.clause WHERE relation NOT IN (SELECT relation FROM osms.registry_columns(true))$$, 'clauses judge canonical relations');

-- What the session has compiled goes when rows change.
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.person (person) SELECT generate_series(1, 9);
INSERT INTO fund.organisation (organisation) VALUES (1);
INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (9, 9, 1, 'active', '2024-05-01');
SELECT osms.guard('fund', '{"contracted": "off", "same_territory": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund', batch => NULL);
CREATE FUNCTION pg_temp.attach(someone int, day date) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(format('INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (%1$s, %1$s, 1, ''active'', %2$L)', someone, day)) $$;
-- as an update of the extension changes it, but for its script
CREATE PROCEDURE pg_temp.say(statement text) LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE osms.clause DISABLE TRIGGER only_scripts;
    ALTER TABLE osms.definition DISABLE TRIGGER only_scripts;
    ALTER TABLE osms_internal.told_rule DISABLE TRIGGER only_scripts;
    EXECUTE statement;
    ALTER TABLE osms_internal.told_rule ENABLE ALWAYS TRIGGER only_scripts;
    ALTER TABLE osms.definition ENABLE ALWAYS TRIGGER only_scripts;
    ALTER TABLE osms.clause ENABLE ALWAYS TRIGGER only_scripts;
END $$;
SELECT is(pg_temp.attach(1, '2024-05-01'), 'ok', 'an inherited attachment');
CALL pg_temp.say($$UPDATE osms.clause SET predicate = 'CASE WHEN {spring: c.since} THEN ''beyond_stay'' END', person = '{}' WHERE rule = 'stay'$$);
CALL pg_temp.say($$INSERT INTO osms.definition (name, parameters, text) VALUES ('spring', '{day}', 'extract(month FROM {day}) BETWEEN 3 AND 5')$$);
SELECT is(pg_temp.attach(2, '2024-05-01'), '23514 stay fund.attachment.until beyond_stay in attachment 2', 'a session judges by the predicate as it is now');
SELECT is(pg_temp.attach(3, '2024-06-01'), 'ok', 'and by no other');
SELECT is((SELECT finding FROM osms.audit('fund', '{stay}')), 'beyond_stay', 'and so does audit');
CALL pg_temp.say($$UPDATE osms_internal.told_rule SET refuses = 'not in spring' WHERE rule = 'stay'$$);
SELECT throws_ok($$INSERT INTO fund.attachment (attachment, person, organisation, state, since) VALUES (4, 4, 1, 'active', '2024-05-01')$$, '23514', 'not in spring', 'the message, too');

-- What cannot be written says why.
CREATE FUNCTION pg_temp.said(predicate text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL pg_temp.say(format('UPDATE osms.clause SET predicate = %L WHERE rule = ''stay''', predicate));
    RETURN pg_temp.attach(5, '2024-05-01');
END $$;
CALL pg_temp.say($$INSERT INTO osms.definition (name, text) VALUES ('hen', 'true OR {egg}'), ('egg', '{hen}')$$);
SELECT is(pg_temp.said(predicate), said, predicate) FROM (VALUES
    ('CASE WHEN {nothing} THEN ''x'' END', '22023 there is no mark "nothing"'),
    ('CASE WHEN {spring} THEN ''x'' END', '22023 mark "spring" takes 1 arguments'),
    ('CASE WHEN {spring: c.since; c.until} THEN ''x'' END', '22023 mark "spring" takes 1 arguments'),
    ('CASE WHEN {spring: c.since THEN ''x'' END', '22023 mark "spring" does not end'),
    ('CASE WHEN {hen} THEN ''x'' END', '22023 definition "hen" rests on itself'),
    ('CASE WHEN {touched:nothing} THEN ''x'' END', '42703 canonical relation "attachment" has no column "nothing"'),
    ('CASE WHEN c.organisation::text = ANY (''{a,b}'') OR ''{}''::text[] = ''{1}'' THEN ''x'' END', 'ok')) t (predicate, said);
SELECT is(pg_temp.said('CASE WHEN {spring: c.since} THEN ''beyond_stay'' END'), '23514 stay fund.attachment.until beyond_stay in attachment 5', 'a predicate that can be written again');
SELECT results_eq($$SELECT * FROM osms.enforced('fund', 'stay')$$,
    $$VALUES ('attachment', 'CASE WHEN extract(month FROM c.since) BETWEEN 3 AND 5 THEN ''beyond_stay'' END')$$, 'and read in full');
SELECT is(pg_temp.verdict($$SELECT * FROM osms.enforced('fund', 'nothing')$$), '22023 there is no rule "nothing"', 'of a rule');
SELECT is(pg_temp.verdict($$SELECT * FROM osms.enforced('nowhere', 'stay')$$) ~ '^3F000 ', true, 'in a registry');
CREATE TEMP TABLE lost_rule AS SELECT * FROM osms_internal.told_rule WHERE rule = 'site_norm';
CREATE TEMP TABLE lost_clause AS SELECT * FROM osms.clause WHERE rule = 'site_norm';
CALL pg_temp.say($$DELETE FROM osms.clause WHERE rule = 'site_norm'; DELETE FROM osms_internal.told_rule WHERE rule = 'site_norm'$$);
SELECT is(pg_temp.attach(6, '2024-06-01'), '55000 rule "site_norm" is missing among the rules of extension osms', 'nobody writes unjudged where a rule is missing that C calls by name');
SELECT is(pg_temp.attach(6, '2024-06-01'), '55000 rule "site_norm" is missing among the rules of extension osms', 'nor by what was read before');
CALL pg_temp.say('INSERT INTO osms_internal.told_rule SELECT * FROM lost_rule; INSERT INTO osms.clause SELECT * FROM lost_clause');
SELECT is(pg_temp.attach(6, '2024-06-01'), 'ok', 'until it is there');
DROP ROLE rule_rows_lawyer;
SELECT * FROM finish();

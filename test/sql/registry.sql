-- A registry of a new installation.
SET client_min_messages = warning;
SELECT * FROM no_plan();
\ir verdict.psql
SELECT osms.create_registry('New fund', cut_over => '2025-01-01', time_zone => 'Asia/Oral');
SELECT is(pg_temp.verdict(call), expected, expected) FROM (VALUES
('SELECT osms.create_registry(''New fund'')', '42P06 schema "New fund" already exists'),
('SELECT osms.create_registry(NULL)', '22023 a registry needs a name'),
('SELECT osms.create_registry(''x'', cut_over => NULL)', '22023 a registry needs a cut-over day'),
('SELECT osms.create_registry(''x'', cut_over => ''infinity'')', '22023 a registry needs a cut-over day'),
('SELECT osms.create_registry(''x'', time_zone => ''Mars/Olympus'')', '22023 time zone "Mars/Olympus" not recognized')) c (call, expected);
SELECT is((SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
    WHERE relnamespace = '"New fund"'::regnamespace AND relkind = 'r'),
    (SELECT string_agg(relation, ' ' ORDER BY relation COLLATE "C")
        FROM (SELECT DISTINCT relation FROM osms.registry_columns()
        UNION SELECT unnest(
        '{roster,journal,moved,pending,import,setting,statement,statement_line,restatement,restatement_line,ledger}'::text[])) x),
        'all relations are there');
SELECT results_eq('SELECT cut_over, time_zone, roster_complete FROM "New fund".setting', $$VALUES (date '2025-01-01', 'Asia/Oral', false)$$,
    'and the setting');
SELECT results_eq($$SELECT problem FROM osms.check_registry('New fund') WHERE severity <> 'info'$$,
    $$VALUES ('role postgres, who owns the registry, is a superuser')$$,
                  'nothing is missing, but a keeper');
SELECT is_empty($$SELECT * FROM osms.clauses('New fund') WHERE NOT judged$$, 'every rule can judge');
SELECT lives_ok($$SELECT osms.guard('New fund')$$, 'a name that must be quoted is guarded');
SELECT is(pg_temp.verdict($$INSERT INTO "New fund".person (person) VALUES (1);
    INSERT INTO "New fund".organisation (organisation) VALUES (1);
    INSERT INTO "New fund".attachment (attachment, person, organisation, state, since)
        VALUES (5, 1, 1, 'active', '2025-01-01')$$), '23514 basis New fund.attachment.application no_basis in attachment 5', 'and judged');
SELECT is(pg_temp.verdict($$INSERT INTO "New fund".person (person) VALUES (1);
    INSERT INTO "New fund".organisation (organisation) VALUES (1);
    INSERT INTO "New fund".contract (organisation, valid_from) VALUES (1, '2020-01-01');
    SELECT osms.guard('New fund', '{"no_backdating": "off"}');
    INSERT INTO "New fund".attachment (attachment, person, organisation, state, since)
        VALUES (5, 1, 1, 'active', '2020-01-01'), (6, 1, 1, 'active', '2021-01-01')$$),
        '23P01 one_attachment New fund.attachment.since overlap', 'at commit too');
SELECT is(pg_temp.verdict('DROP SCHEMA "New fund" CASCADE', 'UTC', 'SELECT count(*)::text FROM osms.guards'), 'ok 0',
    'and it goes with its schema');

-- What shape the derived relations have, and who may touch them.
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
SELECT is((SELECT count(*)::int FROM pg_class c WHERE relnamespace = 'fund'::regnamespace AND relacl IS NOT NULL), 0,
    'nobody but the owner has rights on a new registry');
SELECT is(pg_temp.verdict(statement), expected, statement) FROM (VALUES
('INSERT INTO fund.setting (cut_over, time_zone) VALUES (now(), ''UTC'')',
    '23505 duplicate key value violates unique constraint "setting_pkey"'),
('INSERT INTO fund.pending VALUES (1)', '55000 table "pending" takes only rows that osms writes'),
('INSERT INTO fund.journal (entry) VALUES (1)', '428C9 cannot insert a non-DEFAULT value into column "entry"')) c (statement, expected);
SELECT is((SELECT count(*)::int FROM fund.pending), 0, 'pending is empty between transactions');
SELECT is(osms.relation_of('fund', 'person')::text, 'fund.person', 'relation_of finds a relation');
SELECT is(osms.relation_of('fund', 'pg_class'), NULL, 'and nothing else');
SELECT is(osms.mapped_source('fund.person')::text, 'fund.person', 'a table is its own source');
-- a column that was renamed is found, and what is written meanwhile is told of it
SELECT is(pg_temp.verdict('ALTER TABLE fund.attachment RENAME since TO begun', 'UTC', $$SELECT
    string_agg(concat_ws(' ', severity, relation, problem), '; ') FROM osms.check_registry('fund') WHERE severity <> 'info'$$),
    'ok error attachment column "since" is missing; warning roster role postgres, who owns the registry, is a superuser',
        'check_registry finds a renamed column');
SELECT is(pg_temp.verdict($$SELECT osms.guard('fund'); ALTER TABLE fund.attachment RENAME since TO begun;
    INSERT INTO fund.attachment (person, organisation, state, begun) VALUES (1, 1, 'active', '2020-01-01')$$),
    '42703 canonical relation "attachment" has no column "since"', 'and the guard refuses to guess');
SELECT is(pg_temp.verdict(format('SELECT osms.guard(''fund'', %s)', modes)), '22023 ' || message, 'modes ' || modes) FROM (VALUES
('NULL', 'modes are an object of rule and mode'), ('''["basis"]''', 'modes are an object of rule and mode'),
    ('''{"basiss": "warn"}''', 'there is no rule "basiss"'),
('''{"basis": "warning"}''', 'rule "basis" has no mode "warning"'), ('''{"basis": true}''', 'rule "basis" has no mode "true"'),
('''{"person_known": "off"}''', 'rule "person_known" has no other mode than enforce')) m (modes, message);
-- a table made by hand without an optional column
SELECT is(pg_temp.verdict(format('ALTER TABLE fund.%I DROP known_from', r), 'UTC', $$SELECT
    string_agg(concat_ws(' ', relation, problem, hint), '; ') FROM osms.check_registry('fund') WHERE severity = 'error'$$),
    format('ok %s column "known_from" is missing Add it, or map the relation again with osms.map().', r), r || ' without known_from')
        FROM unnest('{coefficient,insurance,service,contract,organisation_status,site}'::text[]) r;
-- relations that are dropped make the rules that need them idle, and only those
SELECT is(pg_temp.verdict('DROP TABLE ' || relations, 'UTC',
    'SELECT string_agg(rule || '' on '' || relation, '', '' ORDER BY rule, relation) FROM osms.clauses(''fund'') WHERE NOT judged'),
    rtrim('ok ' || idle), 'without ' || relations)
FROM (VALUES ('fund.organisation',
    'organisation_known on application, organisation_known on attachment, payment_contract on payment, payment_due on payment'),
    ('fund.identity_event', 'decision_order on application, four_eyes on application, identified on application'),
             ('fund.attested_number', 'identifier on organisation, identifier on person'),
                 ('fund.application',
                 'basis on attachment, decision_order on identity_event, free_choice_limit on attachment, newborn_term on attachment, '
                 'no_backdating on attachment'), ('fund.contract', 'contracted on attachment, payment_contract on payment'),
             ('fund.order_scope', 'order_scope on attachment'), ('fund.residence', ''),
                 ('fund.organisation_status', 'lost_territory on attachment, same_territory on attachment'),
             ('fund.person_alias, fund.region_succession, fund.organisation_succession', '')) r (relations, idle);

-- a relation that a registry of mapped tables lacks, as a table of ours
CREATE SCHEMA vendor;
CREATE TABLE vendor.p (id char(12) PRIMARY KEY, region text);
CREATE TABLE vendor.a (id uuid PRIMARY KEY, p char(12), o varchar(4), st text, d1 date, d2 date);
CREATE INDEX ON vendor.a (p);
SELECT osms.create_registry('vendors', tables => false, cut_over => '2025-01-01');
SELECT osms.map('vendors', 'person', 'vendor.p', '{"person": "id"}');
SELECT is(pg_temp.verdict($$SELECT osms.add_relation('vendors', 'site')$$),
    '3F000 registry "vendors" does not exist, or maps no attachments yet', 'add_relation waits for the attachments');
SELECT osms.map('vendors', 'attachment', 'vendor.a',
    '{"attachment": "id", "person": "p", "organisation": "o", "state": "st", "since": "d1", "until": "d2"}');
SELECT is(pg_temp.verdict(format('SELECT osms.add_relation(''vendors'', %L)', relation)), expected,
    'add_relation ' || coalesce(relation, 'nothing')) FROM (VALUES
(NULL, '22023 "<NULL>" is not an optional relation'), ('roster', '22023 "roster" is not an optional relation'),
    ('attachment', '22023 "attachment" is not an optional relation'),
('identity_event', '42P07 registry "vendors" has a relation "identity_event"')) c (relation, expected);
SELECT lives_ok(format('SELECT osms.add_relation(''vendors'', %L)', relation), 'add_relation ' || relation)
FROM (SELECT DISTINCT relation FROM osms.registry_columns()) r WHERE osms.relation_of('vendors', relation) IS NULL ORDER BY relation;
SELECT results_eq($$SELECT problem FROM osms.check_registry('vendors')
    WHERE severity <> 'info'$$, $$VALUES ('role postgres, who owns the registry, is a superuser')$$,
                  'all keys agree');
SELECT is((SELECT string_agg(DISTINCT format_type(atttypid, atttypmod), ' ') FROM pg_attribute
    WHERE attnum > 0 AND attrelid IN ('vendors.residence'::regclass, 'vendors.person_alias'::regclass, 'vendors.roster'::regclass)
    AND attname IN ('person', 'old', 'new')),
    'character(12)', 'and have the registry''s type');
SELECT lives_ok($$SELECT osms.guard('vendors')$$, 'and the whole is guarded');

-- who may not read a registry is told so at once
CREATE ROLE registry_reader;
SELECT is(pg_temp.verdict(format('SET LOCAL ROLE registry_reader; SELECT * FROM osms.%s(''fund'')', f)),
    '42501 permission denied for registry "fund"', f || ' without USAGE')
FROM unnest('{audit,audit_summary,verify,check_registry}'::text[]) f;
GRANT USAGE ON SCHEMA fund TO registry_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA fund TO registry_reader;
REVOKE SELECT ON fund.person FROM registry_reader;
SELECT is(pg_temp.verdict(format('SET LOCAL ROLE registry_reader; SELECT * FROM osms.%s(''fund'')', f)),
    '42501 permission denied for relation "person" of registry "fund"', f || ' without SELECT')
FROM unnest('{audit,audit_summary,verify,check_registry}'::text[]) f;
GRANT SELECT ON fund.person TO registry_reader;
SELECT is(pg_temp.verdict(format('SET LOCAL ROLE registry_reader; SELECT * FROM osms.%s(''fund'')', f)), 'ok', f || ' with both')
FROM unnest('{audit,audit_summary,verify,check_registry}'::text[]) f;
DROP OWNED BY registry_reader;
DROP ROLE registry_reader;
SELECT * FROM finish();

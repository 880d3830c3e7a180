-- Traces: what osms alone writes is kept against everybody by every door, the journal tells what was done to a registry, and check_registry
-- what its owner disabled.
\ir verdict.psql
SET client_min_messages = error;
SELECT * FROM no_plan();

CREATE ROLE traces_owner;
CREATE ROLE traces_vendor;
SELECT osms.create_registry('fund', cut_over => '2020-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) VALUES (1, '1990-01-01', 'male', 'ast'), (2, '1980-01-01', 'female', 'ast');
INSERT INTO fund.organisation (organisation, name) VALUES (10, 'A'), (11, 'B');
INSERT INTO fund.organisation_status (organisation, region, class, valid_from)
    VALUES (10, 'ast', 'urban', '2020-01-01'), (11, 'ast', 'urban', '2020-01-01');
INSERT INTO fund.contract (organisation, valid_from) VALUES (10, '2020-01-01'), (11, '2020-01-01');
INSERT INTO fund.attachment (person, organisation, state, since) VALUES (1, 10, 'active', '2019-01-01');
SELECT osms.guard('fund', '{"basis": "off", "no_backdating": "off"}');
CALL osms.fill_roster('fund');
SELECT FROM osms.close_month('fund', '2026-01-01');
INSERT INTO fund.attachment (person, organisation, state, since) VALUES (2, 10, 'active', '2026-01-15');
SELECT FROM osms.post_restatement('fund', '2026-01-01');

-- every door of every kept relation, for a vendor to whom all was granted, the owner, and a superuser
SELECT format('ALTER TABLE fund.%I OWNER TO traces_owner', c.relname) FROM pg_class c
    WHERE c.relnamespace = 'fund'::regnamespace AND c.relkind = 'r' \gexec
ALTER SCHEMA fund OWNER TO traces_owner;
GRANT USAGE ON SCHEMA fund TO traces_vendor;
GRANT ALL ON ALL TABLES IN SCHEMA fund TO traces_vendor;
CREATE TEMP TABLE door (door text, statement text);
INSERT INTO door VALUES
    ('update', 'UPDATE fund.%1$I SET %2$I = %2$I'),
    ('update of no row', 'UPDATE fund.%1$I SET %2$I = %2$I WHERE false'),
    ('delete', 'DELETE FROM fund.%1$I'),
    ('truncate', 'TRUNCATE fund.%1$I CASCADE'),
    ('merge', 'MERGE INTO fund.%1$I x USING (SELECT 1) y ON true WHEN MATCHED THEN DELETE'),
    ('merge that updates', 'MERGE INTO fund.%1$I x USING (SELECT 1) y ON true WHEN MATCHED THEN UPDATE SET %2$I = x.%2$I'),
    ('with', 'WITH gone AS (DELETE FROM fund.%1$I RETURNING 1) SELECT count(*) FROM gone'),
    ('a view', 'CREATE TEMP VIEW v AS SELECT * FROM fund.%1$I; DELETE FROM v'),
    ('a function', 'CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql AS $f$ DELETE FROM fund.%1$I $f$; SELECT pg_temp.f()'),
    ('a cursor', 'DO $f$ DECLARE c CURSOR FOR SELECT * FROM fund.%1$I FOR UPDATE; BEGIN FOR r IN c LOOP DELETE FROM fund.%1$I WHERE '
        'CURRENT OF c; END LOOP; DELETE FROM fund.%1$I WHERE false; END $f$');
SELECT is(pg_temp.verdict(format('SET LOCAL ROLE %I; ', r) || format(d.statement, k.relation, k.col)),
    format('55000 rows of table "%s" do not change', k.relation),
          format('%s of %s by %s', d.door, k.relation, r))
FROM (SELECT DISTINCT k.relation, (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.kept AND a.attnum > 0 AND a.attidentity = ''
    ORDER BY a.attnum LIMIT 1) AS col
      FROM osms_internal.keep_definitions('fund') k WHERE k.relation <> 'setting') k, door d,
          unnest('{traces_vendor,traces_owner,postgres}'::text[]) r
-- other tables refer to these: the first refusal names one of them
WHERE NOT (d.door = 'truncate' AND k.relation IN ('statement', 'restatement'));
SELECT is((SELECT count(DISTINCT relation) FROM osms_internal.keep_definitions('fund')), 11::bigint, 'eleven relations are kept');
SELECT matches(pg_temp.verdict(format('TRUNCATE fund.%I CASCADE', t)), '^55000 rows of table ".*statement.*" do not change$',
    'truncate of ' || t) FROM unnest('{statement,restatement}'::text[]) t;
SELECT is(pg_temp.verdict(format('SET LOCAL ROLE %I; ', r) || format(statement, t)),
    format('55000 table "%s" takes only rows that osms writes', t), format('%s by %s', format(statement, t), r))
FROM unnest('{roster,journal,moved,pending,import,statement,statement_line,restatement,restatement_line,ledger}'::text[]) t,
    unnest('{traces_vendor,traces_owner,postgres}'::text[]) r,
     unnest(ARRAY['INSERT INTO fund.%1$I OVERRIDING USER VALUE SELECT * FROM fund.%1$I',
         'INSERT INTO fund.%1$I OVERRIDING USER VALUE SELECT * FROM fund.%1$I ON CONFLICT DO NOTHING',
                  'MERGE INTO fund.%1$I x USING (SELECT 1) y ON false WHEN NOT MATCHED THEN INSERT DEFAULT VALUES']) statement;
SELECT is(pg_temp.verdict($$CREATE TABLE fund.friend (month date REFERENCES fund.statement ON UPDATE CASCADE);
    INSERT INTO fund.friend VALUES ('2026-01-01'); UPDATE fund.statement SET month = '2026-02-01'$$),
    '55000 rows of table "statement" do not change', 'a cascade begins nowhere');
SELECT is(pg_temp.verdict($$CREATE TABLE fund.king (entry bigint PRIMARY KEY); INSERT INTO fund.king SELECT entry FROM fund.ledger;
    ALTER TABLE fund.ledger ADD FOREIGN KEY (entry) REFERENCES fund.king ON DELETE CASCADE;
        DELETE FROM fund.king$$), '55000 rows of table "ledger" do not change', 'nor comes from elsewhere');

-- What a statement of osms evaluates finds no leave to write (where others may put triggers nothing is written at all): here a trigger on a
-- guarded table, one on the roster itself, and a default.
REVOKE TRIGGER ON ALL TABLES IN SCHEMA fund FROM traces_vendor;
CREATE FUNCTION fund.forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE fund.roster SET organisation = 11; RETURN NULL; END $$;
SELECT is(pg_temp.verdict(
    format('CREATE TRIGGER %s ON fund.%s FOR EACH STATEMENT EXECUTE FUNCTION fund.forge(); UPDATE fund.person SET death_date = %L WHERE '
    'person = 2', t, r, date '2026-02-02')),
          CASE WHEN r IN ('journal', 'roster')
              THEN '42501 function fund.forge() must not run as role "traces_owner" while osms acts for others'
               ELSE '55000 rows of table "roster" do not change' END, t || ' ' || r)
FROM (VALUES ('aa AFTER UPDATE', 'person'), ('zzz AFTER UPDATE', 'person'), ('aa AFTER UPDATE', 'attachment'),
    ('aa AFTER INSERT', 'journal'), ('aa BEFORE INSERT', 'journal'),
             ('zzz BEFORE INSERT', 'journal'), ('zzz AFTER UPDATE', 'roster')) v (t, r);
CREATE FUNCTION fund.forge_value() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO fund.journal (actor, relation, event, key)
    VALUES ('somebody', 'attachment', 'I', '1'); RETURN 'x'; END $$;
SELECT is(pg_temp.verdict(
    'ALTER TABLE fund.journal ALTER session_role SET DEFAULT fund.forge_value(); UPDATE fund.person SET death_date = ''2026-02-02'' WHERE '
    'person = 2'),
          '42501 function fund.forge_value() must not run as role "traces_owner" while osms acts for others', 'a default of the journal');
-- an error on the way leaves no leave behind
SELECT is(pg_temp.verdict($$DO $f$ BEGIN
    BEGIN
        ALTER TABLE fund.journal ADD CHECK (relation <> 'person');
        UPDATE fund.person SET death_date = '2026-02-02' WHERE person = 2;
    EXCEPTION WHEN check_violation THEN NULL;
    END;
    INSERT INTO fund.journal (actor, relation, event, key) VALUES ('somebody', 'attachment', 'I', '1');
END $f$ $$), '55000 table "journal" takes only rows that osms writes', 'after an error');
SELECT is(pg_temp.verdict($$DO $f$ BEGIN
    BEGIN
        SET LOCAL statement_timeout = '1ms'; LOCK fund.journal; REVOKE INSERT ON fund.journal FROM traces_owner;
        UPDATE fund.person SET death_date = '2026-02-02' WHERE person = 2;
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    INSERT INTO fund.journal (actor, relation, event, key) VALUES ('somebody', 'attachment', 'I', '1');
END $f$ $$), '55000 table "journal" takes only rows that osms writes', 'before the trigger was reached');
-- nobody calls what writes for osms
SELECT is(pg_temp.verdict('SET LOCAL ROLE traces_vendor; ' || call),
    '42501 permission denied for function ' || substring(call from 'osms(?:_internal)?\.(\w+)'), call) FROM (VALUES
    ($$SELECT osms_internal.note_act('fund', 'guard', 'D', 'attachment')$$), ('SELECT osms_internal.put_keep_triggers(''fund'')'),
        ($$SELECT osms.close_month('fund', '2026-02-01')$$),
    ($$SELECT osms_internal.check_closing('fund', '2026-02-01')$$), ($$SELECT osms.post_restatement('fund', '2026-01-01')$$),
        ($$SELECT osms_internal.restatement_due('fund', '2026-01-01')$$)) v (call);
SELECT is(pg_temp.verdict($$SELECT osms_internal.note_act('fund', 'attachment', 'I', '1')$$), '22023 "attachment" is not an act',
    'rows are not told by hand');

REVOKE ALL ON ALL TABLES IN SCHEMA fund FROM traces_vendor;

-- A roster that no guard keeps may be received, and is told of; it changes no more than another.
SELECT osms.create_registry('received', cut_over => '2020-01-01');
INSERT INTO received.roster SELECT * FROM fund.roster;
SELECT is(pg_temp.verdict('UPDATE received.roster SET organisation = 11'), '55000 rows of table "roster" do not change',
    'what was received stays');
SELECT results_eq('SELECT actor, relation, event::text, key FROM received.journal WHERE relation = ''roster''', $$VALUES ('postgres',
    'roster', 'I', '')$$, 'who received it');

-- What was done to a registry.
CREATE FUNCTION pg_temp.acts(after bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', relation, event, key, state_before, '>', state_after, reason, changed), E'\n' ORDER BY entry)
        FROM fund.journal
    WHERE entry > after AND relation IN ('registry', 'mapping', 'guard', 'rule', 'keep', 'setting', 'statement', 'restatement',
        'roster') $$;
SELECT is(pg_temp.acts(0), E'registry I fund > cut-over 2020-01-01, time zone Asia/Almaty
guard I adjustment > fund.adjustment
guard I application > fund.application
guard I attachment > fund.attachment
guard I attested_number > fund.attested_number
guard I authority_order > fund.authority_order
guard I clerk > fund.clerk
guard I coefficient > fund.coefficient
guard I contract > fund.contract
guard I defect > fund.defect
guard I identity_event > fund.identity_event
guard I insurance > fund.insurance
guard I order_scope > fund.order_scope
guard I organisation > fund.organisation
guard I organisation_status > fund.organisation_status
guard I organisation_succession > fund.organisation_succession
guard I payment > fund.payment
guard I person > fund.person
guard I person_alias > fund.person_alias
guard I region_succession > fund.region_succession
guard I residence > fund.residence
guard I service > fund.service
guard I site > fund.site
rule U basis enforce > off
rule U no_backdating enforce > off
setting U roster_complete f > t
statement I 2026-01 > 600.00 illustrative
restatement I 2026-01, 1 >', 'from its beginning');
SELECT max(entry) AS last FROM fund.journal \gset
SELECT osms.guard('fund', '{"alive": "off"}');
SELECT is(pg_temp.acts(:last), 'rule U alive enforce > off', 'a rule is turned off');
SELECT max(entry) AS last FROM fund.journal \gset
SELECT osms.guard('fund', '{"alive": "enforce", "stay": "warn"}');
SELECT is(pg_temp.acts(:last), E'rule U alive off > enforce\nrule U stay enforce > warn', 'and on again');
SELECT max(entry) AS last FROM fund.journal \gset
SELECT osms.guard('fund');
SELECT is(pg_temp.acts(:last), NULL, 'nothing is done, nothing told');
ALTER TABLE fund.attachment DISABLE TRIGGER zz_osms_attachment_update;
SELECT osms.guard('fund');
SELECT is(pg_temp.acts(:last), E'guard U attachment > fund.attachment {zz_osms_attachment_update}\nsetting U roster_complete t > f',
    'a trigger that was disabled');
SELECT max(entry) AS last FROM fund.journal \gset
CALL osms.fill_roster('fund');
SELECT is(pg_temp.acts(:last), 'setting U roster_complete f > t', 'the roster is filled');
UPDATE fund.setting SET cut_over = '2021-01-01', time_zone = 'Asia/Oral';
UPDATE fund.setting SET cut_over = cut_over;
SELECT is(pg_temp.acts(:last),
    E'setting U roster_complete f > t\nsetting U cut_over 2020-01-01 > 2021-01-01\nsetting U time_zone Asia/Almaty > Asia/Oral',
    'what is set by hand');
UPDATE fund.setting SET cut_over = '2020-01-01', time_zone = 'Asia/Almaty';
SELECT max(entry) AS last FROM fund.journal \gset
SELECT osms.unguard('fund');
SELECT is(regexp_replace(pg_temp.acts(:last), '(guard D (\w+) fund\.\2 >\n)+', 'guard D each > '),
    'guard D each > setting U roster_complete t > f', 'unguard');
SELECT max(entry) AS last FROM fund.journal \gset
SELECT osms.guard('fund');
CALL osms.fill_roster('fund');
SELECT matches(pg_temp.acts(:last), '^(guard I \w+ > fund\.\w+\n)+setting U roster_complete f > t$', 'and again');

-- What is mapped, before and after the journal begins; a column that is renamed, a relation that is added.
CREATE SCHEMA legacy;
CREATE TABLE legacy.people (id bigint PRIMARY KEY, died date);
CREATE TABLE legacy.attached (id bigint PRIMARY KEY, who bigint, clinic bigint, st text, d1 date, d2 date, why text);
CREATE INDEX ON legacy.attached (who);
SELECT osms.create_registry('mapped', tables => false, cut_over => '2020-01-01');
SELECT osms.map('mapped', 'person', 'legacy.people', '{"person": "id", "death_date": "died"}');
SELECT osms.map('mapped', 'attachment', 'legacy.attached',
    '{"attachment": "id", "person": "who", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "why"}');
SELECT osms.add_relation('mapped', 'coefficient');
SELECT osms.map('mapped', 'person', 'legacy.people', '{"person": "id", "death_date": "died"}');
ALTER TABLE legacy.attached RENAME why TO because;
SELECT osms.guard('mapped', '{"no_backdating": "off"}');
SELECT results_eq($$SELECT concat_ws(' ', relation, event, key, '>', state_after, left(reason, 46)) FROM mapped.journal
    WHERE relation <> 'guard' ORDER BY entry$$, ARRAY[
    'registry I mapped > cut-over 2020-01-01, time zone Asia/Almaty', 'mapping I person > legacy.people',
        'mapping I attachment > legacy.attached {"since": "d1", "state": "st", "until": "d2", ',
    'mapping I coefficient > mapped.coefficient', 'mapping U person > legacy.people {"person": "id", "death_date": "died"}',
        'mapping U attachment > writes column "because", formerly "why"',
    'rule U no_backdating > off'], 'mappings');
SELECT ok(bool_and(actor = 'postgres' AND session_role = session_user AND at > now() - interval '1 hour'
    AND transaction::text::bigint < txid_current()), 'who, and when') FROM mapped.journal;

-- What bears on money and verdicts and no rule judges: who changed it, from what to what.
GRANT INSERT, UPDATE, DELETE, TRUNCATE, SELECT ON fund.service, fund.coefficient, fund.insurance TO traces_vendor;
CREATE FUNCTION pg_temp.written(after bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', actor, relation, event, key, person, organisation, state_before, '>', state_after, since, until,
        reason, changed), E'\n' ORDER BY entry)
    FROM fund.journal WHERE entry > after $$;
SELECT max(entry) AS last FROM fund.journal \gset
SET ROLE traces_vendor;
INSERT INTO fund.service (service, person, organisation, served_on) VALUES (1, 2, 10, '2026-02-02');
INSERT INTO fund.coefficient (organisation, kind, value, valid_from, act) VALUES (10, 'any', 5, '2020-01-01', 'none');
INSERT INTO fund.insurance (person, month, paid) VALUES (1, '2026-01-01', false), (2, '2026-01-01', true);
UPDATE fund.service SET denied_at = clock_timestamp();
UPDATE fund.service SET denied_at = denied_at;
UPDATE fund.insurance SET paid = true;
DELETE FROM fund.insurance WHERE person = 1;
DELETE FROM fund.insurance WHERE false;
TRUNCATE fund.service;
RESET ROLE;
SELECT is(pg_temp.written(:last), 'traces_vendor service I 1 2 10 > 2026-02-02
traces_vendor coefficient I 10, any 10 > 5 2020-01-01 none
traces_vendor insurance I 1 1 > false 2026-01-01
traces_vendor insurance I 2 2 > true 2026-01-01
traces_vendor service U 1 2 10 > 2026-02-02 {denied_at}
traces_vendor insurance U 1 1 false > true 2026-01-01 {paid}
traces_vendor insurance D 1 1 true > 2026-01-01
traces_vendor service T  >', 'services, coefficients and contributions');
SELECT max(entry) AS last FROM fund.journal \gset
INSERT INTO fund.adjustment VALUES (10, '2026-01-01', 'SCHOOL', 100.50, 'act 1');
UPDATE fund.adjustment SET amount = 1000;
INSERT INTO fund.defect VALUES (10, '2026-01-01', '2025-12-01', '5.2', 3, 'act 2');
UPDATE fund.defect SET cases = 0, act = 'act 3';
INSERT INTO fund.attested_number VALUES ('850101100009', 'letter 1', NULL);
DELETE FROM fund.attested_number;
INSERT INTO fund.residence VALUES (1, 'almaty', 'registered', '2026-01-01');
INSERT INTO fund.site VALUES (10, '1', 'adults', NULL, 1700, '2026-01-01');
INSERT INTO fund.clerk VALUES ('k', 10, 'boss', NULL);
UPDATE fund.organisation SET name = 'Ъ' WHERE organisation = 10;
INSERT INTO fund.organisation_succession VALUES (10, 11, '2026-05-05', NULL);
INSERT INTO fund.region_succession VALUES ('ast', 'new', '2026-05-05', 'act 4');
SELECT is(pg_temp.written(:last), 'postgres adjustment I 10, SCHOOL 10 > 100.50 2026-01-01 act 1
postgres adjustment U 10, SCHOOL 10 100.50 > 1000 2026-01-01 act 1 {amount}
postgres defect I 10, 5.2 10 > 3 2026-01-01 act 2
postgres defect U 10, 5.2 10 3 > 0 2026-01-01 act 3 {cases,act}
postgres attested_number I 850101100009 > letter 1
postgres attested_number D 850101100009 > letter 1
postgres residence I 1 1 > almaty 2026-01-01 registered
postgres site I 10, 1 10 > 1700 2026-01-01
postgres clerk I k 10 > boss
postgres organisation U 10 10 A > Ъ {name}
postgres organisation_succession I 10 11 > 2026-05-05
postgres region_succession I ast > new 2026-05-05 act 4', 'and the others');
DELETE FROM fund.residence;
DELETE FROM fund.organisation_succession;
-- a load is one entry, whatever is undone later is told row by row
SELECT max(entry) AS last FROM fund.journal \gset
INSERT INTO fund.insurance (person, month, paid) SELECT i, date '2025-01-01' + make_interval(months => i % 12), true
    FROM generate_series(1, 1001) i;
INSERT INTO fund.insurance (person, month, paid) SELECT i, '2025-01-01', true FROM generate_series(2001, 3000) i;
DELETE FROM fund.insurance WHERE person <= 1001 AND month < '2026-01-01';
SELECT results_eq(
    format('SELECT event::text, count(*), min(key) = %L, min(since), max(until), min(reason) FROM fund.journal WHERE entry > %s GROUP BY '
    'event, reason IS NULL ORDER BY min(entry)', '', :last),
    $$VALUES ('I', 1::bigint, true, date '2025-01-01', date '2025-12-02', '1001 rows'), ('I', 1000, false, '2025-01-01', NULL, NULL),
        ('D', 1001, false, '2025-01-01', NULL, NULL)$$, 'loads');
-- a vendor's own table, in parts, of which the registry tells him nothing
CREATE TABLE legacy.visit (id bigint, iin bigint, clinic bigint, day date, note text) PARTITION BY RANGE (day);
CREATE TABLE legacy.visit_2025 (note text, day date, clinic bigint, iin bigint, id bigint);
ALTER TABLE legacy.visit ATTACH PARTITION legacy.visit_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE legacy.visit_2026 PARTITION OF legacy.visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
SELECT format('ALTER TABLE %s OWNER TO traces_vendor', t) FROM unnest('{legacy.visit,legacy.visit_2025,legacy.visit_2026}'::text[]) t \gexec
GRANT USAGE, CREATE ON SCHEMA legacy TO traces_vendor;
SELECT osms.map('mapped', 'service', 'legacy.visit', '{"service": "id", "person": "iin", "organisation": "clinic", "served_on": "day"}');
SELECT osms.guard('mapped');
SELECT results_eq('SELECT triggers, problem FROM osms.guards WHERE registry = ''mapped'' AND relation = ''service''',
    'VALUES (12::bigint, NULL::text)', 'a trigger for each event on each table');
SELECT max(entry) AS last FROM mapped.journal \gset
SET ROLE traces_vendor;
INSERT INTO legacy.visit VALUES (1, 7, 10, '2025-05-05', 'x'), (2, 8, 10, '2026-05-05', 'y');
INSERT INTO legacy.visit_2025 VALUES ('z', '2025-06-06', 11, 9, 3);
UPDATE legacy.visit SET note = 'n';
UPDATE legacy.visit SET day = '2026-06-06' WHERE id = 3;
DELETE FROM legacy.visit_2026 WHERE id = 2;
TRUNCATE legacy.visit_2026;
SELECT is(pg_temp.verdict('SELECT * FROM mapped.journal'), '42501 permission denied for schema mapped', 'he sees nothing of it');
RESET ROLE;
SELECT results_eq(
    format('SELECT concat_ws('' '', actor, event, key, person, organisation, since, changed) FROM mapped.journal WHERE entry > %s ORDER BY '
    'entry', :last), ARRAY[
    'traces_vendor I 1 7 10 2025-05-05', 'traces_vendor I 2 8 10 2026-05-05', 'traces_vendor I 3 9 11 2025-06-06',
        'traces_vendor U 3 9 11 2026-06-06 {served_on}', 'traces_vendor D 2 8 10 2026-05-05',
    'traces_vendor T '], 'rows of partitions');
-- of two registries over one table the first traces it
SELECT osms.create_registry('second', tables => false, cut_over => '2020-01-01');
CREATE TABLE legacy.second (LIKE legacy.attached INCLUDING ALL);
CREATE TABLE legacy.second_people (LIKE legacy.people INCLUDING ALL);
SELECT osms.map('second', 'person', 'legacy.second_people', '{"person": "id"}');
SELECT osms.map('second', 'attachment', 'legacy.second',
    '{"attachment": "id", "person": "who", "organisation": "clinic", "state": "st", "since": "d1", "until": "d2", "reason": "because"}');
SELECT osms.map('second', 'service', 'legacy.visit', '{"service": "id", "person": "iin", "organisation": "clinic", "served_on": "day"}');
SELECT osms.guard('second');
SELECT results_eq('SELECT relation FROM osms.guards WHERE registry = ''second'' ORDER BY 1',
    $$VALUES ('attachment'), ('attested_number'), ('identity_event'), ('person')$$, 'guarded beside it');
SELECT osms.unguard('mapped');
SELECT is((SELECT count(*)::int FROM pg_trigger WHERE tgrelid = 'legacy.visit'::regclass), 0, 'nothing is left');

-- What an owner disabled, and since when; guard puts it right.
CREATE FUNCTION pg_temp.told(registry text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(regexp_replace(concat_ws(' ', severity, relation, problem), '\([^)]*\)', '()', 'g'), E'\n'
        ORDER BY severity, relation, problem) FROM osms.check_registry(registry)
    -- a load of unknown persons is told, too
    WHERE severity <> 'info' AND relation <> 'insurance' $$;
SELECT is(pg_temp.told('fund'), NULL, 'nothing to tell');
SELECT max(entry) AS before FROM fund.journal \gset
ALTER TABLE fund.roster DISABLE TRIGGER keep;
ALTER TABLE fund.attachment DISABLE TRIGGER zz_osms_attachment_delete;
SELECT is(pg_temp.told('fund'),
    format(E'warning attachment guard of fund.attachment: disabled: zz_osms_attachment_delete, since a transaction that began after entry '
    '%1$s of the journal ()
warning roster nothing keeps table fund.roster: trigger "keep" is disabled, since a transaction that began after entry %1$s of the journal '
    '()
warning roster the roster was filled under another mapping, other tables or another guard than stand now', :before),
    'nothing was written since');
UPDATE fund.person SET death_date = '2026-03-03' WHERE person = 2;
SELECT min(entry) AS after FROM fund.journal WHERE entry > :before \gset
UPDATE fund.person SET death_date = '2026-03-04' WHERE person = 2;
DROP TRIGGER keep_added ON fund.journal;
DROP TRIGGER keep ON fund.import;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON fund.import FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION osms_internal.keep();
ALTER TABLE fund.setting DISABLE TRIGGER keep;
CREATE TABLE fund.more () INHERITS (fund.ledger);
CREATE RULE lose AS ON INSERT TO fund.statement DO INSTEAD NOTHING;
CREATE FUNCTION fund.lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER lose BEFORE INSERT ON fund.statement_line FOR EACH ROW EXECUTE FUNCTION fund.lose();
SELECT max(entry) AS last FROM fund.journal \gset
ALTER TABLE fund.moved RENAME TO moved_away;
CREATE VIEW fund.moved AS TABLE fund.moved_away;
SELECT is(pg_temp.told('fund'),
    format(E'error ledger table fund.ledger is part of a table or has parts, through which it can be written unseen
error moved fund.moved is not the table that osms made
error statement rule "lose" of table fund.statement changes what is written to it
warning attachment guard of fund.attachment: disabled: zz_osms_attachment_delete, since a transaction that began after entry %1$s of the '
    'journal () and before entry %2$s ()
warning import nothing keeps table fund.import: trigger "keep" is not the one that osms makes, since a transaction that began after entry '
    '%3$s of the journal ()
warning journal nothing keeps table fund.journal: trigger "keep_added" is missing, since some time after entry 1 of the journal ()
warning roster nothing keeps table fund.roster: trigger "keep" is disabled, since a transaction that began after entry %1$s of the journal '
    '() and before entry %2$s ()
warning roster the roster was filled under another mapping, other tables or another guard than stand now
warning setting nothing keeps table fund.setting: trigger "keep" is disabled, since a transaction that began after entry %3$s of the '
    'journal ()
warning statement_line trigger "lose" of table fund.statement_line, which is not of osms, may change what is written to it', :before,
    :after, :last), 'all that is wrong');
SELECT throws_ok('SELECT osms.guard(''fund'')', '55000', NULL, 'what no statement of osms can mend');
-- what a write of ours leaves to the end of the transaction is ours alone
SELECT is(pg_temp.verdict(door || '; SELECT osms.import_begin(''fund'', ''x'')'), told, door)
FROM (VALUES ('CREATE RULE r AS ON INSERT TO fund.import DO ALSO NOTHING', '55000 "import" is not a table without rules, as osms made it'),
    ('ALTER TABLE fund.import RENAME TO imported; CREATE VIEW fund.import AS TABLE fund.imported; ALTER VIEW fund.import OWNER TO '
        'traces_owner', '55000 "import" is not a table without rules, as osms made it'),
    ('CREATE TRIGGER lose AFTER INSERT ON fund.import EXECUTE FUNCTION fund.lose()',
        '55000 table "import" has trigger "lose", which is not of osms')) d (door, told);
DROP VIEW fund.moved;
ALTER TABLE fund.moved_away RENAME TO moved;
DROP TABLE fund.more;
DROP RULE lose ON fund.statement;
DROP TRIGGER lose ON fund.statement_line;
SELECT osms.guard('fund');
SELECT is(pg_temp.told('fund'), NULL, 'all is right');
SELECT is(regexp_replace(pg_temp.acts(:last), '\nsetting U roster_complete t > f$', ''), E'keep U import another > enabled {keep}
keep U journal missing > enabled {keep_added}
keep U roster disabled > enabled {keep}
keep U setting disabled > enabled {keep}
guard U attachment > fund.attachment {zz_osms_attachment_delete}', 'and told of');

-- a guard that somebody has put there by hand, with a rule less
SELECT format('CREATE OR REPLACE TRIGGER %I %s', t.tgname, regexp_replace(regexp_replace(pg_get_triggerdef(t.oid), '^CREATE TRIGGER \S+ ', ''), '''[^'']*''\)$', '''alive=off'')'))
FROM pg_trigger t WHERE t.tgrelid = 'fund.attachment'::regclass AND t.tgname LIKE 'zz\_osms%' AND t.tgname NOT LIKE '%pending%' \gexec
SELECT results_eq($$SELECT relation, severity, problem FROM osms.check_registry('fund') WHERE problem LIKE 'rule "alive"%'$$,
    $$VALUES ('attachment', 'warning', 'rule "alive" is in mode "off", of which the journal does not tell')$$, 'a mode is told that the journal does not tell of');

SELECT * FROM finish();
DROP SCHEMA fund, received, mapped, second, legacy CASCADE;
DROP ROLE traces_owner, traces_vendor;

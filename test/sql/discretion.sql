-- What a writer may learn of a person who may not read the registry: nothing, until his row shows that he deals with that person.
-- Takes long: make test-all.
SET client_min_messages = error;
SELECT * FROM no_plan();
\ir verdict.psql

CREATE SCHEMA legacy;
CREATE TABLE legacy.people (iin text PRIMARY KEY, born text, sex text, died date, obl text);
CREATE TABLE legacy.mo (mo integer PRIMARY KEY, bin text, name text);
CREATE TABLE legacy.prik (id bigint PRIMARY KEY, iin text NOT NULL, mo integer NOT NULL, d_beg date NOT NULL, d_end date, st text NOT NULL,
                          zid bigint, prikaz text, vosst bigint, prich text);
CREATE INDEX ON legacy.prik (iin);
CREATE TABLE legacy.zay (id bigint PRIMARY KEY, iin text NOT NULL, applicant text, mo integer NOT NULL, kanal text, osn text, st text,
                         sub timestamptz, dec timestamptz);
CREATE INDEX ON legacy.zay (iin);
CREATE TABLE legacy.prikazy (nomer text PRIMARY KEY, data date, prichina text);
CREATE TABLE legacy.spisok (nomer text, iz integer, v integer, iin text);
CREATE INDEX ON legacy.spisok (nomer);
CREATE FUNCTION legacy.today() RETURNS date LANGUAGE sql AS $$SELECT (now() AT TIME ZONE 'Asia/Almaty')::date$$;
SELECT osms.create_registry('fund', tables => false, cut_over => '2026-01-01');
SELECT osms.map('fund', 'person', 'legacy.people', '{"person":"iin","birth_date":"born","sex":"sex","death_date":"died","region":"obl"}');
SELECT osms.map('fund', 'organisation', 'legacy.mo', '{"organisation":"mo","name":"name"}');
SELECT osms.map('fund', 'application', 'legacy.zay',
    '{"application":"id","person":"iin","applicant":"applicant","organisation":"mo","channel":"kanal","ground":"osn",
    "state":"st","submitted_at":"sub","decided_at":"dec"}');
SELECT osms.map('fund', 'authority_order', 'legacy.prikazy',
    '{"order_key":"nomer","number":"nomer","issued_on":"data","cause":"prichina","valid_from":"data"}');
SELECT osms.map('fund', 'order_scope', 'legacy.spisok',
    '{"order_key":"nomer","from_organisation":"iz","to_organisation":"v","person":"iin"}');
SELECT osms.map('fund', 'attachment', 'legacy.prik',
    '{"attachment":"id","person":"iin","organisation":"mo","since":"d_beg","until":"d_end","state":"st",
    "application":"zid","order_key":"prikaz","restores":"vosst","reason":"prich"}');
INSERT INTO legacy.mo VALUES (1, NULL, 'A'), (2, NULL, 'B');
INSERT INTO legacy.people VALUES ('living', '1990-01-01', 'male', NULL, 'ast'), ('dead', '1975-01-01', 'male', '2024-03-01', 'ast'),
    ('elsewhere', '1988-07-15', 'female', NULL, 'ast'), ('odd', 'in spring', 'x?', NULL, 'ast'), ('free', '1990-01-01', 'm', NULL, 'ast');
INSERT INTO legacy.prik (id, iin, mo, d_beg, st) VALUES (1, 'elsewhere', 1, '2020-01-01', 'active');
INSERT INTO legacy.prik (id, iin, mo, d_beg, d_end, st, prich) VALUES (2, 'dead', 1, '2020-01-01', '2024-03-02', 'closed', 'death');
INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub, dec)
    VALUES (1, 'free', 2, 'service_centre', 'moved', 'approved', now() - interval '2 hours', now() - interval '1 hour'),
    (2, 'dead', 2, 'service_centre', 'moved', 'approved', now() - interval '2 hours', now() - interval '1 hour'),
        (3, 'living', 2, 'service_centre', 'moved', 'submitted', now(), NULL),
    (4, 'elsewhere', 2, 'service_centre', 'moved', 'approved', now() - interval '2 hours', now() - interval '1 hour');
INSERT INTO legacy.prikazy VALUES ('17', '2026-01-10', 'reorganisation');
INSERT INTO legacy.spisok VALUES ('17', 1, 2, NULL);
SELECT osms.add_relation('fund', 'person_alias');
SELECT osms.guard('fund', '{"same_territory": "off"}');
CALL osms.fill_roster('fund', NULL);
CREATE ROLE discretion_vendor;
CREATE ROLE discretion_reader;
GRANT USAGE ON SCHEMA legacy, fund TO discretion_vendor, discretion_reader;
GRANT INSERT, UPDATE ON legacy.prik, legacy.zay TO discretion_vendor, discretion_reader;
GRANT INSERT ON fund.attachment, fund.application, fund.identity_event, fund.person_alias TO discretion_vendor;
GRANT SELECT ON fund.person, fund.roster, fund.application, fund.attachment TO discretion_reader;

-- All that a writer sees of a statement: every field of the refusal, or that it was accepted. The number of the row is his own.
CREATE FUNCTION pg_temp.seen(statement text, as_role name DEFAULT 'discretion_vendor', modes jsonb DEFAULT '{}') RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    a text; b text; c text; d text; e text; f text; g text; h text; i text; j text;
BEGIN
    IF modes <> '{}' THEN
        PERFORM osms.guard('fund', modes);
    END IF;
    EXECUTE format('SET LOCAL ROLE %I', as_role);
    EXECUTE statement;
    SET CONSTRAINTS ALL IMMEDIATE;
    RAISE EXCEPTION USING ERRCODE = 'OK000';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS a = RETURNED_SQLSTATE, b = MESSAGE_TEXT, c = PG_EXCEPTION_DETAIL, d = PG_EXCEPTION_HINT, e = COLUMN_NAME,
        f = CONSTRAINT_NAME,
        g = PG_DATATYPE_NAME, h = TABLE_NAME, i = SCHEMA_NAME, j = PG_EXCEPTION_CONTEXT;
    RETURN CASE WHEN a = 'OK000' THEN 'accepted' ELSE replace(replace(concat_ws(' | ', a, b, c, d, e, f, g, h, i, j), statement, '...'),
        'PL/pgSQL function ', '') END;
END $$;
CREATE FUNCTION pg_temp.code(statement text, as_role name DEFAULT 'discretion_vendor', modes jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
    AS
    $$SELECT CASE WHEN s = 'accepted' THEN s ELSE split_part(s, ' | ', 1) || ' ' || regexp_replace(split_part(s, ' | ', 3),
        '^Rule "(.*)" finds (\w+).*$', '\1 \2') END FROM pg_temp.seen(statement, as_role, modes) s$$;

-- One sentence for all, by table and by view, alone and among others, open or closed, of today or of the past, with one basis or another.
CREATE TABLE pg_temp.attempt (what text, statement text);
INSERT INTO pg_temp.attempt VALUES
('no basis', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st) VALUES (900, %L, 2, legacy.today(), ''active'')'),
('by the view',
    'INSERT INTO fund.attachment (attachment, person, organisation, since, state) VALUES (900, %L, 2, legacy.today(), ''active'')'),
('of the past',
    'INSERT INTO legacy.prik (id, iin, mo, d_beg, d_end, st, prich) VALUES (900, %L, '
    '2, ''2021-02-01'', ''2021-02-02'', ''closed'', ''moved_to_other'')'),
('annulled', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, prich) VALUES (900, %L, 2, ''2021-02-01'', ''annulled'', ''error'')'),
('suspect', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, prich) VALUES (900, %L, 2, ''2021-02-01'', ''suspect'', ''unlawful'')'),
('an unknown organisation', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st) VALUES (900, %L, 99, legacy.today(), ''active'')'),
('no application of that number',
    'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, %L, 2, legacy.today(), ''active'', 99)'),
('an application of another', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, %L, 2, legacy.today(), ''active'', 1)'),
('an application that is not approved',
    'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, %L, 2, legacy.today(), ''active'', 3)'),
('to another organisation', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, %L, 1, legacy.today(), ''active'', 4)'),
('an unknown order', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, prikaz) VALUES (900, %L, 2, legacy.today(), ''active'', ''18'')'),
('an order of others', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, prikaz) VALUES (900, %L, 1, legacy.today(), ''active'', ''17'')'),
('restores nothing', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, vosst) VALUES (900, %L, 1, legacy.today(), ''active'', 99)'),
('restores what is another''s',
    'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, vosst) VALUES (900, %L, 2, legacy.today(), ''active'', 1)'),
('first of three',
    'INSERT INTO legacy.prik (id, iin, mo, d_beg, st) VALUES (900, %1$L, 2, legacy.today(), ''active''), (900 + 1, %1$L, 2, '
    'legacy.today(), ''active''), (902, %1$L, 2, legacy.today(), ''active'')'),
('two bases', 'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid, vosst) VALUES (900, %L, 1, legacy.today(), ''active'', 99, 99)'),
('another person in an update', 'UPDATE legacy.prik SET iin = %L');
SELECT results_eq(
    format('SELECT DISTINCT pg_temp.seen(format(statement, person)) = pg_temp.seen(format(statement, ''living'')) FROM pg_temp.attempt, '
    'unnest(''{unknown,dead,elsewhere,odd,free}''::text[]) person WHERE what = %L', what),
    'VALUES (true)', 'unknown, dead, attached elsewhere and living are told alike: ' || what) FROM pg_temp.attempt
        WHERE what <> 'an application of another';
SELECT results_eq($$SELECT what, pg_temp.code(format(statement, 'dead')) FROM pg_temp.attempt WHERE what <> 'another person in an update'
    ORDER BY 1$$,
    $$SELECT what, CASE what WHEN 'two bases' THEN '23514 basis several_bases' ELSE '23514 basis no_basis' END FROM pg_temp.attempt
        WHERE what <> 'another person in an update' ORDER BY 1$$,
    'it is the basis');
-- Whatever rules are off or only warn, a refusal is that of the basis.
SELECT is(pg_temp.code(format(statement, person), modes => modes), '23514 basis no_basis', format('%s: %s, %s', modes, person, what))
FROM pg_temp.attempt, unnest('{unknown,dead,elsewhere,living}'::text[]) person,
     unnest(ARRAY['{"alive": "off"}', '{"alive": "warn", "one_attachment": "off"}',
         '{"identified": "off", "no_backdating": "warn", "organisation_known": "warn"}']::jsonb[]) modes
WHERE what IN ('no basis', 'of the past');
SELECT is(pg_temp.code(format(statement, person), modes => modes), CASE WHEN person = 'living' THEN 'accepted'
    ELSE '23514 basis no_basis' END, format('%s: %s', modes, person))
FROM pg_temp.attempt, unnest('{unknown,dead,elsewhere,living}'::text[]) person,
    unnest(ARRAY['{"basis": "off"}', '{"basis": "warn"}']::jsonb[]) modes
WHERE what = 'no basis';
SELECT is(pg_temp.code(format(statement, person), modes => '{"basis": "warn"}'), '23514 basis no_basis',
    'a row of the past where the basis only warns: ' || person)
FROM pg_temp.attempt, unnest('{unknown,dead,elsewhere,living}'::text[]) person WHERE what = 'of the past';

-- Who shows the basis is told what is wrong with it; who may read the registry is told all.
SELECT is(pg_temp.code('INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, ''free'', 2, legacy.today(), ''active'', 1)'),
    'accepted', 'an approved application is a basis');
SELECT is(pg_temp.code('INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, ''dead'', 2, legacy.today(), ''active'', 2)'),
    '23514 alive after_death', 'of the dead too, who then is told of');
SELECT is(pg_temp.code(
    'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, ''elsewhere'', 2, legacy.today(), ''active'', 4)'),
    '23P01 one_attachment overlap', 'and who is attached, at commit');
SELECT is(pg_temp.code(
    'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, prikaz) VALUES (900, ''elsewhere'', 2, legacy.today(), ''active'', ''17'')'),
    '23P01 one_attachment overlap', 'an order shows whom it moves');
SELECT is(pg_temp.code(
    'INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, ''elsewhere'', 2, legacy.today(), ''active'', 4); RESET ROLE; '
    'ANALYZE legacy.prik; SET LOCAL ROLE discretion_vendor'),
    '23P01 one_attachment overlap', 'at commit by the modes of the guard, though the session has to find it again');
SELECT is(pg_temp.code('INSERT INTO legacy.prik (id, iin, mo, d_beg, st, prikaz) VALUES (900, ''' || p
    || ''', 2, legacy.today(), ''active'', ''17'')'), '23514 basis no_basis', 'and nobody else: ' || p)
FROM unnest('{unknown,dead,living}'::text[]) p;
SELECT is(pg_temp.code(format(statement, person), 'discretion_reader'), expected, 'a reader is told: ' || what || ', ' || person)
FROM pg_temp.attempt JOIN (VALUES ('no basis', 'unknown', '23503 person_known unknown_person'),
    ('no basis', 'dead', '23514 alive after_death'), ('no basis', 'living', '23514 basis no_basis'),
    ('of the past', 'living', '23514 no_backdating backdated'), ('an application of another', 'dead', '23514 alive after_death'),
    ('an application of another', 'living', '23514 basis application_of_another_person'),
        ('restores what is another''s', 'living', '23514 basis attachment_of_another_person')) v (kind, person, expected) ON kind = what;

-- A filing is taken for anybody; who is identified is somebody.
SELECT is(pg_temp.seen(format('INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) VALUES (900, %L, 2, %L, ''moved'', %L, now())',
    person, channel, state)), 'accepted', concat_ws(', ', channel, state, person))
FROM unnest('{unknown,dead,elsewhere,living,odd}'::text[]) person, unnest('{service_centre,clinic}'::text[]) channel,
    unnest('{draft,submitted}'::text[]) state;
SELECT is(pg_temp.code(
    format('INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub, dec) VALUES (900, %L, 2, ''service_centre'', ''moved'', %L, now(), '
    'now())', person, state), modes => modes),
    '23514 identified not_identified', concat_ws(', ', modes, state, person))
FROM unnest('{unknown,dead,living}'::text[]) person, unnest('{identified,approved,attached}'::text[]) state,
    unnest(ARRAY['{}', '{"alive": "off"}']::jsonb[]) modes;
SELECT is(pg_temp.code(
    'INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) VALUES (900, ''unknown'', 2, ''service_centre'', ''moved'', ''submitted'', '
    'now())', 'discretion_reader'),
    '23503 person_known unknown_person', 'a reader is told of a number that nobody has');
SELECT is(pg_temp.code(
    'INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) VALUES (900, ''living'', 77, ''service_centre'', ''moved'', ''submitted'', '
    'now())'),
    '23503 organisation_known unknown_organisation', 'what is no secret of a person is told');
INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) VALUES (5, 'living', 2, 'service_centre', 'moved', 'submitted',
    now() - interval '1 hour');
SET ROLE discretion_vendor;
INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) VALUES (6, 'unknown', 2, 'service_centre', 'moved', 'submitted',
    now() - interval '1 hour');
RESET ROLE;

-- An identification is taken for anybody too, unless the channel has a writer: who is one may know.
SELECT is(pg_temp.seen(
    format('INSERT INTO fund.identity_event (event, person, application, channel, method, at) VALUES (900, %L, '
    '99, ''service_centre'', ''biometric'', now())', person)), 'accepted', 'an identification, ' || person)
FROM unnest('{unknown,dead,living}'::text[]) person;
SET ROLE discretion_vendor;
INSERT INTO fund.identity_event (event, person, application, channel, method, at)
    VALUES (6, 'unknown', 6, 'service_centre', 'biometric', now() - interval '1 minute');
RESET ROLE;
GRANT SELECT (id) ON legacy.zay TO discretion_vendor;
SELECT is(pg_temp.code('UPDATE legacy.zay SET st = ''identified'' WHERE id = 6'), '23503 person_known unknown_person',
    'whose application goes no further');
REVOKE SELECT (id) ON legacy.zay FROM discretion_vendor;
INSERT INTO osms.act (act, title) VALUES ('discretion', 'discretion');
CREATE ROLE discretion_tson;
INSERT INTO osms.channel (channel, methods, writer, valid_from, act)
    VALUES ('service_centre', '{biometric}', 'discretion_tson', current_date - 1, 'discretion');
SELECT is(pg_temp.code(
    format('INSERT INTO fund.identity_event (event, person, application, channel, method, at) VALUES (900, %L, '
    '99, ''service_centre'', ''biometric'', now())', person), modes => modes),
    CASE WHEN modes = '{}' OR person = 'unknown' THEN '23514 identified writer_without_channel' ELSE 'accepted' END,
        format('not by who is no writer of the channel, %s %s', person, modes))
FROM unnest('{unknown,dead,living}'::text[]) person, unnest(ARRAY['{}', '{"identified": "warn"}']::jsonb[]) modes;
GRANT discretion_tson TO discretion_vendor;
SELECT is(pg_temp.code(
    'INSERT INTO fund.identity_event (event, person, application, channel, method, at) VALUES (900, ''unknown'', '
    '99, ''service_centre'', ''biometric'', now())'),
    '23503 person_known unknown_person', 'a writer of the channel is told of a number that nobody has');
SELECT is(pg_temp.seen(format('INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (%L, ''living'', ''2026-01-01'', ''1'')',
    person)), pg_temp.seen(
    'INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (''living'', ''dead'', ''2026-01-01'', ''1'')'),
    'persons are merged by who may read them: ' || person) FROM unnest('{unknown,dead,elsewhere}'::text[]) person;
SELECT is(pg_temp.code('INSERT INTO fund.person_alias (old, new, valid_from, act) VALUES (''living'', ''dead'', ''2026-01-01'', ''1'')'),
    '42501 ', 'and by nobody else');

-- Nobody is locked for who shows nothing; a lock would stay in xmax, taken back or not.
CREATE TABLE pg_temp.locked AS SELECT iin, xmax::text AS locker FROM legacy.people WHERE iin IN ('living', 'dead');
SELECT is(pg_temp.code(format(statement, person)), expected, 'not locked: ' || person || ', ' || what)
FROM (VALUES ('INSERT INTO legacy.prik (id, iin, mo, d_beg, st) VALUES (900, %L, 2, legacy.today(), ''active'')', '23514 basis no_basis',
    'no basis'),
             ('INSERT INTO legacy.zay (id, iin, mo, kanal, osn, st, sub) VALUES (900, %L, 2, ''service_centre'', ''moved'', ''submitted'', '
                 'now())', 'accepted', 'a filing')) s (statement, expected, what),
     unnest('{living,dead}'::text[]) person;
SELECT results_eq('SELECT iin, xmax::text FROM legacy.people WHERE iin IN (''living'', ''dead'') ORDER BY 1',
    'SELECT iin, locker FROM pg_temp.locked ORDER BY 1', 'nobody was locked');
SELECT pg_temp.code('INSERT INTO legacy.prik (id, iin, mo, d_beg, st) VALUES (900, ''living'', 2, legacy.today(), ''active'')',
    'discretion_reader') \g /dev/null
SELECT results_ne('SELECT xmax::text FROM legacy.people WHERE iin = ''living''', 'SELECT locker FROM pg_temp.locked WHERE iin = ''living''',
    'as for a reader');

-- A value that cannot be read stops nobody, and audit names its row.
SELECT results_eq($$SELECT birth_date, sex::text FROM fund.person WHERE person = 'odd'$$, $$VALUES (date '-infinity', NULL::text)$$,
    'what is no date is an infinity, what is no sex NULL');
SELECT results_eq($$SELECT relation, key, person, rule, finding FROM osms.audit('fund', '{identity_data,period}')
    WHERE relation = 'person'$$,
    $$VALUES ('person', 'odd', 'odd', 'period', 'unreadable_birth_date'), ('person', 'odd', 'odd', 'identity_data', 'unreadable_sex')$$,
        'audit names them');
SELECT is(osms.read_value(v, NULL::numeric), r, 'numeric of ' || v)
    FROM (VALUES ('1.5', 1.5), ('1,5', NULL), ('  ', NULL), ('', NULL), ('NaN', 'NaN'), ('1e9999999', NULL)) t (v, r);
SELECT is(osms.read_value(v, -1), r, 'integer of ' || v) FROM (VALUES ('7', 7), ('99999999999', -1), (' ', NULL), ('x', -1)) t (v, r);
SELECT is(osms.read_value(v, '-infinity'::timestamptz), r, 'time of ' || v)
    FROM (VALUES ('2026-01-01 00:00+00', '2026-01-01 00:00+00'::timestamptz), ('2026-13-01', '-infinity'), ('soon', '-infinity')) t (v, r);
SELECT is(osms.read_value(v, NULL::osms.iin)::text, r, 'iin of ' || v)
    FROM (VALUES ('850101100009!', '850101100009!'), ('850101100009', NULL), ('1', NULL)) t (v, r);
SELECT is(osms.read_value(NULL, 1), NULL, 'NULL is NULL');

-- An expression of the keeper's own that fails shows the value to who may read it, and to the log.
SELECT osms.map('fund', 'person', 'legacy.people',
    '{"person":"iin","birth_date":"born","sex":"sex","death_date":"died","region":"CASE WHEN obl = ''secret'' '
    'THEN encode(decode(obl, ''hex''), ''hex'') ELSE obl END"}');
SET session_replication_role = replica;
GRANT SELECT ON fund.person TO discretion_reader;
UPDATE legacy.people SET obl = 'secret' WHERE iin = 'free';
RESET session_replication_role;
SELECT is(pg_temp.code('INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, ''free'', 2, legacy.today(), ''active'', 1)',
    who), expected, 'an error of a stored row, to ' || who)
FROM (VALUES ('discretion_vendor', '55000 '), ('discretion_reader', '22023 ')) v (who, expected);
SELECT unalike(
    pg_temp.seen('INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, ''free'', 2, legacy.today(), ''active'', 1)'),
    '%secret%', 'a stranger is not shown it');
SELECT matches(
    pg_temp.seen('INSERT INTO legacy.prik (id, iin, mo, d_beg, st, zid) VALUES (900, ''free'', 2, legacy.today(), ''active'', 1)'),
    '^55000 \| a stored row of registry "fund" cannot be read \|  \| The server''s log', 'but what to do');

SELECT * FROM finish();
DROP OWNED BY discretion_vendor, discretion_reader;
DROP ROLE discretion_vendor, discretion_reader, discretion_tson;

-- A literal of a mapping means one thing, whoever maps, reads or writes it, in whatever DateStyle, TimeZone and IntervalStyle, and on every
-- day.
SET client_min_messages = error;
SELECT * FROM no_plan();
\ir verdict.psql
CREATE SCHEMA l;
CREATE TYPE l.word AS ENUM ('now', 'today');
CREATE DOMAIN l.day AS date;
CREATE TABLE l.pat (id int PRIMARY KEY, born date, died timestamptz, txt text, ts timestamp, m money, tt time, ttz timetz, dr daterange,
    word l.word, num numeric);
CREATE TABLE l.reg (no int PRIMARY KEY, pat int, clinic int, st date, d1 date, d2 date, why timestamptz, fin timestamptz, note text);
CREATE INDEX ON l.reg (pat);
SELECT osms.create_registry('z', tables => false, cut_over => '2030-01-01', time_zone => 'Asia/Almaty');

CREATE FUNCTION pg_temp.mapped(spec jsonb) RETURNS text LANGUAGE sql AS
    $$SELECT pg_temp.verdict(format('SELECT osms.map(''z'', ''person'', ''l.pat'', %L)', '{"person": "id"}'::jsonb || spec),
        'Asia/Almaty')$$;
\set decided ' holds a literal that settings of the session decide: '
\set moment ' holds the moment at which it is mapped: '
-- what is read, in two sessions that differ in all that could matter
SELECT is(pg_temp.mapped(jsonb_build_object('death_date', e)), '42P17 expression of column "death_date"' || p, format('%s in %s', e, style))
FROM (VALUES ('ISO, YMD', 'postgres'), ('SQL, DMY', 'sql_standard')) s (style, intervals),
     LATERAL (SELECT set_config('datestyle', style, true), set_config('intervalstyle', intervals, true)) x, (VALUES
($$'01.02.2020'::date$$, :'decided' || 'date or time'), ($$'1/2/2020'::timestamptz::text::date$$, :'decided' || 'date or time'),
    ($$'13/1/2020'::date$$, :'decided' || 'date or time'),
($$'01-02-03'::date$$, :'decided' || 'date'), ($$nullif(born, '1 Feb 03')$$, :'decided' || 'date'),
    ($$date '01-02-03'$$, :'decided' || 'date'), ($$coalesce(born, '01-02-03'::l.day)$$, :'decided' || 'date'),
($$CASE WHEN born IN ('2020-01-01', '01-02-03') THEN born END$$, :'decided' || 'date'), ($$CASE
    WHEN born = ANY ('{01-02-03}') THEN born END$$, :'decided' || 'date[]'),
($$CASE WHEN born <@ '[01-02-03,)'::daterange THEN born END$$, :'decided' || 'daterange'), ($$CASE txt WHEN 'x' THEN '01-02-03'
    ELSE born END$$, :'decided' || 'date'),
($$CASE WHEN died > '2020-01-01' THEN born END$$, :'decided' || 'timestamp with time zone'),
    ($$(nullif(died, '2999-12-31 00:00') AT TIME ZONE 'UTC')::date$$, :'decided' || 'timestamp with time zone'),
($$nullif(ts, '01-02-03 00:00')::date$$, :'decided' || 'timestamp without time zone'), ($$CASE WHEN ttz > '12:00' THEN born END$$,
    :'decided' || 'time with time zone'),
($$(born + '-1 1:00:00'::interval)::date$$, :'decided' || 'interval'), ($$(born + interval '-1-2 3 4:05')::date$$,
    :'decided' || 'interval'), ($$CASE WHEN m > '1,000.00' THEN born END$$, :'decided' || 'money'),
($$'today'::date$$, :'moment' || 'date'), ($$CASE WHEN ts > '12:00 today' THEN born END$$, :'moment' || 'timestamp without time zone'),
    ($$CASE WHEN born = ANY ('{2020-01-01,TODAY}') THEN born END$$, :'moment' || 'date[]'),
($$CASE WHEN born <@ '[today,)'::daterange THEN born END$$, :'moment' || 'daterange'), ($$CASE
    WHEN ts <@ '{[2020-01-01,now)}'::tsmultirange THEN born END$$, :'moment' || 'tsmultirange'),
($$CASE WHEN tt > 'now' THEN born END$$, :'moment' || 'time without time zone'), ($$'yesterday'::l.day$$, :'moment' || 'date'),
($$osms.read_time(txt, 'DD TMMonth YYYY')::date$$,
    ' depends on more than the row, such as settings of the session: osms.read_time(text,text,timestamp without time zone)')) e (e, p);
SELECT is(pg_temp.mapped(jsonb_build_object(c, e)), 'ok', e) FROM (VALUES
('death_date', $$'2020-02-01'::date$$), ('death_date', $$nullif(born, '20200201')$$), ('death_date', $$date 'infinity'$$),
    ('death_date', $$CASE WHEN died > '2020-01-01 00:00+05' THEN born END$$),
('death_date', $$(born + '1 day'::interval)::date$$), ('death_date', $$(born + interval '1 month')::date$$), ('death_date', $$CASE
    WHEN ts <@ '[2020-01-01,2021-01-01)'::tsrange THEN born END$$),
('death_date', $$CASE WHEN word = 'today' OR txt = ANY ('{now,01.02.2020}') OR num > '1' THEN born END$$), ('surname', $$CASE
    WHEN txt = 'today' THEN '01.02.2020' END$$),
('death_date', $$osms.read_value(txt, NULL::date)$$), ('death_date',
    $$(osms.read_value(txt, NULL::timestamptz, 'Asia/Almaty') AT TIME ZONE 'Asia/Almaty')::date$$)) e (c, e);

-- codes of dates, what is written, and what is written where nothing is told
CREATE FUNCTION pg_temp.attachments(states text DEFAULT '{"active": ["2020-02-01"]}', spec jsonb DEFAULT '{}', defaults jsonb DEFAULT '{}')
    RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(format('SELECT osms.map(''z'', ''attachment'', ''l.reg'', %L, states => %L, defaults => %L)',
        '{"attachment": "no", "person": "pat", "organisation": "clinic", "state": "note", "since": "d1", "until": "d2"}'::jsonb || spec,
            states, defaults), 'Asia/Almaty')
$$;
SELECT is(pg_temp.attachments(states, spec), '42P17 ' || told, states || spec) FROM (VALUES
('{"active": ["01.02.2020"]}', '{"state": "st"}'::jsonb, 'expression of column "state"' || :'decided' || 'date or time'),
    ('{"active": ["01-02-03"]}', '{"state": "st"}', 'expression of column "state"' || :'decided' || 'date'),
('{"active": ["today"]}', '{"state": "st"}', 'expression of column "state"' || :'moment' || 'date'),
('{"active": ["A"]}', '{"reason": {"column": "why", "codes": {"death": ["2020-02-01"]}}}',
    'expression of column "reason"' || :'decided' || 'timestamp with time zone'),
('{"active": ["A"]}', '{"since": {"expression": "d1", "column": "d1", "write": "to_char(new.since, ''DD.MM.YYYY'')"}}',
    '"write" of column "since" depends on more than the row, such as settings of the session: date_in(cstring)'),
('{"active": ["A"]}',
    '{"until": {"expression": "nullif(d2, ''3000-02-01'')", "column": "d2", "write": "coalesce(new.until, ''01.02.3000'')"}}',
    '"write" of column "until"' || :'decided' || 'date or time'),
('{"active": ["A"]}', '{"until": {"expression": "nullif(d2, ''3000-02-01'')", "column": "d2", "write": "coalesce(new.until, ''today'')"}}',
    '"write" of column "until"' || :'moment' || 'date')) c (states, spec, told);
SELECT is(pg_temp.attachments('{"active": ["A"]}', defaults => jsonb_build_object(k, v)), told, k || ' ' || v) FROM (VALUES
('st', $$'01.02.2020'$$, '42P17 default of column "st"' || :'decided' || 'date or time'), ('st', $$'01-02-03'$$,
    '42P17 default of column "st"' || :'decided' || 'date'),
('fin', $$'2999-12-31'$$, '42P17 default of column "fin"' || :'decided' || 'timestamp with time zone'),
    ('fin', $$timestamptz '2999-12-31' + interval '-1 1:00'$$, '42P17 default of column "fin"' || :'decided' || 'timestamp with time zone'),
('fin', $$'2999-12-31 00:00+05'$$, 'ok'), ('st', $$'2020-02-01'$$, 'ok'), ('st', 'current_date', 'ok'), ('st', $$'today'$$, 'ok'),
    ('note', $$'01.02.2020'$$, 'ok'), ('note', 'new.state::text', 'ok')) d (k, v, told);
SELECT is(pg_temp.verdict($$SELECT osms.map('z', 'person', 'l.pat', '{"person": "id", "birth_date": "txt"}',
    date_format => 'DD TMMonth YYYY')$$), '22023 format "DD TMMonth YYYY" depends on the language of the session',
    'months in words of the session');
SELECT is(pg_temp.verdict($$SELECT osms.read_time('01 March 2020', 'DD TMMonth YYYY')$$),
    '22023 format "DD TMMonth YYYY" depends on the language of the session', 'nor are they read');

-- values kept as text: a day by year, month and day, an instant with a zone, and no words
SELECT results_eq(format($$SELECT osms.read_value(v, '-infinity'::%s)::text FROM unnest(%L::text[]) v$$, type, v), told,
    format('%s as %s in %s', v, type, zone)) FROM (VALUES ('UTC', 'ISO, MDY', 'sql_standard'),
    ('Asia/Almaty', 'ISO, DMY', 'postgres')) s (zone, style, intervals),
    LATERAL (SELECT set_config('timezone', zone, true), set_config('datestyle', style, true),
        set_config('intervalstyle', intervals, true)) x, (VALUES
    ('date', '{today,now,"2020-01-01 today",01.02.2020,1/2/2020,2020-02-01,infinity}',
        '{-infinity,-infinity,-infinity,-infinity,-infinity,2020-02-01,infinity}'::text[]),
    ('timestamp', '{tomorrow,2020-02-01 10:00}', '{-infinity,2020-02-01 10:00:00}')) v (type, v, told0),
        LATERAL (SELECT told0 AS told_texts) y, LATERAL (SELECT 'SELECT unnest(' || quote_literal(told_texts) || '::text[])' AS told) t;
SELECT is(extract(epoch FROM osms.read_value(v, '-infinity'::timestamptz)), told, format('%s in %s', v, zone))
    FROM (VALUES ('UTC'), ('Asia/Almaty')) s (zone), LATERAL (SELECT set_config('timezone', zone, true)) x,
    (VALUES ('2020-02-01 10:00+05', 1580533200), ('2020-02-01T05:00Z', 1580533200), ('2020-02-01 10:00 Asia/Almaty', 1580529600),
        ('2020-02-01 10:00', '-infinity'::numeric), ('2020-02-01', '-infinity'), ('now', '-infinity')) v (v, told);
SELECT is(extract(epoch FROM osms.read_value(v, '-infinity'::timestamptz, 'Asia/Tashkent')), told, format('%s in %s', v, zone))
    FROM (VALUES ('UTC'), ('Asia/Almaty')) s (zone), LATERAL (SELECT set_config('timezone', zone, true)) x,
    (VALUES ('2020-02-01 10:00', 1580533200), ('2020-02-01T05:00Z', 1580533200), ('2020-02-01', 1580497200),
        ('today', '-infinity'::numeric)) v (v, told);
SELECT is(pg_temp.verdict($$SELECT osms.read_value('2020-02-01', NULL::timestamptz, 'Asia/Kostanai')$$),
    '22023 time zone "Asia/Kostanai" not recognized', 'a zone that is none');
SELECT is(pg_temp.verdict(format('SELECT osms.read_value(''1'', NULL::%s)', type)), format('42804 a text is not read as type %s', told),
    type) FROM (VALUES ('money', 'money'), ('timetz', 'time with time zone')) t (type, told);
RESET datestyle;
RESET intervalstyle;

-- instants kept as text are those of the registry's zone, in every session
CREATE TABLE l.req (id int PRIMARY KEY, pat int, clinic int, st text, t1 text);
CREATE INDEX ON l.req (pat);
INSERT INTO l.req VALUES (1, 1, 10, 'submitted', '2025-02-03 10:00'), (2, 2, 10, 'submitted', '2025-02-03 10:00Z'),
    (3, 3, 10, 'submitted', 'today'), (4, 4, 10, 'submitted', '');
SELECT osms.map('z', 'application', 'l.req',
    '{"application": "id", "person": "pat", "organisation": "clinic", "state": "st", "submitted_at": "t1::timestamptz"}');
SELECT results_eq('SELECT application, extract(epoch FROM submitted_at) FROM z.application ORDER BY 1',
    $$VALUES (1, 1738558800::numeric), (2, 1738576800), (3, '-infinity'), (4, NULL)$$, 'read in ' || zone)
FROM (VALUES ('UTC'), ('Asia/Almaty'), ('America/New_York')) s (zone), LATERAL (SELECT set_config('timezone', zone, true)) x;
SELECT * FROM finish();

-- The demo's legacy database: what was planted is there, nothing else is, and
-- it is the same every time.
SET client_min_messages = warning;
BEGIN;
SELECT plan(7);

\set PERSONS 5000
\ir ../demo/legacy.sql
\ir ../demo/check_legacy.sql

SELECT bag_eq('SELECT kind, count(*) FROM demo.found GROUP BY kind',
	'SELECT kind, rows FROM demo.planted', 'as many defects as were planted, of no other kind');
SELECT bag_eq('SELECT kind, key FROM demo.found', 'SELECT kind, key FROM demo.planted_row',
	'and they are the rows in which they were planted');
SELECT is(count(*), count(DISTINCT rows), 'no two kinds were planted equally often') FROM demo.planted;
SELECT is(count(*), 0::bigint, 'no person carries two defects')
	FROM (
		SELECT COALESCE(a.iin, z.iin, p.key) FROM demo.planted_row p JOIN demo.planted USING (kind)
			LEFT JOIN legacy.prikreplenie a ON relation = 'attachment' AND a.nomer::text = p.key
			LEFT JOIN legacy.zayavlenie z ON relation = 'application' AND z.nomer::text = p.key
		GROUP BY 1 HAVING count(*) > 1
	) AS twice;
SELECT is(count(*), 5000::bigint, 'there are as many persons as asked for') FROM legacy.fizlico;
SELECT is(count(*), 0::bigint, 'osms finds the same faults in the numbers')
	FROM legacy.fizlico LEFT JOIN demo.planted_row ON key = iin::text
	WHERE osms.iin_fault(iin::text) IS DISTINCT FROM kind;

CREATE FUNCTION pg_temp.fingerprint() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(query_to_xml(format('SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM legacy.%I t', relname),
		true, false, '')::text, '' ORDER BY relname))
	FROM pg_class WHERE relnamespace = 'legacy'::regnamespace AND relkind = 'r'
$$;
SELECT pg_temp.fingerprint() AS first \gset
DROP TABLE place, lico, put, zayav;
DROP SCHEMA legacy CASCADE;
DROP SCHEMA demo CASCADE;
\ir ../demo/legacy.sql
SELECT is(pg_temp.fingerprint(), :'first', 'built again, it is the same to the byte');

SELECT * FROM finish();
ROLLBACK;

-- What is wrong in schema legacy, found by plain SQL that shares nothing with
-- the generator and needs no osms: the view demo.found (kind, key).  Kinds that
-- nobody planted are looked for as well; they must not be there.

CREATE VIEW demo.found AS
WITH number AS MATERIALIZED (
	SELECT iin::text AS iin, iin::text ~ '^[0-9]{12}$' AS digits, substr(iin, 7, 1) AS century,
		substr(iin, 3, 2) AS month, substr(iin, 5, 2) AS day
	FROM legacy.fizlico
), digit AS MATERIALIZED (
	SELECT iin, array_agg(d::integer ORDER BY pos) AS d, sum(d::integer * pos) FILTER (WHERE pos < 12) % 11 AS first,
		sum(d::integer * CASE WHEN pos < 10 THEN pos + 2 ELSE pos - 9 END) FILTER (WHERE pos < 12) % 11 AS second
	FROM number, string_to_table(iin, NULL) WITH ORDINALITY AS t(d, pos)
	WHERE digits
	GROUP BY iin
), fault AS (
	SELECT iin, CASE
		WHEN char_length(iin) <> 12 THEN 'length'
		WHEN NOT digits THEN 'character'
		WHEN iin = '000000000000' THEN 'zero'
		WHEN century IN ('7', '8', '9') THEN 'century'
		WHEN month NOT BETWEEN '01' AND '12' THEN 'month'
		WHEN day = '00' OR day > CASE
			WHEN month IN ('04', '06', '09', '11') THEN '30'
			WHEN month <> '02' THEN '31'
			WHEN left(iin, 2)::integer % 4 = 0 AND (left(iin, 2) <> '00' OR century IN ('5', '6', '0')) THEN '29'
			ELSE '28' END THEN 'day'
		WHEN first = 10 AND second = 10 THEN 'unissuable'
		WHEN d[12] <> CASE first WHEN 10 THEN second ELSE first END THEN 'check_digit'
		END AS kind
	FROM number LEFT JOIN digit USING (iin)
), attachment AS MATERIALIZED (
	-- membership: not annulled, in a known state, not reversed
	SELECT *, COALESCE(d_end < d_beg, true) AS reversed, d_beg >= '2025-01-01' AS after_cut_over
	FROM legacy.prikreplenie
), member AS MATERIALIZED (
	SELECT * FROM attachment WHERE st IN (1, 2, 5, 9) AND NOT reversed
)
SELECT kind, iin AS key FROM fault WHERE kind IS NOT NULL
UNION ALL
SELECT 'organisation_number', bin FROM legacy.medorg
WHERE bin !~ '^[0-9]{2}(0[1-9]|1[012])[456][0-4][0-9]{6}$'
	OR demo.control_digit(left(bin, 11)::bigint)::text <> right(bin, 1)
UNION ALL
SELECT 'reversed', nomer::text FROM attachment WHERE reversed
UNION ALL
SELECT 'unmapped_state', nomer::text FROM attachment WHERE st NOT IN (1, 2, 5, 7, 9)
UNION ALL
SELECT 'reason', nomer::text FROM attachment
WHERE (st <> 1 AND prichina IS NULL) OR (d_end >= '2026-01-01') <> (st IN (1, 5))
UNION ALL
SELECT 'overlap', nomer::text
FROM (
	SELECT nomer, d_beg <= max(d_end) OVER (PARTITION BY iin ORDER BY d_beg, nomer ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
		AS crossing
	FROM member
) AS sorted
WHERE crossing
UNION ALL
SELECT CASE WHEN d_beg > d_smerti THEN 'after_death' ELSE 'beyond_death' END, nomer::text
FROM member JOIN legacy.fizlico USING (iin)
WHERE d_end > d_smerti
UNION ALL
SELECT 'beyond_stay', nomer::text FROM member JOIN legacy.fizlico USING (iin) WHERE d_end > srok_preb
UNION ALL
SELECT 'born_later', nomer::text FROM attachment JOIN legacy.fizlico USING (iin) WHERE d_beg < d_rozhd
UNION ALL
SELECT 'unknown', nomer::text
FROM attachment a LEFT JOIN legacy.fizlico f ON f.iin = a.iin LEFT JOIN legacy.medorg m ON m.mo = a.mo
WHERE f.iin IS NULL OR m.mo IS NULL
UNION ALL
SELECT 'contract', nomer::text FROM attachment a
WHERE NOT EXISTS (SELECT FROM legacy.dogovor d WHERE d.mo = a.mo AND a.d_beg BETWEEN d.d_nachala AND d.d_konca)
UNION ALL
SELECT 'no_basis', nomer::text FROM member WHERE after_cut_over AND nomer_zayavleniya IS NULL
UNION ALL
SELECT 'inherited', nomer::text FROM attachment WHERE NOT after_cut_over AND nomer_zayavleniya IS NOT NULL
UNION ALL
SELECT CASE WHEN z.iin <> a.iin THEN 'another_person' ELSE 'application' END, a.nomer::text
FROM attachment a LEFT JOIN legacy.zayavlenie z ON z.nomer = a.nomer_zayavleniya
WHERE a.nomer_zayavleniya IS NOT NULL
	AND (z.iin IS DISTINCT FROM a.iin OR z.mo <> a.mo OR z.sost <> 300 OR z.d_nachala <> a.d_beg OR z.d_resheniya::date <> a.d_beg)
UNION ALL
SELECT 'application_used_twice', min(nomer)::text FROM attachment
WHERE nomer_zayavleniya IS NOT NULL GROUP BY nomer_zayavleniya HAVING count(*) > 1
UNION ALL
SELECT 'application_not_used', nomer::text FROM legacy.zayavlenie z
WHERE sost = 300 AND NOT EXISTS (SELECT FROM attachment a WHERE a.nomer_zayavleniya = z.nomer)
UNION ALL
SELECT 'application_order', nomer::text
FROM legacy.zayavlenie z LEFT JOIN legacy.fizlico f ON f.iin = z.iin
	LEFT JOIN legacy.fizlico p ON p.iin = z.iin_zayavitelya LEFT JOIN legacy.medorg m ON m.mo = z.mo
WHERE d_podachi < '2025-01-01' OR (sost IN (210, 220, 300, 1200)) <> (d_resheniya IS NOT NULL) OR d_resheniya < d_podachi
	OR (sost = 1200) <> (kod_otkaza BETWEEN 1 AND 12) IS TRUE
	OR f.iin IS NULL OR p.iin IS NULL OR m.mo IS NULL
UNION ALL
SELECT 'two_open_applications', iin FROM legacy.zayavlenie WHERE sost IN (200, 210, 220) GROUP BY iin HAVING count(*) > 1
UNION ALL
SELECT 'not_identified', nomer::text FROM legacy.zayavlenie z
WHERE sost IN (200, 210, 220, 300) AND NOT EXISTS (
	SELECT FROM legacy.identifikaciya e JOIN legacy.operator o ON o.login = e.operator
	WHERE e.nomer_zayavleniya = z.nomer AND e.iin = z.iin AND e.iin_zayavitelya = z.iin_zayavitelya AND e.kanal = z.kanal
		AND e.vremya BETWEEN z.d_podachi AND COALESCE(z.d_resheniya, 'infinity') AND o.s_daty <= e.vremya::date
		AND (e.kanal, e.sposob) IN ((1, 1), (1, 2), (1, 3), (2, 4), (3, 1), (3, 2), (3, 3), (3, 4), (3, 5), (4, 3)));

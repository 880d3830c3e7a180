-- A Fund database as one finds it: schema legacy, ten years of attachments
-- up to 30 November 2025, written by vendors who never heard of osms.
--
-- Run it in one transaction (psql -1) before CREATE EXTENSION osms; PERSONS
-- is the number of persons (-v PERSONS=200000), 1000 or more.  Nothing in it
-- is random: the same PERSONS always makes the same bytes.
--
-- Defects are planted on purpose, in disjoint sets of persons.  The table
-- demo.planted tells how many of each, demo.planted_row which rows.

\if :{?PERSONS}
\else
\set PERSONS 200000
\endif

SET LOCAL work_mem = '256MB';
SET LOCAL jit = off;

CREATE SCHEMA demo;
CREATE SCHEMA legacy;

-- 0 .. n-1, the same for ever for one key and seed.  The three functions are
-- written so that the planner inlines them (CASE is not strict).
CREATE FUNCTION demo.pick(key bigint, seed integer, n integer) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN ((pg_catalog.hashint8extended(key, seed) & 2147483647) % n)::integer;

-- control digit of the first 11 digits of an IIN or BIN; 10 = cannot be issued
CREATE FUNCTION demo.control_digit(n bigint) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (CASE
		WHEN (n / 10000000000 % 10 + n / 1000000000 % 10 * 2 + n / 100000000 % 10 * 3
			+ n / 10000000 % 10 * 4 + n / 1000000 % 10 * 5 + n / 100000 % 10 * 6
			+ n / 10000 % 10 * 7 + n / 1000 % 10 * 8 + n / 100 % 10 * 9
			+ n / 10 % 10 * 10 + n % 10 * 11) % 11 < 10
		THEN (n / 10000000000 % 10 + n / 1000000000 % 10 * 2 + n / 100000000 % 10 * 3
			+ n / 10000000 % 10 * 4 + n / 1000000 % 10 * 5 + n / 100000 % 10 * 6
			+ n / 10000 % 10 * 7 + n / 1000 % 10 * 8 + n / 100 % 10 * 9
			+ n / 10 % 10 * 10 + n % 10 * 11) % 11
		ELSE (n / 10000000000 % 10 * 3 + n / 1000000000 % 10 * 4 + n / 100000000 % 10 * 5
			+ n / 10000000 % 10 * 6 + n / 1000000 % 10 * 7 + n / 100000 % 10 * 8
			+ n / 10000 % 10 * 9 + n / 1000 % 10 * 10 + n / 100 % 10 * 11
			+ n / 10 % 10 + n % 10 * 2) % 11
		END)::integer;

-- the working day on or before a day of 2025, after the New Year's holidays
CREATE FUNCTION demo.working_day(d date) RETURNS date
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN GREATEST(d, date '2025-01-06')
		- GREATEST(0, pg_catalog.date_part('isodow', GREATEST(d, date '2025-01-06'))::integer - 5);

CREATE TABLE demo.planted (
	kind text PRIMARY KEY,
	relation text NOT NULL,
	rule text NOT NULL,
	finding text NOT NULL,
	rows bigint NOT NULL
);
COMMENT ON TABLE demo.planted IS 'Defects planted in schema legacy, in stored rows; of an overlap the later row';
COMMENT ON COLUMN demo.planted.relation IS 'Canonical relation whose rows carry the defect';

CREATE TABLE demo.planted_row (
	kind text NOT NULL,
	key text NOT NULL,
	PRIMARY KEY (kind, key)
);
COMMENT ON TABLE demo.planted_row IS 'Keys of the defective rows, as text';

-- No two numbers are equal, so an agreement cannot be an accident; one person
-- at most can have the number 000000000000, because iin is the primary key.
INSERT INTO demo.planted (kind, relation, rule, finding, rows)
SELECT kind, relation, rule, finding,
	CASE kind WHEN 'zero' THEN 1
		ELSE per_200000 * :PERSONS::bigint / 200000 + 2 + row_number() OVER (ORDER BY per_200000) END
FROM (VALUES
	('zero', 'person', 'identifier', 'zero', 1),
	('unissuable', 'person', 'identifier', 'unissuable', 19),
	('century', 'person', 'identifier', 'century', 31),
	('month', 'person', 'identifier', 'month', 46),
	('day', 'person', 'identifier', 'day', 58),
	('character', 'person', 'identifier', 'character', 87),
	('check_digit', 'person', 'identifier', 'check_digit', 263),
	('length', 'person', 'identifier', 'length', 412),
	('reversed', 'attachment', 'period', 'reversed', 74),
	('unmapped_state', 'attachment', 'transition', 'unmapped_state', 103),
	('after_death', 'attachment', 'alive', 'after_death', 121),
	('another_person', 'attachment', 'basis', 'application_of_another_person', 152),
	('beyond_death', 'attachment', 'alive', 'beyond_death', 198),
	('no_basis', 'attachment', 'basis', 'no_basis', 229),
	('not_identified', 'application', 'identified', 'not_identified', 305),
	('overlap', 'attachment', 'one_attachment', 'overlap', 337)
	) AS defect(kind, relation, rule, finding, per_200000);

-- The vendors' tables

CREATE TABLE legacy.region (
	kod char(2) PRIMARY KEY,
	nazvanie text NOT NULL
);
COMMENT ON TABLE legacy.region IS 'Regions and cities of republican rank';
COMMENT ON COLUMN legacy.region.kod IS 'First two digits of the territorial classifier';

CREATE TABLE legacy.medorg (
	mo integer PRIMARY KEY,
	bin char(12) NOT NULL,
	naimenovanie text NOT NULL,
	sobstvennost smallint NOT NULL
);
COMMENT ON TABLE legacy.medorg IS 'Primary-care clinics';
COMMENT ON COLUMN legacy.medorg.sobstvennost IS 'Owner: 1 state, 2 private';

CREATE TABLE legacy.medorg_region (
	mo integer NOT NULL,
	s_daty date NOT NULL,
	region char(2) NOT NULL,
	klass smallint NOT NULL,
	PRIMARY KEY (mo, s_daty)
);
COMMENT ON TABLE legacy.medorg_region IS 'Where a clinic stands and how it is classed, from a day on';
COMMENT ON COLUMN legacy.medorg_region.klass IS '1 urban, 2 rural';

CREATE TABLE legacy.dogovor (
	nomer integer PRIMARY KEY,
	mo integer NOT NULL,
	d_nachala date NOT NULL,
	d_konca date NOT NULL,
	summa_god numeric(15, 2) NOT NULL
);
COMMENT ON TABLE legacy.dogovor IS 'Contracts of the Fund with clinics, one a year';
COMMENT ON COLUMN legacy.dogovor.d_konca IS 'Last day, inclusive; 2999-12-31 = until further notice';
COMMENT ON COLUMN legacy.dogovor.summa_god IS 'Yearly amount, tenge';

CREATE TABLE legacy.koefficient (
	mo integer NOT NULL,
	vid smallint NOT NULL,
	s_daty date NOT NULL,
	znachenie numeric(8, 4) NOT NULL,
	d_zapisi timestamp(0) NOT NULL,
	prikaz text NOT NULL,
	PRIMARY KEY (mo, vid, s_daty)
);
COMMENT ON TABLE legacy.koefficient IS 'Correction coefficients of a clinic';
COMMENT ON COLUMN legacy.koefficient.vid IS '1 density, 2 rural, 3 heating season, 4 ecology';

CREATE TABLE legacy.operator (
	login text PRIMARY KEY,
	fio text NOT NULL,
	mo integer,
	rol smallint NOT NULL,
	s_daty date NOT NULL
);
COMMENT ON TABLE legacy.operator IS 'Clerks of clinics and service centres';
COMMENT ON COLUMN legacy.operator.rol IS '1 service centre, 2 eGov gateway, 3 clinic, 4 maternity';

CREATE TABLE legacy.fizlico (
	iin char(12) NOT NULL,
	fam text NOT NULL,
	imya text NOT NULL,
	otch text,
	d_rozhd date,
	pol smallint,
	d_smerti date,
	region char(2) NOT NULL,
	srok_preb date,
	telefon text
);
COMMENT ON TABLE legacy.fizlico IS 'Persons';
COMMENT ON COLUMN legacy.fizlico.iin IS 'IIN as typed or imported, the key of the person everywhere';
COMMENT ON COLUMN legacy.fizlico.pol IS '1 male, 2 female';
COMMENT ON COLUMN legacy.fizlico.srok_preb IS 'A foreigner may stay until';

CREATE TABLE legacy.zayavlenie (
	nomer bigint GENERATED BY DEFAULT AS IDENTITY,
	iin char(12) NOT NULL,
	iin_zayavitelya char(12) NOT NULL,
	mo integer NOT NULL,
	kanal smallint NOT NULL,
	osnovanie smallint NOT NULL,
	sost smallint NOT NULL,
	d_podachi timestamp(0) NOT NULL,
	d_resheniya timestamp(0),
	operator_resh text,
	d_nachala date,
	kod_otkaza smallint,
	hesh text
);
COMMENT ON TABLE legacy.zayavlenie IS 'Applications for attachment';
COMMENT ON COLUMN legacy.zayavlenie.iin_zayavitelya IS 'Who applied: the person, or a parent';
COMMENT ON COLUMN legacy.zayavlenie.kanal IS '1 service centre, 2 eGov, 3 clinic, 4 maternity';
COMMENT ON COLUMN legacy.zayavlenie.osnovanie IS '1 free choice, 2 moved, 3 campaign, 4 birth';
COMMENT ON COLUMN legacy.zayavlenie.sost IS
	'100 filed, 200 identified, 210 approved, 220 deferred, 300 attached, 1100 withdrawn, 1110 expired, 1120 replaced, 1200 refused';
COMMENT ON COLUMN legacy.zayavlenie.kod_otkaza IS 'Reason of a refusal, 1 to 12';

CREATE TABLE legacy.identifikaciya (
	nomer bigint GENERATED BY DEFAULT AS IDENTITY,
	nomer_zayavleniya bigint NOT NULL,
	iin char(12) NOT NULL,
	iin_zayavitelya char(12) NOT NULL,
	kanal smallint NOT NULL,
	sposob smallint NOT NULL,
	postavshik text NOT NULL,
	operator text NOT NULL,
	vremya timestamp(0) NOT NULL,
	hesh text NOT NULL
);
COMMENT ON TABLE legacy.identifikaciya IS 'Log of identifications';
COMMENT ON COLUMN legacy.identifikaciya.sposob IS
	'1 biometric, 2 digital document, 3 document, 4 electronic signature, 5 SMS code';

CREATE TABLE legacy.prikreplenie (
	nomer bigint GENERATED BY DEFAULT AS IDENTITY,
	iin char(12) NOT NULL,
	mo integer NOT NULL,
	uchastok smallint,
	d_beg date NOT NULL,
	d_end date NOT NULL DEFAULT '2999-12-31',
	st smallint NOT NULL DEFAULT 1,
	nomer_zayavleniya bigint,
	prichina smallint,
	primechanie text
);
COMMENT ON TABLE legacy.prikreplenie IS 'Attachments of persons to clinics';
COMMENT ON COLUMN legacy.prikreplenie.uchastok IS 'Site: doctor''s district of the clinic';
COMMENT ON COLUMN legacy.prikreplenie.d_end IS 'Last day, inclusive; 2999-12-31 = open';
COMMENT ON COLUMN legacy.prikreplenie.st IS '1 active, 2 closed, 5 under suspicion, 7 annulled, 9 closed by a script';
COMMENT ON COLUMN legacy.prikreplenie.prichina IS
	'700 moved to another clinic, 800 left the region, 810 left the country, 900 death, 1400 site change, 1600 error, 1700 unlawful';

-- Regions, clinics, contracts, coefficients, clerks

CREATE TEMPORARY TABLE place ON COMMIT DROP AS
SELECT kod, nazvanie, clinics, urban,
	COALESCE(sum(weight) OVER (ORDER BY kod ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::integer AS weight_from,
	row_number() OVER (ORDER BY kod)::integer AS ord
FROM (VALUES
	(10, 'Abayskaya oblast', 30, 9, 4), (11, 'Akmolinskaya oblast', 39, 12, 5),
	(15, 'Aktyubinskaya oblast', 47, 14, 8), (19, 'Almatinskaya oblast', 76, 23, 5),
	(23, 'Atyrauskaya oblast', 35, 10, 5), (27, 'Zapadno-Kazakhstanskaya oblast', 34, 10, 5),
	(31, 'Zhambylskaya oblast', 60, 18, 8), (33, 'Zhetysuskaya oblast', 34, 10, 4),
	(35, 'Karagandinskaya oblast', 56, 17, 13), (39, 'Kostanayskaya oblast', 41, 12, 6),
	(43, 'Kyzylordinskaya oblast', 41, 12, 5), (47, 'Mangistauskaya oblast', 39, 12, 6),
	(55, 'Pavlodarskaya oblast', 37, 11, 7), (59, 'Severo-Kazakhstanskaya oblast', 26, 8, 4),
	(61, 'Turkestanskaya oblast', 106, 32, 8), (62, 'Ulytauskaya oblast', 11, 4, 2),
	(63, 'Vostochno-Kazakhstanskaya oblast', 36, 11, 6), (71, 'gorod Astana', 75, 22, 22),
	(75, 'gorod Almaty', 117, 35, 35), (79, 'gorod Shymkent', 60, 18, 18)
	) AS v(kod, nazvanie, weight, clinics, urban);

INSERT INTO legacy.region SELECT kod, nazvanie FROM place;

WITH clinic AS MATERIALIZED (
	SELECT kod * 100 + n AS mo, kod, nazvanie, n, n <= urban AS is_urban,
		-- registered 1995-2015, resident legal entity, head unit, a serial above those in use
		((1995 + demo.pick(kod * 100 + n, 1, 21)) % 100 * 100 + 1 + demo.pick(kod * 100 + n, 2, 12))::bigint
			* 10000000 + 4000000 + 98000 + 2 * (ord * 40 + n) AS number
	FROM place, generate_series(1, clinics) n
), issued AS MATERIALIZED (
	-- the 11th digit tells nothing in the first pass and 2 in the second: its neighbour can be issued
	SELECT *, number + (demo.control_digit(number) = 10)::integer AS n11 FROM clinic
)
INSERT INTO legacy.medorg
SELECT mo, lpad((n11 * 10 + demo.control_digit(n11))::text, 12, '0'),
	CASE WHEN NOT is_urban THEN 'Rayonnaya bolnitsa No '
		WHEN n % 7 = 3 THEN 'Medtsentr No '
		ELSE 'Poliklinika No ' END || n || ', ' || nazvanie,
	CASE WHEN is_urban AND n % 7 = 3 THEN 2 ELSE 1 END
FROM issued;

INSERT INTO legacy.medorg_region
SELECT mo, s_daty, kod, klass
FROM legacy.medorg
	JOIN place ON kod = mo / 100,
	LATERAL (
		SELECT date '2015-01-01' AS s_daty,
			-- the last urban clinic of each oblast was a village until 2020
			CASE WHEN mo % 100 < urban OR urban = clinics THEN 1 ELSE 2 END AS klass
		UNION ALL
		SELECT date '2020-01-01', 1 WHERE mo % 100 = urban AND urban < clinics
	) status;

INSERT INTO legacy.dogovor
SELECT row_number() OVER (ORDER BY year, mo), mo, make_date(year, 1, 1),
	-- the last contracts run on; one clinic lost its own last summer
	CASE WHEN year < 2025 THEN make_date(year, 12, 31) WHEN mo = 7535 THEN date '2025-08-31' ELSE date '2999-12-31' END,
	(150 + demo.pick(mo, 3, 850)) * 1000000.00
FROM legacy.medorg, generate_series(2016, 2025) year;

INSERT INTO legacy.koefficient
SELECT mo, vid, s_daty,
	CASE vid WHEN 1 THEN 1 + demo.pick(mo / 100, 4, 1500) / 10000.0
		WHEN 2 THEN CASE WHEN klass = 2 THEN 1.1327 ELSE 1 END
		WHEN 3 THEN 1 + demo.pick(mo / 100, 5, 17) / 10000.0
		ELSE CASE WHEN mo / 100 IN (10, 43) THEN 1.0217 ELSE 1 END END
		+ CASE WHEN s_daty > date '2024-01-01' THEN 0.0100 ELSE 0 END,
	s_daty - 20 + time '10:00', CASE WHEN s_daty > date '2024-01-01' THEN 'prikaz 2' ELSE 'prikaz 1' END
FROM legacy.medorg
	JOIN LATERAL (SELECT klass FROM legacy.medorg_region s WHERE s.mo = medorg.mo ORDER BY s.s_daty DESC LIMIT 1) s ON true,
	(VALUES (1, date '2024-01-01'), (2, '2024-01-01'), (3, '2024-01-01'), (4, '2024-01-01'), (1, '2025-07-01')) k(vid, s_daty);

INSERT INTO legacy.operator
SELECT login, (ARRAY['Абенова','Байжанова','Власова','Досова','Есенова','Жакупова','Ким','Оспанова','Рахимова','Цой'])[1 + demo.pick(seed,
	6, 10)]
		|| ' ' || (ARRAY['А','Б','Г','Д','Ж','К','М','Н'])[1 + demo.pick(seed, 7, 8)] || '.',
	mo, rol, date '2016-01-04' + demo.pick(seed, 8, 3000)
FROM (
	SELECT 'mo' || mo || '-' || n, mo * 10 + n, mo, 3 FROM legacy.medorg, generate_series(1, 2) n
	UNION ALL SELECT 'tson' || kod || '-' || n, kod * 10 + n, NULL, 1 FROM place, generate_series(1, 3) n
	UNION ALL SELECT 'rod' || kod, kod * 10 + 9, NULL, 4 FROM place
) AS clerk(login, seed, mo, rol)
UNION ALL
SELECT 'egov', 'Шлюз eGov', NULL, 2, '2016-01-04';

-- Persons.  kind is NULL for the lawful majority; "lender" are the persons
-- whose applications others have used, they are not defective themselves.

CREATE TEMPORARY TABLE lico ON COMMIT DROP AS
WITH part AS (
	SELECT array_agg(first ORDER BY first) AS firsts, array_agg(kind ORDER BY first) AS kinds
	FROM (
		SELECT kind, 1 + COALESCE(sum(rows) OVER (ORDER BY kind ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS first
		FROM (
			SELECT kind, rows FROM demo.planted
			UNION ALL SELECT 'lender', rows FROM demo.planted WHERE kind = 'another_person'
			UNION ALL SELECT '~lawful', 0
		) AS planted
	) AS cumulated
), ranked AS (
	SELECT i, row_number() OVER (ORDER BY hashint8extended(i, 10), i) AS r
	FROM generate_series(1, :PERSONS::bigint) i
), kinded AS (
	SELECT i, NULLIF(kinds[b], '~lawful') AS kind, (r - firsts[b] + 1)::integer AS k
	FROM (SELECT i, r, width_bucket(r, firsts) AS b FROM ranked, part OFFSET 0) AS ranked, part
), aged AS MATERIALIZED (
	SELECT i, kind, k, band,
		CASE
			WHEN kind = 'length' THEN date '2000-01-01' + demo.pick(i, 12, 3653)
			WHEN kind IN ('after_death', 'beyond_death') THEN date '1930-01-01' + demo.pick(i, 12, 12000)
			WHEN kind IN ('overlap', 'reversed', 'not_identified', 'no_basis', 'another_person', 'lender', 'unmapped_state')
			THEN date '1955-01-01' + demo.pick(i, 12, 18000)
			ELSE date '2025-11-20' - (band * 1826 + demo.pick(i, 12, 1826))
		END AS d_rozhd,
		-- persons who share an application live in one region
		CASE WHEN kind IN ('another_person', 'lender') THEN demo.pick(k, 13, 1000) ELSE demo.pick(i, 13, 1000) END AS place_no
	FROM (
		SELECT i, kind, k,
			width_bucket(demo.pick(i, 11, 1000), ARRAY[0, 100, 205, 300, 375, 435, 499, 577, 654, 720, 778, 831, 881, 927, 961, 982, 990,
				996, 999]) - 1 AS band
		FROM kinded OFFSET 0
	) AS banded
), born AS MATERIALIZED (
	SELECT i, kind, k, d_rozhd, kod, clinics,
		CASE WHEN demo.pick(i, 14, 1000) < (ARRAY[485, 485, 486, 487, 490, 495, 500, 505, 508, 515, 522, 535, 555, 585, 620, 660, 700, 730,
			760])[band + 1]
			THEN 2 ELSE 1 END AS pol,
		CASE
			WHEN kind IN ('after_death', 'beyond_death') THEN date '2017-07-01' + demo.pick(i, 16, 2500)
			WHEN kind IS NULL AND demo.pick(i, 15, 10000) < CASE WHEN d_rozhd < '1946-01-01' THEN 2500 WHEN d_rozhd < '1966-01-01' THEN 600
				WHEN d_rozhd < '1996-01-01' THEN 100 WHEN d_rozhd < '2015-01-01' THEN 10 ELSE 0 END
			THEN date '2017-01-01' + demo.pick(i, 16, 3240)
		END AS d_smerti
	FROM aged JOIN place ON ord = width_bucket(place_no, (SELECT array_agg(weight_from ORDER BY ord) FROM place))
), numbered AS (
	-- serials from 9998 downwards: even, so that the odd neighbour is free, and far above those in use
	SELECT *, to_char(d_rozhd, 'YYMMDD')::bigint * 100000
		+ (pol + CASE WHEN d_rozhd < '2000-01-01' THEN 2 ELSE 4 END) * 10000
		+ 10000 - 2 * row_number() OVER (PARTITION BY d_rozhd, pol ORDER BY i) AS number
	FROM born OFFSET 0
), issued AS (
	SELECT *, number + (demo.control_digit(number) = 10)::integer AS n11 FROM numbered OFFSET 0
)
SELECT i, kind, k, d_rozhd, pol, d_smerti, kod, clinics,
	CASE WHEN kind IS NULL AND demo.pick(i, 35, 1000) < 4 THEN date '2026-03-31' + demo.pick(i, 36, 1000) END AS srok_preb,
	lpad((n11 * 10 + demo.control_digit(n11))::text, 12, '0') AS iin
FROM issued;

-- The faulty numbers.  A person who has one has no attachment and no application.
UPDATE lico SET iin = CASE kind
	WHEN 'zero' THEN '000000000000'
	WHEN 'length' THEN ltrim(iin, '0')
	WHEN 'character' THEN left(iin, 11) || (ARRAY['O', 'О', 'З', 'l'])[1 + demo.pick(i, 20, 4)]
	WHEN 'century' THEN overlay(iin PLACING (ARRAY['7', '8', '9', '9'])[substr(iin, 7, 1)::integer - 2] FROM 7 FOR 1)
	WHEN 'month' THEN overlay(iin PLACING (substr(iin, 3, 2)::integer + 20)::text FROM 3 FOR 2)
	WHEN 'day' THEN overlay(iin PLACING (substr(iin, 5, 2)::integer + 40)::text FROM 5 FOR 2)
	WHEN 'check_digit' THEN left(iin, 11) || (right(iin, 1)::integer + 1) % 10
	END
WHERE kind IN ('zero', 'length', 'character', 'century', 'month', 'day', 'check_digit');

UPDATE lico SET iin = seven || serial || '0'
FROM (
		SELECT i, left(iin, 7) AS seven, row_number() OVER (PARTITION BY left(iin, 7) ORDER BY i) - 1 AS skip
		FROM lico WHERE kind = 'unissuable'
	) AS same_day,
	LATERAL (
		SELECT serial FROM generate_series(9999, 7000, -1) serial
		WHERE demo.control_digit((seven || serial)::bigint) = 10
		ORDER BY serial DESC OFFSET skip LIMIT 1
	) AS unissuable
WHERE lico.i = same_day.i;

INSERT INTO legacy.fizlico
SELECT iin,
	(ARRAY['Ахметов','Омаров','Иванов','Серіков','Нұрланов','Сулейменов','Ким','Ибраев','Садыков','Петров','Жұмабаев','Қасымов','Тулегенов',
		'Смирнов','Бекетов','Абдрахманов','Ершов','Мусин','Калиев','Попов','Рахимов','Сейтов','Егоров','Тлеубердин','Юсупов','Байжанов',
		'Ли','Кузнецов','Алиев','Досжанов','Шарипов'])[1 + demo.pick(i, 31, 31)]
		|| CASE WHEN pol = 2 AND demo.pick(i, 31, 31) NOT IN (6, 26) THEN 'а' ELSE '' END,
	CASE pol WHEN 1
		THEN (ARRAY['Нұрлан','Ерлан','Серік','Асхат','Данияр','Тимур','Айдос','Марат','Александр','Сергей','Дмитрий','Арман','Бауыржан',
			'Руслан','Алихан','Мирас'])[1 + demo.pick(i, 32, 16)]
		ELSE (ARRAY['Айгүл','Гүлнар','Динара','Әсел','Жанар','Мадина','Айжан','Салтанат','Елена','Наталья','Ольга','Анна','Томирис',
			'Аружан','Камила','Сәуле'])[1 + demo.pick(i, 32, 16)] END,
	CASE WHEN demo.pick(i, 33, 12) > 0
		THEN (ARRAY['Серік','Марат','Ермек','Болат','Қайрат','Талғат','Мұрат','Ержан','Асқар','Жанат','Сабыр','Рустам'])[demo.pick(i, 33,
			12)] || CASE pol WHEN 1 THEN 'ұлы' ELSE 'қызы' END END,
	CASE WHEN kind IS NULL AND d_rozhd < '2015-01-01' AND demo.pick(i, 34, 10000) = 0 THEN NULL ELSE d_rozhd END,
	CASE WHEN kind IS NULL AND demo.pick(i, 34, 10000) = 1 THEN NULL ELSE pol END,
	d_smerti, kod::text,
	srok_preb,
	'+7 7' || lpad(demo.pick(i, 37, 100000000)::text, 9, '0')
FROM lico
ORDER BY i;

-- Attachments: one to three successive rows a person

CREATE TEMPORARY TABLE put ON COMMIT DROP AS
WITH life AS MATERIALIZED (
	SELECT i, kind, k, d_rozhd, d_smerti, kod, clinics,
		CASE WHEN d_rozhd < '2016-01-01' THEN date '2016-01-01' + CASE WHEN demo.pick(i, 41, 10) < 6 THEN 0 ELSE demo.pick(i, 42, 360) END
			ELSE d_rozhd + 1 + demo.pick(i, 42, 7) END AS first_day,
		CASE WHEN kind IN ('overlap', 'after_death', 'reversed', 'not_identified', 'no_basis', 'another_person', 'unmapped_state') THEN 2
			WHEN kind IS NOT NULL THEN 1
			ELSE (ARRAY[1, 1, 1, 1, 2, 2, 2, 2, 3, 3])[1 + demo.pick(i, 43, 10)] END AS wanted,
		CASE WHEN d_smerti IS NOT NULL THEN d_smerti - 10 ELSE date '2025-11-29' END AS last_start
	FROM lico
	WHERE kind IS NULL AND (demo.pick(i, 40, 1000) >= 30)
		OR kind IN ('overlap', 'after_death', 'beyond_death', 'reversed', 'not_identified', 'no_basis', 'another_person', 'lender',
			'unmapped_state')
), stepped AS MATERIALIZED (
	SELECT *, (last_start - first_day) / n AS step
	FROM (
		SELECT *, CASE WHEN kind IS NULL THEN LEAST(wanted, GREATEST(1, (last_start - first_day) / 400)) ELSE wanted END AS n
		FROM life
	) AS counted
), started AS MATERIALIZED (
	SELECT i, kind, k, d_rozhd, d_smerti, kod, clinics, n,
		CASE
			WHEN kind = 'after_death' THEN ARRAY[first_day, d_smerti + 20 + demo.pick(i, 44, 160)]
			WHEN kind IN ('overlap', 'reversed', 'unmapped_state') THEN ARRAY[first_day, date '2018-06-01' + demo.pick(i, 44, 2300)]
			WHEN kind IN ('not_identified', 'no_basis', 'another_person') THEN ARRAY[first_day, date '2025-01-06' + demo.pick(i, 44, 300)]
			WHEN n = 1 THEN ARRAY[first_day]
			WHEN n = 2 THEN ARRAY[first_day, first_day + step + demo.pick(i, 44, step)]
			ELSE ARRAY[first_day, first_day + step + demo.pick(i, 44, step - 375), first_day + 2 * step + demo.pick(i, 45, step)]
		END AS starts,
		1 + clinics * demo.pick(i, 46, 1000)::bigint * demo.pick(i, 46, 1000) / 1000000 AS c1,
		1 + clinics * demo.pick(i, 47, 1000)::bigint * demo.pick(i, 47, 1000) / 1000000 AS c2,
		1 + clinics * demo.pick(i, 48, 1000)::bigint * demo.pick(i, 48, 1000) / 1000000 AS c3
	FROM stepped
), attached AS MATERIALIZED (
	SELECT i, kind, k, d_rozhd, d_smerti, kod, clinics, n, ord,
		CASE WHEN starts[ord] >= '2025-01-01' AND d_rozhd < '2024-12-01' THEN demo.working_day(starts[ord]) ELSE starts[ord] END AS since,
		CASE WHEN starts[ord + 1] >= '2025-01-01' THEN demo.working_day(starts[ord + 1]) ELSE starts[ord + 1] END AS next_since,
		CASE ord WHEN 1 THEN c1
			WHEN 2 THEN CASE WHEN c2 = c1 THEN c2 % clinics + 1 ELSE c2 END
			ELSE CASE WHEN c3 = CASE WHEN c2 = c1 THEN c2 % clinics + 1 ELSE c2 END THEN c3 % clinics + 1 ELSE c3 END END AS clinic,
		CASE WHEN kind IS NULL AND ord = n AND d_smerti IS NULL AND demo.pick(i, 49, 1000) < 8
				AND starts[ord] + 400 < '2025-11-29' THEN starts[ord] + 100 + demo.pick(i, 50, 300) END AS left_on
	FROM started, generate_series(1, n) ord
)
SELECT i, kind, k, ord, n, d_rozhd, d_smerti, kod, clinics, since,
	-- nobody came to the clinic without contract any more
	(kod * 100 + CASE WHEN kod = 75 AND clinic = 35 AND since >= '2025-09-01' THEN 34 ELSE clinic END)::integer AS mo,
	CASE
		WHEN kind = 'overlap' AND ord = 1 THEN CASE WHEN k % 2 = 1 THEN date '2999-12-31' ELSE next_since + 20 + demo.pick(i, 51, 100) END
		WHEN kind = 'reversed' AND ord = 1 THEN since - 10 - demo.pick(i, 51, 150)
		WHEN kind = 'after_death' THEN CASE ord WHEN 1 THEN d_smerti ELSE date '2999-12-31' END
		WHEN kind = 'beyond_death' THEN CASE WHEN k % 2 = 1 THEN date '2999-12-31' ELSE d_smerti + 30 + demo.pick(i, 51, 170) END
		WHEN ord < n THEN next_since - 1
		ELSE COALESCE(d_smerti, left_on, '2999-12-31')
	END AS d_end,
	left_on,
	row_number() OVER (ORDER BY since, i, ord) + 10000000 AS nomer
FROM attached;

CREATE INDEX ON put (i);
ANALYZE put, lico;

-- Applications and identifications since the register went digital, 2025-01-01

CREATE TEMPORARY TABLE zayav ON COMMIT DROP AS
WITH parent AS MATERIALIZED (
	SELECT kod, iin, (row_number() OVER (PARTITION BY kod ORDER BY i) - 1)::integer AS n
	FROM lico
	WHERE kind IS NULL AND d_smerti IS NULL AND d_rozhd BETWEEN '1975-01-01' AND '2003-12-31'
), parents AS MATERIALIZED (
	SELECT kod, count(*)::integer AS many FROM parent GROUP BY kod
), filed AS MATERIALIZED (
	-- those that ended in an attachment; of 'another_person' the application belongs to the lender
	SELECT COALESCE(lender.i, put.i) AS i, put.nomer AS attachment, put.mo, put.kod, put.since AS day, 300 AS sost, put.kind
	FROM put LEFT JOIN lico AS lender ON put.kind = 'another_person' AND lender.kind = 'lender' AND lender.k = put.k
	WHERE put.since >= '2025-01-01' AND put.kind IS DISTINCT FROM 'no_basis'
	UNION ALL
	-- those still open, refused and withdrawn: adults, alive, attached, and not this year
	SELECT i, NULL, kod * 100 + (mo % 100)::integer % clinics + 1, kod,
		CASE WHEN fate < 14 THEN date '2025-11-17' + demo.pick(i, 61, 2) * 7 + demo.pick(i, 62, 5)
			ELSE demo.working_day(date '2025-02-01' + demo.pick(i, 61, 290)) END,
		CASE WHEN fate < 4 THEN 100 WHEN fate < 6 THEN 200 WHEN fate < 9 THEN 210 WHEN fate < 14 THEN 220
			WHEN fate < 19 THEN 1200 ELSE 1100 END,
		NULL
	FROM (SELECT *, demo.pick(i, 60, 1000) AS fate FROM put OFFSET 0) AS put
	WHERE kind IS NULL AND fate < 21 AND ord = n AND d_smerti IS NULL AND left_on IS NULL
		AND since < '2025-01-01' AND d_rozhd < '2005-01-01'
), chosen AS MATERIALIZED (
	SELECT filed.*, lico.iin,
		CASE WHEN lico.d_rozhd > '2007-01-01' THEN demo.pick(lico.i, 70, many) END AS parent_n,
		CASE WHEN attachment IS NOT NULL AND lico.d_rozhd >= '2024-12-20' THEN 4
			WHEN sost = 220 THEN 2
			WHEN lico.d_rozhd > '2007-01-01' THEN (ARRAY[1, 1, 3])[1 + demo.pick(lico.i, 63, 3)]
			ELSE (ARRAY[1, 1, 1, 1, 1, 2, 2, 2, 3, 3])[1 + demo.pick(lico.i, 63, 10)] END AS kanal,
		CASE WHEN sost = 220 THEN date '2025-09-01' + demo.pick(lico.i, 64, 8) * 7 + demo.pick(lico.i, 65, 5) ELSE day END
			+ time '09:00' + demo.pick(lico.i, 66, 14400) * interval '1 second' AS d_podachi,
		(60 + demo.pick(lico.i, 67, 1800)) * interval '1 second' AS to_identify,
		(600 + demo.pick(lico.i, 68, 10000)) * interval '1 second' AS to_decide
	FROM filed JOIN lico USING (i) JOIN parents ON parents.kod = filed.kod
)
SELECT chosen.i, chosen.iin, COALESCE(parent.iin, chosen.iin) AS iin_zayavitelya, mo, chosen.kod, kanal, sost, d_podachi,
	d_podachi + to_identify AS d_identifikacii,
	CASE WHEN sost NOT IN (100, 200, 1100) THEN d_podachi + to_identify + to_decide END AS d_resheniya,
	CASE WHEN kanal = 4 THEN 4 WHEN sost = 220 THEN 3 WHEN demo.pick(chosen.i, 69, 10) < 7 THEN 1 ELSE 2 END AS osnovanie,
	CASE WHEN sost = 220 THEN date '2026-01-01' WHEN sost IN (210, 300) THEN day END AS d_nachala,
	attachment, kind,
	row_number() OVER (ORDER BY d_podachi, chosen.i) + 77000000 AS nomer
FROM chosen
	LEFT JOIN parent ON parent.kod = chosen.kod AND parent.n = parent_n;

INSERT INTO legacy.zayavlenie
SELECT nomer, iin, iin_zayavitelya, mo, kanal, osnovanie, sost, d_podachi, d_resheniya,
	CASE WHEN d_resheniya IS NOT NULL THEN 'mo' || mo || '-1' END, d_nachala,
	CASE WHEN sost = 1200 THEN 1 + demo.pick(i, 71, 10) END,
	md5('zayavlenie ' || nomer)
FROM zayav
ORDER BY nomer;

-- a filing nobody looked at yet, and one withdrawn at once, have no identification
INSERT INTO legacy.identifikaciya
SELECT row_number() OVER (ORDER BY d_identifikacii, i) + 31000000, nomer, iin, iin_zayavitelya, kanal,
	CASE kanal WHEN 1 THEN 1 + demo.pick(i, 72, 3) WHEN 2 THEN 4 WHEN 3 THEN 1 + demo.pick(i, 72, 5) ELSE 3 END,
	CASE kanal WHEN 2 THEN 'NUC' WHEN 1 THEN 'TsON' ELSE 'MIS' END,
	CASE kanal WHEN 1 THEN 'tson' || kod || '-' || 1 + demo.pick(i, 73, 3) WHEN 2 THEN 'egov' WHEN 3 THEN 'mo' || mo || '-2'
		ELSE 'rod' || kod END,
	d_identifikacii, md5('identifikaciya ' || nomer)
FROM zayav
WHERE sost NOT IN (100, 1100) AND kind IS DISTINCT FROM 'not_identified'
ORDER BY 1;

INSERT INTO legacy.prikreplenie
SELECT put.nomer, lico.iin, put.mo, 1 + demo.pick(put.nomer, 80, 12), since,
	-- a foreigner is attached as long as he may stay
	LEAST(d_end, srok_preb), st, zayav.nomer,
	CASE st WHEN 1 THEN NULL
		WHEN 5 THEN 1700
		WHEN 7 THEN 1600
		ELSE CASE
			WHEN d_end = put.d_smerti THEN 900
			WHEN ord = n AND left_on IS NOT NULL THEN CASE WHEN demo.pick(put.i, 82, 3) = 0 THEN 810 ELSE 800 END
			ELSE 700 END
	END, NULL
FROM (
	SELECT *, CASE WHEN kind = 'unmapped_state' AND ord = 1 THEN 4
			WHEN d_end < '2999-12-31' THEN CASE WHEN demo.pick(nomer, 81, 20) = 0 THEN 9 ELSE 2 END
			WHEN kind IS NULL AND demo.pick(nomer, 81, 1000) < 4 THEN 5
			ELSE 1 END AS st
	FROM put
	UNION ALL
	-- rows written in error and annulled long ago; they overlap lawfully
	SELECT i, kind, k, ord, n, d_rozhd, d_smerti, kod, clinics, since + 30, mo, LEAST(d_end, since + 90), NULL,
		nomer + 5000000, 7
	FROM put
	WHERE kind IS NULL AND ord = 1 AND since < '2024-06-01' AND demo.pick(i, 83, 1000) < 2
) AS put
	JOIN lico USING (i)
	LEFT JOIN zayav ON zayav.attachment = put.nomer
ORDER BY put.nomer;

-- Keys and indexes of the vendors; identities go on where the data ends

ALTER TABLE legacy.fizlico ADD PRIMARY KEY (iin);
ALTER TABLE legacy.zayavlenie ADD PRIMARY KEY (nomer);
ALTER TABLE legacy.identifikaciya ADD PRIMARY KEY (nomer);
ALTER TABLE legacy.prikreplenie ADD PRIMARY KEY (nomer);
CREATE UNIQUE INDEX ON legacy.identifikaciya (hesh);
CREATE INDEX ON legacy.identifikaciya (nomer_zayavleniya);
CREATE INDEX ON legacy.identifikaciya (iin);
CREATE INDEX ON legacy.dogovor (mo);
CREATE INDEX ON legacy.zayavlenie (iin);
CREATE INDEX ON legacy.prikreplenie (iin);
CREATE INDEX ON legacy.prikreplenie (nomer_zayavleniya);

ALTER TABLE legacy.zayavlenie ALTER nomer RESTART 90000001;
ALTER TABLE legacy.identifikaciya ALTER nomer RESTART 40000001;
ALTER TABLE legacy.prikreplenie ALTER nomer RESTART 20000001;

-- What was planted where

INSERT INTO demo.planted_row
SELECT kind, iin FROM lico JOIN demo.planted USING (kind) WHERE relation = 'person'
UNION ALL
SELECT kind, put.nomer::text FROM put JOIN demo.planted USING (kind)
WHERE relation = 'attachment' AND ord = CASE WHEN kind IN ('reversed', 'unmapped_state', 'beyond_death') THEN 1 ELSE 2 END
UNION ALL
SELECT kind, nomer::text FROM zayav WHERE kind = 'not_identified' AND sost = 300;

ANALYZE legacy.region, legacy.medorg, legacy.medorg_region, legacy.dogovor, legacy.koefficient, legacy.operator,
	legacy.fizlico, legacy.zayavlenie, legacy.identifikaciya, legacy.prikreplenie;

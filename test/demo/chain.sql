-- Another register as one finds it: schema chain, an event chain partitioned by year. A closing is a new row that points at the one
-- it closes; persons have a number of the register's own, some no IIN; days are text. Nothing in it is random, no person is real.
--
-- Run it in one transaction (psql -1) with osms there, which makes the numbers; CHAIN_PERSONS is the number of persons (-v
-- CHAIN_PERSONS=5000), a multiple of 1000. Three
-- persons in a thousand are attached twice, two in a thousand have a day that is none.

\if :{?CHAIN_PERSONS}
\else
\set CHAIN_PERSONS 5000
\endif

CREATE SCHEMA chain;

CREATE TABLE chain.grazhdanin (
	person_id integer PRIMARY KEY,
	iin char(12),
	rozhdenie varchar(10) NOT NULL,
	pol char(1) NOT NULL,
	smert varchar(10) NOT NULL DEFAULT ''
);
CREATE TABLE chain.klinika (
	klinika integer PRIMARY KEY,
	nazvanie text NOT NULL,
	oblast text NOT NULL,
	s_daty varchar(10) NOT NULL
);
CREATE SEQUENCE chain.sobytie_seq;
CREATE TABLE chain.sobytie (
	nomer bigint NOT NULL DEFAULT nextval('chain.sobytie_seq'),
	god integer NOT NULL DEFAULT date_part('year', current_date),
	vid char(1) NOT NULL,
	k_sobytiyu bigint,
	person_id integer NOT NULL,
	klinika integer NOT NULL,
	den varchar(10) NOT NULL,
	prichina integer,
	zapisal name NOT NULL DEFAULT current_user,
	PRIMARY KEY (nomer, god)
) PARTITION BY LIST (god);
SELECT format('CREATE TABLE chain.sobytie_%1$s PARTITION OF chain.sobytie FOR VALUES IN (%1$s)', god)
FROM generate_series(2019, date_part('year', current_date)::integer) god \gexec
CREATE INDEX ON chain.sobytie (person_id);

INSERT INTO chain.klinika SELECT i, 'Клиника ' || i, CASE WHEN i <= 10 THEN '75' ELSE '19' END, '01.01.2019' FROM generate_series(1, 20) i;
INSERT INTO chain.grazhdanin (person_id, iin, rozhdenie, pol)
-- a number that cannot be issued is none
SELECT i, CASE WHEN i % 50 > 0 THEN osms.make_iin(d, CASE i % 2 WHEN 0 THEN 'female' ELSE 'male' END::osms.sex, 1 + i % 5000)::text END,
	to_char(d, 'DD.MM.YYYY'), CASE i % 2 WHEN 0 THEN 'Ж' ELSE 'М' END
FROM generate_series(1, :CHAIN_PERSONS) i, LATERAL (SELECT date '1940-01-01' + i * 7919 % 30000) v (d);

-- everybody is attached in 2019; every fifth moves in 2022
INSERT INTO chain.sobytie (god, vid, person_id, klinika, den)
SELECT 2019, '1', i, 1 + i % 20, CASE i % 1000 WHEN 500 THEN '31.02.2019' ELSE to_char(date '2019-01-01' + i % 360, 'DD.MM.YYYY') END
FROM generate_series(1, :CHAIN_PERSONS) i ORDER BY i;
INSERT INTO chain.sobytie (god, vid, k_sobytiyu, person_id, klinika, den, prichina)
SELECT 2022, '2', nomer, person_id, klinika, CASE person_id % 1000 WHEN 505 THEN 'май 2022' ELSE '14.05.2022' END, 700
FROM chain.sobytie WHERE person_id % 5 = 0 AND god = 2019 ORDER BY nomer;
INSERT INTO chain.sobytie (god, vid, person_id, klinika, den)
SELECT 2022, '1', person_id, 1 + person_id * 7 % 20, '15.05.2022' FROM chain.sobytie WHERE god = 2022 AND person_id % 1000 <> 505
	ORDER BY nomer;
-- attached a second time, the first never closed
INSERT INTO chain.sobytie (god, vid, person_id, klinika, den)
SELECT 2024, '1', person_id, 1 + person_id * 3 % 20, '01.03.2024' FROM chain.grazhdanin WHERE person_id % 1000 IN (1, 301, 601) ORDER BY 3;

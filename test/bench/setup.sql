-- What the measures read, made from row numbers alone, so that every run measures the same rows.
CREATE EXTENSION osms;
CREATE EXTENSION btree_gist;

-- An order that has nothing to do with the numbers.
CREATE FUNCTION shuffled(i bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN hashint8(i);

CREATE FUNCTION birth_date_of(i bigint) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN date '2025-12-31' - (i * 7919 % 33000)::int;
CREATE FUNCTION sex_of(i bigint) RETURNS osms.sex LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN i % 2 = 0 THEN 'female' ELSE 'male' END::osms.sex;

-- Identifiers: real numbers as text, in no order.
CREATE UNLOGGED TABLE number AS
SELECT n.iin::text AS iin
FROM (SELECT i, osms.make_iin(birth_date_of(i), sex_of(i), (i / 33000 % 10000)::int) AS iin FROM generate_series(1, :ids * 11 / 10) i) n
WHERE n.iin IS NOT NULL
ORDER BY shuffled(n.i)
LIMIT :ids;

-- The check as it is written in PL/pgSQL: shape, date, the two rounds of the control digit.
CREATE FUNCTION iin_is_valid(iin text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    total int := 0;
    century int;
    born date;
BEGIN
    IF iin !~ '^[0-9]{12}$' THEN
        RETURN false;
    END IF;
    century := substr(iin, 7, 1)::int;
    IF century NOT BETWEEN 1 AND 6 THEN
        RETURN false;
    END IF;
    BEGIN
        born := make_date(1800 + (century - 1) / 2 * 100 + substr(iin, 1, 2)::int, substr(iin, 3, 2)::int, substr(iin, 5, 2)::int);
    EXCEPTION WHEN datetime_field_overflow THEN
        RETURN false;
    END;
    FOR i IN 1..11 LOOP
        total := total + i * substr(iin, i, 1)::int;
    END LOOP;
    IF total % 11 = 10 THEN
        total := 0;
        FOR i IN 1..11 LOOP
            total := total + ((i + 1) % 11 + 1) * substr(iin, i, 1)::int;
        END LOOP;
    END IF;
    RETURN total % 11 = substr(iin, 12, 1)::int;
END $$;

-- A roster of 2,000 organisations.
SELECT osms.create_registry('month', cut_over => '2025-01-01');
INSERT INTO month.organisation_status (organisation, region, class, valid_from)
SELECT i, 'region ' || i % 20, CASE WHEN i % 3 = 0 THEN 'rural' ELSE 'urban' END, '2020-01-01' FROM generate_series(1, 2000) i;
INSERT INTO month.contract (organisation, valid_from) SELECT i, '2020-01-01' FROM generate_series(1, 2000) i;
INSERT INTO month.roster
SELECT i, i, abs(shuffled(i)) % 2000 + 1, NULL, date '2020-01-01' + (i % 1500)::int,
       CASE WHEN i % 20 = 0 THEN date '2025-06-01' ELSE 'infinity' END, least(birth_date_of(i), '2025-12-30'), sex_of(i), 'inherited', 'counted', '2020-01-01', 'infinity'
FROM generate_series(1, :persons) i;

-- Attachments to be written: persons known, applications approved, in no order of their persons.
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.organisation (organisation, name) SELECT i, 'organisation ' || i FROM generate_series(1, 2000) i;
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT i, 'region ' || i % 20, '2020-01-01' FROM generate_series(1, 2000) i;
INSERT INTO fund.contract (organisation, valid_from) SELECT i, '2020-01-01' FROM generate_series(1, 2000) i;
INSERT INTO fund.person (person, birth_date, sex, region)
SELECT i, birth_date_of(i), sex_of(i), 'region ' || (i % 2000 + 1) % 20 FROM generate_series(1, :attachments) i;
INSERT INTO fund.application (person, organisation, channel, ground, state, submitted_at, decided_at)
SELECT person, person % 2000 + 1, 'service_centre', 'free_choice', 'approved', now() - interval '3 days', now() - interval '2 days'
FROM fund.person ORDER BY shuffled(person);
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', 100000);

-- The same table without a guard: with no rule at all, and behind two foreign keys and an exclusion constraint, whose index stands
-- in for the one on person.
CREATE TABLE bare (LIKE fund.attachment INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE rival (LIKE fund.attachment INCLUDING DEFAULTS INCLUDING IDENTITY, PRIMARY KEY (attachment),
    FOREIGN KEY (person) REFERENCES fund.person, FOREIGN KEY (organisation) REFERENCES fund.organisation,
    EXCLUDE USING gist (person WITH =, daterange(since, until) WITH &&));
VACUUM ANALYZE;
CHECKPOINT;

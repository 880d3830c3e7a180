-- What the measures read, made from row numbers alone, so that every run measures the same rows.
CREATE EXTENSION osms;
CREATE EXTENSION btree_gist;

-- An order that has nothing to do with the numbers.
CREATE FUNCTION shuffled(i bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN hashint8(i);

CREATE FUNCTION birth_date_of(i bigint) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date '2025-12-31' - (i * 7919 % 33000)::int;
CREATE FUNCTION sex_of(i bigint) RETURNS osms.sex LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN i % 2 = 0 THEN 'female'
    ELSE 'male' END::osms.sex;

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

-- Registries with a month to be paid: one person in twenty has left; the contributions of December are known, those of months before
-- are not, so that they are asked for from January on. Indexes come last, as one would load it.
CREATE FUNCTION fill_month(registry text, persons bigint, organisations bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    by_person text;
BEGIN
    PERFORM osms.create_registry(registry, cut_over => '2025-01-01');
    EXECUTE format('INSERT INTO %I.organisation_status (organisation, region, class, valid_from)
        SELECT i, ''region '' || i %% 20, CASE WHEN i %% 3 = 0 THEN ''rural'' ELSE ''urban'' END, ''2020-01-01'' FROM generate_series(1, '
            '$1) i', registry)
        USING organisations;
    EXECUTE format('INSERT INTO %I.contract (organisation, valid_from) SELECT i, ''2020-01-01'' FROM generate_series(1, $1) i', registry)
        USING organisations;
    SELECT pg_get_indexdef(to_regclass(format('%I.roster_person', registry))) INTO by_person;
    EXECUTE format('DROP INDEX %I.roster_person', registry);
    EXECUTE format('INSERT INTO %I.roster
        SELECT i, i, abs(shuffled(i)) %% $2 + 1, NULL, date ''2020-01-01'' + (i %% 1500)::int, CASE WHEN i %% 20 = 0 THEN '
            'date ''2025-06-01'' ELSE ''infinity'' END,
               least(birth_date_of(i), ''2025-12-30''), sex_of(i), ''inherited'', ''counted'', ''2020-01-01'', ''infinity''
        FROM generate_series(1, $1) i', registry) USING persons, organisations;
    EXECUTE by_person;
    EXECUTE format('INSERT INTO %I.insurance (person, month, paid) SELECT i, ''2025-12-01'', i %% 16 <> 0 FROM generate_series(1, $1) i',
        registry) USING persons;
    EXECUTE format(
        'INSERT INTO %I.attachment (attachment, person, organisation, state, since) SELECT r.attachment, r.person, '
        'r.organisation, ''active'', r.since
        FROM %1$I.roster r WHERE r.person = 7', registry);
    EXECUTE format('UPDATE %I.setting SET roster_complete = true', registry);
END $$;

-- What became known later: so many persons, of whom half moved to another organisation and half were born on another day.
CREATE FUNCTION change_month(registry text, persons bigint, changed bigint, organisations bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    changed_rows bigint;
BEGIN
    EXECUTE format('ALTER TABLE %I.roster DISABLE TRIGGER keep', registry);
    EXECUTE format('WITH ended AS (UPDATE %1$I.roster SET known_to = clock_timestamp() WHERE person %% $1 = 7 RETURNING *)
        INSERT INTO %1$I.roster SELECT attachment, person, CASE person %% ($1 * 2) WHEN 7 THEN organisation %% $2 + 1 ELSE organisation '
            'END, site, since, until,
            CASE person %% ($1 * 2) WHEN 7 THEN birth_date ELSE birth_date - 3000 END, sex, basis, mark, known_to, ''infinity'' FROM ended',
                registry)
        USING greatest(persons / changed, 8), organisations;
    GET DIAGNOSTICS changed_rows = ROW_COUNT;
    EXECUTE format('ALTER TABLE %I.roster ENABLE TRIGGER keep', registry);
    RETURN changed_rows;
END $$;

SELECT fill_month('month', :persons, :organisations), fill_month('quarter', :persons / 4, :organisations);

-- Attachments to be written: persons known, applications approved, in no order of their persons.
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
INSERT INTO fund.organisation (organisation, name) SELECT i, 'organisation ' || i FROM generate_series(1, 2000) i;
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT i, 'region ' || i % 20, '2020-01-01'
    FROM generate_series(1, 2000) i;
INSERT INTO fund.contract (organisation, valid_from) SELECT i, '2020-01-01' FROM generate_series(1, 2000) i;
INSERT INTO fund.person (person, birth_date, sex, region)
SELECT i, birth_date_of(i), sex_of(i), 'region ' || (i % 2000 + 1) % 20 FROM generate_series(1, :attachments) i;
INSERT INTO fund.application (person, organisation, channel, ground, state, submitted_at, decided_at)
SELECT person, person % 2000 + 1, 'service_centre', 'free_choice', 'approved', now() - interval '3 days', now() - interval '2 days'
FROM fund.person ORDER BY shuffled(person);
INSERT INTO fund.identity_event (person, application, channel, method, at)
SELECT person, application, channel, 'biometric', submitted_at FROM fund.application;
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', 100000);

-- The same table without a guard: with no rule at all, and behind two foreign keys and an exclusion constraint, whose index stands
-- in for the one on person.
CREATE TABLE bare (LIKE fund.attachment INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE rival (LIKE fund.attachment INCLUDING DEFAULTS INCLUDING IDENTITY, PRIMARY KEY (attachment),
    FOREIGN KEY (person) REFERENCES fund.person, FOREIGN KEY (organisation) REFERENCES fund.organisation,
    EXCLUDE USING gist (person WITH =, daterange(since, until) WITH &&));

-- And with the rules of an inserted or closed attachment written as triggers in PL/pgSQL, row by row, which lock the person, keep a roster
-- and a journal; without modes, import, orders, restorations and what waits for the commit.
CREATE TABLE scripted (LIKE fund.attachment INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE scripted_roster (LIKE fund.roster INCLUDING INDEXES);
CREATE TABLE scripted_journal (LIKE fund.journal INCLUDING DEFAULTS INCLUDING IDENTITY);
CREATE FUNCTION scripted_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    p fund.person;
    a fund.application;
    zone text;
BEGIN
    IF NEW.since IS NULL OR NEW.since NOT BETWEEN '1900-01-01' AND '2200-01-01' OR NEW.until <= NEW.since OR NEW.until > '2200-01-01'
       OR NEW.state = 'closed' AND NEW.until IS NULL THEN
        RAISE EXCEPTION 'period';
    ELSIF NEW.state <> 'active' AND NEW.reason NOT IN (SELECT code FROM osms.reason_codes('attachment')) THEN
        RAISE EXCEPTION 'reason';
    END IF;
    SELECT * INTO p FROM fund.person x WHERE x.person = NEW.person FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'person_known';
    ELSIF coalesce(NEW.until, 'infinity') > p.death_date + 1 OR coalesce(NEW.until, 'infinity') > p.stay_until + 1 THEN
        RAISE EXCEPTION 'alive';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.attachment, OLD.person, OLD.organisation, OLD.since, OLD.application) IS DISTINCT FROM
           (NEW.attachment, NEW.person, NEW.organisation, NEW.since, NEW.application) OR OLD.until < coalesce(NEW.until, 'infinity') THEN
            RAISE EXCEPTION 'immutable';
        ELSIF OLD.state <> NEW.state AND NOT EXISTS (SELECT FROM osms.transitions('attachment') t
                WHERE t.from_state = OLD.state::text AND t.to_state = NEW.state::text) THEN
            RAISE EXCEPTION 'transition';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state NOT IN ('active', 'closed') THEN
        RAISE EXCEPTION 'initial_state';
    ELSIF NOT EXISTS (SELECT FROM fund.organisation o WHERE o.organisation = NEW.organisation) THEN
        RAISE EXCEPTION 'organisation_known';
    ELSIF NOT EXISTS (SELECT FROM fund.contract k WHERE k.organisation = NEW.organisation AND k.valid_from <= NEW.since
                      AND (k.valid_to IS NULL OR k.valid_to > NEW.since) FOR SHARE) THEN
        RAISE EXCEPTION 'contracted';
    ELSIF NOT EXISTS (SELECT FROM (SELECT s.region, s.neighbours FROM fund.organisation_status s WHERE s.organisation = NEW.organisation
                                   AND s.valid_from <= NEW.since ORDER BY s.valid_from DESC LIMIT 1) s
                      WHERE p.region = s.region OR p.region = ANY (s.neighbours)) THEN
        RAISE EXCEPTION 'same_territory';
    ELSIF EXISTS (SELECT FROM scripted x WHERE x.person = NEW.person AND x.state <> 'annulled' AND x.since < coalesce(NEW.until, 'infinity')
                  AND NEW.since < coalesce(x.until, 'infinity')) THEN
        RAISE EXCEPTION 'one_attachment';
    END IF;
    IF NEW.application IS NULL THEN
        IF NEW.since >= (SELECT s.cut_over FROM fund.setting s) THEN
            RAISE EXCEPTION 'basis';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO a FROM fund.application x WHERE x.application = NEW.application;
    SELECT s.time_zone INTO zone FROM fund.setting s;
    IF NOT FOUND OR (a.person, a.organisation, a.state) <> (NEW.person, NEW.organisation, 'approved')
       OR (a.decided_at AT TIME ZONE zone)::date + osms.parameter_on('approval_valid_days', (a.decided_at AT TIME ZONE zone)::date)::int
          < (now() AT TIME ZONE zone)::date
       OR EXISTS (SELECT FROM scripted x WHERE x.person = NEW.person AND x.application = NEW.application) THEN
        RAISE EXCEPTION 'basis';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION scripted_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE scripted_roster SET known_to = clock_timestamp() WHERE person = OLD.person AND attachment = OLD.attachment
            AND known_to = 'infinity';
    END IF;
    INSERT INTO scripted_roster
    SELECT NEW.attachment, NEW.person, NEW.organisation, NEW.site, NEW.since, coalesce(NEW.until, 'infinity'), p.birth_date, p.sex,
           CASE WHEN NEW.application IS NULL THEN 'inherited' ELSE 'application' END, 'counted', clock_timestamp(), 'infinity'
    FROM fund.person p WHERE p.person = NEW.person;
    INSERT INTO scripted_journal (actor, relation, event, key, person, organisation, state_before, state_after, since, until, reason)
    VALUES (current_user, 'attachment', left(TG_OP, 1)::"char", NEW.attachment::text, NEW.person, NEW.organisation::text,
            CASE WHEN TG_OP = 'UPDATE' THEN OLD.state::text END, NEW.state::text, NEW.since, NEW.until, NEW.reason);
    RETURN NULL;
END $$;
CREATE TRIGGER scripted_check BEFORE INSERT OR UPDATE ON scripted FOR EACH ROW EXECUTE FUNCTION scripted_check();
CREATE TRIGGER scripted_follow AFTER INSERT OR UPDATE ON scripted FOR EACH ROW EXECUTE FUNCTION scripted_follow();
CREATE SEQUENCE single_fund;
CREATE SEQUENCE single_rival;
VACUUM ANALYZE;
CHECKPOINT;


--
-- tariff: the law as dated rows with two clocks. For a day, as known at a
-- moment, the row with the latest valid_from, then the latest known_from, wins.
-- Rows the extension brings are acts named 'osms:...', known since -infinity.
-- From the day on which a user's row is in force they are no longer looked at;
-- only users' rows are dumped.
--
CREATE FUNCTION osms.append_only() RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_append_only';
COMMENT ON FUNCTION osms.append_only() IS
    'trigger of the config tables and of the coefficients of a registry: 55000 for UPDATE, DELETE and TRUNCATE, because rows are only added';

CREATE TABLE osms.act (
    act text PRIMARY KEY,
    title text NOT NULL,
    number text,
    issued_on date,
    source text
);
COMMENT ON TABLE osms.act IS 'legal acts and other grounds that dated rows refer to; rows are only added';
COMMENT ON COLUMN osms.act.act IS 'key; ''osms:...'' is reserved for what the extension brings';
COMMENT ON COLUMN osms.act.title IS 'name of the act';
COMMENT ON COLUMN osms.act.number IS 'number of the act, as its issuer writes it; of those the extension brings KR DSM where the database is not UTF8';
COMMENT ON COLUMN osms.act.issued_on IS 'day of issue';
COMMENT ON COLUMN osms.act.source IS 'where its text was read';

-- Every row of the law says which point of its act it is, and how sure anybody
-- is that the act says so. Of a row that says several things it is the least
-- sure one. A tag decides nothing: which row holds is told by its clocks alone.
CREATE DOMAIN osms.certainty AS text
    CHECK (VALUE IN ('TEXT', 'OFFICIAL', 'PRESS', 'NOTES', 'CODE', 'INF', 'UNV'));
COMMENT ON DOMAIN osms.certainty IS
    'how sure a row of the law is: TEXT its wording was read in the act, OFFICIAL a page of a state body, PRESS, NOTES that quote the act, CODE seen in a public client of the national register, INF inferred, UNV unverified';

CREATE FUNCTION osms.act_told(act text, point text, tag text, illustrative boolean) RETURNS text
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN concat_ws(', ', coalesce('act ' || act, 'without act'), CASE WHEN point ~ '^[0-9]' THEN 'point ' ELSE '' END || point,
                     CASE WHEN illustrative THEN 'illustrative' ELSE coalesce(tag, 'UNV') END);
COMMENT ON FUNCTION osms.act_told(text, text, text, boolean) IS
    'act, point and certainty of a row of the law as a source is told; what is made up is illustrative, what says nothing UNV';

CREATE TABLE osms.parameter (
    name text NOT NULL,
    value text NOT NULL,
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT osms.known_moment('osms.parameter'),
    act text NOT NULL REFERENCES osms.act,
    point text,
    tag osms.certainty NOT NULL DEFAULT 'UNV',
    illustrative boolean NOT NULL DEFAULT false CONSTRAINT made_up_is_unverified CHECK (tag = 'UNV' OR NOT illustrative),
    PRIMARY KEY (name, valid_from, known_from)
);
COMMENT ON TABLE osms.parameter IS 'single numbers and words of the law, read by osms.parameter_on; rows are only added';
COMMENT ON COLUMN osms.parameter.name IS 'name of the parameter; its unit is part of it';
COMMENT ON COLUMN osms.parameter.value IS 'value as text';
COMMENT ON COLUMN osms.parameter.valid_from IS 'first day on which it is in force';
COMMENT ON COLUMN osms.parameter.known_from IS 'moment from which it is known; unless given, the moment of the transaction (osms.known_moment)';
COMMENT ON COLUMN osms.parameter.act IS 'act that says so';
COMMENT ON COLUMN osms.parameter.point IS 'point, article or annex of the act; NULL = not known';
COMMENT ON COLUMN osms.parameter.tag IS 'how sure it is, the least sure thing that the row says; made-up rows are UNV';
COMMENT ON COLUMN osms.parameter.illustrative IS 'made up, no claim to be official';

-- Every question the law leaves open is a property with a default. A row is
-- judged by osms.scheme_property, so that a refusal can say what is possible.
CREATE TABLE osms.scheme (
    scheme text NOT NULL,
    combination text NOT NULL DEFAULT 'add',
    snapshot text NOT NULL DEFAULT 'last_day',
    age_on text NOT NULL DEFAULT 'snapshot',
    rate_on text NOT NULL DEFAULT 'snapshot',
    coefficient_over text NOT NULL DEFAULT 'all',
    suspect text NOT NULL DEFAULT 'paid',
    restored text NOT NULL DEFAULT 'served',
    coefficient_rounding integer,
    rate_rounding integer DEFAULT 2,
    amount_rounding integer NOT NULL DEFAULT 2,
    uninsured text NOT NULL DEFAULT 'reduced',
    insurance_lag integer NOT NULL DEFAULT 1,
    insurance_unknown text NOT NULL DEFAULT 'full',
    grace text NOT NULL DEFAULT 'paid',
    list_limit text NOT NULL DEFAULT 'last_attached',
    both_reductions text NOT NULL DEFAULT 'lower',
    inactive text NOT NULL DEFAULT 'whole_year',
    cap text NOT NULL DEFAULT 'carried',
    sanction_rate text NOT NULL DEFAULT 'defect_month',
    illustrative boolean NOT NULL DEFAULT false CONSTRAINT made_up_is_unverified CHECK (tag = 'UNV' OR NOT illustrative),
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT osms.known_moment('osms.scheme'),
    act text NOT NULL REFERENCES osms.act,
    point text,
    tag osms.certainty NOT NULL DEFAULT 'UNV',
    PRIMARY KEY (scheme, valid_from, known_from)
);
COMMENT ON TABLE osms.scheme IS 'ways to turn a pyramid into money: one row with all properties, read by osms.scheme_on; osms.scheme_property lists what they may be; rows are only added';
COMMENT ON COLUMN osms.scheme.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.scheme.combination IS
    'how the age-sex coefficient Kav joins the coefficients Ki of the organisation: add: B*(Kav + sum(Ki - 1)); multiply: B*Kav*product(Ki)';
COMMENT ON COLUMN osms.scheme.snapshot IS
    'when heads are counted: on the last_day or the first_day of the month, or on every day of it (person_days: a head is then a day of a person)';
COMMENT ON COLUMN osms.scheme.age_on IS
    'day on which the age is taken: snapshot (for person_days each day itself), month_start or year_start; who is born later is 0';
COMMENT ON COLUMN osms.scheme.rate_on IS
    'day on which region, class, contract, coefficients and tables are read: snapshot (for person_days the last day) or month_start';
COMMENT ON COLUMN osms.scheme.coefficient_over IS 'heads over which Kav is taken: all, or those paid in full';
COMMENT ON COLUMN osms.scheme.suspect IS 'attachments under suspicion: paid or unpaid';
COMMENT ON COLUMN osms.scheme.restored IS
    'months that were over before an attachment that restores another became known: paid only where the organisation served the person in the month (served), all of them (paid), or none (unpaid)';
COMMENT ON COLUMN osms.scheme.coefficient_rounding IS 'decimal digits of Kav before it enters the rate; NULL = not rounded';
COMMENT ON COLUMN osms.scheme.rate_rounding IS 'decimal digits of the rate in tenge, half away from zero; NULL = not rounded, only the amount is';
COMMENT ON COLUMN osms.scheme.amount_rounding IS 'decimal digits of the amount in tenge, half away from zero';
COMMENT ON COLUMN osms.scheme.uninsured IS 'persons without contributions: reduced (to the parameter uninsured_share) or full';
COMMENT ON COLUMN osms.scheme.insurance_lag IS 'months from the month whose contributions are looked at to the month paid for';
COMMENT ON COLUMN osms.scheme.insurance_unknown IS 'persons of whom no contribution is known, either way: full or reduced';
COMMENT ON COLUMN osms.scheme.grace IS 'months of grace after a contribution (parameter insurance_grace_months): paid or unpaid';
COMMENT ON COLUMN osms.scheme.list_limit IS
    'who is reduced (by osms.norm_step) on a list over the norm of its site: last_attached (latest since, then greatest key of the attachment) or none';
COMMENT ON COLUMN osms.scheme.both_reductions IS 'two reductions of one person: the lower share or the product of the shares';
COMMENT ON COLUMN osms.scheme.inactive IS
    'who is reduced in December to the parameter inactive_share for want of a service here in the year: persons here at the snapshots of the whole_year, of any_month (those months), or none';
COMMENT ON COLUMN osms.scheme.cap IS
    'money above the yearly amount of the contract: carried to the next month of the year, cut, or none (no cap); taken after all reductions, before sanctions';
COMMENT ON COLUMN osms.scheme.sanction_rate IS 'rate that a sanction multiplies: of the defect_month or of the invoice_month';
COMMENT ON COLUMN osms.scheme.illustrative IS 'made up, no claim to be official';
COMMENT ON COLUMN osms.scheme.valid_from IS 'first day on which it is in force';
COMMENT ON COLUMN osms.scheme.known_from IS 'moment from which it is known; unless given, the moment of the transaction (osms.known_moment)';
COMMENT ON COLUMN osms.scheme.act IS 'act that says so';
COMMENT ON COLUMN osms.scheme.point IS 'point, article or annex of the act; NULL = not known';
COMMENT ON COLUMN osms.scheme.tag IS 'how sure it is, the least sure thing that the row says; made-up rows are UNV';

CREATE FUNCTION osms.scheme_property(OUT property text, OUT choices text[], OUT minimum integer, OUT maximum integer) RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 19
BEGIN ATOMIC
    SELECT * FROM (VALUES
        ('combination', '{add,multiply}'::text[], NULL::integer, NULL::integer),
        ('snapshot', '{last_day,first_day,person_days}', NULL, NULL),
        ('age_on', '{snapshot,month_start,year_start}', NULL, NULL),
        ('rate_on', '{snapshot,month_start}', NULL, NULL),
        ('coefficient_over', '{all,full}', NULL, NULL),
        ('suspect', '{paid,unpaid}', NULL, NULL),
        ('restored', '{served,paid,unpaid}', NULL, NULL),
        ('coefficient_rounding', NULL, 0, 12),
        ('rate_rounding', NULL, 0, 12),
        ('amount_rounding', NULL, 0, 12),
        ('uninsured', '{reduced,full}', NULL, NULL),
        ('insurance_lag', NULL, 0, 12),
        ('insurance_unknown', '{full,reduced}', NULL, NULL),
        ('grace', '{paid,unpaid}', NULL, NULL),
        ('list_limit', '{last_attached,none}', NULL, NULL),
        ('both_reductions', '{lower,product}', NULL, NULL),
        ('inactive', '{whole_year,any_month,none}', NULL, NULL),
        ('cap', '{carried,cut,none}', NULL, NULL),
        ('sanction_rate', '{defect_month,invoice_month}', NULL, NULL)) AS p (property, choices, minimum, maximum);
END;
COMMENT ON FUNCTION osms.scheme_property() IS
    'properties of a scheme: words they may be, the default first, or the least and the greatest number; COMMENT ON COLUMN osms.scheme tells what each means';

CREATE FUNCTION osms.check_property() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT p.*, v.value INTO wrong
    FROM osms.scheme_property() p, LATERAL (SELECT to_jsonb(NEW) ->> p.property) AS v (value)
    WHERE CASE WHEN p.choices IS NULL THEN v.value::integer NOT BETWEEN p.minimum AND p.maximum ELSE v.value <> ALL (p.choices) END
    LIMIT 1;
    IF wrong.property IS NOT NULL THEN
        RAISE EXCEPTION 'property "%" of scheme "%" cannot be "%"', wrong.property, NEW.scheme, wrong.value
            USING ERRCODE = 'check_violation', SCHEMA = 'osms', TABLE = 'scheme', COLUMN = wrong.property,
                  HINT = CASE WHEN wrong.choices IS NULL THEN format('It is a number from %s to %s.', wrong.minimum, wrong.maximum)
                         ELSE format('It is one of %s.', array_to_string(wrong.choices, ', ')) END;
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION osms.check_property() IS
    'trigger of osms.scheme: 23514 with the possible values for a property that is none of them';
CREATE TRIGGER check_property BEFORE INSERT ON osms.scheme
    FOR EACH ROW EXECUTE FUNCTION osms.check_property();
COMMENT ON TRIGGER check_property ON osms.scheme IS 'a property is one of its possible values';

CREATE TABLE osms.scheme_weight (
    scheme text NOT NULL,
    age_from numeric NOT NULL CHECK (age_from >= 0),
    age_to numeric,
    sex osms.sex NOT NULL,
    weight numeric NOT NULL CHECK (weight >= 0 AND weight < 'Infinity'),
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT osms.known_moment('osms.scheme_weight'),
    act text NOT NULL REFERENCES osms.act,
    point text,
    tag osms.certainty NOT NULL DEFAULT 'UNV',
    PRIMARY KEY (scheme, valid_from, known_from, sex, age_from)
);
COMMENT ON TABLE osms.scheme_weight IS
    'age-sex weights. The rows of one scheme, valid_from and known_from are an edition; the latest edition holds whole, never a mix, so a change of bands is a full new set, inserted in one transaction; rows are only added';
COMMENT ON COLUMN osms.scheme_weight.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.scheme_weight.age_from IS 'first age, whole completed years; numeric, so that half a year is refused and not rounded';
COMMENT ON COLUMN osms.scheme_weight.age_to IS 'age before which the band ends, whole years; NULL = open';
COMMENT ON COLUMN osms.scheme_weight.sex IS 'sex';
COMMENT ON COLUMN osms.scheme_weight.weight IS 'relative cost of a person of this age and sex';
COMMENT ON COLUMN osms.scheme_weight.valid_from IS 'first day on which the edition is in force';
COMMENT ON COLUMN osms.scheme_weight.known_from IS 'moment from which the edition is known; unless given, the moment of the transaction (osms.known_moment)';
COMMENT ON COLUMN osms.scheme_weight.act IS 'act that says so';
COMMENT ON COLUMN osms.scheme_weight.point IS 'point, article or annex of the act; NULL = not known';
COMMENT ON COLUMN osms.scheme_weight.tag IS 'how sure it is, the least sure thing that the row says';

CREATE FUNCTION osms.check_band() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    edge numeric := CASE WHEN NEW.age_from % 1 <> 0 THEN NEW.age_from ELSE NEW.age_to END;
BEGIN
    IF edge % 1 <> 0 OR edge > 2147483647 THEN
        RAISE EXCEPTION 'band edge % of scheme "%" is not a whole year', edge, NEW.scheme
            USING ERRCODE = 'check_violation', SCHEMA = 'osms', TABLE = TG_TABLE_NAME,
                  HINT = 'Ages are completed years: a band from 12 months to under 5 years is age_from 1, age_to 5.';
    END IF;
    NEW.age_from := trunc(NEW.age_from);
    NEW.age_to := trunc(NEW.age_to);
    RETURN NEW;
END $$;
COMMENT ON FUNCTION osms.check_band() IS 'trigger of osms.scheme_weight: 23514 for a band edge that is not a whole year';
CREATE TRIGGER check_band BEFORE INSERT ON osms.scheme_weight
    FOR EACH ROW EXECUTE FUNCTION osms.check_band();
COMMENT ON TRIGGER check_band ON osms.scheme_weight IS 'bands are whole years';

CREATE TABLE osms.base_rate (
    scheme text NOT NULL,
    region text,
    class text NOT NULL,
    rate numeric NOT NULL CHECK (rate >= 0 AND rate < 'Infinity'),
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT osms.known_moment('osms.base_rate'),
    act text NOT NULL REFERENCES osms.act,
    point text,
    tag osms.certainty NOT NULL DEFAULT 'UNV',
    illustrative boolean NOT NULL DEFAULT false CONSTRAINT made_up_is_unverified CHECK (tag = 'UNV' OR NOT illustrative),
    UNIQUE NULLS NOT DISTINCT (scheme, region, class, valid_from, known_from)
);
COMMENT ON TABLE osms.base_rate IS 'base rate B by region and class of the organisation; rows are only added';
COMMENT ON COLUMN osms.base_rate.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.base_rate.region IS 'region of the organisation; NULL = any region that has no row of its own in force';
COMMENT ON COLUMN osms.base_rate.class IS 'class of the organisation, such as urban or rural';
COMMENT ON COLUMN osms.base_rate.rate IS 'tenge per person and month';
COMMENT ON COLUMN osms.base_rate.valid_from IS 'first day on which it is in force';
COMMENT ON COLUMN osms.base_rate.known_from IS 'moment from which it is known; unless given, the moment of the transaction (osms.known_moment)';
COMMENT ON COLUMN osms.base_rate.act IS 'act that says so';
COMMENT ON COLUMN osms.base_rate.point IS 'point, article or annex of the act; NULL = not known';
COMMENT ON COLUMN osms.base_rate.tag IS 'how sure it is, the least sure thing that the row says; made-up rows are UNV';
COMMENT ON COLUMN osms.base_rate.illustrative IS 'made up, no claim to be official';

CREATE TABLE osms.norm_step (
    scheme text NOT NULL,
    above numeric NOT NULL CHECK (above >= 0 AND above < 'Infinity'),
    share numeric NOT NULL CHECK (share BETWEEN 0 AND 1),
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT osms.known_moment('osms.norm_step'),
    act text NOT NULL REFERENCES osms.act,
    point text,
    tag osms.certainty NOT NULL DEFAULT 'UNV',
    illustrative boolean NOT NULL DEFAULT false CONSTRAINT made_up_is_unverified CHECK (tag = 'UNV' OR NOT illustrative),
    PRIMARY KEY (scheme, valid_from, known_from, above)
);
COMMENT ON TABLE osms.norm_step IS
    'how a list over the norm of its site is paid: who stands above so many percent of the norm counts with a share. The rows of one scheme, valid_from and known_from are an edition that holds whole; without rows nobody is reduced; rows are only added';
COMMENT ON COLUMN osms.norm_step.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.norm_step.above IS 'percent of the norm of the site above which the share holds, up to the next step';
COMMENT ON COLUMN osms.norm_step.share IS 'share of the rate, 0 to 1';
COMMENT ON COLUMN osms.norm_step.valid_from IS 'first day on which the edition is in force';
COMMENT ON COLUMN osms.norm_step.known_from IS 'moment from which the edition is known; unless given, the moment of the transaction (osms.known_moment)';
COMMENT ON COLUMN osms.norm_step.act IS 'act that says so';
COMMENT ON COLUMN osms.norm_step.point IS 'point, article or annex of the act; NULL = not known';
COMMENT ON COLUMN osms.norm_step.tag IS 'how sure it is, the least sure thing that the row says; made-up rows are UNV';
COMMENT ON COLUMN osms.norm_step.illustrative IS 'made up, no claim to be official';

-- What the extension brings: nothing here is a number of an order. A script is
-- read in the database's encoding, so it is ASCII; what the issuer calls his
-- orders is said in bytes, where the database can hold it.
INSERT INTO osms.act (act, title, number, issued_on, source)
SELECT a.act, a.title, replace(a.number, 'KR DSM-', i.ministry), a.issued_on, a.source
FROM (SELECT coalesce((SELECT convert_from(b.letters, 'UTF8') FROM (SELECT pg_catalog.decode('d29ad0a020d094d0a1d09c2d', 'hex') AS letters OFFSET 0) AS b
                       WHERE getdatabaseencoding() = 'UTF8'), 'KR DSM-')) AS i (ministry),
     (VALUES
    ('osms:illustrative', 'Made up to show the mechanism; no claim to be the order''s numbers', NULL, NULL::date, NULL),
    ('osms:attachment', 'Rules of attachment to primary care', 'KR DSM-194/2020', '2020-11-13',
     'order, with its amendments; methods as the state service pages and the press describe them'),
    ('osms:holidays', 'Law on public holidays in the Republic of Kazakhstan', '267-II', '2001-12-13',
     'law, with its amendments to 2022, and published calendars'),
    ('osms:insurance', 'Law on compulsory social medical insurance', '405-V', '2015-11-16',
     'text of the law: articles 5 (grace of three months) and 27, 28 (military and law-enforcement staff pay nothing)'),
    ('osms:payment', 'Rules of payment for medical care', 'KR DSM-291/2020', NULL,
     'text of the order as amended on 01.10.2025, points 41 to 49: lines of the act; 0.90 each month and 0.80 of the year, from that day'),
    ('osms:monitoring', 'Rules of monitoring, unified classifier of defects', 'KR DSM-321/2020', NULL,
     'classifier as amended by order 19 of 27.02.2026; that a defect under another costs what the other does is inferred'),
    ('osms:invoice', 'Forms of invoices and acts', 'KR DSM-86', '2021-08-20',
     'monthly form of attached persons, read in notes; the inner edges of its age bands are inferred'),
    ('osms:geography', 'Regions of Kazakhstan as tiles of a map', NULL, NULL,
     'drawn for the report, no act: regions that border on each other stand near each other; codes are the first two digits of the classifier of administrative territories'))
    AS a (act, title, number, issued_on, source);

-- The numbers of the law. Where nothing tells how sure a number is, it is UNV;
-- what held before the day of a text is inferred from that day.
INSERT INTO osms.parameter (name, value, valid_from, known_from, act, point, tag)
SELECT p.name, p.value, p.valid_from, '-infinity', p.act, p.point, p.tag
FROM (VALUES
    ('actual_residence_age', '6', '-infinity'::date, 'osms:attachment', NULL, 'UNV'),
    ('backdating_days', '0', '-infinity', 'osms:attachment', NULL, 'CODE'),
    ('campaign_first_day', '09-15', '-infinity', 'osms:attachment', NULL, 'OFFICIAL'),
    ('campaign_first_day', '09-01', '2025-01-01', 'osms:attachment', NULL, 'PRESS'),
    ('campaign_last_day', '11-15', '-infinity', 'osms:attachment', NULL, 'OFFICIAL'),
    ('campaign_last_day', '11-01', '2025-01-01', 'osms:attachment', NULL, 'PRESS'),
    ('decision_working_days', '1', '-infinity', 'osms:attachment', NULL, 'OFFICIAL'),
    ('free_choice_limit', '1', '-infinity', 'osms:attachment', NULL, 'OFFICIAL'),
    ('inactive_share', '1', '-infinity', 'osms:payment', NULL, 'INF'),
    ('inactive_share', '0.80', '2025-10-01', 'osms:payment', '47-1, part 1', 'TEXT'),
    ('insurance_exempt_categories', '{M1,M2,M3}', '-infinity', 'osms:insurance', 'articles 27(3), 28(7)', 'TEXT'),
    ('insurance_grace_months', '0', '-infinity', 'osms:insurance', NULL, 'INF'),
    ('insurance_grace_months', '3', '2020-01-01', 'osms:insurance', 'article 5(2)', 'TEXT'),
    ('newborn_months', '12', '-infinity', 'osms:attachment', NULL, 'UNV'),
    ('newborn_term_days', '3', '-infinity', 'osms:attachment', NULL, 'PRESS'),
    ('order_blackout_first_day', '11-01', '-infinity', 'osms:attachment', NULL, 'TEXT'),
    ('order_blackout_last_day', '02-01', '-infinity', 'osms:attachment', NULL, 'TEXT'),
    ('order_causes', '{new_facility,reorganisation,contract_ended,yearly}', '-infinity', 'osms:attachment', NULL, 'INF'),
    ('order_yearly_last_day', '11-10', '-infinity', 'osms:attachment', NULL, 'TEXT'),
    ('uninsured_share', '1', '-infinity', 'osms:payment', NULL, 'INF'),
    ('uninsured_share', '0.90', '2025-10-01', 'osms:payment', '47-1, part 2', 'TEXT')) AS p (name, value, valid_from, act, point, tag);

-- The limit of two choices came in autumn 2025, by a day that no source tells.
INSERT INTO osms.parameter (name, value, valid_from, known_from, act, illustrative)
SELECT p.name, p.value, p.valid_from, '-infinity', 'osms:illustrative', true
FROM (VALUES
    ('approval_valid_days', '30', '-infinity'::date),
    ('burst_day', '300', '-infinity'),
    ('burst_hour', '60', '-infinity'),
    ('clinic_categories', 'pensioner,disabled,guardian,student,conscript,convict', '-infinity'),
    ('clinic_categories', 'any', '2025-01-01'),
    ('clock_tolerance_minutes', '5', '-infinity'),
    ('free_choice_limit', '2', '2025-09-01'),
    ('free_choice_year', 'calendar', '-infinity'),
    ('suspect_term_days', '30', '-infinity'),
    ('working_hours_end', '18:00', '-infinity')) AS p (name, value, valid_from);

INSERT INTO osms.scheme (scheme, illustrative, valid_from, known_from, act) VALUES
    ('illustrative', true, '-infinity', '-infinity', 'osms:illustrative');

INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT 'illustrative', b.age_from, b.age_to, w.sex, w.weight, '-infinity', '-infinity', 'osms:illustrative'
FROM (VALUES (0, 1, 3.5, 3.3), (1, 5, 1.8, 1.7), (5, 10, 1.1, 1.0), (10, 15, 0.9, 0.9), (15, 20, 0.7, 0.9),
             (20, 30, 0.5, 1.0), (30, 40, 0.6, 1.0), (40, 50, 0.7, 0.9), (50, 60, 0.9, 1.1), (60, 70, 1.3, 1.4),
             (70, NULL, 1.6, 1.5)) AS b (age_from, age_to, male, female),
     LATERAL (VALUES ('male'::osms.sex, b.male), ('female', b.female)) AS w (sex, weight);

INSERT INTO osms.base_rate (scheme, region, class, rate, valid_from, known_from, act, illustrative) VALUES
    ('illustrative', NULL, 'urban', 1000, '-infinity', '-infinity', 'osms:illustrative', true),
    ('illustrative', NULL, 'rural', 1200, '-infinity', '-infinity', 'osms:illustrative', true);

-- Not valid for the rows above, on purpose: from here on the names and dates
-- that mark them are closed, so that a dump saves exactly the users' rows.
ALTER TABLE osms.act ADD CONSTRAINT act_reserved
    CHECK (act NOT LIKE 'osms:%') NOT VALID;
ALTER TABLE osms.parameter ADD CONSTRAINT parameter_reserved
    CHECK (act NOT LIKE 'osms:%' AND isfinite(valid_from) AND isfinite(known_from)) NOT VALID;
ALTER TABLE osms.scheme ADD CONSTRAINT scheme_reserved
    CHECK (act NOT LIKE 'osms:%' AND isfinite(valid_from) AND isfinite(known_from)) NOT VALID;
ALTER TABLE osms.scheme_weight ADD CONSTRAINT scheme_weight_reserved
    CHECK (act NOT LIKE 'osms:%' AND isfinite(valid_from) AND isfinite(known_from)) NOT VALID;
ALTER TABLE osms.base_rate ADD CONSTRAINT base_rate_reserved
    CHECK (act NOT LIKE 'osms:%' AND isfinite(valid_from) AND isfinite(known_from)) NOT VALID;
ALTER TABLE osms.norm_step ADD CONSTRAINT norm_step_reserved
    CHECK (act NOT LIKE 'osms:%' AND isfinite(valid_from) AND isfinite(known_from)) NOT VALID;

SELECT pg_catalog.pg_extension_config_dump('osms.act', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.parameter', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.scheme', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.scheme_weight', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.base_rate', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.norm_step', 'WHERE act NOT LIKE ''osms:%''');

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON osms.act
    FOR EACH STATEMENT EXECUTE FUNCTION osms.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON osms.parameter
    FOR EACH STATEMENT EXECUTE FUNCTION osms.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON osms.scheme
    FOR EACH STATEMENT EXECUTE FUNCTION osms.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON osms.scheme_weight
    FOR EACH STATEMENT EXECUTE FUNCTION osms.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON osms.base_rate
    FOR EACH STATEMENT EXECUTE FUNCTION osms.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON osms.norm_step
    FOR EACH STATEMENT EXECUTE FUNCTION osms.append_only();
COMMENT ON TRIGGER append_only ON osms.act IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.parameter IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.scheme IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.scheme_weight IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.base_rate IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.norm_step IS 'rows are only added';

CREATE FUNCTION osms.parameter_on(name text, day date, known_at timestamptz DEFAULT osms.known_now()) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_value text;
BEGIN
    SELECT p.value INTO found_value
    FROM osms.parameter p
    WHERE p.name = parameter_on.name AND p.valid_from <= day AND p.known_from <= known_at
    ORDER BY isfinite(p.known_from) DESC, p.valid_from DESC, p.known_from DESC
    LIMIT 1;
    IF found_value IS NULL THEN
        RAISE EXCEPTION 'no parameter "%" in force on %', name, to_char(day, 'YYYY-MM-DD')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Parameters are rows of osms.parameter; add one with the act that sets it.';
    END IF;
    RETURN found_value;
END $$;
COMMENT ON FUNCTION osms.parameter_on(text, date, timestamptz) IS
    'value of a parameter in force on the day, as known at the moment; a user''s row in force on the day wins over any the extension brings; 42704 when there is none';

CREATE FUNCTION osms.scheme_on(scheme text, day date, known_at timestamptz DEFAULT osms.known_now()) RETURNS osms.scheme
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    properties osms.scheme;
BEGIN
    SELECT s.* INTO properties
    FROM osms.scheme s
    WHERE s.scheme = scheme_on.scheme AND s.valid_from <= day AND s.known_from <= known_at
    ORDER BY s.valid_from DESC, s.known_from DESC
    LIMIT 1;
    IF properties.scheme IS NULL THEN
        RAISE EXCEPTION 'no scheme "%" in force on %', scheme, to_char(day, 'YYYY-MM-DD')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Schemes are rows of osms.scheme; SELECT scheme, valid_from FROM osms.scheme lists them.';
    END IF;
    RETURN properties;
END $$;
COMMENT ON FUNCTION osms.scheme_on(text, date, timestamptz) IS
    'properties of a scheme in force on the day, as known at the moment; 42704 when there are none';

CREATE FUNCTION osms.weights_on(scheme text, day date, known_at timestamptz DEFAULT osms.known_now())
    RETURNS TABLE (age_from integer, age_to integer, sex osms.sex, weight numeric, act text, point text, tag text)
    LANGUAGE SQL STABLE STRICT PARALLEL SAFE ROWS 22
BEGIN ATOMIC
    SELECT w.age_from::integer, w.age_to::integer, w.sex, w.weight, w.act, w.point, w.tag
    FROM (SELECT e.valid_from, e.known_from
          FROM osms.scheme_weight e
          WHERE e.scheme = weights_on.scheme AND e.valid_from <= weights_on.day AND e.known_from <= weights_on.known_at
          ORDER BY e.valid_from DESC, e.known_from DESC
          LIMIT 1) AS edition
    JOIN osms.scheme_weight w
        ON w.scheme = weights_on.scheme AND w.valid_from = edition.valid_from AND w.known_from = edition.known_from
    ORDER BY w.age_from, w.sex;
END;
COMMENT ON FUNCTION osms.weights_on(text, date, timestamptz) IS
    'the edition of a scheme''s weights in force on the day, as known at the moment; ages in years, age_to exclusive, NULL = open; no rows when there is none';

CREATE FUNCTION osms.base_rate_on(scheme text, region text, class text, day date, known_at timestamptz DEFAULT osms.known_now())
    RETURNS osms.base_rate
    LANGUAGE SQL STABLE CALLED ON NULL INPUT PARALLEL SAFE
BEGIN ATOMIC
    SELECT b
    FROM osms.base_rate b
    WHERE b.scheme = base_rate_on.scheme AND b.class = base_rate_on.class
      AND (b.region = base_rate_on.region OR b.region IS NULL)
      AND b.valid_from <= base_rate_on.day AND b.known_from <= base_rate_on.known_at
    ORDER BY b.region IS NULL, b.valid_from DESC, b.known_from DESC
    LIMIT 1;
END;
COMMENT ON FUNCTION osms.base_rate_on(text, text, text, date, timestamptz) IS
    'base rate (tenge per person and month) of a region and class in force on the day, as known at the moment; a row of the region wins over one for any region; NULL when there is none';

CREATE FUNCTION osms.norm_steps_on(scheme text, day date, known_at timestamptz DEFAULT osms.known_now())
    RETURNS TABLE (above numeric, share numeric, act text, point text, tag text, illustrative boolean)
    LANGUAGE SQL STABLE STRICT PARALLEL SAFE ROWS 7
BEGIN ATOMIC
    SELECT s.above, s.share, s.act, s.point, s.tag, s.illustrative
    FROM (SELECT e.valid_from, e.known_from
          FROM osms.norm_step e
          WHERE e.scheme = norm_steps_on.scheme AND e.valid_from <= norm_steps_on.day AND e.known_from <= norm_steps_on.known_at
          ORDER BY e.valid_from DESC, e.known_from DESC
          LIMIT 1) AS edition
    JOIN osms.norm_step s
        ON s.scheme = norm_steps_on.scheme AND s.valid_from = edition.valid_from AND s.known_from = edition.known_from
    ORDER BY s.above;
END;
COMMENT ON FUNCTION osms.norm_steps_on(text, date, timestamptz) IS
    'the edition of a scheme''s steps for lists over the norm in force on the day, as known at the moment; above in percent of the norm; no rows when there is none';

CREATE FUNCTION osms.uncovered(scheme text, day date, known_at timestamptz DEFAULT osms.known_now())
    RETURNS TABLE (age integer, sex osms.sex, weights bigint)
    LANGUAGE SQL STABLE STRICT PARALLEL SAFE ROWS 10
BEGIN ATOMIC
    SELECT a.age, s.sex, count(w.weight)
    FROM generate_series(0, 127) AS a (age)
    CROSS JOIN unnest(enum_range(NULL::osms.sex)) AS s (sex)
    LEFT JOIN osms.weights_on(uncovered.scheme, uncovered.day, uncovered.known_at) w
        ON w.sex = s.sex AND w.age_from <= a.age AND (a.age < w.age_to OR w.age_to IS NULL)
    GROUP BY a.age, s.sex
    HAVING count(w.weight) <> 1
    ORDER BY a.age, s.sex;
END;
COMMENT ON FUNCTION osms.uncovered(text, date, timestamptz) IS
    'ages (years) and sexes to which the weights of a scheme on the day give none or several weights, with their number';

CREATE FUNCTION osms.weighted_heads(pyramid osms.pyramid, scheme text, day date, known_at timestamptz DEFAULT osms.known_now())
    RETURNS numeric
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hole record;
BEGIN
    PERFORM osms.scheme_on(scheme, day, known_at);
    SELECT u.age, u.sex, u.weights INTO hole
    FROM osms.uncovered(scheme, day, known_at) u
    WHERE osms.heads(pyramid, u.age, u.age + 1, u.sex) <> 0
    LIMIT 1;
    IF hole.age IS NOT NULL THEN
        RAISE EXCEPTION 'scheme "%" has % weights on % for sex % of age %',
                scheme, CASE hole.weights WHEN 0 THEN 'no' ELSE hole.weights::text END,
                to_char(day, 'YYYY-MM-DD'), hole.sex, hole.age
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('SELECT * FROM osms.check_scheme(%L) tells what its weights leave out.', scheme);
    END IF;
    RETURN (SELECT coalesce(sum(w.weight * osms.heads(pyramid, w.age_from, w.age_to, w.sex)), 0)
            FROM osms.weights_on(scheme, day, known_at) w
            WHERE w.age_to > w.age_from OR w.age_to IS NULL);
END $$;
COMMENT ON FUNCTION osms.weighted_heads(osms.pyramid, text, date, timestamptz) IS
    'heads times the weights of the scheme in force on the day, as known at the moment, exact; 42704 for an unknown scheme, 22023 when a populated cell has not exactly one weight';

CREATE FUNCTION osms.round_quotient(numerator numeric, denominator numeric, digits integer) RETURNS numeric
    LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
    RETURN round(div(2 * numerator * ('1e' || digits::text)::numeric + sign(numerator) * denominator, 2 * denominator)
                 * ('1e' || (-digits)::text)::numeric, digits);
COMMENT ON FUNCTION osms.round_quotient(numeric, numeric, integer) IS
    'numerator over denominator (above zero) to so many decimal digits, half away from zero, exactly: division and rounding are one step, where round(a / b, n) rounds twice';

CREATE AGGREGATE osms.product(numeric) (
    SFUNC = pg_catalog.numeric_mul,
    STYPE = numeric,
    COMBINEFUNC = pg_catalog.numeric_mul,
    INITCOND = '1',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osms.product(numeric) IS 'all numbers multiplied, exactly and in any order; 1 without rows, NULL is skipped';

CREATE FUNCTION osms.split_pool(total numeric, weights numeric[], digits integer DEFAULT 2) RETURNS numeric[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_split_pool';
COMMENT ON FUNCTION osms.split_pool(numeric, numeric[], integer) IS
    'a total in proportion to weights, in units of so many decimal digits: each gets the whole units of its exact share, the units left over go to the largest remainders, earlier positions first; the parts sum to the total. 22023 for a total with more digits, a weight that is missing, negative or infinite, or weights that sum to zero';


--
-- scheme: ways to turn a pyramid into money, and their weights.
--
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
    LIKE osms_internal.made_up_row INCLUDING ALL,
    PRIMARY KEY (scheme, valid_from, known_from)
);
COMMENT ON TABLE osms.scheme IS
'ways to turn a pyramid into money: one row with all properties, read by osms.scheme_on
osms.scheme_property lists what they may be; rows are only added';
COMMENT ON COLUMN osms.scheme.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.scheme.combination IS
'how the age-sex coefficient Kav joins the coefficients Ki of the organisation: add: B*(Kav + sum(Ki - 1))
multiply: B*Kav*product(Ki)';
COMMENT ON COLUMN osms.scheme.snapshot IS
'when heads are counted
on the last_day or the first_day of the month, or on every day of it (person_days: a head is then a day of a person)';
COMMENT ON COLUMN osms.scheme.age_on IS
'day on which the age is taken: snapshot (for person_days each day itself), month_start or year_start
who is born later is 0';
COMMENT ON COLUMN osms.scheme.rate_on IS
'day on which region, class, contract, coefficients and tables are read
snapshot (for person_days the last day) or month_start';
COMMENT ON COLUMN osms.scheme.coefficient_over IS 'heads over which Kav is taken: all, or those paid in full';
COMMENT ON COLUMN osms.scheme.suspect IS 'attachments under suspicion: paid or unpaid';
COMMENT ON COLUMN osms.scheme.restored IS
'months that were over before an attachment that restores another became known
paid only where the organisation served the person in the month (served), all of them (paid), or none (unpaid)';
COMMENT ON COLUMN osms.scheme.coefficient_rounding IS 'decimal digits of Kav before it enters the rate; NULL = not rounded';
COMMENT ON COLUMN osms.scheme.rate_rounding IS
    'decimal digits of the rate in tenge, half away from zero; NULL = not rounded, only the amount is';
COMMENT ON COLUMN osms.scheme.amount_rounding IS 'decimal digits of the amount in tenge, half away from zero';
COMMENT ON COLUMN osms.scheme.uninsured IS 'persons without contributions: reduced (to the parameter uninsured_share) or full';
COMMENT ON COLUMN osms.scheme.insurance_lag IS 'months from the month whose contributions are looked at to the month paid for';
COMMENT ON COLUMN osms.scheme.insurance_unknown IS 'persons of whom no contribution is known, either way: full or reduced';
COMMENT ON COLUMN osms.scheme.grace IS 'months of grace after a contribution (parameter insurance_grace_months): paid or unpaid';
COMMENT ON COLUMN osms.scheme.list_limit IS
'who is reduced (by osms.norm_step) on a list over the norm of its site
last_attached (latest since, then greatest key of the attachment) or none';
COMMENT ON COLUMN osms.scheme.both_reductions IS 'two reductions of one person: the lower share or the product of the shares';
COMMENT ON COLUMN osms.scheme.inactive IS
'who is reduced in December to the parameter inactive_share for want of a service here in the year
persons here at the snapshots of the whole_year, of any_month (those months), or none';
COMMENT ON COLUMN osms.scheme.cap IS
'money above the yearly amount of the contract: carried to the next month of the year, cut, or none (no cap)
taken after all reductions, before sanctions';
COMMENT ON COLUMN osms.scheme.sanction_rate IS 'rate that a sanction multiplies: of the defect_month or of the invoice_month';

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
'properties of a scheme: words they may be, the default first, or the least and the greatest number
COMMENT ON COLUMN osms.scheme tells what each means';

CREATE FUNCTION osms_internal.check_property() RETURNS trigger
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
COMMENT ON FUNCTION osms_internal.check_property() IS
    'trigger of osms.scheme: 23514 with the possible values for a property that is none of them';
CREATE TRIGGER check_property BEFORE INSERT ON osms.scheme
    FOR EACH ROW EXECUTE FUNCTION osms_internal.check_property();
COMMENT ON TRIGGER check_property ON osms.scheme IS 'a property is one of its possible values';

CREATE TABLE osms.scheme_weight (
    scheme text NOT NULL,
    age_from numeric NOT NULL CHECK (age_from >= 0),
    age_to numeric,
    sex osms.sex NOT NULL,
    weight numeric NOT NULL CHECK (weight >= 0 AND weight < 'Infinity'),
    LIKE osms_internal.dated_row INCLUDING ALL,
    PRIMARY KEY (scheme, valid_from, known_from, sex, age_from)
);
COMMENT ON TABLE osms.scheme_weight IS
'age-sex weights
The rows of one scheme, valid_from and known_from are an edition; the latest edition holds whole, never a mix, so a change of
bands is a full new set, inserted in one transaction; rows are only added';
COMMENT ON COLUMN osms.scheme_weight.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.scheme_weight.age_from IS
    'first age, whole completed years; numeric, so that half a year is refused and not rounded';
COMMENT ON COLUMN osms.scheme_weight.age_to IS 'age before which the band ends, whole years; NULL = open';
COMMENT ON COLUMN osms.scheme_weight.sex IS 'sex';
COMMENT ON COLUMN osms.scheme_weight.weight IS 'relative cost of a person of this age and sex';

CREATE FUNCTION osms_internal.check_band() RETURNS trigger
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
COMMENT ON FUNCTION osms_internal.check_band() IS 'trigger of osms.scheme_weight: 23514 for a band edge that is not a whole year';
CREATE TRIGGER check_band BEFORE INSERT ON osms.scheme_weight
    FOR EACH ROW EXECUTE FUNCTION osms_internal.check_band();
COMMENT ON TRIGGER check_band ON osms.scheme_weight IS 'bands are whole years';

INSERT INTO osms.scheme (scheme, illustrative, valid_from, known_from, act) VALUES
    ('illustrative', true, '-infinity', '-infinity', 'osms:illustrative');

INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT 'illustrative', b.age_from, b.age_to, w.sex, w.weight, '-infinity', '-infinity', 'osms:illustrative'
FROM (VALUES (0, 1, 3.5, 3.3), (1, 5, 1.8, 1.7), (5, 10, 1.1, 1.0), (10, 15, 0.9, 0.9), (15, 20, 0.7, 0.9),
             (20, 30, 0.5, 1.0), (30, 40, 0.6, 1.0), (40, 50, 0.7, 0.9), (50, 60, 0.9, 1.1), (60, 70, 1.3, 1.4),
             (70, NULL, 1.6, 1.5)) AS b (age_from, age_to, male, female),
     LATERAL (VALUES ('male'::osms.sex, b.male), ('female', b.female)) AS w (sex, weight);
CALL osms_internal.keep_as_law('osms.scheme');
CALL osms_internal.keep_as_law('osms.scheme_weight');

CREATE FUNCTION osms.scheme_on(scheme text, day date, known_at timestamptz DEFAULT osms_internal.known_now()) RETURNS osms.scheme
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

CREATE FUNCTION osms.weights_on(scheme text, day date, known_at timestamptz DEFAULT osms_internal.known_now())
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
'the edition of a scheme''s weights in force on the day, as known at the moment
ages in years, age_to exclusive, NULL = open; no rows when there is none';

CREATE FUNCTION osms_internal.uncovered(scheme text, day date, known_at timestamptz DEFAULT osms_internal.known_now())
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
COMMENT ON FUNCTION osms_internal.uncovered(text, date, timestamptz) IS
    'ages (years) and sexes to which the weights of a scheme on the day give none or several weights, with their number';

CREATE FUNCTION osms.weighted_heads(pyramid osms.pyramid, scheme text, day date, known_at timestamptz DEFAULT osms_internal.known_now())
    RETURNS numeric
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hole record;
BEGIN
    PERFORM osms.scheme_on(scheme, day, known_at);
    SELECT u.age, u.sex, u.weights INTO hole
    FROM osms_internal.uncovered(scheme, day, known_at) u
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
'heads times the weights of the scheme in force on the day, as known at the moment, exact
42704 for an unknown scheme, 22023 when a populated cell has not exactly one weight';

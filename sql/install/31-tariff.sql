
--
-- tariff: the law as dated rows with two clocks. For a day, as known at a
-- moment, the row with the latest valid_from, then the latest known_from, wins.
-- Rows the extension brings are acts named 'osms:...', in force and known since
-- -infinity, so that every row of a user is newer; only users' rows are dumped.
--
CREATE FUNCTION osms.append_only() RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_append_only';
COMMENT ON FUNCTION osms.append_only() IS
    'trigger of the config tables: 55000 for UPDATE, DELETE and TRUNCATE, because rows are only added';
REVOKE EXECUTE ON FUNCTION osms.append_only() FROM PUBLIC;

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
COMMENT ON COLUMN osms.act.number IS 'number of the act, as its issuer writes it';
COMMENT ON COLUMN osms.act.issued_on IS 'day of issue';
COMMENT ON COLUMN osms.act.source IS 'where its text was read';

CREATE TABLE osms.parameter (
    name text NOT NULL,
    value text NOT NULL,
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT now(),
    act text NOT NULL REFERENCES osms.act,
    illustrative boolean NOT NULL DEFAULT false,
    PRIMARY KEY (name, valid_from, known_from)
);
COMMENT ON TABLE osms.parameter IS 'single numbers and words of the law, read by osms.parameter_on; rows are only added';
COMMENT ON COLUMN osms.parameter.name IS 'name of the parameter; its unit is part of it';
COMMENT ON COLUMN osms.parameter.value IS 'value as text';
COMMENT ON COLUMN osms.parameter.valid_from IS 'first day on which it is in force';
COMMENT ON COLUMN osms.parameter.known_from IS 'moment from which it is known';
COMMENT ON COLUMN osms.parameter.act IS 'act that says so';
COMMENT ON COLUMN osms.parameter.illustrative IS 'made up, no claim to be official';

CREATE TABLE osms.scheme (
    scheme text NOT NULL,
    combination text NOT NULL DEFAULT 'add' CHECK (combination IN ('add', 'multiply')),
    snapshot text NOT NULL DEFAULT 'last_day' CHECK (snapshot = 'last_day'),
    rate_rounding integer NOT NULL DEFAULT 2 CHECK (rate_rounding BETWEEN 0 AND 12),
    amount_rounding integer NOT NULL DEFAULT 2 CHECK (amount_rounding BETWEEN 0 AND 12),
    illustrative boolean NOT NULL DEFAULT false,
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT now(),
    act text NOT NULL REFERENCES osms.act,
    PRIMARY KEY (scheme, valid_from, known_from)
);
COMMENT ON TABLE osms.scheme IS 'ways to turn a pyramid into money: one row with all properties, read by osms.scheme_on; rows are only added';
COMMENT ON COLUMN osms.scheme.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.scheme.combination IS
    'how the age-sex coefficient Kav joins the coefficients Ki of the organisation: add: B*(Kav + sum(Ki - 1)); multiply: B*Kav*product(Ki)';
COMMENT ON COLUMN osms.scheme.snapshot IS 'day on which heads are counted: last_day of the month';
COMMENT ON COLUMN osms.scheme.rate_rounding IS 'decimal digits of the rate in tenge, half away from zero';
COMMENT ON COLUMN osms.scheme.amount_rounding IS 'decimal digits of the amount in tenge, half away from zero';
COMMENT ON COLUMN osms.scheme.illustrative IS 'made up, no claim to be official';
COMMENT ON COLUMN osms.scheme.valid_from IS 'first day on which it is in force';
COMMENT ON COLUMN osms.scheme.known_from IS 'moment from which it is known';
COMMENT ON COLUMN osms.scheme.act IS 'act that says so';

CREATE TABLE osms.scheme_weight (
    scheme text NOT NULL,
    age_from integer NOT NULL CHECK (age_from >= 0),
    age_to integer,
    sex osms.sex NOT NULL,
    weight numeric NOT NULL CHECK (weight >= 0 AND weight < 'Infinity'),
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT now(),
    act text NOT NULL REFERENCES osms.act,
    PRIMARY KEY (scheme, valid_from, known_from, sex, age_from)
);
COMMENT ON TABLE osms.scheme_weight IS
    'age-sex weights. The rows of one scheme, valid_from and known_from are an edition; the latest edition holds whole, never a mix, so a change of bands is a full new set, inserted in one transaction; rows are only added';
COMMENT ON COLUMN osms.scheme_weight.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.scheme_weight.age_from IS 'first age, completed years';
COMMENT ON COLUMN osms.scheme_weight.age_to IS 'age before which the band ends, years; NULL = open';
COMMENT ON COLUMN osms.scheme_weight.sex IS 'sex';
COMMENT ON COLUMN osms.scheme_weight.weight IS 'relative cost of a person of this age and sex';
COMMENT ON COLUMN osms.scheme_weight.valid_from IS 'first day on which the edition is in force';
COMMENT ON COLUMN osms.scheme_weight.known_from IS 'moment from which the edition is known';
COMMENT ON COLUMN osms.scheme_weight.act IS 'act that says so';

CREATE TABLE osms.base_rate (
    scheme text NOT NULL,
    region text,
    class text NOT NULL,
    rate numeric NOT NULL CHECK (rate >= 0 AND rate < 'Infinity'),
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL DEFAULT now(),
    act text NOT NULL REFERENCES osms.act,
    illustrative boolean NOT NULL DEFAULT false,
    UNIQUE NULLS NOT DISTINCT (scheme, region, class, valid_from, known_from)
);
COMMENT ON TABLE osms.base_rate IS 'base rate B by region and class of the organisation; rows are only added';
COMMENT ON COLUMN osms.base_rate.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.base_rate.region IS 'region of the organisation; NULL = any region that has no row of its own in force';
COMMENT ON COLUMN osms.base_rate.class IS 'class of the organisation, such as urban or rural';
COMMENT ON COLUMN osms.base_rate.rate IS 'tenge per person and month';
COMMENT ON COLUMN osms.base_rate.valid_from IS 'first day on which it is in force';
COMMENT ON COLUMN osms.base_rate.known_from IS 'moment from which it is known';
COMMENT ON COLUMN osms.base_rate.act IS 'act that says so';
COMMENT ON COLUMN osms.base_rate.illustrative IS 'made up, no claim to be official';

-- What the extension brings: nothing here is a number of an order.
INSERT INTO osms.act (act, title, number, issued_on, source) VALUES
    ('osms:illustrative', 'Made up to show the mechanism; no claim to be the order''s numbers', NULL, NULL, NULL),
    ('osms:attachment', 'Rules of attachment to primary care', 'ҚР ДСМ-194/2020', '2020-11-13',
     'order, with its amendments; methods as the state service pages and the press describe them');

INSERT INTO osms.parameter (name, value, valid_from, known_from, act, illustrative) VALUES
    ('approval_valid_days', '30', '-infinity', '-infinity', 'osms:illustrative', true);

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

SELECT pg_catalog.pg_extension_config_dump('osms.act', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.parameter', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.scheme', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.scheme_weight', 'WHERE act NOT LIKE ''osms:%''');
SELECT pg_catalog.pg_extension_config_dump('osms.base_rate', 'WHERE act NOT LIKE ''osms:%''');

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
COMMENT ON TRIGGER append_only ON osms.act IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.parameter IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.scheme IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.scheme_weight IS 'rows are only added';
COMMENT ON TRIGGER append_only ON osms.base_rate IS 'rows are only added';

GRANT SELECT ON osms.act, osms.parameter, osms.scheme, osms.scheme_weight, osms.base_rate TO PUBLIC;
GRANT INSERT ON osms.act, osms.parameter, osms.scheme, osms.scheme_weight, osms.base_rate TO @extowner@;

CREATE FUNCTION osms.parameter_on(name text, day date, known_at timestamptz DEFAULT now()) RETURNS text
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_value text;
BEGIN
    SELECT p.value INTO found_value
    FROM osms.parameter p
    WHERE p.name = parameter_on.name AND p.valid_from <= day AND p.known_from <= known_at
    ORDER BY p.valid_from DESC, p.known_from DESC
    LIMIT 1;
    IF found_value IS NULL THEN
        RAISE EXCEPTION 'no parameter "%" in force on %', name, to_char(day, 'YYYY-MM-DD')
            USING ERRCODE = 'undefined_object',
                  HINT = 'Parameters are rows of osms.parameter; add one with the act that sets it.';
    END IF;
    RETURN found_value;
END $$;
COMMENT ON FUNCTION osms.parameter_on(text, date, timestamptz) IS
    'value of a parameter in force on the day, as known at the moment; 42704 when there is none';

CREATE FUNCTION osms.scheme_on(scheme text, day date, known_at timestamptz DEFAULT now()) RETURNS osms.scheme
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

CREATE FUNCTION osms.weights_on(scheme text, day date, known_at timestamptz DEFAULT now())
    RETURNS TABLE (age_from integer, age_to integer, sex osms.sex, weight numeric)
    LANGUAGE SQL STABLE STRICT PARALLEL SAFE ROWS 22
BEGIN ATOMIC
    SELECT w.age_from, w.age_to, w.sex, w.weight
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

CREATE FUNCTION osms.base_rate_on(scheme text, region text, class text, day date, known_at timestamptz DEFAULT now())
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

CREATE FUNCTION osms.uncovered(scheme text, day date, known_at timestamptz DEFAULT now())
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

CREATE FUNCTION osms.weighted_heads(pyramid osms.pyramid, scheme text, day date, known_at timestamptz DEFAULT now())
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

CREATE FUNCTION osms.check_scheme(scheme text, day date DEFAULT NULL, known_at timestamptz DEFAULT now())
    RETURNS TABLE (valid_from date, known_from timestamptz, age_from integer, age_to integer, sex osms.sex, finding text)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000 ROWS 10
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM osms.scheme s WHERE s.scheme = check_scheme.scheme) THEN
        RAISE EXCEPTION 'no scheme "%"', check_scheme.scheme
            USING ERRCODE = 'undefined_object',
                  HINT = 'Schemes are rows of osms.scheme; SELECT scheme, valid_from FROM osms.scheme lists them.';
    END IF;
    RETURN QUERY
    WITH known AS (
        SELECT DISTINCT w.valid_from, w.known_from
        FROM osms.scheme_weight w
        WHERE w.scheme = check_scheme.scheme AND w.known_from <= check_scheme.known_at
          AND (w.valid_from <= check_scheme.day OR check_scheme.day IS NULL)
        ORDER BY w.valid_from DESC, w.known_from DESC
        LIMIT CASE WHEN check_scheme.day IS NOT NULL THEN 1 END
    ), edition AS (
        SELECT * FROM known
        UNION ALL
        SELECT NULL, NULL WHERE NOT EXISTS (SELECT FROM known)
    ), band AS (
        SELECT w.*
        FROM osms.scheme_weight w
        JOIN known k ON k.valid_from = w.valid_from AND k.known_from = w.known_from
        WHERE w.scheme = check_scheme.scheme
    ), cell AS (
        SELECT e.valid_from, e.known_from, s.sex, a.age, count(b.weight) AS weights
        FROM edition e
        CROSS JOIN unnest(enum_range(NULL::osms.sex)) AS s (sex)
        CROSS JOIN generate_series(0, 127) AS a (age)
        LEFT JOIN band b
            ON b.valid_from = e.valid_from AND b.known_from = e.known_from AND b.sex = s.sex
            AND b.age_from <= a.age AND (a.age < b.age_to OR b.age_to IS NULL)
        GROUP BY e.valid_from, e.known_from, s.sex, a.age
        HAVING count(b.weight) <> 1
    ), fault AS (
        SELECT c.*, c.weights > 1 AS overlap,
               c.age - row_number() OVER (PARTITION BY c.valid_from, c.known_from, c.sex, c.weights > 1
                                          ORDER BY c.age) AS island
        FROM cell c
    )
    SELECT f.valid_from, f.known_from, min(f.age), max(f.age) + 1, f.sex,
           CASE WHEN f.overlap THEN 'overlap' ELSE 'gap' END
    FROM fault f
    GROUP BY f.valid_from, f.known_from, f.sex, f.overlap, f.island
    UNION ALL
    SELECT b.valid_from, b.known_from, b.age_from, b.age_to, b.sex, 'reversed'
    FROM band b
    WHERE b.age_to <= b.age_from
    ORDER BY 1, 2, 3, 5, 6;
END $$;
COMMENT ON FUNCTION osms.check_scheme(text, date, timestamptz) IS
    'what is wrong with the weights of a scheme, in the edition in force on the day or, without a day, in every edition: gap, overlap or reversed, with ages (years, age_to exclusive) and sex; no rows prove that every age from 0 to 127 of both sexes has exactly one weight; 42704 for an unknown scheme';

CREATE FUNCTION osms.round_quotient(numerator numeric, denominator numeric, digits integer) RETURNS numeric
    LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
    RETURN round(div(2 * numerator * ('1e' || digits::text)::numeric + sign(numerator) * denominator, 2 * denominator)
                 * ('1e' || (-digits)::text)::numeric, digits);
COMMENT ON FUNCTION osms.round_quotient(numeric, numeric, integer) IS
    'numerator over denominator (above zero) to so many decimal digits, half away from zero, exactly: division and rounding are one step, where round(a / b, n) rounds twice';

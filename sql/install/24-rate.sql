
--
-- rate: the base rate, and what a list over the norm of its site is worth.
--
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

INSERT INTO osms.base_rate (scheme, region, class, rate, valid_from, known_from, act, illustrative) VALUES
    ('illustrative', NULL, 'urban', 1000, '-infinity', '-infinity', 'osms:illustrative', true),
    ('illustrative', NULL, 'rural', 1200, '-infinity', '-infinity', 'osms:illustrative', true);
ALTER TABLE osms.base_rate ADD CONSTRAINT base_rate_reserved
    CHECK (act NOT LIKE 'osms:%' AND isfinite(valid_from) AND isfinite(known_from)) NOT VALID;
SELECT pg_catalog.pg_extension_config_dump('osms.base_rate', 'WHERE act NOT LIKE ''osms:%''');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON osms.base_rate
    FOR EACH STATEMENT EXECUTE FUNCTION osms.append_only();
COMMENT ON TRIGGER append_only ON osms.base_rate IS 'rows are only added';

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
ALTER TABLE osms.norm_step ADD CONSTRAINT norm_step_reserved
    CHECK (act NOT LIKE 'osms:%' AND isfinite(valid_from) AND isfinite(known_from)) NOT VALID;
SELECT pg_catalog.pg_extension_config_dump('osms.norm_step', 'WHERE act NOT LIKE ''osms:%''');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON osms.norm_step
    FOR EACH STATEMENT EXECUTE FUNCTION osms.append_only();
COMMENT ON TRIGGER append_only ON osms.norm_step IS 'rows are only added';

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

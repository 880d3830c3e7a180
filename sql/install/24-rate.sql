
--
-- rate: the base rate, and what a list over the norm of its site is worth.
--
CREATE TABLE osms.base_rate (
    scheme text NOT NULL,
    region text,
    class text NOT NULL,
    rate numeric NOT NULL CHECK (rate >= 0 AND rate < 'Infinity'),
    LIKE osms_internal.made_up_row INCLUDING ALL,
    UNIQUE NULLS NOT DISTINCT (scheme, region, class, valid_from, known_from)
);
COMMENT ON TABLE osms.base_rate IS 'base rate B by region and class of the organisation; rows are only added';
COMMENT ON COLUMN osms.base_rate.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.base_rate.region IS 'region of the organisation; NULL = any region that has no row of its own in force';
COMMENT ON COLUMN osms.base_rate.class IS 'class of the organisation, such as urban or rural';
COMMENT ON COLUMN osms.base_rate.rate IS 'tenge per person and month';

INSERT INTO osms.base_rate (scheme, region, class, rate, valid_from, known_from, act, illustrative) VALUES
    ('illustrative', NULL, 'urban', 1000, '-infinity', '-infinity', 'osms:illustrative', true),
    ('illustrative', NULL, 'rural', 1200, '-infinity', '-infinity', 'osms:illustrative', true);
CALL osms_internal.keep_as_law('osms.base_rate');

CREATE TABLE osms.norm_step (
    scheme text NOT NULL,
    above numeric NOT NULL CHECK (above >= 0 AND above < 'Infinity'),
    share numeric NOT NULL CHECK (share BETWEEN 0 AND 1),
    LIKE osms_internal.made_up_row INCLUDING ALL,
    PRIMARY KEY (scheme, valid_from, known_from, above)
);
COMMENT ON TABLE osms.norm_step IS
'how a list over the norm of its site is paid: who stands above so many percent of the norm counts with a share
The rows of one scheme, valid_from and known_from are an edition that holds whole; without rows nobody is reduced; rows are only
added';
COMMENT ON COLUMN osms.norm_step.scheme IS 'name of the scheme';
COMMENT ON COLUMN osms.norm_step.above IS 'percent of the norm of the site above which the share holds, up to the next step';
COMMENT ON COLUMN osms.norm_step.share IS 'share of the rate, 0 to 1';
CALL osms_internal.keep_as_law('osms.norm_step');

CREATE FUNCTION osms.base_rate_on(scheme text, region text, class text, day date, known_at timestamptz DEFAULT osms_internal.known_now())
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
'base rate (tenge per person and month) of a region and class in force on the day, as known at the moment
a row of the region wins over one for any region; NULL when there is none';

CREATE FUNCTION osms.norm_steps_on(scheme text, day date, known_at timestamptz DEFAULT osms_internal.known_now())
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
'the edition of a scheme''s steps for lists over the norm in force on the day, as known at the moment
above in percent of the norm; no rows when there is none';

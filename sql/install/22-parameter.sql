
--
-- parameter: single numbers and words of the law.
--
CREATE TABLE osms.parameter (
    name text NOT NULL,
    value text NOT NULL,
    LIKE osms.made_up_row INCLUDING ALL,
    PRIMARY KEY (name, valid_from, known_from)
);
COMMENT ON TABLE osms.parameter IS 'single numbers and words of the law, read by osms.parameter_on; rows are only added';
COMMENT ON COLUMN osms.parameter.name IS 'name of the parameter; its unit is part of it';
COMMENT ON COLUMN osms.parameter.value IS 'value as text';

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
CALL osms.keep_as_law('osms.parameter');

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
'value of a parameter in force on the day, as known at the moment
a user''s row in force on the day wins over any the extension brings; 42704 when there is none';

CREATE FUNCTION osms.parameter_row(name text, day date, known_at timestamptz) RETURNS osms.parameter
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT p
    FROM osms.parameter p
    WHERE p.name = parameter_row.name AND p.valid_from <= day AND p.known_from <= known_at
      AND p.value = osms.parameter_on(parameter_row.name, day, known_at)
    ORDER BY isfinite(p.known_from) DESC, p.valid_from DESC, p.known_from DESC
    LIMIT 1;
END;
COMMENT ON FUNCTION osms.parameter_row(text, date, timestamptz) IS 'the row whose value osms.parameter_on gives; errors as there';

CREATE FUNCTION osms.parameter_source(name text, day date, known_at timestamptz) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT format('parameter %s%s, %s', p.name, ' of ' || nullif(p.valid_from, '-infinity'), osms.act_told(p.act, p.point, p.tag, p.illustrative))
    FROM osms.parameter_row(parameter_source.name, day, known_at) AS p;
END;
COMMENT ON FUNCTION osms.parameter_source(text, date, timestamptz) IS
    'a parameter with its day, act, point and certainty, as a source is told; errors as osms.parameter_on';

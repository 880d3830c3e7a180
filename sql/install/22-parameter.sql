
--
-- parameter: single numbers and words of the law.
--
CREATE TABLE osms.parameter (
    name text NOT NULL,
    value text NOT NULL,
    LIKE osms_internal.made_up_row INCLUDING ALL,
    PRIMARY KEY (name, valid_from, known_from)
);
COMMENT ON TABLE osms.parameter IS 'single numbers and words of the law, read by osms.parameter_on; rows are only added';
COMMENT ON COLUMN osms.parameter.name IS 'name of the parameter; its unit is part of it';
COMMENT ON COLUMN osms.parameter.value IS 'value as text';

-- A row is judged by osms_internal.parameter_form, for it stays: what is misspelt would
-- change nothing, and what is no number would stop who reads it.
CREATE FUNCTION osms_internal.parameter_form(OUT name text, OUT kind text, OUT minimum numeric, OUT maximum numeric, OUT choices text[])
    RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 25
BEGIN ATOMIC
    SELECT * FROM (VALUES
        ('actual_residence_age', 'integer', 0::numeric, 150::numeric, NULL::text[]),
        ('approval_valid_days', 'integer', 0, 36500, NULL),
        ('backdating_days', 'integer', 0, 36500, NULL),
        ('burst_day', 'integer', 1, 1000000, NULL),
        ('burst_hour', 'integer', 1, 1000000, NULL),
        ('campaign_first_day', 'day', NULL, NULL, '{none}'),
        ('campaign_last_day', 'day', NULL, NULL, '{none}'),
        ('clinic_categories', 'words', NULL, NULL, NULL),
        ('clock_tolerance_minutes', 'integer', 0, 1440, NULL),
        ('decision_working_days', 'integer', 0, 366, NULL),
        ('free_choice_limit', 'integer', 0, 366, NULL),
        ('free_choice_year', 'word', NULL, NULL, '{calendar,rolling}'),
        ('inactive_share', 'number', 0, 1, NULL),
        ('insurance_exempt_categories', 'array', NULL, NULL, NULL),
        ('insurance_grace_months', 'integer', 0, 1200, NULL),
        ('newborn_months', 'integer', 0, 1800, NULL),
        ('newborn_term_days', 'integer', 0, 36500, NULL),
        ('order_blackout_first_day', 'day', NULL, NULL, '{none}'),
        ('order_blackout_last_day', 'day', NULL, NULL, '{none}'),
        ('order_causes', 'array', NULL, NULL, NULL),
        ('order_yearly_last_day', 'day', NULL, NULL, '{none}'),
        ('suspect_term_days', 'integer', 0, 36500, NULL),
        ('uninsured_share', 'number', 0, 1, NULL),
        ('working_hours_end', 'time', NULL, NULL, NULL)) AS p (name, kind, minimum, maximum, choices);
END;
COMMENT ON FUNCTION osms_internal.parameter_form() IS
'parameters that are read, and what each may be
integer or number from minimum to maximum, day (MM-DD of every year, or none), time (HH:MM), word (one of choices), words (with
commas), array (of words, in braces)';

CREATE FUNCTION osms_internal.fits_form(value text, kind text, minimum numeric, maximum numeric, choices text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE kind
        WHEN 'integer' THEN CASE WHEN value ~ '^[0-9]{1,9}$' THEN value::numeric BETWEEN minimum AND maximum ELSE false END
        WHEN 'number' THEN CASE WHEN value ~ '^[0-9]{1,9}([.][0-9]{1,12})?$' THEN value::numeric BETWEEN minimum AND maximum ELSE false END
        WHEN 'day' THEN value = ANY (choices) OR value ~ '^(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])$'
            OR value ~ '^(0[469]|11)-(0[1-9]|[12][0-9]|30)$' OR value ~ '^02-(0[1-9]|1[0-9]|2[0-8])$'
        WHEN 'time' THEN value ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
        WHEN 'word' THEN value = ANY (choices)
        WHEN 'words' THEN value ~ '^[[:alnum:]_]+(,[[:alnum:]_]+)*$'
        WHEN 'array' THEN value ~ '^[{]([[:alnum:]_]+(,[[:alnum:]_]+)*)?[}]$'
        END;
COMMENT ON FUNCTION osms_internal.fits_form(text, text, numeric, numeric, text[]) IS
    'whether a text has a form of osms_internal.parameter_form; called by osms_internal.check_parameter';

CREATE FUNCTION osms_internal.check_parameter() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    form record;
BEGIN
    SELECT f.* INTO form FROM osms_internal.parameter_form() f WHERE f.name = NEW.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no parameter "%"', NEW.name
            USING ERRCODE = 'check_violation', SCHEMA = 'osms', TABLE = 'parameter', COLUMN = 'name',
                  HINT = (SELECT 'Parameters are ' || string_agg(f.name, ', ' ORDER BY f.name) || '.'
                          FROM osms_internal.parameter_form() f);
    ELSIF NOT osms_internal.fits_form(NEW.value, form.kind, form.minimum, form.maximum, form.choices) THEN
        RAISE EXCEPTION 'parameter "%" cannot be "%"', NEW.name, NEW.value
            USING ERRCODE = 'check_violation', SCHEMA = 'osms', TABLE = 'parameter', COLUMN = 'value',
                  HINT = CASE form.kind WHEN 'integer' THEN format('It is a whole number from %s to %s.', form.minimum, form.maximum)
                                        WHEN 'number' THEN format('It is a number from %s to %s, with a point.', form.minimum, form.maximum)
                                        WHEN 'day' THEN 'It is a day of every year, as MM-DD, or none.'
                                        WHEN 'time' THEN 'It is a time of the day, as HH:MM.'
                                        WHEN 'word' THEN format('It is one of %s.', array_to_string(form.choices, ', '))
                                        WHEN 'words' THEN 'It is words with commas between them.'
                                        ELSE 'It is words with commas between them, in braces.' END;
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION osms_internal.check_parameter() IS
    'trigger of osms.parameter: 23514 for a name that nothing reads, or a value that is not of its form';
CREATE TRIGGER check_parameter BEFORE INSERT ON osms.parameter
    FOR EACH ROW EXECUTE FUNCTION osms_internal.check_parameter();
COMMENT ON TRIGGER check_parameter ON osms.parameter IS 'a parameter is one that is read, and can be';

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
CALL osms_internal.keep_as_law('osms.parameter');

CREATE FUNCTION osms.parameter_on(name text, day date, known_at timestamptz DEFAULT osms_internal.known_now()) RETURNS text
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

CREATE FUNCTION osms_internal.parameter_row(name text, day date, known_at timestamptz) RETURNS osms.parameter
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT p
    FROM osms.parameter p
    WHERE p.name = parameter_row.name AND p.valid_from <= day AND p.known_from <= known_at
      AND p.value = osms.parameter_on(parameter_row.name, day, known_at)
    ORDER BY isfinite(p.known_from) DESC, p.valid_from DESC, p.known_from DESC
    LIMIT 1;
END;
COMMENT ON FUNCTION osms_internal.parameter_row(text, date, timestamptz) IS 'the row whose value osms.parameter_on gives; errors as there';

CREATE FUNCTION osms_internal.parameter_source(name text, day date, known_at timestamptz) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT format('parameter %s%s, %s', p.name, ' of ' || nullif(p.valid_from, '-infinity'),
                  osms_internal.act_told(p.act, p.point, p.tag, p.illustrative))
    FROM osms_internal.parameter_row(parameter_source.name, day, known_at) AS p;
END;
COMMENT ON FUNCTION osms_internal.parameter_source(text, date, timestamptz) IS
    'a parameter with its day, act, point and certainty, as a source is told; errors as osms.parameter_on';

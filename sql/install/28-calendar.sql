
--
-- calendar: working days, as dated rows. For a day the row of that day alone
-- wins, then the yearly row that began last; a user's row wins over one the
-- extension brings. Days without a row work from Monday to Friday.
--
CREATE TABLE osms.holiday (
    day date NOT NULL,
    yearly boolean NOT NULL DEFAULT false,
    works boolean NOT NULL,
    name text NOT NULL,
    LIKE osms_internal.law_row INCLUDING ALL,
    PRIMARY KEY (day, yearly, known_from)
);
COMMENT ON TABLE osms.holiday IS
'public holidays and days that work though their weekday does not
what the law does not fix, such as Kurban Ait, transfers by the government and the day off after a holiday on a weekend, is
added row by row; rows are only added';
COMMENT ON COLUMN osms.holiday.day IS 'the day; of a yearly row the first year''s';
COMMENT ON COLUMN osms.holiday.yearly IS 'every year from then on';
COMMENT ON COLUMN osms.holiday.works IS
'whether people work on it: false for a holiday, true for a working Saturday
true in a yearly row ends the holiday, and the weekday decides again';
COMMENT ON COLUMN osms.holiday.name IS 'name of the day';

INSERT INTO osms.holiday (day, yearly, works, name, known_from, act)
SELECT h.day, true, h.works, h.name, '-infinity', 'osms:holidays'
FROM (VALUES
    ('2002-01-01'::date, false, 'New Year'), ('2002-01-02', false, 'New Year'), ('2006-01-07', false, 'Orthodox Christmas'),
    ('2002-03-08', false, 'International Women''s Day'),
    ('2010-03-21', false, 'Nauryz meiramy'), ('2002-03-22', false, 'Nauryz meiramy'), ('2010-03-23', false, 'Nauryz meiramy'),
    ('2002-05-01', false, 'Unity Day'), ('2013-05-07', false, 'Defender of the Fatherland Day'), ('2002-05-09', false, 'Victory Day'),
    ('2009-07-06', false, 'Capital Day'), ('2002-08-30', false, 'Constitution Day'), ('2022-10-25', false, 'Republic Day'),
    ('2012-12-01', false, 'Day of the First President'), ('2022-12-01', true, 'Day of the First President'),
    ('2002-12-16', false, 'Independence Day'), ('2002-12-17', false, 'Independence Day'), ('2022-12-17', true, 'Independence Day'))
    AS h (day, works, name);

CALL osms_internal.keep_as_law('osms.holiday', 'day');

CREATE FUNCTION osms.working_day(day date, known_at timestamptz DEFAULT osms_internal.known_now()) RETURNS boolean
    LANGUAGE SQL STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(
        (SELECT CASE WHEN h.yearly AND h.works THEN NULL ELSE h.works END
         FROM osms.holiday h
         WHERE (h.day = working_day.day
                OR h.yearly AND h.day < working_day.day
                   AND date_part('month', h.day) = date_part('month', working_day.day)
                   AND date_part('day', h.day) = date_part('day', working_day.day))
           AND h.known_from <= working_day.known_at
         ORDER BY h.yearly, isfinite(h.known_from) DESC, h.day DESC, h.known_from DESC
         LIMIT 1),
        date_part('isodow', working_day.day) < 6);
END;
COMMENT ON FUNCTION osms.working_day(date, timestamptz) IS
    'whether people work on the day, by osms.holiday as known at the moment; without a row, Monday to Friday';

CREATE FUNCTION osms.add_working_days(day date, n integer, known_at timestamptz DEFAULT osms_internal.known_now()) RETURNS date
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result date := day;
    remaining integer := abs(n);
BEGIN
    IF remaining > 36525 THEN
        RAISE EXCEPTION 'working days are not counted beyond 36525'
            USING ERRCODE = 'numeric_value_out_of_range', HINT = 'That is about a hundred and forty years.';
    END IF;
    WHILE remaining > 0 AND isfinite(result) LOOP
        result := result + sign(n)::integer;
        IF osms.working_day(result, known_at) THEN
            remaining := remaining - 1;
        END IF;
    END LOOP;
    RETURN result;
END $$;
COMMENT ON FUNCTION osms.add_working_days(date, integer, timestamptz) IS
'the n-th working day after the day, or before it when n is negative, by osms.holiday as known at the moment
the day itself for 0; 22003 beyond 36525 days';

CREATE FUNCTION osms.filed_on(filed_at timestamptz, time_zone text, known_at timestamptz DEFAULT osms_internal.known_now()) RETURNS date
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    civil timestamp := filed_at AT TIME ZONE time_zone;
BEGIN
    IF osms.working_day(civil::date, known_at)
       AND civil::time < osms.parameter_on('working_hours_end', civil::date, known_at)::time THEN
        RETURN civil::date;
    END IF;
    RETURN osms.add_working_days(civil::date, 1, known_at);
END $$;
COMMENT ON FUNCTION osms.filed_on(timestamptz, text, timestamptz) IS
'working day from which a filing counts, in a civil time zone
its own day, or the next working day when it came after working hours (parameter working_hours_end) or on a day off; 22023 for a
time zone that is none';

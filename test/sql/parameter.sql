-- Parameters of the law: a row stays for ever, so that a name that nothing reads and a value that is none are refused.
SELECT * FROM no_plan();
\ir verdict.psql

INSERT INTO osms.act VALUES ('dba', 'dba');
CREATE FUNCTION pg_temp.put(name text, value text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.verdict(format('INSERT INTO osms.parameter (name, value, valid_from, act) VALUES (%L, %L, ''2026-01-01'', ''dba'')', name, value))
$$;
SELECT is(pg_temp.put('campaign_first', '09-01'), '23514 there is no parameter "campaign_first"', 'a name misspelt');
SELECT is(pg_temp.put(p.name, p.value), format('23514 parameter "%s" cannot be "%s"', p.name, p.value), p.name || ' ' || p.value)
FROM (VALUES ('clock_tolerance_minutes', 'y'), ('clock_tolerance_minutes', '-1'), ('free_choice_limit', 'many'), ('free_choice_limit', '1.5'), ('free_choice_year', 'lunar'),
    ('campaign_first_day', '02-30'), ('campaign_first_day', '02-29'), ('campaign_last_day', '2025-11-01'), ('order_blackout_first_day', '9-1'), ('inactive_share', '2'), ('inactive_share', '-1'),
    ('inactive_share', 'NaN'), ('inactive_share', '0,8'), ('uninsured_share', '1.01'), ('working_hours_end', '25:00'), ('working_hours_end', '18'), ('order_causes', 'yearly'),
    ('insurance_exempt_categories', '{M1'), ('clinic_categories', ''), ('burst_hour', '0'), ('approval_valid_days', '')) p (name, value);
SELECT is(pg_temp.put(p.name, p.value), 'ok', p.name || ' ' || p.value)
FROM (VALUES ('clock_tolerance_minutes', '0'), ('free_choice_limit', '3'), ('free_choice_year', 'rolling'), ('campaign_first_day', 'none'), ('campaign_last_day', '12-31'),
    ('inactive_share', '0'), ('uninsured_share', '0.905'), ('working_hours_end', '17:30'), ('order_causes', '{yearly,flood}'), ('insurance_exempt_categories', '{}'), ('clinic_categories', 'any')) p (name, value);
-- each that is brought along, or read, has a form
SELECT is_empty('SELECT p.name FROM osms.parameter p WHERE NOT EXISTS (SELECT FROM osms_internal.parameter_form() f WHERE f.name = p.name AND osms_internal.fits_form(p.value, f.kind, f.minimum, f.maximum, f.choices))',
    'what is brought along fits its form');
SELECT is_empty('SELECT f.name FROM osms_internal.parameter_form() f WHERE NOT EXISTS (SELECT FROM osms.parameter p WHERE p.name = f.name)', 'and is there');

SELECT * FROM finish();

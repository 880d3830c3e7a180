-- osms.sex: the enum and how registers write it
SELECT enum_range(NULL::osms.sex);

SELECT code, osms.read_sex(code)
FROM unnest(ARRAY['m', 'F', 'male', 'Female', 'man', 'WOMAN',
                  'м', 'Ж', 'муж', 'Жен.', 'Мужской', 'ЖЕНСКИЙ', 'мужчина', 'Женщина',
                  'ер', 'ӘЙЕЛ', 'Ер адам', 'әйел адам', 'Еркек',
                  '1', '2', ' 2 ', 'm.']) AS code;

-- a code that tells no sex is NULL, not a guess: ISO 5218 has 0 and 9 for it
SELECT count(*) AS codes, count(osms.read_sex(code)) AS told
FROM unnest(ARRAY['0', '9', '', ' ', '.', '3', '11', 'mm', 'x', 'n/a', 'мж', 'м..',
                  'ё', 'Ә', repeat('м', 100), NULL]) AS code;

SELECT osms.read_sex('boy'::varchar), osms.read_sex('ж'::char(4));

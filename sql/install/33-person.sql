
--
-- rules: persons and organisations: their numbers, who is known, alive and may
-- stay
--
INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (10, 'identifier', 'row + set', 'enforce', '23514', 'Law 223-III of 2007 on national identification numbers', 'UNV',
    'number has a fault',
    osms_internal.from_utf8(E'номер содержит ошибку'),
    osms_internal.from_utf8(E'нөмірде қате бар'),
    'Correct the number. An officially issued number with a fault is first entered into the registry''s attested_number.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('identifier', '{column,fault}',
    $$CASE WHEN {touched:{column}} AND ({fault} IN
   ('length', 'character', 'zero')
  OR NOT EXISTS (SELECT FROM {r}.attested_number t
   WHERE rtrim(t.number, '!') = {number:{column}}))
 THEN {fault} END$$,
    'What is too broken to be attested never passes, whatever the document.');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('merged_away',
    $$EXISTS (SELECT FROM {r}.person_alias y
  WHERE y.old = c.person AND y.undone_at IS NULL)$$,
    'person_alias', 'false', 'the person was given up for another');

INSERT INTO osms.clause (relation, place, rule, column_name, row_function, needs, relations, predicate) VALUES
    ('person', 10, 'identifier', 'iin', 'identifier', '{iin}', '{attested_number}',
    '{identifier: iin; osms.iin_fault({number:iin})}'),
    ('organisation', 10, 'identifier', 'bin', 'identifier', '{bin}', '{attested_number}',
    '{identifier: bin; osms.bin_fault({number:bin})}');

INSERT INTO osms.clause (relation, place, rule, column_name, needs, predicate, stored, comment) VALUES
    ('person', 20, 'identifier', 'iin', '{iin}', 'NULL::text',
    $$CASE WHEN {shared}.iin IS NOT NULL AND NOT {merged_away}
 AND osms.iin_fault({any_number:iin}) IS NULL THEN 'shared_number' END$$,
    'One number is one person, who is paid for once. Only stored rows are asked, for there need be no'
    ' index on the number; one with a fault is told as such.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, fixed, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (300, 'identity_data', 'audit', 'audit', true, '23514', 'Law 223-III of 2007 on national identification numbers', 'UNV',
    'birth date or sex is unlike the number',
    osms_internal.from_utf8(E'дата рождения или пол не совпадают с номером'),
    osms_internal.from_utf8(E'туған күні немесе жынысы нөмірге сәйкес емес'),
    'For information only: since 2013 a number need not agree with the birth date.');

INSERT INTO osms.clause (relation, place, rule, column_name, needs, needs_any, predicate, comment) VALUES
    ('person', 60, 'identity_data', 'iin', '{iin}', '{birth_date,sex}',
    $$(SELECT CASE WHEN osms.birth_date(n.iin) <> c.birth_date
  THEN 'birth_date_differs'
 WHEN osms.sex(n.iin) <> c.sex THEN 'sex_differs' END
 FROM (SELECT CASE WHEN osms.iin_fault({any_number:iin}) IS NULL
  THEN {any_number:iin}::osms.iin END) n(iin))$$,
    'For information: a number need not agree with what is known of a person.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, fixed, sqlstate, act, refuses, russian, kazakh, hint) VALUES
    (120, 'person_known', 'set', 'enforce', true, '23503', 'osms: integrity of the registry',
    'registry does not know this person',
    osms_internal.from_utf8(E'регистр не знает этого человека'),
    osms_internal.from_utf8(E'тіркелім бұл адамды білмейді'),
    'Enter the person first. Check that the number is written in full, with its leading zeros.');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('not_merged', '{gone}.person IS NULL', 'person_alias', 'true', 'the person was not given up; only in audit');

INSERT INTO osms.clause (relation, place, rule, column_name, predicate, comment) VALUES
    ('person', 50, 'person_known', 'death_date',
    $$CASE WHEN {touched:death_date} AND c.death_date IS NOT NULL
 AND {merged_away} AND EXISTS (SELECT FROM {r}.person x
  WHERE x.person IN {heirs:c.person}
   AND x.death_date IS NULL) THEN '?merged_person' END$$,
    'A death told of a number that was given up ends nothing.'),
    ('application', 70, 'person_known', 'person',
    $$CASE WHEN ({touched:person} OR {touched:state}
 AND c.state IN {open_states}) AND {p}.person IS NULL
 THEN 'unknown_person'
 WHEN {touched:person} AND c.op = 'I' AND NOT c.stored
 AND {merged_away} THEN 'merged_person' END$$,
    'A stranger files for anybody; who is identified is somebody. Nothing is filed for a number that '
    'was given up: it would end in a dead end.'),
    ('person_alias', 20, 'person_known', 'new',
    $$CASE WHEN {touched:old,new} THEN CASE
 WHEN c.old = c.new THEN 'same_person'
 WHEN 2 > (SELECT count(*) FROM {r}.person x
  WHERE x.person IN (c.old, c.new)) THEN 'unknown_person'
 WHEN c.undone_at IS NOT NULL THEN NULL
 WHEN EXISTS (SELECT FROM {r}.person_alias y WHERE y.old = c.old
  AND y.new <> c.new AND y.undone_at IS NULL) THEN 'merged_twice'
 WHEN c.old IN {heirs:c.new} THEN 'merged_in_a_ring' END END$$,
    'Both persons of a merge, and that merges lead from everybody to one who remains: no key is given'
    ' up for two, and none for itself in the end.');

INSERT INTO osms.clause (relation, place, rule, column_name, predicate, at_once, comment) VALUES
    ('attachment', 70, 'person_known', 'person',
    $$CASE WHEN NOT {touched:person} THEN NULL
 WHEN {p}.person IS NULL THEN 'unknown_person'
 WHEN c.state <> 'annulled' AND {merged_away}
 THEN 'merged_person' END$$,
    '{p}.person IS NOT NULL AND {not_merged}', 'Nor is anybody attached under a number that was merged into another.');

INSERT INTO osms.clause (relation, place, rule, column_name, predicate) VALUES
    ('identity_event', 70, 'person_known', 'person',
    $$CASE WHEN {touched:person} AND {p}.person IS NULL
 THEN 'unknown_person' END$$);

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, refuses, russian, kazakh, hint) VALUES
    (130, 'organisation_known', 'set', 'enforce', '23503', 'osms: integrity of the registry',
    'registry does not know this organisation',
    osms_internal.from_utf8(E'регистр не знает этой организации'),
    osms_internal.from_utf8(E'тіркелім бұл ұйымды білмейді'),
    'Enter the organisation first.');

INSERT INTO osms.definition (name, text) VALUES
    ('organisation_known',
    $$CASE WHEN {touched:organisation} AND {o}.organisation IS NULL
 THEN 'unknown_organisation' END$$);

INSERT INTO osms.clause (relation, place, rule, column_name, relations, predicate) VALUES
    ('attachment', 80, 'organisation_known', 'organisation', '{organisation}', '{organisation_known}'),
    ('application', 80, 'organisation_known', 'organisation', '{organisation}', '{organisation_known}');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, lasts, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (140, 'alive', 'set', 'enforce', true, '23514', 'KR DSM-194/2020 (attachment rules)', 'UNV',
    'a person is not attached after the day of death',
    osms_internal.from_utf8(E'после дня смерти человек не прикреплён'),
    osms_internal.from_utf8(E'қайтыс болған күннен кейін адам тіркелмейді'),
    'Check the person''s record in the registry.');

INSERT INTO osms.clause (relation, place, rule, column_name, predicate) VALUES
    ('attachment', 90, 'alive', 'since',
    $$CASE WHEN NOT {touched:person,since} AND NOT {extended}
  OR c.state = 'annulled' THEN NULL
 WHEN c.since > {p}.death_date THEN 'after_death'
 WHEN coalesce(c.until, 'infinity') > {p}.death_date + 1
  THEN 'beyond_death' END$$);

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, lasts, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (180, 'stay', 'set', 'enforce', true, '23514', 'KR DSM-194/2020 (attachment rules)', 'PRESS',
    'attachment reaches beyond the person''s right to stay',
    osms_internal.from_utf8(E'прикрепление длится дольше права на пребывание'),
    osms_internal.from_utf8(E'тіркелу болу құқығынан ұзаққа созылады'),
    'End it on the last day of the stay, or enter the longer stay first.');

INSERT INTO osms.clause (relation, place, rule, column_name, person, predicate, comment) VALUES
    ('attachment', 140, 'stay', 'until', '{stay_until}',
    $$CASE WHEN ({touched:since} OR {extended})
 AND c.state IS DISTINCT FROM 'annulled'
 AND coalesce(c.until, 'infinity') > {p}.stay_until + 1
 THEN 'beyond_stay' END$$,
    'The last day of the stay is the last day of the attachment.');

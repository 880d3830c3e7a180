
--
-- rules: the contract of an organisation, and the norms of its sites
--
INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (160, 'contracted', 'set', 'enforce', '23514', 'KR DSM-194/2020 (attachment rules)', 'PRESS',
    'organisation has no contract on the first day',
    osms_internal.from_utf8(E'у организации нет договора на первый день'),
    osms_internal.from_utf8(E'ұйымның бірінші күнге шарты жоқ'),
    'Enter the contract of the organisation, or choose one that has a contract on that day.');

INSERT INTO osms.clause (relation, place, rule, column_name, relations, predicate, at_once, comment) VALUES
    ('attachment', 110, 'contracted', 'organisation', '{contract}',
    $$CASE WHEN {touched:organisation,since} AND c.since IS NOT NULL
 AND c.state IS DISTINCT FROM 'annulled'
 AND NOT EXISTS (SELECT FROM {r}.contract k
  WHERE k.organisation = c.organisation AND k.valid_from <= c.since
   AND (k.valid_to IS NULL OR k.valid_to > c.since)
   AND {said_last: k})
 THEN 'no_contract' END$$,
    'c.since <@ {contracts}.days',
    'The contract that holds on the first day; set_trigger.c has locked the contracts of these '
    'organisations, so that none ends meanwhile.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, point, tag, refuses, russian, kazakh, hint) VALUES
    (250, 'site_norm', 'set', 'warn', '23514', 'KR DSM-291/2020 (payment rules)', '52', 'TEXT',
    'site has more persons than its norm',
    osms_internal.from_utf8(E'на участке людей больше нормы'),
    osms_internal.from_utf8(E'учаскеде адам саны нормадан көп'),
    'Choose another site, or open one.');

INSERT INTO osms.clause (relation, place, rule, column_name, needs, relations, stored, comment) VALUES
    ('attachment', 200, 'site_norm', 'site', '{site}', '{site}',
    $$CASE WHEN {crowd}.attachment IS NOT NULL THEN 'over_norm' END$$,
    'both judged on the roster (site_norm.c, roster.c), and by audit here');

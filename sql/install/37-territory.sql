
--
-- rules: where a person lives, and where the organisation serves
--
INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, sqlstate, act, tag, refuses, russian, kazakh, hint) VALUES
    (170, 'same_territory', 'set', 'enforce', '23514', 'KR DSM-194/2020 (attachment rules)', 'OFFICIAL',
    'person lives outside the organisation''s territory',
    osms_internal.from_utf8(E'человек живёт вне территории организации'),
    osms_internal.from_utf8(E'адам ұйымның аумағынан тыс жерде тұрады'),
    'Enter where the person lives, or choose an organisation of that region or of a neighbouring one.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('lives_in', '{homes,status}',
    $$EXISTS (SELECT FROM {homes} d WHERE d.region = {status}.region
  OR d.region = ANY ({status}.neighbours))$$,
    'Somebody who lives there lives in the territory of organisation st.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('renamed', '{homes,day,status}',
    $$(WITH RECURSIVE dwelling(region, known) AS (
  SELECT d.region, d.valid_from FROM {homes} d
  UNION SELECT z.new, dwelling.known FROM dwelling JOIN {region_succession} z
   ON z.old = dwelling.region AND z.day <= {day} AND z.day > dwelling.known),
 served(region) AS (
  SELECT unnest({status}.region || {status}.neighbours)
  UNION SELECT z.new FROM served JOIN {region_succession} z
   ON z.old = served.region AND z.day <= {day}
   AND z.day > {status}.valid_from)
 SELECT EXISTS (SELECT FROM dwelling JOIN served
  ON served.region = dwelling.region))$$,
    'What a region was renamed to or split into since somebody wrote it down is still the same place.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('small_child', '{day}',
    $$CASE WHEN isfinite({p}.birth_date) AND isfinite({day})
 THEN extract(year FROM age({day}, {p}.birth_date))
  < osms.parameter_on('actual_residence_age', {day})::int END$$,
    'age() lets those born on 29 February be six on 1 March; before 17 it fails on what is no day, as'
    ' a date reads that nobody can read.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('territory', '{day,status}', '{territory_of: {residences: c.person; {p}.region; {day}}; {day}; {status}}',
    'Whether the person lives in the territory of the organisation on a day, by its status st. The '
    'pregnant and small children go where they actually live, and a newborn where the parent who '
    'applies lives; where the registry does not know that, it is a doubt.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('territory_of', '{homes,day,status}',
    $$CASE WHEN {status}.region IS NULL
  THEN '?unknown_region_of_organisation'
 WHEN {lives_in: {homes}; {status}} THEN NULL
 WHEN NOT EXISTS (SELECT FROM {homes} d
  WHERE d.region IS NOT NULL) THEN CASE
  WHEN {channel} = 'maternity' AND
 {lives_in: {residences: {applicant}; (SELECT y.region FROM {r}.person y
 WHERE y.person = {applicant}); {day}}; {status}}
   THEN NULL ELSE '?unknown_residence' END
 WHEN {renamed: {homes}; {day}; {status}} THEN NULL
 WHEN ({ground} = 'pregnancy' OR {small_child: {day}})
  AND NOT EXISTS (SELECT FROM {homes} d WHERE d.kind = 'actual')
  THEN '?unknown_actual_residence'
 ELSE 'other_territory' END$$);

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('home_region', '{day}', 'CASE WHEN {home}.since <= {day} THEN {home}.region ELSE {p}.region END',
    'In audit: who lives in the territory of status st by the region where all residences of the '
    'person lie.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('at_home', '{day,status}',
    '({home_region: {day}} = {status}.region OR {home_region: {day}} = ANY ({status}.neighbours))');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('status_on', '{day,status}',
    $$LEFT JOIN (SELECT x.organisation, x.region, x.neighbours, x.valid_from,
  lead(x.valid_from) OVER (PARTITION BY x.organisation
   ORDER BY x.valid_from, x.known_from NULLS FIRST) AS next
  FROM {r}.organisation_status x WHERE x.valid_from IS NOT NULL) {status}
 ON {status}.organisation = c.organisation AND {status}.valid_from <= {day}
  AND ({status}.next > {day}) IS NOT FALSE$$,
    'In audit: the status of the organisation of c on a day.');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('applicant', '{ap}.applicant', 'application', 'c.person', 'who applied');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('region_succession', '{r}.region_succession', 'region_succession',
    $$(SELECT NULL::text AS old, NULL::text AS new, NULL::date AS day
  WHERE false)$$,
    'regions that were renamed or split');

INSERT INTO osms.clause (relation, place, rule, column_name, relations, person, instead, predicate, plain, at_once, comment) VALUES
    ('attachment', 120, 'same_territory', 'organisation', '{organisation_status}', '{region}', '{residence}',
    $$CASE WHEN NOT {touched:organisation,since} OR c.since IS NULL
  OR {p}.person IS NULL OR c.state = 'annulled'
  OR c.order_key IS NOT NULL
  OR c.restores IS NOT NULL
  OR {ground} IN ('order', 'institution') THEN NULL
 ELSE {territory: c.since; {st}} END$$,
    $$NOT {touched:organisation,since} OR
 {lives_in: {residences: c.person; {p}.region; c.since}; {st}}$$,
    '{at_home: c.since; {st}}', 'Who is moved by an order, or given back what he had, has not chosen.');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, fixed, lasts, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (290, 'lost_territory', 'audit', 'audit', true, true, '23514', 'KR DSM-194/2020 (attachment rules)', 'UNV',
    'person has moved away from the organisation''s territory',
    osms_internal.from_utf8(E'человек переехал с территории организации'),
    osms_internal.from_utf8(E'адам ұйымның аумағынан көшіп кеткен'),
    'Invite the person to choose an organisation of the new region.');

INSERT INTO osms.clause (relation, place, rule, column_name, relations, person, instead, predicate, at_once, comment) VALUES
    ('attachment', 130, 'lost_territory', 'organisation', '{organisation_status}', '{region}', '{residence}',
    $$CASE WHEN c.state IN ('active', 'suspect') AND c.since <= {today}
 AND (c.until IS NULL OR c.until > {today})
 AND ({territory: {today}; {lt}}) = 'other_territory'
 AND ({territory: c.since; {st}}) IS NULL THEN 'moved_away' END$$,
    '{at_home: {today}; {lt}}', 'Of those still attached, who lived in the territory and does no more.');

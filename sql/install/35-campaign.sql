
--
-- rules: the yearly campaign, and free choice
--
INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, warns_in_import, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (190, 'campaign_window', 'set', 'enforce', true, '23514', 'KR DSM-194/2020 (attachment rules)', 'PRESS',
    'campaign application outside its dates',
    osms_internal.from_utf8(E'заявление кампании вне её сроков'),
    osms_internal.from_utf8(E'науқан өтініші оның мерзімінен тыс'),
    'Submit it within the campaign (osms.parameter: campaign_first_day, campaign_last_day), with effect on 1 January next.');

INSERT INTO osms.finding (rule, finding, refuses) VALUES
    ('campaign_window', 'unmapped_ground', 'ground is a code that the mapping does not know');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('campaign_day', '{name}',
    $$(osms.parameter_on('{name}', {day_of: c.submitted_at})
 COLLATE "C")$$,
    'First and last day are MM-DD; where a campaign was abolished they are a word such as none, which'
    ' no day is. What is closed is never in its way. Decided late, an application takes effect a year'
    ' later.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('new_year_after', '{moment}',
    $$(date_trunc('year', {day_of: {moment}}::timestamp)
 + interval '1 year')::date$$);

INSERT INTO osms.clause (relation, place, rule, column_name, needs, predicate) VALUES
    ('application', 110, 'campaign_window', 'ground', '{ground}',
    $$CASE WHEN {touched:ground} AND c.ground LIKE '?%'
 THEN '?unmapped_ground' END$$),
    ('application', 140, 'campaign_window', 'submitted_at', '{ground,submitted_at}',
    $$CASE WHEN c.ground IS DISTINCT FROM 'campaign'
  OR NOT {touched:state,ground,submitted_at,effective_on}
  OR (c.state IN ('submitted', 'identified', 'approved', 'deferred')
   OR c.op = 'I' AND c.state = 'attached') IS NOT TRUE
  OR NOT {since_cut_over} THEN NULL
 WHEN to_char({day_of: c.submitted_at}, 'MM-DD') NOT BETWEEN
 {campaign_day: campaign_first_day} AND {campaign_day: campaign_last_day}
  THEN 'outside_campaign'
 WHEN c.state = 'approved' THEN 'not_deferred'
 WHEN c.effective_on NOT IN ({new_year_after: c.submitted_at},
{new_year_after: coalesce(c.decided_at, c.submitted_at)})
  OR c.state = 'deferred' AND c.effective_on IS NULL
  THEN 'not_next_year' END$$);

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, warns_in_import, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (200, 'free_choice_limit', 'set', 'enforce', true, '23514', 'KR DSM-194/2020 (attachment rules)', 'INF',
    'person has used the free choices of the year',
    osms_internal.from_utf8(E'свободный выбор года уже использован'),
    osms_internal.from_utf8(E'жылдық еркін таңдау пайдаланылып қойған'),
    'Wait for the next year, or apply on another ground (osms.parameter: free_choice_limit).');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('stays', '{x}',
    $$EXISTS (SELECT FROM {r}.attachment y WHERE y.person = {x}.person
 AND y.attachment <> {x}.attachment AND y.state <> 'annulled'
 AND y.organisation = {x}.organisation AND y.since < {x}.since
 AND coalesce(y.until, 'infinity') >= {x}.since)$$,
    'To stay where one was, at another site, is no choice.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('eve_of_choice_year', '{day}',
    $$CASE osms.parameter_on('free_choice_year', {day})
 WHEN 'rolling' THEN {day} - interval '1 year'
 ELSE date_trunc('year', {day}::timestamp) - interval '1 day' END$$,
    'The last day before the year in which a choice of this day is counted.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('free_choices',
    $$SELECT x.attachment, x.since FROM {r}.attachment x
 JOIN {r}.application a ON a.application = x.application
 WHERE x.person = c.person AND x.attachment <> c.attachment
  AND x.state <> 'annulled' AND a.ground = 'free_choice'
  AND NOT {stays: x} UNION ALL SELECT c.attachment, c.since$$,
    'The free choices of the person: this one, and others not annulled.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('held',
    $$SELECT x.attachment, x.person, x.since, x.application,
  count(x.application) OVER (PARTITION BY x.person) AS applied,
  max(coalesce(x.until, 'infinity')) OVER (PARTITION BY x.person,
   x.organisation ORDER BY x.since
   GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
 FROM (SELECT y.attachment, y.person, y.organisation, y.since, y.until,
   y.state, y.application
   FROM {r}.attachment y WHERE y.person = ANY ($2)
  UNION ALL SELECT y.attachment, y.person, y.organisation, y.since,
   y.until, y.state, y.application FROM chunk y WHERE {candidate}) x
 WHERE x.state <> 'annulled' AND isfinite(x.since)$$,
    'A guard asks it of all persons of the chunk at once: what they hold, and until when others held '
    'them in one organisation before; which of it they chose, and how many choices the year that ends'
    ' with each has; and to which of those years beyond its limit a choice belongs.');

INSERT INTO osms.definition (name, text) VALUES
    ('chosen',
    $$SELECT h.attachment, h.person, h.since,
 {eve_of_choice_year: h.since} AS eve,
  CASE osms.parameter_on('free_choice_year', h.since)
   WHEN 'rolling' THEN count(*) OVER (PARTITION BY h.person
    ORDER BY h.since RANGE BETWEEN interval '1 year -1 day' PRECEDING
    AND CURRENT ROW)
   ELSE count(*) OVER (PARTITION BY h.person,
    extract(year FROM h.since) ORDER BY h.since) END
   > osms.parameter_on('free_choice_limit', h.since)::int AS too_many
 FROM ({held}) h JOIN {r}.application a ON a.application = h.application
 WHERE h.applied > 1 AND a.ground = 'free_choice'
  AND (h.reach >= h.since) IS NOT TRUE$$);

INSERT INTO osms.clause (relation, place, rule, column_name, needs, relations, predicate, plain, stored, comment) VALUES
    ('attachment', 180, 'free_choice_limit', 'application', '{application}', '{application}',
    $$CASE WHEN {touched:person,since,application}
  AND c.state <> 'annulled' AND {ap}.ground = 'free_choice'
  AND c.attachment IN (SELECT l.attachment FROM (SELECT k.attachment,
    k.since, min(k.eve) FILTER (WHERE k.too_many)
     OVER (PARTITION BY k.person ORDER BY k.since DESC) AS eve
    FROM ({chosen}) k) l WHERE l.eve < l.since)
 THEN 'limit_used' END$$,
    $$NOT {touched:person,since,application}
 OR {ap}.ground IS DISTINCT FROM 'free_choice'
 OR NOT EXISTS (SELECT FROM {r}.attachment x WHERE x.person = c.person
  AND x.attachment <> c.attachment AND x.application IS NOT NULL)$$,
    $$CASE WHEN c.state <> 'annulled' AND {ap}.ground = 'free_choice'
  AND c.since >= {s}.cut_over AND {others}
  AND EXISTS (SELECT FROM {r}.attachment x WHERE x.person = c.person
   AND x.attachment <> c.attachment AND x.application IS NOT NULL
   AND x.state <> 'annulled')
  AND NOT {stays: c}
  AND (SELECT count(*) FROM ({free_choices}) v
   WHERE v.since > {eve_of_choice_year: c.since}
    AND (v.since, v.attachment) <= (c.since, c.attachment))
   > osms.parameter_on('free_choice_limit', c.since)::int
 THEN 'limit_used' END$$,
    'A choice has its rank among those of the year that ends with it, and the limit of its own day. A'
    ' new one must leave every rank within its limit, its own and those after it, so the order of '
    'writing does not matter.');


--
-- definition: what several rules call by one name, told once. {name} and {name:
-- argument; argument} in a text stand for it; src/rule/template.c tells of the
-- marks.
--
-- What clauses read beside the row they judge, in the order in which it is joined.
INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('s', 10,
    $$CROSS JOIN (SELECT z.*, (now() AT TIME ZONE z.time_zone)::date
  AS today FROM {r}.setting z OFFSET 0) s$$,
    'the registry''s setting, and its day');

INSERT INTO osms.definition (name, place, text, in_audit, comment) VALUES
    ('p', 20,
    $$CROSS JOIN LATERAL (SELECT c.locked_person AS person,
  c.locked_death AS death_date, c.locked_region AS region,
  c.locked_stay AS stay_until, c.version_birth AS birth_date) p$$,
    'LEFT JOIN {r}.person p ON p.person = c.person',
    'the person: in a guard as it has just been read, when it was locked');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('o', 30, 'LEFT JOIN {r}.organisation o ON o.organisation = c.organisation', 'the organisation');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('ap', 40, 'LEFT JOIN {r}.application ap ON ap.application = c.application', 'the application');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('ao', 50, 'LEFT JOIN {r}.authority_order ao ON ao.order_key = c.order_key', 'the authority''s order');

INSERT INTO osms.definition (name, place, text, in_audit, comment) VALUES
    ('st', 60,
    $$LEFT JOIN LATERAL (SELECT x.region, x.neighbours, x.valid_from
  FROM {r}.organisation_status x WHERE x.organisation = c.organisation
   AND x.valid_from <= c.since ORDER BY x.valid_from DESC,
   x.known_from DESC NULLS LAST LIMIT 1) st ON true$$,
    '{status_on: c.since; st}', 'the status of the organisation on the first day');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('lt', 70, '{status_on: {today}; lt}', 'the status of the organisation today; only in audit');

INSERT INTO osms.definition (name, place, text, relation, otherwise, comment) VALUES
    ('home', 80,
    $$LEFT JOIN (SELECT x.person, min(x.valid_from) AS since, CASE
   WHEN count(*) = count(x.region) AND min(x.region) = max(x.region)
   THEN min(x.region) END AS region FROM {r}.residence x
   GROUP BY x.person) home ON home.person = c.person$$,
    'residence', 'CROSS JOIN (SELECT NULL::date AS since, NULL::text AS region) home',
    'since when residences of the person are known, and where if all are in one region; only in audit');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('gone', 90,
    $$LEFT JOIN (SELECT DISTINCT y.old AS person
  FROM {r}.person_alias y WHERE y.undone_at IS NULL) gone
 ON gone.person = c.person$$,
    'persons that merges which stand have given up; only in audit');

INSERT INTO osms.definition (name, place, text, relation, otherwise, comment) VALUES
    ('shared', 100,
    $$LEFT JOIN (SELECT x.iin FROM {r}.person x WHERE x.iin IS NOT NULL
   AND NOT EXISTS (SELECT FROM {r}.person_alias y
    WHERE y.old = x.person AND y.undone_at IS NULL)
   GROUP BY x.iin HAVING count(*) > 1) shared ON shared.iin = c.iin$$,
    'person_alias',
    $$LEFT JOIN (SELECT x.iin FROM {r}.person x WHERE x.iin IS NOT NULL
   GROUP BY x.iin HAVING count(*) > 1) shared ON shared.iin = c.iin$$,
    'numbers that several persons have, of whom none is another; only in audit');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('contracts', 110,
    $$LEFT JOIN (SELECT k.organisation,
  range_agg(daterange(k.valid_from, k.valid_to)) AS days
 FROM {r}.contract k WHERE {said_last: k}
  AND k.valid_from < coalesce(k.valid_to, 'infinity')
 GROUP BY k.organisation) contracts
 ON contracts.organisation = c.organisation$$,
    'the days on which each organisation has a contract; only in audit');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('admitted', 120,
    $$LEFT JOIN (SELECT DISTINCT ON (e.application) e.application, e.person,
  e.applicant, e.channel, e.at FROM {r}.setting s CROSS JOIN LATERAL
  (SELECT e.* {admitted_events}) e ORDER BY e.application) admitted
 ON admitted.application = c.application$$,
    'of each application an event that its channel admits; only in audit');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('several', 130, 'LEFT JOIN {with_several} several ON several.subject = c.{subject}',
    'who has several rows in the relation that is judged; only in audit');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('overlapping', 140,
    $$LEFT JOIN (SELECT x.attachment, max(least(x.until, x.reach)) AS until
  FROM (SELECT y.attachment, y.since,
    coalesce(y.until, 'infinity') AS until,
    max(coalesce(y.until, 'infinity')) OVER (PARTITION BY y.person
     ORDER BY y.since, y.attachment
     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
   FROM {r}.attachment y JOIN {with_several} z ON z.subject = y.person
   WHERE {member: y}) x WHERE x.since < x.reach
  GROUP BY x.attachment) overlapping
 ON overlapping.attachment = c.attachment$$,
    'Of two of a person that overlap the later one is found, the one that begins before those before '
    'it let the person go; and until when; only in audit');

INSERT INTO osms.definition (name, place, text, comment) VALUES
    ('crowd', 150,
    $$LEFT JOIN (SELECT DISTINCT e.attachment FROM (SELECT d.*, sum(d.step) OVER
   (PARTITION BY d.organisation, d.site
    ORDER BY d.day, d.step, d.attachment ROWS UNBOUNDED PRECEDING)
   AS heads FROM (SELECT x.attachment, x.organisation, x.site, m.*
    FROM {r}.attachment x CROSS JOIN LATERAL
     (VALUES (x.since, 1), (x.until, -1)) m(day, step)
    WHERE x.site IS NOT NULL AND {member: x}
     AND m.day IS NOT NULL) d) e
  WHERE e.step = 1 AND e.heads > (SELECT y.norm FROM {r}.site y
   WHERE y.organisation = e.organisation AND y.site = e.site
    AND y.valid_from <= e.day
   ORDER BY y.valid_from DESC, y.known_from DESC NULLS LAST LIMIT 1)) crowd
 ON crowd.attachment = c.attachment$$,
    'The attachments beyond the norm of their site. On its first day each comes after those already '
    'there and those of that day with a lesser key; who leaves on a day leaves before anybody comes. '
    'One sort tells it of all, where the guard counts a site on the roster (site_norm.c); only in '
    'audit');

-- What several rules say.
INSERT INTO osms.definition (name, parameters, text) VALUES
    ('day_of', '{moment}', '(CASE WHEN {moment} < ''9999-01-01'' THEN {moment}
      WHEN {moment} IS NOT NULL THEN ''9999-01-01'' END AT TIME ZONE {s}.time_zone)::date');

INSERT INTO osms.definition (name, text) VALUES
    ('today', '{s}.today');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('since_cut_over',
    $$(NOT c.stored OR c.submitted_at IS NULL OR
 {day_of: c.submitted_at} >= {s}.cut_over)$$,
    'An application counts from the registry''s cut-over day when stored.');

INSERT INTO osms.definition (name, text) VALUES
    ('open_states',
    $$('identified', 'approved', 'deferred')$$);

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('key_of', '{value}', '({value})::text COLLATE "C"',
    'A row that a merge has moved is still about whom it was about first (moved.c). It speaks for '
    'whom it names now only as far as merges that stand lead there; what an undone merge left behind '
    'speaks for nobody.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('left_behind', '{relation,key,person,acting}',
    $$EXISTS (SELECT FROM {r}.moved m WHERE m.relation = '{relation}'
 AND m.key = {key_of: {key}} AND (CASE m.role WHEN 'person'
  THEN {person} ELSE {acting} END = m.person OR CASE m.role
  WHEN 'person' THEN {person} ELSE {acting} END
  IN {heirs:m.person}) IS NOT TRUE)$$);

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('lies_behind', '{relation,key,person,acting}',
    $$({key_of: {key}} IN (SELECT m.key FROM {r}.moved m
  WHERE m.relation = '{relation}') AND
 {left_behind: {relation}; {key}; {person}; {acting}})$$,
    'In audit: few rows have moved, and those are hashed.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('counting_events',
    $${admitted_events} AND e.application = c.application AND
 {identifies: e; c}$$,
    'Who was identified is the person, or the applicant who acts for the person. The channel''s row in'
    ' force on the day of the event tells which methods count, and which of them only when a known '
    'clerk has seen it.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('identifies', '{e,a}',
    $${e}.channel = {a}.channel AND ({e}.person = {a}.person
 AND ({e}.applicant IS NULL OR {e}.applicant = {e}.person
  OR {e}.applicant = {a}.applicant)
 OR {e}.person = {a}.applicant)$$);

INSERT INTO osms.definition (name, text) VALUES
    ('admitted_events',
    $$FROM {r}.identity_event e
   JOIN osms_internal.channel_period h ON h.channel = e.channel
    AND h.valid_from <= {day_of: e.at}
    AND {day_of: e.at} < h.valid_to
   WHERE (e.method = ANY (h.methods) AND e.clerk IS NULL
    OR e.method = ANY (h.methods || h.clerk_methods)
     AND {clerk_known})
   AND NOT {left_behind: identity_event; e.event; e.person; e.applicant}$$);

INSERT INTO osms.definition (name, text) VALUES
    ('had_to_be_identified',
    $$(c.state IN {open_states}
  OR c.op = 'I' AND c.state IN ('attached', 'lapsed', 'cancelled'))$$);

INSERT INTO osms.definition (name, text, comment) VALUES
    ('attaching_states', $$('active', 'suspect', 'closed')$$, 'In them an attachment attaches somebody, for its days.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('member', '{row}',
    $$({row}.state IN {attaching_states}
 AND {row}.since < coalesce({row}.until, 'infinity'))$$,
    'An attachment that attaches anybody to anything.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('with_several',
    $$(SELECT x.{subject} AS subject FROM {r}.{own} x GROUP BY 1
 HAVING count(*) > 1 ORDER BY 1)$$,
    'In audit: the persons who have several rows in the relation it judges. Sorted, for a hash with '
    'as many groups as rows takes several times longer.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('decided_on', '{day_of: {ap}.decided_at}',
    'An approval younger than any limit that ever stood, with a day to spare for clocks, needs no '
    'look at the limit of its own day.');

INSERT INTO osms.definition (name, text) VALUES
    ('surely_valid',
    $${ap}.decided_at > (SELECT
  now() - (min(v.value::int) - 1) * interval '1 day'
  FROM osms.parameter v
  WHERE v.name = 'approval_valid_days' AND v.known_from <= osms_internal.known_now())$$);

INSERT INTO osms.definition (name, text, comment) VALUES
    ('more_than_itself', 'HAVING count(*) > CASE WHEN {candidate} THEN 0 ELSE 1 END',
    'What a guard asks of the other rows of a person it asks of all persons of the chunk, $2, at '
    'once: the answer is hashed, so that many rows of one person cost no more than as many of many. A'
    ' row that is written is among the rows there, sift''s is not yet.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('application_used',
    $$(c.person, c.application) IN (SELECT x.person, x.application
  FROM {r}.attachment x WHERE x.person = ANY ($2)
   AND x.application IS NOT NULL GROUP BY 1, 2 {more_than_itself})$$,
    'Of two stored attachments that name one application the later one is found; a new one finds any '
    'other. It is looked for among the person''s own: another person''s cannot lawfully name this '
    'application.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('moved_now',
    $$EXISTS (SELECT FROM {r}.moved m WHERE m.application =
 {key_of: {ap}.application})$$,
    'An application that a merge moved, or whose identification was moved, is good for the person '
    'only where that still holds. MOVED tells in a guard that there is something to look at, '
    'MOVED_STORED in audit.');

INSERT INTO osms.definition (name, text) VALUES
    ('unproven',
    '({left_behind: application; {ap}.application; {ap}.person; {ap}.applicant} OR NOT {identified_still})');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('basis_application', '{used,moved}',
    $$WHEN c.application IS NOT NULL THEN CASE
  WHEN {ap}.application IS NULL THEN 'unknown_application'
  WHEN {ap}.person <> c.person OR {moved} AND {unproven}
   THEN 'application_of_another_person'
  WHEN NOT {follows:{ap}.organisation}
   THEN 'application_of_another_organisation'
  WHEN {used} THEN 'application_used'
  WHEN c.stored AND {ap}.state = 'attached' THEN NULL
  WHEN {ap}.state = 'deferred' THEN CASE
    WHEN {ap}.effective_on IS NULL OR c.since < {ap}.effective_on
     OR {ap}.effective_on > (now() AT TIME ZONE {s}.time_zone)::date
    THEN 'deferred_not_due' END
  WHEN {ap}.state IS DISTINCT FROM 'approved'
   THEN 'application_not_approved'
  WHEN c.stored OR {surely_valid} THEN NULL
  WHEN {decided_on}
    + osms.parameter_on('approval_valid_days', {decided_on})::int
    < (now() AT TIME ZONE {s}.time_zone)::date
   THEN 'approval_expired' END$$);

INSERT INTO osms.definition (name, text, comment) VALUES
    ('restored_now',
    $$(c.person, c.restores) IN (SELECT y.person, y.restores
  FROM {r}.attachment y WHERE y.person = ANY ($2)
   AND y.restores IS NOT NULL AND y.state <> 'annulled'
  GROUP BY 1, 2 {more_than_itself})$$,
    'Restored is what the person had and lost without leaving: an attachment annulled or closed by '
    'mistake or by a death that was recorded wrongly, or one that was closed for a later attachment '
    'that has since been annulled. It goes on where that ended, or begins where the annulled one '
    'began.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('basis_restores', '{restored}',
    $$WHEN c.restores IS NOT NULL THEN (SELECT CASE
  WHEN x.attachment IS NULL THEN 'unknown_attachment'
  WHEN x.person <> c.person OR
 {left_behind: attachment; x.attachment; x.person; NULL}
   THEN 'attachment_of_another_person'
  WHEN NOT {follows:x.organisation}
   THEN 'attachment_of_another_organisation'
  WHEN x.state NOT IN ('closed', 'annulled') THEN 'still_attached'
  WHEN {restored} THEN 'already_restored'
  WHEN c.since < CASE x.state WHEN 'closed' THEN x.until
    ELSE x.since END THEN 'restored_too_early'
  WHEN x.reason IN ('error', 'death') THEN NULL
  WHEN x.state = 'closed' AND EXISTS (SELECT FROM {r}.attachment y
    WHERE y.person = c.person AND y.state = 'annulled'
     AND y.since >= x.until) THEN NULL
  ELSE 'nothing_to_restore' END
  FROM (VALUES (1)) one LEFT JOIN {r}.attachment x
   ON x.attachment = c.restores)$$);

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('said_last', '{x}',
    $$NOT EXISTS (SELECT FROM {r}.contract l
 WHERE l.organisation = {x}.organisation
  AND l.valid_from = {x}.valid_from
  AND coalesce(l.known_from > {x}.known_from,
   l.known_from IS NOT NULL))$$,
    'Nothing that is known later says something else of contract x.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('residences', '{who,whose_region,day}',
    $$(SELECT x.region, x.kind, x.valid_from FROM (SELECT DISTINCT ON (x.kind)
   x.region, x.kind, x.valid_from FROM {residence} x
   WHERE x.person = {who} AND x.valid_from <= {day}
   ORDER BY x.kind, x.valid_from DESC) x
  UNION ALL SELECT {whose_region}, NULL, '-infinity' WHERE NOT EXISTS
  (SELECT FROM {residence} x WHERE x.person = {who}
   AND x.valid_from <= {day}))$$,
    'Where a person lives on a day: of each kind the newest residence, and where there is none the '
    'region in the person''s own row, which has no date.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('organisation_before',
    $$LEFT JOIN LATERAL (SELECT x.organisation, x.site
  FROM {r}.attachment x WHERE x.person = c.person
   AND x.attachment <> c.attachment AND x.since < c.since
   AND (x.until IS NULL OR x.until >= c.since)
   AND (x.state <> 'annulled' OR c.stored AND EXISTS
    (SELECT FROM {r}.roster v WHERE v.person = x.person
     AND v.attachment = x.attachment AND v.known_to >
     (SELECT min(w.known_from) FROM {r}.roster w
      WHERE w.person = c.person AND w.attachment = c.attachment)))
  ORDER BY x.state = 'annulled', x.since DESC, x.attachment DESC
  LIMIT 1) b ON true$$,
    'Where the person was on the day before; a gap means nowhere. A stored row is judged by what was '
    'known with it, too: what was annulled later was there.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('in_scope_by', '{whose_region,condition}',
    $$EXISTS (SELECT FROM {r}.order_scope z {organisation_before}
  WHERE z.order_key = c.order_key
   AND {follows:z.to_organisation}
   AND (z.from_organisation IS NULL
    OR z.from_organisation = b.organisation)
   AND (z.person IS NULL OR z.person = c.person)
   AND (z.site IS NULL OR z.site = c.site OR z.site = b.site)
   AND (z.region IS NULL OR z.region IN
    (SELECT d.region FROM
 {residences: c.person; {whose_region}; c.since} d)) AND {condition})$$);

INSERT INTO osms.definition (name, text, in_audit, comment) VALUES
    ('others', 'true', '{several}.subject IS NOT NULL',
    'stands before a look at other rows of the same person in the relation: audit knows who has none');

INSERT INTO osms.definition (name, text, in_sift, comment) VALUES
    ('candidate', 'false', 'true', 'the row is not in the relation yet, as only sift''s are');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('clerk_known',
    $$EXISTS (SELECT FROM {r}.clerk k WHERE k.clerk = e.clerk
  AND (h.clerk_role IS NULL OR k.role = h.clerk_role)
  AND (k.valid_from IS NULL OR k.valid_from
   <= {day_of: e.at}))$$,
    'clerk', 'true', 'the clerk of event e is known on its day');

INSERT INTO osms.definition (name, parameters, text, relation, otherwise, in_audit, comment) VALUES
    ('merged', '{column}',
    $$(c.{column} IN {heirs: c.old_{column}} OR EXISTS
  (SELECT FROM {r}.person_alias y
   WHERE y.old = c.{column} AND y.new = c.old_{column}
    AND y.undone_at IS NOT NULL))$$,
    'person_alias', 'false', 'false',
    'a column of a person follows recorded merges, or goes back when undone; of stored rows nothing '
    'was changed');

INSERT INTO osms.definition (name, parameters, text, relation, otherwise, comment) VALUES
    ('heirs', '{who}',
    $$(WITH RECURSIVE heir AS (SELECT y.new FROM {r}.person_alias y
   WHERE y.old = {who} AND y.undone_at IS NULL
  UNION SELECT y.new FROM heir JOIN {r}.person_alias y
   ON y.old = heir.new AND y.undone_at IS NULL)
  SELECT heir.new FROM heir)$$,
    'person_alias', '({who})', 'whom somebody is now, as far as merges stand');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('identified_still',
    $$(NOT EXISTS (SELECT FROM {r}.moved m
   WHERE m.relation = 'identity_event' AND m.application =
    {key_of: {ap}.application}) OR EXISTS (SELECT {admitted_events}
   AND e.application = {ap}.application AND {identifies: e; {ap}}))$$,
    'identity_event', 'true', 'where identifications of application ap have moved, one still counts');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('channel', '{ap}.channel', 'application', 'NULL::text', 'by which way the application came');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('ground', '{ap}.ground', 'application', 'NULL::text', 'on what ground');

INSERT INTO osms.definition (name, parameters, text, relation, otherwise, comment) VALUES
    ('follows', '{organisation}',
    $$(c.organisation = {organisation} OR c.organisation IN (WITH RECURSIVE heir AS
  (SELECT y.new, y.day FROM {r}.organisation_succession y
    WHERE y.old = {organisation} AND y.day <= c.since
   UNION SELECT y.new, y.day FROM heir
    JOIN {r}.organisation_succession y
    ON y.old = heir.new AND y.day BETWEEN heir.day AND c.since)
  SELECT heir.new FROM heir))$$,
    'organisation_succession', 'c.organisation = {organisation}',
    'the row''s organisation is this one, or has succeeded it by the first day');

INSERT INTO osms.definition (name, text, relation, otherwise, comment) VALUES
    ('residence', '{r}.residence', 'residence',
    $$(SELECT c.person, NULL::text AS region, NULL::text AS kind,
  NULL::date AS valid_from WHERE false)$$,
    'where persons live');

-- What a row shows of its person. A role that may not read persons is asked that
-- first; src/guard/discreet.c tells of it.
INSERT INTO osms.definition (name, text, comment) VALUES
    ('named_by_order',
    $${in_scope_by: (SELECT y.region FROM {r}.person y
 WHERE y.person = c.person); num_nonnulls(z.person, z.from_organisation, z.region) > 0}$$,
    'An order shows something of the persons whom its scope tells apart.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('attachment_shown', '{order}',
    $$CASE WHEN c.op = 'U'
  AND NOT {touched:application,order_key,restores,organisation}
  AND (NOT {touched:person} OR {merged:person}) THEN NULL
 WHEN num_nonnulls(c.application, c.order_key, c.restores) > 1
  THEN 'several_bases'
{basis_application: {application_used}; {moved_now}}
 WHEN c.order_key IS NOT NULL THEN CASE
  WHEN ({order}) IS NOT TRUE THEN 'no_basis' END
{basis_restores: {restored_now}}
 ELSE 'no_basis' END$$);

INSERT INTO osms.definition (name, text) VALUES
    ('application_shown',
    $$CASE WHEN c.op = 'U' AND NOT {touched:state,person} THEN NULL
 WHEN NOT {had_to_be_identified} THEN 'filed'
 WHEN NOT EXISTS (SELECT {counting_events})
  THEN 'not_identified' END$$);

INSERT INTO osms.definition (name, text, comment) VALUES
    ('application_filed',
    $$CASE WHEN (c.op <> 'U' OR {touched:state,person})
 AND NOT {had_to_be_identified} THEN 'filed' END$$,
    'Where nothing identifies anybody, what goes beyond a filing shows enough.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('identification_shown',
    $$CASE WHEN c.op = 'U' AND NOT {touched:person} THEN NULL
 ELSE nullif(coalesce((SELECT CASE WHEN h.writer IS NULL THEN 'filed'
   WHEN pg_has_role($1, h.writer, 'USAGE') THEN ''
   ELSE 'writer_without_channel' END FROM osms.channel h
   WHERE h.channel = c.channel
    AND h.valid_from <= (now() AT TIME ZONE {s}.time_zone)::date
   ORDER BY h.valid_from DESC, h.known_from DESC LIMIT 1), 'filed'),
  '') END$$,
    'Where a channel has no writer, who may write it shows nothing.');

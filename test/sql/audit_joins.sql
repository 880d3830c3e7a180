-- What audit sees at once, by joins of whole relations, against an oracle that looks for each row: rows made at random, of every kind.
SELECT * FROM no_plan();
SET client_min_messages = warning;
SET search_path = public, osms;
SELECT osms.create_registry('fund', cut_over => '2020-01-01', time_zone => 'UTC');
CREATE FUNCTION pg_temp.draw(n int, salt text, i bigint) RETURNS int LANGUAGE sql IMMUTABLE RETURN abs(hashtextextended(salt, i) % n);
CREATE FUNCTION pg_temp.day(salt text, i bigint) RETURNS date LANGUAGE sql IMMUTABLE
    RETURN date '2021-01-01' + 10 * pg_temp.draw(120, salt, i);
CREATE FUNCTION pg_temp.region(salt text, i bigint) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN (ARRAY['a', 'b', 'c'])[1 + pg_temp.draw(3, salt, i)];
INSERT INTO fund.organisation (organisation) SELECT i FROM generate_series(1, 20) i;
INSERT INTO fund.organisation_status (organisation, region, neighbours, valid_from)
SELECT i % 20 + 1, pg_temp.region('status', i), CASE i % 3 WHEN 0 THEN ARRAY[pg_temp.region('next', i)] END, pg_temp.day('status', i) - 300
    FROM generate_series(1, 50) i;
-- said later
INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, 'c', valid_from FROM fund.organisation_status
    WHERE organisation % 4 = 0;
INSERT INTO fund.contract (organisation, valid_from, valid_to)
SELECT i % 20 + 1, pg_temp.day('contract', i) - 300, CASE WHEN i % 4 > 0
    THEN pg_temp.day('contract', i) + 30 * (pg_temp.draw(20, 'end', i) - 11) END FROM generate_series(1, 80) i;
INSERT INTO fund.contract (organisation, valid_from, valid_to) SELECT organisation, valid_from, valid_from + 200 FROM fund.contract
    WHERE organisation % 3 = 0;
INSERT INTO fund.person (person, birth_date, sex, region)
SELECT i, '1980-01-01', 'male', CASE WHEN i % 10 > 0 THEN pg_temp.region('person', i) END FROM generate_series(1, 1500) i;
INSERT INTO fund.residence (person, region, kind, valid_from)
SELECT i % 1000 + 1, pg_temp.region('home', i % 1500), CASE i % 2 WHEN 0 THEN 'permanent' ELSE 'actual' END, pg_temp.day('home', i)
    FROM generate_series(1, 2500) i
ON CONFLICT DO NOTHING;
INSERT INTO fund.person_alias (old, new, valid_from, undone_at)
SELECT 1400 + i, i, '2022-01-01', CASE WHEN i % 2 = 0 THEN timestamptz '2022-02-01Z' END FROM generate_series(1, 60) i;
INSERT INTO fund.application (application, person, applicant, organisation, channel, ground, state, submitted_at, decided_at)
SELECT i, i, CASE WHEN i % 5 = 0 THEN i + 1 END, pg_temp.draw(20, 'clinic', i) + 1, 'service_centre', 'free_choice', 'approved', t,
    t + interval '1 day'
FROM generate_series(1, 1500) i, LATERAL (SELECT pg_temp.day('submitted', i)::timestamptz + interval '12 hours') s (t);
INSERT INTO fund.identity_event (event, person, applicant, application, channel, method, at)
SELECT i, a.application + (pg_temp.draw(10, 'who', i) = 0)::int, CASE pg_temp.draw(8, 'for', i) WHEN 0 THEN a.application + 2
    WHEN 1 THEN a.application WHEN 2 THEN a.applicant END,
       a.application, CASE WHEN pg_temp.draw(10, 'at', i) = 0 THEN 'egov' ELSE 'service_centre' END, CASE
           WHEN pg_temp.draw(10, 'how', i) = 0 THEN 'hearsay' ELSE 'biometric' END,
       a.submitted_at + interval '6 hours' * (pg_temp.draw(8, 'when', i) - 2)
FROM generate_series(1, 2200) i JOIN fund.application a ON a.application = i % 1450 + 1;
INSERT INTO fund.attachment (attachment, person, organisation, state, since, until, application)
SELECT i, i % 1500 + 1 + CASE WHEN i % 97 = 0 THEN 9000 ELSE 0 END, CASE WHEN i % 3 = 0 THEN pg_temp.draw(20, 'other', i) + 1
    ELSE a.organisation END,
       CASE pg_temp.draw(8, 'state', i) WHEN 0 THEN 'annulled' WHEN 1 THEN 'suspect' ELSE CASE WHEN i % 2 = 0 THEN 'closed'
           ELSE 'active' END END::osms.attachment_state,
       d, CASE WHEN i % 2 = 0 THEN d + 10 * pg_temp.draw(60, 'length', i) END, CASE WHEN i % 4 > 0 THEN a.application END
FROM generate_series(1, 3000) i JOIN fund.application a ON a.application = i % 1500 + 1, LATERAL (SELECT pg_temp.day('since', i)) s (d);
ANALYZE;

-- where a person lives on a day, and whether an organisation serves it
CREATE FUNCTION pg_temp.homes(who bigint, whose text, day date) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(x.region), ARRAY[whose]) FROM fund.residence x WHERE x.person = who AND x.valid_from <= day
       AND NOT EXISTS (SELECT FROM fund.residence y WHERE y.person = who AND y.kind = x.kind AND y.valid_from <= day
           AND y.valid_from > x.valid_from) $$;
CREATE FUNCTION pg_temp.place(who bigint, whose text, clinic bigint, day date) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN max(x.valid_from) IS NULL THEN 'unknown_region_of_organisation'
        WHEN array_remove(pg_temp.homes(who, whose, day), NULL) = '{}' THEN 'unknown_residence'
                WHEN NOT EXISTS (SELECT FROM fund.organisation_status y WHERE y.organisation = clinic AND y.valid_from = max(x.valid_from)
                                 AND y.known_from = (SELECT max(z.known_from) FROM fund.organisation_status z
                                     WHERE z.organisation = clinic AND z.valid_from = y.valid_from)
                                 AND pg_temp.homes(who, whose, day) && (y.region || coalesce(y.neighbours, '{}'))) THEN 'other_territory'
                                     END
    FROM fund.organisation_status x WHERE x.organisation = clinic AND x.valid_from <= day $$;
CREATE TABLE oracle AS
SELECT c.attachment AS key, v.rule, v.finding FROM fund.attachment c LEFT JOIN fund.person p USING (person), LATERAL (VALUES
    ('person_known', CASE WHEN p.person IS NULL THEN 'unknown_person' WHEN c.state <> 'annulled'
        AND EXISTS (SELECT FROM fund.person_alias x WHERE x.old = c.person AND x.undone_at IS NULL) THEN 'merged_person' END),
    ('contracted', CASE WHEN c.state <> 'annulled' AND NOT EXISTS (SELECT FROM fund.contract x WHERE x.organisation = c.organisation
        AND x.known_from = (SELECT max(y.known_from) FROM fund.contract y
            WHERE y.organisation = x.organisation AND y.valid_from = x.valid_from) AND daterange(c.since, c.since, '[]') <@
        CASE WHEN x.valid_from < coalesce(x.valid_to, 'infinity') THEN daterange(x.valid_from, x.valid_to) ELSE 'empty' END)
            THEN 'no_contract' END),
    ('same_territory', CASE WHEN c.state <> 'annulled' AND p.person IS NOT NULL
        THEN pg_temp.place(c.person, p.region, c.organisation, c.since) END),
    ('lost_territory', CASE WHEN c.state IN ('active', 'suspect') AND c.since <= current_date
        AND coalesce(c.until, 'infinity') > current_date
        AND pg_temp.place(c.person, p.region, c.organisation, current_date) = 'other_territory'
            AND pg_temp.place(c.person, p.region, c.organisation, c.since) IS NULL THEN 'moved_away' END),
    ('one_attachment', CASE WHEN c.state <> 'annulled' AND c.since < coalesce(c.until, 'infinity')
        AND EXISTS (SELECT FROM fund.attachment x WHERE x.person = c.person AND x.state <> 'annulled'
        AND (x.since, x.attachment) < (c.since, c.attachment) AND x.since < coalesce(x.until, 'infinity')
            AND coalesce(x.until, 'infinity') > c.since) THEN 'overlap' END)
    ) v (rule, finding) WHERE v.finding IS NOT NULL
UNION ALL
SELECT c.application, v.rule, v.finding FROM fund.application c CROSS JOIN LATERAL
    (SELECT count(*) AS n, count(*) FILTER (WHERE e.at BETWEEN c.submitted_at - interval '5 minutes'
        AND c.decided_at + interval '5 minutes') AS in_order
     FROM fund.identity_event e WHERE e.application = c.application AND e.channel = c.channel AND e.method = 'biometric'
        AND (e.person = c.person AND coalesce(e.applicant, e.person) IN (e.person, c.applicant) OR e.person = c.applicant)) seen,
    LATERAL (VALUES ('identified', CASE WHEN seen.n = 0 THEN 'not_identified' END),
        ('decision_order', CASE WHEN seen.n > 0 AND seen.in_order = 0 THEN 'identified_out_of_order' END)) v (rule, finding)
WHERE v.finding IS NOT NULL;
SELECT cmp_ok((SELECT count(DISTINCT (rule, finding))::int FROM oracle), '>=', 10, 'there is something of everything to find');
SELECT bag_eq($$SELECT key, rule, finding FROM osms.audit('fund',
    '{person_known,contracted,same_territory,lost_territory,one_attachment,identified,decision_order}')
    WHERE relation IN ('attachment', 'application')$$,
    $$SELECT key::text, rule, finding FROM oracle$$, 'audit and oracle find the same');
SELECT * FROM finish();

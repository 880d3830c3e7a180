-- A registry of :persons made-up persons in the year 2025, the same in every run, random events in their lives, and a memory of what was
-- changed in place, so that one dump at the end tells what every month was closed and restated by.
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
SELECT setseed(0.25);
CREATE FUNCTION pick(upto int) RETURNS int LANGUAGE sql VOLATILE RETURN least(floor(random() * upto)::int, upto - 1);

-- A scheme for every month. Each choice is somewhere; in one month heads are counted as :snapshot says, for person_days of many
-- persons take their time.
INSERT INTO osms.act (act, title) VALUES ('order-1', 'Made up for the oracle');
INSERT INTO osms.scheme (scheme, combination, snapshot, age_on, rate_on, coefficient_over, suspect, coefficient_rounding, rate_rounding,
    amount_rounding, uninsured,
    insurance_lag, insurance_unknown, grace, list_limit, both_reductions, inactive, cap, restored, valid_from, known_from, act)
SELECT 'month ' || m, p.choice ->> 'combination', CASE m WHEN 9 THEN :'snapshot' WHEN 3 THEN 'first_day' WHEN 7 THEN 'first_day'
    ELSE 'last_day' END,
       p.choice ->> 'age_on', p.choice ->> 'rate_on', p.choice ->> 'coefficient_over', p.choice ->> 'suspect',
       CASE m % 4 WHEN 1 THEN 4 WHEN 2 THEN 6 END, CASE m % 5 WHEN 0 THEN NULL WHEN 1 THEN 4 ELSE 2 END, CASE m % 6 WHEN 4 THEN 0
           ELSE 2 END,
       CASE m WHEN 5 THEN 'full' ELSE 'reduced' END, CASE m % 5 WHEN 2 THEN 0 WHEN 3 THEN 3 ELSE 1 END, p.choice ->> 'insurance_unknown',
           p.choice ->> 'grace',
       CASE m WHEN 9 THEN 'last_attached' ELSE p.choice ->> 'list_limit' END, p.choice ->> 'both_reductions', CASE m WHEN 4 THEN 'none'
           WHEN 8 THEN 'any_month' ELSE 'whole_year' END,
       CASE m WHEN 10 THEN 'cut' WHEN 6 THEN 'none' ELSE 'carried' END,
       CASE m % 6 WHEN 1 THEN 'paid' WHEN 2 THEN 'unpaid' ELSE 'served' END, '2020-01-01', '2020-01-01', 'order-1'
FROM generate_series(1, 12) AS m, LATERAL (
    SELECT jsonb_object_agg(q.property, q.choices[1 + pick(cardinality(q.choices) + 0 * m)]) AS choice FROM osms.scheme_property() AS q
        WHERE q.choices IS NOT NULL) AS p;
INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
SELECT scheme, a, b, s, w + CASE s WHEN 'male' THEN 0 ELSE 0.0123 END, '2020-01-01', '2020-01-01', 'order-1'
FROM osms.scheme, (VALUES (0, 1, 3.5001), (1, 18, 1.2), (18, 65, 0.7), (65, NULL, 1.9333)) AS w (a, b, w),
    unnest('{male,female}'::osms.sex[]) AS s WHERE act = 'order-1';
INSERT INTO osms.base_rate (scheme, region, class, rate, valid_from, known_from, act)
SELECT scheme, r, c, b, '2020-01-01', '2020-01-01', 'order-1'
FROM osms.scheme, (VALUES (NULL, 'urban', 1010.11), (NULL, 'rural', 1212.13), ('r3', 'rural', 1333.33)) AS e (r, c, b)
    WHERE act = 'order-1';
INSERT INTO osms.norm_step (scheme, above, share, valid_from, known_from, act)
SELECT scheme, a, w, '2020-01-01', '2020-01-01', 'order-1' FROM osms.scheme, (VALUES (100, 0.8), (130.5, 0.5)) AS e (a, w)
    WHERE act = 'order-1';
INSERT INTO osms.parameter (name, value, valid_from, known_from, act) VALUES
    ('uninsured_share', '0.90', '2025-01-01', '2024-12-01', 'order-1'), ('inactive_share', '0.80', '2025-04-01', '2024-12-01', 'order-1');

INSERT INTO fund.organisation (organisation) SELECT generate_series(1, 60);
-- 57 has no class, 58 a class without rate, 59 no contract, and 60 nobody, before events mend that
INSERT INTO fund.organisation_status (organisation, region, class, valid_from)
SELECT o, 'r' || o % 5, CASE WHEN o = 57 THEN NULL WHEN o = 58 THEN 'remote' WHEN o % 2 = 0 THEN 'urban' ELSE 'rural' END, '2020-01-01'
    FROM generate_series(1, 60) AS o;
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) SELECT o, 'r3', 'rural', '2025-05-16'
    FROM generate_series(4, 60, 9) AS o;
INSERT INTO fund.contract (organisation, valid_from, yearly_amount)
SELECT o, '2020-01-01', CASE o % 3 WHEN 0 THEN :persons * (60 + o * 2) END FROM generate_series(1, 60) AS o WHERE o <> 59;
INSERT INTO fund.coefficient (organisation, kind, value, valid_from, known_from, act)
SELECT o, k, round(0.9 + random()::numeric / 3, 4), '2020-01-01', '2020-01-01', 'order-1'
    FROM generate_series(1, 60) AS o, unnest('{rural,density,heating}'::text[]) AS k WHERE (o + length(k)) % 3 > 0;
INSERT INTO fund.site (organisation, site, norm, valid_from)
SELECT o, s::text, CASE WHEN o % 7 > 0 THEN :persons * (3 + pick(4)) / 12000 + 1 END, '2020-01-01'
    FROM generate_series(1, 60) AS o, generate_series(1, 2) AS s;
INSERT INTO fund.payment (organisation, month, amount) SELECT o, '2025-01-01', :persons * 10 FROM generate_series(1, 60, 6) AS o;

INSERT INTO fund.person (person, birth_date, sex)
SELECT i, CASE WHEN i % 80 > 0 THEN date '2025-06-30' - pick(34500) END, CASE pick(40) WHEN 0 THEN NULL
    ELSE (ARRAY['male', 'female'])[1 + pick(2)] END::osms.sex
FROM generate_series(1, :persons) AS i;
INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
SELECT i, i, 1 + i % 59, CASE pick(6) WHEN 0 THEN '1' WHEN 1 THEN '2' WHEN 2 THEN '3' END, 'active', CASE pick(9)
    WHEN 0 THEN date '2025-01-01' + pick(330) ELSE date '2023-01-01' + pick(720) END
FROM generate_series(1, :persons) AS i WHERE i % 20 > 0;
INSERT INTO fund.insurance (person, month, category, paid)
SELECT i, m::date, (ARRAY['1', '7', 'M1', NULL])[1 + i % 4], (ARRAY[true, true, false, NULL])[1 + pick(4)]
FROM generate_series(4, :persons, 4) AS i, generate_series('2024-08-01'::date, '2025-12-01', '1 month') AS m WHERE random() < 0.6;
INSERT INTO fund.service (service, person, organisation, served_on, denied_at)
SELECT a.attachment, a.person, a.organisation, date '2025-01-01' + pick(365), CASE pick(20) WHEN 0 THEN now() END FROM fund.attachment AS a
    WHERE random() < 0.8;
CREATE INDEX ON fund.attachment (state) WHERE state = 'annulled';
CREATE INDEX ON fund.attachment (restores);
CREATE INDEX ON fund.person (death_date) WHERE death_date IS NOT NULL;
SELECT osms.guard('fund',
    '{"basis": "off", "no_backdating": "off", "contracted": "off", "same_territory": "off", "free_choice_limit": "off"}');
CALL osms.fill_roster('fund', batch => NULL);

-- What is changed in place is remembered: a row stood in its table from a moment to another.
CREATE SCHEMA past;
CREATE FUNCTION past.remember() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        EXECUTE format(
            'UPDATE past.%I SET stood_to = clock_timestamp() WHERE (%2$s) = (SELECT %2$s FROM (SELECT ($1).*) AS gone) AND stood_to '
            '= ''infinity''', TG_TABLE_NAME, TG_ARGV[0]) USING OLD;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE format('INSERT INTO past.%I SELECT ($1).*, clock_timestamp(), ''infinity''', TG_TABLE_NAME) USING NEW;
    END IF;
    RETURN NULL;
END $$;
SELECT format(
    'CREATE TABLE past.%1$I AS SELECT *, timestamptz ''-infinity'' AS stood_from, timestamptz ''infinity'' AS stood_to FROM fund.%1$I',
    relation),
       format('CREATE INDEX ON past.%I (%s)', relation, key),
       format('CREATE TRIGGER remember AFTER INSERT OR UPDATE OR DELETE ON fund.%I FOR EACH ROW EXECUTE FUNCTION past.remember(%L)',
           relation, key)
FROM (SELECT DISTINCT relation, primary_key FROM osms.registry_columns()) AS c (relation, key)
WHERE relation IN ('person', 'organisation_status', 'contract', 'coefficient', 'insurance', 'service', 'site', 'payment')
\gexec
ANALYZE;

-- Random events, each in a transaction and at a moment of its own. What a rule refuses has not happened.
CREATE TABLE happened (nth int, event text, refused text);
CREATE FUNCTION event(nth int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    someone int := 1 + pick((SELECT max(person)::int FROM fund.person));
    somewhere int := 1 + pick(60);
    a fund.attachment;
    day date := date '2024-12-15' + pick(381);
    kind text := (ARRAY['base_rate', 'weights', 'norm_steps', 'parameter', 'scheme'])[1 + pick(5)];
    scheme text := 'month ' || 1 + pick(12);
    event text := (ARRAY['death', 'death', 'death undone', 'annulment', 'annulment', 'move', 'move', 'move', 'move', 'departure', 'return',
        'restoration', 'restoration', 'restoration', 'birth', 'birth date', 'birth date', 'sex',
        'no birth date', 'suspicion', 'suspicion', 'site', 'coefficient', 'contribution', 'contribution', 'contribution', 'service',
            'service', 'denial', 'status', 'contract',
        'contract', 'norm', 'tariff'])[1 + pick(34)];
BEGIN
    SELECT x.* INTO a FROM fund.attachment AS x WHERE x.person = someone AND state <> 'annulled' ORDER BY since DESC LIMIT 1;
    CASE event
        WHEN 'death' THEN UPDATE fund.person SET death_date = day WHERE person = someone;
        WHEN 'death undone' THEN UPDATE fund.person SET death_date = NULL
            WHERE person = (SELECT person FROM fund.person WHERE death_date IS NOT NULL ORDER BY random() LIMIT 1);
        WHEN 'annulment' THEN UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment = a.attachment;
        WHEN 'move', 'departure' THEN
            UPDATE fund.attachment SET state = 'closed', until = day, reason = 'moved_to_other'
                WHERE attachment = a.attachment AND state = 'active' AND since < day;
            IF event = 'move' AND FOUND THEN
                INSERT INTO fund.attachment (attachment, person, organisation, site, state, since)
                    VALUES (1000000 + nth, someone, somewhere, nullif(pick(3), 0)::text, 'active', day);
            END IF;
        WHEN 'return' THEN
            INSERT INTO fund.attachment (attachment, person, organisation, site, state, since, restores)
            SELECT 1000000 + nth, x.person, x.organisation, x.site, 'active', x.since, x.attachment FROM fund.attachment AS x
            WHERE x.state = 'annulled' AND NOT EXISTS (SELECT FROM fund.attachment AS y WHERE y.restores = x.attachment)
                ORDER BY random() LIMIT 1;
        WHEN 'restoration' THEN
            -- a move is annulled, the organisation before gets the person back; some of them it had served
            SELECT x.* INTO a FROM fund.attachment AS x WHERE x.state IN ('active', 'suspect') AND x.attachment > 1000000
                AND x.restores IS NULL
                AND EXISTS (SELECT FROM fund.attachment AS y WHERE y.person = x.person AND y.state = 'closed' AND y.until = x.since)
                    ORDER BY random() LIMIT 1;
            UPDATE fund.attachment SET state = 'annulled', reason = 'unlawful' WHERE attachment = a.attachment;
            PERFORM osms.reopen('fund', x.attachment::text, (1000000 + nth)::text) FROM fund.attachment AS x
                WHERE x.person = a.person AND x.state = 'closed' AND x.until = a.since ORDER BY x.attachment LIMIT 1;
            INSERT INTO fund.service (service, person, organisation, served_on) SELECT 1000000 + nth, x.person, x.organisation, day
                FROM fund.attachment AS x WHERE x.attachment = 1000000 + nth AND nth % 2 = 0;
        WHEN 'birth' THEN
            INSERT INTO fund.person (person, birth_date, sex) SELECT max(person) + 1, day, 'female' FROM fund.person;
            INSERT INTO fund.attachment (attachment, person, organisation, state, since) SELECT 1000000 + nth, max(person), somewhere,
                'active', day FROM fund.person;
        WHEN 'birth date' THEN UPDATE fund.person SET birth_date = date '2025-12-31' - pick(34500) WHERE person = someone;
        WHEN 'no birth date' THEN UPDATE fund.person SET birth_date = NULL WHERE person = someone;
        WHEN 'sex' THEN UPDATE fund.person SET sex = CASE sex WHEN 'male' THEN 'female' ELSE 'male' END::osms.sex WHERE person = someone;
        WHEN 'suspicion' THEN
            UPDATE fund.attachment SET state = CASE state WHEN 'active' THEN 'suspect' ELSE 'active' END::osms.attachment_state,
                reason = 'unlawful'
            WHERE attachment = a.attachment AND state IN ('active', 'suspect');
        WHEN 'site' THEN UPDATE fund.attachment SET site = nullif(pick(4), 0)::text WHERE attachment = a.attachment;
        WHEN 'coefficient' THEN
            INSERT INTO fund.coefficient VALUES (somewhere, (ARRAY['rural', 'density', 'heating'])[1 + pick(3)],
                round(0.8 + random()::numeric / 2, 4), day, clock_timestamp(), 'order-1');
        WHEN 'contribution' THEN
            -- told for the first time, told otherwise later, or changed in place
            IF nth % 3 > 0 THEN
                INSERT INTO fund.insurance (person, month, category, paid)
                    VALUES (someone, date_trunc('month', day), (ARRAY['1', 'M2', NULL])[1 + pick(3)],
                    (ARRAY[true, false, NULL])[1 + pick(3)]);
            ELSE
                UPDATE fund.insurance SET paid = NOT paid WHERE person = someone;
            END IF;
        WHEN 'service' THEN INSERT INTO fund.service (service, person, organisation, served_on)
            VALUES (1000000 + nth, someone, coalesce(a.organisation, somewhere), day);
        WHEN 'denial' THEN UPDATE fund.service SET denied_at = CASE WHEN denied_at IS NULL THEN clock_timestamp() END
            WHERE service = someone;
        WHEN 'status' THEN
            INSERT INTO fund.organisation_status (organisation, region, class, valid_from)
                VALUES (CASE pick(6) WHEN 0 THEN 57 ELSE somewhere END, 'r' || pick(5), (ARRAY['urban', 'rural'])[1 + pick(2)], CASE pick(3)
                WHEN 0 THEN '2020-01-01' ELSE day END);
        WHEN 'contract' THEN
            IF nth % 3 = 0 THEN
                UPDATE fund.contract SET yearly_amount = round(yearly_amount * (0.8 + random()::numeric / 2))
                    WHERE organisation = somewhere;
            ELSE
                INSERT INTO fund.contract (organisation, valid_from, valid_to, yearly_amount)
                SELECT c.organisation, c.valid_from, CASE WHEN c.valid_to IS NULL AND nth % 9 = 1 THEN day END,
                    round(c.yearly_amount * (0.8 + random()::numeric / 2))
                FROM fund.contract AS c WHERE c.organisation = somewhere ORDER BY c.valid_from DESC, c.known_from DESC LIMIT 1;
                IF NOT FOUND THEN
                    INSERT INTO fund.contract (organisation, valid_from) VALUES (somewhere, day);
                END IF;
            END IF;
        WHEN 'norm' THEN
            IF nth % 3 = 0 THEN
                UPDATE fund.site SET norm = norm * (4 + pick(4)) / 5 WHERE organisation = somewhere AND site = '1';
            ELSE
                INSERT INTO fund.site (organisation, site, norm, valid_from)
                    VALUES (somewhere, '1', (SELECT max(norm) FROM fund.site) * (1 + pick(8)) / 8, CASE pick(2) WHEN 0 THEN '2020-01-01'
                    ELSE day END);
            END IF;
        WHEN 'tariff' THEN
            event := kind;
            CASE kind
                WHEN 'base_rate' THEN
                    INSERT INTO osms.base_rate (scheme, region, class, rate, valid_from, known_from, act)
                    VALUES (scheme, (ARRAY['r2', NULL])[1 + nth % 2], (ARRAY['urban', 'rural', 'remote'])[1 + pick(3)],
                        1000 + pick(40000) / 100.0, day, clock_timestamp(), 'order-1');
                WHEN 'weights' THEN
                    INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
                    SELECT scheme, x, y, s, round(0.5 + random()::numeric, 4), day, now(), 'order-1'
                    FROM (VALUES (0, 7), (7, 50), (50, CASE WHEN nth % 5 = 0 THEN 90 END)) AS w (x, y),
                        unnest('{male,female}'::osms.sex[]) AS s;
                WHEN 'norm_steps' THEN
                    INSERT INTO osms.norm_step (scheme, above, share, valid_from, known_from, act)
                    SELECT scheme, x, y, day, now(), 'order-1' FROM (VALUES (100, 1), (110, 0.85), (150, pick(2) * 0.4)) AS w (x, y);
                WHEN 'parameter' THEN
                    INSERT INTO osms.parameter (name, value, valid_from, known_from, act)
                    SELECT p.name, p.value, day, clock_timestamp(), 'order-1'
                    FROM (VALUES ('uninsured_share', '0.85'), ('inactive_share', '0.75'), ('insurance_grace_months', '1'),
                        ('insurance_exempt_categories', '{M2}')) AS p (name, value) ORDER BY random() LIMIT 1;
                WHEN 'scheme' THEN
                    INSERT INTO osms.scheme
                    SELECT (jsonb_populate_record(s, jsonb_build_object('known_from', clock_timestamp(), p.property,
                        p.choices[1 + pick(cardinality(p.choices))]))).*
                    FROM osms.scheme_on(scheme, '2025-12-31', clock_timestamp()) AS s, osms.scheme_property() AS p
                        WHERE p.choices IS NOT NULL
                        AND (p.property <> 'snapshot' OR EXISTS (SELECT FROM osms.scheme AS d WHERE d.snapshot = 'person_days'))
                            ORDER BY random() LIMIT 1;
            END CASE;
    END CASE;
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    INSERT INTO happened VALUES (nth, event);
    RETURN event;
EXCEPTION WHEN integrity_constraint_violation THEN
    INSERT INTO happened VALUES (nth, event, SQLERRM);
    RETURN NULL;
END $$;

-- The year: events, a month is closed, events, some months are corrected; in the end all of them. After that two persons who are alike
-- change places, so that no line changes, but the ledger does.
CREATE PROCEDURE live(events int, months int) LANGUAGE plpgsql AS $$
DECLARE
    nth int := 0;
    first date;
    month date;
BEGIN
    FOR m IN 13 - months .. 12 LOOP
        first := make_date(2025, m, 1);
        FOR half IN 1 .. 2 LOOP
            FOR i IN 1 .. events / months / 2 LOOP
                nth := nth + 1;
                PERFORM event(nth);
                COMMIT;
            END LOOP;
            IF half = 1 THEN
                PERFORM osms.close_month('fund', first, 'month ' || m);
                COMMIT;
            END IF;
        END LOOP;
        IF m = 12 THEN
            INSERT INTO fund.person (person, birth_date, sex) SELECT max(p.person) + twin, '1980-01-01', 'female'
                FROM fund.person AS p, generate_series(1, 2) AS twin GROUP BY twin;
            INSERT INTO fund.attachment (attachment, person, organisation, state, since)
            SELECT 900000 + p.person % 2, p.person, 1 + p.person % 2, 'active', '2025-06-01' FROM fund.person AS p
                ORDER BY p.person DESC LIMIT 2;
            COMMIT;
        END IF;
        FOR month IN SELECT s.month FROM fund.statement AS s WHERE m = 12 OR (extract(month FROM s.month) + m) % 4 = 0 OR s.month = first
            ORDER BY 1 LOOP
            PERFORM osms.post_restatement('fund', month);
            COMMIT;
        END LOOP;
    END LOOP;
    UPDATE fund.attachment SET state = 'closed', until = '2025-12-20', reason = 'moved_to_other' WHERE attachment IN (900000, 900001);
    INSERT INTO fund.attachment (attachment, person, organisation, state, since)
    SELECT a.attachment + 2, a.person, 3 - a.organisation, 'active', '2025-12-20' FROM fund.attachment AS a
        WHERE a.attachment IN (900000, 900001);
    COMMIT;
    PERFORM osms.post_restatement('fund', '2025-12-01');
END $$;

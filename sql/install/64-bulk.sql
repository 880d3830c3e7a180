
--
-- bulk workflow: what happens to many on one day. The persons are locked
-- first, in the order of their keys; then everything is one statement a
-- relation, on the table behind it.
--
CREATE FUNCTION osms_internal.source_rows(registry text, relation text, event text, columns text[], INOUT rows text,
                                          OUT canonical regclass, OUT target regclass, OUT key text, OUT "values" text) RETURNS record
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    mapping text[];
    given text;
    lost text;
BEGIN
    canonical := osms_internal.need_relation(registry, relation);
    key := (SELECT c."column" FROM osms.registry_columns() c WHERE c.relation = source_rows.relation AND c."position" = 1);
    mapping := osms_internal.written_arguments(canonical);
    IF mapping IS NULL THEN
        -- a table is its own source, and a view that is not the image of one table knows how it is written
        target := canonical;
        RETURN;
    END IF;
    target := osms.mapped_source(canonical);
    -- a key that the source computes is not written, but rows are found by it
    IF event = 'update' AND NOT EXISTS (SELECT FROM generate_series(4, cardinality(mapping), 3) p WHERE mapping[p] = source_rows.key) THEN
        mapping := mapping || ARRAY[mapping[1], mapping[2], replace(mapping[3], 'old.', 'new.')];
    END IF;
    SELECT c INTO lost FROM unnest(columns) c
    WHERE c NOT IN (SELECT mapping[p] FROM generate_series(4, cardinality(mapping), 3) p) ORDER BY c LIMIT 1;
    IF lost IS NOT NULL THEN
        RAISE EXCEPTION 'column "%" of mapped relation "%" can only be read', lost, relation
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Give osms.map() a column, or an expression with its "write".';
    END IF;
    -- the canonical row as it will be: what an update leaves alone is read from the view
    SELECT string_agg(CASE WHEN a.attname = ANY (columns) THEN format('r.%I', a.attname)
                           WHEN event = 'update' THEN format('v.%I', a.attname)
                           ELSE format('NULL::%s AS %I', osms_internal.column_type(canonical, a.attname), a.attname) END, ', '
                               ORDER BY a.attnum)
    INTO given FROM pg_attribute a WHERE a.attrelid = canonical AND a.attnum > 0 AND NOT a.attisdropped;
    rows := CASE event WHEN 'insert' THEN format('SELECT %s FROM (%s) r', given, rows)
                       ELSE format('SELECT %s FROM (%s) r JOIN %s v ON v.%I %s r.%4$I', given, rows, canonical, key,
                                   osms_internal.equality(osms_internal.column_type(canonical, key)::regtype)) END;
    -- chosen as the view's trigger does: an insert leaves a plain column without a value to the source
    SELECT format('SELECT %s FROM given new', string_agg(format('(%s)::%s AS %I', mapping[p + 2],
               coalesce(osms_internal.column_type(target, mapping[p + 1]), 'text'), mapping[p + 1]), ', ' ORDER BY p)) INTO "values"
    FROM generate_series(4, cardinality(mapping), 3) p
    WHERE mapping[p] = ANY (columns) OR event = 'insert' AND mapping[p + 2] NOT IN ('new.' || mapping[p], format('new."%s"', mapping[p]));
    key := mapping[2];
END $$;
COMMENT ON FUNCTION osms_internal.source_rows(text, text, text, text[], text) IS
'how canonical rows that the query rows gives become rows of the table behind a relation (event: insert, update)
rows, a query that has every canonical column; values, a query of its result, "given", with columns and types of the table, by
the inverse of the mapping (NULL for a table of the registry); key, the column by which the table is updated. columns: those
rows gives, by their canonical names; for an update the key is among them. 55000 for a column that can only be read';

CREATE FUNCTION osms_internal.run_writes(registry text, relation text, event text, columns text[], rows text, arguments text[]) RETURNS void
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'osms_run_writes';
COMMENT ON FUNCTION osms_internal.run_writes(text, text, text, text[], text, text[]) IS
'inserts or updates (event: insert, update) canonical rows on the table behind a relation, in one statement
rows: a query with parameters that are texts, whose columns have the names and the very types of the relation''s; it runs as the
caller, the inverse of the mapping as the owner of the mapped relation, and the triggers of the table as those of
osms_internal.run_write. 42703 and 42804 for columns that are not the relation''s';

CREATE FUNCTION osms_internal.write_rows(registry text, relation text, event text, columns text[], arrays text[], constants jsonb)
    RETURNS void
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    target CONSTANT regclass := osms_internal.need_relation(registry, relation);
    n CONSTANT integer := cardinality(columns);
    lost record;
    all_columns text[];
    arguments text[];
    rows text;
    undone boolean;
BEGIN
    IF event NOT IN ('insert', 'update') OR n = 0 OR n <> cardinality(arrays) THEN
        RAISE EXCEPTION 'rows of relation "%" need an event, insert or update, and columns with an array for each', relation
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT c.k, c.v INTO lost FROM jsonb_each_text(constants) c (k, v) WHERE NOT osms_internal.can_write(target, c.k, c.v)
        ORDER BY c.k LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'registry "%" cannot keep % "%" of relation "%"', registry, lost.k, lost.v, relation
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Its mapping has no column, or no code, for it: map the relation again with osms.map().';
    END IF;
    SELECT columns || coalesce(array_agg(k ORDER BY k), '{}'), arrays || coalesce(array_agg(v ORDER BY k), '{}')
    INTO all_columns, arguments FROM jsonb_each_text(constants) t (k, v);
    SELECT format('SELECT %s FROM unnest(%s) u (%s)',
                  string_agg(CASE WHEN place <= n THEN format('u.%I', c)
                                  ELSE format('$%s::%s AS %I', place, osms_internal.column_type(target, c), c) END, ', ' ORDER BY place),
                  string_agg(format('$%s::%s[]', place, osms_internal.column_type(target, c)), ', '
                             ORDER BY place) FILTER (WHERE place <= n),
                  string_agg(format('%I', c), ', ' ORDER BY place) FILTER (WHERE place <= n))
    INTO rows FROM unnest(all_columns) WITH ORDINALITY u (c, place);
    PERFORM osms_internal.run_writes(registry, relation, event, all_columns, rows, arguments);
    IF event = 'update' AND constants ? 'state' THEN
        -- not gone on, but where the step could still be taken
        EXECUTE format('SELECT EXISTS (SELECT FROM %s x WHERE x.%I %s ANY ($1::%s[]) AND x.state::text = ANY ($2))',
                       target, columns[1], osms_internal.equality(osms_internal.column_type(target, columns[1])::regtype),
                           osms_internal.column_type(target, columns[1]))
        INTO undone USING arrays[1], ARRAY(SELECT t.from_state FROM osms.transitions(relation) t WHERE t.to_state = constants ->> 'state');
        IF undone THEN
            RAISE EXCEPTION 'relation "%" of registry "%" has not kept what was written', relation, registry
                USING ERRCODE = 'triggered_data_change_violation',
                      HINT = 'Let no trigger of the table behind it skip rows that calls write, or set their columns back.';
        END IF;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.write_rows(text, text, text, text[], text[], jsonb) IS
'inserts or updates canonical rows in one statement on the table behind a relation
columns, the array of values of each as text, and constants (object of column and value) that all rows have; of an update the
key comes first. 55000 for a value that cannot be kept, 27000 where a trigger of the table has skipped rows or set their state
back';

-- Closes what reaches beyond a day of persons who get a new attachment then.
CREATE FUNCTION osms_internal.close_attachments(registry text, persons text[], day date) RETURNS void
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    attachments CONSTANT regclass := osms_internal.need_relation(registry, 'attachment');
    ending jsonb := jsonb_build_object('state', 'closed', 'until', day);
    keys text[];
BEGIN
    IF osms_internal.can_write(attachments, 'reason', 'moved_to_other') THEN
        ending := ending || '{"reason": "moved_to_other"}';
    END IF;
    EXECUTE format('SELECT array_agg(a.attachment::text) FROM %s a WHERE a.person = ANY ($1::%s[]) AND a.since < $2
        AND a.state IN (''active'', ''suspect'', ''closed'') AND (a.until IS NULL OR a.until > $2)',
        attachments, osms_internal.column_type(attachments, 'person'))
    INTO keys USING persons, day;
    PERFORM osms_internal.write_rows(registry, 'attachment', 'update', '{attachment}', ARRAY[keys::text], ending) WHERE keys IS NOT NULL;
END $$;
COMMENT ON FUNCTION osms_internal.close_attachments(text, text[], date) IS
    'closes on a day what persons are attached to, in one statement; called by osms.take_effect and osms.move_by_order';

-- What becomes of the applications deferred to a day, of persons who are locked.
CREATE FUNCTION osms_internal.due_applications(registry text, persons text[], day date, OUT application text, OUT person text,
                                               OUT organisation text, OUT outcome text)
    RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE STRICT
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    contracts CONSTANT regclass := osms.relation_of(registry, 'contract');
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT x.application::text, x.person::text, x.organisation::text,
               CASE WHEN p.person IS NULL THEN 'unknown_person'
                    WHEN p.death_date IS NOT NULL THEN 'dead'
                    WHEN EXISTS (SELECT FROM %1$s y WHERE y.person = x.person AND y.application <> x.application
                                 AND (y.state IN ('approved', 'attached') OR y.state = 'deferred' AND y.effective_on = $2)
                                 AND (coalesce(y.submitted_at, y.decided_at), y.application)
                                   > (coalesce(x.submitted_at, x.decided_at), x.application)
                                 AND NOT EXISTS (SELECT FROM %2$s b WHERE b.person = x.person AND b.application = y.application
                                                 AND b.state = 'annulled')) THEN 'replaced'
                    WHEN %4$s THEN 'lapsed'
                    WHEN EXISTS (SELECT FROM %2$s b WHERE b.person = x.person AND b.since >= $2 AND b.state <> 'annulled') THEN 'conflict'
                    ELSE 'attached' END
        FROM %1$s x LEFT JOIN %3$s p ON p.person = x.person
        WHERE x.state = 'deferred' AND x.effective_on = $2 AND x.person = ANY ($1::%5$s[])
        ORDER BY x.person, x.application$query$,
        osms_internal.need_relation(registry, 'application'), osms_internal.need_relation(registry, 'attachment'),
            osms_internal.need_relation(registry, 'person'),
        CASE WHEN contracts IS NULL THEN 'false'
             ELSE format('NOT EXISTS (SELECT FROM %s c WHERE c.organisation = x.organisation AND c.valid_from <= $2
                 AND (c.valid_to IS NULL OR c.valid_to > $2))', contracts) END,
        osms_internal.column_type(osms.relation_of(registry, 'application'), 'person'))
    USING persons, day;
END $$;
COMMENT ON FUNCTION osms_internal.due_applications(text, text[], date) IS
'the applications of persons deferred to a day and what becomes of each
attached, lapsed (no contract), replaced (a later application), dead, unknown_person, conflict (attached from that day on
already); called by osms.take_effect';

CREATE FUNCTION osms.take_effect(registry text, day date, OUT outcome text, OUT applications bigint, OUT changed bigint)
    RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    filed regclass;
    persons text[];
    organisations text[];
    due record;
    named boolean;
    left_over text[];
BEGIN
    PERFORM osms_internal.need_arguments('take_effect', jsonb_build_object('registry', registry, 'day', day));
    filed := osms_internal.need_relation(registry, 'application');
    EXECUTE format('SELECT coalesce(array_agg(DISTINCT x.person::text), ''{}''), coalesce(array_agg(DISTINCT x.organisation::text), ''{}'')
        FROM %s x WHERE x.state = ''deferred'' AND x.effective_on = $1', filed)
    INTO persons, organisations USING day;
    PERFORM osms.lock_persons(registry, persons, organisations);
    SELECT array_agg(d.application) FILTER (WHERE d.outcome = 'attached') AS applications,
           array_agg(d.person) FILTER (WHERE d.outcome = 'attached') AS persons,
           array_agg(d.organisation) FILTER (WHERE d.outcome = 'attached') AS organisations,
           array_agg(d.application) FILTER (WHERE d.outcome IN ('lapsed', 'replaced')) AS ended,
           array_agg(d.outcome) FILTER (WHERE d.outcome IN ('lapsed', 'replaced')) AS endings,
           jsonb_build_object('attached', count(*) FILTER (WHERE d.outcome = 'attached'),
                              'lapsed', count(*) FILTER (WHERE d.outcome = 'lapsed'),
                              'replaced', count(*) FILTER (WHERE d.outcome = 'replaced')) AS told
    INTO due FROM osms_internal.due_applications(registry, persons, day) d;
    IF due.applications IS NOT NULL THEN
        named := osms_internal.can_write(osms_internal.need_relation(registry, 'attachment'), 'application', due.applications[1]);
        PERFORM osms_internal.close_attachments(registry, due.persons, day);
        PERFORM osms_internal.write_rows(registry, 'attachment', 'insert',
            '{person,organisation}' || CASE WHEN named THEN '{application}' ELSE '{}' END::text[],
            ARRAY[due.persons::text, due.organisations::text] || CASE WHEN named THEN ARRAY[due.applications::text] ELSE '{}' END,
            jsonb_build_object('state', 'active', 'since', day));
        PERFORM osms_internal.write_rows(registry, 'application', 'update', '{application}', ARRAY[due.applications::text],
                                         '{"state": "attached"}');
    END IF;
    PERFORM osms_internal.write_rows(registry, 'application', 'update', '{application}', ARRAY[array_agg(e.key)::text],
                            jsonb_build_object('state', e.state))
    FROM unnest(due.ended, due.endings) e (key, state) GROUP BY e.state;
    SELECT array_agg(d.outcome) INTO left_over FROM osms_internal.due_applications(registry, persons, day) d;
    RETURN QUERY EXECUTE format('SELECT c.outcome, sum(c.n)::bigint, coalesce(($3 ->> c.outcome)::bigint, 0)
        FROM (SELECT x.state::text, count(*) FROM %s x WHERE x.effective_on = $2 AND x.state IN (''attached'', ''lapsed'', ''replaced'')
        GROUP BY 1
              UNION ALL SELECT d.outcome, count(*) FROM unnest($1) d (outcome) GROUP BY 1) c (outcome, n)
        GROUP BY 1 ORDER BY 1', filed)
    USING left_over, day, due.told;
END $$;
COMMENT ON FUNCTION osms.take_effect(text, date) IS
'turns the applications deferred to a day into attachments from that day on, set by set on the tables behind the registry (the
caller needs rights there): closes the old attachments, writes the new ones, moves the applications to attached
lapsed: the organisation has no contract on that day; replaced: the person filed a later application; dead, unknown_person,
conflict (attached from that day on already) are left as they are. A row an outcome: applications there are of it, and how many
this call changed (0 when repeated). 22004 for a missing argument, 55000 for a state the mapping lacks, class 23 as the guard
judges';

-- Whom an order moves: who is attached as its scope says on its day. Of
-- several parts that name a person the narrowest counts.
CREATE FUNCTION osms_internal.ordered_moves(registry text, order_key text, persons text[] DEFAULT NULL,
                                            OUT person text, OUT organisation text, OUT outcome text) RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    attachments CONSTANT regclass := osms_internal.need_relation(registry, 'attachment');
    residences CONSTANT regclass := osms.relation_of(registry, 'residence');
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT DISTINCT ON (a.person) a.person::text, z.to_organisation::text,
               CASE WHEN p.person IS NULL THEN 'unknown_person'
                    WHEN p.death_date IS NOT NULL THEN 'dead'
                    WHEN EXISTS (SELECT FROM %1$s b WHERE b.person = a.person AND b.since >= o.valid_from AND b.state <> 'annulled')
                    THEN 'conflict'
                    ELSE 'moved' END
        FROM %3$s o JOIN %4$s z ON z.order_key = o.order_key
        JOIN %1$s a ON (z.from_organisation IS NULL OR a.organisation = z.from_organisation) AND a.organisation <> z.to_organisation
             AND (z.site IS NULL OR a.site = z.site) AND (z.person IS NULL OR a.person = z.person)
             AND a.state IN ('active', 'suspect') AND (a.until IS NULL OR a.until > o.valid_from)
        LEFT JOIN %2$s p ON p.person = a.person
        WHERE o.order_key = $1 AND num_nonnulls(z.from_organisation, z.region, z.person) > 0
              AND ($2 IS NULL OR a.person = ANY ($2::%5$s[])) AND (z.region IS NULL OR %6$s)
              AND NOT EXISTS (SELECT FROM %1$s b WHERE b.person = a.person AND b.order_key = $1)
        ORDER BY a.person, z.person, z.site, z.from_organisation, z.region, z.to_organisation$query$,
        attachments, osms_internal.need_relation(registry, 'person'), osms_internal.need_relation(registry, 'authority_order'),
        osms_internal.need_relation(registry, 'order_scope'), osms_internal.column_type(attachments, 'person'),
        CASE WHEN residences IS NULL THEN 'z.region = p.region'
             -- where the person lives on the day: the newest of each kind, else as the person's row says
             ELSE format('z.region IN (SELECT d.region FROM (SELECT DISTINCT ON (x.kind) x.region FROM %1$s x
                                       WHERE x.person = a.person AND x.valid_from <= o.valid_from ORDER BY x.kind, x.valid_from DESC) d)
                 OR z.region = p.region AND NOT EXISTS (SELECT FROM %1$s x WHERE x.person = a.person AND x.valid_from <= o.valid_from)',
                         residences) END)
    USING order_key, persons;
END $$;
COMMENT ON FUNCTION osms_internal.ordered_moves(text, text, text[]) IS
'the persons whom an order of an authority still has to move, of all or of some, with the organisation they come to and what
becomes of each: moved, dead, unknown_person, conflict (attached from the order''s day on already)
called by osms.move_by_order';

CREATE FUNCTION osms.move_by_order(registry text, order_key text, OUT outcome text, OUT persons bigint, OUT changed bigint)
    RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    orders regclass;
    day date;
    found text[];
    destinations text[];
    moves record;
BEGIN
    PERFORM osms_internal.need_arguments('move_by_order', jsonb_build_object('registry', registry, 'order_key', order_key));
    orders := osms_internal.need_relation(registry, 'authority_order');
    EXECUTE format('SELECT o.valid_from FROM %s o WHERE o.order_key = $1', orders) INTO day USING order_key;
    IF day IS NULL THEN
        RAISE EXCEPTION 'order "%" does not exist in registry "%"', order_key, registry
            USING ERRCODE = 'no_data_found', HINT = 'Enter it into the relation "authority_order", and its scope into "order_scope".';
    END IF;
    SELECT coalesce(array_agg(m.person), '{}'), coalesce(array_agg(DISTINCT m.organisation), '{}') INTO found, destinations
    FROM osms_internal.ordered_moves(registry, order_key) m;
    PERFORM osms.lock_persons(registry, found, destinations);
    SELECT array_agg(m.person) AS persons, array_agg(m.organisation) AS organisations INTO moves
    FROM osms_internal.ordered_moves(registry, order_key, found) m WHERE m.outcome = 'moved';
    IF moves.persons IS NOT NULL THEN
        PERFORM osms_internal.close_attachments(registry, moves.persons, day);
        PERFORM osms_internal.write_rows(registry, 'attachment', 'insert', '{person,organisation}',
                                         ARRAY[moves.persons::text, moves.organisations::text],
                                jsonb_build_object('state', 'active', 'since', day, 'order_key', order_key));
    END IF;
    RETURN QUERY EXECUTE format('SELECT ''moved'', count(DISTINCT x.person), $2::bigint FROM %s x WHERE x.order_key = $1 '
        'AND x.state <> ''annulled''',
            osms_internal.need_relation(registry, 'attachment'))
    USING order_key, coalesce(cardinality(moves.persons), 0);
    RETURN QUERY SELECT m.outcome, count(*), 0::bigint FROM osms_internal.ordered_moves(registry, order_key) m GROUP BY 1 ORDER BY 1;
END $$;
COMMENT ON FUNCTION osms.move_by_order(text, text) IS
'moves whom an order of an authority names, from its day on, set by set on the tables behind the registry (the caller needs
rights there): a part of order_scope names who on that day is attached to from_organisation, at a site, lives in a region, or is
a person
one that says none but the site names nobody. Dead and unknown persons and whoever is attached from that day on already
(conflict) are left as they are. A row an outcome: persons there are of it, and how many this call moved (0 when repeated; whose
move was annulled is not moved again). P0002 for an unknown order, 22004 for a missing argument, 55000 where attachments keep no
order, class 23 as the guard judges';


--
-- closing: a month that was paid never changes. Its statement is kept in the
-- registry, with everything it was made by; corrections are later revisions
-- and lines of the ledger.
--
CREATE FUNCTION osms_internal.add_money_relations(registry text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    each record;
BEGIN
    EXECUTE format('CREATE TABLE %I.statement (month date PRIMARY KEY, scheme text NOT NULL, terms jsonb NOT NULL, known_at timestamptz '
        'NOT NULL,
        closed_at timestamptz NOT NULL DEFAULT clock_timestamp(), closed_by name NOT NULL DEFAULT session_user,
        transaction xid8 NOT NULL DEFAULT pg_current_xact_id())', registry);
    EXECUTE format('CREATE TABLE %1$I.statement_line (month date REFERENCES %1$I.statement, LIKE osms.statement_line INCLUDING COMMENTS,
        PRIMARY KEY (month, organisation))', registry);
    EXECUTE format('CREATE TABLE %1$I.restatement (month date REFERENCES %1$I.statement, revision integer, terms jsonb NOT NULL, known_at '
        'timestamptz NOT NULL,
        invoice_month date NOT NULL, posted_at timestamptz NOT NULL DEFAULT clock_timestamp(), posted_by name NOT NULL DEFAULT session_user,
        transaction xid8 NOT NULL DEFAULT pg_current_xact_id(), PRIMARY KEY (month, revision))', registry);
    EXECUTE format('CREATE TABLE %1$I.restatement_line (month date, revision integer, LIKE osms.statement_line INCLUDING COMMENTS,
        PRIMARY KEY (month, organisation, revision), FOREIGN KEY (month, revision) REFERENCES %1$I.restatement)', registry);
    EXECUTE format('CREATE TABLE %1$I.ledger (entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, month date NOT NULL, revision '
        'integer NOT NULL,
        organisation text NOT NULL, cause text NOT NULL, kind text NOT NULL, persons bigint NOT NULL, amount numeric NOT NULL,
        invoice_month date NOT NULL, FOREIGN KEY (month, revision) REFERENCES %1$I.restatement)', registry);
    EXECUTE format('CREATE INDEX ledger_organisation ON %I.ledger (organisation, month)', registry);
    EXECUTE format('CREATE INDEX ledger_invoice ON %I.ledger (organisation, invoice_month)', registry);
    FOR each IN SELECT * FROM (VALUES
        ('statement', 'months that are closed: scheme, all terms, and the moment as known at which everything was counted; written by '
            'osms.close_month'),
        ('statement_line', 'the statement of each closed month, as it was paid'),
        ('restatement', 'corrections of closed months that were posted, numbered from 1 for each month; written by osms.post_restatement'),
        ('restatement_line', 'lines that a restatement found to be different: what the month would have been'),
        ('ledger', 'what closed months were corrected by: tenge and persons by organisation, cause and kind, paid or withheld with the '
            'invoice of invoice_month'))
        AS r (relation, description)
    LOOP
        EXECUTE format('COMMENT ON TABLE %I.%I IS %L', registry, each.relation, each.description);
    END LOOP;
END $$;
COMMENT ON FUNCTION osms_internal.add_money_relations(text) IS
'makes the relations in which a registry keeps closed months (statement, statement_line, restatement, restatement_line, ledger)
called by add_derived_relations';

CREATE FUNCTION osms_internal.known_relations(registry text) RETURNS regclass[]
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (
        WITH RECURSIVE known (relation) AS (
            SELECT a.attrelid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = 'osms'::regnamespace AND c.relkind = 'r' AND a.attname = 'known_from'
            UNION
            SELECT osms.relation_of(registry, 'roster')
            UNION
            SELECT r.relation FROM osms.registry_columns() k, LATERAL (SELECT osms.relation_of(registry, k.relation)) AS r (relation)
            WHERE k."column" = 'known_from' AND r.relation IS NOT NULL
                AND (osms_internal.mapped_reading(r.relation, 'known_from')).columns IS NOT NULL
            UNION
            SELECT b.relation
            FROM known k,
                 LATERAL (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = k.relation
                          UNION ALL
                          SELECT d.refobjid FROM pg_catalog.pg_rewrite w
                          JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
                          WHERE w.ev_class = k.relation AND d.refclassid = 'pg_catalog.pg_class'::regclass) AS b (relation)
        )
        SELECT array_agg(k.relation::regclass ORDER BY k.relation) FROM known k WHERE k.relation IS NOT NULL);
COMMENT ON FUNCTION osms_internal.known_relations(text) IS
'what keeps since when its rows are known
the config tables, and of a registry the roster and the relations in which known_from is kept or mapped; with the tables behind
views and with partitions';

CREATE FUNCTION osms_internal.clean_cut(registry text) RETURNS timestamptz
    LANGUAGE C VOLATILE STRICT
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    AS 'MODULE_PATHNAME', 'osms_clean_cut';
COMMENT ON FUNCTION osms_internal.clean_cut(text) IS
'a moment, later than osms_internal.last_cut and the new one, such that every row known since before is there to be seen by the
next
snapshot: waits for whoever was writing one of osms_internal.known_relations at the moment, without a lock or a right on them
a row is later than the moment, unless it is given another known_from or the transaction''s start for a default. Called by
begin_closing';

CREATE FUNCTION osms_internal.begin_closing(registry text, month date) RETURNS timestamptz
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
AS $$
DECLARE
    usual CONSTANT text := current_setting('lock_timeout');
    pending boolean;
    known_at timestamptz;
BEGIN
    PERFORM osms_internal.check_month(month);
    IF osms.relation_of(registry, 'statement') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist or keeps no statements', registry
            USING ERRCODE = 'undefined_table', HINT = 'Make it with osms.create_registry() and map the relation "attachment".';
    ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a month is closed and restated at isolation level READ COMMITTED only'
            USING ERRCODE = 'active_sql_transaction',
                  DETAIL = 'The snapshot of this transaction is older than what writers may still commit.',
                  HINT = 'Begin the transaction with BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    PERFORM osms_internal.await_writers(osms_internal.known_relations(registry));
    -- Closings and postings one after the other, and none may write the roster
    -- before the end. Who writes it now may wait for somebody who is still on
    -- the way to it: nobody is to queue there for long.
    EXECUTE format('LOCK TABLE %I.statement IN SHARE ROW EXCLUSIVE MODE', registry);
    LOOP
        PERFORM osms_internal.await_writers(ARRAY[osms.relation_of(registry, 'roster')]);
        BEGIN
            SET LOCAL lock_timeout = '50ms';
            EXECUTE format('LOCK TABLE %I.roster IN SHARE MODE', registry);
            EXECUTE format('SET LOCAL lock_timeout = %L', usual);
            EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            NULL;
        END;
    END LOOP;
    -- only this transaction sees what it has not yet judged
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.pending)', registry) INTO pending;
    IF pending THEN
        RAISE EXCEPTION 'this transaction attached persons of registry "%" who are not judged yet', registry
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'A person who is attached twice would be paid for twice.',
                  HINT = 'SET CONSTRAINTS ALL IMMEDIATE judges them now; or close the month in a transaction of its own.';
    END IF;
    known_at := osms_internal.clean_cut(registry);
    -- a guard that fell before the moment is gone by now
    PERFORM osms_internal.check_complete(registry);
    RETURN known_at;
END $$;
COMMENT ON FUNCTION osms_internal.begin_closing(text, date) IS
'waits for whoever closes a month, writes the roster, a config table or a relation that keeps known_from, and keeps others from
closing and from the roster until the transaction ends
the moment as of which everything is known: rows written later are known later, unless they are given another known_from. Called
by close_month and post_restatement, whose errors it raises.';

CREATE FUNCTION osms_internal.check_closing(registry text, month date) RETURNS timestamptz
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    known_at CONSTANT timestamptz := osms_internal.begin_closing(registry, month);
    closed record;
    last_closed date;
    today date;
BEGIN
    EXECUTE format('SELECT s.known_at, s.closed_by FROM %I.statement s WHERE s.month = $1', registry) INTO closed USING month;
    EXECUTE format('SELECT max(s.month) FROM %I.statement s', registry) INTO last_closed;
    EXECUTE format('SELECT ($1 AT TIME ZONE s.time_zone)::date FROM %I.setting s', registry) INTO today USING known_at;
    IF closed.known_at IS NOT NULL THEN
        RAISE EXCEPTION '% of registry "%" is closed', to_char(month, 'YYYY-MM'), registry
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('Role "%s" closed it.', closed.closed_by),
                  HINT = format('SELECT * FROM osms.restate(%L, %L) shows what would be different today.', registry, month);
    ELSIF month <> last_closed + interval '1 month' THEN
        RAISE EXCEPTION '% of registry "%" cannot be closed after %', to_char(month, 'YYYY-MM'), registry, to_char(last_closed, 'YYYY-MM')
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'Months are closed in order, without a gap.',
                  HINT = format('Close %s next.', to_char(last_closed + interval '1 month', 'YYYY-MM'));
    ELSIF month + interval '1 month' > today THEN
        RAISE EXCEPTION '% is not over', to_char(month, 'YYYY-MM')
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'SELECT * FROM osms.statement() shows what it would be as known now.';
    END IF;
    RETURN known_at;
END $$;
COMMENT ON FUNCTION osms_internal.check_closing(text, date) IS
    'osms_internal.begin_closing of a month that may be closed now; called by close_month, whose errors it raises';

-- In C, for nothing else may be written into a statement.
CREATE FUNCTION osms.close_month(registry text, month date, scheme text DEFAULT NULL,
                                 OUT known_at timestamptz, OUT organisations bigint, OUT held bigint, OUT heads bigint, OUT amount numeric)
                                     RETURNS record
    LANGUAGE C
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off -- an error, where a policy would hide persons from the payment
    AS 'MODULE_PATHNAME', 'osms_close_month';
COMMENT ON FUNCTION osms.close_month(text, date, text) IS
'closes a month
keeps its statement by the scheme (NULL: that of the month closed last, of the first "illustrative") in the registry''s
statement and statement_line; organisations (held: without amount until osms.post_restatement releases them), heads (persons)
and amount (tenge) of it. Waits for whoever writes the roster, the tariff or a relation that keeps known_from, so that known_at
is a clean cut. Months in order. 55000 for a month that is closed, not over or not the next, or a roster that is not complete
or, in this transaction, not judged; 25001 at another isolation level than READ COMMITTED; 42501 where row-level security would
hide rows from the user; 22023, 42704, 42P01 as osms.statement';

CREATE FUNCTION osms_internal.terms_of(registry text, month date, revision integer DEFAULT 0) RETURNS osms_internal.statement_terms
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    stored jsonb;
BEGIN
    PERFORM osms_internal.check_month(month);
    IF osms.relation_of(registry, 'statement') IS NULL THEN
        RAISE EXCEPTION 'registry "%" does not exist or keeps no statements', registry
            USING ERRCODE = 'undefined_table', HINT = 'Make it with osms.create_registry() and map the relation "attachment".';
    END IF;
    EXECUTE format('SELECT s.terms FROM %1$I.statement s WHERE s.month = $1 AND $2 = 0
        UNION ALL SELECT r.terms FROM %1$I.restatement r WHERE r.month = $1 AND r.revision = $2', registry) INTO stored
            USING month, revision;
    IF stored IS NULL THEN
        RAISE EXCEPTION '% of registry "%" is not closed%', to_char(month, 'YYYY-MM'), registry,
                CASE WHEN revision = 0 THEN '' ELSE format(', or not restated %s times', revision) END
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('osms.close_month() closes it; SELECT * FROM %I.statement lists what is closed.', registry);
    END IF;
    RETURN jsonb_populate_record(NULL::osms_internal.statement_terms, stored);
END $$;
COMMENT ON FUNCTION osms_internal.terms_of(text, date, integer) IS
'terms by which a month was closed (revision 0) or restated
55000 for a month that is not closed, 22023 for a day that is not the first of a month, 42P01 for a registry without statements';

CREATE FUNCTION osms_internal.line_expression(line text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT format('ROW(%s)::osms.statement_line', string_agg(format('%I.%I', line, a.attname), ', ' ORDER BY a.attnum))
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'osms.statement_line'::regclass AND a.attnum > 0 AND NOT a.attisdropped);
COMMENT ON FUNCTION osms_internal.line_expression(text) IS 'expression that makes a line of a statement of a stored row, told by its alias';

CREATE FUNCTION osms_internal.line_of(registry text, organisation text, month date, scheme text, known_at timestamptz,
                                      OUT terms osms_internal.statement_terms, OUT line osms.statement_line, OUT closed_at timestamptz)
                                          RETURNS record
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000
    SET search_path = pg_catalog, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
BEGIN
    IF osms.relation_of(registry, 'statement') IS NOT NULL THEN
        EXECUTE format('SELECT s.closed_at FROM %I.statement s WHERE s.month = $1 AND s.known_at <= $2', registry) INTO closed_at
            USING month, known_at;
    END IF;
    IF closed_at IS NULL THEN
        terms := osms_internal.statement_terms(registry, month, scheme, known_at);
        SELECT s.* INTO line FROM osms.statement(registry, month, scheme, known_at) AS s WHERE s.organisation = line_of.organisation;
    ELSE
        terms := osms_internal.terms_of(registry, month);
        EXECUTE format('SELECT (%s).* FROM %I.statement_line l WHERE l.month = $1 AND l.organisation = $2',
                       osms_internal.line_expression('l'), registry)
            INTO line USING month, organisation;
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.line_of(text, text, date, text, timestamptz) IS
'the line of an organisation, and the terms it was made by
as the month was closed or, where that was not known at the moment, of the statement by the scheme; a row of NULLs for an
organisation without a line. Warnings and errors as osms.statement';

CREATE FUNCTION osms_internal.need_organisation(registry text, organisation text) RETURNS void
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
AS $$
DECLARE
    known boolean;
BEGIN
    -- one that is paid, or has persons, need not be in the register
    EXECUTE (
        SELECT 'SELECT ' || string_agg(format('EXISTS (SELECT FROM %I.%I x WHERE x.organisation%s)', registry, r.relation,
                                              CASE r.relation WHEN 'statement_line' THEN '::text = $1' ELSE ' = $1::'
                                                  || osms_internal.key_type(registry, 'organisation') END), ' OR ' ORDER BY r.place)
        FROM unnest('{organisation,statement_line,roster}'::text[]) WITH ORDINALITY r (relation, place)
            WHERE osms.relation_of(registry, r.relation) IS NOT NULL)
    INTO known USING organisation;
    IF NOT known THEN
        RAISE EXCEPTION 'registry "%" knows no organisation "%"', registry, organisation
            USING ERRCODE = 'no_data_found', HINT = 'Write the key as the registry does.';
    END IF;
END $$;
COMMENT ON FUNCTION osms_internal.need_organisation(text, text) IS
'P0002 for an organisation (key as text) that has neither a row, nor persons on the roster, nor a line of a closed month
called by roster_of, invoice and monthly_form';

CREATE FUNCTION osms.roster_of(registry text, organisation text, month date, revision integer DEFAULT 0)
    RETURNS TABLE (person text, attachment text, site text, since date, until date, birth_date date, sex osms.sex, mark text, day date)
    LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE ROWS 10000
    SET search_path = pg_catalog, osms, pg_temp
    SET osms.restrict_functions = 'all'
    SET row_security = off
    SET datestyle = 'ISO'
AS $$
DECLARE
    terms osms_internal.statement_terms;
BEGIN
    PERFORM osms_internal.need_arguments('roster_of', jsonb_build_object('registry', registry, 'organisation', organisation, 'month',
                                                                         month, 'revision', revision));
    terms := osms_internal.terms_of(registry, month, revision);
    PERFORM osms_internal.need_organisation(registry, organisation);
    RETURN QUERY EXECUTE format($query$
        SELECT r.person::text, r.attachment::text, r.site, r.since, r.until, r.birth_date, r.sex, r.mark, d.day
        FROM %I.roster r, unnest($1) AS d (day)
        WHERE r.organisation = $2::%s AND %s AND %s
        ORDER BY r.person, r.attachment, d.day$query$,
        registry, osms_internal.key_type(registry, 'organisation'), osms_internal.on_roster(terms, 'r', 'd.day'),
            osms_internal.placed(terms, 'r', 'd.day')) USING terms.days, organisation;
END $$;
COMMENT ON FUNCTION osms.roster_of(text, text, date, integer) IS
'exactly the persons that a closed month paid an organisation for (key as text), for ever, whatever became known since
a row for each, by person-days for each and day; by revision those of a restatement. P0002 for an organisation that nobody
knows, else errors as osms_internal.terms_of';


--
-- rights: all that anybody has on what the extension made, here and nowhere
-- else. Who installs it may have default privileges of his own (ALTER DEFAULT
-- PRIVILEGES), and those reach a script, too; so whatever anybody but the
-- owner got is taken back before anything is granted.
--
DO $do$
DECLARE
    ours CONSTANT pg_catalog._oid := ARRAY['osms'::pg_catalog.regnamespace, 'osms_internal'::pg_catalog.regnamespace];
    holders pg_catalog.text;
    made pg_catalog.regtype;
BEGIN
    SELECT concat_ws(', ', 'PUBLIC', string_agg(DISTINCT quote_ident(pg_get_userbyid(a.grantee)), ', ')) INTO holders
    FROM (SELECT n.nspacl, n.nspowner FROM pg_namespace n WHERE n.oid = ANY (ours)
          UNION ALL SELECT c.relacl, c.relowner FROM pg_class c WHERE c.relnamespace = ANY (ours)
          UNION ALL SELECT p.proacl, p.proowner FROM pg_proc p WHERE p.pronamespace = ANY (ours)
          UNION ALL SELECT t.typacl, t.typowner FROM pg_type t WHERE t.typnamespace = ANY (ours)) AS o (acl, owner),
         aclexplode(o.acl) a
    WHERE a.grantee NOT IN (0, o.owner);
    EXECUTE format('REVOKE ALL ON SCHEMA osms, osms_internal FROM %s CASCADE', holders);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA osms, osms_internal FROM %s CASCADE', holders);
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA osms, osms_internal FROM %s CASCADE', holders);
    EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA osms, osms_internal FROM %s CASCADE', holders);
    -- everybody may name the types
    FOR made IN
        SELECT t.oid FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typnamespace = ANY (ours) AND t.typcategory <> 'A' AND coalesce(c.relkind = 'c', true)
    LOOP
        EXECUTE format('REVOKE ALL ON TYPE %s FROM %s CASCADE', made, holders);
        EXECUTE format('GRANT USAGE ON TYPE %s TO PUBLIC', made);
    END LOOP;
END $do$;

-- helpers run as whoever calls what calls them
GRANT USAGE ON SCHEMA osms, osms_internal TO PUBLIC;

-- the law and what tells of guards is everybody's to read; the owner of the
-- extension adds to the law
DO $do$
DECLARE
    law pg_catalog.regclass;
BEGIN
    FOR law IN
        SELECT c.oid FROM pg_extension e, pg_class c WHERE e.extname = 'osms' AND c.oid = ANY (e.extconfig) AND c.relkind = 'r'
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO PUBLIC', law);
        EXECUTE format('GRANT INSERT ON %s TO %s', law, '@extowner@');
    END LOOP;
END $do$;
GRANT SELECT ON osms_internal.channel_period, osms.law, osms.rule, osms.finding, osms.clause, osms.definition, osms.guard_trigger,
    osms.guards, osms.pace TO PUBLIC;

-- Every function runs with its caller's rights. Set-up, guards and closings
-- are for the owner of the extension, and for whom a superuser lets in (osms.grant_maintenance).
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA osms, osms_internal TO @extowner@;

-- What applications and analysts call, and all that this calls in turn, which
-- does nothing that its caller could not do without it either.
--
-- values; what stands behind types, operators and aggregates comes last
GRANT EXECUTE ON FUNCTION
    osms.bin_attested, osms.bin_fault, osms.birth_date, osms.clean_number, osms.division, osms.iin_attested, osms.iin_fault,
    osms.legal_form, osms.make_iin, osms.mask, osms.next_state, osms.read_sex, osms.reason_codes, osms.registered_month, osms.sex,
    osms.state_diagram, osms.transitions
    TO PUBLIC;
-- the law
GRANT EXECUTE ON FUNCTION
    osms_internal.act_told, osms.add_working_days, osms_internal.as_known, osms_internal.band_label, osms.base_rate_on, osms.cells,
        osms.check_scheme, osms.draw,
    osms.filed_on, osms.heads, osms_internal.known_moment, osms_internal.known_now, osms_internal.known_then, osms.load_check,
        osms.norm_steps_on,
    osms.parameter_on, osms.round_quotient, osms.scheme_on, osms.scheme_property, osms.split_pool, osms.svg, osms_internal.uncovered,
        osms.unsure,
    osms.weighted_heads, osms.weights_on, osms.working_day
    TO PUBLIC;
-- registries, their rules and what stands in them
GRANT EXECUTE ON FUNCTION
    osms.audit, osms_internal.audit_days, osms_internal.audit_relation, osms.audit_summary, osms_internal.can_write,
        osms_internal.changed_columns, osms_internal.check_codes_of, osms_internal.check_inputs, osms_internal.check_kept,
    osms_internal.check_reader, osms.check_registry, osms.clauses, osms_internal.disabled_since, osms.enforced, osms_internal.distrusted,
        osms_internal.finds_by_index,
    osms_internal.foreign_rights, osms.history, osms_internal.history_query, osms.import_begin, osms.import_end,
        osms_internal.keep_definitions,
    osms_internal.key_type, osms_internal.known_codes, osms_internal.known_relations, osms_internal.keep_changes, osms_internal.lost_of,
        osms_internal.mapped_reading, osms_internal.possible_inputs, osms.mapped_source,
    osms_internal.expression_fault, osms_internal.failing_columns, osms_internal.failing_rows, osms_internal.is_keyed,
        osms_internal.key_faults, osms_internal.key_reading,
    osms_internal.event_key_faults, osms_internal.key_sequences, osms_internal.key_stands, osms_internal.mapped_writing,
        osms_internal.mapping_faults, osms_internal.mapping_grants, osms_internal.missing_grants, osms_internal.missing_indexes,
    osms_internal.modes_of, osms_internal.read_back, osms.read_time, osms.read_value, osms_internal.reading_fault, osms.refusals,
        osms.registry_columns,
    osms.relation_of, osms_internal.round_trip_faults, osms_internal.round_trip_query, osms_internal.row_findings,
        osms_internal.rule_parameters, osms.sift, osms_internal.sift_candidates, osms_internal.storing_fault, osms_internal.storing_faults,
            osms_internal.storing_query, osms_internal.told_rows, osms_internal.trial_rows, osms_internal.tried, osms_internal.uncoded,
                osms_internal.unfilled_columns,
    osms_internal.unmapped_columns, osms_internal.unreadable_rule, osms_internal.untold_modes, osms_internal.writing_query,
        osms_internal.written_arguments, osms_internal.written_column, osms_internal.written_elsewhere,
    osms_internal.tables_of, osms_internal.trigger_arguments, osms_internal.trigger_since, osms_internal.unreadable_values, osms.verify,
        osms_internal.verify_query
    TO PUBLIC;
-- since when what is written is known
GRANT SELECT ON SEQUENCE osms_internal.last_cut TO PUBLIC;
-- who restores a dump puts it back
GRANT UPDATE ON SEQUENCE osms_internal.last_cut TO @extowner@;
GRANT EXECUTE ON FUNCTION osms_internal.known_clock, osms_internal.roster_moment, osms_internal.written_here TO PUBLIC;
-- whether a roster is complete
GRANT EXECUTE ON FUNCTION osms_internal.check_complete, osms_internal.filling_terms, osms_internal.is_filled,
    osms_internal.outdated_mappings, osms_internal.this_database TO PUBLIC;
-- workflow
GRANT EXECUTE ON FUNCTION
    osms.annul, osms_internal.civil_date, osms_internal.close_attachments, osms_internal.column_type, osms.decide, osms.detach,
        osms_internal.due_applications, osms_internal.plain_type,
    osms_internal.equality, osms_internal.find_row, osms_internal.give_back_days, osms.identify, osms_internal.lock_person_of,
        osms.lock_persons, osms.move_by_order, osms_internal.need_arguments,
    osms_internal.need_possible_day, osms_internal.need_relation, osms_internal.need_row, osms_internal.ordered_moves,
        osms_internal.overlap_repairs, osms.register_birth, osms.register_death,
    osms_internal.remaining_person, osms.reopen, osms.repair_overlaps, osms_internal.run_write, osms_internal.run_writes,
        osms_internal.source_rows, osms.submit, osms.take_effect, osms.transfer, osms_internal.write_row,
    osms_internal.write_rows
    TO PUBLIC;
-- money
GRANT EXECUTE ON FUNCTION
    osms_internal.age_on, osms.changes, osms_internal.check_known_at, osms_internal.check_month, osms_internal.check_order,
        osms_internal.chosen, osms_internal.closed_terms, osms.contract_execution,
    osms_internal.contract_query, osms_internal.counted_in_spans, osms_internal.difference, osms.due, osms_internal.due_lines,
        osms_internal.earned_lines, osms_internal.factor_query,
    osms.flows, osms_internal.inactive_cut, osms_internal.inactive_query, osms_internal.insured_among, osms_internal.insured_query,
        osms_internal.merged_query, osms.invoice, osms_internal.latest_lines, osms_internal.line_expression,
    osms_internal.line_of, osms_internal.member_query, osms_internal.month_lines, osms_internal.month_rates, osms.monthly_form,
        osms_internal.moves_query, osms_internal.need_organisation, osms_internal.norm_query,
    osms_internal.on_roster, osms_internal.paid_before, osms_internal.paid_months, osms.person_days, osms_internal.placed,
        osms_internal.reduces, osms.restate, osms_internal.restatement,
    osms_internal.restored_counts, osms_internal.restored_in_time, osms.roster_of, osms_internal.sanctions, osms_internal.service_query,
        osms_internal.share_columns,
    osms_internal.shares_join, osms.statement, osms.statement_by_region, osms_internal.statement_days, osms.statement_persons,
        osms_internal.statement_query,
    osms_internal.statement_terms, osms_internal.status_query, osms_internal.suspect_query, osms_internal.tally_query,
        osms_internal.terms_of, osms_internal.tie_breaker, osms.unattached,
    osms.unpaid, osms_internal.unpaid_query, osms_internal.unrounded_amount, osms_internal.warn_of
    TO PUBLIC;
-- explanations and the report
GRANT EXECUTE ON FUNCTION
    osms_internal.bar, osms_internal.civil, osms_internal.counted_days, osms_internal.explain_amount, osms.explain_attachment,
        osms_internal.explain_basis, osms_internal.explain_cap,
    osms_internal.explain_coefficient, osms_internal.explain_groups, osms_internal.explain_heads, osms_internal.explain_month,
        osms_internal.explain_months,
    osms.explain_payment, osms_internal.explain_rate, osms_internal.explain_terms, osms_internal.grouped, osms_internal.had_statement,
        osms_internal.html, osms_internal.html_bar,
    osms_internal.html_table, osms_internal.organisation_names, osms_internal.parameter_row, osms_internal.parameter_source,
        osms_internal.plain, osms_internal.rate_sources, osms.report,
    osms_internal.report_changes, osms_internal.report_ledger, osms_internal.report_missing, osms_internal.report_rates,
        osms_internal.report_regions, osms_internal.report_style,
    osms_internal.small_pyramid
    TO PUBLIC;

DO $do$
DECLARE
    ours CONSTANT pg_catalog._oid := ARRAY['osms'::pg_catalog.regnamespace, 'osms_internal'::pg_catalog.regnamespace];
    made pg_catalog.regprocedure;
BEGIN
    FOR made IN
        SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = ANY (ours)
          AND (p.prokind = 'a'
               OR p.oid IN (SELECT unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend]::oid[])
                            FROM pg_type t WHERE t.typnamespace = ANY (ours)
                            UNION ALL SELECT o.oprcode FROM pg_operator o WHERE o.oprnamespace = ANY (ours)
                            UNION ALL SELECT s.amproc FROM pg_amproc s
                            UNION ALL SELECT c.castfunc FROM pg_cast c
                            UNION ALL
                            SELECT unnest(ARRAY[g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn]::oid[])
                            FROM pg_aggregate g JOIN pg_proc a ON a.oid = g.aggfnoid WHERE a.pronamespace = ANY (ours)))
    LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', made);
    END LOOP;
END $do$;

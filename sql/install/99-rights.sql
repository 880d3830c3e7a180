
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
GRANT SELECT ON osms.channel_period, osms.law, osms.rule, osms.finding, osms.clause, osms.definition, osms.guard_trigger, osms.guards, osms.pace TO PUBLIC;

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
    osms.act_told, osms.add_working_days, osms.as_known, osms.band_label, osms.base_rate_on, osms.cells, osms.check_scheme, osms.draw,
    osms.filed_on, osms.heads, osms.known_moment, osms.known_now, osms.known_then, osms.load_check, osms.norm_steps_on,
    osms.parameter_on, osms.round_quotient, osms.scheme_on, osms.scheme_property, osms.split_pool, osms.svg, osms.uncovered, osms.unsure,
    osms.weighted_heads, osms.weights_on, osms.working_day
    TO PUBLIC;
-- registries, their rules and what stands in them
GRANT EXECUTE ON FUNCTION
    osms.audit, osms.audit_days, osms.audit_relation, osms.audit_summary, osms.can_write, osms.changed_columns, osms.check_codes_of, osms.check_inputs, osms.check_kept,
    osms.check_reader, osms.check_registry, osms.clauses, osms.disabled_since, osms.enforced, osms.distrusted, osms.finds_by_index,
    osms.foreign_rights, osms.history, osms.history_query, osms.import_begin, osms.import_end, osms.keep_definitions,
    osms.key_type, osms.known_codes, osms.known_relations, osms.keep_changes, osms.lost_of, osms.mapped_reading, osms.possible_inputs, osms.mapped_source,
    osms.expression_fault, osms.failing_columns, osms.failing_rows, osms.is_keyed, osms.key_faults, osms.key_reading,
    osms.event_key_faults, osms.key_sequences, osms.key_stands, osms.mapped_writing, osms.mapping_faults, osms.mapping_grants, osms.missing_grants, osms.missing_indexes,
    osms.modes_of, osms.read_back, osms.read_time, osms.read_value, osms.reading_fault, osms.refusals, osms.registry_columns,
    osms.relation_of, osms.round_trip_faults, osms.round_trip_query, osms.row_findings, osms_internal.rule_parameters, osms.sift, osms.sift_candidates, osms.storing_fault, osms.storing_faults, osms.storing_query, osms.told_rows, osms.trial_rows, osms.tried, osms.uncoded, osms.unfilled_columns,
    osms.unmapped_columns, osms.unreadable_rule, osms.untold_modes, osms.writing_query, osms.written_arguments, osms.written_column, osms.written_elsewhere,
    osms.tables_of, osms.trigger_arguments, osms.trigger_since, osms.unreadable_values, osms.verify, osms.verify_query
    TO PUBLIC;
-- since when what is written is known
GRANT SELECT ON SEQUENCE osms.last_cut TO PUBLIC;
-- who restores a dump puts it back
GRANT UPDATE ON SEQUENCE osms.last_cut TO @extowner@;
GRANT EXECUTE ON FUNCTION osms.known_clock, osms.roster_moment, osms.written_here TO PUBLIC;
-- whether a roster is complete
GRANT EXECUTE ON FUNCTION osms.check_complete, osms.filling_terms, osms.is_filled, osms.outdated_mappings, osms.this_database TO PUBLIC;
-- workflow
GRANT EXECUTE ON FUNCTION
    osms.annul, osms.civil_date, osms.close_attachments, osms.column_type, osms.decide, osms.detach, osms.due_applications, osms.plain_type,
    osms.equality, osms.find_row, osms.give_back_days, osms.identify, osms.lock_person_of, osms.lock_persons, osms.move_by_order, osms.need_arguments,
    osms.need_possible_day, osms.need_relation, osms.need_row, osms.ordered_moves, osms.overlap_repairs, osms.register_birth, osms.register_death,
    osms.remaining_person, osms.reopen, osms.repair_overlaps, osms.run_write, osms.run_writes, osms.source_rows, osms.submit, osms.take_effect, osms.transfer, osms.write_row,
    osms.write_rows
    TO PUBLIC;
-- money
GRANT EXECUTE ON FUNCTION
    osms.age_on, osms.changes, osms.check_known_at, osms.check_month, osms.check_order, osms.chosen, osms.closed_terms, osms.contract_execution,
    osms.contract_query, osms.counted_in_spans, osms.difference, osms.due, osms.due_lines, osms.earned_lines, osms.factor_query,
    osms.flows, osms.inactive_cut, osms.inactive_query, osms.insured_among, osms.insured_query, osms.merged_query, osms.invoice, osms.latest_lines, osms.line_expression,
    osms.line_of, osms.member_query, osms.month_lines, osms.month_rates, osms.monthly_form, osms.moves_query, osms.need_organisation, osms.norm_query,
    osms.on_roster, osms.paid_before, osms.paid_months, osms.person_days, osms.placed, osms.reduces, osms.restate, osms.restatement,
    osms.restored_counts, osms.restored_in_time, osms.roster_of, osms.sanctions, osms.service_query, osms.share_columns,
    osms.shares_join, osms.statement, osms.statement_by_region, osms.statement_days, osms.statement_persons, osms.statement_query,
    osms.statement_terms, osms.status_query, osms.suspect_query, osms.tally_query, osms.terms_of, osms.tie_breaker, osms.unattached,
    osms.unpaid, osms.unpaid_query, osms.unrounded_amount, osms.warn_of
    TO PUBLIC;
-- explanations and the report
GRANT EXECUTE ON FUNCTION
    osms.bar, osms.civil, osms.counted_days, osms.explain_amount, osms.explain_attachment, osms.explain_basis, osms.explain_cap,
    osms.explain_coefficient, osms.explain_groups, osms.explain_heads, osms.explain_month, osms.explain_months,
    osms.explain_payment, osms.explain_rate, osms.explain_terms, osms.grouped, osms.had_statement, osms.html, osms.html_bar,
    osms.html_table, osms.organisation_names, osms.parameter_row, osms.parameter_source, osms.plain, osms.rate_sources, osms.report,
    osms.report_changes, osms.report_ledger, osms.report_missing, osms.report_rates, osms.report_regions, osms.report_style,
    osms.small_pyramid
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

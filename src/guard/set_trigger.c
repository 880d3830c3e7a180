/*
 * set_trigger.c
 *		The set layer: what a statement did, judged and followed up under the
 *		lock on its persons (lock.c).
 */
#include "osms.h"

#include "guard/cache.h"
#include "guard/changes.h"
#include "guard/chunk.h"
#include "guard/consequence.h"
#include "guard/derive.h"
#include "guard/guard.h"
#include "guard/import.h"
#include "guard/journal.h"
#include "guard/judge.h"
#include "guard/key.h"
#include "guard/lock.h"
#include "guard/moved.h"
#include "guard/nested.h"
#include "guard/payee.h"
#include "guard/protocol.h"
#include "guard/roster.h"
#include "guard/shown.h"
#include "guard/site_norm.h"
#include "guard/stranger.h"
#include "guard/violation.h"
#include "registry/last_cut.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "security/owner.h"
#include "security/writer.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(osms_guard_set);
PG_FUNCTION_INFO_V1(osms_guard_truncate);

/*
 * Since when something counts no more is told by whoever writes it, a moment
 * where the source keeps moments: what was closed before must not come to
 * know of it.  Errors: 22023.
 */
static void
check_moment_told(const Chunk *chunk, int column, const char *told)
{
	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];

		if (change->event == 'U' && !change->isnull[CHANGE_NEW + column] &&
			(change->changed & COLUMN_BIT(column)) != 0 &&
			chunk->guard->projection->attno[column] != 0 &&
			DatumGetTimestampTz(change->value[CHANGE_NEW + column]) <=
			last_cut())
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s as of a moment that was closed over", told),
					 errdetail("What was paid then counted it."),
					 errhint("Write since when that is known: clock_timestamp(), which is later than now() in a transaction that began before the closing.")));
	}
}

/* Judge a chunk and let everything that depends on it follow. */
static void
guard_chunk(Chunk *chunk, Findings *findings)
{
	Guard	   *guard = chunk->guard;
	char	   *actor = GetUserNameFromId(writer_of(guard->source), false);
	bool		complete = true;
	bool		imports = false;
	bool	   *known = NULL;
	Oid			user;
	int			context;

	if (findings->stranger)
		see_what_is_shown(chunk, findings);
	as_owner_begin(guard->registry.owner, &user, &context);
	if (guard->kind == REL_ATTACHMENT && chunk->stale)
		hold_given(chunk);
	if (canonical_relations[guard->kind].of_person)
		known = read_persons(chunk, !only_files(chunk), &complete, &imports);
	else if (guard->kind == REL_PAYMENT)
		imports = read_payees(chunk, true);
	else if (guard->kind == REL_CONTRACT)
		lock_amended(chunk);
	else if (guard->kind == REL_SERVICE)
		check_moment_told(chunk, SERVICE_DENIED_AT, "a service is denied");
	if (guard->kind == REL_PERSON_ALIAS)
		check_moment_told(chunk, ALIAS_UNDONE_AT, "a merge is undone");
	if (guard->kind == REL_ATTACHMENT || guard->kind == REL_PERSON)
		roster_begin_moment(guard, chunk->persons, chunk->npersons);
	if (guard->kind == REL_ATTACHMENT)
		roster_note_versions(chunk, known);
	chunk_publish(chunk);
	check_recurring_keys(chunk);
	if (guard->kind == REL_ATTACHMENT && !complete)
		roster_bring_in_line(chunk);
	as_owner_end(user, context);

	findings->imports = imports && may_import(guard);
	judge_chunk(chunk, findings);

	as_owner_begin(guard->registry.owner, &user, &context);
	write_journal(chunk, actor);
	note_moves(chunk);
	if (guard->kind == REL_ATTACHMENT)
	{
		roster_follow(chunk);
		note_sites(chunk, findings);
	}
	else if (guard->kind == REL_APPLICATION)
		follow_applications(chunk);
	else if (guard->kind == REL_PERSON)
		follow_persons(chunk);
	as_owner_end(user, context);
	if (guard->kind == REL_ATTACHMENT_EVENT)
		follow_events(chunk, findings, guard_chunk);
}

/*
 * Whoever owns a guarded table could learn from its trigger who died or
 * lives where, of payments what is due to whom and agreed with whom; so the
 * owner must be one who may read that anyway.
 */
static void
check_table_owner(const Guard *guard, Relation table)
{
	static const char *const told[2][3] = {
		{"person", "roster"}, {"statement_line", "ledger", "contract"}
	};
	const char *const *names = told[guard->kind == REL_PAYMENT];

	for (int i = 0; i < (int) lengthof(told[0]) && names[i] != NULL; i++)
	{
		Oid			relation =
			get_relname_relid(names[i],
							  get_rel_namespace(guard->registry.roster));

		/* what is absent tells nothing */
		if (OidIsValid(relation) &&
			pg_class_aclcheck(relation, table->rd_rel->relowner,
							  ACL_SELECT) != ACLCHECK_OK)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("owner of guarded table \"%s\" may not read registry \"%s\"",
							RelationGetRelationName(table),
							guard->registry.name),
					 errhint("Grant SELECT on the registry's relation \"%s\" to the owner of the table; osms.check_registry() tells what else is missing.",
							 names[i])));
	}
}

/* Whether what is written to a relation may show in the roster. */
static bool
writes_roster(RelationKind kind)
{
	return kind == REL_ATTACHMENT || kind == REL_ATTACHMENT_EVENT ||
		kind == REL_PERSON;
}

/* The AFTER STATEMENT triggers of a guard. */
Datum
osms_guard_set(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Findings	findings = {.context = CurrentMemoryContext};
	Guard	   *guard;
	OwnersWrite this;

	guard_check_protocol(fcinfo, "osms_internal.guard_set", false, false);
	if ((trigdata->tg_trigger->tgnewtable == NULL &&
		 !TRIGGER_FIRED_BY_DELETE(trigdata->tg_event)) ||
		(trigdata->tg_trigger->tgoldtable == NULL &&
		 !TRIGGER_FIRED_BY_INSERT(trigdata->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"osms_internal.guard_set\" needs transition tables"),
				 errhint("Let osms.guard() make the trigger.")));

	guard = guard_of_trigger(trigdata);
	if (!canonical_relations[guard->kind].traced)
		check_table_owner(guard, trigdata->tg_relation);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard_depth++;
	begin_writer(&this, guard->source,
				 writer_of_statement(fcinfo->flinfo->fn_mcxt, guard),
				 trigger_depth());
	PG_TRY();
	{
		findings.stranger = is_stranger(guard);
		strangers += findings.stranger;
		if (writes_roster(guard->kind))
			lock_roster(guard);
		if (is_load(guard, trigdata))
			note_load(guard, trigdata);
		else
			for_each_chunk(guard, trigdata, fcinfo->flinfo->fn_mcxt,
						   &findings, guard_chunk);
		judge_sites(guard, &findings);
		note_judged(fcinfo->flinfo->fn_mcxt, guard, trigdata->tg_event);
		tell_findings(guard, &findings);
	}
	PG_FINALLY();
	{
		end_writer(&this);
		guard_depth--;
		strangers -= findings.stranger;
	}
	PG_END_TRY();
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* The BEFORE TRUNCATE trigger of a guard. */
Datum
osms_guard_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Findings	findings = {.context = CurrentMemoryContext};
	Guard	   *guard;

	guard_check_protocol(fcinfo, "osms_internal.guard_truncate", false, true);
	guard = guard_of_trigger(trigdata);
	if (canonical_relations[guard->kind].traced)
		note_truncation(guard);
	else if (guard->modes[RULE_IMMUTABLE] != MODE_OFF)
		report_violation(guard, RULE_IMMUTABLE, 0, "truncated", 'D', NULL,
						 NULL, &findings);
	tell_findings(guard, &findings);
	return PointerGetDatum(NULL);
}

/*
 * pending.c
 *		Persons who counted twice, looked at again as the transaction ends.
 */
#include "osms.h"

#include "guard/cache.h"
#include "guard/chunk.h"
#include "guard/discreet.h"
#include "guard/guard.h"
#include "guard/lock.h"
#include "guard/overlap.h"
#include "guard/plan.h"
#include "guard/protocol.h"
#include "guard/stranger.h"
#include "guard/violation.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "security/owner.h"
#include "security/writer.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(osms_judge_pending);

/* Whether a noted person still counts twice, whoever waits for the lock. */
static bool
still_overlaps(Guard *guard, Datum person)
{
	static const char unpend[] =
	"DELETE FROM {r}.pending WHERE person = $1";
	Oid			types[] = {subject_type(guard),
	get_array_type(subject_type(guard))};
	Datum		persons = person_array(guard, &person, 1);

	guard_execute(guard, PLAN_UNPEND, unpend, 1, types, &person);
	guard_execute(guard, PLAN_LOCK, lock_of_persons, 1, types + 1, &persons);
	return roster_overlaps(guard, person);
}

/* The person in a row of pending; false for none.  Errors: 42804. */
static bool
noted_person(const Guard *guard, const TriggerData *trigdata, Datum *person)
{
	Relation	pending = trigdata->tg_relation;
	Oid			type = subject_type(guard);
	int			column = get_attnum(RelationGetRelid(pending), "person");
	bool		isnull;

	if (column <= 0 ||
		getBaseType(TupleDescAttr(RelationGetDescr(pending), column - 1)->atttypid) !=
		getBaseType(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("relation \"%s\" keeps no persons of registry \"%s\"",
						RelationGetRelationName(pending),
						guard->registry.unquoted),
				 errdetail("It needs a column \"person\" of type %s.",
						   format_type_be(type))));
	*person = heap_getattr(trigdata->tg_trigtuple, column,
						   RelationGetDescr(pending), &isnull);
	return !isnull;
}

/* Judge a noted person, or warn of all of them. */
static void
judge_noted(Guard *guard, Datum person, Findings *findings)
{
	bool		overlap = false;
	Oid			user;
	int			context;

	if (findings->stranger &&
		(guard->arguments == NULL || !refuses_unshown(guard)))
		findings->shown = SHOWN_NOTHING;
	as_owner_begin(guard->registry.owner, &user, &context);
	if (guard->modes[RULE_ONE_ATTACHMENT] != MODE_ENFORCE)
		warn_of_overlaps(guard, findings);
	else
		overlap = still_overlaps(guard, person);
	as_owner_end(user, context);
	if (overlap)
		report_violation(guard, RULE_ONE_ATTACHMENT, ATTACHMENT_SINCE,
						 "overlap", 'U', NULL, NULL, findings);
	tell_findings(guard, findings);
}

/*
 * The deferred constraint trigger on pending: a person who counted twice
 * after some statement is looked at again when the transaction ends.  That
 * the row is there no more tells nothing: another row of the person may have
 * come first, or somebody may have deleted it.
 */
Datum
osms_judge_pending(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Findings	findings = {.context = CurrentMemoryContext,.at_end = true};
	Guard	   *guard;
	Datum		person;
	OwnersWrite this;

	deferred_check_protocol(fcinfo, "osms_internal.judge_pending", "pending");
	guard = guard_as_set_up(trigdata->tg_trigger->tgargs[0], REL_ATTACHMENT);
	if (!noted_person(guard, trigdata, &person))
		return PointerGetDatum(NULL);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard_depth++;
	/* it runs as who commits, and from 18 on as who wrote the row, us */
	begin_writer(&this, guard->source, (Writer) {.role = GetOuterUserId()},
				 trigger_depth());
	PG_TRY();
	{
		findings.stranger = is_stranger(guard);
		strangers += findings.stranger;
		judge_noted(guard, person, &findings);
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

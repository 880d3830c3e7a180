/*
 * row_guard.c
 *		The row layer: BEFORE ROW, from OLD, NEW and the arguments alone.
 *
 * It refuses early, with the row at hand; the set layer judges again what
 * reached the table.  Without a set trigger beside it the row layer would be
 * a guard in appearance only, so it refuses to run.
 */
#include "guard.h"

#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "executor/executor.h"
#include "parser/parse_func.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(osms_guard_row);

/* What is kept for the rows of one query. */
typedef struct RowGuard
{
	uint64		generation;
	ProjectionState *projection;
	MemoryContext context;
} RowGuard;

/* Whether an enabled set trigger of a guard stands on the table. */
static bool
has_set_trigger(Relation table, bool update)
{
	Oid			function =
		LookupFuncName(list_make2(makeString("osms"), makeString("guard_set")),
					   0, NULL, false);
	TriggerDesc *triggers = table->trigdesc;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *t = &triggers->triggers[i];

		if (t->tgfoid == function &&
			(t->tgenabled == TRIGGER_FIRES_ON_ORIGIN ||
			 t->tgenabled == TRIGGER_FIRES_ALWAYS) &&
			(update ? TRIGGER_FOR_UPDATE(t->tgtype) :
			 TRIGGER_FOR_INSERT(t->tgtype)))
			return true;
	}
	return false;
}

/* Make ready for the rows of this query, or take what was made. */
static ProjectionState *
row_projection(FunctionCallInfo fcinfo, const Guard *guard)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	RowGuard   *kept = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (kept && kept->generation == guard->generation)
		return kept->projection;
	if (!has_set_trigger(trigdata->tg_relation,
						 TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" lacks the statement trigger of its guard",
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Enable the triggers zz_osms_*, or run osms.guard() again.")));
	if (kept == NULL)
	{
		kept = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(RowGuard));
		kept->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt,
											  "osms row guard",
											  ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = kept;
	}
	else
		MemoryContextReset(kept->context);
	old = MemoryContextSwitchTo(kept->context);
	kept->generation = 0;
	kept->projection = begin_projection(guard->projection);
	kept->generation = guard->generation;
	MemoryContextSwitchTo(old);
	return kept->projection;
}

/* The BEFORE INSERT OR UPDATE ROW trigger of a guard. */
Datum
osms_guard_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	bool		update;
	Guard	   *guard;
	ProjectionState *projection;
	CanonicalRow old;
	CanonicalRow new;
	RowChange	change = {.new = &new,.changed = -1};

	guard_check_protocol(fcinfo, "osms.guard_row", true, true);
	update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	guard = guard_of_trigger(trigdata);
	projection = row_projection(fcinfo, guard);
	change.projection = guard->projection;

	/* generated columns are not computed yet; the set layer sees them */
	if (!guard->projection->generated)
	{
		ResetExprContext(projection->context);
		project_row(projection,
					update ? trigdata->tg_newslot : trigdata->tg_trigslot,
					&new);
		if (update)
		{
			project_row(projection, trigdata->tg_trigslot, &old);
			change.old = &old;
			change.changed = changed_columns(projection, &old, &new);
		}
		if (change.changed != 0)
		{
			MemoryContext caller =
				MemoryContextSwitchTo(projection->context->ecxt_per_tuple_memory);

			judge_row(guard, &change, true, NULL, update ? 'U' : 'I');
			MemoryContextSwitchTo(caller);
		}
	}
	return PointerGetDatum(update ? trigdata->tg_newtuple :
						   trigdata->tg_trigtuple);
}

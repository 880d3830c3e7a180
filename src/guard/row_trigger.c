/*
 * row_trigger.c
 *		The row layer: BEFORE ROW, from OLD, NEW and the arguments alone.
 *
 * It refuses early, with the row at hand; the set layer judges again what
 * reached the table.  Without the set triggers beside it the row layer would
 * be a guard in appearance only, so it refuses to run.
 */
#include "osms.h"

#include "guard/cache.h"
#include "guard/conceal.h"
#include "guard/guard.h"
#include "guard/judge.h"
#include "guard/nested.h"
#include "guard/partition.h"
#include "guard/protocol.h"
#include "guard/written_row.h"
#include "registry/projection.h"
#include "rule/rule.h"
#include "security/writer.h"

#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(osms_guard_row);

/* What is kept for the rows of one query. */
typedef struct RowGuard
{
	uint64		generation;
	ProjectionState *projection;
	RootRow		old;
	RootRow		new;
	int			checked;		/* events whose set triggers were found */
	Running    *running;		/* the query */
	MemoryContext context;
} RowGuard;

/* Make ready for the rows of this query, or take what was made. */
static RowGuard *
row_guard_of(FunctionCallInfo fcinfo, const Guard *guard)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	RowGuard   *kept = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (kept && kept->generation == guard->generation)
		return kept;
	if (kept == NULL)
	{
		kept = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
									  sizeof(RowGuard));
		kept->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt,
											  "osms row guard",
											  ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = kept;
	}
	else
		MemoryContextReset(kept->context);
	old = MemoryContextSwitchTo(kept->context);
	kept->generation = 0;
	kept->checked = 0;
	kept->projection = begin_projection(guard->projection);
	begin_root_row(&kept->old, trigdata->tg_relation, guard->source);
	begin_root_row(&kept->new, trigdata->tg_relation, guard->source);
	note_write(guard->source, fcinfo->flinfo->fn_mcxt);
	kept->running = note_running(fcinfo->flinfo->fn_mcxt, guard);
	kept->generation = guard->generation;
	MemoryContextSwitchTo(old);
	return kept;
}

/* Judge the row that is to be stored by what it alone decides. */
static void
judge_new_row(const Guard *guard, RowGuard *kept, TriggerData *trigdata)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	ProjectionState *projection = kept->projection;
	MemoryContext caller;
	CanonicalRow old;
	CanonicalRow new;
	RowChange	change = {.projection = guard->projection,.new = &new,
	.changed = -1};

	ResetExprContext(projection->context);
	project_written_row(guard, projection,
						as_root_row(&kept->new, update ? trigdata->tg_newslot :
									trigdata->tg_trigslot), &new,
						update ? 'U' : 'I');
	if (update)
	{
		project_stored_row(guard, projection,
						   as_root_row(&kept->old, trigdata->tg_trigslot),
						   &old);
		change.old = &old;
		change.changed = changed_columns(projection, &old, &new);
	}
	if (change.changed == 0)
		return;
	caller = MemoryContextSwitchTo(projection->context->ecxt_per_tuple_memory);
	judge_row(guard, &change, true, NULL, update ? 'U' : 'I');
	MemoryContextSwitchTo(caller);
}

/* The BEFORE INSERT OR UPDATE OR DELETE ROW trigger of a guard. */
Datum
osms_guard_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	TriggerEvent event;
	Guard	   *guard;
	RowGuard   *kept;
	bool		partition;

	guard_check_protocol(fcinfo, "osms_internal.guard_row", true, true);
	event = trigdata->tg_event & TRIGGER_EVENT_OPMASK;
	guard = guard_of_trigger(trigdata);
	kept = row_guard_of(fcinfo, guard);
	if (!(kept->checked & (1 << event)))
	{
		tree_check(guard, trigdata->tg_relation, event);
		kept->checked |= 1 << event;
	}

	partition = trigdata->tg_relation->rd_rel->relispartition;
	if (partition && event != TRIGGER_EVENT_INSERT)
		count_running(kept->running, event == TRIGGER_EVENT_UPDATE);

	/*
	 * An UPDATE that moves a row into another partition inserts it there:
	 * what of it changed only the set layer can tell.  Nor are generated
	 * columns computed yet.
	 */
	if (event != TRIGGER_EVENT_DELETE && !guard->projection->generated &&
		!(partition && event == TRIGGER_EVENT_INSERT))
		judge_new_row(guard, kept, trigdata);
	return PointerGetDatum(event == TRIGGER_EVENT_UPDATE ?
						   trigdata->tg_newtuple : trigdata->tg_trigtuple);
}

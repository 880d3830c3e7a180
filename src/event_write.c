/*
 * event_write.c
 *		Writing attachments that are made of events: the INSTEAD OF trigger
 *		that osms.map() puts on their view.
 *
 * An INSERT is an opening, an UPDATE an event that points at it.  Events are
 * written through their own view, which knows how the source keeps them, as
 * the owner of the view of attachments.  Nothing is locked here: the guard of
 * the source judges what the event finds under the person's lock.
 */
#include "guard.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "core/lifecycle.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(osms_map_event);

/* The event that a write of an attachment comes to. */
static const char event_statement[] =
"INSERT INTO %1$s.attachment_event (event, closes, person, organisation,"
" site, state, day, application, order_key, restores, reason)"
" VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $12"
"  THEN (SELECT pg_catalog.timezone(s.time_zone, pg_catalog.now())"
"   ::pg_catalog.date FROM %1$s.setting s) ELSE $7 END,"
" $8, $9, $10, $11) RETURNING event";

#define EVENT_COLUMNS (CHAIN_REASON + 1)

/* Refuse to write what no event could tell. */
static void
refuse_write(const char *column, Relation view)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 column ? errmsg("column \"%s\" of mapped relation \"%s\" can only be read",
							 column, RelationGetRelationName(view)) :
			 errmsg("rows of mapped relation \"%s\" cannot be deleted",
					RelationGetRelationName(view)),
			 errdetail("Its source keeps events, and another event can tell only a state, a reason and, to close, an end."),
			 errhint("Close or annul the attachment with its reason and write a new one.")));
}

/* A row of the view, column by column; what it does not have is NULL. */
static void
read_attachment(Relation view, HeapTuple tuple, CanonicalRow *row)
{
	TupleDesc	desc = RelationGetDescr(view);

	for (int i = 0; i < canonical_relations[REL_ATTACHMENT].ncolumns; i++)
	{
		AttrNumber	a = get_attnum(RelationGetRelid(view),
								   canonical_relations[REL_ATTACHMENT].columns[i].name);

		row->isnull[i] = true;
		if (a > 0)
			row->value[i] = heap_getattr(tuple, a, desc, &row->isnull[i]);
	}
}

static bool
is_closed(const CanonicalRow *row)
{
	return !row->isnull[ATTACHMENT_STATE] &&
		DatumGetChar(row->value[ATTACHMENT_STATE]) == ATTACHMENT_CLOSED;
}

/*
 * Whether an UPDATE changes anything that an event can tell.  Errors: 55000
 * for anything else.
 */
static bool
tells_something(Relation view, const CanonicalRow *old,
				const CanonicalRow *new)
{
	const CanonicalRelation *shape = &canonical_relations[REL_ATTACHMENT];
	TupleDesc	desc = RelationGetDescr(view);
	bool		changed = false;

	for (int i = 0; i < shape->ncolumns; i++)
	{
		AttrNumber	a = get_attnum(RelationGetRelid(view),
								   shape->columns[i].name);
		Form_pg_attribute att = a > 0 ? TupleDescAttr(desc, a - 1) : NULL;

		if (att == NULL || (old->isnull[i] && new->isnull[i]) ||
			(!old->isnull[i] && !new->isnull[i] &&
			 datum_image_eq(old->value[i], new->value[i], att->attbyval,
							att->attlen)))
			continue;
		if (i != ATTACHMENT_STATE && i != ATTACHMENT_REASON &&
			!(i == ATTACHMENT_UNTIL && is_closed(new)))
			refuse_write(shape->columns[i].name, view);
		changed = true;
	}
	return changed;
}

/* Free the plan of a trigger when the query that made it ends. */
static void
free_plan(void *plan)
{
	SPI_freeplan(plan);
}

/* The plan that writes events of a view, kept for the query. */
static SPIPlanPtr
event_plan(FunctionCallInfo fcinfo, Oid events)
{
	const CanonicalRelation *shape =
		&canonical_relations[REL_ATTACHMENT_EVENT];
	Oid			types[EVENT_COLUMNS + 1];
	MemoryContextCallback *callback;
	SPIPlanPtr	plan;

	if (fcinfo->flinfo->fn_extra)
		return fcinfo->flinfo->fn_extra;
	for (int i = 0; i < EVENT_COLUMNS; i++)
		types[i] = get_atttype(events, get_attnum(events, shape->columns[i].name));
	types[EVENT_COLUMNS] = BOOLOID;
	plan = SPI_prepare(psprintf(event_statement,
								quote_identifier(get_namespace_name(get_rel_namespace(events)))),
					   EVENT_COLUMNS + 1, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s",
			 SPI_result_code_string(SPI_result));
	callback = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
								  sizeof(MemoryContextCallback));
	SPI_keepplan(plan);
	callback->func = free_plan;
	callback->arg = plan;
	MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, callback);
	fcinfo->flinfo->fn_extra = plan;
	return plan;
}

/* The values of an event: of an opening, or of one that points at it. */
static void
event_values(const CanonicalRow *row, bool pointing, Datum *values,
			 char *nulls)
{
	static const int opened[EVENT_COLUMNS] = {
		[CHAIN_EVENT] = ATTACHMENT_ATTACHMENT,
		[CHAIN_CLOSES] = -1,
		[CHAIN_PERSON] = ATTACHMENT_PERSON,
		[CHAIN_ORGANISATION] = ATTACHMENT_ORGANISATION,
		[CHAIN_SITE] = ATTACHMENT_SITE,
		[CHAIN_STATE] = ATTACHMENT_STATE,
		[CHAIN_DAY] = ATTACHMENT_SINCE,
		[CHAIN_APPLICATION] = ATTACHMENT_APPLICATION,
		[CHAIN_ORDER_KEY] = ATTACHMENT_ORDER_KEY,
		[CHAIN_RESTORES] = ATTACHMENT_RESTORES,
		[CHAIN_REASON] = ATTACHMENT_REASON
	};
	static const int pointed[EVENT_COLUMNS] = {
		[CHAIN_EVENT] = -1,
		[CHAIN_CLOSES] = ATTACHMENT_ATTACHMENT,
		[CHAIN_PERSON] = ATTACHMENT_PERSON,
		[CHAIN_ORGANISATION] = ATTACHMENT_ORGANISATION,
		[CHAIN_SITE] = ATTACHMENT_SITE,
		[CHAIN_STATE] = ATTACHMENT_STATE,
		[CHAIN_DAY] = ATTACHMENT_UNTIL,
		[CHAIN_APPLICATION] = -1,
		[CHAIN_ORDER_KEY] = -1,
		[CHAIN_RESTORES] = -1,
		[CHAIN_REASON] = ATTACHMENT_REASON
	};
	const int  *columns = pointing ? pointed : opened;

	for (int i = 0; i < EVENT_COLUMNS; i++)
	{
		nulls[i] = columns[i] < 0 || row->isnull[columns[i]] ? 'n' : ' ';
		values[i] = nulls[i] == 'n' ? (Datum) 0 : row->value[columns[i]];
	}
	/* what is not an end happens today */
	values[EVENT_COLUMNS] =
		BoolGetDatum(pointing && !is_closed(row));
	nulls[EVENT_COLUMNS] = ' ';
}

/* An event on its way to the view of events. */
typedef struct EventWrite
{
	FunctionCallInfo fcinfo;
	Oid			events;
	Datum	   *values;
	const char *nulls;
} EventWrite;

static void
write_event(void *arg)
{
	EventWrite *w = arg;
	int			rc = SPI_execute_plan(event_plan(w->fcinfo, w->events),
									  w->values, w->nulls, false, 0);

	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
}

/* The row as inserted: with the key that its event was given. */
static HeapTuple
with_key(Relation view, HeapTuple inserted)
{
	int			column = get_attnum(RelationGetRelid(view),
									canonical_relations[REL_ATTACHMENT].columns[0].name);
	bool		isnull;
	Datum		key = SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 1, &isnull);

	return heap_modify_tuple_by_cols(inserted, RelationGetDescr(view), 1,
									 &column, &key, &isnull);
}

/* map_event(): the INSTEAD OF trigger of attachments made of events. */
Datum
osms_map_event(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	MemoryContext caller = CurrentMemoryContext;
	Relation	view;
	CanonicalRow old;
	CanonicalRow new;
	Datum		values[EVENT_COLUMNS + 1];
	char		nulls[EVENT_COLUMNS + 1];
	HeapTuple	result;
	bool		update;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_INSTEAD(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"osms.map_event\" must be fired INSTEAD OF"),
				 errhint("Let osms.map() make the view and its trigger.")));
	view = trigdata->tg_relation;
	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		refuse_write(NULL, view);
	update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	result = update ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	read_attachment(view, result, &new);
	if (update)
	{
		read_attachment(view, trigdata->tg_trigtuple, &old);
		if (!tells_something(view, &old, &new))
			return PointerGetDatum(result);
	}
	else if (!new.isnull[ATTACHMENT_UNTIL])
		refuse_write(canonical_relations[REL_ATTACHMENT].columns[ATTACHMENT_UNTIL].name,
					 view);

	event_values(&new, update, values, nulls);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	{
		EventWrite	w = {
			.fcinfo = fcinfo,
			.events = get_relname_relid(canonical_relations[REL_ATTACHMENT_EVENT].name,
										RelationGetNamespace(view)),
			.values = values,
			.nulls = nulls
		};

		write_as(view->rd_rel->relowner, w.events, GetUserId(), write_event,
				 &w);
	}
	if (SPI_processed == 0)
		result = NULL;
	else if (!update)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		result = with_key(view, result);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return PointerGetDatum(result);
}

/*
 * map_event.c
 *		Writing attachments that are made of events: the INSTEAD OF trigger
 *		that osms.map() puts on their view.
 *
 * An INSERT is an opening, an UPDATE an event that points at it; what is
 * inserted closed is both.  Events are written through their own view, which
 * knows how the source keeps them, as the owner of the view of attachments.
 * Nothing is locked here: the guard of the source judges what the event finds
 * under the person's lock.
 */
#include "osms.h"

#include "core/lifecycle.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/owner.h"
#include "security/writer.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

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

/* What an opening tells of an attachment, by column of the event. */
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

/* What is kept for the rows of one query. */
typedef struct EventWriter
{
	Projection *attachments;
	Projection *events;
	SPIPlanPtr	plan;
} EventWriter;

/* Refuse to write what no event could tell. */
pg_noreturn static void
refuse_change(const char *column, Relation view)
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

/*
 * Position of a canonical column in the view.  Errors: 42703 where it was
 * renamed, 42804 where another has its name.
 */
static AttrNumber
attachment_column(const EventWriter *writer, Relation view, int i)
{
	const char *name = canonical_relations[REL_ATTACHMENT].columns[i].name;
	AttrNumber	a = get_attnum(RelationGetRelid(view), name);

	if (a <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("mapped relation \"%s\" has no column \"%s\"",
						RelationGetRelationName(view), name),
				 errhint("Give the column its canonical name again, or map the relation with osms.map().")));
	if (TupleDescAttr(RelationGetDescr(view), a - 1)->atttypid !=
		writer->attachments->type[i])
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of mapped relation \"%s\" was altered while it was written",
						name, RelationGetRelationName(view)),
				 errhint("Repeat the statement.")));
	return a;
}

/* A row of the view, column by column. */
static void
read_attachment(const EventWriter *writer, Relation view, HeapTuple tuple,
				CanonicalRow *row)
{
	for (int i = 0; i < canonical_relations[REL_ATTACHMENT].ncolumns; i++)
		row->value[i] = heap_getattr(tuple, attachment_column(writer, view, i),
									 RelationGetDescr(view), &row->isnull[i]);
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
tells_something(const EventWriter *writer, Relation view,
				const CanonicalRow *old, const CanonicalRow *new)
{
	const CanonicalRelation *shape = &canonical_relations[REL_ATTACHMENT];
	TupleDesc	desc = RelationGetDescr(view);
	bool		changed = false;

	for (int i = 0; i < shape->ncolumns; i++)
	{
		Form_pg_attribute att =
			TupleDescAttr(desc, attachment_column(writer, view, i) - 1);

		if ((old->isnull[i] && new->isnull[i]) ||
			(!old->isnull[i] && !new->isnull[i] &&
			 datum_image_eq(old->value[i], new->value[i], att->attbyval,
							att->attlen)))
			continue;
		if (i != ATTACHMENT_STATE && i != ATTACHMENT_REASON &&
			!(i == ATTACHMENT_UNTIL && is_closed(new)))
			refuse_change(shape->columns[i].name, view);
		changed = true;
	}
	return changed;
}

/* Free the plan of a trigger when the query that made it ends. */
static void
free_plan(void *arg)
{
	EventWriter *writer = arg;

	if (writer->plan)
		SPI_freeplan(writer->plan);
}

/*
 * What writes the events of a view, made once for the query: in canonical
 * types, among which keys of one kind agree.  Errors: 55000 where the view is
 * not made of the events of its schema, and those of make_projection.
 */
static EventWriter *
event_writer(FunctionCallInfo fcinfo, Relation view)
{
	EventWriter *writer = fcinfo->flinfo->fn_extra;
	MemoryContextCallback *callback;
	MemoryContext caller;
	Projection *p;
	Projection *events;
	bool		fits;

	if (writer)
		return writer;
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	p = make_projection(REL_ATTACHMENT, RelationGetRelid(view));
	events = OidIsValid(p->events) ?
		make_projection(REL_ATTACHMENT_EVENT, p->events) : NULL;
	fits = events &&
		get_rel_namespace(p->events) == RelationGetNamespace(view);
	for (int i = 0; fits && i < EVENT_COLUMNS; i++)
		fits = opened[i] < 0 || events->type[i] == p->type[opened[i]];
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("mapped relation \"%s\" is not made of the events of its registry",
						RelationGetRelationName(view)),
				 errhint("Map the relation \"attachment\" again with osms.map().")));
	writer = palloc0(sizeof(EventWriter));
	writer->attachments = p;
	writer->events = events;
	callback = palloc(sizeof(MemoryContextCallback));
	callback->func = free_plan;
	callback->arg = writer;
	MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, callback);
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = writer;
	return writer;
}

/* The plan that writes events, kept for the query. */
static SPIPlanPtr
event_plan(EventWriter *writer, Relation view)
{
	Oid			types[EVENT_COLUMNS + 1];
	SPIPlanPtr	plan;

	if (writer->plan)
		return writer->plan;
	memcpy(types, writer->events->type, EVENT_COLUMNS * sizeof(Oid));
	types[EVENT_COLUMNS] = BOOLOID;
	plan = SPI_prepare(psprintf(event_statement,
								quote_identifier(get_namespace_name(RelationGetNamespace(view)))),
					   EVENT_COLUMNS + 1, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s",
			 SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	return writer->plan = plan;
}

/* The values of an event: of an opening, or of one that points at it. */
static void
event_values(const CanonicalRow *row, bool pointing, Datum *values,
			 char *nulls)
{
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
	EventWriter *writer;
	Relation	view;
	Datum	   *values;
	const char *nulls;
} EventWrite;

static void
write_event(void *arg)
{
	EventWrite *w = arg;
	int			rc = SPI_execute_plan(event_plan(w->writer, w->view),
									  w->values, w->nulls, false, 0);

	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
}

/* Write the event of a row; false where a trigger of the source skipped it. */
static bool
write_one(EventWriter *writer, Relation view, const CanonicalRow *row,
		  bool pointing)
{
	Datum		values[EVENT_COLUMNS + 1];
	char		nulls[EVENT_COLUMNS + 1];
	EventWrite	w = {.writer = writer,.view = view,.values = values,
	.nulls = nulls};

	event_values(row, pointing, values, nulls);
	(void) write_as(view->rd_rel->relowner, writer->events->canonical,
					written_by(RelationGetRelid(view)), write_event, &w);
	return SPI_processed > 0;
}

/* The row as inserted: with the key that its event was given. */
static HeapTuple
with_key(const EventWriter *writer, Relation view, HeapTuple inserted)
{
	int			column = attachment_column(writer, view,
										   ATTACHMENT_ATTACHMENT);
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		isnull;
	Datum		key = SPI_getbinval(SPI_tuptable->vals[0], desc, 1, &isnull);

	if (TupleDescAttr(desc, 0)->atttypid !=
		writer->attachments->type[ATTACHMENT_ATTACHMENT])
		return inserted;
	return heap_modify_tuple_by_cols(inserted, RelationGetDescr(view), 1,
									 &column, &key, &isnull);
}

/*
 * Write the opening of an attachment and, of one that is closed already, the
 * event that closes it.  Returns the row as inserted, or NULL.
 */
static HeapTuple
write_opening(EventWriter *writer, Relation view, HeapTuple inserted,
			  CanonicalRow *row, MemoryContext caller)
{
	bool		closed = is_closed(row);
	MemoryContext spi;

	if (closed)
	{
		row->value[ATTACHMENT_STATE] = CharGetDatum(ATTACHMENT_ACTIVE);
		row->isnull[ATTACHMENT_REASON] = true;
	}
	if (!write_one(writer, view, row, false))
		return NULL;
	spi = MemoryContextSwitchTo(caller);
	inserted = with_key(writer, view, inserted);
	MemoryContextSwitchTo(spi);
	if (closed)
	{
		read_attachment(writer, view, inserted, row);
		if (!write_one(writer, view, row, true))
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("the event that closes the attachment was not written"),
					 errdetail("A trigger of its table skips it, and the attachment would stay open."),
					 errhint("Let no trigger of the table skip events, or insert the attachment open and close it then.")));
	}
	return inserted;
}

/* map_event(): the INSTEAD OF trigger of attachments made of events. */
Datum
osms_map_event(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	MemoryContext caller = CurrentMemoryContext;
	Relation	view;
	CanonicalRow old = {0};
	CanonicalRow new = {0};
	HeapTuple	result;
	bool		update;
	EventWriter *writer;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_INSTEAD(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		strcmp(RelationGetRelationName(trigdata->tg_relation),
			   canonical_relations[REL_ATTACHMENT].name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"osms_internal.map_event\" must be fired INSTEAD OF, on a view \"attachment\""),
				 errhint("Let osms.map() make the view and its trigger.")));
	view = trigdata->tg_relation;
	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		refuse_change(NULL, view);
	update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	result = update ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	writer = event_writer(fcinfo, view);
	read_attachment(writer, view, result, &new);
	if (update)
	{
		read_attachment(writer, view, trigdata->tg_trigtuple, &old);
		if (!tells_something(writer, view, &old, &new))
			return PointerGetDatum(result);
	}
	else if (!new.isnull[ATTACHMENT_UNTIL] && !is_closed(&new))
		refuse_change(canonical_relations[REL_ATTACHMENT].columns[ATTACHMENT_UNTIL].name,
					  view);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (update)
	{
		if (!write_one(writer, view, &new, true))
			result = NULL;
	}
	else
		result = write_opening(writer, view, result, &new, caller);
	SPI_finish();
	return PointerGetDatum(result);
}

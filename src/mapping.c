/*
 * mapping.c
 *		Writing through a mapped relation: the INSTEAD OF trigger that
 *		osms.map() puts on the view.
 *
 * Its arguments are the inverse of the view: the key as canonical column, as
 * source column and as value in terms of old, then triples of canonical
 * column, source column and value in terms of new.  An UPDATE writes only what changed, so a
 * read-only column does not stop a writer who leaves it alone.  As with an
 * updatable view of PostgreSQL, the source is written with the rights of the
 * view's owner.
 */
#include "registry.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(osms_map_write);

#define KEY_CANONICAL 0
#define KEY_COLUMN 1
#define KEY_VALUE 2
#define FIRST_TRIPLE 3
#define TRIPLE 3

/* A statement made for one set of columns. */
typedef struct WritePlan
{
	char		event;
	Bitmapset  *columns;		/* triples written */
	SPIPlanPtr	plan;
	struct WritePlan *next;
} WritePlan;

/* Free the kept plans when the query that made them ends. */
static void
free_plans(void *arg)
{
	for (WritePlan *p = *(WritePlan **) arg; p; p = p->next)
		SPI_freeplan(p->plan);
}

/* Position of a column of the view, by name. */
static int
view_column(TupleDesc desc, const char *name)
{
	for (int a = 0; a < desc->natts; a++)
		if (strcmp(NameStr(TupleDescAttr(desc, a)->attname), name) == 0)
			return a;
	return -1;
}

/* Columns of the view in which two of its rows differ. */
static Bitmapset *
written_columns(TupleDesc desc, HeapTuple old, HeapTuple new)
{
	Bitmapset  *columns = NULL;

	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, a);
		bool		old_null = true;
		bool		new_null;
		Datum		o = old ? heap_getattr(old, a + 1, desc, &old_null) : 0;
		Datum		n = heap_getattr(new, a + 1, desc, &new_null);

		if (old_null != new_null ||
			(!new_null && !datum_image_eq(o, n, att->attbyval, att->attlen)))
			columns = bms_add_member(columns, a);
	}
	return columns;
}

/* Whether a triple copies its column as it is. */
static bool
is_plain(const Trigger *trigger, int t)
{
	return strcmp(trigger->tgargs[t + 2],
				  psprintf("new.%s", quote_identifier(trigger->tgargs[t]))) == 0;
}

/*
 * Choose the triples to write; one without a canonical column is a default.  Errors: 55000 for a column that the mapping
 * can only read.
 */
static Bitmapset *
choose_triples(TriggerData *trigdata, char event)
{
	Relation	view = trigdata->tg_relation;
	TupleDesc	desc = RelationGetDescr(view);
	Trigger    *trigger = trigdata->tg_trigger;
	Bitmapset  *changed = written_columns(desc,
										  event == 'U' ? trigdata->tg_trigtuple : NULL,
										  event == 'U' ? trigdata->tg_newtuple :
										  trigdata->tg_trigtuple);
	Bitmapset  *triples = NULL;
	int			readonly;

	for (int t = FIRST_TRIPLE; t < trigger->tgnargs; t += TRIPLE)
	{
		char	   *canonical = trigger->tgargs[t];
		int			a = view_column(desc, canonical);

		/* an INSERT leaves a plain NULL to the default of the source */
		if (a < 0 || (event == 'I' && !is_plain(trigger, t)))
		{
			if (event == 'I')
				triples = bms_add_member(triples, t);
		}
		else if (bms_is_member(a, changed))
			triples = bms_add_member(triples, t);
		if (a >= 0)
			changed = bms_del_member(changed, a);
	}
	readonly = bms_next_member(changed, -1);
	if (readonly >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of mapped relation \"%s\" can only be read",
						NameStr(TupleDescAttr(desc, readonly)->attname),
						RelationGetRelationName(view)),
				 errdetail("The mapping does not say how the source keeps it."),
				 errhint("Give osms.map() a column, or an expression with its \"write\".")));
	return triples;
}

/* Write the statement for a set of triples; L locks a row and compares it. */
static char *
write_statement(TriggerData *trigdata, Oid source, char event,
				Bitmapset *triples)
{
	Trigger    *trigger = trigdata->tg_trigger;
	const char *table =
		quote_qualified_identifier(get_namespace_name(get_rel_namespace(source)),
								   get_rel_name(source));
	int			key = view_column(RelationGetDescr(trigdata->tg_relation),
								  trigger->tgargs[KEY_CANONICAL]);
	const char *equal =
		equality_of(TupleDescAttr(RelationGetDescr(trigdata->tg_relation),
								  key)->atttypid);
	StringInfoData columns;
	StringInfoData values;
	int			t = -1;

	initStringInfo(&columns);
	initStringInfo(&values);
	while ((t = bms_next_member(triples, t)) >= 0)
	{
		const char *column = quote_identifier(trigger->tgargs[t + 1]);
		const char *comma = columns.len ? ", " : "";

		if (event == 'U')
			appendStringInfo(&columns, "%s%s = %s", comma, column,
							 trigger->tgargs[t + 2]);
		else
		{
			appendStringInfo(&columns, "%s%s", comma, column);
			appendStringInfo(&values, "%s%s", comma, trigger->tgargs[t + 2]);
		}
	}
	switch (event)
	{
		case 'I':
			return psprintf("INSERT INTO %s (%s) SELECT %s"
							" FROM (SELECT ($1).*) new RETURNING %s",
							table, columns.data, values.data,
							quote_identifier(trigger->tgargs[KEY_COLUMN]));
		case 'L':
			return psprintf("SELECT v OPERATOR(pg_catalog.*=) $1 FROM %s v"
							" WHERE v.%s %s ($1).%s FOR NO KEY UPDATE",
							quote_qualified_identifier(get_namespace_name(RelationGetNamespace(trigdata->tg_relation)),
													   RelationGetRelationName(trigdata->tg_relation)),
							quote_identifier(trigger->tgargs[KEY_CANONICAL]),
							equal,
							quote_identifier(trigger->tgargs[KEY_CANONICAL]));
		case 'U':
			return psprintf("UPDATE %s t SET %s FROM (SELECT ($1).*) new,"
							" (SELECT ($2).*) old WHERE t.%s %s %s",
							table, columns.data,
							quote_identifier(trigger->tgargs[KEY_COLUMN]),
							equal, trigger->tgargs[KEY_VALUE]);
		default:
			return psprintf("DELETE FROM %s t USING (SELECT ($1).*) old"
							" WHERE t.%s %s %s", table,
							quote_identifier(trigger->tgargs[KEY_COLUMN]),
							equal, trigger->tgargs[KEY_VALUE]);
	}
}

/* The plan for this event and these columns, kept for the query. */
static SPIPlanPtr
plan_of(FunctionCallInfo fcinfo, Oid source, char event, Bitmapset *triples)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Oid			row = trigdata->tg_relation->rd_rel->reltype;
	Oid			types[2] = {row, row};
	WritePlan **kept = fcinfo->flinfo->fn_extra;
	WritePlan  *p;
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

	if (kept == NULL)
	{
		MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

		fcinfo->flinfo->fn_extra = kept = palloc0(sizeof(WritePlan *));
		callback->func = free_plans;
		callback->arg = kept;
		MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, callback);
	}
	for (p = *kept; p; p = p->next)
		if (p->event == event && bms_equal(p->columns, triples))
			break;
	if (p == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(write_statement(trigdata, source, event,
													   triples),
									   event == 'U' ? 2 : 1, types);

		if (plan == NULL)
			elog(ERROR, "SPI_prepare failed: %s",
				 SPI_result_code_string(SPI_result));
		/* SPI_prepare left its own memory current */
		MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		p = palloc(sizeof(WritePlan));
		p->event = event;
		p->columns = bms_copy(triples);
		SPI_keepplan(plan);
		p->plan = plan;
		p->next = *kept;
		*kept = p;
	}
	MemoryContextSwitchTo(old);
	return p->plan;
}

/* The row as inserted: with the key that the source gave it. */
static HeapTuple
with_key(TriggerData *trigdata, HeapTuple inserted, int key)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	TupleDesc	returned = SPI_tuptable->tupdesc;
	int			column = key + 1;
	bool		isnull;
	Datum		value;

	if (key < 0 ||
		TupleDescAttr(returned, 0)->atttypid != TupleDescAttr(desc, key)->atttypid ||
		!heap_attisnull(inserted, column, desc))
		return inserted;
	value = SPI_getbinval(SPI_tuptable->vals[0], returned, 1, &isnull);
	return heap_modify_tuple_by_cols(inserted, desc, 1, &column, &value,
									 &isnull);
}

static void
report_concurrent_update(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update"),
			 errhint("Repeat the transaction.")));
}

/*
 * Lock the source's row and see that it is still what the statement read:
 * the statement's conditions are not looked at again as on a table.  False
 * where the row is gone.  Errors: 40001 where it has changed.
 */
static bool
lock_row(FunctionCallInfo fcinfo, Oid source, Datum old)
{
	int			rc = SPI_execute_plan(plan_of(fcinfo, source, 'L', NULL), &old,
									  NULL, false, 0);
	bool		isnull;

	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	if (SPI_processed == 0)
	{
		/* the view showed a row that the transaction's snapshot does not */
		if (IsolationUsesXactSnapshot())
			report_concurrent_update();
		return false;
	}
	if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 1, &isnull)))
		report_concurrent_update();
	return true;
}

/* map_write(): the INSTEAD OF trigger of a mapped view. */
Datum
osms_map_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Relation	view;
	TupleDesc	desc;
	char		event;
	HeapTuple	result;
	Datum		rows[2];
	Bitmapset  *triples = NULL;
	MemoryContext caller = CurrentMemoryContext;
	Oid			source;
	Oid			user;
	int			context;
	int			rc;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_INSTEAD(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		trigdata->tg_trigger->tgnargs < FIRST_TRIPLE ||
		(trigdata->tg_trigger->tgnargs - FIRST_TRIPLE) % TRIPLE != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"osms.map_write\" must be fired INSTEAD OF, with the arguments osms.map() writes"),
				 errhint("Let osms.map() make the view and its trigger.")));
	view = trigdata->tg_relation;
	desc = RelationGetDescr(view);
	event = TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ? 'I' :
		TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? 'U' : 'D';
	result = event == 'U' ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	source = mapped_source(RelationGetRelid(view));
	if (event != 'D')
	{
		triples = choose_triples(trigdata, event);
		if (bms_is_empty(triples))
			return PointerGetDatum(result);
	}
	rows[0] = heap_copy_tuple_as_datum(result, desc);
	rows[1] = heap_copy_tuple_as_datum(trigdata->tg_trigtuple, desc);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(view->rd_rel->relowner,
						   context | SECURITY_LOCAL_USERID_CHANGE);
	if (event == 'I' || lock_row(fcinfo, source, rows[1]))
	{
		rc = SPI_execute_plan(plan_of(fcinfo, source, event, triples), rows,
							  NULL, false, 0);
		if (rc < 0)
			elog(ERROR, "SPI_execute_plan failed: %s",
				 SPI_result_code_string(rc));
	}
	SetUserIdAndSecContext(user, context);
	if (SPI_processed == 0)
		result = NULL;
	else if (event == 'I')
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		result = with_key(trigdata, result,
						  view_column(desc,
									  trigdata->tg_trigger->tgargs[KEY_CANONICAL]));
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return PointerGetDatum(result);
}

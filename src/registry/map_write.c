/*
 * map_write.c
 *		Writing through a mapped relation: the INSTEAD OF trigger that
 *		osms.map() puts on the view.
 *
 * Its arguments are the inverse of the view: the key as canonical column, as
 * source column and as value in terms of old, then triples of canonical
 * column, source column and value in terms of new.  An UPDATE writes only
 * what changed, so a read-only column does not stop a writer who leaves it
 * alone.
 *
 * As with an updatable view of PostgreSQL, the view's owner needs the right
 * to write the source.  The values are worked out as the view's owner, who
 * runs nobody else's functions, in pg_catalog alone, for the writer's
 * search_path must not choose functions for the owner.  The source is written
 * as the owner of the source.
 */
#include "osms.h"

#include "catalog.h"
#include "registry/guarded.h"
#include "registry/keeper.h"
#include "registry/map_trigger.h"
#include "registry/projection.h"
#include "registry/recording.h"
#include "registry/registry.h"
#include "registry/renamed.h"
#include "registry/uncoded.h"
#include "registry/write_sql.h"
#include "security/cursors.h"
#include "security/owner.h"
#include "security/restrict.h"
#include "security/settings.h"
#include "security/writer.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"

PG_FUNCTION_INFO_V1(osms_map_write);

/* The statements made for one set of columns. */
typedef struct WritePlan
{
	char		event;
	Bitmapset  *columns;		/* triples written */
	const Trigger *trigger;		/* with the names that columns have now */
	SPIPlanPtr	lock;			/* the source's row, for U and D */
	SPIPlanPtr	values;			/* works out what is written, and the key */
	SPIPlanPtr	write;			/* writes it */
	struct WritePlan *next;
} WritePlan;

/* Free the kept plans when the query that made them ends. */
static void
free_plans(void *arg)
{
	for (WritePlan *p = *(WritePlan **) arg; p; p = p->next)
	{
		if (p->lock)
			SPI_freeplan(p->lock);
		if (p->values)
			SPI_freeplan(p->values);
		if (p->write)
			SPI_freeplan(p->write);
	}
}

pg_noreturn static void
report_arguments(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"osms_internal.map_write\" must be fired INSTEAD OF, with the arguments osms.map() writes"),
			 errhint("Let osms.map() make the view and its trigger.")));
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

/*
 * See that the view has the columns that its trigger names.  Errors: 42703
 * where one was renamed.
 */
static void
check_view(Relation view, const Trigger *trigger)
{
	for (int t = KEY_CANONICAL; t < trigger->tgnargs;
		 t = t == KEY_CANONICAL ? FIRST_TRIPLE : t + TRIPLE)
		/* a default has no canonical column */
		if ((t == KEY_CANONICAL || trigger->tgargs[t][0] != '\0') &&
			view_column(RelationGetDescr(view), trigger->tgargs[t]) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("mapped relation \"%s\" has no column \"%s\"",
							RelationGetRelationName(view), trigger->tgargs[t]),
					 errhint("Give the column its canonical name again, or map the relation with osms.map().")));
}

/*
 * Choose the triples to write; one without a canonical column is a default.
 * Errors: 55000 for a column that the mapping can only read.
 */
static Bitmapset *
choose_triples(TriggerData *trigdata, char event)
{
	Relation	view = trigdata->tg_relation;
	TupleDesc	desc = RelationGetDescr(view);
	Trigger    *trigger = trigdata->tg_trigger;
	Bitmapset  *changed = written_columns(desc,
										  event == 'U' ?
										  trigdata->tg_trigtuple : NULL,
										  event == 'U' ?
										  trigdata->tg_newtuple :
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
				 errdetail("The mapping does not say how the source keeps it, or the source computes it."),
				 errhint("Give osms.map() a column, or an expression with its \"write\".")));
	return triples;
}

/*
 * Prepare a statement and keep it, unless that is done.  Errors: 39P01 where
 * what the trigger names makes it more than one.
 */
static SPIPlanPtr
prepare_once(SPIPlanPtr *plan, const char *sql, int nargs, Oid *types)
{
	if (*plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare(sql, nargs, types);

		if (prepared == NULL)
			elog(ERROR, "SPI_prepare failed: %s",
				 SPI_result_code_string(SPI_result));
		if (list_length(SPI_plan_get_plan_sources(prepared)) != 1)
			report_arguments();
		SPI_keepplan(prepared);
		*plan = prepared;
	}
	return *plan;
}

/* Where the plans for this event and these columns are kept for the query. */
static WritePlan *
plans_of(FunctionCallInfo fcinfo, char event, Bitmapset *triples)
{
	WritePlan **kept = fcinfo->flinfo->fn_extra;
	WritePlan  *p;
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

	if (kept == NULL)
	{
		MemoryContextCallback *callback =
			palloc(sizeof(MemoryContextCallback));

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
		p = palloc0(sizeof(WritePlan));
		p->event = event;
		p->columns = bms_copy(triples);
		p->next = *kept;
		*kept = p;
	}
	MemoryContextSwitchTo(old);
	return p;
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
		TupleDescAttr(returned, 0)->atttypid != TupleDescAttr(desc,
															  key)->atttypid ||
		!heap_attisnull(inserted, column, desc))
		return inserted;
	value = SPI_getbinval(SPI_tuptable->vals[0], returned, 1, &isnull);
	return heap_modify_tuple_by_cols(inserted, desc, 1, &column, &value,
									 &isnull);
}

pg_noreturn static void
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
 * where the row is gone.  Errors: 40001 where it has changed, 21000 where the
 * key does not tell which row it is.
 */
static bool
lock_row(WritePlan *plans, Relation view, const char *key, const char *equal,
		 Datum old)
{
	Oid			type = view->rd_rel->reltype;
	SPIPlanPtr	plan;
	bool		isnull;
	int			rc;

	key = quote_identifier(key);
	plan = prepare_once(&plans->lock,
						psprintf("SELECT v OPERATOR(pg_catalog.*=) $1"
								 " FROM %s v WHERE v.%s %s ($1).%s"
								 " FOR NO KEY UPDATE",
								 qualified_name(RelationGetRelid(view)), key,
								 equal, key), 1, &type);
	rc = SPI_execute_plan(plan, &old, NULL, false, 0);
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	if (SPI_processed == 0)
	{
		/* the view showed a row that the transaction's snapshot does not */
		if (IsolationUsesXactSnapshot())
			report_concurrent_update();
		return false;
	}
	if (SPI_processed > 1)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("several rows of mapped relation \"%s\" have one key",
						RelationGetRelationName(view)),
				 errdetail("Its column \"%s\" does not tell which of them is meant.",
						   key),
				 errhint("Give one of them another key; osms.check_registry() tells what is wrong with it.")));
	if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 1, &isnull)))
		report_concurrent_update();
	return true;
}

/* The row of values that a write of these rows comes to. */
static SPITupleTable *
work_out_values(WritePlan *plans, Relation view, const Trigger *trigger,
				Oid source, Datum *rows)
{
	Oid			types[2] = {view->rd_rel->reltype, view->rd_rel->reltype};
	int			rc;

	/* the mapping may draw a key, but calls nobody else's functions */
	set_parameter("osms.restrict_functions", "values");
	(void) restrict_hold();
	rc = SPI_execute_plan(prepare_once(&plans->values,
									   values_statement(trigger, source,
														plans->event,
														plans->columns),
									   2, types), rows, NULL, false, 0);
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	if (SPI_processed != 1 ||
		SPI_tuptable->tupdesc->natts != bms_num_members(plans->columns) +
		(plans->event == 'I' ? 0 : 1))
		report_arguments();
	if (plans->event != 'D')
		check_coded(plans->columns, view, trigger, rows[0], SPI_tuptable);
	return SPI_tuptable;
}

/* Write a row of values to the source; returns the number of rows written. */
static uint64
write_values(WritePlan *plans, const Trigger *trigger, Oid source,
			 const char *equal, SPITupleTable *row, bool identification)
{
	int			n = row->tupdesc->natts;
	Oid		   *types = palloc(n * sizeof(Oid));
	Datum	   *values = palloc(n * sizeof(Datum));
	bool	   *isnull = palloc(n * sizeof(bool));
	char	   *nulls = palloc(n);
	int			rc;

	heap_deform_tuple(row->vals[0], row->tupdesc, values, isnull);
	for (int i = 0; i < n; i++)
	{
		types[i] = TupleDescAttr(row->tupdesc, i)->atttypid;
		/* what the statement calls may alter the table under it */
		if (plans->write && SPI_getargtypeid(plans->write, i) != types[i])
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("table \"%s\" was altered while it was written",
							get_rel_name(source)),
					 errhint("Repeat the statement.")));
		nulls[i] = isnull[i] ? 'n' : ' ';
	}
	rc = SPI_execute_plan(prepare_once(&plans->write,
									   write_statement(trigger, source, equal,
													   plans->event,
													   plans->columns,
													   identification),
									   n, types), values, nulls, false, 0);
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	if (identification && SPI_processed > 0 &&
		SPI_tuptable->tupdesc->natts > 1)
		check_stored(source);
	return SPI_processed;
}

/*
 * Check that the owner of a view may write its source, with a policy or
 * without one.  Returns the owner of the source.
 */
static Oid
check_source(Relation view, Oid source, char event)
{
	Oid			owner = view->rd_rel->relowner;
	AclMode		right = event == 'I' ? ACL_INSERT :
		event == 'U' ? ACL_UPDATE : ACL_DELETE;

	if (pg_class_aclcheck(source, owner, right) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", get_rel_name(source)),
				 errdetail("Mapped relation \"%s\" writes it with the rights of its owner, role \"%s\".",
						   RelationGetRelationName(view),
						   GetUserNameFromId(owner, true)),
				 errhint("GRANT %s ON %s TO %s.",
						 event == 'I' ? "INSERT" : event == 'U' ? "UPDATE" :
						 "DELETE", qualified_name(source),
						 quote_identifier(GetUserNameFromId(owner, true)))));
	if (check_enable_rls(source, owner, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("owner of mapped relation \"%s\" is subject to row-level security on table \"%s\"",
						RelationGetRelationName(view), get_rel_name(source)),
				 errhint("Write the table itself, or let a role with BYPASSRLS own the mapped relation.")));
	return relation_owner(source);
}

/* Rows of a view on their way to its source. */
typedef struct Writing
{
	WritePlan  *plans;
	const Trigger *trigger;
	Oid			source;
	const char *equal;			/* of the key */
	SPITupleTable *values;
	bool		identification; /* to be stored as it is told */
	uint64		written;
} Writing;

static void
write_source(void *arg)
{
	Writing    *w = arg;

	w->written = write_values(w->plans, w->trigger, w->source, w->equal,
							  w->values, w->identification);
}

/*
 * The values to write, from rows of a view, new and old, worked out as its
 * owner.  NULL where the source no longer holds the row.
 */
static SPITupleTable *
values_of_rows(const Writing *w, Relation view, Datum *rows)
{
	SPITupleTable *volatile values = NULL;
	HeldCursors held;
	Acting		acting;

	begin_acting(&acting, view->rd_rel->relowner,
				 SECURITY_RESTRICTED_OPERATION, InvalidOid, "all");
	set_parameter("search_path", "pg_catalog, pg_temp");
	held = hold_cursors();
	PG_TRY();
	{
		if (w->plans->event == 'I' ||
			lock_row(w->plans, view, w->trigger->tgargs[KEY_CANONICAL],
					 w->equal, rows[1]))
			values = work_out_values(w->plans, view, w->trigger, w->source,
									 rows);
	}
	PG_FINALLY();
	{
		release_cursors(&held);
	}
	PG_END_TRY();
	close_later_cursors(&held);
	end_acting(&acting);
	return values;
}

/*
 * The row was not written, but another was judged in its name: by a function
 * that the table called before a trigger skipped the row.  Errors: 27000.
 */
pg_noreturn static void
report_other_rows(Oid source)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("table \"%s\" wrote other rows than the one it was told",
					get_rel_name(source)),
			 errhint("Let no default, constraint or index of the table write rows.")));
}

/*
 * Write rows, new and old, through a view.  False where the source no longer
 * holds the row.
 */
static bool
write_through(WritePlan *plans, Relation view, const Trigger *trigger,
			  Datum *rows)
{
	TupleDesc	desc = RelationGetDescr(view);
	int			key = view_column(desc, trigger->tgargs[KEY_CANONICAL]);
	Writing		w = {
		.plans = plans,
		.source = mapped_source(RelationGetRelid(view)),
		.equal = equality_of(TupleDescAttr(desc, key)->atttypid),
		.identification =
		strcmp(RelationGetRelationName(view),
			   canonical_relations[REL_IDENTITY_EVENT].name) == 0
	};
	Oid			owner = check_source(view, w.source, plans->event);
	Writer		writer = written_by(RelationGetRelid(view));

	check_mapped_view(view);
	LockRelationOid(w.source, RowExclusiveLock);
	if (plans->trigger == NULL)
	{
		MemoryContext caller =
			MemoryContextSwitchTo(GetMemoryChunkContext(plans));

		plans->trigger = with_present_columns(trigger, plans->columns,
											  RelationGetRelid(view),
											  w.source);
		MemoryContextSwitchTo(caller);
	}
	w.trigger = plans->trigger;
	if (w.identification)
		for (int t = FIRST_TRIPLE; t < trigger->tgnargs; t += TRIPLE)
			check_recorded_column(view, trigger->tgargs[t], w.source,
								  w.trigger->tgargs[t + 1]);
	w.values = values_of_rows(&w, view, rows);
	writer.through_view = true;
	writer.keeper = keeper_of(RelationGetRelid(view));
	if (w.values)
	{
		bool		judged =
			write_as(is_written_as_owner(w.source, RelationGetRelid(view)) ?
					 owner : view->rd_rel->relowner, w.source, writer,
					 write_source, &w);

		if (judged && w.written == 0)
			report_other_rows(w.source);
		if (!judged && w.written > 0)
			check_unguarded(w.source, RelationGetRelid(view));
	}
	return w.written > 0;
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

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_INSTEAD(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!holds_triples(trigdata->tg_trigger))
		report_arguments();
	view = trigdata->tg_relation;
	desc = RelationGetDescr(view);
	check_view(view, trigdata->tg_trigger);
	event = TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ? 'I' :
		TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? 'U' : 'D';
	result = event == 'U' ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
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
	if (!write_through(plans_of(fcinfo, event, triples), view,
					   trigdata->tg_trigger, rows))
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

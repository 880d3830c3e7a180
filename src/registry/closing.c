/*
 * closing.c
 *		Writing what a closed month was paid by, and what corrects it.
 *
 * What is to be written is found in SQL, with the rights of whoever closes;
 * that this is written, and nothing else, is seen to here.
 */
#include "osms.h"

#include "catalog.h"
#include "registry/keep.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_close_month);
PG_FUNCTION_INFO_V1(osms_post_restatement);

/*
 * Call a function of ours with our arguments registry and month.  Nobody else
 * may call it, so who closes needs no right to.
 */
static Datum
call_for_closing(FunctionCallInfo fcinfo, const char *name)
{
	LOCAL_FCINFO(call, 2);
	Oid			types[] = {TEXTOID, DATEOID};
	Oid			function = our_function(name, lengthof(types), types);
	FmgrInfo	flinfo;
	Datum		result;

	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*call, &flinfo, lengthof(types), InvalidOid, NULL,
							 NULL);
	for (int i = 0; i < (int) lengthof(types); i++)
		call->args[i] = fcinfo->args[i];
	result = FunctionCallInvoke(call);
	if (call->isnull)
		elog(ERROR, "function \"osms_internal.%s\" returned NULL", name);
	return result;
}

/* The registry that is closed: its schema. */
static Oid
registry_to_close(FunctionCallInfo fcinfo)
{
	return get_namespace_oid(text_to_cstring(PG_GETARG_TEXT_PP(0)), false);
}

/* A query on that registry, whose quoted name takes the place of each %1$s. */
static char *
in_registry(FunctionCallInfo fcinfo, const char *query)
{
	return psprintf(query,
					quote_identifier(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

/* Tell the journal of a month that was closed or restated. */
static void
note_month(FunctionCallInfo fcinfo, Oid registry, Act *act, int revision)
{
	int			year;
	int			month;
	int			day;

	act->event = 'I';
	act->dated = true;
	act->since = PG_GETARG_DATEADT(1);
	j2date(act->since + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	act->until = date2j(year, month + 1, 1) - POSTGRES_EPOCH_JDATE;
	act->key = psprintf(revision > 0 ? "%04d-%02d, %d" : "%04d-%02d", year,
						month, revision);
	note_act(registry, act);
}

/* close_month(registry, month, scheme): see its comment in SQL. */
Datum
osms_close_month(PG_FUNCTION_ARGS)
{
	static const char latest[] =
	"SELECT coalesce((SELECT s.scheme::text FROM %1$s.statement s"
	"  ORDER BY s.month DESC LIMIT 1), 'illustrative')";
	static const char header[] =
	"INSERT INTO %1$s.statement (month, scheme, terms, known_at)"
	" VALUES ($1, $2, to_jsonb(osms_internal.statement_terms($3, $1, $2,"
	" $4)), $4)";
	/* first: what writes rows of a registry calls nothing that reads persons */
	static const char ask[] =
	"SELECT ARRAY(SELECT l FROM osms.statement($3, $1, $2, $4) l)";
	static const char lines[] =
	"WITH line AS (INSERT INTO %1$s.statement_line"
	"  SELECT $1, l.* FROM unnest($5) l"
	"  RETURNING status, heads, amount)"
	" SELECT $4, count(*), count(*) FILTER (WHERE status = 'held'),"
	"  coalesce(sum(heads), 0)::bigint, coalesce(sum(amount), 0)::numeric"
	" FROM line";
	Oid			types[5] = {DATEOID, TEXTOID, TEXTOID, TIMESTAMPTZOID};
	Datum		values[5];
	Datum		row[5];
	bool		isnull[5];
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc	desc;
	HeapTuple	result;
	Oid			registry;
	Act			act = {.relation = "statement"};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[3] = call_for_closing(fcinfo, "check_closing");
	values[0] = PG_GETARG_DATUM(1);
	values[2] = PG_GETARG_DATUM(0);
	registry = registry_to_close(fcinfo);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (PG_ARGISNULL(2))
	{
		/* months are paid by one scheme until another is named */
		keep_execute(registry, 0, in_registry(fcinfo, latest), 0, NULL, NULL,
					 NULL);
		values[1] = SPI_getbinval(SPI_tuptable->vals[0],
								  SPI_tuptable->tupdesc, 1, isnull);
	}
	else
		values[1] = PG_GETARG_DATUM(2);
	keep_execute(registry, MAY_INSERT(KEPT_STATEMENT),
				 in_registry(fcinfo, header), 4, types, values, NULL);
	keep_execute(registry, 0, ask, 4, types, values, NULL);
	types[4] = SPI_gettypeid(SPI_tuptable->tupdesc, 1);
	values[4] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
							  isnull);
	keep_execute(registry, MAY_INSERT(KEPT_STATEMENT_LINE),
				 in_registry(fcinfo, lines), lengthof(types), types, values,
				 NULL);
	heap_deform_tuple(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, row,
					  isnull);
	act.reason = TextDatumGetCString(values[1]);
	act.after = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5);
	MemoryContextSwitchTo(caller);
	result = heap_form_tuple(BlessTupleDesc(desc), row, isnull);
	note_month(fcinfo, registry, &act, 0);
	SPI_finish();
	PG_RETURN_DATUM(HeapTupleGetDatum(result));
}

/* What restatement_due() tells: terms, lines, and the columns of the entries. */
enum
{
	DUE_TERMS, DUE_LINES, DUE_ENTRY, DUE_COLUMNS = DUE_ENTRY + 5
};

/* A restatement that is being posted. */
typedef struct Posting
{
	FunctionCallInfo fcinfo;
	Oid			registry;
	TupleDesc	desc;			/* of what is due */
	Datum		due[DUE_COLUMNS];
	bool		isnull[DUE_COLUMNS];
	int			revision;
	Datum		invoice_month;
} Posting;

/* Write what says under which terms, and learn the number and the invoice. */
static void
post_header(Posting *posting)
{
	static const char header[] =
	"INSERT INTO %1$s.restatement"
	"  (month, revision, terms, known_at, invoice_month)"
	" SELECT $1, (SELECT coalesce(max(r.revision), 0) + 1"
	"  FROM %1$s.restatement r WHERE r.month = $1), to_jsonb($2),"
	"  ($2).known_at,"
	"  (SELECT max(s.month) + interval '1 month' FROM %1$s.statement s)"
	" RETURNING revision::integer, invoice_month::date";
	FunctionCallInfo fcinfo = posting->fcinfo;
	Oid			types[] = {DATEOID,
	TupleDescAttr(posting->desc, DUE_TERMS)->atttypid};
	Datum		values[] = {PG_GETARG_DATUM(1), posting->due[DUE_TERMS]};
	bool		isnull;

	keep_execute(posting->registry, MAY_INSERT(KEPT_RESTATEMENT),
				 in_registry(fcinfo, header), lengthof(types), types, values,
				 NULL);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a trigger of table \"restatement\" skipped its row"),
				 errhint("DROP TRIGGER takes it away; osms.check_registry() names those that are not of osms.")));
	posting->revision = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0],
													SPI_tuptable->tupdesc, 1,
													&isnull));
	posting->invoice_month = SPI_getbinval(SPI_tuptable->vals[0],
										   SPI_tuptable->tupdesc, 2, &isnull);
}

/* Write the lines as they are now. */
static void
post_lines(Posting *posting)
{
	static const char lines[] =
	"INSERT INTO %1$s.restatement_line SELECT $1, $2, l.* FROM unnest($3) l";
	FunctionCallInfo fcinfo = posting->fcinfo;
	Oid			types[] = {DATEOID, INT4OID,
	TupleDescAttr(posting->desc, DUE_LINES)->atttypid};
	Datum		values[] = {PG_GETARG_DATUM(1),
		Int32GetDatum(posting->revision), posting->due[DUE_LINES]};

	keep_execute(posting->registry, MAY_INSERT(KEPT_RESTATEMENT_LINE),
				 in_registry(fcinfo, lines), lengthof(types), types, values,
				 NULL);
}

/* Write the differences into the ledger; they are the rows of SPI_tuptable. */
static void
post_entries(Posting *posting)
{
	static const char entries[] =
	"INSERT INTO %1$s.ledger (month, revision, organisation, cause, kind,"
	"  persons, amount, invoice_month)"
	" SELECT $1, $2, f.organisation, f.cause, f.kind, f.persons, f.amount, $3"
	" FROM unnest($4, $5, $6, $7, $8) WITH ORDINALITY"
	"  AS f (organisation, cause, kind, persons, amount, place)"
	" ORDER BY f.place"
	" RETURNING organisation::text, cause::text, kind::text, persons::bigint,"
	"  amount::numeric";
	FunctionCallInfo fcinfo = posting->fcinfo;
	Oid			types[3 + DUE_COLUMNS - DUE_ENTRY] = {DATEOID, INT4OID,
	DATEOID};
	Datum		values[lengthof(types)] = {PG_GETARG_DATUM(1),
		Int32GetDatum(posting->revision), posting->invoice_month};
	char		nulls[] = "        ";

	for (int i = DUE_ENTRY; i < DUE_COLUMNS; i++)
	{
		int			parameter = 3 + i - DUE_ENTRY;

		types[parameter] = TupleDescAttr(posting->desc, i)->atttypid;
		values[parameter] = posting->due[i];
		nulls[parameter] = posting->isnull[i] ? 'n' : ' ';
	}
	keep_execute(posting->registry, MAY_INSERT(KEPT_LEDGER),
				 in_registry(fcinfo, entries), lengthof(types), types, values,
				 nulls);
}

/* post_restatement(registry, month): see its comment in SQL. */
Datum
osms_post_restatement(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Posting		posting = {.fcinfo = fcinfo};
	HeapTupleHeader due;
	HeapTupleData tuple;
	Act			act = {.relation = "restatement"};

	InitMaterializedSRF(fcinfo, 0);
	due = DatumGetHeapTupleHeader(call_for_closing(fcinfo, "restatement_due"));
	posting.desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(due),
										  HeapTupleHeaderGetTypMod(due));
	tuple = (HeapTupleData) {.t_len = HeapTupleHeaderGetDatumLength(due),
	.t_data = due};
	heap_deform_tuple(&tuple, posting.desc, posting.due, posting.isnull);
	if (!posting.isnull[DUE_LINES]) /* or nothing is different */
	{
		posting.registry = registry_to_close(fcinfo);
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		post_header(&posting);
		post_lines(&posting);
		post_entries(&posting);
		for (uint64 r = 0; r < SPI_processed; r++)
			tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[r]);
		note_month(fcinfo, posting.registry, &act, posting.revision);
		SPI_finish();
	}
	ReleaseTupleDesc(posting.desc);
	return (Datum) 0;
}

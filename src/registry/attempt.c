/*
 * attempt.c
 *		What may fail, tried.
 *
 * An expression of a mapping may fail on a stored row, and a mapping may no
 * longer fit its source: who looks after them is told, and goes on.
 */
#include "registry/attempt.h"

#include "catalog.h"

#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

PG_FUNCTION_INFO_V1(osms_tried);

/* Which of these errors, or classes of errors, one is; 0 for none. */
static int
code_among(int code, const int *codes)
{
	for (; *codes; codes++)
		if (*codes == code || *codes == ERRCODE_TO_CATEGORY(code))
			return *codes;
	return 0;
}

/*
 * Act in a subtransaction, which is rolled back where that failed, or is not
 * to be kept.  Returns the error by which it failed, NULL for none.
 */
ErrorData *
act_in_subtransaction(void (*act) (void *), void *arg, bool keep)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		act(arg);
		if (keep)
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	if (error || !keep)
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return error;
}

/*
 * Act, and return with which of these errors, or classes of errors, that
 * failed; 0 for none, which also ends them.  What takes part in a parallel
 * query can take nothing back: there every error is raised.
 */
int
attempt(void (*act) (void *), void *arg, const int *codes)
{
	ErrorData  *error;
	int			failed;

	if (IsInParallelMode() || IsParallelWorker())
	{
		act(arg);
		return 0;
	}
	error = act_in_subtransaction(act, arg, true);
	if (error == NULL)
		return 0;
	failed = code_among(error->sqlerrcode, codes);
	if (failed == 0)
		ReThrowError(error);
	FreeErrorData(error);
	return failed;
}

/* A query for one value, in the caller's memory. */
typedef struct Asked
{
	const char *query;
	MemoryContext memory;
	char	   *value;
} Asked;

static void
ask(void *arg)
{
	Asked	   *asked = arg;
	char	   *value;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(asked->query, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed");
	if (SPI_processed > 0)
	{
		value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		if (value)
			asked->value = MemoryContextStrdup(asked->memory, value);
	}
	SPI_finish();
}

/*
 * tried(source, expression, condition): the expression over the rows of a
 * table, as text, and whether it failed; that is NULL for who may not ask.
 */
Datum
osms_tried(PG_FUNCTION_ARGS)
{
	static const int codes[] = {
		ERRCODE_INSUFFICIENT_PRIVILEGE, ERRCODE_DATA_EXCEPTION,
		ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, ERRCODE_RAISE_EXCEPTION,
		ERRCODE_PROGRAM_LIMIT_EXCEEDED, 0
	};
	Asked		asked = {.memory = CurrentMemoryContext};
	int			failed;
	TupleDesc	desc;
	Datum		values[2] = {0};
	bool		nulls[2];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	(void) relation_name(PG_GETARG_OID(0));
	asked.query = psprintf("SELECT (%s)::text FROM %s s WHERE %s",
						   text_to_cstring(PG_GETARG_TEXT_PP(1)),
						   qualified_name(PG_GETARG_OID(0)),
						   text_to_cstring(PG_GETARG_TEXT_PP(2)));
	failed = attempt(ask, &asked, codes);
	if (asked.value)
		values[0] = CStringGetTextDatum(asked.value);
	values[1] = BoolGetDatum(failed != 0);
	nulls[0] = asked.value == NULL;
	nulls[1] = failed == ERRCODE_INSUFFICIENT_PRIVILEGE;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

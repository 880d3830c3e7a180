/*
 * compat.h
 *		All differences between the supported major versions, 15 to 18.
 */
#ifndef OSMS_COMPAT_H
#define OSMS_COMPAT_H

#include "catalog/pg_collation.h"
#include "rewrite/rewriteHandler.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#include "nodes/miscnodes.h"
#else
/* Before 16 there are no soft errors: report at once. */
#define ereturn(context, dummy_value, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy_value; \
	} while (0)

/*
 * Our symbols are hidden, or a library loaded before us could put its own in
 * their place.  Since 16 these macros export what SQL calls.
 */
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(function) \
	extern PGDLLEXPORT Datum function(PG_FUNCTION_ARGS); \
	extern PGDLLEXPORT \
	const Pg_finfo_record *CppConcat(pg_finfo_, function) (void); \
	const Pg_finfo_record *CppConcat(pg_finfo_, function) (void) \
	{ \
		static const Pg_finfo_record info = {1}; \
\
		return &info; \
	} \
	extern int	no_such_variable
#endif

/* random() without arguments, which is alone of its name before 17 */
#if PG_VERSION_NUM >= 170000
#define F_RANDOM_WITHOUT_RANGE F_RANDOM_
#else
#define F_RANDOM_WITHOUT_RANGE F_RANDOM
#endif

/*
 * What PL/pgSQL keeps of the functions that it has compiled, by the name of
 * the hash table, and which row of the catalogue one was compiled from.
 */
#if PG_VERSION_NUM >= 180000
#define COMPILED_FUNCTIONS "Cached function hash"
#define COMPILED_KEY CachedFunctionHashKey
#define KEEPS_SQL_FUNCTIONS true
#define COMPILED_FUNCTION CachedFunction
#define compiled_xmin(function) ((function)->cfunc.fn_xmin)
#define compiled_tid(function) ((function)->cfunc.fn_tid)
#else
#define COMPILED_FUNCTIONS "PLpgSQL function hash"
#define COMPILED_KEY PLpgSQL_func_hashkey
#define KEEPS_SQL_FUNCTIONS false
#define COMPILED_FUNCTION PLpgSQL_function
#define compiled_xmin(function) ((function)->fn_xmin)
#define compiled_tid(function) ((function)->fn_tid)
#endif

/* Functions that read a text as a type whose name they are given */
#if PG_VERSION_NUM >= 160000
#define reads_as_named_type(function) \
	((function) == F_PG_INPUT_IS_VALID || (function) == F_PG_INPUT_ERROR_INFO)
#else
#define reads_as_named_type(function) false
#endif

#if PG_VERSION_NUM >= 170000
#define CASE_POPULATE_VALID case F_JSONB_POPULATE_RECORD_VALID:
#else
#define CASE_POPULATE_VALID
#endif

/* JSON_VALUE() and the like, which read a document as a type */
#if PG_VERSION_NUM >= 170000
#define CASE_JSON_EXPR case T_JsonExpr:
#else
#define CASE_JSON_EXPR
#endif

#if PG_VERSION_NUM >= 170000
#define my_lxid() (MyProc->vxid.lxid)
#define holds_lock(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define my_lxid() (MyProc->lxid)
#define holds_lock(tag, mode) LockHeldByMe(tag, mode)
#endif

/*
 * PostgreSQL runs a plan alone that is asked for so many rows, and no more.
 * Older minor releases before 18 did so with one that may be run again, of
 * which newer ones are told still and take no notice.
 */
#define run_one_by_one() (count = count ? count : PG_INT64_MAX)
#if PG_VERSION_NUM >= 180000
#define RUN_ONCE_PARAMETER
#define RUN_ONCE_ARGUMENT
#define run_alone() run_one_by_one()
#else
#define RUN_ONCE_PARAMETER , bool execute_once
#define RUN_ONCE_ARGUMENT , execute_once
#define run_alone() (execute_once = false, run_one_by_one())
#endif

#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

#define escontext_of(fcinfo) ((fcinfo)->context)

#include "utils/formatting.h"

/* Read a date or a time strictly by a format; false where the text is none. */
static inline bool
parse_time(text *value, text *format, Oid *type, Datum *time)
{
	int32		typmod;
	int			zone = 0;
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext errors = {.type = T_ErrorSaveContext};

	*time = parse_datetime(value, format, C_COLLATION_OID, true, type,
						   &typmod, &zone, (Node *) &errors);
	return !errors.error_occurred;
#else
	bool		failed = false;

	*time = parse_datetime(value, format, C_COLLATION_OID, true, type,
						   &typmod, &zone, &failed);
	return !failed;
#endif
}

/*
 * Put what virtual generated columns stand for in their place: 18 stores
 * nothing for them, so a tuple has NULL there.
 */
static inline Node *
expand_virtual(Node *expr, Relation source, int varno)
{
#if PG_VERSION_NUM >= 180000
	return expand_generated_columns_in_expr(expr, source, varno);
#else
	(void) source;
	(void) varno;
	return expr;
#endif
}

/*
 * Read a text by a type's input function; false where it is none of its
 * values.  Before 16 the error is caught, which only suits an input function
 * that holds nothing the end of a transaction would have to let go.
 */
static inline bool
input_value(FmgrInfo *input, char *value, Oid parameter, Datum *result)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext errors = {.type = T_ErrorSaveContext};

	return InputFunctionCallSafe(input, value, parameter, -1,
								 (Node *) &errors, result);
#else
	MemoryContext caller = CurrentMemoryContext;
	volatile bool read = true;

	PG_TRY();
	{
		*result = InputFunctionCall(input, value, parameter, -1);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
		read = false;
	}
	PG_END_TRY();
	return read;
#endif
}

#endif							/* OSMS_COMPAT_H */

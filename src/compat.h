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
	do { (void) (context); ereport(ERROR, __VA_ARGS__); return dummy_value; } while (0)

/*
 * Our symbols are hidden, or a library loaded before us could put its own in
 * their place.  Since 16 these macros export what SQL calls.
 */
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(function) \
	extern PGDLLEXPORT Datum function(PG_FUNCTION_ARGS); \
	extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_, function) (void); \
	const Pg_finfo_record *CppConcat(pg_finfo_, function) (void) \
	{ \
		static const Pg_finfo_record info = {1}; \
\
		return &info; \
	} \
	extern int	no_such_variable
#endif

#if PG_VERSION_NUM >= 170000
#define my_lxid() (MyProc->vxid.lxid)
#define holds_lock(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define my_lxid() (MyProc->lxid)
#define holds_lock(tag, mode) LockHeldByMe(tag, mode)
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

#endif							/* OSMS_COMPAT_H */

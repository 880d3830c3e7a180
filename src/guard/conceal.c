/*
 * conceal.c
 *		Errors that stored rows raise while osms looks at them.
 *
 * A mapping may contain an expression that fails on some row, and the error
 * then shows that row's value.  Who writes is not to be shown what a row of
 * somebody else holds, unless he may read the registry; so the error is told
 * to the log, and the writer only that there is one.
 */
#include "guard/conceal.h"

#include "guard/guard.h"
#include "guard/stranger.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"

#include "executor/tuptable.h"
#include "utils/lsyscache.h"

/*
 * Whether an error may come from the value of a row, and not from what
 * PostgreSQL, a lock or a right is short of.  A name kept as a value, read as
 * regclass, fails in class 42.
 */
static bool
comes_of_a_value(int sqlstate, bool writes)
{
	static const char *const others[] = {
		"25", "40", "42501", "53", "54", "55", "57", "58", "XX"
	};
	const char *class = unpack_sql_state(sqlstate);

	/* a write fires triggers that have something to say */
	if (writes)
		return strncmp(class, "22", 2) == 0;
	for (int i = 0; i < (int) lengthof(others); i++)
		if (strncmp(class, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

/*
 * In a PG_CATCH: throw the error on, to a stranger without what it says.
 * writes tells that it was raised by a write to a source.  Errors: 55000 in
 * place of what a value has raised.
 */
void
conceal_error(const Guard *guard, bool writes, MemoryContext caller)
{
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	if (!comes_of_a_value(error->sqlerrcode, writes))
		PG_RE_THROW();
	FlushErrorState();
	if (strangers == 0 && !is_stranger(guard))
		ReThrowError(error);
	ereport(LOG_SERVER_ONLY,
			(errmsg("osms cannot read a stored row of registry %s: %s",
					guard->registry.name, error->message),
			 errhidestmt(true), errhidecontext(true)));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a stored row of registry \"%s\" cannot be read",
					guard->registry.unquoted),
			 errhint("The server's log tells the value that an expression of a mapping fails on. Let who keeps the registry correct the row, or map the column so that no value fails.")));
}

/* Read a row that was there before the statement as a canonical one. */
void
project_stored_row(const Guard *guard, ProjectionState *projection,
				   TupleTableSlot *slot, CanonicalRow *row)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		project_row(projection, slot, row);
	}
	PG_CATCH();
	{
		conceal_error(guard, false, caller);
	}
	PG_END_TRY();
}

/*
 * variables.c
 *		What PL/pgSQL may declare while osms acts for others.
 *
 * PL/pgSQL casts what a variable is given to the type of the variable, out of
 * sight of the hooks that look through queries: the checks of a domain run
 * then, and say what functions are called with.  So while something is
 * restricted it makes values of no domain of somebody without the rights of
 * who runs it.
 */
#include "security/variables.h"

#include "security/type_check.h"

#include "plpgsql.h"

#include "plpgsql.h"

static void
name_function(void *function)
{
	errcontext("variables of PL/pgSQL function %s",
			   ((const PLpgSQL_function *) function)->fn_signature);
}

/* Check the types of a function's variables, before they are set. */
void
check_variables(PLpgSQL_function *function)
{
	ErrorContextCallback context = {error_context_stack, name_function,
	function};

	error_context_stack = &context;
	for (int i = 0; i < function->ndatums; i++)
	{
		const PLpgSQL_datum *datum = function->datums[i];

		if (datum->dtype == PLPGSQL_DTYPE_VAR ||
			datum->dtype == PLPGSQL_DTYPE_PROMISE)
			check_type(((const PLpgSQL_var *) datum)->datatype->typoid);
		else if (datum->dtype == PLPGSQL_DTYPE_REC)
			check_type(((const PLpgSQL_rec *) datum)->rectypeid);
	}
	check_type(function->fn_rettype);
	error_context_stack = context.previous;
}

/*
 * Check the fields of records, which have the types of what they were read
 * from.
 */
void
check_fields(PLpgSQL_execstate *estate)
{
	for (int i = 0; i < estate->ndatums; i++)
	{
		PLpgSQL_recfield *field = (PLpgSQL_recfield *) estate->datums[i];
		ExpandedRecordHeader *record;
		ExpandedRecordFieldInfo found;

		if (field->dtype != PLPGSQL_DTYPE_RECFIELD)
			continue;
		record = ((PLpgSQL_rec *) estate->datums[field->recparentno])->erh;
		if (record &&
			expanded_record_lookup_field(record, field->fieldname, &found))
			check_type(found.ftypeid);
	}
}

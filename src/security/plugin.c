/*
 * plugin.c
 *		Being told what PL/pgSQL runs.
 *
 * PL/pgSQL tells one plugin what it runs, in whose place another may have
 * been, such as a debugger's; it is told all the same.
 */
#include "security/plugin.h"

#include "security/compiled.h"
#include "security/cursors.h"
#include "security/restrict.h"
#include "security/variables.h"

#include "plpgsql.h"

#include "plpgsql.h"

/*
 * Where PL/pgSQL looks for its plugin, ours, and the one in whose place it is.
 */
static PLpgSQL_plugin **asked = NULL;
static PLpgSQL_plugin ours;
static PLpgSQL_plugin *others = NULL;

/* See that PL/pgSQL tells us of what it runs for somebody.  Errors: 55000. */
void
check_plugin(void)
{
	if (*asked != &ours)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("another library has taken the place of osms in PL/pgSQL"),
				 errhint("Load that library before osms.")));
}

static void
function_begins(PLpgSQL_execstate *estate, PLpgSQL_function *function)
{
	if (OidIsValid(function->fn_oid))
		note_compiled(function, cursors_held_from());
	if (restriction() != RESTRICT_OFF)
		check_variables(function);
	if (others && others->func_setup)
	{
		others->error_callback = ours.error_callback;
		others->assign_expr = ours.assign_expr;
		others->assign_value = ours.assign_value;
		others->eval_datum = ours.eval_datum;
		others->cast_value = ours.cast_value;
		others->func_setup(estate, function);
	}
}

static void
statement_begins(PLpgSQL_execstate *estate, PLpgSQL_stmt *statement)
{
	if (restriction() != RESTRICT_OFF)
		check_fields(estate);
	if (others && others->stmt_beg)
		others->stmt_beg(estate, statement);
}

void
plugin_init(void)
{
	asked = (PLpgSQL_plugin **) find_rendezvous_variable("PLpgSQL_plugin");
	others = *asked;
	if (others)
		ours = *others;
	ours.func_setup = function_begins;
	ours.stmt_beg = statement_begins;
	*asked = &ours;
}

/*
 * restrict.c
 *		Looking at other people's relations without running their code.
 *
 * Who looks through a registry at a table of somebody else runs that owner's
 * code with rights of his own: to plan a query is enough to evaluate a
 * constant in the predicate of an index, and a cast, a domain or a view that
 * has taken the table's place are evaluated by the executor.  So
 * osms.restrict_functions says what may run:
 *
 *	foreign		no function whose owner has not the rights of the role that runs
 *				it, so that nobody gains by being run; where osms writes a table
 *				for somebody, or sets up
 *	values		besides, of PostgreSQL's own none that runs a query, that is not
 *				for everybody, or that has effects but to draw a value; where
 *				values are worked out for a mapping
 *	all			nothing that has effects but what functions of osms call that
 *				only look, or that write by a statement of their own
 *	strict		nothing that has effects; in what guards look up
 *
 * Every query is looked through before it is planned, for the planner already
 * calls functions to estimate how much a condition leaves; and every function
 * again before it is called, for the executor meets more than the query
 * holds: predicates of indexes, checks of domains, functions in functions.
 *
 * It is a setting, so that it is restored with the function that pins it,
 * also after an error, and that parallel workers have it too.  But a setting
 * is anybody's to set, and a function of osms that others call would lower it:
 * so it holds at least what the functions and writes under way asked for,
 * until they end.
 */
#include "osms.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

enum
{
	RESTRICT_OFF, RESTRICT_FOREIGN, RESTRICT_VALUES, RESTRICT_ALL,
	RESTRICT_STRICT
};

static const struct config_enum_entry restrictions[] = {
	{"off", RESTRICT_OFF, false},
	{"foreign", RESTRICT_FOREIGN, false},
	{"values", RESTRICT_VALUES, false},
	{"all", RESTRICT_ALL, false},
	{"strict", RESTRICT_STRICT, false},
	{NULL, 0, false}
};

static int	restrict_functions = RESTRICT_OFF;

/* What holds whatever the setting says, and what did as subtransactions began. */
static int	least = RESTRICT_OFF;
static int *least_at = NULL;
static int	n_least_at = 0;

/* A call of a function of osms, and what other hooks keep of it. */
typedef struct Call
{
	Datum		others;
	bool		ours;
	int			least;
} Call;

static object_access_hook_type previous_access = NULL;
static planner_hook_type previous_planner = NULL;
static needs_fmgr_hook_type previous_needs_call = NULL;
static fmgr_hook_type previous_call = NULL;

/* What PostgreSQL calls volatile, though it changes nothing. */
static const Oid harmless[] = {
	F_CLOCK_TIMESTAMP, F_PG_PARTITION_TREE, F_PG_RELATION_SIZE_REGCLASS,
	F_PG_RELATION_SIZE_REGCLASS_TEXT, F_PG_XACT_COMMIT_TIMESTAMP
};

/* Draws a value, as a mapping may for a key. */
static const Oid drawing[] = {
	F_NEXTVAL, F_RANDOM_WITHOUT_RANGE, F_GEN_RANDOM_UUID
};

/* What functions of osms that are restricted themselves call of its own. */
static const char *const called_by_ours[] = {
	"await_writers", "check_closing", "check_registry", "clean_cut",
	"due_applications", "enter_persons", "find_row", "finds_by_index",
	"index_steps", "known_moment", "lock_person_of", "lock_persons",
	"missing_indexes", "need_row", "ordered_moves", "overlap_repairs",
	"restatement_due", "sift_candidates"
};

/* What they write by: in a statement of its own, never in a view or below. */
static const char *const written_by_ours[] = {
	"annul", "begin_closing", "close_attachments", "decide", "detach",
	"identify", "note_act", "run_write", "run_writes", "submit", "transfer",
	"write_row", "write_rows"
};

/* Whether what is looked through is a query within another. */
static bool below = false;

static int
restriction(void)
{
	return Max(restrict_functions, least);
}

/* Let the setting as it is now hold until restrict_release(). */
int
restrict_hold(void)
{
	int			before = least;

	least = restrict_functions;
	return before;
}

/* Let nothing with effects run until restrict_release(). */
int
restrict_strictly(void)
{
	int			before = least;

	least = RESTRICT_STRICT;
	return before;
}

void
restrict_release(int before)
{
	least = before;
}

static void
at_end_of_transaction(XactEvent event, pg_attribute_unused() void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE || event == XACT_EVENT_PARALLEL_COMMIT ||
		event == XACT_EVENT_PARALLEL_ABORT)
		least = RESTRICT_OFF;
}

static void
at_subtransaction(SubXactEvent event,
				  pg_attribute_unused() SubTransactionId mine,
				  pg_attribute_unused() SubTransactionId parent,
				  pg_attribute_unused() void *arg)
{
	int			depth = GetCurrentTransactionNestLevel();

	if (event == SUBXACT_EVENT_START_SUB)
	{
		if (depth >= n_least_at)
		{
			int			n = 2 * depth + 16;

			least_at = least_at ? repalloc(least_at, n * sizeof(int)) :
				MemoryContextAlloc(TopMemoryContext, n * sizeof(int));
			n_least_at = n;
		}
		least_at[depth] = least;
	}
	else if (event == SUBXACT_EVENT_ABORT_SUB && depth < n_least_at)
		least = least_at[depth];
}

static bool
is_among(Oid function, const Oid *functions, int n)
{
	for (int i = 0; i < n; i++)
		if (functions[i] == function)
			return true;
	return false;
}

static bool
is_called_by_ours(const char *name)
{
	for (int i = 0; i < (int) lengthof(called_by_ours); i++)
		if (strcmp(called_by_ours[i], name) == 0)
			return true;
	for (int i = 0; i < (int) lengthof(written_by_ours) && !below; i++)
		if (strcmp(written_by_ours[i], name) == 0)
			return true;
	return false;
}

/* Whether a function of PostgreSQL's own runs queries that are its arguments. */
static bool
runs_queries(Oid function)
{
	return function == F_TS_STAT_TEXT || function == F_TS_STAT_TEXT_TEXT ||
		function == F_TS_REWRITE_TSQUERY_TEXT ||
		(function >= F_TABLE_TO_XML &&
		 function <= F_DATABASE_TO_XML_AND_XMLSCHEMA);
}

/* Whether PUBLIC may call a function. */
static bool
is_for_everybody(HeapTuple tuple)
{
	bool		isnull;
	Datum		acl = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proacl,
									  &isnull);

	return isnull ||
		aclmask(DatumGetAclP(acl), ACL_ID_PUBLIC,
				((Form_pg_proc) GETSTRUCT(tuple))->proowner, ACL_EXECUTE,
				ACLMASK_ANY) != 0;
}

/* Whether a function may run as the current user. */
static bool
may_run(Oid function, HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);
	bool		effects = proc->provolatile == PROVOLATILE_VOLATILE;

	if (function < FirstUnpinnedObjectId)
		return is_for_everybody(tuple) && !runs_queries(function) &&
			(restriction() < RESTRICT_VALUES || !effects ||
			 is_among(function, harmless, lengthof(harmless)) ||
			 (restriction() == RESTRICT_VALUES &&
			  is_among(function, drawing, lengthof(drawing))));
	if (!has_privs_of_role(proc->proowner, GetUserId()))
		return false;
	if (!effects || restriction() < RESTRICT_VALUES)
		return true;
	if (proc->pronamespace != get_namespace_oid("osms", true))
		return restriction() == RESTRICT_VALUES;
	return restriction() == RESTRICT_ALL &&
		is_called_by_ours(NameStr(proc->proname));
}

/* Refuse a function that gains by the rights of the current user. */
static void
check_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;

	if (!HeapTupleIsValid(tuple))
		return;					/* whoever calls it says so */
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	if (!may_run(function, tuple))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s must not run as role \"%s\" while osms acts for others",
						format_procedure(function),
						GetUserNameFromId(GetUserId(), true)),
				 has_privs_of_role(proc->proowner, GetUserId()) ?
				 errdetail("It has effects, or is not for everybody.") :
				 errdetail("It belongs to role \"%s\", who has not the rights of that role.",
						   GetUserNameFromId(proc->proowner, true)),
				 errhint("Take it out of the mapping, trigger, index, domain or default that calls it, or let a role that is trusted own it.")));
	ReleaseSysCache(tuple);
}

static bool
check_called(Oid function, pg_attribute_unused() void *context)
{
	check_function(function);
	return false;
}

/* Check what a query calls, wherever in it. */
static bool
check_node(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		bool		outer = below;

		below = true;
		(void) query_tree_walker((Query *) node, check_node, context, 0);
		below = outer;
		return false;
	}
	(void) check_functions_in_node(node, check_called, context);
	return expression_tree_walker(node, check_node, context);
}

/* Plan a query, having looked through it. */
static PlannedStmt *
plan_checked(Query *query, const char *text, int options,
			 ParamListInfo parameters)
{
	below = false;				/* an error may have left it */
	if (restriction() != RESTRICT_OFF)
		(void) query_tree_walker(query, check_node, NULL, 0);
	below = false;
	return previous_planner ?
		previous_planner(query, text, options, parameters) :
		standard_planner(query, text, options, parameters);
}

/*
 * Functions that are called by their OID alone, for an estimate or by a type:
 * those of trusted owners are called as usual.
 */
static bool
needs_call(Oid function)
{
	HeapTuple	tuple;
	bool		needed;

	if (previous_needs_call && previous_needs_call(function))
		return true;
	if (restriction() == RESTRICT_OFF)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	needed = HeapTupleIsValid(tuple) &&
		!may_run(function, tuple);
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return needed;
}

static void
watch_call(FmgrHookEventType event, FmgrInfo *flinfo, Datum *private)
{
	Call	   *call = (Call *) DatumGetPointer(*private);

	if (call == NULL)
	{
		call = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Call));
		*private = PointerGetDatum(call);
	}
	if (previous_call)
		previous_call(event, flinfo, &call->others);
	if (event == FHET_START)
	{
		call->ours = get_func_namespace(flinfo->fn_oid) ==
			get_namespace_oid("osms", true);
		call->least = least;
		/* our own are met where they are called, and ask for a level */
		if (call->ours)
			least = restriction();
		else if (restriction() != RESTRICT_OFF)
			check_function(flinfo->fn_oid);
	}
	else if (call->ours)
		least = call->least;
}

/* Told of every function that an expression is about to call. */
static void
watch_access(ObjectAccessType access, Oid class, Oid object, int sub,
			 void *argument)
{
	if (previous_access)
		previous_access(access, class, object, sub, argument);
	if (restriction() != RESTRICT_OFF && access == OAT_FUNCTION_EXECUTE)
		check_function(object);
}

void
restrict_init(void)
{
	DefineCustomEnumVariable("osms.restrict_functions",
							 "Functions that do not run while osms acts for others: those of owners with less rights, and those with effects.",
							 "Set by the functions of osms that need it.",
							 &restrict_functions, RESTRICT_OFF, restrictions,
							 PGC_USERSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	previous_access = object_access_hook;
	object_access_hook = watch_access;
	previous_planner = planner_hook;
	planner_hook = plan_checked;
	previous_needs_call = needs_fmgr_hook;
	needs_fmgr_hook = needs_call;
	previous_call = fmgr_hook;
	fmgr_hook = watch_call;
	RegisterXactCallback(at_end_of_transaction, NULL);
	RegisterSubXactCallback(at_subtransaction, NULL);
}

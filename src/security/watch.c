/*
 * watch.c
 *		Where functions are met that restrict.c lets run or not.
 *
 * Every query is looked through before it is planned, for the planner already
 * calls functions to estimate how much a condition leaves; and every function
 * again before it is called, for the executor meets more than the query
 * holds: predicates of indexes, checks of domains, functions in functions.
 *
 * It is also seen whether a statement touches relations other than those of
 * PostgreSQL and osms: then others say what is called, by a view, a trigger's
 * condition or a domain.  Inside a function of osms its own statements count.
 */
#include "security/watch.h"

#include "catalog.h"
#include "security/compiled.h"
#include "security/context.h"
#include "security/cursors.h"
#include "security/in_line.h"
#include "security/kept_expression.h"
#include "security/looking.h"
#include "security/owner.h"
#include "security/plugin.h"
#include "security/query_check.h"
#include "security/restrict.h"
#include "security/surroundings.h"
#include "security/writer.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "tcop/dest.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* A call that changes what may be done, and what other hooks keep of it. */
typedef struct Call
{
	Datum		others;
	bool		ours;			/* the function, or a trigger's */
	bool		fires;
	int			depth;			/* calls under way, the outermost of which
								 * changes it */
	bool		restricts;		/* what it calls */
	Restriction before;
	bool		touching_others;
	bool		holds;			/* the session's cursors */
	HeldCursors held;
} Call;

static object_access_hook_type previous_access = NULL;
static planner_hook_type previous_planner = NULL;
static needs_fmgr_hook_type previous_needs_call = NULL;
static fmgr_hook_type previous_call = NULL;
static get_relation_info_hook_type previous_relation_info = NULL;
static ExecutorStart_hook_type previous_start = NULL;
static ExecutorRun_hook_type previous_run = NULL;
static ExecutorFinish_hook_type previous_finish = NULL;
static ProcessUtility_hook_type previous_utility = NULL;

/*
 * The query that is being planned or made ready to be run, by the context of
 * errors then.  What expressions call is kept for that query alone, unless a
 * function has been called meanwhile: one in PL/pgSQL keeps its expressions
 * for longer, and has its own context.
 */
typedef struct Setup
{
	ErrorContextCallback *context;
	bool		underway;
	bool		planning;
} Setup;

static Setup setup = {NULL, false, false};

/* The function that an expression is about to call. */
static Oid	about_to_call = InvalidOid;

static Setup
begin_setup(bool planning)
{
	Setup		outer = setup;

	setup = (Setup)
	{
		error_context_stack, true, planning
	};
	return outer;
}

/* Plan a query, having looked through it. */
static PlannedStmt *
plan_checked(Query *query, const char *text, int options,
			 ParamListInfo parameters)
{
	bool		outer = touching_others;
	Setup		outer_setup = begin_setup(true);
	int			exclusion = constraint_exclusion;
	PlannedStmt *volatile result = NULL;

	about_to_call = InvalidOid;
	keep_expressions_apart(restriction() != RESTRICT_OFF);
	PG_TRY();
	{
		if (restriction() != RESTRICT_OFF)
		{
			/* what a CHECK comes to may hang on settings, too */
			constraint_exclusion = CONSTRAINT_EXCLUSION_OFF;
			(void) look_at_relations((Node *) query, &touching_others);
			(void) check_node((Node *) query, NULL);
		}
		result = (previous_planner ? previous_planner : standard_planner)
			(query, text, options, parameters);
	}
	PG_FINALLY();
	{
		touching_others = outer;
		setup = outer_setup;
		constraint_exclusion = exclusion;
	}
	PG_END_TRY();
	return result;
}

/*
 * A foreign table is read on another server as who reads it here, by what its
 * owner has said of the server.  Errors: 42501.
 */
static void
watch_relation(PlannerInfo *root, Oid relation, bool inhparent,
			   RelOptInfo *rel)
{
	if (previous_relation_info)
		previous_relation_info(root, relation, inhparent, rel);
	if (restriction() != RESTRICT_OFF &&
		get_rel_relkind(relation) == RELKIND_FOREIGN_TABLE &&
		!has_privs_of_role(relation_owner(relation), GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("foreign table \"%s\" must not be read as role \"%s\" while osms acts for others",
						get_rel_name(relation),
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("It belongs to role \"%s\", who does not have the rights of that role.",
						   GetUserNameFromId(relation_owner(relation), true)),
				 errhint("Detach it, or let a role that is trusted own it.")));
	if (restriction() != RESTRICT_OFF)
		leave_unsure_indexes(relation, rel);
	if (!inhparent)
		count_as_large(rel);
}

/*
 * What else is restricted while a plan is run: where a trigger of a table that
 * osms writes for somebody writes another in turn, to which others may add,
 * nothing runs there that they could make use of.
 */
static Restriction
restriction_of(const PlannedStmt *plan)
{
	ListCell   *lc;

	if (restriction() == RESTRICT_FOREIGN)
		foreach(lc, plan->resultRelations)
	{
		Oid			relation = rt_fetch(lfirst_int(lc), plan->rtable)->relid;

		if (relation >= FirstNormalObjectId &&
			others_may_add(relation, GetUserId()))
			return RESTRICT_CHOSEN;
	}
	return restriction();
}

/* What held before a plan was made ready, run or finished. */
typedef struct Watch
{
	bool		touching_others;
	Restriction before;
	bool		raised;			/* and so a restricted operation of */
	Oid			user;
	int			context;
} Watch;

/*
 * Check the views among the relations of a plan, note whose they are, and
 * restrict what is restricted besides.  What others added must not be left to
 * the end of the transaction, which knows of no restriction.
 */
static void
begin_watch(Watch *watch, const PlannedStmt *plan)
{
	Restriction level = restriction_of(plan);
	bool		touches = touching_others;
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		(void) look_at_relations(lfirst(lc), &touches);
	}
	GetUserIdAndSecContext(&watch->user, &watch->context);
	watch->touching_others = touching_others;
	watch->raised = level > restriction();
	if (watch->raised)
		SetUserIdAndSecContext(watch->user, watch->context |
							   SECURITY_RESTRICTED_OPERATION);
	watch->before = restrict_to(level);
	touching_others = touches;
}

static void
end_watch(const Watch *watch)
{
	touching_others = watch->touching_others;
	restrict_release(watch->before);
	if (watch->raised)
		SetUserIdAndSecContext(watch->user, watch->context);
}

static void
start_unwatched(QueryDesc *query, int flags)
{
	(previous_start ? previous_start : standard_ExecutorStart) (query, flags);
}

static void
start_plan(QueryDesc *query, int flags)
{
	Watch		watch;

	if (restriction() == RESTRICT_OFF)
	{
		start_unwatched(query, flags);
		return;
	}
	begin_watch(&watch, query->plannedstmt);
	PG_TRY();
	{
		if (query->plannedstmt->resultRelations != NIL)
			check_guards_fire();
		start_unwatched(query, flags);
		note_started(query);
	}
	PG_FINALLY();
	{
		end_watch(&watch);
	}
	PG_END_TRY();
}

static void
start_executor(QueryDesc *query, int flags)
{
	Setup		outer_setup = begin_setup(false);

	forget_left_expressions();
	PG_TRY();
	{
		start_plan(query, flags);
	}
	PG_FINALLY();
	{
		setup = outer_setup;
	}
	PG_END_TRY();
}

static void
run_unwatched(QueryDesc *query, ScanDirection direction,
			  uint64 count RUN_ONCE_PARAMETER)
{
	(previous_run ? previous_run : standard_ExecutorRun)
		(query, direction, count RUN_ONCE_ARGUMENT);
}

static void
run_plan(QueryDesc *query, ScanDirection direction,
		 uint64 count RUN_ONCE_PARAMETER)
{
	Watch		watch;

	if (restriction() == RESTRICT_OFF)
	{
		run_unwatched(query, direction, count RUN_ONCE_ARGUMENT);
		return;
	}
	begin_watch(&watch, query->plannedstmt);
	PG_TRY();
	{
		run_unwatched(query, direction, count RUN_ONCE_ARGUMENT);
	}
	PG_FINALLY();
	{
		end_watch(&watch);
	}
	PG_END_TRY();
}

static void
run_executor(QueryDesc *query, ScanDirection direction,
			 uint64 count RUN_ONCE_PARAMETER)
{
	check_started(query);
	/* a parallel worker has the setting alone, and knows of no write */
	if (is_held_above_setting() || is_writing())
		run_alone();
	run_plan(query, direction, count RUN_ONCE_ARGUMENT);
}

static void
finish_unwatched(QueryDesc *query)
{
	(previous_finish ? previous_finish : standard_ExecutorFinish) (query);
}

static void
finish_executor(QueryDesc *query)
{
	Watch		watch;

	if (restriction() == RESTRICT_OFF)
	{
		finish_unwatched(query);
		return;
	}
	begin_watch(&watch, query->plannedstmt);
	PG_TRY();
	{
		finish_unwatched(query);
	}
	PG_FINALLY();
	{
		end_watch(&watch);
	}
	PG_END_TRY();
}

/*
 * Whether how a function is called may be kept for longer than a query, for a
 * type or an expression of PL/pgSQL.  Nobody looks again before it is called
 * there, as whoever.
 */
static bool
is_kept(void)
{
	return !setup.underway || error_context_stack != setup.context;
}

/*
 * Whether somebody may run what is kept who must not: watched from the start.
 */
static bool
may_be_refused_later(Oid function, HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);

	return proc->prorettype != TRIGGEROID &&
		(!superuser_arg(proc->proowner) || !may_run_lent(function, tuple));
}

/* Whether a function is in a language that has cursors, by their names. */
static bool
has_cursors(Form_pg_proc proc)
{
	return proc->prolang != INTERNALlanguageId &&
		proc->prolang != ClanguageId && proc->prolang != SQLlanguageId;
}

/*
 * Whether the hooks stand before a function.  Those that may not run are met
 * also where they are called by their OID alone, for an estimate or by a type.
 * The planner asks, too, before it puts an SQL function in line: the session
 * may, but what holds it is forgotten where somebody else might run it.
 */
static bool
needs_call(Oid function)
{
	bool		by_expression = about_to_call == function;
	HeapTuple	tuple;
	Form_pg_proc proc;
	bool		needed = false;

	about_to_call = InvalidOid;
	if (previous_needs_call && previous_needs_call(function))
		return true;
	if (function < FirstUnpinnedObjectId && restriction() == RESTRICT_OFF)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	if (restriction() != RESTRICT_OFF && !may_run(function, tuple))
		needed = true;
	else if (proc->prolang == SQLlanguageId &&
			 restriction() != RESTRICT_OFF && is_left_out(function, tuple))
		needed = true;
	else if (proc->prolang == SQLlanguageId && !by_expression)
	{
		bool		superusers = superuser_arg(proc->proowner);

		needed = !superusers && is_difference(tuple);
		if (!needed && !superusers)
			note_in_line(function);
	}
	else
	{
		if (proc->prolang == SQLlanguageId)
			note_parsed();
		needed = has_cursors(proc) ||
			(restriction() == RESTRICT_FOREIGN &&
			 proc->prorettype == TRIGGEROID) ||
			(is_kept() && may_be_refused_later(function, tuple));
	}
	ReleaseSysCache(tuple);
	return needed;
}

/*
 * Whether a function says itself what it calls in turn: one of osms, and a
 * trigger's where a table is written for somebody.
 */
static bool
says_what_it_calls(const Call *call)
{
	return call->ours || (restriction() == RESTRICT_FOREIGN && call->fires);
}

/* What the session has is not for others, who are called. */
static void
begin_call(Call *call, Oid function)
{
	bool		holds = !call->ours && restriction() != RESTRICT_OFF &&
		is_somebody_else() && cursors_held_from() != GetUserId();

	/* our own are met where they are called, and ask for a level */
	call->restricts = says_what_it_calls(call);
	if (call->restricts)
	{
		call->before = restrict_to(restriction());
		call->touching_others = touching_others;
		touching_others = false;
	}
	if (holds)
	{
		check_plugin();
		call->held = hold_cursors();
	}
	call->holds = holds;
	renew_compiled(function, cursors_held_from());
}

static void
end_call(const Call *call, bool failed)
{
	if (call->holds)
		release_cursors(&call->held);
	if (call->holds && !failed)
		forget_in_line();
	if (call->restricts)
	{
		restrict_release(call->before);
		touching_others = call->touching_others;
	}
}

static void
watch_call(FmgrHookEventType event, FmgrInfo *flinfo, Datum *private)
{
	Oid			function = flinfo->fn_oid;
	Call	   *call = (Call *) DatumGetPointer(*private);

	if (call == NULL)
	{
		call = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Call));
		call->ours = is_our_function(function);
		call->fires = get_func_rettype(function) == TRIGGEROID;
		*private = PointerGetDatum(call);
	}

	/*
	 * before others are told: nobody hears of the end where this is an error
	 */
	if (event == FHET_START && !call->ours && restriction() != RESTRICT_OFF)
		check_function(function);
	if (previous_call)
		previous_call(event, flinfo, &call->others);
	if (event == FHET_START)
	{
		if (call->depth == 0)
			begin_call(call, function);
		call->depth++;
	}
	/* one that loads the library itself ends without a beginning */
	else if (call->depth > 0 && --call->depth == 0)
		end_call(call, event == FHET_ABORT);
	if (event == FHET_ABORT && call->ours)
		cut_context(flinfo);
}

static void
watch_utility(PlannedStmt *statement, const char *text, bool readonly,
			  ProcessUtilityContext context, ParamListInfo parameters,
			  QueryEnvironment *environment, DestReceiver *destination,
			  QueryCompletion *completion)
{
	if (IsTransactionState())
		forget_left_expressions();
	if (restriction() != RESTRICT_OFF)
		check_utility(statement->utilityStmt);
	(previous_utility ? previous_utility : standard_ProcessUtility)
		(statement, text, readonly, context, parameters, environment,
		 destination, completion);
}

/* Told of every function that an expression is about to call. */
static void
watch_access(ObjectAccessType access, Oid class, Oid object, int sub,
			 void *argument)
{
	if (previous_access)
		previous_access(access, class, object, sub, argument);
	if (access != OAT_FUNCTION_EXECUTE)
		return;
	if (restriction() != RESTRICT_OFF)
		check_function(object);
	about_to_call = object;
}

static void
forget_statement(XactEvent event, pg_attribute_unused() void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
	{
		touching_others = false;
		looking_up = InvalidOid;
		setup = (Setup)
		{
			NULL, false, false
		};
		about_to_call = InvalidOid;
	}
}

/* What an expression was about to call when it failed it has not called. */
static void
forget_call(SubXactEvent event, pg_attribute_unused() SubTransactionId mine,
			pg_attribute_unused() SubTransactionId parent,
			pg_attribute_unused() void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		about_to_call = InvalidOid;
}

void
watch_init(void)
{
	previous_access = object_access_hook;
	object_access_hook = watch_access;
	previous_planner = planner_hook;
	planner_hook = plan_checked;
	previous_relation_info = get_relation_info_hook;
	get_relation_info_hook = watch_relation;
	previous_needs_call = needs_fmgr_hook;
	needs_fmgr_hook = needs_call;
	previous_call = fmgr_hook;
	fmgr_hook = watch_call;
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = start_executor;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = run_executor;
	previous_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = finish_executor;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = watch_utility;
	RegisterXactCallback(forget_statement, NULL);
	RegisterSubXactCallback(forget_call, NULL);
}

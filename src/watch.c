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
#include "registry.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* A call that changes what is restricted, and what other hooks keep of it. */
typedef struct Call
{
	Datum		others;
	bool		changes;
	Restriction before;
	bool		touching_others;
} Call;

static object_access_hook_type previous_access = NULL;
static planner_hook_type previous_planner = NULL;
static needs_fmgr_hook_type previous_needs_call = NULL;
static fmgr_hook_type previous_call = NULL;
static get_relation_info_hook_type previous_relation_info = NULL;
static ExecutorStart_hook_type previous_start = NULL;
static ExecutorRun_hook_type previous_run = NULL;
static ExecutorFinish_hook_type previous_finish = NULL;

/*
 * The query that is being planned or made ready to be run, by the context of
 * errors then: where it is another, a function has been called meanwhile.
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

static Oid
our_schema(void)
{
	return get_namespace_oid("osms", true);
}

static bool
is_others(Oid relation)
{
	return relation >= FirstUnpinnedObjectId &&
		get_rel_namespace(relation) != our_schema();
}

static bool
check_called(Oid function, pg_attribute_unused() void *context)
{
	check_function(function);
	return false;
}

/*
 * Refuse a view of somebody without the rights of the current user: one that
 * reads as who invokes it, and in what guards look up any but the registry's.
 * Errors: 42501.
 */
static void
check_view(Oid view)
{
	Relation	rel = table_open(view, NoLock);

	if (!has_privs_of_role(rel->rd_rel->relowner, GetUserId()) &&
		(RelationHasSecurityInvoker(rel) ||
		 (OidIsValid(looking_up) && rel->rd_rel->relowner != looking_up)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("view \"%s\" must not be read as role \"%s\" while osms acts for others",
						RelationGetRelationName(rel),
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("It belongs to role \"%s\", who has not the rights of that role.",
						   GetUserNameFromId(rel->rd_rel->relowner, true)),
				 errhint("Put the table back in its place, or let a role that is trusted own the view.")));
	table_close(rel, NoLock);
}

/* Note whose relations a query touches, and check the views among them. */
static bool
look_at_relations(Node *node, void *touches)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *rte = (RangeTblEntry *) node;

		if (OidIsValid(rte->relid) &&
			(rte->rtekind == RTE_RELATION || rte->rtekind == RTE_SUBQUERY))
		{
			*(bool *) touches |= is_others(rte->relid);
			if (rte->relkind == RELKIND_VIEW)
				check_view(rte->relid);
		}
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, look_at_relations, touches,
								 QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, look_at_relations, touches);
}

/* Check what a query calls, wherever in it. */
static bool
check_node(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, check_node, context, 0);
	(void) check_functions_in_node(node, check_called, context);
	return expression_tree_walker(node, check_node, context);
}

static Setup
begin_setup(bool planning)
{
	Setup		outer = setup;

	setup = (Setup) {error_context_stack, true, planning};
	return outer;
}

/* Plan a query, having looked through it. */
static PlannedStmt *
plan_checked(Query *query, const char *text, int options,
			 ParamListInfo parameters)
{
	bool		outer = touching_others;
	Setup		outer_setup = begin_setup(true);
	PlannedStmt *volatile result = NULL;

	PG_TRY();
	{
		if (restriction() != RESTRICT_OFF)
		{
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
	}
	PG_END_TRY();
	return result;
}

/*
 * A foreign table is read on another server as who reads it here, by what its
 * owner has said of the server.  Errors: 42501.
 */
static void
check_foreign_table(PlannerInfo *root, Oid relation, bool inhparent,
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
				 errdetail("It belongs to role \"%s\", who has not the rights of that role.",
						   GetUserNameFromId(relation_owner(relation), true)),
				 errhint("Detach it, or let a role that is trusted own it.")));
}

static bool
touches_others(const PlannedStmt *plan)
{
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (OidIsValid(rte->relid) && is_others(rte->relid))
			return true;
	}
	return false;
}

/* Run a step of the executor, knowing whose relations its plan touches. */
#define EXECUTE(query, step) \
	do { \
		bool		outer = touching_others; \
\
		if (outer || restriction() == RESTRICT_OFF || \
			!touches_others((query)->plannedstmt)) \
		{ \
			step; \
			return; \
		} \
		touching_others = true; \
		PG_TRY(); \
		{ \
			step; \
		} \
		PG_FINALLY(); \
		{ \
			touching_others = outer; \
		} \
		PG_END_TRY(); \
	} while (0)

static void
start_executor(QueryDesc *query, int flags)
{
	bool		outer = touching_others;
	Setup		outer_setup = begin_setup(false);

	PG_TRY();
	{
		if (restriction() != RESTRICT_OFF)
			touching_others |= touches_others(query->plannedstmt);
		(previous_start ? previous_start : standard_ExecutorStart) (query,
																	flags);
	}
	PG_FINALLY();
	{
		touching_others = outer;
		setup = outer_setup;
	}
	PG_END_TRY();
}

static void
run_executor(QueryDesc *query, ScanDirection direction,
			 uint64 count RUN_ONCE_PARAMETER)
{
	/* a parallel worker has the setting alone */
	if (is_held_above_setting())
		run_alone();
	EXECUTE(query, (previous_run ? previous_run :
					standard_ExecutorRun) (query, direction,
										   count RUN_ONCE_ARGUMENT));
}

static void
finish_executor(QueryDesc *query)
{
	EXECUTE(query, (previous_finish ? previous_finish :
					standard_ExecutorFinish) (query));
}

/* Whether a function is the cast between its argument and its result. */
static bool
is_cast(Form_pg_proc proc)
{
	HeapTuple	tuple;
	bool		result;

	if (proc->pronargs == 0)
		return false;
	tuple = SearchSysCache2(CASTSOURCETARGET,
							ObjectIdGetDatum(proc->proargtypes.values[0]),
							ObjectIdGetDatum(proc->prorettype));
	result = HeapTupleIsValid(tuple) &&
		((Form_pg_cast) GETSTRUCT(tuple))->castfunc == proc->oid;
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

/*
 * Whether how a function is called may be kept for longer than a query, for a
 * type (the difference of a range's bounds, a cast) or an expression of
 * PL/pgSQL.  Nobody looks again before it is called there, as whoever, so the
 * hooks stand before it also where nothing is restricted.
 */
static bool
is_kept(Form_pg_proc proc)
{
	bool		by_expression = about_to_call == proc->oid;

	about_to_call = InvalidOid;
	if (superuser_arg(proc->proowner) || proc->prorettype == TRIGGEROID)
		return false;
	if ((proc->pronargs == 2 && proc->prorettype == FLOAT8OID &&
		 proc->proargtypes.values[0] == proc->proargtypes.values[1]) ||
		is_cast(proc))
		return true;
	/* the planner asks before it puts an SQL function in line */
	if (setup.underway && setup.planning && !by_expression &&
		proc->prolang == SQLlanguageId)
		return false;
	return !setup.underway || error_context_stack != setup.context;
}

/*
 * Where what a table calls for its rows is restricted: whether a function of
 * a trusted owner says itself what it calls in turn.
 */
static bool
says_what_it_calls(Oid function)
{
	return restriction() == RESTRICT_VALUES &&
		function >= FirstUnpinnedObjectId &&
		get_func_namespace(function) != our_schema();
}

/*
 * Functions that are called by their OID alone, for an estimate or by a type:
 * those of trusted owners are called as usual.
 */
static bool
needs_call(Oid function)
{
	HeapTuple	tuple;
	bool		needed = false;

	if (previous_needs_call && previous_needs_call(function))
		return true;
	if (function < FirstUnpinnedObjectId && restriction() == RESTRICT_OFF)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	if (restriction() != RESTRICT_OFF)
		needed = !may_run(function, tuple) || says_what_it_calls(function);
	needed |= is_kept((Form_pg_proc) GETSTRUCT(tuple));
	ReleaseSysCache(tuple);
	return needed;
}

/* A function begins, which may say itself what it calls. */
static void
begin_call(Call *call, Oid function)
{
	bool		ours = get_func_namespace(function) == our_schema();

	/* our own are met where they are called, and ask for a level */
	if (!ours && restriction() != RESTRICT_OFF)
		check_function(function);
	call->changes = ours || says_what_it_calls(function);
	if (!call->changes)
		return;
	call->touching_others = touching_others;
	touching_others = false;
	call->before = restrict_to(ours ? restriction() : RESTRICT_FOREIGN);
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
		begin_call(call, flinfo->fn_oid);
	else if (call->changes)
	{
		restrict_release(call->before);
		touching_others = call->touching_others;
	}
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

/* Let the hooks stand before what the session keeps already. */
static void
watch_kept(void)
{
	Relation	ranges = table_open(RangeRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(ranges, InvalidOid, false, NULL, 0,
										  NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_range range = (Form_pg_range) GETSTRUCT(tuple);
		TypeCacheEntry *type;

		if (range->rngsubdiff < FirstUnpinnedObjectId)
			continue;
		type = lookup_type_cache(range->rngtypid, TYPECACHE_RANGE_INFO);
		fmgr_info_cxt(range->rngsubdiff, &type->rng_subdiff_finfo,
					  CacheMemoryContext);
	}
	systable_endscan(scan);
	table_close(ranges, AccessShareLock);
	ResetPlanCache();
}

void
watch_init(void)
{
	previous_access = object_access_hook;
	object_access_hook = watch_access;
	previous_planner = planner_hook;
	planner_hook = plan_checked;
	previous_relation_info = get_relation_info_hook;
	get_relation_info_hook = check_foreign_table;
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
	if (IsTransactionState())
		watch_kept();
}

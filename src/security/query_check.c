/*
 * query_check.c
 *		What a statement may hold while something is restricted.
 */
#include "security/query_check.h"

#include "catalog.h"
#include "security/cursors.h"
#include "security/looking.h"
#include "security/restrict.h"
#include "security/surroundings.h"
#include "security/type_check.h"
#include "security/writer.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

static bool
is_others(Oid relation)
{
	return relation >= FirstNormalObjectId &&
		!is_our_schema(get_rel_namespace(relation));
}

static bool
check_called(Oid function, pg_attribute_unused() void *context)
{
	check_function(function);
	return false;
}

/*
 * Refuse a view of somebody without the rights of the current user: one that
 * reads as who invokes it, in what guards look up any but the registry's, and
 * the same in what triggers of a table do that is written for others.  Who
 * only looks reads those of a registry's owner.  Errors: 42501.
 */
static void
check_read_view(Oid view)
{
	/* a parallel worker has no lock of its own; under a cursor it may be gone */
	Relation	rel = try_table_open(view, AccessShareLock);

	if (rel == NULL)
		return;
	if (!has_privs_of_role(rel->rd_rel->relowner, GetUserId()) &&
		(RelationHasSecurityInvoker(rel) ||
		 (restriction() < RESTRICT_ALL &&
		  !is_keeper_of_write(rel->rd_rel->relowner)) ||
		 (OidIsValid(looking_up) && rel->rd_rel->relowner != looking_up)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("view \"%s\" must not be read as role \"%s\" while osms acts for others",
						RelationGetRelationName(rel),
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("It belongs to role \"%s\", who does not have the rights of that role.",
						   GetUserNameFromId(rel->rd_rel->relowner, true)),
				 errhint("Put the table back in its place, or let a role that is trusted own the view.")));
	table_close(rel, AccessShareLock);
}

/*
 * Refuse a table of somebody without the rights of the current user that has
 * policies, which would read as he does, or rules, which are queries of their
 * own; and any of a temporary schema, which stands in the place of another.
 * Whom a policy applies to is not asked: it may be the owner of a view.
 * Errors: 42501.
 */
static void
check_read_table(Oid table)
{
	Relation	rel;
	const char *what = NULL;
	const char *hint = NULL;

	if (restriction() == RESTRICT_OFF || table < FirstNormalObjectId)
		return;
	rel = try_table_open(table, AccessShareLock);
	if (rel == NULL)
		return;
	if (has_privs_of_role(rel->rd_rel->relowner, GetUserId()))
		;						/* his own */
	else if (rel->rd_rel->relrowsecurity)
	{
		what = "policies";
		hint = "ALTER TABLE ... DISABLE ROW LEVEL SECURITY.";
	}
	else if (rel->rd_rules && rel->rd_rel->relkind != RELKIND_MATVIEW)
	{
		what = "rules";
		hint = "DROP RULE ... ON the table; a trigger can do what they do.";
	}
	else if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
	{
		what = "expressions";
		hint = "Name the table that is meant with its schema.";
	}
	if (what)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s of table \"%s\" must not run as role \"%s\" while osms acts for others",
						what, RelationGetRelationName(rel),
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("The table belongs to role \"%s\", who does not have the rights of that role.",
						   GetUserNameFromId(rel->rd_rel->relowner, true)),
				 errhint("%s", hint)));
	table_close(rel, AccessShareLock);
}

/* Note whose relations a query touches, and check the views among them. */
bool
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
				check_read_view(rte->relid);
			else if (rte->rtekind == RTE_RELATION)
				check_read_table(rte->relid);
		}
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, look_at_relations, touches,
								 QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, look_at_relations, touches);
}

/*
 * Refuse an operator of others: the planner calls its estimators, and puts its
 * negator or commutator in its place.  Errors: 42501.
 */
static void
check_operator(Oid operator)
{
	HeapTuple	tuple;
	Oid			owner;

	if (operator < FirstUnpinnedObjectId)
		return;
	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	if (!HeapTupleIsValid(tuple))
		return;					/* whoever uses it says so */
	owner = ((Form_pg_operator) GETSTRUCT(tuple))->oprowner;
	ReleaseSysCache(tuple);
	if (!has_privs_of_role(owner, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("operator %s must not be used as role \"%s\" while osms acts for others",
						format_operator(operator),
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("It belongs to role \"%s\", who does not have the rights of that role.",
						   GetUserNameFromId(owner, true)),
				 errhint("Take it out of the mapping, index, domain or view that uses it, or let a role that is trusted own it.")));
}

/* Whether a function reads a document as a row of the type of an argument. */
static bool
reads_as_argument(Oid function)
{
	switch (function)
	{
		case F_JSON_POPULATE_RECORD:
		case F_JSON_POPULATE_RECORDSET:
		case F_JSONB_POPULATE_RECORD:
		case F_JSONB_POPULATE_RECORDSET:
		CASE_POPULATE_VALID
			return true;
		default:
			return false;
	}
}

/*
 * Check the arguments of a function: the defaults of those that are not given,
 * which nobody sees in the query, and rows, which it may read as their type.
 */
static void
check_arguments(FuncExpr *call)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID,
										ObjectIdGetDatum(call->funcid));
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		return;					/* whoever calls it says so */
	if (list_length(call->args) < ((Form_pg_proc) GETSTRUCT(tuple))->pronargs)
	{
		bool		isnull;
		Datum		defaults = SysCacheGetAttr(PROCOID, tuple,
											   Anum_pg_proc_proargdefaults,
											   &isnull);

		if (!isnull)
			(void) check_node(stringToNode(TextDatumGetCString(defaults)),
							  NULL);
	}
	ReleaseSysCache(tuple);
	foreach(lc, call->args)
	{
		Oid			type = exprType(lfirst(lc));

		if (get_typtype(type) == TYPTYPE_COMPOSITE)
			check_type(type);
		else if (type == RECORDOID && reads_as_argument(call->funcid) &&
				 (is_lent() || restriction() > RESTRICT_FOREIGN))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("a document must not be read as a row of unknown type as role \"%s\" while osms acts for others",
							GetUserNameFromId(GetUserId(), true)),
					 errhint("Give %s() a row of a named type.",
							 get_func_name(call->funcid))));
	}
}

/*
 * Check the types of the values that a node makes: what reads a text or a
 * document as a type that it is told runs the checks of domains in it.
 */
static void
check_types(Node *node)
{
	List	   *types = NIL;
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_FuncExpr:
			check_arguments((FuncExpr *) node);
			/* FALLTHROUGH */
		case T_OpExpr:
		case T_Aggref:
		case T_WindowFunc:
		case T_CoerceViaIO:
		case T_CoerceToDomain:
		CASE_JSON_EXPR
			check_type(exprType(node));
			break;
		case T_RangeTblFunction:
			types = ((RangeTblFunction *) node)->funccoltypes;
			break;
		case T_TableFunc:
			types = ((TableFunc *) node)->coltypes;
			break;
		default:
			break;
	}
	foreach(lc, types)
		check_type(lfirst_oid(lc));
}

/* Check what a query calls, wherever in it. */
bool
check_node(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, check_node, context, 0);
	(void) check_functions_in_node(node, check_called, context);
	check_types(node);
	if (IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
		check_operator(((OpExpr *) node)->opno);
	else if (IsA(node, ScalarArrayOpExpr))
		check_operator(((ScalarArrayOpExpr *) node)->opno);
	else if (IsA(node, RowCompareExpr))
	{
		ListCell   *lc;

		foreach(lc, ((RowCompareExpr *) node)->opnos)
			check_operator(lfirst_oid(lc));
	}
	return expression_tree_walker(node, check_node, context);
}

/* The tables that a statement writes past the executor, by OID. */
static List *
written_past_executor(Node *statement)
{
	List	   *tables = NIL;
	List	   *names = NIL;
	ListCell   *lc;

	if (IsA(statement, TruncateStmt))
		names = ((TruncateStmt *) statement)->relations;
	else if (IsA(statement, CopyStmt) && ((CopyStmt *) statement)->is_from)
		names = list_make1(((CopyStmt *) statement)->relation);
	foreach(lc, names)
	{
		Oid			table = RangeVarGetRelid(lfirst_node(RangeVar, lc),
											 AccessShareLock, true);

		if (OidIsValid(table))
			tables = list_concat_unique_oid(tables,
											find_all_inheritors(table, AccessShareLock, NULL));
	}
	if (IsA(statement, TruncateStmt) &&
		((TruncateStmt *) statement)->behavior == DROP_CASCADE)
		for (List *more = tables; more != NIL;)
		{
			more = heap_truncate_find_FKs(tables);
			tables = list_concat(tables, more);
		}
	return tables;
}

/* The schema in which a statement makes a type, or nobody. */
static Oid
schema_of_new_type(Node *statement)
{
	List	   *name = NIL;
	char	   *type;

	switch (nodeTag(statement))
	{
		case T_CreateDomainStmt:
			name = ((CreateDomainStmt *) statement)->domainname;
			break;
		case T_CreateEnumStmt:
			name = ((CreateEnumStmt *) statement)->typeName;
			break;
		case T_CreateRangeStmt:
			name = ((CreateRangeStmt *) statement)->typeName;
			break;
		case T_CompositeTypeStmt:
			return RangeVarGetCreationNamespace(((CompositeTypeStmt *) statement)->typevar);
		case T_DefineStmt:
			if (((DefineStmt *) statement)->kind == OBJECT_TYPE)
				name = ((DefineStmt *) statement)->defnames;
			break;
		default:
			break;
	}
	return name ? QualifiedNameGetCreationNamespace(name, &type) : InvalidOid;
}

/* Check what a CALL hands to a procedure, which no query shows. */
static void
check_call(const CallStmt *call)
{
	Oid		   *types;
	int			ntypes;

	(void) check_node((Node *) call->funcexpr, NULL);
	(void) get_func_signature(call->funcexpr->funcid, &types, &ntypes);
	for (int i = 0; i < ntypes; i++)
		check_type(types[i]);
}

/* Whether a statement executes one that was prepared. */
static bool
executes_prepared(Node *statement)
{
	if (IsA(statement, ExplainStmt))
		statement = ((ExplainStmt *) statement)->query;
	else if (IsA(statement, CreateTableAsStmt))
		statement = ((CreateTableAsStmt *) statement)->query;
	if (IsA(statement, Query))
		statement = ((Query *) statement)->utilityStmt;
	if (statement && IsA(statement, CreateTableAsStmt))
		return executes_prepared(statement);
	return statement && IsA(statement, ExecuteStmt);
}

/*
 * TRUNCATE and COPY write tables past the executor: what stands on a table of
 * others is not known there, so where osms writes for somebody they do not.
 * Nor does code of somebody without the session's rights say when the session
 * checks what it deferred, or put a type before all others in its temporary
 * schema.  Errors: 42501.
 */
void
check_utility(Node *statement)
{
	ListCell   *lc;

	if (restriction() == RESTRICT_FOREIGN)
		foreach(lc, written_past_executor(statement))
			if (others_may_add(lfirst_oid(lc), GetUserId()))
				ereport(ERROR,
						(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						 errmsg("table \"%s\" is not written as role \"%s\" while others may add to it",
								get_rel_name(lfirst_oid(lc)),
								GetUserNameFromId(GetUserId(), true)),
						 errhint("Let no trigger TRUNCATE or COPY a table that is not its owner's alone.")));
	if (IsA(statement, CallStmt) && restriction() != RESTRICT_OFF)
		check_call((CallStmt *) statement);
	if (OidIsValid(cursors_held_from()) && executes_prepared(statement))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("EXECUTE must not run as role \"%s\" while osms acts for others",
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("Prepared statements are the session's."),
				 errhint("Let no trigger of the table execute a prepared statement.")));
	if (!InSecurityRestrictedOperation())
		return;
	if (isTempNamespace(schema_of_new_type(statement)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("no temporary type is made as role \"%s\" while osms acts for others",
						GetUserNameFromId(GetUserId(), true)),
				 errhint("Make it once, in a schema of its own.")));
	if (IsA(statement, ConstraintsSetStmt))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("SET CONSTRAINTS must not run as role \"%s\" while osms acts for others",
						GetUserNameFromId(GetUserId(), true)),
				 errhint("Let no trigger of the table set constraints.")));
}

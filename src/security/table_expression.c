/*
 * table_expression.c
 *		What the expressions of a table make values of.
 *
 * Constraints, generated columns, indexes, partition keys and the conditions
 * of triggers are evaluated where a row is written, as whoever writes it, and
 * no query shows them.  One that casts to a domain runs the checks of that
 * domain, which its owner may change at any time.
 */
#include "guard/guard.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* Whether an expression makes values of a domain of others than a role. */
static bool
makes_of_others(Node *node, void *role)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_CoerceToDomain:
		case T_CoerceViaIO:
		case T_FuncExpr:
		case T_OpExpr:
		CASE_JSON_EXPR
			if (is_domain_of_others(exprType(node), *(Oid *) role))
				return true;
			break;
		default:
			break;
	}
	return expression_tree_walker(node, makes_of_others, role);
}

/* The same of a stored one, read only where it makes a value of another type. */
static bool
stored_makes_of_others(const char *expression, Oid role)
{
	if (expression == NULL || strstr(expression, "{COERCE") == NULL)
		return false;
	return makes_of_others(stringToNode(expression), &role);
}

/*
 * The same of a row of a catalogue.  What PostgreSQL keeps of it in memory it
 * has worked out by calling functions.
 */
static bool
row_makes_of_others(int cache, Oid relation, int expression, Oid role)
{
	HeapTuple	tuple = SearchSysCache1(cache, ObjectIdGetDatum(relation));
	bool		isnull = true;
	Datum		stored = 0;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	stored = SysCacheGetAttr(cache, tuple, expression, &isnull);
	result = !isnull &&
		stored_makes_of_others(TextDatumGetCString(stored), role);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * What of a table casts to a domain of somebody without the rights of a role:
 * a few words; NULL where nothing does.
 */
const char *
expression_of_others(Relation rel, Oid role)
{
	const TupleConstr *constraints = RelationGetDescr(rel)->constr;
	ListCell   *lc;

	for (int i = 0; constraints && i < constraints->num_check; i++)
		if (stored_makes_of_others(constraints->check[i].ccbin, role))
			return psprintf("constraint \"%s\"", constraints->check[i].ccname);
	for (int i = 0; constraints && i < constraints->num_defval; i++)
		if (stored_makes_of_others(constraints->defval[i].adbin, role))
			return psprintf("column \"%s\"",
							NameStr(TupleDescAttr(RelationGetDescr(rel),
												  constraints->defval[i].adnum - 1)->attname));
	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
		if (stored_makes_of_others(rel->trigdesc->triggers[i].tgqual, role))
			return psprintf("trigger \"%s\"",
							rel->trigdesc->triggers[i].tgname);
	if (row_makes_of_others(PARTRELID, RelationGetRelid(rel),
							Anum_pg_partitioned_table_partexprs, role))
		return "partition key";
	foreach(lc, RelationGetIndexList(rel))
		if (row_makes_of_others(INDEXRELID, lfirst_oid(lc),
								Anum_pg_index_indexprs, role) ||
			row_makes_of_others(INDEXRELID, lfirst_oid(lc),
								Anum_pg_index_indpred, role))
			return psprintf("index \"%s\"", get_rel_name(lfirst_oid(lc)));
	return NULL;
}

/* Whether a check of a domain itself casts to a domain of others. */
bool
domain_makes_of_others(Oid domain, Oid role)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(domain));
	scan = systable_beginscan(constraints, ConstraintTypidIndexId, true, NULL,
							  1, &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		expression = heap_getattr(tuple, Anum_pg_constraint_conbin,
											  RelationGetDescr(constraints),
											  &isnull);

		result = !isnull &&
			stored_makes_of_others(TextDatumGetCString(expression), role);
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return result;
}

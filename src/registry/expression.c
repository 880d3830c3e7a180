/*
 * expression.c
 *		What an expression of a mapping reads.
 */
#include "registry/expression.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"

/* The columns of the source that an expression of its view reads. */
List *
variables_of(Node *expr)
{
	return pull_var_clause(expr, PVC_RECURSE_AGGREGATES |
						   PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS);
}

/* What takes more than a row of the table: only a whole query could tell. */
FaultKind
more_than_row(Node *expr)
{
	ListCell   *lc;

	/* the others take a query to be planned already */
	if (contain_subplans(expr))
		return FAULT_SUBQUERY;
	if (contain_agg_clause(expr) || contain_window_function(expr))
		return FAULT_AGGREGATE;
	if (expression_returns_set(expr))
		return FAULT_SET;
	foreach(lc, variables_of(expr))
	{
		if (lfirst_node(Var, lc)->varattno < 0)
			return FAULT_SYSTEM_COLUMN;
	}
	return FAULT_NONE;
}

/* Whether it is read from its row alone. */
bool
is_read_alone(Node *expr)
{
	return more_than_row(expr) == FAULT_NONE;
}

/*
 * table_expression.c
 *		What the expressions of a table make values of.
 *
 * Constraints, generated columns, indexes, partition keys and the conditions
 * of triggers are evaluated where a row is written, as whoever writes it, and
 * no query shows them.  One that casts to a domain runs the checks of that
 * domain, which its owner may change at any time.
 */
#include "security/table_expression.h"

#include "security/type_check.h"

#include "catalog/pg_index.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_trigger.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/*
 * Whether an expression in a row of a catalogue makes values of a domain of
 * others than a role.  What PostgreSQL keeps of it in memory it has worked out
 * by calling functions.
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
							get_attname(RelationGetRelid(rel),
										constraints->defval[i].adnum, false));
	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
		if (stored_makes_of_others(rel->trigdesc->triggers[i].tgqual, role))
			return psprintf("trigger \"%s\"",
							rel->trigdesc->triggers[i].tgname);
	if (row_makes_of_others(PARTRELID, RelationGetRelid(rel),
							Anum_pg_partitioned_table_partexprs, role))
		return "partition key";
	foreach(lc, RelationGetIndexList(rel))
	{
		if (row_makes_of_others(INDEXRELID, lfirst_oid(lc),
								Anum_pg_index_indexprs, role) ||
			row_makes_of_others(INDEXRELID, lfirst_oid(lc),
								Anum_pg_index_indpred, role))
			return psprintf("index \"%s\"", get_rel_name(lfirst_oid(lc)));
	}
	return NULL;
}

/*
 * kept_expression.c
 *		What PostgreSQL keeps of the expressions of indexes, partition keys and
 *		domains, for the session.
 *
 * When it first needs one it works out what is constant in it, and puts SQL
 * functions in line: by the path and the settings of whoever was first, and
 * as him.  So where somebody begins or ends to act, or to look, what calls
 * functions of people is read anew.
 */
#include "security/kept_expression.h"

#include "catalog.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_index.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

/* Relations of a catalogue that have such expressions. */
typedef struct KeptOf
{
	Oid			catalogue;
	int			expressions[2];
	bool		(*forget) (Relation relation);
	bool		listed;			/* false once the catalogue has changed */
	Oid		   *relations;
	int			n;
	int			allocated;
} KeptOf;

/*
 * Forget of an open relation; false where nothing is kept of it.  Of an index
 * who uses its expressions has a copy.
 */
static bool
forget_of_index(Relation index)
{
	bool		kept_any = index->rd_indexprs != NIL || index->rd_indpred != NIL;

	index->rd_indexprs = NIL;
	index->rd_indpred = NIL;
	return kept_any;
}

/* The key of an open partitioned table is used until the end. */
static bool
forget_of_key(Relation table)
{
	if (table->rd_partkeycxt == NULL)
		return false;
	MemoryContextSetParent(table->rd_partkeycxt, TopTransactionContext);
	table->rd_partkeycxt = NULL;
	table->rd_partkey = NULL;
	return true;
}

static KeptOf kept[] = {
	{
		.catalogue = IndexRelationId,
		.expressions = {Anum_pg_index_indexprs, Anum_pg_index_indpred},
		.forget = forget_of_index
	},
	{
		.catalogue = PartitionedRelationId,
		.expressions = {Anum_pg_partitioned_table_partexprs,
		Anum_pg_partitioned_table_partexprs},
		.forget = forget_of_key
	},
};

/* Whether an error has left what is to be forgotten. */
static bool left_by_error = false;

/* Whether what is kept was read while something was restricted. */
static bool kept_restricted = false;

/*
 * Whether a stored expression calls a function that is not PostgreSQL's own.
 */
static bool
calls_peoples(const char *expression)
{
	return mentions_oid(expression, "funcid ", FirstUnpinnedObjectId) ||
		mentions_oid(expression, "opno ", FirstUnpinnedObjectId);
}

static void
list_relation(KeptOf *k, Oid relation)
{
	if (k->n == k->allocated)
	{
		k->allocated = 2 * k->allocated + 16;
		k->relations = k->relations ?
			repalloc(k->relations, k->allocated * sizeof(Oid)) :
			MemoryContextAlloc(TopMemoryContext, k->allocated * sizeof(Oid));
	}
	k->relations[k->n++] = relation;
}

/*
 * List the relations of a catalogue whose expressions call people's functions.
 */
static void
list_relations(KeptOf *k)
{
	Relation	rel = table_open(k->catalogue, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0,
										  NULL);
	HeapTuple	tuple;

	k->n = 0;
	k->listed = true;			/* unless it changes meanwhile */
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		for (int i = 0; i < (int) lengthof(k->expressions); i++)
		{
			Oid			relation;
			bool		isnull;
			Datum		expression = heap_getattr(tuple, k->expressions[i],
												  RelationGetDescr(rel),
												  &isnull);

			if (isnull || !calls_peoples(TextDatumGetCString(expression)))
				continue;
			/* of both catalogues the first column */
			relation = DatumGetObjectId(heap_getattr(tuple, 1,
													 RelationGetDescr(rel),
													 &isnull));
			if (!isOtherTempNamespace(get_rel_namespace(relation)))
				list_relation(k, relation);
			break;
		}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* Forget what is kept of indexes and partition keys, open ones too. */
static void
forget_of_relations(void)
{
	left_by_error = false;
	for (int i = 0; i < (int) lengthof(kept); i++)
	{
		if (!kept[i].listed)
			list_relations(&kept[i]);
		for (int r = 0; r < kept[i].n; r++)
		{
			Oid			oid = kept[i].relations[r];
			Relation	relation;
			bool		forgotten = false;

			/* whoever alters or drops it has it forgotten himself */
			if (!ConditionalLockRelationOid(oid, AccessShareLock))
				continue;
			relation = RelationIdGetRelation(oid);
			if (RelationIsValid(relation))
			{
				forgotten = kept[i].forget(relation);
				RelationClose(relation);
			}
			/* its memory goes with it, where nobody has it open */
			if (forgotten)
				RelationCacheInvalidateEntry(oid);
			UnlockRelationOid(oid, AccessShareLock);
		}
	}
}

/*
 * Somebody begins or ends to act or to look: let PostgreSQL read anew, for
 * him, what it keeps of expressions that call people's functions.
 */
void
forget_kept_expressions(void)
{
	if (!IsTransactionState())
		left_by_error = true;
	else
		forget_of_relations();
	CallSyscacheCallbacks(CONSTROID, 0);
}

/* A statement begins: what an error has left is not for it. */
void
forget_left_expressions(void)
{
	if (left_by_error)
		forget_of_relations();
}

/*
 * A statement is planned: what was worked out when all could run is not for
 * one that is restricted, nor the other way round.
 */
void
keep_expressions_apart(bool restricted)
{
	if (left_by_error || kept_restricted != restricted)
		forget_of_relations();
	kept_restricted = restricted;
}

/*
 * Whether a type is one whose values are the same under all settings, and so
 * is what is made of them: no times, no real numbers, nothing that is told by
 * a name in the catalogue.
 */
static bool
is_plain(Oid type)
{
	if (OidIsValid(get_element_type(type)))
		type = get_element_type(type);
	switch (getBaseType(type))
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case UUIDOID:
		case DATEOID:
			return true;
		default:
			return is_our_type(type) || type_is_enum(getBaseType(type));
	}
}

/* Whether what a function gives hangs on more than its arguments. */
static bool
is_unsure_function(Oid function, pg_attribute_unused() void *context)
{
	/* by quote_all_identifiers */
	return function == F_QUOTE_IDENT ||
		(function >= FirstUnpinnedObjectId &&
		 !is_our_function(function));
}

static bool
is_unsure(Node *node, void *context)
{
	if (node == NULL)
		return false;
	/* of a column that is NULL no function tells */
	if (IsA(node, NullTest) && IsA(((NullTest *) node)->arg, Var))
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_CaseWhen:
			break;
		case T_Var:
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_ArrayExpr:
			if (is_plain(exprType(node)) &&
				!check_functions_in_node(node, is_unsure_function, NULL))
				break;
			return true;
		default:
			return true;
	}
	return expression_tree_walker(node, is_unsure, context);
}

/*
 * Whether an index of somebody without the rights of the current user holds
 * what it should, under whatever path and settings he has built it.  A list
 * of what is sure: PostgreSQL calls much immutable that settings, or objects
 * which their owner may alter, decide.
 */
bool
is_sure_index(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool		sure = HeapTupleIsValid(tuple);

	for (int i = 0; sure && i < (int) lengthof(kept[0].expressions); i++)
	{
		bool		isnull;
		Datum		expression = SysCacheGetAttr(INDEXRELID, tuple,
												 kept[0].expressions[i],
												 &isnull);

		sure = isnull ||
			!is_unsure(stringToNode(TextDatumGetCString(expression)), NULL);
	}
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return sure;
}

static void
catalogue_changed(Datum which, pg_attribute_unused() int cache,
				  pg_attribute_unused() uint32 hash)
{
	kept[DatumGetInt32(which)].listed = false;
}

void
kept_expressions_init(void)
{
	CacheRegisterSyscacheCallback(INDEXRELID, catalogue_changed,
								  Int32GetDatum(0));
	CacheRegisterSyscacheCallback(PARTRELID, catalogue_changed,
								  Int32GetDatum(1));
}

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

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "catalog/pg_language.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

/* Relations of a catalogue that have such expressions. */
typedef struct KeptOf
{
	Oid			catalogue;
	int			expressions[2];
	void		(*forget) (Relation relation);
	bool		listed;			/* false once the catalogue has changed */
	Oid		   *relations;
	int			n;
	int			allocated;
} KeptOf;

/* Of an index who uses its expressions has a copy. */
static void
forget_of_index(Relation index)
{
	index->rd_indexprs = NIL;
	index->rd_indpred = NIL;
}

/* The key of an open partitioned table is used until the end. */
static void
forget_of_key(Relation table)
{
	if (table->rd_partkeycxt)
		MemoryContextSetParent(table->rd_partkeycxt, TopTransactionContext);
	table->rd_partkeycxt = NULL;
	table->rd_partkey = NULL;
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

/* Whether a stored expression calls a function that is not PostgreSQL's own. */
static bool
calls_peoples(const char *expression)
{
	static const char *const marks[] = {"funcid ", "opno "};

	for (int i = 0; i < (int) lengthof(marks); i++)
		for (const char *at = expression; (at = strstr(at, marks[i])) != NULL;)
		{
			at += strlen(marks[i]);
			if (strtoul(at, NULL, 10) >= FirstUnpinnedObjectId)
				return true;
		}
	return false;
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

/* List the relations of a catalogue whose expressions call people's functions. */
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
			bool		isnull;
			Datum		expression = heap_getattr(tuple, k->expressions[i],
												  RelationGetDescr(rel),
												  &isnull);

			if (isnull || !calls_peoples(TextDatumGetCString(expression)))
				continue;
			/* of both catalogues the first column */
			list_relation(k, DatumGetObjectId(heap_getattr(tuple, 1,
														   RelationGetDescr(rel),
														   &isnull)));
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
			Relation	relation = RelationIdGetRelation(kept[i].relations[r]);

			if (!RelationIsValid(relation))
				continue;
			kept[i].forget(relation);
			RelationClose(relation);
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

/* Whether settings say what an output function prints that counts as immutable. */
bool
prints_by_settings(Oid output)
{
	switch (output)
	{
		case F_FLOAT4OUT:
		case F_FLOAT8OUT:
		case F_BYTEAOUT:
		case F_POINT_OUT:
		case F_LSEG_OUT:
		case F_PATH_OUT:
		case F_BOX_OUT:
		case F_POLY_OUT:
		case F_LINE_OUT:
		case F_CIRCLE_OUT:
			return true;
		default:
			return false;
	}
}

/* Whether an index is what its function says, whoever built it. */
static bool
is_unsure_function(Oid function, void *context)
{
	HeapTuple	tuple;
	Form_pg_proc proc;
	bool		sure;

	(void) context;
	if (function < FirstUnpinnedObjectId)
		return prints_by_settings(function);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return true;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	sure = has_privs_of_role(proc->proowner, GetUserId()) &&
		(proc->prolang == INTERNALlanguageId || proc->prolang == ClanguageId ||
		 !heap_attisnull(tuple, Anum_pg_proc_prosqlbody, NULL));
	ReleaseSysCache(tuple);
	return !sure;
}

static bool
is_unsure(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_unsure_function, NULL))
		return true;
	if (IsA(node, CoerceToDomain))
		return true;
	return expression_tree_walker(node, is_unsure, context);
}

/*
 * Whether an index of somebody without the rights of the current user holds
 * what it should, under whatever path and settings he has built it.
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

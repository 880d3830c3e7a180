/*
 * source_column.c
 *		What a canonical column is read from, for who looks after indexes and
 *		mappings.
 */
#include "osms.h"

#include "registry/expression.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/owner.h"
#include "security/surroundings.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

PG_FUNCTION_INFO_V1(osms_can_write);
PG_FUNCTION_INFO_V1(osms_mapped_reading);

/*
 * How a canonical column reads the source, its columns numbered as of 1; NULL
 * where it takes more than a row.
 */
static Node *
reading_of(const Projection *p, int i)
{
	Node	   *expr = copyObject((Node *) p->expr[i]);
	List	   *vars = variables_of(expr);

	if (!is_read_alone((Node *) p->expr[i]))
		return NULL;
	if (p->attno[i] != 0)
		return (Node *) makeVar(1, p->attno[i], p->type[i], -1,
								p->collation[i], 0);
	if (vars != NIL)
		ChangeVarNodes(expr, linitial_node(Var, vars)->varno, 1, 0);
	return expr;
}

/* The names of the columns that an expression reads, each once. */
static Datum
columns_read(Node *expr, Oid source)
{
	ArrayBuildState *names = initArrayResult(TEXTOID, CurrentMemoryContext,
											 false);
	Bitmapset  *attnos = NULL;
	int			attno = -1;

	pull_varattnos(expr, 1, &attnos);
	while ((attno = bms_next_member(attnos, attno)) >= 0)
	{
		char	   *name = get_attname(source, attno +
									   FirstLowInvalidHeapAttributeNumber,
									   true);

		if (name)
			accumArrayResult(names, CStringGetTextDatum(name), false, TEXTOID,
							 CurrentMemoryContext);
	}
	return makeArrayResult(names, CurrentMemoryContext);
}

/*
 * can_write(canonical, column, value): whether the mapping has a column and a
 * code for it.  What whoever mapped has it written by is worked out as the
 * view's owner, never as who asks.
 */
Datum
osms_can_write(PG_FUNCTION_ARGS)
{
	static const char ask[] = "SELECT osms.writing_query($1, $2)";
	Oid			types[] = {REGCLASSOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)
	};
	char	   *query;
	Evaluation	evaluation;
	bool		isnull;
	bool		result = false;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(ask, 2, types, values, NULL, true, 1) !=
		SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "osms.writing_query told nothing");
	query = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (query)
	{
		Relation	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
		Oid			owner = rel->rd_rel->relowner;
		Oid			who;
		bool		others = others_may_trigger(rel, owner, &who);

		relation_close(rel, NoLock);
		/* who would say what is worked out as its owner */
		if (others)
		{
			SPI_finish();
			PG_RETURN_NULL();
		}
		begin_evaluation(&evaluation, owner);
		if (SPI_execute_with_args(query, 1, types + 2, values + 2, NULL, true,
								  1) != SPI_OK_SELECT)
			elog(ERROR, "SPI_execute_with_args failed");
		/* no row, where it is written by a set that is empty */
		if (SPI_processed == 1)
			result = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
												SPI_tuptable->tupdesc, 1,
												&isnull));
		end_evaluation(&evaluation);
	}
	SPI_finish();
	PG_RETURN_BOOL(result);
}

/*
 * mapped_reading(canonical, column): the expression over the source that
 * gives the column, as an index would have it; the source's columns in it;
 * whether it always gives the same.  NULLs where the column is not mapped.
 */
Datum
osms_mapped_reading(PG_FUNCTION_ARGS)
{
	Oid			canonical = PG_GETARG_OID(0);
	char	   *column = text_to_cstring(PG_GETARG_TEXT_PP(1));
	RelationKind kind;
	Projection *p;
	Node	   *expr;
	int			i;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	kind = canonical_kind(canonical);
	i = canonical_column(kind, column, strlen(column));
	if (i < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("relation \"%s\" has no canonical column \"%s\"",
						get_rel_name(canonical), column),
				 errhint("SELECT \"column\" FROM osms.registry_columns() WHERE relation = '%s' lists them.",
						 canonical_relations[kind].name)));
	p = make_projection(kind, canonical);
	expr = reading_of(p, i);
	if (expr)
	{
		char	   *text = deparse_expression(expr,
											  deparse_context_for("s", p->source),
											  false, false);

		values[0] = CStringGetTextDatum(p->attno[i] != 0 ? text :
										psprintf("(%s)", text));
		values[1] = columns_read(expr, p->source);
		values[2] = BoolGetDatum(!contain_mutable_functions(expr));
		memset(nulls, false, sizeof(nulls));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

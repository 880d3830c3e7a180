/*
 * source_column.c
 *		What a canonical column is read from, for who looks after indexes and
 *		mappings.
 */
#include "osms.h"

#include "registry/attempt.h"
#include "registry/expression.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "registry/round_trip.h"
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
PG_FUNCTION_INFO_V1(osms_storing_fault);

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
names_read(Node *expr, Oid source)
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

/* What is asked of how a relation is written, and what it comes to. */
typedef struct Question
{
	Oid			owner;			/* of the relation */
	char	   *query;			/* NULL where it cannot be written */
	Oid			type;			/* of its parameter */
	Datum		value;
	MemoryContext memory;
	char	   *answer;			/* as text, or NULL */
} Question;

/*
 * Let osms make the query; false where it would be others who say what is
 * worked out as the owner of the relation.
 */
static bool
make_question(Question *question, const char *maker, Oid canonical, Oid type,
			  Datum value)
{
	Oid			types[] = {REGCLASSOID, type};
	Datum		values[] = {ObjectIdGetDatum(canonical), value};
	char	   *query;
	Relation	rel;
	Oid			who;
	bool		others;

	question->memory = CurrentMemoryContext;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(maker, 2, types, values, NULL, true, 1) !=
		SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "osms told no query");
	query = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (query)
		question->query = MemoryContextStrdup(question->memory, query);
	SPI_finish();
	if (query == NULL)
		return true;
	rel = relation_open(canonical, AccessShareLock);
	question->owner = rel->rd_rel->relowner;
	others = others_may_trigger(rel, question->owner, &who);
	relation_close(rel, NoLock);
	return !others;
}

/*
 * Ask it as the owner.  What whoever mapped has the relation written by is
 * never worked out as who asks.
 */
static void
ask_as_owner(void *arg)
{
	Question   *question = arg;
	Evaluation	evaluation;
	char	   *answer = NULL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	begin_evaluation(&evaluation, question->owner);
	if (SPI_execute_with_args(question->query, 1, &question->type,
							  &question->value, NULL, true, 1) !=
		SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed");
	/* no row, where it is written by a set that is empty */
	if (SPI_processed == 1)
		answer = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (answer)
		question->answer = MemoryContextStrdup(question->memory, answer);
	end_evaluation(&evaluation);
	SPI_finish();
}

/*
 * can_write(canonical, column, value): whether the mapping has a column and a
 * code for it, which the type of the column can hold.
 */
Datum
osms_can_write(PG_FUNCTION_ARGS)
{
	static const int codes[] = {
		ERRCODE_DATA_EXCEPTION, ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION,
		ERRCODE_PROGRAM_LIMIT_EXCEEDED, 0
	};
	Question	question = {.type = TEXTOID,.value = PG_GETARG_DATUM(2)};

	if (!make_question(&question, "SELECT osms_internal.writing_query($1, $2)",
					   PG_GETARG_OID(0), TEXTOID, PG_GETARG_DATUM(1)))
		PG_RETURN_NULL();
	if (question.query)
		(void) attempt(ask_as_owner, &question, codes);
	PG_RETURN_BOOL(question.answer && strcmp(question.answer, "t") == 0);
}

/*
 * storing_fault(canonical, told): what keeps the source from holding what a
 * mapping makes of a row, told as an object of texts; NULL for nothing, or
 * where it cannot be told.  Errors: 42501, those of its types and domains.
 */
Datum
osms_storing_fault(PG_FUNCTION_ARGS)
{
	Question	question = {.type = JSONBOID,.value = PG_GETARG_DATUM(1)};

	check_may_ask(PG_GETARG_OID(0));
	if (!make_question(&question, "SELECT osms_internal.storing_query($1, $2)",
					   PG_GETARG_OID(0), JSONBOID, PG_GETARG_DATUM(1)) ||
		question.query == NULL)
		PG_RETURN_NULL();
	ask_as_owner(&question);
	if (question.answer == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(question.answer));
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
		values[1] = names_read(expr, p->source);
		values[2] = BoolGetDatum(!contain_mutable_functions(expr));
		memset(nulls, false, sizeof(nulls));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

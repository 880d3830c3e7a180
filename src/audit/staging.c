/*
 * staging.c
 *		Reading the rows of a staging table as canonical rows.
 *
 * The staging table has the columns of the source, which are then read as the
 * registry reads the source, or those of the canonical relation.
 */
#include "audit/staging.h"

#include "catalog.h"
#include "guard/guard.h"
#include "registry/expression.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/cursors.h"
#include "security/owner.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

/*
 * Expressions of a view, about the first relation of a query; what the source
 * computes is put in place of its column.
 */
static Node *
read_source(Node *node, void *source)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = copyObject((Var *) node);

		if (var->varattno > 0 &&
			TupleDescAttr(RelationGetDescr((Relation) source),
						  var->varattno - 1)->attgenerated)
			return build_column_default((Relation) source, var->varattno);
		var->varno = var->varnosyn = 1;
		return (Node *) var;
	}
	return expression_tree_mutator(node, read_source, source);
}

/* How a canonical column reads the source; NULL where it is not mapped. */
static Node *
staged_reading(const Projection *p, int i, Relation source)
{
	Node	   *expr = (Node *) p->expr[i];

	if (p->attno[i] != 0)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(source),
											  p->attno[i] - 1);

		expr = (Node *) makeVar(1, att->attnum, att->atttypid, att->atttypmod,
								att->attcollation, 0);
	}
	return read_source(expr, source);
}

/* Work an expression without columns out, in the current memory context. */
static Node *
evaluate(Node *expr)
{
	EState	   *estate = CreateExecutorState();
	ExprState  *state = ExecPrepareExpr((Expr *) expr, estate);
	bool		isnull;
	Datum		value = ExecEvalExprSwitchContext(state,
												  GetPerTupleExprContext(estate),
												  &isnull);
	Oid			type = exprType(expr);
	int16		len;
	bool		byval;

	get_typlenbyval(type, &len, &byval);
	if (!isnull)
		value = datumCopy(value, byval, len);
	FreeExecutorState(estate);
	return (Node *) makeConst(type, exprTypmod(expr), exprCollation(expr), len,
							  isnull ? (Datum) 0 : value, isnull, byval);
}

/*
 * What an INSERT puts into a column it does not name, NULL if that varies.
 * It is worked out as the owner of the table, whose functions it may call.
 */
static Node *
plain_default(Relation source, AttrNumber attno)
{
	Node	   *volatile value = build_column_default(source, attno);
	HeldCursors held;
	Acting		acting;

	/* a domain is checked when the row is inserted */
	while (value && IsA(value, CoerceToDomain))
		value = (Node *) ((CoerceToDomain *) value)->arg;
	if (value == NULL || contain_volatile_functions(value))
		return NULL;
	begin_acting(&acting, source->rd_rel->relowner,
				 SECURITY_RESTRICTED_OPERATION,
				 RelationGetRelid(source), "foreign");
	held = hold_cursors();
	PG_TRY();
	{
		value = evaluate(value);
	}
	PG_FINALLY();
	{
		release_cursors(&held);
	}
	PG_END_TRY();
	close_later_cursors(&held);
	end_acting(&acting);
	return value;
}

static bool
is_staged(Oid staging, const char *column)
{
	return get_attnum(staging, column) > 0;
}

/*
 * See that a column is read from a staged row, which is no row of the source
 * yet, nor one that who sifts lets read what he may.  Errors: 55000 as of a
 * guard, 0A000 for the whole row.
 */
static void
check_staged_reading(const Projection *p, int i)
{
	ListCell   *lc;

	check_reading(p, i);
	foreach(lc, variables_of((Node *) p->expr[i]))
		if (lfirst_node(Var, lc)->varattno == 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("column \"%s\" of canonical relation \"%s\" is mapped to a whole row, which a staging table does not have",
							canonical_relations[p->kind].columns[i].name,
							get_rel_name(p->canonical)),
					 errhint("Map it to columns of the table, or name those of the staging table as the canonical relation does.")));
}

/* Whether the staging table has what a canonical column reads. */
static bool
supplies(Oid staging, const Projection *p, int i, Relation source)
{
	Node	   *read = staged_reading(p, i, source);
	ListCell   *lc;

	/* nothing in the row of an event tells what its attachment is */
	if (read == NULL)
		return false;
	foreach(lc, variables_of(read))
	{
		AttrNumber	attno = lfirst_node(Var, lc)->varattno;

		if (attno <= 0 ||
			!(is_staged(staging, get_attname(p->source, attno, false)) ||
			  (i != 0 && plain_default(source, attno))))
			return false;
	}
	return true;
}

/*
 * Whether the staging table is shaped like the source, rather than like the
 * canonical relation.  Errors: 42703 where it is like neither.
 */
static bool
shaped_like_source(Oid staging, const Projection *p, Relation source)
{
	const CanonicalRelation *shape = &canonical_relations[p->kind];
	bool		like_source = true;
	const char *missing = NULL;

	/* a key may be drawn, but not half of one */
	for (int i = shape->dated ? 0 : 1; i < shape->ncolumns; i++)
	{
		if (!shape->columns[i].needed)
			continue;
		if (!supplies(staging, p, i, source))
			like_source = false;
		if (missing == NULL && !is_staged(staging, shape->columns[i].name))
			missing = shape->columns[i].name;
	}
	if (!like_source && missing)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("\"%s\" is shaped neither like table \"%s\" nor like canonical relation \"%s\"",
						get_rel_name(staging), RelationGetRelationName(source),
						shape->name),
				 errdetail("Among the canonical columns it lacks \"%s\".",
						   missing),
				 errhint("Name its columns as the table does, or as the canonical relation does.")));
	return like_source;
}

/* The staged rows as rows of the source: "SELECT ... FROM staging t". */
static char *
staged_source(Oid staging, const Projection *p, Relation source,
			  const char *from)
{
	StringInfoData out;
	TupleDesc	desc = RelationGetDescr(source);
	Bitmapset  *wanted = NULL;
	int			attno = -1;

	for (int i = 0; i < canonical_relations[p->kind].ncolumns; i++)
		pull_varattnos(staged_reading(p, i, source), 1, &wanted);
	initStringInfo(&out);
	appendStringInfoString(&out, "SELECT t.ctid");
	while ((attno = bms_next_member(wanted, attno)) >= 0)
	{
		Form_pg_attribute att = TupleDescAttr(desc, attno +
											  FirstLowInvalidHeapAttributeNumber - 1);
		const char *name = quote_identifier(NameStr(att->attname));
		Node	   *value = plain_default(source, att->attnum);
		const char *read = is_staged(staging, NameStr(att->attname)) ?
			psprintf("t.%s", name) :
			value ? deparse_expression(value, NIL, false, false) : "NULL";

		appendStringInfo(&out, ", (%s)::%s AS %s", read,
						 format_type_with_typemod(getBaseType(att->atttypid), -1),
						 name);
	}
	appendStringInfo(&out, " FROM (%s) t", from);
	return out.data;
}

/* A number for a candidate whose key the INSERT will draw, NULL if none. */
static const char *
drawn_key(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return "(row_number() OVER () - 32768)::smallint";
		case INT4OID:
			return "(row_number() OVER () - 2147483648)::integer";
		case INT8OID:
			return "(row_number() OVER () - 9223372036854775807)";
		default:
			return NULL;
	}
}

/*
 * The query that reads the candidates as canonical rows with their labels,
 * in the order in which they are judged.  Errors: 42P01 where there is no
 * such staging table.
 */
char *
candidate_query(const Guard *guard, Oid staging)
{
	const Projection *p = guard->projection;
	const CanonicalRelation *shape = &canonical_relations[p->kind];
	const char *staged = relation_name(staging);
	Relation	source = relation_open(p->source, AccessShareLock);
	List	   *context = deparse_context_for("s", p->source);
	bool		like_source = shaped_like_source(staging, p, source);
	bool		has_key = like_source ? supplies(staging, p, 0, source) :
		is_staged(staging, shape->columns[0].name);
	char	   *from = psprintf("SELECT t.*, %s AS ctid FROM %s t",
								get_rel_relkind(staging) == RELKIND_RELATION ?
								"t.ctid" : "NULL::tid",
								quote_qualified_identifier(get_namespace_name(get_rel_namespace(staging)),
														   staged));
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < shape->ncolumns; i++)
		if (p->expr[i] && like_source)
			check_staged_reading(p, i);
	for (int i = 0; i < shape->ncolumns; i++)
	{
		const char *name = shape->columns[i].name;
		Oid			type = OidIsValid(p->type[i]) ? p->type[i] : TEXTOID;
		const char *read = "NULL";

		if (i == 0 && !has_key)
		{
			read = drawn_key(type);
			if (read == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_UNDEFINED_COLUMN),
						 errmsg("\"%s\" lacks the key \"%s\"",
								get_rel_name(staging), name),
						 errhint("Give the candidates their keys.")));
		}
		else if (like_source && (p->mapped & COLUMN_BIT(i)))
			read = deparse_expression(staged_reading(p, i, source), context, true,
									  false);
		else if (!like_source && is_staged(staging, name))
			read = psprintf("s.%s", name);
		appendStringInfo(&out, "%s(%s)::%s AS %s", i ? ", " : "", read,
						 format_type_with_typemod(getBaseType(type), -1), name);
	}
	if (like_source)
		from = staged_source(staging, p, source, from);
	relation_close(source, AccessShareLock);
	return psprintf("SELECT c.*, %s, %s FROM (SELECT %s, s.ctid FROM (%s) s) c"
					" ORDER BY c.%s%s%s, c.%s",
					has_key ? key_text(shape) : "NULL::text",
					strcmp(shape->columns[shape->subject].name, "person") == 0 ?
					"c.person::text" : "NULL::text",
					out.data, from, shape->columns[shape->subject].name,
					OidIsValid(guard->collation) ?
					psprintf(" COLLATE %s",
							 generate_collation_name(guard->collation)) : "",
					p->kind == REL_ATTACHMENT ? ", c.since" :
					p->kind == REL_PAYMENT ? ", c.month, c.amount" : "",
					shape->columns[0].name);
}

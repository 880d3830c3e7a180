/*
 * projection.c
 *		How a row of a source is read as a canonical row.
 *
 * A mapped relation is told once, as the view that osms.map makes.  Guards
 * read source tuples through the expressions of that view, so a renamed
 * source column needs no repair and reading has one definition.
 */
#include "registry/projection.h"

#include "catalog.h"

#include "registry/expression.h"
#include "registry/registry.h"
#include "security/owner.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_mapped_source);

/* Open a relation.  Errors: 42P01 where there is none. */
static Relation
open_relation(Oid relation)
{
	Relation	rel = try_relation_open(relation, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	return rel;
}

static bool
is_table(Oid relation)
{
	char		relkind = get_rel_relkind(relation);

	return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE;
}

/*
 * Whether a relation is the view of the events that attachments are made of.
 */
static bool
is_event_view(Oid relation)
{
	return get_rel_relkind(relation) == RELKIND_VIEW &&
		strcmp(get_rel_name(relation),
			   canonical_relations[REL_ATTACHMENT_EVENT].name) == 0;
}

pg_noreturn static void
refuse_view(Relation view)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("view \"%s\" does not map one table",
					RelationGetRelationName(view)),
			 errhint("Map the relation again with osms.map().")));
}

/* Whether a query shows each row of its table, once. */
static bool
shows_all(const Query *query, const RangeTblEntry *rte)
{
	return rte->inh && rte->tablesample == NULL &&
		query->jointree->quals == NULL && query->groupClause == NIL &&
		query->groupingSets == NIL && query->havingQual == NULL &&
		query->distinctClause == NIL && query->limitOffset == NULL &&
		query->limitCount == NULL;
}

/*
 * The query of a mapped view, checked to have the shape osms.map gives it: a
 * select from one table, or, of what is no event itself, from the view of
 * events and what closes them.
 */
static Query *
mapping_query(Relation view, Oid *source)
{
	Query	   *query = get_view_query(view);
	Node	   *from = list_length(query->jointree->fromlist) == 1 ?
		linitial(query->jointree->fromlist) : NULL;
	bool		joined = from && IsA(from, JoinExpr);
	RangeTblEntry *rte = NULL;

	if (joined)
		from = ((JoinExpr *) from)->larg;
	if (from && IsA(from, RangeTblRef))
		rte = rt_fetch(((RangeTblRef *) from)->rtindex, query->rtable);
	if (rte == NULL || rte->rtekind != RTE_RELATION ||
		!(joined ? is_event_view(rte->relid) &&
		  !is_event_view(RelationGetRelid(view)) :
		  is_table(rte->relid) && shows_all(query, rte)))
		refuse_view(view);
	*source = rte->relid;
	return query;
}

/* Errors: 42809 where a relation is no table. */
static void
check_table(Relation rel)
{
	if (rel->rd_rel->relkind != RELKIND_RELATION &&
		rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is neither a table nor a mapped view",
						RelationGetRelationName(rel)),
				 errhint("Map a plain or partitioned table with osms.map().")));
}

/* What a canonical relation reads: a table itself, a view what it maps. */
static Oid
read_relation(Oid canonical)
{
	Relation	rel = open_relation(canonical);
	Oid			source = canonical;

	if (rel->rd_rel->relkind == RELKIND_VIEW)
		(void) mapping_query(rel, &source);
	else
		check_table(rel);
	relation_close(rel, AccessShareLock);
	return source;
}

/*
 * The table behind a canonical relation; a table is its own source.  Views
 * stand on one another two deep at most.  Errors: 42P01 where there is no
 * such relation, 42809 for what is neither table nor view, 55000 for a view
 * of another shape.
 */
Oid
mapped_source(Oid canonical)
{
	Oid			source = read_relation(canonical);

	return is_table(source) ? source : read_relation(source);
}

/* mapped_source(regclass) */
Datum
osms_mapped_source(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(mapped_source(PG_GETARG_OID(0)));
}

/* Whether an expression reads a stored generated column of the source. */
static bool
reads_generated(Node *expr, Relation source)
{
	ListCell   *lc;

	foreach(lc, variables_of(expr))
	{
		Var		   *var = lfirst_node(Var, lc);

		if (var->varattno > 0 &&
			TupleDescAttr(RelationGetDescr(source),
						  var->varattno - 1)->attgenerated)
			return true;
	}
	return false;
}

/* Note how canonical column i is read from the source by expr. */
static void
project_column(Projection *p, int i, Expr *expr, Relation source)
{
	List	   *vars = variables_of((Node *) expr);

	p->type[i] = exprType((Node *) expr);
	p->collation[i] = exprCollation((Node *) expr);

	/* osms.map reads the column of a domain as the type below */
	if (IsA(expr, RelabelType) && IsA(((RelabelType *) expr)->arg, Var))
	{
		Var		   *var = (Var *) ((RelabelType *) expr)->arg;

		if (get_typtype(var->vartype) == TYPTYPE_DOMAIN &&
			getBaseType(var->vartype) == p->type[i])
			expr = (Expr *) var;
	}

	/* osms.map writes a bare NULL for what the source does not have */
	if (IsA(expr, Const) && ((Const *) expr)->constisnull)
		return;
	p->mapped |= COLUMN_BIT(i);
	if (vars != NIL)
	{
		bool		plain = IsA(expr, Var);

		/* of an event's day the first tells only whether it closes */
		p->told[i] = Max(llast_node(Var, vars)->varattno, 0);
		expr = (Expr *) expand_virtual((Node *) expr, source,
									   linitial_node(Var, vars)->varno);
		p->computed |= plain && !IsA(expr, Var) ? COLUMN_BIT(i) : 0;
	}
	p->generated |= reads_generated((Node *) expr, source);
	if (IsA(expr, Var) && ((Var *) expr)->varattno > 0)
		p->attno[i] = ((Var *) expr)->varattno;
	else
		p->expr[i] = expression_planner(copyObject(expr));
}

/*
 * Note what attachments made of events have of each canonical column; no
 * row of the source is one of them, so none is projected.
 */
static void
project_events(Projection *p, Relation rel)
{
	static const int event_column[] = {
		[ATTACHMENT_ATTACHMENT] = CHAIN_EVENT,
		[ATTACHMENT_PERSON] = CHAIN_PERSON,
		[ATTACHMENT_ORGANISATION] = CHAIN_ORGANISATION,
		[ATTACHMENT_SITE] = CHAIN_SITE,
		[ATTACHMENT_STATE] = CHAIN_STATE,
		[ATTACHMENT_SINCE] = CHAIN_DAY,
		[ATTACHMENT_UNTIL] = CHAIN_DAY,
		[ATTACHMENT_APPLICATION] = CHAIN_APPLICATION,
		[ATTACHMENT_ORDER_KEY] = CHAIN_ORDER_KEY,
		[ATTACHMENT_RESTORES] = CHAIN_RESTORES,
		[ATTACHMENT_REASON] = CHAIN_REASON
	};
	Projection *events = make_projection(REL_ATTACHMENT_EVENT, p->source);
	TupleDesc	desc = RelationGetDescr(rel);

	p->events = p->source;
	p->source = events->source;
	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, a);
		int			i = canonical_column(p->kind, NameStr(att->attname),
										 strlen(NameStr(att->attname)));

		if (i < 0)
			continue;
		p->type[i] = att->atttypid;
		p->collation[i] = att->attcollation;
		p->told[i] = events->told[event_column[i]];
		if (events->mapped & COLUMN_BIT(event_column[i]))
			p->mapped |= COLUMN_BIT(i);
	}
}

/*
 * Note how the columns of a mapped view are read from its source.  The names
 * are those of the view, which its query does not follow when they change.
 */
static void
project_view(Projection *p, Relation view, Query *query)
{
	Relation	source = relation_open(p->source, AccessShareLock);
	ListCell   *lc;

	foreach(lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		const char *name;
		int			i;

		if (tle->resjunk)
			continue;
		name = NameStr(TupleDescAttr(RelationGetDescr(view),
									 tle->resno - 1)->attname);
		i = own_column(p->kind, p->canonical, name, tle->resname);
		if (i >= 0)
			project_column(p, i, tle->expr, source);
	}
	relation_close(source, AccessShareLock);
}

/* Note how the columns of a table are read. */
static void
project_table(Projection *p, Relation table)
{
	TupleDesc	desc = RelationGetDescr(table);

	p->source = p->canonical;
	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, a);
		int			i;

		if (att->attisdropped)
			continue;
		i = canonical_column(p->kind, NameStr(att->attname),
							 strlen(NameStr(att->attname)));
		if (i >= 0)
			project_column(p, i,
						   (Expr *) makeVar(1, att->attnum, att->atttypid,
											att->atttypmod,
											att->attcollation, 0),
						   table);
	}
}

/*
 * The column to whose type that of column i must be equal, but for domains
 * over it: keys of one kind meet in C as values of one type.
 */
static int
same_key(const Projection *p, int i)
{
	const CanonicalColumn *columns = canonical_relations[p->kind].columns;
	int			first = 0;

	if (columns[i].type[0] != '@')
		return i;
	while (strcmp(columns[first].type, columns[i].type) != 0 ||
		   !OidIsValid(p->type[first]))
		first++;
	return first;
}

/*
 * See that columns have their types, for what C reads as a text or a date
 * must be one.  Errors: 42804.
 */
static void
check_types(const Projection *p)
{
	const CanonicalRelation *shape = &canonical_relations[p->kind];

	for (int i = 0; i < shape->ncolumns; i++)
	{
		const CanonicalColumn *column = &shape->columns[i];
		bool		number = strcmp(column->type, "@number") == 0;
		int			other;

		if (!OidIsValid(p->type[i]))
			continue;
		other = same_key(p, i);
		if (type_fits(column, p->type[i]) &&
			getBaseType(p->type[i]) == getBaseType(p->type[other]))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of canonical relation \"%s\" has type %s",
						column->name, get_rel_name(p->canonical),
						format_type_be(p->type[i])),
				 number ?
				 errdetail("A number is osms.iin, osms.bin, text, varchar, char or bigint.") :
				 other != i ?
				 errdetail("It is a key of the kind of column \"%s\", of type %s.",
						   shape->columns[other].name,
						   format_type_be(p->type[other])) :
				 column->type[0] == '@' ?
				 errdetail("A key is of a base type, an enum, or an array of them.") :
				 errdetail("It is read as %s.", column->type),
				 errhint("Give the column that type again, or map the relation with osms.map().")));
	}
}

/*
 * See that columns are there: those that are needed, or all, mapped or not.
 * Errors: 42703.
 */
void
check_columns(const Projection *p, bool all)
{
	const CanonicalRelation *shape = &canonical_relations[p->kind];

	for (int i = 0; i < shape->ncolumns; i++)
		if (shape->columns[i].needed ? !(p->mapped & COLUMN_BIT(i)) :
			all && !OidIsValid(p->type[i]))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("canonical relation \"%s\" has no column \"%s\"",
							get_rel_name(p->canonical),
							shape->columns[i].name),
					 errhint("Give the column its canonical name again, or map the relation with osms.map().")));
}

/*
 * Make the projection of a canonical relation, in the current memory
 * context.  Errors: 42P01 where there is no such relation, 42809 for what is
 * neither table nor view, 55000 for a view of another shape, or one whose
 * columns were renamed, 42703 for a needed column that is missing, 42804 for
 * one of another type.
 */
Projection *
make_projection(RelationKind kind, Oid canonical)
{
	Relation	rel = open_relation(canonical);
	Projection *p = palloc0(sizeof(Projection));
	Evaluation	evaluation;

	/* expressions are folded */
	p->owner = rel->rd_rel->relowner;
	begin_evaluation(&evaluation, p->owner);
	p->kind = kind;
	p->canonical = canonical;
	if (rel->rd_rel->relkind == RELKIND_VIEW)
	{
		Query	   *query = mapping_query(rel, &p->source);

		if (is_table(p->source))
			project_view(p, rel, query);
		else if (kind == REL_ATTACHMENT)
			project_events(p, rel);
		else
			refuse_view(rel);
	}
	else
	{
		check_table(rel);
		project_table(p, rel);
	}
	relation_close(rel, AccessShareLock);
	/* of events each column is handed on */
	check_columns(p, canonical_relations[kind].inner || OidIsValid(p->events));
	check_types(p);
	if (kind == REL_APPLICATION &&
		leads_index(p->source, p->attno[APPLICATION_DECIDED_BY],
					p->attno[APPLICATION_DECIDED_AT]))
		p->mapped |= DECISIONS_INDEXED_BIT;
	end_evaluation(&evaluation);
	return p;
}

/*
 * See that a column is read from its row alone.  Errors: 55000 for what only
 * a whole query could tell, or where the row is stored.
 */
void
check_reading(const Projection *p, int i)
{
	if (!is_read_alone((Node *) p->expr[i]))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of canonical relation \"%s\" cannot be read from a row alone",
						canonical_relations[p->kind].columns[i].name,
						get_rel_name(p->canonical)),
				 errdetail("It is mapped to a subquery, an aggregate, a set or a system column."),
				 errhint("Map it to a column of the table, or to an expression over its columns.")));
}

/* Make a projection ready, in the current memory context. */
ProjectionState *
begin_projection(const Projection *p)
{
	const CanonicalRelation *shape = &canonical_relations[p->kind];
	ProjectionState *state = palloc0(sizeof(ProjectionState));

	state->projection = p;
	state->context = CreateStandaloneExprContext();
	for (int i = 0; i < shape->ncolumns; i++)
	{
		if (p->expr[i])
		{
			Evaluation	evaluation;

			check_reading(p, i);
			begin_evaluation(&evaluation, p->owner);
			state->state[i] = ExecInitExpr(p->expr[i], NULL);
			end_evaluation(&evaluation);
			state->evaluates = true;
		}
		if (p->mapped & COLUMN_BIT(i))
		{
			TypeCacheEntry *type = lookup_type_cache(p->type[i],
													 TYPECACHE_EQ_OPR_FINFO);

			if (!OidIsValid(type->eq_opr_finfo.fn_oid))
				ereport(ERROR,
						(errcode(ERRCODE_UNDEFINED_FUNCTION),
						 errmsg("column \"%s\" of canonical relation \"%s\" has type %s, which has no equality operator",
								shape->columns[i].name, shape->name,
								format_type_be(p->type[i]))));
			fmgr_info_copy(&state->equal[i], &type->eq_opr_finfo,
						   CurrentMemoryContext);
			get_typlenbyval(p->type[i], &state->len[i], &state->byval[i]);
		}
	}
	return state;
}

void
end_projection(ProjectionState *state)
{
	FreeExprContext(state->context, true);
}

static void
project_columns(ProjectionState *state, TupleTableSlot *slot,
				CanonicalRow *row)
{
	const Projection *p = state->projection;
	int			ncolumns = canonical_relations[p->kind].ncolumns;

	state->context->ecxt_scantuple = slot;
	for (int i = 0; i < ncolumns; i++)
	{
		if (p->attno[i] != 0)
			row->value[i] = slot_getattr(slot, p->attno[i], &row->isnull[i]);
		else if (state->state[i])
		{
			state->column = i;
			row->value[i] = ExecEvalExprSwitchContext(state->state[i],
													  state->context,
													  &row->isnull[i]);
		}
		else
		{
			row->value[i] = (Datum) 0;
			row->isnull[i] = true;
		}
	}
}

/*
 * Read a source tuple as a canonical row.  Values live as long as the slot
 * and the projection's per-tuple memory, which the caller resets.
 */
void
project_row(ProjectionState *state, TupleTableSlot *slot, CanonicalRow *row)
{
	Evaluation	evaluation;

	if (!state->evaluates)
	{
		project_columns(state, slot, row);
		return;
	}
	begin_evaluation(&evaluation, state->projection->owner);
	PG_TRY();
	{
		project_columns(state, slot, row);
	}
	PG_FINALLY();
	{
		end_evaluation(&evaluation);
	}
	PG_END_TRY();
}

/* Bits of the columns in which two canonical rows differ. */
int
changed_columns(ProjectionState *state, CanonicalRow *old, CanonicalRow *new)
{
	const Projection *p = state->projection;
	int			ncolumns = canonical_relations[p->kind].ncolumns;
	int			changed = 0;

	for (int i = 0; i < ncolumns; i++)
	{
		if (old->isnull[i] != new->isnull[i] ||
			(!old->isnull[i] &&
			 !datum_image_eq(old->value[i], new->value[i], state->byval[i],
							 state->len[i]) &&
			 !DatumGetBool(FunctionCall2Coll(&state->equal[i],
											 p->collation[i], old->value[i],
											 new->value[i]))))
			changed |= COLUMN_BIT(i);
	}
	return changed;
}

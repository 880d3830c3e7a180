/*
 * projection.c
 *		How a row of a source is read as a canonical row.
 *
 * A mapped relation is told once, as the view that osms.map makes.  Guards
 * read source tuples through the expressions of that view, so a renamed
 * source column needs no repair and reading has one definition.
 */
#include "registry.h"

#include "access/relation.h"
#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_mapped_source);

/* Whether a relation is the view of the events that attachments are made of. */
static bool
is_event_view(Oid relation)
{
	return get_rel_relkind(relation) == RELKIND_VIEW &&
		strcmp(get_rel_name(relation),
			   canonical_relations[REL_ATTACHMENT_EVENT].name) == 0;
}

/*
 * The query of a mapped view, checked to have the shape osms.map gives it: a
 * select from one table, or from the view of events and what closes them.
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
		(joined && !is_event_view(rte->relid)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("view \"%s\" does not map one table",
						RelationGetRelationName(view)),
				 errhint("Map the relation again with osms.map().")));
	*source = rte->relid;
	return query;
}

/* The table behind a canonical relation; a table is its own source. */
Oid
mapped_source(Oid canonical)
{
	Relation	rel = relation_open(canonical, AccessShareLock);
	Oid			source = canonical;

	if (rel->rd_rel->relkind == RELKIND_VIEW)
		(void) mapping_query(rel, &source);
	relation_close(rel, AccessShareLock);
	return is_event_view(source) && source != canonical ?
		mapped_source(source) : source;
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

	foreach(lc, pull_var_clause(expr, 0))
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
	List	   *vars = pull_var_clause((Node *) expr, 0);

	p->type[i] = exprType((Node *) expr);
	p->collation[i] = exprCollation((Node *) expr);

	/* osms.map writes a bare NULL for what the source does not have */
	if (IsA(expr, Const) && ((Const *) expr)->constisnull)
		return;
	p->mapped |= COLUMN_BIT(i);
	if (vars != NIL)
		expr = (Expr *) expand_virtual((Node *) expr, source,
									   linitial_node(Var, vars)->varno);
	p->generated |= reads_generated((Node *) expr, source);
	if (IsA(expr, Var))
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
		if (events->mapped & COLUMN_BIT(event_column[i]))
			p->mapped |= COLUMN_BIT(i);
	}
}

/* Note how the columns of a mapped view are read from its source. */
static void
project_view(Projection *p, Query *query)
{
	Relation	source = relation_open(p->source, AccessShareLock);
	ListCell   *lc;

	foreach(lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		int			i;

		if (tle->resjunk)
			continue;
		i = canonical_column(p->kind, tle->resname, strlen(tle->resname));
		if (i >= 0)
			project_column(p, i, tle->expr, source);
	}
	relation_close(source, AccessShareLock);
}

/* Whether an index over all rows begins with these columns; 0 is none. */
static bool
leads_index(Oid table, AttrNumber first, AttrNumber second)
{
	Relation	rel = relation_open(table, AccessShareLock);
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;
	bool		leads = false;

	foreach(lc, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

		leads |= index->indisvalid && index->indnkeyatts > 1 &&
			first != 0 && index->indkey.values[0] == first &&
			second != 0 && index->indkey.values[1] == second &&
			heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	relation_close(rel, AccessShareLock);
	return leads;
}

/*
 * Make the projection of a canonical relation, in the current memory
 * context.  Errors: 55000 for a view of another shape, 42703 for a needed
 * column that is missing.
 */
Projection *
make_projection(RelationKind kind, Oid canonical)
{
	const CanonicalRelation *shape = &canonical_relations[kind];
	Relation	rel = relation_open(canonical, AccessShareLock);
	Projection *p = palloc0(sizeof(Projection));

	p->kind = kind;
	p->canonical = canonical;
	if (rel->rd_rel->relkind == RELKIND_VIEW)
	{
		Query	   *query = mapping_query(rel, &p->source);

		if (is_event_view(p->source))
			project_events(p, rel);
		else
			project_view(p, query);
	}
	else
	{
		TupleDesc	desc = RelationGetDescr(rel);

		p->source = canonical;
		for (int a = 0; a < desc->natts; a++)
		{
			Form_pg_attribute att = TupleDescAttr(desc, a);
			int			i;

			if (att->attisdropped)
				continue;
			i = canonical_column(kind, NameStr(att->attname),
								 strlen(NameStr(att->attname)));
			if (i >= 0)
				project_column(p, i,
							   (Expr *) makeVar(1, att->attnum, att->atttypid,
												att->atttypmod,
												att->attcollation, 0), rel);
		}
	}
	for (int i = 0; i < shape->ncolumns; i++)
		if (shape->columns[i].needed && !(p->mapped & COLUMN_BIT(i)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("canonical relation \"%s\" has no column \"%s\"",
							RelationGetRelationName(rel),
							shape->columns[i].name),
					 errhint("Give the column its canonical name again, or map the relation with osms.map().")));
	relation_close(rel, AccessShareLock);
	if (kind == REL_APPLICATION &&
		leads_index(p->source, p->attno[APPLICATION_DECIDED_BY],
					p->attno[APPLICATION_DECIDED_AT]))
		p->mapped |= DECISIONS_INDEXED_BIT;
	return p;
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
			state->state[i] = ExecInitExpr(p->expr[i], NULL);
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

/*
 * Read a source tuple as a canonical row.  Values live as long as the slot
 * and the projection's per-tuple memory, which the caller resets.
 */
void
project_row(ProjectionState *state, TupleTableSlot *slot, CanonicalRow *row)
{
	const Projection *p = state->projection;
	int			ncolumns = canonical_relations[p->kind].ncolumns;

	state->context->ecxt_scantuple = slot;
	for (int i = 0; i < ncolumns; i++)
	{
		if (p->attno[i] != 0)
			row->value[i] = slot_getattr(slot, p->attno[i], &row->isnull[i]);
		else if (state->state[i])
			row->value[i] = ExecEvalExprSwitchContext(state->state[i],
													  state->context,
													  &row->isnull[i]);
		else
		{
			row->value[i] = (Datum) 0;
			row->isnull[i] = true;
		}
	}
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
		if (old->isnull[i] && new->isnull[i])
			continue;
		if (old->isnull[i] != new->isnull[i])
			changed |= COLUMN_BIT(i);
		else if (!datum_image_eq(old->value[i], new->value[i],
								 state->byval[i], state->len[i]) &&
				 !DatumGetBool(FunctionCall2Coll(&state->equal[i],
												 p->collation[i],
												 old->value[i], new->value[i])))
			changed |= COLUMN_BIT(i);
	}
	return changed;
}

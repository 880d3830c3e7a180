/*
 * registry.c
 *		The canonical relations, and projections from source rows to them.
 *
 * A mapped relation is told once, as the view that osms.map makes.  Guards
 * read source tuples through the expressions of that view, so a renamed
 * source column needs no repair and reading has one definition.
 */
#include "registry.h"

#include "access/relation.h"
#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
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

const CanonicalRelation canonical_relations[REL_KINDS] = {
	[REL_PERSON] = {"person", 10, {
		{"person", "@person", true},
		{"iin", "@number", false},
		{"surname", "text", false},
		{"given_name", "text", false},
		{"patronymic", "text", false},
		{"birth_date", "date", false},
		{"sex", "osms.sex", false},
		{"death_date", "date", false},
		{"region", "text", false},
		{"stay_until", "date", false}
	}, .guarded = true, .subject = PERSON_PERSON, .key = "person"},
	[REL_RESIDENCE] = {"residence", 4, {
		{"person", "@person", true},
		{"region", "text", true},
		{"kind", "text", false},
		{"valid_from", "date", true}
	}, .key = "person, kind, valid_from"},
	[REL_PERSON_ALIAS] = {"person_alias", 5, {
		{"old", "@person", true},
		{"new", "@person", true},
		{"valid_from", "date", false},
		{"act", "text", false},
		{"undone_at", "timestamptz", false}
	}, .guarded = true, .subject = ALIAS_OLD, .key = "old, new, valid_from"},
	[REL_ORGANISATION] = {"organisation", 4, {
		{"organisation", "@organisation", true},
		{"bin", "@number", false},
		{"name", "text", false},
		{"owner", "text", false}
	}, .guarded = true, .subject = ORGANISATION_ORGANISATION,
	.key = "organisation"},
	[REL_ORGANISATION_STATUS] = {"organisation_status", 5, {
		{"organisation", "@organisation", true},
		{"region", "text", true},
		{"class", "text", false},
		{"neighbours", "text[]", false},
		{"valid_from", "date", true}
	}, .guarded = true, .key = "organisation, valid_from"},
	[REL_ORGANISATION_SUCCESSION] = {"organisation_succession", 4, {
		{"old", "@organisation", true},
		{"new", "@organisation", true},
		{"day", "date", true},
		{"part", "numeric", false}
	}, .key = "old, new, day"},
	[REL_REGION_SUCCESSION] = {"region_succession", 4, {
		{"old", "text", true},
		{"new", "text", true},
		{"day", "date", true},
		{"act", "text", false}
	}, .key = "old, new, day"},
	[REL_SITE] = {"site", 6, {
		{"organisation", "@organisation", true},
		{"site", "text", true},
		{"profile", "text", false},
		{"doctor", "text", false},
		{"norm", "integer", false},
		{"valid_from", "date", true}
	}, .key = "organisation, site, valid_from"},
	[REL_CONTRACT] = {"contract", 4, {
		{"organisation", "@organisation", true},
		{"valid_from", "date", true},
		{"valid_to", "date", false},
		{"yearly_amount", "numeric", false}
	}, .guarded = true, .key = "organisation, valid_from"},
	[REL_CLERK] = {"clerk", 4, {
		{"clerk", "text", true},
		{"organisation", "@organisation", false},
		{"role", "text", false},
		{"valid_from", "date", false}
	}, .key = "clerk"},
	[REL_APPLICATION] = {"application", 13, {
		{"application", "@application", true},
		{"person", "@person", true},
		{"applicant", "@person", false},
		{"organisation", "@organisation", true},
		{"channel", "text", false},
		{"ground", "text", false},
		{"state", "osms.application_state", true},
		{"submitted_at", "timestamptz", false},
		{"decided_at", "timestamptz", false},
		{"decided_by", "text", false},
		{"effective_on", "date", false},
		{"reason", "text", false},
		{"evidence_hash", "text", false}
	}, .guarded = true, .subject = APPLICATION_PERSON, .of_person = true,
	.key = "application"},
	[REL_IDENTITY_EVENT] = {"identity_event", 10, {
		{"event", "@event", true},
		{"person", "@person", true},
		{"applicant", "@person", false},
		{"application", "@application", true},
		{"channel", "text", true},
		{"method", "text", true},
		{"provider", "text", false},
		{"clerk", "text", false},
		{"at", "timestamptz", true},
		{"evidence_hash", "text", false}
	}, .guarded = true, .subject = EVENT_PERSON, .of_person = true,
	.key = "event"},
	[REL_AUTHORITY_ORDER] = {"authority_order", 6, {
		{"order_key", "text", true},
		{"number", "text", false},
		{"issued_on", "date", false},
		{"issuer", "text", false},
		{"cause", "text", false},
		{"valid_from", "date", true}
	}, .guarded = true, .key = "order_key"},
	[REL_ORDER_SCOPE] = {"order_scope", 6, {
		{"order_key", "text", true},
		{"from_organisation", "@organisation", false},
		{"to_organisation", "@organisation", true},
		{"region", "text", false},
		{"site", "text", false},
		{"person", "@person", false}
	}, .guarded = true},
	[REL_ATTACHMENT] = {"attachment", 11, {
		{"attachment", "@attachment", true},
		{"person", "@person", true},
		{"organisation", "@organisation", true},
		{"site", "text", false},
		{"state", "osms.attachment_state", true},
		{"since", "date", true},
		{"until", "date", false},
		{"application", "@application", false},
		{"order_key", "text", false},
		{"restores", "@attachment", false},
		{"reason", "text", false}
	}, .guarded = true, .subject = ATTACHMENT_PERSON, .of_person = true,
	.key = "attachment"},
	[REL_INSURANCE] = {"insurance", 4, {
		{"person", "@person", true},
		{"month", "date", true},
		{"category", "text", false},
		{"paid", "boolean", false}
	}, .key = "person, month"},
	[REL_SERVICE] = {"service", 6, {
		{"service", "@service", true},
		{"person", "@person", true},
		{"organisation", "@organisation", true},
		{"served_on", "date", true},
		{"confirmed_at", "timestamptz", false},
		{"denied_at", "timestamptz", false}
	}, .key = "service"},
	[REL_COEFFICIENT] = {"coefficient", 6, {
		{"organisation", "@organisation", true},
		{"kind", "text", true},
		{"value", "numeric", true},
		{"valid_from", "date", true},
		{"known_from", "timestamptz", false},
		{"act", "text", false}
	}, .key = "organisation, kind, valid_from, known_from"},
	[REL_ADJUSTMENT] = {"adjustment", 5, {
		{"organisation", "@organisation", true},
		{"month", "date", true},
		{"line", "text", true},
		{"amount", "numeric", true},
		{"act", "text", false}
	}, .key = NULL},
	[REL_DEFECT] = {"defect", 6, {
		{"organisation", "@organisation", true},
		{"month", "date", true},
		{"defect_month", "date", true},
		{"code", "text", true},
		{"cases", "integer", true},
		{"act", "text", false}
	}, .key = NULL},
	[REL_PAYMENT] = {"payment", 3, {
		{"organisation", "@organisation", true},
		{"month", "date", true},
		{"amount", "numeric", true}
	}, .key = "organisation, month"},
	[REL_ATTESTED_NUMBER] = {"attested_number", 3, {
		{"number", "text", true},
		{"act", "text", false},
		{"document", "text", false}
	}, .key = "number"},
};

PG_FUNCTION_INFO_V1(osms_registry_columns);
PG_FUNCTION_INFO_V1(osms_mapped_source);

/* Find a canonical relation by name. */
bool
relation_kind_of(const char *name, RelationKind *kind)
{
	for (int i = 0; i < REL_KINDS; i++)
		if (strcmp(canonical_relations[i].name, name) == 0)
		{
			*kind = i;
			return true;
		}
	return false;
}

/* Position of a canonical column, or -1. */
int
canonical_column(RelationKind kind, const char *name, int length)
{
	const CanonicalRelation *rel = &canonical_relations[kind];

	for (int i = 0; i < rel->ncolumns; i++)
		if ((int) strlen(rel->columns[i].name) == length &&
			memcmp(rel->columns[i].name, name, length) == 0)
			return i;
	return -1;
}

/* registry_columns(): the canonical relations as rows, for set-up in SQL. */
Datum
osms_registry_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int r = 0; r < REL_KINDS; r++)
	{
		const CanonicalRelation *rel = &canonical_relations[r];

		for (int c = 0; c < rel->ncolumns; c++)
		{
			Datum		values[7];
			bool		nulls[7] = {0};

			values[0] = CStringGetTextDatum(rel->name);
			values[1] = Int32GetDatum(c + 1);
			values[2] = CStringGetTextDatum(rel->columns[c].name);
			values[3] = CStringGetTextDatum(rel->columns[c].type);
			values[4] = BoolGetDatum(rel->columns[c].needed);
			values[5] = BoolGetDatum(rel->guarded);
			nulls[6] = rel->key == NULL;
			if (rel->key)
				values[6] = CStringGetTextDatum(rel->key);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc,
								 values, nulls);
		}
	}
	return (Datum) 0;
}

/*
 * The query of a mapped view, checked to have the shape osms.map gives it:
 * a select from one ordinary table.
 */
static Query *
mapping_query(Relation view, Oid *source)
{
	Query	   *query = get_view_query(view);
	RangeTblRef *ref;
	RangeTblEntry *rte;

	if (list_length(query->jointree->fromlist) != 1 ||
		!IsA(linitial(query->jointree->fromlist), RangeTblRef))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("view \"%s\" does not map one table",
						RelationGetRelationName(view)),
				 errhint("Map the relation again with osms.map().")));
	ref = linitial_node(RangeTblRef, query->jointree->fromlist);
	rte = rt_fetch(ref->rtindex, query->rtable);
	if (rte->rtekind != RTE_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("view \"%s\" does not map a table",
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
	return source;
}

/* mapped_source(regclass) */
Datum
osms_mapped_source(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(mapped_source(PG_GETARG_OID(0)));
}

/* Whether an expression reads a generated column of the source. */
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
	p->type[i] = exprType((Node *) expr);
	p->collation[i] = exprCollation((Node *) expr);

	/* osms.map writes a bare NULL for what the source does not have */
	if (IsA(expr, Const) && ((Const *) expr)->constisnull)
		return;
	p->mapped |= COLUMN_BIT(i);
	p->generated |= reads_generated((Node *) expr, source);
	if (IsA(expr, Var))
		p->attno[i] = ((Var *) expr)->varattno;
	else
		p->expr[i] = expression_planner(copyObject(expr));
}

/* The owner of a relation. */
Oid
relation_owner(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* The equality operator of a type, spelled out. */
char *
equality_of(Oid type)
{
	Oid			operator = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	name = psprintf("OPERATOR(%s.%s)",
					quote_identifier(get_namespace_name(form->oprnamespace)),
					NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return name;
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
		Relation	source = relation_open(p->source, AccessShareLock);
		ListCell   *lc;

		foreach(lc, query->targetList)
		{
			TargetEntry *tle = lfirst_node(TargetEntry, lc);
			int			i;

			if (tle->resjunk)
				continue;
			i = canonical_column(kind, tle->resname, strlen(tle->resname));
			if (i >= 0)
				project_column(p, i, tle->expr, source);
		}
		relation_close(source, AccessShareLock);
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

/*
 * run_write.c
 *		Writing a relation for workflow functions, as whoever its triggers may
 *		run as.
 */
#include "osms.h"

#include "catalog.h"
#include "guard/plan.h"
#include "registry/guarded.h"
#include "registry/keeper.h"
#include "registry/registry.h"
#include "security/cursors.h"
#include "security/owner.h"
#include "security/settings.h"
#include "security/writer.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rls.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(osms_run_write);
PG_FUNCTION_INFO_V1(osms_run_writes);

pg_noreturn static void
report_no_query(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("what is to be written comes from no query"),
			 errhint("Give a SELECT that writes nothing.")));
}

/* Errors: 22023 for what does not only read. */
static void
check_reads(List *queries)
{
	ListCell   *lc;

	foreach(lc, queries)
	{
		const Query *query = lfirst_node(Query, lc);

		if (query->commandType != CMD_SELECT || query->hasModifyingCTE)
			report_no_query();
	}
}

/* Run a query of the caller, whose parameters are texts; returns its rows. */
static SPITupleTable *
read_rows(const char *query, ArrayType *arguments)
{
	Datum	   *values;
	bool	   *isnull;
	char	   *nulls;
	Oid		   *types;
	SPIPlanPtr	plan;
	ListCell   *lc;
	int			n;
	int			rc;

	deconstruct_array(arguments, TEXTOID, -1, false, TYPALIGN_INT, &values,
					  &isnull, &n);
	nulls = palloc(n);
	types = palloc(n * sizeof(Oid));
	for (int i = 0; i < n; i++)
	{
		nulls[i] = isnull[i] ? 'n' : ' ';
		types[i] = TEXTOID;
	}
	plan = SPI_prepare(query, n, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s",
			 SPI_result_code_string(SPI_result));
	if (list_length(SPI_plan_get_plan_sources(plan)) != 1)
		report_no_query();
	foreach(lc, SPI_plan_get_plan_sources(plan))
		check_reads(((CachedPlanSource *) lfirst(lc))->query_list);
	rc = SPI_execute_plan(plan, values, nulls, false, 0);
	if (rc != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	return SPI_tuptable;
}

/* Let statements read rows under the name "given". */
static Tuplestorestate *
give_rows(SPITupleTable *rows)
{
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);

	for (uint64 i = 0; i < rows->numvals; i++)
		tuplestore_puttuple(store, rows->vals[i]);
	offer_relation("given", rows->tupdesc, store)->md.enrtuples =
		rows->numvals;
	return store;
}

static void
take_rows(Tuplestorestate *store)
{
	withdraw_relation("given");
	tuplestore_end(store);
}

/*
 * As whom a relation is written for the current user: as its owner where the
 * user holds the right on all of it and the owner's triggers would gain by
 * his; a view is written by our own triggers.
 */
static Oid
role_to_write(Oid canonical, Oid target)
{
	Oid			user = GetUserId();
	Oid			owner = relation_owner(target);

	/* any schema may have a table of that name */
	if (!(target == canonical ? OidIsValid(keeper_of(canonical)) :
		  is_written_as_owner(target, canonical)) ||
		get_rel_relkind(target) == RELKIND_VIEW ||
		has_privs_of_role(owner, user) ||
		pg_class_aclmask(target, user, ACL_INSERT | ACL_UPDATE | ACL_SELECT,
						 ACLMASK_ALL) != (ACL_INSERT | ACL_UPDATE |
										  ACL_SELECT) ||
		check_enable_rls(target, user, true) == RLS_ENABLED)
		return user;
	return owner;
}

pg_noreturn static void
report_lacking(const char *relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("registry lacks relation \"%s\"", relation),
			 errhint("Map it with osms.map().")));
}

/* A relation as statements name it. */
static char *
name_of(Oid relation)
{
	char	   *name = get_rel_name(relation);
	Oid			schema = get_rel_namespace(relation);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	return quote_qualified_identifier(get_namespace_name(schema), name);
}

/*
 * What is written may be written as somebody else, so it names nothing but
 * columns of the target, and nothing is converted on the way but to a domain:
 * a conversion is a function, and could be the caller's.
 * Errors: 42703, 42804 for a column that is not one of the target.
 */
static void
check_given(Oid target, TupleDesc given)
{
	for (int i = 0; i < given->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(given, i);
		AttrNumber	column = get_attnum(target, NameStr(a->attname));
		Oid			type;

		if (column <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("relation %s has no column \"%s\"",
							name_of(target), NameStr(a->attname))));
		type = get_atttype(target, column);
		if (a->atttypid != type && a->atttypid != getBaseType(type))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of relation \"%s\" has type %s and not %s",
							NameStr(a->attname), get_rel_name(target),
							format_type_be(type),
							format_type_be(a->atttypid))));
	}
}

/* The statement that inserts the rows given, or updates them by a key. */
static char *
write_query(Oid target, bool insert, const char *key, TupleDesc given)
{
	const char *separator = "";
	const char *condition = NULL;
	StringInfoData names;
	StringInfoData values;

	initStringInfo(&names);
	initStringInfo(&values);
	for (int i = 0; i < given->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(given, i);
		const char *column = quote_identifier(NameStr(a->attname));

		if (!insert && strcmp(NameStr(a->attname), key) == 0)
		{
			condition = psprintf("s.%s %s g.%s", column,
								 equality_of(a->atttypid), column);
			continue;
		}
		if (insert)
		{
			appendStringInfo(&names, "%s%s", separator, column);
			appendStringInfo(&values, "%sg.%s", separator, column);
		}
		else
			appendStringInfo(&names, "%s%s = g.%s", separator, column, column);
		separator = ", ";
	}
	if (!insert && condition == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("a row to be updated is given without its key \"%s\"",
						key)));
	return insert ?
		psprintf("INSERT INTO %s AS s (%s) SELECT %s FROM given g",
				 name_of(target), names.data, values.data) :
		psprintf("UPDATE %s s SET %s FROM given g WHERE %s", name_of(target),
				 names.data, condition);
}

/* Whether an event is insert, and not update; 22023 for another. */
static bool
is_insert(const char *event)
{
	if (strcmp(event, "insert") == 0)
		return true;
	if (strcmp(event, "update") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows are written by \"insert\" or \"update\", not by \"%s\"",
						event)));
	return false;
}

static void
run(void *statement)
{
	int			rc = SPI_execute(statement, false, 0);

	if (rc < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(rc));
}

/* Write the rows given to a relation, for the caller. */
static void
write_given(Oid canonical, Oid target, char *statement)
{
	Writer		writer = {
		.role = GetUserId(),.directly = trigger_depth() == 0,
		.keeper = keeper_of(canonical)
	};

	(void) write_as(role_to_write(canonical, target), target, writer, run,
					statement);
}

/*
 * run_write(registry, relation, event, row, arguments): insert a row of a
 * canonical relation, or update the one with a key.  row is a query whose
 * parameters are texts and whose columns have the names and types of the
 * relation's; it runs as the caller.  Returns the key, or NULL where no row
 * was written.
 */
Datum
osms_run_write(PG_FUNCTION_ARGS)
{
	bool		insert = is_insert(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	char	   *relation = text_to_cstring(PG_GETARG_TEXT_PP(1));
	const char *key;
	RelationKind kind;
	Oid			target;
	Tuplestorestate *store;
	SPITupleTable *row;
	char	   *result = NULL;

	target = get_relname_relid(relation,
							   get_namespace_oid(text_to_cstring(PG_GETARG_TEXT_PP(0)),
												 false));
	if (!relation_kind_of(relation, &kind) || !OidIsValid(target))
		report_lacking(relation);
	key = canonical_relations[kind].columns[0].name;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	row = read_rows(text_to_cstring(PG_GETARG_TEXT_PP(3)),
					PG_GETARG_ARRAYTYPE_P(4));
	check_given(target, row->tupdesc);
	store = give_rows(row);
	write_given(target, target,
				psprintf("%s RETURNING s.%s::pg_catalog.text",
						 write_query(target, insert, key, row->tupdesc),
						 quote_identifier(key)));
	take_rows(store);
	if (SPI_processed == 1)
		result = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (result)
		result = strcpy(SPI_palloc(strlen(result) + 1), result);
	SPI_finish();
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(result));
}

/* Work the values out that a mapping makes of the rows given, as its owner. */
static SPITupleTable *
map_given(Oid canonical, char *values)
{
	Relation	view = table_open(canonical, AccessShareLock);
	SPITupleTable *volatile rows = NULL;
	HeldCursors held;
	Acting		acting;

	check_mapped_view(view);
	table_close(view, NoLock);
	begin_acting(&acting, relation_owner(canonical),
				 SECURITY_RESTRICTED_OPERATION, InvalidOid, "values");
	set_parameter("search_path", "pg_catalog, pg_temp");
	held = hold_cursors();
	PG_TRY();
	{
		rows = read_rows(values, construct_empty_array(TEXTOID));
	}
	PG_FINALLY();
	{
		release_cursors(&held);
	}
	PG_END_TRY();
	close_later_cursors(&held);
	end_acting(&acting);
	return rows;
}

/*
 * run_writes(registry, relation, event, columns, rows, arguments): insert or
 * update many canonical rows on the table behind a relation.  rows is a query
 * as that of run_write; osms_internal.source_rows tells how it is read.  Errors: 27000
 * where not all of them were written.
 */
Datum
osms_run_writes(PG_FUNCTION_ARGS)
{
	static const char ask[] =
		"SELECT w.canonical, w.target, w.key, w.rows, w.\"values\""
		" FROM osms_internal.source_rows($1, $2, $3, $4, $5) w";
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID};
	Datum		values[lengthof(types)];
	bool		insert = is_insert(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	Tuplestorestate *store;
	SPITupleTable *rows;
	HeapTuple	told;
	TupleDesc	desc;
	RelationKind kind;
	Oid			canonical;
	Oid			target;
	char	   *mapped;
	char	   *key;
	bool		isnull;

	for (int i = 0; i < (int) lengthof(types); i++)
		values[i] = PG_GETARG_DATUM(i);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(ask, lengthof(types), types, values, NULL, true,
							  1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "osms_internal.source_rows told nothing");
	told = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	canonical = DatumGetObjectId(SPI_getbinval(told, desc, 1, &isnull));
	target = DatumGetObjectId(SPI_getbinval(told, desc, 2, &isnull));
	key = SPI_getvalue(told, desc, 3);
	mapped = SPI_getvalue(told, desc, 5);
	if (!OidIsValid(canonical) || !OidIsValid(target) || key == NULL ||
		!relation_kind_of(get_rel_name(canonical), &kind))
		report_lacking(text_to_cstring(PG_GETARG_TEXT_PP(1)));

	rows = read_rows(SPI_getvalue(told, desc, 4), PG_GETARG_ARRAYTYPE_P(5));
	check_given(canonical, rows->tupdesc);
	store = give_rows(rows);
	if (mapped)
	{
		rows = map_given(canonical, mapped);
		take_rows(store);
		check_given(target, rows->tupdesc);
		store = give_rows(rows);
	}
	write_given(canonical, target,
				write_query(target, insert, key, rows->tupdesc));
	take_rows(store);
	if (SPI_processed != rows->numvals)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("relation \"%s\" of registry \"%s\" has not kept what was written",
						text_to_cstring(PG_GETARG_TEXT_PP(1)),
						text_to_cstring(PG_GETARG_TEXT_PP(0))),
				 errhint("Let no trigger of the table behind it skip rows that calls write, or set their columns back.")));
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * workflow.c
 *		What workflow functions need of C: the guard's lock on persons, taken
 *		before they look at anything, and writing with the session's own
 *		search_path.
 *
 * Whoever locks the person first, in the order of the keys, never waits for
 * a row while another waits for the person.
 */
#include "guard.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_lock_persons);
PG_FUNCTION_INFO_V1(osms_run_write);
PG_FUNCTION_INFO_V1(osms_equality);

/* Relations whose writers may lock persons, and that are looked at then. */
static const RelationKind about_persons[] = {
	REL_PERSON, REL_APPLICATION, REL_IDENTITY_EVENT, REL_ATTACHMENT
};

/* A lock holds up every other writer, so it is for writers alone. */
static void
check_writer(const Registry *registry)
{
	for (int i = 0; i < (int) lengthof(about_persons); i++)
	{
		Oid			relation = registry->relation[about_persons[i]];

		/* any of the two, on the whole or on a column */
		if (OidIsValid(relation) &&
			(pg_class_aclcheck(relation, GetUserId(),
							   ACL_INSERT | ACL_UPDATE) == ACLCHECK_OK ||
			 pg_attribute_aclcheck_all(relation, GetUserId(),
									   ACL_INSERT | ACL_UPDATE,
									   ACLMASK_ANY) == ACLCHECK_OK))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to lock persons of registry %s",
					registry->name),
			 errhint("It is granted with INSERT or UPDATE on the registry's person, application, identity_event or attachment.")));
}

/* Order of two keys, by the key type and the collation of persons. */
typedef struct KeyOrder
{
	FmgrInfo   *cmp;
	Oid			collation;
} KeyOrder;

static int
compare_keys(const void *a, const void *b, void *arg)
{
	const KeyOrder *order = arg;

	return DatumGetInt32(FunctionCall2Coll(order->cmp, order->collation,
										   *(const Datum *) a,
										   *(const Datum *) b));
}

/* Keys given as text: read, sorted, each once. */
static Datum *
read_keys(const Guard *guard, ArrayType *keys, int *n)
{
	TypeCacheEntry *type = lookup_type_cache(subject_type(guard),
											 TYPECACHE_CMP_PROC_FINFO);
	KeyOrder	order = {&type->cmp_proc_finfo, guard->collation};
	Oid			input;
	Oid			ioparam;
	Datum	   *values;
	bool	   *nulls;
	int			given;

	getTypeInputInfo(type->type_id, &input, &ioparam);
	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &given);
	*n = 0;
	for (int i = 0; i < given; i++)
		if (!nulls[i])
			values[(*n)++] = OidInputFunctionCall(input,
												  TextDatumGetCString(values[i]),
												  ioparam, -1);
	qsort_arg(values, *n, sizeof(Datum), compare_keys, &order);
	*n = qunique_arg(values, *n, sizeof(Datum), compare_keys, &order);
	return values;
}

/*
 * What the transaction will see of locked persons must be what is there.
 * Errors: 40001 where another has written since the snapshot was taken.
 */
static void
check_snapshot(Guard *guard, Oid type, Datum persons)
{
	static const RelationKind seen[] = {
		REL_PERSON, REL_APPLICATION, REL_ATTACHMENT
	};
	StringInfoData sql;
	const char *separator = "";

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT count(*) || ' ' ||"
						   " sum(hashtextextended(v.entire, 0)) FROM (");
	for (int i = 0; i < (int) lengthof(seen); i++)
		if (OidIsValid(guard->registry.relation[seen[i]]))
		{
			appendStringInfo(&sql, "%sSELECT entire::text FROM {r}.%s entire"
							 " WHERE entire.person = ANY ($1)", separator,
							 canonical_relations[seen[i]].name);
			separator = " UNION ALL ";
		}
	appendStringInfoString(&sql, ") v (entire)");
	if (!guard_sees_latest(guard, PLAN_SEEN, sql.data, 1, &type, &persons))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update"),
				 errhint("Repeat the transaction.")));
}

/* Lock persons in chunks, in the order of their keys. */
static void
lock_in_order(Guard *guard, Datum *persons, int n)
{
	Oid			type = get_array_type(subject_type(guard));

	for (int i = 0; i < n; i += CHUNK_PERSONS)
	{
		Datum		chunk = person_array(guard, persons + i,
										 Min(CHUNK_PERSONS, n - i));
		Oid			user;
		int			context;

		CHECK_FOR_INTERRUPTS();
		as_owner_begin(&guard->registry, &user, &context);
		guard_execute(guard, PLAN_LOCK, lock_of_persons, 1, &type, &chunk);
		SPI_freetuptable(SPI_tuptable);
		if (IsolationUsesXactSnapshot())
			check_snapshot(guard, type, chunk);
		as_owner_end(user, context);
		pfree(DatumGetPointer(chunk));
	}
}

/*
 * lock_persons(registry, persons): lock persons as a guard does, so that
 * what is read of them afterwards stays as it is.
 */
Datum
osms_lock_persons(PG_FUNCTION_ARGS)
{
	char	   *registry = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Guard	   *guard;
	bool		made;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard = guard_in_session(registry, REL_ATTACHMENT);
	made = guard == NULL;
	if (made)
		guard = guard_of_registry(registry, REL_ATTACHMENT);
	if (guard == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("registry \"%s\" lacks relation \"attachment\"",
						registry),
				 errhint("Map it with osms.map().")));
	check_writer(&guard->registry);
	guard_depth++;
	PG_TRY();
	{
		int			n;
		Datum	   *persons = read_keys(guard, PG_GETARG_ARRAYTYPE_P(1), &n);

		lock_in_order(guard, persons, n);
	}
	PG_FINALLY();
	{
		guard_depth--;
		if (made)
			guard_release(guard);
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}

/* Whether a search_path is one that functions of ours pin. */
static bool
is_pinned(const char *path)
{
	return strcmp(path, "pg_catalog, pg_temp") == 0 ||
		strcmp(path, "pg_catalog, osms, pg_temp") == 0;
}

/*
 * The search_path of whoever called the functions of ours that are running:
 * each of them has put its own on top of it.
 */
static const char *
path_of_caller(void)
{
	int			n;
	struct config_generic **options = guc_variables(&n);
	const char *path = NULL;

	for (int i = 0; i < n && path == NULL; i++)
	{
		if (strcmp(options[i]->name, "search_path") != 0)
			continue;
		path = *((struct config_string *) options[i])->variable;
		for (GucStack *saved = options[i]->stack;
			 saved && saved->state == GUC_SAVE && is_pinned(path);
			 saved = saved->prev)
			path = saved->prior.val.stringval;
	}
	return path;
}

/*
 * run_write(statement, arguments): run a statement, whose parameters are
 * texts, with the caller's search_path, for the triggers of others that it
 * fires.  The statement must name everything in full.  Returns the first
 * column of the row that it returns, or NULL.
 */
Datum
osms_run_write(PG_FUNCTION_ARGS)
{
	Datum	   *values;
	bool	   *isnull;
	int			n;
	Oid		   *types;
	char	   *nulls;
	int			level = NewGUCNestLevel();
	char	   *result = NULL;
	int			rc;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false,
					  TYPALIGN_INT, &values, &isnull, &n);
	types = palloc(n * sizeof(Oid));
	nulls = palloc(n);
	for (int i = 0; i < n; i++)
	{
		types[i] = TEXTOID;
		nulls[i] = isnull[i] ? 'n' : ' ';
	}
	(void) set_config_option("search_path", path_of_caller(), PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	rc = SPI_execute_with_args(text_to_cstring(PG_GETARG_TEXT_PP(0)), n, types,
							   values, nulls, false, 0);
	if (rc < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s",
			 SPI_result_code_string(rc));
	if (SPI_processed > 0 && SPI_tuptable)
		result = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (result)
	{
		char	   *copy = SPI_palloc(strlen(result) + 1);

		result = strcpy(copy, result);
	}
	SPI_finish();
	AtEOXact_GUC(true, level);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(result));
}

/* equality(type): its equality operator, spelled out. */
Datum
osms_equality(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(equality_of(PG_GETARG_OID(0))));
}

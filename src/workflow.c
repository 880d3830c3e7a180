/*
 * workflow.c
 *		What workflow functions need of C: the guard's lock on persons, taken
 *		before they look at anything, and writing a relation as whoever its
 *		triggers may run as.
 *
 * Whoever locks the person first, in the order of the keys, never waits for
 * a row while another waits for the person.
 */
#include "guard.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
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

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard = guard_in_session(registry, REL_ATTACHMENT);
	if (guard == NULL)
		guard = guard_of_registry(registry, REL_ATTACHMENT, false);
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
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}

/* A statement of a workflow on its way to a relation. */
typedef struct Run
{
	const char *statement;
	int			n;				/* of its parameters, which are texts */
	Datum	   *values;
	const char *nulls;
	char	   *result;			/* first column of the first row, or NULL */
} Run;

/* Run a statement, or a query, with its parameters. */
static void
run(void *arg)
{
	Run		   *r = arg;
	Oid		   *types = palloc(r->n * sizeof(Oid));
	int			rc;

	for (int i = 0; i < r->n; i++)
		types[i] = TEXTOID;
	rc = SPI_execute_with_args(r->statement, r->n, types, r->values, r->nulls,
							   false, 0);
	if (rc < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s",
			 SPI_result_code_string(rc));
	if (SPI_processed > 0 && SPI_tuptable)
		r->result = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
								 1);
}

/*
 * As whom a relation is written for the current user: as its owner where the
 * user holds the right on all of it and the owner's triggers would gain by
 * his; a view is written by our own triggers.
 */
static Oid
role_to_write(Oid target)
{
	Oid			user = GetUserId();
	Oid			owner = relation_owner(target);

	if (get_rel_relkind(target) == RELKIND_VIEW ||
		has_privs_of_role(owner, user) ||
		pg_class_aclmask(target, user, ACL_INSERT | ACL_UPDATE | ACL_SELECT,
						 ACLMASK_ALL) != (ACL_INSERT | ACL_UPDATE | ACL_SELECT) ||
		check_enable_rls(target, user, true) == RLS_ENABLED)
		return user;
	return owner;
}

/* Let a statement read the rows of a query under the name "given". */
static Tuplestorestate *
give_rows(Run *query)
{
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);

	run(query);
	if (SPI_tuptable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("what is to be written comes from no query")));
	for (uint64 i = 0; i < SPI_tuptable->numvals; i++)
		tuplestore_puttuple(store, SPI_tuptable->vals[i]);
	offer_relation("given", SPI_tuptable->tupdesc, store)->md.enrtuples =
		SPI_tuptable->numvals;
	return store;
}

/*
 * run_write(target, statement, arguments, rows): run a statement that writes
 * a relation and names everything in full; its parameters are texts, or those
 * of the query rows, whose result it then reads as "given".  The query sees
 * what the caller sees; the triggers of a table find the search_path that its
 * owner chose.  Returns the first column of the row that it returns, or NULL.
 */
Datum
osms_run_write(PG_FUNCTION_ARGS)
{
	Oid			target;
	Run			query = {0};
	Run			statement = {0};
	Tuplestorestate *store = NULL;
	bool	   *isnull;
	char	   *nulls;
	char	   *result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	target = PG_GETARG_OID(0);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false,
					  TYPALIGN_INT, &query.values, &isnull, &query.n);
	nulls = palloc(query.n);
	for (int i = 0; i < query.n; i++)
		nulls[i] = isnull[i] ? 'n' : ' ';
	query.nulls = nulls;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (PG_ARGISNULL(3))
		statement = query;
	else
	{
		query.statement = text_to_cstring(PG_GETARG_TEXT_PP(3));
		store = give_rows(&query);
	}
	statement.statement = text_to_cstring(PG_GETARG_TEXT_PP(1));
	(void) write_as(role_to_write(target), target,
					(Writer) {.role = GetUserId(),
	.directly = trigger_depth() == 0}, run, &statement);
	if (store)
	{
		withdraw_relation("given");
		tuplestore_end(store);
	}
	result = statement.result ?
		strcpy(SPI_palloc(strlen(statement.result) + 1), statement.result) :
		NULL;
	SPI_finish();
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

/*
 * workflow.c
 *		What workflow functions need of the guard: its lock on persons, taken
 *		before they look at anything.
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
#include "lib/qunique.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_lock_persons);

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
	Datum	   *persons;
	int			n;
	Oid			type;

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
	type = get_array_type(subject_type(guard));
	persons = read_keys(guard, PG_GETARG_ARRAYTYPE_P(1), &n);
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
	if (made)
		guard_release(guard);
	SPI_finish();
	PG_RETURN_VOID();
}

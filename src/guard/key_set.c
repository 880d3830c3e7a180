/*
 * key_set.c
 *		Keys of one type: the order in which they are sorted and locked, and
 *		sets of them.
 */
#include "guard/key_set.h"

#include "guard/guard.h"
#include "guard/plan.h"

#include "catalog/pg_type.h"
#include "lib/qunique.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

pg_noreturn static void
report_unordered(Oid type)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("key type %s has no default order", format_type_be(type)),
			 errhint("Map the key with a cast to a type that has one, such as text.")));
}

/* The order of a guard's subjects.  Errors: 42883 where the type has none. */
void
begin_subject_order(SubjectOrder *order, const Guard *guard)
{
	TypeCacheEntry *type = lookup_type_cache(subject_type(guard),
											 TYPECACHE_LT_OPR |
											 TYPECACHE_CMP_PROC_FINFO);

	if (!OidIsValid(type->lt_opr) || !OidIsValid(type->cmp_proc_finfo.fn_oid))
		report_unordered(type->type_id);
	fmgr_info_copy(&order->cmp, &type->cmp_proc_finfo, CurrentMemoryContext);
	order->collation = guard->collation;
}

/* Compare two keys, for qsort_arg() and the like; arg is their order. */
int
compare_subjects(const void *a, const void *b, void *arg)
{
	SubjectOrder *order = arg;

	return DatumGetInt32(FunctionCall2Coll(&order->cmp, order->collation,
										   *(const Datum *) a,
										   *(const Datum *) b));
}

/* Begin a set of keys.  Errors: 42883 where their type has no order. */
void
begin_keys(KeySet *set, Oid type, Oid collation)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_CMP_PROC_FINFO);

	if (!OidIsValid(entry->cmp_proc_finfo.fn_oid))
		report_unordered(type);
	*set = (KeySet)
	{
		.type = type,.order.collation = collation,
			.context = CurrentMemoryContext,.allocated = 64
	};
	fmgr_info_copy(&set->order.cmp, &entry->cmp_proc_finfo,
				   CurrentMemoryContext);
	get_typlenbyval(type, &set->length, &set->byval);
	set->keys = palloc(set->allocated * sizeof(Datum));
}

/* Sort the keys of a set, each once. */
static void
sort_keys(KeySet *set)
{
	qsort_arg(set->keys, set->n, sizeof(Datum), compare_subjects, &set->order);
	set->n = qunique_arg(set->keys, set->n, sizeof(Datum), compare_subjects,
						 &set->order);
}

void
add_key(KeySet *set, Datum key)
{
	MemoryContext caller;

	/* many rows in turn have the same */
	if (set->n > 0 && compare_subjects(&set->keys[set->n - 1], &key,
									   &set->order) == 0)
		return;
	caller = MemoryContextSwitchTo(set->context);
	if (set->n == set->allocated)
	{
		sort_keys(set);
		if (set->n > set->allocated / 2)
			set->allocated *= 2;
		set->keys = repalloc_huge(set->keys, set->allocated * sizeof(Datum));
	}
	set->keys[set->n++] = datumCopy(key, set->byval, set->length);
	MemoryContextSwitchTo(caller);
}

/* The keys of a set, sorted, as an array. */
Datum
key_array(KeySet *set)
{
	TypeCacheEntry *type = lookup_type_cache(set->type, 0);

	sort_keys(set);
	return PointerGetDatum(construct_array(set->keys, set->n, set->type,
										   type->typlen, type->typbyval,
										   type->typalign));
}

/*
 * Keys given as text, into a set.  What a domain checks is not for who locks.
 */
void
read_keys(KeySet *set, ArrayType *keys)
{
	Oid			input;
	Oid			ioparam;
	Datum	   *values;
	bool	   *nulls;
	int			given;

	getTypeInputInfo(getBaseType(set->type), &input, &ioparam);
	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &given);
	for (int i = 0; i < given; i++)
		if (!nulls[i])
			add_key(set, OidInputFunctionCall(input,
											  TextDatumGetCString(values[i]),
											  ioparam, -1));
	sort_keys(set);
}

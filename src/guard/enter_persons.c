/*
 * enter_persons.c
 *		Bringing the roster of persons in line with what the source holds.
 */
#include "osms.h"

#include "guard/cache.h"
#include "guard/guard.h"
#include "guard/plan.h"
#include "guard/roster.h"
#include "registry/registry.h"

#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_enter_persons);

/*
 * enter_persons(registry, persons): bring the roster of persons whom the
 * caller has locked in line with what the source holds.
 */
Datum
osms_enter_persons(PG_FUNCTION_ARGS)
{
	Guard	   *guard;
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	TypeCacheEntry *type = lookup_type_cache(ARR_ELEMTYPE(array), 0);
	Datum	   *persons;
	int			n;
	int64		entered;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard = guard_of_registry(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							  REL_ATTACHMENT, false);
	if (getBaseType(subject_type(guard)) != getBaseType(ARR_ELEMTYPE(array)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("registry keeps no attachments of persons of type %s",
						format_type_be(ARR_ELEMTYPE(array)))));
	deconstruct_array(array, type->type_id, type->typlen, type->typbyval,
					  type->typalign, &persons, NULL, &n);
	roster_begin_moment(guard, persons, n);
	entered = roster_enter_persons(guard, persons, n);
	SPI_finish();
	PG_RETURN_INT64(entered);
}

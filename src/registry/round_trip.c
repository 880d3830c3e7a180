/*
 * round_trip.c
 *		What a mapping reads of what it writes.
 *
 * How it writes stands in the trigger of the view, a text of whoever owns the
 * view: so it is worked out as that owner, whoever asks.
 */
#include "registry/round_trip.h"

#include "catalog.h"
#include "registry/keeper.h"
#include "security/cursors.h"
#include "security/owner.h"
#include "security/settings.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(osms_read_back);

/* The query that reads again what the mapping writes, or NULL. */
static char *
round_trip_query(Oid canonical)
{
	Oid			type = REGCLASSOID;
	Datum		value = ObjectIdGetDatum(canonical);

	if (SPI_execute_with_args("SELECT t.query FROM"
							  " osms_internal.round_trip_query($1) t",
							  1, &type, &value, NULL, true,
							  0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed");
	return SPI_processed == 1 ?
		SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1) : NULL;
}

/* Run the query on a row, as the owner of the view; its value as a text. */
static char *
run_round_trip(Oid canonical, const char *query, Datum told)
{
	Oid			type = JSONBOID;
	char	   *volatile value = NULL;
	HeldCursors held;
	Acting		acting;

	begin_acting(&acting, relation_owner(canonical),
				 SECURITY_RESTRICTED_OPERATION, InvalidOid, "values");
	set_parameter("search_path", "pg_catalog, pg_temp");
	set_parameter("datestyle", "ISO");
	held = hold_cursors();
	PG_TRY();
	{
		if (SPI_execute_with_args(query, 1, &type, &told, NULL, true,
								  0) != SPI_OK_SELECT)
			elog(ERROR, "SPI_execute_with_args failed");
		if (SPI_processed == 1)
			value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
								 1);
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

/*
 * Who may read a relation may ask how it is written, where that is the owner's
 * to say alone.  Errors: 42501.
 */
void
check_may_ask(Oid canonical)
{
	Relation	view;

	if (pg_class_aclcheck(canonical, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV,
					   get_relkind_objtype(get_rel_relkind(canonical)),
					   get_rel_name(canonical));
	view = relation_open(canonical, AccessShareLock);
	check_mapped_view(view);
	relation_close(view, NoLock);
}

/*
 * read_back(canonical, told): a row as a mapping reads it that was written as
 * told, both objects of texts; NULL where no mapping writes the relation.
 * Errors: 42501.
 */
Datum
osms_read_back(PG_FUNCTION_ARGS)
{
	Oid			canonical = PG_GETARG_OID(0);
	char	   *query;
	char	   *result = NULL;

	check_may_ask(canonical);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	query = round_trip_query(canonical);
	if (query)
	{
		result = run_round_trip(canonical, query, PG_GETARG_DATUM(1));
		if (result)
			result = strcpy(SPI_palloc(strlen(result) + 1), result);
	}
	SPI_finish();
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(result)));
}

/*
 * epoch.c
 *		Whether the roster of a registry is complete.
 *
 * What makes it untrue begins a new epoch: another mapping, a guard that fell
 * or was put back.  Only a filling that began in an epoch completes it.
 */
#include "osms.h"

#include "catalog.h"
#include "registry/keep.h"
#include "registry/keeper.h"
#include "security/owner.h"

#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(osms_this_database);
PG_FUNCTION_INFO_V1(osms_new_epoch);
PG_FUNCTION_INFO_V1(osms_set_complete);

/* this_database(): what no other database, restored or copied, is called. */
Datum
osms_this_database(pg_attribute_unused() PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf(UINT64_FORMAT "/%u",
											  GetSystemIdentifier(),
											  MyDatabaseId)));
}

/*
 * Run a query on the relation setting of a registry, whose quoted name takes
 * the place of %s, as the registry's owner, whose triggers must not run as who
 * calls.  A guard must go whatever else stands in the schema, so no registry
 * is opened.  Returns the number of rows.  Errors: 42501 for who may not.
 */
static uint64
execute_on_setting(const char *name, const char *sql, int nargs, Oid *types,
				   Datum *values)
{
	Oid			namespace = get_namespace_oid(name, false);
	Oid			setting = get_relname_relid("setting", namespace);
	const char *registry = quote_identifier(name);
	Oid			owner;
	Oid			user;
	int			context;
	uint64		n;

	if (!OidIsValid(setting))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("registry \"%s\" has no relation \"setting\"", name),
				 errhint("Make the registry with osms.create_registry().")));
	if (pg_class_aclcheck(setting, GetUserId(), ACL_UPDATE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, "setting");
	/* in a schema that only looks like one, as who calls */
	owner = is_kept_by(namespace, relation_owner(setting)) ?
		relation_owner(setting) : GetUserId();
	as_owner_begin(owner, &user, &context);
	n = keep_execute(namespace, 0, psprintf(sql, registry), nargs, types,
					 values, NULL);
	as_owner_end(user, context);
	return n;
}

/*
 * new_epoch(registry): begin a new epoch, in which the roster is not complete
 * until it has been filled.  Returns whether it was complete before.
 */
Datum
osms_new_epoch(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool		was_complete;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	was_complete = execute_on_setting(name,
									  "SELECT FROM %s.setting WHERE"
									  " roster_complete FOR NO KEY UPDATE",
									  0, NULL, NULL) > 0;
	execute_on_setting(name,
					   "UPDATE %s.setting SET roster_complete = false,"
					   " filled_under = NULL,"
					   " epoch = epoch OPERATOR(pg_catalog.+) 1",
					   0, NULL, NULL);
	SPI_finish();
	PG_RETURN_BOOL(was_complete);
}

/*
 * set_complete(registry, epoch, filled_under): note that the roster was filled
 * in an epoch, and under what.  False where another epoch has begun since.
 */
Datum
osms_set_complete(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INT8OID, TEXTOID};
	Datum		values[] = {PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};
	uint64		n;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	n = execute_on_setting(text_to_cstring(PG_GETARG_TEXT_PP(0)),
						   "UPDATE %s.setting SET roster_complete = true,"
						   " filled_under = $2"
						   " WHERE epoch OPERATOR(pg_catalog.=) $1",
						   lengthof(types), types, values);
	SPI_finish();
	PG_RETURN_BOOL(n > 0);
}

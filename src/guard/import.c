/*
 * import.c
 *		Loads of rows of the past, for which rules of time only warn.
 *
 * An import is a row in the registry's relation "import" that its transaction
 * wrote and has not ended yet.  The set layer reads it with the persons, so
 * savepoints and isolation levels need no care, and nothing of it outlives
 * the transaction.  Only owners of guarded tables may import, each into their
 * own.
 */
#include "guard/import.h"

#include "catalog.h"
#include "guard/guard.h"
#include "guard/protocol.h"
#include "registry/keep.h"
#include "registry/open.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/owner.h"
#include "security/writer.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(osms_import_begin);
PG_FUNCTION_INFO_V1(osms_import_end);
PG_FUNCTION_INFO_V1(osms_judge_import);

/*
 * Whether who writes to a guarded table may import into it.  A foreign key's
 * cascade is written as the owner, so what the import brings about is its
 * own; see writer_of_statement().
 */
bool
may_import(const Guard *guard)
{
	return has_privs_of_role(writer_of(guard->source),
							 relation_owner(guard->source));
}

/* Errors: 42501 where the user owns none of the guarded tables. */
static void
check_importer(const Registry *registry)
{
	for (int i = 0; i < REL_KINDS; i++)
		if (canonical_relations[i].guarded &&
			OidIsValid(registry->relation[i]) &&
			has_privs_of_role(GetUserId(),
							  relation_owner(mapped_source(registry->relation[i]))))
			return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to import into registry \"%s\"",
					registry->unquoted),
			 errhint("The owner of a guarded table may import into it.")));
}

/* Refuse what only has the name: a table called roster makes no registry. */
static void
check_import(const Registry *registry)
{
	Oid			import = get_relname_relid("import",
										   get_rel_namespace(registry->roster));

	if (!OidIsValid(import) || relation_owner(import) != registry->owner)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("registry \"%s\" has no relation \"import\" of its owner",
						registry->unquoted),
				 errhint("Make a registry with osms.create_registry().")));
}

/*
 * Run a query on the relation import as the registry's owner, with leave to
 * write; returns the number of rows, and the first column of the first in
 * *value.
 */
static uint64
on_import(const Registry *registry, uint32 writes, const char *sql, int nargs,
		  Oid *types, Datum *values, Datum *value)
{
	bool		isnull;
	Oid			user;
	int			context;
	uint64		n;

	check_import(registry);
	as_owner_begin(registry->owner, &user, &context);
	n = keep_execute(get_rel_namespace(registry->roster), writes,
					 psprintf(sql, registry->name), nargs, types, values,
					 NULL);
	as_owner_end(user, context);
	if (n > 0 && TupleDescAttr(SPI_tuptable->tupdesc, 0)->atttypid != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"entry\" of relation \"import\" of registry \"%s\" is no bigint",
						registry->unquoted),
				 errhint("Give the column that type again.")));
	if (n > 0)
		*value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
							   &isnull);
	return n;
}

/* import_begin(registry, why): the entry. */
Datum
osms_import_begin(PG_FUNCTION_ARGS)
{
	static const char begin[] =
		"INSERT INTO %1$s.import (actor, why) SELECT $1, $2 WHERE NOT EXISTS"
		" (SELECT FROM %1$s.import i WHERE i.ended IS NULL"
		"  AND i.transaction OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id())"
		" RETURNING entry";
	char	   *why = PG_ARGISNULL(1) ? "" :
		text_to_cstring(PG_GETARG_TEXT_PP(1));
	Registry	registry;
	Oid			types[] = {NAMEOID, TEXTOID};
	NameData	actor;
	Datum		values[] = {(Datum) 0, PG_GETARG_DATUM(1)};
	Datum		entry;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	/* a trigger or a default would loosen the rules for whoever meets it */
	if (trigger_depth() > 0 || InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("an import begins by a statement of its own, not in a trigger")));
	registry_open(&registry, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	check_importer(&registry);
	if (why[strspn(why, " \t\r\n")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an import needs a reason"),
				 errhint("Say what is loaded and on whose order; the registry keeps it.")));
	namestrcpy(&actor, GetUserNameFromId(GetUserId(), false));
	values[0] = NameGetDatum(&actor);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (on_import(&registry, MAY_INSERT(KEPT_IMPORT), begin, 2, types, values,
				  &entry) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("an import into registry \"%s\" has begun already",
						registry.unquoted),
				 errhint("End it first with osms.import_end().")));
	SPI_finish();
	PG_RETURN_DATUM(entry);
}

/* import_end(registry): the entry. */
Datum
osms_import_end(PG_FUNCTION_ARGS)
{
	static const char end[] =
		"UPDATE %s.import SET ended = pg_catalog.clock_timestamp()"
		" WHERE ended IS NULL AND transaction"
		"  OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id() RETURNING entry";
	Registry	registry;
	Datum		entry;

	registry_open(&registry, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	check_importer(&registry);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (on_import(&registry, MAY_UPDATE(KEPT_IMPORT), end, 0, NULL, NULL,
				  &entry) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no import into registry \"%s\" is under way in this transaction",
						registry.unquoted),
				 errhint("Begin it with osms.import_begin(), in the same transaction.")));
	SPI_finish();
	PG_RETURN_DATUM(entry);
}

/*
 * The deferred constraint trigger on import: what was begun has ended, and
 * nobody deleted the entry that tells of it.
 */
Datum
osms_judge_import(PG_FUNCTION_ARGS)
{
	static const char ended[] =
		"SELECT entry FROM %s.import"
		" WHERE ended IS NOT NULL AND entry OPERATOR(pg_catalog.=) $1";
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Registry	registry;
	Oid			type = INT8OID;
	Datum		entry;
	int			column;
	bool		isnull = true;

	deferred_check_protocol(fcinfo, "osms_internal.judge_import", "import");
	registry_open(&registry, trigdata->tg_trigger->tgargs[0]);
	column = get_attnum(RelationGetRelid(trigdata->tg_relation), "entry");
	if (column > 0 &&
		TupleDescAttr(RelationGetDescr(trigdata->tg_relation),
					  column - 1)->atttypid == INT8OID)
		entry = heap_getattr(trigdata->tg_trigtuple, column,
							 RelationGetDescr(trigdata->tg_relation), &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("relation \"%s\" keeps no imports of registry \"%s\"",
						RelationGetRelationName(trigdata->tg_relation),
						registry.unquoted),
				 errdetail("It needs a column \"entry\" of type bigint.")));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (on_import(&registry, 0, ended, 1, &type, &entry, &entry) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the import into registry \"%s\" was not ended",
						registry.unquoted),
				 errhint("End it with osms.import_end() before the transaction ends.")));
	SPI_finish();
	return PointerGetDatum(NULL);
}

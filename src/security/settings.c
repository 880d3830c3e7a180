/*
 * settings.c
 *		The settings under which code of a table's owner runs.
 *
 * Where osms writes a table as its owner, a setting of the writer's must not
 * say what the owner's triggers mean: which objects their names are, how the
 * texts that they build are read, and what they tell.  They find what the
 * owner's sessions begin with, by a setting of the role or of the database;
 * otherwise the table's own schema, and what PostgreSQL begins with.
 */
#include "security/settings.h"

#include "catalog.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#include "utils/varlena.h"

/*
 * What is set, and what to where neither role nor database says so: what the
 * server's file says, if that is asked, else what PostgreSQL begins with.  How
 * a session began, which is the client's to say, is taken of the time zone
 * alone: clients commonly say theirs, and it decides nothing of a text.
 */
static const struct
{
	const char *name;
	const char *otherwise;		/* NULL: how the session began */
	bool		of_file;
}			owners[] = {
	{"search_path", NULL, false},
	{"timezone", NULL, false},
	{"standard_conforming_strings", "on", false},
	{"backslash_quote", "safe_encoding", false},
	{"transform_null_equals", "off", false},
	{"array_nulls", "on", false},
	{"datestyle", "ISO, MDY", true},
	{"timezone_abbreviations", "Default", true},
	{"intervalstyle", "postgres", true},
	{"xmloption", "content", false},
	{"xmlbinary", "base64", false},
	{"bytea_output", "hex", false},
	{"extra_float_digits", "1", false},
	{"lc_numeric", "C", true},
	{"lc_monetary", "C", true},
	{"default_text_search_config", "pg_catalog.simple", true},
	/* what the owner's functions hold is not for who writes */
	{"plpgsql.print_strict_params", "off", false},
	{"plpgsql.check_asserts", "on", false}
};

/* What the server's file says of them, as it was when first asked. */
static char *in_file[lengthof(owners)];
static bool file_read = false;

/* Keep what a row of pg_file_settings says, if it is one of them. */
static void
note_in_file(TupleTableSlot *slot)
{
	enum
	{
		FILE_NAME = 4, FILE_SETTING, FILE_APPLIED, FILE_ERROR
	};
	bool		isnull;
	Datum		name = slot_getattr(slot, FILE_NAME, &isnull);
	Datum		value;

	if (isnull)
		return;
	value = slot_getattr(slot, FILE_SETTING, &isnull);
	/* the server has not taken what it finds wrong */
	if (isnull || !slot_attisnull(slot, FILE_ERROR))
		return;
	for (int s = 0; s < (int) lengthof(owners); s++)
		if (owners[s].of_file &&
			pg_strcasecmp(TextDatumGetCString(name), owners[s].name) == 0)
			in_file[s] = MemoryContextStrdup(TopMemoryContext,
											 TextDatumGetCString(value));
}

/*
 * Read what the server's file says, of which the last one holds.  PostgreSQL
 * tells a session only what is left of it when the client has had his say.
 */
static void
read_file(void)
{
	LOCAL_FCINFO(fcinfo, 0);
	FmgrInfo	flinfo;
	ReturnSetInfo result = {
		.type = T_ReturnSetInfo,
		.econtext = CreateStandaloneExprContext(),
		.allowedModes = SFRM_Materialize
	};
	TupleTableSlot *slot;

	fmgr_info(F_PG_SHOW_ALL_FILE_SETTINGS, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 0, InvalidOid, NULL,
							 (Node *) &result);
	(void) FunctionCallInvoke(fcinfo);
	slot = MakeSingleTupleTableSlot(result.setDesc, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(result.setResult, true, false, slot))
		note_in_file(slot);
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(result.setResult);
	FreeExprContext(result.econtext, true);
	file_read = true;
}

/* What a setting is where neither role nor database says so. */
static const char *
otherwise_value(int s)
{
	if (owners[s].otherwise == NULL)
		return GetConfigOptionResetString(owners[s].name);
	if (owners[s].of_file && !file_read)
		read_file();
	return in_file[s] ? in_file[s] : owners[s].otherwise;
}

/*
 * Note what a setting of a role or a database gives, where nothing is noted.
 */
static void
note_settings(Relation settings, Oid database, Oid role, char **values)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(database));
	ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
	scan = systable_beginscan(settings, DbRoleSettingDatidRolidIndexId, true,
							  NULL, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		config = heap_getattr(tuple,
										  Anum_pg_db_role_setting_setconfig,
										  RelationGetDescr(settings), &isnull);
		Datum	   *given;
		int			n = 0;

		if (!isnull)
			deconstruct_array(DatumGetArrayTypeP(config), TEXTOID, -1, false,
							  TYPALIGN_INT, &given, NULL, &n);
		for (int i = 0; i < n; i++)
		{
			char	   *setting = TextDatumGetCString(given[i]);
			char	   *value = strchr(setting, '=');

			if (value == NULL)
				continue;
			*value++ = '\0';
			for (int s = 0; s < (int) lengthof(owners); s++)
				if (values[s] == NULL &&
					pg_strcasecmp(setting, owners[s].name) == 0)
					values[s] = value;
		}
	}
	systable_endscan(scan);
}

/*
 * Until the GUC nest ends: who writes may have plans shown to him that hold
 * values of others.
 */
void
hide_plans(void)
{
	if (client_min_messages < NOTICE)
		set_parameter("client_min_messages", "notice");
}

/* A path without temporary schemas but at its end, where nobody is misled. */
static char *
with_temporary_last(const char *path)
{
	List	   *names;
	ListCell   *lc;
	StringInfoData out;

	initStringInfo(&out);
	if (SplitIdentifierString(pstrdup(path), ',', &names))
		foreach(lc, names)
	{
		if (strncmp(lfirst(lc), "pg_temp", 7) != 0)
			appendStringInfo(&out, "%s, ", quote_identifier(lfirst(lc)));
	}
	appendStringInfoString(&out, "pg_temp");
	return out.data;
}

/*
 * Set what the owner of a table has set, until the GUC nest ends; or, where
 * there is none, nobody.
 */
void
set_owners_settings(Oid table)
{
	char	   *values[lengthof(owners)] = {NULL};
	char	   *path = PINNED_PATH;

	if (OidIsValid(table))
	{
		Oid			owner = relation_owner(table);
		Relation	settings = table_open(DbRoleSettingRelationId,
										  AccessShareLock);

		note_settings(settings, MyDatabaseId, owner, values);
		note_settings(settings, InvalidOid, owner, values);
		note_settings(settings, MyDatabaseId, InvalidOid, values);
		note_settings(settings, InvalidOid, InvalidOid, values);
		table_close(settings, AccessShareLock);
		if (values[0] == NULL)
			values[0] =
				pstrdup(quote_identifier(get_namespace_name(get_rel_namespace(table))));
		path = with_temporary_last(values[0]);
	}
	set_parameter("search_path", path);
	for (int s = 1; s < (int) lengthof(owners); s++)
		set_parameter(owners[s].name,
					  values[s] ? values[s] : otherwise_value(s));
	hide_plans();
}

/* Set a parameter until the GUC nest ends. */
void
set_parameter(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

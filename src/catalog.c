/*
 * catalog.c
 *		What PostgreSQL's catalogues tell.
 */
#include "catalog.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_language.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* The name of a relation.  Errors: 42P01 where there is none. */
char *
relation_name(Oid relation)
{
	char	   *name = get_rel_name(relation);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	return name;
}

/* The owner of a relation.  Errors: 42P01 where there is none. */
Oid
relation_owner(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * The equality operator of a type, spelled out.  Errors: 42883 where it has
 * none.
 */
char *
equality_of(Oid type)
{
	Oid			operator = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("type %s has no equality operator",
						format_type_be(type))));
	form = (Form_pg_operator) GETSTRUCT(tuple);
	name = psprintf("OPERATOR(%s.%s)",
					quote_identifier(get_namespace_name(form->oprnamespace)),
					NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return name;
}

/* A table or view as it is written in a statement. */
char *
qualified_name(Oid relation)
{
	Oid			schema = get_rel_namespace(relation);

	return quote_qualified_identifier(get_namespace_name(schema),
									  get_rel_name(relation));
}

/*
 * Whether a schema is one of the two that the extension makes, which nobody
 * else can have made, drop or create in: osms, and osms_internal of what its
 * functions call.
 */
bool
is_our_schema(Oid schema)
{
	return OidIsValid(schema) &&
		(schema == get_namespace_oid("osms", true) ||
		 schema == get_namespace_oid("osms_internal", true));
}

bool
is_our_function(Oid function)
{
	return is_our_schema(get_func_namespace(function));
}

bool
is_our_type(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	bool		ours = HeapTupleIsValid(tuple) &&
		is_our_schema(((Form_pg_type) GETSTRUCT(tuple))->typnamespace);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return ours;
}

/*
 * Whether a stored expression has an OID behind one of its marks, or a word
 * that ends so, which is that of nothing older.
 */
bool
mentions_oid(const char *expression, const char *mark, Oid oldest)
{
	while ((expression = strstr(expression, mark)) != NULL)
	{
		expression += strlen(mark);
		if (strtoul(expression, NULL, 10) >= oldest)
			return true;
	}
	return false;
}

/*
 * A function of the extension that others of its functions call, or that its
 * triggers fire.
 */
Oid
our_function(const char *name, int nargs, const Oid *types)
{
	return LookupFuncName(list_make2(makeString("osms_internal"),
									 makeString(pstrdup(name))),
						  nargs, types, false);
}

/* A type of the extension that users name; InvalidOid where there is none. */
Oid
our_type(const char *name)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum(name),
						   ObjectIdGetDatum(get_namespace_oid("osms", false)));
}

/* Whether a role may read all rows of a relation. */
bool
may_read(Oid table, Oid user)
{
	return pg_class_aclcheck(table, user, ACL_SELECT) == ACLCHECK_OK &&
		check_enable_rls(table, user, true) != RLS_ENABLED;
}

PG_FUNCTION_INFO_V1(osms_equality);

/* equality(type): its equality operator, spelled out. */
Datum
osms_equality(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(equality_of(PG_GETARG_OID(0))));
}

PG_FUNCTION_INFO_V1(osms_trigger_arguments);

/* trigger_arguments(oid): the arguments of a trigger, as written. */
Datum
osms_trigger_arguments(PG_FUNCTION_ARGS)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	ArrayBuildState *arguments = NULL;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				PG_GETARG_DATUM(0));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		int			n = ((Form_pg_trigger) GETSTRUCT(tuple))->tgnargs;
		bool		isnull;
		bytea	   *bytes = DatumGetByteaPP(heap_getattr(tuple,
														 Anum_pg_trigger_tgargs,
														 RelationGetDescr(catalog),
														 &isnull));
		char	   *argument = VARDATA_ANY(bytes);

		for (int i = 0; i < n; i++)
		{
			arguments = accumArrayResult(arguments,
										 CStringGetTextDatum(argument), false,
										 TEXTOID, CurrentMemoryContext);
			argument += strlen(argument) + 1;
		}
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	if (arguments == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(makeArrayResult(arguments, CurrentMemoryContext));
}

/*
 * Whether a function is called to see that others can be made: one of a
 * language compiles them for all that call them, as it finds things now.
 */
bool
is_validator(Form_pg_proc proc)
{
	Relation	languages;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	if (proc->pronargs != 1 || proc->proargtypes.values[0] != OIDOID ||
		proc->prorettype != VOIDOID)
		return false;
	languages = table_open(LanguageRelationId, AccessShareLock);
	scan = systable_beginscan(languages, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result |= ((Form_pg_language) GETSTRUCT(tuple))->lanvalidator ==
			proc->oid;
	systable_endscan(scan);
	table_close(languages, AccessShareLock);
	return result;
}

/* Whether an index over all rows begins with these columns; 0 is none. */
bool
leads_index(Oid table, AttrNumber first, AttrNumber second)
{
	Relation	rel = relation_open(table, AccessShareLock);
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;
	bool		leads = false;

	foreach(lc, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		leads |= index->indisvalid && index->indnkeyatts > 1 &&
			first != 0 && index->indkey.values[0] == first &&
			second != 0 && index->indkey.values[1] == second &&
			heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	relation_close(rel, AccessShareLock);
	return leads;
}

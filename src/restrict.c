/*
 * restrict.c
 *		Looking at other people's relations without running their code.
 *
 * Who looks through a registry at a table of somebody else runs that owner's
 * code with rights of his own: to plan a query is enough to evaluate a
 * constant in the predicate of an index, and a cast, a domain or a view that
 * has taken the table's place are evaluated by the executor.  So where osms
 * looks as the owner of a registry, or for whoever calls a function that only
 * reads, osms.restrict_functions is set.  Then a function runs
 * only if its owner has the rights of the role that runs it, so that he gains
 * nothing ("foreign"), and one of PostgreSQL's own only if anybody may call
 * it and it changes nothing ("all").
 *
 * It is a setting, so that it is restored with the function that pins it,
 * also after an error, and that parallel workers have it too.  Who is under
 * it cannot turn it off, for set_config is refused like all that has effects.
 */
#include "osms.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

enum
{
	RESTRICT_OFF, RESTRICT_FOREIGN, RESTRICT_ALL
};

static const struct config_enum_entry restrictions[] = {
	{"off", RESTRICT_OFF, false},
	{"foreign", RESTRICT_FOREIGN, false},
	{"all", RESTRICT_ALL, false},
	{NULL, 0, false}
};

static int	restrict_functions = RESTRICT_OFF;
static object_access_hook_type previous_hook = NULL;

/* What PostgreSQL calls volatile, though it changes nothing. */
static const Oid harmless[] = {
	F_CLOCK_TIMESTAMP, F_PG_PARTITION_TREE, F_PG_RELATION_SIZE_REGCLASS,
	F_PG_RELATION_SIZE_REGCLASS_TEXT, F_PG_XACT_COMMIT_TIMESTAMP
};

static bool
is_harmless(Oid function)
{
	for (int i = 0; i < (int) lengthof(harmless); i++)
		if (harmless[i] == function)
			return true;
	return false;
}

/* Whether PUBLIC may call a function. */
static bool
is_for_everybody(HeapTuple tuple)
{
	bool		isnull;
	Datum		acl = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proacl,
									  &isnull);

	return isnull ||
		aclmask(DatumGetAclP(acl), ACL_ID_PUBLIC,
				((Form_pg_proc) GETSTRUCT(tuple))->proowner, ACL_EXECUTE,
				ACLMASK_ANY) != 0;
}

/* Refuse a function that gains by the rights of the current user. */
static void
check_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;
	bool		own = function < FirstUnpinnedObjectId;
	bool		allowed;

	if (!HeapTupleIsValid(tuple))
		return;					/* whoever calls it says so */
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	if (!own)
		allowed = has_privs_of_role(proc->proowner, GetUserId());
	else
		allowed = restrict_functions < RESTRICT_ALL ||
			(is_for_everybody(tuple) &&
			 (proc->provolatile != PROVOLATILE_VOLATILE ||
			  is_harmless(function)));
	if (!allowed)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s must not run while osms looks at relations as role \"%s\"",
						format_procedure(function),
						GetUserNameFromId(GetUserId(), true)),
				 own ? errdetail("It has effects, or is not for everybody.") :
				 errdetail("It belongs to role \"%s\", who has not the rights of that role.",
						   GetUserNameFromId(proc->proowner, true)),
				 errhint("Take it out of the mapping, index, domain or default that calls it, or let a role that is trusted own it.")));
	ReleaseSysCache(tuple);
}

/* Told of every function that an expression is about to call. */
static void
watch_access(ObjectAccessType access, Oid class, Oid object, int sub,
			 void *argument)
{
	if (previous_hook)
		previous_hook(access, class, object, sub, argument);
	if (restrict_functions != RESTRICT_OFF && access == OAT_FUNCTION_EXECUTE)
		check_function(object);
}

void
restrict_init(void)
{
	DefineCustomEnumVariable("osms.restrict_functions",
							 "Runs no function whose owner has less rights than the role that runs it (foreign), nor one that has effects (all).",
							 "Set by what looks at relations of others.",
							 &restrict_functions, RESTRICT_OFF, restrictions,
							 PGC_USERSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	previous_hook = object_access_hook;
	object_access_hook = watch_access;
}

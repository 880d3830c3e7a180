/*
 * restrict.c
 *		What may run while osms acts for others.
 *
 * Who looks through a registry at a table of somebody else runs that owner's
 * code with rights of his own: to plan a query is enough to evaluate a
 * constant in the predicate of an index, and a cast, a domain or a view that
 * has taken the table's place are evaluated by the executor.  So
 * osms.restrict_functions says what may run:
 *
 *	foreign		no function whose owner has not the rights of the role that runs
 *				it, so that nobody gains by being run, and of PostgreSQL's own none
 *				that is not for everybody or runs a query that it is given; in
 *				triggers of a table that osms writes for somebody, and to set up
 *	values		besides, of PostgreSQL's own none that has effects but to draw a
 *				value, of osms none but what computes; in what a table calls for
 *				its rows, and where values are worked out for a mapping
 *	all			nothing that has effects but what functions of osms call that
 *				only look, or that write by a statement of their own
 *	strict		nothing that has effects; in what guards look up
 *
 * Who is trusted with the rights of a role is not who says what his functions
 * are called with: that may be whoever made a view, a trigger's condition or a
 * domain.  So functions of osms that write run in statements that touch none
 * of other people's relations; where they are called is seen in watch.c.
 *
 * It is a setting, so that it is restored with the function that pins it,
 * also after an error, and that parallel workers have it too.  But a setting
 * is anybody's to set, and a function of osms that others call would lower it:
 * so it holds at least what the functions and writes under way asked for,
 * until they end.
 */
#include "osms.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

static const struct config_enum_entry restrictions[] = {
	{"off", RESTRICT_OFF, false},
	{"foreign", RESTRICT_FOREIGN, false},
	{"values", RESTRICT_VALUES, false},
	{"all", RESTRICT_ALL, false},
	{"strict", RESTRICT_STRICT, false},
	{NULL, 0, false}
};

static int	restrict_functions = RESTRICT_OFF;

/* What holds whatever the setting says, and what did as subtransactions began. */
static Restriction least = RESTRICT_OFF;
static Restriction *least_at = NULL;
static int	n_least_at = 0;

/* Whether a statement is under way that touches other people's relations. */
bool		touching_others = false;

/* What PostgreSQL calls volatile, though it changes nothing. */
static const Oid harmless[] = {
	F_CLOCK_TIMESTAMP, F_PG_PARTITION_TREE, F_PG_RELATION_SIZE_REGCLASS,
	F_PG_RELATION_SIZE_REGCLASS_TEXT, F_PG_XACT_COMMIT_TIMESTAMP
};

/* Draws a value, as a mapping may for a key. */
static const Oid drawing[] = {
	F_NEXTVAL, F_CURRVAL, F_LASTVAL, F_RANDOM_WITHOUT_RANGE,
	F_GEN_RANDOM_UUID, F_TIMEOFDAY,
#if PG_VERSION_NUM >= 160000
	F_RANDOM_NORMAL,
#endif
#if PG_VERSION_NUM >= 170000
	F_RANDOM_INT4_INT4, F_RANDOM_INT8_INT8, F_RANDOM_NUMERIC_NUMERIC,
#endif
#if PG_VERSION_NUM >= 180000
	F_UUIDV4, F_UUIDV7_, F_UUIDV7_INTERVAL
#endif
};

/* What functions of osms that are restricted themselves call of its own. */
static const char *const called_by_ours[] = {
	"await_writers", "check_closing", "check_registry", "clean_cut",
	"due_applications", "enter_persons", "find_row", "finds_by_index",
	"index_steps", "known_moment", "lock_person_of", "lock_persons",
	"missing_indexes", "need_row", "ordered_moves", "overlap_repairs",
	"restatement_due", "sift_candidates"
};

/* What they write by, in a statement that touches nobody else's relations. */
static const char *const written_by_ours[] = {
	"annul", "begin_closing", "close_attachments", "decide", "detach",
	"identify", "note_act", "run_write", "run_writes", "set_complete", "submit",
	"transfer", "write_row", "write_rows"
};

/* What other people's tables and mappings may ask of osms. */
static const char *const computing[] = {
	"civil", "civil_date", "read_value"
};

Restriction
restriction(void)
{
	return Max((Restriction) restrict_functions, least);
}

/* Whether more is restricted than the setting says. */
bool
is_held_above_setting(void)
{
	return least > (Restriction) restrict_functions;
}

/* Let a level hold until restrict_release(), whatever held before. */
Restriction
restrict_to(Restriction level)
{
	Restriction before = least;

	least = level;
	return before;
}

/* Let the setting as it is now hold until restrict_release(). */
Restriction
restrict_hold(void)
{
	return restrict_to(restrict_functions);
}

void
restrict_release(Restriction before)
{
	least = before;
}

static void
at_end_of_transaction(XactEvent event, pg_attribute_unused() void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE || event == XACT_EVENT_PARALLEL_COMMIT ||
		event == XACT_EVENT_PARALLEL_ABORT)
		least = RESTRICT_OFF;
}

static void
at_subtransaction(SubXactEvent event,
				  pg_attribute_unused() SubTransactionId mine,
				  pg_attribute_unused() SubTransactionId parent,
				  pg_attribute_unused() void *arg)
{
	int			depth = GetCurrentTransactionNestLevel();

	if (event == SUBXACT_EVENT_START_SUB)
	{
		if (depth >= n_least_at)
		{
			int			n = 2 * depth + 16;

			least_at = least_at ? repalloc(least_at, n * sizeof(Restriction)) :
				MemoryContextAlloc(TopMemoryContext, n * sizeof(Restriction));
			/* as those below this one began the library was not here yet */
			for (int i = n_least_at; i < n; i++)
				least_at[i] = RESTRICT_OFF;
			n_least_at = n;
		}
		least_at[depth] = least;
	}
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		least = depth < n_least_at ? least_at[depth] : RESTRICT_OFF;
}

static bool
is_among(Oid function, const Oid *functions, int n)
{
	for (int i = 0; i < n; i++)
		if (functions[i] == function)
			return true;
	return false;
}

static bool
is_named(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Whether a function of PostgreSQL's own runs queries that are its arguments. */
static bool
runs_queries(Oid function)
{
	return function == F_TS_STAT_TEXT || function == F_TS_STAT_TEXT_TEXT ||
		function == F_TS_REWRITE_TSQUERY_TEXT ||
		(function >= F_TABLE_TO_XML &&
		 function <= F_DATABASE_TO_XML_AND_XMLSCHEMA);
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

/* Whether a function of osms may run, of an owner who is trusted. */
static bool
ours_may_run(HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);
	const char *name = NameStr(proc->proname);

	if (proc->provolatile != PROVOLATILE_VOLATILE && !touching_others)
		return true;
	if (proc->provolatile != PROVOLATILE_VOLATILE)
		return restriction() != RESTRICT_VALUES ? is_for_everybody(tuple) :
			proc->provolatile == PROVOLATILE_IMMUTABLE ||
			is_named(name, computing, lengthof(computing));
	if (restriction() < RESTRICT_VALUES)
		return !touching_others;
	return restriction() == RESTRICT_ALL &&
		(is_named(name, called_by_ours, lengthof(called_by_ours)) ||
		 (!touching_others &&
		  is_named(name, written_by_ours, lengthof(written_by_ours))));
}

/*
 * Whether a function that a table calls for its rows may run, of an owner who
 * is trusted: who has it called has no rights of his.
 */
static bool
may_give_value(HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);

	/* what superusers keep to themselves, or a query in a text */
	return (is_for_everybody(tuple) || !superuser_arg(GetUserId())) &&
		(proc->provolatile == PROVOLATILE_IMMUTABLE || proc->pronargs == 0 ||
		 !OidIsValid(getExtensionOfObject(ProcedureRelationId, proc->oid)));
}

/* Whether a function may run as the current user. */
bool
may_run(Oid function, HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);
	bool		effects = proc->provolatile == PROVOLATILE_VOLATILE;

	if (function < FirstUnpinnedObjectId)
		return is_for_everybody(tuple) && !runs_queries(function) &&
			(restriction() < RESTRICT_VALUES || !effects ||
			 is_among(function, harmless, lengthof(harmless)) ||
			 (restriction() == RESTRICT_VALUES &&
			  is_among(function, drawing, lengthof(drawing))));
	if (!has_privs_of_role(proc->proowner, GetUserId()))
		return false;
	/* no expression calls it */
	if (proc->prorettype == TRIGGEROID)
		return !effects || restriction() <= RESTRICT_VALUES;
	if (proc->pronamespace == get_namespace_oid("osms", true))
		return ours_may_run(tuple);
	if (restriction() == RESTRICT_VALUES)
		return may_give_value(tuple);
	return !effects || restriction() < RESTRICT_VALUES;
}

/* Refuse a function that gains by the rights of the current user. */
void
check_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;

	if (!HeapTupleIsValid(tuple))
		return;					/* whoever calls it says so */
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	if (!may_run(function, tuple))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s must not run as role \"%s\" while osms acts for others",
						format_procedure(function),
						GetUserNameFromId(GetUserId(), true)),
				 has_privs_of_role(proc->proowner, GetUserId()) ?
				 errdetail("It has effects, or is not for everybody.") :
				 errdetail("It belongs to role \"%s\", who has not the rights of that role.",
						   GetUserNameFromId(proc->proowner, true)),
				 errhint("Take it out of the mapping, trigger, index, domain or default that calls it, or let a role that is trusted own it.")));
	ReleaseSysCache(tuple);
}

void
restrict_init(void)
{
	DefineCustomEnumVariable("osms.restrict_functions",
							 "Functions that do not run while osms acts for others: those of owners with less rights, and those with effects.",
							 "Set by the functions of osms that need it.",
							 &restrict_functions, RESTRICT_OFF, restrictions,
							 PGC_USERSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	RegisterXactCallback(at_end_of_transaction, NULL);
	RegisterSubXactCallback(at_subtransaction, NULL);
}

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
 *	foreign		no function whose owner lacks the rights of the role that
 *				runs it, so that nobody gains by being run, and of
 *				PostgreSQL's own none that is not for everybody or runs a
 *				query that it is given; where osms writes a table for
 *				somebody, or sets up.  For somebody without the rights of the
 *				role, besides, none with effects but what any table's
 *				triggers may call, and for a superuser of extensions none
 *				with arguments that is not immutable
 *	values		besides, of PostgreSQL's own none that has effects but to
 *				draw a value, of osms none but what computes, of extensions
 *				none with arguments that is not immutable; where values are
 *				worked out for a mapping
 *	chosen		besides, none with arguments that is not immutable, nor one
 *				that is not for everybody; where who calls writes a table of
 *				others
 *	all			nothing that has effects but what functions of osms call
 *				themselves
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
#include "security/restrict.h"

#include "catalog.h"
#include "security/in_line.h"
#include "security/writer.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_node.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

/* Why a function does not run. */
typedef enum Refusal
{
	NOT_REFUSED, REFUSED_AS_OTHERS, REFUSED_AS_PRIVATE, REFUSED_FOR_EFFECTS,
	REFUSED_FOR_ARGUMENTS, REFUSED_AS_OURS
} Refusal;

static const struct config_enum_entry restrictions[] = {
	{"off", RESTRICT_OFF, false},
	{"foreign", RESTRICT_FOREIGN, false},
	{"values", RESTRICT_VALUES, false},
	{"chosen", RESTRICT_CHOSEN, false},
	{"all", RESTRICT_ALL, false},
	{"strict", RESTRICT_STRICT, false},
	{NULL, 0, false}
};

static int	restrict_functions = RESTRICT_OFF;

/*
 * What holds whatever the setting says, and what did as subtransactions began.
 */
static Restriction least = RESTRICT_OFF;
static Restriction *least_at = NULL;
static int	n_least_at = 0;

/* How the parser says where in a text a literal is. */
static void (*of_literal) (void *arg) = NULL;

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

/*
 * What functions of osms that are restricted themselves call of its own, in
 * statements that touch nobody else's relations.
 */
static const char *const called_by_ours[] = {
	"annul", "await_writers", "begin_closing", "check_closing",
	"check_registry", "clean_cut", "close_attachments", "decide", "detach",
	"due_applications", "enter_persons", "find_row", "finds_by_index",
	"give_back_days", "identify", "index_steps", "known_clock",
	"known_moment", "lock_person_of", "lock_persons", "missing_indexes",
	"need_row", "new_epoch", "note_act", "ordered_moves",
	"overlap_repairs", "reopen",
	"restatement_due", "run_write", "run_writes", "set_complete",
	"sift_candidates", "submit", "transfer", "write_row", "write_rows"
};

/*
 * What is given the name of what it reads, and yet reads no persons: queries
 * of osms ask it beside rows of others.
 */
static const char *const reading_no_persons[] = {
	"can_write", "civil", "civil_date", "closed_terms", "month_rates",
	"paid_months", "relation_of", "row_findings", "sanctions",
	"statement_terms"
};

/* What runs a text that it is given, for who looks at a registry. */
static const char *const running_texts[] = {
	"key_stands", "tried"
};

/* What other people's tables and mappings may ask of osms for their rows. */
static const char *const computing[] = {
	"read_value"
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

	restrict_release(level);
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
	forget_kept();
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

/*
 * Whether a function of PostgreSQL's own runs queries that are its arguments.
 */
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

/*
 * Whether a function of PostgreSQL's own tells something that only some may
 * know: statistics, settings, what the server does.
 */
static bool
tells_of_others(HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);
	const char *name = NameStr(proc->proname);

	/* a view of PostgreSQL's own reads what a function without any tells */
	return proc->provolatile != PROVOLATILE_IMMUTABLE &&
		(proc->pronargs > 0 || proc->proretset ||
		 proc->prorettype == RECORDOID) &&
		((strncmp(name, "pg_", 3) == 0 &&
		  strcmp(name, "pg_has_role") != 0) || strcmp(name, "current_setting") == 0);
}

/*
 * Whether a function of PostgreSQL's own that has effects changes nothing that
 * only some roles may, so that any table's triggers may call it.
 */
static bool
is_for_triggers(Oid function, HeapTuple tuple)
{
	const char *name = NameStr(((Form_pg_proc) GETSTRUCT(tuple))->proname);

	return is_among(function, harmless, lengthof(harmless)) ||
		is_among(function, drawing, lengthof(drawing)) ||
		function == F_PG_NOTIFY || function == F_SET_CONFIG ||
		strncmp(name, "pg_advisory_xact_", 17) == 0 ||
		strncmp(name, "pg_try_advisory_xact_", 21) == 0;
}

/*
 * Whether a function may run with rights that are lent to somebody: not one of
 * PostgreSQL's own that has other effects, nor one of an extension that does
 * with its arguments what it pleases.
 */
bool
may_run_lent(Oid function, HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);

	if (function < FirstUnpinnedObjectId)
		return proc->provolatile != PROVOLATILE_VOLATILE ||
			is_for_triggers(function, tuple);
	return proc->provolatile == PROVOLATILE_IMMUTABLE || proc->pronargs == 0 ||
		is_our_schema(proc->pronamespace) ||
		!OidIsValid(getExtensionOfObject(ProcedureRelationId, function));
}

/* What is wrong with a call of a function of PostgreSQL's own. */
static Refusal
refusal_of_postgres(Oid function, HeapTuple tuple)
{
	if (!is_for_everybody(tuple))
		return REFUSED_AS_PRIVATE;
	if (runs_queries(function) ||
		(reads_as_named_type(function) &&
		 (is_lent() || restriction() > RESTRICT_FOREIGN)))
		return REFUSED_FOR_ARGUMENTS;
	if ((restriction() == RESTRICT_CHOSEN ||
		 (touching_others && restriction() >= RESTRICT_ALL)) &&
		tells_of_others(tuple))
		return REFUSED_FOR_ARGUMENTS;
	if (restriction() == RESTRICT_FOREIGN && is_lent() &&
		!may_run_lent(function, tuple))
		return REFUSED_FOR_EFFECTS;
	if (restriction() < RESTRICT_VALUES ||
		((Form_pg_proc) GETSTRUCT(tuple))->provolatile !=
		PROVOLATILE_VOLATILE ||
		is_among(function, harmless, lengthof(harmless)) ||
		(restriction() < RESTRICT_ALL &&
		 is_among(function, drawing, lengthof(drawing))))
		return NOT_REFUSED;
	return REFUSED_FOR_EFFECTS;
}

/* Whether what is called is called for a row that is written. */
static bool
is_for_rows(void)
{
	return restriction() == RESTRICT_VALUES ||
		restriction() == RESTRICT_CHOSEN;
}

/*
 * Whether a function of osms reads what it is given the name of: a registry, a
 * relation, or what a statement is made of.
 */
static bool
reads_what_is_named(HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);
	bool		isnull;
	Datum		names = SysCacheGetAttr(PROCOID, tuple,
										Anum_pg_proc_proargnames, &isnull);
	char	  **arguments;

	if (proc->pronargs == 0 ||
		is_named(NameStr(proc->proname), reading_no_persons,
				 lengthof(reading_no_persons)))
		return false;
	if (proc->proargtypes.values[0] == REGCLASSOID ||
		get_typtype(proc->proargtypes.values[0]) == TYPTYPE_COMPOSITE)
		return true;
	return !isnull &&
		get_func_input_arg_names(names, PointerGetDatum(NULL),
								 &arguments) > 0 &&
		arguments[0] && strcmp(arguments[0], "registry") == 0;
}

/* Of one of osms, of an owner who is trusted. */
static Refusal
refusal_of_ours(HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);
	const char *name = NameStr(proc->proname);
	bool		effects = proc->provolatile == PROVOLATILE_VOLATILE;

	if (proc->provolatile == PROVOLATILE_IMMUTABLE)
		return NOT_REFUSED;
	if (is_lent() && is_named(name, running_texts, lengthof(running_texts)))
		return REFUSED_FOR_ARGUMENTS;
	/* a mapping or a table says that it is called */
	if (is_for_rows() && !effects)
		return is_named(name, computing, lengthof(computing)) ?
			NOT_REFUSED : REFUSED_AS_OURS;
	if (touching_others)
	{
		/* others say so */
		if (effects)
			return REFUSED_FOR_EFFECTS;
		if (!is_for_everybody(tuple))
			return REFUSED_AS_PRIVATE;
		return reads_what_is_named(tuple) ? REFUSED_AS_OURS : NOT_REFUSED;
	}
	if (!effects || restriction() < RESTRICT_VALUES ||
		(restriction() == RESTRICT_ALL &&
		 is_named(name, called_by_ours, lengthof(called_by_ours))))
		return NOT_REFUSED;
	return REFUSED_FOR_EFFECTS;
}

/*
 * Of one that a mapping or a view calls, of an owner who is trusted.  Who has
 * it called may be somebody else: what superusers keep to themselves is not
 * for him, and an extension's functions may run a query that they are given.
 */
static Refusal
refusal_of_value(HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);

	if (!is_for_everybody(tuple) &&
		(restriction() == RESTRICT_CHOSEN || superuser_arg(GetUserId())))
		return REFUSED_AS_PRIVATE;
	if (proc->provolatile != PROVOLATILE_IMMUTABLE && proc->pronargs > 0 &&
		(restriction() == RESTRICT_CHOSEN ||
		 OidIsValid(getExtensionOfObject(ProcedureRelationId, proc->oid))))
		return REFUSED_FOR_ARGUMENTS;
	return NOT_REFUSED;
}

/* Whether a function takes what only C code has. */
static bool
takes_internal(Form_pg_proc proc)
{
	for (int i = 0; i < proc->pronargs; i++)
		if (proc->proargtypes.values[i] == INTERNALOID)
			return true;
	return false;
}

/*
 * Whether a literal is being read as its type, before there is a query to
 * look through: the parser says so where that fails.
 */
static bool
is_in_literal(void)
{
	return error_context_stack && error_context_stack->callback == of_literal;
}

/* Why a function may not run as the current user. */
static Refusal
refusal_of(Oid function, HeapTuple tuple)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(tuple);
	bool		effects = proc->provolatile == PROVOLATILE_VOLATILE;

	/* in the check of a domain, whosever that is */
	if (proc->provolatile != PROVOLATILE_IMMUTABLE && is_in_literal() &&
		(is_lent() || restriction() > RESTRICT_FOREIGN))
		return REFUSED_FOR_ARGUMENTS;
	if (function < FirstUnpinnedObjectId)
		return refusal_of_postgres(function, tuple);
	if (!has_privs_of_role(proc->proowner, GetUserId()))
		return REFUSED_AS_OTHERS;
	if (is_validator(proc))
		return REFUSED_FOR_ARGUMENTS;
	/* handlers of indexes and the like, which no expression calls */
	if (takes_internal(proc))
		return NOT_REFUSED;
	/* no expression calls one that returns a trigger */
	if (proc->prorettype == TRIGGEROID)
	{
		/* who made the trigger is not who is trusted */
		if (restriction() == RESTRICT_CHOSEN &&
			!is_our_schema(proc->pronamespace))
			return REFUSED_FOR_ARGUMENTS;
	}
	else
	{
		if (is_our_schema(proc->pronamespace))
			return refusal_of_ours(tuple);
		if (is_for_rows())
			return refusal_of_value(tuple);
		/* a superuser asks no password of whom it connects to */
		if (restriction() == RESTRICT_FOREIGN && is_lent() &&
			superuser_arg(GetUserId()) && !may_run_lent(function, tuple))
			return REFUSED_FOR_ARGUMENTS;
		/* what a view calls, too, may be given a query in a text */
		if (touching_others && restriction() > RESTRICT_FOREIGN &&
			!effects && refusal_of_value(tuple) != NOT_REFUSED)
			return refusal_of_value(tuple);
	}
	return effects && restriction() >= RESTRICT_ALL ? REFUSED_FOR_EFFECTS :
		NOT_REFUSED;
}

bool
may_run(Oid function, HeapTuple tuple)
{
	return refusal_of(function, tuple) == NOT_REFUSED;
}

/* Refuse a function that gains by the rights of the current user. */
void
check_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	const char *detail = NULL;
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return;					/* whoever calls it says so */
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	switch (refusal_of(function, tuple))
	{
		case NOT_REFUSED:
			break;
		case REFUSED_AS_OTHERS:
			detail = psprintf("It belongs to role \"%s\", who does not have the rights of that role.",
							  GetUserNameFromId(owner, true));
			break;
		case REFUSED_AS_PRIVATE:
			detail = "Not everybody may execute it.";
			break;
		case REFUSED_FOR_EFFECTS:
			detail = "It is volatile.";
			break;
		case REFUSED_FOR_ARGUMENTS:
			detail = "Somebody else may have it called, and have chosen its arguments.";
			break;
		case REFUSED_AS_OURS:
			detail = "Tables and views of others do not call it here.";
			break;
	}
	if (detail)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s must not run as role \"%s\" while osms acts for others",
						format_procedure(function),
						GetUserNameFromId(GetUserId(), true)),
				 errdetail_internal("%s", detail),
				 errhint("Take it out of the mapping, trigger, index, domain or default that calls it, or let a role that is trusted own it.")));
	ReleaseSysCache(tuple);
}

/* Find how the parser says it. */
static void
watch_literals(void)
{
	ParseCallbackState state;

	setup_parser_errposition_callback(&state, NULL, -1);
	of_literal = error_context_stack->callback;
	cancel_parser_errposition_callback(&state);
}

void
restrict_init(void)
{
	watch_literals();
	DefineCustomEnumVariable("osms.restrict_functions",
							 "Functions that do not run while osms acts for others: those of owners with less rights, and those with effects.",
							 "Set by the functions of osms that need it.",
							 &restrict_functions, RESTRICT_OFF, restrictions,
							 PGC_USERSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	RegisterXactCallback(at_end_of_transaction, NULL);
	RegisterSubXactCallback(at_subtransaction, NULL);
}

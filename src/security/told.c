/*
 * told.c
 *		What a role is told of rows that are written for it.
 *
 * Where osms writes a table as its owner, PostgreSQL shows in errors what the
 * owner may read.  Who writes is told no more than he may read himself.
 */
#include "security/told.h"

#include "catalog.h"

#include "access/table.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* Whether a constraint that an error names is a rule of ours. */
static bool (*is_rule) (const char *name) = NULL;

/*
 * Whether an error tells of one of our rules, not of a constraint called so.
 */
static bool
tells_of_rule(const ErrorData *error, Oid table)
{
	const char *name = error->constraint_name;

	return name && is_rule(name) &&
		!OidIsValid(get_relation_constraint_oid(table, name, true)) &&
		!OidIsValid(get_relname_relid(name, get_rel_namespace(table)));
}

/* Whether a function in PL/pgSQL says it, and not what it runs. */
static bool
is_raised(const ErrorData *error)
{
	return error->funcname && strcmp(error->funcname, "exec_stmt_raise") == 0;
}

/*
 * Of a row that violates a constraint, or the condition of a view, PostgreSQL
 * shows what the current user may read, and so the owner, as whom somebody's
 * row is written.  Leave that to the log where a role may not read the table;
 * which one a view has kept it from is not said.
 */
static void
conceal_detail(ErrorData *error, Oid role)
{
	Oid			table = InvalidOid;

	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
			if (error->schema_name == NULL || error->table_name == NULL)
				return;
			table = get_relname_relid(error->table_name,
									  get_namespace_oid(error->schema_name,
														true));
			break;
		case ERRCODE_WITH_CHECK_OPTION_VIOLATION:
			if (is_raised(error))
				return;
			break;
		default:
			return;
	}
	if (error->detail == NULL ||
		(OidIsValid(table) &&
		 (tells_of_rule(error, table) || may_read(table, role))))
		return;
	error->detail_log = error->detail;
	error->detail = NULL;
}

/*
 * Whether a role may be shown what a statement on a table failed on: the row
 * is his to read, and the table has no triggers, which look at others.
 */
static bool
may_be_shown(Oid table, Oid role)
{
	Relation	rel = table_open(table, AccessShareLock);
	bool		shown = may_read(table, role);

	for (int i = 0; shown && rel->trigdesc &&
		 i < rel->trigdesc->numtriggers; i++)
		shown = rel->trigdesc->triggers[i].tgfoid < FirstUnpinnedObjectId ||
			is_our_function(rel->trigdesc->triggers[i].tgfoid);
	table_close(rel, AccessShareLock);
	return shown || has_privs_of_role(role, relation_owner(table));
}

/* Whether a statement that functions put together is none, and shows itself. */
static bool
fails_as_statement(const ErrorData *error)
{
	return error->internalquery &&
		ERRCODE_TO_CATEGORY(error->sqlerrcode) ==
		ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
		error->sqlerrcode != ERRCODE_INSUFFICIENT_PRIVILEGE;
}

/*
 * What fails on a value shows it: of a row that is not the role's to read it
 * is told only that there is one.
 */
static void
conceal_value(ErrorData *error, Oid table, Oid role)
{
	if ((ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION &&
		 !fails_as_statement(error)) ||
		error->sqlerrcode == ERRCODE_STRING_DATA_RIGHT_TRUNCATION ||
		error->sqlerrcode == ERRCODE_DIVISION_BY_ZERO ||
		error->constraint_name || is_raised(error) ||
		may_be_shown(table, role))
		return;
	error->detail_log = error->detail ?
		psprintf("%s: %s", error->message, error->detail) : error->message;
	error->message = psprintf("table \"%s\" cannot read a value of the row",
							  get_rel_name(table));
	error->detail = NULL;
	error->hint = "The server's log tells the value that an expression of the table fails on.";
}

/*
 * Whether a line of a context tells of a function in PL/pgSQL, with no values.
 */
static bool
tells_of_function(const char *line, int length)
{
	return memchr(line, '\'', length) == NULL &&
		memchr(line, '"', length) == NULL &&
		strstr(pnstrdup(line, length), "PL/pgSQL") != NULL;
}

/*
 * What functions of a table run is their owner's, values that they put into a
 * statement too: a role is told only which functions they are.  The log has
 * it all.
 */
static void
conceal_context(ErrorData *error)
{
	StringInfoData kept;
	const char *line = error->context;

	ereport(LOG_SERVER_ONLY,
			(errmsg("osms kept the context of an error from who writes: %s",
					error->message),
			 error->internalquery ?
			 errdetail("Query: %s", error->internalquery) : 0,
			 error->context ? errcontext("%s", error->context) : 0,
			 errhidestmt(true)));
	initStringInfo(&kept);
	while (line && *line)
	{
		int			length = strcspn(line, "\n");

		if (tells_of_function(line, length))
			appendStringInfo(&kept, "%s%.*s", kept.len ? "\n" : "", length,
							 line);
		line += length + (line[length] == '\n');
	}
	error->context = kept.len ? kept.data : NULL;
	error->internalquery = NULL;
	error->internalpos = 0;
	error->cursorpos = 0;
}

/*
 * Run write(arg), which writes a table or view, telling a role no more of its
 * rows than it may read.
 */
void
write_told(void (*write) (void *arg), void *arg, Oid target, Oid role)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		write(arg);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		conceal_detail(error, role);
		conceal_value(error, target, role);
		/* the first line is the statement that osms runs */
		if (((error->context && strchr(error->context, '\n')) ||
			 error->internalquery) && !may_be_shown(target, role))
			conceal_context(error);
		ReThrowError(error);
	}
	PG_END_TRY();
}

/* Let who knows the rules tell which names they have. */
void
told_init(bool (*names_rule) (const char *name))
{
	is_rule = names_rule;
}

/*
 * context.c
 *		What an error of ours says of where it came from.
 *
 * The CONTEXT of an error is a line for each function on the way and the text
 * of each statement that these ran.  Of ours it tells a user nothing, and may
 * be pages.  So each function of osms that an error leaves takes its own out
 * of it: the line about itself, and before it the statement that it ran.
 * What functions of other people said stays, within ours and around them.
 */
#include "security/context.h"

#include "utils/lsyscache.h"

/* How the text of a statement begins that a function runs; it ends by ". */
static const char *const statements[] = {
	"SQL statement \"", "SQL expression \"", "PL/pgSQL assignment \"",
	"PL/pgSQL expression \""
};

/* Where the last line of a text begins. */
static char *
last_line(char *text)
{
	char	   *end = strrchr(text, '\n');

	return end ? end + 1 : text;
}

/* End a text before the line at this place. */
static void
end_before(char *text, char *line)
{
	*(line > text ? line - 1 : line) = '\0';
}

/* Whether a line is about a function in PL/pgSQL of this name. */
static bool
is_about(const char *line, const char *function)
{
	static const char head[] = "PL/pgSQL function ";
	static const char *const schemas[] = {"osms.", "osms_internal."};
	int			length = strlen(function);

	if (strncmp(line, head, sizeof(head) - 1) != 0)
		return false;
	line += sizeof(head) - 1;
	for (int i = 0; i < (int) lengthof(schemas); i++)
		if (strncmp(line, schemas[i], strlen(schemas[i])) == 0)
			line += strlen(schemas[i]);
	return strncmp(line, function, length) == 0 && line[length] == '(';
}

/* Take the statement away with which a text ends, if it does. */
static void
cut_statement(char *text)
{
	int			length = strlen(text);
	char	   *found = NULL;

	if (length == 0 || text[length - 1] != '"')
		return;
	for (char *line = text; line; line = strchr(line, '\n'))
	{
		if (*line == '\n')
			line++;
		for (int i = 0; i < (int) lengthof(statements); i++)
			if (strncmp(line, statements[i], strlen(statements[i])) == 0)
				found = line;
	}
	if (found)
		end_before(text, found);
}

/*
 * In a PG_CATCH around a function of ours: throw the error on without what
 * it says of this function.  Returns where it says nothing at all.
 */
void
cut_context(FmgrInfo *flinfo)
{
	MemoryContext caller = MemoryContextSwitchTo(flinfo->fn_mcxt);
	ErrorData  *error = CopyErrorData();
	char	   *around;
	char	   *name;
	char	   *line;
	size_t		length;
	size_t		outer;

	if (error->context == NULL)
	{
		FreeErrorData(error);
		MemoryContextSwitchTo(caller);
		return;
	}
	FlushErrorState();
	/* what is around the function is said last */
	around = GetErrorContextStack();
	length = strlen(error->context);
	outer = around ? strlen(around) : 0;
	if (outer > length ||
		strcmp(error->context + length - outer, around ? around : "") != 0 ||
		(outer > 0 && outer < length &&
		 error->context[length - outer - 1] != '\n'))
		ReThrowError(error);
	if (outer < length)
		error->context[length - outer - (outer > 0)] = '\0';
	else
		error->context[0] = '\0';
	name = get_func_name(flinfo->fn_oid);
	line = last_line(error->context);
	if (name && is_about(line, name))
		end_before(error->context, line);
	cut_statement(error->context);
	if (error->context[0] == '\0')
		error->context = around;
	else if (around)
		error->context = psprintf("%s\n%s", error->context, around);
	ReThrowError(error);
}

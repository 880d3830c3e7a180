/*
 * template.c
 *		The language of predicates: SQL with marks.
 *
 * A mark is {name} or {name: argument; argument}, and an argument may hold
 * marks.  It stands for a definition (a row of osms.definition), for one of
 * that definition's parameters inside its text, or for what is in the table
 * of marks below, which only C can tell:
 *
 *	{r}				the registry; to sift {r}.relation, of the relation that is
 *					judged, is what is stored and what was accepted so far
 *	{touched:a,b}	one of these columns was changed
 *	{extended}		the attachment reaches further than it did
 *	{number:a}		a number kept as text or bigint, as text; the whole text has
 *					nothing to judge where it has one of our types, which judged it
 *					when it was read
 *	{any_number:a}	any number, as text
 *	{subject}		the column that tells whom a row is about
 *	{own}			the relation that is judged
 *
 * A definition with a place is joined: the mark writes its name, by which the
 * text reads it, and notes that it has to be joined.  Others may depend on a
 * relation, for which a registry that lacks it has another text, or read
 * otherwise in audit or to sift.
 *
 * A brace that begins no mark is left as it is, as in '{}'; a mark that is not
 * known is an error, so what was written has none and may be written again.
 */
#include "rule/template.h"

#include "registry/open.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

/* A mark, as it stands in a text. */
typedef struct Mark
{
	char	   *name;
	const char *arguments;		/* NULL where it has none */
	int			length;			/* of them */
	int			size;			/* of the mark, braces included */
} Mark;

/* A definition whose text is being written, within others. */
typedef struct Frame
{
	const Definition *definition;
	char	  **arguments;
	const struct Frame *outer;
} Frame;

static bool write_part(Template *template, StringInfo out, const char *sql,
					   int length, const Frame *frame);

/*
 * Read the mark that begins with the brace at text; false where none does.
 * The name is palloc'd.
 */
static bool
read_mark(const char *sql, int length, Mark *mark)
{
	int			n = 1;
	int			depth = 1;

	while (n < length && (islower((unsigned char) sql[n]) || sql[n] == '_'))
		n++;
	if (n == 1 || n == length || (sql[n] != '}' && sql[n] != ':'))
		return false;
	mark->name = pnstrdup(sql + 1, n - 1);
	mark->arguments = sql[n] == ':' ? sql + n + 1 : NULL;
	for (; n < length; n++)
	{
		if (sql[n] == '{')
			depth++;
		else if (sql[n] == '}' && --depth == 0)
			break;
	}
	if (n == length)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mark \"%s\" does not end", mark->name),
				 errhint("Close it with a brace.")));
	mark->size = n + 1;
	mark->length = mark->arguments ? sql + n - mark->arguments : 0;
	return true;
}

/* What a mark writes that only C can tell. */
typedef struct BuiltIn
{
	const char *name;
	bool		argument;

	/*
	 * Write it; rest is what follows in the text, of which a number of
	 * characters that were written with it is returned, or -1 where the text
	 * has nothing to judge.
	 */
	int			(*write) (Template *template, StringInfo out,
						  const char *argument, const char *rest, int length);
} BuiltIn;

static const CanonicalRelation *
shape_of(const Template *template)
{
	return &canonical_relations[template->projection->kind];
}

/*
 * Put the name of a registry into a query.  It stands in quotes always, for
 * without them it would read as an alias of ours that is called like it.  Where
 * it needs quotes it is spelled so that nothing in it is a mark of ours or ends
 * a literal of a mapping.
 */
static void
append_registry(StringInfo out, const Registry *registry)
{
	const char *name = registry->name;

	if (*name != '"')
	{
		appendStringInfo(out, "\"%s\"", name);
		return;
	}
	appendStringInfoString(out, "U&\"");
	for (name++; name[1] != '\0'; name++)
	{
		name += *name == '"';	/* it stands there twice */
		if (IS_HIGHBIT_SET(*name))
			appendStringInfoChar(out, *name);
		else
			appendStringInfo(out, "\\%04X", *name);
	}
	appendStringInfoChar(out, '"');
}

static int
write_registry(Template *template, StringInfo out,
			   pg_attribute_unused() const char *argument, const char *rest,
			   int length)
{
	if (template->purpose == TO_SIFT)
	{
		const char *own = shape_of(template)->name;
		int			n = 1 + strlen(own);

		if (length >= n && rest[0] == '.' &&
			strncmp(rest + 1, own, n - 1) == 0 &&
			(length == n || !(isalnum((unsigned char) rest[n]) ||
							  rest[n] == '_')))
		{
			appendStringInfoString(out, "present");
			return n;
		}
	}
	if (template->registry)
		append_registry(out, template->registry);
	return 0;
}

/* Position of a column of the relation that is judged.  Errors: 42703. */
static int
column_of(const Template *template, const char *name, int length)
{
	int			i = canonical_column(template->projection->kind, name, length);

	if (i < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("canonical relation \"%s\" has no column \"%s\"",
						shape_of(template)->name, pnstrdup(name, length))));
	return i;
}

static int
write_touched(Template *template, StringInfo out, const char *argument,
			  pg_attribute_unused() const char *rest,
			  pg_attribute_unused() int length)
{
	int			bits = 0;

	if (template->projection == NULL)
		return 0;
	while (*argument)
	{
		int			n = strcspn(argument, ",");

		bits |= COLUMN_BIT(column_of(template, argument, n));
		argument += n + (argument[n] == ',');
	}
	template->touched |= bits;
	appendStringInfo(out, "(c.bits & %d) <> 0", bits);
	return 0;
}

static int
write_extended(Template *template, StringInfo out,
			   pg_attribute_unused() const char *argument,
			   pg_attribute_unused() const char *rest,
			   pg_attribute_unused() int length)
{
	template->touched |= EXTENDED_BIT;
	appendStringInfo(out, "(c.bits & %d) <> 0", EXTENDED_BIT);
	return 0;
}

/* A number kept as text or bigint, as text; false for the osms types. */
static bool
append_number(const Template *template, StringInfo out, const char *column)
{
	int			i = column_of(template, column, strlen(column));

	switch (template->projection->type[i])
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			appendStringInfo(out, "c.%s::text", column);
			return true;
		case INT8OID:
			appendStringInfo(out, "lpad(c.%1$s::text, greatest(12, length(c.%1$s::text)), '0')",
							 column);
			return true;
		default:
			return false;
	}
}

static int
write_number(Template *template, StringInfo out, const char *argument,
			 pg_attribute_unused() const char *rest,
			 pg_attribute_unused() int length)
{
	return template->projection == NULL ||
		append_number(template, out, argument) ? 0 : -1;
}

static int
write_any_number(Template *template, StringInfo out, const char *argument,
				 pg_attribute_unused() const char *rest,
				 pg_attribute_unused() int length)
{
	if (template->projection && !append_number(template, out, argument))
		appendStringInfo(out, "c.%s::text", argument);
	return 0;
}

static int
write_subject(Template *template, StringInfo out,
			  pg_attribute_unused() const char *argument,
			  pg_attribute_unused() const char *rest,
			  pg_attribute_unused() int length)
{
	if (template->projection)
		appendStringInfoString(out, shape_of(template)->columns[shape_of(template)->subject].name);
	return 0;
}

static int
write_own(Template *template, StringInfo out,
		  pg_attribute_unused() const char *argument,
		  pg_attribute_unused() const char *rest,
		  pg_attribute_unused() int length)
{
	if (template->projection)
		appendStringInfoString(out, shape_of(template)->name);
	return 0;
}

/* All marks that are no definitions. */
static const BuiltIn marks[] = {
	{"r", false, write_registry},
	{"touched", true, write_touched},
	{"extended", false, write_extended},
	{"number", true, write_number},
	{"any_number", true, write_any_number},
	{"subject", false, write_subject},
	{"own", false, write_own},
};

/* A definition by name, NULL where there is none. */
static const Definition *
find_definition(const RuleSet *rules, const char *name)
{
	int			low = 0;
	int			high = rules->ndefinitions - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		int			order = strcmp(name, rules->definition[middle].name);

		if (order == 0)
			return &rules->definition[middle];
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The text of a definition in this registry, for this purpose. */
static const char *
text_of(const Template *template, const Definition *definition)
{
	if (template->purpose == TO_AUDIT && definition->in_audit)
		return definition->in_audit;
	if (template->purpose == TO_SIFT && definition->in_sift)
		return definition->in_sift;
	if (definition->relation != REL_KINDS && template->registry &&
		!OidIsValid(template->registry->relation[definition->relation]))
		return definition->otherwise;
	return definition->text;
}

/* How far the first of several arguments goes. */
static int
argument_length(const char *arguments, int length)
{
	int			depth = 0;
	int			n = 0;

	for (; n < length && !(arguments[n] == ';' && depth == 0); n++)
		depth += (arguments[n] == '{') - (arguments[n] == '}');
	return n;
}

/*
 * Write the arguments of a mark, without the white space around them; NULL
 * where one has nothing to judge.  Errors: 22023 where they are not as many
 * as the parameters of the definition.
 */
static char **
write_arguments(Template *template, const Mark *mark,
				const Definition *definition, const Frame *frame)
{
	char	  **arguments = palloc((definition->nparameters + 1) *
								   sizeof(char *));
	const char *at = mark->arguments;
	int			left = mark->length;
	int			n = 0;

	while (at && n < definition->nparameters)
	{
		int			length = argument_length(at, left);
		StringInfoData argument;

		initStringInfo(&argument);
		if (!write_part(template, &argument, at, length, frame))
			return NULL;
		while (argument.len > 0 &&
			   isspace((unsigned char) argument.data[argument.len - 1]))
			argument.data[--argument.len] = '\0';
		arguments[n++] = argument.data + strspn(argument.data, " \n");
		at = length < left ? at + length + 1 : NULL;
		left -= length + 1;
	}
	if (at || n < definition->nparameters)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mark \"%s\" takes %d arguments", mark->name,
						definition->nparameters),
				 errhint("Separate them by semicolons.")));
	return arguments;
}

/* Write what a definition stands for; false where it has nothing to judge. */
static bool
write_definition(Template *template, StringInfo out, const Mark *mark,
				 const Definition *definition, const Frame *frame)
{
	Frame		inner = {.definition = definition,.outer = frame};
	const char *sql;

	if (definition->join >= 0)
	{
		template->joins = bms_add_member(template->joins, definition->join);
		appendStringInfoString(out, definition->name);
		return true;
	}
	for (const Frame *f = frame; f; f = f->outer)
		if (f->definition == definition)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("definition \"%s\" rests on itself",
							definition->name)));
	inner.arguments = write_arguments(template, mark, definition, frame);
	if (inner.arguments == NULL)
		return false;
	sql = text_of(template, definition);
	return write_part(template, out, sql, strlen(sql), &inner);
}

/*
 * Write what a mark stands for, and move on behind it; false where that has
 * nothing to judge.  Errors: 22023 for a mark that is not known.
 */
static bool
write_mark(Template *template, StringInfo out, const Mark *mark,
		   const char **sql, int *length, const Frame *frame)
{
	const Definition *definition;

	*sql += mark->size;
	*length -= mark->size;
	for (int i = 0; frame && mark->arguments == NULL &&
		 i < frame->definition->nparameters; i++)
		if (strcmp(frame->definition->parameters[i], mark->name) == 0)
		{
			appendStringInfoString(out, frame->arguments[i]);
			return true;
		}
	for (int i = 0; i < (int) lengthof(marks); i++)
		if (strcmp(marks[i].name, mark->name) == 0 &&
			marks[i].argument == (mark->arguments != NULL))
		{
			StringInfoData argument;
			int			more;

			initStringInfo(&argument);
			if (mark->arguments)
				write_part(template, &argument, mark->arguments, mark->length,
						   frame);
			more = marks[i].write(template, out, argument.data, *sql, *length);
			*sql += Max(more, 0);
			*length -= Max(more, 0);
			return more >= 0;
		}
	definition = find_definition(template->rules, mark->name);
	if (definition == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no mark \"%s\"", mark->name),
				 errhint("SELECT name, parameters FROM osms.definition lists what a predicate may name; an array is written as ARRAY[...].")));
	return write_definition(template, out, mark, definition, frame);
}

/* Write a part of a text; false where it has nothing to judge. */
static bool
write_part(Template *template, StringInfo out, const char *sql, int length,
		   const Frame *frame)
{
	check_stack_depth();
	while (length > 0)
	{
		const char *brace = memchr(sql, '{', length);
		int			plain = brace ? brace - sql : length;
		Mark		mark;

		appendBinaryStringInfo(out, sql, plain);
		sql += plain;
		length -= plain;
		if (length == 0)
			break;
		if (read_mark(sql, length, &mark))
		{
			if (!write_mark(template, out, &mark, &sql, &length, frame))
				return false;
			pfree(mark.name);
			continue;
		}
		appendStringInfoChar(out, '{');
		sql++;
		length--;
	}
	return true;
}

/*
 * Write a text for a registry and a purpose; NULL where it has nothing to
 * judge.  Errors: 22023, 42703 for a text that cannot be written.
 */
char *
write_text(Template *template, const char *sql)
{
	StringInfoData out;

	initStringInfo(&out);
	return write_part(template, &out, sql, strlen(sql), NULL) ?
		out.data : NULL;
}

/*
 * Write the joins that the texts written so far need, and those that these
 * need in turn, which stand before them.
 */
char *
write_joins(Template *template)
{
	const RuleSet *rules = template->rules;
	char	  **joins = palloc0(rules->njoins * sizeof(char *));
	StringInfoData out;

	for (int j = rules->njoins - 1; j >= 0; j--)
		if (bms_is_member(j, template->joins))
			joins[j] = write_text(template, text_of(template, rules->join[j]));
	initStringInfo(&out);
	for (int j = 0; j < rules->njoins; j++)
	{
		if (!bms_is_member(j, template->joins))
			continue;
		if (joins[j] == NULL)
			elog(ERROR, "what is joined before \"%s\" reads it",
				 rules->join[j]->name);
		appendStringInfo(&out, " %s", joins[j]);
	}
	return out.data;
}

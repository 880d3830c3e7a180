/*
 * write_sql.c
 *		The statements by which a mapped view's row is worked out and written.
 */
#include "registry/write_sql.h"

#include "catalog.h"
#include "registry/map_trigger.h"
#include "registry/recording.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/*
 * The query that works out the values of a set of triples from the rows $1,
 * new, and $2, old; but for an INSERT the key comes last.
 */
char *
values_statement(const Trigger *trigger, Oid source, char event,
				 Bitmapset *triples)
{
	StringInfoData values;
	const char *comma = "";
	int			t = -1;

	initStringInfo(&values);
	while ((t = bms_next_member(triples, t)) >= 0)
	{
		AttrNumber	attno = get_attnum(source, trigger->tgargs[t + 1]);

		/* what a domain checks is for its table's owner, who writes it */
		appendStringInfo(&values, "%s(%s)::%s", comma, trigger->tgargs[t + 2],
						 format_type_extended(getBaseType(get_atttype(source,
																	  attno)),
											  -1, FORMAT_TYPE_TYPEMOD_GIVEN |
											  FORMAT_TYPE_FORCE_QUALIFY));
		comma = ", ";
	}
	if (event != 'I')
		appendStringInfo(&values, "%s%s", comma, trigger->tgargs[KEY_VALUE]);
	return psprintf("SELECT %s FROM (SELECT ($1).*) new, (SELECT ($2).*) old",
					values.data);
}

/* The statement that writes these values to the source. */
char *
write_statement(const Trigger *trigger, Oid source, const char *equal,
				char event, Bitmapset *triples, bool identification)
{
	const char *table = qualified_name(source);
	const char *key = quote_identifier(trigger->tgargs[KEY_COLUMN]);
	const char *check = identification && event != 'D' ?
		as_written(trigger, source, event, triples) : "";
	StringInfoData columns;
	StringInfoData parameters;
	int			n = 0;
	int			t = -1;

	initStringInfo(&columns);
	initStringInfo(&parameters);
	while ((t = bms_next_member(triples, t)) >= 0)
	{
		const char *comma = n ? ", " : "";

		n++;
		appendStringInfo(&columns, "%s%s", comma,
						 quote_identifier(trigger->tgargs[t + 1]));
		if (event == 'U')
			appendStringInfo(&columns, " = $%d", n);
		else
			appendStringInfo(&parameters, "%s$%d", comma, n);
	}
	switch (event)
	{
		case 'I':
			return psprintf("INSERT INTO %s (%s) VALUES (%s) RETURNING %s%s",
							table, columns.data, parameters.data, key, check);
		case 'U':
			return psprintf("UPDATE %s SET %s WHERE %s %s $%d RETURNING %s%s",
							table, columns.data, key, equal, n + 1, key,
							check);
		default:
			return psprintf("DELETE FROM %s WHERE %s %s $1", table, key,
							equal);
	}
}

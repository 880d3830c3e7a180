/*
 * map_trigger.c
 *		Reading the trigger that writes a mapped view (map_write.c).
 */
#include "registry/map_trigger.h"

/* Position of a column of the view, by name; -1 where it has none. */
int
view_column(TupleDesc desc, const char *name)
{
	for (int a = 0; a < desc->natts; a++)
		if (strcmp(NameStr(TupleDescAttr(desc, a)->attname), name) == 0)
			return a;
	return -1;
}

/* Whether a triple copies its column as it is, quoted or not. */
bool
is_plain(const Trigger *trigger, int t)
{
	const char *column = trigger->tgargs[t];
	const char *value = trigger->tgargs[t + 2];

	return strcmp(value, psprintf("new.%s", column)) == 0 ||
		strcmp(value, psprintf("new.\"%s\"", column)) == 0;
}

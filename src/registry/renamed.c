/*
 * renamed.c
 *		The columns that a mapping writes, by the names they have now.
 *
 * A view follows the columns of its table through their renaming, the
 * arguments of the trigger that writes it do not.  So a column that is gone
 * is looked for where the canonical column is read from.
 */
#include "guard/guard.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(osms_written_arguments);

/* Whether a trigger's arguments are a key and whole triples. */
bool
holds_triples(const Trigger *trigger)
{
	return trigger->tgnargs >= FIRST_TRIPLE &&
		(trigger->tgnargs - FIRST_TRIPLE) % TRIPLE == 0;
}

/* The one column that a canonical column is read from, or NULL. */
static char *
column_read(Oid view, const char *canonical)
{
	RelationKind kind = canonical_kind(view);
	int			i = canonical_column(kind, canonical, strlen(canonical));
	const Projection *p;
	AttrNumber	attno;
	ListCell   *lc;

	if (i < 0)
		return NULL;
	p = make_projection(kind, view);
	attno = p->attno[i];
	foreach(lc, variables_of((Node *) p->expr[i]))
	{
		AttrNumber	read = lfirst_node(Var, lc)->varattno;

		if (read <= 0 || (attno != InvalidAttrNumber && read != attno))
			return NULL;
		attno = read;
	}
	return attno == InvalidAttrNumber ? NULL :
		get_attname(p->source, attno, true);
}

/*
 * The arguments of the trigger that writes a view, with the names that its
 * columns have now; what cannot be found stays as it is.
 */
static char **
written_arguments(const Trigger *trigger, Oid view, Oid source)
{
	char	  **arguments = trigger->tgargs;

	for (int t = KEY_CANONICAL; t < trigger->tgnargs;
		 t = t == KEY_CANONICAL ? FIRST_TRIPLE : t + TRIPLE)
	{
		char	   *now;

		if (get_attnum(source, trigger->tgargs[t + 1]) != InvalidAttrNumber ||
			(now = column_read(view, trigger->tgargs[t])) == NULL)
			continue;
		if (arguments == trigger->tgargs)
		{
			arguments = palloc(trigger->tgnargs * sizeof(char *));
			memcpy(arguments, trigger->tgargs,
				   trigger->tgnargs * sizeof(char *));
		}
		arguments[t + 1] = now;
	}
	return arguments;
}

/*
 * The trigger that writes a view, as its columns are called now.  Errors:
 * 42703 where the key, or what these triples write, is gone.
 */
const Trigger *
with_present_columns(const Trigger *trigger, Bitmapset *triples, Oid view,
					 Oid source)
{
	Trigger    *present = palloc(sizeof(Trigger));
	int			t = KEY_CANONICAL;

	*present = *trigger;
	present->tgargs = written_arguments(trigger, view, source);
	do
	{
		const char *column = present->tgargs[t + 1];

		if (get_attnum(source, column) == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("mapped relation \"%s\" writes column \"%s\", which table \"%s\" no longer has",
							get_rel_name(view), column, get_rel_name(source)),
					 errhint("Map the relation again with osms.map().")));
		t = bms_next_member(triples, t == KEY_CANONICAL ? -1 : t);
	} while (t >= 0);
	return present;
}

/*
 * written_arguments(view): the arguments of the trigger that writes a mapped
 * view, with the names that its columns have now; NULL where it has none.
 */
Datum
osms_written_arguments(PG_FUNCTION_ARGS)
{
	Oid			view = PG_GETARG_OID(0);
	Oid			map_write = LookupFuncName(list_make2(makeString("osms"),
													  makeString("map_write")),
										   0, NULL, false);
	Relation	rel;
	const TriggerDesc *triggers;
	Datum	   *told = NULL;
	int			n = 0;

	(void) relation_name(view);
	rel = relation_open(view, AccessShareLock);
	/* a look-up may have those of the relation read anew */
	triggers = CopyTriggerDesc(rel->trigdesc);
	relation_close(rel, AccessShareLock);
	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];
		char	  **arguments;

		/* anybody may make one that is not as map() makes it */
		if (trigger->tgfoid != map_write || !holds_triples(trigger))
			continue;
		arguments = written_arguments(trigger, view, mapped_source(view));
		n = trigger->tgnargs;
		told = palloc(n * sizeof(Datum));
		for (int t = 0; t < n; t++)
			told[t] = CStringGetTextDatum(arguments[t]);
	}
	if (told == NULL)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(construct_array(told, n, TEXTOID, -1, false,
										  TYPALIGN_INT));
}

/*
 * renamed.c
 *		The columns that a mapping writes, by the names they have now.
 *
 * A view follows the columns of its table through their renaming, the
 * arguments of the trigger that writes it do not, and another column may have
 * the old name.  So what is written is looked for where the canonical column
 * is read from.
 */
#include "registry/renamed.h"

#include "catalog.h"
#include "registry/map_trigger.h"
#include "registry/projection.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(osms_written_arguments);
PG_FUNCTION_INFO_V1(osms_written_column);

/* Whether a trigger's arguments are a key and whole triples. */
bool
holds_triples(const Trigger *trigger)
{
	return trigger->tgnargs >= FIRST_TRIPLE &&
		(trigger->tgnargs - FIRST_TRIPLE) % TRIPLE == 0;
}

/*
 * The columns of the source that a column of its view is read from, as
 * pull_varattnos() numbers them; of one that the table computes, unless
 * "computed", those that it is computed from.
 */
static Bitmapset *
columns_read(Relation view, Relation source, const char *canonical,
			 bool computed)
{
	Query	   *query = get_view_query(view);
	AttrNumber	place = get_attnum(RelationGetRelid(view), canonical);
	TargetEntry *tle = place == InvalidAttrNumber ? NULL :
		get_tle_by_resno(query->targetList, place);
	Bitmapset  *direct = NULL;
	Bitmapset  *result = NULL;
	int			member = -1;

	for (int varno = 1; tle && varno <= list_length(query->rtable); varno++)
		if (rt_fetch(varno, query->rtable)->relid == RelationGetRelid(source))
			pull_varattnos((Node *) tle->expr, varno, &direct);
	while ((member = bms_next_member(direct, member)) >= 0)
	{
		AttrNumber	attno = member + FirstLowInvalidHeapAttributeNumber;

		if (attno > 0 && !computed &&
			TupleDescAttr(RelationGetDescr(source), attno - 1)->attgenerated)
			pull_varattnos(build_column_default(source, attno), 1, &result);
		else
			result = bms_add_member(result, member);
	}
	return result;
}

/*
 * What the column is called now that a mapping writes for a canonical one,
 * under a name of the past: one of those that this is read from, as osms.map
 * sees to, whatever else bears the name since.  The name itself where that
 * tells nothing, NULL where another column has it and several come into
 * question.  A key is looked for as it is read, even if that is computed.
 */
static char *
present_name(Relation view, Relation source, const char *canonical,
			 char *written, bool as_read)
{
	Oid			table = RelationGetRelid(source);
	AttrNumber	named = get_attnum(table, written);
	int			member = named - FirstLowInvalidHeapAttributeNumber;
	Bitmapset  *read = columns_read(view, source, canonical, true);

	if (bms_is_member(member, read))
		return written;
	if (!as_read)
		read = columns_read(view, source, canonical, false);
	if (bms_is_empty(read) || bms_is_member(member, read) ||
		bms_next_member(read, -1) + FirstLowInvalidHeapAttributeNumber <= 0)
		return written;
	if (bms_get_singleton_member(read, &member))
		return get_attname(table, member + FirstLowInvalidHeapAttributeNumber,
						   false);
	return named == InvalidAttrNumber ? written : NULL;
}

/* Whether rows are found by a key as it is read, be it computed or not. */
static bool
is_key_as_read(const Trigger *trigger, int t)
{
	return t == KEY_CANONICAL &&
		strcmp(trigger->tgargs[KEY_VALUE],
			   psprintf("old.%s", quote_identifier(trigger->tgargs[t]))) == 0;
}

/*
 * The arguments of the trigger that writes a view, with the names that its
 * columns have now; what is gone stays as it is, and NULL is where it cannot
 * be told which column a name was.
 */
static char **
written_arguments(const Trigger *trigger, Oid view, Oid source)
{
	char	  **arguments = palloc(trigger->tgnargs * sizeof(char *));
	Relation	view_rel = relation_open(view, AccessShareLock);
	Relation	source_rel = relation_open(source, AccessShareLock);

	memcpy(arguments, trigger->tgargs, trigger->tgnargs * sizeof(char *));
	for (int t = KEY_CANONICAL; t < trigger->tgnargs;
		 t = t == KEY_CANONICAL ? FIRST_TRIPLE : t + TRIPLE)
		arguments[t + 1] = present_name(view_rel, source_rel, arguments[t],
										arguments[t + 1],
										is_key_as_read(trigger, t));
	relation_close(source_rel, AccessShareLock);
	relation_close(view_rel, AccessShareLock);
	return arguments;
}

/* Errors: 42703 for what a mapping writes where there is no such column. */
static void
report_lost(Oid view, const char *column, Oid source, bool taken)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg(taken ? "mapped relation \"%s\" writes column \"%s\", which is another one of table \"%s\" now" :
					"mapped relation \"%s\" writes column \"%s\", which table \"%s\" no longer has",
					get_rel_name(view), column, get_rel_name(source)),
			 errhint("Map the relation again with osms.map().")));
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

		if (column == NULL ||
			get_attnum(source, column) == InvalidAttrNumber)
			report_lost(view, trigger->tgargs[t + 1], source, column == NULL);
		t = bms_next_member(triples, t == KEY_CANONICAL ? -1 : t);
	} while (t >= 0);
	/* the others are not written */
	for (t = 0; t < trigger->tgnargs; t++)
		if (present->tgargs[t] == NULL)
			present->tgargs[t] = trigger->tgargs[t];
	return present;
}

/*
 * written_column(view, column, written): what the column is called now that
 * the mapping of a view writes for one of its own; NULL where it cannot be
 * told.
 */
Datum
osms_written_column(PG_FUNCTION_ARGS)
{
	Oid			view = PG_GETARG_OID(0);
	Relation	view_rel;
	Relation	source_rel;
	char	   *name = NULL;

	(void) relation_name(view);
	view_rel = relation_open(view, AccessShareLock);
	source_rel = relation_open(mapped_source(view), AccessShareLock);
	if (view_rel->rd_rel->relkind == RELKIND_VIEW)
		name = present_name(view_rel, source_rel,
							text_to_cstring(PG_GETARG_TEXT_PP(1)),
							text_to_cstring(PG_GETARG_TEXT_PP(2)), false);
	relation_close(source_rel, AccessShareLock);
	relation_close(view_rel, AccessShareLock);
	if (name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

/*
 * written_arguments(view): the arguments of the trigger that writes a mapped
 * view, with the names that its columns have now; NULL where it has none.
 * Errors: 42703 where one cannot be told.
 */
Datum
osms_written_arguments(PG_FUNCTION_ARGS)
{
	Oid			view = PG_GETARG_OID(0);
	Oid			map_write = our_function("map_write", 0, NULL);
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
		{
			if (arguments[t] == NULL)
				report_lost(view, trigger->tgargs[t], mapped_source(view),
							true);
			told[t] = CStringGetTextDatum(arguments[t]);
		}
	}
	if (told == NULL)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(construct_array(told, n, TEXTOID, -1, false,
										  TYPALIGN_INT));
}

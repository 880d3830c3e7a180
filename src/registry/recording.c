/*
 * recording.c
 *		Whether an identification is what the writer of its channel recorded.
 *
 * Where a channel has a writer, only a statement of his records for it.  The
 * owner of the table has triggers there, which run while that statement does:
 * what they write is theirs, and what they change before it is stored is not
 * what he recorded.  Through the registry's view that is seen, and refused
 * there (map_write.c); of a statement on the table itself nobody sees what it
 * told.
 */
#include "registry/recording.h"

#include "registry/map_trigger.h"
#include "registry/projection.h"
#include "registry/registry.h"

#include "access/sysattr.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* The type of a column, with the length to which a value is stored. */
static char *
type_of_column(Oid source, const char *column)
{
	AttrNumber	attno = get_attnum(source, column);
	Oid			type;
	int32		typmod;
	Oid			collation;

	if (attno == InvalidAttrNumber)
		return "pg_catalog.text";	/* the statement will say so */
	get_atttypetypmodcoll(source, attno, &type, &typmod, &collation);
	return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN |
								FORMAT_TYPE_FORCE_QUALIFY);
}

/* Whether a column tells who was identified for what, and how. */
static bool
tells_identity(const char *column)
{
	int			i = canonical_column(REL_IDENTITY_EVENT, column,
									 strlen(column));

	return i >= 0 && i < EVENT_AT && i != EVENT_PROVIDER;
}

/*
 * What a statement returns beside the key: whether the row was stored as it
 * was told, in terms of the statement's parameters.  Only identifications ask
 * for that; other rows are judged as they are stored.  Of what tells who was
 * identified, for what and how, nothing is left to the source.
 */
char *
as_written(const Trigger *trigger, Oid source, char event, Bitmapset *triples)
{
	StringInfoData stored;
	StringInfoData told;
	StringInfoData empty;
	int			n = 0;

	initStringInfo(&stored);
	initStringInfo(&told);
	initStringInfo(&empty);
	for (int t = FIRST_TRIPLE; t < trigger->tgnargs; t += TRIPLE)
	{
		const char *column = quote_identifier(trigger->tgargs[t + 1]);
		const char *comma = told.len ? ", " : "";
		bool		written = bms_is_member(t, triples);

		n += written;
		if (trigger->tgargs[t][0] == '\0' ||
			(!written && strcmp(trigger->tgargs[t],
								trigger->tgargs[KEY_CANONICAL]) == 0))
			continue;			/* nobody told it */
		if (written)
		{
			appendStringInfo(&stored, "%s%s", comma, column);
			appendStringInfo(&told, "%s$%d::%s", comma, n,
							 type_of_column(source, trigger->tgargs[t + 1]));
		}
		else if (event == 'I' && tells_identity(trigger->tgargs[t]))
			appendStringInfo(&empty, " AND %s IS NULL", column);
	}
	/* the casts keep the rows from being compared column by column */
	return psprintf(", ROW(%s)::pg_catalog.record OPERATOR(pg_catalog.*=)"
					" ROW(%s)::pg_catalog.record%s", stored.data, told.data,
					empty.data);
}

/*
 * Refuse an identification that a trigger of the source stored otherwise than
 * it was told.  Errors: 27000.
 */
void
check_stored(Oid source)
{
	bool		isnull;

	if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 2, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger of table \"%s\" changed the identification that was to be recorded",
						get_rel_name(source)),
				 errhint("Let no trigger of the table change what is mapped to the relation \"identity_event\".")));
}

/*
 * A column is read by its number and written by its name: where two have
 * exchanged their names, one person's identification would be read as
 * another's.  Errors: 55000.
 */
void
check_recorded_column(Relation view, const char *canonical, Oid source,
					  const char *column)
{
	const Projection *p = make_projection(REL_IDENTITY_EVENT,
										  RelationGetRelid(view));
	AttrNumber	named = get_attnum(source, column);
	int			i = canonical_column(REL_IDENTITY_EVENT, canonical,
									 strlen(canonical));
	Bitmapset  *read = NULL;

	if (i < 0 || named == InvalidAttrNumber)
		return;					/* a default, or told by the write */
	if (p->attno[i] != 0)
		read = bms_make_singleton(p->attno[i] -
								  FirstLowInvalidHeapAttributeNumber);
	else if (p->expr[i])
		pull_varattnos((Node *) p->expr[i],
					   linitial_node(Var,
									 pull_var_clause((Node *) p->expr[i],
													 0))->varno,
					   &read);
	if (read && !bms_is_member(named - FirstLowInvalidHeapAttributeNumber,
							   read))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("mapped relation \"%s\" does not read column \"%s\" of table \"%s\", which it writes as \"%s\"",
						RelationGetRelationName(view), column,
						get_rel_name(source), canonical),
				 errhint("If columns were renamed, run osms.guard() again; else map the relation again with osms.map().")));
}

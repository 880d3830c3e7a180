/*
 * uncoded.c
 *		What is told of a column of codes and has none in its mapping.
 */
#include "registry/uncoded.h"

#include "registry/map_trigger.h"

#include "access/htup_details.h"
#include "utils/rel.h"

/* Columns of codes, and the rule that asks for one. */
static const struct
{
	const char *column;
	const char *rule;
}			coded[] = {
	{"reason", "reason"}, {"state", "transition"}, {"channel", NULL},
	{"ground", NULL}, {"sex", NULL}, {"class", NULL}, {"kind", NULL}
};

/* The mapping has no code for what is told of a column of codes. */
pg_noreturn static void
report_uncoded(Relation view, int column, int code, char *told,
			   const char *source_column)
{
	const char *name = coded[code].column;
	const char *rule = coded[code].rule;

	ereport(ERROR,
			(errcode(rule ? ERRCODE_CHECK_VIOLATION :
					 ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the mapping of relation \"%s\" has no code for %s \"%s\"",
					RelationGetRelationName(view), name, told),
			 rule ? errdetail("Rule \"%s\" finds unmapped_%s.", rule, name) : 0,
			 errhint("Map the relation again with osms.map(), with a code of column \"%s\" for it.",
					 source_column),
			 rule ? errtableconstraint(view, rule) : errtable(view),
			 errtablecol(view, column + 1)));
}

/*
 * See that the mapping has a code for what it writes: without one the source
 * would hold nothing, as if nothing had been told.  Errors: 23514, 55000.
 */
void
check_coded(Bitmapset *triples, Relation view, const Trigger *trigger,
			Datum row, SPITupleTable *values)
{
	TupleDesc	desc = RelationGetDescr(view);
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	HeapTupleData told = {.t_len = HeapTupleHeaderGetDatumLength(header),
	.t_data = header};
	int			n = 0;

	for (int t = bms_next_member(triples, -1); t >= 0;
		 t = bms_next_member(triples, t))
	{
		int			column = view_column(desc, trigger->tgargs[t]);

		n++;
		if (column < 0 || is_plain(trigger, t) ||
			heap_attisnull(&told, column + 1, desc) ||
			!heap_attisnull(values->vals[0], n, values->tupdesc))
			continue;
		for (int i = 0; i < (int) lengthof(coded); i++)
			if (strcmp(trigger->tgargs[t], coded[i].column) == 0)
				report_uncoded(view, column, i,
							   SPI_getvalue(&told, desc, column + 1),
							   trigger->tgargs[t + 1]);
	}
}

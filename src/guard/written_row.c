/*
 * written_row.c
 *		Reading the rows that a statement writes.
 *
 * The expression of a mapping may fail on one: then the row is at fault, and
 * the rule about what cannot be read says so.
 */
#include "guard/written_row.h"

#include "guard/violation.h"
#include "registry/registry.h"
#include "rule/rule.h"

#include "utils/lsyscache.h"

/* The rule that finds what of a row cannot be read; as osms_internal.unreadable_rule. */
static RuleId
unreadable_rule(const Guard *guard, const char *column)
{
	static const char *const others[][2] = {
		{"iin", "identifier"}, {"bin", "identifier"}, {"sex", "identity_data"},
		{"state", "transition"}, {"amount", "payment_due"},
		{"yearly_amount", "payment_contract"}
	};
	const char *name = "period";
	RuleId		rule;

	for (int i = 0; i < (int) lengthof(others); i++)
		if (strcmp(others[i][0], column) == 0)
			name = others[i][1];
	if (!rule_of(guard->rules, name, strlen(name), &rule))
		elog(ERROR, "there is no rule \"%s\"", name);
	return rule;
}

/*
 * In a PG_CATCH: the expression of a mapping fails on the row that is
 * written, as a text might that tells no date: its rule finds it unreadable.
 * Where that rule does not refuse, nobody can judge the row either.
 */
pg_noreturn static void
report_unreadable(const Guard *guard, int column, char event,
				  MemoryContext caller)
{
	const char *name = canonical_relations[guard->kind].columns[column].name;
	RuleId		rule;
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION &&
		error->sqlerrcode != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		PG_RE_THROW();
	FlushErrorState();
	rule = unreadable_rule(guard, name);
	if (guard->modes[rule] == MODE_ENFORCE)
		report_violation(guard, rule, column,
						 psprintf("unreadable_%s", name), event, NULL, NULL,
						 NULL);
	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg("column \"%s\" of relation \"%s\" cannot be read from the row of table \"%s\"",
					name, canonical_relations[guard->kind].name,
					get_rel_name(guard->source)),
			 errhint("Correct what its expression reads, or map the column by an expression that reads every row.")));
}

/* Read a row that a statement writes as a canonical one. */
void
project_written_row(const Guard *guard, ProjectionState *projection,
					TupleTableSlot *slot, CanonicalRow *row, char event)
{
	MemoryContext caller = CurrentMemoryContext;

	if (!projection->evaluates)
	{
		project_row(projection, slot, row);
		return;
	}
	PG_TRY();
	{
		project_row(projection, slot, row);
	}
	PG_CATCH();
	{
		report_unreadable(guard, projection->column, event, caller);
	}
	PG_END_TRY();
}

/*
 * violation.c
 *		How a violated rule is told.
 *
 * A refusal names the rule as constraint, the table and the column, and
 * shows of the row only its key, and that only to whom the statement gave it
 * or who may read the table.  Persons are never named.
 */
#include "guard/violation.h"

#include "catalog.h"
#include "guard/chunk.h"
#include "guard/discreet.h"
#include "guard/guard.h"
#include "guard/refusals.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/load.h"
#include "rule/rule.h"
#include "security/told.h"
#include "security/writer.h"
#include "type/encoding.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

/* What a rule found in rows of a statement without refusing it. */
typedef struct Warned
{
	RelationKind relation;
	RuleId		rule;
	char	   *finding;
	char	   *told;			/* what the writer is told, or NULL: nothing */
	int64		rows;
} Warned;

#define KEY_SHOWN 200			/* bytes of a key in a message */

/*
 * Whether the keys of the guarded table may be told: who writes may read
 * them, and so may whom the session acts as, for a foreign key's cascade
 * writes as the owner.
 */
static bool
may_be_told(Oid table)
{
	return may_read(table, writer_of(table)) &&
		may_read(table, GetOuterUserId());
}

/* ", 2026-01-31" where a date tells rows of one first column apart. */
static const char *
row_date(const CanonicalRelation *shape, const Datum *row, const bool *isnull)
{
	int			i = shape->dated;
	int			year;
	int			month;
	int			day;

	if (i == 0 || isnull[i] || DATE_NOT_FINITE(DatumGetDateADT(row[i])))
		return "";
	j2date(DatumGetDateADT(row[i]) + POSTGRES_EPOCH_JDATE, &year, &month,
		   &day);
	return psprintf(", %04d-%02d-%02d", year, month, day);
}

/* " in attachment 42" or nothing. */
static const char *
row_label(const Guard *guard, char event, const Datum *row,
		  const bool *isnull)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	Oid			output;
	bool		varlena;
	char	   *key;

	if (row == NULL || isnull[0] || guard->kind == REL_PERSON ||
		!(event == 'I' || may_be_told(guard->source)))
		return "";
	getTypeOutputInfo(guard->projection->type[0], &output, &varlena);
	key = tellable(OidOutputFunctionCall(output, row[0]));
	return psprintf(" in %s %.*s%s", shape->name,
					pg_mbcliplen(key, strlen(key), KEY_SHOWN), key,
					row_date(shape, row, isnull));
}

/*
 * One line in the server's log, which may tell what the writer is not told,
 * and the same in the counters.
 */
static void
log_finding(const Guard *guard, RelationKind relation, const char *what,
			RuleId rule, const char *finding, int64 rows)
{
	const char *role = GetUserNameFromId(writer_of(guard->source), true);

	if (role == NULL)
		role = "";
	ereport(LOG_SERVER_ONLY,
			(errmsg("osms %s: rule=%s finding=%s relation=%s.%s role=%s application=%s rows=%lld",
					what, guard->rules->rule[rule].id, finding, guard->registry.name,
					canonical_relations[relation].name, role,
					application_name, (long long) rows),
			 errhidestmt(true), errhidecontext(true)));
	count_refusal(guard, relation, what, rule, finding, role, rows);
}

/* Note what a rule found without refusing; told is NULL where nobody is. */
static void
note_warned(Findings *findings, RelationKind relation, RuleId rule,
			const char *finding, const char *told)
{
	ListCell   *cell;
	Warned	   *warned;
	MemoryContext caller;

	foreach(cell, findings->warned)
	{
		warned = lfirst(cell);
		if (warned->relation == relation && warned->rule == rule &&
			(warned->told == NULL) == (told == NULL) &&
			strcmp(warned->finding, finding) == 0)
		{
			warned->rows++;
			return;
		}
	}
	caller = MemoryContextSwitchTo(findings->context);
	warned = palloc(sizeof(Warned));
	warned->relation = relation;
	warned->rule = rule;
	warned->finding = pstrdup(finding);
	warned->told = told ? pstrdup(told) : NULL;
	warned->rows = 1;
	findings->warned = lappend(findings->warned, warned);
	MemoryContextSwitchTo(caller);
}

/* Let what a rule found first without refusing stand for more rows. */
void
count_more(Findings *findings, RuleId rule, int64 rows)
{
	ListCell   *cell;

	foreach(cell, findings->warned)
	{
		Warned	   *warned = lfirst(cell);

		if (warned->rule == rule)
		{
			warned->rows += rows;
			return;
		}
	}
}

/* Whether what a rule finds in a filing hangs on the person it is about. */
static bool
tells_of_person(RuleId rule)
{
	return rule == RULE_PERSON_KNOWN || rule == RULE_CLINIC_CATEGORY;
}

/* What of a finding follows a word of this length; NULL for another word. */
static const char *
rest_after(const char *finding, const char *word, size_t length)
{
	return strncmp(finding, word, length) == 0 ? finding + length : NULL;
}

/*
 * Whether a finding names a column as what is wrong: "changed_since",
 * "submitted_at_missing" or, of a time, "submitted_in_future".
 */
static bool
names_column(const char *finding, const char *column)
{
	static const char *const before[] = {"changed_", "unreadable_"};
	static const char *const after[] = {"_missing", "_later", "_in_future"};
	size_t		length = strlen(column);
	bool		time = length > 3 && strcmp(column + length - 3, "_at") == 0;

	for (int i = 0; i < (int) lengthof(before); i++)
	{
		const char *rest = rest_after(finding, before[i], strlen(before[i]));

		if (rest && strcmp(rest, column) == 0)
			return true;
	}
	for (int i = 0; i < (int) lengthof(after); i++)
		for (int cut = 0; cut <= (time ? 3 : 0); cut += 3)
		{
			const char *rest = rest_after(finding, column, length - cut);

			if (rest && strcmp(rest, after[i]) == 0)
				return true;
		}
	return false;
}

/* The column at fault: the one that a finding names, else that of its rule. */
static int
column_at_fault(RelationKind kind, const char *finding, int column)
{
	const CanonicalRelation *shape = &canonical_relations[kind];

	for (int i = 0; i < shape->ncolumns; i++)
		if (names_column(finding, shape->columns[i].name))
			return i;
	return column;
}

/*
 * What the table that is written calls a canonical column; NULL where it has
 * none for it.
 */
static const char *
source_column(const Guard *guard, int column)
{
	const Projection *p = guard->projection;

	return p->told[column] > 0 ?
		get_attname(p->source, p->told[column], true) : NULL;
}

/*
 * A rule found something.  In mode enforce this is the refusal, which does
 * not return; in mode warn, or in an import, it is counted; sift collects it.
 * What a stranger is told instead is in discreet.c.
 * row is the canonical row, of which key and date are told, or NULL.  Runs as
 * the user of the statement.
 */
void
report_violation(const Guard *guard, RuleId rule, int column,
				 const char *finding, char event, const Datum *row,
				 const bool *isnull, Findings *findings)
{
	const char *told = finding;
	const char *name;
	RuleId		told_rule = rule;
	const RuleSet *rules = guard->rules;
	bool		refuses = guard->modes[rule] == MODE_ENFORCE &&
		!is_doubt(finding) &&
		!(rules->rule[rule].import && findings && findings->imports);

	if (findings && findings->shown != SHOWN_PERSON &&
		(findings->shown == SHOWN_NOTHING || tells_of_person(rule)) &&
		!veil_finding(guard, findings->shown, refuses, &told_rule, &column,
					  &told))
	{
		note_warned(findings, guard->kind, rule, finding, NULL);
		return;
	}
	if (findings && findings->stranger)
		told = discreet_finding(guard, told_rule, told);
	if (!refuses)
	{
		/* before a row is written, only what refuses is looked for */
		if (findings)
			note_warned(findings, guard->kind, rule, finding, told);
		return;
	}
	if (findings && findings->collect)
	{
		findings->collect(findings->collector, findings->ord, rule, finding);
		return;
	}
	log_finding(guard, guard->kind, "refused", rule, finding, 1);
	name = source_column(guard, column_at_fault(guard->kind, told, column));
	ereport(ERROR,
			(errcode(rules->rule[told_rule].sqlstate),
			 errmsg("%s", message_of(rules, told_rule, told)),
			 errdetail("Rule \"%s\" finds %s%s.", rules->rule[told_rule].id, told,
					   row_label(guard, event, row, isnull)),
			 errhint("%s", hint_of(rules, told_rule, told, name)),
			 err_generic_string(PG_DIAG_SCHEMA_NAME,
								get_namespace_name(get_rel_namespace(guard->source))),
			 err_generic_string(PG_DIAG_TABLE_NAME,
								get_rel_name(guard->source)),
			 name ? err_generic_string(PG_DIAG_COLUMN_NAME, name) : 0,
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, rules->rule[told_rule].id)));
}

/* One WARNING for all that a rule found, begun by the first of it. */
static void
warn_of_rule(const RuleSet *rules, const Warned *first, int64 rows,
			 bool at_end)
{
	const char *id = rules->rule[first->rule].id;
	const char *told = first->told + (is_doubt(first->told) ? 1 : 0);

	/* the server's log has its line */
	ereport(WARNING_CLIENT_ONLY,
			(errcode(ERRCODE_WARNING),
			 errmsg("%s", message_of(rules, first->rule, told)),
			 errdetail_plural("Rule \"%s\" finds %s in %lld row of this %s.",
							  "Rule \"%s\" finds %s and the like in %lld rows of this %s.",
							  rows, id, told, (long long) rows,
							  at_end ? "transaction" : "statement"),
			 errhint("%s", hint_of(rules, first->rule, told, NULL)),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, id)));
}

/*
 * Tell what was found without a refusal: the server's log and the counters
 * of each finding, the writer of each rule.
 */
void
tell_findings(const Guard *guard, const Findings *findings)
{
	const RuleSet *rules = guard->rules;
	const Warned **first = palloc0(rules->nrules * sizeof(Warned *));
	int64	   *rows = palloc0(rules->nrules * sizeof(int64));
	ListCell   *cell;

	foreach(cell, findings->warned)
	{
		const Warned *warned = lfirst(cell);
		bool		doubt = is_doubt(warned->finding);

		log_finding(guard, warned->relation, doubt ? "doubts" : "would refuse",
					warned->rule, warned->finding + doubt, warned->rows);
		if (warned->told == NULL)
			continue;
		if (first[warned->rule] == NULL)
			first[warned->rule] = warned;
		rows[warned->rule] += warned->rows;
	}
	for (int i = 0; i < rules->nrules; i++)
		if (first[rules->told[i]])
			warn_of_rule(rules, first[rules->told[i]], rows[rules->told[i]],
						 findings->at_end);
}

static bool
is_rule(const char *name)
{
	RuleId		rule;

	return rule_of(rules_for(CurrentMemoryContext), name, strlen(name), &rule);
}

void
violation_init(void)
{
	told_init(is_rule);
}

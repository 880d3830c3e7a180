/*
 * journal.c
 *		Who wrote what: what the journal keeps of the changes of a statement.
 *
 * A row of its own for each change; but a statement that loads many rows into
 * a relation that no rule judges leaves one that counts them, for a month's
 * contributions are millions.
 */
#include "guard/journal.h"

#include "guard/changes.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/import.h"
#include "guard/plan.h"
#include "registry/keep.h"
#include "registry/registry.h"
#include "security/writer.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(osms_changed_columns);

#define LOADED_ROWS 1000		/* more of them are a load */

static const char entries[] =
"INSERT INTO {r}.journal (actor, relation, event, key, person, organisation,"
" state_before, state_after, since, until, reason, changed, import)"
" SELECT $1, '%1$s', c.op, coalesce(%2$s, ''), %3$s,"
" osms_internal.changed_columns('%1$s', c.bits), "
IMPORT
" FROM chunk c WHERE %4$s";

/* What a value was, and what it is. */
#define BECAME(column) \
	" c.old_" column "::text, CASE WHEN c.op <> 'D' THEN c." column "::text END,"

/* What the journal keeps of a change, per relation. */
static const struct
{
	const char *columns;		/* person to reason */
	const char *filter;
}			journal_parts[REL_KINDS] = {

	[REL_PERSON] = {"c.person, NULL, NULL, NULL, NULL, NULL, NULL",
	"c.op <> 'I'"},
	[REL_APPLICATION] = {"c.person, c.organisation::text,"
	BECAME("state") " NULL, NULL, c.reason", "true"},
	[REL_PERSON_ALIAS] = {"c.old, NULL, NULL, NULL, c.valid_from, NULL,"
	" c.act", "true"},
	[REL_ORGANISATION_STATUS] = {"NULL, c.organisation::text, NULL, NULL,"
	" c.valid_from, NULL, NULL", "true"},
	[REL_CONTRACT] = {"NULL, c.organisation::text, NULL, NULL,"
	" c.valid_from, c.valid_to, NULL", "true"},
	[REL_PAYMENT] = {"NULL, c.organisation::text, NULL, NULL, c.month, NULL,"
	" NULL", "true"},
	[REL_AUTHORITY_ORDER] = {"NULL, NULL, NULL, NULL, c.valid_from, NULL,"
	" c.cause", "true"},
	[REL_ORDER_SCOPE] = {"c.person, c.to_organisation::text, NULL, NULL,"
	" NULL, NULL, NULL", "true"},
	[REL_IDENTITY_EVENT] = {"c.person, NULL, NULL, NULL, NULL, NULL, NULL",
	"true"},
	[REL_ATTACHMENT] = {"c.person, c.organisation::text,"
	BECAME("state") " c.since, c.until, c.reason", "true"},
	[REL_RESIDENCE] = {"c.person, NULL,"
	BECAME("region") " c.valid_from, NULL, c.kind", "true"},
	[REL_ORGANISATION] = {"NULL, c.organisation::text,"
	BECAME("name") " NULL, NULL, NULL", "true"},
	[REL_ORGANISATION_SUCCESSION] = {"NULL, c.new::text, NULL, NULL, c.day,"
	" NULL, NULL", "true"},
	[REL_REGION_SUCCESSION] = {"NULL, NULL,"
	BECAME("new") " c.day, NULL, c.act", "true"},
	[REL_SITE] = {"NULL, c.organisation::text,"
	BECAME("norm") " c.valid_from, NULL, NULL", "true"},
	[REL_CLERK] = {"NULL, c.organisation::text,"
	BECAME("role") " c.valid_from, NULL, NULL", "true"},
	[REL_INSURANCE] = {"c.person, NULL,"
	BECAME("paid") " c.month, NULL, c.category", "true"},
	[REL_SERVICE] = {"c.person, c.organisation::text, NULL, NULL,"
	" c.served_on, NULL, NULL", "true"},
	[REL_COEFFICIENT] = {"NULL, c.organisation::text,"
	BECAME("value") " c.valid_from, NULL, c.act", "true"},
	[REL_ADJUSTMENT] = {"NULL, c.organisation::text,"
	BECAME("amount") " c.month, NULL, c.act", "true"},
	[REL_DEFECT] = {"NULL, c.organisation::text,"
	BECAME("cases") " c.month, NULL, c.act", "true"},
	[REL_ATTESTED_NUMBER] = {"NULL, NULL, NULL, NULL, NULL, NULL, c.act",
	"true"},
};

/* By what an entry tells a row, where the first column is not enough. */
static const char *const entry_keys[REL_KINDS] = {
	[REL_SITE] = "concat_ws(', ', c.organisation, c.site)",
	[REL_COEFFICIENT] = "concat_ws(', ', c.organisation, c.kind)",
	[REL_ADJUSTMENT] = "concat_ws(', ', c.organisation, c.line)",
	[REL_DEFECT] = "concat_ws(', ', c.organisation, c.code)",
};

/* The column that dates a load. */
static const char *const load_days[REL_KINDS] = {
	[REL_RESIDENCE] = "valid_from",
	[REL_ORGANISATION_SUCCESSION] = "day",
	[REL_REGION_SUCCESSION] = "day",
	[REL_SITE] = "valid_from",
	[REL_CLERK] = "valid_from",
	[REL_INSURANCE] = "month",
	[REL_SERVICE] = "served_on",
	[REL_COEFFICIENT] = "valid_from",
	[REL_ADJUSTMENT] = "month",
	[REL_DEFECT] = "month",
};

/* Write the changes of a chunk into the journal. */
void
write_journal(Chunk *chunk, const char *actor)
{
	Guard	   *guard = chunk->guard;
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(actor);
	const char *key = entry_keys[guard->kind];
	const char *sql = "";

	if (journal_parts[guard->kind].columns == NULL)
		return;
	if (guard->plans[PLAN_JOURNAL] == NULL)
		sql = psprintf(entries, shape->name, key ? key : key_text(shape),
					   journal_parts[guard->kind].columns,
					   journal_parts[guard->kind].filter);
	guard_execute(guard, PLAN_JOURNAL, sql, 1, &type, &value);
}

/* Whether a statement loads more rows than are worth an entry each. */
bool
is_load(const Guard *guard, const TriggerData *trigdata)
{
	return canonical_relations[guard->kind].traced &&
		TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) &&
		tuplestore_tuple_count(trigdata->tg_newtable) > LOADED_ROWS;
}

/* Write one entry for a load: how many rows, of which days. */
void
note_load(Guard *guard, TriggerData *trigdata)
{
	const char *day = load_days[guard->kind];
	Act			act = {
		.actor = GetUserNameFromId(writer_of(guard->source), false),
		.relation = canonical_relations[guard->kind].name,
		.event = 'I',
		.key = "",
		.reason = psprintf(INT64_FORMAT " rows",
						   tuplestore_tuple_count(trigdata->tg_newtable))
	};

	if (day)
		act.dated = days_of_new_rows(guard, trigdata,
									 canonical_column(guard->kind, day,
													  strlen(day)),
									 &act.since, &act.until);
	note_act(get_rel_namespace(guard->registry.roster), &act);
}

/* Tell the journal that a traced relation was emptied. */
void
note_truncation(Guard *guard)
{
	const Act	act = {
		.actor = GetUserNameFromId(writer_of(guard->source), false),
		.relation = canonical_relations[guard->kind].name,
		.event = 'T',
		.key = ""
	};

	note_act(get_rel_namespace(guard->registry.roster), &act);
}

/* changed_columns(relation, bits): the names, NULL where all are new. */
Datum
osms_changed_columns(PG_FUNCTION_ARGS)
{
	char	   *relation = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			bits = PG_GETARG_INT32(1);
	RelationKind kind;
	ArrayBuildState *names = NULL;

	if (!relation_kind_of(relation, &kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a canonical relation", relation)));
	if (bits == -1)
		PG_RETURN_NULL();
	for (int i = 0; i < canonical_relations[kind].ncolumns; i++)
		if (bits & COLUMN_BIT(i))
			names = accumArrayResult(names,
									 CStringGetTextDatum(canonical_relations[kind].columns[i].name),
									 false, TEXTOID, CurrentMemoryContext);
	if (names == NULL)
		PG_RETURN_DATUM(PointerGetDatum(construct_empty_array(TEXTOID)));
	PG_RETURN_DATUM(makeArrayResult(names, CurrentMemoryContext));
}

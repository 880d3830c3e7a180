/*
 * judge.c
 *		Judging changes by the clauses of the rules.
 *
 * The SQL clauses of a relation are put into one query over "c", the rows to
 * judge, joined to what the clauses look at.  In a guard c is the chunk, in
 * audit (audit.c) the relation itself; the clauses are the same.
 *
 * Sift judges candidates as if they had just been inserted: to its clauses
 * the relation holds the candidates that were accepted before.
 *
 * In a clause {r} is the registry, {touched:a,b} tells that a column changed,
 * {extended} that an attachment reaches further, {number:a} is a number kept
 * as text or bigint, as text, and {any_number:a} any number; parts that hang
 * on an optional relation are in optional.c.  {others} stands before a look at
 * other rows of the same person in the relation: audit knows who has none, by
 * {own}, the relation that is judged, and {subject}, whom it is about.
 * {last_decision} tells that no later row of the chunk decides for the same
 * clerk in the same hour; audit judges each.  {candidate} tells that the row
 * is not in the relation yet, as only sift's are.
 */
#include "guard/judge.h"

#include "catalog.h"
#include "guard/cache.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/identification.h"
#include "guard/plan.h"
#include "guard/violation.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/law_application.h"
#include "rule/law_place.h"
#include "rule/optional.h"
#include "rule/rule.h"
#include "security/owner.h"
#include "security/writer.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/*
 * The relations that clauses read beside c, by the alias they use.  In a
 * guard the person has just been read, when it was locked.
 */
static const struct
{
	const char *alias;
	const char *join;
	const char *chunk_join;		/* in a guard */
}			joins[] =
{
	{"s.", " CROSS JOIN (SELECT z.*, (now() AT TIME ZONE z.time_zone)::date"
		" AS today FROM {r}.setting z OFFSET 0) s", NULL},
	{"p.", " LEFT JOIN {r}.person p ON p.person = c.person",
		" CROSS JOIN LATERAL (SELECT c.locked_person AS person,"
		" c.locked_death AS death_date, c.locked_region AS region,"
	" c.locked_stay AS stay_until, c.version_birth AS birth_date) p"},
	{"o.", " LEFT JOIN {r}.organisation o ON o.organisation = c.organisation",
	NULL},
	{"ap.", " LEFT JOIN {r}.application ap ON ap.application = c.application",
	NULL},
	{"ao.", " LEFT JOIN {r}.authority_order ao ON ao.order_key = c.order_key",
	NULL},
	/* of the organisation on the first day */
	{"st.", STATUS_ON("c.since", "st"),
		" LEFT JOIN LATERAL (SELECT x.region, x.neighbours, x.valid_from"
		" FROM {r}.organisation_status x WHERE x.organisation = c.organisation"
		" AND x.valid_from <= c.since ORDER BY x.valid_from DESC,"
		" x.known_from DESC NULLS LAST LIMIT 1) st"
	" ON true"},
	/* only in audit */
	{"lt.", STATUS_ON(TODAY, "lt"), NULL},
	{"home.", "{home}", NULL},
	{"gone.", " LEFT JOIN (SELECT DISTINCT y.old AS person"
		" FROM {r}.person_alias y WHERE y.undone_at IS NULL) gone"
	" ON gone.person = c.person", NULL},
	{"shared.", "{shared}", NULL},
	{"contracts.", " LEFT JOIN " CONTRACTS " contracts"
	" ON contracts.organisation = c.organisation", NULL},
	{"admitted.", " LEFT JOIN " ADMITTED " admitted"
	" ON admitted.application = c.application", NULL},
	{"several.", " LEFT JOIN " SEVERAL " several"
	" ON several.subject = c.{subject}", NULL},
	{"overlapping.", " LEFT JOIN " OVERLAPPING " overlapping"
	" ON overlapping.attachment = c.attachment", NULL},
	{"crowd.", " LEFT JOIN " CROWD " crowd ON crowd.attachment = c.attachment",
	NULL},
};

/* Whether a clause uses an alias: "p." but not "ap.". */
static bool
uses_alias(const char *sql, const char *alias)
{
	const char *at = sql;

	while ((at = strstr(at, alias)) != NULL)
	{
		if (at == sql || !(isalnum((unsigned char) at[-1]) || at[-1] == '_'))
			return true;
		at++;
	}
	return false;
}

/* Bits of a list of columns, "a,b". */
static int
column_bits(RelationKind kind, const char *list, int length)
{
	int			bits = 0;

	while (length > 0)
	{
		const char *comma = memchr(list, ',', length);
		int			n = comma ? comma - list : length;
		int			i = canonical_column(kind, list, n);

		Assert(i >= 0);
		bits |= COLUMN_BIT(i);
		list += n + 1;
		length -= n + 1;
	}
	return bits;
}

/* A number kept as text or bigint, as text; NULL for the osms types. */
static char *
number_text(const Projection *p, const char *name, int length)
{
	int			i = canonical_column(p->kind, name, length);

	switch (p->type[i])
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return psprintf("c.%s::text", canonical_relations[p->kind].columns[i].name);
		case INT8OID:
			return psprintf("lpad(c.%1$s::text, greatest(12, length(c.%1$s::text)), '0')",
							canonical_relations[p->kind].columns[i].name);
		default:
			return NULL;
	}
}

/*
 * Bits of the columns whose change makes a clause look: those it asks after,
 * all of them where it asks after none.
 */
static int
watched_columns(RelationKind kind, const char *sql)
{
	int			bits = 0;
	const char *at = sql;

	while ((at = strstr(at, "{touched:")) != NULL)
	{
		const char *list = at + strlen("{touched:");

		bits |= column_bits(kind, list, strchr(list, '}') - list);
		at = list;
	}
	if (strstr(sql, "{extended}"))
		bits |= EXTENDED_BIT;
	return bits ? bits : -1;
}

/* Whether a clause of the guard has something to look at in a chunk. */
static bool
has_to_judge(const Chunk *chunk)
{
	const Guard *guard = chunk->guard;
	int			watched = 0;

	for (int i = 0; i < nclauses; i++)
		if (clauses[i].set && clause_enabled(guard, &clauses[i], false))
			watched |= watched_columns(guard->kind, clauses[i].set);
	for (int i = 0; i < chunk->nchanges; i++)
		if (chunk->changes[i].event != 'D' &&
			(chunk->changes[i].changed & watched) != 0)
			return true;
	return false;
}

/* Whether sql goes on with the name of the relation that is judged. */
static bool
names_own_relation(const Guard *guard, const char *sql)
{
	const char *own = canonical_relations[guard->kind].name;

	return strncmp(sql, "{r}.", 4) == 0 &&
		strncmp(sql + 4, own, strlen(own)) == 0 && sql[4 + strlen(own)] == ' ';
}

#define LAST_DECISION \
	"c.ord IN (SELECT max(c.ord) FROM chunk c, {r}.setting z" \
	" WHERE c.op <> 'D' AND c.decided_by IS NOT NULL GROUP BY c.decided_by," \
	"  date_trunc('hour', c.decided_at, z.time_zone))"

/*
 * Write a clause for this guard.  NULL where it has nothing to judge: a
 * number of an osms type was judged when it was read.
 */
char *
write_clause(const Guard *guard, const char *sql)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	StringInfoData out;
	char	   *expanded;

	initStringInfo(&out);
	while (*sql)
	{
		int			plain = strcspn(sql, "{");
		const char *end;
		char	   *number;
		char	   *part;

		appendBinaryStringInfo(&out, sql, plain);
		sql += plain;
		if (*sql == '\0')
			break;
		end = strchr(sql, '}');
		if (strncmp(sql, "{touched:", 9) == 0)
			appendStringInfo(&out, "(c.bits & %d) <> 0",
							 column_bits(guard->kind, sql + 9, end - sql - 9));
		else if (strncmp(sql, "{extended}", 10) == 0)
			appendStringInfo(&out, "(c.bits & %d) <> 0", EXTENDED_BIT);
		else if (strncmp(sql, "{number:", 8) == 0)
		{
			number = number_text(guard->projection, sql + 8, end - sql - 8);
			if (number == NULL)
				return NULL;
			appendStringInfoString(&out, number);
		}
		else if (strncmp(sql, "{any_number:", 12) == 0)
		{
			int			n = end - sql - 12;

			number = number_text(guard->projection, sql + 12, n);
			appendStringInfoString(&out, number ? number :
								   psprintf("c.%.*s::text", n, sql + 12));
		}
		else if (guard->purpose == TO_AUDIT &&
				 strncmp(sql, "{merged:", 8) == 0)
			appendStringInfoString(&out, "false");	/* nothing was changed */
		else if ((part = write_optional(&guard->registry, sql + 1,
										end - sql - 1)) != NULL)
			appendStringInfoString(&out, write_clause(guard, part));
		else if (strncmp(sql, "{others}", 8) == 0)
			appendStringInfoString(&out, guard->purpose == TO_AUDIT ?
								   "several.subject IS NOT NULL" : "true");
		else if (strncmp(sql, "{candidate}", 11) == 0)
			appendStringInfoString(&out, guard->purpose == TO_SIFT ?
								   "true" : "false");
		else if (strncmp(sql, "{subject}", 9) == 0)
			appendStringInfoString(&out, shape->columns[shape->subject].name);
		else if (strncmp(sql, "{own}", 5) == 0)
			appendStringInfoString(&out, shape->name);
		else if (strncmp(sql, "{last_decision}", 15) == 0)
			appendStringInfoString(&out, guard->purpose == TO_AUDIT ?
								   "true" : LAST_DECISION);
		else if (guard->purpose == TO_SIFT && names_own_relation(guard, sql))
		{
			appendStringInfoString(&out, "present");
			end = strchr(sql, ' ') - 1;
		}
		else
			appendBinaryStringInfo(&out, sql, end - sql + 1);
		sql = end + 1;
	}
	expanded = expand(guard, out.data);
	pfree(out.data);
	return expanded;
}

/*
 * What sift judges by as "present": the stored rows of the relation and the
 * candidates accepted so far.
 */
static char *
present_relation(const Guard *guard)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < shape->ncolumns; i++)
		if (OidIsValid(guard->projection->type[i]))
			appendStringInfo(&columns, "%s%s", i ? ", " : "",
							 shape->columns[i].name);
	return psprintf("WITH present AS NOT MATERIALIZED (SELECT %1$s FROM {r}.%2$s"
					" UNION ALL SELECT %1$s FROM accepted) ",
					columns.data, shape->name);
}

/* Note which of the joins a clause needs, as bits. */
int
joins_needed(const char *sql)
{
	int			needed = 0;

	for (int j = 0; j < (int) lengthof(joins); j++)
		if (uses_alias(sql, joins[j].alias))
			needed |= 1 << j;
	return needed;
}

/* The joins that clauses need. */
char *
write_joins(const Guard *guard, int needed)
{
	StringInfoData from;

	initStringInfo(&from);
	for (int j = 0; j < (int) lengthof(joins); j++)
		if (needed & (1 << j))
			appendStringInfoString(&from,
								   write_clause(guard,
												joins[j].chunk_join &&
												guard->purpose != TO_AUDIT ?
												joins[j].chunk_join :
												joins[j].join));
	return from.data;
}

/*
 * The query that judges the rows of a chunk by every enabled SQL clause:
 * columns ord and one finding a clause, named by the clause's position, for
 * rows with a finding.  NULL where no clause is enabled.
 *
 * At a glance, long clauses only tell by an asterisk where they must be read:
 * to make them ready costs more than to judge a few rows by the rest.
 */
static char *
judge_query(const Guard *guard, bool glance)
{
	StringInfoData findings;
	StringInfoData listed;
	int			needed = 0;

	initStringInfo(&findings);
	initStringInfo(&listed);
	for (int i = 0; i < nclauses; i++)
	{
		bool		glances = glance && clauses[i].lawful;
		char	   *sql;

		if (clauses[i].set == NULL ||
			!clause_enabled(guard, &clauses[i], false) ||
			(sql = write_clause(guard, glances ? clauses[i].lawful :
								clauses[i].set)) == NULL)
			continue;
		appendStringInfo(&findings, glances ?
						 ", (CASE WHEN (%s) IS NOT TRUE THEN '*' END) AS f%d" :
						 ", (%s) AS f%d", sql, i);
		appendStringInfo(&listed, "%sj.f%d", listed.len ? ", " : "", i);
		needed |= joins_needed(sql);
	}
	if (listed.len == 0)
		return NULL;
	return psprintf("%sSELECT * FROM (SELECT c.ord%s FROM"
					" (SELECT *, false AS stored FROM chunk WHERE op <> 'D') c"
					"%s) j WHERE num_nonnulls(%s) > 0 ORDER BY 1",
					guard->purpose == TO_SIFT ? present_relation(guard) : "",
					findings.data, write_joins(guard, needed), listed.data);
}

static char *
glance_query(const Guard *guard)
{
	return judge_query(guard, true);
}

static char *
closer_query(const Guard *guard)
{
	return judge_query(guard, false);
}

/* Judge one row by the C clauses that apply in a layer. */
void
judge_row(const Guard *guard, const RowChange *change, bool row_layer,
		  Findings *findings, char event)
{
	const CanonicalRow *row = change->new ? change->new : change->old;

	for (int i = 0; i < nclauses; i++)
	{
		const Clause *clause = &clauses[i];
		const char *finding;

		/* the set layer judges by SQL what may need a look */
		if (clause->relation != guard->kind || clause->row == NULL ||
			(!row_layer && clause->set != NULL) ||
			!clause_enabled(guard, clause, false) ||
			(row_layer && guard->modes[clause->rule] != MODE_ENFORCE))
			continue;
		/* whether an import is under way is known in the set layer alone */
		Assert(!rules[clause->rule].import);
		finding = clause->row(change);
		if (finding)
			report_violation(guard, clause->rule, clause->column, finding,
							 event, row->value, row->isnull, findings);
	}
}

/* Run a query over a published chunk; false where no clause is enabled. */
bool
run_judge(Chunk *chunk, GuardPlan plan, char *(*query) (const Guard *guard),
		  SPITupleTable **table)
{
	Guard	   *guard = chunk->guard;
	Oid			types[] = {NAMEOID, get_array_type(subject_type(guard)),
	TEXTOID, NAMEOID};
	Datum		values[4];
	Oid			user;
	int			context;
	NameData	writer;
	NameData	owner;
	char	   *sql = "";

	if (guard->plans[plan] == NULL &&
		(sql = query(guard)) == NULL)
		return false;
	namestrcpy(&writer, GetUserNameFromId(writer_of(guard->source), false));
	namestrcpy(&owner, GetUserNameFromId(relation_owner(guard->source),
										 false));
	values[0] = NameGetDatum(&writer);
	values[1] = person_array(guard, chunk->persons, chunk->npersons);
	values[2] = CStringGetTextDatum(recording_fault(chunk));
	values[3] = NameGetDatum(&owner);
	as_owner_begin(guard->registry.owner, &user, &context);
	guard_execute(guard, plan, sql, lengthof(types), types, values);
	*table = SPI_tuptable;
	as_owner_end(user, context);
	return true;
}

/* Whether a glance left clauses to be read. */
static bool
look_closer(SPITupleTable *table)
{
	for (uint64 r = 0; r < table->numvals; r++)
		for (int a = 2; a <= table->tupdesc->natts; a++)
		{
			char	   *finding = SPI_getvalue(table->vals[r], table->tupdesc,
											   a);

			if (finding && finding[0] == '*')
				return true;
		}
	return false;
}

/*
 * Judge the published rows of a chunk, which begin with the one at first, by
 * the SQL clauses.  False where no clause is enabled.
 */
static bool
judge_published(Chunk *chunk, Findings *findings)
{
	Guard	   *guard = chunk->guard;
	SPITupleTable *table;

	if (!run_judge(chunk, PLAN_GLANCE, glance_query, &table))
		return false;
	if (look_closer(table))
	{
		SPI_freetuptable(table);
		run_judge(chunk, PLAN_JUDGE, closer_query, &table);
	}
	for (uint64 r = 0; r < table->numvals; r++)
	{
		TupleDesc	desc = table->tupdesc;
		bool		isnull;
		int			ord = DatumGetInt32(SPI_getbinval(table->vals[r], desc, 1,
													  &isnull));
		const Change *change = &chunk->changes[ord];

		for (int a = 2; a <= desc->natts; a++)
		{
			char	   *finding = SPI_getvalue(table->vals[r], desc, a);
			int			i;

			if (finding == NULL)
				continue;
			i = atoi(SPI_fname(desc, a) + 1);
			findings->ord = ord;
			findings->shown = change->shown;
			report_violation(guard, clauses[i].rule, clauses[i].column,
							 finding, change->event,
							 change->value + CHANGE_NEW,
							 change->isnull + CHANGE_NEW, findings);
		}
	}
	findings->shown = SHOWN_PERSON;
	SPI_freetuptable(table);
	return true;
}

/*
 * Judge a published chunk by the SQL clauses.  Where a few persons have many
 * rows the first of them are judged first: a refusal need not wait for the
 * rest.
 */
void
judge_chunk(Chunk *chunk, Findings *findings)
{
	int			n = chunk->nchanges;
	bool		slices = n > 2 * CHUNK_PERSONS;
	int			size = slices ? CHUNK_PERSONS / 10 : n;

	if (!has_to_judge(chunk))
		return;
	for (int first = 0; first < n; first += size, size *= 8)
	{
		if (slices)
			chunk_publish_rows(chunk, first, Min(n - first, size));
		if (!judge_published(chunk, findings))
			break;
	}
	if (slices)
		chunk_publish(chunk);
}

/*
 * See what a change changed, judge it by what a row alone decides, and tell
 * whether there is anything to it.
 */
bool
weigh_change(const Guard *guard, ProjectionState *projection,
			 RowChange *change, char event, Findings *findings)
{
	MemoryContext caller;

	change->changed = -1;
	if (event == 'U')
	{
		change->changed = compare_rows(guard, projection, change->old,
									   change->new);
		if (change->changed == 0)
			return false;
	}
	caller = MemoryContextSwitchTo(projection->context->ecxt_per_tuple_memory);
	judge_row(guard, change, false, findings, event);
	MemoryContextSwitchTo(caller);
	return true;
}

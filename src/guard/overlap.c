/*
 * overlap.c
 *		Versions of the roster that overlap: nobody counts twice on one day.
 */
#include "guard/overlap.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/plan.h"
#include "guard/version.h"
#include "guard/violation.h"
#include "registry/registry.h"
#include "rule/rule.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* Current versions, newest first. */
static const char current_versions[] =
"SELECT r.person, r.attachment, r.since, r.until, r.mark = 'excused'"
" FROM {r}.roster r WHERE r.person = ANY ($1) AND r.known_to = 'infinity'"
" AND r.attachment IS NOT NULL"
" ORDER BY r.person, r.since DESC, r.attachment DESC";

/* Whether an attachment that counts again counts as suspect. */
static const char suspected[] =
"SELECT FROM {r}.attachment a"
" WHERE a.attachment = $1 AND a.state = 'suspect'";

/* $3 is the new mark: excused, or one of those that count again. */
static const char remark[] =
"WITH ended AS (UPDATE {r}.roster r SET known_to = " ENDED_NOW
"  WHERE r.person = $1 AND r.attachment = $2 AND r.known_to = 'infinity'"
"  RETURNING r.*)"
" INSERT INTO {r}.roster (" ROSTER_COLUMNS ")"
" SELECT attachment, person, organisation, site, since, until, birth_date,"
"  sex, basis, $3, known_to, 'infinity' FROM ended";

/* By whom versions were excused; once settled, each for one that counts. */
static const char excused_versions[] =
"SELECT r.xmin FROM {r}.roster r WHERE r.person = ANY ($1)"
" AND r.known_to = 'infinity' AND r.mark = 'excused'";

static const char pend[] =
"INSERT INTO {r}.pending (person) SELECT unnest($1)";

/* Type of the key of attachments. */
Oid
attachment_type(const Guard *guard)
{
	return guard->projection->type[ATTACHMENT_ATTACHMENT];
}

/* Whether two values of the person's type are equal. */
bool
same_person(const Guard *guard, Datum a, Datum b)
{
	TypeCacheEntry *type = lookup_type_cache(subject_type(guard),
											 TYPECACHE_EQ_OPR_FINFO);

	return DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo,
										  guard->collation, a, b));
}

/* Read the current versions of persons; returns their number. */
uint64
read_current(Guard *guard, Datum *persons, int n, SPITupleTable **table)
{
	Oid			type = get_array_type(subject_type(guard));
	Datum		array = person_array(guard, persons, n);
	const Oid	read[] = {subject_type(guard), attachment_type(guard), DATEOID,
	DATEOID, BOOLOID};
	uint64		rows = guard_execute(guard, PLAN_CURRENT_VERSIONS,
									 current_versions, 1, &type, &array);

	*table = SPI_tuptable;
	check_result(guard, lengthof(read), read);
	return rows;
}

/* Excuse a current version, or let it count again; this adds a version. */
static void
set_excused(Guard *guard, Datum person, Datum attachment, bool excused)
{
	Oid			types[] = {subject_type(guard), attachment_type(guard),
	TEXTOID};
	Datum		values[] = {person, attachment, 0};
	const char *mark = "excused";

	if (!excused)
	{
		mark = guard_execute(guard, PLAN_STATE, suspected, 1, types + 1,
							 values + 1) > 0 ? "suspect" : "counted";
		SPI_freetuptable(SPI_tuptable);
	}
	values[2] = CStringGetTextDatum(mark);
	guard_execute(guard, PLAN_REMARK, remark, 3, types, values);
}

/* A current version of a person. */
typedef struct Version
{
	Datum		attachment;
	DateADT		since;
	DateADT		until;
	bool		excused;
} Version;

/*
 * Settle the current versions of one person, newest first.  True where those
 * that count overlap and the rule refuses or warns; where it refuses nothing
 * is settled then.
 */
static bool
settle_person(Guard *guard, Datum person, Version *versions, int n)
{
	RuleMode	mode = guard->modes[RULE_ONE_ATTACHMENT];
	DateADT		counted_from = DATEVAL_NOEND;
	bool		unsettled = false;
	bool		overlaps = false;

	for (int i = 0; i < n; i++)
	{
		Version    *v = &versions[i];

		unsettled |= v->excused;
		if (v->excused)
			continue;
		if (v->until > counted_from)
		{
			if (mode == MODE_ENFORCE)
				return true;
			overlaps = mode == MODE_WARN;
			unsettled = true;
		}
		counted_from = v->since;
	}
	counted_from = DATEVAL_NOEND;
	for (int i = 0; i < n && unsettled; i++)
	{
		bool		excused = versions[i].until > counted_from;

		if (!excused)
			counted_from = versions[i].since;
		if (excused != versions[i].excused)
			set_excused(guard, person, versions[i].attachment, excused);
	}
	return overlaps;
}

/*
 * See that nobody counts twice.  A person whose versions now overlap is
 * judged at commit, for a later statement may still close one of them.  Where
 * the rule only warns or is off, and among versions that overlapped before
 * the guard stood, the newest counts and what overlaps it is excused.  Whose
 * changes go on in another chunk is settled with the last of them.
 */
void
settle_overlaps(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	Oid			type = get_array_type(subject_type(guard));
	Datum		persons;
	SPITupleTable *table;
	int			npersons = chunk->npersons - chunk->goes_on;
	uint64		n = read_current(guard, chunk->persons, npersons, &table);
	Datum	   *pending = palloc(chunk->npersons * sizeof(Datum));
	int			npending = 0;
	Version    *versions = palloc(n * sizeof(Version));
	int			nversions = 0;
	Datum		person = 0;

	for (uint64 r = 0; r <= n; r++)
	{
		Datum		row[5];
		bool		nulls[5];

		if (r < n)
			heap_deform_tuple(table->vals[r], table->tupdesc, row, nulls);
		if (nversions > 0 && (r == n || !same_person(guard, person, row[0])))
		{
			if (settle_person(guard, person, versions, nversions))
				pending[npending++] = person;
			nversions = 0;
		}
		if (r == n)
			break;
		person = row[0];
		versions[nversions].attachment = row[1];
		versions[nversions].since = DatumGetDateADT(row[2]);
		versions[nversions].until = DatumGetDateADT(row[3]);
		versions[nversions++].excused = DatumGetBool(row[4]);
	}
	if (npending > 0)
	{
		persons = person_array(guard, pending, npending);
		guard_execute(guard, PLAN_PEND, pend, 1, &type, &persons);
	}
	SPI_freetuptable(table);
}

/*
 * Warn of the persons noted in this transaction who still count only because
 * it excused what overlaps.  They are read all at once, by the first of them
 * that is judged, and settled again, for the mode may have been another when
 * they were noted.
 */
void
warn_of_overlaps(Guard *guard, Findings *findings)
{
	static const char unpend[] =
		"WITH noted AS (DELETE FROM {r}.pending RETURNING person)"
		" SELECT DISTINCT person FROM noted";
	Oid			type = get_array_type(subject_type(guard));
	Oid			type_of_person = subject_type(guard);
	uint64		n = guard_execute(guard, PLAN_UNPEND_ALL, unpend, 0, NULL,
								  NULL);
	SPITupleTable *table = SPI_tuptable;
	Datum	   *persons = palloc(n * sizeof(Datum));

	check_result(guard, 1, &type_of_person);
	for (uint64 r = 0; r < n; r++)
	{
		bool		isnull;

		persons[r] = SPI_getbinval(table->vals[r], table->tupdesc, 1, &isnull);
	}
	for (uint64 i = 0; i < n; i += CHUNK_PERSONS)
	{
		Chunk		chunk = {.guard = guard,.persons = persons + i,
		.npersons = Min(CHUNK_PERSONS, n - i)};
		Datum		array = person_array(guard, chunk.persons, chunk.npersons);
		uint64		excused;
		static const Oid read[] = {XIDOID};

		CHECK_FOR_INTERRUPTS();
		settle_overlaps(&chunk);
		excused = guard_execute(guard, PLAN_EXCUSED_NOW, excused_versions, 1,
								&type, &array);
		check_result(guard, lengthof(read), read);
		for (uint64 r = 0; r < excused; r++)
		{
			bool		isnull;
			TransactionId writer =
				DatumGetTransactionId(SPI_getbinval(SPI_tuptable->vals[r],
													SPI_tuptable->tupdesc, 1,
													&isnull));

			if (TransactionIdIsCurrentTransactionId(writer))
				report_violation(guard, RULE_ONE_ATTACHMENT, ATTACHMENT_SINCE,
								 "overlap", 'U', NULL, NULL, findings);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_freetuptable(table);
	if (n > 0)					/* of those just settled all is said */
		guard_execute(guard, PLAN_UNPEND_ALL, unpend, 0, NULL, NULL);
}

/* Whether current versions of a person that count overlap. */
bool
roster_overlaps(Guard *guard, Datum person)
{
	SPITupleTable *table;
	uint64		n = read_current(guard, &person, 1, &table);
	DateADT		counted_from = DATEVAL_NOEND;
	bool		overlap = false;

	for (uint64 r = 0; r < n && !overlap; r++)
	{
		Datum		row[5];
		bool		nulls[5];

		heap_deform_tuple(table->vals[r], table->tupdesc, row, nulls);
		if (DatumGetBool(row[4]))
			continue;
		overlap = DatumGetDateADT(row[3]) > counted_from;
		counted_from = DatumGetDateADT(row[2]);
	}
	SPI_freetuptable(table);
	return overlap;
}

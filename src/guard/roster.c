/*
 * roster.c
 *		The roster: who counted where, from when to when, and since when that
 *		is known.
 *
 * Versions are only added.  The one change a version sees is its known_to,
 * from infinity to the known_from of its successor, under the person's lock.
 * Among the current versions of a person those marked counted or suspect do
 * not overlap; an older one that would is marked excused and is not paid.
 * Nobody counts after the day of death, whatever the source says.
 */
#include "guard/roster.h"

#include "core/lifecycle.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/lock.h"
#include "guard/overlap.h"
#include "guard/plan.h"
#include "guard/version.h"
#include "registry/known_from.h"
#include "registry/registry.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#define BASIS_OF(x) \
	"CASE WHEN " x ".application IS NOT NULL THEN 'application'" \
	" WHEN " x ".order_key IS NOT NULL THEN 'order'" \
	" WHEN " x ".restores IS NOT NULL THEN 'restores'" \
	" ELSE 'inherited' END"

#define END_VERSIONS(changes, found_by) \
	"UPDATE {r}.roster r SET known_to = " ENDED_NOW \
	" FROM " VERSIONS_OF(changes, found_by) " c" \
	" WHERE r.ctid = c.version RETURNING c.ord, r.known_to, r.mark"

static const char end_versions[] =
END_VERSIONS("c.op <> 'I' AND c.version_from IS NOT NULL",
			 "x.person = c.old_person AND x.attachment = c.old_attachment");

/*
 * Where statements within were followed first, whatever the roster holds of
 * the row is to be ended: under whom it was, and under whom it is.
 */
static const char end_stale_versions[] =
END_VERSIONS("c.version_from IS NOT NULL",
			 "x.person IN (c.old_person, c.person)"
			 " AND x.attachment IN (c.old_attachment, c.attachment)");

static const char add_versions[] =
"INSERT INTO {r}.roster (" ROSTER_COLUMNS ")"
" SELECT c.attachment, c.person, c.organisation, c.site, c.since,"
"  c.version_until, c.version_birth, c.version_sex,"
"  " BASIS_OF("c") ", c.version_mark, c.version_from, 'infinity'"
" FROM chunk c WHERE c.version_mark IS NOT NULL";

/*
 * What the source held of the persons $1 before the statement, but for the
 * attachments $2.  What is IN a query, or NOT, is hashed, where it cannot
 * become a join; an array that is a parameter would be gone through for each
 * row.
 */
#define HELD_BEFORE \
	"SELECT a.attachment, a.person, a.organisation, a.site, a.since," \
	" least(coalesce(a.until, 'infinity'), p.death_date + 1) AS until," \
	" p.birth_date, p.sex," \
	" " BASIS_OF("a") " AS basis," \
	" CASE WHEN a.state = 'suspect' THEN 'suspect' ELSE 'counted' END AS mark" \
	" FROM (SELECT a.attachment, a.person, a.organisation, a.site, a.state," \
	"   a.since, a.until, a.application, a.order_key, a.restores" \
	"  FROM {r}.attachment a WHERE a.person = ANY ($1)" \
	"   AND a.attachment NOT IN (SELECT unnest($2))" \
	"  UNION ALL SELECT c.old_attachment, c.old_person, c.old_organisation," \
	"   c.old_site, c.old_state, c.old_since, c.old_until, c.old_application," \
	"   c.old_order_key, c.old_restores FROM chunk c WHERE c.op <> 'I'" \
	"   AND (c.old_person IN (SELECT unnest($1))) IS TRUE) a" \
	" JOIN {r}.person p ON p.person = a.person" \
	" WHERE a.state IN {attaching_states}" \
	"  AND a.since < least(coalesce(a.until, 'infinity'), p.death_date + 1)" \
	"  AND a.attachment IS NOT NULL AND a.organisation IS NOT NULL"

/* Newest first. */
static const char legacy_versions[] =
HELD_BEFORE " ORDER BY a.person, a.since DESC, a.attachment DESC";

/*
 * The persons of whom the roster tells something else than that.  What is
 * excused is left to settle_overlaps().
 */
static const char differing[] =
"SELECT DISTINCT coalesce(s.person, r.person) FROM (" HELD_BEFORE ") s"
" FULL JOIN (SELECT r.*, count(*) OVER (PARTITION BY r.attachment) AS current"
"  FROM {r}.roster r WHERE r.person = ANY ($1) AND r.known_to = 'infinity') r"
" ON r.attachment = s.attachment AND r.person = s.person"
" WHERE s.attachment IS NULL OR r.attachment IS NULL OR r.current > 1"
"  OR r.organisation <> s.organisation OR r.site IS DISTINCT FROM s.site"
"  OR r.since <> s.since OR r.until <> s.until"
"  OR r.birth_date IS DISTINCT FROM s.birth_date"
"  OR r.sex IS DISTINCT FROM s.sex OR r.basis <> s.basis"
"  OR r.mark <> 'excused' AND r.mark <> s.mark";

static const char add_legacy[] =
"INSERT INTO {r}.roster (" ROSTER_COLUMNS ")"
" SELECT attachment, person, organisation, site, since, until, birth_date,"
"  sex, basis, mark, osms_internal.roster_moment(), 'infinity' FROM legacy";

/* Whether a row of the attachment relation is a membership at all. */
static bool
is_member(const Datum *value, const bool *isnull)
{
	if (isnull[ATTACHMENT_STATE] || isnull[ATTACHMENT_SINCE] ||
		isnull[ATTACHMENT_ATTACHMENT] || isnull[ATTACHMENT_ORGANISATION] ||
		DatumGetChar(value[ATTACHMENT_STATE]) == ATTACHMENT_ANNULLED)
		return false;
	return isnull[ATTACHMENT_UNTIL] ||
		DatumGetDateADT(value[ATTACHMENT_SINCE]) <
		DatumGetDateADT(value[ATTACHMENT_UNTIL]);
}

static bool
is_suspect(const Datum *value)
{
	return DatumGetChar(value[ATTACHMENT_STATE]) == ATTACHMENT_SUSPECT;
}

/* Whether a change shows in the roster. */
static bool
alters_roster(const Change *change)
{
	const int	copied = ~(COLUMN_BIT(ATTACHMENT_STATE) |
						   COLUMN_BIT(ATTACHMENT_REASON));
	const Datum *new = change->value + CHANGE_NEW;
	const bool *new_null = change->isnull + CHANGE_NEW;
	const Datum *old = change->value + CHANGE_OLD(REL_ATTACHMENT);
	const bool *old_null = change->isnull + CHANGE_OLD(REL_ATTACHMENT);
	bool		was;
	bool		is;

	if (change->event != 'U')
		return true;
	was = is_member(old, old_null);
	is = is_member(new, new_null);
	if (was != is)
		return true;
	return is && ((change->changed & copied) != 0 ||
				  is_suspect(old) != is_suspect(new));
}

/* Keys of the attachments that the statement wrote. */
static Datum
written_keys(const Chunk *chunk)
{
	Oid			type = attachment_type(chunk->guard);
	ArrayBuildState *keys = initArrayResult(type, CurrentMemoryContext, false);

	for (int i = 0; i < chunk->nchanges; i++)
		if (chunk->changes[i].event != 'D')
			keys = accumArrayResult(keys, chunk->changes[i].value[CHANGE_NEW],
									chunk->changes[i].isnull[CHANGE_NEW],
									type, CurrentMemoryContext);
	for (int i = 0; i < chunk->nlater; i++)
		keys = accumArrayResult(keys, chunk->later[i], false, type,
								CurrentMemoryContext);
	return makeArrayResult(keys, CurrentMemoryContext);
}

/* Columns of a version as legacy_versions gives it. */
enum
{
	LEGACY_PERSON = 1, LEGACY_SINCE = 4, LEGACY_UNTIL = 5, LEGACY_MARK = 9,
	LEGACY_COLUMNS = 10
};

/*
 * Go through what the source held of persons of the chunk before the
 * statement, but for some keys.  Of versions that overlap the newest counts
 * and the others are excused.  Returns the number of versions.
 */
static uint64
read_legacy(Chunk *chunk, Datum persons, Datum but_for, SPITupleTable **table,
			void (*work) (void *arg, TupleDesc desc, Datum *row, bool *nulls,
						  bool excused),
			void *arg)
{
	Guard	   *guard = chunk->guard;
	const Oid  *types_of = guard->projection->type;
	Oid			types[] = {get_array_type(subject_type(guard)),
	get_array_type(attachment_type(guard))};
	Datum		values[] = {persons, but_for};
	uint64		n = guard_execute(guard, PLAN_LEGACY, legacy_versions, 2,
								  types, values);
	const Oid	read[LEGACY_COLUMNS] = {types_of[ATTACHMENT_ATTACHMENT],
		types_of[ATTACHMENT_PERSON], types_of[ATTACHMENT_ORGANISATION],
		types_of[ATTACHMENT_SITE], DATEOID, DATEOID, DATEOID,
		TupleDescAttr(guard->desc, CHANGE_EXTRA(REL_ATTACHMENT) +
					  VERSION_SEX)->atttypid, TEXTOID, TEXTOID};
	Datum		row[LEGACY_COLUMNS];
	bool		nulls[LEGACY_COLUMNS];
	Datum		person = 0;
	DateADT		counted_from = 0;

	*table = SPI_tuptable;
	check_result(guard, lengthof(read), read);
	for (uint64 r = 0; r < n; r++)
	{
		bool		excused;

		heap_deform_tuple((*table)->vals[r], (*table)->tupdesc, row, nulls);
		if (r == 0 || !same_person(guard, person, row[LEGACY_PERSON]))
			DATE_NOEND(counted_from);
		person = row[LEGACY_PERSON];
		excused = DatumGetDateADT(row[LEGACY_UNTIL]) > counted_from;
		if (!excused)
			counted_from = DatumGetDateADT(row[LEGACY_SINCE]);
		work(arg, (*table)->tupdesc, row, nulls, excused);
	}
	return n;
}

/* Keep a version for the roster. */
static void
keep_legacy(void *arg, TupleDesc desc, Datum *row, bool *nulls, bool excused)
{
	Tuplestorestate *store = arg;

	if (excused)
		row[LEGACY_MARK] = CStringGetTextDatum("excused");
	tuplestore_putvalues(store, desc, row, nulls);
}

/*
 * Enter what the source held before the statement of persons of the chunk, of
 * whom the roster holds nothing.  Returns the number of versions.
 */
static uint64
enter_legacy(Chunk *chunk, Datum persons, Datum but_for)
{
	Guard	   *guard = chunk->guard;
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	SPITupleTable *table;
	uint64		n = read_legacy(chunk, persons, but_for, &table, keep_legacy,
								store);

	if (n == 0)
	{
		tuplestore_end(store);
		SPI_freetuptable(table);
		return 0;
	}
	offer_relation("legacy", table->tupdesc, store);
	guard_execute(guard, PLAN_ADD_LEGACY, add_legacy, 0, NULL, NULL);
	withdraw_relation("legacy");
	tuplestore_end(store);
	SPI_freetuptable(table);
	return n;
}

/* What counted, and was entered as excused, counts again. */
static void
count_again(Guard *guard, Datum person)
{
	static const char again[] =
	"WITH ended AS (UPDATE {r}.roster r SET known_to = " ENDED_NOW
	"  FROM (SELECT x.attachment, (SELECT y.mark FROM {r}.roster y"
	"    WHERE y.person = x.person AND y.attachment = x.attachment"
	"     AND y.known_to <> 'infinity' ORDER BY y.known_from DESC LIMIT 1)"
	"   FROM {r}.roster x WHERE x.person = $1 AND x.known_to = 'infinity'"
	"    AND x.mark = 'excused') was (attachment, mark)"
	"  WHERE r.person = $1 AND r.attachment = was.attachment"
	"   AND r.known_to = 'infinity' AND was.mark <> 'excused'"
	"  RETURNING r.*, was.mark AS old_mark)"
	" INSERT INTO {r}.roster (" ROSTER_COLUMNS ")"
	" SELECT attachment, person, organisation, site, since, until, birth_date,"
	"  sex, basis, old_mark, known_to, 'infinity' FROM ended";
	Oid			type = subject_type(guard);

	guard_execute(guard, PLAN_COUNT_AGAIN, again, 1, &type, &person);
}

/* End all current versions of persons. */
static void
end_persons(Guard *guard, Oid type, Datum persons)
{
	static const char end[] =
	"UPDATE {r}.roster r SET known_to = " ENDED_NOW
	" WHERE r.person = ANY ($1) AND r.known_to = 'infinity'";

	guard_execute(guard, PLAN_END_PERSON, end, 1, &type, &persons);
}

/*
 * Enter persons of the chunk anew.  Overlaps of what the transaction wrote
 * still wait for their judgement at commit: they are not excused as those are
 * that the source held before.  Returns the number of versions.
 */
static uint64
enter_anew(Chunk *chunk, Datum *persons, int n, Datum but_for)
{
	static const char pending[] =
	"SELECT DISTINCT x.person FROM {r}.pending x WHERE x.person = ANY ($1)";
	Guard	   *guard = chunk->guard;
	Oid			type = get_array_type(subject_type(guard));
	Datum		array = person_array(guard, persons, n);
	const Oid	read[] = {subject_type(guard)};
	uint64		waiting;
	SPITupleTable *table;
	uint64		entered;

	end_persons(guard, type, array);
	entered = enter_legacy(chunk, array, but_for);
	waiting = guard_execute(guard, PLAN_PENDING, pending, 1, &type, &array);
	table = SPI_tuptable;
	check_result(guard, lengthof(read), read);
	for (uint64 r = 0; r < waiting; r++)
	{
		bool		isnull;

		count_again(guard, SPI_getbinval(table->vals[r], table->tupdesc, 1,
										 &isnull));
	}
	SPI_freetuptable(table);
	return entered;
}

/*
 * Bring the roster of the chunk's persons in line with what the source held
 * before the statement, where it may not be: it was filled under another
 * mapping or guard, or not yet.
 */
void
roster_bring_in_line(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	Oid			types[] = {get_array_type(subject_type(guard)),
	get_array_type(attachment_type(guard))};
	Datum		values[] = {person_array(guard, chunk->persons,
										 chunk->npersons), written_keys(chunk)};
	const Oid	read[] = {subject_type(guard)};
	uint64		n = guard_execute(guard, PLAN_DIFFERING, differing, 2, types,
								  values);
	SPITupleTable *table = SPI_tuptable;
	Datum	   *persons = palloc(n * sizeof(Datum));
	bool		isnull;

	check_result(guard, lengthof(read), read);
	for (uint64 r = 0; r < n; r++)
		persons[r] = SPI_getbinval(table->vals[r], table->tupdesc, 1, &isnull);
	if (n > 0)
		enter_anew(chunk, persons, n, values[1]);
	SPI_freetuptable(table);
}

/*
 * Enter what the source holds of locked persons in the place of what the
 * roster holds; returns the number of versions.
 */
uint64
roster_enter_persons(Guard *guard, Datum *persons, int n)
{
	EphemeralNamedRelation offered = offer_relation("chunk", guard->desc,
													NULL);
	uint64		entered = 0;

	for (int i = 0; i < n; i += CHUNK_PERSONS)
	{
		Chunk		chunk = {.guard = guard,.offered = offered};

		CHECK_FOR_INTERRUPTS();
		chunk_publish(&chunk);
		entered += enter_anew(&chunk, persons + i, Min(CHUNK_PERSONS, n - i),
							  written_keys(&chunk));
		chunk_forget(&chunk);
	}
	withdraw_relation("chunk");
	return entered;
}

/*
 * Begin to write about locked persons: all that a transaction writes is known
 * from one moment, unless another wrote about them since.  The roster is
 * locked before the clock is read: who closes a month waits for its writers,
 * and none of them may then come with a version known since before.
 */
void
roster_begin_moment(Guard *guard, Datum *persons, int n)
{
	static const char others[] =
	"SELECT max(greatest(r.known_from, CASE WHEN r.known_to < 'infinity'"
	"  THEN r.known_to END)) FROM {r}.roster r WHERE r.person = ANY ($1)"
	" AND NOT osms_internal.written_here(r.xmin)";
	Oid			roster = guard->registry.roster;
	Oid			type = get_array_type(subject_type(guard));
	Datum		array;
	Datum		latest;
	bool		isnull;
	static const Oid read[] = {TIMESTAMPTZOID};

	lock_roster(guard);
	if (!has_roster_moment(roster))
	{
		(void) roster_moment(roster);
		return;
	}
	array = person_array(guard, persons, n);
	guard_execute(guard, PLAN_WRITTEN_BY_OTHERS, others, 1, &type, &array);
	check_result(guard, lengthof(read), read);
	latest = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
						   &isnull);
	if (!isnull)
		move_roster_moment(roster, DatumGetTimestampTz(latest));
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Note in the changes of a chunk which versions they end and add, before it
 * is published.  known[i] tells that the person of change i is in the
 * registry.
 */
void
roster_note_versions(Chunk *chunk, const bool *known)
{
	int			extra = CHANGE_EXTRA(REL_ATTACHMENT);
	Oid			roster = chunk->guard->registry.roster;
	/* who sifts writes nothing */
	TimestampTz now = has_roster_moment(roster) ? roster_moment(roster) :
		GetCurrentTimestamp();
	Datum		counted = CStringGetTextDatum("counted");
	Datum		suspect = CStringGetTextDatum("suspect");

	for (int i = 0; i < chunk->nchanges; i++)
	{
		Change	   *change = &chunk->changes[i];

		/* of one written again the roster may hold what it was between */
		if (!change->renewed && !alters_roster(change))
			continue;
		change->value[extra + VERSION_FROM] = TimestampTzGetDatum(now);
		change->isnull[extra + VERSION_FROM] = false;
		if (change->event == 'D' || !known[i] ||
			!is_member(change->value + CHANGE_NEW,
					   change->isnull + CHANGE_NEW) ||
			DatumGetDateADT(change->value[CHANGE_NEW + ATTACHMENT_SINCE]) >=
			DatumGetDateADT(change->value[extra + VERSION_UNTIL]))
			continue;
		change->value[extra + VERSION_MARK] =
			is_suspect(change->value + CHANGE_NEW) ? suspect : counted;
		change->isnull[extra + VERSION_MARK] = false;
	}
}

/*
 * End the versions that a chunk replaces, and let their successors begin
 * where they end.
 */
static void
end_replaced(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	int			extra = CHANGE_EXTRA(REL_ATTACHMENT);
	uint64		n = chunk->stale ?
		guard_execute(guard, PLAN_END_STALE, end_stale_versions, 0, NULL, NULL) :
		guard_execute(guard, PLAN_END_VERSIONS, end_versions, 0, NULL, NULL);
	static const Oid read[] = {INT4OID, TIMESTAMPTZOID, TEXTOID};
	SPITupleTable *table = SPI_tuptable;

	check_result(guard, lengthof(read), read);
	for (uint64 r = 0; r < n; r++)
	{
		Datum		row[3];
		bool		nulls[3];
		Change	   *change;
		Datum	   *from;

		heap_deform_tuple(table->vals[r], table->tupdesc, row, nulls);
		change = &chunk->changes[DatumGetInt32(row[0])];
		from = &change->value[extra + VERSION_FROM];
		/* of several stale ones the last */
		if (!chunk->stale ||
			DatumGetTimestampTz(row[1]) > DatumGetTimestampTz(*from))
			*from = row[1];
		/* what was excused stays so until it overlaps no more */
		if (!change->isnull[extra + VERSION_MARK] && !nulls[2] &&
			strcmp(TextDatumGetCString(row[2]), "excused") == 0)
			change->value[extra + VERSION_MARK] =
				PointerGetDatum(PG_DETOAST_DATUM_COPY(row[2]));
	}
	SPI_freetuptable(table);
}

/* Let the roster follow the changes of a chunk, under the lock on its persons. */
void
roster_follow(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	int			extra = CHANGE_EXTRA(REL_ATTACHMENT);
	bool		ends = false;
	bool		adds = false;

	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];

		ends |= (chunk->stale || change->event != 'I') &&
			!change->isnull[extra + VERSION_FROM];
		adds |= !change->isnull[extra + VERSION_MARK];
	}
	if (ends)
	{
		end_replaced(chunk);
		if (adds)
			chunk_publish(chunk);
	}
	if (adds)
		guard_execute(guard, PLAN_ADD_VERSIONS, add_versions, 0, NULL, NULL);
	if (ends || adds || chunk->went_on)
		settle_overlaps(chunk);
}

/* Who is told of the versions that count. */
typedef struct Counted
{
	void		(*counted) (void *arg, Datum person, DateADT since,
							DateADT until);
	void	   *arg;
} Counted;

static void
tell_legacy(void *arg, pg_attribute_unused() TupleDesc desc, Datum *row,
			pg_attribute_unused() bool *nulls, bool excused)
{
	Counted    *told = arg;

	if (!excused)
		told->counted(told->arg, row[LEGACY_PERSON],
					  DatumGetDateADT(row[LEGACY_SINCE]),
					  DatumGetDateADT(row[LEGACY_UNTIL]));
}

/*
 * Tell of every version of the chunk's persons that counts now; of a roster
 * that is not complete, of those that would if it were.  Nothing is written.
 */
void
roster_counted(Chunk *chunk, bool complete,
			   void (*counted) (void *arg, Datum person, DateADT since,
								DateADT until),
			   void *arg)
{
	Guard	   *guard = chunk->guard;
	Counted		told = {counted, arg};
	SPITupleTable *table;
	uint64		n;

	if (!complete)
	{
		read_legacy(chunk, person_array(guard, chunk->persons, chunk->npersons),
					PointerGetDatum(construct_empty_array(attachment_type(guard))),
					&table, tell_legacy, &told);
		SPI_freetuptable(table);
		return;
	}
	n = read_current(guard, chunk->persons, chunk->npersons, &table);
	for (uint64 r = 0; r < n; r++)
	{
		Datum		row[5];
		bool		nulls[5];

		heap_deform_tuple(table->vals[r], table->tupdesc, row, nulls);
		if (!DatumGetBool(row[4]))
			counted(arg, row[0], DatumGetDateADT(row[2]),
					DatumGetDateADT(row[3]));
	}
	SPI_freetuptable(table);
}

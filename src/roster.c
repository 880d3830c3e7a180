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
#include "guard.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "core/lifecycle.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

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
 * What the source held of these persons before the statement, for persons
 * the roster does not know yet: newest first.  LIMIT keeps the planner from a
 * join with the whole roster, which it may take for small while it is filled.
 * What is IN a query, or NOT, is hashed, where it cannot become a join; an
 * array that is a parameter would be gone through for each row.
 */
static const char legacy_versions[] =
"SELECT a.attachment, a.person, a.organisation, a.site, a.since,"
" least(coalesce(a.until, 'infinity'), p.death_date + 1) AS until,"
" p.birth_date, p.sex,"
" " BASIS_OF("a") " AS basis,"
" CASE WHEN a.state = 'suspect' THEN 'suspect' ELSE 'counted' END AS mark"
" FROM (SELECT a.attachment, a.person, a.organisation, a.site, a.state,"
"   a.since, a.until, a.application, a.order_key, a.restores"
"  FROM {r}.attachment a WHERE a.person = ANY ($1)"
"   AND a.attachment NOT IN (SELECT unnest($2))"
"  UNION ALL SELECT c.old_attachment, c.old_person, c.old_organisation,"
"   c.old_site, c.old_state, c.old_since, c.old_until, c.old_application,"
"   c.old_order_key, c.old_restores FROM chunk c WHERE c.op <> 'I') a"
" JOIN {r}.person p ON p.person = a.person"
" WHERE a.state IN ('active', 'suspect', 'closed')"
"  AND a.since < least(coalesce(a.until, 'infinity'), p.death_date + 1)"
"  AND a.attachment IS NOT NULL AND a.organisation IS NOT NULL"
"  AND (a.person IN (SELECT u.person FROM unnest($1) u(person) WHERE"
"   (SELECT true FROM {r}.roster r WHERE r.person = u.person"
"    AND r.known_to = 'infinity' LIMIT 1) IS NULL)) IS TRUE"
" ORDER BY a.person, a.since DESC, a.attachment DESC";

static const char add_legacy[] =
"INSERT INTO {r}.roster (" ROSTER_COLUMNS ")"
" SELECT attachment, person, organisation, site, since, until, birth_date,"
"  sex, basis, mark, clock_timestamp(), 'infinity' FROM legacy";

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
 * Go through what the source holds, but for some keys, of those persons of
 * the chunk that the roster does not know.  Of versions that overlap the
 * newest counts and the others are excused.  Returns the number of versions.
 */
static uint64
read_legacy(Chunk *chunk, Datum but_for, SPITupleTable **table,
			void (*work) (void *arg, TupleDesc desc, Datum *row, bool *nulls,
						  bool excused),
			void *arg)
{
	Guard	   *guard = chunk->guard;
	const Oid  *types_of = guard->projection->type;
	Oid			types[] = {get_array_type(subject_type(guard)),
	get_array_type(attachment_type(guard))};
	Datum		values[] = {person_array(guard, chunk->persons,
										 chunk->npersons), but_for};
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
 * Enter what the source held before the statement of those persons of the
 * chunk that the roster does not know.  Returns the number of versions.
 */
uint64
roster_enter_legacy(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	SPITupleTable *table;
	uint64		n = read_legacy(chunk, written_keys(chunk), &table, keep_legacy,
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

/*
 * Enter what the source holds of locked persons whom the roster does not
 * know; returns the number of versions.
 */
uint64
roster_enter_persons(Guard *guard, Datum *persons, int n)
{
	EphemeralNamedRelation offered = offer_relation("chunk", guard->desc,
													NULL);
	uint64		entered = 0;

	for (int i = 0; i < n; i += CHUNK_PERSONS)
	{
		Chunk		chunk = {.guard = guard,.offered = offered,
		.persons = persons + i,.npersons = Min(CHUNK_PERSONS, n - i)};

		CHECK_FOR_INTERRUPTS();
		chunk_publish(&chunk);
		entered += roster_enter_legacy(&chunk);
		chunk_forget(&chunk);
	}
	withdraw_relation("chunk");
	return entered;
}

/*
 * Note in the changes of a chunk which versions they end and add, before it
 * is published.  known[i] tells that the person of change i is in the
 * registry.  The roster is locked before the clock is read: who closes a
 * month waits for its writers, and none of them may then come with a version
 * known since before the closing.
 */
void
roster_note_versions(Chunk *chunk, const bool *known)
{
	int			extra = CHANGE_EXTRA(REL_ATTACHMENT);
	TimestampTz now;
	Datum		counted = CStringGetTextDatum("counted");
	Datum		suspect = CStringGetTextDatum("suspect");

	LockRelationOid(chunk->guard->registry.roster, RowExclusiveLock);
	now = GetCurrentTimestamp();
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
 * Tell of every version of the chunk's persons that counts now, or would
 * where the roster does not know the person yet.  Nothing is written.
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
	uint64		n = read_current(guard, chunk->persons, chunk->npersons, &table);

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
	if (complete)
		return;
	read_legacy(chunk,
				PointerGetDatum(construct_empty_array(attachment_type(guard))),
				&table, tell_legacy, &told);
	SPI_freetuptable(table);
}

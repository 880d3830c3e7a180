/*
 * lock.c
 *		What is locked, and in which order.
 *
 * A statement locks the rows that it writes before any trigger runs.  Then a
 * guard takes what it needs, always in this order: the roster, so that no
 * closing comes between; the contracts of all organisations to which the
 * statement attaches; the persons, chunk by chunk, in the order of their keys.
 * Whoever changes or amends a contract locks its rows and nothing after them.
 *
 * The person is the mutex of everything about that person.  Persons are
 * locked, then looked at with a fresh snapshot, then written about; never the
 * other way round.  Workflow calls lock them, too (lock_persons.c).
 */
#include "guard/lock.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/import.h"
#include "guard/key_set.h"
#include "guard/plan.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "security/owner.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#define CONTRACT_ROWS \
	"SELECT FROM {r}.contract k WHERE k.organisation = ANY ($1)" \
	" ORDER BY k.organisation, k.valid_from, k.known_from"

/* KEY SHARE would not wait for a change of valid_to or yearly_amount. */
const char hold_of_contracts[] = CONTRACT_ROWS " FOR SHARE";

/*
 * Keep closings out, who wait for those who hold the roster: before anything
 * is locked that others need on their way to it.
 */
void
lock_roster(const Guard *guard)
{
	LockRelationOid(guard->registry.roster, RowExclusiveLock);
}

/* Whether contracts have to be held where a guard judges attachments. */
bool
needs_contracts(const Guard *guard)
{
	return OidIsValid(guard->registry.relation[REL_CONTRACT]) &&
		guard->modes[RULE_CONTRACTED] >= MODE_WARN;
}

/* Lock the contracts of organisations with this query, as who acts. */
void
lock_contracts(Guard *guard, const char *sql, KeySet *organisations)
{
	Oid			type;
	Datum		value;

	if (organisations->n == 0)
		return;
	type = get_array_type(organisations->type);
	value = key_array(organisations);
	guard_execute(guard, PLAN_HOLD_CONTRACTS, sql, 1, &type, &value);
	SPI_freetuptable(SPI_tuptable);
}

/* Hold contracts, as their rules' registry's owner. */
void
hold_as_owner(Guard *guard, KeySet *organisations)
{
	Oid			user;
	int			context;

	as_owner_begin(guard->registry.owner, &user, &context);
	lock_contracts(guard, hold_of_contracts, organisations);
	as_owner_end(user, context);
}

/*
 * Note the organisation to which a row attaches somebody, or from another day
 * on: its contracts are to be held, so that none ends before we do.
 */
void
note_given(const Guard *guard, const RowChange *change,
		   KeySet *organisations)
{
	bool		event = guard->kind == REL_ATTACHMENT_EVENT;
	int			organisation = event ? CHAIN_ORGANISATION : ATTACHMENT_ORGANISATION;
	int			touched = COLUMN_BIT(organisation) |
		COLUMN_BIT(event ? CHAIN_DAY : ATTACHMENT_SINCE);

	if (change->new == NULL || (change->changed & touched) == 0 ||
		change->new->isnull[organisation] ||
		(event && !change->new->isnull[CHAIN_CLOSES]))
		return;
	add_key(organisations, change->new->value[organisation]);
}

/* Hold the contracts of the organisations to which a chunk attaches. */
void
hold_given(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	const int	organisation = CHANGE_NEW + ATTACHMENT_ORGANISATION;
	const int	touched = COLUMN_BIT(ATTACHMENT_ORGANISATION) |
		COLUMN_BIT(ATTACHMENT_SINCE);
	KeySet		given;

	if (!needs_contracts(guard))
		return;
	begin_keys(&given, guard->projection->type[ATTACHMENT_ORGANISATION],
			   guard->projection->collation[ATTACHMENT_ORGANISATION]);
	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];

		if (change->event != 'D' && (change->changed & touched) != 0 &&
			!change->isnull[organisation])
			add_key(&given, change->value[organisation]);
	}
	lock_contracts(guard, hold_of_contracts, &given);
}

/*
 * An end or an amount agreed later is a new row, which nobody can hold yet;
 * so lock what the organisation had before, against those who hold it.  A
 * row that changes or goes is locked by that, and locking others after it
 * would be out of order.  Where there was none before there is nothing to
 * lock: until it commits, whom we attach or pay there has no contract and is
 * refused.
 */
void
lock_amended(Chunk *chunk)
{
	static const char lock[] = CONTRACT_ROWS " FOR NO KEY UPDATE";
	const int	organisation = CHANGE_NEW + CONTRACT_ORGANISATION;
	const Projection *p = chunk->guard->projection;
	KeySet		given;

	begin_keys(&given, p->type[CONTRACT_ORGANISATION],
			   p->collation[CONTRACT_ORGANISATION]);
	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];

		if (change->event != 'D' && !change->isnull[organisation] &&
			(change->changed & COLUMN_BIT(CONTRACT_ORGANISATION)) != 0)
			add_key(&given, change->value[organisation]);
	}
	lock_contracts(chunk->guard, lock, &given);
}

/* What is read of a person. */
enum
{
	READ_PERSON, READ_DEATH, READ_BIRTH, READ_SEX, READ_COMPLETE,
	READ_DAY_AFTER, READ_REGION, READ_STAY, READ_IMPORTS, READ_COLUMNS
};

#define PERSONS_AMONG(persons) \
	"SELECT p.person, p.death_date, p.birth_date, p.sex, s.roster_complete," \
	" p.death_date + 1, p.region, p.stay_until, " IMPORT " IS NOT NULL" \
	" FROM {r}.person p, {r}.setting s WHERE p.person = ANY (" persons ")" \
	" ORDER BY p.person"
#define PERSONS PERSONS_AMONG("$1")
#define LOCKED " FOR NO KEY UPDATE OF p"

const char lock_of_persons[] = PERSONS LOCKED;

/*
 * A merge is about everybody to whom it leads, too: two that close a ring
 * with merges that stand have one of them in common.  The terms of the
 * recursion have one collation, which may be another than the parameter's.
 */
static const char lock_of_merged[] = PERSONS_AMONG(
	"ARRAY(SELECT unnest($1) UNION"
	" (WITH RECURSIVE heir AS (SELECT y.new FROM {r}.person_alias y"
	"   WHERE y.old = ANY ($1) AND y.undone_at IS NULL"
	"  UNION SELECT y.new FROM heir JOIN {r}.person_alias y"
	"   ON y.old = heir.new AND y.undone_at IS NULL)"
	"  SELECT heir.new FROM heir))") LOCKED;

static void
set_extra(const Guard *guard, Change *change, int column, Datum value,
		  bool isnull)
{
	change->value[CHANGE_EXTRA(guard->kind) + column] = value;
	change->isnull[CHANGE_EXTRA(guard->kind) + column] = isnull;
}

/* Note with a change what rules look at of its person. */
static void
note_person(const Guard *guard, Change *change, const Datum *row,
			const bool *isnull)
{
	int			subject = CHANGE_NEW + canonical_relations[guard->kind].subject;

	set_extra(guard, change, LOCKED_PERSON, change->value[subject], false);
	set_extra(guard, change, LOCKED_DEATH, row[READ_DEATH],
			  isnull[READ_DEATH]);
	/* the rows of the query are freed before */
	set_extra(guard, change, LOCKED_REGION, isnull[READ_REGION] ? 0 :
			  datumCopy(row[READ_REGION], false, -1), isnull[READ_REGION]);
	set_extra(guard, change, LOCKED_STAY, row[READ_STAY], isnull[READ_STAY]);
}

/* Note with a change of an attachment what the roster copies. */
static void
note_copied(const Guard *guard, Change *change, const Datum *row,
			const bool *isnull)
{
	int			end = CHANGE_NEW + ATTACHMENT_UNTIL;
	DateADT		until = change->isnull[end] ? DATEVAL_NOEND :
		DatumGetDateADT(change->value[end]);

	set_extra(guard, change, VERSION_BIRTH, row[READ_BIRTH],
			  isnull[READ_BIRTH]);
	set_extra(guard, change, VERSION_SEX, row[READ_SEX], isnull[READ_SEX]);
	/* the earlier of the end and the day after death; open is infinity */
	if (!isnull[READ_DAY_AFTER])
		until = Min(until, DatumGetDateADT(row[READ_DAY_AFTER]));
	set_extra(guard, change, VERSION_UNTIL, DateADTGetDatum(until), false);
}

/* The query that reads, and locks, the persons of a guard. */
static const char *
query_of_persons(const Guard *guard, bool lock_them)
{
	if (!lock_them)
		return PERSONS;
	return guard->kind == REL_PERSON_ALIAS ? lock_of_merged : lock_of_persons;
}

/*
 * Read the persons of a chunk, and lock them, and note what rules look at and
 * what the roster copies of them.  The result tells for each change whether
 * its person is known; complete, whether the roster holds everybody; imports,
 * whether the transaction imports rows.
 */
bool *
read_persons(Chunk *chunk, bool lock_them, bool *complete, bool *imports)
{
	Guard	   *guard = chunk->guard;
	int			subject = CHANGE_NEW + canonical_relations[guard->kind].subject;
	Oid			type = get_array_type(subject_type(guard));
	Datum		persons = person_array(guard, chunk->persons, chunk->npersons);
	bool	   *known = palloc0(chunk->nchanges * sizeof(bool));
	int			sex = CHANGE_EXTRA(guard->kind) + VERSION_SEX;
	uint64		n = guard_execute(guard, lock_them ? PLAN_LOCK : PLAN_PERSONS,
								  query_of_persons(guard, lock_them), 1,
								  &type, &persons);
	const Oid	read[READ_COLUMNS] = {
		[READ_PERSON] = subject_type(guard),
		[READ_DEATH] = DATEOID,
		[READ_BIRTH] = DATEOID,
		[READ_SEX] = TupleDescAttr(guard->desc, sex)->atttypid,
		[READ_COMPLETE] = BOOLOID,
		[READ_DAY_AFTER] = DATEOID,
		[READ_REGION] = TEXTOID,
		[READ_STAY] = DATEOID,
		[READ_IMPORTS] = BOOLOID
	};
	SPITupleTable *table = SPI_tuptable;
	uint64		r = 0;

	check_result(guard, lengthof(read), read);
	*complete = true;
	*imports = false;
	for (int i = 0; i < chunk->nchanges; i++)
	{
		Change	   *change = &chunk->changes[i];
		Datum		row[READ_COLUMNS];
		bool		isnull[READ_COLUMNS];
		int			order = 1;

		if (change->isnull[subject])
			continue;
		for (; r < n; r++)
		{
			heap_deform_tuple(table->vals[r], table->tupdesc, row, isnull);
			*complete = DatumGetBool(row[READ_COMPLETE]);
			*imports = DatumGetBool(row[READ_IMPORTS]);
			order = compare_subjects(&row[READ_PERSON],
									 &change->value[subject], chunk->order);
			if (order >= 0)
				break;
		}
		known[i] = r < n && order == 0;
		if (!known[i])
			continue;
		note_person(guard, change, row, isnull);
		if (guard->kind == REL_ATTACHMENT)
			note_copied(guard, change, row, isnull);
	}
	SPI_freetuptable(table);
	return known;
}

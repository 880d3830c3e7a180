/*
 * known_from.c
 *		Since when a row is known: which of several about one fact was known
 *		last, and the moment that a transaction writes with.
 *
 * A row may be seen long after the moment from which it says it is known,
 * when its transaction commits.  Two things together make what was known at
 * a moment the same for ever: known_from is read from the clock under the
 * lock of the table, and who takes a cut (take_cut.c) reads the clock, then
 * waits for all who hold such a lock.
 */
#include "registry/known_from.h"

#include "catalog.h"
#include "registry/last_cut.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/*
 * Room for a state below the moment; the moments left reach past year 38000.
 */
#define STATES 4
#define LAST_MOMENT (PG_INT64_MAX / (2 * STATES))

PG_FUNCTION_INFO_V1(osms_as_known);

/*
 * as_known(known_from, state): a number that is greater the later the moment
 * and, of one moment, the greater the state, which is its rest by STATES.  So
 * the state that was known last is found by max(), without a sort.
 */
Datum
osms_as_known(PG_FUNCTION_ARGS)
{
	TimestampTz known_from = PG_ARGISNULL(0) ? DT_NOBEGIN :
		PG_GETARG_TIMESTAMPTZ(0);
	int32		state;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	state = PG_GETARG_INT32(1);
	if (state < 0 || state >= STATES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state %d is not from 0 to %d", state, STATES - 1)));
	known_from = Min(Max(known_from, -LAST_MOMENT), LAST_MOMENT);
	PG_RETURN_INT64(known_from * STATES + state);
}

/*
 * The moment of a transaction, and the subtransaction whose locks cover it:
 * of what it writes to config tables, and of each roster that it writes.
 */
typedef struct Moment
{
	LocalTransactionId transaction;
	SubTransactionId subtransaction;
	TimestampTz moment;
	Oid			roster;
} Moment;

static Moment known = {InvalidLocalTransactionId};

static struct
{
	Moment	   *moments;		/* of this transaction, or one that is over */
	int			n;
	int			allocated;
	Oid			written;		/* the roster that a query is about to write */
}			followed;

/* That of a roster, if the transaction has one. */
static Moment *
moment_of(Oid roster)
{
	for (int i = 0; i < followed.n; i++)
		if (followed.moments[i].transaction == my_lxid() &&
			followed.moments[i].roster == roster)
			return &followed.moments[i];
	return NULL;
}

/* A savepoint is over that may have covered a moment. */
static void
follow(Moment *moment, SubXactEvent event, SubTransactionId mine,
	   SubTransactionId parent)
{
	if (moment->transaction != my_lxid() || moment->subtransaction != mine)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		moment->subtransaction = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		moment->transaction = InvalidLocalTransactionId;
}

/*
 * A savepoint that is released hands a moment to what is around it, as it
 * does its locks; one that is rolled back lets go of both.
 */
static void
follow_savepoint(SubXactEvent event, SubTransactionId mine,
				 SubTransactionId parent, pg_attribute_unused() void *arg)
{
	follow(&known, event, mine, parent);
	for (int i = 0; i < followed.n; i++)
		follow(&followed.moments[i], event, mine, parent);
}

/* The moment it is, which the locks of this subtransaction cover. */
static Moment
this_moment(TimestampTz now, Oid roster)
{
	static bool following = false;

	if (!following)
	{
		RegisterSubXactCallback(follow_savepoint, NULL);
		following = true;
	}
	return (Moment)
	{
		my_lxid(), GetCurrentSubTransactionId(), now, roster
	};
}

/* Where to note one more, in place of what is over. */
static Moment *
room_for_moment(void)
{
	for (int i = 0; i < followed.n; i++)
		if (followed.moments[i].transaction != my_lxid())
			return &followed.moments[i];
	if (followed.n == followed.allocated)
	{
		int			n = Max(4, 2 * followed.allocated);

		followed.moments = followed.moments ?
			repalloc(followed.moments, n * sizeof(Moment)) :
			MemoryContextAlloc(TopMemoryContext, n * sizeof(Moment));
		followed.allocated = n;
	}
	return &followed.moments[followed.n++];
}

/*
 * The moment from which what a transaction writes to a roster is known: one
 * for all of it, so that who asks for a moment within sees nothing of it.
 * Whoever calls holds the lock of the roster.
 */
TimestampTz
roster_moment(Oid roster)
{
	Moment	   *moment = moment_of(roster);

	if (moment == NULL)
	{
		TimestampTz now = clock_after_cut();

		moment = room_for_moment();
		*moment = this_moment(now, roster);
	}
	return moment->moment;
}

/* Whether the transaction has written to this roster before. */
bool
has_roster_moment(Oid roster)
{
	return moment_of(roster) != NULL;
}

/*
 * Move on: another transaction wrote about the same persons at this moment,
 * after ours had begun to write.
 */
void
move_roster_moment(Oid roster, TimestampTz latest)
{
	TimestampTz now = clock_after_cut();
	Moment	   *moment = moment_of(roster);

	if (moment && latest >= moment->moment)
		moment->moment = Max(now, latest + 1);
}

/* Note whose moment the next query asks for. */
void
note_written_roster(Oid roster)
{
	followed.written = roster;
}

/* A cut of a roster was taken: what is written to it from now on is later. */
void
forget_moments(Oid roster)
{
	known.transaction = InvalidLocalTransactionId;
	for (int i = 0; i < followed.n; i++)
		if (followed.moments[i].roster == roster)
			followed.moments[i].transaction = InvalidLocalTransactionId;
}

PG_FUNCTION_INFO_V1(osms_roster_moment);

/* roster_moment(): that of the roster that is being written, or the clock. */
Datum
osms_roster_moment(pg_attribute_unused() PG_FUNCTION_ARGS)
{
	const Moment *moment = moment_of(followed.written);

	PG_RETURN_TIMESTAMPTZ(moment ? moment->moment : clock_after_cut());
}

PG_FUNCTION_INFO_V1(osms_written_here);

/* written_here(transaction): whether it is, or is within, the current one. */
Datum
osms_written_here(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(PG_GETARG_TRANSACTIONID(0)));
}

PG_FUNCTION_INFO_V1(osms_known_moment);

/*
 * known_moment(written): the clock when it is first called in a transaction
 * that is writing the relation, the same moment later in it.  The rows of
 * all tables that a cut waits for may have it, since that lock is held as
 * long as the moment is remembered; without a lock nothing is.
 */
Datum
osms_known_moment(PG_FUNCTION_ARGS)
{
	TimestampTz now;
	LOCKTAG		tag;

	if (known.transaction == my_lxid())
		PG_RETURN_TIMESTAMPTZ(known.moment);
	now = clock_after_cut();
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, PG_GETARG_OID(0));
	/* by those tables a closing waits for who writes */
	if (is_our_schema(get_rel_namespace(PG_GETARG_OID(0))) &&
		holds_lock(&tag, RowExclusiveLock))
		known = this_moment(now, InvalidOid);
	PG_RETURN_TIMESTAMPTZ(now);
}

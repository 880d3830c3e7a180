/*
 * known.c
 *		Since when a row is known: which of several about one fact was known
 *		last, and a cut that no row falls on the wrong side of.
 *
 * A row may be seen long after the moment from which it says it is known,
 * when its transaction commits.  Two things together make what was known at
 * a moment the same for ever: known_from is read from the clock under the
 * lock of the table, and who takes a cut reads the clock, then waits for
 * all who hold such a lock.
 */
#include "osms.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/timestamp.h"

/* Room for a state below the moment; the moments left reach past year 38000. */
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
	TimestampTz known_from = PG_ARGISNULL(0) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(0);
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

/* The moment of a transaction, and the subtransaction whose locks cover it. */
static struct
{
	LocalTransactionId transaction;
	SubTransactionId subtransaction;
	TimestampTz moment;
}			known = {InvalidLocalTransactionId};

/*
 * A savepoint that is released hands the moment to what is around it, as it
 * does its locks; one that is rolled back lets go of both.
 */
static void
follow_savepoint(SubXactEvent event, SubTransactionId mine,
				 SubTransactionId parent, pg_attribute_unused() void *arg)
{
	if (known.transaction != my_lxid() || known.subtransaction != mine)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		known.subtransaction = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		known.transaction = InvalidLocalTransactionId;
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
	static bool following = false;
	TimestampTz now;
	LOCKTAG		tag;

	if (known.transaction == my_lxid())
		PG_RETURN_TIMESTAMPTZ(known.moment);
	if (!following)
	{
		RegisterSubXactCallback(follow_savepoint, NULL);
		following = true;
	}
	now = GetCurrentTimestamp();
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, PG_GETARG_OID(0));
	if (holds_lock(&tag, RowExclusiveLock))
	{
		known.moment = now;
		known.subtransaction = GetCurrentSubTransactionId();
		known.transaction = my_lxid();
	}
	PG_RETURN_TIMESTAMPTZ(now);
}

PG_FUNCTION_INFO_V1(osms_await_writers);

/*
 * await_writers(relations): wait for the other transactions that hold, now,
 * a lock on one of the relations which a SHARE lock would wait for.  As
 * CREATE INDEX CONCURRENTLY does it, no lock is taken: so no right is
 * needed, nobody queues behind us, and who comes later is not waited for.
 */
Datum
osms_await_writers(PG_FUNCTION_ARGS)
{
	Datum	   *relations;
	int			n;
	List	   *tags = NIL;

	if (array_contains_nulls(PG_GETARG_ARRAYTYPE_P(0)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relations to wait for must not be null")));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), REGCLASSOID, sizeof(Oid), true,
					  TYPALIGN_INT, &relations, NULL, &n);
	while (n-- > 0)
	{
		LOCKTAG    *tag = palloc(sizeof(LOCKTAG));

		SET_LOCKTAG_RELATION(*tag, MyDatabaseId, DatumGetObjectId(relations[n]));
		tags = lappend(tags, tag);
	}
	WaitForLockersMultiple(tags, ShareLock, false);
	PG_RETURN_VOID();
}

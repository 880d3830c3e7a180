/*
 * known_from.c
 *		Since when a row is known: which of several about one fact was known
 *		last, and a cut that no row falls on the wrong side of.
 *
 * A row may be seen long after the moment from which it says it is known,
 * when its transaction commits.  Two things together make what was known at
 * a moment the same for ever: known_from is read from the clock under the
 * lock of the table, and who takes a cut reads the clock, then waits for
 * all who hold such a lock.
 *
 * The clock of a machine may be set back.  So a cut is written down, outside
 * of transactions, and no row that is written later is known at or before it.
 */
#include "guard/guard.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Room for a state below the moment; the moments left reach past year 38000. */
#define STATES 4
#define LAST_MOMENT (PG_INT64_MAX / (2 * STATES))

PG_FUNCTION_INFO_V1(osms_as_known);
PG_FUNCTION_INFO_V1(osms_await_writers);

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

/* How far a cut is ahead of the one before where the clock is behind that. */
#define AHEAD	USECS_PER_SEC

/* The sequence that holds the last cut. */
static Oid
cut_sequence(void)
{
	Oid			sequence = get_relname_relid("last_cut",
												   get_namespace_oid("osms", false));

	if (!OidIsValid(sequence))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("sequence \"osms.last_cut\" does not exist"),
				 errhint("It comes with the extension.")));
	return sequence;
}

/*
 * The last cut of any registry.  The sequence is read as a table is, which a
 * standby allows, too.
 */
TimestampTz
last_cut(void)
{
	Relation	sequence = table_open(cut_sequence(), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(sequence, NULL);
	TableScanDesc scan = table_beginscan(sequence, SnapshotAny, 0, NULL);
	bool		isnull;
	TimestampTz cut = DT_NOBEGIN;

	if (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		cut = DatumGetInt64(slot_getattr(slot, SEQ_COL_LASTVAL, &isnull));
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(sequence, AccessShareLock);
	return cut;
}

/* The clock, but later than the last cut. */
static TimestampTz
clock_after_cut(void)
{
	TimestampTz now = GetCurrentTimestamp();

	return Max(now, last_cut() + 1);
}

/*
 * The moment of a transaction, and the subtransaction whose locks cover it:
 * of what it writes to config tables, and of the roster it writes.
 */
typedef struct Moment
{
	LocalTransactionId transaction;
	SubTransactionId subtransaction;
	TimestampTz moment;
	Oid			roster;
} Moment;

static Moment known = {InvalidLocalTransactionId};
static Moment followed = {InvalidLocalTransactionId};

/*
 * A savepoint that is released hands a moment to what is around it, as it
 * does its locks; one that is rolled back lets go of both.
 */
static void
follow_savepoint(SubXactEvent event, SubTransactionId mine,
				 SubTransactionId parent, pg_attribute_unused() void *arg)
{
	Moment	   *moments[] = {&known, &followed};

	for (int i = 0; i < (int) lengthof(moments); i++)
	{
		if (moments[i]->transaction != my_lxid() ||
			moments[i]->subtransaction != mine)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			moments[i]->subtransaction = parent;
		else if (event == SUBXACT_EVENT_ABORT_SUB)
			moments[i]->transaction = InvalidLocalTransactionId;
	}
}

/* Remember a moment, which the locks of this subtransaction cover. */
static void
remember(Moment *moment, TimestampTz now, Oid roster)
{
	static bool following = false;

	if (!following)
	{
		RegisterSubXactCallback(follow_savepoint, NULL);
		following = true;
	}
	*moment = (Moment) {my_lxid(), GetCurrentSubTransactionId(), now, roster};
}

/*
 * The moment from which what a transaction writes to a roster is known: one
 * for all of it, so that who asks for a moment within sees nothing of it.
 * Whoever calls holds the lock of the roster.
 */
TimestampTz
roster_moment(Oid roster)
{
	if (followed.transaction != my_lxid() || followed.roster != roster)
		remember(&followed, clock_after_cut(), roster);
	return followed.moment;
}

/* Whether the transaction has written to this roster before. */
bool
has_roster_moment(Oid roster)
{
	return followed.transaction == my_lxid() && followed.roster == roster;
}

/*
 * Move on: another transaction wrote about the same persons at this moment,
 * after ours had begun to write.
 */
void
move_roster_moment(TimestampTz latest)
{
	TimestampTz now = clock_after_cut();

	if (latest >= followed.moment)
		followed.moment = Max(now, latest + 1);
}

PG_FUNCTION_INFO_V1(osms_roster_moment);

/* roster_moment(): that of the roster that is being written, or the clock. */
Datum
osms_roster_moment(pg_attribute_unused() PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(followed.transaction == my_lxid() ?
						  followed.moment : clock_after_cut());
}

PG_FUNCTION_INFO_V1(osms_written_here);

/* written_here(transaction): whether it is, or is within, the current one. */
Datum
osms_written_here(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(PG_GETARG_TRANSACTIONID(0)));
}

PG_FUNCTION_INFO_V1(osms_known_clock);

/* known_clock(): the clock, but later than the last cut. */
Datum
osms_known_clock(pg_attribute_unused() PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(clock_after_cut());
}

PG_FUNCTION_INFO_V1(osms_known_now);

/*
 * known_now(): the clock or, where it is behind the last cut, a moment after
 * all that was written since.
 */
Datum
osms_known_now(pg_attribute_unused() PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz cut = last_cut();

	PG_RETURN_TIMESTAMPTZ(now > cut ? now : cut + AHEAD);
}

/*
 * Take a cut: a moment later than the one before and not before this one, and
 * write it down.  What is written from now on is known later, in this
 * transaction, too.
 */
static TimestampTz
take_cut(TimestampTz latest)
{
	Oid			sequence = cut_sequence();
	TimestampTz last;
	TimestampTz cut;
	Oid			user;
	int			context;

	/* one after the other, of whatever registries */
	LockRelationOid(sequence, ShareUpdateExclusiveLock);
	last = last_cut();
	cut = Max(GetCurrentTimestamp(), latest);
	if (cut <= last)
		cut = last + AHEAD;
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(relation_owner(sequence),
						   context | SECURITY_LOCAL_USERID_CHANGE);
	DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence),
						Int64GetDatum(cut));
	SetUserIdAndSecContext(user, context);
	UnlockRelationOid(sequence, ShareUpdateExclusiveLock);
	known.transaction = InvalidLocalTransactionId;
	followed.transaction = InvalidLocalTransactionId;
	return cut;
}

/* Refuse a roster that does not know of each row from when.  Errors: 42804. */
static void
check_roster(const Registry *registry)
{
	static const char *const moments[] = {"known_from", "known_to"};

	for (int i = 0; i < (int) lengthof(moments); i++)
	{
		AttrNumber	column = get_attnum(registry->roster, moments[i]);

		if (column == InvalidAttrNumber ||
			get_atttype(registry->roster, column) != TIMESTAMPTZOID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("roster of registry \"%s\" keeps no moment \"%s\"",
							registry->unquoted, moments[i]),
					 errhint("Let osms.add_relation() make the roster.")));
	}
}

/*
 * The clock of all registries follows none that is far ahead of it, as nobody
 * puts a clock back by so much.  Errors: 55000.
 */
static void
check_moment(const Registry *registry, TimestampTz latest)
{
	if (latest > GetCurrentTimestamp() + USECS_PER_DAY &&
		latest > last_cut() + USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("roster of registry \"%s\" knows of what is to come",
						registry->unquoted),
				 errdetail("Its latest version is known from %s.",
						   timestamptz_to_str(latest)),
				 errhint("Set the server's clock right, or fill the roster again.")));
}

PG_FUNCTION_INFO_V1(osms_clean_cut);

/*
 * clean_cut(registry): take a cut, not before anything that the roster knows,
 * and wait for whoever was writing what keeps known_from.  The moment comes
 * first: who takes the lock of a table after the look for those who have it
 * reads the clock after the moment, too, and need not wait.
 */
Datum
osms_clean_cut(PG_FUNCTION_ARGS)
{
	static const char latest[] =
	"SELECT pg_catalog.max(GREATEST(r.known_from, CASE WHEN r.known_to"
	" OPERATOR(pg_catalog.<) 'infinity' THEN r.known_to END))"
	" FROM %s.roster r";
	static const char relations[] = "SELECT osms.known_relations($1)";
	Oid			type = TEXTOID;
	Datum		name = PG_GETARG_DATUM(0);
	Registry	registry;
	TimestampTz cut = DT_NOBEGIN;
	bool		isnull = true;
	Datum		value = 0;

	registry_open(&registry, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	check_roster(&registry);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(psprintf(latest, registry.name),
					false, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed");
	if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) == TIMESTAMPTZOID)
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
							  &isnull);
	if (!isnull)
		cut = DatumGetTimestampTz(value);
	check_moment(&registry, cut);
	cut = take_cut(cut);
	if (SPI_execute_with_args(relations, 1, &type, &name, NULL, false,
							  0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed");
	DirectFunctionCall1(osms_await_writers,
						SPI_getbinval(SPI_tuptable->vals[0],
									  SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	PG_RETURN_TIMESTAMPTZ(cut);
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
		remember(&known, now, InvalidOid);
	PG_RETURN_TIMESTAMPTZ(now);
}

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

/*
 * take_cut.c
 *		Taking a cut, which no row falls on the wrong side of.
 *
 * See known_from.c.
 */
#include "osms.h"

#include "catalog.h"
#include "registry/known_from.h"
#include "registry/last_cut.h"
#include "registry/open.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(osms_clean_cut);
PG_FUNCTION_INFO_V1(osms_await_writers);

/*
 * Take a cut: a moment later than the one before and not before this one, and
 * write it down.  What is written from now on is known later, in this
 * transaction, too: to the roster of which it is.
 */
static TimestampTz
take_cut(TimestampTz latest, Oid roster)
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
		cut = last + CUT_AHEAD;
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(relation_owner(sequence),
						   context | SECURITY_LOCAL_USERID_CHANGE);
	DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence),
						Int64GetDatum(cut));
	SetUserIdAndSecContext(user, context);
	UnlockRelationOid(sequence, ShareUpdateExclusiveLock);
	forget_moments(roster);
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

		SET_LOCKTAG_RELATION(*tag, MyDatabaseId,
							 DatumGetObjectId(relations[n]));
		tags = lappend(tags, tag);
	}
	WaitForLockersMultiple(tags, ShareLock, false);
	PG_RETURN_VOID();
}

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
	static const char relations[] = "SELECT osms_internal.known_relations($1)";
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
	cut = take_cut(cut, registry.roster);
	if (SPI_execute_with_args(relations, 1, &type, &name, NULL, false,
							  0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed");
	DirectFunctionCall1(osms_await_writers,
						SPI_getbinval(SPI_tuptable->vals[0],
									  SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	PG_RETURN_TIMESTAMPTZ(cut);
}

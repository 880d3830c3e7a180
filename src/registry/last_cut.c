/*
 * last_cut.c
 *		The last cut, and the clock that is never behind it.
 *
 * The clock of a machine may be set back.  So a cut is written down, outside
 * of transactions, and no row that is written later is known at or before it.
 */
#include "registry/last_cut.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "commands/sequence.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(osms_known_clock);
PG_FUNCTION_INFO_V1(osms_known_now);

/* The sequence that holds the last cut. */
Oid
cut_sequence(void)
{
	Oid			sequence = get_relname_relid("last_cut",
											 get_namespace_oid("osms_internal", false));

	if (!OidIsValid(sequence))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("sequence \"osms_internal.last_cut\" does not exist"),
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
TimestampTz
clock_after_cut(void)
{
	TimestampTz now = GetCurrentTimestamp();

	return Max(now, last_cut() + 1);
}

/* known_clock(): the clock, but later than the last cut. */
Datum
osms_known_clock(pg_attribute_unused() PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(clock_after_cut());
}

/*
 * known_now(): the clock or, where it is behind the last cut, a moment after
 * all that was written since.
 */
Datum
osms_known_now(pg_attribute_unused() PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz cut = last_cut();

	PG_RETURN_TIMESTAMPTZ(now > cut ? now : cut + CUT_AHEAD);
}

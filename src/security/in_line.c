/*
 * in_line.c
 *		What the session keeps of functions besides how they are called.
 *
 * A plan holds an SQL function in line, which then is not called; the type
 * cache, how the bounds of a range are told apart.
 */
#include "security/in_line.h"

#include "catalog.h"
#include "security/compiled.h"
#include "security/kept_expression.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* SQL functions of others than superusers that plans may hold in line. */
static Oid	in_line[64];
static int	n_in_line = 0;
static bool many_in_line = false;

/* Whether an SQL function may have been parsed, which some versions keep. */
static bool kept_parsed = KEEPS_SQL_FUNCTIONS;

/* Whether the hooks stand before all that the session keeps. */
static bool watched = false;

/* Whether a function gives the difference of the bounds of a range. */
bool
is_difference(HeapTuple function)
{
	Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(function);
	Relation	ranges;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	if (proc->pronargs != 2 || proc->prorettype != FLOAT8OID ||
		proc->proargtypes.values[0] != proc->proargtypes.values[1])
		return false;
	ranges = table_open(RangeRelationId, AccessShareLock);
	scan = systable_beginscan(ranges, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result |= ((Form_pg_range) GETSTRUCT(tuple))->rngsubdiff == proc->oid;
	systable_endscan(scan);
	table_close(ranges, AccessShareLock);
	return result;
}

/*
 * Note that plans may hold an SQL function in line, which they must not for
 * others.
 */
void
note_in_line(Oid function)
{
	for (int i = 0; i < n_in_line; i++)
		if (in_line[i] == function)
			return;
	if (n_in_line < (int) lengthof(in_line))
		in_line[n_in_line++] = function;
	else
		many_in_line = true;
}

/*
 * Let the hooks stand before what the session has kept since before they were.
 */
static void
watch_kept(void)
{
	Relation	ranges = table_open(RangeRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(ranges, InvalidOid, false, NULL, 0,
										  NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_range range = (Form_pg_range) GETSTRUCT(tuple);
		TypeCacheEntry *type;

		if (range->rngsubdiff < FirstUnpinnedObjectId)
			continue;
		type = lookup_type_cache(range->rngtypid, TYPECACHE_RANGE_INFO);
		fmgr_info_cxt(range->rngsubdiff, &type->rng_subdiff_finfo,
					  CacheMemoryContext);
	}
	systable_endscan(scan);
	table_close(ranges, AccessShareLock);
	ResetPlanCache();
	watched = true;
}

/*
 * Somebody else is about to act, or something else is restricted: forget the
 * plans that hold in line what he might not call.
 */
void
forget_kept(void)
{
	if (!watched && IsTransactionState())
		watch_kept();
	if (many_in_line)
		ResetPlanCache();
	else
		for (int i = 0; i < n_in_line; i++)
			CallSyscacheCallbacks(PROCOID,
								  GetSysCacheHashValue1(PROCOID,
														ObjectIdGetDatum(in_line[i])));
	n_in_line = 0;
	many_in_line = false;
}

/* Note that an SQL function is about to be called. */
void
note_parsed(void)
{
	kept_parsed = KEEPS_SQL_FUNCTIONS;
}

/*
 * Whether an SQL function is called where it could be put in line: while osms
 * acts the names in its text may mean nothing, or what somebody else has it.
 * A body that was parsed when it was stored has none.
 */
bool
is_left_out(Oid function, HeapTuple tuple)
{
	if (function < FirstUnpinnedObjectId ||
		!heap_attisnull(tuple, Anum_pg_proc_prosqlbody, NULL) ||
		is_our_function(function))
		return false;
	note_parsed();
	return true;
}

/*
 * Somebody else begins or ends to act: forget what is kept of expressions, and
 * SQL functions that were parsed.  Plans are told by PostgreSQL when the path
 * is another.
 */
void
forget_in_line(void)
{
	if (kept_parsed)
		forget_compiled(true);
	kept_parsed = false;
	forget_kept_expressions();
}

/* The same where he ended by an error, when nothing can be looked up. */
static void
forget_after_error(void)
{
	if (kept_parsed)
		forget_compiled(false);
	kept_parsed = false;
	forget_kept_expressions();
}

static void
at_abort(XactEvent event, pg_attribute_unused() void *arg)
{
	if (event == XACT_EVENT_ABORT)
		forget_after_error();
}

static void
at_abort_of_subtransaction(SubXactEvent event,
						   pg_attribute_unused() SubTransactionId mine,
						   pg_attribute_unused() SubTransactionId parent,
						   pg_attribute_unused() void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget_after_error();
}

void
in_line_init(void)
{
	RegisterXactCallback(at_abort, NULL);
	RegisterSubXactCallback(at_abort_of_subtransaction, NULL);
}

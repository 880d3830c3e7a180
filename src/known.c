/*
 * known.c
 *		Which of several rows about one fact was known last.
 */
#include "osms.h"

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

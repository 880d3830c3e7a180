/*
 * last_cut.h
 *		The last cut, and the clock that is never behind it.
 */
#ifndef OSMS_LAST_CUT_H
#define OSMS_LAST_CUT_H

#include "osms.h"

#include "datatype/timestamp.h"

/* How far a cut is ahead of the one before where the clock is behind that. */
#define CUT_AHEAD	USECS_PER_SEC

extern Oid	cut_sequence(void);
extern TimestampTz last_cut(void);
extern TimestampTz clock_after_cut(void);

#endif							/* OSMS_LAST_CUT_H */

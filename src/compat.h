/*
 * compat.h
 *		All differences between the supported major versions, 15 to 18.
 */
#ifndef OSMS_COMPAT_H
#define OSMS_COMPAT_H

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#include "nodes/miscnodes.h"
#else
/* Before 16 there are no soft errors: report at once. */
#define ereturn(context, dummy_value, ...) \
	do { (void) (context); ereport(ERROR, __VA_ARGS__); return dummy_value; } while (0)
#endif

#define escontext_of(fcinfo) ((fcinfo)->context)

#endif							/* OSMS_COMPAT_H */

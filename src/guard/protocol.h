/*
 * protocol.h
 *		How the triggers of a guard must be called.
 */
#ifndef OSMS_PROTOCOL_H
#define OSMS_PROTOCOL_H

#include "osms.h"

extern void guard_check_protocol(FunctionCallInfo fcinfo, const char *name,
								 bool row, bool before);
extern void deferred_check_protocol(FunctionCallInfo fcinfo, const char *name,
									const char *relation);

#endif							/* OSMS_PROTOCOL_H */

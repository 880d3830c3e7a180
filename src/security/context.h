/*
 * context.h
 *		What an error of ours says of where it came from.
 */
#ifndef OSMS_CONTEXT_H
#define OSMS_CONTEXT_H

#include "osms.h"

extern void cut_context(FmgrInfo *flinfo);

#endif							/* OSMS_CONTEXT_H */

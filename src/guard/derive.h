/*
 * derive.h
 *		Attachments made of events: registers in which a closing is a new row
 *		that points at the one it closes.
 */
#ifndef OSMS_DERIVE_H
#define OSMS_DERIVE_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/violation.h"

extern void follow_events(Chunk *events, Findings *findings,
						  void (*work) (Chunk *chunk, Findings *findings));

#endif							/* OSMS_DERIVE_H */

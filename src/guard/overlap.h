/*
 * overlap.h
 *		Versions of the roster that overlap: nobody counts twice on one day.
 */
#ifndef OSMS_OVERLAP_H
#define OSMS_OVERLAP_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/violation.h"

#include "executor/spi.h"

extern Oid	attachment_type(const Guard *guard);
extern bool same_person(const Guard *guard, Datum a, Datum b);
extern uint64 read_current(Guard *guard, Datum *persons, int n,
						   SPITupleTable **table);
extern void settle_overlaps(Chunk *chunk);
extern void warn_of_overlaps(Guard *guard, Findings *findings);
extern bool roster_overlaps(Guard *guard, Datum person);

#endif							/* OSMS_OVERLAP_H */

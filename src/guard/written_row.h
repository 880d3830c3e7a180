/*
 * written_row.h
 *		Reading the rows that a statement writes.
 */
#ifndef OSMS_WRITTEN_ROW_H
#define OSMS_WRITTEN_ROW_H

#include "osms.h"

#include "guard/guard.h"
#include "registry/projection.h"

#include "executor/tuptable.h"

extern void project_written_row(const Guard *guard,
								ProjectionState *projection,
								TupleTableSlot *slot, CanonicalRow *row,
								char event);

#endif							/* OSMS_WRITTEN_ROW_H */

/*
 * conceal.h
 *		Errors that stored rows raise while osms looks at them.
 */
#ifndef OSMS_CONCEAL_H
#define OSMS_CONCEAL_H

#include "osms.h"

#include "guard/guard.h"
#include "registry/projection.h"

#include "executor/tuptable.h"

pg_noreturn extern void conceal_error(const Guard *guard, bool writes,
									  MemoryContext caller);
extern void project_stored_row(const Guard *guard,
							   ProjectionState *projection,
							   TupleTableSlot *slot, CanonicalRow *row);

#endif							/* OSMS_CONCEAL_H */

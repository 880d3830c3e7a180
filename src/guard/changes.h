/*
 * changes.h
 *		The changes of a statement, sorted by person and cut into chunks.
 */
#ifndef OSMS_CHANGES_H
#define OSMS_CHANGES_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/violation.h"

#include "commands/trigger.h"
#include "utils/date.h"

extern bool days_of_new_rows(Guard *guard, TriggerData *trigdata, int column,
							 DateADT *since, DateADT *until);
extern void for_each_chunk(Guard *guard, TriggerData *trigdata,
						   MemoryContext query, Findings *findings,
						   void (*work) (Chunk *chunk, Findings *findings));

#endif							/* OSMS_CHANGES_H */

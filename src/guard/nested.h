/*
 * nested.h
 *		Statements on a guarded table that are under way in this session.
 */
#ifndef OSMS_NESTED_H
#define OSMS_NESTED_H

#include "osms.h"

#include "guard/guard.h"
#include "security/writer.h"

#include "commands/trigger.h"
#include "utils/rel.h"

typedef struct Running Running;

extern Running *note_running(MemoryContext query, const Guard *guard);
extern Writer writer_of_statement(MemoryContext query, const Guard *guard);
extern bool runs_within_another(MemoryContext query, const Guard *guard);
extern void count_running(Running *r, bool update);
extern bool rows_may_be_stale(MemoryContext query, const Guard *guard,
							  TriggerEvent event);
extern void note_judged(MemoryContext query, const Guard *guard,
						TriggerEvent event);
extern void check_moves(MemoryContext query, const Guard *guard,
						Relation table, int64 seen);

#endif							/* OSMS_NESTED_H */

/*
 * journal.h
 *		Who wrote what: what the journal keeps of the changes of a statement.
 */
#ifndef OSMS_JOURNAL_H
#define OSMS_JOURNAL_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"

#include "commands/trigger.h"

extern void write_journal(Chunk *chunk, const char *actor);
extern bool is_load(const Guard *guard, const TriggerData *trigdata);
extern void note_load(Guard *guard, TriggerData *trigdata);
extern void note_truncation(Guard *guard);

#endif							/* OSMS_JOURNAL_H */

/*
 * lock.h
 *		What is locked, and in which order.
 */
#ifndef OSMS_LOCK_H
#define OSMS_LOCK_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/key_set.h"
#include "rule/rule.h"

extern const char hold_of_contracts[];
extern void lock_roster(const Guard *guard);
extern bool needs_contracts(const Guard *guard);
extern void lock_contracts(Guard *guard, const char *sql,
						   KeySet *organisations);
extern void hold_as_owner(Guard *guard, KeySet *organisations);
extern void note_given(const Guard *guard, const RowChange *change,
					   KeySet *organisations);
extern void hold_given(Chunk *chunk);
extern void lock_amended(Chunk *chunk);
extern const char lock_of_persons[];
extern bool *read_persons(Chunk *chunk, bool lock_them,
						  bool *complete, bool *imports);

#endif							/* OSMS_LOCK_H */

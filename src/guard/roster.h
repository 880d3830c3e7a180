/*
 * roster.h
 *		The roster: who counted where, from when to when, and since when that
 *		is known.
 */
#ifndef OSMS_ROSTER_H
#define OSMS_ROSTER_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"

#include "utils/date.h"

extern void roster_bring_in_line(Chunk *chunk);
extern uint64 roster_enter_persons(Guard *guard, Datum *persons, int n);
extern void roster_begin_moment(Guard *guard, Datum *persons, int n);
extern void roster_note_versions(Chunk *chunk, const bool *known);
extern void roster_follow(Chunk *chunk);
extern void roster_counted(Chunk *chunk, bool complete,
						   void (*counted) (void *arg, Datum person,
											DateADT since, DateADT until),
						   void *arg);

#endif							/* OSMS_ROSTER_H */

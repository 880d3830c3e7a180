/*
 * known_from.h
 *		Since when a row is known: which of several about one fact was known
 *		last, and the moment that a transaction writes with.
 */
#ifndef OSMS_KNOWN_FROM_H
#define OSMS_KNOWN_FROM_H

#include "osms.h"

#include "datatype/timestamp.h"

extern TimestampTz roster_moment(Oid roster);
extern bool has_roster_moment(Oid roster);
extern void move_roster_moment(Oid roster, TimestampTz latest);
extern void note_written_roster(Oid roster);
extern void forget_moments(Oid roster);

#endif							/* OSMS_KNOWN_FROM_H */

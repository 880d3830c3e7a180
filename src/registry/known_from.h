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
extern void move_roster_moment(TimestampTz latest);
extern void forget_moments(void);

#endif							/* OSMS_KNOWN_FROM_H */

/*
 * round_trip.h
 *		What a mapping reads of what it writes.
 */
#ifndef OSMS_ROUND_TRIP_H
#define OSMS_ROUND_TRIP_H

#include "osms.h"

extern void check_may_ask(Oid canonical);

#endif							/* OSMS_ROUND_TRIP_H */

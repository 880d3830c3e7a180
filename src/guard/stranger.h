/*
 * stranger.h
 *		Who may not read whom the registry knows.
 */
#ifndef OSMS_STRANGER_H
#define OSMS_STRANGER_H

#include "osms.h"

#include "guard/guard.h"

extern bool may_see(Oid user, Oid relation);
extern bool is_stranger(const Guard *guard);
extern int	strangers;

#endif							/* OSMS_STRANGER_H */

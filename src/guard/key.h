/*
 * key.h
 *		Keys of a partitioned table.
 */
#ifndef OSMS_KEY_H
#define OSMS_KEY_H

#include "osms.h"

#include "guard/chunk.h"

extern void check_recurring_keys(Chunk *chunk);

#endif							/* OSMS_KEY_H */

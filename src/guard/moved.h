/*
 * moved.h
 *		Whom records were about before a merge moved them.
 */
#ifndef OSMS_MOVED_H
#define OSMS_MOVED_H

#include "osms.h"

#include "guard/chunk.h"

extern void note_moves(Chunk *chunk);

#endif							/* OSMS_MOVED_H */

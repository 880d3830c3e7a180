/*
 * renew.h
 *		What is there now of the rows that a statement wrote, where triggers
 *		may have written them again before it was judged (nested.c).
 */
#ifndef OSMS_RENEW_H
#define OSMS_RENEW_H

#include "osms.h"

#include "guard/chunk.h"

extern void renew_chunk(Chunk *chunk);

#endif							/* OSMS_RENEW_H */

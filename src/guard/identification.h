/*
 * identification.h
 *		Whether the writer of a channel records an identification by a
 *		statement of his own (registry/recording.c).
 */
#ifndef OSMS_IDENTIFICATION_H
#define OSMS_IDENTIFICATION_H

#include "osms.h"

#include "guard/chunk.h"

extern const char *recording_fault(const Chunk *chunk);

#endif							/* OSMS_IDENTIFICATION_H */

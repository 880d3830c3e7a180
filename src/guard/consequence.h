/*
 * consequence.h
 *		What follows from a change to an application or a person.
 */
#ifndef OSMS_CONSEQUENCE_H
#define OSMS_CONSEQUENCE_H

#include "osms.h"

#include "guard/chunk.h"

extern void follow_applications(Chunk *chunk);
extern void follow_persons(Chunk *chunk);

#endif							/* OSMS_CONSEQUENCE_H */

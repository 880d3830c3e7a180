/*
 * shown.h
 *		Which rows of a stranger show that he deals with their person.
 */
#ifndef OSMS_SHOWN_H
#define OSMS_SHOWN_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/violation.h"

extern void see_what_is_shown(Chunk *chunk, Findings *findings);
extern bool only_files(const Chunk *chunk);

#endif							/* OSMS_SHOWN_H */

/*
 * site_norm.h
 *		Sites with more persons than their norm: rule site_norm.
 */
#ifndef OSMS_SITE_NORM_H
#define OSMS_SITE_NORM_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/violation.h"

extern void note_sites(Chunk *chunk, Findings *findings);
extern void judge_sites(Guard *guard, Findings *findings);

#endif							/* OSMS_SITE_NORM_H */

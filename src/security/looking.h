/*
 * looking.h
 *		How look-ups of a guard are planned.
 */
#ifndef OSMS_LOOKING_H
#define OSMS_LOOKING_H

#include "osms.h"

#include "nodes/pathnodes.h"

extern Oid	looking_up;
extern void count_as_large(RelOptInfo *rel);
extern void leave_unsure_indexes(Oid relation, RelOptInfo *rel);

#endif							/* OSMS_LOOKING_H */

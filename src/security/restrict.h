/*
 * restrict.h
 *		What may run while osms acts for others.
 */
#ifndef OSMS_RESTRICT_H
#define OSMS_RESTRICT_H

#include "osms.h"

#include "access/htup.h"

/* What may run while osms acts for others. */
typedef enum Restriction
{
	RESTRICT_OFF, RESTRICT_FOREIGN, RESTRICT_VALUES, RESTRICT_CHOSEN,
	RESTRICT_ALL, RESTRICT_STRICT
} Restriction;

extern bool touching_others;
extern Restriction restriction(void);
extern bool is_held_above_setting(void);
extern Restriction restrict_to(Restriction level);
extern Restriction restrict_hold(void);
extern void restrict_release(Restriction before);
extern bool may_run_lent(Oid function, HeapTuple tuple);
extern bool may_run(Oid function, HeapTuple tuple);
extern void check_function(Oid function);
extern void restrict_init(void);

#endif							/* OSMS_RESTRICT_H */

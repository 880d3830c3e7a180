/*
 * owner.h
 *		Acting as somebody else.
 */
#ifndef OSMS_OWNER_H
#define OSMS_OWNER_H

#include "osms.h"

#include "security/restrict.h"
#include "security/writer.h"

/* Who and what is to be restored when somebody has acted. */
typedef struct Acting
{
	Oid			user;			/* who and what is to be restored */
	int			context;
	int			level;
	Restriction restriction;
} Acting;

/* Who and what is to be restored when expressions have been evaluated. */
typedef struct Evaluation
{
	Oid			user;
	int			context;
	Restriction restriction;
} Evaluation;

extern void as_owner_begin(Oid owner, Oid *user, int *context);
extern void as_owner_end(Oid user, int context);
extern void begin_evaluation(Evaluation *evaluation, Oid owner);
extern void end_evaluation(const Evaluation *evaluation);
extern bool is_somebody_else(void);
extern void begin_acting(Acting *acting, Oid role, int flags, Oid table,
						 const char *restricted);
extern void end_acting(const Acting *acting);
extern bool write_as(Oid role, Oid target, Writer writer,
					 void (*write) (void *arg), void *arg);

#endif							/* OSMS_OWNER_H */

/*
 * osms.h
 *		Declarations shared by the files of the extension.
 */
#ifndef OSMS_H
#define OSMS_H

#include "postgres.h"
#include "fmgr.h"

#include "compat.h"

/* restrict.c */
extern void restrict_init(void);
extern int	restrict_hold(void);
extern int	restrict_strictly(void);
extern void restrict_release(int before);

/* query.c */
extern void query_init(void);

#endif							/* OSMS_H */

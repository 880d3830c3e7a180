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

#endif							/* OSMS_H */

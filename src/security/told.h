/*
 * told.h
 *		What a role is told of rows that are written for it.
 */
#ifndef OSMS_TOLD_H
#define OSMS_TOLD_H

#include "osms.h"

extern void write_told(void (*write) (void *arg), void *arg, Oid target,
					   Oid role);
extern void told_init(bool (*names_rule) (const char *name));

#endif							/* OSMS_TOLD_H */

/*
 * watch.h
 *		Where functions are met that restrict.c lets run or not.
 */
#ifndef OSMS_WATCH_H
#define OSMS_WATCH_H

#include "osms.h"

extern void watch_init(void);

#endif							/* OSMS_WATCH_H */

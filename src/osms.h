/*
 * osms.h
 *		What every file of the extension needs.
 */
#ifndef OSMS_H
#define OSMS_H

#include "postgres.h"
#include "fmgr.h"

#include "compat.h"

#endif							/* OSMS_H */

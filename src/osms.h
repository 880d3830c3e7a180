/*
 * osms.h
 *		Declarations shared by the files of the extension.
 */
#ifndef OSMS_H
#define OSMS_H

#include "postgres.h"
#include "fmgr.h"

#include "compat.h"

#endif							/* OSMS_H */

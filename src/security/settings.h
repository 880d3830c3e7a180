/*
 * settings.h
 *		The settings under which code of a table's owner runs.
 */
#ifndef OSMS_SETTINGS_H
#define OSMS_SETTINGS_H

#include "osms.h"

/* Where names resolve in what osms runs. */
#define PINNED_PATH "pg_catalog, osms, pg_temp"

extern void hide_plans(void);
extern void set_owners_settings(Oid table);
extern void set_parameter(const char *name, const char *value);

#endif							/* OSMS_SETTINGS_H */

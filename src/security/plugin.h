/*
 * plugin.h
 *		Being told what PL/pgSQL runs.
 */
#ifndef OSMS_PLUGIN_H
#define OSMS_PLUGIN_H

#include "osms.h"

extern void check_plugin(void);
extern void plugin_init(void);

#endif							/* OSMS_PLUGIN_H */

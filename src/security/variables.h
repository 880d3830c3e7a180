/*
 * variables.h
 *		What PL/pgSQL may declare while osms acts for others.
 */
#ifndef OSMS_VARIABLES_H
#define OSMS_VARIABLES_H

#include "osms.h"

struct PLpgSQL_execstate;
struct PLpgSQL_function;

extern void check_variables(struct PLpgSQL_function *function);
extern void check_fields(struct PLpgSQL_execstate *estate);

#endif							/* OSMS_VARIABLES_H */

/*
 * compiled.h
 *		What is asked of functions in PL/pgSQL.
 */
#ifndef OSMS_COMPILED_H
#define OSMS_COMPILED_H

#include "guard/guard.h"

#include "plpgsql.h"

/* variables.c */
extern void check_variables(PLpgSQL_function *function);
extern void check_fields(PLpgSQL_execstate *estate);

#endif							/* OSMS_COMPILED_H */

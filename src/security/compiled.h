/*
 * compiled.h
 *		What PL/pgSQL keeps of functions while osms acts for others.
 */
#ifndef OSMS_COMPILED_H
#define OSMS_COMPILED_H

#include "osms.h"

struct PLpgSQL_function;

extern void note_compiled(struct PLpgSQL_function *function, Oid role);
extern void renew_compiled(Oid function, Oid role);
extern int	borrowed_until_now(void);
extern void forget_borrowed(int before);
extern void forget_compiled(bool sql);
extern void compiled_init(void);

#endif							/* OSMS_COMPILED_H */

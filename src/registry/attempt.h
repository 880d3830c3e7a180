/*
 * attempt.h
 *		What may fail, tried.
 */
#ifndef OSMS_ATTEMPT_H
#define OSMS_ATTEMPT_H

#include "osms.h"

extern ErrorData *act_in_subtransaction(void (*act) (void *), void *arg,
										bool keep);
extern int	attempt(void (*act) (void *), void *arg, const int *codes);

#endif							/* OSMS_ATTEMPT_H */

/*
 * payee.h
 *		The lock under which payments are judged.
 */
#ifndef OSMS_PAYEE_H
#define OSMS_PAYEE_H

#include "osms.h"

#include "guard/chunk.h"

extern bool read_payees(Chunk *chunk, bool lock_them);

#endif							/* OSMS_PAYEE_H */

/*
 * identifier.h
 *		What the types osms.iin and osms.bin have in common: the gate through
 *		which every value enters, and the way it leaves.
 */
#ifndef OSMS_IDENTIFIER_H
#define OSMS_IDENTIFIER_H

#include "osms.h"

#include "core/number.h"

/* An IIN or a BIN is an int8 from 1 to 999999999999. */
#define PG_GETARG_IIN(n)	PG_GETARG_INT64(n)
#define PG_RETURN_IIN(x)	PG_RETURN_INT64(x)
#define PG_GETARG_BIN(n)	PG_GETARG_INT64(n)

/* judging what a column of another type holds */
extern osms_number identifier_read(osms_kind kind, const char *text,
								   int length);
extern osms_number identifier_judge(osms_kind kind, Datum value, Oid type);

/* the bodies of the types' functions */
extern Datum identifier_in(osms_kind kind, FunctionCallInfo fcinfo);
extern Datum identifier_out(osms_kind kind, FunctionCallInfo fcinfo);
extern Datum identifier_recv(osms_kind kind, FunctionCallInfo fcinfo);
extern Datum identifier_send(osms_kind kind, FunctionCallInfo fcinfo);
extern Datum identifier_from_bigint(osms_kind kind, FunctionCallInfo fcinfo);
extern Datum identifier_attested(osms_kind kind, FunctionCallInfo fcinfo);
extern Datum identifier_fault(osms_kind kind, FunctionCallInfo fcinfo);
extern Datum identifier_label(const char *label, FunctionCallInfo fcinfo);

#endif							/* OSMS_IDENTIFIER_H */

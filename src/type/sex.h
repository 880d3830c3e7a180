/*
 * sex.h
 *		osms.sex in C: an enum whose labels are found once per function call
 *		site.
 */
#ifndef OSMS_SEX_H
#define OSMS_SEX_H

#include "osms.h"

#include "core/sex.h"

/* pg_enum OIDs of the two labels; a Datum of osms.sex is one of them. */
typedef struct SexLabels
{
	Oid			male;
	Oid			female;
} SexLabels;

extern void sex_labels_load(SexLabels *labels, Oid sex_type);
extern Datum sex_result(FunctionCallInfo fcinfo, osms_sex sex);
extern osms_sex sex_argument(FunctionCallInfo fcinfo, int argument);

#endif							/* OSMS_SEX_H */

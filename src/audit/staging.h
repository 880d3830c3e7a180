/*
 * staging.h
 *		Rows that wait to be inserted, as osms.sift reads them.
 */
#ifndef OSMS_STAGING_H
#define OSMS_STAGING_H

#include "guard/guard.h"

/* What a candidate is called; the query gives it after the canonical row. */
enum
{
	LABEL_TID, LABEL_KEY, LABEL_PERSON, LABELS
};

extern char *candidate_query(const Guard *guard, Oid staging);

#endif							/* OSMS_STAGING_H */

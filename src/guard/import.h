/*
 * import.h
 *		Loads of rows of the past, for which rules of time only warn.
 */
#ifndef OSMS_IMPORT_H
#define OSMS_IMPORT_H

#include "osms.h"

#include "guard/guard.h"

/*
 * The import under way in this transaction; the index of open ones is empty.
 */
#define IMPORT \
	"(SELECT i.entry FROM {r}.import i WHERE i.ended IS NULL" \
	" AND i.transaction = pg_current_xact_id_if_assigned())"

extern bool may_import(const Guard *guard);

#endif							/* OSMS_IMPORT_H */

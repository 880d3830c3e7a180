/*
 * version.h
 *		How queries tell versions of the roster.
 */
#ifndef OSMS_VERSION_H
#define OSMS_VERSION_H

#include "osms.h"

/*
 * The changes of a chunk with the current versions x that they are about,
 * looked up one by one: were the planner free to begin with the roster, a
 * plan kept from a day when it was empty would go through all of it, and
 * through the chunk for each row.
 */
#define VERSIONS_OF(changes, found_by) \
	"(SELECT c.*, x.version FROM chunk c CROSS JOIN LATERAL" \
	"  (SELECT x.ctid AS version FROM {r}.roster x WHERE " found_by \
	"   AND x.known_to = 'infinity' OFFSET 0) x" \
	" WHERE " changes " OFFSET 0)"

/* What a version of the roster is. */
#define ROSTER_COLUMNS \
	"attachment, person, organisation, site, since, until, birth_date, sex," \
	" basis, mark, known_from, known_to"

/* An instant after the version's own, so that no version is empty. */
#define ENDED_NOW \
	"greatest(osms_internal.roster_moment(), r.known_from + interval" \
	" '1 microsecond')"

#endif							/* OSMS_VERSION_H */

/*
 * law_place.h
 *		The law about places: contracts of organisations, territories, stays.
 *
 * Predicates in SQL for the table in clause.c; judge.c tells what they may
 * refer to.
 */
#ifndef OSMS_LAW_PLACE_H
#define OSMS_LAW_PLACE_H

/*
 * The contract that holds on the first day; set_guard.c has locked the
 * contracts of these organisations, so that none ends meanwhile.
 */
#define CONTRACTED \
	"CASE WHEN {touched:organisation,since} AND c.since IS NOT NULL" \
	" AND c.state IS DISTINCT FROM 'annulled'" \
	" AND NOT EXISTS (SELECT FROM {r}.contract k" \
	"  WHERE k.organisation = c.organisation AND k.valid_from <= c.since" \
	"   AND (k.valid_to IS NULL OR k.valid_to > c.since))" \
	" THEN 'no_contract' END"

/* The last day of the stay is the last day of the attachment. */
#define STAY \
	"CASE WHEN ({touched:person,since} OR {extended})" \
	" AND c.state IS DISTINCT FROM 'annulled'" \
	" AND coalesce(c.until, 'infinity') > p.stay_until + 1" \
	" THEN 'beyond_stay' END"

#endif							/* OSMS_LAW_PLACE_H */

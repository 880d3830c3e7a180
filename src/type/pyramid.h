/*
 * pyramid.h
 *		osms.pyramid as a datum.
 */
#ifndef OSMS_PYRAMID_H
#define OSMS_PYRAMID_H

#include "osms.h"

#include "core/pyramid.h"

/* A pyramid as it is stored.  The type is aligned as double, for the cells. */
typedef struct Pyramid
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		mark;			/* PYRAMID_MARK */
	int64		cells[PYRAMID_CELLS];
} Pyramid;

/*
 * A pyramid while the aggregate counts: also a datum of osms.pyramid, always
 * of one size and changed in place.  Rows come in random order of groups, so
 * what each of them hits is kept small: a byte for each cell, carried when it
 * is full.  The whole of it fits into an allocation of 1 kB, which counts in a
 * hash of groups. Never stored: the aggregate's final function folds it.
 */
typedef struct PyramidCount
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		mark;			/* PYRAMID_COUNT_MARK */
	uint8		recent[PYRAMID_CELLS];
	uint16		carried[PYRAMID_CELLS]; /* in units of RECENT_HEADS */
} PyramidCount;

#define RECENT_HEADS	256		/* what a byte is full with */
#define CARRIED_HEADS	(INT64CONST(1) << 24)	/* what a cell of both is full
												 * with */

/* Tell the two from each other and from other bytes of the same length. */
#define PYRAMID_MARK		0x50595201
#define PYRAMID_COUNT_MARK	0x50595202

extern Pyramid *pyramid_new(void);
extern Pyramid *pyramid_from_datum(Datum datum);

#define PG_GETARG_PYRAMID(n)	pyramid_from_datum(PG_GETARG_DATUM(n))

#endif							/* OSMS_PYRAMID_H */

/*
 * pyramid.h
 *		osms.pyramid as a datum.
 */
#ifndef OSMS_PYRAMID_H
#define OSMS_PYRAMID_H

#include "core/pyramid.h"

/* A pyramid as it is stored.  The type is aligned as double, for the cells. */
typedef struct Pyramid
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		mark;			/* PYRAMID_MARK */
	int64		cells[PYRAMID_CELLS];
} Pyramid;

/*
 * A pyramid while the aggregate counts: also a datum of osms.pyramid, always of
 * one size and changed in place.  What is hit for every row, in random order of
 * groups, is a few cache lines: a byte for each cell, whose overflow is carried
 * to the cell.  Never stored: the aggregate's final function folds it.
 */
typedef struct PyramidCount
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		mark;			/* PYRAMID_COUNT_MARK */
	uint8		recent[PYRAMID_CELLS];	/* not yet in cells */
	int64		cells[PYRAMID_CELLS];
} PyramidCount;

/* Tell the two from each other and from other bytes of the same length. */
#define PYRAMID_MARK		0x50595201
#define PYRAMID_COUNT_MARK	0x50595202

extern Pyramid *pyramid_new(void);
extern Pyramid *pyramid_from_datum(Datum datum);

#define PG_GETARG_PYRAMID(n)	pyramid_from_datum(PG_GETARG_DATUM(n))

#endif							/* OSMS_PYRAMID_H */

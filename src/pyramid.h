/*
 * pyramid.h
 *		osms.pyramid as a datum.
 */
#ifndef OSMS_PYRAMID_H
#define OSMS_PYRAMID_H

#include "core/pyramid.h"

/*
 * Always of one size, so that an aggregate can count in place.  The type is
 * aligned as double: the cells need no copy to be read.
 */
typedef struct Pyramid
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		mark;			/* PYRAMID_MARK */
	int64		cells[PYRAMID_CELLS];
} Pyramid;

/* Tells a pyramid from other bytes of the same length. */
#define PYRAMID_MARK	0x50595201

extern Pyramid *pyramid_new(void);
extern Pyramid *pyramid_from_datum(Datum datum);

#define PG_GETARG_PYRAMID(n)	pyramid_from_datum(PG_GETARG_DATUM(n))

#endif							/* OSMS_PYRAMID_H */

/*
 * pyramid_draw.h
 *		What drawings of a pyramid have in common.
 */
#ifndef OSMS_PYRAMID_DRAW_H
#define OSMS_PYRAMID_DRAW_H

#include "type/pyramid.h"

extern char *pyramid_grouped(int64 number);
extern int64 pyramid_heads(const Pyramid *pyramid, int from_age, int to_age,
						   int sex);

#endif							/* OSMS_PYRAMID_DRAW_H */

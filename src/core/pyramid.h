/*
 * pyramid.h
 *		Head counts by single year of age and sex, in plain integers.
 *
 * The cells of a pyramid are an array of PYRAMID_CELLS signed counts, a male
 * and a female one for each age; PYRAMID_CELL tells where.  Counts may be
 * negative: the difference of two pyramids is a pyramid.
 */
#ifndef OSMS_CORE_PYRAMID_H
#define OSMS_CORE_PYRAMID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PYRAMID_AGES	128		/* 0 .. 127 completed years */
#define PYRAMID_SEXES	2
#define PYRAMID_CELLS	(PYRAMID_AGES * PYRAMID_SEXES)
#define PYRAMID_MALE	0
#define PYRAMID_FEMALE	1
#define PYRAMID_ANY_SEX	(-1)
#define PYRAMID_CELL(age, sex)	((age) * PYRAMID_SEXES + (sex))

/*
 * Enough for every pyramid in text: braces, and
 * "127:-9223372036854775808/-9223372036854775808,"
 */
#define PYRAMID_TEXT_SIZE	(PYRAMID_AGES * 46 + 3)

/*
 * Ages as of one day.  latest_birth[k] is the last birthday (day number of
 * calendar.h) of somebody who has completed k years on that day.
 */
typedef struct PyramidCutoffs
{
	int32_t		as_of;
	int32_t		latest_birth[PYRAMID_AGES + 1];
} PyramidCutoffs;

/* What is wrong with a text that should be a pyramid. */
typedef enum PyramidFault
{
	PYRAMID_VALID,
	PYRAMID_SYNTAX,
	PYRAMID_AGE_RANGE,
	PYRAMID_AGE_ORDER,
	PYRAMID_COUNT_RANGE
} PyramidFault;

extern void osms_pyramid_cutoffs(PyramidCutoffs *cutoffs, int32_t as_of);
extern bool osms_pyramid_plus(int64_t *cells, const int64_t *other);
extern bool osms_pyramid_minus(int64_t *cells, const int64_t *other);
extern bool osms_pyramid_heads(const int64_t *cells, int from_age, int to_age,
							   int sex, int64_t *heads);
extern PyramidFault osms_pyramid_parse(const char *text, int64_t *cells,
									   size_t *position);
extern size_t osms_pyramid_print(const int64_t *cells, char *text);

#define PYRAMID_NOT_BORN	(-1)
#define PYRAMID_TOO_OLD		PYRAMID_AGES

/*
 * Completed years of somebody born on that day, PYRAMID_NOT_BORN or
 * PYRAMID_TOO_OLD.  Called for every row: the mean year gives the age or one
 * of its neighbours, the cut-offs say which.
 */
static inline int
osms_pyramid_age(const PyramidCutoffs *cutoffs, int32_t birth)
{
	int64_t		days = (int64_t) cutoffs->as_of - birth;
	int			age;

	if (days < 0)
		return PYRAMID_NOT_BORN;
	if (birth <= cutoffs->latest_birth[PYRAMID_AGES])
		return PYRAMID_TOO_OLD;

	age = (int) ((uint32_t) days * 400 / 146097);
	if (birth > cutoffs->latest_birth[age])
		return age - 1;
	return age + (birth <= cutoffs->latest_birth[age + 1]);
}

#endif							/* OSMS_CORE_PYRAMID_H */

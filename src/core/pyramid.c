/*
 * pyramid.c
 *		Counts by age and sex: cut-offs, sums, text.
 */
#include "core/pyramid.h"

#include <string.h>

#include "core/calendar.h"

/*
 * Cut-offs for one day.  Who was born on this day of the year, k years ago,
 * completes k years today.  Where that month is shorter than this day its last
 * day is the cut-off; and somebody born on 29 February is not yet through on
 * 28 February, because the cut-off then is the 28th.
 */
void
osms_pyramid_cutoffs(PyramidCutoffs *cutoffs, int32_t as_of)
{
	int			year,
				month,
				day;

	osms_date_from_days(as_of, &year, &month, &day);
	cutoffs->as_of = as_of;
	for (int age = 0; age <= PYRAMID_AGES; age++)
	{
		int			length = osms_days_in_month(year - age, month);

		cutoffs->latest_birth[age] =
			osms_days_from_date(year - age, month, day < length ? day :
								length);
	}
}

/*
 * Add the other cells to these; false, and the cells undefined, on overflow.
 */
bool
osms_pyramid_plus(int64_t *cells, const int64_t *other)
{
	bool		overflow = false;

	for (int i = 0; i < PYRAMID_CELLS; i++)
		overflow |= __builtin_add_overflow(cells[i], other[i], &cells[i]);
	return !overflow;
}

/*
 * Take the other cells from these; false, and the cells undefined, on
 * overflow.
 */
bool
osms_pyramid_minus(int64_t *cells, const int64_t *other)
{
	bool		overflow = false;

	for (int i = 0; i < PYRAMID_CELLS; i++)
		overflow |= __builtin_sub_overflow(cells[i], other[i], &cells[i]);
	return !overflow;
}

/*
 * Heads with from_age <= age < to_age of one sex or PYRAMID_ANY_SEX.  Ages
 * outside the pyramid count nobody.  Summed in 128 bits, so that the order of
 * large and negative cells does not matter; false if the sum needs more than
 * 64.
 */
bool
osms_pyramid_heads(const int64_t *cells, int from_age, int to_age, int sex,
				   int64_t *heads)
{
	__int128	sum = 0;

	if (from_age < 0)
		from_age = 0;
	if (to_age > PYRAMID_AGES)
		to_age = PYRAMID_AGES;
	for (int age = from_age; age < to_age; age++)
	{
		if (sex != PYRAMID_FEMALE)
			sum += cells[PYRAMID_CELL(age, PYRAMID_MALE)];
		if (sex != PYRAMID_MALE)
			sum += cells[PYRAMID_CELL(age, PYRAMID_FEMALE)];
	}
	*heads = (int64_t) sum;
	return *heads == sum;
}

/* Skip ASCII white space. */
static const char *
skip_space(const char *at)
{
	while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		at++;
	return at;
}

/*
 * Read digits, with a sign if it is allowed, and move past them.  They are
 * summed as a negative number, which has the wider range.
 */
static PyramidFault
read_number(const char **text, bool sign_allowed, int64_t *number)
{
	const char *at = skip_space(*text);
	bool		negative = sign_allowed && *at == '-';
	bool		overflow = false;
	int64_t		sum = 0;

	*text = at;
	if (negative)
		at++;
	if (*at < '0' || *at > '9')
		return PYRAMID_SYNTAX;
	for (; *at >= '0' && *at <= '9'; at++)
	{
		overflow |= __builtin_mul_overflow(sum, 10, &sum);
		overflow |= __builtin_sub_overflow(sum, *at - '0', &sum);
	}
	if (!negative)
		overflow |= __builtin_sub_overflow(0, sum, &sum);
	if (overflow)
		return PYRAMID_COUNT_RANGE;
	*number = sum;
	*text = at;
	return PYRAMID_VALID;
}

/* Move past one character, if it is the next one. */
static bool
read_char(const char **text, char wanted)
{
	const char *at = skip_space(*text);

	*text = at;
	if (*at != wanted)
		return false;
	*text = at + 1;
	return true;
}

/* Read "age:male/female"; the age has to be above the last one. */
static PyramidFault
read_age(const char **text, int64_t *last_age, int64_t *cells)
{
	const char *start = *text = skip_space(*text);
	PyramidFault fault;
	int64_t		age;

	fault = read_number(text, false, &age);
	if (fault == PYRAMID_COUNT_RANGE ||
		(fault == PYRAMID_VALID && age >= PYRAMID_AGES))
		fault = PYRAMID_AGE_RANGE;
	else if (fault == PYRAMID_VALID && age <= *last_age)
		fault = PYRAMID_AGE_ORDER;
	if (fault != PYRAMID_VALID)
	{
		*text = start;
		return fault;
	}
	*last_age = age;

	if (!read_char(text, ':'))
		return PYRAMID_SYNTAX;
	fault = read_number(text, true, &cells[PYRAMID_CELL(age, PYRAMID_MALE)]);
	if (fault != PYRAMID_VALID)
		return fault;
	if (!read_char(text, '/'))
		return PYRAMID_SYNTAX;
	return read_number(text, true, &cells[PYRAMID_CELL(age, PYRAMID_FEMALE)]);
}

/*
 * Read a pyramid, "{0:512/498,1:530/511}": age, males, females, ages
 * ascending; white space may stand between the parts.  On a fault, position is
 * where in the text it was seen and the cells are undefined.
 */
PyramidFault
osms_pyramid_parse(const char *text, int64_t *cells, size_t *position)
{
	const char *at = text;
	PyramidFault fault = PYRAMID_VALID;
	int64_t		last_age = -1;

	memset(cells, 0, sizeof(int64_t) * PYRAMID_CELLS);
	if (!read_char(&at, '{'))
		fault = PYRAMID_SYNTAX;
	else if (!read_char(&at, '}'))
	{
		do
			fault = read_age(&at, &last_age, cells);
		while (fault == PYRAMID_VALID && read_char(&at, ','));

		if (fault == PYRAMID_VALID && !read_char(&at, '}'))
			fault = PYRAMID_SYNTAX;
	}
	if (fault == PYRAMID_VALID)
	{
		at = skip_space(at);
		if (*at != '\0')
			fault = PYRAMID_SYNTAX;
	}
	*position = at - text;
	return fault;
}

/* Write a number in decimal; returns the end. */
static char *
print_number(char *at, int64_t number)
{
	char		digits[20];
	int			length = 0;
	uint64_t	rest = number < 0 ? -(uint64_t) number : (uint64_t) number;

	if (number < 0)
		*at++ = '-';
	do
		digits[length++] = '0' + rest % 10;
	while ((rest /= 10) != 0);
	while (length > 0)
		*at++ = digits[--length];
	return at;
}

/*
 * Write a pyramid, populated ages only, into PYRAMID_TEXT_SIZE bytes; returns
 * the length without the closing zero.
 */
size_t
osms_pyramid_print(const int64_t *cells, char *text)
{
	char	   *at = text;

	*at++ = '{';
	for (int age = 0; age < PYRAMID_AGES; age++)
	{
		int64_t		male = cells[PYRAMID_CELL(age, PYRAMID_MALE)];
		int64_t		female = cells[PYRAMID_CELL(age, PYRAMID_FEMALE)];

		if (male == 0 && female == 0)
			continue;
		if (at > text + 1)
			*at++ = ',';
		at = print_number(at, age);
		*at++ = ':';
		at = print_number(at, male);
		*at++ = '/';
		at = print_number(at, female);
	}
	*at++ = '}';
	*at = '\0';
	return at - text;
}

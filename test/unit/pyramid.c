/*
 * pyramid.c
 *		Unit test of src/core/pyramid.c.
 */
#include "core/pyramid.h"

#include <string.h>

#include "check.h"
#include "core/calendar.h"

/* A fixed sequence, so that a failure can be repeated. */
static uint64_t
next_random(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/*
 * Ages by cut-offs against calendar arithmetic, for every birth date of 131
 * years.
 */
static bool
ages_agree(int32_t first, int32_t last)
{
	for (int32_t as_of = first; as_of <= last; as_of++)
	{
		PyramidCutoffs cutoffs;

		osms_pyramid_cutoffs(&cutoffs, as_of);
		for (int32_t birth = as_of + 1; birth >= as_of - 131 * 366; birth--)
		{
			int			age = osms_completed_years(birth, as_of);

			if (birth > as_of)
				age = PYRAMID_NOT_BORN;
			else if (age >= PYRAMID_AGES)
				age = PYRAMID_TOO_OLD;
			if (osms_pyramid_age(&cutoffs, birth) != age)
			{
				printf("# as of %d, born %d: %d, not %d\n", as_of, birth,
					   osms_pyramid_age(&cutoffs, birth), age);
				return false;
			}
		}
	}
	return true;
}

static void
test_ages(void)
{
	PyramidCutoffs cutoffs;

	/* ages on every day of two years and a leap day */
	CHECK(ages_agree(osms_days_from_date(2023, 2, 1),
					 osms_days_from_date(2025, 3, 31)));
	/* ages around the leap day that 1900 does not have */
	CHECK(ages_agree(osms_days_from_date(1900, 2, 20),
					 osms_days_from_date(1900, 3, 10)));
	/* ages around the leap day of 2000 */
	CHECK(ages_agree(osms_days_from_date(2000, 2, 20),
					 osms_days_from_date(2000, 3, 10)));
	/* ages around the leap day that 2100 does not have */
	CHECK(ages_agree(osms_days_from_date(2100, 2, 20),
					 osms_days_from_date(2100, 3, 10)));

	osms_pyramid_cutoffs(&cutoffs, osms_days_from_date(2026, 2, 28));
	/* born on 29 February: no birthday yet on the 28th */
	CHECK(osms_pyramid_age(&cutoffs, osms_days_from_date(2024, 2, 29)) == 1);
	osms_pyramid_cutoffs(&cutoffs, osms_days_from_date(2026, 3, 1));
	/* born on 29 February: birthday on 1 March */
	CHECK(osms_pyramid_age(&cutoffs, osms_days_from_date(2024, 2, 29)) == 2);
	/* the ends of the range of dates */
	CHECK(osms_pyramid_age(&cutoffs, INT32_MAX) == PYRAMID_NOT_BORN &&
		  osms_pyramid_age(&cutoffs, INT32_MIN) == PYRAMID_TOO_OLD);
}

static void
test_arithmetic(void)
{
	int64_t		a[PYRAMID_CELLS] = {0};
	int64_t		b[PYRAMID_CELLS] = {0};
	int64_t		heads;

	a[PYRAMID_CELL(0, PYRAMID_MALE)] = 5;
	a[PYRAMID_CELL(10, PYRAMID_FEMALE)] = 7;
	a[PYRAMID_CELL(127, PYRAMID_MALE)] = 11;
	/* all heads */
	CHECK(osms_pyramid_heads(a, 0, PYRAMID_AGES, PYRAMID_ANY_SEX, &heads) &&
		  heads == 23);
	/* the upper end is exclusive */
	CHECK(osms_pyramid_heads(a, 0, 10, PYRAMID_ANY_SEX, &heads) && heads == 5);
	/* one cell */
	CHECK(osms_pyramid_heads(a, 10, 11, PYRAMID_FEMALE, &heads) && heads == 7);
	/* the other sex */
	CHECK(osms_pyramid_heads(a, 10, 11, PYRAMID_MALE, &heads) && heads == 0);
	/* ages beyond the pyramid */
	CHECK(osms_pyramid_heads(a, INT32_MIN, INT32_MAX, PYRAMID_MALE, &heads) &&
		  heads == 16);
	/* ages past the pyramid */
	CHECK(osms_pyramid_heads(a, 200, INT32_MAX, PYRAMID_ANY_SEX, &heads) &&
		  heads == 0);

	b[PYRAMID_CELL(0, PYRAMID_MALE)] = INT64_MAX - 5;
	/* a sum up to the last number */
	CHECK(osms_pyramid_plus(b, a) && b[0] == INT64_MAX);
	/* heads that need more than 64 bits */
	CHECK(!osms_pyramid_heads(b, 0, PYRAMID_AGES, PYRAMID_ANY_SEX, &heads));
	b[PYRAMID_CELL(5, PYRAMID_MALE)] = -100;
	/* heads that need more than 64 bits only on the way */
	CHECK(osms_pyramid_heads(b, 0, PYRAMID_AGES, PYRAMID_MALE, &heads) &&
		  heads == INT64_MAX - 89);
	/* a sum that overflows */
	CHECK(!osms_pyramid_plus(b, a));
	memset(b, 0, sizeof(b));
	/* a difference below zero */
	CHECK(osms_pyramid_minus(b, a) && b[0] == -5 &&
		  b[PYRAMID_CELL(127, PYRAMID_MALE)] == -11);
	b[0] = INT64_MIN;
	/* a difference that overflows */
	CHECK(!osms_pyramid_minus(b, a));
}

/* Text, what it is, where the fault is seen, and the text that comes back. */
static const struct
{
	const char *text;
	PyramidFault fault;
	size_t		position;
	const char *printed;
}			readings[] = {
	{"{}", PYRAMID_VALID, 2, "{}"},
	{" { } ", PYRAMID_VALID, 5, "{}"},
	{"{0:512/498,1:530/511}", PYRAMID_VALID, 21, "{0:512/498,1:530/511}"},
	{"{ 0 : 1 / 2 ,\n127\t:0/3 }", PYRAMID_VALID, 24, "{0:1/2,127:0/3}"},
	{"{5:0/0}", PYRAMID_VALID, 7, "{}"},
	{"{007:01/-0}", PYRAMID_VALID, 11, "{7:1/0}"},
	{"{3:-4/5}", PYRAMID_VALID, 8, "{3:-4/5}"},
	{"{0:9223372036854775807/-9223372036854775808}", PYRAMID_VALID, 44, "{0:9223372036854775807/-9223372036854775808}"},
	{"", PYRAMID_SYNTAX, 0, NULL},
	{"{", PYRAMID_SYNTAX, 1, NULL},
	{"0:1/2", PYRAMID_SYNTAX, 0, NULL},
	{"{0:1/2", PYRAMID_SYNTAX, 6, NULL},
	{"{0:1/2,}", PYRAMID_SYNTAX, 7, NULL},
	{"{,0:1/2}", PYRAMID_SYNTAX, 1, NULL},
	{"{0:1/2}x", PYRAMID_SYNTAX, 7, NULL},
	{"{0:1}", PYRAMID_SYNTAX, 4, NULL},
	{"{0/1:2}", PYRAMID_SYNTAX, 2, NULL},
	{"{0:+1/2}", PYRAMID_SYNTAX, 3, NULL},
	{"{0:--1/2}", PYRAMID_SYNTAX, 3, NULL},
	{"{0:1.0/2}", PYRAMID_SYNTAX, 4, NULL},
	{"{-1:1/2}", PYRAMID_SYNTAX, 1, NULL},
	{"{128:1/2}", PYRAMID_AGE_RANGE, 1, NULL},
	{"{99999999999999999999:1/2}", PYRAMID_AGE_RANGE, 1, NULL},
	{"{1:1/2,1:1/2}", PYRAMID_AGE_ORDER, 7, NULL},
	{"{2:1/2, 1:1/2}", PYRAMID_AGE_ORDER, 8, NULL},
	{"{0:9223372036854775808/0}", PYRAMID_COUNT_RANGE, 3, NULL},
	{"{0:0/-9223372036854775809}", PYRAMID_COUNT_RANGE, 5, NULL},
};

static void
test_reading(void)
{
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++)
	{
		int64_t		cells[PYRAMID_CELLS];
		char		printed[PYRAMID_TEXT_SIZE];
		size_t		position;
		PyramidFault fault = osms_pyramid_parse(readings[i].text, cells,
												&position);
		bool		passed = fault == readings[i].fault &&
			position == readings[i].position;

		if (passed && fault == PYRAMID_VALID)
		{
			size_t		length = osms_pyramid_print(cells, printed);

			passed = strcmp(printed, readings[i].printed) == 0 &&
				length == strlen(printed);
		}
		if (!passed)
			printf("# reading \"%s\"\n", readings[i].text);
		CHECK(passed);
	}
}

/* A count of any magnitude, often zero. */
static int64_t
random_count(void)
{
	uint64_t	bits = next_random();

	return bits % 3 == 0 ? 0 : (int64_t) next_random() >> (bits % 64);
}

static void
test_round_trip(void)
{
	bool		same = true;
	bool		stable = true;
	char		text[PYRAMID_TEXT_SIZE];
	char		again[PYRAMID_TEXT_SIZE];
	int64_t		cells[PYRAMID_CELLS];
	int64_t		reread[PYRAMID_CELLS];
	size_t		position;

	for (int i = 0; i < 20000; i++)
	{
		size_t		length;

		for (int cell = 0; cell < PYRAMID_CELLS; cell++)
			cells[cell] = random_count();
		length = osms_pyramid_print(cells, text);
		same &= osms_pyramid_parse(text, reread, &position) == PYRAMID_VALID &&
			position == length &&
			memcmp(cells, reread, sizeof(cells)) == 0;

		/* A mutated text is refused, or read as something that reads back. */
		text[next_random() % length] = "0123456789-/:,{} x"[next_random() % 18];
		if (osms_pyramid_parse(text, cells, &position) == PYRAMID_VALID)
		{
			osms_pyramid_print(cells, again);
			stable &= osms_pyramid_parse(again, reread,
										 &position) == PYRAMID_VALID &&
				memcmp(cells, reread, sizeof(cells)) == 0;
		}
	}
	/* random pyramids survive their text */
	CHECK(same);
	/* mutated texts */
	CHECK(stable);

	for (int cell = 0; cell < PYRAMID_CELLS; cell++)
		cells[cell] = INT64_MIN;
	/* the longest text */
	CHECK(osms_pyramid_print(cells, text) < PYRAMID_TEXT_SIZE &&
		  osms_pyramid_parse(text, reread, &position) == PYRAMID_VALID &&
		  memcmp(cells, reread, sizeof(cells)) == 0);
}

int
main(void)
{
	test_ages();
	test_arithmetic();
	test_reading();
	test_round_trip();
	return checks_summary();
}

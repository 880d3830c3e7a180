/*
 * calendar.c
 *		Unit test of src/core/calendar.c.
 */
#include "check.h"
#include "core/calendar.h"

/* Steps through the calendar a day at a time, by the rule books' lengths. */
static void
walk(int from_year, int to_year)
{
	int32_t		day = osms_days_from_date(from_year, 1, 1);
	int			wrong = 0;

	for (int year = from_year; year < to_year; year++)
		for (int month = 1; month <= 12; month++)
			for (int d = 1; osms_valid_date(year, month, d); d++, day++)
			{
				int			y,
							m,
							dd;

				osms_date_from_days(day, &y, &m, &dd);
				wrong += osms_days_from_date(year, month, d) != day ||
					y != year || m != month || dd != d;
			}
	CHECK(wrong == 0);
	CHECK(day == osms_days_from_date(to_year, 1, 1));
}

/* Age on a date of somebody born on another. */
static int
age(int by, int bm, int bd, int y, int m, int d)
{
	return osms_completed_years(osms_days_from_date(by, bm, bd),
								osms_days_from_date(y, m, d));
}

/*
 * The birthdays of everybody born in these years: the age goes up on that day,
 * and not the day before.
 */
static void
birthdays(int from_year, int to_year)
{
	int			end = osms_days_from_date(to_year, 1, 1);
	int			wrong = 0;

	for (int birth = osms_days_from_date(from_year, 1,
										 1); birth < end; birth++)
		for (int years = 1; years <= 128; years++)
		{
			int			day = osms_birthday(birth, years);

			wrong += osms_completed_years(birth, day) != years ||
				osms_completed_years(birth, day - 1) != years - 1;
		}
	CHECK(wrong == 0);
}

int
main(void)
{
	int			y,
				m,
				d;

	/* the epoch, and two days every text book has */
	CHECK(osms_days_from_date(2000, 1, 1) == 0);
	CHECK(osms_days_from_date(1970, 1, 1) == -10957);
	CHECK(osms_days_from_date(1582, 10, 15) == -152384);

	/* the ends of PostgreSQL's dates: 4714-11-24 BC and 5874897-12-31 */
	CHECK(osms_days_from_date(-4713, 11, 24) == -2451545);
	CHECK(osms_days_from_date(5874897, 12, 31) == 2145031948);
	osms_date_from_days(2145031948, &y, &m, &d);
	CHECK(y == 5874897 && m == 12 && d == 31);
	osms_date_from_days(-2451545, &y, &m, &d);
	CHECK(y == -4713 && m == 11 && d == 24);

	walk(-4713, -4300);
	walk(-401, 401);
	walk(1500, 2500);
	birthdays(1896, 1906);
	birthdays(1999, 2005);

	/* leap years and valid dates */
	CHECK(osms_leap_year(2000) && osms_leap_year(2024) && osms_leap_year(0) &&
		  osms_leap_year(-4));
	CHECK(!osms_leap_year(1900) && !osms_leap_year(2023) &&
		  !osms_leap_year(-1));
	CHECK(osms_valid_date(2000, 2, 29) && !osms_valid_date(1900, 2, 29));
	CHECK(osms_days_in_month(2024, 2) == 29 &&
		  osms_days_in_month(2023, 2) == 28);
	CHECK(osms_days_in_month(2024, 0) == 0 &&
		  osms_days_in_month(2024, 13) == 0);
	CHECK(!osms_valid_date(2000, 0, 1) && !osms_valid_date(2000, 13, 1));
	CHECK(!osms_valid_date(2000, 4, 31) && !osms_valid_date(2000, 1, 0) &&
		  !osms_valid_date(2000, 1, -1));

	/* completed years */
	CHECK(age(1978, 3, 15, 2024, 3, 14) == 45);
	CHECK(age(1978, 3, 15, 2024, 3, 15) == 46);
	CHECK(age(2000, 2, 29, 2001, 2, 28) == 0);
	CHECK(age(2000, 2, 29, 2001, 3, 1) == 1);
	CHECK(age(2000, 2, 29, 2004, 2, 28) == 3);
	CHECK(age(2000, 2, 29, 2004, 2, 29) == 4);
	CHECK(age(2000, 1, 1, 2000, 1, 1) == 0);
	CHECK(age(2000, 1, 2, 2000, 1, 1) == -1);
	CHECK(age(1999, 12, 31, 2000, 1, 1) == 0);

	return checks_summary();
}

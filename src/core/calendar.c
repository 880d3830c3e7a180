/*
 * calendar.c
 *		Dates and completed years, without a clock, a locale or a time zone.
 */
#include "core/calendar.h"

/*
 * Years are shifted to begin on 1 March, so that the leap day comes last and
 * the length of a month depends on its number alone; 400 such years are one
 * era of ERA_DAYS.  EPOCH_DAYS is 2000-01-01 counted from 1 March of year 0.
 */
#define ERA_YEARS	400
#define ERA_DAYS	146097
#define EPOCH_DAYS	730425

/* Does the year have a 29 February? */
bool
osms_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days in a month; 0 where there is no such month, so that no day fits. */
int
osms_days_in_month(int year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
	31};

	if (month < 1 || month > 12)
		return 0;
	return lengths[month - 1] + (month == 2 && osms_leap_year(year));
}

/* Is there such a day in the calendar? */
bool
osms_valid_date(int year, int month, int day)
{
	return day >= 1 && day <= osms_days_in_month(year, month);
}

/*
 * Day number of a valid date.  Exact over the whole range of a DateADT, whose
 * ends the caller has to keep.
 */
int32_t
osms_days_from_date(int year, int month, int day)
{
	int64_t		shifted = (int64_t) year - (month <= 2);
	int64_t		era = (shifted >= 0 ? shifted : shifted - (ERA_YEARS - 1)) /
		ERA_YEARS;
	int			year_of_era = (int) (shifted - era * ERA_YEARS);
	int			month_from_march = (month + 9) % 12;
	int			day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
	int			day_of_era = year_of_era * 365 + year_of_era / 4 -
		year_of_era / 100 + day_of_year;

	return (int32_t) (era * ERA_DAYS + day_of_era - EPOCH_DAYS);
}

/* The inverse of osms_days_from_date. */
void
osms_date_from_days(int32_t days, int *year, int *month, int *day)
{
	int64_t		since_zero = (int64_t) days + EPOCH_DAYS;
	int64_t		era = (since_zero >= 0 ? since_zero :
					   since_zero - (ERA_DAYS - 1)) / ERA_DAYS;
	int			day_of_era = (int) (since_zero - era * ERA_DAYS);
	int			year_of_era = (day_of_era - day_of_era / 1460 + day_of_era /
							   36524 -
							   day_of_era / 146096) / 365;
	int			day_of_year = day_of_era -
		(365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int			month_from_march = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	*month = (month_from_march + 2) % 12 + 1;
	*year = (int) (era * ERA_YEARS) + year_of_era + (*month <= 2);
}

/*
 * Age in completed years on a day; negative before the birth.  Somebody born
 * on 29 February completes a year on 1 March where there is no 29 February.
 */
int
osms_completed_years(int32_t birth, int32_t on)
{
	int			birth_year,
				birth_month,
				birth_day;
	int			year,
				month,
				day;

	osms_date_from_days(birth, &birth_year, &birth_month, &birth_day);
	osms_date_from_days(on, &year, &month, &day);
	return year - birth_year -
		(month < birth_month || (month == birth_month && day < birth_day));
}

/*
 * The day on which somebody born on that day completes so many years; who was
 * born on 29 February does so on 1 March of a year without one.
 */
int32_t
osms_birthday(int32_t birth, int years)
{
	int			year,
				month,
				day;

	osms_date_from_days(birth, &year, &month, &day);
	if (osms_valid_date(year + years, month, day))
		return osms_days_from_date(year + years, month, day);
	return osms_days_from_date(year + years, 3, 1);
}

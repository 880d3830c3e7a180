/*
 * calendar.h
 *		The proleptic Gregorian calendar in plain integers.
 *
 * A day is counted from 2000-01-01 (day 0), as PostgreSQL's DateADT counts,
 * so that a date passes between the two without arithmetic.  Year 0 is 1 BC.
 */
#ifndef OSMS_CALENDAR_H
#define OSMS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

extern bool osms_leap_year(int year);
extern int	osms_days_in_month(int year, int month);
extern bool osms_valid_date(int year, int month, int day);
extern int32_t osms_days_from_date(int year, int month, int day);
extern void osms_date_from_days(int32_t days, int *year, int *month, int *day);
extern int	osms_completed_years(int32_t birth, int32_t on);
extern int32_t osms_birthday(int32_t birth, int years);

#endif							/* OSMS_CALENDAR_H */

/*
 * literal.c
 *		Texts whose value settings of a session, or the moment, decide.
 *
 * Which of 01.02 is the month is for the DateStyle to say, of an hour without
 * a zone the TimeZone, and today is another day tomorrow.  A mapping is read
 * and written in sessions of which who mapped knows nothing.
 */
#include "registry/literal.h"

#include <ctype.h>

#include "registry/attempt.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

/* Settings under which a literal should read the same. */
static const struct
{
	int			order;
	int			intervals;
	long		offset;			/* seconds from UTC, of the zone */
}			sessions[] = {
	{DATEORDER_YMD, INTSTYLE_POSTGRES, 0},
	{DATEORDER_DMY, INTSTYLE_SQL_STANDARD, 14 * SECS_PER_HOUR},
	{DATEORDER_MDY, INTSTYLE_POSTGRES, -11 * SECS_PER_HOUR},
};

/* What is read, and how. */
typedef struct Reading
{
	Oid			input;
	Oid			parameter;
	int32		typmod;
	char	   *value;
	Datum		result;
} Reading;

/* Whether a text has a word for a moment as seen from now. */
bool
names_moment(const char *text)
{
	static const char *const moments[] = {
		"now", "today", "tomorrow", "yesterday"
	};

	while (*text)
	{
		size_t		length = 0;

		while (isalpha((unsigned char) text[length]))
			length++;
		for (int i = 0; i < (int) lengthof(moments); i++)
			if (length == strlen(moments[i]) &&
				pg_strncasecmp(text, moments[i], length) == 0)
				return true;
		text	  +=Max(length, 1);
	}
	return false;
}

/* The settings that decide how a text is read, kept to be put back. */
void
begin_reading(ReadingSettings *before, int order, int intervals, pg_tz *zone)
{
	*before = (ReadingSettings)
	{
		DateOrder, IntervalStyle, session_timezone
	};
	DateOrder = order;
	IntervalStyle = intervals;
	session_timezone = zone;
}

void
end_reading(const ReadingSettings *before)
{
	DateOrder = before->order;
	IntervalStyle = before->intervals;
	session_timezone = before->zone;
}

/* The type of the values that a value of a type is made of. */
static Oid
element_of(Oid type)
{
	Oid			element;

	for (;;)
	{
		type = getBaseType(type);
		if (OidIsValid(element = get_element_type(type)) ||
			OidIsValid(element = get_range_subtype(type)) ||
			OidIsValid(element = get_multirange_range(type)))
			type = element;
		else
			return type;
	}
}

/*
 * Whether more than its text decides how a literal of a type is read.  The
 * labels of an enum change only when somebody alters it.
 */
bool
is_read_by_settings(Oid type)
{
	Oid			element = element_of(type);
	Oid			input;
	Oid			parameter;

	getTypeInputInfo(element, &input, &parameter);
	return get_typtype(element) != TYPTYPE_ENUM &&
		func_volatile(input) != PROVOLATILE_IMMUTABLE;
}

static void
read_literal(void *arg)
{
	Reading    *reading = arg;

	reading->result = OidInputFunctionCall(reading->input, reading->value,
										   reading->parameter,
										   reading->typmod);
}

/*
 * Whether a literal reads the same in every session.  How money is written
 * each locale says.
 */
bool
reads_the_same(Oid type, int32 typmod, const char *value)
{
	static const int codes[] = {ERRCODE_DATA_EXCEPTION, 0};
	Reading		reading = {.typmod = typmod,.value = pstrdup(value)};
	Datum		first = (Datum) 0;
	int16		length;
	bool		byval;

	getTypeInputInfo(type, &reading.input, &reading.parameter);
	get_typlenbyval(type, &length, &byval);
	if (element_of(type) == CASHOID)
		return false;
	for (int i = 0; i < (int) lengthof(sessions); i++)
	{
		ReadingSettings before;
		volatile int failed = 0;

		begin_reading(&before, sessions[i].order, sessions[i].intervals,
					  pg_tzset_offset(-sessions[i].offset));
		PG_TRY();
		{
			failed = attempt(read_literal, &reading, codes);
		}
		PG_FINALLY();
		{
			end_reading(&before);
		}
		PG_END_TRY();
		if (failed ||
			(i > 0 && !datum_image_eq(first, reading.result, byval, length)))
			return false;
		first = reading.result;
	}
	return true;
}

/*
 * read_time.c
 *		Dates that a register keeps as text.
 */
#include "osms.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/formatting.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(osms_read_time);

#define FIRST_YEAR 1000			/* no register goes back further */

/* Whether two texts are the same but for zeros that lead a number. */
static bool
same_but_zeros(const char *a, const char *b)
{
	bool		digit = false;	/* whether a number has begun */

	for (;;)
	{
		while (!digit && *a == '0' && isdigit((unsigned char) a[1]))
			a++;
		while (!digit && *b == '0' && isdigit((unsigned char) b[1]))
			b++;
		if (*a != *b || *a == '\0')
			return *a == *b;
		digit = isdigit((unsigned char) *a);
		a++;
		b++;
	}
}

/*
 * Whether a time is what the text says: PostgreSQL takes the day 00 for the
 * first, and a year of two digits for one of the first century.
 */
static bool
reads_back(Timestamp time, const char *value, text *format)
{
	const Timestamp first = (Timestamp) (date2j(FIRST_YEAR, 1, 1) -
										 POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;

	return time >= first &&
		same_but_zeros(text_to_cstring(DatumGetTextPP(DirectFunctionCall2(timestamp_to_char,
																		  TimestampGetDatum(time),
																		  PointerGetDatum(format)))),
					   value);
}

/* Errors: 22023 for a format that the language of the session decides. */
static void
check_format(text *format)
{
	char	   *string = text_to_cstring(format);

	for (char *c = string; *c; c++)
		if (pg_strncasecmp(c, "TM", 2) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("format \"%s\" depends on the language of the session",
							string),
					 errhint("Write it like DD.MM.YYYY.")));
	pfree(string);
}

/*
 * read_time(value, format, unreadable): the time that a text tells.  Blank is
 * NULL.  What is no date reads as the infinity it is given: a NULL would be
 * an end that never comes.  Errors: those of the format.
 */
Datum
osms_read_time(PG_FUNCTION_ARGS)
{
	char	   *value = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text	   *format = PG_GETARG_TEXT_PP(1);
	Timestamp	unreadable = PG_GETARG_TIMESTAMP(2);
	int			length;
	Oid			type;
	Datum		time;

	check_format(format);
	value += strspn(value, " ");
	length = strlen(value);
	while (length > 0 && value[length - 1] == ' ')
		value[--length] = '\0';
	if (length == 0)
		PG_RETURN_NULL();
	if (!parse_time(cstring_to_text(value), format, &type, &time))
		PG_RETURN_TIMESTAMP(unreadable);
	if (type == DATEOID)
		time = DirectFunctionCall1(date_timestamp, time);
	else if (type != TIMESTAMPOID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("format \"%s\" is not one of a date",
						text_to_cstring(format)),
				 errhint("Write it like DD.MM.YYYY, with the time of day or without, but no time zone.")));
	if (!reads_back(DatumGetTimestamp(time), value, format))
		PG_RETURN_TIMESTAMP(unreadable);
	PG_RETURN_DATUM(time);
}

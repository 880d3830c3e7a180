/*
 * pyramid_io.c
 *		osms.pyramid in text and in binary.
 */
#include "osms.h"

#include "type/pyramid.h"

#include "libpq/pqformat.h"

#define BINARY_FORMAT	1		/* first byte of the binary form */

PG_FUNCTION_INFO_V1(osms_pyramid_in);

/*
 * Text to pyramid; 22P02 with the place of the fault, 22003 for a count beyond
 * 64 bits.
 */
Datum
osms_pyramid_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	Pyramid    *pyramid = pyramid_new();
	size_t		position;
	int			character;

	switch (osms_pyramid_parse(text, pyramid->cells, &position))
	{
		case PYRAMID_VALID:
			break;
		case PYRAMID_COUNT_RANGE:
			character = (int) position + 1;
			ereturn(escontext_of(fcinfo), (Datum) 0,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("head count at character %d is out of range for type osms.pyramid", character)));
		case PYRAMID_AGE_RANGE:
			character = (int) position + 1;
			ereturn(escontext_of(fcinfo), (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type osms.pyramid: \"%s\"", text),
					 errdetail("The age at character %d is over 127.", character)));
		case PYRAMID_AGE_ORDER:
			character = (int) position + 1;
			ereturn(escontext_of(fcinfo), (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type osms.pyramid: \"%s\"", text),
					 errdetail("The age at character %d is not above the one before it.", character)));
		case PYRAMID_SYNTAX:
			character = (int) position + 1;
			ereturn(escontext_of(fcinfo), (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type osms.pyramid: \"%s\"", text),
					 errdetail("Unexpected text or end at character %d.", character),
					 errhint("A pyramid reads {age:males/females,...}, for example {0:512/498,1:530/511}.")));
	}
	PG_RETURN_POINTER(pyramid);
}

PG_FUNCTION_INFO_V1(osms_pyramid_out);

/* Pyramid to text, populated ages only. */
Datum
osms_pyramid_out(PG_FUNCTION_ARGS)
{
	char text[	PYRAMID_TEXT_SIZE];

	osms_pyramid_print(PG_GETARG_PYRAMID(0)->cells, text);
	PG_RETURN_CSTRING(pstrdup(text));
}

/* Is there anybody of this age? */
static inline bool
is_populated(const int64 *cells, int age)
{
	return cells[PYRAMID_CELL(age, PYRAMID_MALE)] != 0 ||
		cells[PYRAMID_CELL(age, PYRAMID_FEMALE)] != 0;
}

PG_FUNCTION_INFO_V1(osms_pyramid_send);

/*
 * Binary: a byte of format, a byte with the number of populated ages, and for
 * each a byte of age and the males and females in 8 bytes, ages ascending.
 */
Datum
osms_pyramid_send(PG_FUNCTION_ARGS)
{
	Pyramid    *pyramid = PG_GETARG_PYRAMID(0);
	StringInfoData message;
	int			populated = 0;

	for (int age = 0; age < PYRAMID_AGES; age++)
		populated += is_populated(pyramid->cells, age);

	pq_begintypsend(&message);
	pq_sendint8(&message, BINARY_FORMAT);
	pq_sendint8(&message, populated);
	for (int age = 0; age < PYRAMID_AGES; age++)
	{
		if (!is_populated(pyramid->cells, age))
			continue;
		pq_sendint8(&message, age);
		pq_sendint64(&message,
					 pyramid->cells[PYRAMID_CELL(age, PYRAMID_MALE)]);
		pq_sendint64(&message,
					 pyramid->cells[PYRAMID_CELL(age, PYRAMID_FEMALE)]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* Refuse a message that send would not have written. */
pg_noreturn static void
refuse_message(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary representation of type osms.pyramid"),
			 errdetail_internal("%s", detail)));
}

PG_FUNCTION_INFO_V1(osms_pyramid_recv);

/*
 * Accepts exactly what send writes, so that equal pyramids have equal bytes.
 */
Datum
osms_pyramid_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	Pyramid    *pyramid = pyramid_new();
	int			last_age = -1;
	int			populated;

	if (pq_getmsgbyte(message) != BINARY_FORMAT)
		refuse_message("The format is unknown.");
	populated = pq_getmsgbyte(message);
	for (int i = 0; i < populated; i++)
	{
		int			age = pq_getmsgbyte(message);

		if (age <= last_age || age >= PYRAMID_AGES)
			refuse_message("Ages do not ascend from 0 to 127.");
		pyramid->cells[PYRAMID_CELL(age,
									PYRAMID_MALE)] = pq_getmsgint64(message);
		pyramid->cells[PYRAMID_CELL(age,
									PYRAMID_FEMALE)] = pq_getmsgint64(message);
		if (!is_populated(pyramid->cells, age))
			refuse_message("An age is given without heads.");
		last_age = age;
	}
	PG_RETURN_POINTER(pyramid);
}

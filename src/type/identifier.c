/*
 * identifier.c
 *		One gate for osms.iin and osms.bin: text, binary, casts, constructors.
 *
 * A value is stored as int8 without a mark.  A number that has a fault can
 * only have come in as attested, so output tells it from the number itself:
 * text gets a '!' at the end, binary a minus sign.
 */
#include "type/identifier.h"

#include "type/encoding.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define ATTESTED_MARK	'!'

static const struct
{
	const char *type;
	const char *attested;		/* the door from numbers for attested ones */
}			kinds[] = {
	[OSMS_IIN] = {"osms.iin", "osms.iin_attested"},
	[OSMS_BIN] = {"osms.bin", "osms.bin_attested"}
};

/* Reads a number in the server's encoding. */
osms_number
identifier_read(osms_kind kind, const char *text, int length)
{
	return osms_number_read(kind, text, length, count_characters);
}

/*
 * Judges a value of a column that is not of our types: integers with their
 * leading zeros implied, char(n) without its padding, anything else as it is
 * written.  "type" is a base type.
 */
osms_number
identifier_judge(osms_kind kind, Datum value, Oid type)
{
	char	   *written;

	switch (type)
	{
		case INT8OID:
			return osms_number_judge(kind, DatumGetInt64(value));
		case INT4OID:
			return osms_number_judge(kind, DatumGetInt32(value));
		case BPCHAROID:
			written = TextDatumGetCString(value);
			return identifier_read(kind, written,
								   bpchartruelen(written, strlen(written)));
		case TEXTOID:
		case VARCHAROID:
			written = TextDatumGetCString(value);
			return identifier_read(kind, written, strlen(written));
		default:
			{
				Oid			output;
				bool		varlena;

				getTypeOutputInfo(type, &output, &varlena);
				written = OidOutputFunctionCall(output, value);
				return identifier_read(kind, written, strlen(written));
			}
	}
}

/* Is this text a number without a fault? */
static bool
right(osms_kind kind, const char *text, size_t length)
{
	return osms_number_read(kind, text, length,
							osms_utf8_characters).fault == OSMS_VALID;
}

/*
 * What to do about a fault in text: a hint, or none where nothing can be said.
 * Separators and leading zeros are put right only to see whether that helps;
 * text is not converted to UTF-8 for it, as a conversion might itself fail.
 */
static int
hint_for_text(osms_kind kind, const char *text, osms_number number)
{
	size_t		length = strlen(text);
	char	   *cleaned;
	char		padded[OSMS_NUMBER_DIGITS];

	if (osms_fault_attestable(number.fault))
		return errhint("Where an official document confirms this number, write it as \"%s%c\".",
					   text, ATTESTED_MARK);

	cleaned = palloc(length + 1);
	length = osms_clean_number(text, length, cleaned);
	if (right(kind, cleaned, length))
		return errhint("Remove spaces and other separators, for example with osms.clean_number(text).");
	if (length < OSMS_NUMBER_DIGITS)
	{
		memset(padded, '0', OSMS_NUMBER_DIGITS);
		memcpy(padded + OSMS_NUMBER_DIGITS - length, cleaned, length);
		if (right(kind, padded, OSMS_NUMBER_DIGITS))
			return errhint("A leading zero may have been lost in a spreadsheet; the number would be \"%.*s\".",
						   OSMS_NUMBER_DIGITS, padded);
	}
	return 0;
}

/* The fault and its place, in the words of the core. */
static int
detail_of(osms_number number)
{
	if (number.fault == OSMS_FAULT_LENGTH)
		return errdetail("Fault \"%s\" at position %d: %s, this one has %d.",
						 osms_fault_name(number.fault), number.position,
						 osms_fault_reason(number.fault), number.characters);
	return errdetail("Fault \"%s\" at position %d: %s.",
					 osms_fault_name(number.fault), number.position,
					 osms_fault_reason(number.fault));
}

/* Does a number pass the gate, as it is or as attested? */
static bool
admitted(osms_number number, bool attested)
{
	return number.fault == OSMS_VALID ||
		(attested && osms_fault_attestable(number.fault));
}

/* Text input, strict: no spaces, no separators, ASCII digits only. */
Datum
identifier_in(osms_kind kind, FunctionCallInfo fcinfo)
{
	char	   *text = PG_GETARG_CSTRING(0);
	size_t		length = strlen(text);
	bool		attested = length > 0 && text[length - 1] == ATTESTED_MARK;
	osms_number number = identifier_read(kind, text, attested ? length - 1 :
										 length);

	if (!admitted(number, attested))
		ereturn(escontext_of(fcinfo), (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", kinds[kind].type, text),
				 detail_of(number), hint_for_text(kind, text, number)));
	PG_RETURN_INT64(number.value);
}

/* Twelve digits, and the mark where the number has a fault. */
Datum
identifier_out(osms_kind kind, FunctionCallInfo fcinfo)
{
	int64		value = PG_GETARG_INT64(0);
	char	   *text = palloc(OSMS_NUMBER_DIGITS + 2);
	char	   *end = text +OSMS_NUMBER_DIGITS;

	osms_number_write(value, text);
	if (osms_number_read(kind, text, OSMS_NUMBER_DIGITS,
						 osms_utf8_characters).fault != OSMS_VALID)
		*end++ = ATTESTED_MARK;
	*end = '\0';
	PG_RETURN_CSTRING(text);
}

/*
 * The gate for numbers that come as integers; "attested" is whether the
 * sender vouches for the number.
 */
static Datum
from_integer(osms_kind kind, int64 value, bool attested,
			 FunctionCallInfo fcinfo)
{
	osms_number number = osms_number_judge(kind, value);
	char text[	OSMS_NUMBER_DIGITS + 1] = {0};

	if (number.fault == OSMS_FAULT_LENGTH)
		ereturn(escontext_of(fcinfo), (Datum) 0,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value \"%lld\" is out of range for type %s",
						(long long) value, kinds[kind].type)));
	if (!admitted(number, attested))
	{
		osms_number_write(value, text);
		ereturn(escontext_of(fcinfo), (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid number for type %s: \"%s\"", kinds[kind].type, text),
				 detail_of(number),
				 osms_fault_attestable(number.fault) ?
				 errhint("Where an official document confirms this number, use %s(%lld).",
						 kinds[kind].attested, (long long) value) : 0));
	}
	PG_RETURN_INT64(value);
}

/*
 * Binary input: an attested number is negative.  The smallest int8 has no
 * positive counterpart; it stays as it is, and is out of range.
 */
Datum
identifier_recv(osms_kind kind, FunctionCallInfo fcinfo)
{
	int64		value = pq_getmsgint64((StringInfo) PG_GETARG_POINTER(0));
	bool		attested = value < 0 && value != PG_INT64_MIN;

	return from_integer(kind, attested ? -value : value, attested, fcinfo);
}

/* The inverse of identifier_recv. */
Datum
identifier_send(osms_kind kind, FunctionCallInfo fcinfo)
{
	int64		value = PG_GETARG_INT64(0);
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendint64(&buffer, osms_number_judge(kind, value).fault == OSMS_VALID ?
				 value : -value);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/* Cast from bigint: as strict as text. */
Datum
identifier_from_bigint(osms_kind kind, FunctionCallInfo fcinfo)
{
	return from_integer(kind, PG_GETARG_INT64(0), false, fcinfo);
}

/*
 * The explicit door for attested numbers from bigint; right ones pass it too.
 */
Datum
identifier_attested(osms_kind kind, FunctionCallInfo fcinfo)
{
	return from_integer(kind, PG_GETARG_INT64(0), true, fcinfo);
}

/* Code of the first fault in a text, NULL when valid. */
Datum
identifier_fault(osms_kind kind, FunctionCallInfo fcinfo)
{
	text	   *number = PG_GETARG_TEXT_PP(0);
	osms_number read = identifier_read(kind, VARDATA_ANY(number),
									   VARSIZE_ANY_EXHDR(number));

	return identifier_label(osms_fault_name(read.fault), fcinfo);
}

/*
 * A word of the core, which is UTF-8, as text; NULL where it has none.  What
 * the database's encoding cannot hold is left out: it stands at the end.
 */
Datum
identifier_label(const char *label, FunctionCallInfo fcinfo)
{
	char	   *text;
	int			length = 0;

	if (label == NULL)
		PG_RETURN_NULL();
	text = utf8_to_database(label);

	if (text)
		PG_RETURN_TEXT_P(cstring_to_text(text));
	while (label[length] > ' ' ||
		   (label[length] == ' ' && label[length + 1] > ' '))
		length++;
	PG_RETURN_TEXT_P(cstring_to_text_with_len(label, length));
}

PG_FUNCTION_INFO_V1(clean_number);

/*
 * Clean one character of the database's encoding.  One without a counterpart
 * in UTF-8 stays, as all does that is no separator.  Returns bytes written.
 */
static int
clean_character(const char *character, int bytes, char *cleaned)
{
	char		left[MAX_MULTIBYTE_CHAR_LEN * MAX_CONVERSION_GROWTH];
	char	   *utf8;
	int			used = -1;

	if (!IS_HIGHBIT_SET(*character))
		return osms_clean_number(character, 1, cleaned);
	utf8 = database_to_utf8(character, bytes);
	if (utf8)
	{
		used = osms_clean_number(utf8, strlen(utf8), left);
		pfree(utf8);
	}
	if (used == 0)
		return 0;
	if (used > 0 && !IS_HIGHBIT_SET(left[0]))
	{
		*cleaned = left[0];
		return 1;
	}
	memcpy(cleaned, character, bytes);
	return bytes;
}

/*
 * clean_number(text): separators dropped, full-width digits in ASCII.  In
 * UTF-8 and in bytes that may be, the core finds its way by itself.
 */
Datum
clean_number(PG_FUNCTION_ARGS)
{
	char	   *number = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			length = strlen(number);
	char	   *cleaned = palloc(length + 1);
	int			used = 0;
	int			bytes;

	if (GetDatabaseEncoding() == PG_UTF8 ||
		GetDatabaseEncoding() == PG_SQL_ASCII)
		used = osms_clean_number(number, length, cleaned);
	else
		for (int i = 0; i < length; i += bytes)
		{
			CHECK_FOR_INTERRUPTS();
			bytes = character_bytes(number + i, length - i);
			used += clean_character(number + i, bytes, cleaned + used);
		}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(cleaned, used));
}

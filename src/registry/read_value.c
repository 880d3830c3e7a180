/*
 * read_value.c
 *		Values that a register keeps as text.
 */
#include "osms.h"

#include "catalog.h"
#include "registry/literal.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(osms_read_value);

/* How the type of a call reads its text. */
typedef struct Reader
{
	FmgrInfo	input;
	Oid			parameter;
	bool		by_settings;	/* decide how a text is read */
	bool		zoned;			/* an instant */
} Reader;

/*
 * Whether an input function does nothing but read: what a domain checks, and
 * what stands in an array, a row or a range of it, is other people's code,
 * which must not fail in the middle.
 */
static bool
only_reads(Oid input)
{
	switch (input)
	{
		case F_DOMAIN_IN:
		case F_ARRAY_IN:
		case F_RECORD_IN:
		case F_RANGE_IN:
		case F_MULTIRANGE_IN:
			/* how these are read is for settings to say */
		case F_CASH_IN:
		case F_TIMETZ_IN:
			return false;
		default:
			return input < FirstUnpinnedObjectId ||
				is_our_function(input);
	}
}

static Reader *
reader_of(FmgrInfo *flinfo)
{
	Reader	   *reader = flinfo->fn_extra;
	Oid			type = get_fn_expr_argtype(flinfo, 1);
	Oid			input;

	if (reader)
		return reader;
	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_DATATYPE),
				 errmsg("could not determine the type to read a value as")));
	reader = MemoryContextAlloc(flinfo->fn_mcxt, sizeof(Reader));
	getTypeInputInfo(type, &input, &reader->parameter);
	if (!only_reads(input))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a text is not read as type %s", format_type_be(type)),
				 errhint("Read it as a scalar type of PostgreSQL's own or of osms.")));
	fmgr_info_cxt(input, &reader->input, flinfo->fn_mcxt);
	reader->by_settings = is_read_by_settings(type);
	reader->zoned = type == TIMESTAMPTZOID;
	flinfo->fn_extra = reader;
	return reader;
}

/*
 * Read a text as in a zone.  A day is told by year, month and day, or not at
 * all: which of 01.02 is the month is not for the DateStyle of whoever reads
 * to say.
 */
static bool
read_in_zone(Reader *reader, char *value, pg_tz *zone, Datum *result)
{
	ReadingSettings before;
	volatile bool read = false;

	begin_reading(&before, DATEORDER_YMD, INTSTYLE_POSTGRES, zone);
	PG_TRY();
	{
		read = input_value(&reader->input, value, reader->parameter, result);
	}
	PG_FINALLY();
	{
		end_reading(&before);
	}
	PG_END_TRY();
	return read;
}

/*
 * Read a text.  An instant has its zone, unless one is given; and no word
 * tells another day tomorrow.
 */
static bool
read_input(Reader *reader, char *value, pg_tz *zone, Datum *result)
{
	Datum		elsewhere;

	if (reader->by_settings && names_moment(value))
		return false;
	if (!read_in_zone(reader, value, zone ? zone : pg_tzset_offset(0), result))
		return false;
	return zone || !reader->zoned ||
		(read_in_zone(reader, value, pg_tzset_offset(SECS_PER_HOUR),
					  &elsewhere) &&
		 DatumGetTimestampTz(*result) == DatumGetTimestampTz(elsewhere));
}

/* The zone of a name.  Errors: 22023. */
static pg_tz *
zone_of(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);

	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name)));
	return zone;
}

/*
 * read_value(value, unreadable [, time_zone]): the value that a text tells of
 * the type of the second argument; NULL where it is blank, unreadable where
 * it tells none.  A view that reads a column so never fails on a row.
 */
Datum
osms_read_value(PG_FUNCTION_ARGS)
{
	Reader	   *reader = reader_of(fcinfo->flinfo);
	pg_tz	   *zone = NULL;
	char	   *value;
	Datum		result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	value = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (value[strspn(value, " ")] == '\0')
		PG_RETURN_NULL();
	if (PG_NARGS() > 2 && !PG_ARGISNULL(2))
		zone = zone_of(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (read_input(reader, value, zone, &result))
		PG_RETURN_DATUM(result);
	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(1));
}

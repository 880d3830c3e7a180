/*
 * iin.c
 *		osms.iin: the individual identification number.
 */
#include "osms.h"

#include "core/calendar.h"
#include "type/identifier.h"
#include "type/sex.h"

#include "utils/builtins.h"
#include "utils/date.h"

PG_FUNCTION_INFO_V1(iin_in);
PG_FUNCTION_INFO_V1(iin_out);
PG_FUNCTION_INFO_V1(iin_recv);
PG_FUNCTION_INFO_V1(iin_send);
PG_FUNCTION_INFO_V1(iin_from_bigint);
PG_FUNCTION_INFO_V1(iin_attested);
PG_FUNCTION_INFO_V1(iin_fault);
PG_FUNCTION_INFO_V1(iin_birth_date);
PG_FUNCTION_INFO_V1(iin_sex);
PG_FUNCTION_INFO_V1(iin_mask);
PG_FUNCTION_INFO_V1(make_iin);

Datum
iin_in(PG_FUNCTION_ARGS)
{
	return identifier_in(OSMS_IIN, fcinfo);
}

Datum
iin_out(PG_FUNCTION_ARGS)
{
	return identifier_out(OSMS_IIN, fcinfo);
}

Datum
iin_recv(PG_FUNCTION_ARGS)
{
	return identifier_recv(OSMS_IIN, fcinfo);
}

Datum
iin_send(PG_FUNCTION_ARGS)
{
	return identifier_send(OSMS_IIN, fcinfo);
}

/* iin(bigint), the cast */
Datum
iin_from_bigint(PG_FUNCTION_ARGS)
{
	return identifier_from_bigint(OSMS_IIN, fcinfo);
}

Datum
iin_attested(PG_FUNCTION_ARGS)
{
	return identifier_attested(OSMS_IIN, fcinfo);
}

Datum
iin_fault(PG_FUNCTION_ARGS)
{
	return identifier_fault(OSMS_IIN, fcinfo);
}

/* birth_date(iin): nominal; NULL where the number names no date. */
Datum
iin_birth_date(PG_FUNCTION_ARGS)
{
	int			year,
				month,
				day;

	if (!osms_iin_birth_date(PG_GETARG_IIN(0), &year, &month, &day))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(osms_days_from_date(year, month, day));
}

/* sex(iin): nominal; NULL where the number names none. */
Datum
iin_sex(PG_FUNCTION_ARGS)
{
	return sex_result(fcinfo, osms_iin_sex(PG_GETARG_IIN(0)));
}

/* mask(iin): enough to recognise a number by, too little to find a person. */
Datum
iin_mask(PG_FUNCTION_ARGS)
{
	char		masked[OSMS_NUMBER_DIGITS];

	osms_number_write(PG_GETARG_IIN(0), masked);
	memset(masked, '*', OSMS_NUMBER_DIGITS - 4);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(masked, OSMS_NUMBER_DIGITS));
}

/* make_iin(date, sex, int): NULL where no check digit exists. */
Datum
make_iin(PG_FUNCTION_ARGS)
{
	DateADT		birth = PG_GETARG_DATEADT(0);
	int32		serial = PG_GETARG_INT32(2);
	int			year = 0,
				month = 0,
				day = 0;
	int64		value;

	if (!DATE_NOT_FINITE(birth))
		osms_date_from_days(birth, &year, &month, &day);
	if (year < OSMS_IIN_FIRST_YEAR || year > OSMS_IIN_LAST_YEAR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("birth date cannot be coded in an IIN"),
				 errdetail("An IIN codes the years %d to %d.",
						   OSMS_IIN_FIRST_YEAR, OSMS_IIN_LAST_YEAR)));
	if (serial < 0 || serial > OSMS_IIN_LAST_SERIAL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("serial number %d cannot be coded in an IIN", serial),
				 errdetail("An IIN codes the serial numbers 0 to %d.", OSMS_IIN_LAST_SERIAL)));
	if (!osms_make_iin(year, month, day, sex_argument(fcinfo, 1), serial,
					   &value))
		PG_RETURN_NULL();
	PG_RETURN_IIN(value);
}

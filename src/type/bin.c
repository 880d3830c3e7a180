/*
 * bin.c
 *		osms.bin: the business identification number.
 */
#include "osms.h"

#include "core/calendar.h"
#include "type/identifier.h"

#include "utils/date.h"

PG_FUNCTION_INFO_V1(bin_in);
PG_FUNCTION_INFO_V1(bin_out);
PG_FUNCTION_INFO_V1(bin_recv);
PG_FUNCTION_INFO_V1(bin_send);
PG_FUNCTION_INFO_V1(bin_from_bigint);
PG_FUNCTION_INFO_V1(bin_attested);
PG_FUNCTION_INFO_V1(bin_fault);
PG_FUNCTION_INFO_V1(bin_registered_month);
PG_FUNCTION_INFO_V1(bin_legal_form);
PG_FUNCTION_INFO_V1(bin_division);

Datum
bin_in(PG_FUNCTION_ARGS)
{
	return identifier_in(OSMS_BIN, fcinfo);
}

Datum
bin_out(PG_FUNCTION_ARGS)
{
	return identifier_out(OSMS_BIN, fcinfo);
}

Datum
bin_recv(PG_FUNCTION_ARGS)
{
	return identifier_recv(OSMS_BIN, fcinfo);
}

Datum
bin_send(PG_FUNCTION_ARGS)
{
	return identifier_send(OSMS_BIN, fcinfo);
}

/* bin(bigint), the cast */
Datum
bin_from_bigint(PG_FUNCTION_ARGS)
{
	return identifier_from_bigint(OSMS_BIN, fcinfo);
}

Datum
bin_attested(PG_FUNCTION_ARGS)
{
	return identifier_attested(OSMS_BIN, fcinfo);
}

Datum
bin_fault(PG_FUNCTION_ARGS)
{
	return identifier_fault(OSMS_BIN, fcinfo);
}

/*
 * registered_month(bin): its first day; NULL where the number names no month.
 */
Datum
bin_registered_month(PG_FUNCTION_ARGS)
{
	int			year,
				month;

	if (!osms_bin_registered(PG_GETARG_BIN(0), &year, &month))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(osms_days_from_date(year, month, 1));
}

/* legal_form(bin): NULL where the number names none. */
Datum
bin_legal_form(PG_FUNCTION_ARGS)
{
	return identifier_label(osms_bin_legal_form(PG_GETARG_BIN(0)), fcinfo);
}

/* division(bin): NULL where the number names none. */
Datum
bin_division(PG_FUNCTION_ARGS)
{
	return identifier_label(osms_bin_division(PG_GETARG_BIN(0)), fcinfo);
}

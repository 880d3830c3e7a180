/*
 * number.c
 *		libFuzzer target: whatever bytes come, the core of the identifiers
 *		neither reads nor writes out of bounds, and keeps its promises.
 */
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "core/number.h"
#include "core/sex.h"

/* A broken promise ends the program, and libFuzzer shows the input. */
#define PROMISE(condition)	do { if (!(condition)) abort(); } while (0)

static void
fuzz_number(osms_kind kind, const char *text, size_t length)
{
	osms_number number = osms_number_read(kind, text, length,
										  osms_utf8_characters);
	osms_number judged;
	char		written[OSMS_NUMBER_DIGITS];
	int			year,
				month,
				day;

	PROMISE((number.fault == OSMS_VALID) == (number.position == 0));
	PROMISE(number.position >= 0 && number.position <= OSMS_NUMBER_DIGITS + 1);
	PROMISE((number.fault == OSMS_FAULT_LENGTH) ==
			(number.characters != OSMS_NUMBER_DIGITS));
	if (number.fault == OSMS_FAULT_LENGTH ||
		number.fault == OSMS_FAULT_CHARACTER)
		return;

	/* twelve digits are one number, however they come */
	PROMISE(length == OSMS_NUMBER_DIGITS);
	osms_number_write(number.value, written);
	PROMISE(memcmp(written, text, length) == 0);
	judged = osms_number_judge(kind, number.value);
	PROMISE(judged.fault == number.fault &&
			judged.position == number.position);

	if (kind == OSMS_BIN)
	{
		bool		registered = osms_bin_registered(number.value, &year,
													 &month);
		const char *form = osms_bin_legal_form(number.value);
		const char *division = osms_bin_division(number.value);

		PROMISE(number.fault != OSMS_VALID ||
				(registered && form && division));
	}
	else if (osms_iin_birth_date(number.value, &year, &month, &day))
	{
		PROMISE(osms_valid_date(year, month, day));
		PROMISE(osms_iin_sex(number.value) != OSMS_SEX_UNKNOWN);
		/* a valid number whose parts are known can be made again */
		if (number.fault == OSMS_VALID)
		{
			int64_t		made;
			int			serial = (int) (number.value / 10 % 10000);

			PROMISE(osms_make_iin(year, month, day, osms_iin_sex(number.value),
								  serial, &made) &&
					made == number.value);
		}
	}
}

static void
fuzz_cleaning(const char *text, size_t length)
{
	/* exactly as many bytes as promised to be enough */
	char	   *cleaned = malloc(length ? length : 1);

	PROMISE(osms_clean_number(text, length, cleaned) <= length);
	free(cleaned);
}

static void
fuzz_calendar(const char *text, size_t length)
{
	int32_t		days;
	int			year,
				month,
				day;

	if (length < sizeof(days))
		return;
	memcpy(&days, text, sizeof(days));
	/* within PostgreSQL's dates, and as far below */
	days = days % 2000000000;
	osms_date_from_days(days, &year, &month, &day);
	PROMISE(osms_valid_date(year, month, day));
	PROMISE(osms_days_from_date(year, month, day) == days);
	PROMISE(osms_completed_years(days, days) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;

	fuzz_number(OSMS_IIN, text, size);
	fuzz_number(OSMS_BIN, text, size);
	fuzz_cleaning(text, size);
	fuzz_calendar(text, size);
	osms_read_sex(text, size);
	return 0;
}

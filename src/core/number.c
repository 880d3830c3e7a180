/*
 * number.c
 *		Reading, judging and taking apart an IIN or a BIN.
 */
#include <string.h>

#include "core/calendar.h"
#include "core/number.h"

/*
 * The number as digits 0 to 9, from the left; its halves fit 32 bits.  COPY
 * reads a number for every row: the few steps of a loop are laid out flat.
 */
typedef uint8_t Digits[OSMS_NUMBER_DIGITS];

#define HALF		(OSMS_NUMBER_DIGITS / 2)
#define HALF_VALUE	1000000

/*
 * Where the parts begin; a fault is reported at the first digit of its part.
 */
enum
{
	YEAR = 0, MONTH = 2, DAY = 4, CENTURY = 6,
	LEGAL_FORM = 4, DIVISION = 5,
	CHECK = 11
};

#define LAST_CENTURY_CODE	6	/* 1, 2: 1800s; 3, 4: 1900s; 5, 6: 2000s */

/*
 * A BIN tells no century.  Organisations of the republic are registered since
 * the 1990s, so these two digits and above belong to the last century.
 */
#define FIRST_BIN_YEAR		90

static const struct
{
	const char *name;
	const char *reason;
}			faults[] = {
	[OSMS_VALID] = {NULL, NULL},
	[OSMS_FAULT_LENGTH] = {"length", "the number must have exactly 12 characters"},
	[OSMS_FAULT_CHARACTER] = {"character", "only the digits 0 to 9 are allowed"},
	[OSMS_FAULT_ZERO] = {"zero", "all digits are zero"},
	[OSMS_FAULT_CENTURY] = {"century", "a century and sex is coded by 0 to 6 only"},
	[OSMS_FAULT_MONTH] = {"month", "there is no such month"},
	[OSMS_FAULT_DAY] = {"day", "there is no such day in that month"},
	[OSMS_FAULT_LEGAL_FORM] = {"legal_form", "a legal form is coded by 4, 5 or 6 only"},
	[OSMS_FAULT_DIVISION] = {"division", "a division is coded by 0 to 3 only"},
	[OSMS_FAULT_UNISSUABLE] = {"unissuable", "no check digit exists for the digits before it"},
	[OSMS_FAULT_CHECK_DIGIT] = {"check_digit", "the check digit does not agree with the digits before it"}
};

/* Code of a fault as iin_fault and bin_fault return it; NULL when valid. */
const char *
osms_fault_name(osms_fault fault)
{
	return faults[fault].name;
}

/* One clause for people who read about the fault; NULL when valid. */
const char *
osms_fault_reason(osms_fault fault)
{
	return faults[fault].reason;
}

/*
 * May a document attest a number in spite of this fault?  What is not twelve
 * digits, or only zeros, is no number at all.
 */
bool
osms_fault_attestable(osms_fault fault)
{
	return fault > OSMS_FAULT_ZERO;
}

/* Characters in bytes of UTF-8: every byte but a continuation begins one. */
int
osms_utf8_characters(const char *utf8, int length)
{
	int			characters = 0;

	for (int i = 0; i < length; i++)
		characters += ((unsigned char) utf8[i] & 0xC0) != 0x80;
	return characters;
}

/* Digits of a value in 0..OSMS_NUMBER_MAX. */
static void
split(int64_t value, Digits digits)
{
	uint32_t	left = (uint32_t) (value / HALF_VALUE);
	uint32_t	right = (uint32_t) (value % HALF_VALUE);

#pragma GCC unroll 12
	for (int i = HALF - 1; i >= 0; i--)
	{
		digits[i] = (uint8_t) (left % 10);
		digits[i + HALF] = (uint8_t) (right % 10);
		left /= 10;
		right /= 10;
	}
}

/* The inverse of split. */
static int64_t
join(const Digits digits)
{
	uint32_t	left = 0;
	uint32_t	right = 0;

#pragma GCC unroll 12
	for (int i = 0; i < HALF; i++)
	{
		left = left * 10 + digits[i];
		right = right * 10 + digits[i + HALF];
	}
	return (int64_t) left * HALF_VALUE + right;
}

/* Eight bytes of the same value. */
#define EACH(byte)	(UINT64_C(0x0101010101010101) * (byte))

/* Is one of these bytes above 9?  Adding 0x76 carries it into the top bit. */
static bool
above_nine(uint64_t bytes)
{
	return (((bytes + EACH(0x76)) | bytes) & EACH(0x80)) != 0;
}

/*
 * Reads twelve ASCII digits; false where something else is among them.  A word
 * at a time, in memory's own order: this takes most of the time of reading.
 */
static bool
all_digits(const char *text, Digits digits)
{
	uint64_t	head;
	uint32_t	tail;

	memcpy(&head, text, sizeof(head));
	memcpy(&tail, text + sizeof(head), sizeof(tail));
	head ^= EACH('0');
	tail ^= (uint32_t) EACH('0');
	memcpy(digits, &head, sizeof(head));
	memcpy(digits + sizeof(head), &tail, sizeof(tail));
	return !above_nine(head) && !above_nine(tail);
}

/* Two digits from a place on. */
static int
pair(const Digits digits, int place)
{
	return digits[place] * 10 + digits[place + 1];
}

/*
 * Check digit of the first eleven digits, 10 if there is none.  The weights
 * are 1 to 11; when they give 10, a second pass begins with weight 3.
 */
static int
check_digit(const Digits digits)
{
	static const int second_pass[CHECK] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2};
	int			sum = 0;

#pragma GCC unroll 12
	for (int i = 0; i < CHECK; i++)
		sum += (i + 1) * digits[i];
	if (sum % 11 != 10)
		return sum % 11;

	sum = 0;
	for (int i = 0; i < CHECK; i++)
		sum += second_pass[i] * digits[i];
	return sum % 11;
}

/*
 * Full year of birth by the century digit.  Where that is 0 the century is not
 * told: 2000 stands in, because every date that exists in some century with
 * these two digits exists in that one.
 */
static int
birth_year(const Digits digits)
{
	int			code = digits[CENTURY];

	return (code == 0 ? 2000 : OSMS_IIN_FIRST_YEAR + (code - 1) / 2 * 100) +
		pair(digits, YEAR);
}

/* First fault in what an IIN says besides its check digit. */
static osms_fault
iin_parts_fault(const Digits digits, int *place)
{
	int			month = pair(digits, MONTH);
	int			day = pair(digits, DAY);

	if (digits[CENTURY] > LAST_CENTURY_CODE)
	{
		*place = CENTURY;
		return OSMS_FAULT_CENTURY;
	}
	if (month < 1 || month > 12)
	{
		*place = MONTH;
		return OSMS_FAULT_MONTH;
	}
	/* every month has 28 days, so that few dates need the calendar */
	if (day < 1 ||
		(day > 28 && !osms_valid_date(birth_year(digits), month, day)))
	{
		*place = DAY;
		return OSMS_FAULT_DAY;
	}
	return OSMS_VALID;
}

/* First fault in what a BIN says besides its check digit. */
static osms_fault
bin_parts_fault(const Digits digits, int *place)
{
	int			month = pair(digits, MONTH);

	if (month < 1 || month > 12)
	{
		*place = MONTH;
		return OSMS_FAULT_MONTH;
	}
	if (digits[LEGAL_FORM] < 4 || digits[LEGAL_FORM] > 6)
	{
		*place = LEGAL_FORM;
		return OSMS_FAULT_LEGAL_FORM;
	}
	if (digits[DIVISION] > 3)
	{
		*place = DIVISION;
		return OSMS_FAULT_DIVISION;
	}
	return OSMS_VALID;
}

/* Verdict on twelve digits: the only place that knows the rules. */
static osms_number
judge(osms_kind kind, const Digits digits)
{
	osms_number number = {.characters = OSMS_NUMBER_DIGITS,
	.value = join(digits)};
	int			place = CHECK;

	if (number.value == 0)
	{
		number.fault = OSMS_FAULT_ZERO;
		place = 0;
	}
	else
		number.fault = kind == OSMS_IIN ? iin_parts_fault(digits, &place) :
			bin_parts_fault(digits, &place);

	if (number.fault == OSMS_VALID)
	{
		int			check = check_digit(digits);

		if (check == 10)
			number.fault = OSMS_FAULT_UNISSUABLE;
		else if (check != digits[CHECK])
			number.fault = OSMS_FAULT_CHECK_DIGIT;
		else
			return number;
	}
	number.position = place + 1;
	return number;
}

/*
 * Reads a number from bytes in an encoding whose characters "count" counts;
 * ASCII must be part of it.
 */
osms_number
osms_number_read(osms_kind kind, const char *text, size_t length,
				 osms_count_characters count)
{
	osms_number number = {.fault = OSMS_FAULT_LENGTH};
	Digits		digits;

	if (length == OSMS_NUMBER_DIGITS && all_digits(text, digits))
		return judge(kind, digits);

	number.characters = count(text, (int) length);
	if (number.characters == OSMS_NUMBER_DIGITS)
	{
		/* the digits before it are a character and a byte each */
		number.fault = OSMS_FAULT_CHARACTER;
		for (number.position = 1; *text >= '0' && *text <= '9'; text++)
			number.position++;
	}
	else if (number.characters < OSMS_NUMBER_DIGITS)
		number.position = number.characters + 1;
	else
		number.position = OSMS_NUMBER_DIGITS + 1;
	return number;
}

/*
 * Verdict on a number that a column holds as an integer, its leading zeros
 * implied; beyond twelve digits, and below zero, the fault is its length.
 */
osms_number
osms_number_judge(osms_kind kind, int64_t value)
{
	static const osms_number too_long = {
		.fault = OSMS_FAULT_LENGTH,.position = 1
	};
	Digits		digits;

	if (value < 0 || value > OSMS_NUMBER_MAX)
		return too_long;
	split(value, digits);
	return judge(kind, digits);
}

/* Twelve ASCII digits, without a terminator. */
void
osms_number_write(int64_t value, char text[OSMS_NUMBER_DIGITS])
{
	Digits		digits;

	split(value, digits);
#pragma GCC unroll 12
	for (int i = 0; i < OSMS_NUMBER_DIGITS; i++)
		text[i] = (char) ('0' + digits[i]);
}

/*
 * Reads one character of UTF-8 and returns its bytes; a byte that begins none
 * is a character by itself, so that the caller always gets on.
 */
static size_t
next_character(const unsigned char *utf8, size_t length, uint32_t *code)
{
	const unsigned char first = utf8[0];
	size_t		bytes = first < 0x80 ? 1 :
		first >= 0xC2 && first < 0xE0 ? 2 :
		(first & 0xF0) == 0xE0 ? 3 :
		first >= 0xF0 && first < 0xF5 ? 4 : 1;

	*code = bytes == 1 ? first : first & (0x7F >> bytes);
	if (bytes > length)
		return 1;
	for (size_t i = 1; i < bytes; i++)
	{
		if ((utf8[i] & 0xC0) != 0x80)
			return 1;
		*code = *code << 6 | (utf8[i] & 0x3F);
	}
	return bytes;
}

/*
 * Is this a separator people or spreadsheets put around and between digits?
 * A point or a comma is none: it may be a decimal point.
 */
static bool
separates(uint32_t code)
{
	return code == ' ' || (code >= '\t' && code <= '\r') || code == '-' ||
		code == '_' || code == '/' || code == '\'' ||
	/* next line, no-break space, soft hyphen */
		code == 0x85 || code == 0xA0 || code == 0xAD ||
	/* spaces, zero width, dashes, directions, minus */
		code == 0x1680 || code == 0x180E || code == 0x3000 ||
		(code >= 0x2000 && code <= 0x2015) ||
		(code >= 0x2028 && code <= 0x202F) ||
		(code >= 0x205F && code <= 0x2064) ||
		(code >= 0x2066 && code <= 0x2069) || code == 0x2212 ||
		code == 0xFEFF;
}

/*
 * Drops separators and turns full-width digits into ASCII; everything else
 * stays.  "cleaned" needs as many bytes as the input; returns the bytes used.
 */
size_t
osms_clean_number(const char *utf8, size_t length, char *cleaned)
{
	const unsigned char *next = (const unsigned char *) utf8;
	const unsigned char *end = next + length;
	size_t		used = 0;

	while (next < end)
	{
		uint32_t	code;
		size_t		bytes = next_character(next, (size_t) (end - next), &code);

		if (bytes > 1 && code >= 0xFF10 && code <= 0xFF19)
			cleaned[used++] = (char) ('0' + (code - 0xFF10));
		else if ((bytes == 1 && code >= 0x80) || !separates(code))
		{
			memcpy(cleaned + used, next, bytes);
			used += bytes;
		}
		next += bytes;
	}
	return used;
}

/*
 * Composes the IIN of a birth date, sex and serial number.  False where the
 * year or the serial number cannot be coded, the date does not exist, the sex
 * is unknown, or no check digit exists.
 */
bool
osms_make_iin(int year, int month, int day, osms_sex sex, int serial,
			  int64_t *value)
{
	Digits		digits;
	int			check;

	if (year < OSMS_IIN_FIRST_YEAR || year > OSMS_IIN_LAST_YEAR ||
		!osms_valid_date(year, month, day) ||
		sex == OSMS_SEX_UNKNOWN || serial < 0 || serial > OSMS_IIN_LAST_SERIAL)
		return false;

	split((((int64_t) (year % 100) * 100 + month) * 100 + day) * 1000000 +
		  (int64_t) serial * 10,
		  digits);
	digits[CENTURY] = (uint8_t) ((year - OSMS_IIN_FIRST_YEAR) / 100 * 2 +
								 (sex == OSMS_SEX_MALE ? 1 : 2));
	check = check_digit(digits);
	if (check == 10)
		return false;
	digits[CHECK] = (uint8_t) check;
	*value = join(digits);
	return true;
}

/*
 * Birth date an IIN names; false where its century is not coded or it names
 * none.
 */
bool
osms_iin_birth_date(int64_t value, int *year, int *month, int *day)
{
	Digits		digits;

	split(value, digits);
	if (digits[CENTURY] == 0 || digits[CENTURY] > LAST_CENTURY_CODE)
		return false;
	*year = birth_year(digits);
	*month = pair(digits, MONTH);
	*day = pair(digits, DAY);
	return osms_valid_date(*year, *month, *day);
}

/* Sex an IIN names: odd is male, even female, 0 not coded. */
osms_sex
osms_iin_sex(int64_t value)
{
	Digits		digits;

	split(value, digits);
	if (digits[CENTURY] == 0 || digits[CENTURY] > LAST_CENTURY_CODE)
		return OSMS_SEX_UNKNOWN;
	return digits[CENTURY] % 2 == 1 ? OSMS_SEX_MALE : OSMS_SEX_FEMALE;
}

/* Month of registration a BIN names; false where it names none. */
bool
osms_bin_registered(int64_t value, int *year, int *month)
{
	Digits		digits;

	split(value, digits);
	*year = pair(digits, YEAR);
	*year += *year >= FIRST_BIN_YEAR ? 1900 : 2000;
	*month = pair(digits, MONTH);
	return *month >= 1 && *month <= 12;
}

/* Legal form a BIN names, in UTF-8; NULL where it names none. */
const char *
osms_bin_legal_form(int64_t value)
{
	Digits		digits;

	split(value, digits);
	switch (digits[LEGAL_FORM])
	{
		case 4:
			return "resident legal entity";
		case 5:
			return "non-resident legal entity";
		case 6:
			return "joint individual enterprise ИП(С)";
		default:
			return NULL;
	}
}

/* Division a BIN names; NULL where it names none. */
const char *
osms_bin_division(int64_t value)
{
	static const char *const divisions[] = {"head unit", "branch", "representation", "peasant farm"};
	Digits		digits;

	split(value, digits);
	return digits[DIVISION] > 3 ? NULL : divisions[digits[DIVISION]];
}

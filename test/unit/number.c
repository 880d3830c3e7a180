/*
 * number.c
 *		Unit test of src/core/number.c.  The vectors and a million strings
 *		are judged by test/oracle/number.py; here are the edges.
 */
#include <string.h>

#include "check.h"
#include "core/number.h"

/* Reads text of a given length, in which NUL may stand. */
static osms_number
read(osms_kind kind, const char *text, size_t length)
{
	return osms_number_read(kind, text, length, osms_utf8_characters);
}

/* Is this the fault of the text, and its position? */
static int
faulty(osms_kind kind, const char *text, osms_fault fault, int position)
{
	osms_number number = read(kind, text, strlen(text));

	return number.fault == fault && number.position == position;
}

/* What osms_clean_number makes of the text. */
static int
cleans(const char *text, const char *expected)
{
	char		cleaned[64];
	size_t		length = osms_clean_number(text, strlen(text), cleaned);

	return length == strlen(expected) &&
		memcmp(cleaned, expected, length) == 0;
}

static void
test_reading(void)
{
	osms_number number;

	number = read(OSMS_IIN, "780315397016", 12);
	CHECK(number.fault == OSMS_VALID && number.value == INT64_C(780315397016));
	number = read(OSMS_BIN, "000140002217", 12);
	CHECK(number.fault == OSMS_VALID && number.value == 140002217);
	number = read(OSMS_IIN, "780315397017", 12);
	CHECK(number.fault == OSMS_FAULT_CHECK_DIGIT &&
		  number.value == INT64_C(780315397017));

	CHECK(faulty(OSMS_IIN, "", OSMS_FAULT_LENGTH, 1));
	CHECK(faulty(OSMS_IIN, "78031539701", OSMS_FAULT_LENGTH, 12));
	CHECK(faulty(OSMS_IIN, "7803153970160", OSMS_FAULT_LENGTH, 13));
	CHECK(faulty(OSMS_IIN, "78031539701\xC2\xB2", OSMS_FAULT_CHARACTER, 12));
	CHECK(faulty(OSMS_IIN, "78\xD0\x9E" "15397016", OSMS_FAULT_LENGTH, 12));
	CHECK(faulty(OSMS_IIN, "-80315397016", OSMS_FAULT_CHARACTER, 1));
	CHECK(faulty(OSMS_IIN, "+78031539701", OSMS_FAULT_CHARACTER, 1));
	CHECK(faulty(OSMS_IIN, "000000000000", OSMS_FAULT_ZERO, 1));
	CHECK(faulty(OSMS_IIN, "000000700000", OSMS_FAULT_CENTURY, 7));
	CHECK(faulty(OSMS_IIN, "780015397016", OSMS_FAULT_MONTH, 3));
	CHECK(faulty(OSMS_IIN, "780332397016", OSMS_FAULT_DAY, 5));
	CHECK(faulty(OSMS_IIN, "720411397825", OSMS_FAULT_UNISSUABLE, 12));
	CHECK(faulty(OSMS_BIN, "241340980017", OSMS_FAULT_MONTH, 3));
	CHECK(faulty(OSMS_BIN, "240730980017", OSMS_FAULT_LEGAL_FORM, 5));
	CHECK(faulty(OSMS_BIN, "240744980017", OSMS_FAULT_DIVISION, 6));

	/* bytes are bytes: NUL, high bytes, broken UTF-8 */
	CHECK(read(OSMS_IIN, "780315397016\0", 13).fault == OSMS_FAULT_LENGTH);
	CHECK(read(OSMS_IIN, "78031539701\0", 12).fault == OSMS_FAULT_CHARACTER);
	CHECK(read(OSMS_IIN, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12).fault == OSMS_FAULT_CHARACTER);
	CHECK(read(OSMS_IIN, "\x80\x80\x80", 3).fault == OSMS_FAULT_LENGTH);
	number = read(OSMS_IIN, "\x80" "780315397016", 13);
	CHECK(number.fault == OSMS_FAULT_CHARACTER && number.position == 1);
}

static void
test_judging(void)
{
	CHECK(osms_number_judge(OSMS_IIN,
							INT64_C(10523597010)).fault == OSMS_VALID);
	CHECK(osms_number_judge(OSMS_IIN, 0).fault == OSMS_FAULT_ZERO);
	CHECK(osms_number_judge(OSMS_IIN, -1).fault == OSMS_FAULT_LENGTH);
	CHECK(osms_number_judge(OSMS_IIN,
							OSMS_NUMBER_MAX).fault == OSMS_FAULT_CENTURY);
	CHECK(osms_number_judge(OSMS_IIN,
							OSMS_NUMBER_MAX + 1).fault == OSMS_FAULT_LENGTH);
	CHECK(osms_number_judge(OSMS_BIN, INT64_MIN).fault == OSMS_FAULT_LENGTH);
	CHECK(osms_number_judge(OSMS_BIN, INT64_MAX).fault == OSMS_FAULT_LENGTH);

	CHECK(osms_fault_name(OSMS_VALID) == NULL &&
		  osms_fault_reason(OSMS_VALID) == NULL);
	CHECK(strcmp(osms_fault_name(OSMS_FAULT_CHECK_DIGIT), "check_digit") == 0);
	for (int fault = OSMS_FAULT_LENGTH; fault <=
		 OSMS_FAULT_CHECK_DIGIT; fault++)
		CHECK(osms_fault_name(fault) && osms_fault_reason(fault) &&
			  osms_fault_attestable(fault) == (fault > OSMS_FAULT_ZERO));
	CHECK(!osms_fault_attestable(OSMS_VALID));
}

static void
test_parts(void)
{
	int			y,
				m,
				d;

	CHECK(osms_iin_birth_date(INT64_C(229197015), &y, &m, &d) == false);
	CHECK(osms_iin_birth_date(INT64_C(229597010), &y, &m, &d) && y == 2000 &&
		  m == 2 && d == 29);
	CHECK(osms_iin_birth_date(INT64_C(850101097019), &y, &m, &d) == false);
	CHECK(osms_iin_sex(INT64_C(850101097019)) == OSMS_SEX_UNKNOWN);
	CHECK(osms_iin_sex(INT64_C(850101797019)) == OSMS_SEX_UNKNOWN);
	CHECK(osms_bin_registered(INT64_C(900140000000), &y, &m) && y == 1990 &&
		  m == 1);
	CHECK(osms_bin_registered(INT64_C(891240000000), &y, &m) && y == 2089 &&
		  m == 12);
	CHECK(!osms_bin_registered(INT64_C(891340000000), &y, &m));
	CHECK(osms_bin_legal_form(INT64_C(890130000000)) == NULL);
	CHECK(osms_bin_division(INT64_C(890144000000)) == NULL);
	CHECK(strcmp(osms_bin_division(INT64_C(890141000000)), "branch") == 0);
}

static void
test_writing(void)
{
	char		text[OSMS_NUMBER_DIGITS];
	int64_t		value = 0;

	osms_number_write(1, text);
	CHECK(memcmp(text, "000000000001", sizeof(text)) == 0);
	osms_number_write(OSMS_NUMBER_MAX, text);
	CHECK(memcmp(text, "999999999999", sizeof(text)) == 0);

	CHECK(osms_make_iin(1978, 3, 15, OSMS_SEX_MALE, 9701, &value) &&
		  value == INT64_C(780315397016));
	CHECK(osms_make_iin(1800, 1, 1, OSMS_SEX_MALE, 0, &value) &&
		  osms_number_judge(OSMS_IIN, value).fault == OSMS_VALID);
	CHECK(!osms_make_iin(1972, 4, 11, OSMS_SEX_MALE, 9782, &value));
	CHECK(!osms_make_iin(1799, 12, 31, OSMS_SEX_MALE, 1, &value));
	CHECK(!osms_make_iin(2100, 1, 1, OSMS_SEX_MALE, 1, &value));
	CHECK(!osms_make_iin(1900, 2, 29, OSMS_SEX_MALE, 1, &value));
	CHECK(!osms_make_iin(2000, 1, 1, OSMS_SEX_MALE, 10000, &value));
	CHECK(!osms_make_iin(2000, 1, 1, OSMS_SEX_MALE, -1, &value));
	CHECK(!osms_make_iin(2000, 1, 1, OSMS_SEX_UNKNOWN, 1, &value));

	CHECK(cleans(" 780-315\t397'016\r\n", "780315397016"));
	CHECK(cleans("\xEF\xBB\xBF\xEF\xBC\x97\xEF\xBC\x98", "78"));
	CHECK(cleans("7\xC2\xA0" "8\xE2\x80\x8B" "0\xC2\xAD", "780"));
	CHECK(cleans("7.8,9!", "7.8,9!"));
	CHECK(cleans("", ""));
	/* broken UTF-8 stays as it is; a truncated no-break space is none */
	CHECK(cleans("7\xC2", "7\xC2") && cleans("\xA0" "7", "\xA0" "7") && cleans("\xE2\x80 8", "\xE2\x80" "8"));
}

int
main(void)
{
	test_reading();
	test_judging();
	test_parts();
	test_writing();
	return checks_summary();
}

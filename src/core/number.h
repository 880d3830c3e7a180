/*
 * number.h
 *		The two twelve-digit numbers: IIN of a person, BIN of an organisation.
 *
 * Bytes in, number or fault out: nothing is allocated, no locale is asked.
 * Faults are found in the order of the enum; the first one is the answer.
 *
 * An IIN is YYMMDD, a digit for century and sex, four digits of serial number
 * and a check digit.  A BIN is YYMM, a digit for the legal form, one for the
 * division, five digits of serial number and a check digit.
 */
#ifndef OSMS_NUMBER_H
#define OSMS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sex.h"

#define OSMS_NUMBER_DIGITS	12
#define OSMS_NUMBER_MAX		INT64_C(999999999999)

/* what an IIN can code */
#define OSMS_IIN_FIRST_YEAR		1800
#define OSMS_IIN_LAST_YEAR		2099
#define OSMS_IIN_LAST_SERIAL	9999

typedef enum osms_kind
{
	OSMS_IIN,
	OSMS_BIN
} osms_kind;

typedef enum osms_fault
{
	OSMS_VALID,
	OSMS_FAULT_LENGTH,
	OSMS_FAULT_CHARACTER,
	OSMS_FAULT_ZERO,
	OSMS_FAULT_CENTURY,			/* IIN */
	OSMS_FAULT_MONTH,
	OSMS_FAULT_DAY,				/* IIN */
	OSMS_FAULT_LEGAL_FORM,		/* BIN */
	OSMS_FAULT_DIVISION,		/* BIN */
	OSMS_FAULT_UNISSUABLE,
	OSMS_FAULT_CHECK_DIGIT
} osms_fault;

typedef struct osms_number
{
	osms_fault	fault;
	int			position;		/* character of the fault from 1, 0 if none */
	int			characters;		/* length of what was read */
	int64_t		value;			/* unless fault is length or character */
} osms_number;

/* Counts the characters of so many bytes. */
typedef int (*osms_count_characters) (const char *text, int length);

/* reading and judging */
extern osms_number osms_number_read(osms_kind kind, const char *text,
									size_t length,
									osms_count_characters count);
extern osms_number osms_number_judge(osms_kind kind, int64_t value);
extern int	osms_utf8_characters(const char *utf8, int length);

/* what a fault means */
extern const char *osms_fault_name(osms_fault fault);
extern const char *osms_fault_reason(osms_fault fault);
extern bool osms_fault_attestable(osms_fault fault);

/* writing and repairing */
extern void osms_number_write(int64_t value, char text[OSMS_NUMBER_DIGITS]);
extern size_t osms_clean_number(const char *utf8, size_t length,
								char *cleaned);
extern bool osms_make_iin(int year, int month, int day, osms_sex sex,
						  int serial, int64_t *value);

/* parts; where the number does not tell, false, unknown or NULL */
extern bool osms_iin_birth_date(int64_t value, int *year, int *month,
								int *day);
extern osms_sex osms_iin_sex(int64_t value);
extern bool osms_bin_registered(int64_t value, int *year, int *month);
extern const char *osms_bin_legal_form(int64_t value);
extern const char *osms_bin_division(int64_t value);

#endif							/* OSMS_NUMBER_H */

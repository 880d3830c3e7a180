/*
 * sex.h
 *		The sex of a person as registers write it.
 */
#ifndef OSMS_CORE_SEX_H
#define OSMS_CORE_SEX_H

#include <stddef.h>

typedef enum osms_sex
{
	OSMS_SEX_UNKNOWN,
	OSMS_SEX_MALE,
	OSMS_SEX_FEMALE
} osms_sex;

extern osms_sex osms_read_sex(const char *text, size_t length);

#endif							/* OSMS_CORE_SEX_H */

/*
 * sex.c
 *		Reading the sex of a person: codes and words in English, Russian and
 *		Kazakh, in any case, in UTF-8.
 */
#include <stdint.h>
#include <string.h>

#include "core/sex.h"

static const struct
{
	const char *word;			/* in lower case */
	osms_sex	sex;
}			words[] = {

	/* ISO 5218; its 0 (not known) and 9 (not applicable) tell no sex */
	{"1", OSMS_SEX_MALE},
	{"2", OSMS_SEX_FEMALE},
	{"m", OSMS_SEX_MALE},
	{"f", OSMS_SEX_FEMALE},
	{"male", OSMS_SEX_MALE},
	{"female", OSMS_SEX_FEMALE},
	{"man", OSMS_SEX_MALE},
	{"woman", OSMS_SEX_FEMALE},
	{"м", OSMS_SEX_MALE},
	{"ж", OSMS_SEX_FEMALE},
	{"муж", OSMS_SEX_MALE},
	{"жен", OSMS_SEX_FEMALE},
	{"мужской", OSMS_SEX_MALE},
	{"женский", OSMS_SEX_FEMALE},
	{"мужчина", OSMS_SEX_MALE},
	{"женщина", OSMS_SEX_FEMALE},
	{"ер", OSMS_SEX_MALE},
	{"әйел", OSMS_SEX_FEMALE},
	{"ер адам", OSMS_SEX_MALE},
	{"әйел адам", OSMS_SEX_FEMALE},
	{"еркек", OSMS_SEX_MALE}
};

#define LONGEST_WORD 24			/* bytes; every word above is shorter */

/*
 * Lower-cases ASCII and the letters of the words above in place.  Of Cyrillic,
 * U+0410..U+042F is written D0 90..D0 AF and its small letters are D0 B0..D0
 * BF and D1 80..D1 8F; the Kazakh schwa D3 98 becomes D3 99.
 */
static void
fold(unsigned char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		unsigned char *c = text + i;

		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
		else if (i + 1 < length && c[0] == 0xD0 && c[1] >= 0x90 &&
				 c[1] <= 0xAF)
		{
			c[0] = c[1] <= 0x9F ? 0xD0 : 0xD1;
			c[1] = c[1] <= 0x9F ? c[1] + 0x20 : c[1] - 0x20;
			i++;
		}
		else if (i + 1 < length && c[0] == 0xD3 && c[1] == 0x98)
		{
			c[1] = 0x99;
			i++;
		}
	}
}

/*
 * The sex a register's code or word means, OSMS_SEX_UNKNOWN where it tells
 * none.  Spaces around it and a closing abbreviation point do not matter.
 */
osms_sex
osms_read_sex(const char *text, size_t length)
{
	unsigned char folded[LONGEST_WORD];

	while (length > 0 && text[0] == ' ')
	{
		text++;
		length--;
	}
	while (length > 0 && text[length - 1] == ' ')
		length--;
	if (length > 1 && text[length - 1] == '.')
		length--;
	if (length == 0 || length > sizeof(folded))
		return OSMS_SEX_UNKNOWN;

	memcpy(folded, text, length);
	fold(folded, length);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strlen(words[i].word) == length &&
			memcmp(words[i].word, folded, length) == 0)
			return words[i].sex;
	}
	return OSMS_SEX_UNKNOWN;
}

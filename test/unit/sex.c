/*
 * sex.c
 *		Unit test of src/core/sex.c.
 */
#include <string.h>

#include "check.h"
#include "core/sex.h"

static osms_sex
read(const char *text)
{
	return osms_read_sex(text, strlen(text));
}

int
main(void)
{
	static const char *const male[] = {"m", "M", "1", "м", "М", " муж. ", "МУЖСКОЙ", "Ер", "ер адам", "MaLe"};
	static const char *const female[] = {"f", "2", "Ж", "жен", "ЖЕНСКИЙ", "ӘЙЕЛ", "әйел", "Female", "woman "};
	static const char *const neither[] = {"", " ", ".", "0", "9", "12", "fm", "\xD0", "\xD3", "м\xD0", "муж..",
	"женщина женщина женщина"};

	for (size_t i = 0; i < sizeof(male) / sizeof(male[0]); i++)
		CHECK(read(male[i]) == OSMS_SEX_MALE);
	for (size_t i = 0; i < sizeof(female) / sizeof(female[0]); i++)
		CHECK(read(female[i]) == OSMS_SEX_FEMALE);
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++)
		CHECK(read(neither[i]) == OSMS_SEX_UNKNOWN);
	CHECK(osms_read_sex("m\0", 2) == OSMS_SEX_UNKNOWN);
	return checks_summary();
}

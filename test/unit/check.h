/*
 * check.h
 *		The least a plain C test program needs: count, name, sum up.
 */
#ifndef OSMS_CHECK_H
#define OSMS_CHECK_H

#include <stdio.h>

static int	checks_passed;
static int	checks_failed;

#define CHECK(condition) \
	((condition) ? (void) checks_passed++ : \
	 (void) (checks_failed++, printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition)))

/* The closing line and the exit code of a program. */
static int
checks_summary(void)
{
	printf("%d passed, %d failed\n", checks_passed, checks_failed);
	return checks_failed != 0;
}

#endif							/* OSMS_CHECK_H */

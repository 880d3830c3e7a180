/*
 * discreet.h
 *		What a writer is told who may not read whom the registry knows.
 */
#ifndef OSMS_DISCREET_H
#define OSMS_DISCREET_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "registry/registry.h"
#include "rule/rule.h"

/* By which rule a row shows its person, and what it lacks. */
typedef struct ShownBy
{
	RuleId		rule;
	int			column;
	const char *finding;
} ShownBy;

extern const ShownBy shown_by[REL_KINDS];
extern const char *discreet_finding(const Guard *guard, RuleId rule,
									const char *finding);
extern bool veil_finding(const Guard *guard, Shown shown, bool refuses,
						 RuleId *rule, int *column, const char **finding);
extern bool shows(const Guard *guard);
extern bool refuses_unshown(const Guard *guard);

#endif							/* OSMS_DISCREET_H */

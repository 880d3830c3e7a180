/*
 * refusals.h
 *		How often rules refused, or would have: counters that outlive a
 *		rollback.
 */
#ifndef OSMS_REFUSALS_H
#define OSMS_REFUSALS_H

#include "osms.h"

#include "guard/guard.h"
#include "registry/registry.h"
#include "rule/rule.h"

extern void count_refusal(const Guard *guard, RelationKind relation,
						  const char *told, RuleId rule, const char *finding,
						  const char *role, int64 rows);

#endif							/* OSMS_REFUSALS_H */

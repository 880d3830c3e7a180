/*
 * cache.h
 *		Finding the guard behind a trigger.
 */
#ifndef OSMS_CACHE_H
#define OSMS_CACHE_H

#include "osms.h"

#include "guard/guard.h"
#include "registry/registry.h"
#include "rule/rule.h"

#include "commands/trigger.h"

extern int	guard_depth;
extern void read_modes(const RuleSet *rules, const char *text,
					   RuleMode *modes);
extern Guard *guard_of_registry(const char *registry, RelationKind kind,
								bool missing_ok);
extern Guard *guard_of_trigger(TriggerData *trigdata);
extern Guard *guard_as_set_up(const char *registry, RelationKind kind);
extern bool clause_enabled(const Guard *guard, const Clause *clause,
						   bool audit);
extern bool judges_by(const Guard *guard, RuleId rule);

#endif							/* OSMS_CACHE_H */

/*
 * load.h
 *		The rules as a session knows them.
 */
#ifndef OSMS_LOAD_H
#define OSMS_LOAD_H

#include "osms.h"

#include "rule/rule.h"

extern const RuleSet *rules_for(MemoryContext context);
extern const RuleSet *hold_rules(const RuleSet *rules, MemoryContext context);
extern bool tells_rules(const RuleSet *rules, Oid table);

#endif							/* OSMS_LOAD_H */

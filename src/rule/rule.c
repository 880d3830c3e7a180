/*
 * rule.c
 *		The texts of rules, their modes, and whether they judge.
 */
#include "rule/rule.h"

#include "registry/open.h"
#include "registry/projection.h"

static const char *const mode_names[] = {"off", "audit", "warn", "enforce"};

/* What is said of a finding that has texts of its own, or NULL. */
static const FindingText *
own_text(const RuleSet *rules, RuleId rule, const char *finding)
{
	for (int i = 0; i < rules->nfindings; i++)
		if (rules->finding[i].rule == rule &&
			strcmp(rules->finding[i].finding, finding) == 0)
			return &rules->finding[i];
	return NULL;
}

/* What is said of a finding. */
const char *
message_of(const RuleSet *rules, RuleId rule, const char *finding)
{
	const FindingText *own = own_text(rules, rule, finding);

	return own ? own->refuses : rules->rule[rule].refuses;
}

/*
 * What to do about it; column is what the source calls the one it is about,
 * or NULL.
 */
const char *
hint_of(const RuleSet *rules, RuleId rule, const char *finding,
		const char *column)
{
	const FindingText *own = own_text(rules, rule, finding);

	if (own && own->hint)
		return own->hint;
	if (strncmp(finding, "unmapped_", strlen("unmapped_")) == 0)
		return psprintf("Write a code that is mapped, or map the relation again with osms.map(), with a meaning for this code%s.",
						column ? psprintf(" of column \"%s\"", column) : "");
	return rules->rule[rule].hint;
}

/* Find a rule by id. */
bool
rule_of(const RuleSet *rules, const char *id, int length, RuleId *rule)
{
	for (int i = 0; i < rules->nrules; i++)
		if ((int) strlen(rules->rule[i].id) == length &&
			memcmp(rules->rule[i].id, id, length) == 0)
		{
			*rule = i;
			return true;
		}
	return false;
}

const char *
mode_name(RuleMode mode)
{
	return mode_names[mode];
}

/* Find a mode by name. */
bool
mode_of(const char *name, int length, RuleMode *mode)
{
	for (int i = 0; i < (int) lengthof(mode_names); i++)
		if ((int) strlen(mode_names[i]) == length &&
			memcmp(mode_names[i], name, length) == 0)
		{
			*mode = i;
			return true;
		}
	return false;
}

/*
 * Whether a clause can judge, given the mapped columns of its relation and
 * what the registry has.
 */
bool
clause_applies(const Clause *clause, int mapped, const Registry *registry)
{
	int			person = registry->person ? registry->person->mapped : 0;

	return (clause->needs & ~mapped) == 0 &&
		(clause->needs_any == 0 || (clause->needs_any & mapped) != 0) &&
		(clause->relations & ~registry->relations) == 0 &&
		((clause->person & ~person) == 0 ||
		 (clause->instead & registry->relations) != 0);
}

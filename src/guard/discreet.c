/*
 * discreet.c
 *		What a writer is told who may not read whom the registry knows.
 *
 * A stranger is a role that may read neither the persons nor the roster.
 * What the rules find about a person is nothing to him until he has shown
 * that he deals with that person: an attachment by its basis, an application
 * by its identification, an identification by the channel whose writer he is.
 * So his rows are asked for that first, before anybody is locked: a row that
 * shows nothing is refused by that alone, and the same whether its person is
 * unknown, dead, attached elsewhere or none of it.  A filing, which anybody
 * may send, is taken as it is, and its person looked at when it is
 * identified.
 *
 * That a row lies before the cut-over day shows nothing; the past is loaded
 * by who may read it, as the owner of a guarded table may.
 */
#include "guard/discreet.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/stranger.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "security/writer.h"

/* By which rule a row of each relation shows its person, and what it lacks. */
const ShownBy shown_by[REL_KINDS] = {
	[REL_ATTACHMENT] = {RULE_BASIS, ATTACHMENT_APPLICATION, "no_basis"},
	[REL_APPLICATION] = {RULE_IDENTIFIED, APPLICATION_STATE, "not_identified"},
	[REL_IDENTITY_EVENT] = {RULE_IDENTIFIED, EVENT_EVENT,
	"writer_without_channel"},
};

/* Whether a stranger may read what a basis rests on. */
static bool
reads_bases(const Guard *guard)
{
	Oid			user = writer_of(guard->source);

	return may_see(user, guard->registry.relation[REL_APPLICATION]) &&
		may_see(user, guard->registry.relation[REL_ATTACHMENT]);
}

/*
 * A finding as a stranger is told it: which application, attachment or event
 * of whom exists is not to be tried out.
 */
const char *
discreet_finding(const Guard *guard, RuleId rule, const char *finding)
{
	if (rule == RULE_BASIS && strcmp(finding, "several_bases") != 0 &&
		!reads_bases(guard))
		return shown_by[REL_ATTACHMENT].finding;
	if (guard->kind == REL_ATTACHMENT_EVENT &&
		(strcmp(finding, "opening_of_another_person") == 0 ||
		 strcmp(finding, "not_an_opening") == 0) &&
		!may_see(writer_of(guard->source), guard->source))
		return "unknown_opening";
	return finding;
}

/*
 * What is told in place of a finding about a row that shows nothing: true
 * where it is another rule, in the arguments; false where nothing is.
 */
bool
veil_finding(const Guard *guard, Shown shown, bool refuses, RuleId *rule,
			 int *column, const char **finding)
{
	if (!refuses || shown == SHOWN_FILED)
		return false;
	*rule = shown_by[guard->kind].rule;
	*column = shown_by[guard->kind].column;
	*finding = shown_by[guard->kind].finding;
	return true;
}

/* Whether the rule by which rows show their person judges here. */
bool
shows(const Guard *guard)
{
	const RuleSet *rules = guard->rules;

	for (int i = 0; i < rules->nclauses; i++)
		if (rules->clause[i].rule == shown_by[guard->kind].rule &&
			rules->clause[i].relation == guard->kind)
			return clause_applies(&rules->clause[i],
								  guard->projection->mapped,
								  &guard->registry);
	return false;
}

/* Whether strangers' rows without what they must show are refused at once. */
bool
refuses_unshown(const Guard *guard)
{
	return shows(guard) &&
		guard->modes[shown_by[guard->kind].rule] == MODE_ENFORCE;
}

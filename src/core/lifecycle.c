/*
 * lifecycle.c
 *		The two life cycles as tables, and the questions asked of them.
 */
#include <string.h>

#include "core/lifecycle.h"

#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))

static const LifeCycleState application_states[] =
{
	{APPLICATION_DRAFT, "draft", true},
	{APPLICATION_SUBMITTED, "submitted", true},
	{APPLICATION_IDENTIFIED, "identified", false},
	{APPLICATION_APPROVED, "approved", false},
	{APPLICATION_DEFERRED, "deferred", false},
	{APPLICATION_ATTACHED, "attached", false},
	{APPLICATION_REFUSED, "refused", false},
	{APPLICATION_WITHDRAWN, "withdrawn", false},
	{APPLICATION_EXPIRED, "expired", false},
	{APPLICATION_LAPSED, "lapsed", false},
	{APPLICATION_REPLACED, "replaced", false},
	{APPLICATION_CANCELLED, "cancelled", false}
};

static const Transition application_transitions[] =
{
	{APPLICATION_DRAFT, "submit", APPLICATION_SUBMITTED},
	{APPLICATION_DRAFT, "withdraw", APPLICATION_WITHDRAWN},
	{APPLICATION_DRAFT, "expire", APPLICATION_EXPIRED},
	{APPLICATION_SUBMITTED, "identify", APPLICATION_IDENTIFIED},
	{APPLICATION_SUBMITTED, "refuse", APPLICATION_REFUSED},
	{APPLICATION_SUBMITTED, "withdraw", APPLICATION_WITHDRAWN},
	{APPLICATION_SUBMITTED, "expire", APPLICATION_EXPIRED},
	{APPLICATION_SUBMITTED, "replace", APPLICATION_REPLACED},
	{APPLICATION_IDENTIFIED, "approve", APPLICATION_APPROVED},
	{APPLICATION_IDENTIFIED, "defer", APPLICATION_DEFERRED},
	{APPLICATION_IDENTIFIED, "refuse", APPLICATION_REFUSED},
	{APPLICATION_IDENTIFIED, "withdraw", APPLICATION_WITHDRAWN},
	{APPLICATION_IDENTIFIED, "expire", APPLICATION_EXPIRED},
	{APPLICATION_APPROVED, "attach", APPLICATION_ATTACHED},
	{APPLICATION_APPROVED, "expire", APPLICATION_EXPIRED},
	{APPLICATION_APPROVED, "cancel", APPLICATION_CANCELLED},
	{APPLICATION_DEFERRED, "attach", APPLICATION_ATTACHED},
	{APPLICATION_DEFERRED, "withdraw", APPLICATION_WITHDRAWN},
	{APPLICATION_DEFERRED, "lapse", APPLICATION_LAPSED},
	{APPLICATION_DEFERRED, "replace", APPLICATION_REPLACED},
	{APPLICATION_DEFERRED, "cancel", APPLICATION_CANCELLED}
};

/* The register marks a refusal 1200 or 1300, whatever its reason. */
static const ReasonCode refusal_reasons[] =
{
	{"untrue_data", NULL},
	{"not_eligible", NULL},
	{"other_territory", NULL},
	{"limit_used", NULL},
	{"no_insurance_contract", NULL},
	{"no_fund_contract", NULL},
	{"not_identified", NULL},
	{"address_unknown", NULL},
	{"no_evidence", NULL},
	{"open_application", NULL},
	{"deceased", NULL},
	{"other_body_negative", NULL}
};

const LifeCycle application_cycle =
{
	"application",
	application_states, LENGTH(application_states),
	application_transitions, LENGTH(application_transitions),
	refusal_reasons, LENGTH(refusal_reasons)
};

static const LifeCycleState attachment_states[] =
{
	{ATTACHMENT_ACTIVE, "active", true},
	{ATTACHMENT_SUSPECT, "suspect", false},
	{ATTACHMENT_CLOSED, "closed", true},
	{ATTACHMENT_ANNULLED, "annulled", false}
};

static const Transition attachment_transitions[] =
{
	{ATTACHMENT_ACTIVE, "suspect", ATTACHMENT_SUSPECT},
	{ATTACHMENT_ACTIVE, "close", ATTACHMENT_CLOSED},
	{ATTACHMENT_ACTIVE, "annul", ATTACHMENT_ANNULLED},
	{ATTACHMENT_SUSPECT, "clear", ATTACHMENT_ACTIVE},
	{ATTACHMENT_SUSPECT, "close", ATTACHMENT_CLOSED},
	{ATTACHMENT_SUSPECT, "annul", ATTACHMENT_ANNULLED},
	{ATTACHMENT_CLOSED, "annul", ATTACHMENT_ANNULLED}
};

/*
 * Register codes as a public client of the national register shows them (CODE)
 * and matched to our reasons by meaning (INF): its "left" says neither the
 * region nor the country, its site change has two codes.
 */
static const ReasonCode detachment_reasons[] =
{
	{"moved_to_other", "700"},
	{"left_region", "800"},
	{"left_country", "800"},
	{"death", "900"},
	{"site_change", "1400/1500"},
	{"person_refused", NULL},
	{"contract_expired", NULL},
	{"organisation_left", NULL},
	{"unlawful", NULL},
	{"duplicate", NULL},
	{"penal_institution", NULL},
	{"error", NULL}
};

const LifeCycle attachment_cycle =
{
	"attachment",
	attachment_states, LENGTH(attachment_states),
	attachment_transitions, LENGTH(attachment_transitions),
	detachment_reasons, LENGTH(detachment_reasons)
};

/* The life cycle of that name, or NULL. */
const LifeCycle *
life_cycle_named(const char *name)
{
	if (strcmp(name, application_cycle.name) == 0)
		return &application_cycle;
	if (strcmp(name, attachment_cycle.name) == 0)
		return &attachment_cycle;
	return NULL;
}

/*
 * The one gate of labels: the state written by exactly these bytes, or
 * NO_STATE.
 */
int
state_labelled(const LifeCycle *cycle, const char *label, size_t length)
{
	for (int i = 0; i < cycle->nstates; i++)
	{
		const LifeCycleState *state = &cycle->states[i];

		if (strlen(state->label) == length &&
			memcmp(state->label, label, length) == 0)
			return state->state;
	}
	return NO_STATE;
}

static const LifeCycleState *
find_state(const LifeCycle *cycle, int state)
{
	for (int i = 0; i < cycle->nstates; i++)
	{
		if (cycle->states[i].state == state)
			return &cycle->states[i];
	}
	return NULL;
}

/* The label of a state, or NULL for a number that is none. */
const char *
state_label(const LifeCycle *cycle, int state)
{
	const LifeCycleState *found = find_state(cycle, state);

	return found ? found->label : NULL;
}

/* Does the life cycle know this event, in whatever state? */
bool
event_known(const LifeCycle *cycle, const char *event)
{
	for (int i = 0; i < cycle->ntransitions; i++)
	{
		if (strcmp(cycle->transitions[i].event, event) == 0)
			return true;
	}
	return false;
}

/* Where an event leads from a state; NO_STATE where it is not allowed. */
int
state_after(const LifeCycle *cycle, int state, const char *event)
{
	for (int i = 0; i < cycle->ntransitions; i++)
	{
		const Transition *transition = &cycle->transitions[i];

		if (transition->from == state && strcmp(transition->event, event) == 0)
			return transition->to;
	}
	return NO_STATE;
}

/* Is there a transition between the two?  Staying where one is needs none. */
bool
life_cycle_allows(const LifeCycle *cycle, int from, int to)
{
	for (int i = 0; i < cycle->ntransitions; i++)
	{
		if (cycle->transitions[i].from == from &&
			cycle->transitions[i].to == to)
			return true;
	}
	return false;
}

/* Does nothing lead on from here? */
bool
life_cycle_ends(const LifeCycle *cycle, int state)
{
	for (int i = 0; i < cycle->ntransitions; i++)
	{
		if (cycle->transitions[i].from == state)
			return false;
	}
	return true;
}

/* Is this a reason of the life cycle's list? */
bool
reason_known(const LifeCycle *cycle, const char *code)
{
	for (int i = 0; i < cycle->nreasons; i++)
	{
		if (strcmp(cycle->reasons[i].code, code) == 0)
			return true;
	}
	return false;
}

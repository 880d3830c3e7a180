/*
 * lifecycle.c
 *		Unit test of src/core/lifecycle.c: the tables hold together, and the
 *		questions asked of them are answered for every pair of numbers.
 */
#include <string.h>

#include "check.h"
#include "core/lifecycle.h"

/* What no table may get wrong, whichever life cycle it describes. */
static void
check_cycle(const LifeCycle *cycle)
{
	int			pairs = 0;

	CHECK(life_cycle_named(cycle->name) == cycle);
	for (int i = 0; i < cycle->nstates; i++)
	{
		const LifeCycleState *state = &cycle->states[i];

		/* ascending: the order of the bytes is the order of the states */
		CHECK(state->state > (i > 0 ? cycle->states[i - 1].state : NO_STATE) &&
			  state->state < 128);
		CHECK(state_labelled(cycle, state->label,
							 strlen(state->label)) == state->state);
		CHECK(state_labelled(cycle, state->label,
							 strlen(state->label) - 1) == NO_STATE);
		CHECK(strcmp(state_label(cycle, state->state), state->label) == 0);
	}
	for (int i = 0; i < cycle->ntransitions; i++)
	{
		const Transition *transition = &cycle->transitions[i];

		CHECK(state_label(cycle, transition->from) != NULL);
		CHECK(state_label(cycle, transition->to) != NULL);
		CHECK(event_known(cycle, transition->event));
		CHECK(state_after(cycle, transition->from,
						  transition->event) == transition->to);
	}
	for (int from = 0; from < 256; from++)
	{
		CHECK(!life_cycle_allows(cycle, from, from));
		CHECK(state_label(cycle, from) != NULL ||
			  life_cycle_ends(cycle, from));
		for (int to = 0; to < 256; to++)
			pairs += life_cycle_allows(cycle, from, to);
	}
	CHECK(pairs == cycle->ntransitions);
	for (int i = 0; i < cycle->nreasons; i++)
		CHECK(reason_known(cycle, cycle->reasons[i].code));
}

int
main(void)
{
	check_cycle(&application_cycle);
	check_cycle(&attachment_cycle);

	CHECK(life_cycle_named("") == NULL && life_cycle_named("applications") == NULL);
	CHECK(state_labelled(&attachment_cycle, "", 0) == NO_STATE);
	CHECK(state_labelled(&attachment_cycle, "Active", 6) == NO_STATE);
	CHECK(state_labelled(&attachment_cycle, "active\0", 7) == NO_STATE);
	CHECK(state_label(&attachment_cycle, NO_STATE) == NULL);
	CHECK(!event_known(&attachment_cycle, "submit") && event_known(&application_cycle, "submit"));
	CHECK(state_after(&attachment_cycle, ATTACHMENT_CLOSED, "close") == NO_STATE);

	/* the numbers that tables store */
	CHECK(ATTACHMENT_ACTIVE == 10 && ATTACHMENT_SUSPECT == 20 &&
		  ATTACHMENT_CLOSED == 30 && ATTACHMENT_ANNULLED == 40);
	CHECK(APPLICATION_DRAFT == 10 && APPLICATION_SUBMITTED == 20 &&
		  APPLICATION_IDENTIFIED == 30 && APPLICATION_APPROVED == 40);
	CHECK(APPLICATION_DEFERRED == 50 && APPLICATION_ATTACHED == 60 &&
		  APPLICATION_REFUSED == 70 && APPLICATION_WITHDRAWN == 80);
	CHECK(APPLICATION_EXPIRED == 90 && APPLICATION_LAPSED == 100 &&
		  APPLICATION_REPLACED == 110 && APPLICATION_CANCELLED == 120);

	CHECK(life_cycle_allows(&application_cycle, APPLICATION_SUBMITTED,
							APPLICATION_IDENTIFIED));
	CHECK(!life_cycle_allows(&application_cycle, APPLICATION_SUBMITTED,
							 APPLICATION_APPROVED));
	CHECK(life_cycle_ends(&application_cycle, APPLICATION_ATTACHED) &&
		  !life_cycle_ends(&application_cycle, APPLICATION_DEFERRED));
	CHECK(life_cycle_allows(&attachment_cycle, ATTACHMENT_SUSPECT,
							ATTACHMENT_ACTIVE) &&
		  !life_cycle_allows(&attachment_cycle, ATTACHMENT_CLOSED,
							 ATTACHMENT_ACTIVE));
	CHECK(life_cycle_ends(&attachment_cycle, ATTACHMENT_ANNULLED) &&
		  !life_cycle_ends(&attachment_cycle, ATTACHMENT_CLOSED));
	CHECK(reason_known(&application_cycle, "deceased") && !reason_known(&application_cycle, "death") && !reason_known(&application_cycle, ""));
	CHECK(reason_known(&attachment_cycle, "death") && !reason_known(&attachment_cycle, "deceased"));
	return checks_summary();
}

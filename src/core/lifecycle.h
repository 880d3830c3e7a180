/*
 * lifecycle.h
 *		The life cycles of an application and of an attachment: states, events,
 *		lawful transitions, and the reasons a state may ask for.
 *
 * A state's number is what tables store, for ever: a new state takes a free
 * number between its neighbours in the order, no number is used twice.
 */
#ifndef OSMS_CORE_LIFECYCLE_H
#define OSMS_CORE_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ApplicationState
{
	APPLICATION_DRAFT = 10,
	APPLICATION_SUBMITTED = 20,
	APPLICATION_IDENTIFIED = 30,
	APPLICATION_APPROVED = 40,
	APPLICATION_DEFERRED = 50,
	APPLICATION_ATTACHED = 60,
	APPLICATION_REFUSED = 70,
	APPLICATION_WITHDRAWN = 80,
	APPLICATION_EXPIRED = 90,
	APPLICATION_LAPSED = 100,
	APPLICATION_REPLACED = 110,
	APPLICATION_CANCELLED = 120
} ApplicationState;

typedef enum AttachmentState
{
	ATTACHMENT_ACTIVE = 10,
	ATTACHMENT_SUSPECT = 20,
	ATTACHMENT_CLOSED = 30,
	ATTACHMENT_ANNULLED = 40
} AttachmentState;

#define NO_STATE 0				/* never the number of a state */

typedef struct LifeCycleState
{
	int			state;
	const char *label;
	bool		initial;		/* a row may begin as this by itself */
} LifeCycleState;

typedef struct Transition
{
	int			from;
	const char *event;
	int			to;
} Transition;

typedef struct ReasonCode
{
	const char *code;
	const char *register_code;	/* of the national register, or NULL */
} ReasonCode;

typedef struct LifeCycle
{
	const char *name;
	const LifeCycleState *states;	/* in order */
	int			nstates;
	const Transition *transitions;	/* in the order of their states */
	int			ntransitions;
	const ReasonCode *reasons;	/* of a refusal, of a detachment */
	int			nreasons;
} LifeCycle;

extern const LifeCycle application_cycle;
extern const LifeCycle attachment_cycle;

extern const LifeCycle *life_cycle_named(const char *name);
extern int	state_labelled(const LifeCycle *cycle, const char *label,
						   size_t length);
extern const char *state_label(const LifeCycle *cycle, int state);
extern bool event_known(const LifeCycle *cycle, const char *event);
extern int	state_after(const LifeCycle *cycle, int state, const char *event);

extern bool life_cycle_allows(const LifeCycle *cycle, int from, int to);
extern bool life_cycle_ends(const LifeCycle *cycle, int state);
extern bool reason_known(const LifeCycle *cycle, const char *code);

#endif							/* OSMS_CORE_LIFECYCLE_H */

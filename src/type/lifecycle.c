/*
 * lifecycle.c
 *		osms.application_state and osms.attachment_state: one byte by value,
 *		the state's number; and the life cycles shown to SQL.
 *
 * Comparison and hash are those of "char", whose order of bytes is the order
 * of the states.
 */
#include "osms.h"

#include "core/lifecycle.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define PG_GETARG_STATE(n) ((unsigned char) PG_GETARG_CHAR(n))
#define PG_RETURN_STATE(state) PG_RETURN_CHAR((char) (state))

/* The labels of a life cycle's states, for a hint. */
static char *
state_list(const LifeCycle *cycle)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < cycle->nstates; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", cycle->states[i].label);
	return list.data;
}

/* The events of a life cycle in the order in which they first occur. */
static char *
event_list(const LifeCycle *cycle)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < cycle->ntransitions; i++)
	{
		const char *event = cycle->transitions[i].event;
		int			first = 0;

		while (strcmp(cycle->transitions[first].event, event) != 0)
			first++;
		if (first == i)
			appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", event);
	}
	return list.data;
}

/*
 * A label from outside to its state: text input and binary receive both come
 * here.  Anything but a label is 22P02, softly where the caller asked for it.
 */
static Datum
state_from_label(FunctionCallInfo fcinfo, const LifeCycle *cycle,
				 const char *label, size_t length)
{
	int			state = state_labelled(cycle, label, length);

	if (state == NO_STATE)
		ereturn(escontext_of(fcinfo), (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input value for type osms.%s_state: \"%.*s\"",
						cycle->name, (int) length, label),
				 errhint("The states are %s.", state_list(cycle))));
	PG_RETURN_STATE(state);
}

/* The label of a stored state. */
static const char *
stored_label(const LifeCycle *cycle, int state)
{
	const char *label = state_label(cycle, state);

	if (label == NULL)
		elog(ERROR, "%d is not the number of an %s state", state, cycle->name);
	return label;
}

static Datum
state_in(FunctionCallInfo fcinfo, const LifeCycle *cycle)
{
	const char *label = PG_GETARG_CSTRING(0);

	return state_from_label(fcinfo, cycle, label, strlen(label));
}

static Datum
state_out(FunctionCallInfo fcinfo, const LifeCycle *cycle)
{
	PG_RETURN_CSTRING(pstrdup(stored_label(cycle, PG_GETARG_STATE(0))));
}

/* In binary a state is its label, as an enum's is. */
static Datum
state_recv(FunctionCallInfo fcinfo, const LifeCycle *cycle)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			length;
	const char *label = pq_getmsgtext(message, message->len - message->cursor,
									  &length);

	return state_from_label(fcinfo, cycle, label, length);
}

static Datum
state_send(FunctionCallInfo fcinfo, const LifeCycle *cycle)
{
	const char *label = stored_label(cycle, PG_GETARG_STATE(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendtext(&message, label, strlen(label));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* The SQL functions of one state type. */
#define STATE_TYPE_FUNCTION(type, cycle, function) \
	PG_FUNCTION_INFO_V1(type##_##function); \
	Datum type##_##function(PG_FUNCTION_ARGS) \
	{ \
		return state_##function(fcinfo, &(cycle)); \
	}
#define STATE_TYPE(type, cycle) \
	STATE_TYPE_FUNCTION(type, cycle, in) \
	STATE_TYPE_FUNCTION(type, cycle, out) \
	STATE_TYPE_FUNCTION(type, cycle, recv) \
	STATE_TYPE_FUNCTION(type, cycle, send)

STATE_TYPE(application_state, application_cycle)
STATE_TYPE(attachment_state, attachment_cycle)

/* The life cycle an argument names; 22023 for any other word. */
static const LifeCycle *
cycle_argument(FunctionCallInfo fcinfo, int argument)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	const LifeCycle *cycle = life_cycle_named(name);

	if (cycle == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized life cycle \"%s\"", name),
				 errhint("The life cycles are %s and %s.",
						 application_cycle.name, attachment_cycle.name)));
	return cycle;
}

PG_FUNCTION_INFO_V1(lifecycle_transitions);

/* transitions(machine): every lawful step. */
Datum
lifecycle_transitions(PG_FUNCTION_ARGS)
{
	const LifeCycle *cycle = cycle_argument(fcinfo, 0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < cycle->ntransitions; i++)
	{
		const Transition *transition = &cycle->transitions[i];
		bool		nulls[3] = {false};
		Datum		values[3] = {
			CStringGetTextDatum(state_label(cycle, transition->from)),
			CStringGetTextDatum(transition->event),
			CStringGetTextDatum(state_label(cycle, transition->to))
		};

		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(lifecycle_next_state);

/* next_state(machine, state, event): NULL where the event is not allowed. */
Datum
lifecycle_next_state(PG_FUNCTION_ARGS)
{
	const LifeCycle *cycle = cycle_argument(fcinfo, 0);
	char	   *label = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *event = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int			state = state_labelled(cycle, label, strlen(label));

	if (state == NO_STATE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("life cycle \"%s\" has no state \"%s\"", cycle->name, label),
				 errhint("The states are %s.", state_list(cycle))));
	if (!event_known(cycle, event))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("life cycle \"%s\" has no event \"%s\"", cycle->name, event),
				 errhint("The events are %s.", event_list(cycle))));

	state = state_after(cycle, state, event);
	if (state == NO_STATE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(state_label(cycle, state)));
}

PG_FUNCTION_INFO_V1(lifecycle_state_diagram);

/* state_diagram(machine): Mermaid, as README pages draw it. */
Datum
lifecycle_state_diagram(PG_FUNCTION_ARGS)
{
	const LifeCycle *cycle = cycle_argument(fcinfo, 0);
	StringInfoData diagram;

	initStringInfo(&diagram);
	appendStringInfoString(&diagram, "stateDiagram-v2");
	for (int i = 0; i < cycle->nstates; i++)
	{
		if (cycle->states[i].initial)
			appendStringInfo(&diagram, "\n    [*] --> %s", cycle->states[i].label);
	}
	for (int i = 0; i < cycle->ntransitions; i++)
	{
		const Transition *transition = &cycle->transitions[i];

		appendStringInfo(&diagram, "\n    %s --> %s : %s",
						 state_label(cycle, transition->from),
						 state_label(cycle, transition->to),
						 transition->event);
	}
	for (int i = 0; i < cycle->nstates; i++)
	{
		if (life_cycle_ends(cycle, cycle->states[i].state))
			appendStringInfo(&diagram, "\n    %s --> [*]", cycle->states[i].label);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(diagram.data, diagram.len));
}

PG_FUNCTION_INFO_V1(lifecycle_reason_codes);

/*
 * reason_codes(machine): what a refusal or a detachment may give as its
 * reason.
 */
Datum
lifecycle_reason_codes(PG_FUNCTION_ARGS)
{
	const LifeCycle *cycle = cycle_argument(fcinfo, 0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < cycle->nreasons; i++)
	{
		const ReasonCode *reason = &cycle->reasons[i];
		bool		nulls[2] = {false, reason->register_code == NULL};
		Datum		values[2] = {
			CStringGetTextDatum(reason->code),
			nulls[1] ? (Datum) 0 : CStringGetTextDatum(reason->register_code)
		};

		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

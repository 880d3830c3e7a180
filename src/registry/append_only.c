/*
 * append_only.c
 *		The law as dated rows: what keeps them from being rewritten.
 */
#include "osms.h"

#include "commands/trigger.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(osms_append_only);

/*
 * Trigger of the config tables and of the coefficients of a registry, before
 * UPDATE, DELETE or TRUNCATE for each statement: rows are only added, or an
 * answer "as known at" could change.
 * INSERT and COPY, and so a restore, are not its business.
 */
Datum
osms_append_only(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by the trigger manager", "append_only")));
	if (!TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) ||
		TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired before UPDATE, DELETE or TRUNCATE for each statement",
						"append_only")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("rows of table \"%s\" are only added", RelationGetRelationName(trigger->tg_relation)),
			 errdetail("What was in force, and what was known when, has to stay answerable."),
			 errhint("Insert a row with a later valid_from, or with the same valid_from as a correction: the one known last wins.")));
	return (Datum) 0;
}

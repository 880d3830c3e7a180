/*
 * protocol.c
 *		How the triggers of a guard must be called.
 */
#include "guard/protocol.h"

#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "utils/rel.h"

/* Refuse to run but as osms.guard() sets the trigger up. */
void
guard_check_protocol(FunctionCallInfo fcinfo, const char *name,
					 bool row, bool before)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const char *fault = NULL;

	if (!CALLED_AS_TRIGGER(fcinfo))
		fault = "must be called by the trigger manager";
	else if (!(before ? TRIGGER_FIRED_BEFORE(trigdata->tg_event) :
			   TRIGGER_FIRED_AFTER(trigdata->tg_event)))
		fault = before ? "must be fired BEFORE" : "must be fired AFTER";
	else if (row != (TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) != 0))
		fault = row ? "must be fired for each row" :
			"must be fired for each statement";
	else if (trigdata->tg_trigger->tgnargs != 3)
		fault = "needs the arguments registry, relation and modes";
	if (fault)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" %s", name, fault),
				 errhint("Let osms.guard() make the trigger.")));
}

/*
 * Refuse to run but on the relation of a registry, its first argument, whose
 * rows the trigger looks at when the transaction ends.
 */
void
deferred_check_protocol(FunctionCallInfo fcinfo, const char *name,
						const char *relation)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	guard_check_protocol(fcinfo, name, true, false);
	if (!TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ||
		strcmp(RelationGetRelationName(trigdata->tg_relation),
			   relation) != 0 ||
		get_namespace_oid(trigdata->tg_trigger->tgargs[0], true) !=
		RelationGetNamespace(trigdata->tg_relation))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired by INSERT into relation \"%s\" of the registry it names",
						name, relation),
				 errhint("Let osms.create_registry() or osms.map() make the trigger.")));
}

/*
 * guarded.c
 *		Whether the guard of a registry stands on a table, and fires.
 */
#include "registry/guarded.h"

#include "catalog.h"
#include "registry/registry.h"
#include "security/surroundings.h"

#include "access/table.h"
#include "commands/trigger.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/*
 * A set trigger by which a table is guarded as a relation of a registry, NULL
 * where none stands; it lives until something is looked up.  Anybody may call
 * a function guard_set.
 */
const Trigger *
guard_trigger_on(Relation table, const char *registry, const char *relation)
{
	Oid			ours = our_function("guard_set", 0, NULL);
	const TriggerDesc *triggers = table->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgfoid == ours && trigger->tgnargs == 3 &&
			strcmp(trigger->tgargs[0], registry) == 0 &&
			strcmp(trigger->tgargs[1], relation) == 0)
			return trigger;
	}
	return NULL;
}

/* When the guard fires that stands on a table for a relation, if one does. */
static char
guard_fires(Relation table, Oid view)
{
	const char *relation = get_rel_name(view);
	const Trigger *guard;

	/* what guards events is of what they make */
	if (strcmp(relation, canonical_relations[REL_ATTACHMENT_EVENT].name) == 0)
		relation = canonical_relations[REL_ATTACHMENT].name;
	guard = guard_trigger_on(table,
							 get_namespace_name(get_rel_namespace(view)),
							 relation);
	return guard ? guard->tgenabled : TRIGGER_DISABLED;
}

/*
 * Rows were written that no guard has judged: see that none stands there that
 * should have, but for something that switched it off for this write.
 * Errors: 55000.
 */
void
check_unguarded(Oid source, Oid view)
{
	Relation	table = table_open(source, AccessShareLock);
	char		fires = guard_fires(table, view);
	RelationKind kind;

	/* of what is only traced no row is judged */
	if (relation_kind_of(get_rel_name(view), &kind) &&
		!canonical_relations[kind].traced &&
		(fires == TRIGGER_FIRES_ALWAYS ||
		 fires ==
		 (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ?
		  TRIGGER_FIRES_ON_REPLICA : TRIGGER_FIRES_ON_ORIGIN)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the guard of table \"%s\" did not see what was written",
						RelationGetRelationName(table)),
				 errhint("Let no trigger of the table set \"session_replication_role\".")));
	table_close(table, AccessShareLock);
}

/*
 * Whether the owner of a table lets a registry write it as him: whoever maps
 * has his rights, or a guard of the registry stands on it that nobody else
 * can have put there.
 */
bool
is_written_as_owner(Oid source, Oid view)
{
	Relation	table = table_open(source, RowExclusiveLock);
	Oid			owner = table->rd_rel->relowner;
	Oid			who;
	bool		result = has_privs_of_role(relation_owner(view), owner);

	if (!result && !others_may_trigger(table, owner, &who))
		result = guard_fires(table, view) != TRIGGER_DISABLED;
	table_close(table, NoLock);
	return result;
}

/*
 * keeper.c
 *		Who keeps a registry, and what is his alone.
 */
#include "registry/keeper.h"

#include "catalog.h"
#include "security/surroundings.h"

#include "access/table.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* Whether a function keeps relations of a registry. */
static bool
is_keep(Oid function)
{
	char	   *name = get_func_name(function);

	return name && strcmp(name, "keep") == 0 &&
		is_our_function(function);
}

/*
 * Whether a schema is a registry of an owner, who keeps it, and not one that
 * only has tables of these names.
 */
bool
is_kept_by(Oid schema, Oid owner)
{
	Oid			oid = get_relname_relid("roster", schema);
	Relation	roster;
	bool		result = false;

	if (!OidIsValid(oid) || relation_owner(oid) != owner)
		return false;
	roster = table_open(oid, AccessShareLock);
	for (int i = 0; roster->trigdesc && i < roster->trigdesc->numtriggers; i++)
		result |= is_keep(roster->trigdesc->triggers[i].tgfoid);
	table_close(roster, NoLock);
	return result;
}

/* Who keeps the registry of a canonical relation and owns that; or nobody. */
Oid
keeper_of(Oid canonical)
{
	Oid			owner = relation_owner(canonical);

	return is_kept_by(get_rel_namespace(canonical), owner) ? owner :
		InvalidOid;
}

/*
 * Refuse a mapped view on which others may put triggers: what they name there
 * would be worked out as its owner.  Errors: 42501.
 */
void
check_mapped_view(Relation view)
{
	Oid			owner = view->rd_rel->relowner;
	Oid			who;

	if (others_may_trigger(view, owner, &who))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("mapped relation \"%s\" is not written while others may put triggers on it",
						RelationGetRelationName(view)),
				 errhint("REVOKE TRIGGER ON %s FROM %s.",
						 qualified_name(RelationGetRelid(view)),
						 who == ACL_ID_PUBLIC ? "PUBLIC" :
						 quote_identifier(GetUserNameFromId(who, false)))));
}

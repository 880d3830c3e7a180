/*
 * open.c
 *		Looking up the registry that a schema is.
 */
#include "registry/open.h"

#include "catalog.h"
#include "registry/guarded.h"
#include "registry/projection.h"
#include "registry/registry.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* What a guard reads and writes besides canonical relations. */
static const char *const read_besides[] = {
	"import", "journal", "moved", "pending", "setting"
};

/*
 * What came with the roster is there as long as it is.  Errors: 42P01 for a
 * table that was dropped or renamed since.
 */
static void
check_kept(const Registry *registry, Oid schema)
{
	for (int i = 0; i < (int) lengthof(read_besides); i++)
		if (!OidIsValid(get_relname_relid(read_besides[i], schema)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("registry \"%s\" has lost its table \"%s\"",
							registry->unquoted, read_besides[i]),
					 errhint("Put it back, with what it held. Until then osms.unguard(%s) lets the tables be written without a guard.",
							 quote_literal_cstr(registry->unquoted))));
}

/*
 * A registry is looked at as the owner of its roster: whoever may create in
 * its schema must not add to it what is then looked at.  A table may be
 * somebody else's, on which a guard stands.  Errors: 42501.
 */
static void
check_owner(const Registry *registry, Oid relation)
{
	Oid			owner;
	Relation	table;
	bool		guarded;

	if (!OidIsValid(relation))
		return;
	owner = relation_owner(relation);
	if (has_privs_of_role(owner, registry->owner))
		return;
	table = relation_open(relation, AccessShareLock);
	guarded = guard_trigger_on(table, registry->unquoted,
							   RelationGetRelationName(table)) != NULL;
	relation_close(table, NoLock);
	if (!guarded)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("relation \"%s\" of registry \"%s\" belongs to role \"%s\", who does not have the rights of the roster's owner",
						get_rel_name(relation), registry->unquoted,
						GetUserNameFromId(owner, true)),
				 errhint("Let the owner of the roster own it, or drop it.")));
}

static void
check_owners(const Registry *registry, Oid schema)
{
	for (int i = 0; i < REL_KINDS; i++)
		check_owner(registry, registry->relation[i]);
	for (int i = 0; i < (int) lengthof(read_besides); i++)
	{
		Oid			relation = get_relname_relid(read_besides[i], schema);

		/* of a table osms.check_registry() tells */
		if (OidIsValid(relation) &&
			get_rel_relkind(relation) == RELKIND_VIEW)
			check_owner(registry, relation);
	}
}

/*
 * Look up a registry by the name of its schema.  Errors: 3F000 where there
 * is none, 42P01 where it has no roster or lost a table, 22023 for a
 * temporary schema, in which anybody may stage one, 42501 where part of it is
 * somebody else's; those of make_projection for its persons.
 */
void
registry_open(Registry *registry, const char *name)
{
	/* without USAGE: a vendor whose table is guarded has no right there */
	Oid			namespace = get_namespace_oid(name, true);

	if (!OidIsValid(namespace))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("registry \"%s\" does not exist", name),
				 errhint("Make it with osms.create_registry(), or rename its schema back; osms.unguard(%s) removes a guard that it left behind.",
						 quote_literal_cstr(name))));
	if (isAnyTempNamespace(namespace))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("temporary schema \"%s\" is no registry", name),
				 errhint("Make one with osms.create_registry().")));
	registry->name = pstrdup(quote_identifier(name));
	registry->unquoted = pstrdup(name);
	registry->relations = 0;
	for (int i = 0; i < REL_KINDS; i++)
	{
		registry->relation[i] =
			get_relname_relid(canonical_relations[i].name, namespace);
		if (OidIsValid(registry->relation[i]))
			registry->relations |= RELATION_BIT(i);
		registry->name_hash[i] =
			GetSysCacheHashValue2(RELNAMENSP,
								  CStringGetDatum(canonical_relations[i].name),
								  ObjectIdGetDatum(namespace));
	}
	registry->roster = get_relname_relid("roster", namespace);
	if (!OidIsValid(registry->roster))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("registry \"%s\" has no roster", name),
				 errhint("Map the relation \"attachment\" with osms.map(); osms.unguard(%s) removes a guard that is left.",
						 quote_literal_cstr(name))));
	check_kept(registry, namespace);
	registry->owner = relation_owner(registry->roster);
	check_owners(registry, namespace);
	registry->person = OidIsValid(registry->relation[REL_PERSON]) ?
		make_projection(REL_PERSON, registry->relation[REL_PERSON]) : NULL;
}

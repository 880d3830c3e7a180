/*
 * surroundings.c
 *		What stands around a table that is to be written as a role.
 *
 * Others than the role may own a table, or have added to it or to a partition
 * of it: triggers, with their conditions and arguments, partitions with all
 * that is theirs, columns of their types, tables that follow by foreign keys.
 * What they added must not run as the role, nor choose which of the role's own
 * functions run, and with what; but neither a trigger nor an expression tells
 * who made it.  So such a table is not written.
 */
#include "guard/guard.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

static Oid
function_owner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

static Oid
type_owner(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	owner = ((Form_pg_type) GETSTRUCT(tuple))->typowner;
	ReleaseSysCache(tuple);
	return owner;
}

static const char *column_of_others(Relation rel, Oid role, bool domain,
									List **seen);

/* The type of which a domain is one, perhaps a domain itself. */
static Oid
base_of_domain(Oid domain)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
	Oid			base;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", domain);
	base = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
	ReleaseSysCache(tuple);
	return base;
}

/*
 * Whether a type, or one that it is made of, is of somebody without the
 * rights; or, where that is asked, a domain, whose checks he may change.
 */
static bool
is_made_of_others(Oid type, Oid role, bool domain, List **seen)
{
	char		kind;
	Oid			part = InvalidOid;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (type < FirstNormalObjectId || list_member_oid(*seen, type))
		return false;
	*seen = lappend_oid(*seen, type);
	if (OidIsValid(get_element_type(type)))
		return is_made_of_others(get_element_type(type), role, domain, seen);
	kind = get_typtype(type);
	if ((!domain || kind == TYPTYPE_DOMAIN) &&
		!has_privs_of_role(type_owner(type), role))
		return true;
	switch (kind)
	{
		case TYPTYPE_DOMAIN:
			if (domain_makes_of_others(type, role))
				return true;
			part = base_of_domain(type);
			break;
		case TYPTYPE_RANGE:
			part = get_range_subtype(type);
			break;
		case TYPTYPE_MULTIRANGE:
			part = get_multirange_range(type);
			break;
		case TYPTYPE_COMPOSITE:
			{
				Relation	rel = relation_open(get_typ_typrelid(type),
												AccessShareLock);
				bool		result = column_of_others(rel, role, domain,
															seen) != NULL;

				relation_close(rel, AccessShareLock);
				return result;
			}
	}
	return OidIsValid(part) && is_made_of_others(part, role, domain, seen);
}

/*
 * Whether a type is, or is made of, a domain of somebody without the rights
 * of a role, or one that makes values of such a domain.
 */
bool
is_domain_of_others(Oid type, Oid role)
{
	List	   *seen = NIL;

	return is_made_of_others(type, role, true, &seen);
}

/*
 * Refuse a type that is, or is made of, a domain of somebody without the
 * rights of the current user, as whom its checks would run.  Errors: 42501.
 */
void
check_type(Oid type)
{
	if (is_domain_of_others(type, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("values of type %s must not be made as role \"%s\" while osms acts for others",
						format_type_be(type),
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("It is, or is made of, a domain of a role who does not have the rights of that role."),
				 errhint("Name the type below the domain, or let a role that is trusted own the domain.")));
}

/*
 * Whether somebody without the rights of a role may put triggers on a table or
 * view; ACL_ID_PUBLIC is everybody.
 */
bool
others_may_trigger(Relation rel, Oid role, Oid *who)
{
	HeapTuple	tuple;
	Datum		acl;
	bool		isnull;
	bool		result = false;

	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(RelationGetRelid(rel)));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u",
			 RelationGetRelid(rel));
	acl = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relacl, &isnull);
	if (!isnull)
	{
		const Acl  *list = DatumGetAclP(acl);

		for (int i = 0; i < ACL_NUM(list) && !result; i++)
		{
			const AclItem *item = &ACL_DAT(list)[i];

			*who = item->ai_grantee;
			result = (ACLITEM_GET_PRIVS(*item) & ACL_TRIGGER) != 0 &&
				(*who == ACL_ID_PUBLIC || !has_privs_of_role(*who, role));
		}
	}
	ReleaseSysCache(tuple);
	return result;
}

/* The column of a type, or a domain, of somebody without the rights of a role. */
static const char *
column_of_others(Relation rel, Oid role, bool domain, List **seen)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, a);

		if (!att->attisdropped &&
			is_made_of_others(att->atttypid, role, domain, seen))
			return NameStr(att->attname);
	}
	return NULL;
}

static char *others_of(Relation rel, Oid role, List **seen, char **hint);

/*
 * Who may have added to a table that follows by a foreign key: what its
 * triggers do then is done in the statement that wrote the table followed, as
 * its role.  Each table is looked at once, by however many keys it follows.
 */
static char *
others_of_followers(Relation rel, Oid role, List **seen, char **hint)
{
	char	   *others = NULL;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < rel->trigdesc->numtriggers && !others; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];
		Relation	follower;

		switch (trigger->tgfoid)
		{
			case F_RI_FKEY_CASCADE_DEL:
			case F_RI_FKEY_CASCADE_UPD:
			case F_RI_FKEY_SETNULL_DEL:
			case F_RI_FKEY_SETNULL_UPD:
			case F_RI_FKEY_SETDEFAULT_DEL:
			case F_RI_FKEY_SETDEFAULT_UPD:
				break;
			default:
				continue;
		}
		if (list_member_oid(*seen, trigger->tgconstrrelid))
			continue;
		follower = table_open(trigger->tgconstrrelid, AccessShareLock);
		others = others_of(follower, role, seen, hint);
		table_close(follower, AccessShareLock);
	}
	return others;
}

/*
 * Who may have added to a table: a sentence, and what to do in *hint; NULL
 * for nobody but those who have the rights of a role.
 */
static char *
others_of(Relation rel, Oid role, List **seen, char **hint)
{
	List	   *types = NIL;
	const char *column;
	const char *expression = NULL;
	char	   *table;
	Oid			who;

	*seen = lappend_oid(*seen, RelationGetRelid(rel));
	if (has_privs_of_role(rel->rd_rel->relowner, role) &&
		!others_may_trigger(rel, role, &who) &&
		column_of_others(rel, role, false, &types) == NULL &&
		(expression = expression_of_others(rel, role)) == NULL)
		return rel->trigdesc ?
			others_of_followers(rel, role, seen, hint) : NULL;
	table = qualified_name(RelationGetRelid(rel));
	if (!has_privs_of_role(rel->rd_rel->relowner, role))
	{
		*hint = psprintf("ALTER TABLE %s OWNER TO %s.", table,
						 quote_identifier(GetUserNameFromId(role, false)));
		return psprintf("Table %s belongs to role \"%s\".", table,
						GetUserNameFromId(rel->rd_rel->relowner, true));
	}
	if (others_may_trigger(rel, role, &who))
	{
		*hint = psprintf("REVOKE TRIGGER ON %s FROM %s, and drop triggers that are not yours.",
						 table, who == ACL_ID_PUBLIC ? "PUBLIC" :
						 quote_identifier(GetUserNameFromId(who, false)));
		return who == ACL_ID_PUBLIC ?
			psprintf("Everybody may put triggers on table %s.", table) :
			psprintf("Role \"%s\" may put triggers on table %s.",
					 GetUserNameFromId(who, true), table);
	}
	if (expression)
	{
		*hint = psprintf("Let role \"%s\" own the domain, or cast to the type below it.",
						 GetUserNameFromId(role, true));
		return psprintf("The expression of %s of table %s casts to a domain of another role.",
						expression, table);
	}
	types = NIL;
	column = column_of_others(rel, role, false, &types);
	*hint = psprintf("Let role \"%s\" own the type.",
					 GetUserNameFromId(role, true));
	return psprintf("Column \"%s\" of table %s is of a type of another role.",
					column, table);
}

/* Whether others may have added to a table or a partition, or own a foreign one. */
bool
others_may_add(Oid table, Oid role)
{
	bool		result = false;
	List	   *seen = NIL;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(table, AccessShareLock, NULL))
	{
		Relation	rel = table_open(lfirst_oid(lc), AccessShareLock);
		char	   *hint;

		if (rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE &&
			!has_privs_of_role(rel->rd_rel->relowner, role))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("foreign table \"%s\" must not be written as role \"%s\" while osms acts for others",
							RelationGetRelationName(rel),
							GetUserNameFromId(role, true)),
					 errhint("Let a role that is trusted own it.")));
		result |= others_of(rel, role, &seen, &hint) != NULL;
		table_close(rel, AccessShareLock);
	}
	return result;
}

/*
 * Look around a table and its partitions before it is written as a role: does
 * it defer code of others?  Errors: 55000 where rules rewrite what is written,
 * so that it is not what was told, or more; or where a foreign table is below,
 * which would be written on another server as who writes it here; 42501 where
 * others may have added to it, unless that is asked.
 */
bool
look_around(Oid table, Oid role, bool *others_add)
{
	bool		defers_foreign = false;
	List	   *seen = NIL;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(table, AccessShareLock, NULL))
	{
		Relation	rel = table_open(lfirst_oid(lc), RowExclusiveLock);
		char	   *hint = NULL;
		char	   *others = others_of(rel, role, &seen, &hint);

		if (rel->rd_rules)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" has rules, which rewrite what is written",
							RelationGetRelationName(rel)),
					 errhint("DROP RULE ... ON the table; a trigger can do what they do.")));
		if (rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("\"%s\" is a foreign table",
							RelationGetRelationName(rel)),
					 errdetail("It is a partition of, or inherits from, the table to be written."),
					 errhint("Detach it from that table.")));
		if (others && others_add)
			*others_add = true;
		else if (others)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("table \"%s\" is not written as role \"%s\" while others may add to it",
							get_rel_name(table),
							GetUserNameFromId(role, true)),
					 errdetail_internal("%s", others),
					 errhint("%s", hint)));
		for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
		{
			const Trigger *trigger = &rel->trigdesc->triggers[i];

			defers_foreign |= trigger->tgdeferrable &&
				!has_privs_of_role(function_owner(trigger->tgfoid), role);
		}
		table_close(rel, NoLock);
	}
	return defers_foreign;
}

/* The events for which our triggers stand in the place of a write to a view. */
static int
events_of_ours(Relation view)
{
	int			events = 0;

	for (int i = 0; view->trigdesc && i < view->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &view->trigdesc->triggers[i];
		int			type = trigger->tgtype;

		if (TRIGGER_FOR_INSTEAD(type) &&
			trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN &&
			is_our_function(trigger->tgfoid))
			events |= type & TRIGGER_TYPE_EVENT_MASK;
	}
	return events;
}

/*
 * Refuse a view that is written by anything but our trigger: PostgreSQL would
 * write what is below it, and a rule write something else, and leave to the
 * end of the transaction what then runs as whoever the session is.
 * Errors: 55000.
 */
void
check_view_written(Oid relation)
{
	Relation	view = table_open(relation, AccessShareLock);
	const int	written = TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE |
		TRIGGER_TYPE_DELETE;

	if (view->rd_rules == NULL || view->rd_rules->numLocks != 1 ||
		(events_of_ours(view) & written) != written)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("view \"%s\" is not written by the trigger of osms alone",
						RelationGetRelationName(view)),
				 errhint("Drop its rules; osms.map() makes the trigger.")));
	table_close(view, NoLock);
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

	return is_kept_by(get_rel_namespace(canonical), owner) ? owner : InvalidOid;
}

/*
 * Refuse a table whose checks a statement before this one has left to the end
 * of the transaction: they would be done now, as its owner.  Errors: 55006.
 */
void
check_nothing_deferred(Oid table)
{
	ListCell   *lc;

	foreach(lc, find_all_inheritors(table, NoLock, NULL))
		if (AfterTriggerPendingOnRel(lfirst_oid(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("checks of table \"%s\" were left to the end of the transaction",
							get_rel_name(lfirst_oid(lc))),
					 errdetail("They are the business of who wrote the table, not of its owner, as whom it is to be written now."),
					 errhint("SET CONSTRAINTS ALL IMMEDIATE before writing through the registry.")));
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

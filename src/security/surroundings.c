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
#include "security/surroundings.h"

#include "catalog.h"
#include "security/table_expression.h"
#include "security/type_check.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
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

/*
 * Whether others may have added to a table or a partition, or own a foreign
 * one.
 */
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

/*
 * The events for which our triggers stand in the place of a write to a view.
 */
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

/* Whether anything of a table can be left to the end of the transaction. */
static bool
may_defer(Oid table)
{
	Relation	rel = table_open(table, NoLock);
	bool		result = false;

	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
		result |= rel->trigdesc->triggers[i].tgdeferrable;
	table_close(rel, NoLock);
	return result;
}

/*
 * Refuse a table whose checks a statement before this one has left to the end
 * of the transaction: they would be done now, as its owner.  Errors: 55006.
 */
void
check_nothing_deferred(Oid table)
{
	ListCell   *lc;

	/* what is pending of a statement under way counts, too */
	foreach(lc, find_all_inheritors(table, NoLock, NULL))
	{
		if (may_defer(lfirst_oid(lc)) &&
			AfterTriggerPendingOnRel(lfirst_oid(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("checks of table \"%s\" were left to the end of the transaction",
							get_rel_name(lfirst_oid(lc))),
					 errdetail("They are the business of who wrote the table, not of its owner, as whom it is to be written now."),
					 errhint("SET CONSTRAINTS ALL IMMEDIATE before writing through the registry.")));
	}
}

/*
 * owner.c
 *		Acting as somebody else.
 *
 * Look-ups and the writes to roster and journal run as the owner of the
 * registry, under osms.restrict_functions (restrict.c).  A table that belongs
 * to somebody else is written as its owner, for its triggers are the work of
 * that role: they find the search_path that their owner chose, never the
 * writer's, whose temporary tables come last.
 */
#include "security/owner.h"

#include "catalog.h"
#include "security/cursors.h"
#include "security/restrict.h"
#include "security/settings.h"
#include "security/surroundings.h"
#include "security/told.h"
#include "security/writer.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

/*
 * Queries and locks run as the registry's owner, as RI's run as the table's.
 */
void
as_owner_begin(Oid owner, Oid *user, int *context)
{
	GetUserIdAndSecContext(user, context);
	SetUserIdAndSecContext(owner, *context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
}

void
as_owner_end(Oid user, int context)
{
	SetUserIdAndSecContext(user, context);
}

/* Expressions of a view are its owner's, not of who writes the source. */
void
begin_evaluation(Evaluation *evaluation, Oid owner)
{
	GetUserIdAndSecContext(&evaluation->user, &evaluation->context);
	SetUserIdAndSecContext(owner, evaluation->context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	evaluation->restriction = restrict_to(RESTRICT_STRICT);
}

void
end_evaluation(const Evaluation *evaluation)
{
	restrict_release(evaluation->restriction);
	SetUserIdAndSecContext(evaluation->user, evaluation->context);
}

/* Whether the session has all rights of a role. */
static bool
session_has_rights_of(Oid role)
{
	return has_privs_of_role(GetUserId(), role) &&
		has_privs_of_role(GetOuterUserId(), role) &&
		has_privs_of_role(GetSessionUserId(), role);
}

/* Whether a role has all rights that are the session's. */
static bool
has_rights_of_session(Oid role)
{
	return has_privs_of_role(role, GetUserId()) &&
		has_privs_of_role(role, GetOuterUserId()) &&
		has_privs_of_role(role, GetSessionUserId());
}

/*
 * Whether code runs as somebody whose rights are not the session's: what is
 * the session's is not for him.
 */
bool
is_somebody_else(void)
{
	return !has_rights_of_session(GetUserId()) ||
		!session_has_rights_of(GetUserId());
}

/*
 * Whether no other constraint of the schema bears the name, by which alone
 * SET CONSTRAINTS knows it: another's must not be checked as this owner.
 */
static bool
is_only_one(Form_pg_constraint constraint)
{
	Relation	constraints = table_open(ConstraintRelationId,
										 AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	int			n = 0;

	ScanKeyInit(&keys[0], Anum_pg_constraint_conname, BTEqualStrategyNumber,
				F_NAMEEQ, NameGetDatum(&constraint->conname));
	ScanKeyInit(&keys[1], Anum_pg_constraint_connamespace,
				BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(constraint->connamespace));
	scan = systable_beginscan(constraints, ConstraintNameNspIndexId, true,
							  NULL, 2, keys);
	while (HeapTupleIsValid(systable_getnext(scan)))
		n++;
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return n == 1;
}

/* Add the deferrable constraints of a table, as SET CONSTRAINTS names them. */
static void
add_deferrable(Oid table, List **all, List **deferred)
{
	Relation	constraints = table_open(ConstraintRelationId,
										 AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId,
							  true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint constraint = (Form_pg_constraint) GETSTRUCT(tuple);
		RangeVar   *name;

		if (!constraint->condeferrable || !is_only_one(constraint))
			continue;
		name = makeRangeVar(get_namespace_name(constraint->connamespace),
							pstrdup(NameStr(constraint->conname)), -1);
		*all = lappend(*all, name);
		if (constraint->condeferred)
			*deferred = lappend(*deferred, name);
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
}

static void
set_constraints(List *names, bool deferred)
{
	ConstraintsSetStmt *statement = makeNode(ConstraintsSetStmt);

	if (names == NIL)
		return;
	statement->constraints = names;
	statement->deferred = deferred;
	AfterTriggerSetState(statement);
}

/*
 * Let a table and its partitions defer nothing; returns what they deferred.
 * What is left to the end of the transaction, a deferred trigger before 18 or
 * a cursor that is held, runs as whoever the session is then.  So where osms
 * writes a table for somebody whose rights its owner does not have, the
 * table's own deferrable constraints are checked at once, and what else its
 * triggers would defer is an error, as in any security-restricted operation.
 */
static List *
defer_nothing(Oid table)
{
	List	   *all = NIL;
	List	   *deferred = NIL;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(table, NoLock, NULL))
	{
		add_deferrable(lfirst_oid(lc), &all, &deferred);
	}
	set_constraints(all, false);
	return deferred;
}

/*
 * Act as a role until end_acting(), which undoes every setting since: under
 * the settings of the owner of a table, or none's; restricted as
 * osms.restrict_functions says.
 */
void
begin_acting(Acting *acting, Oid role, int flags, Oid table,
			 const char *restricted)
{
	GetUserIdAndSecContext(&acting->user, &acting->context);
	SetUserIdAndSecContext(role, acting->context | flags |
						   SECURITY_LOCAL_USERID_CHANGE);
	acting->level = NewGUCNestLevel();
	set_owners_settings(table);
	set_parameter("osms.restrict_functions", restricted);
	acting->restriction = restrict_hold();
}

void
end_acting(const Acting *acting)
{
	restrict_release(acting->restriction);
	AtEOXact_GUC(false, acting->level);
	SetUserIdAndSecContext(acting->user, acting->context);
}

/*
 * Write a table or view as a role, for a writer of whom guards are told: run
 * write(arg).  What the triggers of a table set does not outlast them.  Of a
 * view only our own triggers are run, and its rows are looked at first.
 * Returns whether rows of the target were judged.
 */
bool
write_as(Oid role, Oid target, Writer writer, void (*write) (void *arg),
		 void *arg)
{
	bool		table = get_rel_relkind(target) != RELKIND_VIEW;
	bool		defers = true;
	bool		others_add = false;
	bool		lent = !session_has_rights_of(role);
	bool		gains = table && !has_rights_of_session(role);
	bool		holds = gains || (table && lent);
	HeldCursors held = {0};
	OwnersWrite this;
	List	   *deferred = NIL;
	Acting		acting;

	if (table)
	{
		/*
		 * another's table anybody may write as himself, if nobody gains by it
		 */
		bool		own = role == GetUserId() &&
			role != relation_owner(target);

		defers = !look_around(target, role, own ? &others_add : NULL) &&
			!others_add && !gains && !InSecurityRestrictedOperation();
		if (!defers)
			check_nothing_deferred(target);
	}
	else
		check_view_written(target);
	begin_acting(&acting, role, SECURITY_NOFORCE_RLS |
				 (defers ? 0 : SECURITY_RESTRICTED_OPERATION),
				 table ? target : InvalidOid, table ? "foreign" : "all");
	if (others_add)
		(void) restrict_to(RESTRICT_CHOSEN);
	if (!defers)
		deferred = defer_nothing(target);
	if (holds)
		held = hold_cursors();
	begin_writer(&this, target, writer, trigger_depth() + 1);
	this.lent |= lent || gains;
	PG_TRY();
	{
		write_told(write, arg, target, acting.user);
	}
	PG_FINALLY();
	{
		end_writer(&this);
		if (holds)
			release_cursors(&held);
	}
	PG_END_TRY();
	if (holds)
		close_later_cursors(&held);
	if (!defers)
		set_constraints(deferred, true);
	end_acting(&acting);
	return this.judged;
}

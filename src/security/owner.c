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
#include "guard/guard.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* The write for somebody else that is under way in this session. */
static OwnersWrite *under_way = NULL;

/* Queries and locks run as the registry's owner, as RI's run as the table's. */
void
as_owner_begin(const Registry *registry, Oid *user, int *context)
{
	GetUserIdAndSecContext(user, context);
	SetUserIdAndSecContext(registry->owner, *context |
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

/* Set a parameter until the GUC nest ends. */
void
set_parameter(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* How many triggers are running, the one that asks among them. */
int
trigger_depth(void)
{
	return DatumGetInt32(OidFunctionCall0(F_PG_TRIGGER_DEPTH));
}

/* The write of a table or view for a writer whose trigger is running now. */
static OwnersWrite *
firing_write(Oid target)
{
	return under_way && under_way->target == target &&
		under_way->depth == trigger_depth() ? under_way : NULL;
}

/*
 * Who writes a table or a view, asked by one of our triggers on it: the
 * current user, or for whom osms writes it.  What other triggers write while
 * osms does is their own.
 */
Writer
written_by(Oid target)
{
	const OwnersWrite *w = firing_write(target);

	return w ? w->writer :
		(Writer) {.role = GetUserId(),.directly = trigger_depth() <= 1};
}

/*
 * A statement is about to write its first row of a table.  Where osms writes
 * it, that is one statement; another at its depth is run by no trigger but by
 * a function in a default, a constraint or an index of the table, which must
 * not pass for it.  Errors: 27000.
 */
void
note_write(Oid table, MemoryContext query)
{
	OwnersWrite *w = firing_write(table);

	if (w == NULL || w->query == query)
		return;
	if (w->query != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a function that table \"%s\" calls for its rows writes to the table",
						get_rel_name(table)),
				 errhint("Let no default, constraint or index of the table write rows.")));
	w->query = query;
}

/* Rows that a statement wrote are judged. */
void
note_judged_write(MemoryContext query)
{
	for (OwnersWrite *w = under_way; w && query; w = w->outer)
		if (w->query == query)
			w->judged = true;
}

/* Whether a role keeps the registry through which something is written now. */
bool
is_keeper_of_write(Oid role)
{
	return under_way && OidIsValid(role) && under_way->writer.keeper == role;
}

Oid
writer_of(Oid target)
{
	return written_by(target).role;
}

/*
 * Whether code of a table's owner runs now for somebody without his rights.
 * Who wrote what is met then is not always seen: the types, rules and tables
 * that the owner's triggers name may be another's.
 */
bool
is_lent(void)
{
	return under_way && under_way->lent;
}

/* Whether osms writes a table or view for somebody now. */
bool
is_writing(void)
{
	return under_way != NULL;
}

/*
 * See that a table that triggers write in turn is guarded as it was when osms
 * began.  Errors: 55000.
 */
void
check_guards_fire(void)
{
	if (under_way && under_way->replication_role != SessionReplicationRole)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"session_replication_role\" was changed while osms writes table \"%s\"",
						get_rel_name(under_way->target)),
				 errhint("Let no trigger of the table, nor what it calls, set it.")));
}

/*
 * Until end_writer() a table or view is written for a writer, as its triggers
 * at this depth are told.
 */
void
begin_writer(OwnersWrite *write, Oid target, Writer writer, int depth)
{
	*write = (OwnersWrite) {.target = target,.writer = writer,.depth = depth,
	.lent = is_lent(),.replication_role = SessionReplicationRole,
	.outer = under_way};
	under_way = write;
}

void
end_writer(const OwnersWrite *write)
{
	under_way = write->outer;
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
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
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
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
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
		add_deferrable(lfirst_oid(lc), &all, &deferred);
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
		/* another's table anybody may write as himself, if nobody gains by it */
		bool		own = role == GetUserId() && role != relation_owner(target);

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

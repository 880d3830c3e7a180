/*
 * writer.c
 *		For whom osms writes a table or a view.
 *
 * Where osms writes it for somebody, our triggers on it are told for whom;
 * what other triggers write meanwhile is their own.
 */
#include "security/writer.h"

#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/* The write for somebody else that is under way in this session. */
static OwnersWrite *under_way = NULL;

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
	Writer		self = {.role = GetUserId(),.directly = trigger_depth() <= 1};

	return w ? w->writer : self;
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
	*write = (OwnersWrite)
	{
		.target = target,.writer = writer,.depth = depth,
			.lent = is_lent(),.replication_role = SessionReplicationRole,
			.outer = under_way
	};
	under_way = write;
}

void
end_writer(const OwnersWrite *write)
{
	under_way = write->outer;
}

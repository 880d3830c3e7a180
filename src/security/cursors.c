/*
 * cursors.c
 *		The session's cursors while code of others runs.
 *
 * Cursors belong to the session, whoever opened them: what rights they read
 * with was asked then, and whoever is next to fetch from one runs what is
 * opened in its place.  So while code runs as somebody without the session's
 * rights nobody fetches from those that were there before, nor closes them,
 * and what is opened meanwhile does not outlast it.
 */
#include "security/cursors.h"

#include "security/compiled.h"
#include "security/in_line.h"
#include "security/restrict.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/portal.h"

/*
 * The transaction in which the library was loaded, perhaps by a query that had
 * been made ready half by then.
 */
static TimestampTz watched_since = 0;

/* Who had a query made ready while something was restricted. */
#define STARTED "started while osms acts for others"
typedef struct Started
{
	char		mark[sizeof(STARTED)];	/* names the query's memory context */
	Oid			user;
} Started;

/* From whom the session's cursors are held. */
static Oid	held_from = InvalidOid;

/*
 * The cursors that are open.  PostgreSQL keeps them by name for itself, but
 * the memory of each is called by its name.
 */
static List *
open_cursors(void)
{
	static MemoryContext top = NULL;
	List	   *cursors = NIL;

	if (top == NULL)
		for (top = TopMemoryContext->firstchild;
			 top && strcmp(top->name, "TopPortalContext") != 0;
			 top = top->nextchild)
			;
	if (top == NULL)
		elog(ERROR, "the memory of cursors is not there");
	for (MemoryContext each = top->firstchild; each; each = each->nextchild)
	{
		Portal		cursor = NULL;

		if (each->ident && strcmp(each->name, "PortalContext") == 0)
			cursor = GetPortalByName(each->ident);
		if (cursor)
			cursors = lappend(cursors, cursor);
	}
	/* that without a name is called otherwise there */
	if (GetPortalByName(""))
		cursors = lappend(cursors, GetPortalByName(""));
	return cursors;
}

static void
forget_holder(XactEvent event, pg_attribute_unused() void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		held_from = InvalidOid;
}

void
cursors_init(void)
{
	watched_since = GetCurrentTransactionStartTimestamp();
	RegisterXactCallback(forget_holder, NULL);
}

/* Note who has made a query ready. */
void
note_started(QueryDesc *query)
{
	MemoryContext context = query->estate->es_query_cxt;
	Started    *started = MemoryContextAlloc(context, sizeof(Started));

	strcpy(started->mark, STARTED);
	started->user = GetUserId();
	MemoryContextSetIdentifier(context, started->mark);
}

/*
 * Refuse to run what somebody without the rights of the current user made
 * ready while something was restricted, or, while something is, what was made
 * ready before.  Errors: 42501.
 */
void
check_started(const QueryDesc *query)
{
	const char *ident = query->estate->es_query_cxt->ident;
	const Started *started = ident && strcmp(ident, STARTED) == 0 ?
		(const Started *) ident : NULL;

	if (started ? !has_privs_of_role(started->user, GetUserId()) :
		restriction() != RESTRICT_OFF &&
		watched_since != GetCurrentTransactionStartTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a cursor must not be fetched from as role \"%s\" here",
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("It was opened by other rights, before or while osms acted for others."),
				 errhint("Let no function that a table or a mapping calls use cursors that are not its own.")));
}

/*
 * Who acts without the session's rights, and so has not its cursors; or
 * nobody.
 */
Oid
cursors_held_from(void)
{
	return held_from;
}

/* Let nobody fetch from or close the cursors that are open, until release. */
HeldCursors
hold_cursors(void)
{
	HeldCursors held;
	ListCell   *lc;

	forget_in_line();
	held = (HeldCursors)
	{
		.open = open_cursors(),.outer = held_from,
			.borrowed = borrowed_until_now()
	};
	held_from = GetUserId();

	foreach(lc, held.open)
	{
		Portal		cursor = lfirst(lc);

		/* what runs is neither run again nor dropped */
		if (cursor->status == PORTAL_READY)
		{
			held.ready = lappend(held.ready, cursor);
			cursor->status = PORTAL_ACTIVE;
		}
	}
	return held;
}

void
release_cursors(const HeldCursors *held)
{
	ListCell   *lc;

	held_from = held->outer;
	forget_borrowed(held->borrowed);
	foreach(lc, held->ready)
	{
		((Portal) lfirst(lc))->status = PORTAL_READY;
	}
}

/* Nothing has failed: close what has been opened since. */
void
close_later_cursors(const HeldCursors *held)
{
	ListCell   *lc;

	foreach(lc, open_cursors())
	{
		Portal		cursor = lfirst(lc);

		if (list_member_ptr(held->open, cursor))
			continue;
		/* by a language that keeps them for its loops */
		if (cursor->portalPinned)
			UnpinPortal(cursor);
		PortalDrop(cursor, false);
	}
	forget_in_line();
}

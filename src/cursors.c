/*
 * cursors.c
 *		The session's cursors while code of others runs.
 *
 * Cursors belong to the session, whoever opened them: what rights they read
 * with was asked then, and whoever is next to fetch from one runs what is
 * opened in its place.  So while a table is written as somebody without the
 * session's rights nobody fetches from those that were there before, nor
 * closes them, and what is opened meanwhile does not outlast the write.
 */
#include "guard.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/portal.h"

static SPIPlanPtr plan = NULL;

/* The cursors that are open. */
static List *
open_cursors(void)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *cursors = NIL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare("SELECT name FROM pg_catalog.pg_cursor()",
										   0, NULL);

		if (prepared == NULL || SPI_keepplan(prepared) != 0)
			elog(ERROR, "SPI_prepare failed");
		plan = prepared;
	}
	if (SPI_execute_plan(plan, NULL, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		name = SPI_getbinval(SPI_tuptable->vals[i],
										 SPI_tuptable->tupdesc, 1, &isnull);
		Portal		cursor = GetPortalByName(TextDatumGetCString(name));
		MemoryContext spi = MemoryContextSwitchTo(caller);

		if (cursor)
			cursors = lappend(cursors, cursor);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return cursors;
}

/* Let nobody fetch from or close the cursors that are open, until release. */
HeldCursors
hold_cursors(void)
{
	HeldCursors held = {.open = open_cursors()};
	ListCell   *lc;

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

	foreach(lc, held->ready)
		((Portal) lfirst(lc))->status = PORTAL_READY;
}

/* Close what has been opened since. */
void
close_later_cursors(const HeldCursors *held)
{
	ListCell   *lc;

	foreach(lc, open_cursors())
		if (!list_member_ptr(held->open, lfirst(lc)))
			PortalDrop(lfirst(lc), false);
}

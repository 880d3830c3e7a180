/*
 * moved.c
 *		Whom records were about before a merge moved them.
 *
 * A merge moves applications, identifications and attachments to the person
 * who remains, and they may go back when it is undone.  What stays behind
 * must not speak for that person, so the registry keeps of each row that was
 * moved whom it was about first; the clauses look there (LEFT_BEHIND).  An
 * application that was a draft was about nobody yet.
 */
#include "guard/moved.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/plan.h"
#include "registry/registry.h"

#include "lib/stringinfo.h"

/* Add the query that finds the moves of one column. */
static void
append_moves(StringInfo sql, const Guard *guard, int column)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	const char *name = shape->columns[column].name;

	appendStringInfo(sql, "%sSELECT '%s', c.%s::text, '%s', c.old_%s, %s"
					 " FROM chunk c WHERE c.op = 'U' AND c.%s IS NOT NULL"
					 " AND c.old_%s IS NOT NULL"
					 " AND c.old_%s IS DISTINCT FROM c.%s%s",
					 sql->len ? " UNION ALL " : "", shape->name,
					 shape->columns[0].name, name, name,
					 guard->kind == REL_ATTACHMENT ? "NULL" :
					 "c.application::text", shape->columns[0].name, name, name,
					 name, guard->kind == REL_APPLICATION ?
					 " AND c.old_state IS DISTINCT FROM 'draft'" : "");
}

/* Note of the rows of a chunk that moved whom they were about first. */
void
note_moves(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	int			columns = person_columns(guard->kind);
	bool		moves = false;
	StringInfoData sql;

	for (int i = 0; i < chunk->nchanges; i++)
		moves |= chunk->changes[i].event == 'U' &&
			(chunk->changes[i].changed & columns) != 0;
	if (!moves)
		return;
	initStringInfo(&sql);
	for (int i = 0; i < canonical_relations[guard->kind].ncolumns; i++)
		if ((columns & COLUMN_BIT(i)) != 0 &&
			OidIsValid(guard->projection->type[i]))
			append_moves(&sql, guard, i);
	guard_execute(guard, PLAN_NOTE_MOVES,
				  psprintf("INSERT INTO {r}.moved (relation, key, role,"
						   " person, application) %s ON CONFLICT DO NOTHING",
						   sql.data), 0, NULL, NULL);
}

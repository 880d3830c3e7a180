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
#include "guard/guard.h"

/* The columns that say whose a record is. */
static const struct
{
	RelationKind kind;
	int			person;
	int			applicant;		/* -1: there is none */
	const char *filter;
}			movable[] =
{
	{REL_APPLICATION, APPLICATION_PERSON, APPLICATION_APPLICANT,
	" AND c.old_state IS DISTINCT FROM 'draft'"},
	{REL_IDENTITY_EVENT, EVENT_PERSON, EVENT_APPLICANT, ""},
	{REL_ATTACHMENT, ATTACHMENT_PERSON, -1, ""},
};

/* Add the query that finds the moves of one column. */
static void
append_moves(StringInfo sql, const Guard *guard, int column, const char *role,
			 const char *filter)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	const char *name = shape->columns[column].name;

	appendStringInfo(sql, "%sSELECT '%s', c.%s::text, '%s', c.old_%s, %s"
					 " FROM chunk c WHERE c.op = 'U' AND c.%s IS NOT NULL"
					 " AND c.old_%s IS NOT NULL"
					 " AND c.old_%s IS DISTINCT FROM c.%s%s",
					 sql->len ? " UNION ALL " : "", shape->name,
					 shape->columns[0].name, role, name,
					 guard->kind == REL_ATTACHMENT ? "NULL" :
					 "c.application::text", shape->columns[0].name, name, name,
					 name, filter);
}

/* The columns of a relation that say whose a row is, as bits. */
int
person_columns(RelationKind kind)
{
	for (int i = 0; i < (int) lengthof(movable); i++)
		if (movable[i].kind == kind)
			return COLUMN_BIT(movable[i].person) |
				(movable[i].applicant < 0 ? 0 :
				 COLUMN_BIT(movable[i].applicant));
	return 0;
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
	for (int i = 0; i < (int) lengthof(movable); i++)
	{
		if (movable[i].kind != guard->kind)
			continue;
		append_moves(&sql, guard, movable[i].person, "person",
					 movable[i].filter);
		if (movable[i].applicant >= 0 &&
			OidIsValid(guard->projection->type[movable[i].applicant]))
			append_moves(&sql, guard, movable[i].applicant, "applicant",
						 movable[i].filter);
	}
	guard_execute(guard, PLAN_NOTE_MOVES,
				  psprintf("INSERT INTO {r}.moved (relation, key, role,"
						   " person, application) %s ON CONFLICT DO NOTHING",
						   sql.data), 0, NULL, NULL);
}

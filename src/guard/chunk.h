/*
 * chunk.h
 *		The changes of some persons, as queries read them.
 */
#ifndef OSMS_CHUNK_H
#define OSMS_CHUNK_H

#include "osms.h"

#include "guard/guard.h"
#include "guard/key_set.h"
#include "registry/projection.h"
#include "registry/registry.h"

#include "access/tupdesc.h"
#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"

/*
 * A change as queries see it, in the relation "chunk": ord, op (I, U, D),
 * bits (of the changed columns), the canonical columns of the row after the change (for D,
 * of the row that was), the same named old_*, what was read of the person
 * when it was locked (NULL where nobody has that key), and what the roster
 * adds.  Of an inserted row that a trigger has changed since (renew.c) old_*
 * is the row as it was inserted; while changes are sorted ord is their
 * sequence in the statement.
 */
#define CHANGE_ORD 0
#define CHANGE_EVENT 1
#define CHANGE_CHANGED 2
#define CHANGE_NEW 3
#define CHANGE_OLD(kind) (CHANGE_NEW + canonical_relations[kind].ncolumns)
#define CHANGE_EXTRA(kind) (CHANGE_OLD(kind) + canonical_relations[kind].ncolumns)
enum
{
	LOCKED_PERSON, LOCKED_DEATH, LOCKED_REGION, LOCKED_STAY,
	VERSION_FROM, VERSION_UNTIL, VERSION_BIRTH, VERSION_SEX, VERSION_MARK,
	CHANGE_EXTRAS
};
#define CHANGE_COLUMNS(kind) (CHANGE_EXTRA(kind) + CHANGE_EXTRAS)

/* What a row shows of its person; only a stranger's is asked (discreet.c). */
typedef enum Shown
{
	SHOWN_PERSON,
	SHOWN_FILED,				/* nothing, nor has it to yet */
	SHOWN_NOTHING
} Shown;

typedef struct Change
{
	char		event;
	Shown		shown;
	int			changed;
	int			sequence;		/* in which the statement's rows were written */
	bool		renewed;		/* the row has been written again since */
	Datum	   *value;			/* CHANGE_COLUMNS of them */
	bool	   *isnull;
} Change;

#define CHUNK_PERSONS 1000		/* persons locked and judged together */
#define CHUNK_ROWS 20000		/* and their rows, where they may be parted */

/* The changes of some persons, sorted by person. */
typedef struct Chunk
{
	Guard	   *guard;
	SubjectOrder *order;
	MemoryContext query;		/* of the statement, or NULL */
	bool		stale;			/* rows may have been written again since */
	MemoryContext memory;		/* of one chunk */
	bool		went_on;		/* began with rows of its first person before */
	bool		goes_on;		/* rows of its last person follow */
	Datum	   *later;			/* their keys */
	int			nlater;
	int			nchanges;
	Change	   *changes;
	int			npersons;
	Datum	   *persons;		/* distinct, of new and old rows; of payments
								 * and contracts the organisations */
	ProjectionState *projection;
	EphemeralNamedRelation offered; /* what queries read as "chunk" */
	Tuplestorestate *store;		/* its rows */
	TupleDesc	desc;
} Chunk;

extern int	compare_rows(const Guard *guard, ProjectionState *projection,
						 CanonicalRow *old, CanonicalRow *new);
extern void chunk_publish_rows(Chunk *chunk, int first, int n);
extern void chunk_publish(Chunk *chunk);
extern void chunk_forget(Chunk *chunk);
extern void chunk_persons(Chunk *chunk);
extern void chunk_order(Chunk *chunk);

#endif							/* OSMS_CHUNK_H */

/*
 * cursors.h
 *		The session's cursors while code of others runs.
 */
#ifndef OSMS_CURSORS_H
#define OSMS_CURSORS_H

#include "osms.h"

#include "executor/execdesc.h"
#include "nodes/pg_list.h"

/* The session's cursors, while somebody acts without its rights. */
typedef struct HeldCursors
{
	List	   *open;			/* before code of others ran */
	List	   *ready;			/* those of them that are held */
	Oid			outer;			/* from whom they were held before */
	int			borrowed;		/* functions run until then, see compiled.c */
} HeldCursors;

extern void cursors_init(void);
extern void note_started(QueryDesc *query);
extern void check_started(const QueryDesc *query);
extern Oid	cursors_held_from(void);
extern HeldCursors hold_cursors(void);
extern void release_cursors(const HeldCursors *held);
extern void close_later_cursors(const HeldCursors *held);

#endif							/* OSMS_CURSORS_H */

/*
 * keep.h
 *		What osms alone writes: the roster, the journal, what closed months
 *		were paid by, and what goes with them.
 */
#ifndef OSMS_KEEP_H
#define OSMS_KEEP_H

#include "osms.h"

#include "executor/spi.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/snapshot.h"

/* What osms alone writes. */
typedef enum Kept
{
	KEPT_ROSTER, KEPT_JOURNAL, KEPT_MOVED, KEPT_PENDING, KEPT_IMPORT,
	KEPT_STATEMENT, KEPT_STATEMENT_LINE, KEPT_RESTATEMENT,
	KEPT_RESTATEMENT_LINE, KEPT_LEDGER,
	KEPT_RELATIONS
} Kept;

StaticAssertDecl(3 * KEPT_RELATIONS <= 32, "a permit has three bits for each");
#define MAY_INSERT(kept) (UINT32_C(1) << (3 * (kept)))
#define MAY_UPDATE(kept) (UINT32_C(2) << (3 * (kept)))
#define MAY_DELETE(kept) (UINT32_C(4) << (3 * (kept)))

/* Something done to a registry that its journal tells of. */
typedef struct Act
{
	const char *actor;			/* NULL: the current user */
	const char *relation;
	char		event;
	const char *key;
	const char *before;
	const char *after;
	bool		dated;
	DateADT		since;
	DateADT		until;
	const char *reason;
	ArrayType  *changed;
} Act;

extern int	keep_execute_plan(Oid registry, uint32 writes, bool as_set_up,
							  SPIPlanPtr plan, Datum *values,
							  Snapshot snapshot, Snapshot crosscheck);
extern uint64 keep_execute(Oid registry, uint32 writes, const char *sql,
						   int nargs, Oid *types, Datum *values,
						   const char *nulls);
extern void note_act(Oid registry, const Act *act);

#endif							/* OSMS_KEEP_H */

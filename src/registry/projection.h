/*
 * projection.h
 *		How a row of a source is read as a canonical row.
 */
#ifndef OSMS_PROJECTION_H
#define OSMS_PROJECTION_H

#include "osms.h"

#include "registry/registry.h"

#include "access/attnum.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "nodes/primnodes.h"

typedef struct CanonicalRow
{
	Datum		value[CANONICAL_MAX];
	bool		isnull[CANONICAL_MAX];
} CanonicalRow;

/*
 * How the canonical columns are read from a tuple of the source: a plain
 * attribute, or an expression of the view that maps the source.
 */
typedef struct Projection
{
	RelationKind kind;
	Oid			canonical;		/* the view, or the table itself */
	Oid			owner;
	Oid			source;
	Oid			events;			/* view of the events it is made of, if any */
	AttrNumber	attno[CANONICAL_MAX];	/* 0 where expr decides */
	Expr	   *expr[CANONICAL_MAX];	/* NULL: not mapped */
	AttrNumber	told[CANONICAL_MAX];	/* what errors call it in the source;
										 * 0: nothing of it is read */
	Oid			type[CANONICAL_MAX];
	Oid			collation[CANONICAL_MAX];
	int			mapped;			/* bit per mapped column,
								 * DECISIONS_INDEXED_BIT */
	int			computed;		/* columns that are virtual ones there */
	bool		generated;		/* reads a stored generated column */
} Projection;

/* A projection made ready for one query. */
typedef struct ProjectionState
{
	const Projection *projection;
	ExprState  *state[CANONICAL_MAX];
	FmgrInfo	equal[CANONICAL_MAX];
	bool		byval[CANONICAL_MAX];
	int16		len[CANONICAL_MAX];
	ExprContext *context;
	bool		evaluates;		/* any expression */
	int			column;			/* whose expression is evaluated */
} ProjectionState;

extern Oid	mapped_source(Oid view);
extern void check_columns(const Projection *projection, bool all);
extern Projection *make_projection(RelationKind kind, Oid canonical);
extern void check_reading(const Projection *p, int i);
extern ProjectionState *begin_projection(const Projection *projection);
extern void end_projection(ProjectionState *state);
extern void project_row(ProjectionState *state, TupleTableSlot *slot,
						CanonicalRow *row);
extern int	changed_columns(ProjectionState *state, CanonicalRow *old,
							CanonicalRow *new);

#endif							/* OSMS_PROJECTION_H */

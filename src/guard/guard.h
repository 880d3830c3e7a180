/*
 * guard.h
 *		A guard, as one session knows it.
 */
#ifndef OSMS_GUARD_H
#define OSMS_GUARD_H

#include "osms.h"

#include "registry/open.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "rule/template.h"

#include "access/tupdesc.h"
#include "executor/spi.h"

/* Queries of a guard, prepared on first use and kept. */
typedef enum GuardPlan
{
	PLAN_LOCK,
	PLAN_KEYS,
	PLAN_PERSONS,
	PLAN_HOLD_CONTRACTS,
	PLAN_LOCK_ATTACHMENTS,
	PLAN_LOCK_APPLICATIONS,
	PLAN_KEYS_OF_ATTACHMENTS,
	PLAN_KEYS_OF_APPLICATIONS,
	PLAN_WAIT_FOR_ATTACHMENT,
	PLAN_WAIT_FOR_APPLICATION,
	PLAN_IMPORT,
	PLAN_FULL_SITES,
	PLAN_GLANCE,
	PLAN_JUDGE,
	PLAN_SHOWN,
	PLAN_DIFFERING,
	PLAN_WRITTEN_BY_OTHERS,
	PLAN_LEGACY,
	PLAN_ADD_LEGACY,
	PLAN_END_VERSIONS,
	PLAN_ADD_VERSIONS,
	PLAN_CURRENT_VERSIONS,
	PLAN_STATE,
	PLAN_REMARK,
	PLAN_PEND,
	PLAN_PENDING,
	PLAN_JOURNAL,
	PLAN_UNPEND,
	PLAN_UNPEND_ALL,
	PLAN_EXCUSED_NOW,
	PLAN_CONSEQUENCES,
	PLAN_FOLLOW,
	PLAN_CORRECT_PERSON,
	PLAN_COUNT_AGAIN,
	PLAN_END_PERSON,
	PLAN_HELD,
	PLAN_DERIVE,
	PLAN_SEEN,
	PLAN_THERE_NOW,
	PLAN_END_STALE,
	PLAN_NOTE_MOVES,
	GUARD_PLANS
} GuardPlan;

/* A guarded relation of a registry, as one session knows it. */
typedef struct Guard
{
	Registry	registry;
	RelationKind kind;
	Oid			source;			/* the table, or the root of its partitions */
	char	   *arguments;		/* modes as the trigger has them */
	const RuleSet *rules;		/* by which it judges */
	RuleMode   *modes;			/* of each of them */
	Projection *projection;
	Oid			collation;		/* in which persons are sorted and locked */
	TupleDesc	desc;			/* of a change, see chunk.h */
	Purpose		purpose;
	SPIPlanPtr	plans[GUARD_PLANS];
	int		   *judges;			/* the clauses in the columns of its judgement */
	int			watched;		/* columns whose change makes a clause look */
	char	   *glance;			/* the query that judges first, or NULL: none */
	bool		glanced;		/* it was written */
	MemoryContext context;
	uint64		generation;		/* no two guards of a session share it */
	struct Guard *events;		/* of what attachments are made of, or NULL */
	struct Guard *attachments;	/* of what these events make, or NULL */
} Guard;

#endif							/* OSMS_GUARD_H */

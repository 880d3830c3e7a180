/*
 * judge.h
 *		Judging changes by the clauses of the rules.
 */
#ifndef OSMS_JUDGE_H
#define OSMS_JUDGE_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/violation.h"
#include "registry/projection.h"
#include "rule/rule.h"

#include "executor/spi.h"

extern void judge_row(const Guard *guard, const RowChange *change,
					  bool row_layer, Findings *findings, char event);
extern bool run_judge(Chunk *chunk, GuardPlan plan,
					  char *(*query) (Guard *guard),
					  SPITupleTable **table);
extern void judge_chunk(Chunk *chunk, Findings *findings);
extern bool weigh_change(const Guard *guard, ProjectionState *projection,
						 RowChange *change, char event, Findings *findings);

#endif							/* OSMS_JUDGE_H */

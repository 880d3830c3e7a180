/*
 * plan.h
 *		Queries of a guard: run as the registry's owner, with a snapshot that
 *		shows what was committed before the lock was granted.
 */
#ifndef OSMS_PLAN_H
#define OSMS_PLAN_H

#include "osms.h"

#include "guard/guard.h"
#include "rule/template.h"

#include "access/tupdesc.h"
#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"

extern Oid	subject_type(const Guard *guard);
extern Datum person_array(const Guard *guard, Datum *persons, int n);
extern Template template_of(const Guard *guard);
extern char *expand(const Guard *guard, const char *sql);
extern uint64 guard_execute(Guard *guard, GuardPlan plan, const char *sql,
							int nargs, Oid *types, Datum *values);
extern void check_result(const Guard *guard, int n, const Oid *types);
extern bool guard_sees_latest(Guard *guard, GuardPlan plan, const char *sql,
							  int nargs, Oid *types, Datum *values);
extern EphemeralNamedRelation offer_relation(const char *name, TupleDesc desc,
											 Tuplestorestate *store);
extern void withdraw_relation(const char *name);

#endif							/* OSMS_PLAN_H */

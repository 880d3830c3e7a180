/*
 * violation.h
 *		How a violated rule is told.
 */
#ifndef OSMS_VIOLATION_H
#define OSMS_VIOLATION_H

#include "osms.h"

#include "guard/chunk.h"
#include "guard/guard.h"
#include "rule/rule.h"

#include "access/tupdesc.h"
#include "nodes/pg_list.h"
#include "utils/tuplestore.h"

/*
 * What becomes of findings: those under rules that only warn are counted;
 * sift collects all of them and refuses nothing.
 */
typedef struct Findings
{
	List	   *warned;			/* of Warned, a rule's findings apart */
	MemoryContext context;		/* of the trigger call */
	bool		imports;		/* rules of time only warn */
	bool		at_end;			/* of the transaction */
	bool		stranger;		/* the writer may not read of persons */
	Shown		shown;			/* of the row that is judged */
	Tuplestorestate *sites;		/* where the statement attached persons */
	TupleDesc	site_desc;
	/* sift takes what a rule refuses, and nothing is */
	void		(*collect) (void *arg, int ord, RuleId rule,
							const char *finding);
	void	   *collector;
	int			ord;			/* the change that it looks at */
} Findings;

extern void count_more(Findings *findings, RuleId rule, int64 rows);
extern void report_violation(const Guard *guard, RuleId rule, int column,
							 const char *finding, char event, const Datum *row,
							 const bool *isnull, Findings *findings);
extern void tell_findings(const Guard *guard, const Findings *findings);
extern void violation_init(void);

#endif							/* OSMS_VIOLATION_H */

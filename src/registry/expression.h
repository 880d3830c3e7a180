/*
 * expression.h
 *		What an expression of a mapping reads.
 */
#ifndef OSMS_EXPRESSION_H
#define OSMS_EXPRESSION_H

#include "osms.h"

#include "nodes/nodes.h"
#include "nodes/pg_list.h"

/* What keeps an expression from being read from its row alone. */
typedef enum FaultKind
{
	FAULT_NONE,
	FAULT_SYSTEM_COLUMN, FAULT_SUBQUERY, FAULT_AGGREGATE, FAULT_SET,
	FAULT_VOLATILE, FAULT_MUTABLE, FAULT_MOMENT, FAULT_LITERAL, FAULT_FAILS
} FaultKind;

extern List *variables_of(Node *expr);
extern FaultKind more_than_row(Node *expr);
extern bool is_read_alone(Node *expr);

#endif							/* OSMS_EXPRESSION_H */

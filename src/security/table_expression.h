/*
 * table_expression.h
 *		What the expressions of a table make values of.
 */
#ifndef OSMS_TABLE_EXPRESSION_H
#define OSMS_TABLE_EXPRESSION_H

#include "osms.h"

#include "utils/rel.h"

extern const char *expression_of_others(Relation rel, Oid role);

#endif							/* OSMS_TABLE_EXPRESSION_H */

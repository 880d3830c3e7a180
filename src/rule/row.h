/*
 * row.h
 *		What a row alone decides.
 */
#ifndef OSMS_ROW_H
#define OSMS_ROW_H

#include "osms.h"

#include "rule/rule.h"

extern RowClause row_clause(const char *name);

#endif							/* OSMS_ROW_H */

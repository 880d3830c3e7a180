/*
 * kept_expression.h
 *		What PostgreSQL keeps of the expressions of indexes, partition keys and
 *		domains, for the session.
 */
#ifndef OSMS_KEPT_EXPRESSION_H
#define OSMS_KEPT_EXPRESSION_H

#include "osms.h"

extern void forget_kept_expressions(void);
extern void forget_left_expressions(void);
extern void keep_expressions_apart(bool restricted);
extern bool is_sure_index(Oid index);
extern void kept_expressions_init(void);

#endif							/* OSMS_KEPT_EXPRESSION_H */

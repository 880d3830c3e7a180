/*
 * type_check.h
 *		Types that are made of what is others', and expressions that make
 *		values of them.
 */
#ifndef OSMS_TYPE_CHECK_H
#define OSMS_TYPE_CHECK_H

#include "osms.h"

#include "nodes/pg_list.h"
#include "utils/rel.h"

extern bool stored_makes_of_others(const char *expression, Oid role);
extern const char *column_of_others(Relation rel, Oid role, bool domain,
									List **seen);
extern void check_type(Oid type);

#endif							/* OSMS_TYPE_CHECK_H */

/*
 * query_check.h
 *		What a statement may hold while something is restricted.
 */
#ifndef OSMS_QUERY_CHECK_H
#define OSMS_QUERY_CHECK_H

#include "osms.h"

#include "nodes/nodes.h"

extern bool look_at_relations(Node *node, void *touches);
extern bool check_node(Node *node, void *context);
extern void check_utility(Node *statement);

#endif							/* OSMS_QUERY_CHECK_H */

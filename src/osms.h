/*
 * osms.h
 *		Declarations shared by the files of the extension.
 */
#ifndef OSMS_H
#define OSMS_H

#include "postgres.h"
#include "access/htup.h"
#include "fmgr.h"
#include "nodes/pathnodes.h"

#include "compat.h"

/* What may run while osms acts for others. */
typedef enum Restriction
{
	RESTRICT_OFF, RESTRICT_FOREIGN, RESTRICT_VALUES, RESTRICT_CHOSEN,
	RESTRICT_ALL, RESTRICT_STRICT
} Restriction;

/* restrict.c */
extern bool touching_others;
extern void restrict_init(void);
extern Restriction restriction(void);
extern bool is_held_above_setting(void);
extern Restriction restrict_hold(void);
extern Restriction restrict_to(Restriction level);
extern void restrict_release(Restriction before);
extern bool may_run(Oid function, HeapTuple tuple);
extern bool may_run_lent(Oid function, HeapTuple tuple);
extern void check_function(Oid function);
extern bool is_our_schema(Oid schema);
extern bool is_our_function(Oid function);

/* query_check.c */
extern void check_utility(Node *statement);
extern bool look_at_relations(Node *node, void *touches);
extern bool check_node(Node *node, void *context);

/* owner.c */
extern bool is_lent(void);
extern bool is_writing(void);
extern bool is_somebody_else(void);
extern void check_guards_fire(void);

/* compiled.c */
extern void compiled_init(void);
extern void check_plugin(void);
extern void renew_compiled(Oid function);
extern int	borrowed_until_now(void);
extern void forget_borrowed(int before);
extern void forget_compiled(bool sql);

/* variables.c */
extern void variables_init(void);
extern bool is_in_literal(void);

/* cursors.c */
struct QueryDesc;
extern void cursors_init(void);
extern void note_started(struct QueryDesc *query);
extern void check_started(const struct QueryDesc *query);

/* watch.c */
extern void watch_init(void);

/* context.c */
extern void cut_context(FmgrInfo *flinfo);

/* in_line.c */
extern bool is_difference(HeapTuple function);
extern void note_in_line(Oid function);
extern void note_parsed(void);
extern void forget_in_line(void);
extern void in_line_init(void);
extern void forget_kept(void);

/* kept_expression.c */
extern void forget_kept_expressions(void);
extern void forget_left_expressions(void);
extern void keep_expressions_apart(bool restricted);
extern bool is_sure_index(Oid index);
extern bool prints_by_settings(Oid output);
extern void kept_expressions_init(void);

/* plan.c */
extern Oid	looking_up;
extern void count_as_large(RelOptInfo *rel);

#endif							/* OSMS_H */

/*
 * template.h
 *		The language of predicates: SQL with marks.
 */
#ifndef OSMS_TEMPLATE_H
#define OSMS_TEMPLATE_H

#include "osms.h"

#include "registry/open.h"
#include "registry/projection.h"
#include "rule/rule.h"

#include "nodes/bitmapset.h"

/* What a text is written for. */
typedef enum Purpose
{
	TO_GUARD,
	TO_SIFT,					/* clauses see accepted candidates as stored */
	TO_AUDIT
} Purpose;

/* For what texts are written, and what those written so far rest on. */
typedef struct Template
{
	const RuleSet *rules;
	const Registry *registry;	/* NULL: for none, to be looked through */
	const Projection *projection;	/* of what is judged, or NULL */
	Purpose		purpose;
	Bitmapset  *joins;			/* positions of what has to be joined */
	int			touched;		/* bits of the columns asked after by
								 * {touched} */
} Template;

extern char *write_text(Template *template, const char *text);
extern char *write_joins(Template *template);

#endif							/* OSMS_TEMPLATE_H */

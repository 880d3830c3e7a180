/*
 * rule.h
 *		The rules: one row each, with one clause for each relation a rule
 *		judges.
 *
 * All of it is told in rows of the extension (sql/install, chapter rules),
 * which a session reads once (load.c).  What is in C is what decides from a
 * row alone, and the engine.
 */
#ifndef OSMS_RULE_H
#define OSMS_RULE_H

#include "osms.h"

#include "registry/projection.h"
#include "registry/registry.h"

/*
 * A rule is its place in a RuleSet.  Those that C calls by name come first,
 * in this order; the others are known by their rows alone.
 */
typedef int RuleId;
enum
{
	RULE_TRANSITION,
	RULE_IMMUTABLE,
	RULE_IDENTIFIED,
	RULE_ONE_ATTACHMENT,
	RULE_ONE_OPEN_APPLICATION,
	RULE_BASIS,
	RULE_PERSON_KNOWN,
	RULE_CONTRACTED,
	RULE_CLINIC_CATEGORY,
	RULE_SITE_NORM,
	RULE_PAYMENT_DUE,
	RULE_PAYMENT_CONTRACT,
	NAMED_RULES
};

typedef enum RuleMode
{
	MODE_OFF,
	MODE_AUDIT,					/* judges stored rows alone */
	MODE_WARN,
	MODE_ENFORCE
} RuleMode;

typedef struct Rule
{
	int			place;			/* in which rules are told */
	char	   *id;
	RuleMode	mode;			/* unless the guard says otherwise */
	bool		fixed;			/* has no other mode */
	bool		import;			/* only warns during one: SQL alone judges */
	bool		lasts;			/* what it finds of a row holds to its end */
	int			sqlstate;
	char	   *refuses;		/* the message of a refusal */
	char	   *hint;
} Rule;

/* A finding of which something else is to be said than of its rule. */
typedef struct FindingText
{
	RuleId		rule;
	char	   *finding;
	char	   *refuses;
	char	   *hint;			/* NULL: the rule's */
} FindingText;

/* What a row clause sees: OLD and NEW, as canonical rows. */
typedef struct RowChange
{
	const Projection *projection;
	CanonicalRow *old;			/* NULL for an INSERT */
	CanonicalRow *new;			/* NULL for a DELETE */
	int			changed;		/* bits of changed columns; all for INSERT */
	bool		stored;			/* audit: the row lies there already */
} RowChange;

/*
 * A clause returns a finding, a short stable code, or NULL: in C from the
 * row alone, in SQL (see judge.c) from the row and what stands around it.
 * A finding that begins with a question mark is a doubt: it warns, whatever
 * the mode of the rule.
 */
typedef const char *(*RowClause) (const RowChange *change);

#define is_doubt(finding) ((finding)[0] == '?')

typedef struct Clause
{
	RuleId		rule;
	RelationKind relation;
	int			place;			/* in which clauses of a relation judge */
	int			column;			/* the column a refusal names */
	RowClause	row;
	char	   *predicate;
	char	   *plain;			/* true: predicate finds nothing, at a glance */
	char	   *at_once;		/* the same, seen in audit by its own joins */
	char	   *stored;			/* in place of predicate in audit */
	int			needs;			/* columns that must be mapped */
	int			needs_any;		/* at least one of these, when not 0 */
	int			relations;		/* bits of relations that must exist */
	int			person;			/* columns of person that must be mapped */
	int			instead;		/* relations each of which stands for those */
	bool		audited;		/* says something about stored rows */
} Clause;

/* A part of predicates that has a name; see template.c. */
typedef struct Definition
{
	char	   *name;
	int			nparameters;
	char	  **parameters;
	char	   *text;
	RelationKind relation;		/* that a registry may lack; REL_KINDS: none */
	char	   *otherwise;		/* in place of text where it does */
	char	   *in_audit;		/* in place of either there, when not NULL */
	char	   *in_sift;
	int			place;			/* among the joins; 0: it is none */
	int			join;			/* position among them, -1 */
} Definition;

/* The tables in which the rules are told. */
typedef enum RuleTable
{
	TABLE_RULE, TABLE_FINDING, TABLE_CLAUSE, TABLE_DEFINITION, RULE_TABLES
} RuleTable;

/* All rules, as a session has read them. */
typedef struct RuleSet
{
	MemoryContext context;
	int			users;			/* memory contexts that hold it */
	Oid			table[RULE_TABLES];
	int			nrules;
	Rule	   *rule;
	RuleId	   *told;			/* in the order of their places */
	int			nclauses;
	Clause	   *clause;			/* by relation, in the order of their places */
	int			nfindings;
	FindingText *finding;
	int			ndefinitions;
	Definition *definition;		/* sorted by name */
	int			njoins;
	Definition **join;			/* in the order of their places */
} RuleSet;

extern const char *message_of(const RuleSet *rules, RuleId rule,
							  const char *finding);
extern const char *hint_of(const RuleSet *rules, RuleId rule,
						   const char *finding, const char *column);
extern bool rule_of(const RuleSet *rules, const char *id, int length,
					RuleId *rule);
extern const char *mode_name(RuleMode mode);
extern bool mode_of(const char *name, int length, RuleMode *mode);
struct Registry;
extern bool clause_applies(const Clause *clause, int mapped,
						   const struct Registry *registry);

#endif							/* OSMS_RULE_H */

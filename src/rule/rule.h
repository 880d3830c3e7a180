/*
 * rule.h
 *		The catalogue of rules: one entry per rule, one clause per rule and
 *		relation it judges.
 */
#ifndef OSMS_RULE_H
#define OSMS_RULE_H

#include "osms.h"

#include "registry/projection.h"

#include "utils/timestamp.h"

typedef enum RuleId
{
	RULE_IDENTIFIER,
	RULE_PERIOD,
	RULE_TRANSITION,
	RULE_INITIAL_STATE,
	RULE_REASON,
	RULE_IMMUTABLE,
	RULE_DECISION_ORDER,
	RULE_IDENTIFIED,
	RULE_ONE_ATTACHMENT,
	RULE_ONE_OPEN_APPLICATION,
	RULE_BASIS,
	RULE_PERSON_KNOWN,
	RULE_ORGANISATION_KNOWN,
	RULE_ALIVE,
	RULE_NO_BACKDATING,
	RULE_CONTRACTED,
	RULE_SAME_TERRITORY,
	RULE_STAY,
	RULE_CAMPAIGN_WINDOW,
	RULE_FREE_CHOICE_LIMIT,
	RULE_ORDER_SCOPE,
	RULE_NEWBORN_TERM,
	RULE_FOUR_EYES,
	RULE_CLINIC_CATEGORY,
	RULE_SITE_NORM,
	RULE_BURST,
	RULE_OVERDUE,
	RULE_SUSPECT_TERM,
	RULE_LOST_TERRITORY,
	RULE_IDENTITY_DATA,
	RULE_PAYMENT_DUE,
	RULE_PAYMENT_CONTRACT,
	RULES
} RuleId;

typedef enum RuleMode
{
	MODE_OFF,
	MODE_AUDIT,					/* judges stored rows alone */
	MODE_WARN,
	MODE_ENFORCE
} RuleMode;

typedef struct Rule
{
	const char *id;
	const char *layer;			/* row, set, row + set, or audit */
	RuleMode	mode;			/* unless the guard says otherwise */
	bool		fixed;			/* has no other mode */
	bool		import;			/* only warns during an import: SQL alone judges */
	bool		lasts;			/* what it finds of a row holds to its end */
	int			sqlstate;
	const char *refuses;		/* the message of a refusal */
	const char *russian;		/* the same in UTF-8 */
	const char *kazakh;
	const char *hint;
	const char *act;
	const char *point;			/* of the act, where it is known */
	const char *tag;			/* osms.certainty; NULL for no law but ours */
} Rule;

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
	int			column;			/* the column a refusal names */
	RowClause	row;
	const char *set;
	const char *lawful;			/* true: set finds nothing, seen at a glance */
	const char *at_once;		/* the same, seen in audit by its own joins */
	const char *stored;			/* in place of set in audit */
	int			needs;			/* columns that must be mapped */
	int			needs_any;		/* at least one of these, when not 0 */
	int			relations;		/* bits of relations that must exist */
	int			person;			/* columns of person that must be mapped */
	int			instead;		/* relations each of which stands for those */
	bool		audited;		/* says something about stored rows */
} Clause;

extern const Rule rules[RULES];

/* clause.c */
extern const Clause clauses[];
extern const int nclauses;

extern const char *message_of(RuleId rule, const char *finding);
extern const char *hint_of(RuleId rule, const char *finding,
						   const char *column);
extern bool rule_of(const char *id, int length, RuleId *rule);
extern const char *mode_name(RuleMode mode);
extern bool mode_of(const char *name, int length, RuleMode *mode);
struct Registry;
extern bool clause_applies(const Clause *clause, int mapped,
						   const struct Registry *registry);

/* row.c */
extern const char *row_identifier(const RowChange *change);
extern const char *row_dates(const RowChange *change);
extern const char *row_period(const RowChange *change);
extern const char *row_transition(const RowChange *change);
extern const char *row_reason(const RowChange *change);
extern const char *row_decision_order(const RowChange *change);
extern const char *row_immutable(const RowChange *change);

#endif							/* OSMS_RULE_H */

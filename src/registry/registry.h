/*
 * registry.h
 *		Canonical relations of a registry, and how a row of any source table
 *		is read as a canonical row.
 */
#ifndef OSMS_REGISTRY_H
#define OSMS_REGISTRY_H

#include "osms.h"

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

typedef enum RelationKind
{
	REL_PERSON,
	REL_RESIDENCE,
	REL_PERSON_ALIAS,
	REL_ORGANISATION,
	REL_ORGANISATION_STATUS,
	REL_ORGANISATION_SUCCESSION,
	REL_REGION_SUCCESSION,
	REL_SITE,
	REL_CONTRACT,
	REL_CLERK,
	REL_APPLICATION,
	REL_IDENTITY_EVENT,
	REL_AUTHORITY_ORDER,
	REL_ORDER_SCOPE,
	REL_ATTACHMENT,
	REL_ATTACHMENT_EVENT,
	REL_INSURANCE,
	REL_SERVICE,
	REL_COEFFICIENT,
	REL_ADJUSTMENT,
	REL_DEFECT,
	REL_PAYMENT,
	REL_ATTESTED_NUMBER,
	REL_KINDS
} RelationKind;

/* Columns that C looks at, in the order of the table in registry.c. */
enum
{
	PERSON_PERSON, PERSON_IIN, PERSON_SURNAME, PERSON_GIVEN_NAME,
	PERSON_PATRONYMIC, PERSON_BIRTH_DATE, PERSON_SEX, PERSON_DEATH_DATE,
	PERSON_REGION, PERSON_STAY_UNTIL
};
enum
{
	ALIAS_OLD, ALIAS_NEW, ALIAS_VALID_FROM, ALIAS_ACT, ALIAS_UNDONE_AT
};
enum
{
	ORGANISATION_ORGANISATION, ORGANISATION_BIN
};
enum
{
	STATUS_ORGANISATION, STATUS_REGION, STATUS_CLASS, STATUS_NEIGHBOURS,
	STATUS_VALID_FROM, STATUS_KNOWN_FROM
};
enum
{
	CONTRACT_ORGANISATION, CONTRACT_VALID_FROM, CONTRACT_VALID_TO,
	CONTRACT_YEARLY_AMOUNT, CONTRACT_KNOWN_FROM
};
enum
{
	ORDER_KEY, ORDER_NUMBER, ORDER_ISSUED_ON, ORDER_ISSUER, ORDER_CAUSE,
	ORDER_VALID_FROM
};
enum
{
	SCOPE_ORDER_KEY, SCOPE_FROM_ORGANISATION, SCOPE_TO_ORGANISATION,
	SCOPE_REGION, SCOPE_SITE, SCOPE_PERSON
};
enum
{
	APPLICATION_APPLICATION, APPLICATION_PERSON, APPLICATION_APPLICANT,
	APPLICATION_ORGANISATION, APPLICATION_CHANNEL, APPLICATION_GROUND,
	APPLICATION_STATE, APPLICATION_SUBMITTED_AT, APPLICATION_DECIDED_AT,
	APPLICATION_DECIDED_BY, APPLICATION_EFFECTIVE_ON, APPLICATION_REASON,
	APPLICATION_EVIDENCE_HASH
};
enum
{
	PAYMENT_ORGANISATION, PAYMENT_MONTH, PAYMENT_AMOUNT, PAYMENT_KNOWN_FROM
};
enum
{
	SERVICE_DENIED_AT = 5
};
enum
{
	EVENT_EVENT, EVENT_PERSON, EVENT_APPLICANT, EVENT_APPLICATION,
	EVENT_CHANNEL, EVENT_METHOD, EVENT_PROVIDER, EVENT_CLERK, EVENT_AT
};
enum
{
	ATTACHMENT_ATTACHMENT, ATTACHMENT_PERSON, ATTACHMENT_ORGANISATION,
	ATTACHMENT_SITE, ATTACHMENT_STATE, ATTACHMENT_SINCE, ATTACHMENT_UNTIL,
	ATTACHMENT_APPLICATION, ATTACHMENT_ORDER_KEY, ATTACHMENT_RESTORES,
	ATTACHMENT_REASON
};

/* Events that attachments are made of, where the register keeps those. */
enum
{
	CHAIN_EVENT, CHAIN_CLOSES, CHAIN_PERSON, CHAIN_ORGANISATION, CHAIN_SITE,
	CHAIN_STATE, CHAIN_DAY, CHAIN_APPLICATION, CHAIN_ORDER_KEY,
	CHAIN_RESTORES, CHAIN_REASON
};

#define CANONICAL_MAX 13		/* columns of the widest relation */
#define COLUMN_BIT(i) (1 << (i))
/* An attachment that reaches further into the future than it did. */
#define EXTENDED_BIT (1 << 30)
/* Of mapped columns: an index finds the decisions of a clerk by their time. */
#define DECISIONS_INDEXED_BIT (1 << 29)

typedef struct CanonicalColumn
{
	const char *name;
	const char *type;			/* "@person" etc. are the registry's key types */
	bool		needed;			/* must be mapped */
} CanonicalColumn;

typedef struct CanonicalRelation
{
	const char *name;
	int			ncolumns;
	CanonicalColumn columns[CANONICAL_MAX];
	bool		guarded;
	bool		traced;			/* no rule judges it, but the journal keeps it */
	int			subject;		/* the column a guard sorts by */
	bool		of_person;		/* and whose persons it locks */
	const char *key;			/* columns of its primary key as a table of ours */
	int			dated;			/* date that tells rows of one first column apart;
								 * 0: none does */
	bool		inner;			/* made by osms.map, never told or a table */
} CanonicalRelation;

extern const CanonicalRelation canonical_relations[REL_KINDS];

extern bool relation_kind_of(const char *name, RelationKind *kind);
extern char *relation_name(Oid relation);
extern RelationKind canonical_kind(Oid relation);
extern bool type_fits(const CanonicalColumn *column, Oid type);
extern int	canonical_column(RelationKind kind, const char *name, int length);
extern const char *key_text(const CanonicalRelation *shape);

typedef struct CanonicalRow
{
	Datum		value[CANONICAL_MAX];
	bool		isnull[CANONICAL_MAX];
} CanonicalRow;

/*
 * How the canonical columns are read from a tuple of the source: a plain
 * attribute, or an expression of the view that maps the source.
 */
typedef struct Projection
{
	RelationKind kind;
	Oid			canonical;		/* the view, or the table itself */
	Oid			owner;
	Oid			source;
	Oid			events;			/* view of the events it is made of, if any */
	AttrNumber	attno[CANONICAL_MAX];	/* 0 where expr decides */
	Expr	   *expr[CANONICAL_MAX];	/* NULL: not mapped */
	AttrNumber	told[CANONICAL_MAX];	/* what errors call it in the source; 0:
										 * nothing of it is read */
	Oid			type[CANONICAL_MAX];
	Oid			collation[CANONICAL_MAX];
	int			mapped;			/* bit per mapped column, DECISIONS_INDEXED_BIT */
	int			computed;		/* columns that are virtual ones of the source */
	bool		generated;		/* reads a stored generated column */
} Projection;

/* A projection made ready for one query. */
typedef struct ProjectionState
{
	const Projection *projection;
	ExprState  *state[CANONICAL_MAX];
	FmgrInfo	equal[CANONICAL_MAX];
	bool		byval[CANONICAL_MAX];
	int16		len[CANONICAL_MAX];
	ExprContext *context;
	bool		evaluates;		/* any expression */
} ProjectionState;

/* owner.c */
/* Who and what is to be restored when expressions have been evaluated. */
typedef struct Evaluation
{
	Oid			user;
	int			context;
	Restriction restriction;
} Evaluation;

extern void begin_evaluation(Evaluation *evaluation, Oid owner);
extern void end_evaluation(const Evaluation *evaluation);

/* mapping_fault.c */
extern bool is_read_alone(const Projection *p, int i);

/* literal.c */
/* Settings that decide how a text is read. */
typedef struct ReadingSettings
{
	int			order;			/* of year, month and day */
	int			intervals;
	struct pg_tz *zone;
} ReadingSettings;

extern void begin_reading(ReadingSettings *before, int order, int intervals,
						  struct pg_tz *zone);
extern void end_reading(const ReadingSettings *before);
extern bool names_moment(const char *text);
extern bool is_read_by_settings(Oid type);
extern bool reads_the_same(Oid type, int32 typmod, const char *value);

/* renamed.c */
extern int	own_column(const Projection *p, const char *name,
					   const char *made_as);

/* projection.c */
extern Projection *make_projection(RelationKind kind, Oid canonical);
extern void check_columns(const Projection *projection, bool all);
extern ProjectionState *begin_projection(const Projection *projection);
extern void end_projection(ProjectionState *state);
extern void project_row(ProjectionState *state, TupleTableSlot *slot,
						CanonicalRow *row);
extern int	changed_columns(ProjectionState *state, CanonicalRow *old,
							CanonicalRow *new);
extern List *variables_of(Node *expr);
extern void check_reading(const Projection *p, int i);
extern Oid	mapped_source(Oid view);
extern char *equality_of(Oid type);
extern Oid	relation_owner(Oid relation);

#endif							/* OSMS_REGISTRY_H */

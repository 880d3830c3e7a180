/*
 * registry.h
 *		The canonical relations of a registry.
 */
#ifndef OSMS_REGISTRY_H
#define OSMS_REGISTRY_H

#include "osms.h"

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
StaticAssertDecl(CANONICAL_MAX <= 29, "a bit for each column is below these");

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
	bool		traced;			/* no rule judges it, the journal keeps it */
	int			subject;		/* the column a guard sorts by */
	bool		of_person;		/* and whose persons it locks */
	const char *key;			/* columns of its primary key as a table of
								 * ours */
	int			dated;			/* date that tells rows of one first column
								 * apart; 0: none does */
	bool		inner;			/* made by osms.map, never told or a table */
} CanonicalRelation;

#define RELATION_BIT(r) (1 << (r))
StaticAssertDecl(REL_KINDS <= 31, "an int has a bit for each relation");

extern const CanonicalRelation canonical_relations[REL_KINDS];
extern bool relation_kind_of(const char *name, RelationKind *kind);
extern RelationKind canonical_kind(Oid relation);
extern bool type_fits(const CanonicalColumn *column, Oid type);
extern int	canonical_column(RelationKind kind, const char *name, int length);
extern const char *key_text(const CanonicalRelation *shape);
extern int	person_columns(RelationKind kind);
extern int	own_column(RelationKind kind, Oid canonical, const char *name,
					   const char *made_as);

#endif							/* OSMS_REGISTRY_H */

/*
 * clause.c
 *		The clauses of the rules: which rule judges what of which relation.
 *
 * A new rule is one entry in the catalogue (rule.c), a clause here for each
 * relation it judges, its predicate in row.c or law_*.h, and its test.
 * Guard, sift and audit run the same clauses.
 */
#include "rule/rule.h"

#include "registry/open.h"
#include "registry/registry.h"
#include "rule/law_application.h"
#include "rule/law_attachment.h"
#include "rule/law_order.h"
#include "rule/law_payment.h"
#include "rule/law_place.h"
#include "rule/law_time.h"

/*
 * A stranger files for anybody; who is identified is somebody.  Nothing is
 * filed for a number that was given up: it would end in a dead end.
 */
#define APPLYING_PERSON_KNOWN \
	"CASE WHEN ({touched:person} OR {touched:state}" \
	" AND c.state IN " OPEN_STATES ") AND p.person IS NULL" \
	" THEN 'unknown_person'" \
	" WHEN {touched:person} AND c.op = 'I' AND NOT c.stored" \
	" AND {merged_away} THEN 'merged_person' END"
#define PERSON_KNOWN \
	"CASE WHEN {touched:person} AND p.person IS NULL" \
	" THEN 'unknown_person' END"
/* Nor is anybody attached under a number that was merged into another. */
#define ATTACHED_PERSON_KNOWN \
	"CASE WHEN NOT {touched:person} THEN NULL" \
	" WHEN p.person IS NULL THEN 'unknown_person'" \
	" WHEN c.state <> 'annulled' AND {merged_away}" \
	" THEN 'merged_person' END"
#define ATTACHED_PERSON_KNOWN_AT_ONCE "p.person IS NOT NULL AND {not_merged}"
/*
 * Both persons of a merge, and that merges lead from everybody to one who
 * remains: no key is given up for two, and none for itself in the end.
 */
#define PERSONS_KNOWN \
	"CASE WHEN {touched:old,new} THEN CASE" \
	" WHEN c.old = c.new THEN 'same_person'" \
	" WHEN 2 > (SELECT count(*) FROM {r}.person x" \
	"  WHERE x.person IN (c.old, c.new)) THEN 'unknown_person'" \
	" WHEN c.undone_at IS NOT NULL THEN NULL" \
	" WHEN EXISTS (SELECT FROM {r}.person_alias y WHERE y.old = c.old" \
	"  AND y.new <> c.new AND y.undone_at IS NULL) THEN 'merged_twice'" \
	" WHEN c.old IN {heirs:c.new} THEN 'merged_in_a_ring' END END"
/* A death told of a number that was given up ends nothing. */
#define DEATH_OF_REMAINING \
	"CASE WHEN {touched:death_date} AND c.death_date IS NOT NULL" \
	" AND {merged_away} AND EXISTS (SELECT FROM {r}.person x" \
	"  WHERE x.person IN {heirs:c.person}" \
	"   AND x.death_date IS NULL) THEN '?merged_person' END"

/* A person is changed for another only where a merge says they are one. */
#define SAME_PERSON(column) \
	"CASE WHEN {touched:" column "} AND c.op = 'U'" \
	" AND c.old_" column " IS NOT NULL AND NOT {merged:" column "}" \
	" THEN 'changed_" column "' END"

#define ORGANISATION_KNOWN \
	"CASE WHEN {touched:organisation} AND o.organisation IS NULL" \
	" THEN 'unknown_organisation' END"

/* What is too broken to be attested never passes, whatever the document. */
#define IDENTIFIER(column, fault) \
	"CASE WHEN {touched:" column "} AND (" fault " IN" \
	"   ('length', 'character', 'zero')" \
	"  OR NOT EXISTS (SELECT FROM {r}.attested_number t" \
	"   WHERE rtrim(t.number, '!') = {number:" column "}))" \
	" THEN " fault " END"

/*
 * One number is one person, who is paid for once.  Only stored rows are asked,
 * for there need be no index on the number; one with a fault is told as such.
 */
#define SHARED_NUMBER \
	"CASE WHEN shared.iin IS NOT NULL AND NOT {merged_away}" \
	" AND osms.iin_fault({any_number:iin}) IS NULL THEN 'shared_number' END"

const Clause clauses[] = {
	{RULE_IDENTIFIER, REL_PERSON, PERSON_IIN, row_identifier,
		IDENTIFIER("iin", "osms.iin_fault({number:iin})"),
		.needs = COLUMN_BIT(PERSON_IIN),
		.relations = RELATION_BIT(REL_ATTESTED_NUMBER), .audited = true},
	{RULE_IDENTIFIER, REL_PERSON, PERSON_IIN, NULL, "NULL::text",
		.stored = SHARED_NUMBER, .needs = COLUMN_BIT(PERSON_IIN),
		.audited = true},
	{RULE_IDENTIFIER, REL_ORGANISATION, ORGANISATION_BIN, row_identifier,
		IDENTIFIER("bin", "osms.bin_fault({number:bin})"),
		.needs = COLUMN_BIT(ORGANISATION_BIN),
		.relations = RELATION_BIT(REL_ATTESTED_NUMBER), .audited = true},
	{RULE_PERIOD, REL_PERSON, PERSON_BIRTH_DATE, row_dates, NULL,
		.audited = true},
	{RULE_PERIOD, REL_PERSON, PERSON_DEATH_DATE, NULL, POSSIBLE_LIFE,
		.audited = true},
	{RULE_PERSON_KNOWN, REL_PERSON, PERSON_DEATH_DATE, NULL,
		DEATH_OF_REMAINING, .audited = true},
	{RULE_IDENTITY_DATA, REL_PERSON, PERSON_IIN, NULL, IDENTITY_DATA,
		.needs = COLUMN_BIT(PERSON_IIN),
		.needs_any = COLUMN_BIT(PERSON_BIRTH_DATE) | COLUMN_BIT(PERSON_SEX),
		.audited = true},
	{RULE_IMMUTABLE, REL_PERSON, PERSON_PERSON, row_immutable, NULL,
		.audited = false},
	{RULE_IMMUTABLE, REL_ORGANISATION, ORGANISATION_ORGANISATION,
		row_immutable, NULL,
		.audited = false},

	{RULE_PERIOD, REL_CONTRACT, CONTRACT_VALID_FROM, row_dates, NULL,
		.audited = true},

	{RULE_PERIOD, REL_ATTACHMENT, ATTACHMENT_SINCE, row_period, NULL,
		.audited = true},
	{RULE_TRANSITION, REL_ATTACHMENT, ATTACHMENT_STATE, row_transition, NULL,
		.audited = true},
	{RULE_REASON, REL_ATTACHMENT, ATTACHMENT_REASON, row_reason, NULL,
		.needs = COLUMN_BIT(ATTACHMENT_REASON), .audited = true},
	{RULE_IMMUTABLE, REL_ATTACHMENT, ATTACHMENT_ATTACHMENT, row_immutable,
		NULL, .audited = false},
	{RULE_IMMUTABLE, REL_ATTACHMENT, ATTACHMENT_ATTACHMENT, NULL,
		SAME_PERSON("person"), .audited = false},
	{RULE_INITIAL_STATE, REL_ATTACHMENT, ATTACHMENT_STATE, NULL,
		"CASE WHEN {touched:attachment} AND c.op = 'I' AND NOT c.stored"
		" AND coalesce(c.old_state, c.state) NOT IN ('active', 'closed')"
		" THEN 'born_' || coalesce(c.old_state, c.state)::text END",
		.audited = false},
	{RULE_PERSON_KNOWN, REL_ATTACHMENT, ATTACHMENT_PERSON, NULL,
		ATTACHED_PERSON_KNOWN, .at_once = ATTACHED_PERSON_KNOWN_AT_ONCE,
		.audited = true},
	{RULE_ORGANISATION_KNOWN, REL_ATTACHMENT, ATTACHMENT_ORGANISATION, NULL,
		ORGANISATION_KNOWN,
		.relations = RELATION_BIT(REL_ORGANISATION), .audited = true},
	{RULE_ALIVE, REL_ATTACHMENT, ATTACHMENT_SINCE, NULL, ALIVE,
		.audited = true},
	{RULE_BASIS, REL_ATTACHMENT, ATTACHMENT_APPLICATION, NULL,
		BASIS(APPLICATION_USED, RESTORED, MOVED), .lawful = BASIS_PLAIN,
		.stored = BASIS_STORED,
		.needs_any = ATTACHMENT_BASES,
		.relations = RELATION_BIT(REL_APPLICATION), .audited = true},
	{RULE_CONTRACTED, REL_ATTACHMENT, ATTACHMENT_ORGANISATION, NULL,
		CONTRACTED, .at_once = CONTRACTED_AT_ONCE,
		.relations = RELATION_BIT(REL_CONTRACT), .audited = true},
	{RULE_SAME_TERRITORY, REL_ATTACHMENT, ATTACHMENT_ORGANISATION, NULL,
		SAME_TERRITORY, .lawful = SAME_TERRITORY_PLAIN,
		.at_once = SAME_TERRITORY_AT_ONCE,
		.relations = RELATION_BIT(REL_ORGANISATION_STATUS),
		.person = COLUMN_BIT(PERSON_REGION),
		.instead = RELATION_BIT(REL_RESIDENCE), .audited = true},
	{RULE_LOST_TERRITORY, REL_ATTACHMENT, ATTACHMENT_ORGANISATION, NULL,
		LOST_TERRITORY, .at_once = LOST_TERRITORY_AT_ONCE,
		.relations = RELATION_BIT(REL_ORGANISATION_STATUS),
		.person = COLUMN_BIT(PERSON_REGION),
		.instead = RELATION_BIT(REL_RESIDENCE), .audited = true},
	{RULE_STAY, REL_ATTACHMENT, ATTACHMENT_UNTIL, NULL, STAY,
		.person = COLUMN_BIT(PERSON_STAY_UNTIL), .audited = true},
	{RULE_SUSPECT_TERM, REL_ATTACHMENT, ATTACHMENT_STATE, NULL, SUSPECT_TERM,
		.audited = true},
	{RULE_ORDER_SCOPE, REL_ATTACHMENT, ATTACHMENT_ORDER_KEY, NULL,
		ORDER_SCOPE, .lawful = ORDER_SCOPE_PLAIN,
		.needs = COLUMN_BIT(ATTACHMENT_ORDER_KEY),
		.relations = RELATION_BIT(REL_AUTHORITY_ORDER) |
		RELATION_BIT(REL_ORDER_SCOPE),
		.audited = true},
	{RULE_NO_BACKDATING, REL_ATTACHMENT, ATTACHMENT_SINCE, NULL,
		NO_BACKDATING,
		.relations = RELATION_BIT(REL_APPLICATION), .audited = true},
	{RULE_FREE_CHOICE_LIMIT, REL_ATTACHMENT, ATTACHMENT_APPLICATION, NULL,
		FREE_CHOICE_LIMIT, .lawful = FREE_CHOICE_LIMIT_PLAIN,
		.stored = FREE_CHOICE_LIMIT_STORED,
		.needs = COLUMN_BIT(ATTACHMENT_APPLICATION),
		.relations = RELATION_BIT(REL_APPLICATION), .audited = true},
	{RULE_NEWBORN_TERM, REL_ATTACHMENT, ATTACHMENT_SINCE, NULL, NEWBORN_TERM,
		.needs = COLUMN_BIT(ATTACHMENT_APPLICATION),
		.relations = RELATION_BIT(REL_APPLICATION), .audited = true},
	/*
	 * What events make is judged as an attachment; here only whether they
	 * make anything.
	 */
	{RULE_PERIOD, REL_ATTACHMENT_EVENT, CHAIN_DAY, row_dates, NULL,
		.audited = false},
	{RULE_TRANSITION, REL_ATTACHMENT_EVENT, CHAIN_STATE, NULL,
		EVENT_CHAIN(EVENT_CHAIN_GROWS), .stored = EVENT_CHAIN(""),
		.audited = true},
	{RULE_IMMUTABLE, REL_ATTACHMENT_EVENT, CHAIN_EVENT, row_immutable, NULL,
		.audited = false},

	/* both judged on the roster (site_norm.c, roster.c), and by audit here */
	{RULE_SITE_NORM, REL_ATTACHMENT, ATTACHMENT_SITE, NULL, NULL,
		.stored = OVER_NORM,
		.needs = COLUMN_BIT(ATTACHMENT_SITE),
		.relations = RELATION_BIT(REL_SITE), .audited = true},
	{RULE_ONE_ATTACHMENT, REL_ATTACHMENT, ATTACHMENT_SINCE, NULL, NULL,
		.stored = OVERLAP, .audited = true},

	{RULE_PERIOD, REL_APPLICATION, APPLICATION_SUBMITTED_AT, row_dates, NULL,
		.audited = true},
	{RULE_TRANSITION, REL_APPLICATION, APPLICATION_STATE, row_transition,
		NULL, .audited = true},
	{RULE_REASON, REL_APPLICATION, APPLICATION_REASON, row_reason, NULL,
		.needs = COLUMN_BIT(APPLICATION_REASON), .audited = true},
	{RULE_IMMUTABLE, REL_APPLICATION, APPLICATION_APPLICATION, row_immutable,
		NULL, .audited = false},
	{RULE_IMMUTABLE, REL_APPLICATION, APPLICATION_APPLICATION, NULL,
		"CASE WHEN c.old_state IS DISTINCT FROM 'draft' THEN coalesce("
		SAME_PERSON("person") ", " SAME_PERSON("applicant") ") END",
		.audited = false},
	{RULE_INITIAL_STATE, REL_APPLICATION, APPLICATION_STATE, NULL,
		APPLICATION_INITIAL_STATE,
		.needs = COLUMN_BIT(APPLICATION_SUBMITTED_AT) |
		COLUMN_BIT(APPLICATION_DECIDED_AT), .audited = true},
	{RULE_PERSON_KNOWN, REL_APPLICATION, APPLICATION_PERSON, NULL,
		APPLYING_PERSON_KNOWN, .audited = true},
	{RULE_ORGANISATION_KNOWN, REL_APPLICATION, APPLICATION_ORGANISATION, NULL,
		ORGANISATION_KNOWN,
		.relations = RELATION_BIT(REL_ORGANISATION), .audited = true},
	{RULE_IDENTIFIED, REL_APPLICATION, APPLICATION_STATE, NULL, IDENTIFIED,
		.stored = IDENTIFIED_STORED, .at_once = IDENTIFIED_AT_ONCE,
		.needs = COLUMN_BIT(APPLICATION_CHANNEL),
		.relations = RELATION_BIT(REL_IDENTITY_EVENT), .audited = true},
	{RULE_IDENTIFIED, REL_APPLICATION, APPLICATION_CHANNEL, NULL,
		UNMAPPED_CHANNEL, .needs = COLUMN_BIT(APPLICATION_CHANNEL),
		.audited = true},
	{RULE_CAMPAIGN_WINDOW, REL_APPLICATION, APPLICATION_GROUND, NULL,
		UNMAPPED_GROUND, .needs = COLUMN_BIT(APPLICATION_GROUND),
		.audited = true},
	{RULE_ONE_OPEN_APPLICATION, REL_APPLICATION, APPLICATION_STATE, NULL,
		ONE_OPEN_APPLICATION, .stored = ONE_OPEN_APPLICATION_STORED,
		.audited = true},

	{RULE_DECISION_ORDER, REL_APPLICATION, APPLICATION_DECIDED_AT,
		row_decision_order, DECISION_ORDER,
		.at_once = DECISION_ORDER_AT_ONCE,
		.needs = COLUMN_BIT(APPLICATION_SUBMITTED_AT) |
		COLUMN_BIT(APPLICATION_DECIDED_AT) | COLUMN_BIT(APPLICATION_CHANNEL),
		.relations = RELATION_BIT(REL_IDENTITY_EVENT), .audited = true},
	{RULE_CAMPAIGN_WINDOW, REL_APPLICATION, APPLICATION_SUBMITTED_AT, NULL,
		CAMPAIGN_WINDOW, .needs = COLUMN_BIT(APPLICATION_GROUND) |
		COLUMN_BIT(APPLICATION_SUBMITTED_AT), .audited = true},
	{RULE_FOUR_EYES, REL_APPLICATION, APPLICATION_DECIDED_BY, NULL, FOUR_EYES,
		.at_once = "c.decided_by IS NULL",
		.needs = COLUMN_BIT(APPLICATION_DECIDED_BY),
		.relations = RELATION_BIT(REL_IDENTITY_EVENT), .audited = true},
	{RULE_CLINIC_CATEGORY, REL_APPLICATION, APPLICATION_CHANNEL, NULL,
		CLINIC_CATEGORY, .needs = COLUMN_BIT(APPLICATION_CHANNEL),
		.relations = RELATION_BIT(REL_INSURANCE), .audited = true},
	{RULE_BURST, REL_APPLICATION, APPLICATION_DECIDED_BY, NULL, BURST,
		.needs = COLUMN_BIT(APPLICATION_DECIDED_BY) |
		COLUMN_BIT(APPLICATION_DECIDED_AT) | DECISIONS_INDEXED_BIT,
		.audited = true},
	{RULE_OVERDUE, REL_APPLICATION, APPLICATION_SUBMITTED_AT, NULL, OVERDUE,
		.needs = COLUMN_BIT(APPLICATION_SUBMITTED_AT), .audited = true},

	{RULE_PERIOD, REL_IDENTITY_EVENT, EVENT_EVENT, row_dates, NULL,
		.audited = true},
	{RULE_IMMUTABLE, REL_PERSON_ALIAS, ALIAS_OLD, row_immutable, NULL,
		.audited = false},
	{RULE_PERSON_KNOWN, REL_PERSON_ALIAS, ALIAS_NEW, NULL, PERSONS_KNOWN,
		.audited = true},
	{RULE_IMMUTABLE, REL_CONTRACT, CONTRACT_ORGANISATION, row_immutable, NULL,
		.audited = false},
	{RULE_PERIOD, REL_ORGANISATION_STATUS, STATUS_VALID_FROM, row_dates, NULL,
		.audited = true},
	{RULE_IMMUTABLE, REL_ORGANISATION_STATUS, STATUS_ORGANISATION,
		row_immutable, NULL, .audited = false},
	{RULE_IMMUTABLE, REL_AUTHORITY_ORDER, ORDER_KEY, row_immutable, NULL,
		.audited = false},
	{RULE_IMMUTABLE, REL_ORDER_SCOPE, SCOPE_ORDER_KEY, row_immutable, NULL,
		.audited = false},

	{RULE_IMMUTABLE, REL_IDENTITY_EVENT, EVENT_EVENT, row_immutable, NULL,
		.audited = false},
	{RULE_IMMUTABLE, REL_IDENTITY_EVENT, EVENT_EVENT, NULL,
		"coalesce(" SAME_PERSON("person") ", " SAME_PERSON("applicant") ")",
		.audited = false},
	{RULE_IDENTIFIED, REL_IDENTITY_EVENT, EVENT_PERSON, NULL, NULL,
		.stored = IDENTIFIED_ANOTHER, .audited = true},
	{RULE_IDENTIFIED, REL_IDENTITY_EVENT, EVENT_EVENT, NULL, GRANTED_WRITER,
		.audited = false},
	{RULE_DECISION_ORDER, REL_IDENTITY_EVENT, EVENT_AT, NULL,
		IDENTIFICATION_ORDER,
		.relations = RELATION_BIT(REL_APPLICATION), .audited = true},
	{RULE_PERSON_KNOWN, REL_IDENTITY_EVENT, EVENT_PERSON, NULL, PERSON_KNOWN,
		.audited = true},

	{RULE_PERIOD, REL_PAYMENT, PAYMENT_MONTH, row_dates, NULL,
		.audited = true},
	{RULE_IMMUTABLE, REL_PAYMENT, PAYMENT_ORGANISATION, row_immutable, NULL,
		.audited = false},
	/* the organisation's row is the lock of its payments */
	{RULE_PAYMENT_DUE, REL_PAYMENT, PAYMENT_AMOUNT, NULL,
		PAYMENT_DUE(LAST_PAYMENT(PAYS)), .stored = PAYMENT_DUE("true"),
		.relations = RELATION_BIT(REL_ORGANISATION), .audited = true},
	{RULE_PAYMENT_CONTRACT, REL_PAYMENT, PAYMENT_AMOUNT, NULL,
		PAYMENT_CONTRACT(PAYS_MORE " AND " LAST_PAYMENT(PAYS_MORE)), .stored = PAYMENT_CONTRACT("true"),
		.relations = RELATION_BIT(REL_ORGANISATION) |
		RELATION_BIT(REL_CONTRACT), .audited = true},
};

const int	nclauses = lengthof(clauses);

/*
 * Whether a clause can judge, given the mapped columns of its relation and
 * what the registry has.
 */
bool
clause_applies(const Clause *clause, int mapped, const Registry *registry)
{
	int			person = registry->person ? registry->person->mapped : 0;

	return (clause->needs & ~mapped) == 0 &&
		(clause->needs_any == 0 || (clause->needs_any & mapped) != 0) &&
		(clause->relations & ~registry->relations) == 0 &&
		((clause->person & ~person) == 0 ||
		 (clause->instead & registry->relations) != 0);
}

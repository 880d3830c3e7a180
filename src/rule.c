/*
 * rule.c
 *		The rules and their clauses.
 *
 * A new rule is one entry in rules, a clause for each relation it judges,
 * its act and its test.  Enforcement and audit run the same clauses.
 */
#include "guard.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define ACT_ATTACHMENT "KR DSM-194/2020 (attachment rules)"
#define ACT_REGISTRY "osms: integrity of the registry"

const Rule rules[RULES] = {
	[RULE_IDENTIFIER] = {"identifier", "row + set", MODE_ENFORCE, false,
		ERRCODE_CHECK_VIOLATION,
		"number has a fault",
		"Correct the number. An officially issued number with a fault is first entered into the registry's attested_number.",
		"Law 223-III of 2007 on national identification numbers"},
	[RULE_PERIOD] = {"period", "row", MODE_ENFORCE, false,
		ERRCODE_CHECK_VIOLATION,
		"period of the attachment is not possible",
		"Give a first day and, to close, an end that lies after it, between the years 1900 and 2200.",
		ACT_REGISTRY},
	[RULE_TRANSITION] = {"transition", "row", MODE_ENFORCE, false,
		ERRCODE_CHECK_VIOLATION,
		"state does not allow this step",
		"SELECT * FROM osms.transitions('application'), or of 'attachment', lists the steps there are.",
		ACT_ATTACHMENT},
	[RULE_INITIAL_STATE] = {"initial_state", "row + set", MODE_ENFORCE, false,
		ERRCODE_CHECK_VIOLATION,
		"row may not begin in this state",
		"Insert it in its first state and take the steps, or give the times that prove them.",
		ACT_ATTACHMENT},
	[RULE_REASON] = {"reason", "row", MODE_ENFORCE, false,
		ERRCODE_CHECK_VIOLATION,
		"this step needs a reason from the code list",
		"SELECT * FROM osms.reason_codes('application'), or of 'attachment', lists the codes.",
		ACT_ATTACHMENT},
	[RULE_IMMUTABLE] = {"immutable", "row + set", MODE_ENFORCE, false,
		ERRCODE_RESTRICT_VIOLATION,
		"this part of the record cannot be changed",
		"Close or annul the row with its reason and write a new one.",
		ACT_REGISTRY},
	[RULE_IDENTIFIED] = {"identified", "set", MODE_ENFORCE, false,
		ERRCODE_CHECK_VIOLATION,
		"application has no identification that counts",
		"Record the identification by a method that counts for the channel (osms.channel), by a known clerk, and repeat the step.",
		ACT_ATTACHMENT},
	[RULE_ONE_ATTACHMENT] = {"one_attachment", "set", MODE_ENFORCE, false,
		ERRCODE_EXCLUSION_VIOLATION,
		"person would be attached twice on the same day",
		"Close the other attachment in the same transaction.",
		ACT_ATTACHMENT},
	[RULE_ONE_OPEN_APPLICATION] = {"one_open_application", "set", MODE_ENFORCE, false,
		ERRCODE_UNIQUE_VIOLATION,
		"person already has an open application",
		"Withdraw or finish the other application first.",
		ACT_ATTACHMENT},
	[RULE_BASIS] = {"basis", "set", MODE_ENFORCE, false,
		ERRCODE_CHECK_VIOLATION,
		"attachment has no lawful basis",
		"Name exactly one basis: an approved application of this person to this organisation, or the attachment that is restored.",
		ACT_ATTACHMENT},
	[RULE_PERSON_KNOWN] = {"person_known", "set", MODE_ENFORCE, true,
		ERRCODE_FOREIGN_KEY_VIOLATION,
		"registry does not know this person",
		"Enter the person first. Check that the number is written in full, with its leading zeros.",
		ACT_REGISTRY},
	[RULE_ORGANISATION_KNOWN] = {"organisation_known", "set", MODE_ENFORCE, false,
		ERRCODE_FOREIGN_KEY_VIOLATION,
		"registry does not know this organisation",
		"Enter the organisation first.",
		ACT_REGISTRY},
	[RULE_ALIVE] = {"alive", "set", MODE_ENFORCE, false,
		ERRCODE_CHECK_VIOLATION,
		"a person is not attached after the day of death",
		"Check the person's record in the registry.",
		ACT_ATTACHMENT},
};

/* An application counts from the registry's cut-over day when stored. */
#define SINCE_CUT_OVER \
	"(NOT c.stored OR c.submitted_at IS NULL OR" \
	" (c.submitted_at AT TIME ZONE s.time_zone)::date >= s.cut_over)"

#define PERSON_KNOWN \
	"CASE WHEN {touched:person} AND p.person IS NULL" \
	" THEN 'unknown_person' END"
#define ORGANISATION_KNOWN \
	"CASE WHEN {touched:organisation} AND o.organisation IS NULL" \
	" THEN 'unknown_organisation' END"

#define OPEN_STATES "('identified', 'approved', 'deferred')"

#define APPLICATION_INITIAL_STATE \
	"CASE WHEN c.op <> 'I' OR c.state IS NULL" \
	"  OR c.state IN ('draft', 'submitted')" \
	"  OR NOT " SINCE_CUT_OVER " THEN NULL" \
	" WHEN c.submitted_at IS NULL THEN 'submitted_at_missing'" \
	" WHEN c.state NOT IN ('approved', 'deferred', 'attached', 'refused'," \
	"  'lapsed', 'cancelled') THEN NULL" \
	" WHEN c.decided_at IS NULL THEN 'decided_at_missing'" \
	" WHEN c.decided_at < c.submitted_at" \
	"  THEN 'decided_before_submitted' END"

/*
 * Who was identified is the person, or the applicant who acts for the
 * person.  The channel's row in force on the day of the event tells which
 * methods count, and which of them only when a known clerk has seen it.
 */
#define IDENTIFIED \
	"CASE WHEN {touched:state}" \
	" AND (c.state IN " OPEN_STATES \
	"  OR c.op = 'I' AND c.state IN ('attached', 'lapsed', 'cancelled'))" \
	" AND " SINCE_CUT_OVER \
	" AND NOT EXISTS (SELECT FROM {r}.identity_event e," \
	"   LATERAL (SELECT h.methods, h.clerk_methods, h.clerk_role" \
	"    FROM osms.channel h WHERE h.channel = e.channel" \
	"     AND h.valid_from <= (e.at AT TIME ZONE s.time_zone)::date" \
	"    ORDER BY h.valid_from DESC, h.known_from DESC LIMIT 1) h" \
	"   WHERE e.application = c.application AND e.channel = c.channel" \
	"    AND (e.person = c.person AND (e.applicant IS NULL" \
	"      OR e.applicant = e.person OR e.applicant = c.applicant)" \
	"     OR e.person = c.applicant)" \
	"    AND (e.method = ANY (h.methods) AND e.clerk IS NULL" \
	"     OR e.method = ANY (h.methods || h.clerk_methods)" \
	"      AND {clerk_known}))" \
	" THEN 'not_identified' END"

/* Campaign applications, which wait for 1 January, are counted apart. */
#define ONE_OPEN_APPLICATION \
	"CASE WHEN {touched:state,person,ground} AND c.state IN " OPEN_STATES \
	" AND EXISTS (SELECT FROM {r}.application x WHERE x.person = c.person" \
	"  AND x.application <> c.application AND x.state IN " OPEN_STATES \
	"  AND (x.ground IS NOT DISTINCT FROM 'campaign')" \
	"   = (c.ground IS NOT DISTINCT FROM 'campaign')" \
	"  AND (NOT c.stored OR x.application < c.application))" \
	" THEN 'open_application' END"

/*
 * An approval younger than any limit that ever stood, with a day to spare
 * for clocks, needs no look at the limit of its own day.
 */
#define DECIDED_ON "(ap.decided_at AT TIME ZONE s.time_zone)::date"
#define SURELY_VALID \
	"ap.decided_at > (SELECT" \
	"  now() - (min(v.value::int) - 1) * interval '1 day'" \
	"  FROM osms.parameter v" \
	"  WHERE v.name = 'approval_valid_days' AND v.known_from <= now())"

/*
 * Of two stored attachments that name one application the later one is
 * found; a new one finds any other.  It is looked for among the person's own:
 * another person's cannot lawfully name this application.
 */
#define BASIS_APPLICATION \
	" WHEN c.application IS NOT NULL THEN CASE" \
	"  WHEN ap.application IS NULL THEN 'unknown_application'" \
	"  WHEN ap.person <> c.person THEN 'application_of_another_person'" \
	"  WHEN ap.organisation <> c.organisation" \
	"   THEN 'application_of_another_organisation'" \
	"  WHEN c.application = ANY (SELECT x.application FROM {r}.attachment x" \
	"    WHERE x.person = c.person" \
	"     AND x.attachment <> c.attachment AND (NOT c.stored" \
	"      OR (x.since, x.attachment) < (c.since, c.attachment)))" \
	"   THEN 'application_used'" \
	"  WHEN c.stored AND ap.state = 'attached' THEN NULL" \
	"  WHEN ap.state = 'deferred' THEN CASE" \
	"    WHEN ap.effective_on IS NULL OR c.since < ap.effective_on" \
	"     OR ap.effective_on > (now() AT TIME ZONE s.time_zone)::date" \
	"    THEN 'deferred_not_due' END" \
	"  WHEN ap.state IS DISTINCT FROM 'approved'" \
	"   THEN 'application_not_approved'" \
	"  WHEN c.stored OR " SURELY_VALID " THEN NULL" \
	"  WHEN " DECIDED_ON \
	"    + osms.parameter_on('approval_valid_days', " DECIDED_ON ")::int" \
	"    < (now() AT TIME ZONE s.time_zone)::date" \
	"   THEN 'approval_expired' END"

/*
 * Restored is what the person had and lost without leaving: an attachment
 * annulled or closed by mistake or by a death that was recorded wrongly, or
 * one that was closed for a later attachment that has since been annulled.
 */
#define BASIS_RESTORES \
	" WHEN c.restores IS NOT NULL THEN (SELECT CASE" \
	"  WHEN x.attachment IS NULL THEN 'unknown_attachment'" \
	"  WHEN x.person <> c.person THEN 'attachment_of_another_person'" \
	"  WHEN x.organisation <> c.organisation" \
	"   THEN 'attachment_of_another_organisation'" \
	"  WHEN x.state NOT IN ('closed', 'annulled') THEN 'still_attached'" \
	"  WHEN EXISTS (SELECT FROM {r}.attachment y" \
	"    WHERE y.person = c.person AND y.restores = c.restores" \
	"     AND y.attachment <> c.attachment AND y.state <> 'annulled'" \
	"     AND (NOT c.stored OR (y.since, y.attachment)" \
	"      < (c.since, c.attachment))) THEN 'already_restored'" \
	"  WHEN x.reason IN ('error', 'death') THEN NULL" \
	"  WHEN x.state = 'closed' AND EXISTS (SELECT FROM {r}.attachment y" \
	"    WHERE y.person = c.person AND y.state = 'annulled'" \
	"     AND y.since >= x.until) THEN NULL" \
	"  ELSE 'nothing_to_restore' END" \
	"  FROM (VALUES (1)) one LEFT JOIN {r}.attachment x" \
	"   ON x.attachment = c.restores)"

#define BASIS \
	"CASE WHEN NOT {touched:application,order_key,restores,person,organisation}" \
	"  OR c.state = 'annulled' THEN NULL" \
	" WHEN num_nonnulls(c.application, c.order_key, c.restores) > 1" \
	"  THEN 'several_bases'" \
	BASIS_APPLICATION \
	" WHEN c.order_key IS NOT NULL THEN 'unknown_order'" \
	BASIS_RESTORES \
	" WHEN c.since < s.cut_over THEN NULL" \
	" ELSE 'no_basis' END"

#define ALIVE \
	"CASE WHEN NOT {touched:person,since} AND NOT {extended}" \
	"  OR c.state = 'annulled' THEN NULL" \
	" WHEN c.since > p.death_date THEN 'after_death'" \
	" WHEN coalesce(c.until, 'infinity') > p.death_date + 1" \
	"  THEN 'beyond_death' END"

/* What is too broken to be attested never passes, whatever the document. */
#define IDENTIFIER(column, fault) \
	"CASE WHEN {touched:" column "} AND (" fault " IN" \
	"   ('length', 'character', 'zero')" \
	"  OR NOT EXISTS (SELECT FROM {r}.attested_number t" \
	"   WHERE rtrim(t.number, '!') = {number:" column "}))" \
	" THEN " fault " END"

/*
 * Written by the roles of the channel alone; $1 is the writer.  What counts
 * is who may write today, not on the day that the writer gives.
 */
#define GRANTED_WRITER \
	"(SELECT CASE" \
	"  WHEN h.writer IS NOT NULL AND NOT pg_has_role($1, h.writer, 'USAGE')" \
	"  THEN 'writer_without_channel' END FROM osms.channel h" \
	"  WHERE h.channel = c.channel" \
	"   AND h.valid_from <= (now() AT TIME ZONE s.time_zone)::date" \
	"  ORDER BY h.valid_from DESC, h.known_from DESC LIMIT 1)"

#define ATTACHMENT_BASES \
	(COLUMN_BIT(ATTACHMENT_APPLICATION) | COLUMN_BIT(ATTACHMENT_ORDER_KEY) | \
	 COLUMN_BIT(ATTACHMENT_RESTORES))

const Clause clauses[] = {
	{RULE_IDENTIFIER, REL_PERSON, PERSON_IIN, row_identifier,
		IDENTIFIER("iin", "osms.iin_fault({number:iin})"),
		.needs = COLUMN_BIT(PERSON_IIN),
		.relations = RELATION_BIT(REL_ATTESTED_NUMBER), .audited = true},
	{RULE_IDENTIFIER, REL_ORGANISATION, ORGANISATION_BIN, row_identifier,
		IDENTIFIER("bin", "osms.bin_fault({number:bin})"),
		.needs = COLUMN_BIT(ORGANISATION_BIN),
		.relations = RELATION_BIT(REL_ATTESTED_NUMBER), .audited = true},
	{RULE_IMMUTABLE, REL_PERSON, PERSON_PERSON, row_immutable, NULL,
		.audited = false},
	{RULE_IMMUTABLE, REL_ORGANISATION, ORGANISATION_ORGANISATION,
		row_immutable, NULL,
		.audited = false},

	{RULE_PERIOD, REL_ATTACHMENT, ATTACHMENT_SINCE, row_period, NULL,
		.audited = true},
	{RULE_TRANSITION, REL_ATTACHMENT, ATTACHMENT_STATE, row_transition, NULL,
		.audited = true},
	{RULE_REASON, REL_ATTACHMENT, ATTACHMENT_REASON, row_reason, NULL,
		.needs = COLUMN_BIT(ATTACHMENT_REASON), .audited = true},
	{RULE_IMMUTABLE, REL_ATTACHMENT, ATTACHMENT_ATTACHMENT, row_immutable,
		NULL, .audited = false},
	{RULE_INITIAL_STATE, REL_ATTACHMENT, ATTACHMENT_STATE, NULL,
		"CASE WHEN {touched:attachment} AND c.op = 'I' AND NOT c.stored"
		" AND c.state NOT IN ('active', 'closed') THEN 'born_'"
		" || c.state::text END", .audited = false},
	{RULE_PERSON_KNOWN, REL_ATTACHMENT, ATTACHMENT_PERSON, NULL,
		PERSON_KNOWN, .audited = true},
	{RULE_ORGANISATION_KNOWN, REL_ATTACHMENT, ATTACHMENT_ORGANISATION, NULL,
		ORGANISATION_KNOWN,
		.relations = RELATION_BIT(REL_ORGANISATION), .audited = true},
	{RULE_ALIVE, REL_ATTACHMENT, ATTACHMENT_SINCE, NULL, ALIVE,
		.audited = true},
	{RULE_BASIS, REL_ATTACHMENT, ATTACHMENT_APPLICATION, NULL, BASIS,
		.needs_any = ATTACHMENT_BASES,
		.relations = RELATION_BIT(REL_APPLICATION), .audited = true},
	/* judged on the roster, and by audit on the source: see overlap.c */
	{RULE_ONE_ATTACHMENT, REL_ATTACHMENT, ATTACHMENT_SINCE, NULL, NULL,
		.audited = true},

	{RULE_TRANSITION, REL_APPLICATION, APPLICATION_STATE, row_transition,
		NULL, .audited = true},
	{RULE_REASON, REL_APPLICATION, APPLICATION_REASON, row_reason, NULL,
		.needs = COLUMN_BIT(APPLICATION_REASON), .audited = true},
	{RULE_IMMUTABLE, REL_APPLICATION, APPLICATION_APPLICATION, row_immutable,
		NULL, .audited = false},
	{RULE_INITIAL_STATE, REL_APPLICATION, APPLICATION_STATE, NULL,
		APPLICATION_INITIAL_STATE,
		.needs = COLUMN_BIT(APPLICATION_SUBMITTED_AT) |
		COLUMN_BIT(APPLICATION_DECIDED_AT), .audited = true},
	{RULE_PERSON_KNOWN, REL_APPLICATION, APPLICATION_PERSON, NULL,
		PERSON_KNOWN, .audited = true},
	{RULE_ORGANISATION_KNOWN, REL_APPLICATION, APPLICATION_ORGANISATION, NULL,
		ORGANISATION_KNOWN,
		.relations = RELATION_BIT(REL_ORGANISATION), .audited = true},
	{RULE_IDENTIFIED, REL_APPLICATION, APPLICATION_STATE, NULL, IDENTIFIED,
		.needs = COLUMN_BIT(APPLICATION_CHANNEL),
		.relations = RELATION_BIT(REL_IDENTITY_EVENT), .audited = true},
	{RULE_ONE_OPEN_APPLICATION, REL_APPLICATION, APPLICATION_STATE, NULL,
		ONE_OPEN_APPLICATION, .audited = true},

	{RULE_IMMUTABLE, REL_IDENTITY_EVENT, EVENT_EVENT, row_immutable, NULL,
		.audited = false},
	{RULE_IDENTIFIED, REL_IDENTITY_EVENT, EVENT_EVENT, NULL, GRANTED_WRITER,
		.audited = false},
	{RULE_PERSON_KNOWN, REL_IDENTITY_EVENT, EVENT_PERSON, NULL, PERSON_KNOWN,
		.audited = true},
};

const int	nclauses = lengthof(clauses);

static const char *const mode_names[] = {"off", "warn", "enforce"};

PG_FUNCTION_INFO_V1(osms_rules);
PG_FUNCTION_INFO_V1(osms_clauses);

/* Find a rule by id. */
bool
rule_of(const char *id, int length, RuleId *rule)
{
	for (int i = 0; i < RULES; i++)
		if ((int) strlen(rules[i].id) == length &&
			memcmp(rules[i].id, id, length) == 0)
		{
			*rule = i;
			return true;
		}
	return false;
}

const char *
mode_name(RuleMode mode)
{
	return mode_names[mode];
}

/* Find a mode by name. */
bool
mode_of(const char *name, int length, RuleMode *mode)
{
	for (int i = 0; i < (int) lengthof(mode_names); i++)
		if ((int) strlen(mode_names[i]) == length &&
			memcmp(mode_names[i], name, length) == 0)
		{
			*mode = i;
			return true;
		}
	return false;
}

/*
 * Whether a clause can judge, given the mapped columns of its relation and
 * the relations the registry has.
 */
bool
clause_applies(const Clause *clause, int mapped, int relations)
{
	return (clause->needs & ~mapped) == 0 &&
		(clause->needs_any == 0 || (clause->needs_any & mapped) != 0) &&
		(clause->relations & ~relations) == 0;
}

/* rules(): the catalogue, one row per rule. */
Datum
osms_rules(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int r = 0; r < RULES; r++)
	{
		Datum		values[10];
		bool		nulls[10] = {0};
		Datum		relations[REL_KINDS];
		int			n = 0;
		bool		audited = false;

		for (int k = 0; k < REL_KINDS; k++)
			for (int c = 0; c < nclauses; c++)
				if (clauses[c].rule == (RuleId) r && clauses[c].relation == (RelationKind) k)
				{
					relations[n++] =
						CStringGetTextDatum(canonical_relations[k].name);
					audited |= clauses[c].audited;
				}
		values[0] = CStringGetTextDatum(rules[r].id);
		values[1] = CStringGetTextDatum(rules[r].layer);
		values[2] = CStringGetTextDatum(mode_name(rules[r].mode));
		values[3] = BoolGetDatum(rules[r].fixed);
		values[4] = PointerGetDatum(construct_array(relations, n, TEXTOID,
												   -1, false, TYPALIGN_INT));
		values[5] = BoolGetDatum(audited);
		values[6] = CStringGetTextDatum(unpack_sql_state(rules[r].sqlstate));
		values[7] = CStringGetTextDatum(rules[r].refuses);
		values[8] = CStringGetTextDatum(rules[r].hint);
		values[9] = CStringGetTextDatum(rules[r].act);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * clauses(registry): which rules judge which relations of a registry, and
 * whether what they look at is there.
 */
Datum
osms_clauses(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Registry	registry;

	InitMaterializedSRF(fcinfo, 0);
	registry_open(&registry, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (int k = 0; k < REL_KINDS; k++)
	{
		Projection *p;

		if (!OidIsValid(registry.relation[k]) || !canonical_relations[k].guarded)
			continue;
		p = make_projection(k, registry.relation[k]);
		for (int c = 0; c < nclauses; c++)
		{
			Datum		values[3];
			bool		nulls[3] = {0};

			if (clauses[c].relation != (RelationKind) k)
				continue;
			values[0] = CStringGetTextDatum(rules[clauses[c].rule].id);
			values[1] = CStringGetTextDatum(canonical_relations[k].name);
			values[2] = BoolGetDatum(clause_applies(&clauses[c], p->mapped,
													registry.relations));
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
								 nulls);
		}
	}
	return (Datum) 0;
}

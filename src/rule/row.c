/*
 * row.c
 *		What a row alone decides: the C clauses of the rules.
 *
 * The row layer, the set layer and audit call these.  A clause looks only at
 * what the statement changed, so an old defect never stops a repair; in an
 * INSERT, and for audit, every column counts as changed.
 */
#include "rule/row.h"

#include "core/lifecycle.h"
#include "core/number.h"
#include "registry/last_cut.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/rule.h"
#include "type/identifier.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#define CHANGED(change, i) (((change)->changed & COLUMN_BIT(i)) != 0)

/* The column that holds the state, the reason and the final step. */
static int
state_column(RelationKind kind)
{
	return kind == REL_ATTACHMENT ? ATTACHMENT_STATE : APPLICATION_STATE;
}

static const LifeCycle *
machine_of(RelationKind kind)
{
	return kind == REL_ATTACHMENT ? &attachment_cycle : &application_cycle;
}

/* A text value of the row, or NULL. */
static char *
text_of(const CanonicalRow *row, int i)
{
	return row->isnull[i] ? NULL : TextDatumGetCString(row->value[i]);
}

/*
 * A number kept as text or bigint; the osms types have judged theirs.  A
 * fault that could be attested is left to the set layer, which may look.
 */
static const char *
row_identifier(const RowChange *change)
{
	const Projection *p = change->projection;
	osms_kind	number = p->kind == REL_PERSON ? OSMS_IIN : OSMS_BIN;
	int			i = number == OSMS_IIN ? PERSON_IIN : ORGANISATION_BIN;
	Oid			type = p->type[i];
	osms_fault	fault;

	if (change->new == NULL || !CHANGED(change, i) ||
		change->new->isnull[i] || !(type == TEXTOID || type == VARCHAROID ||
									type == BPCHAROID || type == INT8OID))
		return NULL;
	fault = identifier_judge(number, change->new->value[i], type).fault;
	return fault == OSMS_VALID || osms_fault_attestable(fault) ? NULL :
		osms_fault_name(fault);
}

/*
 * Whether a date stands for a text that is none: what should begin on it
 * never does, anything else is long over.
 */
static bool
unreadable(const Projection *p, int i, Datum value)
{
	const char *column = canonical_relations[p->kind].columns[i].name;

	if (p->type[i] == TIMESTAMPTZOID)
		return TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(value));
	if (p->type[i] != DATEOID)
		return false;
	if (strcmp(column, "since") == 0 || strcmp(column, "valid_from") == 0 ||
		strcmp(column, "effective_on") == 0)
		return DATE_IS_NOEND(DatumGetDateADT(value));
	if (p->kind == REL_ATTACHMENT_EVENT)
		return DATE_NOT_FINITE(DatumGetDateADT(value));
	return DATE_IS_NOBEGIN(DatumGetDateADT(value));
}

/* The column that says since when a row is known, or -1. */
static int
known_from_column(RelationKind kind)
{
	switch (kind)
	{
		case REL_ORGANISATION_STATUS:
			return STATUS_KNOWN_FROM;
		case REL_CONTRACT:
			return CONTRACT_KNOWN_FROM;
		case REL_PAYMENT:
			return PAYMENT_KNOWN_FROM;
		default:
			return -1;
	}
}

/*
 * Whether a row hides until a moment to come: what is not known yet counts
 * for nothing.  Where the clock was set back, rows are known from a little
 * after the last cut.
 */
static bool
is_known_later(const RowChange *change)
{
	int			i = known_from_column(change->projection->kind);
	TimestampTz known;

	if (i < 0 || !CHANGED(change, i) || change->new->isnull[i])
		return false;
	known = DatumGetTimestampTz(change->new->value[i]);
	return known > GetCurrentTimestamp() + USECS_PER_MINUTE &&
		known > last_cut() + USECS_PER_MINUTE;
}

/* Whether a moment lies in no time that a register tells of. */
static bool
is_out_of_range(const Projection *p, int i, Datum value)
{
	TimestampTz moment;

	if (p->type[i] != TIMESTAMPTZOID)
		return false;
	moment = DatumGetTimestampTz(value);
	return !TIMESTAMP_NOT_FINITE(moment) &&
		(moment < (date2j(1900, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY ||
		 moment > (date2j(2201, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY);
}

/* Dates are dates: osms.map lets a text that is none read as an infinity. */
static const char *
row_dates(const RowChange *change)
{
	const CanonicalRelation *shape =
		&canonical_relations[change->projection->kind];

	for (int i = 0; change->new && i < shape->ncolumns; i++)
		if (CHANGED(change, i) && !change->new->isnull[i] &&
			unreadable(change->projection, i, change->new->value[i]))
			return psprintf("unreadable_%s", shape->columns[i].name);
		else if (CHANGED(change, i) && !change->new->isnull[i] &&
				 is_out_of_range(change->projection, i, change->new->value[i]))
			return "out_of_range";
	return change->new && is_known_later(change) ? "known_in_future" : NULL;
}

/*
 * since is there, both ends are plausible, the end lies after since, and what
 * is closed has an end.  A closing is not judged by a since that was wrong
 * before.
 */
static const char *
row_period(const RowChange *change)
{
	const CanonicalRow *new = change->new;
	const DateADT first = date2j(1900, 1, 1) - POSTGRES_EPOCH_JDATE;
	const DateADT last = date2j(2200, 1, 1) - POSTGRES_EPOCH_JDATE;
	const char *no_date = row_dates(change);
	DateADT		since;
	DateADT		until;

	if (new == NULL || no_date)
		return no_date;
	if ((CHANGED(change, ATTACHMENT_STATE) ||
		 CHANGED(change, ATTACHMENT_UNTIL)) &&
		new->isnull[ATTACHMENT_UNTIL] && !new->isnull[ATTACHMENT_STATE] &&
		DatumGetChar(new->value[ATTACHMENT_STATE]) == ATTACHMENT_CLOSED)
		return "until_missing";
	if (!CHANGED(change, ATTACHMENT_SINCE) &&
		!CHANGED(change, ATTACHMENT_UNTIL))
		return NULL;
	since = new->isnull[ATTACHMENT_SINCE] ? DATEVAL_NOBEGIN :
		DatumGetDateADT(new->value[ATTACHMENT_SINCE]);
	if (CHANGED(change, ATTACHMENT_SINCE))
	{
		if (new->isnull[ATTACHMENT_SINCE])
			return "since_missing";
		if (since < first || since > last)
			return "out_of_range";
	}
	if (new->isnull[ATTACHMENT_UNTIL])
		return NULL;
	until = DatumGetDateADT(new->value[ATTACHMENT_UNTIL]);
	if (until <= since &&
		(since <= last || CHANGED(change, ATTACHMENT_SINCE)))
		return "reversed";
	if (until < first || until > last)
		return "out_of_range";
	return NULL;
}

/*
 * A step the machine has; a state that is NULL is one the map does not know.
 */
static const char *
row_transition(const RowChange *change)
{
	RelationKind kind = change->projection->kind;
	int			i = state_column(kind);

	if (change->new == NULL || !CHANGED(change, i))
		return NULL;
	if (change->new->isnull[i])
		return "unmapped_state";
	if (change->old == NULL || change->old->isnull[i])
		return NULL;
	if (!life_cycle_allows(machine_of(kind),
						   DatumGetChar(change->old->value[i]),
						   DatumGetChar(change->new->value[i])))
		return "no_such_step";
	return NULL;
}

/* Whether a text stands for a code that the mapping does not know. */
static bool
unmapped(const Projection *p, int i, const CanonicalRow *row)
{
	char	   *code = p->source != p->canonical ? text_of(row, i) : NULL;

	return code && code[0] == '?';
}

/*
 * refused, suspect, closed and annulled say why, and so does who moves an end
 * (see until_moved).
 */
static const char *
row_reason(const RowChange *change)
{
	RelationKind kind = change->projection->kind;
	bool		attachment = kind == REL_ATTACHMENT;
	int			state = state_column(kind);
	int			reason = attachment ? ATTACHMENT_REASON : APPLICATION_REASON;
	const CanonicalRow *new = change->new;
	bool		uncoded;
	char	   *code;

	if (new == NULL || new->isnull[state])
		return NULL;
	uncoded = unmapped(change->projection, reason, new);
	if (attachment && change->old && CHANGED(change, ATTACHMENT_UNTIL) &&
		uncoded)
		return "unmapped_reason";
	if (!CHANGED(change, state) && !CHANGED(change, reason))
		return NULL;
	if (attachment ? DatumGetChar(new->value[state]) == ATTACHMENT_ACTIVE
		: DatumGetChar(new->value[state]) != APPLICATION_REFUSED)
		return NULL;
	if (uncoded)
		return "unmapped_reason";
	code = text_of(new, reason);
	if (code == NULL)
		return "reason_missing";
	return reason_known(machine_of(kind), code) ? NULL : "reason_unknown";
}

/* Who goes on with an application has its times; see DECISION_ORDER. */
static const char *
row_decision_order(const RowChange *change)
{
	const CanonicalRow *new = change->new;
	char		state;

	if (change->old == NULL || new == NULL ||
		!CHANGED(change, APPLICATION_STATE) || new->isnull[APPLICATION_STATE])
		return NULL;
	state = DatumGetChar(new->value[APPLICATION_STATE]);
	if (new->isnull[APPLICATION_SUBMITTED_AT] &&
		(state == APPLICATION_IDENTIFIED || state == APPLICATION_APPROVED ||
		 state == APPLICATION_DEFERRED))
		return "submitted_at_missing";
	if (new->isnull[APPLICATION_DECIDED_AT] &&
		(state == APPLICATION_APPROVED || state == APPLICATION_DEFERRED ||
		 state == APPLICATION_REFUSED))
		return "decided_at_missing";
	return NULL;
}

/* Whether a row had no value here, or none that can be read. */
static bool
missing(const Projection *p, int i, const CanonicalRow *row)
{
	return row->isnull[i] || unreadable(p, i, row->value[i]);
}

/* Name the first of the changed columns in a mask: "changed_since". */
static const char *
changed_name(const RowChange *change, int mask)
{
	const CanonicalRelation *shape =
		&canonical_relations[change->projection->kind];

	for (int i = 0; i < shape->ncolumns; i++)
		if (CHANGED(change, i) && (mask & COLUMN_BIT(i)) &&
			!missing(change->projection, i, change->old))
			return psprintf("changed_%s", shape->columns[i].name);
	return NULL;
}

/* until may come earlier, with a reason where the registry keeps reasons. */
static const char *
until_moved(const RowChange *change)
{
	const CanonicalRow *old = change->old;
	const CanonicalRow *new = change->new;

	if (!CHANGED(change, ATTACHMENT_UNTIL))
		return NULL;
	if (!missing(change->projection, ATTACHMENT_UNTIL, old) &&
		(new->isnull[ATTACHMENT_UNTIL] ||
		 DatumGetDateADT(new->value[ATTACHMENT_UNTIL]) >
		 DatumGetDateADT(old->value[ATTACHMENT_UNTIL])))
		return "until_later";
	if ((new->isnull[ATTACHMENT_REASON] ||
		 unmapped(change->projection, ATTACHMENT_REASON, new)) &&
		(change->projection->mapped & COLUMN_BIT(ATTACHMENT_REASON)))
		return "until_without_reason";
	return NULL;
}

/*
 * Whether an attachment that was annulled is only told to have been so by an
 * error: what was annulled by mistake can then be restored.
 */
static bool
told_an_error(const RowChange *change)
{
	char	   *reason;

	if (change->projection->kind != REL_ATTACHMENT ||
		change->changed != COLUMN_BIT(ATTACHMENT_REASON))
		return false;
	reason = text_of(change->new, ATTACHMENT_REASON);
	return reason != NULL && strcmp(reason, "error") == 0;
}

/*
 * What is written stays: keys and the basis, rows in a final state, and rows
 * as such, except an application that is still a draft.  A value that was
 * missing may be supplied.
 */
static const char *
row_immutable(const RowChange *change)
{
	RelationKind kind = change->projection->kind;
	const CanonicalRow *old = change->old;
	bool		draft = false;

	/* those follow a merge of persons, which the set layer looks up */
	int			of_person = person_columns(kind);

	if (old == NULL || change->stored)
		return NULL;
	if (kind == REL_APPLICATION || kind == REL_ATTACHMENT)
	{
		int			i = state_column(kind);

		if (!old->isnull[i])
		{
			char		state = DatumGetChar(old->value[i]);

			draft = kind == REL_APPLICATION && state == APPLICATION_DRAFT;
			if (change->new && (change->changed & ~of_person) != 0 &&
				life_cycle_ends(machine_of(kind), state) &&
				!told_an_error(change))
				return "final_state";
		}
	}
	if (change->new == NULL)
		return draft ? NULL : "deleted";
	switch (kind)
	{
		case REL_PERSON:
		case REL_ORGANISATION:
			return changed_name(change, COLUMN_BIT(0));
		case REL_CONTRACT:
			return changed_name(change, COLUMN_BIT(CONTRACT_ORGANISATION) |
								COLUMN_BIT(CONTRACT_VALID_FROM) |
								COLUMN_BIT(CONTRACT_KNOWN_FROM));
		case REL_ORGANISATION_STATUS:
			return changed_name(change, COLUMN_BIT(STATUS_ORGANISATION) |
								COLUMN_BIT(STATUS_VALID_FROM) |
								COLUMN_BIT(STATUS_KNOWN_FROM));
		case REL_PAYMENT:
			return changed_name(change, COLUMN_BIT(PAYMENT_ORGANISATION) |
								COLUMN_BIT(PAYMENT_MONTH) |
								COLUMN_BIT(PAYMENT_KNOWN_FROM));
		case REL_IDENTITY_EVENT:
		case REL_AUTHORITY_ORDER:
		case REL_PERSON_ALIAS:
			return changed_name(change, ~of_person);
		case REL_ORDER_SCOPE:
			/* what it leaves open is part of what it says */
			return change->changed != 0 ? "changed_scope" : NULL;
		case REL_ATTACHMENT_EVENT:
			/* an opening has none, and must not become a closing */
			return CHANGED(change, CHAIN_CLOSES) ? "changed_closes" :
				changed_name(change, ~0);
		case REL_APPLICATION:
			return draft ? changed_name(change,
										COLUMN_BIT(APPLICATION_APPLICATION))
				: changed_name(change,
							   COLUMN_BIT(APPLICATION_APPLICATION) |
							   COLUMN_BIT(APPLICATION_ORGANISATION) |
							   COLUMN_BIT(APPLICATION_CHANNEL) |
							   COLUMN_BIT(APPLICATION_GROUND) |
							   COLUMN_BIT(APPLICATION_SUBMITTED_AT) |
							   COLUMN_BIT(APPLICATION_DECIDED_AT));
		case REL_ATTACHMENT:
			{
				const int	fixed = COLUMN_BIT(ATTACHMENT_ATTACHMENT) |
					COLUMN_BIT(ATTACHMENT_ORGANISATION) |
					COLUMN_BIT(ATTACHMENT_SINCE) |
					COLUMN_BIT(ATTACHMENT_APPLICATION) |
					COLUMN_BIT(ATTACHMENT_ORDER_KEY) |
					COLUMN_BIT(ATTACHMENT_RESTORES);
				const char *moved = changed_name(change, fixed);

				if (moved)
					return moved;
				return until_moved(change);
			}
		default:
			return NULL;
	}
}

static const struct
{
	const char *name;
	RowClause	clause;
}			row_clauses[] = {
	{"identifier", row_identifier},
	{"dates", row_dates},
	{"period", row_period},
	{"transition", row_transition},
	{"reason", row_reason},
	{"decision_order", row_decision_order},
	{"immutable", row_immutable},
};

/* The function that the row of a clause names. */
RowClause
row_clause(const char *name)
{
	for (int i = 0; i < (int) lengthof(row_clauses); i++)
		if (strcmp(row_clauses[i].name, name) == 0)
			return row_clauses[i].clause;
	elog(ERROR, "there is no row function \"%s\"", name);
}

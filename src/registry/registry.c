/*
 * registry.c
 *		The canonical relations of a registry.
 */
#include "registry/registry.h"

#include "catalog.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

const CanonicalRelation canonical_relations[REL_KINDS] = {
	[REL_PERSON] = {"person", 10, {
			{"person", "@person", true},
			{"iin", "@number", false},
			{"surname", "text", false},
			{"given_name", "text", false},
			{"patronymic", "text", false},
			{"birth_date", "date", false},
			{"sex", "osms.sex", false},
			{"death_date", "date", false},
			{"region", "text", false},
			{"stay_until", "date", false}
	},.guarded = true,.subject = PERSON_PERSON,.key = "person"},
	[REL_RESIDENCE] = {"residence", 4, {
			{"person", "@person", true},
			{"region", "text", true},
			{"kind", "text", false},
			{"valid_from", "date", true}
	},.traced = true,.key = "person, kind, valid_from"},
	[REL_PERSON_ALIAS] = {"person_alias", 6, {
			{"old", "@person", true},
			{"new", "@person", true},
			{"valid_from", "date", false},
			{"act", "text", false},
			{"undone_at", "timestamptz", false},
			{"known_from", "timestamptz", false}
	},.guarded = true,.subject = ALIAS_OLD,.of_person = true,
	.key = "old, new, valid_from"},
	[REL_ORGANISATION] = {"organisation", 4, {
			{"organisation", "@organisation", true},
			{"bin", "@number", false},
			{"name", "text", false},
			{"owner", "text", false}
	},.guarded = true,.subject = ORGANISATION_ORGANISATION,
	.key = "organisation"},
	[REL_ORGANISATION_STATUS] = {"organisation_status", 6, {
			{"organisation", "@organisation", true},
			{"region", "text", true},
			{"class", "text", false},
			{"neighbours", "text[]", false},
			{"valid_from", "date", true},
			{"known_from", "timestamptz", false}
	},.guarded = true,.key = "organisation, valid_from, known_from"},
	[REL_ORGANISATION_SUCCESSION] = {"organisation_succession", 4, {
			{"old", "@organisation", true},
			{"new", "@organisation", true},
			{"day", "date", true},
			{"part", "numeric", false}
	},.traced = true,.key = "old, new, day"},
	[REL_REGION_SUCCESSION] = {"region_succession", 4, {
			{"old", "text", true},
			{"new", "text", true},
			{"day", "date", true},
			{"act", "text", false}
	},.traced = true,.key = "old, new, day"},
	[REL_SITE] = {"site", 7, {
			{"organisation", "@organisation", true},
			{"site", "text", true},
			{"profile", "text", false},
			{"doctor", "text", false},
			{"norm", "integer", false},
			{"valid_from", "date", true},
			{"known_from", "timestamptz", false}
	},.traced = true,.key = "organisation, site, valid_from, known_from"},
	[REL_CONTRACT] = {"contract", 5, {
			{"organisation", "@organisation", true},
			{"valid_from", "date", true},
			{"valid_to", "date", false},
			{"yearly_amount", "numeric", false},
			{"known_from", "timestamptz", false}
	},.guarded = true,.key = "organisation, valid_from, known_from"},
	[REL_CLERK] = {"clerk", 4, {
			{"clerk", "text", true},
			{"organisation", "@organisation", false},
			{"role", "text", false},
			{"valid_from", "date", false}
	},.traced = true,.key = "clerk"},
	[REL_APPLICATION] = {"application", 13, {
			{"application", "@application", true},
			{"person", "@person", true},
			{"applicant", "@person", false},
			{"organisation", "@organisation", true},
			{"channel", "text", false},
			{"ground", "text", false},
			{"state", "osms.application_state", true},
			{"submitted_at", "timestamptz", false},
			{"decided_at", "timestamptz", false},
			{"decided_by", "text", false},
			{"effective_on", "date", false},
			{"reason", "text", false},
			{"evidence_hash", "text", false}
	},.guarded = true,.subject = APPLICATION_PERSON,.of_person = true,
	.key = "application"},
	[REL_IDENTITY_EVENT] = {"identity_event", 10, {
			{"event", "@event", true},
			{"person", "@person", true},
			{"applicant", "@person", false},
			{"application", "@application", true},
			{"channel", "text", true},
			{"method", "text", true},
			{"provider", "text", false},
			{"clerk", "text", false},
			{"at", "timestamptz", true},
			{"evidence_hash", "text", false}
	},.guarded = true,.subject = EVENT_PERSON,.of_person = true,
	.key = "event"},
	[REL_AUTHORITY_ORDER] = {"authority_order", 6, {
			{"order_key", "text", true},
			{"number", "text", false},
			{"issued_on", "date", false},
			{"issuer", "text", false},
			{"cause", "text", false},
			{"valid_from", "date", true}
	},.guarded = true,.key = "order_key"},
	[REL_ORDER_SCOPE] = {"order_scope", 6, {
			{"order_key", "text", true},
			{"from_organisation", "@organisation", false},
			{"to_organisation", "@organisation", true},
			{"region", "text", false},
			{"site", "text", false},
			{"person", "@person", false}
	},.guarded = true},
	[REL_ATTACHMENT] = {"attachment", 11, {
			{"attachment", "@attachment", true},
			{"person", "@person", true},
			{"organisation", "@organisation", true},
			{"site", "text", false},
			{"state", "osms.attachment_state", true},
			{"since", "date", true},
			{"until", "date", false},
			{"application", "@application", false},
			{"order_key", "text", false},
			{"restores", "@attachment", false},
			{"reason", "text", false}
	},.guarded = true,.subject = ATTACHMENT_PERSON,.of_person = true,
	.key = "attachment"},
	[REL_ATTACHMENT_EVENT] = {"attachment_event", 11, {
			{"event", "@attachment", true},
			{"closes", "@attachment", true},
			{"person", "@person", true},
			{"organisation", "@organisation", true},
			{"site", "text", false},
			{"state", "osms.attachment_state", true},
			{"day", "date", true},
			{"application", "@application", false},
			{"order_key", "text", false},
			{"restores", "@attachment", false},
			{"reason", "text", false}
	},.guarded = true,.subject = CHAIN_PERSON,.of_person = true,
	.inner = true},
	[REL_INSURANCE] = {"insurance", 5, {
			{"person", "@person", true},
			{"month", "date", true},
			{"category", "text", false},
			{"paid", "boolean", false},
			{"known_from", "timestamptz", false}
	},.traced = true,.key = "person, month, known_from"},
	[REL_SERVICE] = {"service", 7, {
			{"service", "@service", true},
			{"person", "@person", true},
			{"organisation", "@organisation", true},
			{"served_on", "date", true},
			{"confirmed_at", "timestamptz", false},
			{"denied_at", "timestamptz", false},
			{"known_from", "timestamptz", false}
	},.traced = true,.key = "service"},
	[REL_COEFFICIENT] = {"coefficient", 8, {
			{"organisation", "@organisation", true},
			{"kind", "text", true},
			{"value", "numeric", true},
			{"valid_from", "date", true},
			{"known_from", "timestamptz", false},
			{"act", "text", false},
			{"point", "text", false},
			{"tag", "text", false}
	},.traced = true,.key = "organisation, kind, valid_from, known_from"},
	[REL_ADJUSTMENT] = {"adjustment", 5, {
			{"organisation", "@organisation", true},
			{"month", "date", true},
			{"line", "text", true},
			{"amount", "numeric", true},
			{"act", "text", false}
	},.traced = true},
	[REL_DEFECT] = {"defect", 6, {
			{"organisation", "@organisation", true},
			{"month", "date", true},
			{"defect_month", "date", true},
			{"code", "text", true},
			{"cases", "integer", true},
			{"act", "text", false}
	},.traced = true},
	[REL_PAYMENT] = {"payment", 4, {
			{"organisation", "@organisation", true},
			{"month", "date", true},
			{"amount", "numeric", true},
			{"known_from", "timestamptz", false}
	},.guarded = true,.subject = PAYMENT_ORGANISATION,
	.key = "organisation, month",.dated = PAYMENT_MONTH},
	[REL_ATTESTED_NUMBER] = {"attested_number", 3, {
			{"number", "text", true},
			{"act", "text", false},
			{"document", "text", false}
	},.traced = true,.key = "number"},
};

PG_FUNCTION_INFO_V1(osms_registry_columns);
PG_FUNCTION_INFO_V1(osms_relation_of);

/* Find a canonical relation by name. */
bool
relation_kind_of(const char *name, RelationKind *kind)
{
	for (int i = 0; i < REL_KINDS; i++)
		if (strcmp(canonical_relations[i].name, name) == 0)
		{
			*kind = i;
			return true;
		}
	return false;
}

/*
 * Which canonical relation this is, told by its name.  Errors: 42P01 where
 * there is no such relation, 22023 for one of another name.
 */
RelationKind
canonical_kind(Oid relation)
{
	char	   *name = relation_name(relation);
	RelationKind kind;

	if (!relation_kind_of(name, &kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a canonical relation", name),
				 errhint("SELECT DISTINCT relation FROM osms.registry_columns() lists them.")));
	return kind;
}

/* The types of canonical columns that are PostgreSQL's own. */
static const struct
{
	const char *name;
	Oid			type;
}			plain_types[] = {
	{"text", TEXTOID},
	{"text[]", TEXTARRAYOID},
	{"date", DATEOID},
	{"timestamptz", TIMESTAMPTZOID},
	{"boolean", BOOLOID},
	{"integer", INT4OID},
	{"numeric", NUMERICOID},
};

/*
 * Whether to read a value of a type runs no check: a key of a domain is read
 * as the type below it, but not one of a type that is made of others.
 */
static bool
is_plain_key(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			element = get_element_type(base);
	char		kind = get_typtype(OidIsValid(element) ? element : base);

	return kind == TYPTYPE_BASE || kind == TYPTYPE_ENUM;
}

/*
 * Whether C may read values of this type as those of a canonical column.  A
 * key has any plain type; that those of one kind agree is seen to where they
 * meet.
 */
bool
type_fits(const CanonicalColumn *column, Oid type)
{
	if (strcmp(column->type, "@number") == 0)
		return type == TEXTOID || type == VARCHAROID || type == BPCHAROID ||
			type == INT8OID || type == our_type("iin") ||
			type == our_type("bin");
	if (column->type[0] == '@')
		return is_plain_key(type);
	if (strncmp(column->type, "osms.", 5) == 0)
		return type == our_type(column->type + 5);
	for (int i = 0; i < (int) lengthof(plain_types); i++)
		if (strcmp(plain_types[i].name, column->type) == 0)
			return plain_types[i].type == type;
	return false;
}

/* Position of a canonical column, or -1. */
int
canonical_column(RelationKind kind, const char *name, int length)
{
	const CanonicalRelation *rel = &canonical_relations[kind];

	for (int i = 0; i < rel->ncolumns; i++)
		if ((int) strlen(rel->columns[i].name) == length &&
			memcmp(rel->columns[i].name, name, length) == 0)
			return i;
	return -1;
}

/* An expression for what a row "c" is told by, as text. */
const char *
key_text(const CanonicalRelation *shape)
{
	const char *key = shape->columns[0].name;

	if (shape->dated == 0)
		return psprintf("c.%s::text", key);
	return psprintf("concat_ws(', ', c.%s, to_char(c.%s, 'YYYY-MM-DD'))", key,
					shape->columns[shape->dated].name);
}

/*
 * registry_columns(inner): the canonical relations as rows, for set-up in
 * SQL; only with inner those that osms.map makes by itself.
 */
Datum
osms_registry_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int r = 0; r < REL_KINDS; r++)
	{
		const CanonicalRelation *rel = &canonical_relations[r];

		if (rel->inner && !PG_GETARG_BOOL(0))
			continue;
		for (int c = 0; c < rel->ncolumns; c++)
		{
			Datum		values[8];
			bool		nulls[8] = {0};

			values[0] = CStringGetTextDatum(rel->name);
			values[1] = Int32GetDatum(c + 1);
			values[2] = CStringGetTextDatum(rel->columns[c].name);
			values[3] = CStringGetTextDatum(rel->columns[c].type);
			values[4] = BoolGetDatum(rel->columns[c].needed);
			values[5] = BoolGetDatum(rel->guarded);
			nulls[6] = rel->key == NULL;
			if (rel->key)
				values[6] = CStringGetTextDatum(rel->key);
			values[7] = BoolGetDatum(rel->traced);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc,
								 values, nulls);
		}
	}
	return (Datum) 0;
}

/* relation_of(registry, relation): a table or view, NULL where absent. */
Datum
osms_relation_of(PG_FUNCTION_ARGS)
{
	Oid			namespace =
		get_namespace_oid(text_to_cstring(PG_GETARG_TEXT_PP(0)), true);
	Oid			relation;

	if (!OidIsValid(namespace) || isAnyTempNamespace(namespace))
		PG_RETURN_NULL();
	relation = get_relname_relid(text_to_cstring(PG_GETARG_TEXT_PP(1)),
								 namespace);
	switch (OidIsValid(relation) ? get_rel_relkind(relation) : '\0')
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
			PG_RETURN_OID(relation);
		default:
			PG_RETURN_NULL();
	}
}

/*
 * The columns of a record that say whose it is, as bits; 0 where a merge of
 * persons moves none of the relation.
 */
int
person_columns(RelationKind kind)
{
	switch (kind)
	{
		case REL_APPLICATION:
			return COLUMN_BIT(APPLICATION_PERSON) |
				COLUMN_BIT(APPLICATION_APPLICANT);
		case REL_IDENTITY_EVENT:
			return COLUMN_BIT(EVENT_PERSON) | COLUMN_BIT(EVENT_APPLICANT);
		case REL_ATTACHMENT:
			return COLUMN_BIT(ATTACHMENT_PERSON);
		default:
			return 0;
	}
}

/*
 * Position of the canonical column that a column of a view is; -1 for none.
 * Errors: 55000 where it was made as another one, whose name it does not bear
 * now.
 */
int
own_column(RelationKind kind, Oid canonical, const char *name,
		   const char *made_as)
{
	int			i = canonical_column(kind, name, strlen(name));

	if (i >= 0 && strcmp(name, made_as) != 0 &&
		canonical_column(kind, made_as, strlen(made_as)) >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of canonical relation \"%s\" was made as \"%s\"",
						name, get_rel_name(canonical), made_as),
				 errhint("Give the columns their canonical names again, or map the relation with osms.map().")));
	return i;
}

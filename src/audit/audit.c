/*
 * audit.c
 *		Judging the stored rows of a registry.
 *
 * The clauses of a relation become one query that joins other relations as a
 * whole, so the planner may hash, sort and go parallel, and memory is what
 * work_mem allows.  A clause that looks elsewhere for each row first asks,
 * at once, what the joins tell of nearly every row; where clauses look at
 * other rows of the same person, a join tells who has any.
 */
#include "osms.h"

#include "guard/cache.h"
#include "guard/guard.h"
#include "guard/judge.h"
#include "guard/plan.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/load.h"
#include "rule/rule.h"
#include "rule/template.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "nodes/execnodes.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_audit_relation);
PG_FUNCTION_INFO_V1(osms_row_findings);

/* What becomes of the rows of an audit: they are kept, and counted by rule. */
typedef struct AuditReceiver
{
	DestReceiver pub;
	const char *relation;
	ReturnSetInfo *result;
	const RuleSet *rules;
	bool	   *wanted;			/* of them */
	int64	   *count;
	DateADT		since;			/* what is over before is not told */
} AuditReceiver;

/* The columns of a record among those of the canonical relation. */
typedef struct RowReader
{
	const RuleSet *rules;
	Projection *projection;
	uint64		type;			/* of the record, which place is about: no
								 * other, nor this one altered, has the number */
	int			natts;
	int			place[MaxTupleAttributeNumber]; /* -1: not canonical */
} RowReader;

/*
 * Receive what these rules find: all of them where none is named.  Errors:
 * 22023 for the name of none.
 */
static void
receive_by(AuditReceiver *receiver, const RuleSet *rules, ArrayType *names)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;
	RuleId		rule;

	receiver->rules = rules;
	receiver->wanted = palloc(rules->nrules * sizeof(bool));
	receiver->count = palloc0(rules->nrules * sizeof(int64));
	memset(receiver->wanted, names == NULL, rules->nrules * sizeof(bool));
	if (names == NULL)
		return;
	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &n);
	for (int i = 0; i < n; i++)
	{
		char	   *name = nulls[i] ? "" : TextDatumGetCString(values[i]);

		if (!rule_of(rules, name, strlen(name), &rule))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there is no rule \"%s\"", name),
					 errhint("SELECT rule FROM osms.rule lists the rules.")));
		receiver->wanted[rule] = true;
	}
}

/* Whether audit judges by a clause. */
static bool
is_audited(const Guard *guard, const Clause *clause, const bool *wanted)
{
	return clause->audited && wanted[clause->rule] &&
		clause_enabled(guard, clause, true);
}

/* The stored rows of the relation. */
static char *
stored_rows(const Guard *guard)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < shape->ncolumns; i++)
		if (OidIsValid(guard->projection->type[i]))
			appendStringInfo(&columns, "%sc.%s", i ? ", " : "",
							 shape->columns[i].name);
	return expand(guard, psprintf("(SELECT w.*, w AS whole, 'I'::\"char\" AS op, -1 AS bits,"
					" true AS stored FROM (SELECT %s FROM {r}.%s c) w)",
					columns.data, shape->name));
}

/* The column by which a row of each relation begins; some have none. */
static const int begins[REL_KINDS] = {
	[REL_ATTACHMENT] = ATTACHMENT_SINCE,
	[REL_ATTACHMENT_EVENT] = CHAIN_DAY,
	[REL_APPLICATION] = APPLICATION_SUBMITTED_AT,
	[REL_IDENTITY_EVENT] = EVENT_AT,
	[REL_PERSON_ALIAS] = ALIAS_VALID_FROM,
	[REL_ORGANISATION_STATUS] = STATUS_VALID_FROM,
	[REL_CONTRACT] = CONTRACT_VALID_FROM,
	[REL_AUTHORITY_ORDER] = ORDER_VALID_FROM,
	[REL_PAYMENT] = PAYMENT_MONTH,
};

/* The day on which rows of the relation begin; one that is none is NULL. */
static const char *
first_day(const Guard *guard, Template *template)
{
	int			column = begins[guard->kind];
	Oid			type = guard->projection->type[column];
	const char *name = canonical_relations[guard->kind].columns[column].name;

	if (column == 0 || !OidIsValid(type))
		return "NULL::date";
	/* what no calendar has must not stop the audit that finds it */
	return write_text(template,
					  psprintf(type == TIMESTAMPTZOID ?
							   "{day_of: greatest(least(nullif(c.%s,"
							   " '-infinity'), '9999-01-01'), '0001-01-02')}" :
							   "nullif(c.%s, '-infinity')", name));
}

/* The last day on which what a lasting rule finds in a row holds. */
static const char *
last_day(const Guard *guard, RuleId rule, Template *template)
{
	if (guard->kind != REL_ATTACHMENT)
		return "'infinity'::date";
	return write_text(template, rule == RULE_ONE_ATTACHMENT ?
					  "greatest(coalesce({overlapping}.until, 'infinity'),"
					  " '0001-01-02') - 1" :
					  "greatest(coalesce(c.until, 'infinity'),"
					  " '0001-01-02') - 1");
}

/*
 * The query that judges the stored rows of a relation by the audited clauses:
 * key, person, rule, finding, day, in the order in which sift judges, by
 * person.  NULL where there is none.
 */
static char *
audit_query(const Guard *guard, const bool *wanted)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	StringInfoData findings;
	StringInfoData listed;		/* as values */
	StringInfoData tested;
	const RuleSet *rules = guard->rules;
	Template	template = template_of(guard);
	const char *day;
	bool		rows = false;
	int			n = 0;

	initStringInfo(&findings);
	initStringInfo(&listed);
	initStringInfo(&tested);
	for (int i = 0; i < rules->nclauses; i++)
	{
		const Clause *clause = &rules->clause[i];
		const Rule *rule = &rules->rule[clause->rule];
		const char *sql;

		if (!is_audited(guard, clause, wanted))
			continue;
		if (clause->predicate == NULL && clause->row != NULL)
		{
			rows = true;
			continue;
		}
		sql = clause->stored ? clause->stored : clause->predicate;
		if (clause->at_once)
			sql = psprintf("CASE WHEN (%s) IS NOT TRUE THEN %s END",
						   clause->at_once, sql);
		sql = write_text(&template, sql);
		if (sql == NULL)
			continue;
		appendStringInfo(&findings, ", (%s) AS f%d", sql, n);
		if (rule->lasts)
			appendStringInfo(&findings, ", %s AS until%d",
							 last_day(guard, clause->rule, &template), n);
		appendStringInfo(&listed, rule->lasts ?
						 "%s('%s', j.f%d, j.until%d)" :
						 "%s('%s', j.f%d, j.day)", n ? ", " : "",
						 rule->id, n, n);
		appendStringInfo(&tested, "%sj.f%d", n ? ", " : "", n);
		n++;
	}
	if (rows)
	{
		appendStringInfo(&findings, ","
									" osms_internal.row_findings(%u::regclass, c.whole)"
						 " AS rows",
						 guard->registry.relation[guard->kind]);
		appendStringInfo(&tested, "%sj.rows", n ? ", " : "");
	}
	if (tested.len == 0)
		return NULL;
	day = first_day(guard, &template);
	return psprintf("SELECT j.key, j.person, f.rule, ltrim(f.finding, '?'),"
					"  f.day"
					" FROM (SELECT * FROM (SELECT %s AS key, %s AS person,"
					"  c.%s AS first, %s AS second, c.%s AS third,"
					"  %s AS day%s"
					"  FROM %s c%s) j WHERE num_nonnulls(%s) > 0"
					"  ORDER BY j.first, j.second, j.third) j,"
					" LATERAL (%s%s%s%s) f(rule, finding, day)"
					" WHERE f.finding IS NOT NULL",
					key_text(shape),
					strcmp(shape->columns[shape->subject].name, "person") == 0
					? "c.person::text" : "NULL::text",
					shape->columns[shape->subject].name,
					guard->kind == REL_ATTACHMENT ? "c.since" : "NULL::date",
					shape->columns[0].name, day,
					findings.data, stored_rows(guard),
					write_joins(&template), tested.data,
					listed.len ? "VALUES " : "", listed.data,
					listed.len && rows ? " UNION ALL " : "",
					rows ? "SELECT split_part(x, ':', 1), split_part(x, ':', 2),"
					" j.day"
					" FROM unnest(j.rows) x" : "");
}

static void
begin_receiving(pg_attribute_unused() DestReceiver *self,
				pg_attribute_unused() int operation,
				pg_attribute_unused() TupleDesc desc)
{
}

static void
end_receiving(pg_attribute_unused() DestReceiver *self)
{
}

/* One finding: key, person, rule, finding, day. */
static bool
receive_finding(TupleTableSlot *slot, DestReceiver *self)
{
	AuditReceiver *receiver = (AuditReceiver *) self;
	Datum		values[6];
	bool		nulls[6];
	char	   *name;
	RuleId		rule;

	slot_getallattrs(slot);
	if (!slot->tts_isnull[4] &&
		DatumGetDateADT(slot->tts_values[4]) < receiver->since)
		return true;
	name = TextDatumGetCString(slot->tts_values[2]);
	if (!rule_of(receiver->rules, name, strlen(name), &rule) ||
		!receiver->wanted[rule])
		return true;
	receiver->count[rule]++;
	pfree(name);
	values[0] = CStringGetTextDatum(receiver->relation);
	nulls[0] = false;
	memcpy(values + 1, slot->tts_values, 5 * sizeof(Datum));
	memcpy(nulls + 1, slot->tts_isnull, 5 * sizeof(bool));
	tuplestore_putvalues(receiver->result->setResult,
						 receiver->result->setDesc, values, nulls);
	pfree(DatumGetPointer(values[0]));
	return true;
}

/* Tell how far an audit is: what each rule has found in a relation. */
static void
tell_progress(const Guard *guard, const AuditReceiver *receiver,
			  TimestampTz began)
{
	const RuleSet *rules = guard->rules;
	bool	   *told = palloc0(rules->nrules * sizeof(bool));
	long		seconds;
	int			microseconds;

	TimestampDifference(began, GetCurrentTimestamp(), &seconds, &microseconds);
	for (int i = 0; i < rules->nclauses; i++)
	{
		RuleId		rule = rules->clause[i].rule;

		if (told[rule] ||
			!is_audited(guard, &rules->clause[i], receiver->wanted))
			continue;
		told[rule] = true;
		ereport(NOTICE,
				(errmsg("audit of %s.%s: rule %s finds " INT64_FORMAT " rows",
						guard->registry.name, receiver->relation,
						rules->rule[rule].id, receiver->count[rule])));
	}
	ereport(NOTICE,
			(errmsg("audit of %s.%s took %ld.%d s", guard->registry.name,
					receiver->relation, seconds, microseconds / 100000)));
}

/* audit_relation(registry, relation, rules text[], progress boolean, since) */
Datum
osms_audit_relation(PG_FUNCTION_ARGS)
{
	bool		progress = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	AuditReceiver receiver = {
		.pub = {receive_finding, begin_receiving, end_receiving, end_receiving,
		DestNone},
		.result = (ReturnSetInfo *) fcinfo->resultinfo,
		.since = PG_ARGISNULL(4) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(4)
	};
	SPIExecuteOptions options = {.read_only = true,.dest = &receiver.pub};
	TimestampTz began = GetCurrentTimestamp();
	RelationKind kind;
	char	   *relation;
	Guard	   *guard;
	char	   *sql;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	relation = text_to_cstring(PG_GETARG_TEXT_PP(1));
	receiver.relation = relation;
	receive_by(&receiver, rules_for(CurrentMemoryContext),
			   PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2));
	if (!relation_kind_of(relation, &kind) ||
		!canonical_relations[kind].guarded)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a relation with rules", relation)));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard = guard_of_registry(text_to_cstring(PG_GETARG_TEXT_PP(0)), kind,
							  true);
	if (guard)
	{
		receive_by(&receiver, guard->rules,
				   PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2));
		guard->purpose = TO_AUDIT;
		sql = audit_query(guard, receiver.wanted);
		if (sql)
		{
			int			rc = SPI_execute_extended(sql, &options);

			if (rc < 0)
				elog(ERROR, "SPI_execute_extended failed: %s",
					 SPI_result_code_string(rc));
			if (progress)
				tell_progress(guard, &receiver, began);
		}
	}
	SPI_finish();
	return (Datum) 0;
}

/* Make ready to read records of one type as canonical rows. */
static void
read_type(RowReader *reader, TupleDesc desc, uint64 type)
{
	const Projection *p = reader->projection;

	reader->type = 0;
	reader->natts = desc->natts;
	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, a);
		int			i = canonical_column(p->kind, NameStr(att->attname),
										 strlen(NameStr(att->attname)));

		if (i >= 0 && att->atttypid != p->type[i])
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("row is not of relation \"%s\"",
							get_rel_name(p->canonical)),
					 errdetail("Its column \"%s\" has type %s.",
							   NameStr(att->attname),
							   format_type_be(att->atttypid)),
					 errhint("Give a whole row of the relation.")));
		reader->place[a] = i;
	}
	reader->type = type;
}

/* The reader of a call of row_findings, kept for the next row. */
static RowReader *
row_reader(FmgrInfo *flinfo, Oid canonical)
{
	RowReader  *reader = flinfo->fn_extra;
	RelationKind kind;
	MemoryContext old;

	if (reader && reader->projection->canonical == canonical)
		return reader;
	kind = canonical_kind(canonical);
	old = MemoryContextSwitchTo(flinfo->fn_mcxt);
	reader = palloc0(sizeof(RowReader));
	reader->rules = rules_for(CurrentMemoryContext);
	reader->projection = make_projection(kind, canonical);
	MemoryContextSwitchTo(old);
	flinfo->fn_extra = reader;
	return reader;
}

/*
 * row_findings(canonical regclass, row record): what the C clauses find in a
 * stored canonical row, as rule:finding, or NULL.
 */
Datum
osms_row_findings(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(1);
	RowReader  *reader = row_reader(fcinfo->flinfo, PG_GETARG_OID(0));
	const Projection *p = reader->projection;
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header),
	.t_data = header};
	Datum		values[MaxTupleAttributeNumber];
	bool		nulls[MaxTupleAttributeNumber];
	CanonicalRow row;
	RowChange	change = {.projection = p,.new = &row,.changed = -1,
	.stored = true};
	ArrayBuildState *result = NULL;
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
											  HeapTupleHeaderGetTypMod(header));
	uint64		type =
		assign_record_type_identifier(HeapTupleHeaderGetTypeId(header),
									  HeapTupleHeaderGetTypMod(header));

	if (reader->type != type)
		read_type(reader, desc, type);
	heap_deform_tuple(&tuple, desc, values, nulls);
	ReleaseTupleDesc(desc);
	memset(row.isnull, true, sizeof(row.isnull));
	for (int a = 0; a < reader->natts; a++)
		if (reader->place[a] >= 0)
		{
			row.value[reader->place[a]] = values[a];
			row.isnull[reader->place[a]] = nulls[a];
		}

	for (int i = 0; i < reader->rules->nclauses; i++)
	{
		const Clause *clause = &reader->rules->clause[i];
		const char *finding;

		if (clause->relation != p->kind || clause->row == NULL ||
			clause->predicate != NULL || !clause->audited ||
			(clause->needs & ~p->mapped) != 0)
			continue;
		finding = clause->row(&change);
		if (finding)
			result = accumArrayResult(result,
									  CStringGetTextDatum(psprintf("%s:%s", reader->rules->rule[clause->rule].id, finding)),
									  false, TEXTOID, CurrentMemoryContext);
	}
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(makeArrayResult(result, CurrentMemoryContext));
}

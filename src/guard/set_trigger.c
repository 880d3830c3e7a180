/*
 * set_trigger.c
 *		The set layer: what a statement did, judged and followed up under the
 *		lock on its persons.
 *
 * The person is the mutex of everything about that person.  Persons are
 * locked in the order of their keys, then looked at with a fresh snapshot,
 * then written about; never the other way round.
 */
#include "guard/guard.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_guard_set);
PG_FUNCTION_INFO_V1(osms_guard_truncate);
PG_FUNCTION_INFO_V1(osms_judge_pending);
PG_FUNCTION_INFO_V1(osms_enter_persons);

#define PERSONS_AMONG(persons) \
	"SELECT p.person, p.death_date, p.birth_date, p.sex, s.roster_complete," \
	" p.death_date + 1, p.region, p.stay_until, " IMPORT " IS NOT NULL" \
	" FROM {r}.person p, {r}.setting s WHERE p.person = ANY (" persons ")" \
	" ORDER BY p.person"
#define PERSONS PERSONS_AMONG("$1")
#define LOCKED " FOR NO KEY UPDATE OF p"

const char lock_of_persons[] = PERSONS LOCKED;

/*
 * A merge is about everybody to whom it leads, too: two that close a ring
 * with merges that stand have one of them in common.  The terms of the
 * recursion have one collation, which may be another than the parameter's.
 */
static const char lock_of_merged[] = PERSONS_AMONG(
	"ARRAY(SELECT unnest($1) UNION"
	" (WITH RECURSIVE heir AS (SELECT y.new FROM {r}.person_alias y"
	"   WHERE y.old = ANY ($1) AND y.undone_at IS NULL"
	"  UNION SELECT y.new FROM heir JOIN {r}.person_alias y"
	"   ON y.old = heir.new AND y.undone_at IS NULL)"
	"  SELECT heir.new FROM heir))") LOCKED;

/*
 * Read the persons of a chunk, and lock them, and note what rules look at and
 * what the roster copies of them.  The result tells for each change whether
 * its person is known; complete, whether the roster holds everybody; imports,
 * whether the transaction imports rows.
 */
bool *
read_persons(Chunk *chunk, bool lock_them, bool *complete, bool *imports)
{
	Guard	   *guard = chunk->guard;
	int			subject = CHANGE_NEW + canonical_relations[guard->kind].subject;
	Oid			type = get_array_type(subject_type(guard));
	Datum		persons = person_array(guard, chunk->persons, chunk->npersons);
	bool	   *known = palloc0(chunk->nchanges * sizeof(bool));
	int			extra = CHANGE_EXTRA(guard->kind);
	uint64		n = guard_execute(guard, lock_them ? PLAN_LOCK : PLAN_PERSONS,
								  !lock_them ? PERSONS :
								  guard->kind == REL_PERSON_ALIAS ?
								  lock_of_merged : lock_of_persons, 1, &type,
								  &persons);
	const Oid	read[] = {subject_type(guard), DATEOID, DATEOID,
		TupleDescAttr(guard->desc, extra + VERSION_SEX)->atttypid, BOOLOID,
	DATEOID, TEXTOID, DATEOID, BOOLOID};
	SPITupleTable *table = SPI_tuptable;
	uint64		r = 0;

	check_result(guard, lengthof(read), read);
	*complete = true;
	*imports = false;
	for (int i = 0; i < chunk->nchanges; i++)
	{
		Change	   *change = &chunk->changes[i];
		Datum		row[9];
		bool		nulls[9];
		int			until = CHANGE_NEW + ATTACHMENT_UNTIL;
		int			order = 1;

		if (change->isnull[subject])
			continue;
		for (; r < n; r++)
		{
			heap_deform_tuple(table->vals[r], table->tupdesc, row, nulls);
			*complete = DatumGetBool(row[4]);
			*imports = DatumGetBool(row[8]);
			order = compare_subjects(&row[0], &change->value[subject],
									 chunk->order);
			if (order >= 0)
				break;
		}
		known[i] = r < n && order == 0;
		if (!known[i])
			continue;
		change->value[extra + LOCKED_PERSON] = change->value[subject];
		change->isnull[extra + LOCKED_PERSON] = false;
		change->value[extra + LOCKED_DEATH] = row[1];
		change->isnull[extra + LOCKED_DEATH] = nulls[1];
		/* the query's own rows are freed below */
		if (!nulls[6])
			change->value[extra + LOCKED_REGION] = datumCopy(row[6], false, -1);
		change->isnull[extra + LOCKED_REGION] = nulls[6];
		change->value[extra + LOCKED_STAY] = row[7];
		change->isnull[extra + LOCKED_STAY] = nulls[7];
		if (guard->kind != REL_ATTACHMENT)
			continue;
		change->value[extra + VERSION_BIRTH] = row[2];
		change->isnull[extra + VERSION_BIRTH] = nulls[2];
		change->value[extra + VERSION_SEX] = row[3];
		change->isnull[extra + VERSION_SEX] = nulls[3];
		/* the earlier of the end and the day after death; open is infinity */
		change->value[extra + VERSION_UNTIL] =
			change->isnull[until] ? DateADTGetDatum(DATEVAL_NOEND) :
			change->value[until];
		if (!nulls[5] && DatumGetDateADT(row[5]) <
			DatumGetDateADT(change->value[extra + VERSION_UNTIL]))
			change->value[extra + VERSION_UNTIL] = row[5];
		change->isnull[extra + VERSION_UNTIL] = false;
	}
	SPI_freetuptable(table);
	return known;
}

/*
 * Since when a service counts no more is told by whoever writes it: what was
 * closed before must not come to know of it.  Errors: 22023.
 */
static void
check_denials(const Chunk *chunk)
{
	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];
		const int	denied = CHANGE_NEW + SERVICE_DENIED_AT;

		if (change->event == 'U' && !change->isnull[denied] &&
			(change->changed & COLUMN_BIT(SERVICE_DENIED_AT)) != 0 &&
			DatumGetTimestampTz(change->value[denied]) <= last_cut())
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a service is denied as of a moment that was closed over"),
					 errdetail("What was paid then counted it."),
					 errhint("Write since when that is known: clock_timestamp(), which is later than now() in a transaction that began before the closing.")));
	}
}

/* Judge a chunk and let everything that depends on it follow. */
void
guard_chunk(Chunk *chunk, Findings *findings)
{
	Guard	   *guard = chunk->guard;
	char	   *actor = GetUserNameFromId(writer_of(guard->source), false);
	bool		complete = true;
	bool		imports = false;
	bool	   *known = NULL;
	Oid			user;
	int			context;

	if (findings->stranger)
		see_what_is_shown(chunk, findings);
	as_owner_begin(&guard->registry, &user, &context);
	if (guard->kind == REL_ATTACHMENT && chunk->stale)
		hold_given(chunk);
	if (canonical_relations[guard->kind].of_person)
		known = read_persons(chunk, !only_files(chunk), &complete, &imports);
	else if (guard->kind == REL_PAYMENT)
		imports = read_payees(chunk, true);
	else if (guard->kind == REL_CONTRACT)
		lock_amended(chunk);
	else if (guard->kind == REL_SERVICE)
		check_denials(chunk);
	if (guard->kind == REL_ATTACHMENT || guard->kind == REL_PERSON)
		roster_begin_moment(guard, chunk->persons, chunk->npersons);
	if (guard->kind == REL_ATTACHMENT)
		roster_note_versions(chunk, known);
	chunk_publish(chunk);
	check_recurring_keys(chunk);
	if (guard->kind == REL_ATTACHMENT && !complete)
		roster_bring_in_line(chunk);
	as_owner_end(user, context);

	findings->imports = imports && may_import(guard);
	judge_chunk(chunk, findings);

	as_owner_begin(&guard->registry, &user, &context);
	write_journal(chunk, actor);
	note_moves(chunk);
	if (guard->kind == REL_ATTACHMENT)
	{
		roster_follow(chunk);
		note_sites(chunk, findings);
	}
	else if (guard->kind == REL_APPLICATION)
		follow_applications(chunk);
	else if (guard->kind == REL_PERSON)
		follow_persons(chunk);
	as_owner_end(user, context);
	if (guard->kind == REL_ATTACHMENT_EVENT)
		follow_events(chunk, findings);
}

/*
 * Whoever owns a guarded table could learn from its trigger who died or
 * lives where, of payments what is due to whom and agreed with whom; so the
 * owner must be one who may read that anyway.
 */
static void
check_table_owner(const Guard *guard, Relation table)
{
	static const char *const told[2][3] = {
		{"person", "roster"}, {"statement_line", "ledger", "contract"}
	};
	const char *const *names = told[guard->kind == REL_PAYMENT];

	for (int i = 0; i < (int) lengthof(told[0]) && names[i] != NULL; i++)
	{
		Oid			relation =
			get_relname_relid(names[i],
							  get_rel_namespace(guard->registry.roster));

		/* what is absent tells nothing */
		if (OidIsValid(relation) &&
			pg_class_aclcheck(relation, table->rd_rel->relowner,
							  ACL_SELECT) != ACLCHECK_OK)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("owner of guarded table \"%s\" may not read registry \"%s\"",
							RelationGetRelationName(table),
							guard->registry.name),
					 errhint("Grant SELECT on the registry's relation \"%s\" to the owner of the table; osms.check_registry() tells what else is missing.",
							 names[i])));
	}
}

/* Whether what is written to a relation may show in the roster. */
static bool
writes_roster(RelationKind kind)
{
	return kind == REL_ATTACHMENT || kind == REL_ATTACHMENT_EVENT ||
		kind == REL_PERSON;
}

/* The AFTER STATEMENT triggers of a guard. */
Datum
osms_guard_set(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Findings	findings = {.context = CurrentMemoryContext};
	Guard	   *guard;
	OwnersWrite this;

	guard_check_protocol(fcinfo, "osms.guard_set", false, false);
	if ((trigdata->tg_trigger->tgnewtable == NULL &&
		 !TRIGGER_FIRED_BY_DELETE(trigdata->tg_event)) ||
		(trigdata->tg_trigger->tgoldtable == NULL &&
		 !TRIGGER_FIRED_BY_INSERT(trigdata->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"osms.guard_set\" needs transition tables"),
				 errhint("Let osms.guard() make the trigger.")));

	guard = guard_of_trigger(trigdata);
	if (!canonical_relations[guard->kind].traced)
		check_table_owner(guard, trigdata->tg_relation);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard_depth++;
	begin_writer(&this, guard->source,
				 writer_of_statement(fcinfo->flinfo->fn_mcxt, guard),
				 trigger_depth());
	PG_TRY();
	{
		findings.stranger = is_stranger(guard);
		strangers += findings.stranger;
		if (writes_roster(guard->kind))
			lock_roster(guard);
		if (is_load(guard, trigdata))
			note_load(guard, trigdata);
		else
			for_each_chunk(guard, trigdata, fcinfo->flinfo->fn_mcxt,
						   &findings, guard_chunk);
		judge_sites(guard, &findings);
		note_judged(fcinfo->flinfo->fn_mcxt, guard, trigdata->tg_event);
		tell_findings(guard, &findings);
	}
	PG_FINALLY();
	{
		end_writer(&this);
		guard_depth--;
		strangers -= findings.stranger;
	}
	PG_END_TRY();
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* The BEFORE TRUNCATE trigger of a guard. */
Datum
osms_guard_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Findings	findings = {.context = CurrentMemoryContext};
	Guard	   *guard;

	guard_check_protocol(fcinfo, "osms.guard_truncate", false, true);
	guard = guard_of_trigger(trigdata);
	if (canonical_relations[guard->kind].traced)
		note_truncation(guard);
	else if (guard->modes[RULE_IMMUTABLE] != MODE_OFF)
		found(guard, RULE_IMMUTABLE, 0, "truncated", 'D', NULL, NULL,
			  &findings);
	tell_findings(guard, &findings);
	return PointerGetDatum(NULL);
}

/* Whether a noted person still counts twice, whoever waits for the lock. */
static bool
still_overlaps(Guard *guard, Datum person)
{
	static const char unpend[] =
	"DELETE FROM {r}.pending WHERE person = $1";
	Oid			types[] = {subject_type(guard),
	get_array_type(subject_type(guard))};
	Datum		persons = person_array(guard, &person, 1);

	guard_execute(guard, PLAN_UNPEND, unpend, 1, types, &person);
	guard_execute(guard, PLAN_LOCK, lock_of_persons, 1, types + 1, &persons);
	return roster_overlaps(guard, person);
}

/*
 * The deferred constraint trigger on pending: a person who counted twice
 * after some statement is looked at again when the transaction ends.  That
 * the row is there no more tells nothing: another row of the person may have
 * come first, or somebody may have deleted it.
 */
Datum
osms_judge_pending(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Relation	pending;
	int			column;
	char	   *registry;
	Guard	   *guard;
	Findings	findings = {.context = CurrentMemoryContext,.at_end = true};
	Oid			type;
	Datum		person;
	bool		isnull;
	Oid			user;
	int			context;
	OwnersWrite this;

	deferred_check_protocol(fcinfo, "osms.judge_pending", "pending");
	registry = trigdata->tg_trigger->tgargs[0];
	guard = guard_in_session(registry, REL_ATTACHMENT);
	if (guard == NULL)			/* or the session's was invalidated */
	{
		guard = guard_of_registry(registry, REL_ATTACHMENT, false);
		adopt_modes(guard);
	}
	type = subject_type(guard);
	pending = trigdata->tg_relation;
	column = get_attnum(RelationGetRelid(pending), "person");
	if (column <= 0 ||
		getBaseType(TupleDescAttr(RelationGetDescr(pending), column - 1)->atttypid) !=
		getBaseType(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("relation \"%s\" keeps no persons of registry \"%s\"",
						RelationGetRelationName(pending), registry),
				 errdetail("It needs a column \"person\" of type %s.",
						   format_type_be(type))));
	person = heap_getattr(trigdata->tg_trigtuple, column,
						  RelationGetDescr(pending), &isnull);
	if (isnull)
		return PointerGetDatum(NULL);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard_depth++;
	/* it runs as who commits, and from 18 on as who wrote the row, us */
	begin_writer(&this, guard->source, (Writer) {.role = GetOuterUserId()},
				 trigger_depth());
	PG_TRY();
	{
		bool		overlap = false;

		findings.stranger = is_stranger(guard);
		strangers += findings.stranger;
		if (findings.stranger &&
			(guard->arguments == NULL || !refuses_unshown(guard)))
			findings.shown = SHOWN_NOTHING;
		as_owner_begin(&guard->registry, &user, &context);
		if (guard->modes[RULE_ONE_ATTACHMENT] != MODE_ENFORCE)
			warn_of_overlaps(guard, &findings);
		else
			overlap = still_overlaps(guard, person);
		as_owner_end(user, context);
		if (overlap)
			found(guard, RULE_ONE_ATTACHMENT, ATTACHMENT_SINCE, "overlap",
				  'U', NULL, NULL, &findings);
		tell_findings(guard, &findings);
	}
	PG_FINALLY();
	{
		end_writer(&this);
		guard_depth--;
		strangers -= findings.stranger;
	}
	PG_END_TRY();
	SPI_finish();
	return PointerGetDatum(NULL);
}

/*
 * enter_persons(registry, persons): bring the roster of persons whom the
 * caller has locked in line with what the source holds.
 */
Datum
osms_enter_persons(PG_FUNCTION_ARGS)
{
	Guard	   *guard;
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	TypeCacheEntry *type = lookup_type_cache(ARR_ELEMTYPE(array), 0);
	Datum	   *persons;
	int			n;
	int64		entered;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard = guard_of_registry(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							  REL_ATTACHMENT, false);
	if (getBaseType(subject_type(guard)) != getBaseType(ARR_ELEMTYPE(array)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("registry keeps no attachments of persons of type %s",
						format_type_be(ARR_ELEMTYPE(array)))));
	deconstruct_array(array, type->type_id, type->typlen, type->typbyval,
					  type->typalign, &persons, NULL, &n);
	roster_begin_moment(guard, persons, n);
	entered = roster_enter_persons(guard, persons, n);
	SPI_finish();
	PG_RETURN_INT64(entered);
}

/*
 * keep.c
 *		What osms alone writes: the roster, the journal, what closed months
 *		were paid by, and what goes with them.
 *
 * Triggers keep these relations against every statement but ours, whoever
 * runs it.  A statement of ours carries a permit, which its triggers take
 * back when it begins, before anything else in it is evaluated.  So no
 * function, view or trigger of other people's that a statement of ours may
 * reach ever finds a permit, and no SQL can give one.
 */
#include "registry/keep.h"

#include "catalog.h"
#include "registry/guarded.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/restrict.h"
#include "security/settings.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(osms_keep);
PG_FUNCTION_INFO_V1(osms_keep_setting);
PG_FUNCTION_INFO_V1(osms_check_time_zone);
PG_FUNCTION_INFO_V1(osms_note_act);

#define REPAIRED_BY_POSTING \
	"osms.post_restatement() writes a correction into the ledger."
#define WRITTEN_BY_IMPORT \
	"osms.import_begin() and osms.import_end() write it."

/* The kept relations, and what to do instead of writing them. */
static const struct
{
	const char *name;
	const char *hint;
}			kept_relations[KEPT_RELATIONS] = {

	[KEPT_ROSTER] = {"roster",
	"Correct the rows that it follows; osms.fill_roster() brings it in line with them."},
	[KEPT_JOURNAL] = {"journal", "Say what was wrong where it was written: the journal will tell that, too."},
	[KEPT_MOVED] = {"moved", "It follows what a merge of persons moves."},
	[KEPT_PENDING] = {"pending", "It is empty again when the transaction ends."},
	[KEPT_IMPORT] = {"import", WRITTEN_BY_IMPORT},
	[KEPT_STATEMENT] = {"statement", REPAIRED_BY_POSTING},
	[KEPT_STATEMENT_LINE] = {"statement_line", REPAIRED_BY_POSTING},
	[KEPT_RESTATEMENT] = {"restatement", REPAIRED_BY_POSTING},
	[KEPT_RESTATEMENT_LINE] = {"restatement_line", REPAIRED_BY_POSTING},
	[KEPT_LEDGER] = {"ledger", REPAIRED_BY_POSTING},
};

/* What the statement about to begin may write, once each. */
typedef struct Permit
{
	Oid			registry;		/* the schema */
	uint32		writes;
} Permit;

static Permit permit;

/*
 * Refuse a kept relation that is not the table with our triggers alone that
 * was made: what others, rules or a table below leave to the end of the
 * transaction would run as whoever the session is then.  Errors: 55000.
 */
static void
check_only_ours(Oid registry, Kept kept)
{
	Oid			relation = get_relname_relid(kept_relations[kept].name,
											 registry);
	Relation	table = OidIsValid(relation) ?
		relation_open(relation, RowExclusiveLock) : NULL;

	if (table &&
		(table->rd_rel->relkind != RELKIND_RELATION || table->rd_rules))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"%s\" is not a table without rules, as osms made it",
						RelationGetRelationName(table)),
				 errhint("Drop its rules, or what stands in its place.")));
	/* a look-up may have the triggers read anew */
	for (int i = 0; table && table->trigdesc &&
		 i < table->trigdesc->numtriggers; i++)
		if (!is_our_function(table->trigdesc->triggers[i].tgfoid))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" has trigger \"%s\", which is not of osms",
							RelationGetRelationName(table),
							table->trigdesc->triggers[i].tgname),
					 errhint("DROP TRIGGER takes it away.")));
	if (table)
		relation_close(table, NoLock);
}

/*
 * Nothing that a write of ours to a kept relation fires is left to the end of
 * the transaction, but our own triggers on pending and import.
 */
static void
begin_kept_write(Oid registry, uint32 writes, Oid *user, int *context)
{
	bool		defers = false;
	static const Kept deferring[] = {KEPT_PENDING, KEPT_IMPORT};

	for (int i = 0; i < (int) lengthof(deferring); i++)
		if (writes & MAY_INSERT(deferring[i]))
		{
			check_only_ours(registry, deferring[i]);
			defers = true;
		}
	GetUserIdAndSecContext(user, context);
	SetUserIdAndSecContext(*user, defers ?
						   *context & ~SECURITY_RESTRICTED_OPERATION :
						   *context | SECURITY_RESTRICTED_OPERATION);
}

/*
 * Run a prepared query that writes kept relations of a registry, these ones
 * once each; as_set_up leaves to whoever calls what it may leave to the end of
 * the transaction.  Returns what SPI does.
 */
int
keep_execute_plan(Oid registry, uint32 writes, bool as_set_up, SPIPlanPtr plan,
				  Datum *values, Snapshot snapshot, Snapshot crosscheck)
{
	Permit		outer = permit;
	Oid			user;
	int			context;
	int			rc;

	permit.registry = registry;
	permit.writes = writes;
	begin_kept_write(registry, writes, &user, &context);
	if (as_set_up)
		SetUserIdAndSecContext(user, context);
	PG_TRY();
	{
		rc = SPI_execute_snapshot(plan, values, NULL, snapshot,
								  crosscheck, false, true, 0);
	}
	PG_FINALLY();
	{
		permit = outer;
	}
	PG_END_TRY();
	SetUserIdAndSecContext(user, context);
	return rc;
}

/*
 * Run a query that writes kept relations of a registry, these ones once
 * each.  The planner must find nothing of other people's in it that it could
 * evaluate, for the permit is there by then.  Returns the number of rows.
 */
uint64
keep_execute(Oid registry, uint32 writes, const char *sql, int nargs,
			 Oid *types, Datum *values, const char *nulls)
{
	Permit		outer = permit;
	Oid			user;
	int			context;
	int			level;
	Restriction before;
	int			rc;

	permit.registry = registry;
	permit.writes = writes;
	begin_kept_write(registry, writes, &user, &context);
	level = NewGUCNestLevel();
	set_parameter("osms.restrict_functions", "strict");
	hide_plans();
	before = restrict_hold();
	PG_TRY();
	{
		rc = SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);
	}
	PG_FINALLY();
	{
		permit = outer;
	}
	PG_END_TRY();
	restrict_release(before);
	AtEOXact_GUC(false, level);
	SetUserIdAndSecContext(user, context);
	if (rc < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s",
			 SPI_result_code_string(rc));
	return SPI_processed;
}

/* Whether a guard stands on the attachments of the registry of a table. */
static bool
is_followed(Relation table)
{
	Oid			namespace = RelationGetNamespace(table);
	const char *registry = get_namespace_name(namespace);
	Oid			attachment = get_relname_relid("attachment", namespace);
	Relation	source;
	bool		followed;

	if (!OidIsValid(attachment))
		return false;
	source = table_open(mapped_source(attachment), AccessShareLock);
	followed = guard_trigger_on(source, registry, "attachment") != NULL;
	table_close(source, AccessShareLock);
	return followed;
}

/* Refuse a statement that writes a kept relation. */
pg_noreturn static void
refuse_write(Relation table, Kept kept, bool insert)
{
	const char *name = RelationGetRelationName(table);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 insert ? errmsg("table \"%s\" takes only rows that osms writes", name) :
			 errmsg("rows of table \"%s\" do not change", name),
			 errdetail("Who counted where, who wrote what, what was paid and why, has to stay answerable."),
			 errhint("%s", kept < KEPT_RELATIONS ? kept_relations[kept].hint :
					 "Let osms.guard() make the trigger."),
			 errtable(table)));
}

/*
 * Trigger of the kept relations, before each statement.  A roster that no
 * guard keeps may be received from elsewhere: rows are added, and none ever
 * changes; the journal tells of it.
 */
Datum
osms_keep(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Relation	table;
	TriggerEvent event;
	uint32		write = 0;
	Kept		kept = 0;
	const Act	entered = {.relation = "roster",.event = 'I',.key = ""};

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired before each statement",
						"osms_internal.keep"),
				 errhint("Let osms.guard() make the trigger.")));
	table = trigdata->tg_relation;
	event = trigdata->tg_event;
	while (kept < KEPT_RELATIONS &&
		   strcmp(kept_relations[kept].name,
				  RelationGetRelationName(table)) != 0)
		kept++;
	if (kept < KEPT_RELATIONS && !TRIGGER_FIRED_BY_TRUNCATE(event))
		write = TRIGGER_FIRED_BY_INSERT(event) ? MAY_INSERT(kept) :
			TRIGGER_FIRED_BY_UPDATE(event) ? MAY_UPDATE(kept) :
			MAY_DELETE(kept);
	if ((permit.writes & write) != 0 &&
		permit.registry == RelationGetNamespace(table))
		permit.writes &= ~write;
	else if (kept == KEPT_ROSTER && TRIGGER_FIRED_BY_INSERT(event) &&
			 !is_followed(table))
		note_act(RelationGetNamespace(table), &entered);
	else
		refuse_write(table, kept, TRIGGER_FIRED_BY_INSERT(event));
	return PointerGetDatum(NULL);
}

/*
 * Write what was done to a registry into its journal, as its owner, in the
 * name of the current user.  A registry without attachments has none yet.
 */
void
note_act(Oid registry, const Act *act)
{
	static const char note[] =
		"INSERT INTO %1$s.journal (actor, relation, event, key, state_before,"
		" state_after, since, until, reason, changed, import)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (SELECT i.entry"
		" FROM %1$s.import i WHERE i.ended IS NULL AND i.transaction"
		" OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id_if_assigned()))";
	Oid			journal = get_relname_relid("journal", registry);
	const char *const texts[] = {act->before, act->after, act->reason};
	static const int places[] = {4, 5, 8};
	Oid			types[] = {TEXTOID, TEXTOID, CHAROID, TEXTOID, TEXTOID,
	TEXTOID, DATEOID, DATEOID, TEXTOID, TEXTARRAYOID};
	Datum		values[10];
	char		nulls[] = "    nnnnnn";
	Oid			user;
	int			context;

	if (!OidIsValid(journal))
		return;
	GetUserIdAndSecContext(&user, &context);
	values[0] = CStringGetTextDatum(act->actor ? act->actor :
									GetUserNameFromId(user, false));
	values[1] = CStringGetTextDatum(act->relation);
	values[2] = CharGetDatum(act->event);
	values[3] = CStringGetTextDatum(act->key);
	for (int i = 0; i < (int) lengthof(texts); i++)
		if (texts[i])
		{
			values[places[i]] = CStringGetTextDatum(texts[i]);
			nulls[places[i]] = ' ';
		}
	if (act->dated)
	{
		values[6] = DateADTGetDatum(act->since);
		values[7] = DateADTGetDatum(act->until);
		nulls[6] = nulls[7] = ' ';
	}
	if (act->changed)
	{
		values[9] = PointerGetDatum(act->changed);
		nulls[9] = ' ';
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SetUserIdAndSecContext(relation_owner(journal), context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	keep_execute(registry, MAY_INSERT(KEPT_JOURNAL),
				 psprintf(note,
						  quote_identifier(get_namespace_name(registry))),
				 lengthof(types), types, values, nulls);
	SetUserIdAndSecContext(user, context);
	SPI_finish();
}

static char *
text_argument(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
}

/*
 * Refuse to tell of acts of somebody who does nothing to a registry: its
 * owner does, and whoever owns a table behind it.
 */
static void
check_actor(Oid namespace)
{
	Oid			user = GetUserId();
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID,
										ObjectIdGetDatum(namespace));
	bool		allowed = HeapTupleIsValid(tuple) &&
		has_privs_of_role(user,
						  ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	for (int i = 0; i < REL_KINDS && !allowed; i++)
	{
		Oid			relation = get_relname_relid(canonical_relations[i].name,
												 namespace);

		allowed = OidIsValid(relation) &&
			has_privs_of_role(user, relation_owner(mapped_source(relation)));
	}
	if (!allowed)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the journal of registry \"%s\"",
						get_namespace_name(namespace)),
				 errhint("It tells what its owner, and the owners of the tables behind it, do to it.")));
}

/*
 * note_act(registry, relation, event, key, before, after, reason, changed):
 * what set-up in SQL did.  It tells of acts alone, never of rows.
 */
Datum
osms_note_act(PG_FUNCTION_ARGS)
{
	static const char *const acts[] = {
		"registry", "mapping", "guard", "rule", "keep"
	};
	char	   *registry = text_argument(fcinfo, 0);
	Act			act = {.relation = text_argument(fcinfo, 1),
		.key = text_argument(fcinfo, 3),.before = text_argument(fcinfo, 4),
	.after = text_argument(fcinfo, 5),.reason = text_argument(fcinfo, 6)};
	Oid			namespace;
	int			i = 0;

	if (registry == NULL || act.relation == NULL || PG_ARGISNULL(2) ||
		act.key == NULL)
		PG_RETURN_VOID();
	act.event = PG_GETARG_CHAR(2);
	if (!PG_ARGISNULL(7))
		act.changed = PG_GETARG_ARRAYTYPE_P(7);
	while (i < (int) lengthof(acts) && strcmp(acts[i], act.relation) != 0)
		i++;
	if (i == (int) lengthof(acts))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not an act", act.relation),
				 errhint("Rows are told of by the guard.")));
	namespace = get_namespace_oid(registry, false);
	check_actor(namespace);
	note_act(namespace, &act);
	PG_RETURN_VOID();
}

/* A column of a row of setting as text; NULL where there is no such row. */
static char *
setting_value(HeapTuple row, TupleDesc desc, int column)
{
	return row ? SPI_getvalue(row, desc, column) : NULL;
}

/* Refuse a time zone in which no day could be told.  Errors: 22023. */
static void
check_time_zone(const char *name)
{
	if (name == NULL || pg_tzset(name) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name ? name : ""),
				 errhint("Name one like Asia/Almaty: SELECT name FROM pg_timezone_names lists them.")));
}

/* check_time_zone(name): the same for a registry that is not yet made. */
Datum
osms_check_time_zone(PG_FUNCTION_ARGS)
{
	check_time_zone(PG_ARGISNULL(0) ? NULL :
					text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}

/* Columns of setting that say what other acts tell. */
static bool
is_told_elsewhere(const char *column)
{
	return strcmp(column, "epoch") == 0 || strcmp(column, "filled_under") == 0;
}

/*
 * Trigger of the relation setting, after each row and after TRUNCATE: the
 * journal tells of every value that changed.  Errors: 22023 for a time zone
 * that is none.
 */
Datum
osms_keep_setting(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	TriggerEvent event;
	TupleDesc	desc;
	Oid			registry;
	HeapTuple	old = NULL;
	HeapTuple	new = NULL;
	const Act	emptied = {.relation = "setting",.event = 'T',.key = ""};

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ==
		TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired after each row or after TRUNCATE",
						"osms_internal.keep_setting"),
				 errhint("Let osms.guard() make the trigger.")));
	event = trigdata->tg_event;
	desc = RelationGetDescr(trigdata->tg_relation);
	registry = RelationGetNamespace(trigdata->tg_relation);
	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		note_act(registry, &emptied);
	else if (TRIGGER_FIRED_BY_INSERT(event))
		new = trigdata->tg_trigtuple;
	else
	{
		old = trigdata->tg_trigtuple;
		new = TRIGGER_FIRED_BY_UPDATE(event) ? trigdata->tg_newtuple : NULL;
	}
	for (int i = 1; i <= desc->natts && (old || new); i++)
	{
		Act			act = {.relation = "setting",
			.event = !old ? 'I' : new ? 'U' : 'D',
			.key = NameStr(TupleDescAttr(desc, i - 1)->attname),
			.before = setting_value(old, desc, i),
		.after = setting_value(new, desc, i)};

		if (!is_told_elsewhere(act.key) &&
			(act.before == NULL ? act.after != NULL :
			 act.after == NULL || strcmp(act.before, act.after) != 0))
		{
			if (new && strcmp(act.key, "time_zone") == 0)
				check_time_zone(act.after);
			note_act(registry, &act);
		}
	}
	return PointerGetDatum(NULL);
}

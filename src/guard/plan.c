/*
 * plan.c
 *		Queries of a guard: run as the registry's owner, with a snapshot that
 *		shows what was committed before the lock was granted.
 */
#include "guard/plan.h"

#include "catalog.h"
#include "guard/conceal.h"
#include "guard/guard.h"
#include "registry/keep.h"
#include "registry/known_from.h"
#include "registry/open.h"
#include "registry/registry.h"
#include "rule/template.h"
#include "security/looking.h"
#include "security/restrict.h"
#include "security/settings.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

/*
 * A chunk is a handful of rows looked up by key.  Were the planner free, the
 * plan kept from a day with small tables would scan the large ones later.
 */
static const char *const planner_settings[] = {
	"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"
};

/* Plans of a guard that write kept relations. */
static const uint32 plan_writes[GUARD_PLANS] = {
	[PLAN_ADD_LEGACY] = MAY_INSERT(KEPT_ROSTER),
	[PLAN_END_VERSIONS] = MAY_UPDATE(KEPT_ROSTER),
	[PLAN_END_STALE] = MAY_UPDATE(KEPT_ROSTER),
	[PLAN_ADD_VERSIONS] = MAY_INSERT(KEPT_ROSTER),
	[PLAN_REMARK] = MAY_UPDATE(KEPT_ROSTER) | MAY_INSERT(KEPT_ROSTER),
	[PLAN_CORRECT_PERSON] = MAY_UPDATE(KEPT_ROSTER) | MAY_INSERT(KEPT_ROSTER),
	[PLAN_COUNT_AGAIN] = MAY_UPDATE(KEPT_ROSTER) | MAY_INSERT(KEPT_ROSTER),
	[PLAN_END_PERSON] = MAY_UPDATE(KEPT_ROSTER),
	[PLAN_PEND] = MAY_INSERT(KEPT_PENDING),
	[PLAN_UNPEND] = MAY_DELETE(KEPT_PENDING),
	[PLAN_UNPEND_ALL] = MAY_DELETE(KEPT_PENDING),
	[PLAN_NOTE_MOVES] = MAY_INSERT(KEPT_MOVED),
	[PLAN_JOURNAL] = MAY_INSERT(KEPT_JOURNAL),
};

/* Type of the column a guard sorts and locks by. */
Oid
subject_type(const Guard *guard)
{
	return guard->projection->type[canonical_relations[guard->kind].subject];
}

/* An array of subjects, for "= ANY ($1)". */
Datum
person_array(const Guard *guard, Datum *persons, int n)
{
	TypeCacheEntry *type = lookup_type_cache(subject_type(guard), 0);

	return PointerGetDatum(construct_array(persons, n, type->type_id,
										   type->typlen, type->typbyval,
										   type->typalign));
}

/* For what texts of a guard are written. */
Template
template_of(const Guard *guard)
{
	Template	template = {.rules = guard->rules};

	template.registry = &guard->registry;
	template.projection = guard->projection;
	template.purpose = guard->purpose;
	return template;
}

/* Write a query of a guard. */
char *
expand(const Guard *guard, const char *sql)
{
	Template	template = template_of(guard);

	template.purpose = TO_GUARD;
	return write_text(&template, sql);
}

/* Run a prepared query; what a stored row raises is not for every writer. */
static int
run_plan(const Guard *guard, GuardPlan plan, Datum *values, Snapshot snapshot,
		 Snapshot crosscheck)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			outer = looking_up;
	bool		follows = plan == PLAN_FOLLOW;	/* as write_as() has it */
	volatile int rc = 0;

	looking_up = follows ? InvalidOid :
		relation_owner(guard->registry.roster);
	PG_TRY();
	{
		rc = keep_execute_plan(get_rel_namespace(guard->registry.roster),
							   plan_writes[plan], follows, guard->plans[plan],
							   values, snapshot, crosscheck);
	}
	PG_CATCH();
	{
		looking_up = outer;
		conceal_error(guard, follows, caller);
	}
	PG_END_TRY();
	looking_up = outer;
	return rc;
}

/* Run a query with these snapshots; see guard_execute. */
static uint64
execute_with(Guard *guard, GuardPlan plan, const char *sql, int nargs,
			 Oid *types, Datum *values, Snapshot snapshot, Snapshot crosscheck)
{
	int			level = NewGUCNestLevel();
	MemoryContext caller = CurrentMemoryContext;
	Restriction before;
	int			rc;

	for (int i = 0; i < (int) lengthof(planner_settings); i++)
		set_parameter(planner_settings[i], "off");
	hide_plans();
	if (plan != PLAN_FOLLOW)
	{
		set_parameter("search_path", PINNED_PATH);
		set_parameter("osms.restrict_functions", "strict");
		/* a policy that hides rows is an error, not a blind spot */
		set_parameter("row_security", "off");
	}
	note_written_roster(guard->registry.roster);
	before = restrict_hold();
	if (guard->plans[plan] == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare_cursor(expand(guard, sql), nargs,
												  types,
												  CURSOR_OPT_GENERIC_PLAN);

		if (prepared == NULL)
			elog(ERROR, "SPI_prepare failed: %s",
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(prepared);
		guard->plans[plan] = prepared;
	}
	rc = run_plan(guard, plan, values, snapshot, crosscheck);
	if (rc < 0)
		elog(ERROR, "SPI_execute_snapshot failed: %s",
			 SPI_result_code_string(rc));
	restrict_release(before);
	AtEOXact_GUC(false, level);
	/* SPI leaves its own memory current, which lives as long as the statement */
	MemoryContextSwitchTo(caller);
	return SPI_processed;
}

/*
 * Run a query of the guard and return the number of its rows, which are in
 * SPI_tuptable.  sql is expanded and prepared at the first call.
 *
 * Names resolve in pg_catalog and osms alone, and no code of other people
 * runs.  PLAN_FOLLOW writes to source tables and so fires other people's
 * triggers: it runs as write_as() sets it up, and spells out its operator.
 *
 * At the higher isolation levels the transaction's snapshot is older than
 * the lock, so the query sees with the latest one, and an UPDATE of what the
 * transaction cannot see fails with 40001, as in ri_triggers.c.
 */
uint64
guard_execute(Guard *guard, GuardPlan plan, const char *sql,
			  int nargs, Oid *types, Datum *values)
{
	Snapshot	snapshot = InvalidSnapshot;
	Snapshot	crosscheck = InvalidSnapshot;

	if (IsolationUsesXactSnapshot())
	{
		CommandCounterIncrement();
		snapshot = GetLatestSnapshot();
		crosscheck = GetTransactionSnapshot();
	}
	return execute_with(guard, plan, sql, nargs, types, values, snapshot,
						crosscheck);
}

/*
 * See that the rows of the last query begin with columns of these types,
 * before C reads them: another relation may have come in the place of the one
 * that was looked up, or have been altered since.  Errors: 42804.
 */
void
check_result(const Guard *guard, int n, const Oid *types)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;

	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!IsBinaryCoercible(att->atttypid, types[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" in registry \"%s\" has type %s",
							NameStr(att->attname), guard->registry.unquoted,
							format_type_be(att->atttypid)),
					 errdetail("The guard reads it as %s.",
							   format_type_be(types[i])),
					 errhint("Give the column that type again; osms.check_registry() tells what else is wrong.")));
	}
}

/*
 * Whether a query of one row and column gives with the transaction's own
 * snapshot what it gives with the latest one.
 */
bool
guard_sees_latest(Guard *guard, GuardPlan plan, const char *sql,
				  int nargs, Oid *types, Datum *values)
{
	char	   *results[2];

	CommandCounterIncrement();
	for (int i = 0; i < (int) lengthof(results); i++)
	{
		execute_with(guard, plan, sql, nargs, types, values,
					 i == 0 ? GetLatestSnapshot() : GetTransactionSnapshot(),
					 InvalidSnapshot);
		results[i] = SPI_getvalue(SPI_tuptable->vals[0],
								  SPI_tuptable->tupdesc, 1);
		SPI_freetuptable(SPI_tuptable);
	}
	if (results[0] == NULL || results[1] == NULL)
		return results[0] == results[1];
	return strcmp(results[0], results[1]) == 0;
}

/*
 * Let queries read a tuple store under a name.  The planner is told of a
 * hundred rows however many there are, so that one plan serves all.  SPI
 * keeps its list of such relations in the memory that is current at the
 * first offer, which must live until SPI_finish.
 */
EphemeralNamedRelation
offer_relation(const char *name, TupleDesc desc, Tuplestorestate *store)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	int			rc;

	enr->md.name = pstrdup(name);
	enr->md.tupdesc = desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = 100;
	enr->reldata = store;
	rc = SPI_register_relation(enr);
	if (rc != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s",
			 SPI_result_code_string(rc));
	return enr;
}

void
withdraw_relation(const char *name)
{
	(void) SPI_unregister_relation(name);
}

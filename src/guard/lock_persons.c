/*
 * lock_persons.c
 *		Locking persons for a workflow call.
 *
 * A workflow call takes the same locks as a guard (lock.c) before it looks.
 * It comes to the rows of the persons last, where a statement may hold them
 * that waits for the persons: so it never waits for a row while it holds a
 * person, but lets go of all and begins again.
 */
#include "osms.h"

#include "catalog.h"
#include "guard/cache.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/key_set.h"
#include "guard/lock.h"
#include "guard/plan.h"
#include "registry/attempt.h"
#include "registry/open.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/owner.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(osms_lock_persons);

/* Relations whose writers may lock persons, and that are looked at then. */
static const RelationKind about_persons[] = {
	REL_PERSON, REL_APPLICATION, REL_IDENTITY_EVENT, REL_ATTACHMENT
};

/* A lock holds up every other writer, so it is for writers alone. */
static void
check_writer(const Registry *registry)
{
	for (int i = 0; i < (int) lengthof(about_persons); i++)
	{
		Oid			relation = registry->relation[about_persons[i]];

		/* any of the two, on the whole or on a column */
		if (OidIsValid(relation) &&
			(pg_class_aclcheck(relation, GetUserId(),
							   ACL_INSERT | ACL_UPDATE) == ACLCHECK_OK ||
			 pg_attribute_aclcheck_all(relation, GetUserId(),
									   ACL_INSERT | ACL_UPDATE,
									   ACLMASK_ANY) == ACLCHECK_OK))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to lock persons of registry %s",
					registry->name),
			 errhint("It is granted with INSERT or UPDATE on the registry's person, application, identity_event or attachment.")));
}

/*
 * What the transaction will see of locked persons must be what is there.
 * Errors: 40001 where another has written since the snapshot was taken.
 */
static void
check_snapshot(Guard *guard, Oid type, Datum persons)
{
	static const RelationKind seen[] = {
		REL_PERSON, REL_APPLICATION, REL_ATTACHMENT
	};
	StringInfoData sql;
	const char *separator = "";

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT count(*) || ' ' ||"
						   " sum(hashtextextended(v.entire, 0)) FROM (");
	for (int i = 0; i < (int) lengthof(seen); i++)
		if (OidIsValid(guard->registry.relation[seen[i]]))
		{
			appendStringInfo(&sql, "%sSELECT entire::text FROM {r}.%s entire"
							 " WHERE entire.person = ANY ($1)", separator,
							 canonical_relations[seen[i]].name);
			separator = " UNION ALL ";
		}
	appendStringInfoString(&sql, ") v (entire)");
	if (!guard_sees_latest(guard, PLAN_SEEN, sql.data, 1, &type, &persons))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update"),
				 errhint("Repeat the transaction.")));
}

/* Relations of whose rows a call writes some, each with its plans. */
static const struct
{
	RelationKind kind;
	GuardPlan	lock;
	GuardPlan	keys;
	GuardPlan	wait;
}			written_rows[] = {
	{REL_ATTACHMENT, PLAN_LOCK_ATTACHMENTS, PLAN_KEYS_OF_ATTACHMENTS, PLAN_WAIT_FOR_ATTACHMENT},
	{REL_APPLICATION, PLAN_LOCK_APPLICATIONS, PLAN_KEYS_OF_APPLICATIONS, PLAN_WAIT_FOR_APPLICATION},
};

/*
 * Whether rows of a relation can be locked for who keeps the registry: not of
 * events, which are only added.
 */
static bool
may_lock_rows(const Registry *registry, RelationKind kind)
{
	Oid			relation = registry->relation[kind];
	Oid			source;

	if (!OidIsValid(relation) ||
		(kind == REL_ATTACHMENT &&
		 OidIsValid(registry->relation[REL_ATTACHMENT_EVENT])))
		return false;
	source = mapped_source(relation);
	return pg_class_aclcheck(relation, registry->owner,
							 ACL_UPDATE) == ACLCHECK_OK &&
		pg_class_aclcheck(source, relation_owner(relation),
						  ACL_UPDATE) == ACLCHECK_OK;
}

/* A call on its way to its locks. */
typedef struct Locks
{
	Guard	   *guard;
	KeySet		persons;
	KeySet		organisations;
	bool		at_rows;		/* has come to the rows of persons */
} Locks;

/* Lock persons chunk by chunk, and then their rows, without waiting for these. */
static void
lock_all(void *arg)
{
	Locks	   *locks = arg;
	Guard	   *guard = locks->guard;
	Oid			type = get_array_type(locks->persons.type);
	Oid			user;
	int			context;

	locks->at_rows = false;
	as_owner_begin(guard->registry.owner, &user, &context);
	lock_contracts(guard, hold_of_contracts, &locks->organisations);
	for (int i = 0; i < locks->persons.n; i += CHUNK_PERSONS)
	{
		Datum		chunk = person_array(guard, locks->persons.keys + i,
										 Min(CHUNK_PERSONS, locks->persons.n - i));

		CHECK_FOR_INTERRUPTS();
		locks->at_rows = false;
		guard_execute(guard, PLAN_LOCK, lock_of_persons, 1, &type, &chunk);
		SPI_freetuptable(SPI_tuptable);
		if (IsolationUsesXactSnapshot())
			check_snapshot(guard, type, chunk);
		locks->at_rows = true;
		for (int r = 0; r < (int) lengthof(written_rows); r++)
		{
			const char *name = canonical_relations[written_rows[r].kind].name;

			if (!may_lock_rows(&guard->registry, written_rows[r].kind))
				continue;
			guard_execute(guard, written_rows[r].lock,
						  psprintf("SELECT FROM {r}.%s x"
								   " WHERE x.person = ANY ($1)"
								   " FOR NO KEY UPDATE NOWAIT", name),
						  1, &type, &chunk);
			SPI_freetuptable(SPI_tuptable);
		}
		pfree(DatumGetPointer(chunk));
	}
	as_owner_end(user, context);
}

/* Whether an error is that of a timeout, and not of a row that is locked. */
static bool
is_canceled(const ErrorData *error)
{
	return error->funcname && strcmp(error->funcname, "ProcessInterrupts") == 0;
}

/* Whether some work was done, and did not come to a row that is locked. */
static bool
was_done(void (*work) (void *locks), Locks *locks, bool keep)
{
	ErrorData  *error = act_in_subtransaction(work, locks, keep);

	/* lock_timeout has the same code, and is meant to end the statement */
	if (error && (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE ||
				  !locks->at_rows || is_canceled(error)))
		ReThrowError(error);
	return error == NULL;
}

/* The row that a call waits for. */
typedef struct Row
{
	Locks		locks;			/* first: the work is done on it */
	int			relation;		/* in written_rows */
	Oid			type;
	Datum		key;
} Row;

/* Wait for whoever holds a row. */
static void
wait_for_row(void *arg)
{
	const Row  *row = arg;
	Guard	   *guard = row->locks.guard;
	Oid			type = row->type;
	Datum		key = row->key;
	Oid			user;
	int			context;

	as_owner_begin(guard->registry.owner, &user, &context);
	guard_execute(guard, written_rows[row->relation].wait,
				  psprintf("SELECT FROM {r}.%s x WHERE x.%s = $1"
						   " FOR NO KEY UPDATE",
						   canonical_relations[written_rows[row->relation].kind].name,
						   canonical_relations[written_rows[row->relation].kind].columns[0].name),
				  1, &type, &key);
	SPI_freetuptable(SPI_tuptable);
	as_owner_end(user, context);
}

pg_noreturn static void
report_row_without_key(const Guard *guard, const CanonicalRelation *shape)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a row of relation \"%s\" of registry \"%s\" has no key",
					shape->name, guard->registry.unquoted),
			 errdetail("Somebody holds it, and nothing says for which row to wait."),
			 errhint("Give every row a key; osms.check_registry() tells of those without.")));
}

/*
 * Wait for whoever holds rows of the persons, for one row at a time and with
 * nothing held that he may wait for.
 */
static void
wait_for_rows(Locks *locks)
{
	Guard	   *guard = locks->guard;
	Oid			type = get_array_type(locks->persons.type);
	Datum		persons = person_array(guard, locks->persons.keys,
									   locks->persons.n);

	for (int r = 0; r < (int) lengthof(written_rows); r++)
	{
		const CanonicalRelation *shape = &canonical_relations[written_rows[r].kind];
		Row			row = {.locks = {.guard = guard},.relation = r};
		SPITupleTable *table;
		uint64		n;
		Oid			user;
		int			context;

		if (!may_lock_rows(&guard->registry, written_rows[r].kind))
			continue;
		as_owner_begin(guard->registry.owner, &user, &context);
		n = guard_execute(guard, written_rows[r].keys,
						  psprintf("SELECT x.%s FROM {r}.%s x"
								   " WHERE x.person = ANY ($1)",
								   shape->columns[0].name, shape->name),
						  1, &type, &persons);
		as_owner_end(user, context);
		table = SPI_tuptable;
		row.type = TupleDescAttr(table->tupdesc, 0)->atttypid;
		for (uint64 i = 0; i < n; i++)
		{
			bool		isnull;

			CHECK_FOR_INTERRUPTS();
			row.key = SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull);
			if (isnull)
				report_row_without_key(guard, shape);
			(void) was_done(wait_for_row, &row.locks, false);
		}
		SPI_freetuptable(table);
	}
}

/*
 * lock_persons(registry, persons, organisations): lock persons as a guard
 * does, and what a call will write of them, so that what is read of them
 * afterwards stays as it is; and hold the contracts of the organisations to
 * which they are to be attached.
 */
Datum
osms_lock_persons(PG_FUNCTION_ARGS)
{
	Locks		locks = {.guard = NULL};
	Guard	   *guard;
	MemoryContext round;
	MemoryContext caller;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	round = AllocSetContextCreate(CurrentMemoryContext, "osms locks",
								  ALLOCSET_SMALL_SIZES);
	guard = guard_as_set_up(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							REL_ATTACHMENT);
	check_writer(&guard->registry);
	locks.guard = guard;
	guard_depth++;
	PG_TRY();
	{
		begin_keys(&locks.persons, subject_type(guard), guard->collation);
		read_keys(&locks.persons, PG_GETARG_ARRAYTYPE_P(1));
		if (needs_contracts(guard))
		{
			begin_keys(&locks.organisations,
					   guard->projection->type[ATTACHMENT_ORGANISATION],
					   guard->projection->collation[ATTACHMENT_ORGANISATION]);
			read_keys(&locks.organisations, PG_GETARG_ARRAYTYPE_P(2));
		}
		lock_roster(guard);
		caller = MemoryContextSwitchTo(round);
		while (!was_done(lock_all, &locks, true))
		{
			wait_for_rows(&locks);
			MemoryContextReset(round);
		}
		MemoryContextSwitchTo(caller);
	}
	PG_FINALLY();
	{
		guard_depth--;
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * lock.c
 *		What is locked, and in which order.
 *
 * A statement locks the rows that it writes before any trigger runs.  Then a
 * guard takes what it needs, always in this order: the roster, so that no
 * closing comes between; the contracts of all organisations to which the
 * statement attaches; the persons, chunk by chunk, in the order of their keys.
 * Whoever changes or amends a contract locks its rows and nothing after them.
 *
 * A workflow call takes the same locks before it looks.  It comes to the rows
 * of the persons last, where a statement may hold them that waits for the
 * persons: so it never waits for a row while it holds a person, but lets go
 * of all and begins again.
 */
#include "guard/guard.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(osms_lock_persons);

#define CONTRACT_ROWS \
	"SELECT FROM {r}.contract k WHERE k.organisation = ANY ($1)" \
	" ORDER BY k.organisation, k.valid_from, k.known_from"

/* KEY SHARE would not wait for a change of valid_to or yearly_amount. */
const char hold_of_contracts[] = CONTRACT_ROWS " FOR SHARE";

/* Begin a set of keys.  Errors: 42883 where their type has no order. */
void
begin_keys(KeySet *set, Oid type, Oid collation)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_CMP_PROC_FINFO);

	if (!OidIsValid(entry->cmp_proc_finfo.fn_oid))
		report_unordered(type);
	*set = (KeySet) {.type = type,.order.collation = collation,
	.context = CurrentMemoryContext,.allocated = 64};
	fmgr_info_copy(&set->order.cmp, &entry->cmp_proc_finfo,
				   CurrentMemoryContext);
	get_typlenbyval(type, &set->length, &set->byval);
	set->keys = palloc(set->allocated * sizeof(Datum));
}

/* Sort the keys of a set, each once. */
static void
sort_keys(KeySet *set)
{
	qsort_arg(set->keys, set->n, sizeof(Datum), compare_subjects, &set->order);
	set->n = qunique_arg(set->keys, set->n, sizeof(Datum), compare_subjects,
						 &set->order);
}

void
add_key(KeySet *set, Datum key)
{
	MemoryContext caller;

	/* many rows in turn have the same */
	if (set->n > 0 && compare_subjects(&set->keys[set->n - 1], &key,
									   &set->order) == 0)
		return;
	caller = MemoryContextSwitchTo(set->context);
	if (set->n == set->allocated)
	{
		sort_keys(set);
		if (set->n > set->allocated / 2)
			set->allocated *= 2;
		set->keys = repalloc_huge(set->keys, set->allocated * sizeof(Datum));
	}
	set->keys[set->n++] = datumCopy(key, set->byval, set->length);
	MemoryContextSwitchTo(caller);
}

/* The keys of a set, sorted, as an array. */
static Datum
key_array(KeySet *set)
{
	TypeCacheEntry *type = lookup_type_cache(set->type, 0);

	sort_keys(set);
	return PointerGetDatum(construct_array(set->keys, set->n, set->type,
										   type->typlen, type->typbyval,
										   type->typalign));
}

/* Keys given as text, into a set.  What a domain checks is not for who locks. */
static void
read_keys(KeySet *set, ArrayType *keys)
{
	Oid			input;
	Oid			ioparam;
	Datum	   *values;
	bool	   *nulls;
	int			given;

	getTypeInputInfo(getBaseType(set->type), &input, &ioparam);
	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &given);
	for (int i = 0; i < given; i++)
		if (!nulls[i])
			add_key(set, OidInputFunctionCall(input,
											  TextDatumGetCString(values[i]),
											  ioparam, -1));
	sort_keys(set);
}

/*
 * Keep closings out, who wait for those who hold the roster: before anything
 * is locked that others need on their way to it.
 */
void
lock_roster(const Guard *guard)
{
	LockRelationOid(guard->registry.roster, RowExclusiveLock);
}

/* Whether contracts have to be held where a guard judges attachments. */
bool
needs_contracts(const Guard *guard)
{
	return OidIsValid(guard->registry.relation[REL_CONTRACT]) &&
		guard->modes[RULE_CONTRACTED] >= MODE_WARN;
}

/* Lock the contracts of organisations with this query, as who acts. */
static void
lock_contracts(Guard *guard, const char *sql, KeySet *organisations)
{
	Oid			type;
	Datum		value;

	if (organisations->n == 0)
		return;
	type = get_array_type(organisations->type);
	value = key_array(organisations);
	guard_execute(guard, PLAN_HOLD_CONTRACTS, sql, 1, &type, &value);
	SPI_freetuptable(SPI_tuptable);
}

/* Hold contracts, as their rules' registry's owner. */
void
hold_as_owner(Guard *guard, KeySet *organisations)
{
	Oid			user;
	int			context;

	as_owner_begin(&guard->registry, &user, &context);
	lock_contracts(guard, hold_of_contracts, organisations);
	as_owner_end(user, context);
}

/*
 * Note the organisation to which a row attaches somebody, or from another day
 * on: its contracts are to be held, so that none ends before we do.
 */
void
note_given(const Guard *guard, const RowChange *change,
		   KeySet *organisations)
{
	bool		event = guard->kind == REL_ATTACHMENT_EVENT;
	int			organisation = event ? CHAIN_ORGANISATION : ATTACHMENT_ORGANISATION;
	int			touched = COLUMN_BIT(organisation) |
		COLUMN_BIT(event ? CHAIN_DAY : ATTACHMENT_SINCE);

	if (change->new == NULL || (change->changed & touched) == 0 ||
		change->new->isnull[organisation] ||
		(event && !change->new->isnull[CHAIN_CLOSES]))
		return;
	add_key(organisations, change->new->value[organisation]);
}

/* Hold the contracts of the organisations to which a chunk attaches. */
void
hold_given(Chunk *chunk)
{
	Guard	   *guard = chunk->guard;
	const int	organisation = CHANGE_NEW + ATTACHMENT_ORGANISATION;
	const int	touched = COLUMN_BIT(ATTACHMENT_ORGANISATION) |
		COLUMN_BIT(ATTACHMENT_SINCE);
	KeySet		given;

	if (!needs_contracts(guard))
		return;
	begin_keys(&given, guard->projection->type[ATTACHMENT_ORGANISATION],
			   guard->projection->collation[ATTACHMENT_ORGANISATION]);
	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];

		if (change->event != 'D' && (change->changed & touched) != 0 &&
			!change->isnull[organisation])
			add_key(&given, change->value[organisation]);
	}
	lock_contracts(guard, hold_of_contracts, &given);
}

/*
 * An end or an amount agreed later is a new row, which nobody can hold yet;
 * so lock what the organisation had before, against those who hold it.  A
 * row that changes or goes is locked by that, and locking others after it
 * would be out of order.  Where there was none before there is nothing to
 * lock: until it commits, whom we attach or pay there has no contract and is
 * refused.
 */
void
lock_amended(Chunk *chunk)
{
	static const char lock[] = CONTRACT_ROWS " FOR NO KEY UPDATE";
	const int	organisation = CHANGE_NEW + CONTRACT_ORGANISATION;
	const Projection *p = chunk->guard->projection;
	KeySet		given;

	begin_keys(&given, p->type[CONTRACT_ORGANISATION],
			   p->collation[CONTRACT_ORGANISATION]);
	for (int i = 0; i < chunk->nchanges; i++)
	{
		const Change *change = &chunk->changes[i];

		if (change->event != 'D' && !change->isnull[organisation] &&
			(change->changed & COLUMN_BIT(CONTRACT_ORGANISATION)) != 0)
			add_key(&given, change->value[organisation]);
	}
	lock_contracts(chunk->guard, lock, &given);
}

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
lock_all(Locks *locks)
{
	Guard	   *guard = locks->guard;
	Oid			type = get_array_type(locks->persons.type);
	Oid			user;
	int			context;

	locks->at_rows = false;
	as_owner_begin(&guard->registry, &user, &context);
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

/*
 * Do some work in a subtransaction, which is rolled back unless kept; false
 * where it came to a row that is locked.
 */
static bool
in_subtransaction(void (*work) (Locks *locks), Locks *locks, bool keep)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		work(locks);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	if (keep && error == NULL)
		ReleaseCurrentSubTransaction();
	else
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
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
wait_for_row(Locks *locks)
{
	const Row  *row = (Row *) locks;
	Oid			type = row->type;
	Datum		key = row->key;
	Oid			user;
	int			context;

	as_owner_begin(&locks->guard->registry, &user, &context);
	guard_execute(locks->guard, written_rows[row->relation].wait,
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
		as_owner_begin(&guard->registry, &user, &context);
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
			(void) in_subtransaction(wait_for_row, &row.locks, false);
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
	char	   *registry = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Locks		locks = {.guard = NULL};
	Guard	   *guard;
	MemoryContext round;
	MemoryContext caller;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	round = AllocSetContextCreate(CurrentMemoryContext, "osms locks",
								  ALLOCSET_SMALL_SIZES);
	guard = guard_in_session(registry, REL_ATTACHMENT);
	if (guard == NULL)
	{
		guard = guard_of_registry(registry, REL_ATTACHMENT, false);
		adopt_modes(guard);
	}
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
		while (!in_subtransaction(lock_all, &locks, true))
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

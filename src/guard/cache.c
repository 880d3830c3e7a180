/*
 * cache.c
 *		Finding the guard behind a trigger.
 *
 * All configuration travels in the trigger: registry, relation, and the
 * modes that differ from the catalogue's.  What is derived from it is kept
 * per session until the relations it rests on change.
 */
#include "guard/cache.h"

#include "catalog.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/partition.h"
#include "registry/guarded.h"
#include "registry/open.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/load.h"
#include "rule/rule.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

typedef struct GuardKey
{
	Oid			source;
	RelationKind kind;
} GuardKey;

typedef struct GuardEntry
{
	GuardKey	key;			/* hash key, first */
	bool		valid;			/* cleared by invalidation, set last */
	Guard	   *guard;
} GuardEntry;

static HTAB *guards = NULL;

/* Guards replaced while a trigger used them; freed when none runs. */
static List *retired = NIL;

/* How many set triggers of ours are running in this session. */
int			guard_depth = 0;

/* Whether something changed while a guard was worked out. */
static bool shaken;

/* Forget what rests on a relation that changed; frees nothing. */
static void
invalidate_guards(pg_attribute_unused() Datum arg, Oid relid)
{
	HASH_SEQ_STATUS scan;
	GuardEntry *entry;

	shaken = true;
	hash_seq_init(&scan, guards);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		bool		hit = relid == InvalidOid || relid == entry->key.source;

		if (!entry->valid)
			continue;
		hit |= relid == entry->guard->registry.roster ||
			tells_rules(entry->guard->rules, relid);
		for (int i = 0; i < REL_KINDS && !hit; i++)
			hit = relid == entry->guard->registry.relation[i];
		if (hit)
			entry->valid = false;
	}
}

/*
 * Forget what may look into a relation that has come to be: it had no OID
 * when the guard found it absent.
 */
static void
invalidate_by_name(pg_attribute_unused() Datum arg,
				   pg_attribute_unused() int cache, uint32 name)
{
	HASH_SEQ_STATUS scan;
	GuardEntry *entry;

	shaken = true;
	hash_seq_init(&scan, guards);
	while ((entry = hash_seq_search(&scan)) != NULL)
		for (int i = 0; i < REL_KINDS && entry->valid; i++)
			if (name == 0 || name == entry->guard->registry.name_hash[i])
				entry->valid = false;
}

/* Forget everything: a schema was renamed, and a registry is its name. */
static void
invalidate_by_schema(pg_attribute_unused() Datum arg,
					 pg_attribute_unused() int cache,
					 pg_attribute_unused() uint32 schema)
{
	invalidate_by_name((Datum) 0, RELNAMENSP, 0);
}

/*
 * Read "rule=mode,rule=mode" over the defaults.  Errors: 39P01 for what is
 * no such list.
 */
void
read_modes(const RuleSet *rules, const char *text, RuleMode *modes)
{
	for (int i = 0; i < rules->nrules; i++)
		modes[i] = rules->rule[i].mode;
	while (*text)
	{
		int			length = strcspn(text, ",");
		const char *equals = memchr(text, '=', length);
		RuleId		rule;
		RuleMode	mode;

		if (equals == NULL || !rule_of(rules, text, equals - text, &rule) ||
			!mode_of(equals + 1, length - (equals + 1 - text), &mode) ||
			(rules->rule[rule].fixed && mode != rules->rule[rule].mode))
			ereport(ERROR,
					(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
					 errmsg("trigger argument \"%s\" is not a list of rule=mode",
							text),
					 errhint("Let osms.guard() make the trigger.")));
		modes[rule] = mode;
		text += length;
		if (*text == ',')
			text++;
	}
}

/* The shape of a change, as queries read it. */
static TupleDesc
change_desc(const Projection *p)
{
	const CanonicalRelation *shape = &canonical_relations[p->kind];
	TupleDesc	desc = CreateTemplateTupleDesc(CHANGE_COLUMNS(p->kind));
	Oid			sex = our_type("sex");
	int			extra = CHANGE_EXTRA(p->kind) + 1;

	TupleDescInitEntry(desc, CHANGE_ORD + 1, "ord", INT4OID, -1, 0);
	TupleDescInitEntry(desc, CHANGE_EVENT + 1, "op", CHAROID, -1, 0);
	TupleDescInitEntry(desc, CHANGE_CHANGED + 1, "bits", INT4OID, -1, 0);
	for (int i = 0; i < shape->ncolumns; i++)
	{
		Oid			type = OidIsValid(p->type[i]) ? p->type[i] : TEXTOID;
		char		name[NAMEDATALEN];

		TupleDescInitEntry(desc, CHANGE_NEW + i + 1, shape->columns[i].name,
						   type, -1, 0);
		snprintf(name, sizeof(name), "old_%s", shape->columns[i].name);
		TupleDescInitEntry(desc, CHANGE_OLD(p->kind) + i + 1, name,
						   type, -1, 0);
		TupleDescInitEntryCollation(desc, CHANGE_NEW + i + 1, p->collation[i]);
		TupleDescInitEntryCollation(desc, CHANGE_OLD(p->kind) + i + 1,
									p->collation[i]);
	}
	TupleDescInitEntry(desc, extra + LOCKED_PERSON, "locked_person",
					   p->type[shape->subject], -1, 0);
	TupleDescInitEntryCollation(desc, extra + LOCKED_PERSON,
								p->collation[shape->subject]);
	TupleDescInitEntry(desc, extra + LOCKED_DEATH, "locked_death",
					   DATEOID, -1, 0);
	TupleDescInitEntry(desc, extra + LOCKED_REGION, "locked_region",
					   TEXTOID, -1, 0);
	TupleDescInitEntry(desc, extra + LOCKED_STAY, "locked_stay",
					   DATEOID, -1, 0);
	TupleDescInitEntry(desc, extra + VERSION_FROM, "version_from",
					   TIMESTAMPTZOID, -1, 0);
	TupleDescInitEntry(desc, extra + VERSION_UNTIL, "version_until",
					   DATEOID, -1, 0);
	TupleDescInitEntry(desc, extra + VERSION_BIRTH, "version_birth",
					   DATEOID, -1, 0);
	TupleDescInitEntry(desc, extra + VERSION_SEX, "version_sex", sex, -1, 0);
	TupleDescInitEntry(desc, extra + VERSION_MARK, "version_mark",
					   TEXTOID, -1, 0);
	return desc;
}

/*
 * The collation in which a guard sorts: that of the persons or organisations
 * it locks, whatever collation the guarded relation gives their keys.
 */
static Oid
collation_of(const Guard *guard)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	const char *key = shape->columns[shape->subject].type;
	RelationKind kind;
	Oid			locked;
	Oid			type;
	int32		typmod;
	Oid			collation;

	if (key[0] != '@' || !relation_kind_of(key + 1, &kind) ||
		!OidIsValid(locked = guard->registry.relation[kind]))
		return guard->projection->collation[shape->subject];
	get_atttypetypmodcoll(locked, get_attnum(locked, key + 1), &type, &typmod,
						  &collation);
	return collation;
}

/* Errors: 42P01. */
pg_noreturn static void
report_missing(const char *registry, RelationKind kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("registry \"%s\" lacks relation \"%s\"", registry,
					canonical_relations[kind].name),
			 errhint("Map %s with osms.map(). Until then osms.unguard(%s) lets the tables be written without a guard.",
					 kind == REL_ATTACHMENT_EVENT ?
					 "the relation \"attachment\" again" : "it",
					 quote_literal_cstr(registry))));
}

/*
 * See that the keys which meet in C are of one type, but for domains over it:
 * those of persons, and of attachments and the events they are made of.
 * Errors: 42804, and 55000 where the events are not those of the registry.
 */
static void
check_keys(const Guard *guard)
{
	const CanonicalRelation *shape = &canonical_relations[guard->kind];
	const Projection *events = guard->events ? guard->events->projection : NULL;
	Oid			person = guard->registry.person->type[PERSON_PERSON];

	if (shape->of_person &&
		getBaseType(guard->projection->type[shape->subject]) != getBaseType(person))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of canonical relation \"%s\" has type %s",
						shape->columns[shape->subject].name, shape->name,
						format_type_be(guard->projection->type[shape->subject])),
				 errdetail("The key of relation \"person\" has type %s.",
						   format_type_be(person)),
				 errhint("Give both one type, or map the relation again with osms.map().")));
	if (events && (events->canonical != guard->projection->events ||
				   getBaseType(events->type[CHAIN_EVENT]) !=
				   getBaseType(guard->projection->type[ATTACHMENT_ATTACHMENT]) ||
				   getBaseType(events->type[CHAIN_PERSON]) !=
				   getBaseType(guard->projection->type[ATTACHMENT_PERSON])))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("attachments of registry \"%s\" are not made of its own events",
						guard->registry.unquoted),
				 errhint("Map the relation \"attachment\" again with osms.map().")));
}

/* Give a guard the modes that the triggers on its table carry, if there are. */
static void
adopt_modes(Guard *guard)
{
	Relation	table = table_open(guard->source, AccessShareLock);
	const Trigger *trigger =
		guard_trigger_on(table, guard->registry.unquoted,
						 canonical_relations[guard->kind].name);

	if (trigger)
	{
		guard->arguments = pstrdup(trigger->tgargs[2]);
		read_modes(guard->rules, guard->arguments, guard->modes);
	}
	table_close(table, NoLock);
}

/* Free the plans of a guard when its memory goes. */
static void
free_guard_plans(void *arg)
{
	Guard	   *guard = arg;

	for (int i = 0; i < GUARD_PLANS; i++)
		if (guard->plans[i])
			SPI_freeplan(guard->plans[i]);
}

/*
 * An empty guard, in memory of its own below the current context, that judges
 * by the rules of another or, for NULL, by those that hold now.
 */
static Guard *
new_guard(const Guard *of)
{
	static uint64 generation = 0;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "osms guard",
												  ALLOCSET_SMALL_SIZES);
	MemoryContextCallback *callback =
		MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	Guard	   *guard = MemoryContextAllocZero(context, sizeof(Guard));

	guard->context = context;
	guard->generation = ++generation;
	guard->rules = of ? hold_rules(of->rules, context) : rules_for(context);
	guard->modes = MemoryContextAlloc(context, guard->rules->nrules *
									  sizeof(RuleMode));
	callback->func = free_guard_plans;
	callback->arg = guard;
	MemoryContextRegisterResetCallback(context, callback);
	return guard;
}

/* See guard_of_registry(); of is the guard it belongs to, or NULL. */
static Guard *
guard_beside(const Guard *of, const char *registry, RelationKind kind,
			 bool missing_ok)
{
	Guard	   *guard = new_guard(of);
	MemoryContext caller = MemoryContextSwitchTo(guard->context);

	guard->kind = kind;
	registry_open(&guard->registry, registry);
	if (!OidIsValid(guard->registry.relation[kind]))
	{
		if (!missing_ok)
			report_missing(registry, kind);
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(guard->context);
		return NULL;
	}
	if (guard->registry.person == NULL)
		report_missing(registry, REL_PERSON);
	guard->projection =
		make_projection(kind, guard->registry.relation[kind]);
	if (!missing_ok)
	{
		check_columns(guard->registry.person, true);
		check_columns(guard->projection, true);
	}
	guard->source = guard->projection->source;
	guard->collation = collation_of(guard);
	guard->desc = change_desc(guard->projection);
	read_modes(guard->rules, "", guard->modes);
	if (OidIsValid(guard->projection->events))
	{
		guard->events = guard_beside(guard, registry, REL_ATTACHMENT_EVENT,
									 false);
		guard->events->attachments = guard;
	}
	check_keys(guard);
	MemoryContextSwitchTo(caller);
	return guard;
}

/*
 * A guard over a relation of a registry with the catalogue's own modes, in
 * memory of its own below the current context: it and its plans go with the
 * call that made it, whatever becomes of that.  Errors: 42P01 where the
 * registry lacks the relation, or persons, and 42703 where one of the two
 * lacks a column; with missing_ok NULL stands for a relation that is absent,
 * and columns that only some rules need may be; those of registry_open and
 * make_projection.
 */
Guard *
guard_of_registry(const char *registry, RelationKind kind, bool missing_ok)
{
	return guard_beside(NULL, registry, kind, missing_ok);
}

/* Free guards that were replaced, once nobody can be using them. */
static void
free_retired(void)
{
	ListCell   *lc;

	foreach(lc, retired)
		MemoryContextDelete(((Guard *) lfirst(lc))->context);
	list_free(retired);
	retired = NIL;
}

/* Work out a guard from the arguments of a trigger. */
static Guard *
make_guard(Oid source, char **args)
{
	RelationKind kind;
	Guard	   *guard;

	if (!relation_kind_of(args[1], &kind) ||
		kind == REL_ATTACHMENT_EVENT ||
		!(canonical_relations[kind].guarded || canonical_relations[kind].traced))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("\"%s\" is not a relation that is guarded", args[1]),
				 errhint("Let osms.guard() make the trigger.")));
	guard = guard_of_registry(args[0], kind, false);
	if (guard->source != source)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation \"%s\" of registry \"%s\" does not map table \"%s\"",
						args[1], args[0], get_rel_name(source)),
				 errhint("Map it again with osms.map(), or remove the guard with osms.unguard().")));
	guard->arguments = MemoryContextStrdup(guard->context, args[2]);
	read_modes(guard->rules, args[2], guard->modes);
	if (guard->events)
		read_modes(guard->events->rules, args[2], guard->events->modes);
	return guard;
}

/* The guard that reads the rows of the source: they may be events. */
static Guard *
guard_of_rows(Guard *guard)
{
	return guard->events ? guard->events : guard;
}

/*
 * The guard of a trigger, from the session's store or made anew.  The
 * caller has checked the trigger protocol, so there are three arguments.
 */
Guard *
guard_of_trigger(TriggerData *trigdata)
{
	char	  **args = trigdata->tg_trigger->tgargs;
	GuardKey	key = {0};
	GuardEntry *entry;
	bool		present;

	if (guards == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(GuardKey),
		.entrysize = sizeof(GuardEntry)};

		guards = hash_create("osms guards", 16, &ctl, HASH_ELEM | HASH_BLOBS);
		CacheRegisterRelcacheCallback(invalidate_guards, (Datum) 0);
		CacheRegisterSyscacheCallback(RELNAMENSP, invalidate_by_name,
									  (Datum) 0);
		CacheRegisterSyscacheCallback(NAMESPACEOID, invalidate_by_schema,
									  (Datum) 0);
	}
	if (guard_depth == 0 && retired != NIL)
		free_retired();

	key.source = tree_root(trigdata->tg_relation);
	if (!relation_kind_of(args[1], &key.kind))
		key.kind = REL_KINDS;	/* make_guard reports it */
	entry = hash_search(guards, &key, HASH_FIND, NULL);
	if (entry && entry->valid &&
		strcmp(entry->guard->arguments, args[2]) == 0)
		return guard_of_rows(entry->guard);

	shaken = false;
	{
		Guard	   *guard = make_guard(key.source, args);
		MemoryContext old = MemoryContextSwitchTo(CacheMemoryContext);

		entry = hash_search(guards, &key, HASH_ENTER, &present);
		if (present)
			retired = lappend(retired, entry->guard);
		MemoryContextSetParent(guard->context, CacheMemoryContext);
		entry->guard = guard;
		entry->valid = !shaken;
		MemoryContextSwitchTo(old);
		return guard_of_rows(guard);
	}
}

/*
 * The guard that a trigger of this session made over a relation of a
 * registry, or NULL.
 */
static Guard *
guard_in_session(const char *registry, RelationKind kind)
{
	HASH_SEQ_STATUS scan;
	GuardEntry *entry;

	if (guards == NULL)
		return NULL;
	hash_seq_init(&scan, guards);
	while ((entry = hash_seq_search(&scan)) != NULL)
		if (entry->valid && entry->key.kind == kind &&
			strcmp(entry->guard->registry.unquoted, registry) == 0)
		{
			hash_seq_term(&scan);
			return entry->guard;
		}
	return NULL;
}

/*
 * The guard over a relation of a registry with the modes that its triggers
 * carry: the session's, or one for this call (see guard_of_registry).
 */
Guard *
guard_as_set_up(const char *registry, RelationKind kind)
{
	Guard	   *guard = guard_in_session(registry, kind);

	if (guard == NULL)			/* or the session's was invalidated */
	{
		guard = guard_of_registry(registry, kind, false);
		adopt_modes(guard);
	}
	return guard;
}

/* Whether a clause is to be judged under this guard, or by audit. */
bool
clause_enabled(const Guard *guard, const Clause *clause, bool audit)
{
	return clause->relation == guard->kind &&
		guard->modes[clause->rule] > (audit ? MODE_OFF : MODE_AUDIT) &&
		clause_applies(clause, guard->projection->mapped, &guard->registry);
}

/* Whether a rule judges under a guard at all. */
bool
judges_by(const Guard *guard, RuleId rule)
{
	const RuleSet *rules = guard->rules;

	for (int i = 0; i < rules->nclauses; i++)
		if (rules->clause[i].rule == rule &&
			clause_enabled(guard, &rules->clause[i], false))
			return true;
	return false;
}

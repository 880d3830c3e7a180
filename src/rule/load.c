/*
 * load.c
 *		The rules as a session knows them, read from the extension's tables.
 *
 * A predicate runs as the owner of a roster, so nobody but a script of the
 * extension changes these rows (osms_only_scripts).  They are read with a
 * scan of the table itself: no right, policy, rule or path of a user is asked.
 * What was read is kept until rows of the tables change, and then as long as
 * somebody holds it.
 */
#include "rule/load.h"

#include "registry/registry.h"
#include "rule/row.h"
#include "rule/rule.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(osms_only_scripts);

static const struct
{
	const char *schema;
	const char *name;
}			tables[RULE_TABLES] = {
	[TABLE_RULE] = {"osms_internal", "told_rule"},
	[TABLE_FINDING] = {"osms", "finding"},
	[TABLE_CLAUSE] = {"osms", "clause"},
	[TABLE_DEFINITION] = {"osms", "definition"}
};

/* The rules that C calls by name. */
static const char *const named[NAMED_RULES] = {
	[RULE_TRANSITION] = "transition",
	[RULE_IMMUTABLE] = "immutable",
	[RULE_IDENTIFIED] = "identified",
	[RULE_ONE_ATTACHMENT] = "one_attachment",
	[RULE_ONE_OPEN_APPLICATION] = "one_open_application",
	[RULE_BASIS] = "basis",
	[RULE_PERSON_KNOWN] = "person_known",
	[RULE_CONTRACTED] = "contracted",
	[RULE_CLINIC_CATEGORY] = "clinic_category",
	[RULE_SITE_NORM] = "site_norm",
	[RULE_PAYMENT_DUE] = "payment_due",
	[RULE_PAYMENT_CONTRACT] = "payment_contract"
};

/* What was read last, and whether it may have changed since. */
static RuleSet *current = NULL;
static bool stale;

/* A row of one of the tables. */
typedef struct Row
{
	HeapTuple	tuple;
	TupleDesc	desc;
} Row;

static Datum
value_of(const Row *row, const char *column, bool *isnull)
{
	int			attno = SPI_fnumber(row->desc, column);

	if (attno <= 0)
		elog(ERROR, "a table of rules has no column \"%s\"", column);
	return heap_getattr(row->tuple, attno, row->desc, isnull);
}

/* A text, in the current memory, or NULL. */
static char *
text_at(const Row *row, const char *column)
{
	bool		isnull;
	Datum		value = value_of(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static bool
bool_at(const Row *row, const char *column)
{
	bool		isnull;
	Datum		value = value_of(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

static int
int_at(const Row *row, const char *column)
{
	bool		isnull;
	Datum		value = value_of(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

/* A list of names, in the current memory. */
static char **
names_at(const Row *row, const char *column, int *n)
{
	bool		isnull;
	Datum		value = value_of(row, column, &isnull);
	Datum	   *values;
	bool	   *nulls;
	char	  **names;

	*n = 0;
	if (isnull || ARR_NDIM(DatumGetArrayTypeP(value)) == 0)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false,
					  TYPALIGN_INT, &values, &nulls, n);
	names = palloc(*n * sizeof(char *));
	for (int i = 0; i < *n; i++)
		names[i] = nulls[i] ? pstrdup("") : TextDatumGetCString(values[i]);
	return names;
}

static RelationKind
relation_named(const char *name)
{
	RelationKind kind;

	if (!relation_kind_of(name, &kind))
		elog(ERROR, "rules name relation \"%s\", which is none", name);
	return kind;
}

static int
column_named(RelationKind kind, const char *name)
{
	int			i = canonical_column(kind, name, strlen(name));

	if (i < 0)
		elog(ERROR, "rules name column \"%s\" of \"%s\", which has none", name,
			 canonical_relations[kind].name);
	return i;
}

/* Bits of the columns of a relation that a list names. */
static int
columns_at(const Row *row, const char *column, RelationKind kind)
{
	int			n;
	char	  **names = names_at(row, column, &n);
	int			bits = 0;

	for (int i = 0; i < n; i++)
		bits |= COLUMN_BIT(column_named(kind, names[i]));
	return bits;
}

/* Bits of the relations that a list names. */
static int
relations_at(const Row *row, const char *column)
{
	int			n;
	char	  **names = names_at(row, column, &n);
	int			bits = 0;

	for (int i = 0; i < n; i++)
		bits |= RELATION_BIT(relation_named(names[i]));
	return bits;
}

static RuleId
rule_named(const RuleSet *rules, const Row *row)
{
	char	   *id = text_at(row, "rule");
	RuleId		rule;

	if (!rule_of(rules, id, strlen(id), &rule))
		elog(ERROR, "there is no rule \"%s\" for one of its clauses", id);
	return rule;
}

/* How each table is read: work is called with the position of each row. */
typedef void (*RowReader) (RuleSet *rules, int i, const Row *row);

static void
read_rule(RuleSet *rules, int i, const Row *row)
{
	Rule	   *rule = &rules->rule[i];
	char	   *state = text_at(row, "sqlstate");
	char	   *mode = text_at(row, "default_mode");

	rule->place = int_at(row, "place");
	rule->id = text_at(row, "rule");
	rule->fixed = bool_at(row, "fixed");
	rule->import = bool_at(row, "warns_in_import");
	rule->lasts = bool_at(row, "lasts");
	rule->refuses = text_at(row, "refuses");
	rule->hint = text_at(row, "hint");
	rule->sqlstate = MAKE_SQLSTATE(state[0], state[1], state[2], state[3],
								   state[4]);
	if (!mode_of(mode, strlen(mode), &rule->mode))
		elog(ERROR, "rule \"%s\" has no mode \"%s\"", rule->id, mode);
}

static void
read_finding(RuleSet *rules, int i, const Row *row)
{
	rules->finding[i].rule = rule_named(rules, row);
	rules->finding[i].finding = text_at(row, "finding");
	rules->finding[i].refuses = text_at(row, "refuses");
	rules->finding[i].hint = text_at(row, "hint");
}

static void
read_clause(RuleSet *rules, int i, const Row *row)
{
	Clause	   *clause = &rules->clause[i];
	char	   *function = text_at(row, "row_function");

	clause->rule = rule_named(rules, row);
	clause->relation = relation_named(text_at(row, "relation"));
	clause->place = int_at(row, "place");
	clause->column = column_named(clause->relation,
								  text_at(row, "column_name"));
	clause->row = function ? row_clause(function) : NULL;
	clause->predicate = text_at(row, "predicate");
	clause->plain = text_at(row, "plain");
	clause->at_once = text_at(row, "at_once");
	clause->stored = text_at(row, "stored");
	clause->needs = columns_at(row, "needs", clause->relation);
	if (bool_at(row, "needs_index"))
		clause->needs |= DECISIONS_INDEXED_BIT;
	clause->needs_any = columns_at(row, "needs_any", clause->relation);
	clause->relations = relations_at(row, "relations");
	clause->person = columns_at(row, "person", REL_PERSON);
	clause->instead = relations_at(row, "instead");
	clause->audited = bool_at(row, "audited");
}

static void
read_definition(RuleSet *rules, int i, const Row *row)
{
	Definition *definition = &rules->definition[i];
	char	   *relation = text_at(row, "relation");

	definition->name = text_at(row, "name");
	definition->parameters = names_at(row, "parameters",
									  &definition->nparameters);
	definition->text = text_at(row, "text");
	definition->relation = relation ? relation_named(relation) : REL_KINDS;
	definition->otherwise = text_at(row, "otherwise");
	definition->in_audit = text_at(row, "in_audit");
	definition->in_sift = text_at(row, "in_sift");
	definition->place = int_at(row, "place");
	definition->join = -1;
}

/*
 * Read all rows of a table into an array of structs of a size, which is
 * palloc'd before any of it is read.  Returns how many there are.
 */
static int
read_table(RuleSet *rules, RuleTable table, void **array, Size size,
		   RowReader read)
{
	Relation	relation;
	SysScanDesc scan;
	List	   *rows = NIL;
	Row			row;
	ListCell   *cell;

	rules->table[table] =
		get_relname_relid(tables[table].name,
						  get_namespace_oid(tables[table].schema, false));
	if (!OidIsValid(rules->table[table]))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" of extension osms is missing",
						tables[table].name),
				 errhint("ALTER EXTENSION osms UPDATE brings the extension's objects to the version of its library.")));
	relation = table_open(rules->table[table], AccessShareLock);
	row.desc = RelationGetDescr(relation);
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(row.tuple = systable_getnext(scan)))
		rows = lappend(rows, heap_copytuple(row.tuple));
	*array = palloc0((list_length(rows) + 1) * size);
	foreach(cell, rows)
	{
		row.tuple = lfirst(cell);
		read(rules, foreach_current_index(cell), &row);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return list_length(rows);
}

/* Rules that C names first, then by place. */
static int
compare_rules(const void *a, const void *b)
{
	const Rule *rule[] = {a, b};
	int			rank[] = {NAMED_RULES, NAMED_RULES};

	for (int i = 0; i < 2; i++)
		for (int n = 0; n < NAMED_RULES; n++)
			if (strcmp(rule[i]->id, named[n]) == 0)
				rank[i] = n;
	return rank[0] != rank[1] ? rank[0] - rank[1] :
		rule[0]->place - rule[1]->place;
}

static int
compare_places(const void *a, const void *b, void *rules)
{
	const Rule *rule = ((RuleSet *) rules)->rule;

	return rule[*(const RuleId *) a].place - rule[*(const RuleId *) b].place;
}

static int
compare_clauses(const void *a, const void *b)
{
	const Clause *x = a;
	const Clause *y = b;

	return x->relation != y->relation ? (int) x->relation - (int) y->relation :
		x->place - y->place;
}

static int
compare_definitions(const void *a, const void *b)
{
	return strcmp(((const Definition *) a)->name,
				  ((const Definition *) b)->name);
}

static int
compare_joins(const void *a, const void *b)
{
	return (*(Definition *const *) a)->place -
		(*(Definition *const *) b)->place;
}

/* Put the rules in order.  Errors: 55000 where one that C names is missing. */
static void
order_rules(RuleSet *rules)
{
	qsort(rules->rule, rules->nrules, sizeof(Rule), compare_rules);
	for (int i = 0; i < NAMED_RULES; i++)
		if (i >= rules->nrules || strcmp(rules->rule[i].id, named[i]) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("rule \"%s\" is missing among the rules of extension osms",
							named[i]),
					 errhint("ALTER EXTENSION osms UPDATE brings the extension's objects to the version of its library.")));
	rules->told = palloc(rules->nrules * sizeof(RuleId));
	for (int i = 0; i < rules->nrules; i++)
		rules->told[i] = i;
	qsort_arg(rules->told, rules->nrules, sizeof(RuleId), compare_places,
			  rules);
}

/* Put the definitions in order, and those that are joined. */
static void
order_definitions(RuleSet *rules)
{
	qsort(rules->definition, rules->ndefinitions, sizeof(Definition),
		  compare_definitions);
	rules->join = palloc(rules->ndefinitions * sizeof(Definition *));
	for (int i = 0; i < rules->ndefinitions; i++)
		if (rules->definition[i].place > 0)
			rules->join[rules->njoins++] = &rules->definition[i];
	qsort(rules->join, rules->njoins, sizeof(Definition *), compare_joins);
	for (int i = 0; i < rules->njoins; i++)
		rules->join[i]->join = i;
}

/* Read the rules, into memory of their own below the current one. */
static RuleSet *
read_rules(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "osms rules",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RuleSet    *rules = palloc0(sizeof(RuleSet));

	rules->context = context;
	rules->nrules = read_table(rules, TABLE_RULE, (void **) &rules->rule,
							   sizeof(Rule), read_rule);
	order_rules(rules);
	rules->nfindings = read_table(rules, TABLE_FINDING,
								  (void **) &rules->finding,
								  sizeof(FindingText), read_finding);
	rules->nclauses = read_table(rules, TABLE_CLAUSE,
								 (void **) &rules->clause, sizeof(Clause),
								 read_clause);
	qsort(rules->clause, rules->nclauses, sizeof(Clause), compare_clauses);
	rules->ndefinitions = read_table(rules, TABLE_DEFINITION,
									 (void **) &rules->definition,
									 sizeof(Definition), read_definition);
	order_definitions(rules);
	MemoryContextSwitchTo(caller);
	return rules;
}

/* Whether rules were read from a table. */
bool
tells_rules(const RuleSet *rules, Oid table)
{
	for (int i = 0; i < RULE_TABLES; i++)
		if (rules->table[i] == table)
			return true;
	return false;
}

/* What was read last may not be so any more; frees nothing. */
static void
note_change(pg_attribute_unused() Datum arg, Oid relid)
{
	if (relid == InvalidOid || current == NULL || tells_rules(current, relid))
		stale = true;
}

/* Nobody holds these rules any more in a memory that goes. */
static void
let_go(void *arg)
{
	RuleSet    *rules = arg;

	if (--rules->users == 0 && rules != current)
		MemoryContextDelete(rules->context);
}

/* Let rules stay as they are as long as a memory context is there. */
const RuleSet *
hold_rules(const RuleSet *rules, MemoryContext context)
{
	MemoryContextCallback *callback =
		MemoryContextAlloc(context, sizeof(MemoryContextCallback));

	callback->func = let_go;
	callback->arg = unconstify(RuleSet *, rules);
	((RuleSet *) callback->arg)->users++;
	MemoryContextRegisterResetCallback(context, callback);
	return rules;
}

/*
 * The rules, which stay as they are as long as a memory context is there.
 * Errors: 42P01, 55000 where the extension's tables are not of this library's
 * version.
 */
const RuleSet *
rules_for(MemoryContext context)
{
	static bool registered = false;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(note_change, (Datum) 0);
		registered = true;
	}
	if (current == NULL || stale)
	{
		RuleSet    *rules = current;

		/* where reading fails nobody goes on by what was read before */
		current = NULL;
		if (rules && rules->users == 0)
			MemoryContextDelete(rules->context);
		stale = false;
		rules = read_rules();
		MemoryContextSetParent(rules->context, CacheMemoryContext);
		current = rules;
	}
	return hold_rules(current, context);
}

/*
 * only_scripts(): trigger of the tables of rules, before any statement that
 * changes them.  Errors: 42501 where that is no script of the extension.
 */
Datum
osms_only_scripts(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired before a statement",
						"only_scripts")));
	if (!creating_extension ||
		CurrentExtensionObject != get_extension_oid("osms", true))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to change table \"%s\"",
						RelationGetRelationName(trigger->tg_relation)),
				 errdetail("A predicate runs as the owner of a roster, so only scripts of extension osms change its rules."),
				 errhint("Another mode of a rule is given to osms.guard().")));
	CacheInvalidateRelcache(trigger->tg_relation);
	return PointerGetDatum(NULL);
}

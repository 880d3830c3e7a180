/*
 * guard.h
 *		What the triggers of a guard share: the guard itself, the changes of a
 *		statement in chunks, and the queries run for it.
 */
#ifndef OSMS_GUARD_H
#define OSMS_GUARD_H

#include "rule/rule.h"

#include "access/attmap.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

/* A registry as C sees it: a schema and what it holds. */
typedef struct Registry
{
	char	   *name;			/* quoted where needed */
	char	   *unquoted;
	Oid			relation[REL_KINDS];	/* InvalidOid where absent */
	uint32		name_hash[REL_KINDS];	/* as invalidations tell a name */
	int			relations;		/* bit per relation that is there */
	Projection *person;			/* NULL where absent */
	Oid			roster;
	Oid			owner;			/* of the roster: look-ups run as this role */
} Registry;

/* Queries of a guard, prepared on first use and kept. */
typedef enum GuardPlan
{
	PLAN_LOCK,
	PLAN_KEYS,
	PLAN_PERSONS,
	PLAN_HOLD_CONTRACTS,
	PLAN_LOCK_ATTACHMENTS,
	PLAN_LOCK_APPLICATIONS,
	PLAN_KEYS_OF_ATTACHMENTS,
	PLAN_KEYS_OF_APPLICATIONS,
	PLAN_WAIT_FOR_ATTACHMENT,
	PLAN_WAIT_FOR_APPLICATION,
	PLAN_IMPORT,
	PLAN_FULL_SITES,
	PLAN_GLANCE,
	PLAN_JUDGE,
	PLAN_SHOWN,
	PLAN_DIFFERING,
	PLAN_WRITTEN_BY_OTHERS,
	PLAN_LEGACY,
	PLAN_ADD_LEGACY,
	PLAN_END_VERSIONS,
	PLAN_ADD_VERSIONS,
	PLAN_CURRENT_VERSIONS,
	PLAN_STATE,
	PLAN_REMARK,
	PLAN_PEND,
	PLAN_PENDING,
	PLAN_JOURNAL,
	PLAN_UNPEND,
	PLAN_UNPEND_ALL,
	PLAN_EXCUSED_NOW,
	PLAN_CONSEQUENCES,
	PLAN_FOLLOW,
	PLAN_CORRECT_PERSON,
	PLAN_COUNT_AGAIN,
	PLAN_END_PERSON,
	PLAN_HELD,
	PLAN_DERIVE,
	PLAN_SEEN,
	PLAN_THERE_NOW,
	PLAN_END_STALE,
	PLAN_NOTE_MOVES,
	GUARD_PLANS
} GuardPlan;

/* A guarded relation of a registry, as one session knows it. */
typedef struct Guard
{
	Registry	registry;
	RelationKind kind;
	Oid			source;			/* the table, or the root of its partitions */
	char	   *arguments;		/* modes as the trigger has them */
	RuleMode	modes[RULES];
	Projection *projection;
	Oid			collation;		/* in which persons are sorted and locked */
	TupleDesc	desc;			/* of a change: see below */
	enum
	{
		TO_GUARD,
		TO_SIFT,				/* clauses see accepted candidates as stored */
		TO_AUDIT
	}			purpose;
	SPIPlanPtr	plans[GUARD_PLANS];
	MemoryContext context;
	uint64		generation;		/* no two guards of a session share it */
	struct Guard *events;		/* of what attachments are made of, or NULL */
	struct Guard *attachments;	/* of what these events make, or NULL */
} Guard;

/*
 * A change as queries see it, in the relation "chunk": ord, op (I, U, D),
 * bits (of the changed columns), the canonical columns of the row after the change (for D,
 * of the row that was), the same named old_*, what was read of the person
 * when it was locked (NULL where nobody has that key), and what the roster
 * adds.  Of an inserted row that a trigger has changed since (renew.c) old_*
 * is the row as it was inserted; while changes are sorted ord is their
 * sequence in the statement.
 */
#define CHANGE_ORD 0
#define CHANGE_EVENT 1
#define CHANGE_CHANGED 2
#define CHANGE_NEW 3
#define CHANGE_OLD(kind) (CHANGE_NEW + canonical_relations[kind].ncolumns)
#define CHANGE_EXTRA(kind) (CHANGE_OLD(kind) + canonical_relations[kind].ncolumns)
enum
{
	LOCKED_PERSON, LOCKED_DEATH, LOCKED_REGION, LOCKED_STAY,
	VERSION_FROM, VERSION_UNTIL, VERSION_BIRTH, VERSION_SEX, VERSION_MARK,
	CHANGE_EXTRAS
};
#define CHANGE_COLUMNS(kind) (CHANGE_EXTRA(kind) + CHANGE_EXTRAS)

/* What a row shows of its person; only a stranger's is asked (discreet.c). */
typedef enum Shown
{
	SHOWN_PERSON,
	SHOWN_FILED,				/* nothing, nor has it to yet */
	SHOWN_NOTHING
} Shown;

typedef struct Change
{
	char		event;
	Shown		shown;
	int			changed;
	int			sequence;		/* in which the statement's rows were written */
	bool		renewed;		/* the row has been written again since */
	Datum	   *value;			/* CHANGE_COLUMNS of them */
	bool	   *isnull;
} Change;

/* How rows of a partition are read as rows of the guarded table. */
typedef struct RootRow
{
	AttrMap    *map;			/* NULL where both have one shape */
	TupleTableSlot *slot;
} RootRow;

/*
 * The changes of a chunk with the current versions x that they are about,
 * looked up one by one: were the planner free to begin with the roster, a
 * plan kept from a day when it was empty would go through all of it, and
 * through the chunk for each row.
 */
#define VERSIONS_OF(changes, found_by) \
	"(SELECT c.*, x.version FROM chunk c CROSS JOIN LATERAL" \
	"  (SELECT x.ctid AS version FROM {r}.roster x WHERE " found_by \
	"   AND x.known_to = 'infinity' OFFSET 0) x" \
	" WHERE " changes " OFFSET 0)"

#define CHUNK_PERSONS 1000		/* persons locked and judged together */
#define CHUNK_ROWS 20000		/* and their rows, where they may be parted */

/* The import under way in this transaction; the index of open ones is empty. */
#define IMPORT \
	"(SELECT i.entry FROM {r}.import i WHERE i.ended IS NULL" \
	" AND i.transaction = pg_current_xact_id_if_assigned())"

/* What a version of the roster is. */
#define ROSTER_COLUMNS \
	"attachment, person, organisation, site, since, until, birth_date, sex," \
	" basis, mark, known_from, known_to"

/* An instant after the version's own, so that no version is empty. */
#define ENDED_NOW \
	"greatest(osms.roster_moment(), r.known_from + interval '1 microsecond')"

/* The order in which persons are sorted and locked. */
typedef struct SubjectOrder
{
	FmgrInfo	cmp;
	Oid			collation;
} SubjectOrder;

/* Keys of one type, each once. */
typedef struct KeySet
{
	Oid			type;
	int16		length;
	bool		byval;
	SubjectOrder order;
	MemoryContext context;		/* in which they live */
	Datum	   *keys;
	int			n;
	int			allocated;
} KeySet;

/* The changes of some persons, sorted by person. */
typedef struct Chunk
{
	Guard	   *guard;
	SubjectOrder *order;
	MemoryContext query;		/* of the statement, or NULL */
	bool		stale;			/* rows may have been written again since */
	MemoryContext memory;		/* of one chunk */
	bool		went_on;		/* began with rows of its first person before */
	bool		goes_on;		/* rows of its last person follow */
	Datum	   *later;			/* their keys */
	int			nlater;
	int			nchanges;
	Change	   *changes;
	int			npersons;
	Datum	   *persons;		/* distinct, of new and old rows */
	ProjectionState *projection;
	EphemeralNamedRelation offered; /* what queries read as "chunk" */
	Tuplestorestate *store;		/* its rows */
	TupleDesc	desc;
} Chunk;

/* What a rule found in rows of a statement without refusing it. */
typedef struct Warned
{
	RelationKind relation;
	RuleId		rule;
	char	   *finding;
	char	   *told;			/* what the writer is told, or NULL: nothing */
	int64		rows;
} Warned;

/*
 * What becomes of findings: those under rules that only warn are counted;
 * sift collects all of them and refuses nothing.
 */
typedef struct Findings
{
	List	   *warned;			/* of Warned, a rule's findings apart */
	MemoryContext context;		/* of the trigger call */
	bool		imports;		/* rules of time only warn */
	bool		at_end;			/* of the transaction */
	bool		stranger;		/* the writer may not read of persons */
	Shown		shown;			/* of the row that is judged */
	Tuplestorestate *sites;		/* where the statement attached persons */
	TupleDesc	site_desc;
	struct Sift *sift;
	int			ord;			/* the change that sift looks at */
} Findings;

/* open.c */
extern void registry_open(Registry *registry, const char *name);

/* cache.c */
extern Guard *guard_of_trigger(TriggerData *trigdata);
extern Guard *guard_of_registry(const char *registry, RelationKind kind,
								bool missing_ok);
extern const Trigger *guard_trigger_on(Relation table, const char *registry,
									   const char *relation);
extern void adopt_modes(Guard *guard);
extern Guard *guard_in_session(const char *registry, RelationKind kind);
extern void read_modes(const char *text, RuleMode *modes);
extern int	guard_depth;
extern bool clause_enabled(const Guard *guard, const Clause *clause,
						   bool audit);

/* protocol.c */
extern void guard_check_protocol(FunctionCallInfo fcinfo, const char *name,
								 bool row, bool before);
extern void deferred_check_protocol(FunctionCallInfo fcinfo, const char *name,
									const char *relation);

/* partition.c */
extern Oid	tree_root(Relation table);
extern void tree_check(const Guard *guard, Relation table, TriggerEvent event);
extern void begin_root_row(RootRow *row, Relation table, Oid root);
extern TupleTableSlot *as_root_row(RootRow *row, TupleTableSlot *slot);

/* attempt.c */
extern int	attempt(void (*act) (void *), void *arg, const int *codes);

/* For whom a table is written. */
typedef struct Writer
{
	Oid			role;
	bool		directly;		/* by a statement of his that no trigger runs */
	bool		through_view;	/* of a registry, which sees what is stored */
	Oid			keeper;			/* of the registry through which he writes */
} Writer;
/* nested.c */
typedef struct Running Running;
extern Running *note_running(MemoryContext query, const Guard *guard);
extern Writer writer_of_statement(MemoryContext query, const Guard *guard);
extern void count_running(Running *r, bool update);
extern bool runs_within_another(MemoryContext query, const Guard *guard);
extern bool rows_may_be_stale(MemoryContext query, const Guard *guard,
							  TriggerEvent event);
extern void note_judged(MemoryContext query, const Guard *guard,
						TriggerEvent event);
extern void check_moves(MemoryContext query, const Guard *guard,
						Relation table, int64 seen);

/* Arguments of the trigger that writes a mapped view (map_write.c). */
#define KEY_CANONICAL 0
#define KEY_COLUMN 1
#define KEY_VALUE 2
#define FIRST_TRIPLE 3
#define TRIPLE 3

/* mapping.c */
extern int	view_column(TupleDesc desc, const char *name);
extern bool is_plain(const Trigger *trigger, int t);

/* uncoded.c */
extern void check_coded(Bitmapset *triples, Relation view,
						const Trigger *trigger, Datum row,
						SPITupleTable *values);

/* renamed.c */
extern bool holds_triples(const Trigger *trigger);
extern const Trigger *with_present_columns(const Trigger *trigger,
										   Bitmapset *triples, Oid view,
										   Oid source);

/* key.c */
extern void check_recurring_keys(Chunk *chunk);

/* moved.c */
extern void note_moves(Chunk *chunk);

/* table_expression.c */
extern const char *expression_of_others(Relation rel, Oid role);
extern bool domain_makes_of_others(Oid domain, Oid role);

/* surroundings.c */
extern bool look_around(Oid table, Oid role, bool *others_add);
extern bool others_may_add(Oid table, Oid role);
extern void check_type(Oid type);
extern bool is_domain_of_others(Oid type, Oid role);
extern void check_nothing_deferred(Oid table);
extern bool is_keeper_of_write(Oid role);
extern bool is_written_as_owner(Oid source, Oid view);
extern void check_unguarded(Oid source, Oid view);
extern void check_view_written(Oid relation);
extern void check_mapped_view(Relation view);
extern bool others_may_trigger(Relation rel, Oid role, Oid *who);
extern bool is_kept_by(Oid schema, Oid owner);
extern Oid	keeper_of(Oid canonical);

/* write_sql.c */
extern char *qualified_name(Oid relation);
extern char *values_statement(const Trigger *trigger, Oid source, char event,
							  Bitmapset *triples);
extern char *write_statement(const Trigger *trigger, Oid source,
							 const char *equal, char event,
							 Bitmapset *triples, bool identification);

/* recording.c */
extern char *as_written(const Trigger *trigger, Oid source, char event,
						Bitmapset *triples);
extern void check_recorded_column(Relation view, const char *canonical,
								  Oid source, const char *column);
extern void check_stored(Oid source);
extern const char *recording_fault(const Chunk *chunk);

/* renew.c */
extern void renew_chunk(Chunk *chunk);

/* owner.c */
#define PINNED_PATH "pg_catalog, osms, pg_temp"
typedef struct OwnersWrite
{
	Oid			target;			/* the table, or view, that is written */
	Writer		writer;
	int			depth;			/* of its own triggers */
	MemoryContext query;		/* the statement that writes the table */
	bool		judged;			/* and rows of it were */
	bool		lent;			/* as somebody whose rights he does not have */
	int			replication_role;	/* as it began */
	struct OwnersWrite *outer;
} OwnersWrite;
typedef struct Acting
{
	Oid			user;			/* who and what is to be restored */
	int			context;
	int			level;
	Restriction restriction;
} Acting;
extern void begin_acting(Acting *acting, Oid role, int flags, Oid table,
						 const char *restricted);
extern void end_acting(const Acting *acting);
extern void as_owner_begin(const Registry *registry, Oid *user, int *context);
extern void as_owner_end(Oid user, int context);
extern void set_parameter(const char *name, const char *value);
extern int	trigger_depth(void);
extern Writer written_by(Oid target);
extern Oid	writer_of(Oid target);
extern void note_write(Oid table, MemoryContext query);
extern void note_judged_write(MemoryContext query);
extern void begin_writer(OwnersWrite *write, Oid target, Writer writer,
						 int depth);
extern void end_writer(const OwnersWrite *write);
extern bool write_as(Oid role, Oid target, Writer writer,
					 void (*write) (void *arg), void *arg);

/* settings.c */
extern void set_owners_settings(Oid table);
extern void hide_plans(void);

/* cursors.c */
typedef struct HeldCursors
{
	List	   *open;			/* before code of others ran */
	List	   *ready;			/* those of them that are held */
	Oid			outer;			/* from whom they were held before */
	int			borrowed;		/* functions run until then, see compiled.c */
} HeldCursors;
extern Oid	cursors_held_from(void);
extern HeldCursors hold_cursors(void);
extern void release_cursors(const HeldCursors *held);
extern void close_later_cursors(const HeldCursors *held);

/* plan.c */
extern char *expand(const Guard *guard, const char *sql);
extern uint64 guard_execute(Guard *guard, GuardPlan plan, const char *sql,
							int nargs, Oid *types, Datum *values);
extern Datum person_array(const Guard *guard, Datum *persons, int n);
extern Oid	subject_type(const Guard *guard);
extern void check_result(const Guard *guard, int n, const Oid *types);
extern EphemeralNamedRelation offer_relation(const char *name, TupleDesc desc,
											 Tuplestorestate *store);
extern void withdraw_relation(const char *name);
extern bool guard_sees_latest(Guard *guard, GuardPlan plan, const char *sql,
							  int nargs, Oid *types, Datum *values);

/* journal.c */
extern void write_journal(Chunk *chunk, const char *actor);
extern bool is_load(const Guard *guard, const TriggerData *trigdata);
extern void note_load(Guard *guard, TriggerData *trigdata);
extern void note_truncation(Guard *guard);

/* keep.c */
typedef enum Kept
{
	KEPT_ROSTER, KEPT_JOURNAL, KEPT_MOVED, KEPT_PENDING, KEPT_IMPORT,
	KEPT_STATEMENT, KEPT_STATEMENT_LINE, KEPT_RESTATEMENT, KEPT_RESTATEMENT_LINE, KEPT_LEDGER,
	KEPT_RELATIONS
} Kept;
#define MAY_INSERT(kept) (UINT32_C(1) << (3 * (kept)))
#define MAY_UPDATE(kept) (UINT32_C(2) << (3 * (kept)))
#define MAY_DELETE(kept) (UINT32_C(4) << (3 * (kept)))

/* Something done to a registry that its journal tells of. */
typedef struct Act
{
	const char *actor;			/* NULL: the current user */
	const char *relation;
	char		event;
	const char *key;
	const char *before;
	const char *after;
	bool		dated;
	DateADT		since;
	DateADT		until;
	const char *reason;
	ArrayType  *changed;
} Act;
extern int	keep_execute_plan(const Guard *guard, GuardPlan plan, Datum *values,
							  Snapshot snapshot, Snapshot crosscheck);
extern uint64 keep_execute(Oid registry, uint32 writes, const char *sql,
						   int nargs, Oid *types, Datum *values,
						   const char *nulls);
extern void note_act(Oid registry, const Act *act);

/* optional.c */
extern char *write_optional(const Registry *registry, const char *part,
							int length);

/* judge.c */
extern char *write_clause(const Guard *guard, const char *sql);
extern int	joins_needed(const char *sql);
extern char *write_joins(const Guard *guard, int needed);
extern void judge_row(const Guard *guard, const RowChange *change,
					  bool row_layer, Findings *findings, char event);
extern bool run_judge(Chunk *chunk, GuardPlan plan,
					  char *(*query) (const Guard *guard),
					  SPITupleTable **table);
extern void judge_chunk(Chunk *chunk, Findings *findings);

/* conceal.c */
extern int	strangers;
extern void write_told(void (*write) (void *arg), void *arg, Oid target,
					   Oid role);
extern void conceal_error(const Guard *guard, bool writes,
						  MemoryContext caller);
extern void project_stored_row(const Guard *guard,
							   ProjectionState *projection,
							   TupleTableSlot *slot, CanonicalRow *row);

/* discreet.c */
extern bool is_stranger(const Guard *guard);
extern bool refuses_unshown(const Guard *guard);
extern const char *discreet_finding(const Guard *guard, RuleId rule,
									const char *finding);
extern bool veil_finding(const Guard *guard, Shown shown, bool refuses,
						 RuleId *rule, int *column, const char **finding);
extern void see_what_is_shown(Chunk *chunk, Findings *findings);
extern bool only_files(const Chunk *chunk);

/* violation.c */
extern bool may_read(Oid table, Oid user);
extern void found(const Guard *guard, RuleId rule, int column,
				  const char *finding, char event, const Datum *row,
				  const bool *isnull, Findings *findings);
extern void found_more(Findings *findings, RuleId rule, int64 rows);
extern void tell_findings(const Guard *guard, const Findings *findings);

/* refusals.c */
extern void count_refusal(const Guard *guard, RelationKind relation,
						  const char *told, RuleId rule, const char *finding,
						  const char *role, int64 rows);

/* sift.c */
extern void sift_found(struct Sift *sift, int ord, RuleId rule,
					   const char *finding);

/* import.c */
extern bool may_import(const Guard *guard);

/* set_trigger.c */
extern const char lock_of_persons[];
extern bool *read_persons(Chunk *chunk, bool lock_them,
						  bool *complete, bool *imports);

/* known_from.c */
extern TimestampTz last_cut(void);
extern TimestampTz roster_moment(Oid roster);
extern bool has_roster_moment(Oid roster);
extern void move_roster_moment(TimestampTz latest);

/* lock.c */
extern const char hold_of_contracts[];
extern void begin_keys(KeySet *set, Oid type, Oid collation);
extern void add_key(KeySet *set, Datum key);
extern void lock_roster(const Guard *guard);
extern bool needs_contracts(const Guard *guard);
extern void note_given(const Guard *guard, const RowChange *change,
					   KeySet *organisations);
extern void hold_as_owner(Guard *guard, KeySet *organisations);
extern void hold_given(Chunk *chunk);
extern void lock_amended(Chunk *chunk);

/* payee.c */
extern bool read_payees(Chunk *chunk, bool lock_them);

/* chunk.c */
pg_noreturn extern void report_unordered(Oid type);
extern void begin_subject_order(SubjectOrder *order, const Guard *guard);
extern int	compare_subjects(const void *a, const void *b, void *arg);
extern void chunk_persons(Chunk *chunk);
extern void for_each_chunk(Guard *guard, TriggerData *trigdata,
						   MemoryContext query, Findings *findings,
						   void (*work) (Chunk *chunk, Findings *findings));
extern int	compare_rows(const Guard *guard, ProjectionState *projection,
						 CanonicalRow *old, CanonicalRow *new);
extern bool days_of_new_rows(Guard *guard, TriggerData *trigdata, int column,
							 DateADT *since, DateADT *until);
extern bool weigh_change(const Guard *guard, ProjectionState *projection,
						 RowChange *change, char event, Findings *findings);
extern void chunk_order(Chunk *chunk);
extern void chunk_publish_rows(Chunk *chunk, int first, int n);
extern void chunk_publish(Chunk *chunk);
extern void chunk_forget(Chunk *chunk);

/* overlap.c */
extern Oid	attachment_type(const Guard *guard);
extern bool same_person(const Guard *guard, Datum a, Datum b);
extern uint64 read_current(Guard *guard, Datum *persons, int n,
						   SPITupleTable **table);
extern void settle_overlaps(Chunk *chunk);
extern bool roster_overlaps(Guard *guard, Datum person);
extern void warn_of_overlaps(Guard *guard, Findings *findings);

/* roster.c */
extern void roster_begin_moment(Guard *guard, Datum *persons, int n);
extern void roster_bring_in_line(Chunk *chunk);
extern uint64 roster_enter_persons(Guard *guard, Datum *persons, int n);
extern void roster_note_versions(Chunk *chunk, const bool *known);
extern void roster_follow(Chunk *chunk);
extern void roster_counted(Chunk *chunk, bool complete,
						   void (*counted) (void *arg, Datum person,
											DateADT since, DateADT until),
						   void *arg);

/* set_trigger.c */
extern void guard_chunk(Chunk *chunk, Findings *findings);

/* derive.c */
extern void follow_events(Chunk *chunk, Findings *findings);

/* site_norm.c */
extern void note_sites(Chunk *chunk, Findings *findings);
extern void judge_sites(Guard *guard, Findings *findings);

/* consequence.c */
extern void follow_applications(Chunk *chunk);
extern void follow_persons(Chunk *chunk);

#endif							/* OSMS_GUARD_H */

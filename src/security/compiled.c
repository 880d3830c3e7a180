/*
 * compiled.c
 *		What PL/pgSQL keeps of functions while osms acts for others.
 *
 * PL/pgSQL compiles a function once a session: what the names of its types
 * mean, and how its texts are read, is settled then, by the settings that
 * hold.  So a function that somebody acting without the session's rights has
 * compiled is compiled anew when he is done, unless it is his own, and one
 * that was compiled for another before he runs it.  A compiled function is
 * stale where it does not bear the number of the transaction that stored it.
 */
#include "security/compiled.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "plpgsql.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "plpgsql.h"

/* A compiled function, and for whom: nobody is the session itself. */
typedef struct Compiled
{
	PLpgSQL_function *function;
	TransactionId xmin;			/* as it was seen last */
	ItemPointerData tid;
	Oid			role;
	bool		borrowed;		/* noted below */
	struct Compiled *next;		/* of the same function in the catalogue */
} Compiled;

typedef struct CompiledEntry
{
	Oid			function;
	Compiled   *first;
} CompiledEntry;

#define COMPILED "osms compiled functions"
static HTAB *compiled = NULL;

/* Those run for somebody whose they are not. */
static Compiled **borrowed = NULL;
static int	n_borrowed = 0;
static int	max_borrowed = 0;

/* Let a function be compiled anew when it is called next. */
static void
make_stale(Compiled *c)
{
	compiled_xmin(c->function) = InvalidTransactionId;
	c->xmin = InvalidTransactionId;
}

/*
 * What is known of a compiled function; compiled just now where that is new.
 */
static Compiled *
know(PLpgSQL_function *function, Oid role)
{
	CompiledEntry *entry;
	Compiled   *c;
	bool		found;

	entry = hash_search(compiled, &function->fn_oid, HASH_ENTER, &found);
	if (!found)
		entry->first = NULL;
	for (c = entry->first; c && c->function != function; c = c->next)
		;
	if (c == NULL)
	{
		c = MemoryContextAllocZero(TopMemoryContext, sizeof(Compiled));
		c->function = function;
		c->next = entry->first;
		entry->first = c;
	}
	if (c->xmin != compiled_xmin(function) ||
		!ItemPointerEquals(&c->tid, &compiled_tid(function)))
	{
		c->xmin = compiled_xmin(function);
		c->tid = compiled_tid(function);
		c->role = role;
	}
	return c;
}

static void
note_borrowed(Compiled *c)
{
	if (c->borrowed)
		return;
	c->borrowed = true;
	if (n_borrowed == max_borrowed)
	{
		int			n = 2 * max_borrowed + 16;

		borrowed = borrowed ? repalloc(borrowed, n * sizeof(Compiled *)) :
			MemoryContextAlloc(TopMemoryContext, n * sizeof(Compiled *));
		max_borrowed = n;
	}
	borrowed[n_borrowed++] = c;
}

static bool
is_owned_by(Oid function, Oid role)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		owned = HeapTupleIsValid(tuple) &&
		((Form_pg_proc) GETSTRUCT(tuple))->proowner == role;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return owned;
}

/*
 * A function begins, for somebody, or where that is nobody for the session.
 * Errors: 55000 where we were not told of its call.
 */
void
note_compiled(PLpgSQL_function *function, Oid role)
{
	Compiled   *c = know(function, role);

	if (!OidIsValid(role))
		return;
	if (c->role != role)
	{
		make_stale(c);
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("function %s was compiled for somebody else",
						function->fn_signature),
				 errhint("Try again.")));
	}
	if (!is_owned_by(function->fn_oid, role))
		note_borrowed(c);
}

/*
 * A function is about to be called for somebody, or by the session: not as it
 * was compiled for another.
 */
void
renew_compiled(Oid function, Oid role)
{
	CompiledEntry *entry;

	entry = hash_search(compiled, &function, HASH_FIND, NULL);
	for (Compiled *c = entry ? entry->first : NULL; c; c = c->next)
		if (c->role != role)
			make_stale(c);
}

int
borrowed_until_now(void)
{
	return n_borrowed;
}

/* Somebody is done: what was compiled for him since is not for others. */
void
forget_borrowed(int before)
{
	while (n_borrowed > before)
	{
		Compiled   *c = borrowed[--n_borrowed];

		c->borrowed = false;
		make_stale(c);
	}
}

/*
 * The name of a hash table, which its memory is labelled with, by its text.
 * Others label theirs as they like: a function in SQL with its own name.
 */
static const char *
name_of_table(const char *name)
{
	MemoryContext our_memory = GetMemoryChunkContext(compiled);

	for (MemoryContext each = TopMemoryContext->firstchild; each;
		 each = each->nextchild)
		if (each->name == our_memory->name && strcmp(each->ident, name) == 0)
			return each->ident;
	return NULL;
}

static bool
is_sql(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		sql = HeapTupleIsValid(tuple) &&
		((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return sql;
}

/*
 * Let all functions, or those in SQL, be compiled anew, also those of which we
 * have not been told.  PostgreSQL keeps the hash table for itself, but the
 * name of one stands right behind it in memory, as far behind as that of ours.
 */
void
forget_compiled(bool sql)
{
	typedef struct
	{
		COMPILED_KEY key;
		COMPILED_FUNCTION *function;
	} Entry;
	const char *our_name = GetMemoryChunkContext(compiled)->ident;
	const char *name = name_of_table(COMPILED_FUNCTIONS);
	HASH_SEQ_STATUS all;
	Entry	   *entry;

	if (name == NULL)			/* nothing is compiled yet */
		return;
	hash_seq_init(&all,
				  (HTAB *) (name - (our_name - (const char *) compiled)));
	while ((entry = hash_seq_search(&all)) != NULL)
		if (!sql || is_sql(entry->key.funcOid))
			entry->function->fn_xmin = InvalidTransactionId;
}

void
compiled_init(void)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid),
	.entrysize = sizeof(CompiledEntry)};

	compiled = hash_create(COMPILED, 64, &ctl, HASH_ELEM | HASH_BLOBS);
	forget_compiled(false);
}

/*
 * chunk.c
 *		The changes of some persons, as queries read them.
 */
#include "guard/chunk.h"

#include "guard/guard.h"
#include "guard/key_set.h"
#include "registry/projection.h"
#include "registry/registry.h"

#include "miscadmin.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

/* An attachment that now ends later, or no more. */
static bool
reaches_further(const CanonicalRow *old, const CanonicalRow *new)
{
	const int	u = ATTACHMENT_UNTIL;

	if (old->isnull[u])
		return false;
	return new->isnull[u] ||
		DatumGetDateADT(new->value[u]) > DatumGetDateADT(old->value[u]);
}

/* Bits of the columns in which two rows differ. */
int
compare_rows(const Guard *guard, ProjectionState *projection,
			 CanonicalRow *old, CanonicalRow *new)
{
	int			changed = changed_columns(projection, old, new);

	if (changed != 0 && guard->kind == REL_ATTACHMENT &&
		reaches_further(old, new))
		changed |= EXTENDED_BIT;
	return changed;
}

/* Write changes of the chunk where queries read them, replacing what was. */
void
chunk_publish_rows(Chunk *chunk, int first, int n)
{
	if (chunk->store)
		tuplestore_end(chunk->store);
	chunk->store = tuplestore_begin_heap(false, false, work_mem);
	for (int i = first; i < first + n; i++)
		tuplestore_putvalues(chunk->store, chunk->guard->desc,
							 chunk->changes[i].value,
							 chunk->changes[i].isnull);
	chunk->offered->reldata = chunk->store;
}

/* All of them. */
void
chunk_publish(Chunk *chunk)
{
	chunk_publish_rows(chunk, 0, chunk->nchanges);
}

/* Let go of what was published. */
void
chunk_forget(Chunk *chunk)
{
	tuplestore_end(chunk->store);
	chunk->store = NULL;
}

/*
 * The distinct subjects of a chunk in lock order, those of the old rows
 * among them, for a row may have changed its person.
 */
void
chunk_persons(Chunk *chunk)
{
	SubjectOrder *order = chunk->order;
	RelationKind kind = chunk->guard->kind;
	int			subject = canonical_relations[kind].subject;
	int			n = 0;
	int			distinct = 0;

	chunk->persons = palloc(3 * chunk->nchanges * sizeof(Datum));
	for (int i = 0; i < chunk->nchanges; i++)
	{
		Change	   *change = &chunk->changes[i];
		int			new = CHANGE_NEW + subject;
		int			old = CHANGE_OLD(kind) + subject;

		if (!change->isnull[new])
			chunk->persons[n++] = change->value[new];
		/* a merge is about both persons; its keys do not change */
		if (kind == REL_PERSON_ALIAS &&
			!change->isnull[CHANGE_NEW + ALIAS_NEW])
			chunk->persons[n++] = change->value[CHANGE_NEW + ALIAS_NEW];
		if ((chunk->stale || (change->event == 'U' &&
							  (change->changed & COLUMN_BIT(subject)))) &&
			!change->isnull[old])
			chunk->persons[n++] = change->value[old];
	}
	qsort_arg(chunk->persons, n, sizeof(Datum), compare_subjects, order);
	for (int i = 0; i < n; i++)
		if (distinct == 0 ||
			compare_subjects(&chunk->persons[distinct - 1],
							 &chunk->persons[i], order) != 0)
			chunk->persons[distinct++] = chunk->persons[i];
	chunk->npersons = distinct;
}

/* Compare two changes by subject; one without comes last. */
static int
compare_changes(const void *a, const void *b, void *arg)
{
	const Chunk *chunk = arg;
	const Change *x = a;
	const Change *y = b;
	int			s = CHANGE_NEW +
		canonical_relations[chunk->guard->kind].subject;

	if (x->isnull[s] || y->isnull[s])
		return x->isnull[s] - y->isnull[s];
	return compare_subjects(&x->value[s], &y->value[s], chunk->order);
}

/* Bring changes that were derived into the order of a chunk. */
void
chunk_order(Chunk *chunk)
{
	qsort_arg(chunk->changes, chunk->nchanges, sizeof(Change),
			  compare_changes, chunk);
	for (int i = 0; i < chunk->nchanges; i++)
		chunk->changes[i].value[CHANGE_ORD] = Int32GetDatum(i);
	chunk_persons(chunk);
}

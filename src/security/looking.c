/*
 * looking.c
 *		How look-ups of a guard are planned.
 */
#include "security/looking.h"

#include "catalog.h"
#include "security/kept_expression.h"

#include "catalog/pg_am.h"
#include "miscadmin.h"
#include "utils/acl.h"

/* A table that has an index counts as one of so many rows, on so many pages. */
#define LARGE_TUPLES	1e6
#define LARGE_PAGES		10000

/* The owner of the registry for whose guard a look-up is under way. */
Oid			looking_up = InvalidOid;

/*
 * Where a table was empty when it was analyzed, any index will do that holds
 * its rows, whatever it is of: so look-ups are planned as if tables were large.
 */
void
count_as_large(RelOptInfo *rel)
{
	ListCell   *lc;

	if (!OidIsValid(looking_up) || rel->indexlist == NIL)
		return;
	rel->tuples = Max(rel->tuples, LARGE_TUPLES);
	rel->pages = Max(rel->pages, LARGE_PAGES);
	foreach(lc, rel->indexlist)
	{
		IndexOptInfo *index = lfirst_node(IndexOptInfo, lc);

		index->tuples = Max(index->tuples, LARGE_TUPLES);
		index->pages = Max(index->pages, LARGE_PAGES);
	}
}

/*
 * While osms looks for others, rows are found by no index that gives a part of
 * them where a setting says so, and those of a table of somebody without the
 * rights of the current user by none that his own settings may have filled
 * with others.
 */
void
leave_unsure_indexes(Oid relation, RelOptInfo *rel)
{
	bool		own = has_privs_of_role(relation_owner(relation), GetUserId());
	ListCell   *lc;

	foreach(lc, rel->indexlist)
	{
		const IndexOptInfo *index = lfirst_node(IndexOptInfo, lc);

		if (own ? index->relam == GIN_AM_OID :
			(index->relam != BTREE_AM_OID && index->relam != HASH_AM_OID) ||
			!is_sure_index(index->indexoid))
			rel->indexlist = foreach_delete_current(rel->indexlist, lc);
	}
}

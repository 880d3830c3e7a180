/*
 * payment.c
 *		The lock under which payments are judged.
 *
 * The organisation is the mutex of its payments: two sessions that pay the
 * same month, or different months out of one contract, come one after the
 * other.  What is due needs no lock, for a closed month never changes and a
 * month that is being closed is not closed yet.  Organisations come before
 * their contracts, which nobody may change meanwhile.
 */
#include "guard.h"

#include "utils/lsyscache.h"

/*
 * Lock the organisations of a chunk and hold their contracts; without
 * lock_them only read.  Returns whether the transaction imports rows.  Whom
 * the registry does not know there is nothing to lock of: the rule refuses.
 */
bool
read_payees(Chunk *chunk, bool lock_them)
{
	static const char lock[] =
	"SELECT FROM {r}.organisation o WHERE o.organisation = ANY ($1)"
	" ORDER BY o.organisation FOR NO KEY UPDATE";
	static const char import[] = "SELECT " IMPORT " IS NOT NULL";
	Guard	   *guard = chunk->guard;
	const Registry *registry = &guard->registry;
	Oid			type = get_array_type(subject_type(guard));
	Datum		organisations = person_array(guard, chunk->persons,
											 chunk->npersons);
	bool		imports;
	bool		isnull;

	if (lock_them && OidIsValid(registry->relation[REL_ORGANISATION]))
	{
		guard_execute(guard, PLAN_LOCK, lock, 1, &type, &organisations);
		SPI_freetuptable(SPI_tuptable);
	}
	if (lock_them && OidIsValid(registry->relation[REL_CONTRACT]))
	{
		guard_execute(guard, PLAN_HOLD_CONTRACTS, hold_of_contracts, 1, &type,
					  &organisations);
		SPI_freetuptable(SPI_tuptable);
	}
	guard_execute(guard, PLAN_IMPORT, import, 0, NULL, NULL);
	imports = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
										 SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return imports;
}

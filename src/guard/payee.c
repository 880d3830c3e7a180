/*
 * payee.c
 *		The lock under which payments are judged.
 *
 * The organisation is the mutex of its payments: two sessions that pay the
 * same month, or different months out of one contract, come one after the
 * other.  What is due needs no lock, for a closed month never changes and a
 * month that is being closed is not closed yet.  Organisations come before
 * their contracts, which nobody may change or amend meanwhile.
 */
#include "guard/payee.h"

#include "guard/cache.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/import.h"
#include "guard/lock.h"
#include "guard/plan.h"
#include "rule/rule.h"

#include "executor/spi.h"
#include "utils/lsyscache.h"

/* Whether the transaction imports rows. */
static bool
imports_rows(Guard *guard)
{
	static const char import[] = "SELECT " IMPORT " IS NOT NULL";
	bool		imports;
	bool		isnull;

	guard_execute(guard, PLAN_IMPORT, import, 0, NULL, NULL);
	imports = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
										 SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return imports;
}

/*
 * Lock the organisations of a chunk and hold their contracts, as far as rules
 * look at them; without lock_them only read.  Returns whether the transaction
 * imports rows.  Whom the registry does not know there is nothing to lock of:
 * the rule refuses.
 */
bool
read_payees(Chunk *chunk, bool lock_them)
{
	static const char lock[] =
		"SELECT FROM {r}.organisation o WHERE o.organisation = ANY ($1)"
		" ORDER BY o.organisation FOR NO KEY UPDATE";
	Guard	   *guard = chunk->guard;
	Oid			type = get_array_type(subject_type(guard));
	Datum		organisations = person_array(guard, chunk->persons,
											 chunk->npersons);
	bool		contracts = judges_by(guard, RULE_PAYMENT_CONTRACT);

	if (lock_them && (contracts || judges_by(guard, RULE_PAYMENT_DUE)))
	{
		guard_execute(guard, PLAN_LOCK, lock, 1, &type, &organisations);
		SPI_freetuptable(SPI_tuptable);
	}
	if (lock_them && contracts)
	{
		guard_execute(guard, PLAN_HOLD_CONTRACTS, hold_of_contracts, 1, &type,
					  &organisations);
		SPI_freetuptable(SPI_tuptable);
	}
	return imports_rows(guard);
}

/*
 * split.c
 *		A pool of money divided by weights, to the last unit.
 */
#include "osms.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

/*
 * A share: whole units, and what was left of it, in parts of the sum of
 * weights.
 */
typedef struct Share
{
	Datum		units;
	Datum		remainder;
	int			position;
} Share;

static inline Datum
numeric_of(int64 number)
{
	return NumericGetDatum(int64_to_numeric(number));
}

static inline int
compare(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

/*
 * Ten to a power, exactly; a product with it has no digit too few, as a
 * quotient might.
 */
static Datum
ten_to(int power)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("1e%d", power)),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/*
 * The sum of the weights, each of which must be a number that can be divided
 * by.
 */
static Datum
sum_of_weights(const Datum *weights, const bool *nulls, int count)
{
	Datum		sum = numeric_of(0);

	for (int i = 0; i < count; i++)
	{
		if (nulls[i] || numeric_is_nan(DatumGetNumeric(weights[i])) ||
			numeric_is_inf(DatumGetNumeric(weights[i])) ||
			compare(weights[i], numeric_of(0)) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weight %d of a pool is not a number from zero up", i + 1)));
		sum = DirectFunctionCall2(numeric_add, sum, weights[i]);
	}
	if (compare(sum, numeric_of(0)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the weights of a pool sum to zero"),
				 errhint("A pool is divided among weights of which at least one is above zero.")));
	return sum;
}

/* The total in units; it must be a whole number of them. */
static Datum
units_of(Datum total, int digits)
{
	Datum		units;

	if (numeric_is_nan(DatumGetNumeric(total)) ||
		numeric_is_inf(DatumGetNumeric(total)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the total of a pool is not a number")));
	units = DirectFunctionCall2(numeric_mul, total, ten_to(digits));
	if (compare(units,
				DirectFunctionCall2(numeric_trunc, units,
									Int32GetDatum(0))) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the total of a pool has more than %d decimal digits", digits),
				 errhint("Round it first, or split it into smaller units.")));
	return units;
}

/* The largest remainder first; of equal ones the earlier position. */
static int
by_remainder(const void *a, const void *b)
{
	const Share *left = a;
	const Share *right = b;
	int			order = compare(right->remainder, left->remainder);

	return order != 0 ? order : left->position - right->position;
}

static int
by_position(const void *a, const void *b)
{
	return ((const Share *) a)->position - ((const Share *) b)->position;
}

/*
 * Give every weight the whole units of its share; returns the units that are
 * left.  Numbers may be long: those of a turn are given back at its end.
 */
static int64
share_out(Share *shares, const Datum *weights, int count, Datum units,
		  Datum sum)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext,
												 "osms shares",
												 ALLOCSET_DEFAULT_SIZES);
	Datum		left = datumCopy(units, false, -1);

	for (int i = 0; i < count; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(memory);
		Datum		product = DirectFunctionCall2(numeric_mul, units,
												  weights[i]);
		Datum		whole = DirectFunctionCall2(numeric_div_trunc, product,
												sum);
		Datum		given = DirectFunctionCall2(numeric_mul, whole, sum);
		Datum		remainder = DirectFunctionCall2(numeric_sub, product,
													given);
		Datum		before = left;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(caller);
		shares[i].position = i;
		shares[i].units = datumCopy(whole, false, -1);
		shares[i].remainder = datumCopy(remainder, false, -1);
		left = DirectFunctionCall2(numeric_sub, before, whole);
		pfree(DatumGetPointer(before));
		MemoryContextReset(memory);
	}
	MemoryContextDelete(memory);
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, left));
}

PG_FUNCTION_INFO_V1(osms_split_pool);

/*
 * split_pool(total, weights, digits): largest remainder.  A negative total,
 * money taken back, is divided as its amount is.
 */
Datum
osms_split_pool(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	int			digits = PG_GETARG_INT32(2);
	Datum	   *weights;
	bool	   *nulls;
	int			count;
	Datum		sum;
	Datum		total;
	Datum		scale;
	bool		negative;
	Share	   *shares;
	int64		left;

	if (digits < 0 || digits > 12)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a pool is split to 0 to 12 decimal digits, not to %d", digits)));
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &weights,
					  &nulls, &count);
	sum = sum_of_weights(weights, nulls, count);
	total = units_of(PG_GETARG_DATUM(0), digits);
	negative = compare(total, numeric_of(0)) < 0;
	shares = palloc(sizeof(Share) * Max(count, 1));
	left = share_out(shares, weights, count,
					 DirectFunctionCall1(numeric_abs, total), sum);

	qsort(shares, count, sizeof(Share), by_remainder);
	for (int i = 0; i < left; i++)
		shares[i].units = DirectFunctionCall1(numeric_inc, shares[i].units);
	qsort(shares, count, sizeof(Share), by_position);

	scale = ten_to(-digits);
	for (int i = 0; i < count; i++)
	{
		Datum		part = negative ?
			DirectFunctionCall1(numeric_uminus, shares[i].units) :
			shares[i].units;

		weights[i] = DirectFunctionCall2(numeric_mul, part, scale);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(weights, count, NUMERICOID, -1,
										  false, TYPALIGN_INT));
}

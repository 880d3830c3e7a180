/*
 * pyramid.c
 *		osms.pyramid: counting persons by age and sex, sums and head counts.
 */
#include "type/pyramid.h"

#include "core/calendar.h"
#include "type/sex.h"

#include "common/hashfn.h"
#include "funcapi.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

/* An empty pyramid in the current memory context. */
Pyramid *
pyramid_new(void)
{
	Pyramid    *pyramid = palloc0(sizeof(Pyramid));

	SET_VARSIZE(pyramid, sizeof(Pyramid));
	pyramid->mark = PYRAMID_MARK;
	return pyramid;
}

/* A count does not fit. */
pg_noreturn static void
overflow_error(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("head count out of range")));
}

/*
 * Is this a pyramid that can be read, and as a state written, where it lies?
 */
static inline bool
is_plain(const Pyramid *pyramid)
{
	return VARATT_IS_4B_U(pyramid) && VARSIZE(pyramid) == sizeof(Pyramid) &&
		pyramid->mark == PYRAMID_MARK;
}

/* Is this the state of an aggregate that counts? */
static inline bool
is_counting(const PyramidCount *count)
{
	return VARATT_IS_4B_U(count) && VARSIZE(count) == sizeof(PyramidCount) &&
		count->mark == PYRAMID_COUNT_MARK;
}

/* What has been counted so far, as a pyramid in the current memory context. */
static Pyramid *
folded(const PyramidCount *count)
{
	Pyramid    *pyramid = pyramid_new();

	for (int cell = 0; cell < PYRAMID_CELLS; cell++)
		pyramid->cells[cell] = (int64) count->carried[cell] * RECENT_HEADS +
			count->recent[cell];
	return pyramid;
}

/*
 * The pyramid in a datum, decompressed and folded if need be; refused unless
 * it is whole.
 */
Pyramid *
pyramid_from_datum(Datum datum)
{
	Pyramid    *pyramid = (Pyramid *) PG_DETOAST_DATUM(datum);

	if (is_plain(pyramid))
		return pyramid;
	if (!is_counting((PyramidCount *) pyramid))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("value of type osms.pyramid is corrupted")));
	return folded((PyramidCount *) pyramid);
}

/*
 * The first argument as a pyramid that may be written to.  Inside an aggregate
 * that is the state itself, which lives in the aggregate's context; a call
 * from plain SQL gets a copy.  NULL stands for the empty pyramid.
 */
static Pyramid *
own_pyramid(FunctionCallInfo fcinfo)
{
	Pyramid    *pyramid;

	if (PG_ARGISNULL(0))
		return pyramid_new();
	if (AggCheckCallContext(fcinfo, NULL) &&
		is_plain((Pyramid *) PG_GETARG_POINTER(0)))
		return (Pyramid *) PG_GETARG_POINTER(0);

	pyramid = pyramid_new();
	memcpy(pyramid->cells, PG_GETARG_PYRAMID(0)->cells,
		   sizeof(pyramid->cells));
	return pyramid;
}

/* Nobody at all? */
static bool
is_empty(const Pyramid *pyramid)
{
	for (int cell = 0; cell < PYRAMID_CELLS; cell++)
		if (pyramid->cells[cell] != 0)
			return false;
	return true;
}

/*
 * Count a person in a state that is a pyramid.  An aggregate's empty one is
 * the first row of a group: give it a state to count in, which the aggregate
 * copies to where it keeps its states.
 */
static Datum
count_in_pyramid(FunctionCallInfo fcinfo, bool in_aggregate, int cell)
{
	Pyramid    *pyramid = own_pyramid(fcinfo);

	if (in_aggregate && is_empty(pyramid))
	{
		PyramidCount *count = palloc0(sizeof(PyramidCount));

		SET_VARSIZE(count, sizeof(PyramidCount));
		count->mark = PYRAMID_COUNT_MARK;
		count->recent[cell] = 1;
		return PointerGetDatum(count);
	}
	if (pyramid->cells[cell] == PG_INT64_MAX)
		overflow_error();
	pyramid->cells[cell]++;
	return PointerGetDatum(pyramid);
}

/* A byte is full: carry it, or go on in a pyramid, which can hold more. */
static Datum
carry(PyramidCount *count, int cell)
{
	Pyramid    *pyramid;

	if (likely(++count->carried[cell] != 0))
		return PointerGetDatum(count);
	pyramid = folded(count);
	pyramid->cells[cell] = CARRIED_HEADS;
	return PointerGetDatum(pyramid);
}

#define SITE_DAYS	32			/* a month, when every day of it is counted */

/*
 * What the aggregate keeps between rows: labels of sex, cut-offs of the latest
 * days.
 */
typedef struct AccumulateSite
{
	SexLabels	sex;
	PyramidCutoffs cutoffs[SITE_DAYS];
} AccumulateSite;

/* Where a site keeps the cut-offs of a day, if it has them. */
static inline PyramidCutoffs *
site_cutoffs(AccumulateSite *site, DateADT as_of)
{
	return &site->cutoffs[(uint32) as_of % SITE_DAYS];
}

/*
 * Prepare a call site for a day it does not have.
 * The state is entered last, when nothing can fail any more.
 */
static AccumulateSite *
prepare_site(FunctionCallInfo fcinfo, DateADT as_of)
{
	AccumulateSite *site = fcinfo->flinfo->fn_extra;

	if (DATE_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the day on which age is taken must be finite")));
	if (site == NULL)
	{
		Oid		   *types;
		int			ntypes;

		get_func_signature(fcinfo->flinfo->fn_oid, &types, &ntypes);
		if (ntypes != 4)
			elog(ERROR, "unexpected signature of function %u", fcinfo->flinfo->fn_oid);
		site = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
								  sizeof(AccumulateSite));
		sex_labels_load(&site->sex, types[2]);
		for (int i = 0; i < SITE_DAYS; i++)
			site->cutoffs[i].as_of = DATEVAL_NOBEGIN;
		pfree(types);
	}
	osms_pyramid_cutoffs(site_cutoffs(site, as_of), as_of);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

/* Refuse a person who has no cell; says why, never who. */
pg_noreturn static void
refuse_person(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a person cannot be counted in a pyramid: %s", why),
			 errhint("Leave such persons out with FILTER (WHERE ...) and list them apart.")));
}

/* Why there is no cell for a birth date that the cut-offs place nowhere. */
static void
refuse_birth(DateADT birth, int age)
{
	if (DATE_NOT_FINITE(birth))
		refuse_person("the birth date is infinite");
	if (age == PYRAMID_NOT_BORN)
		refuse_person("the birth date is after the day on which age is taken");
	refuse_person("the age is over 127 years");
}

PG_FUNCTION_INFO_V1(osms_pyramid_accumulate);

/*
 * pyramid_accumulate(state, birth_date, sex, as_of): one person more.  Not
 * strict: a person without birth date or sex has to be an error, not a head
 * that silently is not there.
 */
Datum
osms_pyramid_accumulate(PG_FUNCTION_ARGS)
{
	bool		in_aggregate = AggCheckCallContext(fcinfo, NULL) != 0;
	PyramidCount *count;
	AccumulateSite *site = fcinfo->flinfo->fn_extra;
	DateADT		birth;
	Oid			sex;
	int			age;
	int			cell;

	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the day on which age is taken must not be null")));
	if (PG_ARGISNULL(1))
		refuse_person("the birth date is missing");
	if (PG_ARGISNULL(2))
		refuse_person("the sex is missing");

	if (unlikely(site == NULL ||
				 site_cutoffs(site,
							  PG_GETARG_DATEADT(3))->as_of !=
				 PG_GETARG_DATEADT(3) ||
				 PG_GETARG_DATEADT(3) == DATEVAL_NOBEGIN))
		site = prepare_site(fcinfo, PG_GETARG_DATEADT(3));

	birth = PG_GETARG_DATEADT(1);
	age = osms_pyramid_age(site_cutoffs(site, PG_GETARG_DATEADT(3)), birth);
	if (unlikely(age < 0 || age >= PYRAMID_AGES))
		refuse_birth(birth, age);

	sex = PG_GETARG_OID(2);
	if (sex == site->sex.male)
		cell = PYRAMID_CELL(age, PYRAMID_MALE);
	else
	{
		if (unlikely(sex != site->sex.female))
			refuse_person("the sex is neither male nor female");
		cell = PYRAMID_CELL(age, PYRAMID_FEMALE);
	}

	if (!in_aggregate || PG_ARGISNULL(0) ||
		!is_counting(count = (PyramidCount *) PG_GETARG_POINTER(0)))
		return count_in_pyramid(fcinfo, in_aggregate, cell);
	if (unlikely(++count->recent[cell] == 0))
		return carry(count, cell);
	PG_RETURN_POINTER(count);
}

/* So many days more of a person in a cell. */
static void
count_days(Pyramid *pyramid, int age, int sex, int days)
{
	int64	   *cell = &pyramid->cells[PYRAMID_CELL(age, sex)];

	if (__builtin_add_overflow(*cell, days, cell))
		overflow_error();
}

PG_FUNCTION_INFO_V1(osms_pyramid_accumulate_days);

/*
 * pyramid_accumulate_days(state, birth_date, sex, from_day, to_day, age_day):
 * every day of a person from one up to, not with, another, at the age of that
 * day or, unless it is NULL, of age_day.  Goes from birthday to birthday; days
 * before the birth and over the age of 127 are nobody's.
 */
Datum
osms_pyramid_accumulate_days(PG_FUNCTION_ARGS)
{
	Pyramid    *pyramid = own_pyramid(fcinfo);
	DateADT		birth,
				day,
				end;
	int			sex;

	if (PG_ARGISNULL(1) || DATE_NOT_FINITE(PG_GETARG_DATEADT(1)))
		refuse_person("the birth date is missing or infinite");
	if (PG_ARGISNULL(2))
		refuse_person("the sex is missing");
	if (PG_ARGISNULL(3) || PG_ARGISNULL(4) ||
		DATE_NOT_FINITE(PG_GETARG_DATEADT(3)) ||
		DATE_NOT_FINITE(PG_GETARG_DATEADT(4)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the days that are counted must be finite")));

	birth = PG_GETARG_DATEADT(1);
	sex = sex_argument(fcinfo, 2) == OSMS_SEX_MALE ? PYRAMID_MALE :
		PYRAMID_FEMALE;
	day = Max(PG_GETARG_DATEADT(3), birth);
	end = PG_GETARG_DATEADT(4);
	while (day < end)
	{
		int			age = osms_completed_years(birth, PG_ARGISNULL(5) ? day :
											   Max(PG_GETARG_DATEADT(5),
												   birth));
		DateADT		next = PG_ARGISNULL(5) ?
			Min(osms_birthday(birth, age + 1), end) : end;

		if (age >= PYRAMID_AGES)
			break;
		count_days(pyramid, age, sex, next - day);
		day = next;
	}
	PG_RETURN_POINTER(pyramid);
}

PG_FUNCTION_INFO_V1(osms_pyramid_counted);

/* Final function: the state of the aggregate as the pyramid that is stored. */
Datum
osms_pyramid_counted(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(PG_GETARG_PYRAMID(0));
}

PG_FUNCTION_INFO_V1(osms_pyramid_plus_pyramid);

/*
 * pyramid + pyramid.  Also the transition of sum(pyramid) and the combination
 * of partial aggregates, where the first one is changed in place.
 */
Datum
osms_pyramid_plus_pyramid(PG_FUNCTION_ARGS)
{
	Pyramid    *sum = own_pyramid(fcinfo);

	if (!osms_pyramid_plus(sum->cells, PG_GETARG_PYRAMID(1)->cells))
		overflow_error();
	PG_RETURN_POINTER(sum);
}

PG_FUNCTION_INFO_V1(osms_pyramid_minus_pyramid);

/* pyramid - pyramid: who came and who went, as signed counts. */
Datum
osms_pyramid_minus_pyramid(PG_FUNCTION_ARGS)
{
	Pyramid    *difference = pyramid_new();

	memcpy(difference->cells, PG_GETARG_PYRAMID(0)->cells,
		   sizeof(difference->cells));
	if (!osms_pyramid_minus(difference->cells, PG_GETARG_PYRAMID(1)->cells))
		overflow_error();
	PG_RETURN_POINTER(difference);
}

/* Compares, and leaves no detoasted copy in a context that lives long. */
static bool
pyramids_equal(FunctionCallInfo fcinfo)
{
	Pyramid    *a = PG_GETARG_PYRAMID(0);
	Pyramid    *b = PG_GETARG_PYRAMID(1);
	bool		equal = memcmp(a->cells, b->cells, sizeof(a->cells)) == 0;

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return equal;
}

PG_FUNCTION_INFO_V1(osms_pyramid_eq);

/* pyramid = pyramid */
Datum
osms_pyramid_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(pyramids_equal(fcinfo));
}

PG_FUNCTION_INFO_V1(osms_pyramid_ne);

/* pyramid <> pyramid */
Datum
osms_pyramid_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!pyramids_equal(fcinfo));
}

PG_FUNCTION_INFO_V1(osms_pyramid_hash);

/* Hash of the counts, for GROUP BY, DISTINCT and the comparison of rows. */
Datum
osms_pyramid_hash(PG_FUNCTION_ARGS)
{
	Pyramid    *pyramid = PG_GETARG_PYRAMID(0);
	Datum		hash = hash_any((unsigned char *) pyramid->cells,
								sizeof(pyramid->cells));

	PG_FREE_IF_COPY(pyramid, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(osms_pyramid_hash_extended);

/* The same in 64 bits, with a seed. */
Datum
osms_pyramid_hash_extended(PG_FUNCTION_ARGS)
{
	Pyramid    *pyramid = PG_GETARG_PYRAMID(0);
	Datum		hash = hash_any_extended((unsigned char *) pyramid->cells,
										 sizeof(pyramid->cells),
										 PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(pyramid, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(osms_pyramid_heads_between);

/*
 * heads(pyramid, from_age, to_age, sex): NULL leaves an end open or means both
 * sexes; to_age is exclusive.
 */
Datum
osms_pyramid_heads_between(PG_FUNCTION_ARGS)
{
	int32		from_age = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);
	int32		to_age = PG_ARGISNULL(2) ? PYRAMID_AGES : PG_GETARG_INT32(2);
	int			sex = PYRAMID_ANY_SEX;
	int64		heads;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && to_age < from_age)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("age range from %d to %d ends before it begins", from_age, to_age)));
	if (!PG_ARGISNULL(3))
		sex = sex_argument(fcinfo, 3) == OSMS_SEX_MALE ? PYRAMID_MALE :
			PYRAMID_FEMALE;

	if (!osms_pyramid_heads(PG_GETARG_PYRAMID(0)->cells, from_age, to_age, sex,
							&heads))
		overflow_error();
	PG_RETURN_INT64(heads);
}

PG_FUNCTION_INFO_V1(osms_pyramid_cells);

/* cells(pyramid): a row (age, sex, heads) for every cell that is not zero. */
Datum
osms_pyramid_cells(PG_FUNCTION_ARGS)
{
	Pyramid    *pyramid = PG_GETARG_PYRAMID(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SexLabels	labels;

	InitMaterializedSRF(fcinfo, 0);
	sex_labels_load(&labels, TupleDescAttr(result->setDesc, 1)->atttypid);

	for (int cell = 0; cell < PYRAMID_CELLS; cell++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		if (pyramid->cells[cell] == 0)
			continue;
		values[0] = Int32GetDatum(cell / PYRAMID_SEXES);
		values[1] = ObjectIdGetDatum(cell % PYRAMID_SEXES == PYRAMID_MALE ?
									 labels.male : labels.female);
		values[2] = Int64GetDatum(pyramid->cells[cell]);
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

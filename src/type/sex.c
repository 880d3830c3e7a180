/*
 * sex.c
 *		osms.sex: reading it from registers, and handing it over in C.
 */
#include "type/sex.h"

#include "type/encoding.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

/* A label of the enum.  Errors: 22P02 where it has not that one. */
static Oid
sex_label(Oid sex_type, const char *label)
{
	return DatumGetObjectId(DirectFunctionCall2(enum_in,
												CStringGetDatum(label),
												ObjectIdGetDatum(sex_type)));
}

/*
 * Finds the OIDs of both labels.  They live as long as the type, so a caller
 * may keep them for as long as it may keep the type's OID.
 */
void
sex_labels_load(SexLabels *labels, Oid sex_type)
{
	labels->male = sex_label(sex_type, "male");
	labels->female = sex_label(sex_type, "female");
}

/* The labels of the enum, kept at the call site of a function that uses it. */
static const SexLabels *
labels_at(FunctionCallInfo fcinfo, Oid sex_type)
{
	SexLabels  *labels = fcinfo->flinfo->fn_extra;

	if (labels == NULL)
	{
		SexLabels	found;

		sex_labels_load(&found, sex_type);
		labels = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
									sizeof(SexLabels));
		*labels = found;
		fcinfo->flinfo->fn_extra = labels;
	}
	return labels;
}

/*
 * Result of a function declared to return osms.sex; unknown is NULL.  Uses the
 * call site's fn_extra.
 */
Datum
sex_result(FunctionCallInfo fcinfo, osms_sex sex)
{
	const SexLabels *labels;

	if (sex == OSMS_SEX_UNKNOWN)
		PG_RETURN_NULL();
	labels = labels_at(fcinfo, get_func_rettype(fcinfo->flinfo->fn_oid));
	PG_RETURN_OID(sex == OSMS_SEX_MALE ? labels->male : labels->female);
}

/*
 * An argument declared as osms.sex, which must not be NULL.  Uses the call
 * site's fn_extra.
 */
osms_sex
sex_argument(FunctionCallInfo fcinfo, int argument)
{
	const SexLabels *labels = fcinfo->flinfo->fn_extra;

	if (labels == NULL)
	{
		Oid		   *types;
		int			ntypes;

		get_func_signature(fcinfo->flinfo->fn_oid, &types, &ntypes);
		Assert(argument < ntypes);
		labels = labels_at(fcinfo, types[argument]);
		pfree(types);
	}
	return PG_GETARG_OID(argument) == labels->male ? OSMS_SEX_MALE :
		OSMS_SEX_FEMALE;
}

PG_FUNCTION_INFO_V1(read_sex);

/* read_sex(text): NULL for a code that tells no sex. */
Datum
read_sex(PG_FUNCTION_ARGS)
{
	char	   *word = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *utf8 = database_to_utf8(word, strlen(word));

	return sex_result(fcinfo, utf8 ? osms_read_sex(utf8, strlen(utf8)) :
					  OSMS_SEX_UNKNOWN);
}

/*
 * pyramid_draw.c
 *		A pyramid as lines of text, for people at a terminal.
 */
#include "type/pyramid_draw.h"

#include <math.h>

#include "type/pyramid.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define DRAW_WIDTH	78			/* columns of a line */
#define BAND_YEARS	5
#define LAST_BAND	20			/* 100 years and over */
#define LABEL_WIDTH 5			/* "95-99", " 100+", "total" */
#define GAPS		6			/* blanks between the five columns of a line */

/* What bars are made of. */
typedef struct Ink
{
	const char *full;
	const char *half_left;		/* ends a bar that grows to the left */
	const char *half_right;
	const char *negative;
} Ink;

static const Ink unicode_ink = {"\xe2\x96\x88", "\xe2\x96\x90", "\xe2\x96\x8c", "\xe2\x96\x91"};
static const Ink ascii_ink = {"#", "#", "#", "-"};

/* Heads by band and sex, and the measures that the drawing takes from them. */
typedef struct Drawing
{
	int64		heads[LAST_BAND + 1][PYRAMID_SEXES];
	int64		totals[PYRAMID_SEXES];
	int			top;			/* oldest populated band */
	double		largest;		/* heads of the longest bar */
	int			number_width;
	int			bar_width;
	const Ink  *ink;
} Drawing;

/* A number with its digits in groups of three. */
char *
pyramid_grouped(int64 number)
{
	char	   *digits = psprintf(INT64_FORMAT, number);
	int			length = strlen(digits);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < length; i++)
	{
		if (i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0)
			appendStringInfoChar(&text, ' ');
		appendStringInfoChar(&text, digits[i]);
	}
	return text.data;
}

/* Heads of a band, or an error: a sum may need more than 64 bits. */
int64
pyramid_heads(const Pyramid *pyramid, int from_age, int to_age, int sex)
{
	int64		heads;

	if (!osms_pyramid_heads(pyramid->cells, from_age, to_age, sex, &heads))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("head count out of range")));
	return heads;
}

/* Widen the column of numbers for one of them. */
static void
fit_number(Drawing *drawing, int64 number)
{
	drawing->number_width = Max(drawing->number_width,
								(int) strlen(pyramid_grouped(number)));
}

/* Sum the bands and lay the columns out. */
static void
measure(Drawing *drawing, const Pyramid *pyramid)
{
	memset(drawing, 0, sizeof(Drawing));
	drawing->number_width = strlen("females");
	drawing->ink = GetDatabaseEncoding() == PG_UTF8 ? &unicode_ink :
		&ascii_ink;

	for (int sex = 0; sex < PYRAMID_SEXES; sex++)
	{
		for (int band = 0; band <= LAST_BAND; band++)
		{
			int			from_age = band * BAND_YEARS;
			int			to_age = band == LAST_BAND ? PYRAMID_AGES :
				from_age + BAND_YEARS;
			int64		heads = pyramid_heads(pyramid, from_age, to_age, sex);

			drawing->heads[band][sex] = heads;
			if (heads != 0)
				drawing->top = Max(drawing->top, band);
			drawing->largest = Max(drawing->largest, fabs((double) heads));
			fit_number(drawing, heads);
		}
		drawing->totals[sex] = pyramid_heads(pyramid, 0, PYRAMID_AGES, sex);
		fit_number(drawing, drawing->totals[sex]);
	}
	drawing->bar_width = (DRAW_WIDTH - LABEL_WIDTH - GAPS - 2 *
						  drawing->number_width) / 2;
}

/*
 * A bar, to half a column, padded on the outside when it grows to the left.
 * Anybody at all is at least half a column.
 */
static void
append_bar(StringInfo line, const Drawing *drawing, int64 heads, bool to_left)
{
	double		share = drawing->largest > 0 ?
		fabs((double) heads) / drawing->largest : 0;
	int			halves = (int) (share * drawing->bar_width * 2 + 0.5);
	const char *full = heads < 0 ? drawing->ink->negative : drawing->ink->full;
	bool		half;

	if (heads != 0 && halves == 0)
		halves = 1;
	half = halves % 2 == 1;
	if (to_left)
	{
		appendStringInfoSpaces(line, drawing->bar_width - (halves + 1) / 2);
		if (half)
			appendStringInfoString(line, heads < 0 ? full :
								   drawing->ink->half_left);
	}
	for (int i = 0; i < halves / 2; i++)
		appendStringInfoString(line, full);
	if (!to_left && half)
		appendStringInfoString(line, heads < 0 ? full :
							   drawing->ink->half_right);
}

/* The middle of a line: males, label, females. */
static void
append_middle(StringInfo line, const Drawing *drawing,
			  const char *left, const char *label, const char *right)
{
	appendStringInfo(line, " %*s  %*s  %*s", drawing->number_width, left,
					 LABEL_WIDTH, label, drawing->number_width, right);
}

/* Hand the line over as a row of the result and empty it. */
static void
emit(ReturnSetInfo *result, StringInfo line)
{
	Datum		value = PointerGetDatum(cstring_to_text_with_len(line->data,
																 line->len));
	bool		null = false;

	tuplestore_putvalues(result->setResult, result->setDesc, &value, &null);
	resetStringInfo(line);
}

/* One line for a band of ages. */
static void
draw_band(ReturnSetInfo *result, StringInfo line, const Drawing *drawing,
		  int band)
{
	const int64 *heads = drawing->heads[band];
	int			from_age = band * BAND_YEARS;
	char	   *label = band == LAST_BAND ? psprintf("%d+", from_age) :
		psprintf("%d-%d", from_age, from_age + BAND_YEARS - 1);

	append_bar(line, drawing, heads[PYRAMID_MALE], true);
	append_middle(line, drawing, pyramid_grouped(heads[PYRAMID_MALE]), label,
				  pyramid_grouped(heads[PYRAMID_FEMALE]));
	if (heads[PYRAMID_FEMALE] != 0)
		appendStringInfoChar(line, ' ');
	append_bar(line, drawing, heads[PYRAMID_FEMALE], false);
	emit(result, line);
}

PG_FUNCTION_INFO_V1(osms_pyramid_draw);

/*
 * draw(pyramid): males to the left, females to the right, the oldest on top.
 */
Datum
osms_pyramid_draw(PG_FUNCTION_ARGS)
{
	Pyramid    *pyramid = PG_GETARG_PYRAMID(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		everybody = pyramid_heads(pyramid, 0, PYRAMID_AGES,
										  PYRAMID_ANY_SEX);
	Drawing		drawing;
	StringInfoData line;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure(&drawing, pyramid);
	initStringInfo(&line);

	appendStringInfoSpaces(&line, drawing.bar_width);
	append_middle(&line, &drawing, "males", "age", "females");
	emit(result, &line);
	for (int band = drawing.top; band >= 0; band--)
		draw_band(result, &line, &drawing, band);

	appendStringInfoSpaces(&line, drawing.bar_width);
	append_middle(&line, &drawing,
				  pyramid_grouped(drawing.totals[PYRAMID_MALE]), "total",
				  pyramid_grouped(drawing.totals[PYRAMID_FEMALE]));
	appendStringInfo(&line, "  = %s", pyramid_grouped(everybody));
	emit(result, &line);
	return (Datum) 0;
}

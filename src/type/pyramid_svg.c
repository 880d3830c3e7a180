/*
 * pyramid_svg.c
 *		A pyramid as a picture for pages: one SVG element that needs nothing
 *		else, the same text for the same pyramid, readable on light and dark
 *		ground.
 */
#include "osms.h"

#include <math.h>

#include "type/pyramid.h"
#include "type/pyramid_draw.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#define ROWS		101			/* ages 0 to 99, and 100 and over together */
#define ROW_HEIGHT	4
#define TOP			28			/* where the oldest row begins */
#define BOTTOM		(TOP + ROWS * ROW_HEIGHT)
#define WIDTH		640
#define HEIGHT		(BOTTOM + 40)
#define BAR_WIDTH	284			/* of the longest bar */
#define MALE_AXIS	300			/* where male bars end, female ones begin */
#define FEMALE_AXIS 340

static const char style[] =
"<style>"
".osms-pyramid{font:12px sans-serif;fill:#333}"
".osms-pyramid .m{fill:#3b7dd8}.osms-pyramid .f{fill:#d8603b}.osms-pyramid .less{fill-opacity:.35}"
".osms-pyramid .grid{stroke:#8888;fill:none}.osms-pyramid text{text-anchor:middle}"
"@media(prefers-color-scheme:dark){.osms-pyramid{fill:#ddd}}"
"</style>";

/* Heads by row and sex. */
typedef struct Rows
{
	int64		heads[ROWS][PYRAMID_SEXES];
	int64		longest;		/* heads of the longest bar */
} Rows;

/* Sum what the picture shows; the oldest share a row. */
static void
measure(Rows *rows, const Pyramid *pyramid)
{
	rows->longest = 0;
	for (int row = 0; row < ROWS; row++)
	{
		for (int sex = 0; sex < PYRAMID_SEXES; sex++)
		{
			int64		heads = pyramid_heads(pyramid, row, row == ROWS - 1 ?
											  PYRAMID_AGES : row + 1, sex);

			rows->heads[row][sex] = heads;
			if (fabs((double) heads) > fabs((double) rows->longest))
				rows->longest = heads;
		}
	}
}

/* Length of a bar; anybody at all can be seen. */
static int
bar_length(const Rows *rows, int64 heads)
{
	if (heads == 0)
		return 0;
	return Max(1,
			   (int) (fabs((double) heads) / fabs((double) rows->longest) *
					  BAR_WIDTH + 0.5));
}

/*
 * The outline of one sex, upwards from age 0: what is above zero, or what is
 * below.
 */
static void
append_outline(StringInfo svg, const Rows *rows, int sex, bool negative)
{
	int			axis = sex == PYRAMID_MALE ? MALE_AXIS : FEMALE_AXIS;
	int			direction = sex == PYRAMID_MALE ? -1 : 1;
	int			reached = 0;
	StringInfoData path;

	initStringInfo(&path);
	for (int row = 0; row < ROWS; row++)
	{
		int64		heads = rows->heads[row][sex];
		int			length = (heads < 0) == negative ?
			bar_length(rows, heads) : 0;

		if (length == reached)
			continue;
		if (row > 0)
			appendStringInfo(&path, "V%d", BOTTOM - row * ROW_HEIGHT);
		appendStringInfo(&path, "H%d", axis + direction * length);
		reached = length;
	}
	if (reached != 0)
		appendStringInfo(&path, "V%dH%d", TOP, axis);
	if (path.len > 0)
		appendStringInfo(svg, "<path class=\"%s%s\" d=\"M%d %d%sZ\"/>",
						 sex == PYRAMID_MALE ? "m" : "f", negative ? " less" : "", axis, BOTTOM, path.data);
}

static void
append_text(StringInfo svg, int x, int y, const char *text)
{
	appendStringInfo(svg, "<text x=\"%d\" y=\"%d\">%s</text>", x, y, text);
}

/*
 * Ages in the middle, a line for every ten years and for half and all of the
 * longest bar.
 */
static void
append_scale(StringInfo svg, const Rows *rows)
{
	char	   *longest = pyramid_grouped(rows->longest);

	appendStringInfoString(svg, "<path class=\"grid\" d=\"");
	for (int length = 0; length <= BAR_WIDTH; length += BAR_WIDTH / 2)
		appendStringInfo(svg, "M%d %dV%dM%d %dV%d", MALE_AXIS - length, TOP, BOTTOM,
						 FEMALE_AXIS + length, TOP, BOTTOM);
	appendStringInfoString(svg, "\"/>");
	for (int age = 0; age < ROWS; age += 10)
		append_text(svg, WIDTH / 2, BOTTOM - age * ROW_HEIGHT + 2,
					age == ROWS - 1 ? psprintf("%d+", age) : psprintf("%d", age));
	append_text(svg, MALE_AXIS - BAR_WIDTH + 16, BOTTOM + 16, longest);
	append_text(svg, FEMALE_AXIS + BAR_WIDTH - 16, BOTTOM + 16, longest);
}

PG_FUNCTION_INFO_V1(osms_pyramid_svg);

/* svg(pyramid): males to the left, females to the right, the oldest on top. */
Datum
osms_pyramid_svg(PG_FUNCTION_ARGS)
{
	Pyramid    *pyramid = PG_GETARG_PYRAMID(0);
	char	   *males = pyramid_grouped(pyramid_heads(pyramid, 0, PYRAMID_AGES,
													  PYRAMID_MALE));
	char	   *females = pyramid_grouped(pyramid_heads(pyramid, 0,
														PYRAMID_AGES,
														PYRAMID_FEMALE));
	char	   *everybody = pyramid_grouped(pyramid_heads(pyramid, 0,
														  PYRAMID_AGES,
														  PYRAMID_ANY_SEX));
	Rows		rows;
	StringInfoData svg;

	measure(&rows, pyramid);
	initStringInfo(&svg);
	appendStringInfo(&svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"osms-pyramid\" viewBox=\"0 0 %d %d\" role=\"img\">"
					 "<title>%s persons: %s males, %s females, by age</title>%s",
					 WIDTH, HEIGHT, everybody, males, females, style);
	for (int sex = 0; sex < PYRAMID_SEXES; sex++)
	{
		append_outline(&svg, &rows, sex, false);
		append_outline(&svg, &rows, sex, true);
	}
	append_scale(&svg, &rows);
	append_text(&svg, MALE_AXIS - BAR_WIDTH / 2, TOP - 10, psprintf("males %s", males));
	append_text(&svg, FEMALE_AXIS + BAR_WIDTH / 2, TOP - 10, psprintf("females %s", females));
	append_text(&svg, WIDTH / 2, HEIGHT - 6, psprintf("%s persons", everybody));
	appendStringInfoString(&svg, "</svg>");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(svg.data, svg.len));
}

/*
 * mapping_fault.c
 *		What keeps an expression of a mapping from being read from its row
 *		alone, the same whenever it is read and whoever reads it.
 *
 * A guard reads a row when it is written, money reads it months later, in a
 * session with other settings: what does not read the same then lets people
 * count who were never judged.
 */
#include "osms.h"

#include <ctype.h>

#include "catalog.h"
#include "registry/attempt.h"
#include "registry/expression.h"
#include "registry/literal.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/kept_expression.h"
#include "security/owner.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parse_coerce.h"
#include "parser/parser.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

PG_FUNCTION_INFO_V1(osms_expression_fault);
PG_FUNCTION_INFO_V1(osms_reading_fault);

/* How a fault is told of, and what helps; %s: what. */
static const struct
{
	const char *problem;
	const char *hint;
}			told[] = {

	[FAULT_SYSTEM_COLUMN] = {"reads a system column",
		"It tells where a row is kept, not what it says: map a column of the table.",
	},
	[FAULT_SUBQUERY] = {"has a subquery",
		"A guard sees a row by itself: keep the value in a column of the table, or map the other table as a relation of its own.",
	},
	[FAULT_AGGREGATE] = {"has an aggregate or a window function",
		"A guard sees a row by itself: map a column, or an expression over the columns of one row.",
	},
	[FAULT_SET] = {"returns a set",
		"A row of the table is one row of the relation: map a column, or an expression that gives one value.",
	},
	[FAULT_VOLATILE] = {"calls %s, which is volatile",
		"A row must read the same as long as it is the same: map a column, or declare the function IMMUTABLE if it depends on its arguments alone.",
	},
	[FAULT_MUTABLE] = {"depends on more than the row, such as settings of the session: %s",
		"Give the time zone or the format, as in (t AT TIME ZONE 'Asia/Almaty')::date or osms.read_time(d, 'DD.MM.YYYY')::date, or map a column; a function that depends on its arguments alone is declared IMMUTABLE.",
	},
	[FAULT_MOMENT] = {"holds the moment at which it is mapped: %s",
		"Map a column, or write the day itself.",
	},
	[FAULT_LITERAL] = {"holds a literal that settings of the session decide: %s",
		"Write a day as '2020-02-01', an instant with its zone as '2020-02-01 00:00+05', an interval as '1 day 02:00:00'.",
	},
	[FAULT_FAILS] = {"fails on a text that tells no %s",
		"Write osms.read_value(text, NULL::type), or osms.read_time(text, 'DD.MM.YYYY')::date for a day: what tells no value is read as NULL, and osms.audit names the row.",
	},
};

typedef struct Fault
{
	FaultKind	kind;
	char	   *what;
	const char *sql;			/* what the expression was read from, if any */
	bool		volatile_only;
	bool		literals_only;
	bool		of_text;		/* whether a text that is none counts */
} Fault;

/* Note a fault, and look no further. */
static bool
note(Fault *fault, FaultKind kind, char *what)
{
	fault->kind = kind;
	fault->what = what;
	return true;
}

/* Whether an argument is a constant text without any of these words. */
static bool
is_format_without(Node *arg, const char *const *words)
{
	char	   *format;

	if (!IsA(arg, Const) || ((Const *) arg)->constisnull)
		return false;
	format = TextDatumGetCString(((Const *) arg)->constvalue);
	format = asc_toupper(format, strlen(format));
	for (; *words; words++)
		if (strstr(format, *words))
			return false;
	return true;
}

/*
 * Whether settings say what an output function prints that counts as
 * immutable.
 */
static bool
prints_by_settings(Oid output)
{
	switch (output)
	{
		case F_FLOAT4OUT:
		case F_FLOAT8OUT:
		case F_BYTEAOUT:
		case F_POINT_OUT:
		case F_LSEG_OUT:
		case F_PATH_OUT:
		case F_BOX_OUT:
		case F_POLY_OUT:
		case F_LINE_OUT:
		case F_CIRCLE_OUT:
			return true;
		default:
			return false;
	}
}

/* Whether the values that a function puts into a text always look the same. */
static bool
prints_the_same(List *args)
{
	ListCell   *lc;

	foreach(lc, args)
	{
		Oid			output;
		bool		varlena;

		getTypeOutputInfo(exprType(lfirst(lc)), &output, &varlena);
		if (func_volatile(output) != PROVOLATILE_IMMUTABLE ||
			prints_by_settings(output))
			return false;
	}
	return true;
}

/* Patterns of a format that the language of the session fills. */
static const char *const localized[] = {"TM", NULL};

/* Whether a function is osms' of this name. */
static bool
is_ours(Oid function, const char *name)
{
	return strcmp(get_func_name(function), name) == 0 &&
		is_our_function(function);
}

/*
 * Whether what is called stable gives the same for the same arguments, here.
 * The labels of an enum change only when somebody alters the type.
 */
static bool
is_steady(Oid function, List *args)
{
	static const char *const monetary[] = {"L", "D", "G", NULL};

	switch (function)
	{
		case F_ENUM_IN:
		case F_ENUM_OUT:
			return true;
		case F_ANYTEXTCAT:
		case F_CONCAT:
		case F_CONCAT_WS:
		case F_TEXTANYCAT:
			return prints_the_same(args);
		case F_TO_CHAR_TIMESTAMP_TEXT:
			return args && is_format_without(lsecond(args), localized);
		case F_TO_CHAR_INT4_TEXT:
		case F_TO_CHAR_INT8_TEXT:
		case F_TO_CHAR_NUMERIC_TEXT:
			return args && is_format_without(lsecond(args), monetary);
		default:
			return is_ours(function, "read_value");
	}
}

/*
 * Whether PostgreSQL calls a function immutable though what it gives hangs on
 * a setting, or on what the owner of an object has said of it.
 */
static bool
is_mutable(Oid function, List *args)
{
	Oid		   *types;
	int			n;
	const Const *zone;

	if (prints_by_settings(function) || function == F_QUOTE_IDENT)
		return true;
	switch (function)
	{
		case F_TIMEZONE_TEXT_TIMESTAMP:
		case F_TIMEZONE_TEXT_TIMESTAMPTZ:
		case F_TIMEZONE_TEXT_TIMETZ:
			/* an abbreviation is what timezone_abbreviations says */
			zone = args ? linitial(args) : NULL;
			return zone == NULL || !IsA(zone, Const) || zone->constisnull ||
				(strchr(TextDatumGetCString(zone->constvalue), '/') == NULL &&
				 pg_strcasecmp(TextDatumGetCString(zone->constvalue), "UTC") != 0);
	}
	(void) get_func_signature(function, &types, &n);
	for (int i = 0; i < n; i++)
		if (types[i] == REGCONFIGOID || types[i] == REGDICTIONARYOID)
			return true;
	return false;
}

/* A function that does not give the same whenever it is called. */
static bool
note_function(Oid function, List *args, Fault *fault)
{
	char		volatility = func_volatile(function);

	if (volatility == PROVOLATILE_VOLATILE)
		return note(fault, FAULT_VOLATILE, format_procedure(function));
	if (args && is_ours(function, "read_time") &&
		!is_format_without(lsecond(args), localized))
		return note(fault, FAULT_MUTABLE, format_procedure(function));
	if ((volatility == PROVOLATILE_STABLE || is_mutable(function, args)) &&
		!fault->volatile_only && !is_steady(function, args))
		return note(fault, FAULT_MUTABLE, format_procedure(function));
	return false;
}

static bool
note_any_function(Oid function, void *fault)
{
	return note_function(function, NIL, fault);
}

static bool
is_text(Oid type)
{
	return TypeCategory(type) == TYPCATEGORY_STRING;
}

/* A cast of a text to what not every text tells. */
static bool
note_cast(Node *node, Fault *fault)
{
	Node	   *arg = NULL;

	if (IsA(node, CoerceViaIO))
		arg = (Node *) ((CoerceViaIO *) node)->arg;
	else if (IsA(node, FuncExpr))
	{
		FuncExpr   *f = (FuncExpr *) node;

		switch (f->funcid)
		{
			case F_TO_DATE:
			case F_TO_NUMBER:
			case F_TO_TIMESTAMP_TEXT_TEXT:
				return note(fault, FAULT_FAILS,
							format_type_be(f->funcresulttype));
			default:
				if (f->funcformat == COERCE_EXPLICIT_CAST ||
					f->funcformat == COERCE_IMPLICIT_CAST)
					arg = linitial(f->args);
		}
	}
	return arg && is_text(exprType(arg)) && !is_text(exprType(node)) &&
		note(fault, FAULT_FAILS, format_type_be(exprType(node)));
}

/* Find what makes a part of an expression read otherwise another time. */
static bool
find_fault(Node *node, void *context)
{
	Fault	   *fault = context;

	if (node == NULL)
		return false;
	if (IsA(node, SQLValueFunction))
		return note(fault, FAULT_MUTABLE,
					format_type_be(((SQLValueFunction *) node)->type));
	if (IsA(node, NextValueExpr))
		return note(fault, FAULT_VOLATILE, pstrdup("nextval"));
	if (fault->of_text && note_cast(node, fault))
		return true;
	if (IsA(node, FuncExpr))
	{
		FuncExpr   *f = (FuncExpr *) node;

		if (note_function(f->funcid, f->args, fault))
			return true;
	}
	else if (IsA(node, OpExpr))
	{
		OpExpr	   *o = (OpExpr *) node;

		if (note_function(o->opfuncid, o->args, fault))
			return true;
	}
	else if (check_functions_in_node(node, note_any_function, fault))
		return true;
	return expression_tree_walker(node, find_fault, context);
}

/* A literal of a statement, as the parser reads it. */
typedef struct Literal
{
	int			location;
	const char *value;
} Literal;

static bool
find_literal(Node *node, void *context)
{
	Literal    *literal = context;

	if (node == NULL)
		return false;
	if (IsA(node, A_Const))
	{
		A_Const    *c = (A_Const *) node;

		if (c->location == literal->location && !c->isnull &&
			IsA(&c->val, String))
			literal->value = strVal(&c->val);
		return literal->value != NULL;
	}
	if (IsA(node, RawStmt))
		return find_literal(((RawStmt *) node)->stmt, context);
	return raw_expression_tree_walker(node, find_literal, context);
}

/*
 * Find a constant that was worked out as the expression was read, and that
 * might have been another in another session or at another time.
 */
static bool
find_unsteady(Node *node, void *context)
{
	Fault	   *fault = context;

	if (node == NULL)
		return false;
	if (IsA(node, Const))
	{
		const Const *c = (Const *) node;
		Literal		literal = {.location = c->location};

		if (c->location < 0 || !is_read_by_settings(c->consttype))
			return false;
		(void) find_literal((Node *) raw_parser(fault->sql, RAW_PARSE_DEFAULT),
							&literal);
		if (literal.value == NULL)
			return false;
		if (names_moment(literal.value))
			return !fault->literals_only &&
				note(fault, FAULT_MOMENT, format_type_be(c->consttype));
		return !reads_the_same(c->consttype, c->consttypmod, literal.value) &&
			note(fault, FAULT_LITERAL, format_type_be(c->consttype));
	}
	return expression_tree_walker(node, find_unsteady, context);
}

/*
 * Whether a function has an answer for whatever a row holds.  One that is
 * leakproof must have; the others are those that mappings are full of.
 */
static bool
never_fails(Oid function, pg_attribute_unused() void *context)
{
	switch (function)
	{
		case F_ANYTEXTCAT:
		case F_BTRIM_TEXT:
		case F_DATE_PLI:
		case F_DATE_TIMESTAMP:
		case F_LOWER_TEXT:
		case F_TEXTANYCAT:
		case F_TEXTCAT:
		case F_UPPER_TEXT:
			return true;
		default:
			return get_func_leakproof(function) ||
				(is_our_function(function) &&
				 strncmp(get_func_name(function), "read_", 5) == 0);
	}
}

static bool
may_fail(Oid function, void *context)
{
	return !never_fails(function, context);
}

/* Find what some row could make fail; a value becomes a text without fail. */
static bool
find_failure(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) &&
		((FuncExpr *) node)->funcid == F_TIMEZONE_TEXT_TIMESTAMPTZ)
		return !IsA(linitial(((FuncExpr *) node)->args), Const) ||
			find_failure(lsecond(((FuncExpr *) node)->args), context);
	if (IsA(node, CoerceViaIO) ? !is_text(exprType(node)) :
		check_functions_in_node(node, may_fail, context))
		return true;
	return expression_tree_walker(node, find_failure, context);
}

/* The row of problem and hint, NULL for none, and whether a row may fail. */
static Datum
fault_row(FunctionCallInfo fcinfo, const Fault *fault, Node *expr)
{
	TupleDesc	desc;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (fault->kind != FAULT_NONE)
	{
		StringInfoData problem;
		const char *form = told[fault->kind].problem;
		const char *place = strstr(form, "%s");

		initStringInfo(&problem);
		if (place)
			appendStringInfo(&problem, "%.*s%s%s", (int) (place - form), form,
							 fault->what, place + 2);
		else
			appendStringInfoString(&problem, form);
		values[0] = CStringGetTextDatum(problem.data);
		values[1] = CStringGetTextDatum(told[fault->kind].hint);
		memset(nulls, false, sizeof(nulls));
	}
	values[2] = BoolGetDatum(fault->kind == FAULT_NONE &&
							 find_failure(expr, NULL));
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/* An expression to be read, as the one of a query. */
typedef struct Analysis
{
	const char *sql;
	Node	   *expr;
} Analysis;

/* Read it.  Errors: 42601 for what is more. */
static void
analyze_expression(void *arg)
{
	Analysis   *analysis = arg;
	List	   *statements = pg_parse_query(analysis->sql);
	Query	   *query;

	if (list_length(statements) == 1)
	{
		query = parse_analyze_fixedparams(linitial_node(RawStmt, statements),
										  analysis->sql, NULL, 0, NULL);
		if (query->commandType == CMD_SELECT && query->setOperations == NULL &&
			list_length(query->targetList) == 1 &&
			list_length(query->jointree->fromlist) == 1)
		{
			analysis->expr = (Node *) linitial_node(TargetEntry,
													query->targetList)->expr;
			return;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("a mapping takes one expression for a column")));
}

/* What is to become of an expression. */
static void
set_purpose(Fault *fault, const char *purpose)
{
	if (strcmp(purpose, "read") == 0)
		fault->volatile_only = true;
	else if (strcmp(purpose, "default") == 0)
		fault->literals_only = true;
	else if (strcmp(purpose, "write") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an expression has no purpose \"%s\"", purpose),
				 errhint("It is to read, to write, or a default.")));
}

/*
 * expression_fault(relation, expression, purpose): what is wrong with an
 * expression over a relation, before a mapping is made of it: over a row of a
 * view that is written or, where osms.map has yet to make it read the same
 * for everybody, of a source.  A default may be another one each time.
 */
Datum
osms_expression_fault(PG_FUNCTION_ARGS)
{
	static const int codes[] = {ERRCODE_DATETIME_FIELD_OVERFLOW, 0};
	Oid			relation = PG_GETARG_OID(0);
	Fault		fault = {0};
	Evaluation	evaluation;
	Analysis	analysis = {0};

	(void) relation_name(relation);
	set_purpose(&fault, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	fault.sql = analysis.sql =
		psprintf("SELECT (%s\n) FROM %s %s",
				 text_to_cstring(PG_GETARG_TEXT_PP(1)),
				 qualified_name(relation), fault.volatile_only ? "s" : "new");
	if (attempt(analyze_expression, &analysis, codes) != 0)
		note(&fault, FAULT_LITERAL, pstrdup("date or time"));
	else if (!fault.literals_only)
		fault.kind = more_than_row(analysis.expr);
	if (fault.kind == FAULT_NONE && !find_unsteady(analysis.expr, &fault) &&
		!fault.literals_only)
	{
		begin_evaluation(&evaluation, GetUserId());
		(void) find_fault((Node *) expression_planner((Expr *) analysis.expr),
						  &fault);
		end_evaluation(&evaluation);
	}
	PG_RETURN_DATUM(fault_row(fcinfo, &fault, analysis.expr));
}

/* What make_projection() is asked. */
typedef struct Asked
{
	RelationKind kind;
	Oid			canonical;
	Projection *projection;
} Asked;

static void
ask_projection(void *arg)
{
	Asked	   *asked = arg;

	asked->projection = make_projection(asked->kind, asked->canonical);
}

/*
 * reading_fault(canonical, column): what is wrong with how a view reads a
 * canonical column, and whether a stored row could make it fail.  A mapping
 * that no longer fits is told of elsewhere.
 */
Datum
osms_reading_fault(PG_FUNCTION_ARGS)
{
	static const int codes[] = {
		ERRCODE_UNDEFINED_COLUMN, ERRCODE_DATATYPE_MISMATCH,
		ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, 0
	};
	Oid			canonical = PG_GETARG_OID(0);
	char	   *column = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Asked		asked = {canonical_kind(canonical), canonical, NULL};
	int			i = canonical_column(asked.kind, column, strlen(column));
	Fault		fault = {0};
	Node	   *expr = NULL;

	if (i >= 0 && attempt(ask_projection, &asked, codes) == 0)
	{
		const char *type = canonical_relations[asked.kind].columns[i].type;

		/*
		 * A key that is cast is found by an index, which holds no other; what
		 * a column of the table computes is the table's business.
		 */
		fault.of_text = (type[0] != '@' || strcmp(type, "@number") == 0) &&
			(asked.projection->computed & COLUMN_BIT(i)) == 0;
		expr = (Node *) asked.projection->expr[i];
		fault.kind = more_than_row(expr);
		if (fault.kind == FAULT_NONE)
			(void) find_fault(expr, &fault);
	}
	PG_RETURN_DATUM(fault_row(fcinfo, &fault, expr));
}

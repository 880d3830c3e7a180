/*
 * type_check.c
 *		Types that are made of what is others', and expressions that make values
 *		of them.
 *
 * A domain runs its checks wherever a value of it is made, as whoever makes
 * that, and its owner may change them at any time.
 */
#include "security/type_check.h"

#include "catalog.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

static Oid
type_owner(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	owner = ((Form_pg_type) GETSTRUCT(tuple))->typowner;
	ReleaseSysCache(tuple);
	return owner;
}

static bool is_made_of_others(Oid type, Oid role, bool domain, List **seen);

/* The type of which a domain is one, perhaps a domain itself. */
static Oid
base_of_domain(Oid domain)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
	Oid			base;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", domain);
	base = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
	ReleaseSysCache(tuple);
	return base;
}

/*
 * Whether a type is, or is made of, a domain of somebody without the rights
 * of a role, or one that makes values of such a domain.
 */
static bool
is_domain_of_others(Oid type, Oid role)
{
	List	   *seen = NIL;

	return is_made_of_others(type, role, true, &seen);
}

/*
 * Whether an expression makes values of a domain of others than a role, or
 * hands on a row with one, which may be read as its type.
 */
static bool
makes_of_others(Node *node, void *role)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_NullIfExpr:
		case T_CoerceViaIO:
		case T_CoerceToDomain:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_RowExpr:
		case T_ArrayExpr:
		case T_FieldStore:
		case T_SubscriptingRef:
		CASE_JSON_EXPR
			if (is_domain_of_others(exprType(node), *(Oid *) role))
				return true;
			break;
		default:
			break;
	}
	return expression_tree_walker(node, makes_of_others, role);
}

/* The same of a stored one, read only where it names a type of people. */
bool
stored_makes_of_others(const char *expression, Oid role)
{
	static const char *const marks[] = {"type ", "typeid ", "typeId "};

	if (expression == NULL)
		return false;
	for (int i = 0; i < (int) lengthof(marks); i++)
		if (mentions_oid(expression, marks[i], FirstNormalObjectId))
			return makes_of_others(stringToNode(expression), &role);
	return false;
}

/* Whether a check of a domain itself casts to a domain of others. */
static bool
domain_makes_of_others(Oid domain, Oid role)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(domain));
	scan = systable_beginscan(constraints, ConstraintTypidIndexId, true, NULL,
							  1, &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		expression = heap_getattr(tuple, Anum_pg_constraint_conbin,
											  RelationGetDescr(constraints),
											  &isnull);

		result = !isnull &&
			stored_makes_of_others(TextDatumGetCString(expression), role);
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return result;
}

/* The column of a type, or a domain, of somebody without the rights of a role. */
const char *
column_of_others(Relation rel, Oid role, bool domain, List **seen)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, a);

		if (!att->attisdropped &&
			is_made_of_others(att->atttypid, role, domain, seen))
			return NameStr(att->attname);
	}
	return NULL;
}

/*
 * Whether a type, or one that it is made of, is of somebody without the
 * rights; or, where that is asked, a domain, whose checks he may change.
 */
static bool
is_made_of_others(Oid type, Oid role, bool domain, List **seen)
{
	char		kind;
	Oid			part = InvalidOid;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (type < FirstNormalObjectId || list_member_oid(*seen, type))
		return false;
	*seen = lappend_oid(*seen, type);
	if (OidIsValid(get_element_type(type)))
		return is_made_of_others(get_element_type(type), role, domain, seen);
	kind = get_typtype(type);
	if ((!domain || kind == TYPTYPE_DOMAIN) &&
		!has_privs_of_role(type_owner(type), role))
		return true;
	switch (kind)
	{
		case TYPTYPE_DOMAIN:
			if (domain_makes_of_others(type, role))
				return true;
			part = base_of_domain(type);
			break;
		case TYPTYPE_RANGE:
			part = get_range_subtype(type);
			break;
		case TYPTYPE_MULTIRANGE:
			part = get_multirange_range(type);
			break;
		case TYPTYPE_COMPOSITE:
			{
				Relation	rel = relation_open(get_typ_typrelid(type),
												AccessShareLock);
				bool		result = column_of_others(rel, role, domain,
															seen) != NULL;

				relation_close(rel, AccessShareLock);
				return result;
			}
	}
	return OidIsValid(part) && is_made_of_others(part, role, domain, seen);
}

/*
 * Refuse a type that is, or is made of, a domain of somebody without the
 * rights of the current user, as whom its checks would run.  Errors: 42501.
 */
void
check_type(Oid type)
{
	if (is_domain_of_others(type, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("values of type %s must not be made as role \"%s\" while osms acts for others",
						format_type_be(type),
						GetUserNameFromId(GetUserId(), true)),
				 errdetail("It is, or is made of, a domain of a role who does not have the rights of that role."),
				 errhint("Name the type below the domain, or let a role that is trusted own the domain.")));
}

/*
 * catalogue.c
 *		What SQL asks of the rules.
 */
#include "osms.h"

#include "registry/open.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "rule/load.h"
#include "rule/rule.h"
#include "rule/template.h"
#include "type/encoding.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define PARAMETER_ON "osms.parameter_on('"

PG_FUNCTION_INFO_V1(osms_rule_parameters);
PG_FUNCTION_INFO_V1(osms_clauses);
PG_FUNCTION_INFO_V1(osms_enforced);
PG_FUNCTION_INFO_V1(osms_from_utf8);

/* Keep a name among those found, once. */
static ArrayBuildState *
add_name(ArrayBuildState *names, const char *name, int length)
{
	text	   *found = cstring_to_text_with_len(name, length);

	for (int i = 0; i < names->nelems; i++)
		if (strcmp(TextDatumGetCString(names->dvalues[i]),
				   text_to_cstring(found)) == 0)
			return names;
	return accumArrayResult(names, PointerGetDatum(found), false, TEXTOID,
							CurrentMemoryContext);
}

/*
 * rule_parameters(rule): the parameters that the predicates of a rule ask
 * for, read off them, so that they are told by nobody else.  A filing asks
 * for the end of the day.
 */
Datum
osms_rule_parameters(PG_FUNCTION_ARGS)
{
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const RuleSet *rules = rules_for(CurrentMemoryContext);
	ArrayBuildState *names = initArrayResult(TEXTOID, CurrentMemoryContext,
											 false);

	for (int c = 0; c < rules->nclauses; c++)
	{
		const Clause *clause = &rules->clause[c];
		const char *const texts[] = {clause->predicate, clause->plain,
		clause->at_once, clause->stored};

		if (strcmp(rules->rule[clause->rule].id, id) != 0)
			continue;
		for (int t = 0; t < (int) lengthof(texts); t++)
		{
			Template	template = {.rules = rules};
			const char *rest = texts[t] ? write_text(&template, texts[t]) : NULL;

			if (rest && strstr(rest, "osms.filed_on("))
				names = add_name(names, "working_hours_end",
								 strlen("working_hours_end"));
			while (rest && (rest = strstr(rest, PARAMETER_ON)) != NULL)
			{
				rest += strlen(PARAMETER_ON);
				names = add_name(names, rest, strcspn(rest, "'"));
			}
		}
	}
	PG_RETURN_DATUM(makeArrayResult(names, CurrentMemoryContext));
}

/* from_utf8(bytea): a text, NULL where the database's encoding lacks it. */
Datum
osms_from_utf8(PG_FUNCTION_ARGS)
{
	char	   *utf8 = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *result = utf8_to_database(utf8);

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(result));
}

/*
 * clauses(registry): which rules judge which relations of a registry, and
 * whether what they look at is there.
 */
Datum
osms_clauses(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const RuleSet *rules = rules_for(CurrentMemoryContext);
	Registry	registry;

	InitMaterializedSRF(fcinfo, 0);
	registry_open(&registry, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (int k = 0; k < REL_KINDS; k++)
	{
		Projection *p;

		if (!OidIsValid(registry.relation[k]) || !canonical_relations[k].guarded)
			continue;
		p = make_projection(k, registry.relation[k]);
		for (int c = 0; c < rules->nclauses; c++)
		{
			const Clause *clause = &rules->clause[c];
			Datum		values[3];
			bool		nulls[3] = {0};

			if (clause->relation != (RelationKind) k)
				continue;
			values[0] = CStringGetTextDatum(rules->rule[clause->rule].id);
			values[1] = CStringGetTextDatum(canonical_relations[k].name);
			values[2] = BoolGetDatum(clause_applies(clause, p->mapped,
													&registry));
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
								 nulls);
		}
	}
	return (Datum) 0;
}

/*
 * enforced(registry, rule): the predicates of a rule as the guard of a
 * registry runs them, written out, for each relation that it judges there.
 */
Datum
osms_enforced(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const RuleSet *rules = rules_for(CurrentMemoryContext);
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Registry	registry;
	RuleId		rule;

	InitMaterializedSRF(fcinfo, 0);
	if (!rule_of(rules, id, strlen(id), &rule))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no rule \"%s\"", id),
				 errhint("SELECT rule FROM osms.rule lists the rules.")));
	registry_open(&registry, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (int c = 0; c < rules->nclauses; c++)
	{
		const Clause *clause = &rules->clause[c];
		Template	template = {.rules = rules,.registry = &registry};
		Projection *p;
		Datum		values[2];
		bool		nulls[2] = {0};
		char	   *predicate;

		if (clause->rule != rule || clause->predicate == NULL ||
			!OidIsValid(registry.relation[clause->relation]))
			continue;
		p = make_projection(clause->relation,
							registry.relation[clause->relation]);
		template.projection = p;
		if (!clause_applies(clause, p->mapped, &registry) ||
			(predicate = write_text(&template, clause->predicate)) == NULL)
			continue;
		values[0] =
			CStringGetTextDatum(canonical_relations[clause->relation].name);
		values[1] = CStringGetTextDatum(predicate);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

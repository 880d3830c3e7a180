/*
 * rule.c
 *		The catalogue of rules.  What they judge is in clause.c.
 */
#include "rule/rule.h"

#include "registry/open.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "type/encoding.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define ACT_ATTACHMENT "KR DSM-194/2020 (attachment rules)"
#define ACT_PAYMENT "KR DSM-291/2020 (payment rules)"
#define ACT_REGISTRY "osms: integrity of the registry"

#define PARAMETER_ON "osms.parameter_on('"
#define RULE_PARAMETERS 8

const Rule rules[RULES] = {
	[RULE_IDENTIFIER] = {"identifier", "row + set", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "number has a fault",
		.russian = "номер содержит ошибку",
		.kazakh = "нөмірде қате бар",
		.hint = "Correct the number. An officially issued number with a fault is first entered into the registry's attested_number.",
	.act = "Law 223-III of 2007 on national identification numbers", .tag = "UNV"},
	[RULE_PERIOD] = {"period", "row", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "date or period is not possible",
		.russian = "невозможная дата или невозможный период",
		.kazakh = "күн немесе кезең мүмкін емес",
		.hint = "Write each date as the register keeps it. An attachment has a first day and, to close, an end that lies after it, between the years 1900 and 2200.",
	.act = ACT_REGISTRY},
	[RULE_TRANSITION] = {"transition", "row + set", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "state does not allow this step",
		.russian = "состояние не допускает этого шага",
		.kazakh = "күй бұл қадамға жол бермейді",
		.hint = "SELECT * FROM osms.transitions('application'), or of 'attachment', lists the steps there are; an application is identified before it is approved.",
	.act = ACT_ATTACHMENT, .tag = "UNV"},
	[RULE_INITIAL_STATE] = {"initial_state", "row + set", MODE_ENFORCE,
		.import = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "row may not begin in this state",
		.russian = "запись не может начинаться с этого состояния",
		.kazakh = "жазба бұл күйден басталмайды",
		.hint = "Insert it in its first state and take the steps, or give the times that prove them.",
	.act = ACT_ATTACHMENT, .tag = "UNV"},
	[RULE_REASON] = {"reason", "row", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "this step needs a reason from the code list",
		.russian = "для этого шага нужна причина из справочника",
		.kazakh = "бұл қадам үшін анықтамалықтағы себеп қажет",
		.hint = "SELECT * FROM osms.reason_codes('application'), or of 'attachment', lists the codes; a code of the source is one where the mapping knows it.",
	.act = ACT_ATTACHMENT, .tag = "INF"},
	[RULE_IMMUTABLE] = {"immutable", "row + set", MODE_ENFORCE,
		.sqlstate = ERRCODE_RESTRICT_VIOLATION,
		.refuses = "this part of the record cannot be changed",
		.russian = "эту часть записи изменить нельзя",
		.kazakh = "жазбаның бұл бөлігін өзгертуге болмайды",
		.hint = "Close or annul the row with its reason and write a new one; of a payment, correct the amount.",
	.act = ACT_REGISTRY},
	[RULE_DECISION_ORDER] = {"decision_order", "row + set", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "times of the application are out of order",
		.russian = "нарушен порядок времени заявления",
		.kazakh = "өтініш уақыттарының реті бұзылған",
		.hint = "An application is submitted, then identified, then decided, and none of it in the future.",
	.act = ACT_ATTACHMENT, .tag = "UNV"},
	[RULE_IDENTIFIED] = {"identified", "set", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "application has no identification that counts",
		.russian = "у заявления нет действительной идентификации личности",
		.kazakh = "өтініште жарамды жеке басын сәйкестендіру жоқ",
		.hint = "Record the identification by a method that counts for the channel (osms.channel), by a known clerk, and repeat the step.",
	.act = ACT_ATTACHMENT, .tag = "UNV"},
	[RULE_ONE_ATTACHMENT] = {"one_attachment", "set", MODE_ENFORCE,
		.lasts = true,
		.sqlstate = ERRCODE_EXCLUSION_VIOLATION,
		.refuses = "person would be attached twice on the same day",
		.russian = "человек был бы прикреплён дважды в один день",
		.kazakh = "адам бір күнде екі рет тіркелген болар еді",
		.hint = "Close the other attachment in the same transaction.",
	.act = ACT_ATTACHMENT, .tag = "PRESS"},
	[RULE_ONE_OPEN_APPLICATION] = {"one_open_application", "set", MODE_ENFORCE,
		.lasts = true,
		.sqlstate = ERRCODE_UNIQUE_VIOLATION,
		.refuses = "person already has an open application",
		.russian = "у человека уже есть открытое заявление",
		.kazakh = "адамның ашық өтініші бар",
		.hint = "Withdraw or finish the other application first.",
	.act = ACT_ATTACHMENT, .tag = "CODE"},
	[RULE_BASIS] = {"basis", "set", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "attachment has no lawful basis",
		.russian = "у прикрепления нет законного основания",
		.kazakh = "тіркелудің заңды негізі жоқ",
		.hint = "Name exactly one basis: an approved application of this person to this organisation, an authority's order, or the attachment that is restored.",
	.act = ACT_ATTACHMENT, .tag = "INF"},
	[RULE_PERSON_KNOWN] = {"person_known", "set", MODE_ENFORCE,
		.fixed = true,
		.sqlstate = ERRCODE_FOREIGN_KEY_VIOLATION,
		.refuses = "registry does not know this person",
		.russian = "регистр не знает этого человека",
		.kazakh = "тіркелім бұл адамды білмейді",
		.hint = "Enter the person first. Check that the number is written in full, with its leading zeros.",
	.act = ACT_REGISTRY},
	[RULE_ORGANISATION_KNOWN] = {"organisation_known", "set", MODE_ENFORCE,
		.sqlstate = ERRCODE_FOREIGN_KEY_VIOLATION,
		.refuses = "registry does not know this organisation",
		.russian = "регистр не знает этой организации",
		.kazakh = "тіркелім бұл ұйымды білмейді",
		.hint = "Enter the organisation first.",
	.act = ACT_REGISTRY},
	[RULE_ALIVE] = {"alive", "set", MODE_ENFORCE,
		.lasts = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "a person is not attached after the day of death",
		.russian = "после дня смерти человек не прикреплён",
		.kazakh = "қайтыс болған күннен кейін адам тіркелмейді",
		.hint = "Check the person's record in the registry.",
	.act = ACT_ATTACHMENT, .tag = "UNV"},
	[RULE_NO_BACKDATING] = {"no_backdating", "set", MODE_ENFORCE,
		.import = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "attachment begins before it was decided",
		.russian = "прикрепление начинается раньше решения",
		.kazakh = "тіркелу шешімнен бұрын басталады",
		.hint = "Let it begin on the day of the decision. Rows of the past are loaded between osms.import_begin() and osms.import_end().",
	.act = ACT_ATTACHMENT, .tag = "CODE"},
	[RULE_CONTRACTED] = {"contracted", "set", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "organisation has no contract on the first day",
		.russian = "у организации нет договора на первый день",
		.kazakh = "ұйымның бірінші күнге шарты жоқ",
		.hint = "Enter the contract of the organisation, or choose one that has a contract on that day.",
	.act = ACT_ATTACHMENT, .tag = "PRESS"},
	[RULE_SAME_TERRITORY] = {"same_territory", "set", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "person lives outside the organisation's territory",
		.russian = "человек живёт вне территории организации",
		.kazakh = "адам ұйымның аумағынан тыс жерде тұрады",
		.hint = "Enter where the person lives, or choose an organisation of that region or of a neighbouring one.",
	.act = ACT_ATTACHMENT, .tag = "OFFICIAL"},
	[RULE_STAY] = {"stay", "set", MODE_ENFORCE,
		.lasts = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "attachment reaches beyond the person's right to stay",
		.russian = "прикрепление длится дольше права на пребывание",
		.kazakh = "тіркелу болу құқығынан ұзаққа созылады",
		.hint = "End it on the last day of the stay, or enter the longer stay first.",
	.act = ACT_ATTACHMENT, .tag = "PRESS"},
	[RULE_CAMPAIGN_WINDOW] = {"campaign_window", "set", MODE_ENFORCE,
		.import = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "campaign application outside its dates",
		.russian = "заявление кампании вне её сроков",
		.kazakh = "науқан өтініші оның мерзімінен тыс",
		.hint = "Submit it within the campaign (osms.parameter: campaign_first_day, campaign_last_day), with effect on 1 January next.",
	.act = ACT_ATTACHMENT, .tag = "PRESS"},
	[RULE_FREE_CHOICE_LIMIT] = {"free_choice_limit", "set", MODE_ENFORCE,
		.import = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "person has used the free choices of the year",
		.russian = "свободный выбор года уже использован",
		.kazakh = "жылдық еркін таңдау пайдаланылып қойған",
		.hint = "Wait for the next year, or apply on another ground (osms.parameter: free_choice_limit).",
	.act = ACT_ATTACHMENT, .tag = "INF"},
	[RULE_ORDER_SCOPE] = {"order_scope", "set", MODE_ENFORCE,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "authority's order does not cover this move",
		.russian = "приказ органа не охватывает это перемещение",
		.kazakh = "органның бұйрығы бұл ауыстыруды қамтымайды",
		.hint = "Check cause, dates and scope of the order (authority_order, order_scope).",
	.act = ACT_ATTACHMENT, .tag = "INF"},
	[RULE_NEWBORN_TERM] = {"newborn_term", "set", MODE_WARN,
		.import = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "newborn is attached late",
		.russian = "новорождённый прикреплён с опозданием",
		.kazakh = "жаңа туған нәресте кешігіп тіркелді",
		.hint = "Attach newborns within the term (osms.parameter: newborn_term_days).",
	.act = ACT_ATTACHMENT, .tag = "PRESS"},
	[RULE_FOUR_EYES] = {"four_eyes", "set", MODE_WARN,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "one clerk identified and decided",
		.russian = "один работник идентифицировал и принял решение",
		.kazakh = "бір қызметкер сәйкестендірген әрі шешім қабылдаған",
		.hint = "Let another clerk decide.",
	.act = ACT_REGISTRY},
	[RULE_CLINIC_CATEGORY] = {"clinic_category", "set", MODE_WARN,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "person is not of a category that applies in person",
		.russian = "категория человека не подаёт заявление лично в клинике",
		.kazakh = "адамның санаты емханада жеке өтініш бермейді",
		.hint = "Apply through another channel (osms.parameter: clinic_categories).",
	.act = ACT_ATTACHMENT, .tag = "UNV"},
	[RULE_SITE_NORM] = {"site_norm", "set", MODE_WARN,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "site has more persons than its norm",
		.russian = "на участке людей больше нормы",
		.kazakh = "учаскеде адам саны нормадан көп",
		.hint = "Choose another site, or open one.",
	.act = ACT_PAYMENT, .point = "52", .tag = "TEXT"},
	[RULE_BURST] = {"burst", "set", MODE_WARN,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "one clerk decides very many applications",
		.russian = "один работник решает очень много заявлений",
		.kazakh = "бір қызметкер өте көп өтінішті шешеді",
		.hint = "Look at the clerk's decisions (osms.parameter: burst_hour, burst_day).",
	.act = ACT_REGISTRY},
	[RULE_OVERDUE] = {"overdue", "audit", MODE_AUDIT, .fixed = true,
		.lasts = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "application is not decided in time",
		.russian = "заявление не решено в срок",
		.kazakh = "өтініш мерзімінде шешілмеген",
		.hint = "Decide it (osms.parameter: decision_working_days).",
	.act = ACT_ATTACHMENT, .tag = "OFFICIAL"},
	[RULE_SUSPECT_TERM] = {"suspect_term", "audit", MODE_AUDIT, .fixed = true,
		.lasts = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "attachment is suspect beyond the term",
		.russian = "прикрепление под сомнением дольше срока",
		.kazakh = "тіркелу мерзімнен артық күмәнді",
		.hint = "Clear, close or annul it (osms.parameter: suspect_term_days).",
	.act = ACT_REGISTRY},
	[RULE_LOST_TERRITORY] = {"lost_territory", "audit", MODE_AUDIT,
		.fixed = true,
		.lasts = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "person has moved away from the organisation's territory",
		.russian = "человек переехал с территории организации",
		.kazakh = "адам ұйымның аумағынан көшіп кеткен",
		.hint = "Invite the person to choose an organisation of the new region.",
	.act = ACT_ATTACHMENT, .tag = "UNV"},
	[RULE_IDENTITY_DATA] = {"identity_data", "audit", MODE_AUDIT,
		.fixed = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "birth date or sex is unlike the number",
		.russian = "дата рождения или пол не совпадают с номером",
		.kazakh = "туған күні немесе жынысы нөмірге сәйкес емес",
		.hint = "For information only: since 2013 a number need not agree with the birth date.",
	.act = "Law 223-III of 2007 on national identification numbers", .tag = "UNV"},
	[RULE_PAYMENT_DUE] = {"payment_due", "set", MODE_ENFORCE,
		.import = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "payment is not what is due for the month",
		.russian = "выплата не равна сумме, причитающейся за месяц",
		.kazakh = "төлем ай үшін төленуге тиіс сомаға тең емес",
		.hint = "SELECT * FROM osms.due() shows what is due for a closed month, statement plus ledger; one statement writes all of it.",
	.act = ACT_PAYMENT, .tag = "UNV"},
	[RULE_PAYMENT_CONTRACT] = {"payment_contract", "set", MODE_ENFORCE,
		.import = true,
		.sqlstate = ERRCODE_CHECK_VIOLATION,
		.refuses = "payment exceeds the contract of the organisation",
		.russian = "выплата превышает сумму договора организации",
		.kazakh = "төлем ұйым шартының сомасынан асады",
		.hint = "Enter a larger yearly amount of the contract, or restate the later months of the year, which it then cuts.",
	.act = ACT_PAYMENT, .tag = "TEXT"},
};

/* Findings of codes, of which something else is said than of their rule. */
static const struct
{
	RuleId		rule;
	const char *finding;
	const char *message;
}			own_texts[] =
{
	{RULE_TRANSITION, "unmapped_state",
	"state is a code that the mapping does not know"},
	{RULE_TRANSITION, "key_not_growing",
	"key of the event is lower than that of a later one"},
	{RULE_REASON, "unmapped_reason",
	"reason is a code that the mapping does not know"},
	{RULE_IDENTIFIED, "unmapped_channel",
	"channel is a code that the mapping does not know"},
	{RULE_CAMPAIGN_WINDOW, "unmapped_ground",
	"ground is a code that the mapping does not know"},
};

static const char *const mode_names[] = {"off", "audit", "warn", "enforce"};

PG_FUNCTION_INFO_V1(osms_rules);
PG_FUNCTION_INFO_V1(osms_clauses);

/* What is said of a finding. */
const char *
message_of(RuleId rule, const char *finding)
{
	for (int i = 0; i < (int) lengthof(own_texts); i++)
		if (own_texts[i].rule == rule &&
			strcmp(own_texts[i].finding, finding) == 0)
			return own_texts[i].message;
	return rules[rule].refuses;
}

/*
 * What to do about it; column is what the source calls the one it is about,
 * or NULL.
 */
const char *
hint_of(RuleId rule, const char *finding, const char *column)
{
	if (strncmp(finding, "unmapped_", strlen("unmapped_")) == 0)
		return psprintf("Write a code that is mapped, or map the relation again with osms.map(), with a meaning for this code%s.",
						column ? psprintf(" of column \"%s\"", column) : "");
	if (strcmp(finding, "key_not_growing") == 0)
		return "Write it again with a greater key: the last event of a chain has the greatest.";
	return rules[rule].hint;
}

/* Find a rule by id. */
bool
rule_of(const char *id, int length, RuleId *rule)
{
	for (int i = 0; i < RULES; i++)
		if ((int) strlen(rules[i].id) == length &&
			memcmp(rules[i].id, id, length) == 0)
		{
			*rule = i;
			return true;
		}
	return false;
}

const char *
mode_name(RuleMode mode)
{
	return mode_names[mode];
}

/* Find a mode by name. */
bool
mode_of(const char *name, int length, RuleMode *mode)
{
	for (int i = 0; i < (int) lengthof(mode_names); i++)
		if ((int) strlen(mode_names[i]) == length &&
			memcmp(mode_names[i], name, length) == 0)
		{
			*mode = i;
			return true;
		}
	return false;
}

static Datum
text_or_null(const char *string, bool *isnull)
{
	*isnull = string == NULL;
	return string ? CStringGetTextDatum(string) : (Datum) 0;
}

/* Keep a name among those found, once. */
static void
add_name(Datum *names, int *n, const char *name, int length)
{
	text	   *found = cstring_to_text_with_len(name, length);

	for (int i = 0; i < *n; i++)
		if (strcmp(TextDatumGetCString(names[i]), text_to_cstring(found)) == 0)
			return;
	if (*n == RULE_PARAMETERS)
		elog(ERROR, "a rule asks for more than %d parameters", RULE_PARAMETERS);
	names[(*n)++] = PointerGetDatum(found);
}

/*
 * The parameters that the predicates of a rule ask for, read off them, so
 * that they are told by nobody else.  A filing asks for the end of the day.
 */
static Datum
parameters_of(RuleId rule)
{
	Datum		names[RULE_PARAMETERS];
	int			n = 0;

	for (int c = 0; c < nclauses; c++)
	{
		const char *const texts[] = {clauses[c].set, clauses[c].lawful,
		clauses[c].at_once, clauses[c].stored};

		for (int t = 0; clauses[c].rule == rule && t < (int) lengthof(texts); t++)
		{
			const char *rest = texts[t];

			if (rest && strstr(rest, "osms.filed_on("))
				add_name(names, &n, "working_hours_end",
						 strlen("working_hours_end"));
			while (rest && (rest = strstr(rest, PARAMETER_ON)) != NULL)
			{
				rest += strlen(PARAMETER_ON);
				add_name(names, &n, rest, strcspn(rest, "'"));
			}
		}
	}
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/* rules(): the catalogue, one row per rule. */
Datum
osms_rules(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int r = 0; r < RULES; r++)
	{
		Datum		values[16];
		bool		nulls[16] = {0};
		Datum		relations[REL_KINDS];
		int			n = 0;
		bool		audited = false;

		for (int k = 0; k < REL_KINDS; k++)
			for (int c = 0; c < nclauses; c++)
				if (clauses[c].rule == (RuleId) r && clauses[c].relation == (RelationKind) k)
				{
					relations[n++] =
						CStringGetTextDatum(canonical_relations[k].name);
					audited |= clauses[c].audited;
				}
		values[0] = CStringGetTextDatum(rules[r].id);
		values[1] = CStringGetTextDatum(rules[r].layer);
		values[2] = CStringGetTextDatum(mode_name(rules[r].mode));
		values[3] = BoolGetDatum(rules[r].fixed);
		values[4] = PointerGetDatum(construct_array(relations, n, TEXTOID,
												   -1, false, TYPALIGN_INT));
		values[5] = BoolGetDatum(audited);
		values[6] = CStringGetTextDatum(unpack_sql_state(rules[r].sqlstate));
		values[7] = CStringGetTextDatum(rules[r].refuses);
		values[8] = CStringGetTextDatum(rules[r].hint);
		values[9] = CStringGetTextDatum(rules[r].act);
		values[10] = BoolGetDatum(rules[r].import);
		values[11] = text_or_null(utf8_to_database(rules[r].russian), &nulls[11]);
		values[12] = text_or_null(utf8_to_database(rules[r].kazakh), &nulls[12]);
		values[13] = text_or_null(rules[r].point, &nulls[13]);
		values[14] = text_or_null(rules[r].tag, &nulls[14]);
		values[15] = parameters_of((RuleId) r);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * clauses(registry): which rules judge which relations of a registry, and
 * whether what they look at is there.
 */
Datum
osms_clauses(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Registry	registry;

	InitMaterializedSRF(fcinfo, 0);
	registry_open(&registry, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (int k = 0; k < REL_KINDS; k++)
	{
		Projection *p;

		if (!OidIsValid(registry.relation[k]) || !canonical_relations[k].guarded)
			continue;
		p = make_projection(k, registry.relation[k]);
		for (int c = 0; c < nclauses; c++)
		{
			Datum		values[3];
			bool		nulls[3] = {0};

			if (clauses[c].relation != (RelationKind) k)
				continue;
			values[0] = CStringGetTextDatum(rules[clauses[c].rule].id);
			values[1] = CStringGetTextDatum(canonical_relations[k].name);
			values[2] = BoolGetDatum(clause_applies(&clauses[c], p->mapped,
													&registry));
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
								 nulls);
		}
	}
	return (Datum) 0;
}

-- The registry "fund" over the vendors' tables of schema legacy: each canonical
-- relation is told once where its columns are and what the codes mean.

CREATE ROLE fund_keeper NOLOGIN;
SELECT osms.create_registry('fund', tables => false, cut_over => '2025-01-01', keeper => 'fund_keeper');

SELECT osms.map('fund', 'person', 'legacy.fizlico',
	columns => '{"person": "iin", "iin": "iin", "surname": "fam", "given_name": "imya", "patronymic": "otch",
		"birth_date": "d_rozhd", "sex": {"column": "pol", "codes": {"male": ["1"], "female": ["2"]}},
		"death_date": "d_smerti", "region": "region", "stay_until": "srok_preb"}');

SELECT osms.map('fund', 'organisation', 'legacy.medorg',
	columns => '{"organisation": "mo", "bin": "bin", "name": "naimenovanie",
		"owner": {"column": "sobstvennost", "codes": {"state": ["1"], "private": ["2"]}}}');

SELECT osms.map('fund', 'organisation_status', 'legacy.medorg_region',
	columns => '{"organisation": "mo", "region": "region", "valid_from": "s_daty",
		"class": {"column": "klass", "codes": {"urban": ["1"], "rural": ["2"]}}}');

SELECT osms.map('fund', 'contract', 'legacy.dogovor',
	columns => '{"organisation": "mo", "valid_from": "d_nachala", "valid_to": "d_konca", "yearly_amount": "summa_god"}',
	until_inclusive => true, open_end => '2999-12-31');

SELECT osms.map('fund', 'coefficient', 'legacy.koefficient',
	columns => '{"organisation": "mo", "value": "znachenie", "valid_from": "s_daty", "known_from": "d_zapisi", "act": "prikaz",
		"kind": {"column": "vid", "codes": {"density": ["1"], "rural": ["2"], "heating": ["3"], "ecology": ["4"]}}}');

SELECT osms.map('fund', 'clerk', 'legacy.operator',
	columns => '{"clerk": "login", "organisation": "mo", "valid_from": "s_daty",
		"role": {"column": "rol", "codes": {"service_centre": ["1"], "egov": ["2"], "clinic": ["3"], "maternity": ["4"]}}}');

SELECT osms.map('fund', 'application', 'legacy.zayavlenie',
	columns => '{"application": "nomer", "person": "iin", "applicant": "iin_zayavitelya", "organisation": "mo",
		"channel": {"column": "kanal", "codes": {"service_centre": ["1"], "egov": ["2"], "clinic": ["3"], "maternity": ["4"]}},
		"ground": {"column": "osnovanie", "codes": {"free_choice": ["1"], "moved": ["2"], "campaign": ["3"], "birth": ["4"]}},
		"state": "sost", "submitted_at": "d_podachi", "decided_at": "d_resheniya", "decided_by": "operator_resh",
		"effective_on": "d_nachala", "evidence_hash": "hesh",
		"reason": {"column": "kod_otkaza", "codes": {"untrue_data": ["1"], "not_eligible": ["2"], "other_territory": ["3"],
			"limit_used": ["4"], "no_insurance_contract": ["5"], "no_fund_contract": ["6"], "not_identified": ["7"],
			"address_unknown": ["8"], "no_evidence": ["9"], "open_application": ["10"], "deceased": ["11"],
			"other_body_negative": ["12"]}}}',
	states => '{"submitted": ["100"], "identified": ["200"], "approved": ["210"], "deferred": ["220"], "attached": ["300"],
		"withdrawn": ["1100"], "expired": ["1110"], "replaced": ["1120"], "refused": ["1200"]}');

SELECT osms.map('fund', 'identity_event', 'legacy.identifikaciya',
	columns => '{"event": "nomer", "person": "iin", "applicant": "iin_zayavitelya", "application": "nomer_zayavleniya",
		"channel": {"column": "kanal", "codes": {"service_centre": ["1"], "egov": ["2"], "clinic": ["3"], "maternity": ["4"]}},
		"method": {"column": "sposob", "codes": {"biometric": ["1"], "digital_document": ["2"], "document": ["3"],
			"e_signature": ["4"], "sms_code": ["5"]}},
		"provider": "postavshik", "clerk": "operator", "at": "vremya", "evidence_hash": "hesh"}');

SELECT osms.map('fund', 'attachment', 'legacy.prikreplenie',
	columns => '{"attachment": "nomer", "person": "iin", "organisation": "mo",
		"site": "uchastok", "state": "st", "since": "d_beg", "until": "d_end",
		"application": "nomer_zayavleniya",
		"reason": {"column": "prichina", "codes": {"moved_to_other": ["700"],
			"left_region": ["800"], "left_country": ["810"], "death": ["900"],
			"site_change": ["1400"], "error": ["1600"], "unlawful": ["1700"]}}}',
	states => '{"active": ["1"], "closed": ["2", "9"], "suspect": ["5"],
		"annulled": ["7"]}',
	until_inclusive => true, open_end => '2999-12-31');

-- The registry "oblast" over the event chain of schema chain.

CREATE ROLE oblast_keeper NOLOGIN;
SELECT osms.create_registry('oblast', tables => false, cut_over => '2025-01-01', keeper => 'oblast_keeper');

SELECT osms.map('oblast', 'person', 'chain.grazhdanin', date_format => 'DD.MM.YYYY',
	columns => '{"person": "person_id", "birth_date": "rozhdenie", "death_date": "smert",
		"iin": "iin",
		"sex": {"column": "pol", "codes": {"male": ["М"], "female": ["Ж"]}}}');

SELECT osms.map('oblast', 'organisation', 'chain.klinika',
	columns => '{"organisation": "klinika", "name": "nazvanie"}');

SELECT osms.map('oblast', 'organisation_status', 'chain.klinika', date_format => 'DD.MM.YYYY',
	columns => '{"organisation": "klinika", "region": "oblast", "class": "''urban''", "valid_from": "s_daty"}');

SELECT osms.map('oblast', 'contract', 'chain.klinika', date_format => 'DD.MM.YYYY',
	columns => '{"organisation": "klinika", "valid_from": "s_daty"}');

SELECT osms.map('oblast', 'attachment', 'chain.sobytie', shape => 'events',
	columns => '{"attachment": "nomer", "closes": "k_sobytiyu", "person": "person_id",
		"organisation": "klinika", "state": "vid", "since": "den",
		"reason": {"column": "prichina", "codes": {"moved_to_other": ["700"],
			"left_region": ["800"], "death": ["900"], "error": ["1600"]}}}',
	states => '{"active": ["1"], "closed": ["2"], "suspect": ["5"], "annulled": ["7"]}',
	until_inclusive => true, date_format => 'DD.MM.YYYY');

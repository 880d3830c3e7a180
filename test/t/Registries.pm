# A database with a guarded registry of each kind: of tables of its own, with closed months; mapped to periods, to partitions and to events. What
# must be the same after the database has moved, and what must be refused there. For registry_dump.pl and pg_upgrade.pl.
package Registries;
use strict;
use warnings;
use Exporter 'import';
use Test::More;

our @EXPORT = qw(fund make_registries answers still_guarded);

# As the ordinary role that owns the database, the registry and the legacy tables.
sub fund
{
	my ($node, $database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'fund' ]);
}

sub make_registries
{
	my ($node, $database) = @_;
	fund($node, $database, q{
		CREATE EXTENSION osms;
		SELECT osms.create_registry('own', cut_over => '2025-01-01');
		INSERT INTO own.person (person, iin, birth_date, sex, region)
		SELECT i, osms.make_iin(date '1970-01-01' + i, 'female', i), date '1970-01-01' + i, 'female', 'r' FROM generate_series(1, 50) i;
		INSERT INTO own.organisation (organisation, name) VALUES (1, 'one'), (2, 'two');
		INSERT INTO own.organisation_status (organisation, region, class, valid_from) VALUES (1, 'r', 'urban', '2020-01-01'), (2, 'r', 'rural', '2020-01-01');
		INSERT INTO own.contract (organisation, valid_from) VALUES (1, '2020-01-01'), (2, '2020-01-01');
		INSERT INTO own.attachment (person, organisation, state, since) SELECT i, 1 + i % 2, 'active', '2024-01-01' FROM generate_series(1, 50) i;
		SELECT osms.guard('own', '{"basis": "warn"}');
		CALL osms.fill_roster('own', batch => 7);
		UPDATE own.person SET death_date = '2025-03-03' WHERE person = 5;
		SELECT osms.close_month('own', '2025-04-01');
		UPDATE own.person SET death_date = '2025-04-04' WHERE person = 6;
		SELECT osms.post_restatement('own', '2025-04-01');
		INSERT INTO own.payment (organisation, month, amount) SELECT organisation::bigint, '2025-04-01', due FROM osms.due('own', '2025-04-01');

		CREATE SCHEMA legacy;
		CREATE TABLE legacy.people (iin char(12) PRIMARY KEY, died date);
		CREATE TABLE legacy.clinic (bin char(12) PRIMARY KEY);
		CREATE TABLE legacy.attached (id bigint PRIMARY KEY, iin char(12), bin char(12), st smallint, d_beg date, d_end date, why smallint);
		CREATE INDEX ON legacy.attached (iin);
		INSERT INTO legacy.people SELECT substr(osms.make_iin(date '1980-01-01' + i, 'male', i)::text, 1, 12) FROM generate_series(1, 20) i;
		INSERT INTO legacy.clinic VALUES ('160940025485');
		INSERT INTO legacy.attached SELECT row_number() OVER (ORDER BY iin), iin, '160940025485', 1, '2020-01-01', '2999-12-31' FROM legacy.people;
		SELECT osms.create_registry('mapped', tables => false, cut_over => '2025-01-01');
		SELECT osms.map('mapped', 'person', 'legacy.people', '{"person": "iin", "iin": "iin", "death_date": "died"}');
		SELECT osms.map('mapped', 'organisation', 'legacy.clinic', '{"organisation": "bin", "bin": "bin"}');
		SELECT osms.map('mapped', 'attachment', 'legacy.attached',
			'{"attachment": "id", "person": "iin", "organisation": "bin", "state": "st", "since": "d_beg", "until": "d_end",
			  "reason": {"column": "why", "codes": {"moved_to_other": ["700"], "death": ["900"], "error": ["1600"]}}}',
			states => '{"active": ["1"], "closed": ["2"], "annulled": ["3"]}', until_inclusive => true, open_end => '2999-12-31');
		SELECT osms.guard('mapped');
		CALL osms.fill_roster('mapped');

		CREATE TABLE legacy.citizen (id bigint, died date, PRIMARY KEY (id)) PARTITION BY HASH (id);
		CREATE TABLE legacy.citizen_0 PARTITION OF legacy.citizen FOR VALUES WITH (MODULUS 2, REMAINDER 0);
		CREATE TABLE legacy.citizen_1 PARTITION OF legacy.citizen FOR VALUES WITH (MODULUS 2, REMAINDER 1);
		CREATE TABLE legacy.yearly (id bigint NOT NULL, citizen bigint, clinic text, st text, d_beg date, d_end date, why text) PARTITION BY LIST (st);
		CREATE TABLE legacy.yearly_live PARTITION OF legacy.yearly FOR VALUES IN ('1');
		CREATE TABLE legacy.yearly_past (why text, gone int, st text, d_end date, d_beg date, clinic text, citizen bigint, id bigint NOT NULL) PARTITION BY RANGE (d_beg);
		ALTER TABLE legacy.yearly_past DROP COLUMN gone;
		ALTER TABLE legacy.yearly ATTACH PARTITION legacy.yearly_past FOR VALUES IN ('2', '3');
		CREATE TABLE legacy.yearly_2020 PARTITION OF legacy.yearly_past FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
		CREATE UNIQUE INDEX ON legacy.yearly (id, st, d_beg);
		CREATE INDEX ON legacy.yearly (citizen);
		INSERT INTO legacy.citizen SELECT i FROM generate_series(1, 20) i;
		INSERT INTO legacy.yearly SELECT i, i, 'A', '1', '2020-01-01' FROM generate_series(1, 10) i;
		SELECT osms.create_registry('parted', tables => false, cut_over => '2025-01-01');
		SELECT osms.map('parted', 'person', 'legacy.citizen', '{"person": "id", "death_date": "died"}');
		SELECT osms.map('parted', 'attachment', 'legacy.yearly',
			'{"attachment": "id", "person": "citizen", "organisation": "clinic", "state": "st", "since": "d_beg", "until": "d_end", "reason": "why"}',
			states => '{"active": ["1"], "closed": ["2"], "annulled": ["3"]}');
		CREATE TABLE legacy.clinics (code text PRIMARY KEY);
		INSERT INTO legacy.clinics VALUES ('A');
		CREATE TABLE legacy.payout (clinic text, day date, tenge int, paid bool) PARTITION BY LIST (paid);
		CREATE TABLE legacy.payout_done (paid bool, tenge int, day date, clinic text);
		ALTER TABLE legacy.payout ATTACH PARTITION legacy.payout_done FOR VALUES IN (true);
		CREATE INDEX ON legacy.payout (clinic);
		SELECT osms.map('parted', 'organisation', 'legacy.clinics', '{"organisation": "code"}');
		SELECT osms.map('parted', 'payment', 'legacy.payout', '{"organisation": "clinic", "month": "day", "amount": "tenge"}');
		INSERT INTO legacy.payout VALUES ('A', '2019-01-01', 1000, true);
		SELECT osms.guard('parted', '{"alive": "warn"}');
		CALL osms.fill_roster('parted');
		UPDATE legacy.yearly SET st = '2', d_end = '2025-01-01', why = 'error' WHERE id = 1;

		CREATE SEQUENCE legacy.event_id START 100;
		CREATE TABLE legacy.event (id bigint DEFAULT nextval('legacy.event_id'), year int DEFAULT 2025, kind text, closes bigint, citizen bigint, clinic text, day text, why text, PRIMARY KEY (id, year)) PARTITION BY LIST (year);
		CREATE TABLE legacy.event_2020 PARTITION OF legacy.event FOR VALUES IN (2020);
		CREATE TABLE legacy.event_2025 PARTITION OF legacy.event FOR VALUES IN (2025);
		CREATE INDEX ON legacy.event (citizen);
		CREATE INDEX ON legacy.event (closes);
		CREATE TABLE legacy.human (id bigint PRIMARY KEY, died text);
		INSERT INTO legacy.human SELECT i, '' FROM generate_series(1, 10) i;
		INSERT INTO legacy.event SELECT i, 2020, 'A', NULL, i, 'A', '01.03.2020' FROM generate_series(1, 5) i;
		SELECT osms.create_registry('chain', tables => false, cut_over => '2025-01-01');
		SELECT osms.map('chain', 'person', 'legacy.human', '{"person": "id", "death_date": "died"}', date_format => 'DD.MM.YYYY');
		SELECT osms.map('chain', 'attachment', 'legacy.event', shape => 'events', date_format => 'DD.MM.YYYY',
			columns => '{"attachment": "id", "closes": "closes", "person": "citizen", "organisation": "clinic", "state": "kind", "since": "day", "reason": "why"}',
			states => '{"active": ["A"], "closed": ["C"], "annulled": ["X"]}');
		SELECT osms.guard('chain', '{"alive": "warn"}');
		CALL osms.fill_roster('chain');
		INSERT INTO legacy.event VALUES (11, 2025, 'C', 1, 1, 'A', '01.01.2025', 'error');
	});
}

sub answers
{
	my ($node, $database) = @_;
	return fund($node, $database, q{
		SET client_min_messages = error;
		SELECT registry, relation, source, modes, triggers, problem FROM osms.guards ORDER BY 1, 2;
		SELECT * FROM own.roster ORDER BY attachment, known_from;
		SELECT * FROM mapped.roster ORDER BY attachment, known_from;
		SELECT * FROM parted.roster ORDER BY attachment, known_from;
		SELECT * FROM chain.roster ORDER BY attachment, known_from;
		SELECT * FROM chain.attachment ORDER BY attachment;
		SELECT tgrelid::regclass, tgname, tgenabled, tgparentid <> 0, osms_internal.trigger_arguments(oid) FROM pg_trigger WHERE tgname LIKE 'zz\_osms%' ORDER BY tgrelid::regclass::text, tgname;
		SELECT count(*) FROM osms.plan('parted') WHERE statement NOT LIKE '%verify%';
		SELECT * FROM own.journal ORDER BY entry;
		SELECT * FROM osms.statement('own', '2025-04-01', 'illustrative');
		SELECT * FROM osms.statement('own', '2025-06-01', 'illustrative');
		TABLE own.statement; TABLE own.statement_line; TABLE own.restatement; TABLE own.restatement_line; TABLE own.ledger;
		SELECT * FROM osms.roster_of('own', '1', '2025-04-01');
		SELECT * FROM osms.explain_payment('own', '1', '2025-04-01');
		SELECT * FROM osms.audit_summary('own');
		SELECT * FROM osms.due('own', '2025-04-01');
		SELECT * FROM parted.payment;
		SELECT 'wrong', k.* FROM unnest('{own,mapped,parted,chain}'::text[]) r, osms_internal.check_kept(r) k;
		SELECT 'wrong', * FROM osms.verify('own');
		SELECT 'wrong', * FROM osms.verify('mapped');
		SELECT 'wrong', * FROM osms.verify('parted');
		SELECT 'wrong', * FROM osms.verify('chain');
	});
}

sub refusal
{
	my ($node, $database, $sql) = @_;
	my ($rc, $out, $err) = $node->psql($database, "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', 'fund' ]);
	return $err =~ /ERROR:  (\w+):.*CONSTRAINT NAME:  (\w+)/s ? "$1 $2" : "rc $rc $err";
}

# The guard works, for every registry, and the months go on.
sub still_guarded
{
	my ($node, $database) = @_;
	is(refusal($node, $database, "INSERT INTO own.attachment (person, organisation, state, since) VALUES (999, 1, 'active', '2024-01-01')"),
		'23503 person_known', 'an unknown person is refused');
	is(refusal($node, $database, "INSERT INTO legacy.attached SELECT 1000, iin, bin, 1, '2021-01-01', '2999-12-31', NULL FROM legacy.attached WHERE id = 3"),
		'23P01 one_attachment', 'a second attachment is refused at commit');
	is(refusal($node, $database, 'TRUNCATE legacy.attached'), '23001 immutable', 'TRUNCATE is refused');
	is(refusal($node, $database, 'UPDATE own.payment SET amount = amount + 1'), '23514 payment_due', 'more than is due is not paid');
	is(refusal($node, $database, "INSERT INTO legacy.payout_done VALUES (true, 1, '2025-01-01', 'A')"), '23514 payment_due', 'nor from a partition of a mapped table');
	is(refusal($node, $database, 'DELETE FROM legacy.payout'), '23001 immutable', 'and what was paid stays');
	is(refusal($node, $database, "INSERT INTO legacy.yearly_2020 VALUES ('error', '2', '2020-06-01', '2020-02-01', 'A', 99, 100)"),
		'23503 person_known', 'a leaf of another shape is guarded');
	is(refusal($node, $database, 'UPDATE legacy.yearly_past SET clinic = $$B$$'), '23001 immutable', 'and an intermediate table');
	is(refusal($node, $database, 'TRUNCATE legacy.yearly_live'), '23001 immutable', 'and a leaf against TRUNCATE');
	fund($node, $database, "UPDATE legacy.citizen SET died = '2024-05-05' WHERE id = 2");
	is(fund($node, $database, 'SELECT tableoid::regclass, st, d_end, why FROM legacy.yearly WHERE id = 2'), 'legacy.yearly_2020|2|2024-05-06|death',
		'a death moves the row to the partition of the closed');
	is(fund($node, $database, "SELECT * FROM osms.verify('parted')"), '', 'and the roster follows there too');
	is(refusal($node, $database, "INSERT INTO legacy.event_2025 VALUES (12, 2025, 'C', 2, 3, 'A', '01.01.2025', 'error')"), '23514 transition', 'an event that points at another person');
	is(refusal($node, $database, "INSERT INTO legacy.event VALUES (12, 2025, 'A', NULL, 2, 'A', '01.01.2024', NULL)"), '23P01 one_attachment', 'a second opening');
	fund($node, $database, "UPDATE legacy.human SET died = '05.05.2025' WHERE id = 2");
	is(fund($node, $database, 'SELECT tableoid::regclass, kind, closes, day, why FROM legacy.event WHERE citizen = 2 AND id > 20'), 'legacy.event_2025|C|2|06.05.2025|death', 'a death writes the event that closes');
	is(fund($node, $database, "SELECT * FROM osms.verify('chain')"), '', 'and the roster follows the events');
	fund($node, $database, "UPDATE legacy.people SET died = '2025-05-05' WHERE iin = (SELECT iin FROM legacy.attached WHERE id = 4)");
	is(fund($node, $database, 'SELECT st, d_end, why FROM legacy.attached WHERE id = 4'), '2|2025-05-05|900', 'a death closes the mapped attachment');
	is(fund($node, $database, "SELECT * FROM osms.verify('mapped')"), '', 'and the roster follows');

	# what was closed stays so, and the next month follows
	like(refusal($node, $database, 'UPDATE own.statement_line SET amount = 0'), qr/55000: +rows of table "statement_line" do not change/, 'a closed line does not change');
	like(refusal($node, $database, "INSERT INTO own.ledger (month, revision, organisation, cause, kind, persons, amount, invoice_month) VALUES ('2025-04-01', 1, '1', 'rate', 'restoration', 0, 1, '2025-05-01')"),
		qr/55000: +table "ledger" takes only rows that osms writes/, 'nor does the ledger of a posting grow');
	is(fund($node, $database, "SET client_min_messages = error; SELECT * FROM osms.post_restatement('own', '2025-04-01')"), '', 'nothing is posted twice');
	is(fund($node, $database, "SET client_min_messages = error; SELECT organisations, heads FROM osms.close_month('own', '2025-05-01')"), '2|48', 'the next month is closed');
}

1;

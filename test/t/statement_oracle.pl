# Every line of every statement of a made-up registry, by every property of a scheme, is what a second calculator in exact fractions
# computes from a dump of the tables; and no plan, order, partition or session setting changes a byte.
# Takes long: make test-all.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\ntimezone = 'UTC'\nclient_min_messages = error\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION osms');
$node->safe_psql('postgres', slurp_file('test/oracle/statement.sql'));

my $folder = PostgreSQL::Test::Utils::tempdir;
my $columns = 'organisation, region, class, pyramid, factors, heads, persons_held, suspect, insurance_unknown, reduced, shares, coefficient, rate, earned, inactive, inactive_cut, '
  . 'inactive_rest, contract_amount, carried_in, cap_cut, amount, status, held_because';

# Ask for the runs, dump everything, let the oracle judge.
sub judged
{
	my ($name, $runs) = @_;
	$node->safe_psql('postgres', qq{
		CREATE OR REPLACE VIEW runs AS SELECT scheme, month::date, known_at::timestamptz FROM ($runs) AS r (scheme, month, known_at);
		DROP TABLE IF EXISTS lines;
		CREATE TABLE lines AS SELECT r.scheme, r.month, r.known_at, s.* FROM runs r, osms.statement('fund', r.month, r.scheme, r.known_at) AS s});
	my @dumps = map { [ $_ =~ s/.*\.//r, "SELECT * FROM $_" ] }
	  map({ "fund.$_" } qw(setting roster organisation_status contract coefficient insurance service site payment statement statement_line)),
	  map({ "osms.$_" } qw(scheme scheme_weight base_rate norm_step parameter)), 'runs';
	$node->safe_psql('postgres', "\\copy ($_->[1]) TO '$folder/$_->[0].csv' (FORMAT csv, HEADER)") for @dumps;
	$node->safe_psql('postgres', "\\copy (SELECT scheme, month, known_at, $columns FROM lines) TO '$folder/lines.csv' (FORMAT csv, HEADER)");
	my $said = `python3 test/oracle/statement.py '$folder'`;
	is($?, 0, "$name: the oracle agrees") or diag($said);
	cmp_ok(scalar(() = $said =~ /^ok/mg), '>', 0, "$name: on " . scalar(() = $said =~ /^ok/mg) . ' statements');
	note($said);
}

judged('every property', q{SELECT scheme, month, known_at::timestamptz FROM osms.scheme,
	(VALUES (date '2026-03-01', '2026-05-31 23:59:59.999999+00'), ('2026-12-01', '2026-06-01+00')) AS m (month, known_at)
	WHERE act = 'x' AND scheme !~ 'random' AND NOT (snapshot = 'person_days' AND month = '2026-12-01')});
judged('properties together', q{SELECT scheme, date '2025-10-01' + make_interval(months => CASE WHEN n % 2 = 0 OR snapshot = 'person_days' THEN n % 14 ELSE 14 END),
	(ARRAY['2026-05-31 23:59:59.999999+00', '2026-06-01+00', '2026-12-31+00'])[1 + n % 3]::timestamptz FROM osms.scheme, LATERAL (SELECT substr(scheme, 8)::int) AS s (n) WHERE scheme ~ '^random'});
is($node->safe_psql('postgres', q{SELECT string_agg(r, ', ' ORDER BY r) FROM unnest('{no_contract,no_factor,no_rate,no_status,no_weight}'::text[]) r
	WHERE NOT EXISTS (SELECT FROM lines WHERE held_because ~ r)}), '', 'lines are held for every reason');
judged('every month', q{SELECT 'default', m, '2026-12-31+00' FROM generate_series('2025-09-01'::date, '2026-11-01', '1 month') AS m});

# Months that are closed: December takes back at their rates, the cap counts their amounts and carries their cut.
$node->safe_psql('postgres', q{
	INSERT INTO fund.statement SELECT m, CASE WHEN m < '2026-04-01' THEN 'default' ELSE 'digits' END, '2026-05-01'
	FROM generate_series('2026-01-01'::date, '2026-09-01', '1 month') AS m;
	INSERT INTO fund.statement_line SELECT h.month, s.organisation::bigint, s.rate + 0.01, s.amount, s.cap_cut, s.status
	FROM fund.statement h, osms.statement('fund', h.month, h.scheme, h.known_at) AS s WHERE s.organisation::int % 6 > 0});
judged('with closed months', q{SELECT scheme, month, '2026-12-31+00' FROM unnest('{default,mixed,days_times}'::text[]) AS scheme,
	unnest('{2026-06-01,2026-12-01}'::date[]) AS month});

# The same bytes whatever the plan, the session or the order and the partitions of the rows.
my $question = q{SELECT s FROM (VALUES ('default', '2026-12-01'::date), ('mixed', '2026-03-01'), ('days_times', '2026-03-01')) AS n (n, month), osms.statement('fund', n.month, n.n, '2026-12-31+00') AS s};
my $answer = $node->safe_psql('postgres', $question);
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 3;';
for my $setting ($parallel, "SET timezone = 'Pacific/Kiritimati'; SET datestyle = 'SQL, DMY';", 'SET enable_hashagg = off; SET enable_hashjoin = off;',
	"SET work_mem = '64kB';", "SET timezone = 'America/Los_Angeles'; SET extra_float_digits = -3; SET intervalstyle = 'iso_8601';")
{
	is($node->safe_psql('postgres', "$setting $question"), $answer, "the same by $setting");
}
like($node->safe_psql('postgres', "$parallel SET jit = off; EXPLAIN SELECT organisation, count(*), osms.pyramid(birth_date, sex, '2026-12-31') FILTER (WHERE sex IS NOT NULL AND birth_date < '2026-01-01') FROM fund.roster GROUP BY 1"),
	qr/Partial/, 'parallel plans are in use');
$node->safe_psql('postgres', q{
	ALTER TABLE fund.roster RENAME TO heap;
	CREATE TABLE fund.roster (LIKE fund.heap) PARTITION BY HASH (person);
	CREATE TABLE fund.roster_0 PARTITION OF fund.roster FOR VALUES WITH (MODULUS 3, REMAINDER 0);
	CREATE TABLE fund.roster_1 PARTITION OF fund.roster FOR VALUES WITH (MODULUS 3, REMAINDER 1);
	CREATE TABLE fund.roster_2 PARTITION OF fund.roster FOR VALUES WITH (MODULUS 3, REMAINDER 2);
	INSERT INTO fund.roster SELECT * FROM fund.heap ORDER BY hashtext(person::text)});
is($node->safe_psql('postgres', $question), $answer, 'the same on a hash-partitioned roster with shuffled rows');
is($node->safe_psql('postgres', "$parallel SET enable_partitionwise_aggregate = on; $question"), $answer, 'and in its parallel plans');

done_testing();

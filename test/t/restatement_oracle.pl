# A year of 100,000 persons: random events of every kind, twelve months closed in order, each by a scheme of its own, postings in
# between and at the end. Then a second calculator in exact fractions computes from one dump of the tables every line that was closed,
# every line that was restated, as known at its moment, and every line of the ledger. And once more a smaller registry with more
# events for its size, with person-days, too. PERSONS, EVENTS (in all) and MONTHS make the year larger or smaller.
# Takes long: make test-all.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nfull_page_writes = off\nmax_wal_size = 2GB\nshared_buffers = 256MB\nwork_mem = 64MB\n"
	. "timezone = 'UTC'\nclient_min_messages = error\n");
$node->start;

my ($persons, $events, $months) = ($ENV{PERSONS} // 100_000, $ENV{EVENTS} // 4800, $ENV{MONTHS} // 12);
for my $year ([ 'large', $persons, $events, $months, 'last_day' ], [ 'small', 2000, 2400, 12, 'person_days' ])
{
	my ($name, $persons, $events, $months, $snapshot) = @$year;
	my $folder = PostgreSQL::Test::Utils::tempdir;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE EXTENSION osms; ALTER DATABASE $name SET search_path = public, osms");
	$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-v', "persons=$persons", '-v', "snapshot=$snapshot", '-d', $node->connstr($name),
			'-f', 'test/oracle/year.sql' ], "$name: a registry of $persons persons");
	$node->safe_psql($name, "SELECT setseed(0.25); CALL live($events, $months)");
	is($node->safe_psql($name, "SELECT count(*) FROM fund.statement_line WHERE status = 'held'") > 0, 1, "$name: some lines were held");
	is($node->safe_psql($name, q{SELECT string_agg(DISTINCT event || ': ' || refused, E'\n') FROM happened WHERE refused !~ 'day of death|duplicate key|attached twice'}), '',
		"$name: no event was refused but for a reason of its own");
	$node->safe_psql($name, join("\n", map { "\\copy (SELECT * FROM $_) TO '$folder/" . s/.*\.//r . ".csv' (FORMAT csv, HEADER)" }
		map({ "past.$_" } qw(person organisation_status contract coefficient insurance service site payment)),
		map({ "fund.$_" } qw(setting roster statement statement_line restatement restatement_line ledger)),
		map({ "osms.$_" } qw(scheme scheme_weight base_rate norm_step parameter))));
	my $said = `python3 test/oracle/restatement.py '$folder' 2>&1`;
	is($?, 0, "$name: the oracle agrees on $months months and $events events") or diag($said);
	is(scalar(() = $said =~ /^ok/mg), $months, "$name: on every month");
	note($said);
	if ($months == 12 && $events >= 2400)
	{
		is($node->safe_psql($name, q{SELECT string_agg(c, ' ') FROM unnest('{age_or_sex,cap,coefficient,held,inactive,insurance,membership,rate,rounding}'::text[]) c
			WHERE c NOT IN (SELECT cause FROM fund.ledger)}), '', "$name: every cause occurred");
	}
}
is($node->safe_psql('small', q{SELECT string_agg(format('%s %s', p.property, c), ', ') FROM osms.scheme_property() p, unnest(p.choices) c
	WHERE p.property <> 'sanction_rate' AND NOT EXISTS (SELECT FROM osms.scheme s WHERE s.act = 'order-1' AND to_jsonb(s) ->> p.property = c)}), '', 'every choice of every property was asked for');
done_testing();

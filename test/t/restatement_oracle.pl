# Months closed and restated while random events happen: after every posting a second calculator in exact fractions computes what is
# kept, and every line of the ledger, from a dump of the tables. PERSONS and EVENTS (between two postings) make it larger.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\ntimezone = 'UTC'\nclient_min_messages = error\n");
$node->start;
my ($persons, $events) = ($ENV{PERSONS} // 600, $ENV{EVENTS} // 40);
$node->safe_psql('postgres', 'CREATE EXTENSION osms; ALTER DATABASE postgres SET search_path = public, osms');
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-v', "persons=$persons", '-d', $node->connstr('postgres'), '-f', 'test/sql/events.psql' ], 'a registry');

my $folder = PostgreSQL::Test::Utils::tempdir;
my ($nth, @closed) = (0);
for my $month ('2025-10-01', '2025-11-01', '2025-12-01')
{
	$node->safe_psql('postgres', "SELECT osms.close_month('fund', '$month', 'official')");
	push @closed, $month;
	for my $round (1 .. 2)
	{
		my $from = $nth + 1;
		$nth += $events;
		# each event in its own transaction, at its own moment
		$node->safe_psql('postgres', "SELECT setseed(0.$from); " . join(' ', map { "SELECT event($_);" } $from .. $nth));
		$node->safe_psql('postgres', "INSERT INTO fund.contract VALUES (7, '2020-01-01', NULL, NULL)") if $nth == 2 * $events;
		$node->safe_psql('postgres', "SELECT osms.post_restatement('fund', '$_')") for @closed;
		for my $table (map({ "fund.$_" } qw(person roster organisation_status contract coefficient insurance service site payment statement statement_line
				restatement restatement_line ledger)), map({ "osms.$_" } qw(scheme scheme_weight base_rate norm_step parameter)))
		{
			my $name = $table =~ s/.*\.//r;
			$node->safe_psql('postgres', "\\copy (SELECT * FROM $table) TO '$folder/$name.csv' (FORMAT csv, HEADER)");
		}
		my $said = `python3 test/oracle/restatement.py '$folder' 2>&1`;
		is($?, 0, "the oracle agrees after $nth events") or diag($said);
		note($said);
	}
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM unnest('{age_or_sex,cap,coefficient,held,insurance,membership,rate,rounding}'::text[]) c
	WHERE c NOT IN (SELECT cause FROM fund.ledger)}), '0', 'every cause occurred');
done_testing();

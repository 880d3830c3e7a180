# What the server's log says of refusals and warnings, and the counters beside it: they outlive a rollback and a restart, sessions lose none
# of each other's, and a file that cannot be written fails no statement.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 30\nlog_timezone = 'UTC'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION osms;
	CREATE ROLE vendor LOGIN;
	SELECT osms.create_registry('fund', cut_over => '2026-01-01');
	INSERT INTO fund.person (person, birth_date, sex) SELECT i, '1980-01-01', 'male' FROM generate_series(1, 9) i;
	INSERT INTO fund.organisation (organisation) VALUES (1), (2);
	SELECT osms.guard('fund', '{"basis": "warn", "contracted": "off", "same_territory": "off", "no_backdating": "off", "one_attachment": "warn"}');
	GRANT USAGE ON SCHEMA fund TO vendor;
	GRANT SELECT ON fund.person, fund.roster TO vendor;
	GRANT SELECT, INSERT, UPDATE ON fund.attachment TO vendor;
});

# The lines that a script adds to the log, from our name or a WARNING on.
sub logged
{
	my ($sql) = @_;
	my $before = -s $node->logfile;
	my ($rc, $out, $err) = $node->psql('postgres', "SET application_name = mis; $sql", extra_params => [ '-U', 'vendor' ], on_error_stop => 0);
	return (join("\n", slurp_file($node->logfile, $before) =~ /(?:LOG:  |WARNING:  )(osms [^\n]*|person would[^\n]*|attachment has[^\n]*)/g), $err);
}
sub counted
{
	return $node->safe_psql('postgres',
		q{SELECT told, rule, statements, rows FROM osms.refusals('fund') WHERE day = (now() AT TIME ZONE 'UTC')::date ORDER BY 1, 2});
}
my $attach = 'INSERT INTO fund.attachment (person, organisation, state, since) VALUES';

my ($log, $err) = logged("$attach (1, 1, 'active', '2026-02-01'), (2, 1, 'active', '2026-02-01')");
is($log, 'osms would refuse: rule=basis finding=no_basis relation=fund.attachment role=vendor application=mis rows=2', 'a warning is one line of the log');
like($err, qr/WARNING:  attachment has no lawful basis/, 'and a WARNING of the session');
($log, $err) = logged("BEGIN; $attach (99, 1, 'active', '2024-01-01'); ROLLBACK");
is($log, 'osms refused: rule=person_known finding=unknown_person relation=fund.attachment role=vendor application=mis rows=1', 'a refusal is one');
($log, $err) = logged("BEGIN; $attach (3, 1, 'active', '2024-01-01'); $attach (3, 2, 'active', '2025-01-01');
	UPDATE fund.attachment SET state = 'closed', until = '2025-01-01', reason = 'moved_to_other' WHERE person = 3 AND organisation = 1; COMMIT");
is($log . $err, '', 'an overlap that is healed is nothing');
($log, $err) = logged("BEGIN; $attach (4, 1, 'active', '2024-01-01'); $attach (4, 2, 'active', '2025-01-01'); COMMIT");
is($log, 'osms would refuse: rule=one_attachment finding=overlap relation=fund.attachment role=vendor application=mis rows=1', 'one that is not is told');
like($err, qr/WARNING:  person would be attached twice on the same day\nDETAIL:  Rule "one_attachment" finds overlap in 1 row of this transaction/, 'at COMMIT');

(undef, $err) = logged("SET client_min_messages = log; SET debug_print_plan = on; $attach (6, 1, 'active', '2024-01-01')");
is(scalar(() = $err =~ /LOG:  plan:/g), 1, 'who has plans printed is shown his own alone');

my $expected = "refused|person_known|1|1\nwould refuse|basis|1|2\nwould refuse|one_attachment|1|1";
is(counted(), $expected, 'all of it is counted');
# from here the library is there before any database is
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'osms'");
$node->restart;
is(counted(), $expected, 'after a restart, too');
$node->stop('immediate');
$node->start;
is(counted(), $expected, 'and after a crash');

# eight sessions at once
$node->append_conf('postgresql.conf', 'log_min_messages = fatal');
$node->reload;
my @sessions = map { IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', '-' ],
	'<', \(my $in = ("$attach (1, 1, 'closed', '2024-01-01');\n" x 100)), '>', \(my $o), '2>', \(my $e)) } 1 .. 8;
$_->finish for @sessions;
is($node->safe_psql('postgres', q{SELECT sum(statements) FROM osms.refusals('fund') WHERE rule = 'period'}), 800, 'no session loses another one\'s');

# what cannot be counted is refused and warned of as ever
my ($file) = glob($node->data_dir . '/pg_stat/osms.*');
unlink $file;
mkdir $file;
($log, $err) = logged("$attach (99, 1, 'active', '2024-01-01')");
like($err, qr/registry does not know this person/, 'a refusal stays one where the file cannot be written');
($log, $err) = logged("$attach (5, 1, 'active', '2026-02-01')");
unlike($err, qr/ERROR/, 'and a warning');
is($node->safe_psql('postgres', 'SELECT count(*) FROM fund.attachment WHERE person = 5'), 1, 'which is written');
rmdir $file;
append_to_file($file, 'x' x 1000);
is($node->safe_psql('postgres', q{SELECT count(*) FROM osms.refusals('fund')}), 0, 'what is no counter is none');
($log, $err) = logged("$attach (99, 1, 'active', '2024-01-01')");
is(counted(), 'refused|person_known|1|1', 'and counting goes on');
done_testing();

# pg_upgrade keeps guarded registries of each kind, closed months included: the same rosters, statements and ledger, and guards that stand and refuse. It begins with
# OSMS_OLD_PG, the folder of an older server (with bin/ and lib/, as /usr/lib/postgresql/15) in which this extension is installed, where there is one, as in
# test/chroot --old; else with the server under test itself.
# Takes long: make test-all.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use FindBin;
use lib $FindBin::Bin;
use Registries;

my $old = PostgreSQL::Test::Cluster->new('old', $ENV{OSMS_OLD_PG} ? (install_path => $ENV{OSMS_OLD_PG}) : ());
my $new = PostgreSQL::Test::Cluster->new('new');

# from 18 on initdb makes checksums unless it is told not to, and pg_upgrade wants both clusters alike
sub alike { $_[0]->init(extra => $_[0]->pg_version->major >= 18 ? ['--no-data-checksums'] : []) }

alike($old);
$old->append_conf('postgresql.conf', "fsync = off\nmax_prepared_transactions = 10");
$old->start;
$old->safe_psql('postgres', 'CREATE ROLE fund LOGIN');
$old->safe_psql('postgres', 'CREATE DATABASE source OWNER fund');
make_registries($old, 'source');
my $answers = answers($old, 'source');
like($answers, qr/"basis": "warn"/, 'the guard has a mode');
unlike($answers, qr/^wrong/m, 'the roster agrees with its source');
$old->stop;

alike($new);
$new->append_conf('postgresql.conf', "fsync = off\nmax_prepared_transactions = 10");
my $folder = PostgreSQL::Test::Utils::tempdir;
chdir $folder or die "chdir $folder: $!";
my $upgraded = PostgreSQL::Test::Utils::run_log([ 'pg_upgrade', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $ENV{OSMS_OLD_PG} ? "$ENV{OSMS_OLD_PG}/bin" : $ENV{OSMS_BINDIR},
		'-B', $ENV{OSMS_BINDIR}, '-s', $new->host, '-p', $old->port, '-P', $new->port ]);
ok($upgraded, 'upgraded from ' . $old->pg_version->major . ' to ' . $new->pg_version->major) or
	BAIL_OUT(join "\n", map { slurp_file($_) =~ /^(.*error:.*|ERROR.*|DETAIL.*|HINT.*)$/mg } glob $new->data_dir . '/pg_upgrade_output.d/*/log/*_dump_*.log');
$new->start;
is(answers($new, 'source'), $answers, 'the same answers');
is($new->safe_psql('source', "SELECT extversion = (SELECT default_version FROM pg_available_extensions WHERE name = 'osms') FROM pg_extension WHERE extname = 'osms'"),
	't', 'the extension is there');
still_guarded($new, 'source');
done_testing();

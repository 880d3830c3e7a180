# A guarded registry, of tables, mapped, mapped to partitions and mapped to events, survives pg_dump and a restore into a new database: the guard stands there with its modes,
# the roster agrees with its source, the month's money is the same, and what was unlawful still is.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use FindBin;
use lib $FindBin::Bin;
use Registries;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;

# An ordinary role owns the database, the registry and the legacy tables.
$node->safe_psql('postgres', 'CREATE ROLE fund LOGIN');
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER fund") for qw(source target);

make_registries($node, 'source');
my $answers = answers($node, 'source');
like($answers, qr/"basis": "warn"/, 'the guard has a mode');
unlike($answers, qr/^wrong/m, 'the roster agrees with its source');

my $folder = PostgreSQL::Test::Utils::tempdir;
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$folder/dump", '-d', $node->connstr('source') ], 'dumped');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-U', 'fund', '-d', $node->connstr('target'), "$folder/dump" ], 'restored');
is(answers($node, 'target'), $answers, 'the same answers');
still_guarded($node, 'target');

# back out: nothing of ours is left on the tables
fund($node, 'target', "SELECT osms.unguard('own'), osms.unguard('mapped'), osms.unguard('parted'), osms.unguard('chain')");
is(fund($node, 'target', "SELECT count(*) FROM pg_trigger WHERE tgrelid::regclass::text ~ '^(legacy|own)\\.' AND tgname ~ 'osms'"), '0', 'unguarded');

done_testing();

# A library of somebody else that is loaded first, and has functions with the names of ours, takes the place of none of them.
use strict;
use warnings;
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Every function that our files share, as it stands in their headers.
my %names;
for my $header (glob(dirname(__FILE__) . '/../../src/*.h ' . dirname(__FILE__) . '/../../src/*/*.h'))
{
	my $text = slurp_file($header);
	$names{$1} = 1 while $text =~ /^extern\s[^;(]*?\b(\w+)\s*\(/mg;
}
ok($names{$_}, "$_ is one of them") for qw(expand report_violation registry_open state_after);

my $dir = PostgreSQL::Test::Utils::tempdir;
append_to_file("$dir/other.c", join("\n", '#include "postgres.h"', '#include "fmgr.h"', 'PG_MODULE_MAGIC;',
	map { "__attribute__((visibility(\"default\"))) void $_(void); void $_(void) { elog(FATAL, \"$_ of another library\"); }" } sort keys %names));
my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
chomp(my $include = `$pg_config --includedir-server`);
chomp(my $cc = `$pg_config --cc`);
system_or_bail("$cc -shared -fPIC -w -I'$include' -o '$dir/other.so' '$dir/other.c'");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION osms;
	SELECT osms.create_registry('fund', cut_over => '2026-01-01');
	INSERT INTO fund.person (person, birth_date, sex) VALUES (1, '1980-01-01', 'male');
	INSERT INTO fund.organisation (organisation) VALUES (1), (2);
	SELECT osms.guard('fund', '{"basis": "off", "contracted": "off", "same_territory": "off", "no_backdating": "off", "initial_state": "off"}');
});

# A guarded write that is refused, and what else calls many of them.
my $unknown = q{INSERT INTO fund.attachment (person, organisation, state, since) VALUES (99, 1, 'active', '2020-01-01');};
my $known = q{
	BEGIN;
	INSERT INTO fund.attachment (person, organisation, state, since) VALUES (1, 1, 'active', '2020-01-01');
	SELECT count(*) FROM fund.roster;
	SELECT count(*) FROM osms.audit('fund');
	SELECT count(*) FROM osms.verify('fund');
	SELECT osms.mask('580302300070'), osms.heads(osms.pyramid(birth_date, sex, '2026-01-01')), osms.next_state('attachment', 'active', 'close') FROM fund.person;
	DELETE FROM fund.attachment;
};
for my $first ('', "LOAD '$dir/other.so';")
{
	my ($rc, $out, $err) = $node->psql('postgres', $first . $unknown);
	like($err, qr/registry does not know this person/, "refused after '$first'");
	($rc, $out, $err) = $node->psql('postgres', $first . $known);
	is($out, "1\n2\n0\n********0070|1|closed", "counted after '$first'");
	like($err, qr/this part of the record cannot be changed/, 'and kept');
}
done_testing();

# A role that created nothing maps, guards, fills and closes once a superuser lets it in; it
# gains nothing beyond what it could do with the registry and the tables anyway, and can be put out again.
# Takes long: make test-all.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
$node->safe_psql('postgres', q{
	CREATE ROLE dba LOGIN CREATEROLE;
	CREATE ROLE vendor NOLOGIN;
	CREATE ROLE engineer LOGIN IN ROLE vendor;
	CREATE ROLE stranger LOGIN;
	CREATE ROLE keeper NOLOGIN ROLE dba, engineer;
	CREATE DATABASE fund OWNER dba;
});
$node->safe_psql('fund', q{
	CREATE SCHEMA legacy AUTHORIZATION vendor;
	SET ROLE vendor;
	CREATE TABLE legacy.people (iin text PRIMARY KEY, born date, sex text, died date);
	CREATE TABLE legacy.clinic (id int PRIMARY KEY, region text, class text, since date);
	CREATE TABLE legacy.contract (id int, since date, till date, PRIMARY KEY (id, since));
	CREATE TABLE legacy.filed (no serial PRIMARY KEY, iin text, clinic int, channel text, st text, at timestamptz, decided timestamptz);
	CREATE INDEX ON legacy.filed (iin);
	CREATE TABLE legacy.attached (no serial PRIMARY KEY, iin text, clinic int, d_beg date, d_end date, st text, filed int, why text);
	CREATE INDEX ON legacy.attached (iin);
	INSERT INTO legacy.people VALUES ('580302300070', '1958-03-02', 'm'), ('880715400075', '1988-07-15', 'f');
	INSERT INTO legacy.clinic VALUES (10, 'Almaty', 'urban', '2015-01-01');
	INSERT INTO legacy.contract VALUES (10, '2015-01-01');
	INSERT INTO legacy.attached (iin, clinic, d_beg, st) VALUES ('580302300070', 10, '2019-02-01', 'active'), ('880715400075', 10, '2019-02-01', 'active');
});

sub as_role
{
	my ($role, $sql) = @_;
	my ($rc, $out, $err) = $node->psql('fund', "\\set VERBOSITY sqlstate\nSET client_min_messages = error;\n$sql", extra_params => [ '-U', $role ], on_error_stop => 0);
	return $err ? $err =~ s/^psql:\S+ //mgr : $out;
}

is(as_role('dba', q{CREATE EXTENSION osms; SELECT osms.create_registry('city', tables => false, cut_over => '2025-01-01', keeper => 'keeper')}), '', 'a registry of a keeper');
my @work = (
	q{SELECT osms.map('city', 'person', 'legacy.people', '{"person": "iin", "iin": "iin", "birth_date": "born", "sex": "sex", "death_date": "died"}')},
	q{SELECT osms.map('city', 'organisation_status', 'legacy.clinic', '{"organisation": "id", "region": "region", "class": "class", "valid_from": "since"}')},
	q{SELECT osms.map('city', 'contract', 'legacy.contract', '{"organisation": "id", "valid_from": "since", "valid_to": "till"}')},
	q{SELECT osms.map('city', 'application', 'legacy.filed', '{"application": "no", "person": "iin", "organisation": "clinic", "channel": "channel", "state": "st",
		"submitted_at": "at", "decided_at": "decided"}')},
	q{SELECT osms.map('city', 'attachment', 'legacy.attached', '{"attachment": "no", "person": "iin", "organisation": "clinic", "since": "d_beg", "until": "d_end",
		"state": "st", "application": "filed", "reason": "why"}')},
	q{SELECT osms.add_relation('city', 'residence')},
	q{GRANT SELECT ON city.person, city.roster TO vendor},
	q{SELECT osms.guard('city')},
	q{CALL osms.fill_roster('city')},
	q{BEGIN; CALL osms.fill_roster('city', NULL); COMMIT},
	q{UPDATE city.person SET death_date = '2025-05-05' WHERE person = '580302300070'},
	q{SELECT osms.guard('city', '{"basis": "warn"}')},
	q{SELECT amount >= 0 FROM osms.close_month('city', '2025-06-01')},
	q{SELECT count(*) FROM osms.post_restatement('city', '2025-06-01')},
	q{SELECT osms.register_death('city', '880715400075', '2025-06-30')},
	q{SELECT osms.import_begin('city', 'the past') > 0, osms.import_end('city') > 0},
	q{SELECT osms.guard_payment('city')},
	q{SELECT osms.unguard('city')});
like(as_role('engineer', $_), qr/^ERROR:  42501$/m, "refused before: $_") for grep { /map|guard\(|fill|close/ } @work;
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
is(as_role('dba', "SELECT osms.grant_maintenance('engineer')"), 'ERROR:  42501', 'who created the extension lets nobody in');
is(as_role($superuser, "SELECT osms.grant_maintenance('engineer')"), '', 'a superuser does');
for my $work (@work)
{
	my $expected = $work =~ /guard_payment/ ? qr/^ERROR:  (42P01|3F000|55000)$/ : $work =~ /SELECT (amount|osms.import)/ ? qr/^t(\|t)?$/ : $work =~ /count/ ? qr/^\d$/ : qr/^[^E]*$/;
	like(as_role('engineer', $work), $expected, "works: $work");
}
is(as_role('engineer', q{SELECT count(*) FROM city.statement}), '1', 'a month is closed');
is(as_role('engineer', q{SELECT died FROM legacy.people ORDER BY 1}), "2025-05-05\n2025-06-30", 'deaths are recorded');

# what it does not give
my %not_given = (
	'the law' => q{INSERT INTO osms.base_rate (scheme, rate, valid_from, act) VALUES ('kpn', 1, '2025-01-01', 'x')},
	'maintenance of others' => q{SELECT osms.grant_maintenance('stranger')},
	'a new registry without rights on the database' => q{SELECT osms.create_registry('mine')});
like(as_role('engineer', $not_given{$_}), qr/^ERROR:  42501$/, "not given: $_") for sort keys %not_given;
as_role('engineer', q{GRANT EXECUTE ON FUNCTION osms_internal.map_write() TO stranger});
is(as_role('stranger', q{SELECT has_function_privilege('osms_internal.map_write()', 'EXECUTE')}), 'f', 'nor can it be passed on');
is(as_role('stranger', q{SELECT osms.guard('city')}), 'ERROR:  42501', 'others have none');
$node->safe_psql('postgres', 'CREATE ROLE climber LOGIN');
is(as_role($superuser, "SELECT osms.grant_maintenance('climber')"), '', 'a role without a registry');
like(as_role('climber', $_), qr/^ERROR:  (42501|3F000)$/m, "gains nothing: $_")
  for grep { !/guard_payment|register|UPDATE|CALL|unguard|residence|GRANT/ } @work, q{SELECT osms.add_relation('city', 'clerk')},
  q{ALTER ROLE climber NOLOGIN; SELECT osms.set_keeper('city', 'climber')}, q{SELECT osms_internal.new_epoch('city')},
  q{SELECT osms_internal.note_act('city', 'guard', 'U', 'x')};

# and back
is(as_role($_, "SELECT osms.revoke_maintenance('engineer')"), 'ERROR:  42501', "$_ puts nobody out") for 'dba', 'engineer';
is(as_role($superuser, "SELECT osms.revoke_maintenance('climber'), osms.revoke_maintenance('engineer')"), '|', 'who let them in puts them out');
like(as_role('engineer', $_), qr/^ERROR:  42501$/m, "refused again: $_") for grep { /map|guard\(|fill|close/ } @work;
is(as_role('dba', 'SELECT count(*) > 50 FROM osms_internal.maintenance_routines()'), 't', 'the creator keeps it');
is(as_role($superuser, "SELECT osms.${_}_maintenance('nobody')"), 'ERROR:  42704', "$_: a role that does not exist") for 'grant', 'revoke';
is(as_role($superuser, "SELECT osms.${_}_maintenance('public')"), 'ERROR:  42704', "$_: nor is everybody one") for 'grant', 'revoke';
done_testing();

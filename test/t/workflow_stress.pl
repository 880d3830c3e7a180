# Eight sessions make workflow calls about 10,000 persons, some of whom are in demand, at all three isolation levels: file, identify,
# decide and move, one call a transaction or all in one; annul and restore; leave; die, and live after all; orders move whole
# organisations and a campaign takes effect, each carried out by two sessions. The number of calls is fixed. What is refused is refused
# by a rule (class 23), because there is nothing to do (P0002) or to be repeated (40001). Whoever locks the person first never waits in
# a circle, so no deadlock reaches a user; in the end audit and verify find nothing, and nobody stands between two organisations.
# Takes long: make test-all.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($persons, $organisations, $orders, $sessions, $rounds) = (10000, 20, 16, 8, 60);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "deadlock_timeout = 100ms");
$node->start;
$node->safe_psql('postgres', qq{
	CREATE EXTENSION osms;
	SELECT osms.create_registry('fund', cut_over => '2025-01-01');
	INSERT INTO fund.organisation (organisation) SELECT generate_series(1, $organisations);
	INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '2000-01-01' FROM fund.organisation;
	INSERT INTO fund.contract (organisation, valid_from) SELECT organisation, '2000-01-01' FROM fund.organisation;
	INSERT INTO fund.person (person, birth_date, sex, region)
	SELECT i, date '1950-01-01' + i % 20000, 'female', '75' FROM generate_series(1, $persons) i;
	INSERT INTO fund.attachment (person, organisation, state, since)
	SELECT i, 1 + i % $organisations, 'active', '2019-01-01' FROM generate_series(1, $persons) i;
	-- every tenth person waits for 1 January
	INSERT INTO fund.application (application, person, organisation, channel, ground, state, submitted_at, decided_at, effective_on)
	SELECT i, i, 1 + (i + 1) % $organisations, 'egov', 'campaign', 'deferred', '2025-10-01 10:00+05', '2025-10-02 10:00+05', '2026-01-01'
	FROM generate_series(1, $persons, 10) i;
	INSERT INTO fund.identity_event (person, application, channel, method, at)
	SELECT person, application, 'egov', 'e_signature', submitted_at FROM fund.application;
	INSERT INTO fund.authority_order (order_key, number, issued_on, issuer, cause, valid_from)
	SELECT i, i, '2026-02-20', 'akimat', 'reorganisation', date '2026-03-01' + i FROM generate_series(1, $orders) i;
	INSERT INTO fund.order_scope (order_key, from_organisation, to_organisation)
	SELECT i, 1 + i % $organisations, 1 + (i * 7 + 3) % $organisations FROM generate_series(1, $orders) i;
	SELECT osms.guard('fund');
	CALL osms.fill_roster('fund', batch => NULL);
	ANALYZE;
});
my $story = q{SELECT relation, rule, finding, count(*) FROM osms.audit('fund') GROUP BY 1, 2, 3};
is($node->safe_psql('postgres', $story), '', 'osms.audit finds nothing before');

# The calls of one round, a list of transactions.
sub calls
{
	my ($session, $round) = @_;
	my $person = 1 + int(rand(1)**3 * $persons);
	my $organisation = 1 + int(rand($organisations));
	my $application = 100000 * $session + $round;
	my $what = int(rand(100));
	my @move = (
		"SELECT osms.submit('fund', '$person', '$organisation', 'egov', 'moved', application => '$application');",
		"SELECT osms.identify('fund', '$application', 'e_signature');",
		"SELECT osms.decide('fund', '$application', true);",
		"SELECT osms.transfer('fund', '$application');");
	my $last = "(SELECT attachment FROM fund.attachment WHERE person = $person AND state::text = 'active' ORDER BY since DESC LIMIT 1)";

	return "SELECT osms.move_by_order('fund', '" . (1 + ($round / 4 + $session / 2) % $orders) . "');" if $round % 12 == $session;
	return "SELECT osms.take_effect('fund', '2026-01-01');" if $round == 20 && $session < 3;
	return @move, $move[3] if $what < 35;
	return "@move" if $what < 60;
	# which one is the last is asked under the lock: it would be another one after a move meanwhile
	return "SELECT osms.lock_persons('fund', '{$person}'); "
	  . "SELECT osms.reopen('fund', r.related) FROM $last a, osms.annul('fund', a.attachment::text, 'unlawful') r WHERE r.related IS NOT NULL;"
	  if $what < 75;
	return "SELECT osms.detach('fund', '$person', '2026-06-01', 'left_country');" if $what < 80;
	return "SELECT osms.register_death('fund', '$person', '2026-05-01');" if $what < 90;
	return "SELECT osms.register_death('fund', '$person', NULL);"
	  . "SELECT osms.reopen('fund', a.attachment::text) FROM fund.attachment a WHERE person = $person AND reason = 'death' ORDER BY since LIMIT 1;";
}

my $seed = srand(20260101);
my $folder = PostgreSQL::Test::Utils::tempdir;
my (@running, %errors);
for my $session (1 .. $sessions)
{
	my $in = "\\set VERBOSITY sqlstate\nSET client_min_messages = error;\nSET synchronous_commit = off;\n";
	for my $round (1 .. $rounds)
	{
		for my $call (calls($session, $round))
		{
			my $level = ('READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')[ int(rand(4)) ];
			$in .= "BEGIN ISOLATION LEVEL $level;\n$call\nCOMMIT;\n";
		}
	}
	append_to_file("$folder/$session.sql", $in);
	push @running, IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
		'<', "$folder/$session.sql", '>', "$folder/$session.out", '2>', "$folder/$session.err");
}
for my $session (1 .. $sessions)
{
	IPC::Run::finish($running[ $session - 1 ]);
	my $said = slurp_file("$folder/$session.err");
	$errors{$1}++ while $said =~ /^ERROR:\s+(\w{5})$/mg;
	$errors{other}++ while $said =~ /^(?!ERROR: ).+$/mg;
}
delete $errors{'25P02'};	# the rest of a transaction that was refused
note("seed $seed, refused: " . join(', ', map { "$_ $errors{$_}" } sort keys %errors));

is(join(' ', grep { !/^(23...|40001|P0002)$/ } sort keys %errors), '', 'only rules and serialization refuse');
unlike(slurp_file($node->logfile), qr/deadlock detected/, 'no deadlock');
my $done = $node->safe_psql('postgres', q{
	SELECT string_agg(DISTINCT a.basis, ' ' ORDER BY a.basis), count(*) > 500 FROM fund.roster a WHERE known_from > (SELECT min(at) FROM fund.journal)});
is($done, 'application inherited order restores|t', 'every kind of move was made');
is($node->safe_psql('postgres', $story), '', 'osms.audit finds nothing');
is($node->safe_psql('postgres', q{SELECT * FROM osms.verify('fund')}), '', 'osms.verify finds nothing');
is($node->safe_psql('postgres', q{
	SELECT a.person FROM fund.attachment a JOIN fund.attachment b ON b.person = a.person AND a.attachment < b.attachment
	WHERE a.state::text <> 'annulled' AND b.state::text <> 'annulled' AND daterange(a.since, a.until) && daterange(b.since, b.until)}),
	'', 'nobody has two attachments on any day');
is($node->safe_psql('postgres', q{
	SELECT a.person, a.until FROM fund.attachment a WHERE a.state::text = 'closed' AND a.reason IN ('moved_to_other', 'site_change')
	AND NOT EXISTS (SELECT FROM fund.attachment b WHERE b.person = a.person AND b.since = a.until)}), '', 'whoever moved came somewhere');
is($node->safe_psql('postgres', 'SELECT * FROM fund.pending'), '', 'nobody is pending');

done_testing();

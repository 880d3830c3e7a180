# Four sessions write at random about 300 persons at all three isolation levels, while the roster is being filled: attach, move in one
# transaction (in either order), close, annul, suspect, use an application, identify one, die, come back, be born on another day.
# What is refused is refused by a rule (class 23) or to be repeated (40001). Nobody counts twice, nobody is attached after death, and
# the roster agrees with the source. Sessions that lock the person first never deadlock; the others may, and lose nothing by it.
# Takes long: make test-all.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $persons = 300;
my $organisations = 5;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "deadlock_timeout = 100ms\nlog_min_messages = fatal");
$node->start;
$node->safe_psql('postgres', qq{
	CREATE EXTENSION osms;
	SELECT osms.create_registry('fund', cut_over => '2025-01-01');
	INSERT INTO fund.person (person, birth_date, sex, region)
	SELECT i, date '1950-01-01' + i * 60, 'female', '75' FROM generate_series(1, $persons) i;
	INSERT INTO fund.organisation (organisation) SELECT generate_series(1, $organisations);
	INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM fund.organisation;
	INSERT INTO fund.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM fund.organisation;
	INSERT INTO fund.attachment (person, organisation, state, since)
	SELECT i, 1 + i % $organisations, 'active', '2019-01-01' FROM generate_series(1, $persons, 2) i;
	-- four applications a person: two approved, two to be identified
	INSERT INTO fund.application (application, person, organisation, channel, state, submitted_at, decided_at)
	SELECT i * 4 + a, i, 1 + (i + a) % $organisations, 'egov', CASE WHEN a < 2 THEN 'approved' ELSE 'submitted' END::osms.application_state,
	       '2024-12-30', CASE WHEN a < 2 THEN now() END
	FROM generate_series(1, $persons) i, generate_series(0, 3) a;
	INSERT INTO fund.identity_event (person, application, channel, method, at)
	SELECT person, application, 'egov', 'e_signature', '2024-12-30' FROM fund.application;
	SELECT osms.guard('fund', '{"no_backdating": "off"}');
});

sub any_day { return sprintf("date '%d-01-01' + %d", 2019 + int(rand(6)), int(rand(365))) }

# The statements of one transaction, about one person and perhaps the next two.
sub statements
{
	my ($person) = @_;
	my ($day, $organisation, $what) = (any_day(), 1 + int(rand($organisations)), int(rand(100)));
	my $attach = "INSERT INTO fund.attachment (person, organisation, state, since) VALUES ($person, $organisation, 'active', $day);";
	my $close = "UPDATE fund.attachment SET state = 'closed', until = $day, reason = 'moved_to_other' "
	  . "WHERE person = $person AND until IS NULL AND since < $day AND state::text = 'active';";
	my $one = "attachment = (SELECT attachment FROM fund.attachment WHERE person = $person ORDER BY random() LIMIT 1)";
	my $application = $person * 4 + int(rand(4));

	return $attach if $what < 15;
	return "INSERT INTO fund.attachment (person, organisation, state, since, until, reason) "
	  . "VALUES ($person, $organisation, 'closed', $day, $day + 30, 'moved_to_other');" if $what < 25;
	return "INSERT INTO fund.attachment (person, organisation, state, since) SELECT person, $organisation, 'active', $day "
	  . "FROM fund.person WHERE person BETWEEN $person AND $person + 2;" if $what < 28;
	return "$close $attach" if $what < 43;
	return "$attach $close" if $what < 53;
	return $close if $what < 58;
	return "UPDATE fund.attachment SET state = 'annulled', reason = 'error' WHERE $one;" if $what < 64;
	return "UPDATE fund.attachment SET state = CASE state::text WHEN 'active' THEN 'suspect' ELSE 'active' END::osms.attachment_state WHERE $one;"
	  if $what < 70;
	return "$close INSERT INTO fund.attachment (person, organisation, state, since, application) "
	  . "SELECT person, organisation, 'active', '2025-02-01', application FROM fund.application WHERE application = $application; "
	  . "UPDATE fund.application SET state = 'attached' WHERE application = $application;" if $what < 78;
	return "UPDATE fund.application SET state = 'identified' WHERE application = $application;" if $what < 83;
	return "UPDATE fund.application SET state = 'cancelled' WHERE application = $application;" if $what < 86;
	return "UPDATE fund.person SET death_date = $day WHERE person = $person;" if $what < 90;
	return "UPDATE fund.person SET death_date = NULL WHERE person = $person;" if $what < 94;
	return "UPDATE fund.person SET birth_date = date '1950-01-01' + " . int(rand(20000)) . " WHERE person = $person;";
}

# Sessions that write for some seconds, and sixty transactions at least each; returns how often each SQLSTATE came, and the transactions tried.
sub write_at_random
{
	my ($sessions, $seconds, $lock_first) = @_;
	my (@running, %errors);
	my $tried = 0;
	my $folder = PostgreSQL::Test::Utils::tempdir;
	for my $session (1 .. $sessions)
	{
		my $in = "\\set VERBOSITY sqlstate\nSET synchronous_commit = off;\nSELECT clock_timestamp() + interval '$seconds s' AS stop \\gset\n";
		for (1 .. 12000)
		{
			my $person = 1 + int(rand(1)**3 * $persons);	# some are in demand
			my $level = ('READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')[ int(rand(4)) ];
			$in .= "BEGIN ISOLATION LEVEL $level;\n";
			$in .= "SELECT FROM fund.person WHERE person BETWEEN $person AND $person + 2 ORDER BY person FOR NO KEY UPDATE;\n" if $lock_first;
			$in .= statements($person) . "\nCOMMIT;\n\\echo tried\n";
			$in .= "SELECT clock_timestamp() > :'stop' AS done \\gset\n\\if :done\n\\quit\n\\endif\n" if $_ % 10 == 0 && $_ >= 60;
		}
		my $script = "$folder/$session";
		append_to_file("$script.sql", $in);
		push @running, [ $script, IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
			'<', "$script.sql", '>', "$script.out", '2>', "$script.err") ];
	}
	$node->safe_psql('postgres', "CALL osms.fill_roster('fund', batch => 40)");
	for my $run (@running)
	{
		my ($script, $psql) = @$run;
		IPC::Run::finish($psql);
		$tried += () = slurp_file("$script.out") =~ /^tried$/mg;
		my $said = slurp_file("$script.err");
		$errors{$1}++ while $said =~ /^ERROR:\s+(\w{5})$/mg;
		$errors{other}++ while $said =~ /^(?!(?:ERROR|WARNING): ).+$/mg;
	}
	return ($tried, \%errors);
}

sub lawful
{
	my ($name) = @_;
	my %none = (
		'osms.verify finds nothing' => q{SELECT * FROM osms.verify('fund')},
		'osms.audit finds no overlap and nobody attached after death' =>
		  q{SELECT * FROM osms.audit('fund') WHERE rule IN ('one_attachment', 'alive', 'one_open_application') AND
		    NOT (relation = 'application' AND key::bigint % 4 < 2)},	# two approved ones were there before
		'nobody counts twice on any day' => q{
			SELECT a.person FROM fund.roster a JOIN fund.roster b ON b.person = a.person AND a.attachment < b.attachment
			WHERE a.known_to = 'infinity' AND b.known_to = 'infinity' AND daterange(a.since, a.until) && daterange(b.since, b.until)},
		'nobody has two attachments on any day' => q{
			SELECT a.person FROM fund.attachment a JOIN fund.attachment b ON b.person = a.person AND a.attachment < b.attachment
			WHERE a.state::text <> 'annulled' AND b.state::text <> 'annulled' AND daterange(a.since, a.until) && daterange(b.since, b.until)},
		'nobody counts after the day of death' => q{
			SELECT p.person FROM fund.roster r JOIN fund.person p USING (person)
			WHERE r.known_to = 'infinity' AND r.until > p.death_date + 1},
		'versions of an attachment follow each other' => q{
			SELECT a.attachment FROM fund.roster a JOIN fund.roster b ON b.attachment = a.attachment AND a.ctid < b.ctid
			WHERE tstzrange(a.known_from, a.known_to) && tstzrange(b.known_from, b.known_to)},
		'no application carries two attachments' => q{
			SELECT application FROM fund.attachment WHERE application IS NOT NULL GROUP BY 1 HAVING count(*) > 1},
		'the journal ends with the state of each attachment' => q{
			SELECT a.attachment FROM fund.attachment a
			LEFT JOIN (SELECT DISTINCT ON (key) * FROM fund.journal WHERE relation = 'attachment' ORDER BY key, entry DESC) j
			ON j.key = a.attachment::text WHERE j.state_after <> a.state::text OR j.until IS DISTINCT FROM a.until},
		'nobody is pending' => q{SELECT * FROM fund.pending});
	is($node->safe_psql('postgres', $none{$_} . ' LIMIT 5'), '', "$name: $_") for sort keys %none;
}

my $seed = srand(20250101);
for my $phase ([ 'person first', 8, 1 ], [ 'in any order', 4, 0 ])
{
	my ($name, $seconds, $lock_first) = @$phase;
	my ($tried, $errors) = write_at_random(4, $seconds, $lock_first);
	my $deadlocks = delete $errors->{'40P01'} // 0;
	my $aborted = delete $errors->{'25P02'} // 0;	# the rest of a transaction that was refused

	note("$name: seed $seed, $tried transactions, $deadlocks deadlocks, refused: "
		  . join(', ', map { "$_ $errors->{$_}" } sort keys %$errors));
	cmp_ok($tried, '>', 200, "$name: the sessions worked");
	is(join(' ', grep { !/^(23...|40001)$/ } sort keys %$errors), '', "$name: only rules and serialization refuse");
	is($deadlocks, 0, "$name: no deadlock") if $lock_first;
	cmp_ok($errors->{'23P01'} // 0, '>', 0, "$name: attached twice was tried");
	lawful($name);
}
is($node->safe_psql('postgres', 'SELECT roster_complete FROM fund.setting'), 't', 'the roster is complete');

done_testing();

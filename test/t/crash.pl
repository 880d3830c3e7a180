# A session is killed in the middle of a guarded statement, at each place where it can stand; then the whole server goes down while
# sessions write. What was committed is there, in source, roster and journal alike; what was not has left nothing.
# Takes long: make test-all.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $persons = 200;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->start;
$node->safe_psql('postgres', qq{
	CREATE EXTENSION osms;
	SELECT osms.create_registry('fund', cut_over => '2025-01-01');
	INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'male', '75' FROM generate_series(1, $persons) i;
	INSERT INTO fund.organisation (organisation) VALUES (10), (20);
	INSERT INTO fund.organisation_status (organisation, region, valid_from) SELECT organisation, '75', '1900-01-01' FROM fund.organisation;
	INSERT INTO fund.contract (organisation, valid_from) SELECT organisation, '1900-01-01' FROM fund.organisation;
	INSERT INTO fund.attachment (person, organisation, state, since) SELECT i, 10, 'active', '2020-01-01' FROM generate_series(1, $persons) i;
	-- person 0 moves by a workflow call
	INSERT INTO fund.person (person, birth_date, sex, region) VALUES (0, '1980-01-01', 'male', '75');
	INSERT INTO fund.attachment (person, organisation, state, since) VALUES (0, 10, 'active', '2020-01-01');
	INSERT INTO fund.contract (organisation, valid_from) VALUES (10, '2000-01-01'), (20, '2000-01-01');
	SELECT osms.guard('fund', '{"no_backdating": "off"}');
});
$node->safe_psql('postgres', "CALL osms.fill_roster('fund')");
$node->safe_psql('postgres', q{
	SELECT osms.submit('fund', '0', '20', 'egov', 'moved', application => '7');
	SELECT osms.identify('fund', '7', 'e_signature');
	SELECT osms.decide('fund', '7', true);
});

# Everything the registry holds about a person, and what would be wrong with it.
sub story
{
	return $node->safe_psql('postgres', q{
		SELECT attachment, organisation, state, since, until FROM fund.attachment WHERE person IN (0, 1) ORDER BY 1;
		SELECT attachment, organisation, since, until, known_from, known_to FROM fund.roster WHERE person IN (0, 1) ORDER BY known_from, attachment;
		SELECT count(*) FROM fund.journal WHERE person IN (0, 1);
		SELECT death_date, birth_date FROM fund.person WHERE person = 1;
		SELECT 'pending', p.person FROM fund.pending p;
		SELECT 'differs', v.* FROM osms.verify('fund') v;
	});
}

sub psql_in
{
	my ($in, $out, $err) = @_;
	return IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', $in, '>', $out, '2>', $err);
}

# One session holds a lock, another one gets stuck on it while it writes, and is killed; the postmaster starts over.
my $move = q{
	INSERT INTO fund.attachment (person, organisation, state, since) VALUES (1, 20, 'active', '2024-01-01');
	UPDATE fund.attachment SET state = 'closed', until = '2024-01-01', reason = 'moved_to_other' WHERE person = 1 AND organisation = 10;
};
my $death = "UPDATE fund.person SET death_date = '2024-05-31', birth_date = '1980-02-29' WHERE person = 1;";
my $transfer = "SELECT state || ' ' || outcome FROM osms.transfer('fund', '7');";
my $before = story();
for my $case (
	[ 'at the lock on the person', $move, 'SELECT FROM fund.person WHERE person = 1 FOR NO KEY UPDATE' ],
	[ 'before the journal', $move, 'LOCK fund.journal IN EXCLUSIVE MODE' ],
	[ 'before the roster', $move, 'LOCK fund.roster IN EXCLUSIVE MODE' ],
	[ 'before it is put off to the end', $move, 'LOCK fund.pending IN EXCLUSIVE MODE' ],
	[ 'in what follows a death', $death, 'SELECT FROM fund.attachment WHERE person = 1 FOR UPDATE' ],
	[ 'in the roster of a death', $death, 'LOCK fund.roster IN EXCLUSIVE MODE' ],
	[ 'in a workflow call', $transfer, 'LOCK fund.roster IN EXCLUSIVE MODE' ],
	[ 'after a workflow call, before it commits', "$transfer SELECT pg_sleep(600);", 'SELECT 1' ],
	[ 'before it commits', "$move $death SELECT pg_sleep(600);", 'SELECT 1' ])
{
	my ($where, $statements, $lock) = @$case;
	my ($holder, $victim) = ("BEGIN; $lock; SELECT pg_sleep(600);\n", "SET application_name = 'victim'; BEGIN; $statements COMMIT;\n");
	my ($out, $err, $victim_out, $victim_err) = ('', '', '', '');
	my $h = psql_in(\$holder, \$out, \$err);
	$h->pump_nb;
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
	my $v = psql_in(\$victim, \$victim_out, \$victim_err);
	$v->pump_nb;
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = 'victim' AND (wait_event_type = 'Lock' OR wait_event = 'PgSleep')");
	my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim'");
	kill 'KILL', $pid;
	eval { $_->finish } for $v, $h;
	like($victim_err, qr/server closed the connection/, "killed $where");
	$node->poll_query_until('postgres', 'SELECT true');
	is(story(), $before, "nothing is left of what was killed $where");
}
$node->safe_psql('postgres', "BEGIN; $move $death COMMIT;");
is($node->safe_psql('postgres', "$transfer $transfer"), "active created\nactive unchanged", 'and so does the call, once');
my $after = story();
like($after, qr/^2024-05-31\|1980-02-29$/m, 'the same statements succeed afterwards');

# Three sessions move persons, each its own, and say which moves were committed; the server stops at once.
my $folder = PostgreSQL::Test::Utils::tempdir;
my @movers;
for my $session (1 .. 3)
{
	for my $person (grep { $_ % 3 == $session - 1 } 2 .. $persons)
	{
		my $one = $move;
		$one =~ s/\(1, 20/($person, 20/;
		$one =~ s/person = 1 /person = $person /;
		append_to_file("$folder/$session.sql", "BEGIN; $one COMMIT;\n\\echo moved $person\nSELECT pg_sleep(0.005);\n");
	}
	push @movers, psql_in("$folder/$session.sql", "$folder/$session.out", "$folder/$session.err");
}
$node->poll_query_until('postgres', 'SELECT count(*) > 60 FROM fund.attachment WHERE organisation = 20');
$node->stop('immediate');
eval { $_->finish } for @movers;
my %moved = map { $_ => 1 } map { slurp_file("$folder/$_.out") =~ /^moved (\d+)$/mg } 1 .. 3;
$node->start;

my $found = $node->safe_psql('postgres', q{
	SELECT a.person FROM fund.attachment a JOIN fund.attachment old ON old.person = a.person AND old.organisation = 10 AND old.until = a.since
	JOIN fund.roster r ON r.attachment = a.attachment AND r.known_to = 'infinity' AND r.since = a.since
	JOIN fund.journal j ON j.relation = 'attachment' AND j.key = a.attachment::text AND j.event = 'I'
	WHERE a.organisation = 20});
my %there = map { $_ => 1 } split /\n/, $found;
cmp_ok(scalar(keys %moved), '>', 30, 'moves were committed');
cmp_ok(scalar(keys %moved), '<', $persons - 1, 'the server stopped before all were');
is(join(' ', grep { !$there{$_} } sort keys %moved), '', 'every committed move is in source, roster and journal');
is($node->safe_psql('postgres', q{
	SELECT person FROM fund.attachment WHERE person > 0 AND (until IS NULL OR until > '2024-06-01') GROUP BY person HAVING count(*) <> 1}), '',
	'nobody was left between two organisations');
is(story(), $after, 'what was known of the first person is known still');
is($node->safe_psql('postgres', "SELECT * FROM osms.audit('fund')"), '', 'osms.audit finds nothing');

# what a function in SQL that a foreign key keeps is called is not taken for a table of PL/pgSQL's
$node->restart;
is(($node->psql('postgres', q{
	CREATE TYPE pg_temp.e AS ENUM ('a', 'b');
	CREATE FUNCTION pg_temp."PLpgSQL function hash"(e pg_temp.e) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT text 'a' $$;
	CREATE FUNCTION pg_temp."Cached function hash"(e pg_temp.e) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT text 'a' $$;
	CREATE CAST (pg_temp.e AS text) WITH FUNCTION pg_temp."PLpgSQL function hash"(pg_temp.e) AS IMPLICIT;
	CREATE TEMP TABLE pk (t text PRIMARY KEY);
	CREATE TEMP TABLE fk (e pg_temp.e REFERENCES pk ON UPDATE CASCADE);
	INSERT INTO pk VALUES ('a'), ('b');
	INSERT INTO fk VALUES ('a');
	UPDATE fk SET e = 'b';
	DROP CAST (pg_temp.e AS text);
	CREATE CAST (pg_temp.e AS text) WITH FUNCTION pg_temp."Cached function hash"(pg_temp.e) AS IMPLICIT;
	CREATE TEMP TABLE fk_of_18 (e pg_temp.e REFERENCES pk ON UPDATE CASCADE);
	INSERT INTO fk_of_18 VALUES ('a');
	SELECT osms.iin_fault('1');
}))[1], 'length', 'the library is loaded into a session that has functions of such names');

done_testing();

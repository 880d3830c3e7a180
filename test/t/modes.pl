# Every rule that has modes, one unlawful statement each, with the other rules off: in mode enforce it is refused, in mode warn written
# with exactly one WARNING, in mode off written without a word. What the registry does not know is a doubt: written with a WARNING,
# although the rule enforces.
# Takes long: make test-all.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlc_messages = 'C'");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION osms;
INSERT INTO osms.act (act, title) VALUES ('test', 'test');
SELECT osms.create_registry('fund', cut_over => '2025-01-01');
SET search_path = fund, public;
-- numbers are kept as text, so that a rule and not a type judges them
ALTER TABLE person ALTER iin TYPE text;
INSERT INTO person (person, birth_date, sex, region) SELECT i, '1980-01-01', 'female', 'A' FROM generate_series(1, 20) i;
UPDATE person SET death_date = '2024-06-30' WHERE person = 2;
UPDATE person SET stay_until = '2021-01-01' WHERE person = 3;
UPDATE person SET region = NULL WHERE person = 4;
UPDATE person SET birth_date = '2023-01-01', region = 'B' WHERE person = 5;
-- 2 in another region, 3 without a contract, 4 in no region
INSERT INTO organisation (organisation) SELECT generate_series(1, 4);
INSERT INTO organisation_status (organisation, region, valid_from) VALUES (1, 'A', '1900-01-01'), (2, 'B', '1900-01-01'), (3, 'A', '1900-01-01');
INSERT INTO contract (organisation, valid_from) VALUES (1, '1900-01-01'), (2, '1900-01-01'), (4, '1900-01-01');
INSERT INTO site (organisation, site, norm, valid_from) VALUES (1, 'full', 0, '1900-01-01');
INSERT INTO clerk VALUES ('c1', 1, 'operator', '2000-01-01');
INSERT INTO insurance (person, month, category) VALUES (10, '2020-01-01', 'worker');
INSERT INTO authority_order (order_key, issued_on, cause, valid_from) VALUES ('late', '2024-03-11', 'reorganisation', '2024-03-10'),
    ('no cause', '2024-03-01', NULL, '2024-03-10'), ('no day', NULL, 'reorganisation', '2024-03-10');
INSERT INTO order_scope (order_key, to_organisation) SELECT order_key, 1 FROM authority_order;
-- persons 11 and 12 are attached, 12's is closed; 13 has an open application, 14 and 15 approved ones
INSERT INTO attachment (attachment, person, organisation, state, since, until, reason)
VALUES (11, 11, 1, 'active', '2020-01-01', NULL, NULL), (12, 12, 1, 'closed', '2020-01-01', '2021-01-01', 'moved_to_other');
INSERT INTO application (application, person, organisation, channel, ground, state, submitted_at, decided_at)
VALUES (13, 13, 1, 'egov', 'moved', 'identified', '2024-03-01', NULL), (14, 14, 1, 'egov', 'free_choice', 'attached', '2024-03-01', '2024-03-01'),
       (15, 14, 2, 'egov', 'free_choice', 'approved', '2024-06-01', '2024-06-01'), (16, 16, 1, 'maternity', 'birth', 'approved', '2024-06-01', '2024-06-01');
INSERT INTO attachment (attachment, person, organisation, state, since, until, application, reason)
VALUES (14, 14, 1, 'closed', '2024-03-01', '2024-06-01', 14, 'moved_to_other');
INSERT INTO identity_event (person, application, channel, method, clerk, at) VALUES (13, 13, 'egov', 'e_signature', NULL, '2024-03-01'),
    (17, 900, 'service_centre', 'document', 'c1', '2024-03-01');
SELECT osms.guard('fund');
CALL osms.fill_roster('fund', NULL);
SQL

# What a statement says where one rule has a mode and the others are off: the tag of the command, and for each error or warning its
# severity, SQLSTATE, constraint, message and finding.
sub answer
{
	my ($rule, $mode, $statement) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', <<SQL, stdout => \$out, stderr => \$err, extra_params => [ '-v', 'ON_ERROR_STOP=0' ]);
SET client_min_messages = error;
BEGIN;
SELECT FROM osms.guard('fund', (SELECT jsonb_object_agg(r.rule, CASE r.rule WHEN '$rule' THEN '$mode' ELSE 'off' END) FROM osms.rule r
	WHERE NOT r.fixed));
SET client_min_messages = warning;
\\set VERBOSITY verbose
\\set QUIET off
$statement;
\\set QUIET on
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
SQL
	my @said = ($out =~ /^((?:INSERT|UPDATE) .*)$/mg);
	foreach my $report (split /^(?=\S*\s*(?:ERROR|WARNING):  )/m, $err)
	{
		my ($severity, $state, $message) = $report =~ /(ERROR|WARNING):  (\w+): (.*)/ or next;
		next if $state eq '25P02';	# the transaction is over
		my ($finding) = $report =~ /^DETAIL:  Rule "$rule" finds (.*)\.$/m;
		my ($constraint) = $report =~ /^CONSTRAINT NAME:  (\w+)$/m;
		push @said, join('|', $severity, $state, $constraint // '', $message, $finding // '');
	}
	return join("\n", @said);
}

my $attach = 'INSERT INTO fund.attachment (attachment, person, organisation, site, state, since, until, application, order_key, reason) VALUES (900, ';
my $apply = 'INSERT INTO fund.application (application, person, organisation, channel, ground, state, submitted_at, decided_at, decided_by) VALUES (900, ';

# rule, finding, statement
my @unlawful = (
	[ 'identifier', 'length', "INSERT INTO fund.person (person, iin) VALUES (900, '123')" ],
	[ 'period', 'reversed', "$attach 1, 1, NULL, 'closed', '2020-01-02', '2020-01-01', NULL, NULL, 'error')" ],
	[ 'transition', 'no_such_step', "UPDATE fund.attachment SET state = 'suspect' WHERE attachment = 12" ],
	[ 'initial_state', 'born_suspect', "$attach 1, 1, NULL, 'suspect', '2020-01-01', NULL, NULL, NULL, 'error')" ],
	[ 'reason', 'reason_missing', "$attach 1, 1, NULL, 'closed', '2020-01-01', '2021-01-01', NULL, NULL, NULL)" ],
	[ 'immutable', 'changed_since', "UPDATE fund.attachment SET since = '2020-01-02' WHERE attachment = 11" ],
	[ 'decision_order', 'decided_before_submitted', "$apply 1, 1, 'egov', 'moved', 'refused', '2024-03-02', '2024-03-01', NULL)" ],
	[ 'identified', 'not_identified', "$apply 1, 1, 'egov', 'moved', 'identified', '2025-03-01', NULL, NULL)" ],
	[ 'one_attachment', 'overlap', "$attach 11, 1, NULL, 'active', '2022-01-01', NULL, NULL, NULL, NULL)" ],
	[ 'one_open_application', 'open_application', "$apply 13, 1, 'egov', 'moved', 'identified', '2024-03-01', NULL, NULL)" ],
	[ 'basis', 'no_basis', "$attach 1, 1, NULL, 'active', '2025-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'organisation_known', 'unknown_organisation', "$attach 1, 999, NULL, 'active', '2024-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'alive', 'after_death', "$attach 2, 1, NULL, 'active', '2024-07-01', NULL, NULL, NULL, NULL)" ],
	[ 'no_backdating', 'backdated', "$attach 1, 1, NULL, 'active', '2024-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'contracted', 'no_contract', "$attach 1, 3, NULL, 'active', '2024-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'same_territory', 'other_territory', "$attach 1, 2, NULL, 'active', '2024-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'stay', 'beyond_stay', "$attach 3, 1, NULL, 'active', '2020-01-01', NULL, NULL, NULL, NULL)" ],
	[ 'campaign_window', 'outside_campaign', "$apply 1, 1, 'egov', 'campaign', 'submitted', '2024-03-01', NULL, NULL)" ],
	[ 'free_choice_limit', 'limit_used', "$attach 14, 2, NULL, 'active', '2024-06-01', NULL, 15, NULL, NULL)" ],
	[ 'order_scope', 'issued_after_in_force', "$attach 1, 1, NULL, 'active', '2024-03-10', NULL, NULL, 'late', NULL)" ],
	[ 'newborn_term', 'not_newborn', "$attach 16, 1, NULL, 'active', '2024-06-01', NULL, 16, NULL, NULL)" ],
	[ 'four_eyes', 'same_clerk', "$apply 17, 1, 'service_centre', 'moved', 'approved', '2024-03-01', '2024-03-01', 'c1')" ],
	[ 'clinic_category', 'category_not_listed', "$apply 10, 1, 'clinic', 'moved', 'submitted', '2024-06-01', NULL, NULL)" ],
	[ 'site_norm', 'over_norm', "$attach 1, 1, 'full', 'active', '2024-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'burst', 'burst_hour', q{INSERT INTO fund.application (application, person, organisation, channel, ground, state, submitted_at, decided_at, decided_by, reason)
		SELECT 900 + i, 1, 1, 'egov', 'moved', 'refused', '2025-06-02 09:00+05', '2025-06-02 10:00+05', 'c1', 'untrue_data' FROM generate_series(0, 60) i} ],
	[ 'payment_due', 'not_closed', "INSERT INTO fund.payment (organisation, month, amount) VALUES (1, '2024-06-01', 1)" ],
	[ 'payment_contract', 'no_contract', "INSERT INTO fund.payment (organisation, month, amount) VALUES (3, '2024-06-01', 1)" ],
);
my %rule = map { my ($id, @rest) = split /\|/; ($id => \@rest) }
	split /\n/, $node->safe_psql('postgres', q{SELECT rule, sqlstate, refuses FROM osms.rule WHERE NOT fixed AND default_mode <> 'audit'});
is_deeply([ sort map { $_->[0] } @unlawful ], [ sort keys %rule ], 'every rule that has modes');

foreach (@unlawful)
{
	my ($rule, $finding, $statement) = @$_;
	my ($state, $refuses) = @{ $rule{$rule} };
	my $written = $rule eq 'burst' ? 'INSERT 0 61' : $statement =~ /^INSERT/ ? 'INSERT 0 1' : 'UPDATE 1';
	like(answer($rule, 'enforce', $statement), qr/^(?:\Q$written\E\n)?ERROR\|$state\|$rule\|\Q$refuses\E\|$finding(?: in \w+ \d+(?:, [\d-]+)?)?$/, "$rule enforces");
	my $warned = answer($rule, 'warn', $statement);
	my $place = $rule eq 'one_attachment' ? 'transaction' : 'statement';
	is_deeply([ sort split /\n/, $warned ], [ sort $written, "WARNING|01000|$rule|$refuses|$finding in 1 row of this $place" ], "$rule warns, once");
	is(answer($rule, 'off', $statement), $written, "$rule is off");
}

foreach (
	[ 'same_territory', 'unknown_residence', "$attach 4, 1, NULL, 'active', '2024-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'same_territory', 'unknown_actual_residence', "$attach 5, 1, NULL, 'active', '2024-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'same_territory', 'unknown_region_of_organisation', "$attach 1, 4, NULL, 'active', '2024-06-01', NULL, NULL, NULL, NULL)" ],
	[ 'clinic_category', 'category_unknown', "$apply 1, 1, 'clinic', 'moved', 'submitted', '2024-06-01', NULL, NULL)" ],
	[ 'order_scope', 'unknown_cause', "$attach 1, 1, NULL, 'active', '2024-03-10', NULL, NULL, 'no cause', NULL)" ],
	[ 'order_scope', 'unknown_day_of_issue', "$attach 1, 1, NULL, 'active', '2024-03-10', NULL, NULL, 'no day', NULL)" ])
{
	my ($rule, $finding, $statement) = @$_;
	is(answer($rule, 'enforce', $statement), "INSERT 0 1\nWARNING|01000|$rule|$rule{$rule}[1]|$finding in 1 row of this statement",
		"$finding is a doubt");
}
$node->stop;
done_testing();

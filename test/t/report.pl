# The page of a month as a browser shows it: a headless Chromium reads the file, as an ordinary user and without any network, and
# what it made of it has the figures of the statement; the same on paper, in A4. Skipped where there is no Chromium, which is too
# large to be installed for one test: apt-get install chromium.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($browser) = grep { -x } map { ("$_/chromium", "$_/chromium-browser", "$_/google-chrome") } split /:/, $ENV{PATH};
plan skip_all => 'no Chromium is installed' if !$browser;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION osms;
SELECT osms.create_registry('fund', cut_over => '2024-01-01');
INSERT INTO fund.person (person, birth_date, sex, region) SELECT i, date '2020-06-30' - i * 500, CASE i % 2 WHEN 0 THEN 'male' ELSE 'female' END::osms.sex, '75' FROM generate_series(1, 60) i;
INSERT INTO fund.organisation (organisation) VALUES (1), (2);
INSERT INTO fund.organisation_status (organisation, region, class, valid_from) VALUES (1, 'north & <east>', 'urban', '2020-01-01'), (2, '75', 'rural', '2020-01-01');
INSERT INTO fund.contract (organisation, valid_from) VALUES (1, '2020-01-01'), (2, '2020-01-01');
INSERT INTO fund.attachment (person, organisation, state, since) SELECT i, 1 + i % 2, 'active', '2022-01-01' FROM generate_series(1, 60) i;
SELECT osms.guard('fund');
CALL osms.fill_roster('fund');
SELECT osms.close_month('fund', '2024-01-01');
UPDATE fund.person SET death_date = '2024-01-05' WHERE person = 60;
SELECT osms.post_restatement('fund', '2024-01-01');
SQL

# What every figure should be, by SQL that knows nothing of the page.
my ($amount, $change, $ledger) = split /\|/, $node->safe_psql('postgres', <<'SQL');
SELECT osms_internal.grouped(sum(s.amount), 2), osms_internal.grouped(sum(s.amount) - (SELECT sum(amount) FROM fund.statement_line), 2), (SELECT osms_internal.grouped(sum(amount), 2) FROM fund.ledger)
FROM osms.statement('fund', '2024-02-01') s
SQL
my @of_clinics = split /\n/, $node->safe_psql('postgres', <<'SQL');
SELECT concat_ws(' ', s.organisation, s.region, s.heads, s.coefficient, to_char(s.rate, 'FM999,990.00'), to_char(s.amount, 'FM999,990.00'), s.status) FROM osms.statement('fund', '2024-02-01') s
UNION ALL
SELECT concat_ws(' ', CASE region WHEN '75' THEN 'Almaty' ELSE region END, to_char(sum(amount), 'FM999,990.00'), sum(heads), 'persons') FROM osms.statement('fund', '2024-02-01') GROUP BY region
UNION ALL
SELECT concat_ws(' ', 'base rate, any region, ' || class, rate, 'osms:illustrative') FROM osms.base_rate
UNION ALL
SELECT format('weight, ages %s male %s, female %s osms:illustrative', CASE WHEN m.age_to IS NULL THEN m.age_from || '+' WHEN m.age_to - m.age_from = 1 THEN m.age_from::text ELSE m.age_from || '-' || m.age_to - 1 END,
              trim_scale(m.weight), trim_scale(f.weight))
FROM osms.scheme_weight m JOIN osms.scheme_weight f USING (age_from) WHERE m.sex = 'male' AND f.sex = 'female'
SQL
cmp_ok(@of_clinics, '>', 10, 'there are figures to look for');

my $folder = PostgreSQL::Test::Utils::tempdir;
append_to_file("$folder/report.html", $node->safe_psql('postgres', q{SELECT osms.report('fund', '2024-02-01')}));

# What Chromium prints of the page, given what to make of it.
sub browse
{
	my @wanted = @_;
	local %ENV = (%ENV, HOME => $folder);
	my ($out, $err) = ('', '');
	my @command = ($browser, qw(--headless --no-sandbox --disable-gpu --disable-dev-shm-usage), '--host-resolver-rules=MAP * ~NOTFOUND',
		"--user-data-dir=$folder/profile", @wanted, "file://$folder/report.html");
	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(120)) or diag($err);
	return $out;
}

my $page = browse('--dump-dom');
my $text = $page =~ s/<style>.*?<\/style>//sgr =~ s/<[^>]*>/ /gr =~ s/&lt;/</gr =~ s/&gt;/>/gr =~ s/&amp;/&/gr =~ s/\s+/ /gr;
foreach my $figure ('Payment for 2024-02, registry fund', "to be paid, tenge $amount", "against the month before $change", 'persons 59', 'organisations 2',
	'north & <east>', 'males 29', 'females 30', 'died -1',
	"claw back of 2024-01, membership 1 -1", $ledger, @of_clinics)
{
	like($text, qr/\Q$figure\E/, "the browser shows: $figure");
}
is(() = $page =~ /<svg\b[^>]*osms-pyramid/g, 3, 'a pyramid of all and one of each clinic');
is(() = $page =~ /<svg\b[^>]*small/g, 2, 'and a small one');
like($page, qr/grid-area: ?1 ?\/ ?1[^>]*><span>Almaty/, 'a region on the map');
unlike($page, qr/<parsererror/, 'nothing that it could not read');
browse('--no-pdf-header-footer', "--print-to-pdf=$folder/report.pdf");
my @sizes = slurp_file("$folder/report.pdf") =~ m{/MediaBox\s*\[\s*0 0 ([\d.]+ [\d.]+)}g;
is_deeply([ grep { my ($w, $h) = split / /; abs($w - 595) > 1 || abs($h - 842) > 1 } @sizes ], [], 'on paper every page is A4');
ok(@sizes, 'and there is one');
$node->stop;
done_testing();

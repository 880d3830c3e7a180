# A user's acts, parameters, schemes, weights and rates survive pg_dump and a restore into a new database; what the extension
# brings is not dumped, so nothing clashes, and every answer is the same.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;

# The owner of the database is an ordinary role: the extension is trusted, its owner adds the rows.
$node->safe_psql('postgres', 'CREATE ROLE fund LOGIN');
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER fund") for qw(source custom plain);

sub fund
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => [ '-U', 'fund' ]);
}

fund('source', q{
	CREATE EXTENSION osms;
	INSERT INTO osms.act (act, title, number, issued_on) VALUES ('order-1', 'Order on weights', '1', '2020-01-01');
	INSERT INTO osms.parameter (name, value, valid_from, known_from, act) VALUES
		('approval_valid_days', '45', '2026-01-01', '2020-01-01', 'order-1'),
		('approval_valid_days', '40', '2026-01-01', '2021-01-01', 'order-1');
	INSERT INTO osms.scheme (scheme, rate_rounding, valid_from, known_from, act) VALUES ('mine', 3, '2026-01-01', '2020-01-01', 'order-1');
	INSERT INTO osms.scheme_weight (scheme, age_from, age_to, sex, weight, valid_from, known_from, act)
	SELECT s, a, b, x, w, '2026-01-01', '2020-01-01', 'order-1'
	FROM (VALUES (0, 18, 1.5), (18, NULL, 0.75)) AS v (a, b, w), unnest('{male,female}'::osms.sex[]) AS x,
	     unnest('{mine,illustrative}'::text[]) AS s;
	INSERT INTO osms.base_rate (scheme, region, class, rate, valid_from, known_from, act) VALUES
		('mine', NULL, 'urban', 1500, '2026-01-01', '2020-01-01', 'order-1'),
		('mine', 'east', 'urban', 1600, '2026-01-01', '2020-01-01', 'order-1'),
		('illustrative', NULL, 'urban', 1700, '2026-01-01', '2020-01-01', 'order-1');
	INSERT INTO osms.norm_step (scheme, above, share, valid_from, known_from, act) VALUES ('mine', 110, 0.8, '2026-01-01', '2020-01-01', 'order-1');
	INSERT INTO osms.payment_line (line, title, place, valid_from, known_from, act) VALUES ('PMSP', 'primary care', 3, '2026-01-01', '2020-01-01', 'order-1');
	INSERT INTO osms.sanction (code, title, multiple, valid_from, known_from, act) VALUES ('5.2', 'attached without consent', 120, '2026-07-01', '2020-01-01', 'order-1');
	INSERT INTO osms.form_band (age_from, age_to, title, valid_from, known_from, act) VALUES (0, NULL, 'everybody', '2030-01-01', '2020-01-01', 'order-1');
	INSERT INTO osms.region_tile (region, name, tile_column, tile_row, valid_from, known_from, act) VALUES ('east', 'East', 7, 2, '2026-01-01', '2020-01-01', 'order-1');
	CREATE TABLE kept AS SELECT osms.pyramid(date '2026-01-31' - 100 * g, (ARRAY['male', 'female']::osms.sex[])[1 + g % 2], '2026-01-31') AS p
	FROM generate_series(1, 300) AS g;
});

my $questions = q{
	SELECT * FROM osms.act ORDER BY act;
	SELECT * FROM osms.parameter ORDER BY 1, 3, 4;
	SELECT * FROM osms.scheme ORDER BY 1, valid_from, known_from;
	SELECT * FROM osms.scheme_weight ORDER BY scheme, valid_from, known_from, sex, age_from;
	SELECT * FROM osms.base_rate ORDER BY scheme, region, class, valid_from, known_from;
	SELECT * FROM osms.norm_step ORDER BY scheme, valid_from, known_from, above;
	SELECT * FROM osms.payment_line ORDER BY line, valid_from, known_from;
	SELECT * FROM osms.sanction ORDER BY code, valid_from, known_from;
	SELECT * FROM osms.form_band ORDER BY valid_from, known_from, age_from;
	SELECT * FROM osms.region_tile ORDER BY region, valid_from, known_from;
	SELECT osms.parameter_on('approval_valid_days', day) FROM (VALUES (date '2025-12-31'), ('2026-01-01')) AS v (day);
	SELECT p, osms.weighted_heads(p, s, day) FROM kept, (VALUES ('mine', date '2026-01-01'), ('illustrative', '2025-12-31'), ('illustrative', '2026-01-01')) AS v (s, day);
	SELECT osms.base_rate_on('mine', r, 'urban', '2026-02-01') FROM unnest('{east,west}'::text[]) AS r;
	SELECT * FROM osms.check_scheme('mine');
};
my $answers = fund('source', $questions);
like($answers, qr/order-1/, 'there is something to lose');

my $folder = PostgreSQL::Test::Utils::tempdir;
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$folder/custom", '-d', $node->connstr('source') ], 'dumped');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('custom'), "$folder/custom" ], 'restored by pg_restore');
is(fund('custom', $questions), $answers, 'the same answers');

$node->command_ok([ 'pg_dump', '-U', 'fund', '-f', "$folder/plain", '-d', $node->connstr('source') ], 'dumped by its owner');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'fund', '-f', "$folder/plain", '-d', $node->connstr('plain') ],
	'restored by psql as the owner');
is(fund('plain', $questions), $answers, 'the same answers');
unlike(slurp_file("$folder/plain"), qr/osms:illustrative/, 'rows of the extension are not dumped');

# In the restored database rows are still only added, and can be.
my ($rc, $out, $err) = $node->psql('plain', "UPDATE osms.parameter SET value = '1'", extra_params => [ '-U', 'fund' ]);
isnt($rc, 0, 'a row is not changed');
fund('plain', "INSERT INTO osms.parameter (name, value, valid_from, act) VALUES ('approval_valid_days', '50', '2026-07-01', 'order-1')");
is(fund('plain', "SELECT osms.parameter_on('approval_valid_days', '2026-07-01')"), '50', 'a row is added');

done_testing();

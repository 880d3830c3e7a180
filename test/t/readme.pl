# The README's examples: every block of SQL runs, in order, in one database whose owner is an ordinary role, and prints what the
# block of text behind it shows. A block without one must run without an error or a warning. Its tables name every rule.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlc_messages = 'C'");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE dba LOGIN CREATEROLE');
$node->safe_psql('postgres', "CREATE DATABASE readme OWNER dba TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");

# What psql prints, errors and notices in their place, without trailing blanks.
sub answer
{
	my ($sql) = @_;
	local %ENV = (%ENV, PGCLIENTENCODING => 'UTF8', PGOPTIONS => '-c timezone=Asia/Almaty -c datestyle=ISO');
	my $said = '';
	IPC::Run::run([ 'psql', '-X', '-q', '-U', 'dba', '-d', $node->connstr('readme') ], '<', \$sql, '>&', \$said);
	return plain($said);
}

sub plain
{
	my ($text) = @_;
	$text =~ s/\r//g;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\n+|\n+\z//g;
	return $text;
}

# The blocks of the README with the lines they begin on.
my $line = 0;
my (@blocks, $open);
foreach (split /\n/, slurp_file('README.md'))
{
	$line++;
	if ($open && /^```\s*$/) { push @blocks, $open; undef $open; }
	elsif ($open) { $open->{text} .= "$_\n"; }
	elsif (/^```(\w*)/) { $open = { kind => $1, line => $line, text => '' }; }
	elsif (/\S/ && @blocks) { $blocks[-1]{followed} = 1; }
}
ok(!$open, 'every block ends');

my $examples = 0;
while (my $block = shift @blocks)
{
	next if $block->{kind} ne 'sql';
	$examples++;
	my $said = answer($block->{text});
	if (!$block->{followed} && @blocks && $blocks[0]{kind} eq 'text')
	{
		is($said, plain($blocks[0]{text}), "the example on line $block->{line} prints what the README shows");
	}
	else
	{
		unlike($said, qr/^(ERROR|FATAL|WARNING): /m, "the example on line $block->{line} runs");
	}
}
cmp_ok($examples, '>', 10, 'the README has examples');

# The tables of the reference say what the catalogues say; the last example removes the extension.
my $readme = slurp_file('README.md');
answer('CREATE EXTENSION IF NOT EXISTS osms');
my $rules = 0;
foreach (split /\n/, answer('\pset format unaligned' . "\n" . q{\pset tuples_only
	SELECT rule, layer, default_mode || CASE WHEN fixed THEN ', always' ELSE '' END, CASE WHEN audited THEN 'yes' ELSE 'no' END, sqlstate FROM osms.rule}))
{
	my ($rule, $layer, $mode, $audited, $sqlstate) = split /\|/;
	next if !defined $sqlstate;
	$rules++;
	like($readme, qr/^\| `$rule` \| \Q$layer\E \| $mode \| .* \| $audited \|$/m, "rule $rule is in the table of rules");
	like($readme, qr/^\| $sqlstate \| [^|]*\b$rule\b/m, "in that of errors");
	like($readme, qr/^\| `$rule` \| [^|]* \| [^|]* \|$/m, "and in that of findings");
}
cmp_ok($rules, '>', 20, 'there are rules');
foreach my $name (split /\n/, answer('\pset format unaligned' . "\n" . q{\pset tuples_only
	SELECT DISTINCT name FROM osms.parameter}))
{
	like($readme, qr/^\|[^|]*`$name`[^|]*\|/m, "parameter $name is in the table of parameters");
}

foreach my $name (split /\n/, answer('\pset format unaligned' . "\n" . q{\pset tuples_only
	SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'osms'::regnamespace}))
{
	next if $name =~ /\W/;
	like($readme, qr/`$name[(`]|\bosms\.$name\b/, "what is in schema osms is in the README: $name");
}

foreach my $property (split /\n/, answer('\pset format unaligned' . "\n" . q{\pset tuples_only
	SELECT property FROM osms.scheme_property()}))
{
	like($readme, qr/^\| `$property` \|/m, "property $property is in the table of properties");
}

foreach (split /\n/, answer('\pset format unaligned' . "\n" . q{\pset tuples_only
	SELECT relation, string_agg(CASE WHEN needed THEN '**' || "column" || '**' ELSE "column" END, ' ' ORDER BY "position"), max(CASE WHEN guarded THEN 'yes' ELSE '' END)
	FROM osms.registry_columns() GROUP BY relation}))
{
	my ($relation, $columns, $guarded) = split /\|/, $_, -1;
	my $row = join '[^|]*, ', map { quotemeta } split / /, $columns;
	like($readme, qr/^\| `$relation` \| $row[^|]* \| $guarded ?\|$/m, "relation $relation is in the table of relations, with its columns");
}

done_testing();

# Databases of other encodings, and stored bytes that have no counterpart anywhere: byte 98, which is no character of WIN1251, stands in every column of text of a
# register, keys, codes and dates among them. No call of osms stops at it: what cannot be read is found, refused or left out by its rule, as any other wrong value is.
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

# What is asked of values: the same answers wherever the words can be written. \x is the stray byte.
my %values = (
	q{read_sex('\x')} => '', q{read_sex('m\x')} => '', q{read_sex('M')} => 'male',
	q{clean_number('900101 300017\x') = '900101300017\x'} => 't', q{clean_number('900101-300017')} => '900101300017',
	q{iin_fault('90010130001\x')} => 'character', q{iin_fault('\x')} => 'length', q{bin_fault('24016398110\x')} => 'character',
	q{read_time('01.01.2020\x', 'DD.MM.YYYY')} => '-infinity', q{read_value('1\x', NULL::integer)} => '', q{read_value('90010130001\x', NULL::osms.iin)} => '',
	q{division('240163981103'::osms.bin)} => 'peasant farm', q{mask('900101300017'::osms.iin)} => '********0017',
	q{legal_form('240440000013!'::osms.bin)} => 'resident legal entity');

# A register in which each row, or one of them, has the byte in each column.
my $register = q{
	CREATE FUNCTION s(word text DEFAULT '') RETURNS text LANGUAGE sql STABLE RETURN word || (SELECT v FROM stray);
	CREATE FUNCTION p(i integer) RETURNS text LANGUAGE sql STABLE RETURN CASE i % 2 WHEN 0 THEN s('p' || i) ELSE 'p' || i END;
	CREATE SCHEMA legacy;
	CREATE TABLE legacy.person (id text PRIMARY KEY, iin text, fam text, birth text, sex text, death text, region text);
	CREATE TABLE legacy.clinic (id text PRIMARY KEY, bin text, name text, owner text);
	CREATE TABLE legacy.status (clinic text, region text, class text, day text);
	CREATE TABLE legacy.contract (clinic text, day text, upto text, sum text);
	CREATE TABLE legacy.request (id text PRIMARY KEY, person text, clinic text, channel text, ground text, st text, filed text, decided text, by text, why text);
	CREATE INDEX ON legacy.request (person);
	CREATE INDEX ON legacy.request (by, decided);
	CREATE TABLE legacy.ident (id text PRIMARY KEY, person text, request text, channel text, method text, clerk text, at text);
	CREATE INDEX ON legacy.ident (request);
	CREATE TABLE legacy.att (id text PRIMARY KEY, person text, clinic text, site text, st text, b text, e text, why text, request text);
	CREATE INDEX ON legacy.att (person);
	CREATE TABLE legacy.coef (clinic text, kind text, value numeric, day text, act text);
	CREATE TABLE legacy.ins (person text, month text, paid text);
	CREATE TABLE legacy.serv (id text PRIMARY KEY, person text, clinic text, day text);
	INSERT INTO legacy.person SELECT p(i), CASE i WHEN 1 THEN '900101300017' ELSE s('9001' || i) END, s('fam'), CASE i WHEN 3 THEN s('01.01.1990') ELSE '01.01.1990' END,
		CASE WHEN i = 4 THEN s() WHEN i % 2 = 0 THEN s('M') ELSE 'F' END, CASE i WHEN 5 THEN s() ELSE '' END, s('75') FROM generate_series(1, 12) i;
	INSERT INTO legacy.clinic SELECT s('c' || i), s('9901'), s('name'), s('o') FROM generate_series(1, 3) i;
	INSERT INTO legacy.status SELECT s('c' || i), s(CASE i WHEN 2 THEN '71' ELSE '75' END), CASE i WHEN 1 THEN 'urban' ELSE s() END, CASE i WHEN 3 THEN s() ELSE '01.01.2020' END FROM generate_series(1, 3) i;
	INSERT INTO legacy.contract SELECT s('c' || i), '01.01.2020', CASE i WHEN 3 THEN s() ELSE '' END, CASE i WHEN 3 THEN s('1000') END FROM generate_series(1, 3) i;
	INSERT INTO legacy.request SELECT s('r' || i), p(i), s('c1'), CASE i WHEN 1 THEN 'clinic' ELSE s() END, s(), CASE i WHEN 2 THEN s() ELSE s('S') END, CASE i WHEN 3 THEN s('02.01.2025') ELSE '02.01.2025' END, s(), s('clerk'), s()
	FROM generate_series(1, 4) i;
	INSERT INTO legacy.ident SELECT s('e' || i), 'p1', s('r1'), s(), s('document'), s('clerk'), CASE i WHEN 2 THEN s('02.01.2025') ELSE '02.01.2025' END FROM generate_series(1, 2) i;
	INSERT INTO legacy.att SELECT s('a' || i), p(i), s('c' || 1 + i % 3), s('s'), CASE i WHEN 6 THEN s() ELSE s('A') END, CASE i WHEN 7 THEN s('01.02.2020') ELSE '01.02.2020' END, CASE i WHEN 8 THEN s() ELSE '' END, s(),
		CASE i WHEN 1 THEN s('r1') END FROM generate_series(1, 12) i;
	INSERT INTO legacy.att VALUES (s('a20'), 'p1', s('c1'), NULL, s('A'), '01.03.2021', '', NULL, NULL), (s('a21'), s('nobody'), s('c9'), NULL, s('A'), '01.03.2021', '', NULL, NULL);
	INSERT INTO legacy.coef VALUES (s('c1'), 'rural', 1.1, '01.01.2020', s('act')), (s('c1'), s(), 1.1, '01.01.2020', NULL);
	INSERT INTO legacy.ins SELECT p(i), '01.02.2025', CASE i WHEN 3 THEN s() WHEN 4 THEN 'f' ELSE 't' END FROM generate_series(1, 12) i;
	INSERT INTO legacy.serv SELECT s('s' || i), p(i), s('c1'), CASE i WHEN 3 THEN s('01.02.2025') ELSE '01.02.2025' END FROM generate_series(1, 4) i;
	CREATE FUNCTION verdict(call text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		state text;
		rule text;
	BEGIN
		EXECUTE call;
		SET CONSTRAINTS ALL IMMEDIATE;
		RETURN 'ok';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, rule = CONSTRAINT_NAME;
		RETURN concat_ws(' ', state, nullif(rule, ''));
	END $$;
	-- '~' stands for the byte
	CREATE FUNCTION codes(VARIADIC codes text[]) RETURNS jsonb LANGUAGE sql STABLE
		RETURN (SELECT jsonb_object_agg(c.pair[1], jsonb_build_array(CASE WHEN c.pair[2] LIKE '%~' THEN s(rtrim(c.pair[2], '~')) ELSE c.pair[2] END)) FROM (SELECT string_to_array(unnest(codes), '=')) AS c (pair));
};

# Every call, and what comes of it.
my @calls = (
	q{osms.create_registry('fund', tables => false, cut_over => '2025-01-01')} => 'ok',
	q{osms.map('fund', 'person', 'legacy.person', jsonb_build_object('person', 'id', 'iin', 'iin', 'surname', 'fam', 'birth_date', 'birth', 'sex', jsonb_build_object('column', 'sex', 'codes', codes('male=M~', 'female=F')), 'death_date', 'death', 'region', 'region'), date_format => 'DD.MM.YYYY')} => 'ok',
	q{osms.map('fund', 'organisation', 'legacy.clinic', '{"organisation": "id", "bin": "bin", "name": "name", "owner": "owner"}')} => 'ok',
	q{osms.map('fund', 'organisation_status', 'legacy.status', '{"organisation": "clinic", "region": "region", "class": "class", "valid_from": "day"}', date_format => 'DD.MM.YYYY')} => 'ok',
	q{osms.map('fund', 'contract', 'legacy.contract', '{"organisation": "clinic", "valid_from": "day", "valid_to": "upto", "yearly_amount": {"expression": "osms.read_value(sum, NULL::numeric)"}}', date_format => 'DD.MM.YYYY')} => 'ok',
	q{osms.map('fund', 'application', 'legacy.request', '{"application": "id", "person": "person", "organisation": "clinic", "channel": "channel", "ground": "ground", "state": "st", "submitted_at": "filed", "decided_at": "decided", "decided_by": "by", "reason": "why"}', states => codes('submitted=S~', 'identified=I', 'approved=P', 'attached=T', 'refused=R', 'replaced=X'), date_format => 'DD.MM.YYYY')} => 'ok',
	q{osms.map('fund', 'identity_event', 'legacy.ident', '{"event": "id", "person": "person", "application": "request", "channel": "channel", "method": "method", "clerk": "clerk", "at": "at"}', date_format => 'DD.MM.YYYY')} => 'ok',
	q{osms.map('fund', 'attachment', 'legacy.att', '{"attachment": "id", "person": "person", "organisation": "clinic", "site": "site", "state": "st", "since": "b", "until": "e", "reason": "why", "application": "request"}', states => codes('active=A~', 'suspect=S', 'closed=C', 'annulled=X'), date_format => 'DD.MM.YYYY')} => 'ok',
	q{osms.map('fund', 'coefficient', 'legacy.coef', '{"organisation": "clinic", "kind": "kind", "value": "value", "valid_from": "day", "act": "act"}', date_format => 'DD.MM.YYYY')} => 'ok',
	q{osms.map('fund', 'insurance', 'legacy.ins', '{"person": "person", "month": "month", "paid": {"column": "paid", "codes": {"true": ["t"], "false": ["f"]}}}', date_format => 'DD.MM.YYYY')} => 'ok',
	q{osms.map('fund', 'service', 'legacy.serv', '{"service": "id", "person": "person", "organisation": "clinic", "served_on": "day"}', date_format => 'DD.MM.YYYY')} => 'ok',
	(map { ("osms.$_" => 'ok') } q{check_registry('fund')}, q{audit('fund')}, q{audit_summary('fund')}, q{plan('fund')}, q{sift('fund', 'attachment', 'legacy.att')}, q{sift('fund', 'application', 'legacy.request')}, q{sift('fund', 'person', 'legacy.person')}),
	q{osms.guard('fund', '{"basis": "off", "no_backdating": "off", "same_territory": "warn", "contracted": "warn", "identified": "warn", "burst": "warn"}')} => 'ok',
	q{CALL osms.fill_roster('fund', batch => NULL)} => 'ok',
	q{osms.verify('fund')} => 'ok',
	q{INSERT INTO legacy.person VALUES (s('p30'), NULL, s(), '01.01.1990', 'F', '', s())} => 'ok',
	q{INSERT INTO legacy.person VALUES (s('p31'), s(), s(), '01.01.1990', 'F', '', s())} => '23514 identifier',
	q{INSERT INTO legacy.person VALUES (s('p32'), NULL, s(), s(), 'F', '', s())} => '23514 period',
	q{UPDATE legacy.person SET fam = s(fam)} => 'ok',
	q{UPDATE legacy.person SET region = s(region)} => 'ok',
	q{UPDATE legacy.person SET iin = NULL WHERE id LIKE 'p2%'} => 'ok',
	q{UPDATE legacy.person SET death = '01.01.2024' WHERE id LIKE 'p9%'} => 'ok',
	q{UPDATE legacy.person SET death = s() WHERE id LIKE 'p10%'} => '23514 period',
	q{INSERT INTO legacy.att VALUES (s('a30'), s('p30'), s('c1'), s(), s('A'), '01.03.2021', '', NULL, NULL)} => 'ok',
	q{INSERT INTO legacy.att VALUES (s('a31'), s('p30'), s('c2'), s(), s('A'), '01.04.2021', '', NULL, NULL)} => '23P01 one_attachment',
	q{INSERT INTO legacy.att VALUES (s('a32'), s('p39'), s('c2'), s(), s('A'), '01.04.2021', '', NULL, NULL)} => '23503 person_known',
	q{INSERT INTO legacy.att VALUES (s('a33'), s('p30'), s('c2'), s(), s(), '01.04.2021', '', NULL, NULL)} => '23514 transition',
	q{INSERT INTO legacy.att VALUES (s('a34'), s('p30'), s('c2'), s(), s('A'), s(), '', NULL, NULL)} => '23514 period',
	q{UPDATE legacy.att SET site = s(site)} => 'ok',
	q{UPDATE legacy.att SET st = 'C', e = '01.05.2025', why = s() WHERE id = s('a2')} => '23514 reason',
	q{UPDATE legacy.att SET st = 'C', e = '01.05.2025', why = 'error' WHERE id = s('a2')} => 'ok',
	q{UPDATE legacy.request SET st = 'I' WHERE id = s('r4')} => '23514 decision_order',
	q{INSERT INTO legacy.request VALUES (s('r40'), 'p1', s('c1'), 'clinic', s(), s('S'), '02.01.2025', '', '', '')} => 'ok',
	q{INSERT INTO legacy.ident VALUES (s('e40'), 'p1', s('r40'), s(), 'document', s(), '02.01.2025')} => 'ok',
	q{UPDATE legacy.request SET st = 'I' WHERE id = s('r40')} => 'ok',
	q{osms.detach('fund', s('p4'), '2025-06-01', 'error')} => 'ok',
	q{osms.register_death('fund', 'p11', '2025-06-01')} => 'ok',
	(map { ("osms.$_" => 'ok') } q{history('fund', s('p2'))}, q{explain_attachment('fund', s('a1'))}, q{statement('fund', '2025-03-01')}, q{close_month('fund', '2025-03-01')}, q{report('fund', '2025-03-01')},
		q{explain_payment('fund', s('c1'), '2025-03-01')}, q{unpaid('fund', '2025-03-01')}, q{invoice('fund', s('c1'), '2025-03-01')}, q{monthly_form('fund', s('c1'), '2025-03-01')}, q{restate('fund', '2025-03-01')},
		q{repair_overlaps('fund')}, q{verify('fund')}, q{check_registry('fund')}, q{audit('fund')}, q{audit_summary('fund')}, q{unguard('fund')}));

my $found;
foreach my $case (['UTF8', 'UTF8'], ['UTF8', 'WIN1251'], ['LATIN1', 'LATIN1'], ['LATIN1', 'UTF8'], ['WIN1251', 'WIN1251'], ['WIN1251', 'UTF8'], ['KOI8R', 'KOI8R'], ['KOI8R', 'UTF8'], ['SQL_ASCII', 'SQL_ASCII'],
	['SQL_ASCII', 'UTF8'], ['EUC_KR', 'UTF8'], ['broken', 'UTF8'])
{
	my ($encoding, $client) = @$case;
	my $database = lc "from_${client}_to_$encoding";
	# bytes that are none in UTF-8 come from a database that never looked at them
	my $made = $encoding eq 'broken' ? 'SQL_ASCII' : $encoding;
	my $stray = $encoding eq 'EUC_KR' || $encoding eq 'UTF8' ? "U&'\\042E'" : 'chr(152)';
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0 ENCODING '$made' LOCALE 'C'");
	$node->safe_psql($database, "CREATE EXTENSION osms; SET client_encoding = 'UTF8'; CREATE TABLE stray AS SELECT $stray AS v; $register");
	$node->safe_psql('postgres', "UPDATE pg_database SET encoding = pg_char_to_encoding('UTF8') WHERE datname = '$database'") if $encoding eq 'broken';
	local $ENV{PGCLIENTENCODING} = $client;

	foreach my $value (sort keys %values)
	{
		my $asked = $value =~ s/'([^']*)\\x'/(SELECT '$1' || v FROM stray)/gr;
		is($node->safe_psql($database, "SELECT osms.$asked"), $values{$value}, "$database: $value");
	}
	my @wrong;
	my @verdicts = split /\n/, $node->safe_psql($database, "SET client_min_messages = notice;\n"
		. join('', map { 'SELECT verdict($call$' . (/^osms/ ? "SELECT count(*) FROM $_" : $_) . "\$call\$);\n" } @calls[map { 2 * $_ } 0 .. $#calls / 2]));
	for (my $i = 0; $i < @calls; $i += 2)
	{
		my $verdict = $verdicts[$i / 2] // 'nothing';
		push @wrong, "$calls[$i]: $verdict, not $calls[$i + 1]" if $verdict ne $calls[$i + 1];
	}
	is_deeply(\@wrong, [], "$database: every call");
	my $audit = $node->safe_psql($database, "SELECT relation, rule, finding, count(*) FROM osms.audit('fund') GROUP BY 1, 2, 3 ORDER BY relation COLLATE \"C\", rule COLLATE \"C\", finding COLLATE \"C\"");
	$found //= $audit;
	is($audit, $found, "$database: the same findings");
}

$ENV{PGCLIENTENCODING} = 'UTF8';

# A refusal names the row by its key, and tells of the rule where the client has no such character.
my $said = '';
$node->psql('from_utf8_to_win1251', q{SELECT osms.guard('fund'); UPDATE legacy.att SET st = 'C', e = '01.05.2025', why = s() WHERE id = s('a4')},
	extra_params => [ '-v', 'VERBOSITY=verbose', '-v', 'ON_ERROR_STOP=1' ], stderr => \$said);
like($said, qr/ERROR:  23514: this step needs a reason from the code list\n.*attachment a4\?/, 'a key that the client cannot show');

# What the issuer calls an order is written in his letters where the database can hold them, and in Latin ones elsewhere; never as other letters.
is($node->safe_psql("from_utf8_to_$_->[0]", "SELECT number FROM osms.act WHERE act = 'osms:invoice'"), $_->[1], "an order in $_->[0]")
	foreach ['utf8', "\xD2\x9A\xD0\xA0 \xD0\x94\xD0\xA1\xD0\x9C-86"], map { [$_, 'KR DSM-86'] } qw(win1251 koi8r latin1 sql_ascii euc_kr);

# The name of a legal form is whole where it can be, and its words in Latin letters anywhere.
is($node->safe_psql("from_utf8_to_$_->[0]", "SELECT osms.legal_form('240163981103')"), "joint individual enterprise$_->[1]", "a legal form in $_->[0]")
	foreach ['utf8', " \xD0\x98\xD0\x9F(\xD0\xA1)"], ['win1251', " \xD0\x98\xD0\x9F(\xD0\xA1)"], ['koi8r', " \xD0\x98\xD0\x9F(\xD0\xA1)"], ['sql_ascii', " \xD0\x98\xD0\x9F(\xD0\xA1)"], ['latin1', ''];

$node->stop;
done_testing();

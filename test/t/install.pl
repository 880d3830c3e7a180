# Who installs the extension, and who prepares the ground for him, gains nothing by it: the script makes its schema itself, looks nowhere
# else, and leaves nothing to the owner of the database but what it grants.
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
$node->safe_psql('postgres', 'CREATE ROLE dbo LOGIN; CREATE ROLE mallory LOGIN; CREATE ROLE vendor LOGIN');

sub answer
{
	my ($database, $user, $sql) = @_;
	my ($rc, $out, $err) = $node->psql($database, "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $user ]);
	$err =~ s/^psql:\S+ //mg;
	return $rc == 0 ? $out : $err =~ s/\nLOCATION:.*//sr;
}

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
sub nobody_climbed
{
	is($node->safe_psql('postgres', "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"), $superuser, $_[0]);
}

# what runs as a superuser makes its author one
my $escalate = q{
	CREATE FUNCTION %1$s.escalate() RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
			EXECUTE 'ALTER ROLE %2$s SUPERUSER';
		END IF;
		RETURN true;
	END $$;
};
# an operator, functions that are nearer to their arguments than the built-in ones, and types by the names of built-in ones
my $traps = q{
	CREATE FUNCTION %1$s.ge(numeric, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT %1$s.escalate()';
	CREATE OPERATOR %1$s.>= (LEFTARG = numeric, RIGHTARG = integer, FUNCTION = %1$s.ge);
	CREATE FUNCTION %1$s.eq(text, name) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT %1$s.escalate()';
	CREATE OPERATOR %1$s.= (LEFTARG = text, RIGHTARG = name, FUNCTION = %1$s.eq);
	CREATE FUNCTION %1$s.format(text, name) RETURNS text LANGUAGE sql AS 'SELECT %1$s.escalate()::text';
	CREATE FUNCTION %1$s.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT %1$s.escalate()::text';
	CREATE FUNCTION %1$s.quote_ident(name) RETURNS text LANGUAGE sql AS 'SELECT %1$s.escalate()::text';
	CREATE DOMAIN %1$s.text AS pg_catalog.text CHECK (%1$s.escalate());
	CREATE DOMAIN %1$s.int8 AS pg_catalog.int8 CHECK (%1$s.escalate());
	CREATE DOMAIN %1$s.numeric AS pg_catalog.numeric CHECK (%1$s.escalate());
};
# the last of these are harmless, and refused as well: whose schema it is cannot be told from what is in it
my %prepared = ('with traps' => "$escalate $traps", 'with a function' => $escalate, 'that is empty' => '');
for my $case (map { my $what = $_; map { [ $_, $what ] } 'osms', 'osms_internal' } sort keys %prepared)
{
	my ($schema, $what) = @$case;
	my $refused = qr/^ERROR:  42P06: schema "$schema" already exists\nDETAIL:.*\nHINT:  See what is in it.*ALTER SCHEMA $schema RENAME/;
	my $traps = "CREATE SCHEMA %1\$s; $prepared{$what}" =~ s/%1\$s/$schema/gr;

	$node->safe_psql('postgres', "CREATE DATABASE owned OWNER dbo; CREATE DATABASE lent");
	is(answer('owned', 'dbo', $traps =~ s/%2\$s/dbo/gr), '', "a schema $schema $what");
	like(answer('owned', 'dbo', 'CREATE EXTENSION osms'), $refused, 'is not taken over for the owner of the database');
	$node->safe_psql('postgres', 'GRANT CREATE ON DATABASE lent TO mallory');
	is(answer('lent', 'mallory', $traps =~ s/%2\$s/mallory/gr), '', "a schema $schema $what of somebody else");
	like(answer('lent', $superuser, 'CREATE EXTENSION osms'), $refused, 'is not taken over for the superuser');
	like(answer('lent', $superuser, "CREATE EXTENSION osms SCHEMA $schema"), qr/must be installed in schema "pg_catalog"/, 'even when it is asked for');
	is(answer('lent', $superuser, "ALTER SCHEMA $schema RENAME TO theirs; CREATE EXTENSION osms"), '', 'renamed as the hint says it is no obstacle');
	nobody_climbed('nobody climbed');
	$node->safe_psql('postgres', 'DROP DATABASE owned'), $node->safe_psql('postgres', 'DROP DATABASE lent');
}

# Traps elsewhere: in the schema that the database looks in first, and in the temporary one.
$node->safe_psql('postgres', 'CREATE DATABASE owned OWNER dbo');
is(answer('owned', 'dbo', "CREATE SCHEMA evil; $escalate $traps; GRANT USAGE ON SCHEMA evil TO PUBLIC; ALTER DATABASE owned SET search_path = evil, pg_catalog, osms" =~ s/%1\$s/evil/gr =~ s/%2\$s/dbo/gr), '',
	'traps in front of pg_catalog');
is(answer('owned', 'dbo', "$escalate $traps CREATE EXTENSION osms; SELECT current_setting('search_path')" =~ s/%1\$s/pg_temp/gr =~ s/%2\$s/dbo/gr),
	'evil, pg_catalog, osms', 'and in the temporary schema do not hinder the owner of the database');
nobody_climbed('and the script fell into none');
is($node->safe_psql('owned', q{SELECT count(*) FROM pg_catalog.pg_depend d, pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace
	WHERE nspname <> 'evil' AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
	  AND pg_catalog.pg_describe_object(refclassid, refobjid, 0) ~ 'evil|pg_temp'}), '0', 'nothing was built on them');

# The settings of whoever installs it change nothing in it either.
my $bodies = q{SELECT oid::regprocedure::text, md5(pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace) AND prokind <> 'a'
	UNION ALL SELECT conname::text, md5(pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace)
	UNION ALL SELECT relname::text, md5(pg_get_viewdef(oid)) FROM pg_class WHERE relnamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace) AND relkind = 'v'
	UNION ALL SELECT act, md5(a::text) FROM osms.act a ORDER BY 1};
$node->safe_psql('postgres', 'CREATE DATABASE usual; CREATE DATABASE odd OWNER dbo');
is(answer('odd', 'dbo', q{SET standard_conforming_strings = off; SET escape_string_warning = off; SET transform_null_equals = on; SET datestyle = 'German';
	SET intervalstyle = 'sql_standard'; SET array_nulls = off; SET timezone = 'Asia/Tokyo'; SET plpgsql.check_asserts = off; CREATE EXTENSION osms; RESET ALL; } . $bodies),
	answer('usual', $superuser, "CREATE EXTENSION osms; $bodies"), 'whatever the settings of the session, the extension is the same');

# What the owner of the database has of it: nothing that others run.
is($node->safe_psql('owned', q{SELECT extowner::pg_catalog.regrole, nspowner::pg_catalog.regrole FROM pg_catalog.pg_extension, pg_catalog.pg_namespace WHERE extname = 'osms' AND nspname IN ('osms', 'osms_internal')}),
	"dbo|$superuser\ndbo|$superuser", 'he owns the extension and not the schemas');
my $denied = qr/^ERROR:  (42501|0LP01)/;
like(answer('owned', 'dbo', $_), $denied, $_) for (
	"CREATE FUNCTION osms.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT evil.escalate()::text'",
	"CREATE FUNCTION osms_internal.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT evil.escalate()::text'", 'CREATE TABLE osms_internal.roster ()',
	'ALTER SCHEMA osms_internal OWNER TO dbo', 'ALTER SCHEMA osms_internal RENAME TO mine', 'DROP SCHEMA osms_internal CASCADE', 'ALTER EXTENSION osms DROP SCHEMA osms_internal',
	'CREATE TABLE osms.roster ()', 'CREATE DOMAIN osms.text AS text', 'ALTER SCHEMA osms OWNER TO dbo', 'ALTER SCHEMA osms RENAME TO mine', 'DROP SCHEMA osms CASCADE',
	'ALTER FUNCTION evil.escalate() SET SCHEMA osms', 'ALTER EXTENSION osms DROP SCHEMA osms', 'ALTER EXTENSION osms DROP FUNCTION osms.mask(osms.iin)',
	'DROP FUNCTION osms.mask(osms.iin)', "CREATE OR REPLACE FUNCTION osms.mask(osms.iin) RETURNS text LANGUAGE sql AS 'SELECT 1'",
	'CREATE TRIGGER t BEFORE INSERT ON osms.act EXECUTE FUNCTION osms_internal.append_only()', 'CREATE RULE r AS ON INSERT TO osms.act DO ALSO SELECT 1',
	'UPDATE osms.act SET title = title', 'CREATE POLICY p ON osms.act');
answer('owned', 'dbo', 'GRANT CREATE ON SCHEMA osms TO dbo; GRANT CREATE ON SCHEMA osms_internal TO dbo; GRANT ALL ON osms.act TO vendor; GRANT EXECUTE ON FUNCTION osms.guard TO vendor');
is($node->safe_psql('owned', q{SELECT pg_catalog.has_schema_privilege('dbo', 'osms', 'CREATE') OR pg_catalog.has_schema_privilege('dbo', 'osms_internal', 'CREATE'), pg_catalog.has_table_privilege('vendor', 'osms.act', 'INSERT, UPDATE, DELETE'),
	pg_catalog.has_function_privilege('vendor', 'osms.guard(pg_catalog.text, pg_catalog.jsonb)', 'EXECUTE')}), 'f|f|f', 'his grants come to nothing');

# A superuser who works in this database, by its path, falls into none of the traps either.
is(answer('owned', $superuser, q{
	SET client_min_messages = warning;
	SELECT osms.create_registry('mine', cut_over => '2020-01-01');
	INSERT INTO mine.person (person, birth_date, sex, region) VALUES (1, '1990-01-01', 'male', 'ast');
	INSERT INTO mine.attachment (person, organisation, state, since) VALUES (1, 10, 'active', '2020-01-01');
	SELECT osms.guard('mine');
	CALL osms.fill_roster('mine', batch => 1);
	SELECT count(*) FROM osms.verify('mine');
	SELECT count(*) FROM osms.audit('mine') WHERE finding = 'x';
	SELECT count(*) FROM osms.check_registry('mine') WHERE severity = 'error';
	SELECT count(*) FROM osms.sift('mine', 'attachment', 'mine.attachment') WHERE finding = 'x'}), "\n\n0\n0\n0\n0", 'a registry is made, filled, verified');
nobody_climbed('and nobody climbed');

# He drops what he made, and makes it again.
is(answer('owned', 'dbo', 'DROP EXTENSION osms CASCADE'), '', 'its owner drops the extension');
is($node->safe_psql('owned', q{SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname IN ('osms', 'osms_internal')}), '0', 'and the schemas go with it');
is(answer('owned', 'dbo', 'CREATE EXTENSION osms'), '', 'and can be made again');

# A registry of the owner of the database, and what he let others do, survive dumps by him and by a superuser.
$node->safe_psql('owned', 'DROP SCHEMA mine CASCADE; DROP SCHEMA evil CASCADE; ALTER DATABASE owned RESET search_path');
is(answer('owned', 'dbo', q{SET client_min_messages = warning; SELECT osms.create_registry('own', cut_over => '2025-01-01');
	GRANT USAGE ON SCHEMA own TO vendor; GRANT INSERT, SELECT ON own.attachment TO vendor}), '', 'a registry of the owner of the database');
$node->safe_psql('owned', 'GRANT EXECUTE ON FUNCTION osms.plan TO vendor');
my $rights = q{
	SELECT nspname, nspowner::regrole, nspacl FROM pg_namespace WHERE nspname IN ('osms', 'osms_internal', 'own') ORDER BY 1;
	SELECT c.oid::regclass, relowner::regrole, relacl FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	WHERE nspname IN ('osms', 'osms_internal', 'own') AND relkind IN ('r', 'v', 'S') ORDER BY c.oid::regclass::text;
	SELECT p.oid::regprocedure, proowner::regrole, array_remove(proacl, (SELECT makeaclitem(oid, proowner, 'EXECUTE', false) FROM pg_roles WHERE rolname = 'dbo'))
	FROM pg_proc p WHERE pronamespace IN ('osms'::regnamespace, 'osms_internal'::regnamespace) ORDER BY p.oid::regprocedure::text;
};
my $before = $node->safe_psql('owned', $rights);
like($before, qr/^osms\.plan.*vendor=X/m, 'a superuser let somebody call a function');
my $folder = PostgreSQL::Test::Utils::tempdir;
for my $user ('dbo', $superuser)
{
	$node->safe_psql('postgres', 'CREATE DATABASE restored OWNER dbo');
	$node->command_ok([ 'pg_dump', '-U', $user, '-Fc', '-f', "$folder/$user", '-d', $node->connstr('owned') ], "dumped by $user");
	$node->command_ok([ 'pg_restore', '-U', $user, '--exit-on-error', '-d', $node->connstr('restored'), "$folder/$user" ], "restored by $user");
	my $expected = $before;
	# what is not his to grant he does not restore; a superuser owns what he creates
	$expected =~ s/,vendor=X\/\w+// if $user eq 'dbo';
	$expected =~ s/dbo=[aw]\/$superuser,|,dbo=[aw]\/$superuser//g if $user ne 'dbo';
	is($node->safe_psql('restored', $rights), $expected, 'everything has its owner and its rights');
	$node->safe_psql('postgres', 'DROP DATABASE restored');
}

done_testing();

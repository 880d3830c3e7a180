
--
-- tariff: the law as dated rows with two clocks. For a day, as known at a
-- moment, the row with the latest valid_from, then the latest known_from, wins.
-- Rows the extension brings are acts named 'osms:...', known since -infinity.
-- From the day on which a user's row is in force they are no longer looked at;
-- only users' rows are dumped.
--
CREATE FUNCTION osms_internal.append_only() RETURNS trigger
    LANGUAGE C VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_append_only';
COMMENT ON FUNCTION osms_internal.append_only() IS
'trigger of the config tables and of the coefficients of a registry
55000 for UPDATE, DELETE and TRUNCATE, because rows are only added';

-- Every row of the law says which point of its act it is, and how sure anybody
-- is that the act says so. Of a row that says several things it is the least
-- sure one. A tag decides nothing: which row holds is told by its clocks alone.
CREATE DOMAIN osms.certainty AS text
    CHECK (VALUE IN ('TEXT', 'OFFICIAL', 'PRESS', 'NOTES', 'CODE', 'INF', 'UNV'));
COMMENT ON DOMAIN osms.certainty IS
'how sure a row of the law is
TEXT its wording was read in the act, OFFICIAL a page of a state body, PRESS, NOTES that quote the act, CODE seen in a public
client of the national register, INF inferred, UNV unverified';

-- What every table of the law has. They are made LIKE it, filled with what the
-- extension brings, and then kept as law: from there on the names and dates
-- that mark these rows are closed, so that a dump saves exactly the users' rows.
-- Nothing of this outlives the chapter.
CREATE TABLE osms_internal.law_row (
    known_from timestamptz NOT NULL,
    act text NOT NULL,
    point text,
    tag osms.certainty NOT NULL DEFAULT 'UNV'
);
COMMENT ON COLUMN osms_internal.law_row.known_from IS
    'moment from which it is known; unless given, the moment of the transaction (osms_internal.known_moment)';
COMMENT ON COLUMN osms_internal.law_row.act IS 'act that says so';
COMMENT ON COLUMN osms_internal.law_row.point IS 'point, article or annex of the act; NULL = not known';
COMMENT ON COLUMN osms_internal.law_row.tag IS 'how sure it is, the least sure thing that the row says';

CREATE TABLE osms_internal.dated_row (
    valid_from date NOT NULL,
    LIKE osms_internal.law_row INCLUDING ALL
);
COMMENT ON COLUMN osms_internal.dated_row.valid_from IS 'first day on which it is in force';

CREATE TABLE osms_internal.made_up_row (
    LIKE osms_internal.dated_row INCLUDING ALL,
    illustrative boolean NOT NULL DEFAULT false CONSTRAINT made_up_is_unverified CHECK (tag = 'UNV' OR NOT illustrative)
);
COMMENT ON COLUMN osms_internal.made_up_row.illustrative IS 'made up, no claim to be official; such a row is UNV';

CREATE PROCEDURE osms_internal.keep_as_law(law regclass, first_day name DEFAULT 'valid_from')
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relname CONSTANT name := (SELECT c.relname FROM pg_class c WHERE c.oid = law);
    days_told text := '';
BEGIN
    IF first_day IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %1$s ADD FOREIGN KEY (act) REFERENCES osms.act, ALTER known_from SET DEFAULT '
            'osms_internal.known_moment(%1$L)', law);
        days_told := format(' AND isfinite(%I) AND isfinite(known_from)', first_day);
    END IF;
    -- not valid for the rows that are there, on purpose
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (act NOT LIKE ''osms:%%''%s) NOT VALID', law, relname || '_reserved', days_told);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION osms_internal.append_only()', law);
    EXECUTE format('COMMENT ON TRIGGER append_only ON %s IS ''rows are only added''', law);
    PERFORM pg_extension_config_dump(law, 'WHERE act NOT LIKE ''osms:%''');
END $$;

CREATE TABLE osms.act (
    act text PRIMARY KEY,
    title text NOT NULL,
    number text,
    issued_on date,
    source text
);
COMMENT ON TABLE osms.act IS 'legal acts and other grounds that dated rows refer to; rows are only added';
COMMENT ON COLUMN osms.act.act IS 'key; ''osms:...'' is reserved for what the extension brings';
COMMENT ON COLUMN osms.act.title IS 'name of the act';
COMMENT ON COLUMN osms.act.number IS
    'number of the act, as its issuer writes it; of those the extension brings KR DSM where the database is not UTF8';
COMMENT ON COLUMN osms.act.issued_on IS 'day of issue';
COMMENT ON COLUMN osms.act.source IS 'where its text was read';

-- What the extension brings: nothing here is a number of an order. A script is
-- read in the database's encoding, so it is ASCII; what the issuer calls his
-- orders is said in bytes, where the database can hold it.
INSERT INTO osms.act (act, title, number, issued_on, source)
SELECT a.act, a.title, replace(a.number, 'KR DSM-', i.ministry), a.issued_on, a.source
FROM (SELECT coalesce((SELECT convert_from(b.letters, 'UTF8')
                       FROM (SELECT pg_catalog.decode('d29ad0a020d094d0a1d09c2d', 'hex') AS letters OFFSET 0) AS b
                       WHERE getdatabaseencoding() = 'UTF8'), 'KR DSM-')) AS i (ministry),
     (VALUES
    ('osms:illustrative', 'Made up to show the mechanism; no claim to be the order''s numbers', NULL, NULL::date, NULL),
    ('osms:attachment', 'Rules of attachment to primary care', 'KR DSM-194/2020', '2020-11-13',
     'order, with its amendments; methods as the state service pages and the press describe them'),
    ('osms:holidays', 'Law on public holidays in the Republic of Kazakhstan', '267-II', '2001-12-13',
     'law, with its amendments to 2022, and published calendars'),
    ('osms:insurance', 'Law on compulsory social medical insurance', '405-V', '2015-11-16',
     'text of the law: articles 5 (grace of three months) and 27, 28 (military and law-enforcement staff pay nothing)'),
    ('osms:payment', 'Rules of payment for medical care', 'KR DSM-291/2020', NULL,
     'text of the order as amended on 01.10.2025, points 41 to 49: lines of the act; 0.90 each month and 0.80 of the year, from that day'),
    ('osms:monitoring', 'Rules of monitoring, unified classifier of defects', 'KR DSM-321/2020', NULL,
     'classifier as amended by order 19 of 27.02.2026; that a defect under another costs what the other does is inferred'),
    ('osms:invoice', 'Forms of invoices and acts', 'KR DSM-86', '2021-08-20',
     'monthly form of attached persons, read in notes; the inner edges of its age bands are inferred'),
    ('osms:geography', 'Regions of Kazakhstan as tiles of a map', NULL, NULL,
     'drawn for the report, no act: regions that border on each other stand near each other; codes are the first two digits of the '
     'classifier of administrative territories'))
    AS a (act, title, number, issued_on, source);

CALL osms_internal.keep_as_law('osms.act', NULL);

CREATE FUNCTION osms_internal.act_told(act text, point text, tag text, illustrative boolean) RETURNS text
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN concat_ws(', ', coalesce('act ' || act, 'without act'), CASE WHEN point ~ '^[0-9]' THEN 'point ' ELSE '' END || point,
                     CASE WHEN illustrative THEN 'illustrative' ELSE coalesce(tag, 'UNV') END);
COMMENT ON FUNCTION osms_internal.act_told(text, text, text, boolean) IS
    'act, point and certainty of a row of the law as a source is told; what is made up is illustrative, what says nothing UNV';

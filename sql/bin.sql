-- osms.bin: what differs from osms.iin, and every door once more
SET search_path = public, osms;
\getenv abs_srcdir PG_ABS_SRCDIR
\cd :abs_srcdir
CREATE TABLE bin_vector (input text, fault text, registered text, legal_form text, division text, note text);
\copy bin_vector FROM 'test/data/bin.csv' (FORMAT csv, HEADER)
UPDATE bin_vector SET input = unistr(input);
SELECT count(*) AS rows, count(*) FILTER (WHERE bin_fault(input) IS NOT DISTINCT FROM fault) AS agree
FROM bin_vector;
SELECT input, fault, bin_fault(input) FROM bin_vector WHERE bin_fault(input) IS DISTINCT FROM fault;
SELECT count(*) AS valid,
       count(*) FILTER (WHERE (registered, v.legal_form, v.division) =
           (to_char(registered_month(input::bin), 'YYYY-MM'), legal_form(input::bin), division(input::bin))) AS agree
FROM bin_vector v WHERE fault IS NULL;

-- input refuses what bin_fault names, the attested form lets pass what a document may confirm
SELECT input, fault, verdict(format('SELECT %L::osms.bin', input)) AS text,
       verdict(format('SELECT %L::osms.bin', input || '!')) AS attested_text,
       verdict(format('SELECT osms.bin_attested(%s)', input)) AS attested_bigint
FROM bin_vector
WHERE input ~ '^[0-9]{12}$' AND fault IS NOT NULL
ORDER BY input COLLATE "C";
SELECT legal_form('240700980010!'), division('240745980016!'), registered_month('241340980017!');
SELECT legal_form('240550980010!');

SELECT '240 740 984 011'::bin;
SELECT '140002217'::bin;
SELECT '241340980017'::bin;
SELECT '791028302728'::bin;
SELECT '240745980016'::bin;
SELECT 240740984012::bigint::bin;
SELECT 1000000000000::bigint::bin;

-- COPY, index, joins, aggregates, casts
CREATE TABLE organisation (bin bin PRIMARY KEY);
INSERT INTO organisation SELECT input::bin FROM bin_vector WHERE fault IS NULL;
INSERT INTO organisation SELECT (input || '!')::bin FROM bin_vector WHERE input ~ '^[0-9]{12}$' AND fault <> 'zero';
CREATE TABLE copied_bin (LIKE organisation);
\copy organisation TO 'results/organisation.copy' (FORMAT binary)
\copy copied_bin FROM 'results/organisation.copy' (FORMAT binary)
\copy (SELECT bigint '240740984012') TO 'results/number.copy' (FORMAT binary)
\copy copied_bin FROM 'results/number.copy' (FORMAT binary)
SELECT count(*) AS rows, count(*) FILTER (WHERE bin::text LIKE '%!') AS attested,
       (SELECT count(*) FROM (TABLE organisation EXCEPT TABLE copied_bin) AS d) AS differ, min(bin), max(bin)
FROM copied_bin;
SELECT count(*) FROM organisation a JOIN copied_bin b ON a.bin = b.bin WHERE a.bin >= b.bin AND NOT a.bin <> b.bin;
INSERT INTO organisation VALUES ('160940025485') ON CONFLICT DO NOTHING;
SELECT bin, osms_internal.bin_hash(bin), osms_internal.bin_hash_extended(bin, 0) FROM organisation WHERE bin IN ('160940025485', '000140002217');
CREATE TABLE legacy_bin (t text, v varchar(20), c char(12), b bigint);
INSERT INTO legacy_bin VALUES ('000140002217', '000140002217', '000140002217', 140002217);
ALTER TABLE legacy_bin
    ALTER t TYPE osms.bin USING t::osms.bin,
    ALTER v TYPE osms.bin USING v::osms.bin,
    ALTER c TYPE osms.bin USING c::osms.bin,
    ALTER b TYPE osms.bin USING b::osms.bin;
SELECT * FROM legacy_bin WHERE t = v AND v = c AND c = b;

-- an IIN is no BIN
SELECT '160940025485'::bin::iin;
SELECT '780315397016'::iin = '160940025485'::bin;
DROP FUNCTION verdict(text);

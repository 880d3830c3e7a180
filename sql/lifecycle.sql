-- The two life cycles as SQL shows them, and their state types.
SELECT * FROM osms.transitions('application');
SELECT * FROM osms.transitions('attachment');
\pset format unaligned
SELECT osms.state_diagram('application');
SELECT osms.state_diagram('attachment');
\pset format aligned
SELECT * FROM osms.reason_codes('application');
SELECT * FROM osms.reason_codes('attachment');

SELECT osms.next_state('application', 'submitted', 'identify') AS identified,
       osms.next_state('application', 'submitted', 'approve') AS not_allowed,
       osms.next_state('attachment', 'suspect', 'clear') AS active,
       osms.next_state('attachment', NULL, 'clear') AS unknown;

-- arguments that are none
SELECT osms.transitions('patient');
SELECT osms.next_state('patient', 'active', 'close');
SELECT osms.next_state('attachment', 'planned', 'close');
SELECT osms.next_state('attachment', 'active', 'cancel');
SELECT osms.next_state('application', 'draft', 'close');
SELECT osms.state_diagram('');
SELECT osms.reason_codes('refusal');
SELECT 'planned'::osms.attachment_state;
SELECT 'Active'::osms.attachment_state;
SELECT ' active'::osms.attachment_state;
SELECT ''::osms.application_state;
SELECT 'attached'::osms.application_state::osms.attachment_state;

-- the types: storage, order, casts
SELECT typname, typlen, typbyval, typalign, typcategory FROM pg_type
WHERE oid IN ('osms.application_state'::regtype, 'osms.attachment_state'::regtype) ORDER BY 1;
SET search_path = osms, public;
CREATE TABLE lifecycle (id int, application application_state, attachment attachment_state);
INSERT INTO lifecycle VALUES (1, 'cancelled', 'annulled'), (2, 'draft', 'active'), (3, 'deferred', 'closed'),
    (4, 'submitted', 'suspect'), (5, NULL, NULL), (6, 'approved', 'active');
SELECT id, application, attachment FROM lifecycle ORDER BY application, attachment, id;
SELECT attachment, count(*) FROM lifecycle WHERE attachment IN ('active', 'suspect') GROUP BY attachment ORDER BY attachment;
SELECT id, application::text || '/' || attachment::text AS label FROM lifecycle WHERE application >= 'approved' ORDER BY id;
CREATE TABLE lifecycle_text (application text, attachment text);
INSERT INTO lifecycle_text SELECT application, attachment FROM lifecycle;
INSERT INTO lifecycle (attachment) SELECT attachment FROM lifecycle_text;
ALTER TABLE lifecycle_text ALTER application TYPE application_state USING application::application_state;
SELECT application FROM lifecycle_text ORDER BY application;

-- indexes, partitions, joins
CREATE INDEX ON lifecycle (attachment);
CREATE INDEX ON lifecycle USING hash (attachment);
SET enable_seqscan = off;
SELECT count(*) FROM lifecycle WHERE attachment = 'active';
SELECT count(*) FROM lifecycle WHERE attachment > 'active';
RESET enable_seqscan;
CREATE TABLE lifecycle_list (attachment attachment_state) PARTITION BY LIST (attachment);
CREATE TABLE lifecycle_open PARTITION OF lifecycle_list FOR VALUES IN ('active', 'suspect');
CREATE TABLE lifecycle_done PARTITION OF lifecycle_list FOR VALUES IN ('closed', 'annulled');
INSERT INTO lifecycle_list SELECT attachment FROM lifecycle WHERE attachment IS NOT NULL;
SELECT tableoid::regclass, count(*) FROM lifecycle_list GROUP BY 1 ORDER BY 1;
SET enable_hashjoin = off;
SELECT count(*) FROM lifecycle a JOIN lifecycle b USING (attachment);
RESET enable_hashjoin;
SET enable_mergejoin = off;
SELECT count(*) FROM lifecycle a JOIN lifecycle b USING (attachment);
RESET enable_mergejoin;

-- what is stored is the number, for ever
SELECT s, osms_internal.attachment_state_hash(s) AS hash, osms_internal.attachment_state_hash_extended(s, 1) AS extended
FROM unnest('{active,suspect,closed,annulled}'::attachment_state[]) s;
SELECT s, osms_internal.application_state_hash(s) AS hash FROM unnest(
    '{draft,submitted,identified,approved,deferred,attached,refused,withdrawn,expired,lapsed,replaced,cancelled}'::application_state[]) s;

-- binary
SELECT encode(osms_internal.attachment_state_send('suspect'), 'escape');
SELECT encode(osms_internal.application_state_send('draft'), 'escape');

DROP TABLE lifecycle, lifecycle_text, lifecycle_list;
RESET search_path;

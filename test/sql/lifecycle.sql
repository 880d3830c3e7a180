-- The life cycles against tables written here by hand, for every pair of states and every event.
SET search_path = osms, public;
SELECT * FROM no_plan();

-- A row per state, a column per state: the event that leads from the first to the second.
CREATE TEMP TABLE expected (machine text, from_state text, to_state text, event text);
INSERT INTO expected
SELECT 'application', from_state, to_state, event
FROM (VALUES
    --             draft subm.     ident.      approved   deferred  attached  refused   withdrawn   expired   lapsed   replaced   cancelled
    ('draft',      NULL, 'submit', NULL,       NULL,      NULL,     NULL,     NULL,     'withdraw', 'expire', NULL,    NULL,      NULL),
    ('submitted',  NULL, NULL,     'identify', NULL,      NULL,     NULL,     'refuse', 'withdraw', 'expire', NULL,    'replace', NULL),
    ('identified', NULL, NULL,     NULL,       'approve', 'defer',  NULL,     'refuse', 'withdraw', 'expire', NULL,    NULL,      NULL),
    ('approved',   NULL, NULL,     NULL,       NULL,      NULL,     'attach', NULL,     NULL,       'expire', NULL,    NULL,      'cancel'),
    ('deferred',   NULL, NULL,     NULL,       NULL,      NULL,     'attach', NULL,     'withdraw', NULL,     'lapse', 'replace', 'cancel'),
    ('attached',   NULL, NULL,     NULL,       NULL,      NULL,     NULL,     NULL,     NULL,       NULL,     NULL,    NULL,      NULL),
    ('refused',    NULL, NULL,     NULL,       NULL,      NULL,     NULL,     NULL,     NULL,       NULL,     NULL,    NULL,      NULL),
    ('withdrawn',  NULL, NULL,     NULL,       NULL,      NULL,     NULL,     NULL,     NULL,       NULL,     NULL,    NULL,      NULL),
    ('expired',    NULL, NULL,     NULL,       NULL,      NULL,     NULL,     NULL,     NULL,       NULL,     NULL,    NULL,      NULL),
    ('lapsed',     NULL, NULL,     NULL,       NULL,      NULL,     NULL,     NULL,     NULL,       NULL,     NULL,    NULL,      NULL),
    ('replaced',   NULL, NULL,     NULL,       NULL,      NULL,     NULL,     NULL,     NULL,       NULL,     NULL,    NULL,      NULL),
    ('cancelled',  NULL, NULL,     NULL,       NULL,      NULL,     NULL,     NULL,     NULL,       NULL,     NULL,    NULL,      NULL)
) m (from_state, draft, submitted, identified, approved, deferred, attached, refused, withdrawn, expired, lapsed, replaced, cancelled),
LATERAL (VALUES
    ('draft', draft), ('submitted', submitted), ('identified', identified), ('approved', approved), ('deferred', deferred),
    ('attached', attached), ('refused', refused), ('withdrawn', withdrawn), ('expired', expired), ('lapsed', lapsed),
    ('replaced', replaced), ('cancelled', cancelled)
) c (to_state, event);
INSERT INTO expected
SELECT 'attachment', from_state, to_state, event
FROM (VALUES
    --          active   suspect    closed   annulled
    ('active',   NULL,    'suspect', 'close', 'annul'),
    ('suspect',  'clear', NULL,      'close', 'annul'),
    ('closed',   NULL,    NULL,      NULL,    'annul'),
    ('annulled', NULL,    NULL,      NULL,    NULL)
) m (from_state, active, suspect, closed, annulled),
LATERAL (VALUES ('active', active), ('suspect', suspect), ('closed', closed), ('annulled', annulled)) c (to_state, event);

SELECT is(
    (SELECT array_agg(t.event ORDER BY t.event) FROM transitions(e.machine) t
        WHERE (t.from_state, t.to_state) = (e.from_state, e.to_state)),
    CASE WHEN e.event IS NOT NULL THEN ARRAY[e.event] END,
    format('%s: %s to %s by %s', e.machine, e.from_state, e.to_state, coalesce(e.event, 'nothing')))
FROM expected e
ORDER BY e.machine, e.from_state, e.to_state;

SELECT is(
    (SELECT count(*)::int FROM transitions(machine)), count(event)::int,
    format('%s has no other transition', machine))
FROM expected GROUP BY machine ORDER BY machine;

-- every event in every state
SELECT is(
    next_state(s.machine, s.from_state, e.event),
    (SELECT to_state FROM expected x WHERE (x.machine, x.from_state, x.event) = (s.machine, s.from_state, e.event)),
    format('%s: next_state(%s, %s)', s.machine, s.from_state, e.event))
FROM (SELECT DISTINCT machine, from_state FROM expected) s
JOIN (SELECT DISTINCT machine, event FROM expected WHERE event IS NOT NULL) e USING (machine)
ORDER BY s.machine, s.from_state, e.event;

SELECT is_empty($$
    WITH RECURSIVE reached (state) AS (
        SELECT state FROM unnest('{draft,submitted}'::text[]) state
        UNION
        SELECT to_state FROM reached JOIN transitions('application') ON from_state = state WHERE to_state <> 'identified'
    )
    SELECT state FROM reached WHERE state IN ('approved', 'deferred', 'attached')
$$, 'no path leads to approved, deferred or attached without identified');

-- the order is that of declaration, and compares like positions for every pair
SELECT ok(
    (x.s < y.s) = (x.n < y.n) AND (x.s <= y.s) = (x.n <= y.n) AND (x.s = y.s) = (x.n = y.n) AND (x.s <> y.s) = (x.n <> y.n)
    AND (x.s >= y.s) = (x.n >= y.n) AND (x.s > y.s) = (x.n > y.n) AND sign(osms_internal.application_state_cmp(x.s, y.s)) = sign(x.n - y.n),
    format('application: %s against %s', x.s, y.s))
FROM unnest('{draft,submitted,identified,approved,deferred,attached,refused,withdrawn,expired,lapsed,replaced,'
    'cancelled}'::application_state[])
         WITH ORDINALITY x (s, n),
     unnest('{draft,submitted,identified,approved,deferred,attached,refused,withdrawn,expired,lapsed,replaced,'
         'cancelled}'::application_state[])
         WITH ORDINALITY y (s, n);
SELECT ok(
    (x.s < y.s) = (x.n < y.n) AND (x.s <= y.s) = (x.n <= y.n) AND (x.s = y.s) = (x.n = y.n) AND (x.s <> y.s) = (x.n <> y.n)
    AND (x.s >= y.s) = (x.n >= y.n) AND (x.s > y.s) = (x.n > y.n) AND sign(osms_internal.attachment_state_cmp(x.s, y.s)) = sign(x.n - y.n),
    format('attachment: %s against %s', x.s, y.s))
FROM unnest('{active,suspect,closed,annulled}'::attachment_state[]) WITH ORDINALITY x (s, n),
     unnest('{active,suspect,closed,annulled}'::attachment_state[]) WITH ORDINALITY y (s, n);

-- labels in and out, as text and in binary
CREATE TEMP TABLE states AS
SELECT application, attachment
FROM unnest('{draft,submitted,identified,approved,deferred,attached,refused,withdrawn,expired,lapsed,replaced,'
    'cancelled}'::application_state[],
            '{active,suspect,closed,annulled}'::attachment_state[]) u (application, attachment);
CREATE TEMP TABLE received (LIKE states);
\set file `mktemp`
COPY states TO :'file' (FORMAT binary);
COPY received FROM :'file' (FORMAT binary);
\setenv FILE :file
\! rm -f "$FILE"
SELECT set_eq('TABLE received', 'TABLE states', 'binary COPY gives back what it took');
SELECT throws_ok(
    format($$SELECT %s::osms.%s_state$$, quote_literal(label), machine), '22P02',
    format('invalid input value for type osms.%s_state: "%s"', machine, label), format('%s: %s is no state', machine, label))
FROM unnest('{application,attachment}'::text[]) machine, unnest('{Closed,"closed ",planned,"",NULLs,clos}'::text[]) label;

SELECT throws_ok($$SELECT next_state('patient', 'active', 'close')$$, '22023', 'unrecognized life cycle "patient"', 'no such life cycle');
SELECT throws_ok($$SELECT next_state('attachment', 'planned', 'close')$$, '22023', 'life cycle "attachment" has no state "planned"',
    'no such state');
SELECT throws_ok($$SELECT next_state('attachment', 'active', 'cancel')$$, '22023', 'life cycle "attachment" has no event "cancel"',
    'no such event');
SELECT throws_ok(format('SELECT %s(''patient'')', f), '22023', 'unrecognized life cycle "patient"', format('%s: no such life cycle', f))
FROM unnest('{transitions,state_diagram,reason_codes}'::text[]) f;

-- casts: to text by assignment or explicitly, nothing implicit
SELECT results_eq(
    $$SELECT castsource::regtype::text, casttarget::regtype::text, castcontext::text FROM pg_cast
      WHERE castsource IN ('application_state'::regtype, 'attachment_state'::regtype)
         OR casttarget IN ('application_state'::regtype, 'attachment_state'::regtype) ORDER BY 1$$,
    $$VALUES ('application_state', 'text', 'a'), ('attachment_state', 'text', 'a')$$,
    'the only casts');
SELECT throws_ok($$SELECT 'active'::attachment_state = 'active'::text$$, '42883', NULL, 'a state is not a text');
SELECT throws_ok($$SELECT 'active'::attachment_state < 'draft'::application_state$$, '42883', NULL, 'the two machines do not compare');
SELECT ok(amvalidate(oid), format('%s %s is complete', opcmethod::regclass, opcname))
FROM pg_opclass WHERE opcintype IN ('application_state'::regtype, 'attachment_state'::regtype);

-- soft errors, from 16 on
SELECT current_setting('server_version_num')::int >= 160000 AS soft \gset
\if :soft
SELECT ok(NOT pg_input_is_valid('planned', 'attachment_state') AND pg_input_is_valid('closed', 'attachment_state'), 'input fails softly');
\endif

SELECT * FROM finish();

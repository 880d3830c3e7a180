-- What the catalog says about everything the extension owns. Nothing here names a concept: a new
-- object is held to the same rules by being there.
SELECT no_plan();

CREATE TEMPORARY VIEW member AS
SELECT d.classid, d.objid, o.type, o.schema, o.identity
FROM pg_extension e
JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e',
     LATERAL pg_identify_object(d.classid, d.objid, 0) AS o
WHERE e.extname = 'osms'
  -- from 17 on the array and row types that came with another object are members, too
  AND NOT EXISTS (SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
                  WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
                      AND (t.typsubscript = 'array_subscript_handler'::regproc OR c.relkind <> 'c'));

-- the members, and what has no life of its own: indexes, rules of views, defaults, constraints, row types
CREATE TEMPORARY VIEW part AS
WITH RECURSIVE part (classid, objid) AS (
    SELECT classid, objid FROM member
    UNION
    SELECT d.classid, d.objid FROM part p JOIN pg_depend d ON (d.refclassid, d.refobjid) = (p.classid, p.objid)
    WHERE d.deptype IN ('i', 'a')
)
SELECT classid, objid FROM part;

CREATE TEMPORARY VIEW own_function AS
SELECT p.*, p.oid::regprocedure AS signature, l.lanname AS language
FROM pg_proc p
JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
JOIN pg_language l ON l.oid = p.prolang;

CREATE TEMPORARY VIEW own_operator AS
SELECT o.*, o.oid::regoperator AS signature
FROM pg_operator o
JOIN member m ON m.classid = 'pg_operator'::regclass AND m.objid = o.oid;

CREATE TEMPORARY VIEW own_base_type AS
SELECT t.*, t.oid::regtype AS name
FROM pg_type t
JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
WHERE t.typtype = 'b';

CREATE TEMPORARY VIEW own_class AS
SELECT c.oid, c.opcname, c.opcfamily, c.opcintype, c.opcdefault, a.amname
FROM pg_opclass c
JOIN member m ON m.classid = 'pg_opclass'::regclass AND m.objid = c.oid
JOIN pg_am a ON a.oid = c.opcmethod;

-- the views find what they are for
SELECT ok((SELECT count(*) FROM member WHERE type = what) > 0, 'the extension has members of kind ' || what)
FROM unnest(ARRAY['function', 'aggregate', 'type', 'operator', 'operator class', 'operator family', 'cast']) AS what;

-- all objects
SELECT is_empty($$
    SELECT type, identity FROM member WHERE schema NOT IN ('osms', 'osms_internal')
$$, 'every object lives in schema osms');
SELECT is_empty($$
    SELECT type, identity FROM member m
    WHERE obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)) IS NULL
      -- sequences stand behind the columns of a table
      AND type <> 'sequence'
$$, 'every object has a comment');
SELECT is_empty($$
    SELECT type, identity FROM member m
    WHERE obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)) ~ '[^ -~\n]'
    UNION ALL
    SELECT 'body', signature::text FROM own_function WHERE prosrc ~ '[^ -~\n]'
$$, 'the install script is ASCII, so it runs in a database of any encoding');
SELECT is_empty($$
    SELECT identity FROM member WHERE type = 'event trigger' OR type = 'schema' AND identity NOT IN ('osms', 'osms_internal')
    UNION ALL
    SELECT signature::text FROM own_function WHERE prorettype = 'event_trigger'::regtype
$$, 'there are no event triggers and no other schemas');

-- operator classes
SELECT ok(amvalidate(oid), format('%s class %s is valid', amname, opcname)) FROM own_class ORDER BY amname, opcname;
SELECT is_empty($$
    SELECT name FROM own_base_type t
    WHERE EXISTS (SELECT FROM own_class c WHERE c.opcintype = t.oid AND amname = 'btree')
      AND NOT EXISTS (SELECT FROM own_class c WHERE c.opcintype = t.oid AND amname = 'hash' AND opcdefault)
$$, 'a type that is ordered is hashed');
SELECT is_empty($$
    SELECT amname, opcname, wanted
    FROM own_class c
    JOIN own_base_type t ON t.oid = c.opcintype
    JOIN (VALUES ('btree', 1), ('btree', 2), ('btree', 4), ('hash', 1), ('hash', 2)) AS w(am, wanted) ON am = amname
    -- a single byte is sorted by its comparison, as PostgreSQL's own "char" is
    WHERE NOT (amname = 'btree' AND wanted = 2 AND t.typlen = 1)
      AND NOT EXISTS (SELECT FROM pg_amproc p
                      WHERE p.amprocfamily = c.opcfamily AND p.amproclefttype = c.opcintype AND p.amprocnum = wanted)
$$, 'btree has sortsupport and equalimage, hash has the extended function');

-- types
SELECT is_empty($$
    SELECT name FROM own_base_type WHERE typreceive = 0 OR typsend = 0
$$, 'every base type travels in binary');
SELECT is_empty($$
    SELECT name FROM own_base_type WHERE typmodin <> 0 OR typcategory = 'S'
$$, 'no type takes a modifier or calls itself a string');
SELECT is_empty($$
    SELECT identity, castcontext FROM pg_cast c JOIN member m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
    WHERE castcontext = 'i'
$$, 'no cast is implicit');

-- operators
SELECT is_empty($$
    SELECT signature FROM own_operator
    WHERE oprresult = 'bool'::regtype AND (oprnegate = 0 OR oprrest = 0 OR oprjoin = 0 OR (oprleft <> 0 AND oprcom = 0))
$$, 'every boolean operator has commutator, negator and estimators');
SELECT is_empty($$
    SELECT signature FROM own_operator
    WHERE oprname IN ('+', '*') AND oprleft = oprright AND oprcom = 0
$$, 'sums and products have a commutator');
SELECT is_empty($$
    SELECT o.signature FROM own_operator o
    LEFT JOIN pg_operator c ON c.oid = o.oprcom
    LEFT JOIN pg_operator n ON n.oid = o.oprnegate
    WHERE c.oprcom <> o.oid OR n.oprnegate <> o.oid OR n.oid = o.oid OR c.oprcode = 0 OR n.oprcode = 0
$$, 'commutators and negators point back, none is a shell');
SELECT is_empty($$
    SELECT signature, oprrest, oprjoin
    FROM own_operator
    JOIN (VALUES ('=', 'eqsel', 'eqjoinsel'), ('<>', 'neqsel', 'neqjoinsel'),
                 ('<', 'scalarltsel', 'scalarltjoinsel'), ('<=', 'scalarlesel', 'scalarlejoinsel'),
                 ('>', 'scalargtsel', 'scalargtjoinsel'), ('>=', 'scalargesel', 'scalargejoinsel')
         ) AS e(operator, restrict, join_) ON operator = oprname
    WHERE (oprrest::text, oprjoin::text) <> (restrict, join_)
$$, 'every comparison has its own estimators');

-- A comparison an index may use may run before a row security policy where it cannot fail: by value it
-- cannot, a wider value has to be fetched first.
CREATE TEMPORARY VIEW comparison AS
SELECT o.oprcode::oid AS function
FROM own_class c
JOIN own_base_type t ON t.oid = c.opcintype AND t.typbyval
JOIN pg_amop a ON a.amopfamily = c.opcfamily
JOIN pg_operator o ON o.oid = a.amopopr OR o.oprnegate = a.amopopr
UNION
SELECT p.amproc
FROM own_class c
JOIN own_base_type t ON t.oid = c.opcintype AND t.typbyval
JOIN pg_amproc p ON p.amprocfamily = c.opcfamily
WHERE (amname = 'btree' AND p.amprocnum = 1) OR (amname = 'hash' AND p.amprocnum IN (1, 2));
SELECT is_empty($$
    SELECT signature FROM own_function WHERE oid IN (TABLE comparison) AND NOT proleakproof
$$, 'comparison and hash of values that are passed by value are leakproof');
SELECT is_empty($$
    SELECT signature FROM own_function WHERE oid NOT IN (TABLE comparison) AND proleakproof
$$, 'nothing else claims to be');

-- volatility, as far as the catalog can tell
CREATE TEMPORARY VIEW must_be_immutable AS
SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend])::oid AS function, 'input and output' AS why FROM own_base_type
UNION SELECT oprcode, 'operator' FROM own_operator
UNION SELECT amproc, 'support function' FROM pg_amproc WHERE amprocfamily IN (SELECT opcfamily FROM own_class)
UNION SELECT castfunc, 'cast' FROM pg_cast c JOIN member m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn]), 'aggregate'
      FROM pg_aggregate WHERE aggfnoid IN (SELECT oid FROM own_function);
SELECT is_empty($$
    SELECT signature, why, provolatile FROM own_function JOIN must_be_immutable ON function = oid WHERE provolatile <> 'i'
$$, 'input, output, operators, support functions, casts and aggregates are immutable');
SELECT is_empty($$
    SELECT signature FROM own_function WHERE prorettype = 'trigger'::regtype AND provolatile <> 'v'
$$, 'trigger functions are volatile');
SELECT is_empty($$
    SELECT signature FROM own_function WHERE provolatile = 'i' AND language IN ('sql', 'plpgsql') AND prosqlbody IS NULL
$$, 'no immutable function has a body that is only text');
SELECT is_empty($$
    SELECT f.signature, d.refobjid::regclass FROM own_function f
    JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
    WHERE f.provolatile = 'i'
$$, 'no immutable function reads a relation');
SELECT is_empty($$
    SELECT f.signature, g.oid::regprocedure FROM own_function f
    JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_proc'::regclass
    JOIN pg_proc g ON g.oid = d.refobjid
    WHERE strpos('isv', f.provolatile::text) < strpos('isv', g.provolatile::text)
      AND f.prorettype <> 'trigger'::regtype
$$, 'no function calls one more volatile than itself');

-- parallel safety: only what may write is excused, that is procedures and volatile functions, what catches errors, which no parallel query
-- can, and
-- what a session remembers of its transaction
SELECT is_empty($$
    SELECT signature FROM own_function
    WHERE prokind <> 'p' AND (provolatile <> 'v' OR prokind = 'a') AND proparallel <> 's'
      AND proname NOT IN ('check_codes_of', 'read_back', 'roster_moment', 'storing_fault') AND prosrc !~ 'EXCEPTION\s+WHEN|osms_internal.mapping_faults\('
$$, 'every function that cannot write is parallel safe');
SELECT is_empty($$
    SELECT aggfnoid FROM pg_aggregate
    WHERE aggfnoid IN (SELECT oid FROM own_function) AND aggkind = 'n'
      AND (aggcombinefn = 0 OR (aggtranstype = 'internal'::regtype AND (aggserialfn = 0 OR aggdeserialfn = 0)))
$$, 'every aggregate can be combined');

-- safety of functions
SELECT is_empty($$
    SELECT signature FROM own_function WHERE prosecdef
$$, 'no function is SECURITY DEFINER');
SELECT is_empty($$
    SELECT signature, proconfig FROM own_function
    WHERE language NOT IN ('c', 'internal') AND prosqlbody IS NULL
      AND prokind <> 'p' -- a procedure that commits cannot pin anything
      AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting
                      WHERE setting ~ '^search_path="?pg_catalog"?, ("?osms"?, )?"?pg_temp"?$')
$$, 'a body that is only text has its search_path pinned');
SELECT is_empty($$
    SELECT signature FROM own_function
    WHERE prorettype = 'trigger'::regtype AND has_function_privilege('public', oid, 'EXECUTE')
$$, 'trigger functions are not for everybody');
SELECT is_empty($$
    SELECT signature
    FROM own_function, regexp_replace(prosrc, '''[^'']*''|--[^\n]*|OPERATOR\(pg_catalog\.\S+\)', '', 'g') AS body
    WHERE prokind = 'p'
      AND (body ~ '(?<!\.)\m\w+\(' OR body ~ '[-+*/<>~!@#%^&|?]|(?<!:)=' OR body ~ '\m(IN|CASE|BETWEEN|LIKE|DISTINCT)\M'
           OR substring(body FROM 'DECLARE(.*?)BEGIN') ~ '(?n)^\s+\w+ (?!pg_catalog\.)')
$$, 'a procedure that commits names everything in full');
SELECT is_empty($$
    SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
    FROM part JOIN pg_depend d USING (classid, objid)
    WHERE d.refobjid >= 16384 AND d.deptype <> 'e' AND (d.refclassid, d.refobjid) NOT IN (TABLE part)
$$, 'nothing of the extension, nor any part of it, rests on what is neither of the extension nor built in');
SELECT is_empty($$
    SELECT nspname, rolname FROM pg_namespace n, pg_roles r
    WHERE nspname IN ('osms', 'osms_internal', 'pg_catalog') AND (has_schema_privilege(r.oid, n.oid, 'CREATE') OR r.oid = nspowner)
        AND NOT rolsuper
$$, 'where its functions look, only superusers create');
SELECT is_empty($$
    SELECT signature FROM own_function
    WHERE NOT proisstrict AND oid IN (SELECT function FROM must_be_immutable WHERE why IN ('input and output', 'operator', 'cast'))
$$, 'input, output, operators and casts are strict');
SELECT is_empty($$
    SELECT signature FROM own_function WHERE language NOT IN ('c', 'internal', 'sql', 'plpgsql')
$$, 'no other language is needed');

SELECT is_empty($$
    SELECT m.identity, line
    FROM member m, pg_description d, regexp_split_to_table(d.description, chr(10)) AS line
    WHERE d.classoid = m.classid AND d.objoid = m.objid AND length(line) > 132
$$, 'a comment fits the screen: a sentence, its details after line breaks');

-- whatever a user adds to, and a dump saves
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS d (config, rows), pg_class c
    WHERE e.extname = 'osms' AND c.oid = d.config AND c.relkind = 'r'
      AND NOT (d.rows = 'WHERE act NOT LIKE ''osms:%'''
               AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only' AND t.tgtype & 56 = 56)
               AND EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND NOT k.convalidated
                           AND pg_get_constraintdef(k.oid) ~ 'act !~~ ''osms:%''')
               AND (c.relname = 'act' OR EXISTS (SELECT FROM pg_constraint k
                   WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid = 'osms.act'::regclass)))
$$, 'a table that users add to only grows, and keeps their rows apart from those of the extension');
SELECT is_empty($$SELECT identity FROM member WHERE identity ~ '_row$|keep_as_law'$$, 'what declares these tables does not stay');

SELECT cmp_ok((SELECT count(*) FROM pg_proc WHERE pronamespace = 'osms'::regnamespace), '<', 140::bigint, 'what users call fits three screens');

SELECT * FROM finish();

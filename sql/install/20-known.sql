
--
-- known: the second clock. A row says since when it is known, known_from; what
-- is asked for as known at a moment has to be the same for ever. So no row may
-- come to be seen that claims to have been known before: known_from is a
-- moment at which its writer held the lock of the table, and who takes a cut
-- waits for those who hold one at that moment.
--
-- A clock may be set back, by its server or because another server takes over:
-- so the last moment at which a month was closed is kept, outside of
-- transactions, and what is written afterwards is known later.
CREATE SEQUENCE osms_internal.last_cut AS bigint MINVALUE -9223372036854775807 START -9223372036854775807;
COMMENT ON SEQUENCE osms_internal.last_cut IS
'the last moment as of which a month of any registry was closed or restated, in microseconds since 2000-01-01 UTC
written by osms_internal.clean_cut, never back';
SELECT pg_catalog.pg_extension_config_dump('osms_internal.last_cut', '');

CREATE FUNCTION osms_internal.known_clock() RETURNS timestamptz
    LANGUAGE C VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_known_clock';
COMMENT ON FUNCTION osms_internal.known_clock() IS
    'the clock, but later than the last cut (osms_internal.last_cut): default of known_from in the relations of a registry';

CREATE FUNCTION osms_internal.roster_moment() RETURNS timestamptz
    LANGUAGE C STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'osms_roster_moment';
COMMENT ON FUNCTION osms_internal.roster_moment() IS
    'the moment from which what the transaction writes to a roster is known, the same for all of it; called by the guards';

CREATE FUNCTION osms_internal.written_here(transaction xid) RETURNS boolean
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_written_here';
COMMENT ON FUNCTION osms_internal.written_here(xid) IS
    'whether a row whose xmin this is was written by the current transaction; called by the guards';

CREATE FUNCTION osms_internal.known_moment(written regclass) RETURNS timestamptz
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'osms_known_moment';
COMMENT ON FUNCTION osms_internal.known_moment(regclass) IS
'default of known_from in the config tables
the moment at which the transaction first added a row to one of them, the same for all rows of a transaction, so that an edition
may be written by several statements, and later than the last cut; rows that are rolled back to a savepoint do not count. For a
table that the transaction is not writing it is the clock';

-- To the planner as stable as the snapshot: rows added later are not seen.
CREATE FUNCTION osms_internal.known_now() RETURNS timestamptz
    LANGUAGE C STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_known_now';
COMMENT ON FUNCTION osms_internal.known_now() IS
'default of known_at
the clock, so that all that the statement sees is known, what was added a moment before in the same transaction too; where the
clock is behind the last cut, a second after that';

CREATE FUNCTION osms_internal.await_writers(relations regclass[]) RETURNS void
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'osms_await_writers';
COMMENT ON FUNCTION osms_internal.await_writers(regclass[]) IS
'waits for all other transactions that hold a lock to write one of the relations, or to maintain it (VACUUM, CREATE INDEX
CONCURRENTLY), when it is called, prepared ones too
needs no right on them and holds up nobody. lock_timeout and statement_timeout hold. 22004 for a NULL among them';

-- Of several rows about one fact the one known last counts.
CREATE FUNCTION osms_internal.as_known(known_from timestamptz, state integer) RETURNS bigint
    LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osms_as_known';
COMMENT ON FUNCTION osms_internal.as_known(timestamptz, integer) IS
'number that is greater the later the moment (NULL = always known) and, of one moment, the greater the state (0 to 3), which is
its last two bits: max() of it tells the state known last
NULL for state NULL, 22023 for another state';

CREATE FUNCTION osms_internal.known_then(relation text, moment text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN format('(%1$s.known_from <= %2$s OR %1$s.known_from IS NULL)', relation, moment);
COMMENT ON FUNCTION osms_internal.known_then(text, text) IS
    'condition on a row, told by its alias: that it was known at a moment (an expression); one without known_from always was';

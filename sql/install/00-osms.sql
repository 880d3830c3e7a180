\echo Use "CREATE EXTENSION osms" to load this file. \quit

-- Everybody may name the types and call what is granted to everybody.
GRANT USAGE ON SCHEMA osms TO PUBLIC;

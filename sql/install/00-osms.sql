\echo Use "CREATE EXTENSION osms" to load this file. \quit

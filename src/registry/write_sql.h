/*
 * write_sql.h
 *		The statements by which a mapped view's row is worked out and written.
 */
#ifndef OSMS_WRITE_SQL_H
#define OSMS_WRITE_SQL_H

#include "osms.h"

#include "commands/trigger.h"
#include "nodes/bitmapset.h"

extern char *values_statement(const Trigger *trigger, Oid source, char event,
							  Bitmapset *triples);
extern char *write_statement(const Trigger *trigger, Oid source,
							 const char *equal, char event,
							 Bitmapset *triples, bool identification);

#endif							/* OSMS_WRITE_SQL_H */

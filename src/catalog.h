/*
 * catalog.h
 *		What PostgreSQL's catalogues tell.
 */
#ifndef OSMS_CATALOG_H
#define OSMS_CATALOG_H

#include "osms.h"

#include "access/attnum.h"
#include "catalog/pg_proc.h"

extern char *relation_name(Oid relation);
extern Oid	relation_owner(Oid relation);
extern char *equality_of(Oid type);
extern char *qualified_name(Oid relation);
extern bool is_our_schema(Oid schema);
extern bool is_our_function(Oid function);
extern bool is_our_type(Oid type);
extern bool is_validator(Form_pg_proc proc);
extern bool leads_index(Oid table, AttrNumber first, AttrNumber second);
extern bool mentions_oid(const char *expression, const char *mark, Oid oldest);
extern Oid	our_function(const char *name, int nargs, const Oid *types);
extern Oid	our_type(const char *name);
extern bool may_read(Oid table, Oid user);

#endif							/* OSMS_CATALOG_H */

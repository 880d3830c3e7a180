/*
 * open.h
 *		Looking up the registry that a schema is.
 */
#ifndef OSMS_OPEN_H
#define OSMS_OPEN_H

#include "osms.h"

#include "registry/projection.h"
#include "registry/registry.h"

/* A registry as C sees it: a schema and what it holds. */
typedef struct Registry
{
	char	   *name;			/* quoted where needed */
	char	   *unquoted;
	Oid			relation[REL_KINDS];	/* InvalidOid where absent */
	uint32		name_hash[REL_KINDS];	/* as invalidations tell a name */
	int			relations;		/* bit per relation that is there */
	Projection *person;			/* NULL where absent */
	Oid			roster;
	Oid			owner;			/* of the roster: look-ups run as this role */
} Registry;

extern void registry_open(Registry *registry, const char *name);

#endif							/* OSMS_OPEN_H */

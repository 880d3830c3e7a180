/*
 * keeper.h
 *		Who keeps a registry, and what is his alone.
 */
#ifndef OSMS_KEEPER_H
#define OSMS_KEEPER_H

#include "osms.h"

#include "utils/rel.h"

extern bool is_kept_by(Oid schema, Oid owner);
extern Oid	keeper_of(Oid canonical);
extern void check_mapped_view(Relation view);

#endif							/* OSMS_KEEPER_H */

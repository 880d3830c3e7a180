/*
 * stranger.c
 *		Who may not read whom the registry knows.
 */
#include "guard/stranger.h"

#include "catalog.h"
#include "guard/guard.h"
#include "registry/open.h"
#include "registry/projection.h"
#include "registry/registry.h"
#include "security/writer.h"

/*
 * Whether a role may read all rows of a relation, or of the table behind it.
 */
bool
may_see(Oid user, Oid relation)
{
	Oid			source;

	if (!OidIsValid(relation))
		return false;
	if (may_read(relation, user))
		return true;
	source = mapped_source(relation);
	return OidIsValid(source) && may_read(source, user);
}

/* Whether who writes a guarded table may not read whom the registry knows. */
bool
is_stranger(const Guard *guard)
{
	Oid			user = writer_of(guard->source);
	const Registry *registry = &guard->registry;

	return !may_see(user, registry->relation[REL_PERSON]) ||
		!(may_read(registry->roster, user) ||
		  may_see(user, registry->relation[REL_ATTACHMENT]));
}

/* How many set triggers of strangers are running in this session. */
int			strangers = 0;

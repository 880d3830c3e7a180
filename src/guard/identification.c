/*
 * identification.c
 *		Whether the writer of a channel records an identification by a
 *		statement of his own (registry/recording.c).
 */
#include "guard/identification.h"

#include "catalog.h"
#include "guard/chunk.h"
#include "guard/guard.h"
#include "guard/nested.h"
#include "registry/registry.h"
#include "security/writer.h"

#include "utils/acl.h"

/*
 * What is wrong with a statement that records for a channel with a writer:
 * "written_by_trigger"; "table_rewrites" where the owner of the table, by a
 * trigger, a default or whatever else he lets run, may have changed what was
 * told or told more; "" for nothing.
 */
const char *
recording_fault(const Chunk *chunk)
{
	const Guard *guard = chunk->guard;
	Writer		writer = written_by(guard->source);

	if (guard->kind != REL_IDENTITY_EVENT || guard->purpose != TO_GUARD)
		return "";
	if (!writer.directly || runs_within_another(chunk->query, guard))
		return "written_by_trigger";
	/* the owner of a registry could do without */
	if (writer.through_view ||
		has_privs_of_role(relation_owner(guard->source),
						  guard->registry.owner))
		return "";
	return "table_rewrites";
}

/*
 * optional.h
 *		Parts of clauses that hang on a relation a registry may lack.
 */
#ifndef OSMS_OPTIONAL_H
#define OSMS_OPTIONAL_H

#include "osms.h"

#include "registry/open.h"

extern char *write_optional(const Registry *registry, const char *part,
							int length);

#endif							/* OSMS_OPTIONAL_H */

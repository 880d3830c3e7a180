/*
 * module.c
 *		What PostgreSQL needs to load the library.
 */
#include "osms.h"

#include "guard/violation.h"
#include "security/compiled.h"
#include "security/cursors.h"
#include "security/in_line.h"
#include "security/kept_expression.h"
#include "security/plugin.h"
#include "security/restrict.h"
#include "security/watch.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(
					.name = "osms",
					.version = OSMS_VERSION
);
#else
PG_MODULE_MAGIC;
#endif

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	compiled_init();
	plugin_init();
	restrict_init();
	watch_init();
	violation_init();
	cursors_init();
	in_line_init();
	kept_expressions_init();
}

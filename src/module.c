/*
 * module.c
 *		What PostgreSQL needs to load the library.
 */
#include "osms.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "osms", .version = OSMS_VERSION);
#else
PG_MODULE_MAGIC;
#endif

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	variables_init();
	compiled_init();
	restrict_init();
	watch_init();
	cursors_init();
	in_line_init();
	kept_expressions_init();
}

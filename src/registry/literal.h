/*
 * literal.h
 *		Texts whose value settings of a session, or the moment, decide.
 */
#ifndef OSMS_LITERAL_H
#define OSMS_LITERAL_H

#include "osms.h"

#include "pgtime.h"

/* Settings that decide how a text is read. */
typedef struct ReadingSettings
{
	int			order;			/* of year, month and day */
	int			intervals;
	pg_tz	   *zone;
} ReadingSettings;

extern bool names_moment(const char *text);
extern void begin_reading(ReadingSettings *before, int order, int intervals,
						  pg_tz *zone);
extern void end_reading(const ReadingSettings *before);
extern bool is_read_by_settings(Oid type);
extern bool reads_the_same(Oid type, int32 typmod, const char *value);

#endif							/* OSMS_LITERAL_H */

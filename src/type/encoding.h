/*
 * encoding.h
 *		Between UTF-8 and the encodings of database and client.
 */
#ifndef OSMS_ENCODING_H
#define OSMS_ENCODING_H

#include "osms.h"

extern char *database_to_utf8(const char *text, int length);
extern char *utf8_to_database(const char *utf8);
extern int	character_bytes(const char *text, int length);
extern int	count_characters(const char *text, int length);
extern char *tellable(char *text);

#endif							/* OSMS_ENCODING_H */

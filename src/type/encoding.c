/*
 * encoding.c
 *		Between UTF-8, in which the core speaks, and the database's encoding.
 *
 * A stored text may hold what has no counterpart: byte 98 of WIN1251, a word
 * in Cyrillic where the database is LATIN1, anything in SQL_ASCII.  No such
 * text may stop a guard or an audit, so nothing here raises an error.
 */
#include "type/encoding.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

/*
 * So many bytes from one encoding in another, NULL where that cannot hold
 * them.  SQL_ASCII says nothing of its bytes, so they stay as they are.
 */
static char *
converted(const char *text, int length, int from, int to)
{
	Oid			conversion;
	int			room = length * MAX_CONVERSION_GROWTH + 1;
	char	   *result;

	if (from == to || from == PG_SQL_ASCII || to == PG_SQL_ASCII)
		return pnstrdup(text, length);
	conversion = FindDefaultConversionProc(from, to);
	if (!OidIsValid(conversion))
		return NULL;
	result = palloc(room);
	if (pg_do_encoding_conversion_buf(conversion, from, to,
									  (unsigned char *) unconstify(char *,
																   text),
									  length, (unsigned char *) result, room,
									  true) < length)
		return NULL;
	return result;
}

/* A text of the database in UTF-8; NULL where it has no counterpart. */
char *
database_to_utf8(const char *text, int length)
{
	return converted(text, length, GetDatabaseEncoding(), PG_UTF8);
}

/* A text in UTF-8 as the database writes it; NULL where it cannot. */
char *
utf8_to_database(const char *utf8)
{
	return converted(utf8, strlen(utf8), PG_UTF8, GetDatabaseEncoding());
}

/* The bytes of the character that begins here, no more than there are. */
int
character_bytes(const char *text, int length)
{
	return Min(pg_encoding_mblen(GetDatabaseEncoding(), text), length);
}

/* Characters of a text; bytes that are none count as one or the other. */
int
count_characters(const char *string, int length)
{
	int			characters = 0;

	for (int i = 0; i < length; i += character_bytes(string + i, length - i))
		characters++;
	return characters;
}

/*
 * A stored text as it may stand in a message: where the client's encoding
 * lacks something of it, PostgreSQL would tell of that instead.
 */
char *
tellable(char *string)
{
	int			length = strlen(string);

	if (converted(string, length, GetDatabaseEncoding(),
				  pg_get_client_encoding()) == NULL)
		for (int i = 0; i < length; i++)
			if (IS_HIGHBIT_SET(string[i]))
				string[i] = '?';
	return string;
}

/*
 * key_set.h
 *		Keys of one type: the order in which they are sorted and locked, and
 *		sets of them.
 */
#ifndef OSMS_KEY_SET_H
#define OSMS_KEY_SET_H

#include "osms.h"

#include "guard/guard.h"

#include "utils/array.h"

/* The order in which persons are sorted and locked. */
typedef struct SubjectOrder
{
	FmgrInfo	cmp;
	Oid			collation;
} SubjectOrder;

/* Keys of one type, each once. */
typedef struct KeySet
{
	Oid			type;
	int16		length;
	bool		byval;
	SubjectOrder order;
	MemoryContext context;		/* in which they live */
	Datum	   *keys;
	int			n;
	int			allocated;
} KeySet;

extern void begin_subject_order(SubjectOrder *order, const Guard *guard);
extern int	compare_subjects(const void *a, const void *b, void *arg);
extern void begin_keys(KeySet *set, Oid type, Oid collation);
extern void add_key(KeySet *set, Datum key);
extern Datum key_array(KeySet *set);
extern void read_keys(KeySet *set, ArrayType *keys);

#endif							/* OSMS_KEY_SET_H */

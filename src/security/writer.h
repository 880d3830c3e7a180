/*
 * writer.h
 *		For whom osms writes a table or a view.
 */
#ifndef OSMS_WRITER_H
#define OSMS_WRITER_H

#include "osms.h"

/* For whom a table is written. */
typedef struct Writer
{
	Oid			role;
	bool		directly;		/* by a statement that no trigger runs */
	bool		through_view;	/* of a registry, which sees what is stored */
	Oid			keeper;			/* of the registry through which he writes */
} Writer;

/* A write of a table or view for somebody, while it is under way. */
typedef struct OwnersWrite
{
	Oid			target;			/* the table, or view, that is written */
	Writer		writer;
	int			depth;			/* of its own triggers */
	MemoryContext query;		/* the statement that writes the table */
	bool		judged;			/* and rows of it were */
	bool		lent;			/* as somebody whose rights he does not have */
	int			replication_role;	/* as it began */
	struct OwnersWrite *outer;
} OwnersWrite;

extern int	trigger_depth(void);
extern Writer written_by(Oid target);
extern void note_write(Oid table, MemoryContext query);
extern void note_judged_write(MemoryContext query);
extern bool is_keeper_of_write(Oid role);
extern Oid	writer_of(Oid target);
extern bool is_lent(void);
extern bool is_writing(void);
extern void check_guards_fire(void);
extern void begin_writer(OwnersWrite *write, Oid target, Writer writer,
						 int depth);
extern void end_writer(const OwnersWrite *write);

#endif							/* OSMS_WRITER_H */

/*
 * in_line.h
 *		What the session keeps of functions besides how they are called.
 */
#ifndef OSMS_IN_LINE_H
#define OSMS_IN_LINE_H

#include "osms.h"

#include "access/htup.h"

extern bool is_difference(HeapTuple function);
extern void note_in_line(Oid function);
extern void forget_kept(void);
extern void note_parsed(void);
extern bool is_left_out(Oid function, HeapTuple tuple);
extern void forget_in_line(void);
extern void in_line_init(void);

#endif							/* OSMS_IN_LINE_H */

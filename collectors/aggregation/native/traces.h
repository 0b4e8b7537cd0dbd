/* Makes a line of every span of MLflow's traces. */

#ifndef LEVERWATCH_TRACES_H
#define LEVERWATCH_TRACES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "walk.h"

/* What is known of a line: of which line of the log it is, where that lies in the log, and where span and trace lie in
   it. No span: Python has to read the line of the log. */
enum of_trace { TRACE_OUTER, OUTER_AT, OUTER_LENGTH, SPAN_AT, SPAN_LENGTH, INFO_AT, INFO_LENGTH, OF_TRACE };

/* What became of whole lines: TOGETHER is that a line may belong to others, so that Python reads all of them. */
enum divided { DIVIDED, TOGETHER, NO_ROOM };

/* Add the lines of the spans, and what is known of each; whether somebody reads what a span was given and what it
   answered, of which most of a log is. The wide one is for processors that look at many bytes at once. */
enum divided traces_read(const uint8_t *data, size_t size, int reads_texts, Buffer *lines, Buffer *rows);
enum divided traces_read_wide(const uint8_t *data, size_t size, int reads_texts, Buffer *lines, Buffer *rows);

#endif

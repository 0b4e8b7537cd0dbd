/* Makes a line of every span of MLflow's traces. */

#ifndef LEVERWATCH_TRACES_H
#define LEVERWATCH_TRACES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* What is known of a line: of which line of the log it is, where that lies in the log, and where span and trace lie in
   the lines. No span: Python has to read the line of the log. */
enum of_trace { TRACE_OUTER, OUTER_AT, OUTER_LENGTH, SPAN_AT, SPAN_LENGTH, INFO_AT, INFO_LENGTH, OF_TRACE };

PyObject *divide(PyObject *module, PyObject *args);

#endif

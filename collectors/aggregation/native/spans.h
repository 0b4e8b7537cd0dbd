/* Makes a line of every span of the batches that OpenTelemetry's collector writes. */

#ifndef LEVERWATCH_SPANS_H
#define LEVERWATCH_SPANS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* What is known of a line: of which line of the batch it is, where the ids of span and parent are in it, and which
   resource and scope it is of. */
enum of_line { OUTER, ID_AT, ID_LENGTH, PARENT_AT, PARENT_LENGTH, CONTEXT, OF_LINE };

PyObject *flatten(PyObject *module, PyObject *args);
PyObject *flatten_wide(PyObject *module, PyObject *args);
PyObject *outline(PyObject *module, PyObject *args);

#endif

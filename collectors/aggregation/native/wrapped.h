/* Takes records out of what a container's runtime or a log shipper put around each line. */

#ifndef LEVERWATCH_WRAPPED_H
#define LEVERWATCH_WRAPPED_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* What is made of a line is a line again: a time, this byte, and the text that was wrapped. It is empty where Python
   has to look at the line itself, and has one other byte where there is no record by design. */
#define BEHIND_TIME 2
#define NO_RECORD 1

PyObject *unwrap(PyObject *module, PyObject *args);

#endif

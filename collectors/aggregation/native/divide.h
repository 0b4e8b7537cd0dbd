/* Divides MLflow's traces into spans, for Python. */

#ifndef LEVERWATCH_DIVIDE_H
#define LEVERWATCH_DIVIDE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *divide(PyObject *module, PyObject *args);
PyObject *undivide(PyObject *module, PyObject *args);

#endif

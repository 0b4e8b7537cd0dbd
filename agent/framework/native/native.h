#ifndef LEVERWATCH_NATIVE_H
#define LEVERWATCH_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

PyObject *drawn(PyObject *module, PyObject *args);
PyObject *swings(PyObject *module, PyObject *args);
PyObject *forecast(PyObject *module, PyObject *args);
PyObject *mixes(PyObject *module, PyObject *args);
PyObject *walk(PyObject *module, PyObject *args);
PyObject *pick(PyObject *module, PyObject *args);
PyObject *recent(PyObject *module, PyObject *args);
PyObject *add_up(PyObject *module, PyObject *args);

#endif

/* What is kept of the rows of daily sums that were read: `daily_usage.py` in C. */
#include "native.h"

#define CHECKS 4

/* The list of a system in a dict, a new one where there is none; borrowed. */
static PyObject *list_in(PyObject *found, PyObject *system)
{
    PyObject *list = PyDict_GetItemWithError(found, system);
    if (list || PyErr_Occurred() || !(list = PyList_New(0)))
        return list;
    int failed = PyDict_SetItem(found, system, list) < 0;
    Py_DECREF(list);
    return failed ? NULL : list;
}

/* A row without its first two values, and with a day in place of the third one. */
static PyObject *made(PyObject *row, PyObject *day_from, PyObject *make, PyObject *kind)
{
    Py_ssize_t size = PyTuple_Size(row);
    PyObject *values = PyTuple_New(size - 2), *day, *whole = NULL;
    if (!values)
        return NULL;
    if ((day = PyObject_CallFunctionObjArgs(day_from, PyTuple_GetItem(row, 2), NULL))) {
        PyTuple_SetItem(values, 0, day);
        for (Py_ssize_t at = 3; at < size; at++)
            PyTuple_SetItem(values, at - 2, Py_NewRef(PyTuple_GetItem(row, at)));
        whole = PyObject_CallFunctionObjArgs(make, kind, values, NULL);
    }
    Py_DECREF(values);
    return whole;
}

/* Puts the rows of sources that count into the lists of their systems. */
PyObject *pick(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *rows, *counted, *found, *day_from, *kind;
    if (!PyArg_ParseTuple(args, "O!O!O!OO", &PyList_Type, &rows, &PyDict_Type, &counted, &PyDict_Type, &found,
                          &day_from, &kind))
        return NULL;
    PyObject *make = PyObject_GetAttrString((PyObject *)&PyTuple_Type, "__new__");
    int failed = !make;
    for (Py_ssize_t at = 0; !failed && at < PyList_Size(rows); at++) {
        PyObject *row = PyList_GetItem(rows, at), *list, *whole;
        if (!PyTuple_Check(row) || PyTuple_Size(row) < 3) {
            PyErr_SetString(PyExc_ValueError, "a system, a source, a day and what is told of it in every row");
            break;
        }
        PyObject *system = PyTuple_GetItem(row, 0), *sources = PyDict_GetItemWithError(counted, system);
        if (!sources && !PyErr_Occurred())
            PyErr_SetObject(PyExc_KeyError, system);
        int counts = sources ? PySequence_Contains(sources, PyTuple_GetItem(row, 1)) : -1;
        if (counts == 0)
            continue;
        failed = counts < 0 || !(list = list_in(found, system)) || !(whole = made(row, day_from, make, kind));
        if (!failed) {
            failed = PyList_Append(list, whole) < 0;
            Py_DECREF(whole);
        }
    }
    Py_XDECREF(make);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

typedef struct {
    double of[CHECKS];
} Checks;

/* Adds an amount to what a dict has of a day. */
static int add_to(PyObject *days, PyObject *day, double amount)
{
    PyObject *before = PyDict_GetItemWithError(days, day), *now;
    double sum = before ? PyFloat_AsDouble(before) : 0.0;
    if (PyErr_Occurred() || !(now = PyFloat_FromDouble(sum + amount)))
        return -1;
    int failed = PyDict_SetItem(days, day, now);
    Py_DECREF(now);
    return failed;
}

/* Adds the inferences of a row to those of its model and day. */
static int add_model(PyObject *models, PyObject *row)
{
    PyObject *model = PyTuple_GetItem(row, 1), *days = PyDict_GetItemWithError(models, model);
    double amount = PyFloat_AsDouble(PyTuple_GetItem(row, 2));
    if (PyErr_Occurred())
        return -1;
    if (!days) {
        if (!(days = PyDict_New()))
            return -1;
        int failed = PyDict_SetItem(models, model, days);
        Py_DECREF(days);
        if (failed < 0)
            return -1;
    }
    return add_to(days, PyTuple_GetItem(row, 0), amount);
}

/* Adds the checks of a row to those of its day, which `places` knows. */
static int add_checks(PyObject *places, PyObject *row, Py_ssize_t first, Checks *checks)
{
    double of[CHECKS];
    for (int at = 0; at < CHECKS; at++)
        of[at] = PyFloat_AsDouble(PyTuple_GetItem(row, first + at));
    if (PyErr_Occurred())
        return -1;
    if (of[0] == 0 && of[2] == 0)
        return 0;
    PyObject *day = PyTuple_GetItem(row, 0), *place = PyDict_GetItemWithError(places, day);
    if (place) {
        Checks *known = checks + PyLong_AsSsize_t(place);
        for (int at = 0; at < CHECKS; at++)
            known->of[at] += of[at];
        return 0;
    }
    Py_ssize_t number = PyDict_Size(places);
    memcpy(checks[number].of, of, sizeof of);
    if (PyErr_Occurred() || !(place = PyLong_FromSsize_t(number)))
        return -1;
    int failed = PyDict_SetItem(places, day, place);
    Py_DECREF(place);
    return failed;
}

/* The checks of each day as objects of a kind. */
static PyObject *objects(PyObject *places, const Checks *checks, PyObject *kind)
{
    PyObject *found = PyDict_New(), *day, *place;
    Py_ssize_t at = 0;
    while (found && PyDict_Next(places, &at, &day, &place)) {
        const double *of = checks[PyLong_AsSsize_t(place)].of;
        PyObject *one = PyObject_CallFunction(kind, "dddd", of[0], of[1], of[2], of[3]);
        if (!one || PyDict_SetItem(found, day, one) < 0)
            Py_CLEAR(found);
        Py_XDECREF(one);
    }
    return found;
}

/* Inferences by model and day, of the days in a dict, and the checks of all days. */
PyObject *recent(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *rows, *days, *kind, *told = NULL;
    Py_ssize_t first;
    if (!PyArg_ParseTuple(args, "O!O!nO", &PyList_Type, &rows, &PyDict_Type, &days, &first, &kind))
        return NULL;
    Py_ssize_t number = PyList_Size(rows);
    Checks *checks = PyMem_Malloc((size_t)(number ? number : 1) * sizeof *checks);
    PyObject *models = PyDict_New(), *places = PyDict_New();
    int failed = !checks || !models || !places;
    for (Py_ssize_t at = 0; !failed && at < number; at++) {
        PyObject *row = PyList_GetItem(rows, at);
        if (first < 0 || !PyTuple_Check(row) || PyTuple_Size(row) < 3 || PyTuple_Size(row) < first + CHECKS) {
            PyErr_SetString(PyExc_ValueError, "a day, a model and all numbers in every row");
            break;
        }
        int counts = PyDict_GetItemWithError(days, PyTuple_GetItem(row, 0)) != NULL;
        failed = PyErr_Occurred() || (counts && add_model(models, row) < 0)
                 || add_checks(places, row, first, checks) < 0;
    }
    PyObject *by_day = failed || PyErr_Occurred() ? NULL : objects(places, checks, kind);
    if (by_day)
        told = Py_BuildValue("ON", models, by_day);
    Py_XDECREF(models);
    Py_XDECREF(places);
    PyMem_Free(checks);
    return told ? told : PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

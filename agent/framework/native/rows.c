/* Adds up rows of daily sums: each is a tuple of a day, a model and numbers. */
#include "native.h"

#define MOST_NUMBERS 32

typedef struct {
    PyObject *model; /* borrowed from a row */
    Py_ssize_t group;
    double sums[MOST_NUMBERS];
} Sum;

/* The sum of a group and a model, which is new where there is none yet; NULL: an error is set. */
static Sum *sum_of(Sum **sums, Py_ssize_t *used, Py_ssize_t *room, Py_ssize_t group, PyObject *model, int *is_new)
{
    *is_new = 0;
    for (Py_ssize_t at = *used - 1; at >= 0; at--) {
        Sum *sum = *sums + at;
        if (sum->group == group && (sum->model == model || (model && PyUnicode_Compare(sum->model, model) == 0)))
            return sum;
    }
    if (PyErr_Occurred())
        return NULL;
    if (*used == *room) {
        Py_ssize_t more = *room ? 2 * *room : 16;
        Sum *larger = PyMem_Realloc(*sums, (size_t)more * sizeof **sums);
        if (!larger)
            return (Sum *)PyErr_NoMemory();
        *sums = larger;
        *room = more;
    }
    Sum *sum = *sums + (*used)++;
    sum->group = group;
    sum->model = model;
    *is_new = 1;
    return sum;
}

static PyObject *tuple_of(const double *values, Py_ssize_t number)
{
    PyObject *tuple = PyTuple_New(number);
    for (Py_ssize_t at = 0; tuple && at < number; at++)
        if (PyTuple_SetItem(tuple, at, PyFloat_FromDouble(values[at])) < 0)
            Py_CLEAR(tuple);
    return tuple;
}

static int add(PyObject *rows, PyObject *groups, int by_model, Py_ssize_t numbers, Sum **sums, Py_ssize_t *used)
{
    Py_ssize_t room = 0, many = PyList_Size(rows);
    for (Py_ssize_t at = 0; at < many; at++) {
        PyObject *row = PyList_GetItem(rows, at);
        if (!PyTuple_Check(row) || PyTuple_Size(row) != 2 + numbers) {
            PyErr_SetString(PyExc_ValueError, "a day, a model and the same numbers in every row");
            return -1;
        }
        PyObject *group = PyDict_GetItemWithError(groups, PyTuple_GetItem(row, 0)), *model = PyTuple_GetItem(row, 1);
        if (!group && PyErr_Occurred())
            return -1;
        if (!group)
            continue;
        int is_new;
        Py_ssize_t place = PyLong_AsSsize_t(group);
        Sum *sum = sum_of(sums, used, &room, place, by_model ? model : NULL, &is_new);
        if (!sum)
            return -1;
        for (Py_ssize_t number = 0; number < numbers; number++) {
            double value = PyFloat_AsDouble(PyTuple_GetItem(row, 2 + number));
            sum->sums[number] = is_new ? value : sum->sums[number] + value;
        }
        if (PyErr_Occurred())
            return -1;
    }
    return 0;
}

PyObject *add_up(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *rows, *groups, *found = NULL;
    int by_model;
    Py_ssize_t numbers, used = 0;
    Sum *sums = NULL;
    if (!PyArg_ParseTuple(args, "O!O!pn", &PyList_Type, &rows, &PyDict_Type, &groups, &by_model, &numbers))
        return NULL;
    if (numbers < 0 || numbers > MOST_NUMBERS) {
        PyErr_SetString(PyExc_ValueError, "too many numbers");
        return NULL;
    }
    if (add(rows, groups, by_model, numbers, &sums, &used) == 0 && (found = PyList_New(used)))
        for (Py_ssize_t at = 0; found && at < used; at++) {
            PyObject *values = tuple_of(sums[at].sums, numbers), *one = NULL;
            if (values)
                one = Py_BuildValue("nON", sums[at].group, sums[at].model ? sums[at].model : Py_None, values);
            if (!one || PyList_SetItem(found, at, one) < 0)
                Py_CLEAR(found);
        }
    PyMem_Free(sums);
    return found;
}

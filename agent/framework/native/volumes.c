/* How a band settles on days without a gap: `volume.py` in C, the same operations in the same order. */
#include "native.h"

#include "sums.h"

#define WINDOW 28
#define WEEK 7
#define PATTERN_WEEKS 4
#define WHOLE 4611686018427387904.0 /* 2^62: sums of whole numbers up to here are exact */

typedef struct { /* `volume._Bands` */
    int settled;
    Py_ssize_t first, since, in_mid, in_high, below_mid, below_high, dwell;
    double enter_mid, enter_high, leave_mid, leave_high;
} Bands;

static void next_band(const Bands *bands, int *level, Py_ssize_t *run)
{
    Py_ssize_t near, far;
    int near_level = 1, far_level = bands->settled ? 0 : 2;
    if (bands->settled == 1) {
        *level = bands->in_high ? 2 : 0;
        *run = bands->in_high ? bands->in_high : bands->below_mid;
        return;
    }
    near = bands->settled ? bands->below_high : bands->in_mid;
    far = bands->settled ? bands->below_mid : bands->in_high;
    *level = far >= near ? far_level : near_level;
    *run = far >= near ? far : near;
}

/* 1 when the band of the day is another one than before, which `level` is then. */
static int step(Bands *bands, Py_ssize_t index, double volume, int *level)
{
    Py_ssize_t run;
    bands->in_mid = volume >= bands->enter_mid ? bands->in_mid + 1 : 0;
    bands->in_high = volume > bands->enter_high ? bands->in_high + 1 : 0;
    bands->below_mid = volume < bands->leave_mid ? bands->below_mid + 1 : 0;
    bands->below_high = volume < bands->leave_high ? bands->below_high + 1 : 0;
    if (bands->settled < 0) {
        bands->settled = volume < bands->enter_mid ? 0 : volume > bands->enter_high ? 2 : 1;
        bands->first = bands->since = index;
        return 0;
    }
    next_band(bands, level, &run);
    return run >= bands->dwell;
}

/* `coverage.likely_sum` of the first days, which are fewer than a window and at least a week. */
static double likely_sum(const double *days, Py_ssize_t covered)
{
    double parts[WEEK];
    int missing = WINDOW - (int)covered;
    for (int day = 0; day < WEEK; day++) {
        double known[PATTERN_WEEKS];
        int number = 0;
        for (int at = day; at < WINDOW; at += WEEK)
            if (at >= missing)
                known[number++] = days[at - missing];
        parts[day] = exact_sum(known, number);
        if (number < PATTERN_WEEKS)
            parts[day] = parts[day] * PATTERN_WEEKS / number;
    }
    return exact_sum(parts, WEEK);
}

/* The values of a list; NULL without an error where one is no finite number, or is missing. */
static double *taken(PyObject *list, Py_ssize_t number, int *is_whole)
{
    double *values = PyMem_Malloc((size_t)number * sizeof *values), sum = 0;
    if (!values)
        return (double *)PyErr_NoMemory();
    *is_whole = 1;
    for (Py_ssize_t at = 0; at < number; at++) {
        PyObject *one = PyList_GetItem(list, at);
        values[at] = PyFloat_Check(one) ? PyFloat_AsDouble(one) : NAN;
        if (!isfinite(values[at])) {
            PyMem_Free(values);
            return NULL;
        }
        sum += fabs(values[at]);
        *is_whole = *is_whole && sum < WHOLE && values[at] == floor(values[at]);
    }
    return values;
}

PyObject *walk(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *list, *crossings = NULL, *told = NULL;
    Py_ssize_t needed;
    Bands bands = {.settled = -1, .first = -1, .since = -1};
    if (!PyArg_ParseTuple(args, "O!nndddd", &PyList_Type, &list, &needed, &bands.dwell, &bands.enter_mid,
                          &bands.enter_high, &bands.leave_mid, &bands.leave_high))
        return NULL;
    Py_ssize_t number = PyList_Size(list);
    int is_whole = 0, level = -1;
    if (number < WINDOW || needed < WEEK)
        Py_RETURN_NONE;
    double *values = taken(list, number, &is_whole), volume = 0;
    if (!values) {
        if (PyErr_Occurred())
            return NULL;
        Py_RETURN_NONE;
    }
    int64_t sum = 0;
    if ((crossings = PyList_New(0)))
        for (Py_ssize_t index = 0; index < number; index++) {
            if (is_whole) {
                sum += (int64_t)values[index];
                sum -= index >= WINDOW ? (int64_t)values[index - WINDOW] : 0;
            }
            if (index + 1 < needed)
                continue;
            if (index + 1 < WINDOW)
                volume = likely_sum(values, index + 1);
            else
                volume = is_whole ? (double)sum : exact_sum(values + index + 1 - WINDOW, WINDOW);
            volume = volume * 487 / 448;
            if (step(&bands, index, volume, &level)) {
                PyObject *crossing = Py_BuildValue("nii", index, bands.settled, level);
                if (!crossing || PyList_Append(crossings, crossing) < 0) {
                    Py_XDECREF(crossing);
                    Py_CLEAR(crossings);
                    break;
                }
                Py_DECREF(crossing);
                bands.settled = level;
                bands.since = index;
            }
        }
    PyMem_Free(values);
    if (!crossings)
        return NULL;
    Py_ssize_t run;
    next_band(&bands, &level, &run);
    if (isfinite(volume))
        told = Py_BuildValue("dinninO", volume, bands.settled, bands.first, bands.since, run ? level : -1, run,
                             crossings);
    else
        told = Py_NewRef(Py_None);
    Py_DECREF(crossings);
    return told;
}

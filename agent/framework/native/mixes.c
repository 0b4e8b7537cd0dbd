/* Tokens and costs of the inferences of each week: `mix.py` and `doubts.py` in C, the same operations in the same
   order. Where sums contradict themselves, or Python would raise an error, None is returned, and Python decides. */
#include "native.h"

#include <math.h>

#define SUMS 14 /* the numbers of `traffic.Calls`, in their order */
#define FIELDS 7 /* of `mix.Mix` */
#define ROUNDING (1 + 1e-9)
#define LEAST_KNOWN 0.5
#define MILLION 1e6
#define MOST_BLOCKS 4

typedef struct {
    double inferences, attempts, input, cached, stored, output, no_input, no_cached, no_output, fixed, fixed_known, traced,
        traces, stored_1h;
} Calls;

typedef struct {
    double input, output, cached, stored;
} Price;

typedef enum { STORED, CACHED, FIXED } Part;

/* The numbers of a `traffic.Calls`; -1 where Python decides. */
static int calls_of(PyObject *tuple, Calls *calls)
{
    double *numbers = (double *)calls;
    if (!tuple || !PyTuple_Check(tuple) || PyTuple_Size(tuple) != 1 + SUMS)
        return -1;
    for (int at = 0; at < SUMS; at++) {
        numbers[at] = PyFloat_AsDouble(PyTuple_GetItem(tuple, 1 + at));
        if (!isfinite(numbers[at]) || numbers[at] < 0) {
            PyErr_Clear();
            return -1;
        }
    }
    return 0;
}

static double told(double total, double known) { return known > 1e-9 ? total / known : 0.0; }

/* Whether `doubts.doubt` has nothing to say. */
static int is_sound(const Calls *calls)
{
    if (!(calls->inferences - calls->no_input > 1e-9))
        return 1;
    double entered = calls->input / (calls->inferences - calls->no_input), most = entered * ROUNDING;
    double cached = told(calls->cached, calls->inferences - calls->no_cached);
    double stored = told(calls->stored, calls->inferences - calls->no_input);
    double fixed = told(calls->fixed, calls->fixed_known);
    return cached + stored <= most && fixed <= most && !(cached != 0 && cached * ROUNDING >= entered);
}

/* `mix._own_share`; -1: None. */
static double own_share(const Calls *calls, Part part)
{
    double entered = calls->inferences - calls->no_input;
    double tokens = part == STORED ? calls->stored : part == CACHED ? calls->cached : calls->fixed;
    double known = part == STORED ? entered : part == CACHED ? calls->inferences - calls->no_cached : calls->fixed_known;
    if (known <= 0 || entered <= 0 || calls->input <= 0)
        return -1;
    return tokens / known / (calls->input / entered);
}

/* `mix._share`; -1: None. */
static double share_of(const Calls *calls, const Calls *weeks, int number, Part part)
{
    double share = own_share(calls, part), sum = 0, often = 0;
    int any = 0;
    if (share >= 0 || isnan(share))
        return share;
    for (int week = 0; week < number; week++)
        if (!((share = own_share(weeks + week, part)) < 0)) {
            sum += share * weeks[week].inferences;
            often += weeks[week].inferences;
            any = 1;
        }
    return any ? sum / often : -1;
}

static double positive(double share) { return share < 0 ? 0.0 : share; }

/* `mix._of_model`. */
static void of_model(const Calls *calls, const Calls *whole, const Calls *weeks, int number, const Price *price,
                     double *mix)
{
    const Calls *in = calls->inferences > calls->no_input ? calls : whole;
    const Calls *out = calls->inferences > calls->no_output ? calls : whole;
    double entered = calls->inferences * (in->input / (in->inferences - in->no_input));
    double written = calls->inferences * (out->output / (out->inferences - out->no_output));
    double stored = entered * positive(share_of(calls, weeks, number, STORED)), cached = 0, by_share = 0;
    if (whole->no_cached > (1 - LEAST_KNOWN) * whole->inferences)
        by_share = (entered - stored) * (price->cached - price->input);
    else
        cached = entered * positive(share_of(calls, weeks, number, CACHED));
    double cost = (entered - cached - stored) * price->input + cached * price->cached + stored * price->stored;
    double fixed = share_of(calls, weeks, number, FIXED);
    mix[0] = calls->inferences;
    mix[1] = (cost + written * price->output) / MILLION;
    mix[2] = by_share / MILLION;
    mix[3] = entered;
    mix[4] = fixed < 0 ? 0.0 : entered * fixed;
    mix[5] = fixed < 0 ? entered : 0.0;
    mix[6] = written;
}

/* The weeks of a model, as many as there are; -1 where Python decides. */
static int weeks_of(PyObject *blocks, PyObject *model, Calls *weeks)
{
    int number = 0;
    for (Py_ssize_t at = 0; at < PyList_Size(blocks); at++) {
        PyObject *calls = PyTuple_GetItem(PyList_GetItem(blocks, at), 1);
        for (Py_ssize_t each = 0; each < PyTuple_Size(calls); each++) {
            PyObject *one = PyTuple_GetItem(calls, each);
            PyObject *name = PyTuple_GetItem(one, 0);
            if (name != model && PyUnicode_Compare(name, model) != 0)
                continue;
            if (number == MOST_BLOCKS || calls_of(one, weeks + number++) < 0)
                return -1;
        }
    }
    return number;
}

/* Adds what the calls of a week to one model come to; -1 where Python decides. */
static int add_calls(PyObject *one, PyObject *blocks, PyObject *wholes, PyObject *prices, double *mix)
{
    Calls calls, whole, weeks[MOST_BLOCKS];
    Price price;
    double found[FIELDS];
    if (calls_of(one, &calls) < 0 || !is_sound(&calls))
        return -1;
    if (calls.inferences == 0)
        return 0;
    PyObject *model = PyTuple_GetItem(one, 0), *four = PyDict_GetItemWithError(prices, model);
    if (!four || calls_of(PyDict_GetItemWithError(wholes, model), &whole) < 0
        || !PyArg_ParseTuple(four, "dddd", &price.input, &price.output, &price.cached, &price.stored))
        return -1;
    int number = weeks_of(blocks, model, weeks);
    if (number < 0)
        return -1;
    of_model(&calls, &whole, weeks, number, &price, found);
    for (int field = 0; field < FIELDS; field++)
        mix[field] += found[field];
    return 0;
}

/* One week: its covered days, and a tuple of `traffic.Calls`; None: Python decides. */
static PyObject *week_of(PyObject *block, PyObject *blocks, PyObject *wholes, PyObject *prices)
{
    int covered;
    double mix[FIELDS] = {0};
    PyObject *calls;
    if (!PyArg_ParseTuple(block, "iO!", &covered, &PyTuple_Type, &calls))
        return NULL;
    if (covered < 1)
        return Py_NewRef(Py_None);
    for (Py_ssize_t at = 0; at < PyTuple_Size(calls); at++)
        if (add_calls(PyTuple_GetItem(calls, at), blocks, wholes, prices, mix) < 0)
            return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    PyObject *found = PyTuple_New(FIELDS);
    for (int field = 0; found && field < FIELDS; field++) {
        double value = mix[field] * (7.0 / covered);
        if (!isfinite(value)) {
            Py_DECREF(found);
            return Py_NewRef(Py_None);
        }
        if (PyTuple_SetItem(found, field, PyFloat_FromDouble(value)) < 0)
            Py_CLEAR(found);
    }
    return found;
}

PyObject *mixes(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *blocks, *wholes, *prices;
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyList_Type, &blocks, &PyDict_Type, &wholes, &PyDict_Type, &prices))
        return NULL;
    PyObject *found = PyList_New(0);
    for (Py_ssize_t at = 0; found && at < PyList_Size(blocks); at++) {
        PyObject *week = week_of(PyList_GetItem(blocks, at), blocks, wholes, prices);
        if (!week || week == Py_None) {
            Py_DECREF(found);
            return week;
        }
        if (PyList_Append(found, week) < 0)
            Py_CLEAR(found);
        Py_DECREF(week);
    }
    return found;
}

/* Forecasts of the past, and their errors: `methods.py` and `backtest.py` in C. Where Python would raise an error,
   None is returned, and Python raises it. */
#include "native.h"

#include "sums.h"

#define MOST_WEEKS 104 /* `weekly.LONGEST` */
#define TREND_WEEKS 13
#define WINDOW 4
#define FIRST 8
#define MOST 26
#define SHIFT_WEEKS 4
#define HORIZONS 3

static const int AHEAD[HORIZONS] = {4, 8, 13};

static int numbers(PyObject *list, double *values, int most)
{
    Py_ssize_t number = PyList_Check(list) ? PyList_Size(list) : -1;
    if (number < 0 || number > most)
        return -1;
    for (int at = 0; at < number; at++) {
        values[at] = PyFloat_AsDouble(PyList_GetItem(list, at));
        if (values[at] == -1 && PyErr_Occurred())
            PyErr_Clear();
        if (!isfinite(values[at]))
            return -1;
    }
    return (int)number;
}

static double middle(double *values, int number)
{
    for (int at = 1; at < number; at++) {
        double value = values[at];
        int place = at;
        for (; place > 0 && value < values[place - 1]; place--)
            values[place] = values[place - 1];
        values[place] = value;
    }
    return number % 2 ? values[number / 2] : (values[number / 2 - 1] + values[number / 2]) / 2;
}

/* `History.theil_sen`: the level and the slope from `start` to before `end`, which is at least two weeks later and at
   most TREND_WEEKS. */
static void trend(const double *logs, int start, int end, double *level, double *slope)
{
    double slopes[TREND_WEEKS * (TREND_WEEKS - 1) / 2], levels[TREND_WEEKS];
    int number = 0;
    for (int gap = 1; gap < end - start; gap++)
        for (int week = start; week + gap < end; week++)
            slopes[number++] = (logs[week + gap] - logs[week]) / gap;
    *slope = middle(slopes, number);
    for (int week = start; week < end; week++)
        levels[week - start] = logs[week] + *slope * (end - 1 - week);
    *level = middle(levels, end - start);
}

PyObject *theil_sen(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *list;
    int start, end;
    double logs[MOST_WEEKS], level, slope;
    if (!PyArg_ParseTuple(args, "Oii", &list, &start, &end))
        return NULL;
    int weeks = numbers(list, logs, MOST_WEEKS);
    if (start < 0 || end > weeks || end - start < 2 || end - start > TREND_WEEKS)
        Py_RETURN_NONE;
    trend(logs, start, end, &level, &slope);
    return Py_BuildValue("dd", level, slope);
}

static double middle_of_four(const double *values)
{
    double least = values[0], most = values[0];
    for (int at = 1; at < 4; at++) {
        least = values[at] < least ? values[at] : least;
        most = values[at] > most ? values[at] : most;
    }
    return (values[0] + values[1] + values[2] + values[3] - least - most) / 2;
}

/* The jump at a week, less what steady growth explains: `weekly.level_shifts`. */
static double jump_at(const double *logs, const double *middles, int week, double limit)
{
    double jump = middles[week] - middles[week - SHIFT_WEEKS], slopes[2 * (SHIFT_WEEKS - 1)];
    int number = 0;
    if (fabs(jump) <= limit)
        return jump;
    for (int start = week - SHIFT_WEEKS; start <= week; start += SHIFT_WEEKS)
        for (int at = start; at + 1 < start + SHIFT_WEEKS; at++)
            slopes[number++] = logs[at + 1] - logs[at];
    return jump - SHIFT_WEEKS * middle(slopes, number);
}

PyObject *jumps(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *list;
    double logs[MOST_WEEKS], middles[MOST_WEEKS], limit;
    if (!PyArg_ParseTuple(args, "Od", &list, &limit))
        return NULL;
    int weeks = numbers(list, logs, MOST_WEEKS);
    if (weeks < 0)
        Py_RETURN_NONE;
    for (int week = 0; week + SHIFT_WEEKS <= weeks; week++)
        middles[week] = middle_of_four(logs + week);
    PyObject *found = PyList_New(weeks + 1);
    for (int week = 0; found && week <= weeks; week++) {
        int is_between = week >= SHIFT_WEEKS && week + SHIFT_WEEKS <= weeks;
        double jump = is_between ? jump_at(logs, middles, week, limit) : 0.0;
        if (PyList_SetItem(found, week, PyFloat_FromDouble(jump)) < 0)
            Py_CLEAR(found);
    }
    return found;
}

/* The sums of what a method missed and of what the last week repeated would have, the median of the absolute errors
   and their mean: `backtest.score`. */
PyObject *scores(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *lists[2];
    double totals[MOST_WEEKS], errors[MOST], misses[MOST], naive[MOST], sizes[MOST];
    if (!PyArg_ParseTuple(args, "OO", lists, lists + 1))
        return NULL;
    int weeks = numbers(lists[0], totals, MOST_WEEKS), known = numbers(lists[1], errors, MOST);
    int last = weeks - WINDOW, origin = last - MOST + 1 > FIRST ? last - MOST + 1 : FIRST;
    if (weeks < 0 || known < 1 || known != last - origin + 1)
        Py_RETURN_NONE;
    for (int at = 0; at < known; at++, origin++) {
        double actual = exact_sum(totals + origin, WINDOW), factor = exp(errors[at]);
        if (factor == 0 || !isfinite(factor) || !isfinite(actual))
            Py_RETURN_NONE;
        misses[at] = fabs(actual - actual / factor);
        naive[at] = fabs(actual - WINDOW * totals[origin - 1]);
        sizes[at] = fabs(errors[at]);
        if (!isfinite(misses[at]) || !isfinite(naive[at]))
            Py_RETURN_NONE;
    }
    return Py_BuildValue("dddd", exact_sum(misses, known), exact_sum(naive, known), middle(sizes, known),
                         exact_sum(errors, known) / known);
}

/* Puts the errors at an origin into a tuple; NULL without an error: Python decides. */
static PyObject *errors_of(const double *totals, int weeks, int end, const double *foretold)
{
    double found[HORIZONS];
    int known = 0;
    for (; known < HORIZONS && end + AHEAD[known] <= weeks; known++) {
        double told = exact_sum(foretold + AHEAD[known] - WINDOW, WINDOW);
        double actual = exact_sum(totals + end + AHEAD[known] - WINDOW, WINDOW);
        double ratio = actual / told;
        if (told == 0 || !isfinite(told) || !isfinite(actual) || !isfinite(ratio) || ratio <= 0)
            return NULL;
        found[known] = log(ratio);
    }
    PyObject *errors = PyTuple_New(known);
    for (int at = 0; errors && at < known; at++)
        if (PyTuple_SetItem(errors, at, PyFloat_FromDouble(found[at])) < 0)
            Py_CLEAR(errors);
    return errors;
}

PyObject *backtest(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *lists[3], *shares;
    double totals[MOST_WEEKS], logs[MOST_WEEKS], shifts[MOST_WEEKS], damped[HORIZONS * WINDOW + 1];
    if (!PyArg_ParseTuple(args, "OOOO!", lists, lists + 1, lists + 2, &PyTuple_Type, &shares))
        return NULL;
    int weeks = numbers(lists[0], totals, MOST_WEEKS), shifted = numbers(lists[2], shifts, MOST_WEEKS);
    int longest = AHEAD[HORIZONS - 1];
    if (weeks < 0 || shifted < 0 || numbers(lists[1], logs, MOST_WEEKS) != weeks || PyTuple_Size(shares) != longest)
        Py_RETURN_NONE;
    for (int week = 0; week < longest; week++)
        damped[week] = PyFloat_AsDouble(PyTuple_GetItem(shares, week));
    if (PyErr_Occurred())
        return NULL;
    int last = weeks - WINDOW, origin = last - MOST + 1 > FIRST ? last - MOST + 1 : FIRST;
    PyObject *rate = PyList_New(0), *slope = PyList_New(0), *both = NULL;
    int is_sound = rate && slope;
    for (; is_sound && origin <= last; origin++) {
        double foretold[2][HORIZONS * WINDOW + 1], level, rise, start = 0;
        for (int at = 0; at < shifted; at++)
            if (shifts[at] + SHIFT_WEEKS + 1 <= origin && shifts[at] > start)
                start = shifts[at];
        int from = origin - TREND_WEEKS > (int)start ? origin - TREND_WEEKS : (int)start;
        if (from < 0 || origin - from < 2) {
            is_sound = 0;
            break;
        }
        trend(logs, from, origin, &level, &rise);
        double mean = exact_sum(totals + origin - WINDOW, WINDOW) / WINDOW;
        for (int week = 0; week < longest; week++) {
            foretold[0][week] = mean;
            foretold[1][week] = exp(level + rise * damped[week]);
        }
        PyObject *lines[2] = {rate, slope};
        for (int line = 0; is_sound && line < 2; line++) {
            PyObject *errors = errors_of(totals, weeks, origin, foretold[line]);
            is_sound = errors && PyList_Append(lines[line], errors) == 0;
            Py_XDECREF(errors);
        }
    }
    if (is_sound)
        both = Py_BuildValue("OO", rate, slope);
    else if (!PyErr_Occurred())
        both = Py_NewRef(Py_None);
    Py_XDECREF(rate);
    Py_XDECREF(slope);
    return both;
}

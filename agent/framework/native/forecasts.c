/* The forecast of one system: `forecast.py` and the modules beside it in C, the same operations in the same order.
   Where Python would raise an error, or does not get as far, None is returned, and Python decides. */
#include "native.h"

#include "sums.h"
#include "forecasts.h"

/* The sums of the last weeks of a list, as `weekly.weekly_totals`; a week has so many numbers in it. -1 where Python
   decides. */
static int weekly(PyObject *list, int each, double *totals)
{
    Py_ssize_t number = PyList_Size(list), weeks = number / each < MOST_WEEKS ? number / each : MOST_WEEKS;
    Py_ssize_t start = number - each * weeks;
    for (Py_ssize_t week = 0; week < weeks; week++) {
        double values[WEEK];
        for (int day = 0; day < each; day++) {
            values[day] = PyFloat_AsDouble(PyList_GetItem(list, start + each * week + day));
            if (!isfinite(values[day]) || (values[day] == -1 && PyErr_Occurred())) {
                PyErr_Clear();
                return -1;
            }
        }
        totals[week] = exact_sum(values, each);
        if (!isfinite(totals[week]))
            return -1;
    }
    return (int)weeks;
}

/* `weekly.log_totals`; -1 without any traffic. */
static int logarithms(const double *totals, int weeks, double *logs)
{
    double positive[MOST_WEEKS];
    int number = 0;
    for (int week = 0; week < weeks; week++)
        if (totals[week] > 0)
            positive[number++] = totals[week];
    if (!number)
        return -1;
    double floor = larger(0.01 * middle(positive, number), DBL_MIN);
    for (int week = 0; week < weeks; week++) {
        logs[week] = log(larger(totals[week], floor));
        if (!isfinite(logs[week]))
            return -1;
    }
    return 0;
}

/* The jump at a week, less what steady growth explains: `weekly._jumps`. */
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

/* `weekly.level_shifts`: how many weeks are put into `shifts`. */
static int level_shifts(const double *logs, int weeks, int *shifts)
{
    double middles[MOST_WEEKS], jumps[MOST_WEEKS + 1] = {0}, limit = log(1.5);
    int found = 0;
    for (int week = 0; week + SHIFT_WEEKS <= weeks; week++)
        middles[week] = middle_of_four(logs + week);
    for (int week = SHIFT_WEEKS; week + SHIFT_WEEKS <= weeks; week++)
        jumps[week] = jump_at(logs, middles, week, limit);
    for (int index = SHIFT_WEEKS; index < weeks;) {
        int end = index;
        while (fabs(jumps[end]) > limit && jumps[end] * jumps[index] > 0)
            end++;
        if (end - index >= 2) {
            int best = index;
            for (int week = index + 1; week < (end + 1 < weeks ? end + 1 : weeks); week++)
                if (fabs(logs[week] - logs[week - 1]) > fabs(logs[best] - logs[best - 1]))
                    best = week;
            shifts[found++] = best;
        }
        index = end > index + 1 ? end : index + 1;
    }
    return found;
}

/* `backtest.start_of_trend`. */
static int start_of_trend(const int *shifts, int shifted, int weeks)
{
    int start = 0;
    for (int at = 0; at < shifted; at++)
        if (shifts[at] + SHIFT_WEEKS + 1 <= weeks && shifts[at] > start)
            start = shifts[at];
    return start;
}

/* The forecast of the coming weeks from one origin on, by both methods: `methods.path`; -1 where Python decides. */
static int paths(const History *past, int end, const double *damped, int weeks, double *rate, double *trended)
{
    double level, slope, mean = exact_sum(past->totals + end - WINDOW, WINDOW) / WINDOW;
    int start = start_of_trend(past->shifts, past->shifted, end);
    int from = end - TREND_WEEKS > start ? end - TREND_WEEKS : start;
    if (end - from < 2)
        return -1;
    trend(past->logs, from, end, &level, &slope);
    for (int week = 0; week < weeks; week++) {
        rate[week] = mean;
        trended[week] = exp(level + slope * damped[week]);
        if (!isfinite(trended[week]))
            return -1;
    }
    return 0;
}

/* `backtest.errors` at one origin: how many are known, -1 where Python decides. */
static int errors_at(const History *past, int end, const double *foretold, double *errors)
{
    int known = 0;
    for (; known < HORIZONS && end + AHEAD[known] <= past->weeks; known++) {
        double told = exact_sum(foretold + AHEAD[known] - WINDOW, WINDOW);
        double actual = exact_sum(past->totals + end + AHEAD[known] - WINDOW, WINDOW);
        double ratio = actual / told;
        if (told == 0 || !isfinite(told) || !isfinite(actual) || !isfinite(ratio) || ratio <= 0)
            return -1;
        errors[known] = log(ratio);
    }
    return known;
}

/* `backtest.score`; -1 where Python decides. */
static int score(const History *past, Errors *errors)
{
    double misses[MOST], naive[MOST], sizes[MOST], first[MOST];
    for (int at = 0; at < errors->origins; at++) {
        int week = past->origin + at;
        double actual = exact_sum(past->totals + week, WINDOW), factor = exp(errors->of[at][0]);
        if (factor == 0 || !isfinite(factor) || !isfinite(actual))
            return -1;
        misses[at] = fabs(actual - actual / factor);
        naive[at] = fabs(actual - WINDOW * past->totals[week - 1]);
        first[at] = errors->of[at][0];
        sizes[at] = fabs(first[at]);
        if (!isfinite(misses[at]) || !isfinite(naive[at]))
            return -1;
    }
    double scale = exact_sum(naive, errors->origins);
    if (!errors->origins)
        return 0;
    errors->missed = exact_sum(misses, errors->origins);
    errors->is_scaled = scale > 0;
    if (errors->is_scaled)
        errors->missed /= scale;
    errors->size = middle(sizes, errors->origins);
    errors->bias = exact_sum(first, errors->origins) / errors->origins;
    return isfinite(errors->missed) && isfinite(errors->bias) ? 0 : -1;
}

/* `backtest.quantile` of the first `number` errors that reach so far ahead; -1: too few. */
static double quantile(const Errors *errors, int horizon, int number, double level)
{
    double sizes[MOST];
    int known = 0;
    for (int at = 0; at < number; at++)
        if (errors->known[at] > horizon)
            sizes[known++] = fabs(errors->of[at][horizon]);
    int rank = (int)ceil((known + 1) * level);
    if (rank > known)
        return -1;
    middle(sizes, known); /* sorts them */
    return sizes[rank - 1];
}

/* `backtest.coverage`: how many outcomes there are, and how many of them lie inside. */
static int coverage(const Errors *errors, double level, int *inside)
{
    int outcomes = 0;
    *inside = 0;
    for (int index = LEAST_FOR_COVERAGE + AHEAD[0] - 1; index < errors->origins; index++) {
        double width = quantile(errors, 0, index - AHEAD[0] + 1, level);
        if (width >= 0) {
            outcomes++;
            *inside += fabs(errors->of[index][0]) <= width;
        }
    }
    return outcomes;
}

/* `backtest.prolonged`. */
static void prolonged(double *values, int known)
{
    for (int at = known; at < HORIZONS; at++)
        values[at] = values[known - 1] * AHEAD[at] / AHEAD[known - 1];
}

/* `backtest.widths`; 0 without any. */
static int widths(const Errors *errors, double level, double *found)
{
    for (int at = 0; at < HORIZONS; at++) {
        double width = quantile(errors, at, errors->origins, level);
        if (width < 0) {
            if (at)
                prolonged(found, at);
            return at > 0;
        }
        found[at] = larger(width, at ? found[at - 1] : 0.0);
    }
    return 1;
}

/* `backtest.by_week`. */
static void by_week(const double *values, int weeks, double *found)
{
    static const int knots[HORIZONS + 1] = {0, 4, 8, 13};
    double corners[HORIZONS + 1] = {0, values[0], values[1], values[2]};
    for (int week = 0; week <= weeks; week++) {
        int left = week >= knots[2] ? 2 : week >= knots[1] ? 1 : 0;
        double share = (double)(week - knots[left]) / (knots[left + 1] - knots[left]);
        found[week] = corners[left] + (corners[left + 1] - corners[left]) * share;
    }
}

/* `crossing._day`; -1: never. */
static long day_of(const double *gaps, const double *errors, double sign, int weeks)
{
    double before = gaps[0] + sign * errors[0];
    if (before >= 0)
        return 0;
    for (int week = 0; week < weeks; week++) {
        double after = gaps[week + 1] + sign * errors[week + 1];
        if (after >= 0) {
            long days = (long)ceil(7 * before / (before - after));
            return 7 * week + (days > 1 ? days : 1);
        }
        before = after;
    }
    return -1;
}

/* `crossing.outlook`: three days, of which -1 is none, and the probability, of which -1 is unknown. */
static PyObject *outlook(PyObject *aim, const Told *told)
{
    double volume, sign, gaps[MOST_AHEAD + 1], goal;
    if (!PyArg_ParseTuple(aim, "dd", &sign, &volume))
        return NULL;
    if (!(volume > 0) || !isfinite(volume))
        return Py_NewRef(Py_None);
    goal = log(volume);
    for (int week = 0; week <= told->weeks; week++) {
        if (!(told->volumes[week] > 0))
            return Py_NewRef(Py_None);
        gaps[week] = sign * (log(told->volumes[week]) - goal);
    }
    int hits = 0;
    for (int at = 0; at < told->futures; at++) {
        int is_hit = 0;
        for (int week = 0; week <= told->weeks && !is_hit; week++)
            is_hit = gaps[week] + sign * told->future[at][week] >= 0;
        hits += is_hit;
    }
    long earliest = told->has_band ? day_of(gaps, told->band, 1.0, told->weeks) : -1;
    long latest = told->has_band ? day_of(gaps, told->band, -1.0, told->weeks) : -1;
    return Py_BuildValue("llld", day_of(gaps, gaps, 0.0, told->weeks), earliest, latest,
                         told->futures ? (double)hits / told->futures : -1.0);
}

static PyObject *list_of(const double *values, int number)
{
    PyObject *found = PyTuple_New(number);
    for (int at = 0; found && at < number; at++)
        if (PyTuple_SetItem(found, at, PyFloat_FromDouble(values[at])) < 0)
            Py_CLEAR(found);
    return found;
}

static PyObject *score_of(const Errors *errors)
{
    if (!errors->origins)
        return Py_BuildValue("OOO", Py_None, Py_None, Py_None);
    PyObject *missed = errors->is_scaled ? PyFloat_FromDouble(errors->missed) : Py_NewRef(Py_None);
    return missed ? Py_BuildValue("Ndd", missed, errors->size, errors->bias) : NULL;
}

/* The volumes now and after each week, as `forecast._volumes`; -1 where Python decides. */
static int volumes(const History *past, int is_trend, const double *damped, Told *told)
{
    double rate[MOST_AHEAD], trended[MOST_AHEAD], series[WINDOW + MOST_AHEAD];
    if (paths(past, past->weeks, damped, told->weeks, rate, trended) < 0)
        return -1;
    memcpy(series, past->totals + past->weeks - WINDOW, WINDOW * sizeof *series);
    memcpy(series + WINDOW, trended, (size_t)told->weeks * sizeof *series);
    for (int week = 0; week <= told->weeks; week++) {
        told->volumes[week] = exact_sum(series + (is_trend ? week : 0), WINDOW) * 487 / 448;
        if (!isfinite(told->volumes[week]))
            return -1;
    }
    return 0;
}

/* Works everything out but the outlooks; -1 where Python decides. */
static int foretell(History *past, const double *damped, double level, int minimum_weeks, int minimum_origins,
                    Errors errors[2], Told *told)
{
    double level_of[MOST_WEEKS];
    if (past->weeks < WINDOW || logarithms(past->totals, past->weeks, past->logs) < 0)
        return -1;
    memcpy(level_of, past->totals, (size_t)past->weeks * sizeof *level_of);
    told->monthly = exact_sum(past->totals + past->weeks - WINDOW, WINDOW) * 487 / 448;
    if (!isfinite(told->monthly))
        return -1;
    for (int week = 0; week < past->weeks; week++)
        past->totals[week] = larger(level_of[week], exp(past->logs[week]));
    past->shifted = level_shifts(past->logs, past->weeks, past->shifts);
    int last = past->weeks - WINDOW;
    past->origin = last - MOST + 1 > FIRST ? last - MOST + 1 : FIRST;
    for (int at = 0; past->origin + at <= last; at++) {
        double rate[MOST_AHEAD], trended[MOST_AHEAD];
        if (paths(past, past->origin + at, damped, AHEAD[HORIZONS - 1], rate, trended) < 0)
            return -1;
        for (int method = 0; method < 2; method++) {
            errors[method].known[at] = errors_at(past, past->origin + at, method ? trended : rate,
                                                 errors[method].of[at]);
            if (errors[method].known[at] < 0)
                return -1;
            errors[method].origins = at + 1;
        }
    }
    if (score(past, errors) < 0 || score(past, errors + 1) < 0)
        return -1;
    told->is_trend = past->weeks >= minimum_weeks && errors[0].is_scaled && errors[1].is_scaled
                     && errors[1].missed < errors[0].missed;
    const Errors *chosen = errors + told->is_trend;
    told->start = start_of_trend(past->shifts, past->shifted, past->weeks);
    told->outcomes = coverage(chosen, level, &told->inside);
    told->has_band = widths(chosen, level, told->widths);
    if (told->has_band)
        by_week(told->widths, told->weeks, told->band);
    if (chosen->origins >= minimum_origins)
        for (told->futures = 0; told->futures < chosen->origins; told->futures++) {
            double values[HORIZONS];
            memcpy(values, chosen->of[told->futures], sizeof values);
            prolonged(values, chosen->known[told->futures]);
            by_week(values, told->weeks, told->future[told->futures]);
        }
    return volumes(past, told->is_trend, damped, told);
}

static PyObject *outlooks(PyObject *aims, const Told *told)
{
    PyObject *found = PyList_New(0);
    for (Py_ssize_t at = 0; found && at < PyList_Size(aims); at++) {
        PyObject *one = outlook(PyList_GetItem(aims, at), told);
        if (!one || one == Py_None) {
            Py_DECREF(found);
            return one;
        }
        if (PyList_Append(found, one) < 0)
            Py_CLEAR(found);
        Py_DECREF(one);
    }
    return found;
}

PyObject *forecast(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *list, *shares, *aims;
    double damped[MOST_AHEAD], level;
    int each, horizon, minimum_weeks, minimum_origins;
    if (!PyArg_ParseTuple(args, "O!iO!O!idii", &PyList_Type, &list, &each, &PyList_Type, &aims, &PyTuple_Type, &shares,
                          &horizon, &level, &minimum_weeks, &minimum_origins))
        return NULL;
    Py_ssize_t ahead = PyTuple_Size(shares);
    if (each < 1 || each > WEEK || horizon < 1 || ahead < horizon || ahead < AHEAD[HORIZONS - 1] || ahead > MOST_AHEAD || !(level > 0)
        || level > 1)
        Py_RETURN_NONE;
    for (int week = 0; week < ahead; week++)
        damped[week] = PyFloat_AsDouble(PyTuple_GetItem(shares, week));
    if (PyErr_Occurred())
        return NULL;
    History past = {.shifted = 0};
    Errors errors[2] = {{.origins = 0}, {.origins = 0}};
    Told told = {.weeks = horizon};
    past.weeks = weekly(list, each, past.totals);
    if (past.weeks < 0
        || foretell(&past, damped, level, minimum_weeks, minimum_origins, errors, &told) < 0)
        Py_RETURN_NONE;
    PyObject *found = outlooks(aims, &told);
    if (!found || found == Py_None)
        return found;
    return Py_BuildValue("iid(NN)iiiiNNN", told.is_trend, past.weeks, told.monthly, score_of(errors),
                         score_of(errors + 1), errors[told.is_trend].origins, told.inside, told.outcomes, told.start,
                         told.has_band ? list_of(told.widths, HORIZONS) : Py_NewRef(Py_None),
                         list_of(told.volumes, told.weeks + 1), found);
}

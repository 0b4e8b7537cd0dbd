/* What each strategy costs in the draws, summed up, and how far each input moves the saving: `drawn.py` and
   `assess.py` in C. Where Python would raise an error, None is returned, and Python raises it. */
#include "native.h"

#include "costs.h"

#define DRAWS 256
#define TENTH (DRAWS / 10)
#define EVERY 4
#define CROSSINGS (DRAWS / EVERY)
#define FIELDS 7 /* of `mix.Mix` */
#define WEEKS 4
#define MOST_INSTANCES 1e12

static const double MONTH_HOURS = 30.4375 * 24, MONTH_SECONDS = 30.4375 * 86400;

static double bounded(double value)
{
    return larger(value < MOST_INSTANCES ? value : MOST_INSTANCES, -MOST_INSTANCES);
}

/* `breakeven.always_from`: 1 and the volume, 0 for none, -1 where Python decides. */
static int always_from(const Line *line, double *volume)
{
    double slope = line->prompted - line->tuned, fixed = line->fixed, step = line->step, unit = line->unit;
    if (!isfinite(slope) || !isfinite(fixed) || !isfinite(step))
        return -1;
    if (step == 0 || unit == INFINITY) {
        fixed -= step * line->least;
        if (slope > 0)
            *volume = larger(-fixed / slope, 0.0);
        else if (fixed <= 0 || slope != 0)
            return 0;
        else
            *volume = 0.0;
        return isfinite(*volume) ? 1 : -1;
    }
    double saved = slope * unit, least = larger(line->least, 1.0);
    if (!isfinite(saved))
        return -1;
    if (slope <= 0)
        return 0;
    if (saved <= step) {
        double loss = step - saved;
        if (fixed <= loss * least || loss != 0 || fixed < step)
            return 0;
        *volume = larger((step * least - fixed) / slope, 0.0);
    } else {
        double gain = saved - step;
        double first = larger(least, floor(bounded(-fixed / gain)) + 1);
        double lasting = larger(first, ceil(bounded((saved - fixed) / gain)) - 1);
        *volume = larger((step * lasting - fixed) / slope, 0.0);
    }
    return isfinite(*volume) ? 1 : -1;
}

/* The value that has so many before it when `number` values are sorted, which puts some of them in another order
   (Hoare's selection). */
static double smallest(double *values, int number, int place)
{
    int left = 0, right = number - 1;
    while (left < right) {
        double middle = values[place];
        int up = left, down = right;
        do {
            while (values[up] < middle)
                up++;
            while (middle < values[down])
                down--;
            if (up <= down) {
                double value = values[up];
                values[up++] = values[down];
                values[down--] = value;
            }
        } while (up <= down);
        if (down < place)
            left = up;
        if (place < up)
            right = down;
    }
    return values[place];
}

/* `scenario.each_of`. */
static Each each_of(const double *mix, const Terms *terms)
{
    double tries = terms->tries / mix[0], tuned = terms->tuned_tries / mix[0];
    Each each = {mix[1] * tries, mix[2] * tries, mix[3] * tuned, mix[4] * tuned, mix[5] * tuned, mix[6] * tuned};
    return each;
}

#define SHARES 6
#define UPKEEP 12

/* `scenario.upkeep`; -1 where Python decides. */
static int upkeep(const double *v, Upkeep *kept)
{
    double run = v[0] + v[2], retrains = v[4], life = v[5];
    if (life == 0 || !isfinite(v[11]))
        return -1;
    kept->prompts = v[6] * v[7];
    kept->operations = v[3];
    kept->training = (run + v[1]) / life + larger(retrains, 1 / life) * run;
    kept->instance = v[8] * MONTH_HOURS;
    kept->served = v[9] * v[10] * MONTH_SECONDS;
    kept->least = nearbyint(v[11]);
    return 0;
}

typedef struct { /* an input: a value for each draw, or one for all */
    const double *values;
    int every; /* 1, or 0 */
    double same;
} Input;

#define INPUTS (SHARES + UPKEEP + 1) /* the last one is the share of a hybrid */

typedef struct {
    double costs[3][DRAWS], volumes[DRAWS], crossings[CROSSINGS];
    int known; /* crossings */
    int none;  /* of the draws that were looked at and have none */
} Drawn;

/* `drawn.costs_drawn`; -1 where Python decides. */
static int draw(double columns[FIELDS][WEEKS], unsigned start, unsigned step, double scale, const Terms *terms,
                const Input *inputs, Drawn *found)
{
    double value[INPUTS];
    Upkeep kept;
    for (unsigned index = 0; index < DRAWS; index++) {
        unsigned ways = (start + step * index) % DRAWS;
        double often[WEEKS] = {0}, mix[FIELDS];
        for (int digit = 0; digit < WEEKS; digit++, ways /= WEEKS)
            often[ways % WEEKS] += 1;
        for (int field = 0; field < FIELDS; field++) {
            const double *week = columns[field];
            mix[field] = week[0] * often[0] + week[1] * often[1] + week[2] * often[2] + week[3] * often[3];
        }
        for (int input = 0; input < INPUTS; input++)
            value[input] = inputs[input].values[inputs[input].every * index];
        if (upkeep(value + SHARES, &kept) < 0)
            return -1;
        Shares share = {value[0], value[1], value[2], value[3], value[4], value[5]};
        double part = value[INPUTS - 1], volume = mix[0] * scale, fixed = kept.operations + kept.training;
        Tokens tokens = {0, 0, 0};
        int is_any = mix[0] > 0;
        if (is_any) {
            Each each = each_of(mix, terms);
            tokens = token_costs(&each, &share, terms);
        }
        double before = volume * tokens.prompted, after, mixed;
        if (terms->dedicated) {
            double unit = tokens.tokens > 0 ? kept.served / tokens.tokens : INFINITY;
            if (!can_divide(volume, unit) || !can_divide(part * volume, unit))
                return -1;
            after = fixed + kept.instance * larger(kept.least, ceil(volume / unit));
            mixed = fixed + kept.instance * larger(kept.least, ceil(part * volume / unit));
        } else {
            double billed = volume * tokens.tuned;
            after = billed + fixed;
            mixed = part * billed + fixed;
        }
        found->volumes[index] = volume;
        found->costs[0][index] = before + kept.prompts;
        found->costs[1][index] = (1 - part) * before + kept.prompts + mixed;
        found->costs[2][index] = after;
        if (!isfinite(found->costs[0][index]) || !isfinite(found->costs[1][index]) || !isfinite(after))
            return -1;
        if (index % EVERY == 0 && is_any) {
            Line line = line_of(&tokens, &kept, terms);
            switch (always_from(&line, found->crossings + found->known)) {
            case 1: found->known++; break;
            case 0: found->none++; break;
            default: return -1;
            }
        }
    }
    return 0;
}

static PyObject *ranked(Drawn *found, int place)
{
    if (place < found->known)
        return PyFloat_FromDouble(smallest(found->crossings, found->known, place));
    Py_RETURN_NONE;
}

static PyObject *sums(Drawn *found, int before, int after, double hair)
{
    double savings[DRAWS] = {0};
    int mixed = 0, tuned = 0, saved = 0;
    for (int index = 0; index < DRAWS; index++) {
        mixed += found->costs[1][index] < found->costs[0][index];
        tuned += found->costs[2][index] < found->costs[0][index];
        savings[index] = found->costs[before][index] - found->costs[after][index];
        saved += savings[index] > hair;
    }
    int all = found->known + found->none, tenth = all / 10, last = DRAWS - 1 - TENTH;
    double least = smallest(found->volumes, DRAWS, TENTH), most = smallest(found->volumes, DRAWS, last);
    double low = smallest(savings, DRAWS, TENTH), high = smallest(savings, DRAWS, last);
    return Py_BuildValue("ddddNNNddd", mixed / (double)DRAWS, tuned / (double)DRAWS, least, most,
                         ranked(found, tenth), ranked(found, all / 2), ranked(found, all ? all - 1 - tenth : 0), low,
                         high, saved / (double)DRAWS);
}

/* Reads the inputs; the views of those that are not NULL are held. */
static int take(PyObject *told, Input *inputs, Py_buffer *views)
{
    if (PyTuple_Size(told) != INPUTS) {
        PyErr_SetString(PyExc_ValueError, "every input");
        return -1;
    }
    for (int at = 0; at < INPUTS; at++) {
        PyObject *one = PyTuple_GetItem(told, at);
        if (!PyObject_CheckBuffer(one)) {
            inputs[at].same = PyFloat_AsDouble(one);
            if (inputs[at].same == -1 && PyErr_Occurred())
                return -1;
            inputs[at].values = &inputs[at].same;
            inputs[at].every = 0;
            continue;
        }
        if (PyObject_GetBuffer(one, views + at, PyBUF_SIMPLE) < 0)
            return -1;
        if (views[at].len != DRAWS * (Py_ssize_t)sizeof(double)) {
            PyErr_SetString(PyExc_ValueError, "a value for each draw");
            return -1;
        }
        inputs[at].values = views[at].buf;
        inputs[at].every = 1;
    }
    return 0;
}

PyObject *drawn(PyObject *Py_UNUSED(module), PyObject *args)
{
    double columns[FIELDS][WEEKS], scale, hair;
    unsigned long long start, step;
    Terms terms;
    Input inputs[INPUTS];
    Py_buffer views[INPUTS] = {{0}};
    PyObject *given, *told = NULL;
    int before, after;
#define WEEK "(dddd)"
#define TOLD(field) columns[field], columns[field] + 1, columns[field] + 2, columns[field] + 3
    if (!PyArg_ParseTuple(args, "(" WEEK WEEK WEEK WEEK WEEK WEEK WEEK ")KKd(ppppdddd)O!iid", TOLD(0), TOLD(1),
                          TOLD(2), TOLD(3), TOLD(4), TOLD(5), TOLD(6), &start, &step, &scale, &terms.dedicated,
                          &terms.own, &terms.own_calls, &terms.own_attempts, &terms.input, &terms.output, &terms.tries,
                          &terms.tuned_tries, &PyTuple_Type, &given, &before, &after, &hair))
        return NULL;
    Drawn found = {.known = 0};
    if (before < 0 || before > 2 || after < 0 || after > 2)
        PyErr_SetString(PyExc_ValueError, "two strategies");
    else if (take(given, inputs, views) == 0) {
        if (draw(columns, (unsigned)(start % DRAWS), (unsigned)(step % DRAWS), scale, &terms, inputs, &found) < 0)
            told = Py_NewRef(Py_None);
        else
            told = sums(&found, before, after, hair);
    }
    for (int at = 0; at < INPUTS; at++)
        if (views[at].obj)
            PyBuffer_Release(views + at);
    return told;
}

PyObject *swings(PyObject *Py_UNUSED(module), PyObject *args)
{
    Each each;
    Terms terms;
    double volume, values[SHARES + UPKEEP];
    PyObject *likely, *ends;
    if (!PyArg_ParseTuple(args, "(dddddd)(ppppdddd)dO!O!", &each.prompted, &each.by_cached_share, &each.entered,
                          &each.fixed_part, &each.unmeasured, &each.written, &terms.dedicated, &terms.own,
                          &terms.own_calls, &terms.own_attempts, &terms.input, &terms.output, &terms.tries,
                          &terms.tuned_tries, &volume, &PyTuple_Type, &likely, &PyList_Type, &ends))
        return NULL;
    if (PyTuple_Size(likely) != SHARES + UPKEEP) {
        PyErr_SetString(PyExc_ValueError, "the likely value of every input");
        return NULL;
    }
    for (int at = 0; at < SHARES + UPKEEP; at++) {
        values[at] = PyFloat_AsDouble(PyTuple_GetItem(likely, at));
        if (values[at] == -1 && PyErr_Occurred())
            return NULL;
    }
    Py_ssize_t number = PyList_Size(ends);
    PyObject *found = PyList_New(number);
    for (Py_ssize_t index = 0; found && index < number; index++) {
        int at;
        double value, was, saving;
        Upkeep kept = {0};
        if (!PyArg_ParseTuple(PyList_GetItem(ends, index), "id", &at, &value)) {
            Py_CLEAR(found);
            break;
        }
        at = at >= 0 && at < SHARES + UPKEEP ? at : -1;
        was = at < 0 ? 0 : values[at];
        if (at >= 0)
            values[at] = value;
        Shares share = {values[0], values[1], values[2], values[3], values[4], values[5]};
        int refused = upkeep(values + SHARES, &kept) < 0;
        if (at >= 0)
            values[at] = was;
        Tokens costs = token_costs(&each, &share, &terms);
        Line line = line_of(&costs, &kept, &terms);
        saving = volume * (line.prompted - line.tuned) + line.fixed;
        if (!refused && line.step != 0) {
            refused = !can_divide(volume, line.unit);
            saving -= line.step * larger(line.least, refused ? 0 : ceil(volume / line.unit));
        }
        if (refused || !isfinite(saving)) {
            Py_DECREF(found);
            Py_RETURN_NONE;
        }
        if (PyList_SetItem(found, index, PyFloat_FromDouble(saving)) < 0)
            Py_CLEAR(found);
    }
    return found;
}

#include "tally.h"

static void forget_cells(Tally *self)
{
    self->cells_count = 0;
    self->round++;
    if (self->by_cell.at)
        memset(self->by_cell.at, 0, (self->by_cell.mask + 1) * sizeof *self->by_cell.at);
    self->by_cell.used = 0;
}

static void forget_index(Index *index)
{
    free(index->at);
    *index = (Index){0};
}

static void forget_chunk(Tally *self)
{
    self->counted = self->repeated = self->skipped = self->filtered = self->passed = self->nothing = 0;
    self->refused_count = self->left_out_count = 0;
    self->chunk++;
}

static PyObject *Tally_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    unsigned long long salt;
    if (!PyArg_ParseTuple(args, "K", &salt))
        return NULL;
    Tally *self = (Tally *)PyType_GenericAlloc(type, 0);
    if (!self)
        return NULL;
    self->salt = salt;
    self->round = self->chunk = 1;
    self->nowhere.verdict = IS_ODD;
    return (PyObject *)self;
}

static void Tally_dealloc(Tally *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free(self->by_time.at);
    free(self->by_place.at);
    free(self->by_cell.at);
    free(self->times);
    free(self->places);
    free(self->texts);
    free(self->lengths);
    free(self->cells);
    free(self->refused);
    free(self->left_out);
    PyObject_Free(self);
    Py_DECREF(type); /* every object holds its type */
}

static PyObject *time_given(const Time *time)
{
    if (time->number)
        return PyLong_FromLongLong(time->given);
    /* Not by a format with lengths, which a helper built with a newer Python gives to 3.11 in another way. */
    return Py_BuildValue("(NN)", PyUnicode_FromStringAndSize((const char *)time->text, sizeof time->text),
                         PyUnicode_FromStringAndSize((const char *)time->zone, time->zone_length));
}

static PyObject *Tally_count(Tally *self, PyObject *args)
{
    Scan *scan;
    Py_buffer data;
    Py_ssize_t start;
    long long limit;
    PyObject *seen, *before, *calls, *open = Py_None;
    int tells_passed = 1;
    if (!PyArg_ParseTuple(args, "O!y*nLOOO!|iO", ScanType, &scan, &data, &start, &limit, &seen, &before, IdsType, &calls,
                          &tells_passed, &open))
        return NULL;
    self->tells_passed = tells_passed;
    enum stop stop = DONE;
    size_t first = (size_t)start, behind = 0;
    if ((seen != Py_None && !PyObject_TypeCheck(seen, IdsType)) ||
        (before != Py_None && !PyObject_TypeCheck(before, IdsType)) ||
        (open != Py_None && !PyObject_TypeCheck(open, IdsType))) {
        PyBuffer_Release(&data);
        PyErr_SetString(PyExc_TypeError, "ids are Ids or None");
        return NULL;
    }
    Ids *ids = seen == Py_None ? NULL : (Ids *)seen;
    Ids *older = before == Py_None ? NULL : (Ids *)before;
    Ids *known = open == Py_None ? NULL : (Ids *)open;
    Py_BEGIN_ALLOW_THREADS
    stop = tally_count(self, scan, data.buf, limit, ids, older, (Ids *)calls, known, &first, &behind);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&data);
    if (stop == NO_MEMORY)
        return PyErr_NoMemory();
    PyObject *given = stop == NEW_TIME ? time_given(&self->times[behind]) : Py_NewRef(Py_None);
    return given ? Py_BuildValue("(innN)", (int)stop, (Py_ssize_t)first, (Py_ssize_t)behind, given) : NULL;
}

static PyObject *Tally_check(Tally *self, PyObject *args)
{
    Scan *scan;
    Py_buffer data, calls;
    Py_ssize_t start;
    long long limit;
    if (!PyArg_ParseTuple(args, "O!y*nLw*", ScanType, &scan, &data, &start, &limit, &calls))
        return NULL;
    enum stop stop = ODD_LINES;
    size_t first = (size_t)start, behind = 0;
    if ((size_t)calls.len >= scan->count)
        stop = tally_check(self, scan, data.buf, limit, calls.buf, &first, &behind);
    PyBuffer_Release(&data);
    PyBuffer_Release(&calls);
    if (stop == NO_MEMORY)
        return PyErr_NoMemory();
    PyObject *given = stop == NEW_TIME ? time_given(&self->times[behind]) : Py_NewRef(Py_None);
    return given ? Py_BuildValue("(innN)", (int)stop, (Py_ssize_t)first, (Py_ssize_t)behind, given) : NULL;
}

static PyObject *Tally_time(Tally *self, PyObject *number)
{
    Py_ssize_t at = PyLong_AsSsize_t(number);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    if (at < 0 || (size_t)at >= self->times_count) {
        PyErr_SetString(PyExc_IndexError, "no such time");
        return NULL;
    }
    return time_given(&self->times[at]);
}

static PyObject *Tally_set_time(Tally *self, PyObject *args)
{
    Py_ssize_t at;
    int verdict, day, slot, call_slot;
    long long minute;
    if (!PyArg_ParseTuple(args, "niLiii", &at, &verdict, &minute, &day, &slot, &call_slot))
        return NULL;
    if (at < 0 || (size_t)at >= self->times_count) {
        PyErr_SetString(PyExc_IndexError, "no such time");
        return NULL;
    }
    Time *time = &self->times[at];
    time->verdict = (enum verdict)verdict;
    time->minute = minute;
    time->day = day;
    time->slot = slot;
    time->call_slot = call_slot;
    return Py_NewRef(Py_None);
}

static PyObject *Tally_set_place(Tally *self, PyObject *args)
{
    Py_ssize_t at;
    int verdict, outcome, judged[3], parts = INSIDE;
    _Static_assert(JUDGED == 3, "as many as are taken here");
    unsigned int group, kept = UINT32_MAX;
    unsigned long long seed, id_seed, trace_seed, call_seed = 0;
    int is_rows = 0;
    PyObject *suffix = NULL;
    if (!PyArg_ParseTuple(args, "niIiKKK(iii)|IO!iiK", &at, &verdict, &group, &outcome, &seed, &id_seed, &trace_seed,
                          &judged[0], &judged[1], &judged[2], &kept, &PyBytes_Type, &suffix, &parts, &is_rows,
                          &call_seed))
        return NULL;
    if (at < 0 || (size_t)at >= self->places_count) {
        PyErr_SetString(PyExc_IndexError, "no such place");
        return NULL;
    }
    Place *place = &self->places[at];
    place->verdict = (enum verdict)verdict;
    place->group = group;
    place->outcome = (enum outcome)outcome;
    place->seed = seed;
    place->id_seed = id_seed;
    place->trace_seed = trace_seed;
    place->kept = kept;
    place->parts = (enum parts)parts;
    place->is_rows = is_rows;
    place->call_seed = call_seed;
    char *text = NULL;
    Py_ssize_t length = 0;
    if (suffix && PyBytes_AsStringAndSize(suffix, &text, &length) < 0)
        return NULL;
    if (length > LONGEST_SUFFIX) {
        PyErr_SetString(PyExc_ValueError, "a suffix is short");
        return NULL;
    }
    if (length && place_suffix(self, place, (const uint8_t *)text, (size_t)length) < 0)
        return PyErr_NoMemory();
    for (int at_judged = 0; at_judged < JUDGED; at_judged++)
        place->judged[at_judged] = (int8_t)judged[at_judged];
    return Py_NewRef(Py_None);
}

static PyObject *Tally_chunk(Tally *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *refused = PyList_New((Py_ssize_t)self->refused_count);
    PyObject *left_out = PyList_New((Py_ssize_t)self->left_out_count);
    for (size_t at = 0; refused && left_out && at < self->refused_count; at++) {
        PyObject *pair = Py_BuildValue("(II)", self->refused[at].line, self->refused[at].place);
        if (!pair)
            Py_CLEAR(refused);
        else
            PyList_SetItem(refused, (Py_ssize_t)at, pair);
    }
    for (size_t at = 0; refused && left_out && at < self->left_out_count; at++) {
        PyObject *time = PyLong_FromUnsignedLong(self->left_out[at]);
        if (!time)
            Py_CLEAR(left_out);
        else
            PyList_SetItem(left_out, (Py_ssize_t)at, time);
    }
    if (!refused || !left_out) {
        Py_XDECREF(refused);
        Py_XDECREF(left_out);
        return NULL;
    }
    PyObject *result = Py_BuildValue("(KKKKKKNN)", self->counted, self->repeated, self->skipped, self->filtered,
                                     self->passed, self->nothing, refused, left_out);
    forget_chunk(self);
    return result;
}

static PyObject *newest_of(const Time *time)
{
    if (!time->counted)
        return Py_NewRef(Py_None);
    if (time->number)
        return PyLong_FromLongLong(time->newest_micros);
    return PyUnicode_DecodeASCII((const char *)time->newest, time->newest_length, NULL);
}

/* Equal sums of a cell are one object, as most are zero, or the same number of calls or tokens. */
static PyObject *sums_of(const Cell *cell, PyObject *zero)
{
    PyObject *sums = PyList_New(WIDTH);
    for (int at = 0; sums && at < WIDTH; at++) {
        PyObject *sum = cell->sums[at] == 0 ? Py_NewRef(zero) : NULL;
        for (int before = 0; !sum && before < at; before++)
            if (cell->sums[before] == cell->sums[at])
                sum = Py_NewRef(PyList_GetItem(sums, before));
        if (!sum && !(sum = PyFloat_FromDouble(cell->sums[at])))
            Py_CLEAR(sums);
        else
            PyList_SetItem(sums, at, sum);
    }
    return sums;
}

static PyObject *Tally_take(Tally *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *cells = PyList_New(0), *times = PyList_New(0), *zero = PyFloat_FromDouble(0);
    if (!zero)
        Py_CLEAR(cells);
    for (size_t at = 0; cells && times && at < self->cells_count; at++) {
        const Cell *cell = &self->cells[at];
        PyObject *entry = Py_BuildValue("(IIiN)", cell->group, cell->size, cell->day, sums_of(cell, zero));
        if (!entry || PyList_Append(cells, entry) < 0)
            Py_CLEAR(cells);
        Py_XDECREF(entry);
    }
    Py_XDECREF(zero);
    for (size_t at = 0; cells && times && at < self->times_count; at++) {
        if (!self->times[at].touched)
            continue;
        PyObject *newest = newest_of(&self->times[at]);
        PyObject *entry = newest ? Py_BuildValue("(niLN)", (Py_ssize_t)at, self->times[at].day,
                                                 (long long)self->times[at].minute, newest)
                                 : NULL;
        if (!entry || PyList_Append(times, entry) < 0)
            Py_CLEAR(times);
        Py_XDECREF(entry);
    }
    if (!cells || !times) {
        Py_XDECREF(cells);
        Py_XDECREF(times);
        return NULL;
    }
    for (size_t at = 0; at < self->times_count; at++)
        self->times[at].touched = self->times[at].counted = 0;
    forget_cells(self);
    return Py_BuildValue("(NN)", cells, times);
}

static PyObject *Tally_clear(Tally *self, PyObject *Py_UNUSED(ignored))
{
    forget_cells(self);
    forget_chunk(self);
    for (size_t at = 0; at < self->times_count; at++)
        self->times[at].touched = self->times[at].counted = 0;
    return Py_NewRef(Py_None);
}

static PyObject *Tally_ask_again(Tally *self, PyObject *Py_UNUSED(ignored))
{
    for (size_t at = 0; at < self->times_count; at++)
        self->times[at].verdict = ASKED;
    return Py_NewRef(Py_None);
}

static PyObject *Tally_forget(Tally *self, PyObject *Py_UNUSED(ignored))
{
    if (self->cells_count) {
        PyErr_SetString(PyExc_ValueError, "counts are still to be taken");
        return NULL;
    }
    forget_index(&self->by_time);
    forget_index(&self->by_place);
    self->times_count = self->places_count = self->texts_count = self->lengths_count = 0;
    return Py_NewRef(Py_None);
}

static PyObject *Tally_sizes(Tally *self, PyObject *Py_UNUSED(ignored))
{
    return Py_BuildValue("(nnnn)", (Py_ssize_t)self->cells_count, (Py_ssize_t)self->times_count,
                         (Py_ssize_t)self->places_count, (Py_ssize_t)self->texts_count);
}

static PyMethodDef methods[] = {
    {"count", (PyCFunction)Tally_count, METH_VARARGS, "Count records from one on; why it stopped, where, and at which new time."},
    {"check", (PyCFunction)Tally_check, METH_VARARGS, "See whether records from one on can all be counted, and which of them are calls; why it stopped, as `count`."},
    {"time", (PyCFunction)Tally_time, METH_O, "A time as it was given: minute and zone as texts, or a number of minutes."},
    {"set_time", (PyCFunction)Tally_set_time, METH_VARARGS, "Say what a time means."},
    {"set_place", (PyCFunction)Tally_set_place, METH_VARARGS, "Say where records with these names are counted."},
    {"chunk", (PyCFunction)Tally_chunk, METH_NOARGS, "What became of records since the last call."},
    {"take", (PyCFunction)Tally_take, METH_NOARGS, "The sums since the last call, and the times that were seen."},
    {"clear", (PyCFunction)Tally_clear, METH_NOARGS, "Drop the sums."},
    {"ask_again", (PyCFunction)Tally_ask_again, METH_NOARGS, "Ask anew what each time means."},
    {"forget", (PyCFunction)Tally_forget, METH_NOARGS, "Forget all times and places, when no sums are there."},
    {"sizes", (PyCFunction)Tally_sizes, METH_NOARGS, "Numbers of cells, times and places, and bytes of the names of places."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Sums of plain records by group and day. What a time or a name means is asked of the caller, once."},
    {Py_tp_new, Tally_new},
    {Py_tp_dealloc, Tally_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec TallySpec = {
    .name = "leverwatch.collectors.aggregation._native.Tally",
    .basicsize = sizeof(Tally),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

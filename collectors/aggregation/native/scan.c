#include "csv.h"

#include "paths.h"
#include "text.h"

static PyObject *Scan_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *paths, *filter = NULL;
    int declared = 0, parts = AS_TOLD, by_id = 0, text_time = 0;
    double latency_in = 1;
    if (!PyArg_ParseTuple(args, "O!|iiiidO!", &PyTuple_Type, &paths, &declared, &parts, &by_id, &text_time, &latency_in,
                          &PyTuple_Type, &filter))
        return NULL;
    Scan *self = (Scan *)PyType_GenericAlloc(type, 0);
    if (!self)
        return NULL;
    self->paths = Py_NewRef(paths);
    memset(self->column, -1, sizeof self->column);
    self->declared = declared & 1;
    self->unwrapped = declared >> 1 & 1;
    self->by_line = declared >> 2 & 1;
    self->parts = (enum parts)parts;
    self->by_id = by_id;
    self->text_time = text_time;
    self->latency_in = latency_in;
    if (!(self->root = PyMem_Calloc(1, sizeof(Node)))) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t at = 0; at < PyTuple_Size(paths); at++) {
        PyObject *path;
        int role, rank = 0;
        if (!PyArg_ParseTuple(PyTuple_GetItem(paths, at), "O!i|i", &PyTuple_Type, &path, &role, &rank) ||
            add_path(self, path, role, rank) < 0) {
            Py_DECREF(self);
            return NULL;
        }
    }
    self->filter = filter ? Py_NewRef(filter) : NULL;
    for (Py_ssize_t at = 0; filter && at < PyTuple_Size(filter); at++)
        if (add_test(self, PyTuple_GetItem(filter, at)) < 0) {
            Py_DECREF(self);
            return NULL;
        }
    return (PyObject *)self;
}

static void columns_free(Scan *self)
{
    if (self->columns)
        PyMem_Free(self->columns->key);
    PyMem_Free(self->columns);
    self->columns = NULL;
}

static void Scan_dealloc(Scan *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    node_free(self->root);
    text_free(self->text);
    free(self->records);
    free(self->tokens);
    free(self->values);
    columns_free(self);
    for (int test = 0; test < self->tests; test++)
        PyMem_Free(self->test[test].text);
    Py_XDECREF(self->filter);
    Py_XDECREF(self->paths);
    PyObject_Free(self);
    Py_DECREF(type); /* every object holds its type */
}

/* The columns of a table: its delimiter and quote (empty: none), whether only numbers without signs are plain, the
   roles of numbers that every row has, the number of columns, and the places of those that are asked for. */
static PyObject *Scan_set_columns(Scan *self, PyObject *args)
{
    int digits, width;
    char *signs[2], *name;
    Py_ssize_t lengths[2], length;
    PyObject *delimiter, *quote, *needs, *places;
    if (!PyArg_ParseTuple(args, "O!O!iO!iO!", &PyBytes_Type, &delimiter, &PyBytes_Type, &quote, &digits, &PyTuple_Type,
                          &needs, &width, &PyTuple_Type, &places) ||
        PyBytes_AsStringAndSize(delimiter, &signs[0], &lengths[0]) < 0 ||
        PyBytes_AsStringAndSize(quote, &signs[1], &lengths[1]) < 0)
        return NULL;
    if (lengths[0] != 1 || lengths[1] > 1 || width < 0) {
        PyErr_SetString(PyExc_ValueError, "a delimiter and a quote are one byte each");
        return NULL;
    }
    columns_free(self);
    Columns *columns = self->columns = PyMem_Calloc(1, sizeof *columns);
    if (!columns || !(columns->key = PyMem_Calloc((size_t)width + 1, sizeof *columns->key)))
        return PyErr_NoMemory();
    columns->dialect = (Dialect){(uint8_t)signs[0][0], lengths[1] ? (uint8_t)signs[1][0] : 0, lengths[1] > 0};
    columns->digits = digits;
    columns->width = width;
    for (Py_ssize_t at = 0; at < PyTuple_Size(needs); at++) {
        long role = PyLong_AsLong(PyTuple_GetItem(needs, at));
        if (role >= FIRST_NUMBER && role < ABSENT)
            columns->needs |= 1U << (role - FIRST_NUMBER);
    }
    for (Py_ssize_t at = 0; at < PyTuple_Size(places); at++) {
        int place;
        PyObject *column;
        if (!PyArg_ParseTuple(PyTuple_GetItem(places, at), "iO!", &place, &PyBytes_Type, &column) ||
            PyBytes_AsStringAndSize(column, &name, &length) < 0)
            return NULL;
        for (int key = 0; key < self->root->keys && place >= 0 && place < width; key++)
            if (self->root->key[key].length == (size_t)length && !memcmp(self->root->key[key].text, name, (size_t)length))
                columns->key[place] = &self->root->key[key];
    }
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *Scan_extent(Scan *self, PyObject *Py_UNUSED(ignored))
{
    Span last = self->count ? self->records[self->count - 1].line : (Span){0, 0};
    return Py_BuildValue("(nn)", self->count ? (Py_ssize_t)last.at + last.length + 1 : 0, (Py_ssize_t)self->lines);
}

static PyObject *Scan_line(Scan *self, PyObject *number)
{
    Py_ssize_t at = PyLong_AsSsize_t(number);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    if (at < 0 || (size_t)at >= self->count) {
        PyErr_SetString(PyExc_IndexError, "no such record");
        return NULL;
    }
    return PyLong_FromSize_t(self->columns ? self->records[at].number : (size_t)at);
}

int scan_grow(Scan *scan)
{
    size_t room = scan->room ? scan->room * 2 : 4096;
    void *records = realloc(scan->records, room * sizeof *scan->records);
    if (records)
        scan->records = records;
    void *tokens = realloc(scan->tokens, (room * (size_t)scan->names + 1) * sizeof *scan->tokens);
    if (tokens)
        scan->tokens = tokens;
    void *values = realloc(scan->values, (room * (size_t)scan->amounts + 1) * sizeof *scan->values);
    if (values)
        scan->values = values;
    if (!records || !tokens || !values)
        return -1;
    scan->room = room;
    return 0;
}

static PyObject *Scan_read(Scan *self, PyObject *data)
{
    Py_buffer buffer;
    if (PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE) < 0)
        return NULL;
    const uint8_t *bytes = buffer.buf;
    int done = 0;
    self->count = 0;
    self->apart = 0;
    if (buffer.len > INT32_MAX || (buffer.len && bytes[buffer.len - 1] != '\n')) {
        PyBuffer_Release(&buffer);
        PyErr_SetString(PyExc_ValueError, "not whole lines, or too many of them");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    done = (self->columns ? rows_read : self->text ? text_read : is_wide ? scan_read_wide : scan_read)(self, bytes, (size_t)buffer.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&buffer);
    if (done < 0)
        return PyErr_NoMemory();
    if (done == TOO_MANY_LINES || self->apart) {
        self->count = 0;
        return PyLong_FromLong(-1);
    }
    return PyLong_FromSize_t(self->count);
}

static PyObject *Scan_span(Scan *self, PyObject *args)
{
    Py_ssize_t first, behind;
    if (!PyArg_ParseTuple(args, "nn", &first, &behind))
        return NULL;
    if (first < 0 || first >= behind || (size_t)behind > self->count) {
        PyErr_SetString(PyExc_IndexError, "no such lines");
        return NULL;
    }
    Span last = self->records[behind - 1].line;
    return Py_BuildValue("(kk)", (unsigned long)self->records[first].line.at,
                         (unsigned long)last.at + last.length + 1);
}

static PyObject *span_of(Span span)
{
    return Py_BuildValue("(kk)", (unsigned long)span.at, (unsigned long)span.at + span.length);
}

static PyObject *Scan_told(Scan *self, PyObject *number)
{
    Py_ssize_t at = PyLong_AsSsize_t(number);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    if (at < 0 || (size_t)at >= self->count || self->records[at].odd) {
        PyErr_SetString(PyExc_IndexError, "no such record");
        return NULL;
    }
    const Record *record = &self->records[at];
    PyObject *amounts = PyTuple_New(AMOUNTS);
    for (int amount = 0; amounts && amount < AMOUNTS; amount++) {
        int known = (record->known >> amount) & 1;
        PyObject *value = known ? PyFloat_FromDouble(self->values[at * self->amounts + self->column[amount]])
                                : Py_NewRef(Py_None);
        if (value)
            PyTuple_SetItem(amounts, amount, value);
        else
            Py_CLEAR(amounts);
    }
    return amounts ? Py_BuildValue("(NNNN)", span_of(record->time), span_of(record->request), span_of(record->trace),
                                   amounts)
                   : NULL;
}

static PyObject *Scan_as_text(Scan *self, PyObject *form)
{
    return text_make(self, form) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {
    {"as_text", (PyCFunction)Scan_as_text, METH_O, "Read lines of access logs from now on: layouts, ends of paths, labels and their values, and the name that an end of a path is."},
    {"told", (PyCFunction)Scan_told, METH_O, "Where the time, the id and the trace of a plain record lie in the text, and its numbers."},
    {"set_columns", (PyCFunction)Scan_set_columns, METH_VARARGS, "Read rows of a table from now on, by its signs and columns."},
    {"extent", (PyCFunction)Scan_extent, METH_NOARGS, "Bytes and newlines of the rows that were read."},
    {"line", (PyCFunction)Scan_line, METH_O, "The newlines before a record."},
    {"read", (PyCFunction)Scan_read, METH_O, "Find the values of whole lines; how many there are, -1 when they are too short to be records."},
    {"span", (PyCFunction)Scan_span, METH_VARARGS, "Where the lines from one to before another lie in the text."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Finds the values at `paths`, pairs of a path (a tuple of keys as bytes) and a role, in JSON lines. What follows is of declared records: that they are (1; 2 that they were unwrapped, 4 that each is a line), where the parts of their tokens stand, whether an id alone makes a duplicate, whether only texts are times, and what their latency is divided by. Last comes a filter: a tuple of tests."},
    {Py_tp_new, Scan_new},
    {Py_tp_dealloc, Scan_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec ScanSpec = {
    .name = "leverwatch.collectors.aggregation._native.Scan",
    .basicsize = sizeof(Scan),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

#include "csv.h"

#include "text.h"

static void node_free(Node *node)
{
    if (!node)
        return;
    for (int at = 0; at < node->keys; at++) {
        node_free(node->key[at].inner);
        node_free(node->key[at].first);
    }
    if (node->any) {
        node_free(node->any->inner);
        node_free(node->any->first);
    }
    PyMem_Free(node->any);
    PyMem_Free(node);
}

/* The key of any name of a node, made when it is not there. */
static struct Key *any_key(Node *node)
{
    if (!node->any && !(node->any = PyMem_Calloc(1, sizeof *node->any)))
        PyErr_NoMemory();
    return node->any;
}

/* The node behind a key, made when it is not there; NULL: it cannot be. */
static Node *node_behind(Node **inner)
{
    if (!*inner && !(*inner = PyMem_Calloc(1, sizeof(Node))))
        PyErr_NoMemory();
    return *inner;
}

/* The key of a node, made when it is not there. */
static struct Key *node_key(Node *node, const char *text, Py_ssize_t length)
{
    for (int at = 0; at < node->keys; at++)
        if (node->key[at].length == (size_t)length && !memcmp(node->key[at].text, text, (size_t)length))
            return &node->key[at];
    if (node->keys == MOST_KEYS) {
        PyErr_SetString(PyExc_ValueError, "too many keys in an object");
        return NULL;
    }
    struct Key *key = &node->key[node->keys++];
    *key = (struct Key){.text = (const uint8_t *)text, .length = (size_t)length};
    return key;
}

/* A step is a key, None for any key, or True for the only element of the array at the key before it. */
static int add_path(Scan *self, PyObject *path, int role, int rank)
{
    Node *node = self->root;
    Py_ssize_t steps = PyTuple_Size(path);
    if (steps < 1 || steps > MOST_STEPS || role < 0 || role >= NAME + MOST_NAMES) {
        PyErr_SetString(PyExc_ValueError, "a path or a role that is not known here");
        return -1;
    }
    for (Py_ssize_t at = 0; at < steps; at++) {
        char *text;
        Py_ssize_t length;
        PyObject *step = PyTuple_GetItem(path, at), *next = at + 1 < steps ? PyTuple_GetItem(path, at + 1) : NULL;
        int any = step == Py_None;
        if (!any && PyBytes_AsStringAndSize(step, &text, &length) < 0)
            return -1;
        struct Key *key = any ? any_key(node) : node_key(node, text, length);
        if (!key)
            return -1;
        if (!next && role == IN_TEXT) {
            key->in_text = 1;
            continue;
        }
        if (!next && (role == CLOSED || role == FLAT || role == BODY)) {
            if (!node_behind(&key->inner))
                return -1;
            key->inner->closed |= role == CLOSED;
            key->inner->flat |= role == FLAT;
            key->inner->only_inside = key->body |= role == BODY;
            continue;
        }
        if (!next) {
            if (key->roles == MOST_ROLES || (role < NAME && (any || key->inner))) {
                PyErr_SetString(PyExc_ValueError, "a value with too many roles");
                return -1;
            }
            key->rank[key->roles] = (uint8_t)rank;
            key->role[key->roles++] = (uint8_t)role;
            continue;
        }
        int element = next == Py_True, inside = node->only_inside;
        if ((key->roles && key->role[0] < NAME && !element) || (element ? key->inner || at + 2 == steps : !!key->first)) {
            PyErr_SetString(PyExc_ValueError, "a path through a value");
            return -1;
        }
        if (!(node = node_behind(element ? &key->first : &key->inner)))
            return -1;
        node->only_inside |= inside;
        at += element;
    }
    if (role == ENDED)
        role = of_latency_ms; /* what it tells */
    if (role >= NAME)
        self->names = self->names > role - NAME ? self->names : role - NAME + 1;
    else if (role >= FIRST_NUMBER && role < ABSENT && self->column[role - FIRST_NUMBER] < 0)
        self->column[role - FIRST_NUMBER] = (int8_t)self->amounts++;
    return 0;
}

/* A test is a path, whether it is to hold, whether the value is to be there (-1: that does not decide), a prefix,
   and texts. */
static int add_test(Scan *self, PyObject *given)
{
    Node *node = self->root;
    PyObject *path, *prefix, *texts;
    int wanted;
    char *bytes;
    Py_ssize_t length;
    Test *test = &self->test[self->tests];
    if (self->tests == MOST_TESTS) {
        PyErr_SetString(PyExc_ValueError, "too many tests");
        return -1;
    }
    if (!PyArg_ParseTuple(given, "O!iiO!O!", &PyTuple_Type, &path, &wanted, &test->present, &PyBytes_Type, &prefix,
                          &PyTuple_Type, &texts) ||
        PyBytes_AsStringAndSize(prefix, &bytes, &length) < 0)
        return -1;
    test->prefix = (Text){(const uint8_t *)bytes, (size_t)length};
    uint32_t bit = 1U << self->tests++;
    self->wanted |= wanted ? bit : 0;
    self->lacking |= test->present == 0 ? bit : 0;
    if (!(test->text = PyMem_Calloc((size_t)PyTuple_Size(texts) + 1, sizeof *test->text))) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t at = 0; at < PyTuple_Size(texts); at++) {
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(texts, at), &bytes, &length) < 0)
            return -1;
        test->text[test->texts++] = (Text){(const uint8_t *)bytes, (size_t)length};
    }
    Py_ssize_t steps = PyTuple_Size(path);
    for (Py_ssize_t at = 0; at < steps; at++) {
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(path, at), &bytes, &length) < 0)
            return -1;
        struct Key *key = node->any ? NULL : node_key(node, bytes, length);
        int last = at + 1 == steps;
        if (!key || (!last && (key->first || (key->roles && key->role[0] < NAME)))) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a test inside of a value");
            return -1;
        }
        if (last)
            key->tests |= bit;
        else if (!(node = node_behind(&key->inner)))
            return -1;
    }
    return 0;
}

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

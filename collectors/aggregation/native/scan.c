#include "scan.h"

static void node_free(Node *node)
{
    if (!node)
        return;
    for (int at = 0; at < node->keys; at++)
        node_free(node->key[at].inner);
    PyMem_Free(node);
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

static int add_path(Scan *self, PyObject *path, int role)
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
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(path, at), &text, &length) < 0)
            return -1;
        struct Key *key = node_key(node, text, length);
        if (!key)
            return -1;
        if (at == steps - 1) {
            if (key->roles == MOST_ROLES || key->inner) {
                PyErr_SetString(PyExc_ValueError, "a value with too many roles");
                return -1;
            }
            key->role[key->roles++] = (uint8_t)role;
        } else {
            if (!key->inner && (key->roles || !(key->inner = PyMem_Calloc(1, sizeof(Node))))) {
                PyErr_SetString(PyExc_ValueError, "a path through a value");
                return -1;
            }
            node = key->inner;
        }
    }
    if (role >= NAME)
        self->names = self->names > role - NAME ? self->names : role - NAME + 1;
    else if (role >= FIRST_NUMBER && self->column[role - FIRST_NUMBER] < 0)
        self->column[role - FIRST_NUMBER] = (int8_t)self->amounts++;
    return 0;
}

static PyObject *Scan_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *paths;
    if (!PyArg_ParseTuple(args, "O!", &PyTuple_Type, &paths))
        return NULL;
    Scan *self = (Scan *)PyType_GenericAlloc(type, 0);
    if (!self)
        return NULL;
    self->paths = Py_NewRef(paths);
    memset(self->column, -1, sizeof self->column);
    if (!(self->root = PyMem_Calloc(1, sizeof(Node)))) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t at = 0; at < PyTuple_Size(paths); at++) {
        PyObject *path;
        int role;
        if (!PyArg_ParseTuple(PyTuple_GetItem(paths, at), "O!i", &PyTuple_Type, &path, &role) ||
            add_path(self, path, role) < 0) {
            Py_DECREF(self);
            return NULL;
        }
    }
    return (PyObject *)self;
}

static void Scan_dealloc(Scan *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    node_free(self->root);
    free(self->records);
    free(self->tokens);
    free(self->values);
    Py_XDECREF(self->paths);
    PyObject_Free(self);
    Py_DECREF(type); /* every object holds its type */
}

static PyObject *Scan_read(Scan *self, PyObject *data)
{
    Py_buffer buffer;
    if (PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE) < 0)
        return NULL;
    const uint8_t *bytes = buffer.buf;
    int done = 0;
    self->count = 0;
    if (buffer.len > INT32_MAX || (buffer.len && bytes[buffer.len - 1] != '\n')) {
        PyBuffer_Release(&buffer);
        PyErr_SetString(PyExc_ValueError, "not whole lines, or too many of them");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    done = scan_read(self, bytes, (size_t)buffer.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&buffer);
    if (done < 0)
        return PyErr_NoMemory();
    if (done == TOO_MANY_LINES) {
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

static PyMethodDef methods[] = {
    {"read", (PyCFunction)Scan_read, METH_O, "Find the values of whole lines; how many there are, -1 when they are too short to be records."},
    {"span", (PyCFunction)Scan_span, METH_VARARGS, "Where the lines from one to before another lie in the text."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Finds the values at `paths`, pairs of a path (a tuple of keys as bytes) and a role, in JSON lines."},
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

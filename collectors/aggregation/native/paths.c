/* Makes the tree of keys by which values are found, of the paths and tests that Python gives. */

#include "paths.h"

void node_free(Node *node)
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

int add_path(Scan *self, PyObject *path, int role, int rank)
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

int add_test(Scan *self, PyObject *given)
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

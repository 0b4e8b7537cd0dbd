/* What shows whether calls of spans can be seen twice: their ids, and those of their parents. */

#include "spans.h"

#include <string.h>

/* Add the id at some place to a set; -1: an error. */
static int add_id(PyObject *set, const Py_buffer *lines, uint32_t at, uint32_t length)
{
    if (!length)
        return 0;
    PyObject *id = PyUnicode_DecodeASCII((const char *)lines->buf + at, (Py_ssize_t)length, NULL);
    int added = id ? PySet_Add(set, id) : -1;
    Py_XDECREF(id);
    return added;
}

static int has_same_parent(const uint8_t *text, const uint32_t *of, const uint32_t *last)
{
    return last && of[PARENT_LENGTH] == last[PARENT_LENGTH] &&
           !memcmp(text + of[PARENT_AT], text + last[PARENT_AT], of[PARENT_LENGTH]);
}

/* The ids of calls and of their parents, and how many are of each context. `*nests`: a call has something inside. */
static int add_outline(const Py_buffer *lines, const uint32_t *row, const uint8_t *calls, Py_ssize_t number, PyObject *ids,
                       PyObject *parents, PyObject *contexts, int *nests)
{
    const uint8_t *text = lines->buf;
    const uint32_t *last = NULL; /* spans of one parent mostly come together */
    for (Py_ssize_t at = 0; at < number; at++) {
        const uint32_t *of = row + at * OF_LINE;
        if (!calls[at])
            continue;
        PyObject *context = PyLong_FromUnsignedLong(of[CONTEXT]);
        PyObject *before = context ? PyDict_GetItemWithError(contexts, context) : NULL;
        PyObject *after = PyErr_Occurred() ? NULL : PyLong_FromLong(before ? PyLong_AsLong(before) + 1 : 1);
        int wrong = !after || PyDict_SetItem(contexts, context, after) < 0;
        Py_XDECREF(context);
        Py_XDECREF(after);
        if (wrong || add_id(ids, lines, of[ID_AT], of[ID_LENGTH]) < 0 ||
            (!has_same_parent(text, of, last) && add_id(parents, lines, of[PARENT_AT], of[PARENT_LENGTH]) < 0))
            return -1;
        last = of;
    }
    last = NULL;
    for (Py_ssize_t at = 0; at < number && !*nests; at++) {
        const uint32_t *of = row + at * OF_LINE;
        if (calls[at] || !of[PARENT_LENGTH] || has_same_parent(text, of, last))
            continue;
        last = of;
        PyObject *id = PyUnicode_DecodeASCII((const char *)lines->buf + of[PARENT_AT], (Py_ssize_t)of[PARENT_LENGTH], NULL);
        *nests = id ? PySet_Contains(ids, id) : -1;
        Py_XDECREF(id);
        if (*nests < 0)
            return -1;
    }
    return 0;
}

/* The lines of the calls, without the others; NULL: an error. */
static PyObject *lines_of_calls(const Py_buffer *lines, const uint8_t *calls, Py_ssize_t number)
{
    const uint8_t *line = lines->buf, *end = line + lines->len;
    uint8_t *text = PyMem_Malloc(lines->len ? (size_t)lines->len : 1), *out = text;
    if (!text)
        return PyErr_NoMemory();
    for (Py_ssize_t at = 0; at < number && line < end; at++) {
        const uint8_t *newline = memchr(line, '\n', (size_t)(end - line)), *behind = newline ? newline + 1 : end;
        if (calls[at]) {
            memcpy(out, line, (size_t)(behind - line));
            out += behind - line;
        }
        line = behind;
    }
    PyObject *made = PyBytes_FromStringAndSize((const char *)text, out - text);
    PyMem_Free(text);
    return made;
}

PyObject *outline(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer lines, rows, calls;
    if (!PyArg_ParseTuple(args, "y*y*y*", &lines, &rows, &calls))
        return NULL;
    PyObject *ids = PySet_New(NULL), *parents = PySet_New(NULL), *contexts = PyDict_New(), *made = NULL;
    int nests = 0;
    if ((size_t)rows.len != (size_t)calls.len * OF_LINE * sizeof(uint32_t))
        PyErr_SetString(PyExc_ValueError, "not what is known of these lines");
    else if (ids && parents && contexts &&
             add_outline(&lines, rows.buf, calls.buf, calls.len, ids, parents, contexts, &nests) == 0) {
        PyObject *text = nests ? NULL : lines_of_calls(&lines, calls.buf, calls.len);
        made = nests ? Py_NewRef(Py_None) : text ? Py_BuildValue("(OOON)", ids, parents, contexts, text) : NULL;
    }
    Py_XDECREF(ids);
    Py_XDECREF(parents);
    Py_XDECREF(contexts);
    PyBuffer_Release(&lines);
    PyBuffer_Release(&rows);
    PyBuffer_Release(&calls);
    return made;
}

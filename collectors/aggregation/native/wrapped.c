/* Reads which wrappers are around records, and takes them off one after the other. */

#include "wrapped.h"

#include "newlines.h"

static int read_stages(PyObject *given, Stage *stages)
{
    Py_ssize_t number = PyTuple_Size(given);
    if (number < 1 || number > MOST_STAGES) {
        PyErr_SetString(PyExc_ValueError, "too many wrappers, or none");
        return -1;
    }
    for (Py_ssize_t at = 0; at < number; at++) {
        PyObject *names;
        int kind, any_text;
        if (!PyArg_ParseTuple(PyTuple_GetItem(given, at), "iiO!", &kind, &any_text, &PyTuple_Type, &names))
            return -1;
        stages[at] = (Stage){.kind = (enum kind)kind, .any_text = any_text, .last = at + 1 == number};
        if (kind < CRI || kind > PREFIX || PyTuple_Size(names) > MOST_FIELDS) {
            PyErr_SetString(PyExc_ValueError, "a wrapper that is not known here");
            return -1;
        }
        for (Py_ssize_t name = 0; name < PyTuple_Size(names); name++) {
            char *bytes;
            if (PyBytes_AsStringAndSize(PyTuple_GetItem(names, name), &bytes, NULL) < 0)
                return -1;
            stages[at].field[stages[at].fields++] = (Text){(const uint8_t *)bytes, strlen(bytes)};
        }
    }
    return (int)number;
}

static PyObject *unwrap_all(const Py_buffer *data, const Stage *stages, int number, int by_brace)
{
    const uint8_t *bytes = data->buf;
    size_t size = (size_t)data->len, lines = newlines_in(bytes, size);
    /* A line grows by one byte at most with every stage, and while it is written by a time. */
    size_t room = size + lines * (size_t)number + MOST_TIME + 64;
    PyObject *starts = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(lines * sizeof(uint32_t)));
    PyObject *texts = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)room);
    uint8_t *other = number > 1 ? PyMem_Malloc(room) : NULL;
    Py_ssize_t done = -1;
    int is_open = 0;
    if (!starts || !texts || (number > 1 && !other)) {
        if (!PyErr_Occurred())
            PyErr_NoMemory();
        goto failed;
    }
    uint8_t *to = (uint8_t *)PyByteArray_AsString(texts);
    uint32_t *begin = (uint32_t *)(void *)PyBytes_AsString(starts);
    Py_ssize_t (*take_off)(const Stage *, const uint8_t *, size_t, uint8_t *, uint32_t *, int, int *) =
        is_wide ? unwrap_lines_wide : unwrap_lines;
    Py_BEGIN_ALLOW_THREADS
    /* The last stage writes into the result. */
    uint8_t *here = number % 2 ? to : other, *next = number % 2 ? other : to;
    done = take_off(&stages[0], bytes, size, here, begin, by_brace, &is_open);
    for (int at = 1; at < number && done >= 0; at++) {
        done = take_off(&stages[at], here, (size_t)done, next, NULL, 0, &is_open);
        uint8_t *last = here;
        here = next;
        next = last;
    }
    Py_END_ALLOW_THREADS
    PyMem_Free(other);
    if (done < 0) {
        Py_DECREF(starts);
        Py_DECREF(texts);
        return Py_NewRef(Py_None);
    }
    if (PyByteArray_Resize(texts, done) < 0) {
        Py_DECREF(starts);
        Py_DECREF(texts);
        return NULL;
    }
    return Py_BuildValue("(NNN)", texts, starts, PyBool_FromLong(is_open));
failed:
    PyMem_Free(other);
    Py_XDECREF(starts);
    Py_XDECREF(texts);
    return NULL;
}

PyObject *unwrap(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data;
    PyObject *given, *made = NULL;
    int by_brace, number;
    Stage stages[MOST_STAGES];
    if (!PyArg_ParseTuple(args, "y*O!p", &data, &PyTuple_Type, &given, &by_brace))
        return NULL;
    if (data.len > INT32_MAX / 2 || (data.len && ((const uint8_t *)data.buf)[data.len - 1] != '\n'))
        PyErr_SetString(PyExc_ValueError, "not whole lines, or too many of them");
    else if ((number = read_stages(given, stages)) > 0)
        made = unwrap_all(&data, stages, number, by_brace);
    PyBuffer_Release(&data);
    return made;
}

#include "divide.h"

#include "traces.h"

PyObject *divide(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data;
    int reads_texts;
    if (!PyArg_ParseTuple(args, "y*p", &data, &reads_texts))
        return NULL;
    const uint8_t *bytes = data.buf;
    Buffer lines = {NULL, 0, 0}, rows = {NULL, 0, 0};
    PyObject *made = NULL;
    if (data.len > INT32_MAX / 4 || (data.len && bytes[data.len - 1] != '\n')) {
        PyErr_SetString(PyExc_ValueError, "not whole lines, or too many of them");
    } else {
        enum divided done;
        Py_BEGIN_ALLOW_THREADS
        done = (is_wide ? traces_read_wide : traces_read)(bytes, (size_t)data.len, reads_texts, &lines, &rows);
        Py_END_ALLOW_THREADS
        if (done == NO_ROOM)
            PyErr_NoMemory();
        else
            made = done == TOGETHER ? Py_NewRef(Py_None) : pair_of(lines.bytes, lines.length, rows.bytes, rows.length);
    }
    free(lines.bytes);
    free(rows.bytes);
    PyBuffer_Release(&data);
    return made;
}

static int is_within(size_t at, size_t length, Py_ssize_t size)
{
    return at <= (size_t)size && length <= (size_t)size - at;
}

/* The traces that some lines are of, each with the span of its line alone; where a line is of none, that of the log. */
PyObject *undivide(PyObject *Py_UNUSED(module), PyObject *args)
{
    static const char before[] = "{\"info\":", between[] = ",\"data\":{\"spans\":[", behind[] = "]}}\n";
    Py_buffer log, rows;
    if (!PyArg_ParseTuple(args, "y*y*", &log, &rows))
        return NULL;
    const char *texts = log.buf, *known = rows.buf;
    Buffer made = {NULL, 0, 0};
    PyObject *text = NULL;
    int failed = 0, beyond = 0;
    for (Py_ssize_t at = 0; at + (Py_ssize_t)(OF_TRACE * sizeof(uint32_t)) <= rows.len && !failed && !beyond;
         at += OF_TRACE * (Py_ssize_t)sizeof(uint32_t)) {
        uint32_t row[OF_TRACE];
        memcpy(row, known + at, sizeof row);
        if (row[SPAN_LENGTH]) {
            beyond = !is_within(row[INFO_AT], row[INFO_LENGTH], log.len) ||
                     !is_within(row[SPAN_AT], row[SPAN_LENGTH], log.len);
            failed = beyond || add_bytes(&made, before, sizeof before - 1) < 0 ||
                     add_bytes(&made, texts + row[INFO_AT], row[INFO_LENGTH]) < 0 ||
                     add_bytes(&made, between, sizeof between - 1) < 0 ||
                     add_bytes(&made, texts + row[SPAN_AT], row[SPAN_LENGTH]) < 0 ||
                     add_bytes(&made, behind, sizeof behind - 1) < 0;
        } else {
            beyond = !is_within(row[OUTER_AT], row[OUTER_LENGTH], log.len);
            failed = beyond || add_bytes(&made, texts + row[OUTER_AT], row[OUTER_LENGTH]) < 0 ||
                     add_bytes(&made, "\n", 1) < 0;
        }
    }
    if (beyond)
        PyErr_SetString(PyExc_ValueError, "a line that is not in the text");
    else if (failed)
        PyErr_NoMemory();
    else
        text = PyBytes_FromStringAndSize(made.bytes ? (const char *)made.bytes : "", (Py_ssize_t)made.length);
    free(made.bytes);
    PyBuffer_Release(&log);
    PyBuffer_Release(&rows);
    return text;
}

/* Makes a line of every span of the batches that OpenTelemetry's collector writes: what `formats/span_lines.py` says
   of it. Where a document or a span is not written as exporters do, all is left to Python. */

#include "span.h"

/* Which resource and scope the next spans are of. */
static int enter(Flat *f)
{
    static const char own[] = "\"gcp.vertex.agent\"", naming[] = "\"openlit.";
    f->is_naming = 0;
    for (size_t at = 0; at < f->scope.length; at++) {
        size_t left = f->scope.length - at;
        if (f->scope.at[at] == '\\' || (left >= sizeof own - 1 && !memcmp(f->scope.at + at, own, sizeof own - 1)))
            return -1;
        f->is_naming |= left >= sizeof naming - 1 && !memcmp(f->scope.at + at, naming, sizeof naming - 1);
    }
    PyObject *key = pair_of(f->resource.at, f->resource.length, f->scope.at, f->scope.length);
    PyObject *known = key ? PyDict_GetItemWithError(f->contexts, key) : NULL;
    if (known) {
        f->context = (uint32_t)PyLong_AsUnsignedLong(known);
    } else if (key && !PyErr_Occurred()) {
        f->context = (uint32_t)PyDict_Size(f->contexts);
        PyObject *number = PyLong_FromUnsignedLong(f->context);
        if (!number || PyDict_SetItem(f->contexts, key, number) < 0)
            f->failed = 1;
        Py_XDECREF(number);
    }
    Py_XDECREF(key);
    f->failed |= PyErr_Occurred() != NULL;
    return f->failed ? -1 : 0;
}

static const uint8_t *read_scope(Flat *f, const uint8_t *p)
{
    Piece key;
    int done = 0, scopes = 0, spans = 0;
    if (*p != '{')
        return NULL;
    f->scope = (Piece){NULL, 0};
    p = skip_space(p + 1);
    while (!done) {
        if (!(p = read_name(&f->reader, p, &key)))
            return NULL;
        if (IS(key, "scope")) {
            const uint8_t *start = p;
            if (scopes++ || spans || *p != '{' || !(p = skip_outer(&f->reader, p)))
                return NULL;
            f->scope = (Piece){start, (size_t)(p - start)};
        } else if (IS(key, "spans")) {
            int last = 0;
            if (spans++ || !(p = go_in(p, '[', ']', &last)) || enter(f) < 0)
                return NULL;
            while (!last)
                if (!(p = read_span(f, p)) || !(p = go_on(p, ']', &last)))
                    return NULL;
        } else if (!(p = skip_outer(&f->reader, p))) {
            return NULL;
        }
        if (!(p = go_on(p, '}', &done)))
            return NULL;
    }
    return p;
}

static const uint8_t *read_resource(Flat *f, const uint8_t *p)
{
    Piece key;
    int done = 0, resources = 0, scopes = 0;
    if (*p != '{')
        return NULL;
    f->resource = (Piece){NULL, 0};
    p = skip_space(p + 1);
    while (!done) {
        if (!(p = read_name(&f->reader, p, &key)))
            return NULL;
        if (IS(key, "resource")) {
            const uint8_t *start = p;
            if (resources++ || scopes || *p != '{' || !(p = skip_outer(&f->reader, p)))
                return NULL;
            f->resource = (Piece){start, (size_t)(p - start)};
        } else if (IS(key, "scopeSpans")) {
            int last = 0;
            if (scopes++ || *p != '[')
                return NULL;
            p = skip_space(p + 1);
            while (!last)
                if (!(p = read_scope(f, p)) || !(p = go_on(p, ']', &last)))
                    return NULL;
        } else if (!(p = skip_outer(&f->reader, p))) {
            return NULL;
        }
        if (!(p = go_on(p, '}', &done)))
            return NULL;
    }
    return scopes ? p : NULL;
}

/* One document a line. */
static const uint8_t *read_batch(Flat *f, const uint8_t *p)
{
    Piece key;
    int last = 0;
    if (*p != '{' || !(p = read_name(&f->reader, skip_space(p + 1), &key)) || !IS(key, "resourceSpans") || *p != '[')
        return NULL;
    p = skip_space(p + 1);
    while (!last)
        if (!(p = read_resource(f, p)) || !(p = go_on(p, ']', &last)))
            return NULL;
    p = skip_space(p);
    return *p == '}' && p[1] == '\n' ? p + 2 : NULL;
}

PyObject *flatten(PyObject *module, PyObject *args)
{
#ifndef WIDE
    if (is_wide)
        return flatten_wide(module, args);
#endif
    (void)module;
    Py_buffer data;
    PyObject *names, *contexts, *made = NULL;
    if (!PyArg_ParseTuple(args, "y*O!O!", &data, &PyTuple_Type, &names, &PyDict_Type, &contexts))
        return NULL;
    const uint8_t *bytes = data.buf;
    Flat *f = PyMem_Calloc(1, sizeof *f);
    if (!f || data.len > INT32_MAX / 2 || (data.len && bytes[data.len - 1] != '\n')) {
        PyErr_SetString(f ? PyExc_ValueError : PyExc_MemoryError, "not whole lines, or too many of them");
    } else if (read_names(f, names) == 0) {
        f->contexts = contexts;
        f->reader = (Reader){.data = bytes, .end = bytes + data.len};
        const uint8_t *p = bytes;
        for (; p && p < f->reader.end; f->outer++)
            p = read_batch(f, p);
        if (f->failed && !PyErr_Occurred())
            PyErr_NoMemory();
        if (!f->failed)
            made = p ? Py_BuildValue("(NNI)", bytes_of(&f->lines), bytes_of(&f->rows), (unsigned)f->outer)
                     : Py_NewRef(Py_None);
    }
    if (f) {
        free(f->lines.bytes);
        free(f->rows.bytes);
        free(f->names.bytes);
        PyMem_Free(f);
    }
    PyBuffer_Release(&data);
    return made;
}

#include "csv.h"
#include "divide.h"
#include "ids.h"
#include "scan.h"
#include "tally.h"

#include "hash.h"
#include "identity.h"
#include "newlines.h"
#include "number.h"
#include "spans.h"
#include "wrapped.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

PyTypeObject *IdsType, *ScanType, *TallyType;

static PyObject *hash64(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "y*K", &data, &seed))
        return NULL;
    uint64_t hash = XXH64(data.buf, (size_t)data.len, seed);
    PyBuffer_Release(&data);
    return PyLong_FromUnsignedLongLong(hash);
}

static PyObject *identity(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t number)
{
    Py_ssize_t length;
    const char *id;
    if (number != 3 + IDENTITY_NUMBERS) {
        PyErr_SetString(PyExc_TypeError, "an id, a seed, milliseconds and every number of tokens");
        return NULL;
    }
    if (!(id = PyUnicode_AsUTF8AndSize(args[0], &length)))
        return NULL;
    uint64_t seed = PyLong_AsUnsignedLongLong(args[1]);
    seed = identity_time(seed, PyLong_AsLongLong(args[2]));
    for (int field = 0; field < IDENTITY_NUMBERS; field++) {
        PyObject *given = args[3 + field];
        if (given != Py_None)
            seed = identity_number(seed, field, PyFloat_Check(given) ? (uint64_t)PyFloat_AsDouble(given)
                                                                     : PyLong_AsUnsignedLongLong(given));
    }
    if (PyErr_Occurred())
        return NULL;
    return PyLong_FromUnsignedLongLong(XXH64(id, (size_t)length, seed));
}

static PyObject *count_lines(PyObject *Py_UNUSED(module), PyObject *data)
{
    Py_buffer buffer;
    if (PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE) < 0)
        return NULL;
    const uint8_t *bytes = buffer.buf;
    Py_ssize_t lines = 0;
    Py_BEGIN_ALLOW_THREADS
    lines = (Py_ssize_t)newlines_in(bytes, (size_t)buffer.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&buffer);
    return PyLong_FromSsize_t(lines);
}

/* Whether a text is in the data: where two of its bytes are, of which one is no letter if it has such, as these are
   rare. */
static int is_in(const uint8_t *p, const uint8_t *end, const uint8_t *text, size_t length)
{
    if ((size_t)(end - p) < length)
        return 0;
    end -= length - 1;
#ifdef __SSE2__
    size_t rare = 0;
    for (size_t at = 1; at < length; at++)
        if (text[at] < 'a' && text[at] > '"')
            rare = at;
    const __m128i first = _mm_set1_epi8((char)text[rare]), last = _mm_set1_epi8((char)text[length - 1]);
    for (; end - p >= 64; p += 64) {
        __m128i same[4];
        for (int at = 0; at < 4; at++) {
            const uint8_t *part = p + 16 * at;
            same[at] = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(part + rare)), first),
                                     _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(part + length - 1)), last));
        }
        if (!_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(same[0], same[1]), _mm_or_si128(same[2], same[3]))))
            continue;
        for (int at = 0; at < 4; at++)
            for (unsigned bits = (unsigned)_mm_movemask_epi8(same[at]); bits; bits &= bits - 1)
                if (!memcmp(p + 16 * at + __builtin_ctz(bits), text, length))
                    return 1;
    }
#endif
    for (; p < end; p++)
        if (*p == *text && !memcmp(p, text, length))
            return 1;
    return 0;
}

static PyObject *holds(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data, text;
    if (!PyArg_ParseTuple(args, "y*y*", &data, &text))
        return NULL;
    int found = text.len && is_in(data.buf, (const uint8_t *)data.buf + data.len, text.buf, (size_t)text.len);
    PyBuffer_Release(&data);
    PyBuffer_Release(&text);
    return PyBool_FromLong(found);
}

static PyObject *wide(PyObject *Py_UNUSED(module), PyObject *wanted)
{
    int on = PyObject_IsTrue(wanted);
    if (on < 0)
        return NULL;
    is_wide = on && has_wide();
    return PyBool_FromLong(is_wide);
}

static PyObject *complete_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data, delimiter, quote;
    if (!PyArg_ParseTuple(args, "y*y*y*", &data, &delimiter, &quote))
        return NULL;
    size_t end = 0;
    int signs = delimiter.len == 1 && quote.len <= 1;
    if (signs) {
        Dialect dialect = {*(const uint8_t *)delimiter.buf, quote.len ? *(const uint8_t *)quote.buf : 0, quote.len > 0};
        Py_BEGIN_ALLOW_THREADS
        end = rows_complete(&dialect, data.buf, (size_t)data.len);
        Py_END_ALLOW_THREADS
    } else {
        PyErr_SetString(PyExc_ValueError, "a delimiter and a quote are one byte each");
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&delimiter);
    PyBuffer_Release(&quote);
    return signs ? PyLong_FromSize_t(end) : NULL;
}

static PyObject *may_name(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data, text, edges;
    int found = 0;
    if (!PyArg_ParseTuple(args, "y*y*y*", &data, &text, &edges))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    found = rows_name(data.buf, (size_t)data.len, text.buf, (size_t)text.len, edges.buf, (size_t)edges.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&data);
    PyBuffer_Release(&text);
    PyBuffer_Release(&edges);
    return PyBool_FromLong(found);
}

static PyTypeObject *add_type(PyObject *module, PyType_Spec *spec)
{
    PyTypeObject *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    if (type && PyModule_AddType(module, type) < 0)
        Py_CLEAR(type);
    return type;
}

static PyMethodDef methods[] = {
    {"count_lines", count_lines, METH_O, "Newlines in bytes."},
    {"holds", holds, METH_VARARGS, "Whether bytes hold a text, which is not empty."},
    {"complete_rows", complete_rows, METH_VARARGS, "The position behind the last whole row of a table, given its delimiter and quote."},
    {"may_name", may_name, METH_VARARGS, "Whether a cell may be a text, given the bytes that stand around cells."},
    {"identity", (PyCFunction)(void (*)(void))identity, METH_FASTCALL, "The key of a record: of its id, a seed, its time in milliseconds and its numbers of tokens."},
    {"divide", divide, METH_VARARGS, "A line of every span of traces, and what is known of each, given whether what a span was given and answered is read; None where a line of the log may belong to others."},
    {"undivide", undivide, METH_VARARGS, "The traces of some of these lines, each with one span, given the log and what is known of them."},
    {"flatten", flatten, METH_VARARGS, "A line of every span of batches, what is known of each, and the number of batches; None where not all is plain. The names that are read are tuples; new resources and scopes get the next number in a dict."},
    {"outline", outline, METH_VARARGS, "Of lines of spans, what is known of them, and which are calls: the ids of these and of their parents, how many are of each resource and scope, and their lines; None where a call has a span inside that is none."},
    {"unwrap", unwrap, METH_VARARGS, "The lines that are in others: a text of as many lines, where the others begin, and whether one may go on behind them; None where a line may belong to those around it. A wrapper is a kind, whether any text may be in it, and the names of fields."},
    {"wide", wide, METH_O, "Read many bytes at once from now on, or do not; whether that is done, as not every processor can. For tests."},
    {"hash64", hash64, METH_VARARGS, "XXH64 of bytes and a seed."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_native",
    .m_doc = "Counts plain JSON lines and rows of tables. Whatever is not plain is left to Python.",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__native(void)
{
    static const char *const names[] = {
#define X(name) #name,
        COLUMNS
#undef X
    };
    if (prepare_numbers() < 0) {
        PyErr_SetString(PyExc_ImportError, "no locale with a decimal point"); /* Python counts alone */
        return NULL;
    }
    is_wide = has_wide();
    PyObject *module = PyModule_Create(&definition);
    PyObject *columns = PyTuple_New(WIDTH);
    int failed = !module || !columns;
    for (int at = 0; at < WIDTH && !failed; at++) {
        PyObject *name = PyUnicode_FromString(names[at]);
        failed = !name;
        if (name)
            PyTuple_SetItem(columns, at, name);
    }
    failed = failed || PyModule_AddObjectRef(module, "COLUMNS", columns) < 0 ||
             PyModule_AddStringConstant(module, "TABLE", TABLE) < 0 ||
             !(IdsType = add_type(module, &IdsSpec)) || !(ScanType = add_type(module, &ScanSpec)) ||
             !(TallyType = add_type(module, &TallySpec));
    Py_XDECREF(columns);
    if (failed)
        Py_CLEAR(module);
    return module;
}

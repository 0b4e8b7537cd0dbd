#include "ids.h"
#include "scan.h"
#include "tally.h"

#include "hash.h"
#include "identity.h"
#include "number.h"
#include "spans.h"
#include "traces.h"
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
    for (Py_ssize_t at = 0; at < buffer.len; at++) /* many bytes at once, as the compiler makes it */
        lines += bytes[at] == '\n';
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&buffer);
    return PyLong_FromSsize_t(lines);
}

/* Whether a text that begins and ends with bytes that are rarely so far apart is in the data. */
static int is_in(const uint8_t *p, const uint8_t *end, const uint8_t *text, size_t length)
{
    if ((size_t)(end - p) < length)
        return 0;
    end -= length - 1;
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8((char)text[0]), last = _mm_set1_epi8((char)text[length - 1]);
    for (; end - p >= 16; p += 16) {
        __m128i same = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), first),
                                     _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(p + length - 1)), last));
        for (unsigned bits = (unsigned)_mm_movemask_epi8(same); bits; bits &= bits - 1)
            if (!memcmp(p + __builtin_ctz(bits), text, length))
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
    {"identity", (PyCFunction)(void (*)(void))identity, METH_FASTCALL, "The key of a record: of its id, a seed, its time in milliseconds and its numbers of tokens."},
    {"divide", divide, METH_VARARGS, "A line of every span of traces, and what is known of each; None where a line of the log may belong to others."},
    {"flatten", flatten, METH_VARARGS, "A line of every span of batches, and what is known of each; None where not all is plain. The names that are read are tuples; new resources and scopes get the next number in a dict."},
    {"outline", outline, METH_VARARGS, "Of lines of spans, what is known of them, and which are calls: the ids of these and of their parents, and how many are of each resource and scope; None where a call has a span inside that is none."},
    {"unwrap", unwrap, METH_VARARGS, "The lines that are in others: a text of as many lines, where the others begin, and whether one may go on behind them; None where a line may belong to those around it. A wrapper is a kind, whether any text may be in it, and the names of fields."},
    {"hash64", hash64, METH_VARARGS, "XXH64 of bytes and a seed."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_native",
    .m_doc = "Counts plain JSON lines. Whatever is not plain is left to Python.",
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

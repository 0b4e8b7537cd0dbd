#include "ids.h"
#include "scan.h"
#include "tally.h"

#include "hash.h"
#include "identity.h"
#include "number.h"

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

static PyTypeObject *add_type(PyObject *module, PyType_Spec *spec)
{
    PyTypeObject *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    if (type && PyModule_AddType(module, type) < 0)
        Py_CLEAR(type);
    return type;
}

static PyMethodDef methods[] = {
    {"count_lines", count_lines, METH_O, "Newlines in bytes."},
    {"identity", (PyCFunction)(void (*)(void))identity, METH_FASTCALL, "The key of a record: of its id, a seed, its time in milliseconds and its numbers of tokens."},
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

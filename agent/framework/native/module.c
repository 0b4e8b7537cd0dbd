#include "native.h"

/* Written anew with every change of what a function takes or gives: a helper of another version is not used. */
#define VERSION 2

static PyMethodDef methods[] = {
    {"drawn", drawn, METH_VARARGS, "What the draws say of the costs; None: Python has to say it."},
    {"swings", swings, METH_VARARGS, "The saving at other values of single inputs; None: Python has to say it."},
    {"forecast", forecast, METH_VARARGS, "The numbers of a forecast; None: Python has to say them."},
    {"mixes", mixes, METH_VARARGS, "Tokens and costs of each week; None: Python has to say them."},
    {"walk", walk, METH_VARARGS, "How the band settled on days without a gap; None: Python has to say it."},
    {"pick", pick, METH_VARARGS, "Puts rows into the lists of their systems."},
    {"recent", recent, METH_VARARGS, "Inferences by model and day, and checks by day."},
    {"add_up", add_up, METH_VARARGS, "The sums of rows, by group and model."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_native",
    .m_doc = "The innermost loops of the framework, which come to the same as those in Python.",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__native(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddIntConstant(module, "VERSION", VERSION) < 0)
        Py_CLEAR(module);
    return module;
}

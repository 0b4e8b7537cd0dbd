/* spans.c once more, for processors that look at many bytes at once. */

#include <stdio.h>

#include "wide_on.h"

#include "spans.h"

#ifdef WIDE
#define flatten flatten_wide
#include "spans.c"
#undef flatten
#else
PyObject *flatten_wide(PyObject *module, PyObject *args)
{
    (void)module;
    (void)args;
    PyErr_SetString(PyExc_SystemError, "this processor looks at few bytes at once");
    return NULL;
}
#endif

#include "wide_off.h"

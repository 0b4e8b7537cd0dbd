/* spans.c once more, for processors that look at many bytes at once. */

#include "spans.h"

#include <stdio.h>
#include "scan.h"

#include "wide_begin.h"

#ifdef WIDE
#define flatten flatten_wide
#include "spans.c"
#undef flatten
#include "wide_end.h"
#else
PyObject *flatten_wide(PyObject *module, PyObject *args)
{
    (void)module;
    (void)args;
    PyErr_SetString(PyExc_SystemError, "this processor looks at few bytes at once");
    return NULL;
}
#endif

/* Takes records out of what a container's runtime or a log shipper put around each line. */

#ifndef LEVERWATCH_WRAPPED_H
#define LEVERWATCH_WRAPPED_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "scan.h"

#define MOST_STAGES 4
#define MOST_FIELDS 8 /* bits */
#define MOST_TIME 40  /* bytes of a time */

/* What is made of a line is a line again: a time, this byte, and the text that was wrapped. It is empty where Python
   has to look at the line itself, and has one other byte where there is no record by design. */
#define BEHIND_TIME 2
#define NO_RECORD 1

enum kind { CRI, DOCKER, STRING, PREFIX };

typedef struct {
    enum kind kind;
    int any_text; /* whether something else than a record may be inside */
    int last;
    size_t fields;
    Text field[MOST_FIELDS];
} Stage;

/* What is in some lines, written where there is room for them with a byte more for each, a time, and 64 bytes. */
Py_ssize_t unwrap_lines(const Stage *stage, const uint8_t *data, size_t size, uint8_t *out, uint32_t *starts,
                        int by_brace, int *is_open);
Py_ssize_t unwrap_lines_wide(const Stage *stage, const uint8_t *data, size_t size, uint8_t *out, uint32_t *starts,
                             int by_brace, int *is_open);
PyObject *unwrap(PyObject *module, PyObject *args);

#endif

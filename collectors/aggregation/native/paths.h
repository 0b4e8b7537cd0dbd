/* The tree of keys by which the values of records are found. */

#ifndef LEVERWATCH_PATHS_H
#define LEVERWATCH_PATHS_H

#include "scan.h"

void node_free(Node *node);

/* Add a path to a scan; -1: an error is set. A step is a key, None for any key, or True for the only element of the
   array at the key before it. */
int add_path(Scan *self, PyObject *path, int role, int rank);

/* Add a test; -1: an error is set. It is a path, whether it is to hold, whether the value is to be there (-1: that does
   not decide), a prefix, and texts. */
int add_test(Scan *self, PyObject *given);

#endif

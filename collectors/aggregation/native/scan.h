/* The values of plain records, found in their text. */

#ifndef LEVERWATCH_SCAN_H
#define LEVERWATCH_SCAN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"

#define MOST_NAMES 16
#define MOST_KEYS 32
#define MOST_STEPS 8
#define MOST_ROLES 4

/* What a value is to a record. What follows the trace are numbers, the first of them whole ones. */
enum role {
    TIME, REQUEST, TRACE,
#define X(field) of_##field,
    WHOLE_FIELDS
    AMOUNT_FIELDS
#undef X
    of_inferences, of_attempts, of_errors, of_sample_rate,
    NAME, /* this and all that follow are names: whatever the text of the value is */
};
#define X(field) + 1
enum { LAST_WHOLE = TRACE WHOLE_FIELDS };
#undef X
#define FIRST_NUMBER (TRACE + 1)
#define AMOUNTS (NAME - FIRST_NUMBER)
_Static_assert(AMOUNTS <= 32, "the amounts that a record has are bits of 32");

typedef struct {
    uint32_t at, length;
} Span;

enum time_kind { TEXT_TIME, NUMBER_TIME };

typedef struct {
    Span line;      /* without its newline */
    int odd;        /* not plain: nothing else is known */
    uint32_t known; /* bits of the amounts that are there */
    enum time_kind time_kind;
    Span time, zone; /* of a text: all of it, and what follows the seconds */
    int64_t micros;  /* of a number: microseconds since the epoch */
    Span request;    /* length 0: none */
    int traced;
    Span trace;
    uint64_t hash; /* of the names */
} Record;

typedef struct Node {
    int keys;
    struct Key {
        const uint8_t *text;
        size_t length;
        struct Node *inner; /* NULL: a value */
        int roles;
        uint8_t role[MOST_ROLES];
    } key[MOST_KEYS];
} Node;

typedef struct {
    PyObject_HEAD
    PyObject *paths; /* owns the texts of the keys */
    Node *root;
    int names;
    int amounts;
    int8_t column[AMOUNTS]; /* of each amount in `values`; -1: not mapped */
    Record *records;
    Span *tokens;   /* `names` a record; length 0: missing */
    double *values; /* `amounts` a record */
    size_t count, room;
} Scan;

extern PyType_Spec ScanSpec;
extern PyTypeObject *ScanType; /* made from it when the module is */

#define TOO_MANY_LINES 1

/* Read whole lines; -1: out of memory. Too many of them are hardly records, and not worth the memory. */
int scan_read(Scan *scan, const uint8_t *data, size_t size);

#endif

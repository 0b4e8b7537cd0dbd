/* The values of plain records, found in their text. */

#ifndef LEVERWATCH_SCAN_H
#define LEVERWATCH_SCAN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NAMES 16
#define MOST_KEYS 32
#define MOST_STEPS 8
#define MOST_ROLES 4

/* What a value is to a record. The amounts are whole numbers up to the last count. */
enum role {
    TIME, REQUEST, TRACE,
    INPUT, CACHED, OUTPUT, CACHE_WRITE, REASONING, STATIC, LAST_COUNT = STATIC,
    COST, LATENCY, INFERENCES, ATTEMPTS, RATE, LAST_AMOUNT = RATE,
    NAME, /* this and all that follow are names: whatever the text of the value is */
};
#define AMOUNTS (LAST_AMOUNT - INPUT + 1)

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

/* The values of plain records, found in their text. */

#ifndef LEVERWATCH_SCAN_H
#define LEVERWATCH_SCAN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"

#define MOST_NAMES 40
#define MOST_KEYS 32
#define MOST_STEPS 8
#define MOST_ROLES 6
#define MOST_NEXT 32
#define LONGEST_NEXT 64
#define MOST_CLASSES 12
#define MOST_TESTS 16 /* of a filter */
#define MOST_COUNT (1ULL << 53)
#define LONGEST_ID 800 /* bytes of an id of a declared record */
#define LONGEST_RAW 400 /* and of a name that is an object, an array, or what stands for one */
#define SESSION 2 /* the rank of a name that is told without the session of an assumed role */
#define ADDS 255 /* the rank of a path whose number is added to the one that the others tell */
#define LONGEST_SUFFIX 200 /* and of what may follow it */

/* What a value is to a record. What follows the trace are numbers, the first of them whole ones. */
enum role {
    TIME, REQUEST, TRACE,
#define X(field) of_##field,
    WHOLE_FIELDS
    AMOUNT_FIELDS
#undef X
    of_inferences, of_attempts, of_errors, of_sample_rate,
    of_total, /* the producer's own sum of all tokens */
    ABSENT,   /* nothing, or null */
    ALONE,    /* the same; a record that has it is to be read together with those around it */
    UNREAD,   /* a text or a number that nobody looks at */
    ENDED,    /* when a call ended: tells the latency where nothing else does */
    IN_TEXT,  /* an object that may also be JSON inside a text */
    CLOSED,   /* an object that has no other keys than those that are asked for */
    BODY,     /* a text that is JSON, and an object */
    FLAT,     /* an object in which nothing else than what is asked for is an object */
    CLASS,    /* this and those that follow: a number of which only matters whether it is there, and zero */
    NAME = CLASS + MOST_CLASSES, /* this and all that follow are names: whatever the text of the value is */
};
#define X(field) + 1
enum { LAST_WHOLE = TRACE WHOLE_FIELDS };
#undef X
#define FIRST_NUMBER (TRACE + 1)
#define AMOUNTS (ABSENT - FIRST_NUMBER)
_Static_assert(AMOUNTS <= 32, "the amounts that a record has are bits of 32");
_Static_assert(AMOUNTS + MOST_CLASSES <= 30, "each has two bits of 64, and four are of other values");

/* Where the parts of the tokens of records stand. */
enum parts { AS_TOLD, INSIDE, BESIDE, THOUGHT_BESIDE, BY_NAMES, SUMMED };

typedef struct {
    uint32_t at, length;
} Span;

enum time_kind { TEXT_TIME, NUMBER_TIME };

typedef struct {
    Span line;      /* without its newline */
    uint32_t number; /* of a row: the newlines before it */
    int odd;        /* not plain: nothing else is known */
    int no_record;  /* by design */
    int filtered;   /* a filter leaves it out */
    int passed;     /* no call, whatever its names are */
    uint32_t known; /* bits of the amounts that are there */
    enum time_kind time_kind;
    Span time, zone; /* of a text: all of it, and what follows the seconds */
    int64_t micros;  /* of a number: microseconds since the epoch */
    int seconds;     /* whether it is of seconds and their fraction */
    Span request;    /* length 0: none */
    int traced;
    Span trace;
    uint64_t hash; /* of the names */
    uint64_t classes; /* of a declared record: which values are there, and which of them are zero */
} Record;

/* A key of an object as it was written, up to its value. */
typedef struct {
    uint8_t text[LONGEST_NEXT], length;
    int8_t key;      /* of the node; -1: none */
    uint64_t beyond; /* bits of the bytes of the text that are behind its length */
} Next;

typedef struct Node {
    int keys;
    struct Key {
        const uint8_t *text;
        size_t length;
        struct Node *inner; /* NULL: a value */
        int in_text;
        int body; /* the object is nothing but JSON inside a text */
        struct Node *first; /* of an array: what its only element has; NULL: it is none */
        uint32_t tests; /* bits of the tests of its value */
        int roles;
        uint8_t role[MOST_ROLES];
        uint8_t rank[MOST_ROLES]; /* of several paths to a value the lowest one tells it */
    } key[MOST_KEYS];
    int closed;      /* any other key is a surprise */
    int flat;        /* an object at any other key is */
    int only_inside; /* it is always inside of a text */
    struct Key *any; /* of an object with one key of any name, which is a name itself */
    uint32_t ordered, missed; /* keys in their order, and those that were not */
    Next order[MOST_NEXT];
} Node;

typedef struct {
    const uint8_t *bytes;
    size_t length;
} Text;

/* A test of a value: whether it is there, or else whether it has a prefix or is one of some texts. */
typedef struct {
    int present; /* -1: that does not decide */
    Text prefix;
    Text *text;
    size_t texts;
} Test;

typedef struct {
    PyObject_HEAD
    PyObject *filter; /* owns the texts of the tests; NULL: there are none */
    Test test[MOST_TESTS];
    int tests;
    uint32_t wanted; /* bits of the tests that are to hold */
    uint32_t lacking; /* and of those that hold without a value */
    PyObject *paths; /* owns the texts of the keys */
    Node *root;
    int names;
    int amounts;
    struct TextForm *text; /* of lines of access logs; NULL: they are JSON */
    /* Of records that a declaration describes: each is a line from brace to brace. */
    int declared;
    int unwrapped; /* the lines are what `wrapped.c` made */
    int by_line;   /* each line is a record, or none */
    enum parts parts;
    int by_id;         /* an id alone makes a duplicate */
    int text_time;     /* a time that is a number means something else */
    double latency_in; /* the unit of the latency, in 1/ms */
    int apart;         /* some of the lines that were read need those around them */
    int8_t column[AMOUNTS]; /* of each amount in `values`; -1: not mapped */
    Record *records;
    Span *tokens;   /* `names` a record; length 0: missing */
    double *values; /* `amounts` a record */
    size_t count, room;
    size_t lines; /* of the rows that were read */
    struct Columns *columns; /* of the rows of a table; NULL: records are JSON */
} Scan;

extern PyType_Spec ScanSpec;
extern PyTypeObject *ScanType; /* made from it when the module is */

#define TOO_MANY_LINES 1

/* Read whole lines; -1: out of memory. Too many of them are hardly records, and not worth the memory. */
int scan_read(Scan *scan, const uint8_t *data, size_t size);

/* The same, made for a processor that looks at 32 or more bytes at once; to be called only where there is one. */
int scan_read_wide(Scan *scan, const uint8_t *data, size_t size);
/* Whether this processor is one. */
int has_wide(void);
extern int is_wide; /* whether scans read so; set before there are threads */

/* Room for more records; -1: out of memory. */
int scan_grow(Scan *scan);

#endif

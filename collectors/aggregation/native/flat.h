/* What is known while lines are made of spans. Part of spans.c, for speed. */

#ifndef LEVERWATCH_FLAT_H
#define LEVERWATCH_FLAT_H

#include "spans.h"
#include "walk.h"

#define WHATS 8     /* the numbers, and the id of the response */
#define PLACES 1024 /* for names, by their hash */
#define MOST_WANTED (PLACES / 2)

enum what { NAMED = -1, UNUSUAL = -2, COST = 6, RESPONSE = 7 };

typedef struct {
    const uint8_t *bytes;
    size_t length;
    int what, rank;
    int first_told; /* whether a zero gives way to what another name tells */
} Wanted;

typedef struct {
    Reader reader;
    Wanted wanted[MOST_WANTED];
    uint16_t place[PLACES]; /* one more than the number of a wanted name; 0: none */
    PyObject *contexts;
    Buffer lines, rows, names;
    uint32_t outer, context;
    int failed; /* out of memory, or an error of Python */
    Piece resource, scope;
    int is_naming; /* the scope names its spans by what they do */
} Flat;

/* What the attributes of a span tell. */
typedef struct {
    Piece told[WHATS]; /* length 0: nothing */
    int rank[WHATS], zero[WHATS];
} Numbers;

enum part { TRACE_ID, SPAN_ID, PARENT_ID, BEGAN, DONE_AT, STATE, STATUS, ATTRIBUTES, PARTS_OF_SPAN };

static int put(Flat *f, Buffer *buffer, const void *bytes, size_t length)
{
    if (add_bytes(buffer, bytes, length) < 0) {
        f->failed = 1;
        return -1;
    }
    return 0;
}

static uint8_t *copied(uint8_t *out, const void *bytes, size_t length)
{
    memcpy(out, bytes, length);
    return out + length;
}
#define SIGNS(out, text) copied(out, text, sizeof text - 1)

#endif

/* What every reader of values keeps of the record that it reads, be it an object or a row. */

#ifndef LEVERWATCH_READING_H
#define LEVERWATCH_READING_H

#include "hash.h"
#include "scan.h"

#define MOST_AMOUNT 1e15
#define LEAST_RATE 1e-6

/* The texts end in a newline, where everything that is read here ends too: only what is read in steps of more than a
   byte must look where it is. */
typedef struct {
    const uint8_t *data, *end;
    Scan *scan;
    Record *record;
    Span *tokens;
    double *values;
    uint32_t held; /* bits of the tests that hold */
    uint8_t best[ABSENT]; /* the rank of the path or column that told a value; beyond all ranks: none did */
    uint32_t asked; /* keys that somebody asks for */
    uint32_t adds; /* bits of the amounts to which further paths or columns add, and how much */
    double added[AMOUNTS];
    int bad_time;
    int several; /* of a row: lines */
    Record ended; /* of an object: the time when the call ended; without one its length is 0 */
    int bad_end;
} Reader;

static inline int is_ascii(const uint8_t *p, size_t length)
{
    uint64_t all = 0;
    for (; length >= 8; p += 8, length -= 8)
        all |= load64(p);
    while (length--)
        all |= *p++;
    return !(all & 0x8080808080808080ULL);
}

/* Whether a path or column is the first one so far that tells a value. */
static inline int is_best(Reader *r, int role, int rank)
{
    if (rank >= r->best[role])
        return 0;
    r->best[role] = (uint8_t)rank;
    return 1;
}

#endif

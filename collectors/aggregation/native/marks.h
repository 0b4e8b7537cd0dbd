/* Finds the signs of a table in its text, 64 bytes at a time. Part of csv.c, for speed. */

#ifndef LEVERWATCH_MARKS_H
#define LEVERWATCH_MARKS_H

#include "csv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLOCK 64

/* A cursor over the text, which only moves on, or back by `marks_back`. Each mask has a bit for each byte of the block. */
typedef struct {
    Dialect dialect;
    const uint8_t *data, *end;
    const uint8_t *block; /* where the block begins; NULL: none is loaded */
    uint64_t stops;       /* delimiters and newlines */
    uint64_t quotes;
    uint64_t strange;     /* NULs and carriage returns */
    uint64_t high;        /* bytes that are no ASCII */
    int any_strange, any_high; /* whether there are some since the start of the row, or shortly before it */
} Marks;

#ifdef __SSE2__
static inline void marks_load(Marks *m, const uint8_t *block)
{
    uint8_t rest[BLOCK];
    const uint8_t *from = block;
    size_t left = (size_t)(m->end - block);
    uint64_t there = UINT64_MAX;
    if (left < BLOCK) {
        memset(rest, 0, sizeof rest);
        memcpy(rest, block, left);
        from = rest;
        there = (1ULL << left) - 1;
    }
    const __m128i delimiter = _mm_set1_epi8((char)m->dialect.delimiter), newline = _mm_set1_epi8('\n');
    const __m128i quote = _mm_set1_epi8((char)m->dialect.quote), zero = _mm_setzero_si128();
    const __m128i returned = _mm_set1_epi8('\r');
    uint64_t stops = 0, quotes = 0, strange = 0, high = 0;
    for (int part = 0; part < BLOCK / 16; part++) {
        __m128i text = _mm_loadu_si128((const __m128i *)(from + 16 * part));
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(text, delimiter), _mm_cmpeq_epi8(text, newline));
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(text, zero), _mm_cmpeq_epi8(text, returned));
        stops |= (uint64_t)(uint32_t)_mm_movemask_epi8(stop) << 16 * part;
        quotes |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(text, quote)) << 16 * part;
        strange |= (uint64_t)(uint32_t)_mm_movemask_epi8(odd) << 16 * part;
        high |= (uint64_t)(uint32_t)_mm_movemask_epi8(text) << 16 * part;
    }
    m->block = block;
    m->stops = stops & there;
    m->quotes = m->dialect.quotes ? quotes & there : 0;
    m->strange = strange & there;
    m->high = high & there;
}
#else
static inline void marks_load(Marks *m, const uint8_t *block)
{
    size_t left = (size_t)(m->end - block);
    m->block = block;
    m->stops = m->quotes = m->strange = m->high = 0;
    for (size_t at = 0; at < BLOCK && at < left; at++) {
        uint8_t c = block[at];
        uint64_t bit = 1ULL << at;
        m->stops |= c == m->dialect.delimiter || c == '\n' ? bit : 0;
        m->quotes |= m->dialect.quotes && c == m->dialect.quote ? bit : 0;
        m->strange |= c == 0 || c == '\r' ? bit : 0;
        m->high |= c >= 0x80 ? bit : 0;
    }
}
#endif

/* The mask of what is at `p` and behind it in its block, which is loaded where it is another one. */
static inline uint64_t marks_from(Marks *m, const uint8_t *p)
{
    if ((size_t)(p - m->block) >= BLOCK) {
        marks_load(m, m->block + ((size_t)(p - m->block) & ~(size_t)(BLOCK - 1)));
        m->any_strange |= m->strange != 0;
        m->any_high |= m->high != 0;
    }
    return UINT64_MAX << (p - m->block);
}

/* To be called at the start of every row. */
static inline void marks_begin(Marks *m, const uint8_t *p)
{
    if (p < m->block) /* a row that ended where it seemed not to */
        marks_load(m, m->data + ((size_t)(p - m->data) & ~(size_t)(BLOCK - 1)));
    uint64_t from = marks_from(m, p);
    m->any_strange = (m->strange & from) != 0;
    m->any_high = (m->high & from) != 0;
}

/* The next delimiter or newline from `p` on; the end of the data when there is none. */
static inline const uint8_t *marks_stop(Marks *m, const uint8_t *p)
{
    while (p < m->end) {
        uint64_t found = marks_from(m, p) & m->stops;
        if (found)
            return m->block + __builtin_ctzll(found);
        p = m->block + BLOCK;
    }
    return m->end;
}

/* The next quote from `p` on; the end of the data when there is none. */
static inline const uint8_t *marks_quote(Marks *m, const uint8_t *p)
{
    while (p < m->end) {
        uint64_t found = marks_from(m, p) & m->quotes;
        if (found)
            return m->block + __builtin_ctzll(found);
        p = m->block + BLOCK;
    }
    return m->end;
}

static inline Marks marks_of(const Dialect *dialect, const uint8_t *data, size_t size)
{
    Marks marks = {.dialect = *dialect, .data = data, .end = data + size};
    marks_load(&marks, data);
    return marks;
}

#endif

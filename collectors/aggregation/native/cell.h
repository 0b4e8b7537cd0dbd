/* What a cell of a row tells, by the roles of its column. Part of csv.c, for speed. */

#ifndef LEVERWATCH_CELL_H
#define LEVERWATCH_CELL_H

#include "csv.h"
#include "hash.h"
#include "number.h"
#include "reading.h"
#include "record.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef struct {
    const uint8_t *raw, *raw_end; /* all of it */
    const uint8_t *at, *end;      /* without quotes */
    int quoted, doubled;          /* doubled: there are quotes in it, each twice */
} Cell;

typedef Reader Row;

static inline Span span_at(const Row *r, const uint8_t *at, const uint8_t *end)
{
    return (Span){(uint32_t)(at - r->data), (uint32_t)(end - at)};
}

static inline int is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Whether a text begins and ends with what Python takes for no blank: ASCII, as it has others too. */
static inline int is_bare(const uint8_t *p, size_t length)
{
    return p[0] > ' ' && p[0] < 0x7F && p[length - 1] > ' ' && p[length - 1] < 0x7F;
}

/* What databases, spreadsheets and programs write for no value. */
static inline int is_unknown(const uint8_t *p, size_t length)
{
    switch (length) {
    case 0:
        return 1;
    case 1:
        return p[0] == '-';
    case 2:
        return !memcmp(p, "\\N", 2) || !memcmp(p, "--", 2);
    case 3:
        return !memcmp(p, "N/A", 3) || !memcmp(p, "n/a", 3) || !memcmp(p, "NaN", 3) || !memcmp(p, "nan", 3);
    case 4:
        return !memcmp(p, "NULL", 4) || !memcmp(p, "None", 4);
    default:
        return 0;
    }
}

static inline int is_no_id(const uint8_t *p, size_t length)
{
    uint32_t low = length == 4 ? load32(p) | 0x20202020U : 0;
    return length == 4 && (low == load32((const uint8_t *)"none") || low == load32((const uint8_t *)"null"));
}

static inline void cell_time(Row *r, int rank, const uint8_t *p, size_t length)
{
    Record *record = r->record;
    Number number;
    if (!is_best(r, TIME, rank))
        return;
    record->time_kind = TEXT_TIME;
    record->zone = (Span){0, 0};
    record->time = span_at(r, p, p + length);
    record->seconds = 0;
    r->bad_time = read_text_time(p, length, record->time.at, record);
    if (r->bad_time && (uint8_t)(*p - '0') < 10 && read_number(p, r->end, &number) == p + length)
        r->bad_time = read_number_time(&number, p, length, record);
}

static inline int cell_id(Row *r, int role, int rank, const uint8_t *p, size_t length)
{
    Record *record = r->record;
    if (role == REQUEST && is_no_id(p, length))
        return 0;
    if (!is_bare(p, length) || !is_ascii(p, length))
        return -1;
    if (!is_best(r, role, rank))
        return 0;
    if (role == TRACE)
        record->traced = 1;
    *(role == TRACE ? &record->trace : &record->request) = span_at(r, p, p + length);
    return 0;
}

static inline int cell_amount(Row *r, int role, int rank, const uint8_t *p, size_t length)
{
    Number number;
    double amount;
    int field = role - FIRST_NUMBER;
    if ((uint8_t)(*p - '0') >= 10 || read_number(p, r->end, &number) != p + length ||
        (r->scan->columns->digits && !number.whole))
        return -1;
    if (role <= LAST_WHOLE && number.whole) {
        if (number.digits > 16 || number.mantissa > MOST_COUNT)
            return -1;
        amount = (double)number.mantissa;
    } else {
        amount = nearest(&number, p, length);
        if (!(amount >= 0 && amount <= MOST_AMOUNT) ||
            (role == of_sample_rate && !(amount >= LEAST_RATE && amount <= 1)))
            return -1;
        /* A count is often written as 7.0; of calls there are no parts. */
        if ((role <= LAST_WHOLE || (role >= of_inferences && role <= of_errors)) && (double)(int64_t)amount != amount)
            return -1;
        if (role == of_latency_ms && (amount /= r->scan->latency_in) > MOST_AMOUNT)
            return -1;
    }
    if (rank == ADDS) {
        r->added[field] = (r->adds & 1U << field ? r->added[field] : 0) + amount;
        r->adds |= 1U << field;
        return 0;
    }
    if (!is_best(r, role, rank))
        return 0;
    r->values[r->scan->column[field]] = amount;
    r->record->known |= 1U << field;
    return 0;
}

/* Judge a value, which is no unknown one, by the tests of its column; -1: Python knows. */
static inline int judge_cell(Row *r, uint32_t tests, const Cell *cell, const uint8_t *p, size_t length)
{
    if (cell->doubled || !is_bare(p, length))
        return -1;
    for (uint32_t left = tests; left; left &= left - 1) {
        const Test *test = &r->scan->test[__builtin_ctz(left)];
        int held = test->present > 0;
        if (test->present < 0) {
            for (size_t at = 0; at < test->texts && !held; at++)
                held = test->text[at].length == length && is_same(test->text[at].bytes, p, length);
            held = held || (test->prefix.length && length >= test->prefix.length &&
                            !memcmp(p, test->prefix.bytes, test->prefix.length));
        }
        r->held = (r->held & ~(left & -left)) | (held ? left & -left : 0);
    }
    return 0;
}

/* Read a cell of a column that somebody asks for; -1: it is not plain. */
static inline int read_cell(Row *r, const struct Key *key, const Cell *cell)
{
    const uint8_t *p = cell->at, *end = cell->end;
    while (p < end && is_blank(*p))
        p++;
    while (end > p && is_blank(end[-1]))
        end--;
    size_t length = (size_t)(end - p);
    int unknown = is_unknown(p, length);
    for (int at = 0; at < key->roles; at++) {
        int role = key->role[at], rank = key->rank[at], bad = 0;
        if (role >= NAME)
            r->tokens[role - NAME] = span_at(r, cell->raw, cell->raw_end);
        else if (unknown)
            continue;
        else if (cell->doubled)
            bad = -1;
        else if (role == TIME)
            cell_time(r, rank, p, length);
        else if (role == REQUEST || role == TRACE)
            bad = cell_id(r, role, rank, p, length);
        else if (role < ABSENT)
            bad = cell_amount(r, role, rank, p, length);
        else
            bad = -1;
        if (bad < 0)
            return -1;
    }
    return key->tests && !unknown ? judge_cell(r, key->tests, cell, p, length) : 0;
}

static inline Record *begin_row(Row *r, const uint8_t *p)
{
    Scan *scan = r->scan;
    r->record = &scan->records[scan->count];
    r->tokens = scan->tokens + scan->count * (size_t)scan->names;
    r->values = scan->values + scan->count * (size_t)scan->amounts;
    begin(r->record, (uint32_t)(p - r->data));
    memset(r->tokens, 0, (size_t)scan->names * sizeof *r->tokens);
    memset(r->best, UINT8_MAX, sizeof r->best);
    r->adds = 0;
    r->bad_time = r->several = 0;
    r->held = scan->lacking;
    return r->record;
}

/* What is left to be done when all cells of a row are read; -1: it is not plain. */
static inline int finish_row(Row *r)
{
    const Scan *scan = r->scan;
    Record *record = r->record;
    if (!record->time.length || r->bad_time || (record->known & scan->columns->needs) != scan->columns->needs)
        return -1;
    for (uint32_t left = r->adds & record->known; left; left &= left - 1) {
        int amount = __builtin_ctz(left);
        if ((r->values[scan->column[amount]] += r->added[amount]) > (double)MOST_COUNT)
            return -1;
    }
    record->filtered = r->held != scan->wanted;
    record->known = priced(record, r->values, scan->column);
    for (int name = 0; name < scan->names; name++)
        record->hash = mix(record->hash, r->data + r->tokens[name].at, r->tokens[name].length);
    return 0;
}

/* Move `*p` to the next place of a text; whether there is one. */
static inline int find_text(const uint8_t **p, const uint8_t *end, const uint8_t *text, size_t length)
{
    const uint8_t *at = *p;
    if (!length || (size_t)(end - at) < length)
        return 0;
    end -= length - 1; /* behind the last place where it can begin */
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8((char)text[0]), last = _mm_set1_epi8((char)text[length - 1]);
    for (; end - at >= 16; at += 16) {
        __m128i same = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at), first),
                                     _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(at + length - 1)), last));
        for (unsigned bits = (unsigned)_mm_movemask_epi8(same); bits; bits &= bits - 1)
            if (!memcmp(at + __builtin_ctz(bits), text, length)) {
                *p = at + __builtin_ctz(bits);
                return 1;
            }
    }
#endif
    for (; at < end; at++)
        if (*at == *text && !memcmp(at, text, length)) {
            *p = at;
            return 1;
        }
    return 0;
}

#endif

#ifndef LEVERWATCH_RECORD_H
#define LEVERWATCH_RECORD_H

/* What every reader of records does with one, whatever it looks like. */

#include "scan.h"

#define MOST_LINES 65536

/* Field by field, as that takes half as long as to clear so many bytes at once. */
static inline void begin(Record *record, uint32_t at)
{
    const Span none = {0, 0};
    record->line = (Span){at, 0};
    record->odd = record->no_record = record->filtered = record->passed = record->seconds = record->traced = 0;
    record->time_kind = TEXT_TIME;
    record->known = 0;
    record->time = record->zone = record->request = record->trace = none;
    record->micros = 0;
    record->hash = record->classes = 0;
}

/* Room for one more record, behind so many bytes; else what `scan_read` returns. */
static inline int room_for_one(Scan *scan, size_t before, size_t shortest)
{
    if (scan->count < scan->room)
        return 0;
    /* What is kept of a line is many times as much as a blank one. */
    if (scan->count >= MOST_LINES && before < scan->count * shortest)
        return TOO_MANY_LINES;
    return scan_grow(scan);
}

/* Which values a declared record has, and which of them are zero: a declaration may ask for that. */
static inline uint64_t classes_of(const Scan *scan, const Record *record, const double *values)
{
    uint64_t found = record->classes | (uint64_t)(record->request.length > 0) << 60 | (uint64_t)record->traced << 61 |
                     (uint64_t)(record->time_kind == NUMBER_TIME) << 62;
    for (uint32_t told = record->known & ((1U << (of_total - FIRST_NUMBER)) - 1); told; told &= told - 1) {
        int amount = __builtin_ctz(told);
        found |= (values[scan->column[amount]] == 0 ? 1ULL : 2ULL) << 2 * amount;
    }
    return found;
}

/* A cost of zero beside tokens is that of a model whose price the producer does not know: no cost is known. */
static inline uint32_t priced(const Record *record, const double *values, const int8_t *column)
{
#define TOLD(field) (record->known & 1U << (of_##field - FIRST_NUMBER) ? values[column[of_##field - FIRST_NUMBER]] : 0)
    int free = !TOLD(cost_usd) && (TOLD(input_tokens) > 0 || TOLD(output_tokens) > 0);
#undef TOLD
    return free ? record->known & ~(1U << (of_cost_usd - FIRST_NUMBER)) : record->known;
}

#endif

/* What a value tells, by its role in a record. Part of json.c, for speed. */

#ifndef LEVERWATCH_ROLES_H
#define LEVERWATCH_ROLES_H

#include "hash.h"
#include "reader.h"

#define MOST_AMOUNT 1e15
#define LEAST_RATE 1e-6

static int is_ascii(const uint8_t *p, size_t length)
{
    uint8_t all = 0;
    while (length--)
        all |= *p++;
    return all < 0x80;
}

/* A text that is stripped elsewhere is only taken as it is here when there is nothing to strip. */
static int read_text_id(const Reader *r, const uint8_t *p, size_t length, Span *span)
{
    if (length && (p[0] == ' ' || p[length - 1] == ' '))
        return -1;
    if (!is_ascii(p, length))
        return -1;
    *span = (Span){(uint32_t)(p - r->data), (uint32_t)length};
    return 0;
}

static int says_nothing(const uint8_t *p, size_t length)
{
    if (length != 4)
        return length == 0;
    uint32_t low = load32(p) | 0x20202020U;
    return low == load32((const uint8_t *)"none") || low == load32((const uint8_t *)"null");
}

/* Whether a path is the first one so far that tells a value. */
static int is_best(Reader *r, int role, int rank)
{
    if (rank >= r->best[role])
        return 0;
    r->best[role] = (uint8_t)rank;
    return 1;
}

/* The time that is told by the best path alone decides whether it can be read here. */
static int read_time(Reader *r, int role, int rank, const uint8_t *p, size_t length, const Number *number, int escaped)
{
    int text = is_text(r, p);
    size_t mark = quote(r);
    Record told = {0}, *record = role == ENDED ? &r->ended : r->record;
    int bad = text ? (escaped ? -1
                              : read_text_time(p + mark, length - 2 * mark, (uint32_t)(p + mark - r->data), &told))
              : number ? (r->scan->text_time ? -1 : read_number_time(number, p, length, &told))
                       : -1;
    if (!text && !number)
        return -1;
    if (role == TIME && !is_best(r, TIME, rank))
        return 0;
    *(role == ENDED ? &r->bad_end : &r->bad_time) = bad;
    record->time_kind = told.time_kind;
    record->time = told.time_kind == TEXT_TIME ? told.time : (Span){(uint32_t)(p - r->data), (uint32_t)length};
    record->zone = told.zone;
    record->micros = told.micros;
    record->seconds = told.seconds;
    return 0;
}

/* The latency of a record that only tells when it ended; -1: Python knows. */
static int read_latency(Reader *r)
{
    Record *record = r->record;
    uint32_t bit = 1U << (of_latency_ms - FIRST_NUMBER);
    if (!r->ended.time.length || record->known & bit)
        return 0;
    double latency = r->bad_end || r->scan->column[of_latency_ms - FIRST_NUMBER] < 0 ? -1 : elapsed(r->data, record, &r->ended);
    if (latency < 0)
        return -1;
    r->values[r->scan->column[of_latency_ms - FIRST_NUMBER]] = latency;
    record->known |= bit;
    return 0;
}

static int read_id(Reader *r, int role, int rank, const uint8_t *p, size_t length, const Number *number, int escaped)
{
    Record *record = r->record;
    Span span = {(uint32_t)(p - r->data), (uint32_t)length};
    int declared = r->scan->declared;
    size_t mark = quote(r);
    if (is_text(r, p)) {
        if (escaped)
            return -1;
        if ((declared || role == REQUEST) && says_nothing(p + mark, length - 2 * mark))
            return declared && length > 2 * mark ? -1 : 0;
        if (read_text_id(r, p + mark, length - 2 * mark, &span) < 0)
            return -1;
    } else if (!number || !number->whole || number->negative || number->digits > 18) {
        return -1;
    }
    if (declared && span.length > LONGEST_ID)
        return -1;
    if (!is_best(r, role, rank))
        return 0;
    if (role == TRACE) {
        record->traced = 1;
        record->trace = span;
    } else {
        record->request = span;
    }
    return 0;
}

static int read_class(Reader *r, int role, const Number *number)
{
    if (!number || number->negative)
        return -1;
    r->record->classes |= (number->mantissa ? 2ULL : 1ULL) << 2 * (AMOUNTS + role - CLASS);
    return 0;
}

static int read_role(Reader *r, int role, int rank, const uint8_t *p, const uint8_t *end, const Number *number,
                     int escaped)
{
    Record *record = r->record;
    size_t length = (size_t)(end - p);
    int inner = *p == '{' || *p == '[';
    if (role >= NAME) {
        r->tokens[role - NAME] = (Span){(uint32_t)(p - r->data), (uint32_t)length};
        return inner && (!rank || length > LONGEST_RAW) ? -1 : 0;
    }
    if (*p == 'n')
        return 0;
    if (role >= CLASS)
        return read_class(r, role, number);
    switch (role) {
    case TIME:
    case ENDED:
        return read_time(r, role, rank, p, length, number, escaped);
    case REQUEST:
    case TRACE:
        return read_id(r, role, rank, p, length, number, escaped);
    case ALONE:
        r->scan->apart = 1;
        return -1;
    case ABSENT:
        return -1;
    case UNREAD:
        return number || is_text(r, p) ? 0 : -1;
    default:
        break;
    }
    if (!number || number->negative)
        return -1;
    double value;
    if (role <= LAST_WHOLE) {
        if (!number->whole || number->digits > 16 || number->mantissa > MOST_COUNT)
            return -1;
        value = (double)number->mantissa;
    } else {
        value = nearest(number, p, length);
        if (!(value >= 0 && value <= MOST_AMOUNT) || (role == of_sample_rate && !(value >= LEAST_RATE && value <= 1)))
            return -1;
    }
    if (rank == ADDS) {
        r->added[role - FIRST_NUMBER] = (r->adds & 1U << (role - FIRST_NUMBER) ? r->added[role - FIRST_NUMBER] : 0) + value;
        r->adds |= 1U << (role - FIRST_NUMBER);
        return 0;
    }
    if (!is_best(r, role, rank))
        return 0;
    if (role == of_latency_ms && (value /= r->scan->latency_in) > MOST_AMOUNT)
        return -1;
    r->values[r->scan->column[role - FIRST_NUMBER]] = value;
    record->known |= 1U << (role - FIRST_NUMBER);
    return 0;
}

/* Add what further paths told to the numbers that are there; -1: a sum is too large. All of them are whole. */
static int add_up(Reader *r)
{
    for (uint32_t left = r->adds & r->record->known; left; left &= left - 1) {
        int amount = __builtin_ctz(left);
        double *value = &r->values[r->scan->column[amount]];
        if ((*value += r->added[amount]) > (double)MOST_COUNT)
            return -1;
    }
    return 0;
}

#endif

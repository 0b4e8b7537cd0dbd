/* What a value tells, by its role in a record. Part of json.c, for speed. */

#ifndef LEVERWATCH_ROLES_H
#define LEVERWATCH_ROLES_H

#include "reader.h"
#include "values.h"

/* A value in the text of a record. */
typedef struct {
    const uint8_t *at, *end;
    int is_text, is_number;
    int escaped;  /* whether its text has escapes */
    size_t mark;  /* of a text: the bytes of a quote */
    Number number;
} Value;

static inline size_t whole_length(const Value *value)
{
    return (size_t)(value->end - value->at);
}

static inline Span span_in(const Reader *r, const uint8_t *at, size_t length)
{
    return (Span){(uint32_t)(at - r->data), (uint32_t)length};
}

/* The time that is told by the best path alone decides whether it can be read here. */
static int read_time(Reader *r, int role, int rank, const Value *value)
{
    Record *record = role == ENDED ? &r->ended : r->record;
    size_t length = whole_length(value), mark = value->mark;
    int bad = -1;
    if (!value->is_text && !value->is_number)
        return -1;
    if (role == TIME && !is_best(r, TIME, rank))
        return 0;
    record->time_kind = TEXT_TIME;
    record->time = record->zone = (Span){0, 0};
    record->seconds = 0;
    if (value->is_text && !value->escaped)
        bad = read_text_time(value->at + mark, length - 2 * mark, (uint32_t)(value->at + mark - r->data), record);
    else if (value->is_number && !r->scan->text_time)
        bad = read_number_time(&value->number, value->at, length, record);
    if (record->time_kind == NUMBER_TIME)
        record->time = span_in(r, value->at, length);
    *(role == ENDED ? &r->bad_end : &r->bad_time) = bad;
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

/* A text that is stripped elsewhere is only taken as it is here when there is nothing to strip. */
static int read_id(Reader *r, int role, int rank, const Value *value)
{
    Record *record = r->record;
    const uint8_t *p = value->at;
    size_t length = whole_length(value);
    int declared = r->scan->declared;
    if (value->is_text) {
        if (value->escaped)
            return -1;
        p += value->mark;
        length -= 2 * value->mark;
        if ((declared || role == REQUEST) && says_nothing(p, length))
            return declared && length ? -1 : 0;
        if ((length && (p[0] == ' ' || p[length - 1] == ' ')) || !is_ascii(p, length))
            return -1;
    } else if (!value->is_number || !value->number.whole || value->number.negative || value->number.digits > 18) {
        return -1;
    }
    if (declared && length > LONGEST_ID)
        return -1;
    if (!is_best(r, role, rank))
        return 0;
    if (role == TRACE)
        record->traced = 1;
    *(role == TRACE ? &record->trace : &record->request) = span_in(r, p, length);
    return 0;
}

static int read_amount(Reader *r, int role, int rank, const Value *value)
{
    const Number *number = &value->number;
    double amount;
    if (!value->is_number || number->negative)
        return -1;
    if (role <= LAST_WHOLE) {
        if (!number->whole || number->digits > 16 || number->mantissa > MOST_COUNT)
            return -1;
        amount = (double)number->mantissa;
    } else {
        amount = nearest(number, value->at, whole_length(value));
        if (!(amount >= 0 && amount <= MOST_AMOUNT) ||
            (role == of_sample_rate && !(amount >= LEAST_RATE && amount <= 1)))
            return -1;
        if (role >= of_inferences && role <= of_errors && (double)(int64_t)amount != amount) /* no part of a call */
            return -1;
        if (role == of_latency_ms && (amount /= r->scan->latency_in) > MOST_AMOUNT)
            return -1;
    }
    if (rank == ADDS) {
        double before = r->adds & 1U << (role - FIRST_NUMBER) ? r->added[role - FIRST_NUMBER] : 0;
        r->added[role - FIRST_NUMBER] = before + amount;
        r->adds |= 1U << (role - FIRST_NUMBER);
        return 0;
    }
    if (!is_best(r, role, rank))
        return 0;
    r->values[r->scan->column[role - FIRST_NUMBER]] = amount;
    r->record->known |= 1U << (role - FIRST_NUMBER);
    return 0;
}

static int read_other(Reader *r, int role, int rank, const Value *value)
{
    switch (role) {
    case TIME:
    case ENDED:
        return read_time(r, role, rank, value);
    case REQUEST:
    case TRACE:
        return read_id(r, role, rank, value);
    case ALONE:
        r->scan->apart = 1;
        return -1;
    case UNREAD:
        return value->is_number || value->is_text ? 0 : -1;
    case ABSENT:
        return -1;
    default:
        break;
    }
    if (role < CLASS || !value->is_number || value->number.negative)
        return -1;
    if (rank && (!value->number.whole || value->number.digits > 16 || value->number.mantissa > MOST_COUNT))
        return -1;
    if (!(nearest(&value->number, value->at, whole_length(value)) <= MOST_AMOUNT))
        return -1;
    r->record->classes |= (value->number.mantissa ? 2ULL : 1ULL) << 2 * (AMOUNTS + role - CLASS);
    return 0;
}

/* The length of a name without the session behind an assumed role, which is another one every time. What is cut off
   must not change what is before it to Python: that reads behind the last colon. */
static inline size_t without_session(const uint8_t *p, size_t length)
{
    static const char role[] = ":assumed-role/";
    const uint8_t *end = p + length, *at = p;
    while ((at = memchr(at, ':', (size_t)(end - at))) && (size_t)(end - at) >= sizeof role - 1 &&
           memcmp(at, role, sizeof role - 1))
        at++;
    if (!at || (size_t)(end - at) < sizeof role - 1)
        return length;
    at += sizeof role - 1;
    const uint8_t *slash = memchr(at, '/', (size_t)(end - at));
    if (!slash || memchr(at, ':', (size_t)(end - at)) || memchr(p, '\\', length))
        return length;
    return (size_t)(slash - p);
}

static inline int read_role(Reader *r, int role, int rank, const Value *value)
{
    if (role >= NAME) {
        int inner = *value->at == '{' || *value->at == '[';
        size_t length = whole_length(value);
        r->tokens[role - NAME] = span_in(r, value->at, rank == SESSION ? without_session(value->at, length) : length);
        return inner && (!rank || whole_length(value) > LONGEST_RAW) ? -1 : 0;
    }
    if (*value->at == 'n')
        return 0;
    return role >= FIRST_NUMBER && role < ABSENT ? read_amount(r, role, rank, value) : read_other(r, role, rank, value);
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

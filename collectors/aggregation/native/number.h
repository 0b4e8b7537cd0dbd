/* Numbers and times in the text of a record. */

#ifndef LEVERWATCH_NUMBER_H
#define LEVERWATCH_NUMBER_H

#include "hash.h"
#include "scan.h"

#define MOST_DIGITS 19

typedef struct {
    int negative, whole; /* whole: neither a fraction nor an exponent */
    int digits;          /* significant ones, of a fraction at most so many; beyond 19 the mantissa is cut off */
    uint64_t mantissa;
    int exponent;
} Number;

/* To be called once before all else, under the lock of the interpreter; -1: numbers cannot be read. */
int prepare_numbers(void);

/* Gives what follows, NULL for what is none by the grammar of JSON. */
const uint8_t *read_any_number(const uint8_t *p, Number *number);

/* How many of eight bytes are digits before one that is none: 8 when all are. */
static inline unsigned digits_of(uint64_t eight)
{
    uint64_t from_zero = eight ^ 0x3030303030303030ULL;
    uint64_t others = (((from_zero & 0x7F7F7F7F7F7F7F7FULL) + 0x7676767676767676ULL) | from_zero) & 0x8080808080808080ULL;
    return others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
}

/* The number that the first one to seven digits of eight bytes are, all at once:
   https://lemire.me/blog/2022/01/21/swar-explained-parsing-eight-digits/ */
static inline uint64_t number_of(uint64_t eight, unsigned digits)
{
    const uint64_t halves = 0x000000FF000000FFULL;
    eight = (eight - 0x3030303030303030ULL) << (64 - 8 * digits);
    eight = eight * 10 + (eight >> 8);
    return ((eight & halves) * 0x000F424000000064ULL + (eight >> 16 & halves) * 0x0000271000000001ULL) >> 32;
}

/* The same as `read_any_number`, at once for most numbers; nothing at or behind `end` is read. */
static inline const uint8_t *read_number(const uint8_t *p, const uint8_t *end, Number *number)
{
    static const uint32_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    if (end - p < 16)
        return read_any_number(p, number);
    uint64_t eight = load64(p), mantissa;
    unsigned digits = digits_of(eight), below = 0;
    if (digits - 1 > 6 || (*p == '0' && digits > 1))
        return read_any_number(p, number);
    const uint8_t *behind = p + digits;
    mantissa = number_of(eight, digits);
    if (*behind == '.') {
        eight = load64(behind + 1);
        below = digits_of(eight);
        if (below - 1 > 6)
            return read_any_number(p, number);
        behind += 1 + below;
        mantissa = mantissa * tens[below] + number_of(eight, below);
    }
    if (*behind == 'e' || *behind == 'E')
        return read_any_number(p, number);
    *number = (Number){.whole = !below, .digits = mantissa ? (int)(digits + below) : 0, .mantissa = mantissa,
                       .exponent = -(int)below};
    return behind;
}

/* The nearest double to a number that is not negative; -1: this needs more than is done here. */
double any_nearest(const uint8_t *text, size_t length);

static inline double nearest(const Number *number, const uint8_t *text, size_t length)
{
    static const double powers[] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };
    const int last = sizeof powers / sizeof *powers - 1, exponent = number->exponent;
    /* Both operands and the power are exact, so the one operation rounds correctly:
       https://dl.acm.org/doi/10.1145/93542.93557 */
    if (number->digits <= MOST_DIGITS && number->mantissa <= 1ULL << 53 && exponent >= -last && exponent <= last)
        return exponent < 0 ? (double)number->mantissa / powers[-exponent] : (double)number->mantissa * powers[exponent];
    return any_nearest(text, length);
}

/* Each is 0 for a time that is plain, -1 for any other value. */
int read_text_time(const uint8_t *text, size_t length, uint32_t at, Record *record);
int read_number_time(const Number *number, const uint8_t *text, size_t length, Record *record);

#define LOCAL_LENGTH 26 /* 10/May/2026:13:55:36 +0000 */
#define LOCAL_SECONDS 18 /* where they are in it */

/* The microseconds since the epoch of a time as servers write it in access logs, of that length; -1: it is none. */
int64_t read_local_time(const uint8_t *text);

/* The milliseconds from one plain time to another, as `elapsed_ms` of records/timestamps.py has them; -1: Python knows. */
double elapsed(const uint8_t *data, const Record *begun, const Record *ended);

#endif

/* Numbers and times in the text of a record. */

#ifndef LEVERWATCH_NUMBER_H
#define LEVERWATCH_NUMBER_H

#include "scan.h"

typedef struct {
    int negative, whole; /* whole: neither a fraction nor an exponent */
    int digits;          /* significant ones; beyond 19 the mantissa is cut off */
    uint64_t mantissa;
    int exponent;
} Number;

/* To be called once before all else, under the lock of the interpreter; -1: numbers cannot be read. */
int prepare_numbers(void);

/* Each gives what follows, NULL for what is none by the grammar of JSON. */
const uint8_t *read_number(const uint8_t *p, Number *number);

/* The nearest double to a number that is not negative; -1: this needs more than is done here. */
double nearest(const Number *number, const uint8_t *text, size_t length);

/* Each is 0 for a time that is plain, -1 for any other value. */
int read_text_time(const uint8_t *text, size_t length, uint32_t at, Record *record);
int read_number_time(const Number *number, const uint8_t *text, size_t length, Record *record);

/* The milliseconds from one plain time to another, as `elapsed_ms` of records/timestamps.py has them; -1: Python knows. */
double elapsed(const uint8_t *data, const Record *begun, const Record *ended);

#endif

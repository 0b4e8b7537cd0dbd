/* What texts say that are values. */

#ifndef LEVERWATCH_VALUES_H
#define LEVERWATCH_VALUES_H

#include "hash.h"

/* Whether an id is none, as collectors/records/names.py has it. */
static inline int says_nothing(const uint8_t *p, size_t length)
{
    if (length != 4)
        return length == 0;
    uint32_t low = load32(p) | 0x20202020U;
    return low == load32((const uint8_t *)"none") || low == load32((const uint8_t *)"null");
}

static inline int is_word(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10 || c == '_';
}

static inline int is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

#endif

/* What makes two records the same call: the Python of it is identity.py. */

#ifndef LEVERWATCH_IDENTITY_H
#define LEVERWATCH_IDENTITY_H

#include "columns.h"
#include "hash.h"

#define X(field) + 1
enum { IDENTITY_NUMBERS = WHOLE_FIELDS };
#undef X

/* What a record says beside its id is added to the seed of the hash of its id. A number that it does not tell adds
   nothing, and a zero adds something. */
static inline uint64_t identity_time(uint64_t seed, int64_t millis)
{
    return seed + (uint64_t)millis * TIME_FACTOR;
}

static inline uint64_t identity_number(uint64_t seed, int field, uint64_t number)
{
    static const uint64_t factors[] = {NUMBER_FACTORS};
    return seed + (number + 1) * factors[field];
}

/* The key under which an older version knows a record: by the key of its id alone, and by the slot of its time. */
static inline uint64_t identity_before(uint64_t key, int32_t slot)
{
    return key + (uint64_t)(int64_t)slot * TIME_FACTOR;
}

#endif
